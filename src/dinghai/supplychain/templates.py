"""Templates: what a firm of a sector and size usually is and runs, where it tells little.

Every figure that is taken from a template is an estimate and is handed back as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM
from dinghai.foundation.trace import Source
from dinghai.supplychain.chain import Asset, AssetKind, Chain, Firm, LinkKind
from dinghai.supplychain.language_files import ASSET_KINDS, Figure
from dinghai.supplychain.template_file import (
    SIZES,
    Size,
    Template,
    TemplatesFile,
    shipped_templates,
)

_SENDING: Final[Mapping[LinkKind, AssetKind]] = {
    "software_update": "build", "remote_access": "remote_access", "data_share": "files",
    "email_trust": "mail", "shared_provider": "cloud"}
_RECEIVING: Final[Mapping[LinkKind, AssetKind]] = {
    "remote_access": "remote_access", "email_trust": "mail", "shared_provider": "cloud"}
"""What a link says of the firms at its ends: who sends updates builds them."""
_ORDER: Final[Mapping[AssetKind, int]] = {kind: place for place, kind in enumerate(ASSET_KINDS)}
_NO_SHARE: Final = (0.0, 0.2)
"""The range of what stops with a kind of asset that firms of the template do not usually have."""


@dataclass(frozen=True, slots=True)
class TemplateEstimate:
    """One fact that a firm did not give and its template did."""

    firm: str
    field: str
    value: int | bool | str
    unit: str
    template: str
    source: Source

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"firm": self.firm, "field": self.field, "value": self.value, "unit": self.unit,
                "template": self.template, "source": self.source.to_dict()}


@dataclass(frozen=True, slots=True)
class FirmProfile:
    """A firm's exposures, given or estimated: what the loss model reads. Fen, ppm, seconds."""

    revenue_fen: int
    gross_profit_rate_ppm: int
    gross_profit_per_day_fen: int | None
    industry: str
    pi_records_general: int
    pi_records_sensitive: int
    important_data: bool | None
    critical_infrastructure: bool | None
    online_revenue_ppm: int
    tolerable_outage_seconds: int
    ot_systems: int
    headcount: int
    endpoints: int
    jurisdictions: Sequence[str]
    high_value_payments_per_year: int
    recovery_seconds: int
    size: Size
    template: str
    providers: tuple[Mapping[str, JSON], ...] = ()


def template_of(firm: Firm, file: TemplatesFile | None = None) -> Template:
    """The firm's template: the one it names, else its section's. Raises InputError."""
    file = file or shipped_templates()
    if firm.template is not None:
        for one in file.templates:
            if one.id == firm.template:
                return one
        raise InputError(f"there is no template {firm.template!r}", field=f"{firm.id}.template",
                         mend="one of: " + ", ".join(one.id for one in file.templates))
    for one in file.templates:
        if firm.industry in tuple(one.sections):
            return one
    raise InputError(f"{firm.industry!r} is not a section of GB/T 4754",
                     field=f"{firm.id}.industry", mend="give a letter from A to T")


def size_of(firm: Firm, file: TemplatesFile | None = None) -> Size:
    """The firm's size: the largest class whose headcount and revenue it both has."""
    file = file or shipped_templates()
    headcount = firm.headcount
    if headcount is None:
        headcount = max(round(firm.revenue_fen / 100 * _heads(template_of(firm, file)).value), 1)
    row = next(one for one in file.sizes if firm.industry in one.sections or not one.sections)
    for size, people, yuan in zip(SIZES[:0:-1], row.headcount, row.revenue_yuan, strict=True):
        if headcount >= people and firm.revenue_fen >= yuan * 100:
            return size
    return "micro"


def complete(
    firm: Firm, chain: Chain | None = None, file: TemplatesFile | None = None
) -> tuple[FirmProfile, tuple[TemplateEstimate, ...]]:
    """The firm's profile for the loss model, and every fact in it that is an estimate.

    An unknown flag stays unknown. The chain, where given, says which shared providers the firm
    depends on. Raises InputError for an unknown section or template.
    """
    file = file or shipped_templates()
    template, size = template_of(firm, file), size_of(firm, file)
    taken = _Taken(firm, template, file.as_of, [])
    heads = taken.count("headcount", firm.headcount, _heads(template),
                        times=firm.revenue_fen / 100, least=1)
    systems = Figure(template.operations_systems[SIZES.index(size)],
                       template.operations_systems_interval[SIZES.index(size)])
    profile = FirmProfile(
        revenue_fen=firm.revenue_fen,
        gross_profit_rate_ppm=taken.ppm("gross_profit_rate_ppm", firm.gross_profit_rate_ppm,
                                        template.gross_profit_rate),
        gross_profit_per_day_fen=None,
        industry=firm.industry,
        pi_records_general=taken.count("records_general", firm.records_general,
                                       template.records_general_per_head, times=heads),
        pi_records_sensitive=taken.count("records_sensitive", firm.records_sensitive,
                                         template.records_sensitive_per_head, times=heads),
        important_data=firm.important_data,
        critical_infrastructure=firm.critical_infrastructure,
        online_revenue_ppm=taken.ppm("online_revenue_ppm", firm.online_revenue_ppm,
                                     template.online_revenue),
        tolerable_outage_seconds=taken.seconds(
            "tolerable_outage_seconds", firm.tolerable_outage_seconds,
            template.tolerable_outage_hours),
        ot_systems=taken.count("operations_systems", firm.operations_systems, systems),
        headcount=heads,
        endpoints=taken.count("endpoints", firm.endpoints, template.endpoints_per_head,
                              times=heads, least=1),
        jurisdictions=("CN-mainland",),
        high_value_payments_per_year=taken.count(
            "high_value_payments_per_year", None, template.payments_per_head, times=heads),
        recovery_seconds=taken.seconds("recovery_seconds", firm.recovery_seconds,
                                       template.recovery_hours),
        size=size, template=template.id, providers=_providers(firm, chain))
    return profile, tuple(taken.estimates)


