"""The example chains are what the tool makes, and what they promise to be."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from dinghai.evidence.feeds import shipped_epss, shipped_kev
from dinghai.supplychain.chain import Chain, LinkKind
from dinghai.supplychain.chain_dossiers import chain_of_dossiers
from dinghai.supplychain.chain_file import notes_of, read_chain
from dinghai.supplychain.chain_overview import shared_providers
from dinghai.supplychain.importing import Sources, import_chain
from tools.example_chains import EXAMPLES, files

NAMES = ("haiyue", "energy")


def test_the_folders_are_what_the_tool_makes() -> None:
    made = files()
    for name, content in made.items():
        assert (EXAMPLES / name).read_bytes() == content, (
            f"run python -m tools.example_chains: {name}")
    there = {path.relative_to(EXAMPLES).as_posix() for name in NAMES
             for path in (EXAMPLES / name).rglob("*") if path.is_file()}
    by_hand = {f"{name}/{part}" for name in NAMES for part in ("README.md", "layers.toml")}
    assert there - set(made) == {*by_hand, "haiyue/changes.json", "haiyue/event.json"}


def whole(name: str) -> Chain:
    folder = EXAMPLES / name
    chain = read_chain(folder)
    return chain_of_dossiers(chain, folder, kev=shipped_kev(chain.as_of)).chain


@pytest.mark.parametrize("name", NAMES)
def test_every_firm_is_known_and_nothing_is_odd(name: str) -> None:
    chain = whole(name)
    assert {one.firm for one in chain.controls} == set(chain.firm)
    assert notes_of(chain) == ()
    kinds: set[LinkKind] = {one.kind for one in chain.links}
    assert len(kinds) == 6
    assert len(chain.providers) == 3
    assert all(len(one) > 5 for one in shared_providers(chain).values())
    assert all(one.stock_seconds is not None for one in chain.goods)


def test_haiyue_is_as_large_as_it_says() -> None:
    chain = whole("haiyue")
    counts = {(role, tier): sum(one.role == role and one.tier == tier for one in chain.firms)
              for role, tier in (("owner", 0), ("supplier", 1), ("supplier", 2), ("supplier", 3),
                                 ("dealer", 1))}
    assert list(counts.values()) == [1, 30, 20, 10, 10]
    assert chain.firm["donghai"].headcount == 1_200
    weak = {(one.firm, one.cve or one.technique) for one in chain.weaknesses}
    assert {("donghai", "CVE-2020-11978"), ("s126", "CVE-2021-44228"), ("s129", "T1133"),
            ("s127", "CVE-2025-55182"), ("s124", "CVE-2023-27997")} <= weak


def test_energy_has_control_systems_to_lose() -> None:
    chain = whole("energy")
    assert len(chain.firms) == 25
    assert sum(one.kind == "operations" for one in chain.assets) >= 6
    assert ("wind", "scada", "T0883") in {
        (one.firm, one.asset, one.technique) for one in chain.weaknesses}
    scada = next(one for one in chain.assets if (one.firm, one.id) == ("wind", "scada"))
    assert (scada.exposed, scada.output_share_ppm) == (True, 900_000)
    assert {one.role for one in chain.firms} == {"owner", "supplier", "customer"}


@pytest.mark.parametrize("name", NAMES)
def test_the_list_and_the_answers_import_to_the_same_chain(name: str) -> None:
    folder = EXAMPLES / name
    chain = read_chain(folder)
    alone = msgspec.structs.replace(
        chain, firms=(chain.firm[chain.owner],), controls=(), assets=(), weaknesses=(),
        providers=(), links=(), goods=())
    found = import_chain(alone, Sources(folder / "source/suppliers.csv",
                                        folder / "source/answers.csv", folder / "dossiers"),
                         kev=shipped_kev(chain.as_of), epss=shipped_epss())
    assert (found.rejected, found.unread, found.strange, found.assumed) == ((), (), (), ())
    assert set(found.chain.goods) == set(chain.goods)
    assert set(found.chain.firm) == set(chain.firm)
    for firm in found.chain.firms:
        mine = chain.firm[firm.id]
        assert (firm.name_zh, firm.role, firm.tier, firm.industry, firm.revenue_fen) == (
            mine.name_zh, mine.role, mine.tier, mine.industry, mine.revenue_fen)
    scores = {(one.firm, one.indicator): one.score_ppm for one in found.chain.controls}
    assert all(scores[one.firm, one.indicator] == one.score_ppm for one in chain.controls)


def test_no_example_is_large() -> None:
    sizes = [path.stat().st_size for name in NAMES for path in (EXAMPLES / name).rglob("*")
             if path.is_file()]
    assert sum(sizes) < 300_000


def test_readmes_name_what_is_there() -> None:
    for name in NAMES:
        text = (EXAMPLES / name / "README.md").read_text("utf-8")
        for part in Path(EXAMPLES / name).iterdir():
            if part.name != "README.md":
                assert part.name in text, f"{name}/README.md does not name {part.name}"
