"""The cover's own step table run over arrays of claims: no second formula stands anywhere.

One program is compiled for each sum insured, length of cover and state of explanation. The day of
cover moves no step: a program of one year is that of another, moved in time with its loss days.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Final

import numpy as np
import numpy.typing as npt

from dinghai.foundation.calendar import start_of
from dinghai.foundation.clock import SHANGHAI
from dinghai.foundation.errors import InputError
from dinghai.foundation.truth import Truth
from dinghai.schemes.resident_claim_checks import COVERAGE, last_days
from dinghai.schemes.resident_claim_file import Cells, ResidentClaims
from dinghai.schemes.resident_claim_tables import claim_columns
from dinghai.terms.compiler import compile_policy
from dinghai.terms.kernel import run
from dinghai.terms.program import Program, Rule
from dinghai.vocabulary.facts import UNKNOWN
from dinghai.vocabulary.predicates import Test, checked_predicate
from dinghai.wording.explaining import terms_to_explain
from dinghai.wording.policy import (
    ExplanationRecord,
    Party,
    Policy,
    Schedule,
    bind,
    scheduled_layers,
    scheduled_sections,
    with_explanations,
)
from dinghai.wording.schema import Product

Mask = npt.NDArray[np.bool_]
_DAY: Final = 86_400
_MOMENT: Final = "incident.first_occurrence_at"
_WAITED: Final = "fraud.unrecovered_days"
_PRIOR: Final = (f"prior.section.{COVERAGE}", "prior.aggregate_paid")
_BEFORE_LIMIT: Final = ("sublimit", "shared_limit", "each_event_limit", "aggregate_limit")


def cover_policy(
    product: Product, *, sum_insured: int, inception: date, expiry: date, explained: bool,
    certificate: str = "certificate",
) -> Policy:
    """The policy of one certificate. Raises InputError where the product does not allow it."""
    each = sum_insured * product.limits.each_event_ppm // 1_000_000
    party = Party(name_zh="被保险人")
    policy = bind(product, Schedule(
        policy_no=certificate, applicant=party, insured=party, insurer=Party(name_zh="保险人"),
        inception=inception, expiry=expiry, aggregate_limit_fen=sum_insured,
        each_event_limit_fen=each,
        event_deductible_fen=product.limits.deductible_default_fen,
        sections=scheduled_sections(product, sum_insured),
        layers=scheduled_layers(product, sum_insured)))
    if not explained:
        return policy
    record = ExplanationRecord(
        highlighted=True, explained_at=datetime.combine(inception, time.min, tzinfo=SHANGHAI))
    return with_explanations(policy, tuple(one.key for one in terms_to_explain(policy)), record)


def waitings(product: Product) -> dict[str, int]:
    """How many days money must stay away before it is paid, by the exclusion that says so."""
    found = {}
    for exclusion in product.exclusions:
        test = checked_predicate(exclusion.predicate) if exclusion.predicate else None
        if isinstance(test, Test) and test.fact.id == _WAITED and test.op in ("lt", "le"):
            found[exclusion.code] = test.cells[0] + (test.op == "le")
    return found


@dataclass(frozen=True, slots=True, eq=False)
class TermsReading:
    """What the step table says of each claim; all arrays have one length.

    ``due`` is what is payable in fen; ``loss`` the valued loss. ``cuts`` are what each rule took,
    by its name: loss − cuts = due, to the fen. Truths are 0, 1 (unknown), 2. ``emptied`` is the
    place in ``stages`` of the rule that brought the amount to nothing, −1 where none did. Bits of
    ``applied``, ``undecided`` and ``unexplained`` stand for ``codes``: exclusions that exclude the
    claim, those nobody has proved or disproved, and those not explained (保险法17条).
    """

    due: Cells
    loss: Cells
    before_limit: Cells
    triggered: Cells
    covered: Cells
    known: Cells
    emptied: Cells
    applied: Cells
    undecided: Cells
    unexplained: Cells
    codes: tuple[str, ...]
    cuts: dict[str, Cells] = field(default_factory=dict)
    stages: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class _Compiled:
    program: Program
    rules: tuple[tuple[int, Rule], ...]
    start: int

    def outputs(self) -> tuple[str, ...]:
        return tuple(self.program.outputs)


class CoverTerms:
    """The product's terms, ready to be run over claims. Programs are compiled when first needed.

    Raises InputError for a product that does not grant the cover.
    """

    def __init__(self, product: Product) -> None:
        if product.section(COVERAGE) is None:
            raise InputError(f"{product.product_id} does not grant {COVERAGE}", field="--product",
                             mend="name a product of residents' anti-fraud cover")
        self.product = product
        waits = waitings(product)
        self.waiting_codes = frozenset(waits)
        self.waiting_days = max(waits.values(), default=0)
        self.codes = tuple(one.code for one in product.exclusions)
        self.laws: dict[str, tuple[str, ...]] = {}
        """The law that each exclusion rests on, once a program has been compiled."""
        self._compiled: dict[tuple[int, int, int], _Compiled] = {}
        self._facts = {one.fact: one.id for one in claim_columns() if one.fact}

    def read(
        self, claims: ResidentClaims, prior: Cells, unrecovered_days: Cells
    ) -> TermsReading:
        """Run the step table over all claims. ``prior`` is what was paid on the certificate before,
        in fen; ``unrecovered_days`` may be UNKNOWN. Shapes (claims,)."""
        size = len(claims)
        out = _empty(size, self.codes)
        for key, rows in self._groups(claims):
            compiled = self._program(key, claims, rows)
            columns = self._columns(compiled, claims, rows, prior, unrecovered_days)
            found = run(compiled.program, columns, compiled.outputs(), events=len(rows))
            _scatter(out, rows, _reading_of(compiled, found, self))
        return out

    def _groups(
        self, claims: ResidentClaims
    ) -> Iterator[tuple[tuple[int, int, int], npt.NDArray[np.intp]]]:
        """Rows that one program serves: sum insured, days of cover, explained or not."""
        cells = claims.cells
        keys = np.stack([cells["sum_insured"], last_days(claims) - cells["inception"] + 1,
                         cells["terms_explained"]], axis=1)
        if len(claims) == 0:
            return
        distinct, places = np.unique(keys, axis=0, return_inverse=True)
        order = np.argsort(places.reshape(-1), kind="stable")
        ends = np.cumsum(np.bincount(places.reshape(-1), minlength=len(distinct)))
        start = 0
        for key, end in zip(distinct.tolist(), ends.tolist(), strict=True):
            yield (key[0], key[1], key[2]), order[start:end]
            start = end

    def _program(
        self, key: tuple[int, int, int], claims: ResidentClaims, rows: npt.NDArray[np.intp]
    ) -> _Compiled:
        if key not in self._compiled:
            sum_insured, days, explained = key
            first = date.fromordinal(int(claims.cells["inception"][rows[0]]))
            last = date.fromordinal(first.toordinal() + days - 1)
            policy = cover_policy(self.product, sum_insured=sum_insured, inception=first,
                                  expiry=last, explained=explained == 1)
            program = compile_policy(policy, [COVERAGE])
            rules = tuple(enumerate(program.rules))
            self.laws |= {one.code: one.law for one in program.rules if one.name == "exclusion"}
            shown = {f"{place}.{side}.{name}": register for place, rule in rules
                     for side, named in (("in", rule.inputs), ("out", rule.outputs))
                     for name, register in named.items() if name in _WANTED}
            self._compiled[key] = _Compiled(
                replace(program, outputs={"total": program.outputs["total"], **shown}), rules,
                first.toordinal())
        return self._compiled[key]

    def _columns(
        self, compiled: _Compiled, claims: ResidentClaims, rows: npt.NDArray[np.intp],
        prior: Cells, unrecovered_days: Cells,
    ) -> dict[str, Cells | int]:
        columns: dict[str, Cells | int] = {}
        for name in compiled.program.inputs:
            fact = name.partition("].")[2] or name
            if name in _PRIOR:
                columns[name] = prior[rows]
            elif fact == _MOMENT:
                columns[name] = _moved(claims, rows, compiled.start)
            elif fact == _WAITED:
                columns[name] = unrecovered_days[rows]
            elif fact in self._facts:
                columns[name] = claims.cells[self._facts[fact]][rows]
        return columns


_WANTED: Final = frozenset({"before", "after", "predicate", "effective", "applies", "triggered",
                            "known", "amount", "covered"})


def _moved(claims: ResidentClaims, rows: npt.NDArray[np.intp], start: int) -> Cells:
    """Loss days as the moments they would be at had cover begun when the program's did."""
    day, first = claims.cells["loss_day"][rows], claims.cells["inception"][rows]
    zero = int(start_of(date.fromordinal(start)).timestamp())
    return np.where(day == UNKNOWN, UNKNOWN, zero + (day - first) * _DAY)


