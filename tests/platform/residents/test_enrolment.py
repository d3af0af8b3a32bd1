"""A list becomes certificates: looked through, staged unseen, sealed at once."""

from __future__ import annotations

import csv
import hashlib
import random
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.utils.translation import override

from dinghai.foundation.chain import merkle_root
from dinghai.foundation.errors import InputError, Refusal
from dinghai.schemes.people import check_digit
from dinghai_platform.core import audit, clock, jobs, leases
from dinghai_platform.core.actors import system_actor
from dinghai_platform.core.models import AuditEntry
from dinghai_platform.core.worker import Worker
from dinghai_platform.ledger.models import JournalEntry, Posting
from dinghai_platform.residents import enrolled, reading, staging
from dinghai_platform.residents.kept_faults import faults_of
from dinghai_platform.residents.models import (
    Certificate,
    EnrolledPerson,
    Enrolment,
    EnrolmentChunk,
)
from dinghai_platform.residents.results import fault_lines, result_lines
from dinghai_platform.residents.sealing import opened
from dinghai_platform.residents.services.letting_go import let_go_of_file
from dinghai_platform.residents.services.lists import (
    GIVE_UP,
    KEPT_DAYS,
    cancel_list,
    issue_list,
    take_list,
)
from dinghai_platform.residents.services.schemes import open_scheme
from dinghai_platform.residents.staging import leaves_of
from tests.platform.residents.conftest import SCHEME, listed, row
from tests.platform.story import stand_at

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(reading, "ROWS", 7)


def in_force(insurer):
    return Certificate.objects.within(insurer).filter(
        chunk__enrolment__state="sealed", state=Certificate.State.IN_FORCE).order_by("id")


def test_it_works(insurer, enrol):
    """25 rows: of them 2 for ¥3.00, 20 for ¥12.00; a minor, a twin and one without consent."""
    rows = [row(number, plan="P1" if number < 2 else "P5") for number in range(22)]
    first = "11010520150101001"
    rows[5:5] = [f"李小小,{first}{check_digit(first)},13800000000,P5,是,2026-01-05"]
    rows[9:9] = [row(50, consent="否")]
    rows[20:20] = [row(3)]
    enrolment = enrol(listed(rows))
    assert (enrolment.state, enrolment.accepted, enrolment.rejected) == ("sealed", [2, 20], 3)
    assert (enrolment.premium_fen, enrolment.sum_insured_fen) == (
        2 * 300 + 20 * 1_200, 2 * 1_000_000 + 20 * 5_000_000)
    certificates = list(in_force(insurer))
    assert len(certificates) == 22
    assert [one.line for one in certificates] == [
        line for line in range(2, 27) if line not in (7, 11, 22)]
    faults = [one for chunk in EnrolmentChunk.objects.within(insurer) for one in faults_of(chunk)]
    assert [(one.line, one.field) for one in faults] == [
        (7, "identity"), (11, "consent"), (22, "identity")]
    assert all(one.mend for one in faults)


def test_the_premium_is_posted_to_the_fen(insurer, enrol):
    """¥12.00 is 11.32 net and 0.68 tax, ¥3.00 is 2.83 and 0.17."""
    enrolment = enrol(listed([row(1), row(2), row(3, plan="P1")]))
    entry = JournalEntry.objects.within(insurer).get(source_id=str(enrolment.pk))
    lines = {one.account.key: (one.side, one.amount_fen) for one in
             Posting.objects.within(insurer).filter(entry=entry).select_related("account")}
    assert lines == {"premium_receivable": ("debit", 2_700),
                     "premium_income": ("credit", 2 * 1_132 + 283),
                     "vat_payable": ("credit", 2 * 68 + 17)}


def test_who_is_insured_stands_sealed_and_masked(insurer, enrol):
    enrolment = enrol(listed([row(1, name="欧阳明远")]))
    certificate = in_force(insurer).get()
    identity = row(1).split(",")[1]
    assert certificate.masked_name == "欧***"
    assert identity.encode() not in bytes(certificate.person)
    assert hashlib.sha256(identity.encode()).digest()[:16] != bytes(certificate.look_up)
    person = opened(certificate, enrolment)
    assert (person.name, person.identity, person.mobile) == (
        "欧阳明远", identity, "13800000001")
    assert person.consented_on.isoformat() == "2026-01-05"


