"""Lists: a dry run with every fault, taken once, dropped, and what only the platform knows."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.ledger.queries import balance_of
from dinghai_platform.subsidies.models import Application, Entry, Subsidy
from dinghai_platform.subsidies.services.applications import apply_for, withdraw_application
from dinghai_platform.subsidies.services.lists import check_list, drop_list, start_taking
from dinghai_platform.subsidies.services.rules import open_subsidy
from dinghai_platform.underwriting.models import Policy
from tests.platform.story import World, stand_at, work
from tests.platform.subsidies.making import EXAMPLE, HOSPITAL, fresh, opened, platform_home, taken
from tests.schemes.subsidies import credit_code

HEAD = ("application_id,credit_code,name,policy_no,premium,applied_at,borne_by_others,paid_on,"
        "sector,area\n")


def _row(number: int, *, code: str = "", policy: str = "", premium: str = "100000",
         name: str = "", sector: str = "Q84") -> str:
    return (f"L-{number},{code or credit_code(number)},{name or f'第{number}示例医院'},"
            f"{policy or f'X-{number}'},{premium},2026-03-0{number} 09:00,0,2026-02-01,{sector},"
            "310115\n")


@pytest.fixture
def example(clerk: Actor) -> Subsidy:
    """The example's rule."""
    stand_at("2026-03-13T09:00:00")
    return open_subsidy((EXAMPLE / "rule.toml").read_bytes(), "rule.toml", actor=clerk)


def test_a_dry_run_writes_nothing_and_taking_it_gives_the_same(
    clerk: Actor, example: Subsidy
) -> None:
    content = (EXAMPLE / "applications.csv").read_bytes()
    checked = check_list(example, "applications", content, "applications.csv", actor=clerk)
    assert (checked.rows, checked.added, checked.rejected) == (11, 11, 0)
    assert checked.result["counts"] == {
        "granted": 5, "refused": 4, "waiting_budget": 1, "waiting_evidence": 1}
    assert not Entry.objects.within(example.tenant).exists()
    done = taken(example, "applications", content, clerk, "applications.csv")
    assert done.state == "taken" and done.result["decisions"] == checked.result["decisions"]
    rows = Application.objects.within(example.tenant)
    codes = {one.number: [each["code"] for each in one.reasons] for one in rows}
    assert codes["SQ-004"] == ["sector"] and codes["SQ-005"] == ["area"]
    assert codes["SQ-006"][0] == "duplicate"
    assert sum(rows.values_list("granted_fen", flat=True)) == 60_000_000
    assert fresh(example).left_fen == 0
    again = check_list(example, "applications", content, "applications.csv", actor=clerk)
    assert again.added == 0 and len(again.result["unchanged"]) == 11
    with pytest.raises(Refusal, match="adds nothing"):
        start_taking(again, actor=clerk)
    assert start_taking(done, actor=clerk).state == "taken"  # asked again it answers the same
    with pytest.raises(Refusal, match="was taken"):
        drop_list(done, actor=clerk)


def test_every_fault_names_line_field_and_mend(clerk: Actor, subsidy: Subsidy) -> None:
    content = (HEAD + _row(1) + _row(2, code="123100004250A00013") + _row(3, premium="abc")
               + _row(4, sector="Z")).encode()
    row = check_list(subsidy, "applications", content, "list.csv", actor=clerk)
    assert (row.rows, row.added, row.rejected) == (4, 1, 3)
    faults = row.result["rejected"]
    assert [(one["file"], one["line"], one["field"]) for one in faults] == [
        ("list.csv", 3, "credit_code"), ("list.csv", 4, "premium"), ("list.csv", 5, "sector")]
    assert all(one["mend"] for one in faults)
    with pytest.raises(Refusal, match="all or none"):
        start_taking(row, actor=clerk, all_or_nothing=True)
    dropped = drop_list(row, actor=clerk)
    assert drop_list(row, actor=clerk) == dropped
    with pytest.raises(Refusal, match="was dropped"):
        start_taking(row, actor=clerk)
    for name, body in (("x.csv", b"\xff\xfe\x00"), ("x.csv", b"a,b\n1,2\n"), ("x.zip", b"PK")):
        with pytest.raises(InputError):
            check_list(subsidy, "applications", body, name, actor=clerk)
    with pytest.raises(InputError, match="too large"):
        check_list(subsidy, "applications", b"x" * (4 * 1024 * 1024 + 1), "x.csv", actor=clerk)
    many = (HEAD + _row(1) * 5_001).encode()
    with pytest.raises(InputError, match="too many rows"):
        check_list(subsidy, "applications", many, "x.csv", actor=clerk)
    with pytest.raises(InputError, match="no such kind"):
        check_list(subsidy, "others", HEAD.encode(), "x.csv", actor=clerk)


