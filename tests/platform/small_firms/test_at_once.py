"""Many who take one offer at the same moment: one policy, one premium, one cover."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from dinghai_platform.claims.models import Incident
from dinghai_platform.claims.services import report_incident, report_once
from dinghai_platform.core import audit
from dinghai_platform.core.models import Organisation
from dinghai_platform.ledger.queries import balance_of
from dinghai_platform.small_firms.models import Policy
from dinghai_platform.small_firms.services.firms import price_firm
from dinghai_platform.small_firms.services.policies import bind_quote, pay_premium
from tests.platform.small_firms.claiming import DISCOVERED, in_force
from tests.platform.small_firms.making import accepted, cells, code_of, on_sale, priced
from tests.platform.story import at_once, make_world, stand_at

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _standing(settings: Any) -> Iterator[None]:
    settings.DINGHAI_CLOCK = "dinghai_platform.core.clock.StandingClock"
    stand_at("2026-04-20T09:00:00")
    yield
    (settings.DINGHAI_HOME / "clock").unlink(missing_ok=True)


def test_one_offer_is_one_policy_however_many_take_it() -> None:
    world = make_world()
    on_sale(world.insurer)
    actor = world.actor("underwriter")
    quote = priced(actor)
    taken = accepted(quote, "plus")
    essential = accepted(quote, "essential")
    found = at_once(*([lambda: bind_quote(quote, "plus", taken, actor=actor)] * 3),
                    lambda: bind_quote(quote, "essential", essential, actor=actor))
    assert all(isinstance(one, Policy) for one in found), found
    [policy] = Policy.objects.within(world.insurer)
    assert {one.pk for one in found} == {policy.pk}
    assert balance_of(world.insurer, "premium_receivable") == policy.gross_premium_fen

    # The firm's other quote for another first day and the payment of this one at the same moment.
    other = price_firm(quote.firm, actor=actor, given=cells(), inception=date(2026, 5, 1))
    terms = accepted(other, "plus")
    found = at_once(lambda: bind_quote(other, "plus", terms, actor=actor),
                    *([lambda: pay_premium(policy, reference="B-1", actor=actor)] * 2))
    assert sum(isinstance(one, Policy) for one in found) == 1, found
    assert Policy.objects.within(world.insurer).get().state == "in_force"
    assert balance_of(world.insurer, "cash") == policy.gross_premium_fen
    assert audit.verify_chain(world.insurer).holds


def test_two_first_reports_make_the_firm_once() -> None:
    world = make_world()
    on_sale(world.insurer)
    underwriter = world.actor("underwriter")
    policy = in_force(underwriter, underwriter)
    stand_at("2026-06-01T10:00:00")
    handler = world.actor("claims_handler")
    found = at_once(*([lambda: report_incident(
        policy, title="文件被加密", discovered_at=DISCOVERED, actor=handler)] * 3))
    assert all(isinstance(one, Incident) for one in found), found
    assert len({one.insured_id for one in found}) == 1
    assert len({one.number for one in found}) == 3
    assert Organisation.objects.filter(credit_code=code_of(1)).count() == 1
    # The report page takes one notice once, however many taps arrive at the same moment.
    taps = at_once(*([lambda: report_once(
        policy, title="网站打不开", discovered_at=DISCOVERED, actor=handler)] * 3))
    assert len({one.incident.pk for one in taps}) == 1, taps
    assert sorted(one.again for one in taps) == [False, True, True]
    assert audit.verify_chain(world.insurer).holds
