"""Random events of random years, each against the claim that the same event would be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
import pytest

from dinghai.claims.adjudication import adjudicate
from dinghai.claims.history import history_of
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.cover import OWN, SPREAD, SUPPLY, Cover, programme_policy
from dinghai.supplychain.draws import world_word
from dinghai.supplychain.goods import DAY_SECONDS, Starved, goods_of
from dinghai.supplychain.outcomes import BINS, Outcomes
from dinghai.supplychain.programme import (
    Account,
    Terms,
    account_of,
    hungry_room,
    open_year,
    pay_event,
    terms_of,
)
from dinghai.supplychain.strikes import NOTHING, Room, field_of, room_of, strike
from dinghai.supplychain.twin import twin_of
from dinghai.supplychain.years import short_of_goods
from dinghai.wording.policy import Policy
from tests.making import make_claim
from tests.supplychain.twins import chain, firm_steps

FIRMS, DEDUCTIBLE = 7, 5_000_000
LINKS = [("s1", "s2", "remote_access"), ("s2", "o", "email_trust"), ("s3", "s1", "email_trust"),
         ("s4", "s5", "remote_access"), ("s5", "s1", "remote_access"),
         ("p1", "s3", "shared_provider"), ("p1", "s6", "shared_provider")]
GOODS = [("s1", "o", 0.4, 1), ("s2", "o", 0.3, 2), ("s3", "o", 0.2, 0), ("s1", "o", 0.25, 4),
         ("s4", "s1", 0.5, 1), ("s5", "s2", 0.7, 0), ("s6", "s3", 1.0, 2)]


@dataclass(frozen=True)
class Impact:
    """What an impact costs a firm: the facts of its claim, in fen."""

    response: int
    restoration: int
    interruption: int
    in_waiting: int

    def own(self) -> dict[str, tuple[int, int]]:
        """What own sections grant before shared limits, and what the deductible then takes."""
        response, restoration = min(self.response, 100_000_000), min(self.restoration, 200_000_000)
        after = max(self.interruption - max(self.in_waiting, DEDUCTIBLE), 0)
        left = max(DEDUCTIBLE - self.interruption, 0)
        return {"FP-IR": (response, 0), "FP-BI": (min(after, 500_000_000), 0),
                "FP-DATA": (restoration, min(left, restoration))}

    def spread(self, limit: int) -> tuple[int, int]:
        """The same of the propagation section."""
        amount = min(self.response + self.restoration + self.interruption, limit)
        return amount, min(amount, DEDUCTIBLE)

    def items(self, along: bool) -> list[tuple[str, dict[str, Any]]]:
        """The items of its claim."""
        if along:
            return [(SPREAD, {"member.response_cost": self.response,
                              "member.restoration_cost": self.restoration,
                              "member.interruption_loss": self.interruption})]
        return [("FP-IR", {"item.amount": self.response}),
                ("FP-DATA", {"data.labour_hours": 0, "data.hourly_rate": 0,
                             "data.vendor_cost": self.restoration}),
                ("FP-BI", _interruption(self.interruption, self.in_waiting))]


def _interruption(lost: int, in_waiting: int, seconds: int = 864_000) -> dict[str, Any]:
    return {"bi.standard_turnover": lost, "bi.actual_turnover": 0,
            "bi.gross_profit_rate": 1_000_000, "bi.interruption_seconds": seconds,
            "bi.period_seconds": seconds, "bi.waiting_gross_profit_lost": in_waiting}


def known_chain(aggregate: int) -> Chain:
    known = chain(FIRMS, LINKS, providers=1, goods=[
        {"from": a, "to": b, "share_ppm": round(share * 1e6), "stock_seconds": stock * 86_400}
        for a, b, share, stock in GOODS])
    return msgspec.structs.replace(known, programme=msgspec.structs.replace(
        known.programme, aggregate_fen=aggregate, event_deductible_fen=DEDUCTIBLE))


def the_policy(known: Chain, change: str) -> Policy:
    """The programme with a cap for one supplier that binds, and changed where asked."""
    policy = programme_policy(known)
    product = policy.product
    changes: dict[str, Any] = {"per_supplier_fen": 60_000_000}
    shared, schedule = product.shared_limits, policy.schedule
    layers = schedule.layers
    if change == "each event":  # limits anew for each event, layers that attach to each
        changes["sublimit"] = msgspec.structs.replace(
            product.section(SUPPLY).sublimit, basis="each_event")  # type: ignore[union-attr]
        shared = tuple(msgspec.structs.replace(one, basis="each_event") for one in shared)
        layers = tuple(msgspec.structs.replace(one, basis="each_event", reinstatements=1)
                       for one in layers)
    if change == "a gap":  # the insured retains a part of a layer, and nobody takes the rest
        first = layers[0]
        layers = (msgspec.structs.replace(first, participants=tuple(
            msgspec.structs.replace(one, role="insured" if one.role == "supplier" else one.role,
                                    share_ppm=one.share_ppm - 33_333)
            for one in first.participants)), *layers[1:])
    sections = tuple(msgspec.structs.replace(one, **changes) if one.coverage == SUPPLY else one
                     for one in product.sections)
    event_limit = schedule.aggregate_limit_fen * 2 // 5
    return msgspec.structs.replace(
        policy, product=msgspec.structs.replace(product, sections=sections, shared_limits=shared),
        schedule=msgspec.structs.replace(schedule, policy_no="CL-2026-000001", layers=layers,
                                         each_event_limit_fen=event_limit))


def cover_for(known: Chain, policy: Policy, impacts: list[list[Impact]]) -> Cover:
    sections = tuple(one for one in policy.product.sections
                     if one.coverage in (*OWN, SPREAD, SUPPLY))
    granted, deducted = np.zeros((2, len(sections), FIRMS, 6, BINS), dtype=np.int64)
    for place, section in enumerate(sections):
        for firm, row in enumerate(impacts):
            for number, impact in enumerate(row):
                where = place, firm, slice(None), number
                if section.coverage == SPREAD:
                    granted[where], deducted[where] = impact.spread(policy.sublimit(SPREAD))
                elif section.coverage != SUPPLY:
                    granted[where], deducted[where] = impact.own()[section.coverage]
    supply = policy.product.section(SUPPLY)
    assert supply is not None
    assert supply.per_supplier_fen is not None
    owner = np.arange(FIRMS) == 0
    return Cover(policy, sections, granted, deducted, supply.per_supplier_fen, 3.0, 90.0, owner,
                 ~owner)


def claim_of(
    known: Chain, impacts: list[list[Impact]], room: Room, hungry: Starved, terms: Terms,
    number: int,
) -> dict[str, Any]:
    """The claim file of the event in the room."""
    names = [firm.id if firm.id != known.owner else "" for firm in known.firms]
    items: list[dict[str, Any]] = []

    def add(coverage: str, insured: str, facts: dict[str, Any], **more: str) -> None:
        items.append({"coverage": coverage, "facts": facts, **more,
                      **({"insured": insured} if insured else {})})

    goods = goods_of(known)
    for way in hungry.way[:hungry.number[1]]:
        buyer, supplier = int(goods.buyer[way]), int(hungry.supplier[way])
        if buyer == 0:
            lost = int(hungry.cost[way] * terms.profit[buyer] + 1e-3)
            waited = min(int(hungry.waited[way] * terms.profit[buyer] + 1e-3), lost)
            seconds = 864_000 if waited < lost else 259_200  # no longer than the waiting time
            add(SUPPLY, "", _interruption(lost, waited, seconds), supplier=names[supplier])
    for slot in range(room.number[0]):
        party, came = int(room.party[slot]), int(room.came[slot])
        if room.loss[slot] != NOTHING and party < FIRMS:
            for coverage, facts in impacts[party][int(room.bin[slot])].items(
                    NOTHING < came < FIRMS):
                add(coverage, names[party], facts)
    claim = make_claim(items, {
        "event.supplier_interruption": True, "event.propagated_attack": True,
        "provider.on_schedule": True, "incident.root_cause_id": f"cause-{number}"})
    return {**claim, "claim_no": f"CLM-2026-{number:06d}"}


@dataclass(frozen=True)
class Found:
    """One event: what the simulation pays by line, and the decision."""

    lines: dict[tuple[str, str], int]
    layers: list[int]
    decision: dict[str, Any]


def years_of(aggregate: int, change: str, *, years: int, seed: int) -> list[list[Found]]:
    """Every event of random years, simulated and decided after what came before it in its year."""
    luck = np.random.default_rng(seed)
    known = known_chain(aggregate)
    policy = the_policy(known, change)
    impacts = [[Impact(*(int(10.0**luck.uniform(5.0, 8.6)) for _ in range(3)),
                       int(10.0**luck.uniform(5.0, 7.0))) for _ in range(BINS)]
               for _ in range(FIRMS)]
    impacts = [[replace(one, in_waiting=min(one.in_waiting, one.interruption)) for one in row]
               for row in impacts]
    cover = cover_for(known, policy, impacts)
    ground_up = np.ones((FIRMS + 1, 6, BINS), dtype=np.int64)
    stopped = np.zeros((FIRMS + 1, 6, BINS), dtype=np.int64)
    stopped[:FIRMS] = luck.uniform(0.0, 12.0 * DAY_SECONDS, (FIRMS, 6, BINS))
    goods = goods_of(known)
    profit = np.full(FIRMS, 31_234_567.8)
    terms = terms_of(cover, profit=profit, goods=goods)
    steps = firm_steps(entry=0.8, containment_mu=9.0)
    twin = twin_of(known, {firm.id: steps for firm in known.firms})
    twin = replace(twin, links=replace(twin.links, chance=np.full(len(LINKS), 0.9)))
    field = field_of(twin, Outcomes(np.ones(1), ground_up, stopped))
    room, hungry = room_of(field), hungry_room(goods, terms)
    account = account_of(terms, FIRMS + 1, len(goods.buyer))
    document, out, number = policy.to_dict(), [], 0
    for year in range(years):
        open_year(account)
        found: list[Found] = []
        for _ in range(int(luck.integers(1, 6))):
            number += 1
            root = int(luck.integers(0, FIRMS + 1))
            word = np.uint64(world_word(np.uint64(seed), number))
            strike(field, room, root, 0, -1, 1e9, word, number)
            short_of_goods(field, goods, hungry, room, 0, cover.waiting_days, number)
            pay_event(terms, account, room, hungry, goods, 0, year)
            claim = claim_of(known, impacts, room, hungry, terms, number)
            if claim["items"]:
                history = history_of((one.decision for one in found), "CL-2026-000001")
                found.append(Found(_lines(known, cover, account),
                                   account.event_layer.tolist(),
                                   adjudicate(document, claim, history)))
        out.append(found)
    return out


def _lines(known: Chain, cover: Cover, account: Account) -> dict[tuple[str, str], int]:
    lines: dict[tuple[str, str], int] = {}
    for line in range(account.number[0]):
        firm = known.firms[account.party[line]].id
        lines[cover.sections[account.section[line]].coverage,
              "" if firm == known.owner else firm] = int(account.amount[line])
    return lines


RULES = ("sublimit", "event_deductible", "supplier_cap", "shared_limit", "each_event_limit",
         "aggregate_limit", "layers")


@pytest.mark.parametrize(("aggregate", "change", "never"), [
    (1_000_000_000, "", {"layers"}),
    (3_000_000_000, "", {"shared_limit", "each_event_limit", "aggregate_limit", "layers"}),
    (1_000_000_000, "each event", {"aggregate_limit"}),
    (1_000_000_000, "a gap", {"aggregate_limit"})])
def test_every_line_of_every_event_is_paid_what_the_claim_pays(
    aggregate: int, change: str, never: set[str]
) -> None:
    bound = dict.fromkeys((*RULES, "three insured", "lost supply"), 0)
    for found in years_of(aggregate, change, years=40, seed=7):
        for one in found:
            decided = {(line["coverage"], line.get("insured", "")): line["payable_fen"]
                       for line in one.decision["lines"]}
            assert {key: fen for key, fen in one.lines.items() if fen} == {
                key: fen for key, fen in decided.items() if fen}
            assert one.layers == [layer["borne_fen"] for layer in one.decision["layers"]]
            bound["three insured"] += len({insured for _, insured in decided}) > 2
            bound["lost supply"] += any(fen for (code, _), fen in decided.items()
                                        if code == SUPPLY)
            for line in one.decision["lines"]:
                for step in line["steps"]:
                    if step["rule"] in RULES:
                        bound[step["rule"]] += (
                            step["inputs"]["before"] != step["outputs"]["after"])
    # a rule that never cut anything was not compared
    assert {name for name, times in bound.items() if not times} == never, str(bound)
