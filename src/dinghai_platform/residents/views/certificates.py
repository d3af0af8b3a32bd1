"""Certificates: found, shown, proved, printed; and the person behind one, with a reason."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import pgettext as _p
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from dinghai.documents.phrases import Language
from dinghai.documents.qr_marks import qr_svg
from dinghai.foundation.errors import DinghaiError
from dinghai_platform.core.checkpoints import public_key_hex
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.web import csv_answer, fault_of, page
from dinghai_platform.residents import queries
from dinghai_platform.residents.faults import fault_words
from dinghai_platform.residents.forms import RevealForm, SearchForm
from dinghai_platform.residents.models import Certificate
from dinghai_platform.residents.papers import paper_of
from dinghai_platform.residents.proofs import code_of, facts_of, number_of, proof_of
from dinghai_platform.residents.services.reveal import reveal_person
from dinghai_platform.residents.views.frame import download
from dinghai_platform.residents.words import plan_name

EXPORTED = 5_000


@never_cache
@sensitive_post_parameters("search")
@page("residents.view")
def certificate_list(request: HttpRequest) -> HttpResponse:
    """Certificates by number, name or identity number. What is looked for comes in the body."""
    form = SearchForm(request.POST or None)
    asked = form.cleaned_data if form.is_valid() else {}
    text, after = asked.get("search", ""), asked.get("after") or 0
    if request.POST.get("export"):
        rows = [_row(one) for one in queries.search(request.actor, text, most=EXPORTED)]
        return csv_answer("certificates", (
            _p("resident", "Certificate"), _p("resident", "Scheme"), _p("resident", "Holder"),
            _p("resident", "Plan"), _p("resident", "Sum insured"),
            _p("resident", "Premium incl. VAT")), [
            (one["number"], one["scheme"], one["holder"], one["plan"],
             f"{one['sum'] / 100:.2f}", f"{one['premium'] / 100:.2f}") for one in rows])
    found = queries.search(request.actor, text, after=after, most=queries.PAGE + 1)
    shown = found[:queries.PAGE]
    return render(request, "residents/certificates.html", {
        "form": form, "text": text, "rows": [_row(one) for one in shown], "after": after,
        "next": shown[-1].pk if len(found) > queries.PAGE else None})


def _row(one: Certificate) -> dict[str, Any]:
    scheme = one.chunk.enrolment.scheme
    plan = scheme.document["plans"][one.plan]
    return {"pk": one.pk, "number": number_of(one), "scheme": scheme.number,
            "holder": one.masked_name, "plan": plan["code"], "sum": plan["sum_insured_fen"],
            "premium": plan["premium_fen"], "bought": one.chunk.enrolment.link_id is not None}


@never_cache
@page("residents.view")
def certificate(request: HttpRequest, number: int) -> HttpResponse:
    """A certificate, its holder masked."""
    one = queries.certificate(request.actor, number)
    return _shown(request, one)


def _shown(request: HttpRequest, one: Certificate, **more: Any) -> HttpResponse:
    enrolment = one.chunk.enrolment
    return render(request, "residents/certificate.html", {
        "certificate": one, "facts": facts_of(one), "code": code_of(one),
        "plan": plan_name(enrolment.scheme.terms().plans[one.plan]), "enrolment": enrolment,
        "public_key": public_key_hex(), "form": RevealForm(),
        "may_reveal": allowed(request.actor, "residents.reveal", one), **more})


@never_cache
@require_POST
@page("residents.reveal")
def reveal(request: HttpRequest, number: int) -> HttpResponse:
    """Show the person once. The look and its reason are written into the audit chain."""
    one = queries.certificate(request.actor, number)
    form = RevealForm(request.POST)
    if not form.is_valid():
        answer = _shown(request, one, form=form)
        answer.status_code = 400
        return answer
    try:
        person = reveal_person(one, reason=form.cleaned_data["reason"], actor=request.actor)
    except DinghaiError as error:
        form.add_error("reason", fault_words(fault_of(error)))
        return _shown(request, one, form=form)
    return _shown(request, one, person=person)


@page("residents.view")
def qr(request: HttpRequest, number: int) -> HttpResponse:
    """The QR mark of a certificate."""
    return HttpResponse(qr_svg(code_of(queries.certificate(request.actor, number))),
                        content_type="image/svg+xml", headers={"Cache-Control": "no-store"})


@page("residents.view")
def paper(request: HttpRequest, number: int, language: str) -> HttpResponse:
    """A certificate as PDF."""
    one = queries.certificate(request.actor, number)
    return download(paper_of([one], language_of(language)), f"{number_of(one)}-{language}.pdf",
                    "application/pdf")


@page("residents.view")
def proof(request: HttpRequest, number: int) -> HttpResponse:
    """The proof that a certificate is one of a sealed enrolment."""
    one = queries.certificate(request.actor, number)
    text = json.dumps(msgspec.to_builtins(proof_of(one)), ensure_ascii=False, indent=2)
    return download(text.encode(), f"{number_of(one)}-proof.json", "application/json")


def language_of(text: str) -> Language:
    """A language in an address, or Http404."""
    if text == "zh":
        return "zh"
    if text == "en":
        return "en"
    raise Http404("no such language")
