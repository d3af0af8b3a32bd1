"""The how-to on writing a product by hand does what it says, in the words it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dinghai.cli.main import main

PAGE = Path(__file__).parents[2] / "docs/how-to/write-a-product.md"
NAMES = ("mine/product.toml", "policy.toml", "claim.toml", "second.toml")


def test_the_page_is_followed_from_an_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = PAGE.read_text("utf-8")
    monkeypatch.chdir(tmp_path)
    Path("mine").mkdir()
    for name, block in zip(NAMES, re.findall(r"```toml\n(.*?)```", text, re.DOTALL), strict=True):
        Path(name).write_text(block, "utf-8")
    plain = re.findall(r"```\n(.*?)```", re.sub(r"```toml\n.*?```", "", text, flags=re.DOTALL),
                       re.DOTALL)
    commands, answers = plain[::2], plain[1::2]
    assert len(commands) == 2
    for command, answer in zip(commands, answers, strict=True):
        assert main(command.split()[1:]) == 0
        assert _without_hash(capsys.readouterr().out) == _without_hash(answer)
    assert main(["wording", "check", "mine"]) == 1
    assert "XC-" in capsys.readouterr().out
    assert main(["wording", "show", "mine"]) == 0


def _without_hash(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if not line.startswith("hash")]
