"""The tables of residents' claims: columns of the file, rules of the decision, stop-payment steps.

Each is data with source and confidence mark; amounts in fen, ratios in parts per million.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final, Literal

import msgspec

from dinghai.foundation.errors import Fault, InputError
from dinghai.pricing.tables import CONFIDENCES, Sourced, Table, TableStruct, read_checked

Kind = Literal["text", "key", "money", "day", "truth", "count"]
KeyKind = Literal["device", "account", "phone", "bank"]
Measure = Literal["days_after_inception", "claims_of_person", "same_loss_claims",
                  "below_limit_ppm"]
ReturnRule = Literal["insured_first", "proportional", "insurer_first"]
LARGEST_TIE: Final = 200
"""The most persons that a key may tie: every pair of them is looked at."""
RULES_SCHEMA: Final = "dinghai.resident-claim-rules/1"
STOP_PAYMENT_SCHEMA: Final = "dinghai.stop-payment/1"


class ClaimColumn(TableStruct, frozen=True):
    """A column of the claims file, and the fact or proof that it stands for."""

    id: str
    kind: Kind
    must: bool
    blank: bool
    name_zh: str
    name_en: str
    names: tuple[str, ...] = ()
    fact: str = ""
    document: str = ""


class _Columns(TableStruct, frozen=True):
    columns: tuple[ClaimColumn, ...]


class Proof(Sourced, frozen=True):
    """A document the insured hands in; whether its lack holds a payment back."""

    document: str
    holds_back: bool
    name_zh: str
    name_en: str


class Named(Sourced, frozen=True):
    """A pattern's id, its names, and the innocent reading that stands beside it."""

    id: str
    name_zh: str
    name_en: str
    innocent_zh: str
    innocent_en: str


class SharedRule(Named, frozen=True):
    """A key that many persons share. Above ``persons_common`` it is common and says nothing."""

    key: KeyKind
    persons_least: int
    persons_common: int


class Tie(TableStruct, frozen=True):
    """A kind of key and what one shared key weighs; none where more than ``persons_most`` share it.
    """

    key: KeyKind
    weight: int
    persons_most: int


class RingRule(Named, frozen=True):
    """Persons tied pair by pair by keys that weigh ``weight_least`` together; a ring where they are
    ``persons_least`` to ``persons_most`` and share keys of ``kinds_least`` kinds."""

    persons_least: int
    persons_most: int
    kinds_least: int
    weight_least: int
    ties: tuple[Tie, ...]


class SingleRule(Named, frozen=True):
    """A measure of one claim: suspicious from ``least`` on, or up to ``most``."""

    measure: Measure
    least: int | None = None
    most: int | None = None


class ReturnChoice(Sourced, frozen=True):
    """One way to share money that comes back after payment."""

    id: ReturnRule
    name_zh: str
    name_en: str


class Returns(TableStruct, frozen=True):
    """The ways to share returned money, and the one that holds unless another is named."""

    rule: ReturnRule
    rules: tuple[ReturnChoice, ...]


class Recourse(Sourced, frozen=True):
    """Against whom recourse is taken, by which law, and until when."""

    law: tuple[str, ...]
    limitation_years: int
    limitation_law: tuple[str, ...]
    against_zh: str
    against_en: str


class ClaimRules(TableStruct, frozen=True):
    """The rules of straight-through decisions (schema dinghai.resident-claim-rules/1)."""

    schema: Literal["dinghai.resident-claim-rules/1"]
    id: str
    version: str
    as_of: str
    proofs: tuple[Proof, ...]
    shared: tuple[SharedRule, ...]
    ring: RingRule
    single: tuple[SingleRule, ...]
    returns: Returns
    recourse: Recourse
    asked: Named
    """Why a claim goes to a person whose evidence was asked for once already."""

    @property
    def patterns(self) -> tuple[Named, ...]:
        """Every pattern, in the order in which reasons are listed."""
        return (*self.shared, self.ring, *self.single)


class StopStep(Sourced, frozen=True):
    """One step of the guidance, with the number to call where there is one."""

    id: str
    call: str
    text_zh: str
    text_en: str


class StopPayment(Sourced, frozen=True):
    """What to do right after a transfer (schema dinghai.stop-payment/1)."""

    schema: Literal["dinghai.stop-payment/1"]
    id: str
    version: str
    as_of: str
    young_hours: int
    steps: tuple[StopStep, ...]


