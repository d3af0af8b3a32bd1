"""Random draws of a world: pure functions of (world, node, edge), for kernels.

A world is one 64-bit word; what is drawn at a node depends on the world and the node's own key
alone, so that the same node has the same luck in every what-if and on every number of workers.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit, uint64

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S12 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(12)
_SPACING: Final = 1.0 / (1 << 52)

LEAVING: Final = 1
"""Draws of the edges that leave a node: whether each carries."""
GATE: Final = 2
"""Whether a node's own step succeeds."""
DELAY: Final = 3
"""How long the edges that leave a node take."""
PERIOD: Final = 4
"""How long a node stays infectious."""
THRESHOLD: Final = 5
"""Which of a node's incoming edges is the one that counts."""


@njit(cache=True, nogil=True, inline="always")
def mixed(value):  # type: ignore[no-untyped-def]
    """SplitMix64's finaliser."""
    value = (value ^ (value >> _S30)) * _MIX_A
    value = (value ^ (value >> _S27)) * _MIX_B
    return value ^ (value >> _S31)


@njit(cache=True, nogil=True)
def mixed_all(words):  # type: ignore[no-untyped-def]
    """The same of each word of an array."""
    out = np.empty_like(words)
    for place in range(words.shape[0]):
        out[place] = mixed(words[place])
    return out


@njit(cache=True, nogil=True, inline="always")
def world_word(key, world):  # type: ignore[no-untyped-def]
    """The word of a world of a stream."""
    return mixed(uint64(key) + uint64(world) * GOLDEN)


@njit(cache=True, nogil=True, inline="always")
def node_word(word, node, purpose):  # type: ignore[no-untyped-def]
    """The word of a node in a world, for one purpose."""
    return mixed(word + (uint64(node) * uint64(8) + uint64(purpose)) * GOLDEN)


@njit(cache=True, nogil=True, inline="always")
def draw_word(word, draw):  # type: ignore[no-untyped-def]
    """The word of a numbered draw."""
    return mixed(word + (uint64(draw) + uint64(1)) * GOLDEN)


@njit(cache=True, nogil=True, inline="always")
def unit(word):  # type: ignore[no-untyped-def]
    """A float64 in the open interval (0, 1) made of a word."""
    return (float(word >> _S12) + 0.5) * _SPACING
