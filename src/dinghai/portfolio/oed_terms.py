"""One record of an account in a normal form: coverages, policy, layer, each in fen and ppm.

What the fields mean is laid down in `docs/explanation/oed.md`. Shares of an insured value become
amounts here; shares of a loss stay shares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from dinghai.portfolio.oed_fields import BLANKET, OedRow, oed_table

DAY: Final = 86_400
WHOLE_YEAR: Final = Decimal(365)
AMOUNT, OF_LOSS, OF_VALUE = 0, 1, 2
_LAYER_FIELDS: Final = ("LayerLimit", "LayerAttachment", "LayerAggLimit", "LayerAggAttachment")


@dataclass(frozen=True, slots=True)
class Level:
    """Deductible and limit of one level. ``ded_ppm`` and ``limit_ppm`` are shares of the loss that
    comes to it; a limit of None is none."""

    ded_fen: int = 0
    ded_ppm: int = 0
    minimum_fen: int = 0
    maximum_fen: int | None = None
    limit_fen: int | None = None
    limit_ppm: int | None = None
    annual: bool = False

    @property
    def bounded(self) -> bool:
        """Whether it bounds deductibles from below or above."""
        return self.minimum_fen > 0 or self.maximum_fen is not None


@dataclass(frozen=True, slots=True)
class PolicyTerms:
    """What a record says below its layer. Records that agree in it are layers of one contract."""

    coverages: tuple[tuple[str, Level], ...]
    policy: Level
    waiting_seconds: int
    indemnity_days: int | None
    inception: date
    expiry: date
    perils: frozenset[str]

    def level(self, code: str) -> Level:
        """The terms of one coverage."""
        return dict(self.coverages)[code]


@dataclass(frozen=True, slots=True)
class LayerTerms:
    """The layer of a record: what it attaches at, bears and shares; None is unlimited."""

    number: int
    attachment_fen: int
    limit_fen: int | None
    share_ppm: int
    aggregate_attachment_fen: int = 0
    aggregate_limit_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Currencies:
    """In which currency a record states what."""

    account: str
    limits: str
    deductibles: str
    values: str


def policy_terms(
    row: OedRow, granted: Sequence[str] | None, values: Mapping[str, Decimal]
) -> PolicyTerms:
    """The terms below the layer. Faults are left with the row."""
    money = _currencies(row)
    codes = _granted(row, granted)
    insured = {code: _insured_value(row, code, values, money) for code in codes}
    coverages = tuple((code, _level(row, code, insured[code], money)) for code in codes)
    _refuse_other_coverages(row, codes)
    waiting, indemnity = _time(row, coverages)
    terms = PolicyTerms(
        coverages, _policy_level(row, sum(insured.values()), money), waiting, indemnity,
        row.day("PolInceptionDate"), row.day("PolExpiryDate"), _perils(row))
    if terms.expiry < terms.inception:
        row.fault("PolExpiryDate", "cover ends before it begins", "give a later last day")
    return _without_single_level(terms)


def layer_terms(row: OedRow) -> LayerTerms:
    """The layer. Faults are left with the row."""
    currency = _currencies(row).account
    number = row.number("LayerNumber", "1", least=1)
    if number != int(number):
        row.fault("LayerNumber", f"{number} is not a whole number", "number the layers 1, 2, …")
    share = row.ratio("LayerParticipation", "1")
    limit, attachment, aggregate, start = (row.fen(name, currency) for name in _LAYER_FIELDS)
    if start and (limit or attachment):
        row.fault("LayerAggAttachment", "a layer attaches to each event or to the year, not both",
                  "leave LayerLimit and LayerAttachment blank, or LayerAggAttachment")
    return LayerTerms(int(number), attachment, limit or None, share, start, aggregate or None)


def _currencies(row: OedRow) -> Currencies:
    account = row.required("AccCurrency").upper()
    return Currencies(account, row.text("LimitCurrency", account).upper(),
                      row.text("DedCurrency", account).upper(),
                      row.text("AnnualRevenueCurrency", account).upper())


def _granted(row: OedRow, granted: Sequence[str] | None) -> tuple[str, ...]:
    """The coverages of the policy in the standard's order; the caller may know better."""
    table = oed_table()
    named = list(granted) if granted is not None else [
        one.strip() for one in row.text("PolCoverage", "CYB").split(";") if one.strip()]
    found: set[str] = set()
    for name in named:
        members = table.members(name)
        if not members:
            row.fault("PolCoverage", f"{name!r} is not a cyber coverage",
                      "separate them by semicolons; one of: "
                      + ", ".join((*table.coverages, *table.groups)))
        found.update(members)
    return tuple(code for code in table.coverages if code in found)


