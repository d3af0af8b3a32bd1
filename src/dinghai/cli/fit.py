"""`dinghai fit severity`, `frequency` and `delay`: laws from the columns of a file.

`fit credibility` and `fit rate` live in `dinghai.cli.credibility`.
"""

from __future__ import annotations

import argparse
import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
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
    frequency_groups_report,
    severity_fit_report,
)
from dinghai.documents.inputs import DocumentStudy
from dinghai.documents.phrases import Language
from dinghai.experience.columns import Column, read_amounts, read_days, read_spans
from dinghai.experience.contagion import fit_contagion
from dinghai.experience.delays import since_the_register
from dinghai.experience.frequency import Per, count_periods, fit_frequency
from dinghai.experience.incident_columns import (
    DAYS,
    FlooredLosses,
    Measure,
    day_column,
    loss_column,
)
from dinghai.experience.incidents import is_incident_table, read_incidents
from dinghai.experience.limits import read_limits
from dinghai.experience.report import Wanted, delay_report, frequency_report, severity_report
from dinghai.experience.row_wise import floored_report
from dinghai.experience.studies import SeverityStudy
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.trace import Source

_MOST_RESAMPLES: Final = 10_000
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
    for name in ("floor", "threshold"):
        value = getattr(arguments, name)
        if value is not None and not (math.isfinite(value) and value >= 0.0):
            raise InputError(f"{value} is not an amount", field=f"--{name}",
                             mend="give zero or more")
    _check_report(arguments)
    if not 0 <= arguments.bootstrap <= _MOST_RESAMPLES:
        raise InputError(f"{arguments.bootstrap} resamples cannot be drawn", field="--bootstrap",
                         mend=f"give 0 to {_MOST_RESAMPLES}")
    limits = () if arguments.limits is None else read_limits(arguments.limits, arguments.floor)
    wanted = Wanted(arguments.floor, arguments.threshold, limits, arguments.bootstrap,
                    arguments.seed)
    whole, fitted = _fitted(arguments, wanted)
    _report(arguments, lambda day, language: severity_fit_report(
        [_study(arguments, one, None if arguments.by is None else name)
         for name, one in fitted.items()],
        issued_on=day, language=language, licence=arguments.licence))
    if arguments.by is None:
        document = fitted[""].document
        return Answer(document, _severity_text(document))
    text = [line for name, one in fitted.items()
            for line in (f"== {name or '(blank)'}", *_severity_text(one.document), "")]
    return Answer({"groups": {name: one.document for name, one in fitted.items()},
                   "screened": len(whole.screened), "screened_reasons": whole.reasons()}, text)


@dataclass(frozen=True, slots=True)
class _Fitted:
    """One group of losses with what was asked of it and found."""

    column: Column[float]
    wanted: Wanted
    document: dict[str, JSON]
    floored: FlooredLosses | None = None


def _fitted(
    arguments: argparse.Namespace, wanted: Wanted
) -> tuple[Column[float], dict[str, _Fitted]]:
    """All losses, and each group fitted; one group without a name where none is asked for."""
    if arguments.column in get_args(Measure) and is_incident_table(arguments.file):
        losses = loss_column(read_incidents(arguments.file), arguments.column, by=arguments.by,
                             floor=arguments.floor, currency=arguments.currency)
        groups = losses.by_group() if arguments.by else {"": losses}
        return losses.column, {
            name: _Fitted(one.column, replace(
                wanted, floor=None if one.row_wise else one.plain_floor),
                floored_report(one, wanted), one if one.row_wise else None)
            for name, one in groups.items()}
    whole = read_amounts(arguments.file, arguments.column, by=arguments.by,
                         floor=arguments.floor)
    parts = whole.by_group() if arguments.by else {"": whole}
    return whole, {name: _Fitted(part, wanted, severity_report(part, wanted))
                   for name, part in parts.items()}


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
    arguments: argparse.Namespace, fitted: _Fitted, group: str | None = None
) -> SeverityStudy:
    title = arguments.title or f"{arguments.file.name} · {arguments.column}"
    if group is not None:
        title = f"{title} · {group or '—'}"
    return SeverityStudy(
        code=arguments.column, title_zh=title, title_en=title, unit=arguments.unit,
        source=_source(arguments), losses=fitted.column, wanted=fitted.wanted,
        document=fitted.document, floored=fitted.floored)


def _document_study(
    arguments: argparse.Namespace, code: str, document: dict[str, JSON]
) -> DocumentStudy:
    title = arguments.title or f"{arguments.file.name} · {code}"
    return DocumentStudy(code, title, title, _source(arguments), document, arguments.licence)


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
    _check_report(arguments)
    if arguments.date in DAYS and is_incident_table(arguments.file):
        column = day_column(read_incidents(arguments.file), arguments.date, arguments.per,
                            by=arguments.by)
    else:
        column = read_days(arguments.file, arguments.date, by=arguments.by)
    if arguments.by is None:
        document = _frequency_of(column, arguments)
        _report(arguments, lambda day, language: frequency_fit_report(
            _document_study(arguments, arguments.date, document), issued_on=day,
            language=language))
        return Answer(document, _frequency_text(document))
    groups, few = {}, {}
    for name, part in column.by_group().items():
        if len(set(part.values)) > 1 and len(count_periods(part.values, arguments.per)) > 1:
            groups[name] = _frequency_of(part, arguments)
        else:
            few[name] = len(part.values)
    if arguments.report is not None and not groups:
        raise InputError(f"the events of each group fall into one {arguments.per}",
                         field="--by", mend="count by a shorter period, or leave --by out")
    title = arguments.title or f"{arguments.file.name} · {arguments.date}"
    _report(arguments, lambda day, language: frequency_groups_report(
        [replace(_document_study(arguments, arguments.date, one),
                 title_zh=name or "—", title_en=name or "—") for name, one in groups.items()],
        few, column.reasons(), title=title, issued_on=day, language=language))
    text = [line for name, one in groups.items()
            for line in (f"== {name or '(blank)'}", *_frequency_text(one), "")]
    text += [f"! {name or '(blank)'}: {count} events fall into one {arguments.per}"
             for name, count in few.items()]
    return Answer({"groups": groups, "too_few": few, "screened": len(column.screened),
                   "screened_reasons": column.reasons()}, text)


def _frequency_of(column: Column[date], arguments: argparse.Namespace) -> dict[str, JSON]:
    if len(column.values) < 2:
        raise InputError("fewer than two rows have a day", file=str(arguments.file),
                         field="--date", mend="name a column of days such as 2026-03-02")
    if len(count_periods(column.values, arguments.per)) < 2:
        raise InputError(f"all events fall into one {arguments.per}", field="--per",
                         mend="count by a shorter period")
    fit = fit_frequency(column.values, arguments.per)
    return frequency_report(fit, arguments.per, fit_contagion(column.values), column.reasons())


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
