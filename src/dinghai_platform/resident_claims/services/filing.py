"""A claimant's claim: begun, saved step by step, papers added, submitted, withdrawn."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.db import transaction

from dinghai.foundation.calendar import start_of
from dinghai.foundation.errors import Fault, InputError, Refusal
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.files import read_file, store_file
from dinghai_platform.core.keys import new_key
from dinghai_platform.core.permissions import require
from dinghai_platform.resident_claims.engine import Schemes, decide_by, row_of
from dinghai_platform.resident_claims.facts import check_rows, with_facts
from dinghai_platform.resident_claims.models import PREFIX, Claim, Paper
from dinghai_platform.resident_claims.sealing import (
    seal,
    seal_words,
    tie_key,
    unseal,
    unseal_words,
)
from dinghai_platform.resident_claims.services.common import (
    given_reason,
    held,
    note,
    stated_by,
)
from dinghai_platform.residents.changes_queries import person_of
from dinghai_platform.residents.models import Certificate
from dinghai_platform.residents.proofs import number_of
from dinghai_platform.underwriting.numbers import next_number

WORDS: Final = ("story", "police_case", "payee_account", "payee_name", "holder_account",
                "holder_bank")
"""What is sealed of a claim, besides the certificate's own person."""
LONGEST_WORDS: Final = {"story": 4_000}
MOST_DRAFTS: Final = 5
MOST_A_DAY: Final = 10
MOST_PAPERS: Final = 20
LARGEST_PAPER: Final = 10 * 1024 * 1024
EDITABLE: Final = (Claim.State.DRAFT, Claim.State.SUBMITTED, Claim.State.WAITING,
                   Claim.State.ASKED, Claim.State.REFERRED)
OPEN_TO_CLAIMANTS: Final = (Claim.State.DRAFT, Claim.State.ASKED)
"""When claimants change their statements; papers and recoveries are taken as long as EDITABLE."""
_KINDS: Final = ((b"%PDF-", "application/pdf"), (b"\xff\xd8\xff", "image/jpeg"),
                 (b"\x89PNG\r\n\x1a\n", "image/png"))


@transaction.atomic
def start_claim(certificate: Certificate, *, device: str, actor: Actor) -> Claim:
    """Begin a claim on a certificate; a draft without any fact is given again, also to a button
    that was pressed twice.

    Raises Refusal where too many drafts are open already, or were begun today.
    """
    require(actor, "resident_claims.claim", certificate)
    audit.hold_chain(certificate.tenant)
    enrolment = certificate.chunk.enrolment
    rows = Claim.objects.within(certificate.tenant).filter(certificate=certificate)
    drafts = list(rows.filter(state=Claim.State.DRAFT))
    for one in drafts:
        if not one.facts and not one.sealed:
            return one
    if len(drafts) >= MOST_DRAFTS:
        raise Refusal("several claims of this certificate are begun already",
                      reasons=["finish or withdraw one of them"])
    # Each may hold many files, and what is withdrawn keeps them.
    if rows.filter(channel=Claim.Channel.PHONE,
                   created_at__gte=start_of(clock.today())).count() >= MOST_A_DAY:
        raise Refusal("no more claims of this certificate are begun today",
                      reasons=["go on with one of them, come again tomorrow, or call the insurer"])
    person = person_of(certificate)
    tenant = certificate.tenant
    claim = Claim.objects.create(
        tenant=tenant, number=next_number(Claim, "number", tenant, PREFIX),
        scheme=enrolment.scheme, certificate=certificate, certificate_no=number_of(certificate),
        holder=certificate.masked_name, channel=Claim.Channel.PHONE,
        person_key=tie_key(tenant, "person", person.identity),
        phone_key=tie_key(tenant, "phone", person.mobile),
        device_key=tie_key(tenant, "device", device))
    note(claim, "started", actor)
    return claim


@transaction.atomic
def save_step(
    claim: Claim, *, facts: Mapping[str, Any], actor: Actor, words: Mapping[str, str] | None = None,
    bank: str | None = None,
) -> Claim:
    """Keep what a claimant states in one step. Raises InputError with what cannot be, Refusal once
    the claim is determined."""
    require(actor, "resident_claims.claim", claim)
    claim = _editable(claim)
    if claim.state not in OPEN_TO_CLAIMANTS:
        raise Refusal("what was submitted stands",
                      reasons=["report money that came back, add a paper, or call the insurer"])
    _check_established(claim, facts)
    return _keep(claim, facts, words or {}, bank, actor, "saved")


