"""Random sums: textbook cases by enumeration, three methods on one grid, and closed forms."""

from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction

import numpy as np
import pytest

from dinghai.foundation.errors import InputError
from dinghai.foundation.laws import Gamma, GeneralisedPareto, Law, Lognormal, Weibull, pareto
from dinghai.losses import simulating
from dinghai.losses.compounding import (
    LOST_MASS_BOUND,
    Request,
    _on_ladder,
    _PanjerLadder,
    asked_levels,
    compound,
)
from dinghai.losses.counts import Binomial, Count, DiscreteCount, NegativeBinomial, Poisson
from dinghai.losses.ladder import Ladder
from dinghai.losses.lattice import lattice_sum
from dinghai.losses.layered import Layer, Layered, read_layer
from dinghai.losses.specifications import read_frequency, read_severity

LEVELS = (0.5, 0.9, 0.99, 0.995)
COUNTS: tuple[Count, ...] = (Poisson(0.4), Poisson(2.5), Poisson(40.0), NegativeBinomial(2.0, 0.7),
                             Binomial(6, 0.3))
LAWS: tuple[Law, ...] = (Lognormal(0.0, 1.4), Lognormal(1.0, 2.4), Gamma(2.0, 3.0),
                         Weibull(1.0, 0.6), GeneralisedPareto(0.7, 10.0, 5.0),
                         GeneralisedPareto(1.2, 10.0, 5.0), pareto(3.0, 4.0))
LAYERS = ((Layer(), Layer()), (Layer(50.0, 5.0), Layer()), (Layer(), Layer(200.0, 20.0)),
          (Layer(40.0, 2.0), Layer(90.0, 10.0)))
GRID = list(itertools.product(COUNTS, LAWS, LAYERS))


def discrete(count: Count, text: str, **layers: Layer) -> Request:
    law, values = read_severity(text)
    return Request(count, law, values, levels=LEVELS, **layers)


def enumerated(chances: list[float], values: dict[Fraction, float], each: Layer,
               whole: Layer) -> dict[float, float]:
    """Every outcome of a few losses, added up one by one."""
    def layered(amount: Fraction, layer: Layer) -> Fraction:
        part = max(amount - Fraction(str(layer.attachment)), Fraction(0))
        return part if math.isinf(layer.limit) else min(part, Fraction(str(layer.limit)))

    found: dict[float, float] = {}
    for number, chance in enumerate(chances):
        for picked in itertools.product(values.items(), repeat=number):
            total = sum((layered(value, each) for value, _ in picked), Fraction(0))
            probability = chance * math.prod(share for _, share in picked)
            key = float(layered(total, whole))
            found[key] = found.get(key, 0.0) + probability
    return {key: share for key, share in found.items() if share > 1e-14}


@pytest.mark.parametrize("seed", range(60))
def test_small_cases_against_enumeration(seed: int) -> None:
    source = random.Random(seed)
    raw = [source.random() for _ in range(source.randint(1, 5))]
    chances = [one / sum(raw) for one in raw]
    sizes = source.sample(["0", "0.5", "1", "2", "2.5", "7", "1/3"], source.randint(1, 4))
    weights = [source.randint(1, 9) for _ in sizes]
    text = "discrete:" + ";".join(f"{size}={weight}/{sum(weights)}"
                                  for size, weight in zip(sizes, weights, strict=True))
    each = source.choice((Layer(), Layer(3.0, 0.5), Layer(math.inf, 1.0)))
    whole = source.choice((Layer(), Layer(4.0, 2.0), Layer(math.inf, 1.5)))
    law, values = read_severity(text)
    assert values is not None
    request = Request(DiscreteCount(tuple(chances)), law, values, each, whole, LEVELS)
    found = compound(request)
    wanted = enumerated(chances, values, each, whole)
    assert dict(found.masses) == pytest.approx(wanted, abs=1e-13)
    mean = sum(value * share for value, share in wanted.items())
    assert found.mean == pytest.approx(mean, abs=1e-12)
    assert found.deviation == pytest.approx(math.sqrt(max(
        sum(value**2 * share for value, share in wanted.items()) - mean**2, 0.0)), abs=1e-7)
    for level, quantile, tail in zip(LEVELS, found.quantiles, found.tails, strict=True):
        running = 0.0
        for value in sorted(wanted):
            running += wanted[value]
            if running >= level - 1e-12:
                break
        assert quantile == value
        excess = sum(max(one - value, 0.0) * share for one, share in wanted.items())
        assert tail == pytest.approx(value + excess / (1.0 - level), abs=1e-9)


