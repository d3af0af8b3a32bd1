"""Canonical JSON: the fast path writes what RFC 8785's own implementation writes."""

from __future__ import annotations

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from dinghai.foundation.canonical import canonical_bytes
from dinghai.foundation.errors import InputError

TEXTS = st.text(st.characters(exclude_categories=("Cs",)))
VALUES = st.recursive(
    st.none() | st.booleans() | TEXTS | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=20)


@given(VALUES)
def test_the_bytes_are_those_of_rfc_8785(value: object) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)


def test_controls_and_astral_keys_are_written_as_the_standard_says() -> None:
    assert canonical_bytes({"b": "\x00\x1f\x7f\"\\/\u2028", "a": 1}) == (
        '{"a":1,"b":"\\u0000\\u001f\x7f\\"\\\\/\u2028"}'.encode())
    # U+1F600 sorts before U+FB33: by UTF-16 code units, not by code points.
    assert canonical_bytes({"\ufb33": 1, "\U0001f600": 2}) == (
        '{"\U0001f600":2,"\ufb33":1}'.encode())


@pytest.mark.parametrize("value", [2**53, -(2**53), float("nan"), float("inf"), "\ud800",
                                   {"a": "\udfff"}, {1: 2}, object()])
def test_what_json_cannot_keep_is_refused(value: object) -> None:
    with pytest.raises(InputError):
        canonical_bytes(value)
