"""`dinghai park`: one master policy for the firms of a park: members, premiums, claims, risk."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from dinghai.cli.output import DONE, REFUSED, Answer, Parser, add_command, pairs, table
from dinghai.cli.park_text import certificate_text, portrait_text, premium_text, settlement_text
from dinghai.cli.risk import day_option
from dinghai.cli.writing import write_files
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import format_yuan
from dinghai.schemes.park_certificate import certificates
from dinghai.schemes.park_claims import read_claims, read_paid
from dinghai.schemes.park_file import Park, read_park, roll_path
from dinghai.schemes.park_members import MemberList, ParkMember, read_members, read_roll
from dinghai.schemes.park_portrait import portrait, portrait_document
from dinghai.schemes.park_premium import park_premiums, premium_document
from dinghai.schemes.park_roll import enrolment_document, results_csv, roll_csv
from dinghai.schemes.park_settlement import settle_park
from dinghai.schemes.park_settlement_document import settlement_document

_SHOWN: Final = 20


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands."""
    park = subparsers.add_parser("park", help="one master policy for the firms of a park")
    commands = park.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    for name, command, about in (
            ("check", _check, "read a park's policy and roll, and name every fault"),
            ("premium", _premium, "members' premiums by day, with endorsements, refunds and VAT")):
        _park(add_command(commands, name, command, about))
    one = add_command(commands, "enrol", _enrol, "members from a list join and leave")
    _park(one)
    one.add_argument("list", type=Path, metavar="MEMBERS", help="CSV, Excel or Parquet")
    one.add_argument("--dry-run", action="store_true", help="say what would come of it")
    one.add_argument("--all-or-nothing", action="store_true",
                     help="change nothing when a row is rejected")
    one.add_argument("--columns", default="", metavar="NAME=HEADING,…",
                     help="what columns of the list are, where the guess is wrong")
    one.add_argument("-o", "--output", type=Path, metavar="RESULTS.csv",
                     help="what became of each row")
    one = add_command(commands, "settle", _settle,
                      "what each member is paid of events, limits shared within each")
    _park(one)
    one.add_argument("claims", type=Path, metavar="CLAIMS", help="CSV, Excel or Parquet")
    one.add_argument("--paid", type=Path, metavar="FILE", help="what was paid before")
    one = add_command(commands, "portrait", _portrait,
                      "shared networks and providers, grades, the worst findings, single points")
    _park(one)
    one.add_argument("--on", metavar="DATE", help="members in cover on this day (default: the "
                                                  "last of the policy)")
    one = add_command(commands, "certificates", _certificates,
                      "what each member's certificate says")
    _park(one)
    one.add_argument("--member", metavar="CODE", help="one member, by its credit code")


def _park(parser: Parser) -> None:
    parser.add_argument("park", type=Path, metavar="PARK",
                        help="a folder with park.toml, a .toml or a .json")


def _loaded(arguments: argparse.Namespace) -> tuple[Park, tuple[ParkMember, ...]]:
    """The policy and its roll; without a roll there are no members yet."""
    park = read_park(arguments.park)
    path = roll_path(arguments.park, park)
    return park, read_roll(path, park) if path.exists() else ()


def _check(arguments: argparse.Namespace) -> Answer:
    park, roll = _loaded(arguments)
    in_force = sum(one.left is None for one in roll)
    document: dict[str, JSON] = {
        "schema": "dinghai.park-check/1", "park": park.id, "name_zh": park.name_zh,
        "product": park.product, "inception": park.inception.isoformat(),
        "expiry": park.expiry.isoformat(), "days": park.period.days, "stays": len(roll),
        "members": len({one.credit_code for one in roll}), "to_expiry": in_force,
        "top_ups": {one.id: sum(any(each.id == one.id for each in member.top_ups)
                                for member in roll) for one in park.top_ups}}
    return Answer(document, [
        f"{park.id} {park.name_zh}, {park.inception} to {park.expiry}: sound",
        f"members {document['members']}, of these to the expiry {in_force}",
        f"park limits {format_yuan(park.limits.each_event_fen)} each event, "
        f"{format_yuan(park.limits.annual_fen)} in the period",
        *(f"top-up {name}: {count}" for name, count in document["top_ups"].items())])


def _enrol(arguments: argparse.Namespace) -> Answer:
    park, roll = _loaded(arguments)
    path = roll_path(arguments.park, park)
    output: Path | None = arguments.output
    for target, field in ((path, "members"), (output, "--output")):
        if target is not None and target.suffix != ".csv":
            raise InputError(f"{target.name} is no CSV file", field=field, mend="name it .csv")
    if output is not None and output.resolve() in {path.resolve(), arguments.list.resolve()}:
        raise InputError("the results would overwrite what they are of", field="--output",
                         mend="name another file")
    found = read_members(arguments.list, park, roll=roll,
                         asked=pairs(arguments.columns, "--columns"))
    rejected = found.count("rejected")
    changed = found.count("joined") + found.count("left") > 0
    written = changed and not arguments.dry_run and not (rejected and arguments.all_or_nothing)
    files = {path: roll_csv(found.roll).encode()} if written else {}
    if output is not None:
        files[output] = results_csv(found).encode("utf-8-sig")
    write_files(files)
    document = enrolment_document(park, found, dry_run=arguments.dry_run, written=written)
    return Answer(document, list(_enrol_text(found, arguments.dry_run, written, path)),
                  REFUSED if rejected else DONE)


def _enrol_text(found: MemberList, dry_run: bool, written: bool, path: Path) -> Iterator[str]:
    yield (f"{len(found.results)} rows: {found.count('joined')} join, {found.count('left')} leave, "
           f"{found.count('rejected')} rejected")
    yield from table(("column", "taken from"), found.headings.items())
    if found.strange:
        yield "not read: " + ", ".join(found.strange)[:300]
    yield from (f"note: {one}" for one in found.notes[:_SHOWN])
    yield from (f"! {one}" for one in found.faults[:_SHOWN])
    if len(found.faults) > _SHOWN:
        yield f"! and {len(found.faults) - _SHOWN} more: see --json or -o RESULTS.csv"
    if written:
        yield f"written: {path} ({len(found.roll)} stays)"
    else:
        yield "nothing was written: a dry run" if dry_run else "nothing was written"


def _premium(arguments: argparse.Namespace) -> Answer:
    park, roll = _loaded(arguments)
    document = premium_document(park, park_premiums(park, roll))
    return Answer(document, premium_text(document))


def _settle(arguments: argparse.Namespace) -> Answer:
    park, roll = _loaded(arguments)
    claims = read_claims(arguments.claims, park, roll)
    paid = () if arguments.paid is None else read_paid(arguments.paid, park, roll)
    document = settlement_document(park, roll, settle_park(park, roll, claims, paid))
    return Answer(document, settlement_text(document))


def _portrait(arguments: argparse.Namespace) -> Answer:
    park, roll = _loaded(arguments)
    found = portrait(park, roll, day_option(arguments.on, "--on") or park.expiry)
    document = portrait_document(park, found)
    return Answer(document, portrait_text(document))


def _certificates(arguments: argparse.Namespace) -> Answer:
    park, roll = _loaded(arguments)
    found = certificates(park, park_premiums(park, roll))
    if arguments.member is not None:
        found = [one for one in found if one["member"]["credit_code"] == arguments.member.upper()]
        if not found:
            raise InputError(f"no member {arguments.member!r} is on the roll", field="--member",
                             mend="give the credit code of a member")
    document: dict[str, JSON] = {"schema": "dinghai.park-certificates/1", "park": park.id,
                                 "certificates": found}
    return Answer(document, certificate_text(found))
