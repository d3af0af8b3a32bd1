"""An underwriter's refusal stands, whichever way the firm comes, until it is looked at again."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core.models import AuditEntry
from dinghai_platform.core.worker import Worker
from dinghai_platform.small_firms import queries
from dinghai_platform.small_firms.models import Firm, Quote
from dinghai_platform.small_firms.services.batches import quote_batch
from dinghai_platform.small_firms.services.firms import price_firm, start_firm
from dinghai_platform.small_firms.services.referrals import approvable_plans, decide_referral
from dinghai_platform.small_firms.services.refusals import ask_again, look_again
from dinghai_platform.small_firms.services.renewals import work_out
from tests.platform.small_firms.making import batch_of, bound, cells, priced, unsure
from tests.platform.story import stand_at

pytestmark = pytest.mark.django_db


@pytest.fixture
def refused(broker: Any, underwriter: Any) -> Quote:
    """A firm that a broker brought, refused by the underwriter."""
    quote = price_firm(start_firm(actor=broker), actor=broker, given=unsure(1))
    return decide_referral(quote, approve=False, reason="资料不足", actor=underwriter)


def test_other_answers_do_not_go_round_it(refused: Quote, broker: Any, underwriter: Any,
                                          own: Any) -> None:
    with pytest.raises(Refusal, match="2026-05-20") as caught:
        price_firm(refused.firm, actor=broker, given=cells(1))
    assert caught.value.reasons == ("资料不足", "ask that it is looked at again")
    renamed = start_firm(actor=broker)  # the same firm on another row, and under another code
    with pytest.raises(Refusal):
        price_firm(refused.firm, actor=broker, given=cells(9))
    for actor, told in ((underwriter, refused.number), (own, "ask your insurer"),
                        (broker, "ask your insurer")):
        row = renamed if actor is broker else start_firm(actor=actor)
        with pytest.raises(Refusal) as elsewhere:
            price_firm(row, actor=actor, given=cells(1))
        assert elsewhere.value.reasons == (told,)
    batch = quote_batch(batch_of(underwriter, [cells(1), cells(2)]), actor=underwriter)
    Worker().run_until_idle()
    batch.refresh_from_db()
    assert (batch.readable, batch.outcomes) == (1, {"offered": 1})
    assert [(one["line"], one["field"]) for one in batch.faults] == [(2, "credit_code")]
    assert Quote.objects.within(refused.tenant).filter(firm__credit_code=cells(1)["credit_code"]
                                                       ).count() == 1
    stand_at("2026-05-21T09:00:00")  # its thirty days are over
    assert price_firm(refused.firm, actor=broker, given=cells(1)).outcome == "offered"


def test_an_offer_made_before_is_not_taken_after_it(broker: Any, underwriter: Any) -> None:
    other = priced(broker, inception=date(2026, 5, 1))
    quote = price_firm(start_firm(actor=broker), actor=broker, given=unsure(1))
    decide_referral(quote, approve=False, reason="资料不足", actor=underwriter)
    with pytest.raises(Refusal, match="priced by an underwriter"):
        bound(other, broker)


@pytest.mark.parametrize("lift", [True, False])
def test_it_is_looked_at_again(refused: Quote, broker: Any, underwriter: Any, own: Any,
                               lift: bool) -> None:
    with pytest.raises(InputError, match="looked at"):
        ask_again(refused, text=" ", actor=broker)
    with pytest.raises(PermissionDenied):
        ask_again(refused, text="已补资料", actor=own)
    asked = ask_again(refused, text="已补资料", actor=broker)
    assert ask_again(asked, text="again", actor=broker).asked_again == "已补资料"
    assert asked.state_code == "firm_quote_again"
    assert list(queries.referrals(underwriter).order_by("decision")) == [asked]
    with pytest.raises(Refusal):  # asking alone opens nothing
        price_firm(refused.firm, actor=broker, given=cells(1))
    with pytest.raises(PermissionDenied):
        look_again(asked, lift=True, reason="好", actor=broker)
    seen = look_again(asked, lift=lift, reason="已看补充资料", actor=underwriter)
    last = AuditEntry.objects.within(seen.tenant).order_by("-sequence")[0]
    assert last.action == f"small_firms.refusal_{'lifted' if lift else 'kept'}"
    assert "资料不足" in last.payload and "已看补充资料" in last.payload
    if not lift:
        with pytest.raises(Refusal, match="already"):
            ask_again(seen, text="再看", actor=broker)
        assert (seen.decision, seen.decision_reason) == ("refused", "已看补充资料")
        with pytest.raises(Refusal, match="2026-05-20"):  # the days do not begin anew
            price_firm(refused.firm, actor=broker, given=cells(1))
        return
    assert Firm.objects.within(seen.tenant).get(pk=seen.firm_id).state == Firm.State.REFERRED
    plan = approvable_plans(seen)[0]
    assert decide_referral(seen, approve=True, plan=plan, reason="可保",
                           actor=underwriter).bindable_plans() == (plan,)
    with pytest.raises(Refusal, match="no refusal"):
        ask_again(seen, text="x", actor=broker)
    assert price_firm(refused.firm, actor=broker, given=cells(1)).outcome == "offered"


def test_a_question_is_answered_after_the_days_as_well(refused: Quote, broker: Any,
                                                       underwriter: Any) -> None:
    asked = ask_again(refused, text="已补资料", actor=broker)
    stand_at("2026-05-21T09:00:00")
    assert look_again(asked, lift=False, reason="仍不足", actor=underwriter).decision == "refused"


def test_a_broker_is_not_told_of_a_refusal_that_came_another_way(
    broker: Any, underwriter: Any
) -> None:
    policy = bound(priced(underwriter, inception=date(2026, 4, 25)), underwriter)
    quote = price_firm(start_firm(actor=broker), actor=broker, given=unsure(1))
    decide_referral(quote, approve=False, reason="资料不足", actor=underwriter)
    [one] = work_out(policy.tenant, [policy], date(2026, 4, 21))
    assert (one.quoted, one.state, one.why) == (
        None, "left", "this firm is priced by an underwriter")
    batch = quote_batch(batch_of(broker, [cells(1), cells(2)]), actor=broker)
    Worker().run_until_idle()
    batch.refresh_from_db()
    assert [one["mend"] for one in batch.faults if one["field"] == "credit_code"] == [
        "ask your insurer, or leave the row out"]
