"""The share of losses above each amount where rows have floors of their own or stop at a limit.

A loss below its row's floor was never seen, and of one at its limit only that it is at least so
large is known. The estimate is the product limit: at each amount, what remains of the rows that
were in sight there (Kaplan and Meier 1958; with floors Lynden-Bell 1971).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from dinghai.foundation.laws import Law

Floats = npt.NDArray[np.float64]
FEWEST_IN_SIGHT: Final = 10
"""The estimate begins where so many rows are in sight: one that starts with few may end there."""


@dataclass(frozen=True, slots=True, eq=False)
class ProductLimit:
    """The estimate given that a loss is at least ``start``, at each amount that is known exactly.

    ``at_least`` is P(X ≥ amount | X ≥ start), ``above`` P(X > amount | X ≥ start); ``in_sight``
    are the rows whose floor is not above the amount and whose loss is not below it. ``left_out``
    counts known losses below ``start``.
    """

    start: float
    amounts: Floats
    at_least: Floats
    above: Floats
    in_sight: npt.NDArray[np.int64]
    left_out: int

    def modelled(self, law: Law, x: Floats) -> Floats:
        """P(X > x | X ≥ start) by a law."""
        with np.errstate(all="ignore"):  # laws fitted at the edge of their range
            return law.survival(x) / float(law.survival(np.array([self.start]))[0])

    def modelled_quantile(self, law: Law, chance: Floats) -> Floats:
        """The x with P(X > x | X ≥ start) = chance by a law."""
        with np.errstate(all="ignore"):
            return law.quantile_of_survival(
                chance * float(law.survival(np.array([self.start]))[0]))

    def place(self, level: float) -> int:
        """Where the estimate first says that a share of at least ``level`` is not above."""
        return min(int(np.searchsorted(1.0 - self.above, level - 1e-12)), len(self.amounts) - 1)


def product_limit(
    losses: Floats, floors: Floats, censored: npt.NDArray[np.bool_]
) -> ProductLimit | None:
    """The estimate of losses at or above their floors; None where too few are ever in sight."""
    amounts, exactly = np.unique(losses[~censored], return_counts=True)
    if not len(amounts):
        return None
    # a row enters at its floor and leaves after its loss, also where that is censored
    in_sight = (np.searchsorted(np.sort(floors), amounts, side="right")
                - np.searchsorted(np.sort(losses), amounts, side="left"))
    most = int(np.argmax(in_sight))
    if in_sight[most] < FEWEST_IN_SIGHT:
        return None
    few = np.flatnonzero(in_sight[:most] < FEWEST_IN_SIGHT)
    first = int(few[-1]) + 1 if len(few) else 0
    above = np.asarray(np.cumprod(1.0 - exactly[first:] / in_sight[first:]), dtype=np.float64)
    return ProductLimit(float(amounts[first]), amounts[first:],
                        np.concatenate(([1.0], above[:-1])), above, in_sight[first:],
                        int(exactly[:first].sum()))
