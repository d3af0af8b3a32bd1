"""How far controls move a step: about half-implemented ones, by fitted exponents.

    chance = chance at half-implemented controls × (controls ÷ half-implemented controls)^exponent

where *controls* is the product over indicators of what each leaves. The exponents are global to the
language and never below zero, so that a better score still never raises a chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numba import njit

from dinghai.foundation.streams import exponential, natural_logarithm
from dinghai.supplychain.language_files import Step, Tempering
from dinghai.supplychain.step_graph import Floats


def exponents(steps: Sequence[Step], tempering: Tempering) -> Floats:
    """The exponent of each step: that of the one peril it leads to, where the table has one, else
    the shared one."""
    goals = leads_to(steps)
    return np.array([
        tempering.alone.get(next(iter(found)), tempering.shared)
        if len(found := goals[step.id]) == 1 else tempering.shared for step in steps])


def leads_to(steps: Sequence[Step]) -> Mapping[str, frozenset[str]]:
    """The perils that each step leads to, itself included; a link that goes out counts as one."""
    goals = {step.id: {step.peril} - {None} | set(step.exits) for step in steps}
    changed = True
    while changed:
        changed = False
        for step in steps:
            for before in step.after:
                if not goals[step.id] <= goals[before]:
                    goals[before] |= goals[step.id]
                    changed = True
    return {name: frozenset(str(one) for one in found) for name, found in goals.items()}


@njit(cache=True, nogil=True)
def tempered(at_half, left, half, exponent):  # type: ignore[no-untyped-def]
    """Chances by step: ``at_half`` is the chance at half-implemented controls, ``left`` and
    ``half`` what controls leave, those of the firm and half-implemented ones. One at most."""
    out = np.empty(at_half.shape[0])
    for place in range(out.shape[0]):
        ratio = left[place] / half[place]
        factor = exponential(exponent[place] * natural_logarithm(ratio)) if ratio != 1.0 else 1.0
        out[place] = min(at_half[place] * factor, 1.0)
    return out
