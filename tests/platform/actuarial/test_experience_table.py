"""The table of experience rating as a versioned table: drafted, decided, priced by, put back."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dinghai.foundation.errors import InputError
from dinghai.pricing.experience_table import experience_table_hash, load_experience_table
from dinghai_platform.actuarial.figures import groups_of
from dinghai_platform.actuarial.in_force import table_in_force, tables_in_force
from dinghai_platform.actuarial.kinds import EXPERIENCE, KINDS
from dinghai_platform.actuarial.models import TableVersion
from dinghai_platform.actuarial.services.decisions import approve_version, propose_version
from dinghai_platform.actuarial.services.drafts import (
    NewFigure,
    change_figures,
    draft_version,
    upload_version,
)
from dinghai_platform.actuarial.words import place_name
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.core import clock
from dinghai_platform.underwriting.models import Case, Dossier
from dinghai_platform.underwriting.services.assessments import assess_dossier
from dinghai_platform.underwriting.services.history import state_years
from dinghai_platform.underwriting.services.quotes import price_quote
from tests.platform.actuarial.making import with_impact
from tests.platform.story import World

TABLE = "experience-rating"
FIFTH = "no_claims.steps[3].credit_ppm"


def drafted(world: World, label: str = "2026.2", credit: int = 200_000,
            filing: str = "示例备案（虚构）DH-2026-002") -> TableVersion:
    actuary = world.actor("actuary")
    version = draft_version(EXPERIENCE, TABLE, label=label, reason="续保竞争", actor=actuary)
    return change_figures(version, {FIFTH: NewFigure(credit, "2026 年续保分析", "D")},
                          header={"filing": filing}, actor=actuary)


def entered(world: World) -> TableVersion:
    version = propose_version(drafted(world), reason="续保竞争", actor=world.actor("actuary"))
    with_impact(version, world)
    return approve_version(version, in_force_from=clock.today(), reason="同意",
                           actor=world.actor("chief_underwriter"))


def renewal(dossier: Dossier, product: ProductVersion, world: World) -> Any:
    """A quote with five clean years."""
    underwriter = world.actor("underwriter")
    case = Case.objects.within(world.insurer).get(pk=dossier.case_id)
    state_years(case, first=date(2021, 3, 11), last=clock.today(), uses_held=False, base=0,
                actor=underwriter)
    return price_quote(assess_dossier(dossier, actor=underwriter), product, actor=underwriter)


def test_the_shipped_table_prices_until_another_does(world: World) -> None:
    standing = table_in_force(world.insurer, EXPERIENCE, TABLE, clock.today())
    assert standing.version is None and standing.table == load_experience_table()
    assert KINDS[EXPERIENCE].table_ids() == (TABLE,)


def test_every_figure_has_a_name_a_unit_and_a_source() -> None:
    document = KINDS[EXPERIENCE].shipped_document(TABLE)
    groups = groups_of(EXPERIENCE, document)
    assert [one.code for one in groups] == [
        "credibility", "window", "split", "bounds", "history", "no_claims"]
    places = [figure.place for one in groups for figure in one.figures]
    assert "no_claims.steps[0].clean_years" in places and FIFTH in places
    for one in groups:
        assert one.source and one.confidence and one.name != one.code
        for figure in one.figures:
            assert place_name(figure.place) != figure.place


def test_a_version_prices_renewals_from_its_day_and_rolls_back(
    world: World, dossier: Dossier, product: ProductVersion
) -> None:
    before = renewal(dossier, product, world)
    bare_case = before.document["premium"]["no_claims_credit_ppm"]
    version = drafted(world)
    run = with_impact(version, world)
    assert (run.state, run.quotes, run.faults) == ("done", 1, 0)
    row = run.rows.get()
    assert row.change_fen < 0
    assert row.steps == [{"part": "experience", "fen": row.change_fen}]
    assert row.charged_before_fen == before.charged_fen
    proposed = propose_version(version, reason="续保竞争", actor=world.actor("actuary"))
    approve_version(proposed, in_force_from=clock.today(), reason="同意",
                    actor=world.actor("chief_underwriter"))
    tables = tables_in_force(world.insurer, "cyber-comprehensive-standard", clock.today())
    assert tables.experience.version == "2026.2"
    underwriter = world.actor("underwriter")
    after = price_quote(before.assessment, product, actor=underwriter)
    assert after.charged_fen == row.charged_after_fen
    assert after.document["experience"]["table"] == {
        "id": TABLE, "version": "2026.2", "sha256": experience_table_hash(tables.experience)}
    assert after.document["premium"]["no_claims_credit_ppm"] > bare_case
    # Another insurer prices by its own.
    other = tables_in_force(world.other_insurer, "cyber-comprehensive-standard", clock.today())
    assert other.experience == load_experience_table()


def test_quotes_without_a_history_do_not_move(
    world: World, dossier: Dossier, product: ProductVersion
) -> None:
    underwriter = world.actor("underwriter")
    price_quote(assess_dossier(dossier, actor=underwriter), product, actor=underwriter)
    row = with_impact(drafted(world), world).rows.get()
    assert (row.change_fen, row.steps) == (0, [])


def test_what_is_filed_changes_only_with_a_new_filing(world: World) -> None:
    version = drafted(world, filing=load_experience_table().filing)
    with pytest.raises(InputError) as caught:
        propose_version(version, reason="x", actor=world.actor("actuary"))
    assert caught.value.fault.field == "filing"


def test_a_table_that_is_not_monotone_is_no_version(world: World) -> None:
    with pytest.raises(InputError):
        drafted(world, credit=0)
    broken = b'schema = "dinghai.experience-rating/1"\n'
    with pytest.raises(InputError) as caught:
        upload_version(EXPERIENCE, broken, reason="x", actor=world.actor("actuary"))
    assert caught.value.fault.file == "experience.toml"


def test_its_pages(world: World) -> None:
    client: Client = world.sign_in(Client(), "actuary")
    version = drafted(world)
    language = {"accept-language": "zh-hans"}
    listed = client.get(reverse("actuarial:versions"), headers=language).content.decode()
    assert "续保经验费率表" in listed
    page = client.get(reverse("actuarial:version", args=[version.pk]), headers=language)
    assert page.status_code == 200
    text = page.content.decode()
    assert "无赔款优待 · 优待 (4)" in text
    edit = client.get(reverse("actuarial:edit", args=[version.pk]), headers=language)
    assert edit.status_code == 200 and 'value="20"' in edit.content.decode()
    toml = client.get(reverse("actuarial:toml", args=[version.pk])).content
    assert "clean_years = 5" in toml.decode()
    answer = client.get("/api/v1/actuarial/in-force").json()
    assert [one["table_id"] for one in answer["items"] if one["kind"] == "experience"] == [TABLE]
