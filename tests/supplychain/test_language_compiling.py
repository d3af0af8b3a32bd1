"""A firm's steps: copies by asset, ways, AND steps, findings, feeds, and that firms stand alone."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import pytest

from dinghai.evidence.feeds import (
    EpssScore,
    EpssTable,
    KevEntry,
    KevTable,
    shipped_epss,
    shipped_kev,
)
from dinghai.foundation.errors import InputError
from dinghai.losses.model import build_loss_model
from dinghai.losses.tables import PERILS
from dinghai.supplychain.chain import Chain, Link
from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.compiling import (
    CompiledFirm,
    compile_firm,
    compile_with_reasons,
    concerned_firms,
    posture_of,
)
from dinghai.supplychain.firm_steps import FirmSteps
from dinghai.supplychain.language import Language, shipped_language
from dinghai.supplychain.language_files import ASSET_KINDS, LINK_KINDS
from dinghai.supplychain.step_reasons import containment_reasons, step_reasons
from dinghai.supplychain.templates import complete
from dinghai.supplychain.twin import step_graph_of, twin_of
from dinghai.vocabulary.indicators import indicators
from tests.supplychain.step_chains import asset, chain, firm, weakness

CVE, OTHER = "CVE-2024-0001", "CVE-2024-0002"
HALF = dict.fromkeys(indicators(), 500_000)


@pytest.fixture(scope="module")
def language() -> Language:
    return shipped_language()


def kev(*cves: str) -> KevTable:
    day = date(2026, 11, 1)
    return KevTable(day, {cve: KevEntry(cve, day, day, "", "", None) for cve in cves})


def epss(**scores: int) -> EpssTable:
    return EpssTable(date(2026, 11, 1), {name.replace("_", "-"): EpssScore(ppm, ppm)
                                         for name, ppm in scores.items()})


def compiled(of: Chain, language: Language, **feeds: object) -> CompiledFirm:
    return compile_with_reasons(of, of.firms[0], language, **feeds)  # type: ignore[arg-type]


def place(steps: FirmSteps, code: str) -> int:
    return steps.codes.index(code)


def parents(steps: FirmSteps, code: str) -> set[str]:
    return {steps.codes[one] for one in steps.source[steps.target == place(steps, code)]}


def same(one: FirmSteps, other: FirmSteps) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name))
               for name in ("codes", "waits_for_all", "chance", "peril", "output_share", "source",
                            "target", "mu", "sigma")) and (
        one.start, one.entries, one.exits, one.assets, one.flaws, one.containment_mu) == (
        other.start, other.entries, other.exits, other.assets, other.flaws, other.containment_mu)


def test_arrays_agree_in_shape_and_range(language: Language) -> None:
    steps = compile_firm(chain(), firm(), language)
    assert 40 <= steps.steps <= 65
    for array in (steps.waits_for_all, steps.chance, steps.peril, steps.output_share):
        assert array.shape == (steps.steps,)
    assert len(steps.assets) == steps.steps and len(set(steps.codes)) == steps.steps
    for array in (steps.target, steps.mu, steps.sigma):
        assert array.shape == steps.source.shape
    assert steps.source.max() < steps.steps and steps.target.max() < steps.steps
    assert (steps.source != steps.target).all()
    assert len(set(zip(steps.source.tolist(), steps.target.tolist(), strict=True))) == len(
        steps.source)
    assert ((steps.chance > 0.0) & (steps.chance <= 1.0)).all()
    assert steps.chance[steps.start] == 1.0
    assert (steps.peril >= -1).all() and (steps.peril < len(PERILS)).all()
    assert (steps.output_share[steps.peril < 0] == 0.0).all()
    assert (steps.output_share <= 1.0).all() and (steps.sigma > 0.0).all()


def test_attacks_begin_at_the_start_and_come_in_by_every_kind_of_link(language: Language) -> None:
    steps = compile_firm(chain(), firm(), language)
    assert set(steps.entries) == set(LINK_KINDS)
    first = {steps.start, *steps.entries.values()}
    assert not first & set(steps.target.tolist())
    flaws = {at for at, exposed in steps.flaws.values() if exposed}
    assert set(range(steps.steps)) - first - flaws == set(steps.target.tolist())
    assert not flaws & set(steps.target.tolist())  # taken in events of one vulnerability alone
    assert {"remote_access", "email_trust", "shared_credential", "data_share"} <= set(steps.exits)
    assert "software_update" not in steps.exits  # it builds nothing


def test_several_assets_of_a_kind_have_steps_of_their_own(language: Language) -> None:
    one = compile_firm(chain(), firm(), language)
    assert {"server_access.files", "encrypt.files", "encrypt.business_system"} <= set(one.codes)
    two = compile_firm(chain(assets=[asset("files", "east"), asset("files", "west"),
                                     asset("web", "shop"), asset("web", "portal")]),
                       firm(), language)
    assert {"server_access.files-2", "encrypt.files", "flood.web", "flood.web-2"} <= set(two.codes)
    assert set(one.codes) < set(two.codes)  # another asset renames no step
    assert language.of_code("encrypt.files-2") is language.step("encrypt")
    assert parents(two, "collect.files") == {"server_access.files"}
    assert parents(two, "encrypt_local.files-2") == {"privilege_escalation",
                                                     "server_access.files-2"}
    assert parents(two, "server_implant.web") == {"exploit_public.web", "mass_exploit.web",
                                                  "lateral_movement"}
    assert two.assets[place(two, "encrypt.files")] == ("east",)
    assert two.assets[place(two, "encrypt.files-2")] == ("west",)
    assert two.assets[place(two, "lateral_movement")] == ()


def test_only_what_the_internet_sees_is_exploited_from_it(language: Language) -> None:
    def exploited(*assets: object) -> set[str]:
        steps = compile_firm(chain(assets=assets), firm(), language)  # type: ignore[arg-type]
        return {code for code in steps.codes if code.startswith("exploit_public")}

    assert exploited() == {"exploit_public.remote_access", "exploit_public.web"}
    assert exploited(asset("web", exposed=False)) == {"exploit_public.remote_access"}
    assert exploited(asset("database", exposed=True)) == {
        "exploit_public.remote_access", "exploit_public.web", "exploit_public.database"}
    steps = compile_firm(chain(assets=[asset("operations", "plant", exposed=True)]), firm(),
                         language)
    assert "exploit_public.operations" in parents(steps, "operations_access.operations")


def test_an_and_step_waits_for_all_it_needs_and_is_gone_without_one_of_them(
    language: Language,
) -> None:
    steps = compile_firm(chain(), firm(), language)
    needed = parents(steps, "encrypt.business_system")
    assert needed == {"domain_control", "defences_off", "stage_deployment"}
    for code in ("encrypt.files", "operations_stop.operations", "destroy_recovery"):
        assert steps.waits_for_all[place(steps, code)]
    assert not steps.waits_for_all[place(steps, "encrypt_local.files")]
    small = firm(revenue_fen=500_000_000, headcount=40)  # no directory: nothing to control
    without = compile_firm(chain(small), small, language)
    assert not [code for code in without.codes if code.startswith(("encrypt.", "domain_control"))]
    assert "encrypt_local.files" in without.codes


def test_a_firm_that_sends_updates_has_a_pipeline_and_signs_its_releases(
    language: Language,
) -> None:
    maker, user = firm(), firm("user")
    link = Link(source="maker", target="user", kind="software_update")
    linked = chain(maker, user, links=[link])
    steps = compile_firm(linked, maker, language)
    assert steps.codes[steps.exits["software_update"]] == "tamper_build"
    assert parents(steps, "tamper_build") == {"build_access", "signing_abuse"}
    assert "software_update" not in compile_firm(linked, user, language).exits
    found = compiled(linked, language)
    assert "assets.build" in {one.field for one in found.estimates}


def test_outage_is_a_share_of_the_asset_and_of_assets_together(language: Language) -> None:
    steps = compile_firm(chain(assets=[
        asset("business_system", "orders", output_share_ppm=600_000),
        asset("files", output_share_ppm=200_000), asset("database", output_share_ppm=0),
        asset("workstations", output_share_ppm=500_000)]), firm(), language)
    share = {code: steps.output_share[place(steps, code)] for code in steps.codes}
    assert share["encrypt.business_system"] == pytest.approx(0.6)
    assert share["encrypt.files"] == pytest.approx(0.2)
    stops = language.step("destroy").stops
    assert stops is not None
    assert share["destroy"] == pytest.approx(stops.value * (1 - 0.5 * 0.8 * 1.0 * 0.4))


def test_the_later_score_of_an_indicator_counts() -> None:
    base = chain(scores={"maker": {"IAM-01": 250_000}})
    early, late = (msgspec.structs.replace(base.controls[0], score_ppm=ppm, as_of=day)
                   for ppm, day in ((900_000, date(2026, 1, 1)), (400_000, date(2026, 6, 1))))
    both = msgspec.structs.replace(base, controls=(late, early, base.controls[0]))
    assert posture_of(both, both.firms[0]) == {"IAM-01": 400_000}
    assert posture_of(chain(), firm()) == {}


def test_a_known_exploited_vulnerability_raises_the_steps_of_its_asset_strongly(
    language: Language,
) -> None:
    found = chain(scores={"maker": HALF}, weaknesses=[weakness("remote_access", cve=CVE)])
    before = compiled(found, language).steps
    after = compiled(found, language, kev=kev(CVE))
    at = place(after.steps, "exploit_public.remote_access")
    assert after.steps.chance[at] > 5 * before.chance[at] and after.steps.chance[at] > 0.6
    raised = {one.step: one for one in after.raised}
    assert set(raised) == {"exploit_public.remote_access", "lateral_movement"}
    assert raised["exploit_public.remote_access"].ground == "kev"
    others = [one for one in range(after.steps.steps) if after.steps.codes[one] not in raised]
    assert np.array_equal(after.steps.chance[others], before.chance[others])
    assert compiled(found, language).raised[0].ground == "severity"


@pytest.mark.parametrize("kind", ASSET_KINDS)
def test_a_vulnerability_of_any_kind_of_asset_raises_something(
    language: Language, kind: str
) -> None:
    found = chain(assets=[asset(kind, "it", exposed=True)],  # type: ignore[arg-type]
                  weaknesses=[weakness("it", cve=CVE)])
    raised = compiled(found, language, kev=kev(CVE)).raised
    assert raised and all(one.after > one.before for one in raised)
    inside = chain(assets=[asset(kind, "it", exposed=False)],  # type: ignore[arg-type]
                   weaknesses=[weakness("it", cve=CVE)])
    found_inside = compiled(inside, language, kev=kev(CVE)).raised
    assert found_inside and {one.step for one in found_inside} <= {one.step for one in raised}
    assert not [one for one in found_inside if one.step.startswith("exploit_public")]


def test_inside_the_firm_a_vulnerability_counts_less(language: Language) -> None:
    found = chain(weaknesses=[weakness("database", cve=CVE)])
    raised = {one.step: one for one in compiled(found, language, kev=kev(CVE)).raised}
    rules = language.mitigations.findings
    assert set(raised) == {"server_access.database"}
    assert raised["server_access.database"].by == pytest.approx(
        rules.kev_exposed.value * rules.inside.value)


def test_epss_raises_by_its_probability_and_severity_where_nothing_is_known(
    language: Language,
) -> None:
    def grounds(**feeds: object) -> list[tuple[str, float]]:
        found = chain(weaknesses=[weakness("remote_access", cve=CVE, severity="medium")])
        return [(one.ground, one.by) for one in compiled(found, language, **feeds).raised
                if one.step == "exploit_public.remote_access"]

    rules = language.mitigations.findings
    factor = rules.epss.value
    assert grounds() == [("severity", rules.severity["medium"].value)]
    assert grounds(epss=epss(CVE_2024_0001=500_000)) == [("epss", pytest.approx(0.5 * factor))]
    assert grounds(epss=epss(CVE_2024_0002=500_000)) == grounds()
    assert grounds(epss=epss(CVE_2024_0001=100)) == grounds()  # severity is the larger
    assert grounds(epss=epss(CVE_2024_0001=500_000), kev=kev(CVE)) == [
        ("kev", rules.kev_exposed.value)]
    most = grounds(epss=epss(CVE_2024_0001=1_000_000), kev=kev(CVE))[0][1]
    assert most >= grounds(kev=kev(CVE))[0][1]


def test_a_finding_may_say_how_its_vulnerability_is_used(language: Language) -> None:
    def raised(technique: str | None) -> dict[str, str]:
        found = chain(weaknesses=[weakness("web", cve=CVE, technique=technique)])
        return {one.step: one.ground for one in compiled(found, language, kev=kev(CVE)).raised}

    assert raised(None) == {"exploit_public.web": "kev", "lateral_movement": "kev"}
    assert raised("T1190") == {"exploit_public.web": "kev"}
    assert raised("T1068") == {"privilege_escalation": "kev"}  # of no use from the internet
    assert raised("T1600") == raised(None)  # no step uses it


def test_a_weakness_of_a_technique_raises_the_steps_that_use_it(language: Language) -> None:
    found = chain(weaknesses=[weakness("remote_access", technique="T1110.003", severity="high")])
    assert {one.step: one.ground for one in compiled(found, language).raised} == {
        "external_login.remote_access": "technique"}
    inside = chain(weaknesses=[weakness("workstations", technique="T1562.001")])
    assert {one.step for one in compiled(inside, language).raised} == {"defences_off"}
    none = chain(weaknesses=[weakness("files", technique="T1600")])
    assert compiled(none, language).raised == ()
    assert compiled(none, language).idle == none.weaknesses


def test_findings_add_up_and_stay_below_the_highest_chance(language: Language) -> None:
    cves = [f"CVE-2024-1{number:03}" for number in range(20)]
    found = chain(weaknesses=[weakness("web", cve=cve) for cve in cves])
    chances = []
    for number in (1, 2, 20):
        steps = compiled(found, language, kev=kev(*cves[:number])).steps
        chances.append(float(steps.chance[place(steps, "exploit_public.web")]))
    assert chances[0] < chances[1] < chances[2] == language.file.highest_chance < 1.0


def test_a_finding_on_an_asset_that_is_not_there_is_refused(language: Language) -> None:
    found = chain(weaknesses=[weakness("mainframe", cve=CVE)])
    with pytest.raises(InputError, match="maker has no asset 'mainframe'") as caught:
        compiled(found, language)
    assert caught.value.fault.field == "weaknesses.asset" and caught.value.fault.mend


def test_a_new_entry_changes_exactly_the_firms_it_concerns(language: Language) -> None:
    firms = [firm(name, tier=0 if name == "a" else 1) for name in "abcd"]
    found = chain(*firms, weaknesses=[
        weakness("web", of="a", cve=OTHER), weakness("web", of="b", cve=CVE),
        weakness("remote_access", of="d", cve=CVE)])
    older, newer = kev(OTHER), kev(OTHER, CVE)
    changed = tuple(one.id for one in firms
                    if not same(compile_firm(found, one, language, kev=older),
                                compile_firm(found, one, language, kev=newer)))
    assert changed == ("b", "d") == concerned_firms(found, older, newer)
    assert concerned_firms(found, newer, newer) == ()
    real = next(iter(shipped_kev().entries))
    marked = chain(firm(), weaknesses=[weakness("web", cve=real)])
    assert concerned_firms(marked, kev(), shipped_kev()) == ("maker",)


def test_one_changed_firm_leaves_the_others_as_they_are(language: Language) -> None:
    firms = [firm(name) for name in "abc"]
    before = chain(*firms, scores=dict.fromkeys("abc", HALF))
    after = chain(*firms, scores={"a": HALF, "b": {**HALF, "IAM-01": 1_000_000}, "c": HALF})
    changed = [one.id for one in firms if not same(compile_firm(before, one, language),
                                                   compile_firm(after, one, language))]
    assert changed == ["b"]


def test_compiling_again_gives_the_same_bytes(language: Language) -> None:
    found = chain(scores={"maker": HALF}, weaknesses=[weakness("web", cve=CVE)])
    one, other = (compile_firm(found, found.firms[0], language, kev=kev(CVE)) for _ in "ab")
    assert same(one, other)
    one.chance[:] = 0.0  # what a caller does to its arrays reaches nobody else
    assert same(other, compile_firm(found, found.firms[0], language, kev=kev(CVE)))


def test_containment_is_quicker_where_somebody_looks(language: Language) -> None:
    def days(**scores: int) -> float:
        steps = compile_firm(chain(scores={"maker": {**HALF, **{
            name.replace("_", "-"): ppm for name, ppm in scores.items()}}}), firm(), language)
        assert steps.containment_sigma > 0.0
        return float(np.exp(steps.containment_mu))

    half = days()
    assert half == pytest.approx(11.0, rel=0.05)  # what it is set by
    for one in ("DET_01", "DET_02", "DET_03", "DET_04", "EPP_01"):
        assert days(**{one: 1_000_000}) < half < days(**{one: 0})
    assert days(IAM_01=0) == half


def test_the_reasons_of_a_step_make_its_chance(language: Language) -> None:
    found = compiled(chain(scores={"maker": {"EPP-01": 750_000, "IAM-01": 500_000}},
                           weaknesses=[weakness("web", cve=CVE)]), language, kev=kev(CVE))
    for at, code in enumerate(found.steps.codes):
        trace = step_reasons(found, code, language)
        controls = trace.find("chance.with_controls")
        product = 1.0
        for one in controls.children:
            product *= float(one.value or 0.0)
        assert controls.value == pytest.approx(product)
        left = 1.0 - float(controls.value or 0.0)
        for child in trace.children:
            if child.name.startswith("finding."):
                left *= 1.0 - float(child.value or 0.0)
        assert trace.value == found.steps.chance[at]
        assert found.steps.chance[at] == pytest.approx(1.0 - left)
        days = [float(one.value or 0.0) for one in trace.children if one.name == "days.median"]
        mus = found.steps.mu[found.steps.target == at]
        assert days == pytest.approx(np.exp(mus[:1]).tolist())
        for _, node in trace.walk():
            if node.name == "days.median":
                assert node.value == pytest.approx(math.prod(
                    float(one.value or 0.0) for one in node.children))
            if node.name.startswith("indicator."):
                assert node.source is not None and node.source.interval is not None
                assert node.find("coverage").operation in ("prior", "linear", "complete_only")
    trace = step_reasons(found, "exploit_public.web", language)
    assert trace.find(f"finding.{CVE}").operation == "kev"
    unknown = step_reasons(found, "external_login.remote_access", language).find("indicator.AST-05")
    assert unknown.find("coverage").value == language.missing_prior
    known = step_reasons(found, "external_login.remote_access", language).find("indicator.IAM-01")
    assert known.find("coverage").value == 0.125  # half an MFA roll-out: one half, cubed
    with pytest.raises(KeyError):
        step_reasons(found, "encrypt.everything", language)


def test_the_reasons_of_containment_make_its_median(language: Language) -> None:
    found = compiled(chain(scores={"maker": {"DET-02": 1_000_000}}), language)
    trace = containment_reasons(found, language)
    product = 1.0
    for one in trace.children:
        product *= float(one.value or 0.0)
    assert trace.value == pytest.approx(product)
    assert trace.value == pytest.approx(np.exp(found.steps.containment_mu))


def test_segmentation_slows_in_quarters_and_firms_alike_have_the_same_times(
    language: Language,
) -> None:
    def times(score: int) -> np.ndarray:
        return compile_firm(chain(scores={"maker": {**HALF, "NET-01": score}}), firm(),
                            language).mu

    assert np.array_equal(times(500_000), times(749_999))
    assert (times(750_000) >= times(500_000)).all() and (times(750_000) > times(500_000)).any()
    other = compile_firm(chain(scores={"maker": {"NET-01": 500_000}}), firm(), language).mu
    assert np.array_equal(times(500_000), other)


def test_thousands_of_firms_share_what_they_have_in_common(language: Language) -> None:
    firms = [firm(f"f{number}", industry="ABCDEFGHIJ"[number % 10],
                  revenue_fen=10 ** (9 + number % 4)) for number in range(1000)]
    found = chain(*firms, scores={one.id: {name: (number * 7 + place) % 5 * 250_000
                                           for place, name in enumerate(indicators())}
                                  for number, one in enumerate(firms)})
    made = [compile_firm(found, one, language) for one in firms]
    assert len({id(one.source) for one in made}) <= 40
    with pytest.raises(ValueError, match="read-only"):
        made[0].source[0] = 1


def test_the_twin_joins_firms_and_firms_alike_share_a_structure(language: Language) -> None:
    """Scores move chances; only segmentation, in quarters, moves times."""
    firms = [firm(f"f{number}") for number in range(60)]
    links = [Link(source=f"f{number}", target="f0", kind=LINK_KINDS[number % 6])
             for number in range(1, 60)]
    found = chain(*firms, links=links, scores={
        one.id: {name: (number * 31 + place * 17) % 101 * 10_000
                 for place, name in enumerate(indicators())}
        for number, one in enumerate(firms)}, assets=[
        asset("web", f"site-{one.id}", of=one.id) for one in firms])
    steps = {one.id: compile_firm(found, one, language) for one in firms}
    twin = twin_of(found, steps)
    kinds = {(one.codes, one.source.tobytes()) for one in steps.values()}
    assert len(twin.structures) <= 5 * len(kinds) < 20
    assert len(twin.links.party) == 59  # each sender has the exit of its link
    assert (twin.links.party == 0).all()
    graph = step_graph_of(twin)
    assert graph.nodes == sum(one.steps for one in steps.values())
    assert f"f0/{steps['f0'].codes[steps['f0'].entries['data_share']]}" in graph.names


@pytest.mark.parametrize("name", ["haiyue", "energy"])
def test_the_example_chains_have_steps_losses_and_all_their_links(
    language: Language, name: str
) -> None:
    found = read_chain(Path(__file__).parents[2] / "examples" / name)
    made = {one.id: compile_with_reasons(found, one, language, kev=shipped_kev(),
                                         epss=shipped_epss()) for one in found.firms}
    twin = twin_of(found, {name: one.steps for name, one in made.items()})
    assert len(twin.links.party) == len(found.links) > 60
    raised = [one for firm in made.values() for one in firm.raised]
    assert len(raised) >= len(found.weaknesses) > 0
    assert not [one for firm in made.values() for one in firm.idle]
    for one in found.firms:
        model = build_loss_model(complete(one, found)[0], made[one.id].posture)
        assert model.claims_per_year > 0.0
