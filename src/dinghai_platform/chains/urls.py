"""Addresses of the pages of supply chains. ``?v=`` asks for a version, ``?run=`` for a run."""

from __future__ import annotations

from django.urls import path

from dinghai_platform.chains.views import chains, imports, maps, runs, stories

app_name = "chains"
urlpatterns = [
    path("", chains.chain_list, name="chains"),
    path("new/", imports.new, name="new"),
    path("imports/<uuid:key>/", imports.waiting, name="import"),
    path("imports/<uuid:key>/again/", imports.again, name="import_again"),
    path("imports/<uuid:key>/keep/", imports.keep, name="import_keep"),
    path("imports/<uuid:key>/drop/", imports.drop, name="import_drop"),
    path("runs/<uuid:key>/", runs.run, name="run"),
    path("runs/<uuid:key>/<slug:part>.json", runs.document, name="run_document"),
    path("<uuid:key>/", chains.chain, name="chain"),
    path("<uuid:key>/upload/", imports.next_version, name="next_version"),
    path("<uuid:key>/versions/", chains.versions, name="versions"),
    path("<uuid:key>/difference/", chains.difference, name="difference"),
    path("<uuid:key>/export/", chains.export, name="export"),
    path("<uuid:key>/withdraw/", chains.withdraw, name="withdraw"),
    path("<uuid:key>/map/", maps.chain_map, name="map"),
    path("<uuid:key>/map.json", maps.map_data, name="map_data"),
    path("<uuid:key>/nodes/", maps.nodes, name="nodes"),
    path("<uuid:key>/nodes/<str:node>/", maps.node, name="node"),
    path("<uuid:key>/storyboard/", stories.storyboard, name="storyboard"),
    path("<uuid:key>/paths/", stories.paths, name="paths"),
    path("<uuid:key>/providers/", stories.providers, name="providers"),
    path("<uuid:key>/fixes/", stories.fixes, name="fixes"),
    path("<uuid:key>/runs/", runs.run_list, name="runs"),
    path("<uuid:key>/runs/start/", runs.start, name="run_start"),
]
