"""Lists of changes: what they do to certificates, premium, register and figures."""

from __future__ import annotations

import json
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, models, transaction
from django.test.utils import CaptureQueriesContext

from dinghai.foundation.canonical import sha256_hex
from dinghai.foundation.chain import merkle_root
from dinghai.foundation.errors import InputError, Refusal
from dinghai.schemes.resident_certificate import ComingPlan, certificate_code, read_code
from dinghai_platform.core import audit, clock, jobs, leases
from dinghai_platform.core.actors import system_actor
from dinghai_platform.core.checkpoints import public_key_hex, sign_bytes
from dinghai_platform.core.models import AuditEntry, Job
from dinghai_platform.core.tenancy import locked
from dinghai_platform.core.worker import Worker
from dinghai_platform.ledger.models import JournalEntry, Posting
from dinghai_platform.residents import changes_source, reading
from dinghai_platform.residents.changes_queries import history_of, in_force, person_of
from dinghai_platform.residents.changes_results import change_result_lines
from dinghai_platform.residents.models import (
    Certificate,
    Change,
    ChangeChunk,
    ChangeList,
    EnrolledPerson,
    Enrolment,
    Standing,
)
from dinghai_platform.residents.papers import paper_of
from dinghai_platform.residents.proofs import facts_of
from dinghai_platform.residents.queries import certificate as queries_certificate
from dinghai_platform.residents.queries import certificates, figures, search
from dinghai_platform.residents.results import fault_lines, result_lines
from dinghai_platform.residents.services.changes import (
    CHECK_CHANGES,
    Asked,
    apply_changes,
    cancel_changes,
    set_pace,
    take_changes,
)
from dinghai_platform.residents.services.giving_up import give_up_next
from dinghai_platform.residents.services.links import make_link
from dinghai_platform.residents.services.lists import KEPT_DAYS, cancel_list, take_list
from dinghai_platform.residents.services.sales import sell
from dinghai_platform.residents.services.schemes import open_scheme
from tests.platform.residents.conftest import SCHEME, buyer, listed, row

pytestmark = pytest.mark.django_db
JULY = date(2027, 7, 1)
"""Of the 365 days of 2027, 184 are left from this day on."""
NEXT = {**SCHEME, "id": "street-2028", "first_day": "2028-01-01", "last_day": "2028-12-31"}


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(reading, "ROWS", 7)
    monkeypatch.setattr(changes_source, "ROWS", 5)


@pytest.fixture
def many(enrol):
    """Twenty people in ¥12.00."""
    return enrol(listed([row(number) for number in range(20)]))


@pytest.fixture
def following(underwriter):
    """The scheme of the next period."""
    return open_scheme(NEXT, actor=underwriter)


@pytest.fixture
def change(scheme, underwriter):
    """Take a list of changes, look through it, and do it."""
    def run(kind, text=None, *, apply=True, **asked):
        if kind in ("plan", "cancellation"):
            asked.setdefault("from_day", JULY)
        changes = take_changes(scheme, Asked(kind, **asked), actor=underwriter, name="list.csv",
                               content=None if text is None else text.encode())
        Worker().run_until_idle()
        changes.refresh_from_db()
        if apply:
            apply_changes(changes, actor=underwriter)
            Worker().run_until_idle()
            changes.refresh_from_db()
        return changes
    return run


def ids(insurer):
    return list(Certificate.objects.within(insurer).order_by("id").values_list("id", flat=True))


def by_number(insurer, places, heading="凭证号", *more):
    known = ids(insurer)
    return "\n".join([",".join([heading, *more]), *(f"street-2027-{known[one]:010}"
                                                    for one in places), ""])


def balance(insurer):
    sums = {}
    for one in Posting.objects.within(insurer).select_related("account"):
        sign = 1 if one.side == "debit" else -1
        sums[one.account.key] = sums.get(one.account.key, 0) + sign * one.amount_fen
    return sums


def results(changes):
    lines = "".join(change_result_lines(changes)).lstrip("\ufeff").splitlines()
    return [one.split(",") for one in lines[1:]]


def test_a_cancellation_by_numbers_gives_back_by_day(insurer, many, change, underwriter):
    """¥12.00 × 184 ÷ 365 = 604.93 fen, so 605 each; net 1132 before and 561 (595 ÷ 1.06) after:
    571 net and 34 tax go back."""
    changes = change("cancellation", by_number(insurer, [3, 4, 17]))
    assert (changes.state, changes.accepted, changes.rejected) == ("sealed", 3, 0)
    assert (changes.charged_fen, changes.refunded_fen) == (0, 3 * 605)
    assert balance(insurer) == {
        "premium_receivable": 20 * 1_200, "premium_income": -(20 * 1_132 - 3 * 571),
        "vat_payable": -(20 * 68 - 3 * 34), "refund_payable": -3 * 605}
    (found,) = figures(underwriter)
    assert (found.certificates, found.cancelled, found.refunded_fen) == (17, 3, 3 * 605)
    assert found.premium_fen == 20 * 1_200 - 3 * 605
    assert (found.sum_insured_fen, found.average_premium_fen, found.rate_ppm) == (
        17 * 5_000_000, 1_200, 240)
    scheme = changes.scheme
    assert [in_force(underwriter, scheme, day).number for day in (
        date(2026, 12, 31), date(2027, 1, 1), date(2027, 6, 30), JULY, date(2027, 12, 31),
        date(2028, 1, 1))] == [0, 20, 20, 17, 17, 0]
    assert [one[1] for one in results(changes)] == ["accepted"] * 3
    assert {one[6] for one in results(changes)} == {"605"}


