"""A policy is cancelled, gets another plan, its name is mended: money by day, state, papers."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.claims import services
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import system_actor
from dinghai_platform.ledger.models import Posting
from dinghai_platform.small_firms.models import Change, Firm, Policy
from dinghai_platform.small_firms.services.change_money import record_money
from dinghai_platform.small_firms.services.change_papers import make_endorsements
from dinghai_platform.small_firms.services.changes import (
    Asked,
    cancel_policy,
    change_plan,
    correct_name,
    preview_change,
    run_changes,
    take_back,
)
from dinghai_platform.small_firms.services.policies import offer_of, pay_premium, run_out, terms_of
from dinghai_platform.small_firms.services.renewals import ends_soon, renew_policy
from tests.platform.small_firms.claiming import claim_of, make_desk
from tests.platform.small_firms.making import bound, priced
from tests.platform.story import stand_at

pytestmark = pytest.mark.django_db
ASKED = Asked("店铺关门", confirmed_by="李青", channel="telephone")


@pytest.fixture
def policy(underwriter: Any) -> Policy:
    """A policy from 21 April 2026 to 20 April 2027, paid."""
    return pay_premium(bound(priced(underwriter), underwriter), reference="CMBC-1",
                       actor=underwriter)


def balance(policy: Policy, account: str) -> int:
    """What an account stands at, debits less credits."""
    rows = Posting.objects.within(policy.tenant).filter(account__key=account)
    return sum(one.amount_fen if one.side == "debit" else -one.amount_fen for one in rows)


def explained(policy: Policy, plan: str) -> list[str]:
    """Every term of a plan."""
    return [one.key for one in terms_of(policy.quote, plan)]


def agreed(policy: Policy, plan: str, actor: Any, day: date | None = None) -> Change:
    """Another plan, everything explained."""
    return change_plan(policy, plan, explained(policy, plan), ASKED, actor=actor, day=day)


def annual(policy: Policy, plan: str) -> int:
    """A plan's premium of the year in the policy's quote."""
    return int(offer_of(policy.quote, plan)["gross_fen"])


@pytest.mark.parametrize(("today", "day", "left"), [
    ("2026-04-20", None, 365),           # before its first day: as a whole
    ("2026-05-01", None, 355),           # from today on
    ("2026-05-01", date(2026, 10, 21), 182)])
def test_what_is_left_by_day_goes_back_to_the_applicant(
    policy: Policy, underwriter: Any, today: str, day: date | None, left: int
) -> None:
    stand_at(f"{today}T09:00:00")
    seen = preview_change(policy, "cancel", actor=underwriter, day=day)
    change = cancel_policy(policy, ASKED, actor=underwriter, day=day)
    assert cancel_policy(policy, ASKED, actor=underwriter, day=day).pk == change.pk
    back = -change.amount_fen
    assert back == -seen.amount_fen == (policy.gross_premium_fen * left * 2 + 365) // 730
    assert change.net_fen + change.vat_fen == change.amount_fen
    assert balance(policy, "refund_payable") == -back
    assert balance(policy, "premium_income") == -(policy.net_premium_fen + change.net_fen)
    if day is None:
        assert (change.state, Policy.objects.within(policy.tenant).get().state) == (
            "done", "cancelled")
    else:
        row = Policy.objects.within(policy.tenant).get()
        assert (change.state, row.state, row.expiry) == ("standing", "in_force", date(2026, 10, 20))
        with pytest.raises(Refusal, match="nothing is to be paid"):
            record_money(change, reference="R", actor=underwriter)
        stand_at("2026-10-21T09:00:00")
        house = system_actor(policy.tenant)
        assert run_out(actor=house) == (0, 0) and run_changes(actor=house) == (1, 0)
        change.refresh_from_db()
    assert Policy.objects.within(policy.tenant).get().state == "cancelled"
    assert Firm.objects.within(policy.tenant).get().state == "offered"
    paid = record_money(change, reference="R-1", actor=underwriter)
    assert record_money(paid, reference="R-1", actor=underwriter).paid_at == paid.paid_at
    assert balance(policy, "refund_payable") == 0
    assert balance(policy, "cash") == policy.gross_premium_fen - back
    with pytest.raises(Refusal, match="nothing any more"):
        change_plan(policy, "essential", [], ASKED, actor=underwriter)
    assert audit.verify_chain(policy.tenant).holds


def test_an_unpaid_policy_is_taken_back_not_refunded(underwriter: Any) -> None:
    policy = bound(priced(underwriter), underwriter)
    with pytest.raises(Refusal, match="not paid yet"):
        preview_change(policy, "plan", actor=underwriter, value="essential")
    change = cancel_policy(policy, ASKED, actor=underwriter, day=date(2026, 8, 1))
    assert (change.state, change.effective, change.refund_fen) == ("done", date(2026, 4, 21), 0)
    assert {balance(policy, one) for one in (
        "premium_receivable", "premium_income", "vat_payable", "refund_payable")} == {0}
    with pytest.raises(Refusal, match="nothing is to be paid"):
        record_money(change, reference="R", actor=underwriter)
    with pytest.raises(Refusal):
        pay_premium(policy, reference="late", actor=underwriter)


@pytest.mark.parametrize(("day", "match"), [
    (date(2026, 4, 30), "before today"), (date(2027, 4, 21), "after the last day")])
def test_a_day_that_cannot_be(policy: Policy, underwriter: Any, day: date, match: str) -> None:
    stand_at("2026-05-01T09:00:00")
    with pytest.raises(InputError, match=match):
        cancel_policy(policy, ASKED, actor=underwriter, day=day)
    for wrong in (Asked("", confirmed_by="李青"), Asked("不再需要"),
                  Asked("不再需要", confirmed_by="李青", channel="smoke")):
        with pytest.raises(InputError):
            cancel_policy(policy, wrong, actor=underwriter)


def test_who_may_ask(policy: Policy, broker: Any, act_as: Any) -> None:
    for actor in (broker, act_as("auditor", policy.tenant), act_as("claims_handler",
                                                                  policy.tenant)):
        with pytest.raises(PermissionDenied):
            cancel_policy(policy, ASKED, actor=actor)


def test_a_cancelled_policy_is_not_renewed(underwriter: Any, policy: Policy) -> None:
    stand_at("2027-04-01T09:00:00")
    offer = renew_policy(policy, actor=underwriter)
    cancel_policy(policy, ASKED, actor=underwriter, day=date(2027, 4, 10))
    policy.refresh_from_db()
    assert not ends_soon(policy)
    with pytest.raises(Refusal, match="cancelled already"):
        renew_policy(policy, actor=underwriter)
    with pytest.raises(Refusal, match="cancelled after this quote"):
        bound(offer, underwriter)


def test_a_larger_plan_holds_once_it_is_paid(policy: Policy, underwriter: Any) -> None:
    stand_at("2026-05-01T09:00:00")
    day, rise = date(2026, 7, 20), annual(policy, "advanced") - policy.gross_premium_fen
    with pytest.raises(Refusal, match="not explained"):
        change_plan(policy, "advanced", explained(policy, "advanced")[1:], ASKED,
                    actor=underwriter)
    change = agreed(policy, "advanced", underwriter, day)
    assert (change.state, change.amount_fen) == ("due", (rise * 275 * 2 + 365) // 730)
    with pytest.raises(Refusal, match="another change of the plan waits"):
        preview_change(policy, "plan", actor=underwriter, value="essential")
    record_money(change, reference="CMBC-2", actor=underwriter)
    change.refresh_from_db()
    assert change.state == "standing" and balance(policy, "premium_receivable") == 0
    with pytest.raises(Refusal, match="is paid"):
        take_back(change, reason="又不要了", actor=underwriter)
    correct_name(policy, "青禾设计（苏州）", ASKED, actor=underwriter)
    stand_at("2026-07-20T00:30:00")
    assert run_changes(actor=system_actor(policy.tenant)) == (1, 0)
    row = Policy.objects.within(policy.tenant).get()
    schedule = row.document["schedule"]
    assert (row.plan, schedule["policy_no"]) == ("advanced", policy.policy_no)
    assert schedule["insured"]["name_zh"] == "青禾设计（苏州）"  # mended in between: it stays
    assert row.aggregate_limit_fen == offer_of(row.quote, "advanced")["aggregate_limit_fen"]
    # cancelled the same day, all that is left of the larger plan goes back
    back = cancel_policy(row, ASKED, actor=underwriter)
    assert -back.amount_fen == (annual(policy, "advanced") * 275 * 2 + 365) // 730


def test_a_larger_plan_unpaid_by_its_day_falls_away(policy: Policy, underwriter: Any) -> None:
    stand_at("2026-05-01T09:00:00")
    change = agreed(policy, "advanced", underwriter)
    stand_at("2026-05-02T09:00:00")
    with pytest.raises(Refusal, match="passed unpaid"):
        record_money(change, reference="late", actor=underwriter)
    assert run_changes(actor=system_actor(policy.tenant)) == (0, 1)
    assert balance(policy, "premium_receivable") == 0
    assert Policy.objects.within(policy.tenant).get().plan == policy.plan


@pytest.mark.parametrize("paid", [True, False])
def test_cancelling_takes_what_had_not_begun_along(
    policy: Policy, underwriter: Any, paid: bool
) -> None:
    stand_at("2026-05-01T09:00:00")
    change = agreed(policy, "advanced", underwriter, date(2026, 8, 1))
    if paid:
        record_money(change, reference="CMBC-2", actor=underwriter)
    back = -cancel_policy(policy, ASKED, actor=underwriter).amount_fen
    own = (policy.gross_premium_fen * 355 * 2 + 365) // 730
    assert back == own + (change.amount_fen if paid else 0)
    assert balance(policy, "premium_receivable") == 0
    assert -balance(policy, "premium_income") - balance(policy, "vat_payable") == (
        policy.gross_premium_fen - own)


def test_a_smaller_plan_gives_back_and_can_be_taken_back(policy: Policy, underwriter: Any) -> None:
    stand_at("2026-05-01T09:00:00")
    change = agreed(policy, "essential", underwriter, date(2026, 8, 1))
    assert change.state == "standing" and change.amount_fen < 0
    take_back(change, reason="又想留着", actor=underwriter)
    assert take_back(change, reason="又想留着", actor=underwriter).state == "fallen"
    assert balance(policy, "refund_payable") == 0
    ending = cancel_policy(policy, ASKED, actor=underwriter, day=date(2026, 8, 1))
    take_back(ending, reason="继续经营", actor=underwriter)
    row = Policy.objects.within(policy.tenant).get()
    assert (row.state, row.expiry) == ("in_force", policy.expiry)
    done = agreed(row, "essential", underwriter)
    assert done.state == "done" and Policy.objects.within(policy.tenant).get().plan == "essential"


def test_a_name_is_mended_and_nothing_else(policy: Policy, underwriter: Any) -> None:
    with pytest.raises(InputError, match="has this name"):
        correct_name(policy, policy.firm.name, ASKED, actor=underwriter)
    change = correct_name(policy, " 青禾  设计 ", ASKED, actor=underwriter)
    row = Policy.objects.within(policy.tenant).select_related("firm").get()
    assert (change.state, change.amount_fen, row.firm.name) == ("done", 0, "青禾 设计")
    assert row.firm.draft["name"] == "青禾 设计" and row.document_hash != policy.document_hash
    assert row.document["schedule"]["insured"]["credit_code"] == row.firm.credit_code


def test_each_change_has_its_endorsement_in_both_languages(
    policy: Policy, underwriter: Any
) -> None:
    changes = [correct_name(policy, "青禾新名", ASKED, actor=underwriter),
               agreed(policy, "essential", underwriter),
               cancel_policy(policy, ASKED, actor=underwriter)]
    for one in changes:
        papers = make_endorsements(one, actor=underwriter)
        assert [paper.pk for paper in make_endorsements(one, actor=underwriter)] == [
            paper.pk for paper in papers]
        assert [paper.language for paper in papers] == ["zh", "en"]
    assert Change.objects.within(policy.tenant).filter(papers=None).count() == 0


def test_an_incident_is_decided_by_the_plan_of_its_own_day(
    policy: Policy, underwriter: Any, shop: Any, act_as: Any
) -> None:
    desk = make_desk(shop, act_as)
    before = claim_of(desk.report(policy))
    held = policy.document
    stand_at("2026-06-10T09:00:00")
    agreed(policy, "essential", underwriter)
    policy.refresh_from_db()
    assert policy.document != held == policy.document_on(date(2026, 6, 9))
    assert policy.document_on(date(2026, 6, 10)) == policy.document
    late = services.report_incident(
        policy, actor=desk.handler, title="又一次", discovered_at=clock.now())
    assert claim_of(before.incident).terms == held
    assert claim_of(late).terms == policy.document
