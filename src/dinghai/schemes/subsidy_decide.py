"""Decisions on applications: a pure fold over one ordered list, so that two can never race.

Who wins is decided by the time of application (ties: the order of the file, what waits in the
register first), not by who ran first. Each step reads the standing that the step before left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from dinghai.foundation.calendar import shanghai_day
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import Fen, split
from dinghai.foundation.truth import Truth
from dinghai.schemes.subsidy_applications import Application
from dinghai.schemes.subsidy_eligibility import basis_fen, entitled_fen, failings, reason
from dinghai.schemes.subsidy_register import Closed, Decided, Entry, Outcome, Reason, Register
from dinghai.schemes.subsidy_rule import RuleText
from dinghai.schemes.subsidy_standing import Case, Standing

_OPEN: Final = frozenset({"waiting_evidence", "refused"})
"""What the same application may come back to: days pass, caps free up, rules get versions."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What a run decided: the entries to add, applications that stand decided already (the same in
    every word), and rows left out."""

    entries: tuple[Entry, ...]
    unchanged: tuple[str, ...]
    rejected: tuple[Fault, ...]
    budget_left_fen: Fen

    @property
    def decided(self) -> tuple[Decided, ...]:
        """The decisions alone."""
        return tuple(one for one in self.entries if isinstance(one, Decided))


def decide(
    text: RuleText, register: Register, applications: Sequence[tuple[int, Application]], *,
    day: date, close: bool = False, file: str | None = None,
) -> Decisions:
    """Decide applications (each with the line it stands in) and what waits for budget, on a day.

    ``close`` shares out the budget of a proportional rule, once for all. Raises InputError for a
    close that may not be.
    """
    standing = Standing(text.rule, register.entries)
    if close:
        _check_close(text, standing, day)
    new, unchanged, rejected = _sorted_out(standing, applications, day, file)
    waiting = [one.application for one in standing.cases.values()
               if one.outcome == "waiting_budget" and one.live]
    fold = _Fold(text, standing, day)
    for one in sorted([*waiting, *new], key=lambda one: one.applied_at):
        fold.step(one)
    if close:
        fold.close()
    asked = {one.id for one in new}
    return Decisions(
        tuple(fold.entries), (*unchanged, *(one for one in fold.unchanged if one in asked)),
        tuple(rejected), standing.budget_left_fen())


class _Fold:
    """The steps of one run, over a standing that each of them moves on."""

    def __init__(self, text: RuleText, standing: Standing, day: date) -> None:
        self.text, self.standing, self.day = text, standing, day
        self.entries: list[Entry] = []
        self.unchanged: list[str] = []
        self._queue_stands = False

    def step(self, application: Application) -> None:
        """Decide one application."""
        case = self.standing.cases.get(application.id)
        basis = basis_fen(self.text.rule.terms, application, *_refunds(case, application))
        reasons = [*self._before(application), *failings(self.text, application, self.day)]
        held = self.standing.firm_held_fen(application.credit_code, but=application.id)
        entitled = entitled_fen(self.text.rule.terms, basis, held)
        reasons += self._about_amount(basis, entitled, held)
        if any(one.truth == "false" for one in reasons):
            self._enter(application, "refused", basis, 0, 0, reasons)
        elif reasons:
            self._enter(application, "waiting_evidence", basis, entitled, 0, reasons)
        elif self.text.rule.mode == "proportional":
            self._enter(application, "waiting_close", basis, entitled, 0, reasons)
        else:
            self._first_come(application, basis, entitled)

    def close(self) -> None:
        """Share the budget out over all that wait for it, in proportion, to the fen; of equal
        remainders the one applied for earlier gets it (ties: as the register has them)."""
        cases = sorted((one for one in self.standing.cases.values()
                        if one.outcome == "waiting_close" and one.live),
                       key=lambda one: one.application.applied_at)
        bases = [basis_fen(self.text.rule.terms, one.application, one.refund_fen,
                           one.refund_to_others_fen) for one in cases]
        held = self._held_at_close(cases, bases)
        weights = [self._weight(*each) for each in zip(cases, bases, held, strict=True)]
        total, left = sum(weights), max(self.standing.budget_left_fen(), 0)
        self._add(Closed(day=self.day, available_fen=left, entitled_fen=total))
        # split never gives a part more than its entitlement while the pot is not the larger
        parts = weights if total <= left else split(left, weights)
        for case, basis, beside, weight, part in zip(
                cases, bases, held, weights, parts, strict=True):
            why = [*self._about_amount(basis, weight, beside)] if not weight else [
                reason(self.text, "shared_out", "budget", found=left, wanted=total)
            ] if part < weight else []
            outcome: Outcome = "granted" if part else "refused"
            self._enter(case.application, outcome, basis, weight, part, why)

    def _held_at_close(self, cases: Sequence[Case], bases: Sequence[Fen]) -> list[Fen]:
        """What the firm of each case has beside it: grants, and what goes to its applications of
        an earlier time, which stand before it. A cap that was lowered since then holds for all of
        them together."""
        held, given = [0] * len(cases), dict[str, Fen]()
        for at, (case, basis) in enumerate(zip(cases, bases, strict=True)):
            code = case.application.credit_code
            before = given.get(code, self.standing.firm_granted_fen(code))
            held[at] = before
            given[code] = before + self._weight(case, basis, before)
        return held

    def _weight(self, case: Case, basis: Fen, held: Fen) -> Fen:
        """A refund that came while it waited lowers it, and never opens the firm's cap again."""
        return min(case.entitled_fen, entitled_fen(self.text.rule.terms, basis, held))

    def _before(self, application: Application) -> Iterable[Reason]:
        """What the register says against it."""
        if self.standing.closed_on is not None:
            yield reason(self.text, "closed", "mode", found=self.standing.closed_on)
        holder = self.standing.holder_of(application.policy)
        if holder is not None and holder.application.id != application.id:
            yield reason(self.text, "duplicate", "", found=holder.application.id,
                         wanted=application.policy)

    def _about_amount(self, basis: Fen, entitled: Fen, held: Fen) -> Iterable[Reason]:
        if basis == 0:
            yield reason(self.text, "no_premium", "ratio")
        elif entitled == 0:
            cap = self.text.rule.cap_per_firm_fen
            used_up = cap is not None and held >= cap
            yield (reason(self.text, "firm_cap", "cap_per_firm", found=held, wanted=cap)
                   if used_up else reason(self.text, "too_small", "ratio", found=basis))

    def _first_come(self, application: Application, basis: Fen, entitled: Fen) -> None:
        """Grant what the budget has left; behind one that waits nobody overtakes."""
        left = self.standing.budget_left_fen()
        enough = entitled <= left and not self._queue_stands
        cut = self.text.rule.cut_last and left > 0 and not self._queue_stands
        if enough or cut:
            given = min(entitled, left)
            short = () if enough else (
                reason(self.text, "budget_cut", "budget", found=left, wanted=entitled),)
            self._enter(application, "granted", basis, entitled, given, short)
            return
        self._queue_stands = True
        self._enter(application, "waiting_budget", basis, entitled, 0, (
            reason(self.text, "budget", "budget", Truth.UNKNOWN, found=left, wanted=entitled),))

    def _enter(self, application: Application, outcome: Outcome, basis: Fen, entitled: Fen,
               granted: Fen, reasons: Iterable[Reason]) -> None:
        made = Decided(
            day=self.day, application=application, outcome=outcome, basis_fen=basis,
            entitled_fen=entitled, granted_fen=granted, rule_version=self.text.rule.version,
            rule_hash=self.text.hash, terms=self.text.rule.terms,
            reasons=tuple(reasons))
        before = self.standing.cases.get(application.id)
        if before is not None and _says_the_same(before, made):
            self.unchanged.append(application.id)
        else:
            self._add(made)

    def _add(self, entry: Entry) -> None:
        self.standing.apply(entry)
        self.entries.append(entry)


