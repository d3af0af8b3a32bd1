"""Cyber accounts of Open Exposure Data: contracts from a file, and payments from losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from dinghai.foundation.calendar import start_of
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault, InputError
from dinghai.portfolio.oed_fields import Money, oed_table, read_rows
from dinghai.portfolio.oed_policy import Names, Placed, contracts, inexpressible
from dinghai.portfolio.oed_terms import LayerTerms, PolicyTerms, layer_terms, policy_terms
from dinghai.terms import tracing
from dinghai.terms.cells import fact_cells
from dinghai.terms.compiler import compile_policy
from dinghai.terms.tracing import TracedRun
from dinghai.vocabulary.facts import IncidentFacts, KnownFact, LossItem
from dinghai.wording.policy import Policy
from dinghai.wording.words import INTERRUPTIONS

_MOMENTS: Final = ("incident.first_occurrence_at", "incident.discovered_at", "claim.made_at")


@dataclass(frozen=True, slots=True)
class OedContract:
    """Records that agree below their layers, as contracts that decide and price."""

    terms: PolicyTerms
    layers: tuple[LayerTerms, ...]
    policies: tuple[Policy, ...]


@dataclass(frozen=True, slots=True)
class OedPolicy:
    """One policy number of an account."""

    portfolio: str
    account: str
    number: str
    insured: str
    contracts: tuple[OedContract, ...]

    @property
    def policies(self) -> tuple[Policy, ...]:
        """All its contracts; what they pay adds up."""
        return tuple(policy for one in self.contracts for policy in one.policies)

    @property
    def layers(self) -> tuple[LayerTerms, ...]:
        """All its layers as the file states them."""
        return tuple(layer for one in self.contracts for layer in one.layers)


@dataclass(frozen=True, slots=True)
class _Record:
    """What one record of the file says."""

    insured: str
    terms: PolicyTerms
    layer: LayerTerms
    gross_premium_fen: int


def read_oed_account(
    path: Path, *, rates: Mapping[str, str | Decimal] | None = None,
    granted: Sequence[str] | None = None,
    insured_values: Mapping[str, str | Decimal] | None = None,
) -> list[OedPolicy]:
    """The policies of an account file, in its order.

    ``rates`` are CNY for one unit of other currencies. ``granted`` stands instead of PolCoverage.
    ``insured_values`` (in the account's currency, by coverage) are what shares of value are taken
    of, instead of the annual revenue. Raises one InputError for all faults.
    """
    money = Money(_decimals(rates or {}, "rates"))
    values = _decimals(insured_values or {}, "insured_values", known=oed_table().coverages)
    faults: list[Fault] = []
    grouped: dict[tuple[str, str, str], list[_Record]] = {}
    for row in read_rows(path, money):
        key = (row.required("PortNumber"), row.required("AccNumber"), row.required("PolNumber"))
        terms, layer = policy_terms(row, granted, values), layer_terms(row)
        premium = row.fen("PolGrossPremium", row.text("AccCurrency").upper())
        if any(layer.number == other.layer.number for other in grouped.get(key, ())):
            row.fault("LayerNumber", f"layer {layer.number} of the policy stands twice",
                      "number the layers of a policy 1, 2, …")
        if not row.faults:
            for field, message, mend in inexpressible(terms):
                row.fault(field, message, mend)
        faults += row.faults
        grouped.setdefault(key, []).append(_Record(
            row.text("InsuredName", row.text("AccName", key[1])), terms, layer, premium))
    if faults:
        raise InputError.of(faults)
    if not grouped:
        raise InputError("there is no account in the file", file=str(path),
                         mend="add a record below the header")
    return [_policy(key, rows) for key, rows in grouped.items()]


def ground_up_to_payment(
    policy: OedPolicy, losses_by_coverage: Mapping[str, int], *,
    interruption_seconds: Mapping[str, int] | None = None, peril: str | None = None,
) -> int:
    """What a policy pays, in fen, for one event's ground-up losses in fen by coverage.

    Losses of coverages that the policy does not grant are not insured, nor is anything by a peril
    it does not cover. ``interruption_seconds`` says how long lost time lasted; a policy with a
    waiting period needs it. Raises InputError.
    """
    losses = _losses(losses_by_coverage)
    lasted = {_coverage(name): seconds for name, seconds in (interruption_seconds or {}).items()}
    total = 0
    for contract in policy.contracts:
        if peril is not None and not _covers(contract.terms, peril):
            continue
        total += sum(run_losses(one, losses, lasted).output("total")
                     for one in contract.policies if _items(one, losses))
    return total


def run_losses(
    policy: Policy, losses: Mapping[str, int], interruption_seconds: Mapping[str, int]
) -> TracedRun:
    """A contract walked for losses by coverage of the standard; every step can be read."""
    shape = _items(policy, losses)
    program = compile_policy(policy, [coverage for _code, coverage in shape])
    items = tuple(
        LossItem(no, coverage, code,
                 _item_facts(policy, code, coverage, losses[code], interruption_seconds))
        for no, (code, coverage) in enumerate(shape, start=1))
    incident = IncidentFacts(_event_facts(policy), items)
    return tracing.run(program, fact_cells(program, incident))


def _items(policy: Policy, losses: Mapping[str, int]) -> list[tuple[str, str]]:
    """Code and section of each loss that the contract grants."""
    return [(one.code, one.coverage) for one in oed_table().coverages.values()
            if losses.get(one.code) and policy.grants(one.coverage)]


def _event_facts(policy: Policy) -> dict[str, KnownFact]:
    """An event on the first day, with every trigger: the standard knows neither."""
    moment = start_of(policy.schedule.inception).isoformat()
    triggers = {one for section in policy.product.sections for one in section.triggers or ()}
    return {**_known(dict.fromkeys(_MOMENTS, moment)), **_known(dict.fromkeys(triggers, True))}


def _item_facts(
    policy: Policy, code: str, coverage: str, loss: int, interruption_seconds: Mapping[str, int]
) -> dict[str, KnownFact]:
    section = policy.product.section(coverage)
    assert section is not None and section.valuation is not None  # it was bound and granted
    if section.valuation.method not in INTERRUPTIONS:
        return _known({"item.amount": loss})
    seconds = interruption_seconds.get(code)
    if seconds is None:
        raise InputError(f"nobody said how long the interruption of {code} lasted",
                         field="interruption_seconds",
                         mend=f"give it, as in --hours {code}=72: the policy has a waiting or "
                              "indemnity period")
    return _known({"bi.net_profit_lost": loss, "bi.continuing_costs": 0,
                   "bi.interruption_seconds": seconds, "bi.period_seconds": seconds})


def _known(values: Mapping[str, JSON]) -> dict[str, KnownFact]:
    return {name: KnownFact(name, value) for name, value in values.items()}


def _losses(losses_by_coverage: Mapping[str, int]) -> dict[str, int]:
    losses: dict[str, int] = {}
    for name, loss in losses_by_coverage.items():
        code = _coverage(name)
        if loss < 0:
            raise InputError(f"the loss of {name} is negative", field=name, mend="give 0 or more")
        losses[code] = losses.get(code, 0) + loss
    return losses


def _coverage(name: str) -> str:
    members = oed_table().members(name)
    if len(members) != 1:
        raise InputError(f"{name!r} is not one cyber coverage", field=name,
                         mend="one of: " + ", ".join(oed_table().coverages))
    return members[0]


def _covers(terms: PolicyTerms, peril: str) -> bool:
    perils = oed_table().perils
    if peril not in perils:
        raise InputError(f"{peril!r} is not a cyber peril", field="peril",
                         mend="one of: " + ", ".join(perils))
    return set(perils[peril]) <= terms.perils


def _policy(
    key: tuple[str, str, str], records: list[_Record]
) -> OedPolicy:
    portfolio, account, number = key
    insured = records[0].insured
    by_terms: dict[PolicyTerms, list[_Record]] = {}
    for one in records:
        by_terms.setdefault(one.terms, []).append(one)
    found = []
    for index, (terms, group) in enumerate(by_terms.items(), start=1):
        name = number if len(by_terms) == 1 else f"{number}-{index}"
        placed = [Placed(f"{number}/{one.layer.number}", one.layer, one.gross_premium_fen)
                  for one in group]
        found.append(OedContract(terms, tuple(one.layer for one in group),
                                 contracts(terms, placed, Names(name, insured))))
    return OedPolicy(portfolio, account, number, insured, tuple(found))


def _decimals(
    given: Mapping[str, str | Decimal], field: str, known: Mapping[str, object] | None = None
) -> dict[str, Decimal]:
    """Positive numbers of the caller by their name."""
    numbers = {}
    for name, value in given.items():
        try:
            number = Decimal(value)
        except InvalidOperation as error:
            raise InputError(f"{value!r} is not a number", field=f"{field}.{name}",
                             mend="write digits and a decimal point") from error
        if not number.is_finite() or number <= 0:
            raise InputError(f"{value} is not above zero", field=f"{field}.{name}",
                             mend="give a positive number")
        if known is not None and name not in known:
            raise InputError(f"{name!r} is not a cyber coverage", field=f"{field}.{name}",
                             mend="one of: " + ", ".join(known))
        numbers[name] = number
    return numbers
