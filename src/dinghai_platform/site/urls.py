"""The style guide."""

from __future__ import annotations

from django.urls import path

from dinghai_platform.site.views import styleguide

app_name = "site"
urlpatterns = [path("", styleguide, name="styleguide")]
