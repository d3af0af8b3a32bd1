"""How two processes share the suite: what belongs together, and what begins first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from xdist.scheduler import LoadFileScheduling

TOGETHER = ("tests/browser/", "tests/supplychain/", "tests/platform/api/")
"""One process has all tests of such a folder: one story and one browser, kernels that are compiled
once, one scenery."""
FIRST = ("tests/browser/", "tests/supplychain/", "tests/terms/", "tests/platform/", "tests/demo/")
"""What takes long for its number of tests, in the order in which it begins. At the end stand small
files, so that no process waits long for the other; and kernels that most tests need are compiled by
the first process, while the second compiles those of supply chains."""


def scope_of(file: str) -> str:
    """What a file's tests are given out with: the file, or the folder that stays together."""
    return next((folder for folder in TOGETHER if file.startswith(folder)), file)


def next_scope(waiting: Iterable[str]) -> str:
    """The scope that begins next, of those that wait in the order of their number of tests.
    Raises ValueError where none waits."""
    def rank(scope: str) -> int:
        return next((place for place, folder in enumerate(FIRST) if scope.startswith(folder)),
                    len(FIRST))

    return min(waiting, key=rank)


class Scheduling(LoadFileScheduling):
    """By file, but for folders that stay together; the largest first, but for what is slow."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(super()._split_scope(nodeid))

    def _assign_work_unit(self, node: Any) -> None:
        self.workqueue.move_to_end(next_scope(self.workqueue), last=False)
        super()._assign_work_unit(node)
