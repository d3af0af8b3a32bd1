"""Where in a TOML or JSON text a field stands: the line an error names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from dinghai.foundation.errors import Fault, InputError

_TOKEN: Final = re.compile(
    r"(?P<skip>[ \t\r]+|#[^\n]*)"
    r'|(?P<text>"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\')'
    r"|(?P<mark>[\[\]{}=:,\n.])"
    r"|(?P<bare>[^\s\[\]{}=:,.#\"']+)", re.DOTALL)
_LARGEST: Final = 8 * 1024 * 1024


def line_of(text: str, field: str | None) -> int | None:
    """The line of a field such as ``items[0].facts.item.amount``, or of what it stands in."""
    if not field or len(text) > _LARGEST:
        return None
    lines = line_index(text)
    while field and field not in lines and f"{field}[0]" not in lines:
        field = field[:max(field.rfind("."), field.rfind("["), 0)]
    return lines.get(field, lines.get(f"{field}[0]"))


def key_twice(text: str) -> tuple[str, int] | None:
    """The path and line of a key that one JSON object has for the second time."""
    scan = _scanned(text)
    return scan.twice[0] if scan.twice else None


def with_lines(error: InputError, file: str, text: str) -> InputError:
    """The same faults; those of this file that name a field and no line get its line."""
    return InputError.of(
        Fault(one.message, one.file, line_of(text, one.field), one.field, one.mend)
        if one.line is None and one.file == file else one for one in error.faults)


@lru_cache(maxsize=8)
def line_index(text: str) -> dict[str, int]:
    """The path of every key and list element of a text that parses, with its line.

    A text that does not parse gives what was found before the place where it breaks.
    """
    return _scanned(text).lines


def _scanned(text: str) -> _Scan:
    scan = _Scan(list(_tokens(text)))
    try:
        if text.lstrip()[:1] == "{":
            scan.value("")
        else:
            scan.statements()
    except (IndexError, RecursionError):
        pass
    return scan


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    line, at = 1, 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            return
        kind, value = str(match.lastgroup), match.group()
        if kind != "skip":
            yield kind, value, line
        line += value.count("\n")
        at = match.end()


@dataclass
class _Scan:
    tokens: list[tuple[str, str, int]]
    at: int = 0
    lines: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    twice: list[tuple[str, int]] = field(default_factory=list)

    def statements(self) -> None:
        """TOML: headers and keys, one a line."""
        table = ""
        while self.at < len(self.tokens):
            if self._take("\n"):
                continue
            if self._take("["):
                table = self._header(repeated=self._take("["))
            else:
                self._pair(table)

    def value(self, path: str) -> None:
        """A list, a table in braces (an object), or a scalar."""
        if self._take("["):
            index = 0
            while not self._closes("]"):
                self.lines[f"{path}[{index}]"] = self._line()
                self.value(f"{path}[{index}]")
                index += 1
        elif self._take("{"):
            while not self._closes("}"):
                self._pair(path)
        else:
            while self.at < len(self.tokens) and self.tokens[self.at][1] not in {
                    ",", "]", "}", "\n"}:
                self.at += 1

    def _header(self, *, repeated: bool) -> str:
        line = self._line()
        pieces = self._key()
        path = ""
        for number, piece in enumerate(pieces):
            path = _join(path, piece)
            if repeated and number == len(pieces) - 1:
                self.counts[path] = self.counts.get(path, -1) + 1
            if path in self.counts:
                path += f"[{self.counts[path]}]"
        self.lines.setdefault(path, line)
        while self._take("]"):
            pass
        return path

    def _pair(self, table: str) -> None:
        line = self._line()
        path, opened = table, []
        for piece in self._key():
            path = _join(path, piece)
            opened.append(path)
        if path in self.lines:
            self.twice.append((path, line))
        for one in opened:
            self.lines.setdefault(one, line)
        self.at += 1  # the sign between key and value
        while self._take("\n"):
            pass
        self.value(path)

    def _key(self) -> list[str]:
        pieces = []
        while self.tokens[self.at][0] in {"text", "bare"}:
            kind, piece, _ = self.tokens[self.at]
            pieces.append(piece[1:-1] if kind == "text" else piece)
            self.at += 1
            if not self._take("."):
                break
        if not pieces:
            raise IndexError("no key stands here")
        return pieces

    def _closes(self, mark: str) -> bool:
        while self._take("\n") or self._take(","):
            pass
        return self._take(mark)

    def _line(self) -> int:
        return self.tokens[self.at][2]

    def _take(self, mark: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at][:2] == ("mark", mark):
            self.at += 1
            return True
        return False


def _join(path: str, piece: str) -> str:
    return f"{path}.{piece}" if path else piece
