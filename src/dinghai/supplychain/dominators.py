"""Dominators of a directed graph: through which nodes every way from a root to a node must pass.

Cooper, Harvey and Kennedy, "A simple, fast dominance algorithm" (2001): nodes in reverse postorder,
immediate dominators intersected until nothing moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

UNREACHED: Final = -1


def immediate_dominators(nodes: int, edges: Iterable[tuple[int, int]], root: int) -> list[int]:
    """By node, the last node that every way from the root to it passes; the root is its own, and
    what no way reaches has −1. Edges are (from, to); loops and parallel edges do no harm."""
    leaving: list[list[int]] = [[] for _ in range(nodes)]
    into: list[list[int]] = [[] for _ in range(nodes)]
    for source, target in edges:
        leaving[source].append(target)
        into[target].append(source)
    order = _postorder(leaving, root)
    rank = {node: place for place, node in enumerate(order)}
    found = [UNREACHED] * nodes
    found[root] = root
    moving = True
    while moving:
        moving = False
        for node in reversed(order):
            if node == root:
                continue
            known = [one for one in into[node] if one in rank and found[one] != UNREACHED]
            best = known[0]
            for other in known[1:]:
                best = _common(found, rank, best, other)
            if found[node] != best:
                found[node] = best
                moving = True
    return found


def dominated(immediate: Sequence[int], root: int) -> dict[int, list[int]]:
    """By node that dominates others than itself, those others in order; the root is left out."""
    found: dict[int, list[int]] = {}
    for node, above in enumerate(immediate):
        if above == UNREACHED or node == root:
            continue
        while above != root:
            found.setdefault(above, []).append(node)
            above = immediate[above]
    return found


def _postorder(leaving: Sequence[Sequence[int]], root: int) -> list[int]:
    order: list[int] = []
    seen = {root}
    waiting: list[tuple[int, int]] = [(root, 0)]
    while waiting:
        node, way = waiting.pop()
        while way < len(leaving[node]) and leaving[node][way] in seen:
            way += 1
        if way == len(leaving[node]):
            order.append(node)
            continue
        waiting.append((node, way + 1))
        seen.add(leaving[node][way])
        waiting.append((leaving[node][way], 0))
    return order


def _common(found: Sequence[int], rank: dict[int, int], one: int, other: int) -> int:
    while one != other:
        while rank[one] < rank[other]:
            one = found[one]
        while rank[other] < rank[one]:
            other = found[other]
    return one
