"""The page of a sale link and the buyer's receipt: for residents on a telephone, not signed in."""

from __future__ import annotations

from datetime import timedelta
from secrets import token_urlsafe

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from dinghai.documents.phrases import Language
from dinghai.documents.qr_marks import qr_svg
from dinghai.documents.resident_terms import resident_terms
from dinghai.schemes.resident_list import Resident, read_resident
from dinghai_platform.core import clock
from dinghai_platform.core.actors import system_actor
from dinghai_platform.core.tenancy import scope_of
from dinghai_platform.residents.faults import said
from dinghai_platform.residents.forms import BuyForm
from dinghai_platform.residents.limits import allowed_again, is_held
from dinghai_platform.residents.models import Certificate, Sale, SaleLink
from dinghai_platform.residents.papers import paper_of
from dinghai_platform.residents.proofs import code_of, facts_of, number_of, state_of
from dinghai_platform.residents.services.sales import (
    FormUsed,
    LinkEnded,
    NotByThisLink,
    live_link,
    sale_of_receipt,
    sell,
)
from dinghai_platform.residents.views.certificates import language_of
from dinghai_platform.residents.views.frame import download
from dinghai_platform.residents.views.links import plan_choices
from dinghai_platform.residents.words import plan_name
from dinghai_platform.site.formats import is_chinese

FORM_SECONDS = 2 * 3600
NOT_PRINTED = frozenset(("cancelled", "not_in_force"))
"""A paper in somebody's hand says that there is cover: none is made where it was cancelled."""
NOT_FOR_BUYERS = frozenset(("leave the person out", "leave the person out, or ask again"))


@never_cache
@sensitive_variables("resident", "form")
@sensitive_post_parameters("name", "identity", "mobile")
def buy(request: HttpRequest, secret: str) -> HttpResponse:
    """What is covered and what is not, a form, and the certificate."""
    link = live_link(secret)
    if link is None:
        raise Http404("no such link")
    with scope_of(system_actor(link.tenant)):
        if link.state != "open" and request.method != "POST":
            return _told(request, link, "ended", 410)
        if request.method != "POST":
            return _form_page(request, link, BuyForm(
                initial={"key": _new_key(link), "plan": link.plans[0]}, plans=_plans(link)))
        if is_held(request, "turned_away") or not allowed_again(request, "buy") or (
                not allowed_again(request, "buy_link", str(link.pk))):
            return _told(request, link, "too_often", 429)
        return _bought(request, link)


def _bought(request: HttpRequest, link: SaleLink) -> HttpResponse:
    form = BuyForm(request.POST, plans=_plans(link))
    resident = _resident(form, link) if form.is_valid() else None
    key = _key(request.POST.get("key", ""), link)
    if key is None:
        form.add_error(None, _("This form is too old. Check what you wrote and send it again."))
    if resident is None or key is None:
        form.data = form.data.copy()  # type: ignore[attr-defined]
        if key is None:
            form.data["key"] = _new_key(link)
        return _form_page(request, link, form, status=400)
    try:
        bought = sell(link, resident, key=key, terms=resident_terms(
            link.scheme.terms().product, _language()).fingerprint())
    except NotByThisLink:
        allowed_again(request, "turned_away")
        return _told(request, link, "not_by_this_link", 409)
    except FormUsed:
        return _told(request, link, "form_used", 409)
    except LinkEnded:
        return _told(request, link, "ended", 410)
    return redirect("residents:receipt", secret=bought.receipt)


def _resident(form: BuyForm, link: SaleLink) -> Resident | None:
    """Who buys, read as a row of a list is; faults go to their fields."""
    data, today = form.cleaned_data, clock.today()
    found = read_resident(
        {"name": data["name"], "identity": data["identity"], "mobile": data["mobile"],
         "consent": "是", "consented_on": today.isoformat()},
        data["plan"], link.scheme.terms(), as_of=today)
    if isinstance(found, Resident):
        return found
    for fault in found:
        mend = fault.mend or ""
        hint = _(" (%(mend)s)") % {"mend": said(mend)} if (
            mend and mend not in NOT_FOR_BUYERS) else ""
        form.add_error(fault.field if fault.field in form.fields else None,
                       said(fault.message) + hint)
    return None


