"""Addresses of residents' claims: pages of claimants first, then those of handlers."""

from django.urls import path

from dinghai_platform.resident_claims.views import claimant, desk, mass, money, steps, verbs

app_name = "resident_claims"
urlpatterns = [
    path("help/", claimant.help_page, name="help"),
    path("start/", claimant.start, name="start"),
    path("mine/", claimant.mine, name="mine"),
    path("mine/new/", claimant.new, name="new"),
    path("mine/leave/", claimant.leave, name="leave"),
    path("mine/<uuid:key>/", claimant.state, name="state"),
    path("mine/<uuid:key>/step/<str:step>/", steps.step_page, name="step"),
    path("mine/<uuid:key>/paper/<uuid:paper>/", steps.take_back, name="paper_back"),
    path("mine/<uuid:key>/recovery/", claimant.recovery, name="my_recovery"),
    path("mine/<uuid:key>/objection/", claimant.objection, name="my_objection"),
    path("mine/<uuid:key>/withdrawal/", claimant.withdraw, name="withdraw"),
    path("", desk.claim_list, name="claims"),
    path("statistics/", money.statistics, name="statistics"),
    path("recourse/", money.recourse_list, name="recourse"),
    path("settings/", money.settings_page, name="settings"),
    path("settings/<uuid:key>/", money.setting, name="setting"),
    path("payments/", verbs.pay_everything, name="pay_all"),
    path("runs/", mass.run_list, name="runs"),
    path("runs/new/", mass.run_start, name="run_start"),
    path("runs/<uuid:key>/", mass.run_page, name="run"),
    path("runs/<uuid:key>/results/", mass.run_results, name="run_results"),
    path("runs/<uuid:key>/release/", mass.run_release, name="run_release"),
    path("imports/", mass.import_list, name="imports"),
    path("imports/<uuid:key>/", mass.import_page, name="import"),
    path("imports/<uuid:key>/taking/", mass.import_take, name="import_take"),
    path("imports/<uuid:key>/cancellation/", mass.import_cancel, name="import_cancel"),
    path("papers/<uuid:key>/", verbs.paper, name="paper"),
    path("recoveries/<uuid:key>/<str:event>/", verbs.recovery, name="recovery"),
    path("objections/<uuid:key>/", verbs.answer, name="answer"),
    path("<uuid:key>/", desk.claim_page, name="claim"),
    path("<uuid:key>/facts/", desk.facts_page, name="facts"),
    path("<uuid:key>/reveal/", verbs.reveal, name="reveal"),
    path("<uuid:key>/recoveries/", verbs.report, name="report"),
    path("<uuid:key>/<str:event>/", verbs.move, name="move"),
]
