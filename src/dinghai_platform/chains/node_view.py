"""What the page of a node shows: facts with their estimates, controls, findings, links, goods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p

from dinghai.foundation.errors import InputError
from dinghai.supplychain.chain import Chain, Firm
from dinghai.supplychain.templates import TemplateEstimate, complete
from dinghai_platform.chains import queries
from dinghai_platform.chains.nodes import PRODUCT, Node
from dinghai_platform.chains.paths_view import likely_ways
from dinghai_platform.chains.products_view import product_view
from dinghai_platform.chains.queries import Choice
from dinghai_platform.chains.reasons_view import reason_rows
from dinghai_platform.chains.words import (
    ASSET_KINDS,
    FIELDS,
    KNOWN_BY,
    LINK_KINDS,
    PRIVILEGES,
    PROVIDER_KINDS,
    indicator_name,
    industry_name,
    word,
)
from dinghai_platform.site.formats import UNKNOWN, value_text

MOST_ROWS: Final = 200
HISTORY: Final = 8
"""Runs whose grades are shown."""
MOST_WAYS: Final = 6
_FACTS: Final = (
    "industry", "province", "credit_code", "revenue_fen", "gross_profit_rate_ppm", "headcount",
    "endpoints", "records_general", "records_sensitive", "important_data",
    "critical_infrastructure", "online_revenue_ppm", "tolerable_outage_seconds",
    "operations_systems", "recovery_seconds", "limit_fen", "event_deductible_fen")
_PROFILE: Final[Mapping[str, str]] = {
    "records_general": "pi_records_general", "records_sensitive": "pi_records_sensitive",
    "operations_systems": "ot_systems"}
"""Facts of a firm by the names that the templates' estimates have for them."""


def node_view(
    choice: Choice, chain: Chain, node: Node, rows: Mapping[str, Node]
) -> dict[str, Any]:
    """The parts of the page; rows of long tables stop at MOST_ROWS."""
    if node.kind == PRODUCT:
        return product_view(choice, chain, node, rows)
    firm = chain.firm.get(node.id)
    found: dict[str, Any] = {
        "links_in": _links(chain, node.id, rows, into=True),
        "links_out": _links(chain, node.id, rows, into=False), "most_rows": MOST_ROWS}
    if firm is None:
        provider = next(one for one in chain.providers if one.id == node.id)
        rate = provider.incidents_ppm_a_year
        return {**found, "facts": [
            (_("Kind"), word(PROVIDER_KINDS, provider.kind), ""),
            (word(FIELDS, "incidents_ppm_a_year"), UNKNOWN if rate is None
             else f"{rate / 1_000_000:g}", "template" if rate is None else "")]}
    return {
        **found, "facts": _facts(chain, firm),
        "controls": [(one.indicator, indicator_name(one.indicator), one.score_ppm,
                      word(KNOWN_BY, one.known_by), one.known_by == "estimate", one.as_of)
                     for one in chain.controls_of.get(firm.id, ())],
        "assets": [(one, word(ASSET_KINDS, one.kind), _yes(one.exposed))
                   for one in chain.assets_of.get(firm.id, ())[:MOST_ROWS]],
        "weaknesses": chain.weaknesses_of.get(firm.id, ())[:MOST_ROWS],
        "buys": [(rows[one.source], one) for one in chain.goods
                 if one.target == firm.id][:MOST_ROWS],
        "delivers": [(rows[one.target], one) for one in chain.goods
                     if one.source == firm.id][:MOST_ROWS]}


