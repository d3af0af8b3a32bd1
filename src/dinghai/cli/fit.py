"""`dinghai fit severity`, `frequency` and `delay`: laws from the columns of a file.

`fit credibility` and `fit rate` live in `dinghai.cli.credibility`.
"""

from __future__ import annotations

import argparse
import math
from datetime import date
from pathlib import Path
from typing import Final, get_args

from dinghai.cli import credibility
from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.experience.columns import Column, read_amounts, read_days, read_spans
from dinghai.experience.contagion import fit_contagion
from dinghai.experience.frequency import Per, count_periods, fit_frequency
from dinghai.experience.incident_columns import DAYS, Measure, day_column, loss_column
from dinghai.experience.incidents import is_incident_table, read_incidents
from dinghai.experience.limits import read_limits
from dinghai.experience.report import Wanted, delay_report, frequency_report, severity_report
from dinghai.experience.row_wise import floored_report
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError

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
    credibility.register(commands)


def _severity(arguments: argparse.Namespace) -> Answer:
    for name in ("floor", "threshold"):
        value = getattr(arguments, name)
        if value is not None and not (math.isfinite(value) and value >= 0.0):
            raise InputError(f"{value} is not an amount", field=f"--{name}",
                             mend="give zero or more")
    if not 0 <= arguments.bootstrap <= _MOST_RESAMPLES:
        raise InputError(f"{arguments.bootstrap} resamples cannot be drawn", field="--bootstrap",
                         mend=f"give 0 to {_MOST_RESAMPLES}")
    limits = () if arguments.limits is None else read_limits(arguments.limits, arguments.floor)
    wanted = Wanted(arguments.floor, arguments.threshold, limits, arguments.bootstrap,
                    arguments.seed)
    if arguments.column in get_args(Measure) and is_incident_table(arguments.file):
        losses = loss_column(read_incidents(arguments.file), arguments.column, by=arguments.by,
                             floor=arguments.floor, currency=arguments.currency)
        whole, parts = losses.column, losses.by_group()
        reports = {name: floored_report(part, wanted) for name, part in (
            parts if arguments.by else {"": losses}).items()}
    else:
        whole = read_amounts(arguments.file, arguments.column, by=arguments.by,
                             floor=arguments.floor)
        reports = {name: severity_report(part, wanted) for name, part in (
            whole.by_group() if arguments.by else {"": whole}).items()}
    if arguments.by is None:
        return Answer(reports[""], _severity_text(reports[""]))
    text = [line for name, one in reports.items()
            for line in (f"== {name or '(blank)'}", *_severity_text(one), "")]
    return Answer({"groups": reports, "screened": len(whole.screened),
                   "screened_reasons": whole.reasons()}, text)


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
    if arguments.date in DAYS and is_incident_table(arguments.file):
        column = day_column(read_incidents(arguments.file), arguments.date, arguments.per,
                            by=arguments.by)
    else:
        column = read_days(arguments.file, arguments.date, by=arguments.by)
    if arguments.by is None:
        document = _frequency_of(column, arguments)
        return Answer(document, _frequency_text(document))
    groups, few = {}, {}
    for name, part in column.by_group().items():
        if len(set(part.values)) > 1 and len(count_periods(part.values, arguments.per)) > 1:
            groups[name] = _frequency_of(part, arguments)
        else:
            few[name] = len(part.values)
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
    column = read_spans(arguments.file, arguments.occurred, arguments.known)
    if not column.values:
        raise InputError("no row has both days in order", file=str(arguments.file),
                         field="--occurred", mend="name columns of days such as 2026-03-02")
    end = max(known for _began, known in column.values)
    document = delay_report(column.values, end, column.reasons())
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
