"""The storyboard of one simulated event: what happens on which day, and how each party stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy as _p

from dinghai.supplychain.chain import Chain
from dinghai_platform.chains.nodes import Node
from dinghai_platform.chains.words import LINK_KINDS, word
from dinghai_platform.site.formats import is_chinese, percent_text, short_money_text

DAY: Final = 86_400
MOST_FRAMES: Final = 400
MOST_MOMENTS: Final = 600
WIDTH: Final = 1_160
_LANE: Final = 74
_TOP: Final = 46

KINDS: Final[Mapping[str, Any]] = {
    "step": _p("chain", "Attack step"), "struck": _p("chain", "Struck"),
    "contained": _p("chain", "Contained"), "stops": _p("chain", "Stops"),
    "resumes": _p("chain", "Works again"), "stock_out": _p("chain", "Stock used up"),
    "short": _p("chain", "Short of supplies"), "supplied": _p("chain", "Supplied again"),
}
STATES: Final[Mapping[str, Any]] = {
    "calm": _p("chain", "not reached"), "entered": _p("chain", "attacker inside"),
    "struck": _p("chain", "struck"), "stopped": _p("chain", "output stopped"),
    "short": _p("chain", "short of supplies"), "contained": _p("chain", "contained"),
}
TONES: Final[Mapping[str, str]] = {
    "step": "info", "struck": "bad", "contained": "good", "stops": "bad", "resumes": "good",
    "stock_out": "warn", "short": "warn", "supplied": "good",
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One moment in words."""

    day: int
    clock: str
    kind: str
    kind_name: str
    tone: str
    party: str
    party_name: str
    text: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One day on which something happens: its happenings, and how every party stands at its end.
    ``lost_fen`` is what the event has cost until then, ``missing`` the parties whose output is
    missing, by share."""

    day: int
    happenings: tuple[Happening, ...]
    states: Mapping[str, str]
    lost_fen: int
    missing: tuple[tuple[str, int], ...]

    def to_dict(self) -> dict[str, Any]:
        """What the browser module reads."""
        return {"day": self.day, "states": dict(self.states),
                "lost": short_money_text(self.lost_fen),
                "title": _("Day %(day)d") % {"day": self.day}}


@dataclass(frozen=True, slots=True)
class Actor:
    """A party on the stage."""

    id: str
    name: str
    x: float
    y: float
    loss_fen: int
    is_node: bool


@dataclass(frozen=True, slots=True)
class Storyboard:
    """The whole story. ``ways`` are who was attacked from whom, ``supplies`` who delivers to whom
    and could not: source, target and curve."""

    frames: tuple[Frame, ...]
    actors: tuple[Actor, ...]
    ways: tuple[tuple[str, str, str], ...]
    supplies: tuple[tuple[str, str, str], ...]
    width: int
    height: int
    left_out: int

    @property
    def last(self) -> Frame | None:
        """The end of the story."""
        return self.frames[-1] if self.frames else None


def storyboard_of(
    told: Mapping[str, Any], nodes: Mapping[str, Node], chain: Chain
) -> Storyboard:
    """From the engine's replay (dinghai.chain-replay/1). Steps that led to no loss are left out and
    counted; of an event that goes on for very long the first MOST_FRAMES days are shown."""
    names = {one["id"]: nodes[one["id"]].name if one["id"] in nodes else _name(one)
             for one in told["parties"]}
    shown = [one for one in told["moments"] if one["kind"] != "step" or one.get("leads_to_loss")]
    left_out = len(told["moments"]) - len(shown)
    frames = _frames(told, shown[:MOST_MOMENTS], names)
    actors, height = _stage(told, nodes, names)
    return Storyboard(tuple(frames[:MOST_FRAMES]), actors, _ways(told, actors),
                      _supplies(told, actors, chain), WIDTH, height,
                      left_out + max(len(shown) - MOST_MOMENTS, 0))


def _name(party: Mapping[str, Any]) -> str:
    return str(party["name_zh"] if is_chinese() else party["name_en"] or party["name_zh"])


def _frames(
    told: Mapping[str, Any], moments: Sequence[Mapping[str, Any]], names: Mapping[str, str]
) -> list[Frame]:
    by_day: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for one in moments:
        by_day[one["seconds"] // DAY].append(one)
    start = (told.get("stops_from") or 0) // DAY
    missing: dict[int, list[tuple[str, int]]] = {}
    goods_lost: dict[int, int] = {}
    for one in told["days"]:
        day = start + one["day"]
        missing[day] = [(row["party"], row["own_ppm"] + row["supply_ppm"])
                        for row in one["output"]]
        goods_lost[day] = sum(row["supply_fen"] for row in one["output"])
    standing: dict[str, set[str]] = defaultdict(set)
    frames: list[Frame] = []
    lost = 0
    for day in sorted({*by_day, *missing}):
        for one in by_day.get(day, ()):
            _move(standing[one["party"]], one["kind"])
            lost += one.get("loss_fen") or 0
        lost += goods_lost.get(day, 0)
        frames.append(Frame(
            day + 1, tuple(_happening(one, names) for one in by_day.get(day, ())),
            {party: _state(marks) for party, marks in standing.items()}, lost,
            tuple((names.get(party, party), ppm) for party, ppm in sorted(
                missing.get(day, ()), key=lambda row: -row[1])[:8])))
    return frames


def _move(marks: set[str], kind: str) -> None:
    """What a moment does to how a party stands."""
    gone = {"resumes": "stopped", "supplied": "short"}
    come = {"step": "entered", "struck": "struck", "stops": "stopped", "short": "short",
            "contained": "contained"}
    if kind in gone:
        marks.discard(gone[kind])
    elif kind in come:
        marks.add(come[kind])


def _state(marks: set[str]) -> str:
    return next((one for one in ("stopped", "short", "contained", "struck", "entered")
                 if one in marks), "calm")


def _happening(one: Mapping[str, Any], names: Mapping[str, str]) -> Happening:
    party = one["party"]
    return Happening(
        one["seconds"] // DAY + 1, _clock(one["seconds"]), one["kind"], word(KINDS, one["kind"]),
        TONES.get(one["kind"], "neutral"), party, names.get(party, party), _text(one, names))


def _clock(seconds: int) -> str:
    hours, rest = divmod(seconds % DAY, 3600)
    return f"{hours:02d}:{rest // 60:02d}"


def _text(one: Mapping[str, Any], names: Mapping[str, str]) -> str:
    parts = []
    if step := one.get("step"):
        name = step["name_zh"] if is_chinese() else step["name_en"]
        techniques = ", ".join(step.get("techniques") or ())
        parts.append(f"{name} ({techniques})" if techniques else name)
    origin = one.get("origin")
    if origin and origin["party"] != one["party"]:
        link = f" · {word(LINK_KINDS, origin['link'])}" if origin.get("link") else ""
        parts.append(_("from %(party)s") % {
            "party": names.get(origin["party"], origin["party"])} + link)
    if one.get("loss_fen") is not None:
        parts.append(_("costs %(amount)s") % {"amount": short_money_text(one["loss_fen"])})
    if one.get("missing_ppm") is not None:
        parts.append(_("%(share)s of output is missing") % {
            "share": percent_text(one["missing_ppm"], 0)})
    if one.get("supplier"):
        parts.append(_("deliveries of %(party)s") % {
            "party": names.get(one["supplier"], one["supplier"])})
    return " · ".join(parts)


def _stage(
    told: Mapping[str, Any], nodes: Mapping[str, Node], names: Mapping[str, str]
) -> tuple[tuple[Actor, ...], int]:
    """Parties in columns by their place in the chain."""
    columns: dict[tuple[int, int], list[Mapping[str, Any]]] = defaultdict(list)
    for one in told["parties"]:
        node = nodes.get(one["id"])
        outside = node is None or node.kind != "firm"
        columns[(0, 0) if outside else (1, node.column if node else 0)].append(one)
    order = sorted(columns)
    deepest = max((len(rows) for rows in columns.values()), default=1)
    actors = []
    for place, key in enumerate(order):
        x = WIDTH * (place + 0.5) / len(order)
        for row, one in enumerate(columns[key]):
            node = nodes.get(one["id"])
            actors.append(Actor(
                one["id"], names[one["id"]], round(x, 1),
                round(_TOP + _LANE * (row + 0.5 * (deepest - len(columns[key]))), 1),
                one["loss_fen"] + one["through_goods_fen"], node is not None))
    return tuple(actors), _TOP + _LANE * deepest


def _ways(
    told: Mapping[str, Any], actors: Sequence[Actor]
) -> tuple[tuple[str, str, str], ...]:
    place = {one.id: one for one in actors}
    pairs = [(place.get(one.get("came_from") or ""), place[one["id"]]) for one in told["parties"]]
    return tuple((source.id, target.id, _curve(source, target, -30.0))
                 for source, target in pairs if source is not None and source is not target)


def _supplies(
    told: Mapping[str, Any], actors: Sequence[Actor], chain: Chain
) -> tuple[tuple[str, str, str], ...]:
    """Deliveries from firms without output to firms that were short."""
    place = {one.id: one for one in actors}
    short = {one["party"] for one in told["moments"] if one["kind"] == "short"}
    dry = short | {one["party"] for one in told["moments"] if one["kind"] == "stops"}
    pairs = dict.fromkeys((one.source, one.target) for one in chain.goods
                          if one.source in dry and one.target in short)
    return tuple((source, target, _curve(place[source], place[target], 30.0))
                 for source, target in pairs if source in place and target in place)


def _curve(source: Actor, target: Actor, bend: float) -> str:
    mx, my = (source.x + target.x) / 2, (source.y + target.y) / 2 + bend
    mx += 60.0 if source.x == target.x else 0.0
    return (f"M{source.x:.1f},{source.y:.1f} Q{mx:.1f},{my:.1f} "
            f"{target.x:.1f},{target.y:.1f}")
