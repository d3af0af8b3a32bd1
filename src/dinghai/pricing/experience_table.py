"""The table of experience rating and no-claims credit, read from data."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import as_file, files
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from dinghai.foundation.canonical import JSON, document_hash
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import PPM
from dinghai.foundation.reading import plain, typed
from dinghai.pricing.tables import CONFIDENCES, Sourced, TableStruct, read_checked
from dinghai.vocabulary.indicators import indicators

Positive = Annotated[int, msgspec.Meta(ge=1)]
Share = Annotated[int, msgspec.Meta(ge=0, le=PPM)]
HIGHEST_CREDIT_PPM: Final = 500_000
"""Beyond half of the charged premium a discount would be the price: no cover is given away."""


class CredibilityBasis(Sourced, frozen=True):
    """How much enterprises of one class differ (coefficient of variation)."""

    variation_ppm: Annotated[int, msgspec.Meta(ge=1, le=5 * PPM)]


class Window(Sourced, frozen=True):
    """How many of the latest years count."""

    years: Annotated[int, msgspec.Meta(ge=1, le=20)]


class LossSplit(Sourced, frozen=True):
    """Where the excess of a loss begins, and where it is capped."""

    primary_fen: Positive
    cap_fen: Positive


class Bounds(Sourced, frozen=True):
    """The modification stays inside."""

    minimum_ppm: Share
    maximum_ppm: Annotated[int, msgspec.Meta(ge=PPM, le=10 * PPM)]


class HistoryIndicator(Sourced, frozen=True):
    """The indicator that asks for the history, and the level at which it has no effect."""

    indicator: str
    neutral_ppm: Share


class CreditStep(TableStruct, frozen=True):
    """So many whole years without a claim earn this credit."""

    clean_years: Positive
    credit_ppm: Share


class NoClaimsCredit(Sourced, frozen=True):
    """无赔款优待: a commercial discount on the charged premium."""

    name_zh: str
    name_en: str
    steps: tuple[CreditStep, ...]

    def credit(self, clean_years: int) -> int:
        """The credit of so many clean years, in ppm of the charged premium."""
        return max((one.credit_ppm for one in self.steps if one.clean_years <= clean_years),
                   default=0)


class ExperienceTable(TableStruct, frozen=True):
    """One version of the table (schema dinghai.experience-rating/1)."""

    schema: Literal["dinghai.experience-rating/1"]
    id: str
    version: str
    as_of: str
    filing: str
    name_zh: str
    name_en: str
    credibility: CredibilityBasis
    window: Window
    split: LossSplit
    bounds: Bounds
    history: HistoryIndicator
    no_claims: NoClaimsCredit


def read_experience_table(path: Path) -> ExperienceTable:
    """A table from its TOML file. Raises InputError with every fault and its line."""
    return read_checked(path, ExperienceTable, checked_experience_table)


def experience_table_of(document: JSON) -> ExperienceTable:
    """A table from its plain document. Raises InputError."""
    return checked_experience_table(typed(document, ExperienceTable))


def checked_experience_table(table: ExperienceTable, file: str | None = None) -> ExperienceTable:
    """The table itself. Raises InputError for one that would not be monotone or says nothing."""
    faults = [Fault(message, file, None, field, mend) for message, field, mend in _faults(table)]
    if faults:
        raise InputError.of(faults)
    return table


def _faults(table: ExperienceTable) -> Iterator[tuple[str, str, str]]:
    for name in ("id", "version", "name_zh", "name_en"):
        if not str(getattr(table, name)).strip():
            yield f"{name} is empty", name, "name the table and its version"
    if table.split.cap_fen <= table.split.primary_fen:
        yield ("the cap does not lie above the primary amount", "split.cap_fen",
               "raise the cap, or lower the primary amount")
    for before, after in pairwise(table.no_claims.steps):
        if after.clean_years <= before.clean_years or after.credit_ppm < before.credit_ppm:
            yield ("more clean years must not earn less credit", "no_claims.steps",
                   "list the steps in rising order")
            break
    for place, step in enumerate(table.no_claims.steps):
        if step.credit_ppm > HIGHEST_CREDIT_PPM:
            yield (f"a credit of {step.credit_ppm} ppm is above {HIGHEST_CREDIT_PPM} ppm",
                   f"no_claims.steps[{place}].credit_ppm",
                   "take at most half of the charged premium off")
    if table.history.indicator not in indicators():
        yield (f"there is no indicator {table.history.indicator!r}", "history.indicator",
               "name one of the questionnaire")
    for name in ("credibility", "window", "split", "bounds", "history", "no_claims"):
        part: Sourced = getattr(table, name)
        if not part.source.strip():
            yield "the figures have no source", f"{name}.source", "say where they come from"
        if part.confidence not in CONFIDENCES:
            yield (f"{part.confidence!r} is no confidence mark", f"{name}.confidence",
                   "one of: " + ", ".join(CONFIDENCES))


@cache
def experience_table_hash(table: ExperienceTable) -> str:
    """SHA-256 over the canonical JSON of the table."""
    return document_hash(plain(table))


@cache
def load_experience_table() -> ExperienceTable:
    """The table that ships with the engine."""
    with as_file(files("dinghai.data").joinpath("rating", "experience_rating.toml")) as path:
        return read_experience_table(path)