def level_view(
    choice: Choice, node: Node, rows: Mapping[str, Node]
) -> dict[str, Any]:
    """The level of a node with its grades of before, what changed it, and the ways to it."""
    run = choice.run
    if run is None:
        return {}
    level = _of_node(queries.part(run, "levels"), node.id)
    changes = _of_node(queries.part(run, "changes"), node.id)
    return {
        "level": level, "index": _index(level),
        "level_parts": [(label, hint, level[name]) for name, label, hint in (
            ("own", _p("chain", "Own"), _("its own events cost it")),
            ("inherited", _p("chain", "Inherited"), _("events from elsewhere cost it")),
            ("exported", _p("chain", "Exported"), _("its events cost others")))]
        if level else [],
        "grade_history": _history(choice, node) if level else [],
        "changes": changes, "reasons": reason_rows(changes["reasons"], rows) if changes else [],
        "likely": likely_ways(queries.part(run, "likely"), node.id, rows),
        "ways": _ways(queries.part(run, "paths"), node.id, rows)}


def _index(level: Mapping[str, Any] | None) -> str:
    if level is None or level.get("index_ppm") is None:
        return UNKNOWN
    return f"{level['index_ppm'] / 1e6:.3f} ± {(level.get('index_se_ppm') or 0) / 1e6:.3f}"


def _of_node(document: Mapping[str, Any] | None, node: str) -> dict[str, Any] | None:
    return next((one for one in (document or {}).get("nodes", ()) if one["id"] == node), None)


def _history(choice: Choice, node: Node) -> list[tuple[Any, dict[str, Any]]]:
    """Runs up to the one shown with the node's level in each, the newest first."""
    assert choice.run is not None
    found = []
    for run in queries.runs_of(choice.chain).filter(
            state="done", pk__lte=choice.run.pk)[:HISTORY]:
        level = _of_node(queries.part(run, "levels"), node.id)
        if level is not None:
            found.append((run, level))
    return found


def _ways(
    document: Mapping[str, Any] | None, node: str, rows: Mapping[str, Node]
) -> list[dict[str, Any]]:
    """The counted paths that end at a node, the most frequent first."""
    found = {tuple(one["parties"]): one for kind in ("parties", "parties_along_links")
             for order in ("by_frequency", "by_loss")
             for one in (document or {}).get(kind, {}).get(order, ())
             if one["parties"][-1] == node}
    return [{**one, "stops": [rows[party].name if party in rows else party
                              for party in one["parties"]]}
            for one in sorted(found.values(), key=lambda one: -one["a_year"])[:MOST_WAYS]]


def _links(
    chain: Chain, node: str, rows: Mapping[str, Node], *, into: bool
) -> list[tuple[Node, str, str, str, str]]:
    found = (chain.links_to if into else chain.links_from).get(node, ())
    return [(rows[one.source if into else one.target], word(LINK_KINDS, one.kind),
             UNKNOWN if one.privilege is None else word(PRIVILEGES, one.privilege),
             _yes(one.mfa), _yes(one.segmented))
            for one in found[:MOST_ROWS]]


def _yes(value: bool | None) -> str:
    return UNKNOWN if value is None else _("yes") if value else _("no")


def _facts(chain: Chain, firm: Firm) -> list[tuple[str, str, str]]:
    """Name, value, and how it is known where nobody states it: ``template`` or ``assumed``."""
    guessed = _estimates(chain, firm)
    made = []
    for name in _FACTS:
        value, mark = getattr(firm, name), ""
        if value is None and (one := guessed.get(_PROFILE.get(name, name))) is not None:
            value, mark = one.value, "template"
        elif name in firm.estimated:
            mark = "assumed"
        if value in (None, "") and not mark:
            continue
        made.append((word(FIELDS, name), _value(name, value), mark))
    return made


def _estimates(chain: Chain, firm: Firm) -> dict[str, TemplateEstimate]:
    try:
        _profile, found = complete(firm, chain)
    except InputError:
        return {}
    return {one.field: one for one in found}


def _value(name: str, value: Any) -> str:
    if name == "industry":
        return f"{value} {industry_name(value)}"
    if isinstance(value, bool):
        return _yes(value)
    for ending, unit in (("_fen", "fen"), ("_ppm", "ppm"), ("_seconds", "seconds")):
        if name.endswith(ending) and isinstance(value, int):
            return value_text(value, unit)
    return f"{value:,}" if isinstance(value, int) else str(value)
