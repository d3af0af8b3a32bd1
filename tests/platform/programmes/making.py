"""Programmes and their members for tests."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from dinghai_platform.chains.models import ChainVersion
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation, Relation
from dinghai_platform.programmes.models import (
    Member,
    MemberFloat,
    Programme,
    Settlement,
    Standing,
    Study,
)
from dinghai_platform.programmes.services.certificates import issue_certificate
from dinghai_platform.programmes.services.members import Joining, enrol
from dinghai_platform.programmes.services.programmes import open_programme
from dinghai_platform.programmes.services.settlements import propose_event
from tests.platform.story import World

LAYERS: Final = """schema = "dinghai.chain-layers/1"
id = "three"
name_zh = "三方共保"
name_en = "Three parties"
premium = "120万"

[[layers]]
id = "working"
name_zh = "三方共保层"
name_en = "Three-party layer"
attachment = 0
limit = "3000万"
participants = [
  { party = "链主企业", role = "chain_owner", share = "20%" },
  { party = "事故根因所在供应商", role = "supplier", share = "10%", bearer = "root_cause" },
  { party = "沧澜财产保险", role = "lead_insurer", share = "70%" },
]
""".encode()
INCEPTION: Final = date(2026, 7, 1)
EXPIRY: Final = date(2027, 6, 30)


def opened(version: ChainVersion, actor: Actor, layers: bytes = LAYERS) -> Programme:
    """A programme of a year for a version."""
    return open_programme(version, inception=INCEPTION, expiry=EXPIRY, layers=layers,
                          layers_name="layers.toml", actor=actor)


def supplier_of(world: World, name: str = "云屿压缩机") -> Organisation:
    """A supplier's organisation that the insurer deals with."""
    made = Organisation.objects.create(kind=Organisation.Kind.INSURED, name_zh=name,
                                       name_en="Yunyu Compressors")
    Relation.objects.create(tenant=world.insurer, organisation=made)
    return made


def everybody(programme: Programme, actor: Actor,
              supplier: Organisation | None = None,
              other: Organisation | None = None) -> dict[str, Member]:
    """All firms of the small chain from the first day, by id."""
    made = enrol(programme, [Joining("own"), Joining("sup", organisation=supplier),
                             Joining("sub", organisation=other)], actor=actor)
    return {one.firm: one for one in made}


def million(programme: Programme, actor: Actor) -> Settlement:
    """An event of ¥1,000,000 at the second tier, caused by the first."""
    return propose_event(
        programme, event="2026-11 勒索", occurred_on=date(2026, 10, 30), root_cause="sup",
        sections=[{"member": "sub", "coverage": "SC-PROP", "amount_fen": 100_000_000}],
        actor=actor)


def scene(
    version: ChainVersion, actor: Actor, supplier: Organisation | None = None
) -> dict[str, Any]:
    """A programme with one of each of its rows, for the tests of every route."""
    programme = opened(version, actor)
    member = everybody(programme, actor, supplier, supplier)["sup"]
    mine: dict[str, Any] = {"tenant": programme.tenant, "owner": programme.owner}
    study = Study.objects.create(
        **mine, programme=programme, kind="float", state="done", after=version, runs=200, seed=1,
        day=INCEPTION, document={}, asked_by=actor.user)
    standing = Standing.objects.create(
        **mine, member=member, study=study, version_number=version.number, as_of=version.as_of,
        score_ppm=500_000, factor_ppm=900_000, document={
            "before": {"own_fen": 0, "exported_fen": 0}, "own_ppm": 900_000, "se_ppm": 1_000,
            "credibility_now_ppm": 500_000, "reasons": [], "fixes": [], "evidence": [],
            "controls": [], "proposal": "refund"})
    row = MemberFloat.objects.create(
        **mine, member=member, standing=standing, number="PF2026-000001", state="notified",
        factor_before_ppm=1_000_000, factor_ppm=900_000, effective=INCEPTION, amount_fen=-1,
        proposed_by=actor.user)
    return {"programme": programme, "programme_member": member, "programme_study": study,
            "member_float": row, "settlement": million(programme, actor),
            "certificate": issue_certificate(member, actor=actor)}
