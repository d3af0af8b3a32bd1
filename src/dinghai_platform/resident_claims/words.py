"""Codes of residents' claims in words."""
from __future__ import annotations


def register() -> None:
    """x."""
