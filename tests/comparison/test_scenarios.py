"""Scenarios are data: complete, sourced, and the same loss in every form of a claim."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from dinghai.comparison.compare import STANDARD_INCEPTION, compare
from dinghai.comparison.formulas import Cost, Interruption, Labour, Notification
from dinghai.comparison.scenarios import (
    load_scenario,
    loss_kinds,
    occur,
    read_scenario,
    shipped_scenarios,
)
from dinghai.foundation.errors import InputError
from dinghai.losses.exposure import exposure_of
from dinghai.terms.valuation import REQUIRED
from dinghai.vocabulary.coverages import coverages
from dinghai.wording.products import resolve
from dinghai.wording.sections import Section, Valuation, Waiting
from dinghai.wording.words import INTERRUPTIONS, ValuationMethod
from tests.comparison.making import line, paid, profile, standard, with_section


@pytest.mark.parametrize("name", shipped_scenarios())
def test_a_scenario_is_complete(name: str) -> None:
    scenario = load_scenario(name)
    occurrence = occur(scenario, exposure_of(profile()), STANDARD_INCEPTION)
    assert scenario.id == name
    assert scenario.summary_zh
    assert scenario.summary_en
    assert occurrence.loss_fen > 0
    happened = {key for key, known in occurrence.event.items() if known.value is True}
    for item in scenario.items:
        assert item.source
        code = loss_kinds()[item.kind].coverages[0]
        assert happened.intersection(coverages()[code].trigger.events), (
            f"{item.kind}: nothing in {name} triggers {code}")


def test_the_same_loss_in_every_form_of_interruption() -> None:
    """Waiting aside, the four valuations agree: 24 h outage × 60% less 5%."""
    amounts = set()
    for method in sorted(INTERRUPTIONS):
        product = with_section("FP-BI", valuation=Valuation(method=method),
                               waiting=Waiting(seconds=3600, mode="franchise_hours"))
        amounts.add(line(paid(product, "insider"), "FP-BI").payable_fen)
    assert amounts == {62_472_000}


def test_every_valuation_that_may_take_a_loss_finds_its_facts() -> None:
    """No claim of a standard scenario lacks a fact that the vocabulary's valuation requires."""
    methods = {code: valuation_of(code) for code in coverages()}
    for name in shipped_scenarios():
        occurrence = occur(load_scenario(name), exposure_of(profile()), STANDARD_INCEPTION)
        for item in occurrence.items:
            for code in item.kind.coverages:
                method = methods[code]
                if method is not None:
                    assert set(REQUIRED[method]) <= set(item.facts_for(method)), (name, code)


def valuation_of(code: str) -> ValuationMethod | None:
    """The valuation that the vocabulary gives a coverage."""
    product = msgspec.structs.replace(standard(), sections=(Section(coverage=code, clause="1"),),
                                      towers=(), shared_limits=())
    valuation = resolve(product).sections[0].valuation
    return valuation.method if valuation is not None else None


def test_formulas_by_hand() -> None:
    exposure = exposure_of(profile())
    assert Cost(fixed_fen=100, measure="revenue_fen", ppm=1).amount(exposure) == 100 + 80_000
    assert Cost(measure="endpoints", unit_fen=10, share_ppm=500_000).amount(exposure) == 8_250
    bounded = Cost(measure="revenue_fen", ppm=1, minimum_fen=90_000, maximum_fen=95_000)
    assert bounded.amount(exposure) == 90_000
    assert Labour(hours=10, rate_fen=7, hours_per_thousand=100).loss(exposure).amount_fen == (
        (10 + 165) * 7)
    told = Notification(persons=10**9, unit_fen=50, uptake_ppm=20_000, monitoring_fen=2_000,
                        setup_fen=0).loss(exposure)
    assert told.amount_fen == 2_100_000 * 50 + 42_000 * 2_000
    # supplier: 48 of 48 hours are bridged by stock: nothing is lost
    bridged = Interruption(hours=48, affected_ppm=500_000, buffer_hours=48).loss(exposure)
    assert bridged.amount_fen == 0


def test_an_enterprise_without_the_exposure_has_no_such_scenario() -> None:
    office = replace(profile(), ot_systems=0)
    found = compare([standard()], office, scenarios=["ot-stop", "insider"])
    stop = next(one for one in found.scenarios if one.scenario == "ot-stop")
    assert (stop.not_applicable, stop.loss_fen, stop.products) == ("ot_systems", 0, ())


def test_twice_the_gross_profit_loses_twice_the_interruption() -> None:
    double = replace(profile(), revenue_fen=2 * profile().revenue_fen,
                     gross_profit_per_day_fen=2 * (profile().gross_profit_per_day_fen or 0))
    one, two = (compare([standard()], each, scenarios=["cloud-outage-24-hours"]).scenarios[0]
                for each in (profile(), double))
    assert two.losses[0].amount_fen == 2 * one.losses[0].amount_fen


def test_a_scenario_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(SCENARIO, "utf-8")
    assert paid(standard(), str(path)).payable_fen == 12_345


@pytest.mark.parametrize(("change", "field"), [
    (("kind = \"response\"", "kind = \"respons\""), "items[0].kind"),
    (("formula = \"cost\"", "formula = \"cots\""), "items"),
    (("\"event.x\"", "\"event.x\""), "facts.event.x"),
    (("fixed_fen = 12_345", "fixed_fen = -1"), "fixed_fen"),
])
def test_a_bad_scenario_names_its_fault(
    tmp_path: Path, change: tuple[str, str], field: str
) -> None:
    text = SCENARIO if field != "facts.event.x" else SCENARIO.replace(
        "[facts]", "[facts]\n\"event.x\" = true")
    path = tmp_path / "bad.toml"
    path.write_text(text.replace(*change), "utf-8")
    with pytest.raises(InputError) as caught:
        read_scenario(path)
    assert caught.value.fault.file == str(path)
    assert field in str(caught.value.fault.field)


SCENARIO = """
schema = "dinghai.scenario/1"
id = "mine"
version = "1"
name_zh = "自拟"
name_en = "Of one's own"
summary_zh = "自拟情景"
summary_en = "A scenario of one's own"

[facts]
"incident.peril" = "intrusion_breach"

[[items]]
kind = "response"
name_zh = "响应"
name_en = "Response"
source = "made up"
confidence = "D"

[items.amount]
formula = "cost"
fixed_fen = 12_345
"""
