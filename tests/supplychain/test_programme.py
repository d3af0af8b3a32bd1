"""The programme in simulated events, against the claim that the same event would be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from dinghai.foundation.errors import InputError
from dinghai.losses.model import build_loss_model
from dinghai.losses.tables import PERILS
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.compiling import posture_of
from dinghai.supplychain.cover import OWN, SPREAD, SUPPLY, Cover, cover_of, programme_policy
from dinghai.supplychain.firm_steps import FirmSteps
from dinghai.supplychain.goods import goods_of
from dinghai.supplychain.outcomes import BINS, CUTS, Outcomes, outcomes_of
from dinghai.supplychain.programme import OWN_PART, SPREAD_PART, SUPPLY_PART, terms_of
from dinghai.supplychain.strikes import field_of
from dinghai.supplychain.templates import complete
from dinghai.supplychain.twin import twin_of
from dinghai.supplychain.years import ChainYears, Supply, draw_events, run_years
from tests.supplychain.twins import chain
from tests.wording.test_library_b import _chain as claim_along_the_chain

OWNER, X, Y, Z = range(4)
DAY = 86_400
ENERGY = Path(__file__).parents[2] / "examples" / "energy"


def certain_steps() -> FirmSteps:
    """attack → encrypt, and what leads on and in; nothing ever fails."""
    codes = ("attack", "encrypt", "partner")
    ways = [(0, 1), (2, 1)]
    return FirmSteps(
        codes=codes, waits_for_all=np.zeros(3, dtype=np.bool_), chance=np.ones(3),
        peril=np.array([-1, 0, -1], dtype=np.int8), output_share=np.zeros(3),
        source=np.array([a for a, _ in ways], dtype=np.int32),
        target=np.array([b for _, b in ways], dtype=np.int32), mu=np.full(2, -3.0),
        sigma=np.zeros(2), start=0, entries={"remote_access": 2}, exits={"remote_access": 1},
        containment_mu=50.0, containment_sigma=0.0)


def programme_cover(
    known: Chain, granted: dict[tuple[str, int], int], *, bins: int = BINS
) -> Cover:
    """The programme's cover of a chain, with what each section grants each firm, on any impact. The
    deductible falls on the propagation section and on data, as the wording says."""
    policy = programme_policy(known)
    sections = tuple(one for one in policy.product.sections
                     if one.coverage in (*OWN, SPREAD, SUPPLY))
    place = {one.coverage: number for number, one in enumerate(sections)}
    amounts, deducted = np.zeros(
        (2, len(sections), len(known.firms), len(PERILS), bins), dtype=np.int64)
    for (coverage, firm), fen in granted.items():
        amounts[place[coverage], firm] = fen
        if coverage in (SPREAD, "FP-DATA"):
            deducted[place[coverage], firm] = min(fen, policy.schedule.event_deductible_fen)
    supply = sections[place[SUPPLY]]
    assert supply.per_supplier_fen is not None
    roles = np.array([firm.role for firm in known.firms])
    return Cover(policy, sections, amounts, deducted, supply.per_supplier_fen, 3.0, 90.0,
                 roles == "owner", roles == "supplier")


def along_the_path(**limits: Any) -> tuple[ChainYears, int]:
    """An event at supplier X that goes on to Y; X is still for seven days, and the owner lives on
    its goods with two days of stock. The numbers are those of the decided claim."""
    known = chain(4, [("s1", "s2", "remote_access")], goods=[
        {"from": "s1", "to": "o", "share_ppm": 1_000_000, "stock_seconds": 2 * DAY}])
    one = twin_of(known, {firm.id: certain_steps() for firm in known.firms})
    one = replace(one, links=replace(one.links, chance=np.ones(1)))
    ground_up = np.full((4, 6, BINS), 120_000_000, dtype=np.int64)
    stopped = np.zeros((4, 6, BINS), dtype=np.int64)
    stopped[X] = 7 * DAY
    cover = programme_cover(known, {
        ("FP-IR", X): 30_000_000, (SPREAD, Y): 100_000_000, ("FP-IR", Z): 77_000_000,
        (SPREAD, Z): 77_000_000})
    profit = np.array([40_000_000.0, 0.0, 0.0, 0.0])
    supply = Supply(goods_of(known), profit, 3.0)
    terms = terms_of(cover, profit=profit, goods=supply.goods)
    shared = terms.shared_limit.copy()
    for name in ("propagation", "members"):
        if name in limits:
            shared[[one.id for one in cover.policy.product.shared_limits].index(name)] = (
                limits.pop(name))
    terms = terms._replace(shared_limit=shared, **limits)
    rate = np.zeros((4, 6))
    rate[X, 0] = 0.2
    events = draw_events(rate, years=2_000, seed=2)
    assert np.diff(events.first).max() == 3  # a fourth would use up the year's limit of X
    found = run_years(field_of(one, Outcomes(np.ones(1), ground_up, stopped)), events, supply,
                      terms, horizon_days=np.inf)
    return found, events.number


def test_an_attack_pays_supplier_owner_and_member_once_and_nobody_else() -> None:
    """Acceptance A10: X its own cover, the owner its lost supply, Y the propagation, each once."""
    found, events = along_the_path()
    decision = claim_along_the_chain()
    assert decision["total_fen"] == 285_000_000
    by_line = {(one["coverage"], one.get("insured", "o")): one["payable_fen"] * events
               for one in decision["lines"]}
    assert found.parts.tolist() == [30_000_000 * events, 95_000_000 * events,
                                    160_000_000 * events]
    assert found.compensated[OWN_PART].tolist() == [0, by_line["FP-IR", "X"], 0, 0]
    assert found.compensated[SPREAD_PART].tolist() == [0, 0, by_line[SPREAD, "Y"], 0]
    assert found.compensated[SUPPLY_PART].tolist() == [by_line[SUPPLY, "o"], 0, 0, 0]
    assert found.suffered[OWN_PART].tolist() == [0, 120_000_000 * events, 0, 0]
    assert found.suffered[SPREAD_PART].tolist() == [0, 0, 120_000_000 * events, 0]
    assert found.suffered[SUPPLY_PART].tolist() == [200_000_000 * events, 0, 0, 0]
    assert found.struck.tolist() == [0, events, events, 0]
    assert (found.paid % 285_000_000 == 0).all()
    assert set((found.paid // 285_000_000).tolist()) >= {0, 1, 2}
    assert (found.layers.sum(axis=0) == found.paid).all()
    assert found.layers[0].max() <= 2_000_000_000
    assert found.supply[OWNER] == 5 * 40_000_000 * events
    assert found.inherited[Z] == found.own[Z] == 0


def test_what_is_shared_is_cut_pro_rata_before_the_deductible() -> None:
    found, events = along_the_path(propagation=130_000_000)
    # 100 and 160 share 130: a half each; then Y bears its own deductible
    assert found.parts.tolist() == [30_000_000 * events, 45_000_000 * events, 80_000_000 * events]
    assert found.compensated[:, Y].tolist() == [0, 45_000_000 * events, 0]


def test_one_supplier_the_event_the_year_and_the_own_sections_have_their_limits() -> None:
    found, events = along_the_path(per_supplier=90_000_000)
    # 200 are cut to 90, of which waiting takes a day's 40
    assert found.parts[2] == 50_000_000 * events
    found, _ = along_the_path(event_limit=200_000_000)
    assert set(np.unique(found.paid).tolist()) >= {0, 200_000_000, 400_000_000}
    found, _ = along_the_path(aggregate=300_000_000)
    assert int(found.paid.max()) == 300_000_000
    found, events = along_the_path(members=40_000_000)
    years = int((found.paid > 0).sum())
    assert found.parts[0] < 30_000_000 * events
    assert found.parts[0] >= 30_000_000 * years


def test_the_programme_of_an_example_is_bound_and_its_payments_are_inside_the_losses() -> None:
    known = read_chain(ENERGY)
    policy = programme_policy(known)
    assert policy.product.product_id == known.programme.product
    models = [build_loss_model(complete(firm, known)[0], posture_of(known, firm))
              for firm in known.firms[:4]]
    cover = cover_of(known, models, parties=6)
    assert (cover.own[4:] == 0).all()
    assert (cover.own >= 0).all()
    assert cover.own[:4].sum() > 0
    assert cover.spread[:4].sum() > cover.own[:4].sum()
    assert (cover.deducted <= cover.granted).all()
    assert (cover.deducted <= policy.schedule.event_deductible_fen).all()
    assert cover.insured.tolist() == [firm.id == known.owner for firm in known.firms]
    outcomes = outcomes_of(models, parties=6)
    weight = np.outer(outcomes.states, np.diff(CUTS)).ravel()
    for firm in range(4):
        for peril in range(len(PERILS)):
            paid = float(weight @ cover.own[firm, peril])
            assert paid <= float(weight @ outcomes.ground_up[firm, peril])
    assert (cover.own <= outcomes.ground_up).all()
    assert (cover.spread <= outcomes.ground_up).all()


def test_a_product_that_is_no_programme_is_refused() -> None:
    known = chain(2, [])
    wrong = msgspec.structs.replace(known, programme=msgspec.structs.replace(
        known.programme, product="cyber-comprehensive-standard"))
    models = [build_loss_model(complete(firm, known)[0], {}) for firm in known.firms]
    with pytest.raises(InputError, match="does not cover"):
        cover_of(wrong, models, parties=2)
