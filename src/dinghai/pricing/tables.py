"""What the tables of pricing share: strict rows with their source, read and checked as one file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from dinghai.foundation.errors import InputError
from dinghai.foundation.locating import with_lines
from dinghai.foundation.reading import read_text, read_toml
from dinghai.foundation.trace import Source

CONFIDENCES: Final = ("T", "A", "M", "M-", "D")
"""Marks of confidence: read, read elsewhere, from memory, uncertain memory, design choice."""

_LARGEST: Final = 4 * 1024 * 1024
Table = TypeVar("Table")


class TableStruct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Strict and immutable. What is left at its default is not written: a field that a later
    version adds leaves the hashes of older tables as they are."""


class Sourced(TableStruct, frozen=True):
    """Figures that say where they come from and how far they are trusted."""

    source: str
    confidence: str

    def origin(self) -> Source:
        """Where the figures come from."""
        return Source(self.source, self.confidence)


def read_checked(
    path: Path, kind: type[Table], check: Callable[[Table, str], Table]
) -> Table:
    """A table from its TOML file, checked. Raises InputError with every fault and its line.

    ``check`` gets the table and the file's name, and raises InputError for what makes no sense.
    """
    table = read_toml(path, kind)
    try:
        return check(table, str(path))
    except InputError as error:
        raise with_lines(error, str(path), read_text(path, limit_bytes=_LARGEST)) from error
