"""Binding: bounds, mandatory sections, what must be explained, a policy that carries itself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec
import pytest

from dinghai.foundation.errors import InputError
from dinghai.wording.explaining import terms_to_explain
from dinghai.wording.policy import (
    ExplanationRecord,
    bind,
    explained,
    read_policy,
    with_explanations,
)
from dinghai.wording.products import load_product
from dinghai.wording.sections import Retention, Waiting
from tests.making import change_section, make_policy


def _schedule(**changes: Any) -> dict[str, Any]:
    schedule = make_policy().to_dict()["schedule"]
    return {**schedule, **changes}


@pytest.mark.parametrize(("changes", "field"), [
    ({"expiry": "2026-03-31"}, "schedule.expiry"),
    ({"aggregate_limit_fen": 1}, "schedule.aggregate_limit_fen"),
    ({"event_deductible_fen": 10**10}, "schedule.event_deductible_fen"),
    ({"each_event_limit_fen": 10**10}, "schedule.each_event_limit_fen"),
    ({"sections": []}, "schedule.sections"),
    ({"sections": [{"coverage": "FP-FRAUD", "sublimit_fen": 5}]}, "schedule.sections"),
])
def test_a_schedule_outside_the_product_is_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as caught:
        bind(load_product("cyber-comprehensive-standard"), _schedule(**changes))
    assert caught.value.fault.field == field


def test_a_policy_reads_back_the_same() -> None:
    policy = make_policy()
    assert read_policy(policy.to_dict()) == policy
    assert read_policy(policy.to_dict()).hash == policy.hash
    assert policy.days == 365


def test_everything_that_reduces_cover_must_be_explained() -> None:
    product = change_section(load_product("cyber-comprehensive-standard"), "FP-DATA",
                             insured_share_ppm=100_000)
    policy = make_policy(product, explain=False)
    terms = {term.key: term for term in terms_to_explain(policy)}
    assert {"EX-WAR", "EX-UNPATCHED", "event_deductible", "waiting:FP-BI",
            "insured_share:FP-DATA"} <= set(terms)
    assert terms["EX-SANCTION"].duty == "highlight"
    assert "EX-LATE" not in terms  # the law itself is the rule
    assert all(len(term.plain_zh) <= 120 for term in terms.values())
    assert not explained(policy, "EX-WAR", "explain")
    assert explained(policy, "EX-LATE", "none")


def test_policy_terms_have_their_cells() -> None:
    policy = make_policy()
    assert policy.term("inception_at") == policy.term("retroactive_date")
    assert policy.term("notice_hours") == 48
    with pytest.raises(InputError, match="no term"):
        policy.term("moon_phase")


def test_dates_are_days() -> None:
    assert make_policy().schedule.inception == date(2026, 4, 1)


@pytest.mark.parametrize(("moment", "concluded", "holds"), [
    ("2026-04-01T23:59:00+08:00", None, True),
    ("2026-04-02T00:01:00+08:00", None, False),
    ("2026-04-20T10:00:00+08:00", "2026-04-20T11:00:00+08:00", True),
    ("2026-03-31T10:00:00+08:00", "2026-03-30T11:00:00+08:00", False),
])
def test_what_is_explained_after_the_contract_binds_nobody(
    moment: str, concluded: str | None, holds: bool
) -> None:
    policy = make_policy(explain=False)
    schedule = msgspec.structs.replace(
        policy.schedule, concluded_at=datetime.fromisoformat(concluded) if concluded else None)
    policy = with_explanations(
        msgspec.structs.replace(policy, schedule=schedule), ("EX-WAR",),
        ExplanationRecord(highlighted=True, explained_at=datetime.fromisoformat(moment)))
    assert explained(policy, "EX-WAR", "explain") is holds


def test_the_retroactive_date_is_inception_where_the_product_says_so() -> None:
    policy = make_policy()
    bare = msgspec.structs.replace(policy, schedule=msgspec.structs.replace(
        policy.schedule, retroactive_date=None))
    assert bare.term("retroactive_date") == policy.term("inception_at")
    free = msgspec.structs.replace(bare, product=msgspec.structs.replace(
        bare.product, basis=msgspec.structs.replace(bare.product.basis, retroactive="none")))
    assert free.term("retroactive_date") is None


def test_what_is_explained_is_what_is_agreed() -> None:
    product = load_product("cyber-comprehensive-standard")
    product = change_section(
        product, "FP-BI", waiting=Waiting(seconds=5_400, mode="franchise_hours"))
    product = change_section(product, "FP-IR", retention=Retention(
        kind="percentage", ppm=200_000, minimum_fen=100_000))
    policy = make_policy(product)
    policy = msgspec.structs.replace(policy, schedule=msgspec.structs.replace(
        policy.schedule, event_deductible_fen=10_000_000, event_deductible_ppm=50_000))
    said = {one.key: one.text_en for one in terms_to_explain(policy)}
    assert said["event_deductible"] == "¥100,000.00, or 5% of the loss, whichever is higher"
    assert "20%" in said["retention:FP-IR"] and "¥1,000.00" in said["retention:FP-IR"]
    assert "90" in said["waiting:FP-BI"] or "1.5" in said["waiting:FP-BI"]
