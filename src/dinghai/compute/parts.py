"""Work cut into parts that run on the cores of one machine, their answers in the parts' order.

Kernels release the interpreter's lock, so threads are enough; what a part answers depends on the
part alone, so that the number of workers changes nothing but the time.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TypeVar

Part = TypeVar("Part")
Answer = TypeVar("Answer")


def cut(number: int, parts: int) -> list[range]:
    """``number`` things cut into at most ``parts`` runs of nearly equal length, none empty."""
    parts = min(parts, number)
    return [range(number * place // parts, number * (place + 1) // parts)
            for place in range(parts)]


def in_parts(
    work: Callable[[Part], Answer], parts: Sequence[Part], *, workers: int | None = None
) -> list[Answer]:
    """The answers of all parts. ``workers`` is the number of cores where it is None."""
    return list(in_order(work, parts, workers=workers))


def in_order(
    work: Callable[[Part], Answer], parts: Sequence[Part], *, workers: int | None = None
) -> Iterator[Answer]:
    """The answers of all parts one after another; no more than twice as many as there are workers
    are under way or wait to be taken, so that memory does not grow with the number of parts."""
    wanted = min(workers or os.cpu_count() or 1, len(parts))
    if wanted <= 1:
        yield from map(work, parts)
        return
    with ThreadPoolExecutor(wanted) as pool:
        yield from ordered(pool, work, parts, ahead=2 * wanted)


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
