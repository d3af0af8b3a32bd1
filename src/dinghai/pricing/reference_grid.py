"""Reference firms of a rate filing, priced through the model and a product's own terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from importlib.resources import as_file, files
from typing import Literal

import msgspec

from dinghai.assessment.profile import LimitsWanted, Organisation, Profile, Provider
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM, Fen, apply_ppm, multiply_divide
from dinghai.foundation.reading import read_toml
from dinghai.foundation.trace import Source
from dinghai.losses.compound import Aggregate
from dinghai.losses.curves import exp
from dinghai.losses.evaluation import ITEM_FACTS, Evaluator
from dinghai.losses.model import LossModel, build_loss_model
from dinghai.losses.tables import CalibrationTables
from dinghai.pricing.premium import Premium, make_premium
from dinghai.pricing.quote import draft_schedule, priced_policy
from dinghai.pricing.rating import Rating
from dinghai.vocabulary.indicators import indicators
from dinghai.vocabulary.industries import industries
from dinghai.wording.policy import Policy
from dinghai.wording.schema import Product


class GridTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is priced for a filing (schema dinghai.reference-grid/1)."""

    schema: Literal["dinghai.reference-grid/1"]
    version: str
    source: str
    confidence: str
    revenues_fen: tuple[Fen, ...]
    posture_ppm: int
    industry: str
    limit_ppm: tuple[int, ...]
    deductible_ppm: tuple[int, ...]
    sensitivity_revenue_fen: Fen
    sensitivity_postures_ppm: tuple[int, int]
    stress_ppm: int
    indicators_shown: int

    def origin(self) -> Source:
        """Where the choice of firms comes from."""
        return Source(self.source, self.confidence)


@cache
def load_grid() -> GridTable:
    """The grid that ships with the engine."""
    with as_file(files("dinghai.data").joinpath("rating", "reference_grid.toml")) as path:
        return read_toml(path, GridTable)


@dataclass(frozen=True, slots=True)
class ReferenceFirm:
    """A firm with the exposures that are usual at its revenue; every indicator at one score."""

    industry: str
    revenue_fen: Fen
    posture_ppm: int


