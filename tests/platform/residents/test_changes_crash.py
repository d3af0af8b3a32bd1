"""Workers killed in the middle of a list of changes, two lists at once, and a disk that is full."""

from __future__ import annotations

import random
import threading
from datetime import date

import pytest
from django.db import connection, models

from dinghai_platform.core import audit, jobs
from dinghai_platform.core.models import Job
from dinghai_platform.core.worker import Worker
from dinghai_platform.ledger.models import JournalEntry, Posting
from dinghai_platform.residents.models import (
    Certificate,
    Change,
    ChangeChunk,
    ChangeList,
    Standing,
)
from dinghai_platform.residents.queries import figures
from dinghai_platform.residents.services.changes import Asked, apply_changes, take_changes
from tests.platform.killing import killed_at_random, killed_in_the_middle, worked_to_the_end
from tests.platform.residents.conftest import listed, row

pytestmark = pytest.mark.django_db(transaction=True)
JULY = date(2027, 7, 1)
SMALL = """
from dinghai_platform.residents import changes_source
changes_source.ROWS = 40
"""
SLOW = """
import threading
from dinghai_platform.residents import changes_source, changes_staging
changes_source.ROWS = 2_000
insert = changes_staging.insert_rows
def slow(model, columns, rows):
    insert(model, columns, rows)
    threading.Event().wait(1.3)
changes_staging.insert_rows = slow
"""
IN_A_CHUNK = """
from dinghai_platform.residents import changes_staging
insert = changes_staging.insert_rows
def stop(model, columns, rows):
    insert(model, columns, rows)
    if changes_staging.ChangeChunk.objects.unscoped("counting").count() == 3:
        hang()
changes_staging.insert_rows = stop
"""
IN_THE_SEAL = """
from dinghai_platform.residents.services import changes_seal
post = changes_seal.post_entry
def stop(*given, **named):
    post(*given, **named)
    hang()
changes_seal.post_entry = stop
"""


@pytest.fixture
def cancelling(enrol, scheme, underwriter, insurer):
    """A cancellation of so many people that was looked through and waits to be done."""
    def start(number):
        enrol(listed([row(one) for one in range(number)]))
        keys = Certificate.objects.within(insurer).order_by("id").values_list("id", flat=True)
        text = "\n".join(["凭证号", *map(str, keys), ""])
        changes = take_changes(scheme, Asked("cancellation", JULY), content=text.encode(),
                               name="list.csv", actor=underwriter)
        Worker().run_until_idle()
        changes.refresh_from_db()
        return apply_changes(changes, actor=underwriter)
    return start


def held_together(insurer, changes, number):
    """Each certificate ended once, ledger, register and chain whole."""
    changes.refresh_from_db()
    assert (changes.state, changes.accepted) == ("sealed", number)
    known = list(Certificate.objects.within(insurer).order_by("id").values_list("id", flat=True))
    for rows in (Change.objects, Standing.objects):
        assert list(rows.within(insurer).order_by("certificate").values_list(
            "certificate", flat=True)) == known
    assert JournalEntry.objects.within(insurer).count() == 2
    owed = Posting.objects.within(insurer).filter(account__key="refund_payable").aggregate(
        all=models.Sum("amount_fen"))["all"]
    assert owed == changes.refunded_fen == number * 605
    assert audit.verify_chain(insurer).holds


@pytest.mark.parametrize("where", [IN_A_CHUNK, IN_THE_SEAL])
def test_a_worker_killed_in_the_middle_loses_nothing(
    settings, tmp_path, insurer, cancelling, where, underwriter
):
    changes = cancelling(160)
    killed_in_the_middle(settings, tmp_path / "marker", where, SMALL)
    assert not Standing.objects.within(insurer).exists()
    assert figures(underwriter)[0].certificates == 160
    worked_to_the_end(settings, SMALL)
    held_together(insurer, changes, 160)


@pytest.mark.soak
def test_fifty_kills_at_random_moments_of_a_list_of_changes(settings, insurer, cancelling):
    """200,000 certificates ended by two workers; whoever has the list in hand is killed."""
    number = 200_000
    changes = cancelling(number)
    job = Job.objects.unscoped("whose the list is").get(pk=changes.job_id)
    reached = killed_at_random(settings, job, SLOW, times=50, luck=random.Random(2))
    assert len(reached) > 10, reached  # all over the list, not at one chunk again and again
    worked_to_the_end(settings)
    connection.close()
    job.refresh_from_db()
    assert job.state == Job.State.DONE, job.error
    held_together(insurer, changes, number)


@pytest.mark.sqlite
def test_a_full_disk_is_said_and_the_job_goes_on_once_there_is_room(
    insurer, cancelling, underwriter
):
    changes = cancelling(3_000)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")  # pages that earlier tests left free are room, too
        cursor.execute("SELECT page_count FROM pragma_page_count")
        (pages,) = cursor.fetchone()
        cursor.execute(f"PRAGMA max_page_count = {pages + 60}")  # a chunk needs some hundred
        try:
            Worker().run_until_idle()
        finally:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    job = Job.objects.within(insurer).get(pk=changes.job_id)
    assert job.state == Job.State.FAILED
    assert "no room" in job.error and "start the job again" in job.error
    whole = sum(ChangeChunk.objects.within(insurer).values_list("accepted", flat=True))
    assert Change.objects.within(insurer).count() == whole < 3_000
    assert not Standing.objects.within(insurer).exists()
    assert ChangeList.objects.within(insurer).get(pk=changes.pk).state == "applying"
    assert audit.verify_chain(insurer).holds
    jobs.retry_job(job, actor=underwriter)
    Worker().run_until_idle()
    held_together(insurer, changes, 3_000)


def test_two_lists_of_one_person_done_at_once_end_it_once(
    insurer, enrol, scheme, underwriter
):
    """Two workers seal two lists of the same forty people: each is given back once."""
    enrol(listed([row(one) for one in range(40)]))
    keys = list(Certificate.objects.within(insurer).order_by("id").values_list("id", flat=True))
    for day in (JULY, date(2027, 7, 2)):
        take_changes(scheme, Asked("cancellation", day), name="list.csv", actor=underwriter,
                     content="\n".join(["凭证号", *map(str, keys)]).encode())
    Worker().run_until_idle()
    lists = list(ChangeList.objects.within(insurer))
    for one in lists:
        apply_changes(one, actor=underwriter)
    workers = [threading.Thread(target=_work) for _ in lists]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    Worker().run_until_idle()
    for one in lists:
        one.refresh_from_db()
    assert [one.state for one in lists] == ["sealed", "sealed"]
    assert sum(one.accepted for one in lists) == 40
    assert Standing.objects.within(insurer).count() == 40
    assert figures(underwriter)[0].certificates == 0
    owed = Posting.objects.within(insurer).filter(account__key="refund_payable").aggregate(
        all=models.Sum("amount_fen"))["all"]
    assert owed == sum(one.refunded_fen for one in lists)


def _work() -> None:
    try:
        Worker().run_until_idle()
    finally:
        connection.close()
