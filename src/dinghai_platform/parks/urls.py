"""Addresses of parks."""

from django.urls import path

from dinghai_platform.parks.views import changes, events, members, parks, portrait, shared

app_name = "parks"
urlpatterns = [
    path("", parks.park_list, name="parks"),
    path("mine/", members.mine, name="mine"),
    path("new/", parks.new, name="new"),
    path("members/<uuid:key>/", members.member, name="member"),
    path("members/<uuid:key>/leave/", changes.leave, name="leave"),
    path("members/<uuid:key>/link/", members.link, name="link"),
    path("certificates/<uuid:key>/<str:language>.<str:form>", members.paper, name="paper"),
    path("packs/<uuid:key>.zip", members.pack_file, name="pack"),
    path("changes/<uuid:key>/", changes.change, name="change"),
    path("changes/<uuid:key>/faults.csv", changes.faults, name="faults"),
    path("changes/<uuid:key>/apply/", changes.apply, name="apply"),
    path("changes/<uuid:key>/again/", changes.again, name="again"),
    path("changes/<uuid:key>/drop/", changes.drop, name="drop"),
    path("events/<uuid:key>/", events.settlement, name="settlement"),
    path("events/<uuid:key>/approve/", events.approve, name="approve"),
    path("events/<uuid:key>/reject/", events.reject, name="reject"),
    path("events/<uuid:key>/reverse/", events.reverse, name="reverse"),
    path("services/<uuid:key>/withdraw/", shared.withdraw, name="withdraw"),
    path("<uuid:key>/", parks.park, name="park"),
    path("<uuid:key>/document.<str:form>", parks.document, name="document"),
    path("<uuid:key>/replace/", parks.replace, name="replace"),
    path("<uuid:key>/bind/", parks.bind, name="bind"),
    path("<uuid:key>/close/", parks.close, name="close"),
    path("<uuid:key>/members/", members.member_list, name="members"),
    path("<uuid:key>/roll.csv", members.roll_file, name="roll"),
    path("<uuid:key>/certificates/", members.certificates, name="certificates"),
    path("<uuid:key>/changes/", changes.change_list, name="changes"),
    path("<uuid:key>/enrol/", changes.enrol, name="enrol"),
    path("<uuid:key>/join/", changes.join, name="join"),
    path("<uuid:key>/premium/", members.statement, name="statement"),
    path("<uuid:key>/events/", events.event_list, name="settlements"),
    path("<uuid:key>/settle/", events.propose, name="settle"),
    path("<uuid:key>/portrait/", portrait.portrait_page, name="portrait"),
    path("<uuid:key>/services/", shared.service_list, name="services"),
    path("<uuid:key>/services/offer/", shared.offer, name="offer"),
    path("<uuid:key>/services/use/", shared.use, name="use"),
]
