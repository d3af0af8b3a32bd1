"""Drafts: figures with their sources, uploads, names, and what breaks the filing."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest

from dinghai.foundation.errors import InputError, Refusal
from dinghai.foundation.toml_text import toml_text
from dinghai_platform.actuarial.kinds import KINDS
from dinghai_platform.actuarial.models import TableVersion
from dinghai_platform.actuarial.services.decisions import propose_version
from dinghai_platform.actuarial.services.drafts import (
    NewFigure,
    change_figures,
    draft_version,
    replace_document,
    upload_version,
    withdraw_version,
)
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.catalogue.services import file_product
from tests.platform.actuarial.making import TABLE, new_draft
from tests.platform.story import World


def draft(world: World, kind: str = "rating", table: str = TABLE) -> TableVersion:
    return draft_version(kind, table, label="2026.2", reason="x", actor=world.actor("actuary"))


def test_a_draft_is_a_copy_of_the_table_in_force(world: World) -> None:
    version = draft(world)
    assert version.number == 1 and version.based_on is None
    assert version.document == {**KINDS["rating"].shipped_document(TABLE), "version": "2026.2"}


def test_a_changed_figure_carries_its_source_and_confidence(world: World) -> None:
    version = change_figures(
        draft(world), {"expenses.commission.ppm": NewFigure(120_000, "代理合同", "T")},
        actor=world.actor("actuary"))
    assert version.document["expenses"]["commission"] == {
        "ppm": 120_000, "source": "代理合同", "confidence": "T"}
    assert version.events.get(event="edit").changed == [
        "expenses.commission.source", "expenses.commission.confidence",
        "expenses.commission.ppm"] or set(version.events.get(event="edit").changed) == {
        "expenses.commission.source", "expenses.commission.confidence", "expenses.commission.ppm"}


@pytest.mark.parametrize(("place", "figure", "message"), [
    ("market.factor_ppm", NewFigure(1_500_000, "", "D"), "needs its source"),
    ("market.factor_ppm", NewFigure(1_500_000, "x", ""), "needs its confidence"),
    ("market.factor_ppm", NewFigure(1_500_000, "x", "sure"), "no confidence mark"),
    ("market.factor_ppm", NewFigure(1_900_000, "x", "D"), "outside its filed bounds"),
    ("expenses.commission.ppm", NewFigure(200_000, "x", "D"), "above the filed one"),
    ("loads.risk.risk_tolerance_fen", NewFigure(0, "x", "D"), "too small"),
    ("market.factor", NewFigure(1, "x", "D"), "no such figure"),
    ("market.source", NewFigure("y", "x", "D"), "no such figure"),
    ("market.factor_ppm", NewFigure(True, "x", "D"), "Expected `int`"),
])
def test_a_bad_figure_is_refused_with_its_place_and_nothing_is_kept(
    world: World, place: str, figure: NewFigure, message: str
) -> None:
    version = draft(world)
    before = version.document_hash
    with pytest.raises(InputError) as caught:
        change_figures(version, {"service.base_fen": NewFigure(1, "x", "D"), place: figure},
                       actor=world.actor("actuary"))
    assert any(message in one.message for one in caught.value.faults)
    assert all(one.field and one.mend for one in caught.value.faults)
    version.refresh_from_db()
    assert version.document_hash == before and not version.events.filter(event="edit").exists()


def test_a_rule_of_referral_is_changed_by_its_id(world: World) -> None:
    version = change_figures(
        draft(world, "referral", "referral"),
        {"rules[LIMIT-CHIEF].when[0].value": NewFigure(5_000_000_000, "再保合同", "T")},
        actor=world.actor("actuary"))
    rule = next(one for one in version.document["rules"] if one["id"] == "LIMIT-CHIEF")
    assert rule["when"][0]["value"] == 5_000_000_000
    assert (rule["source"], rule["confidence"]) == ("再保合同", "T")


def test_the_header_is_changed_too_but_neither_id_nor_version(world: World) -> None:
    actuary = world.actor("actuary")
    version = change_figures(draft(world), {}, header={"as_of": "2026-07-01"}, actor=actuary)
    assert version.document["as_of"] == "2026-07-01"
    for name in ("id", "version", "schema", "nowhere"):
        with pytest.raises(InputError):
            change_figures(version, {}, header={name: "x"}, actor=actuary)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_table_goes_out_as_toml_and_comes_in_again(world: World, kind: str) -> None:
    table = KINDS[kind].table_ids()[0]
    document = {**KINDS[kind].shipped_document(table), "version": "2026.9"}
    version = upload_version(kind, toml_text(document).encode(), reason="x",
                             actor=world.actor("actuary"))
    assert version.document == document
    again = {**document, "name_zh": "另一名称"}
    changed = replace_document(version, toml_text(again).encode(), actor=world.actor("actuary"))
    assert changed.document["name_zh"] == "另一名称"
    other = {**document, "version": "2026.8"}
    with pytest.raises(InputError, match="another version"):
        replace_document(version, toml_text(other).encode(), actor=world.actor("actuary"))


@pytest.mark.parametrize(("old", "new", "field"), [
    ("factor_ppm = 1_522_911", "factor_ppm = 2_609_773", "market.factor_ppm"),
    ("commission_maximum_ppm = 150_000", "commission_maximum_ppm = 1", "expenses.commission.ppm"),
    ("vat_ppm = 60_000", "vat_ppm = 0.06", "tax.vat_ppm"),
    ("[tax]", "[tax]\nlevy = 1", "tax.levy"),
    ('id = "cyber-comprehensive-standard"', 'id = "elsewhere"', "id"),
])
def test_a_faulty_upload_names_its_line_and_nothing_is_kept(
    world: World, old: str, new: str, field: str
) -> None:
    text = files("dinghai.data").joinpath("rating", f"{TABLE}.toml").read_text("utf-8")
    text = text.replace(old, new).replace('"2026.1"', '"2026.2"')
    with pytest.raises(InputError) as caught:
        upload_version("rating", text.encode(), reason="x", actor=world.actor("actuary"))
    fault = caught.value.fault
    assert fault.field == field and fault.mend
    # The id is what a file may not choose; every other fault stands in a line.
    assert (fault.line is None) == (field == "id")
    if fault.line is not None:
        assert field.rsplit(".", 1)[-1] in text.splitlines()[fault.line - 1]
    assert not TableVersion.objects.within(world.insurer).exists()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a = ", b"x = 1", b"#" * (513 * 1024)])
def test_what_is_no_table_is_refused(world: World, content: bytes) -> None:
    with pytest.raises(InputError) as caught:
        upload_version("rating", content, reason="x", actor=world.actor("actuary"))
    assert caught.value.fault.mend


@pytest.mark.parametrize("label", ["", " ", "x" * 41, "2026.1", "2026.2"])
def test_a_version_needs_a_name_of_its_own(world: World, label: str) -> None:
    version = new_draft(world)
    withdraw_version(version, reason="x", actor=world.actor("actuary"))
    with pytest.raises(InputError):
        made = draft_version("rating", TABLE, label=label, reason="x",
                             actor=world.actor("actuary"))
        # A copy of the shipped table under its own name is the shipped table, and may stand.
        assert label == "2026.1" and made.document == KINDS["rating"].shipped_document(TABLE)
        raise InputError("the shipped table itself", mend="change something")


def test_a_version_that_changes_nothing_is_not_proposed(world: World) -> None:
    with pytest.raises(Refusal, match="says the same"):
        propose_version(draft(world), reason="x", actor=world.actor("actuary"))


def filed(product: ProductVersion, world: World, **bounds: Any) -> ProductVersion:
    return file_product(product, actor=world.actor("compliance"), **bounds)


def test_a_version_that_breaks_a_filing_is_not_proposed(
    world: World, product: ProductVersion
) -> None:
    filed(product, world, factor_minimum_ppm=1_000_000, factor_maximum_ppm=1_650_000)
    version = new_draft(world)
    with pytest.raises(InputError) as caught:
        propose_version(version, reason="x", actor=world.actor("actuary"))
    fields = {one.field for one in caught.value.faults}
    assert fields == {"market.factor_ppm", "filed.factor_minimum_ppm"}
    assert "1000000 – 1650000" in (caught.value.fault.mend or "")
    version.refresh_from_db()
    assert version.state == "draft"


def test_filed_figures_change_only_with_a_new_filing(world: World) -> None:
    actuary = world.actor("actuary")
    version = change_figures(
        draft(world), {"filed.minimum_premium_fen": NewFigure(200_000, "x", "D")}, actor=actuary)
    with pytest.raises(InputError, match="new filing"):
        propose_version(version, reason="x", actor=actuary)
    change_figures(version, {}, header={"filing": "DH-2026-002"}, actor=actuary)
    assert propose_version(version, reason="x", actor=actuary).state == "proposed"


def test_nobody_writes_on_another_insurers_version(world: World) -> None:
    from django.core.exceptions import PermissionDenied

    version = new_draft(world)
    stranger = world.actor("actuary", world.other_insurer)
    for act in (lambda: change_figures(version, {}, actor=stranger),
                lambda: propose_version(version, reason="x", actor=stranger),
                lambda: withdraw_version(version, reason="x", actor=stranger)):
        with pytest.raises(PermissionDenied):
            act()
