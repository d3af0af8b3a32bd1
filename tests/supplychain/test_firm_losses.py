"""Many firms at a time come to what each is alone, to the fen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest

from dinghai.losses.event_cells import labour_row
from dinghai.losses.model import LossModel, build_loss_model
from dinghai.losses.tables import PERILS, shipped_tables
from dinghai.supplychain import firm_losses as rooms
from dinghai.supplychain.chain import Chain, ControlScore
from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.chain_model import HALF, reference_steps
from dinghai.supplychain.compiling import compile_firm, posture_of
from dinghai.supplychain.cover import Cover, MemberTerms, cover_of, programme_policy
from dinghai.supplychain.firm_losses import FirmLosses, firm_losses
from dinghai.supplychain.language import shipped_language
from dinghai.supplychain.outcomes import (
    BINS,
    CUTS,
    Outcomes,
    Points,
    condensed_by_firm,
    outcomes_from,
    outcomes_of,
)
from dinghai.supplychain.templates import complete
from dinghai.vocabulary.indicators import indicators
from dinghai.wording.policy import Policy
from dinghai.wording.sections import Valuation
from dinghai.wording.words import ValuationMethod

ENERGY = Path(__file__).parents[2] / "examples" / "energy"


@pytest.fixture(scope="module")
def energy() -> Chain:
    """The example, its firms of several margins, one very large and one that knows no records."""
    known = read_chain(ENERGY)
    rates = (None, 310_000, 310_000, 123_457)
    firms = tuple(msgspec.structs.replace(
        firm, gross_profit_rate_ppm=rates[place % 4],
        revenue_fen=firm.revenue_fen * (40_000 if place == 5 else 1),
        records_general=0 if place == 3 else firm.records_general)
        for place, firm in enumerate(known.firms))
    return msgspec.structs.replace(known, firms=firms)


@pytest.fixture(scope="module")
def models(energy: Chain) -> list[LossModel]:
    return [build_loss_model(complete(firm, energy)[0], posture_of(energy, firm))
            for firm in energy.firms]


def alone(chain: Chain, terms: MemberTerms, models: Sequence[LossModel]) -> Cover:
    """What the terms pay on each firm's own event grids, one column after another."""
    return cover_of(chain, models, parties=len(models), terms=terms)


def same(found: Sequence[FirmLosses], outcomes: Outcomes, cover: Cover) -> None:
    for place, one in enumerate(found):
        assert np.array_equal(one.ground_up, outcomes.ground_up[place])
        assert np.array_equal(one.stopped, outcomes.stopped[place])
        assert np.array_equal(one.granted, cover.granted[:, place])
        assert np.array_equal(one.deducted, cover.deducted[:, place])


