"""`dinghai claims adjudicate` and `dinghai claims replay`."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from dinghai.claims.adjudication import adjudicate
from dinghai.claims.replay import replay
from dinghai.cli.output import DONE, REFUSED, Answer, Parser, add_command, table
from dinghai.foundation.canonical import JSON, read_json
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import format_yuan


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands."""
    group = subparsers.add_parser("claims", help="decide claims and replay decisions")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True,
                                    parser_class=Parser)
    decide = add_command(commands, "adjudicate", _adjudicate,
                         "decide a claim file by its policy, line by line")
    decide.add_argument("--policy", required=True, type=Path, metavar="POLICY.json")
    decide.add_argument("--claim", required=True, type=Path, metavar="CLAIM.json")
    decide.add_argument("-o", "--output", type=Path, metavar="DECISION.json",
                        help="also write the decision here")
    again = add_command(commands, "replay", _replay,
                        "recompute a decision from its own inputs and compare byte for byte")
    again.add_argument("decision", type=Path, metavar="DECISION.json")


def _adjudicate(arguments: argparse.Namespace) -> Answer:
    policy, claim = read_json(arguments.policy), read_json(arguments.claim)
    try:
        decision = adjudicate(policy, claim)
    except InputError as error:
        names = {"policy": str(arguments.policy), "claim": str(arguments.claim)}
        raise InputError.of(
            Fault(one.message, names.get(one.file or "", one.file), one.line, one.field, one.mend)
            for one in error.faults) from error
    if arguments.output is not None:
        write_whole(arguments.output, decision)
    return Answer(decision, _decision_text(decision))


def _decision_text(decision: dict[str, JSON]) -> list[str]:
    rows = [(line["no"], line["coverage"] or "-", line["outcome"],
             format_yuan(line["payable_fen"]), line["clause"], " ".join(line["law"]))
            for line in decision["lines"]]
    text = table(("no", "coverage", "outcome", "payable", "clause", "law"), rows)
    return [*text, f"total {format_yuan(decision['total_fen'])}", f"hash  {decision['hash']}",
            *_flag_text(decision["lines"])]


def _flag_text(lines: list[JSON]) -> list[str]:
    """Flags once each: what concerns the event stands on every line of the document."""
    seen: dict[tuple[str, str, str, str], tuple[list[int], list[str]]] = {}
    for line in lines:
        for flag in line["flags"]:
            key = (flag["kind"], flag["code"], flag["subject"], flag["burden"])
            seen.setdefault(key, ([], flag["facts"]))[0].append(line["no"])
    return [f"  {kind} {code} on {subject} (burden: {burden}; lines "
            f"{', '.join(map(str, numbers))}; {', '.join(facts)})"
            for (kind, code, subject, burden), (numbers, facts) in seen.items()]


def _replay(arguments: argparse.Namespace) -> Answer:
    result = replay(read_json(arguments.decision), file=str(arguments.decision))
    return Answer(result.to_dict(), [result.message, f"hash  {result.hash}"],
                  DONE if result.same else REFUSED)


def write_whole(path: Path, document: JSON) -> None:
    """Write a JSON file entirely or not at all."""
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent or ".",
                                         prefix=f".{path.name}.", delete=False) as file:
            json.dump(document, file, ensure_ascii=False, indent=2)
            file.write("\n")
        Path(file.name).chmod(0o644)
        Path(file.name).replace(path)
    except OSError as error:
        raise InputError(f"cannot write: {error.strerror}", file=str(path),
                         mend="choose a folder that exists and can be written") from error
