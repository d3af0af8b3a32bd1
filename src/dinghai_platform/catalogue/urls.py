"""Addresses of the catalogue's pages.

Products that anybody may name (a version's key, a shipped wording's id) are asked for by ``?p=``.
"""

from __future__ import annotations

from django.urls import path

from dinghai_platform.catalogue.views import comparison, conformance, difference, needs, products

app_name = "catalogue"
urlpatterns = [
    path("", products.product_list, name="products"),
    path("install/", products.install, name="install"),
    path("reference/", products.reference, name="reference"),
    path("paper/", products.paper, name="paper"),
    path("compare/", comparison.compare, name="compare"),
    path("difference/", difference.difference, name="difference"),
    path("conformance/", conformance.conformance, name="conformance"),
    path("needs/", needs.needs, name="needs"),
    path("needs/frontier/", needs.frontier, name="frontier"),
    path("<uuid:key>/", products.product, name="product"),
    path("<uuid:key>/release/", products.release, name="release"),
    path("<uuid:key>/file/", products.file, name="file"),
    path("<uuid:key>/revise/", products.revise, name="revise"),
    path("<uuid:key>/withdraw/", products.withdraw, name="withdraw"),
]
