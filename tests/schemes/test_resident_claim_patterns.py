"""Patterns and rings: what sends a claim to a person, and what must not glue all together."""

from __future__ import annotations

import random

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinghai.foundation.errors import InputError
from dinghai.schemes.resident_claim_decision import Decisions, decide_claims
from dinghai.schemes.resident_claim_results import summary_of, tables_of
from dinghai.schemes.resident_claim_rings import codes_of, find_rings, persons_by_key
from dinghai.schemes.resident_claim_tables import ClaimRules, checked_rules, shipped_rules
from tests.schemes.resident_claim_making import AS_OF, decide, outcomes, read, terms


def reasons(found: Decisions) -> dict[str, list[str]]:
    """Pattern codes by claim."""
    out: dict[str, list[str]] = {}
    for row in tables_of(found)["reasons"]:
        out.setdefault(str(row["claim_id"]), []).append(str(row["code"]))
    return out


def test_a_household_shares_a_device_and_a_third_person_is_unusual() -> None:
    assert reasons(decide({"device": "d"}, {"device": "d"})) == {}
    found = decide({"device": "d"}, {"device": "d"}, {"device": "d"}, {"device": ""})
    assert reasons(found) == {one: ["SHARED-DEVICE"] for one in ("C1", "C2", "C3")}
    assert outcomes(found) == ["refer", "refer", "refer", "pay"]
    row = tables_of(found)["reasons"][0]
    assert row["measure"] == 3 and row["reason_zh"] and row["innocent_en"] and (
        row["confidence"] == "D")


def test_unknown_keys_are_not_one_key() -> None:
    assert reasons(decide(*[{"device": "", "phone": "", "account": ""}] * 8)) == {}


def test_many_victims_of_one_account_are_no_ring() -> None:
    """Twenty victims of one gang: below the 30 that are unusual, and one shared account ties
    nobody."""
    assert reasons(decide(*[{"account": "a", "bank": "b"}] * 20)) == {}
    assert all(codes == ["SHARED-ACCOUNT"] for codes
               in reasons(decide(*[{"account": "a"}] * 30)).values())
    assert len(reasons(decide(*[{"account": "a"}] * 30))) == 30


def _ring_of_five() -> list[dict[str, str]]:
    """h1-h2 by device, h2-h3 by telephone, h3-h4 by device, h4-h5 by telephone."""
    return [{"device": "d1"}, {"device": "d1", "phone": "t1"}, {"device": "d2", "phone": "t1"},
            {"device": "d2", "phone": "t2"}, {"phone": "t2"}]


def test_a_ring_hangs_together_by_several_keys() -> None:
    found = decide(*_ring_of_five(), {})
    assert reasons(found) == {f"C{number}": ["RING"] for number in range(1, 6)}
    row = tables_of(found)["referrals"][0]
    assert (row["ring"], row["ring_persons"], row["ties"]) == ("C1", 5, "device 2, phone 2")
    assert reasons(decide(*_ring_of_five()[:4])) == {}
    same_kind = [{"device": f"d{n // 2}", "person": f"h{(n + 1) // 2}", "certificate_no":
                  f"P{(n + 1) // 2}"} for n in range(12)]
    assert not any("RING" in codes for codes in reasons(decide(*same_kind)).values())


def test_two_shared_accounts_tie_and_one_does_not() -> None:
    rows = [{"person": f"h{person}", "certificate_no": f"P{person}", "account": account,
             "loss_day": day, "phone": "t" if person < 3 else ""}
            for person in range(5) for account, day in (("a", "2026-02-01"), ("b", "2026-02-02"))]
    assert summary_of(decide(*rows))["rings"] == [
        {"ring": "C1", "persons": 5, "claims": 10, "ties": {"account": 2, "phone": 1}}]
    one = [{**row, "account": row["account"] if row["account"] == "a" else ""} for row in rows]
    assert summary_of(decide(*one))["rings"] == []


def test_a_common_key_ties_nobody_and_is_told() -> None:
    """A service desk's telephone of 60 persons: neither shared nor a tie."""
    rows = [{"phone": "desk", "device": f"d{number // 2}"} for number in range(60)]
    found = decide(*rows)
    assert reasons(found) == {}
    assert summary_of(found)["common_keys"] == [
        {"kind": "phone", "keys": 1, "most_persons": 60}]


def test_a_whole_that_is_too_large_is_no_ring() -> None:
    rules = shipped_rules()
    small = msgspec.structs.replace(rules, ring=msgspec.structs.replace(
        rules.ring, persons_most=5))
    rows = [*_ring_of_five(), {"phone": "t2"}]
    summary = summary_of(decide(*rows, rules=small))
    assert (summary["rings"], summary["too_large_for_a_ring"]) == ([], [6])


@pytest.mark.parametrize(("row", "code"), [
    ({"loss_day": "2026-01-08"}, "SOON-AFTER-INCEPTION"),
    ({"loss_day": "2026-01-09"}, ""),
    ({"prior_claims": "2"}, "REPEATED"),
    ({"prior_claims": "1"}, ""),
    # (74,428.57 - 3,000) × 70% = 50,000.00; (73,000 - 3,000) × 70% = 49,000 = 98% of the limit
    ({"loss_yuan": "74428.57", "recovered_yuan": "0"}, "JUST-AT-LIMIT"),
    ({"loss_yuan": "73000", "recovered_yuan": "0"}, "JUST-AT-LIMIT"),
    ({"loss_yuan": "72999.98", "recovered_yuan": "0"}, ""),
    ({"loss_yuan": "80000", "recovered_yuan": "0"}, ""),
])
def test_patterns_of_one_claim_at_their_thresholds(row: dict[str, str], code: str) -> None:
    found = decide(row)
    assert reasons(found) == ({"C1": [code]} if code else {})
    assert outcomes(found) == ["refer" if code else "pay"]


