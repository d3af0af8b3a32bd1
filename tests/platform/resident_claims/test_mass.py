"""A mass decision: each claim once, whole certificates together, killed and gone on with."""

from __future__ import annotations

import copy
import csv
import io
import uuid
from datetime import date

import pytest
from django.db import connection

from dinghai.foundation.errors import Refusal
from dinghai_platform.core import audit
from dinghai_platform.core.actors import system_actor
from dinghai_platform.core.models import AuditEntry, Job
from dinghai_platform.core.worker import Worker
from dinghai_platform.ledger.models import JournalEntry
from dinghai_platform.resident_claims import import_reading, mass, queries
from dinghai_platform.resident_claims.models import Claim, ClaimSetting, Decision, Payment
from dinghai_platform.resident_claims.results import result_lines
from dinghai_platform.resident_claims.services import filing, paying
from dinghai_platform.resident_claims.services.common import had_stated
from dinghai_platform.resident_claims.services.deciding import decide_by_hand
from dinghai_platform.resident_claims.services.imports import take_file, take_in
from dinghai_platform.resident_claims.services.paying import pay_all
from dinghai_platform.resident_claims.services.recoveries import report_recovery
from dinghai_platform.resident_claims.services.runs import let_go, start_run
from dinghai_platform.residents.models import Certificate
from tests.platform.killing import killed_in_the_middle, start_worker, worked_to_the_end
from tests.platform.resident_claims.conftest import changed, decided, enrolled, made
from tests.platform.story import stand_at

HEADER = ("claim_id,certificate_no,person,sum_insured_yuan,inception,terms_explained,loss_day,"
          "loss_yuan,recovered_yuan,police_filed,filing_day,prior_paid_yuan,police_notice,"
          "bank_records,device")


def line(number, certificate, **changes):
    """A row of a channel's file: A40 with what it changes."""
    cells = {"claim_id": f"CH-{number}", "certificate_no": certificate, "person": f"h{number}",
             "sum_insured_yuan": "50000", "inception": "2027-01-01", "terms_explained": "yes",
             "loss_day": "2027-03-01", "loss_yuan": "40000", "recovered_yuan": "5000",
             "police_filed": "yes", "filing_day": "2027-03-02", "prior_paid_yuan": "0",
             "police_notice": "yes", "bank_records": "yes", "device": "", **changes}
    return ",".join(cells[name] for name in HEADER.split(","))


def imported(actor, rows):
    """A file of rows, taken in."""
    row = take_file("\n".join([HEADER, *rows]).encode(), name="claims.csv", actor=actor)
    Worker().run_until_idle()
    row.refresh_from_db()
    if row.accepted:
        take_in(row, actor=actor)
        Worker().run_until_idle()
        row.refresh_from_db()
    return row


@pytest.mark.django_db
def test_everything_that_is_ready_is_decided_once(certificates, people, insurer, monkeypatch):
    monkeypatch.setattr(mass, "CHUNK", 2)
    claims = [made(one) for one in certificates[:3]]
    claims.append(made(certificates[3], papers=()))
    claims += [made(one, device="shared") for one in certificates[4:7]]
    stand_at("2027-03-20T09:00:00")
    waiting = decided(made(certificates[7]))
    assert waiting.state == "waiting"
    stand_at("2027-06-01T09:00:00")
    run = start_run(actor=people["claims_handler"])
    assert start_run(actor=people["claims_handler"]).pk == run.pk
    with pytest.raises(Refusal, match="being decided"):
        decide_by_hand(claims[0], pay=True, reason="x", actor=people["claims_handler"])
    Worker().run_until_idle()
    run.refresh_from_db()
    assert (run.state, run.claims, run.decided, run.left) == ("done", 8, 8, 0)
    assert run.outcomes == {"pay": 4, "ask": 1, "refer": 3} and run.pay_fen == 4 * 2_240_000
    assert Decision.objects.within(insurer).filter(run=run).count() == 8
    assert not Claim.objects.within(insurer).filter(deciding=True).exists()
    with pytest.raises(Refusal, match="no claim is ready"):
        start_run(actor=people["claims_handler"])
    rows = list(csv.DictReader(io.StringIO("".join(result_lines(run)).removeprefix("\ufeff"))))
    assert [one["outcome"] for one in rows].count("pay") == 4 and len(rows) == 8
    assert rows[0]["claim_id"] == claims[0].number
    assert audit.verify_chain(insurer).holds


