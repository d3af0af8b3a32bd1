"""The claim file: everything a decision rests on, as one document (schema dinghai.claim/1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.reading import plain, typed
from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.facts import IncidentFacts, KnownFact, LossItem, parse_facts
from dinghai.wording.words import Struct


class EvidenceItem(Struct, frozen=True):
    """One document handed in. ``document`` is its kind in the vocabulary."""

    id: str
    document: str
    name: str = ""
    provided_by: str = ""
    received_at: datetime | None = None
    sha256: str = ""


class ClaimedItem(Struct, frozen=True):
    """One loss item as claimed; ``facts`` maps registry ids to values with their evidence.

    ``insured`` is the member of a programme that suffered it, ``supplier`` whose stop caused it.
    """

    no: int
    coverage: str
    insured: str = ""
    supplier: str = ""
    description: str = ""
    facts: dict[str, Any] = {}


class PriorPayments(Struct, frozen=True):
    """What was paid before, in fen: out of the year's limits, for this event, and in advance.

    For whoever keeps sums; a history of the earlier claims says more and adds to these.
    """

    aggregate_paid_fen: int = 0
    event_paid_fen: int = 0
    event_deductible_fen: int = 0
    interim_paid_fen: int = 0
    sections: dict[str, int] = {}
    shared: dict[str, int] = {}


class ObligationState(Struct, frozen=True):
    """Whether an obligation of the product was met, as far as anybody established it.

    It is shown with the decision; what a breach costs follows from the facts its condition asks.
    """

    id: str
    state: Literal["met", "breached", "unknown"]
    evidence: tuple[str, ...] = ()


class Notice(Struct, frozen=True):
    """A notice between the parties: what, when, and the evidence of it."""

    kind: str
    given_at: datetime
    by: Literal["insured", "insurer", "third_party"]
    evidence: tuple[str, ...] = ()


class Claim(Struct, frozen=True):
    """A claim file."""

    schema: Literal["dinghai.claim/1"]
    claim_no: str
    policy_no: str
    reported_at: datetime
    items: tuple[ClaimedItem, ...]
    facts: dict[str, Any] = {}
    evidence: tuple[EvidenceItem, ...] = ()
    prior: PriorPayments = PriorPayments()
    obligations: tuple[ObligationState, ...] = ()
    notices: tuple[Notice, ...] = ()
    description: str = ""

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return plain(self)


def read_claim(raw: JSON, *, file: str | None = None) -> tuple[Claim, IncidentFacts]:
    """A claim file and its typed facts. Raises one InputError for all faults."""
    claim = typed(raw, Claim, file=file)
    faults = list(_faults(claim, file))
    try:
        event = parse_facts(claim.facts, scope="event", where="facts", file=file)
    except InputError as error:
        event = {}
        faults += error.faults
    items = []
    for index, item in enumerate(claim.items):
        known: dict[str, KnownFact] = {}
        try:
            known = parse_facts(item.facts, scope="item", where=f"items[{index}].facts", file=file)
        except InputError as error:
            faults += error.faults
        items.append(LossItem(item.no, item.coverage, item.description, known, item.insured,
                              item.supplier))
    incident = IncidentFacts(event, tuple(items))
    faults += _evidence_faults(claim, incident, file)
    if faults:
        raise InputError.of(faults)
    return claim, incident


def _faults(claim: Claim, file: str | None) -> Iterator[Fault]:
    if not claim.items:
        yield Fault("the claim has no loss items", file, None, "items", "list at least one")
    if [item.no for item in claim.items] != list(range(1, len(claim.items) + 1)):
        yield Fault("loss items are not numbered from 1 in order", file, None, "items",
                    "number them 1, 2, 3 …")
    for index, item in enumerate(claim.items):
        if item.coverage not in coverages():
            yield Fault(f"{item.coverage!r} is not a coverage of the vocabulary", file, None,
                        f"items[{index}].coverage", "use a code such as FP-BI")
    ids = [one.id for one in claim.evidence]
    for twice in sorted({one for one in ids if ids.count(one) > 1}):
        yield Fault(f"evidence {twice} stands twice", file, None, "evidence", "keep one")
    prior = claim.prior
    amounts = {"aggregate_paid_fen": prior.aggregate_paid_fen,
               "event_paid_fen": prior.event_paid_fen,
               "event_deductible_fen": prior.event_deductible_fen,
               "interim_paid_fen": prior.interim_paid_fen, **prior.sections, **prior.shared}
    for name, amount in amounts.items():
        if amount < 0:
            yield Fault("an amount paid before is negative", file, None, f"prior.{name}",
                        "give zero or more")


def _evidence_faults(claim: Claim, incident: IncidentFacts, file: str | None) -> list[Fault]:
    ids = {one.id for one in claim.evidence}
    cited = [("facts", known) for known in incident.event.values()]
    for index, item in enumerate(incident.items):
        cited += [(f"items[{index}].facts", known) for known in item.facts.values()]
    rows = [(f"{where}.{known.id}", known.evidence) for where, known in cited]
    rows += [(f"obligations[{index}]", one.evidence)
             for index, one in enumerate(claim.obligations)]
    rows += [(f"notices[{index}]", one.evidence) for index, one in enumerate(claim.notices)]
    return [Fault(f"evidence {one!r} is not in the file", file, None, where,
                  "add it to evidence, or drop the reference")
            for where, evidence in rows for one in evidence if one not in ids]
