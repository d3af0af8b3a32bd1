"""Many firms at once: faults by row before anything is written, quotes, policies, monthly pages."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from dinghai.foundation.errors import InputError, Refusal
from dinghai.schemes.small_firm_batch import FirmTerms, quote_firms
from dinghai.schemes.small_firm_file import firms_of_bytes
from dinghai.schemes.small_firm_plans import shipped_plans
from dinghai_platform.core import audit, jobs
from dinghai_platform.core.files import read_file
from dinghai_platform.core.models import AuditEntry, Relation
from dinghai_platform.core.worker import Worker
from dinghai_platform.ledger.queries import balance_of
from dinghai_platform.small_firms import batching
from dinghai_platform.small_firms.models import Answers, Batch, Firm, Month, MonthRun, Policy, Quote
from dinghai_platform.small_firms.services.batches import (
    bind_batch,
    bindable,
    cancel_batch,
    quote_batch,
    take_batch,
)
from dinghai_platform.small_firms.services.firms import price_firm
from dinghai_platform.small_firms.services.months import month_of, run_months
from dinghai_platform.small_firms.services.referrals import approvable_plans, decide_referral
from tests.platform.conftest import make_organisation
from tests.platform.small_firms.making import (
    batch_of,
    cells,
    code_of,
    file_of,
    firm_named,
    unsure,
)
from tests.platform.story import stand_at

pytestmark = pytest.mark.django_db


def rows() -> list[dict[str, str]]:
    """Six firms: offered, reduced, refused, one with faults, one too large, one of which little is
    known."""
    return [cells(1), cells(2, "partly"), cells(3, "no"), cells(4, credit_code="X", revenue=""),
            cells(5, employees="5000"),
            unsure(6)]


def work() -> None:
    """The jobs that wait."""
    Worker().run_until_idle()


def quoted(actor: Any, given: list[dict[str, str]], **options: Any) -> Batch:
    """A batch through its first job."""
    batch = quote_batch(batch_of(actor, given, **options), actor=actor)
    work()
    batch.refresh_from_db()
    return batch


def take(batch: Batch, chosen: Any, actor: Any, **more: Any) -> Batch:
    """Bind offers of a batch."""
    made = bind_batch(batch, chosen, actor=actor, **{
        "confirmed_by": "王经理", "channel": "in_person", "explained": True, **more})
    work()
    made.refresh_from_db()
    return made


def test_a_dry_run_writes_nothing_and_names_every_fault(underwriter: Any) -> None:
    batch = batch_of(underwriter, rows())
    assert (batch.rows, batch.readable, batch.rejected_rows) == (6, 5, 1)
    assert [(one["line"], one["field"]) for one in batch.faults] == [
        (5, "credit_code"), (5, "revenue(万元)")]
    assert all(one["mend"] for one in batch.faults)
    for model in (Firm, Answers, Quote):
        assert not model.objects.within(underwriter.tenant).exists()
    assert batch_of(underwriter, rows()).pk == batch.pk
    with pytest.raises(Refusal, match="all or none"):
        quote_batch(batch, actor=underwriter, all_or_nothing=True)
    with pytest.raises(InputError):
        take_batch(b"nothing", name="x.csv", actor=underwriter)
    with pytest.raises(InputError):
        batch_of(underwriter, [cells(4, credit_code="X")])


def test_a_batch_is_quoted_as_the_engine_quotes_it(underwriter: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(batching, "QUOTED_AT_ONCE", 2)
    batch = quoted(underwriter, rows())
    file = firms_of_bytes(file_of(rows()), "firms.csv", shipped_plans(), on=date(2026, 4, 20))
    engine = quote_firms(file, FirmTerms(shipped_plans(), date(2026, 4, 20), date(2026, 4, 21)))
    kept = list(Quote.objects.within(batch.tenant).filter(batch=batch).order_by("line"))
    assert [one.document for one in kept] == [one.to_dict() for one in engine.quotes]
    assert [one.number[-6:] for one in kept] == [f"{one:06}" for one in range(1, 6)]
    assert (batch.state, batch.outcomes) == ("quoted", engine.outcomes)
    assert batch.answering == engine.to_dict()["answering"]
    assert firm_named(batch.tenant, 5).state == "standard_product"
    assert quote_batch(batch, actor=underwriter).pk == batch.pk
    work()
    assert Quote.objects.within(batch.tenant).count() == 5
    assert audit.verify_chain(batch.tenant).holds


def test_statements_do_not_grow_with_the_chunk(underwriter: Any,
                                               django_assert_max_num_queries: Any) -> None:
    batch = quote_batch(batch_of(underwriter, [cells(one) for one in range(1, 13)]),
                        actor=underwriter)
    with django_assert_max_num_queries(75):
        work()
    assert Quote.objects.within(batch.tenant).count() == 12


def test_a_job_that_stopped_goes_on(underwriter: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(batching, "QUOTED_AT_ONCE", 2)
    batch = quote_batch(batch_of(underwriter, [cells(one) for one in range(1, 6)]),
                        actor=underwriter)
    step, calls = batching._keep, []

    def breaks(*given: Any) -> None:
        calls.append(1)
        step(*given)
        if len(calls) == 2:
            raise InputError("the power went")

    monkeypatch.setattr(batching, "_keep", breaks)
    work()
    batch.refresh_from_db()
    assert (batch.job.state, batch.state_code) == ("failed", "failed")
    assert Quote.objects.within(batch.tenant).count() == 2
    quote_batch(batch, actor=underwriter)
    work()
    batch.refresh_from_db()
    assert batch.state == "quoted"
    assert Quote.objects.within(batch.tenant).count() == 5
    assert Firm.objects.within(batch.tenant).count() == 5


def test_the_offered_are_bound_once(underwriter: Any) -> None:
    batch = quoted(underwriter, rows())
    with pytest.raises(Refusal, match="not explained"):
        take(batch, None, underwriter, explained=False)
    with pytest.raises(InputError, match="chosen"):
        take(batch, [], underwriter)
    first = bindable(batch).first()
    batch = take(batch, [first.pk], underwriter)
    assert batch.binding.result == {"bound": 1, "refused": []}
    batch = take(batch, None, underwriter)
    policies = list(Policy.objects.within(batch.tenant).order_by("id"))
    assert [one.firm.credit_code for one in policies] == [code_of(1), code_of(2)]
    assert len({one.policy_no for one in policies}) == 2
    assert balance_of(batch.tenant, "premium_receivable") == sum(
        one.gross_premium_fen for one in policies)
    with pytest.raises(InputError, match="chosen"):
        take(batch, None, underwriter)


def test_what_cannot_be_bound_any_more_stops_nobody(underwriter: Any) -> None:
    batch = quoted(underwriter, [cells(1), cells(2)])
    price_firm(firm_named(batch.tenant, 1), actor=underwriter, given=cells(1, **{"BCR-02": "no"}))
    batch = take(batch, None, underwriter)
    assert batch.binding.result["bound"] == 1
    assert [one["why"] for one in batch.binding.result["refused"]] == [
        "a later quote stands in the place of this one"]


def test_the_same_firms_next_month_are_the_same_firms(underwriter: Any) -> None:
    Relation.objects.create(tenant=underwriter.tenant, organisation=make_organisation(
        "insured", "甲", credit_code=code_of(1)))
    quoted(underwriter, [cells(1), cells(2)])
    stand_at("2026-05-20T09:00:00")
    quoted(underwriter, [cells(1, **{"BCR-02": "no"}), cells(2), cells(7)])
    assert Firm.objects.within(underwriter.tenant).count() == 3
    one = firm_named(underwriter.tenant, 1)
    assert one.quotes.count() == 2 and one.insured.name_zh == "甲"
    month = month_of(one, actor=underwriter)
    assert [(found["indicator"], found["to_ppm"]) for found in month.document["changes"]] == [
        ("BCR-02", 0)]
    assert month.moved_ppm < 0 and month.document["before_on"] == "2026-04-20"
    assert month_of(one, actor=underwriter).pk == month.pk


def test_giving_up(underwriter: Any) -> None:
    batch = quote_batch(batch_of(underwriter, [cells(1)]), actor=underwriter)
    batch = cancel_batch(batch, actor=underwriter)
    work()
    assert not Quote.objects.within(batch.tenant).exists()
    with pytest.raises(Refusal, match="given up"):
        quote_batch(batch, actor=underwriter)
    assert batch_of(underwriter, [cells(1)]).pk != batch.pk


def test_a_broker_has_its_own_batches(broker: Any, underwriter: Any, act_as: Any,
                                      other_insurer: Any) -> None:
    batch = quoted(broker, [cells(1)])
    assert batch.broker_id == broker.organisation.pk
    batch = take(batch, None, broker)
    assert batch.binding.result["bound"] == 1
    assert Policy.objects.visible_to(broker).count() == 1
    inside = quoted(underwriter, [cells(2)])
    assert set(Batch.objects.visible_to(broker)) == {batch}
    for actor in (broker, act_as("underwriter", other_insurer), act_as("auditor", inside.tenant)):
        with pytest.raises(PermissionDenied):
            quote_batch(inside, actor=actor)
    assert AuditEntry.objects.within(batch.tenant).filter(role="broker").exists()


def test_a_referred_firm_goes_to_an_underwriter(underwriter: Any, broker: Any, act_as: Any) -> None:
    batch = quoted(broker, [unsure(1)])
    quote = Quote.objects.within(batch.tenant).get()
    assert quote.outcome == "referred", quote.document["reasons"]
    assert quote.bindable_plans() == ()
    plan = approvable_plans(quote)[0]
    with pytest.raises(PermissionDenied):
        decide_referral(quote, approve=True, plan=plan, reason="好", actor=broker)
    with pytest.raises(InputError, match="reason"):
        decide_referral(quote, approve=True, plan=plan, reason=" ", actor=underwriter)
    with pytest.raises(InputError, match="plan"):
        decide_referral(quote, approve=True, plan="none", reason="好", actor=underwriter)
    decided = decide_referral(quote, approve=True, plan=plan, reason="已电话核实",
                              actor=underwriter)
    assert decided.bindable_plans() == (plan,)
    with pytest.raises(Refusal, match="wait"):
        decide_referral(quote, approve=False, reason="不", actor=underwriter)
    assert take(batch, None, broker).binding.result["bound"] == 1
    mine = quoted(underwriter, [unsure(2)])
    alone = price_firm(firm_named(mine.tenant, 2), actor=underwriter, inception=date(2026, 5, 2))
    with pytest.raises(Refusal, match="later quote"):
        decide_referral(mine.quotes.get(), approve=False, reason="不", actor=underwriter)
    with pytest.raises(PermissionDenied):
        decide_referral(alone, approve=False, reason="不", actor=underwriter)
    colleague = act_as("chief_underwriter", mine.tenant)
    decide_referral(alone, approve=False, reason="资料不足", actor=colleague)
    assert firm_named(mine.tenant, 2).state == Firm.State.DECLINED


def test_monthly_pages_of_all_in_one_archive(underwriter: Any) -> None:
    quoted(underwriter, [cells(1), cells(2, "partly")])
    run = run_months(actor=underwriter)
    assert run_months(actor=underwriter).pk == run.pk
    stand_at("2026-05-01T00:01:00")  # it is worked on in the next month, and is of its own day
    work()
    assert set(Month.objects.within(underwriter.tenant).values_list("on", flat=True)) == {
        date(2026, 4, 20)}
    stand_at("2026-04-20T18:00:00")
    run = MonthRun.objects.within(underwriter.tenant).select_related("archive").get()
    assert (run.pages, run.faults, run.state_code) == (2, [], "done")
    with zipfile.ZipFile(io.BytesIO(read_file(run.archive))) as archive:
        names = archive.namelist()
        assert len(names) == 2 and all(archive.read(one).startswith(b"%PDF") for one in names)
    assert Month.objects.within(underwriter.tenant).count() == 2
    again = run_months(actor=underwriter)
    work()
    assert again.pk != run.pk and Month.objects.within(underwriter.tenant).count() == 2
    assert jobs.job_state(again.job)["total"] == 3
