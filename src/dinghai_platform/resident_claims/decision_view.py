"""A decision as a page shows it: the arithmetic line by line, its reasons, what is missing."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dinghai.foundation.calendar import shanghai_day
from dinghai.schemes.resident_claim_checks import COVERAGE
from dinghai.schemes.resident_claim_decision import WAITED
from dinghai.vocabulary.exclusions import exclusions
from dinghai.vocabulary.facts import facts
from dinghai_platform.resident_claims.engine import terms_of
from dinghai_platform.resident_claims.facts import stated_columns
from dinghai_platform.resident_claims.models import Claim, Decision
from dinghai_platform.site.formats import is_chinese, percent_text

LINES: Final = (
    ("recovered_fen", _("Came back before the decision")),
    ("late_notice_fen", _("Not ascertainable because of late notice")),
    ("not_payable_fen", _("Not covered by the terms")),
    ("deductible_fen", _("Deductible")),
    ("own_share_fen", _("Own share")),
    ("limit_fen", _("Above what is left of the sum insured")),
    ("other_fen", _("Other terms")),
)
OUTCOMES: Final[Mapping[str, Any]] = {
    "pay": _("Payable"), "wait": _("Wait for the money"), "ask": _("Papers are missing"),
    "refer": _("A person looks at it"), "refused": _("Not covered"),
    "not_triggered": _("The cover is not triggered"), "nothing_due": _("Nothing is due"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the arithmetic: what is taken, and what is left after it."""

    label: str
    amount_fen: int
    left_fen: int


@dataclass(frozen=True, slots=True)
class View:
    """What a page shows of a decision."""

    decision: Decision
    outcome: str
    loss_fen: int
    steps: list[Step]
    terms_fen: int
    prior_fen: int
    clause: str
    law: list[str]
    reasons: list[dict[str, Any]]
    requests: list[dict[str, Any]]
    to_prove: str
    unexplained: str
    by_hand: str
    capped: Mapping[str, int] | None
    head: Mapping[str, Any]


def view_of(decision: Decision, product: str) -> View:
    """A kept decision for a page, in its language."""
    document = decision.document
    row = document["row"]
    steps, left = [], int(row["loss_fen"])
    for name, label in LINES:
        taken = int(row[name])
        if taken:
            left -= taken
            steps.append(Step(_label(name, label, product), taken, left))
    tongue = "zh" if is_chinese() else "en"
    return View(
        decision, str(OUTCOMES.get(decision.outcome, decision.outcome)), int(row["loss_fen"]),
        steps, int(row["terms_fen"]), int(row["prior_paid_fen"]), row["clause"],
        row["law"].split(),
        [{**one, "reason": one[f"reason_{tongue}"], "innocent": one[f"innocent_{tongue}"]}
         for one in document.get("reasons", ())],
        [{**one, "name": one[f"name_{tongue}"]} for one in document.get("requests", ())],
        _named(row["insurer_may_prove"]), _named(row["not_explained"]),
        document.get("by_hand", {}).get("reason", ""), document.get("capped"), document)


def _named(codes: str) -> str:
    """Exclusions and facts by name, in the page's language; an insurer's own stand by their
    codes."""
    known, tongue = ChainMap(exclusions(), facts()), is_chinese()
    names = [(known[one].name_zh if tongue else known[one].name_en) if one in known else one
             for one in codes.split()]
    return ("、" if tongue else "; ").join(names)


def _label(name: str, label: Any, product: str) -> str:
    if name != "own_share_fen":
        return str(label)
    section = terms_of(product).product.section(COVERAGE)
    share = percent_text(section.insured_share_ppm if section else None, 0)
    return gettext("Own share of %(share)s") % {"share": share}


def still_missing(claim: Claim, views: Sequence[View]) -> list[dict[str, Any]]:
    """What was asked for and has not been stated or handed in since, while the claim is open."""
    if not claim.is_open:
        return []
    asked = next((one.requests for one in views if one.requests), [])
    return [one for one in asked if not _is_answered(claim, one["what"])]


def _is_answered(claim: Claim, what: str) -> bool:
    """Whether the claim knows the fact or has the paper. The wait follows from the filing's day."""
    if what == WAITED:
        return "filing_day" in claim.facts
    return any(claim.facts.get(name) == 1 if one.document else name in claim.facts
               for name, one in stated_columns().items() if what in (one.fact, one.document))


def interim_since(claim: Claim, product: str, views: Sequence[View]) -> date | None:
    """The day from which on what is certain is to be paid though the claim is open (保险法25条),
    where the terms give something on what is known."""
    told = claim.told_on
    if told is None or not claim.is_open or not views or views[0].terms_fen <= claim.paid_fen:
        return None
    return told + timedelta(days=terms_of(product).product.claims_process.interim_days)


def pay_by(claim: Claim, product: str) -> date | None:
    """The last day of payment by the product's terms, for a claim that is to be paid."""
    if claim.state not in Claim.COMMITTED or claim.decided_at is None:
        return None
    days = terms_of(product).product.claims_process.pay_days
    return shanghai_day(claim.decided_at) + timedelta(days=days)
