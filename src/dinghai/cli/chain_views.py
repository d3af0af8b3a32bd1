"""`dinghai chain levels|paths|replay|blast`: what the twin tells about nodes and attacks."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import Final

from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.evidence.feed_store import FeedStore
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM, format_yuan
from dinghai.foundation.reading import plain
from dinghai.supplychain.attack_paths import AttackPath, attack_paths
from dinghai.supplychain.blast_radius import SinglePoint, blast_radius
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.chain_file import read_chain
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
from dinghai.supplychain.level_changes import LevelChanges, level_changes
from dinghai.supplychain.likely_path import LikelyPath, likely_paths
from dinghai.supplychain.node_levels import LevelState, NodeLevels, level_state
from dinghai.supplychain.reach import reach_from
from dinghai.supplychain.replay import Moment, Replay, replay
from dinghai.supplychain.strikes import field_of
from dinghai.supplychain.years import Events, Whole

_MOST_YEARS: Final = 1_000_000
_SHOWN: Final = 15
_DAY: Final = 86_400


def register(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands."""
    one = add_command(commands, "levels", _levels,
                      "the security level and grade of every node, and what changed it")
    _chain(one)
    one.add_argument("--seed", type=int, default=1, metavar="S", help="(default: 1)")
    one.add_argument("--since", type=Path, metavar="CHAIN",
                     help="an earlier state: answer with the changes and their reasons")
    one.add_argument("--since-on", type=date.fromisoformat, metavar="DATE",
                     help="day of the threat feeds for the earlier state")
    one = add_command(commands, "paths", _paths, "the ways that simulated attacks really take")
    _runs(one)
    one.add_argument("--to", metavar="PARTY", help="only those that strike this firm")
    one.add_argument("--top", type=int, default=10, metavar="N", help="paths (default: 10)")
    one = add_command(commands, "blast", _blast,
                      "whom a compromise of each node reaches, and single points of failure")
    _runs(one)
    one = add_command(commands, "replay", _replay, "one simulated event, moment by moment")
    _runs(one)
    which = one.add_mutually_exclusive_group(required=True)
    which.add_argument("--event", type=int, metavar="N", help="the event of this number")
    which.add_argument("--worst", action="store_true", help="the one that cost most")
    which.add_argument("--median", action="store_true",
                       help="the one in the middle of those that cost something")
    which.add_argument("--level", type=float, metavar="L",
                       help="the costliest of the year that stands at this level, as 0.99")


def _chain(parser: Parser) -> None:
    parser.add_argument("chain", type=Path, metavar="CHAIN", help="folder or JSON")
    parser.add_argument("--on", type=date.fromisoformat, metavar="DATE",
                        help="day of the threat feeds (default: the chain's own day)")


