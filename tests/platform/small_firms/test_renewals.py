"""A policy that ends is quoted anew from kept answers: one alone, and all by a run."""

from __future__ import annotations

from copy import copy
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models.base import ModelState
from django.test import Client
from django.urls import reverse

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import audit
from dinghai_platform.core.actors import system_actor
from dinghai_platform.core.keys import new_key
from dinghai_platform.core.worker import Worker
from dinghai_platform.small_firms.models import Answers, Firm, Policy, Quote, Renewal
from dinghai_platform.small_firms.services import renewals
from dinghai_platform.small_firms.services.firms import price_firm
from dinghai_platform.small_firms.services.policies import pay_premium, run_out
from dinghai_platform.small_firms.services.renewals import (
    bind_renewals,
    renew_policy,
    run_renewals,
)
from tests.platform.small_firms.making import bound, cells, code_of, priced
from tests.platform.story import stand_at

pytestmark = pytest.mark.django_db
DECLARED = {"confirmed_by": "王经理", "channel": "telephone", "explained": True}


def work() -> None:
    """The jobs that wait."""
    Worker().run_until_idle()


def insured(actor: Any, number: int = 1, **more: Any) -> Policy:
    """A policy of a year, paid; from tomorrow on unless said otherwise."""
    return pay_premium(bound(priced(actor, number, **more), actor), reference=f"CMBC-{number}",
                       actor=actor)


def test_one_policy_is_renewed_from_its_kept_answers(underwriter: Any, act_as: Any) -> None:
    policy = insured(underwriter)
    assert policy.expiry == date(2027, 4, 20)
    stand_at("2027-02-01T09:00:00")
    with pytest.raises(Refusal, match="not near its end"):
        renew_policy(policy, actor=underwriter)
    stand_at("2027-03-20T09:00:00")
    with pytest.raises(PermissionDenied):
        renew_policy(policy, actor=act_as("auditor", policy.tenant))
    quote = renew_policy(policy, actor=underwriter)
    assert renew_policy(policy, actor=underwriter).pk == quote.pk
    # the first day is the day after; the answers are those of then, not dated anew
    assert (quote.inception, quote.wanted_plan) == (date(2027, 4, 21), "plus")
    assert quote.answers_id == policy.quote.answers_id
    assert Answers.objects.within(policy.tenant).count() == 1
    assert Firm.objects.within(policy.tenant).get().state == Firm.State.BOUND
    new = bound(quote, underwriter)
    assert (new.inception, new.expiry) == (date(2027, 4, 21), date(2028, 4, 20))
    with pytest.raises(Refusal, match="successor"):
        renew_policy(policy, actor=underwriter)
    pay_premium(new, reference="CMBC-2", actor=underwriter)
    stand_at("2027-04-21T09:00:00")
    assert run_out(actor=system_actor(policy.tenant)) == (0, 1)
    assert Firm.objects.within(policy.tenant).get().state == Firm.State.BOUND


def test_answers_older_than_a_year_are_asked_anew(underwriter: Any) -> None:
    policy = insured(underwriter)
    stand_at("2027-04-20T09:00:00")  # 365 days
    assert renew_policy(policy, actor=underwriter).outcome == "offered"
    late = pay_premium(bound(priced(underwriter, 2, inception=date(2027, 5, 1)), underwriter),
                       reference="C", actor=underwriter)
    stand_at("2028-04-25T09:00:00")  # its answers are 371 days old
    with pytest.raises(Refusal, match="older than a year") as caught:
        renew_policy(late, actor=underwriter)
    assert caught.value.reasons == ("answer the questions anew",)
    again = price_firm(late.firm, actor=underwriter, given=cells(2))
    assert again.inception == date(2028, 5, 1)  # the day after its cover, without being told
    assert bound(again, underwriter).inception == date(2028, 5, 1)


