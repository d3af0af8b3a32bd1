"""Registers of subsidies on disk: written whole, and never over one that has moved on."""

from __future__ import annotations

import argparse
import csv
import fcntl
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from dinghai.cli.output import Parser
from dinghai.foundation.calendar import parse_day
from dinghai.foundation.canonical import JSON
from dinghai.foundation.clock import SystemClock
from dinghai.foundation.errors import Fault, InputError
from dinghai.schemes.subsidy_register import Entry, Register, read_register
from dinghai.schemes.subsidy_rule import RuleText
from dinghai.supplychain.chain_cells import write_cell


def add_run_options(command: Parser) -> None:
    """What every command that adds to a register takes."""
    command.add_argument("--day", metavar="DATE", help="the day of the run (default: today)")
    command.add_argument("-o", "--output", type=Path, metavar="REGISTER",
                         help="write the register here; its own file is replaced (default: "
                              "nothing is written)")


def add_list_option(command: Parser) -> None:
    """What every command that makes a list for others understands."""
    command.add_argument("--list", type=Path, metavar="FILE.csv",
                         help="write the list here as CSV that spreadsheets open")


def check_list(arguments: argparse.Namespace) -> None:
    """Raises InputError where a list would go over something, before anything is written."""
    path: Path | None = arguments.list
    if path is None:
        return
    output: Path | None = arguments.output
    register = output is not None and output.resolve() == path.resolve()
    if register or path.exists() or not path.parent.is_dir():
        raise InputError("the list cannot go there", file=str(path), field="--list",
                         mend="name a new file in a folder that exists")


def write_list(arguments: argparse.Namespace, headings: Sequence[str],
               rows: Iterable[Sequence[object]]) -> None:
    """A list as CSV with the mark of UTF-8; a text that a spreadsheet would run is guarded."""
    if arguments.list is None:
        return
    from dinghai.cli.writing import write_file

    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headings)
    writer.writerows([write_cell("text", str(cell)) for cell in row] for row in rows)
    write_file(arguments.list, out.getvalue().encode("utf-8-sig"))


def add_rows_option(command: Parser) -> None:
    """What every command that takes a table understands."""
    command.add_argument("--all-or-nothing", action="store_true",
                         help="write nothing when a row cannot be read")


def day_of(arguments: argparse.Namespace) -> date:
    """The day of the run. Raises InputError."""
    if arguments.day is None:
        return SystemClock().now().date()
    return parse_day(arguments.day, field="--day")


def begun(text: RuleText, path: Path | None) -> Register:
    """The register of a file, or an empty one."""
    return Register(text.rule.id) if path is None else read_register(path, text)


def kept(
    arguments: argparse.Namespace, text: RuleText, source: Path | None, before: Register,
    entries: Iterable[Entry], rejected: Sequence[Fault],
) -> tuple[Register, dict[str, JSON]]:
    """The register with its new entries, written where that is asked for, and what an answer says
    of it. Raises InputError, and writes nothing, for a register that others have written to."""
    if rejected and getattr(arguments, "all_or_nothing", False):
        raise InputError.of(rejected)
    after = before.with_entries(entries)
    output: Path | None = arguments.output
    if output is not None:
        with _locked(output):
            _check_place(output, source, before, text)
            _write(output, after)
    return after, {"register_head": after.head,
                   "entries_added": len(after.entries) - len(before.entries),
                   "output": None if output is None else str(output),
                   "rejected": [one.to_dict() for one in rejected]}


def _check_place(output: Path, source: Path | None, before: Register, text: RuleText) -> None:
    if not output.exists():
        return
    if source is None or source.resolve() != output.resolve():
        raise InputError("something is already there", file=str(output), field="--output",
                         mend="name another file, or the register that the run reads")
    if read_register(output, text).head != before.head:
        raise InputError("the register has new entries since it was read", file=str(output),
                         field="--output", mend="run the command again: nothing was written")


@contextmanager
def _locked(output: Path) -> Iterator[None]:
    """One writer at a time in a folder; the lock ends with the process, whatever ends it."""
    try:
        folder = os.open(output.parent, os.O_RDONLY)
    except OSError as error:
        raise InputError(f"cannot write: {error.strerror}", file=str(output), field="--output",
                         mend="choose a folder that exists") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _write(output: Path, register: Register) -> None:
    from dinghai.cli.claims import write_whole

    write_whole(output, register.to_dict())
