"""What became of every row of a list: accepted with its certificate, or rejected with the mend."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Final

from dinghai_platform.residents.models import Certificate, Enrolment, EnrolmentChunk
from dinghai_platform.residents.staging import faults_of

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
                                    "identity", "the person was enrolled in the scheme before",
                                    "leave the row out")))
        for _, row in sorted(rows, key=lambda one: one[0]):
            yield writer.writerow(row)
