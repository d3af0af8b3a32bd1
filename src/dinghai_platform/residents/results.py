"""What became of every row of a list: accepted with its certificate, or rejected with the mend."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from dinghai.foundation.errors import Fault
from dinghai.schemes.resident_check import ENROLLED
from dinghai.schemes.resident_list import resident_rows
from dinghai_platform.residents.faults import said
from dinghai_platform.residents.kept_faults import TWICE, VOID_CERTIFICATES, fault_at, faults_of
from dinghai_platform.residents.models import Certificate, Enrolment, EnrolmentChunk
from dinghai_platform.residents.packed_lines import lines_of
from dinghai_platform.residents.reading import list_on_disk

HEADINGS: Final = ("line", "outcome", "certificate", "holder", "plan", "premium_fen", "field",
                   "message", "mend")


class Echo:
    """A file that gives each line back instead of keeping it."""

    def write(self, text: str) -> str:
        """The text itself."""
        return text


def as_it_is(text: str) -> str:
    """A sentence of the engine as programs know it."""
    return text


def result_lines(
    enrolment: Enrolment, say: Callable[[str], str] = as_it_is
) -> Iterator[str]:
    """The results as CSV, line by line in the list's order; one chunk is held at a time. ``say``
    puts what was wrong and its mend into the reader's words."""
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow(HEADINGS)
    plans = enrolment.scheme.terms().plans
    chunks = EnrolmentChunk.objects.within(enrolment.tenant_id).filter(enrolment=enrolment)
    for chunk in chunks.order_by("number").iterator():
        rows: list[tuple[int, tuple[object, ...]]] = [
            (one.line or 0, (one.line, "rejected", "", "", "", "", one.field or "",
                             say(one.message), say(one.mend or ""))) for one in faults_of(chunk)]
        certificates = Certificate.objects.within(enrolment.tenant_id).filter(
            id__gte=chunk.first, id__lt=chunk.first + sum(chunk.accepted))
        for number, line, plan, state, holder in certificates.values_list(
                "id", "line", "plan", "state", "masked_name"):
            if state == Certificate.State.IN_FORCE:
                rows.append((line, (line, "accepted",
                                    f"{enrolment.scheme.number}-{number:010}", holder,
                                    plans[plan].code, plans[plan].premium_fen, "", "", "")))
            else:
                field, message, mend = VOID_CERTIFICATES[state]
                rows.append((line, (line, "rejected", "", holder, plans[plan].code, "", field,
                                    say(message), say(mend))))
        for _, row in sorted(rows, key=lambda one: one[0]):
            yield writer.writerow(row)


def fault_lines(enrolment: Enrolment) -> Iterator[str]:
    """Every faulty row of a list that was looked through, as CSV in the list's order.

    Faults may be millions and are never held together: those of an issued list stand with its
    chunks, as those of a renewal do from the start (it has no file of rows, and was looked through
    as a list of changes); a list that is not issued yet is read a second time. Of one that was
    given up because not every row could be enrolled, all faults are of persons enrolled meanwhile.
    """
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow(("line", "field", "message", "mend"))
    check = enrolment.check_document
    faults: Iterator[Fault]
    if check is None or enrolment.state == Enrolment.State.SEALED:
        faults = _kept_faults(enrolment)
    elif fell_short(enrolment):
        faults = (fault_at(line, ENROLLED) for line in lines_of(enrolment.enrolled).tolist())
    elif "rows" not in check:
        faults = (Fault(**one) for one in check.get("faults", []))
    else:
        faults = _read_faults(enrolment)
    for fault in faults:
        yield writer.writerow((fault.line or "", fault.field or "", said(fault.message),
                               said(fault.mend or "")))


def fell_short(enrolment: Enrolment) -> bool:
    """Whether a list was given up because it was all or nothing and not every row could be
    enrolled."""
    return bool(enrolment.state == Enrolment.State.CANCELLED and enrolment.all_or_nothing
                and enrolment.enrolled and "given_up" in (enrolment.check_document or {}))


def _kept_faults(enrolment: Enrolment) -> Iterator[Fault]:
    chunks = EnrolmentChunk.objects.within(enrolment.tenant_id).filter(enrolment=enrolment)
    for chunk in chunks.order_by("number").iterator():
        # Who was enrolled, or changed, by another list meanwhile is known from the seal on alone.
        void = Certificate.objects.within(enrolment.tenant_id).filter(
            id__gte=chunk.first, id__lt=chunk.first + sum(chunk.accepted),
            state__in=VOID_CERTIFICATES).order_by("line").values_list("line", "state")
        made = [fault_at(line, VOID_CERTIFICATES[state]) for line, state in void]
        yield from sorted([*faults_of(chunk), *made], key=lambda one: one.line or 0)


def _read_faults(enrolment: Enrolment) -> Iterator[Fault]:
    known = ((lines_of(enrolment.repeated), TWICE), (lines_of(enrolment.enrolled), ENROLLED))
    read = 0
    with list_on_disk(enrolment.file) as table:
        for rows in resident_rows(table, enrolment.scheme.terms(), as_of=enrolment.as_of):
            last = max([one.line or 0 for one in rows.faults] + rows.line.tolist()[-1:] + [0])
            faults = list(rows.faults)
            for lines, words in known:
                start, end = np.searchsorted(lines, (read, last), side="right")
                faults += [fault_at(line, words) for line in lines[start:end].tolist()]
            read = max(read, last)
            yield from sorted(faults, key=lambda one: one.line or 0)
