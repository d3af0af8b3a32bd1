"""From a rule to money and back: what is decided, posted and written, and what is refused."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction

from dinghai.foundation.errors import InputError, Refusal
from dinghai.schemes.subsidy_register import register_from
from dinghai_platform.core import audit, jobs
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import AuditEntry, Organisation
from dinghai_platform.core.services import share_row
from dinghai_platform.ledger.models import JournalEntry
from dinghai_platform.ledger.queries import balance_of
from dinghai_platform.subsidies.book import register_document, rule_of, verified
from dinghai_platform.subsidies.models import Application, Entry, PublicList, RuleVersion, Subsidy
from dinghai_platform.subsidies.services.applications import (
    apply_for,
    complete,
    confirm_premium,
    expect,
)
from dinghai_platform.subsidies.services.changes import FOLLOW, follow_policies, report_change
from dinghai_platform.subsidies.services.decisions import decide_waiting, share_out
from dinghai_platform.subsidies.services.lists import check_list
from dinghai_platform.subsidies.services.payments import pay_grants
from dinghai_platform.subsidies.services.publication import object_to, publish_list
from dinghai_platform.subsidies.services.rules import change_rule, end_subsidy, open_subsidy
from dinghai_platform.subsidies.stating import Statement
from dinghai_platform.underwriting.models import Endorsement, Policy
from tests.platform.story import World, stand_at, work
from tests.platform.subsidies.making import (
    HOSPITAL,
    PDF,
    fresh,
    hospital,
    official,
    opened,
    platform_home,
    policy_of,
    rule,
    taken,
)
from tests.schemes.subsidies import credit_code


def _balances() -> dict[str, int]:
    return {name: balance_of(platform_home(), f"subsidy_{name}")
            for name in ("paid", "receivable", "treasury")}


def _firm(world: World, firm: Organisation, role: str = "insured_admin") -> Actor:
    return world.actor(role, firm)


# --- the rule -------------------------------------------------------------------------------------


def test_a_rule_is_opened_once_and_its_versions_never_change(clerk: Actor) -> None:
    made = opened(clerk)
    assert (made.budget_fen, made.left_fen, made.code) == (10_000_000, 10_000_000, "hospitals")
    assert opened(clerk) == made
    with pytest.raises(Refusal, match="of this id"):
        opened(clerk, budget="20万")
    with pytest.raises(InputError, match="never changed") as caught:
        change_rule(made, rule(budget="30万"), "rule.toml", actor=clerk)
    assert caught.value.fault.line == 3 and caught.value.fault.file == "rule.toml"
    changed = change_rule(made, rule(budget="30万", version='"2"'), "rule.toml", actor=clerk)
    assert (changed.left_fen, changed.version) == (30_000_000, "2")
    assert change_rule(made, rule(budget="30万", version='"2"'), "r.toml", actor=clerk) == changed
    assert [one.version for one in RuleVersion.objects.within(made.tenant).order_by("number")] == [
        "1", "2"]
    with pytest.raises(DatabaseError), transaction.atomic():
        RuleVersion.objects.within(made.tenant).update(version="3")


def test_faults_of_a_rule_name_line_and_mend(clerk: Actor) -> None:
    with pytest.raises(InputError) as caught:
        open_subsidy(rule(ratio='"0%"'), "rule.toml", actor=clerk)
    fault = caught.value.fault
    assert (fault.file, fault.line, fault.mend) == ("rule.toml", 9, "write it like 50%")
    for name in ("rule.exe", "rule.csv"):
        with pytest.raises(InputError, match="TOML or JSON"):
            open_subsidy(rule(), name, actor=clerk)
    with pytest.raises(InputError, match="too large"):
        open_subsidy(b"#" * 300_000, "rule.toml", actor=clerk)


def test_a_version_below_what_is_taken_is_refused(
    world: World, clerk: Actor, subsidy: Subsidy, policy: Policy, firm: Organisation
) -> None:
    apply_for(subsidy, policy, HOSPITAL, actor=_firm(world, firm))
    with pytest.raises(InputError, match="below what is taken"):
        change_rule(subsidy, rule(budget="4万", version='"2"'), "rule.toml", actor=clerk)
    made = change_rule(subsidy, rule(budget="4.24万", version='"2"'), "rule.toml", actor=clerk)
    assert made.left_fen == 0
    with pytest.raises(InputError, match="the other way"):
        change_rule(subsidy, rule(mode="proportional", version='"3"'), "rule.toml", actor=clerk)


@pytest.mark.parametrize("role", ["regulator_nfra", "insured_admin"])
def test_only_the_authority_opens(world: World, authority: Organisation, role: str) -> None:
    home = authority if role.startswith("regulator") else world.donghai
    with pytest.raises(PermissionDenied):
        open_subsidy(rule(), "rule.toml", actor=world.actor(role, home))


# --- applications ---------------------------------------------------------------------------------


def test_what_is_expected_is_what_is_granted(
    world: World, subsidy: Subsidy, policy: Policy, firm: Organisation
) -> None:
    actor = _firm(world, firm, "insured_finance")
    found, _rule = expect(subsidy, policy, HOSPITAL, actor=actor)
    assert (found.outcome, found.basis_fen, found.granted_fen) == ("granted", 8_480_000, 4_240_000)
    assert not Entry.objects.within(subsidy.tenant).exists()
    made = apply_for(subsidy, policy, HOSPITAL, actor=actor)
    assert (made.state, made.granted_fen, made.premium_fen) == ("granted", 4_240_000, 8_480_000)
    assert (made.organisation, made.insurer, made.policy) == (firm, world.insurer, policy)
    assert made.stated["paid_on"] == "2026-03-02"  # of the ledger, nobody typed it
    assert apply_for(subsidy, policy, HOSPITAL, actor=actor) == made
    assert fresh(subsidy).left_fen == 10_000_000 - 4_240_000
    assert Entry.objects.within(subsidy.tenant).count() == 1


def test_a_firm_outside_the_sector_is_refused_with_the_reason(
    world: World, subsidy: Subsidy, policy: Policy, firm: Organisation
) -> None:
    made = apply_for(subsidy, policy, Statement(sector="C3973", area="310115"),
                     actor=_firm(world, firm))
    assert made.state == "refused" and [one["code"] for one in made.reasons] == ["sector"]
    assert fresh(subsidy).left_fen == 10_000_000
    again = apply_for(subsidy, policy, HOSPITAL, actor=_firm(world, firm))
    assert again != made and again.state == "granted"  # a refused one set the policy free


def test_the_dossier_contradicts_a_sector(
    world: World, subsidy: Subsidy, policy: Policy, firm: Organisation
) -> None:
    dossier = policy.quote.assessment.dossier
    dossier.statements = {"profile": {"industry": "C"}}
    dossier.save()
    with pytest.raises(InputError, match="states section C") as caught:
        apply_for(subsidy, policy, HOSPITAL, actor=_firm(world, firm))
    assert caught.value.fault.field == "sector"
    assert apply_for(subsidy, policy, Statement(area="310115"),
                     actor=_firm(world, firm)).state == "refused"  # C stands without being typed


def test_a_premium_that_another_owes_waits_for_the_insurer(
    world: World, subsidy: Subsidy, firm: Organisation
) -> None:
    owner = hospital(world, 7)
    row = policy_of(world, firm, 2, applicant=owner)
    made = apply_for(subsidy, row, HOSPITAL, actor=_firm(world, firm))
    assert made.state == "waiting_evidence"
    assert [one["code"] for one in made.reasons] == ["borne_by_others"]
    with pytest.raises(PermissionDenied):
        confirm_premium(made, borne_by_others_fen=0, actor=_firm(world, firm))
    with pytest.raises(PermissionDenied):
        confirm_premium(made, borne_by_others_fen=0,
                        actor=world.actor("underwriter", world.other_insurer))
    underwriter = world.actor("underwriter")
    with pytest.raises(InputError, match="more than the premium"):
        confirm_premium(made, borne_by_others_fen=8_480_001, actor=underwriter)
    done = confirm_premium(made, borne_by_others_fen=2_480_000, actor=underwriter)
    assert (done.state, done.basis_fen, done.granted_fen) == ("granted", 6_000_000, 3_000_000)
    assert done.applied_at == made.applied_at and done.confirmed_by == underwriter.user
    assert confirm_premium(done, borne_by_others_fen=2_480_000, actor=underwriter) == done
    with pytest.raises(Refusal, match="stands decided"):
        confirm_premium(done, borne_by_others_fen=0, actor=underwriter)


def test_papers_complete_an_application_which_keeps_its_time(
    world: World, clerk: Actor, policy: Policy, firm: Organisation
) -> None:
    text = rule().decode() + '\n[[documents]]\nid = "proof"\nname_zh = "缴费凭证"\n'
    subsidy = open_subsidy(text.encode(), "rule.toml", actor=clerk)
    actor = _firm(world, firm)
    made = apply_for(subsidy, policy, HOSPITAL, actor=actor)
    assert made.state == "waiting_evidence"
    stand_at("2026-03-12T09:00:00")
    for content, message in ((b"MZ", "PDF or a picture"), (b"%PDF" + b" " * 10_500_000, "larger")):
        with pytest.raises(InputError, match=message):
            complete(made, HOSPITAL, actor=actor, papers={"proof": (content, "p.pdf")})
    with pytest.raises(InputError, match="no such paper"):
        complete(made, HOSPITAL, actor=actor, papers={"other": (PDF, "p.pdf")})
    done = complete(made, HOSPITAL, actor=actor, papers={"proof": (PDF, "p.pdf")})
    assert (done.state, done.applied_at) == ("granted", made.applied_at)
    assert done.enclosures.get().document == "proof"
    with pytest.raises(Refusal, match="stands decided"):
        complete(done, HOSPITAL, actor=actor)


def test_nobody_applies_with_a_policy_of_another(
    world: World, subsidy: Subsidy, policy: Policy, firm: Organisation
) -> None:
    for actor in (world.actor("insured_admin", world.stranger), world.actor("underwriter"),
                  _firm(world, firm, "insured_security")):
        with pytest.raises(PermissionDenied):
            apply_for(subsidy, policy, HOSPITAL, actor=actor)
    broker = Organisation.objects.create(kind="broker", name_zh="经纪")
    agent = world.actor("broker", broker)
    with pytest.raises(PermissionDenied):
        apply_for(subsidy, policy, HOSPITAL, actor=agent)
    share_row(policy, broker, reason="委托", actor=world.actor("underwriter"))
    made = apply_for(subsidy, policy, HOSPITAL, actor=agent)
    assert (made.state, made.broker, made.organisation) == ("granted", broker, firm)
    seen = {name: list(Application.objects.visible_to(one)) == [made] for name, one in {
        "broker": agent, "firm": _firm(world, firm), "insurer": world.actor("underwriter"),
        "stranger": world.actor("insured_admin", world.stranger),
        "other": world.actor("underwriter", world.other_insurer)}.items()}
    assert seen == {"broker": True, "firm": True, "insurer": True, "stranger": False,
                    "other": False}


def test_two_insurers_count_their_policies_each_for_itself(
    world: World, subsidy: Subsidy, policy: Policy, firm: Organisation
) -> None:
    other = hospital(world, 2, insurer=world.other_insurer)
    same_number = policy_of(world, other, 1, insurer=world.other_insurer)
    assert same_number.policy_no == policy.policy_no
    for row, home in ((policy, firm), (same_number, other)):
        assert apply_for(subsidy, row, HOSPITAL, actor=_firm(world, home)).state == "granted"


def test_an_ended_subsidy_takes_nothing_more(
    world: World, clerk: Actor, subsidy: Subsidy, policy: Policy, firm: Organisation
) -> None:
    with pytest.raises(InputError, match="reason"):
        end_subsidy(subsidy, reason=" ", actor=clerk)
    ended = end_subsidy(subsidy, reason="年度结束", actor=clerk)
    assert end_subsidy(subsidy, reason="x", actor=clerk).ending_reason == ended.ending_reason
    with pytest.raises(Refusal, match="has ended"):
        apply_for(subsidy, policy, HOSPITAL, actor=_firm(world, firm))


# --- the budget -----------------------------------------------------------------------------------


def test_the_budget_runs_out_and_those_that_wait_are_served(
    world: World, clerk: Actor, subsidy: Subsidy
) -> None:
    made = []
    for number in range(1, 5):
        home = hospital(world, number)
        made.append(apply_for(subsidy, policy_of(world, home, number), HOSPITAL,
                              actor=_firm(world, home)))
        stand_at(f"2026-03-1{number}T09:00:00")
    assert [(one.state, one.granted_fen) for one in made] == [
        ("granted", 4_240_000), ("granted", 4_240_000), ("granted", 1_520_000),
        ("waiting_budget", 0)]
    assert fresh(subsidy).left_fen == 0
    assert not decide_waiting(subsidy, actor=clerk).entries
    stand_at("2026-05-05T09:00:00")
    report_change(made[0], number="E-1", change="cancelled", day=date(2026, 5, 4),
                  amount_fen=8_480_000, actor=clerk)
    assert [fresh(one).granted_fen for one in made] == [0, 4_240_000, 1_520_000, 4_240_000]
    assert fresh(subsidy).left_fen == 0
    assert sum(fresh(one).granted_fen for one in made) == 10_000_000


def test_a_proportional_budget_is_shared_out_once(world: World, clerk: Actor) -> None:
    subsidy = opened(clerk, budget="9万", mode="proportional")
    made = []
    for number in range(1, 4):
        home = hospital(world, number)
        made.append(apply_for(subsidy, policy_of(world, home, number), HOSPITAL,
                              actor=_firm(world, home)))
    assert {one.state for one in made} == {"waiting_close"}
    with pytest.raises(InputError, match="applications may come until"):
        share_out(subsidy, actor=clerk)
    stand_at("2027-01-02T09:00:00")
    share_out(subsidy, actor=clerk)
    assert [fresh(one).granted_fen for one in made] == [3_000_000] * 3
    assert fresh(subsidy).left_fen == 0 and fresh(subsidy).closed_on == date(2027, 1, 2)
    with pytest.raises(InputError, match="was closed"):
        share_out(subsidy, actor=clerk)


def test_the_database_itself_refuses_less_than_nothing(subsidy: Subsidy) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        Subsidy.objects.within(subsidy.tenant).update(left_fen=-1)
    with pytest.raises(DatabaseError), transaction.atomic():
        Entry.objects.create(
            tenant=subsidy.tenant, authority=subsidy.authority, subsidy=subsidy, sequence=1,
            kind="paid", day=date(2026, 1, 1), document={}, hash="0" * 64)
        Entry.objects.within(subsidy.tenant).update(kind="closed")


# --- publication, payment, what goes back ---------------------------------------------------------


def test_publish_pay_and_take_back_agree_with_the_books(
    world: World, clerk: Actor, colleague: Actor, subsidy: Subsidy, policy: Policy,
    firm: Organisation
) -> None:
    made = apply_for(subsidy, policy, HOSPITAL, actor=_firm(world, firm))
    shown = publish_list(subsidy, actor=clerk)
    assert shown.document["rows"][0]["name"] == "第1＊＊医院"
    assert credit_code(1) not in str(shown.document)
    with pytest.raises(Refusal, match="not published yet"):
        publish_list(subsidy, actor=clerk)
    with pytest.raises(Refusal, match="may be paid today"):
        pay_grants(subsidy, actor=colleague)
    stand_at("2026-03-20T09:00:00")
    with pytest.raises(Refusal, match="does not pay it"):
        pay_grants(subsidy, actor=clerk)
    payment = pay_grants(subsidy, actor=colleague)
    assert (payment.total_fen, payment.count, payment.entry.total_fen) == (4_240_000, 1, 4_240_000)
    assert _balances() == {"paid": 4_240_000, "receivable": 0, "treasury": 4_240_000}
    with pytest.raises(Refusal):
        pay_grants(subsidy, actor=colleague)  # once
    Endorsement.objects.create(
        tenant=world.insurer, insured=firm, policy=policy, number="P2026-000001-E01",
        kind="premium_float", document={}, document_hash="0" * 64, amount_fen=-4_240_000,
        effective=date(2026, 4, 1))
    assert len(follow_policies(subsidy, actor=clerk).entries) == 1
    assert not follow_policies(subsidy, actor=clerk).entries  # each is taken once
    row = fresh(made)
    assert (row.granted_fen, row.due_fen, row.refund_fen) == (2_120_000, 2_120_000, 4_240_000)
    assert _balances() == {"paid": 2_120_000, "receivable": 2_120_000, "treasury": 4_240_000}
    with pytest.raises(InputError, match="were due"):
        report_change(row, number="B-1", change="returned", day=date(2026, 3, 20),
                      amount_fen=2_120_001, actor=clerk)
    back = report_change(row, number="B-1", change="returned", day=date(2026, 3, 20),
                         amount_fen=2_120_000, actor=clerk)
    again = report_change(row, number="B-1", change="returned", day=date(2026, 3, 20),
                          amount_fen=2_120_000, actor=clerk)
    assert (back.due_fen, again.returned_fen) == (0, 2_120_000)
    assert _balances() == {"paid": 2_120_000, "receivable": 0, "treasury": 2_120_000}
    assert fresh(subsidy).left_fen == 10_000_000 - 2_120_000
    assert verified(fresh(subsidy)).head == fresh(subsidy).head
    assert audit.verify_chain(platform_home()).holds
    assert JournalEntry.objects.within(platform_home()).count() == 3


def test_a_policy_that_ended_is_not_paid(
    world: World, clerk: Actor, colleague: Actor, subsidy: Subsidy, policy: Policy,
    firm: Organisation
) -> None:
    made = apply_for(subsidy, policy, HOSPITAL, actor=_firm(world, firm))
    publish_list(subsidy, actor=clerk)
    stand_at("2026-04-20T09:00:00")
    policy.state = "cancelled"
    policy.save()
    Endorsement.objects.create(
        tenant=world.insurer, insured=firm, policy=policy, number="P2026-000001-E01",
        kind="cancellation", document={}, document_hash="0" * 64, amount_fen=-8_480_000,
        effective=date(2026, 4, 1))
    with pytest.raises(Refusal, match="may be paid today"):
        pay_grants(subsidy, actor=colleague)
    follow_policies(subsidy, actor=clerk)
    row = fresh(made)
    assert (row.granted_fen, row.paid_fen, row.cancelled) == (0, 0, True)


def test_policies_are_followed_every_day(
    world: World, subsidy: Subsidy, policy: Policy, firm: Organisation
) -> None:
    made = apply_for(subsidy, policy, HOSPITAL, actor=_firm(world, firm))
    stand_at("2026-05-01T09:00:00")
    policy.state = "cancelled"
    policy.save()
    Endorsement.objects.create(
        tenant=world.insurer, insured=firm, policy=policy, number="P2026-000001-E01",
        kind="cancellation", document={}, document_hash="0" * 64, amount_fen=0,
        effective=date(2026, 4, 30))
    jobs.start_job(FOLLOW, {"day": "2026-05-01"}, actor=world.system, tenant=world.insurer)
    work()
    # 8,480,000 × 336 of 365 days from 30 April on: nothing was stated, so it goes by the day
    row = fresh(made)
    assert row.cancelled and row.refund_fen == 7_806_247
    assert row.granted_fen == (8_480_000 - row.refund_fen) // 2


def test_an_upheld_objection_takes_the_grant(
    world: World, clerk: Actor, colleague: Actor, subsidy: Subsidy, policy: Policy,
    firm: Organisation
) -> None:
    made = apply_for(subsidy, policy, HOSPITAL, actor=_firm(world, firm))
    with pytest.raises(InputError, match="no public list"):
        object_to(made, number="O-1", status="open", text="重复", actor=clerk)
    shown = publish_list(subsidy, actor=clerk)
    object_to(made, number="O-1", status="open", text="重复", actor=clerk)
    stand_at("2026-03-20T09:00:00")
    with pytest.raises(Refusal, match="may be paid today"):
        pay_grants(subsidy, actor=colleague)
    for status in ("upheld", "dismissed"):
        with pytest.raises(Refusal, match="does not decide an objection") as caught:
            object_to(made, number="O-1", status=status, text="属实", actor=clerk)
        assert list(caught.value.reasons) == ["ask a colleague with this authority"]
    row = object_to(made, number="O-1", status="upheld", text="属实", actor=colleague)
    assert object_to(made, number="O-1", status="upheld", text="属实", actor=clerk) == row
    assert (row.state, row.granted_fen) == ("withdrawn", 0)
    assert fresh(subsidy).left_fen == 10_000_000
    with pytest.raises(InputError, match="was upheld"):
        object_to(made, number="O-1", status="dismissed", text="x", actor=colleague)
    assert PublicList.objects.within(subsidy.tenant).get().document == shown.document
    details = AuditEntry.objects.within(platform_home()).values_list("payload", flat=True)
    assert not any("属实" in one or "示例医院" in one for one in details)


def test_who_published_decides_no_objection_by_a_list_either(
    world: World, clerk: Actor, subsidy: Subsidy, policy: Policy, firm: Organisation
) -> None:
    made = apply_for(subsidy, policy, HOSPITAL, actor=_firm(world, firm))
    publish_list(subsidy, actor=clerk)
    head = "objection_no,application_id,day,status\n"
    own = check_list(subsidy, "objections", (
        head + f"O-1,{made.number},2026-03-10,受理\nO-2,{made.number},2026-03-10,成立\n").encode(),
        "l.csv", actor=clerk)
    assert (own.added, [one["line"] for one in own.result["rejected"]]) == (1, [3])
    # the only one with this role is told so
    assert "nobody else here has this role" in own.result["rejected"][0]["mend"]
    colleague = official(world, subsidy.authority, "second")
    taken(subsidy, "objections", f"{head}O-2,{made.number},2026-03-10,成立\n".encode(), colleague)
    assert fresh(made).state == "withdrawn"
    again = check_list(subsidy, "objections",
                       f"{head}O-2,{made.number},2026-03-10,成立\n".encode(), "l.csv", actor=clerk)
    assert (again.added, again.rejected, again.result["unchanged"]) == (0, 0, ["O-2"])


def test_verbs_are_the_authoritys_alone(
    world: World, subsidy: Subsidy, policy: Policy, firm: Organisation
) -> None:
    made = apply_for(subsidy, policy, HOSPITAL, actor=_firm(world, firm))
    elsewhere = Organisation.objects.create(kind="regulator", name_zh="他市主管部门")
    for actor in (_firm(world, firm), world.actor("underwriter"), world.system,
                  world.actor("regulator_miit", elsewhere),
                  world.actor("platform_admin", platform_home())):
        for verb in (lambda a: publish_list(subsidy, actor=a),
                     lambda a: pay_grants(subsidy, actor=a),
                     lambda a: decide_waiting(subsidy, actor=a),
                     lambda a: end_subsidy(subsidy, reason="x", actor=a),
                     lambda a: change_rule(subsidy, rule(), "r.toml", actor=a),
                     lambda a: report_change(made, number="1", change="cancelled",
                                             day=date(2026, 3, 1), actor=a)):
            if actor.role == "system":
                continue
            with pytest.raises(PermissionDenied):
                verb(actor)


def test_a_changed_entry_shows(
    world: World, subsidy: Subsidy, policy: Policy, firm: Organisation, lifted_guards: object
) -> None:
    apply_for(subsidy, policy, HOSPITAL, actor=_firm(world, firm))
    row = Entry.objects.within(subsidy.tenant).get()
    row.document["granted_fen"] += 1
    assert callable(lifted_guards)
    with lifted_guards():
        row.save()
    with pytest.raises(InputError, match="not what was written"):
        verified(fresh(subsidy))
    document = register_document(fresh(subsidy))
    with pytest.raises(InputError):
        register_from(document, rule_of(subsidy))
