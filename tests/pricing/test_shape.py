"""The shape of a price over its terms: monotone, concave in the limit, smooth, and additive."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinghai.pricing.quote import Pricer, Quote
from dinghai.wording.products import load_product
from tests.losses.risks import INCEPTION, assessment, dossier

NAMES = ("donghai", "pilot-small", "pilot-average", "pilot-large")
STANDARD = "cyber-comprehensive-standard"
LOW, HIGH = 100_000_000, 5_000_000_000
limits = st.integers(LOW, HIGH)
deductibles = st.integers(0, 50_000_000)
names = st.sampled_from(NAMES)


@cache
def pricer(name: str, product: str) -> Pricer:
    """A pricer of an example under a product."""
    return Pricer.of(dossier(name), assessment(name), load_product(product))


@cache
def price(name: str, limit: int, deductible: int, product: str = STANDARD) -> Quote:
    """A quote by its terms."""
    one = pricer(name, product)
    return one.quote(one.schedule(inception=INCEPTION, limit_fen=limit,
                                  deductible_fen=deductible))


@settings(max_examples=25, deadline=None)
@given(names, limits, limits, deductibles)
def test_more_limit_never_costs_less(name: str, one: int, other: int, deductible: int) -> None:
    less, more = (price(name, limit, deductible).premium for limit in sorted((one, other)))
    assert more.pure >= less.pure
    assert more.technical_net >= less.technical_net
    assert more.charged_net >= less.charged_net


@settings(max_examples=25, deadline=None)
@given(names, limits, deductibles, deductibles)
def test_more_deductible_never_costs_more(name: str, limit: int, one: int, other: int) -> None:
    less, more = (price(name, limit, deductible).premium for deductible in sorted((one, other)))
    assert more.pure <= less.pure
    assert more.technical_net <= less.technical_net


@settings(max_examples=20, deadline=None)
@given(names, limits, st.integers(1_000_000, 1_000_000_000), st.integers(1_000_000, 10**9))
def test_a_further_layer_costs_no_more_for_its_limit_than_the_one_below(
    name: str, limit: int, first: int, second: int
) -> None:
    """Increased-limit factors are concave: rates on line fall from layer to layer."""
    bottom, middle, top = (price(name, at, 5_000_000).premium
                           for at in (limit, limit + first, limit + first + second))
    for kind, slack in (("pure", 2), ("technical_net", 4)):
        lower = getattr(middle, kind) - getattr(bottom, kind)
        upper = getattr(top, kind) - getattr(middle, kind)
        assert lower >= 0 and upper >= 0
        # The fen are rounded, and the grid of the annual aggregate moves with the limit.
        assert upper * first <= lower * second + slack * (first + second)


@settings(max_examples=20, deadline=None)
@given(names, limits, deductibles, st.integers(1, 10_000))
def test_a_small_step_in_the_terms_is_a_small_step_in_the_price(
    name: str, limit: int, deductible: int, step: int
) -> None:
    """Single risks are integrated: no sampling noise between neighbouring terms."""
    here = price(name, limit, deductible).premium
    wider = price(name, limit + step, deductible).premium
    dearer = price(name, limit, deductible + step).premium
    claims = pricer(name, STANDARD).model.claims_per_year
    bound = claims * step * 15 + 10  # no section can pay more than the step for each claim
    assert abs(wider.pure - here.pure) <= bound
    assert abs(dearer.pure - here.pure) <= bound


@pytest.mark.parametrize("product", [STANDARD, "cyber-comprehensive-inclusive",
                                     "ransomware-industrial-internet"])
@pytest.mark.parametrize("name", NAMES)
def test_sections_and_perils_add_up_to_the_fen(name: str, product: str) -> None:
    deductible = load_product(product).limits.deductible_default_fen
    limit = max(LOW, load_product(product).limits.aggregate_minimum_fen)
    one = price(name, limit, deductible, product)
    assert sum(one.by_section.values()) == one.premium.pure
    assert sum(one.by_peril.values()) == one.premium.pure
    assert min(one.by_section.values()) >= 0
    premium = one.premium
    assert premium.technical_net == (
        premium.pure + premium.parameter + premium.risk + premium.catastrophe + premium.service
        + premium.expense + premium.commission + premium.profit + premium.guarantee_fund)
    assert premium.gross == premium.charged_net + premium.vat
