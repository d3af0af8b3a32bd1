"""Chains as files: what is read, what is refused and where, and that nothing is lost on the way."""

from __future__ import annotations

import csv
import json
import tempfile
from datetime import date
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dinghai.experience.own_values import CellFault
from dinghai.foundation.errors import Fault, InputError
from dinghai.supplychain.chain import Asset, Chain, Firm
from dinghai.supplychain.chain_cells import Kind, read_cell, write_cell
from dinghai.supplychain.chain_checks import MOST_FAULTS
from dinghai.supplychain.chain_file import (
    chain_hash,
    json_of,
    notes_of,
    read_chain,
    write_chain,
)
from dinghai.supplychain.chain_tables import LONGEST_CELL
from tests.supplychain.chains import FILES, HEAD, chains, write_files


def faults(path: Path) -> tuple[Fault, ...]:
    with pytest.raises(InputError) as caught:
        read_chain(path)
    return caught.value.faults


def places(found: tuple[Fault, ...]) -> set[tuple[str | None, int | None, str | None]]:
    return {(one.file, one.line, one.field) for one in found}


def test_a_folder_is_read_with_plain_units(tmp_path: Path) -> None:
    chain = read_chain(write_files(tmp_path / "c"))
    own, sup, sub = chain.firms
    assert (own.revenue_fen, own.online_revenue_ppm, own.tolerable_outage_seconds) == (
        800_000_000_000, 350_000, 43_200)
    assert (sup.revenue_fen, sup.tolerable_outage_seconds, sup.headcount) == (
        300_000_000, 432_000, None)
    assert (sub.revenue_fen, sub.online_revenue_ppm) == (15_000_000_000, 100_000)
    assert chain.programme.aggregate_fen == 20_000_000_000
    assert chain.programme.per_supplier_fen == 500_000_000
    assert [one.score_ppm for one in chain.controls] == [750_000, None]
    assert [one.known_by for one in chain.controls] == ["assessment", "questionnaire"]
    assert chain.assets[0].products == ("pkg:npm/next@15.2.2", "cpe:/a:f5:nginx:1.22")
    assert (chain.assets[0].exposed, chain.assets[1].exposed) == (True, None)
    assert chain.providers[0].incidents_ppm_a_year == 20_000
    assert (chain.links[0].mfa, chain.links[0].segmented) == (False, None)
    assert chain.goods[1].stock_seconds == 5_400
    assert chain.goods[0].item == "压缩机"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_other_encodings_read_the_same(tmp_path: Path, encoding: str) -> None:
    assert read_chain(write_files(tmp_path / "a", encoding=encoding)) == read_chain(
        write_files(tmp_path / "b"))


def test_the_types_own_columns_read_the_same(tmp_path: Path) -> None:
    exact = write_files(
        tmp_path / "exact",
        goods="from,to,share_ppm,stock_seconds,substitutable_ppm,item\n"
              "sup,own,300000,259200,200000,压缩机\nsub,sup,500000,5400,,铜\n")
    assert read_chain(exact) == read_chain(write_files(tmp_path / "plain"))


def test_all_faults_of_all_files_come_together(tmp_path: Path) -> None:
    folder = write_files(
        tmp_path / "c", head=HEAD.replace("2026-03-31", '"gestern"'),
        firms=FILES["firms.csv"].replace("80亿", "80 Taler").replace(",C,3000000", ",Z,3000000"),
        controls="firm,indicator,score\nown,XXX-01,50%\nnobody,IAM-01,50%\n",
        links="from,to,kind,mfa\nsup,sup,remote_access,maybe\nsup,own,osmosis,\n",
        goods="from,to,share\nsup,own,1\n")
    (folder / "contols.csv").write_text("x\n")
    found = faults(folder)
    assert places(found) == {
        ("chain.toml", 5, "as_of"), ("firms.csv", 2, "revenue"), ("firms.csv", 3, "industry"),
        ("controls.csv", 2, "indicator"), ("controls.csv", 3, "firm"), ("links.csv", 2, "mfa"),
        ("links.csv", 3, "kind"), ("goods.csv", 2, "share"), ("contols.csv", 1, None)}
    assert all(one.mend for one in found)


