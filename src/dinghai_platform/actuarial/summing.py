"""The totals of an impact run: before and after, how it is spread, what moved it, by segment."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from dinghai.foundation.money import PPM
from dinghai_platform.actuarial.models import ImpactRow, ImpactRun

EDGES: Final = (-200_000, -100_000, -50_000, -20_000, -1, 1, 20_000, 50_000, 100_000, 200_000)
"""Between these changes, in ppm of the premium before, the bars of the histogram stand."""
SEGMENTS: Final = ("industry", "size", "grade")
MOST_SHOWN: Final = 10
_READ: Final = (
    "pk", "policy_id", "number", "industry", "size", "grade", "technical_before_fen",
    "technical_after_fen", "charged_before_fen", "charged_after_fen", "change_fen", "change_ppm",
    "outcome_before", "outcome_after", "steps", "fault",
)


class _Sums:
    """Premiums of some rows before and after."""

    def __init__(self) -> None:
        self.count = self.up = self.down = self.outcomes = 0
        self.fen = dict.fromkeys(
            ("technical_before", "technical_after", "charged_before", "charged_after"), 0)

    def add(self, row: Mapping[str, Any]) -> None:
        self.count += 1
        self.up += row["change_fen"] > 0
        self.down += row["change_fen"] < 0
        self.outcomes += row["outcome_before"] != row["outcome_after"]
        for name in self.fen:
            self.fen[name] += row[f"{name}_fen"]

    def to_dict(self) -> dict[str, Any]:
        fen = self.fen
        return {
            "count": self.count, "up": self.up, "down": self.down,
            "outcomes_changed": self.outcomes,
            **{f"{name}_fen": str(value) for name, value in fen.items()},
            "change_ppm": ratio_ppm(fen["charged_after"] - fen["charged_before"],
                                    fen["charged_before"]),
            "adequacy_before_ppm": ratio_ppm(fen["charged_before"], fen["technical_before"]),
            "adequacy_after_ppm": ratio_ppm(fen["charged_after"], fen["technical_after"]),
        }


def ratio_ppm(part: int, whole: int) -> int | None:
    """A share in ppm, halves away from nothing; None of nothing."""
    if not whole:
        return None
    sign = -1 if part < 0 else 1
    return sign * ((abs(part) * PPM * 2 + whole) // (2 * whole))


def summary_of(run: ImpactRun) -> dict[str, Any]:
    """The totals of a run, as plain JSON; amounts are texts of whole fen."""
    rows = ImpactRow.objects.within(run.tenant).filter(run=run).order_by("id")
    return summed(rows.values(*_READ).iterator())


def summed(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The totals of rows: policies in force in every view, open quotes in sums alone."""
    policies, quotes = _Sums(), _Sums()
    bars, parts, moves = [0] * (len(EDGES) + 1), Counter[str](), Counter[tuple[str, str]]()
    segments: dict[str, dict[str, _Sums]] = {name: {} for name in SEGMENTS}
    faults, changed = 0, []
    for row in rows:
        if row["fault"]:
            faults += 1
            continue
        if row["policy_id"] is None:
            quotes.add(row)
            continue
        policies.add(row)
        bars[bisect_right(EDGES, row["change_ppm"])] += 1
        parts.update({one["part"]: one["fen"] for one in row["steps"]})
        if row["outcome_before"] != row["outcome_after"]:
            moves[row["outcome_before"], row["outcome_after"]] += 1
        for name in SEGMENTS:
            segments[name].setdefault(row[name], _Sums()).add(row)
        if row["change_fen"]:
            changed.append((row["change_ppm"], str(row["pk"])))
            if len(changed) > 4 * MOST_SHOWN:  # the largest either way stay
                changed = _extremes(changed)
    changed.sort()
    return {
        "policies": policies.to_dict(), "quotes": quotes.to_dict(), "faults": faults,
        "histogram": bars, "parts": {name: str(fen) for name, fen in parts.items()},
        "outcomes": [{"before": before, "after": after, "count": count}
                     for (before, after), count in sorted(moves.items())],
        "segments": {name: {code: one.to_dict() for code, one in sorted(found.items())}
                     for name, found in segments.items()},
        "increases": [key for ppm, key in reversed(changed) if ppm > 0][:MOST_SHOWN],
        "decreases": [key for ppm, key in changed if ppm < 0][:MOST_SHOWN],
    }


def _extremes(changed: list[tuple[int, str]]) -> list[tuple[int, str]]:
    ordered = sorted(changed)
    return ordered[:MOST_SHOWN] + ordered[-MOST_SHOWN:]
