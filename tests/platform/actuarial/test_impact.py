"""The impact on the book: figures, steps, faults, foreign books, and a run cut in the middle."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from dinghai_platform.actuarial.models import ImpactRow, ImpactRun
from dinghai_platform.actuarial.services import impacts
from dinghai_platform.actuarial.services.drafts import NewFigure, change_figures, draft_version
from dinghai_platform.actuarial.services.impacts import start_impact
from dinghai_platform.actuarial.summing import EDGES, ratio_ppm, summed
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.core import jobs
from dinghai_platform.core.jobs import Step
from dinghai_platform.core.models import Job
from dinghai_platform.underwriting.models import Dossier, Policy
from dinghai_platform.underwriting.services.assessments import assess_dossier
from dinghai_platform.underwriting.services.quotes import price_quote
from tests.platform.actuarial.making import in_force, new_draft, with_impact
from tests.platform.story import World, work


def test_a_policy_stands_before_and_after(world: World, policy: Policy) -> None:
    run = with_impact(new_draft(world), world)
    assert (run.state, run.policies, run.quotes, run.faults) == ("done", 1, 0, 0)
    row = run.rows.get()
    assert row.policy_id == policy.pk and row.number == policy.policy_no
    assert row.charged_before_fen == policy.net_premium_fen
    assert row.technical_before_fen == row.technical_after_fen == policy.quote.technical_fen
    assert row.change_fen == row.charged_after_fen - row.charged_before_fen > 0
    assert row.steps == [{"part": "market", "fen": row.change_fen}]
    assert (row.industry, row.size, row.grade) == ("C", "500m_2bn", "C")
    found = run.summary["policies"]
    assert found["charged_after_fen"] == str(row.charged_after_fen)
    assert found["change_ppm"] == pytest.approx((1_700_000 / 1_522_911 - 1) * 1e6, abs=2)
    assert found["adequacy_after_ppm"] == pytest.approx(1_700_000, abs=1)
    assert run.summary["increases"] == [str(row.pk)] and run.summary["decreases"] == []
    assert sum(run.summary["histogram"]) == 1


def test_open_quotes_are_priced_again_beside_the_policies(
    world: World, policy: Policy, product: ProductVersion, dossier: Dossier
) -> None:
    underwriter = world.actor("underwriter")
    quote = price_quote(assess_dossier(dossier, actor=underwriter), product, actor=underwriter)
    run = with_impact(new_draft(world), world)
    assert (run.policies, run.quotes) == (1, 1)
    assert run.rows.get(policy__isnull=True).quote_id == quote.pk
    assert run.summary["policies"]["count"] == run.summary["quotes"]["count"] == 1


def test_what_was_priced_then_is_priced_by_the_version_of_then(
    world: World, policy: Policy, product: ProductVersion
) -> None:
    version = in_force(world)
    underwriter = world.actor("underwriter")
    quote = price_quote(policy.quote.assessment, product, actor=underwriter)
    assert quote.document["rating"] == {
        "id": version.table_id, "version": "2026.2", "sha256": version.document_hash}
    assert quote.market_factor_ppm == 1_700_000
    assert policy.quote.document["rating"]["version"] == "2026.1"


def test_rules_of_referral_change_outcomes_and_no_premium(world: World, policy: Policy) -> None:
    actuary = world.actor("actuary")
    version = draft_version("referral", "referral", label="2026.2", reason="x", actor=actuary)
    change_figures(version, {
        "rules[LIMIT-CHIEF].when[0].value": NewFigure(100_000_000, "再保合同", "T")},
        actor=actuary)
    run = with_impact(version, world)
    row = run.rows.get()
    assert row.change_fen == 0 and row.steps == []
    assert (row.outcome_before, row.outcome_after) == ("quote_with_conditions", "refer")
    assert row.reasons_after[-1] == "limit_above_chief_authority"
    assert run.summary["outcomes"] == [
        {"before": "quote_with_conditions", "after": "refer", "count": 1}]


def test_one_that_cannot_be_priced_again_is_named_and_stops_nobody(
    world: World, policy: Policy
) -> None:
    assessment = policy.quote.assessment
    type(assessment).objects.within(world.insurer).filter(pk=assessment.pk).update(
        document_hash="f" * 64)
    run = with_impact(new_draft(world), world)
    assert run.state == "done" and run.faults == 1
    row = run.rows.get()
    assert "rules of assessment have changed" in row.fault and row.change_fen is None
    assert run.summary["policies"]["count"] == 0


def test_the_same_document_is_run_once_at_a_time(world: World, policy: Policy) -> None:
    version = new_draft(world)
    actuary = world.actor("actuary")
    first = start_impact(version, actor=actuary)
    assert start_impact(version, actor=actuary).pk == first.pk
    change_figures(version, {"service.base_fen": NewFigure(1, "x", "D")}, actor=actuary)
    assert start_impact(version, actor=actuary).pk != first.pk
    work()
    assert ImpactRun.objects.within(world.insurer).filter(state="done").count() == 2
    assert start_impact(version, actor=actuary).pk not in {first.pk}


def test_a_book_that_changes_during_the_run_makes_it_outdated(
    world: World, policy: Policy
) -> None:
    run = start_impact(new_draft(world), actor=world.actor("actuary"))
    Policy.objects.within(world.insurer).update(document_hash="0" * 64)
    work()
    run.refresh_from_db()
    assert run.state == "outdated"


@pytest.mark.parametrize("role", ["underwriter", "auditor", "product_manager"])
def test_not_everybody_runs_it(world: World, role: str) -> None:
    with pytest.raises(PermissionDenied):
        start_impact(new_draft(world), actor=world.actor(role))


def step_of(job: Job, world: World, cursor: dict[str, Any], progress: int) -> Step:
    """The job as its next chunk sees it."""
    return Step(str(job.pk), job.arguments, cursor, progress, job.total, world.actor("actuary"),
                world.insurer)


def test_a_cut_run_goes_on_after_the_last_row_kept(
    world: World, policy: Policy, product: ProductVersion, monkeypatch: Any
) -> None:
    """One policy a chunk; the second chunk fails once, and nothing is lost or twice."""
    monkeypatch.setattr(impacts, "AT_ONCE", 1)
    underwriter = world.actor("underwriter")
    for limit in (500_000_000, 600_000_000):
        price_quote(policy.quote.assessment, product, actor=underwriter, limit_fen=limit)
    run = start_impact(new_draft(world), actor=world.actor("actuary"))
    write, failed = impacts.ImpactRow.objects.bulk_create, []

    def once(rows: list[ImpactRow]) -> Any:
        kept = write(rows)
        if rows[0].policy_id is None and not failed:
            failed.append(rows[0].quote_id)
            raise ConnectionError("the database went away")
        return kept

    monkeypatch.setattr(impacts.ImpactRow.objects, "bulk_create", once)
    work()
    job = Job.objects.within(world.insurer).get(pk=run.job_id)
    assert failed and job.state == "queued" and job.progress == 1
    assert run.rows.count() == 1
    Job.objects.within(world.insurer).update(not_before=None)
    work()
    run.refresh_from_db()
    assert run.state == "done"
    numbers = list(run.rows.values_list("number", flat=True))
    assert len(numbers) == len(set(numbers)) == 3


def test_the_next_rows_take_a_fixed_number_of_queries(
    world: World, policy: Policy, product: ProductVersion, django_assert_max_num_queries: Any
) -> None:
    underwriter = world.actor("underwriter")
    for limit in (500_000_000, 600_000_000, 700_000_000):
        price_quote(policy.quote.assessment, product, actor=underwriter, limit_fen=limit)
    run = start_impact(new_draft(world), actor=world.actor("actuary"))
    job = Job.objects.within(world.insurer).get(pk=run.job_id)
    cursor = {"policy": str(policy.pk)}
    impacts.prepare_rows(step_of(job, world, cursor, 1))  # warm: the assessment is kept
    step = step_of(job, world, cursor, 1)
    # PostgreSQL is told its scope besides.
    with django_assert_max_num_queries(6 if connection.vendor == "sqlite" else 10):
        rows = impacts.prepare_rows(step)
    assert rows is not None and len(rows) == 3


def row(**fields: Any) -> dict[str, Any]:
    """A row of a run as the totals read it."""
    return {
        "pk": "1", "policy_id": "1", "number": "P", "industry": "C", "size": "to_100m",
        "grade": "C", "technical_before_fen": 100, "technical_after_fen": 100,
        "charged_before_fen": 100, "charged_after_fen": 110, "change_fen": 10,
        "change_ppm": 100_000, "outcome_before": "quote", "outcome_after": "quote",
        "steps": [{"part": "market", "fen": 10}], "fault": "", **fields,
    }


def test_totals_are_those_of_the_rows() -> None:
    rows = [row(), row(pk="2", change_fen=-10, change_ppm=-100_000, charged_after_fen=90,
                       steps=[{"part": "market", "fen": -10}], outcome_after="refer"),
            row(pk="3", policy_id=None), row(pk="4", fault="x"),
            row(pk="5", change_fen=0, change_ppm=0, charged_after_fen=100, steps=[])]
    found = summed(rows)
    assert (found["policies"]["count"], found["policies"]["up"], found["policies"]["down"]) == (
        3, 1, 1)
    assert found["quotes"]["count"] == 1 and found["faults"] == 1
    assert found["parts"] == {"market": "0"} and found["policies"]["change_ppm"] == 0
    assert sum(found["histogram"]) == 3 and len(found["histogram"]) == len(EDGES) + 1
    assert (found["increases"], found["decreases"]) == (["1"], ["2"])
    assert found["segments"]["industry"]["C"]["count"] == 3


def test_the_largest_changes_are_kept_however_many_there_are() -> None:
    rows = [row(pk=str(n), change_ppm=n, change_fen=n) for n in range(1, 500)]
    rows += [row(pk=str(-n), change_ppm=-n, change_fen=-n) for n in range(1, 500)]
    found = summed(rows)
    assert found["increases"] == [str(n) for n in range(499, 489, -1)]
    assert found["decreases"] == [str(-n) for n in range(499, 489, -1)]


@pytest.mark.parametrize(("part", "whole", "ppm"), [
    (1, 3, 333_333), (2, 3, 666_667), (-2, 3, -666_667), (0, 5, 0), (5, 0, None)])
def test_shares_are_rounded_halves_away(part: int, whole: int, ppm: int | None) -> None:
    assert ratio_ppm(part, whole) == ppm


def test_the_job_has_a_handler() -> None:
    assert jobs.handler_of(impacts.IMPACT).prepare is not None
