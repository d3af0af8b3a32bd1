"""Decide residents' claims in mass: pay, wait, ask, refer, refuse, each with clause and law.

The amounts and truths are the step table's. What is added here is order: an exclusion must be
established to refuse, missing proofs are asked for once, money that may still come back is waited
for, and a suspicious pattern sends to a person what would otherwise be paid. It never refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from dinghai.foundation.errors import Fault
from dinghai.foundation.truth import Truth
from dinghai.schemes.resident_claim_checks import after_day
from dinghai.schemes.resident_claim_file import Cells, ClaimsFile, ResidentClaims
from dinghai.schemes.resident_claim_patterns import Patterns, find_patterns
from dinghai.schemes.resident_claim_tables import ClaimRules, claim_columns
from dinghai.schemes.resident_claim_terms import CoverTerms, Mask, TermsReading
from dinghai.vocabulary.facts import UNKNOWN

ClaimOutcome = Literal["pay", "wait", "ask", "refer", "refused", "not_triggered", "nothing_due"]
CLAIM_OUTCOMES: Final[tuple[ClaimOutcome, ...]] = get_args(ClaimOutcome)
_CODE: Final = {name: place for place, name in enumerate(CLAIM_OUTCOMES)}
WAITED: Final = "fraud.unrecovered_days"
ASKED_FACTS: Final = ("personal.police_case_filed", "incident.first_occurrence_at",
                      "fraud.transferred", WAITED)
"""What the insured must state before anything is payable, in the order in which it is asked for."""
_DETAILS: Final = {
    "recovered_fen": ("recoveries",), "deductible_fen": ("retention", "event_deductible"),
    "own_share_fen": ("insured_share",),
    "limit_fen": ("sublimit", "shared_limit", "each_event_limit", "aggregate_limit")}


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """The decision on every claim; arrays of shape (claims,), in the order of the file.

    ``terms_fen`` is what the step table gives on the day of the decision, ``expected_fen`` what it
    gives once the waiting is over if nothing more comes back; ``pay_fen`` is ``terms_fen`` where
    the outcome is pay, else zero. ``wait_until`` and ``decide_by`` are ordinals, or UNKNOWN.
    ``missing`` has bit p for the p-th of the rules' proofs, ``unknown`` for the p-th of
    ``ASKED_FACTS``. ``lines`` are fen by name and add up, with ``terms_fen``, to ``loss_fen``.
    """

    claims: ResidentClaims
    as_of: date
    terms: CoverTerms
    rules: ClaimRules
    patterns: Patterns
    outcome: Cells
    terms_fen: Cells
    expected_fen: Cells
    pay_fen: Cells
    loss_fen: Cells
    prior_fen: Cells
    wait_until: Cells
    decide_by: Cells
    missing: Cells
    unknown: Cells
    asked: Mask
    applied: Cells
    undecided: Cells
    unexplained: Cells
    young: Mask
    lines: dict[str, Cells]
    rejected: tuple[Fault, ...]
    rows: int

    def outcome_of(self, place: int) -> ClaimOutcome:
        """The outcome of one claim."""
        return CLAIM_OUTCOMES[int(self.outcome[place])]

    def count(self, outcome: ClaimOutcome) -> int:
        """How many claims came to an outcome."""
        return int((self.outcome == _CODE[outcome]).sum())

    def places(self, *outcomes: ClaimOutcome) -> list[int]:
        """Where claims of these outcomes stand."""
        wanted = [_CODE[one] for one in outcomes]
        return [int(one) for one in np.flatnonzero(np.isin(self.outcome, wanted))]


def decide_claims(
    read: ClaimsFile, terms: CoverTerms, rules: ClaimRules, as_of: date, *,
    known: ResidentClaims | None = None,
) -> Decisions:
    """Decide every claim of a file on a day. Rows with a day after it are rejected too.

    Claims of one certificate erode its sum insured in the order of their loss days, whatever order
    the file has. ``known`` are other claims, which are not decided: patterns look at them as well,
    what was paid on them stands in ``prior_paid``. Raises InputError for a product whose bounds do
    not allow a sum insured.
    """
    claims, late = _in_time(read, as_of)
    today = as_of.toordinal()
    days, wait_until = _waiting(claims, today, terms.waiting_days)
    over = np.where(days == UNKNOWN, terms.waiting_days, np.maximum(days, terms.waiting_days))
    prior = claims.cells["prior_paid"].copy()
    alone = terms.read(claims, prior, over)
    patterns = _patterns(claims, known, alone.before_limit, rules)
    out = _Round(claims, terms, rules, patterns, days, over, prior)
    for rows in _rounds(claims):
        out.decide(rows)
    noticed = claims.cells["noticed_day"]
    first = claims.cells["loss_day"]
    by = terms.product.claims_process.decision_days
    pending = np.isin(out.outcome, [_CODE["wait"], _CODE["ask"]]) & (days < terms.waiting_days) & (
        wait_until != UNKNOWN)
    return Decisions(
        claims, as_of, terms, rules, patterns, out.outcome, out.now, out.later, out.pay,
        out.loss, prior, np.where(pending, wait_until, UNKNOWN),
        np.where(noticed == UNKNOWN, UNKNOWN, noticed + by), out.missing, out.unknown,
        claims.cells["asked_day"] != UNKNOWN, out.applied, out.undecided, out.unexplained,
        (first != UNKNOWN) & (today - first <= 1), out.lines, (*read.rejected, *late), read.rows)


def _patterns(
    claims: ResidentClaims, known: ResidentClaims | None, before_limit: Cells, rules: ClaimRules
) -> Patterns:
    if known is None or not len(known):
        return find_patterns(claims, before_limit, rules)
    # What would be due of a claim that is not decided here is nobody's measure here.
    due = np.concatenate([before_limit, np.zeros(len(known), dtype=np.int64)])
    return find_patterns(claims.followed_by(known), due, rules).of_first(len(claims))


def _in_time(read: ClaimsFile, as_of: date) -> tuple[ResidentClaims, list[Fault]]:
    late = after_day(read.claims, as_of.toordinal(), read.file)
    if not late:
        return read.claims, []
    bad = {place for place, _fault in late}
    kept = [place for place in range(len(read.claims)) if place not in bad]
    return (read.claims.take(np.array(kept, dtype=np.intp)),
            [fault for _place, fault in sorted(late, key=lambda one: one[0])])


def _waiting(claims: ResidentClaims, today: int, wanted: int) -> tuple[Cells, Cells]:
    """Days the money has been away since the filing, and the day on which they are enough.

    Without the day of the filing nobody knows when a wait ends: stated days do not grow.
    """
    filed, said = claims.cells["filing_day"], claims.cells["unrecovered_days"]
    days = np.where(filed != UNKNOWN, today - np.where(filed == UNKNOWN, today, filed), said)
    return days, np.where(filed != UNKNOWN, filed + wanted, UNKNOWN)


def _rounds(claims: ResidentClaims) -> Iterator[npt.NDArray[np.intp]]:
    """The first claim of every certificate, then the second, and so on: by loss day (unknown last),
    then by claim number, so that the order of the file moves nothing."""
    if len(claims) == 0:
        return
    certificate = np.unique(claims.texts["certificate_no"], return_inverse=True)[1].reshape(-1)
    number = np.unique(claims.texts["claim_id"], return_inverse=True)[1].reshape(-1)
    day = claims.cells["loss_day"]
    last = np.where(day == UNKNOWN, np.iinfo(np.int64).max, day)
    order = np.lexsort((number, last, certificate))
    grouped = certificate[order]
    begins = np.flatnonzero(np.concatenate([[True], grouped[1:] != grouped[:-1]]))
    lengths = np.diff(np.append(begins, len(order)))
    turn = np.arange(len(order)) - np.repeat(begins, lengths)
    by_turn = np.argsort(turn, kind="stable")
    start = 0
    for count in np.bincount(turn).tolist():
        yield order[by_turn[start:start + count]]
        start += count


class _Round:
    """The arrays of a decision under way."""

    def __init__(
        self, claims: ResidentClaims, terms: CoverTerms, rules: ClaimRules, patterns: Patterns,
        days: Cells, over: Cells, prior: Cells,
    ) -> None:
        size = len(claims)
        self.claims, self.terms, self.rules, self.patterns = claims, terms, rules, patterns
        self.days, self.over, self.prior = days, over, prior
        (self.outcome, self.now, self.later, self.pay, self.loss, self.applied, self.undecided,
         self.unexplained, self.unknown) = (np.zeros(size, dtype=np.int64) for _ in range(9))
        self.missing = _missing(claims, rules)
        held = sum(1 << bit for bit, one in enumerate(rules.proofs) if one.holds_back)
        self.held_back = (self.missing & held) != 0
        self.lines = {name: np.zeros(size, dtype=np.int64)
                      for name in (*_DETAILS, "late_notice_fen", "not_payable_fen", "other_fen")}
        certificates = claims.texts["certificate_no"]
        self.certificate = np.zeros(0, dtype=np.int64)
        if size:
            self.certificate = np.unique(certificates, return_inverse=True)[1].reshape(-1)
        self.used = np.zeros(int(self.certificate.max()) + 1 if size else 0, dtype=np.int64)

    def decide(self, rows: npt.NDArray[np.intp]) -> None:
        """Decide one claim of each certificate; what it pays is used up for the next."""
        part = self.claims.take(rows)
        certificate = self.certificate[rows]
        self.prior[rows] += self.used[certificate]
        prior = self.prior[rows]
        now = self.terms.read(part, prior, self.days[rows])
        later = self.terms.read(part, prior, self.over[rows])
        unknown = self._unknown(now, rows)
        outcome = self._outcome(now, later, unknown, rows)
        paid = np.where(outcome == _CODE["pay"], now.due, 0)
        self.used[certificate] += paid
        for array, values in ((self.outcome, outcome), (self.now, now.due),
                              (self.later, later.due), (self.pay, paid), (self.loss, now.loss),
                              (self.applied, now.applied), (self.undecided, now.undecided),
                              (self.unexplained, now.unexplained), (self.unknown, unknown)):
            array[rows] = values
        self._itemise(now, rows)

    def _unknown(self, now: TermsReading, rows: npt.NDArray[np.intp]) -> Cells:
        cells, wanted = self.claims.cells, self.terms.waiting_days
        days, filed = self.days[rows], cells["filing_day"][rows] != UNKNOWN
        known = {"personal.police_case_filed": cells["police_filed"][rows] != UNKNOWN,
                 "incident.first_occurrence_at": cells["loss_day"][rows] != UNKNOWN,
                 "fraud.transferred": now.known == Truth.TRUE,
                 WAITED: filed | (days != UNKNOWN) & (days >= wanted) | (wanted == 0)}
        out = np.zeros(len(rows), dtype=np.int64)
        for bit, name in enumerate(ASKED_FACTS):
            out |= np.where(known[name], 0, np.int64(1 << bit))
        return out

    def _outcome(
        self, now: TermsReading, later: TermsReading, unknown: Cells, rows: npt.NDArray[np.intp]
    ) -> Cells:
        """The last test that holds decides; the order is the law's, see the module."""
        lacking = (unknown != 0) | self.held_back[rows]
        asked = self.claims.cells["asked_day"][rows] != UNKNOWN
        early = now.due < later.due
        endless = (unknown >> ASKED_FACTS.index(WAITED) & 1) == 1
        certain = (now.known == Truth.TRUE) & (now.covered == Truth.TRUE)
        tests: tuple[tuple[ClaimOutcome, Mask], ...] = (
            ("refer", self.patterns.flags[rows] != 0),
            ("wait", early),
            ("ask", lacking & ~asked),
            ("refer", lacking & asked & (~early | endless)),
            ("nothing_due", certain & (later.due == 0)),
            ("refused", (now.covered == Truth.FALSE)
             | (certain & (later.due == 0) & (later.applied != 0))),
            ("not_triggered", now.triggered == Truth.FALSE),
        )
        outcome = np.full(len(rows), _CODE["pay"], dtype=np.int64)
        for name, holds in tests:
            outcome[holds] = _CODE[name]
        return outcome

    def _itemise(self, now: TermsReading, rows: npt.NDArray[np.intp]) -> None:
        taken = np.zeros(len(rows), dtype=np.int64)
        named = {**_DETAILS, "late_notice_fen": ("reduction",),
                 "not_payable_fen": ("not_covered", *self.terms.codes)}
        for line, cuts in named.items():
            for cut in cuts:
                if cut in now.cuts:
                    self.lines[line][rows] += now.cuts[cut]
                    taken += now.cuts[cut]
        self.lines["other_fen"][rows] = now.loss - taken - now.due


def _missing(claims: ResidentClaims, rules: ClaimRules) -> Cells:
    """Bits of the proofs that were not handed in; what nobody said was not."""
    columns = {one.document: one.id for one in claim_columns() if one.document}
    out = np.zeros(len(claims), dtype=np.int64)
    for bit, proof in enumerate(rules.proofs):
        out |= np.where(claims.cells[columns[proof.document]] == 1, 0, np.int64(1 << bit))
    return out