def test_before_the_cover_begins_all_goes_back_and_at_once(insurer, many, change, underwriter):
    changes = change("cancellation", by_number(insurer, range(20)), from_day=date(2027, 1, 1))
    assert changes.refunded_fen == 20 * 1_200
    assert set(balance(insurer).values()) == {24_000, 0, -24_000}
    assert not certificates(underwriter).exists()
    assert in_force(underwriter, changes.scheme, JULY).number == 0


def test_who_stands_in_a_list_how(insurer, many, change, enrol):
    identity = [row(one).split(",")[1] for one in range(30)]
    number = ids(insurer)
    text = "\n".join([
        "凭证号,身份证号", f"{number[0]},", f",{identity[1]}", f"street-2027-{number[1]},",
        f"other-1-{number[2]},", f",{identity[25]}", "999999,", f"{number[5]},{identity[6]}",
        ",11010519491231002X1", "x,", f"{number[7]},{identity[7]}", ""])
    changes = change("cancellation", text)
    assert (changes.accepted, changes.rejected) == (3, 7)
    faults = [(one["line"], one["field"]) for one in changes.check_document["faults"]]
    assert faults == [(4, "certificate"), (5, "certificate"), (6, "identity"),
                      (7, "certificate"), (8, "identity"), (9, "identity"), (10, "certificate")]
    assert all(one["mend"] for one in changes.check_document["faults"])
    assert identity[6] not in str(changes.check_document)
    found = results(changes)
    assert [int(one[0]) for one in found] == list(range(2, 12))
    assert [int(one[0]) for one in found if one[1] == "accepted"] == [2, 3, 11]
    assert list(Standing.objects.within(insurer).values_list("certificate", flat=True)) == [
        number[0], number[1], number[7]]


def test_a_plan_changes_from_a_day_on(
    insurer, scheme, underwriter, enrol, change, monkeypatch
):
    """From ¥12.00 to ¥3.00: 900 × 184 ÷ 365 = 453.70; up again from 1 October (92 days):
    900 × 92 ÷ 365 = 226.85; ended on 1 December (31 days): 1200 × 31 ÷ 365 = 101.92."""
    enrol(listed([row(number) for number in range(4)]))
    number = ids(insurer)
    down = change("plan", f"凭证号,新方案\n{number[0]},P1\n{number[1]},P5\n{number[2]},1万元\n")
    assert (down.accepted, down.rejected, down.refunded_fen) == (2, 1, 2 * 454)
    up = change("plan", f"凭证号,新方案\n{number[0]},P5\n", from_day=date(2027, 10, 1))
    assert (up.charged_fen, up.refunded_fen) == (227, 0)
    end = change("cancellation", f"凭证号\n{number[0]}\n", from_day=date(2027, 12, 1))
    assert end.refunded_fen == 102
    assert [in_force(underwriter, scheme, day).by_plan for day in (
        date(2027, 6, 30), JULY, date(2027, 10, 1), date(2027, 12, 1))] == [
        (0, 4), (2, 2), (1, 3), (1, 2)]
    (found,) = figures(underwriter)
    assert found.premium_fen == 4_800 - 908 + 227 - 102
    sums = balance(insurer)
    assert sums["premium_receivable"] + sums["refund_payable"] == found.premium_fen
    assert sums["premium_receivable"] == 4_800 + 227
    one = Certificate.objects.within(insurer).get(pk=number[0])
    assert [(each.step_fen, each.owed_fen) for each in history_of(one)] == [
        (-102, 871), (227, 973), (-454, 746)]
    cheaper = ComingPlan(from_day=JULY, plan="P1", sum_insured_fen=1_000_000, premium_fen=300)
    dearer = ComingPlan(from_day=date(2027, 10, 1), plan="P5", sum_insured_fen=5_000_000,
                        premium_fen=1_200)
    for day, before, after in (
            (date(2026, 12, 1), ("P5", [cheaper]), ("P5", [cheaper, dearer])),
            (date(2027, 7, 1), ("P1", []), ("P1", [dearer])),
            (date(2027, 11, 1), ("P1", []), ("P5", []))):
        monkeypatch.setattr(clock, "today", lambda day=day: day)
        for place, (plan, coming) in ((2, before), (0, after)):
            facts = facts_of(certificates(underwriter).get(pk=number[place]))
            assert (facts.plan, list(facts.coming)) == (plan, coming)
    assert facts.last_day == date(2027, 11, 30)
    assert read_code(certificate_code(facts, sign_bytes), public_key_hex()) == facts
    monkeypatch.undo()
    paper = paper_of([queries_certificate(underwriter, number[0])], "zh")
    assert paper.startswith(b"%PDF")


def test_changes_follow_each_other_by_their_days(insurer, many, change):
    text = by_number(insurer, [0])
    change("cancellation", text)
    again = change("cancellation", text, from_day=date(2027, 8, 1), apply=False)
    assert again.check_document["faults"][0]["message"] == "the certificate was cancelled before"
    number = ids(insurer)[1]
    change("plan", f"凭证号,新方案\n{number},P1\n", from_day=date(2027, 8, 1))
    early = change("cancellation", f"凭证号\n{number}\n", apply=False)
    assert "from 2027-08-01 on stands already" in early.check_document["faults"][0]["message"]
    assert change("cancellation", f"凭证号\n{number}\n", from_day=date(2027, 8, 1)).accepted == 1


