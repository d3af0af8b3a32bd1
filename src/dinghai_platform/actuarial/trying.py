"""Rules of referral tried on a quote that was kept: what each says, and which facts it read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from dinghai.assessment.profile import Profile
from dinghai.foundation.truth import Truth
from dinghai.pricing.rating import Rating
from dinghai.pricing.referral import ReferralReading, ReferralRules, apply_rules
from dinghai.pricing.referral_facts import (
    FACTS,
    AssessedFigures,
    FactValue,
    QuotedFigures,
    facts_of,
)
from dinghai_platform.actuarial.book import profile_document
from dinghai_platform.actuarial.figures import figure_text
from dinghai_platform.actuarial.words import fact_name
from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.underwriting.engine import screening_of_quote
from dinghai_platform.underwriting.models import Quote

STATES: Final = {Truth.TRUE: "applies", Truth.FALSE: "does_not_apply",
                 Truth.UNKNOWN: "evidence_needed"}
SUPPOSED: Final = ("screening.sanctions_hit", "profile.critical_infrastructure")
"""Facts that a trial may suppose to be so, or not."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What rules say of one quote."""

    quote: Quote
    reading: ReferralReading
    before: str
    after: str
    rules: tuple[dict[str, Any], ...]


def quote_to_try(actor: Actor, key: Any) -> Quote:
    """A quote with all that its facts stand in, or Http404."""
    rows = Quote.objects.all().select_related("assessment__dossier", "insured", "product",
                                                "screening")
    found: Quote = visible_or_404(rows, actor, pk=key)
    return found


def try_rules(
    rules: ReferralRules, rating: Rating, quote: Quote, supposed: dict[str, bool] | None = None
) -> Trial:
    """Apply rules to a kept quote. Nothing is priced again and nothing is written."""
    document, assessed = quote.document, quote.assessment.document
    facts = facts_of(
        Profile.from_dict(profile_document(quote.assessment.dossier.statements)),
        AssessedFigures(
            confidence_ppm=assessed["confidence_ppm"], score_ppm=assessed["total_ppm"],
            grade=assessed["grade"], knock_outs=len(assessed["knock_outs"]),
            unconfirmed=len(assessed["unconfirmed"]), conflicts=len(assessed["conflicts"])),
        QuotedFigures(
            aggregate_limit_fen=quote.limit_fen, event_deductible_fen=quote.deductible_fen,
            charged_net_fen=quote.charged_fen, rate_on_line_ppm=document["rate_on_line_ppm"],
            adequacy_ppm=quote.adequacy_ppm),
        rating, {**_screened(quote), **(supposed or {})})
    reading = apply_rules(rules, facts)
    return Trial(
        quote, reading, document["outcome"], reading.stricter(assessed["outcome"]),
        tuple({"rule": one.rule, "state": STATES[one.truth],
               "facts": [_fact(name, value) for name, value in one.facts.items()]}
              for one in reading.results))


def _screened(quote: Quote) -> dict[str, FactValue]:
    """What is known today of the screening that the quote was made with."""
    screening = screening_of_quote(quote)
    return {} if screening is None else screening.facts(clock.today())


def _fact(name: str, value: FactValue) -> dict[str, str]:
    known = value if not isinstance(value, tuple) else list(value)
    return {"name": fact_name(name), "value": figure_text(known, FACTS[name].kind)}