@pytest.mark.django_db
def test_claims_of_one_certificate_share_its_sum_in_the_order_of_their_losses(
    certificates, people, insurer
):
    big = {"loss": 7_000_000, "recovered": 0}
    later = made(certificates[0], facts={**big, "loss_day": date(2027, 3, 2)})
    first = made(certificates[0], facts=big)
    start_run(actor=people["claims_handler"])
    Worker().run_until_idle()
    first.refresh_from_db(), later.refresh_from_db()
    assert (first.pay_fen, later.pay_fen) == (4_690_000, 310_000)


@pytest.mark.django_db
@pytest.mark.sqlite  # PostgreSQL plans by its statistics
def test_some_certificates_are_found_without_walking_all_claims(insurer):
    rows = Claim.objects.within(insurer)
    for some in (rows.filter(certificate_id__in=range(500)),
                 rows.filter(run=insurer.pk, certificate_id__gte=1, certificate_id__lte=500)):
        assert "resident_claims_of_cert" in some.explain()


@pytest.mark.django_db
def test_what_was_paid_counts_for_the_other_claims_of_the_certificate(
    certificates, people, insurer
):
    """40,000 of the sum of 50,000 are paid on a claim that is looked at again: 10,000 are left."""
    first = decided(made(certificates[0], facts={"loss": 6_014_286, "recovered": 0}))
    assert first.pay_fen == 4_000_000
    Claim.objects.within(insurer).filter(pk=first.pk).update(
        state="submitted", paid_fen=4_000_000, asked_on=date(2027, 5, 1),
        facts={name: value for name, value in first.facts.items() if name != "bank_records"})
    other = made(certificates[0], facts={"loss": 9_000_000, "recovered": 0,
                                         "loss_day": date(2027, 3, 2)})
    start_run(actor=people["claims_handler"])
    Worker().run_until_idle()
    first.refresh_from_db(), other.refresh_from_db()
    assert (first.state, other.pay_fen) == ("submitted", 1_000_000)


@pytest.mark.django_db
def test_what_is_determined_meanwhile_on_the_certificate_is_left_for_the_next_run(
    certificates, people, insurer, monkeypatch
):
    one, other = made(certificates[0]), made(certificates[1])
    hand = made(certificates[0], facts={"loss": 9_000_000, "recovered": 0,
                                        "loss_day": date(2027, 3, 2)})
    Claim.objects.within(insurer).filter(pk=hand.pk).update(state="referred")
    run = start_run(actor=people["claims_handler"])
    whole = mass._decide
    def meanwhile(row):
        found = whole(row)
        decide_by_hand(hand, pay=True, reason="核对", actor=people["claims_handler"])
        return found
    monkeypatch.setattr(mass, "_decide", meanwhile)
    Worker().run_until_idle()
    run.refresh_from_db(), one.refresh_from_db(), other.refresh_from_db()
    assert (run.decided, run.left) == (1, 1)
    assert (one.state, one.deciding, other.state) == ("submitted", False, "approved")
    monkeypatch.undo()
    start_run(actor=people["claims_handler"])
    Worker().run_until_idle()
    one.refresh_from_db()
    assert (one.outcome, one.pay_fen) == ("nothing_due", 0)


@pytest.mark.django_db
def test_a_run_whose_job_was_cancelled_lets_its_claims_go(certificates, people, insurer):
    from dinghai_platform.core.jobs import cancel_job

    claim = made(certificates[0])
    formula = copy.copy(claim)  # a channel numbers its claims as it likes
    formula.pk, formula.number, formula.certificate = uuid.uuid4(), "=1+1", certificates[1]
    formula.save(force_insert=True)
    run = start_run(actor=people["claims_handler"])
    with pytest.raises(Refusal, match="goes on"):
        let_go(run, actor=people["claims_handler"])
    cancel_job(run.job, actor=people["claims_handler"])
    assert let_go(run, actor=people["claims_handler"]).state == "ended"
    claim.refresh_from_db()
    assert (claim.deciding, claim.state) == (False, "submitted")
    assert any(one.startswith("'=1+1,") for one in result_lines(run))


