"""Small chains with steps of their own, for tests that need no step language."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from dinghai.supplychain.chain import Chain
from dinghai.supplychain.firm_steps import FirmSteps
from dinghai.supplychain.twin import Twin, twin_of


def firm_steps(*, entry: float = 0.5, spread: float = 1.0, impact: float = 0.8,
               containment_mu: float = 3.0, peril: int = 0) -> FirmSteps:
    """attack → foothold → control (AND of credentials and tools) → encrypt; mail leaves from the
    foothold, remote access from control."""
    codes = ("attack", "foothold", "credentials", "tools", "control", "encrypt", "partner")
    ways = [(0, 1), (1, 2), (1, 3), (2, 4), (3, 4), (4, 5), (6, 1)]
    return FirmSteps(
        codes=codes, waits_for_all=np.array([code == "control" for code in codes]),
        chance=np.array([1.0, entry, spread, spread, 1.0, impact, 1.0]),
        peril=np.array([-1, -1, -1, -1, -1, peril, -1], dtype=np.int8),
        output_share=np.array([0.0, 0, 0, 0, 0, 1.0, 0]),
        source=np.array([a for a, _ in ways], dtype=np.int32),
        target=np.array([b for _, b in ways], dtype=np.int32),
        mu=np.full(len(ways), 0.0), sigma=np.full(len(ways), 0.5), start=0,
        entries={"remote_access": 6, "email_trust": 6, "shared_provider": 6},
        exits={"email_trust": 1, "remote_access": 4}, containment_mu=containment_mu,
        containment_sigma=0.5)


def chain(firms: int, links: list[tuple[str, str, str]], *, providers: int = 0,
          goods: list[dict[str, Any]] | None = None) -> Chain:
    """Owner ``o`` and suppliers ``s1`` …; links are (from, to, kind)."""
    names = ["o", *(f"s{number}" for number in range(1, firms))]
    return msgspec.convert({
        "schema": "dinghai.chain/1", "id": "test", "name_zh": "测试链", "owner": "o",
        "as_of": "2026-01-01",
        "firms": [{"id": name, "name_zh": name, "role": "supplier" if number else "owner",
                   "tier": min(number, 1), "industry": "C",
                   "revenue_fen": 10_000_000_000 * (1 + 9 * (number == 0))}
                  for number, name in enumerate(names)],
        "providers": [{"id": f"p{number}", "name_zh": f"p{number}", "kind": "cloud"}
                      for number in range(1, providers + 1)],
        "links": [{"from": a, "to": b, "kind": kind} for a, b, kind in links],
        "goods": goods or []}, Chain)


def twin(one: Chain, **settings: Any) -> Twin:
    """All firms alike."""
    steps = firm_steps(**settings)
    return twin_of(one, {firm.id: steps for firm in one.firms})
