"""A plain document as TOML text that reads back as the same document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(document: Mapping[str, JSON]) -> str:
    """The TOML of a document of texts, numbers, truths, lists and tables; null is left out.

    Raises InputError for a value that TOML does not know.
    """
    return "\n".join(_table(document, ())).strip("\n") + "\n"


def _table(table: Mapping[str, JSON], path: tuple[str, ...]) -> Iterator[str]:
    """First the table's own values, then its tables and lists of tables."""
    below = {key: value for key, value in table.items() if _is_table(value, path)}
    for key, value in table.items():
        if value is not None and key not in below:
            yield f"{_key(key)} = {_inline(value)}"
    for key, value in below.items():
        name = ".".join(_key(one) for one in (*path, key))
        for one in value if isinstance(value, list) else [value]:
            yield ""
            yield f"[[{name}]]" if isinstance(value, list) else f"[{name}]"
            yield from _table(one, (*path, key))


def _is_table(value: JSON, path: tuple[str, ...]) -> bool:
    if isinstance(value, Mapping):
        return True
    # Lists of tables below a list of tables stay in line: short conditions read better so.
    return (not path and isinstance(value, list) and bool(value)
            and all(isinstance(one, Mapping) for one in value))


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")


def _inline(value: JSON) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return _text(value)
        case list() | tuple():
            return "[" + ", ".join(_inline(one) for one in value) + "]"
        case Mapping():
            parts = (f"{_key(key)} = {_inline(one)}" for key, one in value.items()
                     if one is not None)
            return "{ " + ", ".join(parts) + " }"
    raise InputError(f"{value!r} cannot be written as TOML", mend="use texts, numbers and lists")
