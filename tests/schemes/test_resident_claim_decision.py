"""Residents' claims in mass: golden cases by hand, and the same answer as a claim decided alone."""

from __future__ import annotations

from datetime import date
from itertools import permutations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinghai.claims.adjudication import decide as decide_alone
from dinghai.claims.claim_file import read_claim
from dinghai.experience.tabular import TableFile
from dinghai.schemes.resident_claim_decision import Decisions, decide_claims
from dinghai.schemes.resident_claim_document import claim_document, policy_of_claim
from dinghai.schemes.resident_claim_file import claims_of
from dinghai.schemes.resident_claim_results import summary_of, tables_of
from dinghai.schemes.resident_claim_tables import shipped_rules
from dinghai.vocabulary.facts import UNKNOWN
from tests.schemes.resident_claim_making import AS_OF, decide, outcomes, table, terms

CLASSES = {
    "pay": {"paid", "paid_reduced"}, "refer": {"paid", "paid_reduced", "evidence_needed"},
    "wait": {"excluded"}, "refused": {"excluded"}, "not_triggered": {"not_triggered"},
    "ask": {"paid", "paid_reduced", "evidence_needed", "excluded"},
    "nothing_due": {"within_retention", "limit_exhausted", "recovered_elsewhere", "no_loss",
                    "excluded"}}


def alone(found: Decisions, place: int) -> dict[str, object]:
    """The same claim, decided by hand by the policy's own terms."""
    claim, incident = read_claim(claim_document(found, place))
    decision = decide_alone(policy_of_claim(found, place), claim, incident)
    line = decision["lines"][0]
    return {"fen": decision["total_fen"], "outcome": line["outcome"], "clause": line["clause"]}


def test_worked_example_a40() -> None:
    """(40,000 - 5,000 - 3,000) × 70% = 22,400."""
    found = decide({})
    assert outcomes(found) == ["pay"]
    assert found.pay_fen.tolist() == [2_240_000]
    row = tables_of(found)["decisions"][0]
    assert [row[one] for one in ("loss_fen", "recovered_fen", "deductible_fen", "own_share_fen",
                                 "limit_fen", "pay_fen")] == [
        4_000_000, 500_000, 300_000, 960_000, 0, 2_240_000]
    assert (row["clause"], row["law"]) == ("2.1", "保险法23条")


@pytest.mark.parametrize(("loss", "plan", "prior", "paid"), [
    ("74428.57", "50000", "0", 5_000_000),  # (74,428.57 - 3,000) × 70% = 50,000.00 (halves up)
    ("74428.56", "50000", "0", 4_999_999),  # one fen less
    ("200000", "100000", "0", 10_000_000),  # 137,900 above the sum insured
    ("200000", "100000", "95000", 500_000),  # what is left of the year
    ("20000", "10000", "0", 1_000_000),  # (20,000 - 3,000) × 70% = 11,900
])
def test_caps(loss: str, plan: str, prior: str, paid: int) -> None:
    found = decide({"loss_yuan": loss, "sum_insured_yuan": plan, "prior_paid_yuan": prior,
                    "recovered_yuan": "0"})
    assert found.terms_fen.tolist() == [paid]


def test_every_outcome_with_its_ground() -> None:
    found = decide(
        {"filing_day": "2026-05-03"},  # 29 days on 1 June
        {"filing_day": "2026-05-02"},  # 30 days
        {"police_filed": "", "filing_day": "", "police_notice": ""},
        {"bank_records": "no"},
        {"bank_records": "no", "asked_day": "2026-04-01"},
        {"family": "yes"},
        {"family": ""},
        {"police_filed": "no", "filing_day": ""},
        {"loss_day": "2025-12-31"},
        {"recovered_yuan": "37000"},
        {"loss_day": "2026-01-02"},
        {"loss_yuan": ""},
    )
    assert outcomes(found) == [
        "wait", "pay", "ask", "ask", "refer", "refused", "pay", "not_triggered", "not_triggered",
        "nothing_due", "refer", "ask"]
    rows = tables_of(found)
    decided = rows["decisions"]
    assert (decided[0]["wait_until"], decided[0]["clause"]) == ("2026-06-02", "6.1")
    assert decided[0]["expected_fen"] == 2_240_000
    assert (decided[5]["clause"], decided[5]["law"]) == (
        "5.2", "保险法17条 保险法23条 保险法24条")
    assert "EX-FAMILY" in str(decided[6]["insurer_may_prove"])
    asked = [(row["claim_id"], row["what"]) for row in rows["requests"] if row["holds_back"]]
    assert asked == [
        ("C3", "personal.police_case_filed"), ("C3", "fraud.unrecovered_days"),
        ("C3", "police_case_filing_notice"), ("C4", "bank_or_payment_statements"),
        ("C12", "fraud.transferred")]
    assert {row["burden"] for row in rows["requests"]} == {"insured"}
    assert [(row["claim_id"], row["reasons"]) for row in rows["referrals"]] == [
        ("C5", "ASKED-ALREADY"), ("C11", "SOON-AFTER-INCEPTION")]
    assert [row["claim_id"] for row in rows["recourse"]] == ["C2", "C7"]


