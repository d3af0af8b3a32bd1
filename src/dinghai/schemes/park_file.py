"""The master policy of a park as a file (schema dinghai.park/1): a folder with `park.toml`, TOML
or JSON.

One policy for all firms of a park (园区保): every member has the base cover, some add top-ups; the
park's limits are shared by all (DECISIONS 7). Amounts and shares may be written as people do
(`each_event = "3000万"`, `factor = "80%"`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from dinghai.assessment.profile import valid_credit_code
from dinghai.foundation.calendar import YEARS, year_later
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.locating import with_lines
from dinghai.foundation.money import PPM
from dinghai.foundation.reading import located, read_document, typed
from dinghai.supplychain.chain import Identifier
from dinghai.supplychain.chain_cells import Kind
from dinghai.supplychain.enrolment import ProgrammePeriod
from dinghai.supplychain.plain_units import in_units
from dinghai.vocabulary.industries import industries
from dinghai.wording.products import load_product
from dinghai.wording.words import Amount, Ratio, Struct

SCHEMA: Final = "dinghai.park/1"
BASE: Final = "base"
"""The id of the base cover among the covers of a park."""
GRADES: Final = ("A", "B", "C", "D", "E")
_PLAIN: Final[Mapping[str, tuple[str, Kind]]] = {
    "each_event": ("each_event_fen", "amount"), "annual": ("annual_fen", "amount"),
    "revenue_below": ("revenue_below_fen", "amount"), "sublimit": ("sublimit_fen", "amount"),
    "premium": ("premium_fen", "amount"), "total": ("total_fen", "amount"),
    "factor": ("factor_ppm", "share"), "vat": ("vat_ppm", "share"),
    "single_point": ("single_point_ppm", "share")}
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Factor = Annotated[int, msgspec.Meta(ge=0, le=10 * PPM)]


class Operator(Struct, frozen=True):
    """Who applies for the policy and pays (投保人): the park's operator."""

    name_zh: Text
    credit_code: str
    name_en: str = ""


class SharedLimits(Struct, frozen=True):
    """The most for all who share it together, in fen: each event, and in the policy period."""

    each_event_fen: Amount
    annual_fen: Amount


class MemberLimit(Struct, frozen=True):
    """A choice of the base cover: a member's own limits in fen (without ``annual_fen`` the limit
    each event counts for the period too), and what it does to the base premium, in ppm."""

    each_event_fen: Amount
    annual_fen: Amount | None = None
    factor_ppm: Factor = PPM

    @property
    def period_fen(self) -> int:
        """The most in the policy period."""
        return self.each_event_fen if self.annual_fen is None else self.annual_fen


class ParkSection(Struct, frozen=True):
    """A section of the base cover. ``sublimit_fen``: the most each event for one member."""

    coverage: Text
    sublimit_fen: Amount | None = None


class BaseCover(Struct, frozen=True):
    """What every member has. The first limit is the one of a member that chooses none."""

    limits: Annotated[tuple[MemberLimit, ...], msgspec.Meta(min_length=1)]
    sections: Annotated[tuple[ParkSection, ...], msgspec.Meta(min_length=1)]


class Rate(Struct, frozen=True):
    """A cell of a table of premiums: for a rating class and a size ("" for any), a premium of the
    whole period in fen or, where the premium is allocated, a weight."""

    rating_class: str = ""
    size: str = ""
    premium_fen: Amount | None = None
    weight: Annotated[int, msgspec.Meta(ge=0, le=10**9)] | None = None


class TopUp(Struct, frozen=True):
    """A cover that a member may add. It pays before the base cover (``first``) or what the base
    leaves (``after``). ``shared``: limits of its own for all who hold it; ``under_park_limits``:
    whether its payments stand under the park's limits too."""

    id: Identifier
    name_zh: Text
    coverages: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    each_event_fen: Amount
    prices: Annotated[tuple[Rate, ...], msgspec.Meta(min_length=1)]
    name_en: str = ""
    annual_fen: Amount | None = None
    order: Literal["first", "after"] = "after"
    under_park_limits: bool = True
    shared: SharedLimits | None = None

    @property
    def period_fen(self) -> int:
        """The most for one member in the policy period."""
        return self.each_event_fen if self.annual_fen is None else self.annual_fen


class RatingClass(Struct, frozen=True):
    """A class of the premium table by sections of GB/T 4754; without sections, all others."""

    id: Identifier
    name_zh: Text
    name_en: str = ""
    sectors: tuple[str, ...] = ()


class Size(Struct, frozen=True):
    """A size of firms: a revenue below the bound, and not of a size before it."""

    id: Identifier
    name_zh: Text
    name_en: str = ""
    revenue_below_fen: Amount | None = None


class GradeFactor(Struct, frozen=True):
    """What a grade does to the base premium, in ppm. A grade that is not known does nothing."""

    grade: Literal["A", "B", "C", "D", "E"]
    factor_ppm: Factor