# what is wrong, in which file, and where it is told
BROKEN: tuple[tuple[str, str, str, tuple[str, int, str | None]], ...] = (
    ("an unknown firm of a link", "links", "from,to,kind\nsupp,own,data_share\n",
     ("links.csv", 2, "from")),
    ("an unknown firm of goods", "goods", "from,to,share\nsup,ow,10%\n", ("goods.csv", 2, "to")),
    ("goods from a provider", "goods", "from,to,share\ncloud,own,10%\n",
     ("goods.csv", 2, "from")),
    ("an asset of nobody", "assets", "firm,id,kind\nx,a,web\nsup,web1,web\nown,mail,mail\n",
     ("assets.csv", 2, "firm")),
    ("a weakness of no asset", "weaknesses", "firm,asset,cve\nsup,web2,CVE-2021-44228\n",
     ("weaknesses.csv", 2, "asset")),
    ("another firm's asset", "weaknesses", "firm,asset,cve\nown,web1,CVE-2021-44228\n",
     ("weaknesses.csv", 2, "asset")),
    ("neither CVE nor technique", "weaknesses", "firm,asset,cve,technique\nsup,web1,,\n",
     ("weaknesses.csv", 2, "cve")),
    ("no CVE", "weaknesses", "firm,asset,cve\nsup,web1,CVE-21-1\n", ("weaknesses.csv", 2, "cve")),
    ("no technique", "weaknesses", "firm,asset,technique\nsup,web1,T9999\n",
     ("weaknesses.csv", 2, "technique")),
    ("a weakness twice", "weaknesses",
     "firm,asset,cve\nsup,web1,CVE-2021-44228\nsup,web1,CVE-2021-44228\n",
     ("weaknesses.csv", 3, "technique")),
    ("a link to itself", "links", "from,to,kind\nown,own,data_share\n", ("links.csv", 2, "to")),
    ("a link twice", "links", "from,to,kind\nsup,own,data_share\n\nsup,own,data_share\n",
     ("links.csv", 4, "kind")),
    ("a firm as shared provider", "links", "from,to,kind\nsup,own,shared_provider\n",
     ("links.csv", 2, "from")),
    ("a provider with a firm's id", "providers", "id,name_zh,kind\nsup,云,cloud\ncloud,云,cloud\n",
     ("providers.csv", 2, "id")),
    ("more than all of the output", "goods",
     "from,to,share,substitutable\nsup,own,80%,0%\nsub,own,50%,50%\n", ("goods.csv", 3, "share")),
    ("goods twice", "goods", "from,to,share\nsup,own,10%\nsup,own,10%\n", ("goods.csv", 3, "item")),
    ("an indicator twice", "controls",
     "firm,indicator,score\nsup,IAM-01,10%\nsup,IAM-01,20%\n", ("controls.csv", 3, "indicator")),
    ("a share above one", "controls", "firm,indicator,score\nsup,IAM-01,120%\n",
     ("controls.csv", 2, "score")),
    ("a column twice", "goods", "from,to,share,share_ppm\nsup,own,10%,100000\n",
     ("goods.csv", 1, "share_ppm")),
    ("an unknown column", "goods", "from,to,share,colour\nsup,own,10%,red\n",
     ("goods.csv", 1, "colour")),
    ("a missing column", "goods", "from,to\nsup,own\n", ("goods.csv", 1, "share")),
    ("too many cells", "goods", "from,to,share\nsup,own,10%,7,8\n", ("goods.csv", 2, None)),
    ("broken quotes", "goods", 'from,to,share\nsup,"own,10%\n', ("goods.csv", 2, None)),
    ("no header", "goods", "", ("goods.csv", 1, None)),
    ("no identifier", "providers", "id,name_zh,kind\n云,云,cloud\ncloud,云,cloud\n",
     ("providers.csv", 2, "id")),
)


@pytest.mark.parametrize(("what", "table", "text", "place"), BROKEN, ids=[one[0] for one in BROKEN])
def test_what_cannot_be_is_refused_where_it_stands(
    tmp_path: Path, what: str, table: str, text: str, place: tuple[str, int, str | None]
) -> None:
    found = faults(write_files(tmp_path / "c", **{table: text}))
    assert places(found) == {place}, what
    assert all(one.mend for one in found)


FIRM = "id,name_zh,role,tier,industry,revenue,credit_code,dossier,estimated\n"


