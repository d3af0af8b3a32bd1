"""The whole lifecycle under random choices, wrong actions and faults.

A failure names seed, step and action. The same seed repeats it, alone and for as long as wanted:
`DINGHAI_SIMULATION_SEEDS=7 DINGHAI_SIMULATION_STEPS=60 pytest tests/platform/simulation`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.platform.simulation.world import Simulation

STEPS = int(os.environ.get("DINGHAI_SIMULATION_STEPS", "60"))
SEEDS = [int(seed) for seed in os.environ.get("DINGHAI_SIMULATION_SEEDS", "1,2,3").split(",")]
SOAK_SEEDS = range(100, 140)
SOAK_STEPS = 250


@pytest.fixture(autouse=True)
def _clock(settings: Any) -> Iterator[None]:
    settings.DINGHAI_CLOCK = "dinghai_platform.core.clock.StandingClock"
    settings.DINGHAI_HOME.mkdir(parents=True, exist_ok=True)
    yield
    (settings.DINGHAI_HOME / "clock").unlink(missing_ok=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_world_holds(db: None, seed: int) -> None:
    world = Simulation(seed)
    world.run(STEPS)
    assert world.counts["done"] > STEPS // 4
    assert world.counts["refused"] > 3
    assert any(name.startswith("fault") for name in world.counts)


@pytest.mark.soak
@pytest.mark.parametrize("seed", SOAK_SEEDS)
def test_the_world_holds_for_long(db: None, seed: int) -> None:
    Simulation(seed, enterprises=4).run(SOAK_STEPS)
