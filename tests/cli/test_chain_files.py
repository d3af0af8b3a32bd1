"""`dinghai chain check|show|export|import`: answers, exit codes, and nothing half-written."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from dinghai.cli.main import main
from dinghai.supplychain.chain_file import read_chain
from tests.supplychain.chains import write_files
from tools.rooms import ROOT

HAIYUE = ROOT / "examples/haiyue"
OWNER = "name=海悦电器,industry=C,revenue=80亿"


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main(["chain", *map(str, words)])
    said = capsys.readouterr()
    return code, said.out, said.err


def document(capsys: pytest.CaptureFixture[str], *words: object) -> dict:  # type: ignore[type-arg]
    code, out, err = run(capsys, *words, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)  # type: ignore[no-any-return]


def test_check_says_what_it_read(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "check", HAIYUE)
    assert found["counts"]["firms"] == 71 and len(found["dossiers"]) == 8
    assert {one["by"] for one in found["known_by"]} == {"dossier"}
    assert found["notes"] == []
    without = document(capsys, "check", HAIYUE, "--without-dossiers")
    assert without["sha256"] == found["sha256"] and without["dossiers"] == []
    assert without["counts"]["weaknesses"] == 2
    code, out, _ = run(capsys, "check", HAIYUE)
    assert code == 0 and "海悦电器供应链" in out


def test_check_names_every_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_files(tmp_path / "c", links="from,to,kind\nsup,sup,remote_access\n",
                         goods="from,to,share\nsup,own,1\n")
    code, out, _ = run(capsys, "check", folder, "--json")
    found = json.loads(out)
    assert code == 2
    assert [(one["file"], one["line"], one["field"]) for one in (
        found["error"], *found["others"])] == [("links.csv", 2, "to"), ("goods.csv", 2, "share")]
    code, _, err = run(capsys, "check", folder)
    assert code == 2 and "links.csv:2" in err and "goods.csv:2" in err


def test_show_gives_the_chain_and_one_firm(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "show", HAIYUE)
    assert found["by_role"] == {"owner": 1, "supplier": 60, "dealer": 10}
    assert found["single_sources"][0]["from"] == "s203"
    assert [one["provider"] for one in found["shared_providers"]] == [
        "haiyun-cloud", "qiheng-erp", "anqiao-msp"]
    firm = document(capsys, "show", HAIYUE, "--firm", "s126")
    assert "CVE-2021-44228" in {one["cve"] for one in firm["weaknesses"]}
    code, out, _ = run(capsys, "show", HAIYUE, "--firm", "s126")
    assert code == 0 and "织序制造软件有限公司" in out and "software_update" in out
    code, out, _ = run(capsys, "show", HAIYUE)
    assert "shared providers:" in out and "控制芯片" in out
    assert "products that are exploited at scale" in out and "Fortinet FortiOS" in out
    held = [len(one["firms"]) for one in found["products"]]
    assert len(held) > 10 and held == sorted(held, reverse=True) and held[0] > 30
    assert run(capsys, "show", HAIYUE, "--firm", "nobody")[0] == 2


def test_export_writes_graphml_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "h.graphml"
    assert document(capsys, "export", HAIYUE, "-o", path)["holds"] == ["attack", "goods"]
    graphs = ElementTree.parse(path).getroot().findall("{*}graph")
    products = document(capsys, "show", HAIYUE)["products"]
    assert [len(one.findall("{*}node")) for one in graphs] == [74 + len(products), 71]
    one = tmp_path / "goods.graphml"
    document(capsys, "export", HAIYUE, "-o", one, "--graph", "goods")
    assert len(ElementTree.parse(one).getroot().findall("{*}graph")) == 1
    whole = tmp_path / "h.json"
    document(capsys, "export", HAIYUE, "-o", whole)
    assert len(read_chain(whole).weaknesses) == document(capsys, "check", HAIYUE)["counts"][
        "weaknesses"]
    assert document(capsys, "check", whole)["counts"]["firms"] == 71
    same = tmp_path / "same.json"
    document(capsys, "export", HAIYUE, "-o", same, "--without-dossiers")
    assert read_chain(same) == read_chain(HAIYUE)
    assert run(capsys, "export", HAIYUE, "-o", path)[0] == 2
    assert run(capsys, "export", HAIYUE, "-o", tmp_path / "h.pdf")[0] == 2
    assert run(capsys, "export", HAIYUE, "-o", tmp_path / "x.json", "--graph", "goods")[0] == 2


def test_import_of_the_example(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = HAIYUE / "source"
    words = ("import", source / "suppliers.csv", "--answers", source / "answers.csv",
             "--evidence", HAIYUE / "dossiers", "--owner", f"{OWNER},id=haiyue", "--as-of",
             "2026-03-31", "-o", tmp_path / "c")
    dry = run(capsys, *words, "--dry-run", "--json")
    assert not (tmp_path / "c").exists()
    # the answers of the owner are under its full name, which this chain does not have
    assert [one["field"] for one in json.loads(dry[1])["rejected"]] == ["supplier"]
    assert (dry[0], json.loads(dry[1])["output"]) == (1, None)
    code, out, _ = run(capsys, *words)
    assert code == 1 and "70 firms added" in out
    assert len(read_chain(tmp_path / "c").firms) == 71
    assert run(capsys, *words)[0] == 2  # it is already there


def test_import_into_a_chain_writes_over_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_files(tmp_path / "c")
    listed = tmp_path / "list.csv"
    listed.write_text("厂商,营收(万元),规模\n云屿压缩机,500,C\n新厂,1,C\n", "utf-8")
    words = ("import", listed, "--into", folder, "-o", folder)
    code, out, _ = run(capsys, *words)
    assert code == 1 and "! not read: 规模" in out
    assert read_chain(folder).firm["sup"].revenue_fen == 500_000_000
    found = document(capsys, *words, "--columns", "industry=规模")
    assert found["added"] == ["s003"] and found["output"] == str(folder)
    broken = tmp_path / "broken.csv"
    broken.write_text("厂商,营收(万元)\n又一厂,5\n,1\n", "utf-8")
    before = read_chain(folder)
    assert run(capsys, "import", broken, "--into", folder, "-o", folder,
               "--all-or-nothing")[0] == 2
    assert read_chain(folder) == before


def test_a_chain_written_elsewhere_still_finds_its_dossiers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(HAIYUE, tmp_path / "haiyue")
    shutil.copytree(ROOT / "examples/donghai", tmp_path / "donghai")
    document(capsys, "import", tmp_path / "haiyue/source/suppliers.csv", "--into",
             tmp_path / "haiyue", "-o", tmp_path / "deeper/second")
    found = read_chain(tmp_path / "deeper/second").firm
    assert found["donghai"].dossier == "../../donghai"
    assert found["s126"].dossier == "../../haiyue/dossiers/s126"
    near = tmp_path / "second"
    document(capsys, "import", tmp_path / "haiyue/source/suppliers.csv", "--into",
             tmp_path / "haiyue", "-o", near)
    assert document(capsys, "check", near)["counts"] == document(
        capsys, "check", tmp_path / "haiyue")["counts"]


@pytest.mark.parametrize(("words", "field"), [
    ((), "SUPPLIERS"),
    (("{list}",), "--output"),
    (("{list}", "-o", "{out}"), "--owner"),
    (("{list}", "-o", "{out}", "--owner", "name=a,fame=1"), "--owner"),
    (("{list}", "-o", "{out}", "--owner", "name=a,industry=C,revenue=viel"), "--owner"),
    (("{list}", "-o", "{out}", "--owner", OWNER, "--as-of", "gestern"), "--as-of"),
    (("{list}", "-o", "{out}", "--owner", OWNER, "--columns", "name"), "--columns"),
    (("{list}", "-o", "{out}", "--owner", OWNER, "--columns", "name=a,name=b"), "--columns"),
    (("{list}", "-o", "{out}", "--owner", OWNER, "--assume", "revenue=x"), "--assume revenue"),
])
def test_import_says_which_option_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], field: str
) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text("名称,行业,营收(万元)\n甲,C,1\n", "utf-8")
    code, out, _ = run(capsys, "import", *(
        one.format(list=listed, out=tmp_path / "o") for one in words), "--json")
    found = json.loads(out)["error"]
    assert (code, found["field"]) == (2, field)
    assert found["mend"]
    assert not (tmp_path / "o").exists()
