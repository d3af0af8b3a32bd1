"""`dinghai chain settle`: who bears what of one event, from its facts or from a decided claim."""

from __future__ import annotations

import argparse
from pathlib import Path

from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import format_yuan
from dinghai.foundation.reading import read_document
from dinghai.supplychain.event_facts_file import event_facts_of, settle_facts
from dinghai.supplychain.layer_file import read_layers
from dinghai.supplychain.settled_decision import settle_decision
from dinghai.supplychain.settlement import Settlement


def register(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the command."""
    one = add_command(commands, "settle", _settle,
                      "who bears one event: insurance, retention, contributions, to the fen")
    one.add_argument("event", type=Path, metavar="EVENT",
                     help="facts of an event (TOML or JSON), or a decision of a claim")
    one.add_argument("--layers", type=Path, metavar="FILE",
                     help="layers and shares; a decision settles by its own policy's")
    one.add_argument("--owner", metavar="ID", help="of a decision: the chain owner")
    one.add_argument("--root-cause", metavar="ID",
                     help="of a decision: the firm where the cause lies, where it is one")


def _settle(arguments: argparse.Namespace) -> Answer:
    raw = read_document(arguments.event)
    decided = isinstance(raw, dict) and raw.get("schema") == "dinghai.decision/1"
    found = _decision(raw, arguments) if decided else _facts(raw, arguments)
    return Answer(found.to_dict(), _text(found))


def _decision(raw: dict[str, JSON], arguments: argparse.Namespace) -> Settlement:
    if arguments.layers is not None:
        raise InputError("a decision settles by the layers of its policy", field="--layers",
                         mend="leave it out")
    if arguments.owner is None:
        raise InputError("who is the chain owner?", field="--owner", mend="name a firm's id")
    return settle_decision(raw, event=str(raw["hash"])[:16], owner=arguments.owner,
                           root_cause=arguments.root_cause, enrolled={})


def _facts(raw: JSON, arguments: argparse.Namespace) -> Settlement:
    for name, given in (("--owner", arguments.owner), ("--root-cause", arguments.root_cause)):
        if given is not None:
            raise InputError("the facts of an event say this themselves", field=name,
                             mend="leave it out")
    if arguments.layers is None:
        raise InputError("by which layers?", field="--layers", mend="name a file of layers")
    return settle_facts(read_layers(arguments.layers), event_facts_of(raw, arguments.event))


def _text(found: Settlement) -> list[str]:
    document = found.to_dict()
    totals = document["totals"]
    return [
        f"presented to the layers  {format_yuan(found.presented_fen)}",
        f"insurance                {format_yuan(totals['insurance_fen'])}",
        f"contributions            {format_yuan(totals['commercial_contribution_fen'])}",
        f"retention                {format_yuan(totals['retention_fen'])}",
        "",
        *table(("layer", "bears"),
               [(name, format_yuan(fen)) for name, fen in found.borne.items()]),
        "",
        *table(("who bears", "whose loss", "section", "layer", "what", "why", "amount"),
               [(one.bearer, one.sufferer, one.coverage, one.layer or "–",
                 one.kind.replace("_", " "), one.reason.replace("_", " "), format_yuan(one.fen))
                for one in found.amounts]),
        *[f"{one.member} {one.coverage}: whether an overdue finding of its own caused it is not "
          "established; nothing was taken for it" for one in found.sections if one.flag]]