def test_the_day_the_wait_ends_is_the_day_it_pays() -> None:
    before = decide({"filing_day": "2026-05-03"}, as_of=date(2026, 6, 1))
    after = decide({"filing_day": "2026-05-03"}, as_of=date(2026, 6, 2))
    assert before.wait_until.tolist() == [date(2026, 6, 2).toordinal()]
    assert after.pay_fen.tolist() == before.expected_fen.tolist() == [2_240_000]


@pytest.mark.parametrize(("days", "asked", "outcome"), [
    ("10", "", "ask"), ("10", "2026-05-01", "refer"), ("", "", "ask"), ("30", "", "pay")])
def test_without_the_day_of_the_filing_nothing_waits_for_ever(
    days: str, asked: str, outcome: str
) -> None:
    """Stated days do not grow: until they are enough the day of the filing is asked for, once."""
    found = decide({"filing_day": "", "unrecovered_days": days, "asked_day": asked})
    assert (outcomes(found), found.wait_until.tolist()) == ([outcome], [UNKNOWN])
    held = [row["name_en"] for row in tables_of(found)["requests"] if row["holds_back"]]
    assert held == (["day of the police filing"] if outcome == "ask" else [])


def test_terms_that_were_not_explained_do_not_apply() -> None:
    """保险法17条: 40,000 - 5,000, without deductible and share."""
    found = decide({"terms_explained": "no", "family": "yes"})
    assert (outcomes(found), found.pay_fen.tolist()) == (["pay"], [3_500_000])
    assert "EX-FAMILY" in str(tables_of(found)["decisions"][0]["not_explained"])


def test_a_recovery_that_nobody_knows_is_not_applied_and_is_named() -> None:
    """DECISIONS 3: the insurer bears the burden. (40,000 - 3,000) × 70% = 25,900."""
    found = decide({"recovered_yuan": ""}, {"recovered_yuan": "0"})
    assert (outcomes(found), found.pay_fen.tolist()) == (["pay"] * 2, [2_590_000] * 2)
    assert ["item.recovered" in str(row["insurer_may_prove"])
            for row in tables_of(found)["decisions"]] == [True, False]


def test_claims_of_one_certificate_share_its_sum_insured() -> None:
    """33,250 × … : (50,000 - 3,000) × 70% = 32,900 first; 50,000 - 32,900 = 17,100 is left."""
    rows = [{"certificate_no": "P", "person": "h", "loss_yuan": loss, "recovered_yuan": "0",
             "loss_day": day, "claim_id": claim}
            for loss, day, claim in (("200000", "2026-03-01", "B"), ("50000", "2026-02-01", "A"))]
    found = decide(*rows)
    assert found.pay_fen.tolist() == [1_710_000, 3_290_000]
    assert found.prior_fen.tolist() == [3_290_000, 0]
    other = decide(*reversed(rows))
    assert other.pay_fen.tolist() == [3_290_000, 1_710_000]


VARIED = {
    "loss_yuan": st.sampled_from(["", "2999.99", "3000.01", "40000", "74428.57", "123456.78"]),
    "recovered_yuan": st.sampled_from(["", "0", "0.01", "2000"]),
    "sum_insured_yuan": st.sampled_from(["10000", "50000", "100000"]),
    "inception": st.sampled_from(["2025-07-01", "2026-01-01", "2024-03-01", "2023-03-01"]),
    "expiry": st.sampled_from(["", "2026-06-30"]),
    "terms_explained": st.sampled_from(["yes", "no"]),
    "loss_day": st.sampled_from(["", "2026-03-01", "2026-01-01", "2025-12-31"]),
    "police_filed": st.sampled_from(["", "yes"]),
    "filing_day": st.sampled_from(["", "2026-03-02", "2026-05-20"]),
    "prior_paid_yuan": st.sampled_from(["0", "9000"]),
    "police_notice": st.sampled_from(["yes", "no", ""]),
    "asked_day": st.sampled_from(["", "2026-04-01"]),
    **{name: st.sampled_from(["", "yes", "no"]) for name in (
        "family", "credential_given", "induced", "cash", "cash_caused", "telecom_fraud",
        "notice_gross_negligence")},
    "notice_delay_hours": st.sampled_from(["", "49"]),
    "unascertainable_yuan": st.sampled_from(["", "1000"]),
}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.fixed_dictionaries(VARIED), min_size=8, max_size=8))
def test_in_mass_as_alone(rows: list[dict[str, str]]) -> None:
    """Same fen and same class of outcome as the claim decided by hand; lines add up."""
    found = decide(*rows)
    total = sum(found.lines.values(), np.zeros(len(found.claims), dtype=np.int64))
    assert (total + found.terms_fen == found.loss_fen).all()
    assert not found.lines["other_fen"].any()
    limits = found.claims.cells["sum_insured"] - found.prior_fen
    assert (found.terms_fen <= limits).all() and (found.pay_fen <= found.terms_fen).all()
    for place in range(len(found.claims)):
        by_hand = alone(found, place)
        assert by_hand["fen"] == int(found.terms_fen[place])
        assert by_hand["outcome"] in CLASSES[found.outcome_of(place)]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.fixed_dictionaries({
    "certificate_no": st.sampled_from(["P", "Q"]), "loss_yuan": st.sampled_from(
        ["5000", "40000", "90000"]), "loss_day": st.sampled_from(
        ["", "2026-02-01", "2026-03-01"]), "recovered_yuan": st.just("0")}),
    min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_rows_moves_nothing(rows: list[dict[str, str]], random: object) -> None:
    rows = [{**row, "person": row["certificate_no"], "claim_id": f"K{place}"}
            for place, row in enumerate(rows)]
    moved = list(rows)
    random.shuffle(moved)  # type: ignore[attr-defined]
    by_claim = [{row["claim_id"]: row for row in _without_lines(decide(*one))}
                for one in (rows, moved)]
    assert by_claim[0] == by_claim[1]
    for certificate in ("P", "Q"):
        assert sum(int(row["pay_fen"]) for row in by_claim[0].values()  # type: ignore[arg-type]
                   if row["certificate_no"] == certificate) <= 5_000_000


