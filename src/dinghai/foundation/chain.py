"""Merkle roots and hash chains: how batches and histories are proved without their rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

GENESIS = "0" * 64


def merkle_root(leaves: Sequence[bytes]) -> str:
    """Root of a Merkle tree as in RFC 9162 (leaf and node hashes are told apart).

    Hexadecimal; the root of no leaves is the hash of nothing.
    """
    if not leaves:
        return hashlib.sha256(b"").hexdigest()
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        paired = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = [*paired, level[-1]] if len(level) % 2 else paired
    return level[0].hex()


def merkle_proof(leaves: Sequence[bytes], index: int) -> list[tuple[str, str]]:
    """The siblings from a leaf to the root, as ``("left" | "right", hash)``."""
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    proof: list[tuple[str, str]] = []
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            proof.append(("left" if sibling < index else "right", level[sibling].hex()))
        paired = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = [*paired, level[-1]] if len(level) % 2 else paired
        index //= 2
    return proof


def proves(leaf: bytes, proof: Iterable[tuple[str, str]], root: str) -> bool:
    """Whether a proof carries this leaf to this root."""
    current = hashlib.sha256(b"\x00" + leaf).digest()
    for side, sibling in proof:
        other = bytes.fromhex(sibling)
        current = _node(other, current) if side == "left" else _node(current, other)
    return current.hex() == root


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """The first place where a chain does not hold."""

    position: int
    reason: str


def link_hash(previous: str, payload: bytes) -> str:
    """Hash of one link: the previous link's hash and this link's canonical payload."""
    return hashlib.sha256(bytes.fromhex(previous) + payload).hexdigest()


def first_broken_link(links: Iterable[tuple[str, bytes, str]]) -> BrokenLink | None:
    """Walk ``(previous hash, payload, own hash)`` from the start; None when all hold."""
    expected = GENESIS
    for position, (previous, payload, own) in enumerate(links, start=1):
        if previous != expected:
            return BrokenLink(position, "does not follow the link before it")
        if link_hash(previous, payload) != own:
            return BrokenLink(position, "its content does not give its hash")
        expected = own
    return None
