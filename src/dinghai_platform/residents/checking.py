"""The first look through a list: its figures, its faults, who stands in it twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dinghai.foundation.errors import InputError
from dinghai.schemes.resident_check import check_residents
from dinghai_platform.core import audit
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.core.tenancy import locked
from dinghai_platform.residents.enrolled import enrolled_of
from dinghai_platform.residents.models import Enrolment
from dinghai_platform.residents.packed_lines import packed_lines
from dinghai_platform.residents.reading import list_on_disk
from dinghai_platform.residents.sealing import look_up_key


@dataclass(frozen=True, slots=True)
class Looked:
    """What the look came to: its document, or the fault for which there is none."""

    document: dict[str, Any]
    accepted: list[int]
    repeated: bytes = b""
    enrolled: bytes = b""


def enrolment_of(step: Step) -> Enrolment:
    """The enrolment a job is about."""
    found: Enrolment = Enrolment.objects.within(step.tenant).select_related(
        "scheme", "file").get(pk=step.arguments["enrolment"])
    return found


def look_through(step: Step) -> Looked:
    """Read the whole list. Takes seconds for each million rows, and writes nothing."""
    enrolment = enrolment_of(step)
    try:
        with list_on_disk(enrolment.file) as table:
            found = check_residents(table, enrolment.scheme.terms(), as_of=enrolment.as_of,
                                    key=look_up_key(enrolment.scheme),
                                    enrolled=enrolled_of(enrolment.scheme))
    except InputError as error:
        return Looked({"faults": [one.to_dict() for one in error.faults]}, [])
    return Looked(found.to_dict(), found.accepted.tolist(), packed_lines(found.repeated),
                  packed_lines(found.enrolled))


def keep_look(step: Step) -> Progress:
    """Keep what the look came to, unless the list was given up meanwhile."""
    enrolment = locked(enrolment_of(step))
    looked: Looked = step.prepared
    if enrolment.state == Enrolment.State.READING:
        document = looked.document
        enrolment.state, enrolment.check_document = Enrolment.State.CHECKED, document
        enrolment.accepted = looked.accepted
        enrolment.repeated, enrolment.enrolled = looked.repeated, looked.enrolled
        enrolment.rows, enrolment.rejected = document.get("rows", 0), document.get("rejected", 0)
        enrolment.premium_fen = document.get("premium_fen", 0)
        enrolment.sum_insured_fen = document.get("sum_insured_fen", 0)
        enrolment.save()
        audit.append(step.actor, "residents.list_checked", enrolment, {
            "accepted": looked.accepted, "rejected": enrolment.rejected})
    return Progress(1, 1, result={"accepted": sum(looked.accepted),
                                  "rejected": enrolment.rejected})

