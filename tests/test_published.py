"""What is published beside the code is what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from tools import example_claim, publish_reference, publish_schemas, rooms


def test_schemas_are_the_types_own() -> None:
    for name, schema in publish_schemas.schemas().items():
        published = (publish_schemas.FOLDER / name).read_text("utf-8")
        assert published == publish_schemas.as_text(schema), f"run tools/publish_schemas.py: {name}"


def test_reference_pages_are_the_tables_own() -> None:
    for name, text in publish_reference.pages().items():
        published = Path(publish_reference.FOLDER / name).read_text("utf-8")
        assert published == text, f"run tools/publish_reference.py: {name}"


def test_the_architecture_lists_every_room() -> None:
    assert rooms.PAGE.read_text("utf-8") == rooms.page(), "run python -m tools.rooms"
    for line in rooms.listing().splitlines():
        assert not line.endswith(": "), f"a module without a docstring: {line}"


def test_the_example_claim_is_decided_as_shown() -> None:
    for name, text in example_claim.files().items():
        assert (example_claim.FOLDER / name).read_text("utf-8") == text, (
            f"run python -m tools.example_claim: {name}")


def test_every_link_between_documents_leads_somewhere() -> None:
    root = rooms.ROOT
    pages = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "examples").rglob("*.md")]
    broken = [
        f"{page.relative_to(root)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []
