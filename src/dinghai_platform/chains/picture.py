"""The picture of a chain: firms in bubbles by tier and section, or the firms of one bubble.

Whatever the chain's size, a picture stays small: bubbles are at most as many as there are tiers and
sections, a bubble shows its largest firms, and links are drawn between what is shown, the heaviest
first. What is left out is counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import log2, sqrt
from typing import Any, Final, Literal

from django.utils.translation import gettext as _

from dinghai.supplychain.chain import Chain
from dinghai_platform.chains.nodes import GRADES, PROVIDERS, Node
from dinghai_platform.site.formats import is_chinese, short_money_text

Size = Literal["revenue", "exported", "loss"]
SIZES: Final = ("revenue", "exported", "loss")
LAYERS: Final = ("both", "attack", "goods")
MOST_NODES: Final = 80
"""Firms of a bubble that are drawn one by one."""
MOST_EDGES: Final = 240
WIDTH: Final = 1_160
_LARGEST: Final = 44.0
_SMALLEST: Final = 9.0
_GAP: Final = 30.0
_TOP: Final = 70.0
_BAND: Final = 118.0
"""Height of the providers' band above the firms."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One circle: a bubble of firms, or a firm. ``tones`` counts its firms by letter."""

    id: str
    kind: Literal["group", "node"]
    label: str
    note: str
    x: float
    y: float
    r: float
    tone: str
    number: int
    revenue_fen: int | None
    loss_fen: int | None
    exported_fen: int | None
    tones: Mapping[str, int]
    tips: tuple[str, ...]

    @property
    def short_label(self) -> str:
        """Its label cut to what fits beside others: Chinese characters are twice as wide."""
        most = 9 if is_chinese() else 17
        return self.label if len(self.label) <= most else f"{self.label[:most - 1]}…"

    @property
    def label_y(self) -> float:
        """Where its label stands."""
        return round(self.y + self.r + 13.0, 1)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "tones": dict(self.tones), "tips": list(self.tips)}


@dataclass(frozen=True, slots=True)
class Edge:
    """Links of one layer between two circles: how many there are, and the curve drawn."""

    source: str
    target: str
    layer: Literal["attack", "goods"]
    number: int
    width: float
    path: str

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn. ``columns`` are headings with their place; ``hidden_nodes`` firms of the
    bubble that are in the table alone, ``hidden_edges`` curves that are not drawn."""

    group: str
    group_name: str
    size: Size
    width: int
    height: int
    columns: tuple[tuple[str, float], ...]
    marks: tuple[Mark, ...]
    edges: tuple[Edge, ...]
    hidden_nodes: int
    hidden_edges: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON (schema dinghai.chain-map/1)."""
        return {"schema": "dinghai.chain-map/1", "group": self.group,
                "group_name": self.group_name, "size": self.size, "width": self.width,
                "height": self.height,
                "columns": [{"name": name, "x": x} for name, x in self.columns],
                "marks": [one.to_dict() for one in self.marks],
                "edges": [one.to_dict() for one in self.edges],
                "hidden_nodes": self.hidden_nodes, "hidden_edges": self.hidden_edges}


def picture_of(
    chain: Chain, nodes: Sequence[Node], *, group: str = "", size: Size = "revenue",
    layer: str = "both",
) -> Picture | None:
    """The whole chain in bubbles, or one bubble with its firms. None for a bubble there is not."""
    groups: dict[str, list[Node]] = defaultdict(list)
    nodes = [one for one in nodes if one.is_drawn]
    for node in nodes:
        groups[node.group].append(node)
    if group and group not in groups:
        return None
    shown: list[Node] = []
    if group:
        shown = sorted(groups[group], key=lambda one: (-_size(one, size), one.id))[:MOST_NODES]
    drawn = {one.id: one.id for one in shown}
    # A bubble of one firm is that firm.
    circle = {name: rows[0].id if len(rows) == 1 else name for name, rows in groups.items()}
    place = {node.id: drawn.get(node.id, circle[node.group]) for node in nodes}
    pairs = _pairs(chain, place, layer)
    bubbles: dict[str, list[Node]] = groups
    if group:
        pairs = Counter({key: count for key, count in pairs.items()
                         if (key[0] in drawn or key[1] in drawn) and group not in key[:2]})
        near = {end for source, target, _layer in pairs for end in (source, target)}
        bubbles = {name: rows for name, rows in groups.items()
                   if name != group and circle[name] in near}
    marks, columns, height = _layout(bubbles, shown, size)
    edges, hidden = _edges(pairs, {one.id: one for one in marks})
    first = groups[group][0] if group else None
    return Picture(
        group, f"{first.tier_name} · {first.industry}" if first else "", size, WIDTH, height,
        columns, marks, edges, len(groups[group]) - len(shown) if group else 0, hidden)


