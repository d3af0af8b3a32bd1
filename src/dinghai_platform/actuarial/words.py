"""Codes and figures of the actuary's room in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext
from django.utils.translation import pgettext_lazy as _p

from dinghai.pricing.referral_facts import FACTS
from dinghai.vocabulary.indicators import indicators
from dinghai.vocabulary.industries import industries
from dinghai.vocabulary.perils import PERILS
from dinghai_platform.site.words import (
    Word,
    name_of,
    register_states,
    state_word,
    traced_name,
)

GROUPS: Final[Mapping[str, Any]] = {
    "loads.parameter": _("Parameter load"),
    "loads.risk": _("Risk load"),
    "loads.catastrophe": _("Catastrophe load"),
    "service": _("Service cost"),
    "expenses.expense": _("Expenses"),
    "expenses.commission": _("Commission"),
    "expenses.profit": _("Profit"),
    "expenses.guarantee_fund": _("Guarantee fund levy"),
    "market": _("Market factor"),
    "filed": _("What is filed"),
    "authority": _("Underwriter's authority"),
    "tax": _("Taxes"),
    "validity": _("Validity of quotes"),
    "credibility": _("Credibility of own claims"),
    "window": _("Years that count"),
    "split": _("Number and size of claims"),
    "bounds": _("Bounds of the modification"),
    "history": _("Indicator of incident history"),
    "no_claims": _("No-claims credit"),
    "experience": _("Experience rating table"),
}
FIGURES: Final[Mapping[str, Any]] = {
    "loads.parameter.ppm_of_pure": _("Share of the pure premium"),
    "loads.risk.risk_tolerance_fen": _("Risk tolerance"),
    "loads.catastrophe.ppm_of_common": _("Share of expected payments from common causes"),
    "service.base_fen": _("Fixed part"),
    "service.ppm_of_revenue": _("Share of revenue"),
    "service.maximum_fen": _p("rates", "At most"),
    "expenses.expense.ppm": _("Share of the net premium"),
    "expenses.commission.ppm": _("Share of the net premium"),
    "expenses.profit.ppm": _("Share of the net premium"),
    "expenses.guarantee_fund.ppm": _("Share of the net premium"),
    "market.factor_ppm": _("Charged ÷ technical premium"),
    "market.anchor_gross_fen": _("Gross premium of the anchor"),
    "market.anchor": _("Anchor"),
    "filed.factor_minimum_ppm": _("Market factor from"),
    "filed.factor_maximum_ppm": _("Market factor to"),
    "filed.rate_on_line_minimum_ppm": _("Rate on line from"),
    "filed.rate_on_line_maximum_ppm": _("Rate on line to"),
    "filed.commission_maximum_ppm": _("Commission at most"),
    "filed.minimum_premium_fen": _("Minimum premium"),
    "authority.aggregate_limit_fen": _("Aggregate limit up to"),
    "authority.net_premium_fen": _("Premium before VAT up to"),
    "authority.minimum_confidence_ppm": _("Confidence from"),
    "tax.vat_ppm": _("VAT"),
    "tax.stamp_duty_ppm": _("Stamp duty"),
    "validity.quote_days": _("Days a quote holds"),
    "credibility.variation_ppm": _("How much enterprises of one class differ"),
    "window.years": _("Latest years that count"),
    "split.primary_fen": _("A claim's size counts above"),
    "split.cap_fen": _("A claim's size counts up to"),
    "bounds.minimum_ppm": _("Modification from"),
    "bounds.maximum_ppm": _("Modification to"),
    "history.indicator": _("Indicator"),
    "history.neutral_ppm": _("Read at the level"),
}
HEADER: Final[Mapping[str, Any]] = {
    "id": _p("rates", "Table"),
    "version": _("Version"),
    "as_of": _("As of"),
    "filing": _("Filing number"),
    "name_zh": _("Chinese name"),
    "name_en": _("English name"),
    "schema": _("Schema"),
}
PARTS_OF_RULES: Final[Mapping[str, Any]] = {
    "value": _p("rates", "Threshold"),
    "comparison": _("Comparison"),
    "fact": _p("rates", "Fact"),
    "than": _("Compared with"),
    "outcome": _p("rates", "What follows"),
    "to": _("Decided by"),
    "reason": _("Reason code"),
    "match": _("All or any"),
    "source": _p("rates", "Source"),
    "confidence": _p("rates", "Confidence"),
    "name_zh": _("Chinese name"),
    "name_en": _("English name"),
    "id": _("Rule"),
}
COMPARISONS: Final[Mapping[str, Any]] = {
    "above": _p("rates", "above"),
    "at_least": _("at least"),
    "below": _p("rates", "below"),
    "at_most": _p("rates", "at most"),
    "equals": _p("rates", "is"),
    "in": _("is one of"),
    "not_in": _("is none of"),
    "includes_any": _("includes any of"),
}
EFFECTS: Final[Mapping[str, Any]] = {
    "condition": _("Take with conditions"),
    "refer": _("Refer"),
    "decline": _p("rates", "Decline"),
}
EVENTS: Final[Mapping[str, Any]] = {
    "draft": _p("step", "Drafted"),
    "edit": _p("step", "Figures changed"),
    "propose": _p("step", "Proposed"),
    "withdraw": _p("step", "Withdrawn"),
    "approve": _p("step", "Approved"),
    "reject": _p("step", "Rejected"),
    "enter": _p("step", "Entered into force"),
    "supersede": _p("step", "Superseded"),
}
SIZES: Final[Mapping[str, Any]] = {
    "to_100m": _("revenue below ¥100m"),
    "100m_500m": _("revenue ¥100m to ¥500m"),
    "500m_2bn": _("revenue ¥500m to ¥2bn"),
    "from_2bn": _("revenue from ¥2bn"),
}
SEGMENTS: Final[Mapping[str, Any]] = {
    "industry": _("Industry"),
    "size": _("Size"),
    "grade": _("Grade"),
    "product": _("Product"),
}
CHANGES: Final[Mapping[str, Any]] = {
    "added": _("Added"),
    "removed": _("Removed"),
    "changed": _("Changed"),
    "same": _("The same"),
}
TABLES: Final[Mapping[str, Any]] = {
    "frequency": _("Frequency of claims"),
    "severity": _("Severity of claims"),
    "severity_fit": _("Fitted scales of severity"),
    "control_effects": _("Effects of controls"),
    "experience": _("Experience from incident data"),
    "industries": _("Industries and size bands"),
}
_STEP = re.compile(r"no_claims\.steps\[(?P<number>\d+)\]\.(?P<part>clean_years|credit_ppm)$")
_RULE = re.compile(r"rules\[(?P<rule>[^\]]+)\](?:\.when\[(?P<number>\d+)\])?\.(?P<part>\w+)$")


def kind_name(code: str) -> str:
    """A kind of table in words."""
    from dinghai_platform.actuarial.kinds import KINDS

    return str(KINDS[code].label) if code in KINDS else code


def place_name(place: str, rules: Mapping[str, Any] | None = None) -> str:
    """A place of a document in words; ``rules`` gives the rules of a referral table by id."""
    if place in HEADER:
        return str(HEADER[place])
    if place in FIGURES:
        group = place.rsplit(".", 1)[0]
        return f"{GROUPS[group]} · {FIGURES[place]}"
    if match := _RULE.match(place):
        rule = (rules or {}).get(match["rule"])
        name = name_of(rule) if rule else match["rule"]
        part = PARTS_OF_RULES.get(match["part"], match["part"])
        number = int(match["number"] or 0)
        return f"{name} · {part}" + (f" {number + 1}" if number else "")
    if match := _STEP.match(place):
        name = (_t("Years without a claim") if match["part"] == "clean_years"
                else pgettext("rates", "Credit"))
        return f"{GROUPS['no_claims']} · {name} ({int(match['number']) + 1})"
    group, _dot, last = place.rpartition(".")
    if group in GROUPS and last in PARTS_OF_RULES:
        return f"{GROUPS[group]} · {PARTS_OF_RULES[last]}"
    return place


def part_name(part: str) -> str:
    """A part of a rating in words."""
    return str(GROUPS.get(part, part))


def fact_name(name: str) -> str:
    """A fact of the rules in words."""
    return name_of(FACTS[name]) if name in FACTS else name


def segment_name(segment: str, code: str) -> str:
    """One group of a segment in words."""
    if segment == "industry":
        known = industries().get(code)
        return f"{code} {name_of(known)}" if known else code or "—"
    if segment == "size":
        return str(SIZES.get(code, code or "—"))
    return code or "—"


def calibration_name(place: str) -> str:
    """The indicator, industry and peril that a place of a calibration table names, in words."""
    known: list[str] = []
    for code in re.split(r"[.\[\]]| · ", place):
        if code in indicators():
            known.append(name_of(indicators()[code]))
        elif code in PERILS:
            known.append(str(traced_name(code) or code))
    if match := re.match(r"industries\.([A-T])\.", place):
        known.append(segment_name("industry", match[1]))
    return " · ".join(dict.fromkeys(known))


UNITS: Final[Mapping[str, Any]] = {
    "share": _p("unit", "share"), "ratio": _p("unit", "ratio"), "log": _p("unit", "logarithm"),
    "records": _p("unit", "records"), "probability": _p("unit", "probability"),
    "ln ratio": _p("unit", "logarithm of a ratio"),
    "ln records": _p("unit", "logarithm of records"),
    "ln USD": _p("unit", "logarithm of US dollars"), "elasticity": _p("unit", "elasticity"),
    "hours": _p("unit", "hours"), "days": _p("unit", "days"), "fen": _p("unit", "fen"),
    "per_year": _p("unit", "a year"), "per_month": _p("unit", "a month"),
    "per USD million": _p("unit", "per million US dollars"), "count": _p("unit", "count"),
    "CNY per USD": _p("unit", "yuan per US dollar"), "fen per hour": _p("unit", "fen an hour"),
    "incidents": _p("unit", "incidents"), "USD": _p("unit", "US dollars"),
    "CNY": _p("unit", "yuan"),
}
"""Units of calibration tables; ppm is written the same in every language."""


def unit_name(unit: str) -> str:
    """A unit of a calibration table in words."""
    return str(UNITS.get(unit, unit))


def outcome_name(code: str) -> str:
    """An outcome of a quote in words."""
    return str(state_word(code).label) if code else "—"


def yes_or_no(value: bool) -> str:
    """A truth in words."""
    return _t("yes") if value else _t("no")


def register() -> None:
    """Hand the room's words to the site."""
    from dinghai_platform.site.words import SECTIONS
    from dinghai_platform.underwriting.words import QUOTE_REASONS

    SECTIONS["actuarial"] = _("Actuarial")
    register_states(
        {
            "table_draft": Word(_p("rates", "Draft")),
            "table_proposed": Word(_p("rates", "Proposed"), "info"),
            "table_approved": Word(_p("rates", "Approved"), "good"),
            "table_in_force": Word(_p("rates", "In force"), "good"),
            "table_superseded": Word(_p("rates", "Superseded")),
            "table_rejected": Word(_p("rates", "Rejected"), "bad"),
            "table_withdrawn": Word(_p("rates", "Withdrawn")),
            "fit_read": Word(_p("fit", "To be asked"), "info"),
            "fit_running": Word(_("Running"), "info"),
            "fit_refused": Word(_p("fit", "Not fitted"), "bad"),
            "fit_done": Word(_("Done"), "good"),
            "fit_withdrawn": Word(_p("rates", "Withdrawn")),
            "outdated": Word(_p("state", "Book changed"), "warn"),
            "applies": Word(_p("rule", "Applies"), "warn"),
            "does_not_apply": Word(_p("rule", "Does not apply"), "good"),
            "evidence_needed": Word(_p("rule", "Evidence needed"), "info"),
            "shipped_table": Word(_p("state", "Comes with the platform")),
        }
    )
    QUOTE_REASONS.update(
        {
            "limit_above_chief_authority": _("Limit above the chief underwriter's authority"),
            "premium_above_chief_authority": _("Premium above the chief underwriter's authority"),
            "minimum_requirements_missed": _("Three or more minimum requirements not met"),
            "sanctions_hit": _("Hit on a sanctions list"),
            "industry_outside_appetite": _("Industry outside the appetite"),
            "critical_infrastructure": _("Operator of critical infrastructure"),
            "revenue_outside_appetite": _("Revenue beyond what the tables rest on"),
            "jurisdiction_outside_appetite": _("Jurisdiction outside the appetite"),
        }
    )
