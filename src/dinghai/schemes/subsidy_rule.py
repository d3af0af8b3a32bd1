"""A rule by which an authority pays part of premiums (schema dinghai.subsidy-rule/1), as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from dinghai.experience.own_values import CellFault
from dinghai.foundation.canonical import JSON, document_hash
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.locating import line_of, with_lines
from dinghai.foundation.money import PPM
from dinghai.foundation.reading import located, plain, read_document, typed
from dinghai.schemes.subsidy_codes import FirmSize, area_prefix, read_sector
from dinghai.supplychain.chain import Identifier
from dinghai.supplychain.chain_cells import Kind, read_cell
from dinghai.wording.words import Amount, Ratio, Struct

RULE_SCHEMA: Final = "dinghai.subsidy-rule/1"
Operator = Literal["==", "!=", ">=", "<=", ">", "<", "in"]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
_PLAIN: Final[Mapping[str, tuple[str, Kind]]] = {
    "ratio": ("ratio_ppm", "share"), "vat_rate": ("vat_rate_ppm", "share"),
    "cap_per_firm": ("cap_per_firm_fen", "amount"), "budget": ("budget_fen", "amount"),
    "cap_per_policy": ("cap_per_policy_fen", "amount")}


class Period(Struct, frozen=True):
    """Which policies count: the first and last day (both count) of what ``counts_by`` names.
    ``apply_by`` is the last day on which an application may arrive."""

    first: date
    last: date
    counts_by: Literal["paid_on", "inception", "applied_at"] = "paid_on"
    apply_by: date | None = None


class Scope(Struct, frozen=True):
    """Who and what the rule is for; an empty list asks nothing."""

    sectors: tuple[str, ...] = ()
    """Sections or divisions of GB/T 4754, such as Q or Q84."""
    areas: tuple[str, ...] = ()
    """Two, four or six digits of GB/T 2260; a shorter code holds all areas that begin with it."""
    sizes: tuple[FirmSize, ...] = ()
    products: tuple[Text, ...] = ()
    lines: tuple[Text, ...] = ()


Whole = Annotated[int, msgspec.Meta(ge=-(10**15), le=10**15)]
"""A whole number that a condition compares: as large as any that a table keeps."""


class Condition(Struct, frozen=True):
    """One named fact of the applicant and what it must be. An unknown fact asks for evidence."""

    fact: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$")]
    op: Operator
    value: bool | Whole | Text | tuple[Text, ...]
    text_zh: Text
    text_en: str = ""
    evidence_zh: str = ""
    evidence_en: str = ""


class RequiredDocument(Struct, frozen=True):
    """A paper that an application must enclose."""

    id: Identifier
    name_zh: Text
    name_en: str = ""


class Publication(Struct, frozen=True):
    """The public list (公示): whose names it shows, and how long it stands open to objections."""

    objection_days: Annotated[int, msgspec.Meta(ge=1, le=366)]
    names: Literal["masked", "full"] = "masked"
    count: Literal["working_days", "calendar_days"] = "working_days"


class Terms(Struct, frozen=True):
    """What a rule's version gives, as kept with each decision: a later version must not change
    what an earlier grant falls to."""

    ratio_ppm: Ratio
    mode: Literal["first_come", "proportional"]
    vat_counts: bool
    vat_rate_ppm: Ratio
    cap_per_firm_fen: Amount | None = None
    cap_per_policy_fen: Amount | None = None


class SubsidyRule(Struct, frozen=True):
    """The whole rule. Amounts in fen, ratios in parts per million."""

    schema: Literal["dinghai.subsidy-rule/1"]
    id: Identifier
    version: Text
    name_zh: Text
    authority: Text
    source: Text
    confidence: Literal["A", "B", "C", "D"]
    """A read in the authority's own text, B from its press, C a convention, D an assumption."""
    ratio_ppm: Ratio
    budget_fen: Amount
    period: Period
    name_en: str = ""
    cap_per_firm_fen: Amount | None = None
    """Over all policies of a firm and the whole life of the register."""
    cap_per_policy_fen: Amount | None = None
    mode: Literal["first_come", "proportional"] = "first_come"
    cut_last: bool = True
    """Whether the last grant may be cut to what the budget has left."""
    freed_budget: Literal["returned", "lapses"] = "returned"
    vat_counts: bool = True
    """Whether the VAT in the premium is part of the basis."""
    vat_rate_ppm: Ratio = 60_000
    """Value-added tax on premiums (DECISIONS 24), used where a policy does not state its VAT."""
    scope: Scope = Scope()
    conditions: tuple[Condition, ...] = ()
    documents: tuple[RequiredDocument, ...] = ()
    publication: Publication | None = None

    @property
    def terms(self) -> Terms:
        """What this version gives."""
        return Terms(
            ratio_ppm=self.ratio_ppm, mode=self.mode, vat_counts=self.vat_counts,
            vat_rate_ppm=self.vat_rate_ppm, cap_per_firm_fen=self.cap_per_firm_fen,
            cap_per_policy_fen=self.cap_per_policy_fen)


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule as read: its types, the hash of its content, and where its parts stand."""

    rule: SubsidyRule
    hash: str
    file: str | None = None
    text: str = ""

    def line(self, part: str) -> int | None:
        """The line of a part such as ``scope.sectors``, where the text is known."""
        return line_of(self.text, part) if self.text else None


def read_rule(path: Path) -> RuleText:
    """A rule in TOML or JSON. Raises InputError with every fault that can be seen."""
    raw = read_document(path)
    with located(path):
        text = path.read_text("utf-8", errors="replace")
        return rule_from(raw, file=str(path), text=text)


def rule_from(raw: JSON, *, file: str | None = None, text: str = "") -> RuleText:
    """The rule of plain data. Raises InputError."""
    faults: list[Fault] = []
    found = typed(_in_units(raw, file, faults), SubsidyRule, file=file, text=text or None)
    faults += [Fault(one.message, file, None, one.field, one.mend) for one in _faults(found)]
    if faults:
        error = InputError.of(faults)
        raise with_lines(error, file, text) if file and text else error
    return RuleText(found, document_hash(plain(found)), file, text)


def _in_units(raw: JSON, file: str | None, faults: list[Fault]) -> JSON:
    """The rule's own amounts and ratios written for people, in fen and parts per million."""
    if not isinstance(raw, dict):
        return raw
    out: dict[str, Any] = {}
    for name, value in raw.items():
        if name not in _PLAIN:
            out[name] = value
            continue
        unit, kind = _PLAIN[name]
        if unit in raw:
            faults.append(Fault(f"{name} and {unit} are the same", file, None, name,
                                "keep one of the two"))
            continue
        try:
            out[unit] = read_cell(kind, "" if isinstance(value, bool) else str(value))
        except CellFault as fault:
            faults.append(Fault(fault.message, file, None, name, fault.mend))
            out[unit] = 0
    return out


