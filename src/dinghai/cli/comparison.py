"""`dinghai wording compare` and `dinghai needs`."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import msgspec

from dinghai.assessment.assess import assess
from dinghai.assessment.dossier import Dossier, read_dossier, read_dossier_archive
from dinghai.assessment.profile import Profile, read_profile
from dinghai.assessment.result import Assessment
from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.cli.risk import given_history, history_options
from dinghai.comparison.compare import STANDARD_INCEPTION, compare
from dinghai.comparison.documents import Comparison, Price
from dinghai.comparison.frontier import frontier
from dinghai.comparison.needs import needs
from dinghai.comparison.needs_documents import Needs
from dinghai.comparison.scenarios import shipped_scenarios
from dinghai.evidence.feed_store import FeedStore
from dinghai.foundation.calendar import parse_day
from dinghai.foundation.clock import SystemClock
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import format_yuan, parse_amount
from dinghai.losses.effects import Posture
from dinghai.pricing.quote import Pricer
from dinghai.pricing.rating import read_fix_costs
from dinghai.wording.products import load_product, shipped_products
from dinghai.wording.schema import Product

_LONGEST_PROFILE = 4 * 1024 * 1024


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add `needs`."""
    parser = add_command(subparsers, "needs", _needs,
                         "what could happen to an enterprise, which limits it needs, and the gaps "
                         "that products leave")
    parser.add_argument("dossier", type=Path, metavar="DOSSIER", help="a folder or .zip")
    parser.add_argument("--product", action="append", metavar="ID", dest="products",
                        help="a shipped product's id, or a product folder (default: all shipped)")
    parser.add_argument("--frontier", metavar="ID",
                        help="also show controls against transfer under this product")
    parser.add_argument("--costs", type=Path, metavar="FILE",
                        help="with --frontier: what fixes cost this enterprise "
                             "(dinghai.fix-costs/1 in TOML)")
    history_options(parser)
    parser.add_argument("--on", metavar="DATE", help="the day of the assessment (default: today)")


