"""Evidence handed in about an incident."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from dinghai.foundation.errors import Refusal
from dinghai_platform.claims.models import EvidenceDocument, Incident
from dinghai_platform.claims.rules import came_by_its_link
from dinghai_platform.claims.services.common import required
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor, system_actor
from dinghai_platform.core.files import store_file
from dinghai_platform.core.permissions import allowed


@transaction.atomic
def add_evidence(
    incident: Incident,
    content: bytes,
    *,
    name: str,
    kind: str,
    actor: Actor,
    media_type: str = "application/octet-stream",
    provided_by: str = "",
) -> EvidenceDocument:
    """Keep a document and give it its reference (E-01 …) in the claim file.

    ``kind`` is a code of the vocabulary's evidence ("ir_report"). The same bytes twice are one
    document. Raises Refusal once the claim is closed, InputError for a file that will not do.
    """
    if not allowed(actor, "claims.add_evidence", incident):
        raise PermissionDenied("claims.add_evidence")
    claim = getattr(incident, "claim", None)
    if claim is not None and claim.state in {"closed", "paid", "recovery"}:
        raise Refusal(_("the claim is settled; reopen it to add evidence"))
    audit.hold_chain(incident.tenant)
    home, keeper = actor.organisation, actor
    if came_by_its_link(actor, incident):
        # Its own firm hands it in; without an account the house keeps the file for it.
        home, keeper = incident.insured, system_actor(
            incident.tenant, request_id=actor.request_id)
    stored = store_file(content, name=name, media_type=media_type, actor=keeper,
                        tenant=incident.tenant)
    there = incident.evidence.filter(sha256=stored.sha256, kind=kind).first()
    if there is not None:
        return there
    evidence = EvidenceDocument.objects.create(
        tenant=incident.tenant,
        insured_id=incident.insured_id,
        incident=incident,
        reference=f"E-{incident.evidence.count() + 1:02d}",
        kind=required(kind, "kind"),
        file=stored,
        name=stored.name,
        sha256=stored.sha256,
        size=stored.size,
        provided_by=provided_by.strip() or home.name_zh,
        received_at=clock.now(),
        added_by=actor.user,
    )
    audit.append(actor, "claims.evidence_added", evidence,
                 {"incident": incident.number, "reference": evidence.reference, "kind": kind,
                  "sha256": stored.sha256})
    return evidence
