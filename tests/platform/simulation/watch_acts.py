"""Watching policies in force: tables, findings, notices, re-scans, fixes, the float."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied

from dinghai.foundation.errors import InputError, Refusal
from dinghai.vocabulary.lifecycle import machines
from dinghai_platform.core.files import store_file
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
    dispute_float,
    notify_float,
    pay_refund,
    recheck_float,
)
from dinghai_platform.monitoring.services.readings import take_reading
from dinghai_platform.monitoring.services.rescans import record_rescan, verify_fix
from dinghai_platform.underwriting.models import Endorsement, Fix, Policy
from tests.platform.simulation.attempts import Attempt, must, never, same
from tests.platform.simulation.material import kev_table, rescan_archive

if TYPE_CHECKING:
    from tests.platform.simulation.world import Simulation

TABLE_DAY = date(2026, 4, 16)
_BY_INSURED = ("fix", "accept", "dispute")


def attempts(sim: Simulation) -> Iterator[Attempt]:
    """Everything monitoring allows (or must refuse) now."""
    yield from _tables(sim)
    for policy in Policy.objects.within(sim.tenant).filter(state="in_force"):
        if policy.inception <= sim.today <= policy.expiry:
            yield from _evidence(sim, policy)
        else:
            yield never("read outside the cover", lambda policy=policy: take_reading(
                policy, cause=Reading.Cause.REVIEW, actor=sim.staff("underwriter")), (Refusal,))
    yield from _findings(sim)
    yield from _floats(sim)


def _tables(sim: Simulation) -> Iterator[Attempt]:
    def load(day: date) -> object:
        return load_feed(kev_table(), name="kev.csv", kind="kev", as_of=day,
                         actor=sim.staff("underwriter"))

    if sim.today >= TABLE_DAY and "table" not in sim.memory:
        yield must("load_feed", lambda: load(TABLE_DAY), weight=6,
                   then=lambda row: sim.memory.update(table=row))
    if "table" in sim.memory and sim.random.random() < 0.2:
        yield same("load_feed again", lambda: load(TABLE_DAY))
    if sim.today < TABLE_DAY:
        yield never("a table from the future", lambda: load(TABLE_DAY), (InputError,))


def _evidence(sim: Simulation, policy: Policy) -> Iterator[Attempt]:
    underwriter = sim.staff("underwriter")
    if sim.random.random() < 0.5:
        number = sim.next_number()
        seed = sim.random.random()

        def rescanned(_result: object) -> None:
            sim.memory.setdefault("rescans", []).append((policy.pk, seed))

        yield must("record_rescan", lambda: record_rescan(
            policy, rescan_archive(Random(seed)), name=f"rescan-{number}.zip",
            actor=underwriter), weight=3, then=rescanned)
    old = [seed for key, seed in sim.memory.get("rescans", ()) if key == policy.pk]
    if len(old) > 1 and sim.random.random() < 0.3:
        yield must("record_rescan, an old file again", lambda: record_rescan(
            policy, rescan_archive(Random(old[0])), name="again.zip", actor=underwriter))
    yield must("review", lambda: take_reading(
        policy, cause=Reading.Cause.REVIEW, actor=underwriter))
    fix = Fix.objects.within(sim.tenant).filter(
        plan__case_id=policy.case_id, state="planned").first()
    if fix is not None:
        yield must("verify_fix", lambda: verify_fix(
            fix, policy, verified_by="第三方评估", actor=underwriter,
            # One report often proves several fixes.
            evidence=store_file(f"报告 {policy.policy_no}".encode(), name="report.txt",
                                media_type="text/plain", actor=underwriter)), weight=3,
            faultable=False)
    proposed = Fix.objects.within(sim.tenant).filter(
        plan__case_id=policy.case_id, state="proposed").first()
    if proposed is not None:
        yield never("verify a fix nobody planned", lambda: verify_fix(
            proposed, policy, verified_by="x", actor=underwriter,
            evidence=policy.quote.assessment.dossier.source), (Refusal,))


def _findings(sim: Simulation) -> Iterator[Attempt]:
    late = MonitoredFinding.objects.within(sim.tenant).filter(
        state__in=("notified", "acknowledged", "fixing"), due__lt=sim.now).count()
    ending = must if late else same
    yield ending("sweep_overdue", lambda: sweep_overdue(actor=sim.cast.system),
                 weight=3 if late else 1)
    for notice in Notice.objects.within(sim.tenant).filter(acknowledged_at=None)[:2]:
        admin = sim.person("insured_admin", notice.insured)
        yield must("acknowledge_notice", lambda notice=notice, admin=admin: acknowledge_notice(
            notice, actor=admin), weight=2)
        yield never("insurer acknowledges", lambda notice=notice: acknowledge_notice(
            notice, actor=sim.staff("underwriter")), (PermissionDenied,))
    found = list(MonitoredFinding.objects.within(sim.tenant).exclude(
        state__in=("verified", "false_positive")))
    if not found:
        return
    finding = sim.random.choice(found)
    possible = machines()["monitoring_finding"].events(finding.state)
    for event in ("fix", "accept", "dispute", "uphold", "dismiss", "reopen"):
        actor = (sim.person("insured_security", finding.insured) if event in _BY_INSURED
                 else sim.staff("underwriter"))

        def move(finding=finding, event=event, actor=actor) -> object:
            return move_finding(finding, event, reason="说明", actor=actor)

        if event in possible:
            yield must(f"finding {event}", move)
        else:
            yield never(f"finding {event} from {finding.state}", move, (Refusal,))


def _floats(sim: Simulation) -> Iterator[Attempt]:
    underwriter = sim.staff("underwriter")
    for policy in Policy.objects.within(sim.tenant).filter(state="in_force"):
        rows = list(FloatProposal.objects.within(sim.tenant).filter(
            policy=policy).order_by("-id")[:2])
        if not rows:
            continue
        latest, admin = rows[0], sim.person("insured_admin", policy.insured)
        possible = machines()["premium_float"].events(latest.state)
        verbs = {
            "notify": lambda row=latest: notify_float(row, actor=underwriter),
            "agree": lambda row=latest, admin=admin: agree_float(row, actor=admin),
            "dispute": lambda row=latest, admin=admin: dispute_float(
                row, reason="请复核", actor=admin),
            "recheck": lambda row=latest: recheck_float(row, reason="已复核", actor=underwriter),
            "apply": lambda row=latest: apply_float(row, actor=underwriter),
        }
        for event, verb in verbs.items():
            if event in possible:
                yield must(f"float {event}", verb, weight=5 if event != "dispute" else 1)
            else:
                yield never(f"float {event} from {latest.state}", verb, (Refusal,))
        if len(rows) > 1 and rows[1].state == "proposed":
            yield never("an overtaken proposal", lambda row=rows[1]: notify_float(
                row, actor=underwriter), (Refusal,))
    yield from _refunds(sim)


def _refunds(sim: Simulation) -> Iterator[Attempt]:
    underwriter = sim.staff("underwriter")
    for endorsement in Endorsement.objects.within(sim.tenant):
        def pay(reference: str, row: Endorsement = endorsement) -> Endorsement:
            return pay_refund(row, reference=reference, actor=underwriter)

        paid = sim.refunded.get(str(endorsement.pk))
        if paid is None:
            def done(row: Endorsement) -> None:
                sim.refunded[str(row.pk)] = (sim.today, -row.amount_fen)
                sim.money["cash"] += row.amount_fen

            yield must("pay_refund", lambda pay=pay: pay("R-1"), weight=4, then=done)
        else:
            yield never("pay_refund twice", lambda pay=pay: pay("R-2"), (Refusal,))
            if paid[0] == sim.today:
                yield same("pay_refund repeated", lambda pay=pay: pay("R-1"))
