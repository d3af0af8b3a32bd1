"""The calibration: every study of public data, and the table that ships with the engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dinghai.experience.calibration_counts import (
    common_cause_rows,
    count_rows,
    delay_rows,
    delay_studies,
    frequency_studies,
    repeat_rows,
)
from dinghai.experience.calibration_losses import fit_losses
from dinghai.experience.calibration_relativities import relativity_rows
from dinghai.experience.calibration_sources import read_public_data
from dinghai.experience.calibration_table import Row, Series, row_to_dict, to_toml
from dinghai.experience.studies import DelayStudy, FrequencyStudy, SeverityStudy
from dinghai.foundation.canonical import JSON


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """The studies of public data, and the figures that come of them."""

    severity: tuple[SeverityStudy, ...]
    frequency: tuple[FrequencyStudy, ...]
    delays: tuple[DelayStudy, ...]
    series: tuple[Series, ...]
    rows: tuple[Row, ...]

    def table_rows(self) -> Iterator[dict[str, JSON]]:
        """The figures as plain rows, in the order of the table."""
        for row in self.rows:
            yield row_to_dict(row)

    def checks(self) -> tuple[Row, ...]:
        """The rows that hold a law against what came later."""
        return tuple(row for row in self.rows if row.held is not None)

    def toml(self) -> str:
        """The text of the shipped table: the same sources give the same bytes."""
        return to_toml(self.rows, self.series)


def studies_of(sources: Path) -> Calibration:
    """Read the public data under a folder and fit everything. Raises InputError that names what is
    missing or cannot be read."""
    data = read_public_data(sources)
    losses = fit_losses(data)
    frequency, delays = frequency_studies(data), delay_studies(data)
    rows = (
        *(row for one in losses for row in one.rows),
        *count_rows(frequency),
        *(row for one in delays for row in delay_rows(one)),
        *repeat_rows(data),
        *common_cause_rows(data),
        *relativity_rows(data),
    )
    return Calibration(tuple(one.study for one in losses), frequency, delays,
                       tuple(one.series for one in losses), rows)
