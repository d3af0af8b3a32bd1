"""The plans side by side as a page shows them, with or without a firm's own prices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from dinghai.schemes.small_firm_plans import Plan, plan_document
from dinghai.wording.explaining import ExplainableTerm
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.small_firms.engine import plans
from dinghai_platform.small_firms.models import Quote
from dinghai_platform.small_firms.words import (
    EFFORTS,
    TERM_KINDS,
    condition_words,
    coverage_name,
    indicator_name,
    plan_name,
    plan_summary,
    reason_words,
)


@dataclass(frozen=True, slots=True)
class Section:
    """One coverage of the product over the plans: its sublimit in each, None where a plan leaves
    it out."""

    code: str
    name: str
    retention_fen: int
    waiting_seconds: int
    insured_share_ppm: int
    sublimits_fen: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One plan as a column; ``price`` is the engine's for a firm, where there is one."""

    plan: Plan
    name: str
    summary: str
    price: Mapping[str, Any] | None = None
    is_offered: bool = False
    can_be_bound: bool = False
    why_not: tuple[str, ...] = ()
    covers: tuple[tuple[str, int | None], ...] = ()
    address: str = ""

    @property
    def from_gross_fen(self) -> int:
        """The least premium with VAT."""
        return self.plan.minimum_premium_fen + self.plan.minimum_premium_fen * 6 // 100


@cache
def _document() -> dict[str, Any]:
    return dict(plan_document(plans()))


def sections(quote: Quote | None = None) -> list[Section]:
    """What each plan covers: as sold, or as a quote offers it."""
    by_plan = [{one["coverage"]: one for one in plan["sections"]} for plan in _document()["plans"]]
    offered: list[Mapping[str, int]] | None = None
    if quote is not None and quote.document["plans"]:
        offered = [one["sublimits_fen"] for one in quote.document["plans"]]
    codes = list(dict.fromkeys(code for plan in by_plan for code in plan))
    made = []
    for code in codes:
        first = next(plan[code] for plan in by_plan if code in plan)
        made.append(Section(
            code, coverage_name(code), first["retention_fen"], first["waiting_seconds"],
            first["insured_share_ppm"],
            tuple(one.get(code) for one in offered) if offered is not None else
            tuple(plan[code]["sublimit_fen"] if code in plan else None for plan in by_plan)))
    return made


def columns(quote: Quote | None = None, address: Callable[[str], str] | None = None
            ) -> list[Column]:
    """The plans in the table's order; ``address`` says where each is taken."""
    rows = sections(quote)
    prices = {one["plan"]: one for one in quote.document["plans"]} if quote is not None else {}
    can = set(quote.bindable_plans()) if quote is not None else set()
    offered = "" if quote is None else quote.offered_plan or quote.decided_plan
    found = []
    for place, plan in enumerate(plans().plans):
        price = prices.get(plan.code)
        why = () if price is None or plan.code in can else tuple(
            reason_words(one) for one in price["reasons"]
            if not one.startswith(("grade:", "unconfirmed:")))
        found.append(Column(plan, plan_name(plan.code), plan_summary(plan), price,
                            plan.code == offered, plan.code in can, why,
                            tuple((one.name, one.sublimits_fen[place]) for one in rows),
                            "" if address is None else address(plan.code)))
    return found


@dataclass(frozen=True, slots=True)
class Term:
    """A term in the page's language, as it must be explained."""

    key: str
    clause: str
    name: str
    text: str
    plain: str


@dataclass(frozen=True, slots=True)
class TermGroup:
    """Terms of one kind, read and confirmed together."""

    kind: str
    name: str
    terms: tuple[Term, ...]


def groups_of(terms: Iterable[ExplainableTerm]) -> list[TermGroup]:
    """Terms by kind, in the order of the clauses."""
    chinese = is_chinese()
    found: dict[str, list[Term]] = {}
    for one in terms:
        found.setdefault(one.kind, []).append(Term(
            one.key, one.clause, one.name_zh if chinese else one.name_en,
            one.text_zh if chinese else one.text_en,
            one.plain_zh if chinese else one.plain_en))
    return [TermGroup(kind, str(TERM_KINDS.get(kind, kind)), tuple(rows))
            for kind, rows in found.items()]


@dataclass(frozen=True, slots=True)
class FixLine:
    """One fix: what it takes off the premium with the plan's floor in mind, in fen a year."""

    name: str
    effort_word: str
    knock_out: bool
    from_ppm: int | None
    paid_effect_fen: int
    worth_fen: int


def fixes_of(quote: Quote) -> list[FixLine]:
    """What lowers the premium of a quote."""
    return [FixLine(indicator_name(one["indicator"]),
                    str(EFFORTS.get(one["effort"], one["effort"])), one["knock_out"],
                    one["from_ppm"], one["paid_effect_fen"], one["worth_fen"])
            for one in quote.document["fixes"]]


def reasons_of(quote: Quote) -> list[str]:
    """Why a quote is as it is; what merely nobody could check is told apart."""
    return [reason_words(one) for one in quote.document["reasons"]
            if not one.startswith(("grade:", "unconfirmed:"))]


def conditions_of(quote: Quote) -> list[str]:
    """What is asked of the firm beside the premium."""
    return [condition_words(one["code"], one["indicator"])
            for one in quote.document["conditions"]]
