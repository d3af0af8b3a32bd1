"""The old certificates of a renewal's chunk, and how each stood when it was staged, packed."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from dinghai_platform.residents.models import ChangeChunk

Numbers = np.ndarray[Any, np.dtype[np.int64]]


def packed_sources(certificates: Sequence[int], changes: Sequence[int]) -> bytes:
    """Certificates, in the order of the new ones, and the change by which each stands (0: none)."""
    numbers = np.array(certificates, dtype=np.int64)
    return zlib.compress(np.concatenate([
        np.diff(numbers, prepend=0), np.array(changes, dtype=np.int64)]).tobytes())


def sources_of(chunk: ChangeChunk) -> tuple[Numbers, Numbers]:
    """The old certificates of a chunk, and the change by which each stood.

    A chunk from before changes were kept says none: whatever was changed by then is listed again
    rather than renewed as nobody knows it.
    """
    numbers = np.frombuffer(zlib.decompress(bytes(chunk.sources)), dtype=np.int64)
    changes = numbers[chunk.accepted:]
    if len(changes) != chunk.accepted:
        changes = np.zeros(chunk.accepted, dtype=np.int64)
    return np.cumsum(numbers[:chunk.accepted]), changes
