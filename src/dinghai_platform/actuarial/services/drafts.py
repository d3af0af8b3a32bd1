"""Verbs on drafts: begin one, change its figures or its whole document, give it up."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import Fault, InputError, Refusal
from dinghai.foundation.locating import with_lines
from dinghai.foundation.reading import parse_toml, plain, read_text
from dinghai_platform.actuarial.differences import changed_places, leaves
from dinghai_platform.actuarial.in_force import table_in_force
from dinghai_platform.actuarial.kinds import Kind, kind_of
from dinghai_platform.actuarial.models import TableVersion
from dinghai_platform.actuarial.services.common import (
    LONGEST_LABEL,
    given_reason,
    held,
    reach,
    record,
)
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require

LONGEST_TABLE = 512 * 1024
"""Bytes of an uploaded table; what ships is far smaller."""


@dataclass(frozen=True, slots=True)
class NewFigure:
    """A changed figure with what it rests on."""

    value: Any
    source: str
    confidence: str


@transaction.atomic
def draft_version(
    kind: str, table_id: str, *, label: str, reason: str, actor: Actor,
    based_on: TableVersion | None = None, from_shipped: bool = False,
) -> TableVersion:
    """Begin a version as a copy: of the table in force, of an earlier version, or of the shipped.

    Raises InputError for an unknown table, a label that is taken, or no reason.
    """
    require(actor, "actuarial.draft", based_on)
    known = kind_of(kind)
    tenant = actor.own_tenant()
    if table_id not in known.table_ids():
        raise InputError("there is no such table", field="table_id",
                         mend="choose one of the list")
    if based_on is not None:
        document = based_on.document
    elif from_shipped:
        document = known.shipped_document(table_id)
    else:
        standing = table_in_force(tenant, kind, table_id, clock.today())
        based_on, document = standing.version, plain(standing.table)
    return _begin(known, table_id, {**document, "version": _label(label)}, actor=actor,
                  reason=reason, based_on=based_on)


@transaction.atomic
def upload_version(kind: str, content: bytes, *, reason: str, actor: Actor) -> TableVersion:
    """Begin a version from a TOML file. Raises InputError with the lines at fault."""
    require(actor, "actuarial.draft")
    known = kind_of(kind)
    document = read_table(known, content)
    if document["id"] not in known.table_ids():
        raise InputError("no product is priced by a table of this id", field="id",
                         mend="keep the id of the table it replaces")
    standing = table_in_force(actor.own_tenant(), kind, document["id"], clock.today())
    return _begin(known, document["id"], document, actor=actor, reason=reason,
                  based_on=standing.version)


def read_table(kind: Kind, content: bytes) -> dict[str, Any]:
    """The checked document in a TOML file's bytes. Raises InputError with the lines at fault."""
    if len(content) > LONGEST_TABLE:
        raise InputError("the file is too large for a table", field="file",
                         mend="upload one table")
    name = f"{kind.code}.toml"
    with tempfile.TemporaryDirectory(prefix="table-") as room:
        path = Path(room) / name
        path.write_bytes(content)
        try:
            text = read_text(path, limit_bytes=LONGEST_TABLE)
            raw = parse_toml(text, name)
        except InputError as error:
            raise InputError.of(
                Fault(one.message, name, one.line, one.field, one.mend) for one in error.faults
            ) from error
    try:
        return plain(kind.read(raw))
    except InputError as error:
        named = InputError.of(
            Fault(one.message, name, one.line, one.field, one.mend) for one in error.faults)
        raise with_lines(named, name, text) from error


def _begin(
    kind: Kind, table_id: str, document: dict[str, Any], *, actor: Actor, reason: str,
    based_on: TableVersion | None, rolls_back: bool = False,
) -> TableVersion:
    tenant = actor.own_tenant()
    reason = given_reason(reason)
    document = plain(kind.read(document))
    label = _label(document["version"])
    audit.hold_chain(tenant)  # two that begin at once stand in line: one number each
    rows = TableVersion.objects.within(tenant).filter(kind=kind.code, table_id=table_id)
    shipped = kind.shipped_document(table_id)
    if rows.filter(label=label).exists() or (
        label == shipped["version"] and document != shipped
    ):
        raise InputError("another version has this name already", field="label",
                         mend="give the version a new name")
    last = rows.order_by("-number").values_list("number", flat=True).first() or 0
    version = TableVersion.objects.create(
        tenant=tenant, kind=kind.code, table_id=table_id, number=last + 1, label=label,
        document=document, document_hash=document_hash(document), based_on=based_on,
        rolls_back=rolls_back, reason=reason, drafted_by=actor.user,
    )
    before = based_on.document if based_on is not None else shipped
    record(version, "draft", actor, reason=reason, changed=changed_places(before, document))
    return version


def _label(label: str) -> str:
    label = label.strip()
    if not label or len(label) > LONGEST_LABEL or not label.isprintable():
        raise InputError("the version needs a name of at most 40 characters", field="label",
                         mend="write it like 2026.2")
    return label


