"""The techniques of MITRE ATT&CK, enterprise and industrial control systems, by their ids."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Final

VERSION: Final = "mitre/cti 421deac, 2025-11-13"


@cache
def known_techniques() -> frozenset[str]:
    """Every id, sub-techniques included. © The MITRE Corporation, see NOTICE."""
    text = files("dinghai.data").joinpath("supplychain/technique_ids.txt").read_text("utf-8")
    return frozenset(line for line in text.split("\n") if line and not line.startswith("#"))


def technique_text(ids: Iterable[str]) -> str:
    """The shipped file, from ids in any order."""
    return "".join(f"{line}\n" for line in (
        "# Technique ids of MITRE ATT&CK, enterprise and ICS. © The MITRE Corporation.",
        "# This work is reproduced and distributed with the permission of The MITRE Corporation.",
        f"# {VERSION}", *sorted(set(ids))))
