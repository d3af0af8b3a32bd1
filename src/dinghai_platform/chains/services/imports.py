"""Verbs on uploads of chains: read one without storing a chain, read it otherwise, keep, drop.

An upload waits with its bytes until it is kept or dropped, or for KEPT_DAYS at the longest; then
the bytes are deleted. A version is made only from one that has no fault.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.db import transaction

from dinghai.foundation.errors import InputError, Refusal
from dinghai.supplychain.chain import Chain
from dinghai_platform.catalogue.queries import epss_in_force, kev_in_force
from dinghai_platform.chains.documents import chain_of_version, decoded
from dinghai_platform.chains.models import ChainImport, ChainVersion, SupplyChain
from dinghai_platform.chains.reading import (
    LARGEST,
    MOST_FAULTS,
    Feeds,
    Settings,
    counts_of,
    headings_of,
    read_upload,
    source_of,
)
from dinghai_platform.chains.services.common import LONGEST_NOTE, file_name, home_of
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import locked, scope_of

KEPT_DAYS: Final = 7


def check_size(size: int | None, name: str) -> None:
    """Raises InputError for an upload above the bound."""
    if size is None or size > LARGEST:
        raise InputError(f"the file is larger than {LARGEST // 1024 // 1024} MB", file=name,
                         field="file", mend="leave out scans that the chain does not need")


def read_file(
    content: bytes, *, name: str, actor: Actor, chain: SupplyChain | None = None,
    settings: Settings | None = None, insurer: Organisation | None = None,
    owner: Organisation | None = None,
) -> ChainImport:
    """Read an upload as a new chain, or as a new version of one, and say what would come of it.

    No chain is stored: the answer holds faults, guesses and counts. Raises InputError for what is
    no chain and no list at all, Refusal for a chain that was withdrawn.
    """
    require(actor, "chains.import", chain)
    if chain is not None and not chain.is_active:
        raise Refusal("this chain was withdrawn", reasons=["begin another one"])
    tenant, chain_owner = home_of(actor, chain, insurer=insurer, owner=owner)
    plain = file_name(name)
    check_size(len(content), plain)
    source = source_of(content, plain)
    made = ChainImport(
        tenant=tenant, owner=chain_owner, chain=chain, source=source, file_name=plain,
        file_size=len(content), file_sha256=hashlib.sha256(content).hexdigest(), content=content,
        settings=(settings or Settings()).to_dict(), begun_by=actor.user)
    _read_into(made, actor)
    return _begun(made, actor)


@transaction.atomic
def _begun(made: ChainImport, actor: Actor) -> ChainImport:
    with scope_of(actor, tenant=made.tenant):
        made.save(force_insert=True)
        audit.append(actor, "chains.file_read", made, {
            "file": made.file_name, "sha256": made.file_sha256, "source": made.source,
            "chain": made.chain.code if made.chain else None, "faults": len(made.faults),
            "result": made.document_hash})
    return made


def _read_into(made: ChainImport, actor: Actor) -> None:
    """Read the bytes; faults are the import's own. Outside any transaction: it may take long."""
    with scope_of(actor, tenant=made.tenant):
        today = clock.today()
        feeds = Feeds(kev_in_force(made.tenant, today), epss_in_force(made.tenant, today))
        into = latest_chain(made.chain) if made.chain is not None else None
    made.faults, made.report, made.document, made.document_hash = [], {}, "", ""
    try:
        found = read_upload(bytes(made.content or b""), made.file_name, feeds=feeds, into=into,
                            settings=Settings.from_dict(made.settings))
        _check_same(found.chain, made.chain)
    except InputError as error:
        made.faults = [one.to_dict() for one in error.faults[:MOST_FAULTS]]
        if made.source == ChainVersion.Source.LIST:
            made.report = {"headings": headings_of(bytes(made.content or b""), made.file_name)}
        return
    document = found.document
    made.report, made.document = dict(found.report), document.decode()
    made.document_hash = hashlib.sha256(document).hexdigest()


