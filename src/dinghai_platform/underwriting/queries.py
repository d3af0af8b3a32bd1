"""Reads of underwriting. Lists never load documents; every relation shown is joined."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from dinghai_platform.core.actors import Actor
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.ledger.models import JournalEntry, Posting
from dinghai_platform.underwriting.models import (
    Assessment,
    Case,
    Dispute,
    Dossier,
    Endorsement,
    Explanation,
    Finding,
    Fix,
    Paper,
    Policy,
    Quote,
    TreatmentPlan,
)


def cases(actor: Actor) -> QuerySet[Case]:
    """The cases an actor sees."""
    return Case.objects.visible_to(actor).select_related("insured")


def dossiers(actor: Actor) -> QuerySet[Dossier]:
    """The dossiers an actor sees."""
    return (
        Dossier.objects.visible_to(actor)
        .select_related("insured", "case", "job")
        .defer("statements", "faults")
    )


def findings(actor: Actor) -> QuerySet[Finding]:
    """Findings of sealed dossiers: what is still being read is nobody's yet."""
    return (
        Finding.objects.visible_to(actor)
        .filter(dossier__state=Dossier.State.SEALED)
        .select_related("dossier", "dossier__case", "insured")
        .defer("raw", "dossier__statements", "dossier__faults")
    )


def current_findings(actor: Actor) -> QuerySet[Finding]:
    """Findings of the newest sealed dossier of each case: what a re-scan mended is history."""
    newest = (
        Dossier.objects.visible_to(actor)
        .filter(case=OuterRef("dossier__case"), state=Dossier.State.SEALED)
        .order_by("-version")
    )
    return findings(actor).filter(dossier=Subquery(newest.values("pk")[:1]))


def assessments(actor: Actor) -> QuerySet[Assessment]:
    """The assessments an actor sees."""
    return (
        Assessment.objects.visible_to(actor)
        .select_related("insured", "case", "dossier")
        .defer("document", "dossier__statements", "dossier__faults")
    )


def quotes(actor: Actor) -> QuerySet[Quote]:
    """The quotes an actor sees: an insured from the moment they are issued."""
    return (
        Quote.objects.visible_to(actor)
        .select_related("insured", "case", "product", "assessment")
        .defer("document", "policy_document", "product__document", "assessment__document")
    )


def policies(actor: Actor) -> QuerySet[Policy]:
    """The policies an actor sees."""
    return (
        Policy.objects.visible_to(actor)
        .select_related("insured", "case", "quote", "quote__product")
        .defer("document", "quote__document", "quote__policy_document",
               "quote__product__document")
    )


def plans(actor: Actor) -> QuerySet[TreatmentPlan]:
    """The treatment plans an actor sees."""
    return TreatmentPlan.objects.visible_to(actor).select_related(
        "insured", "case", "assessment", "product"
    )


def whole(model: Any, actor: Actor, key: Any, *related: str) -> Any:
    """One row with everything in it, or Http404."""
    rows = model.objects.all().select_related("tenant", "insured", *related)
    return visible_or_404(rows, actor, pk=key)


def findings_of(assessment: Assessment, ids: set[str]) -> dict[str, Finding]:
    """The finding rows of an assessment's dossier by identifier."""
    rows = Finding.objects.within(assessment.tenant).filter(
        dossier=assessment.dossier_id, finding_id__in=ids
    )
    return {row.finding_id: row for row in rows.defer("raw")}


def disputes_of(finding: Finding) -> QuerySet[Dispute]:
    """The disputes about a finding, newest first."""
    return (
        Dispute.objects.within(finding.tenant)
        .filter(finding=finding)
        .select_related("raised_by", "decided_by", "evidence")
    )


def explanations_of(quote: Quote) -> dict[str, Explanation]:
    """What was explained of a quote, by term."""
    rows = Explanation.objects.within(quote.tenant).filter(quote=quote)
    return {row.key: row for row in rows}


def papers_of(**of: Any) -> QuerySet[Paper]:
    """The papers of a quote or of a policy."""
    owner = next(iter(of.values()))
    return Paper.objects.within(owner.tenant).filter(**of).select_related("file").order_by("id")


def endorsements_of(policy: Policy) -> QuerySet[Endorsement]:
    """The endorsements of a policy."""
    return Endorsement.objects.within(policy.tenant).filter(policy=policy).order_by("id")


def postings_of(policy: Policy) -> list[JournalEntry]:
    """The ledger entries whose source is a policy or one of its endorsements, with their lines."""
    sources = [str(policy.pk), *(str(row.pk) for row in endorsements_of(policy))]
    entries = list(
        JournalEntry.objects.within(policy.tenant)
        .filter(
            sealed=True,
            source_type__in=("underwriting.policy", "underwriting.endorsement"),
            source_id__in=sources,
        )
        .order_by("number")
    )
    lines: dict[Any, list[Posting]] = {}
    rows = Posting.objects.within(policy.tenant).filter(entry__in=entries)
    for posting in rows.select_related("account").order_by("line"):
        lines.setdefault(posting.entry_id, []).append(posting)
    for entry in entries:
        entry.lines = lines.get(entry.pk, [])
    return entries


def fixes_of(plan: TreatmentPlan) -> list[Fix]:
    """A plan's fixes: what must be mended before cover first, then by their worth."""
    rows = Fix.objects.within(plan.tenant_id).filter(plan=plan)
    return sorted(rows, key=lambda row: (not row.document["knock_out"], row.position))
