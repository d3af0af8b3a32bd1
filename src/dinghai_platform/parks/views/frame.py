"""What pages of a park share: its head, and how a verb that is refused is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest

from dinghai.foundation.errors import DinghaiError
from dinghai.schemes import park_file
from dinghai_platform.core.models import Organisation, Relation
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.web import fault_of
from dinghai_platform.parks.faults import fault_row, fault_words
from dinghai_platform.parks.models import Park
from dinghai_platform.parks.words import coverage_words
from dinghai_platform.site.formats import is_chinese, money_text

PERMISSIONS = ("administer", "enrol", "pack_certificates", "serve", "propose_settlement",
               "approve_settlement", "reverse_settlement")


def frame_of(request: HttpRequest, row: Park, tab: str) -> dict[str, Any]:
    """What the head of every page of a park is given."""
    may = {name: allowed(request.actor, f"parks.{name}", row) for name in PERMISSIONS}
    return {"park": row, "tab": tab, "may_here": may}


def done(request: HttpRequest, verb: Callable[[], Any], success: str) -> Any:
    """What a verb gives, said as a success; None, with the reason said, where it is refused."""
    try:
        found = verb()
    except DinghaiError as error:
        messages.error(request, fault_words(fault_of(error)))
        return None
    messages.success(request, success)
    return found


def faults_of(error: DinghaiError) -> list[dict[str, Any]]:
    """All faults of an error as rows of a table."""
    return [fault_row(one) for one in getattr(error, "faults", (fault_of(error),))]


def first_error(form: Any) -> str:
    """The first fault of a form in one sentence."""
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        return f"{label}: {errors[0]}" if label else str(errors[0])
    return ""


def named(one: Any) -> str:
    """The name of a part of the policy in the language of the page."""
    return str(one.name_zh if is_chinese() or not one.name_en else one.name_en)


def cover_names(policy: park_file.Park, base: str) -> dict[str, str]:
    """Covers of a policy by their ids."""
    return {park_file.BASE: base, **{one.id: named(one) for one in policy.top_ups}}


def choices_of(policy: park_file.Park) -> dict[str, list[tuple[str, str]]]:
    """What a firm that joins may choose: sizes, limits, top-ups; and what an event may hit."""
    product_codes = dict.fromkeys([
        *(one.coverage for one in policy.base.sections),
        *(code for one in policy.top_ups for code in one.coverages)])
    return {
        "sizes": [(one.id, named(one)) for one in policy.sizes],
        "limits": [(str(one.each_event_fen), money_text(one.each_event_fen))
                   for one in policy.base.limits],
        "top_ups": [(one.id, named(one)) for one in policy.top_ups],
        "sections": [(code, coverage_words(code)) for code in product_codes]}


def partners(row_or_tenant: Any, kind: str) -> Any:
    """Organisations of a kind that an insurer deals with."""
    tenant = getattr(row_or_tenant, "tenant_id", None) or row_or_tenant
    return Organisation.objects.filter(
        kind=kind, pk__in=Relation.objects.within(tenant).values("organisation")
    ).order_by("name_zh")
