"""One claim from its first step to its payment, and what is refused on the way."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.utils import translation

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import audit
from dinghai_platform.core.actors import system_actor
from dinghai_platform.core.models import AuditEntry, Membership, StoredFile
from dinghai_platform.ledger.models import JournalEntry, Posting
from dinghai_platform.resident_claims import queries
from dinghai_platform.resident_claims.decision_view import pay_by, view_of
from dinghai_platform.resident_claims.faults import fault_words
from dinghai_platform.resident_claims.models import Claim, ClaimSetting, Decision, Payment
from dinghai_platform.resident_claims.services import filing, objections, recoveries, reveal
from dinghai_platform.resident_claims.services.deciding import (
    approve_claim,
    ask_papers,
    decide_by_hand,
    decide_claim,
    send_back,
)
from dinghai_platform.resident_claims.services.paying import pay_claim
from dinghai_platform.resident_claims.services.settings import set_scheme
from tests.platform.resident_claims.conftest import PDF, WORDS, changed, decided, made
from tests.platform.residents.conftest import row
from tests.platform.story import stand_at

pytestmark = pytest.mark.django_db


def test_a40_is_decided_straight_through_and_paid_once(certificates, people, insurer):
    claim = decided(made(certificates[0]))
    assert (claim.state, claim.outcome, claim.pay_fen) == ("approved", "pay", 2_240_000)
    lines = claim.decisions.get().document["row"]
    assert {name: lines[name] for name in (
        "loss_fen", "recovered_fen", "deductible_fen", "own_share_fen", "terms_fen")} == {
        "loss_fen": 4_000_000, "recovered_fen": 500_000, "deductible_fen": 300_000,
        "own_share_fen": 960_000, "terms_fen": 2_240_000}
    first = pay_claim(claim, actor=people["claims_payment"])
    again = pay_claim(claim, actor=people["claims_payment"])
    assert first.pk == again.pk and first.amount_fen == 2_240_000
    claim.refresh_from_db()
    assert (claim.state, claim.paid_fen) == ("paid", 2_240_000)
    entry = JournalEntry.objects.within(insurer).get(narrative_code="resident_claims.paid")
    assert sorted(Posting.objects.within(insurer).filter(entry=entry).values_list(
        "account__key", "side", "amount_fen")) == [
        ("cash", "credit", 2_240_000), ("claims_paid", "debit", 2_240_000)]
    assert first.limitation_day == date(2030, 6, 1) and "46" in first.law
    assert audit.verify_chain(insurer).holds


@pytest.mark.parametrize(("tongue", "named"), [
    ("zh-hans", "已获追偿或返还"), ("en", "Recovered already")])
def test_what_the_insurer_may_prove_stands_by_its_name(certificates, tongue, named):
    claim = decided(made(certificates[0], facts={"recovered": None}))
    with translation.override(tongue):
        view = view_of(claim.decisions.latest("sequence"), claim.scheme.terms().product)
    assert named in view.to_prove and "item." not in view.to_prove


def test_the_wait_of_thirty_days_has_a_last_day(certificates):
    stand_at("2027-03-20T09:00:00")
    claim = decided(made(certificates[0]))
    assert (claim.state, claim.wait_until, claim.expected_fen) == (
        "waiting", date(2027, 4, 1), 2_240_000)
    with pytest.raises(Refusal, match="wait is not over"):
        decide_by_hand(claim, pay=True, reason="急", actor=handler_of(claim))
    stand_at("2027-04-01T09:00:00")
    assert decided(claim).state == "approved"


def handler_of(claim):
    """Some handler of the claim's insurer."""
    from dinghai_platform.core.actors import actor_of_membership
    from tests.platform.conftest import make_member

    return actor_of_membership(make_member(claim.tenant, "claims_handler"))