def _check_same(chain: Chain, row: SupplyChain | None) -> None:
    if row is not None and chain.id != row.code:
        raise InputError(f"this is the chain {chain.id!r}, not {row.code!r}", field="id",
                         mend="keep the id of the chain, or upload it as a new one")


def latest_chain(row: SupplyChain) -> Chain | None:
    """The last version of a chain."""
    last = ChainVersion.objects.within(row.tenant_id).filter(
        chain=row, number=row.latest).defer("document").first()
    return chain_of_version(last) if last is not None else None


def read_again(
    waiting: ChainImport, *, actor: Actor, columns: Mapping[str, str] | None = None,
    assume: Mapping[str, str] | None = None,
) -> ChainImport:
    """Read a waiting supplier list with other columns or assumptions. Raises Refusal for one that
    was kept or dropped, or that is no list."""
    require(actor, "chains.import", waiting)
    if not waiting.is_open or waiting.content is None:
        raise Refusal("this upload is decided", reasons=["upload the file again"])
    if waiting.source != ChainVersion.Source.LIST:
        raise Refusal("only a supplier list is read in several ways")
    before = Settings.from_dict(waiting.settings)
    waiting.settings = Settings(
        before.columns if columns is None else columns,
        before.assume if assume is None else assume, before.owner).to_dict()
    _read_into(waiting, actor)
    return _read_anew(waiting, actor)


@transaction.atomic
def _read_anew(waiting: ChainImport, actor: Actor) -> ChainImport:
    with scope_of(actor, tenant=waiting.tenant):
        if not locked(waiting).is_open:
            raise Refusal("this upload is decided", reasons=["upload the file again"])
        waiting.save(update_fields=("settings", "faults", "report", "document", "document_hash"))
        audit.append(actor, "chains.file_read_again", waiting, {
            "settings": waiting.settings, "faults": len(waiting.faults),
            "result": waiting.document_hash})
    return waiting


@transaction.atomic
def keep_import(waiting: ChainImport, *, actor: Actor, note: str = "") -> ChainVersion:
    """Make the chain, or its next version, of an upload that was read without fault.

    Raises Refusal for one with faults, one that was decided, one that says what the last version
    says, and one read before somebody else kept a version.
    """
    require(actor, "chains.import", waiting)
    note = note.strip()
    if len(note) > LONGEST_NOTE:
        raise InputError("the note is longer than 500 characters", field="note", mend="shorten it")
    with scope_of(actor, tenant=waiting.tenant):
        audit.hold_chain(waiting.tenant)  # two that keep at once: the second sees the first's
        waiting = _held(waiting)
        if not waiting.is_open:
            raise Refusal("this upload is decided", reasons=["upload the file again"])
        if not waiting.document:
            raise Refusal("this upload has faults", reasons=["mend them and upload it again"])
        chain = decoded(waiting.document)
        row = waiting.chain or _new_chain(chain, waiting, actor)
        row = locked(row)
        if not row.is_active:
            raise Refusal("this chain was withdrawn", reasons=["begin another one"])
        version = _version(row, chain, waiting, note, actor)
        waiting.chain, waiting.version = row, version
        _decide(waiting, ChainImport.State.KEPT)
        audit.append(actor, "chains.version_kept", version, {
            "chain": row.code, "number": version.number, "hash": version.document_hash,
            "file": waiting.file_name, "sha256": waiting.file_sha256, "counts": version.counts,
            "note": note})
    return version


def _new_chain(chain: Chain, waiting: ChainImport, actor: Actor) -> SupplyChain:
    before = SupplyChain.objects.within(waiting.tenant).filter(
        code=chain.id, state=SupplyChain.State.ACTIVE).first()
    if before is not None:
        raise Refusal("this insurer keeps a chain of this id already",
                      reasons=["upload it there as a new version"])
    row = SupplyChain.objects.create(
        tenant=waiting.tenant, owner=waiting.owner, code=chain.id, name_zh=chain.name_zh,
        name_en=chain.name_en, begun_by=actor.user)
    audit.append(actor, "chains.chain_begun", row, {
        "chain": chain.id, "owner": str(waiting.owner_id) if waiting.owner_id else None})
    return row


