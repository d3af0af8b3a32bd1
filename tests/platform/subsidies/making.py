"""Subsidies, hospitals and their policies for tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from dinghai_platform.core import audit
from dinghai_platform.core.actors import Actor, actor_of_membership
from dinghai_platform.core.models import Organisation, Relation
from dinghai_platform.ledger.services import credit, debit, post_entry
from dinghai_platform.subsidies.models import FileList, Subsidy
from dinghai_platform.subsidies.services.applications import apply_for
from dinghai_platform.subsidies.services.lists import check_list, start_taking
from dinghai_platform.subsidies.services.payments import pay_grants
from dinghai_platform.subsidies.services.publication import publish_list
from dinghai_platform.subsidies.services.rules import open_subsidy
from dinghai_platform.subsidies.stating import Statement
from dinghai_platform.underwriting.models import Policy
from tests.platform.claims.making import Contract, policy_row, standard_contract
from tests.platform.conftest import make_member
from tests.platform.story import World, stand_at, work
from tests.schemes.subsidies import credit_code

EXAMPLE: Final = Path(__file__).resolve().parents[3] / "examples" / "subsidy"
PDF: Final = b"%PDF-1.7 nothing on it"
RULE: Final = """schema = "dinghai.subsidy-rule/1"
id = "hospitals"
version = "1"
name_zh = "医院网络安全保险保费补贴"
name_en = "Cyber premiums of hospitals"
authority = "示例市主管部门"
source = "a test"
confidence = "D"
ratio = "50%"
budget = "{budget}"
cap_per_firm = "20万"
mode = "{mode}"

[period]
first = 2026-01-01
last = 2026-12-31

[scope]
sectors = ["Q"]
areas = ["31"]

[publication]
objection_days = 5
"""
HOSPITAL: Final = Statement(sector="Q8411", area="310115", size="medium")


def rule(*, budget: str = "10万", mode: str = "first_come", **changes: str) -> bytes:
    """A rule in TOML; ``changes`` replace whole lines by their key."""
    text = RULE.format(budget=budget, mode=mode)
    for name, value in changes.items():
        before = next(line for line in text.splitlines() if line.startswith(f"{name} ="))
        text = text.replace(before, f"{name} = {value}")
    return text.encode()


def authority_of(name: str = "示例市主管部门") -> Organisation:
    """An authority."""
    return Organisation.objects.create(kind="regulator", name_zh=name, name_en="City authority")


def official(world: World, authority: Organisation, name: str = "") -> Actor:
    """Somebody at an authority; with a name a second one."""
    if not name:
        return world.actor("regulator_miit", authority)
    return actor_of_membership(make_member(authority, "regulator_miit"))


def hospital(world: World, number: int = 1, *, insurer: Organisation | None = None) -> Organisation:
    """A hospital that an insurer deals with."""
    made = Organisation.objects.create(
        kind="insured", name_zh=f"第{number}示例医院", name_en=f"Hospital {number}",
        credit_code=credit_code(number))
    Relation.objects.create(tenant=insurer or world.insurer, organisation=made)
    return made


@lru_cache(maxsize=1)
def _contract() -> Contract:
    return standard_contract(explain_all=True)


def policy_of(world: World, firm: Organisation, number: int = 1, *, paid: bool = True,
              insurer: Organisation | None = None,
              applicant: Organisation | None = None) -> Policy:
    """A policy of ¥84,800 in force whose premium the ledger has from 2026-03-02."""
    home = replace(world, donghai=firm, insurer=insurer or world.insurer)
    row = policy_row(home, number=f"P2026-{number:06d}", contract=_contract())
    if applicant is not None:
        row.applicant = applicant
    if paid:
        row.paid_at = stand_at("2026-03-02T10:00:00")
        post_entry((debit("cash", row.gross_premium_fen),
                    credit("premium_receivable", row.gross_premium_fen)), source=row,
                   key=f"policy:{row.pk}:paid", narrative="premium.received",
                   effective=date(2026, 3, 2), actor=home.actor("underwriter", home.insurer),
                   tenant=home.insurer)
    row.save()
    stand_at("2026-03-10T09:00:00")
    return row


def opened(actor: Actor, **changes: str) -> Subsidy:
    """An open subsidy."""
    return open_subsidy(rule(**changes), "rule.toml", actor=actor)


def taken(subsidy: Subsidy, kind: str, content: bytes, actor: Actor,
          name: str = "list.csv") -> FileList:
    """A list that was looked through and taken."""
    row = start_taking(check_list(subsidy, kind, content, name, actor=actor), actor=actor)
    work()
    return FileList.objects.unscoped("a test looks").get(pk=row.pk)


def fresh(row: Any) -> Any:
    """A row as it is now."""
    return type(row).objects.unscoped("a test looks").get(pk=row.pk)


def scene(world: World, authority: Organisation, policy: Policy) -> dict[str, Any]:
    """A subsidy with one of each of its rows, for the tests of every route."""
    actor = official(world, authority)
    own = rule(budget="500万", name_zh='"工信补贴"').decode().replace('["Q"]', '["C", "Q"]')
    text = own.replace("[publication]\nobjection_days = 5\n", "") + (
        '\n[[documents]]\nid = "policy"\nname_zh = "保险单"\n')
    subsidy = open_subsidy(text.encode(), "rule.toml", actor=actor)
    firm = world.actor("insured_admin", policy.insured)
    said = Statement(sector="C39", credit_code=credit_code(900))  # without its area it waits
    made = apply_for(subsidy, policy, said, actor=firm, papers={"policy": (PDF, "p.pdf")})
    head = ("application_id,credit_code,name,policy_no,premium,applied_at,borne_by_others,paid_on,"
            "sector,area,documents\n")
    row = (f"{{0}},{credit_code(901)},示例,{{0}},1000,2026-03-05 09:00,0,2026-03-01,C39,310115,"
           "policy\n")
    taken(subsidy, "applications", (head + row.format("L-1")).encode(), actor)
    waiting = check_list(subsidy, "applications", (head + row.format("L-2")).encode(), "c.csv",
                         actor=actor)
    payment = pay_grants(subsidy, actor=actor)
    published = open_subsidy(rule(id='"published"'), "rule.toml", actor=actor)
    taken(published, "applications", (head + row.format("L-3").replace("C39", "Q84")).encode(),
          actor)
    return {"subsidy": subsidy, "subsidy_application": made, "subsidy_list": waiting,
            "public_list": publish_list(published, actor=actor),
            "subsidy_payment": payment, "subsidy_paper": made.enclosures.first()}


def platform_home() -> Organisation:
    """The operator of the site."""
    return audit.platform_organisation()

