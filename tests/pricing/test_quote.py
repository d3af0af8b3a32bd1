"""Quotes: arithmetic to the fen, anchors, referrals, re-pricing and the treatment plan."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import date
from functools import cache

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinghai.foundation.canonical import canonical_bytes, document_hash
from dinghai.foundation.errors import InputError, Refusal
from dinghai.pricing.premium import make_premium
from dinghai.pricing.quote import Pricer, Quote, quote
from dinghai.pricing.rating import Rating, load_effort, load_rating, read_rating
from dinghai.pricing.treatment import TreatmentPlan, treatment_plan
from dinghai.vocabulary.indicators import indicators
from dinghai.wording.products import load_product
from tests.losses.risks import INCEPTION, PRODUCT, assessment, dossier, evaluator, model


@cache
def pricer(name: str = "donghai") -> Pricer:
    """A pricer of an example."""
    return Pricer.of(dossier(name), assessment(name), load_product(PRODUCT))


@cache
def quoted(name: str = "donghai") -> Quote:
    """The example's own quote."""
    return pricer(name).quote(pricer(name).schedule(inception=INCEPTION))


@cache
def plan() -> TreatmentPlan:
    """The example's treatment plan."""
    return treatment_plan(pricer(), quoted().schedule)


def test_the_pilots_average_risk_is_charged_its_average_premium() -> None:
    premium = quoted("pilot-average").premium
    assert premium.gross == pytest.approx(10_000_000, abs=100)  # ¥100,000 with VAT, within ¥1
    assert quoted("pilot-average").schedule.aggregate_limit_fen == 766_700_000
    assert load_rating(PRODUCT).market.anchor_gross_fen == 10_000_000


@pytest.mark.parametrize(("name", "yuan"), [
    ("pilot-small", 10_000), ("pilot-middle", 66_000), ("pilot-large", 162_000)])
def test_small_middle_and_large_firms_come_near_their_market_prices(name: str, yuan: int) -> None:
    assert quoted(name).premium.gross == pytest.approx(yuan * 100, rel=0.15)


@pytest.mark.parametrize("name", ["donghai", "pilot-small", "pilot-large"])
def test_the_waterfall_adds_up_to_the_fen(name: str) -> None:
    rows = quoted(name).waterfall
    after = 0
    for row in rows:
        after += row.amount_fen
        assert row.after_fen == after, row.code
    premium = quoted(name).premium
    assert after == premium.gross
    by_code = {row.code: row.after_fen for row in rows}
    assert by_code["annual_aggregate"] == premium.pure
    assert by_code["guarantee_fund"] == premium.technical_net
    assert by_code["market"] == premium.charged_net
    assert [row.code for row in rows][:6] == [
        "book_average", "size", "industry", "exposure", "controls_frequency",
        "controls_severity"]


def test_net_is_the_loaded_loss_over_one_minus_the_shares() -> None:
    premium, rating = quoted().premium, load_rating(PRODUCT)
    loaded = (premium.pure + premium.parameter + premium.risk + premium.catastrophe
              + premium.service)
    parts = premium.expense + premium.commission + premium.profit + premium.guarantee_fund
    assert premium.technical_net == loaded + parts
    assert premium.technical_net == pytest.approx(
        loaded / (1 - rating.expenses.total_ppm / 1e6), abs=1)
    assert premium.vat == pytest.approx(premium.charged_net * 0.06, abs=1)
    assert premium.gross == premium.charged_net + premium.vat
    assert premium.stamp_duty == pytest.approx(premium.charged_net * 0.001, abs=1)
    assert premium.adequacy_ppm == pytest.approx(
        premium.charged_net / premium.technical_net * 1e6, abs=1)


def test_sections_and_perils_add_up_to_the_pure_premium() -> None:
    assert sum(quoted().by_section.values()) == quoted().premium.pure
    assert sum(quoted().by_peril.values()) == quoted().premium.pure
    assert set(quoted().by_section) == {
        "FP-IR", "FP-BI", "FP-DATA", "FP-EXT-C", "FP-NOTIF", "FP-PR", "FP-LEGAL", "FP-REGINV",
        "TP-PRIV", "TP-NETSEC", "FP-MIT", "FP-PROOF"}
    assert min(quoted().by_section.values()) > 0