def test_papers_are_asked_for_once_and_then_a_person_looks(certificates, people):
    claim = decided(made(certificates[0], papers=("police_notice",)))
    assert claim.state == "asked" and claim.asked_on == date(2027, 6, 1)
    asked = claim.decisions.get().document["requests"]
    assert [one["what"] for one in asked if one["holds_back"]] == ["bank_or_payment_statements"]
    with pytest.raises(Refusal, match="once"):
        ask_papers(claim, actor=people["claims_handler"])
    assert decided(claim).state == "referred"


def test_what_was_asked_for_comes_and_it_is_paid(certificates):
    claim = decided(made(certificates[0], papers=("police_notice",)))
    house = system_actor(claim.tenant)
    filing.add_paper(claim, kind="bank_records", content=PDF, actor=house)
    claim = filing.submit_claim(claim, declared=True, actor=house)
    assert decided(claim).state == "approved"


def test_a_shared_device_refers_and_never_refuses(certificates, people):
    claims = [decided(made(one, device="one phone")) for one in certificates[:3]]
    assert [one.state for one in claims] == ["approved", "approved", "referred"]
    assert claims[2].flagged
    reasons = claims[2].decisions.get().document["reasons"]
    assert [one["code"] for one in reasons] == ["SHARED-DEVICE"]
    assert reasons[0]["innocent_zh"]
    by_hand = decide_by_hand(claims[2], pay=True, reason="社区工作人员代为提交",
                             actor=people["claims_handler"])
    assert (by_hand.state, by_hand.pay_fen) == ("approved", 2_240_000)
    assert by_hand.decisions.last().by_hand


def test_above_the_amount_a_second_person_approves_and_a_third_pays(certificates, people):
    claim = decided(made(certificates[0], facts={"loss": 6_000_000, "recovered": 0}))
    assert (claim.state, claim.pay_fen) == ("proposed", 3_990_000)
    with pytest.raises(Refusal, match="nothing is to be paid"):
        pay_claim(claim, actor=people["claims_payment"])
    claim = send_back(claim, reason="再看流水", actor=people["claims_approver"])
    claim = decide_by_hand(claim, pay=True, reason="核对无误", actor=people["claims_approver"])
    assert claim.state == "proposed"
    with pytest.raises(Refusal, match="whoever decided"):
        approve_claim(claim, actor=people["claims_approver"])
    with pytest.raises(PermissionDenied):
        approve_claim(claim, actor=people["claims_handler"])
    from dinghai_platform.core.actors import actor_of_membership
    from tests.platform.conftest import make_member

    other = actor_of_membership(make_member(claim.tenant, "claims_approver"))
    assert approve_claim(claim, actor=other).state == "approved"
    assert pay_claim(claim, actor=people["claims_payment"]).amount_fen == 3_990_000


def test_who_stated_the_facts_neither_approves_nor_pays(certificates, people, act_as, insurer):
    approver, payer = people["claims_approver"], people["claims_payment"]
    claim = made(certificates[0], facts={"loss": 6_000_000, "recovered": 0})
    filing.edit_facts(claim, facts={"family": 0}, reason="询问", actor=approver)
    recoveries.report_recovery(claim, amount_fen=100, returned_on=date(2027, 5, 1), actor=payer)
    claim = decided(claim)
    assert claim.state == "proposed"
    with pytest.raises(Refusal, match="stated the facts"):
        approve_claim(claim, actor=approver)
    from dinghai_platform.core.actors import actor_of_membership
    from tests.platform.conftest import make_member

    others = [actor_of_membership(make_member(insurer, role)) for role in (
        "claims_approver", "claims_payment")]
    claim = approve_claim(claim, actor=others[0])
    with pytest.raises(Refusal, match="stated the facts"):
        pay_claim(claim, actor=payer)
    assert pay_claim(claim, actor=others[1]).amount_fen == 3_989_930


def test_one_certificate_never_pays_more_than_its_sum_insured(certificates, people):
    big = {"loss": 9_000_000, "recovered": 0}
    first = decided(made(certificates[0], facts=big))
    second = decided(made(certificates[0], facts={**big, "loss_day": date(2027, 3, 2)}))
    assert first.pay_fen == 5_000_000
    assert (second.outcome, second.pay_fen, second.state) == ("nothing_due", 0, "refused")