def _runs(parser: Parser) -> None:
    _chain(parser)
    parser.add_argument("--years", type=int, default=20_000, metavar="N",
                        help="simulated (default: 20000)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="(default: 1)")


def _run(arguments: argparse.Namespace) -> tuple[ChainModel, Events]:
    if not 0 < arguments.years <= _MOST_YEARS:
        raise InputError(f"{arguments.years} years cannot be simulated", field="--years",
                         mend=f"give 1 to {_MOST_YEARS}")
    chain = read_chain(arguments.chain)
    feeds, on = FeedStore.of_house(), arguments.on or chain.as_of
    model = chain_model(chain, kev=feeds.kev(on), epss=feeds.epss(on))
    return model, model.events(years=arguments.years, seed=arguments.seed)


def _levels(arguments: argparse.Namespace) -> Answer:
    if arguments.since is None and arguments.since_on is not None:
        raise InputError("there is no earlier state to read on that day", field="--since-on",
                         mend="give --since CHAIN; it may be the same chain")
    chain, earlier = read_chain(arguments.chain), None
    if arguments.since is not None:
        earlier = _state(read_chain(arguments.since), arguments.since_on, arguments.seed, None)
    state = _state(chain, arguments.on, arguments.seed, earlier)
    if earlier is None:
        return Answer(plain(state.reading), _levels_text(state.reading))
    changes = level_changes(earlier, state)
    return Answer(plain(changes), _changes_text(changes))


def _state(chain: Chain, on: date | None, seed: int, since: LevelState | None) -> LevelState:
    feeds, day = FeedStore.of_house(), on or chain.as_of
    return level_state(chain, kev=feeds.kev(day), epss=feeds.epss(day), on=day, seed=seed,
                       since=since)


def _levels_text(reading: NodeLevels) -> list[str]:
    worst = sorted(reading.nodes, key=lambda one: (-(one.index_ppm or 0), one.id))
    return [
        *table(("node", "grade", "index", "own", "inherited", "exported", "struck a year"),
               [(one.id, one.grade or "-", _ratio(one.index_ppm),
                 *(f"{format_yuan(part.fen)} {part.grade or '-'}"
                   for part in (one.own, one.inherited, one.exported)),
                 f"{one.struck_a_year:.4f}") for one in worst[:_SHOWN]]),
        *_more(len(worst)),
        "index: expected loss a year over that of the same chain with everything half done"]


def _changes_text(changes: LevelChanges) -> list[str]:
    rows = []
    for one in changes.nodes[:_SHOWN]:
        reasons = "; ".join(f"{reason.kind} {reason.what}" for reason in one.reasons[:3])
        rows.append((one.id, f"{one.grade_before or '-'} → {one.grade_after or '-'}",
                     f"{_ratio(one.index_ppm.before)} → {_ratio(one.index_ppm.after)}", reasons))
    return [*table(("node", "grade", "index", "reasons"), rows), *_more(len(changes.nodes)),
            f"{changes.grades_moved} grades moved; {changes.unmoved} nodes as they were"]


def _ratio(ppm: int | None) -> str:
    return "-" if ppm is None else f"{ppm / PPM:.2f}"


def _paths(arguments: argparse.Namespace) -> Answer:
    model, events = _run(arguments)
    if arguments.to is not None and arguments.to not in model.chain.firm:
        raise InputError(f"there is no firm {arguments.to!r}", field="--to",
                         mend="name a firm of the chain")
    if not 0 < arguments.top <= 1000:
        raise InputError(f"{arguments.top} paths cannot be shown", field="--top",
                         mend="give 1 to 1000")
    found = attack_paths(model.twin, field_of(model.twin, model.outcomes), events,
                         shipped_language(), chain=model.chain.id, top=arguments.top,
                         to=arguments.to)
    likely = () if arguments.to is None else likely_paths(
        model.twin, model.rates, arguments.to, shipped_language(), chain=model.chain.id,
        seed=arguments.seed)
    document = {**plain(found), "likely": [plain(one) for one in likely]}
    return Answer(document, [
        f"strikes a year    {found.strikes / found.years:.3f}, "
        f"{found.along_links_ppm / 10_000:.1f}% of them along links",
        "", "between parties, by frequency:", *_path_rows(found.parties.by_frequency),
        "", "along links, by loss:", *_path_rows(found.parties_along_links.by_loss),
        "", "step by step, by frequency:", *_step_rows(found.steps.by_frequency),
        *_likely_rows(likely)])


def _path_rows(paths: tuple[AttackPath, ...]) -> list[str]:
    return table(("a year", "±", "loss a year", "median", "path"),
                 [(f"{one.a_year:.5f}", f"{one.se_a_year:.5f}", format_yuan(one.loss_fen),
                   _days(one.median_seconds), " → ".join(one.parties)) for one in paths])


def _step_rows(paths: tuple[AttackPath, ...]) -> list[str]:
    return [f"{one.a_year:.5f}  " + " → ".join(
        f"{'' if place and one.steps[place - 1].party == step.party else step.party + ': '}"
        f"{step.code} ({_days(step.median_seconds)})" for place, step in enumerate(one.steps))
        for one in paths]


def _blast(arguments: argparse.Namespace) -> Answer:
    model, events = _run(arguments)
    reach = reach_from(model.twin, model.outcomes, model.supply, model.rates, seed=arguments.seed)
    found = blast_radius(model, reach, events)
    return Answer(plain(found), [
        *table(("node", "compromised a year", "others struck", "loss each time", "90% interval",
                "elsewhere"),
               [(one.id, f"{one.compromises_a_year:.4f}", f"{one.struck_others:.4f}",
                 format_yuan(one.loss_fen or 0),
                 f"{format_yuan(one.low_fen or 0)} to {format_yuan(one.high_fen or 0)}",
                 format_yuan(one.elsewhere_fen or 0)) for one in found.nodes[:_SHOWN]]),
        *_more(len(found.nodes)), "",
        f"single points of failure towards {found.owner}; mean above 0.99 of years is "
        f"{format_yuan(found.tail_fen)}",
        *table(("node", "graph", "cuts off", "averts a year", "averts in the tail", "±"),
               [(one.id, one.graph, len(one.cuts_off), *_averted(one))
                for one in found.single_points[:_SHOWN]]),
        *_more(len(found.single_points))])


def _averted(one: SinglePoint) -> tuple[str, str, str]:
    found = (one.mean_averted_fen, one.tail_averted_fen, one.tail_se_fen)
    first, second, third = ("-" if fen is None else format_yuan(fen) for fen in found)
    return first, second, third


def _likely_rows(paths: tuple[LikelyPath, ...]) -> list[str]:
    if not paths:
        return []
    return ["", "most likely single ways (each step succeeds; then in time before containment):",
            *table(("a year", "chance", "in time", "aim", "way"),
                   [(f"{one.a_year:.6f}" + ("" if one.proven else
                                            f" (no way above {one.at_most_a_year:.6f})"),
                     f"{one.chance:.5f}", f"{one.in_time:.2f}", one.aim,
                     " → ".join(f"{step.party}:{step.code}" for step in one.steps))
                    for one in paths])]


def _replay(arguments: argparse.Namespace) -> Answer:
    model, events = _run(arguments)
    event, chosen = arguments.event, "event"
    if event is None:
        losses = event_losses(field_of(model.twin, model.outcomes), events, model.supply)
        event, chosen = _chosen(arguments, events, losses)
    found = replay(model, events, event, shipped_language(), chosen=chosen)
    return Answer(plain(found), _replay_text(found))


def _chosen(arguments: argparse.Namespace, events: Events, losses: Whole) -> tuple[int, str]:
    if arguments.worst:
        return worst_event(losses), "worst"
    if arguments.median:
        return median_event(losses), "median"
    year = year_at(losses_by_year(events, losses), arguments.level)
    of_year = events_of_year(events, losses, year)
    if not of_year:
        raise InputError(f"the year at level {arguments.level:g} has no event that cost anything",
                         field="--level", mend="give a higher level")
    return of_year[0], f"level {arguments.level:g}"


def _replay_text(found: Replay) -> list[str]:
    return [
        f"event {found.event} of year {found.year}: starts at {found.root}, aims at {found.aim}",
        f"loss {format_yuan(found.loss_fen)}, of it through goods "
        f"{format_yuan(found.through_goods_fen)}", "",
        *(f"{_days(one.seconds):>10}  {one.party:<12} {_moment(one)}" for one in found.moments
          if one.kind != "step" or one.leads_to_loss), "",
        *table(("party", "from", "steps", "loss", "through goods", "stopped"),
               [(one.id, one.came_from or "-", one.steps_taken, format_yuan(one.loss_fen),
                 format_yuan(one.through_goods_fen), _days(one.stopped_seconds))
                for one in found.parties]),
        "steps that led to no loss are left out: see --json"]


def _moment(one: Moment) -> str:
    if one.step is not None:
        crossed = (f" from {one.origin.party}" if one.origin is not None
                   and one.origin.party != one.party else "")
        loss = f": {format_yuan(one.loss_fen)}" if one.loss_fen is not None else ""
        return f"{one.kind} {one.step.code} ({one.step.name_en}){crossed}{loss}"
    return one.kind + (f" of {one.supplier}" if one.supplier is not None else "")


def _days(seconds: int) -> str:
    day, rest = divmod(seconds, _DAY)
    return f"{day}d {rest // 3600:02d}h"


def _more(number: int) -> list[str]:
    return [f"… and {number - _SHOWN} more: see --json"] if number > _SHOWN else []