def test_a_correction_puts_name_and_mobile_right(insurer, many, change, underwriter):
    number = ids(insurer)
    text = (f"凭证号,新姓名,新手机号\n{number[0]},欧阳静怡,\n{number[1]},,13900000000\n"
            f"{number[2]},张明远,\n{number[3]},,\n")
    changes = change("correction", text)
    assert (changes.accepted, changes.rejected, changes.charged_fen) == (2, 2, 0)
    first, second = (Certificate.objects.within(insurer).get(pk=one) for one in number[:2])
    assert (person_of(first).name, person_of(first).mobile) == ("欧阳静怡", "13800000000")
    assert (person_of(second).name, person_of(second).mobile) == ("张明远", "13900000000")
    assert [one.pk for one in search(underwriter, "欧阳静怡")] == [number[0]]
    assert number[0] not in [one.pk for one in search(underwriter, "张**")]
    assert number[1] in [one.pk for one in search(underwriter, "张**")]
    assert search(underwriter, str(number[0]))[0].masked_name == "欧***"
    assert facts_of(first).holder == "欧***"
    assert JournalEntry.objects.within(insurer).count() == 1
    held = b"".join(bytes(one.person) for one in Change.objects.within(insurer))
    assert "欧阳静怡".encode() not in held
    back = change("correction", f"凭证号,新姓名\n{number[0]},张明远\n")
    assert back.accepted == 1
    first = Certificate.objects.within(insurer).get(pk=number[0])
    assert person_of(first).name == "张明远"
    assert number[0] in [one.pk for one in search(underwriter, "张**")]


def test_everybody_is_cancelled_but_those_left_out(insurer, many, enrol, change, underwriter):
    enrol(listed([row(number) for number in range(30, 33)]), "second.csv")
    identity = row(4).split(",")[1]
    changes = change("cancellation", f"身份证号\n{identity}\n", whole=True, enrolment=many)
    assert (changes.rows, changes.accepted, changes.left_out) == (20, 19, 1)
    number = ids(insurer)
    assert [one.pk for one in certificates(underwriter)] == number  # until July
    assert in_force(underwriter, changes.scheme, JULY).number == 4
    assert [one[2] for one in results(changes)] == [
        f"street-2027-{one:010}" for place, one in enumerate(number[:20]) if place != 4]


def test_who_is_to_be_left_out_must_be_told(many, change):
    changes = change("cancellation", "身份证号\nx\n", whole=True, apply=False)
    assert changes.check_document["faulty_of_those_left_out"] == 1
    with pytest.raises(Refusal, match="left out"):
        change("cancellation", "身份证号\nx\n", whole=True)


def test_a_scheme_is_renewed_into_the_next_period(
    insurer, many, change, following, underwriter
):
    number = ids(insurer)
    change("correction", f"凭证号,新姓名\n{number[1]},欧阳静怡\n")
    change("plan", f"凭证号,新方案\n{number[2]},P1\n")
    change("cancellation", f"凭证号\n{number[3]}\n")
    identity = row(5).split(",")[1]
    changes = change("renewal", f"身份证号\n{identity}\n", whole=True, target=following)
    assert (changes.state, changes.rows, changes.accepted, changes.left_out) == (
        "sealed", 20, 18, 2)
    assert changes.charged_fen == 17 * 1_200 + 300
    assert changes.enrolment.accepted == [1, 17]
    renewed = Certificate.objects.within(insurer).filter(
        chunk__enrolment__scheme=following).order_by("id")
    assert [one.masked_name for one in renewed[:2]] == ["张**", "欧***"]
    assert [one[2] for one in results(changes)] == [
        f"street-2027-{one:010}" for place, one in enumerate(number) if place not in (3, 5)]
    assert results(changes)[0][3] == f"street-2028-{renewed[0].pk:010}"
    assert person_of(renewed[1]).name == "欧阳静怡"
    assert EnrolledPerson.objects.within(insurer).count() == 38
    old, new = figures(underwriter)
    assert (new.certificates, new.premium_fen) == (18, 17 * 1_200 + 300)
    assert old.certificates == 19
    assert audit.verify_chain(insurer).holds


def test_a_renewal_looks_at_age_consent_and_wish_anew(
    insurer, enrol, change, following, underwriter
):
    """Born on 1 January 1942 one is 85 on the first day of 2027, and 86 on that of 2028."""
    old = "110105194201010011"[:17]
    from dinghai.schemes.people import check_digit
    enrol(listed([f"李静怡,{old}{check_digit(old)},13800000009,P5,是,2026-01-05",
                  *(row(number) for number in range(4))]))
    number = ids(insurer)
    text = "凭证号,是否续保,方案\n" + "\n".join(
        f"{one},{wish},{plan}" for one, wish, plan in zip(
            number, ("是", "否", "", "", ""), ("", "", "P1", "P9", ""), strict=True))
    changes = change("renewal", text, target=following)
    assert (changes.accepted, changes.rejected) == (2, 3)
    assert [(one["line"], one["field"]) for one in changes.check_document["faults"]] == [
        (2, "identity"), (3, "consent"), (5, "plan")]
    assert changes.enrolment.accepted == [1, 1]
    late = change("renewal", text, target=following, consent_since=date(2026, 2, 1), apply=False)
    assert late.accepted == 0
    twice = change("renewal", f"凭证号\n{number[2]}\n{number[4]}\n{number[1]}\n",
                   target=following)
    assert [(one["line"], one["message"]) for one in twice.check_document["faults"]] == [
        (line, "the person was enrolled in the scheme before") for line in (2, 3)]
    assert (twice.state, twice.accepted, twice.rejected) == ("sealed", 1, 2)
    assert {one[8] for one in results(twice)} == {
        "", "the person was enrolled in the scheme before"}


