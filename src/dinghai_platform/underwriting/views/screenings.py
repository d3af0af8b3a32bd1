"""Sanctions screenings of a case's enterprise: what is recorded, and one more."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dinghai.foundation.errors import DinghaiError, InputError
from dinghai.pricing.screening import screening_rules
from dinghai_platform.core import clock
from dinghai_platform.core.files import file_response
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.core.web import fault_of, page
from dinghai_platform.site.answers import said
from dinghai_platform.underwriting import queries
from dinghai_platform.underwriting.forms import ScreeningForm
from dinghai_platform.underwriting.models import Case, Screening
from dinghai_platform.underwriting.services import screenings as services
from dinghai_platform.underwriting.words import SCREENING_RESULTS

LARGEST_EVIDENCE = 16 * 1024 * 1024
MOST_SHOWN = 50


@page("underwriting.view_screening")
def screening(request: HttpRequest, key: UUID) -> HttpResponse:
    """The screenings of an enterprise, newest first, and the form for one more."""
    case = queries.whole(Case, request.actor, key)
    form = ScreeningForm(initial={"screened_on": clock.today()})
    status = 200
    if request.method == "POST":
        require(request.actor, "underwriting.screen", case)
        form = ScreeningForm(request.POST, request.FILES)
        if form.is_valid() and _record(request, case, form):
            messages.success(request, _("The screening is recorded."))
            return redirect("underwriting:screening", case.pk)
        status = 400
    rows = list(Screening.objects.within(case.tenant_id).filter(insured=case.insured)
                .select_related("recorded_by", "case", "evidence")
                .order_by("-screened_on", "-id")[:MOST_SHOWN])
    return render(request, "underwriting/screening.html", {
        "case": case, "form": form, "rules": screening_rules(),
        "rows": [{"row": one, "result": SCREENING_RESULTS[one.result],
                  "code": f"screening_{one.result}", "holds": services.holds_today(one)}
                 for one in rows],
        "latest": rows[0] if rows else None,
        "holds": bool(rows) and services.holds_today(rows[0]),
        "may_screen": allowed(request.actor, "underwriting.screen", case),
    }, status=status)


def _record(request: HttpRequest, case: Case, form: ScreeningForm) -> bool:
    """Whether the screening was kept; what is wrong stands in the form."""
    data = form.cleaned_data
    upload = data["evidence"]
    try:
        if upload is not None and upload.size > LARGEST_EVIDENCE:
            raise InputError("the file is too large", field="evidence",
                             mend="attach at most 16 MiB")
        services.record_screening(
            case, lists=data["lists"].splitlines(), screened_on=data["screened_on"],
            result=data["result"], reference=data["reference"], note=data["note"],
            valid_until=data["valid_until"],
            evidence=None if upload is None else (upload.read(), upload.name),
            actor=request.actor)
    except PermissionDenied:
        form.add_error("result", _("A hit or a possible hit is cleared by compliance alone."))
        return False
    except DinghaiError as error:
        faults = error.faults if isinstance(error, InputError) else (fault_of(error),)
        for fault in faults:
            field = (fault.field or "").split("[")[0]
            form.add_error(field if field in form.fields else None, said(fault))
        return False
    return True


@page("underwriting.view_screening")
def evidence(request: HttpRequest, key: UUID) -> HttpResponse:
    """What a screening rests on, as a file."""
    row = visible_or_404(Screening.objects.all().select_related("evidence"), request.actor,
                         pk=key)
    if row.evidence is None:
        raise Http404("no evidence")
    return file_response(row.evidence)
