"""Scores, caps, conflicts, missing answers, staleness, knock-outs and outcomes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from importlib.resources import files

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dinghai.assessment.assess import assess
from dinghai.assessment.dossier import Dossier, read_dossier
from dinghai.assessment.rules import check_table, rules
from dinghai.evidence.feeds import KevTable, shipped_kev
from dinghai.evidence.finding import EvidenceReading, Finding
from dinghai.foundation.canonical import canonical_bytes
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM
from dinghai.vocabulary.indicators import indicators, light_indicators

from .conftest import CLEAN, EXAMPLES, KEV_CVE, QUOTE_DAY, finding, made, reading


def test_example_is_quotable_with_conditions(donghai: Dossier) -> None:
    result = assess(donghai, kev=shipped_kev(QUOTE_DAY), on=QUOTE_DAY)
    assert result.grade in ("B", "C") and 640_000 <= result.total_ppm < 760_000
    assert result.outcome == "quote_with_conditions"
    assert not result.knock_outs and not result.missing
    assert [item.indicator for item in result.conflicts] == ["HRD-01"]
    conflict = result.conflicts[0]
    assert conflict.law == "保险法16条" and conflict.finding_ids
    known = {item.finding_id for item in donghai.findings}
    assert set(conflict.finding_ids) <= known
    assert result.indicators["HRD-01"].score_ppm == conflict.observed_ppm
    assert "capped_without_evidence" in result.indicators["GOV-04"].reasons


def test_a_newer_threat_table_worsens_the_patching_score(donghai: Dossier) -> None:
    before = assess(donghai, kev=shipped_kev(QUOTE_DAY), on=QUOTE_DAY)
    after = assess(donghai, kev=shipped_kev(date(2026, 4, 20)), on=QUOTE_DAY)
    assert after.kev_as_of > before.kev_as_of
    assert after.total_ppm < before.total_ppm
    one, two = before.indicators["VUL-01"].score_ppm, after.indicators["VUL-01"].score_ppm
    assert one is not None and two is not None and two < one


def test_two_assessors_with_the_same_evidence_agree_to_the_byte(donghai: Dossier) -> None:
    again = read_dossier(EXAMPLES / "donghai", today=QUOTE_DAY)
    copies = [canonical_bytes(assess(item, kev=shipped_kev(QUOTE_DAY), on=QUOTE_DAY).to_dict())
              for item in (donghai, again, Dossier.from_dict(json.loads(json.dumps(
                  donghai.to_dict()))))]
    assert len(set(copies)) == 1


def test_document_follows_its_schema_and_explains_the_total(donghai: Dossier) -> None:
    result = assess(donghai, kev=shipped_kev(QUOTE_DAY), on=QUOTE_DAY)
    schema = json.loads(files("dinghai.data").joinpath(
        "schemas/assessment.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(result.to_dict())
    parts = [(item.weight_ppm, item.score_ppm) for item in result.indicators.values()]
    assert sum(weight for weight, _ in parts) == PPM
    recomputed = sum(weight * (score or 0) for weight, score in parts) / PPM
    assert abs(recomputed - result.total_ppm) <= 1
    assert result.trace.value == result.total_ppm
    assert result.trace.find("score.HRD-01").find("security_headers_tls_misconfig.outside")


def test_answers_without_evidence_reach_three_of_four(donghai: Dossier, kev: KevTable) -> None:
    said = assess(made(donghai, default=4), kev=kev, on=QUOTE_DAY).indicators["IAM-01"]
    shown = assess(made(donghai, default=4, evidence=True), kev=kev, on=QUOTE_DAY
                   ).indicators["IAM-01"]
    assert (said.answered_ppm, said.counted_ppm, said.cap_ppm, said.score_ppm) == (
        PPM, 750_000, 750_000, 750_000)
    assert (shown.score_ppm, shown.cap_ppm) == (PPM, None)
    assert shown.confidence_ppm > said.confidence_ppm


def test_only_a_scan_scores_what_only_a_scan_measures(donghai: Dossier, kev: KevTable) -> None:
    unseen = assess(made(donghai, default=4, readings=()), kev=kev, on=QUOTE_DAY)
    for code in ("AST-02", "AST-04", "VUL-02"):
        assert unseen.indicators[code].score_ppm is None
        assert "statement_only" in unseen.indicators[code].reasons
        assert unseen.posture[code] is None
    assert "AST-05" in unseen.missing, "a leak answer counts only with its evidence"
    assert set(unseen.unconfirmed) == {"AST-02", "VUL-02"} and not unseen.knock_outs
    assert unseen.outcome == "quote_with_conditions"
    seen = assess(made(donghai, default=4), kev=kev, on=QUOTE_DAY)
    assert seen.indicators["AST-02"].score_ppm == PPM
    assert seen.indicators["AST-04"].score_ppm == 750_000
    inside = (reading(form="nmap-xml", vantage="internal"),)
    assert assess(made(donghai, readings=inside), kev=kev, on=QUOTE_DAY
                  ).indicators["AST-02"].score_ppm is None


def test_missing_is_left_out_and_costs_confidence(donghai: Dossier, kev: KevTable) -> None:
    whole = assess(made(donghai, default=2), kev=kev, on=QUOTE_DAY)
    partial = assess(made(donghai, default=2, scores={"HRD-01": None, "EPP-01": None}), kev=kev,
                     on=QUOTE_DAY)
    assert set(partial.missing) - set(whole.missing) == {"EPP-01", "HRD-01"}
    assert partial.missing_weight_ppm - whole.missing_weight_ppm == 110_000
    assert partial.confidence_ppm < whole.confidence_ppm
    assert partial.total_ppm >= 500_000, "a missing answer is not a zero"
    assert partial.posture["HRD-01"] is None
    with pytest.raises(InputError, match="not one indicator"):
        assess(made(donghai, default=None, readings=()), kev=kev, on=QUOTE_DAY)


def test_an_exposed_database_stops_the_risk(donghai: Dossier, kev: KevTable) -> None:
    port = finding(kind="service", port=3306, protocol="tcp", service="mysql", rule="open",
                   source_format="nmap-xml")
    dossier = made(donghai, readings=(reading(port, form="nmap-xml"), reading()))
    result = assess(dossier, kev=kev, on=QUOTE_DAY)
    (knock_out,) = result.knock_outs
    assert (knock_out.indicator, knock_out.action, knock_out.finding_ids) == (
        "AST-02", "decline_until_fixed", (port.finding_id,))
    assert result.outcome == "treat_before_bind"
    assert [item.indicator for item in result.conflicts] == ["AST-02"], "a statement can conflict"
    cleared = assess(dossier, kev=kev, on=QUOTE_DAY, disregarded=frozenset({port.finding_id}))
    assert not cleared.knock_outs and cleared.disregarded == (port.finding_id,)
    assert cleared.total_ppm > result.total_ppm


def test_only_an_outside_view_of_an_exploited_fault_knocks_out(donghai: Dossier,
                                                               kev: KevTable) -> None:
    def result_for(vantage: str, confidence: int = 1_000_000) -> object:
        found = finding(kind="vulnerability", cves=(KEV_CVE,), vantage=vantage,
                        confidence_ppm=confidence)
        return assess(made(donghai, readings=(*CLEAN, reading(found, vantage=vantage))), kev=kev,
                      on=QUOTE_DAY)

    outside, guessed, inside = (result_for("external"), result_for("external", 600_000),
                                result_for("internal"))
    assert [(k.indicator, k.action) for k in outside.knock_outs] == [  # type: ignore[attr-defined]
        ("VUL-01", "refer"), ("VUL-02", "decline_until_fixed")]
    assert [(k.indicator, k.action) for k in guessed.knock_outs] == [  # type: ignore[attr-defined]
        ("VUL-01", "refer"), ("VUL-02", "refer")]
    assert inside.knock_outs == ()  # type: ignore[attr-defined]
    hit = inside.indicators["VUL-01"].rules[0]  # type: ignore[attr-defined]
    assert hit.rule == "kev_on_perimeter.patching_inside"


def test_inventory_components_count_for_patching(donghai: Dossier, kev: KevTable) -> None:
    found = finding(kind="vulnerability", purl="pkg:maven/org.apache.logging.log4j/log4j-core@2.14",
                    cves=(KEV_CVE,), vantage="internal", source_format="cyclonedx-json")
    stated = replace(found, status="stated_not_affected")
    hit, cleared = (
        assess(made(donghai, scores={"VUL-01": 4}, evidence=True,
                    readings=(*CLEAN, reading(item, form="cyclonedx-json", vantage="internal"))),
               kev=kev, on=QUOTE_DAY).indicators["VUL-01"] for item in (found, stated))
    assert (hit.score_ppm, cleared.score_ppm) == (750_000, PPM)
    assert "lowered_by_scan" in hit.reasons and "conflict" in hit.reasons


def test_old_readings_are_flagged_and_trusted_less(donghai: Dossier, kev: KevTable) -> None:
    fresh = assess(made(donghai), kev=kev, on=date(2026, 3, 10))
    later = assess(made(donghai), kev=kev, on=date(2026, 3, 20))
    year = assess(made(donghai), kev=kev, on=date(2027, 3, 20))
    assert fresh.stale == ()
    assert set(later.stale) == {"AST-02", "AST-04", "VUL-02"}
    assert set(year.stale) == set(indicators()) - set(year.missing)
    assert fresh.total_ppm == later.total_ppm == year.total_ppm
    assert fresh.confidence_ppm > later.confidence_ppm > year.confidence_ppm
    assert ("refresh", "AST-02") in [(c.code, c.indicator) for c in later.conditions]
    undated = assess(made(donghai, readings=(reading(form="nmap-xml", day=None),)), kev=kev,
                     on=QUOTE_DAY)
    assert "scan_date_unknown" in undated.indicators["AST-02"].reasons


def test_light_mode_asks_twenty_eight_and_reweights(donghai: Dossier, kev: KevTable) -> None:
    result = assess(made(donghai), kev=kev, on=QUOTE_DAY, light=True)
    assert set(result.indicators) == set(light_indicators())
    assert sum(item.weight_ppm for item in result.indicators.values()) == PPM
    assert result.missing == ("AST-05",)
    assert set(result.posture) == set(indicators()) and result.posture["IAM-03"] is None


@pytest.mark.parametrize(("code", "score", "action", "outcome"), [
    ("BCR-01", 1, "decline_until_fixed", "treat_before_bind"),
    ("AST-03", 1, "decline_until_fixed", "treat_before_bind"),
    ("IAM-01", 2, "refer", "refer"), ("IAM-02", 2, "refer", "refer"),
    ("DET-01", 2, "refer", "refer"), ("VUL-01", 1, "refer", "refer"),
    ("EPP-01", 0, "refer", "refer"),
    ("HUM-02", 1, "sublimit_zero_without", "quote_with_conditions")])
def test_minimum_requirements(donghai: Dossier, kev: KevTable, code: str, score: int, action: str,
                              outcome: str) -> None:
    result = assess(made(donghai, scores={code: score}), kev=kev, on=QUOTE_DAY)
    assert [(item.indicator, item.action) for item in result.knock_outs] == [(code, action)]
    assert result.outcome == outcome
    if code == "HUM-02":
        assert ("sublimit_zero", "HUM-02", "FP-FRAUD") in [
            (c.code, c.indicator, c.coverage) for c in result.conditions]


@pytest.mark.parametrize(("level", "knocked", "open_"), [
    (2, False, False), (3, True, False), (None, False, True)])
def test_protection_level_decides_whether_filing_is_a_minimum(
        donghai: Dossier, kev: KevTable, level: int | None, knocked: bool, open_: bool) -> None:
    result = assess(made(donghai, scores={"GOV-02": 2}, mlps_level=level), kev=kev, on=QUOTE_DAY)
    assert ("GOV-02" in [item.indicator for item in result.knock_outs]) is knocked
    assert ("GOV-02" in result.unconfirmed) is open_


def test_partly_everywhere_is_an_inclusive_offer_to_a_small_firm(donghai: Dossier,
                                                                 kev: KevTable) -> None:
    small = {"headcount": 60, "revenue_fen": 5_000_000_000}
    result = assess(made(donghai, default=2, **small), kev=kev, on=QUOTE_DAY)
    assert result.outcome == "inclusive_offer"
    assert "small_and_partly_everywhere" in result.outcome_reasons
    assert assess(made(donghai, default=2), kev=kev, on=QUOTE_DAY).outcome == "treat_before_bind"
    assert assess(made(donghai, default=2, scores={"BCR-01": 1}, **small), kev=kev, on=QUOTE_DAY
                  ).outcome == "treat_before_bind", "an established stop is not offered around"
    assert assess(made(donghai, default=0, **small), kev=kev, on=QUOTE_DAY).outcome in (
        "decline", "treat_before_bind")


def test_grades_follow_the_bands(donghai: Dossier, kev: KevTable) -> None:
    assert [rules().band(total).grade for total in (850_000, 849_999, 700_000, 699_999, 550_000,
                                                    549_999, 400_000, 399_999, 0)] == [
        "A", "B", "B", "C", "C", "D", "D", "E", "E"]
    best = assess(made(donghai, default=4, evidence=True), kev=kev, on=QUOTE_DAY)
    assert (best.grade, best.outcome) == ("A", "quote")


def test_answers_after_the_day_are_refused(donghai: Dossier, kev: KevTable) -> None:
    with pytest.raises(InputError, match="lies after") as caught:
        assess(made(donghai), kev=kev, on=date(2026, 3, 1))
    assert len(caught.value.faults) == 46


@settings(max_examples=60, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(code=st.sampled_from(sorted(indicators())), data=st.data(), evidence=st.booleans())
def test_a_better_answer_never_lowers_a_score(donghai: Dossier, kev: KevTable, code: str,
                                              data: st.DataObject, evidence: bool) -> None:
    low = data.draw(st.integers(0, 3))
    high = data.draw(st.integers(low + 1, 4))
    base = data.draw(st.integers(0, 4))
    worse, better = (
        assess(made(donghai, default=base, scores={code: score}, evidence=evidence), kev=kev,
               on=QUOTE_DAY) for score in (low, high))
    assert better.total_ppm >= worse.total_ppm
    assert _rank(better.indicators[code].score_ppm) >= _rank(worse.indicators[code].score_ppm)


def _rank(score: int | None) -> int:
    return -1 if score is None else score


_FINDINGS = st.builds(
    finding,
    kind=st.sampled_from(["open_port", "service", "vulnerability", "misconfiguration", "component",
                          "end_of_life", "weak_encryption"]),
    asset=st.sampled_from(["203.0.113.7", "203.0.113.8"]),
    title=st.sampled_from(["dmarc missing", "expired-ssl", "fortios vpn", "public bucket", "x"]),
    port=st.sampled_from([None, 22, 443, 3389, 3306, 21]),
    protocol=st.just("tcp"),
    cves=st.sampled_from([(), (KEV_CVE,), ("CVE-2024-0001",)]),
    severity=st.sampled_from(["info", "low", "medium", "high", "critical"]),
    vantage=st.sampled_from(["external", "internal", "unstated"]),
)


@settings(max_examples=80, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some=st.lists(_FINDINGS, max_size=6), more=st.lists(_FINDINGS, min_size=1, max_size=6))
def test_a_finding_never_raises_a_score(donghai: Dossier, kev: KevTable, some: list[Finding],
                                        more: list[Finding]) -> None:
    few = assess(made(donghai, readings=_spread(some)), kev=kev, on=QUOTE_DAY)
    many = assess(made(donghai, readings=_spread([*some, *more])), kev=kev, on=QUOTE_DAY)
    assert many.total_ppm <= few.total_ppm
    for code, scored in many.indicators.items():
        assert _rank(scored.score_ppm) <= _rank(few.indicators[code].score_ppm)
    assert {item.indicator for item in few.knock_outs} <= {
        item.indicator for item in many.knock_outs}


def _spread(findings: list[Finding]) -> tuple[EvidenceReading, ...]:
    groups = {vantage: tuple(f for f in findings if f.vantage == vantage)
              for vantage in ("external", "internal", "unstated")}
    return (*CLEAN, *(reading(*group, vantage=vantage) for vantage, group in groups.items()))


def test_checks_name_what_exists_and_only_go_down() -> None:
    known = {check.id for check in check_table().checks}
    assert {item.check for item in indicators().values() if item.check} <= known
    for item in indicators().values():
        if item.minimum is not None and item.minimum.check is not None:
            assert item.minimum.check in known
    for check in check_table().checks:
        assert check.observable == bool(check.rules)
        for rule in check.rules:
            assert set(rule.indicators) <= set(indicators())
            scores = [score for _, score in rule.steps]
            assert scores == sorted(scores, reverse=True)
            assert [least for least, _ in rule.steps] == sorted({least for least, _ in rule.steps})
            for code in rule.indicators:
                assert "outside_in_scan" in indicators()[code].measured_by
