"""The nine published incidents are paths of the step language, across firms where they were."""

from __future__ import annotations

import itertools
from collections import defaultdict

import pytest

from dinghai.supplychain.attack_facts import same_family, techniques
from dinghai.supplychain.firm_network import network_of
from dinghai.supplychain.incidents import (
    Incident,
    IncidentRow,
    incident,
    incident_rows,
    incidents,
    published_flows,
)
from dinghai.supplychain.language import language_of, shipped_language
from dinghai.supplychain.template_file import shipped_templates
from tests.supplychain.test_language import MITIGATIONS, STEPS

LANGUAGE = shipped_language()
ROWS = {row.id: row for row in incident_rows().incidents}
FOUND = {one.id: one for one in incidents(LANGUAGE)}
NAMES = sorted(ROWS)


def ways(row: IncidentRow) -> set[tuple[str, str]]:
    """The ways of the network of a firm with the incident's assets, by code."""
    exposed = shipped_templates().exposure.kinds
    network = network_of(LANGUAGE, tuple((kind, kind in exposed) for kind in row.assets))
    codes = network.codes
    return {(codes[one], codes[other]) for one, other in zip(
        network.source.tolist(), network.target.tolist(), strict=True)}


def kind(code: str) -> str:
    return code.partition(".")[0]


def test_all_nine_are_there() -> None:
    assert set(ROWS) == set(published_flows()) and len(ROWS) == 9


@pytest.mark.parametrize("name", NAMES)
def test_every_technique_takes_a_step_that_names_it(name: str) -> None:
    found, flow = FOUND[name], published_flows()[name]
    assert found.untaken == ()
    with_technique = {number for number, node in enumerate(flow.nodes) if node.technique}
    assert {one.node for one in found.taken} == with_technique
    for one in found.taken:
        published = flow.nodes[one.node].technique
        assert one.technique == incident_rows().instead.get(published or "", published)
        step = LANGUAGE.step(kind(one.step))
        assert any(same_family(one.technique, other) for other in (*step.techniques, *step.also))


@pytest.mark.parametrize("name", NAMES)
def test_every_edge_is_a_row_of_ways(name: str) -> None:
    found, flow, known = FOUND[name], published_flows()[name], ways(ROWS[name])
    assert found.unpassed == ()
    step = {one.node: one for one in found.taken}
    passed = {(one.source, one.target) for one in found.passed}
    direct = {(one, other) for one, other in flow.edges if one in step and other in step}
    assert direct <= passed
    for one in found.passed:
        assert one.steps[0] == step[one.source].step and one.steps[-1] == step[one.target].step
        pairs = list(zip(one.steps, one.steps[1:], strict=False))
        if one.link is None:
            assert step[one.source].firm == step[one.target].firm
            assert set(pairs) <= known
            continue
        crossing = pairs.pop(one.leaves - 1)
        assert set(pairs) <= known
        leaves, enters = (LANGUAGE.step(kind(code)) for code in crossing)
        assert one.link in leaves.exits and enters.entry == one.link
        assert (step[one.source].firm, step[one.target].firm) == (0, 1)


@pytest.mark.parametrize("name", NAMES)
def test_the_whole_hangs_together_across_firms(name: str) -> None:
    """Seen as one network, steps of both firms, no part of the incident stands apart."""
    found = FOUND[name]
    firm = {one.node: one.firm for one in found.taken}
    joined: dict[tuple[int, str], set[tuple[int, str]]] = defaultdict(set)
    for one in found.passed:
        places = [(firm[one.source] if at < one.leaves or one.link is None else firm[one.target],
                   code) for at, code in enumerate(one.steps)]
        for before, after in itertools.pairwise(places):
            joined[before].add(after)
            joined[after].add(before)
    steps = {(one.firm, one.step) for one in found.taken}
    reached, left = set(), [next(iter(sorted(steps)))]
    while left:
        here = left.pop()
        if here not in reached:
            reached.add(here)
            left += joined[here]
    assert steps <= reached
    assert {one for one, _ in steps} == ({0, 1} if ROWS[name].link else {0})
    assert any(one.link for one in found.passed) == bool(ROWS[name].link)


