"""Chinese wordings compared: each structural difference can be said, and some can be counted.

The examples carry structure only; where a test names a number, it is the wording's own (indemnity
days, the window of 30 days, notice within 24 hours, the ten points) or worked out in the test.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dinghai.claims.adjudication import adjudicate
from dinghai.wording.products import read_product
from dinghai.wording.schema import Product
from dinghai.wording.sections import Section
from dinghai.wording.words import DEFAULT_ORDER
from tests.making import make_claim, make_policy

FOLDER = Path(__file__).parents[2] / "examples" / "wordings"
LIMIT, DEDUCTIBLE = 1_000_000_000, 10_000_000


@cache
def wording(slug: str) -> Product:
    return read_product(FOLDER / slug)


def _section(product: Product, coverage: str) -> Section:
    section = product.section(coverage)
    assert section is not None
    return section


# --- how each column of the comparison is read off a product ------------------------------------

def kind(product: Product) -> str:
    """Whom it pays for: first party, third party, both, one cost, or in kind."""
    codes = [one.coverage for one in product.sections]
    if any(one.trigger_basis == "in_kind" for one in product.sections):
        return "in kind"
    parties = {"third party" if code.startswith("TP-") else "first party" for code in codes}
    if len(codes) == 1:
        return "one cost"
    return "both parties" if len(parties) == 2 else parties.pop()


def modules(product: Product) -> int:
    """How many parts can be taken or left."""
    return len({one.module or one.coverage for one in product.sections if not one.mandatory})


def dependent_interruption(product: Product) -> str:
    """Granted, limited to listed providers (named), said to be excluded, or not there."""
    section = product.section("FP-DBI")
    if section is not None:
        return "named" if "EX-PROV-UNNAMED" in (section.exclusions or ()) else "granted"
    return "excluded" if product.exclusion("CX-PROVIDER-STOP") else "none"


def outsourcer(product: Product) -> str:
    """What the fault of an outsourcer does."""
    own, cliff = product.exclusion("CX-OUTSOURCER"), product.exclusion("EX-UNAPPROVED-OUTS")
    if cliff is not None:
        assert cliff.effect is not None
        return "cliff" if cliff.effect.type == "exclude_event" and not cliff.coverages else "own"
    if own is not None:
        if own.acts_on == "item":
            return "limited"
        return "privacy part" if own.carve_backs else "excluded"
    return "granted" if product.section("TP-OUTS") else "silent"


def waiting(product: Product) -> str:
    section = product.section("FP-BI")
    return section.waiting.mode if section is not None and section.waiting else "none"


def indemnity_days(product: Product) -> int | None:
    section = product.section("FP-BI")
    return section.indemnity_days if section is not None else None


def ransom(product: Product) -> str:
    """Whether a ransom is listed, and on what terms."""
    section = product.section("FP-EXT-R")
    if section is None:
        return "none"
    assert section.payability == "nominal_only"
    terms = ["listed"]
    if section.prior_consent == "written":
        terms.append("consent")
    if "EX-RANSOM-ILLEGAL" in (section.exclusions or ()):
        terms.append("lawful")
    if section.retention.kind == "none":
        terms.append("no deductible")
    if section.module:
        terms.append(f"module {section.module}")
    return ", ".join(terms)


def betterment(product: Product) -> str:
    """A sublimit, one with consent, excluded, or not spoken of."""
    section = product.section("FP-BETTER")
    if section is not None:
        return "consent" if section.prior_consent == "written" else "sublimit"
    return "excluded" if product.exclusion("EX-BETTER") else "none"


COLUMNS: dict[str, Callable[[Product], object]] = {
    "kind": kind, "modules": modules, "dependent interruption": dependent_interruption,
    "outsourcer": outsourcer, "waiting": waiting, "indemnity days": indemnity_days,
    "ransom": ransom, "betterment": betterment,
}
TABLE: dict[str, tuple[object, ...]] = {
    "zurich-2020": ("both parties", 0, "granted", "privacy part", "higher_of", 180,
                    "listed, consent", "sublimit"),
    "taikang-online": ("first party", 6, "granted", "silent", "higher_of", 270,
                       "listed, no deductible, module extortion", "consent"),
    "pingan-b": ("first party", 0, "excluded", "cliff", "waiting_then_deductible", None,
                 "listed", "excluded"),
    "china-life-b": ("first party", 0, "named", "limited", "higher_of", None,
                     "listed, consent, lawful", "excluded"),
    "china-life-liability": ("third party", 0, "none", "silent", "none", None, "none", "none"),
    "sunshine-2016": ("both parties", 6, "excluded", "excluded", "higher_of", None,
                      "listed, module 1.2", "excluded"),
    "allianz": ("both parties", 0, "granted", "granted", "franchise_hours", 180, "listed",
                "sublimit"),
    "chubb-erm": ("both parties", 0, "granted", "granted", "replaces_deductible", 90, "listed",
                  "sublimit"),
    "zhufeng-detection-repair": ("one cost", 0, "none", "silent", "none", None, "none", "none"),
    "cosco-emergency-service": ("in kind", 0, "none", "silent", "none", None,
                                "listed", "excluded"),
    "taiping": ("first party", 0, "named", "silent", "waiting_then_deductible", None, "none",
                "none"),
}


def test_every_row_of_the_comparison_has_its_example() -> None:
    assert {one.parent.name for one in FOLDER.glob("*/product.toml")} == set(TABLE)


@pytest.mark.parametrize("slug", TABLE)
def test_it_loads_and_says_what_it_rests_on(slug: str) -> None:
    product = wording(slug)
    assert (product.product_id, product.status) == (slug, "draft")
    assert product.name_zh.endswith("结构示例")
    assert product.filing_no is None
    head = (FOLDER / slug / "product.toml").read_text("utf-8").partition("\n\n")[0]
    assert "confidence [A]" in head
    assert "design values (confidence D)" in head.replace("\n# ", " ")


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("slug", TABLE)
def test_the_structure_is_that_of_the_comparison(slug: str, column: str) -> None:
    expected = dict(zip(COLUMNS, TABLE[slug], strict=True))[column]
    assert COLUMNS[column](wording(slug)) == expected


SPECIAL: dict[str, tuple[str, Callable[[Product], bool]]] = {
    "zurich-2020 fraud, payment cards": ("zurich-2020", lambda one: bool(
        one.section("FP-FRAUD") and one.section("TP-PCI"))),
    "zurich-2020 reputation for six months at most": ("zurich-2020", lambda one: (
        _section(one, "FP-REP").indemnity_days == 180)),
    "taikang-online fraud": ("taikang-online", lambda one: bool(one.section("FP-FRAUD"))),
    "pingan-b named agency": ("pingan-b", lambda one: (
        _section(one, "FP-IR").vendor_rule == "designated")),
    "pingan-b notice within 24 hours": ("pingan-b", lambda one: (
        one.claims_process.notice_hours == 24)),
    "pingan-b lowered security level must be notified": ("pingan-b", lambda one: (
        [duty.breach for duty in one.obligations if duty.id == "security_level"]
        == ["EX-HAZARD"] and getattr(one.exclusion("EX-HAZARD"), "clause", "") == "29")),
    "china-life-b net profit by the hour": ("china-life-b", lambda one: (
        getattr(_section(one, "FP-BI").valuation, "method", "")
        == "business_interruption_net_profit_hourly")),
    "china-life-b crisis communication within 30 days": ("china-life-b", lambda one: (
        getattr(_section(one, "FP-PR").valuation, "window_days", None) == 30)),
    "china-life-b order of clause 15": ("china-life-b", lambda one: (
        one.calculation_order != DEFAULT_ORDER
        and one.calculation_order.index("sublimit") < one.calculation_order.index("retention")
        < one.calculation_order.index("aggregate_limit"))),
    "china-life-b dependent interruption on entrusted systems": ("china-life-b", lambda one: (
        _section(one, "FP-DBI").schedule_refs == ("providers",))),
    "china-life-liability claims made": ("china-life-liability", lambda one: (
        {section.trigger_basis for section in one.sections} == {"claims_made"})),
    "china-life-liability retroactive date": ("china-life-liability", lambda one: (
        one.basis.retroactive == "date" and one.exclusion("EX-RETRO") is not None)),
    "sunshine-2016 average": ("sunshine-2016", lambda one: _section(one, "FP-BI").average),
    "sunshine-2016 losses of one event": ("sunshine-2016", lambda one: (
        one.basis.aggregation_rule == "root_cause")),
    "sunshine-2016 infrastructure without exception": ("sunshine-2016", lambda one: (
        getattr(one.exclusion("EX-INFRA"), "carve_backs", None) == ())),
    "allianz shutdown by order": ("allianz", lambda one: (
        "event.regulator_ordered_shutdown" in (_section(one, "FP-VOL").triggers or ()))),
    "allianz monitoring for 12 months": ("allianz", lambda one: (
        getattr(_section(one, "FP-NOTIF").valuation, "window_days", None) == 365)),
    "allianz system failure": ("allianz", lambda one: bool(one.section("FP-SYSF"))),
    "chubb-erm system failure": ("chubb-erm", lambda one: bool(
        one.section("FP-SYSF") and "系统故障" in _section(one, "FP-DBI").text_zh)),
    "chubb-erm fines where insurable": ("chubb-erm", lambda one: (
        _section(one, "TP-FINE").payability == "nominal_only")),
    "zhufeng designated vendor": ("zhufeng-detection-repair", lambda one: (
        _section(one, "FP-IR").vendor_rule == "designated")),
    "zhufeng unpatched": ("zhufeng-detection-repair", lambda one: (
        getattr(getattr(one.exclusion("EX-UNPATCHED"), "effect", None), "type", "")
        == "exclude_event")),
    "cosco service limit beside the cash limit": ("cosco-emergency-service", lambda one: (
        not _section(one, "SV-RESC").erodes_aggregate)),
    "cosco police receipt for a ransom": ("cosco-emergency-service", lambda one: (
        "police_report_receipt" in (_section(one, "FP-EXT-R").evidence or ()))),
    "cosco ten points": ("cosco-emergency-service", lambda one: (
        getattr(getattr(one.exclusion("EX-UNREMEDIATED"), "effect", None), "rate_ppm", 0)
        == 100_000)),
    "taiping named provider": ("taiping", lambda one: (
        _section(one, "FP-DBI").schedule_refs == ("providers",))),
    "taiping gross profit": ("taiping", lambda one: (
        getattr(_section(one, "FP-BI").valuation, "method", "")
        == "business_interruption_gross_profit")),
    "taiping exclusion list": ("taiping", lambda one: (
        {"EX-WAR", "EX-GOV", "EX-PRIOR"} <= {exclusion.code for exclusion in one.exclusions})),
}


@pytest.mark.parametrize("named", SPECIAL)
def test_what_is_special_is_said(named: str) -> None:
    slug, holds = SPECIAL[named]
    assert holds(wording(slug))


def test_sublimits_stand_inside_the_aggregate() -> None:
    """Zurich 5.3, Allianz schedule 6, China Life 13.1; only services in kind stand beside it."""
    for slug in TABLE:
        for section in wording(slug).sections:
            assert section.erodes_aggregate == (section.trigger_basis != "in_kind")


# --- the same claim under each -----------------------------------------------------------------

INTERRUPTION: dict[str, Any] = {"coverage": "FP-BI", "facts": {
    "bi.standard_turnover": 240_000_000, "bi.actual_turnover": 60_000_000,
    "bi.gross_profit_rate": 400_000, "bi.saved_costs": 5_000_000,
    "bi.increased_cost_of_working": 12_000_000, "bi.turnover_preserved": 40_000_000,
    "bi.net_profit_lost": 32_000_000, "bi.continuing_costs": 40_000_000,
    "bi.interruption_seconds": 864_000, "bi.period_seconds": 864_000,
    "bi.waiting_gross_profit_lost": 4_800_000}}
"""Worked example G1 in both forms. Gross profit: (2,400,000 - 600,000) × 40% = 720,000. Net profit
lost 320,000 + continuing costs 400,000 = 720,000. Less saved costs of 50,000, plus increased cost
of 120,000 (its economic limit: 400,000 × 40% = 160,000): 790,000. In the 12 hours of waiting
48,000 were lost; the event deductible is 100,000."""


def _total(slug: str, items: list[dict[str, Any]], facts: dict[str, Any] | None = None,
           **terms: Any) -> int:
    policy = make_policy(wording(slug), **{"aggregate": LIMIT, "deductible": DEDUCTIBLE, **terms})
    total = adjudicate(policy.to_dict(), make_claim(items, facts))["total_fen"]
    assert isinstance(total, int)
    return total


@pytest.mark.parametrize(("slug", "total"), [
    ("chubb-erm", 74_200_000),    # replaces the deductible: 790,000 - 48,000
    ("zurich-2020", 69_000_000),  # the higher: 790,000 - max(48,000, 100,000)
    ("pingan-b", 64_200_000),     # silent: 790,000 - 48,000 - 100,000
    ("allianz", 79_000_000),      # franchise passed: from hour zero, nothing taken
])
def test_one_interruption_four_waiting_modes(slug: str, total: int) -> None:
    assert _total(slug, [INTERRUPTION]) == total


@pytest.mark.parametrize("slug", ["chubb-erm", "zurich-2020", "pingan-b", "allianz"])
@pytest.mark.parametrize(("seconds", "pays"), [(43_200, False), (43_201, True)])
def test_all_four_ask_for_more_than_the_waiting_time(
    slug: str, seconds: int, pays: bool
) -> None:
    facts = {**INTERRUPTION["facts"], "bi.interruption_seconds": seconds}
    assert (_total(slug, [{"coverage": "FP-BI", "facts": facts}]) > 0) is pays


def test_a_higher_waiting_amount_is_the_higher() -> None:
    """The waiting cost 150,000: more than the deductible of 100,000; 790,000 - 150,000."""
    facts = {**INTERRUPTION["facts"],
             "bi.waiting_gross_profit_lost": 15_000_000}
    assert _total("zurich-2020", [{"coverage": "FP-BI", "facts": facts}]) == 64_000_000


def test_the_cliff_of_the_unapproved_outsourcer() -> None:
    """Ping An pays nothing, not even response; Zurich its privacy part; Allianz everything."""
    facts = {"incident.cause_actor": "third_party_provider", "provider.approved": False,
             "event.personal_data_breach": True}
    response = {"coverage": "FP-IR", "facts": {"item.amount": 20_000_000}}
    notices = {"coverage": "FP-NOTIF", "facts": {
        "notification.records": 100_000, "notification.unit_cost": 200}}
    assert _total("pingan-b", [INTERRUPTION, response], facts) == 0
    assert _total("zurich-2020", [INTERRUPTION, response, notices], facts) == 10_000_000
    assert _total("allianz", [INTERRUPTION, notices], facts) == 89_000_000


def test_the_stop_of_a_provider() -> None:
    """Excluded from Ping An's and Sunshine's interruption; dependent interruption of the others."""
    stopped = {"event.provider_interruption": True}
    dependent = {"coverage": "FP-DBI", "facts": INTERRUPTION["facts"]}
    assert _total("pingan-b", [INTERRUPTION], stopped) == 0
    assert _total("sunshine-2016", [INTERRUPTION], stopped) == 0
    assert _total("chubb-erm", [dependent], stopped) == 74_200_000
    assert _total("allianz", [dependent], stopped) == 79_000_000


def test_hourly_net_profit_and_the_limit_before_the_waiting() -> None:
    """10 days × 100,000 = 1,000,000 - actual 100,000 + continuing costs 500,000 = 1,400,000. By
    clause 15 the sublimit of 1,000,000 comes first and the higher of waiting and deductible off it:
    900,000. The order of the house would pay min(1,400,000 - 100,000, 1,000,000) = 1,000,000."""
    item = {"coverage": "FP-BI", "facts": {
        "bi.daily_net_profit": 10_000_000, "bi.actual_net_profit": 10_000_000,
        "bi.continuing_costs": 50_000_000, "bi.interruption_seconds": 864_000,
        "bi.waiting_gross_profit_lost": 7_000_000}}
    assert _total("china-life-b", [item], sublimits={"FP-BI": 100_000_000}) == 90_000_000
    assert _total("china-life-b", [item]) == 130_000_000


@pytest.mark.parametrize(("days", "total"), [(30, 20_000_000), (31, 0)])
def test_crisis_communication_within_thirty_days(days: int, total: int) -> None:
    item = {"coverage": "FP-PR", "facts": {
        "item.amount": 20_000_000, "item.days_after_incident": days}}
    assert _total("china-life-b", [item], {"event.adverse_publicity": True},
                  deductible=0) == total


def test_average_reduces_an_under_insured_interruption() -> None:
    """Sum insured 5,000,000 of an insurable 10,000,000: 790,000 × 50% = 395,000, less the higher of
    48,000 and 100,000 = 295,000."""
    facts = {**INTERRUPTION["facts"], "bi.insurable_amount": LIMIT}
    assert _total("sunshine-2016", [{"coverage": "FP-BI", "facts": facts}]) == 29_500_000


def test_extortion_without_deductible() -> None:
    item = {"coverage": "FP-EXT-C", "facts": {"item.amount": 30_000_000}}
    assert _total("taikang-online", [item]) == 30_000_000
    assert _total("chubb-erm", [item]) == 20_000_000


def test_a_ransom_is_shown_and_not_paid_on_the_mainland() -> None:
    for slug in TABLE:
        if wording(slug).section("FP-EXT-R") is not None:
            item = {"coverage": "FP-EXT-R", "facts": {"item.amount": 30_000_000,
                                                      "item.legal_clearance": True}}
            assert _total(slug, [item]) == 0


@pytest.mark.parametrize(("named", "total"), [(True, 64_200_000), (False, 0)])
def test_only_a_named_provider_counts(named: bool, total: int) -> None:
    item = {"coverage": "FP-DBI", "facts": INTERRUPTION["facts"]}
    facts = {"event.provider_interruption": True, "provider.on_schedule": named}
    assert _total("taiping", [item], facts) == total


def test_a_weakness_left_open_costs_ten_points() -> None:
    """500,000 less 100,000 = 400,000; × 90% = 360,000. The service in kind pays no cash."""
    items = [{"coverage": "FP-DATA", "facts": {
        "data.labour_hours": 0, "data.hourly_rate": 0, "data.vendor_cost": 50_000_000}},
        {"coverage": "SV-RESC", "facts": {"service.units": 10, "service.unit_price": 100_000}}]
    overdue = {"finding.notified": True, "finding.overdue_at_incident": True,
               "finding.causal": True}
    served = {"event.service_request": True}
    assert _total("cosco-emergency-service", items, served) == 40_000_000
    assert _total("cosco-emergency-service", items, {**served, **overdue}) == 36_000_000


@pytest.mark.parametrize(("facts", "designated", "total"), [
    ({}, True, 20_000_000),
    ({}, False, 0),
    ({"vuln.root_cause": True, "vuln.days_patch_available": 1}, True, 0),
])
def test_detection_and_repair_by_the_designated_vendor(
    facts: dict[str, Any], designated: bool, total: int
) -> None:
    item = {"coverage": "FP-IR", "facts": {
        "item.amount": 30_000_000, "item.vendor_on_panel": designated}}
    assert _total("zhufeng-detection-repair", [item], facts) == total
