"""`dinghai chain float`: what a changed chain does to each member's premium, and what lowers it."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import Final

from dinghai.cli.chain_shares import model_of
from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.evidence.feed_store import FeedStore
from dinghai.foundation.calendar import year_later
from dinghai.foundation.canonical import JSON, read_json
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import format_yuan, parse_amount
from dinghai.pricing.floating import load_float_rule
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.chain_float import WORLDS, Feeds, FloatBase, float_chain
from dinghai.supplychain.chain_float_document import float_document
from dinghai.supplychain.chain_patch import patched
from dinghai.wording.saying import percent

_MOST_WORLDS: Final = 1_000_000
_SHOWN: Final = 15


def register(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the command."""
    one = add_command(commands, "float", _float,
                      "what a changed chain does to members' premiums, with reasons and appeal")
    one.add_argument("chain", type=Path, metavar="CHAIN", help="the chain at bind")
    one.add_argument("--after", type=Path, metavar="PATCH|CHAIN2",
                     help="a patch, or the chain as it is now (default: as at bind)")
    one.add_argument("--firm", metavar="ID", help="one member, with the fixes that lower it most")
    one.add_argument("--fixes", type=int, default=5, metavar="N",
                     help="fixes shown with --firm (default: 5)")
    one.add_argument("--premium", metavar="AMOUNT",
                     help="the programme's premium a year, allocated to members (default: each "
                          "member's caused payments with parameter load and expenses)")
    one.add_argument("--rule", metavar="ID", help="float rule (default: the product's)")
    one.add_argument("--on", type=date.fromisoformat, metavar="DATE",
                     help="day of the reading (default: the later of its chain's day and "
                          "inception)")
    one.add_argument("--worlds", type=int, default=WORLDS, metavar="N",
                     help=f"attempts for each beginning and aim (default: {WORLDS})")
    one.add_argument("--seed", type=int, default=1, metavar="S", help="(default: 1)")


def _float(arguments: argparse.Namespace) -> Answer:
    if not 20 <= arguments.worlds <= _MOST_WORLDS:
        raise InputError(f"{arguments.worlds} attempts are too few or too many", field="--worlds",
                         mend=f"give 20 to {_MOST_WORLDS}")
    if arguments.fixes < 0:
        raise InputError("fixes are a number", field="--fixes", mend="give 0 or more")
    premium = (None if arguments.premium is None
               else parse_amount(arguments.premium, field="--premium"))
    chain = read_chain(arguments.chain)
    after = _after(chain, arguments.after)
    places = {one.id: place for place, one in enumerate(chain.firms)}
    if arguments.firm is not None and arguments.firm not in places:
        raise InputError(f"there is no firm {arguments.firm!r} in the chain", field="--firm",
                         mend="name a firm's id")
    rule = None if arguments.rule is None else load_float_rule(arguments.rule)
    model = model_of(chain, None)
    base = FloatBase(model, _feeds(chain.as_of), arguments.worlds, arguments.seed)
    found = float_chain(base, after, _feeds(after.as_of), premium_fen=premium)
    inception = model.cover.policy.schedule.inception
    on = arguments.on or max(after.as_of, inception)
    rule = rule or load_float_rule(model.cover.policy.product.rating.float_rule)
    shown = ([places[arguments.firm]] if arguments.firm is not None
             else [one.firm for one in found.firms])
    document = float_document(
        found, rule, on=on, inception=inception, expiry=year_later(inception), firms=shown,
        fixes=arguments.fixes if arguments.firm is not None else 0)
    return Answer(document, _text(document))


def _after(chain: Chain, path: Path | None) -> Chain:
    """The chain as it is now: a folder, a whole document, or a patch of the chain at bind."""
    if path is None:
        return chain
    if path.is_dir():
        return read_chain(path)
    document = read_json(path)
    if isinstance(document, dict) and "schema" in document:
        return read_chain(path)
    return patched(chain, document, file=str(path))


def _feeds(on: date) -> Feeds:
    house = FeedStore.of_house()
    return Feeds(house.kev(on), house.epss(on))


def _text(document: dict[str, JSON]) -> list[str]:
    firms = document["firms"]
    moved = sorted((one for one in firms if one["factor_ppm"] != 1_000_000),
                   key=lambda one: (-abs(one["change_a_year_fen"]), one["id"]))
    shown = firms if len(firms) == 1 else moved
    lines = [
        f"caused payments a year  {format_yuan(document['caused_before_fen'])} at bind, "
        f"{format_yuan(document['caused_after_fen'])} now",
        f"premium a year          {format_yuan(document['premium_fen'])} "
        f"({document['premium_basis']})",
        f"rule                    {document['rule']['id']} ({document['rule']['type']})",
        "",
        *(table(("member", "own and exported", "ratio", "± se", "credibility", "factor",
                 "premium", "change a year", "once confirmed"),
                [(one["id"], format_yuan(one["caused_before_fen"]), percent(one["own_ppm"]),
                  percent(one["se_ppm"]), percent(one["credibility_at_bind_ppm"]),
                  percent(one["factor_ppm"]), format_yuan(one["premium_fen"]),
                  format_yuan(one["change_a_year_fen"]), _proposal(one["if_confirmed"]))
                 for one in shown[:_SHOWN]]) if shown else ["no member's premium moves"])]
    if len(shown) > _SHOWN:
        lines.append(f"… and {len(shown) - _SHOWN} more: see --json")
    for one in shown[:_SHOWN]:
        if one["changed"] and one["reasons"]:
            lines += ["", f"{one['id']}: why", *_effects(one["reasons"])]
        if "notice" in one and one["changed"]:
            appeal = one["notice"]["appeal"]
            lines.append(f"  may be disputed until {appeal['until']} "
                         f"({appeal['working_days']} working days)")
        if "fixes" in one:
            lines += ["", f"{one['id']}: what lowers the premium",
                      *(_effects(one["fixes"]) if one["fixes"] else ["  nothing that is known"])]
    return lines


def _proposal(one: dict[str, JSON]) -> str:
    if one["proposal"] == "refund":
        return f"refund {format_yuan(one['amount_fen'])} from {one['effective']}"
    return str(one["proposal"]).replace("_", " ")


def _effects(rows: list[dict[str, JSON]]) -> list[str]:
    return ["  " + line for line in table(
        ("what", "", "factor", "premium a year", "caused payments a year"),
        [(one["table"], one["subject"], percent(one["factor_ppm"]),
          format_yuan(one["premium_fen"]), format_yuan(one["caused_fen"])) for one in rows])]
