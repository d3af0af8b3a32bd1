"""Looking at the people, accounts and papers of a claim: with a reason, written down."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.resident_claims.models import Claim, Paper
from dinghai_platform.resident_claims.sealing import unseal_words
from dinghai_platform.resident_claims.services.common import given_reason, note
from dinghai_platform.resident_claims.services.filing import bytes_of
from dinghai_platform.residents.changes_queries import person_of
from dinghai_platform.residents.models import Certificate
from dinghai_platform.residents.sealing import Person


@dataclass(frozen=True, slots=True)
class Revealed:
    """Who claims, and what they wrote."""

    person: Person
    words: dict[str, str]


@transaction.atomic
def reveal_claim(claim: Claim, *, reason: str, actor: Actor) -> Revealed:
    """Person, accounts and story of a claim. Raises InputError without a reason."""
    require(actor, "resident_claims.reveal", claim)
    said = given_reason(reason)
    certificate = Certificate.objects.within(claim.tenant).select_related(
        "chunk__enrolment").get(pk=claim.certificate_id)
    note(claim, "revealed", actor, reason=said)
    return Revealed(person_of(certificate),
                    unseal_words(claim.tenant_id, claim.sealed))


@transaction.atomic
def open_paper(paper: Paper, *, reason: str, actor: Actor) -> bytes:
    """The bytes of a paper. Raises InputError without a reason."""
    require(actor, "resident_claims.reveal", paper)
    said = given_reason(reason)
    note(paper.claim, "paper_opened", actor, kind=paper.kind, sha256=paper.digest, reason=said)
    return bytes_of(paper)
