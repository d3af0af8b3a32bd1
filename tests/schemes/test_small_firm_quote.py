"""Quotes of small firms: one price model, plans, reduced offers, consent and fixes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from dinghai.assessment.assess import assess
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import apply_ppm
from dinghai.pricing.quote import Pricer
from dinghai.pricing.treatment import treatment_plan
from dinghai.schemes.small_firm_batch import FirmTerms, answering_time, quote_firms, quoted
from dinghai.schemes.small_firm_dossier import Probe, consented, dossier_of, read_probe
from dinghai.schemes.small_firm_file import read_firms
from dinghai.schemes.small_firm_plans import (
    plan_document,
    plan_schedule,
    read_plans,
    shipped_plans,
)
from dinghai.schemes.small_firm_quote import FirmQuote, SmallFirmDesk
from tests.schemes.small_firms import ON, firm, partly, read, row
from tools.example_small_firms import FOLDER

PLANS = shipped_plans()
NO_SCAN = Probe("no_scan")


@pytest.fixture(scope="module")
def desk() -> SmallFirmDesk:
    return SmallFirmDesk.of(PLANS, ON)


@pytest.fixture(scope="module")
def half(desk: SmallFirmDesk) -> FirmQuote:
    """A firm that answers partly to everything."""
    return desk.quote(read(partly()).firms[0], NO_SCAN)


def test_a_good_firm_is_offered_the_plan_it_wants(desk: SmallFirmDesk) -> None:
    """Yes everywhere without papers: 3 of 4 by the cap, so 75 of 100, grade B."""
    found = desk.quote(firm(), NO_SCAN)
    assert (found.score_ppm, found.grade, found.outcome) == (750_000, "B", "offered")
    assert (found.offered_plan, found.reduced, found.treat_by) == ("plus", False, None)
    gross = [one.gross_fen for one in found.plans]
    assert len(gross) == 3
    assert gross == sorted(gross)
    assert gross[0] < gross[2]


def test_the_price_is_the_one_models(desk: SmallFirmDesk) -> None:
    """The same dossier priced without the room of the plans, at the plan's limit and sublimits,
    is the same to the fen; net and VAT add up (6%, DECISIONS 24)."""
    one = firm()
    found = desk.quote(one, NO_SCAN).plan("plus")
    assert found is not None
    plan = PLANS.plan("plus")
    dossier = dossier_of(one, plan, NO_SCAN)
    assessment = assess(dossier, kev=desk.kev, epss=desk.epss, on=ON, light=True)
    pricer = Pricer.of(dossier, assessment, desk.product)
    alone = pricer.quote(pricer.schedule(inception=ON + timedelta(days=1)))
    assert alone.schedule.aggregate_limit_fen == found.aggregate_limit_fen == 100_000_000
    assert alone.premium.gross == found.gross_fen
    assert found.gross_fen == found.charged_net_fen + apply_ppm(found.charged_net_fen, 60_000)


def test_partly_everywhere_is_offered_reduced_with_a_treatment_plan(half: FirmQuote) -> None:
    """DECISIONS 27. 2 of 4 everywhere is 50 of 100, grade D: three minimum requirements missed,
    yet an offer. Half of each sublimit of the plan; ninety days from the first day of cover,
    21 April, are 20 July."""
    assert (half.score_ppm, half.grade) == (500_000, "D")
    assert half.knock_outs == ("IAM-01", "IAM-02", "DET-01")
    assert (half.outcome, half.offered_plan, half.reduced) == ("offered", "plus", True)
    assert half.treat_by == date(2026, 7, 20)
    found = half.plan("plus")
    assert found is not None
    assert found.sublimits_fen == {"FP-IR": 15_000_000, "FP-DATA": 20_000_000,
                                   "FP-BI": 15_000_000, "FP-FRAUD": 2_500_000,
                                   "TP-PRIV": 25_000_000}
    assert {code for code, _ in half.conditions} >= {"treat"}
    assert [one.indicator for one in half.fixes if one.knock_out] != []


@pytest.mark.parametrize("sector", ["A", "C", "F", "I", "L", "Q"])
def test_partly_everywhere_is_never_refused(desk: SmallFirmDesk, sector: str) -> None:
    for number, plan in enumerate(("essential", "plus", "advanced"), start=1):
        found = desk.quote(read(partly(number, industry=sector, plan=plan)).firms[0], NO_SCAN)
        assert found.outcome == "offered"
        assert found.reduced


def test_a_plan_beyond_the_score_gives_way_to_the_next_smaller(desk: SmallFirmDesk) -> None:
    found = desk.quote(read(partly(plan="advanced")).firms[0], NO_SCAN)
    assert (found.wanted_plan, found.offered_plan) == ("advanced", "plus")
    assert "plan_score:advanced" in found.reasons


def test_no_payment_verification_takes_the_fraud_section_out(desk: SmallFirmDesk) -> None:
    found = desk.quote(firm(**{"HUM-02": "no"}), NO_SCAN).plan("plus")
    assert found is not None
    assert "FP-FRAUD" not in found.sublimits_fen


@pytest.mark.parametrize(("changes", "reason"), [
    ({"employees": "300"}, "headcount"), ({"revenue": "1.8亿"}, "revenue"),
    ({"industry": "J"}, "sector:J"), ({"critical_infrastructure": "yes"}, "critical"),
    ({"records_general": "100万"}, "personal_records")])
def test_outside_the_plans_a_firm_is_sent_to_the_standard_product(
    desk: SmallFirmDesk, changes: dict[str, str], reason: str
) -> None:
    found = desk.quote(firm(**changes), NO_SCAN)
    assert found.outcome == "standard_product"
    assert found.plans == ()
    assert reason in found.reasons[-1]


def test_no_backup_must_be_treated_first_and_no_to_all_is_declined(desk: SmallFirmDesk) -> None:
    assert desk.quote(firm(**{"BCR-01": "no"}), NO_SCAN).outcome == "treat_first"
    none = desk.quote(read(row(**{code: "no" for code in row() if "-0" in code})).firms[0], NO_SCAN)
    assert none.outcome == "declined"
    with pytest.raises(InputError, match="not one indicator"):
        desk.quote(read(row(**{code: "" for code in row() if "-0" in code})).firms[0], NO_SCAN)


def test_a_firm_of_which_nothing_is_known_is_a_fault_of_its_row(desk: SmallFirmDesk) -> None:
    """There is no answers.csv: the row stands for it."""
    silent = read(row(**{code: "" for code in row() if "-0" in code}))
    (fault,) = quoted(desk, silent.firms[0], None, silent.file).faults
    assert (fault.file, fault.line) == (silent.file, 2)
    assert "answers.csv" not in fault.message
    assert fault.mend


def test_a_better_answer_never_costs_more(desk: SmallFirmDesk, half: FirmQuote) -> None:
    before = half.plan("essential")
    for code in ("EPP-01", "BCR-01", "IAM-04"):
        found = desk.quote(read(partly(**{code: "yes"})).firms[0], NO_SCAN).plan("essential")
        assert before is not None
        assert found is not None
        assert found.gross_fen <= before.gross_fen


def test_fixes_are_those_of_the_treatment_plan(desk: SmallFirmDesk, half: FirmQuote) -> None:
    """Each to the fen; what is paid is never more than what the fix is worth."""
    one = read(partly()).firms[0]
    plan = PLANS.plan("plus")
    dossier = dossier_of(one, plan, NO_SCAN)
    assessment = assess(dossier, kev=desk.kev, epss=desk.epss, on=ON, light=True)
    schedule = plan_schedule(plan, dossier.profile, desk.product, inception=desk.inception,
                             reduced_ppm=500_000)
    full = {fix.indicator: fix.charged_reduction_fen for fix in treatment_plan(
        Pricer.of(dossier, assessment, desk.product), schedule).fixes if fix.level == "full"}
    assert len(half.fixes) == 5
    assert [one.worth_fen for one in half.fixes] == [full[one.indicator] for one in half.fixes]
    assert all(0 <= one.paid_effect_fen <= one.worth_fen for one in half.fixes)


def test_a_tiny_firm_pays_the_floor_and_a_fix_saves_it_nothing(desk: SmallFirmDesk) -> None:
    found = desk.quote(firm(revenue="30万", employees="1", plan="advanced"), NO_SCAN)
    offer = found.plan("advanced")
    assert offer is not None
    assert (offer.at_floor, offer.charged_net_fen) == (True, 200_000)
    assert all(one.paid_effect_fen == 0 < one.worth_fen for one in found.fixes)


def test_consent_decides_what_of_a_scan_counts(desk: SmallFirmDesk) -> None:
    """The example's fourth scan shows a database open to the internet; the firm said no."""
    firms = {one.credit_code: one
             for one in read_firms(FOLDER / "firms.csv", PLANS, on=ON).firms}
    scanned = sorted(path.name for path in (FOLDER / "scans").iterdir())
    states = {code: read_probe(firms[code], FOLDER / "scans").state for code in scanned}
    assert sorted(states.values()) == ["no_consent", "used", "used", "used"]
    refused = next(firms[code] for code, state in states.items() if state == "no_consent")
    agreed = replace(refused, consent=True, consent_on=date(2026, 3, 1))
    assert "AST-02" in desk.quote(agreed, read_probe(agreed, FOLDER / "scans")).knock_outs
    assert "AST-02" not in desk.quote(refused, read_probe(refused, FOLDER / "scans")).knock_outs
    used = read_probe(agreed, FOLDER / "scans").readings
    late = replace(agreed, consent_on=date(2026, 3, 28))
    assert consented(late, used).state == "nothing_consented"
    other = replace(agreed, domains=("another.example",))
    found = consented(other, used)
    assert (found.state, found.left_out) == ("nothing_consented", sum(
        len(one.findings) for one in used))
    assert consented(refused, used).readings == ()


