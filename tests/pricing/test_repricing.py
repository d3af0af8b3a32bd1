"""One risk under two ratings: the steps add up to the fen, and the losses do not move."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from dinghai.foundation.errors import InputError
from dinghai.foundation.reading import plain
from dinghai.pricing.quote import Pricer
from dinghai.pricing.rating import figures, load_rating, rating_of
from dinghai.pricing.referral import load_referral
from dinghai.pricing.repricing import PARTS, Tables, reprice
from dinghai.wording.products import load_product
from tests.losses.risks import INCEPTION, PRODUCT, assessment, dossier


def changed(**figures_: int) -> Any:
    """The shipped rating with other figures, by their place with double underscores."""
    document = plain(load_rating(PRODUCT))
    for place, value in figures_.items():
        *path, last = place.split("__")
        here = document
        for name in path:
            here = here[name]
        here[last] = value
    return rating_of(document)


@pytest.mark.parametrize("figures_", [
    {}, {"market__factor_ppm": 1_700_000}, {"loads__parameter__ppm_of_pure": 0},
    {"filed__minimum_premium_fen": 90_000_000},
    {"loads__risk__risk_tolerance_fen": 10**8, "expenses__commission__ppm": 100_000,
     "service__base_fen": 1, "market__factor_ppm": 800_000, "expenses__profit__ppm": 90_000},
])
def test_the_steps_add_up_to_the_change(figures_: dict[str, int]) -> None:
    pricer = Pricer.of(dossier("donghai"), assessment("donghai"), load_product(PRODUCT))
    schedule = pricer.schedule(inception=INCEPTION)
    rules = load_referral()
    found = reprice(pricer, schedule, Tables(load_rating(PRODUCT), rules),
                    Tables(changed(**figures_), rules))
    assert sum(fen for _part, fen in found.steps) == found.change_fen
    assert [part for part, _fen in found.steps] == [
        part for part in PARTS if part in {one for one, _fen in found.steps}]
    assert found.before.premium == pricer.quote(schedule).premium
    assert found.after.premium.pure == found.before.premium.pure
    assert bool(figures_) == bool(found.steps)
    own = Pricer.of(dossier("donghai"), assessment("donghai"), load_product(PRODUCT),
                    changed(**figures_)).quote(schedule)
    assert (found.after.premium, found.after.outcome, found.after.reasons) == (
        own.premium, own.outcome, own.reasons)


def test_the_change_is_a_share_of_the_premium_before() -> None:
    pricer = Pricer.of(dossier("donghai"), assessment("donghai"), load_product(PRODUCT))
    rules, before = load_referral(), changed(market__factor_ppm=1_000_000)
    found = reprice(pricer, pricer.schedule(inception=INCEPTION), Tables(before, rules),
                    Tables(changed(market__factor_ppm=900_000), rules))
    assert found.change_ppm == pytest.approx(-100_000, abs=1)


@pytest.mark.parametrize(("figures_", "field"), [
    ({"loads__risk__risk_tolerance_fen": 0}, "loads.risk.risk_tolerance_fen"),
    ({"service__base_fen": -1}, "service.base_fen"),
    ({"validity__quote_days": 0}, "validity.quote_days"),
    ({"tax__vat_ppm": 1_000_000}, "tax.vat_ppm"),
    ({"filed__rate_on_line_minimum_ppm": 150_001}, "filed.rate_on_line_minimum_ppm"),
    ({"expenses__commission__ppm": 150_001}, "expenses.commission.ppm"),
    ({"market__factor_ppm": 1_800_001}, "market.factor_ppm"),
])
def test_figures_that_make_no_sense_or_break_the_filing_are_refused(
    figures_: dict[str, int], field: str
) -> None:
    with pytest.raises(InputError) as caught:
        changed(**figures_)
    assert field in {one.field for one in caught.value.faults}
    assert all(one.mend for one in caught.value.faults)


def test_a_figure_needs_its_source_and_a_mark() -> None:
    document = plain(load_rating(PRODUCT))
    document["service"] |= {"source": "", "confidence": "sure"}
    with pytest.raises(InputError) as caught:
        rating_of(document)
    assert [one.field for one in caught.value.faults] == ["service.source", "service.confidence"]


def test_every_whole_number_of_a_rating_is_a_figure() -> None:
    found = dict(figures(load_rating(PRODUCT)))
    assert found["expenses.commission.ppm"] == 150_000
    assert len(found) == 24
    assert msgspec.structs.replace(load_rating(PRODUCT)) == load_rating(PRODUCT)
