"""`dinghai assess` and `dinghai quote`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from dinghai.assessment.assess import assess
from dinghai.assessment.dossier import Dossier, read_dossier, read_dossier_archive
from dinghai.assessment.result import Assessment
from dinghai.cli.output import DONE, REFUSED, Answer, Parser, add_command, table
from dinghai.evidence.feed_store import FeedStore
from dinghai.experience.own_claims import read_own_claims
from dinghai.foundation.clock import SystemClock
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import format_yuan, parse_amount
from dinghai.pricing.claims_history import (
    ClaimsHistory,
    history_of_claims,
    history_of_profile,
)
from dinghai.pricing.experience_rating import ExperienceRating
from dinghai.pricing.experience_table import load_experience_table
from dinghai.pricing.quote import Pricer, Quote
from dinghai.vocabulary.indicators import domains, indicators
from dinghai.wording.products import load_product

_ASSESSED_NO = frozenset({"decline"})
_OF_DOSSIER = "dossier"


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands."""
    score = add_command(subparsers, "assess", _assess, "score a dossier: indicators, grade, gaps")
    _dossier_options(score)
    offer = add_command(subparsers, "quote", _quote, "price a dossier under a product")
    _dossier_options(offer)
    offer.add_argument("--product", required=True, metavar="ID",
                       help="a shipped product's id, or a product folder")
    offer.add_argument("--limit", metavar="AMOUNT",
                       help="aggregate limit with its unit, such as 7667000yuan or 766.7万")
    offer.add_argument("--deductible", metavar="AMOUNT", help="event deductible with its unit")
    offer.add_argument("--inception", metavar="DATE",
                       help="first day of cover (default: the day after the assessment)")
    offer.add_argument("--history", metavar="CLAIMS",
                       help="the insured's own claims (CSV, Excel or Parquet), or the word dossier "
                            "for the incidents that the dossier declares")
    offer.add_argument("--history-from", metavar="DATE",
                       help="first day for which the claims are known")
    offer.add_argument("--insured", metavar="KEY",
                       help="the insured's key in the claims (default: its credit code or name)")


def _dossier_options(parser: Parser) -> None:
    parser.add_argument("dossier", type=Path, metavar="DOSSIER", help="a folder or .zip")
    parser.add_argument("--light", action="store_true", help="the 28 light indicators only")
    parser.add_argument("--on", metavar="DATE",
                        help="the day of the assessment, for feeds and staleness "
                             "(default: today)")


def _gather(arguments: argparse.Namespace) -> tuple[Dossier, Assessment]:
    on = _day(arguments.on, "--on") or SystemClock().now().date()
    path: Path = arguments.dossier
    reading = read_dossier_archive if path.suffix == ".zip" and path.is_file() else read_dossier
    dossier = reading(path, today=on)
    feeds = FeedStore.of_house()
    return dossier, assess(dossier, kev=feeds.kev(on), epss=feeds.epss(on), on=on,
                           light=arguments.light)


def _day(text: str | None, field: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not a day", field=field, mend="write it like 2026-03-12"
                         ) from error


def _assess(arguments: argparse.Namespace) -> Answer:
    _, assessment = _gather(arguments)
    code = REFUSED if assessment.outcome in _ASSESSED_NO else DONE
    return Answer(assessment.to_dict(), _assessment_text(assessment), code)


def _assessment_text(assessment: Assessment) -> Sequence[str]:
    lines = [
        f"score {assessment.total_ppm / 10_000:.2f}  grade {assessment.grade}  "
        f"outcome {assessment.outcome}  confidence {assessment.confidence_ppm / 10_000:.0f}%",
        *(f"  because: {reason}" for reason in assessment.outcome_reasons),
        "",
        *table(("domain", "名称", "score", "confidence"), (
            (code, domains()[code].name_zh, _percent(one.score_ppm), _percent(one.confidence_ppm))
            for code, one in assessment.domains.items())),
    ]
    for conflict in assessment.conflicts:
        lines.append(f"disclosure conflict {conflict.indicator} "
                     f"{indicators()[conflict.indicator].name_zh}: answered "
                     f"{_percent(conflict.answered_ppm)}, observed "
                     f"{_percent(conflict.observed_ppm)} ({len(conflict.finding_ids)} findings)")
    for knock_out in assessment.knock_outs:
        lines.append(f"knock-out {knock_out.indicator}: {knock_out.action}")
    if assessment.missing:
        lines.append("missing: " + ", ".join(assessment.missing))
    if assessment.stale:
        lines.append("stale: " + ", ".join(assessment.stale))
    return lines


