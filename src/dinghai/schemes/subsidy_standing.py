"""How a subsidy stands after its register's entries: a fold, entry by entry, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from dinghai.foundation.money import Fen, split
from dinghai.schemes.subsidy_applications import Application
from dinghai.schemes.subsidy_register import (
    Changed,
    Closed,
    Decided,
    Entry,
    Objected,
    Outcome,
    Paid,
    Published,
    Reason,
    Withdrawn,
    due_of,
)
from dinghai.schemes.subsidy_rule import SubsidyRule, Terms

LIVE: frozenset[Outcome] = frozenset(
    {"granted", "waiting_evidence", "waiting_budget", "waiting_close"})


@dataclass(slots=True)
class Case:
    """One application as it stands. ``entitled_fen`` and ``decided_fen`` are as decided,
    ``granted_fen`` as changes left it, ``ever_granted_fen`` the sum of all grants it ever had."""

    application: Application
    outcome: Outcome
    terms: Terms
    decided_on: date
    reasons: tuple[Reason, ...] = ()
    basis_fen: Fen = 0
    entitled_fen: Fen = 0
    decided_fen: Fen = 0
    granted_fen: Fen = 0
    ever_granted_fen: Fen = 0
    paid_fen: Fen = 0
    returned_fen: Fen = 0
    refund_fen: Fen = 0
    refund_to_others_fen: Fen = 0
    cancelled: bool = False
    withdrawn: bool = False
    given_up: bool = False
    """Whether it was the firm that withdrew it, not an objection."""
    published_until: date | None = None
    objections: dict[str, str] = field(default_factory=dict)

    @property
    def due_fen(self) -> Fen:
        """What is to go back."""
        return due_of(self.paid_fen, self.returned_fen, self.granted_fen)

    @property
    def held_fen(self) -> Fen:
        """What it takes of the budget: its grant, or what it holds in money while that is more."""
        return max(self.granted_fen, self.paid_fen - self.returned_fen)

    @property
    def live(self) -> bool:
        """Whether it keeps its policy from being applied for again."""
        return self.outcome in LIVE and not self.withdrawn


class Standing:
    """All cases, with the sums that decisions ask for. Only ``apply`` changes it."""

    def __init__(self, rule: SubsidyRule, entries: Iterable[Entry] = ()) -> None:
        self.rule = rule
        self.cases: dict[str, Case] = {}
        self.closed_on: date | None = None
        self._policies: dict[str, str] = {}
        self._firms: dict[str, set[str]] = {}
        self.changes: dict[str, Changed] = {}
        self._used_fen = 0
        for one in entries:
            self.apply(one)

    def apply(self, entry: Entry) -> None:
        """Take in one entry."""
        match entry:
            case Decided():
                self._decided(entry)
            case Closed():
                self.closed_on = entry.day
            case Published():
                for name in entry.applications:
                    self.cases[name].published_until = entry.objections_until
            case Objected():
                self._objected(entry)
            case Paid():
                self._moved(entry.application, paid=entry.fen)
            case Changed():
                self._changed(entry)
            case Withdrawn():
                self._moved(entry.application, granted=0)
                case = self.cases[entry.application]
                case.withdrawn = case.given_up = True

    def budget_left_fen(self) -> Fen:
        """What may still be granted. Where freed budget lapses, every fen ever granted is used."""
        return self.rule.budget_fen - self._used_fen

    def firm_held_fen(self, credit_code: str, *, but: str = "") -> Fen:
        """What a firm has of the subsidy over all its policies (``but`` one application): grants,
        money, and entitlements that wait for the close."""
        names = self._firms.get(credit_code, set())
        return sum(self._claim_fen(self.cases[name]) for name in names if name != but)

    def firm_granted_fen(self, credit_code: str) -> Fen:
        """What a firm was granted or holds in money over all its policies, nothing that waits."""
        names = self._firms.get(credit_code, set())
        return sum(self.cases[name].held_fen for name in names)

    def firm_due_fen(self, credit_code: str) -> Fen:
        """What is to go back from a firm over all its policies."""
        return sum(self.cases[name].due_fen for name in self._firms.get(credit_code, set()))

    def holder_of(self, policy: str) -> Case | None:
        """The live application that holds a policy."""
        case = self.latest_of(policy)
        return case if case is not None and case.live else None

    def latest_of(self, policy: str) -> Case | None:
        """The application that was last decided for a policy, live or not."""
        case = self.cases.get(self._policies.get(policy, ""))
        # an application may be handed in again for another policy
        return case if case is not None and case.application.policy == policy else None

    @staticmethod
    def _claim_fen(case: Case) -> Fen:
        waiting = case.entitled_fen if case.outcome == "waiting_close" and case.live else 0
        return max(case.held_fen, waiting)

    def _use_fen(self, case: Case) -> Fen:
        return case.ever_granted_fen if self.rule.freed_budget == "lapses" else case.held_fen

    def _decided(self, entry: Decided) -> None:
        name = entry.application.id
        case = self.cases.get(name)
        if case is None:
            case = self.cases[name] = Case(entry.application, entry.outcome, entry.terms,
                                           entry.day)
        else:
            self._used_fen -= self._use_fen(case)
            self._firms[case.application.credit_code].discard(name)
        case.application, case.outcome = entry.application, entry.outcome
        case.terms = entry.terms
        case.decided_on, case.reasons = entry.day, entry.reasons
        case.withdrawn = case.given_up = False
        case.basis_fen, case.entitled_fen = entry.basis_fen, entry.entitled_fen
        case.granted_fen = case.decided_fen = entry.granted_fen
        case.ever_granted_fen += entry.granted_fen
        case.published_until = None
        self._used_fen += self._use_fen(case)
        self._firms.setdefault(entry.application.credit_code, set()).add(name)
        holder = self.holder_of(entry.application.policy)
        if holder is None or holder is case:
            self._policies[entry.application.policy] = name

    def _moved(self, name: str, *, paid: Fen = 0, returned: Fen = 0,
               granted: Fen | None = None) -> None:
        case = self.cases[name]
        self._used_fen -= self._use_fen(case)
        case.paid_fen += paid
        case.returned_fen += returned
        if granted is not None:
            case.granted_fen = granted
        self._used_fen += self._use_fen(case)

    def _objected(self, entry: Objected) -> None:
        case = self.cases[entry.application]
        case.objections[entry.number] = entry.status
        if entry.status == "upheld":
            self._moved(entry.application, granted=0)
            case.withdrawn = True

    def _changed(self, entry: Changed) -> None:
        self.changes[entry.number] = entry
        case = self.cases[entry.application]
        case.refund_fen += entry.refund_fen
        case.refund_to_others_fen += entry.to_others_fen
        case.cancelled |= entry.change == "cancelled"
        self._moved(entry.application, returned=entry.returned_fen, granted=entry.granted_fen)


def own_premium_fen(application: Application, refund_fen: Fen, to_others_fen: Fen) -> Fen:
    """The premium that the firm itself bears, VAT and all, after what others pay, other subsidies
    and refunds. What others pay counts as nothing where it is unknown: ask before granting."""
    return max(application.premium_fen - (application.borne_by_others_fen or 0)
               - application.other_subsidies_fen - application.refunded_fen
               - (refund_fen - to_others_fen), 0)


def others_part_fen(case: Case, refund_fen: Fen) -> Fen:
    """The others' part of a refund of which it is not said: in proportion to what each bears of the
    premium that earlier refunds left."""
    application = case.application
    others = max((application.borne_by_others_fen or 0) + application.other_subsidies_fen
                 - case.refund_to_others_fen, 0)
    own = own_premium_fen(application, case.refund_fen, case.refund_to_others_fen)
    return split(refund_fen, [own, others])[1] if own + others else 0