@pytest.mark.parametrize(("rows", "place"), [
    ("own,海悦,supplier,1,C,1亿,,,\n", ("chain.toml", 4, "owner")),
    ("other,海悦,owner,0,C,1亿,,,\n", ("chain.toml", 4, "owner")),
    ("own,海悦,owner,1,C,1亿,,,\n", ("firms.csv", 2, "tier")),
    ("own,海悦,owner,0,C,1亿,,,\nb,乙,supplier,0,C,1亿,,,\n", ("firms.csv", 3, "tier")),
    ("own,海悦,owner,0,C,1亿,,,\nb,乙,owner,0,C,1亿,,,\n", ("firms.csv", 3, "role")),
    ("own,海悦,owner,0,C,1亿,,,\nown,乙,supplier,1,C,1亿,,,\n", ("firms.csv", 3, "id")),
    ("own,海悦,owner,0,C,1亿,91330200XXXXXXXX1A,,\n", ("firms.csv", 2, "credit_code")),
    ("own,海悦,owner,0,C,1亿,,/etc,\n", ("firms.csv", 2, "dossier")),
    ("own,海悦,owner,0,C,1亿,,,fame\n", ("firms.csv", 2, "estimated")),
    ("own,海悦,owner,0,C,0元,,,\n", ("firms.csv", 2, "revenue")),
    ("own,,owner,0,C,1亿,,,\n", ("firms.csv", 2, "name_zh")),
    ("own,海\t悦,owner,0,C,1亿,,,\n", ("firms.csv", 2, "name_zh")),
])
def test_firms_that_cannot_be(tmp_path: Path, rows: str, place: tuple[str, int, str]) -> None:
    folder = write_files(tmp_path / "c", firms=FIRM + rows, **dict.fromkeys(
        ("controls", "assets", "weaknesses", "providers", "links", "goods")))
    assert places(faults(folder)) == {place}


def test_a_row_at_fault_is_not_missed_by_those_that_name_it(tmp_path: Path) -> None:
    firms = FILES["firms.csv"].replace("sup,云屿压缩机,supplier,1", "sup,云屿压缩机,supplier,one")
    assert places(faults(write_files(tmp_path / "c", firms=firms))) == {("firms.csv", 3, "tier")}
    header = FILES["firms.csv"].replace("revenue,", "income,")
    assert {one.file for one in faults(write_files(tmp_path / "d", firms=header))} == {"firms.csv"}


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    found = faults(write_files(tmp_path / "c", head=None, firms=None))
    assert {(one.file, one.message) for one in found} == {
        ("chain.toml", "the file is missing"), ("firms.csv", "the file is missing")}
    folder = write_files(tmp_path / "d")
    (folder / "dossiers" / "stranger").mkdir(parents=True)
    assert places(faults(folder)) == {("dossiers/stranger", 1, None)}


def test_amounts_stand_once_in_the_programme(tmp_path: Path) -> None:
    both = HEAD.replace("per_supplier_fen", 'per_supplier = "500万"\nper_supplier_fen')
    assert places(faults(write_files(tmp_path / "c", head=both))) == {
        ("chain.toml", 9, "programme.per_supplier")}
    unread = HEAD.replace('"2亿"', '"two"')
    assert places(faults(write_files(tmp_path / "d", head=unread))) == {
        ("chain.toml", 8, "programme.aggregate")}


def test_a_long_list_of_faults_ends(tmp_path: Path) -> None:
    rows = "".join(f"n{number},IAM-01,50%\n" for number in range(MOST_FAULTS + 500))
    found = faults(write_files(tmp_path / "c", controls="firm,indicator,score\n" + rows))
    assert len(found) == MOST_FAULTS


def test_json_faults_name_line_and_field(tmp_path: Path) -> None:
    chain = read_chain(write_files(tmp_path / "c"))
    path = tmp_path / "c.json"
    text = json_of(chain).decode()
    path.write_text(text.replace('"target": "own"', "").replace(
        '"to": "own"', '"to": "nobody"', 1), "utf-8")
    line = path.read_text("utf-8").splitlines().index('   "to": "nobody",') + 1
    (found,) = faults(path)
    assert (found.file, found.line, found.field) == (str(path), line, "links[0].to")
    path.write_text(text.replace('"tier": 1', '"tier": "one"').replace(
        '"role": "owner"', '"role": "king"'), "utf-8")
    assert {one.field for one in faults(path)} == {"firms[0].role", "firms[1].tier"}
    assert all(one.line and one.mend for one in faults(path))


@given(chains())
@settings(max_examples=60, deadline=None)
def test_whatever_is_written_reads_back_the_same(chain: Chain) -> None:
    with tempfile.TemporaryDirectory() as room:
        for name in ("folder", "one.json"):
            write_chain(chain, Path(room) / name)
            again = read_chain(Path(room) / name)
            assert again == chain
            assert chain_hash(again) == chain_hash(chain)


