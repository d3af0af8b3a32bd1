"""Bühlmann–Straub on Hachemeister's data, and what it must be at its ends."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from dinghai.experience.credibility import buhlmann_straub
from dinghai.foundation.errors import InputError
from dinghai.foundation.streams import uniforms

# Private passenger bodily injury, five states, twelve quarters: mean amounts and numbers of claims.
# Hachemeister, "Credibility for regression models with application to trend", 1975.
STATES = {
    "1": ((1738, 1642, 1794, 2051, 2079, 2234, 2032, 2035, 2115, 2262, 2267, 2517),
          (7861, 9251, 8706, 8575, 7917, 8263, 9456, 8003, 7365, 7832, 7849, 9077)),
    "2": ((1364, 1408, 1597, 1444, 1342, 1675, 1470, 1448, 1464, 1831, 1612, 1471),
          (1622, 1742, 1523, 1515, 1622, 1602, 1964, 1515, 1527, 1748, 1654, 1861)),
    "3": ((1759, 1685, 1479, 1763, 1674, 2103, 1502, 1622, 1828, 2155, 2233, 2059),
          (1147, 1357, 1329, 1204, 998, 1077, 1277, 1218, 896, 1003, 1108, 1121)),
    "4": ((1223, 1146, 1010, 1257, 1426, 1532, 1953, 1123, 1343, 1243, 1762, 1306),
          (407, 396, 348, 341, 315, 328, 352, 331, 287, 384, 321, 342)),
    "5": ((1456, 1499, 1609, 1741, 1482, 1572, 1606, 1735, 1607, 1573, 1613, 1690),
          (2902, 3172, 3046, 3068, 2693, 2910, 3275, 2697, 2663, 3017, 3242, 3425)),
}


def rows() -> tuple[list[str], list[float], list[float]]:
    found: list[tuple[str, float, float]] = [
        (state, float(value), float(weight)) for state, (values, weights) in STATES.items()
        for value, weight in zip(values, weights, strict=True)]
    return ([one[0] for one in found], [one[1] for one in found], [one[2] for one in found])


def test_hachemeister() -> None:
    """The published answer, as the R package actuar prints it (unbiased estimators)."""
    found = buhlmann_straub(*rows())
    assert found.within == pytest.approx(139_120_026, rel=1e-6)
    assert found.between == pytest.approx(89_639, rel=1e-4)
    assert found.collective == pytest.approx(1683.7, abs=0.1)
    assert [round(one.estimate) for one in found.groups] == [2055, 1524, 1793, 1443, 1603]
    assert [round(one.factor, 2) for one in found.groups] == [0.98, 0.93, 0.90, 0.73, 0.96]
    assert [one.weight for one in found.groups] == [100155, 19895, 13735, 4152, 36110]


def test_the_balance_holds() -> None:
    """Estimates weighed by exposure and the collective weighed by factors tell one story: a group
    is moved towards the collective, never past it."""
    found = buhlmann_straub(*rows())
    for one in found.groups:
        assert min(one.mean, found.collective) <= one.estimate <= max(one.mean, found.collective)
        low, high = one.interval
        assert low < one.estimate < high
        assert one.factor == pytest.approx(one.weight / (one.weight + found.half))


def test_more_exposure_is_believed_more() -> None:
    names, values, weights = rows()
    before = buhlmann_straub(names, values, weights)
    heavier = [weight * (3.0 if name == "4" else 1.0)
               for name, weight in zip(names, weights, strict=True)]
    after = buhlmann_straub(names, values, heavier)
    assert after.groups[3].factor > before.groups[3].factor
    assert after.groups[3].standard_error < before.groups[3].standard_error


def test_groups_that_do_not_differ_share_one_rate() -> None:
    found = buhlmann_straub(["a", "a", "b", "b"], [1.0, 3.0, 3.0, 1.0], [1.0, 1.0, 1.0, 1.0])
    assert (found.between, found.half, found.collective) == (0.0, math.inf, 2.0)
    assert {one.estimate for one in found.groups} == {2.0}
    assert found.groups[0].standard_error == pytest.approx(math.sqrt(2.0 / 4.0))


def test_the_error_is_the_error() -> None:
    """On drawn groups the stated error is the one made."""
    chances = uniforms(9, "test.credibility", 2000, 9)
    truths = stats.norm(10.0, 2.0).ppf(chances[:, 0])
    drawn = truths[:, None] + stats.norm(0.0, 6.0).ppf(chances[:, 1:])
    names = [f"{place:04d}" for place in range(2000) for _ in range(8)]
    found = buhlmann_straub(names, drawn.ravel().tolist(), [1.0] * 16000)
    estimates = np.array([one.estimate for one in found.groups])
    made = float(np.sqrt(((estimates - truths) ** 2).mean()))
    assert found.groups[0].standard_error == pytest.approx(made, rel=0.03)
    alone = float(np.sqrt(((drawn.mean(axis=1) - truths) ** 2).mean()))
    assert made < 0.9 * alone


def test_what_cannot_be_estimated_is_refused() -> None:
    with pytest.raises(InputError, match="fewer than two groups"):
        buhlmann_straub(["a", "a"], [1.0, 2.0], [1.0, 1.0])
    with pytest.raises(InputError, match="no group has two periods"):
        buhlmann_straub(["a", "b"], [1.0, 2.0], [1.0, 1.0])
