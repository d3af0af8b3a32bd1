"""The audit chain: appended with the write, refused to change, and proved."""

from __future__ import annotations

import json
import threading
from itertools import pairwise

import pytest
from django.db import DatabaseError, connection, transaction

from dinghai.foundation.chain import GENESIS, merkle_root
from dinghai.foundation.errors import InputError
from dinghai_platform.core import audit, checkpoints
from dinghai_platform.core.actors import Actor, system_actor
from dinghai_platform.core.models import AuditChain, AuditEntry

pytestmark = pytest.mark.django_db


def append(actor: Actor, number: int, **extra: object) -> AuditEntry:
    with transaction.atomic():
        return audit.append(actor, "test.done", ("test.thing", str(number)), {"n": number}, **extra)


def rewrite(guards, statement: str, *values: object) -> None:
    with guards(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_it_works(insurer):
    actor = system_actor(insurer)
    entries = [append(actor, number) for number in range(1, 6)]
    assert [entry.sequence for entry in entries] == [1, 2, 3, 4, 5]
    assert entries[0].previous_hash == GENESIS
    assert all(b.previous_hash == a.hash for a, b in pairwise(entries))
    reading = audit.verify_chain(insurer)
    assert reading.holds
    assert (reading.length, reading.head) == (5, entries[-1].hash)


def test_an_entry_says_who_what_and_when(act_as, insurer):
    actor = act_as("underwriter", insurer)
    entry = append(actor, 1)
    assert (entry.user, entry.organisation, entry.role) == (actor.user, insurer, "underwriter")
    assert entry.request_id == actor.request_id
    assert json.loads(entry.payload) == {"n": 1}


def test_a_batch_keeps_the_root_of_its_members(insurer):
    leaves = [b"one", b"two", b"three"]
    entry = append(system_actor(insurer), 1, leaves=leaves)
    assert (entry.leaf_count, entry.merkle_root) == (3, merkle_root(leaves))
    assert audit.verify_chain(insurer).holds


def test_each_tenant_has_its_own_chain(insurer, other_insurer):
    append(system_actor(insurer), 1)
    append(system_actor(other_insurer), 1)
    append(system_actor(insurer), 2)
    assert audit.verify_chain(insurer).length == 2
    assert audit.verify_chain(other_insurer).length == 1


def test_an_insureds_deed_is_written_where_its_subject_belongs(act_as, insured, insurer):
    entry = append(act_as("insured_admin", insured), 1, tenant=insurer)
    assert (entry.tenant, entry.organisation) == (insurer, insured)


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_it_is_refused(insurer):
    with pytest.raises(RuntimeError, match="transaction"):
        audit.append(system_actor(insurer), "test.done", ("a", "b"), {})


def test_it_goes_with_the_write_that_fails(insurer):
    actor = system_actor(insurer)
    append(actor, 1)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        audit.append(actor, "test.done", ("a", "b"), {})
        raise ZeroDivisionError
    reading = audit.verify_chain(insurer)
    assert reading.holds
    assert reading.length == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core_auditentry SET action = 'test.undone'",
        "DELETE FROM core_auditentry",
    ],
)
def test_the_database_refuses_change(insurer, statement):
    append(system_actor(insurer), 1)
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.parametrize(
    "change",
    [
        "action = 'test.undone'",
        "payload = '{\"n\":7}'",
        "payload = 'no JSON'",
        "role = 'auditor'",
        "subject_id = '4'",
        "request_id = 'x'",
        "at = '2020-01-01 00:00:00+00:00'",
        "leaf_count = 9",
        "hash = '00'",
        f"previous_hash = '{GENESIS}'",
    ],
)
def test_a_rewritten_entry_is_named(insurer, lifted_guards, change):
    for number in range(1, 6):
        append(system_actor(insurer), number)
    rewrite(lifted_guards, f"UPDATE core_auditentry SET {change} WHERE sequence = 3")
    reading = audit.verify_chain(insurer)
    assert not reading.holds
    # A hash that was replaced shows at its own link.
    assert reading.sequence == 3


