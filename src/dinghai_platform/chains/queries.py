"""Reads on supply chains: the list, a chain with its versions and runs, and what a run found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import QuerySet
from django.http import Http404

from dinghai_platform.chains.models import (
    ChainImport,
    ChainRun,
    ChainVersion,
    RunDocument,
    SupplyChain,
)
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.tenancy import visible_or_404

SHOWN: Final = 5
"""Chains on the start page."""


def chains(actor: Actor) -> QuerySet[SupplyChain]:
    """The chains an actor sees."""
    return SupplyChain.objects.visible_to(actor).select_related("tenant", "owner", "begun_by")


def newest_chains(actor: Actor) -> list[tuple[SupplyChain, ChainRun | None]]:
    """The newest chains in use with the last run of each that is done."""
    rows = list(chains(actor).filter(state=SupplyChain.State.ACTIVE).order_by("-id")[:SHOWN])
    done = {one.chain_id: one for one in ChainRun.objects.visible_to(actor).filter(
        chain__in=rows, state=ChainRun.State.DONE).defer("fault").order_by("id")}
    return [(row, done.get(row.pk)) for row in rows]


def chain(actor: Actor, key: Any) -> SupplyChain:
    """One chain, or Http404."""
    rows = SupplyChain.objects.all().select_related("tenant", "owner", "begun_by", "withdrawn_by")
    found: SupplyChain = visible_or_404(rows, actor, pk=key)
    return found


def versions(row: SupplyChain) -> QuerySet[ChainVersion]:
    """The versions of a chain in hand, newest first, without their documents."""
    return ChainVersion.objects.within(row.tenant_id).filter(chain=row).select_related(
        "kept_by", "tenant", "owner", "chain").defer("document").order_by("-number")


def version(row: SupplyChain, number: int | None = None) -> ChainVersion:
    """One version of a chain in hand (the last unless stated), or Http404."""
    found = versions(row).filter(number=row.latest if number is None else number).first()
    if found is None:
        raise Http404("no such version")
    return found


def runs(actor: Actor) -> QuerySet[ChainRun]:
    """The runs an actor sees."""
    return ChainRun.objects.visible_to(actor).select_related(
        "chain", "version", "job", "asked_by").defer("version__document")


def run(actor: Actor, key: Any) -> ChainRun:
    """One run, or Http404."""
    rows = ChainRun.objects.all().select_related(
        "tenant", "owner", "chain", "version", "job", "asked_by").defer("version__document")
    found: ChainRun = visible_or_404(rows, actor, pk=key)
    return found


def runs_of(row: SupplyChain) -> QuerySet[ChainRun]:
    """The runs of a chain in hand, newest first."""
    return ChainRun.objects.within(row.tenant_id).filter(chain=row).select_related(
        "version", "job", "asked_by", "chain").defer("version__document").order_by("-id")


def part(found: ChainRun, name: str) -> dict[str, Any] | None:
    """A part of what a run found; None while it does not hold it."""
    if name not in found.holds:
        return None
    document: dict[str, Any] = RunDocument.objects.within(found.tenant_id).values_list(
        "document", flat=True).get(run=found, part=name)
    return document


def levels_found(
    version: ChainVersion, *, kev_as_of: date, epss_as_of: date | None
) -> dict[str, Any] | None:
    """The levels that the last run of a version in hand found by these threat tables, if one did.
    """
    done = ChainRun.objects.within(version.tenant_id).filter(
        version=version, state=ChainRun.State.DONE, kev_as_of=kev_as_of, epss_as_of=epss_as_of)
    for found in done.order_by("-id")[:SHOWN]:
        if (document := part(found, "levels")) is not None:
            return document
    return None


def imports(actor: Actor) -> QuerySet[ChainImport]:
    """The uploads an actor sees, without their bytes."""
    return ChainImport.objects.visible_to(actor).select_related(
        "tenant", "owner", "chain", "begun_by", "version").defer(
            "content", "document", "version__document")


def waiting(actor: Actor, key: Any) -> ChainImport:
    """One upload with its bytes, or Http404."""
    rows = ChainImport.objects.all().select_related(
        "tenant", "owner", "chain", "begun_by", "version").defer("version__document")
    found: ChainImport = visible_or_404(rows, actor, pk=key)
    return found


@dataclass(frozen=True, slots=True)
class Choice:
    """What a page of a chain shows: one version, and the run of it that its figures are of."""

    chain: SupplyChain
    version: ChainVersion
    run: ChainRun | None
    version_asked: bool
    run_asked: bool

    @property
    def is_latest(self) -> bool:
        """Whether the version shown is the last one."""
        return self.version.number == self.chain.latest


def choose(actor: Actor, key: Any, *, number: str = "", run_key: str = "") -> Choice:
    """The chain with the version and run that a page asks for: the last ones unless stated.

    A run that is named brings its version with it. Raises Http404 for what there is not.
    """
    row = chain(actor, key)
    if run_key:
        named = run(actor, run_key)
        if named.chain_id != row.pk:
            raise Http404("no such run")
        return Choice(row, named.version, named, True, True)
    if number and not number.isdecimal():
        raise Http404("no such version")
    chosen = version(row, int(number[:9]) if number else None)
    last = runs_of(row).filter(version=chosen, state=ChainRun.State.DONE).first()
    return Choice(row, chosen, last, bool(number), False)
