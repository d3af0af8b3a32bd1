"""What a chain's programme pays on each impact: the policy's own terms, on the firm's own facts.

Each firm's event grid runs through the compiled terms twice: as the firm where the event started
(its own response, restoration and interruption sections) and as one that the attack came to along
the chain (the propagation section). Limits that several members share stand wide open there; they
are taken within one event and over the year, since only there is known who shares them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Final

import msgspec
import numpy as np

from dinghai.foundation.calendar import start_of
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import apply_ppm
from dinghai.losses.evaluation import ITEM_FACTS, Columns, event_facts
from dinghai.losses.model import LossModel
from dinghai.losses.severity import EventGrid
from dinghai.losses.tables import PERILS
from dinghai.pricing.quote import priced_policy
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.outcomes import BINS, Whole, condensed
from dinghai.terms.compiler import compile_policy
from dinghai.terms.kernel import run
from dinghai.terms.program import ItemShape, Program
from dinghai.wording.policy import Party, Policy, Schedule, scheduled_layers, scheduled_sections
from dinghai.wording.products import load_product

OWN: Final = ("FP-IR", "FP-DATA", "FP-BI")
SPREAD: Final = "SC-PROP"
SUPPLY: Final = "SC-CBI"
OPEN_FEN: Final = 10**15
DAY: Final = 86_400
_MEMBER: Final = "M"


@dataclass(frozen=True, slots=True, eq=False)
class Cover:
    """By firm, peril and bin (as in `Outcomes`): ``own`` is what the programme pays a firm where an
    event starts, ``spread`` what the propagation section grants one that it came to, before the
    event deductible. Then what is shared, in fen: ``deductible`` of an insured, ``spread_limit`` of
    propagation and supply together in an event, ``own_limit`` of own sections in a year,
    ``event_limit`` and ``aggregate`` of all; and the owner's cover for lost supply: its limit, its
    limit for one supplier, and waiting and indemnity days."""

    policy: Policy
    own: Whole
    spread: Whole
    deductible: int
    spread_limit: int
    own_limit: int
    event_limit: int
    aggregate: int
    supply_limit: int
    per_supplier: int
    waiting_days: float
    indemnity_days: float


def programme_policy(chain: Chain) -> Policy:
    """The programme as it is priced: every term explained. Raises InputError for terms outside the
    product's bounds."""
    wanted, product = chain.programme, load_product(chain.programme.product)
    aggregate = wanted.aggregate_fen or product.limits.aggregate_default_fen
    deductible = (wanted.event_deductible_fen if wanted.event_deductible_fen is not None
                  else product.limits.deductible_default_fen)
    begin = wanted.inception or chain.as_of
    owner = chain.firm[chain.owner]
    party = Party(name_zh=owner.name_zh, name_en=owner.name_en, credit_code=owner.credit_code)
    schedule = Schedule(
        policy_no="", applicant=party, insured=party, insurer=Party(name_zh=""), inception=begin,
        expiry=_year_after(begin), aggregate_limit_fen=aggregate,
        each_event_limit_fen=apply_ppm(aggregate, product.limits.each_event_ppm),
        event_deductible_fen=deductible, retroactive_date=begin,
        sections=scheduled_sections(product, aggregate),
        layers=scheduled_layers(product, aggregate),
        suppliers=tuple(firm.id for firm in chain.firms if firm.role == "supplier"),
        members=tuple(Party(name_zh=firm.name_zh, id=firm.id) for firm in chain.firms
                      if firm.id != chain.owner))
    return priced_policy(product, schedule, begin)


def _year_after(begin: date) -> date:
    try:
        return begin.replace(year=begin.year + 1) - timedelta(days=1)
    except ValueError:
        return date(begin.year + 1, 2, 28)


