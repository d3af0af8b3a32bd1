"""Products: the shipped one is whole; a bad one is refused with file, line, field and mend."""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from dinghai.foundation.errors import InputError
from dinghai.wording.products import load_product, read_product, shipped_products

STANDARD = "cyber-comprehensive-standard"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with as_file(files("dinghai.data").joinpath("products", STANDARD)) as source:
        shutil.copytree(source, tmp_path / "product")
    return tmp_path / "product"


def _change(folder: Path, old: str, new: str) -> int:
    """Replace one text; the line it now stands on."""
    path = folder / "product.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    return text[:text.index(old)].count("\n") + 1


def test_the_shipped_product_is_whole() -> None:
    product = load_product(STANDARD)
    assert STANDARD in shipped_products()
    covers = {one.coverage for one in product.sections} | {one.coverage for one in product.towers}
    assert covers == {"FP-IR", "FP-BI", "FP-DATA", "FP-EXT-C", "FP-NOTIF", "FP-PR", "FP-LEGAL",
                      "FP-REGINV", "TP-PRIV", "TP-NETSEC", "FP-MIT", "FP-PROOF"}
    for section in product.sections:
        assert section.text_zh
        assert section.plain_en
        assert section.triggers
        assert section.valuation
    for exclusion in product.exclusions:
        assert len(exclusion.plain_zh) <= 120
        assert exclusion.acts_on in {"event", "item"}
        assert exclusion.predicate
        assert exclusion.effect


def test_cause_and_item_exclusions_are_told_apart() -> None:
    product = load_product(STANDARD)
    acts_on = {one.code: one.acts_on for one in product.exclusions}
    assert acts_on["EX-WAR"] == "event"
    assert acts_on["EX-RETRO"] == "event"
    assert acts_on["EX-FINE"] == "item"
    assert acts_on["EX-BETTER"] == "item"
    assert acts_on["EX-MAINT"] == "event"


@pytest.mark.parametrize(("old", "new", "field", "words"), [
    ('coverage = "FP-BI"', 'coverage = "FP-XX"', "sections[1].coverage", "not a coverage"),
    ('code = "EX-GOV"', 'code = "EX-WAR"', "exclusions[4]", "twice"),
    ("seconds = 43_200", 'seconds = "12h"', "sections[1].waiting.seconds", "Expected `int`"),
    ('mode = "higher_of"', 'mode = "highest"', "sections[1].waiting.mode", "Invalid enum"),
    ("ppm_of_aggregate = 250_000", "ppm_of_agregate = 250_000",
     "sections[2].sublimit.ppm_of_agregate", "unknown field"),
    ("ppm_of_aggregate = 50_000 }\nvaluation", "ppm_of_aggregate = 50_000 }\n"
     'waiting = { seconds = 1, mode = "higher_of" }\nvaluation', "sections[5].waiting",
     "only an interruption"),
    ('aggregation_rule = "root_cause"', 'aggregation_rule = "hours_window"',
     "basis.hours_window", "needs its hours"),
    ("aggregate_minimum_fen = 100_000_000", "aggregate_minimum_fen = 900_000_000",
     "limits.aggregate_default_fen", "out of order"),
])
def test_a_bad_product_names_its_place(
    folder: Path, old: str, new: str, field: str, words: str
) -> None:
    _change(folder, old, new)
    with pytest.raises(InputError, match=words) as caught:
        read_product(folder)
    assert caught.value.fault.field == field
    assert caught.value.fault.mend


def test_the_line_is_named(folder: Path) -> None:
    line = _change(folder, 'mode = "higher_of"', 'mode = "highest"')
    with pytest.raises(InputError) as caught:
        read_product(folder)
    assert caught.value.fault.line == line
    assert str(caught.value.fault.file).endswith("product.toml")


def test_an_item_exclusion_cannot_take_the_event(folder: Path) -> None:
    _change(folder, 'code = "EX-FINE"\nclause = "5.16"',
            'code = "EX-FINE"\nclause = "5.16"\neffect = { type = "exclude_event" }')
    with pytest.raises(InputError, match="exclude_event cannot act on the item"):
        read_product(folder)


def test_a_predicate_about_nothing_is_refused(folder: Path) -> None:
    _change(folder, 'code = "EX-GOV"\nclause = "5.5"',
            'code = "EX-GOV"\nclause = "5.5"\n'
            'predicate = { fact = "incident.moon_phase", op = "is_true" }')
    with pytest.raises(InputError, match="not in the registry"):
        read_product(folder)


def test_no_product_of_that_name() -> None:
    with pytest.raises(InputError, match="no product") as caught:
        load_product("nothing-like-it")
    assert STANDARD in str(caught.value.fault.mend)
