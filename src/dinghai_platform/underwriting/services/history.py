"""The claims history of a case: years, claims by hand or by file, what the platform holds, undo.

Every verb names the version it was made on, so that two who change at once never lose a claim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django.db import transaction

from dinghai.experience.own_columns import plain
from dinghai.foundation.errors import InputError, Refusal
from dinghai.pricing.claims_history import ClaimsHistory
from dinghai_platform.core import audit, clock, files
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation, StoredFile
from dinghai_platform.core.permissions import require
from dinghai_platform.underwriting.models import Case, HistoryVersion
from dinghai_platform.underwriting.stated import (
    MOST_CLAIMS,
    FileReading,
    StatedClaim,
    entered_claim,
    entered_claims,
    history_of_stated,
    merged,
    read_claims_file,
    rows_hash,
    stated_of,
)

LONGEST_YEARS = 30
Act = HistoryVersion.Act


def current_version(case: Case) -> HistoryVersion | None:
    """The newest state of a case's history; None where nobody has stated any."""
    found: HistoryVersion | None = HistoryVersion.objects.within(case.tenant_id).filter(
        case=case).order_by("-number").first()
    return found


def stated_claims(version: HistoryVersion | None) -> list[StatedClaim]:
    """The claims of a version."""
    return [] if version is None else [stated_of(row) for row in version.rows]


def case_history(case: Case) -> ClaimsHistory | None:
    """The engine's history of a case as it is now; None where no history is given."""
    version = current_version(case)
    if version is None or not version.is_given:
        return None
    return version_history(version, case)


def version_history(version: HistoryVersion, case: Case) -> ClaimsHistory:
    """The engine's history of a version that gives one."""
    # The claims room stands on this one.
    from dinghai_platform.claims.past import held_past

    assert version.first is not None and version.last is not None
    held = held_past(case.tenant, case.insured).claims if version.uses_held else ()
    return history_of_stated(stated_claims(version), held,
                             first=version.first, last=version.last)


def insured_keys(insured: Organisation) -> list[str]:
    """By what a file may name an insured."""
    return [one for one in (insured.credit_code, insured.name_zh, insured.name_en) if one]


@transaction.atomic
def state_years(
    case: Case, *, first: date, last: date, uses_held: bool, base: int, actor: Actor
) -> HistoryVersion:
    """Say for which years every claim is known, and whether those the platform holds count.

    With no claim stated this says that there was none. Raises InputError for years that make no
    sense.
    """
    before = _held_case(case, base, actor)
    _check_years(first, last)
    return _next(case, before, Act.YEARS, actor, first=first, last=last, uses_held=uses_held)


def _check_years(first: date, last: date) -> None:
    if last > clock.today():
        raise InputError("the history ends after today", field="last",
                         mend="nobody knows claims of days to come")
    if last < first:
        raise InputError("the history ends before it begins", field="last",
                         mend="choose a later day")
    if last.year - first.year > LONGEST_YEARS:
        raise InputError(f"the history is longer than {LONGEST_YEARS} years", field="first",
                         mend="choose a later day")


@transaction.atomic
def add_claim(case: Case, texts: Mapping[str, str], *, base: int, actor: Actor) -> HistoryVersion:
    """State one claim. Raises InputError with every field at fault, or for a number that stands
    already."""
    before = _given(_held_case(case, base, actor))
    rows = stated_claims(before)
    claim = entered_claim(texts, number=_free_number(rows))
    return _next(case, before, Act.ADD, actor, rows=[*rows, claim], said=claim.claim_no)


@transaction.atomic
def change_claim(
    case: Case, place: int, texts: Mapping[str, str], *, base: int, actor: Actor
) -> HistoryVersion:
    """Change the claim at a place of the list; currency and limit, which nobody types, stay.
    Raises InputError like ``add_claim``."""
    before = _given(_held_case(case, base, actor))
    rows = stated_claims(before)
    _at(rows, place)
    was = rows[place]
    claim = replace(entered_claim(texts, number=was.claim_no), currency=was.currency,
                    limit_fen=was.limit_fen)
    rows[place] = claim
    return _next(case, before, Act.CHANGE, actor, rows=rows, said=claim.claim_no)


@transaction.atomic
def remove_claim(case: Case, place: int, *, base: int, actor: Actor) -> HistoryVersion:
    """Take the claim at a place of the list out."""
    before = _given(_held_case(case, base, actor))
    rows = stated_claims(before)
    _at(rows, place)
    gone = rows.pop(place)
    return _next(case, before, Act.REMOVE, actor, rows=rows, said=gone.claim_no)


def check_claims_file(
    case: Case, content: bytes, *, name: str, actor: Actor, key: str = ""
) -> FileReading:
    """What would become of a file, row by row; nothing is kept. Raises InputError.

    ``key`` is how the file names the insured, where that is neither credit code nor name.
    """
    require(actor, "underwriting.state_history", case)
    keys = [key.strip()] if key.strip() else insured_keys(case.insured)
    return read_claims_file(content, name, keys)


def import_claims_file(
    case: Case, content: bytes, *, name: str, base: int, actor: Actor, key: str = ""
) -> HistoryVersion:
    """Take this insured's claims of a file: all of them or, with a faulty row, none.

    A number that stands already gets the file's state. Raises InputError with every fault.
    """
    # Before the transaction: a large file takes long, and the tenant's writers would wait for it.
    read = check_claims_file(case, content, name=name, actor=actor, key=key)
    return take_claims_in(case, read, base=base, actor=actor)