def register_compare(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add `compare` to the commands of `wording`."""
    parser = add_command(commands, "compare", _compare,
                         "products side by side: cover, cliffs, scenario payouts, price")
    parser.add_argument("products", nargs="+", metavar="PRODUCT",
                        help="a shipped product's id, or a product folder; `all` for all shipped")
    parser.add_argument("--enterprise", required=True, type=Path, metavar="PROFILE",
                        help="a profile.toml, or a dossier (folder or .zip) whose controls count "
                             "in the price")
    parser.add_argument("--scenario", action="append", metavar="ID", dest="scenarios",
                        help="a standard scenario or a TOML file, again for more (default: all): "
                             + ", ".join(shipped_scenarios()))
    parser.add_argument("--aggregate", metavar="AMOUNT",
                        help="aggregate limit: fen, or with a unit such as 1000万")
    parser.add_argument("--deductible", metavar="AMOUNT",
                        help="event deductible: fen, or with a unit")
    parser.add_argument("--on", metavar="DATE",
                        help="the day on which a dossier is assessed (default: today)")


def _compare(arguments: argparse.Namespace) -> Answer:
    profile, posture = _enterprise(arguments.enterprise, arguments.on)
    comparison = compare(
        _products(arguments.products), profile, posture=posture, scenarios=arguments.scenarios,
        aggregate_limit_fen=_fen(arguments.aggregate, "--aggregate"),
        event_deductible_fen=_fen(arguments.deductible, "--deductible"))
    document = comparison.to_dict()
    return Answer(document, [*_comparison_text(comparison), f"hash  {document['hash']}"])


def _needs(arguments: argparse.Namespace) -> Answer:
    if arguments.frontier is None and (arguments.costs or arguments.history):
        raise InputError("costs and a history say something of the frontier alone",
                         field="--frontier", mend="name its product by --frontier ID")
    costs = None if arguments.costs is None else read_fix_costs(arguments.costs)
    dossier, assessment = _assessed(arguments.dossier, arguments.on)
    history = given_history(arguments, dossier, assessment.on)
    found = needs(dossier.profile, assessment.posture, _products(arguments.products or ["all"]))
    if arguments.frontier is not None:
        pricer = Pricer.of(dossier, assessment, load_product(arguments.frontier))
        limits = pricer.product.limits
        found = msgspec.structs.replace(found, frontier=frontier(
            pricer, inception=STANDARD_INCEPTION,
            limit_fen=min(max(found.aggregate_limit_fen, limits.aggregate_minimum_fen),
                          limits.aggregate_maximum_fen),
            deductible_fen=min(max(dossier.profile.limits_wanted.event_deductible_fen,
                                   limits.deductible_minimum_fen),
                               limits.deductible_maximum_fen),
            mean_limit_fen=found.rule.mean_limit_each_incident_fen, costs=costs,
            history=history))
    return Answer(found.to_dict(), _needs_text(found))


def _products(names: Sequence[str]) -> list[Product]:
    wanted = [one for name in names
              for one in (shipped_products() if name == "all" else (name,))]
    return [load_product(one) for one in wanted]


def _enterprise(path: Path, on: str | None) -> tuple[Profile, Posture | None]:
    """The profile in a file; of a dossier also the posture that its assessment finds."""
    if path.suffix != ".toml":
        dossier, assessment = _assessed(path, on)
        return dossier.profile, assessment.posture
    if not path.is_file():
        raise InputError("there is no such file", file=str(path), mend="check the path")
    if path.stat().st_size > _LONGEST_PROFILE:
        raise InputError(f"the file is larger than {_LONGEST_PROFILE} bytes", file=str(path),
                         mend="this is not a profile")
    try:
        return read_profile(path.read_text("utf-8"), str(path)), None
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8 text", file=str(path), mend="save it as UTF-8") from error


def _assessed(path: Path, on: str | None) -> tuple[Dossier, Assessment]:
    day = SystemClock().now().date() if on is None else _day(on)
    reading = read_dossier_archive if path.suffix == ".zip" and path.is_file() else read_dossier
    dossier = reading(path, today=day)
    feeds = FeedStore.of_house()
    return dossier, assess(dossier, kev=feeds.kev(day), epss=feeds.epss(day), on=day)


def _day(text: str) -> date:
    return parse_day(text, field="--on")


def _fen(text: str | None, field: str) -> int | None:
    if text is None:
        return None
    return parse_amount(f"{text}fen" if text.strip().isdigit() else text, field=field)


def _comparison_text(found: Comparison) -> list[str]:
    short = {(one.product, one.version): f"P{number}"
             for number, one in enumerate(found.products, start=1)}
    lines = [f"{found.enterprise.name_zh}  controls {found.enterprise.posture}", ""]
    lines += table(("", "product", "version", "名称", "limit", "deductible", "conformance"), (
        (short[one.product, one.version], one.product, one.version, one.name_zh,
         _amount(one.aggregate_limit_fen, "aggregate_limit_fen" in one.adjusted),
         _amount(one.event_deductible_fen, "event_deductible_fen" in one.adjusted),
         one.conformance.score)
        for one in found.products))
    if any(one.adjusted for one in found.products):
        lines.append("* brought inside the product's bounds")
    lines += ["", *_price_text(found.prices, short), ""]
    lines += table(("scenario", "情景", "loss", *short.values()), (
        (one.scenario, one.name_zh, format_yuan(one.loss_fen),
         *(("not applicable",) * len(short) if one.not_applicable else
           (format_yuan(pay.payable_fen) for pay in one.products)))
        for one in found.scenarios))
    for topic in found.cliffs:
        if topic.differs:
            lines += ["", f"{topic.name_zh} ({topic.name_en})"]
            lines += [f"  {short[one.product, one.version]}: {one.zh} {one.en}"
                      for one in topic.products]
    for scenario in found.scenarios:
        lines += _uncovered_text(scenario.name_zh, (
            (short[pay.product, pay.version], item.name_zh, item.amount_fen, item.reason)
            for pay in scenario.products for item in pay.uncovered))
    return lines


def _amount(fen: int, adjusted: bool) -> str:
    return format_yuan(fen) + ("*" if adjusted else "")


def _price_text(prices: Iterable[Price], short: dict[tuple[str, str], str]) -> list[str]:
    return table(("", "premium", "expected payout", "per ¥1m of payout", "why not"), (
        (short[one.product, one.version], _or_dash(one.gross_premium_fen),
         _or_dash(one.expected_payout_fen), _or_dash(one.per_million_fen),
         "; ".join(reason.en for reason in one.reasons)) for one in prices))


def _or_dash(fen: int | None) -> str:
    return "-" if fen is None else format_yuan(fen)


def _uncovered_text(
    name: str, rows: Iterable[tuple[str, str, int, str]]
) -> list[str]:
    body = [f"  {who}: {what} {format_yuan(fen)} {reason}" for who, what, fen, reason in rows]
    return ["", f"uncovered in {name}", *body] if body else []


def _needs_text(found: Needs) -> list[str]:
    lines = [found.name_zh, found.rule.zh, found.rule.en, ""]
    lines += table(("coverage", "名称", "basis", "mean a year", "1 in 20", "1 in 100",
                    "1 in 20 hits", "limit"), (
        (one.coverage, one.name_zh, one.basis, _or_dash(one.mean_year_fen),
         _or_dash(one.year_1_in_20_fen), _or_dash(one.year_1_in_100_fen),
         _or_dash(one.incident_1_in_20_fen),
         one.not_proposed or _or_dash(one.proposed_limit_fen)) for one in found.needs))
    lines.append(f"aggregate limit {format_yuan(found.aggregate_limit_fen)}")
    for product in found.products:
        lines += ["", f"{product.product} {product.version} {product.name_zh}: gaps "
                      f"{format_yuan(product.total_gap_fen)}"]
        lines += table(("  coverage", "名称", "reason", "needed", "limit", "gap"), (
            (f"  {one.coverage}", one.name_zh, one.reason, format_yuan(one.needed_fen),
             format_yuan(one.limit_fen), format_yuan(one.gap_fen)) for one in product.gaps))
    if found.frontier is not None:
        lines += ["", f"controls or transfer, {found.frontier.product}"]
        lines += table(("fix", "effort", "spent so far", "premium", "expected loss", "kept"), (
            (one.indicator or "today", one.effort, _or_dash(one.spent_fen),
             format_yuan(one.charged_net_fen),
             format_yuan(one.expected_loss_fen), format_yuan(one.kept_fen))
            for one in found.frontier.points))
    return lines
