"""Questionnaires and scans of many suppliers: folders by supplier, or one wide or long table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from dinghai.assessment.answers import Answer, read_answers
from dinghai.evidence.finding import EvidenceReading
from dinghai.evidence.reading import read_evidence
from dinghai.experience.own_columns import plain
from dinghai.experience.own_values import CellFault, ordinary
from dinghai.experience.tabular import TableFile, read_table_file
from dinghai.foundation.canonical import sha256_hex
from dinghai.foundation.errors import Fault, InputError
from dinghai.supplychain.chain_cells import read_cell
from dinghai.supplychain.chain_file import read_any_text
from dinghai.supplychain.supplier_columns import supplier_columns
from dinghai.vocabulary.indicators import HIGHEST_SCORE, indicators

MOST_FILES: Final = 20_000
_LEFT: Final = (".md", ".txt", ".sh", ".toml")
_CODE: Final = re.compile(r"([A-Za-z]{3})\s*[-_]?\s*(\d{2})(?!\d)")
_DAYS: Final = frozenset(map(plain, ("answered_at", "答复日期", "填写日期", "日期", "date")))
_SCORES: Final = frozenset(map(plain, ("score", "得分", "评分", "分数", "分值")))
_INDICATORS: Final = frozenset(map(plain, ("indicator", "指标", "指标编号", "指标代码")))


@dataclass(slots=True)
class SupplierEvidence:
    """By supplier, as named in the files: answers and readings. ``places`` says where each name
    was met, ``rejected`` what could not be read."""

    answers: dict[str, dict[str, Answer]] = field(default_factory=dict)
    readings: dict[str, list[EvidenceReading]] = field(default_factory=dict)
    places: dict[str, tuple[str, int]] = field(default_factory=dict)
    rejected: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def names(self) -> tuple[str, ...]:
        """All suppliers met."""
        return tuple(self.places)


def read_supplier_answers(path: Path, found: SupplierEvidence, *, on: date) -> None:
    """Questionnaires into ``found``: a folder (``<supplier>/answers.csv`` or ``<supplier>.csv``),
    or one table. Raises InputError for a path that is nothing, or a table that is none."""
    if path.is_dir():
        for place in sorted(path.iterdir()):
            if place.is_dir() and (place / "answers.csv").is_file():
                _answers_file(place / "answers.csv", place.name, place, found, on)
            elif place.is_file() and place.suffix.casefold() == ".csv":
                _answers_file(place, place.stem, None, found, on)
        return
    _answers_table(read_table_file(path), found, on)


def _answers_file(path: Path, supplier: str, folder: Path | None, found: SupplierEvidence,
                  on: date) -> None:
    name = f"{supplier}/answers.csv" if folder else path.name
    hashes = {} if folder is None else {
        one.relative_to(folder).as_posix(): sha256_hex(one.read_bytes())
        for one in sorted((folder / "evidence").rglob("*")) if one.is_file()}
    found.places.setdefault(supplier, (name, 1))
    try:
        answers = read_answers(read_any_text(path, name), name, hashes, today=on, complete=False)
    except InputError as error:
        found.rejected.extend(Fault(one.message, name, one.line or 1, one.field, one.mend)
                              for one in error.faults)
        return
    found.answers.setdefault(supplier, {}).update(answers)


def _answers_table(table: TableFile, found: SupplierEvidence, on: date) -> None:
    codes: dict[int, str] = {}
    names: list[int] = []
    days = scores = which = None
    own = next(one for one in supplier_columns().columns if one.id == "name")
    words = {plain(one) for one in ("name", "supplier", "firm", own.name_zh, *own.names)}
    for place, heading in enumerate(table.header):
        code = indicator_of(heading)
        if plain(heading) in _DAYS:
            days = place
        elif plain(heading) in _SCORES:
            scores = place
        elif plain(heading) in _INDICATORS:
            which = place
        elif code:
            if code in codes.values():
                raise InputError(f"the indicator {code} stands twice", file=table.file,
                                 line=table.header_line, field=heading, mend="keep one of the two")
            codes[place] = code
        elif plain(heading) in words or (not names and place == 0):
            names.append(place)
    if not names or (not codes and (scores is None or which is None)):
        raise InputError("this is neither a table of suppliers by indicators nor one of supplier, "
                         "indicator and score", file=table.file, line=table.header_line,
                         field=table.header[0] if table.header else None,
                         mend="head the first column supplier and the others GOV-01 … HUM-02")
    for row in table.rows:
        supplier = row.at(names[0])
        if not any(cell.strip() for cell in row.cells):
            continue
        if not supplier:
            found.rejected.append(Fault("the row names no supplier", table.file, row.line,
                                        table.header[names[0]], "write its name or id"))
            continue
        found.places.setdefault(supplier, (table.file, row.line))
        day = _day(table, row.line, row.at(days) if days is not None else "", found, on)
        if day is None:
            continue
        pairs = [(code, place, row.at(place)) for place, code in codes.items()]
        if which is not None and scores is not None:
            pairs.append((indicator_of(row.at(which)), scores, row.at(scores)))
        for code, place, text in pairs:
            _take(table, row.line, supplier, code, place, text, day, found)


def _take(table: TableFile, line: int, supplier: str, code: str, place: int, text: str, day: date,
          found: SupplierEvidence) -> None:
    plain_text = ordinary(text).removesuffix("分")
    if not code:
        found.rejected.append(Fault("this is not an indicator", table.file, line, "indicator",
                                    "codes run from GOV-01 to HUM-02"))
        return
    answers = found.answers.setdefault(supplier, {})
    if code in answers and answers[code].answered_by == table.file:
        found.rejected.append(Fault(f"{supplier} has already answered {code}", table.file, line,
                                    table.header[place], "keep one of the two"))
        return
    if plain_text in ("", "-", "—", "/", "未知", "不详"):
        score = None
    elif plain_text in {str(one) for one in range(HIGHEST_SCORE + 1)}:
        score = int(plain_text)
    else:
        found.rejected.append(Fault(f"{text[:40]!r} is not a score", table.file, line,
                                    table.header[place],
                                    "a whole number from 0 to 4, or nothing"))
        return
    answers[code] = Answer(code, score, table.file, day, "", "")


def _day(table: TableFile, line: int, text: str, found: SupplierEvidence,
         on: date) -> date | None:
    if not text:
        return on
    try:
        day = date.fromisoformat(str(read_cell("day", text)))
    except CellFault as fault:
        found.rejected.append(Fault(fault.message, table.file, line, "answered_at", fault.mend))
        return None
    if day > on:
        found.rejected.append(Fault(f"{day} lies after {on}", table.file, line, "answered_at",
                                    "mend the date, or the chain's as_of"))
        return None
    return day


def indicator_of(heading: str) -> str:
    """The indicator that a heading names by its code or its Chinese or English name; "" if none."""
    text = ordinary(heading)
    match = _CODE.search(text)
    if match and (code := f"{match[1].upper()}-{match[2]}") in indicators():
        return code
    word = plain(text)
    return next((code for code, one in indicators().items()
                 if word and word in (plain(one.name_zh), plain(one.name_en))), "")


def read_supplier_scans(folder: Path, found: SupplierEvidence, *, on: date) -> None:
    """Scans, bills of materials and answers of ``<supplier>/…`` into ``found``.

    Files may lie in folders of any depth; what cannot be read goes to ``rejected``. Raises
    InputError where there is no folder.
    """
    if not folder.is_dir():
        raise InputError("there is no such folder", file=str(folder), field="--evidence",
                         mend="give a folder with one folder for each supplier")
    read = 0
    for place in sorted(folder.iterdir()):
        if place.name.startswith("."):
            continue
        if place.is_file():
            if place.suffix.casefold() not in _LEFT:
                found.rejected.append(Fault("the file belongs to no supplier", place.name, 1, None,
                                            "put it into a folder named like the supplier"))
            continue
        for path in _files(place):
            name = path.relative_to(folder).as_posix()
            read += 1
            if read > MOST_FILES:
                raise InputError(f"there are more than {MOST_FILES} files", file=str(folder),
                                 field="--evidence", mend="import them in parts")
            _scan(path, name, place, found, on)


def _files(place: Path) -> Iterator[Path]:
    for path in sorted(place.iterdir()):
        if path.name.startswith(".") or path.is_symlink():
            continue
        if path.is_dir():
            if path.name not in ("evidence", "source", "incident", "rescan"):
                yield from _files(path)
        else:
            yield path


def _scan(path: Path, name: str, place: Path, found: SupplierEvidence, on: date) -> None:
    supplier = place.name
    if path.suffix.casefold() in _LEFT:
        return
    found.places.setdefault(supplier, (name, 1))
    if path.name == "answers.csv" and path.parent == place:
        _answers_file(path, supplier, place, found, on)
        return
    try:
        reading = read_evidence(path, source_name=name.partition("/")[2])
    except InputError as error:
        found.rejected.extend(Fault(one.message, name, one.line or 1, one.field, one.mend)
                              for one in error.faults)
        return
    found.readings.setdefault(supplier, []).append(reading)
    found.rejected.extend(Fault(one.reason, name, one.line, one.reference, one.mend)
                          for one in reading.rejected)


