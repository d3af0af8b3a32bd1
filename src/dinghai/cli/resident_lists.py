"""`dinghai residents check`: a list of residents held to a scheme, before anything is issued."""

from __future__ import annotations

import argparse
import csv
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TextIO

from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.foundation.clock import SystemClock
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import format_yuan
from dinghai.schemes.mass_table import open_mass_table
from dinghai.schemes.resident_check import HEADINGS, ResidentCheck, check_residents, results_of
from dinghai.schemes.resident_scheme import read_scheme


def register(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the command."""
    one = add_command(commands, "check", _check,
                      "hold a list of residents to a scheme; nothing is issued or kept")
    one.add_argument("scheme", type=Path, metavar="SCHEME", help="a scheme (TOML or JSON)")
    one.add_argument("list", type=Path, metavar="LIST", help="residents: CSV, Excel or Parquet")
    one.add_argument("--as-of", type=date.fromisoformat, metavar="DAY",
                     help="consent is given by this day; today without it")
    one.add_argument("-o", "--output", type=Path, metavar="RESULTS.csv",
                     help="write what becomes of every row, people masked")


def _check(arguments: argparse.Namespace) -> Answer:
    scheme = read_scheme(arguments.scheme)
    if arguments.output and arguments.output.exists() and (
            arguments.output.samefile(arguments.list)):
        raise InputError("the results would take the place of the list", field="--output",
                         mend="name another file")
    found = check_residents(open_mass_table(arguments.list), scheme,
                            as_of=arguments.as_of or SystemClock().now().date(),
                            key=secrets.token_bytes(32))
    if arguments.output:
        _write_results(found, arguments.output)
    return Answer(found.to_dict(), _text(found), code=1 if found.rejected else 0)


def _write_results(found: ResidentCheck, path: Path) -> None:
    with _whole(path) as target:
        writer = csv.writer(target)
        writer.writerow(HEADINGS)
        writer.writerows(results_of(found))


@contextmanager
def _whole(path: Path) -> Iterator[TextIO]:
    """A text file that takes its name once it is whole."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=str(path),
                         mend="name a file in a folder that is there") from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as target:
            yield target
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _text(found: ResidentCheck) -> list[str]:
    document = found.to_dict()
    lines = [
        f"rows      {document['rows']}",
        f"accepted  {found.number}",
        f"rejected  {found.rejected}",
        f"premium   {format_yuan(found.premium_fen)}",
        f"limits    {format_yuan(found.sum_insured_fen)}", ""]
    if found.faulty:
        lines += [*table(("field", "what is wrong", "rows"),
                         [(field, message, number)
                          for (field, message), number in found.faulty.most_common(20)]), ""]
        lines += [str(one) for one in found.faults[:20]]
        if not document["all_faults_shown"] or len(found.faults) > 20:
            lines.append("… all of them with -o RESULTS.csv")
    return lines
