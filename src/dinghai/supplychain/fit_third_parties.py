"""Fits how often what leads from one party to another is tried, to one published number.

``python -m dinghai.supplychain.fit_third_parties CHAIN…`` prints ``[third_parties]`` of
events.toml: tries such that a third of the breaches of the chains came from a third party, and the
share of the loss model's own claims that begins at the firm, such that all claims together stay the
loss model's.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from dinghai.evidence.feeds import shipped_kev
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM
from dinghai.losses.tables import PERILS, shipped_tables
from dinghai.supplychain.causes import BREACHES, strikes_by_cause, third_party_share
from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.chain_model import ChainModel, chain_model
from dinghai.supplychain.event_table import event_table
from dinghai.supplychain.link_table import tried
from dinghai.supplychain.step_graph import Floats
from dinghai.supplychain.strikes import field_of
from dinghai.supplychain.years import run_years

WANTED: Final = 1.0 / 3.0
PUBLISHED: Final = (0.30, 0.35)
"""The share of breaches from third parties: between the 30 and 35 per cent that are published."""
YEARS: Final = 4_000
SEED: Final = 1
TENTHS: Final = (10, 200)
"""Tries are told to a tenth, from 1 to 20."""
HUNDREDTH: Final = 10_000


@dataclass(frozen=True, slots=True)
class Fitted:
    """The two figures, the share that they lead to, and strikes a year by cause and aim."""

    tries: float
    begin_ppm: int
    share: float
    strikes: Floats


def with_tries(model: ChainModel, tries: float) -> ChainModel:
    """The model where all own claims begin at the firm, and links are tried so often."""
    table = event_table()
    times = tries / table.third_parties.tries
    links = model.twin.links
    chance = np.array([tried(one, times) for one in links.chance.tolist()])
    rates = model.rates.copy()
    firms = model.twin.firms
    rates[:firms] /= table.third_parties.begin_ppm / PPM
    for place, provider in enumerate(model.chain.providers, start=firms):
        if provider.incidents_ppm_a_year is None:
            rates[place] *= times
    return replace(model, twin=replace(model.twin, links=replace(links, chance=chance)),
                   rates=rates)


def strikes_of(models: Sequence[ChainModel], tries: float) -> Floats:
    """Strikes a year in all chains by cause and aim, where all own claims begin at the firm."""
    total = np.zeros((4, len(PERILS)))
    for one in models:
        model = with_tries(one, tries)
        total += strikes_by_cause(model, run_years(
            field_of(model.twin, model.outcomes), model.events(years=YEARS, seed=SEED),
            model.supply, model.terms))
    return total


def begin_of(strikes: Floats) -> float:
    """What of the own claims begins at the firm: own attempts and what passes along links are
    fewer in proportion, so that with common causes all are as many as the loss model has."""
    common = shipped_tables().frequency["common_share"]
    whole = sum(float(own) / (1.0 - float(common[peril]))
                for own, peril in zip(strikes[0], PERILS, strict=True))
    own_and_links, common_causes = float(strikes[:2].sum()), float(strikes[2:].sum())
    return min(max((whole - common_causes) / own_and_links, 0.0), 1.0)


def fit(models: Sequence[ChainModel], *, shares: Sequence[float] = (WANTED,)) -> list[Fitted]:
    """For each share the tries that come nearest to it, by bisection: more tries, more share."""
    known: dict[int, Fitted] = {}

    def at(tenths: int) -> Fitted:
        if tenths not in known:
            strikes = strikes_of(models, tenths / 10)
            begin = round(begin_of(strikes) * PPM / HUNDREDTH) * HUNDREDTH
            strikes[:2] *= begin / PPM
            known[tenths] = Fitted(tenths / 10, begin, third_party_share(strikes) or 0.0, strikes)
        return known[tenths]

    def nearest(wanted: float) -> Fitted:
        low, high = TENTHS
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if at(middle).share < wanted else (low, middle)
        return min((at(low), at(high)), key=lambda one: abs(one.share - wanted))

    return [nearest(wanted) for wanted in shares]


def models_of(folders: Sequence[Path]) -> list[ChainModel]:
    """The chains' models, on their own day. Raises InputError."""
    chains = [read_chain(folder) for folder in folders]
    return [chain_model(one, kev=shipped_kev(one.as_of)) for one in chains]


def main(arguments: Sequence[str]) -> int:
    """The command: chains; prints the table. Returns the exit code."""
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        models = models_of([Path(one) for one in arguments])
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    found, *ends = fit(models, shares=(WANTED, *PUBLISHED))
    print(f"tries = {found.tries:.1f}\n"
          f"tries_interval = [{', '.join(f'{one.tries:.1f}' for one in ends)}]\n"
          f"begin_ppm = {found.begin_ppm:_}\n"
          f"# third parties: {found.share:.1%} of breaches; strikes a year by cause and aim:")
    for cause, row in zip(("own attempts", "firms", "providers", "products"), found.strikes,
                          strict=True):
        print(f"# {cause}: {row.sum():.3f} ({row[BREACHES].sum():.3f} breaches)",
              *(f"{peril} {one:.3f}" for peril, one in zip(PERILS, row, strict=True)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
