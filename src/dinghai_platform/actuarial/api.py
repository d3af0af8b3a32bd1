"""The actuary's API: versions of tables, their difference and impact, adequacy, calibration."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, File, Form, Query, Router, Schema, Status
from ninja.files import UploadedFile

from dinghai.foundation.errors import InputError
from dinghai.foundation.reading import plain
from dinghai_platform.actuarial import queries, schemas
from dinghai_platform.actuarial.api_fits import router as fits_router
from dinghai_platform.actuarial.calibration import calibration_rows
from dinghai_platform.actuarial.differences import differences
from dinghai_platform.actuarial.in_force import rating_in_force, referral_in_force
from dinghai_platform.actuarial.kinds import kind_of
from dinghai_platform.actuarial.models import ImpactRow, ImpactRun, TableVersion
from dinghai_platform.actuarial.services.decisions import (
    approve_version,
    propose_version,
    reject_version,
)
from dinghai_platform.actuarial.services.drafts import (
    LONGEST_TABLE,
    NewFigure,
    change_figures,
    draft_version,
    roll_back,
    upload_version,
    withdraw_version,
)
from dinghai_platform.actuarial.services.impacts import start_impact
from dinghai_platform.actuarial.trying import SUPPOSED, quote_to_try, try_rules
from dinghai_platform.catalogue.queries import product_of
from dinghai_platform.core import clock
from dinghai_platform.core.permissions import require
from dinghai_platform.core.schemas import ERRORS, PageQuery, part_of

router = Router(tags=["actuarial"])
router.add_router("", fits_router)
Made = dict[str, Any]


class UploadedTable(Schema):
    """Which kind of table a file holds, and why it becomes a version."""

    kind: str = Field("rating", max_length=40)
    reason: str = Field(min_length=1, max_length=2_000)


def _version(row: TableVersion, *, whole: bool = False) -> Made:
    names = ("kind", "table_id", "number", "label", "state", "document_hash", "rolls_back",
             "reason", "in_force_from", "proposed_at", "decided_at", "decision_reason",
             "created_at")
    made = {"id": row.pk, "based_on": row.based_on_id,
            **{name: getattr(row, name) for name in names}}
    for name in ("drafted_by", "proposed_by", "decided_by"):
        person = getattr(row, name)
        made[name] = person.username if person else None
    return {**made, "document": row.document} if whole else made


@router.get("/versions", response={200: schemas.TableVersionPart, **ERRORS},
            operation_id="table_versions")
def version_list(request: HttpRequest, page: Query[PageQuery]) -> Made:
    """Versions of rating tables and referral rules, newest first."""
    require(request.actor, "actuarial.view")
    return part_of(queries.versions(request.actor).order_by("-id"), page, _version)


@router.post("/versions", response={201: schemas.TableVersionAnswer, **ERRORS},
             operation_id="draft_table_version")
def version_new(request: HttpRequest, body: schemas.TableVersionNew) -> Status:
    """Begin a version as a copy of the table in force."""
    made = draft_version(body.kind, body.table_id, label=body.label, reason=body.reason,
                         actor=request.actor)
    return Status(201, _version(made, whole=True))


@router.post("/uploads", response={201: schemas.TableVersionAnswer, **ERRORS},
             operation_id="upload_table_version")
def version_upload(
    request: HttpRequest, table: File[UploadedFile], about: Form[UploadedTable]
) -> Status:
    """Begin a version from a TOML file."""
    require(request.actor, "actuarial.draft")
    if table.size is None or table.size > LONGEST_TABLE:
        raise InputError("the file is too large for a table", field="table",
                         mend="upload one table")
    made = upload_version(about.kind, table.read(), reason=about.reason, actor=request.actor)
    return Status(201, _version(made, whole=True))


@router.get("/in-force", response={200: schemas.TableInForceList, **ERRORS},
            operation_id="tables_in_force")
def in_force(request: HttpRequest) -> Made:
    """The tables that price today, whole."""
    require(request.actor, "actuarial.view")
    return {"on": clock.today(), "items": [
        {"kind": one.kind, "table_id": one.table_id, "label": one.label, "sha256": one.sha256,
         "version": one.version.pk if one.version else None,
         "in_force_from": one.version.in_force_from if one.version else None,
         "document": plain(one.table)}
        for one in queries.all_in_force(request.actor.own_tenant())]}


@router.get("/versions/{key}", response={200: schemas.TableVersionAnswer, **ERRORS},
            operation_id="table_version")
def version_one(request: HttpRequest, key: UUID) -> Made:
    """One version with its document."""
    require(request.actor, "actuarial.view")
    return _version(queries.version(request.actor, key), whole=True)


@router.patch("/versions/{key}", response={200: schemas.TableVersionAnswer, **ERRORS},
              operation_id="change_table_figures")
def version_change(request: HttpRequest, key: UUID, body: schemas.FiguresNew) -> Made:
    """Change figures of a draft, each with its source and confidence; all or nothing."""
    row = queries.version(request.actor, key)
    figures = {one.place: NewFigure(one.value, one.source, one.confidence)
               for one in body.figures}
    change_figures(row, figures, header=body.header, actor=request.actor)
    return _version(queries.version(request.actor, key), whole=True)


@router.get("/versions/{key}/differences", response={200: schemas.DifferencesAnswer, **ERRORS},
            operation_id="table_differences")
def version_differences(request: HttpRequest, key: UUID, against: UUID | None = None) -> Made:
    """What differs from another version, or from the table that comes with the platform."""
    require(request.actor, "actuarial.view")
    row = queries.version(request.actor, key)
    other = None if against is None else queries.version(request.actor, against)
    before = (kind_of(row.kind).shipped_document(row.table_id) if other is None
              else other.document)
    return {"version": row.pk, "against": against,
            "items": [asdict(one) for one in differences(before, row.document)]}


@router.get("/versions/{key}/events", response={200: schemas.TableEventList, **ERRORS},
            operation_id="table_events")
def version_events(request: HttpRequest, key: UUID) -> Made:
    """The life of a version."""
    require(request.actor, "actuarial.view")
    names = ("event", "state", "at", "role", "reason", "document_hash", "changed")
    return {"items": [
        {**{name: getattr(one, name) for name in names},
         "by": one.by.username if one.by else None}
        for one in queries.events_of(queries.version(request.actor, key))]}


@router.post("/versions/{key}/proposal", response={200: schemas.TableVersionAnswer, **ERRORS},
             operation_id="propose_table_version")
def version_propose(request: HttpRequest, key: UUID, body: schemas.TableStepNew) -> Made:
    """Put a draft before another pair of eyes."""
    row = queries.version(request.actor, key)
    return _version(propose_version(row, reason=body.reason, actor=request.actor))


@router.post("/versions/{key}/approval", response={200: schemas.TableVersionAnswer, **ERRORS},
             operation_id="approve_table_version")
def version_approve(request: HttpRequest, key: UUID, body: schemas.TableApprovalNew) -> Made:
    """Approve what another person proposed, on an impact run of this document on today's book."""
    row = queries.version(request.actor, key)
    return _version(approve_version(row, in_force_from=body.in_force_from, reason=body.reason,
                                    actor=request.actor))