def test_a_textbook_compound_poisson() -> None:
    """Poisson(2), sizes 1, 2, 3 with 0.5, 0.3, 0.2: g(0) = e⁻², g(1) = 2 × 0.5 g(0), and so on."""
    for method in ("fft", "panjer"):
        found = dict(compound(discrete(Poisson(2.0), "discrete:1=0.5;2=0.3;3=0.2"),
                              method).masses)  # type: ignore[arg-type]
        start = math.exp(-2.0)
        assert found[0.0] == pytest.approx(start, rel=1e-13)
        assert found[1.0] == pytest.approx(start, rel=1e-13)
        assert found[2.0] == pytest.approx(start * (0.5 + 0.6), rel=1e-13)
        assert found[3.0] == pytest.approx(start * (1 / 6 + 0.6 + 0.4), rel=1e-13)


@pytest.mark.parametrize("count", [Poisson(2.0), Poisson(900.0), NegativeBinomial(3.0, 1.5),
                                   NegativeBinomial(2000.0, 40.0), Binomial(9, 0.25)], ids=str)
def test_fft_and_recursion_agree_on_a_lattice(count: Count) -> None:
    values = {Fraction(0): 0.1, Fraction(1): 0.5, Fraction(2): 0.3, Fraction(5): 0.1}
    one, other = (lattice_sum(count, values, method) for method in ("fft", "panjer"))
    assert one is not None
    assert other is not None
    size = min(len(one.mass), len(other.mass))
    np.testing.assert_allclose(one.mass[:size], other.mass[:size], atol=2e-13)


@pytest.mark.parametrize(("count", "law", "layers"), GRID)
def test_three_methods_agree(count: Count, law: Law, layers: tuple[Layer, Layer]) -> None:
    request = Request(count, law, None, *layers, levels=LEVELS)
    fft = compound(request)
    recursion = _on_ladder(request, _PanjerLadder(count, Layered(law, layers[0]), 2048), "panjer")
    drawn = compound(request, "simulate", years=40_000, seed=7)
    scale = max(fft.quantiles[-1], 1e-9)
    if fft.mean is None:
        assert recursion.mean is drawn.mean is None
    else:
        assert fft.mean == pytest.approx(recursion.mean, rel=1e-4, abs=1e-9 * scale)
    assert fft.lost_mass <= LOST_MASS_BOUND
    errors = drawn.errors
    if fft.mean is not None and fft.deviation is not None:
        rare = 1e-5 * fft.mean  # what happens less than once in the years drawn is not seen
        assert abs(drawn.mean - fft.mean) <= (  # type: ignore[operator]
            5.0 * errors["mean"] + rare + 1e-9)  # type: ignore[operator]
    for place in range(len(LEVELS)):
        assert fft.quantiles[place] == pytest.approx(recursion.quantiles[place], rel=2e-3,
                                                     abs=2e-4 * scale)
        if fft.tails[place] is not None:
            assert fft.tails[place] == pytest.approx(recursion.tails[place], rel=1e-3)
        stated = list(errors["quantile"].values())[place]  # type: ignore[attr-defined]
        assert abs(drawn.quantiles[place] - fft.quantiles[place]) <= (
            6.0 * stated + 0.02 * fft.quantiles[place] + 1e-9)


