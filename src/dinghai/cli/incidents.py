"""`dinghai incidents`: public incident data as one table, with what was screened and why."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.experience.incidents import screening, without_repeats, write_incidents
from dinghai.experience.public_sources import read_source


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the command."""
    parser = add_command(subparsers, "incidents", _incidents,
                         "read public incident data into one table")
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE",
                        help="VERIS or Have I Been Pwned JSON, HHS, Washington or ransom CSV; "
                             "plain, .gz or .zip")
    parser.add_argument("-o", "--output", type=Path, metavar="TABLE.parquet",
                        help="write the table here")


def _incidents(arguments: argparse.Namespace) -> Answer:
    found = without_repeats(one for path in arguments.files for one in read_source(path))
    if arguments.output is not None:
        write_incidents(arguments.output, found)
    usable = [one for one in found if not one.screened]
    screened = screening(found)
    sources = dict(Counter(one.source for one in usable))
    perils = dict(Counter(one.peril or "none" for one in usable).most_common())
    document = {
        "schema": "dinghai.incidents-read/1", "incidents": len(found), "usable": len(usable),
        "by_source": sources, "by_peril": perils,
        "with_records": sum(one.records is not None and not one.records_screened
                            for one in usable),
        "with_amount": sum(one.amount_minor is not None and not one.amount_screened
                           for one in usable),
        "screened": screened,
        "output": None if arguments.output is None else str(arguments.output),
    }
    return Answer(document, [
        f"{len(found)} incidents, {len(usable)} usable, {document['with_records']} with records, "
        f"{document['with_amount']} with an amount",
        *table(("source or peril", "usable"), [*sources.items(), *perils.items()]),
        *(f"! screened {reason}: {count}" for reason, count in screened.items())])
