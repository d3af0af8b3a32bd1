"""`dinghai claims`: decide a claim, replay a decision, explain a line, make a history."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Final

from dinghai.claims.adjudication import decide
from dinghai.claims.claim_file import read_claim
from dinghai.claims.history import History, history_of, read_history
from dinghai.claims.replay import check_decision, replay
from dinghai.cli.output import DONE, REFUSED, Answer, Parser, add_command, table
from dinghai.documents.decision_text import explain_line
from dinghai.foundation.canonical import JSON, read_json
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import format_yuan
from dinghai.foundation.reading import located, read_document
from dinghai.terms.states import section_name
from dinghai.wording.binding import read_policy_file
from dinghai.wording.policy import Policy


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands."""
    group = subparsers.add_parser("claims", help="decide claims and replay decisions")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True,
                                    parser_class=Parser)
    decide = add_command(commands, "adjudicate", _adjudicate,
                         "decide a claim file by its policy, line by line")
    decide.add_argument("--policy", required=True, type=Path, metavar="POLICY",
                        help="a policy document (JSON), or a policy written by hand (TOML)")
    decide.add_argument("--claim", required=True, type=Path, metavar="CLAIM",
                        help="a claim file, JSON or TOML")
    decide.add_argument("--history", type=Path, nargs="+", default=[], metavar="HISTORY",
                        help="a history, or the decisions on earlier claims, in order")
    decide.add_argument("-o", "--output", type=Path, metavar="DECISION.json",
                        help="also write the decision here")
    again = add_command(commands, "replay", _replay,
                        "recompute a decision from its own inputs and compare byte for byte")
    again.add_argument("decision", type=Path, metavar="DECISION.json")
    explain = add_command(commands, "explain", _explain,
                          "say in words how a line came to its amount")
    explain.add_argument("decision", type=Path, metavar="DECISION.json")
    explain.add_argument("--line", type=int, metavar="N", help="only this line")
    explain.add_argument("--language", choices=("zh", "en"), default="zh")
    history = add_command(commands, "history", _history,
                          "make the history that decisions leave behind, in order")
    history.add_argument("decisions", type=Path, nargs="+", metavar="DECISION.json")
    history.add_argument("-o", "--output", type=Path, metavar="HISTORY.json")


def _adjudicate(arguments: argparse.Namespace) -> Answer:
    with located(arguments.claim, arguments.policy, *arguments.history):
        decision = _decided(arguments)
    if arguments.output is not None:
        write_whole(arguments.output, decision)
    return Answer(decision, _decision_text(decision))


def _decided(arguments: argparse.Namespace) -> dict[str, JSON]:
    policy = read_policy_file(arguments.policy)
    claim, incident = read_claim(read_document(arguments.claim), file=str(arguments.claim))
    history = _read_history(arguments.history, policy)
    try:
        return decide(policy, claim, incident, history)
    except InputError as error:
        names = {"policy": str(arguments.policy), "claim": str(arguments.claim)}
        raise InputError.of(
            Fault(one.message, names.get(one.file or "", one.file), one.line, one.field, one.mend)
            for one in error.faults) from error


def _read_history(paths: list[Path], policy: Policy) -> History | None:
    """One history, or one made of decisions. Raises InputError for a mixture."""
    if not paths:
        return None
    documents = [read_document(path) for path in paths]
    if len(paths) == 1 and _schema(documents[0]) == "dinghai.history/1":
        return read_history(documents[0], policy, file=str(paths[0]))
    for path, document in zip(paths, documents, strict=True):
        if _schema(document) != "dinghai.decision/1":
            raise InputError("this is neither a history nor a decision", file=str(path),
                             field="schema", mend="give one history, or decisions")
        check_decision(document, file=str(path))
    made = history_of(documents, policy.schedule.policy_no)
    return read_history(made, policy, file=str(paths[0]))


def _schema(document: JSON) -> str:
    return str(document.get("schema", "")) if isinstance(document, dict) else ""


def _history(arguments: argparse.Namespace) -> Answer:
    documents = [read_document(path) for path in arguments.decisions]
    for path, document in zip(arguments.decisions, documents, strict=True):
        check_decision(document, file=str(path))
    policy_no = str(documents[0]["inputs"]["claim"].get("policy_no", ""))
    history = history_of(documents, policy_no)
    if arguments.output is not None:
        write_whole(arguments.output, history)
    rows = [(one["claim_no"], format_yuan(sum(one["paid"].values()))) for one in history["claims"]]
    return Answer(history, table(("claim", "paid out of limits"), rows))


def _explain(arguments: argparse.Namespace) -> Answer:
    decision = read_document(arguments.decision)
    check_decision(decision, file=str(arguments.decision))
    numbers = [line["no"] for line in decision["lines"]]
    if arguments.line is not None and arguments.line not in numbers:
        raise InputError(f"the decision has no line {arguments.line}", field="--line",
                         mend="one of: " + ", ".join(map(str, numbers)))
    lines = [line for line in decision["lines"] if arguments.line in (None, line["no"])]
    text = [row for line in lines for row in explain_line(decision, line, arguments.language)]
    if arguments.line is None:
        text += _layer_text(decision.get("layers", []))
    return Answer({"lines": lines}, text)


def _decision_text(decision: dict[str, JSON]) -> list[str]:
    rows = [(line["no"], section_name(line["coverage"], line.get("insured", "")) or "-",
             line["outcome"],
             format_yuan(line["payable_fen"]), line["clause"], " ".join(line["law"]))
            for line in decision["lines"]]
    text = table(("no", "coverage", "outcome", "payable", "clause", "law"), rows)
    sums = [f"{words} {format_yuan(decision[key])}" for key, words in _SUMS.items()
            if key in decision]
    return [*text, f"total {format_yuan(decision['total_fen'])}", *sums,
            *_layer_text(decision.get("layers", [])), f"hash  {decision['hash']}",
            *_flag_text(decision["lines"])]


_SUMS: Final = {
    "insurers_fen": "  of it insurers pay",
    "contributions_fen": "  of it contributions by agreement, no insurance,",
    "interim_above_due_fen": "paid in advance beyond what is due",
}


def _layer_text(layers: list[JSON]) -> list[str]:
    """Each layer, and under it who bears what of it."""
    text = []
    for layer in layers:
        text.append(f"layer {layer['id']} bears {format_yuan(layer['borne_fen'])}")
        text += [f"  {one['party']} ({one['role']}, {one['kind']}) {format_yuan(one['fen'])}"
                 for one in layer["shares"]]
        if layer.get("unplaced_fen"):
            text.append(f"  not placed {format_yuan(layer['unplaced_fen'])}")
        if layer.get("reinstated_fen"):
            text.append(f"  reinstated {format_yuan(layer['reinstated_fen'])} for a premium of "
                        f"{format_yuan(layer['reinstatement_premium_fen'])}")
    return text


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
    made: Path | None = None
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent or ".",
                                         prefix=f".{path.name}.", delete=False) as file:
            made = Path(file.name)
            json.dump(document, file, ensure_ascii=False, indent=2)
            file.write("\n")
        made.chmod(0o644)
        made.replace(path)
    except OSError as error:
        if made is not None:
            made.unlink(missing_ok=True)
        raise InputError(f"cannot write: {error.strerror}", file=str(path),
                         mend="choose a folder that exists and can be written") from error
