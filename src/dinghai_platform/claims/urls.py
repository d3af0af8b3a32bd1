"""Addresses of incidents and claims."""

from __future__ import annotations

from django.urls import path
from django.views.generic.base import RedirectView

from dinghai_platform.claims.views import (
    actions,
    claims,
    explained,
    incidents,
    lists,
    review,
    statistics,
    workbench,
)

app_name = "claims"
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="claims:claims")),
    path("files/", lists.claims, name="claims"),
    path("statistics/", statistics.statistics, name="statistics"),
    path("statistics/export.csv", statistics.export, name="statistics_export"),
    path("incidents/", lists.incidents, name="incidents"),
    path("report/", incidents.report, name="report"),
    path("incidents/<uuid:incident>/", incidents.incident, name="incident"),
    path("incidents/<uuid:incident>/12387.pdf", incidents.authority_report,
         name="authority_report"),
    path("incidents/<uuid:incident>/<slug:event>/", actions.incident_act, name="incident_act"),
    path("duties/<uuid:duty>/", incidents.record_report, name="record_report"),
    path("orders/<uuid:order>/<slug:answer>/", incidents.answer_order, name="answer_order"),
    path("evidence/<uuid:evidence>/", claims.evidence, name="evidence"),
    path("requests/<uuid:request_id>/notice.pdf", claims.request_notice, name="request_notice"),
    path("decisions/<uuid:decision>/", claims.decision, name="decision"),
    path("decisions/<uuid:decision>/decision.json", claims.decision_json, name="decision_json"),
    path("decisions/<uuid:decision>/replay/", claims.replay, name="replay"),
    path("decisions/<uuid:decision>/notice-<slug:language>.pdf", claims.notice, name="notice"),
    path("files/<uuid:claim>/", claims.claim, name="claim"),
    path("files/<uuid:claim>/claim.json", claims.claim_json, name="claim_json"),
    path("files/<uuid:claim>/facts/", claims.facts, name="facts"),
    path("files/<uuid:claim>/items/<int:item>/", claims.facts, name="item_facts"),
    path("files/<uuid:claim>/workbench/", workbench.workbench, name="workbench"),
    path("files/<uuid:claim>/workbench/preview/", workbench.preview, name="bench_preview"),
    path("files/<uuid:claim>/workbench/put-back/", workbench.put_back, name="bench_put_back"),
    path("files/<uuid:claim>/explained/", explained.explained, name="explained"),
    path("files/<uuid:claim>/review/", review.review, name="review"),
    path("files/<uuid:claim>/<slug:event>/", actions.claim_act, name="act"),
]
