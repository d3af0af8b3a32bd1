"""A comparison made ready for its page: rows by topic, one cell for each product."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from dinghai.comparison.documents import Cover, CoverRow, Payout, PayoutLine, ScenarioResult
from dinghai.comparison.scenarios import loss_kinds
from dinghai.documents.readings import fact_name
from dinghai.vocabulary.coverages import coverages
from dinghai.wording.saying import (
    days,
    joined,
    percent,
    retention_words,
    sublimit_words,
    waiting_words,
)
from dinghai_platform.catalogue.comparing import Compared
from dinghai_platform.catalogue.words import (
    CLASSES,
    both,
    condition_words,
    coverage_name,
    language,
    phrased,
    said,
)
from dinghai_platform.site.charts import Chart, bar_chart
from dinghai_platform.site.words import name_of

Row = dict[str, Any]
Key = tuple[str, str]


def products_of(compared: Compared) -> list[Row]:
    """The heads of the columns: name, standing, terms used, price."""
    prices = {(one.product, one.version): one for one in compared.found.prices}
    rows = []
    for number, one in enumerate(compared.found.products, start=1):
        offer = compared.offer(one.product, one.version)
        price = prices[one.product, one.version]
        rows.append({
            "number": number, "key": offer.key, "offer": offer, "name": name_of(one),
            "product_id": one.product, "version": one.version, "status": offer.status,
            "insurer": offer.insurer,
            "limit": one.aggregate_limit_fen, "event_limit": one.each_event_limit_fen,
            "deductible": one.event_deductible_fen,
            "adjusted_limit": one.adjusted.get("aggregate_limit_fen"),
            "adjusted_deductible": one.adjusted.get("event_deductible_fen"),
            "retroactive": one.retroactive_date, "score": one.conformance.score,
            "conforming": one.conformance.conforming, "monotone": one.conformance.monotone,
            "errors": sum(x.severity == "error" for x in one.conformance.deviations),
            "warnings": sum(x.severity == "warning" for x in one.conformance.deviations),
            "price": price, "reasons": [both(x.zh, x.en) for x in price.reasons],
        })
    return rows


def in_order(
    compared: Compared, cells: Iterable[Any], make: Callable[[Any], Any]
) -> list[Any]:
    """One cell for each product of the document, None where there is nothing."""
    found = {(one.product, one.version): make(one) for one in cells}
    return [found.get((one.product, one.version)) for one in compared.found.products]


# --- cover ----------------------------------------------------------------------------------------


def cover_groups(compared: Compared) -> list[Row]:
    """The cover matrix by class of coverage; a row differs when its cells are not all alike."""
    groups: dict[str, list[Row]] = {}
    for row in compared.found.cover:
        groups.setdefault(coverages()[row.coverage].coverage_class, []).append(
            _cover_row(compared, row))
    return [{"name": CLASSES[code], "code": code, "rows": rows,
             "differs": any(one["differs"] for one in rows)}
            for code in CLASSES if (rows := groups.get(code))]


def _cover_row(compared: Compared, row: CoverRow) -> Row:
    cells = in_order(compared, row.products, _cover_cell)
    alike = {None if one is None else one["alike"] for one in cells}
    return {
        "code": row.coverage, "name": name_of(row), "plain": _plain(row.coverage), "cells": cells,
        "differs": len(alike) > 1, "granted": any(one is not None for one in cells),
        "mainland": "" if row.mainland == "covered" else phrased("payability", row.mainland)
        if row.mainland in {"nominal_only", "prohibited"} else _("not for virtual currency"),
    }


def _plain(code: str) -> str:
    standard = coverages()[code]
    return both(standard.plain_zh, standard.plain_en)


def _cover_cell(own: Cover) -> Row:
    tongue = language()
    facts = []
    if own.waiting is not None and own.waiting.seconds:
        facts.append((_("Waiting time"), waiting_words(own.waiting, tongue)))
    if own.retention is not None and own.retention.kind not in {"none", "event_deductible"}:
        facts.append((_("Own retention"), retention_words(own.retention, tongue)))
    if own.insured_share_ppm:
        facts.append((_("You bear"), percent(own.insured_share_ppm)))
    if own.indemnity_days is not None:
        facts.append((_("At most"), days(own.indemnity_days, tongue)))
    if own.average:
        facts.append((_("Under-insurance"), _("paid in proportion")))
    facts += [("", condition_words(one)) for one in own.conditions]
    basis = "" if own.sublimit is None else sublimit_words(own.sublimit, tongue)
    if own.kind == "tower":
        basis = _("on top of all limits")
    return {
        "paid": own.payability in {"covered", "conditional"},
        "payability": said("payability", own.payability), "limit": own.sublimit_fen,
        "basis": basis, "facts": facts, "clause": own.clause, "optional": not own.mandatory,
        "alike": (own.payability, own.sublimit_fen, basis, tuple(facts), own.mandatory),
    }


# --- cliffs ---------------------------------------------------------------------------------------


def cliff_rows(compared: Compared) -> list[Row]:
    """What each product says on each topic on which wordings differ sharply."""
    return [
        {"topic": one.topic, "name": name_of(one), "differs": one.differs,
         "cells": in_order(compared, one.products, lambda cliff: both(cliff.zh, cliff.en))}
        for one in compared.found.cliffs
    ]


# --- scenarios ------------------------------------------------------------------------------------


def scenario_rows(compared: Compared, query: str) -> list[Row]:
    """What each product pays in each scenario; every cell knows where its lines are shown."""
    return [_scenario_row(compared, one, query) for one in compared.found.scenarios]


def _scenario_row(compared: Compared, own: ScenarioResult, query: str) -> Row:
    best = max((one.payable_fen for one in own.products), default=0)

    def cell(pay: Payout) -> Row:
        key = compared.offer(pay.product, pay.version).key
        opened = urlencode({"scenario": own.scenario, "product": key})
        return {
            "payable": pay.payable_fen, "in_kind": pay.in_kind_fen, "kept": pay.kept_fen,
            "uncovered": pay.uncovered_fen, "address": f"?{query}&{opened}",
            "share": pay.payable_fen * 1_000_000 // own.loss_fen if own.loss_fen else 0,
            "best": pay.payable_fen == best > 0,
        }

    return {
        "id": own.scenario, "name": name_of(own),
        "summary": both(own.summary_zh, own.summary_en), "loss": own.loss_fen,
        "not_applicable": phrased_measure(own.not_applicable) if own.not_applicable else "",
        "cells": in_order(compared, own.products, cell),
        "differs": len({one.payable_fen for one in own.products}) > 1,
    }


def phrased_measure(code: str) -> str:
    """A figure of the enterprise by its name."""
    names: Mapping[str, str] = {
        "revenue_fen": _("revenue"), "gross_profit_per_day_fen": _("gross profit a day"),
        "online_revenue_ppm": _("revenue from sales online"),
        "personal_records": _("records of persons"), "endpoints": _("endpoints"),
        "headcount": _("employees"), "ot_systems": _("industrial control systems"),
        "critical_providers": _("critical providers"),
        "high_value_payments": _("payments of high value"),
    }
    return names.get(code, code)


def opened_payout(compared: Compared, scenario: str, product: str) -> Row | None:
    """One cell opened: every line of the decision, and what no section takes."""
    result = next((one for one in compared.found.scenarios if one.scenario == scenario), None)
    if result is None:
        return None
    for pay in result.products:
        offer = compared.offer(pay.product, pay.version)
        if offer.key == product:
            return {
                "scenario": name_of(result), "summary": both(result.summary_zh, result.summary_en),
                "product": offer, "loss": result.loss_fen, "payable": pay.payable_fen,
                "in_kind": pay.in_kind_fen, "kept": pay.kept_fen,
                "uncovered_fen": pay.uncovered_fen,
                "losses": [{"name": name_of(one), "amount": one.amount_fen, "source": one.source,
                            "confidence": one.confidence} for one in result.losses],
                "lines": [_line(one) for one in pay.lines],
                "uncovered": [
                    {"name": name_of(one), "amount": one.amount_fen,
                     "covers": [coverage_name(code) for code in one.coverages],
                     "reason": _("not insurable on the mainland")
                     if one.reason == "not_insurable_on_the_mainland"
                     else _("no section takes it")} for one in pay.uncovered],
            }
    return None


def _line(own: PayoutLine) -> Row:
    kinds = loss_kinds()
    return {
        "code": own.coverage, "name": coverage_name(own.coverage), "clause": own.clause,
        "kinds": joined((name_of(kinds[one]) for one in own.kinds), language()),
        "loss": own.loss_fen, "payable": own.payable_fen, "in_kind": own.in_kind_fen,
        "outcome": phrased("outcome", own.outcome),
        "asked": [fact_name(one, language()) for one in own.asked],
        "steps": [
            {"rule": phrased("rule", one.rule), "code": one.code, "clause": one.clause,
             "before": one.before_fen, "after": one.after_fen} for one in own.steps],
    }


def payout_chart(compared: Compared) -> Chart | None:
    """Payouts by scenario, one series a product; None where no scenario applies."""
    shown = [one for one in compared.found.scenarios if one.not_applicable is None]
    if not shown:
        return None
    names = labels(compared)
    series: dict[str, list[int | None]] = {}
    for at, name in enumerate(names):
        series[name] = [in_order(compared, one.products, lambda pay: pay.payable_fen)[at]
                        for one in shown]
    chart = bar_chart([name_of(one) for one in shown], series, unit="fen",
                      first_column=_("Scenario"))
    # Names of products are long: on a narrow page the legend is paged, and never over the bars.
    legend = {"type": "scroll", "show": True, "top": 4, "left": 0, "right": 0,
              "icon": "roundRect", "itemWidth": 12, "itemHeight": 8}
    return replace(chart, option={**chart.option, "legend": legend}).with_height("large")


def labels(compared: Compared) -> list[str]:
    """Names of the products that tell them apart in a legend."""
    names = [name_of(one) for one in compared.found.products]
    return [f"{name} {one.version}" if names.count(name) > 1 else name
            for name, one in zip(names, compared.found.products, strict=True)]


# --- export ---------------------------------------------------------------------------------------

CSV_HEADING = ("part", "code", "name", "product", "version", "field", "value")


def csv_rows(compared: Compared) -> Iterator[Sequence[Any]]:
    """The comparison in long form: one value a row, amounts in yuan."""
    for product in compared.found.products:
        who = (product.product, product.version)
        terms = {"aggregate_limit": product.aggregate_limit_fen,
                 "event_deductible": product.event_deductible_fen}
        for name, fen in terms.items():
            yield ("product", product.product, name_of(product), *who, name, _yuan(fen))
        yield ("product", product.product, name_of(product), *who, "conformance_score",
               product.conformance.score)
    for row in compared.found.cover:
        for own in row.products:
            yield ("cover", row.coverage, name_of(row), own.product, own.version, "sublimit",
                   _yuan(own.sublimit_fen))
    for topic in compared.found.cliffs:
        for cliff in topic.products:
            yield ("cliff", topic.topic, name_of(topic), cliff.product, cliff.version, cliff.says,
                   both(cliff.zh, cliff.en))
    for scenario in compared.found.scenarios:
        for pay in scenario.products:
            for name, fen in (("loss", scenario.loss_fen), ("payable", pay.payable_fen),
                              ("in_kind", pay.in_kind_fen), ("uncovered", pay.uncovered_fen),
                              ("kept", pay.kept_fen)):
                yield ("scenario", scenario.scenario, name_of(scenario), pay.product, pay.version,
                       name, _yuan(fen))
    for price in compared.found.prices:
        for name in ("gross_premium_fen", "charged_net_fen", "expected_payout_fen",
                     "per_million_fen"):
            yield ("price", price.product, "", price.product, price.version,
                   name.removesuffix("_fen"), _yuan(getattr(price, name)))
        for reason in price.reasons:
            yield ("price", price.product, "", price.product, price.version, reason.code,
                   both(reason.zh, reason.en))


def _yuan(fen: int | None) -> str:
    return "" if fen is None else f"{fen / 100:.2f}"