def _empty(size: int, codes: tuple[str, ...]) -> TermsReading:
    def zeros() -> Cells:
        return np.zeros(size, dtype=np.int64)
    return TermsReading(zeros(), zeros(), zeros(), zeros(), zeros(), zeros(),
                        np.full(size, -1, dtype=np.int64), zeros(), zeros(), zeros(), codes)


def _scatter(out: TermsReading, rows: npt.NDArray[np.intp], part: TermsReading) -> None:
    for name in ("due", "loss", "before_limit", "triggered", "covered", "known", "applied",
                 "undecided", "unexplained"):
        getattr(out, name)[rows] = getattr(part, name)
    for name, cut in part.cuts.items():
        if name not in out.cuts:
            out.cuts[name] = np.zeros(len(out.due), dtype=np.int64)
        out.cuts[name][rows] = cut
    for place, stage in enumerate(part.stages):
        if stage not in out.stages:
            out.stages.append(stage)
        here = rows[part.emptied == place]
        out.emptied[here] = out.stages.index(stage)


def _reading_of(
    compiled: _Compiled, found: Mapping[str, Cells], terms: CoverTerms
) -> TermsReading:
    """The named registers of every rule, put together by what they mean."""
    size = len(found["total"])
    out = _empty(size, terms.codes)
    out.due[:] = out.before_limit[:] = found["total"]
    limited = False
    for place, rule in compiled.rules:
        here = {key.split(".", 1)[1]: column for key, column in found.items()
                if key.startswith(f"{place}.")}
        if rule.name == "exclusion":
            _note_exclusion(out, rule, here, terms)
        elif rule.name == "trigger":
            out.triggered[:] = here["out.triggered"]
        elif rule.name == "valuation":
            out.known[:] = here["out.known"]
            out.loss[:] = here["out.amount"]
        elif rule.name == "section_loss":
            out.covered[:] = here["in.covered"]
            out.cuts["not_covered"] = np.where(
                here["in.covered"] == Truth.TRUE, 0, _left(out, found["total"]))
        if "in.before" in here and "out.after" in here:
            if rule.name in _BEFORE_LIMIT and not limited:
                out.before_limit[:], limited = here["in.before"], True
            _note_cut(out, rule.name if rule.name != "exclusion" else rule.code, here)
    return out