def test_the_root_is_over_every_certificate(insurer, enrol):
    enrolment = enrol(listed([row(number) for number in range(20)]))
    roots = []
    for chunk in EnrolmentChunk.objects.within(insurer).filter(enrolment=enrolment):
        rows = Certificate.objects.within(insurer).filter(chunk=chunk).order_by("id")
        roots.append(merkle_root(leaves_of(
            [one.pk for one in rows], [one.plan for one in rows],
            [bytes(one.look_up) for one in rows], [bytes(one.person) for one in rows])))
    assert len(roots) == 3
    assert enrolment.root == merkle_root([bytes.fromhex(one) for one in roots])
    link = AuditEntry.objects.within(insurer).get(action="residents.list_sealed")
    assert (link.merkle_root, link.leaf_count) == (enrolment.root, 3)
    assert audit.verify_chain(insurer).holds


def named(lines):
    """Line, field and message of each line of a CSV that says a fault, with its mend."""
    with override("en"):
        rows = list(csv.DictReader(line.strip().removeprefix("\ufeff") for line in lines))
    assert all(one["mend"] for one in rows if one["message"])
    return [(int(one["line"]), one["field"], one["message"]) for one in rows if one["message"]]


BEFORE = [(line, "identity", "the person was enrolled in the scheme before")
          for line in range(2, 7)]


def test_the_look_names_whoever_is_enrolled_already(
    insurer, enrol, scheme, underwriter, monkeypatch, django_assert_max_num_queries
):
    """Five of fifteen are in the scheme, and the first of them stands in the list twice."""
    monkeypatch.setattr(enrolled, "_AT_ONCE", 4)
    enrol(listed([row(number) for number in range(10)]))
    again = (17, "identity", "the person stands in the list before")
    second = take_list(scheme, listed([row(number) for number in [*range(5, 20), 5]]),
                       name="second.csv", actor=underwriter)
    Worker().run_until_idle()
    second.refresh_from_db()
    look = second.check_document
    assert (second.accepted, second.rejected, second.premium_fen) == ([0, 10], 6, 12_000)
    assert (look["accepted"], look["rejected"], look["repeated"]) == (10, 6, 1)
    assert [one["line"] for one in look["faults"]] == [*range(2, 7), 17]
    assert {one["message"]: one["number"] for one in look["faults_by_field"]} == {
        again[2]: 1, BEFORE[0][2]: 5}
    assert named(fault_lines(second)) == [*BEFORE, again]
    with pytest.raises(Refusal, match="6 rows are rejected, and all or none"):
        issue_list(second, actor=underwriter, all_or_nothing=True)
    issue_list(second, actor=underwriter)
    Worker().run_until_idle()
    second.refresh_from_db()
    assert (second.state, second.accepted, second.rejected, second.premium_fen) == (
        "sealed", [0, 10], 6, 12_000)
    assert named(result_lines(second)) == named(fault_lines(second)) == [*BEFORE, again]
    assert in_force(insurer).count() == EnrolledPerson.objects.within(insurer).count() == 20
    assert not Certificate.objects.within(insurer).exclude(state=1).exists()
    hashes = [bytes(one) for one in EnrolledPerson.objects.within(insurer).values_list(
        "look_up", flat=True)]
    with django_assert_max_num_queries(6):
        assert list(enrolled.enrolled_places(scheme, [b"", *hashes[:15]])) == list(range(1, 16))


