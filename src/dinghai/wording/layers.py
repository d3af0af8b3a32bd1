"""Layers and shares: a tower of insurers, and what chain owner, supplier and insurer each bear."""

from __future__ import annotations

from typing import Literal

from dinghai.wording.words import Amount, Bearer, Count, PartyRole, Ratio, Struct


class Participation(Struct, frozen=True):
    """One party's share of a layer. ``bearer`` says which firm of a chain a supplier's share falls
    on, where it is not the party by its name."""

    party: str
    role: PartyRole
    share_ppm: Ratio
    bearer: Bearer = "named"

    @property
    def retained(self) -> bool:
        """Whether the one who suffers bears it itself, so that nobody pays it."""
        return self.role == "insured" or self.bearer == "sufferer"


class Layer(Struct, frozen=True):
    """One layer of the tower, as a share of the aggregate limit (product) or in fen (schedule).

    ``each_event`` layers attach to each event's amount; ``aggregate`` layers attach to what has
    accumulated over the year, so that a higher layer follows on where a lower one is exhausted.
    Shares below the whole leave the rest with the insured.
    """

    id: str
    name_zh: str
    name_en: str
    clause: str = ""
    attachment_ppm: Ratio = 0
    limit_ppm: Ratio = 0
    attachment_fen: Amount = 0
    limit_fen: Amount = 0
    basis: Literal["each_event", "aggregate"] = "each_event"
    aggregate_fen: Amount | None = None
    """The layer's own annual limit before reinstatements; None: the event limit, once."""
    reinstatements: Count = 0
    reinstatement_premium_ppm: Ratio = 0
    premium_fen: Amount = 0
    """What a full reinstatement at 100% costs (schedule)."""
    participants: tuple[Participation, ...] = ()


class Definition(Struct, frozen=True):
    """A defined term of the wording."""

    term: str
    zh: str
    en: str
    text_zh: str
    text_en: str
    standard: bool = True


class FiledClause(Struct, frozen=True):
    """The insurer's own filed text of a clause, shown beside the structured reading."""

    clause: str
    text_zh: str
    text_en: str = ""
