"""The lists: policies under watch, findings, notices, proposals, threat tables."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from dinghai.vocabulary.lifecycle import machines
from dinghai_platform.catalogue.models import FeedTable
from dinghai_platform.catalogue.queries import feeds
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.web import page
from dinghai_platform.monitoring import queries
from dinghai_platform.monitoring.forms import FeedForm
from dinghai_platform.monitoring.models import Notice
from dinghai_platform.site.lists import Column, Filter, List, list_page
from dinghai_platform.site.words import state_word


def _states(machine: str) -> list[tuple[str, Any]]:
    return [(state.id, state_word(state.id).label) for state in machines()[machine].states]


def _to(name: str, path: str = "pk") -> Any:
    return lambda row: reverse(f"monitoring:{name}", args=[getattr(row, path)])


@page("monitoring.view")
def policy_list(request: HttpRequest) -> HttpResponse:
    """Policies under watch."""
    shown = List(
        name=_("Policies under watch"),
        columns=(
            Column(_("Policy number"), lambda row: row.policy_no, "code", "policy_no",
                   _to("policy")),
            Column(_("Insured"), lambda row: row.insured.name, sort="insured__name_zh"),
            Column(_("Grade"), lambda row: row.last_grade, "grade", "last_grade"),
            Column(_("Score"), lambda row: row.last_score, "score", "last_score"),
            Column(_("Expected loss"), lambda row: row.last_loss, "money", "last_loss"),
            Column(_("Open findings"), lambda row: row.open_findings, "count", "open_findings"),
            Column(_("Last reading"), lambda row: row.last_on, "day", "last_on"),
            Column(_("State"), lambda row: row.state, "status", "state"),
        ),
        filters=(
            Filter("grade", _("Grade"), [(one, one) for one in "ABCDE"], "last_grade"),
        ),
        search=("policy_no__icontains", "insured__name_zh__icontains",
                "insured__name_en__icontains"),
        default_sort="-policy_no",
        export="watched-policies",
        empty={
            "title": _("No policy is under watch yet"),
            "text": _("A policy comes under watch when its premium has arrived."),
            "icon": "activity", "href": reverse("underwriting:policies"),
            "action": _("Go to the policies"),
        },
    )
    return list_page(request, queries.policies(request.actor), shown)


@page("monitoring.view")
def finding_list(request: HttpRequest) -> HttpResponse:
    """Findings under watch."""
    shown = List(
        name=_("Findings under watch"),
        columns=(
            Column("CVE", lambda row: row.cve, "code", "cve", _to("finding")),
            Column(_("Finding"), lambda row: row.title, sort="title"),
            Column(_("Asset"), lambda row: row.asset, "code", "asset"),
            Column(_("Severity"), lambda row: row.severity, "severity", "severity_rank"),
            Column(_("Insured"), lambda row: row.insured.name, sort="insured__name_zh",
                   note=lambda row: row.policy.policy_no),
            Column(_("Due"), lambda row: row.due, "moment", "due"),
            Column(_("State"), lambda row: row.state, "status", "state"),
        ),
        filters=(
            Filter("state", _("State"), _states("monitoring_finding")),
            Filter("severity", _("Severity"), queries.severity_choices()),
        ),
        search=("cve__icontains", "title__icontains", "asset__icontains",
                "policy__policy_no__icontains"),
        default_sort="due",
        export="watched-findings",
        empty={
            "title": _("Nothing is under watch"),
            "text": _("When a new threat table lists a component of an insured, it appears here "
                      "with a written notice."),
            "icon": "shield-check",
            "href": reverse("monitoring:feeds")
            if allowed(request.actor, "monitoring.view_feeds") else "",
            "action": _("Go to the threat tables"),
        },
    )
    return list_page(request, queries.findings(request.actor), shown)


@page("monitoring.view")
def notice_list(request: HttpRequest) -> HttpResponse:
    """Notices with their proof."""
    shown = List(
        name=_("Notices"),
        columns=(
            Column(_("Number"), lambda row: row.number, "code", "number", _to("notice")),
            Column(_("Kind"), lambda row: row.get_kind_display(), sort="kind"),
            Column(_("Insured"), lambda row: row.insured.name, sort="insured__name_zh",
                   note=lambda row: row.policy.policy_no),
            Column(_("Issued"), lambda row: row.issued_at, "moment", "issued_at"),
            Column(_("Due"), lambda row: row.due, "day", "due"),
            Column(_("Delivered"), lambda row: row.delivered_at, "moment", "delivered_at",
                   note=lambda row: row.channel),
            Column(_("Acknowledged"), lambda row: row.acknowledged_at, "moment",
                   "acknowledged_at"),
        ),
        filters=(Filter("kind", _("Kind"), Notice.Kind.choices),),
        search=("number__icontains", "policy__policy_no__icontains",
                "insured__name_zh__icontains", "text_zh__icontains"),
        default_sort="-number",
        export="notices",
        empty={
            "title": _("No notice yet"),
            "text": _("Notices are written when something must be mended or a premium changes."),
            "icon": "mail", "href": "", "action": "",
        },
    )
    return list_page(request, queries.notices(request.actor), shown)


@page("monitoring.view")
def float_list(request: HttpRequest) -> HttpResponse:
    """What the float rule said of readings."""
    shown = List(
        name=_("Premium float"),
        columns=(
            Column(_("Policy number"), lambda row: row.policy.policy_no, "code",
                   "policy__policy_no", _to("float")),
            Column(_("Insured"), lambda row: row.insured.name, sort="insured__name_zh"),
            Column(_("Reading"), lambda row: row.reading.as_of, "day", "reading__as_of",
                   note=lambda row: row.reading.get_cause_display()),
            Column(_("Factor"), lambda row: row.factor_ppm, "percent", "factor_ppm"),
            Column(_("Amount"), lambda row: row.amount_fen, "money", "amount_fen"),
            Column(_("Effective"), lambda row: row.effective, "day", "effective"),
            Column(_("State"), lambda row: row.state, "status", "state"),
        ),
        filters=(Filter("state", _("State"), _states("premium_float")),),
        search=("policy__policy_no__icontains", "insured__name_zh__icontains"),
        export="premium-float",
        empty={
            "title": _("No reading yet"),
            "text": _("Every reading of a policy under watch says here what the float rule makes "
                      "of it."),
            "icon": "arrows-sort", "href": reverse("monitoring:policies"),
            "action": _("Go to the policies under watch"),
        },
    )
    return list_page(request, queries.floats(request.actor), shown)


@page("monitoring.view_feeds")
def feed_list(request: HttpRequest) -> HttpResponse:
    """Threat tables that were loaded, and loading one."""
    shown = List(
        name=_("Threat tables"),
        columns=(
            Column(_("Table"), lambda row: row.get_kind_display(), sort="kind"),
            Column(_("As of"), lambda row: row.as_of, "day", "as_of"),
            Column(_("Rows"), lambda row: row.rows, "count", "rows"),
            Column(_("File"), lambda row: row.file.name, note=lambda row: row.sha256[:16]),
            Column(_("Loaded"), lambda row: row.loaded_at, "moment", "loaded_at"),
            Column(_("Matching"), lambda row: row.job.state if row.job else "done", "status",
                   href=lambda row: reverse("core:job", args=[row.job_id]) if row.job_id else ""),
        ),
        filters=(Filter("kind", _("Table"), FeedTable.Kind.choices),),
        search=("file__name__icontains", "sha256__istartswith"),
        default_sort="-as_of",
        export="threat-tables",
        empty={
            "title": _("No table was loaded yet"),
            "text": _("Until then the tables that come with the platform count. Load CISA's KEV "
                      "catalogue or FIRST's EPSS scores on the right."),
            "icon": "database", "href": "", "action": "",
        },
    )
    context = {"form": FeedForm(), "may_load": allowed(request.actor, "catalogue.load_feed")}
    return list_page(
        request, feeds(request.actor), shown, template="monitoring/feeds.html", context=context
    )
