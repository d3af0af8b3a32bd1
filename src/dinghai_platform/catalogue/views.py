"""Products on sale."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dinghai.wording.products import shipped_products
from dinghai_platform.catalogue import queries
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.catalogue.services import install_product, release_product
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.core.web import page
from dinghai_platform.site.answers import answer
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.site.lists import Column, List, list_page


@page("catalogue.view")
def product_list(request: HttpRequest) -> HttpResponse:
    """The versions in the tenant's catalogue."""
    shown = List(
        name=_("Products"),
        columns=(
            Column(_("Product"), lambda row: row.name, "text", "name_zh",
                   lambda row: reverse("catalogue:product", args=[row.pk]),
                   lambda row: row.product_id),
            Column(_("Version"), lambda row: row.version, "code", "version"),
            Column(_("Installed"), lambda row: row.installed_at, "day", "installed_at"),
            Column(_("Filing number"), lambda row: row.filing_number or None, "code"),
            Column(_("State"), lambda row: row.status, "status", "status"),
        ),
        search=("name_zh__icontains", "name_en__icontains", "product_id__icontains"),
        default_sort="product_id",
        export="products",
        empty={
            "title": _("No product yet"),
            "text": _("Install a product that comes with the platform; quotes are priced from it."),
            "icon": "book", "href": "", "action": "",
        },
    )
    rows = queries.products(request.actor, {})
    installed = set(rows.values_list("product_id", flat=True))
    context = {
        "may_install": allowed(request.actor, "catalogue.install"),
        "offered": [one for one in shipped_products() if one not in installed],
    }
    return list_page(
        request, rows, shown, template="catalogue/products.html", context=context
    )


@page("catalogue.view")
def product(request: HttpRequest, key: UUID) -> HttpResponse:
    """One version: what it covers, what it excludes, its filing."""
    row = visible_or_404(ProductVersion, request.actor, pk=key)
    engine = queries.product_of(row)
    zh = is_chinese()
    parts = [
        {"clause": one.clause, "code": one.coverage,
         "name": one.name_zh if zh else one.name_en,
         "plain": one.plain_zh if zh else one.plain_en}
        for one in (*engine.sections, *engine.towers)
    ]
    excluded = [
        {"clause": one.clause, "code": one.code, "name": one.name_zh if zh else one.name_en,
         "plain": one.plain_zh if zh else one.plain_en}
        for one in engine.exclusions
    ]
    return render(request, "catalogue/product.html", {
        "product": row, "parts": parts, "excluded": excluded, "limits": engine.limits,
        "summary": engine.summary_zh if zh else engine.summary_en,
        "may_release": row.status not in ("in_use", "filed")
        and allowed(request.actor, "catalogue.install", row),
    })


@require_POST
@page("catalogue.install")
def install(request: HttpRequest) -> HttpResponse:
    """Install a shipped product."""
    return answer(
        request,
        lambda: install_product(request.POST.get("product", ""), actor=request.actor),
        _("The product was installed."),
        lambda row: reverse("catalogue:product", args=[row.pk]),
    )


@require_POST
@page("catalogue.install")
def release(request: HttpRequest, key: UUID) -> HttpResponse:
    """Put a product on sale."""
    row = visible_or_404(ProductVersion, request.actor, pk=key)
    return answer(
        request, lambda: release_product(row, actor=request.actor),
        _("The product is on sale."), reverse("catalogue:product", args=[row.pk]),
    )
