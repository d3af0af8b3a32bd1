"""`dinghai chain`: supply chains as one risk, and the plain networks that prove the kernels."""

from __future__ import annotations

import argparse

from dinghai.cli import (
    chain_files,
    chain_float,
    chain_graph,
    chain_hardening,
    chain_runs,
    chain_settle,
    chain_shares,
    chain_views,
)
from dinghai.cli.output import Parser


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands."""
    chain = subparsers.add_parser(
        "chain", help="supply chains as one risk; cascades, passages, protection")
    commands = chain.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    chain_files.register(commands)
    chain_runs.register(commands)
    chain_float.register(commands)
    chain_hardening.register(commands)
    chain_settle.register(commands)
    chain_shares.register(commands)
    chain_views.register(commands)
    chain_graph.register(commands)