def test_a_run_tells_what_became_of_each(
    underwriter: Any, broker: Any, act_as: Any, client: Client, monkeypatch: Any
) -> None:
    monkeypatch.setattr(renewals, "AT_ONCE", 2)
    old = insured(underwriter, 1, inception=date(2026, 6, 10))  # its answers are of 20 April
    stand_at("2026-05-05T09:00:00")
    first, followed = insured(underwriter, 2), insured(underwriter, 3)
    theirs = pay_premium(bound(priced(broker, 4), broker), reference="C", actor=underwriter)
    stand_at("2027-05-01T09:00:00")
    bound(renew_policy(followed, actor=underwriter), underwriter)
    with pytest.raises(InputError, match="so far ahead"):
        run_renewals(actor=underwriter, days=60)
    with pytest.raises(Refusal, match="ends by then"):
        run_renewals(actor=underwriter, days=3)
    with pytest.raises(PermissionDenied):
        run_renewals(actor=act_as("auditor", old.tenant))
    run = run_renewals(actor=underwriter)
    assert run_renewals(actor=underwriter).pk == run.pk
    stand_at("2027-05-02T00:01:00")  # the run goes on past midnight: it is of its own day
    work()
    run.refresh_from_db()
    assert (run.policies, run.outcomes) == (3, {"offered": 2, "ask": 1})
    rows = {one.policy_id: one for one in Renewal.objects.within(run.tenant)}
    assert set(rows) == {old.pk, first.pk, theirs.pk}
    assert rows[old.pk].why == "the answers are older than a year" and not rows[old.pk].quote_id
    assert rows[first.pk].quote.on == date(2027, 5, 1)
    assert [one.pk for one in Renewal.objects.visible_to(broker)] == [rows[theirs.pk].pk]
    assert audit.verify_chain(run.tenant).holds
    with pytest.raises(Refusal, match="waits for its renewal"):
        run_renewals(actor=broker)  # an offer that can still be taken is not made twice
    with pytest.raises(PermissionDenied):
        bind_renewals(run, None, actor=broker, **DECLARED)
    with pytest.raises(Refusal, match="not explained"):
        bind_renewals(run, None, actor=underwriter, **{**DECLARED, "explained": False})
    bind_renewals(run, None, actor=underwriter, **DECLARED)
    work()
    run.refresh_from_db()
    assert run.binding.result == {"bound": 2, "refused": []}
    assert sorted(Policy.objects.within(run.tenant).filter(
        inception=date(2027, 5, 6)).values_list("firm__credit_code", flat=True)) == [
        code_of(number) for number in (2, 3, 4)]
    client.force_login(underwriter.user)
    text = client.get(reverse("small_firms:renewal", args=[run.pk])).content.decode()
    assert all(one.policy_no in text for one in (old, first, theirs))
    assert client.get(reverse("small_firms:renewals")).status_code == 200


def test_three_hundred_in_one_job(underwriter: Any, django_assert_max_num_queries: Any) -> None:
    """The statements of a run grow with its chunks of twenty, not with its policies."""
    template = insured(underwriter)
    tenant = template.tenant
    firms = [_copied(template.firm, number) for number in range(2, 301)]
    Firm.objects.bulk_create(firms)
    answers = [_copied(template.quote.answers, number, firm=firm)
               for number, firm in enumerate(firms, start=2)]
    Answers.objects.bulk_create(answers)
    quotes = [_copied(template.quote, number, firm=one.firm, answers=one)
              for number, one in enumerate(answers, start=2)]
    Quote.objects.bulk_create(quotes)
    Policy.objects.bulk_create([
        _copied(template, number, firm=one.firm, quote=one)
        for number, one in enumerate(quotes, start=2)])
    stand_at("2027-04-01T09:00:00")
    run = run_renewals(actor=underwriter)
    assert run.policies == 300
    with django_assert_max_num_queries(15 * 40):
        work()
    run.refresh_from_db()
    assert run.outcomes == {"offered": 300} and run.job.state == "done"
    assert Renewal.objects.within(tenant).filter(run=run).count() == 300
    numbers = set(Quote.objects.within(tenant).values_list("number", flat=True))
    assert len(numbers) == 600


def _copied(row: Any, number: int, **changes: Any) -> Any:
    """A row like another, of another firm."""
    made = copy(row)
    made.pk, made._state = new_key(), ModelState()
    for name in ("number", "policy_no"):
        if hasattr(made, name):
            setattr(made, name, f"{getattr(row, name)}-{number}")
    if isinstance(made, Firm):
        made.credit_code = code_of(number)
    for name, value in changes.items():
        setattr(made, name, value)
    return made
