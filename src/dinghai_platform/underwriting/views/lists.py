"""The lists: cases, dossiers, findings, quotes, policies."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from dinghai.vocabulary.lifecycle import machines, six_steps
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.web import page
from dinghai_platform.site.lists import Column, Filter, List, list_page
from dinghai_platform.site.words import SEVERITIES, name_of, state_word
from dinghai_platform.underwriting import queries
from dinghai_platform.underwriting.models import Dossier, Finding
from dinghai_platform.underwriting.words import KINDS, VANTAGES


def to(name: str, path: str = "pk") -> Any:
    """The address of a row's page; ``path`` leads to the key."""
    return lambda row: reverse(f"underwriting:{name}", args=[getattr(row, path)])


def states_of(machine: str) -> list[tuple[str, Any]]:
    """States of a lifecycle machine with their words."""
    return [(state.id, state_word(state.id).label) for state in machines()[machine].states]


@page("underwriting.view")
def case_list(request: HttpRequest) -> HttpResponse:
    """Cases."""
    may_open = allowed(request.actor, "underwriting.open_case")
    shown = List(
        name=_("Cases"),
        columns=(
            Column(_("Number"), lambda row: row.number, "code", "number", to("case")),
            Column(_("Enterprise"), lambda row: row.insured.name, sort="insured__name_zh"),
            Column(_("Title"), lambda row: row.title, sort="title"),
            Column(_("Step"), lambda row: step_name(row.step), sort="step"),
            Column(_("Opened"), lambda row: row.opened_at, "day", "opened_at"),
        ),
        filters=(
            Filter("step", _("Step"), [(str(n), step_name(n)) for n in range(1, 7)]),
        ),
        search=("number__icontains", "title__icontains", "insured__name_zh__icontains",
                "insured__name_en__icontains"),
        default_sort="-number",
        export="cases",
        empty={
            "title": _("No case yet"),
            "text": _("A case follows one enterprise from its first evidence to its last claim."),
            "icon": "briefcase",
            "href": reverse("underwriting:case_new") if may_open else "",
            "action": _("Open a case"),
        },
    )
    return list_page(
        request, queries.cases(request.actor), shown,
        template="underwriting/cases.html", context={"may_open": may_open},
    )


def step_name(number: int) -> str:
    """A step of the six in the language of the page."""
    return name_of(six_steps()[number - 1])


@page("underwriting.view")
def dossier_list(request: HttpRequest) -> HttpResponse:
    """Dossiers."""
    shown = List(
        name=_("Dossiers"),
        columns=(
            Column(_("Enterprise"), lambda row: row.insured.name, "text", "insured__name_zh",
                   to("dossier")),
            Column(_("Case"), lambda row: row.case.number, "code", "case__number",
                   lambda row: reverse("underwriting:case", args=[row.case_id])),
            Column(_("Version"), lambda row: row.version, "count", "version"),
            Column(_("State"), lambda row: row.state, "status", "state"),
            Column(_("Files"), lambda row: row.files, "count", "files"),
            Column(_("Findings"), lambda row: row.findings_count, "count", "findings_count"),
            Column(_("Rejected"), lambda row: row.rejected_count, "count", "rejected_count"),
            Column(_("Imported"), lambda row: row.imported_at, "moment", "imported_at"),
        ),
        filters=(
            Filter("state", _("State"),
                   [(code, state_word(code).label) for code in Dossier.State.values]),
        ),
        search=("insured__name_zh__icontains", "insured__name_en__icontains",
                "case__number__icontains", "sha256__istartswith"),
        export="dossiers",
        empty={
            "title": _("No dossier yet"),
            "text": _("Open a case and import the folder with profile, answers, scans and "
                      "inventory: findings appear at once."),
            "icon": "file-import",
            "href": reverse("underwriting:cases"),
            "action": _("Go to the cases"),
        },
    )
    return list_page(request, queries.dossiers(request.actor), shown)


