"""`dinghai fit credibility` and `fit rate`: how far own experience is believed."""

from __future__ import annotations

import argparse
from pathlib import Path

from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.experience.blending import Blend, Observed, Prior, Rate, blend
from dinghai.experience.columns import read_weighted
from dinghai.experience.credibility import Credibility, buhlmann_straub
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError


def register(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands to those of `fit`."""
    groups = add_command(commands, "credibility", _credibility,
                         "how far each group's own experience is believed (Bühlmann–Straub)")
    groups.add_argument("file", type=Path, metavar="FILE",
                        help="CSV (plain or .gz), Excel or Parquet")
    groups.add_argument("--group", required=True, metavar="G", help="what tells groups apart")
    groups.add_argument("--value", required=True, metavar="V",
                        help="a period's rate, loss ratio or mean")
    groups.add_argument("--weight", required=True, metavar="W",
                        help="its exposure, premium or number of claims")
    rate = add_command(commands, "rate", _rate,
                       "a rate of events from a published prior, public data and own claims")
    rate.add_argument("--prior", type=float, required=True, metavar="R",
                      help="published events per enterprise-year")
    rate.add_argument("--prior-variation", type=float, required=True, metavar="CV",
                      help="coefficient of variation of the published rate")
    rate.add_argument("--public", default="0/0", metavar="N/E",
                      help="public events over enterprise-years")
    rate.add_argument("--trust", type=float, default=0.5, metavar="T",
                      help="how much a public event counts, 0 to 1")
    rate.add_argument("--own", default="0/0", metavar="N/E",
                      help="own events over enterprise-years")
    rate.add_argument("--between", type=float, required=True, metavar="CV",
                      help="coefficient of variation of portfolios about the market")


def _credibility(arguments: argparse.Namespace) -> Answer:
    column = read_weighted(arguments.file, arguments.value, arguments.weight, arguments.group)
    found = buhlmann_straub(column.groups, [one.value for one in column.values],
                            [one.weight for one in column.values])
    warnings = []
    if column.screened:
        reasons = ", ".join(f"{count} {reason}" for reason, count in column.reasons().items())
        warnings.append(f"{len(column.screened)} rows were screened: {reasons}")
    if found.between == 0.0:
        warnings.append("groups differ no more than chance makes them: all share one mean")
    document: dict[str, JSON] = {
        "n": len(column.values), "screened": len(column.screened),
        "screened_reasons": column.reasons(), "collective": found.collective,
        "within": found.within, "between": found.between,
        "half": None if found.between == 0.0 else found.half,
        "groups": [{"group": one.name, "periods": one.periods, "weight": one.weight,
                    "mean": one.mean, "factor": one.factor, "estimate": one.estimate,
                    "standard_error": one.standard_error, "interval": list(one.interval)}
                   for one in found.groups],
        "warnings": warnings}
    return Answer(document, [*_credibility_text(found), *(f"! {one}" for one in warnings)])


def _credibility_text(found: Credibility) -> list[str]:
    return [f"collective {found.collective:.6g}, within {found.within:.6g}, between "
            f"{found.between:.6g}; half believed at weight {found.half:.6g}",
            *table(("group", "periods", "weight", "own mean", "factor", "estimate", "95%"),
                   [(one.name, str(one.periods), f"{one.weight:,.6g}", f"{one.mean:.6g}",
                     f"{one.factor:.4f}", f"{one.estimate:.6g}",
                     "{:.4g} to {:.4g}".format(*one.interval)) for one in found.groups])]


def _rate(arguments: argparse.Namespace) -> Answer:
    public, own = _observed(arguments.public, "--public"), _observed(arguments.own, "--own")
    found = blend(Prior(arguments.prior, arguments.prior_variation), public, arguments.trust, own,
                  arguments.between)
    document: dict[str, JSON] = {
        name: {"rate": one.mean, "interval": [one.low, one.high]}
        for name, one in _steps(found).items()}
    return Answer({**document, "factor": found.factor, "trust": arguments.trust}, [
        *table(("evidence", "rate", "95%"),
               [(name, f"{one.mean:.5g}", f"{one.low:.4g} to {one.high:.4g}")
                for name, one in _steps(found).items()]),
        "own claims agree with the market" if found.factor is None else
        f"own claims are believed by {found.factor:.1%}"])


def _steps(found: Blend) -> dict[str, Rate]:
    return {"prior": found.prior, "market": found.market, "own": found.own}


def _observed(text: str, field: str) -> Observed:
    events, slash, exposure = text.partition("/")
    try:
        if not slash:
            raise ValueError
        return Observed(float(events), float(exposure))
    except ValueError:
        raise InputError(f"{text!r} is not events over an exposure", field=field,
                         mend="give EVENTS/EXPOSURE such as 3/120") from None
