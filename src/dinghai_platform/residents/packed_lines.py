"""Lines of a list, ascending, as a row keeps them: their steps, compressed."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

Lines = np.ndarray[Any, np.dtype[np.int64]]


def packed_lines(lines: Lines) -> bytes:
    """Lines as a row keeps them."""
    return zlib.compress(np.diff(lines, prepend=0).astype(np.int64).tobytes())


def lines_of(packed: bytes | memoryview | None) -> Lines:
    """The lines that a row keeps; none where it keeps nothing."""
    steps = zlib.decompress(bytes(packed)) if packed else b""
    return np.cumsum(np.frombuffer(steps, dtype=np.int64))


def stands_in(lines: Lines, sought: Lines) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which of the lines ``sought`` are among ``lines``."""
    places = np.searchsorted(lines, sought)
    found = np.zeros(len(sought), dtype=np.bool_)
    inside = places < len(lines)
    found[inside] = lines[places[inside]] == sought[inside]
    return found
