"""The nodes of a chain as rows: what is known of each, and what a run found of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dinghai.supplychain.chain import Chain, Firm
from dinghai_platform.chains.documents import name_of
from dinghai_platform.chains.words import (
    PROVIDER_KINDS,
    ROLES,
    industry_name,
    tier_name,
    word,
)

PROVIDERS: Final = "providers"
PRODUCT: Final = "common_vulnerability"
PRODUCTS: Final = "products"
GRADES: Final = "ABCDE"
_FIGURES: Final = ("struck_a_year", "own_fen", "inherited_fen", "exported_fen",
                   "through_goods_fen")
_BANDS: Final = (850_000, 700_000, 550_000, 400_000)
"""Mean scores from which a known control state is coloured like A, B, C, D (no grade is meant)."""


@dataclass(frozen=True, slots=True)
class Node:
    """A firm or provider of a chain, or a product whose vulnerabilities strike many firms at once.
    Fen a year, ppm; None is not known or not run. Of a product ``links_out`` are its holders.

    ``column`` is its place in the map: minus its tier upstream of the owner, its tier downstream,
    0 for the owner; ``group`` the bubble it belongs to. ``tone`` is the letter it is coloured by:
    its grade where a run has one, else a band of the mean of its known scores.
    """

    id: str
    name: str
    kind: str
    role: str
    role_name: str
    tier: int | None
    tier_name: str
    column: int
    section: str
    industry: str
    group: str
    province: str
    revenue_fen: int | None
    score_ppm: int | None
    scores: int
    weaknesses: int
    links_in: int
    links_out: int
    grade: str | None
    index_ppm: int | None
    struck_a_year: float | None
    own_fen: int | None
    inherited_fen: int | None
    exported_fen: int | None
    through_goods_fen: int | None
    averted_fen: int | None
    tone: str

    @property
    def loss_fen(self) -> int | None:
        """What the firm itself loses a year, wherever it began."""
        if self.own_fen is None or self.inherited_fen is None:
            return None
        return self.own_fen + self.inherited_fen

    @property
    def is_drawn(self) -> bool:
        """Whether it has a place in the map: a product has none."""
        return self.kind != PRODUCT

    @property
    def state(self) -> str:
        """Its grade, or nothing: what the list filters by."""
        return self.grade or "none"


def nodes_of(
    chain: Chain, parts: Mapping[str, Mapping[str, Any] | None], *, english: bool
) -> list[Node]:
    """Every firm and provider, and the products of the run, with what its parts say of them."""
    simulation, ranking, levels = (parts.get(name) for name in (
        "simulation", "ranking", "levels"))
    found = {one["id"]: one for one in (simulation or {}).get("parties", ())}
    worth = {one["id"]: one for one in (ranking or {}).get("parties", ())}
    level = {one["id"]: one for one in (levels or {}).get("nodes", ())}
    weak = Counter(one.firm for one in chain.weaknesses)
    into = Counter(one.target for one in chain.links)
    out = Counter(one.source for one in chain.links)
    means = mean_scores(chain)
    places: dict[tuple[Any, ...], dict[str, Any]] = {}
    made = []
    for one in (*chain.firms, *chain.providers):
        mean, number = means.get(one.id, (None, 0))
        grade = level.get(one.id, {}).get("grade")
        alike = ((one.role, one.tier, one.industry) if isinstance(one, Firm) else (one.kind,))
        if alike not in places:
            places[alike] = _place(one)
        made.append(Node(
            **places[alike], province=getattr(one, "province", ""),
            revenue_fen=getattr(one, "revenue_fen", None), id=one.id,
            name=name_of(one, english=english), score_ppm=mean,
            scores=number, weaknesses=weak[one.id], links_in=into[one.id],
            links_out=out[one.id], grade=grade,
            index_ppm=level.get(one.id, {}).get("index_ppm"),
            **{name: found.get(one.id, {}).get(name) for name in _FIGURES},
            averted_fen=worth.get(one.id, {}).get("averted_fen"),
            tone=grade or band_of(mean)))
    for one in found.values():
        if one["kind"] == PRODUCT:
            made.append(_product(one, level.get(one["id"], {}), worth.get(one["id"], {}),
                                 english=english))
    return made


def _product(
    one: Mapping[str, Any], level: Mapping[str, Any], worth: Mapping[str, Any], *, english: bool
) -> Node:
    grade = level.get("grade")
    return Node(
        id=one["id"], name=one["name_en"] if english and one["name_en"] else one["name_zh"],
        kind=PRODUCT, role=PRODUCT, role_name=str(ROLES[PRODUCT]), tier=None,
        tier_name=str(ROLES[PRODUCT]), column=0, section=PRODUCT, industry="", group=PRODUCTS,
        province="", revenue_fen=None, score_ppm=None, scores=0, weaknesses=0, links_in=0,
        links_out=one.get("firms", 0), grade=grade, index_ppm=level.get("index_ppm"),
        **{name: one.get(name) for name in _FIGURES}, averted_fen=worth.get("averted_fen"),
        tone=grade or "")


def _place(one: Any) -> dict[str, Any]:
    """What all nodes of one place in the chain share."""
    if not isinstance(one, Firm):
        return {"kind": "provider", "role": "provider", "role_name": str(ROLES["provider"]),
                "tier": None, "tier_name": str(ROLES["provider"]), "column": 0,
                "section": one.kind, "industry": word(PROVIDER_KINDS, one.kind),
                "group": f"{PROVIDERS}-{one.kind}"}
    column = column_of(one)
    return {"kind": "firm", "role": one.role, "role_name": word(ROLES, one.role),
            "tier": one.tier, "tier_name": tier_name(one.tier, one.role), "column": column,
            "section": one.industry, "industry": industry_name(one.industry),
            "group": group_of(one)}


def column_of(firm: Firm) -> int:
    """Where a firm stands: upstream of the owner below zero, downstream above."""
    if firm.role == "owner":
        return 0
    return -max(firm.tier, 1) if firm.role == "supplier" else max(firm.tier, 1)


def group_of(firm: Firm) -> str:
    """The bubble of a firm: its column and section. The owner is a bubble of its own."""
    if firm.role == "owner":
        return "owner"
    column = column_of(firm)
    return f"{'up' if column < 0 else 'down'}{abs(column)}-{firm.industry}"


def mean_scores(chain: Chain) -> dict[str, tuple[int, int]]:
    """The plain mean of each firm's known scores (ppm), and how many there are."""
    sums: dict[str, list[int]] = {}
    for one in chain.controls:
        if one.score_ppm is not None:
            sums.setdefault(one.firm, []).append(one.score_ppm)
    return {firm: (sum(scores) // len(scores), len(scores)) for firm, scores in sums.items()}


def band_of(mean: int | None) -> str:
    """A band of mean scores as a letter; empty where nothing is known."""
    if mean is None:
        return ""
    return next((letter for letter, least in zip(GRADES, _BANDS, strict=False) if mean >= least),
                GRADES[-1])
