"""Verbs on the public list: publish new grants, and say what objections have come to."""

from __future__ import annotations

from typing import Any

from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import InputError, Refusal
from dinghai.schemes.subsidy_publication import (
    Objection,
    PublicList,
    publish,
    take_objections,
)
from dinghai.schemes.subsidy_register import ObjectionStatus
from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.subsidies.book import Book, held_book, read_book
from dinghai_platform.subsidies.models import Application, Subsidy
from dinghai_platform.subsidies.models import PublicList as KeptList
from dinghai_platform.subsidies.services.common import given_reason, note, serve_waiting
from dinghai_platform.subsidies.services.four_eyes import shown_by, whom_to_ask


def to_publish(subsidy: Subsidy, *, actor: Actor) -> PublicList:
    """What a list of today would show; nothing is written. Raises InputError where the rule
    publishes nothing."""
    with read_book(subsidy, actor) as book:
        return publish(book.text, book.register, day=clock.today())


def publish_list(subsidy: Subsidy, *, actor: Actor) -> KeptList:
    """Publish the grants that no list has shown, open to objections for the days of the rule.

    Raises InputError where the rule publishes nothing, Refusal where there is nothing new.
    """
    require(actor, "subsidies.administer", subsidy)
    with held_book(subsidy, actor) as book:
        found = publish(book.text, book.register, day=clock.today())
        if found.entry is None:
            raise Refusal("there is no grant that was not published yet",
                          reasons=["decide applications first"])
        written = book.add([found.entry], actor=actor)
        document = _document(book, found)
        number = KeptList.objects.within(subsidy.tenant).filter(subsidy=subsidy).count() + 1
        row = KeptList.objects.create(
            tenant=subsidy.tenant, authority_id=subsidy.authority_id, subsidy=book.subsidy,
            number=number, day=found.day, objections_until=found.objections_until,
            document=document, document_hash=document_hash(document), grants=len(found.rows),
            granted_fen=sum(one.granted_fen for one in found.rows), published_by=actor.user)
        note(actor, "list_published", book, written, {
            "number": number, "grants": row.grants, "hash": row.document_hash,
            "objections_until": found.objections_until.isoformat()})
    return row


def object_to(
    application: Application, *, number: str, status: ObjectionStatus, text: str, actor: Actor
) -> Application:
    """Note an objection to a published grant, or what it has come to: ``open`` holds the payment,
    ``upheld`` takes the grant away, ``dismissed`` lets it be paid.

    The same again changes nothing. Raises InputError for a grant that is on no list, an objection
    that was decided otherwise, and without number or text; Refusal for who published the grant
    and would decide the objection.
    """
    require(actor, "subsidies.administer", application)
    text = given_reason(text)[:500]
    plain = "".join(number.split()).upper()
    if not plain or len(plain) > 64 or not plain.isprintable():
        raise InputError("the objection has no number", field="number", mend="give it one")
    with held_book(application.subsidy, actor) as book:
        found = take_objections(book.text, book.register, [
            Objection(0, plain, application.number, clock.today(), status, text)],
            day=clock.today())
        if found.rejected:
            raise InputError.of(found.rejected)
        if found.entries and status != "open" and application.number in shown_by(
                book.subsidy, actor):
            raise Refusal("whoever published a grant does not decide an objection to it",
                          reasons=[whom_to_ask(actor)])
        written = book.add(found.entries, actor=actor, narrative="subsidies.changed")
        if found.entries:
            note(actor, "objection_noted", book, written, {
                "application": application.number, "number": plain, "status": status})
            serve_waiting(book, actor=actor)
        row: Application = Application.objects.within(book.subsidy.tenant).get(pk=application.pk)
    return row


def _document(book: Book, found: PublicList) -> dict[str, Any]:
    rule = book.text.rule
    return {
        "schema": "dinghai.subsidy-public-list/1", "rule": rule.id, "name_zh": rule.name_zh,
        "authority": rule.authority, "day": found.day.isoformat(),
        "objections_until": found.objections_until.isoformat(),
        "rows": [{
            "application": one.application, "name": one.name, "credit_code": one.credit_code,
            "area": one.area, "basis_fen": one.basis_fen, "granted_fen": one.granted_fen}
            for one in found.rows],
        "notes": list(found.notes), "register_head": book.register.head,
        "entries_added": 1, "output": None, "rejected": []}
