"""`dinghai residents decide`, `claim-file` and `returns`: residents' claims, decided in mass."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final, get_args

from dinghai.cli.claims import write_whole
from dinghai.cli.output import DONE, REFUSED, Answer, Parser, add_command, table
from dinghai.cli.risk import day_option
from dinghai.foundation.canonical import JSON
from dinghai.foundation.clock import SystemClock
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import format_yuan
from dinghai.schemes.resident_claim_decision import Decisions, decide_claims
from dinghai.schemes.resident_claim_document import claim_document, policy_of_claim
from dinghai.schemes.resident_claim_file import read_claims_file
from dinghai.schemes.resident_claim_recovery import ReturnsFile, read_returns
from dinghai.schemes.resident_claim_results import summary_of, tables_of
from dinghai.schemes.resident_claim_tables import ReturnRule, read_rules, shipped_rules
from dinghai.schemes.resident_claim_terms import CoverTerms
from dinghai.schemes.resident_claim_writing import write_tables
from dinghai.wording.products import load_product

PRODUCT: Final = "resident-anti-fraud"
_SHOWN: Final = 20


def register(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands."""
    decide = add_command(commands, "decide", _decide,
                         "decide a file of claims: pay, wait, ask, refer or refuse, with reasons")
    _common(decide)
    decide.add_argument("-o", "--output", type=Path, metavar="DIR",
                        help="write decisions, reasons, referrals, requests and recourse here")
    decide.add_argument("--format", choices=("csv", "parquet"), default="csv")
    one = add_command(commands, "claim-file", _claim_file,
                      "write one claim as policy and claim file, to be decided by hand")
    _common(one)
    one.add_argument("--claim", required=True, metavar="ID", help="the claim's number")
    one.add_argument("-o", "--output", required=True, type=Path, metavar="DIR")
    returns = add_command(commands, "returns", _returns,
                          "share money that came back after payment")
    returns.add_argument("returns", type=Path, metavar="RETURNS",
                         help="CSV, Excel or Parquet: claim, loss, recovered, paid, returned")
    returns.add_argument("--rule", choices=get_args(ReturnRule), help="default: the rules' own")
    returns.add_argument("--rules", type=Path, metavar="RULES.toml")


def _common(parser: Parser) -> None:
    parser.add_argument("claims", type=Path, metavar="CLAIMS", help="CSV, Excel or Parquet")
    parser.add_argument("--as-of", metavar="DAY", help="day of the decision (default: today)")
    parser.add_argument("--product", default=PRODUCT, metavar="ID",
                        help="a shipped product's id, or a product folder")
    parser.add_argument("--rules", type=Path, metavar="RULES.toml",
                        help="proofs, patterns and thresholds (default: the shipped ones)")


def _decided(arguments: argparse.Namespace) -> Decisions:
    as_of = day_option(arguments.as_of, "--as-of") or SystemClock().now().date()
    rules = shipped_rules() if arguments.rules is None else read_rules(arguments.rules)
    terms = CoverTerms(load_product(arguments.product))
    found = decide_claims(read_claims_file(arguments.claims), terms, rules, as_of)
    if found.rows and not len(found.claims):
        raise InputError.of(found.rejected)
    return found


def _decide(arguments: argparse.Namespace) -> Answer:
    found = _decided(arguments)
    document = summary_of(found)
    document["output"] = None
    if arguments.output is not None:
        document["files"] = write_tables(arguments.output, tables_of(found), document,
                                         arguments.format)
        document["output"] = str(arguments.output)
    return Answer(document, _text(document), REFUSED if found.rejected else DONE)


def _text(document: dict[str, JSON]) -> list[str]:
    lines = [f"{document['decided']} of {document['rows']} claims decided on {document['as_of']}: "
             f"{format_yuan(document['pay_fen'])} to pay",
             *table(("outcome", "claims"), list(document["outcomes"].items())),
             f"referred to a person: {format_yuan(document['referred_fen'])} by the terms; "
             f"waiting: {format_yuan(document['waiting_fen'])} if nothing more comes back"]
    if document["younger_than_a_day"]:
        lines.append(f"{document['younger_than_a_day']} claims may be younger than a day: "
                     "stop the payment first")
    shown = [(name, count) for name, count in document["patterns"].items() if count]
    lines += table(("pattern", "claims"), shown) if shown else []
    lines += [f"  {one['keys']} keys of kind {one['kind']} are common (up to "
              f"{one['most_persons']} persons) and tie nobody" for one in document["common_keys"]]
    faults = document["faults"]
    lines += [f"! {one['file']}:{one['line']}: {one['field']}: {one['message']} ({one['mend']})"
              for one in faults[:_SHOWN]]
    if len(faults) > _SHOWN:
        lines.append(f"! and {len(faults) - _SHOWN} more; all stand in the table of rejected rows")
    return lines


def _claim_file(arguments: argparse.Namespace) -> Answer:
    found = _decided(arguments)
    numbers = found.claims.texts["claim_id"]
    if arguments.claim not in numbers:
        raise InputError(f"no claim {arguments.claim} was decided", file=str(arguments.claims),
                         field="--claim", mend="name a claim of the file that was not rejected")
    place = numbers.index(arguments.claim)
    policy, claim = policy_of_claim(found, place).to_dict(), claim_document(found, place)
    try:
        arguments.output.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"no folder can be made here: {error.strerror}",
                         file=str(arguments.output), field="--output",
                         mend="name a folder, or a new one in one that is there") from error
    write_whole(arguments.output / "policy.json", policy)
    write_whole(arguments.output / "claim.json", claim)
    return Answer({"schema": "dinghai.resident-claim-file/1", "claim": claim,
                   "outcome": found.outcome_of(place), "output": str(arguments.output)},
                  [f"policy.json and claim.json of {arguments.claim} are in {arguments.output}"])


def _returns(arguments: argparse.Namespace) -> Answer:
    rules = shipped_rules() if arguments.rules is None else read_rules(arguments.rules)
    found: ReturnsFile = read_returns(arguments.returns, arguments.rule or rules.returns.rule)
    if found.rejected and not found.rows:
        raise InputError.of(found.rejected)
    document = found.to_dict()
    rows = [(one.claim_id, format_yuan(one.returned_fen), format_yuan(one.shares.insured_fen),
             format_yuan(one.shares.insurer_fen)) for one in found.rows]
    text = [*table(("claim", "returned", "insured", "insurer"), rows),
            f"returned {format_yuan(document['returned_fen'])}: insured "
            f"{format_yuan(document['insured_fen'])}, insurer "
            f"{format_yuan(document['insurer_fen'])} ({found.rule})",
            *(f"! {fault}" for fault in found.rejected)]
    return Answer(document, text, REFUSED if found.rejected else DONE)
