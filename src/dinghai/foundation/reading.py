"""Read typed documents from TOML and JSON with errors that name file, line, field and mend."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TypeVar

import msgspec

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError

T = TypeVar("T")
_PATH = re.compile(r"^(?P<message>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_PIECE = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")


def read_toml(path: Path, kind: type[T], *, limit_bytes: int = 4 * 1024 * 1024) -> T:
    """A TOML file as a typed document. Raises InputError."""
    if not path.is_file():
        raise InputError("there is no such file", file=str(path), mend="check the path")
    if path.stat().st_size > limit_bytes:
        raise InputError(f"the file is larger than {limit_bytes} bytes", file=str(path))
    try:
        text = path.read_text("utf-8")
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise InputError(f"not TOML: {error}", file=str(path),
                         line=int(line[1]) if line else None,
                         mend="mend the syntax at this line") from error
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8 text", file=str(path), mend="save it as UTF-8") from error
    return typed(raw, kind, file=str(path), text=text)


def plain(document: object) -> dict[str, JSON]:
    """A typed document as plain JSON: dicts, lists, texts, whole numbers."""
    decoded: dict[str, JSON] = msgspec.json.decode(msgspec.json.encode(document))
    return decoded


def typed(raw: JSON, kind: type[T], *, file: str | None = None, text: str | None = None) -> T:
    """Plain data as a typed document. ``text`` lets the error name the line."""
    try:
        return msgspec.convert(raw, kind, strict=True)
    except msgspec.ValidationError as error:
        found = _PATH.match(str(error))
        message, path = (found["message"], found["path"]) if found else (str(error), None)
        field = path.removeprefix("$.") if path else None
        unknown = re.search(r"unknown field `([^`]+)`", message)
        if unknown:
            field = f"{field}.{unknown[1]}" if field and field != "$" else unknown[1]
        raise InputError(message, file=file, line=toml_line(text, field) if text else None,
                         field=field, mend="see the file's reference page for its fields"
                         ) from error


def toml_line(text: str, field: str | None) -> int | None:
    """The line of a field such as ``sections[2].waiting.seconds`` in TOML text, if it is found.

    Follows ``[table]`` and ``[[array]]`` headers, then the last key; the header's line otherwise.
    """
    if not field:
        return None
    pieces = [(name, index) for name, index in _PIECE.findall("." + field)]
    keys = [name for name, _ in pieces if name]
    counts = {keys[0]: next((int(i) for _, i in pieces if i.isdigit()), 0)} if keys else {}
    seen, here, best = -1, "", None
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[\[?\s*([\w.\-\"]+)\s*\]\]?", line)
        if header:
            here = header[1].split(".")[0]
            if line.lstrip().startswith("[[") and header[1] == keys[0]:
                seen += 1
            if here == keys[0] and seen in (-1, counts[keys[0]]):
                best = number
            continue
        inside = (here == "" and len(keys) == 1) or (
            here == keys[0] and seen in (-1, counts[keys[0]]))
        top = here == "" and re.match(rf"\s*{re.escape(keys[0])}\b", line)
        if top or (inside and any(re.match(rf"\s*{re.escape(key)}\s*=", line) for key in keys)):
            return number
    return best
