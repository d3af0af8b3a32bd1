"""Reads for the pages and the API: lists, one incident, one claim, what may be done next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from dinghai.terms.compiler import compile_policy
from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.facts import fact, facts
from dinghai.vocabulary.lifecycle import machines
from dinghai.wording.policy import read_policy
from dinghai_platform.claims.clocks import ClockReading, claim_clocks, duty_clock
from dinghai_platform.claims.models import Claim, Incident, ReportingDuty
from dinghai_platform.claims.models.contract import ContractRow
from dinghai_platform.claims.steps import duty_conflict, for_roles, may_step, why_not
from dinghai_platform.claims.words import CLAIM_VERBS, INCIDENT_VERBS
from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.queries import organisations_visible_to

ENTERPRISE, SMALL_FIRM = LINES = ("enterprise", "small_firm")
"""The two kinds of contract, as filters, exports and the API call them."""
# Moves that the house makes inside another verb; nobody is offered a button for them.
HOUSE_EVENTS = frozenset({"limits_changed"})


@dataclass(frozen=True, slots=True)
class NextStep:
    """One thing that may come next: where its form is, and if not for this actor, why."""

    event: str
    label: Any
    href: str
    allowed: bool
    reason: str = ""
    is_main: bool = False


def incidents(actor: Actor) -> QuerySet[Incident]:
    """The incidents the actor sees, newest first."""
    return (Incident.objects.visible_to(actor).select_related("insured", "claim")
            .prefetch_related("duties", "orders").distinct().order_by("-reported_at", "-id"))


def claims(actor: Actor) -> QuerySet[Claim]:
    """The claims the actor sees, newest first."""
    # Staff see both kinds of contract with the claims; others reach a small firm's one by one.
    contracts = ("policy", "firm_policy") if actor.tenant is not None else ("policy",)
    return (Claim.objects.visible_to(actor)
            .select_related(*contracts, "insured", "incident", "handler")
            .prefetch_related("pauses", "requests", "payments", "decisions", "interim_orders",
                              "incident__duties", "incident__orders")
            .distinct().order_by("-received_at", "-id"))


def paid_fen(claim: Claim) -> int:
    """What was paid on a claim so far."""
    return sum(one.amount_fen for one in claim.payments.all())


def usual_papers(claim: Claim) -> list[str]:
    """Kinds of evidence that are usual for what a claim claims."""
    claimed = {item.coverage for item in claim.items.all()}
    return [kind for code in claimed if code in coverages() for kind in coverages()[code].evidence]


def of_line(rows: QuerySet[Any], line: str) -> QuerySet[Any]:
    """Incidents or claims under one kind of contract; all of them where none is named."""
    if line not in LINES:
        return rows
    return rows.filter(firm_policy__isnull=line == ENTERPRISE)


def line_of(row: ContractRow) -> str:
    """Which kind of contract a row stands under."""
    return SMALL_FIRM if row.is_of_small_firm else ENTERPRISE


def partners(actor: Actor, kind: str) -> QuerySet[Organisation]:
    """Providers or adjusters the actor's tenant deals with."""
    return organisations_visible_to(actor).filter(kind=kind, is_active=True).distinct()


def incident_steps(incident: Incident, actor: Actor) -> list[NextStep]:
    """What may happen next to an incident."""
    steps = [
        _step(incident, event, INCIDENT_VERBS[event], actor, first=position == 0)
        for position, event in enumerate(machines()["incident"].events(incident.state))
    ]
    return [step for step in steps if step is not None]


def claim_steps(claim: Claim, actor: Actor) -> list[NextStep]:
    """What may happen next to a claim, the lifecycle's own moves first."""
    steps: list[NextStep] = []
    for position, event in enumerate(machines()["claim"].events(claim.state)):
        if event in HOUSE_EVENTS:
            continue
        found = _step(claim, event, CLAIM_VERBS[event], actor, first=position == 0)
        if found is not None:
            steps.append(found)
    if claim.state == "adjudicated":
        may = allowed(actor, "claims.adjudicate", claim)
        steps.append(NextStep(
            "adjudicate", CLAIM_VERBS["adjudicate"], _address(claim, "adjudicate"), may,
            "" if may else for_roles("claims_handler")))
    if claim.is_of_small_firm and any(step.event == "agree" for step in steps) and allowed(
            actor, "claims.record_agreement", claim):
        reason = duty_conflict(claim, actor)
        steps.append(NextStep(
            "agree_on_paper", CLAIM_VERBS["agree_on_paper"], _address(claim, "agree_on_paper"),
            not reason, reason))
    if any(step.event == "interim" for step in steps):
        may = allowed(actor, "claims.order_interim", claim)
        reason = duty_conflict(claim, actor) if may else for_roles("claims_approver")
        steps.append(NextStep("order_interim", CLAIM_VERBS["order_interim"],
                              _address(claim, "order_interim"), may and not reason, reason))
    return steps


def _step(
    row: Claim | Incident, event: str, label: Any, actor: Actor, *, first: bool
) -> NextStep | None:
    may = may_step(row, event, actor)
    reason = why_not(row, event, actor)
    return NextStep(event, label, _address(row, event), may and not reason, reason, first)


def _address(row: Claim | Incident, event: str) -> str:
    name = "claims:act" if isinstance(row, Claim) else "claims:incident_act"
    return reverse(name, args=(row.pk, event))


def relevant_facts(claim: Claim) -> tuple[list[str], dict[int, list[str]]]:
    """Facts the policy's terms ask for: of the event, and of each loss item by its number."""
    policy = read_policy(claim.terms)
    items = list(claim.items.all())
    granted = [item for item in items if policy.grants(item.coverage)]
    program = compile_policy(policy, [item.coverage for item in granted])
    event: set[str] = set(claim.facts)
    by_item: dict[int, set[str]] = {item.no: set(item.facts) for item in items}
    for position, names in program.facts_asked().items():
        (event if position is None else by_item[granted[position].no]).update(names)
    for item in items:
        if not policy.grants(item.coverage):
            by_item[item.no] |= {"item.amount", "item.loss_kind"}
    order = list(facts())
    ranked = {no: sorted(names, key=order.index) for no, names in by_item.items()}
    return sorted(event, key=order.index), ranked


def grouped_facts(ids: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Fact ids by the first part of their names, in the registry's order."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in ids:
        groups[name.split(".", 1)[0]].append(name)
    return list(groups.items())


def missing_required(claim: Claim) -> int:
    """How many facts that the insured must prove for the claimed items nobody has given."""
    _event, by_item = relevant_facts(claim)
    items = {item.no: item.facts for item in claim.items.all()}
    return sum(1 for no, names in by_item.items() for name in names
               if name not in items[no] and fact(name).prover == "insured")


def open_clocks(actor: Actor, *, limit: int = 200) -> list[tuple[ClockReading, Claim | Incident]]:
    """Clocks that run in what the actor sees, the most urgent first."""
    now = clock.now()
    found: list[tuple[ClockReading, Claim | Incident]] = []
    duties = (ReportingDuty.objects.visible_to(actor)
              .filter(met_at=None, withdrawn_at=None).select_related("incident")[:limit])
    found += [(duty_clock(duty, now), duty.incident) for duty in duties]
    running = claims(actor).filter(state__in=Claim.OPEN)[:limit]
    for claim in running:
        found += [(reading, claim) for reading in claim_clocks(claim, now)
                  if reading.is_open and reading.clock != "CLK-CL-LIM"]
    return sorted(found, key=lambda one: one[0].due or now)
