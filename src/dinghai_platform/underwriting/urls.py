"""Addresses of underwriting's pages."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "underwriting"
urlpatterns: list[URLPattern] = []
