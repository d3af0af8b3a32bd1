"""The register of residents: searches and figures. Only what is sealed counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dinghai.experience.own_values import CellFault, ordinary
from dinghai.foundation.money import PPM, Fen, multiply_divide
from dinghai.schemes.people import masked_name, read_identity
from dinghai.schemes.persons_twice import look_up_hashes
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import TenantQuerySet
from dinghai_platform.residents.models import (
    Certificate,
    EnrolledPerson,
    Enrolment,
    EnrolmentChunk,
    ResidentScheme,
)
from dinghai_platform.residents.sealing import look_up_key

PAGE: Final = 50
_NUMBER: Final = re.compile(r"(?:[A-Za-z0-9_-]+-)?0*([0-9]{1,18})")


def certificates(actor: Actor) -> TenantQuerySet:
    """The certificates in force that an actor may list, by number."""
    require(actor, "residents.view")
    found: TenantQuerySet = Certificate.objects.visible_to(actor).filter(
        state=Certificate.State.IN_FORCE, chunk__enrolment__state=Enrolment.State.SEALED
    ).select_related("chunk__enrolment__scheme").defer(
        "chunk__faults", "chunk__enrolment__check_document", "chunk__enrolment__repeated"
    ).order_by("id")
    return found


def search(actor: Actor, text: str, *, after: int = 0, most: int = PAGE) -> list[Certificate]:
    """Certificates by number, by a whole identity number, or by a name, which is masked before it
    is looked for; of many, those ``after`` a number. Nothing that was typed is kept."""
    rows = certificates(actor).filter(id__gt=after)
    word = ordinary(text)
    if not word:
        return _in_order(actor, rows, after, most)
    try:
        identity = read_identity(word)
    except CellFault:
        if found := _NUMBER.fullmatch(word):
            return list(rows.filter(id=int(found[1])))
        return list(rows.filter(
            masked_name=word if "*" in word else masked_name(word))[:most])
    return list(rows.filter(id__in=list(_of_person(actor, identity)))[:most])


def _in_order(
    actor: Actor, rows: TenantQuerySet, after: int, most: int
) -> list[Certificate]:
    """The next certificates by number, chunk by chunk: another tenant's many are never walked."""
    chunks = EnrolmentChunk.objects.visible_to(actor).filter(
        enrolment__state=Enrolment.State.SEALED).order_by("first")
    before = chunks.filter(first__lte=after).order_by("-first").first()
    found: list[Certificate] = []
    for first, accepted in chunks.filter(
            first__gte=before.first if before else 0).values_list("first", "accepted").iterator():
        found += rows.filter(id__gte=first, id__lt=first + sum(accepted))[:most - len(found)]
        if len(found) == most:
            break
    return found


def _of_person(actor: Actor, identity: str) -> Iterator[int]:
    """A person's certificates in any scheme of the actor's."""
    hashes = [look_up_hashes([identity], look_up_key(scheme))
              for scheme in ResidentScheme.objects.visible_to(actor)]
    yield from EnrolledPerson.objects.visible_to(actor).filter(
        look_up__in=hashes).values_list("certificate", flat=True)


@dataclass(frozen=True, slots=True)
class SchemeFigures:
    """A scheme's sealed enrolments together; averages in fen and the rate in ppm, half up, None
    where nobody is enrolled."""

    scheme: ResidentScheme
    lists: int
    certificates: int
    rejected: int
    premium_fen: Fen
    sum_insured_fen: Fen

    @property
    def average_premium_fen(self) -> Fen | None:
        """Premium a certificate."""
        return _part(self.premium_fen, self.certificates)

    @property
    def average_sum_insured_fen(self) -> Fen | None:
        """Sum insured a certificate."""
        return _part(self.sum_insured_fen, self.certificates)

    @property
    def rate_ppm(self) -> int | None:
        """Premium of a million of sums insured."""
        return _part(self.premium_fen * PPM, self.sum_insured_fen)


def figures(actor: Actor) -> list[SchemeFigures]:
    """The figures of every scheme the actor sees, from its sealed lists: no certificate is
    counted one by one."""
    require(actor, "residents.view")
    sealed: dict[object, list[Enrolment]] = {}
    for one in Enrolment.objects.visible_to(actor).filter(state=Enrolment.State.SEALED).defer(
            "check_document", "repeated"):
        sealed.setdefault(one.scheme_id, []).append(one)
    return [
        SchemeFigures(
            scheme, len(lists), sum(one.number for one in lists),
            sum(one.rejected for one in lists), sum(one.premium_fen for one in lists),
            sum(one.sum_insured_fen for one in lists))
        for scheme in ResidentScheme.objects.visible_to(actor).order_by("number")
        for lists in (sealed.get(scheme.pk, []),)]


def _part(amount: int, number: int) -> int | None:
    return multiply_divide(amount, 1, number, "half_up") if number else None
