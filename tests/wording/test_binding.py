"""Policies written by hand: a product, what is agreed, what was explained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dinghai.foundation.errors import InputError
from dinghai.foundation.reading import read_document
from dinghai.wording.binding import read_policy_file
from dinghai.wording.policy import explained

ORDER = """
product = "cyber-comprehensive-standard"
[schedule]
policy_no = "P-1"
applicant = { name_zh = "甲" }
insured = { name_zh = "甲" }
insurer = { name_zh = "乙" }
inception = 2026-04-01
expiry = 2027-03-31
"""
EXPLANATION = """
[explanation]
explained_at = 2026-03-12T10:00:00+08:00
"""


def written(folder: Path, text: str, name: str = "policy.toml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_what_it_leaves_out_is_the_products(tmp_path: Path) -> None:
    policy = read_policy_file(written(tmp_path, ORDER + EXPLANATION))
    assert policy.schedule.aggregate_limit_fen == 766_700_000
    assert policy.schedule.event_deductible_fen == 10_000_000
    assert policy.sublimit("FP-BI") == 383_350_000
    assert explained(policy, "EX-WAR", "explain")
    assert explained(policy, "event_deductible", "explain")


def test_sublimits_limits_and_some_explanations(tmp_path: Path) -> None:
    text = ORDER + ('aggregate_limit_fen = 1_000_000_000\nsublimits = { FP-BI = 5 }\n'
                    + EXPLANATION + 'only = ["EX-WAR", "EX-NUC"]\nexcepted = ["EX-NUC"]\n')
    policy = read_policy_file(written(tmp_path, text))
    assert (policy.sublimit("FP-BI"), policy.sublimit("FP-IR")) == (5, 200_000_000)
    assert explained(policy, "EX-WAR", "explain")
    assert not explained(policy, "EX-NUC", "explain")
    assert not explained(policy, "event_deductible", "explain")


def test_nothing_was_explained_unless_somebody_says_so(tmp_path: Path) -> None:
    assert read_policy_file(written(tmp_path, ORDER)).schedule.explanations == {}


def test_a_whole_policy_document_is_taken_as_it_is(tmp_path: Path) -> None:
    policy = read_policy_file(written(tmp_path, ORDER))
    path = written(tmp_path, json.dumps(policy.to_dict(), ensure_ascii=False), "policy.json")
    assert read_policy_file(path) == policy


def test_a_product_folder_beside_the_file(tmp_path: Path) -> None:
    import dinghai

    shipped = Path(dinghai.__file__).parent / "data/products/cyber-comprehensive-standard"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/product.toml").write_bytes((shipped / "product.toml").read_bytes())
    policy = read_policy_file(written(tmp_path, ORDER.replace("cyber-comprehensive-standard",
                                                              "mine")))
    assert policy.product.product_id == "cyber-comprehensive-standard"


@pytest.mark.parametrize(("text", "words", "field"), [
    (ORDER.replace("cyber-comprehensive-standard", "none-such"), "no product", "product"),
    (ORDER + "sublimits = { TP-OUTS = 5 }\n", "no section TP-OUTS", "schedule.sublimits.TP-OUTS"),
    (ORDER + 'aggregate_limit_fen = "much"\n', "int", "schedule.aggregate_limit_fen"),
    (ORDER + "aggregate_limit_fen = 5\n", "outside the product's bounds",
     "schedule.aggregate_limit_fen"),
    (ORDER + EXPLANATION + 'only = ["EX-MOON"]\n', "not a term", "explanation.only"),
    (ORDER + EXPLANATION + 'highlighted_only = ["EX-MOON"]\n', "not a term",
     "explanation.highlighted_only"),
    (ORDER + "colour = 3\n", "unknown field", "schedule.colour"),
    (ORDER + "sublimits = 5\n", "not a table", "schedule.sublimits"),
    (ORDER + "parameters = [5]\n", "not a table", "schedule.parameters"),
])
def test_a_fault_names_file_field_and_mend(
    tmp_path: Path, text: str, words: str, field: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InputError, match=words) as caught:
        read_policy_file(path)
    assert caught.value.fault.field == field
    assert caught.value.fault.file in {str(path), None}


def test_dates_and_lists_become_plain(tmp_path: Path) -> None:
    path = written(tmp_path, "a = [2026-04-01]\nb = { c = 2026-04-01T10:00:00+08:00 }\n")
    assert read_document(path) == {"a": ["2026-04-01"], "b": {"c": "2026-04-01T10:00:00+08:00"}}
