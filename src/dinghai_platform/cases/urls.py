"""Addresses of the dashboard and the case page."""

from __future__ import annotations

from django.urls import path

from dinghai_platform.cases import views

app_name = "cases"
urlpatterns = [
    path("dashboard/", views.dashboard, name="dashboard"),
    path("cases/<uuid:case>/", views.case, name="case"),
]