@page("underwriting.view")
def finding_list(request: HttpRequest) -> HttpResponse:
    """Findings of each case's newest dossier, or of the one that ``?dossier=`` names."""
    rows = queries.current_findings(request.actor)
    if key := request.GET.get("dossier"):
        dossier = queries.whole(Dossier, request.actor, key)
        rows = queries.findings(request.actor).filter(dossier=dossier)
    shown = List(
        name=_("Findings"),
        columns=(
            Column(_("Finding"), lambda row: row.title, "text", "title", to("finding")),
            Column(_("Severity"), lambda row: row.severity, "severity", "severity_rank"),
            Column(_("Asset"), lambda row: f"{row.asset}:{row.port}" if row.port else row.asset,
                   "code", "asset"),
            Column(_("Kind"), lambda row: KINDS.get(row.kind, row.kind), sort="kind"),
            Column("CVE", lambda row: ", ".join(row.cves[:3]) + ("…" if len(row.cves) > 3 else ""),
                   "code"),
            Column(_("Seen"), lambda row: VANTAGES.get(row.vantage, row.vantage), sort="vantage"),
            Column(_("Enterprise"), lambda row: row.insured.name, sort="insured__name_zh",
                   note=lambda row: f"{row.dossier.case.number} v{row.dossier.version}"),
            Column(_("State"), lambda row: row.state, "status", "state"),
        ),
        filters=(
            Filter("severity", _("Severity"),
                   [(code, word.label) for code, word in SEVERITIES.items()]),
            Filter("kind", _("Kind"), list(KINDS.items())),
            Filter("vantage", _("Seen"), list(VANTAGES.items())),
            Filter("known_exploited", _("Known to be exploited"), [("True", _("yes"))]),
            Filter("state", _("State"),
                   [(code, state_word(code).label) for code in Finding.State.values]),
        ),
        search=("title__icontains", "asset__icontains", "cves_text__icontains",
                "product__icontains", "finding_id__istartswith"),
        default_sort="-severity_rank",
        export="findings",
        empty={
            "title": _("No findings yet"),
            "text": _("Findings come from the scans and inventories of an imported dossier."),
            "icon": "bug",
            "href": reverse("underwriting:dossiers"),
            "action": _("Go to the dossiers"),
        },
    )
    return list_page(request, rows, shown)


@page("underwriting.view")
def quote_list(request: HttpRequest) -> HttpResponse:
    """Quotes."""
    is_staff = allowed(request.actor, "underwriting.view_rating")
    columns = [
        Column(_("Number"), lambda row: row.number, "code", "number", to("quote")),
        Column(_("Enterprise"), lambda row: row.insured.name, sort="insured__name_zh"),
        Column(_("Product"), lambda row: row.product.name),
        Column(_("Grade"), lambda row: row.assessment.grade, "grade", "assessment__grade"),
        Column(_("Limit"), lambda row: row.limit_fen, "money", "limit_fen"),
        Column(_("Deductible"), lambda row: row.deductible_fen, "money", "deductible_fen"),
        Column(_("Gross premium"), lambda row: row.gross_fen, "money", "gross_fen"),
        Column(_("Valid until"), lambda row: row.valid_until, "day", "valid_until"),
        Column(_("State"), lambda row: row.state, "status", "state"),
    ]
    if is_staff:
        columns.insert(
            7, Column(_("Adequacy"), lambda row: row.adequacy_ppm, "percent", "adequacy_ppm")
        )
    shown = List(
        name=_("Quotes"),
        columns=columns,
        filters=(Filter("state", _("State"), states_of("quote")),),
        search=("number__icontains", "insured__name_zh__icontains",
                "insured__name_en__icontains"),
        default_sort="-number",
        export="quotes",
        empty={
            "title": _("No quote yet"),
            "text": _("A quote is priced from an assessment: open a case and assess its dossier."),
            "icon": "report-money",
            "href": reverse("underwriting:cases"),
            "action": _("Go to the cases"),
        },
    )
    return list_page(request, queries.quotes(request.actor), shown)


@page("underwriting.view")
def policy_list(request: HttpRequest) -> HttpResponse:
    """Policies."""
    shown = List(
        name=_("Policies"),
        columns=(
            Column(_("Policy number"), lambda row: row.policy_no, "code", "policy_no",
                   to("policy")),
            Column(_("Insured"), lambda row: row.insured.name, sort="insured__name_zh"),
            Column(_("Product"), lambda row: row.quote.product.name),
            Column(_("First day"), lambda row: row.inception, "day", "inception"),
            Column(_("Last day"), lambda row: row.expiry, "day", "expiry"),
            Column(_("Aggregate limit"), lambda row: row.aggregate_limit_fen, "money",
                   "aggregate_limit_fen"),
            Column(_("Gross premium"), lambda row: row.gross_premium_fen, "money",
                   "gross_premium_fen"),
            Column(_("State"), lambda row: row.state, "status", "state"),
        ),
        filters=(Filter("state", _("State"), states_of("policy")),),
        search=("policy_no__icontains", "insured__name_zh__icontains",
                "insured__name_en__icontains"),
        default_sort="-policy_no",
        export="policies",
        empty={
            "title": _("No policy yet"),
            "text": _("An accepted quote becomes a policy when it is bound."),
            "icon": "shield-check",
            "href": reverse("underwriting:quotes"),
            "action": _("Go to the quotes"),
        },
    )
    return list_page(request, queries.policies(request.actor), shown)