@pytest.mark.parametrize("sigma", [1.4, 2.4])
def test_tails_against_a_fine_grid(sigma: float) -> None:
    """The TVaR of Poisson(2.5) × lognormal within 1e−6 of a grid sixteen times as fine."""
    count, severity = Poisson(2.5), Layered(Lognormal(0.0, sigma))
    fine = Ladder(count, severity, 1 << 20)
    amount = fine.quantile(0.99)
    mean = 2.5 * math.exp(0.5 * sigma**2)
    wanted = amount + (mean - fine.integral(amount, 0)) / 0.01
    found = compound(Request(count, Lognormal(0.0, sigma), levels=(0.99,)))
    assert found.tails[0] == pytest.approx(wanted, rel=1e-8)
    assert found.mean == pytest.approx(mean, rel=1e-13)


def test_exponential_losses_have_a_closed_form() -> None:
    """Geometric number (negative binomial of size 1), exponential losses: S is exponential."""
    found = compound(Request(NegativeBinomial(4.0, 1.0), GeneralisedPareto(0.0, 3.0, 0.0),
                             levels=(0.5, 0.99)))
    for level, quantile, tail in zip((0.5, 0.99), found.quantiles, found.tails, strict=True):
        # P(S > x) = 4/5 e^(−x/15)
        assert quantile == pytest.approx(15.0 * math.log(0.8 / (1.0 - level)), rel=1e-7)
        assert tail == pytest.approx(quantile + 15.0, rel=1e-7)


@pytest.mark.parametrize("rate", [1e4, 1e6])
def test_many_losses_are_nearly_normal(rate: float) -> None:
    """Cornish–Fisher with the skewness of a compound Poisson of gamma losses."""
    found = compound(Request(Poisson(rate), Gamma(2.0, 3.0), levels=(0.99,)))
    deviation = math.sqrt(rate * 54.0)
    skewness = rate * 27.0 * 24.0 / deviation**3
    z = 2.3263478740408408
    wanted = 6.0 * rate + deviation * (z + (z * z - 1.0) * skewness / 6.0)
    assert abs(found.quantiles[0] - wanted) < 1e-4 * deviation
    with pytest.raises(InputError, match="too many losses"):
        compound(Request(Poisson(rate), Gamma(2.0, 3.0)), "panjer")


def test_a_layer_that_nobody_reaches_takes_nothing() -> None:
    found = compound(Request(Poisson(1.0), Gamma(1.0, 1.0), aggregate=Layer(10.0, 1e6),
                             levels=(0.99,)))
    assert (found.quantiles[0], found.tails[0]) == (0.0, pytest.approx(0.0, abs=1e-12))
    nothing = compound(Request(Poisson(0.0), Gamma(1.0, 1.0), levels=(0.99,)))
    assert (nothing.mean, nothing.quantiles) == (0.0, (0.0,))


def test_what_is_infinite_is_not_given_a_number() -> None:
    found = compound(Request(Poisson(2.0), GeneralisedPareto(1.1, 1.0, 0.0), levels=(0.9,)))
    assert (found.mean, found.deviation, found.tails) == (None, None, (None,))
    assert found.quantiles[0] > 0.0
    drawn = compound(Request(Poisson(2.0), GeneralisedPareto(1.1, 1.0, 0.0), levels=(0.9,)),
                     "simulate", years=1000)
    assert (drawn.mean, drawn.tails) == (None, (None,))
    limited = compound(Request(Poisson(2.0), GeneralisedPareto(1.1, 1.0, 0.0),
                               aggregate=Layer(100.0), levels=(0.9,)))
    assert limited.mean is not None
    assert limited.tails[0] is not None


