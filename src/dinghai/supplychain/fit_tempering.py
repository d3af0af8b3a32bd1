"""Fits how far controls move steps, so that twin and loss model agree (DECISIONS 20).

``python -m dinghai.supplychain.fit_tempering CHAIN…`` prints the exponents of ``[tempering]`` in
mitigations.toml and what gap is left, over a panel: the firms of the chains and one firm of each
template and size, apart, without findings, with all scores at none, half or full.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final, Self

import msgspec
import numpy as np

from dinghai.foundation.errors import InputError
from dinghai.losses.effects import control_factor, scores_of
from dinghai.losses.tables import PERILS, shipped_tables
from dinghai.supplychain.chain import Chain, ControlScore, Firm
from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.compiling import compile_firm
from dinghai.supplychain.language import Language, assembled, shipped_language
from dinghai.supplychain.rates import WORLDS, reference_chances
from dinghai.supplychain.step_graph import Floats
from dinghai.supplychain.template_file import SIZES, shipped_templates
from dinghai.supplychain.twin import twin_of
from dinghai.vocabulary.indicators import indicators

Exponents = Mapping[str, float]
"""By name: ``shared``, ``containment`` and perils."""
FULL: Final = 1_000_000
FITTED: Final = (0, FULL)
FIT_WORLDS: Final = 1_000
LEAST: Final = 0.1
MOST: Final = 3.0
"""Bounds of an exponent: below, a control that stands on a step would be worth next to nothing;
above, the few that do would stand for all that the loss model counts elsewhere."""
STEPS: Final = (0.2, 0.05, 0.01)
"""By how much an exponent is moved, coarse first; the last is how finely it is told."""


def panel_of(chains: Sequence[Chain]) -> Chain:
    """All firms of the chains, and one of each template and size, without links and findings."""
    firms, assets = [], []
    for chain in chains:
        for firm in chain.firms:
            firms.append(msgspec.structs.replace(firm, id=f"{chain.id}.{firm.id}"))
        assets += [msgspec.structs.replace(one, firm=f"{chain.id}.{one.firm}")
                   for one in chain.assets]
    firms += _by_template()
    return msgspec.structs.replace(
        chains[0], owner=firms[0].id, firms=tuple(firms), assets=tuple(assets), controls=(),
        weaknesses=(), providers=(), links=(), goods=())


def _by_template() -> Iterator[Firm]:
    file = shipped_templates()
    for template in file.templates:
        section = template.sections[0]
        row = next(one for one in file.sizes if section in one.sections or not one.sections)
        bounds = ((max(row.headcount[2] // 2, 1), max(row.revenue_yuan[2] // 2, 1)),
                  *zip(reversed(row.headcount), reversed(row.revenue_yuan), strict=True))
        for size, (people, yuan) in zip(SIZES, bounds, strict=True):
            yield Firm(id=f"{template.id}.{size}", name_zh=template.name_zh, role="supplier",
                       tier=1, industry=section, headcount=max(people, 1),
                       revenue_fen=max(yuan, 1) * 100)


def model_factors(score: int) -> Floats:
    """The loss model's frequency factor by peril, where every score is ``score`` ppm, over the one
    at half-implemented controls."""
    tables = shipped_tables()

    def factors(ppm: int) -> list[float]:
        known = scores_of(dict.fromkeys(indicators(), ppm), tables)
        return [control_factor(tables, known, peril, "frequency").factor for peril in PERILS]

    of, half = factors(score), factors(FULL // 2)
    return np.array([one / other for one, other in zip(of, half, strict=True)])


def twin_factors(
    panel: Chain, language: Language, scores: Sequence[int], *, worlds: int = WORLDS
) -> list[Floats]:
    """The chance that an attempt succeeds over the one at half-implemented controls, by firm and
    peril, for each score; NaN where no step leads to the peril."""
    half = chances(panel, language, FULL // 2, worlds)
    return [ratios(chances(panel, language, score, worlds), half) for score in scores]


def ratios(found: Floats, half: Floats) -> Floats:
    """Element by element, NaN where ``half`` is nothing, and never below a thousandth."""
    out = np.full(half.shape, np.nan)
    np.divide(found, half, out=out, where=half > 0.0)
    np.maximum(out, 1e-3, out=out)
    return out


def chances(panel: Chain, language: Language, score: int, worlds: int) -> Floats:
    """The chance that an attempt succeeds, by firm and peril, where every score is ``score``."""
    chain = msgspec.structs.replace(panel, controls=tuple(
        ControlScore(firm=firm.id, indicator=code, score_ppm=score, known_by="estimate")
        for firm in panel.firms for code in indicators()))
    return reference_chances(twin_of(chain, {
        firm.id: compile_firm(chain, firm, language) for firm in chain.firms}), worlds=worlds)


def with_exponents(language: Language, exponents: Exponents) -> Language:
    """The language with other exponents."""
    against = language.mitigations
    return assembled(language.file, msgspec.structs.replace(
        against, tempering=msgspec.structs.replace(
            against.tempering, shared=exponents["shared"], containment=exponents["containment"],
            alone={peril: exponents[peril] for peril in against.tempering.alone})))


def exponents_of(language: Language) -> dict[str, float]:
    """The language's exponents by name."""
    rules = language.mitigations.tempering
    return {"shared": rules.shared, "containment": rules.containment, **rules.alone}


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What is fitted to: the chances of the panel at half-implemented controls, which no exponent
    moves, and ln of the loss model's factors by score and peril."""

    panel: Chain
    half: Floats
    wanted: Floats

    @classmethod
    def of(cls, panel: Chain, language: Language) -> Self:
        """The target of a panel."""
        return cls(panel, chances(panel, language, FULL // 2, FIT_WORLDS),
                   np.log([model_factors(score) for score in FITTED]))

    def gaps(self, language: Language) -> Floats:
        """By peril, the mean square of ln twin factor − ln model factor over firms and scores."""
        found = np.array([ratios(chances(self.panel, language, score, FIT_WORLDS), self.half)
                          for score in FITTED])
        gaps: Floats = np.nanmean((np.log(found) - self.wanted[:, None, :])**2, axis=(0, 1))
        return gaps


def fit(
    target: Target, language: Language, *, steps: Sequence[float] = STEPS
) -> tuple[dict[str, float], Floats]:
    """The exponents that leave the least gap, moved one at a time (those of single perils at once,
    for each moves its own peril alone), and that gap by peril. Starts from the language's own."""
    best = exponents_of(language)
    least = target.gaps(language)
    perils = [name for name in best if name in PERILS]
    for step in steps:
        moved = True
        while moved:
            moved = False
            for names, change in product((("shared",), ("containment",), tuple(perils)),
                                         (step, -step)):
                tried = {**best, **{one: min(max(round(best[one] + change, 2), LEAST), MOST)
                                    for one in names}}
                found = target.gaps(with_exponents(language, tried))
                if names == tuple(perils):
                    for one in perils:
                        at = PERILS.index(one)
                        if found[at] < least[at]:
                            best[one], least[at], moved = tried[one], found[at], True
                elif found.sum() < least.sum():
                    best, least, moved = tried, found, True
    return best, least


def main(arguments: Sequence[str]) -> int:
    """The command: chains of the panel; prints the table. Returns the exit code."""
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        panel = panel_of([read_chain(Path(one)) for one in arguments])
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    language = shipped_language()
    start = with_exponents(language, dict.fromkeys(exponents_of(language), 1.0))
    target = Target.of(panel, language)
    found, least = fit(target, start)
    print(f"firms {len(panel.firms)}, root mean square of the gap in logs: "
          f"{target.gaps(start).mean()**0.5:.3f} with all exponents 1, "
          f"{least.mean()**0.5:.3f} fitted")
    for name, exponent in found.items():
        print(f"{name} = {exponent:.2f}")
    fitted = with_exponents(language, found)
    scores = (0, 250_000, 750_000, FULL)
    print("peril: score, twin's factor (mean over firms, in logs), loss model's")
    factors = twin_factors(panel, fitted, scores)
    for place, peril in enumerate(PERILS):
        print(peril, *(f"{score // 10_000}%: {np.exp(np.nanmean(np.log(one[:, place]))):.2f} "
                       f"{model_factors(score)[place]:.2f};"
                       for score, one in zip(scores, factors, strict=True)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
