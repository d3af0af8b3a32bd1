"""`dinghai residents check`: answers, exit codes, results written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dinghai.cli import resident_lists
from dinghai.cli.main import main
from dinghai.schemes.resident_check import HEADINGS
from tests.schemes.checked_lists import number, row, text_of

SCHEME = Path(__file__).parents[2] / "examples/residents/scheme.toml"
DAY = ("--as-of", "2026-03-31")


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    code = main(["residents", "check", *map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def written(folder: Path, *rows: list[str]) -> Path:
    path = folder / "list.csv"
    path.write_text(text_of(rows), "utf-8")
    return path


def test_a_clean_list_is_done(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, found = run(capsys, SCHEME, written(tmp_path, row(1), row(2)), *DAY)
    assert (code, found["accepted"], found["rejected"]) == (0, 2, 0)
    assert (found["premium_fen"], found["as_of"]) == (2_400, "2026-03-31")
    assert main(["residents", "check", str(SCHEME), str(tmp_path / "list.csv"), *DAY]) == 0
    text = capsys.readouterr().out
    assert "accepted  2" in text and "¥24.00" in text and "what is wrong" not in text


def test_consent_of_tomorrow_is_none_of_today(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = written(tmp_path, row(1, consented_on="2026-03-31"))
    assert run(capsys, SCHEME, path, "--as-of", "2026-03-31")[0] == 0
    assert run(capsys, SCHEME, path, "--as-of", "2026-03-30")[0] == 1


@pytest.mark.parametrize("output", ["list.csv", "scheme.toml", "folder", "none/results.csv",
                                    "x" * 300])
def test_results_never_take_the_place_of_what_is_there(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, output: str
) -> None:
    path, scheme = written(tmp_path, row(1)), tmp_path / "scheme.toml"
    scheme.write_bytes(SCHEME.read_bytes())
    (tmp_path / "folder").mkdir()
    before = {one: one.read_bytes() for one in (path, scheme)}
    code, found = run(capsys, scheme, path, *DAY, "-o", tmp_path / output)
    assert (code, found["error"]["field"]) == (2, "--output")
    assert found["error"]["mend"]
    assert {one: one.read_bytes() for one in before} == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["folder", "list.csv", "scheme.toml"]


@pytest.mark.parametrize("content", [
    b"", b"\n\n", "姓名,手机号\n".encode(), b"PAR1", b"PK\3\4", b"\x1f\x8b\0", None])
def test_a_list_that_is_none_writes_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "list.csv"
    if content is not None:
        path.write_bytes(content)
    output = tmp_path / "results.csv"
    for old in (None, "old"):
        if old:
            output.write_text(old)
        code, found = run(capsys, SCHEME, path, *DAY, "-o", output)
        assert code == 2
        assert found["error"]["file"] and found["error"]["mend"]
        assert (output.read_text() if output.exists() else None) == old


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("x"),
                                   KeyboardInterrupt()])
def test_results_that_break_off_leave_the_old_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, error: BaseException,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A full disk is bad input that names its mend; nothing of the new file stays."""
    path, output = written(tmp_path, row(1)), tmp_path / "results.csv"
    output.write_text("old")

    def broken(*_: object) -> Any:
        yield tuple("x" for _ in HEADINGS)
        raise error

    monkeypatch.setattr(resident_lists, "results_of", broken)
    words = ["residents", "check", str(SCHEME), str(path), *DAY, "-o", str(output)]
    if isinstance(error, ValueError):
        with pytest.raises(ValueError, match="x"):
            main(words)
    else:
        assert main(words) == (2 if isinstance(error, OSError) else 130)
    assert ("No space left" in capsys.readouterr().err) == isinstance(error, OSError)
    assert output.read_text() == "old"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["list.csv", "results.csv"]


def test_bad_words_of_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = written(tmp_path, row(1))
    for words in ((SCHEME, path, "--as-of", "yesterday"), (SCHEME,), (tmp_path, path),
                  (tmp_path / "none.toml", path), (path, path)):
        code, found = run(capsys, *words)
        assert code == 2 and found["error"]["mend"]


def test_nothing_personal_is_printed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = written(tmp_path, row(1, name="司马懿之", mobile="12345"),
                   row(2, identity=number(2) + "1"))
    main(["residents", "check", str(SCHEME), str(path), *DAY])
    main(["residents", "check", str(SCHEME), str(path), *DAY, "--json"])
    out = capsys.readouterr()
    for word in ("司马懿之", "12345", number(2), number(1)):
        assert word not in out.out + out.err
