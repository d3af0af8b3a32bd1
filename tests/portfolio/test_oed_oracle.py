"""Random accounts against a second reading of the standard, in exact fractions and by itself.

The second reading follows `docs/explanation/oed.md` level by level; it knows nothing of sections,
or stages. Where the reader refuses a combination, nothing is compared.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from dinghai.foundation.errors import InputError
from dinghai.portfolio.oed import ground_up_to_payment, read_oed_account
from tests.portfolio.oed_files import account

CODES = ("NPBI", "DIAS", "LIA")
ROUNDS = 600


@dataclass
class Carried:
    """What comes to a level, and what was deducted, cut off, and could be given back below it."""

    loss: Fraction
    deducted: Fraction = Fraction(0)
    over: Fraction = Fraction(0)
    room: Fraction = Fraction(0)


def level(carried: Carried, terms: dict[str, Fraction]) -> Carried:
    """Deductible within its bounds, then limit. Zero bounds and limits are none."""
    loss, before = carried.loss, carried.deducted
    own = terms["ded"] * loss if terms["ded_type"] == 1 else terms["ded"]
    least, most = terms["minimum"], terms["maximum"]
    over, room = carried.over, carried.room
    if most and before + own > most:
        out = max(loss + min(before - most, room), Fraction(0))
    elif before + own < least:
        missing = least - own - before
        out = max(loss - own - max(missing - over, Fraction(0)), Fraction(0))
    else:
        out = max(loss - own, Fraction(0))
    deducted = before + loss - out
    room = max(room + loss - out, Fraction(0))
    if terms["limit"]:
        limit = terms["limit"] * loss if terms["limit_type"] == 1 else terms["limit"]
        over += max(out - limit, Fraction(0))
        out = min(out, limit)
        room = min(room, limit - out)
    return Carried(out, deducted, over, room)


def second_reading(record: dict[str, object], losses: dict[str, int]) -> Fraction:
    """Coverages, policy, layer."""
    below = [level(Carried(Fraction(losses[code])), fields(record, code)) for code in CODES]
    policy = level(Carried(*(sum((getattr(one, name) for one in below), Fraction(0))
                             for name in ("loss", "deducted", "over", "room"))),
                   fields(record, "6All"))
    above = max(policy.loss - number(record, "LayerAttachment"), Fraction(0))
    limit = number(record, "LayerLimit")
    return (min(above, limit) if limit else above) * number(record, "LayerParticipation")


def number(record: dict[str, object], name: str) -> Fraction:
    return Fraction(str(record.get(name, 0)))


def fields(record: dict[str, object], of: str) -> dict[str, Fraction]:
    names = {"ded": "Ded", "ded_type": "DedType", "minimum": "MinDed", "maximum": "MaxDed",
             "limit": "Limit", "limit_type": "LimitType"}
    return {key: number(record, f"Pol{name}{of}") for key, name in names.items()}


def random_record(source: random.Random) -> dict[str, object]:
    """Terms of every kind, each present now and then."""
    record: dict[str, object] = {
        "PolCoverage": ";".join(CODES), "LayerParticipation": source.choice([1, 0.5, 0.25, 0.1]),
        "LayerAttachment": source.choice([0, 0, 20_000, 75_000]),
        "LayerLimit": source.choice([0, 50_000, 100_000])}
    for of in (*CODES, "6All"):
        if source.random() < 0.5:
            record |= ({f"PolDed{of}": source.choice([0.05, 0.2]), f"PolDedType{of}": 1}
                       if source.random() < 0.3 else
                       {f"PolDed{of}": source.choice([1_000, 10_000, 30_000])})
        if source.random() < 0.35:
            record |= ({f"PolLimit{of}": source.choice([0.5, 0.9]), f"PolLimitType{of}": 1}
                       if source.random() < 0.25 else
                       {f"PolLimit{of}": source.choice([40_000, 80_000, 150_000])})
        if source.random() < 0.25:
            record[f"PolMinDed{of}"] = source.choice([2_000, 15_000])
        if source.random() < 0.25:
            record[f"PolMaxDed{of}"] = source.choice([16_000, 25_000])
    return record


def test_random_accounts(tmp_path: Path) -> None:
    """Within the roundings: half a fen for each section and stage that takes a share."""
    source = random.Random(20260108)
    compared = 0
    for _round in range(ROUNDS):
        record = random_record(source)
        losses = {code: source.choice([0, 3_000, 12_345, 60_000, 111_111, 250_000])
                  for code in CODES}
        try:
            (policy,) = read_oed_account(account(tmp_path, record))
        except InputError:
            continue
        compared += 1
        paid = ground_up_to_payment(policy, {code: loss * 100 for code, loss in losses.items()})
        expected = second_reading(record, losses) * 100
        assert abs(paid - expected) <= 4, (record, losses, paid, float(expected))
    assert compared > ROUNDS // 2
