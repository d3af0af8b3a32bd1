"""The API of the workbench and of the comparison of runs: try facts, keep them, put them back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from ninja import Field, Router, Schema

from dinghai.foundation.errors import InputError, Refusal
from dinghai.foundation.money import Fen
from dinghai.vocabulary.facts import parse_facts
from dinghai_platform.claims import services
from dinghai_platform.claims.api_shapes import ItemParty
from dinghai_platform.claims.comparing import Comparison, compare
from dinghai_platform.claims.mattering import open_matters
from dinghai_platform.claims.models import Claim, DecisionRecord
from dinghai_platform.claims.reading import decision_document
from dinghai_platform.claims.workbench import try_trial
from dinghai_platform.core.permissions import require
from dinghai_platform.core.schemas import ERRORS
from dinghai_platform.core.tenancy import visible_or_404

router = Router(tags=["claims"])


class TrialBody(Schema):
    """Facts to try: of the event, and of loss items by number; null makes a fact unknown."""

    facts: dict[str, Any] = {}
    items: dict[int, dict[str, Any]] = {}
    parties: dict[int, ItemParty] = {}
    stamp: str = Field("", max_length=64, description="of the facts the trial started from")
    note: str = Field("", max_length=300)


class LineMoveAnswer(Schema):
    """One line before and after."""

    coverage: str
    insured: str
    before_fen: Fen
    after_fen: Fen
    outcome_before: str | None
    outcome_after: str | None
    moved: bool


class FactChangeAnswer(Schema):
    """One fact that differs; null is unknown."""

    item: int | None
    fact: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class ComparisonAnswer(Schema):
    """What differs between two runs."""

    before_fen: Fen
    after_fen: Fen
    lines: list[LineMoveAnswer]
    facts: list[FactChangeAnswer]
    flags_gained: list[str]
    flags_lost: list[str]
    inputs: list[str]


class AnswerAnswer(Schema):
    """One possible answer to an unknown fact, and the total with it."""

    value: Any
    total_fen: Fen


class MatterAnswer(Schema):
    """An unknown fact that would matter, and who must prove it."""

    item: int | None
    fact: str
    burden: str
    rules: list[str]
    lines: list[int]
    holds_back: bool
    answers: list[AnswerAnswer]


class TriedAnswer(Schema):
    """What a trial comes to; nothing is stored."""

    stamp: str
    total_fen: Fen
    certain_fen: Fen
    comparison: ComparisonAnswer | None
    matters: list[MatterAnswer]


class KeptAnswer(Schema):
    """How many facts changed, and the stamp of the facts now."""

    changed: int
    stamp: str


@router.post("/{key}/what-if", response={200: TriedAnswer, **ERRORS}, operation_id="what_if")
def what_if(request: HttpRequest, key: UUID, body: TrialBody) -> dict[str, Any]:
    """The decision on the facts as tried beside the one on the facts as kept."""
    row = _open(request, key)
    tried = try_trial(row, _trial(row, body))
    if tried.decision is None:
        raise Refusal(tried.problem)
    return {
        "stamp": services.facts_stamp(row), "total_fen": tried.decision["total_fen"],
        "certain_fen": tried.certain_fen or 0,
        "comparison": _comparison(tried.comparison) if tried.comparison else None,
        "matters": [{
            "item": one.item, "fact": one.fact, "burden": one.burden, "rules": one.rules,
            "lines": one.lines, "holds_back": one.holds_back,
            "answers": [{"value": answer.value, "total_fen": answer.total_fen}
                        for answer in one.answers]} for one in open_matters(tried.decision)],
    }


@router.put("/{key}/kept-facts", response={200: KeptAnswer, **ERRORS}, operation_id="keep_facts")
def keep(request: HttpRequest, key: UUID, body: TrialBody) -> dict[str, Any]:
    """Store a trial in one go, with what stood before and why."""
    row = _open(request, key)
    changed = services.keep_facts(row, _trial(row, body), actor=request.actor, stamp=body.stamp,
                                  note=body.note)
    return {"changed": changed, "stamp": services.facts_stamp(_row(request, key))}


@router.delete("/{key}/kept-facts", response={200: KeptAnswer, **ERRORS},
               operation_id="put_back_facts")
def put_back(request: HttpRequest, key: UUID) -> dict[str, Any]:
    """Put back what was kept last."""
    changed = services.put_back_facts(_open(request, key), actor=request.actor)
    return {"changed": changed, "stamp": services.facts_stamp(_row(request, key))}


@router.get("/decisions/{key}/comparison", response={200: ComparisonAnswer, **ERRORS},
            operation_id="decision_comparison")
def comparison(request: HttpRequest, key: UUID, other: UUID | None = None) -> dict[str, Any]:
    """What differs from another run of the same claim to this one: from ``other``, else from the
    run before. The first run has none before it, and nothing differs."""
    later = _record(request, key)
    if other is not None:
        earlier = _record(request, other)
    else:
        earlier = later.claim.decisions.filter(sequence=later.sequence - 1).first() or later
    if later.claim_id != earlier.claim_id:
        raise Http404("no such decision")
    return _comparison(compare(decision_document(earlier), decision_document(later)))


def _row(request: HttpRequest, key: UUID) -> Claim:
    require(request.actor, "claims.view")
    row: Claim = visible_or_404(Claim.objects.select_related("policy", "incident"),
                                request.actor, pk=key)
    return row


def _open(request: HttpRequest, key: UUID) -> Claim:
    row = _row(request, key)
    require(request.actor, "claims.edit_facts", row)
    services.check_may_set(row, {}, request.actor)
    return row


def _record(request: HttpRequest, key: UUID) -> DecisionRecord:
    found = (DecisionRecord.objects.unscoped("its claim decides who sees it")
             .select_related("claim").filter(pk=key).first())
    if found is None:
        raise Http404("no such decision")
    row = _row(request, found.claim_id)
    require(request.actor, "claims.review", row)
    return found


def _trial(claim: Claim, body: TrialBody) -> services.Trial:
    """The trial of a body. Raises InputError for facts, items and members that are not there."""
    parse_facts(_given(body.facts), scope="event", where="facts")
    numbers = {item.no for item in claim.items.all()}
    for no in {*body.items, *body.parties} - numbers:
        raise InputError("there is no such loss item", field=f"items.{no}",
                         mend=", ".join(str(one) for one in sorted(numbers)) or "add one first")
    for no, facts in body.items.items():
        parse_facts(_given(facts), scope="item", where=f"items.{no}")
    parties = {no: services.checked_party(claim, one.insured, one.supplier)
               for no, one in body.parties.items()}
    return services.Trial(body.facts, body.items, {
        no: (one["member"], one["supplier"]) for no, one in parties.items()})


def _given(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: entry for name, entry in facts.items() if entry is not None}


def _comparison(found: Comparison) -> dict[str, Any]:
    return {
        "before_fen": found.before_fen, "after_fen": found.after_fen,
        "lines": [{
            "coverage": one.key[0], "insured": one.key[1], "before_fen": one.before_fen,
            "after_fen": one.after_fen, "moved": one.moved,
            "outcome_before": one.before["outcome"] if one.before else None,
            "outcome_after": one.after["outcome"] if one.after else None}
            for one in found.lines],
        "facts": [{"item": one.item, "fact": one.fact, "before": one.before, "after": one.after}
                  for one in found.facts],
        "flags_gained": list(_codes(found, True)), "flags_lost": list(_codes(found, False)),
        "inputs": list(found.inputs),
    }


def _codes(found: Comparison, gained: bool) -> Iterator[str]:
    return (one.flag["code"] for one in found.flags if one.is_new is gained)
