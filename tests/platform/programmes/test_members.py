"""Joining and leaving: premiums to the fen, the books, lists with faults, certificates."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.chains.documents import chain_of_version
from dinghai_platform.core.models import AuditEntry, Organisation
from dinghai_platform.ledger.queries import balance_of, verify_books
from dinghai_platform.programmes.models import Member, MemberStep, Programme
from dinghai_platform.programmes.roster import read_roster
from dinghai_platform.programmes.services.certificates import issue_certificate
from dinghai_platform.programmes.services.members import Joining, enrol, leave, link_organisation
from dinghai_platform.programmes.services.programmes import close_programme, read_agreement
from tests.platform.programmes.making import LAYERS, everybody
from tests.platform.story import World

pytestmark = pytest.mark.django_db


def test_the_whole_chain_pays_the_whole_premium(world: World, programme: Programme) -> None:
    members = everybody(programme, world.actor("underwriter"))
    assert sum(one.premium_fen for one in members.values()) == programme.premium_fen == 120_000_000
    # 8,000,000,000 : 3,000,000 : 150,000,000 of revenue
    assert members["sup"].annual_fen == 44_156
    assert {one.basis for one in members.values()} == {"revenue"}
    tenant = world.insurer
    assert balance_of(tenant, "premium_income") == 120_000_000
    vat = sum(MemberStep.objects.within(tenant).values_list("vat_fen", flat=True))
    assert balance_of(tenant, "vat_payable") == vat and abs(vat - 7_200_000) <= 1
    assert balance_of(tenant, "premium_receivable") == 120_000_000 + vat
    assert verify_books(tenant).holds


def test_by_the_day_and_back(world: World, programme: Programme) -> None:
    actor = world.actor("underwriter")
    [late] = enrol(programme, [Joining("sup", date(2026, 10, 1), 36_500_00)], actor=actor)
    assert late.premium_fen == 36_500_00 * 273 // 365 == 27_300_00  # 273 of 365 days
    assert late.basis == "stated"
    left = leave(late, last=date(2026, 12, 31), reason="换供应商", actor=actor)
    # 92 days of cover at 100 yuan a day
    assert (left.premium_fen, left.state) == (9_200_00, "left")
    steps = list(MemberStep.objects.within(world.insurer).filter(member=late))
    assert [(one.reason, one.fen, one.days_left) for one in steps] == [
        ("enrolled", 27_300_00, 273), ("left", -18_100_00, 181)]
    assert balance_of(world.insurer, "refund_payable") == 18_100_00 + 18_100_00 * 6 // 100
    assert balance_of(world.insurer, "premium_income") == 9_200_00
    with pytest.raises(Refusal):
        leave(left, last=date(2026, 12, 31), reason="x", actor=actor)
    again = enrol(programme, [Joining("sup", date(2027, 1, 1), 36_500_00)], actor=actor)[0]
    # Leaving and joining again the next day costs nothing.
    assert left.premium_fen + again.premium_fen == 27_300_00
    assert verify_books(world.insurer).holds


def test_all_join_or_none(world: World, programme: Programme) -> None:
    actor = world.actor("underwriter")
    with pytest.raises(InputError) as error:
        enrol(programme, [Joining("own"), Joining("nobody", line=3),
                          Joining("sup", date(2030, 1, 1), line=4), Joining("own", line=5)],
              actor=actor, file="members.csv")
    assert [(one.line, one.field) for one in error.value.faults] == [
        (3, "firm"), (4, "first"), (5, "firm")]
    assert not Member.objects.within(world.insurer).exists()
    everybody(programme, actor)
    with pytest.raises(InputError, match="is enrolled until"):
        enrol(programme, [Joining("sup")], actor=actor)


def test_a_list_of_members(programme: Programme, supplier: Organisation) -> None:
    chain = chain_of_version(programme.version)
    partners = {"云屿压缩机": supplier}
    text = "企业,首日,保费,机构\n云屿压缩机,2026-08-01,1.2万,云屿压缩机\nsub,,,\n"
    found = read_roster(text.encode(), "members.csv", chain=chain, organisations=partners)
    assert [(one.firm, one.first, one.premium_fen, one.line) for one in found] == [
        ("sup", date(2026, 8, 1), 1_200_000, 2), ("sub", None, None, 3)]
    assert found[0].organisation == supplier
    wrong = "firm,first,organisation\nsup,someday,\n,,\nsub,,陌生\nx,,\n"
    with pytest.raises(InputError) as error:
        read_roster(wrong.encode(), "members.csv", chain=chain, organisations=partners)
    assert [(one.file, one.line, one.field) for one in error.value.faults] == [
        ("members.csv", 2, "first"), ("members.csv", 4, "organisation"), ("members.csv", 5, "firm")]
    with pytest.raises(InputError, match="there is no column"):
        read_roster(b"firm,colour\nsup,red\n", "m.csv", chain=chain, organisations={})


def test_layers_name_file_and_line(programme: Programme) -> None:
    broken = LAYERS.replace(b'share = "70%"', b'share = "80%"')
    with pytest.raises(InputError) as error:
        read_agreement(broken, "terms.toml")
    assert error.value.fault.file == "terms.toml" and error.value.fault.line is not None
    with pytest.raises(InputError):
        read_agreement(LAYERS, "terms.txt")


def test_a_certificate_says_nothing_of_the_others(
    world: World, programme: Programme
) -> None:
    actor = world.actor("underwriter")
    members = everybody(programme, actor)
    made = issue_certificate(members["sup"], actor=actor)
    assert made.number == "CT2026-000001"
    assert made.document["member"]["name_zh"] == "云屿压缩机"
    assert made.document["premium_fen"] == members["sup"].premium_fen
    assert "赤峦铜材" not in str(made.document) and "'sub'" not in str(made.document)
    assert issue_certificate(members["sup"], actor=actor).pk == made.pk
    assert made.paper_zh.size > 10_000 and made.paper_en.size > 10_000
    assert AuditEntry.objects.within(world.insurer).filter(
        action="programmes.certificate_issued").count() == 1


def test_who_may(world: World, programme: Programme, owner: Organisation,
                 supplier: Organisation) -> None:
    for actor in (world.actor("actuary"), world.actor("chain_owner", owner),
                  world.actor("supplier", supplier),
                  world.actor("underwriter", world.other_insurer)):
        with pytest.raises(PermissionDenied):
            enrol(programme, [Joining("own")], actor=actor)
    underwriter = world.actor("underwriter")
    members = everybody(programme, underwriter)
    linked = link_organisation(members["sup"], supplier, actor=underwriter)
    assert linked.organisation == supplier
    with pytest.raises(InputError):
        link_organisation(members["sub"], world.stranger, actor=underwriter)
    close_programme(programme, reason="到期", actor=underwriter)
    with pytest.raises(Refusal):
        enrol(programme, [Joining("own")], actor=underwriter)
