"""A replay tells what the kernels counted: same losses, right order, every stop and shortage."""

from __future__ import annotations

from datetime import date

import msgspec
import numpy as np
import pytest

from dinghai.foundation.errors import InputError
from dinghai.supplychain.chain import Goods, Link
from dinghai.supplychain.chain_model import ChainModel, chain_model
from dinghai.supplychain.event_losses import (
    event_losses,
    events_of_year,
    losses_by_year,
    median_event,
    worst_event,
    year_at,
)
from dinghai.supplychain.language import shipped_language
from dinghai.supplychain.replay import Replay, replay
from dinghai.supplychain.strikes import field_of
from dinghai.supplychain.years import Events, Whole, run_years
from tests.supplychain.step_chains import asset, chain, firm

DAY = 86_400


@pytest.fixture(scope="module")
def model() -> ChainModel:
    one = chain(*(firm(name, tier=min(place, 1), role="supplier" if place else "owner")
                  for place, name in enumerate("abc")),
                links=[Link(source="c", target="b", kind="remote_access",
                            privilege="administrator"),
                       Link(source="b", target="a", kind="remote_access",
                            privilege="administrator")],
                assets=[asset("remote_access", "vpn", of=name, exposed=True) for name in "abc"]
                + [asset("files", "files", of=name, output_share_ppm=900_000) for name in "abc"]
                + [asset("mail", "mail", of=name, exposed=True) for name in "abc"])
    return chain_model(msgspec.structs.replace(
        one, as_of=date(2026, 1, 1),
        goods=(Goods(source="c", target="b", share_ppm=500_000, stock_seconds=2 * DAY),
               Goods(source="b", target="a", share_ppm=800_000, stock_seconds=DAY))))


@pytest.fixture(scope="module")
def events(model: ChainModel) -> Events:
    return model.events(years=2000, seed=5)


@pytest.fixture(scope="module")
def losses(model: ChainModel, events: Events) -> Whole:
    return event_losses(field_of(model.twin, model.outcomes), events, model.supply)


@pytest.fixture(scope="module")
def stories(model: ChainModel, events: Events, losses: Whole) -> list[Replay]:
    """The costly events, and as many of those that cost nothing."""
    costly = np.flatnonzero(losses > 0)[:250]
    return [replay(model, events, int(one), shipped_language())
            for one in (*costly, *np.flatnonzero(losses == 0)[:250])]


def test_events_add_up_to_the_years(model: ChainModel, events: Events, losses: Whole) -> None:
    years = run_years(field_of(model.twin, model.outcomes), events, model.supply, model.terms)
    assert (losses_by_year(events, losses) == years.loss).all()
    assert (event_losses(field_of(model.twin, model.outcomes), events, model.supply,
                         workers=1) == losses).all()


def test_a_replay_costs_what_the_event_cost(stories: list[Replay], losses: Whole) -> None:
    for one in stories:
        assert one.loss_fen == losses[one.event]
        struck = [moment for moment in one.moments if moment.kind == "struck"]
        assert sum(moment.loss_fen or 0 for moment in struck) == (
            one.loss_fen - one.through_goods_fen)
        assert len({moment.party for moment in struck}) == len(struck)


def test_payments_that_the_caller_knows_stand_beside_the_loss(
        model: ChainModel, events: Events, losses: Whole) -> None:
    worst = worst_event(losses)
    paid = replay(model, events, worst, shipped_language(), payments={"SC-PROP": 7})
    plain = replay(model, events, worst, shipped_language())
    assert paid.payments_fen == {"SC-PROP": 7}
    assert msgspec.structs.replace(paid, payments_fen={}) == plain


def test_lost_output_by_day_adds_up_to_what_was_lost_through_goods(stories: list[Replay]) -> None:
    short = 0
    for one in stories:
        by_party: dict[str, int] = {}
        for day in one.days:
            for output in day.output:
                by_party[output.party] = by_party.get(output.party, 0) + output.supply_fen
        for party in one.parties:
            assert abs(by_party.get(party.id, 0) - party.through_goods_fen) <= len(one.days)
        short += one.through_goods_fen > 0
    assert short > 5


def test_every_step_follows_one_taken_before_and_none_comes_after_containment(
        stories: list[Replay]) -> None:
    crossed = 0
    for one in stories:
        taken = {(moment.party, moment.step.code): moment.seconds for moment in one.moments
                 if moment.kind == "step" and moment.step is not None}
        contained = {moment.party: moment.seconds for moment in one.moments
                     if moment.kind == "contained"}
        for moment in one.moments:
            if moment.kind != "step":
                continue
            assert moment.step is not None
            assert moment.seconds <= contained.get(moment.party, 10**9)
            if moment.origin is None:
                assert moment.party == one.root
                assert moment.seconds == 0
                continue
            assert taken[moment.origin.party, moment.origin.code] <= moment.seconds
            if moment.origin.party != moment.party:
                crossed += 1
                assert moment.origin.link == "remote_access"
    assert crossed > 5


def test_moments_stand_in_order_of_time_and_stops_end(stories: list[Replay]) -> None:
    for one in stories:
        assert [moment.seconds for moment in one.moments] == sorted(
            moment.seconds for moment in one.moments)
        for begin, end in (("stops", "resumes"), ("short", "supplied")):
            kinds = [moment.kind for moment in one.moments]
            assert kinds.count(begin) == kinds.count(end)  # type: ignore[arg-type]
        stops = [moment for moment in one.moments if moment.kind == "stops"]
        assert all(moment.seconds == one.stops_from for moment in stops)
        for party in one.parties:
            if party.stopped_seconds:
                assert party.loss_fen > 0


def test_what_leads_to_a_loss_is_marked(stories: list[Replay]) -> None:
    for one in stories:
        leading = [moment for moment in one.moments if moment.leads_to_loss]
        assert bool(leading) == any(moment.kind == "struck" for moment in one.moments)
        steps = {(moment.party, moment.step.code) for moment in leading if moment.step}
        for moment in leading:
            if moment.origin is not None:
                assert (moment.origin.party, moment.origin.code) in steps


def test_a_stock_runs_out_before_its_buyer_is_short(stories: list[Replay]) -> None:
    seen = 0
    for one in stories:
        out = {moment.party: moment.seconds for moment in one.moments
               if moment.kind == "stock_out"}
        for moment in one.moments:
            if moment.kind == "short":
                seen += 1
                assert out[moment.party] <= moment.seconds
    assert seen > 5


def test_the_worst_the_median_and_a_bad_year(events: Events, losses: Whole) -> None:
    worst, median = worst_event(losses), median_event(losses)
    assert losses[worst] == losses.max()
    costly = losses[losses > 0]
    assert (costly < losses[median]).sum() <= len(costly) / 2 <= (costly <= losses[median]).sum()
    by_year = losses_by_year(events, losses)
    year = year_at(by_year, 0.99)
    assert (by_year > by_year[year]).sum() <= 20 < (by_year >= by_year[year]).sum() + 1
    found = events_of_year(events, losses, year)
    assert sum(int(losses[one]) for one in found) == by_year[year]
    assert list(found) == sorted(found, key=lambda one: -losses[one])


def test_what_cannot_be_replayed_is_refused(model: ChainModel, events: Events) -> None:
    with pytest.raises(InputError, match="there is no event"):
        replay(model, events, events.number, shipped_language())
    with pytest.raises(InputError, match="cost anything"):
        worst_event(np.zeros(3, dtype=np.int64))
    with pytest.raises(InputError, match="is no level"):
        year_at(np.zeros(3, dtype=np.int64), 1.5)
