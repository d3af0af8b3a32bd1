"""An application from a policy: what the platform knows is taken, what only the firm knows is
stated, and read as the engine reads a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dinghai.experience.own_values import CellFault
from dinghai.foundation.errors import Fault, InputError
from dinghai.schemes.subsidy_applications import Application, Fact, read_credit_code
from dinghai.schemes.subsidy_codes import read_area, read_firm_size, read_sector
from dinghai.schemes.subsidy_rule import SubsidyRule, kind_of_fact
from dinghai.supplychain.chain_cells import read_cell
from dinghai_platform.subsidies.policies import KnownPolicy


@dataclass(frozen=True, slots=True)
class Statement:
    """What the firm says of itself; empty texts are unknown. ``documents`` are ids of papers that
    are enclosed; ``credit_code`` counts only where the platform has none."""

    sector: str = ""
    area: str = ""
    size: str = ""
    credit_code: str = ""
    other_subsidies_fen: int = 0
    facts: Mapping[str, str] = field(default_factory=dict)
    documents: tuple[str, ...] = ()


def stated(
    rule: SubsidyRule, known: KnownPolicy, said: Statement, *, number: str, at: datetime,
    borne_by_others_fen: int | None = None,
) -> Application:
    """The application. Raises InputError with a fault for each field that cannot be read, and for a
    sector that the dossier behind the policy contradicts."""
    faults: list[Fault] = []

    def read(name: str, text: str, reader: Callable[[str], Any], empty: Any = "") -> Any:
        if not text.strip():
            return empty
        try:
            return reader(text.strip())
        except CellFault as fault:
            faults.append(Fault(fault.message, None, None, name, fault.mend))
            return empty

    policy = known.policy
    code = read("credit_code", policy.insured.credit_code or said.credit_code, read_credit_code)
    sector = read("sector", said.sector or known.section, read_sector)
    area, size = read("area", said.area, read_area), read("size", said.size, read_firm_size, None)
    facts = _facts(rule, said.facts, faults)
    others = known.borne_by_others_fen if borne_by_others_fen is None else borne_by_others_fen
    if not code and not faults:
        faults.append(Fault("the firm's credit code is not known", None, None, "credit_code",
                            "give its unified social credit code"))
    if sector and known.section and not sector.startswith(known.section):
        faults.append(Fault(
            f"the dossier behind the policy states section {known.section}", None, None, "sector",
            "state the sector of the dossier, or have the insurer correct it"))
    if not 0 <= said.other_subsidies_fen <= known.premium_fen - known.refunded_fen - (others or 0):
        faults.append(Fault("what others pay and what came back is more than the premium", None,
                            None, "other_subsidies", "check the amounts and their units"))
    if faults:
        raise InputError.of(faults)
    return Application(
        id=number, credit_code=code, name=policy.insured.name_zh, policy=known.number,
        premium_fen=known.premium_fen, applied_at=at, sector=sector, area=area, size=size,
        product=known.product, line="cyber", vat_fen=known.vat_fen,
        borne_by_others_fen=others, other_subsidies_fen=said.other_subsidies_fen,
        refunded_fen=known.refunded_fen, paid_on=known.paid_on, inception=policy.inception,
        expiry=policy.expiry, documents=said.documents or None, facts=facts)


def said_before(one: Application) -> Statement:
    """What a firm stated before, for its form."""
    return Statement(
        sector=one.sector, area=one.area, size=one.size or "", credit_code=one.credit_code,
        other_subsidies_fen=one.other_subsidies_fen, documents=one.documents or (),
        facts={name: _text(value) for name, value in one.facts.items()})


def _facts(
    rule: SubsidyRule, given: Mapping[str, str], faults: list[Fault]
) -> dict[str, Fact]:
    """The facts that the rule asks for, each read as the kind that it is compared with."""
    found: dict[str, Fact] = {}
    for one in rule.conditions:
        text = str(given.get(one.fact, "")).strip()
        if not text:
            continue
        try:
            found[one.fact] = _fact(kind_of_fact(one), text)
        except (CellFault, ValueError) as fault:
            faults.append(Fault(str(getattr(fault, "message", fault)), None, None,
                                f"fact.{one.fact}", getattr(fault, "mend", None) or ""))
    return found


def _fact(kind: str, text: str) -> Fact:
    if kind == "flag":
        return bool(read_cell("flag", text))
    if kind == "number":
        number = int(str(read_cell("whole", text)))
        if abs(number) > 10**15:
            raise CellFault("the number is larger than any that is kept", "write at most 10^15")
        return number
    return str(read_cell("text", text))[:200]


def _text(value: Fact) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
