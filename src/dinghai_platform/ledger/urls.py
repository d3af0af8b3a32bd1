"""Addresses of the books."""

from __future__ import annotations

from django.urls import path

from dinghai_platform.ledger import views

app_name = "ledger"
urlpatterns = [
    path("journal/", views.entries, name="entries"),
    path("journal/export.csv", views.export, name="export"),
    path("balances/", views.balances, name="balances"),
    path("journal/<uuid:entry>/", views.entry, name="entry"),
]
