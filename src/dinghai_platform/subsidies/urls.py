"""Addresses of subsidies' pages."""

from __future__ import annotations

from django.urls import path

from dinghai_platform.subsidies.views import applications, desk, lists, money, offers, public

app_name = "subsidies"
urlpatterns = [
    path("", desk.desk, name="desk"),
    path("new/", desk.new, name="new"),
    path("open/", offers.offer_list, name="open"),
    path("open/rule/", offers.offer, name="offer"),
    path("open/apply/", offers.apply, name="apply"),
    path("applications/", applications.own_list, name="applications"),
    path("application/<uuid:key>/", applications.application, name="application"),
    path("application/<uuid:key>/complete/", applications.complete, name="complete"),
    path("application/<uuid:key>/withdrawal/", applications.withdraw, name="withdraw"),
    path("application/<uuid:key>/premium/", applications.confirm, name="confirm"),
    path("application/<uuid:key>/objection/", applications.objection, name="objection"),
    path("application/<uuid:key>/change/", applications.change, name="change"),
    path("paper/<uuid:key>/", applications.paper, name="paper"),
    path("list/<uuid:key>/", lists.one, name="list"),
    path("list/<uuid:key>/results/", lists.results, name="list_results"),
    path("list/<uuid:key>/take/", lists.take, name="list_take"),
    path("list/<uuid:key>/drop/", lists.drop, name="list_drop"),
    path("payment/<uuid:key>/", money.payment_file, name="payment_file"),
    path("public/", public.lists, name="public"),
    path("public/<uuid:key>/", public.one, name="public_list"),
    path("<uuid:key>/", desk.subsidy, name="subsidy"),
    path("<uuid:key>/rule/", desk.rule, name="rule"),
    path("<uuid:key>/rule/<int:number>/", desk.rule_file, name="rule_file"),
    path("<uuid:key>/end/", desk.end, name="end"),
    path("<uuid:key>/decide/", desk.decide, name="decide"),
    path("<uuid:key>/follow/", desk.follow, name="follow"),
    path("<uuid:key>/register/", desk.register_file, name="register_file"),
    path("<uuid:key>/applications/", applications.list_of, name="subsidy_applications"),
    path("<uuid:key>/lists/", lists.lists, name="lists"),
    path("<uuid:key>/template/<str:kind>/", lists.template, name="template"),
    path("<uuid:key>/publication/", money.publication, name="publication"),
    path("<uuid:key>/publish/", money.publish, name="publish"),
    path("<uuid:key>/payments/", money.payments, name="payments"),
    path("<uuid:key>/pay/", money.pay, name="pay"),
    path("<uuid:key>/returns/", money.returns, name="returns"),
    path("<uuid:key>/report/", desk.report, name="report"),
    path("<uuid:key>/report/<str:kind>/", desk.report_file, name="report_file"),
]
