"""Verbs on members: enrol them, from a list or one by one, and let them leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction

from dinghai.foundation.canonical import canonical_bytes
from dinghai.foundation.errors import Fault, InputError, Refusal
from dinghai_platform.chains.documents import chain_of_version
from dinghai_platform.chains.services.common import given_reason
from dinghai_platform.core import audit
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.keys import new_key
from dinghai_platform.core.models import Organisation, Relation
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import locked
from dinghai_platform.programmes.engine import enrolment_of, premiums_of
from dinghai_platform.programmes.models import Member, Programme
from dinghai_platform.programmes.queries import last_study
from dinghai_platform.programmes.services.common import held_open
from dinghai_platform.programmes.services.premiums import new_steps, post_steps


@dataclass(frozen=True, slots=True)
class Joining:
    """One firm that joins. ``premium_fen`` of the whole period where it is agreed, ``line`` of the
    file that names it."""

    firm: str
    first: date | None = None
    premium_fen: int | None = None
    organisation: Organisation | None = None
    line: int | None = None


@transaction.atomic
def enrol(programme: Programme, joining: Sequence[Joining], *, actor: Actor,
          file: str | None = None) -> list[Member]:
    """Enrol firms of the chain, all or none; each owes its premium by the day from its first one.

    Raises InputError with a fault for each firm that cannot join; Refusal for a closed programme.
    """
    require(actor, "programmes.administer", programme)
    row = held_open(programme)
    chain = chain_of_version(row.version)
    shares = last_study(row, "shares")
    premiums, basis = premiums_of(row, chain, shares.document if shares else None)
    before = Member.objects.within(row.tenant_id).filter(programme=row)
    until: dict[str, date] = {}
    for one in before:
        until[one.firm] = max(until.get(one.firm, one.last), one.last)
    partners = set(Relation.objects.within(row.tenant_id).values_list("organisation", flat=True))
    faults, made, named = list[Fault](), list[Member](), set[str]()
    for one in joining:
        first = one.first or row.inception
        fault = _fault(one, first, row, chain.firm, named, until, partners)
        named.add(one.firm)
        if fault is not None:
            faults.append(Fault(fault[0], file, one.line, fault[1], fault[2]))
            continue
        firm = chain.firm[one.firm]
        made.append(Member(
            tenant=row.tenant, owner=row.owner, organisation=one.organisation, programme=row,
            programme_number=row.number, programme_zh=row.name_zh, programme_en=row.name_en,
            insurer_zh=row.tenant.name_zh, insurer_en=row.tenant.name_en,
            inception=row.inception, expiry=row.expiry,
            firm=firm.id, name_zh=firm.name_zh, name_en=firm.name_en, role=firm.role,
            tier=firm.tier, first=first, last=row.expiry, enrolled_by=actor.user,
            annual_fen=premiums[firm.id] if one.premium_fen is None else one.premium_fen,
            basis=basis if one.premium_fen is None else Member.Basis.STATED))
    if faults:
        raise InputError.of(faults)
    if not made:
        raise InputError("nobody is named", field="firm", mend="name a firm of the chain")
    Member.objects.bulk_create(made)
    steps = [(member, step) for member in made
             for step in new_steps(member, enrolment_of(member), 0)]
    post_steps(row, steps, key=f"programme:{row.pk}:{new_key()}", actor=actor,
               effective=max(row.inception, min(member.first for member in made)))
    audit.append(actor, "programmes.members_enrolled", row, {
        "number": row.number, "members": len(made), "file": file or "",
        "premium_fen": str(sum(step.fen for _, step in steps))},
        leaves=[canonical_bytes({"firm": one.firm, "first": one.first.isoformat(),
                                 "annual_fen": one.annual_fen, "basis": str(one.basis)})
                for one in made])
    return made


def _fault(
    one: Joining, first: date, row: Programme, firms: object, named: set[str],
    until: dict[str, date], partners: set[object],
) -> tuple[str, str, str] | None:
    """What keeps a firm from joining: message, field and mend."""
    if one.firm not in firms:  # type: ignore[operator]
        return (f"there is no firm {one.firm!r} in the chain", "firm",
                "name a firm's id, or its name as the chain has it")
    if one.firm in named:
        return f"{one.firm} is named twice", "firm", "name each firm once"
    if not row.inception <= first <= row.expiry:
        return ("the first day lies outside the programme", "first",
                f"give a day from {row.inception} to {row.expiry}")
    if one.firm in until and first <= until[one.firm]:
        return (f"{one.firm} is enrolled until {until[one.firm]}", "first",
                "let it join after its last day")
    if one.premium_fen is not None and one.premium_fen < 0:
        return "a premium is never negative", "premium", "give an amount of zero or more"
    if one.organisation is not None and one.organisation.pk not in partners:
        return ("this organisation is not one you deal with", "organisation",
                "add it to your partners first")
    return None


@transaction.atomic
def leave(member: Member, *, last: date, reason: str, actor: Actor) -> Member:
    """Let a member leave after its last day; what it paid for the days after goes back.

    Raises InputError without a reason or for a day outside its time, Refusal for one that left.
    """
    require(actor, "programmes.administer", member)
    reason = given_reason(reason)
    row = held_open(member.programme)
    fresh = locked(member)
    if fresh.state != Member.State.ENROLLED:
        raise Refusal("this member has left before")
    if not fresh.first <= last <= row.expiry:
        raise InputError("the last day lies outside its time in the programme", field="last",
                         mend=f"give a day from {fresh.first} to {row.expiry}")
    if fresh.floats.filter(state__in=("proposed", "notified", "agreed", "disputed")).exists():
        raise Refusal("a change of this member's premium is under way",
                      reasons=["apply it or let it be superseded first"])
    known = fresh.steps.count()
    steps = new_steps(fresh, enrolment_of(fresh, last=last), known)
    fresh.last, fresh.state, fresh.leaving_reason = last, Member.State.LEFT, reason
    fresh.save(update_fields=("last", "state", "leaving_reason"))
    post_steps(row, [(fresh, step) for step in steps],
               key=f"member:{fresh.pk}:left", actor=actor, effective=last + timedelta(days=1))
    audit.append(actor, "programmes.member_left", fresh, {
        "number": row.number, "firm": fresh.firm, "last": last.isoformat(), "reason": reason,
        "returned_fen": str(-sum(step.fen for step in steps))})
    return fresh


@transaction.atomic
def link_organisation(member: Member, organisation: Organisation, *, actor: Actor) -> Member:
    """Say which organisation here a member is, so that its people see its page.

    Raises InputError for an organisation that the insurer does not deal with, Refusal where the
    member has one.
    """
    require(actor, "programmes.administer", member)
    held_open(member.programme)
    fresh = locked(member)
    if not Relation.objects.within(member.tenant_id).filter(organisation=organisation).exists():
        raise InputError("this organisation is not one you deal with", field="organisation",
                         mend="add it to your partners first")
    if fresh.organisation_id is not None:
        raise Refusal("this member has its organisation already")
    fresh.organisation = organisation
    fresh.save(update_fields=("organisation",))
    audit.append(actor, "programmes.member_linked", fresh, {
        "firm": fresh.firm, "organisation": str(organisation.pk)})
    return fresh
