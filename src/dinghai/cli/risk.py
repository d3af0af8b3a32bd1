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
from dinghai.foundation.calendar import parse_day
from dinghai.foundation.clock import SystemClock
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import format_yuan, parse_amount
from dinghai.pricing.budget import FixPlan, best_fixes
from dinghai.pricing.claims_history import (
    ClaimsHistory,
    history_of_claims,
    history_of_profile,
)
from dinghai.pricing.experience_rating import ExperienceRating
from dinghai.pricing.experience_table import load_experience_table
from dinghai.pricing.explaining import Explanation
from dinghai.pricing.quote import Pricer, Quote
from dinghai.pricing.rating import read_fix_costs
from dinghai.pricing.screening import Screening, read_screening
from dinghai.vocabulary.indicators import domains, indicators
from dinghai.wording.products import load_product

_ASSESSED_NO = frozenset({"decline"})
_OF_DOSSIER = "dossier"


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands."""
    score = add_command(subparsers, "assess", _assess, "score a dossier: indicators, grade, gaps")
    dossier_options(score)
    offer = add_command(subparsers, "quote", _quote, "price a dossier under a product")
    dossier_options(offer)
    offer.add_argument("--product", required=True, metavar="ID",
                       help="a shipped product's id, or a product folder")
    offer.add_argument("--limit", metavar="AMOUNT",
                       help="aggregate limit with its unit, such as 7667000yuan or 766.7万")
    offer.add_argument("--deductible", metavar="AMOUNT", help="event deductible with its unit")
    offer.add_argument("--inception", metavar="DATE",
                       help="first day of cover (default: the day after the assessment)")
    history_options(offer)
    offer.add_argument("--screening", type=Path, metavar="FILE",
                       help="what is recorded of a sanctions screening (dinghai.screening/1 in "
                            "JSON); without it the rule on it says: evidence needed")
    offer.add_argument("--explain", action="store_true",
                       help="say what makes the price differ from the industry's average firm's")
    offer.add_argument("--fixes", metavar="BUDGET",
                       help="the best fixes for a budget with its unit, such as 50万")
    offer.add_argument("--costs", type=Path, metavar="FILE",
                       help="what fixes cost this enterprise (dinghai.fix-costs/1 in TOML)")


def history_options(parser: Parser) -> None:
    """The claims history of the insured."""
    parser.add_argument("--history", metavar="CLAIMS",
                        help="the insured's own claims (CSV, Excel or Parquet), or the word "
                             "dossier for the incidents that the dossier declares")
    parser.add_argument("--history-from", metavar="DATE",
                        help="first day for which the claims are known")
    parser.add_argument("--insured", metavar="KEY",
                        help="the insured's key in the claims (default: its credit code or name)")


def dossier_options(parser: Parser) -> None:
    """The dossier, and how it is assessed."""
    parser.add_argument("dossier", type=Path, metavar="DOSSIER", help="a folder or .zip")
    parser.add_argument("--light", action="store_true", help="the 28 light indicators only")
    parser.add_argument("--on", metavar="DATE",
                        help="the day of the assessment, for feeds and staleness "
                             "(default: today)")


def assessed(arguments: argparse.Namespace) -> tuple[Dossier, Assessment]:
    """The dossier an option names, assessed. Raises InputError."""
    on = day_option(arguments.on, "--on") or SystemClock().now().date()
    path: Path = arguments.dossier
    reading = read_dossier_archive if path.suffix == ".zip" and path.is_file() else read_dossier
    dossier = reading(path, today=on)
    feeds = FeedStore.of_house()
    return dossier, assess(dossier, kev=feeds.kev(on), epss=feeds.epss(on), on=on,
                           light=arguments.light)


def day_option(text: str | None, field: str) -> date | None:
    """The day of an option. Raises InputError."""
    return None if text is None else parse_day(text, field=field)


def _assess(arguments: argparse.Namespace) -> Answer:
    _, assessment = assessed(arguments)
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
    limit = amount_option(arguments.limit, "--limit")
    deductible = amount_option(arguments.deductible, "--deductible")
    budget = amount_option(arguments.fixes, "--fixes")
    if arguments.costs is not None and budget is None:
        raise InputError("costs say nothing without a budget", field="--costs",
                         mend="give --fixes BUDGET as well")
    costs = None if arguments.costs is None else read_fix_costs(arguments.costs)
    product = load_product(arguments.product)
    dossier, assessment = assessed(arguments)
    screening = None if arguments.screening is None else read_screening(arguments.screening)
    history = given_history(arguments, dossier, assessment.on)
    pricer = Pricer.of(dossier, assessment, product, screening=screening)
    inception = day_option(arguments.inception, "--inception") or assessment.on + timedelta(days=1)
    schedule = pricer.schedule(inception=inception, limit_fen=limit, deductible_fen=deductible)
    offer = pricer.quote(schedule, history)
    document, lines = offer.to_dict(), list(_quote_text(offer))
    if arguments.explain:
        document["explanation"] = offer.explanation.to_dict()
        lines += _explanation_text(offer.explanation)
    if budget is not None:
        plan = best_fixes(pricer, schedule, budget, costs, history)
        document["fixes"] = plan.to_dict()
        lines += _fixes_text(plan)
    code = REFUSED if offer.outcome in {"decline", "treat_before_bind"} else DONE
    return Answer(document, lines, code)


def given_history(
    arguments: argparse.Namespace, dossier: Dossier, on: date
) -> ClaimsHistory | None:
    """The claims history to rate by, up to the day of the assessment."""
    first = day_option(arguments.history_from, "--history-from")
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


def amount_option(text: str | None, field: str) -> int | None:
    """The amount of an option in fen. Raises InputError."""
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
        *_screening_text(offer.screening, offer.on),
    ]


def _screening_text(found: Screening | None, on: date) -> Sequence[str]:
    if found is None:
        return []
    standing = "" if found.holds(on) else "; it says nothing on the day of the quote"
    until = f", until {found.last_day}" if found.result == "clear" else ""
    return ["", f"sanctions screening {found.reference} of {found.screened_on}: {found.result}"
            f"{until} ({', '.join(found.lists)}){standing}"]


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


def _explanation_text(explanation: Explanation) -> Sequence[str]:
    rows = [("industry_average", format_yuan(explanation.average_pure_fen),
             format_yuan(explanation.average_technical_fen)),
            *((one.group, format_yuan(one.pure_fen), format_yuan(one.technical_fen))
              for one in explanation.contributions),
            ("this_enterprise", format_yuan(explanation.pure_fen),
             format_yuan(explanation.technical_fen))]
    return ["", f"from the average firm of section {explanation.industry} to this one, a year",
            *table(("group", "pure", "technical net"), rows)]


def _fixes_text(plan: FixPlan) -> Sequence[str]:
    quality = ("no plan is better" if plan.exact
               else f"at most {plan.gap_ppm / 10_000:.1f}% below the best")
    lines = ["", f"fixes for {format_yuan(plan.budget_fen)}: {format_yuan(plan.cost_fen)} spent, "
             f"expected payments {format_yuan(plan.before.pure)} to "
             f"{format_yuan(plan.after.pure)} a year ({quality})",
             *table(("fix", "名称", "from", "to", "cost", "premium falls by"), (
                 (one.indicator, indicators()[one.indicator].name_zh, _percent(one.from_ppm),
                  _percent(one.to_ppm), format_yuan(one.cost_fen),
                  format_yuan(one.charged_reduction_fen)) for one in plan.fixes)),
             f"costs: {plan.costs.name} ({plan.costs.confidence})"]
    if plan.without_cost:
        lines.append("no cost is given for: " + ", ".join(plan.without_cost))
    return lines
