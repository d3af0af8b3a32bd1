"""A scan that somebody made of a firm is handed in: used by consent alone, nothing is scanned here.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction

from dinghai.evidence.reading import read_evidence_bytes
from dinghai.foundation.errors import Refusal
from dinghai_platform.chains.services.common import file_name
from dinghai_platform.core import audit, files
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.small_firms.models import Firm, Scan
from dinghai_platform.small_firms.services.common import books_of, house_of

LARGEST: Final = 8 * 1024 * 1024
MOST: Final = 10


@transaction.atomic
def hand_in_scan(firm: Firm, content: bytes, *, name: str, actor: Actor) -> Scan:
    """Keep a scan of a firm that consented to it; the next price reads it. The same file again
    answers the scan of before.

    Raises Refusal without consent or after too many scans, InputError for a file that no reader
    knows or that is too large.
    """
    require(actor, "small_firms.answer", firm)
    with books_of(actor, firm.tenant):
        firm = audit.locked(firm)
        said = firm.answers.order_by("-id").first()
        if said is None or said.consent is not True or said.consent_on is None:
            raise Refusal("this firm has not consented to a probe",
                          reasons=["answer yes to the consent, name the domains, and price first"])
        plain = file_name(name)
        if len(content) <= LARGEST:
            reading = read_evidence_bytes(content, plain, vantage="external")
        stored = files.store_file(
            content, name=plain, media_type="application/octet-stream", largest=LARGEST,
            actor=house_of(firm.tenant, actor), tenant=firm.tenant)
        before = Scan.objects.within(firm.tenant).filter(firm=firm, file=stored).first()
        if before is not None:
            return before
        if firm.scans.count() >= MOST:
            raise Refusal("so many scans of one firm are not kept here",
                          reasons=["hand in one report of all its assets"])
        scan = Scan.objects.create(
            tenant=firm.tenant, broker=firm.broker, insured=firm.insured, firm=firm, file=stored,
            name=plain, records=reading.records, consent_on=said.consent_on, scope=said.scope)
        audit.append(actor, "small_firms.scan_taken", scan, {
            "firm": firm.number, "sha256": stored.sha256, "records": scan.records,
            "consent_on": str(scan.consent_on), "scope": scan.scope})
    return scan
