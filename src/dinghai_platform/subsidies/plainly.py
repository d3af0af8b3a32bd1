"""A rule read out in plain words, in the language of the page: what it gives, to whom, and how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p

from dinghai.schemes.subsidy_rule import Condition, SubsidyRule
from dinghai_platform.site.formats import (
    day_text,
    is_chinese,
    money_text,
    percent_text,
    short_money_text,
)
from dinghai_platform.subsidies.words import SIZES, sector_name, word


@dataclass(frozen=True, slots=True)
class Sentence:
    """One part of a rule: its heading and what it says."""

    title: str
    text: str


def in_plain_words(rule: SubsidyRule) -> list[Sentence]:
    """The whole rule, part by part."""
    return [Sentence(str(title), str(text)) for title, text in _parts(rule)]


def _parts(rule: SubsidyRule) -> Iterator[tuple[Any, Any]]:
    yield _p("rule", "How much"), _how_much(rule)
    yield _p("rule", "At most"), _at_most(rule)
    yield _p("rule", "Budget"), _budget(rule)
    yield _p("rule", "Who"), _who(rule)
    yield _p("rule", "When"), _when(rule)
    if rule.conditions:
        yield _p("rule", "Conditions"), _joined(condition_text(one) for one in rule.conditions)
    if rule.documents:
        yield _p("rule", "Papers"), _joined(
            one.name_zh if is_chinese() else one.name_en or one.name_zh for one in rule.documents)
    yield _p("rule", "Publication"), _publication(rule)
    yield _p("rule", "If the policy ends or premium goes back"), _(
        "The subsidy falls to what the rule gives on the premium that stays; what was paid beyond "
        "that goes back.")


def condition_text(one: Condition) -> str:
    """A condition in the rule's own words."""
    return one.text_zh if is_chinese() else one.text_en or one.text_zh


def _how_much(rule: SubsidyRule) -> str:
    basis = _("with VAT") if rule.vat_counts else _("without VAT")
    return _("%(ratio)s of the premium that the firm itself bears (%(basis)s), after what others "
             "pay, other subsidies and refunds.") % {
        "ratio": percent_text(rule.ratio_ppm), "basis": basis}


def _at_most(rule: SubsidyRule) -> str:
    parts = []
    if rule.cap_per_firm_fen is not None:
        parts.append(_("%(amount)s a firm, over all its policies") % {
            "amount": money_text(rule.cap_per_firm_fen)})
    if rule.cap_per_policy_fen is not None:
        parts.append(_("%(amount)s a policy") % {"amount": money_text(rule.cap_per_policy_fen)})
    return _joined(parts) if parts else _("No cap of its own.")


def _budget(rule: SubsidyRule) -> str:
    amount = short_money_text(rule.budget_fen)
    if rule.mode == "proportional":
        way = _("all that apply in time share it in proportion once the period is over")
    elif rule.cut_last:
        way = _("first come, first served, while it lasts; the last grant may be cut to the rest")
    else:
        way = _("first come, first served, while it lasts")
    freed = (_("what is freed comes back to it") if rule.freed_budget == "returned"
             else _("what is freed lapses"))
    return _("%(amount)s: %(way)s; %(freed)s.") % {"amount": amount, "way": way, "freed": freed}


def _who(rule: SubsidyRule) -> str:
    scope = rule.scope
    parts = []
    if scope.sectors:
        parts.append(_("sectors %(codes)s") % {
            "codes": _joined(sector_name(one) for one in scope.sectors)})
    if scope.areas:
        parts.append(_("areas whose code begins with %(codes)s") % {
            "codes": _joined(scope.areas)})
    if scope.sizes:
        parts.append(_("size: %(sizes)s") % {
            "sizes": _joined(word(SIZES, one) for one in scope.sizes)})
    if scope.products:
        parts.append(_("products %(names)s") % {"names": _joined(scope.products)})
    if scope.lines:
        parts.append(_("lines %(names)s") % {"names": _joined(scope.lines)})
    return _("; ").join(parts) if parts else _("Every firm that bears a premium.")


def _when(rule: SubsidyRule) -> str:
    period = rule.period
    counted = {"paid_on": _("premium paid"), "inception": _("cover begun"),
               "applied_at": _("applied")}[period.counts_by]
    text = _("%(what)s from %(first)s to %(last)s, both days included.") % {
        "what": counted, "first": day_text(period.first), "last": day_text(period.last)}
    if period.apply_by is not None:
        text += " " + _("Applications until %(day)s.") % {"day": day_text(period.apply_by)}
    return text


def _publication(rule: SubsidyRule) -> str:
    rules = rule.publication
    if rules is None:
        return _("Nothing is published; grants may be paid at once.")
    names = _("by their full names") if rules.names == "full" else _("by masked names")
    days = (_("%(days)d working days") if rules.count == "working_days"
            else _("%(days)d days")) % {"days": rules.objection_days}
    return _("Grants are published %(names)s and stand open to objections for %(days)s; then they "
             "are paid.") % {"names": names, "days": days}


def _joined(parts: Any) -> str:
    return _(", ").join(parts)
