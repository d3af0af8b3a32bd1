"""Certificates as PDF: one on demand, and a whole list as ZIPs that a job makes part by part."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dinghai.documents.phrases import Language, pick
from dinghai.documents.resident_certificates import (
    ResidentPaper,
    SharedWords,
    render_certificates,
)
from dinghai.documents.resident_terms import resident_terms
from dinghai.foundation.errors import InputError
from dinghai.schemes.resident_certificate import certificate_code
from dinghai_platform.core import audit, clock
from dinghai_platform.core.checkpoints import sign_bytes
from dinghai_platform.core.files import forget_file, store_file
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.residents.changes_queries import as_they_stand, without_ended
from dinghai_platform.residents.models import (
    Certificate,
    Enrolment,
    EnrolmentChunk,
    PaperOrder,
    PaperPart,
)
from dinghai_platform.residents.proofs import facts_of

PAGES: Final = 100
"""Certificates in one PDF. The typesetter remembers its last ten documents or so: larger ones are
no faster and take a gigabyte."""
DOCUMENTS: Final = 20
"""PDFs in one part, which is made in some seconds and has about 25 MB."""


@dataclass(frozen=True, slots=True)
class Made:
    """One part of an order as made; ``content`` is empty after the last."""

    content: bytes
    numbers: tuple[int, ...]


def paper_of(certificates: Sequence[Certificate], language: Language) -> bytes:
    """Certificates of one scheme as one PDF, in their order."""
    scheme = certificates[0].chunk.enrolment.scheme
    terms = scheme.terms()
    names = [pick(language, one.name_zh, one.name_en) for one in terms.plans]
    try:
        told = resident_terms(terms.product, language)
    except InputError:  # an insurer's own product: its wording goes with the policy
        told = None
    papers = []
    for one in certificates:
        facts = facts_of(one, terms)
        papers.append(ResidentPaper(facts, names[one.plan], certificate_code(facts, sign_bytes),
                                    tuple(names[place] for _, place in one.coming)))
    return render_certificates(
        papers, SharedWords(pick(language, terms.name_zh, terms.name_en), terms.applicant_zh, told),
        issued_on=clock.today(), language=language)


def order_of(step: Step) -> PaperOrder:
    """The order a job is about."""
    found: PaperOrder = PaperOrder.objects.within(step.tenant).select_related(
        "enrolment__scheme").get(pk=step.arguments["order"])
    return found


def span_of(enrolment: Enrolment) -> tuple[int, int]:
    """The first number of a list's certificates, and the first one after its last."""
    chunks = list(EnrolmentChunk.objects.within(enrolment.tenant_id).filter(
        enrolment=enrolment).values_list("first", "accepted"))
    return (min((first for first, _ in chunks), default=0),
            max((first + sum(accepted) for first, accepted in chunks), default=0))


def make_part(step: Step) -> Made:
    """The next part. Takes seconds, and writes nothing."""
    order = order_of(step)
    after = step.cursor.get("after")
    # Numbers of a list lie together: nothing before its first or after its last is looked at.
    first, end = span_of(order.enrolment)
    rows = as_they_stand(without_ended(Certificate.objects.within(step.tenant).filter(
        chunk__enrolment=order.enrolment_id, state=Certificate.State.IN_FORCE,
        id__gt=first - 1 if after is None else after, id__lt=end,
    )).select_related("chunk__enrolment__scheme", "chunk__enrolment__tenant").order_by("id")[
        :PAGES * DOCUMENTS])
    if not rows:
        return Made(b"", ())
    language: Language = "en" if order.language == "en" else "zh"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:  # a PDF is packed already
        index = io.StringIO()
        writer = csv.writer(index)
        writer.writerow(("certificate", "line", "holder", "file", "page"))
        for start in range(0, len(rows), PAGES):
            part = rows[start:start + PAGES]
            name = f"{part[0].pk:010}-{part[-1].pk:010}.pdf"
            _put(archive, name, paper_of(part, language))
            writer.writerows((one.pk, one.line, one.masked_name, name, page)
                             for page, one in enumerate(part, 1))
        _put(archive, "index.csv", ("\ufeff" + index.getvalue()).encode())
    return Made(packed.getvalue(), tuple(one.pk for one in rows))


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """A member without a clock in it: the same certificates give the same bytes."""
    archive.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), content)


def keep_part(step: Step) -> Progress:
    """Keep a part that was made."""
    order, made = order_of(step), step.prepared
    number = step.cursor.get("part", 1)
    if not made.numbers:
        _let_go_of_older(order, step)
        return Progress(step.progress, finished=True, result={"parts": number - 1})
    scheme = order.enrolment.scheme.number
    stored = store_file(
        made.content, name=f"{scheme}-{order.pk.hex[-6:]}-{order.language}-{number:03}.zip",
        media_type="application/zip", actor=step.actor, tenant=step.tenant)
    PaperPart.objects.create(
        tenant=step.tenant, order=order, number=number, first=made.numbers[0],
        last=made.numbers[-1], certificates=len(made.numbers), file=stored)
    done = step.progress + len(made.numbers)
    audit.append(step.actor, "residents.papers_made", order, {
        "part": number, "certificates": len(made.numbers), "sha256": stored.sha256})
    return Progress(done, order.enrolment.number,
                    cursor={"after": made.numbers[-1], "part": number + 1},
                    result={"parts": number})


def _let_go_of_older(order: PaperOrder, step: Step) -> None:
    """Let go of the ZIPs that this order replaces, now that all of its own are there: nobody is
    offered the older ones, and certificates in them may have ended since."""
    parts = PaperPart.objects.within(step.tenant)
    kept = parts.filter(order__enrolment=order.enrolment_id).exclude(
        order__language=order.language, order__pk__lt=order.pk).values("file")
    for one in parts.filter(
            order__enrolment=order.enrolment_id, order__language=order.language,
            order__pk__lt=order.pk, file__is_forgotten=False).exclude(
            file__in=kept).select_related("file"):
        forget_file(one.file, actor=step.actor, reason="residents.papers_replaced")
