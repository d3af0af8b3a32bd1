"""One certificate bought at a link, by somebody who is not signed in: written exactly once.

The sale is an enrolment of one, staged and sealed in one transaction: register, ledger, audit chain
and proofs treat it as they treat a list. Locks are taken in the order of a seal (rows of the room,
then the books and the chain), so that a sale and a list never wait for each other in a ring.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction

from dinghai.foundation.errors import Refusal
from dinghai.schemes.people import masked_name
from dinghai.schemes.persons_twice import look_up_hashes
from dinghai.schemes.resident_list import Resident
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor, system_actor
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import crossing_tenants, locked, scope_of
from dinghai_platform.core.tokens import hash_of
from dinghai_platform.residents.models import EnrolledPerson, Enrolment, Sale, SaleLink
from dinghai_platform.residents.sealing import look_up_key, seal_people
from dinghai_platform.residents.services.seal import seal_enrolment
from dinghai_platform.residents.staging import Staged, stage

RECEIPT_DAYS: Final = 30
"""So long the buyer's own address shows the certificate."""
_EPOCH: Final = date(1970, 1, 1)


class NotByThisLink(Refusal):
    """The one answer to everybody whom a link cannot insure. It does not say why: whether somebody
    is insured already is nobody else's business."""

    def __init__(self) -> None:
        super().__init__("this link cannot insure this person",
                         reasons=("ask the insurer, with the identity card at hand",))


class FormUsed(Refusal):
    """A form was sent before, with something else in it."""

    def __init__(self) -> None:
        super().__init__("this form was sent before with other details",
                         reasons=("open the link again and fill in a new form",))


class LinkEnded(Refusal):
    """Nothing is sold here any more."""

    def __init__(self) -> None:
        super().__init__("this link sells nothing any more",
                         reasons=("ask whoever gave it to you for a new one",))


@dataclass(frozen=True, slots=True)
class Bought:
    """A sale and the secret of the buyer's receipt, which is not kept."""

    sale: Sale
    receipt: str


def live_link(secret: str) -> SaleLink | None:
    """The link of this secret, whatever its state; None for a secret that is none."""
    with crossing_tenants("a link is known by its secret alone"):
        found: SaleLink | None = SaleLink.objects.unscoped(
            "a link is known by its secret alone").filter(
            token_hash=hash_of(secret)).select_related("scheme", "tenant").first()
    return found


def sell(link: SaleLink, resident: Resident, *, key: str, terms: str) -> Bought:
    """Sell one certificate. ``key`` is of the form: sent again with the same content it answers
    the sale of before. ``terms`` is the fingerprint of the terms that were shown.

    Raises LinkEnded, FormUsed, and NotByThisLink for somebody who is in the scheme already.
    """
    actor = system_actor(link.tenant)
    with scope_of(actor, tenant=link.tenant):
        try:
            with transaction.atomic():
                return _sell(link, resident, key, terms, actor)
        except IntegrityError:
            # Somebody entered the register at the same moment, by another link or by a list.
            raise NotByThisLink from None


def _sell(link: SaleLink, resident: Resident, key: str, terms: str, actor: Actor) -> Bought:
    require(actor, "residents.sell", link)
    link = locked(link)
    receipt, content = _receipt(link, key), _content(link, resident)
    before = Sale.objects.within(link.tenant_id).filter(
        link=link, key_hash=hash_of(key)).select_related("enrolment__scheme").first()
    if before is not None:
        if before.content_hash != content:
            raise FormUsed
        return Bought(before, receipt)
    plan = link.scheme.terms().plans[resident.plan]
    if link.state != "open" or plan.code not in link.plans:
        raise LinkEnded
    if EnrolledPerson.objects.within(link.tenant_id).filter(
            look_up=look_up_hashes([resident.identity], look_up_key(link.scheme))).exists():
        raise NotByThisLink
    enrolment, certificate = _enrol(link, resident, actor)
    if not enrolment.number:
        # A list enrolled the same person after the look above: what was sealed is void.
        raise NotByThisLink
    link.sold += 1
    link.save(update_fields=("sold",))
    sale = Sale.objects.create(
        tenant=link.tenant, link=link, enrolment=enrolment, certificate=certificate,
        plan=plan.code, key_hash=hash_of(key), content_hash=content,
        receipt_hash=hash_of(receipt), terms=terms,
        receipt_until=clock.machine_now() + timedelta(days=RECEIPT_DAYS))
    audit.append(actor, "residents.sold", sale, {
        "link": link.number, "certificate": certificate, "plan": plan.code,
        "premium_fen": str(plan.premium_fen), "terms_shown": terms})
    return Bought(sale, receipt)


def _enrol(link: SaleLink, resident: Resident, actor: Actor) -> tuple[Enrolment, int]:
    """An enrolment of one, sealed; and its certificate."""
    plans: Sequence[int] = [
        int(place == resident.plan) for place in range(len(link.scheme.document["plans"]))]
    enrolment = Enrolment.objects.create(
        tenant=link.tenant, scheme=link.scheme, link=link, file_name=link.number, rows=1,
        as_of=clock.today(), accepted=plans, state=Enrolment.State.ISSUING)
    consented = (resident.consented_on - _EPOCH).days
    people = seal_people(enrolment, [1], [resident.name], [resident.identity],
                         [resident.mobile], [consented])
    chunk = stage(enrolment, Staged(
        line=[1], plan=[resident.plan], masked_name=[masked_name(resident.name)],
        person=people, look_up=[look_up_hashes([resident.identity], look_up_key(link.scheme))],
        faults=(), rejected=0), 0)
    return seal_enrolment(enrolment, actor=actor), chunk.first


def sale_of_receipt(secret: str) -> Sale | None:
    """The sale whose buyer has this secret, for thirty days."""
    with crossing_tenants("a receipt is known by its secret alone"):
        found: Sale | None = Sale.objects.unscoped(
            "a receipt is known by its secret alone").filter(
            receipt_hash=hash_of(secret), receipt_until__gt=clock.machine_now()).select_related(
            "tenant", "link", "enrolment__scheme").first()
    return found


def _receipt(link: SaleLink, key: str) -> str:
    """The buyer's secret: the same for a form that is sent twice, and nobody else's to guess."""
    said = f"residents receipt\x00{link.pk}\x00{key}"
    return hmac.new(settings.SECRET_KEY.encode(), said.encode(), hashlib.sha256).hexdigest()


def _content(link: SaleLink, resident: Resident) -> str:
    """A keyed hash of what was sent, which gives nothing of it away."""
    said = "\x1f".join((resident.name, resident.identity, resident.mobile, str(resident.plan)))
    return hmac.new(look_up_key(link.scheme), f"sale\x00{said}".encode(),
                    hashlib.sha256).hexdigest()
