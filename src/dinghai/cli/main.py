"""The `dinghai` command: a thin front over the engine; the platform adds its own commands."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import entry_points
from typing import Final

from dinghai import __version__
from dinghai.cli.output import Parser, as_json, give_error
from dinghai.foundation.errors import InputError, Refusal

ROOMS: Final = {
    "evidence": "evidence",
    "assess": "risk",
    "quote": "risk",
    "quote-batch": "batch",
    "simulate": "simulate",
    "incidents": "incidents",
    "experience": "experience",
    "fit": "fit",
    "calibrate": "calibrate",
    "compound": "compound",
    "pool": "pool",
    "subsidy": "subsidy",
    "chain": "chain",
    "park": "park",
    "needs": "comparison",
    "feeds": "feeds",
    "claims": "claims",
    "oed": "oed",
    "residents": "residents",
    "wording": "wording",
    "filing": "filing",
    "small-firms": "small_firms",
}
"""Each command of the engine, and the module here that registers it."""


def build_parser(command: str | None = None) -> Parser:
    """The whole command line, or as much of it as one of the engine's commands needs.

    Loading every room takes seconds, so that a command loads its own alone.
    """
    parser = Parser(prog="dinghai", description="Cyber insurance from evidence to a settled claim.")
    parser.add_argument("--version", action="version", version=f"dinghai {__version__}")
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS,
                        help="print one JSON document")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    for room in dict.fromkeys(ROOMS.values()) if command not in ROOMS else (ROOMS[command],):
        import_module(f"dinghai.cli.{room}").register(subparsers)
    if command not in ROOMS:
        for found in entry_points(group="dinghai.commands"):
            found.load()(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. 0 done, 1 a business "no", 2 bad input."""
    words = list(sys.argv[1:] if argv is None else argv)
    json_wanted = "--json" in words
    if isinstance(sys.stdout, io.TextIOWrapper):
        # a name that the shell gave in no encoding, or that the terminal has no letters for
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        parser = build_parser(next((word for word in words if not word.startswith("-")), None))
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
    except OSError as error:
        return give_error(InputError(
            error.strerror or str(error), file=None if error.filename is None
            else str(error.filename), mend="give a path that can be read, or written to"),
            json_wanted)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
