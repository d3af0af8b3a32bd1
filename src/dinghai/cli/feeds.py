"""`dinghai feeds load` and `dinghai feeds status`."""

from __future__ import annotations

import argparse
from pathlib import Path

from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.evidence.feed_store import FeedStore


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands."""
    group = subparsers.add_parser("feeds", help="threat feeds: KEV and EPSS")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True,
                                    parser_class=Parser)
    load = add_command(commands, "load", _load,
                       "replace a table from CISA's KEV (JSON, CSV) or FIRST's EPSS (CSV)")
    load.add_argument("file", type=Path, metavar="FILE")
    add_command(commands, "status", _status, "which tables are in use, and how old they are")


def _load(arguments: argparse.Namespace) -> Answer:
    loaded = FeedStore.of_house().load(arguments.file)
    document = {"schema": "dinghai.feeds/1", "loaded": loaded.to_dict()}
    return Answer(document, [f"{loaded.kind}: {loaded.rows} rows as of {loaded.as_of}, "
                             f"{loaded.added} new, {loaded.removed} gone"])


def _status(arguments: argparse.Namespace) -> Answer:
    tables = FeedStore.of_house().status()
    rows = [(one.kind, one.as_of, one.rows, one.origin) for one in tables]
    return Answer({"schema": "dinghai.feeds/1", "tables": [one.to_dict() for one in tables]},
                  table(("feed", "as of", "rows", "origin"), rows))