class ParkPremium(Struct, frozen=True):
    """How members' premiums are made. ``table``: each rate is a premium of the whole period.
    ``allocated``: ``total_fen`` is cut by weights to the members of the first day, and who joins
    later pays the same rate. ``amounts`` says whether amounts are before VAT (net) or with it."""

    rates: Annotated[tuple[Rate, ...], msgspec.Meta(min_length=1)]
    basis: Literal["table", "allocated"] = "table"
    amounts: Literal["net", "gross"] = "net"
    total_fen: Amount | None = None
    vat_ppm: Ratio = 60_000
    grades: tuple[GradeFactor, ...] = ()


class Park(Struct, frozen=True):
    """A master policy. ``members`` names the roll beside the file; ``single_point_ppm`` is the
    share of members from which a network or provider counts as a single point."""

    schema: Literal["dinghai.park/1"]
    id: Identifier
    name_zh: Text
    product: Text
    inception: date
    expiry: date
    operator: Operator
    limits: SharedLimits
    base: BaseCover
    classes: Annotated[tuple[RatingClass, ...], msgspec.Meta(min_length=1)]
    sizes: Annotated[tuple[Size, ...], msgspec.Meta(min_length=1)]
    premium: ParkPremium
    name_en: str = ""
    insurer: str = ""
    policy_no: str = ""
    top_ups: tuple[TopUp, ...] = ()
    members: str = "members.csv"
    refund_to: Literal["applicant", "member"] = "applicant"
    single_point_ppm: Ratio = 250_000
    source: str = ""
    confidence: Literal["T", "A", "M", "D"] = "D"

    @property
    def period(self) -> ProgrammePeriod:
        """First and last day, both covered."""
        return ProgrammePeriod(self.inception, self.expiry)

    def top_up(self, code: str) -> TopUp:
        """A top-up by id. Raises KeyError."""
        return {one.id: one for one in self.top_ups}[code]

    def class_of(self, sector: str) -> RatingClass | None:
        """The rating class of a section of GB/T 4754; None where the table has none for it."""
        named = next((one for one in self.classes if sector in one.sectors), None)
        return named or next((one for one in self.classes if not one.sectors), None)


def rate_of(rates: tuple[Rate, ...], rating_class: str, size: str) -> Rate | None:
    """The rate that names most of a class and a size; None where none fits."""
    found = {(one.rating_class, one.size): one for one in rates}
    keys = ((rating_class, size), (rating_class, ""), ("", size), ("", ""))
    return next((found[key] for key in keys if key in found), None)


def read_park(path: Path) -> Park:
    """The master policy of a folder or a file. Raises InputError with every fault seen."""
    file = park_path(path)
    raw = read_document(file)
    with located(file):
        return park_from(raw, file=str(file), text=file.read_text("utf-8", errors="replace"))


def park_path(path: Path) -> Path:
    """The file of a park: the path itself, or `park.toml` in a folder."""
    return path / "park.toml" if path.is_dir() else path


def roll_path(path: Path, park: Park) -> Path:
    """Where the roll of members lies: beside the park's file."""
    return park_path(path).parent / park.members


def park_from(raw: JSON, *, file: str | None = None, text: str | None = None) -> Park:
    """The master policy of plain data. Raises InputError."""
    faults: list[Fault] = []
    found = typed(in_units(raw, _PLAIN, file, faults), Park, file=file, text=text)
    faults += [Fault(one.message, file, None, one.field, one.mend) for one in park_faults(found)]
    if faults:
        error = InputError.of(faults)
        raise with_lines(error, file, text) if file and text else error
    return found


def park_faults(park: Park) -> Iterator[Fault]:
    """What types alone cannot see."""
    if not YEARS[0] <= park.inception.year <= YEARS[1]:
        yield Fault(f"{park.inception.year} is no year of these files", field="inception",
                    mend=f"give a day from {YEARS[0]} to {YEARS[1]}")
    elif not park.inception <= park.expiry <= year_later(park.inception):
        yield Fault("the policy period is no period of at most a year", field="expiry",
                    mend=f"give {park.inception} to {year_later(park.inception)}: annual limits "
                         "count for the period")
    if not valid_credit_code(park.operator.credit_code):
        yield Fault(f"{park.operator.credit_code[:40]!r} is not a unified social credit code",
                    field="operator.credit_code",
                    mend="18 characters with a valid check character (GB 32100-2015)")
    if Path(park.members).name != park.members or not park.members:
        yield Fault("the roll lies beside the park's file", field="members",
                    mend="give the name of a file, without folders")
    yield from _limit_faults(park)
    yield from _twice(park)
    yield from _coverage_faults(park)
    yield from _class_faults(park)
    yield from _rate_faults(park)