@router.post("/versions/{key}/rejection", response={200: schemas.TableVersionAnswer, **ERRORS},
             operation_id="reject_table_version")
def version_reject(request: HttpRequest, key: UUID, body: schemas.TableStepNew) -> Made:
    """Say no to a proposal."""
    row = queries.version(request.actor, key)
    return _version(reject_version(row, reason=body.reason, actor=request.actor))


@router.post("/versions/{key}/withdrawal", response={200: schemas.TableVersionAnswer, **ERRORS},
             operation_id="withdraw_table_version")
def version_withdraw(request: HttpRequest, key: UUID, body: schemas.TableStepNew) -> Made:
    """Give up a version that is not in force yet; it stays in the history."""
    row = queries.version(request.actor, key)
    return _version(withdraw_version(row, reason=body.reason, actor=request.actor))


@router.post("/versions/{key}/return", response={201: schemas.TableVersionAnswer, **ERRORS},
             operation_id="roll_back_table_version")
def version_roll_back(request: HttpRequest, key: UUID, body: schemas.TableRollBackNew) -> Status:
    """Draft a superseded version again as a new one."""
    row = queries.version(request.actor, key)
    made = roll_back(row.kind, row.table_id, to=row, label=body.label, reason=body.reason,
                     actor=request.actor)
    return Status(201, _version(made, whole=True))


def _run(row: ImpactRun) -> Made:
    names = ("state", "document_hash", "against_label", "against_hash", "policies_hash", "as_of",
             "policies", "quotes", "faults", "finished_at", "summary")
    return {"id": row.pk, "version": row.version_id, "job": row.job_id,
            **{name: getattr(row, name) for name in names}}