@transaction.atomic
def change_figures(
    version: TableVersion, figures: Mapping[str, NewFigure], *, actor: Actor,
    header: Mapping[str, str] | None = None,
) -> TableVersion:
    """Change figures of a draft by their places (``market.factor_ppm``,
    ``rules[LIMIT-CHIEF].when[0].value``), each with its source and confidence.

    ``header`` changes as_of, filing and the names. All or nothing: raises InputError with every
    fault, Refusal for a version that is no draft any more.
    """
    require(actor, "actuarial.draft", version)
    version = held(version)
    reach(version, "edit")
    document = deepcopy(version.document)
    faults: list[Fault] = []
    for place, figure in figures.items():
        faults += _put(document, place, figure)
    for name, text in (header or {}).items():
        if name not in document or name in ("schema", "id", "version"):
            faults.append(Fault("this cannot be changed", field=name, mend="leave it out"))
        else:
            document[name] = text.strip()
    if faults:
        raise InputError.of(faults)
    return _keep(version, plain(kind_of(version.kind).read(document)), actor)


@transaction.atomic
def replace_document(version: TableVersion, content: bytes, *, actor: Actor) -> TableVersion:
    """Put an uploaded TOML file in the place of a draft's document.

    Raises InputError with the lines at fault or for another table, Refusal for no draft.
    """
    require(actor, "actuarial.draft", version)
    version = held(version)
    reach(version, "edit")
    document = read_table(kind_of(version.kind), content)
    if (document["id"], document["version"]) != (version.table_id, version.label):
        raise InputError("the file is another table or another version", field="version",
                         mend="keep id and version of the draft, or begin a new version")
    return _keep(version, document, actor)


def _keep(version: TableVersion, document: dict[str, Any], actor: Actor) -> TableVersion:
    changed = changed_places(version.document, document)
    if not changed:
        return version
    version.document, version.document_hash = document, document_hash(document)
    version.save(update_fields=("document", "document_hash"))
    record(version, "edit", actor, changed=changed)
    return version


def _put(document: dict[str, Any], place: str, figure: NewFigure) -> list[Fault]:
    """Set one figure, and source and confidence of the table of figures that it stands in."""
    known = dict(leaves(document))
    if place not in known or place.rsplit(".", 1)[-1] in ("source", "confidence", "id"):
        return [Fault("there is no such figure", field=place, mend="see the table's figures")]
    if known[place] == figure.value:
        return []
    faults = []
    if not figure.source.strip():
        faults.append(Fault("a changed figure needs its source", field=place,
                            mend="say where it comes from"))
    if not figure.confidence.strip():
        faults.append(Fault("a changed figure needs its confidence", field=place,
                            mend="one of: T, A, M, M-, D"))
    if faults:
        return faults
    sourced, holder, last = _holder(document, place)
    holder[last] = figure.value
    sourced["source"], sourced["confidence"] = figure.source.strip(), figure.confidence.strip()
    return []


def _holder(document: dict[str, Any], place: str) -> tuple[dict[str, Any], Any, Any]:
    """The table whose source covers a place, what holds the value, and under which key."""
    here: Any = document
    sourced = document
    holder, last = here, None
    for piece in _pieces(place):
        if isinstance(here, dict) and "source" in here:
            sourced = here
        holder = here
        if isinstance(here, list):
            last = next((n for n, one in enumerate(here)
                         if isinstance(one, dict) and one.get("id") == piece), None)
            last = int(piece) if last is None else last
        else:
            last = piece
        here = holder[last]
    return sourced, holder, last


def _pieces(place: str) -> list[str]:
    """``rules[A.B].when[0].value`` → rules, A.B, when, 0, value."""
    pieces, rest = [], place
    while rest:
        if rest.startswith("["):
            piece, rest = rest[1:].split("]", 1)
        else:
            cut = min((at for at in (rest.find("."), rest.find("[")) if at >= 0),
                      default=len(rest))
            piece, rest = rest[:cut], rest[cut:]
        pieces.append(piece)
        rest = rest.removeprefix(".")
    return pieces


@transaction.atomic
def withdraw_version(version: TableVersion, *, reason: str, actor: Actor) -> TableVersion:
    """Give up a draft, a proposal, or an approved version whose day has not come.

    It stays in the history. Raises InputError without a reason, Refusal for one in force.
    """
    require(actor, "actuarial.withdraw", version)
    reason = given_reason(reason)
    version = held(version)
    if version.in_force_from is not None and version.in_force_from <= clock.today():
        raise Refusal("this version is in force already",
                      reasons=["put the former one back as a new version"])
    version.state = reach(version, "withdraw")
    version.save(update_fields=("state",))
    record(version, "withdraw", actor, reason=reason)
    return version


@transaction.atomic
def roll_back(
    kind: str, table_id: str, *, to: TableVersion | None, label: str, reason: str, actor: Actor
) -> TableVersion:
    """Draft the former document again as a new version; ``to`` None is the shipped table.

    It goes the same way as any other: impact, proposal, another's approval. Raises Refusal for a
    version that was never in force.
    """
    require(actor, "actuarial.draft", to)
    known = kind_of(kind)
    if table_id not in known.table_ids():
        raise InputError("there is no such table", field="table_id",
                         mend="choose one of the list")
    if to is not None:
        if to.state != TableVersion.State.SUPERSEDED:
            raise Refusal("only a version that was in force before is put back",
                          reasons=["choose a superseded version"])
        document = to.document
    else:
        document = known.shipped_document(table_id)
    standing = table_in_force(actor.own_tenant(), kind, table_id, clock.today())
    return _begin(known, table_id, {**document, "version": _label(label)}, actor=actor,
                  reason=reason, based_on=standing.version, rolls_back=True)