def test_without_consent_no_file_is_opened(tmp_path: Path) -> None:
    one = firm()
    (tmp_path / one.credit_code).mkdir()
    (tmp_path / one.credit_code / "broken.xml").write_text("<broken")
    assert read_probe(one, tmp_path).state == "no_consent"
    with pytest.raises(InputError):
        read_probe(firm(consent="yes", consent_on="2026-04-01"), tmp_path)


def test_rows_are_quoted_alike_in_any_order_and_alone() -> None:
    rows = [row(1), partly(2), row(3, industry="J"), row(4, **{"BCR-01": "no"}),
            row(5, name="")]
    batch = quote_firms(read(*rows), FirmTerms(PLANS, ON))
    turned = quote_firms(read(*rows[::-1]), FirmTerms(PLANS, ON))
    plain = {one.credit_code: replace(one, line=0) for one in batch.quotes}
    assert plain == {one.credit_code: replace(one, line=0) for one in turned.quotes}
    alone = quote_firms(read(rows[1]), FirmTerms(PLANS, ON)).quotes[0]
    assert replace(alone, line=0) == plain[alone.credit_code]
    assert (batch.rows, batch.rejected, sum(batch.outcomes.values())) == (5, 1, 4)


@pytest.mark.parametrize(("minutes", "median"), [
    (("10",), 600), (("10", "20"), 900), (("30", "10", "20"), 1_200), (("10", ""), 600),
    (("1", "1.05"), 62), (("",), None)])