@pytest.mark.parametrize("by", ["cancellation", "correction"])
def test_a_renewal_leaves_out_what_was_changed_between_staging_and_seal(
    by, insurer, many, change, following, underwriter
):
    """Line 2 was changed before the staging and is renewed as it stands; line 4 meanwhile."""
    number = ids(insurer)
    change("correction", f"凭证号,新姓名\n{number[0]},欧阳静怡\n")
    text = "凭证号,是否续保\n" + "".join(f"{number[at]},{wish}\n" for at, wish in (
        (0, ""), (1, "否"), (2, ""), (3, "")))
    changes = change("renewal", text, target=following, apply=False)
    apply_changes(changes, actor=underwriter)
    job = leases.claim_next("me", clock.machine_now(), timedelta(minutes=5))
    job = Worker()._chunk(job, jobs.handler_of(job.kind))
    other = change(by, f"凭证号,新姓名\n{number[2]},欧阳静怡\n")
    assert other.state == "sealed"
    Worker()._chunk(job, jobs.handler_of(job.kind))
    changes.refresh_from_db()
    assert (changes.state, changes.accepted, changes.rejected) == ("sealed", 2, 2)
    assert (changes.charged_fen, changes.moved) == (2 * 1_200, [[], [0, 2]])
    assert [(one[0], one[1], one[8]) for one in results(changes)] == [
        ("2", "accepted", ""), ("3", "rejected", "the person does not want to renew"),
        ("4", "rejected", "another list changed the certificate meanwhile"),
        ("5", "accepted", "")]
    enrolment = changes.enrolment
    assert EnrolledPerson.objects.within(insurer).filter(
        certificate__in=ids(insurer)[20:]).count() == enrolment.number == 2
    assert [one.split(",")[:2] for one in list(fault_lines(enrolment))[1:]] == [
        ["3", "consent"], ["4", "certificate"]]
    assert [one.split(",")[:2] for one in list(result_lines(enrolment))[1:]] == [
        ["2", "accepted"], ["3", "rejected"], ["4", "rejected"], ["5", "accepted"]]
    link = AuditEntry.objects.within(insurer).filter(
        action="residents.list_sealed").latest("sequence")
    new = ids(insurer)[21]
    assert json.loads(link.payload)["void"] == {
        "number": 1, "sha256": sha256_hex(new.to_bytes(8, "big")),
        "read_in": "results"}
    assert audit.verify_chain(insurer).holds


def test_the_root_is_over_every_change(insurer, many, change):
    changes = change("cancellation", by_number(insurer, range(12)))
    chunks = ChangeChunk.objects.within(insurer).filter(changes=changes)
    assert len(chunks) == 3
    assert changes.root == merkle_root([bytes.fromhex(one.root) for one in chunks])
    link = AuditEntry.objects.within(insurer).get(action="residents.changes_sealed")
    assert (link.merkle_root, link.leaf_count) == (changes.root, 3)
    assert JournalEntry.objects.within(insurer).get(
        source_id=str(changes.pk)).narrative["root"] == changes.root
    assert audit.verify_chain(insurer).holds


def test_the_same_again_is_the_same_list(insurer, many, change, underwriter):
    text = by_number(insurer, [0, 1])
    assert change("cancellation", text) == change("cancellation", text)
    assert change("cancellation", text, from_day=date(2027, 8, 1), apply=False).accepted == 0
    assert Change.objects.within(insurer).count() == 2
    assert JournalEntry.objects.within(insurer).count() == 2


def test_what_another_list_changed_meanwhile_is_left_out(
    insurer, many, scheme, change, underwriter
):
    """The first list is staged on a state that the second changes before the first is sealed."""
    first = change("plan", "\n".join(["凭证号,新方案", *(
        f"{one},P1" for one in ids(insurer)[:4])]), apply=False)
    apply_changes(first, actor=underwriter)
    job = leases.claim_next("me", clock.machine_now(), timedelta(minutes=5))
    job = Worker()._chunk(job, jobs.handler_of(job.kind))
    assert Change.objects.within(insurer).count() == 4
    second = change("cancellation", by_number(insurer, [1, 2, 10]))
    assert second.accepted == 3
    while job.state == "running":
        job = Worker()._chunk(job, jobs.handler_of(job.kind))
    first.refresh_from_db()
    assert (first.state, first.accepted, first.rejected) == ("sealed", 2, 2)
    assert (first.refunded_fen, first.moved) == (2 * 454, [[0, 2], [2, 0]])
    assert [one[8] for one in results(first) if one[1] == "rejected"] == [
        "another list changed the certificate meanwhile"] * 2
    sums = balance(insurer)
    assert sums["refund_payable"] == -(3 * 605 + 2 * 454)
    owed = [0 if one is None else one for one in Standing.objects.within(insurer).values_list(
        "owed_fen", flat=True)]
    assert sum(owed) + 15 * 1_200 == sums["premium_receivable"] + sums["refund_payable"]


