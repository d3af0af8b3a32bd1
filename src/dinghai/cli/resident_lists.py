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
    scheme, listed = read_scheme(arguments.scheme), open_mass_table(arguments.list)
    if arguments.output:
        _check_output(arguments.output, arguments.scheme, arguments.list)
    found = check_residents(listed, scheme, as_of=arguments.as_of or SystemClock().now().date(),
                            key=secrets.token_bytes(32))
    if arguments.output:
        write_results(found, arguments.output)
    return Answer(found.to_dict(), _text(found), code=1 if found.rejected else 0)


def _check_output(path: Path, *inputs: Path) -> None:
    """Raises InputError for a place where the results cannot stand."""
    try:
        folder = path.is_dir()
        taken = path.exists() and any(path.samefile(one) for one in inputs)
    except OSError as error:
        raise _unwritable(path, error) from error
    if folder:
        raise InputError("this is a folder", file=str(path), field="--output",
                         mend="name a file")
    if taken:
        raise InputError("the results would take the place of what was read", file=str(path),
                         field="--output", mend="name another file")


def write_results(found: ResidentCheck, path: Path) -> None:
    """What becomes of every row as CSV, written whole or not at all. Raises InputError."""
    with _whole(path) as target:
        writer = csv.writer(target)
        writer.writerow(HEADINGS)
        writer.writerows(results_of(found))


@contextmanager
def _whole(path: Path) -> Iterator[TextIO]:
    """A text file, for its owner alone, that takes its name once it is whole."""
    made: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        made = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as target:
            yield target
        made.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        if made is not None:
            made.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(f"cannot be written: {error.strerror}", file=str(path), field="--output",
                      mend="name a file in a folder that is there and has room")


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