def _percent(ppm: int | None) -> str:
    return "-" if ppm is None else f"{ppm / 10_000:.1f}%"


def _quote(arguments: argparse.Namespace) -> Answer:
    limit = _amount(arguments.limit, "--limit")
    deductible = _amount(arguments.deductible, "--deductible")
    product = load_product(arguments.product)
    dossier, assessment = _gather(arguments)
    pricer = Pricer.of(dossier, assessment, product)
    inception = _day(arguments.inception, "--inception") or assessment.on + timedelta(days=1)
    offer = pricer.quote(pricer.schedule(
        inception=inception, limit_fen=limit, deductible_fen=deductible),
        _history(arguments, dossier, assessment.on))
    code = REFUSED if offer.outcome in {"decline", "treat_before_bind"} else DONE
    return Answer(offer.to_dict(), _quote_text(offer), code)


def _history(arguments: argparse.Namespace, dossier: Dossier, on: date) -> ClaimsHistory | None:
    """The claims history to rate by, up to the day of the assessment."""
    first = _day(arguments.history_from, "--history-from")
    if arguments.history is None:
        if first is not None or arguments.insured is not None:
            raise InputError("there is no history that this could be said of", field="--history",
                             mend="give the claims by --history")
        return None
    if arguments.history == _OF_DOSSIER:
        if first is not None or arguments.insured is not None:
            raise InputError("a dossier declares the years that the questionnaire asks for",
                             field="--history-from", mend="leave it out, or give claims")
        return history_of_profile(dossier.profile, on=on,
                                  years=load_experience_table().window.years)
    if first is None:
        raise InputError("claims do not say since when they are known", field="--history-from",
                         mend="give the first day on which this insured was covered")
    organisation = dossier.profile.organisation
    keys = [arguments.insured] if arguments.insured else [
        organisation.credit_code, organisation.name_zh, organisation.name_en]
    return history_of_claims(read_own_claims(Path(arguments.history)), first=first, last=on,
                             keys=keys)


def _amount(text: str | None, field: str) -> int | None:
    return None if text is None else parse_amount(text, field=field)


def _quote_text(offer: Quote) -> Sequence[str]:
    premium, schedule = offer.premium, offer.schedule
    return [
        f"{offer.product} {offer.product_version}  outcome {offer.outcome}  "
        f"valid until {offer.valid_until}",
        *(f"  because: {reason}" for reason in offer.reasons),
        f"limit {format_yuan(schedule.aggregate_limit_fen)}  deductible "
        f"{format_yuan(schedule.event_deductible_fen)}  rate on line "
        f"{offer.rate_on_line_ppm / 10_000:.3f}%",
        "",
        *table(("step", "amount", "after", "source", "confidence"), (
            (row.code, format_yuan(row.amount_fen), format_yuan(row.after_fen),
             row.source.name[:48], row.source.confidence) for row in offer.waterfall)),
        "",
        f"technical {format_yuan(premium.technical_net)}  charged "
        f"{format_yuan(premium.charged_net)}  adequacy {premium.adequacy_ppm / 10_000:.1f}%",
        f"gross premium {format_yuan(premium.gross)} (VAT {format_yuan(premium.vat)})",
        *_experience_text(offer.experience),
    ]


def _experience_text(found: ExperienceRating | None) -> Sequence[str]:
    if found is None:
        return []
    low, high = found.interval_ppm
    credit = found.table.no_claims
    return [
        "",
        f"experience {found.history.first} to {found.history.last}: {found.counted} claims, "
        f"{float(found.expected_claims):.3f} expected, believed by "
        f"{found.credibility_ppm / 10_000:.2f}%; modification "
        f"{found.modification_ppm / 10_000:.2f}% ({low / 10_000:.1f}% to {high / 10_000:.1f}%)",
        *(f"  not counted: {one.reference} of {one.occurred}: {one.reason}"
          for one in found.claims if one.reason),
        f"{credit.name_zh} ({credit.name_en}), a commercial discount: "
        f"{found.credit_ppm / 10_000:.1f}% for {found.clean_years} clean years",
    ]
