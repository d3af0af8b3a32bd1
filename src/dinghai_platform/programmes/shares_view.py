"""The three-party bar: each layer as agreed and as its causes would share it; who pays for whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p

from dinghai.claims.layering import kind_of
from dinghai.foundation.money import PPM
from dinghai.supplychain.layer_file import INSURERS, ChainLayers
from dinghai.wording.layers import Participation
from dinghai_platform.programmes.words import BEARERS, GROUPS, KINDS, ROLES, word
from dinghai_platform.site.formats import is_chinese

WIDTH: Final = 1_000
MOST_PARTIES: Final = 25
_PARTY: Final = {"insurers": "insurer", "owner": "owner", "others": "supplier", "open": "open"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a bar: whose, how much, and where it lies in thousandths of the width."""

    party: str
    tone: str
    name: str
    ppm: int
    x: int
    width: int

    @property
    def middle(self) -> int:
        """Where its figure stands."""
        return self.x + self.width // 2

    @property
    def fits(self) -> bool:
        """Whether its figure has room."""
        return self.width >= 45


@dataclass(frozen=True, slots=True)
class Bar:
    """A layer with two bars, and its participants in words."""

    id: str
    name: str
    attachment_fen: int
    top_fen: int
    declared: tuple[Piece, ...]
    fair: tuple[Piece, ...]
    participants: tuple[tuple[str, str, str, str, int, int | None], ...]
    year: Mapping[str, Any] | None
    gap_ppm: int | None


def bars_of(agreement: ChainLayers, shares: Mapping[str, Any] | None) -> list[Bar]:
    """The layers, the lowest first; without a study only as agreed."""
    found = {one["id"]: one for one in shares["layers"]} if shares else {}
    bars = []
    for layer in agreement.layers:
        year = found.get(layer.id)
        declared = {"insurers": 0, "owner": 0, "others": 0}
        for one in layer.participants:
            name = ("insurers" if one.role in INSURERS else
                    "owner" if one.role == "chain_owner" else "others")
            declared[name] += one.share_ppm
        declared["open"] = PPM - sum(declared.values())
        fair = {} if year is None else {
            "insurers": year["proposal"]["insurers_ppm"], "owner": year["proposal"]["owner_ppm"],
            "others": year["proposal"]["others_ppm"]}
        amounts = {} if year is None else {one["party"]: one["fen"] for one in year["insurers"]}
        bars.append(Bar(
            layer.id, layer.name_zh if is_chinese() or not layer.name_en else layer.name_en,
            layer.attachment_fen, layer.attachment_fen + layer.limit_fen, pieces_of(declared),
            pieces_of(fair), tuple(
                (_named(one), word(ROLES, one.role), str(BEARERS[one.bearer]),
                 word(KINDS, kind_of(one)), one.share_ppm, amounts.get(one.party))
                for one in layer.participants),
            year, fair["owner"] - declared["owner"] if fair else None))
    return bars


def _named(one: Participation) -> str:
    """A participant by its name; who is meant by a role is called so in the page's language."""
    by_role = one.role == "chain_owner" or one.bearer != "named"
    return word(ROLES, one.role) if by_role and not is_chinese() else one.party


def pieces_of(shares: Mapping[str, int]) -> tuple[Piece, ...]:
    """Shares in ppm of ``insurers``, ``owner``, ``others`` and what is ``open`` as one bar."""
    names = {"insurers": _p("share", "Insurers"), "owner": _p("share", "Chain owner"),
             "others": _p("share", "Suppliers"), "open": _p("share", "Stays with who suffers it")}
    pieces, reached = [], 0
    for party, ppm in shares.items():
        if ppm <= 0:
            continue
        begin, end = (one * WIDTH // PPM for one in (reached, reached + ppm))
        pieces.append(Piece(party, _PARTY[party], str(names[party]), ppm, begin, end - begin))
        reached += ppm
    return tuple(pieces)


def groups_of(shares: Mapping[str, Any]) -> list[dict[str, Any]]:
    """By group: what it bears as agreed, what it would by its causes, and for information its
    shares of the tail."""
    found: dict[str, dict[str, Any]] = {}
    for one in shares["parties"]:
        row = found.setdefault(one["group"], {
            "name": word(GROUPS, one["group"]), "count": 0, "own_fen": 0, "exported_fen": 0,
            "declared_fen": 0, "fair_fen": 0, "premium_fen": 0, "is_firm": "fair_fen" in one})
        row["count"] += 1
        for name in ("own_fen", "exported_fen", "declared_fen", "fair_fen", "premium_fen"):
            row[name] += one.get(name, 0)
    for group in shares["groups"]:
        found.setdefault(group["group"], {"name": word(GROUPS, group["group"]), "count": 0})
        found[group["group"]] |= {"shapley_fen": group["shapley_fen"],
                                  "co_tail_fen": group["co_tail_fen"]}
    for row in found.values():
        row["difference_fen"] = row.get("declared_fen", 0) - row.get("fair_fen", 0)
    return list(found.values())


def parties_of(shares: Mapping[str, Any], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The firms that pay most for others or are paid for most."""
    firms = [{**one, "name": names.get(one["id"], one["id"]),
              "group_name": word(GROUPS, one["group"])}
             for one in shares["parties"] if "fair_fen" in one]
    firms.sort(key=lambda one: (-max(one["declared_fen"], one["fair_fen"]), one["id"]))
    return firms[:MOST_PARTIES]


def explained(shares: Mapping[str, Any]) -> list[tuple[str, int, str]]:
    """The figures at the head: label, fen and hint."""
    return [
        (_("Presented a year"), shares["presented"]["mean_fen"],
         _("to all layers, on average")),
        (_("In the worst years"), shares["presented"]["tail_fen"],
         _("on average above the level")),
        (_("Above all layers"), shares["above_layers"]["mean_fen"], _("a year, on average")),
        (_("Technical premium"), shares["programme_premium"]["technical_fen"],
         _("a year before tax"))]
