"""Steps move with controls as the loss model does: the exponents are what the command finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dinghai.losses.tables import PERILS
from dinghai.supplychain import fit_tempering
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.fit_tempering import (
    FULL,
    LEAST,
    MOST,
    STEPS,
    Target,
    exponents_of,
    fit,
    model_factors,
    panel_of,
    twin_factors,
    with_exponents,
)
from dinghai.supplychain.language import shipped_language
from dinghai.supplychain.rates import reference_factors
from dinghai.supplychain.tempering import leads_to, tempered

EXAMPLES = Path(__file__).parents[2] / "examples"
LANGUAGE = shipped_language()


@pytest.fixture(scope="module")
def panel() -> Chain:
    return panel_of([read_chain(EXAMPLES / name) for name in ("haiyue", "energy")])


def test_the_shipped_exponents_are_what_the_fit_finds(panel: Chain) -> None:
    """No exponent can be moved by a hundredth to leave a smaller gap."""
    target = Target.of(panel, LANGUAGE)
    found, least = fit(target, LANGUAGE, steps=STEPS[-1:])
    assert found == exponents_of(LANGUAGE)
    assert all(LEAST <= one <= MOST for one in found.values())
    plain = target.gaps(with_exponents(LANGUAGE, dict.fromkeys(found, 1.0)))
    assert float(least.mean())**0.5 < 0.13
    assert float(plain.mean())**0.5 > 1.1


def test_a_what_if_on_all_controls_moves_twin_and_price_alike(panel: Chain) -> None:
    """From none to half and from half to full; the largest gap is the one the documents state."""
    for score, found in zip((0, FULL), twin_factors(panel, LANGUAGE, (0, FULL)), strict=True):
        gap = np.abs(np.nanmean(np.log(found), axis=0) - np.log(model_factors(score)))
        assert dict(zip(PERILS, gap.tolist(), strict=True)) == {
            peril: pytest.approx(0.0, abs=0.26 if peril == "third_party" else 0.16)
            for peril in PERILS}


def test_half_implemented_controls_are_where_the_loss_model_puts_them() -> None:
    assert model_factors(FULL // 2).tolist() == [1.0] * len(PERILS)
    assert set(reference_factors()) == set(PERILS)
    assert reference_factors()["ransomware"] > 1.0  # half of what must be complete is little


def test_an_exponent_counts_from_half() -> None:
    at_half, half = np.array([0.3, 0.3, 0.3]), np.array([0.5, 0.5, 0.5])
    exponent = np.array([0.0, 1.0, 2.0])
    assert tempered(at_half, half, half, exponent).tolist() == [0.3] * 3
    assert tempered(at_half, np.ones(3), half, exponent) == pytest.approx([0.3, 0.6, 1.0])
    assert tempered(at_half, half / 2, half, exponent) == pytest.approx([0.3, 0.15, 0.075])


def test_steps_of_one_peril_alone_have_its_exponent() -> None:
    goals, rules = leads_to(LANGUAGE.steps), LANGUAGE.mitigations.tempering
    for step in LANGUAGE.steps:
        exponent = float(LANGUAGE.exponent[LANGUAGE.place[step.id]])
        only = goals[step.id] if len(goals[step.id]) == 1 else frozenset({""})
        assert exponent == rules.alone.get(next(iter(only)), rules.shared)
    assert goals["flood"] == {"ddos_web"} and goals["insider_misuse"] == {"error_insider"}
    assert goals["outside_provider"] == {"third_party"}
    assert {"ransomware", "email_trust"} <= goals["credentials"]


def test_the_command_needs_chains(capsys: pytest.CaptureFixture[str]) -> None:
    assert fit_tempering.main([]) == 2
    assert fit_tempering.main([str(EXAMPLES / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err
