"""A third of breaches comes from third parties: what is fitted to it, and what the fit keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dinghai.foundation.money import PPM
from dinghai.losses.tables import PERILS, shipped_tables
from dinghai.supplychain import fit_third_parties
from dinghai.supplychain.causes import CAUSES, third_party_share
from dinghai.supplychain.chain_results import simulate_chain
from dinghai.supplychain.event_table import event_table
from dinghai.supplychain.fit_third_parties import (
    PUBLISHED,
    WANTED,
    Fitted,
    begin_of,
    fit,
    models_of,
    strikes_of,
    with_tries,
)
from dinghai.supplychain.link_table import crossing, tried
from tests.supplychain.twins import chain

EXAMPLES = Path(__file__).parents[2] / "examples"
TABLE = event_table().third_parties


@pytest.fixture(scope="module")
def models() -> list[fit_third_parties.ChainModel]:
    return models_of([EXAMPLES / name for name in ("haiyue", "energy")])


@pytest.fixture(scope="module")
def all_fitted(models: list[fit_third_parties.ChainModel]) -> list[Fitted]:
    return fit(models, shares=(WANTED, *PUBLISHED))


@pytest.fixture(scope="module")
def fitted(all_fitted: list[Fitted]) -> Fitted:
    return all_fitted[0]


def test_the_shipped_figures_are_what_the_fit_finds(all_fitted: list[Fitted]) -> None:
    fitted, low, high = all_fitted
    assert (fitted.tries, fitted.begin_ppm) == (TABLE.tries, TABLE.begin_ppm)
    assert fitted.share == pytest.approx(WANTED, abs=0.005)
    assert (low.tries, high.tries) == TABLE.tries_interval


def test_the_examples_tell_a_share_between_the_published_ones(
    models: list[fit_third_parties.ChainModel],
) -> None:
    """With years and luck of their own."""
    strikes = np.zeros((len(CAUSES), len(PERILS)))
    for model in models:
        found = simulate_chain(model, years=4_000, seed=11).to_dict()
        assert 0.2 < found["third_party_share"] < 0.45
        strikes += fit_third_parties.strikes_by_cause(
            model, simulate_chain(model, years=4_000, seed=11).years)
    share = third_party_share(strikes)
    assert share is not None and 0.30 < share < 0.35


def test_all_claims_together_stay_the_loss_models(
    models: list[fit_third_parties.ChainModel], fitted: Fitted
) -> None:
    plain = strikes_of(models, TABLE.tries)
    common = shipped_tables().frequency["common_share"]
    whole = sum(float(own) / (1.0 - common[peril])
                for own, peril in zip(plain[0], PERILS, strict=True))
    assert fitted.strikes.sum() == pytest.approx(whole, rel=0.01)
    assert fitted.strikes[0].sum() < 0.85 * plain[0].sum()


def test_more_tries_bring_more_from_others_and_leave_own_attempts_alone(
    models: list[fit_third_parties.ChainModel],
) -> None:
    few, more = (strikes_of(models[1:], tries) for tries in (1.0, 4.0))
    assert few[0].sum() == pytest.approx(more[0].sum(), rel=0.05)  # other events, same rates
    assert (few[1:].sum(axis=1) < more[1:].sum(axis=1)).all()
    one = with_tries(models[0], 1.0)
    stated = {place for place, provider in enumerate(
        models[0].chain.providers, start=one.twin.firms)
        if provider.incidents_ppm_a_year is not None}
    assert stated
    for place in stated:  # what a chain states of a provider is taken as it is
        assert np.array_equal(one.rates[place], models[0].rates[place])


def test_a_try_is_a_chance_of_its_own() -> None:
    assert tried(0.3, 1.0) == pytest.approx(0.3)
    assert tried(0.3, 3.0) == pytest.approx(1.0 - 0.7**3)
    assert tried(0.0, 5.0) == 0.0 and tried(1.0, 5.0) == 1.0
    assert tried(tried(0.2, 2.0), 1.5) == pytest.approx(tried(0.2, 3.0))
    (link,) = chain(2, [("s1", "o", "remote_access")]).links
    assert crossing(link).chance == pytest.approx(1.0 - 0.5**TABLE.tries)


def test_the_share_is_of_breaches_with_providers_outside_the_chain() -> None:
    own, elsewhere = np.zeros(len(PERILS)), np.zeros((3, len(PERILS)))
    own[PERILS.index("ransomware")], own[PERILS.index("ddos_web")] = 5.0, 100.0
    own[PERILS.index("third_party")] = 1.0
    elsewhere[:, PERILS.index("intrusion_breach")] = 1.0, 2.0, 1.0
    assert third_party_share(np.vstack([own, elsewhere])) == pytest.approx(5.0 / 10.0)
    assert third_party_share(np.zeros((4, len(PERILS)))) is None


def test_what_begins_at_the_firm_makes_room_for_the_rest() -> None:
    common = shipped_tables().frequency["common_share"]
    strikes = np.zeros((4, len(PERILS)))
    place = PERILS.index("ransomware")
    strikes[:, place] = 8.0, 2.0, 1.0, 1.0
    whole = 8.0 / (1.0 - common["ransomware"])
    assert begin_of(strikes) == pytest.approx((whole - 2.0) / 10.0)
    strikes[2:, place] = 0.0
    strikes[1, place] = 0.0
    assert begin_of(strikes) == 1.0
    assert TABLE.begin_ppm < PPM


def test_the_command_needs_chains(capsys: pytest.CaptureFixture[str]) -> None:
    assert fit_third_parties.main([]) == 2
    assert fit_third_parties.main([str(EXAMPLES / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err
