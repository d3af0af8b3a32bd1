"""Losses with floors of their own and limits: the likelihood is that of an independent oracle."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from dinghai.experience.columns import Column
from dinghai.experience.distances import distance_of_censored, kolmogorov_smirnov
from dinghai.experience.incident_columns import FlooredLosses, day_column, loss_column
from dinghai.experience.incidents import Incident
from dinghai.experience.report import Wanted, severity_report
from dinghai.experience.row_wise import floored_report
from dinghai.experience.severity import fit_candidates
from dinghai.experience.tail import fit_tail
from dinghai.foundation.errors import InputError
from dinghai.foundation.laws import GeneralisedPareto, Lognormal
from dinghai.foundation.streams import uniforms

MU, SIGMA = 8.0, 1.2


def sample(count: int = 3000) -> FlooredLosses:
    """Lognormal losses seen above 500, 2,000 or 8,000 and known up to 30,000 for half of them."""
    draws = uniforms(11, "test.row_wise", count, 1)[:, 0]
    sizes = Lognormal(MU, SIGMA).quantile(draws)
    floors = np.array([500.0, 2_000.0, 8_000.0])[np.arange(count) % 3]
    seen = sizes >= floors
    sizes, floors = sizes[seen], floors[seen]
    limited = (np.arange(len(sizes)) % 2 == 0) & (sizes >= 30_000.0)
    sizes = np.where(limited, 30_000.0, sizes)
    return FlooredLosses(Column(tuple(sizes.tolist()), ("",) * len(sizes), ()),
                         tuple(floors.tolist()), tuple(limited.tolist()), "CNY")


def oracle(losses: FlooredLosses) -> tuple[float, float, float]:
    """The lognormal of largest likelihood by scipy's own density and survival function."""
    sizes, floors, censored = losses.arrays()

    def cost(point: np.ndarray) -> float:
        law = stats.lognorm(math.exp(point[1]), scale=math.exp(point[0]))
        return -float(law.logpdf(sizes[~censored]).sum() + law.logsf(sizes[censored]).sum()
                      - law.logsf(floors).sum())

    found = optimize.minimize(cost, np.array([7.0, 0.0]), method="Nelder-Mead",
                              options={"xatol": 1e-8, "fatol": 1e-8, "maxiter": 4000})
    return float(found.x[0]), math.exp(float(found.x[1])), -float(found.fun)


def test_the_lognormal_is_the_oracles() -> None:
    losses = sample()
    assert 20 < sum(losses.censored) < 200
    sizes, floors, censored = losses.arrays()
    fit = fit_candidates(sizes, floors, censored)["lognormal"]
    mu, sigma, likelihood = oracle(losses)
    assert fit.parameters["mu"] == pytest.approx(mu, abs=1e-4)
    assert fit.parameters["sigma"] == pytest.approx(sigma, abs=1e-4)
    assert fit.log_likelihood == pytest.approx(likelihood, abs=1e-4)
    assert mu == pytest.approx(MU, abs=0.2) and sigma == pytest.approx(SIGMA, abs=0.1)
    assert fit.ks < 0.03


def test_leaving_floors_or_limits_out_gives_another_law() -> None:
    """What the row-wise likelihood is for: without it the fit is far from the law drawn from."""
    sizes, floors, censored = sample().arrays()
    truth = fit_candidates(sizes, floors, censored)["lognormal"].parameters["mu"]
    assert fit_candidates(sizes, None)["lognormal"].parameters["mu"] > truth + 0.3
    assert fit_candidates(sizes, floors)["lognormal"].parameters["sigma"] < (
        fit_candidates(sizes, floors, censored)["lognormal"].parameters["sigma"])


def test_one_floor_for_all_is_the_plain_report() -> None:
    losses = sample()
    same = FlooredLosses(losses.column, (500.0,) * len(losses.floors),
                         (False,) * len(losses.floors), "CNY")
    found = floored_report(same, Wanted())
    plain = severity_report(losses.column, Wanted(500.0))
    assert {key: found[key] for key in plain} == plain
    assert set(found) - set(plain) == {"unit", "censored", "row_floors"}
    sizes, floors, _ = same.arrays()
    by_rows = fit_candidates(sizes, floors)["lognormal"]
    by_one = fit_candidates(sizes, 500.0)["lognormal"]
    assert by_rows.parameters["mu"] == pytest.approx(by_one.parameters["mu"], abs=1e-6)
    assert by_rows.ks == pytest.approx(by_one.ks, abs=1e-7)


def test_the_document_of_differing_rows() -> None:
    losses = sample(900)
    found = floored_report(losses, Wanted(limits=(1e4, 1e5), bootstrap=4))
    assert found["floor"] is None
    assert found["row_floors"] == {"rows": len(losses.floors), "lowest": 500.0,
                                   "highest": 8_000.0}
    assert found["censored"] == sum(losses.censored) > 0
    assert "spliced" not in found["candidates"]
    assert any("reached their limit" in one for one in found["warnings"])
    rows = found["limits"]["lognormal"]
    law = Lognormal(**{key: found["candidates"]["lognormal"][key] for key in ("mu", "sigma")})
    assert rows[0]["limited_mean"] == pytest.approx(float(law.limited(np.array([1e4]), 1)[0]))
    low, high = found["intervals"]["lognormal"]["mu"]
    assert low < found["candidates"]["lognormal"]["mu"] < high
    assert found["tail"]["threshold"] >= 8_000.0
    few = FlooredLosses(Column((5.0,) * 12, ("",) * 12, ()), (1.0,) * 12,
                        (True,) * 4 + (False,) * 8, "CNY")
    assert "too few" in floored_report(few, Wanted())["warnings"][-1]