def _refuse_other_coverages(row: OedRow, codes: tuple[str, ...]) -> None:
    """Terms of a coverage that the policy does not have would be passed over."""
    for code in oed_table().coverages:
        for kind in ("PolDed", "PolLimit", "PolMinDed", "PolMaxDed"):
            if code not in codes and row.number(f"{kind}{code}"):
                row.fault(f"{kind}{code}", "the policy does not cover it by PolCoverage",
                          "add the coverage to PolCoverage, or leave its terms blank")


def _insured_value(
    row: OedRow, code: str, values: Mapping[str, Decimal], money: Currencies
) -> int:
    """Fen that shares of value are taken of: the caller's, else the annual revenue."""
    if code in values:
        return row.amount(code, values[code], money.account)
    revenue = row.number("AnnualRevenue")
    rated = row.money.rate(money.values)
    return row.amount("AnnualRevenue", revenue, money.values) if rated is not None else 0


def _level(row: OedRow, of: str, value_fen: int, money: Currencies) -> Level:
    """The terms of fields with one suffix."""
    ded_fen, ded_ppm = _size(row, "Ded", of, value_fen, money.deductibles)
    limit_fen, limit_ppm = _size(row, "Limit", of, value_fen, money.limits)
    minimum = row.fen(f"PolMinDed{of}", money.deductibles)
    maximum = row.fen(f"PolMaxDed{of}", money.deductibles)
    if maximum and maximum < minimum:
        row.fault(f"PolMaxDed{of}", "it is below the minimum", "give at least the minimum")
    _code(row, "Ded", of, bool(ded_fen or ded_ppm or minimum or maximum), (0,))
    annual = _code(row, "Limit", of, bool(limit_fen or limit_ppm), (0, 1)) == 1
    if annual and limit_ppm:
        row.fault(f"PolLimitCode{of}", "a share of each loss cannot be an annual limit",
                  "use limit code 0, or an amount")
    return Level(ded_fen, ded_ppm, minimum, maximum or None, limit_fen or None,
                 limit_ppm or None, annual)


def _size(
    row: OedRow, term: str, of: str, value_fen: int, currency: str
) -> tuple[int, int]:
    """A term as fen, or as a share of the loss."""
    name = f"Pol{term}{of}"
    number = row.number(name)
    if not number:
        return 0, 0
    kind = row.number(f"Pol{term}Type{of}")
    if kind == AMOUNT:
        return row.amount(name, number, currency), 0
    if kind not in (OF_LOSS, OF_VALUE):
        row.fault(f"Pol{term}Type{of}", f"{kind} is not a type of deductible or limit",
                  "0 for an amount, 1 for a share of the loss, 2 for a share of the insured value")
        return 0, 0
    ppm = row.ratio(name)
    if kind == OF_LOSS:
        return 0, ppm
    if not value_fen:
        row.fault(name, "it is a share of an insured value that nobody gave",
                  "give AnnualRevenue, or the insured values when reading")
    share = (Decimal(value_fen) * number + Decimal("0.5")).to_integral_value("ROUND_FLOOR")
    return int(share), 0


_DEDUCTIBLE_CODES: Final = {
    1: "an annual aggregate deductible", 2: "a franchise deductible",
    3: "a non-ranking deductible", 4: "a residual deductible", 5: "a homeowner's deductible",
    6: "a homeowner's choice deductible",
}