def _faults(rule: SubsidyRule) -> Iterator[Fault]:
    """What types cannot say."""
    if not 0 < rule.ratio_ppm <= PPM:
        yield Fault("the ratio is nothing", field="ratio", mend="write it like 50%")
    if rule.budget_fen == 0:
        yield Fault("the budget is nothing", field="budget", mend="write it like 500万")
    if rule.period.last < rule.period.first:
        yield Fault("the period ends before it begins", field="period.last",
                    mend=f"give {rule.period.first} or later")
    if rule.period.apply_by is not None and rule.period.apply_by < rule.period.first:
        yield Fault("applications end before the period begins", field="period.apply_by",
                    mend=f"give {rule.period.first} or later")
    yield from _scope_faults(rule.scope)
    yield from _condition_faults(rule.conditions)
    papers = [one.id for one in rule.documents]
    for place, one in enumerate(papers):
        if one in papers[:place]:
            yield Fault(f"document {one} stands twice", field=f"documents[{place}].id",
                        mend="keep one")


def _scope_faults(scope: Scope) -> Iterator[Fault]:
    for place, code in enumerate(scope.sectors):
        field = f"scope.sectors[{place}]"
        try:
            whole = read_sector(code)
        except CellFault as fault:
            yield Fault(fault.message, field=field, mend=fault.mend)
            continue
        if whole != code:
            yield Fault(f"{code!r} is written without its letter or in words", field=field,
                        mend=f"write {whole}")
    for place, code in enumerate(scope.areas):
        if area_prefix(code) is None:
            yield Fault(f"{code!r} begins no code of an administrative division",
                        field=f"scope.areas[{place}]",
                        mend="write two, four or six digits, such as 31 or 310115")


_ORDERED: Final = frozenset({">=", "<=", ">", "<"})


def _condition_faults(conditions: tuple[Condition, ...]) -> Iterator[Fault]:
    kinds: dict[str, str] = {}
    for place, one in enumerate(conditions):
        field = f"conditions[{place}]"
        if one.op in _ORDERED and (isinstance(one.value, bool) or not isinstance(one.value, int)):
            yield Fault(f"{one.op} compares whole numbers", field=f"{field}.value",
                        mend="write a whole number")
        if (one.op == "in") != isinstance(one.value, tuple):
            yield Fault(f"{one.op} does not go with this value", field=f"{field}.op",
                        mend='write op = "in" with a list of texts, and no list otherwise')
        kind = kind_of_fact(one)
        if kinds.setdefault(one.fact, kind) != kind:
            yield Fault(f"the fact {one.fact} is a {kinds[one.fact]} elsewhere and a {kind} here",
                        field=f"{field}.value", mend="compare it with values of one kind")


def kind_of_fact(one: Condition) -> Literal["flag", "number", "text"]:
    """How the fact of a condition is written: by the value that it is compared with."""
    if isinstance(one.value, bool):
        return "flag"
    return "number" if isinstance(one.value, int) else "text"
