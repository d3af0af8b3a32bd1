"""Work cut into parts that run on the cores of one machine, their answers in the parts' order.

Kernels release the interpreter's lock, so threads are enough; what a part answers depends on the
part alone, so that the number of workers changes nothing but the time. Any executor of the standard
library's interface may run the parts instead, in other processes too (Dask's is
``Client.get_executor()``): work that can be pickled is then written to a file once, and read once
by each process, which must see the folder.
"""

from __future__ import annotations

import os
import pickle
import tempfile
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

Part = TypeVar("Part")
Answer = TypeVar("Answer")


def cut(number: int, parts: int) -> list[range]:
    """``number`` things cut into at most ``parts`` runs of nearly equal length, none empty."""
    parts = min(parts, number)
    return [range(number * place // parts, number * (place + 1) // parts)
            for place in range(parts)]


def in_parts(
    work: Callable[[Part], Answer], parts: Sequence[Part], *, workers: int | None = None,
    executor: Executor | None = None,
) -> list[Answer]:
    """The answers of all parts. ``workers`` is the number of cores where it is None."""
    return list(in_order(work, parts, workers=workers, executor=executor))


def in_order(
    work: Callable[[Part], Answer], parts: Sequence[Part], *, workers: int | None = None,
    executor: Executor | None = None,
) -> Iterator[Answer]:
    """The answers of all parts one after another; no more than twice as many as there are workers
    are under way or wait to be taken, so that memory does not grow with the number of parts."""
    wanted = min(workers or os.cpu_count() or 1, len(parts))
    if executor is not None:
        with handed_over(work) as handed:
            yield from ordered(executor, handed, parts, ahead=max(2 * wanted, 1))
    elif wanted <= 1:
        yield from map(work, parts)
    else:
        with ThreadPoolExecutor(wanted) as pool:
            yield from ordered(pool, work, parts, ahead=2 * wanted)


@dataclass(frozen=True, slots=True)
class Handed(Generic[Part, Answer]):
    """Work that stands in a file."""

    path: str

    def __call__(self, part: Part) -> Answer:
        answer: Answer = _read(self.path)(part)
        return answer


@contextmanager
def handed_over(
    work: Callable[[Part], Answer], folder: Path | None = None
) -> Iterator[Handed[Part, Answer]]:
    """Work as a small thing that other processes read from a file of this one, which goes after."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="dinghai-") as room:
        path = Path(room) / f"{uuid.uuid4().hex}.work"
        path.write_bytes(pickle.dumps(work, protocol=5))
        yield Handed(str(path))


@lru_cache(maxsize=1)
def _read(path: str) -> Callable[[Any], Any]:
    work: Callable[[Any], Any] = pickle.loads(Path(path).read_bytes())
    return work


def ordered(
    pool: Executor, work: Callable[[Part], Answer], parts: Sequence[Part], *, ahead: int
) -> Iterator[Answer]:
    """The same on any executor, with so many parts under way or waiting at most."""
    waiting: deque[Future[Answer]] = deque()
    try:
        for part in parts:
            if len(waiting) == ahead:
                yield waiting.popleft().result()
            waiting.append(pool.submit(work, part))
        while waiting:
            yield waiting.popleft().result()
    finally:
        for one in waiting:
            one.cancel()