@dataclass(frozen=True, slots=True)
class _Taken:
    """What is given, else the template's figure, which is noted as an estimate."""

    firm: Firm
    template: Template
    as_of: str
    estimates: list[TemplateEstimate]

    def count(self, field: str, given: int | None, figure: Figure, *, times: float = 1.0,
              least: int = 0) -> int:
        """A number of things: the figure times so many, at least so many."""
        return self._scaled(field, given, figure, times, "count", least)

    def ppm(self, field: str, given: int | None, figure: Figure) -> int:
        """A share of the whole."""
        return self._scaled(field, given, figure, PPM, "ppm")

    def seconds(self, field: str, given: int | None, hours: Figure) -> int:
        """A time that the template gives in hours."""
        return self._scaled(field, given, hours, 3600, "seconds")

    def _scaled(self, field: str, given: int | None, figure: Figure, times: float, unit: str,
                least: int = 0) -> int:
        if given is not None:
            return given
        value, low, high = (max(round(times * one), least)
                            for one in (figure.value, *figure.interval))
        self.estimates.append(TemplateEstimate(
            self.firm.id, field, value, unit, self.template.id,
            Source(self.template.source, self.template.confidence, self.as_of, (low, high))))
        return value


def assets_of(
    chain: Chain, firm: Firm, file: TemplatesFile | None = None
) -> tuple[tuple[Asset, ...], tuple[TemplateEstimate, ...]]:
    """The firm's assets in the order of kinds, each with its share of output and whether the
    internet sees it; and what of it is estimated.

    A kind that the firm does not list is taken from its template or follows from its links; an
    estimated asset has its kind as its name. Raises InputError for a name that stands twice.
    """
    file = file or shipped_templates()
    template = template_of(firm, file)
    source = Source(template.source, template.confidence, file.as_of)
    visible = Source(file.exposure.source, file.exposure.confidence, file.as_of)
    given = chain.assets_of.get(firm.id, ())
    names = {one.id for one in given}
    if len(names) < len(given):
        raise InputError(f"an asset of {firm.id} stands twice", field="assets.id",
                         mend="give each asset of a firm its own name")
    estimates: list[TemplateEstimate] = []

    def note(field: str, value: int | bool | str, unit: str, source: Source) -> None:
        estimates.append(TemplateEstimate(firm.id, field, value, unit, template.id, source))

    found: list[tuple[str, AssetKind, Asset | None]] = [(one.id, one.kind, one) for one in given]
    listed = {one.kind for one in given}
    for kind in _usual(chain, firm, template, size_of(firm, file)):
        if kind not in listed:
            name = kind if kind not in names else f"{kind}.estimated"
            found.append((name, kind, None))
            note(f"assets.{name}", kind, "asset", source)
    out = []
    for name, kind, known in sorted(found, key=lambda one: _ORDER[one[1]]):  # stable
        share = None if known is None else known.output_share_ppm
        seen = None if known is None else known.exposed
        if share is not None and seen is not None and known is not None:
            out.append(known)
            continue
        if share is None:
            share = round(template.output_share.get(kind, 0.0) * PPM)
            low, high = template.output_share_interval.get(kind, _NO_SHARE)
            note(f"assets.{name}.output_share_ppm", share, "ppm", Source(
                source.name, source.confidence, source.as_of,
                (round(low * PPM), round(high * PPM))))
        if seen is None:
            seen = kind in file.exposure.kinds
            if name in names:  # what is there by estimate is seen by estimate
                note(f"assets.{name}.exposed", seen, "flag", visible)
        out.append(Asset(firm=firm.id, id=name, kind=kind, exposed=seen, output_share_ppm=share)
                   if known is None else msgspec.structs.replace(
                       known, exposed=seen, output_share_ppm=share))
    return tuple(out), tuple(estimates)


def _usual(chain: Chain, firm: Firm, template: Template, size: Size) -> tuple[AssetKind, ...]:
    """The kinds of asset that a firm like this has, and those that its links say it has."""
    kinds = {kind for kind, least in template.runs.items()
             if SIZES.index(size) >= SIZES.index(least)}
    if firm.operations_systems == 0:
        kinds.discard("operations")
    elif firm.operations_systems is not None:
        kinds.add("operations")
    outgoing = {link.kind for link in chain.links_from.get(firm.id, ())}
    incoming = {link.kind for link in chain.links_to.get(firm.id, ())}
    kinds |= {kind for link, kind in _SENDING.items() if link in outgoing}
    kinds |= {kind for link, kind in _RECEIVING.items() if link in incoming}
    return tuple(kind for kind in ASSET_KINDS if kind in kinds)


def _providers(firm: Firm, chain: Chain | None) -> tuple[Mapping[str, JSON], ...]:
    links = chain.links_to.get(firm.id, ()) if chain is not None else ()
    names = dict.fromkeys(one.source for one in links if one.kind == "shared_provider")
    return tuple({"id": name, "critical": True} for name in names)


def _heads(template: Template) -> Figure:
    """Heads for each yuan of revenue."""
    figure = template.revenue_per_head_yuan
    return Figure(1.0 / figure.value, (1.0 / figure.interval[1], 1.0 / figure.interval[0]))
