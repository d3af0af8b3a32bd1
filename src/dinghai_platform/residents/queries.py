"""The register of residents: searches and figures. Only what is sealed counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import Count, Prefetch, QuerySet, Sum
from django.http import Http404

from dinghai.experience.own_values import CellFault, ordinary
from dinghai.foundation.money import PPM, Fen, multiply_divide
from dinghai.schemes.people import masked_name, read_identity
from dinghai.schemes.persons_twice import look_up_hashes
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import TenantQuerySet, visible_or_404
from dinghai_platform.residents.changes_queries import as_they_stand, moves, renamed, without_ended
from dinghai_platform.residents.models import (
    Certificate,
    ChangeList,
    EnrolledPerson,
    Enrolment,
    EnrolmentChunk,
    PaperOrder,
    PaperPart,
    ResidentScheme,
    Sale,
    SaleLink,
)
from dinghai_platform.residents.sealing import look_up_key
from dinghai_platform.site.formats import percent_text

PAGE: Final = 50
_NUMBER: Final = re.compile(r"(?:([A-Za-z0-9_-]+)-)?0*([0-9]{1,18})")


def certificates(actor: Actor) -> TenantQuerySet:
    """The certificates in force that an actor may list, by number."""
    require(actor, "residents.view")
    found: TenantQuerySet = Certificate.objects.visible_to(actor).filter(
        state=Certificate.State.IN_FORCE, chunk__enrolment__state=Enrolment.State.SEALED
    ).select_related("chunk__enrolment__scheme").defer(
        "chunk__faults", "chunk__enrolment__check_document", "chunk__enrolment__repeated",
        "chunk__enrolment__enrolled"
    ).order_by("id")
    return without_ended(found)


def search(actor: Actor, text: str, *, after: int = 0, most: int = PAGE) -> list[Certificate]:
    """Certificates by number, by a whole identity number, or by a name, which is masked before it
    is looked for; of many, those ``after`` a number. Nothing that was typed is kept."""
    return as_they_stand(_search(actor, text, after, most))


def is_identity(text: str) -> bool:
    """Whether a search is a whole identity number, which no address may hold."""
    try:
        read_identity(ordinary(text))
    except CellFault:
        return False
    return True


def _search(actor: Actor, text: str, after: int, most: int) -> list[Certificate]:
    rows = certificates(actor).filter(id__gt=after)
    word = ordinary(text)
    if not word:
        return _in_order(actor, rows, after, most)
    try:
        identity = read_identity(word)
    except CellFault:
        if found := _NUMBER.fullmatch(word):
            named = rows.filter(id=int(found[2]))
            return list(named if found[1] is None else named.filter(
                chunk__enrolment__scheme__number__iexact=found[1]))
        return renamed(rows, actor, word if "*" in word else masked_name(word), most)
    return list(rows.filter(id__in=list(_of_person(actor, identity)))[:most])


def _in_order(
    actor: Actor, rows: TenantQuerySet, after: int, most: int
) -> list[Certificate]:
    """The next certificates by number, chunk by chunk: another tenant's many are never walked.
    Chunks of one, which are sales, are asked for together."""
    chunks = EnrolmentChunk.objects.visible_to(actor).filter(
        enrolment__state=Enrolment.State.SEALED).order_by("first")
    before = chunks.filter(first__lte=after).order_by("-first").first()
    found: list[Certificate] = []
    sold: list[int] = []
    for first, accepted in chunks.filter(
            first__gte=before.first if before else 0).values_list("first", "accepted").iterator():
        if sum(accepted) == 1:
            sold.append(first)
            if len(sold) < most:
                continue
        found += rows.filter(id__in=sold)[:most - len(found)] if sold else ()
        if sum(accepted) > 1 and len(found) < most:
            found += rows.filter(id__gte=first, id__lt=first + sum(accepted))[:most - len(found)]
        sold = []
        if len(found) == most:
            break
    return found + list(rows.filter(id__in=sold)[:most - len(found)] if sold else ())


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
    sold: int = 0
    """Certificates of them that were bought at links."""
    cancelled: int = 0
    charged_fen: Fen = 0
    refunded_fen: Fen = 0

    @property
    def name(self) -> str:
        """The scheme's name."""
        return self.scheme.name

    @property
    def number(self) -> str:
        """The scheme's number."""
        return self.scheme.number

    @property
    def first_day(self) -> date:
        """The scheme's first day."""
        return self.scheme.first_day

    @property
    def last_day(self) -> date:
        """The scheme's last day."""
        return self.scheme.last_day

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

    @property
    def rate_text(self) -> str:
        """The rate in percent, to the millionth."""
        return percent_text(self.rate_ppm, 4)


def figures(actor: Actor) -> list[SchemeFigures]:
    """The figures of every scheme the actor sees, from its sealed lists: no certificate is
    counted one by one."""
    require(actor, "residents.view")
    sealed: dict[object, list[Enrolment]] = {}
    rows = Enrolment.objects.visible_to(actor).filter(state=Enrolment.State.SEALED)
    for one in rows.filter(link=None).defer("check_document", "repeated", "enrolled"):
        sealed.setdefault(one.scheme_id, []).append(one)
    sold: dict[object, list[tuple[str, int, Fen]]] = {}
    # Sales are one certificate each, and many: the database adds them up.
    for scheme, plan, number, premium in Sale.objects.visible_to(actor).order_by().values_list(
            "enrolment__scheme", "plan").annotate(Count("pk"), Sum("enrolment__premium_fen")):
        sold.setdefault(scheme, []).append((plan, number, premium))
    changed: dict[object, list[ChangeList]] = {}
    for change in moves(actor).defer("check_document", "repeated", "scope"):
        changed.setdefault(change.scheme_id, []).append(change)
    return [_figures(scheme, sealed.get(scheme.pk, []), sold.get(scheme.pk, []),
                     changed.get(scheme.pk, []))
            for scheme in ResidentScheme.objects.visible_to(actor).order_by("number")]


