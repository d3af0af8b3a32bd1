"""Addresses of programmes."""

from django.urls import path

from dinghai_platform.programmes.views import (
    floats,
    members,
    programmes,
    settlements,
    shares,
)

app_name = "programmes"
urlpatterns = [
    path("", programmes.programme_list, name="programmes"),
    path("mine/", members.mine, name="mine"),
    path("new/<uuid:chain>/", programmes.new, name="new"),
    path("members/<uuid:key>/", members.member, name="member"),
    path("members/<uuid:key>/leave/", members.leave_page, name="leave"),
    path("members/<uuid:key>/organisation/", members.link, name="link"),
    path("members/<uuid:key>/certificate/", members.certify, name="certify"),
    path("certificates/<uuid:key>/<str:language>.pdf", members.paper, name="paper"),
    path("settlements/<uuid:key>/", settlements.settlement, name="settlement"),
    path("settlements/<uuid:key>/approve/", settlements.approve, name="approve"),
    path("settlements/<uuid:key>/reject/", settlements.reject, name="reject"),
    path("settlements/<uuid:key>/reverse/", settlements.reverse, name="reverse"),
    path("studies/<uuid:key>/", shares.study, name="study"),
    path("studies/<uuid:key>/propose/", floats.propose, name="propose_floats"),
    path("studies/<uuid:key>/approve/", floats.approve, name="approve_floats"),
    path("floats/<uuid:key>/<str:event>/", floats.move, name="move_float"),
    path("<uuid:key>/", programmes.programme, name="programme"),
    path("<uuid:key>/close/", programmes.close, name="close"),
    path("<uuid:key>/members/", members.member_list, name="members"),
    path("<uuid:key>/enrol/", members.enrol_page, name="enrol"),
    path("<uuid:key>/shares/", shares.shares, name="shares"),
    path("<uuid:key>/study/", shares.start, name="study_start"),
    path("<uuid:key>/settlements/", settlements.settlement_list, name="settlements"),
    path("<uuid:key>/settle/", settlements.propose, name="settle"),
    path("<uuid:key>/floats/", floats.float_list, name="floats"),
]
