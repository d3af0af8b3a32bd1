"""How a loss is shared between an insurer, the insured and the parties of a supply chain.

Only insurers insure (保险法6条). What a chain owner or supplier bears of *another's* loss is a
commercial contribution under the chain's own agreement: it is shown and accounted apart and is
never an insurance payment. What a party bears of its *own* loss is retention (DECISIONS 15).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM, Fen, split

ShareKind = Literal["insurance", "retention", "commercial_contribution"]


@dataclass(frozen=True, slots=True)
class Share:
    """One party's agreed part of a loss, in parts per million."""

    party: str
    kind: ShareKind
    ppm: int


@dataclass(frozen=True, slots=True)
class SharedAmount:
    """One party's part of a loss, in fen."""

    party: str
    kind: ShareKind
    fen: Fen


def share_kind(party: str, *, sufferer: str, insurers: frozenset[str]) -> ShareKind:
    """What a party's part of the sufferer's loss is in law."""
    if party in insurers:
        return "insurance"
    return "retention" if party == sufferer else "commercial_contribution"


def share_loss(loss: Fen, shares: Sequence[Share]) -> tuple[SharedAmount, ...]:
    """Cut a loss by the agreed shares, exact to the fen (largest remainders, first wins ties).

    Raises InputError unless the shares add up to one and every party stands once.
    """
    total = sum(share.ppm for share in shares)
    if total != PPM or any(share.ppm < 0 for share in shares):
        raise InputError(f"the shares add up to {total} ppm", field="shares",
                         mend=f"make them add up to {PPM}")
    if len({share.party for share in shares}) != len(shares):
        raise InputError("a party stands twice", field="shares", mend="list each party once")
    parts = split(loss, [share.ppm for share in shares])
    return tuple(SharedAmount(share.party, share.kind, fen)
                 for share, fen in zip(shares, parts, strict=True))
