"""Templates: what stands in for what a firm leaves out, marked as an estimate each time."""

from __future__ import annotations

from importlib import resources
from typing import Any

import msgspec
import pytest

from dinghai.foundation.errors import InputError
from dinghai.losses.model import build_loss_model
from dinghai.supplychain.chain import Link
from dinghai.supplychain.compiling import posture_of
from dinghai.supplychain.language_files import ASSET_KINDS
from dinghai.supplychain.template_file import SIZES, TEMPLATES_FILE, shipped_templates, templates_of
from dinghai.supplychain.templates import assets_of, complete, size_of, template_of
from dinghai.vocabulary.industries import industries
from tests.supplychain.step_chains import asset, chain, firm

TEXT = resources.files("dinghai.data").joinpath(f"supplychain/{TEMPLATES_FILE}").read_text("utf-8")
GIVEN: dict[str, Any] = {
    "headcount": 1200, "gross_profit_rate_ppm": 250_000, "records_general": 7,
    "records_sensitive": 0, "online_revenue_ppm": 0, "tolerable_outage_seconds": 7200,
    "operations_systems": 0, "endpoints": 900, "recovery_seconds": 86_400}


@pytest.mark.parametrize("section", sorted(industries()))
def test_every_section_has_a_template_and_a_loss_model(section: str) -> None:
    one = firm(industry=section, revenue_fen=2_000_000_000)
    profile, estimates = complete(one)
    assert section in template_of(one).sections
    assert {one.field for one in estimates} == {*GIVEN, "high_value_payments_per_year"}
    model = build_loss_model(profile, posture_of(chain(one), one))
    assert model.claims_per_year > 0.0
    assert model.exposure.headcount == profile.headcount


def test_what_is_given_is_kept_and_not_an_estimate() -> None:
    profile, estimates = complete(firm(**GIVEN))
    assert [one.field for one in estimates] == ["high_value_payments_per_year"]
    assert (profile.headcount, profile.endpoints, profile.ot_systems) == (1200, 900, 0)
    assert (profile.pi_records_general, profile.pi_records_sensitive) == (7, 0)  # none is none
    assert (profile.recovery_seconds, profile.online_revenue_ppm) == (86_400, 0)


def test_every_estimate_says_where_it_comes_from() -> None:
    one = firm()
    profile, estimates = complete(one)
    _, more = assets_of(chain(one), one)
    for estimate in (*estimates, *more):
        document = estimate.to_dict()
        assert document["firm"] == "maker" and document["template"] == "manufacturing"
        assert document["source"]["confidence"] == "D" and document["unit"]  # type: ignore[index,call-overload]
    row = template_of(one)
    rate = next(one for one in estimates if one.field == "gross_profit_rate_ppm")
    assert rate.value == round(row.gross_profit_rate.value * 1e6) == profile.gross_profit_rate_ppm
    assert rate.source.interval == tuple(
        round(one * 1e6) for one in row.gross_profit_rate.interval)
    for estimate in (*estimates, *more):
        if estimate.unit not in ("asset", "flag"):
            low, high = estimate.source.interval or (1, 0)
            assert low <= estimate.value <= high, estimate  # type: ignore[operator]
    heads = next(one for one in estimates if one.field == "headcount")
    assert heads.value == round(800_000_000 / row.revenue_per_head_yuan.value)


def test_unknown_flags_stay_unknown() -> None:
    profile, _ = complete(firm())
    assert profile.important_data is None and profile.critical_infrastructure is None
    assert complete(firm(critical_infrastructure=True))[0].critical_infrastructure is True


@pytest.mark.parametrize(("headcount", "revenue_yuan", "size"), [
    (1000, 400_000_000, "large"), (999, 400_000_000, "medium"), (1000, 399_999_999, "medium"),
    (300, 20_000_000, "medium"), (300, 19_999_999, "small"), (20, 3_000_000, "small"),
    (19, 900_000_000, "micro"), (5000, 1, "micro")])
def test_size_needs_both_headcount_and_revenue(
    headcount: int, revenue_yuan: int, size: str
) -> None:
    assert size_of(firm(headcount=headcount, revenue_fen=revenue_yuan * 100)) == size


def test_a_larger_firm_runs_no_less() -> None:
    for template in shipped_templates().templates:
        kinds: set[str] = set()
        for revenue in (10_000_000, 1_000_000_000, 20_000_000_000, 500_000_000_000):
            one = firm(industry=template.sections[0], revenue_fen=revenue)
            now = {one.kind for one in assets_of(chain(one), one)[0]}
            assert kinds <= now
            kinds = now
        assert SIZES.index(size_of(one)) == 3