def test_recoveries_before_payment_lower_the_loss(certificates):
    claim = decided(made(certificates[0]))
    house = system_actor(claim.tenant)
    assert recoveries.report_recovery(
        claim, amount_fen=1_000_000, returned_on=date(2027, 5, 1), actor=house) is None
    claim.refresh_from_db()
    assert claim.state == "submitted"
    assert decided(claim).pay_fen == (4_000_000 - 1_500_000 - 300_000) * 7 // 10


@pytest.mark.parametrize("is_paid", [False, True])
def test_money_back_that_is_stated_twice_counts_once(certificates, people, is_paid):
    claim = decided(made(certificates[0]))
    if is_paid:
        pay_claim(claim, actor=people["claims_payment"])

    def said(**how):
        recoveries.report_recovery(claim, amount_fen=1_000, returned_on=date(2027, 5, 1),
                                   actor=system_actor(claim.tenant), **how)
        claim.refresh_from_db()
        return sum(claim.recoveries.values_list("amount_fen", flat=True)) if is_paid else (
            claim.facts["recovered"] - 500_000)

    assert [said(key="a"), said(key="a"), said()] == [1_000] * 3
    with pytest.raises(InputError, match="reported already"):
        said(key="b")
    assert [said(key="b", another=True), said(key="b", another=True)] == [2_000] * 2
    assert claim.statements.count() == 2
    with pytest.raises(InputError, match="another amount or day"):  # a form that was gone back to
        recoveries.report_recovery(claim, amount_fen=2_000, returned_on=date(2027, 5, 1), key="a",
                                   actor=system_actor(claim.tenant))
    if is_paid:
        claim.recoveries.update(state="dropped")
        with pytest.raises(InputError, match="sent already"):  # it would count nothing
            said(key="a")


def test_no_determination_passes_what_is_still_lost(certificates, people, insurer):
    """35,000 are without cover, 22,400 of it is paid; not explained, the terms give 35,000."""
    claims = [decided(made(one)) for one in certificates[:2]]
    ClaimSetting.objects.within(insurer).update(terms_explained=False)
    house = system_actor(insurer)
    for claim in claims:
        pay_claim(claim, actor=people["claims_payment"])
    Claim.objects.within(insurer).update(state="submitted")
    one, other = claims
    recoveries.report_recovery(one, amount_fen=1_500_000, returned_on=date(2027, 5, 1), actor=house)
    one = decided(one)  # 35,000 less the 12,600 that the insured has of the 15,000
    assert (one.state, one.pay_fen, one.paid_fen) == ("paid", 2_240_000, 2_240_000)
    assert one.decisions.order_by("-sequence")[0].document["capped"] == {
        "still_lost_fen": 2_240_000, "pay_fen": 2_240_000}
    other = decided(other)
    assert (other.state, other.pay_fen) == ("proposed", 3_500_000)
    recoveries.report_recovery(other, amount_fen=1_000_000, returned_on=date(2027, 5, 1),
                               actor=house)
    other.refresh_from_db()
    assert other.state == "referred"
    other = decide_by_hand(other, pay=True, reason="已追回部分", actor=people["claims_handler"])
    assert other.pay_fen == 2_500_000
    pay_claim(approve_claim(other, actor=people["claims_approver"]),
              actor=people["claims_payment"])

    def rights():
        return sorted((row.amount_fen, row.right_fen) for row in queries.recourse(
            people["claims_handler"]).filter(claim=other))

    assert rights() == [(260_000, 260_000), (2_240_000, 2_240_000)]  # 25,000 in two payments
    for amount, left in ((100_000, [(260_000, 260_000), (2_240_000, 2_140_000)]),
                         (2_200_000, [(260_000, 200_000), (2_240_000, 0)])):
        recoveries.report_recovery(other, amount_fen=amount, returned_on=date(2027, 5, 2),
                                   actor=house)
        assert rights() == left


