"""`dinghai fit severity`, `frequency` and `delay`: laws from the columns of a file.

`fit credibility` and `fit rate` live in `dinghai.cli.credibility`.
"""

from __future__ import annotations

import argparse
import hashlib
import math
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Final, get_args

from dinghai.cli import credibility
from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.cli.papers import (
    add_paper_options,
    paper_bytes,
    paper_day,
    require_format,
    write_file,
)
from dinghai.documents.blocks import Document
from dinghai.documents.fit_report import (
    delay_fit_report,
    frequency_fit_report,
    severity_fit_report,
)
from dinghai.documents.inputs import DocumentStudy
from dinghai.documents.phrases import Language
from dinghai.experience.columns import Column, read_amounts, read_days, read_spans
from dinghai.experience.contagion import fit_contagion
from dinghai.experience.delays import since_the_register
from dinghai.experience.frequency import Per, count_periods, fit_frequency
from dinghai.experience.limits import read_limits
from dinghai.experience.report import Wanted, delay_report, frequency_report, severity_report
from dinghai.experience.studies import SeverityStudy
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.trace import Source

_MOST_RESAMPLES: Final = 10_000


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands."""
    group = subparsers.add_parser("fit", help="severity and frequency laws from incident data")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True,
                                    parser_class=Parser)
    severity = add_command(commands, "severity", _severity,
                           "laws of the size of losses, and of their tail")
    severity.add_argument("file", type=Path, metavar="FILE.csv", help="CSV, plain or .gz")
    severity.add_argument("--column", required=True, metavar="C", help="the amounts")
    severity.add_argument("--floor", type=float, metavar="F",
                          help="losses below this are not reported")
    severity.add_argument("--threshold", type=float, metavar="U",
                          help="where the tail begins (default: chosen by a stated rule)")
    severity.add_argument("--by", metavar="K", help="fit each value of this column by itself")
    severity.add_argument("--limits", metavar="L,…",
                          help="limited means, increased-limit factors and layer means of these")
    severity.add_argument("--bootstrap", type=int, default=0, metavar="N",
                          help="intervals of the parameters from so many resamples")
    severity.add_argument("--seed", type=int, default=1, metavar="S", help="of the resamples")
    frequency = add_command(commands, "frequency", _frequency,
                            "laws of the number of events in a period")
    frequency.add_argument("file", type=Path, metavar="FILE.csv", help="CSV, plain or .gz")
    frequency.add_argument("--date", required=True, metavar="D", help="the column of days")
    frequency.add_argument("--per", choices=get_args(Per), default="month")
    delay = add_command(commands, "delay", _delay,
                        "how long incidents take to become known, and how many are to come")
    delay.add_argument("file", type=Path, metavar="FILE.csv", help="CSV, plain or .gz")
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
    for name in ("floor", "threshold"):
        value = getattr(arguments, name)
        if value is not None and not (math.isfinite(value) and value >= 0.0):
            raise InputError(f"{value} is not an amount", field=f"--{name}",
                             mend="give zero or more")
    _check_report(arguments)
    column = read_amounts(arguments.file, arguments.column, by=arguments.by,
                          floor=arguments.floor)
    if not 0 <= arguments.bootstrap <= _MOST_RESAMPLES:
        raise InputError(f"{arguments.bootstrap} resamples cannot be drawn", field="--bootstrap",
                         mend=f"give 0 to {_MOST_RESAMPLES}")
    limits = () if arguments.limits is None else read_limits(arguments.limits, arguments.floor)
    wanted = Wanted(arguments.floor, arguments.threshold, limits, arguments.bootstrap,
                    arguments.seed)
    if arguments.by is None:
        document = severity_report(column, wanted)
        _report(arguments, lambda day, language: severity_fit_report(
            [_study(arguments, column, wanted, document)], issued_on=day, language=language,
            licence=arguments.licence))
        return Answer(document, _severity_text(document))
    parts = column.by_group()
    groups = {name: severity_report(part, wanted) for name, part in parts.items()}
    _report(arguments, lambda day, language: severity_fit_report(
        [_study(arguments, parts[name], wanted, one, name) for name, one in groups.items()],
        issued_on=day, language=language, licence=arguments.licence))
    text = [line for name, one in groups.items()
            for line in (f"== {name or '(blank)'}", *_severity_text(one), "")]
    return Answer({"groups": groups, "screened": len(column.screened),
                   "screened_reasons": column.reasons()}, text)


def _check_report(arguments: argparse.Namespace) -> None:
    """Refuse a report's name or day before the work begins."""
    if arguments.report is not None:
        require_format(arguments.report, "--report")
        paper_day(arguments)