@pytest.mark.parametrize("kind", ["cancellation", "renewal"])
def test_who_is_named_twice_and_enrolled_only_afterwards_is_changed_once(
    kind, insurer, many, enrol, change, following, underwriter
):
    """The look finds nobody in either row; by the deed the person is in the register."""
    late = row(25).split(",")[1]
    changes = change(kind, f"身份证号\n{row(0).split(',')[1]}\n{late}\n{late}\n", apply=False,
                     **({"target": following} if kind == "renewal" else {}))
    assert (changes.accepted, changes.rejected) == (1, 2)
    enrol(listed([row(25)]), "later.csv")
    apply_changes(changes, actor=underwriter)
    Worker().run_until_idle()
    changes.refresh_from_db()
    assert (changes.state, changes.accepted, changes.rejected) == ("sealed", 2, 1)
    assert (changes.charged_fen, changes.refunded_fen) == (
        (2 * 1_200, 0) if kind == "renewal" else (0, 2 * 605))
    assert [one[:2] for one in results(changes)] == [
        ["2", "accepted"], ["3", "accepted"], ["4", "rejected"]]
    assert results(changes)[2][8] in ("the certificate stands in the list before",
                                      "the person was enrolled in the scheme before")
    sums = balance(insurer)
    assert sums["premium_receivable"] + sums.get("refund_payable", 0) == sum(
        one.premium_fen for one in figures(underwriter))


def test_what_was_bought_goes_back_by_its_own_days(insurer, scheme, underwriter, monkeypatch,
                                                   change):
    """Bought on 30 June, covered for 184 days: all goes back before they begin, and half from 1
    October on. Sales are decided many in a part, and figures count them in the database."""
    monkeypatch.setattr(clock, "today", lambda: JULY - timedelta(days=1))
    link, _secret = make_link(scheme, plans=["P5"], channel="x", days=1, most=9, actor=underwriter)
    number = [sell(link, buyer(one, scheme), key=str(one), terms="0" * 64).sale.certificate
              for one in range(5)]
    never = change("cancellation", f"凭证号\n{number[0]}\n", from_day=date(2027, 6, 30))
    assert never.refunded_fen == 1_200
    whole = change("cancellation", f"凭证号\n{number[3]}\n", whole=True,
                   from_day=date(2027, 10, 1))
    assert (whole.accepted, whole.left_out, whole.refunded_fen) == (3, 2, 3 * 600)
    assert ChangeChunk.objects.within(insurer).filter(changes=whole).count() == 1
    ended = dict(Standing.objects.within(insurer).values_list("certificate", "ended_on"))
    assert ended == {number[0]: date(2027, 6, 30), **dict.fromkeys(
        (number[1], number[2], number[4]), date(2027, 10, 1))}
    assert [int(one[2][-10:]) for one in results(whole)] == [number[at] for at in (1, 2, 4)]
    assert [in_force(underwriter, scheme, day).number for day in (
        date(2027, 6, 29), date(2027, 6, 30), JULY, date(2027, 10, 1))] == [0, 0, 4, 1]
    with CaptureQueriesContext(connection) as asked:
        assert [one.pk for one in search(underwriter, "")] == number[1:]
    assert len([one for one in asked if '"residents_certificate"."person"' in one["sql"]]) == 1


def test_a_list_given_up_leaves_nothing(insurer, many, change, underwriter, following):
    for asked in ({"kind": "cancellation"}, {"kind": "renewal", "target": following}):
        changes = change(asked.pop("kind"), by_number(insurer, range(12)), apply=False, **asked)
        before = Certificate.objects.within(insurer).count()
        apply_changes(changes, actor=underwriter)
        job = leases.claim_next("me", clock.machine_now(), timedelta(minutes=5))
        for _ in range(2):
            job = Worker()._chunk(job, jobs.handler_of(job.kind))
        assert ChangeChunk.objects.within(insurer).count() == 2
        cancel_changes(changes, actor=underwriter)
        Worker()._chunk(job, jobs.handler_of(job.kind))
        Worker().run_until_idle()
        assert not ChangeChunk.objects.within(insurer).exists()
        assert not Change.objects.within(insurer).exists()
        assert Certificate.objects.within(insurer).count() == before
        assert not Standing.objects.within(insurer).exists()
        assert JournalEntry.objects.within(insurer).count() == 1
        with pytest.raises(Refusal, match="given up"):
            apply_changes(changes, actor=underwriter)
    assert figures(underwriter)[0].certificates == 20


def test_a_renewal_whose_enrolment_is_given_up_is_given_up(
    insurer, many, change, underwriter, following
):
    from dinghai_platform.residents.services.lists import cancel_list
    changes = change("renewal", whole=True, target=following, apply=False)
    changes = apply_changes(changes, actor=underwriter)
    cancel_list(changes.enrolment, actor=underwriter)
    Worker().run_until_idle()
    changes.refresh_from_db()
    assert changes.state == "cancelled"
    assert not ChangeChunk.objects.within(insurer).exists()


