"""Chains, their uploads and runs, for the tests of supply chains."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from dinghai_platform.chains.archives import chain_archive
from dinghai_platform.chains.models import ChainImport, ChainRun, ChainVersion, SupplyChain
from dinghai_platform.chains.services.imports import keep_import, read_file
from dinghai_platform.chains.services.runs import start_run
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation, Relation
from tests.platform.story import World, work
from tests.supplychain.chains import FILES

HAIYUE = Path(__file__).resolve().parents[3] / "examples" / "haiyue"
YEARS = 200


def small_zip(**changed: str) -> bytes:
    """The small chain's folder as a ZIP; ``firms="…"`` changes firms.csv, ``head`` chain.toml."""
    texts: Mapping[str, str] = {**FILES, **{
        "chain.toml" if name == "head" else f"{name}.csv": text
        for name, text in changed.items()}}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in texts.items():
            archive.writestr(f"small/{name}", text)
    return out.getvalue()


def owner_of_chain(world: World, name: str = "海悦电器") -> Organisation:
    """A chain owner that the insurer deals with."""
    made = Organisation.objects.create(kind=Organisation.Kind.CHAIN_OWNER, name_zh=name,
                                       name_en="Haiyue Appliances")
    Relation.objects.create(tenant=world.insurer, organisation=made)
    return made


def upload(actor: Actor, content: bytes | None = None, *, name: str = "small.zip",
           chain: SupplyChain | None = None, owner: Organisation | None = None) -> ChainImport:
    """A file that waits for a decision."""
    return read_file(small_zip() if content is None else content, name=name, chain=chain,
                     owner=owner, actor=actor)


def kept(actor: Actor, content: bytes | None = None, *, chain: SupplyChain | None = None,
         owner: Organisation | None = None) -> ChainVersion:
    """A version that was uploaded and kept."""
    return keep_import(upload(actor, content, chain=chain, owner=owner), actor=actor)


def haiyue(actor: Actor, owner: Organisation | None = None) -> ChainVersion:
    """The example chain."""
    return keep_import(read_file(chain_archive(HAIYUE), name="haiyue.zip", owner=owner,
                                 actor=actor), actor=actor)


def run_done(version: ChainVersion, actor: Actor, *, years: int = YEARS, seed: int = 1,
             budget_fen: int | None = None) -> ChainRun:
    """A run worked off to its end."""
    run = start_run(version, years=years, seed=seed, budget_fen=budget_fen, actor=actor)
    work()
    found: ChainRun = ChainRun.objects.within(run.tenant).select_related(
        "job", "tenant", "chain", "version").get(pk=run.pk)
    return found
