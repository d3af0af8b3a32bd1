"""Studies and floating premiums: from two versions to a refund by the day, with four eyes."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from dinghai.foundation.errors import Refusal
from dinghai.foundation.money import apply_ppm
from dinghai_platform.chains.queries import part
from dinghai_platform.core.models import Organisation
from dinghai_platform.ledger.queries import balance_of, verify_books
from dinghai_platform.programmes.models import Member, MemberFloat, Programme, Standing, Study
from dinghai_platform.programmes.services import floats
from dinghai_platform.programmes.services.members import Joining, enrol
from dinghai_platform.programmes.services.studies import start_study
from tests.platform.chains.making import kept, run_done, small_zip
from tests.platform.programmes.making import everybody
from tests.platform.story import World, stand_at, work
from tests.supplychain.chains import FILES

pytestmark = pytest.mark.django_db
BETTER = FILES["controls.csv"].replace("sup,IAM-01,,,", "".join(
    f"sup,{code},100%,assessment,2026-09-01\n" for code in (
        "IAM-01", "IAM-02", "IAM-03", "EPP-01", "EPP-02", "VUL-01", "NET-01")))
LANGUAGES = ("zh-hans", "en")


def study(programme: Programme, world: World, *, version: object = None) -> Study:
    started = start_study(programme, kind="float" if version else "shares", runs=200, seed=1,
                          actor=world.actor("actuary"), after=version)  # type: ignore[arg-type]
    work()
    found: Study = Study.objects.within(world.insurer).select_related(
        "programme", "tenant").get(pk=started.pk)
    assert found.state == "done", found.fault
    return found


def test_shares_and_then_premiums_by_cause(
    world: World, programme: Programme, owner: Organisation, supplier: Organisation
) -> None:
    found = study(programme, world)
    document = found.document
    assert document is not None and document["schema"] == "dinghai.chain-shares/1"
    assert sum(one.get("premium_fen", 0) for one in document["parties"]) == programme.premium_fen
    members = everybody(programme, world.actor("underwriter"))
    by_cause = {one["id"]: one["premium_fen"] for one in document["parties"]
                if "premium_fen" in one}
    assert {one.firm: one.annual_fen for one in members.values()} == by_cause
    assert {one.basis for one in members.values()} == {"shares"}
    for role, organisation in (("underwriter", None), ("chain_owner", owner)):
        client = world.sign_in(Client(), role, organisation)
        for language in LANGUAGES:
            client.cookies["django_language"] = language
            body = client.get(reverse("programmes:shares", args=[programme.pk])).content.decode()
            assert "pg-insurer" in body and "pg-owner" in body
            assert ("按成因" if language == "zh-hans" else "By causes") in body
    stranger = world.sign_in(Client(), "supplier", supplier)
    assert stranger.get(reverse("programmes:shares", args=[programme.pk])).status_code == 403


def test_from_two_studies_to_a_refund(
    world: World, programme: Programme, owner: Organisation, supplier: Organisation
) -> None:
    underwriter, chief = world.actor("underwriter"), world.actor("chief_underwriter")
    members = enrol(programme, [Joining("own"), Joining(
        "sup", premium_fen=36_500_000, organisation=supplier), Joining("sub")], actor=underwriter)
    sup = members[1]
    after = kept(underwriter, small_zip(controls=BETTER), chain=programme.chain)
    first = study(programme, world, version=after)
    standing = Standing.objects.within(world.insurer).get(member=sup)
    assert standing.factor_ppm < 1_000_000 and standing.document["proposal"] == "refund"
    # The amounts are of what this member pays, not of an allocation of the programme's premium.
    assert standing.document["premium_fen"] == 36_500_000
    for effect in (*standing.document["reasons"], *standing.document["fixes"]):
        assert effect["premium_fen"] == apply_ppm(36_500_000, effect["factor_ppm"])
    assert standing.document["reasons"] and standing.document["fixes"]
    assert floats.propose_floats(first, actor=underwriter) == []  # the rule asks for two
    stand_at("2026-12-01T09:00:00")
    second = study(programme, world, version=after)
    with pytest.raises(Refusal, match="a later study"):
        floats.propose_floats(first, actor=underwriter)
    made = {one.member_id: one for one in floats.propose_floats(second, actor=underwriter)}
    one = made[sup.pk]
    left = (date(2027, 6, 30) - date(2026, 12, 1)).days + 1
    fall = 1_000_000 - standing.factor_ppm
    assert one.state == "proposed"
    exact = (36_500_000 * fall * left * 2 + 365 * 1_000_000) // (2 * 365 * 1_000_000)
    assert one.amount_fen == -exact
    with pytest.raises(Refusal, match="whoever proposed"):
        floats.approve_floats(second, actor=underwriter)
    assert MemberFloat.objects.within(world.insurer).filter(state="notified").count() == 0
    told = floats.approve_floats(second, actor=chief)
    assert all(each.appeal_until == date(2026, 12, 15) for each in told)
    one = MemberFloat.objects.within(world.insurer).select_related("member").get(pk=one.pk)
    with pytest.raises(Refusal):
        floats.apply_float(one, actor=underwriter)  # not before it is agreed
    with pytest.raises(PermissionDenied):
        floats.agree_float(one, actor=world.actor("insured_admin", world.stranger))
    client = world.sign_in(Client(), "supplier", supplier)
    sent = client.post(reverse("programmes:move_float", args=[one.pk, "dispute"]),
                       {"reason": "我们还修复了网站"})
    assert sent.status_code == 302
    one.refresh_from_db()
    assert (one.state, one.appeal_reason) == ("disputed", "我们还修复了网站")
    floats.recheck_float(one, reason="复核无误", actor=underwriter)
    floats.approve_floats(second, actor=chief)
    floats.agree_float(one, actor=world.actor("chain_owner", owner))
    floats.apply_float(one, actor=underwriter)
    member = Member.objects.within(world.insurer).get(pk=sup.pk)
    assert member.premium_fen == 36_500_000 - exact
    assert balance_of(world.insurer, "refund_payable") == exact + apply_ppm(exact, 60_000)
    assert verify_books(world.insurer).holds


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_supplier_sees_itself_alone(
    world: World, programme: Programme, supplier: Organisation, language: str
) -> None:
    underwriter = world.actor("underwriter")
    members = everybody(programme, underwriter, supplier)
    after = kept(underwriter, small_zip(
        controls=BETTER, links=FILES["links.csv"].replace("sup,own,remote_access,false",
                                                          "sup,own,remote_access,true")),
        chain=programme.chain)
    study(programme, world, version=after)
    client = world.sign_in(Client(), "supplier", supplier)
    client.cookies["django_language"] = language
    mine = client.get(reverse("programmes:mine"))
    assert mine.status_code == 302 and str(members["sup"].pk) in mine.url
    body = client.get(mine.url).content.decode()
    api = client.get(f"/api/v1/programmes/members/{members['sup'].pk}").content.decode()
    assert "云屿压缩机" in body
    for text in (body, api):
        for other in ("海悦电器", "赤峦铜材", "海云计算", str(members["own"].pk),
                      str(members["sub"].pk), "sup>own", "cloud>sup"):
            assert other not in text, other
    for address in (reverse("programmes:member", args=[members["own"].pk]),
                    f"/api/v1/programmes/members/{members['sub'].pk}"):
        assert client.get(address).status_code == 404
    for name in ("programme", "members", "settlements", "floats", "shares"):
        assert client.get(reverse(f"programmes:{name}", args=[programme.pk])).status_code == 403
    assert client.get(f"/api/v1/programmes/{programme.pk}").status_code == 403


def test_a_float_takes_levels_and_tables_that_a_run_took(
    world: World, programme: Programme, supplier: Organisation
) -> None:
    members = everybody(programme, world.actor("underwriter"), supplier)
    after = kept(world.actor("underwriter"), small_zip(controls=BETTER), chain=programme.chain)
    run = run_done(after, world.actor("underwriter"), seed=7)
    document = study(programme, world, version=after).document
    assert document is not None
    levels = part(run, "levels")
    assert levels is not None and document["levels_on"] == levels["on"]
    graded = {one["id"]: one["grade"] for one in levels["nodes"]}
    for member in Member.objects.within(world.insurer).filter(programme=programme):
        assert member.grade == (graded[member.firm] or "") and member.firm in members
    # Bound and read on one day: the same threat tables, so nobody's change counts theirs.
    assert document["tables"]["at_bind"] == document["tables"]["now"]
    assert document["tables"]["now"]["kev"] == run.kev_as_of.isoformat()
