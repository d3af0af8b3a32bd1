"""`dinghai chain shares`: who bears a chain's risk, as agreed and by its causes."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import Final

from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.evidence.feed_store import FeedStore
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import format_yuan, parse_amount
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.chain_model import ChainModel, chain_model
from dinghai.supplychain.layer_file import layers_of, read_layers
from dinghai.supplychain.sharing import ORDERS, share_chain
from dinghai.supplychain.sharing_document import shares_document
from dinghai.wording.saying import percent

_MOST_YEARS: Final = 1_000_000
_SHOWN: Final = 15


def register(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the command."""
    one = add_command(commands, "shares", _shares,
                      "who bears which layer, who causes it, and who pays for whom")
    one.add_argument("chain", type=Path, metavar="CHAIN", help="folder or JSON")
    one.add_argument("--layers", type=Path, metavar="FILE",
                     help="layers and shares, TOML or JSON (default: those of the wording)")
    one.add_argument("--premium", metavar="AMOUNT",
                     help="the programme's premium a year, such as 120万 (default: the file's, "
                          "else the technical premium)")
    one.add_argument("--years", type=int, default=20_000, metavar="N",
                     help="simulated (default: 20000)")
    one.add_argument("--seed", type=int, default=1, metavar="S", help="(default: 1)")
    one.add_argument("--orders", type=int, default=ORDERS, metavar="M",
                     help=f"orders of joining for Shapley shares (default: {ORDERS})")
    one.add_argument("--on", type=date.fromisoformat, metavar="DATE",
                     help="day of the threat feeds (default: the chain's own day)")


def model_of(chain: Chain, on: date | None) -> ChainModel:
    """A chain's model under the threat feeds of a day."""
    feeds, day = FeedStore.of_house(), on or chain.as_of
    return chain_model(chain, kev=feeds.kev(day), epss=feeds.epss(day))


def _shares(arguments: argparse.Namespace) -> Answer:
    if not 1 < arguments.years <= _MOST_YEARS:
        raise InputError(f"{arguments.years} years cannot be simulated", field="--years",
                         mend=f"give 2 to {_MOST_YEARS}")
    premium = (None if arguments.premium is None
               else parse_amount(arguments.premium, field="--premium"))
    chain = read_chain(arguments.chain)
    agreement = None if arguments.layers is None else read_layers(arguments.layers)
    model = model_of(chain, arguments.on)
    found = share_chain(model, agreement or layers_of(model.cover.policy), years=arguments.years,
                        seed=arguments.seed, premium_fen=premium, orders=arguments.orders)
    document = shares_document(found)
    return Answer(document, _text(document))


def _text(document: dict[str, JSON]) -> list[str]:
    firms = [one for one in document["parties"] if "cause_fen" in one]
    largest = sorted(firms, key=lambda one: -max(one["declared_fen"], one["fair_fen"]))
    premium = document["programme_premium"]
    percentile = percent(document["level_ppm"])
    return [
        f"presented a year  {format_yuan(document['presented']['mean_fen'])}"
        f" ± {format_yuan(document['presented']['se_fen'])}",
        f"above all layers  {format_yuan(document['above_layers']['mean_fen'])}",
        f"premium a year    {format_yuan(premium['net_fen'])} ({premium['basis']})",
        "",
        *table(("layer", "mean", "deviation", f"mean above {percentile}", "years with any",
                "insurers bear", "firms bear"),
               [(one["id"], format_yuan(one["mean_fen"]), format_yuan(one["sd_fen"]),
                 format_yuan(one["tail_fen"]), percent(one["years_with_any_ppm"]),
                 format_yuan(sum(each["fen"] for each in one["insurers"])),
                 format_yuan(one["firms_fen"])) for one in document["layers"]]),
        "",
        *table(("layer", "share", "agreed", "by its causes"),
               [row for one in document["layers"] for row in _share_rows(one)]),
        "",
        *table(("party", "own", "exported", "shared causes", "bears as agreed", "by its causes",
                "pays for others", "premium"),
               [(one["id"], *(format_yuan(one[f"{name}_fen"]) for name in (
                   "own", "exported", "shared_causes", "declared", "fair", "pays_for_others",
                   "premium"))) for one in largest[:_SHOWN]]),
        *([f"… and {len(largest) - _SHOWN} more: see --json"] if len(largest) > _SHOWN else []),
        "",
        *_flows(document["flows"]),
        "",
        *table(("group", "share of the tail (Shapley)", "share of the tail (co-TVaR)"),
               [(one["group"], format_yuan(one["shapley_fen"]), format_yuan(one["co_tail_fen"]))
                for one in document["groups"]]),
        "shares of the tail are for information: causes drive the proposal"]


def _flows(flows: list[dict[str, JSON]]) -> list[str]:
    """Who bears (rows) what whose events (columns) cost a year."""
    causes = list(dict.fromkeys(one["cause"] for one in flows))
    fen = {(one["bearer"], one["cause"]): one["fen"] for one in flows}
    return table(("bears … of events at", *causes),
                 [(bearer, *(format_yuan(fen.get((bearer, cause), 0)) for cause in causes))
                  for bearer in dict.fromkeys(one["bearer"] for one in flows)])


def _share_rows(layer: dict[str, JSON]) -> list[tuple[str, str, str, str]]:
    """Insurers, the owner and all other firms: shares as agreed beside those by causes."""
    insured, owner, others = layer["proposal"].values()
    agreed_owner = sum(one["share_ppm"] for one in layer["participants"]
                       if one["role"] == "chain_owner")
    return [(layer["id"], "insurers", percent(insured), percent(insured)),
            (layer["id"], "owner", percent(agreed_owner), percent(owner)),
            (layer["id"], "other firms", percent(1_000_000 - insured - agreed_owner),
             percent(others))]
