"""The endorsement of a change as PDF: made from what was kept, once in each language, and kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal, cast

import msgspec
from django.db import transaction

from dinghai.documents.inputs import Addressee
from dinghai.documents.phrases import pick
from dinghai.documents.small_firm_change import PolicyChange, render_policy_change
from dinghai.foundation.calendar import shanghai_day
from dinghai.schemes.small_firm_change import ChangeStep
from dinghai.wording.policy import read_policy
from dinghai_platform.core import audit, files
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.small_firms.engine import plans
from dinghai_platform.small_firms.models import Change, ChangePaper
from dinghai_platform.small_firms.services.common import books_of, house_of
from dinghai_platform.small_firms.services.papers import LANGUAGES, Language


def make_endorsements(change: Change, *, actor: Actor, languages: Sequence[Language] = LANGUAGES
                      ) -> list[ChangePaper]:
    """The endorsement in each language."""
    return [endorsement_of(change, one, actor=actor) for one in languages]


def endorsement_of(change: Change, language: Language, *, actor: Actor) -> ChangePaper:
    """The endorsement of a change: the one that is kept, else made now from what was agreed."""
    require(actor, "small_firms.see", change.policy)
    with books_of(actor, change.tenant):
        kept = ChangePaper.objects.within(change.tenant).select_related("file").filter(
            change=change, language=language).first()
        if kept is not None:
            return kept
        return _keep(change, language,
                     render_policy_change(_said(change, language), language=language), actor)


def _said(change: Change, language: Language) -> PolicyChange:
    document = change.document
    kind = cast("Literal['cancel', 'plan', 'name']", change.kind)
    step = document["step"]
    limits = document.get("limits_fen")
    schedule = change.policy.document["schedule"]
    issuer = schedule["insurer"]
    name = change.before if kind == Change.Kind.NAME else schedule["applicant"]["name_zh"]
    explained = None
    if kind == Change.Kind.PLAN:
        records = read_policy(document["contract"]).schedule.explanations
        first = next(iter(records.values()))
        assert first.explained_at is not None
        explained = (len(records), first.explained_at, first.confirmed_by)
    return PolicyChange(
        kind=kind, number=change.number, issued_on=shanghai_day(change.issued_at),
        issuer=pick(language, issuer["name_zh"], issuer["name_en"]),
        addressee=Addressee(name, change.policy.policy_no), effective_on=change.effective,
        first_day=date.fromisoformat(document["period"]["first"]),
        last_day=date.fromisoformat(document["period"]["last"]),
        before=_plan(change.before, kind, language), after=_plan(change.after, kind, language),
        reason=change.reason, asked_by=change.asked_by,
        step=None if step is None else msgspec.convert(step, ChangeStep),
        limits_fen=None if limits is None else (limits[0], limits[1]),
        unpaid=change.is_unpaid_cover, explained=explained)


def _plan(code: str, kind: str, language: Language) -> str:
    """A plan's name; a firm's name as it is."""
    found = None if kind == Change.Kind.NAME else next(
        (one for one in plans().plans if one.code == code), None)
    return code if found is None else pick(language, found.name_zh, found.name_en)


@transaction.atomic
def _keep(change: Change, language: Language, content: bytes, actor: Actor) -> ChangePaper:
    change = audit.locked(change)
    there = ChangePaper.objects.within(change.tenant).filter(
        change=change, language=language).first()
    if there is not None:
        return there
    stored = files.store_file(
        content, name=f"{change.number}-{language}.pdf", media_type="application/pdf",
        actor=house_of(change.tenant, actor), tenant=change.tenant)
    paper = ChangePaper.objects.create(
        tenant=change.tenant, broker=change.broker, insured=change.insured, change=change,
        language=language, file=stored)
    audit.append(actor, "small_firms.endorsement_made", paper, {
        "number": change.number, "language": language, "sha256": stored.sha256})
    return paper
