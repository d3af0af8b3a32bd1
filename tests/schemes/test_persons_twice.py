"""Who stands in a list twice, by keyed hashes."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinghai.schemes.persons_twice import (
    WIDTH,
    as_pairs,
    first_places,
    look_up_hashes,
    sorted_places,
)
from tests.schemes.checked_lists import KEY

NUMBERS = st.lists(st.integers(0, 12).map(lambda one: f"11010119900307{one:04d}"), max_size=40)


@given(NUMBERS)
def test_the_first_place_of_each_is_that_of_a_plain_search(numbers: list[str]) -> None:
    first = first_places(as_pairs(look_up_hashes(numbers, KEY)))
    assert first.tolist() == [numbers.index(one) for one in numbers]


@given(NUMBERS)
def test_the_order_is_that_of_the_bytes_and_stable(numbers: list[str]) -> None:
    raw = look_up_hashes(numbers, KEY)
    hashes = [raw[place:place + WIDTH] for place in range(0, len(raw), WIDTH)]
    assert sorted_places(as_pairs(raw)).tolist() == sorted(range(len(hashes)),
                                                           key=lambda place: hashes[place])


@given(NUMBERS, st.binary(min_size=16, max_size=64))
def test_the_key_changes_the_hashes_and_never_who_is_twice(numbers: list[str], key: bytes) -> None:
    one, other = look_up_hashes(numbers, KEY), look_up_hashes(numbers, key)
    assert (one == other) == (not numbers or key == KEY)
    assert np.array_equal(first_places(as_pairs(one)), first_places(as_pairs(other)))


@given(NUMBERS, NUMBERS)
def test_hashes_of_parts_are_the_hashes_of_the_whole(first: list[str], second: list[str]) -> None:
    assert look_up_hashes(first, KEY) + look_up_hashes(second, KEY) == look_up_hashes(
        first + second, KEY)


def test_a_hash_is_keyed_blake2b() -> None:
    wanted = hashlib.blake2b(b"11010519491231002X", digest_size=16, key=KEY, person=b"identity")
    assert look_up_hashes(["11010519491231002X"], KEY) == wanted.digest()


@pytest.mark.parametrize("size", [0, 15, 65])
def test_a_key_is_long_enough(size: int) -> None:
    with pytest.raises(ValueError, match="16 to 64"):
        look_up_hashes([], bytes(size))
