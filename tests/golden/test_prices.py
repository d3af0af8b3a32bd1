"""Thirty golden prices with factor trees: a change of tables or model shows here, to the fen."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from dinghai.pricing.quote import Quote
from tools.golden_prices import dossiers, expected, quoted

FOLDERS = dossiers()


@cache
def quote_of(folder: Path) -> Quote:
    """The quote of a golden dossier."""
    return quoted(folder)


def test_there_are_thirty_across_ten_industries_and_three_sizes() -> None:
    industries = {folder.name.split("-")[0] for folder in FOLDERS}
    sizes = {folder.name.split("-")[1] for folder in FOLDERS}
    assert (len(FOLDERS), len(industries), len(sizes)) == (30, 10, 3)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_price_and_every_factor_are_as_written(folder: Path) -> None:
    wanted = json.loads(folder.with_suffix(".json").read_text("utf-8"))
    found = json.loads(json.dumps(expected(quote_of(folder))))
    for key in wanted:
        assert found[key] == wanted[key], (
            f"{key} of {folder.name}: if this change is meant, run python -m tools.golden_prices "
            "and read the difference")
    assert found.keys() == wanted.keys()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_what_is_written_adds_up(folder: Path) -> None:
    wanted = json.loads(folder.with_suffix(".json").read_text("utf-8"))
    premium, explanation = wanted["premium"], wanted["explanation"]
    assert sum(wanted["by_section_fen"].values()) == premium["pure_fen"]
    assert sum(wanted["by_peril_fen"].values()) == premium["pure_fen"]
    assert sum(pure for pure, _ in explanation.values()) == premium["pure_fen"]
    assert sum(technical for _, technical in explanation.values()) == premium["technical_net_fen"]


def test_larger_firms_of_an_industry_pay_more() -> None:
    prices = {folder.name: quote_of(folder).premium.pure for folder in FOLDERS}
    for industry in {name.split("-")[0] for name in prices}:
        small, middle, large = (prices[f"{industry}-{size}"]
                                for size in ("small", "middle", "large"))
        assert small < middle < large
