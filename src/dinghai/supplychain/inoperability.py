"""How the stop of one sector or firm stops those that live on its goods.

Leontief's input–output model of inoperability (Haimes and Jiang, 2001): q = A*·q + c*, where
A*[i][j] is the share of i's own inoperability that follows from j's. In time, q′ = K (A*·q + c* −
q), with the resilience K of each sector (Lian and Haimes, 2006), from q(0) = 0 under a lasting
perturbation c*. Goods carry inoperability and never an attack.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import expm

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.supplychain.step_graph import Floats


@dataclass(frozen=True, slots=True, eq=False)
class GoodsNetwork:
    """``interdependency`` A*, shape (n, n), rows the dependent sector."""

    interdependency: Floats

    @classmethod
    def of(cls, rows: Sequence[Sequence[float]], *, file: str | None = None) -> GoodsNetwork:
        """From rows. Raises InputError for what is no square of finite shares, or never settles."""
        size = len(rows)
        for place, row in enumerate(rows):
            if len(row) != size:
                raise InputError(f"row {place + 1} has {len(row)} figures, the matrix {size} rows",
                                 file=file, field=f"[{place}]", mend="make it square")
        try:
            matrix = np.array(rows, dtype=np.float64).reshape(size, size)
        except OverflowError as error:
            raise InputError("a figure is larger than any share", file=file,
                             mend="give shares of the row's output") from error
        if size == 0 or not np.isfinite(matrix).all() or (matrix < 0.0).any():
            raise InputError("interdependencies are finite figures, zero or more", file=file,
                             mend="give shares of the row's output that depend on the column's")
        radius = float(np.max(np.abs(np.linalg.eigvals(matrix))))
        if radius >= 1.0 - 1e-12:
            raise InputError(f"the losses never settle: the spectral radius is {radius:.6g}",
                             file=file, mend="keep each sector's dependence below the whole")
        return cls(matrix)

    @property
    def sectors(self) -> int:
        """Number of sectors."""
        return int(self.interdependency.shape[0])


@dataclass(frozen=True, slots=True, eq=False)
class Inoperability:
    """Shares of normal output that are lost: in the end, and at each time as typed."""

    equilibrium: Floats
    by_time: dict[str, Floats]

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"equilibrium": self.equilibrium.tolist(),
                "times": {time: one.tolist() for time, one in self.by_time.items()}}


def inoperability(
    network: GoodsNetwork, perturbation: Sequence[float], *, times: Sequence[str] = (),
    resilience: Sequence[float] | None = None, initial: Sequence[float] | None = None,
) -> Inoperability:
    """The inoperability under a lasting perturbation. ``resilience`` (one figure or one a sector,
    a unit of time) says how fast a sector moves to its balance; ``initial`` is q(0)."""
    size = network.sectors
    demand = _vector(perturbation, size, "--perturbation")
    if (demand < 0.0).any() or (demand > 1.0).any():
        raise InputError("a perturbation is a share of normal output", field="--perturbation",
                         mend="give figures from 0 to 1")
    gap = np.eye(size) - network.interdependency
    equilibrium = np.asarray(np.linalg.solve(gap, demand), dtype=np.float64)
    if not times:
        return Inoperability(equilibrium, {})
    if resilience is None:
        raise InputError("what happens in time depends on the resilience", field="--resilience",
                         mend="give one figure, or one for each sector")
    speed = _vector(resilience, size, "--resilience")
    if (speed < 0.0).any():
        raise InputError("a resilience is not negative", field="--resilience",
                         mend="give figures of zero or more")
    begin = np.zeros(size) if initial is None else _vector(initial, size, "--initial")
    if (begin < 0.0).any() or (begin > 1.0).any():
        raise InputError("an inoperability is a share of normal output", field="--initial",
                         mend="give figures from 0 to 1")
    system = np.diag(speed) @ gap
    by_time = {}
    for time in times:
        with np.errstate(all="ignore"):
            by_time[time] = equilibrium + expm(-system * float(time)) @ (begin - equilibrium)
        if not np.isfinite(by_time[time]).all():
            raise InputError(f"time {time} is too far for these resiliences", field="--times",
                             mend="give a shorter time: the equilibrium is what comes of it")
    return Inoperability(equilibrium, by_time)


def _vector(values: Sequence[float], size: int, field: str) -> Floats:
    if len(values) not in (1, size):
        raise InputError(f"{len(values)} figures for {size} sectors", field=field,
                         mend="give one figure for all, or one for each")
    found = np.array(values, dtype=np.float64)
    if not np.isfinite(found).all():
        raise InputError("not a finite figure", field=field, mend="give finite figures")
    return np.full(size, found[0]) if len(values) == 1 else found
