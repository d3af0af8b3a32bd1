"""Verbs on changes of members: look a list through, join or leave one firm, apply it once, drop it.

Nothing is written to the roll or the books before a person has seen what would come of it, and what
is applied is what that person saw.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import transaction

from dinghai.foundation.canonical import canonical_bytes
from dinghai.foundation.errors import Fault, InputError, Refusal
from dinghai.schemes import park_file
from dinghai.schemes.park_members import MemberList
from dinghai.schemes.park_premium import MemberPremium, park_premiums
from dinghai.schemes.park_roll import enrolment_document
from dinghai_platform.chains.services.common import given_reason
from dinghai_platform.core import audit, clock, files
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import locked
from dinghai_platform.parks.engine import (
    policy_of,
    read_list_of_members,
    roll_of,
    row_of,
    take_end,
)
from dinghai_platform.parks.models import EventSettlement, MemberChange, Park, ParkMember
from dinghai_platform.parks.services.certificates import write_certificates
from dinghai_platform.parks.services.common import (
    held,
    held_in_force,
    in_books_of,
    members_in_order,
)
from dinghai_platform.parks.services.premiums import (
    NewStep,
    hash_of,
    kept_steps,
    new_steps,
    post_steps,
    preview_of,
)
from dinghai_platform.underwriting.numbers import next_number

MEDIA: Final = {".csv": "text/csv", ".txt": "text/csv", ".parquet": "application/octet-stream"}
EXCEL: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
JOINING: Final = ("credit_code", "name", "name_en", "sector", "size", "revenue", "joined",
                  "limit", "top_ups", "network", "providers", "grade", "findings")


@dataclass(frozen=True, slots=True)
class _Read:
    """A change as it would be now."""

    policy: park_file.Park
    rows: list[ParkMember]
    found: MemberList
    premiums: Sequence[MemberPremium]
    steps: list[NewStep]
    outcome: dict[str, Any]
    preview: dict[str, Any]

    @property
    def touched(self) -> list[int]:
        """Places of the stays that join or leave."""
        return sorted({one.stay for one in self.steps} | {
            place for place, stay in enumerate(self.found.roll)
            if place >= len(self.rows) or (stay.left or self.policy.expiry) != (
                self.rows[place].last)})


@transaction.atomic
def check_list(
    park: Park, content: bytes, *, name: str, actor: Actor,
    columns: Mapping[str, str] | None = None,
) -> MemberChange:
    """Look a list of members through: a dry run, of which nothing but its outcome is kept.

    Raises InputError for what is no list, Refusal for a closed policy.
    """
    require(actor, "parks.enrol", park)
    return _check(park, content, name=name, kind=MemberChange.Kind.LIST, actor=actor,
                  columns=columns or {})


@transaction.atomic
def check_joining(park: Park, cells: Mapping[str, str], *, actor: Actor) -> MemberChange:
    """Look through the joining of one firm, given as cells of a list.

    Raises InputError with each fault at its field.
    """
    require(actor, "parks.enrol", park)
    change = _check(park, _one_row(JOINING, cells), name="joining.csv", actor=actor,
                    kind=MemberChange.Kind.JOIN, columns={})
    _no_faults(change)
    return change


@transaction.atomic
def check_leaving(member: ParkMember, *, last: date, reason: str, actor: Actor) -> MemberChange:
    """Look through the leaving of one firm after its last day.

    Raises InputError with each fault, Refusal for a member that has left, or that was paid for an
    event after that day.
    """
    require(actor, "parks.enrol", member)
    reason = given_reason(reason)
    if member.state != ParkMember.State.ENROLLED:
        raise Refusal("this member has left before")
    cells = {"credit_code": member.credit_code, "name": member.name_zh,
             "sector": member.sector, "left": last.isoformat()}
    change = _check(member.park, _one_row(tuple(cells), cells), name="leaving.csv", actor=actor,
                    kind=MemberChange.Kind.LEAVE, columns={}, reason=reason)
    _no_faults(change)
    return change


@transaction.atomic
def apply_change(
    change: MemberChange, *, seen: str, actor: Actor, all_or_nothing: bool = False
) -> MemberChange:
    """Apply what was looked through, as it was ``seen`` (its preview's hash): members join and
    leave, premiums are posted by the day and certificates written, once. Asked again it answers
    what was applied.

    Raises Refusal where members changed meanwhile (the preview is then made anew), where nothing
    would change, for rows at fault when all or nothing is asked, and for a policy not in force.
    """
    require(actor, "parks.enrol", change)
    park = change.park
    with in_books_of(park, actor) as poster:
        park = held_in_force(park)
        row = locked(change)
        row.park = park
        if row.state == MemberChange.State.APPLIED and row.preview_hash == seen:
            return row
        _waits(row)
        if row.preview_hash != seen:
            raise Refusal("this is not what you saw", reasons=["look at it again"])
        found = _read(park, _content(row), row.file_name, row.columns)
        _not_backwards(found, park, actor)
        if hash_of(found.preview, found.outcome) != row.preview_hash:
            raise Refusal("the members changed meanwhile", reasons=["look it through again"])
        if row.rejected and all_or_nothing:
            raise Refusal("rows are at fault", reasons=["mend them and give the list again"])
        if not found.touched:
            raise Refusal("nothing would change", reasons=["mend the rows at fault"])
        return _apply(row, found, actor, poster)


@transaction.atomic
def check_again(change: MemberChange, *, actor: Actor) -> MemberChange:
    """Look a waiting change through again, against the members of now."""
    require(actor, "parks.enrol", change)
    with in_books_of(change.park, actor):
        park = held(change.park)
        row = locked(change)
        _waits(row)
        _take(row, _read(park, _content(row), row.file_name, row.columns))
        row.save()
        audit.append(actor, "parks.change_checked", row, _said(row, park))
    return row


@transaction.atomic
def drop_change(change: MemberChange, *, actor: Actor) -> MemberChange:
    """Give up a change that waits; the file stays on record, and nothing else happened."""
    require(actor, "parks.enrol", change)
    with in_books_of(change.park, actor):
        park = held(change.park)
        row = locked(change)
        _waits(row)
        row.state, row.decided_by, row.decided_at = (
            MemberChange.State.DROPPED, actor.user, clock.now())
        row.save(update_fields=("state", "decided_by", "decided_at"))
        audit.append(actor, "parks.change_dropped", row, _said(row, park))
    return row


def _check(
    park: Park, content: bytes, *, name: str, kind: str, actor: Actor,
    columns: Mapping[str, str], reason: str = "",
) -> MemberChange:
    with in_books_of(park, actor):
        row = held(park)
        if row.state == Park.State.CLOSED:
            raise Refusal("this master policy was closed", reasons=["open another one"])
        found = _read(row, content, name, columns)
        change = MemberChange(
            tenant=row.tenant, operator=row.operator, park=row, kind=kind, reason=reason,
            number=next_number(MemberChange, "number", row.tenant, "PM"),
            file_name=found.found.file, columns=dict(columns), asked_by=actor.user)
        change.file = files.store_file(
            content, name=found.found.file, media_type=_media(found.found.file), actor=actor,
            tenant=row.tenant)
        _take(change, found)
        change.save(force_insert=True)
        audit.append(actor, "parks.change_checked", change, _said(change, row))
    return change


def _read(park: Park, content: bytes, name: str, columns: Mapping[str, str]) -> _Read:
    policy, rows = policy_of(park), members_in_order(park)
    before = roll_of(rows, policy)
    found = read_list_of_members(content, name, policy, before, columns)
    found = _but_paid(park, found, rows)
    steps: list[NewStep] = []
    premiums: Sequence[MemberPremium] = ()
    if found.roll:
        premiums = park_premiums(policy, found.roll)
        steps = new_steps(premiums, kept_steps(rows))
    names = [one.name for one in found.roll]
    return _Read(policy, rows, found, premiums, steps,
                 enrolment_document(policy, found, dry_run=True, written=False),
                 preview_of(steps, names))


def _not_backwards(found: _Read, park: Park, actor: Actor) -> None:
    """Once the policy is bound, whoever has no books here gives no cover for days that are over and
    takes none back: a loss or its absence is known by then."""
    if actor.tenant is not None or park.state == Park.State.DRAFT:
        return
    today = clock.today()
    for place in found.touched:
        stay = found.found.roll[place]
        if place >= len(found.rows):
            is_over = stay.joined < max(today, found.policy.inception)
        else:
            is_over = stay.left is not None and stay.left < today
        if is_over:
            raise Refusal("cover is neither given nor taken back for days that are over",
                          reasons=["the list is kept: ask the insurer to apply it"])


def _but_paid(park: Park, found: MemberList, rows: Sequence[ParkMember]) -> MemberList:
    """Raises Refusal where a member would leave before the day of an event it was paid for."""
    leaving = {rows[place].credit_code: stay.left for place, stay in enumerate(found.roll)
               if place < len(rows) and stay.left is not None and stay.left < rows[place].last}
    if not leaving:
        return found
    for row in EventSettlement.objects.within(park.tenant_id).filter(
            park=park, state__in=("proposed", "posted")):
        for one in row.claims:
            last = leaving.get(one["member"])
            if last is not None and date.fromisoformat(one["day"]) > last:
                raise Refusal(
                    "a firm would leave before the day of an event that is settled for it",
                    reasons=["give a later last day, or reverse the settlement first"])
    return found


def _apply(change: MemberChange, found: _Read, actor: Actor, poster: Actor) -> MemberChange:
    park, rows = change.park, found.rows
    joined = [row_of(stay, park, place) for place, stay in enumerate(found.found.roll)
              if place >= len(rows)]
    everybody = [*rows, *joined]
    touched = found.touched
    for place in touched:
        if place < len(rows):
            take_end(rows[place], found.found.roll[place], park.expiry)
            rows[place].leaving_reason = change.reason
        everybody[place].period_fen = dict(found.premiums[place].period_fen)
    ParkMember.objects.bulk_create(joined)
    steps = post_steps(change, everybody, found.steps, actor=poster)
    changed = [everybody[place] for place in touched]
    ParkMember.objects.within(park.tenant_id).bulk_update(changed, (
        "last", "state", "top_ups", "top_up_codes", "leaving_reason", "period_fen", "net_fen",
        "vat_fen"), batch_size=200)
    papers = write_certificates(
        found.policy, changed, [found.premiums[place] for place in touched])
    change.state, change.decided_by, change.decided_at = (
        MemberChange.State.APPLIED, actor.user, clock.now())
    change.save()
    audit.append(actor, "parks.change_applied", change, {
        **_said(change, park), "steps": len(steps), "certificates": len(papers),
        "net_fen": str(sum(one.net_fen for one in steps)),
        "vat_fen": str(sum(one.vat_fen for one in steps))},
        leaves=[canonical_bytes({"member": str(one.pk), "first": one.first.isoformat(),
                                 "last": one.last.isoformat(), "net_fen": one.net_fen,
                                 "vat_fen": one.vat_fen}) for one in changed])
    return change


def _take(change: MemberChange, found: _Read) -> None:
    change.outcome, change.preview = found.outcome, found.preview
    change.preview_hash = hash_of(found.preview, found.outcome)
    counts = found.outcome["counts"]
    change.joined, change.left, change.rejected = (
        counts["joined"], counts["left"], counts["rejected"])
    change.charged_fen = found.preview["charged_fen"]
    change.refunded_fen = found.preview["refunded_fen"]


def _content(change: MemberChange) -> bytes:
    assert change.file is not None  # every change keeps its file
    return files.read_file(change.file)


def _media(name: str) -> str:
    return MEDIA.get(name[name.rfind("."):].lower(), EXCEL)


def _one_row(columns: Sequence[str], cells: Mapping[str, str]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerow([_cell(cells.get(one, "")) for one in columns])
    return out.getvalue().encode()


def _cell(text: str) -> str:
    """One line of text: what was typed into a form stays one row."""
    return " ".join(text.split())


def _no_faults(change: MemberChange) -> None:
    """A single change that is at fault is not kept: its form says why."""
    faults = [Fault(one["message"], None, None, one.get("field"), one.get("mend"))
              for row in change.outcome["results"] for one in row["faults"]]
    if faults:
        raise InputError.of(faults)


def _waits(row: MemberChange) -> None:
    if row.state != MemberChange.State.CHECKED:
        raise Refusal("this change is decided")


def _said(change: MemberChange, park: Park) -> dict[str, Any]:
    return {"park": park.number, "number": change.number, "kind": str(change.kind),
            "joined": change.joined, "left": change.left, "rejected": change.rejected,
            "charged_fen": str(change.charged_fen), "refunded_fen": str(change.refunded_fen),
            "seen": change.preview_hash}