@transaction.atomic
def edit_facts(claim: Claim, *, facts: Mapping[str, Any], reason: str, actor: Actor) -> Claim:
    """A handler establishes facts, with a reason; the claim is to be decided anew by them."""
    require(actor, "resident_claims.handle", claim)
    said = given_reason(reason)
    claim = _editable(claim)
    if claim.state == Claim.State.DRAFT:
        raise Refusal("the claimant has not submitted this claim yet")
    if claim.state == Claim.State.WAITING:
        # The wait was reckoned by the facts before.
        claim.state, claim.wait_until = Claim.State.SUBMITTED, None
    unknown = {name for name, value in facts.items() if value in (None, "")}
    claim.established = sorted({*(claim.established or ()), *facts} - unknown)
    return _keep(claim, facts, {}, None, actor, "facts_edited", reason=said)


def _check_established(claim: Claim, facts: Mapping[str, Any]) -> None:
    """Raise InputError where a claimant would overwrite what a handler established, or money that
    is reported to have come back."""
    stated = with_facts(claim.facts, facts)
    faults = [Fault("this stands already: it was established or reported", field=name,
                    mend="leave it as it stands, or call the insurer")
              for name in claim.established or ()
              if name in facts and stated.get(name) != claim.facts.get(name)]
    if faults:
        raise InputError.of(faults)


def _keep(
    claim: Claim, facts: Mapping[str, Any], words: Mapping[str, str], bank: str | None,
    actor: Actor, what: str, **details: Any,
) -> Claim:
    if facts.get("filing_day") is not None and "unrecovered_days" not in facts:
        facts = {**facts, "unrecovered_days": None}  # they follow from the day
    claim.facts = with_facts(claim.facts, facts)
    stated_by(claim, actor)
    _check(claim)
    sealed = unseal_words(claim.tenant_id, claim.sealed)
    for name, text in words.items():
        if name not in WORDS:
            raise InputError(f"there is no field {name!r}", field=name, mend=", ".join(WORDS))
        if len(text) > LONGEST_WORDS.get(name, 100):
            raise InputError("the text is too long", field=name, mend="shorten it")
        sealed[name] = text.strip()
    if words:
        claim.sealed = seal_words(claim.tenant_id, sealed)
        claim.account_key = tie_key(
            claim.tenant_id, "account", "".join(sealed.get("payee_account", "").split()))
    if bank is not None:
        claim.bank = bank.strip()[:128]
    _show(claim)
    claim.save()
    note(claim, what, actor, fields=sorted([*facts, *words]), **details)
    return claim


def _check(claim: Claim) -> None:
    """Raise InputError with what the engine would reject."""
    schemes = Schemes.of(claim.tenant_id)
    values = (claim.pk, claim.number, claim.certificate_no, claim.certificate_id,
              claim.scheme_id, claim.facts, claim.person_key, "", "", "", "", claim.asked_on)
    cover = schemes.covers([values])[claim.number]
    check_rows([row_of(values, schemes, cover, 0, decided=False)], clock.today())


def _show(claim: Claim) -> None:
    """Columns of lists that repeat a fact or follow from it. The time for the determination runs
    from the notice, whether the engine has seen the claim yet or not."""
    day, told = claim.facts.get("loss_day"), claim.told_on
    claim.loss_day = date.fromisoformat(day) if day else None
    claim.loss_fen = claim.facts.get("loss")
    if claim.submitted_at is not None and told is not None:
        claim.decide_by = decide_by(claim.scheme.terms().product, told)


@transaction.atomic
def add_paper(claim: Claim, *, kind: str, content: bytes, actor: Actor) -> Paper:
    """Keep a paper, sealed. The same bytes of a kind again answer the paper of before.

    Raises InputError for one that is too large or no PDF, JPEG or PNG, Refusal for too many.
    """
    require(actor, "resident_claims.claim", claim)
    claim = _editable(claim)
    if kind not in Paper.Kind.values:
        raise InputError("there is no such kind of paper", field="kind",
                         mend=", ".join(Paper.Kind.values))
    media_type = media_type_of(content)
    digest = hashlib.sha256(content).hexdigest()
    papers = Paper.objects.within(claim.tenant).filter(claim=claim, taken_back_at=None)
    there = papers.filter(kind=kind, digest=digest).first()
    if there is not None:
        found: Paper = there
        return found
    if papers.count() >= MOST_PAPERS:
        raise Refusal(f"a claim has at most {MOST_PAPERS} papers",
                      reasons=["put several pages into one PDF"])
    key = new_key()
    stored = store_file(seal(claim.tenant_id, content, purpose="paper"), name=f"{key}.sealed",
                        media_type="application/octet-stream", actor=actor, tenant=claim.tenant)
    paper = Paper.objects.create(pk=key, tenant=claim.tenant, claim=claim, kind=kind, file=stored,
                                 digest=digest, media_type=media_type, size=len(content))
    claim.facts = with_facts(claim.facts, {kind: 1})
    claim.save(update_fields=("facts",))
    note(claim, "paper_added", actor, kind=kind, sha256=digest)
    return paper


