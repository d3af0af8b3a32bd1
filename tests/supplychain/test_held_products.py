"""Products that many hold: known by name or finding, counted by the catalogue, and joined."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import msgspec
import numpy as np
import pytest
from scipy import stats

from dinghai.evidence.feeds import KevEntry, KevTable, shipped_kev
from dinghai.losses.tables import PERILS
from dinghai.supplychain.chain import Asset, Chain, Weakness
from dinghai.supplychain.chain_export import graphml_of
from dinghai.supplychain.chain_model import chain_model
from dinghai.supplychain.chain_overview import overview
from dinghai.supplychain.chain_results import simulate_chain
from dinghai.supplychain.compiling import compile_firm
from dinghai.supplychain.enumeration import exact_outcomes
from dinghai.supplychain.event_table import event_table
from dinghai.supplychain.held_products import HeldProduct, Holder, held_products, words
from dinghai.supplychain.language import shipped_language
from dinghai.supplychain.link_table import reaching
from dinghai.supplychain.twin import EXPLOITED, step_graph_of, twin_of
from tests.supplychain import twins
from tests.supplychain.step_chains import asset, chain, firm, weakness
from tests.supplychain.test_twin import NEVER, run

RULES = event_table().common_vulnerabilities
DAY = date(2026, 6, 1)
GATE = "cpe:2.3:a:acme:gate_access:9.1:*:*:*:*:*:*:*"


def entry(cve: str, product: str, *, vendor: str = "Acme", ago: int = 100,
          ransomware: bool | None = None) -> KevEntry:
    return KevEntry(cve, DAY - timedelta(days=ago), DAY, vendor, product, ransomware)


def catalogue(*entries: KevEntry) -> KevTable:
    return KevTable(DAY, {one.cve: one for one in entries})


KEV = catalogue(
    entry("CVE-2026-0001", "Gate Access", ransomware=True), entry("CVE-2026-0002", "Gate Access"),
    entry("CVE-2024-0003", "Gate Access and Gate Proxy"),
    entry("CVE-2020-0004", "Gate Access", ago=2_000),
    entry("CVE-2026-0005", "Mail"), entry("CVE-2026-0006", "Multiple Products"),
    entry("CVE-2026-0007", "Mail", vendor="Other"))


def of(*products: str, weaknesses: tuple[Weakness, ...] = ()) -> Chain:
    return chain(assets=[asset("remote_access", "gate", products=products)], weaknesses=weaknesses)


def test_a_product_is_called_as_the_catalogue_calls_it_in_all_its_spellings() -> None:
    for name in (GATE, "cpe:/a:acme:gate_access", "cpe:/o:acme:gate-access_2019:9",
                 "cpe:2.3:a:ac_me:gate:1:*:*:*:*:*:*:*"):
        (found,) = held_products(of(name), KEV)
        assert (found.id, found.vendor, found.product) == (
            "product:acme.gate-access", "Acme", "Gate Access")
        assert found.holders == (Holder("maker", "gate", "product"),)
    assert found.name_zh == "Acme Gate Access 通用漏洞"
    assert found.name_en == "Common vulnerability of Acme Gate Access"
    for name in ("cpe:2.3:a:acme:printer:1", "cpe:2.3:a:nobody:gate_access:1", "own", "pkg:npm/x",
                 "pkg:", "cpe:2.3:a:acme:products:1"):
        assert held_products(of(name), KEV) == ()
    assert held_products(of(GATE), None) == ()


def test_words_tell_products_apart_without_vendor_and_version() -> None:
    assert words("windows_server_2019") == words("Windows") == frozenset({"windows"})
    assert words("veeam_backup_\\&_replication", "veeam") == frozenset({"backup", "replication"})
    assert words("log4j") == words("Log4j2") == frozenset({"log", "j"})


@pytest.mark.parametrize(("name", "expected"), [
    ("cpe:2.3:o:fortinet:fortios:7.2.4:*:*:*:*:*:*:*", "Fortinet FortiOS"),
    ("cpe:2.3:a:microsoft:exchange_server:2019:*:*:*:*:*:*:*", "Microsoft Exchange Server"),
    ("cpe:2.3:o:microsoft:windows_10:22h2:*:*:*:*:*:*:*", "Microsoft Windows"),
    ("cpe:2.3:o:paloaltonetworks:pan-os:10.2:*:*:*:*:*:*:*", "Palo Alto Networks PAN-OS"),
    ("pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1", "Apache Log4j2"),
    ("cpe:2.3:a:ivanti:connect_secure:22.3:*:*:*:*:*:*:*",
     "Ivanti Connect Secure and Policy Secure"),
    ("pkg:npm/next@15.2.2", "Meta React Server Components")])
def test_real_names_meet_the_shipped_catalogue(name: str, expected: str) -> None:
    (found,) = held_products(of(name), shipped_kev())
    assert f"{found.vendor} {found.product}" == expected
    assert 0.0 < found.a_year <= RULES.most_ppm_a_year / 1e6


def test_how_often_is_counted_in_the_window_and_drawn_to_the_mean() -> None:
    (found,) = held_products(of(GATE), KEV)
    assert found.exploited == 3  # the proxy's row names the gate too; 2020 is past
    recent, rows = 6, 5  # of the catalogue: entries of the window, and products
    mean = recent / RULES.window_years / rows
    share = 1 / recent
    assert found.a_year == pytest.approx(share * (3 + mean * RULES.prior_years) / (
        RULES.window_years + RULES.prior_years))
    many = catalogue(*(entry(f"CVE-2026-1{number:03}", "Gate Access", ransomware=True)
                       for number in range(50)))
    (often,) = held_products(of(GATE), many)
    assert often.a_year == RULES.most_ppm_a_year / 1e6


def test_a_finding_of_the_catalogue_says_what_a_firm_holds_even_once_it_is_mended() -> None:
    found = held_products(of(weaknesses=(weakness("gate", cve="CVE-2024-0003"),)), KEV)
    assert [(one.product, one.holders) for one in found] == [
        ("Gate Access", (Holder("maker", "gate", "finding"),))]
    assert held_products(of(), KEV, keep=found) == found
    named = held_products(of(GATE), KEV)
    (dropped,) = held_products(of(), KEV, keep=named)
    assert dropped.holders == () and dropped.a_year == named[0].a_year
    assert held_products(of(weaknesses=(weakness("gate", cve="CVE-2026-0006"),)), KEV) == ()


def product(*holders: tuple[str, str], a_year: float = 1.0) -> HeldProduct:
    return HeldProduct("product:acme.gate", "Acme", "Gate", tuple(
        Holder(firm, place, "product") for firm, place in holders), 3, a_year)


def test_it_comes_in_where_the_internet_sees_it_or_people_work() -> None:
    maker = firm()
    known = chain(maker, assets=[asset("remote_access", "gate"), asset("files", "files"),
                                 asset("web", "hidden", exposed=False), asset("web", "shop"),
                                 asset("workstations", "office")])
    steps = compile_firm(known, maker, shipped_language())
    one = twin_of(known, {"maker": steps}, [product(*(
        ("maker", name) for name in ("gate", "files", "hidden", "shop", "office", "gone")))])
    ways = {steps.codes[entry]: chance for entry, chance in zip(
        one.links.entry.tolist(), one.links.chance.tolist(), strict=True)}
    outside, inside = reaching(exposed=True).chance, reaching(exposed=False).chance
    assert ways == {"mass_exploit.remote_access": outside, "mass_exploit.web-2": outside,
                    "user_execution": inside}
    assert one.names == ("maker", "product:acme.gate") and one.codes(1) == (EXPLOITED,)
    assert outside > 5 * inside > 0.0


def test_holders_are_struck_together_as_often_as_enumeration_says() -> None:
    known = twins.chain(4, [("s1", "o", "remote_access")])
    steps = replace(twins.firm_steps(containment_mu=NEVER), flaws={"gate": (1, True)})
    one = twin_of(known, {one.id: steps for one in known.firms},
                  [product(("s1", "gate"), ("s2", "gate"), ("s3", "other"))])
    found = run(one, [0.0] * 4 + [1.0])
    graph = step_graph_of(one)
    begin = graph.names.index(f"product:acme.gate/{EXPLOITED}")
    exact = exact_outcomes(graph, np.array([begin], dtype=np.int32))
    for place, name in enumerate(one.names[:4]):
        step = graph.names.index(f"{name}/encrypt")
        p = sum(chance for mask, chance in exact.items() if mask >> step & 1)
        assert stats.binomtest(int(found.struck[place]), int(found.starts[4]), p).pvalue > 1e-4
        assert (p > 0.0) == (name in ("o", "s1", "s2"))  # the owner along a link
    assert found.strikes[0].sum() == 0
    assert found.strikes[1].sum() == found.strikes[1, 4].sum() == found.struck.sum()


def test_a_better_door_at_a_holder_never_raises_a_loss_in_any_year() -> None:
    known = twins.chain(4, [("s1", "o", "remote_access"), ("s2", "s1", "email_trust")])
    flaws = {"gate": (1, True)}
    before = {one.id: replace(twins.firm_steps(entry=0.6), flaws=flaws) for one in known.firms}
    holders = product(*((one.id, "gate") for one in known.firms))
    rate = [0.2] * 4 + [0.7]
    first = run(twin_of(known, before, [holders]), rate)
    patched = replace(twins.firm_steps(entry=0.2), flaws=flaws)
    given_up = product(*((one.id, "gate") for one in known.firms if one.id != "s1"))
    for steps, held in (({**before, "s1": patched}, holders), (before, given_up)):
        after = run(twin_of(known, steps, [held]), rate)
        assert (after.loss <= first.loss).all()
        assert after.loss.sum() < first.loss.sum()
        assert (after.starts == first.starts).all()


def test_patching_and_hiding_make_the_hole_smaller() -> None:
    language = shipped_language()

    def chance(**scores: int) -> float:
        steps = compile_firm(chain(scores={"maker": {
            name.replace("_", "-"): ppm for name, ppm in scores.items()}}), firm(), language)
        return float(steps.chance[steps.codes.index("mass_exploit.web")])

    for control in ("VUL_01", "VUL_02", "VUL_03", "AST_02", "NET_03"):
        assert chance(**{control: 1_000_000}) < chance(**{control: 0})
    known = chain(weaknesses=[weakness("web", cve="CVE-2026-0001")])
    steps = compile_firm(known, firm(), language, kev=KEV)
    place = steps.codes.index("mass_exploit.web")
    assert steps.chance[place] == chance()  # today's finding is not tomorrow's flaw
    assert not any(place == way for way in steps.target.tolist())


@pytest.fixture(scope="module")
def held() -> Chain:
    base = twins.chain(3, [])
    return msgspec.structs.replace(base, assets=tuple(
        Asset(one.id, "gate", "remote_access", products=(GATE,)) for one in base.firms[:2]))


def test_its_rate_goes_by_aims_and_attempts_stay_the_firms_own(held: Chain) -> None:
    """Own and common causes do not count twice: products add events of their own and take nothing
    from the loss model's, whose own claims alone make attempts."""
    model, without = chain_model(held, kev=KEV), chain_model(held)
    assert [one.id for one in model.products] == ["product:acme.gate-access"]
    assert without.products == () and without.twin.parties == 3
    assert np.array_equal(model.rates[:3], without.rates)
    (common,) = model.products
    assert model.rates[3].tolist() == pytest.approx(
        [common.a_year * RULES.aims_ppm.get(peril, 0) / 1e6 for peril in PERILS])
    assert sum(RULES.aims_ppm.values()) == 1_000_000