def _says_the_same(before: Case, made: Decided) -> bool:
    """Whether a decision is the one that stands: there is nothing to note in the register then."""
    if before.outcome != made.outcome or before.application != made.application:
        return False
    # What the budget had left when it was asked is no news to one that still waits for it.
    return made.outcome == "waiting_budget" or (
        before.reasons == made.reasons and before.entitled_fen == made.entitled_fen)


def _refunds(case: Case | None, application: Application) -> tuple[Fen, Fen]:
    """What changes said about the policy while its application waited."""
    if case is None or case.application.policy != application.policy:
        return 0, 0
    return case.refund_fen, case.refund_to_others_fen


def _check_close(text: RuleText, standing: Standing, day: date) -> None:
    period = text.rule.period
    last = max(period.last, period.apply_by or period.last)
    if text.rule.mode != "proportional":
        raise InputError("only a proportional rule is closed", field="--close",
                         mend="leave it out: first come, first served decides at once")
    if standing.closed_on is not None:
        raise InputError(f"the rule was closed on {standing.closed_on}", field="--close",
                         mend="leave it out")
    if day <= last:
        raise InputError(f"applications may come until {last}", field="--close",
                         mend=f"close on a day after {last}")


def _sorted_out(
    standing: Standing, applications: Sequence[tuple[int, Application]], day: date,
    file: str | None,
) -> tuple[list[Application], list[str], list[Fault]]:
    """What is to be decided, what is decided already, and what cannot be taken."""
    new: list[Application] = []
    unchanged: list[str] = []
    rejected: list[Fault] = []
    for line, one in applications:
        case = standing.cases.get(one.id)
        if shanghai_day(one.applied_at) > day:
            rejected.append(Fault(f"it was applied on {shanghai_day(one.applied_at)}, after {day}",
                                  file, line, "applied_at", "mend the time, or decide later"))
        elif case is not None and case.application == one and case.outcome not in _OPEN:
            unchanged.append(one.id)
        elif case is not None and case.live and case.outcome != "waiting_evidence":
            rejected.append(Fault(
                f"application {one.id} stands as {case.outcome} and says something else", file,
                line, "application_id", "report what changed as a change of its policy"))
        else:
            new.append(one)
    return new, unchanged, rejected
