"""`dinghai chain rank|harden`: whom to protect, and the fixes that are worth most for a budget."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypedDict

from dinghai.cli.chain_runs import MOST_YEARS, add_run_options
from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.evidence.feed_store import FeedStore
from dinghai.evidence.feeds import EpssTable, KevTable
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import format_yuan, parse_amount
from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.chain_hardening import harden_chain, protect_parties
from dinghai.supplychain.chain_model import ChainModel, chain_model
from dinghai.supplychain.fix_costs import Costs, read_chain_costs

_MOST_FIXES: Final = 1000
_SHOWN: Final = 8
_RANKED: Final = 15


class Feeds(TypedDict):
    """The threat feeds of a day."""

    kev: KevTable | None
    epss: EpssTable | None


def register(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands."""
    one = add_command(commands, "rank", _rank, "what it is worth that nothing gets into a party")
    add_run_options(one)
    one.add_argument("--metric", choices=("mean", "tvar99"), default="mean",
                     help="averted on average, or in the worst hundredth of years")
    one = add_command(commands, "harden", _harden, "the fixes that avert most for a budget")
    add_run_options(one)
    one.add_argument("--budget", required=True, metavar="B", help="with its unit, such as 200万")
    one.add_argument("--metric", choices=("mean", "tvar99"), default="mean",
                     help="what is to fall: the mean year, or the worst hundredth of years")
    one.add_argument("--costs", type=Path, metavar="FILE",
                     help="offers as TOML (schema dinghai.chain-fix-costs/1)")
    one.add_argument("--most", type=int, metavar="K", help="at most so many fixes")


def _model(arguments: argparse.Namespace) -> tuple[ChainModel, Feeds]:
    """The chain compiled under the threat feeds of its day."""
    if not 0 < arguments.years <= MOST_YEARS:
        raise InputError(f"{arguments.years} years cannot be simulated", field="--years",
                         mend=f"give 1 to {MOST_YEARS}")
    chain = read_chain(arguments.chain)
    store, on = FeedStore.of_house(), arguments.on or chain.as_of
    feeds: Feeds = {"kev": store.kev(on), "epss": store.epss(on)}
    return chain_model(chain, **feeds), feeds


def _rank(arguments: argparse.Namespace) -> Answer:
    model, _ = _model(arguments)
    document = protect_parties(model, years=arguments.years, seed=arguments.seed,
                               metric=arguments.metric)
    rows = document["parties"]
    return Answer(document, [
        *table(("party", "averts a year", "standard error", "in the worst 1% of years",
                "standard error"),
               [(row["id"], format_yuan(row["averted_fen"]), format_yuan(row["se_fen"]),
                 format_yuan(row["tail_averted_fen"]),
                 format_yuan(row["tail_se_fen"]) if row["tail_exact"] else "at most")
                for row in rows[:_RANKED]]),
        *([f"… and {len(rows) - _RANKED} more: see --json"] if len(rows) > _RANKED else []),
        "what is averted where nothing gets into the party, through goods too; the worst years are "
        "taken anew without it"])


def _harden(arguments: argparse.Namespace) -> Answer:
    if arguments.most is not None and not 0 < arguments.most <= _MOST_FIXES:
        raise InputError(f"{arguments.most} fixes cannot be planned", field="--most",
                         mend=f"give 1 to {_MOST_FIXES}")
    budget = parse_amount(arguments.budget, field="--budget")
    model, feeds = _model(arguments)
    costs = Costs(read_chain_costs(arguments.costs, model.chain)) if arguments.costs else Costs()
    plan = harden_chain(model, years=arguments.years, seed=arguments.seed, budget_fen=budget,
                        metric=arguments.metric, most=arguments.most, costs=costs, **feeds)
    document = plan.to_dict()
    return Answer(document, _text(document))


def _text(document: Mapping[str, JSON]) -> list[str]:
    tail = document["metric"] == "tvar99"
    name = "tail_averted_fen" if tail else "averted_fen"
    error = "tail_averted_se_fen" if tail else "averted_se_fen"
    share = "tail_share_fen" if tail else "share_fen"
    plan, before, after = document["plan"], document["before"], document["after"]
    rows = [(one["id"], format_yuan(one["cost_fen"]), format_yuan(one["on_top"][name]),
             format_yuan(one["on_top"][error]), format_yuan(one["alone"][name]),
             "-" if one[share] is None else format_yuan(one[share]))
            for one in document["fixes"]]
    return [
        f"{len(document['fixes'])} fixes for {format_yuan(document['cost_fen'])} of "
        f"{format_yuan(document['budget_fen'])}, of {document['candidates']} that could be done",
        *table(("fix", "costs", "averts a year on top", "standard error", "alone", "share"), rows),
        "",
        *table(("", "before", "after"), [
            ("expected loss a year", format_yuan(before["expected_fen"]),
             format_yuan(after["expected_fen"])),
            *((f"mean above {level}", format_yuan(amount), format_yuan(after["tvar_fen"][level]))
              for level, amount in before["tvar_fen"].items())]),
        f"averted a year {format_yuan(plan['averted_fen'])} "
        f"± {format_yuan(plan['averted_se_fen'])}, in the worst hundredth of years "
        f"{format_yuan(plan['tail_averted_fen'])} ± {format_yuan(plan['tail_averted_se_fen'])}",
        "no plan averts more" if plan["exact"] else
        f"no plan averts more than {format_yuan(plan['bound_fen'])} (proven), or than "
        f"{format_yuan(plan['bound_unless_reinforced_fen'])} if fixes never reinforce each other",
        *([] if document["complete"] else [
            "in a chain of this size only the parties of the highest bounds were looked at"]),
        "", "what still begins where, a year:",
        *table(("party", "own", "exported"), [
            (one["party"], format_yuan(one["own_fen"]), format_yuan(one["exported_fen"]))
            for one in document["remaining"][:_SHOWN]]),
        "losses are ground-up, through goods too; fixes may reinforce each other, so greedy has no "
        "guarantee", "costs: " + "; ".join(
            f"{one['name']} ({one['confidence']})" for one in document["costs"])]
