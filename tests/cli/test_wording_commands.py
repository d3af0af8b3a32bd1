"""`dinghai wording`: exit codes, every fault named, versions found, words in both languages."""

from __future__ import annotations

import json
import shutil
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest

from dinghai.cli.main import main

STANDARD = "cyber-comprehensive-standard"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Two versions of one product, in folders of their own."""
    for version in ("1.9.0", "1.10.0"):
        with as_file(files("dinghai.data").joinpath("products", STANDARD)) as source:
            shutil.copytree(source, tmp_path / "cyber" / version)
        change(tmp_path / "cyber" / version, 'version = "1.0.0"', f'version = "{version}"')
        change(tmp_path / "cyber" / version, f'product_id = "{STANDARD}"', 'product_id = "cyber"')
    change(tmp_path / "cyber" / "1.10.0", "seconds = 43_200", "seconds = 36_000")
    return tmp_path


def change(folder: Path, old: str, new: str) -> int:
    """Change a product file; the line of the change."""
    path = folder / "product.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    return text[:text.index(old)].count("\n") + 1


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, Any]:
    code = main([str(word) for word in ("wording", *words, "--json")])
    return code, json.loads(capsys.readouterr().out)


def test_a_conforming_product_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = run(capsys, "check", STANDARD)
    assert code == 0
    assert (answer["products"], answer["conforming"], answer["invalid"]) == (1, 1, 0)
    (report,) = answer["reports"]
    assert (report["score"], report["errors"], report["kind"]) == (100, 0, "property")


def test_a_product_that_does_not_conform_is_a_no(
    library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(library / "cyber/1.9.0", "decision_days = 30", "decision_days = 45")
    code, answer = run(capsys, "check", library)
    assert code == 1
    assert (answer["products"], answer["conforming"], answer["not_conforming"]) == (2, 1, 1)
    assert [one["rule"] for one in answer["reports"][1]["deviations"]
            if one["severity"] == "error"] == ["ST-DECIDE"]


def test_invalid_products_do_not_stop_the_others(
    library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = change(library / "cyber/1.9.0", "seconds = 43_200",
                  'seconds = "12h"')
    shutil.copytree(library / "cyber/1.10.0", library / "other")
    change(library / "other", 'coverage = "FP-BI"', 'coverage = "FP-??"')
    code, answer = run(capsys, "check", library)
    assert code == 2
    assert (answer["products"], answer["conforming"], answer["invalid"]) == (3, 1, 2)
    first, second = answer["faults"]
    assert first["file"].endswith("cyber/1.9.0/product.toml")
    assert (first["line"], first["field"]) == (line, "sections[1].waiting.seconds")
    assert second["file"].endswith("other/product.toml")
    assert "FP-??" in second["message"]
    assert all(one["mend"] for one in answer["faults"])


def test_people_see_products_points_and_faults(
    library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(library / "cyber/1.9.0", "pay_days = 10", "pay_days = 20")
    change(library / "cyber/1.10.0", 'tier = "standard"', 'tier = "golden"')
    assert main(["wording", "check", str(library), "--language", "zh"]) == 2
    out = capsys.readouterr().out
    assert "100 − 10 (ST-PAY) = 90" in out
    assert "错误 ST-PAY claims_process.pay_days: 赔付期限为20日，法定最长10日。" in out
    assert "not a product" in out
    assert "Invalid enum value 'golden'" in out


@pytest.mark.parametrize("words", [
    ("check", "nothing-like-it"), ("check",), ("show", "nothing-like-it"), ("diff", STANDARD),
    ("show", f"{STANDARD}@9.9"), (),
])
def test_what_is_not_there_is_bad_input(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer = run(capsys, *words)
    assert code == 2
    assert answer["error"]["message"]
    assert answer["error"]["mend"]


def test_a_folder_without_products_is_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer = run(capsys, "check", tmp_path)
    assert (code, answer["error"]["file"]) == (2, str(tmp_path))


def test_a_product_is_shown_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = run(capsys, "show", STANDARD)
    assert code == 0
    assert answer["product"]["product_id"] == STANDARD
    zh, en = "\n".join(answer["zh"]), "\n".join(answer["en"])
    assert "12 小时、等待期与免赔额取高" in zh
    assert "12 h, the higher of waiting and deductible" in en
    assert "EX-WAR 战争 [5.1]: 整个事故不赔; 提示并明确说明" in zh
    assert "mitigation" in en.lower()
    assert main(["wording", "show", STANDARD, "--language", "zh"]) == 0
    assert capsys.readouterr().out.splitlines() == answer["zh"]


def test_layers_and_carve_backs_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    _code, answer = run(capsys, "show", "supply-chain-programme")
    text = "\n".join(answer["en"])
    assert "Layer three-party" in text
    assert "carve-backs: " in text


def test_versions_are_told_apart(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = library / "cyber"
    code, answer = run(capsys, "diff", f"{folder}@1.9.0", f"{folder}@1.10.0")
    assert code == 0
    assert {one["field"] for one in answer["changes"]} == {"version", "waiting"}
    assert (answer["old"]["version"], answer["new"]["version"]) == ("1.9.0", "1.10.0")
    assert main(["wording", "diff", f"{folder}@1.9.0", f"{folder}@1.10.0",
                 "--language", "zh"]) == 0
    assert "等待期: 12 小时、等待期与免赔额取高 → 10 小时" in capsys.readouterr().out


def test_the_latest_version_is_meant_where_none_is_named(
    library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _code, answer = run(capsys, "show", library / "cyber")
    assert answer["version"] == "1.10.0"
    _code, answer = run(capsys, "show", "cyber", "--library", library)
    assert answer["version"] == "1.10.0"
    _code, answer = run(capsys, "show", "cyber@1.9.0", "--library", library)
    assert answer["version"] == "1.9.0"


def test_no_difference_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["wording", "diff", STANDARD, f"{STANDARD}@1.0.0"]) == 0
    assert capsys.readouterr().out == "no difference\n"


def test_an_ambiguous_name_is_refused(
    library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(library / "cyber/1.9.0", library / "copy")
    code, answer = run(capsys, "show", "cyber@1.9.0", "--library", library)
    assert (code, "more than one" in answer["error"]["message"]) == (2, True)
    change(library / "copy", 'product_id = "cyber"', 'product_id = "other"')
    code, answer = run(capsys, "show", library)
    assert (code, "several products" in answer["error"]["message"]) == (2, True)


def test_a_broken_version_says_what_is_wrong(
    library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(library / "cyber/1.10.0", 'tier = "standard"', 'tier = "golden"')
    code, answer = run(capsys, "show", library / "cyber/1.10.0")
    assert code == 2
    assert answer["error"]["file"].endswith("1.10.0/product.toml")
    assert answer["error"]["line"]


def test_comparison_is_a_command_of_the_group(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["wording", "--help"])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    assert all(one in shown for one in ("check", "show", "diff", "compare"))
