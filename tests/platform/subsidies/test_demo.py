"""The chapter of the demonstration: a budget that runs out, a refusal, a duplicate, a clawback."""

from __future__ import annotations

import pytest

from dinghai_platform.core.tenancy import crossing_tenants
from dinghai_platform.demo.people import make_cast
from dinghai_platform.demo.subsidising import subsidise
from dinghai_platform.subsidies.models import Application, Subsidy
from tests.platform.story import stand_at

pytestmark = pytest.mark.django_db


def test_the_chapter() -> None:
    stand_at("2026-03-02T09:00:00")
    cast = make_cast()
    with crossing_tenants("the demonstration plays every part"):
        found = subsidise(cast)
    assert found["applications"] == 11 and found["refused"] == 4
    assert found["due_fen"] == 2_000_000  # half of the ¥40,000 that went back
    subsidy = Subsidy.objects.unscoped("a test").get()
    assert subsidy.left_fen == 0
    codes = {one.number: [each["code"] for each in one.reasons]
             for one in Application.objects.unscoped("a test")}
    assert codes["SQ-004"] == ["sector"] and codes["SQ-006"][0] == "duplicate"