def test_recoveries_after_payment_are_shared_by_the_engine(certificates, people, insurer):
    claim = decided(made(certificates[0]))
    pay_claim(claim, actor=people["claims_payment"])
    house = system_actor(insurer)
    first = recoveries.report_recovery(claim, amount_fen=1_000_000, returned_on=date(2027, 5, 1),
                                       actor=house)
    again = recoveries.report_recovery(claim, amount_fen=1_000_000, returned_on=date(2027, 5, 1),
                                       actor=house)
    assert first.pk == again.pk and (first.insured_fen, first.insurer_fen) == (1_000_000, 0)
    second = recoveries.report_recovery(claim, amount_fen=1_000_000, returned_on=date(2027, 5, 2),
                                        actor=house)
    assert (second.insured_fen, second.insurer_fen) == (260_000, 740_000)
    with pytest.raises(Refusal, match="rest on this one"):
        recoveries.drop_recovery(first, actor=people["claims_handler"])
    for _ in range(2):
        got = recoveries.receive_recovery(second, reference="B-1", actor=people["claims_payment"])
    assert got.state == "received"
    assert JournalEntry.objects.within(insurer).get(
        narrative_code="resident_claims.recovered").total_fen == 740_000


def test_an_objection_is_answered_by_somebody_else(certificates, people):
    claim = made(certificates[0])
    claim = decide_by_hand(claim, pay=False, reason="转账说明不符", actor=people["claims_handler"])
    assert claim.state == "refused"
    house = system_actor(claim.tenant)
    objection = objections.object_to(claim, text="流水在附件里", actor=house)
    assert objections.object_to(claim, text="again", actor=house).pk == objection.pk
    others = Membership.objects.filter(organisation=claim.tenant, role="claims_approver")
    for is_there, mend in ((False, "nobody else here may: have the role given to somebody who had "
                                   "no part in it"), (True, "ask a colleague")):
        others.update(is_active=is_there)
        with pytest.raises(Refusal, match="no part") as refused:
            objections.answer_objection(objection, upheld=True, answer="是",
                                        actor=people["claims_handler"])
        assert refused.value.reasons == (mend,)
    answered = objections.answer_objection(objection, upheld=True, answer="已核对流水",
                                           actor=people["claims_approver"])
    assert objections.words_of(answered) == ("流水在附件里", "已核对流水")
    claim.refresh_from_db()
    assert claim.state == "referred"
    with pytest.raises(Refusal, match="to your decision was upheld"):
        decide_by_hand(claim, pay=False, reason="仍不符", actor=people["claims_handler"])
    assert decide_by_hand(claim, pay=False, reason="流水为他人账户",
                          actor=people["claims_approver"]).state == "refused"


def test_an_objection_upheld_does_not_bring_back_what_was_withdrawn(certificates, people):
    claim = decide_by_hand(made(certificates[0]), pay=False, reason="转账说明不符",
                           actor=people["claims_handler"])
    house = system_actor(claim.tenant)
    objection = objections.object_to(claim, text="流水在附件里", actor=house)
    Claim.objects.within(claim.tenant).filter(pk=claim.pk).update(state="submitted")
    claim.refresh_from_db()
    filing.withdraw_claim(claim, actor=house)
    objections.answer_objection(objection, upheld=True, answer="已核对",
                                actor=people["claims_approver"])
    claim.refresh_from_db()
    assert claim.state == "withdrawn"


def test_payments_have_a_last_day_and_what_was_paid_is_not_withdrawn(certificates, people):
    claim = decided(made(certificates[0]))
    for day, late in ((11, 0), (12, 1)):  # ten days from 1 June
        stand_at(f"2027-06-{day}T09:00:00")
        assert queries.figures(people["auditor"]).unpaid_late == late
    pay_claim(claim, actor=people["claims_payment"])
    assert queries.figures(people["auditor"]).unpaid_late == 0
    Claim.objects.within(claim.tenant).filter(pk=claim.pk).update(state="referred")
    claim.refresh_from_db()
    with pytest.raises(Refusal, match="something was paid"):
        filing.withdraw_claim(claim, actor=system_actor(claim.tenant))


