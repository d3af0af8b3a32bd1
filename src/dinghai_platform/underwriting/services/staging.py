"""The chunks of an import: unpacking, parsing, writing rows, and the seal at the end."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dinghai.assessment.answers import Answer
from dinghai.assessment.dossier import Dossier as EngineDossier
from dinghai.assessment.dossier import read_statements, unpack_dossier
from dinghai.assessment.profile import Profile
from dinghai.evidence.finding import EvidenceReading as EngineReading
from dinghai.evidence.reading import read_evidence
from dinghai.foundation.errors import Fault, InputError
from dinghai_platform.catalogue.queries import kev_in_force
from dinghai_platform.core import audit, clock, files
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.keys import new_key
from dinghai_platform.underwriting.models import Dossier, EvidenceReading, Finding
from dinghai_platform.underwriting.models.evidence import SEVERITY_ORDER

_BATCH = 500


@contextmanager
def unpacked(dossier: Dossier, *, only: str | None = None) -> Iterator[Path]:
    """The dossier's folder, or ``only`` one file of it, unpacked while the block lasts."""
    with tempfile.TemporaryDirectory(prefix="dossier-") as room:
        archive = Path(room) / "dossier.zip"
        archive.write_bytes(files.read_file(dossier.source))
        target = Path(room) / "folder"
        target.mkdir()
        yield unpack_dossier(archive, target, only=only)


def prepare_chunk(dossier: Dossier, cursor: dict[str, Any], progress: int) -> Any:
    """What a chunk needs and no transaction should wait for: unpacking and parsing.

    The first chunk gives the statements, each one after it the reading of one file, the last
    the whole dossier. A file that cannot be read gives its faults instead.
    """
    names = cursor.get("evidence")
    try:
        if names is None:
            with unpacked(dossier) as folder:
                return read_statements(folder, today=clock.today())
        if progress <= len(names):
            name, vantage = names[progress - 1]
            with unpacked(dossier, only=name) as folder:
                try:
                    return read_evidence(folder / name, vantage=vantage, source_name=name)
                except InputError as error:
                    return [_named(fault, name) for fault in error.faults]
        return None if cursor.get("faults") else engine_dossier(dossier)
    except InputError as error:
        return list(error.faults)


def _named(fault: Fault, name: str) -> Fault:
    return Fault(fault.message, name, fault.line, fault.field, fault.mend)


def write_reading(dossier: Dossier, position: int, reading: EngineReading) -> EvidenceReading:
    """Rows of one evidence file: the reading, and its findings for search."""
    row = EvidenceReading.objects.create(
        tenant=dossier.tenant,
        insured=dossier.insured,
        dossier=dossier,
        position=position,
        source_name=reading.source_name[:400],
        format=reading.format[:40],
        vantage=reading.vantage,
        tool=reading.tool[:200],
        observed_at=reading.observed_at,
        sha256=reading.sha256,
        records=reading.records,
        findings_count=len(reading.findings),
        rejected_count=len(reading.rejected),
        ignored_count=reading.ignored_count,
        document=reading.to_dict(),
    )
    Finding.objects.bulk_create(
        _rows_of(dossier, row, reading), batch_size=_BATCH, ignore_conflicts=True
    )
    return row


def _rows_of(
    dossier: Dossier, row: EvidenceReading, reading: EngineReading
) -> Iterable[Finding]:
    kev = kev_in_force(dossier.tenant, clock.today())
    for finding in reading.findings:
        yield Finding(
            id=new_key(),
            tenant=dossier.tenant,
            insured=dossier.insured,
            dossier=dossier,
            reading=row,
            finding_id=finding.finding_id,
            kind=finding.kind,
            severity=finding.severity,
            severity_rank=SEVERITY_ORDER.index(finding.severity),
            asset=finding.asset[:300],
            port=finding.port,
            title=finding.title[:500],
            product=finding.product[:300],
            version=finding.version[:120],
            purl=(finding.purl or "")[:500],
            cves=list(finding.cves),
            cves_text=" ".join(finding.cves),
            vantage=finding.vantage,
            source_format=finding.source_format[:40],
            source_name=finding.source_name[:400],
            reference=str(finding.reference)[:400],
            raw=finding.raw.replace("\x00", ""),
            known_exploited=any(cve in kev for cve in finding.cves),
            observed_at=finding.observed_at,
            confidence_ppm=finding.confidence_ppm,
        )


def write_statements(dossier: Dossier, profile: Profile, answers: Mapping[str, Answer]) -> None:
    """Keep profile and answers of a dossier that is being read."""
    dossier.statements = {
        "profile": profile.to_dict(),
        "answers": [answer.to_dict() for answer in answers.values()],
    }
    dossier.save(update_fields=("statements",))


def seal(dossier: Dossier, whole: EngineDossier, *, actor: Actor) -> Dossier:
    """Make a read dossier count, in one step: before it nobody sees any of it."""
    dossier = audit.locked(dossier)
    dossier.state = Dossier.State.SEALED
    dossier.sha256 = whole.sha256
    dossier.imported_at = clock.now()
    dossier.files = len(whole.readings)
    dossier.records = sum(reading.records for reading in whole.readings)
    dossier.findings_count = Finding.objects.within(dossier.tenant).filter(dossier=dossier).count()
    dossier.rejected_count = sum(len(reading.rejected) for reading in whole.readings)
    dossier.ignored_count = sum(reading.ignored_count for reading in whole.readings)
    dossier.save()
    leaves = [finding.finding_id.encode() for finding in whole.findings]
    audit.append(
        actor,
        "underwriting.dossier_sealed",
        dossier,
        {"sha256": dossier.sha256, "files": dossier.files, "findings": dossier.findings_count,
         "rejected": dossier.rejected_count},
        leaves=leaves,
    )
    return dossier


def give_up(dossier: Dossier, faults: list[dict[str, Any]], *, actor: Actor) -> Dossier:
    """End an import that cannot be sealed, with every fault and how to mend it."""
    dossier = audit.locked(dossier)
    dossier.state, dossier.faults = Dossier.State.FAILED, faults
    dossier.save(update_fields=("state", "faults"))
    audit.append(actor, "underwriting.dossier_failed", dossier, {"faults": len(faults)})
    return dossier


def engine_dossier(dossier: Dossier) -> EngineDossier:
    """The engine's dossier from the rows. Raises InputError when its hash does not hold."""
    rows = EvidenceReading.objects.within(dossier.tenant).filter(dossier=dossier)
    documents = rows.order_by("position").values_list("document", flat=True)
    answers = [Answer.from_dict(item) for item in dossier.statements["answers"]]
    whole = EngineDossier(
        Profile.from_dict(dossier.statements["profile"]),
        {answer.indicator: answer for answer in answers},
        tuple(EngineReading.from_dict(document) for document in documents),
    )
    if dossier.sha256 and whole.sha256 != dossier.sha256:
        raise InputError(
            "the dossier was changed after it was sealed", field="sha256", mend="import it again"
        )
    return whole
