"""The structured wording: a whole product.

Amounts are fen, ratios parts per million, durations seconds. A field left out that belongs to
the standard vocabulary (texts, triggers, predicate, effect) is filled from it when the product is
resolved, so that a policy carries its whole wording and needs no table to be read again.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from dinghai.foundation.canonical import JSON
from dinghai.foundation.reading import plain
from dinghai.wording.exclusions import Exclusion
from dinghai.wording.layers import Definition, FiledClause, Layer
from dinghai.wording.sections import Section, SharedLimit, Tower
from dinghai.wording.words import (
    DEFAULT_ORDER,
    Amount,
    Cell,
    Count,
    Line,
    Ratio,
    Stage,
    Status,
    Struct,
    Tier,
)


class Basis(Struct, frozen=True):
    """What counts as one event, and where.

    ``root_cause``: all losses of one root cause (``incident.root_cause_id``); ``hours_window``:
    what first occurs within so many hours of an earlier claim, before or after;
    ``batch_defect``: all losses of one defective batch (``incident.batch_id``).
    """

    aggregation_rule: Literal["root_cause", "hours_window", "batch_defect"] = "root_cause"
    hours_window: Count | None = None
    series: bool = True
    """Claims-made: all claims of one event are made when its first was."""
    circumstances: bool = True
    """Claims-made: a circumstance notified in the period makes later claims fall into it."""
    gbt20986_families: tuple[str, ...] = ()
    territory: str = "worldwide"
    extended_reporting_days: Count = 60
    retroactive: Literal["inception", "date", "none"] = "inception"


class Limits(Struct, frozen=True):
    """Bounds and defaults of the amounts that a schedule fills in."""

    aggregate_minimum_fen: Amount
    aggregate_default_fen: Amount
    aggregate_maximum_fen: Amount
    each_event_ppm: Ratio = 1_000_000
    deductible_minimum_fen: Amount = 0
    deductible_default_fen: Amount = 0
    deductible_maximum_fen: Amount = 0
    deductible_per: Literal["event", "insured"] = "event"
    """Whether the members of a programme share one event deductible, or each bears its own."""
    defence: Literal["inside", "outside"] = "inside"
    """Defence costs of liability sections: part of the limits, or on top of them and of every
    retention and share (保险法66条)."""
    reinstatements: Count = 0
    """How often the aggregate limit comes back within the year."""
    reinstatement_premium_ppm: Ratio = 0


class Obligation(Struct, frozen=True):
    """Something a party must do, with its deadline and what a breach costs."""

    id: str
    who: Literal["insured", "applicant", "insurer"]
    text_zh: str
    text_en: str
    clause: str
    deadline_hours: Count | None = None
    statutory: bool = False
    breach: str = ""


class ClaimsProcess(Struct, frozen=True):
    """The promises about a claim; the law's own days are the longest allowed."""

    notice_hours: Count = 48
    decision_days: Count = 30
    pay_days: Count = 10
    interim_days: Count = 60
    refusal_days: Count = 3
    appeal_zh: str = ""
    appeal_en: str = ""


class Service(Struct, frozen=True):
    """A service that comes with the policy."""

    code: str
    quantity: Count
    unit_zh: str
    unit_en: str
    clause: str


class Rating(Struct, frozen=True):
    """Where the premium comes from and how it floats."""

    table: str
    float_rule: str


class OtherInsurance(Struct, frozen=True):
    """How double insurance is shared (保险法56条; by sums insured unless agreed otherwise)."""

    rule: Literal["sums_insured", "independent_liability", "excess", "none"] = "sums_insured"
    clause: str = ""


class Instalments(Struct, frozen=True):
    """Premium by instalments: a claim is paid in the proportion of premium paid to premium due."""

    clause: str


class Product(Struct, frozen=True):
    """A whole product. Resolved, it needs nothing beside itself to be read, priced and decided."""

    schema: Literal["dinghai.product/1"]
    product_id: str
    version: str
    name_zh: str
    name_en: str
    summary_zh: str
    summary_en: str
    line: Line
    tier: Tier
    limits: Limits
    sections: tuple[Section, ...]
    rating: Rating
    status: Status = "draft"
    revises: str = ""
    """The version this one takes the place of."""
    filing_no: str | None = None
    currency: Literal["CNY"] = "CNY"
    jurisdictions: tuple[str, ...] = ("CN-mainland",)
    sectors: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    effective_from: date | None = None
    effective_to: date | None = None
    basis: Basis = Basis()
    towers: tuple[Tower, ...] = ()
    shared_limits: tuple[SharedLimit, ...] = ()
    layers: tuple[Layer, ...] = ()
    other_insurance: OtherInsurance = OtherInsurance()
    instalments: Instalments | None = None
    parameters: dict[str, Cell] = {}
    """Terms of the vocabulary's parameters with their defaults; a schedule may set others."""
    definitions: tuple[Definition, ...] = ()
    filed_clauses: tuple[FiledClause, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    claims_process: ClaimsProcess = ClaimsProcess()
    services: tuple[Service, ...] = ()
    calculation_order: tuple[Stage, ...] = DEFAULT_ORDER
    vocabulary: str = ""
    """Version of the vocabulary it was resolved with; empty while it still refers to it."""

    def section(self, coverage: str) -> Section | None:
        """The section of a coverage, if the product grants it."""
        return next((one for one in self.sections if one.coverage == coverage), None)

    def tower(self, coverage: str) -> Tower | None:
        """The tower of a coverage, if there is one."""
        return next((one for one in self.towers if one.coverage == coverage), None)

    def exclusion(self, code: str) -> Exclusion | None:
        """The exclusion of that code, if the product has it."""
        return next((one for one in self.exclusions if one.code == code), None)

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return plain(self)