def test_firms_together_are_what_each_is_alone(
    energy: Chain, models: list[LossModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    terms = MemberTerms.of(programme_policy(energy))
    outcomes, cover = outcomes_of(models), alone(energy, terms, models)
    assert int(outcomes.ground_up.max()) > 10**12  # the large one is among them
    assert int(cover.deducted.max()) > 0
    for at_a_time in (1, 3, 8):
        monkeypatch.setattr(rooms, "AT_A_TIME", at_a_time)
        found = firm_losses(energy, terms, energy.firms)
        same(found, outcomes, cover)
        for one, model in zip(found, models, strict=True):
            for peril in PERILS:
                mine, whole = one.model.perils[peril], model.perils[peril]
                assert mine.frequency.per_year == whole.frequency.per_year
                assert mine.severity_key == whole.severity_key
                assert mine.events.loss.size == 0
                assert mine.events.grid is whole.events.grid


@pytest.mark.parametrize("trigger", ["event.personal_data_breach", "event.third_party_claim",
                                     "event.system_interruption"])
def test_terms_that_ask_what_happened_are_answered_point_by_point(
    energy: Chain, models: list[LossModel], trigger: str
) -> None:
    terms = MemberTerms.of(asking(programme_policy(energy), trigger))
    few = energy.firms[:3]
    cover = alone(energy, terms, models[:3])
    usual = alone(energy, MemberTerms.of(programme_policy(energy)), models[:3])
    assert not np.array_equal(cover.granted, usual.granted)
    same(firm_losses(energy, terms, few), outcomes_of(models[:3]), cover)


@pytest.mark.parametrize("method", [
    "business_interruption_net_profit", "business_interruption_net_profit_hourly"])
def test_other_forms_of_interruption_are_paid_the_same_way(
    energy: Chain, models: list[LossModel], method: ValuationMethod
) -> None:
    policy = programme_policy(energy)
    terms = MemberTerms.of(msgspec.structs.replace(policy, product=msgspec.structs.replace(
        policy.product, sections=tuple(
            msgspec.structs.replace(one, valuation=Valuation(method))
            if one.coverage == "FP-BI" else one for one in policy.product.sections))))
    cover = alone(energy, terms, models[:3])
    place = [one.coverage for one in terms.sections].index("FP-BI")
    assert int(cover.granted[place].sum()) > 0
    same(firm_losses(energy, terms, energy.firms[:3]), outcomes_of(models[:3]), cover)


def asking(policy: Policy, trigger: str) -> Policy:
    """The programme, its response paid where something certain happened."""
    sections = tuple(msgspec.structs.replace(one, triggers=(trigger,))
                     if one.coverage == "FP-IR" else one for one in policy.product.sections)
    return msgspec.structs.replace(policy, product=msgspec.structs.replace(
        policy.product, sections=sections))


def test_losses_too_large_to_carry_their_place_are_put_in_order_all_the_same() -> None:
    draw = np.random.default_rng(7)
    points = (Points(np.arange(64)[::-1].copy(), np.full(64, 1 / 64)),)
    table = draw.integers(0, 40, (3, 2, 64))  # many are equal: the first comes first
    small, large = (condensed_by_firm(points, np.concatenate([table[:1] * scale, table[1:]]))
                    for scale in (1, 1 << 53))
    assert np.array_equal(small[1:], large[1:])
    weight = np.diff(CUTS)
    assert np.allclose((small * weight).sum(axis=2), table.mean(axis=2))
    assert (np.diff(small[0]) >= 0).all()
    assert small.shape == (3, 2, BINS)


def test_no_firms_have_no_losses(energy: Chain) -> None:
    assert firm_losses(energy, MemberTerms.of(programme_policy(energy)), ()) == []


def test_outcomes_by_rows_are_those_of_the_models(models: list[LossModel]) -> None:
    whole = outcomes_of(models)
    again = outcomes_from(models[0], list(whole.ground_up), list(whole.stopped), parties=30)
    assert np.array_equal(again.ground_up[:len(models)], whole.ground_up)
    assert again.ground_up[len(models):].sum() == 0


def test_firms_alike_share_their_steps_at_the_reference(energy: Chain) -> None:
    language = shipped_language()
    controls = tuple(ControlScore(firm=firm.id, indicator=code, score_ppm=HALF)
                     for firm in energy.firms for code in indicators())
    apart = msgspec.structs.replace(energy, controls=controls, weaknesses=(), links=())
    found = reference_steps(energy, language, energy.firms)
    assert list(found) == [firm.id for firm in energy.firms]
    assert len({id(one) for one in found.values()}) < len(found)
    for firm in energy.firms:
        mine, whole = found[firm.id], compile_firm(apart, firm, language)
        assert (mine.codes, mine.assets, dict(mine.flaws)) == (
            whole.codes, whole.assets, dict(whole.flaws))
        for name in ("chance", "output_share", "mu", "sigma", "source", "target", "peril"):
            assert np.array_equal(getattr(mine, name), getattr(whole, name))


def test_hours_of_labour_are_whole_and_exact() -> None:
    hourly = int(shipped_tables().severity["unit_prices"]["labour_fen_per_hour"])
    amounts = np.array([0.0, hourly - 1, hourly, hourly + 1, 7 * hourly - 1, 7 * hourly, 1e15,
                        hourly * 3_333_333_333.0 - 1, hourly * 3_333_333_333.0])
    hours, out = np.empty((2, len(amounts)), dtype=np.int64)
    labour_row(amounts, 1.0, hourly, hours, out)
    assert hours.tolist() == [int(one) // hourly for one in amounts]
    assert (out == hours * hourly).all()
