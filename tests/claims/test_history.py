"""Histories: what earlier claims used up, which are the same event, and what decisions leave."""

from __future__ import annotations

import random
from typing import Any

import pytest

from dinghai.claims.adjudication import adjudicate, decide
from dinghai.claims.claim_file import Claim
from dinghai.claims.history import history_of, read_history
from dinghai.claims.replay import replay
from dinghai.foundation.errors import InputError
from dinghai.terms.compiler import compile_policy
from dinghai.terms.sequences import trace_year
from dinghai.vocabulary.facts import ABSENT, UNKNOWN, IncidentFacts, KnownFact, LossItem, fact
from tests.golden.test_claims import golden_claim, golden_policy
from tests.terms.generating import random_cells, random_items, random_policy

IR = {"coverage": "FP-IR", "clause": "2.1", "retention": {"kind": "none"}}


def claim_of(number: str, fen: int, **facts: Any) -> dict[str, Any]:
    return golden_claim({"claim": {"claim_no": number, "facts": facts, "items": [
        {"coverage": "FP-IR", "facts": {"item.amount": fen}}]}})


def policy_of(**product: Any) -> dict[str, Any]:
    policy = golden_policy({"product": {"sections": [IR], **product},
                            "policy": {"each_event_limit_fen": 600_000_000}})
    return policy.to_dict()


def test_decisions_make_the_next_claims_history() -> None:
    policy = policy_of()
    first = adjudicate(policy, claim_of("C-1", 500_000_000, **{"incident.root_cause_id": "RC"}))
    second = adjudicate(policy, claim_of("C-2", 500_000_000, **{"incident.root_cause_id": "RC"}),
                        history_of([first], "CL-GOLDEN"))
    third = adjudicate(policy, claim_of("C-3", 900_000_000),
                       history_of([first, second], "CL-GOLDEN"))
    assert [one["total_fen"] for one in (first, second, third)] == [
        500_000_000, 100_000_000, 400_000_000]
    assert replay(third).same
    third["inputs"]["history"]["claims"][0]["paid"]["FP-IR"] -= 1
    assert replay(third).line == 1


def test_an_entry_of_the_claims_own_number_is_passed_over() -> None:
    policy = policy_of()
    first = adjudicate(policy, claim_of("C-1", 500_000_000))
    again = adjudicate(policy, claim_of("C-1", 500_000_000), history_of([first], "CL-GOLDEN"))
    assert again["total_fen"] == 500_000_000


@pytest.mark.parametrize(("basis", "facts", "entry", "same"), [
    ({"aggregation_rule": "batch_defect"}, {"incident.batch_id": "B"}, {"batch_id": "B"}, True),
    ({"aggregation_rule": "batch_defect"}, {}, {"batch_id": "B"}, False),
    ({"aggregation_rule": "batch_defect"}, {"incident.batch_id": "B"}, {}, False),
    ({"aggregation_rule": "root_cause"}, {"incident.root_cause_id": "R"},
     {"root_cause_id": "S"}, False),
    ({"aggregation_rule": "hours_window", "hours_window": 72}, {},
     {"first_occurrence_at": "2026-09-10T02:00:00+08:00"}, True),
    ({"aggregation_rule": "hours_window", "hours_window": 72}, {},
     {"first_occurrence_at": "2026-09-10T02:00:01+08:00"}, False),
    ({"aggregation_rule": "hours_window", "hours_window": 72}, {}, {}, False),
    ({"aggregation_rule": "hours_window", "hours_window": 72}, {},
     {"first_occurrence_at": "2026-09-07T02:00:00"}, True),
])
def test_what_is_the_same_event(
    basis: dict[str, Any], facts: dict[str, Any], entry: dict[str, Any], same: bool
) -> None:
    history = {"schema": "dinghai.history/1", "policy_no": "CL-GOLDEN", "claims": [
        {"claim_no": "C-0", "paid": {"FP-IR": 500_000_000}, **entry}]}
    decision = adjudicate(policy_of(basis=basis), claim_of("C-1", 500_000_000, **facts), history)
    assert decision["total_fen"] == (100_000_000 if same else 500_000_000)


@pytest.mark.parametrize(("change", "words"), [
    ({"policy_no": "OTHER"}, "of policy OTHER"),
    ({"claims": [{"claim_no": "C", "paid": {"TP-PRIV": 1}}]}, "does not grant TP-PRIV"),
    ({"claims": [{"claim_no": "C", "paid": {"FP-IR@ghost": 1}}]}, "no member ghost"),
    ({"claims": [{"claim_no": "C", "deductibles": {"ghost": 1}}]}, "no member ghost"),
    ({"claims": [{"claim_no": "C", "suppliers": {"SC-CBI.s": 1}}]}, "does not grant SC-CBI.s"),
    ({"claims": [{"claim_no": "C", "layers": {"top": 1}}]}, "no layer top"),
    ({"claims": [{"claim_no": "C", "paid": {"FP-IR": -1}}]}, ">= 0"),
    ({"claims": [{"claim_no": "C"}, {"claim_no": "C"}]}, "C stands twice"),
])
def test_a_bad_history_is_refused(change: dict[str, Any], words: str) -> None:
    policy = golden_policy({"product": {"sections": [IR]}})
    history = {"schema": "dinghai.history/1", "policy_no": "CL-GOLDEN", "claims": [], **change}
    with pytest.raises(InputError, match=words):
        read_history(history, policy, file="history.json")