def test_a_pace_makes_a_job_wait_between_chunks(insurer, many, change, underwriter):
    """Five rows at two a second: the next chunk is due 2.5 seconds later, and no worker waits."""
    changes = change("cancellation", by_number(insurer, range(12)), apply=False)
    set_pace(changes, 2, actor=underwriter)
    apply_changes(changes, actor=underwriter)
    now = clock.machine_now()
    Worker(lease_clock=_Standing(now)).run_until_idle()
    changes.job.refresh_from_db()
    changes.refresh_from_db()
    assert (changes.state, changes.job.state, changes.job.progress) == ("applying", "queued", 5)
    assert changes.job.not_before - now == timedelta(seconds=2.5)
    assert changes.job.reason
    set_pace(changes, None, actor=underwriter)
    later = _Standing(changes.job.not_before)
    Worker(lease_clock=later).run_until_idle()
    changes.refresh_from_db()
    assert changes.state == "sealed"
    with pytest.raises(InputError, match="pace"):
        set_pace(changes, 0, actor=underwriter)


class _Standing:
    def __init__(self, moment):
        self.moment = moment

    def now(self):
        return self.moment


def test_an_enrolment_keeps_its_pace_too(insurer, scheme, underwriter):
    from dinghai_platform.residents.services.lists import issue_list, take_list
    enrolment = take_list(scheme, listed([row(one) for one in range(9)]), name="a.csv",
                          actor=underwriter)
    Worker().run_until_idle()
    enrolment.refresh_from_db()
    set_pace(enrolment, 1, actor=underwriter)
    issue_list(enrolment, actor=underwriter)
    Worker(lease_clock=_Standing(clock.machine_now())).run_until_idle()
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.job.state, enrolment.job.progress) == (
        "issuing", "queued", 7)


def test_a_sealed_change_neither_changes_nor_goes(insurer, many, change):
    change("cancellation", by_number(insurer, [0]))
    changed, standing = Change.objects.within(insurer), Standing.objects.within(insurer)
    for rows, values, said in (
        (changed, {"owed_fen": 1}, "does not change"), (changed, {"state": 2}, "does not change"),
        (standing, {"owed_fen": 1}, "only goes forward"), (changed, None, "not deleted"),
            (standing, None, "not deleted")):
        with pytest.raises(DatabaseError, match=said), transaction.atomic():
            rows.delete() if values is None else rows.update(**values)


def test_what_does_not_fit_together_is_refused(
    scheme, many, change, underwriter, following, monkeypatch
):
    text = "凭证号\n1\n"
    with monkeypatch.context() as later:
        later.setattr(clock, "today", lambda: date(2029, 1, 1))
        with pytest.raises(InputError, match="ended on 2028-12-31"):
            take_changes(scheme, Asked("renewal", target=following), actor=underwriter,
                         name="a.csv", content=text.encode())
    for asked, content, field in (
        (Asked("end"), text, "kind"), (Asked("correction", whole=True), None, "whole"),
        (Asked("correction"), None, "file"), (Asked("cancellation"), text, "from_day"),
        (Asked("cancellation", date(2020, 1, 1)), text, "from_day"),
        (Asked("cancellation", date(2028, 1, 1)), text, "from_day"),
        (Asked("renewal"), text, "target"), (Asked("renewal", target=scheme), text, "target"),
        (Asked("cancellation", JULY, target=following), text, "target"),
            (Asked("cancellation", JULY, enrolment=many), text, "enrolment")):
        with pytest.raises(InputError) as caught:
            take_changes(scheme, asked, actor=underwriter, name="a.csv",
                         content=content and content.encode())
        assert caught.value.faults[0].field == field
    with pytest.raises(Refusal, match="nobody"):
        take_changes(following, Asked("cancellation", date(2028, 1, 2)), actor=underwriter,
                     name="a.csv", content=text.encode())


def test_a_day_that_passed_between_check_and_deed_is_refused(
    many, change, insurer, underwriter, monkeypatch
):
    changes = change("cancellation", by_number(insurer, [0]), apply=False)
    monkeypatch.setattr(clock, "today", lambda: JULY + timedelta(days=1))
    with pytest.raises(Refusal, match="2027-07-01 on, and that day has passed") as caught:
        apply_changes(changes, actor=underwriter)
    assert caught.value.reasons == (
        "give the list up and send it again with this day or a later one",)
    monkeypatch.setattr(clock, "today", lambda: JULY)
    assert apply_changes(changes, actor=underwriter).state == "applying"


