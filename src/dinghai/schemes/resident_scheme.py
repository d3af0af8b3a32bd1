"""A scheme for residents: who offers which plans to whom, for how long (dinghai.resident-scheme/1).

One scheme is one group policy: a community, an employer or a telecom operator enrols its people,
each of whom has a certificate of one plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from dinghai.experience.own_values import ordinary
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.locating import with_lines
from dinghai.foundation.money import PPM, Fen, multiply_divide
from dinghai.foundation.reading import located, read_document, typed
from dinghai.wording.words import Struct

SCHEMA: Final = "dinghai.resident-scheme/1"
Identifier = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
Years = Annotated[int, msgspec.Meta(ge=0, le=150)]
Channel = Literal["community", "employer", "telecom", "direct"]


class Plan(Struct, frozen=True):
    """A sum insured and its premium of the whole period, VAT included, both in fen. ``code`` is
    what stands in a list of residents."""

    code: Identifier
    sum_insured_fen: Annotated[int, msgspec.Meta(gt=0, le=10**12)]
    premium_fen: Annotated[int, msgspec.Meta(gt=0, le=10**10)]
    name_zh: str
    name_en: str = ""


class ResidentScheme(Struct, frozen=True):
    """A group policy and who may be in it. Ages are in whole years on the first day."""

    schema: Literal["dinghai.resident-scheme/1"]
    id: Identifier
    name_zh: str
    product: str
    channel: Channel
    applicant_zh: str
    first_day: date
    last_day: date
    plans: Annotated[tuple[Plan, ...], msgspec.Meta(min_length=1, max_length=100)]
    name_en: str = ""
    youngest: Years = 18
    oldest: Years = 85
    vat_ppm: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 60_000
    """Value added tax on top of the net premium (6%, DECISIONS 24)."""
    default_plan: str = ""
    """The plan of a resident whose row names none; empty where each must."""
    source: str = ""
    confidence: Literal["A", "T", "M", "D"] = "D"

    def net_fen(self, plan: Plan) -> Fen:
        """A plan's premium before tax, half a fen up."""
        return multiply_divide(plan.premium_fen, PPM, PPM + self.vat_ppm, "half_up")

    def plan_places(self) -> dict[str, int]:
        """Where each plan stands, by its code."""
        return {one.code: place for place, one in enumerate(self.plans)}


def read_scheme(path: Path) -> ResidentScheme:
    """The scheme of a file in TOML or JSON. Raises InputError with every fault that can be seen."""
    raw = read_document(path)
    with located(path):
        return scheme_from(raw, file=str(path), text=path.read_text("utf-8", errors="replace"))


def scheme_from(
    raw: JSON, *, file: str | None = None, text: str | None = None
) -> ResidentScheme:
    """The scheme of plain data. Raises InputError."""
    found = typed(raw, ResidentScheme, file=file, text=text)
    faults = [Fault(one.message, file, None, one.field, one.mend) for one in _faults(found)]
    if faults:
        error = InputError.of(faults)
        raise with_lines(error, file, text) if file and text else error
    return found


def _faults(scheme: ResidentScheme) -> Iterator[Fault]:
    if scheme.last_day < scheme.first_day:
        yield Fault("the last day is before the first", field="last_day",
                    mend="give a day of the period's end")
    if scheme.oldest < scheme.youngest:
        yield Fault("nobody is of these ages", field="oldest", mend="give oldest ≥ youngest")
    codes = [one.code for one in scheme.plans]
    known: set[str] = set()
    for place, plan in enumerate(scheme.plans):
        words = {field: ordinary(word).casefold()
                 for field, word in (("code", plan.code), ("name_zh", plan.name_zh))}
        for field, word in words.items():
            if not word:
                yield Fault("this is empty", field=f"plans[{place}].{field}", mend="fill it in")
            elif word in known:
                yield Fault(f"two plans are called {getattr(plan, field)!r}",
                            field=f"plans[{place}].{field}",
                            mend="give each plan a code and a name of its own")
                break
        known |= set(words.values())
    if scheme.default_plan and scheme.default_plan not in codes:
        yield Fault(f"no plan is called {scheme.default_plan!r}", field="default_plan",
                    mend="one of: " + ", ".join(codes))
