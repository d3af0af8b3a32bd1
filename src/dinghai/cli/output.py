"""What every command shares: exit codes, one JSON document or text, errors that name the mend."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, NoReturn

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault, InputError, Refusal

DONE: Final = 0
REFUSED: Final = 1
BAD_INPUT: Final = 2
_ARGUMENT: Final = re.compile(
    r"argument (?P<one>\S+): (?P<text>.*)|the following arguments are required: (?P<many>.*)",
    re.DOTALL)
_LONGEST: Final = 1_000
_PAIR: Final = re.compile(r"(?:^|,)\s*([a-z_]+)\s*=")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command found: the document for programs, lines for people, the exit code."""

    document: JSON
    text: Sequence[str]
    code: int = DONE


Command = Callable[[argparse.Namespace], Answer]


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are InputErrors, so that `--json` covers them too."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing and leaving."""
        mend, found = f"see: {self.prog} --help", _ARGUMENT.match(message)
        if found is None:
            raise InputError(message, mend=mend)
        field, text = found["one"] or found["many"], found["text"] or message
        for kind, wanted in (("int", "a whole number"), ("float", "a number")):
            if text.startswith(f"invalid {kind} value"):
                mend = f"give {wanted}"
        raise InputError(text, field=field.rsplit("/", 1)[-1], mend=mend)


def add_command(
    subparsers: argparse._SubParsersAction[Parser], name: str, command: Command, help_text: str
) -> Parser:
    """A leaf command that returns an Answer; it understands ``--json``."""
    parser = subparsers.add_parser(name, help=help_text, description=help_text)
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS,
                        help="print one JSON document")
    parser.set_defaults(run=lambda arguments: give(command(arguments), as_json(arguments)))
    return parser


def as_json(arguments: argparse.Namespace) -> bool:
    """Whether the user asked for JSON, before or after the command's name."""
    return bool(getattr(arguments, "json", False))


def give(answer: Answer, json_wanted: bool) -> int:
    """Print an answer; its exit code."""
    if json_wanted:
        try:
            written = json.dumps(answer.document, ensure_ascii=False, indent=2, allow_nan=False)
        except ValueError as error:
            raise InputError("a figure of the answer is no finite number",
                             mend="give smaller figures") from error
        print(written)
    else:
        for line in answer.text:
            print(line)
    return answer.code


def give_error(error: InputError | Refusal, json_wanted: bool) -> int:
    """Print an error; 2 for bad input, 1 for a business "no"."""
    if isinstance(error, Refusal):
        fault: dict[str, JSON] = {"file": None, "line": None, "field": None,
                                  "message": error.message, "mend": None}
        faults, code = [fault], REFUSED
        lines = [error.message, *(f"  - {reason}" for reason in error.reasons)]
    else:
        shortened = [_shortened(one) for one in error.faults]
        faults, code = [dict(one.to_dict()) for one in shortened], BAD_INPUT
        lines = [f"error: {one}" for one in shortened]
    if json_wanted:
        document: dict[str, JSON] = {"error": faults[0]}
        if len(faults) > 1:
            document["others"] = faults[1:]
        print(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        for line in lines:
            print(line, file=sys.stderr)
    return code


def _shortened(fault: Fault) -> Fault:
    """The same without the bulk of names of a million characters."""
    return replace(fault, message=_short(fault.message) or "", field=_short(fault.field),
                   mend=_short(fault.mend))


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Rows as aligned text; wide (Chinese) characters count as two columns."""
    cells = [list(headings), *([str(cell) for cell in row] for row in rows)]
    widths = [max(_width(row[column]) for row in cells) for column in range(len(headings))]
    return ["  ".join(cell + " " * (width - _width(cell))
                      for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in cells]


def _width(text: str) -> int:
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)


def pairs(text: str, option: str) -> dict[str, str]:
    """``a=x,b=y``; a value may hold commas that no NAME= follows. Raises InputError."""
    if not text.strip():
        return {}
    starts = list(_PAIR.finditer(text))
    if not starts or starts[0].start() != 0:
        raise InputError(f"{text!r} is not NAME=VALUE,…", field=option,
                         mend="write it like name=供应商全称,revenue=年营收")
    ends = [*(one.start() for one in starts[1:]), len(text)]
    found: dict[str, str] = {}
    for start, end in zip(starts, ends, strict=True):
        value = text[start.end():end].strip()
        if start[1] in found or not value:
            raise InputError(f"{start[1]} stands twice or is empty", field=option,
                             mend="write each once, with a value")
        found[start[1]] = value
    return found