def _report(
    arguments: argparse.Namespace, make: Callable[[date, Language], Document]
) -> None:
    if arguments.report is not None:
        document = make(paper_day(arguments), arguments.language)
        write_file(arguments.report, paper_bytes(document, arguments.report))


def _source(arguments: argparse.Namespace) -> Source:
    digest = hashlib.sha256(arguments.file.read_bytes()).hexdigest()
    name = arguments.source or arguments.file.name
    return Source(f"{name} (SHA-256 {digest[:16]}…)", arguments.confidence)


def _study(
    arguments: argparse.Namespace, column: Column[float], wanted: Wanted,
    document: dict[str, JSON], group: str | None = None,
) -> SeverityStudy:
    title = arguments.title or f"{arguments.file.name} · {arguments.column}"
    if group is not None:
        title = f"{title} · {group or '—'}"
    return SeverityStudy(
        code=arguments.column, title_zh=title, title_en=title, unit=arguments.unit,
        source=_source(arguments), losses=column, wanted=wanted, document=document)


def _document_study(
    arguments: argparse.Namespace, code: str, document: dict[str, JSON]
) -> DocumentStudy:
    title = arguments.title or f"{arguments.file.name} · {code}"
    return DocumentStudy(code, title, title, _source(arguments), document, arguments.licence)


def _severity_text(document: dict[str, JSON]) -> list[str]:
    lines = [f"{document['n']} losses, {document['screened']} rows screened, floor "
             f"{'none' if document['floor'] is None else format(document['floor'], 'g')}"]
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


def _frequency(arguments: argparse.Namespace) -> Answer:
    _check_report(arguments)
    column = read_days(arguments.file, arguments.date)
    if len(column.values) < 2:
        raise InputError("fewer than two rows have a day", file=str(arguments.file),
                         field="--date", mend="name a column of days such as 2026-03-02")
    if len(count_periods(column.values, arguments.per)) < 2:
        raise InputError(f"all events fall into one {arguments.per}", field="--per",
                         mend="count by a shorter period")
    fit = fit_frequency(column.values, arguments.per)
    document = frequency_report(fit, arguments.per, fit_contagion(column.values),
                                column.reasons())
    _report(arguments, lambda day, language: frequency_fit_report(
        _document_study(arguments, arguments.date, document), issued_on=day, language=language))
    return Answer(document, _frequency_text(document))


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
    _check_report(arguments)
    column = read_spans(arguments.file, arguments.occurred, arguments.known)
    if not column.values:
        raise InputError("no row has both days in order", file=str(arguments.file),
                         field="--occurred", mend="name columns of days such as 2026-03-02")
    if not since_the_register(column.values):
        raise InputError("every incident began before the source reported any",
                         file=str(arguments.file), field="--known",
                         mend="give reports of a longer time")
    end = max(known for _began, known in column.values)
    document = delay_report(column.values, end, column.reasons())
    _report(arguments, lambda day, language: delay_fit_report(
        _document_study(arguments, f"{arguments.occurred} → {arguments.known}", document),
        issued_on=day, language=language))
    return Answer(document, _delay_text(document))


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
