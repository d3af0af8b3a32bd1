"""What protecting each party alone averts of one event: for kernels."""

from __future__ import annotations

from numba import njit

from dinghai.supplychain.lending import uncounted
from dinghai.supplychain.strikes import NOTHING, OUTSIDE, strike


@uncounted
def loss_in(room):  # type: ignore[no-untyped-def]
    """What the event in a room cost all parties."""
    total = 0
    for slot in range(room.number[0]):
        if room.loss[slot] != NOTHING:
            total += room.loss[slot]
    return total


@uncounted
def avert(  # type: ignore[no-untyped-def]
    field, room, spare, stamp, root, aim, horizon, word, averted, squares
):
    """Add what it averts of the event in ``room`` that nothing gets into each party it touches.

    Where it began, all of it is averted, and where no link leads on, what it cost that party alone.
    Of others that it touched, the event runs again in the ``spare`` room, from ``stamp`` on. The
    next stamp.
    """
    base = loss_in(room)
    if base == 0:
        return stamp
    parties, sinces, lives, losses = room.party, room.since, room.live, room.loss
    for slot in range(room.number[0]):
        party = parties[slot]
        if sinces[slot] == OUTSIDE:
            continue
        spared = base
        if party != root:
            if lives[slot] == 0:
                spared = losses[slot] if losses[slot] != NOTHING else 0
            else:
                strike(field, spare, root, aim, party, horizon, word, stamp)
                spared -= loss_in(spare)
                stamp += 1
        averted[party] += spared
        squares[party] += float(spared) * float(spared)
    return stamp


@njit(cache=True, nogil=True, inline="always")
def avert_alone(party, lost, averted, squares):  # type: ignore[no-untyped-def]
    """Add what is averted of an event that struck the party where it began, and nobody else."""
    averted[party] += lost
    squares[party] += float(lost) * float(lost)
