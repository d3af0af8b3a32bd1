"""The facts of an event to be settled as a file (schema dinghai.chain-event/1), TOML or JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from dinghai.foundation.canonical import JSON
from dinghai.foundation.reading import located, typed
from dinghai.supplychain.layer_file import ChainLayers
from dinghai.supplychain.settlement import Before, OwnSection, Settlement, settle_event
from dinghai.wording.words import Amount, Ratio, Struct

Name = Annotated[str, msgspec.Meta(min_length=1)]


class SectionFacts(Struct, frozen=True):
    """What the terms grant a member under one section before the layers, in fen.
    ``overdue_causal_finding`` is null where nobody has established it."""

    member: Name
    coverage: Name
    amount_fen: Amount
    deductible_ppm: Ratio = 0
    retained_fen: Amount = 0
    overdue_causal_finding: bool | None = False


class BeforeFacts(Struct, frozen=True):
    """What went before in the year: presented by earlier events, by earlier payments of this one,
    and borne by each layer, in fen."""

    year_fen: Amount = 0
    event_fen: Amount = 0
    borne_fen: dict[str, Amount] = {}


class EventFacts(Struct, frozen=True):
    """An event to be settled. ``root_cause`` is left out where it is no firm of the chain or not
    established; ``enrolled`` gives each enrolled member's premium in fen."""

    schema: Literal["dinghai.chain-event/1"]
    event: Name
    owner: Name
    sections: tuple[SectionFacts, ...]
    root_cause: Name | None = None
    enrolled: dict[str, Amount] = {}
    before: BeforeFacts = BeforeFacts()


def event_facts_of(raw: JSON, path: Path) -> EventFacts:
    """The facts of a file's data. Raises InputError with line, field and mend."""
    with located(path):
        return typed(raw, EventFacts, file=str(path),
                     text=path.read_text("utf-8", errors="replace"))


def settle_facts(agreement: ChainLayers, facts: EventFacts) -> Settlement:
    """Settle an event by its facts. Raises InputError as `settle_event` does."""
    return settle_event(
        agreement,
        [OwnSection(one.member, one.coverage, one.amount_fen, one.deductible_ppm,
                    one.retained_fen, one.overdue_causal_finding) for one in facts.sections],
        event=facts.event, owner=facts.owner, root_cause=facts.root_cause,
        enrolled=facts.enrolled, before=Before(
            facts.before.year_fen, facts.before.event_fen, facts.before.borne_fen))
