"""How the tables of the standard language are read: strictly, once, and never changed after."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Protocol, TypeVar

import msgspec


class Identified(Protocol):
    """Anything with an identifier."""

    @property
    def id(self) -> str:
        """Its code in the table."""
        ...


Item = TypeVar("Item", bound=Identified)
Document = TypeVar("Document")


class TableError(Exception):
    """A shipped table is broken: a fault of the release, not of anyone's input."""


def read_table(name: str, shape: type[Document], *, room: str = "vocabulary") -> Document:
    """Decode ``data/<room>/<name>.json`` into a struct; other or missing keys raise TableError."""
    raw = files("dinghai.data").joinpath(f"{room}/{name}.json").read_bytes()
    try:
        return msgspec.json.decode(raw, type=shape)
    except msgspec.DecodeError as error:
        raise TableError(f"{room}/{name}.json: {error}") from error


def read_toml_table(name: str, shape: type[Document], *, room: str) -> Document:
    """The same for ``data/<room>/<name>.toml``, for tables that people edit by hand."""
    raw = files("dinghai.data").joinpath(f"{room}/{name}.toml").read_text("utf-8")
    try:
        return msgspec.convert(tomllib.loads(raw), type=shape)
    except (msgspec.ValidationError, tomllib.TOMLDecodeError) as error:
        raise TableError(f"{room}/{name}.toml: {error}") from error


def by_id(items: Iterable[Item], table: str) -> Mapping[str, Item]:
    """Items keyed by their identifier, in the table's order. Raises TableError for a duplicate."""
    found: dict[str, Item] = {}
    for item in items:
        if item.id in found:
            raise TableError(f"{table}: {item.id} stands twice")
        found[item.id] = item
    return MappingProxyType(found)
