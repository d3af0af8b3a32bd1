"""Runs: one at a time for a version and seed, part by part, the same after an interruption."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.chains.models import ChainRun, ChainVersion, RunDocument
from dinghai_platform.chains.parts import parts_of
from dinghai_platform.chains.services import runs
from dinghai_platform.chains.services.chains import withdraw_chain
from dinghai_platform.chains.services.runs import MOST_YEARS, start_run
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.worker import Worker
from tests.platform.chains.making import YEARS, kept, run_done, small_zip
from tests.platform.story import World, work

pytestmark = pytest.mark.django_db


def hashes(run: ChainRun) -> dict[str, str]:
    rows = RunDocument.objects.within(run.tenant).filter(run=run)
    return dict(rows.values_list("part", "document_hash"))


def test_a_run_holds_its_parts_and_says_what_it_lacks(
    world: World, version: ChainVersion, owner: Organisation
) -> None:
    run = run_done(version, world.actor("chain_owner", owner))
    made = [one.name for one in parts_of(budget=False, earlier=False)]
    assert (run.state, run.holds, run.owner) == ("done", made, owner)
    assert set(run.lacks).isdisjoint(made)
    assert run.mean_fen is not None and run.tail_fen is not None and run.tail_fen >= run.mean_fen
    again = run_done(version, world.actor("actuary"))
    assert hashes(again) == hashes(run)  # the same question says the same


def test_one_at_a_time_for_a_version_and_seed(world: World, version: ChainVersion) -> None:
    actor = world.actor("underwriter")
    first = start_run(version, years=YEARS, seed=1, actor=actor)
    assert start_run(version, years=YEARS, seed=1, actor=actor) == first
    with pytest.raises(Refusal, match="goes on"):
        start_run(version, years=YEARS + 1, seed=1, actor=actor)
    other = start_run(version, years=YEARS, seed=2, actor=actor)
    assert other != first
    work()
    assert start_run(version, years=YEARS, seed=1, actor=actor) != first


def test_an_interrupted_run_goes_on_where_it_was(
    world: World, version: ChainVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = world.actor("underwriter")
    whole = run_done(version, actor)
    cut = start_run(version, years=YEARS, seed=1, actor=actor)
    worker = Worker(lease_seconds=600, poll_seconds=0.0)
    write = runs.write_part

    def write_and_stop(step: Any) -> Any:
        worker.stop()
        return write(step)

    monkeypatch.setattr("dinghai_platform.chains.handlers.write_part", write_and_stop)
    worker.run_next()
    cut.refresh_from_db()
    assert cut.holds == ["simulation"] and cut.state == "running"
    runs._clear()  # as a process that was killed has nothing in hand
    monkeypatch.undo()
    work()
    cut.refresh_from_db()
    assert cut.state == "done"
    assert hashes(cut) == {**hashes(cut), **hashes(whole)}


@pytest.mark.parametrize("asked", [
    {"years": 1, "seed": 1}, {"years": MOST_YEARS + 1, "seed": 1}, {"years": YEARS, "seed": -1},
    {"years": YEARS, "seed": 1, "budget_fen": -1},
])
def test_figures_out_of_bounds_are_refused(
    world: World, version: ChainVersion, asked: dict[str, int]
) -> None:
    with pytest.raises(InputError):
        start_run(version, actor=world.actor("underwriter"), **asked)  # type: ignore[arg-type]


def test_a_withdrawn_chain_is_not_run_and_its_runs_stop(
    world: World, version: ChainVersion
) -> None:
    actor = world.actor("underwriter")
    run = start_run(version, years=YEARS, seed=1, actor=actor)
    withdraw_chain(version.chain, reason="终止", actor=actor)
    work()
    run.refresh_from_db()
    assert run.job is not None and run.job.state == "cancelled" and run.holds == []
    with pytest.raises(Refusal):
        start_run(version, years=YEARS, seed=1, actor=actor)


def test_what_was_found_never_changes(world: World, version: ChainVersion) -> None:
    run_done(version, world.actor("underwriter"))
    with pytest.raises(DatabaseError), transaction.atomic():
        RunDocument.objects.within(world.insurer).update(part="other")


def test_a_later_run_is_told_against_the_one_before(world: World, version: ChainVersion) -> None:
    actor = world.actor("underwriter")
    first = run_done(version, actor)
    second = kept(actor, small_zip(
        controls="firm,indicator,score,known_by,as_of\nown,IAM-01,0%,assessment,2026-03-01\n"),
        chain=version.chain)
    run = run_done(second, actor)
    assert run.since == first and run_done(second, actor, seed=5).since == first