@pytest.mark.django_db
def test_claims_of_a_scheme_of_which_nothing_was_said_are_left_out(certificates, people, insurer):
    made(certificates[0])
    ClaimSetting.objects.within(insurer).delete()
    with pytest.raises(Refusal) as refused:
        start_run(actor=people["claims_handler"])
    assert "explained" in refused.value.reasons[0]


@pytest.mark.django_db
def test_the_day_decides_what_its_wait_is_over(certificates, insurer):
    stand_at("2027-03-20T09:00:00")
    claim = decided(made(certificates[0]))
    stand_at("2027-04-02T09:00:00")
    Worker().start_day()
    Worker().run_until_idle()
    claim.refresh_from_db()
    assert claim.state == "approved"


@pytest.mark.django_db
def test_all_that_is_to_be_paid_is_paid_once(certificates, people, insurer, monkeypatch):
    monkeypatch.setattr(paying, "BATCH", 2)
    for one in certificates[:5]:
        decided(made(one))
    own = made(certificates[5])
    decide_by_hand(own, pay=True, reason="x", actor=people["claims_handler"])
    for _ in range(2):
        if Claim.objects.within(insurer).filter(state="approved").exists():
            job = pay_all(actor=people["claims_payment"])
            Worker().run_until_idle()
    job.refresh_from_db()
    assert job.result == {"paid": 6, "amount_fen": str(6 * 2_240_000), "left": 0}
    assert Payment.objects.within(insurer).count() == 6
    entries = JournalEntry.objects.within(insurer).filter(narrative_code="resident_claims.paid")
    assert [(one.members_count, one.total_fen) for one in entries.order_by("number")] == [
        (2, 4_480_000)] * 3
    with pytest.raises(Refusal, match="nothing is to be paid"):
        pay_all(actor=people["claims_payment"])


@pytest.mark.django_db
def test_a_file_is_looked_through_and_taken_in_once(certificates, people, insurer):
    number = [f"street-2027-{one.pk:010}" for one in certificates]
    made(certificates[0], device="x")
    rows = [line(1, number[1]), line(2, number[2], device="d"), line(3, "street-2027-99"),
            line(4, number[4], sum_insured_yuan="10000"),
            line(5, number[5], inception="2027-02-01"),
            line(6, number[6], loss_day="2027-13-01"), line(7, number[7], loss_day="2027-07-01",
                                                            filing_day=""),
            line(8, number[8], prior_paid_yuan="20000")]
    row = imported(people["claims_handler"], rows)
    assert (row.state, row.rows, row.accepted, row.rejected, row.taken) == ("taken", 8, 3, 5, 3)
    assert {(one["line"], one["field"]) for one in row.faults} == {
        (4, "certificate_no"), (5, "sum_insured"), (6, "inception"), (7, "loss_day"),
        (8, "loss_day")}
    assert all(one["mend"] for one in row.faults)
    again = take_file("\n".join([HEADER, *rows]).encode(), name="claims.csv",
                      actor=people["claims_handler"])
    assert again.pk == row.pk
    rows_taken = Claim.objects.within(insurer).filter(source=row)
    assert set(rows_taken.values_list("decide_by", flat=True)) == {date(2027, 7, 1)}
    report_recovery(rows_taken.get(number="CH-2"), amount_fen=100, returned_on=date(2027, 5, 1),
                    actor=system_actor(insurer))  # by the holder, on a phone
    assert AuditEntry.objects.within(insurer).get(
        action="resident_claims.recovery_reported").payload.count('"by":"claimant"') == 1
    start_run(actor=people["claims_handler"])
    Worker().run_until_idle()
    claims = {one.number: one for one in Claim.objects.within(insurer)}
    assert claims["CH-1"].pay_fen == 2_240_000 and claims["CH-1"].line == 2
    assert claims["CH-8"].pay_fen == 2_240_000 and claims["CH-8"].outside_fen == 2_000_000
    other = take_file("\n".join([HEADER, line(1, number[3])]).encode(), name="more.csv",
                      actor=people["claims_handler"])
    Worker().run_until_idle()
    other.refresh_from_db()
    assert other.faults[0]["field"] == "claim_id" and other.accepted == 0
    with pytest.raises(Refusal, match="no row"):
        take_in(other, actor=people["claims_handler"])


