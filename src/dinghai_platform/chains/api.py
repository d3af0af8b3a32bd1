"""The API of supply chains: upload, keep, compare, run, and read what was found."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Literal
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from ninja import File, Form, Query, Router, Status
from ninja.files import UploadedFile

from dinghai_platform.chains import queries, schemas
from dinghai_platform.chains.differences import differences
from dinghai_platform.chains.documents import chain_of_version
from dinghai_platform.chains.models import ChainImport, ChainRun, ChainVersion, SupplyChain
from dinghai_platform.chains.picture import picture_of
from dinghai_platform.chains.reading import OwnerFacts, Settings
from dinghai_platform.chains.services.chains import withdraw_chain
from dinghai_platform.chains.services.imports import (
    check_size,
    drop_import,
    keep_import,
    read_again,
    read_file,
)
from dinghai_platform.chains.services.runs import start_run
from dinghai_platform.chains.views.chains import exported, json_text
from dinghai_platform.chains.views.maps import rows_of
from dinghai_platform.chains.views.runs import part_answer
from dinghai_platform.core import clock
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.core.queries import organisations_visible_to
from dinghai_platform.core.schemas import ERRORS, PageQuery, part_of

router = Router(tags=["chains"])
Made = dict[str, Any]


def _chain(row: SupplyChain) -> Made:
    return {"insurer": row.tenant_id, "owner": row.owner_id, **{
        name: getattr(row, name) for name in (
            "id", "code", "name_zh", "name_en", "state", "latest", "firms", "revenue_fen",
            "as_of", "created_at", "withdrawn_at", "withdrawal_reason")}}


def _version(row: ChainVersion, *, whole: bool = False) -> Made:
    made = {"chain": row.chain_id, "kept_by": row.kept_by.username if row.kept_by else None, **{
        name: getattr(row, name) for name in (
            "id", "number", "as_of", "document_hash", "counts", "source", "file_name",
            "file_sha256", "report", "note", "created_at")}}
    return made | ({"document": json.loads(json_text(row))} if whole else {})


def _import(row: ChainImport) -> Made:
    return {"chain": row.chain_id, "version": row.version.number if row.version else None, **{
        name: getattr(row, name) for name in (
            "id", "state", "source", "file_name", "file_size", "file_sha256", "settings",
            "document_hash", "report", "faults", "created_at")}}


def _run(row: ChainRun) -> Made:
    return {"chain": row.chain_id, "version": row.version.number, "job": row.job_id,
            "job_state": row.job.state if row.job else None, **{
                name: getattr(row, name) for name in (
                    "id", "state", "years", "seed", "day", "kev_as_of", "epss_as_of",
                    "budget_fen", "holds", "lacks", "mean_fen", "tail_fen", "paid_fen", "fault",
                    "created_at", "finished_at")}}


@router.get("", response={200: schemas.SupplyChainPart, **ERRORS}, operation_id="chains")
def chain_list(request: HttpRequest, page: Query[PageQuery]) -> Made:
    """The supply chains the actor sees."""
    require(request.actor, "chains.view")
    return part_of(queries.chains(request.actor).order_by("-id"), page, _chain)


@router.post("/imports", response={201: schemas.ChainImportAnswer, **ERRORS},
             operation_id="read_chain_file")
def import_read(
    request: HttpRequest, file: File[UploadedFile], about: Form[schemas.ChainUploadNew]
) -> Status:
    """Read a ZIP of a chain's folder, a JSON document or a supplier list. No chain is stored: the
    answer says what was understood."""
    actor = request.actor
    require(actor, "chains.import")
    row = queries.chain(actor, about.chain) if about.chain else None
    if row is not None:
        require(actor, "chains.import", row)
    name = file.name or ""
    check_size(file.size, name)
    owner = OwnerFacts(
        about.code or "chain", about.name_zh or about.owner_name, about.owner_name,
        about.industry, about.revenue, about.as_of or clock.today()) if about.owner_name else None
    made = read_file(
        file.read(), name=name, chain=row, settings=Settings(owner=owner), actor=actor,
        insurer=_organisation(request, about.insurer), owner=_organisation(request, about.owner))
    return Status(201, _import(made))


def _organisation(request: HttpRequest, key: UUID | None) -> Organisation | None:
    if key is None:
        return None
    found = organisations_visible_to(request.actor).filter(pk=key).first()
    if found is None:
        raise Http404("no such organisation")
    return found


@router.get("/imports/{key}", response={200: schemas.ChainImportAnswer, **ERRORS},
            operation_id="chain_import")
def import_one(request: HttpRequest, key: UUID) -> Made:
    """A file that was read, and what would come of it."""
    require(request.actor, "chains.view")
    return _import(queries.waiting(request.actor, key))


@router.post("/imports/{key}/reading", response={200: schemas.ChainImportAnswer, **ERRORS},
             operation_id="read_chain_file_again")
def import_again(request: HttpRequest, key: UUID, body: schemas.ChainReadingNew) -> Made:
    """Read a supplier list with other columns or assumptions."""
    row = queries.waiting(request.actor, key)
    return _import(read_again(row, columns=body.columns, assume=body.assume,
                              actor=request.actor))


@router.post("/imports/{key}/keeping", response={201: schemas.ChainVersionAnswer, **ERRORS},
             operation_id="keep_chain_import")
def import_keep(request: HttpRequest, key: UUID, body: schemas.ChainKeepingNew) -> Status:
    """Make the chain, or its next version."""
    row = queries.waiting(request.actor, key)
    return Status(201, _version(keep_import(row, note=body.note, actor=request.actor)))


@router.post("/imports/{key}/dropping", response={200: schemas.ChainImportAnswer, **ERRORS},
             operation_id="drop_chain_import")
def import_drop(request: HttpRequest, key: UUID) -> Made:
    """Leave a file that was read; its bytes are deleted."""
    return _import(drop_import(queries.waiting(request.actor, key), actor=request.actor))


@router.get("/runs/{key}", response={200: schemas.ChainRunAnswer, **ERRORS},
            operation_id="chain_run")
def run_one(request: HttpRequest, key: UUID) -> Made:
    """A run and how far it is."""
    require(request.actor, "chains.view")
    return _run(queries.run(request.actor, key))


@router.get("/runs/{key}/parts/{part}", response={200: None, **ERRORS},
            operation_id="chain_run_part")
def run_part(request: HttpRequest, key: UUID, part: str) -> HttpResponse:
    """A part of what a run found, as the engine says it."""
    require(request.actor, "chains.view")
    return part_answer(queries.run(request.actor, key), part)


@router.get("/{key}", response={200: schemas.SupplyChainAnswer, **ERRORS}, operation_id="chain")
def chain_one(request: HttpRequest, key: UUID) -> Made:
    """One supply chain."""
    require(request.actor, "chains.view")
    return _chain(queries.chain(request.actor, key))


@router.post("/{key}/withdrawal", response={200: schemas.SupplyChainAnswer, **ERRORS},
             operation_id="withdraw_chain")
def chain_withdraw(request: HttpRequest, key: UUID, body: schemas.ChainWithdrawalNew) -> Made:
    """Take a chain out of use; what was kept stays readable."""
    row = queries.chain(request.actor, key)
    return _chain(withdraw_chain(row, reason=body.reason, actor=request.actor))


@router.get("/{key}/versions", response={200: schemas.ChainVersionPart, **ERRORS},
            operation_id="chain_versions")
def version_list(request: HttpRequest, key: UUID, page: Query[PageQuery]) -> Made:
    """The versions of a chain."""
    require(request.actor, "chains.view")
    return part_of(queries.versions(queries.chain(request.actor, key)), page, _version)


@router.get("/{key}/versions/{number}", response={200: schemas.ChainVersionAnswer, **ERRORS},
            operation_id="chain_version")
def version_one(request: HttpRequest, key: UUID, number: int) -> Made:
    """A version with its document."""
    require(request.actor, "chains.view")
    row = queries.chain(request.actor, key)
    return _version(queries.version(row, _number(number)), whole=True)


def _number(number: int | None) -> int | None:
    if number is not None and not 0 <= number <= 1_000_000_000:
        raise Http404("no such version")
    return number


@router.get("/{key}/difference", response={200: schemas.ChainDifferenceAnswer, **ERRORS},
            operation_id="chain_difference")
def version_difference(
    request: HttpRequest, key: UUID, first: int | None = None, second: int | None = None
) -> Made:
    """What changed from one version to another: from the one before the last to the last unless
    named."""
    require(request.actor, "chains.view")
    row = queries.chain(request.actor, key)
    old = queries.version(row, max(row.latest - 1, 1) if first is None else _number(first))
    new = queries.version(row, _number(second))
    return {"first": old.number, "second": new.number, "tables": [
        one.to_dict() for one in differences(chain_of_version(old), chain_of_version(new))]}


@router.get("/{key}/export", response={200: None, **ERRORS}, operation_id="export_chain")
def version_export(
    request: HttpRequest, key: UUID, version: int | None = None,
    form: Literal["json", "graphml"] = "json", graph: Literal["", "attack", "goods"] = "",
) -> HttpResponse:
    """A version (the last one unless named) as JSON or GraphML."""
    require(request.actor, "chains.view")
    row = queries.chain(request.actor, key)
    return exported(queries.version(row, _number(version)), form, graph)


@router.get("/{key}/nodes", response={200: schemas.ChainNodePart, **ERRORS},
            operation_id="chain_nodes")
def node_list(
    request: HttpRequest, key: UUID, page: Query[PageQuery], version: int | None = None
) -> Made:
    """Firms and providers of a version (the last one unless named) with their figures, and the
    products whose vulnerabilities its run exploited."""
    require(request.actor, "chains.view")
    rows = rows_of(_choice(request, key, version))
    kept = rows[page.offset:page.offset + page.limit]
    return {"count": len(rows), "limit": page.limit, "offset": page.offset,
            "items": [asdict(one) for one in kept]}


def _choice(request: HttpRequest, key: UUID, version: int | None) -> queries.Choice:
    number = _number(version)
    return queries.choose(request.actor, key, number="" if number is None else str(number))


@router.get("/{key}/map", response={200: schemas.ChainMapAnswer, **ERRORS}, by_alias=True,
            operation_id="chain_map")
def chain_map(
    request: HttpRequest, key: UUID, version: int | None = None, group: str = "",
    size: Literal["revenue", "exported", "loss"] = "revenue",
    layer: Literal["both", "attack", "goods"] = "both",
) -> Made:
    """The picture of a chain in bubbles by tier and section, or of the firms of one bubble."""
    require(request.actor, "chains.view")
    choice = _choice(request, key, version)
    found = picture_of(chain_of_version(choice.version), rows_of(choice), group=group, size=size,
                       layer=layer)
    if found is None:
        raise Http404("no such part of the chain")
    return found.to_dict()


@router.get("/{key}/runs", response={200: schemas.ChainRunPart, **ERRORS},
            operation_id="chain_runs")
def run_list(request: HttpRequest, key: UUID, page: Query[PageQuery]) -> Made:
    """The runs of a chain."""
    require(request.actor, "chains.view")
    return part_of(queries.runs_of(queries.chain(request.actor, key)), page, _run)


@router.post("/{key}/runs", response={202: schemas.ChainRunAnswer, **ERRORS},
             operation_id="start_chain_run")
def run_start(request: HttpRequest, key: UUID, body: schemas.ChainRunNew) -> Status:
    """Simulate years of a version's twin; a job works it off."""
    row = queries.chain(request.actor, key)
    require(request.actor, "chains.run", row)
    made = start_run(queries.version(row, body.version), years=body.years, seed=body.seed,
                     day=body.day, budget_fen=body.budget_fen, actor=request.actor)
    return Status(202, _run(made))
