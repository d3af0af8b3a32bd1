"""The order in which two processes take the suite."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.scheduling import FIRST, TOGETHER, Scheduling, next_scope, scope_of

ROOT = Path(__file__).resolve().parents[1]
COLLECTED = [
    "tests/browser/test_a.py::one", "tests/browser/test_b.py::one",
    *(f"tests/golden/test_g.py::t{number}" for number in range(9)),
    *(f"tests/platform/site/test_s.py::t{number}" for number in range(7)),
    "tests/platform/site/test_t.py::one",
    *(f"tests/supplychain/test_{name}.py::one" for name in "cdef"),
    "tests/wording/test_w.py::one",
]


@dataclass(eq=False)
class Node:
    """A process that takes tests and does them when it is told to."""

    gateway: Any = field(default_factory=lambda: SimpleNamespace(id="gw"))
    given: list[int] = field(default_factory=list)
    shutting_down: bool = False

    def send_runtest_some(self, places: list[int]) -> None:
        self.given += places

    def shutdown(self) -> None:
        self.shutting_down = True


@pytest.mark.parametrize("folder", sorted({*TOGETHER, *FIRST}))
def test_every_folder_that_is_named_has_tests(folder: str) -> None:
    assert folder.endswith("/") and list((ROOT / folder).rglob("test_*.py"))


def test_a_folder_that_stays_together_is_one_scope() -> None:
    assert scope_of("tests/supplychain/test_twin.py") == "tests/supplychain/"
    assert scope_of("tests/losses/test_grid.py") == "tests/losses/test_grid.py"


def test_what_is_slow_begins_first_and_else_the_order_stays() -> None:
    waiting = ["tests/golden/test_g.py", "tests/platform/a.py", "tests/platform/b.py",
               "tests/browser/"]
    assert next_scope(waiting) == "tests/browser/"
    assert next_scope(waiting[:3]) == "tests/platform/a.py"
    assert next_scope(["tests/golden/test_g.py", "tests/cli/test_a.py"]) == waiting[0]


def test_two_processes_do_every_test_once_in_this_order() -> None:
    config: Any = SimpleNamespace(getvalue=lambda _name: ["popen", "popen"],
                                  option=SimpleNamespace(loadscopereorder=True))
    scheduling, nodes = Scheduling(config), [Node(), Node()]
    for node in nodes:
        scheduling.add_node(node)  # type: ignore[arg-type]
        scheduling.add_node_collection(node, COLLECTED)  # type: ignore[arg-type]
    scheduling.schedule()
    first, second = nodes
    assert [COLLECTED[one] for one in first.given[:2]] == COLLECTED[:2]
    assert [COLLECTED[one] for one in second.given] == [
        one for one in COLLECTED if "supplychain" in one]
    order, done = [], {id(node): 0 for node in nodes}
    while any(done[id(node)] < len(node.given) for node in nodes):
        for node in nodes:
            if done[id(node)] < len(node.given):
                place = node.given[done[id(node)]]
                done[id(node)] += 1
                order.append(COLLECTED[place])
                scheduling.mark_test_complete(node, place)  # type: ignore[arg-type]
    assert sorted(order) == sorted(COLLECTED)
    files = list(dict.fromkeys(one.split("::")[0] for one in order))
    assert files.index("tests/platform/site/test_s.py") < files.index("tests/golden/test_g.py")
    assert files[-1] == "tests/wording/test_w.py"