def _limit_faults(park: Park) -> Iterator[Fault]:
    shared = [("limits", park.limits)] + [
        (f"top_ups[{place}].shared", one.shared)
        for place, one in enumerate(park.top_ups) if one.shared is not None]
    for field, one in shared:
        if one.annual_fen < one.each_event_fen:
            yield Fault("the limit of the period is below the limit each event",
                        field=f"{field}.annual", mend="give at least the limit each event")
    own: list[tuple[str, MemberLimit | TopUp]] = [
        (f"base.limits[{place}]", one) for place, one in enumerate(park.base.limits)]
    own += [(f"top_ups[{place}]", one) for place, one in enumerate(park.top_ups)]
    for name, member in own:
        if not member.each_event_fen:
            yield Fault("the limit is zero", field=f"{name}.each_event",
                        mend="give an amount, such as 100万")
        if member.period_fen < member.each_event_fen:
            yield Fault("the limit of the period is below the limit each event",
                        field=f"{name}.annual", mend="give at least the limit each event")


def _twice(park: Park) -> Iterator[Fault]:
    for field, keys in (
            ("top_ups", [one.id for one in park.top_ups]),
            ("classes", [one.id for one in park.classes]),
            ("sizes", [one.id for one in park.sizes]),
            ("base.sections", [one.coverage for one in park.base.sections]),
            ("base.limits", [str(one.each_event_fen) for one in park.base.limits]),
            ("premium.grades", [one.grade for one in park.premium.grades])):
        for place, key in enumerate(keys):
            if key in keys[:place]:
                yield Fault(f"{key} stands twice", field=f"{field}[{place}]", mend="keep one")
    for place, one in enumerate(park.top_ups):
        if one.id == BASE:
            yield Fault(f"{BASE!r} is the base cover", field=f"top_ups[{place}].id",
                        mend="give the top-up another id")


def _coverage_faults(park: Park) -> Iterator[Fault]:
    try:
        known = [one.coverage for one in load_product(park.product).sections]
    except InputError as error:
        yield Fault(error.fault.message, field="product", mend=error.fault.mend)
        return
    named = [(f"base.sections[{place}].coverage", one.coverage)
             for place, one in enumerate(park.base.sections)]
    named += [(f"top_ups[{place}].coverages[{index}]", code)
              for place, one in enumerate(park.top_ups)
              for index, code in enumerate(one.coverages)]
    for field, code in named:
        if code not in known:
            yield Fault(f"{park.product} has no section {code!r}", field=field,
                        mend="one of: " + ", ".join(known))


def _class_faults(park: Park) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for place, one in enumerate(park.classes):
        for sector in one.sectors or ("all others",):
            field = f"classes[{place}].sectors"
            if one.sectors and sector not in industries():
                yield Fault(f"{sector!r} is no section of GB/T 4754", field=field,
                            mend="letters A to T")
            if sector in seen:
                yield Fault(f"{sector} stands in {seen[sector]} and in {one.id}", field=field,
                            mend="keep it in one class")
            seen[sector] = one.id
    bounds = [one.revenue_below_fen for one in park.sizes]
    for place, bound in enumerate(bounds[:-1]):
        after = bounds[place + 1]
        if bound is None or (after is not None and after <= bound):
            yield Fault("sizes stand from the smallest to the largest",
                        field=f"sizes[{place}].revenue_below",
                        mend="give rising bounds; only the last may have none")


def _rate_faults(park: Park) -> Iterator[Fault]:
    allocated = park.premium.basis == "allocated"
    if allocated != (park.premium.total_fen is not None):
        yield Fault("a total is what an allocated premium has, and no table", field="premium.total",
                    mend="give it with basis = \"allocated\", drop it otherwise")
    tables = [("premium.rates", park.premium.rates, allocated)]
    tables += [(f"top_ups[{place}].prices", one.prices, False)
               for place, one in enumerate(park.top_ups)]
    classes, sizes = [one.id for one in park.classes], [one.id for one in park.sizes]
    for field, rates, by_weight in tables:
        for place, one in enumerate(rates):
            yield from _cell_faults(one, f"{field}[{place}]", by_weight, classes, sizes)
            if (one.rating_class, one.size) in {
                    (each.rating_class, each.size) for each in rates[:place]}:
                yield Fault("the same class and size stand twice", field=f"{field}[{place}]",
                            mend="keep one")
        gaps = [f"{kind}/{size}" for kind in classes for size in sizes
                if rate_of(rates, kind, size) is None]
        if gaps:
            yield Fault(f"there is no rate for {', '.join(gaps[:5])}", field=field,
                        mend="add one, or one without a class or size that stands for all")


def _cell_faults(one: Rate, field: str, by_weight: bool, classes: list[str],
                 sizes: list[str]) -> Iterator[Fault]:
    wanted, other = ("weight", "premium") if by_weight else ("premium", "weight")
    given = {"weight": one.weight, "premium": one.premium_fen}
    if given[wanted] is None or given[other] is not None:
        yield Fault(f"this rate is a {wanted}", field=f"{field}.{wanted}",
                    mend=f"give {wanted}, and no {other}")
    for name, value, known in (("rating_class", one.rating_class, classes),
                               ("size", one.size, sizes)):
        if value and value not in known:
            yield Fault(f"there is no {name.replace('_', ' ')} {value!r}",
                        field=f"{field}.{name}", mend="one of: " + ", ".join(known))
