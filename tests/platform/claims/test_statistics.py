"""Published statistics: medians, shares, and no figure that gives away fewer than five claims."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dinghai.foundation.clock import SHANGHAI
from dinghai_platform.claims import services
from dinghai_platform.claims.published import (
    LEAST,
    MARKET,
    MEASURES,
    OTHER,
    Case,
    Row,
    published_statistics,
    tabulate,
)
from dinghai_platform.core.models import Organisation
from tests.platform.claims.making import Scene
from tests.platform.claims.test_pages import LANGUAGES, open_as
from tests.platform.story import World

NAMES = {"A": ("甲财险", "Alpha"), "B": ("乙财险", "Beta"), "C": ("丙财险", "Gamma")}


def case(insurer: str = "A", month: int = 2, days: int = 20, **more: Any) -> Case:
    given_: dict[str, Any] = {
        "payment_time": timedelta(days=days + 8), "refused": False, "reason": "",
        "reduced": False, "appealed": False, "overturned": None, "defect": False, **more}
    return Case(insurer, datetime(2026, month, 15, tzinfo=SHANGHAI), timedelta(days=days), **given_)


def row(rows: Sequence[Row], insurer: str = "A", period: str = "2026-Q1") -> Row:
    return next(one for one in rows if (one.insurer, one.period) == (insurer, period))


def refused(reason: str, **more: Any) -> Case:
    return case(refused=True, reason=reason, payment_time=None, **more)


# --- what is counted -----------------------------------------------------------------------------


def test_medians_and_shares() -> None:
    cases = [case(days=day) for day in (10, 12, 14, 20, 30, 31)]
    cases += [refused("not_triggered", days=40) for _one in range(6)]
    found = row(tabulate(cases, "quarter", NAMES))
    assert found.decision_days == 31.0
    assert found.payment_days == 22.0
    assert (found.cells["decided"].count, found.cells["refused"].count) == (12, 6)
    assert found.cells["refused"].share_ppm == 500_000
    assert found.reasons == (("not_triggered", 6),)


def test_overturned_is_counted_among_appeals_that_ended() -> None:
    cases = [case(appealed=True, overturned=True) for _one in range(5)]
    cases += [case(appealed=True, overturned=False) for _one in range(5)]
    cases += [case(appealed=True) for _one in range(5)] + [case() for _one in range(5)]
    found = row(tabulate(cases, "quarter", NAMES))
    assert (found.cells["appealed"].count, found.cells["appealed"].of) == (15, 20)
    assert (found.cells["overturned"].count, found.cells["overturned"].of) == (5, 10)


def test_periods_are_shanghais() -> None:
    late = case()
    early = Case(late.insurer, datetime(2026, 3, 31, 23, 30, tzinfo=SHANGHAI) + timedelta(hours=1),
                 *[getattr(late, name) for name in Case.__slots__[2:]])
    assert {one.period for one in tabulate([early], "quarter", NAMES)} == {"2026-Q2"}


# --- what is withheld ----------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "shown"), [(0, True), (1, False), (4, False), (5, True),
                                              (7, True), (8, False), (11, False), (12, True)])
def test_a_count_and_what_it_leaves_over_stand_for_five(count: int, shown: bool) -> None:
    cases = [case(defect=index < count) for index in range(12)]
    found = row(tabulate(cases, "quarter", NAMES))
    assert (found.cells["defects"].count is not None) is shown


def test_few_claims_show_nothing() -> None:
    found = row(tabulate([case() for _one in range(4)], "quarter", NAMES))
    assert all(cell.count is None or cell.of == 0 for cell in found.cells.values())
    assert found.decision_days is None and found.payment_days is None


def test_the_market_does_not_give_away_a_small_insurer() -> None:
    cases = [case("A") for _one in range(10)] + [case("B") for _one in range(3)]
    rows = tabulate(cases, "quarter", NAMES)
    assert row(rows, "A").cells["decided"].count == 10
    assert row(rows, MARKET).cells["decided"].count is None
    more = tabulate([*cases, *(case("C") for _one in range(3))], "quarter", NAMES)
    assert row(more, MARKET).cells["decided"].count == 16


def test_the_year_does_not_give_away_a_small_quarter() -> None:
    cases = [case(month=2) for _one in range(10)] + [case(month=5) for _one in range(2)]
    assert row(tabulate(cases, "quarter", NAMES)).cells["decided"].count == 10
    assert row(tabulate(cases, "year", NAMES), "A", "2026").cells["decided"].count is None


def test_an_insurer_cannot_take_itself_off_the_market() -> None:
    """It knows its own four, published or not: the market must not leave three of another."""
    cases = [case("A") for _one in range(4)] + [case("B") for _one in range(3)]
    mine = tabulate(cases, "quarter", {"A": NAMES["A"]}, own=True)
    assert row(mine, MARKET).cells["decided"].count is None
    cases += [case("B") for _one in range(2)]
    assert row(tabulate(cases, "quarter", {"A": NAMES["A"]}, own=True),
               MARKET).cells["decided"].count == 9


def test_small_reasons_are_put_together() -> None:
    cases = [refused("not_triggered") for _one in range(9)]
    cases += [refused("excluded:EX-WAR") for _one in range(3)]
    cases += [refused("within_retention") for _one in range(2)] + [case() for _one in range(9)]
    assert row(tabulate(cases, "quarter", NAMES)).reasons == (("not_triggered", 9), (OTHER, 5))
    cases.remove(refused("within_retention"))
    # Nine and four: four would be few, so they are not told from the nine.
    assert row(tabulate(cases, "quarter", NAMES)).reasons == ((OTHER, 13),)


_CASES = st.lists(st.builds(
    lambda insurer, month, is_refused, reason, reduced, appeal, defect: case(
        insurer, month, refused=is_refused, reason=reason if is_refused else "",
        payment_time=None if is_refused else timedelta(days=30),
        reduced=reduced and not is_refused, appealed=appeal is not None,
        overturned=appeal if appeal in (True, False) else None, defect=defect),
    st.sampled_from("ABC"), st.sampled_from([1, 4, 7, 10]), st.booleans(),
    st.sampled_from(["not_triggered", "excluded:EX-WAR", "within_retention"]), st.booleans(),
    st.sampled_from([None, True, False, "open"]), st.booleans()), max_size=70)


@settings(max_examples=60, deadline=None)
@example(cases=[case("A", 4) for _one in range(5)] + [case("A", 7)], own=True)
@example(cases=[case("A", 4) for _one in range(5)] + [case("A", 7)], own=False)
@given(_CASES, st.booleans())
def test_no_difference_of_published_figures_is_small(cases: list[Case], own: bool) -> None:
    shown = {"A": NAMES["A"]} if own else NAMES
    rows = {grain: {(one.period, one.insurer): one for one in tabulate(
        cases, grain, shown, own=own)} for grain in ("quarter", "year")}
    for measure in MEASURES:
        for (year, insurer), whole in rows["year"].items():
            if own and insurer in shown:
                continue  # who reads knows its own claims
            parts = [one for (period, who), one in rows["quarter"].items()
                     if who == insurer and period.startswith(year)]
            _not_small(whole, parts, measure)
        for grain in ("quarter", "year"):
            for (period, insurer), whole in rows[grain].items():
                if insurer == MARKET and not own:
                    _not_small(whole, [one for (when, who), one in rows[grain].items()
                                       if who != MARKET and when == period], measure)
    for found in (*rows["quarter"].values(), *rows["year"].values()):
        assert all(count >= LEAST for _reason, count in found.reasons)
        for cell in found.cells.values():
            assert cell.count is None or cell.count == 0 or cell.count >= LEAST


def _not_small(whole: Row, parts: list[Row], measure: str) -> None:
    cell = whole.cells[measure]
    known = [one.cells[measure] for one in parts if one.cells[measure].count is not None]
    if cell.count is None or len(known) == len(parts):
        return
    rest = cell.count - sum(one.count or 0 for one in known)
    assert rest == 0 or rest >= LEAST


# --- the pages -----------------------------------------------------------------------------------


def regulator(scene: Scene, language: str = "zh-hans") -> Client:
    home = Organisation.objects.create(kind=Organisation.Kind.REGULATOR, name_zh="监管机构")
    client = Client(headers={"accept-language": language})
    client.force_login(scene.world.actor("regulator_nfra", home).user,
                       backend="django.contrib.auth.backends.ModelBackend")
    return client


ADDRESSES = ("claims:statistics", "claims:statistics_export")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ADDRESSES)
def test_the_regulator_and_the_insurer_read_them(
    scene: Scene, name: str, language: str
) -> None:
    scene.decide()
    readers = [regulator(scene, language)] + [
        open_as(scene, role, language) for role in ("claims_handler", "auditor", "actuary")]
    for client in readers:
        for grain in ("quarter", "year", "nonsense"):
            answer = client.get(reverse(name), {"by": grain})
            assert answer.status_code == 200
            assert scene.claim.number.encode() not in answer.content


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize("role", ["insured_admin", "insured_security", "loss_adjuster"])
def test_nobody_else_does(scene: Scene, role: str, name: str) -> None:
    assert open_as(scene, role).get(reverse(name)).status_code == 403
    assert Client().get(reverse(name)).status_code == 302


def test_one_claim_is_withheld_everywhere(scene: Scene) -> None:
    scene.decide()
    rows = published_statistics(scene.actor("auditor"), "quarter")
    assert [one.insurer == MARKET for one in rows] == [False, True]
    for one in rows:
        assert all(cell.count is None or cell.of == 0 for cell in one.cells.values())
    body = open_as(scene, "auditor").get(reverse("claims:statistics")).content.decode()
    assert "不公布" in body


def test_an_insurer_reads_its_own_row_and_the_market(scene: Scene) -> None:
    scene.decide()
    other = scene.world.actor("auditor", scene.world.other_insurer)
    assert [one.insurer for one in published_statistics(other, "year")] == [MARKET]
    both = published_statistics(regulator_actor(scene.world), "year")
    assert {one.insurer for one in both} == {MARKET, str(scene.world.insurer.pk)}


def regulator_actor(world: World) -> Any:
    home = Organisation.objects.create(kind=Organisation.Kind.REGULATOR, name_zh="监管机构")
    return world.actor("regulator_nfra", home)


def test_what_a_decision_leaves_for_statistics(scene: Scene) -> None:
    record = scene.decide()
    assert record.gross_fen == record.total_fen < record.presented_fen
    assert record.main_reason == ""


def test_a_refusal_leaves_its_reason(scene: Scene) -> None:
    scene.report()
    handler = scene.actor("claims_handler")
    services.register_claim(scene.claim, reserve_fen=0, actor=handler)
    services.add_item(scene.claim, "FP-EXT-R", description="赎金", actor=handler,
                      facts={"item.amount": {"value": 30_000_000}})
    scene.quantify()
    services.adjudicate_claim(scene.claim, actor=handler)
    record = services.reject_claim(scene.claim, actor=scene.actor("claims_approver"),
                                   reason="境内不予赔付")
    assert record.main_reason in {"nominal_only", "prohibited", "not_covered"}
    assert record.presented_fen == 30_000_000


def test_csv_has_a_line_for_each_figure(scene: Scene) -> None:
    scene.decide()
    answer = regulator(scene, "en").get(reverse("claims:statistics_export"))
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert lines[0][:3] == ["Period", "Insurer", "Figure"]
    assert ["withheld" in line for line in lines[1:]].count(True) > 5
    assert {line[1] for line in lines[1:]} == {"Canglan P&C", "All insurers"}


def test_over_the_api(scene: Scene) -> None:
    scene.decide()
    answer = regulator(scene).get("/api/v1/claims/statistics?by=year")
    assert answer.status_code == 200
    said = answer.json()
    assert said["least_claims"] == LEAST and len(said["rows"]) == 2
    assert said["rows"][0]["decided"] == {"count": None, "of": None, "share_ppm": None}
    assert open_as(scene, "insured_admin").get("/api/v1/claims/statistics").status_code == 403
    strange = open_as(scene, "auditor").get("/api/v1/claims/statistics?by=day")
    assert strange.status_code in {400, 422}


