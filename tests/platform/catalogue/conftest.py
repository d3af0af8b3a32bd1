"""What the catalogue's tests start from: insurers, products on sale, an assessed dossier."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from django.test import Client

from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.catalogue.services import install_wording
from dinghai_platform.core.models import Organisation
from dinghai_platform.underwriting.models import Assessment, Dossier
from dinghai_platform.underwriting.services.assessments import assess_dossier
from tests.platform.story import World
from tests.platform.underwriting.conftest import (  # noqa: F401
    _clock,
    archive,
    case,
    dossier,
    product,
    world,
)

Open = Callable[..., Any]


def own_wording(version: str, **changes: tuple[str, str]) -> bytes:
    """The shipped standard product in another version, with pieces of its text replaced."""
    text = files("dinghai.data").joinpath(
        "products/cyber-comprehensive-standard/product.toml").read_text("utf-8")
    text = text.replace('version = "1.0.0"', f'version = "{version}"', 1)
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new, 1)
    return text.encode()


@pytest.fixture
def assessment(dossier: Dossier, world: World) -> Assessment:  # noqa: F811
    return assess_dossier(dossier, actor=world.actor("underwriter"))


@pytest.fixture
def draft(world: World) -> ProductVersion:  # noqa: F811
    """A version that is in nobody's hands yet."""
    return install_wording(own_wording("1.1.0"), actor=world.system)


@pytest.fixture
def authority(db: None) -> Organisation:
    return Organisation.objects.create(kind="regulator", name_zh="金融监管局",
                                       name_en="Supervisor")


@pytest.fixture
def browse(world: World) -> Open:  # noqa: F811
    """``browse("auditor")``: somebody's browser; ``language="en"`` for English."""

    def opened(
        role: str, organisation: Organisation | None = None, language: str = "zh-hans"
    ) -> Any:
        return world.sign_in(Client(headers={"accept-language": language}), role, organisation)

    return opened
