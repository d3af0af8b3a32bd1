"""The answers to the risk questionnaire: who said what, when, and with which evidence."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from dinghai.foundation.errors import Fault, InputError
from dinghai.vocabulary.indicators import HIGHEST_SCORE, indicators, light_indicators

COLUMNS: Final = ("indicator", "score", "answered_by", "answered_at", "evidence", "note")
_NOTE_LIMIT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. ``score`` is 0–4, or None for "not known"; ``evidence`` a path in the dossier.

    ``evidence_sha256`` is the hash of that file (empty without one), so that the dossier's own
    hash covers what stands behind each answer.
    """

    indicator: str
    score: int | None
    answered_by: str
    answered_at: date
    evidence: str
    note: str
    evidence_sha256: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "indicator": self.indicator, "score": self.score, "answered_by": self.answered_by,
            "answered_at": self.answered_at.isoformat(), "evidence": self.evidence,
            "note": self.note, "evidence_sha256": self.evidence_sha256,
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Answer:
        """The answer that ``to_dict`` wrote. Raises InputError for anything else."""
        try:
            answer = cls(**{**value, "answered_at": date.fromisoformat(value["answered_at"])})
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"not an answer: {error}", field="answers",
                             mend="see dossier.schema.json") from error
        whole = isinstance(answer.score, int) and not isinstance(answer.score, bool)
        if answer.indicator not in indicators() or not (
                answer.score is None or (whole and 0 <= (answer.score or 0) <= HIGHEST_SCORE)):
            raise InputError("not an answer", field=f"answers.{answer.indicator}",
                             mend="a known indicator with a score of 0 to 4, or null")
        return answer


def read_answers(
    text: str, file: str, evidence: Mapping[str, str], *, today: date | None = None,
    complete: bool = True,
) -> dict[str, Answer]:
    """The answers of a CSV, in the vocabulary's order.

    ``evidence`` maps each file of the dossier to its SHA-256; ``today`` bounds the dates; where
    they need not be ``complete``, light indicators may be missing. Raises InputError with every
    fault: unknown, repeated or missing indicators, scores outside 0–4, evidence that is not there,
    dates in the future.
    """
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""))
    faults: list[Fault] = []
    found: dict[str, Answer] = {}
    lines: dict[str, int] = {}
    try:
        header = [cell.strip() for cell in next(reader, [])]
        _check_header(header, file)
        line = reader.line_num + 1
        for row in reader:
            if any(cell.strip() for cell in row):
                _take_row(row, header, _Place(file, line, evidence, today), found, lines, faults)
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"not CSV: {error}", file=file, line=reader.line_num,
                         mend="save the sheet as CSV UTF-8") from error
    missing = [code for code in light_indicators() if complete and code not in lines]
    faults.extend(
        Fault(f"there is no answer for {code}", file, None, code,
              "add a row; leave its score empty when nobody knows") for code in missing)
    if faults:
        raise InputError.of(faults)
    return {code: found[code] for code in indicators() if code in found}


@dataclass(frozen=True, slots=True)
class _Place:
    file: str
    line: int
    evidence: Mapping[str, str]
    today: date | None


def _check_header(header: list[str], file: str) -> None:
    missing = [name for name in COLUMNS if name not in header]
    other = [name for name in header if name not in COLUMNS]
    if missing or other or len(set(header)) != len(header):
        raise InputError(
            f"the column {missing[0]!r} is missing" if missing else
            f"the column {(other or header)[0]!r} is unknown or stands twice",
            file=file, line=1, field=(missing or other or header)[0],
            mend="the columns are " + ",".join(COLUMNS))


def _take_row(row: list[str], header: list[str], place: _Place, found: dict[str, Answer],
              lines: dict[str, int], faults: list[Fault]) -> None:
    def fault(field: str, message: str, mend: str) -> None:
        faults.append(Fault(message, place.file, place.line, field, mend))

    if len(row) != len(header):
        fault("", f"{len(row)} fields where the header has {len(header)}",
              "quote fields that hold commas")
        return
    cells = {name: cell.strip() for name, cell in zip(header, row, strict=True)}
    code = cells["indicator"]
    if code not in indicators():
        fault("indicator", f"{code!r} is not an indicator", "codes run from GOV-01 to HUM-02")
        return
    if code in lines:
        fault("indicator", f"{code} was already answered in line {lines[code]}",
              "keep one of the two rows")
        return
    lines[code] = place.line
    before = len(faults)
    score = _score(cells["score"], fault)
    answered_at = _day(cells["answered_at"], place.today, fault)
    if not cells["answered_by"]:
        fault("answered_by", "nobody is named", "write who answered: a name or an office")
    if len(cells["note"]) > _NOTE_LIMIT:
        fault("note", f"the note is longer than {_NOTE_LIMIT} characters", "shorten it")
    if cells["evidence"] and cells["evidence"] not in place.evidence:
        fault("evidence", f"the dossier has no file {cells['evidence']!r}",
              "put it into evidence/ and write its path as evidence/NAME, or leave this empty")
    if len(faults) == before:
        found[code] = Answer(code, score, cells["answered_by"], answered_at, cells["evidence"],
                             cells["note"], place.evidence.get(cells["evidence"], ""))


def _score(text: str, fault: Any) -> int | None:
    if not text:
        return None
    if len(text) == 1 and text in "01234":
        return int(text)
    fault("score", f"{text!r} is not a score", "a whole number from 0 to 4, or nothing")
    return None


def _day(text: str, today: date | None, fault: Any) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        fault("answered_at", f"{text!r} is not a date", "write it like 2026-03-02")
        return date.min
    if today is not None and day > today:
        fault("answered_at", f"{day} lies in the future", f"not after {today}")
    return day
