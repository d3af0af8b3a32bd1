"""Histories, screenings and own costs under PostgreSQL's row-level security."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.core.server import grant_use
from dinghai_platform.core.tenancy import lifted, scope_of
from dinghai_platform.underwriting.models import (
    Case,
    Dossier,
    HistoryVersion,
    Screening,
    TreatmentPlan,
)
from dinghai_platform.underwriting.services.assessments import assess_dossier
from dinghai_platform.underwriting.services.screenings import record_screening
from dinghai_platform.underwriting.services.treatment import plan_treatment
from tests.platform.story import World
from tests.platform.underwriting.test_history import CLAIM, stated
from tests.platform.underwriting.test_history_pages import COSTS

pytestmark = pytest.mark.postgres
ROLE = "dinghai_history_test"


@pytest.fixture
def plan(case: Case, dossier: Dossier, product: ProductVersion, world: World) -> TreatmentPlan:
    actor = world.actor("underwriter")
    stated(case, world, CLAIM)
    record_screening(case, lists=["甲"], screened_on=date(2026, 3, 11), result="clear",
                     reference="S-1", actor=actor)
    return plan_treatment(assess_dossier(dossier, actor=actor), product, actor=actor)


@pytest.fixture
def people(world: World) -> dict[str, Client]:
    who = (("underwriter", None), ("insured_admin", None), ("underwriter", world.other_insurer),
           ("insured_admin", world.stranger))
    return {f"{role}{'' if home is None else ' elsewhere'}": world.sign_in(
        Client(headers={"accept-language": "en"}), role, home) for role, home in who}


@pytest.fixture
def bound(plan: TreatmentPlan, people: dict[str, Client]) -> Iterator[dict[str, Client]]:
    """Everybody's browser, with a database that answers as the site's own role does."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE} NOLOGIN NOBYPASSRLS")
    grant_use(ROLE)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
    yield people
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def seen(model: Any, actor: Any) -> int:
    with scope_of(actor), lifted("only the database says what is seen"):
        return int(model.objects.count())


def test_who_has_which_rows(bound: dict[str, Client], world: World) -> None:
    counts = {name: [seen(model, world.actor(role, home)) for model in (HistoryVersion, Screening)]
              for name, role, home in (
                  ("insurer", "underwriter", None), ("insured", "insured_admin", None),
                  ("other", "underwriter", world.other_insurer),
                  ("stranger", "insured_admin", world.stranger))}
    assert counts == {"insurer": [2, 1], "insured": [2, 0], "other": [0, 0], "stranger": [0, 0]}


def test_the_pages_stand_under_it(
    bound: dict[str, Client], case: Case, plan: TreatmentPlan, product: ProductVersion
) -> None:
    history = reverse("underwriting:history", args=[case.pk])
    insured, underwriter = bound["insured_admin"], bound["underwriter"]
    assert b"C-1" in insured.get(history).content
    assert insured.get(reverse("underwriting:case", args=[case.pk])).status_code == 200
    added = underwriter.post(reverse("underwriting:history_step", args=[case.pk, "add"]),
                             {**CLAIM, "claim_no": "C-2", "base": "2"})
    assert added.status_code == 302 and b"C-2" in insured.get(history).content
    screening = reverse("underwriting:screening", args=[case.pk])
    assert underwriter.get(screening).status_code == 200
    assert insured.get(screening).status_code == 403
    priced = underwriter.post(reverse("underwriting:price", args=[plan.assessment_id]),
                              {"product": str(product.pk)})
    assert priced.status_code == 302
    assert b"C-2" in underwriter.get(priced["Location"]).content
    costs = reverse("underwriting:plan_costs", args=[plan.pk])
    given = insured.post(costs, {"file": SimpleUploadedFile("own.toml", COSTS.encode())},
                         follow=True)
    assert b"own costs count now" in given.content
    budget = insured.get(reverse("underwriting:plan_budget", args=[plan.pk]),
                         {"budget": "200000"})
    assert b"GOV-03" in budget.content and "报价单".encode() in budget.content
    for name in ("underwriter elsewhere", "insured_admin elsewhere"):
        assert bound[name].get(history).status_code == 404
        assert bound[name].get(screening).status_code in (403, 404)
