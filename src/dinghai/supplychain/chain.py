"""A supply chain as known (schema dinghai.chain/1): firms, what they run, and what joins them.

Attack links carry access and never goods; goods carry inoperability and never an attack. What a
firm leaves out is None, which is not zero: it is estimated from its template and marked so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Literal, TypeVar

import msgspec

from dinghai.foundation.money import MAXIMUM_FEN

Role = Literal["owner", "supplier", "dealer", "customer"]
LinkKind = Literal["remote_access", "software_update", "data_share", "email_trust",
                   "shared_credential", "shared_provider"]
ProviderKind = Literal["cloud", "managed_service", "software", "identity", "network", "other"]
AssetKind = Literal["workstations", "mail", "remote_access", "web", "directory", "files",
                    "business_system", "database", "backup", "build", "cloud", "operations"]

Identifier = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Ratio = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
Amount = Annotated[int, msgspec.Meta(ge=0, le=MAXIMUM_FEN)]
Count = Annotated[int, msgspec.Meta(ge=0, le=10**11)]


T = TypeVar("T")


class Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the chain."""


class Firm(Struct, frozen=True):
    """A firm of the chain. Money in fen, ratios in ppm, time in seconds; None is not known.

    ``tier`` is 0 for the owner and its distance in deals for the others. ``recovery_seconds`` is
    the median time to work again after a stop of everything. ``limit_fen`` and
    ``event_deductible_fen`` are of its own cover in the programme; None takes the programme's.
    ``dossier`` names its folder, where the chain has one. ``estimated`` are fields of this firm
    that were assumed when the chain was made, not stated by anyone.
    """

    id: Identifier
    name_zh: str
    role: Role
    tier: Annotated[int, msgspec.Meta(ge=0, le=20)]
    industry: str
    revenue_fen: Annotated[int, msgspec.Meta(gt=0, le=MAXIMUM_FEN)]
    name_en: str = ""
    credit_code: str = ""
    gross_profit_rate_ppm: Ratio | None = None
    headcount: Count | None = None
    endpoints: Count | None = None
    records_general: Count | None = None
    records_sensitive: Count | None = None
    important_data: bool | None = None
    critical_infrastructure: bool | None = None
    online_revenue_ppm: Ratio | None = None
    tolerable_outage_seconds: Count | None = None
    operations_systems: Count | None = None
    recovery_seconds: Count | None = None
    template: str | None = None
    dossier: str | None = None
    limit_fen: Amount | None = None
    event_deductible_fen: Amount | None = None
    province: str = ""
    estimated: tuple[str, ...] = ()


class ControlScore(Struct, frozen=True):
    """A firm's score of one indicator, in ppm of full marks, and how it is known."""

    firm: Identifier
    indicator: str
    score_ppm: Ratio | None
    known_by: Literal["assessment", "questionnaire", "scan", "estimate"] = "questionnaire"
    as_of: date | None = None


class Asset(Struct, frozen=True):
    """Something a firm runs. ``output_share_ppm`` is the part of its output that stops with it."""

    firm: Identifier
    id: Identifier
    kind: AssetKind
    name: str = ""
    exposed: bool | None = None
    output_share_ppm: Ratio | None = None
    products: tuple[str, ...] = ()
    """Package URLs or CPE names of what runs there: what common vulnerabilities are matched to."""


class Weakness(Struct, frozen=True):
    """A finding at a firm: a known vulnerability, or a weakness that opens a technique."""

    firm: Identifier
    asset: Identifier
    cve: str | None = None
    technique: str | None = None
    severity: Literal["critical", "high", "medium", "low"] = "high"
    observed_on: date | None = None
    source: str = ""


class Provider(Struct, frozen=True):
    """A cloud, managed service or software that several firms use: a node of its own."""

    id: Identifier
    name_zh: str
    kind: ProviderKind
    name_en: str = ""
    incidents_ppm_a_year: Count | None = None
    """Compromises that reach clients, in parts per million of a year; None takes the table's."""


class Link(Struct, frozen=True, rename={"source": "from", "target": "to"}):
    """A way for an attack from one firm or provider into another."""

    source: Identifier
    target: Identifier
    kind: LinkKind
    privilege: Literal["user", "administrator"] | None = None
    mfa: bool | None = None
    segmented: bool | None = None


class Goods(Struct, frozen=True, rename={"source": "from", "target": "to"}):
    """A delivery: ``share_ppm`` of the buyer's output stops without it once its stock is used up,
    less what can be bought elsewhere. ``item`` says what is delivered."""

    source: Identifier
    target: Identifier
    share_ppm: Ratio
    stock_seconds: Count | None = None
    substitutable_ppm: Ratio | None = None
    item: str = ""


class Programme(Struct, frozen=True):
    """What the chain is insured under; None takes the product's default."""

    product: str = "supply-chain-programme"
    inception: date | None = None
    aggregate_fen: Amount | None = None
    event_deductible_fen: Amount | None = None
    per_supplier_fen: Amount | None = None


class Chain(Struct, frozen=True, dict=True):
    """The whole chain."""

    schema: Literal["dinghai.chain/1"]
    id: Identifier
    name_zh: str
    owner: Identifier
    as_of: date
    firms: tuple[Firm, ...]
    name_en: str = ""
    programme: Programme = Programme()
    controls: tuple[ControlScore, ...] = ()
    assets: tuple[Asset, ...] = ()
    weaknesses: tuple[Weakness, ...] = ()
    providers: tuple[Provider, ...] = ()
    links: tuple[Link, ...] = ()
    goods: tuple[Goods, ...] = ()

    @cached_property
    def firm(self) -> Mapping[str, Firm]:
        """The firms by their id."""
        return {one.id: one for one in self.firms}

    @cached_property
    def controls_of(self) -> Mapping[str, tuple[ControlScore, ...]]:
        """The scores of each firm that has any."""
        return _grouped((one.firm, one) for one in self.controls)

    @cached_property
    def assets_of(self) -> Mapping[str, tuple[Asset, ...]]:
        """The assets of each firm that lists any."""
        return _grouped((one.firm, one) for one in self.assets)

    @cached_property
    def weaknesses_of(self) -> Mapping[str, tuple[Weakness, ...]]:
        """The findings at each firm that has any."""
        return _grouped((one.firm, one) for one in self.weaknesses)

    @cached_property
    def links_from(self) -> Mapping[str, tuple[Link, ...]]:
        """The attack links that leave a firm or provider."""
        return _grouped((one.source, one) for one in self.links)

    @cached_property
    def links_to(self) -> Mapping[str, tuple[Link, ...]]:
        """The attack links that lead to a firm or provider."""
        return _grouped((one.target, one) for one in self.links)


def _grouped(pairs: Iterable[tuple[str, T]]) -> Mapping[str, tuple[T, ...]]:
    found: dict[str, list[T]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return {key: tuple(values) for key, values in found.items()}
