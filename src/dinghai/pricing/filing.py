"""Everything a rate filing is made of: tables priced, relativities, sensitivities, what changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from dinghai.foundation.canonical import JSON, document_hash
from dinghai.foundation.money import Fen
from dinghai.losses.tables import CalibrationTables, shipped_tables
from dinghai.pricing.premium import Premium
from dinghai.pricing.rating import Rating, load_rating, rating_hash
from dinghai.pricing.reference_grid import (
    GridPricer,
    GridTable,
    PricedFirm,
    ReferenceFirm,
    grid_firms,
    load_grid,
    unpriced_sections,
)
from dinghai.pricing.sensitivity import Moved, sensitivities
from dinghai.wording.schema import Product


@dataclass(frozen=True, slots=True)
class Relativity:
    """A firm at one limit or deductible beside the same firm at the product's default.

    Ratios are of the pure premium and of the charged net premium; the charged one also has the
    cost of services and the filed minimum in it.
    """

    priced: PricedFirm
    pure: float
    charged: float


@dataclass(frozen=True, slots=True)
class RatingChange:
    """One figure of a rating that differs; None where one of the two has no such field."""

    field: str
    old: JSON
    new: JSON


@dataclass(frozen=True, slots=True)
class Impact:
    """One reference firm by the old and by the new rating, on the same losses."""

    priced: PricedFirm
    old: Premium

    @property
    def change(self) -> float:
        """New charged net premium ÷ old − 1."""
        return self.priced.premium.charged_net / self.old.charged_net - 1.0


@dataclass(frozen=True, slots=True)
class FilingStudy:
    """A filing's figures. ``against`` is the rating in force before, where there was one."""

    product: Product
    rating: Rating
    against: Rating | None
    tables: CalibrationTables
    grid_table: GridTable
    on: date
    grid: tuple[PricedFirm, ...]
    limits: tuple[Relativity, ...]
    deductibles: tuple[Relativity, ...]
    moved: tuple[Moved, ...]
    changes: tuple[RatingChange, ...]
    impacts: tuple[Impact, ...]
    unpriced: tuple[str, ...]

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON (schema dinghai.filing-study/1): what the papers were read from."""
        document: dict[str, JSON] = {
            "schema": "dinghai.filing-study/1",
            "product": {"id": self.product.product_id, "version": self.product.version},
            "rating": {"id": self.rating.id, "version": self.rating.version,
                       "sha256": rating_hash(self.rating)},
            "against": None if self.against is None else {
                "id": self.against.id, "version": self.against.version,
                "sha256": rating_hash(self.against)},
            "tables": self.tables.version, "reference_grid": self.grid_table.version,
            "on": self.on.isoformat(),
            "grid": [one.to_dict() for one in self.grid],
            "limits": [one.priced.to_dict() for one in self.limits],
            "deductibles": [one.priced.to_dict() for one in self.deductibles],
            "sensitivity": [one.to_dict() for one in self.moved],
            "changes": [{"field": one.field, "old": one.old, "new": one.new}
                        for one in self.changes],
        }
        return {**document, "hash": document_hash(document)}


def study_filing(
    product: Product, on: date, *, rating: Rating | None = None, against: Rating | None = None,
    tables: CalibrationTables | None = None, grid_table: GridTable | None = None,
) -> FilingStudy:
    """Price everything a filing shows. ``rating`` and tables are the shipped ones unless given.

    Raises InputError for a product that the loss model cannot price.
    """
    rating = rating or load_rating(product.rating.table)
    table = grid_table or load_grid()
    pricer = GridPricer.of(product, rating, tables or shipped_tables(), on)
    grid = tuple(pricer.price(firm)[0] for firm in grid_firms(table))
    default = (pricer.limit_fen, pricer.deductible_fen)
    limits: list[Relativity] = []
    deductibles: list[Relativity] = []
    for revenue in table.revenues_fen:
        firm = ReferenceFirm(table.industry, revenue, table.posture_ppm)
        by_limit = [(limit, default[1]) for limit in pricer.limits(table.limit_ppm)]
        by_deductible = [(default[0], one) for one in pricer.deductibles(table.deductible_ppm)]
        priced = pricer.price(firm, [*by_limit, *by_deductible])
        limits += _relativities(priced[:len(by_limit)], default)
        deductibles += _relativities(priced[len(by_limit):], default)
    return FilingStudy(
        product=product, rating=rating, against=against, tables=pricer.tables, grid_table=table,
        on=on, grid=grid, limits=tuple(limits), deductibles=tuple(deductibles),
        moved=sensitivities(pricer, table),
        changes=() if against is None else rating_changes(against, rating),
        impacts=() if against is None else tuple(
            Impact(one, pricer.repriced(one, against)) for one in grid),
        unpriced=unpriced_sections(product))


def rating_changes(old: Rating, new: Rating) -> tuple[RatingChange, ...]:
    """Every field that differs, in the order of the new rating."""
    before, after = _flat(msgspec.to_builtins(old)), _flat(msgspec.to_builtins(new))
    names = dict.fromkeys((*after, *before))
    return tuple(RatingChange(name, before.get(name), after.get(name)) for name in names
                 if before.get(name) != after.get(name))


def _relativities(priced: tuple[PricedFirm, ...], default: tuple[Fen, Fen]) -> list[Relativity]:
    base = next(one for one in priced if (one.limit_fen, one.deductible_fen) == default)
    return [Relativity(one, one.expected / base.expected if base.expected else 1.0,
                       one.premium.charged_net / base.premium.charged_net) for one in priced]


def _flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, JSON]:
    found: dict[str, JSON] = {}
    for name, part in value.items():
        if isinstance(part, Mapping):
            found |= _flat(part, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = part
    return found