@pytest.mark.parametrize("name", NAMES)
def test_the_incident_can_happen_from_its_own_steps(name: str) -> None:
    """From where the attack begins, taking only steps of the incident and what AND steps of it
    imply, every step is allowed in turn: an OR step by one way, an AND step by all."""
    found, row = FOUND[name], ROWS[name]
    known = ways(row)
    for firm in {one.firm for one in found.taken}:
        used = {one.step for one in found.taken if one.firm == firm} | {
            code for one, code in found.implied if one == firm}
        for one in found.passed:
            places = list(one.steps[:one.leaves] if firm == 0 else one.steps[one.leaves:]
                          ) if one.link else list(one.steps) if firm == next(
                    here.firm for here in found.taken if here.node == one.source) else []
            used |= set(places)
        entry = next((step.id for step in LANGUAGE.steps if step.entry == row.link), None)
        taken = {entry} if firm == 1 and entry else {LANGUAGE.file.start}
        while True:
            more = set()
            for code in used - taken:
                before = {one for one, other in known if other == code}
                gate = LANGUAGE.step(kind(code)).gate
                if (before <= taken if gate == "and" else before & taken):
                    more.add(code)
            if not more:
                break
            taken |= more
        assert used <= taken, used - taken


EXPECTED = {  # node of the flow's AND, and how the language holds it
    "Black_Basta_Ransomware": {34: "one step", 35: "one step", 41: "gate"},
    "Conti_Ransomware": {15: "one step"},
    "Equifax_Breach": {8: "one step", 13: "one step"},
    "Ivanti_Vulnerabilities": {},
    "Maastricht_University_Ransomware": {14: "one step"},
    "NotPetya": {11: "in turn", 20: "in turn", 23: "in turn", 24: "in turn"},
    "REvil": {},
    "SolarWinds": {2: "gate", 7: "in turn", 11: "one step", 17: "one step", 33: "in turn",
                   42: "one step"},
    "Target_Breach": {25: "one step", 26: "in turn"},
}


@pytest.mark.parametrize("name", NAMES)
def test_every_and_of_a_flow_is_accounted_for(name: str) -> None:
    found, flow = FOUND[name], published_flows()[name]
    assert {one.node for one in found.joined} == {
        number for number, node in enumerate(flow.nodes) if node.kind == "AND_operator"}
    assert {one.node: one.by for one in found.joined} == EXPECTED[name]
    step = {one.node: one.step for one in found.taken}
    for one in found.joined:
        assert one.inputs
        if one.by == "gate":
            assert one.gate is not None and LANGUAGE.step(one.gate).gate == "and"
        if one.by == "one step":
            assert len({step[number] for number in one.inputs}) == 1


def test_the_known_turns_of_the_incidents() -> None:
    def steps(one: Incident) -> set[str]:
        return {kind(taken.step) for taken in one.taken}

    assert "encrypt" in steps(FOUND["Black_Basta_Ransomware"]) & steps(FOUND["Conti_Ransomware"])
    assert FOUND["SolarWinds"].joined[0].gate == "tamper_build"
    assert {"build_access", "signing_abuse", "malicious_update"} <= {
        kind(code) for one in FOUND["SolarWinds"].passed for code in one.steps}
    assert {"tamper_build", "malicious_update", "destroy"} <= steps(FOUND["NotPetya"])
    assert {"phishing", "stolen_account", "exfiltration"} <= steps(FOUND["Target_Breach"])
    assert {"exploit_public", "server_implant", "exfiltration"} <= steps(FOUND["Equifax_Breach"])


def test_withdrawn_techniques_have_a_successor_in_force() -> None:
    for old, new in incident_rows().instead.items():
        assert old not in techniques() and new in techniques()


def test_a_language_without_a_step_or_way_says_what_it_cannot_express() -> None:
    """The check can fail: a poorer language leaves techniques untaken and edges without a way."""
    mute = language_of(
        STEPS.replace('techniques = ["T1041", "T1048", "T1567", "T1020", "T1029", "T1537"]',
                      'techniques = ["T1020"]'), MITIGATIONS)
    assert incident(ROWS["Equifax_Breach"], mute).untaken == (14,)
    assert STEPS.count('"server_access", "exfiltration"]') == 1
    cut = language_of(STEPS.replace('"server_access", "exfiltration"]', '"server_access"]'),
                      MITIGATIONS)
    assert {one for one, _ in incident(ROWS["Black_Basta_Ransomware"], cut).unpassed} & {25, 38}


def test_what_a_flow_does_not_show_is_said() -> None:
    assert (0, "build_access") not in FOUND["SolarWinds"].implied
    assert (0, "reconnaissance") in FOUND["SolarWinds"].implied  # not how its maker was entered
    assert len(FOUND["SolarWinds"].implied) > 1
    assert (0, "signing_abuse") in FOUND["NotPetya"].implied
    assert FOUND["Equifax_Breach"].implied == ()
