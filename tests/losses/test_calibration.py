"""The tables: complete, sourced, and meeting the claims averages they were fitted to."""

from __future__ import annotations

import itertools
from importlib import resources

import pytest

from dinghai.losses.fit import ITERATIONS, check, fit, to_toml
from dinghai.losses.frequency import base_frequency, latent_factor
from dinghai.losses.tables import DECLARED, EFFECT_GROUPS, PERILS, shipped_raw, shipped_tables
from dinghai.vocabulary.indicators import indicators

MARKS = {"T", "A", "M", "D"}


def test_every_indicator_acts_as_the_vocabulary_says() -> None:
    tables = shipped_tables()
    for code, indicator in indicators().items():
        effects = [one for one in tables.effects if one.indicator == code]
        assert effects, code
        perils = {peril for one in effects for peril in one.perils}
        assert perils <= set(indicator.perils), code
        kinds = {"frequency" if one.target == "frequency" else "severity" for one in effects}
        wanted = {"frequency", "severity"} if indicator.component == "both" else {
            indicator.component}
        assert kinds == wanted, code


def test_every_effect_has_source_interval_and_mark() -> None:
    for effect in shipped_tables().effects:
        assert effect.target == "frequency" or effect.target in EFFECT_GROUPS
        assert effect.interval[0] <= effect.strength <= effect.interval[1]
        assert effect.strength > 0.0
        assert effect.source.name and effect.source.confidence in MARKS


def test_the_six_strong_signals_have_a_quarter_of_their_logarithm() -> None:
    strengths = {one.indicator: one.strength for one in shipped_tables().effects
                 if one.target == "frequency"}
    for indicator, strength in {"HRD-01": 0.4298, "IAM-03": 0.2679, "EPP-01": 0.2005,
                                "DET-01": 0.1960, "VUL-01": 0.1960, "IAM-01": 0.0841}.items():
        assert strengths[indicator] == pytest.approx(strength, abs=1e-4)


def test_every_table_row_with_a_figure_has_a_mark() -> None:
    raw = shipped_raw(("frequency", "severity"))
    rows = [*raw["frequency"]["bands"], *raw["frequency"]["modifiers"],
            *raw["severity"]["perils"], *raw["severity"]["bands"],
            *(raw["frequency"][name] for name in
              ("exchange_rate", "book", "elasticity", "book_mix", "common_share", "latent")),
            *(raw["severity"][name] for name in
              ("book", "size", "limit", "tail", "copula", "interruption", "records", "grid"))]
    for row in rows:
        assert row["source"] and row["confidence"] in MARKS


def test_claims_averages_are_met_by_band_peril_and_book() -> None:
    found = check(shipped_tables())
    for target, model in found.bands:
        assert model == pytest.approx(target, rel=0.02)
    for peril, (target, model) in found.perils.items():
        # The source's perils add up to more than its book: all are reconciled by one factor.
        assert model == pytest.approx(target * found.reconciling, rel=0.02), peril
        assert model == pytest.approx(target, rel=0.10), peril
    for target, model in found.interruption:
        assert model == pytest.approx(target, rel=0.02)
    assert found.book[1] == pytest.approx(found.book[0], rel=0.03)


def test_the_fit_gives_the_shipped_table_again() -> None:
    assert ITERATIONS >= 40
    shipped = resources.files("dinghai.data") / "calibration" / "severity_fit.toml"
    assert to_toml(fit(shipped_raw(DECLARED))) == shipped.read_text("utf-8")


def test_frequency_goes_through_the_bands_and_has_no_cliff() -> None:
    tables = shipped_tables()
    for band in tables.frequency["bands"]:
        fen = int(band["revenue_usd"] * tables.fen_per_usd)
        assert base_frequency(tables, fen) == pytest.approx(band["frequency"], rel=1e-6)
    revenues = [int(10.0 ** (7.0 + k / 50.0)) * 100 for k in range(300)]
    values = [base_frequency(tables, revenue) for revenue in revenues]
    assert all(a < b < 1.06 * a for a, b in itertools.pairwise(values))


def test_the_latent_factor_is_the_gamma_law_in_its_first_moments() -> None:
    latent = latent_factor(shipped_tables())
    moments = [sum(w * x**k for w, x in zip(latent.weights, latent.nodes, strict=True))
               for k in range(4)]
    assert moments == pytest.approx([1.0, 1.0, 1.0 + 1.0 / latent.size,
                                     (1.0 + 1.0 / latent.size) * (1.0 + 2.0 / latent.size)])
    assert sum(w * s for w, s in zip(latent.event_weights, latent.severity, strict=True)
               ) == pytest.approx(1.0)


def test_the_book_mix_is_whole() -> None:
    mix = shipped_tables().frequency["book_mix"]
    assert sum(mix[peril] for peril in PERILS) == pytest.approx(1.0)
