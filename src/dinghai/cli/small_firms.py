"""`dinghai small-firms`: plans, quotes of a batch, validation of the light score, monthly pages."""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Iterable, Sequence
from os import cpu_count
from pathlib import Path
from typing import Final

from dinghai.cli import small_firms_report
from dinghai.cli.output import DONE, REFUSED, Answer, Parser, add_command, table
from dinghai.cli.risk import day_option
from dinghai.cli.writing import write_files
from dinghai.foundation.canonical import JSON
from dinghai.foundation.clock import SystemClock
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import format_yuan
from dinghai.schemes.small_firm_batch import FirmBatch, FirmTerms, quote_firms
from dinghai.schemes.small_firm_file import read_firms
from dinghai.schemes.small_firm_panel import panel_table
from dinghai.schemes.small_firm_plans import (
    PlanTable,
    plan_document,
    read_plans,
    shipped_plans,
)
from dinghai.schemes.small_firm_quote import FirmQuote
from dinghai.schemes.small_firm_validation import Validation, validate

FORMULA_STARTS: Final = ("=", "+", "-", "@")
_SHOWN: Final = 20


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands."""
    group = subparsers.add_parser("small-firms", help="small firms served lightly, in batches",
                                  description="small firms served lightly, in batches")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser,
                                    required=True)
    plans = add_command(commands, "plans", _plans, "the plans: limits, sublimits, who is served")
    plan_option(plans)
    quote = add_command(commands, "quote", _quote,
                        "score and price every firm of a file under all plans")
    quote.add_argument("file", type=Path, metavar="FILE", help="firms (CSV, Excel or Parquet)")
    batch_options(quote)
    quote.add_argument("--workers", type=int, metavar="N",
                       help="processes (default: one for each core)")
    quote.add_argument("-o", "--output", type=Path, metavar="DIR",
                       help="write quotes.csv, quotes.json and rejected.csv into this folder")
    check = add_command(commands, "validate", _validate,
                        "hold the light score against the full one on a synthetic panel")
    check.add_argument("--firms", type=int, metavar="N", help="firms of the panel")
    check.add_argument("--seed", type=int, metavar="S", help="seed of the panel's draws")
    small_firms_report.register(commands, plan_option, batch_options)


def plan_option(parser: Parser) -> None:
    """Which plans."""
    parser.add_argument("--plans", type=Path, metavar="FILE",
                        help="a plan table of your own (dinghai.small-firm-plans/1 in TOML)")


def batch_options(parser: Parser) -> None:
    """The plans, the day, and where scans lie."""
    plan_option(parser)
    parser.add_argument("--on", metavar="DATE", help="the day of the assessment (default: today)")
    parser.add_argument("--inception", metavar="DATE",
                        help="first day of cover (default: the day after)")
    parser.add_argument("--scans", type=Path, metavar="DIR",
                        help="scans of the firms that consented: DIR/CREDIT-CODE/any-name")


def given_plans(arguments: argparse.Namespace) -> PlanTable:
    """The plans that an option names, or those that ship."""
    return shipped_plans() if arguments.plans is None else read_plans(arguments.plans)


def given_terms(arguments: argparse.Namespace, plans: PlanTable) -> FirmTerms:
    """The terms of a batch by its options. Raises InputError."""
    on = day_option(arguments.on, "--on") or SystemClock().now().date()
    scans: Path | None = arguments.scans
    if scans is not None and not scans.is_dir():
        raise InputError("there is no such folder", file=str(scans), field="--scans",
                         mend="name the folder that holds a folder for each credit code")
    return FirmTerms(plans, on, day_option(arguments.inception, "--inception"), scans)


def _plans(arguments: argparse.Namespace) -> Answer:
    document = plan_document(given_plans(arguments))
    fit = document["eligibility"]
    lines = [f"{document['product']['name_en']} ({document['product']['id']} "
             f"{document['product']['version']}), plans of {document['version']} "
             f"({document['confidence']})", ""]
    for plan in document["plans"]:
        lines += [
            f"{plan['code']}  {plan['name_zh']}  {plan['name_en']}: limit "
            f"{format_yuan(plan['aggregate_limit_fen'])}, premium from "
            f"{format_yuan(plan['minimum_premium_fen'])} before tax, score from "
            f"{plan['minimum_score_ppm'] / 10_000:.0f}",
            *table(("section", "sublimit", "retention", "waiting", "own share"), (
                (one["coverage"], format_yuan(one["sublimit_fen"]),
                 format_yuan(one["retention_fen"]), f"{one['waiting_seconds'] // 3600} h",
                 f"{one['insured_share_ppm'] / 10_000:.0f}%") for one in plan["sections"])), ""]
    lines.append(f"for firms below {fit['headcount_below']} people, "
                 f"{format_yuan(fit['revenue_below_fen'])} revenue and "
                 f"{fit['personal_records_below']} personal records, not of sections "
                 f"{', '.join(fit['sectors_elsewhere'])}; others: {fit['otherwise']}")
    return Answer(document, lines)


def _quote(arguments: argparse.Namespace) -> Answer:
    if arguments.workers is not None and arguments.workers < 1:
        raise InputError(f"{arguments.workers} processes do no work", field="--workers",
                         mend="give one or more")
    plans = given_plans(arguments)
    terms = given_terms(arguments, plans)
    file = read_firms(arguments.file, plans, on=terms.on)
    batch = quote_firms(file, terms, workers=arguments.workers or cpu_count() or 1)
    document = batch.to_dict()
    written = _write(arguments.output, batch, document) if arguments.output else []
    return Answer(document, _quote_text(batch, document, written),
                  REFUSED if batch.faults else DONE)


def _write(folder: Path, batch: FirmBatch, document: dict[str, JSON]) -> list[str]:
    """The three files; everything is made before the first is written."""
    contents = {
        "quotes.csv": _csv(_quote_rows(batch)),
        "quotes.json": json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n",
        "rejected.csv": _csv(_fault_rows(batch)),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write: {error.strerror}", file=str(folder), field="--output",
                         mend="name a folder that can be made") from error
    write_files({folder / name: content for name, content in contents.items()})
    return [str(folder / name) for name in contents]


def _csv(rows: Iterable[Sequence[object]]) -> bytes:
    """A table for spreadsheet programs: a text that one would run as a formula is quoted."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(
        [f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
         for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _quote_rows(batch: FirmBatch) -> Iterable[Sequence[object]]:
    codes = [plan.code for plan in batch.plans.plans]
    yield ("line", "credit_code", "name", "score", "grade", "confidence", "probe", "outcome",
           "wanted_plan", "offered_plan", "reduced", "treat_by",
           *(f"{code}_gross_yuan" for code in codes),
           *(f"fix_{number}{part}" for number in range(1, 6) for part in ("", "_worth_yuan")),
           "reasons")
    for one in batch.quotes:
        yield (one.line, one.credit_code, one.name, f"{one.score_ppm / 10_000:.2f}", one.grade,
               f"{one.confidence_ppm / 10_000:.1f}", one.probe, one.outcome, one.wanted_plan,
               one.offered_plan, "yes" if one.reduced else "no", one.treat_by or "",
               *(_yuan(None if (plan := one.plan(code)) is None else plan.gross_fen)
                 for code in codes),
               *_fix_cells(one), " ".join(one.reasons))


def _fix_cells(one: FirmQuote) -> Iterable[str]:
    for place in range(5):
        fix = one.fixes[place] if place < len(one.fixes) else None
        yield "" if fix is None else fix.indicator
        yield _yuan(None if fix is None else fix.worth_fen)


def _yuan(fen: int | None) -> str:
    return "" if fen is None else f"{fen // 100}.{fen % 100:02d}"


def _fault_rows(batch: FirmBatch) -> Iterable[Sequence[object]]:
    yield "line", "field", "what", "mend"
    for fault in batch.faults:
        yield fault.line, fault.field or "", fault.message, fault.mend or ""


def _quote_text(batch: FirmBatch, document: dict[str, JSON], written: Sequence[str]) -> list[str]:
    answering = document["answering"]
    median = answering["median_seconds"]
    lines = [
        f"{len(batch.quotes)} of {batch.rows} firms quoted, {batch.rejected} rejected; offered: "
        f"premium {format_yuan(document['offered_gross_fen'])} with VAT, limits "
        f"{format_yuan(document['offered_limit_fen'])}, expected payments "
        f"{format_yuan(document['offered_expected_loss_fen'])} a year",
        *table(("outcome", "firms"), [(name, str(number))
                                      for name, number in batch.outcomes.items()]),
        f"offered with reduced sublimits and a treatment plan: {document['reduced']}",
        "nobody said how long the answers took" if median is None else
        f"median answering time {median / 60:.1f} min of {answering['known']} respondents "
        f"(target {answering['target_seconds'] // 60} min)", ""]
    codes = [plan.code for plan in batch.plans.plans]
    shown = batch.quotes[:_SHOWN]
    lines += table(("firm", "score", "grade", "outcome", "plan", *codes, "first fix", "worth"), (
        (one.name, f"{one.score_ppm / 10_000:.1f}", one.grade, one.outcome,
         one.offered_plan + (" (reduced)" if one.reduced and one.offered_plan else ""),
         *("" if (plan := one.plan(code)) is None else format_yuan(plan.gross_fen)
           for code in codes),
         one.fixes[0].indicator if one.fixes else "",
         format_yuan(one.fixes[0].worth_fen) if one.fixes else "") for one in shown))
    if len(batch.quotes) > _SHOWN:
        lines.append(f"and {len(batch.quotes) - _SHOWN} more; all of them with -o or --json")
    lines += [f"! {fault}" for fault in batch.faults]
    lines += [f"note: {one}" for one in batch.notes]
    return lines + [f"written: {one}" for one in written]


def _validate(arguments: argparse.Namespace) -> Answer:
    found = validate(panel_table(), firms=arguments.firms, seed=arguments.seed)
    return Answer(found.to_dict(), _validation_text(found), DONE if found.meets_target else REFUSED)


def _validation_text(found: Validation) -> list[str]:
    head = found.headline
    grades = found.grades
    return [
        f"rank correlation of the light score with the full one: {_share(head.ppm)} "
        f"({_share(head.low_ppm)} to {_share(head.high_ppm)}) on {found.firms} synthetic firms, "
        f"seed {found.seed}; target {_share(found.table.target_ppm)}: "
        f"{'met' if found.meets_target else 'not met'}",
        f"same grade {grades.same_ppm / 10_000:.1f}%, within one "
        f"{grades.within_one_ppm / 10_000:.1f}%, light better "
        f"{grades.light_better_ppm / 10_000:.1f}%, light worse "
        f"{grades.light_worse_ppm / 10_000:.1f}%",
        f"the panel is assumed, not observed: {found.table.source} ({found.table.confidence})", "",
        *table(("reading", "case", "firms", "correlation", "from", "to", ""), (
            (one.group, one.case, str(one.found.firms), _share(one.found.ppm),
             _share(one.found.low_ppm), _share(one.found.high_ppm),
             "below the target" if one in found.weaker else "") for one in found.readings))]


def _share(ppm: int | None) -> str:
    return "-" if ppm is None else f"{ppm / 1_000_000:.3f}"

