"""Reads on subsidies: what an actor sees, what anybody may read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.http import Http404

from dinghai.schemes.subsidy_report import SubsidyReport, report
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.tenancy import crossing_tenants, visible_or_404
from dinghai_platform.subsidies.book import Book
from dinghai_platform.subsidies.models import (
    Application,
    Enclosure,
    Entry,
    FileList,
    Payment,
    PublicList,
    RuleVersion,
    Subsidy,
    open_for_reading,
)
from dinghai_platform.underwriting.models import Policy

OPEN = "what a subsidy offers is open to everybody"
PUBLIC = "a public list is for everybody"
MOST_POLICIES = 200


def subsidies(actor: Actor) -> QuerySet[Subsidy]:
    """The subsidies an authority (or the operator) keeps, with how many applications wait."""
    return Subsidy.objects.visible_to(actor).select_related("authority").annotate(
        applied=Count("applications"),
        waiting=Count("applications", filter=Q(applications__state__startswith="waiting")))


def subsidy(actor: Actor, key: Any) -> Subsidy:
    """One subsidy in its authority's hand, or Http404."""
    found: Subsidy = visible_or_404(
        Subsidy.objects.all().select_related("tenant", "authority"), actor, pk=key)
    return found


def on_offer() -> QuerySet[Subsidy]:
    """Every subsidy that takes applications, whoever asks."""
    return open_for_reading(Subsidy, OPEN).filter(state=Subsidy.State.OPEN).select_related(
        "tenant", "authority").order_by("last", "id")


def offered(key: Any) -> Subsidy:
    """One subsidy that is on offer, or Http404."""
    try:
        found = open_for_reading(Subsidy, OPEN).select_related("tenant", "authority").filter(
            pk=UUID(str(key))).first()
    except ValueError:
        found = None
    if found is None:
        raise Http404("no such subsidy")
    return found


def rule_in_force(row: Subsidy) -> RuleVersion:
    """The version of its rule that decides."""
    found: RuleVersion = open_for_reading(RuleVersion, OPEN).get(
        subsidy=row, version=row.version)
    return found


def versions_of(row: Subsidy) -> QuerySet[RuleVersion]:
    """The versions of a rule, newest first."""
    return RuleVersion.objects.within(row.tenant_id).filter(subsidy=row).select_related(
        "given_by").order_by("-number")


def applications(actor: Actor) -> QuerySet[Application]:
    """The applications an actor sees."""
    return Application.objects.visible_to(actor).select_related("subsidy").defer(
        "stated", "reasons")


def application(actor: Actor, key: Any) -> Application:
    """One application, or Http404."""
    rows = Application.objects.all().select_related(
        "tenant", "subsidy__tenant", "subsidy__authority", "policy", "insurer", "organisation",
        "confirmed_by")
    found: Application = visible_or_404(rows, actor, pk=key)
    return found


def applications_of(row: Subsidy) -> QuerySet[Application]:
    """The applications of a subsidy in hand."""
    return Application.objects.within(row.tenant_id).filter(subsidy=row).select_related("insurer")


def entries_of(row: Application) -> list[Mapping[str, Any]]:
    """What the register says of one application, oldest first."""
    own = Entry.objects.within(row.tenant_id).filter(subsidy=row.subsidy)
    return [one.document for one in own.filter(
        Q(application=row.number) | Q(kind="published")).order_by("sequence")
        if one.kind != "published" or row.number in one.document["applications"]]


def enclosures_of(row: Application) -> list[Enclosure]:
    """The papers of an application in hand."""
    return list(Enclosure.objects.within(row.tenant_id).filter(application=row).select_related(
        "file").order_by("id"))


def enclosure(actor: Actor, key: Any) -> Enclosure:
    """One paper, or Http404. Its file is the house's: it is read in the house's scope alone."""
    found: Enclosure = visible_or_404(Enclosure.objects.all().select_related(
        "application", "tenant"), actor, pk=key)
    return found


def lists_of(row: Subsidy) -> QuerySet[FileList]:
    """The lists that were given for a subsidy in hand."""
    return FileList.objects.within(row.tenant_id).filter(subsidy=row).select_related(
        "job", "given_by").defer("result")


