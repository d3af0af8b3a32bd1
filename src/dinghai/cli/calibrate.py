"""`dinghai calibrate`: the shipped calibration table, made again from public data."""

from __future__ import annotations

import argparse
from pathlib import Path

from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.experience.calibration import Calibration, studies_of
from dinghai.foundation.canonical import JSON, sha256_hex
from dinghai.foundation.errors import InputError


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the command."""
    parser = add_command(subparsers, "calibrate", _calibrate,
                         "fit everything that public data tell into one table with provenance")
    parser.add_argument("--sources", type=Path, required=True, metavar="DIR",
                        help="the public files, laid out as docs/reference/calibration.md says")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="TABLE.toml",
                        help="write the table here")


def _calibrate(arguments: argparse.Namespace) -> Answer:
    found = studies_of(arguments.sources)
    text = found.toml().encode()
    try:
        arguments.output.write_bytes(text)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=str(arguments.output),
                         field="--output", mend="name a file in a folder that exists") from error
    document = _document(found, text, arguments.output)
    return Answer(document, _text(found, document))


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
