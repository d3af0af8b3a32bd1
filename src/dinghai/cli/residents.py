"""`dinghai residents`: anti-fraud cover of residents, in mass."""

from __future__ import annotations

import argparse

from dinghai.cli import resident_certificates, resident_lists
from dinghai.cli.output import Parser


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands."""
    residents = subparsers.add_parser("residents", help="residents' anti-fraud cover, in mass")
    commands = residents.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    resident_lists.register(commands)
    resident_certificates.register(commands)
