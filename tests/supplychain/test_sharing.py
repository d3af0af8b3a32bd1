"""Who shares a chain's risk: sums to the fen, the programme's own payments, and exact shares."""

from __future__ import annotations

from functools import cache
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinghai.foundation.errors import InputError
from dinghai.foundation.money import split
from dinghai.pricing.rating import load_rating
from dinghai.supplychain.burdens import ChainPlaces, borne_by, causes_of, flows_of
from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.chain_model import ChainModel, chain_model
from dinghai.supplychain.chain_results import simulate_chain
from dinghai.supplychain.layer_file import ChainLayers, read_layers
from dinghai.supplychain.programme_premium import allocated, programme_premium
from dinghai.supplychain.settlement import Before, OwnSection, settle_event
from dinghai.supplychain.shared_events import SharedEvents, share_events, through_layers
from dinghai.supplychain.sharing import ChainShares, share_chain, spreads_of
from dinghai.supplychain.sharing_document import shares_document
from dinghai.supplychain.tail_shares import (
    YearsByRoot,
    co_tail,
    exact_shapley,
    sampled_shapley,
    tail_fen,
    tail_sum,
    years_by_root,
)
from dinghai.wording.layers import Layer
from tests.supplychain.test_settlement import agreements

ENERGY = Path(__file__).parents[2] / "examples" / "energy"
YEARS = 1_500


@cache
def energy() -> ChainModel:
    """The energy example's model."""
    return chain_model(read_chain(ENERGY))


@cache
def shares(workers: int = 1) -> ChainShares:
    """The energy example shared by its own layers."""
    return share_chain(energy(), read_layers(ENERGY / "layers.toml"), years=YEARS, seed=3,
                       orders=8, workers=workers)


def test_rows_add_up_to_what_the_programme_pays_and_to_the_losses() -> None:
    model = energy()
    events = share_events(model, model.events(years=YEARS, seed=3))
    years = simulate_chain(model, years=YEARS, seed=3).years
    assert (events.by_year(events.payable) == years.paid).all()
    assert (events.ground[0] == years.own).all()
    assert (events.ground[1] == years.exported).all()
    assert (events.ground[2] == years.inherited).all()
    assert (events.payable > 0).all()


def test_the_document_is_the_same_on_any_number_of_cores() -> None:
    assert shares_document(shares(1)) == shares_document(shares(2))


def test_everything_adds_up_to_the_fen() -> None:
    found = shares()
    document = shares_document(found)
    firms = [one for one in document["parties"] if "cause_fen" in one]
    presented = document["presented"]["mean_fen"]
    assert presented > 0
    assert sum(one["cause_fen"] for one in firms) == presented
    layers = sum(one["mean_fen"] for one in document["layers"])
    assert presented - document["above_layers"]["mean_fen"] == layers
    for place, layer in enumerate(document["layers"]):
        assert layer["firms_fen"] + sum(one["fen"] for one in layer["insurers"]) == (
            layer["mean_fen"])
        assert sum(one["layers"][place]["fair_fen"] for one in firms) == layer["firms_fen"]
        proposal = layer["proposal"]
        assert sum(proposal.values()) == 1_000_000
    assert sum(one["pays_for_others_fen"] for one in firms) == 0
    assert sum(one["premium_fen"] for one in firms) == document["programme_premium"]["net_fen"]
    tail = document["presented"]["tail_fen"]
    for name in ("shapley_fen", "co_tail_fen"):
        assert sum(one[name] for one in document["parties"]) == tail
        assert sum(one[name] for one in document["groups"]) == tail
    assert sum(one["fen"] for one in document["flows"]) == layers


def test_premium_follows_causes_and_an_agreed_one_stands() -> None:
    found = shares()
    causes = [found.cause(firm) for firm in range(found.places.firms)]
    most = int(np.argmax(causes))
    assert found.premium[most] == max(found.premium)
    agreed = share_chain(energy(), found.agreement, years=YEARS, seed=3, orders=2,
                         premium_fen=123_456_789)
    assert (agreed.programme.basis, sum(agreed.premium)) == ("agreed", 123_456_789)
    assert agreed.programme.technical_fen == found.programme.net_fen


def test_the_technical_premium_is_loaded_as_the_rating_says() -> None:
    rating = load_rating("cyber-comprehensive-standard")
    years = np.array([0, 0, 0, 400_000_000], dtype=np.int64)
    found = programme_premium(years, rating, None)
    expenses = sum(one.ppm for _, one in rating.expenses.items())
    assert found.pure_fen == 100_000_000
    assert found.parameter_fen == rating.loads.parameter.ppm_of_pure * 100
    variance = 3 * (100_000_000.0) ** 2
    assert found.risk_fen == round(variance / (2 * rating.loads.risk.risk_tolerance_fen))
    loaded = found.pure_fen + found.parameter_fen + found.risk_fen
    assert found.net_fen == round(loaded / (1 - expenses / 1_000_000))
    assert programme_premium(np.zeros(3, dtype=np.int64), rating, None).net_fen == 0


