"""What the page of one settlement shows: the three parties, who bears what, and every amount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dinghai.foundation.money import PPM
from dinghai.supplychain.chain import Chain
from dinghai_platform.programmes.engine import agreement_of
from dinghai_platform.programmes.models import Programme, Settlement
from dinghai_platform.programmes.shares_view import pieces_of
from dinghai_platform.programmes.words import KINDS, REASONS, ROLES, word
from dinghai_platform.site.formats import is_chinese

LEADING: Final = 10
"""Rows of a table that stand open; where everybody bears a little, the others are folded."""
_KINDS: Final = ("insurance_fen", "commercial_contribution_fen", "retention_fen")


@dataclass(frozen=True, slots=True)
class Folded:
    """Rows of which the leading ones stand open. ``rest_fen`` is the sum of the others."""

    leading: Sequence[Mapping[str, Any]]
    rest: Sequence[Mapping[str, Any]]
    rest_fen: int


def settlement_view(
    row: Settlement, programme: Programme, chain: Chain, names: Mapping[str, str]
) -> dict[str, Any]:
    """The parts of the page; parties by their names in the language of the page."""
    document = row.document
    layers = {one.id: one.name_zh if is_chinese() or not one.name_en else one.name_en
              for one in agreement_of(programme).layers}

    def named(party: str) -> str:
        return names.get(party, party)

    parties = [{**one, "name": named(one["party"]), "fen": sum(one[name] for name in _KINDS)}
               for one in document["parties"]]
    return {
        "root_cause": named(row.root_cause) if row.root_cause else "",
        "bar": pieces_of(_thirds(parties, chain)),
        "parties": _folded(parties),
        "transfers": _folded([{
            **one, "bearer": named(one["from"]), "sufferer": named(one["to"]),
            "kind_name": word(KINDS, one["kind"])} for one in document["transfers"]]),
        "amounts": [{
            **one, "layer_name": layers.get(one["layer"], "—"), "bearer": named(one["from"]),
            "sufferer": named(one["to"]), "role_name": word(ROLES, one["role"]),
            "kind_name": word(KINDS, one["kind"]), "reason_name": word(REASONS, one["reason"])}
            for one in document["amounts"]],
        "flagged": [named(one["member"]) for one in document["sections"] if one["flag"]]}


def _thirds(parties: Sequence[Mapping[str, Any]], chain: Chain) -> dict[str, int]:
    """What insurers, the chain owner and the other firms bear, in ppm of all of it."""
    borne = {"insurers": 0, "owner": 0, "others": 0}
    for one in parties:
        group = ("owner" if one["party"] == chain.owner else
                 "others" if one["party"] in chain.firm else "insurers")
        borne[group] += one["fen"]
    whole = sum(borne.values())
    return {name: fen * PPM // whole for name, fen in borne.items()} if whole else {}


def _folded(rows: Sequence[Mapping[str, Any]]) -> Folded:
    ordered = sorted(rows, key=lambda one: -one["fen"])
    most = LEADING if len(ordered) > LEADING + 2 else len(ordered)
    return Folded(ordered[:most], ordered[most:], sum(one["fen"] for one in ordered[most:]))
