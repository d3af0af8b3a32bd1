"""`dinghai evidence read`: findings and rejected lines of any supported format."""

from __future__ import annotations

import argparse
from pathlib import Path

from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.evidence.finding import EvidenceReading
from dinghai.evidence.reading import read_evidence


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the command."""
    group = subparsers.add_parser("evidence", help="read scanner output and inventories")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True,
                                    parser_class=Parser)
    read = add_command(commands, "read", _read,
                       "findings and rejected lines of scans and inventories, formats sniffed")
    read.add_argument("files", nargs="+", type=Path, metavar="FILE")
    read.add_argument("--vantage", choices=("external", "internal"), default="external",
                      help="where the scan looked from (default: external)")


def _read(arguments: argparse.Namespace) -> Answer:
    readings = [read_evidence(path, vantage=arguments.vantage) for path in arguments.files]
    document = {"schema": "dinghai.evidence/1",
                "readings": [reading.to_dict() for reading in readings]}
    return Answer(document, [line for reading in readings for line in _text(reading)])


def _text(reading: EvidenceReading) -> list[str]:
    rows = [(one.severity, one.kind, one.asset, one.port or "", " ".join(one.cves),
             one.title[:70]) for one in reading.findings]
    lines = [f"{reading.source_name}: {reading.format}, {len(reading.findings)} findings, "
             f"{len(reading.rejected)} rejected"]
    if rows:
        lines += table(("severity", "kind", "asset", "port", "cve", "title"), rows)
    for one in reading.rejected:
        place = f"line {one.line}" if one.line else one.reference
        lines.append(f"rejected {place}: {one.reason} ({one.mend})")
    return [*lines, ""]
