"""Addresses of the pool's pages. A release is open to all, so it is asked for by ``?r=``."""

from __future__ import annotations

from django.urls import path

from dinghai_platform.pool.views import contributions, overview, releases

app_name = "pool"
urlpatterns = [
    path("", overview.overview, name="overview"),
    path("open/", overview.open_it, name="open"),
    path("admit/", overview.admit, name="admit"),
    path("end/", overview.end, name="end"),
    path("contribute/", contributions.contribute, name="contribute"),
    path("template/", contributions.template_file, name="template"),
    path("batches/", contributions.batch_list, name="batches"),
    path("batches/<uuid:key>/", contributions.batch, name="batch"),
    path("batches/<uuid:key>/withdraw/", contributions.withdraw, name="withdraw"),
    path("withdraw/", contributions.withdraw_everything, name="withdraw_all"),
    path("credits/", contributions.credit_list, name="credits"),
    path("releases/", releases.release_list, name="releases"),
    path("release/", releases.release, name="release"),
    path("release/file/", releases.release_file, name="release_file"),
    path("publish/", releases.publish, name="publish"),
    path("request/", releases.request_page, name="request"),
]
