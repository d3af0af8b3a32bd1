"""What a certificate can show to others: its signed code, and the proof that it was enrolled."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import msgspec

from dinghai.foundation.chain import merkle_proof
from dinghai.schemes.resident_certificate import (
    PROOF,
    CertificateFacts,
    CertificateProof,
    ComingPlan,
    Sibling,
    SignedRoot,
    certificate_code,
)
from dinghai.schemes.resident_scheme import ResidentScheme
from dinghai_platform.core import clock
from dinghai_platform.core.checkpoints import public_key_hex, sign_bytes
from dinghai_platform.residents.changes_queries import as_they_stand, person_of
from dinghai_platform.residents.models import Certificate, EnrolmentChunk
from dinghai_platform.residents.staging import leaves_of

State = Literal["before", "in_force", "after", "cancelled", "not_in_force"]


def state_of(certificate: Certificate, facts: CertificateFacts) -> State:
    """How a certificate stands today: its cover has not begun, is in force, is over, or was
    cancelled; ``not_in_force`` is one that never counted. ``facts`` are its own."""
    if certificate.state != Certificate.State.IN_FORCE:
        return "not_in_force"
    today, standing = clock.today(), certificate.standing
    if standing is not None and standing.ended_on is not None and (
            facts.last_day < max(today, facts.first_day)):
        return "cancelled"
    if today < facts.first_day:
        return "before"
    return "in_force" if today <= facts.last_day else "after"


def facts_of(certificate: Certificate, terms: ResidentScheme | None = None) -> CertificateFacts:
    """What a certificate says as it stands today, its holder masked. ``terms`` are its scheme's,
    where they are in hand already."""
    if not certificate.is_as_it_stands:
        as_they_stand([certificate])
    enrolment, standing = certificate.chunk.enrolment, certificate.standing
    terms = terms or enrolment.scheme.terms()
    plan, person = terms.plans[certificate.plan], person_of(certificate)
    last_day = terms.last_day if standing is None or standing.ended_on is None else min(
        terms.last_day, standing.ended_on - timedelta(days=1))
    return CertificateFacts(
        number=number_of(certificate), scheme=enrolment.scheme.number,
        insurer=enrolment.tenant.name_zh, product=terms.product, plan=plan.code,
        sum_insured_fen=plan.sum_insured_fen, premium_fen=plan.premium_fen,
        first_day=enrolment.first_day, last_day=last_day, holder=certificate.masked_name,
        identity=person.masked_identity, coming=tuple(
            ComingPlan(from_day=day, plan=terms.plans[place].code,
                       sum_insured_fen=terms.plans[place].sum_insured_fen,
                       premium_fen=terms.plans[place].premium_fen)
            for day, place in certificate.coming))


def number_of(certificate: Certificate) -> str:
    """A certificate's number as people read it."""
    return f"{certificate.chunk.enrolment.scheme.number}-{certificate.pk:010}"


def code_of(certificate: Certificate) -> str:
    """The signed code of a certificate."""
    return certificate_code(facts_of(certificate), sign_bytes)


def proof_of(certificate: Certificate) -> CertificateProof:
    """The proof that a certificate is one of its sealed enrolment: one chunk is read for it."""
    chunk = certificate.chunk
    enrolment = chunk.enrolment
    rows = list(Certificate.objects.within(certificate.tenant_id).filter(
        id__gte=chunk.first, id__lt=chunk.first + sum(chunk.accepted)).order_by("id").values_list(
        "id", "plan", "look_up", "person"))
    leaves = leaves_of([one[0] for one in rows], [one[1] for one in rows],
                       [bytes(one[2]) for one in rows], [bytes(one[3]) for one in rows])
    roots = [bytes.fromhex(one) for one in EnrolmentChunk.objects.within(
        certificate.tenant_id).filter(enrolment=enrolment).order_by("number").values_list(
        "root", flat=True)]
    place = certificate.pk - chunk.first
    sealed = SignedRoot(
        scheme=enrolment.scheme.number, enrolment=str(enrolment.pk),
        certificates=enrolment.number, root=enrolment.root,
        sealed_at=enrolment.sealed_at.isoformat(), public_key=public_key_hex(),
        signature="0" * 128)
    return CertificateProof(
        schema=PROOF, number=certificate.pk, leaf=leaves[place].hex(),
        chunk=_siblings(merkle_proof(leaves, place)), chunk_root=chunk.root,
        enrolment=_siblings(merkle_proof(roots, chunk.number)),
        sealed=msgspec.structs.replace(
            sealed, signature=sign_bytes(sealed.signed_bytes()).hex()))


def _siblings(path: list[tuple[str, str]]) -> tuple[Sibling, ...]:
    return tuple(Sibling(side, other) for side, other in path)  # type: ignore[arg-type]