def _size(node: Node, size: Size) -> int:
    value = {"revenue": node.revenue_fen, "exported": node.exported_fen,
             "loss": node.loss_fen}[size]
    return value or 0


def _pairs(chain: Chain, place: Mapping[str, str], layer: str) -> Counter[tuple[str, str, str]]:
    """Links and deliveries between circles, by layer."""
    found: Counter[tuple[str, str, str]] = Counter()
    layers: list[tuple[str, Iterable[Any]]] = [("attack", chain.links), ("goods", chain.goods)]
    for name, rows in layers:
        if layer in ("both", name):
            for one in rows:
                source, target = place[one.source], place[one.target]
                if source != target:
                    found[source, target, name] += 1
    return found


def _layout(
    bubbles: Mapping[str, Sequence[Node]], shown: Sequence[Node], size: Size
) -> tuple[tuple[Mark, ...], tuple[tuple[str, float], ...], int]:
    """Circles in columns by tier, those of providers in a band above."""
    members = {name: list(rows) for name, rows in bubbles.items()}
    totals = {name: sum(_size(one, size) for one in rows) for name, rows in members.items()}
    largest = max([1, *totals.values(), *(_size(one, size) for one in shown)])
    columns: dict[int, list[tuple[str, float]]] = defaultdict(list)
    above: list[str] = []
    for name, rows in sorted(members.items(), key=lambda one: (-totals[one[0]], one[0])):
        if name.startswith(PROVIDERS):
            above.append(name)
        else:
            columns[rows[0].column].append((name, _radius(totals[name], largest)))
    here = {one.id: one for one in shown}
    middle = shown[0].column if shown else None
    of_providers = bool(shown) and shown[0].kind == "provider"
    if middle is not None and not of_providers:
        columns[middle] = [(one.id, _radius(_size(one, size), largest)) for one in shown]
    elif of_providers:
        above = [one.id for one in shown]
    top = _TOP + (_BAND if above else 0.0)
    marks: list[Mark] = []
    headings: list[tuple[str, float]] = []
    bottom = top
    spans = _spans(columns)
    for column, (left, right) in spans.items():
        inside = columns[column]
        lanes = _lanes(len(inside), right - left)
        depth = [top + 24.0] * lanes
        for name, radius in inside:
            lane = min(range(lanes), key=lambda place: (depth[place], place))
            x = left + (right - left) * (lane + 0.5) / lanes
            y = depth[lane] + radius
            depth[lane] = y + radius + _GAP
            marks.append(_mark(name, here, members, x, y, radius))
        bottom = max(bottom, *depth)
        headings.append((_heading(column, inside, here, members), (left + right) / 2))
    for place, name in enumerate(above):
        x = WIDTH * (place + 0.5) / len(above)
        marks.append(_mark(name, here, members, x, _TOP - 14.0, 16.0))
    return tuple(marks), tuple(headings), round(bottom + 10)


def _radius(value: int, largest: int) -> float:
    return max(_LARGEST * sqrt(value / largest), _SMALLEST)


def _spans(columns: Mapping[int, Sequence[Any]]) -> dict[int, tuple[float, float]]:
    """Left and right of each column: wider where more circles stand."""
    order = sorted(columns)
    weights = [1.0 + max(len(columns[one]) - 6, 0) / 8 for one in order]
    whole, left = sum(weights) or 1.0, 0.0
    spans = {}
    for column, weight in zip(order, weights, strict=True):
        right = left + WIDTH * weight / whole
        spans[column] = (left, right)
        left = right
    return spans


