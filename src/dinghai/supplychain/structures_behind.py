"""A field with more structures behind its own: the same steps and ways, with other times."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dinghai.supplychain.step_graph import Floats
from dinghai.supplychain.strikes import Field


def with_structures(base: Field, retimed: Sequence[tuple[int, Floats]]) -> Field:
    """The field with a structure added for each (structure, ``mu`` by way) in order. Tables by aim
    hold all structures of one aim before those of the next, so that each is laid out anew."""
    if not retimed:
        return base
    perils, shapes = base.ground_up.shape[1], len(base.s_start)
    own = [_Copied(base, shape) for shape, _ in retimed]
    edges = len(base.target) + np.cumsum([0, *(one.edges for one in own)])
    steps = len(base.code) + np.cumsum([0, *(one.steps for one in own)])
    moved = [int(edge) - one.low for edge, one in zip(edges, own, strict=False)]
    by_step = {name: np.concatenate([getattr(base, name), *(
        getattr(base, name)[one.first:one.last] for one in own)])
        for name in ("waits_for", "peril", "code", "before", "after")}
    by_edge = {name: np.concatenate([getattr(base, name), *(
        getattr(base, name)[one.low:one.high] for one in own)]) for name in ("target", "sigma")}
    lengths, leading, leads_to = [], [], []
    useful = []
    for aim in range(perils):
        row = aim * len(base.code)
        for first, last, offset in [(0, len(base.code), 0), *(
                (one.first, one.last, move) for one, move in zip(own, moved, strict=True))]:
            firsts = base.r_first[row + first:row + last + 1]
            lengths.append(np.diff(firsts))
            leading.append(base.r_edge[firsts[0]:firsts[-1]] + offset)
            leads_to.append(base.r_target[firsts[0]:firsts[-1]])
        useful.append(base.useful[aim * shapes:(aim + 1) * shapes])
        useful.append(base.useful[[aim * shapes + shape for shape, _ in retimed]])
    impacts = [base.i_step[base.i_first[row]:base.i_first[row + 1]] for shape, _ in retimed
               for row in range(shape * perils, (shape + 1) * perils)]
    return base._replace(
        s_step=np.append(base.s_step, steps[1:]).astype(np.int32),
        s_start=np.append(base.s_start, base.s_start[[shape for shape, _ in retimed]]),
        s_edge=np.concatenate([base.s_edge, *(
            base.s_edge[one.first + 1:one.last + 1] + move
            for one, move in zip(own, moved, strict=True))]).astype(np.int32),
        mu=np.concatenate([base.mu, *(mu for _, mu in retimed)]),
        i_first=np.append(base.i_first, base.i_first[-1] + np.cumsum(
            [len(one) for one in impacts])).astype(np.int32),
        i_step=np.concatenate([base.i_step, *impacts]).astype(np.int32),
        r_first=np.append(0, np.cumsum(np.concatenate(lengths))).astype(np.int32),
        r_edge=np.concatenate(leading).astype(np.int32), r_target=np.concatenate(leads_to),
        useful=np.concatenate(useful), **by_step, **by_edge)


class _Copied:
    """Where a structure's steps and ways stand in a field."""

    def __init__(self, base: Field, shape: int) -> None:
        self.first, self.last = int(base.s_step[shape]), int(base.s_step[shape + 1])
        self.low, self.high = int(base.s_edge[self.first]), int(base.s_edge[self.last])

    @property
    def steps(self) -> int:
        return self.last - self.first

    @property
    def edges(self) -> int:
        return self.high - self.low