@given(chains(), chains())
@settings(max_examples=15, deadline=None)
def test_writing_over_a_chain_leaves_nothing_of_it(first: Chain, second: Chain) -> None:
    with tempfile.TemporaryDirectory() as room:
        place = Path(room) / "c"
        write_chain(first, place)
        (place / "README.md").write_text("kept")
        with pytest.raises(InputError, match="already there"):
            write_chain(second, place)
        assert read_chain(place) == first
        write_chain(second, place, replace=True)
        assert read_chain(place) == second
        assert (place / "README.md").read_text() == "kept"


def test_a_chain_that_cannot_be_is_not_written(tmp_path: Path) -> None:
    chain = read_chain(write_files(tmp_path / "c"))
    wrong = msgspec.structs.replace(chain, owner="nobody")
    for name in ("d", "d.json"):
        with pytest.raises(InputError):
            write_chain(wrong, tmp_path / name)
        assert not (tmp_path / name).exists()


def test_lists_too_long_for_a_cell_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    chain = read_chain(write_files(tmp_path / "c"))
    products = tuple(f"pkg:npm/component-{number}@1.0" for number in range(LONGEST_CELL // 20))
    long = msgspec.structs.replace(chain, assets=(
        *chain.assets, Asset("sub", "x", "cloud", products=products)))
    write_chain(long, tmp_path / "d")
    assert (tmp_path / "d" / "products.csv").is_file()
    assert read_chain(tmp_path / "d") == long
    (tmp_path / "d" / "assets.csv").unlink()
    (tmp_path / "d" / "weaknesses.csv").unlink()
    assert places(faults(tmp_path / "d")) == {("products.csv", 2, "asset")}


JUNK = st.sampled_from(("", "1", "-1", "１２", "nan", "1e400", "9" * 30, "=1+1", "\x00", "\ufeff",
                        '"', ";", ",", "\n", "\r", "是", "C", "owner", "own", "100%", "3d", "[",
                        "T1190", "CVE-2021-44228", "\ud7ff", "a" * 200, "2026-02-30"))


@st.composite
def broken(draw: st.DrawFn) -> dict[str, bytes]:
    """The small chain's files, some cut, with cells and bytes put in or changed."""
    made = {name: text.encode() for name, text in FILES.items()}
    for _ in range(draw(st.integers(1, 4))):
        name = draw(st.sampled_from(sorted(made)))
        content = made[name]
        at = draw(st.integers(0, len(content)))
        match draw(st.sampled_from(("junk", "bytes", "cut", "cell", "gone", "line"))):
            case "junk":
                made[name] = content[:at] + draw(JUNK).encode() + content[at:]
            case "bytes":
                made[name] = content[:at] + draw(st.binary(max_size=6)) + content[at + 3:]
            case "cut":
                made[name] = content[:at]
            case "gone":
                del made[name]
            case "line":
                lines = content.split(b"\n")
                lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(lines)))
                made[name] = b"\n".join(lines)
            case _:
                cells = content.decode(errors="replace").split(",")
                cells[draw(st.integers(0, len(cells) - 1))] = draw(JUNK)
                made[name] = ",".join(cells).encode("utf-8", "replace")
        if not made:
            break
    return made


@given(broken())
@example({"chain.toml": b"a=" + b"[" * 5_000, "firms.csv": FILES["firms.csv"].encode()})
@example({"chain.toml": FILES["chain.toml"].encode(), "firms.csv": b"\x1f\x8b broken gzip"})
@settings(max_examples=250, deadline=None)
def test_broken_files_never_crash_and_always_say_where(made: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as room:
        for name, content in made.items():
            (Path(room) / name).write_bytes(content)
        try:
            chain = read_chain(Path(room))
        except InputError as error:
            assert all(one.file and one.line and one.mend and one.message
                       for one in error.faults), error.faults
        else:
            write_chain(chain, Path(room) / "again.json")
            assert read_chain(Path(room) / "again.json") == chain


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                        st.sampled_from(("firms", "id", "owner", "as_of", "links", "x")), inner,
                        max_size=4), max_leaves=12))
@settings(max_examples=100, deadline=None)
def test_any_json_is_refused_with_a_mend(raw: object) -> None:
    with tempfile.TemporaryDirectory() as room:
        path = Path(room) / "c.json"
        path.write_text(json.dumps(raw), "utf-8")
        assert all(one.mend and one.line for one in faults(path))


