"""`dinghai residents`: residents' anti-fraud cover in mass. Each part adds its own commands."""

from __future__ import annotations

import argparse
from typing import Final

from dinghai.cli import resident_certificates, resident_claims, resident_lists
from dinghai.cli.output import Parser

PARTS: Final = (resident_lists, resident_certificates, resident_claims)
"""Modules with a ``register(commands)``, in the order in which their commands are listed."""


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the group and the commands of its parts."""
    group = subparsers.add_parser("residents", help="residents' anti-fraud cover in mass")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True,
                                    parser_class=Parser)
    for part in PARTS:
        part.register(commands)
