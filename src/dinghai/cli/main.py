"""The `dinghai` command: a thin front over the engine; the platform adds its own commands."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points

from dinghai import __version__
from dinghai.cli import (
    batch,
    calibrate,
    chain,
    claims,
    comparison,
    compound,
    evidence,
    experience,
    feeds,
    filing,
    fit,
    incidents,
    oed,
    pool,
    risk,
    simulate,
    wording,
)
from dinghai.cli.output import Parser, as_json, give_error
from dinghai.foundation.errors import InputError, Refusal


def build_parser() -> Parser:
    """The whole command line."""
    parser = Parser(prog="dinghai", description="Cyber insurance from evidence to a settled claim.")
    parser.add_argument("--version", action="version", version=f"dinghai {__version__}")
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS,
                        help="print one JSON document")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    for room in (evidence, risk, batch, simulate, incidents, experience, fit, calibrate, compound,
                 pool, chain, comparison, feeds, claims, oed, wording, filing):
        room.register(subparsers)
    for found in entry_points(group="dinghai.commands"):
        found.load()(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. 0 done, 1 a business "no", 2 bad input."""
    words = list(sys.argv[1:] if argv is None else argv)
    json_wanted = "--json" in words
    try:
        parser = build_parser()
        arguments = parser.parse_args(words)
        json_wanted = as_json(arguments)
        if not hasattr(arguments, "run"):
            raise InputError("no command was given", mend="see: dinghai --help")
        return int(arguments.run(arguments))
    except (InputError, Refusal) as error:
        return give_error(error, json_wanted)
    except BrokenPipeError:
        # the reader has gone: nothing more to say, and nothing for the interpreter to flush
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
