"""Taking a reading: the risk of a policy on a day, through its own terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from dinghai.evidence.components import KnownExploited, known_exploited
from dinghai.foundation.canonical import canonical_bytes, sha256_hex
from dinghai.foundation.errors import Refusal
from dinghai.losses.evaluation import Evaluator, LossEvaluation
from dinghai.losses.model import LossModel, build_loss_model
from dinghai.pricing.floating import Reading as EngineReading
from dinghai.wording.policy import read_policy
from dinghai_platform.catalogue.queries import kev_of
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor, system_actor
from dinghai_platform.core.permissions import require
from dinghai_platform.monitoring.models import Reading
from dinghai_platform.underwriting.engine import Kept, assessment_of, dossier_of
from dinghai_platform.underwriting.models import Assessment, Dossier, Policy
from dinghai_platform.underwriting.services.assessments import assess_dossier

READING_SCHEMA = "dinghai.monitoring-reading/1"
WATCHED = ("in_force", "suspended")
_evaluators = Kept(32)


@dataclass(frozen=True, slots=True)
class Measured:
    """A policy's risk under one assessment: the model, and what it pays through the terms."""

    model: LossModel
    evaluation: LossEvaluation


def measure(policy: Policy, assessment: Assessment) -> Measured:
    """Expected payments of a policy under an assessment, on the grid it was priced on."""
    evaluator: Evaluator = _evaluators.get(
        policy.document_hash, lambda: Evaluator.of(read_policy(policy.document))
    )
    engine = assessment_of(assessment)
    model = build_loss_model(dossier_of(assessment.dossier).profile, engine.posture)
    return Measured(model, evaluator.evaluate(model))


def latest_dossier(policy: Policy) -> Dossier:
    """The newest sealed dossier of a policy's case. Raises Refusal when there is none."""
    dossier: Dossier | None = (
        Dossier.objects.within(policy.tenant)
        .filter(case_id=policy.case_id, state=Dossier.State.SEALED)
        .select_related("case", "tenant", "insured")
        .order_by("-version")
        .first()
    )
    if dossier is None:
        raise Refusal("the policy's case has no sealed dossier")
    return dossier


def exploited_in(assessment: Assessment) -> tuple[KnownExploited, ...]:
    """Findings of an assessment's dossier that are known to be exploited by its KEV table."""
    disregarded = set(assessment.document["disregarded"])
    findings = [
        finding
        for finding in dossier_of(assessment.dossier).findings
        if finding.finding_id not in disregarded
    ]
    return known_exploited(findings, kev_of(assessment.tenant, assessment.kev_as_of))


@transaction.atomic
def ensure_baseline(policy: Policy, *, actor: Actor) -> Reading:
    """The reading at bind that every later one is held against; taken once."""
    before = Reading.objects.within(policy.tenant).filter(policy=policy, sequence=0).first()
    if before is not None:
        return before
    return _keep(
        policy, policy.quote.assessment, Reading.Cause.BIND, policy.inception, 0, actor
    )


@transaction.atomic
def take_reading(
    policy: Policy,
    *,
    cause: str,
    actor: Actor,
    dossier: Dossier | None = None,
    on: date | None = None,
) -> Reading:
    """Assess the policy's newest dossier today, measure, keep the reading and what the float
    rule says of it.

    The same inputs for the same cause on the same day give the reading that is there. Raises
    Refusal for a policy that is not in force, has not begun or is over.
    """
    from dinghai_platform.monitoring.services.floats import measure_float

    require(actor, "monitoring.read", policy)
    policy = audit.locked(policy)
    day = on or clock.today()
    if policy.state not in WATCHED:
        raise Refusal("only a policy in force is watched")
    if day < policy.inception:
        raise Refusal(f"cover begins on {policy.inception}")
    if day > policy.expiry:
        raise Refusal(f"cover ended on {policy.expiry}")
    ensure_baseline(policy, actor=actor)
    assessor = actor if actor.role in ("underwriter", "chief_underwriter") else _house(actor)
    assessment = assess_dossier(dossier or latest_dossier(policy), actor=assessor, on=day)
    last = Reading.objects.within(policy.tenant).filter(policy=policy).order_by("-sequence").first()
    if last is not None and (last.assessment_id, last.cause) == (assessment.pk, cause):
        return last
    sequence = 1 if last is None else last.sequence + 1
    reading = _keep(policy, assessment, cause, day, sequence, actor)
    measure_float(reading, actor=actor)
    return reading


def _house(actor: Actor) -> Actor:
    return system_actor(actor.own_tenant(), request_id=actor.request_id)


def _keep(
    policy: Policy, assessment: Assessment, cause: str, day: date, sequence: int, actor: Actor
) -> Reading:
    measured = measure(policy, assessment)
    document: dict[str, Any] = {
        "schema": READING_SCHEMA,
        "policy_hash": policy.document_hash,
        "assessment_hash": assessment.document_hash,
        "dossier_sha256": assessment.dossier.sha256,
        "kev_as_of": assessment.kev_as_of.isoformat(),
        "asset_scope": asset_scope(assessment.dossier),
        "known_exploited": [item.to_dict() for item in exploited_in(assessment)],
        "losses": measured.evaluation.to_dict(),
    }
    reading = Reading.objects.create(
        tenant=policy.tenant,
        insured=policy.insured,
        policy=policy,
        sequence=sequence,
        as_of=day,
        cause=cause,
        assessment=assessment,
        document=document,
        score_ppm=assessment.score_ppm,
        grade=assessment.grade,
        expected_loss_fen=document["losses"]["expected_fen"],
        model_hash=sha256_hex(canonical_bytes(measured.model.to_dict())),
    )
    audit.append(
        actor,
        "monitoring.reading_taken",
        reading,
        {"policy_no": policy.policy_no, "cause": str(cause), "score_ppm": reading.score_ppm,
         "expected_loss_fen": str(reading.expected_loss_fen), "model": reading.model_hash},
    )
    return reading


def asset_scope(dossier: Dossier) -> str:
    """What was looked at, as a hash: the scans and inventories by name."""
    names = sorted(reading.source_name for reading in dossier_of(dossier).readings)
    return sha256_hex(canonical_bytes(names))


def engine_reading(reading: Reading) -> EngineReading:
    """A reading as the float rule takes it."""
    return EngineReading(
        on=reading.as_of,
        expected_loss_fen=reading.expected_loss_fen,
        score_ppm=reading.score_ppm,
        asset_scope=reading.document["asset_scope"],
        reference=str(reading.pk),
    )
