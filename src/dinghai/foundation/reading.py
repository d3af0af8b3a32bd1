"""Read typed documents from TOML and JSON with errors that name file, line, field and mend."""

from __future__ import annotations

import copy
import difflib
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from dinghai.foundation.canonical import JSON, read_json
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.locating import with_lines

T = TypeVar("T")
_PATH = re.compile(r"^(?P<message>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_PIECE = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_NAMED = re.compile(r"(unknown|required) field `(.*)`$", re.DOTALL)
_MOST_FAULTS: Final = 20


def read_toml(path: Path, kind: type[T], *, limit_bytes: int = 4 * 1024 * 1024) -> T:
    """A TOML file as a typed document. Raises InputError."""
    text = read_text(path, limit_bytes=limit_bytes)
    return typed(parse_toml(text, str(path)), kind, file=str(path), text=text)


def read_text(path: Path, *, limit_bytes: int) -> str:
    """A file of text, bounded. Raises InputError."""
    if not path.is_file():
        what = "this is a folder" if path.is_dir() else "there is no such file"
        raise InputError(what, file=str(path), mend="name a file")
    if path.stat().st_size > limit_bytes:
        raise InputError(f"the file is larger than {limit_bytes} bytes", file=str(path),
                         mend="split it")
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8 text", file=str(path), mend="save it as UTF-8") from error


def parse_toml(text: str, file: str) -> dict[str, JSON]:
    """TOML as plain data. Raises InputError with the line where the syntax breaks."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise InputError(f"not TOML: {error}", file=file,
                         line=int(line[1]) if line else text.count("\n") + 1,
                         mend="mend the syntax at this line") from error


def plain(document: object) -> dict[str, JSON]:
    """A typed document as plain JSON: dicts, lists, texts, whole numbers."""
    decoded: dict[str, JSON] = msgspec.json.decode(msgspec.json.encode(document))
    return decoded


def typed(raw: JSON, kind: type[T], *, file: str | None = None, text: str | None = None,
          prefix: str = "") -> T:
    """Plain data as a typed document. Raises one InputError for as many faults as can be seen.

    ``text`` lets the faults name their lines; ``prefix`` says where in the file the data stand.
    """
    try:
        return msgspec.convert(raw, kind, strict=True)
    except msgspec.ValidationError as error:
        found = InputError.of(_faults(raw, kind, str(error), file, prefix))
        raise (with_lines(found, file, text) if file and text else found) from error


def _faults(raw: JSON, kind: type, first: str, file: str | None, prefix: str) -> list[Fault]:
    """The first fault, and those that show once the field at fault is left out."""
    rest, message = copy.deepcopy(raw), first
    faults: list[Fault] = []
    while len(faults) < _MOST_FAULTS:
        text, pieces = _split(message)
        missing = text.startswith("Object missing")
        field = _field(prefix, pieces)
        if missing and any(one.field == field for one in faults):
            break  # it was there, and was left out above
        faults.append(Fault(text, file, None, field or None, _mend(text, kind, pieces)))
        if missing or not _leave_out(rest, pieces):
            break
        try:
            msgspec.convert(rest, kind, strict=True)
        except msgspec.ValidationError as error:
            message = str(error)
        else:
            break
    return faults


def _split(message: str) -> tuple[str, list[str]]:
    """The message, and the path of what is at fault: names, and indices in brackets."""
    match = _PATH.match(message)
    text, path = (match["message"], match["path"]) if match else (message, None)
    pieces = [name or f"[{index}]" for name, index in _PIECE.findall((path or "$")[1:])]
    named = _NAMED.search(text)
    return text, pieces if named is None else [*pieces, named[2]]


def _field(prefix: str, pieces: list[str]) -> str:
    path = prefix
    for piece in pieces:
        path += piece if piece.startswith("[") or not path else f".{piece}"
    return path


def _leave_out(raw: JSON, pieces: list[str]) -> bool:
    """Delete the named field; False where it is not the field of a table."""
    here = raw
    for piece in pieces[:-1]:
        here = _step(here, piece)
    if isinstance(here, dict) and pieces and pieces[-1] in here:
        del here[pieces[-1]]
        return True
    return False


def _step(here: JSON, piece: str) -> JSON:
    if isinstance(here, dict):
        return here.get(piece)
    index = piece.strip("[]")
    return here[int(index)] if isinstance(here, list) and index.isdigit() else None


def _mend(text: str, kind: type, pieces: list[str]) -> str:
    """What to write instead, by what the message complains of."""
    if text.startswith("Object contains"):
        known = _fields_at(kind, pieces[:-1])
        if pieces[-1] in known:
            return "drop it: what stands here is of a kind that has no such field"
        near = difflib.get_close_matches(pieces[-1], known, n=1)
        choice = f"did you mean {near[0]}? " if near else "drop it; "
        return f"{choice}known here: {', '.join(known)}" if known else "drop it"
    if text.startswith("Object missing"):
        return f"add {pieces[-1]}"
    if text.startswith("Invalid enum"):
        allowed = _allowed_at(kind, pieces)
        return "one of: " + ", ".join(allowed) if allowed else "use a word of the vocabulary"
    if text.startswith("Invalid value"):
        tags = _tags_at(kind, pieces)
        return "one of: " + ", ".join(tags) if tags else "use a word of the vocabulary"
    if "got `float`" in text:
        return "write a whole number: fen for amounts, parts per million for ratios, seconds"
    return _mend_type(text)


_EXAMPLES: Final = (
    ("RFC3339 encoded datetime", "write it like 2026-03-02T10:00:00+08:00"),
    ("RFC3339 encoded date", "write it like 2026-03-02"),
    ("Expected `datetime", "write it like 2026-03-02T10:00:00+08:00"),
    ("Expected `date", "write it like 2026-03-02"),
    ("Expected `str", "write a text in quotes"),
    ("Expected `bool", "write true or false"),
    ("Expected `float", "write a number"),
    ("Number out of range", "write a smaller number"),
    ("Expected `array", "write a list: [ … ]"),
    ("Expected `object", "write a table: { … }"),
)
_RANGE: Final = re.compile(r"([<>])(=?) (-?\d+)$")


def _mend_type(text: str) -> str:
    """How a value of the expected type is written."""
    found = _RANGE.search(text)
    if found is not None:
        return f"give {'at least' if found[1] == '>' else 'at most'} {found[3]}"
    for words, mend in _EXAMPLES:
        if words in text:
            return mend
    if "Expected `int" in text:
        return "write a whole number"
    return "see the file's reference page for what stands here"


def _types_at(kind: type, pieces: list[str]) -> list[msgspec.inspect.Type]:
    """The types that may stand at a path of a document."""
    here: list[msgspec.inspect.Type] = [msgspec.inspect.type_info(kind)]
    for piece in pieces:
        here = [below for one in here for below in _below(one, piece)]
    return [one for some in here for one in _alternatives(some)]


def _alternatives(one: msgspec.inspect.Type) -> tuple[msgspec.inspect.Type, ...]:
    return one.types if isinstance(one, msgspec.inspect.UnionType) else (one,)


def _below(one: msgspec.inspect.Type, piece: str) -> list[msgspec.inspect.Type]:
    found: list[msgspec.inspect.Type] = []
    for each in _alternatives(one):
        if isinstance(each, msgspec.inspect.StructType):
            found += [field.type for field in each.fields if field.encode_name == piece]
        elif isinstance(each, msgspec.inspect.DictType):
            found.append(each.value_type)
        elif isinstance(each, (msgspec.inspect.ListType, msgspec.inspect.VarTupleType)):
            found.append(each.item_type)
    return found


def _fields_at(kind: type, pieces: list[str]) -> list[str]:
    return [field.encode_name for one in _types_at(kind, pieces)
            if isinstance(one, msgspec.inspect.StructType) for field in one.fields]


def _tags_at(kind: type, pieces: list[str]) -> list[str]:
    """The kinds of table that a tag may name at a path of a document."""
    return [str(one.tag) for one in _types_at(kind, pieces[:-1])
            if isinstance(one, msgspec.inspect.StructType) and one.tag_field == pieces[-1]]


def _allowed_at(kind: type, pieces: list[str]) -> list[str]:
    return [str(value) for one in _types_at(kind, pieces)
            if isinstance(one, msgspec.inspect.LiteralType) for value in one.values]


def read_document(path: Path, *, limit_bytes: int = 64 * 1024 * 1024) -> JSON:
    """A document in JSON or, by its ending, TOML; dates become text. Raises InputError."""
    if path.suffix != ".toml":
        return read_json(path, limit_bytes=limit_bytes)
    return _without_dates(parse_toml(read_text(path, limit_bytes=limit_bytes), str(path)))


@contextmanager
def located(*paths: Path) -> Iterator[None]:
    """Faults of these files that name a field get their lines on the way out."""
    try:
        yield
    except InputError as error:
        found = error
        for path in paths:
            if path.is_file():
                found = with_lines(found, str(path), path.read_text("utf-8", errors="replace"))
        raise found from error


def _without_dates(value: JSON) -> JSON:
    if isinstance(value, dict):
        return {key: _without_dates(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_dates(one) for one in value]
    return value.isoformat() if isinstance(value, (date, time)) else value
