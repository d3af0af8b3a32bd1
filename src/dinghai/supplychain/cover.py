"""What a chain's programme pays on each impact: the policy's own terms, on the firm's own facts.

Each firm's event grid runs through the compiled terms: as the firm where the event started (its own
response, restoration and interruption sections) and as one that the attack came to along the chain
(the propagation section). Limits that several members or several events share stand wide open
there; `programme` takes them within one event and over the year, since only there is known who
shares them.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from dinghai.foundation.calendar import start_of
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import apply_ppm
from dinghai.losses.evaluation import ITEM_FACTS, Columns, event_facts, lost_within
from dinghai.losses.model import LossModel
from dinghai.losses.severity import EventGrid
from dinghai.losses.tables import PERILS
from dinghai.pricing.quote import priced_policy
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.outcomes import Whole, condensed
from dinghai.supplychain.step_graph import Floats
from dinghai.terms.compiler import compile_policy
from dinghai.terms.kernel import run
from dinghai.terms.program import ItemShape, Program
from dinghai.terms.states import section_name
from dinghai.wording.policy import Party, Policy, Schedule, scheduled_layers, scheduled_sections
from dinghai.wording.products import load_product
from dinghai.wording.sections import Section
from dinghai.wording.words import DEFAULT_ORDER

OWN: Final = ("FP-IR", "FP-DATA", "FP-BI")
SPREAD: Final = "SC-PROP"
SUPPLY: Final = "SC-CBI"
OPEN_FEN: Final = 10**15
DAY: Final = 86_400
_MEMBER: Final = "M"


@dataclass(frozen=True, slots=True, eq=False)
class Cover:
    """What the programme grants on every impact, and what its members share.

    ``sections`` are those simulated, in the product's order; ``granted`` and ``deducted`` are by
    section, firm, peril and bin (as in `Outcomes`), in fen: what comes to the shared limits, and
    what the deductible takes of it after them (zero for lost supply, which no bin decides). ``own``
    sections answer where an event begins, the propagation section where it came along the chain.
    ``insured`` are the firms that are covered for lost supply, by place; ``named`` the suppliers
    whose stop counts; ``per_supplier`` the most for one of them in an event; waiting and indemnity
    in days.
    """

    policy: Policy
    sections: tuple[Section, ...]
    granted: Whole
    deducted: Whole
    per_supplier: int
    waiting_days: float
    indemnity_days: float
    insured: npt.NDArray[np.bool_]
    named: npt.NDArray[np.bool_]

    @property
    def own(self) -> Whole:
        """What own sections pay on an impact where nothing that is shared is used up."""
        return self._uncut(OWN)

    @property
    def spread(self) -> Whole:
        """The same of the propagation section."""
        return self._uncut((SPREAD,))

    def _uncut(self, coverages: Sequence[str]) -> Whole:
        places = [place for place, one in enumerate(self.sections) if one.coverage in coverages]
        paid: Whole = (self.granted[places] - self.deducted[places]).sum(axis=0)
        return paid


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


def cover_of(
    chain: Chain, models: Sequence[LossModel], *, parties: int, terms: MemberTerms | None = None
) -> Cover:
    """The programme's payments on every firm's impacts, one event grid after another; ``terms`` in
    place of the chain's. What `firm_losses` makes of many firms is held to it. Raises InputError
    where the product has not the sections of a programme, or terms that no simulated event can be
    paid by."""
    terms = terms or MemberTerms.of(programme_policy(chain))
    states = len(models[0].latent.event_weights)
    rows = []
    for model in models:
        found = []
        for peril in PERILS:
            events = model.perils[peril].events
            columns = terms.columns(peril, events)
            found.append(granted_by(terms, list(columns), condensed(
                events, tuple(columns.values()), states)))
        rows.append([np.stack([one[which] for one in found], axis=1) for which in range(2)])
    return cover_from(chain, terms, [one for one, _ in rows], [one for _, one in rows],
                      parties=parties)


def cover_from(
    chain: Chain, terms: MemberTerms, granted: Sequence[Whole], deducted: Sequence[Whole], *,
    parties: int,
) -> Cover:
    """The cover of firms by their rows, each by section, peril and bin."""
    sections, supply = terms.sections, terms.policy.product.section(SUPPLY)
    assert supply is not None
    count, perils, bins = granted[0].shape
    rows = np.zeros((2, count, parties, perils, bins), dtype=np.int64)
    for place, section in enumerate(sections):  # what stays nothing takes no memory
        if section.coverage != SUPPLY:
            rows[0, place, :len(granted)] = [one[place] for one in granted]
        if section.coverage in terms.bearing:
            rows[1, place, :len(deducted)] = [one[place] for one in deducted]
    everybody = supply.sublimit.per == "insured"
    named = "suppliers" in supply.schedule_refs
    return Cover(
        policy=terms.policy, sections=sections, granted=rows[0], deducted=rows[1],
        per_supplier=chain.programme.per_supplier_fen or supply.per_supplier_fen or OPEN_FEN,
        waiting_days=(supply.waiting.seconds / DAY if supply.waiting else 0.0),
        indemnity_days=float(supply.indemnity_days or 365),
        insured=np.array([everybody or firm.id == chain.owner for firm in chain.firms]),
        named=np.array([not named or firm.id in terms.suppliers for firm in chain.firms]))


def granted_by(
    terms: MemberTerms, columns: Sequence[tuple[str, str]], means: Floats
) -> tuple[Whole, Whole]:
    """What each section grants in each bin, and what the deductible takes of it, from the means of
    a firm's columns, by section and bin."""
    place = {one.coverage: number for number, one in enumerate(terms.sections)}
    fen = np.floor(means + _ROUNDING).astype(np.int64)
    granted, deducted = np.zeros((2, len(place), fen.shape[1]), dtype=np.int64)
    for (coverage, what), row in zip(columns, fen, strict=True):
        granted[place[coverage]] += row
        if what == _DEDUCTED:
            deducted[place[coverage]] = row
    return granted, deducted


