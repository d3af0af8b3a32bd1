"""Re-scans and verified fixes: new evidence, a new reading, and findings that close."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from dinghai.assessment.answers import Answer
from dinghai.assessment.dossier import read_readings, unpack_dossier
from dinghai.evidence.finding import EvidenceReading as EngineReading
from dinghai.foundation.canonical import canonical_bytes
from dinghai.foundation.errors import InputError, Refusal
from dinghai.foundation.money import PPM
from dinghai.vocabulary.indicators import HIGHEST_SCORE
from dinghai_platform.core import audit, clock, files
from dinghai_platform.core.actors import Actor, system_actor
from dinghai_platform.core.models import StoredFile
from dinghai_platform.core.permissions import require
from dinghai_platform.monitoring.models import MonitoredFinding, Notice, Reading
from dinghai_platform.monitoring.services.findings import close_mended, watch_exploited
from dinghai_platform.monitoring.services.readings import latest_dossier, take_reading
from dinghai_platform.underwriting.models import Fix, Policy
from dinghai_platform.underwriting.services.dossiers import update_dossier


@dataclass(frozen=True, slots=True)
class Rescanned:
    """What a re-scan led to: the reading, what it closed, and a notice of what it found anew."""

    reading: Reading
    closed: tuple[MonitoredFinding, ...]
    notice: Notice | None


def record_rescan(policy: Policy, archive: bytes, *, name: str, actor: Actor) -> Rescanned:
    """Take new evidence (a ZIP of scans/ and inventory/ as in a dossier) into the policy's
    dossier, read the risk again, and close what is not there any more.

    Raises InputError for a file that cannot be read; the same file again changes nothing.
    """
    require(actor, "monitoring.verify", policy)
    readings = _unpacked(archive, name)
    if not readings:
        raise InputError(
            "the archive holds no scan", file=name, field="archive",
            mend="zip the folders scans and inventory",
        )
    return _record(policy, archive, name, readings, actor)


def _unpacked(archive: bytes, name: str) -> tuple[EngineReading, ...]:
    with tempfile.TemporaryDirectory(prefix="rescan-") as room:
        path = Path(room) / (Path(name).name or "rescan.zip")
        path.write_bytes(archive)
        target = Path(room) / "unpacked"
        target.mkdir()
        unpack_dossier(path, target)
        inner = [one for one in target.iterdir() if one.is_dir()]
        wrapped = len(inner) == 1 and inner[0].name not in ("scans", "inventory")
        return read_readings(inner[0] if wrapped else target)


@transaction.atomic
def _record(
    policy: Policy, archive: bytes, name: str, readings: tuple[EngineReading, ...], actor: Actor
) -> Rescanned:
    stored = files.store_file(
        archive, name=name, media_type="application/zip", actor=actor, tenant=policy.tenant
    )
    update_dossier(latest_dossier(policy), source=stored, readings=readings, actor=_keeper(actor))
    # The newest state of the dossier, which an old file handed in again does not bring back.
    reading = take_reading(policy, cause=Reading.Cause.RESCAN, actor=actor)
    closed = close_mended(policy, reading, actor=actor)
    notice = watch_exploited(policy, reading, actor=actor)
    return Rescanned(reading, tuple(closed), notice)


def _keeper(actor: Actor) -> Actor:
    return system_actor(actor.own_tenant(), request_id=actor.request_id)


@transaction.atomic
def verify_fix(
    fix: Fix, policy: Policy, *, evidence: StoredFile, verified_by: str, actor: Actor
) -> Reading:
    """A planned fix is done, with evidence: the answer to its indicator rises, the risk is read
    again.

    Raises Refusal for a fix that was not planned or belongs to another case.
    """
    require(actor, "monitoring.verify", policy)
    fix = audit.locked(fix)
    if fix.plan.case_id != policy.case_id:
        raise Refusal("this fix belongs to another case")
    if fix.state != Fix.State.PLANNED:
        raise Refusal("only a planned fix is verified")
    if not verified_by.strip():
        raise InputError("nobody is named", field="verified_by", mend="say who verified it")
    answer = Answer(
        indicator=fix.document["indicator"],
        score=fix.document["to_ppm"] * HIGHEST_SCORE // PPM,
        answered_by=verified_by.strip(),
        answered_at=clock.today(),
        evidence=f"evidence/{evidence.name}",
        note=f"verified fix {fix.code}",
        evidence_sha256=evidence.sha256,
    )
    update_dossier(
        latest_dossier(policy), source=_verification(fix, answer, actor), answers=(answer,),
        actor=_keeper(actor),
    )
    fix.state, fix.verified_at, fix.evidence = Fix.State.VERIFIED, clock.now(), evidence
    fix.save(update_fields=("state", "verified_at", "evidence"))
    audit.append(
        actor, "monitoring.fix_verified", fix,
        {"code": fix.code, "by": answer.answered_by, "evidence": evidence.sha256},
    )
    return take_reading(policy, cause=Reading.Cause.FIX, actor=actor)


def _verification(fix: Fix, answer: Answer, actor: Actor) -> StoredFile:
    """The record of one verification: one report may prove several fixes, each a new version."""
    record = {"schema": "dinghai.fix-verification/1", "fix": str(fix.pk), "code": fix.code,
              "answer": answer.to_dict()}
    return files.store_file(
        canonical_bytes(record), name=f"{fix.code.replace(':', '-')}.json",
        media_type="application/json", actor=actor, tenant=fix.tenant,
    )
