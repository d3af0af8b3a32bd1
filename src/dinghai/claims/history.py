"""The history of a policy: earlier claims, which of them are the same event, what is used up.

Schema dinghai.history/1. An entry is what one decided claim used; a decision carries its own
(``erosion``), so that a history is made of decisions and nothing is typed in twice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

from dinghai.claims.claim_file import Claim
from dinghai.foundation.canonical import JSON, document_hash
from dinghai.foundation.clock import SHANGHAI
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.reading import plain, typed
from dinghai.vocabulary.facts import UNKNOWN, IncidentFacts, KnownFact
from dinghai.wording.policy import Policy
from dinghai.wording.sections import Section
from dinghai.wording.words import Amount, Struct


class EarlierClaim(Struct, frozen=True):
    """One earlier claim: of which event, and what it used up. Amounts are fen.

    ``paid`` is by section (``FP-BI``, or ``FP-BI@member``) and holds what was paid, or given in
    kind, out of limits: towers and defence outside the limits use nothing up. ``presented_fen`` is
    what came to the layers, ``layers`` what each bore, ``suppliers`` what counted against
    per-supplier caps (``SC-CBI.supplier``).
    """

    claim_no: str
    root_cause_id: str = ""
    batch_id: str = ""
    first_occurrence_at: datetime | None = None
    made_at: datetime | None = None
    paid: dict[str, Amount] = {}
    event_deductible_taken_fen: Amount = 0
    deductibles: dict[str, Amount] = {}
    """Of it by member, where each insured bears its own."""
    presented_fen: Amount = 0
    layers: dict[str, Amount] = {}
    suppliers: dict[str, Amount] = {}


class History(Struct, frozen=True):
    """Earlier claims under one policy, in order."""

    schema: Literal["dinghai.history/1"]
    policy_no: str
    claims: tuple[EarlierClaim, ...] = ()

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return plain(self)


def read_history(raw: JSON, policy: Policy, *, file: str | None = None) -> History:
    """A history that belongs to a policy. Raises one InputError for all faults."""
    history = typed(raw, History, file=file)
    faults = []
    if history.policy_no != policy.schedule.policy_no:
        faults.append(Fault(f"the history is of policy {history.policy_no}, not "
                            f"{policy.schedule.policy_no}", file, None, "policy_no",
                            "give the policy its own history"))
    numbers = [one.claim_no for one in history.claims]
    faults += [Fault(f"claim {one} stands twice", file, None, "claims",
                     "keep the last decision on it")
               for one in sorted({one for one in numbers if numbers.count(one) > 1})]
    for index, claim in enumerate(history.claims):
        faults += _name_faults(policy, claim, f"claims[{index}]", file)
    if faults:
        raise InputError.of(faults)
    return history


def _name_faults(
    policy: Policy, claim: EarlierClaim, where: str, file: str | None
) -> Iterator[Fault]:
    """Amounts under names the policy does not have: they would silently count for nothing."""
    members = {one.id for one in policy.schedule.members}
    layers = {one.id for one in policy.schedule.layers}
    for name in claim.paid:
        coverage, _at, insured = name.partition("@")
        if not policy.grants(coverage):
            yield Fault(f"the policy does not grant {name}", file, None, f"{where}.paid.{name}",
                        "name a section of the policy")
        elif insured and insured not in members:
            yield _no_member(insured, members, file, f"{where}.paid.{name}")
    for name in claim.layers:
        if name not in layers:
            yield Fault(f"the policy has no layer {name}", file, None, f"{where}.layers.{name}",
                        "one of: " + (", ".join(sorted(layers)) or "none"))
    for insured in claim.deductibles:
        if insured not in members:
            yield _no_member(insured, members, file, f"{where}.deductibles.{insured}")
    for name in claim.suppliers:
        if not policy.grants(name.partition(".")[0]):
            yield Fault(f"the policy does not grant {name}", file, None,
                        f"{where}.suppliers.{name}", "write SECTION.supplier")


def _no_member(name: str, members: set[str], file: str | None, field: str) -> Fault:
    return Fault(f"the policy has no member {name}", file, None, field,
                 "one of: " + (", ".join(sorted(members)) or "none"))


def history_of(decisions: Iterable[JSON], policy_no: str) -> dict[str, JSON]:
    """The history that decided claims make, in order. Raises InputError for another policy's, and
    for a decision whose content does not give its hash.
    """
    claims = []
    for decision in decisions:
        claim = decision["inputs"]["claim"]
        if "erosion" not in decision:
            raise InputError(f"the decision on {claim['claim_no']} does not say what it used up",
                             field="erosion", mend="decide the claim again under today's rules")
        if decision.get("hash") != document_hash(decision):
            raise InputError(f"the decision on {claim['claim_no']} was changed after it was made",
                             field="hash", mend="give the document as it was issued")
        if claim["policy_no"] != policy_no:
            raise InputError(f"decision on {claim['claim_no']} is of policy {claim['policy_no']}",
                             field="policy_no", mend=f"give decisions on {policy_no} only")
        claims.append(decision["erosion"])
    return {"schema": "dinghai.history/1", "policy_no": policy_no, "claims": claims}


def prior_cells(
    policy: Policy, claim: Claim, incident: IncidentFacts, history: History | None,
    inputs: Collection[str],
) -> dict[str, int]:
    """Cells of the program's ``prior.*`` inputs: what earlier claims and interim payments used."""
    cells: dict[str, int] = {}

    def add(name: str, fen: int) -> None:
        key = f"prior.{name}"
        if fen and key in inputs:
            cells[key] = cells.get(key, 0) + fen

    stated = claim.prior
    add("interim_paid", stated.interim_paid_fen)
    add("aggregate_paid", stated.aggregate_paid_fen)
    add("event_paid", stated.event_paid_fen)
    add("event_deductible", stated.event_deductible_fen)
    for name, fen in stated.sections.items():
        add(f"section.{name}", fen)
    for name, fen in stated.shared.items():
        add(f"shared.{name}", fen)
    earlier = _others(history, claim)
    same = same_event(policy, incident, earlier)
    for one in earlier:
        _add_claim(add, policy, one, one.claim_no in same)
    return cells