@pytest.mark.parametrize(("days", "state"), [(1, "sealed"), (2, "cancelled")])
def test_a_list_whose_job_comes_too_late_for_its_day_is_given_up(
    days, state, many, change, insurer, underwriter, monkeypatch
):
    """A job may cross midnight; nobody's cover ends for days on which it was believed to hold."""
    changes = change("cancellation", by_number(insurer, [0, 1]), apply=False)
    monkeypatch.setattr(clock, "today", lambda: JULY)
    apply_changes(changes, actor=underwriter)
    job = leases.claim_next("me", clock.machine_now(), timedelta(minutes=5))
    job = Worker()._chunk(job, jobs.handler_of(job.kind))
    assert ChangeChunk.objects.within(insurer).count() == 1
    monkeypatch.setattr(clock, "today", lambda: JULY + timedelta(days=days))
    Worker()._chunk(job, jobs.handler_of(job.kind))
    Worker().run_until_idle()
    changes.refresh_from_db()
    sealed = state == "sealed"
    assert (changes.state, Standing.objects.within(insurer).count()) == (state, 2 * sealed)
    assert JournalEntry.objects.within(insurer).count() == 1 + sealed
    assert Change.objects.within(insurer).count() == 2 * sealed
    if sealed:
        return
    assert changes.check_document["given_up"] == {
        "message": "the changes hold from 2027-07-01 on, and that day has passed",
        "mend": "send the list again with this day or a later one"}
    assert '"why":"late"' in AuditEntry.objects.within(insurer).get(
        action="residents.changes_cancelled").payload
    again = change("cancellation", by_number(insurer, [0, 1]), from_day=JULY + timedelta(days=9))
    assert (again.state, again.accepted) == ("sealed", 2)


@pytest.mark.parametrize("staged", [False, True])
@pytest.mark.parametrize("kind", ["plan", "renewal"])
def test_all_or_nothing_holds_until_the_seal(
    kind, staged, insurer, many, change, following, underwriter
):
    """Two of four are cancelled before their chunk is staged, or after it: nothing stands."""
    number = ids(insurer)
    changes = change(kind, "凭证号,新方案\n" + "".join(f"{one},P1\n" for one in number[:4]),
                     apply=False, **({"target": following} if kind == "renewal" else {}))
    apply_changes(changes, actor=underwriter, all_or_nothing=True)
    job = leases.claim_next("me", clock.machine_now(), timedelta(minutes=5))
    if staged:
        job = Worker()._chunk(job, jobs.handler_of(job.kind))
    change("cancellation", by_number(insurer, [1, 3]))
    before = (balance(insurer), JournalEntry.objects.within(insurer).count())
    while job.state == "running":
        job = Worker()._chunk(job, jobs.handler_of(job.kind))
    Worker().run_until_idle()
    changes.refresh_from_db()
    assert (changes.state, changes.accepted, changes.rejected) == ("cancelled", 2, 2)
    assert before == (balance(insurer), JournalEntry.objects.within(insurer).count())
    assert ids(insurer) == number and Standing.objects.within(insurer).count() == 2
    assert EnrolledPerson.objects.within(insurer).count() == 20
    assert not AuditEntry.objects.within(insurer).filter(
        action="residents.changes_sealed", subject_id=str(changes.pk)).exists()
    assert '"why":"all_or_nothing"' in AuditEntry.objects.within(insurer).get(
        action="residents.changes_cancelled").payload
    said = ("another list changed the certificate meanwhile" if staged
            else "the certificate was cancelled before")
    document = changes.check_document
    assert [(one["line"], one["message"]) for one in document["faults"]] == [(3, said), (5, said)]
    assert [(one["message"], one["number"]) for one in document["faults_by_field"]] == [(said, 2)]
    assert document["given_up"] == {
        "message": "2 rows were rejected at the end, and all or none was asked for",
        "mend": "leave the faulty rows out and send the list again"}
    if kind == "renewal":
        changes.enrolment.refresh_from_db()
        assert changes.enrolment.state == "cancelled"
    assert audit.verify_chain(insurer).holds


def test_a_renewal_whose_period_ends_before_its_seal_is_given_up(
    insurer, many, change, following, underwriter, monkeypatch
):
    number = ids(insurer)
    changes = change("renewal", by_number(insurer, [0]), target=following, apply=False)
    apply_changes(changes, actor=underwriter)
    job = leases.claim_next("me", clock.machine_now(), timedelta(minutes=5))
    monkeypatch.setattr(clock, "today", lambda: following.last_day)
    job = Worker()._chunk(job, jobs.handler_of(job.kind))
    assert Certificate.objects.within(insurer).count() == 21
    monkeypatch.setattr(clock, "today", lambda: following.last_day + timedelta(days=1))
    Worker()._chunk(job, jobs.handler_of(job.kind))
    Worker().run_until_idle()
    changes.refresh_from_db()
    changes.enrolment.refresh_from_db()
    assert (changes.state, changes.enrolment.state) == ("cancelled", "cancelled")
    assert changes.check_document["given_up"] == {
        "message": "the period ended on 2028-12-31",
        "mend": "renew into a scheme whose period is not over"}
    assert ids(insurer) == number
    assert JournalEntry.objects.within(insurer).count() == 1


@pytest.mark.parametrize("of_changes", [False, True])
def test_who_gives_a_list_up_locks_as_its_worker_does(
    of_changes, many, scheme, change, insurer, underwriter, monkeypatch
):
    """The job, then the list; a list that began another job meanwhile is let go of first."""
    if of_changes:
        row_, cancel = change("cancellation", by_number(insurer, [0]), apply=False), cancel_changes
    else:
        row_ = take_list(scheme, listed([row(50)]), name="more.csv", actor=underwriter)
        cancel = cancel_list
    seen = []
    other = jobs.start_job(CHECK_CHANGES, {}, actor=underwriter, tenant=insurer)

    def noted(one):
        found = locked(one)
        seen.append(type(one).__name__)
        if len(seen) == 2:
            type(one).objects.within(insurer).filter(pk=one.pk).update(job=other)
            found.job_id = other.pk
        return found

    monkeypatch.setattr(jobs, "locked", noted)
    assert cancel(row_, actor=underwriter).state == "cancelled"
    name = type(row_).__name__
    assert seen[:4] == ["Job", name, "Job", name]


