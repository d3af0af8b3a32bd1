"""Monthly pages: runs over all firms, one firm's page on the screen and as a PDF."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.views.decorators.http import require_POST

from dinghai_platform.core import jobs
from dinghai_platform.core.files import file_response
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import scope_of, visible_or_404
from dinghai_platform.core.web import page
from dinghai_platform.site.lists import Column, List, list_page
from dinghai_platform.small_firms import queries
from dinghai_platform.small_firms.forms import RunForm
from dinghai_platform.small_firms.models import Month, MonthRun
from dinghai_platform.small_firms.services.months import month_of, render_month, run_months
from dinghai_platform.small_firms.views.frame import Way, done, frame_of, of_firm
from dinghai_platform.small_firms.words import PROBES, indicator_name, plan_name

SHOWN_RUNS = 8


def _list() -> List:
    return List(
        name=_("Monthly pages"),
        columns=(
            Column(_p("small firm", "Firm"), lambda row: row.firm.name, "link", "firm__name",
                   lambda row: reverse("small_firms:month_at", args=[row.firm_id, row.pk]),
                   note=lambda row: row.firm.number),
            Column(_("As of"), lambda row: row.on, "day", "on"),
            Column(_("Score"), lambda row: row.score_ppm, "score", "score_ppm"),
            Column(_p("month", "Moved"), lambda row: row.moved_ppm, "score", "moved_ppm"),
            Column(_p("month", "Premium"), lambda row: row.premium_effect_fen, "money",
                   "premium_effect_fen"),
            Column(_p("month", "Threats"), lambda row: row.threats, "count", "threats"),
        ),
        search=("firm__name__icontains", "firm__number__icontains",
                "firm__credit_code__icontains"),
        default_sort="-id", export="small-firm-months",
        empty={"title": _("No monthly page yet"),
               "text": _("Have the pages of today made above: one for each firm that answered."),
               "icon": "report", "href": "", "action": ""},
    )


@page("small_firms.view")
def month_list(request: HttpRequest) -> HttpResponse:
    """The pages and the runs that made them."""
    runs = list(queries.runs(request.actor).order_by("-id")[:SHOWN_RUNS])
    running = next((one.job for one in runs if one.job and not one.job.has_ended), None)
    return list_page(request, queries.months(request.actor), _list(),
                     template="small_firms/months.html",
                     context={"runs": runs, "form": RunForm(), "running": running,
                              "running_state": jobs.job_state(running) if running else None})


@require_POST
@page("small_firms.report")
def run(request: HttpRequest) -> HttpResponse:
    """Have the pages of today made."""
    language = "en" if request.POST.get("language") == "en" else "zh"
    done(request, lambda: run_months(actor=request.actor, language=language),
         _("The pages are being made."))
    return redirect("small_firms:months")


@page("small_firms.view")
def archive(request: HttpRequest, key: UUID) -> HttpResponse:
    """The ZIP of a run."""
    row: MonthRun = visible_or_404(queries.runs(request.actor), request.actor, pk=key)
    with scope_of(request.actor, tenant=row.tenant):
        kept = MonthRun.objects.within(row.tenant_id).select_related("archive").get(pk=row.pk)
        if kept.archive is None:
            raise Http404("the pages are not packed yet")
        return file_response(kept.archive)


def _last(way: Way) -> Month:
    assert way.firm is not None
    found: Month | None = way.firm.months.select_related("tenant").order_by("-id").first()
    if found is None:
        raise Http404("no monthly page yet")
    return found


def _show(request: HttpRequest, way: Way, row: Month) -> HttpResponse:
    if request.GET.get("form") == "pdf":
        language = "en" if request.GET.get("language") == "en" else "zh"
        answer = HttpResponse(render_month(row, language), content_type="application/pdf")
        name = f"{row.document['credit_code']}-{row.on:%Y-%m}.pdf"
        answer["Content-Disposition"] = content_disposition_header(True, name)
        answer["X-Content-Type-Options"] = "nosniff"
        answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return answer
    document = row.document
    return render(request, "small_firms/month.html", {
        **frame_of(way, "month"), "month": row, "document": document,
        "plan_name": plan_name(document["plan"]), "probe": PROBES.get(document["probe"], ""),
        "changes": [(indicator_name(one["indicator"]), one) for one in document["changes"]],
        "to_do": [(indicator_name(one["indicator"]), one) for one in document["to_do"]],
        "earlier": list(row.firm.months.defer("document").exclude(pk=row.pk).order_by("-id")[:12])
    })


def _month(request: HttpRequest, way: Way) -> HttpResponse:
    """A firm's last page; staff and brokers have today's made by sending the form."""
    assert way.firm is not None
    if request.method == "POST":
        require(way.actor, "small_firms.report", way.firm)
        firm = way.firm
        made = done(request, lambda: month_of(firm, actor=way.actor), "")
        return redirect(way.home if made is None else way.month)
    return _show(request, way, _last(way))


month, month_by_link = of_firm(_month)
month = page("small_firms.view")(month)


@page("small_firms.view")
def month_at(request: HttpRequest, key: UUID, month: UUID) -> HttpResponse:
    """One page of a firm."""
    firm = queries.firm(request.actor, key)
    require(request.actor, "small_firms.see", firm)
    row = queries.month(request.actor, month)
    if row.firm_id != firm.pk:
        raise Http404("no such page")
    return _show(request, Way(request.actor, firm), row)
