"""Chunks of the jobs on batches: firms quoted twenty at a time, offers bound five at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast
from uuid import UUID

from django.db import transaction
from django.db.models import Count

from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import DinghaiError, Fault, InputError
from dinghai.schemes.small_firm_batch import answering_time
from dinghai.schemes.small_firm_file import FirmFile, SmallFirm
from dinghai.schemes.small_firm_quote import OUTCOMES, FirmQuote
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.core import audit
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.files import read_file
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.core.models import Relation
from dinghai_platform.small_firms.cells import cells_of, firm_document
from dinghai_platform.small_firms.engine import (
    desk_of,
    market_factor_of,
    plans,
    probe_of,
    product_on_sale,
)
from dinghai_platform.small_firms.models import Answers, Batch, Firm, Quote, Scan
from dinghai_platform.small_firms.services.batches import look_through
from dinghai_platform.small_firms.services.firms import Terms, new_quote
from dinghai_platform.small_firms.services.policies import Acceptance, bind_quote, terms_of
from dinghai_platform.small_firms.services.refusals import refusals_of
from dinghai_platform.underwriting.engine import Kept
from dinghai_platform.underwriting.numbers import next_number

QUOTED_AT_ONCE: Final = 20
BOUND_AT_ONCE: Final = 5
MOST_TOLD: Final = 500
_files = Kept(4)


@dataclass(frozen=True, slots=True)
class Quoted:
    """A chunk as it was worked out before its transaction."""

    pairs: tuple[tuple[SmallFirm, FirmQuote], ...]
    faults: tuple[Fault, ...]
    looked_at: int
    product: ProductVersion
    factor_ppm: int


def batch_of(step: Step) -> Batch:
    """The batch a job is about."""
    found: Batch = Batch.objects.within(step.tenant).select_related(
        "file", "broker", "tenant").get(pk=step.arguments["batch"])
    return found


def work_out(step: Step) -> Quoted:
    """Quote the next firms. Writes nothing; scans that were handed in before count by consent."""
    batch = batch_of(step)
    file: FirmFile = _files.get((batch.file.sha256, batch.on), lambda: look_through(
        read_file(batch.file), batch.file_name, batch.on))
    firms = file.firms[step.progress:step.progress + QUOTED_AT_ONCE]
    product = product_on_sale(step.tenant)
    desk = desk_of(step.tenant, product, batch.on, batch.inception)
    scans = _scans(batch, [one.credit_code for one in firms])
    pairs, faults = [], []
    for firm in firms:
        try:
            pairs.append((firm, desk.quote(firm, probe_of(firm, scans.get(firm.credit_code, ())))))
        except InputError as error:
            faults += [Fault(one.message, batch.file_name, firm.line, one.field, one.mend)
                       for one in error.faults]
    return Quoted(tuple(pairs), tuple(faults), len(firms), product,
                  market_factor_of(desk))


def _scans(batch: Batch, codes: Sequence[str]) -> dict[str, list[Scan]]:
    found: dict[str, list[Scan]] = {}
    for one in Scan.objects.within(batch.tenant_id).filter(
            firm__credit_code__in=codes, broker=batch.broker).select_related("file", "firm"):
        found.setdefault(one.firm.credit_code, []).append(one)
    return found


def write_quotes(step: Step) -> Progress:
    """Keep what was worked out, and close the batch with its last chunk."""
    batch = audit.locked(batch_of(step))
    quoted: Quoted = _without_refused(batch, step.prepared)
    if batch.state != Batch.State.QUOTING:
        return Progress(step.progress, finished=True, result={"quoted": step.progress})
    if quoted.pairs:
        _keep(batch, quoted, step.actor)
    progress = step.progress + quoted.looked_at
    if quoted.faults:
        batch.faults = [*batch.faults, *(dict(one.to_dict()) for one in quoted.faults)]
        batch.readable -= quoted.looked_at - len(quoted.pairs)
        batch.save(update_fields=("faults", "readable"))
    if progress < (step.total or 0) and quoted.looked_at:
        return Progress(progress)
    return Progress(progress, finished=True, result=_close(batch, step.actor))


def _without_refused(batch: Batch, quoted: Quoted) -> Quoted:
    """The chunk without the firms that an underwriter has refused: each is a fault of its row."""
    refused = {one.firm.credit_code for one in refusals_of(
        batch.tenant, [one.credit_code for one, _quote in quoted.pairs])}
    if not refused:
        return quoted
    told = batch.broker_id is None  # a broker is not told of what came another way
    faults = [Fault(
        "an underwriter has refused this firm" if told
        else "this firm is priced by an underwriter", batch.file_name, firm.line, "credit_code",
        "ask that it is looked at again, or leave the row out" if told
        else "ask your insurer, or leave the row out")
        for firm, _quote in quoted.pairs if firm.credit_code in refused]
    return replace(quoted, faults=(*quoted.faults, *faults), pairs=tuple(
        one for one in quoted.pairs if one[0].credit_code not in refused))


def _keep(batch: Batch, quoted: Quoted, actor: Actor) -> None:
    """Firms, answers and quotes of a chunk in a few statements, and one link of the chain."""
    firms = _firms(batch, [one for one, _quote in quoted.pairs], actor)
    answers = _answers(batch, quoted, firms)
    first = next_number(Quote, "number", batch.tenant, "SQ")
    terms = Terms(quoted.product, quoted.factor_ppm, batch.on, batch.inception)
    quotes = []
    for place, (firm, quote) in enumerate(quoted.pairs):
        row = firms[firm.credit_code]
        made = new_quote(row, answers[firm.credit_code], quote, terms,
                         number=number_after(first, place), actor=actor)
        made.batch, made.line = batch, firm.line
        quotes.append(made)
        row.name, row.industry, row.draft = firm.name, firm.industry, cells_of(firm)
        row.score_ppm, row.grade = quote.score_ppm, quote.grade
        row.on_offer_fen = made.gross_fen
        if row.state != Firm.State.BOUND:
            row.state = Firm.State(quote.outcome)
    Quote.objects.bulk_create(quotes)
    Firm.objects.within(batch.tenant).bulk_update(
        list(firms.values()), ("name", "industry", "draft", "score_ppm", "grade", "on_offer_fen",
                               "state", "insured"))
    audit.append(actor, "small_firms.batch_quoted", batch, {
        "number": batch.number, "quotes": len(quotes), "first": first},
        leaves=[f"{one.number}:{one.document_hash}".encode() for one in quotes])


def number_after(number: str, place: int) -> str:
    """The number so many places after a number."""
    head, last = number.rsplit("-", 1)
    return f"{head}-{int(last) + place:0{len(last)}d}"


def _firms(batch: Batch, given: Sequence[SmallFirm], actor: Actor) -> dict[str, Firm]:
    """The rows of a chunk's firms: those that came this way before, and new ones."""
    codes = [one.credit_code for one in given]
    rows: dict[str, Firm] = {one.credit_code: one for one in Firm.objects.within(
        batch.tenant).filter(credit_code__in=codes, broker=batch.broker, link=None).exclude(
        channel=Firm.Channel.OWN).order_by("id")}
    organisations = {} if batch.broker_id else {
        one.organisation.credit_code: one.organisation for one in Relation.objects.within(
            batch.tenant).filter(organisation__credit_code__in=codes).select_related(
            "organisation")}
    new = [one for one in given if one.credit_code not in rows]
    first = next_number(Firm, "number", batch.tenant, "SF") if new else ""
    made = [Firm(
        tenant=batch.tenant, broker=batch.broker, channel=Firm.Channel.BATCH,
        number=number_after(first, place), credit_code=one.credit_code, name=one.name,
        industry=one.industry, created_by=actor.user) for place, one in enumerate(new)]
    Firm.objects.bulk_create(made)
    rows |= {one.credit_code: one for one in made}
    for code, row in rows.items():
        row.insured = organisations.get(code) if not batch.broker_id else row.insured
    return rows


