"""Every fen once: refunds, caps and credit codes of a firm, and what it withdraws itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import AuditEntry, Organisation
from dinghai_platform.subsidies.book import verified
from dinghai_platform.subsidies.models import Application, Subsidy
from dinghai_platform.subsidies.services.applications import (
    apply_for,
    complete,
    withdraw_application,
)
from dinghai_platform.subsidies.services.changes import follow_policies, report_change
from dinghai_platform.subsidies.services.decisions import share_out
from dinghai_platform.subsidies.services.lists import check_list
from dinghai_platform.subsidies.services.payments import pay_grants
from dinghai_platform.subsidies.services.publication import publish_list
from dinghai_platform.subsidies.services.rules import change_rule
from dinghai_platform.underwriting.models import Endorsement, Policy
from tests.platform.story import World, stand_at
from tests.platform.subsidies.making import (
    HOSPITAL,
    fresh,
    hospital,
    opened,
    platform_home,
    policy_of,
    rule,
    taken,
)
from tests.schemes.subsidies import credit_code


def _firm(world: World, firm: Organisation) -> Actor:
    return world.actor("insured_admin", firm)


def _endorsed(world: World, policy: Policy, number: str, fen: int, kind: str = "premium_float",
              effective: date = date(2026, 3, 10)) -> Endorsement:
    return Endorsement.objects.create(
        tenant=world.insurer, insured=policy.insured, policy=policy,
        number=f"P2026-000001-{number}", kind=kind, document={}, document_hash="0" * 64,
        amount_fen=-fen, effective=effective)


# By hand: the premium is 8,480,000 fen, half of what the firm bears is granted. Of refunds before
# and after the application (all on one day, on a clock that stands) each is counted once:
# 480,000 before it → (8,480,000 - 480,000) / 2; 1,000,000 after it as well → 7,000,000 / 2.
@pytest.mark.parametrize(("before", "after", "granted"), [
    ((480_000,), (), 4_000_000), ((), (1_000_000,), 3_740_000),
    ((480_000,), (1_000_000,), 3_500_000), ((480_000, 20_000), (1_000_000, 980_000), 3_000_000)])
def test_each_refund_is_counted_once(
    world: World, clerk: Actor, colleague: Actor, subsidy: Subsidy, policy: Policy,
    firm: Organisation, before: tuple[int, ...], after: tuple[int, ...], granted: int,
) -> None:
    for place, fen in enumerate(before):
        _endorsed(world, policy, f"E0{place}", fen)
    made = apply_for(subsidy, policy, HOSPITAL, actor=_firm(world, firm))
    for place, fen in enumerate(after):
        _endorsed(world, policy, f"E1{place}", fen)
    publish_list(subsidy, actor=clerk)
    stand_at("2026-03-20T09:00:00")
    assert pay_grants(subsidy, actor=colleague).total_fen == granted
    assert not follow_policies(subsidy, actor=clerk).entries
    assert fresh(made).refund_fen == sum(after) and fresh(made).due_fen == 0


# A policy that ended before the application, its 2,480,000 fen back by endorsement: 6,000,000 / 2,
# and nothing goes by the day on top. One whose float gave 480,000 back and whose end states no
# refund: of the 8,000,000 left 336 of 365 days go back, 7,364,384; half of the 635,616 stays.
@pytest.mark.parametrize(("endorsed", "granted"), [
    ((("E01", 2_480_000, "cancellation"),), 3_000_000),
    ((("E01", 480_000, "premium_float"), ("E02", 0, "cancellation")), 317_808)])
def test_the_end_of_a_policy_takes_its_refund_once(
    world: World, clerk: Actor, subsidy: Subsidy, policy: Policy, firm: Organisation,
    endorsed: tuple[tuple[str, int, str], ...], granted: int,
) -> None:
    for number, fen, kind in endorsed:
        _endorsed(world, policy, number, fen, kind, effective=date(2026, 4, 30))
    policy.state = "cancelled"
    policy.save()
    stand_at("2026-05-01T09:00:00")
    made = apply_for(subsidy, policy, HOSPITAL, actor=_firm(world, firm))
    follow_policies(subsidy, actor=clerk)
    row = fresh(made)
    assert (row.granted_fen, row.cancelled) == (granted, True)


def test_an_application_made_again_ends_with_its_policy_as_well(
    world: World, clerk: Actor, subsidy: Subsidy, policy: Policy, firm: Organisation
) -> None:
    actor = _firm(world, firm)
    first = apply_for(subsidy, policy, HOSPITAL, actor=actor)
    _endorsed(world, policy, "E01", 0, "cancellation", effective=date(2026, 4, 30))
    policy.state = "cancelled"
    policy.save()
    stand_at("2026-05-01T09:00:00")
    follow_policies(subsidy, actor=clerk)
    assert fresh(first).cancelled
    withdraw_application(fresh(first), actor=actor)
    again = apply_for(subsidy, policy, HOSPITAL, actor=actor)
    follow_policies(subsidy, actor=clerk)
    assert fresh(again).cancelled
    assert fresh(again).granted_fen < 4_240_000
    assert not follow_policies(subsidy, actor=clerk).entries


def test_a_row_that_was_not_taken_counts_no_refund(
    world: World, clerk: Actor, policy: Policy, firm: Organisation
) -> None:
    subsidy, other = opened(clerk, budget="4.24万"), hospital(world, 2)
    apply_for(subsidy, policy_of(world, other, 3), HOSPITAL, actor=_firm(world, other))
    head = ("application_id,credit_code,name,policy_no,premium,applied_at,borne_by_others,sector,"
            "area")
    row = (f"Z-1,{firm.credit_code},{firm.name_zh},{policy.policy_no},84800,2026-03-05 09:00,0,"
           "Q84,310115")
    taken(subsidy, "applications", f"{head}\n{row}\n".encode(), clerk)
    made = Application.objects.within(subsidy.tenant).get(number="Z-1")
    assert made.state == "waiting_budget"
    _endorsed(world, policy, "E01", 480_000)
    change_rule(subsidy, rule(budget="10万", version='"2"'), "r.toml", actor=clerk)
    # the row now says something else and is left out, and the application of before is served
    taken(subsidy, "applications", f"{head},refunded\n{row},4800\n".encode(), clerk)
    assert (fresh(made).granted_fen, fresh(made).counted) == (4_240_000, [])
    follow_policies(subsidy, actor=clerk)
    assert fresh(made).granted_fen == 4_000_000


def test_an_end_that_was_reported_by_hand_is_not_taken_twice(
    world: World, clerk: Actor, subsidy: Subsidy, policy: Policy, firm: Organisation
) -> None:
    made = apply_for(subsidy, policy, HOSPITAL, actor=_firm(world, firm))
    stand_at("2026-05-01T09:00:00")
    report_change(made, number="BRIEF-7", change="cancelled", day=date(2026, 4, 30),
                  amount_fen=2_480_000, actor=clerk)
    _endorsed(world, policy, "E01", 2_480_000, "cancellation", effective=date(2026, 4, 30))
    policy.state = "cancelled"
    policy.save()
    assert not follow_policies(subsidy, actor=clerk).entries
    assert fresh(made).granted_fen == 3_000_000  # half of 6,000,000


# Half of what the firm bears of 8,480,000 fen: of one refund of 848,000, however it came to be
# known, 3,816,000 stays; of two on one day, said to be two, 3,392,000.
def test_a_refund_under_two_numbers_is_one(
    world: World, clerk: Actor, subsidy: Subsidy, policy: Policy, firm: Organisation
) -> None:
    made = apply_for(subsidy, policy, HOSPITAL, actor=_firm(world, firm))
    stand_at("2026-05-01T09:00:00")
    told = {"change": "refunded", "day": date(2026, 4, 30), "amount_fen": 848_000, "actor": clerk}
    report_change(made, number="BRIEF-7", **told)
    _endorsed(world, policy, "E01", 848_000, effective=date(2026, 4, 30))
    assert not follow_policies(subsidy, actor=clerk).entries
    with pytest.raises(Refusal, match="is there already as BRIEF-7"):
        report_change(made, number="BRIEF-8", **told)
    assert report_change(made, number="BRIEF-7", **told).granted_fen == 3_816_000
    row = report_change(made, number="BRIEF-8", different=True, **told)
    assert (row.granted_fen, row.refund_fen) == (3_392_000, 1_696_000)
    assert not follow_policies(subsidy, actor=clerk).entries


@pytest.mark.parametrize("followed", [True, False])
def test_a_refund_of_the_books_is_not_reported_again(
    world: World, clerk: Actor, subsidy: Subsidy, policy: Policy, firm: Organisation,
    followed: bool,
) -> None:
    made = apply_for(subsidy, policy, HOSPITAL, actor=_firm(world, firm))
    stand_at("2026-05-01T09:00:00")
    _endorsed(world, policy, "E01", 848_000, effective=date(2026, 4, 30))
    if followed:
        assert follow_policies(subsidy, actor=clerk).entries
    told = {"change": "refunded", "day": date(2026, 4, 30), "amount_fen": 848_000, "actor": clerk}
    with pytest.raises(Refusal, match="is there already as P2026-000001-E01@"):
        report_change(made, number="BRIEF-7", **told)
    number = made.stated["policy"]
    head = "change_no,policy_no,change,day,amount\n"
    row = check_list(subsidy, "changes", (
        f"{head}BRIEF-7,{number},退费,2026-04-30,8480\n"
        f"P2026-000001-E01,{number},退费,2026-04-29,8480\n"
        f"BRIEF-8,{number},退费,2026-04-28,100\nBRIEF-9,{number},退费,2026-04-28,100\n"
    ).encode(), "l.csv", actor=clerk)
    assert (row.added, [one["line"] for one in row.result["rejected"]]) == (1, [2, 3, 5])
    # said to be another one, it counts beside that of the books, which is taken first
    assert report_change(made, number="BRIEF-7", different=True, **told).granted_fen == 3_392_000
    assert not follow_policies(subsidy, actor=clerk).entries


def test_a_refund_that_was_reported_is_not_stated_again(
    world: World, clerk: Actor, subsidy: Subsidy, policy: Policy, firm: Organisation
) -> None:
    actor = _firm(world, firm)
    made = apply_for(subsidy, policy, replace(HOSPITAL, area=""), actor=actor)
    report_change(made, number="BRIEF-7", change="refunded", day=date(2026, 3, 10),
                  amount_fen=848_000, actor=clerk)
    _endorsed(world, policy, "E01", 848_000)
    assert complete(made, HOSPITAL, actor=actor).granted_fen == 3_816_000


def test_a_row_handed_in_again_counts_no_refund_twice(
    world: World, clerk: Actor, subsidy: Subsidy, policy: Policy, firm: Organisation
) -> None:
    head = "application_id,credit_code,name,policy_no,premium,applied_at,borne_by_others,sector"
    row = f"Z-1,{firm.credit_code},{firm.name_zh},{policy.policy_no},84800,2026-03-05 09:00,0,Q84"
    taken(subsidy, "applications", f"{head}\n{row}\n".encode(), clerk)  # its area is missing
    _endorsed(world, policy, "E01", 480_000)
    assert follow_policies(subsidy, actor=clerk).entries
    again = f"{head},area,refunded\n{row},310115,4800\n"
    taken(subsidy, "applications", again.encode(), clerk)
    made = Application.objects.within(subsidy.tenant).get(number="Z-1")
    assert (made.state, made.basis_fen, made.granted_fen) == ("granted", 8_000_000, 4_000_000)


def test_a_firm_without_a_code_has_one_all_the_same(
    world: World, subsidy: Subsidy, policy: Policy, firm: Organisation
) -> None:
    firm.credit_code = None
    firm.save()
    second = policy_of(world, firm, 2)
    actor = _firm(world, firm)
    typed = replace(HOSPITAL, credit_code=credit_code(801))
    with pytest.raises(InputError, match="not a unified"):
        apply_for(subsidy, policy, replace(typed, credit_code="91310000000000000X"), actor=actor)
    with pytest.raises(InputError, match="another firm's"):
        apply_for(subsidy, policy, replace(typed, credit_code=hospital(world, 2).credit_code or ""),
                  actor=actor)
    first = apply_for(subsidy, policy, typed, actor=actor)
    with pytest.raises(InputError, match="another credit code"):
        apply_for(subsidy, second, replace(typed, credit_code=credit_code(802)), actor=actor)
    head = "application_id,credit_code,name,policy_no,premium,applied_at,borne_by_others\n"
    listed = check_list(subsidy, "applications", (
        head + f"Z-1,{credit_code(802)},{firm.name_zh},{second.policy_no},84800,"
        "2026-03-05 09:00,0\n").encode(), "l.csv", actor=world.actor(
            "regulator_miit", subsidy.authority))
    assert [one["field"] for one in listed.result["rejected"]] == ["credit_code"]
    withdraw_application(first, actor=actor)
    assert apply_for(subsidy, second, replace(typed, credit_code=credit_code(802)),
                     actor=actor).state == "granted"


def test_an_application_is_withdrawn_before_it_is_paid(
    world: World, clerk: Actor, colleague: Actor, subsidy: Subsidy
) -> None:
    made, actors = [], []
    for number in range(1, 5):
        home = hospital(world, number)
        actors.append(_firm(world, home))
        made.append(apply_for(subsidy, policy_of(world, home, number), HOSPITAL,
                              actor=actors[-1]))
        stand_at(f"2026-03-1{number}T09:00:00")
    publish_list(subsidy, actor=clerk)
    with pytest.raises(PermissionDenied):
        withdraw_application(made[0], actor=actors[1])
    with pytest.raises(PermissionDenied):
        withdraw_application(made[0], actor=clerk)
    gone = withdraw_application(made[0], reason="改由园区申请", actor=actors[0])
    assert (gone.state, gone.granted_fen) == ("given_up", 0)
    assert withdraw_application(gone, actor=actors[0]).state == "given_up"
    # what came free went to the fourth, who waited for ¥42,400
    assert [fresh(one).granted_fen for one in made] == [0, 4_240_000, 1_520_000, 4_240_000]
    assert fresh(subsidy).left_fen == 0
    assert verified(fresh(subsidy)).head == fresh(subsidy).head
    payloads = list(AuditEntry.objects.within(platform_home()).filter(
        action="subsidies.application_withdrawn").values_list("payload", flat=True))
    assert len(payloads) == 1 and "改由园区申请" not in payloads[0]
    stand_at("2026-03-25T09:00:00")
    assert pay_grants(subsidy, actor=colleague).total_fen == 5_760_000
    with pytest.raises(Refusal, match="was paid"):
        withdraw_application(made[1], actor=actors[1])
    again = apply_for(subsidy, gone.policy, HOSPITAL, actor=actors[0])
    assert again.pk != gone.pk and again.state == "waiting_budget"


def test_a_lowered_cap_holds_for_all_a_firm_has(
    world: World, clerk: Actor, policy: Policy, firm: Organisation
) -> None:
    subsidy = opened(clerk, budget="100万", mode="proportional")
    other = hospital(world, 2)
    made = [apply_for(subsidy, one, HOSPITAL, actor=_firm(world, home)) for one, home in (
        (policy, firm), (policy_of(world, firm, 2), firm), (policy_of(world, other, 3), other))]
    assert [one.entitled_fen for one in made] == [4_240_000] * 3
    change_rule(subsidy, rule(budget="100万", mode="proportional", version='"2"',
                              cap_per_firm='"5万"'), "r.toml", actor=clerk)
    withdraw_application(made[2], actor=_firm(world, other))
    stand_at("2027-01-02T09:00:00")
    share_out(subsidy, actor=clerk)
    assert [fresh(one).granted_fen for one in made] == [4_240_000, 760_000, 0]
