"""A chain from what people have: a supplier list, questionnaires, scans and bills of materials.

Every guess, assumption, gap and rejected row is told. What is imported now takes the place of what
was there of the same key; an empty cell never does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec

from dinghai.evidence.feeds import EpssTable, KevTable
from dinghai.experience.own_columns import plain
from dinghai.experience.own_values import CellFault
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import MAXIMUM_FEN, PPM
from dinghai.supplychain.chain import (
    Asset,
    Chain,
    ControlScore,
    Firm,
    Weakness,
)
from dinghai.supplychain.chain_cells import read_cell
from dinghai.supplychain.chain_checks import share_of, wrongs_of_chain
from dinghai.supplychain.chain_file import chain_of
from dinghai.supplychain.chain_making import Assumed, Making, WeaknessKey, remember, take_list
from dinghai.supplychain.firm_evidence import firm_evidence, place_assets
from dinghai.supplychain.supplier_columns import Guess
from dinghai.supplychain.supplier_evidence import (
    SupplierEvidence,
    read_supplier_answers,
    read_supplier_scans,
)
from dinghai.supplychain.supplier_list import read_supplier_list
from dinghai.vocabulary.industries import industries

ASSUMABLE: Final = ("revenue", "industry", "tier", "share", "stock", "headcount")
_BOUNDS: Final[Mapping[str, tuple[int, int, str]]] = {
    "revenue": (1, MAXIMUM_FEN, "write an amount above zero"),
    "tier": (1, 20, "the owner alone is tier 0: write 1 to 20"),
    "share": (0, PPM, "write a share from 0% to 100%"),
    "stock": (0, 10**11, "write a shorter time"), "headcount": (0, 10**11, "write fewer")}


@dataclass(frozen=True, slots=True)
class ChainImport:
    """The chain after an import, and all that must be known of it.

    ``missing`` names firms by what is not known of them; ``rejected`` are rows and files left
    out, ``unread`` cells left out of rows that were kept.
    """

    chain: Chain
    added: tuple[str, ...]
    changed: tuple[str, ...]
    rows: int
    guesses: tuple[Guess, ...]
    strange: tuple[str, ...]
    assumed: tuple[Assumed, ...]
    missing: Mapping[str, tuple[str, ...]]
    rejected: tuple[Fault, ...]
    unread: tuple[Fault, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, JSON]:
        """The document ``dinghai.chain-import/1``."""
        chain = self.chain
        return {
            "schema": "dinghai.chain-import/1", "chain": chain.id, "rows": self.rows,
            "firms": len(chain.firms), "added": list(self.added), "changed": list(self.changed),
            "counts": {name: len(getattr(chain, name)) for name in (
                "controls", "assets", "weaknesses", "providers", "links", "goods")},
            "guesses": [one.to_dict() for one in self.guesses],
            "not_read": list(self.strange),
            "assumed": [one.to_dict() for one in self.assumed],
            "missing": {what: list(firms) for what, firms in self.missing.items()},
            "rejected": [one.to_dict() for one in self.rejected],
            "unread": [one.to_dict() for one in self.unread], "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Sources:
    """What is imported. ``columns`` maps column ids to headings; ``assume`` values to fields."""

    suppliers: Path | None = None
    answers: Path | None = None
    evidence: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    assume: Mapping[str, str] = field(default_factory=dict)


def new_chain(*, id: str, name_zh: str, owner: str, owner_id: str, industry: str, revenue: str,
              as_of: date) -> Chain:
    """A chain of its owner alone, to import into. Raises InputError."""
    try:
        fen = int(read_cell("amount", revenue))
    except CellFault as fault:
        raise InputError(fault.message, field="--owner", mend=fault.mend) from fault
    firm = Firm(owner_id, owner, "owner", 0, industry, fen)
    chain = Chain("dinghai.chain/1", id, name_zh, owner_id, as_of, (firm,))
    try:
        return chain_of(msgspec.to_builtins(chain))
    except InputError as error:
        raise InputError.of(Fault(one.message, None, None, "--owner", one.mend)
                            for one in error.faults) from error


def import_chain(into: Chain, sources: Sources, *, kev: KevTable,
                 epss: EpssTable | None = None) -> ChainImport:
    """The chain with the sources in it. The chain given is not changed.

    Raises InputError for sources that cannot be read at all; single rows and files that cannot be
    used are ``rejected`` and the others stay.
    """
    assume = _assumptions(sources.assume)
    made = Making(
        into.owner, into.as_of, {one.id: one for one in into.firms},
        {(one.firm, one.indicator): one for one in into.controls},
        {(one.firm, one.id): one for one in into.assets},
        {_weakness_key(one): one for one in into.weaknesses},
        {one.id: one for one in into.providers},
        {(one.source, one.target, one.kind): one for one in into.links},
        {(one.source, one.target, one.item): one for one in into.goods})
    for firm in into.firms:
        remember(made, firm)
    for goods in into.goods:
        made.depends[goods.target] = made.depends.get(goods.target, 0) + share_of(goods)
    guesses: tuple[Guess, ...] = ()
    strange: tuple[str, ...] = ()
    rows = 0
    if sources.suppliers is not None:
        listed = read_supplier_list(sources.suppliers, sources.columns)
        guesses = tuple(sorted((*listed.header.columns.values(), *listed.header.left),
                               key=lambda one: one.place))
        strange, rows = listed.header.strange, listed.rows
        made.rejected += listed.rejected
        made.unread += listed.unread
        made.notes += listed.notes
        take_list(made, listed, assume)
    found = SupplierEvidence()
    if sources.answers is not None:
        read_supplier_answers(sources.answers, found, on=into.as_of)
    if sources.evidence is not None:
        read_supplier_scans(sources.evidence, found, on=into.as_of)
    made.rejected += found.rejected
    made.notes += found.notes
    _take_evidence(made, found, kev, epss)
    return _result(into, made, rows, guesses, strange)


def _result(into: Chain, made: Making, rows: int, guesses: tuple[Guess, ...],
            strange: tuple[str, ...]) -> ChainImport:
    chain = msgspec.structs.replace(
        into, firms=tuple(made.firms.values()), controls=tuple(made.controls.values()),
        assets=tuple(made.assets.values()), weaknesses=tuple(made.weaknesses.values()),
        providers=tuple(made.providers.values()), links=tuple(made.links.values()),
        goods=tuple(made.goods.values()))
    if wrongs_of_chain(chain):
        chain_of(msgspec.to_builtins(chain))
    before = into.firm
    return ChainImport(
        chain=chain, added=tuple(one for one in made.firms if one not in before),
        changed=tuple(code for code, one in made.firms.items()
                      if code in before and before[code] != one),
        rows=rows, guesses=guesses, strange=strange, assumed=tuple(made.assumed),
        missing=_missing(chain), rejected=_ordered(made.rejected),
        unread=_ordered(made.unread), notes=tuple(dict.fromkeys(made.notes)))


def _ordered(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    return tuple(sorted(faults, key=lambda one: (one.file or "", one.line or 0)))


def _missing(chain: Chain) -> Mapping[str, tuple[str, ...]]:
    """Firms by what is not known of them and would sharpen the figures."""
    scored = {one.firm for one in chain.controls}
    dealt = {one.source for one in chain.goods} | {one.target for one in chain.goods}
    linked = {one.source for one in chain.links} | {one.target for one in chain.links}
    without_stock = {one.source for one in chain.goods if one.stock_seconds is None}
    tests: dict[str, Iterable[str]] = {
        "headcount": (one.id for one in chain.firms if one.headcount is None),
        "controls": (one.id for one in chain.firms if one.id not in scored and not one.dossier),
        "delivery": (one.id for one in chain.firms if one.id not in dealt),
        "attack link": (one.id for one in chain.firms if one.id not in linked),
        "stock": (one.id for one in chain.firms if one.id in without_stock)}
    return {what: firms for what, every in tests.items() if (firms := tuple(every))}


def _assumptions(texts: Mapping[str, str]) -> dict[str, Any]:
    kinds: Mapping[str, Any] = {"revenue": "amount", "share": "share", "stock": "span",
                                "headcount": "whole", "tier": "whole", "industry": "text"}
    found: dict[str, Any] = {}
    faults = []
    for name, text in texts.items():
        try:
            if name not in kinds:
                raise CellFault(f"{name!r} cannot be assumed", "one of: " + ", ".join(ASSUMABLE))
            found[name] = read_cell(kinds[name], text)
            low, high, mend = _BOUNDS.get(name, (0, MAXIMUM_FEN, ""))
            if name == "industry" and text not in industries():
                raise CellFault(f"{text!r} is no section of GB/T 4754", "write a letter, A to T")
            if name != "industry" and not low <= found[name] <= high:
                raise CellFault(f"{text!r} is out of bounds", mend)
        except CellFault as fault:
            faults.append(Fault(fault.message, None, None, f"--assume {name}", fault.mend))
    if faults:
        raise InputError.of(faults)
    return found


def _take_evidence(made: Making, found: SupplierEvidence, kev: KevTable,
                   epss: EpssTable | None) -> None:
    assets: dict[str, dict[str, Asset]] = defaultdict(dict)
    for asset in made.assets.values():
        assets[asset.firm][asset.id] = asset
    _close(made, found)
    for name in found.names():
        firm = made.names.get(plain(name))
        if firm is None:
            file, line = found.places[name]
            made.rejected.append(Fault(f"there is no firm {name!r} in the list or the chain", file,
                                       line, "supplier",
                                       "name it by its id, name or credit code"))
            continue
        answers, readings = found.answers.get(name, {}), found.readings.get(name, [])
        known = firm_evidence(firm, answers, readings, kev=kev, epss=epss, on=made.as_of)
        for score in known.controls:
            _score(made.controls, score)
        mine = assets[firm]
        names, _ = place_assets(known, mine)
        made.assets.update(((firm, code), one) for code, one in mine.items())
        for weakness in known.weaknesses:
            moved = msgspec.structs.replace(weakness, asset=names[weakness.asset])
            made.weaknesses.setdefault(_weakness_key(moved), moved)


def _score(controls: dict[tuple[str, str], ControlScore], new: ControlScore) -> None:
    """An answer and a scan count by the lower of both; of the same kind the newer counts."""
    key = (new.firm, new.indicator)
    before = controls.get(key)
    other = before is not None and {before.known_by, new.known_by} == {"questionnaire", "scan"}
    if before is None or not other or before.score_ppm is None or new.score_ppm is None:
        controls[key] = new
        return
    controls[key] = ControlScore(new.firm, new.indicator, min(before.score_ppm, new.score_ppm),
                                 "assessment", new.as_of or before.as_of)


def _close(made: Making, found: SupplierEvidence) -> None:
    """Weaknesses that the same report named before are taken away: the new report says anew."""
    reports: dict[str, set[str]] = defaultdict(set)
    for name, readings in found.readings.items():
        if plain(name) in made.names:
            reports[made.names[plain(name)]] |= {one.source_name for one in readings}
    for key, one in list(made.weaknesses.items()):
        if any(one.source == name or one.source.startswith(f"{name} ")
               for name in reports.get(one.firm, ())):
            del made.weaknesses[key]


def _weakness_key(one: Weakness) -> WeaknessKey:
    return one.firm, one.asset, one.cve, one.technique
