"""The books: balanced, once, append-only, corrected by reversal, and proved."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

from dinghai.foundation.chain import merkle_root
from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import audit
from dinghai_platform.core.actors import system_actor
from dinghai_platform.core.models import AuditEntry
from dinghai_platform.ledger.chart import chart
from dinghai_platform.ledger.models import Account, JournalEntry, Posting
from dinghai_platform.ledger.queries import balance_of, balances, verify_books
from dinghai_platform.ledger.services import Line, credit, debit, post_entry, reverse_entry

pytestmark = pytest.mark.django_db
PREMIUM = [
    debit("premium_receivable", 10_600),
    credit("premium_income", 10_000),
    credit("vat_payable", 600),
]
SOURCE = ("underwriting.policy", "P-1")


def post(tenant, lines=PREMIUM, key="P-1:premium", **extra):
    extra = {"source": SOURCE, "narrative": "premium.bound", "actor": system_actor(tenant), **extra}
    return post_entry(lines, key=key, **extra)


def test_it_works(insurer):
    entry = post(insurer, effective=date(2026, 4, 1))
    assert (entry.number, entry.total_fen, entry.sealed) == (1, 10_600, True)
    assert balance_of(insurer, "premium_receivable") == 10_600
    assert balance_of(insurer, "premium_income") == 10_000
    assert balance_of(insurer, "vat_payable") == 600
    assert balance_of(insurer, "cash") == 0
    assert verify_books(insurer).holds
    assert audit.verify_chain(insurer).holds
    assert AuditEntry.objects.within(insurer).get(action="ledger.entry_posted")


def test_the_same_key_posts_once(insurer):
    first, again = post(insurer), post(insurer)
    assert first.pk == again.pk
    assert JournalEntry.objects.within(insurer).count() == 1


def test_the_same_key_with_other_content_is_refused(insurer):
    post(insurer)
    with pytest.raises(Refusal, match="another entry"):
        post(insurer, [debit("cash", 1), credit("premium_income", 1)])


def test_tenants_keep_their_own_books(insurer, other_insurer):
    post(insurer)
    post(other_insurer, [debit("cash", 7), credit("premium_income", 7)])
    assert balance_of(insurer, "cash") == 0
    assert balance_of(other_insurer, "cash") == 7
    assert JournalEntry.objects.within(other_insurer).get().number == 1


def test_balances_of_a_day_and_of_a_document(insurer):
    post(insurer, effective=date(2026, 4, 1))
    post(insurer, [debit("cash", 50), credit("premium_receivable", 50)], key="pay",
         effective=date(2026, 5, 1), source=("bank.receipt", "R-1"))
    assert balance_of(insurer, "premium_receivable", on=date(2026, 4, 30)) == 10_600
    assert balance_of(insurer, "premium_receivable", on=date(2026, 5, 1)) == 10_550
    assert balance_of(insurer, "premium_receivable", source=("bank.receipt", "R-1")) == -50


def test_a_batch_keeps_the_root_of_its_members(insurer):
    members = [b"policy 1", b"policy 2"]
    entry = post(insurer, members=members)
    assert (entry.members_count, entry.members_root) == (2, merkle_root(members))


def test_lines_of_nothing_are_left_out(insurer):
    assert post(insurer, [*PREMIUM, debit("stamp_duty_payable", 0)]).postings.count() == 3


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [debit("cash", 1)],
        [debit("cash", 2), credit("premium_income", 1)],
        [debit("cash", -1), credit("premium_income", -1)],
        [debit("cash", True), credit("premium_income", 1)],
        [debit("cash", 1.0), credit("premium_income", 1)],
        [debit("cash", 10**18), credit("premium_income", 10**18)],
        [Line("cash", "left", 1), credit("premium_income", 1)],
        [debit("no such account", 1), credit("premium_income", 1)],
    ],
)
def test_bad_lines_are_refused(insurer, lines):
    with pytest.raises(InputError):
        post(insurer, lines)
    assert not JournalEntry.objects.within(insurer).exists()


@pytest.mark.parametrize(
    "lines",
    [
        [debit("claims_paid", 5), credit("commercial_contribution", 5)],
        [debit("commercial_receivable", 5), credit("premium_income", 5)],
        [debit("insured_share", 5), credit("claims_payable", 5)],
        [debit("insured_share", 5), credit("cash", 5)],
    ],
)
def test_insurance_money_does_not_mix(insurer, lines):
    with pytest.raises(Refusal, match="never posted"):
        post(insurer, lines)


@pytest.mark.parametrize(
    "lines",
    [
        [debit("commercial_receivable", 5), credit("commercial_contribution", 5)],
        [debit("cash", 5), credit("commercial_receivable", 5)],
        [debit("insured_share", 5), credit("insured_share_contra", 5)],
    ],
)
def test_contributions_and_own_shares_have_their_accounts(insurer, lines):
    assert post(insurer, lines).sealed


@pytest.mark.parametrize("role", ["auditor", "product_manager"])
def test_who_may_not_post(insurer, act_as, role):
    with pytest.raises(PermissionDenied):
        post(insurer, actor=act_as(role, insurer))


def test_an_insured_posts_nothing(insured, act_as):
    with pytest.raises(PermissionDenied):
        post(insured, actor=act_as("insured_finance", insured))


def test_a_reversal_is_the_mirror(insurer):
    entry = post(insurer)
    reversal = reverse_entry(entry, reason="bound in error", actor=system_actor(insurer))
    assert reversal.reverses == entry
    assert {balance.balance_fen for balance in balances(insurer)} == {0}
    assert verify_books(insurer).holds


def test_an_entry_is_reversed_once(insurer):
    entry, actor = post(insurer), system_actor(insurer)
    first = reverse_entry(entry, reason="bound in error", actor=actor)
    assert reverse_entry(entry, reason="again", actor=actor).pk == first.pk
    with pytest.raises(Refusal, match="reversal"):
        reverse_entry(first, reason="undo", actor=actor)
    with pytest.raises(InputError):
        reverse_entry(post(insurer, key="other"), reason=" ", actor=actor)


# --- what the database refuses by itself ----------------------------------------------------------


def refused(statement, *values, match):
    with (
        pytest.raises(DatabaseError, match=match),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, values)


@pytest.mark.parametrize(
    ("statement", "match"),
    [
        ("UPDATE ledger_posting SET amount_fen = 1", "append-only"),
        ("DELETE FROM ledger_posting", "append-only"),
        ("DELETE FROM ledger_journalentry", "append-only"),
        ("UPDATE ledger_journalentry SET total_fen = 1", "never changed"),
        ("UPDATE ledger_journalentry SET sealed = false", "never changed"),
        ("UPDATE ledger_journalentry SET narrative_code = 'x'", "never changed"),
        ("UPDATE ledger_journalentry SET effective_date = '2020-01-01'", "never changed"),
    ],
)
def test_the_database_refuses_change(insurer, statement, match):
    post(insurer)
    refused(statement, match=match)


def draft(tenant, **fields):
    values = {
        "tenant": tenant, "number": 90, "effective_date": date(2026, 4, 1), "narrative_code": "x",
        "source_type": "a", "source_id": "b", "idempotency_key": "raw", "content_hash": "0",
        "total_fen": 5, **fields,
    }
    return JournalEntry.objects.create(**values)


def add_line(entry, key, side, amount, line=1, account=None):
    account = account or Account.objects.within(entry.tenant).get(key=key)
    return Posting.objects.create(
        tenant=entry.tenant, entry=entry, line=line, account=account, side=side, amount_fen=amount
    )


def test_the_database_refuses_a_line_on_a_sealed_entry(insurer):
    entry = post(insurer)
    with pytest.raises(DatabaseError, match="sealed"), transaction.atomic():
        add_line(entry, "cash", "debit", 5, line=9)


def test_the_database_refuses_an_entry_sealed_from_the_start(insurer):
    post(insurer)
    with pytest.raises(DatabaseError, match="written open"), transaction.atomic():
        draft(insurer, sealed=True)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [("cash", "debit", 5)],
        [("cash", "debit", 5), ("premium_income", "credit", 4)],
        [("cash", "debit", 4), ("premium_income", "credit", 4)],
    ],
)
def test_the_database_refuses_to_seal_what_does_not_balance(insurer, lines):
    post(insurer)
    with pytest.raises(DatabaseError, match="does not balance"), transaction.atomic():
        entry = draft(insurer)
        for number, (key, side, amount) in enumerate(lines, start=1):
            add_line(entry, key, side, amount, line=number)
        JournalEntry.objects.within(insurer).filter(pk=entry.pk).update(sealed=True)


def test_the_database_refuses_to_seal_lines_of_another_tenant(insurer, other_insurer):
    post(insurer)
    post(other_insurer)
    foreign = Account.objects.within(other_insurer).get(key="cash")
    with pytest.raises(DatabaseError, match="does not balance"), transaction.atomic():
        entry = draft(insurer)
        add_line(entry, "cash", "debit", 5, account=foreign)
        add_line(entry, "premium_income", "credit", 5, line=2)
        JournalEntry.objects.within(insurer).filter(pk=entry.pk).update(sealed=True)


@pytest.mark.parametrize(("side", "amount"), [("debit", 0), ("debit", -5), ("left", 5)])
def test_the_database_refuses_a_line_that_makes_no_sense(insurer, side, amount):
    post(insurer)
    with pytest.raises(DatabaseError), transaction.atomic():
        add_line(draft(insurer), "cash", side, amount)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_to_commit_an_open_entry(insurer):
    post(insurer)
    with pytest.raises(DatabaseError, match="left open"), transaction.atomic():
        draft(insurer)


# --- the proof ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE ledger_posting SET amount_fen = amount_fen + 1 WHERE line = 1", "debit"),
        ("UPDATE ledger_journalentry SET total_fen = 5 WHERE number = 1", "stated"),
        ("UPDATE ledger_journalentry SET sealed = false WHERE number = 1", "not sealed"),
        ("UPDATE ledger_journalentry SET number = 7 WHERE number = 2", "number 2"),
    ],
)
def test_tampering_shows(insurer, lifted_guards, statement, reason):
    post(insurer)
    post(insurer, key="second")
    assert verify_books(insurer).holds
    connection.check_constraints()  # what PostgreSQL checks at a commit is behind us
    with lifted_guards(), connection.cursor() as cursor:
        cursor.execute(statement)
    reading = verify_books(insurer)
    assert not reading.holds
    assert any(reason in fault["reason"] for fault in reading.faults)


def test_an_entry_left_open_counts_nowhere_and_shows(insurer, lifted_guards):
    post(insurer)
    with lifted_guards():
        entry = draft(insurer, number=2)
        add_line(entry, "cash", "debit", 5)
        assert balance_of(insurer, "cash") == 0
        assert any("not sealed" in f["reason"] for f in verify_books(insurer).faults)
        Posting.objects.within(insurer).filter(entry=entry).delete()
        JournalEntry.objects.within(insurer).filter(pk=entry.pk).delete()


@pytest.mark.django_db(transaction=True)
def test_the_same_key_at_once_posts_once(insurer):
    seen, faults = [], []
    post(insurer, key="opens the books")
    gate = threading.Barrier(4)

    def write():
        try:
            gate.wait(10)
            seen.append(post(insurer).pk)
        except BaseException as error:
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(set(seen)) == 1
    assert verify_books(insurer).entries == 2


def test_the_chart_holds_what_the_law_keeps_apart():
    by_key = {line.key: line for line in chart()}
    assert by_key["commercial_contribution"].account_class == "commercial"
    assert by_key["insured_share"].account_class == "memo"
    assert by_key["premium_income"].normal_side == "credit"
    assert len({line.number for line in chart()}) == len(chart())