def test_the_time_to_decide_runs_from_the_notice(certificates, people):
    claim = made(certificates[0])
    assert claim.decide_by == date(2027, 7, 1)
    claim = filing.edit_facts(claim, facts={"noticed_day": date(2027, 5, 20)}, reason="来电记录",
                              actor=people["claims_handler"])
    assert claim.decide_by == date(2027, 6, 19)
    for day, overdue in ((19, 0), (20, 1)):
        stand_at(f"2027-06-{day}T09:00:00")
        assert queries.figures(people["auditor"]).overdue == overdue


def test_what_was_established_stands_against_a_claimants_later_step(certificates, people):
    handler, house = people["claims_handler"], system_actor(certificates[0].tenant)
    claim = decided(made(certificates[0], papers=("police_notice",)))
    assert claim.state == "asked"
    claim = filing.edit_facts(claim, facts={"family": 1}, reason="询问笔录", actor=handler)
    recoveries.report_recovery(claim, amount_fen=1_000, returned_on=date(2027, 5, 1), actor=house)
    for facts in ({"family": 0}, {"family": None, "cash": 0}, {"recovered": 500_000}):
        with pytest.raises(InputError, match="stands already") as refused:
            filing.save_step(claim, facts=facts, actor=house)
        assert refused.value.fault.field == next(iter(facts))
    kept = filing.save_step(claim, facts={"family": 1, "recovered": 501_000, "cash": 0},
                            actor=house)
    assert (kept.facts["family"], kept.facts["cash"]) == (1, 0)
    filing.edit_facts(claim, facts={"family": None}, reason="无法查明", actor=handler)
    assert filing.save_step(claim, facts={"family": 0}, actor=house).facts["family"] == 0


def test_a_claim_begun_twice_at_once_is_one(certificates, monkeypatch):
    """The second request waits in line for the first, and finds its draft."""
    house, hold = system_actor(certificates[0].tenant), audit.hold_chain

    def other_first(tenant):
        monkeypatch.setattr(audit, "hold_chain", hold)
        filing.start_claim(certificates[0], device="d", actor=house)
        return hold(tenant)

    monkeypatch.setattr(audit, "hold_chain", other_first)
    filing.start_claim(certificates[0], device="d", actor=house)
    assert Claim.objects.within(house.tenant).count() == 1


def test_a_certificate_begins_so_many_claims_a_day(certificates, monkeypatch):
    monkeypatch.setattr(filing, "MOST_A_DAY", 1)
    house = system_actor(certificates[0].tenant)
    filing.withdraw_claim(made(certificates[0]), actor=house)
    with pytest.raises(Refusal, match="begun today"):
        filing.start_claim(certificates[0], device="d", actor=house)
    stand_at("2027-06-02T00:30:00")
    assert filing.start_claim(certificates[0], device="d", actor=house).state == "draft"


def test_the_day_on_which_the_wait_ends_is_said_in_chinese():
    said = Refusal("the wait is not over: the terms give nothing yet",
                   reasons=["it ends on 2027-04-01"])
    with translation.override("zh-hans"):
        assert "2027-04-01" in fault_words(said) and "ends" not in fault_words(said)


def test_a_waiting_claim_whose_facts_change_is_decided_anew(certificates, people):
    stand_at("2027-03-31T09:00:00")
    claim = decided(made(certificates[0]))
    assert claim.state == "waiting"
    claim = filing.edit_facts(claim, facts={"filing_day": "2027-03-01"}, reason="立案日更正",
                              actor=people["claims_handler"])
    assert (claim.state, claim.wait_until) == ("submitted", None)
    assert decided(claim).state == "approved"


def test_the_last_day_of_payment_is_counted_in_shanghai(certificates):
    stand_at("2027-06-10T03:00:00")
    claim = decided(made(certificates[0]))
    assert pay_by(claim, "resident-anti-fraud") == date(2027, 6, 20)


