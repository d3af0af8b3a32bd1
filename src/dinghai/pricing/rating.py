"""The rating of a product: loads, expenses, filed bounds, authority and tax, read from data."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final, Literal

import msgspec

from dinghai.foundation.canonical import JSON, document_hash
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import PPM, Fen
from dinghai.foundation.reading import plain, read_toml, typed
from dinghai.pricing.tables import CONFIDENCES, Sourced, TableStruct, read_checked


class ParameterLoad(Sourced, frozen=True):
    """A share of the pure premium for not knowing the mean."""

    ppm_of_pure: int


Principle = Literal["variance", "tail_value_at_risk", "wang", "proportional_hazard"]


class RiskLoad(Sourced, frozen=True):
    """The premium principle and its parameter: the one that belongs to it must be given.

    ``variance``: variance ÷ (2 × ``risk_tolerance_fen``). ``tail_value_at_risk``:
    ``cost_of_capital_ppm`` of what the mean of the worst 1 − ``level_ppm`` of years exceeds the
    mean by. ``wang``: the distortion Φ(Φ⁻¹(u) + ``shift_ppm``). ``proportional_hazard``: the
    distortion u^(1 ÷ ``hazard_ppm``), one or more.
    """

    principle: Principle = "variance"
    risk_tolerance_fen: Fen | None = None
    level_ppm: int | None = None
    cost_of_capital_ppm: int | None = None
    shift_ppm: int | None = None
    hazard_ppm: int | None = None

    def faults(self) -> list[tuple[str, str]]:
        """Fields that the principle needs and does not have, or that make no sense."""
        needed = {
            "variance": (("risk_tolerance_fen", 1, None),),
            "tail_value_at_risk": (("level_ppm", 500_000, 999_900),
                                   ("cost_of_capital_ppm", 0, PPM)),
            "wang": (("shift_ppm", 0, 5 * PPM),),
            "proportional_hazard": (("hazard_ppm", PPM, 20 * PPM),),
        }[self.principle]
        found = []
        for name, low, high in needed:
            value = getattr(self, name)
            if value is None:
                found.append((name, f"the principle {self.principle} needs it"))
            elif value < low or (high is not None and value > high):
                upper = "" if high is None else f" and at most {high:,}"
                found.append((name, f"give at least {low:,}{upper}"))
        return found


class CatastropheLoad(Sourced, frozen=True):
    """A share of the expected payments from common causes."""

    ppm_of_common: int


class Loads(TableStruct, frozen=True):
    """Everything added to the pure premium for risk."""

    parameter: ParameterLoad
    risk: RiskLoad
    catastrophe: CatastropheLoad


class Service(Sourced, frozen=True):
    """Cost of the services that come with the policy."""

    base_fen: Fen
    ppm_of_revenue: int
    maximum_fen: Fen

    def cost(self, revenue_fen: Fen) -> Fen:
        """Cost for an enterprise of this revenue."""
        return min(self.base_fen + revenue_fen * self.ppm_of_revenue // PPM, self.maximum_fen)


class Share(Sourced, frozen=True):
    """A part of the net premium."""

    ppm: int


class Expenses(TableStruct, frozen=True):
    """Parts of the net premium."""

    expense: Share
    commission: Share
    profit: Share
    guarantee_fund: Share

    def items(self) -> tuple[tuple[str, Share], ...]:
        """Name and share of each, in order."""
        return (("expense", self.expense), ("commission", self.commission),
                ("profit", self.profit), ("guarantee_fund", self.guarantee_fund))

    @property
    def total_ppm(self) -> int:
        """Their sum."""
        return sum(share.ppm for _, share in self.items())


class Market(Sourced, frozen=True):
    """The factor between technical and charged premium, and what it was fixed by."""

    factor_ppm: int
    anchor: str
    anchor_gross_fen: Fen


class Filed(Sourced, frozen=True):
    """What is filed: nothing outside may be charged (报行合一)."""

    factor_minimum_ppm: int
    factor_maximum_ppm: int
    rate_on_line_minimum_ppm: int
    rate_on_line_maximum_ppm: int
    commission_maximum_ppm: int
    minimum_premium_fen: Fen


class Authority(Sourced, frozen=True):
    """Beyond these a higher authority decides."""

    aggregate_limit_fen: Fen
    net_premium_fen: Fen
    minimum_confidence_ppm: int


class Tax(Sourced, frozen=True):
    """VAT is added on top; stamp duty stands apart."""

    vat_ppm: int
    stamp_duty_ppm: int


class Validity(Sourced, frozen=True):
    """How long a quote holds."""

    quote_days: int


class Rating(TableStruct, frozen=True):
    """One filed rating (schema dinghai.rating/1)."""

    schema: Literal["dinghai.rating/1"]
    id: str
    version: str
    as_of: str
    filing: str
    name_zh: str
    name_en: str
    loads: Loads
    service: Service
    expenses: Expenses
    market: Market
    filed: Filed
    authority: Authority
    tax: Tax
    validity: Validity


def read_rating(path: Path) -> Rating:
    """A rating from its TOML file. Raises InputError, also for a rating that breaks its filing."""
    return read_checked(path, Rating, checked_rating)


def rating_of(document: JSON) -> Rating:
    """A rating from its plain document. Raises InputError as ``read_rating`` does."""
    return checked_rating(typed(document, Rating))


@cache
def rating_hash(rating: Rating) -> str:
    """SHA-256 over the canonical JSON of the rating."""
    return document_hash(plain(rating))


def checked_rating(rating: Rating, file: str | None = None) -> Rating:
    """The rating itself. Raises InputError with every figure that makes no sense or breaks the
    filing (报行合一)."""
    faults = [Fault(message, file, None, field, mend)
              for message, field, mend in _faults(rating)]
    if faults:
        raise InputError.of(faults)
    return rating


def _faults(rating: Rating) -> Iterator[tuple[str, str, str]]:
    for name in ("id", "version", "filing", "name_zh", "name_en"):
        if not str(getattr(rating, name)).strip():
            yield f"{name} is empty", name, "write it"
    yield from _sourceless("", rating)
    yield from _out_of_range(rating)
    filed = rating.filed
    if rating.expenses.total_ppm >= PPM:
        yield ("the parts of the net premium leave nothing for the losses", "expenses",
               "lower them below 100%")
    if rating.expenses.commission.ppm > filed.commission_maximum_ppm:
        yield ("the commission is above the filed one (报行合一)", "expenses.commission.ppm",
               "lower it to the filed maximum")
    if not filed.factor_minimum_ppm <= rating.market.factor_ppm <= filed.factor_maximum_ppm:
        yield ("the market factor is outside its filed bounds", "market.factor_ppm",
               "bring it inside, or file other bounds")
    for name, mend in rating.loads.risk.faults():
        yield "the risk load is not complete", f"loads.risk.{name}", mend
    for name in ("factor", "rate_on_line"):
        low = f"{name}_minimum_ppm"
        if getattr(filed, low) > getattr(filed, f"{name}_maximum_ppm"):
            yield "the filed bounds are out of order", f"filed.{low}", "order them"


def _sourceless(at: str, part: object) -> Iterator[tuple[str, str, str]]:
    """Tables of figures without a source or with a mark of confidence that is none."""
    if isinstance(part, Sourced):
        if not part.source.strip():
            yield "the figures have no source", f"{at}source", "say where they come from"
        if part.confidence not in CONFIDENCES:
            yield (f"{part.confidence!r} is no confidence mark", f"{at}confidence",
                   "one of: " + ", ".join(CONFIDENCES))
    if isinstance(part, msgspec.Struct):
        for name in part.__struct_fields__:
            yield from _sourceless(f"{at}{name}.", getattr(part, name))


_POSITIVE: Final = ("loads.risk.risk_tolerance_fen", "market.factor_ppm",
                    "filed.factor_minimum_ppm", "validity.quote_days")


def _out_of_range(rating: Rating) -> Iterator[tuple[str, str, str]]:
    """Figures below nothing, figures that must not be nothing, and shares above the whole."""
    for field, value in figures(rating):
        least = 1 if field in _POSITIVE else 0
        if value < least:
            yield f"{value} is too small", field, f"give at least {least}"
        elif field.startswith("tax.") and value >= PPM:
            yield f"{value} is more than the whole", field, "write parts per million"


def figures(table: object, at: str = "") -> Iterator[tuple[str, int]]:
    """Every whole number of a table with its place (``loads.risk.risk_tolerance_fen``)."""
    if isinstance(table, msgspec.Struct):
        for name in table.__struct_fields__:
            value, place = getattr(table, name), f"{at}.{name}" if at else name
            if isinstance(value, int) and not isinstance(value, bool):
                yield place, value
            else:
                yield from figures(value, place)


@cache
def load_rating(rating_id: str) -> Rating:
    """A rating that ships with the engine. Raises InputError for an unknown id."""
    resource = files("dinghai.data").joinpath("rating", f"{rating_id}.toml")
    if "/" in rating_id or not resource.is_file():
        raise InputError(f"there is no rating {rating_id!r}", field="rating",
                         mend="name the product's rating table")
    with as_file(resource) as path:
        return read_rating(path)


EffortClass = Literal["low", "medium", "high"]


class EffortWeights(TableStruct, frozen=True):
    """Relative cost of the classes."""

    low: int
    medium: int
    high: int

    def of(self, effort: EffortClass) -> int:
        """Weight of a class."""
        return int(getattr(self, effort))


class Effort(Sourced, frozen=True):
    """The declared effort of each indicator's fix (schema dinghai.effort/1)."""

    schema: Literal["dinghai.effort/1"]
    version: str
    weights: EffortWeights
    classes: dict[str, EffortClass]


