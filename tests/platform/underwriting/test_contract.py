"""From an assessment to a policy in force: every verb of the way, and what it refuses."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from dinghai.foundation.errors import InputError, Refusal
from dinghai.wording.explaining import terms_to_explain
from dinghai.wording.policy import explained, read_policy
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.ledger.queries import balance_of, verify_books
from dinghai_platform.underwriting.models import Case, Dossier, Policy, Quote
from dinghai_platform.underwriting.services import papers as papers_of_policies
from dinghai_platform.underwriting.services.assessments import assess_dossier
from dinghai_platform.underwriting.services.contracts import bind_policy, pay_premium
from dinghai_platform.underwriting.services.explanations import (
    record_explanations,
    terms_of,
    waive_explanations,
)
from dinghai_platform.underwriting.services.papers import make_policy_papers, make_quotation_slip
from dinghai_platform.underwriting.services.quotes import (
    accept_quote,
    approve_quote,
    expire_quotes,
    issue_quote,
    price_quote,
    refer_quote,
    reject_quote,
)
from dinghai_platform.underwriting.views.cases import _steps
from tests.platform.story import HALF_PAST_MIDNIGHT, World, dated, stand_at

INCEPTION = date(2026, 4, 1)


@pytest.fixture
def quote(dossier: Dossier, product: ProductVersion, world: World) -> Quote:
    assessment = assess_dossier(dossier, actor=world.actor("underwriter"))
    return price_quote(
        assessment, product, actor=world.actor("underwriter"), inception=INCEPTION
    )


@pytest.fixture
def issued(quote: Quote, world: World) -> Quote:
    approved = approve_quote(quote, actor=world.actor("underwriter"))
    return issue_quote(approved, actor=world.actor("underwriter"))


@pytest.fixture
def accepted(issued: Quote, world: World) -> Quote:
    keys = [term.key for term in terms_of(issued)]
    record_explanations(issued, keys, actor=world.actor("insured_admin"))
    return accept_quote(issued, actor=world.actor("insured_admin"))


def test_it_works(accepted: Quote, world: World) -> None:
    policy = bind_policy(accepted, actor=world.actor("underwriter"))
    assert policy.state == "premium_due"
    assert balance_of(world.insurer, "premium_receivable") == policy.gross_premium_fen
    policy = pay_premium(policy, reference="B-1", actor=world.actor("underwriter"))
    assert policy.state == "in_force"
    assert balance_of(world.insurer, "premium_receivable") == 0
    assert balance_of(world.insurer, "cash") == policy.gross_premium_fen
    assert balance_of(world.insurer, "vat_payable") == policy.vat_fen
    assert verify_books(world.insurer).holds
    contract = read_policy(policy.document)
    assert all(explained(contract, term.key, term.duty) for term in terms_to_explain(contract))
    case = Case.objects.within(world.insurer).get(pk=policy.case_id)
    assert case.step == Case.Step.WATCH


def test_a_quote_adds_up(quote: Quote) -> None:
    assert quote.gross_fen == quote.charged_fen + quote.vat_fen
    assert sum(quote.document["by_section_fen"].values()) == quote.expected_loss_fen


def test_binding_again_answers_the_policy(accepted: Quote, world: World) -> None:
    first = bind_policy(accepted, actor=world.actor("underwriter"))
    assert bind_policy(accepted, actor=world.actor("underwriter")).pk == first.pk
    assert Policy.objects.within(world.insurer).count() == 1


def test_an_unexplained_term_stops_acceptance(issued: Quote, world: World) -> None:
    keys = [term.key for term in terms_of(issued)]
    record_explanations(issued, keys[1:], actor=world.actor("insured_admin"))
    with pytest.raises(Refusal) as refused:
        accept_quote(issued, actor=world.actor("insured_admin"))
    assert refused.value.reasons == (keys[0],)


def test_a_waived_term_does_not_apply(issued: Quote, world: World) -> None:
    keys = [term.key for term in terms_of(issued)]
    record_explanations(issued, keys[1:], actor=world.actor("insured_admin"))
    waive_explanations(
        issued, keys[:1], reason="未说明", actor=world.actor("chief_underwriter")
    )
    accepted = accept_quote(issued, actor=world.actor("insured_admin"))
    policy = bind_policy(accepted, actor=world.actor("underwriter"))
    contract = read_policy(policy.document)
    duty = {term.key: term.duty for term in terms_to_explain(contract)}
    assert not explained(contract, keys[0], duty[keys[0]])
    assert explained(contract, keys[1], duty[keys[1]])


def test_the_underwriter_may_not_waive(issued: Quote, world: World) -> None:
    with pytest.raises(PermissionDenied):
        waive_explanations(issued, [], reason="x", actor=world.actor("underwriter"))


def test_explanations_are_recorded_once(issued: Quote, world: World) -> None:
    keys = [term.key for term in terms_of(issued)][:2]
    actor = world.actor("insured_admin")
    assert len(record_explanations(issued, keys, actor=actor)) == 2
    assert len(record_explanations(issued, keys, actor=actor)) == 0
    with pytest.raises(InputError, match="no term"):
        record_explanations(issued, ["EX-NONE"], actor=actor)


def test_the_insurer_names_who_confirmed(issued: Quote, world: World) -> None:
    key = terms_of(issued)[0].key
    with pytest.raises(InputError, match="who confirmed"):
        record_explanations(issued, [key], actor=world.actor("underwriter"))
    rows = record_explanations(
        issued, [key], actor=world.actor("underwriter"), channel="on paper",
        confirmed_name="王海",
    )
    assert rows[0].confirmed_name == "王海"


@pytest.mark.parametrize("verb", [issue_quote, accept_quote, bind_policy])
def test_a_priced_quote_goes_no_further_by_itself(
    quote: Quote, world: World, verb: object
) -> None:
    role = "insured_admin" if verb is accept_quote else "underwriter"
    with pytest.raises(Refusal):
        verb(quote, actor=world.actor(role))  # type: ignore[operator]


def test_a_large_limit_needs_a_higher_authority(
    dossier: Dossier, product: ProductVersion, world: World
) -> None:
    assessment = assess_dossier(dossier, actor=world.actor("underwriter"))
    underwriter, chief = world.actor("underwriter"), world.actor("chief_underwriter")
    quote = price_quote(
        assessment, product, actor=underwriter, inception=INCEPTION, limit_fen=5_000_000_000
    )
    assert "limit_above_authority" in quote.document["reasons"]
    with pytest.raises(Refusal, match="refer"):
        approve_quote(quote, actor=underwriter)
    quote = refer_quote(quote, reason="above my limit", actor=underwriter)
    with pytest.raises(PermissionDenied):
        approve_quote(quote, actor=underwriter)
    assert approve_quote(quote, actor=chief).state == "approved"


def test_an_offer_expires(issued: Quote, world: World) -> None:
    stand_at("2026-06-01T09:00:00")
    with pytest.raises(Refusal, match="valid until"):
        accept_quote(issued, actor=world.actor("insured_admin"))
    assert expire_quotes(actor=world.system) == 1


def test_an_offer_is_rejected(issued: Quote, world: World) -> None:
    assert reject_quote(issued, reason="too dear", actor=world.actor("insured_admin")).state == (
        "rejected"
    )


def test_cover_does_not_start_unpaid(accepted: Quote, world: World) -> None:
    policy = bind_policy(accepted, actor=world.actor("underwriter"))
    with pytest.raises(InputError, match="reference"):
        pay_premium(policy, reference=" ", actor=world.actor("underwriter"))
    stand_at("2026-04-02T09:00:00")
    with pytest.raises(Refusal, match="unpaid"):
        pay_premium(policy, reference="B-1", actor=world.actor("underwriter"))


def test_the_insured_does_not_confirm_its_own_payment(accepted: Quote, world: World) -> None:
    policy = bind_policy(accepted, actor=world.actor("underwriter"))
    with pytest.raises(PermissionDenied):
        pay_premium(policy, reference="B-1", actor=world.actor("insured_finance"))


def test_charging_outside_the_filing_is_refused(
    quote: Quote, product: ProductVersion, world: World
) -> None:
    product.filed_factor_minimum_ppm = product.filed_factor_maximum_ppm = 900_000
    product.save()
    approved = approve_quote(quote, actor=world.actor("underwriter"))
    with pytest.raises(Refusal, match="报行合一"):
        issue_quote(approved, actor=world.actor("underwriter"))


def test_a_foreign_insurer_may_nothing(quote: Quote, world: World) -> None:
    foreign = world.actor("chief_underwriter", world.other_insurer)
    for verb in (approve_quote, issue_quote, bind_policy):
        with pytest.raises(PermissionDenied):
            verb(quote, actor=foreign)


def test_papers_are_made_once(
    accepted: Quote, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = dated(monkeypatch, papers_of_policies, "render_policy_schedule",
                 "render_clause_booklet", "render_explanation_checklist")
    underwriter = world.actor("underwriter")
    policy = bind_policy(accepted, actor=underwriter)
    policy.bound_at = HALF_PAST_MIDNIGHT
    slips = make_quotation_slip(accepted, actor=underwriter, languages=("zh",))
    days.clear()
    papers = make_policy_papers(policy, actor=underwriter, languages=("zh",))
    assert days == [date(2026, 4, 21)] * 3
    again = make_policy_papers(policy, actor=underwriter, languages=("zh",))
    assert [paper.pk for paper in papers] == [paper.pk for paper in again]
    assert {paper.kind for paper in papers} == {"schedule", "booklet", "explanations"}
    assert all(paper.file.size > 1_000 for paper in (*papers, *slips))


def test_the_step_of_the_plan_bears_the_day_in_shanghai() -> None:
    plan = SimpleNamespace(pk=uuid4(), planned_at=HALF_PAST_MIDNIGHT)
    steps = _steps(Case(step=2), {"assessments": [], "plans": [plan], "policies": [],
                                  "quotes": []})
    assert [one["text"] for one in steps if one["text"]] == ["2026-04-21"]