def media_type_of(content: bytes) -> str:
    """What a paper is, by its first bytes. Raises InputError."""
    if not content:
        raise InputError("the file is empty", field="file", mend="choose another one")
    if len(content) > LARGEST_PAPER:
        raise InputError(f"the file is larger than {LARGEST_PAPER // 1024 // 1024} MB",
                         field="file", mend="take a smaller photo, or split the PDF")
    for mark, media_type in _KINDS:
        if content.startswith(mark):
            return media_type
    raise InputError("this is no PDF, JPEG or PNG", field="file",
                     mend="take a photo of the paper, or save it as PDF")


def bytes_of(paper: Paper) -> bytes:
    """The bytes of a paper. Whoever shows them to somebody writes so into the audit chain."""
    return unseal(paper.tenant_id, read_file(paper.file), purpose="paper")


@transaction.atomic
def take_paper_back(paper: Paper, *, actor: Actor) -> None:
    """A claimant added the wrong file: it counts no more. Nothing is deleted that was submitted."""
    require(actor, "resident_claims.claim", paper)
    claim = _editable(paper.claim)
    if claim.state != Claim.State.DRAFT:
        raise Refusal("a paper that was submitted stays", reasons=["add the right one besides"])
    if paper.taken_back_at is None:
        paper.taken_back_at = clock.now()
        paper.save(update_fields=("taken_back_at",))
        left = Paper.objects.within(claim.tenant).filter(
            claim=claim, kind=paper.kind, taken_back_at=None).exists()
        claim.facts = with_facts(claim.facts, {paper.kind: 1 if left else None})
        claim.save(update_fields=("facts",))
        note(claim, "paper_taken_back", actor, kind=paper.kind)


@transaction.atomic
def submit_claim(claim: Claim, *, declared: bool, actor: Actor) -> Claim:
    """Submit a claim, or submit it again with what was asked for. It may lack papers: what is
    missing is asked for once. Raises InputError without the declaration, the day or the amount."""
    require(actor, "resident_claims.claim", claim)
    claim = _editable(claim)
    if not declared:
        raise InputError("the declaration is not made", field="declared",
                         mend="read it and tick the box")
    for name in ("loss_day", "loss"):
        if name not in claim.facts:
            raise InputError("a claim needs the day and the amount of the loss", field=name,
                             mend="go back to the step that asks for it")
    words = unseal_words(claim.tenant_id, claim.sealed)
    if not words.get("holder_account"):
        raise InputError("a claim needs the account to be paid to", field="holder_account",
                         mend="go back to the step that asks for it")
    if claim.state in (Claim.State.SUBMITTED, Claim.State.REFERRED):
        return claim
    now = clock.now()
    if claim.submitted_at is None:
        claim.submitted_at = now
        claim.facts = with_facts(claim.facts, {"noticed_day": clock.today()})
        _show(claim)
    claim.state = Claim.State.SUBMITTED
    claim.wait_until = None
    claim.save()
    note(claim, "submitted", actor)
    return claim


@transaction.atomic
def withdraw_claim(claim: Claim, *, actor: Actor) -> Claim:
    """A claimant takes a claim back before it is determined. Asked again it answers the same.

    Raises Refusal once something was paid: such a claim is not as if it had never been made.
    """
    require(actor, "resident_claims.claim", claim)
    if claim.state == Claim.State.WITHDRAWN:
        return claim
    claim = _editable(claim)
    if claim.paid_fen:
        raise Refusal("something was paid on this claim: it cannot be withdrawn",
                      reasons=["wait for the decision, or call the insurer"])
    claim.state = Claim.State.WITHDRAWN
    claim.save(update_fields=("state",))
    note(claim, "withdrawn", actor)
    return claim


def _editable(claim: Claim) -> Claim:
    fresh = held(claim)
    if fresh.state not in EDITABLE:
        raise Refusal("this claim is determined: its facts stand",
                      reasons=["object to the determination, or report money that came back"])
    return fresh
