"""Certificates: written with each change of a member's cover; all of a park as one ZIP."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any, Final

from django.db import transaction
from django.db.models import Max, OuterRef, Subquery

from dinghai.documents.park_certificate import render_park_certificate
from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import InputError, Refusal
from dinghai.schemes import park_file
from dinghai.schemes.park_certificate import certificates
from dinghai.schemes.park_premium import MemberPremium
from dinghai_platform.core import audit, clock, files, jobs
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.core.models import StoredFile
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import locked
from dinghai_platform.parks.models import (
    CertificatePack,
    Park,
    ParkCertificate,
    ParkMember,
)
from dinghai_platform.parks.services.common import held, in_books_of

PACK: Final = "parks.pack_certificates"
AT_ONCE: Final = 20
"""Certificates set in one step of the job: about a second and a half."""


def write_certificates(
    policy: park_file.Park, rows: Sequence[ParkMember], premiums: Sequence[MemberPremium]
) -> list[ParkCertificate]:
    """The next revision of each of these members' certificates. Inside the change's transaction."""
    if not rows:
        return []
    known = {one["member"]: one["last"] for one in ParkCertificate.objects.within(
        rows[0].tenant_id).filter(member__park=rows[0].park_id).order_by().values(
            "member").annotate(last=Max("revision"))}
    today = clock.today()
    made = [ParkCertificate(
        tenant=row.tenant, operator=row.operator, member=row, number=document["number"],
        revision=known.get(row.pk, 0) + 1, document=document,
        document_hash=document_hash(document), issued_on=today)
        for row, document in zip(rows, certificates(policy, premiums), strict=True)]
    ParkCertificate.objects.bulk_create(made)
    return made


def latest_certificates(park: Park) -> Any:
    """The last revision of each member's certificate, in the order of the roll."""
    newest = ParkCertificate.objects.within(park.tenant_id).filter(
        member=OuterRef("member")).order_by("-revision").values("pk")[:1]
    return ParkCertificate.objects.within(park.tenant_id).filter(
        member__park=park, pk=Subquery(newest)).order_by("member__sequence")


@transaction.atomic
def start_pack(park: Park, *, language: str, actor: Actor) -> CertificatePack:
    """Ask for the certificates of all members as one ZIP; a job sets them.

    Raises Refusal for a park without members, or while another pack is made.
    """
    require(actor, "parks.pack_certificates", park)
    if language not in ("zh", "en"):
        raise InputError("there is no such language", field="language", mend="give zh or en")
    with in_books_of(park, actor):
        row = held(park)
        for one in CertificatePack.objects.within(row.tenant_id).filter(
                park=row, state="running", language=language).select_related("job"):
            if one.job is None or not one.job.has_ended:
                raise Refusal("these certificates are being made",
                              reasons=["wait for the job or cancel it"])
        count = latest_certificates(row).count()
        if not count:
            raise Refusal("this park has no member yet", reasons=["enrol firms first"])
        pack = CertificatePack.objects.create(
            tenant=row.tenant, operator=row.operator, park=row, language=language,
            certificates=count, asked_by=actor.user)
        audit.append(actor, "parks.pack_asked", pack, {
            "park": row.number, "language": language, "certificates": count})
        pack.job = jobs.start_job(
            PACK, {"pack": str(pack.pk)}, actor=actor, tenant=row.tenant, total=count,
            key=f"{PACK}:{pack.pk}")
        pack.save(update_fields=("job",))
    return pack


def prepare_pack(step: Step) -> bytes:
    """Set the next certificates, outside the transaction, as a ZIP of their own."""
    pack = CertificatePack.objects.within(step.tenant).select_related("park").get(
        pk=step.arguments["pack"])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for one in latest_certificates(pack.park)[step.progress:step.progress + AT_ONCE]:
            _put(archive, f"{one.number}-{pack.language}.pdf", render_park_certificate(
                one.document, issued_on=one.issued_on,
                language="en" if pack.language == "en" else "zh"))
    return out.getvalue()


def write_pack(step: Step) -> Progress:
    """Keep the part; with the last one, join the parts."""
    require(step.actor, "parks.pack_certificates")
    pack = locked(CertificatePack.objects.within(step.tenant).select_related("park").get(
        pk=step.arguments["pack"]))
    with in_books_of(pack.park, step.actor):
        part = files.store_file(
            step.prepared, name=f"{pack.pk}-{step.progress}.zip", media_type="application/zip",
            actor=step.actor, tenant=step.tenant)
        parts = [*step.cursor.get("parts", ()), str(part.pk)]
        done = min(step.progress + AT_ONCE, pack.certificates)
        if done < pack.certificates:
            return Progress(done, pack.certificates, cursor={"parts": parts})
        pack.file = files.store_file(
            _joined(step, parts), name=f"{pack.park.number}-{pack.language}.zip",
            media_type="application/zip", actor=step.actor, tenant=step.tenant,
            largest=256 * 1024 * 1024)
        pack.state = CertificatePack.State.DONE
        pack.save(update_fields=("file", "state"))
        audit.append(step.actor, "parks.certificates_packed", pack, {
            "park": pack.park.number, "certificates": pack.certificates,
            "sha256": pack.file.sha256})
    return Progress(done, pack.certificates, result={"pack": str(pack.pk)})


def _joined(step: Step, parts: Sequence[str]) -> bytes:
    stored = {str(one.pk): one for one in StoredFile.objects.within(step.tenant).filter(
        pk__in=parts)}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as whole:
        for key in parts:
            with zipfile.ZipFile(io.BytesIO(files.read_file(stored[key]))) as part:
                for name in part.namelist():
                    _put(whole, name, part.read(name))
    return out.getvalue()


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """A file with a standing day, so that the same certificates make the same bytes."""
    archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