def _answers(batch: Batch, quoted: Quoted, firms: dict[str, Firm]) -> dict[str, Answers]:
    made = {}
    for firm, _quote in quoted.pairs:
        row, document = firms[firm.credit_code], firm_document(firm)
        made[firm.credit_code] = Answers(
            tenant=batch.tenant, broker=batch.broker, insured=row.insured, firm=row, on=batch.on,
            document=document, document_hash=document_hash(document), consent=firm.consent,
            consent_on=firm.consent_on if firm.consent else None,
            scope=list(firm.domains) if firm.consent else [])
    Answers.objects.bulk_create(list(made.values()))
    return made


def _close(batch: Batch, actor: Actor) -> dict[str, Any]:
    rows = Quote.objects.within(batch.tenant).filter(batch=batch)
    counted = dict(rows.values_list("outcome").annotate(number=Count("pk")).order_by())
    batch.outcomes = {name: counted[name] for name in OUTCOMES if counted.get(name)}

    @dataclass(frozen=True)
    class Answered:
        answering_seconds: int | None

    seconds = [Answered(one) for one in rows.values_list(
        "document__answering_seconds", flat=True)]
    batch.answering = answering_time(cast("Sequence[FirmQuote]", seconds), plans())
    batch.state = Batch.State.QUOTED
    batch.save(update_fields=("outcomes", "answering", "state"))
    audit.append(actor, "small_firms.batch_done", batch, {
        "number": batch.number, "outcomes": batch.outcomes})
    return {"quoted": sum(batch.outcomes.values()), **batch.outcomes}


def bind_chunk(step: Step) -> Progress:
    """Bind the next chosen quotes; one that cannot be bound any more is told, with its reason."""
    cursor = {"bound": 0, "refused": [], **step.cursor}
    chosen = step.arguments["quotes"]
    part = chosen[step.progress:step.progress + BOUND_AT_ONCE]
    rows = {one.pk: one for one in Quote.objects.within(step.tenant).filter(
        pk__in=part).select_related("firm", "answers", "product", "tenant")}
    refused = list(cursor["refused"])
    for key in part:
        why = _bind(rows.get(UUID(key)), step)
        if why is None:
            cursor["bound"] += 1
        elif len(refused) < MOST_TOLD:
            row = rows.get(UUID(key))
            refused.append({"quote": row.number if row else key, "why": why})
    cursor["refused"] = refused
    progress = step.progress + len(part)
    return Progress(progress, total=len(chosen), cursor=cursor, finished=progress >= len(chosen),
                    result={"bound": cursor["bound"], "refused": refused})


def _bind(quote: Quote | None, step: Step) -> str | None:
    """None once the policy is there, else why it cannot be."""
    if quote is None:
        return "there is no such quote"
    plan = quote.offered_plan or quote.decided_plan
    if not plan:
        return "this plan is not on offer to this firm"
    try:
        with transaction.atomic():
            bind_quote(quote, plan, Acceptance(
                [one.key for one in terms_of(quote, plan)],
                step.arguments["confirmed_by"], step.arguments["channel"]), actor=step.actor)
    except DinghaiError as error:
        return str(getattr(error, "message", error))
    return None
