"""Verbs on one application: what may be expected, apply, complete it, confirm its premium."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec
from django.core.exceptions import PermissionDenied
from django.db import transaction

from dinghai.foundation.errors import InputError, Refusal
from dinghai.schemes.subsidy_applications import Application as Stated
from dinghai.schemes.subsidy_decide import decide
from dinghai.schemes.subsidy_register import Decided
from dinghai.schemes.subsidy_rule import SubsidyRule
from dinghai.schemes.subsidy_withdrawal import withdraw
from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.files import store_file
from dinghai_platform.core.models import StoredFile
from dinghai_platform.core.permissions import require
from dinghai_platform.subsidies.book import Book, Link, Written, held_book, read_book
from dinghai_platform.subsidies.models import Application, Enclosure, Subsidy
from dinghai_platform.subsidies.policies import KnownPolicy, changes_taken, known_of
from dinghai_platform.subsidies.same_event import reported_by_hand
from dinghai_platform.subsidies.services.common import (
    note,
    require_open,
    require_own_code,
    serve_waiting,
)
from dinghai_platform.subsidies.stating import Statement, said_before, stated
from dinghai_platform.underwriting.models import Policy
from dinghai_platform.underwriting.numbers import next_number

LARGEST_PAPER: Final = 10 * 1024 * 1024
PAPER_TYPES: Final = {b"%PDF": "application/pdf", b"\x89PNG": "image/png",
                      b"\xff\xd8\xff": "image/jpeg"}
PREVIEW: Final = "PREVIEW"
LONGEST_WHY: Final = 500
Papers = Mapping[str, tuple[bytes, str]]
"""Content and file name of enclosed papers by the rule's id of each."""


def expect(
    subsidy: Subsidy, policy: Policy, said: Statement, *, actor: Actor
) -> tuple[Decided, SubsidyRule]:
    """What would be decided now; nothing is written and nothing promised. Papers named in
    ``said.documents`` count as enclosed.

    Raises InputError for what cannot be read, Refusal for a subsidy that has ended.
    """
    require(actor, "subsidies.apply")
    _require_own(policy, actor)
    require_open(subsidy)
    known = known_of(policy)
    with read_book(subsidy, actor) as book:
        one = stated(book.text.rule, known, said, number=PREVIEW, at=clock.now())
        found = decide(book.text, book.register, [(1, one)], day=clock.today())
        return next(each for each in found.decided
                    if each.application.id == PREVIEW), book.text.rule


def apply_for(
    subsidy: Subsidy, policy: Policy, said: Statement, *, actor: Actor, papers: Papers | None = None
) -> Application:
    """Apply for the subsidy of a policy's premium; it is decided at once, within rule and budget.

    The same firm's live application for the policy is answered as it is: nobody is decided twice.
    Raises InputError for what cannot be read, Refusal for a subsidy that has ended,
    PermissionDenied for a policy that is another's.
    """
    require(actor, "subsidies.apply")
    _require_own(policy, actor)
    with held_book(subsidy, actor) as book:
        require_open(book.subsidy)
        before = _live(book.subsidy, policy)
        if before is not None:
            return before
        known = known_of(policy)
        number = next_number(Application, "number", subsidy.tenant, "SA")
        files = _stored(book.text.rule, papers or {}, actor, book)
        one = stated(book.text.rule, known, replace(said, documents=tuple(sorted(files))),
                     number=number, at=clock.now())
        require_own_code(book.subsidy, policy.insured, one.credit_code)
        link = Link(Application.Source.POLICY, policy.insured, _broker(policy, actor),
                    policy.tenant, policy, actor.user, known.counted)
        return _decided(book, one, actor, "applied", link, files)


def complete(
    application: Application, said: Statement, *, actor: Actor, papers: Papers | None = None
) -> Application:
    """Hand an application in again with what was missing; it keeps its time and its place.

    Raises Refusal for one that stands decided, InputError for what cannot be read.
    """
    require(actor, "subsidies.apply", application)
    policy = application.policy
    if policy is None:
        raise Refusal("this application came by a list of the authority",
                      reasons=["ask the authority to complete it"])
    with held_book(application.subsidy, actor) as book:
        require_open(book.subsidy)
        row = _fresh(book, application)
        if not row.is_open:
            raise Refusal("this application stands decided",
                          reasons=["report what changed as a change of its policy"])
        before = _stated_before(row)
        changes = book.standing().changes
        known = known_of(policy, taken=changes_taken(changes, row.number) | reported_by_hand(
            policy, changes, row.number, row.counted or ()))
        files = _stored(book.text.rule, papers or {}, actor, book)
        enclosed = tuple(sorted({*(before.documents or ()), *files}))
        one = stated(book.text.rule, known, replace(said, documents=enclosed), number=row.number,
                     at=before.applied_at, borne_by_others_fen=before.borne_by_others_fen)
        require_own_code(book.subsidy, policy.insured, one.credit_code, but=row.number)
        return _decided(book, one, actor, "completed", Link(counted=known.counted), files)


