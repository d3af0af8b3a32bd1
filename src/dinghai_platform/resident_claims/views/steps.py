"""The steps of a claim, one page each; what a step says is kept before the next one is shown."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import DinghaiError
from dinghai_platform.resident_claims.faults import fault_words
from dinghai_platform.resident_claims.forms import PAPER_FIELDS
from dinghai_platform.resident_claims.models import Claim
from dinghai_platform.resident_claims.services import filing
from dinghai_platform.resident_claims.services.deciding import decide_claim
from dinghai_platform.resident_claims.steps_view import (
    BY_CODE,
    SEALED_SHOWN,
    StepOf,
    initial_of,
    kept_numbers,
    next_of,
    steps_of,
)
from dinghai_platform.resident_claims.views.claimant import own_claim
from dinghai_platform.resident_claims.visits import Visit, visited


@sensitive_post_parameters()
@visited
def step_page(request: HttpRequest, visit: Visit, key: UUID, step: str) -> HttpResponse:
    """One step: ask, keep, go on."""
    claim = own_claim(visit, key)
    here = BY_CODE.get(step)
    if here is None:
        raise Http404("no such step")
    papers_only = claim.state in filing.EDITABLE and any(
        name in here.form.base_fields for name in PAPER_FIELDS)
    if claim.state not in filing.OPEN_TO_CLAIMANTS and not papers_only:
        return redirect("resident_claims:state", key=claim.pk)
    form = here.form(request.POST or None, request.FILES or None, initial=initial_of(claim, here))
    if request.method == "POST" and form.is_valid():
        try:
            _keep(claim, here, form.cleaned_data, visit)
        except DinghaiError as error:
            form.add_error(None, fault_words(error))
        else:
            return _go_on(request, claim, here, visit)
    return render(request, "resident_claims/step.html", {
        "claim": claim, "step": here, "form": form, "steps": steps_of(claim, here.code),
        "next": next_of(here), "kept": kept_numbers(claim, here), "visiting": True,
        "may_take_back": claim.state == Claim.State.DRAFT,
        "papers": [one for one in claim.papers.filter(taken_back_at=None)
                   if one.kind in here.form.base_fields]},
        status=400 if form.errors else 200)


def _keep(claim: Claim, step: StepOf, data: dict[str, Any], visit: Visit) -> None:
    if claim.state in filing.OPEN_TO_CLAIMANTS and (step.facts or step.words):
        facts = {name: data[name] for name in step.facts}
        if facts.get("police_filed") == 0 and "police_filed" not in (
                claim.established or ()):
            facts["police_filed"] = None  # not yet is not never: a case takes days to open
        # An account number is never shown again whole: an empty field leaves what is kept.
        words = {name: data[name] for name in step.words
                 if data[name] or name in SEALED_SHOWN}
        filing.save_step(claim, facts=facts, words=words, actor=visit.actor,
                         bank=data.get("payee_bank"))
    for kind in PAPER_FIELDS:
        if (file := data.get(kind)) is not None:
            if file.size > filing.LARGEST_PAPER:
                filing.media_type_of(b"0" * (filing.LARGEST_PAPER + 1))
            filing.add_paper(claim, kind=kind, content=file.read(), actor=visit.actor)
    if step.code == "declare":
        filing.submit_claim(claim, declared=data["declared"], actor=visit.actor)


def _go_on(request: HttpRequest, claim: Claim, step: StepOf, visit: Visit) -> HttpResponse:
    if step.code == "declare":
        messages.success(request, _("Your claim is submitted."))
        try:
            decide_claim(claim, actor=visit.actor)
        except DinghaiError:
            # It stays submitted: a handler, or the next mass decision, decides it.
            messages.info(request, _("The insurer looks at it and decides."))
        return redirect("resident_claims:state", key=claim.pk)
    if claim.state not in filing.OPEN_TO_CLAIMANTS or "later" in request.POST:
        messages.success(request, _("Kept."))
        return redirect("resident_claims:state", key=claim.pk)
    return redirect("resident_claims:step", key=claim.pk, step=next_of(step))


@require_POST
@visited
def take_back(request: HttpRequest, visit: Visit, key: UUID, paper: UUID) -> HttpResponse:
    """A wrong file is taken out of a draft."""
    claim = own_claim(visit, key)
    found = claim.papers.filter(pk=paper).first()
    if found is None:
        raise Http404("no such paper")
    try:
        filing.take_paper_back(found, actor=visit.actor)
    except DinghaiError as error:
        messages.error(request, fault_words(error))
    step = "police" if found.kind == "police_notice" else "bank"
    return redirect("resident_claims:step", key=claim.pk, step=step)
