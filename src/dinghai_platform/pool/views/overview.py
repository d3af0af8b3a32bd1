"""The pool at a glance, and the operator's verbs on its members."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dinghai.experience.pool_rules import pool_rules
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.tenancy import crossing_tenants
from dinghai_platform.core.web import page
from dinghai_platform.pool import queries
from dinghai_platform.pool.forms import MemberForm
from dinghai_platform.pool.models import Batch
from dinghai_platform.pool.services import members
from dinghai_platform.pool.words import credits_text, purpose_choices
from dinghai_platform.site.answers import answer


@page("pool.view")
def overview(request: HttpRequest) -> HttpResponse:
    """What the pool holds, who takes part, what it may still spend, and one's own part in it."""
    actor = request.actor
    pool = queries.the_pool()
    context: dict[str, Any] = {"pool": pool, "rules": pool_rules().release}
    if pool is not None:
        stock = queries.stock()
        member = queries.membership(actor)
        latest = list(queries.releases(actor).order_by("-number")[:5])
        gone = queries.withdrawn_since(latest)
        context |= {
            "stock": stock, "budget": queries.spent(pool), "member": member,
            "purposes": [(name, stock.by_purpose.get(code, 0))
                         for code, name in purpose_choices()],
            "releases": [(one, gone[one.pk]) for one in latest],
            "may_contribute": member is not None and allowed(actor, "pool.contribute"),
        }
        if queries.sees_members(actor):
            context["members"] = [(one, credits_text(one.credits_milli))
                                  for one in queries.members()]
        if member is not None:
            mine = queries.batches(actor).filter(state=Batch.State.ACCEPTED)
            context |= {
                "own_batches": mine.count(),
                "own_credits": credits_text(queries.balance(actor.organisation)),
            }
    if allowed(actor, "pool.operate") and pool is not None:
        with crossing_tenants("whom the operator may still admit"):
            context["admit_form"] = MemberForm()
            context["may_admit"] = True
    return render(request, "pool/overview.html", context)


@require_POST
@page("pool.operate")
def open_it(request: HttpRequest) -> HttpResponse:
    """Open the pool."""
    return answer(request, lambda: members.open_pool(actor=request.actor),
                  _("The pool is open."), reverse("pool:overview"))


@require_POST
@page("pool.operate")
def admit(request: HttpRequest) -> HttpResponse:
    """Admit an organisation."""
    wanted = _organisation(request)
    return answer(request, lambda: members.admit_member(wanted, actor=request.actor),
                  _("The organisation is a member now."), reverse("pool:overview"))


@require_POST
@page("pool.operate")
def end(request: HttpRequest) -> HttpResponse:
    """End a membership."""
    wanted = _organisation(request)
    return answer(request, lambda: members.end_member(wanted, actor=request.actor),
                  _("The membership has ended."), reverse("pool:overview"))


def _organisation(request: HttpRequest) -> Organisation:
    try:
        return get_object_or_404(Organisation, pk=request.POST.get("organisation", ""))
    except (ValidationError, ValueError) as error:
        raise Http404("no such organisation") from error