_ROUNDING: Final = 1e-3
"""Means are rounded down to the fen, so that parts are no more than the whole; but no whole number
falls to the one below by what arithmetic leaves out."""
_PAID: Final = "paid"
_DEDUCTED: Final = "deducted"


def _check(policy: Policy) -> None:
    """Raises InputError for what is not simulated, naming all of it."""
    product, schedule = policy.product, policy.schedule
    wanted = (*OWN, SPREAD, SUPPLY)
    missing = [code for code in wanted if not policy.grants(code)]
    if missing:
        raise InputError(f"{product.product_id} does not cover {', '.join(missing)}",
                         field="programme.product", mend="name a supply-chain programme")
    sections = [one for one in product.sections if one.coverage in wanted]
    supply = product.section(SUPPLY)
    assert supply is not None
    strange = {
        "stages in an order of its own": product.calculation_order != DEFAULT_ORDER,
        "a deductible that members share": product.limits.deductible_per != "insured",
        "a deductible as a share of the loss": bool(schedule.event_deductible_ppm),
        "bounds of what is retained": bool(schedule.retention_minimum_fen)
        or schedule.retention_maximum_fen is not None,
        "a share of the insured": any(one.insured_share_ppm for one in sections),
        "limits beside the aggregate": not all(one.erodes_aggregate for one in sections),
        f"{SUPPLY} that bears a deductible": supply.retention.kind != "event_deductible"
        or supply.waiting is None or supply.waiting.mode != "replaces_deductible",
    }
    faults = [what for what, found in strange.items() if found]
    if faults:
        raise InputError(f"{product.product_id} has {', '.join(faults)}: that is not simulated",
                         field="programme.product", mend="name a supply-chain programme")


