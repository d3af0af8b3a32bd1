"""What the loss model takes from public data, and every shipped figure with its origin."""

from __future__ import annotations

import copy
import json
import tomllib
from importlib import resources
from typing import Any

import pytest

from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM
from dinghai.losses.exposure import industry_relativity
from dinghai.losses.provenance import rows
from dinghai.losses.tables import (
    DECLARED,
    PERILS,
    shipped_figures,
    shipped_raw,
    shipped_tables,
    tables_from,
)
from dinghai.vocabulary.industries import industries
from tests.losses.risks import model

MARKS = {"T", "A", "M", "D"}


def raw() -> dict[str, Any]:
    return copy.deepcopy(shipped_raw((*DECLARED, "severity_fit")))


def declared(path: str) -> float:
    """The value that a dotted path names in the tables as they are used."""
    place: Any = shipped_tables().raw
    for part in path.split("."):
        place = place[part]
    return float(place)


def test_evidence_says_truly_whether_it_is_taken() -> None:
    found = shipped_tables().evidence
    assert {one.used for one in found} == {True, False}
    for one in found:
        assert one.why
        assert (declared(one.declared) == one.measured.value) is one.used, one.declared
        low, high = one.measured.source.interval or (0.0, 0.0)
        assert low < high


def test_figures_are_taken_by_their_code() -> None:
    tables, figures = shipped_tables(), shipped_figures()
    ransom = tables.components["ransom"]
    assert ransom.sigma == figures["ransom_payments.amount.upper_sigma"].value
    assert ransom.index == figures["ransom_payments.amount.power_index"].value
    assert tables.frequency["elasticity"]["above"] == figures[
        tables.frequency["elasticity"]["above_from"]].value


def test_another_figure_changes_the_grid_and_the_version() -> None:
    changed = raw()
    row = next(one for one in changed["experience"]["rows"]
               if one["code"] == "ransom_payments.amount.upper_sigma")
    row["value"] += 0.1
    tables = tables_from(changed)
    assert tables.components["ransom"].sigma == pytest.approx(
        shipped_tables().components["ransom"].sigma + 0.1)
    assert tables.grid_version != shipped_tables().grid_version
    assert tables.version != shipped_tables().version


@pytest.mark.parametrize(("spoil", "field"), [
    (lambda it: it["severity"]["components"]["ransom"].update(sigma_from="no.such"),
     "severity.components.ransom.sigma"),
    (lambda it: it["frequency"]["evidence"][0].update(measured="no.such"),
     "frequency.elasticity.above"),
], ids=["taken", "beside"])
def test_a_code_that_experience_does_not_have_is_refused(spoil: Any, field: str) -> None:
    changed = raw()
    spoil(changed)
    with pytest.raises(InputError, match=r"no figure 'no\.such'") as caught:
        tables_from(changed)
    assert caught.value.faults[0].field == field


def test_industry_opens_to_the_shipped_table_and_to_what_was_published() -> None:
    one = model(industry="I")
    node = one.perils["ransomware"].frequency.trace.find("industry")
    figures = shipped_figures()
    assert node.value == figures["industry.I.frequency.blended"].value == one.industry.frequency
    assert [child.name for child in node.children] == [
        "industry.prior", "industry.iris_2025", "industry.eurostat_2024"]
    assert node.children[0].value == industries()["I"].frequency_relativity_ppm / PPM
    for part in (node, *node.children):
        assert part.source is not None and part.source.interval and part.source.as_of
        assert part.source.interval[0] < float(part.value or 0.0) < part.source.interval[1]
    plain = model(industry="A").perils["ransomware"].frequency.trace.find("industry")
    assert [child.name for child in plain.children] == ["industry.prior"]


def test_the_mix_opens_to_the_shipped_share_and_is_whole() -> None:
    for section in industries():
        industry = industry_relativity(section)
        assert sum(industry.mix.values()) == pytest.approx(1.0)
    node = model(industry="Q").perils["error_insider"].frequency.trace.find("mix")
    assert node.source is not None and "CC BY-SA" in node.source.name
    assert node.source.confidence in MARKS and node.source.interval
    assert node.children[0].value == industries()["Q"].peril_mix_ppm["error_insider"] / PPM


def test_what_data_say_stands_beside_a_judgement_in_the_trace() -> None:
    frequency = model().perils["third_party"].frequency.trace.find("common_share")
    assert frequency.value == 0.6
    assert frequency.children[0].operation == "beside_the_judgement"
    low, high = frequency.children[0].source.interval  # type: ignore[union-attr,misc]
    assert low <= 0.6 <= high
    whole = model().trace
    taken = whole.find("component.ransom.sigma")
    assert taken.operation == "taken" and taken.source is not None and taken.source.interval
    beside = whole.find("component.records.sigma")
    assert beside.value == 2.0 and beside.children[0].operation == "beside_the_judgement"
    json.dumps(whole.to_dict())


def test_every_shipped_figure_stands_in_one_list_once() -> None:
    found = rows()
    assert len({row.code for row in found}) == len(found)
    assert {row.table for row in found} == {
        "frequency", "severity", "severity_fit", "control_effects", "industries", "experience"}
    for row in found:
        assert row.source.name and row.source.confidence in MARKS, row.code
        assert row.source.as_of and row.unit, row.code
        assert json.loads(json.dumps(row.to_dict()))["code"] == row.code
    codes = {row.code: row for row in found}
    for one in shipped_tables().evidence:
        assert codes[one.declared].value == declared(one.declared)
        assert codes[one.declared].measured is not None
    assert codes["severity.components.ransom.sigma"].taken is True
    assert codes["severity.components.ransom.sigma"].source.confidence == "T"
    assert codes["severity.components.records.sigma"].taken is False
    assert codes["frequency.bands.below_25m_USD.frequency"].value == 0.0107
    assert codes["industries.C.mix.ransomware"].measured is not None
    assert codes["control_effects.IAM-01.frequency"].source.interval == (0.0336, 0.1682)


def test_no_number_of_the_files_is_left_out() -> None:
    numbers = dict.fromkeys(("frequency", "severity", "severity_fit"), 0)

    def count(value: Any) -> int:
        if isinstance(value, dict):
            return sum(count(one) for key, one in value.items()
                       if key not in ("interval", "evidence", "grid"))
        if isinstance(value, list):
            return sum(map(count, value))
        return int(isinstance(value, (int, float)) and not isinstance(value, bool))

    folder = resources.files("dinghai.data") / "calibration"
    for name in numbers:
        text = (folder / f"{name}.toml").read_text("utf-8")
        taken = text.count("_from = ")
        numbers[name] = count(tomllib.loads(text)) + taken
    listed = {name: sum(row.table == name for row in rows()) for name in numbers}
    assert listed == numbers


def test_what_was_judged_beside_a_read_figure_is_marked_so() -> None:
    codes = {row.code: row.source.confidence for row in rows()}
    assert codes["severity.interruption.average_usd"] == "T"
    assert codes["severity.interruption.elasticity"] == "D"
    assert codes["severity.bands.12500000_usd.policies"] == "D"
    assert codes["severity.perils.ransomware.average_claim_usd"] == "T"
    assert codes["severity.perils.ransomware.means_usd.legal"] == "D"
    assert set(PERILS) <= {code.split(".")[2] for code in codes
                           if code.startswith("severity.perils.")}