def test_the_tail_with_limits_and_floors_is_the_oracles() -> None:
    draws = uniforms(3, "test.tail", 600, 1)[:, 0]
    sizes = GeneralisedPareto(0.6, 10.0, 100.0).quantile(draws)
    floors = np.where(np.arange(600) % 2 == 0, 0.0, 105.0)
    seen = sizes > floors
    sizes, floors = sizes[seen], floors[seen]
    censored = (np.arange(len(sizes)) % 3 == 0) & (sizes > 130.0)
    sizes = np.where(censored, 130.0, sizes)
    tail = fit_tail(sizes, 100.0, floors, censored)
    assert tail is not None and tail.exceedances == int((~censored).sum())

    def cost(point: np.ndarray) -> float:
        law = stats.genpareto(point[0], loc=100.0, scale=math.exp(point[1]))
        return -float(law.logpdf(sizes[~censored]).sum() + law.logsf(sizes[censored]).sum()
                      - law.logsf(np.maximum(floors, 100.0)).sum())

    found = optimize.minimize(cost, np.array([0.3, 2.0]), method="Nelder-Mead",
                              options={"xatol": 1e-8, "fatol": 1e-8, "maxiter": 4000})
    assert tail.xi == pytest.approx(float(found.x[0]), abs=1e-3)
    assert tail.beta == pytest.approx(math.exp(float(found.x[1])), rel=1e-3)
    assert tail.log_likelihood == pytest.approx(-float(found.fun), abs=1e-4)
    assert tail.xi_interval[0] < 0.6 < tail.xi_interval[1]


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30))
def test_without_censored_chances_the_distance_is_kolmogorovs(chances: list[float]) -> None:
    values = np.array(chances)
    found = distance_of_censored(values, np.zeros(len(values), dtype=bool))
    # both look at the steps before and after each chance; equal chances make one step
    assert found <= kolmogorov_smirnov(np.sort(values)) + 1e-12
    if len(set(chances)) == len(chances):
        assert found == pytest.approx(kolmogorov_smirnov(np.sort(values)), abs=1e-12)


def test_the_distance_with_censored_chances_by_hand() -> None:
    """0.2 exact, 0.4 censored, 0.8 exact: the estimate is 1/3 after 0.2 and, with one left at
    risk, 1 after 0.8. Distances 0.2 and 0.1333 at 0.2; 0.4667 before and 0.2 after 0.8."""
    found = distance_of_censored(np.array([0.2, 0.4, 0.8]), np.array([False, True, False]))
    assert found == pytest.approx(0.8 - 1 / 3)
    assert distance_of_censored(np.array([0.5]), np.array([True])) == 0.0


def incidents() -> list[Incident]:
    return [
        Incident("own", "1", amount_minor=500_00, currency="CNY", floor_minor=100_00,
                 peril="ransomware", occurred=date(2025, 1, 2), occurred_precision="day"),
        Incident("own", "2", amount_minor=900_00, currency="CNY", amount_censored=True,
                 peril="bec_fraud", occurred=date(2025, 3, 1), occurred_precision="month"),
        Incident("own", "3", amount_minor=9, currency="CNY", floor_minor=100_00),
        Incident("own", "4", amount_minor=900_00, currency="CNY", screened="stands twice"),
        Incident("own", "5", amount_minor=0, currency="CNY"),
        Incident("own", "6", records=700, floor_records=500),
        Incident("own", "7", amount_minor=1_00, currency="CNY", amount_screened="no"),
    ]


def test_columns_of_the_incident_table() -> None:
    found = loss_column(incidents(), "amount", by="peril")
    assert found.column.values == (500.0, 900.0)
    assert (found.floors, found.censored, found.unit) == ((100.0, 0.0), (False, True), "CNY")
    assert found.row_wise
    assert found.column.reasons() == {
        "below the reporting floor": 1, "stands twice": 1, "not above zero": 1, "blank": 1,
        "no": 1}
    parts = found.by_group()
    assert parts["ransomware"].floors == (100.0,) and parts["bec_fraud"].censored == (True,)
    raised = loss_column(incidents(), "amount", floor=600.0)
    assert (raised.column.values, raised.floors) == ((900.0,), (600.0,))
    records = loss_column(incidents(), "records")
    assert (records.column.values, records.floors, records.plain_floor) == (
        (700.0,), (500.0,), 500.0)


def test_currencies_are_not_mixed() -> None:
    rows = [*incidents(), Incident("own", "8", amount_minor=5, currency="USD")]
    with pytest.raises(InputError, match="CNY, USD"):
        loss_column(rows, "amount")
    found = loss_column(rows, "amount", currency="usd")
    assert found.column.values == (0.05,)
    assert found.column.reasons()["another currency"] == 4


def test_days_of_the_incident_table() -> None:
    month = day_column(incidents(), "occurred", "month", by="peril")
    assert month.values == (date(2025, 1, 2), date(2025, 3, 1))
    day = day_column(incidents(), "occurred", "day")
    assert day.values == (date(2025, 1, 2),)
    assert day.reasons()["known to the month only"] == 1
    with pytest.raises(InputError):
        day_column(incidents(), "closed", "day")
    with pytest.raises(InputError):
        day_column(incidents(), "occurred", "day", by="colour")
