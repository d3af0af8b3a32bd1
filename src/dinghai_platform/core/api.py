"""The core's API: who I am, organisations, jobs, the audit chain."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import rules
from django.http import HttpRequest
from ninja import Query, Router, Status

from dinghai_platform.core import audit, jobs, queries, services
from dinghai_platform.core.models import AuditEntry, Job, Organisation
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.schemas import (
    ERRORS,
    AuditPart,
    ChainAnswer,
    JobAnswer,
    JobPart,
    MeAnswer,
    OrganisationAnswer,
    OrganisationNew,
    OrganisationPart,
    PageQuery,
    part_of,
)
from dinghai_platform.core.tenancy import visible_or_404

router = Router(tags=["core"])


@router.get("/me", response={200: MeAnswer, **ERRORS}, operation_id="me")
def me(request: HttpRequest) -> dict[str, Any]:
    """Who acts, and what it may do."""
    actor = request.actor
    granted = []
    for name in sorted(rules.permissions.permissions):
        if name.count(".") == 1 and _allowed(actor, name):
            granted.append(name)
    return {
        "user": actor.user_id,
        "username": actor.user.username if actor.user else None,
        "organisation": organisation_shape(actor.organisation),
        "role": actor.role,
        "tenant": actor.tenant.pk if actor.tenant else None,
        "scopes": sorted(actor.scopes) if actor.scopes is not None else None,
        "permissions": granted,
    }


def _allowed(actor: Any, name: str) -> bool:
    try:
        return allowed(actor, name)
    except (AttributeError, TypeError):
        return False  # a rule that means nothing without its subject


@router.get("/organisations", response={200: OrganisationPart, **ERRORS},
            operation_id="organisations")
def organisations(request: HttpRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """The organisations the actor knows."""
    rows = queries.organisations_visible_to(request.actor).order_by("id")
    return part_of(rows, page, organisation_shape)


@router.post("/organisations", response={201: OrganisationAnswer, **ERRORS},
             operation_id="introduce_organisation")
def introduce_organisation(request: HttpRequest, body: OrganisationNew) -> Status:
    """Make an organisation known to the actor's tenant; one credit code is one organisation."""
    made = services.introduce_organisation(
        kind=body.kind,
        name_zh=body.name_zh,
        name_en=body.name_en,
        credit_code=body.credit_code,
        actor=request.actor,
    )
    return Status(201, organisation_shape(made))


@router.get("/jobs", response={200: JobPart, **ERRORS}, operation_id="jobs")
def job_list(request: HttpRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """The actor's jobs, newest first."""
    require(request.actor, "core.view_jobs")
    return part_of(Job.objects.visible_to(request.actor), page, jobs.job_state)


@router.get("/jobs/{job_id}", response={200: JobAnswer, **ERRORS}, operation_id="job")
def job(request: HttpRequest, job_id: UUID) -> dict[str, Any]:
    """One job."""
    require(request.actor, "core.view_jobs")
    return jobs.job_state(visible_or_404(Job, request.actor, pk=job_id))


@router.post("/jobs/{job_id}/cancel", response={200: JobAnswer, **ERRORS},
             operation_id="cancel_job")
def cancel_job(request: HttpRequest, job_id: UUID) -> dict[str, Any]:
    """Ask a job to stop."""
    found = visible_or_404(Job, request.actor, pk=job_id)
    return jobs.job_state(jobs.cancel_job(found, actor=request.actor))


@router.post("/jobs/{job_id}/retry", response={200: JobAnswer, **ERRORS}, operation_id="retry_job")
def retry_job(request: HttpRequest, job_id: UUID) -> dict[str, Any]:
    """Let a failed or cancelled job go on."""
    found = visible_or_404(Job, request.actor, pk=job_id)
    return jobs.job_state(jobs.retry_job(found, actor=request.actor))


@router.get("/audit", response={200: AuditPart, **ERRORS}, operation_id="audit_entries")
def audit_entries(
    request: HttpRequest, page: Query[PageQuery], action: str = "", subject: str = ""
) -> dict[str, Any]:
    """Links of the tenant's chain, newest first."""
    require(request.actor, "core.view_audit")
    rows = queries.audit_entries(request.actor, {"action": action, "subject": subject})
    return part_of(rows, page, audit_shape)


@router.get("/audit/verify", response={200: ChainAnswer, **ERRORS}, operation_id="verify_audit")
def verify_audit(request: HttpRequest) -> dict[str, Any]:
    """Walk the tenant's chain now; ``holds`` is false when a link is broken."""
    require(request.actor, "core.view_audit")
    return audit.verify_chain(request.actor.own_tenant()).to_dict()


def organisation_shape(organisation: Organisation) -> dict[str, Any]:
    """An organisation as the API says it."""
    return {
        "id": organisation.pk,
        "kind": organisation.kind,
        "name_zh": organisation.name_zh,
        "name_en": organisation.name_en,
        "credit_code": organisation.credit_code,
    }


def audit_shape(entry: AuditEntry) -> dict[str, Any]:
    """A link as the API says it."""
    return {
        "id": entry.pk,
        "sequence": entry.sequence,
        "at": entry.at,
        "user": str(entry.user_id) if entry.user_id else None,
        "organisation": entry.organisation_id,
        "role": entry.role,
        "action": entry.action,
        "subject_type": entry.subject_type,
        "subject_id": entry.subject_id,
        "payload": json.loads(entry.payload),
        "leaf_count": entry.leaf_count,
        "merkle_root": entry.merkle_root,
        "request_id": entry.request_id,
        "previous_hash": entry.previous_hash,
        "hash": entry.hash,
    }