def test_the_insurers_books_stand_above_a_row(
    world: World, clerk: Actor, subsidy: Subsidy, policy: Policy, firm: Organisation
) -> None:
    wrong = check_list(subsidy, "applications", (HEAD + _row(
        1, policy=policy.policy_no)).encode(), "list.csv", actor=clerk)
    assert wrong.rejected == 1 and "8480000 fen" in wrong.result["rejected"][0]["message"]
    taken(subsidy, "applications", (HEAD + _row(
        1, policy=policy.policy_no.lower(), premium="84800")).encode(), clerk)
    row = Application.objects.within(subsidy.tenant).get()
    assert (row.policy, row.insurer, row.organisation) == (policy, world.insurer, firm)
    assert row.stated["paid_on"] == "2026-03-02"  # of the ledger, not of the row
    # and the firm itself cannot be granted the same policy again
    again = apply_for(subsidy, policy, HOSPITAL, actor=world.actor("insured_admin", firm))
    assert again.state == "refused" and again.reasons[0]["code"] == "duplicate"


def test_no_list_overwrites_what_a_firm_filed(
    world: World, clerk: Actor, subsidy: Subsidy, policy: Policy, firm: Organisation
) -> None:
    made = apply_for(subsidy, policy, HOSPITAL, actor=world.actor("insured_admin", firm))
    content = (HEAD + _row(1).replace("L-1", made.number)).encode()
    row = check_list(subsidy, "applications", content, "list.csv", actor=clerk)
    assert row.rejected == 1 and "was filed on the platform" in row.result["rejected"][0]["message"]


# The row waits for budget, or for its area: the first came back as it was, the second once its cell
# was filled in.
@pytest.mark.parametrize(("budget", "first", "state"), [
    ("4万", "310115", "waiting_budget"), ("10万", "", "waiting_evidence")])
def test_no_list_brings_back_what_its_firm_withdrew(
    world: World, clerk: Actor, policy: Policy, firm: Organisation, budget: str, first: str,
    state: str,
) -> None:
    subsidy = opened(clerk, budget=budget, cap_per_firm='"20万"\ncut_last = false')
    content = HEAD + _row(1, policy=policy.policy_no, premium="84800")
    taken(subsidy, "applications", content.replace("310115", first).encode(), clerk)
    made = Application.objects.within(subsidy.tenant).get()
    assert made.state == state
    withdraw_application(made, actor=world.actor("insured_admin", firm))
    row = check_list(subsidy, "applications", (content + _row(2)).encode(), "l.csv", actor=clerk)
    assert row.added == 1
    assert [(one["line"], one["message"]) for one in row.result["rejected"]] == [
        (2, "application L-1 was withdrawn by its firm")]
    taken(subsidy, "applications", content.replace("L-1", "L-9").encode(), clerk)
    assert fresh(made).state == "given_up"
    assert Application.objects.within(subsidy.tenant).filter(policy=policy).count() == 2


def test_earlier_grants_changes_and_objections_come_by_lists(
    clerk: Actor, example: Subsidy
) -> None:
    earlier = (EXAMPLE / "earlier.csv").read_bytes()
    taken(example, "earlier", earlier, clerk)
    row = Application.objects.within(example.tenant).get()
    assert (row.source, row.granted_fen, row.paid_fen) == ("earlier", 15_000_000, 15_000_000)
    assert balance_of(platform_home(), "subsidy_paid") == 15_000_000
    change = "change_no,policy_no,change,day,amount\nE-9,P-2026-0901,退费,2026-03-12,100000\n"
    done = taken(example, "changes", change.encode(), clerk)
    assert done.added == 1 and fresh(row).due_fen == 5_000_000
    assert balance_of(platform_home(), "subsidy_receivable") == 5_000_000
    objection = "objection_no,application_id,day,status\nO-1,SQ-901,2026-03-13,成立\n"
    taken(example, "objections", objection.encode(), clerk)
    assert fresh(row).state == "withdrawn" and fresh(row).due_fen == 15_000_000


def test_what_the_register_says_when_it_is_taken_decides(
    world: World, clerk: Actor, policy: Policy, firm: Organisation
) -> None:
    subsidy = opened(clerk, budget="5万")
    row = check_list(subsidy, "applications", (HEAD + _row(2)).encode(), "l.csv", actor=clerk)
    assert row.result["granted_fen"] == 5_000_000
    apply_for(subsidy, policy, HOSPITAL, actor=world.actor("insured_admin", firm))
    start_taking(row, actor=clerk)
    work()
    made = Application.objects.within(subsidy.tenant).get(number="L-2")
    assert made.granted_fen == 760_000 and fresh(subsidy).left_fen == 0


def test_only_the_authority_gives_lists(world: World, subsidy: Subsidy) -> None:
    for role in ("underwriter", "insured_admin", "auditor"):
        with pytest.raises(PermissionDenied):
            check_list(subsidy, "applications", HEAD.encode(), "x.csv", actor=world.actor(role))