@dataclass(frozen=True, slots=True, eq=False)
class PricedFirm:
    """A reference firm under one limit and deductible. ``expected`` in fen a year."""

    firm: ReferenceFirm
    limit_fen: Fen
    deductible_fen: Fen
    expected: float
    standard_deviation: float
    claims_per_year: float
    days: int
    common: float
    inside: Aggregate
    premium: Premium

    @property
    def loss_ratio_ppm(self) -> int:
        """Expected payments ÷ charged net premium."""
        return multiply_divide(self.premium.pure, PPM, self.premium.charged_net, "half_up")

    @property
    def rate_on_line_ppm(self) -> int:
        """Charged net premium ÷ aggregate limit."""
        return multiply_divide(self.premium.charged_net, PPM, self.limit_fen, "half_up")

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON; amounts in whole fen."""
        return {"industry": self.firm.industry, "revenue_fen": self.firm.revenue_fen,
                "posture_ppm": self.firm.posture_ppm, "limit_fen": self.limit_fen,
                "deductible_fen": self.deductible_fen, "premium": self.premium.to_dict()}


def reference_profile(
    firm: ReferenceFirm, tables: CalibrationTables, *, retroactive: date | None = None
) -> Profile:
    """The firm's profile: the tables' own reference firm, with counts at their usual value."""
    row = tables.severity["reference_firm"]
    million_usd = firm.revenue_fen / tables.fen_per_usd / 1_000_000.0
    usual = {one.exposure: one for one in tables.modifiers}
    rate = round(float(row["gross_profit_rate"]) * PPM)
    records = int(float(row["records_per_million_usd"]) * million_usd)
    sensitive = int(records * float(row["sensitive_share"]))

    def ratio(exposure: str) -> int:
        return max(int(usual[exposure].usual_per_million_usd * million_usd), 1)

    def count(exposure: str) -> int:
        return round(exp(usual[exposure].reference)) - 1

    tolerance = int(tables.severity["interruption"]["tolerance_reference_hours"]) * 3600
    return Profile(
        organisation=Organisation("示例企业", "Reference firm", ""),
        revenue_fen=firm.revenue_fen, gross_profit_rate_ppm=rate, gross_profit_per_day_fen=None,
        industry=firm.industry, pi_records_general=records - sensitive,
        pi_records_sensitive=sensitive, important_data=False, critical_infrastructure=False,
        online_revenue_ppm=round(float(row["online_revenue"]) * PPM),
        tolerable_outage_seconds=tolerance,
        providers=tuple(Provider(f"provider-{one + 1}", "", "other", True)
                        for one in range(count("critical_providers"))),
        ot_systems=count("ot_systems"), headcount=ratio("headcount"),
        endpoints=ratio("endpoints"), jurisdictions=("CN-mainland",),
        high_value_payments_per_year=count("high_value_payments"), mlps_level=None,
        loss_history=(), limits_wanted=LimitsWanted(1, 0, None, retroactive))


def unpriced_sections(product: Product) -> tuple[str, ...]:
    """Coverages of the product that the loss model knows nothing of: they carry no price."""
    codes = (*(one.coverage for one in product.sections),
             *(one.coverage for one in product.towers))
    return tuple(code for code in codes if code not in ITEM_FACTS)


@dataclass(slots=True)
class GridPricer:
    """Prices reference firms under one product and rating; a policy is compiled once a terms."""

    product: Product
    rating: Rating
    tables: CalibrationTables
    on: date
    _compiled: dict[tuple[Fen, Fen], Evaluator] = field(default_factory=dict)

    @classmethod
    def of(
        cls, product: Product, rating: Rating, tables: CalibrationTables, on: date
    ) -> GridPricer:
        """Raises InputError for a product none of whose covers the loss model knows."""
        known = [one.coverage for one in product.sections if one.coverage in ITEM_FACTS]
        if not known:
            raise InputError("the loss model knows none of this product's covers",
                             field="sections", mend="file a product with at least one of: "
                             + ", ".join(sorted(ITEM_FACTS)))
        return cls(product, rating, tables, on)

    @property
    def limit_fen(self) -> Fen:
        """The product's default aggregate limit."""
        return self.product.limits.aggregate_default_fen

    @property
    def deductible_fen(self) -> Fen:
        """The product's default event deductible."""
        return self.product.limits.deductible_default_fen

    def limits(self, steps: Sequence[int]) -> tuple[Fen, ...]:
        """Multiples of the default limit inside the product's bounds, rising."""
        bounds = self.product.limits
        return _steps(self.limit_fen, steps, bounds.aggregate_minimum_fen,
                      bounds.aggregate_maximum_fen)

    def deductibles(self, steps: Sequence[int]) -> tuple[Fen, ...]:
        """Multiples of the default deductible inside the product's bounds, rising."""
        bounds = self.product.limits
        return _steps(self.deductible_fen, steps, bounds.deductible_minimum_fen,
                      bounds.deductible_maximum_fen)

    def model(self, firm: ReferenceFirm, tables: CalibrationTables | None = None) -> LossModel:
        """The firm's loss model, by the filing's tables or by moved ones."""
        tables = tables or self.tables
        posture = dict.fromkeys(indicators(), firm.posture_ppm)
        return build_loss_model(reference_profile(firm, tables), posture, tables=tables)

    def price(
        self, firm: ReferenceFirm, terms: Iterable[tuple[Fen, Fen]] | None = None, *,
        tables: CalibrationTables | None = None,
    ) -> tuple[PricedFirm, ...]:
        """The firm under each (limit, deductible); under the product's defaults when none is given.

        Raises InputError for terms that the product does not allow.
        """
        model = self.model(firm, tables)
        found = []
        for limit, deductible in terms or ((self.limit_fen, self.deductible_fen),):
            evaluator = self.evaluator(limit, deductible)
            evaluation = evaluator.evaluate(model)
            premium = make_premium(evaluation, self.rating, revenue_fen=firm.revenue_fen,
                                   days=evaluator.policy.days)
            found.append(PricedFirm(
                firm, limit, deductible, evaluation.expected, evaluation.standard_deviation,
                model.claims_per_year, evaluator.policy.days, evaluation.common,
                evaluation.inside, premium))
        return tuple(found)

    def premium(self, model: LossModel, evaluator: Evaluator) -> Premium:
        """The premium of a firm's model under the terms that an evaluator was compiled for."""
        return make_premium(evaluator.evaluate(model), self.rating,
                            revenue_fen=model.exposure.revenue_fen, days=evaluator.policy.days)

    def repriced(self, one: PricedFirm, rating: Rating) -> Premium:
        """The premium of the same losses by another rating."""
        return make_premium(one, rating, revenue_fen=one.firm.revenue_fen, days=one.days)

    def evaluator(self, limit: Fen, deductible: Fen) -> Evaluator:
        """A fresh evaluator of one limit and deductible; the terms are compiled once."""
        key = (limit, deductible)
        if key not in self._compiled:
            self._compiled[key] = Evaluator.of(self._policy(limit, deductible))
        # the grid has many firms: none keeps its payments once it is priced
        return self._compiled[key].branch()

    def _policy(self, limit: Fen, deductible: Fen) -> Policy:
        retroactive = {"inception": self.on, "date": self.on - timedelta(days=730), "none": None}
        profile = reference_profile(
            ReferenceFirm(next(iter(industries())), PPM, 0), self.tables,
            retroactive=retroactive[self.product.basis.retroactive])
        schedule = draft_schedule(profile, self.product, inception=self.on, limit_fen=limit,
                                  deductible_fen=deductible)
        return priced_policy(self.product, schedule, self.on)


def _steps(base: Fen, steps: Sequence[int], low: Fen, high: Fen) -> tuple[Fen, ...]:
    wanted = {base, *(apply_ppm(base, one) for one in steps)}
    return tuple(sorted(one for one in wanted if low <= one <= high))


def grid_firms(table: GridTable) -> tuple[ReferenceFirm, ...]:
    """Every industry at every revenue, industries in order of their letters."""
    return tuple(ReferenceFirm(industry, revenue, table.posture_ppm)
                 for industry in sorted(industries()) for revenue in table.revenues_fen)


def by_firm(priced: Iterable[PricedFirm]) -> Mapping[tuple[str, Fen], PricedFirm]:
    """Priced firms by industry and revenue."""
    return {(one.firm.industry, one.firm.revenue_fen): one for one in priced}
