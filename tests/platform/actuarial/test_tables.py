"""Figures as people write them, differences row by row, and calibration read generically."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinghai.foundation.errors import InputError
from dinghai.losses.provenance import rows as shipped_rows
from dinghai_platform.actuarial.calibration import calibration_rows, calibration_tables
from dinghai_platform.actuarial.differences import differences, leaves
from dinghai_platform.actuarial.figures import groups_of, read_figure, value_at, written
from dinghai_platform.actuarial.kinds import KINDS
from dinghai_platform.actuarial.words import place_name

DOCUMENTS = {code: kind.shipped_document(kind.table_ids()[0]) for code, kind in KINDS.items()}


@given(st.integers(-(10**14), 10**14), st.sampled_from(["fen", "ppm", "count"]))
def test_what_is_written_is_read_again(value: int, unit: str) -> None:
    assert read_figure(written(value, unit), unit, "x") == value


@pytest.mark.parametrize(("text", "unit", "value"), [
    ("1,234.50", "fen", 123_450), ("¥3", "fen", 300), ("12.5%", "ppm", 125_000),
    (" 30 ", "days", 30), ("C、I", "words", ["C", "I"]), ("C，I", "word", ["C", "I"]),
    ("true", "truth", True), ("false", "truth", False), ("refer", "outcome", "refer"),
])
def test_people_write_figures_in_several_ways(text: str, unit: str, value: Any) -> None:
    assert read_figure(text, unit, "x") == value


@pytest.mark.parametrize(("text", "unit"), [
    ("", "fen"), ("1.001", "fen"), ("0.00001", "ppm"), ("1.5", "days"), ("abc", "ppm"),
    ("Infinity", "fen"), ("9" * 40, "fen")])
def test_what_cannot_be_kept_exactly_is_refused(text: str, unit: str) -> None:
    with pytest.raises(InputError) as caught:
        read_figure(text, unit, "market.factor_ppm")
    assert caught.value.fault.field == "market.factor_ppm" and caught.value.fault.mend


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_figure_has_its_place_in_the_document(kind: str) -> None:
    document = DOCUMENTS[kind]
    known = dict(leaves(document))
    for group in groups_of(kind, document):
        assert group.source and group.confidence and group.figures
        for one in group.figures:
            assert known[one.place] == one.value
            assert place_name(one.place) != one.place
            assert value_at(one.place, one.value, {r["id"]: r for r in document.get("rules", ())})


def test_a_rule_that_moves_is_not_a_rule_changed() -> None:
    document = DOCUMENTS["referral"]
    moved = {**document, "rules": list(reversed(document["rules"]))}
    assert differences(document, moved) == ()
    without = {**document, "rules": document["rules"][1:]}
    found = differences(document, without)
    assert {one.change for one in found} == {"removed"}
    assert all(one.place.startswith("rules[RATE-FILED]") for one in found)
    assert {one.change for one in differences(without, document)} == {"added"}


@given(st.recursive(
    st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2),
    lambda below: st.dictionaries(st.sampled_from("abc"), below, max_size=3), max_leaves=8))
def test_nothing_differs_from_itself(document: Any) -> None:
    assert differences(document, document) == ()
    assert len(differences(document, document, same=True)) == len(dict(leaves(document)))


def test_every_calibration_table_that_ships_is_shown() -> None:
    names = {one.name for one in calibration_tables()}
    assert {"frequency", "severity", "severity_fit", "control_effects", "industries"} <= names
    for table in calibration_tables():
        assert table.rows and len(table.sha256) == 64
    ransomware = calibration_rows(table="control_effects", text="HRD-01")
    assert ransomware and all(one.interval and one.source for one in ransomware)
    ratio = sum(1 for one in calibration_rows() if one.source) / len(calibration_rows())
    assert ratio > 0.95, "nearly every figure says where it comes from"


def test_what_is_only_judged_beside_a_read_figure_is_marked_so() -> None:
    """The engine's own reading of provenance: a row read of its source in part is D in the rest."""
    rows = {one.place: one for one in calibration_rows()}
    assert {one.code for one in shipped_rows()} == set(rows)
    for one in shipped_rows():
        assert rows[one.code].confidence == one.source.confidence
    taken = [one for one in rows.values() if one.taken]
    assert taken and all(one.measured for one in taken)
    assert rows["severity.components.ransom.sigma"].taken is True
    assert rows["severity.components.records.sigma"].taken is False
    ransoms = [one for place, one in rows.items() if place.startswith("ransom_payments.amount")]
    assert ransoms and all(one.sample and one.interval for one in ransoms)