def test_the_median_answering_time(minutes: tuple[str, ...], median: int | None,
                                   half: FirmQuote) -> None:
    """60 and 63 seconds: 61.5, half a second goes up."""
    firms = read(*(row(number, minutes=one) for number, one in enumerate(minutes, 1))).firms
    quotes = [replace(half, answering_seconds=one.answering_seconds) for one in firms]
    found = answering_time(quotes, PLANS)
    assert found["median_seconds"] == median
    assert found["within_target"] == (None if median is None else median <= 1_200)


def test_plans_are_the_products_own_terms() -> None:
    document = plan_document(PLANS)
    assert [one["code"] for one in document["plans"]] == ["essential", "plus", "advanced"]
    fraud = document["plans"][1]["sections"][3]
    assert (fraud["coverage"], fraud["retention_fen"], fraud["insured_share_ppm"]) == (
        "FP-FRAUD", 300_000, 200_000)


@pytest.mark.parametrize(("old", "new", "words"), [
    ("waiting_seconds = 28_800", "waiting_seconds = 3_600", "not the product's"),
    ("minimum_premium_fen = 100_000", "minimum_premium_fen = 99_999", "below the filed"),
    ("aggregate_limit_fen = 200_000_000", "aggregate_limit_fen = 200_000_001", "bounds"),
    ("FP-IR = 9_000_000\n", "", "mandatory"), ("FP-IR = 9_000_000", "FP-XX = 1", "no section"),
    ("headcount_below = 300", "headcount_below = 301", "eligible"),
    ('default_plan = "plus"', 'default_plan = "gold"', "none of the plans"),
    ('code = "plus"', 'code = "essential"', "stands twice"),
    ("sublimit_ppm = 500_000", "sublimit_ppm = 0", "share"),
    ('"MINIMUM-REQUIREMENTS"', '"NO-SUCH"', "no referral rule"),
    ('["J", "T"]', '["?"]', "no section of GB")])
def test_a_plan_table_that_breaks_the_product_is_refused(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    source = Path(__file__).parents[2] / "src/dinghai/data/schemes/small-firm-plans.toml"
    text = source.read_text("utf-8")
    assert old in text
    (tmp_path / "plans.toml").write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(InputError) as caught:
        read_plans(tmp_path / "plans.toml")
    assert any(words in one.message for one in caught.value.faults)
    assert all(one.file and one.mend for one in caught.value.faults)