NAMES = ("own", "s1", "s2", "s3", "p1")
PLACES = ChainPlaces(NAMES, 4, 0, ("owner", "supplier-1", "supplier-1", "supplier-2", "provider"))


def table_of(rows: list[tuple[int, int, int, int, int]]) -> SharedEvents:
    """Rows of (year, event, root, member, fen) in order."""
    columns = np.array(rows, dtype=np.int64).reshape(-1, 5)
    return SharedEvents(6, columns[:, 0].astype(np.int32), columns[:, 1],
                        columns[:, 2].astype(np.int32), columns[:, 3].astype(np.int32),
                        columns[:, 4], np.zeros((3, 5), dtype=np.int64))


@st.composite
def tables(draw: st.DrawFn) -> SharedEvents:
    """Some events in six years, each with a root and up to three payments."""
    rows = []
    for event, year in enumerate(sorted(draw(st.lists(st.integers(0, 5), max_size=8)))):
        root = draw(st.integers(0, 4))
        for member in draw(st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True)):
            rows.append((year, event, root, member, draw(st.integers(1, 3_000))))
    return table_of(rows)


def test_an_odd_fen_goes_to_one_part_of_what_is_presented() -> None:
    """6 fen in six years, 1 a year: half of them reach the layer of 3 fen. Each half rounded by
    itself would be 1, 2 together; of equal remainders the first listed has the fen."""
    layered = through_layers(table_of([(0, 0, 0, 0, 6)]), [
        Layer(id="a", name_zh="甲", name_en="A", limit_fen=3)])
    assert [one.mean_fen for one in spreads_of(layered, 1, 1)] == [1, 0]


@given(tables(), agreements(), st.lists(st.integers(1, 900), min_size=4, max_size=4))
@settings(deadline=None)
def test_simulated_layers_are_those_that_events_settle_by(
    events: SharedEvents, known: ChainLayers, premiums: list[int]
) -> None:
    """Every simulated event, settled alone in its year's order: the same layers to the fen, and the
    same parties to the fen of each amount."""
    layered = through_layers(events, known.layers)
    assert (layered.borne.sum(axis=0) + layered.above == events.payable).all()
    assert (layered.above >= 0).all()
    settled = dict.fromkeys(NAMES, 0)
    insurers: dict[str, int] = {}
    number = 0
    borne: dict[str, int] = {}
    before, year = 0, -1
    for event in dict.fromkeys(events.event.tolist()):
        rows = np.flatnonzero(events.event == event)
        if events.year[rows[0]] != year:
            year, before, borne = int(events.year[rows[0]]), 0, {}
        root = int(events.root[rows[0]])
        found = settle_event(
            known, [OwnSection(NAMES[events.member[row]], "SC-PROP", int(events.payable[row]))
                    for row in rows], event=str(event), owner="own",
            root_cause=NAMES[root] if root < 4 else None,
            enrolled=dict(zip(NAMES, premiums, strict=False)),
            before=Before(year_fen=before, borne_fen=borne))
        before += found.presented_fen
        borne = {name: fen + borne.get(name, 0) for name, fen in found.borne.items()}
        for place, layer in enumerate(known.layers):
            assert layered.borne[place, rows].sum() == found.borne[layer.id]
        for one in found.amounts:
            if one.layer:
                number += 1
                if one.kind == "insurance":
                    insurers[one.bearer] = insurers.get(one.bearer, 0) + one.fen
                else:
                    settled[one.bearer] += one.fen
    unit = max(sum(premiums[1:]), 1) * 1_000_000
    sums = dict.fromkeys(NAMES[:4], 0.0)
    for place in range(len(known.layers)):
        one = borne_by(layered, place, PLACES, premiums)
        assert sum([*one.insurers.values(), *one.retained, *one.contributed]) == (
            unit * int(layered.borne[place].sum()))
        for firm, name in enumerate(NAMES[:4]):
            sums[name] += (one.retained[firm] + one.contributed[firm]) / unit
        for party, weight in one.insurers.items():
            insurers[party] = insurers.get(party, 0) - weight / unit
    slack = 3 * len(events.payable) * max(len(known.layers), 1) + 1
    for name in NAMES[:4]:
        assert abs(settled[name] - sums[name]) <= slack
    assert all(abs(rest) <= slack for rest in insurers.values())
    for place, row in enumerate(causes_of(layered, PLACES)):
        assert sum(row) == int(layered.borne[place].sum())
    flows = flows_of(layered, PLACES, premiums, 1_000_003)
    assert sum(flows.values()) in (0, 1_000_003)


