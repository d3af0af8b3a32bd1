"""What rooms that stand on chains show beside a chain; they hand it in, chains know none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dinghai_platform.chains.models import SupplyChain
from dinghai_platform.core.actors import Actor


@dataclass(frozen=True, slots=True)
class BesideRow:
    """One thing that belongs to the chain: its page, a note, and its state as the site's words
    know it."""

    name: str
    address: str
    note: str
    state_code: str


@dataclass(frozen=True, slots=True)
class Beside:
    """What one room shows on the page of a chain. ``action`` is offered where there is one."""

    title: Any
    icon: str
    rows: tuple[BesideRow, ...]
    empty: Any
    action: Any = ""
    action_address: str = ""


Shows = Callable[[Actor, SupplyChain], Beside | None]
_rooms: list[Shows] = []


def show_beside(room: Shows) -> None:
    """Let a room show what it has of a chain. It answers None to whom it shows nothing."""
    if room not in _rooms:
        _rooms.append(room)


def beside_of(actor: Actor, chain: SupplyChain) -> list[Beside]:
    """What the rooms show this reader beside a chain in hand."""
    return [shown for room in _rooms if (shown := room(actor, chain)) is not None]