@transaction.atomic
def take_claims_in(
    case: Case, read: FileReading, *, base: int, actor: Actor
) -> HistoryVersion:
    """Keep this insured's part of a file. Raises InputError with every fault."""
    before = _given(_held_case(case, base, actor))
    read.require_good()
    rows = merged(stated_claims(before), read.claims)
    source = files.store_file(read.kept, name=read.kept_name, media_type="application/octet-stream",
                              actor=actor, tenant=case.tenant)
    return _next(case, before, Act.IMPORT, actor, rows=rows, source=source, said=read.name)


@transaction.atomic
def state_whole(
    case: Case, *, first: date, last: date, claims: Sequence[Mapping[str, Any]],
    uses_held: bool, base: int, actor: Actor,
) -> HistoryVersion:
    """Years and claims at once, as a program gives them (amounts in fen)."""
    before = _held_case(case, base, actor)
    _check_years(first, last)
    return _next(case, before, Act.WHOLE, actor, rows=entered_claims(claims), first=first,
                 last=last, uses_held=uses_held)


@transaction.atomic
def withdraw_history(case: Case, *, base: int, actor: Actor) -> HistoryVersion:
    """Say that no history is given: quotes are then made without one."""
    before = _given(_held_case(case, base, actor))
    return _keep(case, before, Act.WITHDRAW, actor, before=before, is_given=False, first=None,
                 last=None, uses_held=False, rows=[])


@transaction.atomic
def undo_history(case: Case, *, base: int, actor: Actor) -> HistoryVersion:
    """Take the last change back; again, the one before it. Raises Refusal at the beginning."""
    now = _held_case(case, base, actor)
    if now is None or (now.before_id is None and not now.is_given):
        raise Refusal("there is nothing to take back")
    to: HistoryVersion | None = None
    if now.before_id is not None:
        to = HistoryVersion.objects.within(case.tenant_id).get(pk=now.before_id)
    if to is None:  # before the first one nothing was given
        return _keep(case, now, Act.UNDO, actor, before=None, is_given=False, first=None,
                     last=None, uses_held=False, rows=[])
    return _keep(case, now, Act.UNDO, actor, before=to.before, is_given=to.is_given,
                 first=to.first, last=to.last, uses_held=to.uses_held,
                 rows=stated_claims(to), source=to.source)


def _held_case(case: Case, base: int, actor: Actor) -> HistoryVersion | None:
    """The version a verb builds on, with its case locked. Raises Refusal for one made on an
    older version."""
    require(actor, "underwriting.state_history", case)
    audit.hold_chain(case.tenant)  # two that write at once stand in line
    audit.locked(case)
    now = current_version(case)
    if (0 if now is None else now.number) != base:
        raise Refusal("somebody else has changed the history since",
                      reasons=["look at it again, and repeat your change"])
    return now


def _given(version: HistoryVersion | None) -> HistoryVersion:
    if version is None or not version.is_given:
        raise InputError("no years are stated", field="first",
                         mend="say first from when to when the claims are known")
    return version


def _at(rows: Sequence[StatedClaim], place: int) -> None:
    if not 0 <= place < len(rows):
        raise InputError("there is no such claim", field="place", mend="look at the list again")


def _free_number(rows: Sequence[StatedClaim]) -> str:
    taken = {plain(one.claim_no) for one in rows}
    return next(name for number in range(1, MOST_CLAIMS + 2)
                if plain(name := f"E-{number}") not in taken)


def _next(
    case: Case, before: HistoryVersion | None, act: str, actor: Actor, *,
    rows: Sequence[StatedClaim] | None = None, first: date | None = None,
    last: date | None = None, uses_held: bool | None = None, source: StoredFile | None = None,
    said: str = "",
) -> HistoryVersion:
    """One more version with what changes; what is left out stays as it was."""
    kept = stated_claims(before) if rows is None else list(rows)
    seen: set[str] = set()
    for one in kept:
        if plain(one.claim_no) in seen:
            raise InputError(f"the claim {one.claim_no} stands already", field="claim_no",
                             mend="change that one, or give another number")
        seen.add(plain(one.claim_no))
    if len(kept) > MOST_CLAIMS:
        raise InputError(f"a history has at most {MOST_CLAIMS} claims", field="claim_no",
                         mend="leave old years out")
    return _keep(
        case, before, act, actor, before=before, is_given=True,
        first=first or (before.first if before else None),
        last=last or (before.last if before else None),
        uses_held=bool(before and before.uses_held) if uses_held is None else uses_held,
        rows=kept, source=source or (before.source if before else None), said=said)


def _keep(
    case: Case, latest: HistoryVersion | None, act: str, actor: Actor, *,
    before: HistoryVersion | None, is_given: bool, first: date | None, last: date | None,
    uses_held: bool, rows: Sequence[StatedClaim], source: StoredFile | None = None,
    said: str = "",
) -> HistoryVersion:
    written = [one.to_dict() for one in rows]
    version = HistoryVersion.objects.create(
        tenant=case.tenant, insured=case.insured, case=case,
        number=1 if latest is None else latest.number + 1, act=act, is_given=is_given,
        first=first, last=last, uses_held=uses_held, rows=written, rows_hash=rows_hash(written),
        before=before, source=source, made_by=actor.user)
    audit.append(
        actor, "underwriting.history_stated", version,
        {"case": case.number, "number": version.number, "act": str(act), "given": is_given,
         "first": first.isoformat() if first else None,
         "last": last.isoformat() if last else None, "uses_held": uses_held,
         "claims": len(written), "hash": version.rows_hash, "said": said})
    return version
