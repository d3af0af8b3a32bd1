"""A chain with what the dossiers of its firms add. What the chain itself says always wins."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from dinghai.assessment.answers import Answer, read_answers
from dinghai.assessment.dossier import read_dossier, read_readings
from dinghai.assessment.profile import Profile
from dinghai.evidence.feeds import EpssTable, KevTable
from dinghai.evidence.finding import EvidenceReading
from dinghai.foundation.canonical import JSON, sha256_hex
from dinghai.foundation.errors import Fault, InputError
from dinghai.supplychain.chain import Asset, Chain, ControlScore, Firm, Weakness
from dinghai.supplychain.chain_checks import wrongs_of_chain
from dinghai.supplychain.chain_file import DOSSIERS, chain_of, read_any_text
from dinghai.supplychain.firm_evidence import FirmEvidence, firm_evidence, place_assets

_OF_PROFILE: Final[Mapping[str, str]] = {
    "gross_profit_rate_ppm": "gross_profit_rate_ppm", "headcount": "headcount",
    "endpoints": "endpoints", "records_general": "pi_records_general",
    "records_sensitive": "pi_records_sensitive", "important_data": "important_data",
    "critical_infrastructure": "critical_infrastructure",
    "online_revenue_ppm": "online_revenue_ppm",
    "tolerable_outage_seconds": "tolerable_outage_seconds", "operations_systems": "ot_systems"}


@dataclass(frozen=True, slots=True)
class KnownBy:
    """How one thing about a firm is known: by the chain's own rows, or by the firm's dossier."""

    firm: str
    table: Literal["firms", "controls", "assets", "weaknesses"]
    what: str
    by: Literal["chain", "dossier"]

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"firm": self.firm, "table": self.table, "what": self.what, "by": self.by}


@dataclass(frozen=True, slots=True)
class MergedChain:
    """A chain with its dossiers. ``known_by`` covers the firms that have one; ``notes`` are places
    where a dossier and the chain differ, and records of scans that could not be read."""

    chain: Chain
    known_by: tuple[KnownBy, ...]
    notes: tuple[Fault, ...]


@dataclass(slots=True)
class _Additions:
    firms: dict[str, Firm]
    controls: list[ControlScore] = field(default_factory=list)
    assets: dict[tuple[str, str], Asset] = field(default_factory=dict)
    weaknesses: list[Weakness] = field(default_factory=list)
    assets_of: dict[str, dict[str, Asset]] = field(default_factory=dict)
    known_by: list[KnownBy] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)


def chain_of_dossiers(
    chain: Chain, folder: Path, *, kev: KevTable, epss: EpssTable | None = None,
    within: Path | None = None,
) -> MergedChain:
    """The chain with what its firms' dossiers add, assessed on the chain's day.

    A firm's dossier is the folder it names (from the chain's folder), or ``dossiers/<its id>``.
    With a ``profile.toml`` it is a whole dossier, without one answers and scans alone. No dossier
    may lie outside ``within`` (the folder above the chain's, unless stated). Raises InputError with
    the faults of all dossiers.
    """
    room = (within or folder.absolute().parent).resolve()
    faults: list[Fault] = []
    made = _Additions({one.id: one for one in chain.firms},
                      assets={(one.firm, one.id): one for one in chain.assets})
    for asset in chain.assets:
        made.assets_of.setdefault(asset.firm, {})[asset.id] = asset
    stated = {(one.firm, one.indicator) for one in chain.controls}
    known = {(one.firm, one.asset, one.cve, one.technique) for one in chain.weaknesses}
    for firm in chain.firms:
        place = dossier_of(firm, folder)
        if place is None:
            continue
        name = firm.dossier or f"{DOSSIERS}/{firm.id}"
        try:
            if not place.resolve().is_relative_to(room):
                raise InputError("the dossier lies outside the chain's room", field="dossier",
                                 mend=f"put it below {room.name}")
            _add(made, firm, name, _read(place, chain.as_of), chain, stated, known, kev, epss)
        except InputError as error:
            faults.extend(Fault(one.message, f"{name}/{one.file}" if one.file else name,
                                one.line or 1, one.field, one.mend) for one in error.faults)
    if faults:
        raise InputError.of(faults)
    merged = msgspec.structs.replace(
        chain, firms=tuple(made.firms.values()), assets=tuple(made.assets.values()),
        controls=(*chain.controls, *made.controls),
        weaknesses=(*chain.weaknesses, *made.weaknesses))
    if wrongs_of_chain(merged):  # nothing that a scan says may break what the chain promises
        chain_of(msgspec.to_builtins(merged))
    return MergedChain(merged, tuple(made.known_by), tuple(made.notes))


def dossier_of(firm: Firm, folder: Path) -> Path | None:
    """The folder of a firm's dossier, if it has one."""
    if firm.dossier is not None:
        return folder / firm.dossier
    usual = folder / DOSSIERS / firm.id
    return usual if usual.is_dir() else None


def dossiers_named_from(chain: Chain, folder: Path, goal: Path) -> Chain:
    """The chain of a folder as it must name its dossiers from another folder."""
    firms = []
    for firm in chain.firms:
        place = dossier_of(firm, folder)
        firms.append(firm if place is None else msgspec.structs.replace(
            firm, dossier=Path(os.path.relpath(place.resolve(), goal.resolve())).as_posix()))
    return msgspec.structs.replace(chain, firms=tuple(firms))


_Known = tuple[Profile | None, Mapping[str, Answer], tuple[EvidenceReading, ...]]


def _read(place: Path, on: date) -> _Known:
    if not place.is_dir():
        raise InputError("there is no such dossier", mend="check the path, or take it away")
    if (place / "profile.toml").is_file():
        dossier = read_dossier(place, today=on)
        return dossier.profile, dossier.answers, dossier.readings
    return None, _answers(place, on), read_readings(place)


def _answers(place: Path, on: date) -> Mapping[str, Answer]:
    if not (place / "answers.csv").is_file():
        return {}
    hashes = {path.relative_to(place).as_posix(): sha256_hex(path.read_bytes())
              for path in sorted((place / "evidence").rglob("*")) if path.is_file()}
    return read_answers(read_any_text(place / "answers.csv", "answers.csv"), "answers.csv", hashes,
                        today=on, complete=False)


def _add(made: _Additions, firm: Firm, name: str, known: _Known, chain: Chain,
         stated: set[tuple[str, str]], weak: set[Any], kev: KevTable,
         epss: EpssTable | None) -> None:
    profile, answers, readings = known
    for reading in readings:
        made.notes += [Fault(one.reason, f"{name}/{reading.source_name}", one.line, one.reference,
                             one.mend) for one in reading.rejected]
    if profile is not None:
        made.firms[firm.id] = _exposures(made, firm, name, profile)
    found = firm_evidence(firm.id, answers, readings, kev=kev, epss=epss, on=chain.as_of,
                          assessed=profile is not None)
    for score in found.controls:
        mine = (firm.id, score.indicator) not in stated
        if mine:
            made.controls.append(score)
        made.known_by.append(KnownBy(firm.id, "controls", score.indicator,
                                     "dossier" if mine else "chain"))
    _add_assets(made, firm.id, found, weak)


def _add_assets(made: _Additions, firm: str, found: FirmEvidence, weak: set[Any]) -> None:
    """Assets of the scans: into the chain's own of the same id or name, or beside them."""
    mine = made.assets_of.setdefault(firm, {})
    names, new = place_assets(found, mine)
    made.assets.update(((firm, code), one) for code, one in mine.items())
    made.known_by += [KnownBy(firm, "assets", one, "dossier" if one in new else "chain")
                      for one in names.values()]
    for weakness in found.weaknesses:
        moved = msgspec.structs.replace(weakness, asset=names[weakness.asset])
        key = (firm, moved.asset, moved.cve, moved.technique)
        if key not in weak:
            weak.add(key)
            made.weaknesses.append(moved)
            made.known_by.append(KnownBy(
                firm, "weaknesses", f"{moved.asset} {moved.cve or moved.technique}", "dossier"))


def _exposures(made: _Additions, firm: Firm, name: str, profile: Profile) -> Firm:
    """The firm with the exposures that only its profile states."""
    further: dict[str, Any] = {}
    for mine, theirs in _OF_PROFILE.items():
        value, said = getattr(profile, theirs), getattr(firm, mine)
        if value is None and said is None:
            continue
        if said is None:
            further[mine] = value
        made.known_by.append(KnownBy(firm.id, "firms", mine,
                                     "dossier" if said is None else "chain"))
        made.notes.extend(_differs(name, firm.id, mine, said, value))
    made.notes.extend(_differs(name, firm.id, "revenue_fen", firm.revenue_fen,
                               profile.revenue_fen))
    made.notes.extend(_differs(name, firm.id, "industry", firm.industry, profile.industry))
    code = profile.organisation.credit_code
    if code and not firm.credit_code:
        further["credit_code"] = code
    return msgspec.structs.replace(firm, **further)


def _differs(file: str, firm: str, field_of: str, said: Any, value: Any) -> Iterator[Fault]:
    if said is not None and value is not None and said != value:
        yield Fault(f"the chain says {said}, the dossier of {firm} {value}: the chain's counts",
                    f"{file}/profile.toml", None, field_of, "mend one of the two")
