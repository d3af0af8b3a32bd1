"""Every input of the example dossier is moved; the outputs it may move, and which way, are named.

Outputs: the score, each peril's frequency, each section's expected payment, the pure and the gross
premium. "up" and "down" are what an underwriter would expect before looking.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dinghai.assessment.assess import assess
from dinghai.assessment.dossier import Dossier, read_dossier
from dinghai.assessment.profile import Provider
from dinghai.evidence.feeds import shipped_kev
from dinghai.pricing.quote import Pricer
from dinghai.vocabulary.indicators import indicators
from dinghai.vocabulary.perils import PERILS
from dinghai.wording.products import load_product

FOLDER = Path(__file__).parent.parent.parent / "examples/donghai"
ON = date(2026, 3, 12)
ALL = frozenset(PERILS)


@cache
def example() -> Dossier:
    return read_dossier(FOLDER, today=ON)


def outputs(dossier: Dossier, *, kev_of: date = ON, on: date = ON) -> dict[str, float]:
    assessment = assess(dossier, kev=shipped_kev(kev_of), on=on)
    pricer = Pricer.of(dossier, assessment, load_product("cyber-comprehensive-standard"))
    offer = pricer.quote(pricer.schedule(inception=date(2026, 4, 1)))
    return {
        "score": assessment.total_ppm,
        **{f"frequency.{peril}": one.frequency.per_year
           for peril, one in pricer.model.perils.items()},
        **{f"section.{code}": value for code, value in offer.evaluation.by_section.items()},
        "pure": offer.premium.pure,
        "gross": offer.premium.gross,
    }


@cache
def base() -> dict[str, float]:
    return outputs(example())


def moved(dossier: Dossier, **more: Any) -> dict[str, str]:
    """Which outputs moved against the example, and which way."""
    now = outputs(dossier, **more)
    return {name: "up" if now[name] > was else "down" for name, was in base().items()
            if abs(now[name] - was) > 1e-9 * max(1.0, abs(was))}


def frequencies(result: dict[str, str]) -> dict[str, str]:
    return {name.split(".")[1]: way for name, way in result.items() if name.startswith("freq")}


def with_profile(**changes: Any) -> Dossier:
    return replace(example(), profile=replace(example().profile, **changes))


def with_limits(**changes: Any) -> Dossier:
    return with_profile(limits_wanted=replace(example().profile.limits_wanted, **changes))


CLOUD = Provider("second-cloud", "第二朵云", "cloud", True)
EXPOSURES: list[tuple[str, Callable[[], Dossier], frozenset[str], dict[str, str]]] = [
    ("X-01 revenue", lambda: with_profile(revenue_fen=160_000_000_000), ALL,
     {"section.FP-BI": "up", "pure": "up", "gross": "up"}),
    ("X-02 gross profit rate", lambda: with_profile(
        gross_profit_rate_ppm=400_000, gross_profit_per_day_fen=None), frozenset(),
     {"section.FP-BI": "up", "pure": "up", "gross": "up"}),
    ("X-02 gross profit per day", lambda: with_profile(gross_profit_per_day_fen=110_000_000),
     frozenset(), {"section.FP-BI": "up", "pure": "up", "gross": "up"}),
    ("X-04 general records", lambda: with_profile(pi_records_general=5_000_000),
     frozenset({"intrusion_breach", "error_insider"}),
     {"section.FP-NOTIF": "up", "section.TP-PRIV": "up", "gross": "up"}),
    ("X-04 sensitive records", lambda: with_profile(pi_records_sensitive=500_000),
     frozenset({"intrusion_breach", "error_insider"}),
     {"section.FP-NOTIF": "up", "section.TP-PRIV": "up", "gross": "up"}),
    ("X-05 important data", lambda: with_profile(important_data=True),
     frozenset({"intrusion_breach"}), {"section.FP-REGINV": "up", "gross": "up"}),
    ("X-06 critical infrastructure", lambda: with_profile(critical_infrastructure=True),
     frozenset({"ransomware", "intrusion_breach", "ddos_web"}), {"pure": "up", "gross": "up"}),
    ("X-07 online share", lambda: with_profile(online_revenue_ppm=700_000),
     frozenset({"ransomware", "intrusion_breach", "ddos_web"}),
     {"section.FP-BI": "up", "gross": "up"}),
    ("X-08 tolerable outage", lambda: with_profile(tolerable_outage_seconds=4 * 3600),
     frozenset(), {"section.FP-BI": "up", "gross": "up"}),
    ("X-09 providers", lambda: with_profile(providers=(*example().profile.providers, CLOUD)),
     frozenset({"third_party"}), {"pure": "up", "gross": "up"}),
    ("X-10 operational technology", lambda: with_profile(ot_systems=200),
     frozenset({"ransomware"}), {"section.FP-BI": "up", "gross": "up"}),
    ("X-11 headcount", lambda: with_profile(headcount=4_000),
     frozenset({"bec_fraud", "error_insider"}), {"pure": "up", "gross": "up"}),
    ("X-11 endpoints", lambda: with_profile(endpoints=6_000),
     frozenset({"ransomware", "intrusion_breach"}), {"pure": "up", "gross": "up"}),
    ("X-12 jurisdictions", lambda: with_profile(jurisdictions=("CN-mainland", "EU")),
     frozenset(), {"section.TP-PRIV": "up", "section.FP-LEGAL": "up", "gross": "up"}),
    ("X-13 high-value payments", lambda: with_profile(high_value_payments_per_year=4_000),
     frozenset({"bec_fraud"}), {"pure": "up", "gross": "up"}),
    ("limit wanted", lambda: with_limits(limit_fen=2_000_000_000), frozenset(),
     {"section.FP-BI": "up", "section.TP-PRIV": "up", "pure": "up", "gross": "up"}),
    ("deductible wanted", lambda: with_limits(event_deductible_fen=50_000_000), frozenset(),
     {"section.FP-BI": "down", "section.FP-DATA": "down", "pure": "down", "gross": "down"}),
]


@pytest.mark.parametrize(("change", "perils", "expected"), [row[1:] for row in EXPOSURES],
                         ids=[row[0] for row in EXPOSURES])
def test_an_exposure_moves_what_it_should(
    change: Callable[[], Dossier], perils: frozenset[str], expected: dict[str, str]
) -> None:
    result = moved(change())
    assert "score" not in result  # exposure is not security
    assert frequencies(result) == dict.fromkeys(perils, "up")
    assert {name: result.get(name) for name in expected} == expected


def test_an_industry_moves_mix_and_severity() -> None:
    result = moved(with_profile(industry="P"))
    assert frequencies(result)["ransomware"] == "down"
    assert frequencies(result)["error_insider"] == "up"
    assert result["gross"] == "down"


@pytest.mark.parametrize("changes", [
    {"mlps_level": 3}, {"loss_history": ()},
], ids=["filing level", "loss history"])
def test_what_enters_by_its_indicator_does_not_enter_twice(changes: dict[str, Any]) -> None:
    """The filing enters by GOV-02, the history by GOV-05 (DECISIONS 20: once)."""
    assert moved(with_profile(**changes)) == {}


def test_the_waiting_time_is_the_products() -> None:
    assert moved(with_limits(waiting_seconds=86_400)) == {}


SCAN_ONLY = {"AST-02", "AST-04", "VUL-02"}
SCAN_SPEAKS = {"VUL-01", "VUL-03"}
"""The scans already show less than the answer claims; only a worse answer moves them."""


@pytest.mark.parametrize("code", list(indicators()))
def test_a_better_answer_never_costs_and_a_worse_never_saves(code: str) -> None:
    definition = indicators()[code]
    given = example().answers[code]
    seen: set[str] = set()
    for score, way, price in ((4, "up", "down"), (0, "down", "up")):
        changed = replace(example(), answers={
            **example().answers, code: replace(given, score=score)})
        result = moved(changed)
        if not result:
            continue
        seen.add(way)
        assert result["score"] == way
        assert result["pure"] == result["gross"] == price
        touched = frequencies(result)
        assert set(touched.values()) <= {price}
        if definition.component == "severity":
            assert touched == {}
        else:
            assert set(touched) == set(definition.perils)
    if code in SCAN_ONLY:
        assert seen == set()
    else:
        assert "down" in seen or given.score == 0


EVIDENCE = {
    "inventory/erp.cdx.json": ("VUL-01", "up"),
    "scans/external/nuclei.jsonl": ("HRD-01", "up"),
    "scans/internal/greenbone.xml": ("VUL-03", "up"),
    "scans/external/nmap.xml": ("AST-02", "down"),
}
"""Leaving out a bad finding lifts its indicator; leaving out the proof of a good one drops it."""


@pytest.mark.parametrize("name", EVIDENCE)
def test_leaving_out_a_file_moves_its_indicator(name: str) -> None:
    _, way = EVIDENCE[name]
    kept = tuple(one for one in example().readings if one.source_name != name)
    assert len(kept) == len(example().readings) - 1
    result = moved(replace(example(), readings=kept))
    assert result["score"] == way
    assert result["gross"] == ("down" if way == "up" else "up")


@pytest.mark.parametrize("name", ["inventory/shop.cdx.json", "scans/external/greenbone.xml",
                                  "scans/internal/nmap.xml"])
def test_a_file_that_says_nothing_new_moves_nothing_today(name: str) -> None:
    kept = tuple(one for one in example().readings if one.source_name != name)
    assert len(kept) == len(example().readings) - 1
    assert moved(replace(example(), readings=kept)) == {}


def test_a_newer_feed_makes_the_inventory_matter() -> None:
    """The shop's component is known-exploited in the table of 2026-04-16 and not before."""
    later = moved(example(), kev_of=date(2026, 4, 16))
    assert later["score"] == "down"
    assert later["gross"] == "up"
    assert set(frequencies(later)) == {"ransomware", "intrusion_breach"}
    kept = tuple(one for one in example().readings if one.source_name != "inventory/shop.cdx.json")
    assert moved(replace(example(), readings=kept), kev_of=date(2026, 4, 16)) == {}


def test_stale_evidence_lowers_confidence_not_the_price() -> None:
    fresh = assess(example(), kev=shipped_kev(ON), on=ON)
    late = assess(example(), kev=shipped_kev(ON), on=date(2027, 6, 1))
    assert late.confidence_ppm < fresh.confidence_ppm
    assert late.total_ppm == fresh.total_ppm
    assert len(late.stale) > len(fresh.stale)