@cache
def claim_columns() -> tuple[ClaimColumn, ...]:
    """The columns of a file of residents' claims, in order."""
    return _shipped("resident_claim_columns.toml", _Columns, lambda table, _file: table).columns


@cache
def shipped_rules() -> ClaimRules:
    """The shipped rules."""
    return _shipped("resident_claim_rules.toml", ClaimRules, checked_rules)


@cache
def stop_payment() -> StopPayment:
    """The shipped guidance for the first hours after a transfer."""
    return _shipped("stop_payment.toml", StopPayment, _checked_steps)


def read_rules(path: Path) -> ClaimRules:
    """Rules from a file. Raises InputError with every fault and its line."""
    return read_checked(path, ClaimRules, checked_rules)


def _shipped(name: str, kind: type[Table], check: Callable[[Table, str], Table]) -> Table:
    with as_file(files("dinghai.data").joinpath("schemes", name)) as path:
        return read_checked(path, kind, check)


def checked_rules(rules: ClaimRules, file: str) -> ClaimRules:
    """The rules themselves. Raises InputError for thresholds and names that make no sense."""
    faults = [*_unsourced(rules, file), *_thresholds(rules, file)]
    ids = Counter(one.id for one in rules.patterns)
    faults += [Fault(f"pattern {one} stands twice", file, None, "id", "keep one")
               for one, times in ids.items() if times > 1]
    if rules.returns.rule not in {one.id for one in rules.returns.rules}:
        faults.append(Fault("the rule of returns is not among the rules", file, None,
                            "returns.rule", "name one that stands below it"))
    documents = {one.document for one in claim_columns() if one.document}
    faults += [Fault(f"no column tells whether {one.document} was handed in", file, None,
                     f"proofs[{place}].document", "one of: " + ", ".join(sorted(documents)))
               for place, one in enumerate(rules.proofs) if one.document not in documents]
    if rules.recourse.limitation_years < 1:
        faults.append(Fault("a limitation of no year", file, None, "recourse.limitation_years",
                            "give one or more"))
    if faults:
        raise InputError.of(faults)
    return rules


def _thresholds(rules: ClaimRules, file: str) -> Iterable[Fault]:
    for place, shared in enumerate(rules.shared):
        if not 2 <= shared.persons_least <= shared.persons_common:
            yield Fault(f"{shared.id}: the thresholds are not in order", file, None,
                        f"shared[{place}].persons_least",
                        "2 or more, and at most persons_common: one person shares with nobody")
    if not 2 <= rules.ring.persons_least <= rules.ring.persons_most or (
            not 1 <= rules.ring.kinds_least <= len(rules.ring.ties)):
        yield Fault("no ring can be found like this", file, None, "ring.persons_least",
                    "2 persons or more, and no more kinds than there are ties")
    if len({one.key for one in rules.ring.ties}) < len(rules.ring.ties) or any(
            not 2 <= one.persons_most <= LARGEST_TIE or one.weight < 1
            for one in rules.ring.ties) or rules.ring.weight_least < 1:
        yield Fault("a tie stands twice, or ties nobody or too many", file, None, "ring.ties",
                    f"each key once, a weight of 1 or more, persons_most of 2 to {LARGEST_TIE}")
    for place, single in enumerate(rules.single):
        if (single.least is None) == (single.most is None):
            yield Fault(f"{single.id}: give either least or most", file, None,
                        f"single[{place}]", "one of them")


def _unsourced(rules: ClaimRules, file: str) -> Iterable[Fault]:
    rows: list[Sourced] = [*rules.proofs, *rules.patterns, *rules.returns.rules, rules.recourse,
                           rules.asked]
    return _confidences(rows, file)


def _confidences(rows: Iterable[Sourced], file: str) -> list[Fault]:
    return [Fault(f"{row.confidence!r} is no mark of confidence, or the source is empty", file,
                  None, "confidence", "one of: " + ", ".join(CONFIDENCES))
            for row in rows if row.confidence not in CONFIDENCES or not row.source]


def _checked_steps(table: StopPayment, file: str) -> StopPayment:
    faults = _confidences([table, *table.steps], file)
    if table.young_hours < 1 or not table.steps:
        faults.append(Fault("guidance for no hour or without a step", file, None, "young_hours",
                            "one hour or more, one step or more"))
    if faults:
        raise InputError.of(faults)
    return table


def rules_hash(rules: ClaimRules) -> str:
    """SHA-256 of the rules' canonical JSON: which rules a decision was made by."""
    from dinghai.foundation.canonical import document_hash

    return document_hash(msgspec.to_builtins(rules))
