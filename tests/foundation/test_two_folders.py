"""The command of modules that make files of one folder in another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dinghai.foundation.errors import InputError
from dinghai.foundation.two_folders import run_on_folders


def copied(source: Path, out: Path) -> Iterator[Path]:
    for path in sorted(source.glob("*.txt")):
        if not path.read_text("utf-8"):
            raise InputError("the file is empty", file=path.name, mend="fill it")
        made = out / path.name
        made.write_text(path.read_text("utf-8"), "utf-8")
        yield made


def test_what_was_made_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    out.mkdir()
    (source / "a.txt").write_text("a", "utf-8")
    assert run_on_folders(copied, [str(source), str(out)], "usage") == 0
    assert capsys.readouterr().out.split() == [str(out / "a.txt")]
    (source / "b.txt").write_text("", "utf-8")
    assert run_on_folders(copied, [str(source), str(out)], "usage") == 2
    assert "b.txt: the file is empty" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["a"], ["a", "b", "c"]])
def test_other_than_two_folders_is_told_how(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_on_folders(copied, arguments, "SOURCE_DIR OUT_DIR") == 2
    assert capsys.readouterr().err == "SOURCE_DIR OUT_DIR\n"
