"""Work cut into parts that run on the cores of one machine, their answers in the parts' order.

Kernels release the interpreter's lock, so threads are enough; what a part answers depends on the
part alone, so that the number of workers changes nothing but the time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
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
    wanted = min(workers or os.cpu_count() or 1, len(parts))
    if wanted <= 1:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(wanted) as pool:
        return list(pool.map(work, parts))