@cache
def load_effort() -> Effort:
    """The effort table that ships with the engine."""
    with as_file(files("dinghai.data").joinpath("rating", "effort.toml")) as path:
        return read_toml(path, Effort)


class FixCost(TableStruct, frozen=True):
    """What full marks from nothing cost in the first year."""

    base_fen: Fen
    per_endpoint_fen: Fen
    per_person_fen: Fen


class FixCosts(Sourced, frozen=True):
    """The cost of fixes (schema dinghai.fix-costs/1): by class, or an enterprise's own offers.

    ``full_fen`` holds the offers: indicator to the cost of full marks from nothing.
    """

    schema: Literal["dinghai.fix-costs/1"]
    version: str
    classes: dict[EffortClass, FixCost] = {}
    full_fen: dict[str, Fen] = {}

    def full(self, indicator: str, *, endpoints: int, people: int) -> Fen | None:
        """Cost of full marks from nothing; None where the table has none."""
        if indicator in self.full_fen:
            return self.full_fen[indicator]
        cost = self.classes.get(load_effort().classes[indicator])
        if cost is None:
            return None
        return (cost.base_fen + endpoints * cost.per_endpoint_fen
                + people * cost.per_person_fen)


def read_fix_costs(path: Path) -> FixCosts:
    """An enterprise's own costs. Raises InputError for a cost that is not positive or unknown."""
    costs = read_toml(path, FixCosts)
    known = load_effort().classes
    for indicator, fen in costs.full_fen.items():
        if indicator not in known:
            raise InputError(f"there is no indicator {indicator!r}", file=str(path),
                             field=f"full_fen.{indicator}", mend="name one of the questionnaire")
        if fen <= 0:
            raise InputError("a fix costs something", file=str(path),
                             field=f"full_fen.{indicator}", mend="give whole fen above zero")
    return costs


@cache
def load_fix_costs() -> FixCosts:
    """The cost table that ships with the engine."""
    with as_file(files("dinghai.data").joinpath("rating", "fix_costs.toml")) as path:
        return read_toml(path, FixCosts)