def test_a_named_template_comes_before_the_section() -> None:
    assert template_of(firm(template="energy")).id == "energy"
    with pytest.raises(InputError, match="no template 'space'") as caught:
        template_of(firm(template="space"))
    assert "manufacturing" in str(caught.value.fault.mend)
    with pytest.raises(InputError, match="not a section") as caught:
        template_of(firm(industry="Z"))
    assert caught.value.fault.field == "maker.industry"


def test_listed_assets_stand_beside_those_of_the_template() -> None:
    one = firm(revenue_fen=500_000_000_000)
    found, estimates = assets_of(chain(one, assets=[
        asset("files", "vault", output_share_ppm=10), asset("files", "mail"),
        asset("web", output_share_ppm=0)]), one)
    names = {one.id: one for one in found}
    assert names["vault"].output_share_ppm == 10 and names["web"].output_share_ppm == 0
    assert "files" not in names and names["mail"].kind == "files"
    assert names["mail.estimated"].kind == "mail"
    fields = {one.field for one in estimates}
    assert "assets.mail.estimated" in fields and "assets.mail.output_share_ppm" in fields
    assert not {"assets.vault", "assets.web", "assets.vault.output_share_ppm"} & fields
    assert [one.kind for one in found] == sorted(
        (one.kind for one in found), key=ASSET_KINDS.index)
    seen = {one.id: one.exposed for one in found}
    assert seen["web"] is True and seen["vault"] is False and seen["remote_access"] is True
    flags = {one.field: one.value for one in estimates if one.unit == "flag"}
    assert flags == {"assets.vault.exposed": False, "assets.mail.exposed": False,
                     "assets.web.exposed": True}
    with pytest.raises(InputError, match="stands twice"):
        assets_of(chain(one, assets=[asset("files"), asset("web", "files")]), one)


def test_links_and_systems_say_what_a_firm_must_run() -> None:
    one, other = firm(), firm("other", revenue_fen=50_000_000)
    linked = chain(one, other, links=[
        Link(source="maker", target="other", kind="software_update"),
        Link(source="maker", target="other", kind="remote_access"),
        Link(source="giant", target="other", kind="shared_provider")])
    assert "build" in {one.kind for one in assets_of(linked, one)[0]}
    assert {"remote_access", "cloud"} <= {one.kind for one in assets_of(linked, other)[0]}
    assert not {"remote_access", "cloud"} & {
        one.kind for one in assets_of(chain(other), other)[0]}
    without, with_some = firm(operations_systems=0), firm(industry="J", operations_systems=3)
    assert "operations" not in {one.kind for one in assets_of(chain(without), without)[0]}
    assert "operations" in {one.kind for one in assets_of(chain(with_some), with_some)[0]}


def test_shared_providers_count_for_the_loss_model() -> None:
    one = firm()
    linked = chain(one, links=[Link(source=name, target="maker", kind="shared_provider")
                               for name in ("giant", "giant", "host")])
    profile, _ = complete(one, linked)
    assert build_loss_model(profile, {}).exposure.critical_providers == 2
    assert build_loss_model(complete(one)[0], {}).exposure.critical_providers == 0


@pytest.mark.parametrize(("old", "new", "message"), [
    ('sections = "C"', 'sections = "CD"', "2 templates are of section D"),
    ('sections = "J"', 'sections = ""', "0 templates are of section J"),
    ("value = 0.2, interval = [0.1, 0.35]", "value = 0.9, interval = [0.1, 0.35]", "outside"),
    ("value = 0.05, interval = [0, 0.3]", "value = 0.05, interval = [0, 3]", "than the whole"),
    ("value = 1300000,", "value = 0,", "outside its interval"),
    ("headcount = [1000, 300, 20]", "headcount = [20, 300, 1000]", "do not fall"),
    ('sections = ""', 'sections = "S"', "all other sections"),
    ("workstations = 0.3", "workstations = 1.3", "no share"),
    ("workstations = [0.12, 0.6]", "workstations = [0.4, 0.6]", "no share"),
    ("operations_systems = [0, 4, 20, 60]", "operations_systems = [0, 4, 20, 600]", "600 lies"),
    ('workstations = "micro"', 'workstations = "tiny"', "Invalid enum"),
    ('confidence = "D"', "", "missing required field"),
])
def test_a_fault_of_the_templates_is_named(old: str, new: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        templates_of(TEXT.replace(old, new, 1))
    assert caught.value.fault.file == TEMPLATES_FILE and caught.value.fault.mend


def test_the_shipped_file_reads_as_itself() -> None:
    assert msgspec.to_builtins(templates_of(TEXT)) == msgspec.to_builtins(shipped_templates())