@dataclass(frozen=True, slots=True)
class MemberTerms:
    """A programme's ``policy`` and the ``sections`` of it that are simulated; and the contract for
    one member, with what members share wide ``opened``: as the firm where an event begins with its
    deductible and, of the sections that bear it, without, and as one that it came to."""

    policy: Policy
    sections: tuple[Section, ...]
    suppliers: frozenset[str]
    opened: Policy
    own: Program
    before: Program
    bearing: tuple[str, ...]
    spread: Program

    @classmethod
    def of(cls, policy: Policy) -> MemberTerms:
        """Compile them. Raises InputError where the product has not the sections of a programme, or
        terms that no simulated event can be paid by."""
        _check(policy)
        opened = _opened(policy)
        free = msgspec.structs.replace(opened, schedule=msgspec.structs.replace(
            opened.schedule, event_deductible_fen=0))
        bearing = tuple(one.coverage for one in policy.product.sections
                        if one.coverage in (*OWN, SPREAD) and _bears(one))
        return cls(
            policy, tuple(one for one in policy.product.sections
                          if one.coverage in (*OWN, SPREAD, SUPPLY)),
            frozenset(policy.schedule.suppliers), opened,
            compile_policy(opened, [ItemShape(code, _MEMBER) for code in OWN]),
            compile_policy(free, [ItemShape(code, _MEMBER) for code in OWN if code in bearing]),
            bearing, compile_policy(free, [ItemShape(SPREAD, _MEMBER)]))

    @property
    def waiting_seconds(self) -> int:
        """The waiting time of an interruption."""
        return _waiting(self.policy, "FP-BI")

    @property
    def column_names(self) -> tuple[tuple[str, str], ...]:
        """The columns there are, by section and what they say, in order."""
        return (*((code, _PAID) for code in OWN),
                *((code, _DEDUCTED) for code in OWN if code in self.bearing),
                (SPREAD, _PAID), (SPREAD, _DEDUCTED))

    def columns(self, peril: str, events: EventGrid) -> dict[tuple[str, str], Whole]:
        """What is paid and what the deductible took, by section, on each point of a grid."""
        paid = _run(self.own, _own_columns(self.own, self.opened, peril, events, OWN), events, OWN)
        bearing = [code for code in OWN if code in self.bearing]
        found = {(code, _PAID): paid[code] for code in OWN}
        if bearing:
            before = _run(self.before, _own_columns(self.before, self.opened, peril, events,
                                                    bearing), events, bearing)
            for code in bearing:
                found[code, _DEDUCTED] = np.subtract(before[code], paid[code], out=before[code])
        spread = _run(self.spread, _spread_columns(self.spread, self.opened, peril, events),
                      events, (SPREAD,))[SPREAD]
        taken = (np.minimum(spread, self.policy.schedule.event_deductible_fen)
                 if SPREAD in self.bearing else np.zeros_like(spread))
        return {**found, (SPREAD, _PAID): spread - taken, (SPREAD, _DEDUCTED): taken}


def happening(
    policy: Policy, peril: str, happens: Mapping[str, npt.NDArray[np.bool_]],
    asked: Container[str],
) -> Columns:
    """The facts of an event as a whole that are asked for, on each point of a grid."""
    moment = int(start_of(policy.schedule.inception).timestamp()) + 43_200
    facts = {"incident.peril": PERILS.index(peril), "incident.first_occurrence_at": moment,
             "incident.discovered_at": moment, "claim.made_at": moment,
             **event_facts(peril, happens, asked)}
    return {name: value for name, value in facts.items() if name in asked}


def payment_of(coverage: str) -> str:
    """What the terms call the payment of a section for one member."""
    return f"pay.{section_name(coverage, _MEMBER)}"


def _bears(section: Section) -> bool:
    """Whether the event deductible falls on it after the limits."""
    return section.retention.then_event_deductible or (
        section.retention.kind == "event_deductible" and section.waiting is None)


def _opened(policy: Policy) -> Policy:
    """The same contract for one member, with what members share wide open."""
    schedule = msgspec.structs.replace(
        policy.schedule, aggregate_limit_fen=OPEN_FEN, each_event_limit_fen=OPEN_FEN, layers=(),
        members=(Party(name_zh=_MEMBER, id=_MEMBER),))
    product = msgspec.structs.replace(policy.product, shared_limits=(), layers=())
    return msgspec.structs.replace(policy, schedule=schedule, product=product)


def _run(
    program: Program, columns: Columns, events: EventGrid, coverages: Sequence[str]
) -> dict[str, Whole]:
    names = tuple(payment_of(code) for code in coverages)
    return dict(zip(coverages, run(program, columns, names, events=len(
        events.duration_seconds)).values(), strict=True))


def _own_columns(
    program: Program, policy: Policy, peril: str, events: EventGrid, coverages: Sequence[str]
) -> Columns:
    columns = happening(policy, peril, events.happens, program.inputs)
    for place, code in enumerate(coverages):
        waiting = _waiting(policy, code)
        for name, value in ITEM_FACTS[code](events, partial(lost_within, events, waiting)).items():
            columns[f"item[{place}].{name}"] = value
            if code == "FP-BI" and name == "bi.waiting_gross_profit_lost":
                columns[f"item[{place}].bi.hourly_gross_profit@first:{waiting}"] = value
    return _asked(program, columns)


def _waiting(policy: Policy, coverage: str) -> int:
    section = policy.product.section(coverage)
    return section.waiting.seconds if section is not None and section.waiting else 0


def _spread_columns(program: Program, policy: Policy, peril: str, events: EventGrid) -> Columns:
    amounts = events.amounts
    return _asked(program, {
        **happening(policy, peril, events.happens, program.inputs),
        "event.propagated_attack": 1,
        "item[0].member.response_cost": amounts["response"],
        "item[0].member.restoration_cost": amounts["labour"] + amounts["vendor"],
        "item[0].member.interruption_loss": amounts["interruption"]})


def _asked(program: Program, columns: Columns) -> Columns:
    return {name: value for name, value in columns.items() if name in program.inputs}
