"""From a new threat table to a refund: every verb of monitoring."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core.files import store_file
from dinghai_platform.ledger.queries import balance_of, verify_books
from dinghai_platform.monitoring.models import FloatProposal, MonitoredFinding, Notice, Reading
from dinghai_platform.monitoring.services.feeds import load_feed
from dinghai_platform.monitoring.services.findings import (
    acknowledge_notice,
    move_finding,
    sweep_overdue,
)
from dinghai_platform.monitoring.services.floats import (
    agree_float,
    apply_float,
    notify_float,
    pay_refund,
)
from dinghai_platform.monitoring.services.rescans import record_rescan, verify_fix
from dinghai_platform.underwriting.models import Policy
from dinghai_platform.underwriting.services.dossiers import archive_of_folder
from dinghai_platform.underwriting.services.treatment import commit_fix, plan_treatment
from tests.platform.story import EXAMPLE, World, stand_at, work


def _load(kev: bytes, world: World) -> None:
    load_feed(
        kev, name="kev.csv", kind="kev", as_of=date(2026, 4, 16),
        actor=world.actor("underwriter"),
    )
    work()


def _rescan(policy: Policy, day: str, world: World) -> object:
    stand_at(f"{day}T10:00:00")
    archive = archive_of_folder(EXAMPLE / "rescan" / day)
    return record_rescan(policy, archive, name=f"{day}.zip", actor=world.actor("underwriter"))


def test_the_whole_watch(policy: Policy, kev: bytes, world: World) -> None:
    underwriter, insured = world.actor("underwriter"), world.actor("insured_admin")
    _load(kev, world)
    readings = list(policy.readings.all())
    assert [row.cause for row in readings] == ["bind", "feed"]
    assert readings[1].expected_loss_fen > readings[0].expected_loss_fen
    assert readings[1].score_ppm < readings[0].score_ppm
    found = list(policy.monitored_findings.all())
    assert found and {one.state for one in found} == {"notified"}
    notice = policy.notices.get()
    assert notice.delivered_at and notice.delivery_sha256 and notice.file.size > 1_000
    first = policy.float_proposals.get()
    assert first.amount_fen == 0 and first.state in ("measured", "held", "baseline")

    acknowledge_notice(notice, actor=insured)
    plan = plan_treatment(
        policy.quote.assessment, policy.quote.product, actor=underwriter
    )
    fix = plan.fixes.filter(document__level="full").first()
    commit_fix(fix, due=date(2026, 7, 31), actor=insured)

    rescanned = _rescan(policy, "2026-05-06", world)
    assert {one.state for one in policy.monitored_findings.all()} == {"verified"}
    assert len(rescanned.closed) == len(found)

    stand_at("2026-07-31T09:00:00")
    evidence = store_file(
        "已整改".encode(), name="fix.txt", media_type="text/plain", actor=underwriter
    )
    reading = verify_fix(
        fix, policy, evidence=evidence, verified_by="第三方评估", actor=underwriter
    )
    _rescan(policy, "2026-07-31", world)
    proposal = policy.float_proposals.order_by("-id").first()
    *older, newest = policy.float_proposals.order_by("id")
    assert newest == proposal
    assert {one.state for one in older} <= {"superseded", "baseline"}
    assert "superseded" in {one.state for one in older}
    assert reading.score_ppm > readings[1].score_ppm
    assert proposal.state == "proposed" and proposal.amount_fen < 0

    notify_float(proposal, actor=underwriter)
    agree_float(proposal, actor=insured)
    endorsement = apply_float(proposal, actor=underwriter)
    refund = -endorsement.amount_fen
    assert balance_of(world.insurer, "refund_payable") == refund
    pay_refund(endorsement, reference="B-2", actor=underwriter)
    assert balance_of(world.insurer, "refund_payable") == 0
    assert balance_of(world.insurer, "cash") == policy.gross_premium_fen - refund
    assert verify_books(world.insurer).holds
    assert endorsement.papers.count() == 2


def test_a_table_is_matched_once(policy: Policy, kev: bytes, world: World) -> None:
    _load(kev, world)
    _load(kev, world)
    assert policy.readings.count() == 2
    assert policy.notices.count() == 1


def test_a_table_from_the_future_is_refused(policy: Policy, kev: bytes, world: World) -> None:
    with pytest.raises(InputError, match="not come yet"):
        load_feed(kev, name="k.csv", kind="kev", as_of=date(2026, 5, 1),
                  actor=world.actor("underwriter"))


def test_a_late_finding_becomes_overdue(policy: Policy, kev: bytes, world: World) -> None:
    _load(kev, world)
    assert sweep_overdue(actor=world.system) == 0
    notice = policy.notices.get()
    acknowledge_notice(notice, actor=world.actor("insured_admin"))
    stand_at("2026-04-28T09:00:01")
    assert sweep_overdue(actor=world.system) == policy.monitored_findings.count()
    assert {one.state for one in policy.monitored_findings.all()} == {"overdue"}
    assert policy.notices.filter(kind=Notice.Kind.OVERDUE).count() == 1
    assert sweep_overdue(actor=world.system) == 0


def test_a_finding_is_disputed_and_dismissed(policy: Policy, kev: bytes, world: World) -> None:
    _load(kev, world)
    finding = policy.monitored_findings.first()
    insured, underwriter = world.actor("insured_admin"), world.actor("underwriter")
    with pytest.raises(InputError, match="reason"):
        move_finding(finding, "dispute", actor=insured)
    with pytest.raises(PermissionDenied):
        move_finding(finding, "dispute", reason="x", actor=underwriter)
    move_finding(finding, "dispute", reason="not installed", actor=insured)
    with pytest.raises(Refusal):
        move_finding(finding, "fix", actor=insured)
    assert move_finding(finding, "dismiss", reason="right", actor=underwriter).state == (
        "false_positive"
    )


def test_nothing_is_applied_before_it_is_agreed(
    policy: Policy, kev: bytes, world: World
) -> None:
    _load(kev, world)
    proposal = FloatProposal.objects.within(world.insurer).get()
    for verb, role in (
        (notify_float, "underwriter"), (agree_float, "insured_admin"),
        (apply_float, "underwriter"),
    ):
        with pytest.raises(Refusal):
            verb(proposal, actor=world.actor(role))


def test_a_foreign_insurer_sees_and_does_nothing(
    policy: Policy, kev: bytes, world: World
) -> None:
    _load(kev, world)
    foreign = world.actor("underwriter", world.other_insurer)
    for model in (Reading, MonitoredFinding, Notice, FloatProposal):
        assert model.objects.visible_to(world.actor("insured_admin")).exists()
        assert not model.objects.visible_to(foreign).exists()
    with pytest.raises(PermissionDenied):
        record_rescan(policy, b"", name="a.zip", actor=foreign)
