"""Frequencies and severities written in one word: ``poisson:2.5``, ``lognormal:0,1.4``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final, TypeVar

from dinghai.foundation.errors import InputError
from dinghai.foundation.laws import (
    Discrete,
    Gamma,
    GeneralisedPareto,
    Law,
    Lognormal,
    Spliced,
    Weibull,
    pareto,
    single_parameter_pareto,
)
from dinghai.losses.counts import Binomial, Count, DiscreteCount, NegativeBinomial, Poisson

Kind = TypeVar("Kind")
_TOTAL_TOLERANCE: Final = 1e-9
_LARGEST_COUNT: Final = 1_000_000

SEVERITIES: Final[Mapping[str, tuple[str, Callable[..., Law]]]] = {
    "lognormal": ("MU,SIGMA", Lognormal),
    "gamma": ("ALPHA,THETA", Gamma),
    "weibull": ("THETA,TAU", Weibull),
    "exponential": ("THETA", lambda theta: GeneralisedPareto(0.0, theta, 0.0)),
    "pareto": ("ALPHA,THETA", pareto),
    "pareto1": ("ALPHA,THETA", single_parameter_pareto),
    "gpd": ("XI,BETA,THRESHOLD", GeneralisedPareto),
    "spliced": ("MU,SIGMA,THRESHOLD,XI,BETA,SHARE", lambda mu, sigma, threshold, xi, beta, share:
                _spliced(Lognormal(mu, sigma), GeneralisedPareto(xi, beta, threshold), share)),
}
"""Name, parameters and law. All scales and shapes are positive but μ, ξ and the threshold."""
_FREE: Final = {"MU": -math.inf, "XI": -math.inf, "THRESHOLD": 0.0}
FREQUENCIES: Final[Mapping[str, tuple[str, Callable[..., Count]]]] = {
    "poisson": ("MEAN", Poisson),
    "negbin": ("MEAN,SIZE", NegativeBinomial),
    "binomial": ("TRIALS,CHANCE", lambda trials, chance: Binomial(_whole(trials), chance)),
}


def read_severity(text: str, field: str = "--severity") -> tuple[Law, dict[Fraction, float] | None]:
    """A severity, and its exact values where it is discrete. Raises InputError."""
    name, _colon, rest = text.partition(":")
    if name == "discrete":
        values = _table(rest, field)
        if any(value < 0 for value in values):
            raise InputError("a loss is negative", field=field, mend="give zero or more")
        ordered = dict(sorted(values.items()))
        return Discrete(tuple(map(float, ordered)), tuple(ordered.values())), ordered
    return _named(text, SEVERITIES, field), None


def read_frequency(text: str, field: str = "--frequency") -> Count:
    """A frequency. Raises InputError."""
    name, _colon, rest = text.partition(":")
    if name != "discrete":
        return _named(text, FREQUENCIES, field)
    table = _table(rest, field)
    if any(number < 0 or number.denominator != 1 or number > _LARGEST_COUNT for number in table):
        raise InputError("a number of losses is not 0, 1, 2 …", field=field,
                         mend="write discrete:0=0.5;1=0.5")
    chances = [0.0] * (int(max(table)) + 1)
    for number, chance in table.items():
        chances[int(number)] = chance
    return DiscreteCount(tuple(chances))


def _named(
    text: str, kinds: Mapping[str, tuple[str, Callable[..., Kind]]], field: str
) -> Kind:
    name, _colon, rest = text.partition(":")
    if name not in kinds:
        raise InputError(f"{name!r} is not known here", field=field, mend="one of: " + ", ".join(
            [*(f"{key}:{names}" for key, (names, _make) in kinds.items()), "discrete:V=P;…"]))
    names, make = kinds[name]
    wanted = names.split(",")
    try:
        numbers = [float(one) for one in rest.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != len(wanted) or not all(map(math.isfinite, numbers)):
        raise InputError(f"{text!r} does not give the numbers of {name}", field=field,
                         mend=f"write {name}:{names}")
    for label, number in zip(wanted, numbers, strict=True):
        least = _FREE.get(label)
        wrong = number <= 0.0 if least is None else number < least
        if wrong:
            raise InputError(f"{label} of {name} is {number}", field=field,
                             mend="give a number above zero" if least is None
                             else f"give at least {least}")
    return make(*numbers)


def _table(text: str, field: str) -> dict[Fraction, float]:
    """``V=P;V=P`` with chances that sum to one; a chance may be a fraction such as 1/3."""
    chances: dict[Fraction, Fraction] = {}
    for pair in text.split(";"):
        value, equals, chance = pair.partition("=")
        try:
            key, share = Fraction(value.strip()), Fraction(chance.strip())
        except (ValueError, ZeroDivisionError):
            equals = ""
        if not equals:
            raise InputError(f"{pair!r} is not VALUE=CHANCE", field=field,
                             mend="write discrete:1=0.5;2=0.5")
        if key in chances:
            raise InputError(f"the value {value} stands twice", field=field,
                             mend="add its chances up")
        if not 0 <= share <= 1:
            raise InputError(f"the chance of {value} is {chance}", field=field,
                             mend="give 0 to 1")
        chances[key] = share
    total = sum(chances.values(), Fraction(0))
    if abs(float(total) - 1.0) > _TOTAL_TOLERANCE:
        raise InputError(f"the chances sum to {float(total):g}", field=field,
                         mend="let them sum to 1")
    return {key: float(share / total) for key, share in chances.items()}


def _spliced(body: Lognormal, tail: GeneralisedPareto, share: float) -> Law:
    if not 0.0 < share < 1.0 or tail.threshold <= 0.0:
        raise InputError("a spliced law has a threshold above zero and a share between 0 and 1",
                         field="--severity", mend="give THRESHOLD > 0 and 0 < SHARE < 1")
    return Spliced(body, 0.0, tail, share)


def _whole(number: float) -> int:
    if number != int(number) or number > _LARGEST_COUNT:
        raise InputError(f"{number} is not a number of trials", field="--frequency",
                         mend=f"give a whole number up to {_LARGEST_COUNT}")
    return int(number)
