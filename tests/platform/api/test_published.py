"""The platform's reference pages say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import dinghai_platform.settings
from tools import publish_api

SETTINGS = Path(dinghai_platform.settings.__file__).parent


@pytest.mark.parametrize("name", publish_api.PARTS)
def test_the_pages_are_up_to_date(name: str) -> None:
    published = (publish_api.FOLDER / name).read_text("utf-8")
    assert published == publish_api.page(name), "run python -m tools.publish_api"


def test_every_variable_is_explained() -> None:
    read = "".join((SETTINGS / name).read_text("utf-8") for name in ("site.py", "environment.py"))
    asked = set(re.findall(r'(?:get|flag|words|whole_number)\(\s*"(DINGHAI_\w+)"', read))
    assert len(asked) > 10
    page = (publish_api.FOLDER / "platform.md").read_text("utf-8")
    assert {name for name in asked if f"`{name}`" not in page} == set()
