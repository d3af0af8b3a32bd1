"""What records earn their contributor: credits in thousandths, by weights that are data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dinghai.experience.pool_records import PoolRecord
from dinghai.experience.pool_rules import CreditRules

MILLI = 1_000


@dataclass(frozen=True, slots=True)
class Earned:
    """The credits of a batch, part by part, in thousandths; ``total`` is after the cap."""

    records: int
    complete: int
    recent: int
    rare: int
    total: int

    def to_dict(self) -> dict[str, int]:
        """Plain JSON."""
        return {"records": self.records, "complete": self.complete, "recent": self.recent,
                "rare": self.rare, "total": self.total}


def earned(
    records: Sequence[PoolRecord], there: Iterable[tuple[str, str]], year: int,
    rules: CreditRules,
) -> Earned:
    """What records earn that come into a pool in a year.

    ``there`` names the peril and section of every event the pool had before; an event is rare
    while the pool has few of its kind, the batch's own counted one after another.
    """
    known = Counter(there)
    base = complete = recent = rare = 0
    for one in records:
        if one.kind == "cover":
            base += rules.cover
            continue
        base += rules.event
        complete += rules.known_measure * sum(
            measure is not None for measure in (one.amount_fen, one.records, one.duration_hours))
        if one.day.year > year - rules.recent_years:
            recent += rules.recent
        if known[one.peril, one.section] < rules.rare_events:
            rare += rules.rare
        known[one.peril, one.section] += 1
    total = min(base + complete + recent + rare, rules.most_of_a_batch)
    return Earned(base, complete, recent, rare, total)
