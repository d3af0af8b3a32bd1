"""Jobs of underwriting: a dossier is read one evidence file per chunk."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from dinghai.assessment.dossier import Statements
from dinghai.evidence.finding import EvidenceReading as EngineReading
from dinghai.foundation.errors import Fault, Refusal
from dinghai_platform.core import jobs
from dinghai_platform.core.actors import system_actor
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.underwriting.models import Dossier
from dinghai_platform.underwriting.services import staging
from dinghai_platform.underwriting.services.contracts import expire_policies, lapse_policies
from dinghai_platform.underwriting.services.dossiers import IMPORT
from dinghai_platform.underwriting.services.quotes import expire_quotes

DAY = "underwriting.day"


@jobs.handler(DAY, title=_("Days that ran out"), daily=True)
def day_chunk(step: Step) -> Progress:
    """Offers nobody took expire, unpaid policies lapse, policies past their last day expire."""
    house = system_actor(step.tenant, request_id=step.actor.request_id)
    done = {
        "quotes_expired": expire_quotes(actor=house),
        "policies_lapsed": lapse_policies(actor=house),
        "policies_expired": expire_policies(actor=house),
    }
    return Progress(1, 1, result=done)


def _dossier(step: Step) -> Dossier:
    rows = Dossier.objects.within(step.tenant).select_related(
        "source", "case", "tenant", "insured"
    )
    dossier: Dossier = rows.get(pk=step.arguments["dossier"])
    return dossier


def _prepare(step: Step) -> Any:
    return staging.prepare_chunk(_dossier(step), step.cursor, step.progress)


@jobs.handler(IMPORT, title=_("Import of a dossier"), prepare=_prepare)
def import_chunk(step: Step) -> Progress:
    """Write what was prepared: statements first, then file by file, then the seal."""
    dossier = _dossier(step)
    if dossier.state != Dossier.State.READING:
        raise Refusal("this dossier was read before")
    prepared, cursor = step.prepared, dict(step.cursor)
    faults: list[dict[str, Any]] = list(cursor.get("faults", ()))
    if isinstance(prepared, list):
        faults += [fault.to_dict() for fault in prepared if isinstance(fault, Fault)]
    if "evidence" not in cursor:
        return _first(step, dossier, prepared, faults)
    evidence: list[list[str]] = cursor["evidence"]
    total = len(evidence) + 2
    if step.progress <= len(evidence):
        name = evidence[step.progress - 1][0]
        if isinstance(prepared, EngineReading):
            staging.write_reading(dossier, step.progress, prepared)
        return Progress(
            step.progress + 1, total, message=name, cursor={**cursor, "faults": faults}
        )
    if faults or prepared is None:
        staging.give_up(dossier, faults, actor=step.actor)
        return Progress(total, total, result={"dossier": str(dossier.pk), "state": "failed"})
    staging.seal(dossier, prepared, actor=step.actor)
    return Progress(total, total, result={"dossier": str(dossier.pk), "state": "sealed"})


def _first(
    step: Step, dossier: Dossier, prepared: Any, faults: list[dict[str, Any]]
) -> Progress:
    if not isinstance(prepared, Statements):
        staging.give_up(dossier, faults, actor=step.actor)
        return Progress(1, 1, result={"dossier": str(dossier.pk), "state": "failed"})
    faults += [fault.to_dict() for fault in prepared.faults]
    if prepared.profile is not None and prepared.answers is not None:
        staging.write_statements(dossier, prepared.profile, dict(prepared.answers))
    evidence = [list(pair) for pair in prepared.evidence]
    return Progress(
        1,
        len(evidence) + 2,
        message="profile.toml, answers.csv",
        cursor={"evidence": evidence, "faults": faults},
    )
