"""`dinghai compound`: the distribution of a year's sum of losses. No unit, no rounding."""

from __future__ import annotations

import argparse
from typing import get_args

from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.losses.compounding import Answer as Sum
from dinghai.losses.compounding import Method, Request, asked_levels, compound
from dinghai.losses.layered import Layer, read_layer
from dinghai.losses.specifications import read_frequency, read_severity

_MOST_YEARS = 20_000_000


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the command."""
    parser = add_command(subparsers, "compound", _compound,
                         "the distribution of a random number of losses of random size")
    parser.add_argument("--frequency", required=True, metavar="LAW",
                        help="poisson:MEAN, negbin:MEAN,SIZE, binomial:N,P or discrete:N=P;…")
    parser.add_argument("--severity", required=True, metavar="LAW",
                        help="lognormal:MU,SIGMA, gamma:ALPHA,THETA, weibull:THETA,TAU, "
                             "exponential:THETA, pareto:ALPHA,THETA, pareto1:ALPHA,THETA, "
                             "gpd:XI,BETA,THRESHOLD, spliced:MU,SIGMA,THRESHOLD,XI,BETA,SHARE or "
                             "discrete:V=P;…")
    parser.add_argument("--occurrence", metavar="LIMITxsATTACH", help="a layer on each loss")
    parser.add_argument("--aggregate", metavar="LIMITxsATTACH", help="a layer on the year's sum")
    parser.add_argument("--method", choices=get_args(Method), default="fft")
    parser.add_argument("--years", type=int, default=100_000, metavar="N",
                        help="of a simulation (default: 100000)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="of a simulation")
    parser.add_argument("--levels", default="0.5,0.9,0.95,0.99,0.995,0.999", metavar="P,…",
                        help="of quantiles and tails (default: 0.5 … 0.999)")
    parser.add_argument("--pmf", action="store_true",
                        help="also every value with its chance, where there are such")


def _compound(arguments: argparse.Namespace) -> Answer:
    if not 0 < arguments.years <= _MOST_YEARS:
        raise InputError(f"{arguments.years} years cannot be simulated", field="--years",
                         mend=f"give 1 to {_MOST_YEARS}")
    law, values = read_severity(arguments.severity)
    request = Request(
        read_frequency(arguments.frequency), law, values,
        _layer(arguments.occurrence, "--occurrence"), _layer(arguments.aggregate, "--aggregate"),
        asked_levels(arguments.levels))
    found = compound(request, arguments.method, years=arguments.years, seed=arguments.seed)
    labels = [one.strip() for one in arguments.levels.split(",")]
    if arguments.pmf and not found.masses:
        raise InputError("the sum has no values with chances of their own", field="--pmf",
                         mend="give a discrete severity, and the method fft or panjer")
    document = _document(found, labels)
    if arguments.pmf:
        document["pmf"] = {_number(value): chance for value, chance in found.masses}
    if found.errors:
        document["standard_error"] = {
            name: dict(zip(labels, error.values(), strict=True)) if isinstance(error, dict)
            else error for name, error in found.errors.items()}
    return Answer(document, _text(found, labels))


def _layer(text: str | None, field: str) -> Layer:
    return Layer() if text is None else read_layer(text, field)


def _document(found: Sum, labels: list[str]) -> dict[str, JSON]:
    return {
        "mean": found.mean, "sd": found.deviation,
        "quantile": dict(zip(labels, found.quantiles, strict=True)),
        "tvar": dict(zip(labels, found.tails, strict=True)),
        "lost_mass": found.lost_mass, "method": found.method,
    }


def _text(found: Sum, labels: list[str]) -> list[str]:
    rows = [(label, _shown(quantile), _shown(tail)) for label, quantile, tail
            in zip(labels, found.quantiles, found.tails, strict=True)]
    return [f"mean  {_shown(found.mean)}", f"sd    {_shown(found.deviation)}",
            *table(("level", "quantile", "tail value at risk"), rows),
            f"method {found.method}, {found.lost_mass:.1e} of the mass beyond the grid"]


def _shown(number: float | None) -> str:
    return "infinite" if number is None else f"{number:,.6g}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)