def test_a_simulation_tells_events_by_cause_and_names_the_product(held: Chain) -> None:
    often = catalogue(*(entry(f"CVE-2026-1{number:03}", "Gate Access", ransomware=True)
                        for number in range(50)))
    found = simulate_chain(chain_model(held, kev=often), years=2_000, seed=3)
    document = found.to_dict()
    cause = document["by_cause"]
    assert cause["common_vulnerability"]["events_a_year"] == pytest.approx(0.5, rel=0.15)
    assert cause["common_vulnerability"]["strikes_a_year"] > 0.0
    assert sum(one["loss_fen"] for one in cause.values()) == pytest.approx(
        document["loss"]["mean_fen"], abs=4)
    assert sum(one["events_a_year"] for one in cause.values()) == pytest.approx(
        document["events_a_year"], rel=1e-12)
    assert sum(one["strikes_a_year"] for one in cause.values()) == pytest.approx(
        sum(one["struck_a_year"] for one in document["parties"]))
    assert 0.0 < document["third_party_share"] < 1.0
    assert document["firms_without_products"] == 1
    last = document["parties"][-1]
    assert (last["kind"], last["name_zh"], last["firms"]) == (
        "common_vulnerability", "Acme Gate Access 通用漏洞", 2)
    assert last["own_fen"] == 0 and last["exported_fen"] > 0


def test_a_chain_at_a_glance_and_its_graph_show_who_holds_what(held: Chain) -> None:
    found = overview(held, KEV)
    assert [(one["product"], one["firms"]) for one in found["products"]] == [
        ("Gate Access", ["o", "s1"])]
    assert found["firms_without_products"] == 1 and overview(held)["products"] == []
    document = graphml_of(held, ("attack",), held_products(held, KEV))
    assert document.count('source="product:acme.gate-access"') == 2
    assert "Acme Gate Access 通用漏洞" in document
    assert "common_vulnerability" not in graphml_of(held, ("goods",), held_products(held, KEV))
