"""What members give: receipts, rejected rows, duplicates, credits, withdrawal, and secrecy."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.http import Http404

from dinghai.experience.pool_rules import pool_rules
from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core.audit import verify_chain
from dinghai_platform.core.models import AuditEntry, Organisation, StoredFile
from dinghai_platform.core.tenancy import UnscopedQuery
from dinghai_platform.pool import queries
from dinghai_platform.pool.models import Batch, CreditEntry, Member, Pool, Record
from dinghai_platform.pool.services.contributions import (
    check_file,
    contribute_file,
    contribute_records,
    withdraw_all,
    withdraw_batch,
)
from dinghai_platform.pool.services.members import admit_member, end_member, key_of, open_pool
from tests.experience.pooling import book, credit_code
from tests.platform.pool.conftest import ALL, Shared, file_of

GOOD = {"kind": "event", "firm": credit_code(1), "day": "2026-03-15", "section": "C",
        "size_band": "11-100", "peril": "ransomware", "amount_fen": 500_000, "records": None,
        "duration_hours": 12, "role": None}


def test_it_works(shared: Shared) -> None:
    given = book(40, 20, covers=True)
    (batch, *_others) = shared.give(given)
    mine = [one.record for one in given if one.contributor == "甲"]
    assert batch.tenant == shared.world.insurer
    assert batch.number == "POOL-2026-0001"
    assert batch.accepted == len(set(mine)) == Record.objects.within(batch.tenant).count()
    assert (batch.rejected, batch.faults, batch.purposes) == (0, [], ALL)
    entry = AuditEntry.objects.within(batch.tenant).get(action="pool.batch_contributed")
    assert entry.leaf_count == batch.accepted
    assert verify_chain(batch.tenant).holds


def test_no_firm_is_kept_in_clear(shared: Shared) -> None:
    batch = contribute_records([GOOD], purposes=ALL, actor=shared.actuary())
    other = contribute_records([GOOD], purposes=ALL, actor=shared.actuary("乙"))
    rows = [Record.objects.within(one.tenant).get() for one in (batch, other)]
    assert rows[0].firm == rows[1].firm, "one firm is one pseudonym, whoever gives it"
    assert rows[0].firm != credit_code(1)
    assert not StoredFile.objects.unscoped("nothing was stored").exists()
    for entry in AuditEntry.objects.unscoped("the audit says no firm"):
        assert credit_code(1) not in entry.payload
    pool = Pool.objects.unscoped("test").get()
    assert len(key_of(pool)) == 32
    assert key_of(pool).hex() not in pool.sealed_key


def test_rejected_rows_do_not_stop_the_others_and_are_all_listed(shared: Shared) -> None:
    records = [GOOD, {**GOOD, "firm": "x"}, {**GOOD, "day": "soon", "peril": None}, GOOD]
    batch = contribute_records(records, purposes=ALL, actor=shared.actuary())
    assert (batch.rows, batch.accepted, batch.rejected) == (4, 1, 3)
    assert [(one["line"], one["field"]) for one in batch.faults] == [
        (2, "firm"), (3, "day"), (3, "peril"), (4, None)]
    assert all(one["mend"] for one in batch.faults)
    with pytest.raises(InputError) as caught:
        contribute_records([{**GOOD, "firm": "x"}], purposes=ALL, actor=shared.actuary())
    assert caught.value.fault.line == 1
    assert Batch.objects.within(batch.tenant).count() == 1


def test_a_dry_run_keeps_nothing(shared: Shared) -> None:
    content = file_of(book(40, 20), "甲")
    found = check_file(content, name="a.csv", actor=shared.actuary())
    assert found.records and not found.rejected
    assert not Batch.objects.within(shared.world.insurer).exists()
    assert not AuditEntry.objects.within(shared.world.insurer).filter(
        action="pool.batch_contributed").exists()


def test_the_same_content_is_recognised(shared: Shared) -> None:
    given = book(40, 20)
    content = file_of(given, "甲")
    actor = shared.actuary()
    first = contribute_file(content, name="a.csv", purposes=ALL, actor=actor)
    for again in (content, b"\xef\xbb\xbf" + content):
        with pytest.raises(Refusal, match=f"in batch: {first.number}"):
            contribute_file(again, name="b.csv", purposes=ALL, actor=actor)
    more = contribute_file(content + b"\n" + _row("2026-01-02"), name="c.csv", purposes=ALL,
                           actor=actor)
    assert (more.accepted, more.rejected) == (1, first.accepted)
    assert f"given before in batch: {first.number}" in more.faults[0]["message"]
    withdraw_batch(first, reason="wrong amounts", actor=actor)
    again = contribute_file(content, name="a.csv", purposes=ALL, actor=actor)
    assert again.accepted == first.accepted, "what was withdrawn may be given anew"


def _row(day: str) -> bytes:
    return f"event,{credit_code(900)},{day},C,1-10,bec_fraud,100,,,".encode()


@pytest.mark.parametrize(("purposes", "said"), [([], "no purpose"), (["marketing"], "purpose")])
def test_a_batch_has_purposes_of_the_vocabulary(
    shared: Shared, purposes: list[str], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        contribute_records([GOOD], purposes=purposes, actor=shared.actuary())


def test_who_may_give(shared: Shared) -> None:
    for role in ("underwriter", "auditor", "claims_handler"):
        with pytest.raises(PermissionDenied):
            contribute_records([GOOD], purposes=ALL, actor=shared.world.actor(role))
    with pytest.raises(PermissionDenied):
        contribute_records([GOOD], purposes=ALL, actor=shared.operator)
    outside = shared.world.actor("actuary", shared.world.other_insurer)
    with pytest.raises(Refusal, match="no member"):
        contribute_records([GOOD], purposes=ALL, actor=outside)
    end_member(shared.world.insurer, actor=shared.operator)
    with pytest.raises(Refusal, match="no member"):
        contribute_records([GOOD], purposes=ALL, actor=shared.actuary())


def test_an_organisation_without_books_gives_too(shared: Shared) -> None:
    reinsurer = Organisation.objects.create(kind="reinsurer", name_zh="再保")
    actor = shared.world.actor("reinsurer", reinsurer)
    admit_member(reinsurer, actor=shared.operator)
    batch = contribute_records([GOOD], purposes=ALL, actor=actor)
    assert batch.tenant == reinsurer
    assert queries.batch_of(actor, batch.pk) == batch
    assert AuditEntry.objects.within(shared.operator.own_tenant()).filter(
        action="pool.batch_contributed").count() == 1
    withdraw_batch(batch, reason="over", actor=actor)


def test_no_member_sees_anothers_records(filled: Shared) -> None:
    foreign = Batch.objects.within(filled.members["乙"]).get()
    actor = filled.actuary("甲")
    with pytest.raises(Http404):
        queries.batch_of(actor, foreign.pk)
    with pytest.raises(Refusal):
        withdraw_batch(foreign, reason="mischief", actor=actor)
    assert not Record.objects.visible_to(actor).filter(tenant=foreign.tenant).exists()
    assert not Record.objects.visible_to(filled.operator).exists(), "nor does the operator"
    assert not CreditEntry.objects.visible_to(actor).filter(tenant=foreign.tenant).exists()
    with pytest.raises(UnscopedQuery):
        Record.objects.count()
    page = filled.browser("actuary", filled.members["甲"])
    for address in (f"/pool/batches/{foreign.pk}/", f"/api/v1/pool/batches/{foreign.pk}"):
        assert page.get(address).status_code == 404
    assert page.post(f"/pool/batches/{foreign.pk}/withdraw/", {"reason": "x"}).status_code == 404
    assert Batch.objects.within(foreign.tenant).get().state == Batch.State.ACCEPTED


# --- credits --------------------------------------------------------------------------------------


def test_credits_are_earned_and_taken_back(shared: Shared) -> None:
    rules = pool_rules().credits
    actor = shared.actuary()
    batch = contribute_records([GOOD], purposes=ALL, actor=actor)
    expected = rules.event + 2 * rules.known_measure + rules.recent + rules.rare
    assert queries.balance(actor.organisation) == expected
    assert batch.credits.get().parts["rare"] == rules.rare
    shown = {one.organisation: one for one in queries.members()}
    assert shown[actor.organisation].share_ppm == 1_000_000
    withdraw_batch(batch, reason="wrong", actor=actor)
    assert queries.balance(actor.organisation) == 0
    assert CreditEntry.objects.within(actor.organisation).count() == 2, "nothing was rubbed out"


@pytest.mark.parametrize("model", ["creditentry", "record"])
def test_the_database_keeps_the_ledger_as_it_is(shared: Shared, model: str) -> None:
    contribute_records([GOOD], purposes=ALL, actor=shared.actuary())
    kind = {"creditentry": CreditEntry, "record": Record}[model]
    row = kind.objects.within(shared.world.insurer).get()
    with pytest.raises(DatabaseError), transaction.atomic():
        row.delete()
    changed = {"creditentry": {"amount_milli": 9}, "record": {"amount_fen": 9}}[model]
    with pytest.raises(DatabaseError), transaction.atomic():
        kind.objects.within(shared.world.insurer).update(**changed)


# --- withdrawal and membership --------------------------------------------------------------------


def test_a_withdrawal_needs_its_reason_and_happens_once(filled: Shared) -> None:
    actor = filled.actuary()
    batch = Batch.objects.within(actor.organisation).get()
    for reason in ("", "  ", "x" * 2_001):
        with pytest.raises(InputError):
            withdraw_batch(batch, reason=reason, actor=actor)
    (gone,) = withdraw_all(reason="leaving", actor=actor)
    assert gone.state == Batch.State.WITHDRAWN
    with pytest.raises(Refusal, match="before"):
        withdraw_batch(batch, reason="again", actor=actor)
    with pytest.raises(Refusal, match="nothing of yours"):
        withdraw_all(reason="again", actor=actor)
    assert AuditEntry.objects.within(actor.organisation).filter(
        action="pool.batch_withdrawn").count() == 1


def test_who_left_may_still_withdraw(filled: Shared) -> None:
    end_member(filled.world.insurer, actor=filled.operator)
    assert queries.stock().members == 3
    assert withdraw_all(reason="we left", actor=filled.actuary())


def test_members_are_admitted_by_the_operator_alone(shared: Shared) -> None:
    with pytest.raises(PermissionDenied):
        admit_member(shared.world.other_insurer, actor=shared.world.actor("platform_admin"))
    authority = Organisation.objects.create(kind="regulator", name_zh="监管")
    with pytest.raises(Refusal, match="no loss records"):
        admit_member(authority, actor=shared.operator)
    with pytest.raises(Refusal, match="no member"):
        end_member(shared.world.other_insurer, actor=shared.operator)
    again = admit_member(shared.world.insurer, actor=shared.operator)
    assert Member.objects.within(again.tenant).filter(
        organisation=shared.world.insurer).count() == 1
    assert open_pool(actor=shared.operator) == Pool.objects.unscoped("test").get()