def test_the_same_loss_claimed_twice() -> None:
    same = {"certificate_no": "P", "person": "h"}
    assert reasons(decide(same, same)) == {"C1": ["SAME-LOSS-TWICE"], "C2": ["SAME-LOSS-TWICE"]}
    assert reasons(decide(same, {**same, "loss_yuan": "40001"})) == {}


def _plain_rings(
    person: list[int], device: list[int], phone: list[int], account: list[int], rules: ClaimRules
) -> list[set[int]]:
    """The same rings by walking the graph of persons, pair by pair."""
    people = sorted(set(person))
    held = {one: [(kind, key) for kind, column in (
        ("device", device), ("phone", phone), ("account", account))
        for key in {column[place] for place in range(len(person)) if person[place] == one} - {-1}]
        for one in people}
    owners: dict[tuple[str, int], set[int]] = {}
    for one, keys in held.items():
        for key in keys:
            owners.setdefault(key, set()).add(one)
    ties = {one.key: one for one in rules.ring.ties}
    good = {key for key, who in owners.items() if len(who) <= ties[key[0]].persons_most}  # type: ignore[index]

    def tied(a: int, b: int) -> bool:
        both = set(held[a]) & set(held[b]) & good
        return sum(ties[kind].weight for kind, _ in both) >= rules.ring.weight_least  # type: ignore[index]

    left, out = set(people), []
    while left:
        todo = [left.pop()]
        whole = set(todo)
        while todo:
            here = todo.pop()
            more = {one for one in left if tied(here, one)}
            left -= more
            whole |= more
            todo += more
        kinds = {key[0] for key in good if len(owners[key] & whole) > 1}
        if len(whole) >= rules.ring.persons_least and len(kinds) >= rules.ring.kinds_least:
            out.append(whole)
    return sorted(out, key=min)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 14), st.integers(-1, 6), st.integers(-1, 6),
                          st.integers(-1, 5)), min_size=1, max_size=30))
def test_rings_are_those_of_a_plain_walk(rows: list[tuple[int, int, int, int]]) -> None:
    rules = msgspec.structs.replace(shipped_rules(), ring=msgspec.structs.replace(
        shipped_rules().ring, persons_least=3, ties=tuple(
            msgspec.structs.replace(one, persons_most=4) for one in shipped_rules().ring.ties)))
    texts = [[f"{one}" if one >= 0 else "" for one in column] for column in zip(*rows, strict=True)]
    person, device, phone, account = (codes_of(one) for one in texts)
    claim_ids = [f"C{number:02d}" for number in range(len(rows))]
    found = find_rings(rules.ring, claim_ids, person, {
        "device": device, "phone": phone, "account": account})
    walked = _plain_rings(person.tolist(), device.tolist(), phone.tolist(), account.tolist(), rules)
    mine = [{int(person[place]) for place in np.flatnonzero(found.of_claim == ring)}
            for ring in range(len(found.rings))]
    assert sorted(mine, key=min) == walked
    order = list(range(len(rows)))
    random.Random(len(rows)).shuffle(order)
    moved = find_rings(rules.ring, [claim_ids[one] for one in order],
                       codes_of([texts[0][one] for one in order]),
                       {kind: codes_of([texts[at][one] for one in order]) for at, kind in (
                           (1, "device"), (2, "phone"), (3, "account"))})  # type: ignore[misc]
    assert moved.rings == found.rings


def test_persons_are_counted_once_a_key() -> None:
    key, person = codes_of(["a", "a", "b", "", "a"]), codes_of(["x", "x", "x", "y", "z"])
    pairs_key, pairs_person, persons = persons_by_key(key, person)
    assert (pairs_key.tolist(), pairs_person.tolist(), persons.tolist()) == (
        [0, 0, 1], [0, 2, 0], [2, 1])


@pytest.mark.parametrize(("change", "field"), [
    ({"persons_least": 1}, "ring.persons_least"), ({"kinds_least": 9}, "ring.persons_least"),
    ({"ties": ()}, "ring.persons_least"), ({"weight_least": 0}, "ring.ties"),
    ({"confidence": "sure"}, "confidence"), ({"source": ""}, "confidence"),
    ({"id": "REPEATED"}, "id")])
def test_rules_that_make_no_sense_are_refused(change: dict[str, object], field: str) -> None:
    rules = shipped_rules()
    wrong = msgspec.structs.replace(rules, ring=msgspec.structs.replace(rules.ring, **change))
    with pytest.raises(InputError) as caught:
        checked_rules(wrong, "rules.toml")
    assert field in {fault.field for fault in caught.value.faults}


def test_known_claims_count_in_patterns_and_are_not_decided() -> None:
    shared = {"device": "d" * 8}
    known = read({**shared, "claim_id": "K1", "certificate_no": "Q1", "person": "k1"},
                 {**shared, "claim_id": "K2", "certificate_no": "Q2", "person": "k2"}).claims
    alone = decide(shared)
    beside = decide_claims(read(shared), terms(), shipped_rules(), AS_OF, known=known)
    assert outcomes(alone) == ["pay"]
    assert outcomes(beside) == ["refer"] and len(beside.claims) == 1
    assert [(one.id, measure) for one, measure in beside.patterns.of(0)] == [("SHARED-DEVICE", 3)]
    nobody = known.take(np.zeros(0, dtype=np.intp))
    assert outcomes(decide_claims(read(shared), terms(), shipped_rules(), AS_OF,
                                  known=nobody)) == ["pay"]
