"""`dinghai pool`: check records of the shared data pool, and make a release of them."""

from __future__ import annotations

import argparse
import json
from decimal import Decimal, InvalidOperation
from pathlib import Path

from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.experience.pool_cells import TABLES, Given, snapshot
from dinghai.experience.pool_private import Budget
from dinghai.experience.pool_records import BOUNDS, Contribution, read_contribution, template
from dinghai.experience.pool_release import (
    PoolRelease,
    counts_of,
    private_release,
    suppressed_release,
)
from dinghai.experience.pool_rules import check_purpose, pool_rules, purposes
from dinghai.foundation.clock import SystemClock
from dinghai.foundation.errors import InputError
from dinghai.foundation.reading import plain


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands."""
    pool = subparsers.add_parser("pool", help="the shared data pool: check records, release")
    commands = pool.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    check = add_command(commands, "check", _check, "check files of records; nothing is kept")
    check.add_argument("records", type=Path, nargs="+", metavar="RECORDS",
                       help="CSV, Excel or Parquet; one file is one contributor")
    add_command(commands, "template", _template, "a CSV of records to start from")
    release = add_command(commands, "release", _release, "statistics of records, and nothing else")
    release.add_argument("records", type=Path, nargs="+", metavar="RECORDS",
                         help="CSV, Excel or Parquet; one file is one contributor")
    release.add_argument("--purpose", required=True, help="one of: " + ", ".join(purposes()))
    release.add_argument("--epsilon", help="add noise that spends this much; none without")
    release.add_argument("--delta", default="0", help="with --epsilon: Gaussian noise for this")
    release.add_argument("--table", action="append", metavar="A*B",
                         help="dimensions to cross: peril, section, size_band, year; repeat")
    release.add_argument("--years", metavar="FIRST-LAST",
                         help="years a private release counts, named before looking")
    release.add_argument("-o", "--output", type=Path, metavar="RELEASE.json",
                         help="write the release here")


def _read(paths: list[Path]) -> list[Contribution]:
    today = SystemClock().now().date()
    found = []
    for path in paths:
        if not path.is_file():
            raise InputError("there is no such file", file=str(path), mend="name a file")
        BOUNDS.check_file(path.stat().st_size, str(path))
        found.append(read_contribution(path.read_bytes(), str(path), until=today))
    return found


def _check(arguments: argparse.Namespace) -> Answer:
    found = _read(arguments.records)
    faults = [fault for one in found for fault in one.rejected]
    document = {
        "schema": "dinghai.pool-check/1",
        "files": [{"file": one.name, "rows": one.rows, "accepted": len(one.records)}
                  for one in found],
        "rejected": [fault.to_dict() for fault in faults],
    }
    rows = [(one.name, one.rows, len(one.records)) for one in found]
    return Answer(document, [*table(("file", "rows", "accepted"), rows),
                             *(f"! {fault}" for fault in faults)], code=2 if faults else 0)


def _template(arguments: argparse.Namespace) -> Answer:
    text = template()
    return Answer({"schema": "dinghai.pool-template/1", "csv": text}, text.splitlines())


def _release(arguments: argparse.Namespace) -> Answer:
    check_purpose(arguments.purpose)
    found = _read(arguments.records)
    faults = [fault for one in found for fault in one.rejected]
    if faults:
        raise InputError.of(faults)
    given = [Given(str(at), record) for at, one in enumerate(found) for record in one.records]
    pool, rules = snapshot(given), pool_rules()
    as_of = SystemClock().now().date()
    tables = ([tuple(one.split("*")) for one in arguments.table] if arguments.table
              else list(TABLES))
    made: PoolRelease
    if arguments.epsilon is None:
        made = suppressed_release(
            pool, purpose=arguments.purpose, as_of=as_of, tables=tables, rules=rules,
            contributors=len(found))
    else:
        budget = Budget(_parts(arguments.epsilon, 6, "--epsilon"),
                        _parts(arguments.delta, 9, "--delta"))
        made = private_release(
            pool, purpose=arguments.purpose, as_of=as_of, tables=tables, rules=rules,
            contributors=len(found), budget=budget, years=_years(arguments.years, as_of.year))
    document = plain(made)
    if arguments.output is not None:
        arguments.output.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n",
                                    "utf-8")
    counts = counts_of(made)
    return Answer(document, [
        f"{made.method} release for {made.purpose}: {len(made.tables)} tables, "
        f"hash {made.hash[:16]}", *table(("cells", "number"), counts.items())])


def _parts(text: str, places: int, field: str) -> int:
    try:
        value = Decimal(text)
        whole = value.scaleb(places)
    except InvalidOperation:
        value = whole = Decimal("NaN")
    if not value.is_finite() or whole != whole.to_integral_value():
        raise InputError(f"{text[:40]!r} is not a number of at most {places} places", field=field,
                         mend="write for example 0.5")
    return int(whole)


def _years(text: str | None, this: int) -> list[int]:
    if text is None:
        return list(range(this - 4, this + 1))
    first, mark, last = text.partition("-")
    if not (first.isdigit() and (last.isdigit() or not mark)):
        raise InputError(f"{text[:40]!r} are no years", field="--years", mend="write 2022-2026")
    years = list(range(int(first), int(last or first) + 1))
    if not 1 <= len(years) <= 50 or len(first) != 4:
        raise InputError(f"{text[:40]!r} are no years", field="--years", mend="write 2022-2026")
    return years
