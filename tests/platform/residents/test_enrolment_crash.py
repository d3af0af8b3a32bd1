"""Workers killed in the middle of a list: each resident once, the books whole, the chain whole."""

from __future__ import annotations

import random

import pytest
from django.db import connection, models

from dinghai_platform.core import audit
from dinghai_platform.core.models import Job
from dinghai_platform.core.worker import Worker
from dinghai_platform.ledger.models import JournalEntry, Posting
from dinghai_platform.residents.models import Certificate, EnrolledPerson, EnrolmentChunk
from dinghai_platform.residents.services.lists import issue_list, take_list
from tests.platform.killing import killed_at_random, killed_in_the_middle, worked_to_the_end
from tests.platform.residents.conftest import listed, row

pytestmark = pytest.mark.django_db(transaction=True)
SMALL = """
from dinghai_platform.residents import reading
reading.ROWS = 40
"""
SLOW = """
import threading
from dinghai_platform.residents import reading, staging
reading.ROWS = 2_000
insert = staging.insert_rows
def slow(model, columns, rows):
    insert(model, columns, rows)
    threading.Event().wait(1.3)
staging.insert_rows = slow
"""
IN_A_CHUNK = """
from dinghai_platform.residents import staging
insert = staging.insert_rows
def stop(model, columns, rows):
    insert(model, columns, rows)
    if staging.EnrolmentChunk.objects.unscoped("counting").count() == 3:
        hang()
staging.insert_rows = stop
"""
IN_THE_SEAL = """
from dinghai_platform.residents.services import seal
post = seal.post_entry
def stop(*given, **named):
    post(*given, **named)
    hang()
seal.post_entry = stop
"""


@pytest.fixture
def issuing(scheme, underwriter):
    """A list that was looked through and waits to be issued."""
    def start(content):
        enrolment = take_list(scheme, content, name="list.csv", actor=underwriter)
        Worker().run_until_idle()
        enrolment.refresh_from_db()
        return issue_list(enrolment, actor=underwriter)
    return start


def held_together(insurer, enrolment, lines):
    """Each resident once and in the list's order, ledger and chain whole, nothing left over."""
    enrolment.refresh_from_db()
    assert enrolment.state == "sealed"
    found = list(Certificate.objects.within(insurer).order_by("id").values_list("line", flat=True))
    assert found == lines
    assert EnrolledPerson.objects.within(insurer).count() == len(lines)
    chunks = EnrolmentChunk.objects.within(insurer)
    assert sum(sum(one.accepted) for one in chunks) == len(lines)
    assert JournalEntry.objects.within(insurer).count() == 1
    sums = dict(Posting.objects.within(insurer).values_list("side").annotate(
        models.Sum("amount_fen")))
    assert sums == {"debit": enrolment.premium_fen, "credit": enrolment.premium_fen}
    assert enrolment.premium_fen == 1_200 * len(lines)
    assert audit.verify_chain(insurer).holds


@pytest.mark.parametrize("where", [IN_A_CHUNK, IN_THE_SEAL])
def test_a_worker_killed_in_the_middle_loses_nothing(
    settings, tmp_path, insurer, issuing, where
):
    enrolment = issuing(listed([row(number) for number in range(200)]))
    killed_in_the_middle(settings, tmp_path / "marker", where, SMALL)
    assert JournalEntry.objects.within(insurer).count() == 0
    worked_to_the_end(settings, SMALL)
    held_together(insurer, enrolment, list(range(2, 202)))


@pytest.mark.soak
def test_fifty_kills_at_random_moments(settings, insurer, issuing):
    """200,000 residents by two workers that wait in their transactions."""
    number = 200_000
    enrolment = issuing(listed([row(one) for one in range(number)]))
    job = Job.objects.unscoped("whose the list is").get(pk=enrolment.job_id)
    reached = killed_at_random(settings, job, SLOW, times=50, luck=random.Random(1))
    assert len(reached) > 10, reached  # all over the list, not at one chunk again and again
    worked_to_the_end(settings)
    connection.close()
    job.refresh_from_db()
    assert job.state == Job.State.DONE, job.error
    held_together(insurer, enrolment, list(range(2, number + 2)))