@pytest.mark.parametrize(("kind", "text", "value"), [
    ("amount", "12", 1_200), ("amount", "¥3,500.5", 350_050), ("amount", "766.7万", 766_700_000),
    ("share", "35%", 350_000), ("share", "0.35", 350_000), ("share", "１２‰", 12_000),
    ("share", "100%", 1_000_000), ("share", "0", 0), ("share", ".5", 500_000),
    ("span", "12h", 43_200), ("span", "3d", 259_200), ("span", "5 天", 432_000),
    ("span", "90min", 5_400), ("span", "2周", 1_209_600), ("span", "1.5 小时", 5_400),
    ("span", "1个月", 2_592_000), ("span", "6个小时", 21_600), ("span", "0", 0),
    ("flag", "是", True), ("flag", "FALSE", False), ("day", "2026/3/2", date(2026, 3, 2)),
    ("whole", "1,200", 1_200), ("list", r"a; b\;c ;;d", ["a", "b;c", "d"]),
])
def test_cells(kind, text: str, value: object) -> None:  # type: ignore[no-untyped-def]
    assert read_cell(kind, text) == value


@pytest.mark.parametrize("kind", ["whole", "amount"])
@pytest.mark.parametrize("text", ["1,5", "1,,5", ",1", "1,", "12,34", "1234,567", "1__0", "1_"])
def test_a_comma_that_parts_no_groups_may_be_a_decimal_point(kind: Kind, text: str) -> None:
    with pytest.raises(CellFault):
        read_cell(kind, text)


def test_cells_are_written_as_people_write_them() -> None:
    assert [write_cell("amount", fen) for fen in (800_000_000_000, 123_450_000, 1, 0)] == [
        "80亿", "123.45万", "0.01元", "0.00元"]
    assert [write_cell("share", ppm) for ppm in (350_000, 1, 1_000_000, 0)] == [
        "35%", "0.0001%", "100%", "0%"]
    assert [write_cell("span", seconds) for seconds in (86_400, 5_400, 61, 0)] == [
        "1d", "90min", "61s", "0s"]


@pytest.mark.parametrize("name", ["=1+1", "+a", "-b", "@c", "'=d", "''", "'e", "=;\\x"])
def test_no_text_is_a_formula_to_a_spreadsheet(tmp_path: Path, name: str) -> None:
    chain = read_chain(write_files(tmp_path / "c"))
    firms = (msgspec.structs.replace(chain.firms[0], name_zh=name), *chain.firms[1:])
    assets = (msgspec.structs.replace(chain.assets[0], products=(name,)), *chain.assets[1:])
    made = msgspec.structs.replace(chain, firms=firms, assets=assets)
    write_chain(made, tmp_path / "d")
    assert read_chain(tmp_path / "d") == made
    for table in ("firms", "assets"):
        text = (tmp_path / "d" / f"{table}.csv").read_text("utf-8-sig")
        assert not [cell for row in csv.reader(text.splitlines()) for cell in row
                    if cell[:1] in ("=", "+", "-", "@")]


def test_what_is_odd_is_remarked(tmp_path: Path) -> None:
    assert notes_of(read_chain(write_files(tmp_path / "a"))) == (
        Fault("nothing is known of the controls of 'sub'", None, None, "firms[2].id",
              "import its questionnaire or its scans"),)
    folder = write_files(
        tmp_path / "b", links="from,to,kind\n", goods="from,to,share\nsub,own,1%\n",
        controls="firm,indicator,score,as_of\nsup,IAM-01,50%,2027-01-01\n"
                 "sub,IAM-01,50%,\nown,IAM-01,50%,\n")
    assert {one.field for one in notes_of(read_chain(folder))} == {
        "firms[1].tier", "firms[2].tier", "providers[0].id", "controls[0].as_of"}


def test_a_large_chain_is_read_in_seconds(tmp_path: Path) -> None:
    firms = [Firm("own", "海悦", "owner", 0, "C", 10**12), *(
        Firm(f"s{number}", f"供应商{number}", "supplier", 1, "C", 10**10)
        for number in range(5_000))]
    chain = msgspec.structs.replace(read_chain(write_files(tmp_path / "c")), owner="own",
                                    firms=tuple(firms), controls=(), assets=(), weaknesses=(),
                                    links=(), goods=())
    write_chain(chain, tmp_path / "d")
    assert read_chain(tmp_path / "d") == chain
