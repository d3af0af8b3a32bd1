"""What the dossiers of its firms add to a chain, and that the chain's own rows win."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinghai.assessment.assess import assess
from dinghai.assessment.dossier import read_dossier
from dinghai.evidence.feeds import shipped_epss, shipped_kev
from dinghai.evidence.finding import KINDS, VANTAGES
from dinghai.foundation.errors import InputError
from dinghai.supplychain.attack_facts import techniques
from dinghai.supplychain.chain import Asset, Chain, ControlScore, Firm, Identifier, Weakness
from dinghai.supplychain.chain_dossiers import KnownBy, MergedChain, chain_of_dossiers
from dinghai.supplychain.firm_evidence import asset_id, scan_assets
from tests.supplychain.chains import AS_OF
from tools.example_scans import Host, Port, Result, cyclonedx, nmap_xml, nuclei_jsonl

DONGHAI = Path(__file__).parents[2] / "examples/donghai"


def chain(*further: Firm, **parts: tuple[object, ...]) -> Chain:
    owner = Firm("own", "海悦", "owner", 0, "C", 10**12)
    return msgspec.structs.replace(
        Chain("dinghai.chain/1", "c", "链", "own", AS_OF, (owner, *further)), **parts)


def merged(one: Chain, folder: Path, **options: Path) -> MergedChain:
    folder.mkdir(exist_ok=True)
    return chain_of_dossiers(one, folder, kev=shipped_kev(AS_OF), **options)


def test_a_whole_dossier_gives_what_its_assessment_gives(tmp_path: Path) -> None:
    shutil.copytree(DONGHAI, tmp_path / "donghai")
    firm = Firm("dh", "东海", "supplier", 1, "C", 90_000_000_000, headcount=7,
                dossier="../donghai")
    given_score = ControlScore("dh", "IAM-01", 111_111)
    own_shop = Asset("dh", "shop", "web", "shop.donghai.example", None, 400_000, ("own",))
    found = merged(chain(firm, controls=(given_score,), assets=(own_shop,)), tmp_path / "chain")
    posture = assess(read_dossier(DONGHAI), kev=shipped_kev(AS_OF), on=AS_OF).posture
    scores = {one.indicator: one.score_ppm for one in found.chain.controls}
    assert scores == {code: score for code, score in posture.items() if score is not None} | {
        "IAM-01": 111_111}
    assert {one.known_by for one in found.chain.controls[1:]} == {"assessment"}
    dh = found.chain.firm["dh"]
    assert (dh.headcount, dh.endpoints, dh.records_general, dh.tolerable_outage_seconds) == (
        7, 1_650, 2_100_000, 86_400)
    assert dh.revenue_fen == 90_000_000_000
    assert {one.field for one in found.notes} == {"revenue_fen", "headcount"}
    known = set(found.known_by)
    assert KnownBy("dh", "firms", "headcount", "chain") in known
    assert KnownBy("dh", "firms", "endpoints", "dossier") in known
    assert KnownBy("dh", "controls", "IAM-01", "chain") in known
    assert KnownBy("dh", "controls", "EPP-01", "dossier") in known
    shop = next(one for one in found.chain.assets if one.id == "shop")
    assert shop.exposed is True and shop.output_share_ppm == 400_000
    assert shop.products[0] == "own" and len(shop.products) > 1
    assert not any(one.id == "203.0.113.10" for one in found.chain.assets)
    assert {one.asset for one in found.chain.weaknesses} >= {"shop", "donghai-erp"}
    assert ("donghai-erp", "CVE-2020-11978") in {
        (one.asset, one.cve) for one in found.chain.weaknesses}


def scanned(folder: Path) -> Path:
    """A dossier of scans alone."""
    web = Port(443, "https", "nginx", "1.18.0", "cpe:/a:nginx:nginx:1.18.0")
    for path, content in {
        "scans/external/nmap.xml": nmap_xml((
            Host("203.0.113.5", "www.a.example", (web,)),
            Host("203.0.113.6", "desk.a.example", (Port(3389, "ms-wbt-server"),)),
            Host("203.0.113.7", "plc.a.example", (Port(502, "modbus"),))), start=1_773_000_000),
        "scans/internal/nmap.xml": nmap_xml((
            Host("10.0.0.9", "nas.a.example", (Port(445, "microsoft-ds"),)),), start=1_773_000_000),
        "scans/external/nuclei.jsonl": nuclei_jsonl((
            Result("CVE-2021-44228", "Log4j", "critical", "www.a.example", "203.0.113.5", 443,
                   ("CVE-2021-44228",)),
            Result("default-login", "Default login", "high", "www.a.example", "203.0.113.5", 443),
            Result("tech-detect", "Technology", "info", "www.a.example", "203.0.113.5", 443)),
            moment="2026-03-09T10:00:00+08:00"),
        "inventory/app.cdx.json": cyclonedx("app", "1", (
            ("pkg:npm/next", "next", "15.2.2"), ("pkg:npm/react", "react", "19.0.0")),
            moment="2026-03-09T10:00:00+08:00"),
    }.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return folder


def test_scans_alone_give_scores_assets_and_weaknesses(tmp_path: Path) -> None:
    scanned(tmp_path / "chain" / "dossiers" / "a")
    found = merged(chain(Firm("a", "甲", "supplier", 1, "C", 10**9)), tmp_path / "chain")
    scores = {one.indicator: one for one in found.chain.controls}
    assert scores["AST-03"].score_ppm == 0 and scores["AST-03"].known_by == "scan"
    assert {one.id: (one.kind, one.exposed) for one in found.chain.assets} == {
        "203.0.113.5": ("web", True), "203.0.113.6": ("remote_access", True),
        "203.0.113.7": ("operations", True), "10.0.0.9": ("files", None),
        "app": ("business_system", None)}
    assert {(one.asset, one.cve or one.technique, one.severity)
            for one in found.chain.weaknesses} == {
        ("203.0.113.5", "CVE-2021-44228", "critical"), ("203.0.113.5", "T1078.001", "high"),
        ("203.0.113.6", "T1133", "high"), ("203.0.113.7", "T0883", "critical"),
        ("app", "CVE-2025-55182", "high")}
    app = next(one for one in found.chain.assets if one.id == "app")
    assert app.products == ("pkg:npm/next@15.2.2", "pkg:npm/react@19.0.0")
    assert found.chain.firms == chain(Firm("a", "甲", "supplier", 1, "C", 10**9)).firms


def test_a_weakness_of_the_chain_stands_once(tmp_path: Path) -> None:
    scanned(tmp_path / "chain" / "dossiers" / "a")
    mine = Weakness("a", "203.0.113.5", "CVE-2021-44228", None, "low", None, "ours")
    found = merged(chain(Firm("a", "甲", "supplier", 1, "C", 10**9),
                         assets=(Asset("a", "203.0.113.5", "cloud"),), weaknesses=(mine,)),
                   tmp_path / "chain")
    assert [one for one in found.chain.weaknesses if one.cve == "CVE-2021-44228"] == [mine]
    assert found.chain.assets[0].kind == "cloud"


def test_faults_of_all_dossiers_come_together(tmp_path: Path) -> None:
    folder = tmp_path / "chain"
    for name in ("a", "b"):
        (scanned(folder / "dossiers" / name) / "answers.csv").write_text(
            "indicator,score,answered_by,answered_at,evidence,note\nIAM-01,7,IT,2026-03-01,,\n"
            "XX-01,1,IT,2026-03-01,,\nIAM-02,1,IT,2026-12-01,,\n")
    (folder / "dossiers" / "b" / "scans/external/odd.json").write_text("{")
    firms = [Firm(name, name, "supplier", 1, "C", 10**9) for name in ("a", "b")]
    lost = Firm("c", "丙", "supplier", 1, "C", 10**9, dossier="dossiers/none")
    away = Firm("d", "丁", "supplier", 1, "C", 10**9, dossier="../../elsewhere")
    with pytest.raises(InputError) as caught:
        merged(chain(*firms, lost, away), folder)
    found = {(one.file, one.line, one.field) for one in caught.value.faults}
    assert {("dossiers/a/answers.csv", 2, "score"), ("dossiers/a/answers.csv", 3, "indicator"),
            ("dossiers/a/answers.csv", 4, "answered_at")} <= found
    assert {one.file for one in caught.value.faults} >= {
        "dossiers/b/answers.csv", "dossiers/none", "../../elsewhere"}
    assert all(one.mend and one.line for one in caught.value.faults)


def test_no_dossier_lies_outside_the_room(tmp_path: Path) -> None:
    scanned(tmp_path / "a")
    firm = Firm("a", "甲", "supplier", 1, "C", 10**9, dossier="../a")
    assert merged(chain(firm), tmp_path / "chain").chain.controls
    with pytest.raises(InputError, match="outside"):
        merged(chain(firm), tmp_path / "chain", within=tmp_path / "chain")
    (tmp_path / "chain" / "link").symlink_to(tmp_path / "a")
    inside = replace_dossier(firm, "link")
    with pytest.raises(InputError, match="outside"):
        merged(chain(inside), tmp_path / "chain", within=tmp_path / "chain")


def replace_dossier(firm: Firm, dossier: str) -> Firm:
    return msgspec.structs.replace(firm, dossier=dossier)


def test_later_feeds_show_in_the_scores(tmp_path: Path) -> None:
    scanned(tmp_path / "chain" / "dossiers" / "a")
    one = chain(Firm("a", "甲", "supplier", 1, "C", 10**9))
    without = replace(shipped_kev(AS_OF), entries={})
    late = {one.indicator: one.score_ppm for one in merged(one, tmp_path / "chain").chain.controls}
    early = {one.indicator: one.score_ppm for one in chain_of_dossiers(
        one, tmp_path / "chain", kev=without, epss=shipped_epss()).chain.controls}
    # known as exploited, or only likely to be: the catalogue of the day decides
    assert (late["VUL-02"], early["VUL-02"]) == (500_000, 750_000)


@given(st.text(max_size=120))
def test_any_name_gives_an_identifier(name: str) -> None:
    made = asset_id(name)
    assert msgspec.convert(made, Identifier) == made
    assert asset_id(made) == made


def test_the_table_names_techniques_kinds_and_vantages_that_exist() -> None:
    rules = scan_assets().techniques
    assert {one.technique for one in rules} <= set(techniques())
    assert {kind for one in rules for kind in one.kinds} <= set(KINDS)
    assert {one for rule in rules for one in rule.vantages} <= set(VANTAGES)
