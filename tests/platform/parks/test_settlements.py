"""Events: shared pro rata by hand, posted once, interim payments, reversals, and who may."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core.models import Organisation
from dinghai_platform.ledger.models import JournalEntry
from dinghai_platform.ledger.queries import balance_of, verify_books
from dinghai_platform.parks import queries
from dinghai_platform.parks.engine import policy_of
from dinghai_platform.parks.models import EventSettlement, MemberClaim, Park
from dinghai_platform.parks.services.changes import check_leaving
from dinghai_platform.parks.services.parks import close_park
from dinghai_platform.parks.services.settlements import (
    approve_settlement,
    propose_file,
    reject_settlement,
    reverse_settlement,
)
from dinghai_platform.parks.services.shared import offer_service, record_use, withdraw_service
from dinghai_platform.parks.settlement_view import left_of_period
from tests.platform.parks.making import applied, event, firm, line, members
from tests.platform.story import World

pytestmark = pytest.mark.django_db
MILLION = 100_000_000


@pytest.fixture
def full(world: World, park: Park) -> Park:
    """The park with 15 firms, each with ¥1,000,000 each event under ¥10,000,000 for all."""
    applied(park, [firm(one) for one in range(15)], world.actor("underwriter"))
    return park


def test_the_park_limit_is_cut_pro_rata(world: World, full: Park) -> None:
    handler, approver = world.actor("claims_handler"), world.actor("claims_approver")
    row = event(full, handler, [line(one, "150万元") for one in range(15)])
    assert (row.claimed_fen, row.due_fen) == (15 * 150_000_000, 10 * MILLION)
    # 15 firms granted ¥1,000,000 each share ¥10,000,000: ¥666,666.66 or a fen more
    shares = sorted(one["due_fen"] for one in row.document["events"][0]["covers"])
    assert set(shares) == {66_666_666, 66_666_667} and sum(shares) == 10 * MILLION
    assert row.retained_fen == row.claimed_fen - row.due_fen
    with pytest.raises(PermissionDenied):
        approve_settlement(row, actor=handler)
    posted = approve_settlement(row, actor=approver)
    approve_settlement(posted, actor=approver)  # asked again: nothing more
    assert balance_of(world.insurer, "claims_payable") == 10 * MILLION
    assert balance_of(world.insurer, "insured_share") == row.retained_fen
    assert MemberClaim.objects.within(world.insurer).count() == 15
    assert left_of_period(full, policy_of(full)) == 10 * MILLION
    assert verify_books(world.insurer).holds


def test_whoever_proposes_does_not_approve(world: World, full: Park) -> None:
    chief = world.actor("chief_underwriter")
    with pytest.raises(Refusal, match="does not approve"):
        approve_settlement(event(full, chief), actor=chief)


def test_a_later_claim_of_the_event_counts_what_was_paid(world: World, full: Park) -> None:
    handler, approver = world.actor("claims_handler"), world.actor("claims_approver")
    first = approve_settlement(event(full, handler, [line(0, "40万元")]), actor=approver)
    again = event(full, handler, [line(0, "70万元"), line(1, "80万元")])
    paid = {one["member"]: one["paid_before_fen"]
            for one in again.document["events"][0]["covers"]}
    assert sorted(paid.values()) == [0, 40 * MILLION // 100]
    assert again.due_fen == (70 - 40 + 80) * MILLION // 100
    approve_settlement(again, actor=approver)
    assert balance_of(world.insurer, "claims_payable") == 150 * MILLION // 100
    with pytest.raises(Refusal, match="later settlement"):
        reverse_settlement(first, reason="x", actor=world.actor("claims_payment"))


def test_what_stays_with_the_firms_of_an_event_is_posted_once(world: World, full: Park) -> None:
    """Two claims of one event, then the first taken back from: ¥500,000 and ¥200,000 above the
    firms' limits, then ¥200,000 alone. The books hold the event's whole, never twice."""
    handler, approver = world.actor("claims_handler"), world.actor("claims_approver")

    def posted(*lines: dict[str, str]) -> EventSettlement:
        row = approve_settlement(event(full, handler, list(lines)), actor=approver)
        assert balance_of(world.insurer, "insured_share") == row.retained_fen
        assert balance_of(world.insurer, "insured_share_contra") == row.retained_fen
        return row

    second = line(1, "120万元")
    assert posted(line(0, "150万元")).retained_fen == MILLION // 2
    assert posted(line(0, "150万元"), second).retained_fen == 70 * MILLION // 100
    last = posted(line(0, "100万元"), second)
    assert last.retained_fen == 20 * MILLION // 100
    reverse_settlement(last, reason="误报", actor=world.actor("claims_payment"))
    assert balance_of(world.insurer, "insured_share") == 70 * MILLION // 100
    assert verify_books(world.insurer).holds


def test_another_event_in_between_makes_a_proposal_stale(world: World, full: Park) -> None:
    handler, approver = world.actor("claims_handler"), world.actor("claims_approver")
    one = event(full, handler, [line(0, "90万元")], name="E-1")
    two = event(full, handler, [line(0, "90万元", day="2026-03-02")], name="E-2")
    approve_settlement(one, actor=approver)
    with pytest.raises(Refusal, match="meanwhile"):
        approve_settlement(two, actor=approver)
    assert reject_settlement(two, reason="重算", actor=handler).state == "rejected"
    new = event(full, handler, [line(0, "90万元", day="2026-03-02")], name="E-2")
    # ¥1,500,000 for the period, ¥900,000 used
    assert new.due_fen == 60 * MILLION // 100
    approve_settlement(new, actor=approver)
    payment = world.actor("claims_payment")
    reverse_settlement(new, reason="误付", actor=payment)
    with pytest.raises(Refusal, match="only a posted"):
        reverse_settlement(new, reason="误付", actor=payment)
    assert balance_of(world.insurer, "claims_payable") == 90 * MILLION // 100
    assert left_of_period(full, policy_of(full)) == 20 * MILLION - 90 * MILLION // 100
    assert MemberClaim.objects.within(world.insurer).get(settlement=new).reversed_at is not None


def test_lists_of_claims_are_refused_whole(world: World, full: Park) -> None:
    handler = world.actor("claims_handler")
    text = ("事故,赔案号,企业,保障,出险日,金额（元）\n"
            f"E-1,C1,{members(full)[0].name_zh},FP-BI,2026-03-01,1000\n"
            "E-1,C2,无此企业,FP-BI,2026-03-01,1000\nE-1,C3,,XX,2031-01-01,x\n")
    with pytest.raises(InputError) as error:
        propose_file(full, text.encode(), name="c.csv", actor=handler)
    assert {one.line for one in error.value.faults} == {3, 4}
    assert {one.file for one in error.value.faults} == {"c.csv"}
    two = [*text.splitlines()[:2], text.splitlines()[1].replace("E-1", "E-2")]
    with pytest.raises(InputError, match="one event"):
        propose_file(full, "\n".join(two).encode(), name="c.csv", actor=handler)
    assert not EventSettlement.objects.within(world.insurer).exists()


def test_nobody_leaves_before_an_event_it_was_paid_for(world: World, full: Park) -> None:
    underwriter = world.actor("underwriter")
    waiting = event(full, world.actor("claims_handler"), [line(0, "10万元")])
    with pytest.raises(Refusal, match="before the day of an event"):
        check_leaving(members(full)[0], last=date(2026, 2, 1), reason="x", actor=underwriter)
    with pytest.raises(Refusal, match="waits for approval"):
        close_park(full, reason="x", actor=underwriter)
    check_leaving(members(full)[0], last=date(2026, 3, 31), reason="x", actor=underwriter)
    reject_settlement(waiting, reason="x", actor=underwriter)
    check_leaving(members(full)[0], last=date(2026, 2, 1), reason="x", actor=underwriter)


def test_who_may_settle(world: World, full: Park, operator: Organisation) -> None:
    for role, home in (("auditor", None), ("park_operator", operator), ("actuary", None),
                       ("claims_handler", world.other_insurer), ("insured_admin", world.donghai)):
        with pytest.raises(PermissionDenied):
            event(full, world.actor(role, home))
    assert not JournalEntry.objects.within(world.insurer).filter(
        narrative_code="parks.claims").exists()


def test_shared_services(world: World, full: Park, operator: Organisation) -> None:
    boss = world.actor("park_operator", operator)
    service = offer_service(full, kind="drill", name_zh="应急演练", actor=boss)
    with pytest.raises(Refusal, match="already"):
        offer_service(full, kind="drill", name_zh="应急演练", actor=boss)
    one = members(full)[0]
    used = record_use(service, one, on=date(2026, 3, 1), actor=boss)
    assert record_use(service, one, on=date(2026, 3, 1), actor=boss).pk == used.pk
    with pytest.raises(InputError, match="outside"):
        record_use(service, one, on=date(2027, 3, 1), actor=boss)
    found = queries.services_of(full).get()
    assert (found.times, found.users) == (1, 1)
    withdraw_service(service, actor=boss)
    with pytest.raises(Refusal, match="no longer"):
        record_use(service, one, on=date(2026, 3, 2), actor=boss)
    with pytest.raises(PermissionDenied):
        offer_service(full, kind="drill", name_zh="别的", actor=world.actor("claims_handler"))
