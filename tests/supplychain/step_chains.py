"""Small chains for the tests of the step language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from dinghai.supplychain.chain import (
    Asset,
    AssetKind,
    Chain,
    ControlScore,
    Firm,
    Link,
    Weakness,
)

REVENUE_FEN = 80_000_000_000


def firm(name: str = "maker", *, industry: str = "C", **changes: Any) -> Firm:
    """A large manufacturer, changed."""
    given = {"role": "supplier", "tier": 1, "revenue_fen": REVENUE_FEN, **changes}
    return Firm(id=name, name_zh="试例", industry=industry, **given)


def chain(
    *firms: Firm, scores: Mapping[str, Mapping[str, int | None]] | None = None,
    assets: Iterable[Asset] = (), weaknesses: Iterable[Weakness] = (),
    links: Iterable[Link] = (),
) -> Chain:
    """A chain of these firms; ``scores`` are by firm and indicator."""
    firms = firms or (firm(),)
    return Chain(
        schema="dinghai.chain/1", id="trial", name_zh="试例", owner=firms[0].id,
        as_of=date(2026, 11, 30), firms=firms,
        controls=tuple(ControlScore(firm=name, indicator=indicator, score_ppm=score)
                       for name, row in (scores or {}).items()
                       for indicator, score in row.items()),
        assets=tuple(assets), weaknesses=tuple(weaknesses), links=tuple(links))


def asset(kind: AssetKind, name: str | None = None, *, of: str = "maker", **given: Any) -> Asset:
    """An asset named after its kind."""
    return Asset(firm=of, id=name or kind, kind=kind, **given)


def weakness(of_asset: str, *, of: str = "maker", **given: Any) -> Weakness:
    """A finding on an asset."""
    return Weakness(firm=of, asset=of_asset, **given)