def _left(out: TermsReading, total: Cells) -> Cells:
    """What the rules so far have left of the loss, less what is paid in the end."""
    return out.loss - sum(out.cuts.values(), np.zeros_like(total)) - total


def _note_cut(out: TermsReading, name: str, here: Mapping[str, Cells]) -> None:
    before, after = here["in.before"], here["out.after"]
    if name not in out.cuts:
        out.cuts[name] = np.zeros(len(before), dtype=np.int64)
    out.cuts[name] += before - after
    if name not in out.stages:
        out.stages.append(name)
    first = (out.emptied < 0) & (before > 0) & (after == 0)
    out.emptied[first] = out.stages.index(name)


def _note_exclusion(
    out: TermsReading, rule: Rule, here: Mapping[str, Cells], terms: CoverTerms
) -> None:
    bit = np.int64(1 << terms.codes.index(rule.code))
    predicate, effective = here["out.predicate"], here["out.effective"]
    exclusion = terms.product.exclusion(rule.code)
    assert exclusion is not None  # the rule was compiled from it
    whole = exclusion.effect is not None and exclusion.effect.type in (
        "exclude_event", "exclude_item")
    proved = effective == Truth.TRUE
    out.undecided[:] |= np.where(proved & (predicate == Truth.UNKNOWN), bit, 0)
    out.unexplained[:] |= np.where(~proved & (predicate != Truth.FALSE), bit, 0)
    if whole:
        out.applied[:] |= np.where(here["out.applies"] == Truth.TRUE, bit, 0)
