"""Many years of events through a policy's terms: what one event uses up, the next does not find.

Rows are events in the order they happen. The kernel runs them in waves (the first event of every
year, then the second …), so that a wave has no order within it; the tracing interpreter walks one
year event by event. Both carry the program's own ``erode.*`` outputs into its ``prior.*`` inputs,
so that neither knows anything about limits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from dinghai.terms import kernel, tracing
from dinghai.terms.program import Program

Whole = npt.NDArray[np.int64]
Columns = Mapping[str, Whole | int]
_PER_EVENT = "event_"
"""How the names of what erodes within one event begin; all other names erode within the year."""


def eroding(program: Program) -> tuple[str, ...]:
    """Names that are both an output ``erode.<name>`` and an input ``prior.<name>``."""
    return tuple(name.removeprefix("erode.") for name in program.outputs
                 if name.startswith("erode.") and f"prior.{name[6:]}" in program.inputs)


def run_years(
    program: Program, columns: Columns, year: Whole, event: Whole | None = None,
    outputs: tuple[str, ...] = ("total",),
) -> dict[str, Whole]:
    """Evaluate rows in order; rows of one year erode its limits.

    ``year`` is int64 (rows,), never falling; ``event`` says which rows are one event (within a
    year), each its own when left out. Returns int64 (rows,) by output. Raises ValueError for years
    out of order, and what `kernel.run` raises.
    """
    rows = len(year)
    if rows and (np.diff(year) < 0).any():
        raise ValueError("years must not fall")
    names = eroding(program)
    years, year_index = np.unique(year, return_inverse=True)
    events, event_index = _events(year_index, event)
    used = {name: np.zeros(len(events if name.startswith(_PER_EVENT) else years), dtype=np.int64)
            for name in names}
    starts = np.searchsorted(year, years)
    position = np.arange(rows) - starts[year_index]
    result = {name: np.zeros(rows, dtype=np.int64) for name in outputs}
    order = np.argsort(position, kind="stable")
    bounds = np.searchsorted(position[order], np.arange(position.max(initial=-1) + 2))
    for first, last in pairwise(bounds.tolist()):
        wave = order[first:last]
        of = {name: (event_index if name.startswith(_PER_EVENT) else year_index)[wave]
              for name in names}
        wave_columns = {name: column[wave] if isinstance(column, np.ndarray) else column
                        for name, column in columns.items()}
        wave_columns |= {f"prior.{name}": used[name][of[name]] for name in names}
        found = kernel.run(program, wave_columns,
                           (*outputs, *(f"erode.{name}" for name in names)),
                           events=len(wave))
        for name in outputs:
            result[name][wave] = found[name]
        for name in names:  # a wave has a year at most once, and so an event
            used[name][of[name]] += found[f"erode.{name}"]
    return result


def _events(year_index: Whole, event: Whole | None) -> tuple[Whole, Whole]:
    """Identities of the events, and which each row belongs to."""
    if event is None:
        rows = np.arange(len(year_index), dtype=np.int64)
        return rows, rows
    pairs = np.stack([year_index.astype(np.int64), event], axis=1)
    events, index = np.unique(pairs, axis=0, return_inverse=True)
    return events, index.reshape(-1).astype(np.int64)


def trace_year(
    program: Program, rows: Sequence[Mapping[str, int]], event: Sequence[int] | None = None
) -> list[tracing.TracedRun]:
    """Walk the events of one year in order, each with every register kept."""
    names = eroding(program)
    used: dict[str, int] = {}
    runs = []
    for index, cells in enumerate(rows):
        of = index if event is None else event[index]

        def key(name: str, of: int = of) -> str:
            return f"{name}#{of}" if name.startswith(_PER_EVENT) else name

        prior = {f"prior.{name}": used.get(key(name), 0) for name in names}
        run = tracing.run(program, {**cells, **prior})
        for name in names:
            used[key(name)] = used.get(key(name), 0) + run.output(f"erode.{name}")
        runs.append(run)
    return runs
