"""Money that comes back after payment, the limitation of recourse, and the first half hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinghai.experience.tabular import Row, TableFile
from dinghai.foundation.clock import SHANGHAI
from dinghai.foundation.errors import InputError
from dinghai.schemes.resident_claim_guidance import stop_payment_steps
from dinghai.schemes.resident_claim_recovery import returns_of, share_return
from dinghai.schemes.resident_claim_results import tables_of
from dinghai.schemes.resident_claim_tables import ReturnRule, shipped_rules
from tests.schemes.resident_claim_making import decide

RULES = get_args(ReturnRule)


@pytest.mark.parametrize(("returned", "rule", "insured", "insurer"), [
    # A40: 40,000 - 5,000 - 22,400 = 12,600 is not insured, 22,400 was paid; 10,000 comes back
    (1_000_000, "insured_first", 1_000_000, 0),
    (1_000_000, "insurer_first", 0, 1_000_000),
    (1_000_000, "proportional", 360_000, 640_000),  # 12,600 : 22,400 = 36 : 64
    (2_000_000, "insured_first", 1_260_000, 740_000),
    (3_500_000, "insured_first", 1_260_000, 2_240_000),  # everything is back
    (3_500_000, "insurer_first", 1_260_000, 2_240_000),
    (3_500_000, "proportional", 1_260_000, 2_240_000),
    (3_500_001, "insurer_first", 1_260_001, 2_240_000),  # never more than was paid
])
def test_who_gets_what(returned: int, rule: ReturnRule, insured: int, insurer: int) -> None:
    shares = share_return(loss_fen=4_000_000, recovered_before_fen=500_000, paid_fen=2_240_000,
                          returned_before_fen=0, returned_fen=returned, rule=rule)
    assert (shares.insured_fen, shares.insurer_fen) == (insured, insurer)


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9),
       st.integers(0, 10**9), st.integers(0, 10**9), st.sampled_from(RULES))
def test_two_returns_are_as_their_sum(
    uninsured: int, before: int, paid: int, first: int, second: int, rule: ReturnRule
) -> None:
    def share(sofar: int, now: int) -> tuple[int, int]:
        one = share_return(loss_fen=uninsured + before + paid, recovered_before_fen=before,
                           paid_fen=paid, returned_before_fen=sofar, returned_fen=now, rule=rule)
        assert one.insured_fen + one.insurer_fen == now
        assert min(one.insured_fen, one.insurer_fen) >= 0
        return one.insured_fen, one.insurer_fen

    parts, whole = (share(0, first), share(first, second)), share(0, first + second)
    assert tuple(map(sum, zip(*parts, strict=True))) == whole
    assert whole[1] <= paid


@pytest.mark.parametrize("amounts", [(-1, 0, 0), (100, 50, 51)])
def test_amounts_that_cannot_be(amounts: tuple[int, int, int]) -> None:
    loss, before, paid = amounts
    with pytest.raises(InputError):
        share_return(loss_fen=loss, recovered_before_fen=before, paid_fen=paid,
                     returned_before_fen=0, returned_fen=1, rule="insured_first")


def test_a_file_of_returns_goes_on_past_bad_rows() -> None:
    header = ("claim_id", "loss_yuan", "recovered_before_yuan", "paid_yuan", "returned_yuan")
    rows = [("C1", "40000", "5000", "22400", "10000"), ("C1", "40000", "5000", "22400", "10000"),
            ("C2", "1000", "0", "2000", "1"), ("C1", "40000", "0", "22400", "1"),
            ("C3", "x", "0", "0", "1")]
    found = returns_of(TableFile("r.csv", header, tuple(
        Row(line, cells) for line, cells in enumerate(rows, start=2))), "insured_first")
    assert [(one.shares.insured_fen, one.shares.insurer_fen) for one in found.rows] == [
        (1_000_000, 0), (260_000, 740_000)]
    assert [(one.line, one.field) for one in found.rejected] == [
        (4, "paid"), (5, "paid"), (6, "loss")]
    document = found.to_dict()
    assert document["insured_fen"] + document["insurer_fen"] == document["returned_fen"]
    with pytest.raises(InputError, match="no column"):
        returns_of(TableFile("r.csv", header[1:], ()), "insured_first")


def test_recourse_goes_as_far_as_was_paid() -> None:
    """Right up to 22,400; the insured keeps 40,000 - 5,000 - 22,400 = 12,600."""
    found = decide({"account": "a", "bank": "b"}, {"family": "yes"})
    (row,) = tables_of(found)["recourse"]
    assert (row["right_up_to_fen"], row["insured_keeps_fen"], row["account"]) == (
        2_240_000, 1_260_000, "a")
    assert row["limitation_day"] == "2029-06-01"
    assert "反电信网络诈骗法46条" in str(row["law"]) and "保险法60条" in str(row["law"])


def test_steps_to_stop_the_payment_for_less_than_a_day() -> None:
    made = datetime(2026, 3, 1, 20, tzinfo=SHANGHAI)
    steps = stop_payment_steps(made, made + timedelta(minutes=10))
    assert [one.call for one in steps][:2] == ["110", "96110"]
    assert all(one.text_zh and one.text_en and one.source and one.confidence for one in steps)
    assert stop_payment_steps(made, made - timedelta(hours=1)) == steps
    assert stop_payment_steps(made, made + timedelta(hours=24)) == ()
    with pytest.raises(ValueError, match="zone"):
        stop_payment_steps(made.replace(tzinfo=None), made)


def test_the_default_rule_is_among_the_rules() -> None:
    returns = shipped_rules().returns
    assert returns.rule == "insured_first" and {one.id for one in returns.rules} == set(RULES)
