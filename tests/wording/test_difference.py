"""Clause by clause: what a new version adds, drops and says otherwise, in both languages."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from dinghai.wording.difference import Change, difference
from dinghai.wording.exclusions import Effect
from dinghai.wording.products import load_product, shipped_products
from dinghai.wording.schema import Instalments, OtherInsurance, Product
from dinghai.wording.sections import Retention, Sublimit, Waiting
from tests.making import change_section
from tests.wording.totals import NOT_PRICE

OLD = load_product("cyber-comprehensive-standard")


def changed(**changes: Any) -> Product:
    return msgspec.structs.replace(OLD, **changes)


def only(new: Product) -> Change:
    (found,) = difference(OLD, new)
    return found


def test_nothing_differs_from_itself() -> None:
    assert difference(OLD, OLD) == ()


@pytest.mark.parametrize(("coverage", "changes", "old", "new"), [
    ("FP-BI", {"waiting": Waiting(seconds=28_800, mode="franchise_hours", deductible="kept")},
     ("12 小时、等待期与免赔额取高", "12 h, the higher of waiting and deductible"),
     ("8 小时、超过后自始起赔、仍扣免赔额",
      "8 h, once exceeded, paid from the first hour, the deductible is kept")),
    ("FP-IR", {"sublimit": Sublimit(amount_fen=50_000_000, basis="each_event", per="insured")},
     ("累计赔偿限额的20%、保险期间内", "20% of the aggregate limit, in the year"),
     ("¥500,000.00、每次事故、每一被保险人", "¥500,000.00, each event, each insured")),
    ("FP-DATA", {"retention": Retention(kind="higher_of", amount_fen=100_000, ppm=50_000,
                                        maximum_fen=900_000, limit="including")},
     ("每次事故免赔额", "the event deductible"),
     ("¥1,000.00与损失的5%取高、最高 ¥9,000.00、包含在限额之内",
      "the higher of ¥1,000.00 and 5% of the loss, at most ¥9,000.00, inside the limit")),
    ("FP-DATA", {"mandatory": False}, ("是", "yes"), ("否", "no")),
    ("FP-BI", {"indemnity_days": None}, ("120 天", "120 days"), ("无", "none")),
    ("FP-BI", {"perils": ("ransomware",)}, None, ("勒索软件", "Ransomware")),
    ("FP-IR", {"vendor_rule": "panel"}, ("不限", "any"), ("认可服务商", "panel vendors")),
])
def test_a_changed_cover_is_told_in_words(
    coverage: str, changes: dict[str, Any], old: tuple[str, str] | None, new: tuple[str, str]
) -> None:
    found = only(change_section(OLD, coverage, **changes))
    assert (found.kind, found.part, found.key) == ("changed", "sections", coverage)
    assert found.field == next(iter(changes))
    assert found.new_words == new
    if old is not None:
        assert found.old_words == old


def test_the_sentence_names_clause_and_field() -> None:
    found = only(change_section(OLD, "FP-BI", indemnity_days=180))
    assert found.sentence("zh") == "改动 责任 FP-BI 营业中断损失 [2.2] · 赔偿期间: 120 天 → 180 天"
    assert found.sentence("en") == (
        "changed Cover FP-BI Business interruption loss [2.2] · indemnity period: 120 days → "
        "180 days")


def test_what_came_and_went_is_told_whole() -> None:
    added = only(changed(exclusions=(*OLD.exclusions, NOT_PRICE)))
    assert (added.kind, added.key, added.clause, added.old) == ("added", "CX-PRICE", "9.1", None)
    assert added.new_words == ("价", "price")
    removed = only(changed(sections=OLD.sections[1:]))
    assert (removed.kind, removed.key, removed.new) == ("removed", "FP-IR", None)
    assert removed.old["sublimit"] == {"ppm_of_aggregate": 200_000}


def test_a_clause_without_a_text_is_told_by_its_fields() -> None:
    found = only(changed(shared_limits=()))
    assert found.old_words[1] == (
        "covers TP-PRIV, TP-NETSEC; share of the aggregate 50%")


def test_effects_and_conditions_are_told() -> None:
    exclusions = tuple(
        msgspec.structs.replace(
            one, effect=Effect(type="coinsurance", insured_share_ppm=100_000),
            predicate={"any": [
                {"fact": "incident.armed_conflict", "op": "is_true"},
                {"not": {"fact": "vuln.days_patch_available", "op": "le", "value": 30}}]})
        if one.code == "EX-WAR" else one for one in OLD.exclusions)
    by_field = {one.field: one for one in difference(OLD, changed(exclusions=exclusions))}
    assert by_field["effect"].old_words == ("整个事故不赔", "the event is not paid")
    assert by_field["effect"].new_words == ("自担比例增加 10%", "the insured's share rises by 10%")
    assert " or not (" in by_field["predicate"].new_words[1]
    assert "或者并非（" in by_field["predicate"].new_words[0]


@pytest.mark.parametrize(("changes", "part", "field", "new"), [
    ({"version": "2.0.0"}, "product", "version", "2.0.0"),
    ({"tier": "demonstration"}, "product", "tier", "demonstration"),
    ({"basis": msgspec.structs.replace(OLD.basis, extended_reporting_days=90)}, "basis",
     "extended_reporting_days", "90 days"),
    ({"limits": msgspec.structs.replace(OLD.limits, defence="outside")}, "limits", "defence",
     "outside the limits"),
    ({"claims_process": msgspec.structs.replace(OLD.claims_process, notice_hours=72)},
     "claims_process", "notice_hours", "3 days"),
    ({"other_insurance": OtherInsurance(rule="excess")}, "other_insurance", "rule",
     "excess of other insurance"),
    ({"instalments": Instalments(clause="4.9")}, "instalments", "", "clause 4.9"),
    ({"parameters": {"annual_service_fee": 100}}, "parameters", "", "100"),
    ({"exclusions": (OLD.exclusions[1], OLD.exclusions[0], *OLD.exclusions[2:])}, "exclusions",
     "order", None),
])
def test_every_part_is_looked_at(
    changes: dict[str, Any], part: str, field: str, new: str | None
) -> None:
    found = only(changed(**changes))
    assert (found.part, found.field) == (part, field)
    if new is not None:
        assert found.new_words[1] == new


def test_a_parameter_that_changes_or_goes() -> None:
    one, two = (changed(parameters={"annual_service_fee": fee}) for fee in (100, 200))
    (rise,) = difference(one, two)
    assert (rise.kind, rise.field, rise.old, rise.new) == ("changed", "value", 100, 200)
    (gone,) = difference(one, OLD)
    assert (gone.kind, gone.old_words[0]) == ("removed", "100")


def test_any_two_products_can_be_told_apart_in_words() -> None:
    for one in shipped_products():
        changes = difference(OLD, load_product(one))
        for change in changes:
            document = change.to_dict()
            assert msgspec.json.decode(msgspec.json.encode(document)) == document
            assert document["zh"] and document["en"]
        assert bool(changes) == (one != OLD.product_id)


def test_there_and_back_are_mirror_images() -> None:
    other = load_product("cyber-comprehensive-inclusive")
    there, back = difference(OLD, other), difference(other, OLD)
    turned = {"added": "removed", "removed": "added", "changed": "changed"}
    assert {(turned[one.kind], one.part, one.key, one.field) for one in there} == {
        (one.kind, one.part, one.key, one.field) for one in back}
