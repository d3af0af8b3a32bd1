"""Addresses of the catalogue's pages."""

from __future__ import annotations

from django.urls import path

from dinghai_platform.catalogue import views

app_name = "catalogue"
urlpatterns = [
    path("", views.product_list, name="products"),
    path("install/", views.install, name="install"),
    path("<uuid:key>/", views.product, name="product"),
    path("<uuid:key>/release/", views.release, name="release"),
]
