"""PDFs of quotes and policies. They are set before the transaction that keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from django.db import transaction

from dinghai.documents.booklet import render_clause_booklet
from dinghai.documents.explanation import render_explanation_checklist
from dinghai.documents.inputs import PremiumSplit
from dinghai.documents.quotation import render_quotation
from dinghai.documents.schedule import render_policy_schedule
from dinghai.foundation.calendar import shanghai_day
from dinghai.foundation.canonical import JSON
from dinghai_platform.core import audit, clock, files
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.underwriting.models import Endorsement, Paper, Policy, Quote

Language = Literal["zh", "en"]


def make_policy_papers(
    policy: Policy, *, actor: Actor, languages: Sequence[Language] = ("zh", "en")
) -> list[Paper]:
    """Schedule, clause booklet and explanation checklist of a policy; made once per language."""
    require(actor, "underwriting.bind", policy)
    day = shanghai_day(policy.bound_at)
    premium = premium_split(policy.quote.document)
    made: list[Paper] = []
    for language in languages:
        for kind, render in (
            (Paper.Kind.SCHEDULE, lambda language=language: render_policy_schedule(
                policy.document, issued_on=day, language=language, premium=premium)),
            (Paper.Kind.BOOKLET, lambda language=language: render_clause_booklet(
                policy.document, issued_on=day, language=language)),
            (Paper.Kind.EXPLANATIONS, lambda language=language: render_explanation_checklist(
                policy.document, issued_on=day, language=language)),
        ):
            kept = _there(policy.tenant, policy=policy, kind=kind, language=language)
            made.append(kept or keep_paper(
                render(), kind=kind, language=language, number=policy.policy_no,
                of=policy, actor=actor, policy=policy))
    return made


def make_quotation_slip(
    quote: Quote, *, actor: Actor, languages: Sequence[Language] = ("zh", "en")
) -> list[Paper]:
    """The quotation slip and the explanation checklist of an issued quote."""
    require(actor, "underwriting.issue", quote)
    made: list[Paper] = []
    for language in languages:
        name = "name_en" if language == "en" else "name_zh"
        applicant = getattr(quote.insured, name) or quote.insured.name_zh
        insurer = getattr(quote.tenant, name) or quote.tenant.name_zh
        for kind, render in (
            (Paper.Kind.QUOTATION, lambda language=language, applicant=applicant,
             insurer=insurer: render_quotation(
                quote.document, quote.product.document, number=quote.number,
                applicant=applicant, insurer=insurer, issued_on=clock.today(),
                language=language)),
            (Paper.Kind.EXPLANATIONS, lambda language=language: render_explanation_checklist(
                quote.policy_document, issued_on=clock.today(), language=language)),
        ):
            kept = _there(quote.tenant, quote=quote, kind=kind, language=language)
            made.append(kept or keep_paper(
                render(), kind=kind, language=language, number=quote.number, of=quote,
                actor=actor, quote=quote))
    return made


@transaction.atomic
def keep_paper(
    content: bytes,
    *,
    kind: str,
    language: str,
    number: str,
    of: Quote | Policy | Endorsement,
    actor: Actor,
    quote: Quote | None = None,
    policy: Policy | None = None,
    endorsement: Endorsement | None = None,
) -> Paper:
    """Keep one PDF with what it belongs to."""
    stored = files.store_file(
        content, name=f"{number}-{kind}-{language}.pdf", media_type="application/pdf",
        actor=actor, tenant=of.tenant,
    )
    paper = Paper.objects.create(
        tenant=of.tenant, insured=of.insured, quote=quote, policy=policy,
        endorsement=endorsement, kind=kind, language=language, file=stored,
    )
    audit.append(
        actor, "underwriting.paper_made", paper,
        {"kind": str(kind), "number": number, "language": language, "sha256": stored.sha256},
    )
    return paper


def _there(tenant: Any, **lookup: Any) -> Paper | None:
    found: Paper | None = Paper.objects.within(tenant).filter(**lookup).first()
    return found


def premium_split(document: dict[str, JSON]) -> PremiumSplit:
    """How a quote's premium is made up for its papers: what is charged, and VAT."""
    premium = document["premium"]
    return PremiumSplit(
        (("net", premium["charged_net_fen"]), ("vat", premium["vat_fen"])),
        premium["gross_fen"],
    )
