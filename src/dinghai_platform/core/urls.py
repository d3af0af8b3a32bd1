"""Addresses of the core's pages."""

from __future__ import annotations

from django.urls import path

from dinghai_platform.core.views import entrance, people, trail, work

app_name = "core"
urlpatterns = [
    path("", entrance.home, name="home"),
    path("setup/<str:secret>/", entrance.set_up, name="set_up"),
    path("invited/<str:secret>/", entrance.invited, name="invited"),
    path("switch/", entrance.switch, name="switch"),
    path("members/", people.members, name="members"),
    path("members/<uuid:membership>/end/", people.end_membership, name="end_membership"),
    path("organisations/", people.organisations, name="organisations"),
    path("tokens/", people.own_tokens, name="tokens"),
    path("tokens/<uuid:token>/revoke/", people.revoke_token, name="revoke_token"),
    path("jobs/", work.jobs, name="jobs"),
    path("jobs/<uuid:job>/", work.job, name="job"),
    path("jobs/<uuid:job>/state.json", work.job_json, name="job_json"),
    path("jobs/<uuid:job>/cancel/", work.cancel, name="cancel_job"),
    path("jobs/<uuid:job>/retry/", work.retry, name="retry_job"),
    path("audit/", trail.trail, name="audit"),
    path("audit/export.csv", trail.export, name="audit_export"),
    path("audit/verify/", trail.verify, name="audit_verify"),
    path("audit/checkpoint.json", trail.checkpoint, name="audit_checkpoint"),
]
