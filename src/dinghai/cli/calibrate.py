"""`dinghai calibrate`: the shipped calibration table, made again from public data."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.cli.papers import (
    add_paper_options,
    paper_bytes,
    paper_day,
    require_format,
)
from dinghai.cli.writing import write_file
from dinghai.documents.blocks import Document
from dinghai.documents.fit_report import calibration_report
from dinghai.documents.inputs import DocumentStudy
from dinghai.documents.phrases import Language
from dinghai.experience.calibration import Calibration, studies_of
from dinghai.experience.calibration_sources import licence_of
from dinghai.experience.calibration_table import Row
from dinghai.foundation.canonical import JSON, sha256_hex


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the command."""
    parser = add_command(subparsers, "calibrate", _calibrate,
                         "fit everything that public data tell into one table with provenance")
    parser.add_argument("--sources", type=Path, required=True, metavar="DIR",
                        help="the public files, laid out as docs/reference/calibration.md says")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="TABLE.toml",
                        help="write the table here")
    add_paper_options(parser, "--report")


def _calibrate(arguments: argparse.Namespace) -> Answer:
    report: Path | None = arguments.report
    if report is not None:
        require_format(report, "--report")
    day = paper_day(arguments)
    found = studies_of(arguments.sources)
    text = found.toml().encode()
    paper = None if report is None else paper_bytes(
        _paper(found, day, arguments.language), report)
    write_file(arguments.output, text)
    if report is not None and paper is not None:
        write_file(report, paper)
    document = _document(found, text, arguments.output)
    return Answer(document, _text(found, document))


def _paper(found: Calibration, day: date, language: Language) -> Document:
    counts = [DocumentStudy(one.code, one.title_zh, one.title_en, one.source, one.document,
                            licence_of(one.code), one.out_of_time) for one in found.frequency]
    delays = [DocumentStudy(one.code, one.title_zh, one.title_en, one.source, one.document,
                            licence_of(one.code)) for one in found.delays]
    return calibration_report(
        found.severity, [_row_of_paper(row) for row in found.rows], issued_on=day,
        frequency=counts, delays=delays, language=language,
        licences={one.code: licence_of(one.code) for one in found.severity})


@dataclass(frozen=True, slots=True)
class _PaperRow:
    """A figure as the report reads it."""

    code: str
    value: float
    interval: tuple[float, float]
    source: str
    confidence: str
    as_of: str | None
    note: str


def _row_of_paper(row: Row) -> _PaperRow:
    return _PaperRow(row.code, row.value, row.interval, row.source.name, row.source.confidence,
                     row.source.as_of, row.note)


def _document(found: Calibration, text: bytes, output: Path) -> dict[str, JSON]:
    return {
        "schema": "dinghai.calibrated/1", "output": str(output), "sha256": sha256_hex(text),
        "rows": len(found.rows), "series": [
            {"code": one.code, "n": one.n, "screened": dict(one.screened), "floor": one.floor,
             "law": one.law or None, "mean_finite": one.mean_finite,
             "warnings": list(one.warnings)} for one in found.series],
        "checks": [{"code": one.code, "value": one.value, "interval": list(one.interval),
                    "expected": one.expected, "held": one.held, "n": one.n}
                   for one in found.checks()],
    }


def _text(found: Calibration, document: dict[str, JSON]) -> list[str]:
    words = {True: "finite", False: "not finite", None: "unknown"}
    return [
        f"{len(found.rows)} figures written to {document['output']}",
        *table(("series", "n", "screened", "law", "mean"),
               [(one.code, one.n, sum(one.screened.values()), one.law or "too few",
                 words[one.mean_finite]) for one in found.series]),
        "",
        *table(("check on what came later", "value", "interval", "expected", "held"),
               [(one.code, f"{one.value:.4g}", f"{one.interval[0]:.4g} to {one.interval[1]:.4g}",
                 f"{one.expected or 0.0:.4g}", "yes" if one.held else "no")
                for one in found.checks()]),
    ]
