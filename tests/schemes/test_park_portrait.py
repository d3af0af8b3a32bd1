"""A park's risk portrait and its members' certificates."""

from __future__ import annotations

from datetime import date

import pytest

from dinghai.foundation.errors import InputError
from dinghai.schemes.park_certificate import certificates
from dinghai.schemes.park_findings import ParkFinding
from dinghai.schemes.park_portrait import portrait, portrait_document
from dinghai.schemes.park_premium import park_premiums
from tests.schemes.parks import FIRST, LAST, member, park

OLD, NEW = ParkFinding("CVE-OLD", 98), ParkFinding("CVE-NEW", 70)
ROLL = [
    member(1, "more", network=("甲楼",), providers=("云",), grade="A", findings=(OLD, NEW)),
    member(2, "more", network=("甲楼",), providers=("云", "邮"), grade="C", findings=(NEW,)),
    member(3, "ransom", network=("乙楼",), providers=("云",), findings=()),
    member(4, joined=date(2026, 7, 1), network=("乙楼",))]


def test_what_hangs_on_a_provider() -> None:
    """On the cloud hang 800 + 800 + 700 = 2 300 of limits. The park pays of one event: bases 1 800,
    `more` 400 cut to its shared 300, together 2 100 cut to 1 000, and `ransom` 100 outside: 1 100.
    """
    found = portrait(park(), ROLL, FIRST)
    cloud = found.resources[0]
    assert (cloud.kind, cloud.name, len(cloud.members)) == ("provider", "云", 3)
    assert (cloud.largest_fen, cloud.payable_fen, cloud.short_fen) == (230_000, 110_000, 120_000)
    assert [(one.name, one.single_point) for one in found.resources] == [
        ("云", True), ("甲楼", True)]  # the mail provider and the second building serve one each
    document = portrait_document(park(), found)
    assert document["shared"][0]["of_each_event_limit_ppm"] == 2_300_000
    assert document["single_points"] == ["provider:云", "network:甲楼"]


def test_a_single_point_is_a_share_of_the_members() -> None:
    """Of four members on the last day three use the cloud: 75%; two sit in each building: 50%."""
    found = portrait(park({"single_point": "60%"}), ROLL, LAST)
    assert {one.name: one.single_point for one in found.resources} == {
        "云": True, "甲楼": False, "乙楼": False}


def test_grades_and_what_is_not_known() -> None:
    found = portrait(park(), ROLL, LAST)
    assert {grade: (count, fen) for grade, count, fen in found.grades if count} == {
        "A": (1, 80_000), "C": (1, 80_000), "": (2, 130_000)}
    assert dict(found.unknown) == {"network": 0, "providers": 1, "findings": 1, "grade": 2}


def test_the_worst_findings_by_severity_then_by_how_many_have_them() -> None:
    rows = [*ROLL, member(5, findings=(
        ParkFinding("a", 70), ParkFinding("b", None), ParkFinding("c", 60), ParkFinding("d", 50),
        ParkFinding("e", 10)))]
    found = portrait(park(), rows, FIRST)
    assert [(one.code, len(one.members)) for one in found.findings] == [
        ("CVE-OLD", 1), ("CVE-NEW", 2), ("a", 1), ("c", 1), ("d", 1)]


def test_days_outside_and_an_empty_roll() -> None:
    with pytest.raises(InputError, match="outside"):
        portrait(park(), ROLL, date(2027, 1, 1))
    document = portrait_document(park(), portrait(park(), [], FIRST))
    assert (document["members"], document["shared"], document["worst_findings"]) == (0, [], [])


def test_a_certificate_shows_its_member_and_nobody_else() -> None:
    rows = [member(1, "more"), member(2, joined=date(2026, 7, 1), left=date(2026, 9, 30))]
    first, second = certificates(park(), park_premiums(park(), rows))
    assert (second["first"], second["last"], second["days"]) == ("2026-07-01", "2026-09-30", 92)
    assert (second["net_fen"], second["vat_fen"], second["gross_fen"]) == (9_200, 552, 9_752)
    assert first["number"] != second["number"]
    assert first["top_ups"][0]["cover"] == "more"
    assert first["shared"]["top_ups"] == [
        {"cover": "more", "each_event_fen": 30_000, "period_fen": 30_000}]
    assert [one["sublimit_fen"] for one in first["base"]["sections"]] == [20_000, None]
    assert "企业2" not in str(first) and "企业1" in str(first)
    assert [one["id"] for one in first["notice"]] == ["duty", "shared_limits", "refund"]
    assert first["exclusions"]
    back = park({"refund_to": "member"})
    assert [one["id"] for one in certificates(back, park_premiums(back, rows))[0]["notice"]] == [
        "duty", "shared_limits"]
