"""The style guide: every component on one page, for those who build pages (DEBUG only)."""

from __future__ import annotations

from datetime import UTC, datetime

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from dinghai.foundation.trace import Source, Trace
from dinghai_platform.site.charts import bar_chart, curve_chart, radar_chart, waterfall_chart


class SampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label=_("Name of the enterprise"), help_text=_("As on the licence."))
    limit = forms.IntegerField(label=_("Limit"), min_value=0)
    size = forms.ChoiceField(label=_("Size"), choices=[("s", _("Small")), ("l", _("Large"))])
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea({"rows": 2}))
    agreed = forms.BooleanField(label=_("The exclusions were explained to me"), required=False)


def _trace() -> Trace:
    coalition = Source("Coalition 2025", "T", "2025")
    frequency = Trace(
        "frequency.ransomware",
        0.0057,
        "per_year",
        "product",
        None,
        (
            Trace("base", 0.0031, "per_year", "table", coalition),
            Trace("industry", 1.42, "ratio", "table", Source("IRIS 2025", "A", None, (1.21, 1.66))),
            Trace("controls", 0.81, "ratio", "input", Source("float rule", "D")),
            Trace("fit.unnamed_factor", 1.6, "ratio", "input", Source("expert", "M")),
        ),
    )
    severity = Trace("severity.ransomware", 187_300_000, "fen", "table", coalition)
    pure = Trace("pure", 1_067_610, "fen", "product", None, (frequency, severity))
    return Trace("technical", 2_214_530, "fen", "sum", None, (pure, Trace("risk", 412_000, "fen")))


def _timeline() -> list[dict[str, object]]:
    when = datetime(2026, 9, 7, 2, tzinfo=UTC)
    return [
        {
            "title": _("Incident reported"),
            "when": when,
            "icon": "message-report",
            "tone": "warn",
            "actor": "Lin",
            "text": _("Files on two servers were encrypted."),
            "status": "reported",
        },
        {
            "title": _("Responders sent"),
            "when": when,
            "icon": "lifebuoy",
            "tone": "info",
            "links": [(_("Dispatch order"), "#order"), (_("Forensic report"), "#report")],
        },
        {"title": _("Decision"), "icon": "gavel", "tone": "neutral", "status": "planned"},
    ]


def _charts() -> dict[str, object]:
    domains = [_("Governance"), _("Access"), _("Patching"), _("Backup"), _("Detection")]
    domains.append(_("Supply"))
    now, then = [640_000, 720_000, 410_000, 810_000, 560_000, 380_000], [700_000] * 6
    return {
        "bars": bar_chart(
            domains,
            {_("Score"): now},
            unit="score",
            horizontal=True,
            maximum=1_000_000,
            tones=["main", "main", "warn", "good", "main", "bad"],
        ),
        "radar": radar_chart(
            domains, {_("Now"): now, _("After treatment"): then}, unit="score", maximum=1_000_000
        ).with_height("medium"),
        "waterfall": waterfall_chart(
            [
                (_("Pure premium"), 5_210_000, "total"),
                (_("Risk load"), 1_204_000, "change"),
                (_("Expenses"), 1_830_000, "change"),
                (_("Market factor"), -940_000, "change"),
                (_("Charged premium"), 7_304_000, "total"),
            ],
            unit="fen",
        ),
        "curve": curve_chart(
            {_("Loss"): [(10**n, 4e5 / 4 ** (n - 5)) for n in range(5, 12)]},
            unit="fen",
            x_name=_("Annual loss"),
            y_name=_("Probability"),
            x_logarithmic=True,
        ),
        "grouped": bar_chart(
            [_("Ransomware"), _("Denial of service"), _("Third party")],
            {
                _("Own causes"): [820_000_00, 210_000_00, 90_000_00],
                _("Common causes"): [310_000_00, 120_000_00, 460_000_00],
            },
            unit="fen",
            stacked=True,
        ),
    }


def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component. 404 on a site that is not in DEBUG."""
    if not settings.DEBUG:
        raise Http404
    findings = [
        ("F-31c0", "CVE-2020-1938", "Apache Tomcat 9.0.30", "critical", 8009, 943_210, "fixing"),
        ("F-88d2", "CVE-2021-44228", "log4j-core 2.14.1", "critical", None, 975_110, "verified"),
        ("F-07aa", "CVE-2017-0144", "SMBv1", "high", 445, 941_000, "notified"),
        ("F-5e91", "", "TLS 1.0", "medium", 443, None, "accepted_risk"),
        ("F-c012", "", "vsftpd 2.3.4", "high", 21, None, "overdue"),
        ("F-d771", "", "HTTP server banner", "info", 80, None, "false_positive"),
    ]
    steps = [
        {"label": _("Diagnosis"), "state": "done", "href": "#1", "text": "2026-03-10"},
        {"label": _("Treatment"), "state": "done", "text": "2026-03-12"},
        {"label": _("Service"), "state": "done"},
        {"label": _("Monitoring"), "state": "current", "text": _("2 findings open")},
        {"label": _("Rescue"), "state": "planned"},
        {"label": _("Compensation"), "state": "planned"},
    ]
    sent = request.method == "POST"
    return render(
        request,
        "site/styleguide.html",
        {
            "form": SampleForm({"name": ""} if sent or "errors" in request.GET else None),
            "trace": _trace(),
            "events": _timeline(),
            "steps": steps,
            "findings": findings,
            "page": Paginator(range(240), 20).get_page(request.GET.get("page", 3)),
            "limits": [n * 10**8 for n in (1, 2, 3, 5, 8, 10, 20, 30, 50)],
            "due": datetime(2026, 9, 7, 6, tzinfo=UTC),
            **_charts(),
        },
    )
