"""`dinghai fit severity`, `frequency` and `delay`: laws from the columns of a file.

`fit credibility` and `fit rate` live in `dinghai.cli.credibility`.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Final, get_args

from dinghai.cli import credibility
from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.cli.papers import (
    add_paper_options,
    paper_bytes,
    paper_day,
    require_format,
)
from dinghai.cli.writing import write_file
from dinghai.documents.file_fit import FileFit, FitQuestion, FitSubject, fit_file
from dinghai.experience.frequency import Per
from dinghai.experience.limits import read_limits
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.trace import Source

_FILE: Final = "CSV (plain or .gz), Excel or Parquet; also the incident table"


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands."""
    group = subparsers.add_parser("fit", help="severity and frequency laws from incident data")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True,
                                    parser_class=Parser)
    severity = add_command(commands, "severity", _severity,
                           "laws of the size of losses, and of their tail")
    severity.add_argument("file", type=Path, metavar="FILE", help=_FILE)
    severity.add_argument("--column", required=True, metavar="C",
                          help="the amounts; of the incident table: records or amount")
    severity.add_argument("--floor", type=float, metavar="F",
                          help="losses below this are not reported")
    severity.add_argument("--threshold", type=float, metavar="U",
                          help="where the tail begins (default: chosen by a stated rule)")
    severity.add_argument("--by", metavar="K", help="fit each value of this column by itself")
    severity.add_argument("--currency", metavar="CODE",
                          help="of the incident table's amounts, where they are in several")
    severity.add_argument("--limits", metavar="L,…",
                          help="limited means, increased-limit factors and layer means of these")
    severity.add_argument("--bootstrap", type=int, default=0, metavar="N",
                          help="intervals of the parameters from so many resamples")
    severity.add_argument("--seed", type=int, default=1, metavar="S", help="of the resamples")
    frequency = add_command(commands, "frequency", _frequency,
                            "laws of the number of events in a period")
    frequency.add_argument("file", type=Path, metavar="FILE", help=_FILE)
    frequency.add_argument("--date", required=True, metavar="D",
                           help="the column of days; of the incident table: occurred, discovered "
                                "or notified")
    frequency.add_argument("--by", metavar="K", help="count each value of this column by itself")
    frequency.add_argument("--per", choices=get_args(Per), default="month")
    delay = add_command(commands, "delay", _delay,
                        "how long incidents take to become known, and how many are to come")
    delay.add_argument("file", type=Path, metavar="FILE", help=_FILE)
    delay.add_argument("--occurred", required=True, metavar="C", help="the column of first days")
    delay.add_argument("--known", required=True, metavar="C", help="the column of days of notice")
    for parser in (severity, frequency, delay):
        _report_options(parser)
    severity.add_argument("--unit", default="", metavar="U",
                          help="of the report: what one loss counts, such as CNY or records")
    credibility.register(commands)


def _report_options(parser: Parser) -> None:
    add_paper_options(parser, "--report")
    parser.add_argument("--title", default="", metavar="T", help="of the report: name of the data")
    parser.add_argument("--source", default="", metavar="S",
                        help="of the report: where the data come from (default: the file)")
    parser.add_argument("--licence", default="", metavar="L",
                        help="of the report: what the data may be used for")
    parser.add_argument("--confidence", default="", choices=("T", "A", "M", "D"),
                        help="of the report: how far the source is trusted (T read, A by a third "
                             "party, M from memory, D design)")


def _severity(arguments: argparse.Namespace) -> Answer:
    limits = () if arguments.limits is None else read_limits(arguments.limits, arguments.floor)
    with _options("--column"):
        found = _fitted(arguments, FitQuestion(
            "severity", arguments.column, floor=arguments.floor, threshold=arguments.threshold,
            by=arguments.by or "", currency=arguments.currency or "", limits=limits,
            bootstrap=arguments.bootstrap, seed=arguments.seed))
    _report(arguments, found, arguments.column, unit=arguments.unit)
    return Answer(found.document, _text(found, _severity_text))


@contextmanager
def _options(column: str) -> Iterator[None]:
    """Faults of a question name the command's options: ``column`` is that of its column."""
    names = {one.name: f"--{one.name}" for one in fields(FitQuestion)} | {"column": column}
    try:
        yield
    except InputError as error:
        raise InputError.of(replace(one, field=names.get(one.field or "", one.field))
                            for one in error.faults) from None


def _fitted(arguments: argparse.Namespace, question: FitQuestion) -> FileFit:
    """The answer of the file. What a report needs is checked before the work begins."""
    if getattr(arguments, "by", None) == "":
        raise InputError("no column is named", field="by", mend="name one, or leave --by out")
    if arguments.report is not None:
        require_format(arguments.report, "--report")
        paper_day(arguments)
    return fit_file(arguments.file, question, most_groups=None)


def _report(
    arguments: argparse.Namespace, found: FileFit, series: str, unit: str = ""
) -> None:
    """Write the report, where one is asked for."""
    if arguments.report is None:
        return
    digest = hashlib.sha256(arguments.file.read_bytes()).hexdigest()
    name = arguments.source or arguments.file.name
    subject = FitSubject(
        arguments.title or f"{arguments.file.name} · {series}",
        Source(f"{name} (SHA-256 {digest[:16]}…)", arguments.confidence), unit, arguments.licence)
    document = found.paper(subject, issued_on=paper_day(arguments), language=arguments.language)
    write_file(arguments.report, paper_bytes(document, arguments.report))


