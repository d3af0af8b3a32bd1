"""`dinghai small-firms report`: the monthly page of one firm or of all firms of a file."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path

from dinghai.cli.output import DONE, REFUSED, Answer, Parser, add_command, table
from dinghai.cli.papers import FORMATS, paper_bytes, require_format
from dinghai.cli.risk import day_option
from dinghai.cli.writing import write_files
from dinghai.documents.phrases import LANGUAGES, Language, pick
from dinghai.documents.small_firm_month import small_firm_month
from dinghai.foundation.clock import SystemClock
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import format_yuan
from dinghai.schemes.small_firm_dossier import read_probe
from dinghai.schemes.small_firm_file import FirmFile, SmallFirm, read_firms
from dinghai.schemes.small_firm_month import FirmMonth, MonthReport, month_report
from dinghai.schemes.small_firm_plans import PlanTable, read_plans, shipped_plans
from dinghai.schemes.small_firm_quote import SmallFirmDesk

REPORTS_SCHEMA = "dinghai.small-firm-months/1"
Options = Callable[[Parser], None]


def register(
    commands: argparse._SubParsersAction[Parser], plan_option: Options, batch_options: Options
) -> None:
    """Add the command."""
    one = add_command(commands, "report", _report,
                      "the monthly page: score, what changed, threats, three things to do")
    one.add_argument("file", type=Path, metavar="FILE", help="this month's firms")
    batch_options(one)
    one.add_argument("--before", type=Path, metavar="FILE", help="last month's firms")
    one.add_argument("--before-on", metavar="DATE", help="the day of last month's assessment")
    one.add_argument("--before-scans", type=Path, metavar="DIR", help="last month's scans")
    one.add_argument("--firm", metavar="CREDIT-CODE", help="this firm alone")
    one.add_argument("-o", "--output", type=Path, metavar="DIR|X.pdf|X.html",
                     help="write a page for each firm into a folder, or one firm's page")
    one.add_argument("--form", choices=[name[1:] for name in FORMATS], default="pdf",
                     help="of pages in a folder")
    one.add_argument("--language", choices=LANGUAGES, default="zh", help="of the pages")


def _report(arguments: argparse.Namespace) -> Answer:
    plans = shipped_plans() if arguments.plans is None else read_plans(arguments.plans)
    on = day_option(arguments.on, "--on") or SystemClock().now().date()
    before_on = _before_day(arguments, on)
    file = read_firms(arguments.file, plans, on=on)
    chosen = _chosen(file, arguments.firm)
    desk = SmallFirmDesk.of(plans, on, day_option(arguments.inception, "--inception"))
    earlier: dict[str, SmallFirm] = {}
    old_desk: SmallFirmDesk | None = None
    faults = [] if arguments.firm else list(file.rejected)
    if before_on is not None:
        old = read_firms(arguments.before, plans, on=before_on)
        old_desk = SmallFirmDesk.of(plans, before_on, desk.inception)
        earlier = {one.credit_code: one for one in old.firms}
        faults += [] if arguments.firm else list(old.rejected)
    reports = []
    for firm in chosen:
        try:
            before = earlier.get(firm.credit_code)
            reports.append(month_report(
                FirmMonth(desk, firm, read_probe(firm, arguments.scans)),
                None if old_desk is None or before is None else FirmMonth(
                    old_desk, before, read_probe(before, arguments.before_scans))))
        except InputError as error:
            faults += [Fault(one.message, one.file or file.file, one.line or firm.line, one.field,
                             one.mend) for one in error.faults]
    written = _write(arguments, reports, plans, on) if arguments.output is not None else []
    return _answer(reports, faults, written)


def _before_day(arguments: argparse.Namespace, on: date) -> date | None:
    day = day_option(arguments.before_on, "--before-on")
    if (arguments.before is None) != (day is None):
        raise InputError("last month needs its file and its day", field="--before",
                         mend="give --before FILE and --before-on DATE, or neither")
    if day is not None and day >= on:
        raise InputError(f"{day} is not before {on}", field="--before-on",
                         mend="give the day of last month's assessment")
    return day


def _chosen(file: FirmFile, code: str | None) -> tuple[SmallFirm, ...]:
    if code is None:
        return file.firms
    found = tuple(one for one in file.firms if one.credit_code == code.upper())
    if not found:
        raise InputError(f"no firm that could be read has the code {code!r}", file=file.file,
                         field="--firm", mend="check the code, or see: dinghai small-firms quote")
    return found


def _write(
    arguments: argparse.Namespace, reports: list[MonthReport], plans: PlanTable, on: date
) -> list[str]:
    """The pages; each is made before the first is written."""
    output: Path = arguments.output
    language: Language = arguments.language
    single = output.suffix in FORMATS
    if single and len(reports) != 1:
        raise InputError(f"{len(reports)} pages do not go into one file", field="--output",
                         mend="name a folder, or one firm by --firm")
    if output.suffix and not single and not output.is_dir():
        require_format(output, "--output")
    paths = [output if single else output / f"{one.credit_code}.{arguments.form}"
             for one in reports]
    pages = []
    for one, path in zip(reports, paths, strict=True):
        plan = plans.plan(one.plan)
        pages.append(paper_bytes(small_firm_month(
            one.to_dict(), plan=pick(language, plan.name_zh, plan.name_en), issued_on=on,
            language=language), path))
    if not single:
        output.mkdir(parents=True, exist_ok=True)
    write_files(dict(zip(paths, pages, strict=True)))
    return [str(path) for path in paths]


def _answer(reports: list[MonthReport], faults: list[Fault], written: list[str]) -> Answer:
    document = {"schema": REPORTS_SCHEMA, "reports": [one.to_dict() for one in reports],
                "faults": [dict(one.to_dict()) for one in faults], "output": written}
    lines = table(("firm", "score", "before", "changes", "threats", "first to do", "premium",
                   "effect"), (
        (one.name, _points(one.score_ppm), _points(one.score_before_ppm),
         str(len(one.changes) + one.changes_not_shown),
         str(len(one.threats) + one.threats_not_shown),
         one.to_do[0].indicator if one.to_do else "-", _money(one.premium_fen),
         _money(one.premium_effect_fen)) for one in reports))
    lines += [f"! {fault}" for fault in faults]
    lines += [f"written: {one}" for one in written]
    return Answer(document, lines, REFUSED if faults else DONE)


def _points(ppm: int | None) -> str:
    return "-" if ppm is None else f"{ppm / 10_000:.1f}"


def _money(fen: int | None) -> str:
    return "-" if fen is None else format_yuan(fen)
