"""What an event costs one enterprise under many postures at once: ground-up loss and stop alone.

The amounts are those of `severity.event_grid` to the fen. What a posture does not move is worked
out once: of each variant only the parts of the loss whose factor differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from dinghai.losses.effects import Posture, control_factors, scores_of
from dinghai.losses.exposure import (
    Exposure,
    ExposureProfile,
    IndustryRelativity,
    exposure_of,
    industry_relativity,
)
from dinghai.losses.grid import peril_grid
from dinghai.losses.severity import (
    Enterprise,
    Enterprises,
    Whole,
    losses_of_groups,
    scales_of,
)
from dinghai.losses.tables import EFFECT_GROUPS, PERILS, CalibrationTables, shipped_tables

Factors = npt.NDArray[np.float64]
"""Control factors by peril and group of `EFFECT_GROUPS`."""
_RECORDS: Final = EFFECT_GROUPS.index("records")


@dataclass(frozen=True, slots=True, eq=False)
class SeverityVariants:
    """One enterprise with a posture, whose severity is asked for under others."""

    tables: CalibrationTables
    exposure: Exposure
    industry: IndustryRelativity
    posture: Posture
    factors: Factors

    @classmethod
    def of(
        cls, profile: ExposureProfile, posture: Posture, *, tables: CalibrationTables | None = None
    ) -> SeverityVariants:
        """The enterprise of a profile. Raises InputError as `build_loss_model` does."""
        tables, exposure = tables or shipped_tables(), exposure_of(profile)
        return cls(tables, exposure, industry_relativity(exposure.industry, tables.figures),
                   posture, _factors(tables, posture))

    def with_scores(self, raised: Mapping[str, int | None]) -> Factors:
        """The factors where some indicators have other scores."""
        return _factors(self.tables, {**self.posture, **raised})

    def losses(self, peril: int, variants: Sequence[Factors]) -> tuple[Whole, Whole]:
        """Ground-up loss in fen and seconds of a stop of the whole output, each by variant and
        point of the peril's grid."""
        own = self.factors[peril]
        every = {one.group for one in self.tables.components.values()} | set(EFFECT_GROUPS)
        loss, stopped = self._of_groups(peril, [own], every)
        found = np.repeat(loss, len(variants), axis=0), np.repeat(stopped, len(variants), axis=0)
        alike: dict[frozenset[str], list[int]] = {}
        for place, one in enumerate(variants):
            moved = one[peril] != own
            groups = {EFFECT_GROUPS[group] for group in np.flatnonzero(moved).tolist()}
            if moved[_RECORDS]:
                groups.add("liability")  # damages grow with the records
            alike.setdefault(frozenset(groups), []).append(place)
        for some, places in alike.items():
            if some:
                loss, stopped = self._of_groups(
                    peril, [own, *(variants[place][peril] for place in places)], some)
                found[0][places] += loss[1:] - loss[0]
                if "interruption" in some:
                    found[1][places] = stopped[1:]
        return found

    def _of_groups(
        self, peril: int, factors: Sequence[Factors], groups: set[str] | frozenset[str]
    ) -> tuple[Whole, Whole]:
        """Loss and stop of some groups of components, by factors and point."""
        tables, name = self.tables, PERILS[peril]
        scales = scales_of(tables, self.exposure, self.industry, name)
        return losses_of_groups(peril_grid(tables, name), Enterprises(tables, [
            Enterprise(self.exposure, scales, dict(zip(EFFECT_GROUPS, one.tolist(), strict=True)))
            for one in factors]), groups)


def _factors(tables: CalibrationTables, posture: Posture) -> Factors:
    found = control_factors(tables, scores_of(posture, tables))
    return np.array([list(found[peril].by_group.values()) for peril in PERILS])
