"""Events by name: the size between enterprises is found again, and said to have no lower end."""

from __future__ import annotations

import pytest
from scipy import stats

from dinghai.experience.repeats import fit_repeats
from dinghai.foundation.streams import uniforms


def names(size: float, mean: float, enterprises: int) -> list[str]:
    """Names of the events of so many enterprises; those without an event are not in it."""
    chances = uniforms(6, "test.repeats", enterprises, 1)[:, 0]
    counts = stats.nbinom.ppf(chances, size, size / (size + mean)).astype(int)
    return [f"Firm {number}" for number, count in enumerate(counts) for _ in range(count)]


@pytest.mark.parametrize(("size", "mean"), [(0.5, 1.0), (2.0, 1.5)])
def test_the_size_is_found_again(size: float, mean: float) -> None:
    found = fit_repeats(names(size, mean, 20_000))
    assert found is not None
    low, high = found.interval
    assert low < size < high
    assert found.size == pytest.approx(size, rel=0.25)
    assert found.names < 20_000 < found.events + found.names


def test_a_logarithmic_series_has_no_lower_end() -> None:
    counts = {1: 900, 2: 90, 3: 24, 4: 8, 5: 4, 6: 2, 8: 1}
    found = fit_repeats(f"{number} {place}" for number, times in counts.items()
                        for place in range(times) for _ in range(number))
    assert found is not None
    assert (found.size, found.interval[0]) == (0.0, 0.0)
    assert 0.0 < found.interval[1] < 0.5


def test_spelling_in_other_capitals_is_one_name_and_blanks_are_none() -> None:
    found = fit_repeats(["Anthem", "ANTHEM ", "Other", " ", "Third"])
    assert found is not None
    assert (found.names, found.events) == (3, 4)


def test_names_that_never_come_twice_tell_nothing() -> None:
    assert fit_repeats(["a", "b", "c"]) is None
