"""A subsidy of a small firm's premium follows what becomes of its policy."""

from __future__ import annotations

from datetime import date
from typing import Final

from dinghai_platform.core import jobs
from dinghai_platform.core.actors import Actor, system_actor
from dinghai_platform.small_firms.services.changes import Asked, cancel_policy, run_changes
from dinghai_platform.small_firms.services.policies import pay_premium
from dinghai_platform.subsidies.models import Application
from dinghai_platform.subsidies.services.changes import FOLLOW, follow_policies
from dinghai_platform.subsidies.services.payments import pay_grants
from dinghai_platform.subsidies.services.publication import publish_list
from tests.platform.small_firms.making import bound, code_of, on_sale, priced
from tests.platform.story import World, stand_at, work
from tests.platform.subsidies.making import fresh, opened, taken
from tests.platform.subsidies.test_lists import HEAD

PREMIUM: Final = 182_038
GRANTED: Final = 91_019
BACK: Final = 158_597
"""182,038 × 318 / 365 = 158,597.49."""
DUE: Final = 79_299
"""Of the 23,441 that the firm still bears half is 11,720.5, and 11,720 is kept of 91,019."""


def test_a_small_firms_cancelled_policy_takes_its_subsidy_back(
    world: World, clerk: Actor, colleague: Actor
) -> None:
    """By hand, of a premium P of 365 days from 15 May: half of P is granted (to the fen below) and
    paid; cancelled from 1 July, 318 days are left and P × 318 / 365 (half a fen up) goes back, so
    that half of what the firm then still bears is kept and the rest comes back."""
    on_sale(world.insurer)
    underwriter = world.actor("underwriter")
    stand_at("2026-04-20T09:00:00")
    policy = pay_premium(bound(priced(underwriter, inception=date(2026, 5, 15)), underwriter),
                         reference="B1", actor=underwriter)
    premium = policy.gross_premium_fen
    assert premium == PREMIUM
    subsidy = opened(clerk, sectors='["M"]')
    row = (f"L-1,{code_of(1)},{policy.firm.name},{policy.policy_no},{premium / 100:.2f},"
           "2026-04-21 09:00,,,M74,310115\n")
    stand_at("2026-04-21T10:00:00")
    taken(subsidy, "applications", (HEAD + row).encode(), clerk)
    made = Application.objects.within(subsidy.tenant).get()
    assert (made.firm_policy, made.policy, made.insurer) == (policy, None, world.insurer)
    assert (made.state, made.granted_fen) == ("granted", GRANTED)
    publish_list(subsidy, actor=clerk)
    stand_at("2026-05-20T09:00:00")
    assert pay_grants(subsidy, actor=colleague).total_fen == GRANTED
    asked = Asked("停业", "李青", "telephone")
    change = cancel_policy(policy, asked, actor=underwriter, day=date(2026, 7, 1))
    follow_policies(subsidy, actor=clerk)
    assert not fresh(made).cancelled, "its day has not come: it may still be taken back"
    stand_at("2026-07-01T09:00:00")
    run_changes(actor=system_actor(world.insurer))
    jobs.start_job(FOLLOW, {"day": "2026-07-01"}, actor=system_actor(world.insurer),
                   tenant=world.insurer)
    work()
    after = fresh(made)
    assert -change.amount_fen == BACK
    assert (after.cancelled, after.refund_fen, after.due_fen) == (True, BACK, DUE)
    assert not follow_policies(subsidy, actor=clerk).entries, "each is taken once"
