"""`dinghai oed import` and `dinghai oed pay`: Open Exposure Data accounts as policies."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from dinghai.cli.claims import write_whole
from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import format_yuan, parse_amount
from dinghai.portfolio.oed import OedPolicy, ground_up_to_payment, read_oed_account
from dinghai.portfolio.oed_fields import oed_table


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands."""
    group = subparsers.add_parser("oed", help="policies of Open Exposure Data accounts")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True,
                                    parser_class=Parser)
    bring = add_command(commands, "import", _import,
                        "the policies of an account file, with their terms")
    _account_options(bring)
    bring.add_argument("-o", "--output", type=Path, metavar="FOLDER",
                       help="write each contract here as a policy document")
    pay = add_command(commands, "pay", _pay, "what each policy pays for one event")
    _account_options(pay)
    pay.add_argument("--loss", action="append", required=True, metavar="COVERAGE=AMOUNT",
                     help="ground-up loss of an OED coverage, such as NPBI=120万; again for more")
    pay.add_argument("--hours", action="append", default=[], metavar="COVERAGE=HOURS",
                     help="how long lost time of a coverage lasted")
    pay.add_argument("--peril", metavar="CODE", help="the event's peril: CSB, CPD, CC1")


def _account_options(parser: Parser) -> None:
    parser.add_argument("account", type=Path, metavar="ACCOUNT.csv")
    parser.add_argument("--rate", action="append", default=[], metavar="CURRENCY=CNY",
                        help="yuan for one unit of a currency other than CNY")
    parser.add_argument("--granted", action="append", metavar="COVERAGE",
                        help="coverages granted instead of PolCoverage")
    parser.add_argument("--insured-value", action="append", default=[], metavar="COVERAGE=AMOUNT",
                        help="what shares of value are taken of, in the account's currency")


def _read(arguments: argparse.Namespace) -> list[OedPolicy]:
    return read_oed_account(
        arguments.account, rates=dict(_pairs(arguments.rate, "--rate")),
        granted=_granted(arguments.granted),
        insured_values=dict(_pairs(arguments.insured_value, "--insured-value")) or None)


def _import(arguments: argparse.Namespace) -> Answer:
    read = _read(arguments)
    documents: list[JSON] = []
    for one in read:
        for index, policy in enumerate(one.policies, start=1):
            documents.append({"portfolio": one.portfolio, "account": one.account,
                              "number": one.number, "contract": index,
                              "policy": policy.to_dict()})
            if arguments.output is not None:
                arguments.output.mkdir(parents=True, exist_ok=True)
                name = f"{_safe(one.account)}-{_safe(one.number)}-{index}.json"
                write_whole(arguments.output / name, policy.to_dict())
    rows = [(one.account, one.number, one.insured, len(one.policies),
             ", ".join(section.coverage for section in one.policies[0].product.sections))
            for one in read]
    return Answer({"schema": "dinghai.oed/1", "contracts": documents},
                  table(("account", "policy", "insured", "contracts", "sections"), rows))


def _pay(arguments: argparse.Namespace) -> Answer:
    losses = {name: parse_amount(text, field="--loss")
              for name, text in _pairs(arguments.loss, "--loss")}
    seconds = {name: _hours(text) for name, text in _pairs(arguments.hours, "--hours")}
    paid = [(one, ground_up_to_payment(one, losses, interruption_seconds=seconds or None,
                                       peril=arguments.peril)) for one in _read(arguments)]
    document = {"schema": "dinghai.oed/1", "payments": [
        {"account": one.account, "number": one.number, "payment_fen": fen} for one, fen in paid]}
    return Answer(document, table(
        ("account", "policy", "payment"),
        [(one.account, one.number, format_yuan(fen)) for one, fen in paid]))


def _pairs(texts: Iterable[str], option: str) -> list[tuple[str, str]]:
    """``NAME=VALUE`` options. Raises InputError for one without its equals sign."""
    pairs: list[tuple[str, str]] = []
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise InputError(f"{text!r} is not NAME=VALUE", field=option,
                             mend=f"write {option} NPBI=…")
        if any(name == other for other, _ in pairs):
            raise InputError(f"{name} stands twice", field=option,
                             mend="add the amounts up, and give it once")
        pairs.append((name, value))
    return pairs


def _hours(text: str) -> int:
    """Seconds of hours, to the second."""
    try:
        hours = Decimal(text)
    except InvalidOperation:
        hours = Decimal(-1)
    if not hours.is_finite() or hours < 0:
        raise InputError(f"{text!r} is not a number of hours", field="--hours",
                         mend="write --hours NPBI=72")
    return round(hours * 3600)


def _granted(texts: Sequence[str] | None) -> list[str] | None:
    """The coverages of ``--granted``, which may be given again or hold several."""
    if texts is None:
        return None
    granted = [one.strip() for text in texts for one in text.replace(",", ";").split(";")
               if one.strip()]
    for one in granted:
        if not oed_table().members(one):
            raise InputError(f"{one!r} is not a cyber coverage", field="--granted",
                             mend="one of: " + ", ".join(
                                 (*oed_table().coverages, *oed_table().groups)))
    return granted


def _safe(text: str) -> str:
    """A name that can be a file's: letters, digits, dash and dot."""
    return "".join(one if one.isalnum() or one in "-." else "_" for one in text).strip(".") or "_"
