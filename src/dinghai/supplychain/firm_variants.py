"""One firm's steps with other scores and without some of its findings, many variants at once.

It gives what compiling the changed rows gives, bit by bit; what scores and findings leave alone
(the network, the assets, which finding raises which step) is worked out once for a firm.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numba import njit

from dinghai.evidence.feeds import EpssTable, KevTable
from dinghai.foundation.money import PPM
from dinghai.foundation.streams import exponential, natural_logarithm
from dinghai.losses.effects import Posture, shaped
from dinghai.supplychain.chain import Chain, Firm, Weakness
from dinghai.supplychain.compiling import (
    Raise,
    coverage_of,
    days_to_contain,
    posture_of,
    raises_of,
    slowed_days,
    slowing_controls,
)
from dinghai.supplychain.firm_network import Network, network_of
from dinghai.supplychain.language import Language
from dinghai.supplychain.step_graph import Floats, Places
from dinghai.supplychain.templates import assets_of

Improvement = tuple[Mapping[str, int], Collection[Weakness]]
"""Scores by indicator in ppm that take the place of the firm's, and findings that are closed."""


@dataclass(frozen=True, slots=True, eq=False)
class VariedSteps:
    """By variant: the ``chance`` of each step, ``mu`` of ln days of each way in the order of the
    twin, and the mean of ln days to ``containment``."""

    chance: Floats
    mu: Sequence[Floats]
    containment: Sequence[float]


@dataclass(frozen=True, slots=True, eq=False)
class FirmVariants:
    """What a firm's variants have in common."""

    language: Language
    network: Network
    coverage: tuple[float, ...]
    raises: Sequence[Raise]
    ways: Places
    """The kind of the step that each way leads to, in the order of the twin."""

    @classmethod
    def of(
        cls, chain: Chain, firm: Firm, language: Language, *, kev: KevTable | None = None,
        epss: EpssTable | None = None,
    ) -> FirmVariants:
        """A firm as it is. Raises InputError where it cannot be compiled."""
        posture: Posture = posture_of(chain, firm)
        assets, _ = assets_of(chain, firm)
        network = network_of(language, tuple((one.kind, one.exposed is True) for one in assets))
        raises, _ = raises_of(chain, firm, language, network, assets, kev, epss)
        order = np.argsort(network.source, kind="stable")
        return cls(language, network, coverage_of(language, posture), raises,
                   network.kind[network.target[order]])

    def steps(self, improvements: Sequence[Improvement]) -> VariedSteps:
        """The steps with each of the improvements alone."""
        language = self.language
        controls = len(language.controls)
        coverage = np.tile(np.array(self.coverage), (len(improvements), 1))
        for row, (raised, _) in zip(coverage, improvements, strict=True):
            for indicator, score_ppm in raised.items():
                score = min(max(score_ppm, 0), PPM) / PPM
                for place, shape in _places(language).get(indicator, ()):
                    row[place] = shaped(score, shape)
        kinds = np.empty((len(improvements), len(language.steps)))
        _fill_chances(language.stopped, coverage, np.array(self.coverage), language.at_half,
                      language.half, language.exponent, kinds)
        slowing = list(slowing_controls(language))
        return VariedSteps(
            self._with_findings(kinds[:, self.network.kind], improvements),
            [slowed_days(language, tuple(row))[self.ways]
             for row in coverage[:, slowing].tolist()],
            [days_to_contain(language, row) for row in coverage[:, controls:].tolist()])

    def _with_findings(self, chance: Floats, improvements: Sequence[Improvement]) -> Floats:
        """Raise the chances by the findings that stay open, in their order."""
        if not self.raises:
            return chance
        highest, before = self.language.file.highest_chance, chance.copy()
        for one in self.raises:
            place = one.place
            open_ones = np.array([one.weakness not in closed for _, closed in improvements])
            raised = 1.0 - (1.0 - chance[:, place]) * (1.0 - one.by)
            raised = np.maximum(np.minimum(raised, highest), before[:, place])
            chance[:, place] = np.where(open_ones, raised, chance[:, place])
        return chance


@lru_cache(maxsize=16)
def _places(language: Language) -> Mapping[str, Sequence[tuple[int, str]]]:
    """Where each indicator stands in a row of coverage, and how its score is shaped there."""
    found: dict[str, list[tuple[int, str]]] = {}
    for place, one in enumerate(language.controls):
        found.setdefault(one.indicator, []).append((place, one.shape))
    for place, watch in enumerate(language.mitigations.containment.controls):
        found.setdefault(watch.indicator, []).append((len(language.controls) + place, "linear"))
    return found


@njit(cache=True, nogil=True)
def _fill_chances(stopped, coverage, base, at_half, half, exponent, out):  # type: ignore[no-untyped-def]
    """Chances by variant and kind of step, in the order of arithmetic of `compiling`."""
    controls, kinds = stopped.shape
    plain = np.ones(kinds)
    for control in range(controls):
        for kind in range(kinds):
            plain[kind] *= 1.0 - stopped[control, kind] * base[control]
    tempered = np.empty(kinds)
    for kind in range(kinds):
        tempered[kind] = _tempered(at_half[kind], plain[kind], half[kind], exponent[kind])
    left = np.empty(kinds)
    for row in range(out.shape[0]):
        left[:] = 1.0
        for control in range(controls):
            for kind in range(kinds):
                left[kind] *= 1.0 - stopped[control, kind] * coverage[row, control]
        for kind in range(kinds):
            out[row, kind] = tempered[kind] if left[kind] == plain[kind] else _tempered(
                at_half[kind], left[kind], half[kind], exponent[kind])


@njit(cache=True, nogil=True, inline="always")
def _tempered(at_half, left, half, exponent):  # type: ignore[no-untyped-def]
    ratio = left / half
    factor = exponential(exponent * natural_logarithm(ratio)) if ratio != 1.0 else 1.0
    return min(at_half * factor, 1.0)
