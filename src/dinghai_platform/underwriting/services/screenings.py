"""Sanctions screenings of an enterprise, as somebody recorded them. No list comes along."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from dinghai.foundation.errors import InputError, Refusal
from dinghai.pricing.screening import Screening as EngineScreening
from dinghai.pricing.screening import screening_of
from dinghai_platform.core import audit, clock, files
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.underwriting.models import Case, Quote, Screening

LONGEST_NOTE = 2_000
_GRAVITY = {"clear": 0, "possible": 1, "hit": 2}


def latest_screening(tenant: Any, insured: Organisation | Any) -> Screening | None:
    """The screening of an enterprise that counts, expired or not; None where none is recorded."""
    found: Screening | None = Screening.objects.within(tenant).filter(insured=insured).order_by(
        "-screened_on", "-id").first()
    return found


def screening_today(tenant: Any, insured: Organisation | Any) -> Screening | None:
    """The screening that says something today: the latest one, while it holds."""
    found = latest_screening(tenant, insured)
    return found if found is not None and holds_today(found) else None


def holds_today(row: Screening) -> bool:
    """Whether a screening says anything today: what was found stands until it is cleared."""
    return engine_screening(row).holds(clock.today())


def check_no_later_hit(quote: Quote) -> None:
    """Raises Refusal for a quote that knows nothing of a hit, or a possible one, recorded after
    it."""
    audit.hold_chain(quote.tenant)  # one that is being recorded is waited for
    latest = latest_screening(quote.tenant_id, quote.insured_id)
    if latest is None or latest.result == "clear" or latest.pk == quote.screening_id:
        return
    if latest.result == "hit":
        raise Refusal("a hit on a sanctions list was recorded after this quote",
                      reasons=["price the risk again: it is then referred to compliance"])
    raise Refusal("a possible hit on a sanctions list was recorded after this quote",
                  reasons=["price the risk again, or let compliance decide the hit first"])


def engine_screening(row: Screening) -> EngineScreening:
    """The engine's screening of a row."""
    return screening_of(row.document)


@transaction.atomic
def record_screening(
    case: Case, *, lists: Sequence[str], screened_on: date, result: str, reference: str,
    actor: Actor, note: str = "", valid_until: date | None = None,
    evidence: tuple[bytes, str] | None = None,
) -> Screening:
    """Record who was searched for in which lists, when, and what was found.

    Raises InputError for what makes no sense or a day to come. A hit or a possible hit is
    cleared, and a hit made a possible one, by compliance alone (PermissionDenied for others).
    """
    require(actor, "underwriting.screen", case)
    audit.hold_chain(case.tenant)  # a clearing is decided against what stands at that moment
    document: dict[str, Any] = {
        "schema": "dinghai.screening/1", "lists": [one.strip() for one in lists if one.strip()],
        "screened_on": screened_on.isoformat(), "result": result, "reference": reference.strip()}
    if valid_until is not None:
        document["valid_until"] = valid_until.isoformat()
    screening = screening_of(document)
    if screened_on > clock.today():
        raise InputError("the day is still to come", field="screened_on",
                         mend="record a screening after it was made")
    if len(note) > LONGEST_NOTE:
        raise InputError("the note is too long", field="note",
                         mend=f"write at most {LONGEST_NOTE} characters")
    before = latest_screening(case.tenant_id, case.insured_id)
    if before is not None and screened_on < before.screened_on:
        raise InputError(f"a later screening is recorded, of {before.screened_on}",
                         field="screened_on", mend="record a screening of that day or later")
    if (before is not None and _GRAVITY[result] < _GRAVITY[before.result]
            and actor.role != "compliance"):
        raise PermissionDenied("underwriting.clear_screening")
    kept = None
    if evidence is not None:
        content, name = evidence
        kept = files.store_file(content, name=name, media_type="application/octet-stream",
                                actor=actor, tenant=case.tenant)
    written = screening.to_dict()
    row = Screening.objects.create(
        tenant=case.tenant, insured=case.insured, case=case, document=written,
        document_hash=written["hash"], screened_on=screened_on, valid_until=screening.last_day,
        result=screening.result, reference=screening.reference, note=note.strip(),
        evidence=kept, recorded_by=actor.user)
    audit.append(
        actor, "underwriting.screening_recorded", row,
        {"case": case.number, "result": row.result, "screened_on": screened_on.isoformat(),
         "valid_until": row.valid_until.isoformat(), "hash": row.document_hash})
    return row