@pytest.mark.parametrize("failed", [False, True])
def test_changes_that_nobody_finishes_are_given_up(
    failed, many, change, insurer, underwriter, monkeypatch
):
    """Looked through and left, or with a job that failed for good while they were done."""
    changes = change("cancellation", by_number(insurer, [0]), apply=False)
    start = clock.machine_now()
    if failed:
        job = apply_changes(changes, actor=underwriter).job
        Job.objects.within(insurer).filter(pk=job.pk).update(
            state=Job.State.FAILED, finished_at=start + timedelta(days=3))
    kept = KEPT_DAYS + 3 * failed
    for days, state in ((kept - 1, "applying" if failed else "checked"), (kept + 1, "cancelled")):
        for name in ("now", "machine_now"):
            monkeypatch.setattr(
                clock, name, lambda days=days: start + timedelta(days=days))
        while give_up_next(actor=system_actor(insurer), tenant=insurer):
            pass
        changes.refresh_from_db()
        assert changes.state == state
    Worker().run_until_idle()
    changes.file.refresh_from_db()
    assert changes.file.is_forgotten


def test_a_file_that_is_no_list_says_why(change, many):
    changes = change("correction", "a,b\n1,2\n", apply=False)
    assert {one["field"] for one in changes.check_document["faults"]} == {"certificate", "name"}
    assert changes.accepted == 0


def test_others_see_and_do_nothing(insurer, other_insurer, many, change, scheme, act_as):
    changes = change("cancellation", by_number(insurer, [0]))
    stranger = act_as("underwriter", other_insurer)
    for model in (ChangeList, ChangeChunk, Change, Standing):
        assert model.objects.within(insurer).exists()
        assert not model.objects.visible_to(stranger).exists()
    for actor in (stranger, act_as("claims_handler", insurer), act_as("auditor", insurer)):
        for deed in (lambda actor: take_changes(scheme, Asked("cancellation", JULY, whole=True),
                                                actor=actor),
                     lambda actor: apply_changes(changes, actor=actor),
                     lambda actor: cancel_changes(changes, actor=actor),
                     lambda actor: set_pace(changes, 5, actor=actor)):
            with pytest.raises(PermissionDenied):
                deed(actor)


def test_a_strangers_certificates_are_not_found(
    insurer, other_insurer, many, act_as, underwriter
):
    stranger = act_as("underwriter", other_insurer)
    theirs = open_scheme(SCHEME, actor=stranger)
    from dinghai_platform.residents.services.lists import issue_list, take_list
    enrolment = take_list(theirs, listed([row(0)]), name="a.csv", actor=stranger)
    Worker().run_until_idle()
    enrolment.refresh_from_db()
    issue_list(enrolment, actor=stranger)
    Worker().run_until_idle()
    text = f"凭证号,身份证号\n{ids(insurer)[0]},\n,{row(3).split(',')[1]}\n"
    changes = take_changes(theirs, Asked("cancellation", JULY), content=text.encode(),
                           name="b.csv", actor=stranger)
    Worker().run_until_idle()
    changes.refresh_from_db()
    assert (changes.accepted, changes.rejected) == (0, 2)


def test_the_sum_of_all_is_the_ledger(insurer, many, change, underwriter):
    change("plan", "凭证号,新方案\n" + "\n".join(f"{one},P1" for one in ids(insurer)[:7]))
    change("cancellation", by_number(insurer, range(3, 12)), from_day=date(2027, 9, 9))
    (found,) = figures(underwriter)
    sums = Posting.objects.within(insurer).filter(
        account__key__in=("premium_income", "vat_payable"))
    totals = dict(sums.values_list("side").annotate(models.Sum("amount_fen")))
    assert totals["credit"] - totals["debit"] == found.premium_fen
    owed = dict(Standing.objects.within(insurer).values_list("certificate", "owed_fen"))
    assert sum(owed.get(one, 1_200) for one in ids(insurer)) == found.premium_fen
    assert Enrolment.objects.within(insurer).count() == 1


def test_a_list_that_is_done_or_given_up_is_let_go_of(insurer, many, change, scheme, underwriter):
    number = ids(insurer)
    done = change("cancellation", f"凭证号\n{number[0]}\n")
    assert done.state == "sealed"
    assert done.file.is_forgotten
    dropped = take_changes(scheme, Asked("cancellation", done.from_day), name="other.csv",
                           content=f"凭证号\n{number[1]}\n".encode(), actor=underwriter)
    Worker().run_until_idle()
    assert not dropped.file.is_forgotten
    cancel_changes(dropped, actor=underwriter)
    Worker().run_until_idle()
    dropped.file.refresh_from_db()
    assert dropped.file.is_forgotten


def test_a_chunk_whose_rows_were_all_rejected_stands_in_the_part_of_the_next(monkeypatch):
    places = [SimpleNamespace(number=number) for number in (0, 3, 4, 0, 2)]
    monkeypatch.setattr(changes_source, "places_of", lambda _changes: places)
    changes = SimpleNamespace(pk="whole")
    assert [[one.number for one in part] for part in changes_source._parts_of(changes, 5)] == [
        [0, 3], [4, 0], [2]]