def _version(
    row: SupplyChain, chain: Chain, waiting: ChainImport, note: str, actor: Actor
) -> ChainVersion:
    last = ChainVersion.objects.within(row.tenant_id).filter(
        chain=row, number=row.latest).defer("document").first()
    if last is not None:
        if last.document_hash == waiting.document_hash:
            raise Refusal("this says the same as the last version", reasons=["drop it"])
        if waiting.source == ChainVersion.Source.LIST and last.created_at > waiting.created_at:
            raise Refusal("the chain has a newer version than this list was read into",
                          reasons=["read the list again"])
    made = ChainVersion.objects.create(
        tenant=row.tenant, owner=row.owner, chain=row, number=row.latest + 1, as_of=chain.as_of,
        document=waiting.document, document_hash=waiting.document_hash, counts=counts_of(chain),
        source=waiting.source, file_name=waiting.file_name, file_sha256=waiting.file_sha256,
        report=_short(waiting.report), note=note, kept_by=actor.user)
    row.latest, row.firms, row.as_of = made.number, len(chain.firms), chain.as_of
    row.revenue_fen = sum(one.revenue_fen for one in chain.firms)
    row.name_zh, row.name_en = chain.name_zh, chain.name_en
    row.save(update_fields=("latest", "firms", "as_of", "revenue_fen", "name_zh", "name_en"))
    return made


def _short(report: Mapping[str, Any]) -> dict[str, Any]:
    """What stays of a report: figures and guesses; single cells stay in nobody's history."""
    return {name: report[name] for name in (
        "rows", "guesses", "not_read", "missing", "notes_count", "dossiers", "assumed_count")
        if name in report} | {"rejected": len(report.get("rejected", ())),
                              "unread": len(report.get("unread", ()))}


def _decide(waiting: ChainImport, state: str) -> None:
    waiting.state, waiting.content, waiting.document = state, None, ""
    waiting.save(update_fields=("state", "content", "document", "chain", "version"))


@transaction.atomic
def drop_import(waiting: ChainImport, *, actor: Actor) -> ChainImport:
    """Leave an upload; its bytes are deleted. Raises Refusal for one that was decided."""
    require(actor, "chains.import", waiting)
    with scope_of(actor, tenant=waiting.tenant):
        waiting = _held(waiting)
        if not waiting.is_open:
            raise Refusal("this upload is decided")
        _decide(waiting, ChainImport.State.DROPPED)
        audit.append(actor, "chains.file_dropped", waiting, {"sha256": waiting.file_sha256})
    return waiting


@transaction.atomic
def drop_old_imports(*, actor: Actor) -> int:
    """Drop uploads that nobody decided within KEPT_DAYS; how many."""
    require(actor, "chains.drop_imports")
    before = clock.now() - timedelta(days=KEPT_DAYS)
    old = list(ChainImport.objects.within(actor.own_tenant()).filter(
        state=ChainImport.State.READ, created_at__lt=before).defer("content", "document"))
    for one in old:
        audit.append(actor, "chains.file_dropped", one, {
            "sha256": one.file_sha256, "days": KEPT_DAYS})
    ChainImport.objects.within(actor.own_tenant()).filter(
        pk__in=[one.pk for one in old]).update(
            state=ChainImport.State.DROPPED, content=None, document="")
    return len(old)


def _held(waiting: ChainImport) -> ChainImport:
    """The import, fresh and locked, with its chain."""
    fresh = locked(waiting)
    found: ChainImport = ChainImport.objects.within(fresh.tenant_id).select_related(
        "tenant", "owner", "chain", "chain__tenant", "chain__owner").get(pk=fresh.pk)
    return found
