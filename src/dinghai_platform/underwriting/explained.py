"""Why a quote costs what it costs, made ready for its page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from dinghai.foundation.canonical import document_hash
from dinghai.foundation.reading import plain
from dinghai.losses.reference import industry_average
from dinghai.pricing.budget import FixPlan, best_fixes
from dinghai.pricing.claims_history import history_of_document
from dinghai.pricing.explaining import Explanation
from dinghai.pricing.quote import Quote as EngineQuote
from dinghai.vocabulary.industries import industries
from dinghai_platform.site.charts import Chart, waterfall_chart
from dinghai_platform.site.tracing import TraceNode, trace_node
from dinghai_platform.site.words import name_of
from dinghai_platform.underwriting.engine import Kept, hashes_of, pricer_of, tables_of
from dinghai_platform.underwriting.models import Quote, TreatmentPlan
from dinghai_platform.underwriting.reading import experience_words, indicator_name
from dinghai_platform.underwriting.services.costs import costs_of
from dinghai_platform.underwriting.services.quotes import first_day, price
from dinghai_platform.underwriting.words import (
    AVERAGE_FIRM,
    GROUP_NOTES,
    GROUPS,
    THIS_FIRM,
    WATERFALL,
    WITH_EXPERIENCE,
)

_plans = Kept(32)


@dataclass(frozen=True, slots=True)
class Group:
    """One group of factors: what it adds, what it consists of, and the rows behind it."""

    code: str
    name: str
    note: str
    pure_fen: int
    technical_fen: int
    factors: tuple[TraceNode, ...]


def priced_again(quote: Quote) -> EngineQuote:
    """The quote by the tables in force today, with its own claims history: what an explanation
    explains."""
    given = date.fromisoformat(quote.document["terms"]["inception"])
    return price(quote.assessment, quote.product, inception=given, limit_fen=quote.limit_fen,
                 deductible_fen=quote.deductible_fen,
                 history=None if quote.history is None else history_of_document(quote.history))


def explained_page(quote: Quote) -> dict[str, Any]:
    """Why a quote costs what it costs.

    ``changed`` says that tables or rules have moved since the quote was priced, so that the
    explanation leads to another price than the quote's.
    """
    priced = priced_again(quote)
    explanation = priced.explanation
    section = industries()[explanation.industry]
    average = industry_average(priced.model.tables, explanation.industry)
    return {
        "explanation": explanation,
        "industry": name_of(section),
        "average_revenue": average.revenue_fen,
        "own_revenue": priced.model.exposure.revenue_fen,
        "groups": [
            Group(one.group, str(GROUPS[one.group]), str(GROUP_NOTES[one.group]), one.pure_fen,
                  one.technical_fen, tuple(trace_node(factor) for factor in one.factors))
            for one in explanation.contributions],
        "waterfall": _waterfall(explanation, priced),
        "experience": None if priced.experience is None else experience_words(
            {"experience": priced.experience.to_dict(), "premium": priced.premium.to_dict()}),
        "technical": priced.premium.technical_net,
        "changed": priced.premium.technical_net != quote.technical_fen,
    }


def _waterfall(explanation: Explanation, priced: EngineQuote) -> Chart:
    """From the average firm's technical premium to this one's, and on by its own claims."""
    steps: list[Any] = [(str(AVERAGE_FIRM), explanation.average_technical_fen, "total")]
    steps += [(str(GROUPS[one.group]), one.technical_fen, "change")
              for one in explanation.contributions]
    steps.append((str(THIS_FIRM), explanation.technical_fen, "total"))
    if priced.experience is not None:
        technical = priced.premium.technical_net
        steps += [(str(WATERFALL["experience"]), technical - explanation.technical_fen, "change"),
                  (str(WITH_EXPERIENCE), technical, "total")]
    return waterfall_chart(steps, unit="fen").with_height("medium")


def fixes_within(plan: TreatmentPlan, budget_fen: int) -> FixPlan:
    """The best fixes of a plan for a budget, with the plan's history and the enterprise's own
    costs. Raises InputError for a budget that is none."""
    tables, day = tables_of(plan.assessment, plan.product), first_day()
    pricer, costs = pricer_of(plan.assessment, plan.product, tables), costs_of(plan.case)
    history = None if plan.history is None else history_of_document(plan.history)
    return _plans.get(
        (plan.assessment.document_hash, plan.product.document_hash, *hashes_of(tables),
         plan.history_hash, document_hash(plain(costs)), day, budget_fen),
        lambda: best_fixes(pricer, pricer.schedule(inception=day), budget_fen, costs, history))


def budget_page(plan: TreatmentPlan, budget_fen: int) -> dict[str, Any]:
    """The best fixes for a budget, with their names."""
    found = fixes_within(plan, budget_fen)
    return {
        "best": found,
        "best_fixes": [(indicator_name(one.indicator), one) for one in found.fixes],
        "saved": sum(one.charged_reduction_fen for one in found.fixes),
    }