def test_a_decision_that_was_changed_makes_no_history() -> None:
    decision = adjudicate(policy_of(), claim_of("C-1", 5))
    decision["erosion"]["paid"] = {}
    with pytest.raises(InputError, match="changed after it was made"):
        history_of([decision], "CL-GOLDEN")


def test_a_service_given_in_kind_uses_its_limit_up() -> None:
    policy = golden_policy({"product": {"sections": [
        {"coverage": "SV-DIAG", "clause": "2.1"}, {**IR, "clause": "2.2"}]},
        "policy": {"sublimits": {"SV-DIAG": 1_000}}}).to_dict()
    given = {"coverage": "SV-DIAG", "facts": {"service.units": 9, "service.unit_price": 100}}
    decisions: list[dict[str, Any]] = []
    for number in ("C-1", "C-2"):
        claim = golden_claim({"claim": {"claim_no": number, "items": [given],
                                        "facts": {"event.service_request": True}}})
        decisions.append(adjudicate(policy, claim, history_of(decisions, "CL-GOLDEN")))
    assert [one["lines"][0]["in_kind_fen"] for one in decisions] == [900, 100]
    cash = adjudicate(policy, claim_of("C-3", 10**9), history_of(decisions, "CL-GOLDEN"))
    assert cash["total_fen"] == 10**9  # the aggregate is not touched


def test_another_policys_decision_makes_no_history() -> None:
    decision = adjudicate(policy_of(), claim_of("C-1", 5))
    with pytest.raises(InputError, match="is of policy CL-GOLDEN"):
        history_of([decision], "P-2")


def _known(name: str, cell: int) -> KnownFact | None:
    """The fact that has this cell, as a claim file would state it."""
    if cell == UNKNOWN:
        return None
    if cell == ABSENT:
        return KnownFact(name, None)
    definition = fact(name)
    match definition.type:
        case "boolean":
            return KnownFact(name, bool(cell))
        case "code":
            return KnownFact(name, definition.values[cell])
        case "moment":
            return KnownFact(name, f"2026-09-07T0{cell % 10}:00:00+08:00")
        case "reference":
            return KnownFact(name, "x")
        case "list":
            return KnownFact(name, ["x"] * cell)
        case "series":
            return KnownFact(name, [cell % 1_000_000] * 30)
    return KnownFact(name, cell)


def test_a_history_of_decisions_erodes_like_a_year_of_events() -> None:
    """Claims decided one by one, each with the decisions before it, pay what the sequence pays."""
    source = random.Random(11)
    compared = 0
    for _ in range(60):
        policy = random_policy(source)
        shapes = random_items(source, policy)
        program = compile_policy(policy, shapes)
        incidents = [_incident(source, program, shapes) for _ in range(3)]
        decisions: list[dict[str, Any]] = []
        for number, incident in enumerate(incidents):
            event = {**incident.event, "incident.root_cause_id": KnownFact(
                "incident.root_cause_id", f"RC-{number}")}
            event.pop("incident.batch_id", None)
            claim = Claim(schema="dinghai.claim/1", claim_no=f"C-{number}", policy_no="R-1",
                          reported_at=MOMENT, items=())
            history = read_history(history_of(decisions, "R-1"), policy)
            if policy.product.basis.aggregation_rule == "hours_window":
                event.pop("incident.first_occurrence_at", None)
            if number:
                event.pop("claim.series_first_made_at", None)
            facts = IncidentFacts(event, incident.items)
            decision = decide(policy, claim, facts, history)
            decisions.append(decision)
            incidents[number] = facts
        rows = [_cells(program, one) for one in incidents]
        runs = trace_year(program, rows)
        assert [one["total_fen"] for one in decisions] == [run.output("total") for run in runs]
        compared += sum(run.output("due") > 0 for run in runs)
    assert compared > 40


MOMENT = golden_claim({"claim": {"items": []}})["reported_at"]


def _incident(source: random.Random, program: Any, shapes: list[Any]) -> IncidentFacts:
    cells = random_cells(source, program)
    event: dict[str, KnownFact] = {}
    items: list[dict[str, KnownFact]] = [{} for _ in shapes]
    for position, names in program.facts_asked().items():
        for name in names:
            key = name if position is None else f"item[{position}].{name}"
            known = _known(name, cells.get(key, 3_000_000))
            if known is not None:
                (event if position is None else items[position])[name] = known
    return IncidentFacts(event, tuple(
        LossItem(no, shape.coverage, "", facts, shape.insured, shape.supplier)
        for no, (shape, facts) in enumerate(zip(shapes, items, strict=True), start=1)))


def _cells(program: Any, incident: IncidentFacts) -> dict[str, int]:
    from dinghai.terms.cells import fact_cells

    return fact_cells(program, incident)