def _lanes(number: int, width: float) -> int:
    """Circles side by side in a column: as many as its width holds, and no more than needed."""
    return max(1, min(int(width // 112), -(-number // 6)))


def _heading(
    column: int, inside: Sequence[tuple[str, float]], here: Mapping[str, Node],
    members: Mapping[str, Sequence[Node]],
) -> str:
    name = inside[0][0]
    return (here[name] if name in here else members[name][0]).tier_name


def _mark(
    name: str, here: Mapping[str, Node], members: Mapping[str, Sequence[Node]], x: float,
    y: float, radius: float,
) -> Mark:
    rows = [here[name]] if name in here else members[name]
    first, single = rows[0], name in here or len(rows) == 1
    tones = Counter(one.tone or "none" for one in rows)
    revenue = _sum(one.revenue_fen for one in rows)
    loss, exported = _sum(one.loss_fen for one in rows), _sum(one.exported_fen for one in rows)
    label = first.name if single else first.industry
    note = first.id if single else _("%(count)d firms") % {"count": len(rows)}
    if not single and first.kind == "provider":
        note = _("%(count)d providers") % {"count": len(rows)}
    tips = [label, f"{first.tier_name} · {first.industry}" if single else first.tier_name, note]
    tips += [f"{words}: {short_money_text(value)}" for words, value in (
        (_("Revenue"), revenue), (_("Loses a year"), loss), (_("Costs others a year"), exported))
        if value is not None]
    if single:
        tips.append(_("Grade %(grade)s") % {"grade": first.grade} if first.grade
                    else _("No grade yet"))
    return Mark(
        first.id if single else name, "node" if single else "group", label, note, round(x, 1),
        round(y, 1), round(radius, 1), _tone(rows), len(rows), revenue, loss, exported,
        dict(sorted(tones.items())), tuple(tips))


def _sum(values: Iterable[int | None]) -> int | None:
    known = [one for one in values if one is not None]
    return sum(known) if known else None


def _tone(rows: Sequence[Node]) -> str:
    """The letter of a bubble: the mean of its firms' letters, by revenue where it is known."""
    known = [one for one in rows if one.tone]
    weight = sum(one.revenue_fen or 1 for one in known)
    if not known or not weight:
        return ""
    mean = sum(GRADES.index(one.tone) * (one.revenue_fen or 1) for one in known) / weight
    return GRADES[min(int(mean + 0.5), len(GRADES) - 1)]


def _edges(
    pairs: Counter[tuple[str, str, str]], marks: Mapping[str, Mark]
) -> tuple[tuple[Edge, ...], int]:
    drawable = [(source, target, layer, number) for (source, target, layer), number
                in sorted(pairs.items(), key=lambda one: (-one[1], one[0]))
                if source in marks and target in marks]
    kept = drawable[:MOST_EDGES]
    edges = tuple(Edge(source, target, layer, number,  # type: ignore[arg-type]
                       round(1.0 + 0.8 * log2(number), 2),
                       _curve(marks[source], marks[target], layer))
                  for source, target, layer, number in kept)
    return edges, len(drawable) - len(kept)


def _curve(source: Mark, target: Mark, layer: str) -> str:
    """A curve from edge to edge of two circles; the two layers bend to different sides."""
    dx, dy = target.x - source.x, target.y - source.y
    length = sqrt(dx * dx + dy * dy) or 1.0
    ux, uy = dx / length, dy / length
    ax, ay = source.x + ux * source.r, source.y + uy * source.r
    bx, by = target.x - ux * (target.r + 5), target.y - uy * (target.r + 5)
    bend = (0.10 if layer == "attack" else -0.10) * length
    mx, my = (ax + bx) / 2 - uy * bend, (ay + by) / 2 + ux * bend
    return f"M{ax:.1f},{ay:.1f} Q{mx:.1f},{my:.1f} {bx:.1f},{by:.1f}"
