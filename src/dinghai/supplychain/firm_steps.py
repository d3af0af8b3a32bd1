"""The steps of one firm as arrays: what `language` compiles and the twin joins together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dinghai.supplychain.step_graph import Flags, Floats, Places


@dataclass(frozen=True, slots=True, eq=False)
class FirmSteps:
    """A firm's own network of steps, places counted from 0. Times in days.

    By step: ``codes`` (of the step language, with the asset where there are several:
    ``encrypt.files``), ``waits_for_all``, ``chance`` with the firm's controls and findings, and
    ``peril``: the place in ``losses.tables.PERILS`` of what happens when it is taken, −1 for a step
    that costs nothing by itself; ``output_share`` is the share of output that stops with it.
    By way: ``source``, ``target``, and the lognormal time as ``mu`` and ``sigma`` of ln days.
    ``start`` is where an attack on the firm begins; ``entries`` and ``exits`` say where attack
    links of each kind come in and go out: an exit is there only where the firm can take its step.
    What got in is found and contained a lognormal time after its start: ``containment_mu`` and
    ``containment_sigma`` of ln days. ``assets`` names by step what it happens on, empty for a step
    of the whole firm: an asset stops once, whichever steps hit it. ``flaws`` says by asset where an
    event of one vulnerability at all who hold a product comes in, and whether from the internet.
    """

    codes: tuple[str, ...]
    waits_for_all: Flags
    chance: Floats
    peril: npt.NDArray[np.int8]
    output_share: Floats
    source: Places
    target: Places
    mu: Floats
    sigma: Floats
    start: int
    entries: Mapping[str, int]
    exits: Mapping[str, int]
    containment_mu: float = 3.0
    containment_sigma: float = 1.0
    assets: tuple[tuple[str, ...], ...] = ()
    flaws: Mapping[str, tuple[int, bool]] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """Number of steps."""
        return len(self.codes)
