"""`dinghai chain simulate|what-if`: years of a chain, and what would change them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.evidence.feed_store import FeedStore
from dinghai.foundation.canonical import JSON, read_json
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import format_yuan
from dinghai.foundation.reading import plain
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.chain_model import ChainModel, chain_model
from dinghai.supplychain.chain_patch import patched
from dinghai.supplychain.chain_results import Simulation, simulate_chain
from dinghai.supplychain.exceedance import exceedance_document
from dinghai.supplychain.held_products import HeldProduct
from dinghai.supplychain.years import kernels_are_compiled

MOST_YEARS: Final = 10_000_000
_SHOWN: Final = 15
_CAUSES: Final = {"own_attempt": "by own attempts", "firm": "from other firms",
                  "provider": "from providers", "common_vulnerability": "by common vulnerabilities"}


def register(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands."""
    one = add_command(commands, "simulate", _simulate,
                      "years of a chain: loss, tail, who from whom")
    add_run_options(one)
    one.add_argument("-o", "--output", type=Path, metavar="DIR",
                     help="write the year-loss tables and simulation.json here")
    one = add_command(commands, "what-if", _what_if, "the same events with a changed chain")
    add_run_options(one)
    one.add_argument("--patch", type=Path, required=True, metavar="FILE",
                     help="JSON: rows of controls, links, goods … that replace or join the chain's")


def add_run_options(parser: Parser) -> None:
    parser.add_argument("chain", type=Path, metavar="CHAIN", help="folder or JSON")
    parser.add_argument("--years", type=int, default=20_000, metavar="N",
                        help="simulated (default: 20000)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="(default: 1)")
    parser.add_argument("--on", type=date.fromisoformat, metavar="DATE",
                        help="day of the threat feeds (default: the chain's own day)")


def _model(chain: Chain, arguments: argparse.Namespace,
           keep: Sequence[HeldProduct] = ()) -> ChainModel:
    if not kernels_are_compiled():
        print("compiling, once: this takes up to a minute", file=sys.stderr, flush=True)
    feeds, on = FeedStore.of_house(), arguments.on or chain.as_of
    return chain_model(chain, kev=feeds.kev(on), epss=feeds.epss(on), keep=keep)


def _simulated(
    model: ChainModel, arguments: argparse.Namespace, folder: Path | None = None, *,
    ranked: bool = False,
) -> Simulation:
    if not 0 < arguments.years <= MOST_YEARS:
        raise InputError(f"{arguments.years} years cannot be simulated", field="--years",
                         mend=f"give 1 to {MOST_YEARS}")
    return simulate_chain(model, years=arguments.years, seed=arguments.seed, folder=folder,
                          ranked=ranked)


def _simulate(arguments: argparse.Namespace) -> Answer:
    folder: Path | None = arguments.output
    found = _simulated(_model(read_chain(arguments.chain), arguments), arguments, folder)
    document = found.to_dict()
    if folder is not None:
        (folder / "simulation.json").write_text(
            json.dumps(document, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return Answer(document, _text(document))


def _text(document: dict[str, JSON]) -> list[str]:
    loss, programme = document["loss"], document["programme"]
    parties = sorted(document["parties"], key=lambda one: -(one["own_fen"] + one["exported_fen"]))
    return [
        f"events a year     {document['events_a_year']:.2f}",
        f"loss a year       {format_yuan(loss['mean_fen'])}"
        + ("" if loss["se_fen"] is None else f" ± {format_yuan(loss['se_fen'])}"),
        f"  through goods   {format_yuan(document['through_goods_fen'])}",
        *_causes(document),
        f"programme pays    {format_yuan(programme['mean_fen'])}",
        *(f"  {name:<15} {format_yuan(one['paid_fen'])} of {format_yuan(one['loss_fen'])}"
          for name, one in programme["parts"].items()),
        *(f"layer {one['id']:<11} {format_yuan(one['mean_fen'])}, reached in "
          f"{one['reached']:.2%} of years, used up in {one['exhausted']:.2%}"
          for one in programme["layers"]),
        *table(("level", "quantile", "mean above"),
               [(level, format_yuan(amount), format_yuan(loss["tvar_fen"][level]))
                for level, amount in loss["quantile_fen"].items()]),
        "",
        *table(("party", "struck a year", "own", "inherited", "exported"),
               [(one["id"], f"{one['struck_a_year']:.4f}", format_yuan(one["own_fen"]),
                 format_yuan(one["inherited_fen"]), format_yuan(one["exported_fen"]))
                for one in parties[:_SHOWN]]),
        *_more(len(parties)),
        "losses are ground-up"]


def _causes(document: dict[str, JSON]) -> list[str]:
    share, causes = document["third_party_share"], document["by_cause"]
    return [
        "firms struck      " + ", ".join(
            f"{causes[cause]['strikes_a_year']:.2f} {words}" for cause, words in _CAUSES.items())
        + " a year",
        *([] if share is None else [f"from third parties {share:.0%} of breaches"])]


def _what_if(arguments: argparse.Namespace) -> Answer:
    chain = read_chain(arguments.chain)
    changed = patched(chain, read_json(arguments.patch), file=str(arguments.patch))
    before = _simulated(_model(chain, arguments), arguments)
    after = _simulated(_under_attempts_of(
        before.model, _model(changed, arguments, before.model.products)), arguments)
    one, other = before.to_dict(), after.to_dict()
    document: dict[str, JSON] = {"schema": "dinghai.chain-what-if/1", "before": one,
                                 "after": other}
    moved = (after.years.loss - before.years.loss).astype(float)
    error = float(moved.std(ddof=1)) / len(moved)**0.5 if len(moved) > 1 else 0.0
    document["exceedance"] = plain(exceedance_document(
        chain.id, arguments.seed, before.years.loss, after.years.loss))
    document["change"] = {"mean_fen": round(float(moved.mean())), "se_fen": round(error)}
    first, second = one["loss"], other["loss"]
    change = document["change"]
    return Answer(document, [
        *table(("", "before", "after"), [
            ("loss a year", format_yuan(first["mean_fen"]), format_yuan(second["mean_fen"])),
            *((f"mean above {level}", format_yuan(amount),
               format_yuan(second["tvar_fen"][level]))
              for level, amount in first["tvar_fen"].items())]),
        f"change a year {format_yuan(change['mean_fen'])} ± {format_yuan(change['se_fen'])}, "
        "on the same events"])


def _under_attempts_of(before: ChainModel, changed: ChainModel) -> ChainModel:
    """A changed chain under the attempts on the one before, party by party."""
    if changed.twin.names != before.twin.names:
        raise InputError("the patch changes who is in the chain", field="--patch",
                         mend="compare two simulations instead")
    return replace(changed, rates=before.rates)


def _more(number: int) -> list[str]:
    return [f"… and {number - _SHOWN} more: see --json"] if number > _SHOWN else []