def confirm_premium(
    application: Application, *, borne_by_others_fen: int, actor: Actor
) -> Application:
    """Say, as the insurer, what others than the firm bore of the premium; it is decided anew.

    Confirming the same again changes nothing. Raises InputError for more than the premium, Refusal
    for an application that stands decided.
    """
    require(actor, "subsidies.confirm_premium", application)
    with held_book(application.subsidy, actor) as book:
        row = _fresh(book, application)
        before = _stated_before(row)
        if before.borne_by_others_fen == borne_by_others_fen and row.confirmed_by_id is not None:
            return row
        if not row.is_open:
            raise Refusal("this application stands decided",
                          reasons=["report what changed as a change of its policy"])
        own = before.premium_fen - before.other_subsidies_fen - before.refunded_fen
        if not 0 <= borne_by_others_fen <= own:
            raise InputError("others cannot bear more than the premium", field="borne_by_others",
                             mend=f"give 0 to {own} fen")
        row.confirmed_by, row.confirmed_at = actor.user, clock.now()
        row.save(update_fields=("confirmed_by", "confirmed_at"))
        one = msgspec.structs.replace(before, borne_by_others_fen=borne_by_others_fen)
        return _decided(book, one, actor, "premium_confirmed", None, {})


def withdraw_application(application: Application, *, reason: str = "", actor: Actor
                         ) -> Application:
    """Take an application back, as its firm or broker, before anything of it is paid: what it was
    granted is free for those that wait. Asked again it answers the same.

    Raises Refusal for one that was paid, refused or taken away by an objection, InputError for a
    reason that is too long.
    """
    require(actor, "subsidies.apply", application)
    said = reason.replace("\0", "").strip()
    if len(said) > LONGEST_WHY:
        raise InputError("the reason has more than 500 characters", field="reason",
                         mend="shorten it")
    with held_book(application.subsidy, actor) as book:
        row = _fresh(book, application)
        entry = withdraw(book.text, book.register, row.number, day=clock.today(), why=said)
        if entry is None:
            return row
        written = book.add([entry], actor=actor)
        note(actor, "application_withdrawn", book, written, {
            "application": row.number, "freed_fen": str(row.granted_fen)})
        serve_waiting(book, actor=actor)
    return written.decided


def said_in(application: Application) -> Statement:
    """What was stated in an application before."""
    return said_before(_stated_before(application))


def known_policy(policy: Policy, actor: Actor) -> KnownPolicy:
    """What a firm is shown of its own policy before it applies."""
    _require_own(policy, actor)
    return known_of(policy)


def _require_own(policy: Policy, actor: Actor) -> None:
    """Raises PermissionDenied for a policy that the actor may not apply for."""
    seen = Policy.objects.visible_to(actor).filter(pk=policy.pk).exists()
    if not seen or (actor.role != "broker" and policy.insured_id != actor.organisation.pk):
        raise PermissionDenied("subsidies.apply")


def _broker(policy: Policy, actor: Actor) -> Any:
    return None if policy.insured_id == actor.organisation.pk else actor.organisation


def _live(subsidy: Subsidy, policy: Policy) -> Application | None:
    found: Application | None = Application.objects.within(subsidy.tenant).filter(
        subsidy=subsidy, policy=policy, source=Application.Source.POLICY).exclude(
        state__in=Application.OVER).first()
    return found


def _fresh(book: Book, application: Application) -> Application:
    row: Application = Application.objects.within(book.subsidy.tenant).get(pk=application.pk)
    return row


def _stated_before(row: Application) -> Stated:
    return msgspec.convert(row.stated, Stated)


def _stored(
    rule: SubsidyRule, papers: Papers, actor: Actor, book: Book
) -> dict[str, StoredFile]:
    """The enclosed papers, kept. Raises InputError for one that the rule does not ask for, one that
    is too large, and one that is neither PDF nor picture."""
    wanted = {one.id for one in rule.documents}
    found: dict[str, StoredFile] = {}
    for name, (content, file) in papers.items():
        if name not in wanted:
            raise InputError("the rule asks for no such paper", field=name,
                             mend="enclose what it names")
        media = next((kind for start, kind in PAPER_TYPES.items() if content.startswith(start)),
                     None)
        if media is None:
            raise InputError("a paper is a PDF or a picture (PNG, JPEG)", file=file, field=name,
                             mend="scan it as PDF")
        found[name] = store_file(content, name=file, media_type=media, actor=actor,
                                 tenant=book.subsidy.tenant, largest=LARGEST_PAPER)
    return found


def _decided(
    book: Book, one: Stated, actor: Actor, action: str, link: Link | None,
    files: Mapping[str, StoredFile],
) -> Application:
    found = decide(book.text, book.register, [(1, one)], day=clock.today())
    if found.rejected:
        raise InputError.of(found.rejected)
    written: Written = book.add(
        found.entries, actor=actor, links={one.id: link} if link else None)
    row: Application = Application.objects.within(book.subsidy.tenant).get(
        subsidy=book.subsidy, number=one.id)
    _enclose(row, files)
    note(actor, action, book, written, {"application": one.id, "state": row.state})
    return row


def _enclose(row: Application, files: Mapping[str, StoredFile]) -> Sequence[Enclosure]:
    return Enclosure.objects.bulk_create([
        Enclosure(tenant=row.tenant, authority_id=row.authority_id, application=row,
                  organisation_id=row.organisation_id, broker_id=row.broker_id,
                  insurer_id=row.insurer_id, document=name, file=file)
        for name, file in files.items()])


@transaction.atomic
def paper_of(enclosure: Enclosure, *, actor: Actor) -> StoredFile:
    """An enclosed paper, for who sees the application."""
    require(actor, "subsidies.view_applications", enclosure.application)
    file: StoredFile = enclosure.file
    return file
