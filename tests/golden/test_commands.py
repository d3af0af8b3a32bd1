"""Cases worked out by hand from the documents, in their own file formats, against the commands."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from dinghai.cli.main import main

CASES = sorted((Path(__file__).parent / "commands").glob("*.toml"))


def picked(document: Any, path: str) -> Any:
    """A value by its path: keys and places between slashes; ``key=value`` finds a row."""
    found = document
    for step in path.split("/"):
        if isinstance(found, dict):
            found = found[step]
        elif "=" in step:
            key, _, value = step.partition("=")
            (found,) = (one for one in found if str(one[key]) == value)
        else:
            found = found[int(step)]
    return found


@pytest.mark.parametrize("path", CASES, ids=lambda one: one.stem)
def test_golden_commands(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
                         monkeypatch: pytest.MonkeyPatch) -> None:
    case = tomllib.loads(path.read_text("utf-8"))
    assert case["source"] and case["calculation"]
    monkeypatch.chdir(tmp_path)
    for name, text in case["files"].items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    for run in case["runs"]:
        code = main([*run["arguments"], "--json"])
        said = capsys.readouterr().out
        assert code == run.get("code", 0), said
        document = json.loads(said)
        found = {one: picked(document, one) for one in run.get("expected", {})}
        assert found == run.get("expected", {}), run["arguments"]