def file_list(actor: Actor, key: Any) -> FileList:
    """One list, or Http404."""
    found: FileList = visible_or_404(FileList.objects.all().select_related(
        "tenant", "subsidy__tenant", "subsidy__authority", "job"), actor, pk=key)
    return found


def public_lists_of(row: Subsidy) -> QuerySet[PublicList]:
    """The public lists of a subsidy in hand, newest first."""
    return PublicList.objects.within(row.tenant_id).filter(subsidy=row).select_related(
        "published_by").defer("document").order_by("-number")


def payments_of(row: Subsidy) -> QuerySet[Payment]:
    """The payments of a subsidy in hand, newest first."""
    return Payment.objects.within(row.tenant_id).filter(subsidy=row).select_related(
        "paid_by", "entry").defer("document").order_by("-number")


def payment(actor: Actor, key: Any) -> Payment:
    """One list of payments, or Http404."""
    found: Payment = visible_or_404(
        Payment.objects.all().select_related("tenant", "subsidy"), actor, pk=key)
    return found


def published() -> QuerySet[PublicList]:
    """Every public list, whoever asks, newest first."""
    return open_for_reading(PublicList, PUBLIC).select_related(
        "subsidy", "authority").defer("document").order_by("-day", "-id")


def published_list(key: Any) -> PublicList:
    """One public list, or Http404."""
    found: PublicList | None = open_for_reading(PublicList, PUBLIC).select_related(
        "subsidy", "authority").filter(pk=key).first()
    if found is None:
        raise Http404("no such list")
    return found


def standing_of(row: PublicList) -> dict[str, tuple[str, int]]:
    """How the grants of a public list stand now: state and grant by application. Nothing else of
    the applications leaves this query."""
    numbers = [one["application"] for one in row.document["rows"]]
    found: dict[str, tuple[str, int]] = {}
    with crossing_tenants(PUBLIC):
        for start in range(0, len(numbers), 500):
            found.update((number, (state, granted)) for number, state, granted in
                         Application.objects.unscoped(PUBLIC).filter(
                             subsidy=row.subsidy_id, number__in=numbers[start:start + 500]
                         ).values_list("number", "state", "granted_fen"))
    return found


def policies_to_apply_for(actor: Actor) -> list[Policy]:
    """Policies that an actor may apply for: a firm its own, a broker those shared with it."""
    rows = Policy.objects.visible_to(actor).filter(paid_at__isnull=False).select_related(
        "tenant", "insured").defer("document")
    if actor.role != "broker":
        rows = rows.filter(insured=actor.organisation)
    return list(rows.order_by("-id")[:MOST_POLICIES])


def policy_to_apply_for(actor: Actor, key: Any) -> Policy:
    """One of them, or Http404."""
    rows = Policy.objects.all().select_related(
        "tenant", "insured")
    found: Policy = visible_or_404(rows, actor, pk=key)
    if actor.role != "broker" and found.insured_id != actor.organisation.pk:
        raise Http404("no such policy")
    return found


def figures_of(row: Subsidy) -> dict[str, Any]:
    """Counts by state and sums of a subsidy in hand, in one query each."""
    own = Application.objects.within(row.tenant_id).filter(subsidy=row)
    states = dict(own.values_list("state").annotate(count=Count("pk")).order_by())
    sums = own.aggregate(
        granted=Sum("granted_fen", default=0), paid=Sum("paid_fen", default=0),
        returned=Sum("returned_fen", default=0), due=Sum("due_fen", default=0),
        to_publish=Count("pk", filter=Q(state="granted", granted_fen__gt=0,
                                        published_until=None)),
        due_firms=Count("pk", filter=Q(due_fen__gt=0)))
    return {"states": states, "applied": sum(states.values()), **sums}


def report_of(book: Book) -> SubsidyReport:
    """The regulator's report of a book in hand, by insurer as well."""
    own = Application.objects.within(book.subsidy.tenant_id).filter(
        subsidy=book.subsidy, insurer__isnull=False)
    insurers = dict(own.values_list("number", "insurer__name_zh"))
    return report(book.text, book.register, insurers=insurers)


