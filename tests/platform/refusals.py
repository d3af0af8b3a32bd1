"""The sentences that sources refuse with, read from the sources themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

SAYING = {"Refusal", "InputError", "refuse", "Fault", "_Unfit", "CellFault", "__init__", "fault"}


def sentences(sources: Iterable[Path]) -> set[str]:
    """The texts that the sources hand to what refuses, figures as «a», «b», …"""
    found: set[str] = set()
    for path in sources:
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and _name(call.func) in SAYING:
                for one in (*call.args, *(each.value for each in call.keywords
                                          if each.arg in ("mend", "reasons", "message"))):
                    found |= set(_texts(one))
    return {one for one in found if " " in one}


def _name(called: ast.expr) -> str:
    return getattr(called, "attr", "") or getattr(called, "id", "")


def _texts(given: ast.expr) -> list[str]:
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        return [given.value]
    if isinstance(given, ast.JoinedStr):
        return ["".join(one.value if isinstance(one, ast.Constant) else f"«{at}»"
                        for at, one in enumerate(given.values))]
    if isinstance(given, ast.Tuple | ast.List):
        return [text for one in given.elts for text in _texts(one)]
    if isinstance(given, ast.IfExp):
        return [*_texts(given.body), *_texts(given.orelse)]
    return []
