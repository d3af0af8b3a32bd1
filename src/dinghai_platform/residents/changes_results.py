"""What became of every row of a sealed list of changes, with the mend of what was rejected."""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Final

from dinghai_platform.residents.changes_source import places_of
from dinghai_platform.residents.kept_faults import (
    VOID_CERTIFICATES,
    VOID_CHANGES,
    faults_of,
)
from dinghai_platform.residents.models import Certificate, Change, ChangeChunk, ChangeList
from dinghai_platform.residents.renewal_sources import sources_of
from dinghai_platform.residents.results import Echo, as_it_is

HEADINGS: Final = ("line", "outcome", "certificate", "new_certificate", "plan", "charged_fen",
                   "refunded_fen", "field", "message", "mend")
Row = tuple[int, tuple[object, ...]]


def change_result_lines(
    changes: ChangeList, say: Callable[[str], str] = as_it_is
) -> Iterator[str]:
    """The results as CSV, line by line in the list's order; one chunk is held at a time. ``say``
    puts what was wrong and its mend into the reader's words."""
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow(HEADINGS)
    name = _names(changes)
    chunks = ChangeChunk.objects.within(changes.tenant_id).filter(changes=changes)
    for chunk in chunks.order_by("number").iterator():
        rows: list[Row] = [
            (one.line or 0, ("rejected", name(one.line or 0), "", "", "", "", one.field or "",
                             one.message, one.mend or "")) for one in faults_of(chunk)]
        rows += (_renewed if changes.kind == ChangeList.Kind.RENEWAL else _changed)(changes, chunk)
        for line, row in sorted(rows, key=lambda one: one[0]):
            yield writer.writerow((line, *row[:-2], *(one and say(str(one)) for one in row[-2:])))


def _names(changes: ChangeList) -> Callable[[int], str]:
    """Which certificate a rejected line is about, where no file says so."""
    if not changes.whole:
        return lambda line: ""
    places = places_of(changes)
    starts = [one.start for one in places]

    def name(line: int) -> str:
        place = places[bisect_right(starts, line - 1) - 1]
        return f"{changes.scheme.number}-{place.certificate_at(line):010}"
    return name


def _changed(changes: ChangeList, chunk: ChangeChunk) -> Iterator[Row]:
    plans = changes.scheme.terms().plans
    for line, number, plan, step, state in Change.objects.within(changes.tenant_id).filter(
            id__gte=chunk.first, id__lt=chunk.first + chunk.accepted).values_list(
            "line", "certificate", "plan", "step_fen", "state"):
        name = f"{changes.scheme.number}-{number:010}"
        stands = state == Change.State.STANDS
        rest = (max(step, 0), max(-step, 0), "", "", "") if stands else (
            "", "", *VOID_CHANGES[state])
        yield line, ("accepted" if stands else "rejected", name, "", plans[plan].code, *rest)


def _renewed(changes: ChangeList, chunk: ChangeChunk) -> Iterator[Row]:
    assert changes.target is not None
    plans, (sources, _) = changes.target.terms().plans, sources_of(chunk)
    made = Certificate.objects.within(changes.tenant_id).filter(
        id__gte=chunk.first, id__lt=chunk.first + chunk.accepted).order_by("id").values_list(
        "id", "line", "plan", "state")
    for source, (number, line, plan, state) in zip(sources.tolist(), made, strict=True):
        old = f"{changes.scheme.number}-{source:010}"
        if state == Certificate.State.IN_FORCE:
            yield line, ("accepted", old, f"{changes.target.number}-{number:010}",
                         plans[plan].code, plans[plan].premium_fen, 0, "", "", "")
        else:
            yield line, ("rejected", old, "", plans[plan].code, "", "",
                         *VOID_CERTIFICATES[state])
