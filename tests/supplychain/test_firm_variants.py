"""Variants of firms, made many at once, against compiling and modelling the changed rows anew."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from dinghai.evidence.feeds import shipped_epss, shipped_kev
from dinghai.losses.model import build_loss_model
from dinghai.losses.tables import PERILS
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.chain_model import ChainModel, chain_model
from dinghai.supplychain.chain_patch import patched
from dinghai.supplychain.compiling import compile_firm, posture_of
from dinghai.supplychain.costly_events import CostlyEvents, Worlds, costly_events
from dinghai.supplychain.fix_costs import Costs
from dinghai.supplychain.fix_reaches import reaches_of
from dinghai.supplychain.fix_screening import Screen
from dinghai.supplychain.fixes import Fix, Workshop, fixes_of
from dinghai.supplychain.language import shipped_language
from dinghai.supplychain.outcomes import condensed, stop_seconds
from dinghai.supplychain.reruns import Changes, Reruns, Variant
from dinghai.supplychain.strikes import field_of
from dinghai.supplychain.templates import complete

ENERGY = Path(__file__).parents[2] / "examples" / "energy"
FEEDS = {"kev": shipped_kev(), "epss": shipped_epss()}


@cache
def energy() -> tuple[ChainModel, Workshop, tuple[Fix, ...]]:
    known = read_chain(ENERGY)
    model = chain_model(known, **FEEDS)
    return model, Workshop(known, model.twin, **FEEDS), fixes_of(known, Costs())


@cache
def averaged(years: int) -> tuple[Worlds, CostlyEvents]:
    model = energy()[0]
    worlds = Worlds(field_of(model.twin, model.outcomes), model.supply,
                    model.events(years=years, seed=7))
    return worlds.with_mean_severity(), costly_events(worlds)[1]


def choices_at(firm: str) -> list[tuple[Fix, ...]]:
    """Each fix of a firm alone, and some together."""
    mine = [one for one in energy()[2] if one.firm == firm and one.link is None]
    full = {one.group: one for one in mine}
    return [*((one,) for one in mine), tuple(full.values()), tuple(full.values())[::2]]


def test_variants_are_what_the_changed_rows_compile_to() -> None:
    model, workshop, _ = energy()
    language = shipped_language()
    for firm in ("plant-b", "grid"):
        place = [one.id for one in model.chain.firms].index(firm)
        choices = choices_at(firm)
        for some, made in zip(choices, workshop.variants(place, choices), strict=True):
            known: Chain = model.chain
            for one in some:
                known = patched(known, one.patch())
            steps = compile_firm(known, known.firm[firm], language, **FEEDS)
            assert (made.chance == steps.chance).all()
            assert made.containment[0] == steps.containment_mu
            mu = steps.mu[np.argsort(steps.source, kind="stable")]
            shape = model.twin.structures[int(model.twin.structure[place])]
            assert (mu == (shape.mu if made.mu is None else made.mu)).all()
            loss = build_loss_model(complete(known.firm[firm], known)[0],
                                    posture_of(known, known.firm[firm]))
            for number, peril in enumerate(PERILS):
                events = loss.perils[peril].events
                rows = np.rint(condensed(events, (events.loss, stop_seconds(events)), 3))
                for made_rows, base, row in zip(
                        (made.ground_up, made.stopped),
                        (model.outcomes.ground_up, model.outcomes.stopped), rows, strict=True):
                    found = base[place] if made_rows is None else made_rows
                    assert (found[number] == row).all()


def test_choices_that_share_a_course_cost_what_each_does_by_itself() -> None:
    """Many choices at one firm at once, on top of a fix elsewhere, over many events."""
    model, workshop, fixes = energy()
    worlds, events = averaged(1500)
    runs = Reruns(worlds, events)
    elsewhere = next(one for one in fixes if one.id == "grid/IAM-01")
    base = Changes().with_change(workshop.changes((elsewhere,))[0])
    place = [one.id for one in model.chain.firms].index("plant-b")
    places = events.at(place)
    candidates = workshop.variants(place, choices_at("plant-b"))
    now = runs.totals(base, places)
    gains = runs.gains(base, now, candidates, places)
    for row, one in zip(gains, candidates, strict=True):
        assert (row == now - runs.totals(base.with_change(one), places)).all()


def test_no_fix_takes_off_more_than_its_screen_says() -> None:
    model, workshop, fixes = energy()
    worlds, events = averaged(400)
    ordered = tuple(sorted(fixes, key=lambda one: one.party))
    begin = np.searchsorted([one.party for one in ordered],
                            np.arange(events.parties + 1)).astype(np.int32)
    reaches = reaches_of(ordered, workshop.link_changes(ordered), model.twin, shipped_language())
    most = Screen(worlds, events, reaches, begin).most(np.ones(len(events.number)))
    runs, tight = Reruns(worlds, events), 0
    for party in np.flatnonzero(np.diff(begin)).tolist():
        here = range(int(begin[party]), int(begin[party + 1]))
        made = [(place, change[0]) for place in here
                if (change := workshop.changes((ordered[place],)))]
        places = events.at(party)
        gains = runs.gains(Changes(), events.total[places], [one for _, one in made], places)
        for (place, _), row in zip(made, gains, strict=True):
            assert row.sum() <= most[place]
            tight += most[place] < events.most[events.party == party].sum() / 2
    assert tight > len(ordered) / 4


def test_courses_are_variants_without_tables() -> None:
    _, workshop, fixes = energy()
    some = [(one,) for one in fixes if one.firm == "grid" and one.kind == "control"]
    party = some[0][0].party
    for one, whole in zip(workshop.courses(party, some), workshop.variants(party, some),
                          strict=True):
        assert isinstance(one, Variant)
        assert one.ground_up is None
        bare = replace(whole, ground_up=None, stopped=None)
        assert (one.chance == bare.chance).all()
        assert one.containment == bare.containment
    assert any(one.ground_up is not None for one in workshop.variants(party, some))