def _form_page(
    request: HttpRequest, link: SaleLink, form: BuyForm, status: int = 200
) -> HttpResponse:
    scheme = link.scheme
    terms = scheme.terms()
    first = max(scheme.first_day, clock.today() + timedelta(days=1))
    return render(request, "residents/buy.html", {
        "link": link, "scheme": scheme, "insurer": link.tenant, "form": form, "document": terms,
        "told": resident_terms(terms.product, _language()), "first_day": first}, status=status)


def _told(request: HttpRequest, link: SaleLink, what: str, status: int) -> HttpResponse:
    """A page that says why nothing was sold."""
    return render(request, "residents/told.html", {
        "link": link, "scheme": link.scheme, "insurer": link.tenant, "what": what}, status=status)


def _plans(link: SaleLink) -> list[tuple[str, str]]:
    return plan_choices(link.scheme, link.plans)


def _language() -> Language:
    return "zh" if is_chinese() else "en"


def _new_key(link: SaleLink) -> str:
    """A form's key: signed, so that nobody chooses one, and of this link alone."""
    return signing.TimestampSigner(salt="residents.buy").sign(f"{link.pk}:{token_urlsafe(16)}")


def _key(text: str, link: SaleLink) -> str | None:
    try:
        key = signing.TimestampSigner(salt="residents.buy").unsign(text, max_age=FORM_SECONDS)
    except signing.BadSignature:
        return None
    return key if key.startswith(f"{link.pk}:") else None


# --- the receipt ---------------------------------------------------------------------------------


@never_cache
def receipt(request: HttpRequest, secret: str) -> HttpResponse:
    """The certificate that was bought, for whoever has the receipt's address."""
    sale = _sale(request, secret)
    with scope_of(system_actor(sale.tenant)):
        one = _certificate(sale)
        facts = facts_of(one)
        standing = state_of(one, facts)
        return render(request, "residents/receipt.html", {
            "sale": sale, "secret": secret, "facts": facts, "insurer": sale.tenant,
            "scheme": sale.enrolment.scheme, "document": sale.enrolment.scheme.terms(),
            "plan": plan_name(sale.enrolment.scheme.terms().plans[one.plan]),
            "standing": standing, "ended": standing not in ("before", "in_force"),
            "papers": standing not in NOT_PRINTED,
            "verify": request.build_absolute_uri(reverse("residents:verify"))})


@never_cache
def receipt_qr(request: HttpRequest, secret: str) -> HttpResponse:
    """The QR mark of the certificate that was bought."""
    sale = _sale(request, secret)
    with scope_of(system_actor(sale.tenant)):
        return HttpResponse(qr_svg(code_of(_printable(sale))), content_type="image/svg+xml")


@never_cache
def receipt_paper(request: HttpRequest, secret: str, language: str) -> HttpResponse:
    """The certificate that was bought, as PDF."""
    sale = _sale(request, secret)
    with scope_of(system_actor(sale.tenant)):
        one = _printable(sale)
        return download(paper_of([one], language_of(language)),
                        f"{number_of(one)}-{language}.pdf", "application/pdf")


def _sale(request: HttpRequest, secret: str) -> Sale:
    if not allowed_again(request, "receipt"):
        raise Http404("too often")
    sale = sale_of_receipt(secret)
    if sale is None:
        raise Http404("no such receipt")
    return sale


def _certificate(sale: Sale) -> Certificate:
    found: Certificate = Certificate.objects.within(sale.tenant_id).select_related(
        "chunk__enrolment__scheme", "chunk__enrolment__tenant").get(id=sale.certificate)
    return found


def _printable(sale: Sale) -> Certificate:
    """The certificate, unless it was cancelled."""
    one = _certificate(sale)
    if state_of(one, facts_of(one)) in NOT_PRINTED:
        raise Http404("the certificate was cancelled")
    return one