def _text(found: FileFit, lines: Callable[[dict[str, JSON]], list[str]]) -> list[str]:
    """The fit in words, or each group's under its name."""
    if not found.question.by:
        return lines(found.document)
    return [line for part in found.parts
            for line in (f"== {part.name or '(blank)'}", *lines(part.document), "")]


def _severity_text(document: dict[str, JSON]) -> list[str]:
    lines = [f"{document['n']} losses, {document['screened']} rows screened, floor "
             f"{_floor_text(document)}"]
    rows = [(name + (" *" if name == document["best"] else ""),
             ", ".join(f"{key} {value:.5g}" for key, value in one.items()
                       if key not in {"loglik", "aic", "ks"}),
             f"{one['loglik']:.2f}", f"{one['aic']:.2f}", f"{one['ks']:.4f}")
            for name, one in document["candidates"].items()]
    if rows:
        lines += table(("law", "parameters", "log-likelihood", "AIC", "KS"), rows)
    tail = document["tail"]
    if tail:
        low, high = tail["xi_interval"]
        lines.append(f"tail above {tail['threshold']:g} ({tail['threshold_rule']}, "
                     f"{tail['exceedances']} exceedances): xi {tail['xi']:.4f} "
                     f"({low:.3f} to {high:.3f}), beta {tail['beta']:.5g}")
    for name, rows_of in document.get("limits", {}).items():
        if name == document["best"]:
            lines += ["", f"limits by {name}", *table(
                ("limit", "limited mean", "factor", "layer mean"),
                [(f"{row['limit']:,.6g}", f"{row['limited_mean']:,.6g}", f"{row['factor']:.4f}",
                  f"{row['layer_mean']:,.6g}") for row in rows_of])]
    for name, parameters in document.get("intervals", {}).items():
        lines.append(f"{name} 95%: " + ", ".join(
            f"{key} {low:.4g} to {high:.4g}" for key, (low, high) in parameters.items()))
    return [*lines, *(f"! {one}" for one in document["warnings"])]


def _floor_text(document: dict[str, JSON]) -> str:
    if document["floor"] is not None:
        return format(document["floor"], "g")
    own = document.get("row_floors", {"rows": 0})
    return f"each row's own, to {own['highest']:g}" if own["rows"] else "none"


def _frequency(arguments: argparse.Namespace) -> Answer:
    with _options("--date"):
        found = _fitted(arguments, FitQuestion(
            "frequency", arguments.date, per=arguments.per, by=arguments.by or ""))
    _report(arguments, found, arguments.date)
    few = found.document["too_few"] if found.question.by else {}
    return Answer(found.document, [
        *_text(found, _frequency_text),
        *(f"! {name or '(blank)'}: {count} events fall into one {arguments.per}"
          for name, count in few.items())])


def _frequency_text(document: dict[str, JSON]) -> list[str]:
    rows = [(name + (" *" if name == document["preferred"] else ""), f"{one['mean']:.5g}",
             "" if one.get("size") is None else f"{one['size']:.5g}", f"{one['loglik']:.2f}",
             f"{one['aic']:.2f}")
            for name, one in ((key, document[key]) for key in ("poisson", "negative_binomial"))]
    return [f"{document['n']} events in {document['n_periods']} periods "
            f"({document['first']} to {document['last']}, per {document['per']})",
            f"mean {document['mean']:.5g}, variance {document['variance']:.5g}, dispersion "
            f"{document['dispersion']:.3f}",
            *table(("law", "mean", "size", "log-likelihood", "AIC"), rows),
            *_self_exciting_text(document["self_exciting"]),
            *(f"! {one}" for one in document["warnings"])]


def _self_exciting_text(fit: dict[str, JSON] | None) -> list[str]:
    if fit is None:
        return []
    return [f"self-exciting over {fit['days']} days: {fit['base']:.4g} a day by themselves, one "
            f"event brings {fit['branching']:.3f}, half within {fit['half_life_days']:.1f} days "
            f"(chance if equal days {fit['chance_if_poisson']:.2g})"]


def _delay(arguments: argparse.Namespace) -> Answer:
    with _options("--occurred"):
        found = _fitted(arguments, FitQuestion(
            "delay", arguments.occurred, known=arguments.known))
    _report(arguments, found, f"{arguments.occurred} → {arguments.known}")
    return Answer(found.document, _delay_text(found.document))


def _delay_text(document: dict[str, JSON]) -> list[str]:
    lines = [f"{document['n']} incidents known by {document['end']}"]
    for key, words in (("as_reported", "as reported"),
                       ("clusters_once", "each cluster counted once")):
        one = document[key]
        known = ", ".join(f"{days} d {share:.1%}" for days, share in one["known_after"].items())
        lines += ["", f"{words}: half known after {one['median_days']} days, nine tenths after "
                  f"{one['p90_days']}; {known}",
                  *table(("cohort", "reported", "expected", "factor"),
                         [(row["cohort"], row["reported"], f"{row['expected']:.1f}",
                           f"{row['factor']:.3f}") for row in one["cohorts"][-8:]])]
    return [*lines, "", *(f"! {one}" for one in document["warnings"])]
