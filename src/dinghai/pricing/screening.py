"""Sanctions screening: what somebody recorded of it, and what that says on a day.

No list of sanctioned parties comes with the engine and none is searched: a screening says who
looked, in which lists, on which day, with what result.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from dinghai.foundation.canonical import JSON, document_hash
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.reading import located, plain, read_document, read_toml, typed
from dinghai.pricing.referral_facts import FactValue
from dinghai.pricing.tables import Sourced

Result = Literal["clear", "possible", "hit"]
HIT_FACT: Final = "screening.sanctions_hit"
_LARGEST: Final = 256 * 1024
_MOST_LISTS: Final = 50
_LONGEST: Final = 200


class ScreeningRules(Sourced, frozen=True):
    """How long a screening holds (schema dinghai.screening-rules/1)."""

    schema: Literal["dinghai.screening-rules/1"]
    version: str
    valid_days: Annotated[int, msgspec.Meta(ge=1, le=3_660)]


class Screening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One screening of one party (schema dinghai.screening/1).

    ``result`` is ``clear``, ``hit``, or ``possible`` while nobody has decided whether the party
    found is this one. ``valid_until`` is the last day of a clear one; the rules say it where it is
    left out. What was found stands until a later screening says otherwise.
    """

    schema: Literal["dinghai.screening/1"]
    lists: tuple[str, ...]
    screened_on: date
    result: Result
    reference: str
    valid_until: date | None = None

    @property
    def last_day(self) -> date:
        """The last day on which a clear one says anything."""
        return self.valid_until or self.screened_on + timedelta(
            days=screening_rules().valid_days)

    def holds(self, on: date) -> bool:
        """Whether it says anything on a day. A hit does not run out: nobody has cleared it."""
        return self.screened_on <= on and (self.result != "clear" or on <= self.last_day)

    def facts(self, on: date) -> dict[str, FactValue]:
        """The facts of referral known by it on a day: none once a clear one has expired, and none
        while a possible hit is undecided. Unknown is not false."""
        if not self.holds(on) or self.result == "possible":
            return {}
        return {HIT_FACT: self.result == "hit"}

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON with its own hash; stands as ``screening`` in a quote."""
        document: dict[str, JSON] = {**plain(self), "valid_until": self.last_day.isoformat()}
        return {**document, "hash": document_hash(document)}


@cache
def screening_rules() -> ScreeningRules:
    """The rules that ship with the engine."""
    with as_file(files("dinghai.data").joinpath("rating", "screening.toml")) as path:
        return read_toml(path, ScreeningRules)


def read_screening(path: Path) -> Screening:
    """A screening from its JSON file. Raises InputError with every fault and its line."""
    with located(path):
        return screening_of(read_document(path, limit_bytes=_LARGEST), str(path))


def screening_of(document: JSON, file: str | None = None) -> Screening:
    """A screening from its plain document. Raises InputError, also for a hash that does not hold.
    """
    rest = document
    given: JSON = None
    if isinstance(document, dict):
        rest = {name: value for name, value in document.items() if name != "hash"}
        given = document.get("hash")
    screening = typed(rest, Screening, file=file)
    faults = list(_faults(screening))
    if given is not None and given != screening.to_dict()["hash"]:
        faults.append(Fault("the screening was changed after it was made", field="hash",
                            mend="record the screening again, or leave the hash out"))
    if faults:
        raise InputError.of(Fault(one.message, file, None, one.field, one.mend) for one in faults)
    return screening


def _faults(screening: Screening) -> list[Fault]:
    found = []
    if not screening.lists:
        found.append(Fault("no list is named", field="lists",
                           mend="name every list that was searched"))
    if len(screening.lists) > _MOST_LISTS:
        found.append(Fault(f"more than {_MOST_LISTS} lists are named", field="lists",
                           mend="name the collections that hold them"))
    if any(not one.strip() or len(one) > _LONGEST for one in screening.lists):
        found.append(Fault("a list's name is empty or too long", field="lists",
                           mend=f"write each in at most {_LONGEST} characters"))
    if not screening.reference.strip() or len(screening.reference) > _LONGEST:
        found.append(Fault("the reference is empty or too long", field="reference",
                           mend="give the number under which the search is kept"))
    last = screening.valid_until
    if last is not None:
        longest = screening.screened_on + timedelta(days=screening_rules().valid_days)
        if last < screening.screened_on:
            found.append(Fault("it would end before it was made", field="valid_until",
                               mend="choose a later day, or leave it out"))
        elif last > longest:
            found.append(Fault(f"a screening holds until {longest} at most",
                               field="valid_until", mend="choose an earlier day"))
    return found
