"""The pages of supply chains: what they show before a run and after it, in both languages."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from dinghai_platform.chains import queries
from dinghai_platform.chains.documents import chain_of_version
from dinghai_platform.chains.models import ChainImport, ChainRun, ChainVersion
from dinghai_platform.chains.nodes import nodes_of
from dinghai_platform.chains.paths_view import likely_ways
from dinghai_platform.chains.reasons_view import reason_rows
from dinghai_platform.core.models import Organisation
from tests.platform.chains.making import YEARS, haiyue, kept, run_done, small_zip
from tests.platform.routes.reading import read_page
from tests.platform.story import World, work

pytestmark = pytest.mark.django_db
PAGES = ("chain", "map", "nodes", "paths", "providers", "storyboard", "fixes", "runs", "versions",
         "difference")


@pytest.fixture
def run(world: World, version: ChainVersion) -> ChainRun:
    """The small chain, run."""
    return run_done(version, world.actor("underwriter"))


def browser(world: World, language: str = "en", role: str = "underwriter",
            home: Organisation | None = None) -> Client:
    return world.sign_in(Client(headers={"accept-language": language}), role, home)


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_is_well_made_before_and_after_a_run(
    world: World, version: ChainVersion, owner: Organisation, language: str
) -> None:
    client = browser(world, language, "chain_owner", owner)
    for after in (False, True):
        if after:
            run_done(version, world.actor("underwriter"))
        for name in (*PAGES, "chains", "new"):
            arguments = [] if name in ("chains", "new") else [version.chain_id]
            text = text_of(client.get(reverse(f"chains:{name}", args=arguments)))
            assert read_page(text).faults == [], name
        for node in ("own", "sup", "sub", "cloud"):
            text = text_of(client.get(reverse("chains:node", args=[version.chain_id, node])))
            assert read_page(text).faults == [], node


def test_a_node_says_what_is_an_estimate(world: World, version: ChainVersion) -> None:
    text = text_of(browser(world).get(reverse("chains:node", args=[version.chain_id, "sub"])))
    assert "ch-estimate" in text and "template of its industry" in text
    assert "赤峦铜材" in text and "¥150,000,000.00" in text


def test_nodes_are_searched_filtered_sorted_and_exported(
    world: World, version: ChainVersion, run: ChainRun
) -> None:
    client, address = browser(world), reverse("chains:nodes", args=[version.chain_id])
    assert "云屿压缩机" in text_of(client.get(address, {"q": "云屿"}))
    assert "赤峦铜材" not in text_of(client.get(address, {"q": "云屿"}))
    assert "海云计算" in text_of(client.get(address, {"role": "provider"}))
    assert "Nothing matches" in text_of(client.get(address, {"role": "dealer"}))

    def exported(**asked: str) -> list[dict[str, str]]:
        answer = client.get(address, {"export": "csv", **asked})
        return list(csv.DictReader(io.StringIO(text_of(answer).removeprefix("\ufeff"))))

    rows = exported(sort="-revenue_fen")
    assert [one["Name"] for one in rows[:4]] == ["海悦电器", "赤峦铜材", "云屿压缩机", "海云计算"]
    assert all(one["Name"].startswith("Common vulnerability of ") for one in rows[4:])
    assert rows[3]["Annual revenue"] == ""  # not known is no zero, and stands last
    assert [one["Name"] for one in exported(sort="revenue_fen")][3] == "海云计算"


def test_the_map_is_drawn_for_the_whole_and_for_a_bubble(
    world: World, owner: Organisation
) -> None:
    version = haiyue(world.actor("underwriter"), owner)
    client, address = browser(world), reverse("chains:map", args=[version.chain_id])
    whole = text_of(client.get(address))
    assert 'data-mark="up1-C"' in whole and 'data-mark="donghai"' not in whole
    inside = text_of(client.get(address, {"group": "up1-C"}))
    assert 'data-mark="donghai"' in inside and "The whole chain" in inside
    part = text_of(client.get(address, {"group": "up1-C"}, headers={"HX-Target": "chain-map"}))
    assert "<html" not in part and 'data-mark="donghai"' in part
    assert client.get(address, {"group": "nothing"}).status_code == 404
    data = json.loads(text_of(client.get(reverse("chains:map_data", args=[version.chain_id]))))
    assert sum(one["number"] for one in data["marks"]) == 74
    goods = text_of(client.get(address, {"layer": "goods"}))
    assert "ch-edge-attack" not in goods.split('class="ch-edges"')[1]


def test_an_upload_goes_through_the_pages(world: World, owner: Organisation) -> None:
    client = browser(world)
    sent = client.post("/chains/new/", {
        "file": SimpleUploadedFile("small.zip", small_zip()), "owner": str(owner.pk)})
    waiting = ChainImport.objects.within(world.insurer).get()
    assert sent.headers["Location"] == reverse("chains:import", args=[waiting.pk])
    assert "Keep as a new chain" in text_of(client.get(sent.headers["Location"]))
    assert "small.zip" in text_of(client.get("/chains/"))  # it waits, and the list says so
    kept_at = client.post(reverse("chains:import_keep", args=[waiting.pk]), {"note": "first"})
    chain = kept_at.headers["Location"]
    assert "first" in text_of(client.get(f"{chain}versions/"))
    changed = client.post(f"{chain}upload/", {"file": SimpleUploadedFile(
        "small.zip", small_zip(goods="from,to,share,item\nsup,own,40%,压缩机\n"))})
    assert "Against the last version" in text_of(client.get(changed.headers["Location"]))
    second = ChainImport.objects.within(world.insurer).exclude(pk=waiting.pk).get()
    client.post(reverse("chains:import_keep", args=[second.pk]))
    found = text_of(client.get(f"{chain}difference/"))
    assert "30.00%" in found and "40.00%" in found and "Share of supply" in found
    assert "not the last version" in text_of(client.get(f"{chain}?v=1"))
    assert client.get(f"{chain}?v=7").status_code == 404
    assert client.get(f"{chain}?v=x").status_code == 404


def test_a_wrong_form_says_why(world: World, version: ChainVersion) -> None:
    client = browser(world)
    assert client.post("/chains/new/", {}).status_code == 400
    bad = client.post("/chains/new/", {"file": SimpleUploadedFile("list.csv", b"a,b\n1,2\n")})
    row = ChainImport.objects.within(world.insurer).order_by("-id").first()
    assert bad.status_code == 302 and row is not None and row.faults
    assert "whose suppliers" in text_of(client.get(bad.headers["Location"]))
    home = reverse("chains:chain", args=[version.chain_id])
    refused = client.post(f"{home}runs/start/", {"years": "1", "seed": "1"})
    assert refused.status_code == 400 and b"The run was not started" in refused.content
    refused = client.post(f"{home}runs/start/", {"years": YEARS, "seed": "1", "budget": "many"})
    assert refused.status_code == 400 and b"Write an amount" in refused.content


def test_a_run_is_asked_for_followed_and_read(world: World, version: ChainVersion) -> None:
    client = browser(world, role="actuary")
    home = reverse("chains:chain", args=[version.chain_id])
    asked = client.post(f"{home}runs/start/", {"years": YEARS, "seed": "4"})
    address = asked.headers["Location"]
    assert 'hx-trigger="every 1s"' in text_of(client.get(address))
    work()
    done = client.get(address, headers={"HX-Request": "true"})
    assert done.headers["HX-Refresh"] == "true"
    text = text_of(client.get(address))
    assert "Whom to protect first" in text or "Where losses begin" in text
    made = ChainRun.objects.within(world.insurer).get()
    answer = client.get(reverse("chains:run_document", args=[made.pk, "simulation"]))
    assert answer.json()["seed"] == 4 and "attachment" in answer.headers["Content-Disposition"]
    assert client.get(reverse("chains:run_document", args=[made.pk, "nothing"])).status_code == 404


def test_a_run_of_another_chain_is_not_shown_here(
    world: World, version: ChainVersion, run: ChainRun
) -> None:
    other = kept(world.actor("underwriter"), small_zip(
        head='schema = "dinghai.chain/1"\nid = "other"\nname_zh = "他链"\nowner = "own"\n'
             "as_of = 2026-03-31\n"))
    answer = browser(world).get(reverse("chains:chain", args=[other.chain_id]), {"run": run.pk})
    assert answer.status_code == 404


def test_suppliers_and_strangers_see_no_chain(
    world: World, version: ChainVersion, owner: Organisation
) -> None:
    for role, home in (("supplier", owner), ("insured_admin", None), ("claims_handler", None)):
        client = browser(world, role=role, home=home)
        assert client.get("/chains/").status_code == 403, role
        assert client.get(f"/chains/{version.chain_id}/").status_code == 403, role
    other = browser(world, home=world.other_insurer)
    assert other.get(f"/chains/{version.chain_id}/").status_code == 404


PRODUCT = "product:apache.log4j2"
PRODUCT_NAMES = {"zh-hans": "Apache Log4j2 通用漏洞", "en": "Common vulnerability of Apache Log4j2"}


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_product_has_a_name_and_a_page_once_the_version_was_run(
    world: World, version: ChainVersion, owner: Organisation, language: str
) -> None:
    client = browser(world, language, "chain_owner", owner)
    address = reverse("chains:node", args=[version.chain_id, PRODUCT])
    assert client.get(address).status_code == 404
    run_done(version, world.actor("underwriter"))
    text = text_of(client.get(address))
    assert read_page(text).faults == []
    assert PRODUCT_NAMES[language] in text and "云屿压缩机" in text and "web1" in text
    for name in ("nodes", "providers"):
        shown = text_of(client.get(reverse(f"chains:{name}", args=[version.chain_id])))
        assert PRODUCT_NAMES[language] in shown, name
    assert PRODUCT not in text_of(client.get(reverse("chains:map", args=[version.chain_id])))


def test_a_path_from_a_product_is_told_by_names(
    world: World, version: ChainVersion, run: ChainRun
) -> None:
    parts = {"simulation": queries.part(run, "simulation")}
    told = {"nodes": {"own": [{"parties": [PRODUCT, "own"], "aim": "ransomware", "steps": [
        {"party": PRODUCT, "name_zh": "", "name_en": "", "chance": 1.0,
         "waits_for_all": False}]}]}}
    for language, english in (("zh-hans", False), ("en", True)):
        rows = {one.id: one for one in nodes_of(
            chain_of_version(version), parts, english=english)}
        with override(language):
            way = likely_ways(told, "own", rows)[0]
        assert [one["name"] for one in way["stops"]] == [PRODUCT_NAMES[language], "海悦电器"]
        assert way["by_steps"][0]["name"] == PRODUCT_NAMES[language]


def test_why_a_level_moved_is_said_in_words(
    world: World, version: ChainVersion, run: ChainRun
) -> None:
    rows = {one.id: one for one in nodes_of(chain_of_version(version), {}, english=False)}

    def said(**reason: Any) -> tuple[str, str, str]:
        row = reason_rows([{"at": "sup", "before": None, "after": None, **reason}], rows)[0]
        return row["what_name"], row["before"], row["after"]

    with override("zh-hans"):
        assert said(kind="control", what="IAM-03", before="500000", after="1000000") == (
            "特权访问管理PAM", "50%", "100%")
        assert said(kind="finding", what="CVE-2021-44228@web1", before="high") == (
            "CVE-2021-44228@web1", "高", "—")
        assert said(kind="link", what="sup>own:remote_access",
                    before="kind=remote_access, mfa=False",
                    after="kind=remote_access, privilege=user, mfa=True") == (
            "云屿压缩机 → 海悦电器 · 远程访问", "类型 远程访问 · MFA 否",
            "类型 远程访问 · 权限 用户 · MFA 是")
        assert said(kind="profile", what="recovery_seconds", before="86400", after="172800") == (
            "恢复工作所需时间", "1 天", "2 天")
