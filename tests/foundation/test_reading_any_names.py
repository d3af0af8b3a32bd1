"""Documents whose fields are called anything are refused in words."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinghai.foundation.errors import InputError
from dinghai.foundation.reading import typed


class Part(msgspec.Struct, forbid_unknown_fields=True):
    """A part of a document."""

    number: int


class Whole(msgspec.Struct, forbid_unknown_fields=True):
    """A document."""

    part: Part
    parts: list[Part] = []


NAMES = st.one_of(st.sampled_from(["", "`", "a`b", "a.b", "[0]", "\n", " - at `$`", "field `x`"]),
                  st.text(max_size=8))


@given(st.dictionaries(NAMES, st.none(), min_size=1, max_size=4), st.booleans())
def test_fields_of_any_name_are_refused_with_a_mend(names: dict[str, None], deep: bool) -> None:
    document = {"part": {"number": 1, **(names if deep else {})}, **({} if deep else names)}
    if set(names) <= {"part", "parts", "number"}:
        return
    with pytest.raises(InputError) as error:
        typed(document, Whole)
    assert all(one.mend for one in error.value.faults)


def test_a_field_without_a_name_is_named_by_nothing() -> None:
    with pytest.raises(InputError, match="unknown field ``"):
        typed({"part": {"number": 1}, "": 0}, Whole)
