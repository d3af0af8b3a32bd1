"""Releases as jobs: asked for once, made once, never two at a time, whatever happens meanwhile."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from dinghai.experience.pool_private import Budget
from dinghai.experience.pool_rules import pool_rules
from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import audit
from dinghai_platform.core.jobs import cancel_job, retry_job
from dinghai_platform.core.models import AuditEntry, Job
from dinghai_platform.core.tenancy import crossing_tenants
from dinghai_platform.pool.models import Batch, BudgetEntry, Release, ReleaseRequest
from dinghai_platform.pool.services import requests
from dinghai_platform.pool.services.contributions import withdraw_batch
from dinghai_platform.pool.services.requests import request_release
from tests.experience.pooling import book
from tests.platform.killing import killed_in_the_middle, worked_to_the_end
from tests.platform.pool.conftest import Shared
from tests.platform.story import work

MARKET = "market_statistics"
ONE = Budget(1_000_000)
HANGING = """
from dinghai_platform.pool.services import requests
real = requests.publish
def publish_and_hang(*arguments, **words):
    made = real(*arguments, **words)
    hang()
    return made
requests.publish = publish_and_hang
"""


def now(row: ReleaseRequest) -> ReleaseRequest:
    """A request as it stands now."""
    return ReleaseRequest.objects.unscoped("t").select_related("job", "release").get(pk=row.pk)


def releases() -> int:
    return Release.objects.unscoped("all").count()


def test_it_works(filled: Shared) -> None:
    asked = request_release(MARKET, actor=filled.operator)
    assert (asked.state, now(asked).release) == ("requested", None)
    work()
    done = now(asked)
    assert done.state == "published" and done.release is not None
    assert (done.release.number, done.release.published_by) == (
        "R2026-001", filled.operator.user)
    assert done.job.result == {"request": str(asked.pk), "release": "R2026-001"}
    assert (done.job.progress, done.job.total) == (2, 2)
    entry = AuditEntry.objects.within(asked.tenant).get(action="pool.release_requested")
    assert str(done.job.pk) in entry.payload
    assert audit.verify_chain(asked.tenant).holds


def test_the_same_asked_again_is_the_same_another_waits(filled: Shared) -> None:
    asked = request_release(MARKET, actor=filled.operator)
    assert request_release(MARKET, actor=filled.operator).pk == asked.pk
    for other in ({"purpose": "pricing_research"}, {"purpose": MARKET, "budget": ONE},
                  {"purpose": MARKET, "tables": [["peril"]]}):
        with pytest.raises(Refusal, match="being made"):
            request_release(actor=filled.operator, **other)  # type: ignore[arg-type]
    assert Job.objects.unscoped("t").filter(kind=requests.RELEASE).count() == 1
    work()
    again = request_release(MARKET, actor=filled.operator)
    assert again.pk != asked.pk
    work()
    failed = now(again)
    assert failed.state == "failed" and "nothing has changed" in failed.job.error
    assert releases() == 1


def test_who_may_not_and_what_is_none_is_said_at_once(filled: Shared) -> None:
    with pytest.raises(PermissionDenied):
        request_release(MARKET, actor=filled.actuary())
    for wrong in ({"purpose": "marketing"}, {"purpose": MARKET, "tables": [["month"]]},
                  {"purpose": MARKET, "budget": Budget(1)}):
        with pytest.raises(InputError):
            request_release(actor=filled.operator, **wrong)  # type: ignore[arg-type]
    most = pool_rules().private.year_epsilon_ppm
    with pytest.raises(Refusal, match="budget"):
        request_release(MARKET, budget=Budget(most + 1), actor=filled.operator)
    assert not ReleaseRequest.objects.unscoped("t").exists()


def test_a_failed_request_says_why_and_can_be_tried_again(shared: Shared) -> None:
    shared.give(book(4, 2))
    asked = request_release(MARKET, actor=shared.operator)
    work()
    failed = now(asked)
    assert failed.state == "failed" and "enough firms" in failed.job.error
    shared.give(book(150, 60), part="more")
    retry_job(failed.job, actor=shared.operator)
    work()
    assert now(asked).state == "published"


def test_a_cancelled_request_publishes_nothing(filled: Shared) -> None:
    asked = request_release(MARKET, actor=filled.operator)
    cancel_job(asked.job, actor=filled.operator)
    work()
    assert now(asked).state == "cancelled" and releases() == 0
    assert request_release(MARKET, actor=filled.operator).pk != asked.pk


def test_one_tried_again_beside_another_fails(shared: Shared) -> None:
    """Of two at work the earlier goes on."""
    first = request_release(MARKET, actor=shared.operator)
    work()
    shared.give(book(150, 60))
    second = request_release(MARKET, actor=shared.operator)
    third = ReleaseRequest.objects.create(
        tenant=second.tenant, purpose=MARKET, method="suppressed", tables=second.tables,
        job=Job.objects.create(
            tenant=second.tenant, kind=requests.RELEASE, organisation=second.tenant,
            role="platform_admin", created_by=shared.operator.user, total=2))
    third.job.arguments = {"request": str(third.pk)}
    third.job.save()
    Job.objects.unscoped("t").filter(pk=second.job_id).update(not_before="2099-01-01T00:00Z")
    work()
    assert now(first).state == "failed" and "enough firms" in now(first).job.error
    assert now(third).state == "failed" and "being made" in now(third).job.error
    Job.objects.unscoped("t").filter(pk=second.job_id).update(not_before=None)
    work()
    assert now(second).state == "published" and releases() == 1


@pytest.mark.parametrize("budget", [None, ONE])
def test_what_changes_meanwhile_is_in_the_release(
    filled: Shared, monkeypatch: pytest.MonkeyPatch, budget: Budget | None
) -> None:
    """A batch withdrawn while the release is made: it is made anew, without it."""
    gone = Batch.objects.within(filled.members["丁"]).get()
    name = "make_suppressed" if budget is None else "make_private"
    real, calls = getattr(requests, name), []

    def meanwhile(*arguments: Any) -> Any:
        made = real(*arguments)
        calls.append(made)
        if len(calls) == 1:
            withdraw_batch(gone, reason="wrong", actor=filled.actuary("丁"))
        return made

    monkeypatch.setattr(requests, name, meanwhile)
    asked = request_release(MARKET, actor=filled.operator, budget=budget)
    work()
    done = now(asked)
    assert len(calls) == 2 and done.state == "published" and done.release is not None
    with crossing_tenants("t"):
        assert gone.pk not in set(done.release.batches.values_list("batch_id", flat=True))
    assert BudgetEntry.objects.unscoped("t").count() == (0 if budget is None else 1)


def test_a_pool_that_never_rests_ends_in_a_reason(
    filled: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = requests.make_suppressed, []

    def meanwhile(*arguments: Any) -> Any:
        made = real(*arguments)
        calls.append(made)
        filled.give(book(40, 20, len(calls), first=1_000 * len(calls)), part=str(len(calls)))
        return made

    monkeypatch.setattr(requests, "make_suppressed", meanwhile)
    asked = request_release(MARKET, actor=filled.operator)
    work()
    failed = now(asked)
    assert len(calls) == requests.MOST_TRIES
    assert failed.state == "failed" and "changed while" in failed.job.error
    assert releases() == 0


def test_the_budget_is_asked_for_again_when_it_is_spent(filled: Shared) -> None:
    """Between request and job another spends: nothing is published, nothing is overspent."""
    from dinghai_platform.pool.services.releases import publish_private

    most = pool_rules().private.year_epsilon_ppm
    asked = request_release(MARKET, budget=Budget(most), actor=filled.operator)
    publish_private(MARKET, ONE, actor=filled.operator)
    work()
    failed = now(asked)
    assert failed.state == "failed" and "budget" in failed.job.error
    assert sum(one.epsilon_ppm for one in BudgetEntry.objects.unscoped("t")) == 1_000_000


@pytest.mark.django_db(transaction=True)
def test_many_who_ask_at_once_get_one(filled: Shared) -> None:
    operator, said = filled.operator, []
    ready = threading.Barrier(4)

    def ask() -> None:
        ready.wait()
        try:
            said.append(str(request_release(MARKET, budget=ONE, actor=operator).pk))
        except (Refusal, DatabaseError) as error:
            said.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    asked = ReleaseRequest.objects.unscoped("t").get()
    assert set(said) <= {str(asked.pk), "OperationalError"} and str(asked.pk) in said
    work()
    assert now(asked).state == "published"
    assert BudgetEntry.objects.unscoped("t").count() == releases() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("budget", [None, ONE])
def test_a_killed_worker_publishes_once(
    filled: Shared, settings: Any, tmp_path: Path, budget: Budget | None
) -> None:
    """It dies after the release is written and before it is committed: all of that is gone."""
    asked = request_release(MARKET, budget=budget, actor=filled.operator)
    killed_in_the_middle(settings, tmp_path / "marker", HANGING)
    broken = now(asked)
    assert (broken.state, broken.job.progress) == ("running", 1)
    assert releases() == 0 and not BudgetEntry.objects.unscoped("t").exists()
    worked_to_the_end(settings)
    done = now(asked)
    assert done.state == "published" and releases() == 1
    assert BudgetEntry.objects.unscoped("t").count() == (0 if budget is None else 1)
    assert audit.verify_chain(asked.tenant).holds


def test_a_request_is_the_operators_alone(filled: Shared) -> None:
    asked = request_release(MARKET, actor=filled.operator)
    page, call = f"/pool/request/?q={asked.pk}", f"/api/v1/pool/release-request?id={asked.pk}"
    browser = filled.browser("platform_admin", audit.platform_organisation())
    assert [browser.get(one).status_code for one in (page, call)] == [200, 200]
    for wrong in ("x", "01a199c5-3280-7dbe-b8b8-1cfa5e2874bf"):
        assert browser.get(f"/pool/request/?q={wrong}").status_code == 404
    for role in ("actuary", "platform_admin"):
        member = filled.browser(role, filled.members["甲"])
        assert [member.get(one).status_code for one in (page, call)] == [403, 403]


def test_many_requests_take_no_more_queries(filled: Shared) -> None:
    browser = filled.browser("platform_admin", audit.platform_organisation())
    counts = []
    for _ in range(3):
        request_release(MARKET, actor=filled.operator)
        work()
        with CaptureQueriesContext(connection) as seen:
            browser.get("/pool/publish/")
            browser.get("/api/v1/pool/release-requests")
        counts.append(len(seen))
    assert counts[1] == counts[2]
