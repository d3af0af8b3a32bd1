"""The templates of firms by sector and size: their file, read and checked."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final, Literal, get_args

import msgspec

from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.locating import with_lines
from dinghai.foundation.reading import parse_toml, typed
from dinghai.supplychain.chain import AssetKind
from dinghai.supplychain.language_files import Confidence, Figure
from dinghai.vocabulary.industries import industries

TEMPLATES_FILE: Final = "templates.toml"
Size = Literal["micro", "small", "medium", "large"]
SIZES: Final[tuple[Size, ...]] = get_args(Size)


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the file."""


class SizeClass(_Part, frozen=True):
    """From which headcount and revenue on, both, a firm of these sections is of each size."""

    sections: str
    headcount: tuple[int, int, int]
    revenue_yuan: tuple[int, int, int]
    source: str
    confidence: Confidence


class Template(_Part, frozen=True):
    """What firms of some sections usually are. Per head, share of revenue, or seconds.

    ``runs`` says from which size on a kind of asset is there, ``output_share`` what stops with it.
    ``operations_systems`` is by size.
    """

    id: str
    name_zh: str
    name_en: str
    sections: str
    revenue_per_head_yuan: Figure
    gross_profit_rate: Figure
    endpoints_per_head: Figure
    records_general_per_head: Figure
    records_sensitive_per_head: Figure
    online_revenue: Figure
    tolerable_outage_hours: Figure
    recovery_hours: Figure
    payments_per_head: Figure
    operations_systems: tuple[int, int, int, int]
    operations_systems_interval: tuple[
        tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int]]
    runs: dict[AssetKind, Size]
    output_share: dict[AssetKind, float]
    output_share_interval: dict[AssetKind, tuple[float, float]]
    source: str
    confidence: Confidence


class Exposure(_Part, frozen=True):
    """The kinds of asset that the internet sees where the chain does not say."""

    kinds: tuple[AssetKind, ...]
    source: str
    confidence: Confidence


class TemplatesFile(_Part, frozen=True):
    """templates.toml."""

    schema: Literal["dinghai.firm-templates/1"]
    version: str
    as_of: str
    exposure: Exposure
    sizes: tuple[SizeClass, ...]
    templates: tuple[Template, ...]


@cache
def shipped_templates() -> TemplatesFile:
    """The templates that ship with the product."""
    return templates_of(files("dinghai.data").joinpath(f"supplychain/{TEMPLATES_FILE}").read_text(
        "utf-8"))


def templates_of(text: str) -> TemplatesFile:
    """Templates from the text of their file. Raises InputError that names every fault."""
    found = typed(parse_toml(text, TEMPLATES_FILE), TemplatesFile, file=TEMPLATES_FILE, text=text)
    faults = tuple(_faults(found))
    if faults:
        raise with_lines(InputError.of(faults), TEMPLATES_FILE, text)
    return found


def _faults(file: TemplatesFile) -> Iterator[Fault]:
    for section in industries():
        number = sum(section in one.sections for one in file.templates)
        if number != 1:
            yield _fault("templates.sections", f"{number} templates are of section {section}",
                         "make it exactly one")
    if not file.sizes or file.sizes[-1].sections:
        yield _fault("sizes", "no size classes for all other sections",
                     "end with a row whose sections are empty")
    for place, row in enumerate(file.sizes):
        for name in ("headcount", "revenue_yuan"):
            bounds = getattr(row, name)
            if sorted(bounds, reverse=True) != list(bounds) or min(bounds) < 0:
                yield _fault(f"sizes[{place}].{name}", "the bounds do not fall",
                             "give those of large, medium and small")
    for place, one in enumerate(file.templates):
        for name in Template.__struct_fields__:
            figure = getattr(one, name)
            if isinstance(figure, Figure) and not (
                    0.0 <= figure.interval[0] <= figure.value <= figure.interval[1] < 1e12):
                yield _fault(f"templates[{place}].{name}", "the value lies outside its interval",
                             "give a possible value inside its interval")
        if one.revenue_per_head_yuan.interval[0] <= 0.0:
            yield _fault(f"templates[{place}].revenue_per_head_yuan", "no revenue per head",
                         "give a figure above zero")
        for name in ("gross_profit_rate", "online_revenue"):
            if getattr(one, name).interval[1] > 1.0:
                yield _fault(f"templates[{place}].{name}", "more than the whole",
                             "give a share from 0 to 1")
        for kind, share in one.output_share.items():
            low, high = one.output_share_interval.get(kind, (share, share))
            if not 0.0 <= low <= share <= high <= 1.0:
                yield _fault(f"templates[{place}].output_share.{kind}",
                             f"{share:g} in [{low:g}, {high:g}] is no share",
                             "give a number from 0 to 1 inside its interval")
        for number, (low, high) in zip(one.operations_systems, one.operations_systems_interval,
                                       strict=True):
            if not 0 <= low <= number <= high:
                yield _fault(f"templates[{place}].operations_systems",
                             f"{number} lies outside its interval",
                             "give a possible value inside its interval")


def _fault(field: str, message: str, mend: str) -> Fault:
    return Fault(message, TEMPLATES_FILE, None, field, mend)