def test_nothing_is_decided_before_somebody_said_whether_terms_were_explained(
    certificates, insurer, act_as
):
    claim = made(certificates[0])
    ClaimSetting.objects.within(insurer).delete()
    with pytest.raises(InputError, match="nobody has said"):
        decided(claim)
    chief = act_as("chief_underwriter", insurer)
    set_scheme(claim.scheme, terms_explained=False, explained_on=None, approve_above_fen=10**9,
               reason="未留痕", actor=chief)
    claim = decided(claim)
    assert claim.pay_fen == 3_500_000  # 保险法17条: neither deductible nor own share applies


@pytest.mark.parametrize(("facts", "field"), [
    ({"recovered": 5_000_000}, "recovered"),
    ({"filing_day": date(2027, 2, 1)}, "filing_day"),
    ({"loss_day": date(2028, 1, 1)}, "loss_day"),
    ({"loss": -1}, "loss"), ({"police_filed": 2}, "police_filed"),
    ({"sum_insured": 1}, "sum_insured"),
])
def test_facts_that_cannot_be_are_refused(certificates, facts, field):
    house = system_actor(certificates[0].tenant)
    claim = filing.start_claim(certificates[0], device="d", actor=house)
    filing.save_step(claim, facts={"loss": 4_000_000, "loss_day": date(2027, 3, 1)}, actor=house)
    with pytest.raises(InputError) as refused:
        filing.save_step(claim, facts=facts, actor=house)
    assert field in {one.field for one in refused.value.faults}
    claim.refresh_from_db()
    assert claim.facts == {"loss": 4_000_000, "loss_day": "2027-03-01"}


def test_papers_are_known_by_their_bytes_and_sealed(certificates, insurer):
    house = system_actor(insurer)
    claim = filing.start_claim(certificates[0], device="d", actor=house)
    for content, said in ((b"", "empty"), (b"MZ program", "no PDF"),
                          (b"%PDF-" + b"0" * filing.LARGEST_PAPER, "larger")):
        with pytest.raises(InputError, match=said):
            filing.add_paper(claim, kind="bank_records", content=content, actor=house)
    paper = filing.add_paper(claim, kind="bank_records", content=PDF, actor=house)
    assert filing.add_paper(claim, kind="bank_records", content=PDF, actor=house).pk == paper.pk
    stored = StoredFile.objects.within(insurer).get(pk=paper.file_id)
    assert PDF not in bytes(stored.bytes_in_row) and filing.bytes_of(paper) == PDF
    filing.take_paper_back(paper, actor=house)
    claim.refresh_from_db()
    assert "bank_records" not in claim.facts


def test_nothing_that_names_a_person_stands_open(certificates, insurer, people):
    claim = made(certificates[0])
    pay_claim(decided(claim), actor=people["claims_payment"])
    seen = reveal.reveal_claim(claim, reason="核对户名", actor=people["claims_handler"])
    assert seen.words["holder_account"] == WORDS["holder_account"]
    name, identity, mobile = row(0).split(",")[:3]
    assert (seen.person.name, seen.person.identity) == (name, identity)
    secret = {name, identity, mobile, *WORDS.values(), f"62220202{certificates[0].pk:011}"}
    secret -= {"某某银行"}
    open_text = json.dumps([
        *AuditEntry.objects.within(insurer).values_list("payload", flat=True),
        *Decision.objects.within(insurer).values_list("document", flat=True),
        *Claim.objects.within(insurer).values_list("facts", flat=True),
        *JournalEntry.objects.within(insurer).values_list("narrative", flat=True),
        *Claim.objects.within(insurer).values_list("holder", "account_key", "phone_key")],
        ensure_ascii=False, default=str)
    assert [one for one in secret if one in open_text] == []
    sealed = bytes(Claim.objects.within(insurer).get(pk=claim.pk).sealed)
    assert "某某银行".encode() not in sealed
    with pytest.raises(InputError):
        reveal.reveal_claim(claim, reason=" ", actor=people["claims_handler"])
    with pytest.raises(PermissionDenied):
        reveal.reveal_claim(claim, reason="x", actor=people["underwriter"])


