"""Assessing a dossier."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from dinghai.assessment.assess import assess
from dinghai_platform.catalogue.queries import epss_in_force, kev_in_force
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.underwriting.engine import dossier_of
from dinghai_platform.underwriting.models import Assessment, Case, Dossier, Finding
from dinghai_platform.underwriting.services.cases import reach_step


@transaction.atomic
def assess_dossier(
    dossier: Dossier, *, actor: Actor, on: date | None = None, light: bool = False
) -> Assessment:
    """Scores, grade and outcome of a sealed dossier with the threat tables in force that day.

    Findings that were disregarded after a dispute count nowhere. The same inputs give the
    assessment that is there. Raises Refusal for a dossier that is not sealed.
    """
    require(actor, "underwriting.assess", dossier)
    day = on or clock.today()
    disregarded = frozenset(
        Finding.objects.within(dossier.tenant)
        .filter(dossier=dossier, state=Finding.State.DISREGARDED)
        .values_list("finding_id", flat=True)
    )
    result = assess(
        dossier_of(dossier),
        kev=kev_in_force(dossier.tenant, day),
        epss=epss_in_force(dossier.tenant, day),
        on=day,
        light=light,
        disregarded=disregarded,
    )
    document = result.to_dict()
    before = (
        Assessment.objects.within(dossier.tenant)
        .filter(dossier=dossier, document_hash=document["hash"])
        .first()
    )
    if before is not None:
        return before
    row = Assessment.objects.create(
        tenant=dossier.tenant,
        insured=dossier.insured,
        case=dossier.case,
        dossier=dossier,
        as_of=day,
        kev_as_of=result.kev_as_of,
        document=document,
        document_hash=document["hash"],
        score_ppm=result.total_ppm,
        grade=result.grade,
        outcome=result.outcome,
        confidence_ppm=result.confidence_ppm,
    )
    audit.append(
        actor,
        "underwriting.dossier_assessed",
        row,
        {"dossier": dossier.sha256, "score_ppm": row.score_ppm, "grade": row.grade,
         "outcome": row.outcome, "hash": row.document_hash},
    )
    reach_step(dossier.case, Case.Step.TREAT, actor=actor)
    return row
