"""A fit of one file: what is asked of it, what is found, and the paper that says so."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, get_args

from dinghai.documents.blocks import Document
from dinghai.documents.fit_report import (
    delay_fit_report,
    frequency_fit_report,
    frequency_groups_report,
    severity_fit_report,
)
from dinghai.documents.inputs import DocumentStudy
from dinghai.documents.phrases import Language
from dinghai.experience.column_kinds import MOST_GROUPS
from dinghai.experience.columns import (
    Column,
    Screened,
    read_amounts,
    read_days,
    read_spans,
)
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
from dinghai.experience.report import Wanted, delay_report, frequency_report, severity_report
from dinghai.experience.row_wise import floored_report
from dinghai.experience.studies import SeverityStudy
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.trace import Source

Group = TypeVar("Group")
FitKind = Literal["severity", "frequency", "delay"]
KINDS: Final[tuple[FitKind, ...]] = get_args(FitKind)
_PLAIN: Final = Wanted()
_MOST_RESAMPLES: Final = 10_000


@dataclass(frozen=True, slots=True)
class FitQuestion:
    """What is asked of a file.

    ``column`` holds the amounts, the days, or of delays the first days; ``known`` the days of
    notice. ``floor`` and ``threshold`` are in the unit of the amounts. ``by`` names a column whose
    values are fitted one by one. ``currency`` chooses among an incident table's. ``bootstrap`` is
    how many resamples give intervals of a severity law's parameters, ``seed`` theirs.
    """

    kind: FitKind
    column: str
    known: str = ""
    floor: float | None = None
    threshold: float | None = None
    by: str = ""
    per: Per = "month"
    currency: str = ""
    limits: tuple[float, ...] = ()
    bootstrap: int = 0
    seed: int = 1

    def __post_init__(self) -> None:
        """Raises InputError for what no fit can answer."""
        for name in ("floor", "threshold"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value >= 0.0):
                raise InputError(f"{value} is not an amount", field=name,
                                 mend="give zero or more")
        if self.kind not in KINDS:
            raise InputError("there is no such kind of fit", field="kind",
                             mend="one of: " + ", ".join(KINDS))
        if self.per not in get_args(Per):
            raise InputError("events are not counted by that", field="per",
                             mend="one of: " + ", ".join(get_args(Per)))
        if not 0 <= self.bootstrap <= _MOST_RESAMPLES:
            raise InputError(f"{self.bootstrap} resamples cannot be drawn", field="bootstrap",
                             mend=f"give 0 to {_MOST_RESAMPLES}")
        if not self.column:
            raise InputError("no column is named", field="column", mend="choose one of the file's")
        if self.kind == "delay" and not self.known:
            raise InputError("the days of notice are missing", field="known",
                             mend="choose the column of the days of notice")
        if self.kind == "delay" and self.by:
            raise InputError("delays are not estimated by group", field="by",
                             mend="leave the group out, or upload the groups one by one")


@dataclass(frozen=True, slots=True)
class FitSubject:
    """What a paper says of the data: their name, what one loss counts, and where they come from."""

    title: str
    source: Source
    unit: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class FitPart:
    """One group of the data with its fit; without a name where none was asked for.

    ``losses`` and ``wanted`` are of severities only; ``floored`` are the same losses where rows
    have floors or limits of their own.
    """

    name: str
    document: dict[str, JSON]
    losses: Column[float] | None = None
    wanted: Wanted = _PLAIN
    floored: FlooredLosses | None = None


@dataclass(frozen=True, slots=True)
class FileFit:
    """The answer. ``document`` is what ``dinghai fit --json`` says; ``screened`` are the rows that
    were not used."""

    question: FitQuestion
    parts: tuple[FitPart, ...]
    document: dict[str, JSON]
    screened: tuple[Screened, ...]

    def paper(self, subject: FitSubject, *, issued_on: date, language: Language = "zh") -> Document:
        """The fit as a report with plots. Raises InputError for a law nobody knows."""
        if self.question.kind == "severity":
            return severity_fit_report(
                [self._severity_study(part, subject) for part in self.parts],
                issued_on=issued_on, language=language, licence=subject.licence,
                screened=_by_key(self.document["screened_reasons"]) if self.question.by else None)
        studies = [self._study(part, subject) for part in self.parts]
        if self.question.kind == "delay":
            return delay_fit_report(studies[0], issued_on=issued_on, language=language)
        if self.question.by:
            return frequency_groups_report(
                studies, _by_key(self.document["too_few"]),
                _by_key(self.document["screened_reasons"]),
                title=subject.title, issued_on=issued_on, language=language)
        return frequency_fit_report(studies[0], issued_on=issued_on, language=language)

    def _severity_study(self, part: FitPart, subject: FitSubject) -> SeverityStudy:
        assert part.losses is not None
        title = self._title(part, subject)
        return SeverityStudy(
            code=self.question.column, title_zh=title, title_en=title,
            unit=subject.unit, source=subject.source, losses=part.losses, wanted=part.wanted,
            document=_by_key(part.document), floored=part.floored)

    def _study(self, part: FitPart, subject: FitSubject) -> DocumentStudy:
        title = self._title(part, subject)
        column, known = self.question.column, self.question.known
        return DocumentStudy(f"{column} → {known}" if known else column, title, title,
                             subject.source, _by_key(part.document), subject.licence)

    def _title(self, part: FitPart, subject: FitSubject) -> str:
        return f"{subject.title} · {part.name or '—'}" if self.question.by else subject.title


def _by_key(value: JSON) -> JSON:
    """The same with every object in the order of its keys: a document that a database has kept may
    have lost its own, and the paper of an answer is the same wherever it comes from."""
    if isinstance(value, dict):
        return {name: _by_key(value[name]) for name in sorted(value)}
    return [_by_key(one) for one in value] if isinstance(value, list) else value


def fit_file(
    path: Path, question: FitQuestion, *, answered: Mapping[str, JSON] | None = None,
    most_groups: int | None = MOST_GROUPS,
) -> FileFit:
    """Read the file and fit what is asked. Raises InputError for a file or a column that is none,
    and for data of which nothing can be fitted.

    ``answered`` is the document of an earlier answer to the same question of the same file: it is
    taken as it stands, and the data are read for the plots alone. A column of more than
    ``most_groups`` values is refused as a group; None takes any.
    """
    asked = _Asked(path, question, answered, most_groups)
    if question.kind == "severity":
        return asked.severity()
    return asked.frequency() if question.kind == "frequency" else asked.delay()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question of a file on its way to the answer."""

    path: Path
    question: FitQuestion
    answered: Mapping[str, JSON] | None
    most_groups: int | None

    def severity(self) -> FileFit:
        """The laws of the amounts, or of each group's."""
        question = self.question
        wanted = Wanted(question.floor, question.threshold, question.limits, question.bootstrap,
                        question.seed)
        by = question.by or None
        if question.column in get_args(Measure) and is_incident_table(self.path):
            measure: Measure = "records" if question.column == "records" else "amount"
            losses = loss_column(read_incidents(self.path), measure, by=by, floor=question.floor,
                                 currency=question.currency or None)
            whole = losses.column
            groups = self._groups(losses.by_group() if by else {"": losses})
            parts = tuple(
                FitPart(name, self._known(name, partial(floored_report, one, wanted)), one.column,
                        replace(wanted, floor=None if one.row_wise else one.plain_floor),
                        one if one.row_wise else None) for name, one in groups.items())
        else:
            whole = read_amounts(self.path, question.column, by=by, floor=question.floor)
            plain = self._groups(whole.by_group() if by else {"": whole})
            parts = tuple(FitPart(name, self._known(name, partial(severity_report, one, wanted)),
                                  one, wanted) for name, one in plain.items())
        if not whole.values and "below the reporting floor" in whole.reasons():
            raise self._fault("floor", "every amount is below the reporting floor",
                              "give a lower floor, or none")
        if not whole.values:
            raise self._fault("column", "the column holds no amount above zero",
                              "choose a column of numbers, such as 12500 or 12,500.00")
        return self._answer(parts, whole)

    def frequency(self) -> FileFit:
        """The laws of the counts, or of each group's."""
        question = self.question
        by = question.by or None
        if question.column in DAYS and is_incident_table(self.path):
            whole = day_column(read_incidents(self.path), question.column, question.per, by=by)
        else:
            whole = read_days(self.path, question.column, by=by)
        if len(whole.values) < 2:
            raise self._fault("column", "fewer than two rows have a day",
                              "name a column of days such as 2026-03-02")
        groups = self._groups(whole.by_group() if by else {"": whole})
        enough = {name: one for name, one in groups.items()
                  if len(count_periods(one.values, question.per)) > 1}
        if not enough and by:
            raise self._fault("by", "the events of each group fall into one period",
                              "count by a shorter period, or do not count by group")
        if not enough:
            raise self._fault("per", "all events fall into one period",
                              "count by a shorter period")
        parts = tuple(FitPart(name, self._known(name, partial(_counted, one, question.per)))
                      for name, one in enough.items())
        few = {name: len(one.values) for name, one in groups.items() if name not in enough}
        return self._answer(parts, whole, {"too_few": few})

    def delay(self) -> FileFit:
        """How long incidents take to become known."""
        whole = read_spans(self.path, self.question.column, self.question.known)
        if not whole.values:
            raise self._fault("column", "no row has both days in order",
                              "name columns of days such as 2026-03-02")
        if not since_the_register(whole.values):
            raise self._fault("known", "every incident began before the source reported any",
                              "give reports of a longer time")
        end = max(known for _began, known in whole.values)
        part = FitPart("", self._known(
            "", lambda: delay_report(whole.values, end, whole.reasons())))
        return self._answer((part,), whole)

    def _groups(self, groups: Mapping[str, Group]) -> Mapping[str, Group]:
        if self.most_groups is not None and len(groups) > self.most_groups:
            raise self._fault(
                "by", f"the column makes {len(groups)} groups: a paper holds {self.most_groups}",
                "choose a column of fewer values")
        return groups

    def _known(self, name: str, fit: Callable[[], dict[str, JSON]]) -> dict[str, JSON]:
        """The document of a group: the one that was answered before, else by a fit."""
        if self.answered is None:
            return fit()
        found: dict[str, JSON] = dict(
            self.answered["groups"][name] if self.question.by else self.answered)
        return found

    def _answer(
        self, parts: tuple[FitPart, ...], whole: Column[Any],
        more: Mapping[str, JSON] | None = None,
    ) -> FileFit:
        document = parts[0].document if not self.question.by else {
            "groups": {part.name: part.document for part in parts}, **(more or {}),
            "screened": len(whole.screened), "screened_reasons": whole.reasons()}
        return FileFit(self.question, parts, document, whole.screened)

    def _fault(self, field: str, message: str, mend: str) -> InputError:
        return InputError(message, file=str(self.path), field=field, mend=mend)


def _counted(column: Column[date], per: Per) -> dict[str, JSON]:
    return frequency_report(fit_frequency(column.values, per), per, fit_contagion(column.values),
                            column.reasons())