@pytest.mark.parametrize("whole", [False, True])
def test_whoever_is_enrolled_between_look_and_seal_is_left_out(
    whole, insurer, enrol, scheme, underwriter
):
    """All or nothing is kept at the seal, too: nothing is issued, posted or written as issued."""
    content = listed([row(number) for number in range(5, 20)])
    second = take_list(scheme, content, name="second.csv", actor=underwriter)
    Worker().run_until_idle()
    enrol(listed([row(number) for number in range(10)]))
    issue_list(second, actor=underwriter, all_or_nothing=whole)
    Worker().run_until_idle()
    second.refresh_from_db()
    assert (second.accepted, second.rejected, second.premium_fen) == ([0, 10], 5, 12_000)
    assert named(fault_lines(second)) == BEFORE
    sealed = AuditEntry.objects.within(insurer).filter(action="residents.list_sealed")
    assert (in_force(insurer).count(), EnrolledPerson.objects.within(insurer).count(),
            JournalEntry.objects.within(insurer).count(), sealed.count()) == (
        (10, 10, 1, 1) if whole else (20, 20, 2, 2))
    assert audit.verify_chain(insurer).holds
    if not whole:
        void = Certificate.objects.within(insurer).filter(state=Certificate.State.REPEATED)
        assert [one.line for one in void.order_by("id")] == [2, 3, 4, 5, 6]
        assert (second.state, named(result_lines(second))) == ("sealed", BEFORE)
        return
    assert (second.state, Certificate.objects.within(insurer).count()) == ("cancelled", 10)
    document = second.check_document
    assert (document["rows"], document["accepted"], document["rejected"]) == (15, 10, 5)
    assert [one["line"] for one in document["faults"]] == [2, 3, 4, 5, 6]
    assert document["given_up"] == {
        "message": "5 rows were rejected at the end, and all or none was asked for",
        "mend": "leave the faulty rows out and send the list again"}
    assert '"why":"all_or_nothing"' in AuditEntry.objects.within(insurer).get(
        action="residents.list_cancelled").payload
    again = enrol(content, "second.csv")
    assert (again.state, again.accepted, named(result_lines(again))) == (
        "sealed", [0, 10], BEFORE)


def test_the_same_list_again_is_the_same_enrolment(insurer, enrol, scheme, underwriter):
    content = listed([row(number) for number in range(10)])
    assert enrol(content) == enrol(content)
    assert in_force(insurer).count() == 10
    assert JournalEntry.objects.within(insurer).count() == 1


def test_a_dry_run_issues_nothing(insurer, scheme, underwriter):
    enrolment = take_list(scheme, listed([row(1), row(2, consent="")]), name="a.csv",
                          actor=underwriter)
    with pytest.raises(Refusal, match="looked through"):
        issue_list(enrolment, actor=underwriter)
    Worker().run_until_idle()
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.accepted, enrolment.rejected) == ("checked", [0, 1], 1)
    assert enrolment.check_document["faults"][0]["line"] == 3
    assert not Certificate.objects.within(insurer).exists()
    with pytest.raises(Refusal, match="all or none"):
        issue_list(enrolment, actor=underwriter, all_or_nothing=True)


def test_a_file_that_is_no_list_says_why(scheme, underwriter):
    enrolment = take_list(scheme, b"a,b\n1,2\n", name="a.csv", actor=underwriter)
    Worker().run_until_idle()
    enrolment.refresh_from_db()
    assert {one["field"] for one in enrolment.check_document["faults"]} == {
        "name", "identity", "mobile", "plan", "consent", "consented_on"}
    with pytest.raises(Refusal, match="nobody"):
        issue_list(enrolment, actor=underwriter)


def test_a_list_given_up_leaves_nothing(insurer, scheme, underwriter, enrol):
    content = listed([row(number) for number in range(30)])
    enrolment = take_list(scheme, content, name="a.csv", actor=underwriter)
    worker = Worker()
    worker.run_until_idle()
    issue_list(enrolment, actor=underwriter)
    job = leases.claim_next("me", clock.machine_now(), timedelta(minutes=5))
    for _ in range(2):
        job = worker._chunk(job, jobs.handler_of(job.kind))
    assert Certificate.objects.within(insurer).count() == 14
    assert not in_force(insurer).exists()
    cancel_list(enrolment, actor=underwriter)
    worker._chunk(job, jobs.handler_of(job.kind))
    worker.run_until_idle()
    assert not Certificate.objects.within(insurer).exists()
    assert not EnrolmentChunk.objects.within(insurer).exists()
    assert not JournalEntry.objects.within(insurer).exists()
    again = enrol(content, "a.csv")
    assert again.pk != enrolment.pk and again.number == 30
    with pytest.raises(Refusal, match="issued"):
        cancel_list(again, actor=underwriter)


def test_a_site_that_takes_other_chunks_meanwhile_loses_nobody(
    insurer, scheme, underwriter, monkeypatch
):
    """The list goes on in the chunks it was begun with."""
    enrolment = take_list(scheme, listed([row(number) for number in range(40)]), name="a.csv",
                          actor=underwriter)
    Worker().run_until_idle()
    issue_list(enrolment, actor=underwriter)
    job = leases.claim_next("me", clock.machine_now(), timedelta(minutes=5))
    for _ in range(3):
        job = Worker()._chunk(job, jobs.handler_of(job.kind))
    monkeypatch.setattr(reading, "ROWS", 30)
    reading._open.clear()
    while job.state == "running":
        job = Worker()._chunk(job, jobs.handler_of(job.kind))
    assert [one.line for one in in_force(insurer)] == list(range(2, 42))