@pytest.mark.django_db
def test_claims_bear_the_name_that_was_put_right_before_them_or_since(
    certificates, people, underwriter
):
    before, since, never = certificates[:3]
    changed(before, underwriter, "correction", None, f"凭证号,新姓名\n{before.pk},欧阳静怡\n")
    imported(people["claims_handler"], [
        line(one, f"street-2027-{certificate.pk:010}")
        for one, certificate in enumerate((before, since, never))])
    changed(since, underwriter, "correction", None, f"凭证号,新姓名\n{since.pk},王晓\n")
    rows = {one.number: (one.holder, one.insured) for one in queries.named(
        queries.claims(people["auditor"]))}
    assert rows == {"CH-0": ("欧***", "欧***"), "CH-1": ("张**", "王*"), "CH-2": ("张**", "张**")}
    one = queries.claims(people["auditor"]).get(number="CH-1")
    assert queries.claim(people["auditor"], one.pk).insured == "王*"


@pytest.mark.django_db
def test_an_import_that_starts_again_takes_every_row_once(
    certificates, people, insurer, monkeypatch
):
    """Its worker ends after the first row, whose certificate and the last one's end meanwhile. What
    is determined here and not paid is no part of what the channel says was paid. One row another
    import brings at the same moment: it is named."""
    monkeypatch.setattr(import_reading, "CHUNK", 1)
    number = [f"street-2027-{one.pk:010}" for one in certificates]
    assert decided(made(certificates[1])).state == "approved"
    row = take_file("\n".join([HEADER, *(line(
        one, number[one], prior_paid_yuan="20000" if one == 1 else "0") for one in range(4))
        ]).encode(), name="claims.csv", actor=people["claims_handler"])
    Worker().run_until_idle()
    row.refresh_from_db()
    take_in(row, actor=people["claims_approver"])
    worker, prepare = Worker(poll_seconds=0), import_reading._claims

    def one_more(*given):
        worker.stopping.set()
        return prepare(*given)

    monkeypatch.setattr(import_reading, "_claims", one_more)
    assert worker.run_next()
    assert Claim.objects.within(insurer).filter(source=row).count() == 1
    monkeypatch.setattr(import_reading, "_claims", prepare)
    worker.stopping.clear()
    import_reading._held.clear()
    Certificate.objects.within(insurer).filter(pk__in=[
        certificates[0].pk, certificates[3].pk]).update(state=Certificate.State.REPEATED)
    worker.run_until_idle()
    row.refresh_from_db()
    assert (row.state, row.taken, row.accepted, row.rejected) == ("taken", 3, 3, 1)
    assert [(one["line"], one["field"]) for one in row.faults] == [(5, "certificate_no")]
    taken = {one.number: one for one in Claim.objects.within(insurer).filter(source=row)}
    assert set(taken) == {"CH-0", "CH-1", "CH-2"}
    assert taken["CH-1"].outside_fen == 2_000_000
    for role in ("claims_handler", "claims_approver"):
        assert had_stated(taken["CH-1"], people[role])