def _code(row: OedRow, term: str, of: str, used: bool, allowed: tuple[int, ...]) -> int:
    """The code of a term that has a size. Codes that the contract cannot say are refused."""
    name = f"Pol{term}Code{of}"
    code = row.number(name)
    if not used or code in allowed:
        return int(code)
    what = _DEDUCTIBLE_CODES.get(int(code), "no code of the standard") if term == "Ded" else (
        "no code of the standard")
    row.fault(name, f"{code} is {what}, which is not read",
              "one of: " + ", ".join(str(one) for one in allowed))
    return 0


def _policy_level(row: OedRow, value_fen: int, money: Currencies) -> Level:
    """Terms of all coverages together: the 6All fields, PolDed and PolLimit."""
    level = _level(row, BLANKET, value_fen, money)
    deductible = row.fen("PolDed", money.deductibles)
    limit = row.fen("PolLimit", money.limits)
    if deductible and (level.ded_fen or level.ded_ppm):
        row.fault("PolDed", "there is PolDed6All besides", "give one of them")
    if limit and (level.limit_fen is not None or level.limit_ppm is not None):
        row.fault("PolLimit", "there is PolLimit6All besides", "give one of them")
    return Level(deductible or level.ded_fen, level.ded_ppm, level.minimum_fen,
                 level.maximum_fen, limit or level.limit_fen, level.limit_ppm, level.annual)


def _time(row: OedRow, coverages: tuple[tuple[str, Level], ...]) -> tuple[int, int | None]:
    """Waiting seconds and indemnity days of the coverages of lost time."""
    days = row.number("BIWaitingPeriod")
    seconds = (days * DAY + Decimal("0.5")).to_integral_value("ROUND_FLOOR")
    indemnity = row.number("BIPOI", str(WHOLE_YEAR), most=3650)
    if indemnity != int(indemnity) or indemnity == 0:
        row.fault("BIPOI", f"an indemnity period of {indemnity} days is not read: the contract "
                  "counts whole days", "round it to whole days, at least 1")
    table = oed_table().coverages
    timed = [code for code, _level in coverages if table[code].time]
    if days and not timed:
        row.fault("BIWaitingPeriod", "no coverage of the policy insures lost time",
                  "add NPBI or CBI to PolCoverage, or leave it blank")
    for code, level in coverages:
        if days and code in timed and level.bounded:
            row.fault(bound_field(level, code), "bounds in money do not meet a waiting period",
                      "leave one of them blank")
    return int(seconds), None if indemnity == WHOLE_YEAR or not timed else int(indemnity)


def bound_field(level: Level, of: str) -> str:
    """The field that bounds a level's deductible."""
    return f"Pol{'Min' if level.minimum_fen else 'Max'}Ded{of}"


def _perils(row: OedRow) -> frozenset[str]:
    """Cyber perils covered; terms confined to fewer of them are refused."""
    covered = _perils_of(row, "PolPerilsCovered", row.required("PolPerilsCovered"))
    stated = row.text("PolPeril")
    if stated and not covered <= _perils_of(row, "PolPeril", stated):
        row.fault("PolPeril", "the policy's terms are confined to some of its perils",
                  "give the same perils as PolPerilsCovered, or leave it blank")
    return covered


def _perils_of(row: OedRow, name: str, text: str) -> frozenset[str]:
    table = oed_table().perils
    found: set[str] = set()
    for code in (one.strip() for one in text.split(";") if one.strip()):
        if code not in table:
            row.fault(name, f"{code!r} is not a cyber peril", "one of: " + ", ".join(table))
        found.update(table.get(code, ()))
    return frozenset(found)


def _without_single_level(terms: PolicyTerms) -> PolicyTerms:
    """Of a policy with one coverage without terms of its own, policy terms are the coverage's."""
    if len(terms.coverages) != 1 or terms.waiting_seconds:
        return terms
    ((code, level),) = terms.coverages
    if level != Level():
        return terms
    return PolicyTerms(((code, terms.policy),), Level(), 0, terms.indemnity_days,
                       terms.inception, terms.expiry, terms.perils)