def test_nothing_is_sealed_that_was_not_looked_through(
    insurer, scheme, underwriter, monkeypatch
):
    enrolment = take_list(scheme, listed([row(number) for number in range(20)]), name="a.csv",
                          actor=underwriter)
    Worker().run_until_idle()
    issue_list(enrolment, actor=underwriter)
    monkeypatch.setattr(staging, "rows_of_chunk", lambda *given: None)
    Worker().run_until_idle()
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.job.state) == ("issuing", "failed")
    assert "0 rows of a.csv are staged, 20 were looked through" in enrolment.job.error
    assert not JournalEntry.objects.within(insurer).exists()


def test_an_issued_certificate_neither_changes_nor_goes(insurer, enrol):
    enrol(listed([row(1)]))
    rows = Certificate.objects.within(insurer)
    for change in ({"plan": 0}, {"person": b"x"}, {"masked_name": "x"}):
        with pytest.raises(DatabaseError, match="does not change"), transaction.atomic():
            rows.update(**change)
    with pytest.raises(DatabaseError, match="not deleted"), transaction.atomic():
        rows.delete()


def test_others_see_and_do_nothing(insurer, other_insurer, scheme, act_as, enrol):
    enrol(listed([row(1)]))
    stranger = act_as("underwriter", other_insurer)
    for model in (Enrolment, EnrolmentChunk, Certificate, EnrolledPerson):
        assert not model.objects.visible_to(stranger).exists()
    for actor in (stranger, act_as("claims_handler", insurer), act_as("auditor", insurer)):
        with pytest.raises(PermissionDenied):
            take_list(scheme, listed([row(2)]), name="b.csv", actor=actor)
    with pytest.raises(PermissionDenied):
        open_scheme({**SCHEME, "id": "x"}, actor=act_as("actuary", insurer))


def test_a_scheme_is_opened_once(scheme, underwriter):
    with pytest.raises(Refusal, match="already"):
        open_scheme(SCHEME, actor=underwriter)
    with pytest.raises(InputError, match="last day"):
        open_scheme({**SCHEME, "id": "y", "last_day": "2026-01-01"}, actor=underwriter)


@pytest.mark.parametrize("seed", range(3))
def test_any_list_in_any_chunks_comes_to_the_same(insurer, enrol, monkeypatch, seed):
    luck = random.Random(seed)
    rows = [row(luck.randrange(40), plan=luck.choice(["P1", "P5"]),
                consent=luck.choice(["是"] * 6 + ["否"])) for _ in range(60)]
    monkeypatch.setattr(reading, "ROWS", luck.randrange(1, 25))
    enrolment = enrol(listed(rows))
    taken, lines = {}, []
    for line, text in enumerate(rows, start=2):
        identity, plan, consent = (text.split(",")[place] for place in (1, 3, 4))
        if consent == "是" and identity not in taken:
            taken[identity] = plan
            lines.append(line)
    assert [one.line for one in in_force(insurer)] == lines
    plans = list(taken.values())
    assert enrolment.accepted == [plans.count("P1"), plans.count("P5")]
    assert enrolment.rejected == len(rows) - len(lines)
    assert system_actor(insurer)


# --- the list itself is personal data -------------------------------------------------------------


def test_an_issued_list_is_let_go_of(insurer, enrol, scheme, underwriter):
    content = listed([row(1), row(2), row(3, consent="否"), row(1)])
    waiting = take_list(scheme, content, name="list.csv", actor=underwriter)
    Worker().run_until_idle()
    before = list(fault_lines(Enrolment.objects.within(insurer).get(pk=waiting.pk)))
    enrolment = enrol(content)
    assert list(fault_lines(enrolment)) == before
    assert [line.split(",")[0] for line in before[1:]] == ["4", "5"]
    assert (enrolment.file.is_forgotten, enrolment.file.bytes_in_row) == (True, None)
    assert take_list(scheme, content, name="list.csv", actor=underwriter) == enrolment
    enrolment.file.refresh_from_db()
    assert enrolment.file.is_forgotten
    assert [line.count("accepted") for line in result_lines(enrolment)] == [0, 1, 1, 0, 0]