def _others(history: History | None, claim: Claim) -> list[EarlierClaim]:
    """The history without an earlier decision on the claim itself."""
    return [one for one in history.claims if one.claim_no != claim.claim_no] if history else []


def _add_claim(
    add: Callable[[str, int], None], policy: Policy, one: EarlierClaim, same: bool
) -> None:
    product = policy.product
    for name, fen in one.paid.items():
        coverage, _at, _insured = name.partition("@")
        section = product.section(coverage)
        if section is None:
            continue
        key = name if section.sublimit.per == "insured" else coverage
        add(f"section.{key}", fen)
        if same:
            add(f"event_section.{key}", fen)
        if section.erodes_aggregate and not _in_kind(section):
            add("aggregate_paid", fen)
            if same:
                add("event_paid", fen)
        for shared in product.shared_limits:
            if coverage in shared.coverages:
                add(f"shared.{shared.id}", fen)
                if same:
                    add(f"event_shared.{shared.id}", fen)
    add("presented", one.presented_fen)
    for name, fen in one.layers.items():
        add(f"layer.{name}", fen)
    if same:
        add("event_presented", one.presented_fen)
        add("event_deductible", one.event_deductible_taken_fen)
        for name, fen in one.deductibles.items():
            add(f"event_deductible@{name}", fen)
        for name, fen in one.suppliers.items():
            add(f"event_supplier.{name}", fen)


def _in_kind(section: Section) -> bool:
    return section.valuation is not None and section.valuation.method == "in_kind"


