"""What more limit, more loss and more deductible may never do, on the standard product."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dinghai.terms import tracing
from dinghai.terms.compiler import compile_policy
from dinghai.vocabulary.facts import fact
from tests.making import make_policy

MOMENT = fact("incident.discovered_at").encode("2026-09-07T10:00:00+08:00")
AMOUNT = st.one_of(st.integers(0, 900_000_000), st.sampled_from([0, 10_000_000, 153_340_000]))


def pay(ir: int, data: int, damages: int, *, aggregate: int, deductible: int) -> int:
    policy = make_policy(aggregate=aggregate, deductible=deductible)
    program = compile_policy(policy, ["FP-IR", "FP-DATA", "TP-PRIV"])
    return tracing.run(program, {
        "event.cyber_incident_confirmed": 1, "event.data_encryption": 1,
        "event.third_party_claim": 1, "incident.discovered_at": MOMENT,
        "incident.first_occurrence_at": MOMENT, "claim.made_at": MOMENT,
        "item[0].item.amount": ir, "item[1].data.labour_hours": 0,
        "item[1].data.hourly_rate": 0, "item[1].data.vendor_cost": data,
        "item[2].liability.damages": damages,
    }).output("total")


@settings(max_examples=60, deadline=None)
@given(AMOUNT, AMOUNT, AMOUNT, st.integers(100_000_000, 2_000_000_000),
       st.integers(0, 50_000_000), st.integers(1, 100_000_000))
def test_terms_are_monotone(
    ir: int, data: int, damages: int, aggregate: int, deductible: int, more: int
) -> None:
    base = pay(ir, data, damages, aggregate=aggregate, deductible=deductible)
    assert 0 <= base <= min(aggregate, ir + data + damages)
    assert pay(ir, data, damages, aggregate=aggregate + more, deductible=deductible) >= base
    assert pay(ir, data, damages, aggregate=aggregate, deductible=deductible + more) <= base
    assert pay(ir + more, data, damages, aggregate=aggregate, deductible=deductible) >= base
