"""The step language: its facts are ATT&CK's, its figures have sources, and faults are named."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinghai.foundation.errors import InputError
from dinghai.losses.tables import PERILS
from dinghai.supplychain import rebuild_attack
from dinghai.supplychain.attack_facts import (
    mitigations,
    mitigations_of,
    same_family,
    tactics,
    techniques,
)
from dinghai.supplychain.chain import AssetKind
from dinghai.supplychain.language import Language, language_of, read_language, shipped_language
from dinghai.supplychain.language_files import LINK_KINDS, MITIGATIONS_FILE, STEPS_FILE, Figure
from dinghai.supplychain.language_ranges import drawn, leaning
from dinghai.vocabulary.indicators import indicators

FOLDER = resources.files("dinghai.data").joinpath("supplychain")
STEPS = FOLDER.joinpath(STEPS_FILE).read_text("utf-8")
MITIGATIONS = FOLDER.joinpath(MITIGATIONS_FILE).read_text("utf-8")


@pytest.fixture(scope="module")
def language() -> Language:
    return shipped_language()


@pytest.mark.shared
def test_the_shipped_facts_are_what_the_command_writes(shared: Path, tmp_path: Path) -> None:
    written = rebuild_attack.rebuild(shared / "data" / "attack", tmp_path)
    assert [path.name for path in written] == ["attack_techniques.csv", "attack_mitigations.csv",
                                               "attack_flows.json"]
    for path in written:
        assert path.read_bytes() == FOLDER.joinpath(path.name).read_bytes()


def test_the_command_refuses_politely(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rebuild_attack.main([]) == 2
    assert rebuild_attack.main([str(tmp_path), str(tmp_path / "out")]) == 2
    assert "no such file" in capsys.readouterr().err
    (tmp_path / "enterprise-attack_techniques.csv").write_text("id,name\n")
    (tmp_path / "enterprise-attack_usage.csv").write_text("actor,technique\n")
    assert rebuild_attack.main([str(tmp_path), str(tmp_path / "out")]) == 2
    assert "the column tactics is missing" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_attack_says_who_uses_a_technique_and_what_is_against_it() -> None:
    assert techniques()["T1566.001"].name == "Spearphishing Attachment"
    assert techniques()["T1566"].groups >= techniques()["T1566.001"].groups > 50
    assert techniques()["T0843"].domain == "ics"
    assert "M1032" in mitigations_of("T1078") and "M1032" in mitigations_of("T1078.004")
    assert "M0930" in mitigations_of("T0886")
    assert "M1040" in mitigations_of("T1003")  # listed for a sub-technique: counts for the whole
    assert mitigations_of("T1018") == frozenset()
    assert {one for row in mitigations().values() for one in row.techniques} <= set(techniques())
    assert "initial-access" in tactics() and "inhibit-response-function" in tactics()
    assert same_family("T1566.001", "T1566") and same_family("T1566", "T1566.001")
    assert not same_family("T1566.001", "T1566.002") and not same_family("T1566", "T1567")


def test_the_language_covers_both_matrices_all_perils_and_all_kinds_of_asset(
    language: Language,
) -> None:
    used = {one for step in language.steps for one in step.techniques}
    assert {techniques()[one].domain for one in used} == {"enterprise", "ics"}
    assert {step.peril for step in language.steps if step.peril} == set(PERILS)
    assert {kind for step in language.steps for kind in step.opened_on} == set(
        get_args(AssetKind))
    assert {step.entry for step in language.steps} - {None} == set(LINK_KINDS)
    assert {kind for step in language.steps for kind in step.exits} == set(LINK_KINDS)
    assert sum(step.gate == "and" for step in language.steps) >= 5


def test_every_step_has_a_technique_of_its_tactic(language: Language) -> None:
    for step in language.steps:
        found = {tactic for one in step.techniques for tactic in techniques()[one].tactics}
        assert step.tactic in found, step.id


def test_every_figure_has_a_source_and_a_range(language: Language) -> None:
    for row in (*language.steps, *language.controls):
        assert len(row.source) > 10
        assert row.confidence in ("M", "D")  # nothing here was read in the original
    for step in language.steps:
        low, high = step.days.interval
        assert low <= step.days.value <= high
        source = language.source_of(step, step.chance)
        assert source.interval == step.chance.interval and source.as_of == language.file.as_of
        if step.id != language.file.start:
            assert step.chance.interval[0] < step.chance.interval[1]


def test_names_are_in_both_languages(language: Language) -> None:
    for step in language.steps:
        assert re.search("[\u4e00-\u9fff]", step.name_zh), step.id
        assert step.name_en.isascii(), step.id
    for name in ("name_zh", "name_en"):
        assert len({getattr(step, name) for step in language.steps}) == len(language.steps)


def test_encryption_sabotage_recovery_and_release_need_several_things_at_once(
    language: Language,
) -> None:
    def needs(name: str) -> set[str]:
        step = language.step(name)
        assert step.gate == "and"
        return set(step.after)

    assert {"domain_control", "defences_off"} <= needs("encrypt")
    assert {"engineering_station", "control_network"} <= needs("operations_stop")
    assert "backup_access" in needs("destroy_recovery")
    assert {"build_access", "signing_abuse"} == needs("tamper_build")


def test_reach_is_the_share_of_techniques_by_who_uses_them(language: Language) -> None:
    step, place = language.step("exploit_public"), language.place["exploit_public"]
    row = [one.indicator for one in language.controls].index("HRD-03")
    control = language.controls[row]
    weight = {one: techniques()[one].groups + 1 for one in step.techniques}
    met = [one for one in step.techniques if mitigations_of(one) & set(control.mitigations)]
    assert 0 < len(met) < len(weight)
    expected = sum(weight[one] for one in met) / sum(weight.values())
    assert language.reach[row, place] == expected
    assert language.stopped[row, place] == pytest.approx(
        control.capability.value * control.reliability.value * expected)


def test_a_control_stands_where_it_says_and_nothing_stops_the_start(language: Language) -> None:
    assert not language.reach[:, language.place[language.file.start]].any()
    row = [one.indicator for one in language.controls].index("HUM-02")
    assert np.flatnonzero(language.reach[row]).tolist() == [language.place["payment_diversion"]]
    assert (language.stopped < 1.0).all() and (language.stopped >= 0.0).all()


def test_controls_are_indicators_and_most_of_them_act(language: Language) -> None:
    acting = {one.indicator for one in language.controls}
    watching = {one.indicator for one in language.mitigations.containment.controls}
    assert acting <= set(indicators()) and watching <= set(indicators())
    assert {one for one in watching if not one.startswith("DET-")} == {"EPP-01"}
    without = set(indicators()) - acting - watching
    assert without == {"GOV-01", "GOV-02", "GOV-03", "GOV-04", "GOV-05", "DAT-01", "DAT-03",
                       "BCR-03", "SCM-01"}


def test_a_folder_reads_as_the_shipped_language(language: Language, tmp_path: Path) -> None:
    (tmp_path / STEPS_FILE).write_text(STEPS, "utf-8")
    (tmp_path / MITIGATIONS_FILE).write_text(MITIGATIONS, "utf-8")
    assert read_language(tmp_path).hash == language.hash
    (tmp_path / STEPS_FILE).write_text(STEPS.replace("value = 0.6,", "value = 0.61,"), "utf-8")
    assert read_language(tmp_path).hash != language.hash
    (tmp_path / STEPS_FILE).unlink()
    with pytest.raises(InputError, match="no such file"):
        read_language(tmp_path)


def replaced(text: str, old: str, new: str, *, within: str = "") -> str:
    """The text with the first ``old`` behind ``within`` replaced."""
    start = text.index(within)
    place = text.index(old, start)
    return text[:place] + new + text[place + len(old):]


@pytest.mark.parametrize(("old", "new", "field", "message"), [
    ('"T1566", ', '"T9999", ', "steps[1].techniques", "no technique in force"),
    ('"T1566", "T1189", "T1656"', "", "steps[1].techniques", "without a technique"),
    ('tactic = "initial-access"', 'tactic = "magic"', "steps[1].tactic", "no tactic"),
    ('after = ["reconnaissance"]', 'after = ["recon"]', "steps[1].after", "no step 'recon'"),
    ('after = ["reconnaissance"]\n', "", "steps[1].after", "nothing leads to phishing"),
    ('id = "phishing"', 'id = "reconnaissance"', "steps[1].id", "stands twice"),
    ("value = 0.6", "value = 0.9", "steps[1].chance", "cannot be"),
    ("value = 0.6", "value = nan", "steps[1].chance", "cannot be"),
    ("0.85]", "1.85]", "steps[1].chance", "cannot be"),
    ("value = 0.2", "value = 0.0", "steps[1].days", "cannot be"),
    ("value = 1.0", "value = 0.0", "steps[1].sigma", "cannot be"),
    ("value = 1.0, interval = [0.6, 1.6]", "value = 1.0, interval = [0.6, 6.0]", "steps[1].sigma",
     "cannot be"),
    ('id = "phishing"', 'id = "phish.ing"', "steps[1].id", "matching regex"),
    ('assets = ["mail", "workstations"]\n', "", "steps[1].once", "no kind of asset"),
    ('once = true', 'once = true\nopened_on = ["web"]', "steps[1].opened_on", "opened on"),
    ('once = true', 'once = true\nentry = "data_share"', "steps[1].entry", "whole firm"),
    ('once = true', 'exits = ["data_share"]', "steps[1].exits", "once in a firm"),
    ('once = true', 'gate = "and"', "steps[1].gate", "fewer than two"),
    ('once = true', 'once = true\nperil = "flood"\nstops = { value = 0.0, interval = [0, 1] }',
     "steps[1].peril", "no peril 'flood'"),
    ('once = true', 'once = true\nperil = "ransomware"', "steps[1].peril", "go together"),
    ('once = true',
     'once = true\nperil = "ransomware"\nstops = { value = 1.5, interval = [0, 2] }',
     "steps[1].stops", "cannot be"),
])
def test_a_fault_of_the_steps_is_named_with_its_line(
    old: str, new: str, field: str, message: str
) -> None:
    broken = replaced(STEPS, old, new, within='id = "phishing"')
    with pytest.raises(InputError) as caught:
        language_of(broken, MITIGATIONS)
    found = [one for one in caught.value.faults if one.field == field and message in one.message]
    assert found, caught.value.faults
    assert found[0].file == STEPS_FILE and found[0].mend
    first = STEPS[:STEPS.index('id = "phishing"')].count("\n") + 1
    assert found[0].line is not None and first - 1 <= found[0].line < first + 20


@pytest.mark.parametrize(("old", "new", "field", "message"), [
    ('start = "reconnaissance"', 'start = "phishing"', "start", "nothing can start"),
    ("highest_chance = 0.98", "highest_chance = 1.0", "highest_chance", "nothing to chance"),
    ('entry = "data_share"', 'entry = "email_trust"', "steps.entry", "entry of data_share"),
    ('exits = ["data_share"]', "", "steps.exits", "exits of data_share"),
])
def test_a_fault_of_the_whole_is_named(old: str, new: str, field: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        language_of(replaced(STEPS, old, new), MITIGATIONS)
    assert any(one.field == field and message in one.message for one in caught.value.faults)


def test_an_and_step_cannot_wait_for_every_copy_of_another() -> None:
    broken = replaced(STEPS, 'after = ["backup_access", "stage_deployment"]',
                      'after = ["server_access", "stage_deployment"]')
    with pytest.raises(InputError, match="on every asset"):
        language_of(broken, MITIGATIONS)


@pytest.mark.parametrize(("old", "new", "field", "message"), [
    ('"IAM-01"', '"IAM-99"', "controls[5].indicator", "no indicator"),
    ('"IAM-01"', '"IAM-02"', "controls[6].indicator", "counts twice"),
    ('"M1032", ', '"M9999", ', "controls[5].mitigations", "no mitigation"),
    ('"external_login", ', '"login", ', "controls[5].steps", "no step 'login'"),
    ("value = 0.9", "value = 1.9", "controls[5].capability", "cannot be"),
    ("value = 0.8", "value = -0.8", "controls[5].reliability", "cannot be"),
    ("shared = 0.", "shared = -0.", "tempering.shared", "no exponent"),
    ("ddos_web = ", "flood = ", "tempering.alone", "no peril 'flood'"),
    ('mitigations = ["M1032", "M0932"]', 'mitigations = ["M0805"]', "controls[5].steps",
     "reaches no step"),
])
def test_a_fault_of_the_mitigations_is_named_with_its_line(
    old: str, new: str, field: str, message: str
) -> None:
    broken = replaced(MITIGATIONS, old, new, within='indicator = "IAM-01"')
    with pytest.raises(InputError) as caught:
        language_of(STEPS, broken)
    found = [one for one in caught.value.faults if one.field == field and message in one.message]
    assert found, caught.value.faults
    assert found[0].file == MITIGATIONS_FILE and found[0].line


def test_a_missing_severity_and_a_wrong_type_are_named() -> None:
    with pytest.raises(InputError, match="medium is missing"):
        language_of(STEPS, re.sub(r"(?m)^medium = .*\n", "", MITIGATIONS, count=1))
    with pytest.raises(InputError) as caught:
        language_of(STEPS.replace('gate = "and"', 'gate = "nor"'), MITIGATIONS)
    assert caught.value.fault.line and "one of: " in str(caught.value.fault.mend)
    with pytest.raises(InputError, match="not TOML"):
        language_of("steps = [", MITIGATIONS)


def test_intervals_are_ranges_not_points(language: Language) -> None:
    figures = [value for control in language.controls
               for value in (control.capability, control.reliability, control.slows)
               if isinstance(value, Figure)]
    assert all(low < high for low, high in (one.interval for one in figures))


@settings(max_examples=60, deadline=None)
@given(line=st.integers(0, 10_000), change=st.sampled_from(("drop", "twice", "cut", "garble")),
       letter=st.characters(codec="utf-8"), which=st.booleans())
def test_a_broken_file_is_refused_or_read_and_never_a_crash(
    line: int, change: str, letter: str, which: bool
) -> None:
    lines = (STEPS if which else MITIGATIONS).splitlines()
    place = line % len(lines)
    match change:
        case "drop":
            del lines[place]
        case "twice":
            lines.insert(place, lines[place])
        case "cut":
            lines[place] = lines[place][:len(lines[place]) // 2]
        case "garble":
            lines[place] = lines[place].replace("1", letter).replace("e", letter)
    text = "\n".join(lines)
    try:
        language_of(text if which else STEPS, MITIGATIONS if which else text)
    except InputError as error:
        for fault in error.faults:
            assert fault.file in (STEPS_FILE, MITIGATIONS_FILE), fault
            assert fault.mend, fault


def test_the_ends_of_the_intervals_favour_one_side(language: Language) -> None:
    attacker, defender = leaning(language, "attacker"), leaning(language, "defender")
    assert (attacker.chance >= language.chance).all() and (defender.chance <= language.chance).all()
    assert (attacker.mu <= language.mu).all() and (defender.mu >= language.mu).all()
    assert (attacker.stopped <= language.stopped).all()
    assert (defender.stopped >= language.stopped).all()
    assert (attacker.slowed <= language.slowed).all() and (defender.slowed <= 1e9).all()
    assert len({attacker.hash, language.hash, defender.hash}) == 3
    assert np.array_equal(attacker.reach, language.reach)


def test_a_drawn_language_lies_inside_the_intervals_and_its_seed_names_it(
    language: Language,
) -> None:
    drawings = [drawn(language, seed) for seed in range(200)]
    assert drawn(language, 7).hash == drawings[7].hash
    assert len({one.hash for one in drawings}) == len(drawings)
    place = language.place["lateral_movement"]
    low, high = language.step("lateral_movement").chance.interval
    chances = np.array([one.chance[place] for one in drawings])
    assert low <= chances.min() < chances.max() <= high
    assert 0.35 < (chances < language.chance[place]).mean() < 0.65
    others = np.array([one.chance[language.place["credentials"]] for one in drawings])
    assert abs(np.corrcoef(chances, others)[0, 1]) < 0.3  # each figure by itself
    assert (drawings[0].chance[language.place[language.file.start]]) == 1.0
