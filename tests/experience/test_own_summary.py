"""The summary of a small book, by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinghai.experience.calibration_table import rounded
from dinghai.experience.delays import clusters, since_the_register, without_clusters
from dinghai.experience.exposures import Exposures, days_of, read_exposures
from dinghai.experience.incidents import without_repeats
from dinghai.experience.own_book import Book, book_of
from dinghai.experience.own_claims import OwnClaims, read_own_claims
from dinghai.experience.own_summary import Asked, poisson_interval, summarise
from dinghai.experience.public_sources import read_source
from dinghai.experience.reporting_pattern import (
    FEWEST_SPANS,
    ReportingPattern,
    curve_of,
    pattern_of,
    shipped_pattern,
    weights_by_day,
)
from dinghai.foundation.errors import InputError
from dinghai.foundation.trace import Source

CLAIMS = """\
claim_no,policy_no,insured_key,occurred_on,notified_on,peril,ground_up,paid,outstanding,deductible,state
A,P1,,2024-03-01,2024-03-10,ransomware,40万,30万,0,10万,closed
B,P2,,2024-08-01,2024-09-01,bec_fraud,300万,100万,20万,10万,open
C,P1,,2024-05-01,2024-06-01,ransomware,,0,0,10万,refused
D,P9,,2024-05-01,2024-06-01,ransomware,50万,40万,0,10万,closed
E,P1,,2025-02-01,2025-02-02,ransomware,50万,40万,0,10万,closed
F,P2,,2024-12-20,2025-02-01,ransomware,50万,40万,0,10万,closed
G,,E3,2024-10-01,2024-10-02,,,5万,0,10万,closed
"""
EXPOSURES = """policy_no,insured_key,from,to,industry,revenue,premium
P1,E1,2024-01-01,2024-12-31,C,1亿,10万
P2,E2,2024-01-01,2024-12-31,J,5亿,20万
P3,E3,2024-07-01,2025-06-30,C,1亿,10万
P4,E4,2025-03-01,2026-02-28,C,1亿,10万
"""
AS_OF = date(2024, 12, 31)


def book(folder: Path, claims: str = CLAIMS, exposures: str = EXPOSURES,
         as_of: date | None = AS_OF) -> Book:
    read: list[Any] = []
    for name, text, reader in (("c.csv", claims, read_own_claims),
                               ("e.csv", exposures, read_exposures)):
        (folder / name).write_text(text, "utf-8")
        read.append(reader(folder / name))
    found: tuple[OwnClaims, Exposures] = (read[0], read[1])
    return book_of(*found, as_of)


def prior(section: str, revenue: int) -> float | None:
    return {"C": 0.02, "J": 0.04}.get(section)


def test_claims_meet_their_policies(tmp_path: Path) -> None:
    found = book(tmp_path)
    assert [one.claim.claim_no for one in found.claims] == ["A", "B", "G"]
    assert [one.period.policy_no for one in found.claims] == ["P1", "P2", "P3"]
    assert found.left_out == {
        "claim: refused": 1, "claim: no such policy in the exposures": 1,
        "claim: not yet known on that day": 2, "exposure: begins later": 1}
    later = book(tmp_path, as_of=date(2025, 3, 1))
    assert [one.claim.claim_no for one in later.claims] == ["A", "B", "F", "G"]
    assert later.left_out["claim: occurred outside the policy's period"] == 1
    assert book(tmp_path, as_of=None).as_of == date(2025, 2, 2)


def test_figures_by_hand(tmp_path: Path) -> None:
    """By 31 December 2024: P1 and P2 one year each, P3 184 of 366 days: 2.5027 policy-years.
    Three claims; incurred 30 + 120 + 5 = 155万. Earned premium 10万 + 20万 + 10万 × 184/365 =
    350,410.96 (P3 runs 365 days). Losses limited to 100万: 40, 100, 5 + 10: mean 51.67万."""
    found = summarise(book(tmp_path), Asked(100_000_000), prior)
    total = found["total"]
    years = 2.0 + 184 / 366
    assert total["policy_years"] == pytest.approx(years)
    assert (total["claims"], total["policies"]) == (3, 3)
    assert total["frequency"] == pytest.approx(3 / years)
    # Garwood: half the χ² quantiles 1.2373 (6 degrees of freedom) and 17.5345 (8)
    assert total["frequency_interval"] == [pytest.approx(0.61867 / years, rel=1e-4),
                                           pytest.approx(8.76727 / years, rel=1e-4)]
    assert (total["paid_fen"], total["outstanding_fen"]) == (135_000_000, 20_000_000)
    assert total["earned_premium_fen"] == 35_041_096
    assert total["loss_ratio"] == pytest.approx(155_000_000 / 35_041_096)
    assert (total["with_amount"], total["mean_limited_fen"]) == (3, 51_666_667)
    assert total["expected_claims"] == pytest.approx(3 / total["known_share"])
    (year,) = found["by_year"]
    assert (year["year"], year["claims"]) == (2024, 3)
    by_section = {one["segment"]: one for one in found["by_industry"]}
    assert {name: one["claims"] for name, one in by_section.items()} == {"C": 2, "J": 1}
    assert by_section["C"]["policy_years"] == pytest.approx(1 + 184 / 366)
    assert {one["segment"]: one["claims"] for one in found["by_size"]} == {"small": 2, "middle": 1}
    assert {one["segment"]: one["claims"] for one in found["by_peril"]} == {
        "": 1, "bec_fraud": 1, "ransomware": 1}
    assert found["notification_triangle"] == [{"year": 2024, "notified_by_calendar_year": [3]}]
    assert any("foreign register" in one for one in found["warnings"])


def test_a_segment_is_blended_with_the_ratings_frequency(tmp_path: Path) -> None:
    """With no spread of portfolios the blend is the market's gamma alone; with a prior of
    variation v and claims n over e known years the gamma-Poisson mean lies between both."""
    found = summarise(book(tmp_path), Asked(100_000_000), prior)
    row = next(one for one in found["by_industry"] if one["segment"] == "J")["blend"]
    assert row["prior"] == pytest.approx(0.04)
    assert row["own"] == pytest.approx(1 / row["known_policy_years"])
    assert row["prior"] < row["blended"] < row["own"]
    assert row["interval"][0] < row["blended"] < row["interval"][1]
    assert 0.0 < row["factor"] < 0.2
    unknown = summarise(book(tmp_path, exposures=EXPOSURES.replace(",J,", ",,")),
                        Asked(100_000_000), prior)
    assert unknown["by_industry"][0]["segment"] == ""
    assert unknown["by_industry"][0]["blend"] is None
    assert unknown["blend"]["claims"] == 2


def test_years_add_up_to_the_whole(tmp_path: Path) -> None:
    found = summarise(book(tmp_path, as_of=date(2025, 12, 31)), Asked(100_000_000), prior)
    for key in ("claims", "paid_fen", "outstanding_fen", "earned_premium_fen", "policy_years"):
        for axis in ("by_year", "by_industry", "by_size"):
            assert sum(one[key] for one in found[axis]) == pytest.approx(found["total"][key])


def test_a_book_without_claims_still_has_an_upper_bound(tmp_path: Path) -> None:
    """No event in e years: 95% upper bound −ln(0.025) ÷ e = 3.6889 ÷ e."""
    found = summarise(book(tmp_path, claims=CLAIMS.splitlines()[0] + "\n"),
                      Asked(100_000_000), prior)
    total = found["total"]
    assert (total["claims"], total["frequency"], total["loss_ratio"]) == (0, 0.0, 0.0)
    assert total["frequency_interval"][1] == pytest.approx(3.68888 / total["policy_years"])
    assert total["mean_limited_fen"] is None
    assert found["by_peril"] == []


def test_the_policys_terms_stand_in_for_the_claims(tmp_path: Path) -> None:
    """Paid 40万 under a policy of deductible 10万 and limit 40万: a loss of at least 50万."""
    claims = "claim_no,policy_no,occurred_on,paid\nA,P,2024-02-01,40万\n"
    exposures = "policy_no,from,to,deductible,limit\nP,2024-01-01,2024-12-31,10万,40万\n"
    found = summarise(book(tmp_path, claims, exposures), Asked(100_000_000), prior)
    assert found["total"]["mean_limited_fen"] == 50_000_000
    assert found["total"]["cut_short"] == 1
    assert found["blend"] is None


def test_no_policy_by_that_day_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        summarise(book(tmp_path, as_of=date(2000, 1, 1)), Asked(1), prior)
    assert caught.value.fault.field == "--as-of"


def test_a_year_too_young_is_named(tmp_path: Path) -> None:
    found = summarise(book(tmp_path, as_of=date(2024, 3, 20)), Asked(100_000_000), prior)
    assert found["total"]["claims"] == 1 and found["total"]["known_share"] < 0.25
    assert any("says little" in one for one in found["warnings"])


def test_amounts_in_another_currency_stand_apart(tmp_path: Path) -> None:
    text = CLAIMS.replace("state\n", "state,currency\n").replace(
        "10万,closed\nB", "10万,closed,USD\nB")
    found = summarise(book(tmp_path, claims=text), Asked(100_000_000), prior)
    assert found["total"]["claims"] == 3
    assert (found["total"]["with_amount"], found["total"]["paid_fen"]) == (2, 105_000_000)
    assert any("another currency" in one for one in found["warnings"])


def test_credibility_sees_segments_that_differ(tmp_path: Path) -> None:
    """Two sections over four years: C has ten times the claims of J; both are far from each other
    and steady, so that each is believed almost wholly."""
    exposures = ["policy_no,from,to,industry,revenue"]
    claims = ["claim_no,policy_no,occurred_on,notified_on"]
    for year in range(2020, 2024):
        for number in range(100):
            name = f"{year}-{number}"
            exposures.append(f"{name},{year}-01-01,{year}-12-31,{'CJ'[number % 2]},1亿")
            if (number % 2 == 0 and number < 40 + year % 2) or number == 1:
                claims.append(f"{name},{name},{year}-06-01,{year}-06-05")
    found = summarise(book(tmp_path, "\n".join(claims), "\n".join(exposures), date(2024, 12, 31)),
                      Asked(100_000_000), prior)
    rows = {one["segment"]: one for one in found["credibility"]["industry"]["segments"]}
    assert rows["C"]["factor"] > 0.9
    assert rows["C"]["relativity"] > 1.5 > 0.5 > rows["J"]["relativity"]
    assert rows["J"]["own_frequency"] == pytest.approx(1 / 50, rel=0.02)
    assert found["reporting_pattern"]["origin"] == "own"
    assert found["reporting_pattern"]["known_after"]["0"] == 0.0
    assert "fewer than two groups" in found["credibility"]["size"]["reason"]


# --- how much is known ---------------------------------------------------------------------------


def pattern(*known: float) -> ReportingPattern:
    curve = np.array(known)
    return ReportingPattern("own", 1, curve, curve, curve, Source("", "D"))


def test_the_share_known_is_that_of_the_days_of_cover() -> None:
    """Half known at once, all after one day: of two policies on the last day and one on the day
    before, (2 × 0.5 + 1 × 1) ÷ 3 is known."""
    days = {date(2025, 1, 2): 2.0, date(2025, 1, 1): 1.0}
    assert pattern(0.5, 1.0).share(days, date(2025, 1, 2)) == pytest.approx((2 / 3,) * 3)
    assert pattern(0.5).share(days, date(2025, 1, 2)) == pytest.approx((2 / 3,) * 3)
    assert pattern(0.5).share({}, date(2025, 1, 2)) == (1.0, 1.0, 1.0)


def test_policies_in_force_by_day(tmp_path: Path) -> None:
    periods = book(tmp_path).periods
    changes = days_of(periods, AS_OF)
    weights = weights_by_day(changes, date(2024, 6, 30), date(2024, 7, 1))
    assert weights == {date(2024, 6, 30): 2.0, date(2024, 7, 1): 3.0}
    whole = weights_by_day(changes, date(2024, 1, 1), AS_OF)
    assert sum(whole.values()) == 366 + 366 + 184


def test_own_delays_are_used_where_there_are_enough() -> None:
    spans = [(date.fromordinal(738_000 + 10 * n), date.fromordinal(738_000 + 10 * n + n % 7))
             for n in range(FEWEST_SPANS + 1)]
    end = max(known for _began, known in spans)
    found = pattern_of(spans, end)
    assert (found.origin, len(found.known)) == ("own", 7)
    assert list(found.known) == sorted(found.known) and found.known[-1] == 1.0
    assert (found.low <= found.known + 1e-12).all() and (found.high >= found.known - 1e-12).all()
    assert pattern_of(spans, date.fromordinal(738_100)).origin == "shipped"
    assert pattern_of([], end).origin == "shipped"


def test_the_shipped_pattern_is_marked_and_rises() -> None:
    found = shipped_pattern()
    assert found.source.confidence == "D" and "Washington" in found.source.name
    assert list(found.known) == sorted(found.known)
    assert (found.low <= found.known).all() and (found.known <= found.high).all()
    assert found.known[-1] == 1.0


@pytest.mark.shared
def test_the_shipped_pattern_is_the_registers_own_curve(shared: Path) -> None:
    """At its ages it is what the register's delays give, one vendor's event counted once."""
    register = next((shared / "data/wa_ag").glob("*.csv.gz"))
    spans = since_the_register([
        (one.occurred, one.notified) for one in without_repeats(read_source(register))
        if one.occurred is not None and one.notified is not None
        and not one.screened and one.occurred <= one.notified])
    once = without_clusters(spans, clusters(spans))
    end = max(notified for _began, notified in spans)
    longest = max((notified - began).days for began, notified in once)
    shipped, curve = shipped_pattern(), curve_of(once, end, longest)
    assert (shipped.n, len(shipped.known)) == (len(once), longest + 1)
    for age in (0, 30, 90, 365, 730, 1460, longest):
        assert shipped.known[age] == rounded(curve[age])
    assert max(abs(shipped.known - curve)) < 0.03, "straight lines between the ages"


@given(st.integers(0, 500), st.floats(0.01, 1e6))
def test_the_interval_of_a_rate_holds_it(events: int, exposure: float) -> None:
    low, high = poisson_interval(events, exposure)
    assert 0.0 <= low <= events / exposure < high


@given(st.integers(1, 400), st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_the_later_the_day_the_more_is_known(
    tmp_path_factory: pytest.TempPathFactory, days: int, more: int
) -> None:
    """For periods that have ended, a later day never leaves less known."""
    whole = book(tmp_path_factory.mktemp("b"), as_of=date(2025, 7, 1))
    later = replace(whole, as_of=date.fromordinal(whole.as_of.toordinal() + days + more))
    shares = []
    for one in (whole, later):
        ended = [period for period in one.periods if period.last < date(2025, 7, 1)]
        weights = weights_by_day(days_of(ended, one.as_of), date(2024, 1, 1), date(2025, 6, 30))
        shares.append(shipped_pattern().share(weights, one.as_of)[0])
    assert shares[0] <= shares[1] + 1e-12


PERIODS = st.lists(st.tuples(
    st.dates(date(2020, 1, 1), date(2025, 6, 1)), st.integers(0, 400), st.sampled_from("CJ "),
    st.sampled_from(["", "1亿", "5亿", "90亿"]), st.sampled_from(["", "0", "3万"])),
    min_size=1, max_size=8)
LOSSES = st.lists(st.tuples(
    st.integers(0, 7), st.integers(-30, 400), st.integers(0, 500),
    st.sampled_from(["", "0", "7万", "900万"]), st.sampled_from(["", "open", "closed", "refused"])),
    max_size=12)


@given(PERIODS, LOSSES, st.dates(date(2020, 1, 1), date(2026, 12, 31)))
@settings(max_examples=80, deadline=None)
def test_any_book_adds_up(
    tmp_path_factory: pytest.TempPathFactory, periods: list[Any], losses: list[Any], as_of: date
) -> None:
    exposures = ["policy_no,from,to,industry,revenue,premium"]
    claims = ["claim_no,policy_no,occurred_on,notified_on,paid,state"]
    for number, (first, days, section, revenue, premium) in enumerate(periods):
        last = date.fromordinal(first.toordinal() + days)
        exposures.append(f"P{number},{first},{last},{section.strip()},{revenue},{premium}")
    for number, (policy, after, delay, paid, state) in enumerate(losses):
        first = periods[policy % len(periods)][0]
        occurred = date.fromordinal(first.toordinal() + after)
        notified = date.fromordinal(occurred.toordinal() + delay)
        claims.append(f"C{number},P{policy % len(periods)},{occurred},{notified},{paid},{state}")
    made = book(tmp_path_factory.mktemp("any"), "\n".join(claims), "\n".join(exposures), as_of)
    if not made.periods:
        with pytest.raises(InputError):
            summarise(made, Asked(100_000_000), prior)
        return
    found = summarise(made, Asked(100_000_000), prior)
    total = found["total"]
    assert total["claims"] + sum(count for reason, count in found["left_out"].items()
                                 if reason.startswith("claim")) == len(losses)
    for axis in ("by_year", "by_industry", "by_size", "by_peril"):
        assert sum(one["claims"] for one in found[axis]) == total["claims"]
    for one in [total, *found["by_year"], *found["by_industry"], *found["by_size"]]:
        low, high = one["frequency_interval"]
        assert 0.0 <= low <= one["frequency"] < high
        least, most = one["ibnr_factor_interval"]
        assert 1.0 <= least <= one["ibnr_factor"] + 1e-12 and one["ibnr_factor"] <= most + 1e-12
        assert one["policy_years"] > 0.0
