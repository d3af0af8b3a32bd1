"""PDFs of a policy: set before the transaction that keeps them, made once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from django.db import transaction

from dinghai.documents.booklet import render_clause_booklet
from dinghai.documents.explanation import render_explanation_checklist
from dinghai.documents.inputs import PremiumSplit
from dinghai.documents.schedule import render_policy_schedule
from dinghai.foundation.calendar import shanghai_day
from dinghai_platform.core import audit, files
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.small_firms.models import Paper, Policy
from dinghai_platform.small_firms.services.common import books_of, house_of

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
KINDS: Final = tuple(Paper.Kind.values)


def make_papers(policy: Policy, *, actor: Actor, languages: Sequence[Language] = LANGUAGES
                ) -> list[Paper]:
    """The electronic policy in each language."""
    return [paper_of(policy, Paper.Kind.SCHEDULE, one, actor=actor) for one in languages]


def paper_of(policy: Policy, kind: str, language: Language, *, actor: Actor) -> Paper:
    """A paper of a policy: the one that is kept, else made now from the contract as bound."""
    require(actor, "small_firms.see", policy)
    with books_of(actor, policy.tenant):
        kept = Paper.objects.within(policy.tenant).select_related("file").filter(
            policy=policy, kind=kind, language=language).first()
        if kept is not None:
            return kept
        return _keep(policy, kind, language, _set(policy, kind, language), actor)


def _set(policy: Policy, kind: str, language: Language) -> bytes:
    day = shanghai_day(policy.bound_at)
    if kind == Paper.Kind.BOOKLET:
        return render_clause_booklet(policy.document, issued_on=day, language=language)
    if kind == Paper.Kind.EXPLANATIONS:
        return render_explanation_checklist(policy.document, issued_on=day, language=language)
    premium = PremiumSplit((("net", policy.net_premium_fen), ("vat", policy.vat_fen)),
                           policy.gross_premium_fen)
    return render_policy_schedule(policy.document, issued_on=day, language=language,
                                  premium=premium)


@transaction.atomic
def _keep(policy: Policy, kind: str, language: Language, content: bytes, actor: Actor) -> Paper:
    policy = audit.locked(policy)
    there = Paper.objects.within(policy.tenant).filter(
        policy=policy, kind=kind, language=language).first()
    if there is not None:
        return there
    stored = files.store_file(
        content, name=f"{policy.policy_no}-{kind}-{language}.pdf", media_type="application/pdf",
        actor=house_of(policy.tenant, actor), tenant=policy.tenant)
    paper = Paper.objects.create(
        tenant=policy.tenant, broker=policy.broker, insured=policy.insured, policy=policy,
        kind=kind, language=language, file=stored)
    audit.append(actor, "small_firms.paper_made", paper, {
        "kind": str(kind), "number": policy.policy_no, "language": language,
        "sha256": stored.sha256})
    return paper