def test_a_missing_entry_is_named(insurer, lifted_guards):
    for number in range(1, 6):
        append(system_actor(insurer), number)
    rewrite(lifted_guards, "DELETE FROM core_auditentry WHERE sequence = 2")
    assert audit.verify_chain(insurer).sequence == 2


def test_a_cut_tail_shows_by_the_head(insurer, lifted_guards):
    for number in range(1, 6):
        append(system_actor(insurer), number)
    rewrite(lifted_guards, "DELETE FROM core_auditentry WHERE sequence > 3")
    assert audit.verify_chain(insurer).sequence == 4


@pytest.fixture
def signed(insurer, tmp_path):
    """A chain of five with its checkpoint in a file."""
    for number in range(1, 6):
        append(system_actor(insurer), number)
    path = tmp_path / "checkpoint.json"
    path.write_text(json.dumps(checkpoints.make_checkpoint()), encoding="utf-8")
    return path


def cut_with_head(guards, insurer, length: int) -> None:
    """Cut the tail as someone would who also mends the head."""
    last = AuditEntry.objects.within(insurer).get(sequence=length)
    rewrite(guards, "DELETE FROM core_auditentry WHERE sequence > %s", length)
    AuditChain.objects.filter(pk=insurer.pk).update(length=length, head=last.hash)


def test_a_checkpoint_proves_what_came_before(insurer, signed):
    append(system_actor(insurer), 6)
    readings = checkpoints.verify_all(checkpoints.read_checkpoint(signed))
    assert [reading.holds for reading in readings] == [True]


def test_a_cut_tail_shows_against_a_checkpoint(insurer, signed, lifted_guards):
    cut_with_head(lifted_guards, insurer, 3)
    assert audit.verify_chain(insurer).holds
    (reading,) = checkpoints.verify_all(checkpoints.read_checkpoint(signed))
    assert (reading.holds, reading.sequence) == (False, 4)


def test_a_tail_written_anew_shows_against_a_checkpoint(insurer, signed, lifted_guards):
    cut_with_head(lifted_guards, insurer, 3)
    for number in (40, 50, 60):
        append(system_actor(insurer), number)
    assert audit.verify_chain(insurer).holds
    (reading,) = checkpoints.verify_all(checkpoints.read_checkpoint(signed))
    assert (reading.holds, reading.sequence) == (False, 5)


def test_a_chain_that_is_gone_shows_against_a_checkpoint(insurer, signed, lifted_guards):
    rewrite(lifted_guards, "DELETE FROM core_auditentry")
    AuditChain.objects.all().delete()
    (reading,) = checkpoints.verify_all(checkpoints.read_checkpoint(signed))
    assert (reading.holds, reading.sequence) == (False, 1)


def test_a_changed_checkpoint_is_refused(signed):
    document = json.loads(signed.read_text(encoding="utf-8"))
    document["chains"][0]["length"] = 3
    signed.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(InputError, match="signature"):
        checkpoints.read_checkpoint(signed)


def test_a_checkpoint_of_another_key_is_refused(signed):
    with pytest.raises(InputError, match="another key"):
        checkpoints.read_checkpoint(signed, public_key="00" * 32)


@pytest.mark.parametrize("text", ["[]", "{}", '{"schema": "dinghai.quote/1"}', "no JSON"])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, text):
    path = tmp_path / "checkpoint.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError):
        checkpoints.read_checkpoint(path)


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_leave_no_gap(insurer):
    faults: list[BaseException] = []

    def write(offset: int) -> None:
        try:
            for number in range(5):
                append(system_actor(insurer), offset + number)
        except BaseException as error:
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(10 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    reading = audit.verify_chain(insurer)
    assert reading.holds
    assert reading.length == 20
