"""Chains from supplier lists, questionnaires and scans: guessed, told, and never half-written."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec
import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dinghai.evidence.feeds import shipped_kev
from dinghai.foundation.errors import InputError
from dinghai.supplychain.chain import Chain, Goods, Link
from dinghai.supplychain.chain_checks import wrongs_of_chain
from dinghai.supplychain.chain_file import read_chain, write_chain
from dinghai.supplychain.importing import ChainImport, Sources, import_chain, new_chain
from dinghai.supplychain.supplier_columns import _by_name, supplier_columns
from tests.supplychain.chains import AS_OF
from tools.example_scans import Host, Port, nmap_xml

LIST = """供应商清单（2026年3月）,,,,,,,,,,,,,,,
序号,供应商全称,供应商级别,供货对象,供应内容,采购占比(%),安全库存（天）,所在省,行业,年营收（万元）,员工人数,联系人,远程运维,是否启用MFA,云服务商,是否独家
1,海星电机有限公司,一级,,压缩机,18,12,浙江省,制造业,52000,860,张三,是,否,海云计算,是
2,青松注塑厂,一级,,外壳,6,7,江苏,注塑件,8800,约210,李四,否,,海云计算;启衡ERP,否
3,南山铜材有限公司,二级,海星电机有限公司,铜线,30%,20,江西,,31000,,王五,-,-,-,
"""


def begun() -> Chain:
    return new_chain(id="hy", name_zh="海悦链", owner="海悦电器", owner_id="own", industry="C",
                     revenue="80亿", as_of=AS_OF)


def imported(room: Path, text: str | None = None, *, into: Chain | None = None,
             columns: Mapping[str, str] | None = None, assume: Mapping[str, str] | None = None,
             answers: Path | None = None, evidence: Path | None = None) -> ChainImport:
    path = None
    if text is not None:
        path = room / "list.csv"
        path.write_text(text, "utf-8")
    return import_chain(into or begun(), Sources(path, answers, evidence, columns or {},
                                                 assume or {}), kev=shipped_kev(AS_OF))


def test_a_chinese_list_is_understood(tmp_path: Path) -> None:
    found = imported(tmp_path, LIST)
    assert (found.rows, found.added, found.rejected, found.unread) == (
        3, ("s001", "s002", "s003"), (), ())
    taken = {one.heading: (one.column, one.kept) for one in found.guesses}
    assert taken == {
        "序号": ("row_number", False), "供应商全称": ("name", True), "供应商级别": ("tier", True),
        "供货对象": ("partner", True), "供应内容": ("item", True), "采购占比(%)": ("share", True),
        "安全库存（天）": ("stock", True), "所在省": ("province", True), "行业": ("industry", True),
        "年营收（万元）": ("revenue", True), "员工人数": ("headcount", True),
        "联系人": ("contact", False), "远程运维": ("remote_access", True),
        "是否启用MFA": ("mfa", True), "云服务商": ("providers", True), "是否独家": ("sole", True)}
    first, second, third = found.chain.firms[1:]
    assert (first.name_zh, first.tier, first.revenue_fen, first.headcount, first.province) == (
        "海星电机有限公司", 1, 52_000_000_000, 860, "浙江省")
    assert (second.headcount, second.industry, second.estimated) == (210, "C", ("industry",))
    assert (third.tier, third.industry, third.estimated) == (2, "C", ("industry",))
    assert found.chain.goods == (
        Goods("s001", "own", 180_000, 12 * 86_400, 0, "压缩机"),
        Goods("s002", "own", 60_000, 7 * 86_400, None, "外壳"),
        Goods("s003", "s001", 300_000, 20 * 86_400, None, "铜线"))
    assert set(found.chain.links) == {
        Link("s001", "own", "remote_access", None, False),
        Link("p01", "s001", "shared_provider"), Link("p01", "s002", "shared_provider"),
        Link("p02", "s002", "shared_provider")}
    assert [(one.name_zh, one.kind) for one in found.chain.providers] == [
        ("海云计算", "cloud"), ("启衡ERP", "software")]
    assert [(one.firm, one.field) for one in found.assumed] == [
        ("s002", "industry"), ("s003", "industry")]
    assert found.missing["controls"] == ("own", "s001", "s002", "s003")


def test_an_english_workbook_is_understood(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Approved vendors 2026"])
    sheet.append(["No.", "Vendor Name", "Supplier Tier", "Product", "Share of purchase",
                  "Buffer days", "Sector", "Annual revenue (CNY)", "Employees", "Contact person",
                  "VPN access", "Cloud provider"])
    sheet.append([1, "Brightwater Motors", "Tier 1", "motors", 0.18, 12, "Manufacturing",
                  "520,000,000", 860, "Ann", "yes", "Skyline"])
    sheet.append([2, "Pine Moulding", "Tier 1", "housings", 0.06, None, "C", 88_000_000, 210,
                  "Bob", "no", None])
    book.save(tmp_path / "vendors.xlsx")
    found = import_chain(begun(), Sources(tmp_path / "vendors.xlsx"), kev=shipped_kev(AS_OF))
    assert (found.added, found.rejected, found.unread) == (("s001", "s002"), (), ())
    assert found.chain.firms[1].revenue_fen == 52_000_000_000
    assert [(one.share_ppm, one.stock_seconds) for one in found.chain.goods] == [
        (180_000, 1_036_800), (60_000, None)]
    assert Link("s001", "own", "remote_access") in found.chain.links
    assert found.missing["stock"] == ("s002",)


@pytest.mark.parametrize(("heading", "column"), [
    ("供应商邮箱", "contact"), ("供应商名称", "name"), ("供应商 名称", "name"),
    ("VENDOR_NAME", "name"), ("VPN接入", "remote_access"), ("Capital", ""), ("Notebooks", ""),
    ("2025年营业收入(万元)", "revenue"), ("上年度采购占比", "share"), ("注册地址", "address"),
    ("供应商联系人姓名", "contact"), ("最低安全库存天数", "stock"), ("所在省份/城市", "province"),
    ("天气", ""), ("Qty", "")])
def test_headings(heading: str, column: str) -> None:
    assert _by_name(heading)[0] == column


def test_a_wrong_guess_is_corrected_by_name(tmp_path: Path) -> None:
    text = "厂商,简称,名目,营业收入(万元),行业\n甲有限公司,甲,a,100,C\n乙有限公司,乙,b,200,C\n"
    assert [one.name_zh for one in imported(tmp_path, text).chain.firms[1:]] == [
        "甲有限公司", "乙有限公司"]
    found = imported(tmp_path, text, columns={"name": "简称", "item": "名目"})
    assert [one.name_zh for one in found.chain.firms[1:]] == ["甲", "乙"]
    assert {one.column: one.how for one in found.guesses}["name"] == "asked"
    for columns in ({"name": "全称"}, {"colour": "简称"}, {"contact": "简称"}):
        with pytest.raises(InputError) as caught:
            imported(tmp_path, text, columns=columns)
        assert caught.value.fault.field == "--columns" and caught.value.fault.mend


def test_columns_are_known_by_what_stands_in_them(tmp_path: Path) -> None:
    text = "甲列,乙列,丙列,营收(万元),行业\n"
    text += "恒枢轴承有限公司,浙江省,91330200XXXXXXXX1R,100,C\n远芯技术有限公司,江苏,,200,C\n"
    found = imported(tmp_path, text)
    assert {(one.heading, one.column, one.how) for one in found.guesses} >= {
        ("甲列", "name", "content"), ("乙列", "province", "content")}
    assert found.strange == ("丙列",)
    with pytest.raises(InputError) as caught:
        imported(tmp_path, "甲列,乙列\n1,2\n3,4\n")
    assert (caught.value.fault.field, caught.value.fault.line) == ("name", 1)


def test_rows_and_cells_at_fault_are_told_and_others_stay(tmp_path: Path) -> None:
    text = ("名称,级别,占比,库存,行业,营收(万元),供货对象,信用代码,远程接入\n"
            "甲,一级,10,5,C,100,,,是\n"
            "乙,十一级别,abc,x,C,100,,91330200XXXXXXXX1A,也许\n"
            ",一级,1,1,C,1,,,\n"
            "丙,一级,1,1,C,,,,\n"
            "丁,一级,1,1,??? ,5,,,\n"
            "甲,一级,20,5,C,100,,,是\n"
            "戊,二级,10,5,C,100,谁也不是,,\n"
            "海悦集团,链主,10,5,C,100,,,\n"
            "己,1,95,5,C,100,,,\n")
    found = imported(tmp_path, text)
    assert {(one.line, one.field) for one in found.rejected} == {
        (4, "名称"), (5, "营收(万元)"), (6, "行业"), (7, "名称"), (9, "级别")}
    assert {(one.line, one.field) for one in found.unread} == {
        (3, "级别"), (3, "占比"), (3, "库存"), (3, "远程接入"), (3, "信用代码"), (6, "行业"),
        (8, "供货对象"), (10, "占比")}
    assert all(one.mend and one.file and one.line for one in (*found.rejected, *found.unread))
    assert [one.name_zh for one in found.chain.firms[1:]] == ["甲", "乙", "戊", "己"]
    assert [one.source for one in found.chain.goods] == ["s001"]
    assert found.chain.firms[2].estimated == ("tier",)


def test_what_nobody_states_can_be_assumed_and_is_marked(tmp_path: Path) -> None:
    text = "名称,供应内容\n甲厂,甲\n万程物流,运输\n"
    assert {one.field for one in imported(tmp_path, text).rejected} == {"revenue", "industry"}
    found = imported(tmp_path, text, assume={
        "revenue": "5000万", "industry": "C", "tier": "1", "share": "2%", "stock": "3d",
        "headcount": "60"})
    assert not found.rejected
    first, second = found.chain.firms[1:]
    assert (first.industry, second.industry) == ("C", "G")
    assert set(first.estimated) == {"tier", "industry", "revenue_fen", "headcount"}
    assert {(one.share_ppm, one.stock_seconds) for one in found.chain.goods} == {(20_000, 259_200)}
    assert ("s001", "goods.share_ppm") in {(one.firm, one.field) for one in found.assumed}
    with pytest.raises(InputError) as caught:
        imported(tmp_path, text, assume={"fame": "1", "revenue": "x"})
    assert [one.field for one in caught.value.faults] == ["--assume fame", "--assume revenue"]


def test_values_out_of_bounds_are_rejected(tmp_path: Path) -> None:
    found = imported(tmp_path, "名称,行业,营收(万元),员工人数,占比(%),库存(周)\n"
                     "甲,C,1,500000000000,1,1\n乙,C,1,5,1,999999999999\n丙,C,0,5,1,1\n")
    assert {(one.line, one.field) for one in found.rejected} == {
        (2, "员工人数"), (3, "库存(周)"), (4, "营收(万元)")}
    assert [one.name_zh for one in found.chain.firms[1:]] == ["乙"]
    assert found.chain.goods == ()
    with pytest.raises(InputError) as caught:
        imported(tmp_path, LIST, assume={"industry": "Z", "tier": "0", "share": "120%",
                                         "revenue": "0元"})
    assert len(caught.value.faults) == 4


def test_an_owner_that_cannot_be_is_refused() -> None:
    for words in ({"industry": "Z"}, {"owner_id": "中"}, {"owner": " "}, {"id": "-"}):
        with pytest.raises(InputError) as caught:
            new_chain(**{"id": "hy", "name_zh": "链", "owner": "主", "owner_id": "o",
                         "industry": "C", "revenue": "1亿", "as_of": AS_OF} | words)
        assert caught.value.fault.field == "--owner" and caught.value.fault.mend


def test_a_second_list_changes_what_it_states_and_nothing_else(tmp_path: Path) -> None:
    first = imported(tmp_path, LIST).chain
    second = imported(tmp_path, "名称,营收(万元),采购占比(%),供应内容,远程接入\n"
                      "海星电机有限公司,60000,,,否\n青松注塑厂,,8,外壳,\n新来的厂,100,1,新,\n",
                      into=first, assume={"industry": "C"})
    assert (second.changed, second.added) == (("s001",), ("s004",))
    one = second.chain.firm["s001"]
    assert (one.revenue_fen, one.headcount) == (60_000_000_000, 860)
    assert second.chain.goods[1] == Goods("s002", "own", 80_000, None, None, "外壳")
    assert not [one for one in second.chain.links if one.kind == "remote_access"]
    assert imported(tmp_path, LIST, into=first).chain == first


def wide(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "answers.csv"
    path.write_text(text, "utf-8")
    return path


def test_one_table_of_suppliers_by_indicators(tmp_path: Path) -> None:
    path = wide(tmp_path, "供应商,填写日期,IAM-01,EPP-01 EDR覆盖,BCR-01,网络分区与隔离,AST-02\n"
                          "海星电机有限公司,2026-03-01,4,2,3,1,4\ns002,2026/3/2,1,,9,0,\n"
                          "没人有限公司,,1,1,1,1,1\n南山铜材有限公司,2027-01-01,1,1,1,1,1\n")
    found = imported(tmp_path, LIST, answers=path)
    assert {(one.firm, one.indicator): one.score_ppm for one in found.chain.controls} == {
        ("s001", "IAM-01"): 750_000, ("s001", "EPP-01"): 500_000, ("s001", "BCR-01"): 750_000,
        ("s001", "NET-01"): 250_000, ("s002", "IAM-01"): 250_000, ("s002", "NET-01"): 0}
    assert {one.known_by for one in found.chain.controls} == {"questionnaire"}
    assert {(one.line, one.field) for one in found.rejected} == {
        (3, "BCR-01"), (4, "supplier"), (5, "answered_at")}


def test_a_long_table_and_a_folder_say_the_same(tmp_path: Path) -> None:
    table = wide(tmp_path, "supplier,indicator,score\n海星电机有限公司,IAM-01,3\ns002,NET-01,2\n"
                           "s002,XX-01,2\n")
    first = imported(tmp_path, LIST, answers=table)
    assert [(one.line, one.field) for one in first.rejected] == [(4, "indicator")]
    folder = tmp_path / "answers"
    head = "indicator,score,answered_by,answered_at,evidence,note\n"
    for name, row in (("海星电机有限公司", "IAM-01,3"), ("s002", "NET-01,2")):
        (folder / name).mkdir(parents=True)
        (folder / name / "answers.csv").write_text(f"{head}{row},IT,2026-03-31,,\n", "utf-8")
    (folder / "s003.csv").write_text(f"{head}IAM-01,8,IT,2026-03-31,,\n", "utf-8")
    second = imported(tmp_path, LIST, answers=folder)
    assert set(second.chain.controls) == set(first.chain.controls)
    assert [(one.file, one.line, one.field) for one in second.rejected] == [
        ("s003.csv", 2, "score")]
    with pytest.raises(InputError, match="neither"):
        imported(tmp_path, LIST, answers=wide(tmp_path, "a,b\n1,2\n"))


def scans(folder: Path, *ports: int) -> Path:
    place = folder / "海星电机有限公司" / "external"
    place.mkdir(parents=True, exist_ok=True)
    (place / "nmap.xml").write_bytes(nmap_xml((Host("203.0.113.5", "a.example", tuple(
        Port(one, "x") for one in ports)),), start=1_773_000_000))
    return folder


def test_scans_of_many_suppliers_at_once(tmp_path: Path) -> None:
    folder = scans(tmp_path / "scans", 443, 3389)
    (folder / "s002").mkdir()
    (folder / "s002" / "odd.json").write_text('{"a": 1}')
    (folder / "nobody").mkdir()
    (folder / "nobody" / "README.md").write_text("left alone")
    (folder / "stray.xml").write_text("<x/>")
    found = imported(tmp_path, LIST, evidence=folder)
    assert [(one.firm, one.id, one.kind) for one in found.chain.assets] == [
        ("s001", "203.0.113.5", "remote_access")]
    assert [(one.firm, one.technique, one.source) for one in found.chain.weaknesses] == [
        ("s001", "T1133", "external/nmap.xml open")]
    assert {(one.file, one.line) for one in found.rejected} == {
        ("s002/odd.json", 1), ("stray.xml", 1)}
    again = imported(tmp_path, None, into=found.chain, evidence=scans(folder, 443))
    assert again.chain.weaknesses == ()
    assert len(again.chain.assets) == 1
    with pytest.raises(InputError, match="no such folder"):
        imported(tmp_path, LIST, evidence=tmp_path / "none")


def test_an_answer_and_a_scan_count_by_the_lower(tmp_path: Path) -> None:
    path = wide(tmp_path, "supplier,AST-03\n海星电机有限公司,3\n")
    folder = scans(tmp_path / "scans", 3389)
    both = imported(tmp_path, LIST, answers=path, evidence=folder).chain
    later = imported(tmp_path, None, into=imported(tmp_path, LIST, answers=path).chain,
                     evidence=folder).chain
    for one in (both, later):
        score = next(score for score in one.controls if score.indicator == "AST-03")
        assert (score.score_ppm, score.known_by) == (0, "assessment")


CELLS = st.sampled_from((
    "", "999999999999", "甲", "有限公司", "是", "1", "0.5", "150", "-3", "C", "一级", "链主", "nan",
    "1e30", "5天", "海悦电器", "own", "９", "\x00", "=1", "p01", "2;3", "%", "经销商", "100万",
    "x" * 300))
HEADS = [one.id for one in supplier_columns().columns]


@given(st.lists(st.sampled_from([*HEADS, "", "天气"]), min_size=1, max_size=10),
       st.lists(st.lists(CELLS, max_size=11), max_size=8))
@example(["name", "revenue", "industry", "share"], [["甲", "1万", "C", "60"],
                                                    ["乙", "1万", "C", "60"]])
@settings(max_examples=200, deadline=None)
def test_any_list_gives_a_sound_chain_or_says_where(heads: list[str],
                                                    rows: list[list[str]]) -> None:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([heads, *rows])
    with tempfile.TemporaryDirectory() as room:
        try:
            found = imported(Path(room), buffer.getvalue(), assume={"revenue": "1万",
                                                                    "industry": "C"})
        except InputError as error:
            assert all(one.mend for one in error.faults)
            return
        assert all(one.mend and one.line and one.file
                   for one in (*found.rejected, *found.unread))
        write_chain(found.chain, Path(room) / "c")
        assert read_chain(Path(room) / "c") == found.chain


ANSWER_HEADS = st.sampled_from((
    "供应商", "supplier", "填写日期", "date", "IAM-01", "iam01", "EPP-01 EDR", "网络分区与隔离",
    "indicator", "score", "评分", "", "XX-01", "备注"))
ANSWER_CELLS = st.sampled_from((
    "", "s001", "海星电机有限公司", "没人", "0", "4", "3分", "5", "-", "未知", "2026-03-01",
    "2027-01-01", "IAM-01", "IAM-02", "2026年2月30日", "\x00", "１"))


@given(st.lists(ANSWER_HEADS, min_size=1, max_size=7),
       st.lists(st.lists(ANSWER_CELLS, max_size=8), max_size=8))
@settings(max_examples=200, deadline=None)
def test_any_table_of_answers_gives_a_sound_chain_or_says_where(heads: list[str],
                                                                rows: list[list[str]]) -> None:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([heads, *rows])
    with tempfile.TemporaryDirectory() as room:
        path = Path(room) / "answers.csv"
        path.write_text(buffer.getvalue(), "utf-8")
        try:
            found = imported(Path(room), LIST, answers=path)
        except InputError as error:
            assert all(one.mend and one.file and one.line for one in error.faults)
            return
        assert all(one.mend and one.line and one.file for one in found.rejected)
        assert wrongs_of_chain(found.chain) == []


@given(st.binary(max_size=200) | st.sampled_from((
    b"<nmaprun", b'{"bomFormat": "CycloneDX", "components": [{"name": 1}]}', b"[]", b"{}",
    b'{"template-id": "x", "info": 3}',
    b"indicator,score,answered_by,answered_at,evidence,note\n")),
    st.sampled_from(("a.xml", "b.json", "answers.csv", "external/c.jsonl", "scans/external/d.xml"))
)
@settings(max_examples=120, deadline=None)
def test_any_file_of_a_supplier_is_read_or_rejected(content: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as room:
        place = Path(room) / "scans" / "s001" / name
        place.parent.mkdir(parents=True)
        place.write_bytes(content)
        found = imported(Path(room), LIST, evidence=Path(room) / "scans")
        assert all(one.mend and one.file for one in found.rejected)
        assert wrongs_of_chain(found.chain) == []


def test_the_result_is_plain_json(tmp_path: Path) -> None:
    found = imported(tmp_path, LIST).to_dict()
    assert msgspec.json.decode(msgspec.json.encode(found)) == found
    assert found["schema"] == "dinghai.chain-import/1"


def test_reports_of_real_tools_make_a_sound_chain(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data/scans"
    names = sorted(one.name for one in folder.iterdir() if one.is_dir())
    listed = "名称,行业,营收(万元)\n" + "".join(f"{name},C,100\n" for name in names)
    found = imported(tmp_path, listed, evidence=folder)
    assert {one.firm for one in found.chain.assets} >= {
        next(one.id for one in found.chain.firms if one.name_zh == name)
        for name in ("nuclei", "openvas", "cyclonedx", "nmap") if name in names}
    assert len(found.chain.weaknesses) > 500
    assert all(one.mend and one.file for one in found.rejected)
    write_chain(found.chain, tmp_path / "c")
    assert read_chain(tmp_path / "c") == found.chain
