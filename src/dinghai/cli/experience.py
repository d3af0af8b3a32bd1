"""`dinghai experience`: an insurer's own claims and exposures, checked and summarised."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import get_args

from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.experience.exposures import Exposures, exposures_of, read_exposures
from dinghai.experience.own_book import book_of
from dinghai.experience.own_claims import OwnClaims, own_claims_of, read_own_claims
from dinghai.experience.own_columns import file_kind
from dinghai.experience.own_summary import Asked, summarise
from dinghai.experience.own_templates import Language, template_files
from dinghai.experience.tabular import read_table_file
from dinghai.foundation.calendar import parse_day
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import format_yuan, parse_amount
from dinghai.pricing.segment_prior import segment_frequency

_SHOWN = 20


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands."""
    group = subparsers.add_parser("experience", help="an insurer's own claims and exposures")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True,
                                    parser_class=Parser)
    template = add_command(commands, "template", _template,
                           "write empty files with every column, as CSV and Excel")
    template.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    template.add_argument("--language", choices=get_args(Language), default="zh")
    check = add_command(commands, "check", _check,
                        "read files and name every row that cannot be right")
    check.add_argument("files", type=Path, nargs="+", metavar="FILE",
                       help="claims or exposures as CSV, Excel or Parquet")
    summary = add_command(commands, "summary", _summary,
                          "policy years, frequency, size, loss ratio and what is still to come")
    summary.add_argument("claims", type=Path, metavar="CLAIMS")
    summary.add_argument("exposures", type=Path, metavar="EXPOSURES")
    summary.add_argument("--as-of", metavar="DATE",
                         help="the day of the summary (default: the last day the claims name)")
    summary.add_argument("--limit", default="100万", metavar="AMOUNT",
                         help="limit of each loss in the mean (default 100万)")
    summary.add_argument("--prior-variation", type=float, default=0.3, metavar="CV",
                         help="coefficient of variation of the rating's frequency (default 0.3)")
    summary.add_argument("--between", type=float, default=0.3, metavar="CV",
                         help="coefficient of variation of portfolios about it (default 0.3)")


def _template(arguments: argparse.Namespace) -> Answer:
    folder: Path = arguments.output
    files = template_files(arguments.language)
    there = [name for name in files if (folder / name).exists()]
    if there or (folder.exists() and not folder.is_dir()):
        raise InputError(f"{there[0] if there else folder} is already there", file=str(folder),
                         field="--output", mend="name an empty folder: nothing is overwritten")
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return Answer({"schema": "dinghai.experience-template/1", "folder": str(folder),
                   "files": list(files)}, [str(folder / name) for name in files])


def _check(arguments: argparse.Namespace) -> Answer:
    reports = [_checked(path) for path in arguments.files]
    return Answer({"schema": "dinghai.experience-check/1", "files": reports},
                  [line for one in reports for line in _check_text(one)])


def _checked(path: Path) -> dict[str, JSON]:
    read = read_table_file(path)
    kind = file_kind(read.header)
    if kind is None:
        raise InputError("the header is neither that of claims nor that of exposures",
                         file=str(path), line=read.header_line,
                         mend="claims need claim_no and occurred_on, exposures policy_no, from "
                              "and to; see dinghai experience template")
    found: OwnClaims | Exposures = (
        own_claims_of(read) if kind == "claims" else exposures_of(read))
    return {"file": str(path), "kind": kind, "rows": len(found.rows), "usable": len(found.usable),
            "screened": found.screening(), "columns": found.columns,
            "ignored": list(found.ignored), "notes": list(found.notes),
            "faults_total": found.faults_total,
            "faults": [one.to_dict() for one in found.faults]}


def _check_text(report: dict[str, JSON]) -> Sequence[str]:
    faults = [Fault(**one) for one in report["faults"][:_SHOWN]]
    more = report["faults_total"] - len(faults)
    return [f"{report['file']}: {report['kind']}, {report['rows']} rows, {report['usable']} usable",
            *(f"  {code}: {heading}" for code, heading in report["columns"].items()),
            *(f"! not read: {heading}" for heading in report["ignored"]),
            *(f"! {note}" for note in report["notes"]),
            *(f"! screened {reason}: {count}" for reason, count in report["screened"].items()),
            *(f"! {one}" for one in faults), *([f"! and {more} more faults"] if more else [])]


