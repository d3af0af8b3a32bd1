"""The pages on sharing a chain name every field, and the how-to does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from dinghai.cli.main import main
from dinghai.supplychain.event_facts_file import BeforeFacts, EventFacts, SectionFacts
from dinghai.supplychain.layer_file import ChainLayers, Uplift
from dinghai.wording.layers import Layer, Participation
from tests.cli.test_chain_float import CHAIN, FEW
from tests.cli.test_chain_float import run as run_float
from tests.cli.test_chain_shares import run as run_shares
from tools.rooms import ROOT

REFERENCE = (ROOT / "docs/reference/chain-layers.md").read_text("utf-8")
HOW_TO = (ROOT / "docs/how-to/share-a-chain.md").read_text("utf-8")
NAMED = set(re.findall(r"`([^`\s]+)`", REFERENCE))


def test_the_reference_names_every_field_of_the_file() -> None:
    plain = {name.removesuffix("[]") for name in NAMED}
    left_out = {"premium_fen"}  # of a layer: what a reinstatement costs, on the schedule only
    for kind in (ChainLayers, Uplift, Layer, Participation, EventFacts, SectionFacts,
                 BeforeFacts):
        for field in msgspec.structs.fields(kind):
            assert field.encode_name in plain | left_out, f"{kind.__name__}: {field.encode_name}"


def test_the_reference_names_every_key_of_the_documents(
    capsys: pytest.CaptureFixture[str]
) -> None:
    _, shares = run_shares(capsys, CHAIN, "--years", "200", "--orders", "2")
    _, floats = run_float(capsys, CHAIN, "--firm", "turbine", *FEW)
    for document in (shares, floats):
        for key in (*document, *document.get("parties", [{}])[0], *document.get("firms", [{}])[0]):
            if key not in ("schema", "chain", "agreement", "years", "seed", "level_ppm"):
                assert re.search(rf"`{key}`", REFERENCE), key


def test_the_how_to_is_followed_from_an_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (patch,) = re.findall(r"```json\n(.*?)```", HOW_TO, re.DOTALL)
    Path("patch.json").write_text(patch, "utf-8")
    commands = re.findall(r"^dinghai (.*)$", HOW_TO, re.MULTILINE)
    assert len(commands) == 5
    for command in commands:
        assert main(command.split()) == 0, command
    said = capsys.readouterr().out
    for words in ("pays for others", "(agreed)", "what lowers the premium", "may be disputed",
                  "commercial contribution", "uplift"):
        assert words in said