@pytest.mark.parametrize("role", ["auditor", "underwriter"])
def test_others_do_nothing(certificates, people, role):
    claim = made(certificates[0])
    actor = people[role]
    for verb in (lambda: decide_claim(claim, actor=actor), lambda: pay_claim(claim, actor=actor),
                 lambda: decide_by_hand(claim, pay=True, reason="x", actor=actor),
                 lambda: filing.save_step(claim, facts={}, actor=actor),
                 lambda: recoveries.report_recovery(claim, amount_fen=1, actor=actor,
                                                    returned_on=date(2027, 4, 1))):
        with pytest.raises(PermissionDenied):
            verb()


def test_another_insurer_does_nothing(certificates, other_insurer, act_as):
    claim = made(certificates[0])
    for role, verb in (("claims_handler", lambda who: decide_claim(claim, actor=who)),
                       ("claims_payment", lambda who: pay_claim(claim, actor=who)),
                       ("claims_handler", lambda who: reveal.reveal_claim(
                           claim, reason="x", actor=who))):
        with pytest.raises(PermissionDenied):
            verb(act_as(role, other_insurer))


def test_the_database_keeps_decisions_payments_and_claims(certificates, people, insurer):
    claim = decided(made(certificates[0]))
    pay_claim(claim, actor=people["claims_payment"])
    claim.refresh_from_db()
    for change in (
        lambda: Decision.objects.within(insurer).update(pay_fen=1),
        lambda: Payment.objects.within(insurer).update(amount_fen=1),
        lambda: Claim.objects.within(insurer).filter(pk=claim.pk).update(paid_fen=0),
        lambda: Claim.objects.within(insurer).filter(pk=claim.pk).update(
            certificate=certificates[1]),
        lambda: Claim.objects.within(insurer).filter(pk=claim.pk)._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


# --- cover as it was on the day of the loss -------------------------------------------------------


def test_a_loss_before_the_cover_ended_is_paid_and_one_after_is_not(certificates, underwriter):
    """Cancelled from 10 February on: a loss of 9 February is covered, one of 10 February is not."""
    stand_at("2027-02-05T09:00:00")
    one, other = certificates[:2]
    changed(one, underwriter, "cancellation", date(2027, 2, 10), f"凭证号\n{one.pk}\n{other.pk}\n")
    stand_at("2027-06-01T09:00:00")
    before = decided(made(one, facts={"loss_day": date(2027, 2, 9),
                                      "filing_day": date(2027, 2, 9)}))
    after = decided(made(other, facts={"loss_day": date(2027, 2, 10),
                                       "filing_day": date(2027, 2, 10)}))
    assert (before.state, before.pay_fen) == ("approved", 2_240_000)
    assert (after.state, after.pay_fen) == ("refused", 0)


def test_the_limit_is_that_of_the_plan_on_the_day(certificates, underwriter):
    """¥50,000 lost and nothing recovered is (50,000 − 3,000) × 70% = ¥32,900: with the plan of
    ¥10,000 from 10 February on, ¥10,000 of it."""
    stand_at("2027-02-05T09:00:00")
    one, other = certificates[:2]
    changed(one, underwriter, "plan", date(2027, 2, 10),
            f"凭证号,方案\n{one.pk},P1\n{other.pk},P1\n")
    stand_at("2027-06-01T09:00:00")
    lost = {"loss": 5_000_000, "recovered": 0}
    before = decided(made(one, facts={**lost, "loss_day": date(2027, 2, 9),
                                      "filing_day": date(2027, 2, 9)}))
    after = decided(made(other, facts={**lost, "loss_day": date(2027, 2, 10),
                                       "filing_day": date(2027, 2, 10)}))
    assert [before.pay_fen, after.pay_fen] == [3_290_000, 1_000_000]
