"""A better score never helps an attacker: over every indicator, template and size."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinghai.evidence.feeds import shipped_epss, shipped_kev
from dinghai.supplychain.chain import Chain, Firm
from dinghai.supplychain.compiling import compile_firm
from dinghai.supplychain.firm_steps import FirmSteps
from dinghai.supplychain.language import shipped_language
from dinghai.supplychain.passage import arrival_times
from dinghai.supplychain.step_graph import LOGNORMAL, StepGraph
from dinghai.supplychain.template_file import shipped_templates
from dinghai.vocabulary.indicators import indicators
from tests.supplychain.step_chains import asset, chain, firm, weakness

LANGUAGE = shipped_language()
REVENUES = (50_000_000, 2_000_000_000, 20_000_000_000, 500_000_000_000)
CVES = ("CVE-2023-46805", "CVE-2019-11510", "CVE-2099-99999")
PPM = st.one_of(st.none(), st.sampled_from((0, 250_000, 500_000, 750_000, 1_000_000)),
                st.integers(0, 1_000_000))


def compiled(of: Firm, scores: dict[str, int | None], cves: tuple[str, ...] = ()) -> FirmSteps:
    found: Chain = chain(
        of, scores={of.id: scores}, assets=[asset("web", exposed=True)],
        weaknesses=[weakness("web", cve=cve) for cve in cves])
    return compile_firm(found, of, LANGUAGE, kev=shipped_kev(), epss=shipped_epss())


def no_better_for_the_attacker(after: FirmSteps, before: FirmSteps) -> None:
    assert after.codes == before.codes
    assert (after.chance <= before.chance).all()
    assert (after.mu >= before.mu - 1e-12).all()
    assert np.array_equal(after.sigma, before.sigma)
    assert after.containment_mu <= before.containment_mu
    assert np.array_equal(after.output_share, before.output_share)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), template=st.sampled_from([one.id for one in shipped_templates().templates]),
       revenue=st.sampled_from(REVENUES), indicator=st.sampled_from(sorted(indicators())),
       cves=st.lists(st.sampled_from(CVES), max_size=3, unique=True))
def test_a_higher_score_never_raises_a_chance_or_shortens_a_time(
    data: st.DataObject, template: str, revenue: int, indicator: str, cves: list[str]
) -> None:
    scores: dict[str, int | None] = {one: data.draw(PPM, label=one) for one in indicators()}
    one = firm(template=template, revenue_fen=revenue)
    before = compiled(one, scores, tuple(cves))
    known = scores[indicator]
    lowest = round(LANGUAGE.missing_prior * 1e6) if known is None else known
    higher = data.draw(st.integers(lowest, 1_000_000), label="higher")
    no_better_for_the_attacker(compiled(one, {**scores, indicator: higher}, tuple(cves)), before)


@pytest.mark.parametrize("indicator", sorted(
    {one.indicator for one in LANGUAGE.controls}
    | {one.indicator for one in LANGUAGE.mitigations.containment.controls}))
def test_every_control_that_stands_in_the_table_does_something(indicator: str) -> None:
    """At the firm that runs everything, from no score to the full score."""
    everything = firm(template="information", revenue_fen=REVENUES[-1], operations_systems=5)
    none = compiled(everything, {**dict.fromkeys(indicators(), 500_000), indicator: 0})
    full = compiled(everything, {**dict.fromkeys(indicators(), 500_000), indicator: 1_000_000})
    no_better_for_the_attacker(full, none)
    assert (full.chance < none.chance).any() or full.containment_mu < none.containment_mu


@settings(max_examples=60, deadline=None)
@given(scores=st.fixed_dictionaries(dict.fromkeys(indicators(), PPM)),
       more=st.sampled_from(CVES))
def test_a_finding_never_lowers_a_chance(scores: dict[str, int | None], more: str) -> None:
    one = firm()
    before, after = compiled(one, scores, CVES[:1]), compiled(one, scores, (CVES[0], more))
    assert (after.chance >= before.chance).all()
    assert np.array_equal(after.mu, before.mu)


@cache
def arrivals(ppm: int, start: str, end: str) -> tuple[float, float]:
    """Share of worlds in which the end is reached before containment, and the median time."""
    steps = compiled(firm(), dict.fromkeys(indicators(), ppm))
    count = steps.steps
    graph = StepGraph.of(
        names=steps.codes, waits_for_all=steps.waits_for_all, chance=steps.chance,
        rate=np.zeros(count), loss=np.zeros(count), source=steps.source, target=steps.target,
        edge_chance=np.ones(len(steps.source)),
        family=np.full(len(steps.source), LOGNORMAL, dtype=np.int8), first=steps.mu,
        second=steps.sigma)
    begin = steps.start if start == "start" else steps.entries[start]
    times = arrival_times(graph, begin, steps.codes.index(end), worlds=20_000, seed=3)
    draw = np.random.default_rng(5)
    held = np.exp(steps.containment_mu
                  + steps.containment_sigma * draw.standard_normal(len(times)))
    return float((times < held).mean()), float(np.median(times[np.isfinite(times)]))


def test_passages_are_of_a_plausible_size() -> None:
    """Bounds that a reviewer would accept, wide on purpose: the figures are judgement."""
    reached, days = arrivals(500_000, "remote_access", "encrypt.business_system")
    assert 0.05 < reached < 0.3 and 1.0 < days < 8.0
    reached, days = arrivals(500_000, "remote_access", "exfiltration")
    assert 0.2 < reached < 0.6 and 1.5 < days < 8.0
    assert arrivals(500_000, "remote_access", "operations_stop.operations")[1] > 7.0


@pytest.mark.parametrize("end", ["encrypt.business_system", "exfiltration", "destroy_recovery",
                                 "operations_stop.operations", "domain_control"])
def test_each_better_posture_is_reached_less_often(end: str) -> None:
    shares = [arrivals(ppm, "remote_access", end)[0] for ppm in (0, 500_000, 1_000_000)]
    assert shares[0] > 1.15 * shares[1] > 1.15 * 1.3 * shares[2]
