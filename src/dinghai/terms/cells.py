"""Cells for a program's inputs from the facts of one incident, sums of hourly series included.

An input ``item[0].bi.hourly_gross_profit@first:43200`` is what the series adds up to in its first
43,200 seconds; ``@interruption`` (``:86400`` where an indemnity period ends it) is what it adds up
to while the interruption lasts, and ``@idle`` how many seconds of that it stands at zero. A stock
buffer runs beside the waiting time, from before the profile begins, so it shortens the former.
"""

from __future__ import annotations

from dinghai.terms.program import Program
from dinghai.vocabulary.facts import (
    ABSENT,
    UNKNOWN,
    IncidentFacts,
    LossItem,
    first_of_series,
)


def fact_cells(program: Program, incident: IncidentFacts) -> dict[str, int]:
    """Cells of the facts that the program asks for; facts it does not ask for stay outside."""
    cells = {}
    for name in program.inputs:
        if name.startswith("prior."):
            continue
        if not name.startswith("item["):
            cell = incident.cell(name)
        else:
            position, _separator, identifier = name[5:].partition("].")
            cell = _item_cell(incident.items[int(position)], identifier)
        if cell != UNKNOWN:
            cells[name] = cell
    return cells


def _item_cell(item: LossItem, identifier: str) -> int:
    fact, derived, rule = identifier.partition("@")
    known = item.facts.get(fact)
    if known is None:
        return UNKNOWN
    return _series_cell(item, known.value, rule) if derived else known.cell


def _series_cell(item: LossItem, hours: list[int] | None, rule: str) -> int:
    if hours is None:
        return ABSENT
    lasted = _seconds(item, "bi.interruption_seconds")
    if lasted is None:
        return UNKNOWN
    kind, _separator, seconds = rule.partition(":")
    if kind == "first":
        waited = max(int(seconds) - (_seconds(item, "supply.buffer_seconds") or 0), 0)
        wanted = min(waited, lasted)
    else:
        wanted = min(lasted, int(seconds)) if seconds else lasted
    if wanted > len(hours) * 3600:
        return UNKNOWN  # nobody said what the hours after the last were worth
    if kind == "idle":
        return sum(min(3600, wanted - 3600 * place) for place in range(-(-wanted // 3600))
                   if hours[place] == 0)
    return first_of_series(hours, wanted)


def _seconds(item: LossItem, identifier: str) -> int | None:
    known = item.facts.get(identifier)
    if known is None:
        return None
    return 0 if known.cell <= ABSENT else known.cell