@router.get("/versions/{key}/impact", response={200: schemas.ImpactRunList, **ERRORS},
            operation_id="impact_runs")
def impact_list(request: HttpRequest, key: UUID) -> Made:
    """The impact runs of a version, newest first."""
    require(request.actor, "actuarial.view")
    row = queries.version(request.actor, key)
    return {"items": [_run(one) for one in queries.runs_of(row)[:50]]}


@router.post("/versions/{key}/impact", response={201: schemas.ImpactRunAnswer, **ERRORS},
             operation_id="start_impact")
def impact_start(request: HttpRequest, key: UUID) -> Status:
    """Price the whole book under a version; a job works it off."""
    row = queries.version(request.actor, key)
    return Status(201, _run(start_impact(row, actor=request.actor)))


@router.get("/impact/{key}", response={200: schemas.ImpactRunAnswer, **ERRORS},
            operation_id="impact_run")
def impact_one(request: HttpRequest, key: UUID) -> Made:
    """One impact run with its totals."""
    require(request.actor, "actuarial.view")
    return _run(queries.run(request.actor, key))


def _row(row: ImpactRow) -> Made:
    names = ("number", "product", "industry", "size", "grade", "technical_before_fen",
             "technical_after_fen", "charged_before_fen", "charged_after_fen", "change_fen",
             "change_ppm", "outcome_before", "outcome_after", "reasons_after", "steps", "fault")
    return {"id": row.pk, "policy": row.policy_id, "quote": row.quote_id,
            **{name: getattr(row, name) for name in names}}


@router.get("/impact/{key}/rows", response={200: schemas.ImpactRowPart, **ERRORS},
            operation_id="impact_rows")
def impact_rows(request: HttpRequest, key: UUID, page: Query[PageQuery]) -> Made:
    """The policies and open quotes of a run, before and after."""
    require(request.actor, "actuarial.view")
    rows = queries.rows_of(queries.run(request.actor, key)).order_by("id")
    return part_of(rows, page, _row)


@router.get("/adequacy", response={200: schemas.AdequacyAnswer, **ERRORS},
            operation_id="book_adequacy")
def adequacy(request: HttpRequest) -> Made:
    """Charged against technical premium of the policies in force."""
    require(request.actor, "actuarial.view")
    whole, groups = queries.adequacy(request.actor)
    return {**_segment("", whole), "segments": [
        _segment(name, one) for name, found in groups.items() for one in found]}


def _segment(segment: str, one: queries.Segment) -> Made:
    return {"segment": segment, **asdict(one), "adequacy_ppm": one.adequacy_ppm}


class CalibrationQuery(Schema):
    """What to look for in the calibration tables."""

    table: str = Field("", max_length=40)
    confidence: str = Field("", max_length=10)
    text: str = Field("", max_length=200)


@router.get("/calibration", response={200: schemas.CalibrationPart, **ERRORS},
            operation_id="calibration")
def calibration(
    request: HttpRequest, page: Query[PageQuery], wanted: Query[CalibrationQuery]
) -> Made:
    """Every figure of the calibration tables with its source and confidence."""
    require(request.actor, "actuarial.view")
    rows = calibration_rows(table=wanted.table, confidence=wanted.confidence, text=wanted.text)
    return {"count": len(rows), "limit": page.limit, "offset": page.offset,
            "items": [asdict(one) for one in rows[page.offset : page.offset + page.limit]]}


@router.post("/referral/trials", response={200: schemas.ReferralTrialAnswer, **ERRORS},
             operation_id="try_referral")
def referral_trial(request: HttpRequest, body: schemas.ReferralTrialNew) -> Made:
    """Try the rules in force on a kept quote; nothing is priced again and nothing is written."""
    require(request.actor, "actuarial.view")
    if unknown := sorted(set(body.supposed) - set(SUPPOSED)):
        raise InputError(f"{unknown[0]} cannot be supposed", field="supposed",
                         mend="one of: " + ", ".join(SUPPOSED))
    quote = quote_to_try(request.actor, body.quote)
    today = clock.today()
    trial = try_rules(
        referral_in_force(quote.tenant, today),
        rating_in_force(quote.tenant, product_of(quote.product).rating.table, today),
        quote, body.supposed)
    return {"quote": quote.pk, "outcome_before": trial.before, "outcome_after": trial.after,
            "referral": trial.reading.to_dict()}
