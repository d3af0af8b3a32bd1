"""`dinghai wording booklet`: PDF and HTML, products and policies, what cannot be made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dinghai.cli.documents import MAKERS
from dinghai.cli.main import main
from dinghai.documents.specimen import specimen_policy
from dinghai.wording.products import load_product

PRODUCT = "resident-anti-fraud"


@pytest.mark.parametrize("kind", MAKERS)
def test_every_kind_as_html(kind: str, tmp_path: Path,
                            capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "paper.html"
    words = ["wording", "booklet", PRODUCT, "-o", str(path), "--kind", kind, "--language", "en",
             "--on", "2026-03-28", "--json"]
    assert main(words) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["kind"], said["language"], said["bytes"]) == (kind, "en", path.stat().st_size)
    assert path.read_text("utf-8").startswith("<!doctype html>")
    first = path.read_bytes()
    assert main(words) == 0 and path.read_bytes() == first


def test_the_guide_as_pdf_is_one_page(tmp_path: Path) -> None:
    from pypdf import PdfReader

    path = tmp_path / "guide.pdf"
    assert main(["wording", "booklet", f"{PRODUCT}@1.0.0", "-o", str(path), "--kind", "guide"]) == 0
    assert len(PdfReader(path).pages) == 1


def test_the_booklet_of_a_policy_has_its_amounts(tmp_path: Path) -> None:
    policy, paper = tmp_path / "policy.json", tmp_path / "booklet.html"
    policy.write_text(json.dumps(specimen_policy(load_product(PRODUCT)).to_dict()), "utf-8")
    assert main(["wording", "booklet", str(policy), "-o", str(paper)]) == 0
    assert "SPECIMEN" in paper.read_text("utf-8")
    product = tmp_path / "made.json"
    product.write_text(json.dumps(load_product(PRODUCT).to_dict()), "utf-8")
    assert main(["wording", "booklet", str(product), "-o", str(paper)]) == 0
    assert "SPECIMEN" not in paper.read_text("utf-8")
    pdf = tmp_path / "booklet.pdf"
    assert main(["wording", "booklet", PRODUCT, "-o", str(pdf)]) == 0
    assert pdf.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(("words", "said"), [
    (["no-such-product", "-o", "x.pdf"], "no-such-product"),
    ([PRODUCT, "-o", "x.docx"], "end the name in .pdf or .html"),
    ([PRODUCT, "-o", "x.html", "--on", "tomorrow"], "2026-03-12"),
    ([PRODUCT, "-o", "/nowhere/x.html"], "choose a folder"),
])
def test_what_cannot_be_made_says_why(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["wording", "booklet", *words]) == 2
    assert said in capsys.readouterr().err
