"""What became of every row of a list: accepted with its certificate, or rejected with the mend."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Final

from dinghai.foundation.errors import Fault
from dinghai.schemes.resident_list import resident_rows
from dinghai_platform.residents.checking import repeated_lines
from dinghai_platform.residents.faults import said
from dinghai_platform.residents.models import Certificate, Enrolment, EnrolmentChunk
from dinghai_platform.residents.reading import list_on_disk
from dinghai_platform.residents.staging import faults_of

_VOID: Final = {
    Certificate.State.REPEATED: (
        "identity", "the person was enrolled in the scheme before", "leave the row out"),
    Certificate.State.OVERTAKEN: (
        "certificate", "another list changed the certificate meanwhile",
        "look at it, and list it again")}
HEADINGS: Final = ("line", "outcome", "certificate", "holder", "plan", "premium_fen", "field",
                   "message", "mend")


class Echo:
    """A file that gives each line back instead of keeping it."""

    def write(self, text: str) -> str:
        """The text itself."""
        return text


def result_lines(enrolment: Enrolment) -> Iterator[str]:
    """The results as CSV, line by line in the list's order; one chunk is held at a time."""
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow(HEADINGS)
    plans = enrolment.scheme.terms().plans
    chunks = EnrolmentChunk.objects.within(enrolment.tenant_id).filter(enrolment=enrolment)
    for chunk in chunks.order_by("number").iterator():
        rows: list[tuple[int, tuple[object, ...]]] = [
            (one.line or 0, (one.line, "rejected", "", "", "", "", one.field or "", one.message,
                             one.mend or "")) for one in faults_of(chunk)]
        certificates = Certificate.objects.within(enrolment.tenant_id).filter(
            id__gte=chunk.first, id__lt=chunk.first + sum(chunk.accepted))
        for number, line, plan, state, holder in certificates.values_list(
                "id", "line", "plan", "state", "masked_name"):
            if state == Certificate.State.IN_FORCE:
                rows.append((line, (line, "accepted",
                                    f"{enrolment.scheme.number}-{number:010}", holder,
                                    plans[plan].code, plans[plan].premium_fen, "", "", "")))
            else:
                rows.append((line, (line, "rejected", "", holder, plans[plan].code, "",
                                    *_VOID[Certificate.State(state)])))
        for _, row in sorted(rows, key=lambda one: one[0]):
            yield writer.writerow(row)


def fault_lines(enrolment: Enrolment) -> Iterator[str]:
    """Every faulty row of a list that was looked through, as CSV in the list's order.

    Faults may be millions and are never held together: those of an issued list stand with its
    chunks, as those of a renewal do from the start (it has no file of rows, and was looked through
    as a list of changes); a list that is not issued yet is read a second time.
    """
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow(("line", "field", "message", "mend"))
    check = enrolment.check_document
    faults: Iterator[Fault]
    if check is None or enrolment.state == Enrolment.State.SEALED:
        faults = _kept_faults(enrolment)
    elif "rows" not in check:
        faults = (Fault(**one) for one in check.get("faults", []))
    else:
        faults = _read_faults(enrolment)
    for fault in faults:
        yield writer.writerow((fault.line or "", fault.field or "", said(fault.message),
                               said(fault.mend or "")))


def _kept_faults(enrolment: Enrolment) -> Iterator[Fault]:
    chunks = EnrolmentChunk.objects.within(enrolment.tenant_id).filter(enrolment=enrolment)
    for chunk in chunks.order_by("number").iterator():
        # Who was enrolled, or changed, by another list meanwhile is known from the seal on alone.
        void = Certificate.objects.within(enrolment.tenant_id).filter(
            id__gte=chunk.first, id__lt=chunk.first + sum(chunk.accepted),
            state__in=_VOID).order_by("line").values_list("line", "state")
        made = []
        for line, state in void:
            field, message, mend = _VOID[Certificate.State(state)]
            made.append(Fault(message, None, line, field, mend))
        yield from sorted([*faults_of(chunk), *made], key=lambda one: one.line or 0)


def _read_faults(enrolment: Enrolment) -> Iterator[Fault]:
    repeated = repeated_lines(enrolment).tolist()
    place = 0
    with list_on_disk(enrolment.file) as table:
        for rows in resident_rows(table, enrolment.scheme.terms(), as_of=enrolment.as_of):
            last = max([one.line or 0 for one in rows.faults] + rows.line.tolist()[-1:] + [0])
            faults = list(rows.faults)
            while place < len(repeated) and repeated[place] <= last:
                faults.append(Fault("the person stands in the list before", None, repeated[place],
                                    "identity", "leave one of the two rows out"))
                place += 1
            yield from sorted(faults, key=lambda one: one.line or 0)
