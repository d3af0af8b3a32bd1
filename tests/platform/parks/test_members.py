"""Joining and leaving: dry runs, premiums to the fen, the books, once and for all."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import msgspec
import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from dinghai.foundation.errors import InputError, Refusal
from dinghai.schemes.park_file import read_park
from dinghai.schemes.park_premium import park_premiums, premium_document
from dinghai_platform.core.files import read_file
from dinghai_platform.core.models import AuditEntry, Organisation
from dinghai_platform.ledger.models import JournalEntry
from dinghai_platform.ledger.queries import balance_of, verify_books
from dinghai_platform.parks import queries
from dinghai_platform.parks.engine import policy_of, roll_of
from dinghai_platform.parks.models import (
    CertificatePack,
    MemberChange,
    Park,
    ParkCertificate,
    ParkMember,
    PremiumStep,
)
from dinghai_platform.parks.services.certificates import start_pack
from dinghai_platform.parks.services.changes import (
    apply_change,
    check_again,
    check_joining,
    check_leaving,
    drop_change,
)
from dinghai_platform.parks.services.parks import bind_park, close_park, open_park
from tests.platform.parks.making import EXAMPLE, applied, checked, firm, members, opened
from tests.platform.story import World, work
from tools.example_park import credit_code

pytestmark = pytest.mark.django_db
CENT = 100


def test_the_premium_of_a_day_by_hand(world: World, park: Park) -> None:
    actor = world.actor("underwriter")
    # making, micro, grade B: ¥1,590 with VAT a year; from 1 July 184 of 365 days
    change = applied(park, [firm(0), firm(5, joined="2026-07-01")], actor)
    whole, half = members(park)
    assert (whole.net_fen, whole.vat_fen) == (1_500 * CENT, 90 * CENT)
    assert half.gross_fen == 80_153  # 1590 × 184 ÷ 365 = 801.534…
    assert half.net_fen == 75_616  # ÷ 1.06 = 756.16
    assert change.charged_fen == whole.gross_fen + half.gross_fen
    leaving = check_leaving(half, last=date(2026, 9, 30), reason="搬迁", actor=actor)
    # 92 days of 365 remain owed: 1590 × 92 ÷ 365 = 400.767…, so 400.77 goes back of 801.53
    assert leaving.preview["refunded_fen"] == 40_077
    assert ParkMember.objects.within(world.insurer).get(pk=half.pk).state == "enrolled"
    apply_change(leaving, seen=leaving.preview_hash, actor=actor)
    left = members(park)[1]
    assert (left.state, left.last, left.leaving_reason) == ("left", date(2026, 9, 30), "搬迁")
    assert left.gross_fen == 80_153 - 40_077
    tenant = world.insurer
    assert balance_of(tenant, "premium_income") == sum(one.net_fen for one in members(park))
    assert balance_of(tenant, "vat_payable") == sum(one.vat_fen for one in members(park))
    assert balance_of(tenant, "premium_receivable") == 159_000 + 80_153
    assert balance_of(tenant, "refund_payable") == 40_077
    assert verify_books(tenant).holds


def test_books_and_engine_agree_after_many_changes(world: World, park: Park) -> None:
    actor = world.actor("underwriter")
    applied(park, [firm(one, top_ups="勒索应急" if one % 2 else "") for one in range(6)], actor)
    applied(park, [firm(6, joined="2026-04-01", top_ups="营业中断增额;勒索应急@2026-06-01"),
                   firm(1, left="2026-05-31"), firm(2, left="2026-08-15")], actor)
    applied(park, [firm(1, joined="2026-06-01", left="2026-06-30")], actor)  # and in again
    rows = members(park)
    policy = policy_of(park)
    document = premium_document(policy, park_premiums(policy, roll_of(rows, policy)))
    assert document["net_fen"] == sum(one.net_fen for one in rows)
    assert document["vat_fen"] == sum(one.vat_fen for one in rows)
    steps = PremiumStep.objects.within(world.insurer)
    assert sum(one.gross_fen for one in steps) == document["gross_fen"]
    assert balance_of(world.insurer, "premium_income") == document["net_fen"]
    statement = queries.statement_of(park)
    assert sum(one["net"] + one["vat"] for one in statement) == document["gross_fen"]
    assert {row.credit_code: row.state for row in rows}[credit_code(1)] == "left"


def test_a_top_up_that_never_begins_goes_back_whole(world: World, park: Park) -> None:
    actor = world.actor("underwriter")
    applied(park, [firm(0, top_ups="勒索应急@2026-10-01")], actor)
    [one] = members(park)
    change = check_leaving(one, last=date(2026, 6, 30), reason="x", actor=actor)
    apply_change(change, seen=change.preview_hash, actor=actor)
    [one] = members(park)
    assert one.top_ups == []
    of_top_up = PremiumStep.objects.within(world.insurer).filter(cover="extortion")
    assert [step.reason for step in of_top_up.order_by("place")] == ["enrolled", "left"]
    assert sum(step.gross_fen for step in of_top_up) == 0
    later = applied(park, [firm(1, joined="2026-07-01")], actor)  # it does not go back again
    assert [step["stay"] for step in later.preview["steps"]] == [1]
    assert of_top_up.count() == 2 and one.certificates.count() == 2
    policy = policy_of(park)
    [premium] = park_premiums(policy, roll_of([one], policy))
    assert (premium.net_fen, premium.vat_fen) == (one.net_fen, one.vat_fen)


def test_a_dry_run_writes_nothing_and_names_every_fault(world: World, park: Park) -> None:
    actor = world.actor("underwriter")
    wrong = [firm(0), firm(1, code=credit_code(1)[:-1] + "?"), firm(0),
             firm(2, top_ups="全球保障"), firm(3, joined="2030-01-01")]
    change = checked(park, wrong, actor)
    assert (change.joined, change.rejected, change.state) == (1, 4, "checked")
    faults = [fault for row in change.outcome["results"] for fault in row["faults"]]
    assert [one["line"] for one in faults] == [3, 4, 5, 6] or len(faults) >= 4
    assert all(one["line"] and one["field"] and one["mend"] for one in faults)
    assert {one["file"] for one in faults} == {"list.csv"}
    assert not members(park) and not JournalEntry.objects.within(world.insurer).exists()
    with pytest.raises(Refusal, match="at fault"):
        apply_change(change, seen=change.preview_hash, all_or_nothing=True, actor=actor)
    assert not members(park)
    apply_change(change, seen=change.preview_hash, actor=actor)
    assert [one.credit_code for one in members(park)] == [credit_code(0)]


def test_applied_once_and_only_as_seen(world: World, park: Park) -> None:
    actor = world.actor("underwriter")
    first, second = checked(park, [firm(0)], actor), checked(park, [firm(1)], actor)
    with pytest.raises(Refusal, match="not what you saw"):
        apply_change(first, seen="0" * 64, actor=actor)
    apply_change(first, seen=first.preview_hash, actor=actor)
    apply_change(first, seen=first.preview_hash, actor=actor)  # asked again: as before
    assert JournalEntry.objects.within(world.insurer).count() == 1
    with pytest.raises(Refusal, match="changed meanwhile"):  # the roll is another one now
        apply_change(second, seen=second.preview_hash, actor=actor)
    again = check_again(second, actor=actor)
    # Into a roll that has begun a firm must say its day.
    assert (again.joined, again.rejected) == (0, 1)
    with pytest.raises(Refusal, match="nothing would change"):
        apply_change(again, seen=again.preview_hash, actor=actor)
    assert drop_change(again, actor=actor).state == "dropped"
    with pytest.raises(Refusal, match="decided"):
        drop_change(again, actor=actor)


def test_one_firm_joins_by_a_form(world: World, park: Park) -> None:
    actor = world.actor("underwriter")
    cells = {"credit_code": credit_code(9), "name": "拾光数据有限公司", "sector": "I",
             "size": "micro", "joined": "2026-07-01", "limit": "100000000fen",
             "top_ups": "extortion"}
    with pytest.raises(InputError) as error:
        check_joining(park, {**cells, "credit_code": "1", "joined": "2031-01-01"}, actor=actor)
    assert {one.field for one in error.value.faults} == {"credit_code", "joined", "top_ups"}
    assert not MemberChange.objects.within(world.insurer).exists()
    with pytest.raises(InputError):  # what is typed stays one row, and is no formula
        check_joining(park, {**cells, "name": "a\nb,c,d", "sector": "?"}, actor=actor)
    change = check_joining(park, cells, actor=actor)
    apply_change(change, seen=change.preview_hash, actor=actor)
    [one] = members(park)
    assert [top["id"] for top in one.top_ups] == ["extortion"]


def test_who_may(world: World, park: Park, operator: Organisation) -> None:
    boss = world.actor("park_operator", operator)
    late = checked(park, [firm(0)], boss)  # from January on, and it is March
    with pytest.raises(Refusal, match="days that are over"):
        apply_change(late, seen=late.preview_hash, actor=boss)
    change = checked(park, [firm(0, joined="2026-03-02"), firm(1, joined="2026-03-09")], boss)
    done = apply_change(change, seen=change.preview_hash, actor=boss)
    gone = checked(park, [firm(0, joined="2026-03-02", left="2026-03-01")], boss)
    with pytest.raises(Refusal):
        apply_change(gone, seen=gone.preview_hash, actor=boss)
    assert done.decided_by == boss.user and len(members(park)) == 2
    assert verify_books(world.insurer).holds
    entry = AuditEntry.objects.within(world.insurer).filter(action="parks.change_applied").get()
    assert entry.role == "park_operator" and '"joined":2' in entry.payload
    stranger = Organisation.objects.create(kind="park", name_zh="别的园区")
    for role, home in (("park_operator", stranger), ("auditor", None), ("claims_handler", None),
                       ("insured_admin", world.donghai), ("underwriter", world.other_insurer)):
        with pytest.raises(PermissionDenied):
            checked(park, [firm(5)], world.actor(role, home))
        with pytest.raises(PermissionDenied):
            apply_change(change, seen="", actor=world.actor(role, home))
        with pytest.raises(PermissionDenied):
            close_park(park, reason="x", actor=world.actor(role, home))
    with pytest.raises(PermissionDenied):
        close_park(park, reason="x", actor=boss)


def test_a_draft_is_looked_through_and_not_enrolled(world: World, operator: Organisation) -> None:
    actor = world.actor("underwriter")
    draft = open_park(read_park(EXAMPLE), operator=operator, actor=actor)
    change = checked(draft, [firm(0)], actor)
    with pytest.raises(Refusal, match="not bound"):
        apply_change(change, seen=change.preview_hash, actor=actor)
    with pytest.raises(Refusal, match="identifier"):
        open_park(read_park(EXAMPLE), actor=actor)
    bound = bind_park(draft, actor=actor)
    apply_change(change, seen=change.preview_hash, actor=actor)
    close_park(bound, reason="期满", actor=actor)
    with pytest.raises(Refusal, match="closed"):
        checked(bound, [firm(1, joined="2026-07-01")], actor)
    assert open_park(read_park(EXAMPLE), actor=actor).number.endswith("000002")


def test_members_of_the_first_day_stay_as_they_were_allocated(
    world: World, operator: Organisation
) -> None:
    actor = world.actor("underwriter")
    policy = read_park(EXAMPLE)
    premium = msgspec.structs.replace(
        policy.premium, basis="allocated", total_fen=10_000_001, rates=tuple(
            msgspec.structs.replace(one, premium_fen=None, weight=1)
            for one in policy.premium.rates))
    park = bind_park(open_park(msgspec.structs.replace(policy, premium=premium), actor=actor),
                     actor=actor)
    applied(park, [firm(one) for one in range(3)], actor)
    assert sum(one.gross_fen for one in members(park)) == 10_000_001
    with pytest.raises(Refusal, match="already would change"):
        checked(park, [firm(3, joined="2026-01-01")], actor)
    applied(park, [firm(3, joined="2026-01-02")], actor)
    assert sum(one.gross_fen for one in members(park)[:3]) == 10_000_001


def test_certificates_follow_every_change(world: World, park: Park) -> None:
    actor = world.actor("underwriter")
    applied(park, [firm(one) for one in range(23)], actor)
    one = members(park)[4]
    change = check_leaving(one, last=date(2026, 6, 30), reason="x", actor=actor)
    apply_change(change, seen=change.preview_hash, actor=actor)
    papers = ParkCertificate.objects.within(world.insurer)
    assert papers.count() == 24
    last = papers.filter(member=one).order_by("-revision")[0]
    assert (last.revision, last.document["last"]) == (2, "2026-06-30")
    assert members(park)[3].name_zh not in str(last.document)
    pack = start_pack(park, language="zh", actor=actor)
    with pytest.raises(Refusal, match="being made"):
        start_pack(park, language="zh", actor=actor)
    work()
    pack = CertificatePack.objects.within(world.insurer).get(pk=pack.pk)
    assert pack.state == "done" and pack.file is not None
    with zipfile.ZipFile(io.BytesIO(read_file(pack.file))) as archive:
        names = archive.namelist()
        assert len(names) == len(set(names)) == 23
        assert archive.read(names[0]).startswith(b"%PDF")


def test_two_parks_of_two_insurers_do_not_meet(world: World, park: Park) -> None:
    applied(park, [firm(0)], world.actor("underwriter"))
    other = world.actor("underwriter", world.other_insurer)
    theirs = opened(other)
    applied(theirs, [firm(0)], other)
    assert len(members(park)) == len(members(theirs)) == 1
    assert queries.parks(other).count() == 1
    assert verify_books(world.other_insurer).holds


def test_enrolling_costs_the_same_queries_for_many(world: World, park: Park) -> None:
    actor = world.actor("underwriter")

    def queries_of(rows: list[str]) -> int:
        change = checked(park, rows, actor)
        before = len(connection.queries_log)
        connection.force_debug_cursor = True
        apply_change(change, seen=change.preview_hash, actor=actor)
        return len(connection.queries_log) - before

    few = queries_of([firm(one, joined="2026-05-01") for one in range(2)])
    many = queries_of([firm(one, joined="2026-05-01") for one in range(2, 42)])
    connection.force_debug_cursor = False
    assert many <= few + 6
