"""The demonstration's small firm: it buys by a link, and its claim is reported there and paid."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest

from dinghai_platform.catalogue.services import install_product, release_product
from dinghai_platform.claims.models import Claim
from dinghai_platform.core.tenancy import crossing_tenants
from dinghai_platform.demo.people import make_cast
from dinghai_platform.demo.small_firm_claim import claim_of_small_firm
from dinghai_platform.demo.small_firms import buy_by_link
from dinghai_platform.demo.story import Story
from dinghai_platform.demo.telling import Teller
from dinghai_platform.ledger.queries import balance_of, verify_books
from dinghai_platform.small_firms.rules import LINK
from tests.platform.small_firms.making import PRODUCT
from tests.platform.story import stand_at

pytestmark = pytest.mark.django_db


def test_the_claim_of_the_firm_by_link_is_paid(tmp_path: Path) -> None:
    """By hand: 80 hours at 200.00 and 19,000.00 are 35,000.00, less the deductible of 2,000.00."""
    stand_at("2026-04-20T08:30:00")
    story = Story(Teller(StringIO(), "zh", tmp_path, quiet=True), tmp_path, make_cast())
    with crossing_tenants("the demonstration plays every part"):
        release_product(install_product(PRODUCT, actor=story.house), actor=story.house)
        policy = buy_by_link(story)
        told = claim_of_small_firm(story)
        claim = Claim.objects.within(story.cast.insurer).get()
        reporter = claim.incident.timeline.get(event="report")
    assert told["claim_paid_fen"] == 3_300_000
    assert (claim.state, claim.contract, reporter.role) == ("paid", policy, LINK)
    insurer = story.cast.insurer
    assert balance_of(insurer, "cash") == policy.gross_premium_fen - 3_300_000
    assert verify_books(insurer).holds
