"""Importing a dossier: staged file by file by a job, and visible only once it is sealed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

from django.db import transaction

from dinghai.assessment.answers import Answer
from dinghai.evidence.finding import EvidenceReading as EngineReading
from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import audit, files, jobs
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import StoredFile
from dinghai_platform.core.permissions import require
from dinghai_platform.underwriting.models import Case, Dossier
from dinghai_platform.underwriting.services import staging

IMPORT = "underwriting.import_dossier"


def archive_of_folder(folder: Path) -> bytes:
    """A dossier's folder as the ZIP that ``import_dossier`` takes; the same bytes every time."""
    if not folder.is_dir():
        raise InputError("there is no such folder", file=str(folder), mend="check the path")
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                name = path.relative_to(folder).as_posix()
                archive.writestr(zipfile.ZipInfo(name), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return written.getvalue()


@transaction.atomic
def import_dossier(case: Case, archive: bytes, *, name: str, actor: Actor) -> Dossier:
    """Keep a dossier's ZIP and queue the job that reads it, one evidence file per chunk.

    The same file again answers the import that is there. Raises InputError for what is no ZIP.
    """
    require(actor, "underwriting.import_dossier", case)
    if not zipfile.is_zipfile(io.BytesIO(archive)):
        raise InputError(
            "this is not a ZIP archive", file=name, field="archive",
            mend="zip the folder that holds profile.toml",
        )
    case = audit.locked(case)
    stored = files.store_file(
        archive, name=name, media_type="application/zip", actor=actor, tenant=case.tenant
    )
    before = (
        Dossier.objects.within(case.tenant)
        .filter(case=case, source_sha256=stored.sha256)
        .exclude(state=Dossier.State.FAILED)
        .first()
    )
    if before is not None:
        return before
    dossier = Dossier.objects.create(
        tenant=case.tenant,
        insured=case.insured,
        case=case,
        version=_next_version(case),
        source=stored,
        source_sha256=stored.sha256,
    )
    dossier.job = jobs.start_job(
        IMPORT,
        {"dossier": str(dossier.pk)},
        actor=actor,
        tenant=case.tenant,
        title=f"{case.number} · {stored.name}",
    )
    dossier.save(update_fields=("job",))
    audit.append(
        actor, "underwriting.dossier_import_started", dossier,
        {"case": case.number, "version": dossier.version, "sha256": stored.sha256},
    )
    return dossier


def _next_version(case: Case) -> int:
    last = Dossier.objects.within(case.tenant).filter(case=case).order_by("-version").first()
    return 1 if last is None else last.version + 1


@transaction.atomic
def update_dossier(
    dossier: Dossier,
    *,
    source: StoredFile,
    actor: Actor,
    readings: Iterable[EngineReading] = (),
    answers: Iterable[Answer] = (),
) -> Dossier:
    """The next version of a sealed dossier after a re-scan or new answers, sealed at once.

    A reading replaces the one of the same file, an answer the one to the same indicator; the
    rest stays. ``source`` is the file that brought them; the same file again answers the version
    it made. Raises Refusal for a dossier that is not sealed.
    """
    require(actor, "underwriting.import_dossier", dossier)
    case = audit.locked(dossier.case)
    before = (
        Dossier.objects.within(case.tenant)
        .filter(case=case, source_sha256=source.sha256)
        .exclude(state=Dossier.State.FAILED)
        .first()
    )
    if before is not None:
        return before
    if dossier.state != Dossier.State.SEALED:
        raise Refusal("this dossier is not sealed yet")
    whole = staging.engine_dossier(dossier).updated(readings, answers)
    updated = Dossier.objects.create(
        tenant=case.tenant,
        insured=case.insured,
        case=case,
        version=_next_version(case),
        source=source,
        source_sha256=source.sha256,
    )
    staging.write_statements(updated, whole.profile, whole.answers)
    for position, reading in enumerate(whole.readings, start=1):
        staging.write_reading(updated, position, reading)
    return staging.seal(updated, whole, actor=actor)
