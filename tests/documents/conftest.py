"""One bound policy, one decided claim, one assessed and quoted enterprise for all documents."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dinghai.assessment.assess import assess
from dinghai.assessment.dossier import read_dossier
from dinghai.claims.adjudication import adjudicate
from dinghai.evidence.feeds import shipped_kev
from dinghai.pricing.quote import Pricer
from dinghai.pricing.treatment import treatment_plan
from dinghai.wording.products import load_product
from tests.documents.making import make_claim, make_policy

EXAMPLE = Path(__file__).parents[2] / "examples" / "donghai"


@pytest.fixture(scope="session")
def policy() -> dict[str, Any]:
    """A policy document."""
    return make_policy().to_dict()


@pytest.fixture(scope="session")
def decision(policy: dict[str, Any]) -> dict[str, Any]:
    """A decision document."""
    return adjudicate(policy, make_claim())


@pytest.fixture(scope="session")
def enterprise() -> dict[str, Any]:
    """The example enterprise as documents: assessment, findings, plan, quote, product."""
    dossier = read_dossier(EXAMPLE, today=date(2026, 3, 12))
    assessment = assess(dossier, kev=shipped_kev(date(2026, 3, 12)), on=date(2026, 3, 12))
    product = load_product("cyber-comprehensive-standard")
    pricer = Pricer.of(dossier, assessment, product)
    schedule = pricer.schedule(inception=date(2026, 4, 1))
    return {
        "assessment": assessment.to_dict(), "quote": pricer.quote(schedule).to_dict(),
        "plan": treatment_plan(pricer, schedule).to_dict(), "product": product.to_dict(),
        "findings": [finding.to_dict() for finding in dossier.findings],
    }