@pytest.mark.django_db
def test_a_row_that_another_import_brings_at_the_same_moment_is_named(
    certificates, people, insurer, monkeypatch
):
    numbers = [f"street-2027-{one.pk:010}" for one in certificates]
    rows = [line(one, numbers[one]) for one in range(2)]
    first, second = (take_file("\n".join([HEADER, *sent]).encode(), name="claims.csv",
                               actor=people["claims_handler"]) for sent in (rows, rows[1:]))
    Worker().run_until_idle()
    first.refresh_from_db()
    second.refresh_from_db()
    take_in(first, actor=people["claims_handler"])
    prepare = import_reading._claims

    def overtaken(*given):
        made_ready = prepare(*given)
        monkeypatch.setattr(import_reading, "_claims", prepare)
        import_reading._write([_of_import(made_ready[1], second)])
        return made_ready

    monkeypatch.setattr(import_reading, "_claims", overtaken)
    Worker().run_until_idle()
    first.refresh_from_db()
    assert (first.state, first.taken, first.rejected) == ("taken", 1, 1)
    assert [(one["line"], one["field"], one["message"], one["mend"]) for one in first.faults] == [
        (3, "claim_id", "claim CH-1 is known here already",
         "leave the row out, or number it anew")]


def _of_import(claim, source):
    same = copy.copy(claim)
    same.pk, same.source = uuid.uuid4(), source
    return same


@pytest.mark.django_db
def test_a_file_that_is_none_says_why(people, insurer):
    row = imported(people["claims_handler"], [])
    assert (row.state, row.accepted) == ("checked", 0)
    wrong = take_file(b"a,b\n1,2\n", name="x.csv", actor=people["claims_handler"])
    Worker().run_until_idle()
    wrong.refresh_from_db()
    assert "claim_id" in {one["field"] for one in wrong.faults}


# --- killed in the middle, and two workers --------------------------------------------------------

SMALL = """
from dinghai_platform.resident_claims import import_reading, mass, queries
mass.CHUNK = 40
"""
IN_A_CHUNK = """
from dinghai_platform.resident_claims.services import keeping
from dinghai_platform.resident_claims.models import Decision
move = keeping._move
def stop(*given):
    move(*given)
    if Decision.objects.unscoped("counting").count() >= 80:
        hang()
keeping._move = stop
"""


def bulk(certificates, insurer):
    """A submitted claim on each certificate, without the steps of a claimant."""
    model = made(certificates[0])
    rows = Claim.objects.within(insurer)
    whole = rows.get(pk=model.pk)
    Claim.objects.bulk_create([Claim(
        tenant=insurer, number=f"M-{one.pk}", scheme=whole.scheme, certificate=one,
        certificate_no=f"n-{one.pk}", holder="张**", channel="file", state="submitted",
        facts=whole.facts, person_key=f"{one.pk:064}", submitted_at=whole.submitted_at)
        for one in certificates[1:]])
    return rows.count()


def held_together(insurer, run, count):
    """Each claim decided once, the figures and the chain whole."""
    run.refresh_from_db()
    assert (run.state, run.decided, run.left) == ("done", count, 0)
    assert Decision.objects.within(insurer).count() == count
    assert Decision.objects.within(insurer).values("claim").distinct().count() == count
    assert not Claim.objects.within(insurer).exclude(state="approved", decisions_made=1,
                                                     deciding=False).exists()
    assert run.pay_fen == 2_240_000 * count and run.outcomes == {"pay": count}
    assert audit.verify_chain(insurer).holds


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_a_run_loses_nothing_and_decides_nothing_twice(
    settings, tmp_path, insurer, underwriter
):
    certificates = enrolled(underwriter, insurer, 150)
    count = bulk(certificates, insurer)
    run = start_run(actor=system_actor(insurer))
    killed_in_the_middle(settings, tmp_path / "marker", IN_A_CHUNK, SMALL)
    assert 0 < Decision.objects.within(insurer).count() < count
    pair = [start_worker(settings, SMALL), start_worker(settings, SMALL)]
    assert [one.wait(120) for one in pair] == [0, 0]
    worked_to_the_end(settings, SMALL)
    connection.close()
    assert Job.objects.unscoped("the outcome").get(pk=run.job_id).state == "done"
    held_together(insurer, run, count)


@pytest.mark.django_db
def test_papers_of_a_claim_under_decision_wait(certificates, people):
    claim = made(certificates[0])
    start_run(actor=people["claims_handler"])
    with pytest.raises(Refusal, match="being decided"):
        filing.add_paper(claim, kind="call_records", content=b"%PDF-1", actor=system_actor(
            claim.tenant))