def _summary(arguments: argparse.Namespace) -> Answer:
    claims, exposures = read_own_claims(arguments.claims), read_exposures(arguments.exposures)
    book = book_of(claims, exposures, _day(arguments.as_of))
    limit = parse_amount(arguments.limit, field="--limit")
    if limit == 0:
        raise InputError("a limit of nothing leaves no loss", field="--limit",
                         mend="give an amount such as 100万")
    document = summarise(book, Asked(limit, arguments.prior_variation, arguments.between),
                         segment_frequency)
    document["files"] = [
        {"file": one.file, "rows": len(one.rows), "usable": len(one.usable),
         "faults_total": one.faults_total, "notes": list(one.notes)}
        for one in (claims, exposures)]
    document["warnings"] += [
        f"{one['file']}: {one['faults_total']} cells could not be read; see dinghai experience "
        "check" for one in document["files"] if one["faults_total"]] + [
        f"{one['file']}: {note}" for one in document["files"] for note in one["notes"]]
    return Answer(document, _summary_text(document))


def _day(text: str | None) -> date | None:
    return None if text is None else parse_day(text, field="--as-of")


_HEADINGS = ("", "policy years", "claims", "frequency", "95%", "known", "mean loss", "incurred",
             "premium", "loss ratio")


def _summary_text(document: dict[str, JSON]) -> Sequence[str]:
    total, pattern = document["total"], document["reporting_pattern"]
    lines = [f"as of {document['as_of']}; each loss limited to "
             f"{format_yuan(document['limit_fen'])}; share known by {pattern['origin']} delays "
             f"({pattern['n']} incidents)", "",
             *table(_HEADINGS, [_row("all", total),
                                *(_row(str(one["year"]), one) for one in document["by_year"])])]
    for name in ("industry", "size"):
        rows = document[f"by_{name}"]
        lines += ["", *table((name, *_HEADINGS[1:]), [
            _row(one["segment"] or "(unknown)", one) for one in rows])]
        lines += ["", *table((name, "own", "rating's", "blended", "95%", "believed"), [
            (one["segment"] or "(unknown)", f"{mixed['own']:.3%}", f"{mixed['prior']:.3%}",
             f"{mixed['blended']:.3%}", _span(mixed["interval"]),
             "-" if mixed["factor"] is None else f"{mixed['factor']:.1%}")
            for one in rows if (mixed := one["blend"]) is not None])]
        relative = document["credibility"][name]["segments"]
        if relative:
            lines += ["", *table((f"{name}, Bühlmann-Straub", "own", "factor", "relativity"), [
                (one["segment"], f"{one['own_frequency']:.3%}", f"{one['factor']:.3f}",
                 "-" if one["relativity"] is None else f"{one['relativity']:.3f}")
                for one in relative])]
    lines += ["", *table(("peril", "claims", "frequency", "95%", "mean loss"), [
        (one["segment"] or "(unknown)", str(one["claims"]), f"{one['frequency']:.3%}",
         _span(one["frequency_interval"]), _yuan(one["mean_limited_fen"]))
        for one in document["by_peril"]])]
    return [*lines, "", *(f"! {one}" for one in document["warnings"])]


def _row(name: str, cell: dict[str, JSON]) -> Sequence[str]:
    ratio = cell["loss_ratio"]
    return (name, f"{cell['policy_years']:,.1f}", str(cell["claims"]), f"{cell['frequency']:.3%}",
            _span(cell["frequency_interval"]), f"{cell['known_share']:.1%}",
            _yuan(cell["mean_limited_fen"]),
            format_yuan(cell["paid_fen"] + cell["outstanding_fen"]),
            format_yuan(cell["earned_premium_fen"]), "-" if ratio is None else f"{ratio:.1%}")


def _span(interval: Sequence[float]) -> str:
    return "{:.2%} to {:.2%}".format(*interval)


def _yuan(fen: int | None) -> str:
    return "-" if fen is None else format_yuan(fen)
