"""Two at the same moment: one plan for both, and no order of locks in which each would wait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.core import clock
from dinghai_platform.core.files import store_file
from dinghai_platform.core.tenancy import crossing_tenants
from dinghai_platform.underwriting.models import Assessment, Case, Dossier, Quote, TreatmentPlan
from dinghai_platform.underwriting.services.assessments import assess_dossier
from dinghai_platform.underwriting.services.cases import reach_step
from dinghai_platform.underwriting.services.dossiers import import_dossier, update_dossier
from dinghai_platform.underwriting.services.quotes import expire_quotes
from dinghai_platform.underwriting.services.treatment import plan_treatment
from tests.platform.story import World, at_once, stand_at
from tests.platform.underwriting.way import issued_quote


@pytest.mark.django_db(transaction=True)
def test_two_who_plan_at_once_get_one_plan(
    dossier: Dossier, product: ProductVersion, world: World
) -> None:
    actor = world.actor("underwriter")
    assessment: Assessment = assess_dossier(dossier, actor=actor)
    found = at_once(*(lambda: plan_treatment(assessment, product, actor=actor)
                      for _ in range(2)))
    assert [type(one) for one in found] == [TreatmentPlan, TreatmentPlan]
    assert found[0] == found[1]
    with crossing_tenants("a look"):
        assert TreatmentPlan.objects.count() == 1


@pytest.mark.postgres
def test_the_chain_is_locked_before_any_row(
    case: Case, dossier: Dossier, product: ProductVersion, world: World, archive: bytes
) -> None:
    """Whoever held a row and waited for the chain would stop whoever holds the chain and waits
    for that row."""
    actor, insured = world.actor("underwriter"), world.actor("insured_admin")
    quote: Quote = issued_quote(dossier, product, world)
    scan = store_file(b"scan", name="scan.json", media_type="application/json", actor=actor,
                      tenant=case.tenant)
    late = clock.today() + timedelta(days=200)

    def expire() -> int:
        stand_at(f"{late}T10:00:00")
        return expire_quotes(actor=actor)

    verbs: dict[str, Callable[[], Any]] = {
        "import": lambda: import_dossier(case, archive + b" ", name="d.zip", actor=insured),
        "re-scan": lambda: update_dossier(dossier, source=scan, actor=actor),
        "step": lambda: reach_step(case, Case.Step.WATCH, actor=actor),
        "expire": expire,
    }
    for name, verb in verbs.items():
        with CaptureQueriesContext(connection) as seen:
            verb()
        locks = [one["sql"] for one in seen if "FOR UPDATE" in one["sql"]]
        assert len(locks) > 1, name
        assert 'FROM "core_auditchain"' in locks[0], (name, locks[0])
    quote.refresh_from_db()
    assert quote.state == "expired"
