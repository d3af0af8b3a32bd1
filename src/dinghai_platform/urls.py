"""Addresses: the API, sign-in, language, and the pages of every room."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic.base import RedirectView

from dinghai_platform.api import api
from dinghai_platform.core.house import house_apps

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls),
    path("accounts/signup/", RedirectView.as_view(pattern_name="account_login")),
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]
for _room in house_apps():
    if _room.url_prefix is not None:
        urlpatterns.append(path(_room.url_prefix, include(f"{_room.name}.urls")))
