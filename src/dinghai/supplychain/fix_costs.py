"""What fixes of a chain cost: the house's tables, or offers from a file."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import Fen
from dinghai.foundation.reading import read_toml
from dinghai.foundation.trace import Source
from dinghai.pricing.rating import EffortClass, FixCost, load_effort, load_fix_costs
from dinghai.supplychain.chain import Chain, Weakness

Cost = Annotated[int, msgspec.Meta(gt=0, le=10**15)]
LINK_GUARDS: Final = ("mfa", "segmentation")


class _Rows(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the file."""


class FindingCosts(_Rows, frozen=True):
    """To close one finding, by its severity."""

    critical_fen: Cost
    high_fen: Cost
    medium_fen: Cost
    low_fen: Cost


class LinkCosts(_Rows, frozen=True):
    """To guard one link: strong authentication, or its own segment."""

    mfa_fen: Cost
    segmentation_fen: Cost


class Offer(_Rows, frozen=True):
    """What full marks from nothing of an indicator cost at one firm."""

    firm: str
    indicator: str
    full_fen: Cost


class ChainFixCosts(_Rows, frozen=True):
    """Costs of fixes in a chain (schema dinghai.chain-fix-costs/1); what a file leaves out is taken
    from the tables that ship. ``classes`` and ``full_fen`` are as in dinghai.fix-costs/1 and hold
    for every firm, ``offers`` for one."""

    schema: Literal["dinghai.chain-fix-costs/1"]
    version: str
    source: str
    confidence: str
    classes: dict[EffortClass, FixCost] = {}
    full_fen: dict[str, Cost] = {}
    offers: tuple[Offer, ...] = ()
    findings: FindingCosts | None = None
    links: LinkCosts | None = None


class Costs:
    """The costs in force: those of a file before those that ship."""

    def __init__(self, given: ChainFixCosts | None = None) -> None:
        shipped = shipped_chain_costs()
        self._given = given or shipped
        self._house = load_fix_costs()
        self._controls = msgspec.structs.replace(
            self._house, classes={**self._house.classes, **self._given.classes},
            full_fen={**self._house.full_fen, **self._given.full_fen})
        self._offers = {(one.firm, one.indicator): one.full_fen for one in self._given.offers}
        findings, links = self._given.findings or shipped.findings, self._given.links or (
            shipped.links)
        assert findings is not None
        assert links is not None
        self._findings, self._links = findings, links

    def control(self, firm: str, indicator: str, *, endpoints: int, people: int) -> Fen | None:
        """Full marks from nothing at a firm; None where no table has a cost."""
        offered = self._offers.get((firm, indicator))
        return self._controls.full(indicator, endpoints=endpoints, people=people) if (
            offered is None) else offered

    def finding(self, weakness: Weakness) -> Fen:
        """To close a finding."""
        return int(getattr(self._findings, f"{weakness.severity}_fen"))

    def link(self, guard: str) -> Fen:
        """To guard a link by ``mfa`` or ``segmentation``."""
        return int(getattr(self._links, f"{guard}_fen"))

    def origin(self) -> list[dict[str, JSON]]:
        """Where the costs come from, the file's first."""
        given = self._given
        found = [Source(given.source, given.confidence, given.version), self._house.origin()]
        if given.findings is None or given.links is None:
            shipped = shipped_chain_costs()
            found.append(Source(shipped.source, shipped.confidence, shipped.version))
        return [one.to_dict() for one in found]


@cache
def shipped_chain_costs() -> ChainFixCosts:
    """The table that ships with the engine."""
    with as_file(files("dinghai.data") / "supplychain" / "hardening_costs.toml") as path:
        return read_toml(path, ChainFixCosts)


def read_chain_costs(path: Path, chain: Chain) -> ChainFixCosts:
    """Offers for a chain. Raises InputError for a firm or an indicator that is not there."""
    costs = read_toml(path, ChainFixCosts)
    known = load_effort().classes
    for place, offer in enumerate(costs.offers):
        if offer.firm not in chain.firm:
            raise InputError(f"the chain has no firm {offer.firm!r}", file=str(path),
                             field=f"offers[{place}].firm", mend="name a firm of the chain")
        _known(offer.indicator, known, path, f"offers[{place}].indicator")
    for indicator in costs.full_fen:
        _known(indicator, known, path, f"full_fen.{indicator}")
    return costs


def _known(indicator: str, known: dict[str, EffortClass], path: Path, field: str) -> None:
    if indicator not in known:
        raise InputError(f"there is no indicator {indicator!r}", file=str(path), field=field,
                         mend="name one of the questionnaire")