def same_event(
    policy: Policy, incident: IncidentFacts, earlier: Sequence[EarlierClaim]
) -> set[str]:
    """The earlier claims (their numbers) of the incident's event, by the product's rule."""
    basis = policy.product.basis
    if basis.aggregation_rule == "hours_window":
        return _same_window(incident, earlier, (basis.hours_window or 0) * 3600)
    if basis.aggregation_rule == "batch_defect":
        batch = _text(incident, "incident.batch_id")
        return {one.claim_no for one in earlier if one.batch_id and one.batch_id == batch}
    cause = _text(incident, "incident.root_cause_id")
    return {one.claim_no for one in earlier if one.root_cause_id and one.root_cause_id == cause}


def _same_window(
    incident: IncidentFacts, earlier: Sequence[EarlierClaim], seconds: int
) -> set[str]:
    """A window opens with the first occurrence that no window before it holds, and is closed at
    its end: otherwise a chain of small steps would make one event of a whole year.
    """
    moment = incident.cell("incident.first_occurrence_at")
    if moment <= UNKNOWN + 1:
        return set()
    dated = [(_epoch(one.first_occurrence_at), one.claim_no) for one in earlier
             if one.first_occurrence_at is not None]
    starts = sorted({moment, *(at for at, _ in dated)})
    opened = starts[0]
    for start in starts:
        if opened + seconds < start <= moment:
            opened = start
    return {number for at, number in dated if 0 <= at - opened <= seconds}


def with_series(
    policy: Policy, claim: Claim, incident: IncidentFacts, history: History | None
) -> IncidentFacts:
    """The facts, with the moment the series' first claim was made taken from the history where
    the file does not state it."""
    name = "claim.series_first_made_at"
    if history is None or name in incident.event or not policy.product.basis.series:
        return incident
    earlier = _others(history, claim)
    same = same_event(policy, incident, earlier)
    made = [one.made_at for one in earlier if one.made_at is not None and one.claim_no in same]
    if not made:
        return incident
    first = min(made, key=_epoch)
    event = {**incident.event, name: KnownFact(name, first.isoformat())}
    return IncidentFacts(event, incident.items)


def _text(incident: IncidentFacts, name: str) -> str:
    known = incident.event.get(name)
    return str(known.value) if known is not None and known.value is not None else ""


def _epoch(moment: datetime) -> int:
    """A moment without a zone is Shanghai's."""
    return int((moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)).timestamp())


def erosion(
    policy: Policy, claim: Claim, incident: IncidentFacts, outputs: Mapping[str, int]
) -> dict[str, JSON]:
    """What this claim uses up, as the next one's history entry."""
    paid = {}
    for name, fen in outputs.items():
        coverage = name.removeprefix("pay.").partition("@")[0]
        if name.startswith("pay.") and policy.product.section(coverage) is not None:
            section = name.removeprefix("pay.")
            used = (fen - outputs.get(f"defence.{section}", 0)
                    + outputs.get(f"in_kind.{section}", 0))
            if used:
                paid[section] = used
    entry: dict[str, JSON] = {"claim_no": claim.claim_no, "paid": paid}
    texts = {"root_cause_id": _text(incident, "incident.root_cause_id"),
             "batch_id": _text(incident, "incident.batch_id"),
             "first_occurrence_at": _text(incident, "incident.first_occurrence_at"),
             "made_at": _text(incident, "claim.made_at")}
    amounts = {"event_deductible_taken_fen": outputs.get("erode.event_deductible", 0),
               "presented_fen": outputs.get("erode.presented", 0)}
    maps = {"layers": _named(outputs, "erode.layer."),
            "deductibles": _named(outputs, "erode.event_deductible@"),
            "suppliers": _named(outputs, "erode.event_supplier.")}
    for part in (texts, amounts, maps):
        entry.update({key: value for key, value in part.items() if value})
    return entry


def _named(outputs: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): fen for name, fen in outputs.items()
            if name.startswith(prefix) and fen}
