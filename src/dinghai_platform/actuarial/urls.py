"""Addresses of the actuary's pages.

A table that anybody may name is asked for by ``?table=kind/id``; it is always one's own insurer's.
"""

from __future__ import annotations

from django.urls import path, re_path

from dinghai_platform.actuarial.views import book, fits, impact, versions

app_name = "actuarial"
urlpatterns = [
    path("versions/", versions.version_list, name="versions"),
    path("versions/new/", versions.new_draft, name="new_draft"),
    path("versions/upload/", versions.upload, name="upload"),
    path("versions/<uuid:key>/", versions.version, name="version"),
    path("versions/<uuid:key>/edit/", versions.edit, name="edit"),
    path("versions/<uuid:key>/file/", versions.replace_file, name="replace_file"),
    path("versions/<uuid:key>/toml/", versions.as_toml, name="toml"),
    re_path(
        r"^versions/(?P<key>[0-9a-f-]{36})/"
        r"(?P<verb>propose|approve|reject|withdraw|impact|roll_back)/$",
        versions.step, name="step",
    ),
    path("in-force/toml/", versions.in_force_toml, name="in_force_toml"),
    path("in-force/shipped/", versions.back_to_shipped, name="back_to_shipped"),
    path("impact/<uuid:key>/", impact.impact, name="impact"),
    path("impact/<uuid:key>/export/", impact.export, name="impact_export"),
    path("referral/", book.referral, name="referral"),
    path("adequacy/", book.adequacy, name="adequacy"),
    path("adequacy/export/", book.adequacy_export, name="adequacy_export"),
    path("calibration/", book.calibration, name="calibration"),
    path("fits/", fits.fit_list, name="fits"),
    path("fits/upload/", fits.upload, name="fit_upload"),
    path("fits/own-claims/", fits.own_claims, name="fit_own_claims"),
    path("fits/compare/", fits.compare, name="fit_compare"),
    path("fits/<uuid:key>/", fits.fit, name="fit"),
    path("fits/<uuid:key>/ask/", fits.ask, name="fit_ask"),
    path("fits/<uuid:key>/withdraw/", fits.withdraw, name="fit_withdraw"),
    path("fits/<uuid:key>/paper/", fits.paper, name="fit_paper"),
]
