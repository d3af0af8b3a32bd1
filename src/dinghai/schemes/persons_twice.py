"""Who stands in a list twice: keyed look-up hashes of identity numbers, and their order.

The hashes are keyed BLAKE2b of 16 bytes, so that whoever sees them without the key cannot try
identity numbers, of which there are few enough to try them all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

WIDTH: Final = 16
_PERSON: Final = b"identity"
Hashes = npt.NDArray[np.uint64]


def look_up_hashes(identities: Iterable[str], key: bytes) -> bytes:
    """The hashes of identity numbers, one after another. ``key`` is 16 to 64 secret bytes."""
    if not 16 <= len(key) <= 64:
        raise ValueError("a key has 16 to 64 bytes")
    start, found = hashlib.blake2b(digest_size=WIDTH, key=key, person=_PERSON), []
    for one in identities:
        hashed = start.copy()
        hashed.update(one.encode())
        found.append(hashed.digest())
    return b"".join(found)


def as_pairs(hashes: bytes) -> Hashes:
    """Hashes as pairs of words in their order, shape (n, 2)."""
    pairs: Hashes = np.frombuffer(hashes, dtype=">u8").astype(np.uint64).reshape(-1, 2)
    return pairs


def sorted_places(pairs: Hashes) -> npt.NDArray[np.int64]:
    """The places of hashes in ascending order; equal ones stay as they came."""
    order: npt.NDArray[np.int64] = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return order


def first_places(pairs: Hashes) -> npt.NDArray[np.int64]:
    """For each hash the place where the same one stood first; its own where it did not."""
    number = len(pairs)
    order = sorted_places(pairs)
    new = np.ones(number, dtype=np.bool_)
    new[1:] = (pairs[order[1:]] != pairs[order[:-1]]).any(axis=1)
    leaders = order[np.flatnonzero(new)]
    first = np.empty(number, dtype=np.int64)
    first[order] = leaders[np.cumsum(new) - 1]
    return first