def _without_lines(found: Decisions) -> list[dict[str, object]]:
    return [{name: value for name, value in row.items() if name != "line"}
            for row in tables_of(found)["decisions"]]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 30_000_000), st.integers(0, 3_000_000), st.integers(0, 3_000_000))
def test_more_loss_never_pays_less_and_more_recovered_never_more(
    loss: int, more: int, recovered: int
) -> None:
    recovered = min(recovered, loss)
    found = decide(*({"loss_yuan": f"{one / 100:.2f}", "recovered_yuan": f"{back / 100:.2f}"}
                     for one, back in ((loss, recovered), (loss + more, recovered),
                                       (loss + more, min(loss + more, recovered + 100)))))
    first, larger, back = found.terms_fen.tolist()
    assert first <= larger and back <= larger


def test_days_that_have_not_come_are_rejected() -> None:
    found = decide({"loss_day": "2026-06-02", "filing_day": ""}, {},
                   {"unrecovered_days": "500"})
    assert [(fault.line, fault.field) for fault in found.rejected] == [
        (2, "loss_day"), (4, "unrecovered_days")]
    assert len(found.claims) == 1


def test_a_file_without_rows_and_the_summary() -> None:
    header = table([{}])
    empty = claims_of(TableFile("claims.csv", header.header, ()))
    none = decide_claims(empty, terms(), shipped_rules(), AS_OF)
    assert summary_of(none)["decided"] == 0
    assert tables_of(none)["decisions"] == []
    found = decide({}, {"family": "yes"}, {"loss_day": "2026-05-31", "filing_day": ""})
    summary = summary_of(found)
    assert summary["outcomes"] == {"pay": 1, "wait": 0, "ask": 1, "refer": 0, "refused": 1,
                                   "not_triggered": 0, "nothing_due": 0}
    assert summary["younger_than_a_day"] == 1
    assert summary["pay_fen"] == 2_240_000
    assert UNKNOWN not in found.pay_fen.tolist()


def test_patterns_never_change_what_the_terms_give() -> None:
    shared = {"device": "d", "phone": "t", "account": "a"}
    plain, tied = decide(*[{}] * 6), decide(*[shared] * 6)
    assert plain.terms_fen.tolist() == tied.terms_fen.tolist()
    assert set(outcomes(plain)) == {"pay"} and set(outcomes(tied)) == {"refer"}
    refused = decide(*[{**shared, "family": "yes"}] * 3)
    assert set(outcomes(refused)) == {"refused"}


def test_every_order_of_three_claims_on_one_certificate() -> None:
    rows = [{"certificate_no": "P", "person": "h", "claim_id": one, "loss_day": day,
             "loss_yuan": "40000", "recovered_yuan": "0"}
            for one, day in (("A", "2026-02-01"), ("B", "2026-02-01"), ("C", "2026-02-15"))]
    quiet = msgspec.structs.replace(shipped_rules(), single=())
    seen = set()
    for order in permutations(rows):
        found = decide(*order, rules=quiet)
        paid = dict(zip(found.claims.texts["claim_id"], found.pay_fen.tolist(), strict=True))
        seen.add(tuple(sorted(paid.items())))
    # (40,000 - 3,000) × 70% = 25,900; 50,000 - 25,900 = 24,100; nothing is left
    assert seen == {(("A", 2_590_000), ("B", 2_410_000), ("C", 0))}
