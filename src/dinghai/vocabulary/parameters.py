"""Numbers that a schedule agrees and that clauses refer to: service fee, contracted capacity …"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

import msgspec

from dinghai.vocabulary.tables import by_id, read_toml_table


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One agreed number: fen, a count or seconds."""

    id: str
    type: Literal["money", "count", "duration"]
    name_zh: str
    name_en: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    parameters: tuple[Parameter, ...]


@cache
def parameters() -> Mapping[str, Parameter]:
    """The parameters by code."""
    return by_id(read_toml_table("parameters", _Table, room="vocabulary").parameters, "parameters")