def _figures(
    scheme: ResidentScheme, lists: list[Enrolment], sold: list[tuple[str, int, Fen]],
    changes: list[ChangeList],
) -> SchemeFigures:
    codes = [plan["code"] for plan in scheme.document["plans"]]
    by_plan = [0] * len(codes)
    for accepted in (one.accepted for one in lists):
        by_plan = [one + more for one, more in zip(by_plan, accepted, strict=True)]
    for code, number, _ in sold:
        by_plan[codes.index(code)] += number
    for out, into in (one.moved for one in changes):
        by_plan = [one - less + more for one, less, more in zip(by_plan, out, into, strict=True)]
    charged = sum(one.charged_fen for one in changes)
    refunded = sum(one.refunded_fen for one in changes)
    return SchemeFigures(
        scheme, len(lists), tuple(by_plan), sum(one.rejected for one in lists),
        sum(one.premium_fen for one in lists) + sum(premium for _, _, premium in sold)
        + charged - refunded, sum(number for _, number, _ in sold),
        sum(one.accepted for one in changes if one.kind == ChangeList.Kind.CANCELLATION),
        charged, refunded)


def figures_of(actor: Actor, scheme: ResidentScheme) -> SchemeFigures:
    """The figures of one scheme in hand."""
    return next(one for one in figures(actor) if one.scheme == scheme)


def lists_of(scheme: ResidentScheme) -> QuerySet[Enrolment]:
    """The lists of a scheme in hand, without what is long in them."""
    rows: QuerySet[Enrolment] = Enrolment.objects.within(scheme.tenant_id).filter(
        scheme=scheme, link=None).select_related("scheme", "file").defer(
        "check_document", "repeated", "enrolled", "scheme__document")
    return rows


def list_of(actor: Actor, key: Any) -> Enrolment:
    """One list, or Http404."""
    found: Enrolment = visible_or_404(
        Enrolment.objects.filter(link=None).select_related("scheme", "file", "job", "created_by"),
        actor, pk=key)
    return found


def changes_of(scheme: ResidentScheme) -> QuerySet[ChangeList]:
    """The lists of changes of a scheme in hand, without what is long in them."""
    rows: QuerySet[ChangeList] = ChangeList.objects.within(scheme.tenant_id).filter(
        scheme=scheme).select_related("scheme").defer(
        "check_document", "repeated", "scope", "scheme__document")
    return rows


def change_list_of(actor: Actor, key: Any) -> ChangeList:
    """One list of changes, or Http404."""
    found: ChangeList = visible_or_404(
        ChangeList.objects.select_related("scheme", "target", "job", "created_by").defer(
            "scope", "repeated"), actor, pk=key)
    return found


def certificate(actor: Actor, number: int) -> Certificate:
    """One certificate in force, or Http404."""
    if not 0 < number < 1 << 63:
        raise Http404("no such certificate")
    found = as_they_stand(certificates(actor).filter(id=number).select_related(
        "tenant", "chunk__enrolment__link"))
    if not found:
        raise Http404("no such certificate")
    return found[0]


def links_of(scheme: ResidentScheme) -> QuerySet[SaleLink]:
    """The sale links of a scheme in hand, newest first."""
    rows: QuerySet[SaleLink] = SaleLink.objects.within(scheme.tenant_id).filter(
        scheme=scheme).select_related("scheme", "created_by")
    return rows


def link_of(actor: Actor, key: Any) -> SaleLink:
    """One sale link, or Http404."""
    found: SaleLink = visible_or_404(
        SaleLink.objects.all().select_related("scheme", "created_by"), actor, pk=key)
    return found


def sales_of(link: SaleLink) -> QuerySet[Sale]:
    """The sales of a link in hand, newest first."""
    rows: QuerySet[Sale] = Sale.objects.within(link.tenant_id).filter(
        link=link).select_related("enrolment")
    return rows


def orders_of(enrolment: Enrolment) -> list[PaperOrder]:
    """What was asked for as PDF of a list in hand, with its parts: of each language the last order,
    for the certificates may have changed since one before."""
    last: dict[str, PaperOrder] = {}
    parts = PaperPart.objects.within(enrolment.tenant_id).select_related("file").defer(
        "file__bytes_in_row")
    for one in PaperOrder.objects.within(enrolment.tenant_id).filter(
            enrolment=enrolment).select_related("job").prefetch_related(
            Prefetch("parts", parts)).order_by("pk"):
        last[one.language] = one
    return list(last.values())


def paper_part(actor: Actor, key: Any) -> PaperPart:
    """One part of certificates as PDF, or Http404."""
    found: PaperPart = visible_or_404(
        PaperPart.objects.all().select_related("order__enrolment", "file"), actor, pk=key)
    return found


def _part(amount: int, number: int) -> int | None:
    return multiply_divide(amount, 1, number, "half_up") if number else None