def cover_of(chain: Chain, models: Sequence[LossModel], *, parties: int) -> Cover:
    """The programme's payments on every firm's impacts. Raises InputError where the product has not
    the sections of a programme."""
    policy = programme_policy(chain)
    product, schedule = policy.product, policy.schedule
    missing = [code for code in (*OWN, SPREAD, SUPPLY) if not policy.grants(code)]
    if missing:
        raise InputError(f"{product.product_id} does not cover {', '.join(missing)}",
                         field="programme.product", mend="name a supply-chain programme")
    opened = _opened(policy)
    own = compile_policy(opened, [ItemShape(code, _MEMBER) for code in OWN])
    spread = compile_policy(_without_deductible(opened), [ItemShape(SPREAD, _MEMBER)])
    states = len(models[0].latent.event_weights)
    shape = (parties, len(PERILS), states, BINS)
    paid = np.zeros((2, *shape), dtype=np.int64)
    for firm, model in enumerate(models):
        for place, peril in enumerate(PERILS):
            events = model.perils[peril].events
            columns = (_run(own, _own_columns(own, opened, peril, events), events),
                       _run(spread, _spread_columns(spread, opened, peril, events), events))
            for state, means in enumerate(condensed(events, columns, states)):
                for which, mean in enumerate(means):
                    paid[which, firm, place, state] = mean
    flat = paid.reshape(2, parties, len(PERILS), states * BINS)
    supply = product.section(SUPPLY)
    assert supply is not None
    return Cover(
        policy=policy, own=flat[0], spread=flat[1], deductible=schedule.event_deductible_fen,
        spread_limit=_shared(policy, SPREAD, "each_event"),
        own_limit=_shared(policy, OWN[0], "annual"), event_limit=schedule.each_event_limit_fen,
        aggregate=schedule.aggregate_limit_fen, supply_limit=policy.sublimit(SUPPLY),
        per_supplier=chain.programme.per_supplier_fen or supply.per_supplier_fen or OPEN_FEN,
        waiting_days=(supply.waiting.seconds / DAY if supply.waiting else 0.0),
        indemnity_days=float(supply.indemnity_days or 365))


def _opened(policy: Policy) -> Policy:
    """The same contract for one member, with what members share wide open."""
    schedule = msgspec.structs.replace(
        policy.schedule, aggregate_limit_fen=OPEN_FEN, each_event_limit_fen=OPEN_FEN, layers=(),
        members=(Party(name_zh=_MEMBER, id=_MEMBER),))
    product = msgspec.structs.replace(policy.product, shared_limits=(), layers=())
    return msgspec.structs.replace(policy, schedule=schedule, product=product)


def _without_deductible(policy: Policy) -> Policy:
    return msgspec.structs.replace(policy, schedule=msgspec.structs.replace(
        policy.schedule, event_deductible_fen=0))


def _shared(policy: Policy, coverage: str, basis: str) -> int:
    """The limit that a section shares with others; wide open where there is none."""
    for one in policy.product.shared_limits:
        if coverage in one.coverages and one.basis == basis:
            if one.amount_fen is not None:
                return one.amount_fen
            return apply_ppm(policy.schedule.aggregate_limit_fen, one.ppm_of_aggregate or 0)
    return OPEN_FEN


def _run(program: Program, columns: Columns, events: EventGrid) -> Whole:
    return run(program, columns, ("total",), events=len(events.duration_seconds))["total"]


def _event_columns(policy: Policy, peril: str, events: EventGrid) -> Columns:
    moment = int(start_of(policy.schedule.inception).timestamp()) + 43_200
    return {"incident.peril": PERILS.index(peril), "incident.first_occurrence_at": moment,
            "incident.discovered_at": moment, "claim.made_at": moment,
            **event_facts(peril, events)}


def _own_columns(program: Program, policy: Policy, peril: str, events: EventGrid) -> Columns:
    columns = _event_columns(policy, peril, events)
    for place, code in enumerate(OWN):
        section = policy.product.section(code)
        waiting = section.waiting.seconds if section is not None and section.waiting else 0
        for name, value in ITEM_FACTS[code](events, partial(_lost, events, waiting)).items():
            columns[f"item[{place}].{name}"] = value
            if code == "FP-BI" and name == "bi.waiting_gross_profit_lost":
                columns[f"item[{place}].bi.hourly_gross_profit@first:{waiting}"] = value
    return _asked(program, columns)


def _lost(events: EventGrid, seconds: int) -> Whole:
    """Gross profit lost in the first seconds of each event, spread evenly."""
    profit = events.amounts["interruption"] + events.saved_costs
    whole = np.maximum(events.duration_seconds, 1)
    return np.rint(profit * (np.minimum(events.duration_seconds, seconds) / whole)).astype(
        np.int64)


def _spread_columns(program: Program, policy: Policy, peril: str, events: EventGrid) -> Columns:
    amounts = events.amounts
    return _asked(program, {
        **_event_columns(policy, peril, events), "event.propagated_attack": 1,
        "item[0].member.response_cost": amounts["response"],
        "item[0].member.restoration_cost": amounts["labour"] + amounts["vendor"],
        "item[0].member.interruption_loss": amounts["interruption"]})


def _asked(program: Program, columns: Columns) -> Columns:
    return {name: value for name, value in columns.items() if name in program.inputs}
