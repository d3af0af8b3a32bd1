"""Small chains for tests, as values and as files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from hypothesis import strategies as st

from dinghai.supplychain.chain import (
    Asset,
    Chain,
    ControlScore,
    Firm,
    Goods,
    Link,
    Programme,
    Provider,
    Weakness,
)
from dinghai.vocabulary.indicators import indicators

AS_OF = date(2026, 3, 31)
HEAD = """schema = "dinghai.chain/1"
id = "small"
name_zh = "小链"
owner = "own"
as_of = 2026-03-31

[programme]
aggregate = "2亿"
per_supplier_fen = 500000000
"""
FILES: Mapping[str, str] = {
    "chain.toml": HEAD,
    "firms.csv": "id,name_zh,role,tier,industry,revenue,online_revenue,tolerable_outage,headcount\n"
                 "own,海悦电器,owner,0,C,80亿,35%,12h,9200\n"
                 "sup,云屿压缩机,supplier,1,C,3000000,,5 天,\n"
                 "sub,赤峦铜材,supplier,2,C,1.5亿,0.1,,\n",
    "controls.csv": "firm,indicator,score,known_by,as_of\n"
                    "own,IAM-01,75%,assessment,2026-03-01\nsup,IAM-01,,,\n",
    "assets.csv": "firm,id,kind,name,exposed,products\n"
                  "sup,web1,web,网站,是,pkg:npm/next@15.2.2;cpe:/a:f5:nginx:1.22\n"
                  "own,mail,mail,,,\n",
    "weaknesses.csv": "firm,asset,cve,technique,severity\n"
                      "sup,web1,CVE-2021-44228,,critical\nown,mail,,T1566.002,\n",
    "providers.csv": "id,name_zh,kind,incidents_a_year\ncloud,海云计算,cloud,2%\n",
    "links.csv": "from,to,kind,mfa,segmented\nsup,own,remote_access,false,\n"
                 "cloud,sup,shared_provider,,\n",
    "goods.csv": "from,to,share,stock,substitutable,item\nsup,own,30%,3d,20%,压缩机\n"
                 "sub,sup,0.5,90min,,铜\n",
}


def write_files(folder: Path, *, encoding: str = "utf-8", **changed: str | None) -> Path:
    """The small chain as a folder; ``firms="…"`` changes firms.csv, ``head`` chain.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    texts: dict[str, str | None] = dict(FILES)
    for name, text in changed.items():
        texts["chain.toml" if name == "head" else f"{name}.csv"] = text
    for name, text in texts.items():
        if text is not None:
            (folder / name).write_bytes(text.encode(encoding))
    return folder


_TEXTS = (st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=12)
          | st.text("=+-@';\\,\"\ufeff甲1", max_size=6)).filter(lambda text: text == text.strip())
_NAMES = _TEXTS.filter(bool)
_RATIOS = st.integers(0, 1_000_000)
_MAYBE_RATIO = st.none() | _RATIOS
_COUNTS = st.none() | st.integers(0, 10**11)
_FLAGS = st.none() | st.booleans()
_DAYS = st.none() | st.dates(date(2000, 1, 1), date(2090, 1, 1))
_AMOUNTS = st.none() | st.integers(0, 10**15)


@st.composite
def chains(draw: st.DrawFn) -> Chain:
    """Any sound chain of up to five firms."""
    number = draw(st.integers(1, 5))
    ids = [f"f{place}" for place in range(number)]
    firms = tuple(_firm(draw, code, place) for place, code in enumerate(ids))
    provider_ids = [f"p{place}" for place in range(draw(st.integers(0, 2)))]
    ends = st.sampled_from(ids)
    codes = st.sampled_from(list(indicators()))
    controls = draw(st.lists(st.builds(
        ControlScore, ends, codes, _MAYBE_RATIO,
        st.sampled_from(("assessment", "questionnaire", "scan", "estimate")), _DAYS),
        max_size=6, unique_by=lambda one: (one.firm, one.indicator)))
    assets = draw(st.lists(st.builds(
        Asset, ends, st.sampled_from(("a", "b.c", "D-1")),
        st.sampled_from(("web", "operations", "backup")), _TEXTS, _FLAGS, _MAYBE_RATIO,
        st.lists(_NAMES, max_size=3, unique=True).map(tuple)),
        max_size=5, unique_by=lambda one: (one.firm, one.id)))
    weaknesses = [
        Weakness(asset.firm, asset.id, cve, "T1190" if cve is None else None,
                 draw(st.sampled_from(("critical", "high", "medium", "low"))), draw(_DAYS),
                 draw(_TEXTS))
        for asset in assets for cve in draw(st.lists(
            st.none() | st.just("CVE-2021-44228"), max_size=2, unique=True))]
    links = draw(st.lists(st.builds(
        Link, st.sampled_from(ids), st.sampled_from([*ids, *provider_ids]),
        st.sampled_from(("remote_access", "data_share", "email_trust")),
        st.sampled_from((None, "user", "administrator")), _FLAGS, _FLAGS)
        .filter(lambda one: one.source != one.target),
        max_size=5, unique_by=lambda one: (one.source, one.target, one.kind))) if number > 1 else []
    links += [Link(code, draw(ends), "shared_provider") for code in provider_ids]
    goods = draw(st.lists(st.builds(
        Goods, ends, ends, st.integers(0, 150_000), _COUNTS, _MAYBE_RATIO, _TEXTS)
        .filter(lambda one: one.source != one.target),
        max_size=5, unique_by=lambda one: (one.source, one.target, one.item))) if number > 1 else []
    return Chain(
        "dinghai.chain/1", "any", draw(_NAMES), "f0", draw(st.dates(date(2000, 1, 1))), firms,
        draw(_TEXTS), Programme(draw(_NAMES), draw(_DAYS), draw(_AMOUNTS), draw(_AMOUNTS),
                                draw(_AMOUNTS)),
        tuple(controls), tuple(assets), tuple(weaknesses),
        tuple(Provider(code, draw(_NAMES), "cloud", draw(_TEXTS), draw(_COUNTS))
              for code in provider_ids), tuple(links), tuple(goods))


def _firm(draw: st.DrawFn, code: str, place: int) -> Firm:
    return Firm(
        code, draw(_NAMES), "owner" if place == 0 else draw(st.sampled_from(
            ("supplier", "dealer", "customer"))), 0 if place == 0 else draw(st.integers(1, 20)),
        draw(st.sampled_from("ABCDI")), draw(st.integers(1, 10**15)), draw(_TEXTS), "",
        draw(_MAYBE_RATIO), draw(_COUNTS), draw(_COUNTS), draw(_COUNTS), draw(_COUNTS),
        draw(_FLAGS), draw(_FLAGS), draw(_MAYBE_RATIO), draw(_COUNTS), draw(_COUNTS),
        draw(_COUNTS), draw(st.none() | _NAMES), draw(st.none() | st.just("../one")),
        draw(_AMOUNTS), draw(_AMOUNTS), draw(_TEXTS),
        draw(st.sampled_from(((), ("revenue_fen",), ("tier", "industry")))))
