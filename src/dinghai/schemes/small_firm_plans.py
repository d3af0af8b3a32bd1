"""Three plans for small firms (普惠方案) as data: schedules of one product, priced by one model."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final, Literal

import msgspec

from dinghai.assessment.profile import Profile
from dinghai.assessment.rules import rules
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import PPM, Fen, apply_ppm
from dinghai.pricing.quote import draft_schedule
from dinghai.pricing.rating import Rating, load_rating
from dinghai.pricing.referral import load_referral
from dinghai.pricing.tables import CONFIDENCES, Sourced, TableStruct, read_checked
from dinghai.vocabulary.industries import industries
from dinghai.wording.policy import Schedule, ScheduledSection
from dinghai.wording.products import load_product
from dinghai.wording.schema import Product

MOST_PLANS: Final = 3
"""A small firm chooses among few: the plan table may not hold more."""


class Plan(Sourced, frozen=True):
    """One plan: the amounts of a schedule of the product. Fen, seconds, ppm of full marks.

    ``event_deductible_fen`` and ``waiting_seconds`` repeat what the product says, for who reads
    the plan; a table that says something else is refused. ``minimum_premium_fen`` is net of VAT.
    """

    code: str
    name_zh: str
    name_en: str
    summary_zh: str
    summary_en: str
    aggregate_limit_fen: Fen
    event_deductible_fen: Fen
    waiting_seconds: int
    minimum_premium_fen: Fen
    minimum_score_ppm: int
    sublimits_fen: dict[str, Fen]


class Eligibility(Sourced, frozen=True):
    """Who is served by the plans; ``otherwise`` is the product for anybody else."""

    headcount_below: int
    revenue_below_fen: Fen
    personal_records_below: int
    sectors_elsewhere: tuple[str, ...]
    critical_infrastructure: bool
    otherwise: str

    def reasons_against(self, profile: Profile) -> tuple[str, ...]:
        """Codes of what speaks against serving a firm lightly; none where it is eligible."""
        found = [
            ("headcount", profile.headcount >= self.headcount_below),
            ("revenue", profile.revenue_fen >= self.revenue_below_fen),
            ("personal_records", profile.pi_records_general + profile.pi_records_sensitive
             >= self.personal_records_below),
            (f"sector:{profile.industry}", profile.industry in self.sectors_elsewhere),
            ("critical_infrastructure", profile.critical_infrastructure is True
             and not self.critical_infrastructure),
        ]
        return tuple(f"not_inclusive:{name}" for name, against in found if against)


class Reduced(Sourced, frozen=True):
    """What a firm is offered that has every control in part: a share of each sublimit.

    ``answered_rules`` are ids of referral rules that this offer already answers;
    ``treat_within_days`` counts from the first day of cover.
    """

    sublimit_ppm: int
    answered_rules: tuple[str, ...]
    treat_within_days: int


class Respondent(Sourced, frozen=True):
    """How long the questionnaire may take, in seconds, and from which confidence in ppm of the
    assessment its answers alone are enough for these limits."""

    target_seconds: int
    minimum_confidence_ppm: int


class PlanTable(TableStruct, frozen=True):
    """The plans (schema dinghai.small-firm-plans/1)."""

    schema: Literal["dinghai.small-firm-plans/1"]
    version: str
    product: str
    default_plan: str
    source: str
    confidence: str
    eligibility: Eligibility
    reduced: Reduced
    respondent: Respondent
    plans: tuple[Plan, ...]

    def plan(self, code: str) -> Plan:
        """A plan by its code. Raises InputError for an unknown one."""
        for one in self.plans:
            if one.code == code:
                return one
        raise InputError(f"there is no plan {code!r}", field="plan",
                         mend="one of: " + ", ".join(one.code for one in self.plans))


@cache
def shipped_plans() -> PlanTable:
    """The plans that ship with the engine."""
    with as_file(files("dinghai.data").joinpath("schemes", "small-firm-plans.toml")) as path:
        return read_plans(path)


def read_plans(path: Path) -> PlanTable:
    """A plan table from its TOML file. Raises InputError with every fault and its line."""
    return read_checked(path, PlanTable, _checked)


def _checked(table: PlanTable, file: str) -> PlanTable:
    faults = [Fault(message, file, None, field, mend)
              for message, field, mend in _faults(table)]
    if faults:
        raise InputError.of(faults)
    return table


def _faults(table: PlanTable) -> Iterator[tuple[str, str, str]]:
    product = load_product(table.product)
    codes = [one.code for one in table.plans]
    if not 1 <= len(codes) <= MOST_PLANS:
        yield f"{len(codes)} plans are not one to {MOST_PLANS}", "plans", "keep the choice small"
    if len(set(codes)) != len(codes):
        yield "a code stands twice", "plans", "give each plan its own"
    if table.default_plan not in codes:
        yield (f"{table.default_plan!r} is none of the plans", "default_plan",
               "one of: " + ", ".join(codes))
    inclusive, fit = rules().inclusive, table.eligibility
    if (fit.headcount_below > inclusive.headcount_below
            or fit.revenue_below_fen > inclusive.revenue_below_fen):
        yield ("firms would be eligible for whom the assessment offers no inclusive product",
               "eligibility", f"at most {inclusive.headcount_below} people and "
               f"{inclusive.revenue_below_fen} fen")
    for sector in fit.sectors_elsewhere:
        if sector not in industries():
            yield (f"{sector!r} is no section of GB/T 4754", "eligibility.sectors_elsewhere",
                   "A to T")
    if not 0 <= table.respondent.minimum_confidence_ppm <= PPM:
        yield "not a confidence", "respondent.minimum_confidence_ppm", f"0 to {PPM}"
    if not 0 < table.reduced.sublimit_ppm <= PPM:
        yield "not a share of a sublimit", "reduced.sublimit_ppm", f"1 to {PPM}"
    known = {one.id for one in load_referral().rules}
    for rule in table.reduced.answered_rules:
        if rule not in known:
            yield f"there is no referral rule {rule!r}", "reduced.answered_rules", "drop it"
    for mark, field in ((table.confidence, "confidence"),
                        *((one.confidence, f"plans[{place}].confidence")
                          for place, one in enumerate(table.plans))):
        if mark not in CONFIDENCES:
            yield f"{mark!r} is no mark of confidence", field, "one of: " + ", ".join(CONFIDENCES)
    for place, one in enumerate(table.plans):
        yield from _plan_faults(one, f"plans[{place}]", product)


def _plan_faults(plan: Plan, where: str, product: Product) -> Iterator[tuple[str, str, str]]:
    limits, filed = product.limits, load_rating(product.rating.table).filed
    if not limits.aggregate_minimum_fen <= plan.aggregate_limit_fen <= (
            limits.aggregate_maximum_fen):
        yield ("the limit is outside the product's bounds", f"{where}.aggregate_limit_fen",
               f"{limits.aggregate_minimum_fen} to {limits.aggregate_maximum_fen} fen")
    if not limits.deductible_minimum_fen <= plan.event_deductible_fen <= (
            limits.deductible_maximum_fen):
        yield ("the deductible is outside the product's bounds", f"{where}.event_deductible_fen",
               f"{limits.deductible_minimum_fen} to {limits.deductible_maximum_fen} fen")
    waits = {one.waiting.seconds for one in product.sections
             if one.waiting is not None and one.coverage in plan.sublimits_fen}
    if waits and waits != {plan.waiting_seconds}:
        yield ("the waiting time is not the product's", f"{where}.waiting_seconds",
               f"{', '.join(str(one) for one in sorted(waits))} seconds")
    if plan.minimum_premium_fen < filed.minimum_premium_fen:
        yield ("the premium floor is below the filed minimum", f"{where}.minimum_premium_fen",
               f"{filed.minimum_premium_fen} fen or more")
    if not 0 <= plan.minimum_score_ppm <= PPM:
        yield "not a score", f"{where}.minimum_score_ppm", f"0 to {PPM}"
    for code, amount in plan.sublimits_fen.items():
        if product.section(code) is None:
            yield f"the product has no section {code}", f"{where}.sublimits_fen", "drop it"
        elif not 0 < amount <= plan.aggregate_limit_fen:
            yield (f"the sublimit of {code} is not within the limit", f"{where}.sublimits_fen",
                   "give at most the aggregate limit")
    for section in product.sections:
        if section.mandatory and section.coverage not in plan.sublimits_fen:
            yield (f"the mandatory section {section.coverage} is missing",
                   f"{where}.sublimits_fen", "add it")


def plan_schedule(
    plan: Plan, profile: Profile, product: Product, *, inception: date,
    reduced_ppm: int | None = None, without: frozenset[str] = frozenset(),
) -> Schedule:
    """A year of the product in the plan's amounts.

    ``reduced_ppm`` is the share of each sublimit that is left; ``without`` names optional sections
    that the firm's own answers keep out.
    """
    draft = draft_schedule(profile, product, inception=inception,
                           limit_fen=plan.aggregate_limit_fen,
                           deductible_fen=plan.event_deductible_fen)
    sections = tuple(
        ScheduledSection(one.coverage, _share(plan.sublimits_fen[one.coverage], reduced_ppm))
        for one in product.sections if one.coverage in plan.sublimits_fen
        and (one.mandatory or one.coverage not in without))
    return msgspec.structs.replace(draft, sections=sections)


def _share(sublimit: Fen, reduced_ppm: int | None) -> Fen:
    return sublimit if reduced_ppm is None else max(apply_ppm(sublimit, reduced_ppm, "floor"), 1)


def plan_rating(table: PlanTable, plan: Plan, rating: Rating) -> Rating:
    """The product's rating with the plan's premium floor and the confidence the plans ask for.

    Nothing of the price but its floor changes.
    """
    filed = msgspec.structs.replace(rating.filed, minimum_premium_fen=plan.minimum_premium_fen)
    authority = msgspec.structs.replace(
        rating.authority, minimum_confidence_ppm=table.respondent.minimum_confidence_ppm)
    return msgspec.structs.replace(rating, filed=filed, authority=authority)


def plan_document(table: PlanTable) -> dict[str, JSON]:
    """The plans with the retentions and waiting of the product's own sections, as plain JSON."""
    document: dict[str, JSON] = msgspec.to_builtins(table)
    product = load_product(table.product)
    document["product"] = {"id": product.product_id, "version": product.version,
                           "name_zh": product.name_zh, "name_en": product.name_en}
    for plan in document["plans"]:
        plan["sections"] = [{
            "coverage": one.coverage, "sublimit_fen": plan["sublimits_fen"][one.coverage],
            "retention_fen": one.retention.amount_fen or 0,
            "waiting_seconds": one.waiting.seconds if one.waiting else 0,
            "insured_share_ppm": one.insured_share_ppm,
        } for one in product.sections if one.coverage in plan["sublimits_fen"]]
        del plan["sublimits_fen"]
    return document
