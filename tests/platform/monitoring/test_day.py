"""What the worker does by itself once per business day; the standing clock is moved, nobody
waits."""

from __future__ import annotations

from datetime import date

from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.core.models import Job
from dinghai_platform.core.worker import Worker
from dinghai_platform.ledger.queries import balance_of
from dinghai_platform.monitoring.models import Notice
from dinghai_platform.monitoring.services.feeds import load_feed
from dinghai_platform.underwriting.models import Dossier, Policy, Quote
from dinghai_platform.underwriting.services.contracts import bind_policy
from dinghai_platform.underwriting.services.explanations import record_explanations, terms_of
from dinghai_platform.underwriting.services.quotes import accept_quote
from tests.platform.story import World, stand_at, work
from tests.platform.underwriting.way import issued_quote, policy_in_force


def the_day(worker: Worker | None = None) -> Worker:
    """A worker looks at the day and does what waits."""
    worker = worker or Worker(lease_seconds=600)
    worker.start_day()
    worker.run_until_idle()
    failed = Job.objects.unscoped("looking at the outcome").exclude(state=Job.State.DONE)
    assert not failed.exists(), [job.error for job in failed]
    return worker


def day_jobs(world: World, kind: str) -> list[Job]:
    rows = Job.objects.within(world.insurer).filter(kind=kind)
    return list(rows.order_by("id"))


def load_kev(kev: bytes, world: World) -> None:
    load_feed(kev, name="kev.csv", kind="kev", as_of=date(2026, 4, 16),
              actor=world.actor("underwriter"))
    work()


def paid_early(dossier: Dossier, product: ProductVersion, world: World) -> Policy:
    """A policy paid in April whose cover begins in May."""
    stand_at("2026-04-10T09:00:00")
    return policy_in_force(dossier, product, world, inception=date(2026, 5, 1))


def test_a_table_between_payment_and_the_first_day_gives_a_notice_on_it(
    dossier: Dossier, product: ProductVersion, world: World, kev: bytes
) -> None:
    policy = paid_early(dossier, product, world)
    stand_at("2026-04-20T09:00:00")
    load_kev(kev, world)
    worker = the_day()
    assert policy.readings.count() == policy.notices.count() == 0
    stand_at("2026-05-01T00:30:00")
    the_day(worker)
    assert [row.cause for row in policy.readings.order_by("sequence")] == ["bind", "feed"]
    first, second = policy.readings.order_by("sequence")
    assert first.document["kev_as_of"] == policy.quote.assessment.kev_as_of.isoformat()
    assert second.document["kev_as_of"] == "2026-04-16"
    assert second.expected_loss_fen > first.expected_loss_fen
    notice = policy.notices.get()
    assert notice.kind == Notice.Kind.REMEDY and notice.delivered_at is not None
    assert {one.state for one in policy.monitored_findings.all()} == {"notified"}
    assert day_jobs(world, "monitoring.day")[-1].result["notices"] == 1
    stand_at("2026-05-02T00:30:00")
    the_day(worker)
    assert policy.readings.count() == 2 and policy.notices.count() == 1


def test_without_a_new_table_the_first_day_keeps_the_first_reading_alone(
    dossier: Dossier, product: ProductVersion, world: World
) -> None:
    stand_at("2026-03-20T09:00:00")
    policy = policy_in_force(dossier, product, world)
    the_day()
    assert policy.readings.count() == 0
    stand_at("2026-04-01T00:00:00")
    the_day()
    assert [row.cause for row in policy.readings.all()] == ["bind"]
    assert policy.notices.count() == policy.float_proposals.count() == 0


def test_one_that_cannot_be_read_does_not_keep_the_day(
    dossier: Dossier, product: ProductVersion, world: World
) -> None:
    policy = policy_in_force(dossier, product, world)
    assessment = policy.quote.assessment
    assessment.document_hash = "0" * 64
    assessment.save()
    stand_at("2026-04-01T08:00:00")
    the_day()
    (unread,) = day_jobs(world, "monitoring.day")[-1].result["unread"]
    assert unread.startswith(policy.policy_no) and "changed" in unread
    assert policy.readings.count() == 0


def test_what_is_late_becomes_overdue(policy: Policy, world: World, kev: bytes) -> None:
    load_kev(kev, world)
    worker = the_day()
    assert {one.state for one in policy.monitored_findings.all()} == {"notified"}
    stand_at("2026-04-28T09:00:01")
    the_day(worker)
    assert {one.state for one in policy.monitored_findings.all()} == {"overdue"}
    assert policy.notices.filter(kind=Notice.Kind.OVERDUE).count() == 1


def test_the_day_is_done_once_whoever_looks(world: World) -> None:
    worker = Worker(lease_seconds=600)
    assert worker.start_day() is True
    assert worker.start_day() is False
    assert Worker(lease_seconds=600).start_day() is True  # one that starts again, or another
    for kind in ("monitoring.day", "underwriting.day"):
        assert len(day_jobs(world, kind)) == 1
        assert Job.objects.within(world.other_insurer).filter(kind=kind).count() == 1
    worker.run_until_idle()
    stand_at("2026-03-12T00:00:00")
    the_day(worker)
    assert [job.key for job in day_jobs(world, "underwriting.day")] == [
        "underwriting.day:2026-03-11", "underwriting.day:2026-03-12"
    ]
    assert [job.created_by for job in day_jobs(world, "underwriting.day")] == [None, None]


def test_offers_expire_and_unpaid_policies_lapse_by_themselves(
    dossier: Dossier, product: ProductVersion, world: World
) -> None:
    offered = issued_quote(dossier, product, world)
    taken = issued_quote(dossier, product, world)
    insured = world.actor("insured_admin")
    record_explanations(taken, [term.key for term in terms_of(taken)], actor=insured)
    policy = bind_policy(accept_quote(taken, actor=insured), actor=world.actor("underwriter"))
    worker = the_day()
    stand_at("2026-07-01T06:00:00")
    the_day(worker)
    assert Quote.objects.within(world.insurer).get(pk=offered.pk).state == "expired"
    assert Policy.objects.within(world.insurer).get(pk=policy.pk).state == "lapsed"
    assert balance_of(world.insurer, "premium_receivable") == 0
    result = day_jobs(world, "underwriting.day")[-1].result
    assert result == {"quotes_expired": 1, "policies_lapsed": 1, "policies_expired": 0}


def test_a_policy_past_its_last_day_expires_by_itself(policy: Policy, world: World) -> None:
    stand_at("2027-04-01T00:10:00")
    the_day()
    assert Policy.objects.within(world.insurer).get(pk=policy.pk).state == "expired"
