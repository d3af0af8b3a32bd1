"""Addresses of residents' cover. Those of `verify`, `buy` and `bought` need no sign-in."""

from django.urls import path

from dinghai_platform.residents.views import (
    buying,
    certificates,
    changes,
    checking,
    links,
    lists,
    schemes,
)

app_name = "residents"
urlpatterns = [
    path("", schemes.scheme_list, name="schemes"),
    path("new/", schemes.new, name="new"),
    path("verify/", checking.verify, name="verify"),
    path("buy/<str:secret>/", buying.buy, name="buy"),
    path("bought/<str:secret>/", buying.receipt, name="receipt"),
    path("bought/<str:secret>/qr.svg", buying.receipt_qr, name="receipt_qr"),
    path("bought/<str:secret>/<str:language>.pdf", buying.receipt_paper, name="receipt_paper"),
    path("certificates/", certificates.certificate_list, name="certificates"),
    path("certificates/<int:number>/", certificates.certificate, name="certificate"),
    path("certificates/<int:number>/person/", certificates.reveal, name="reveal"),
    path("certificates/<int:number>/qr.svg", certificates.qr, name="qr"),
    path("certificates/<int:number>/proof.json", certificates.proof, name="proof"),
    path("certificates/<int:number>/<str:language>.pdf", certificates.paper, name="paper"),
    path("lists/<uuid:key>/", lists.resident_list, name="list"),
    path("lists/<uuid:key>/issue/", lists.issue, name="issue"),
    path("lists/<uuid:key>/pace/", lists.pace, name="list_pace"),
    path("lists/<uuid:key>/cancel/", lists.cancel, name="cancel"),
    path("lists/<uuid:key>/faults.csv", lists.faults_file, name="faults"),
    path("lists/<uuid:key>/results.csv", lists.results_file, name="results"),
    path("lists/<uuid:key>/papers/", lists.papers, name="papers"),
    path("changes/<uuid:key>/", changes.change_list, name="changes"),
    path("changes/<uuid:key>/apply/", changes.apply, name="changes_apply"),
    path("changes/<uuid:key>/pace/", changes.pace, name="changes_pace"),
    path("changes/<uuid:key>/cancel/", changes.cancel, name="changes_cancel"),
    path("changes/<uuid:key>/results.csv", changes.results_file, name="changes_results"),
    path("papers/<uuid:key>/", lists.part, name="part"),
    path("links/<uuid:key>/", links.link, name="link"),
    path("links/<uuid:key>/withdraw/", links.withdraw, name="withdraw"),
    path("<uuid:key>/", schemes.scheme, name="scheme"),
    path("<uuid:key>/lists/", lists.list_list, name="lists"),
    path("<uuid:key>/take/", lists.take, name="take"),
    path("<uuid:key>/changes/", changes.change_lists, name="change_lists"),
    path("<uuid:key>/changes/new/", changes.new, name="changes_new"),
    path("<uuid:key>/changes/take/", changes.take, name="changes_take"),
    path("<uuid:key>/links/", links.link_list, name="links"),
    path("<uuid:key>/links/new/", links.link_new, name="link_new"),
]
