"""Canonical JSON (RFC 8785) and the SHA-256 over it: the identity of every document."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import rfc8785

from dinghai.foundation.errors import InputError
from dinghai.foundation.locating import key_twice

JSON = Any
"""A value of JSON's own types: dict, list, str, int, float, bool, None."""

_LARGEST = 1 << 53
_HALF = re.compile("[\ud800-\udfff]")
_MAYBE_HALF = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]|\x00")
_ENCODER = msgspec.json.Encoder(order="sorted")


def canonical_bytes(value: JSON) -> bytes:
    """RFC 8785 bytes of a JSON value. Raises InputError for what JSON cannot keep exactly."""
    try:
        if _is_plain(value):  # msgspec writes the same bytes, many times faster
            return _ENCODER.encode(value)
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise InputError(f"not canonical JSON: {error}",
                         mend="use whole numbers below 2^53, texts, lists and objects") from error


def _is_plain(value: JSON) -> bool:
    """Whether there is no number but whole ones and no key beyond ASCII, in the exact types of
    JSON: then sorting by code units is sorting, and no number needs ECMAScript's form."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is int:
        return bool(-_LARGEST < value < _LARGEST)
    if kind is dict:
        if not all(type(key) is str and key.isascii() for key in value):
            return False
        value = value.values()
    elif kind is not list and kind is not tuple:
        return False
    return all(type(one) is str or _is_plain(one) for one in value)


def sha256_hex(data: bytes) -> str:
    """Lower-case hexadecimal SHA-256."""
    return hashlib.sha256(data).hexdigest()


def document_hash(document: JSON) -> str:
    """SHA-256 over the canonical JSON of a document without its own ``hash``."""
    return sha256_hex(canonical_bytes({k: v for k, v in document.items() if k != "hash"}))


def read_json(path: Path, *, limit_bytes: int = 64 * 1024 * 1024) -> JSON:
    """A JSON file, or an InputError that names file, line and mend."""
    if not path.is_file():
        what = "this is a folder" if path.is_dir() else "there is no such file"
        raise InputError(what, file=str(path), mend="name a file")
    if path.stat().st_size > limit_bytes:
        raise InputError(f"the file is larger than {limit_bytes} bytes", file=str(path),
                         mend="split it")
    try:
        data = path.read_bytes()
        document = json.loads(data, parse_constant=_refuse_constant, object_pairs_hook=_once)
        if _MAYBE_HALF.search(data):
            _refuse_halves(document, str(path))
        return document
    except _TwiceError as error:
        found = key_twice(path.read_text("utf-8", errors="replace"))
        name, line = found or (str(error), None)
        raise InputError(f"{error} stands twice in one object", file=str(path), field=name,
                         line=line, mend="keep one: JSON would drop the others silently"
                         ) from error
    except json.JSONDecodeError as error:
        raise InputError(f"not JSON: {error.msg}", file=str(path), line=error.lineno,
                         mend="mend the syntax at this line") from error
    except _NumberError as error:
        raise InputError(f"{error} is no number of JSON", file=str(path),
                         mend="write a finite number, or leave the field out") from error
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise InputError(f"not JSON: {error}", file=str(path), mend="save the file as UTF-8 JSON"
                         ) from error


class _NumberError(Exception):
    """NaN and infinities, which Python's JSON knows and JSON does not."""


class _TwiceError(Exception):
    """A key that one object has twice."""


def _once(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(next(name for name in names if names.count(name) > 1))
    return made


def _refuse_halves(document: JSON, file: str) -> None:
    """Raise InputError for a text that no encoding can write: half of a pair of code units."""
    open_: list[tuple[str, JSON]] = [("", document)]
    while open_:
        field, value = open_.pop()
        if isinstance(value, dict):
            open_ += [(field, key) for key in value]
            open_ += [(f"{field}.{key}".lstrip("."), one) for key, one in value.items()]
        elif isinstance(value, list):
            open_ += [(f"{field}[{place}]", one) for place, one in enumerate(value)]
        elif isinstance(value, str) and _HALF.search(value):
            raise InputError("a text holds half of a pair of code units (\\ud800 to \\udfff)",
                             file=file, field=_HALF.sub("?", field) or None,
                             mend="write the whole character")


def _refuse_constant(name: str) -> None:
    raise _NumberError(name)
