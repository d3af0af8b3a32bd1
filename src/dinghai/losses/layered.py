"""Layers on a loss, and a loss seen through one: moments and discretisation.

Amounts have no unit here: whoever calls decides whether they are fen, yuan or records.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dinghai.foundation.errors import InputError
from dinghai.foundation.laws import Law

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Layer:
    """Of a loss, what lies above the attachment, at most the limit."""

    limit: float = math.inf
    attachment: float = 0.0

    @property
    def whole(self) -> bool:
        """Whether it takes everything."""
        return self.attachment == 0.0 and math.isinf(self.limit)

    @property
    def exhausted_at(self) -> float:
        """The loss that uses it up."""
        return self.attachment + self.limit

    def of(self, loss: Floats) -> Floats:
        """The layer's part of each loss."""
        return np.minimum(np.maximum(loss - self.attachment, 0.0), self.limit)


def read_layer(text: str, field: str) -> Layer:
    """``LIMITxsATTACHMENT``, such as ``5000000xs1000000`` or ``infxs100``. Raises InputError."""
    limit, separator, attachment = text.replace(" ", "").partition("xs")
    try:
        layer = Layer(float(limit), float(attachment))
    except ValueError:
        layer = Layer(-1.0)
    if not separator or not layer.limit > 0.0 or not 0.0 <= layer.attachment < math.inf:
        raise InputError(f"{text!r} is not a layer", field=field,
                         mend="write LIMITxsATTACHMENT, such as 5000000xs1000000 or infxs100")
    return layer


@dataclass(frozen=True, slots=True)
class Layered:
    """The part Y of a loss X that a layer takes."""

    law: Law
    layer: Layer = Layer()

    def limited(self, y: Floats, order: int) -> Floats:
        """E min(Y, y)^order for order 1 or 2."""
        low = np.array([self.layer.attachment])
        high = low + np.minimum(y, self.layer.limit)
        if self.layer.attachment == 0.0:
            return self.law.limited(high, order)
        first = self.law.limited(high, 1) - self.law.limited(low, 1)
        if order == 1:
            return first
        second = self.law.limited(high, 2) - self.law.limited(low, 2)
        return second - 2.0 * self.layer.attachment * first

    def mean(self) -> float:
        """E Y; infinite where it does not exist."""
        return float(self.limited(np.array([math.inf]), 1)[0])

    def second_moment(self) -> float:
        """E Y²; infinite where it does not exist."""
        return float(self.limited(np.array([math.inf]), 2)[0])

    def quantile_of_survival(self, chance: Floats) -> Floats:
        """The y with P(Y > y) = chance."""
        return self.layer.of(self.law.quantile_of_survival(chance))

    def nothing(self) -> float:
        """P(Y = 0)."""
        return float(1.0 - self.law.survival(np.array([self.layer.attachment]))[0])

    def disperse(self, step: float, cells: int) -> Floats:
        """The mass of Y at 0, step, 2 step …, shared between neighbours so that E min(Y, node) is
        kept at every node (linear dispersal); what lies beyond the last node is left out.
        """
        nodes = step * np.arange(cells + 1.0)
        slopes = np.diff(self.limited(nodes, 1)) / step
        mass = np.empty(cells)
        mass[0] = 1.0 - slopes[0]
        mass[1:] = slopes[:-1] - slopes[1:]
        return np.maximum(mass, 0.0)