def test_the_document_follows_its_schema_and_holds_its_hash() -> None:
    from importlib.resources import files

    document = json.loads(json.dumps(quoted().to_dict()))
    schema = json.loads(
        files("dinghai.data").joinpath("schemas/quote.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)
    assert document["hash"] == document_hash(document)
    assert document["outcome"] == "quote_with_conditions"


def test_the_same_dossier_gives_the_same_bytes() -> None:
    again = quote(dossier("donghai"), assessment("donghai"), load_product(PRODUCT),
                  quoted().schedule)
    assert canonical_bytes(again.to_dict()) == canonical_bytes(quoted().to_dict())


def test_every_leaf_of_the_factor_tree_has_a_source() -> None:
    inputs = {"revenue", "measure", "score", "limit", "common", "standard_deviation"}
    for _, node in quoted().trace.walk():
        if not node.children and node.name not in inputs:
            assert node.source is not None, node.name
            assert node.source.confidence, node.name
    assert quoted().trace.find("premium.gross").value == quoted().premium.gross


def test_repricing_by_limit_and_deductible_moves_the_right_way() -> None:
    def gross(limit: int, deductible: int) -> int:
        schedule = pricer().schedule(inception=INCEPTION, limit_fen=limit,
                                     deductible_fen=deductible)
        return pricer().quote(schedule).premium.gross

    assert gross(300_000_000, 5_000_000) < gross(766_700_000, 5_000_000)
    assert gross(766_700_000, 20_000_000) < gross(766_700_000, 5_000_000)


def test_a_limit_outside_the_product_is_bad_input_and_a_large_one_is_referred() -> None:
    with pytest.raises(InputError):
        pricer().quote(pricer().schedule(inception=INCEPTION, limit_fen=100))
    large = pricer().quote(pricer().schedule(inception=INCEPTION, limit_fen=5_000_000_000))
    assert large.outcome == "refer" and "limit_above_authority" in large.reasons
    with pytest.raises(Refusal) as caught:
        large.require_bindable()
    assert "limit_above_authority" in caught.value.reasons


def _rated(**filed: int) -> Rating:
    rating = load_rating(PRODUCT)
    return msgspec.structs.replace(rating, filed=msgspec.structs.replace(rating.filed, **filed))


def test_a_rate_outside_the_filing_is_referred() -> None:
    narrow = _rated(rate_on_line_maximum_ppm=5_000)
    found = quote(dossier("donghai"), assessment("donghai"), load_product(PRODUCT),
                  quoted().schedule, narrow)
    assert found.outcome == "refer" and "rate_outside_filing" in found.reasons
    assert not found.may_bind


def test_the_assessments_no_is_never_softened() -> None:
    declined = replace(assessment("donghai"), outcome="decline")
    found = quote(dossier("donghai"), declined, load_product(PRODUCT), quoted().schedule)
    assert found.outcome == "decline" and not found.may_bind


def test_the_minimum_premium_is_a_row_of_its_own() -> None:
    rating = _rated(minimum_premium_fen=20_000_000)
    found = quote(dossier("pilot-small"), assessment("pilot-small"), load_product(PRODUCT),
                  quoted("pilot-small").schedule, rating)
    assert found.premium.charged_net == 20_000_000
    row = next(one for one in found.waterfall if one.code == "minimum")
    assert row.amount_fen == found.premium.minimum_adjustment > 0
    assert found.premium.adequacy_ppm > load_rating(PRODUCT).market.factor_ppm


def test_short_cover_is_charged_by_day() -> None:
    evaluation = evaluator().evaluate(model())
    year = make_premium(evaluation, load_rating(PRODUCT), revenue_fen=80_000_000_000)
    half = make_premium(evaluation, load_rating(PRODUCT), revenue_fen=80_000_000_000, days=73)
    assert half.charged_net == pytest.approx(year.charged_net / 5, abs=1)
    with pytest.raises(InputError):
        make_premium(evaluation, load_rating(PRODUCT), revenue_fen=1, days=0)


def test_a_rating_that_breaks_its_filing_is_not_read(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from importlib.resources import files

    text = files("dinghai.data").joinpath(f"rating/{PRODUCT}.toml").read_text("utf-8")
    path = tmp_path / "rating.toml"
    for old, new in (("commission_maximum_ppm = 150_000", "commission_maximum_ppm = 1"),
                     ("factor_maximum_ppm = 1_800_000", "factor_maximum_ppm = 1_000_000"),
                     ("ppm = 200_000\nsource = \"Administration\"",
                      "ppm = 900_000\nsource = \"Administration\"")):
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")
        with pytest.raises(InputError):
            read_rating(path)
    with pytest.raises(InputError):
        load_rating("../secrets")


def test_every_fix_is_worth_something_and_knock_outs_come_first() -> None:
    assert plan().fixes
    for fix in plan().fixes:
        assert fix.expected_loss_reduction_fen > 0, fix
        assert fix.technical_reduction_fen > 0
        assert fix.charged_reduction_fen > 0
    flags = [fix.knock_out for fix in plan().fixes]
    assert flags == sorted(flags, reverse=True)


def test_full_marks_are_worth_at_least_the_next_anchor() -> None:
    best = {fix.indicator: fix for fix in plan().fixes if fix.level == "full"}
    for fix in plan().fixes:
        assert fix.expected_loss_reduction_fen <= (
            best[fix.indicator].expected_loss_reduction_fen)


def test_a_fix_has_the_same_ratio_in_technical_and_charged_premium() -> None:
    for fix in plan().fixes:
        technical = fix.technical_reduction_fen / plan().technical_net_fen
        charged = fix.charged_reduction_fen / plan().charged_net_fen
        assert charged == pytest.approx(technical, abs=1e-6)


def test_the_path_only_goes_down_and_ends_with_everything_fixed() -> None:
    path = plan().path
    left = [plan().expected_loss_fen, *(step.expected_loss_fen for step in path)]
    assert all(a > b for a, b in itertools.pairwise(left))
    assert sum(step.charged_reduction_fen for step in path) == (
        plan().charged_net_fen - path[-1].charged_net_fen)
    assert {step.indicator for step in path} == {
        code for code, score in assessment("donghai").posture.items() if score != 1_000_000}


def test_the_plan_goes_by_worth_per_effort() -> None:
    ordinary = [fix for fix in plan().fixes if not fix.knock_out]
    worth = [fix.charged_reduction_fen / load_effort().weights.of(fix.effort) for fix in ordinary]
    assert worth == sorted(worth, reverse=True)
    assert set(load_effort().classes) == set(indicators())


@given(st.sampled_from(sorted(indicators())), st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_a_better_control_never_costs_more(indicator: str, score: int) -> None:
    def net(ppm: int) -> int:
        start = model()
        changed = start.with_posture({**start.posture, indicator: ppm})
        return make_premium(evaluator().evaluate(changed), load_rating(PRODUCT),
                            revenue_fen=80_000_000_000).charged_net

    assert net((score + 1) * 250_000) <= net(score * 250_000)


def test_quotes_hold_for_their_declared_days() -> None:
    assert quoted().valid_until == date(2026, 4, 11)
