"""G3: three parties share a loss; only the insurer's part is insurance."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinghai.foundation.errors import InputError
from dinghai.pricing.shares import Share, share_kind, share_loss


def _shares(owner: int, supplier: int, insurer: int) -> list[Share]:
    insurers = frozenset({"insurer"})
    return [Share(party, share_kind(party, sufferer="supplier", insurers=insurers), ppm)
            for party, ppm in (("owner", owner), ("supplier", supplier), ("insurer", insurer))]


def test_g3_three_party_share() -> None:
    parts = share_loss(100_000_000, _shares(200_000, 100_000, 700_000))
    assert [(one.party, one.kind, one.fen) for one in parts] == [
        ("owner", "commercial_contribution", 20_000_000),
        ("supplier", "retention", 10_000_000),
        ("insurer", "insurance", 70_000_000),
    ]


@given(st.integers(0, 10**14), st.integers(0, 1_000_000), st.integers(0, 1_000_000))
def test_shares_always_add_up(loss: int, first: int, second: int) -> None:
    low, high = sorted((first, second))
    parts = share_loss(loss, _shares(low, high - low, 1_000_000 - high))
    assert sum(one.fen for one in parts) == loss


def test_shares_that_do_not_make_one_are_refused() -> None:
    with pytest.raises(InputError, match="add up to 900000"):
        share_loss(1, _shares(200_000, 100_000, 600_000))
    with pytest.raises(InputError, match="twice"):
        share_loss(1, [Share("a", "insurance", 500_000), Share("a", "insurance", 500_000)])