def test_a_list_that_another_scheme_needs_is_kept(insurer, enrol, underwriter):
    content = listed([row(1)])
    other = open_scheme({**SCHEME, "id": "other"}, actor=underwriter)
    waiting = take_list(other, content, name="list.csv", actor=underwriter)
    enrolment = enrol(content)
    assert enrolment.state == "sealed"
    assert not enrolment.file.is_forgotten
    cancel_list(waiting, actor=underwriter)
    Worker().run_until_idle()
    enrolment.file.refresh_from_db()
    assert enrolment.file.is_forgotten


def test_a_list_that_is_taken_while_another_lets_go_is_kept(
    insurer, enrol, underwriter, monkeypatch
):
    """Both wait for the audit chain; whoever is second sees what the first one did."""
    content = listed([row(1)])
    other = open_scheme({**SCHEME, "id": "other"}, actor=underwriter)
    hold, taken = audit.hold_chain, []

    def after_another(tenant):
        if not taken:
            taken.append(None)
            taken.append(take_list(other, content, name="list.csv", actor=underwriter))
        return hold(tenant)

    enrolment = enrol(content)
    assert enrolment.file.is_forgotten
    again = take_list(other, content, name="list.csv", actor=underwriter)
    assert again.file == enrolment.file
    cancel_list(again, actor=underwriter)
    forgotten = AuditEntry.objects.within(insurer).filter(action="core.file_forgotten")
    before = forgotten.count()
    monkeypatch.setattr(audit, "hold_chain", after_another)
    let_go_of_file(again, actor=underwriter)
    assert forgotten.count() == before
    again.file.refresh_from_db()
    assert taken[1].file == again.file
    assert not again.file.is_forgotten


def test_a_list_that_nobody_issues_is_given_up(
    insurer, scheme, underwriter, settings, tmp_path
):
    settings.DINGHAI_HOME = tmp_path
    settings.DINGHAI_CLOCK = "dinghai_platform.core.clock.StandingClock"
    start = stand_at("2026-12-01T09:00:00")
    enrolment = take_list(scheme, listed([row(1)]), name="list.csv", actor=underwriter)
    Worker().run_until_idle()
    for days, state in ((KEPT_DAYS - 1, "checked"), (KEPT_DAYS + 1, "cancelled")):
        stand_at(f"{start + timedelta(days=days):%Y-%m-%dT%H:%M:%S}")
        jobs.start_job(GIVE_UP, {}, actor=system_actor(insurer), tenant=insurer)
        Worker().run_until_idle()
        enrolment.refresh_from_db()
        assert enrolment.state == state
    enrolment.file.refresh_from_db()
    assert enrolment.file.is_forgotten


def test_nobody_is_enrolled_in_a_scheme_that_is_over(scheme, underwriter, settings, tmp_path):
    settings.DINGHAI_HOME = tmp_path
    settings.DINGHAI_CLOCK = "dinghai_platform.core.clock.StandingClock"
    stand_at("2027-12-31T09:00:00")
    enrolment = take_list(scheme, listed([row(1)]), name="list.csv", actor=underwriter)
    Worker().run_until_idle()
    enrolment.refresh_from_db()
    stand_at("2028-01-01T09:00:00")
    with pytest.raises(Refusal, match="over"):
        issue_list(enrolment, actor=underwriter)
    with pytest.raises(Refusal, match="over"):
        take_list(scheme, listed([row(2)]), name="late.csv", actor=underwriter)
    assert not Certificate.objects.within(scheme.tenant).exists()
    # Nor where the period ends while the job runs.
    stand_at("2027-12-31T23:59:00")
    issue_list(enrolment, actor=underwriter)
    stand_at("2028-01-01T00:01:00")
    Worker().run_until_idle()
    enrolment.refresh_from_db()
    assert enrolment.state == "cancelled"
    assert enrolment.check_document["given_up"] == {
        "message": "the scheme is over", "mend": "open the scheme of the next period"}
    assert not Certificate.objects.within(scheme.tenant).exists()
    assert not JournalEntry.objects.within(scheme.tenant).exists()
