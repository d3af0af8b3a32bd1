"""Addresses of monitoring's pages."""

from __future__ import annotations

from django.urls import path, re_path

from dinghai_platform.monitoring.views import lists, pages

app_name = "monitoring"
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
urlpatterns = [
    path("policies/", lists.policy_list, name="policies"),
    path("policies/<uuid:key>/", pages.policy, name="policy"),
    path("policies/<uuid:key>/read/", pages.policy_read, name="policy_read"),
    path("policies/<uuid:key>/rescan/", pages.policy_rescan, name="policy_rescan"),
    path("policies/<uuid:key>/fixes/<uuid:fix>/verify/", pages.fix_verify, name="fix_verify"),
    path("findings/", lists.finding_list, name="findings"),
    path("findings/<uuid:key>/", pages.finding, name="finding"),
    re_path(
        rf"^findings/(?P<key>{_UUID})/(?P<event>fix|accept|dispute|uphold|dismiss|reopen)/$",
        pages.finding_step, name="finding_step",
    ),
    path("notices/", lists.notice_list, name="notices"),
    path("notices/<uuid:key>/", pages.notice, name="notice"),
    path("notices/<uuid:key>/notice.pdf", pages.notice_pdf, name="notice_pdf"),
    re_path(
        rf"^notices/(?P<key>{_UUID})/(?P<verb>acknowledge|deliver)/$",
        pages.notice_step, name="notice_step",
    ),
    path("float/", lists.float_list, name="floats"),
    path("float/<uuid:key>/", pages.float_page, name="float"),
    re_path(
        rf"^float/(?P<key>{_UUID})/(?P<event>notify|agree|dispute|recheck|apply|pay)/$",
        pages.float_step, name="float_step",
    ),
    path("feeds/", lists.feed_list, name="feeds"),
    path("feeds/load/", pages.feed_load, name="feed_load"),
]
