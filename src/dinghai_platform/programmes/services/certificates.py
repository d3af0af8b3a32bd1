"""A member's certificate: its document and its papers in both languages."""

from __future__ import annotations

from django.db import transaction

from dinghai.documents.certificate import render_certificate
from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import Refusal
from dinghai.supplychain.certificate import certificate_document
from dinghai.wording.policy import Policy
from dinghai_platform.chains.documents import chain_of_version
from dinghai_platform.core import audit, clock, files
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import locked
from dinghai_platform.programmes.engine import certified_policy
from dinghai_platform.programmes.models import Certificate, Member
from dinghai_platform.programmes.services.common import held_open
from dinghai_platform.underwriting.numbers import next_number


@transaction.atomic
def issue_certificate(member: Member, *, actor: Actor) -> Certificate:
    """Certify a member's cover as it stands. The same state is certified once.

    Raises Refusal for a member whose first day of cover went by and who has left, or for a closed
    programme.
    """
    require(actor, "programmes.administer", member)
    programme = held_open(member.programme)
    member = locked(member)
    if member.state == Member.State.LEFT and member.last < clock.today():
        raise Refusal("this member has left before")
    policy = certified_policy(programme, member, chain_of_version(programme.version))
    before = Certificate.objects.within(member.tenant_id).filter(
        member=member).order_by("-id").first()
    if before is not None and before.document == _document(policy, member, before.number):
        return before
    number = next_number(Certificate, "number", member.tenant, "CT")
    document = _document(policy, member, number)
    papers = {
        language: files.store_file(
            render_certificate(document, issued_on=clock.today(), language=language),
            name=f"{number}-{language}.pdf", media_type="application/pdf", actor=actor,
            tenant=member.tenant)
        for language in ("zh", "en")}
    made = Certificate.objects.create(
        tenant=member.tenant, owner=member.owner, member=member, number=number,
        document=document, document_hash=document_hash(document), paper_zh=papers["zh"],
        paper_en=papers["en"], issued_by=actor.user)
    audit.append(actor, "programmes.certificate_issued", made, {
        "number": number, "firm": member.firm, "hash": made.document_hash,
        "papers": [one.sha256 for one in papers.values()]})
    return made


def _document(policy: Policy, member: Member, number: str) -> dict[str, object]:
    return certificate_document(
        policy, member.firm, number=number, first=member.first,
        last=member.last, premium_fen=member.premium_fen)
