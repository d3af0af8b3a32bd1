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
from dinghai_platform.residents.changes_queries import as_they_stand, moves, renamed, without_ended
from dinghai_platform.residents.models import (
    Certificate,
    ChangeList,
    EnrolledPerson,
    Enrolment,
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
    ).select_related("chunk__enrolment__scheme").order_by("id")
    return without_ended(found)


def search(actor: Actor, text: str, *, after: int = 0, most: int = PAGE) -> list[Certificate]:
    """Certificates by number, by a whole identity number, or by a name, which is masked before it
    is looked for; of many, those ``after`` a number. Nothing that was typed is kept."""
    return as_they_stand(_search(actor, text, after, most))


def _search(actor: Actor, text: str, after: int, most: int) -> list[Certificate]:
    rows = certificates(actor).filter(id__gt=after)
    word = ordinary(text)
    if not word:
        return list(rows[:most])
    try:
        identity = read_identity(word)
    except CellFault:
        if found := _NUMBER.fullmatch(word):
            return list(rows.filter(id=int(found[1])))
        return renamed(rows, actor, word if "*" in word else masked_name(word), most)
    return list(rows.filter(id__in=list(_of_person(actor, identity)))[:most])


def _of_person(actor: Actor, identity: str) -> Iterator[int]:
    """A person's certificates in any scheme of the actor's."""
    hashes = [look_up_hashes([identity], look_up_key(scheme))
              for scheme in ResidentScheme.objects.visible_to(actor)]
    yield from EnrolledPerson.objects.visible_to(actor).filter(
        look_up__in=hashes).values_list("certificate", flat=True)


@dataclass(frozen=True, slots=True)
class SchemeFigures:
    """A scheme's sealed lists together. ``premium_fen`` is what stands in the books: issued, and
    ``charged_fen`` less ``refunded_fen`` since. Certificates and sums insured are without the
    ``cancelled``; averages in fen and the rate in ppm are of their whole period, half up, None
    where nobody is left."""

    scheme: ResidentScheme
    lists: int
    by_plan: tuple[int, ...]
    rejected: int
    premium_fen: Fen
    cancelled: int = 0
    charged_fen: Fen = 0
    refunded_fen: Fen = 0

    @property
    def certificates(self) -> int:
        """Certificates that were issued and not cancelled."""
        return sum(self.by_plan)

    @property
    def sum_insured_fen(self) -> Fen:
        """Their sums insured."""
        return sum(number * plan.sum_insured_fen for number, plan in zip(
            self.by_plan, self.scheme.terms().plans, strict=True))

    @property
    def period_premium_fen(self) -> Fen:
        """Their premiums of the whole period."""
        return sum(number * plan.premium_fen for number, plan in zip(
            self.by_plan, self.scheme.terms().plans, strict=True))

    @property
    def average_premium_fen(self) -> Fen | None:
        """Premium a certificate."""
        return _part(self.period_premium_fen, self.certificates)

    @property
    def average_sum_insured_fen(self) -> Fen | None:
        """Sum insured a certificate."""
        return _part(self.sum_insured_fen, self.certificates)

    @property
    def rate_ppm(self) -> int | None:
        """Premium of a million of sums insured."""
        return _part(self.period_premium_fen * PPM, self.sum_insured_fen)


def figures(actor: Actor) -> list[SchemeFigures]:
    """The figures of every scheme the actor sees, from its sealed lists: no certificate is
    counted one by one."""
    require(actor, "residents.view")
    sealed: dict[object, list[Enrolment]] = {}
    for one in Enrolment.objects.visible_to(actor).filter(state=Enrolment.State.SEALED).defer(
            "check_document", "repeated"):
        sealed.setdefault(one.scheme_id, []).append(one)
    changed: dict[object, list[ChangeList]] = {}
    for change in moves(actor).defer("check_document", "repeated"):
        changed.setdefault(change.scheme_id, []).append(change)
    return [_figures(scheme, sealed.get(scheme.pk, []), changed.get(scheme.pk, []))
            for scheme in ResidentScheme.objects.visible_to(actor).order_by("number")]


def _figures(
    scheme: ResidentScheme, lists: list[Enrolment], changes: list[ChangeList]
) -> SchemeFigures:
    by_plan = [0] * len(scheme.document["plans"])
    for accepted in (one.accepted for one in lists):
        by_plan = [one + more for one, more in zip(by_plan, accepted, strict=True)]
    for out, into in (one.moved for one in changes):
        by_plan = [one - less + more for one, less, more in zip(by_plan, out, into, strict=True)]
    charged = sum(one.charged_fen for one in changes)
    refunded = sum(one.refunded_fen for one in changes)
    return SchemeFigures(
        scheme, len(lists), tuple(by_plan), sum(one.rejected for one in lists),
        sum(one.premium_fen for one in lists) + charged - refunded,
        sum(one.accepted for one in changes if one.kind == ChangeList.Kind.CANCELLATION),
        charged, refunded)


def _part(amount: int, number: int) -> int | None:
    return multiply_divide(amount, 1, number, "half_up") if number else None
