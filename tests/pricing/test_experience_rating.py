"""Experience rating at renewal and the no-claims credit: by hand, exact, monotone, bounded."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from importlib.resources import files
from pathlib import Path

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinghai.documents.quotation import premium_split, quotation
from dinghai.experience.blending import Observed, Prior, blend
from dinghai.experience.own_claims import read_own_claims
from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM, apply_ppm
from dinghai.foundation.reading import plain
from dinghai.losses.evaluation import LossEvaluation
from dinghai.pricing.claims_history import (
    ClaimsHistory,
    PastClaim,
    history_of_claims,
    history_of_profile,
    window_of,
    years_between,
)
from dinghai.pricing.experience_rating import (
    ClassExpectation,
    ExperienceRating,
    expectation_of,
    rate_against,
    without_history,
)
from dinghai.pricing.experience_table import load_experience_table, read_experience_table
from dinghai.pricing.premium import HistoryEffect, make_premium
from dinghai.pricing.quote import Quote
from dinghai.pricing.rating import load_rating
from dinghai.wording.products import load_product
from tests.losses.risks import INCEPTION, PRODUCT, QUOTED, dossier, evaluator, model
from tests.pricing.test_quote import pricer, quoted

TABLE = load_experience_table()
COUNTS_ONLY = ClassExpectation(50_000_000, PPM, 0, PPM)
"""0.05 claims a year and no excess: the case of DECISIONS 25."""
FIVE = (date(2021, 3, 13), date(2026, 3, 12))
WAN = 1_000_000


def history(*claims: PastClaim, first: date = FIVE[0], last: date = FIVE[1]) -> ClaimsHistory:
    return ClaimsHistory("claims", first, last, claims)


def claim(occurred: date, loss: int | None = None, reason: str = "") -> PastClaim:
    return PastClaim(f"C{occurred}", occurred, loss, reason)


# --- by hand -------------------------------------------------------------------------------------


def test_five_clean_years_are_believed_by_two_point_two_percent() -> None:
    """λ 0.05, five years, CV 0.3: expected 0.25, 1 ÷ 0.3² = 100/9, Z = 0.25 ÷ (0.25 + 100/9) =
    9/409 = 2.2005%; the modification is 1 − Z = 400/409."""
    found = rate_against(COUNTS_ONLY, history(), TABLE)
    assert (found.years, found.expected_claims) == (Fraction(5), Fraction(1, 4))
    assert found.credibility_ppm == 22_005 == round(9 / 409 * PPM)
    assert found.modification_ppm == 977_995 == round(400 / 409 * PPM)
    assert (found.clean_years, found.credit_ppm) == (5, 100_000)


def test_it_is_the_rule_of_fit_rate() -> None:
    """`dinghai fit rate` with portfolios that do not differ gives the same factor."""
    for claims in (0, 1, 2):
        known = blend(Prior(0.05, 0.3), Observed(0, 0), 0.0, Observed(claims, 5.0), 1e-3)
        found = rate_against(COUNTS_ONLY, history(*(
            claim(date(2024, 1, 1 + n)) for n in range(claims))), TABLE)
        assert found.unbounded_ppm / PPM == pytest.approx(known.own.mean / 0.05, rel=1e-4)
        assert found.interval_ppm[0] / PPM == pytest.approx(known.own.low / 0.05, rel=1e-3)


def test_one_claim_by_hand() -> None:
    """1 + Z (1 ÷ 0.25 − 1) = 1 + 27/409 = 436/409."""
    found = rate_against(COUNTS_ONLY, history(claim(date(2024, 5, 1))), TABLE)
    assert found.modification_ppm == 1_066_015 == round(436 / 409 * PPM)
    assert (found.counted, found.clean_years, found.credit_ppm) == (1, 1, 20_000)


def test_an_excess_loss_by_hand() -> None:
    """Primary share 0.6, mean excess 20万, spread 4. A loss of 60万 exceeds 10万 by 50万: 2.5 mean
    excesses. 0.6 × 27/409 + 0.4 × (2.5 − 0.25) ÷ (0.25 + 400/9) = 0.0396088 + 0.0201367."""
    class_ = ClassExpectation(50_000_000, 600_000, 20 * WAN, 4 * PPM)
    found = rate_against(class_, history(claim(date(2024, 5, 1), 60 * WAN)), TABLE)
    assert found.modification_ppm == 1_059_746
    assert found.excess_credibility_ppm == round(0.25 / (0.25 + 400 / 9) * PPM)

    def unbounded(loss: int | None) -> int:
        return rate_against(class_, history(claim(date(2024, 5, 1), loss)), TABLE).unbounded_ppm

    assert unbounded(100 * WAN) == unbounded(9_000 * WAN) > unbounded(99 * WAN)  # the cap
    assert unbounded(1 * WAN) == unbounded(10 * WAN) < unbounded(11 * WAN)  # the primary amount
    assert unbounded(None) == unbounded(30 * WAN)  # unknown: the mean excess above 10万


@pytest.mark.parametrize(("first", "last", "years"), [
    (date(2021, 3, 13), date(2026, 3, 12), Fraction(5)),
    (date(2025, 1, 1), date(2025, 1, 1), Fraction(1, 365)),
    (date(2023, 7, 1), date(2024, 6, 30), Fraction(1)),
    (date(2023, 1, 1), date(2024, 6, 30), 1 + Fraction(182, 366)),
    (date(2024, 2, 29), date(2025, 2, 28), Fraction(1)),
    (date(2023, 2, 28), date(2024, 2, 28), 1 + Fraction(1, 366))])
def test_years_by_anniversary_and_day(first: date, last: date, years: Fraction) -> None:
    assert years_between(first, last) == years


@given(st.dates(date(2015, 1, 1), date(2026, 1, 1)), st.integers(0, 4000))
def test_a_day_more_is_never_less(first: date, days: int) -> None:
    last = first + timedelta(days=days)
    longer = years_between(first, last + timedelta(days=1))
    assert 0 < years_between(first, last) < longer
    start = window_of(history(first=first, last=last), 5)
    assert min(years_between(start, last), 5) == min(years_between(first, last), 5)


def test_only_the_latest_years_count(tmp_path: Path) -> None:
    """Ten years known, one claim nine years ago: the window leaves it out, clean years since."""
    long = history(claim(date(2017, 6, 1)), first=date(2016, 3, 13))
    found = rate_against(COUNTS_ONLY, long, TABLE)
    assert (found.years, found.counted, found.clean_years) == (5, 0, 8)
    assert found.claims[0].reason == "before the years that count"
    assert found.modification_ppm == 977_995


def test_the_modification_stays_inside_its_bounds() -> None:
    many = history(*(claim(date(2024, 1, 1) + timedelta(days=n), 100 * WAN) for n in range(40)))
    found = rate_against(COUNTS_ONLY, many, TABLE)
    assert found.unbounded_ppm > TABLE.bounds.maximum_ppm == found.modification_ppm
    steady = ClassExpectation(100_000_000_000, PPM, 0, PPM)
    low = rate_against(steady, history(), TABLE)
    assert low.unbounded_ppm < TABLE.bounds.minimum_ppm == low.modification_ppm
    assert found.trace.value == found.modification_ppm
    assert found.trace.find("experience.claims").value == 40


# --- monotone ------------------------------------------------------------------------------------

DAYS = st.dates(date(2019, 1, 1), date(2026, 3, 12))
PAST = st.builds(claim, DAYS, st.one_of(st.none(), st.integers(0, 200 * WAN)))
CLASSES = st.builds(
    ClassExpectation, st.integers(1_000_000, 2_000_000_000), st.integers(100_000, PPM),
    st.integers(1, 90 * WAN), st.integers(PPM, 50 * PPM))


@cache
def evaluated() -> LossEvaluation:
    return evaluator().evaluate(model())


def charged(found: ExperienceRating) -> int:
    return make_premium(evaluated(), load_rating(PRODUCT), revenue_fen=80_000_000_000,
                        history=found.effect).gross


@given(CLASSES, st.lists(PAST, max_size=5), PAST)
@settings(max_examples=150, deadline=None)
def test_one_more_claim_never_lowers_the_premium(
    class_: ClassExpectation, claims: list[PastClaim], another: PastClaim
) -> None:
    first = date(2019, 1, 1)
    before = rate_against(class_, history(*claims, first=first), TABLE)
    after = rate_against(class_, history(*claims, another, first=first), TABLE)
    assert after.modification_ppm >= before.modification_ppm
    assert after.credit_ppm <= before.credit_ppm
    assert charged(after) >= charged(before)


@given(CLASSES, st.lists(PAST, max_size=5), st.integers(0, 4))
@settings(max_examples=150, deadline=None)
def test_one_more_clean_year_never_raises_it(
    class_: ClassExpectation, claims: list[PastClaim], more: int
) -> None:
    first = date(2019, 1, 1)
    last = date(2026 + more, 3, 12)
    before = rate_against(class_, history(*claims, first=first, last=last), TABLE)
    after = rate_against(class_, history(*claims, first=first, last=date(2027 + more, 3, 12)),
                         TABLE)
    assert after.modification_ppm <= before.modification_ppm
    assert after.credit_ppm >= before.credit_ppm
    assert charged(after) <= charged(before)


@given(CLASSES, PAST, st.integers(0, 50 * WAN))
def test_a_larger_loss_never_lowers_it(
    class_: ClassExpectation, one: PastClaim, more: int
) -> None:
    if one.loss_fen is None:
        return
    before = rate_against(class_, history(one), TABLE)
    after = rate_against(class_, history(replace(one, loss_fen=one.loss_fen + more)), TABLE)
    assert after.modification_ppm >= before.modification_ppm


# --- in the premium ------------------------------------------------------------------------------


def test_the_credit_is_on_the_charged_side_and_inside_the_filing() -> None:
    rating = load_rating(PRODUCT)
    plain = make_premium(evaluated(), rating, revenue_fen=80_000_000_000)
    credited = make_premium(evaluated(), rating, revenue_fen=80_000_000_000,
                            history=HistoryEffect(PPM, 100_000))
    assert credited.technical_net == plain.technical_net
    factor = apply_ppm(rating.market.factor_ppm, 900_000)
    assert credited.charged_net == apply_ppm(plain.technical_net, factor)
    assert credited.no_claims_adjustment == credited.charged_net - plain.charged_net < 0
    assert credited.no_claims_credit_ppm == 100_000
    narrow = msgspec.structs.replace(rating, filed=msgspec.structs.replace(
        rating.filed, factor_minimum_ppm=1_480_000))
    cut = make_premium(evaluated(), narrow, revenue_fen=80_000_000_000,
                       history=HistoryEffect(PPM, 100_000))
    assert cut.charged_net == apply_ppm(plain.technical_net, 1_480_000)
    assert cut.no_claims_credit_ppm == PPM - round(1_480_000 / rating.market.factor_ppm * PPM)


def test_the_modification_moves_what_is_expected_and_not_the_services() -> None:
    rating = load_rating(PRODUCT)
    plain = make_premium(evaluated(), rating, revenue_fen=80_000_000_000)
    moved = make_premium(evaluated(), rating, revenue_fen=80_000_000_000,
                         history=HistoryEffect(1_200_000, 0))
    for name in ("pure", "risk"):
        assert getattr(moved, name) == apply_ppm(getattr(plain, name), 1_200_000)
    assert moved.catastrophe == pytest.approx(plain.catastrophe * 1.2, abs=1)
    assert moved.service == plain.service
    assert moved.experience_adjustment == moved.pure - plain.pure
    assert moved.no_claims_adjustment == 0


@cache
def renewed() -> Quote:
    """The example with one claim in five years."""
    past = history(claim(date(2024, 5, 1), 90 * WAN))
    return pricer().quote(pricer().schedule(inception=INCEPTION), past)


def test_a_quote_with_history_adds_up_and_follows_its_schema() -> None:
    found = renewed()
    document = json.loads(json.dumps(found.to_dict()))
    schema = json.loads(
        files("dinghai.data").joinpath("schemas/quote.schema.json").read_text("utf-8"))
    jsonschema.validate(document, schema)
    assert document["hash"] == document_hash(document)
    codes = [row.code for row in found.waterfall]
    assert codes[codes.index("annual_aggregate") + 1] == "experience"
    assert codes[codes.index("market") + 1] == "no_claims_credit"
    rows = {row.code: row for row in found.waterfall}
    assert sum(row.amount_fen for row in found.waterfall) == found.premium.gross
    assert rows["experience"].after_fen == found.premium.pure
    assert rows["experience"].amount_fen == found.premium.experience_adjustment > 0
    assert rows["guarantee_fund"].after_fen == found.premium.technical_net
    assert rows["no_claims_credit"].after_fen == found.premium.charged_net
    assert sum(found.by_section.values()) == sum(found.by_peril.values()) == found.premium.pure
    assert document["experience"]["modification_ppm"] == (
        document["premium"]["experience_modification_ppm"])
    assert found.trace.find("experience.modification").value == (
        found.premium.experience_modification_ppm)
    assert found.trace.find("premium.no_claims_credit").value == (
        found.premium.no_claims_adjustment)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_quotation_slip_names_both(language: str) -> None:
    document = renewed().to_dict()
    product = plain(load_product(PRODUCT))
    slip = quotation(document, product, number="Q-1", applicant="东海", insurer="测试保险",
                     issued_on=QUOTED, language=language)  # type: ignore[arg-type]
    shown = str(slip.blocks)
    assert ("无赔款优待（商业折扣）" if language == "zh" else "a commercial discount") in shown
    assert ("续保经验费率" if language == "zh" else "Experience rating") in shown
    rows = dict(premium_split(document["premium"]).rows)
    assert rows["technical"] + rows["market_adjustment"] + rows["no_claims_adjustment"] == (
        rows["charged"])


def test_a_quote_without_history_says_nothing_of_it() -> None:
    document = quoted().to_dict()
    assert "experience" not in document
    assert not {name for name in document["premium"] if "experience" in name or "claims" in name}
    assert not {"experience", "no_claims_credit"} & {row.code for row in quoted().waterfall}
    assert quoted().expected_loss_fen == quoted().premium.pure


def test_incident_history_enters_once() -> None:
    """Whatever the questionnaire says of the history, with claims at hand it moves nothing."""
    start = model()
    effects = set()
    for score in (0, 500_000, PPM):
        answered = start.with_posture({**start.posture, "GOV-05": score})
        neutral = without_history(answered, TABLE)
        effects.add(neutral.claims_per_year)
        assert neutral.perils["ransomware"].frequency.controls == pytest.approx(
            start.with_posture({**start.posture, "GOV-05": 500_000}).perils[
                "ransomware"].frequency.controls)
    assert len(effects) == 1
    assert start.with_posture({**start.posture, "GOV-05": PPM}).claims_per_year < effects.pop()


def test_the_base_of_a_float_is_the_models_and_not_the_experiences() -> None:
    """Later readings know the dossier and no claims: the base must be what they would say."""
    assert renewed().expected_loss_fen == quoted().expected_loss_fen
    assert renewed().evaluation.expected == quoted().evaluation.expected


def test_the_models_own_moments_of_the_excess() -> None:
    neutral = without_history(model(), TABLE)
    found = expectation_of(neutral, TABLE)
    assert found.per_year_ppb == round(neutral.claims_per_year * 1e9)
    whole = sum(
        neutral.perils[p].frequency.per_year * neutral.ground_up_mean(p, TABLE.split.cap_fen)
        for p in neutral.perils) / neutral.claims_per_year
    primary = whole * found.primary_ppm / PPM
    assert found.excess_fen == pytest.approx(whole - primary, rel=1e-4)
    assert 0 < found.primary_ppm < PPM < found.excess_spread_ppm


# --- histories -----------------------------------------------------------------------------------


def claims_file(folder: Path, *lines: str):  # type: ignore[no-untyped-def]
    path = folder / "claims.csv"
    path.write_text("\n".join(("claim_no,occurred_on,insured_key,paid,state,currency", *lines))
                    + "\n", "utf-8")
    return read_own_claims(path)


def test_which_claims_count(tmp_path: Path) -> None:
    found = history_of_claims(claims_file(
        tmp_path, "A,2024-01-01,,5万,closed,", "B,2024-01-02,,,refused,",
        "C,2024-01-03,,0,closed,", "D,2024-01-04,,,open,", "E,2024-01-05,,0,open,",
        "F,2020-01-01,,5万,closed,", "G,2024-01-06,,5万,closed,USD"), first=FIVE[0], last=FIVE[1])
    assert [(one.reference, one.loss_fen, one.reason) for one in found.claims] == [
        ("A", 5 * WAN, ""), ("B", None, "refused"), ("C", None, "nothing was paid"),
        ("D", None, ""), ("E", 0, ""), ("F", 5 * WAN, "outside the history"), ("G", None, "")]


def test_whose_claims_they_are(tmp_path: Path) -> None:
    several = claims_file(tmp_path, "A,2024-01-01,E1,5万,,", "B,2024-01-02,E2,5万,,")
    mine = history_of_claims(several, first=FIVE[0], last=FIVE[1], keys=("e-1",))
    assert [one.reference for one in mine.claims] == ["A"]
    clean = history_of_claims(several, first=FIVE[0], last=FIVE[1], keys=("E3",))
    assert clean.claims == ()
    with pytest.raises(InputError, match="this one's key is not known"):
        history_of_claims(several, first=FIVE[0], last=FIVE[1], keys=("",))
    other = claims_file(tmp_path, "A,2024-01-01,E1,5万,,")
    with pytest.raises(InputError, match="another insured: 'E1'"):
        history_of_claims(other, first=FIVE[0], last=FIVE[1], keys=("E2",))
    mixed = claims_file(tmp_path, "A,2024-01-01,E1,5万,,", "B,2024-01-02,E2,5万,,",
                        "C,2024-01-02,,5万,,")
    with pytest.raises(InputError) as caught:
        history_of_claims(mixed, first=FIVE[0], last=FIVE[1], keys=("E1",))
    assert caught.value.fault.line == 4


def test_a_row_nobody_can_read_may_be_a_claim(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        history_of_claims(claims_file(tmp_path, "A,soon,,5万,,"), first=FIVE[0], last=FIVE[1])
    assert (caught.value.fault.line, caught.value.fault.field) == (2, "occurred_on")


def test_the_history_that_a_dossier_declares() -> None:
    """The example had one incident without loss: no claim. Of unknown loss it would be one."""
    profile = dossier("donghai").profile
    found = history_of_profile(profile, on=QUOTED, years=5)
    assert (found.origin, found.first, found.last) == ("dossier", *FIVE)
    assert [one.reason for one in found.claims] == ["no loss"]
    unknown = replace(profile, loss_history=(
        replace(profile.loss_history[0], loss_fen=None),))
    assert history_of_profile(unknown, on=QUOTED, years=5).claims[0].reason == ""


def test_a_history_that_ends_before_it_begins() -> None:
    with pytest.raises(InputError, match="before it begins"):
        history(first=FIVE[1], last=FIVE[0])


# --- the table -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("old", "new", "field"), [
    ("cap_fen = 100_000_000", "cap_fen = 10_000_000", "split.cap_fen"),
    ("clean_years = 3\ncredit_ppm = 60_000", "clean_years = 3\ncredit_ppm = 30_000",
     "no_claims.steps"),
    ("clean_years = 5", "clean_years = 3", "no_claims.steps"),
    ("maximum_ppm = 1_500_000", "maximum_ppm = 900_000", "bounds.maximum_ppm"),
    ("variation_ppm = 300_000", "variation_ppm = 0", "credibility.variation_ppm"),
    ("credit_ppm = 100_000", "credit_ppm = 500_001", "no_claims.steps[3].credit_ppm"),
    ("credit_ppm = 100_000", "credit_ppm = 1_000_000", "no_claims.steps[3].credit_ppm")])
def test_a_table_that_would_not_be_monotone_is_not_read(
    tmp_path: Path, old: str, new: str, field: str
) -> None:
    text = files("dinghai.data").joinpath("rating/experience_rating.toml").read_text("utf-8")
    assert old in text
    path = tmp_path / "table.toml"
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(InputError) as caught:
        read_experience_table(path)
    assert caught.value.fault.field == field
    assert caught.value.fault.line is not None and caught.value.fault.mend


def test_half_of_the_premium_is_the_highest_credit(tmp_path: Path) -> None:
    text = files("dinghai.data").joinpath("rating/experience_rating.toml").read_text("utf-8")
    path = tmp_path / "table.toml"
    path.write_text(text.replace("credit_ppm = 100_000", "credit_ppm = 500_000"), "utf-8")
    assert read_experience_table(path).no_claims.credit(5) == 500_000


def test_steps_of_the_credit() -> None:
    assert [TABLE.no_claims.credit(years) for years in range(7)] == [
        0, 20_000, 40_000, 60_000, 60_000, 100_000, 100_000]
    assert TABLE.no_claims.name_zh == "无赔款优待"