def years_table(columns: np.ndarray) -> YearsByRoot:
    """A dense table (years × parties) as rows."""
    rows = [(int(year), int(party), int(columns[year, party]))
            for party in range(columns.shape[1]) for year in range(columns.shape[0])
            if columns[year, party]]
    first = np.searchsorted([row[1] for row in rows], np.arange(columns.shape[1] + 1))
    return YearsByRoot(columns.shape[0], first, np.array([row[0] for row in rows], np.int32),
                       np.array([row[2] for row in rows], np.int64))


def by_all_orders(columns: np.ndarray, worst: int) -> list[float]:
    """Shapley shares by their definition: the mean over every order."""
    number = columns.shape[1]
    sums = [0.0] * number
    orders = list(permutations(range(number)))
    for order in orders:
        years, before = np.zeros(len(columns), dtype=np.int64), 0
        for one in order:
            years = years + columns[:, one]
            after = tail_sum(years, worst)
            sums[one] += (after - before) / worst / len(orders)
            before = after
    return sums


COLUMNS = np.array([[0, 40, 7, 0], [90, 0, 0, 0], [10, 10, 10, 0], [0, 0, 60, 0], [5, 80, 0, 0],
                    [0, 0, 0, 0]], dtype=np.int64) * 1_000


@pytest.mark.parametrize("worst", [1, 2, 3])
def test_exact_shapley_is_the_mean_over_every_order(worst: int) -> None:
    table = years_table(COLUMNS)
    found = exact_shapley(table, [[0], [1], [2], [3]], worst)
    assert found.fen == pytest.approx(by_all_orders(COLUMNS, worst), abs=1.0)
    assert sum(found.fen) == tail_fen(COLUMNS.sum(axis=1), worst)
    assert found.fen[3] == 0
    both = exact_shapley(table, [[0, 1], [2, 3]], worst)
    joined = np.stack([COLUMNS[:, :2].sum(axis=1), COLUMNS[:, 2:].sum(axis=1)], axis=1)
    assert both.fen == pytest.approx(by_all_orders(joined, worst), abs=1.0)


@pytest.mark.parametrize("worst", [1, 2])
def test_sampled_shapley_is_within_its_error_and_adds_up(worst: int) -> None:
    found = sampled_shapley(years_table(COLUMNS), worst, orders=2_000, seed=5)
    for sampled, exact, error in zip(found.fen, by_all_orders(COLUMNS, worst), found.error,
                                     strict=True):
        assert abs(sampled - exact) <= 4.5 * error + 1.0
    assert sum(found.fen) == tail_fen(COLUMNS.sum(axis=1), worst)
    assert found.error[3] == 0.0
    again = sampled_shapley(years_table(COLUMNS), worst, orders=2_000, seed=5)
    assert again == found
    with pytest.raises(InputError, match="two orders"):
        sampled_shapley(years_table(COLUMNS), worst, orders=1, seed=5)


def test_co_tail_is_each_partys_part_of_the_worst_years() -> None:
    # years: 47, 90, 30, 60, 85, 0 thousand; the worst two are 90 and 85
    assert co_tail(years_table(COLUMNS), 2) == [47_500, 40_000, 0, 0]


@given(st.lists(st.lists(st.integers(0, 10**11), min_size=3, max_size=3), min_size=2, max_size=12),
       st.integers(1, 12))
def test_shares_of_any_tail_add_up_to_it(rows: list[list[int]], worst: int) -> None:
    columns = np.array(rows, dtype=np.int64)
    worst = min(worst, len(rows))
    table, tail = years_table(columns), tail_fen(columns.sum(axis=1), worst)
    assert sum(co_tail(table, worst)) == tail
    assert sum(exact_shapley(table, [[0], [1], [2]], worst).fen) == tail
    assert sum(sampled_shapley(table, worst, orders=3, seed=1).fen) == tail
    assert table.sums().tolist() == columns.sum(axis=0).tolist()
    assert (table.error() >= 0.0).all()


def test_events_of_one_root_in_one_year_are_one_row() -> None:
    table = years_by_root(table_of([(0, 1, 1, 2, 5), (0, 1, 1, 0, 7), (0, 2, 1, 1, 9),
                                    (4, 3, 4, 1, 11)]), 5)
    assert [row.tolist() for row in table.of(1)] == [[0], [21]]
    assert [row.tolist() for row in table.of(4)] == [[4], [11]]
    assert table.sums().tolist() == [0, 21, 0, 0, 11]


def test_too_many_groups_are_refused() -> None:
    with pytest.raises(InputError, match="too many coalitions"):
        exact_shapley(years_table(COLUMNS), [[0]] * 13, 1)


def test_the_premium_is_even_where_nothing_was_presented() -> None:
    assert list(allocated(10, [0, 0, 0])) == split(10, [1, 1, 1])