class TestDraws:
    def test_every_stratum_is_hit_once_and_any_cut_is_the_same(self) -> None:
        key = simulating.stream_key(5, "x")
        for total in (1, 2, 3, 7, 100, 65_536, 99_999):
            whole = np.empty(total)
            base = simulating.stratified_base(total)
            simulating.fill_stratified(0, total, base, key, whole)
            assert whole.min() > 0.0
            assert whole.max() < 1.0
            assert np.unique((whole * total).astype(int)).shape == (total,)
            part = np.empty(total - total // 3)
            simulating.fill_stratified(total // 3, total, base, key, part)
            assert (part == whole[total // 3:]).all()

    def test_neighbours_are_independent(self) -> None:
        draws = np.empty(200_000)
        simulating.fill_stratified(0, 200_000, simulating.stratified_base(200_000),
                                  simulating.stream_key(3, "x"), draws)
        for lag in (1, 2, 3):
            counts = np.histogram2d(draws[:-lag], draws[lag:], bins=20)[0]
            chi_squared = float(((counts - counts.mean()) ** 2 / counts.mean()).sum())
            assert abs(chi_squared - 399.0) < 6.0 * math.sqrt(2.0 * 399.0)

    @pytest.mark.parametrize("law", LAWS, ids=str)
    def test_the_table_is_the_quantile(self, law: Law) -> None:
        uniforms = np.concatenate([np.linspace(0.0005, 0.9995, 2001), 1.0 - 2.0 ** -np.arange(
            10.0, 40.0)])
        drawn = uniforms.copy()
        simulating._sizes_from_table(drawn, simulating.quantile_table(law))
        np.testing.assert_allclose(drawn, law.quantile(uniforms), rtol=2e-7)

    def test_the_same_bytes_for_any_number_of_threads(self) -> None:
        import numba

        before, found = numba.get_num_threads(), []
        for threads in {1, before}:
            numba.set_num_threads(threads)
            found.append(simulating.simulate_years(
                NegativeBinomial(3.0, 0.5), Lognormal(0.0, 2.0), Layer(100.0, 1.0),
                years=20_001, seed=9).tobytes())
        numba.set_num_threads(before)
        assert len(set(found)) == 1

    def test_seeds_differ(self) -> None:
        one, other = (simulating.simulate_years(Poisson(2.0), Gamma(1.0, 1.0), Layer(),
                                                years=100, seed=seed) for seed in (1, 2))
        assert not (one == other).all()


@pytest.mark.parametrize(("text", "words"), [
    ("poisson", "numbers of poisson"), ("poisson:-1", "above zero"), ("cauchy:1", "not known"),
    ("negbin:2", "numbers of negbin"), ("binomial:2.5,0.1", "number of trials"),
    ("discrete:1.5=1", "0, 1, 2"), ("discrete:1=0.5", "sum to 0.5"), ("discrete:x", "VALUE=CHANCE"),
    ("discrete:1=0.5;1=0.5", "twice"), ("discrete:1=2", "chance of 1"),
])
def test_a_bad_frequency_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read_frequency(text)
    assert caught.value.fault.mend


@pytest.mark.parametrize(("text", "words"), [
    ("lognormal:1,0", "SIGMA of lognormal"), ("gpd:0.5,1", "numbers of gpd"),
    ("gpd:0.5,1,-2", "THRESHOLD"), ("spliced:1,1,20,0.5,3,1", "between 0 and 1"),
    ("discrete:-1=1", "negative"), ("gamma:nan,1", "numbers of"),
])
def test_a_bad_severity_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_severity(text)


@pytest.mark.parametrize("text", ["5", "5xs", "xs5", "-1xs5", "5xs-1", "5xsinf", "0xs1"])
def test_a_bad_layer_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not a layer"):
        read_layer(text, "--occurrence")


def test_levels_are_read() -> None:
    assert asked_levels("0.5, 0.99") == (0.5, 0.99)
    for text in ("", "1", "0.5,x"):
        with pytest.raises(InputError, match="levels"):
            asked_levels(text)
    with pytest.raises(InputError, match="not a level"):
        compound(Request(Poisson(1.0), Gamma(1.0, 1.0), levels=(1.0,)))


def test_what_a_method_cannot_do_is_said() -> None:
    with pytest.raises(InputError, match="recursion needs"):
        compound(discrete(DiscreteCount((0.5, 0.5)), "discrete:1=1"), "panjer")
    long = discrete(Poisson(2.0), "discrete:1=0.5;1000000.37=0.5")
    assert compound(long).mean == pytest.approx(1000001.37, rel=1e-12)
