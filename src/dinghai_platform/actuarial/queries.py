"""Reads of the actuary's room. Lists never load documents; every relation shown is joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Min, QuerySet, Sum
from django.http import Http404

from dinghai_platform.actuarial.book import IN_FORCE, size_of
from dinghai_platform.actuarial.in_force import InForce, document_of, table_in_force
from dinghai_platform.actuarial.kinds import KINDS
from dinghai_platform.actuarial.models import (
    FitPaper,
    FitReport,
    FitUpload,
    ImpactRow,
    ImpactRun,
    TableEvent,
    TableVersion,
)
from dinghai_platform.actuarial.summing import ratio_ppm
from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.underwriting.models import Policy, Quote


def versions(actor: Actor) -> QuerySet[TableVersion]:
    """The versions an actor sees, without their documents."""
    return (
        TableVersion.objects.visible_to(actor)
        .select_related("drafted_by", "proposed_by", "decided_by")
        .defer("document")
    )


def version(actor: Actor, key: Any) -> TableVersion:
    """One version with its document, or Http404."""
    rows = TableVersion.objects.all().select_related(
        "tenant", "based_on", "drafted_by", "proposed_by", "decided_by")
    found: TableVersion = visible_or_404(rows, actor, pk=key)
    found.document = document_of(found)
    return found


def all_in_force(tenant: Organisation) -> list[InForce]:
    """Every table that prices today, by kind."""
    today = clock.today()
    return [table_in_force(tenant, kind.code, table_id, today)
            for kind in KINDS.values() for table_id in kind.table_ids()]


def others_of(row: TableVersion) -> QuerySet[TableVersion]:
    """The versions of the same table, newest first, without their documents."""
    return TableVersion.objects.within(row.tenant_id).filter(
        kind=row.kind, table_id=row.table_id).defer("document").order_by("-number")


def events_of(row: TableVersion) -> QuerySet[TableEvent]:
    """The life of a version, oldest first."""
    return TableEvent.objects.within(row.tenant_id).filter(version=row).select_related("by")


def runs_of(row: TableVersion) -> QuerySet[ImpactRun]:
    """The impact runs of a version, newest first."""
    return ImpactRun.objects.within(row.tenant_id).filter(version=row).select_related(
        "job", "started_by").defer("document").order_by("-id")


def run(actor: Actor, key: Any) -> ImpactRun:
    """One impact run, or Http404."""
    rows = ImpactRun.objects.all().select_related("version", "job", "tenant", "started_by")
    found: ImpactRun = visible_or_404(rows.defer("document", "version__document"), actor, pk=key)
    return found


def rows_of(row: ImpactRun) -> QuerySet[ImpactRow]:
    """The rows of a run with who is insured."""
    return ImpactRow.objects.within(row.tenant_id).filter(run=row).select_related("insured")


def rows_named(row: ImpactRun, keys: list[str]) -> list[ImpactRow]:
    """Some rows of a run in the order of their keys."""
    found = {str(one.pk): one for one in rows_of(row).filter(pk__in=keys)}
    return [found[key] for key in keys if key in found]


@dataclass(frozen=True, slots=True)
class Segment:
    """Premiums of a group of policies in force, in fen before VAT."""

    code: str
    policies: int
    technical_fen: int
    charged_fen: int
    expected_fen: int

    @property
    def adequacy_ppm(self) -> int | None:
        """Charged ÷ technical."""
        return ratio_ppm(self.charged_fen, self.technical_fen)

    @property
    def expected_ratio_ppm(self) -> int | None:
        """Expected losses ÷ charged: the loss ratio that the model expects."""
        return ratio_ppm(self.expected_fen, self.charged_fen)


def fits(actor: Actor) -> QuerySet[FitReport]:
    """The fits an actor sees, without what was found."""
    return FitReport.objects.visible_to(actor).select_related("begun_by", "job").defer(
        "document", "screened", "columns", "notes")


def fit(actor: Actor, key: Any) -> FitReport:
    """One fit with what was found, or Http404."""
    rows = FitReport.objects.all().select_related("tenant", "begun_by", "job", "withdrawn_by")
    found: FitReport = visible_or_404(rows, actor, pk=key)
    return found


def fit_paper(row: FitReport, language: str) -> FitPaper:
    """The paper of a fit in one language, or Http404."""
    found = FitPaper.objects.within(row.tenant_id).filter(fit=row, language=language).first()
    if found is None:
        raise Http404("no such paper")
    return found


def fit_body(row: FitReport, language: str) -> str:
    """The body of a fit's paper for a page; empty while there is none."""
    bodies = FitPaper.objects.within(row.tenant_id).filter(fit=row, language=language)
    return bodies.values_list("body", flat=True).first() or ""


def has_upload(row: FitReport) -> bool:
    """Whether the file of a fit is still there."""
    return FitUpload.objects.within(row.tenant_id).filter(fit=row).exists()


_DOSSIER = "quote__assessment__dossier__statements__profile"


def adequacy(actor: Actor) -> tuple[Segment, dict[str, list[Segment]]]:
    """Charged against technical premium of the policies in force, as priced when they were bound:
    the whole book, and by product, industry, size and grade (DECISIONS 22)."""
    rows = Policy.objects.within(actor.own_tenant()).filter(state__in=IN_FORCE).values_list(
        "quote__product__product_id", f"{_DOSSIER}__industry", f"{_DOSSIER}__revenue_fen",
        "quote__assessment__grade", "quote__technical_fen", "quote__charged_fen",
        "quote__expected_loss_fen")
    sums: dict[str, dict[str, list[int]]] = {
        name: {} for name in ("product", "industry", "size", "grade")}
    whole = [0, 0, 0, 0]
    for product, industry, revenue, grade, *fen in rows.order_by("id").iterator():
        for name, code in (("product", product), ("industry", str(industry or "")),
                           ("size", "" if revenue is None else size_of(int(revenue))),
                           ("grade", grade)):
            _add(sums[name].setdefault(code, [0, 0, 0, 0]), fen)
        _add(whole, fen)
    return Segment("", *whole), {
        name: [Segment(code, *values) for code, values in sorted(groups.items())]
        for name, groups in sums.items()}


def _add(values: list[int], fen: list[int]) -> None:
    values[0] += 1
    for place, amount in enumerate(fen, start=1):
        values[place] += amount


def tables_used(actor: Actor) -> list[dict[str, Any]]:
    """Which calibration and which rating the tenant's quotes were priced by, newest first."""
    found = Quote.objects.within(actor.own_tenant()).values(
        "document__tables", "document__rating__id", "document__rating__version",
    ).annotate(quotes=Count("pk"), first=Min("priced_at"), last=Max("priced_at"),
               gross=Sum("gross_fen")).order_by("-last")
    return [{"tables": one["document__tables"], "rating": one["document__rating__id"],
             "version": one["document__rating__version"], "quotes": one["quotes"],
             "first": one["first"], "last": one["last"], "gross": one["gross"]} for one in found]
