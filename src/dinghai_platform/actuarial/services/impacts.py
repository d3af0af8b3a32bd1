"""The impact of a version on the book: started by a verb, worked off in chunks by a job."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db import transaction

from dinghai.assessment.profile import Profile
from dinghai.foundation.errors import DinghaiError, Refusal
from dinghai.pricing.claims_history import history_of_document
from dinghai.pricing.repricing import PriceChange, Tables, reprice
from dinghai_platform.actuarial.book import (
    book_of,
    policies_hash,
    profile_document,
    size_of,
)
from dinghai_platform.actuarial.in_force import (
    table_in_force,
    table_of,
    tables_in_force,
)
from dinghai_platform.actuarial.models import ImpactRow, ImpactRun, TableVersion
from dinghai_platform.actuarial.summing import summary_of
from dinghai_platform.core import audit, clock, jobs
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.core.keys import new_key
from dinghai_platform.core.permissions import require
from dinghai_platform.underwriting.engine import pricer_of, screening_of_quote
from dinghai_platform.underwriting.models import Policy, Quote

IMPACT: Final = "actuarial.impact"
AT_ONCE: Final = 4
"""Policies in one chunk: an old dossier may take a good part of a second to assess again."""
_UNFINISHED: Final = ("queued", "running")


@transaction.atomic
def start_impact(version: TableVersion, *, actor: Actor) -> ImpactRun:
    """Queue the re-pricing of the book under a draft or a proposal, against what is in force.

    While a run of the same document goes on, that one is answered. Raises Refusal for a version
    that is decided.
    """
    require(actor, "actuarial.run_impact", version)
    audit.hold_chain(version.tenant)  # two that ask at once get one run
    version = TableVersion.objects.within(version.tenant).get(pk=version.pk)
    if version.state not in (TableVersion.State.DRAFT, TableVersion.State.PROPOSED):
        raise Refusal("the impact is run before a version is decided")
    going = ImpactRun.objects.within(version.tenant).filter(
        version=version, state=ImpactRun.State.RUNNING, document_hash=version.document_hash,
        job__state__in=_UNFINISHED,
    ).first()
    if going is not None:
        return going
    standing = table_in_force(version.tenant, version.kind, version.table_id, clock.today())
    book = book_of(version.tenant, version.kind, version.table_id)
    run = ImpactRun.objects.create(
        tenant=version.tenant, version=version, document=version.document,
        document_hash=version.document_hash, against=standing.version,
        against_label=standing.label, against_hash=standing.sha256, as_of=clock.today(),
        policies_hash=policies_hash(version.tenant, version.kind, version.table_id),
        policies=book.policies.count(), quotes=book.quotes.count(), started_by=actor.user,
    )
    run.job = jobs.start_job(
        IMPACT, {"run": str(run.pk)}, actor=actor, tenant=version.tenant,
        title=f"{version.table_id} {version.label}", total=run.policies + run.quotes + 1,
    )
    run.save(update_fields=("job",))
    audit.append(
        actor, "actuarial.impact_started", run,
        {"version": version.label, "hash": run.document_hash, "against": run.against_hash,
         "policies": run.policies, "quotes": run.quotes},
    )
    return run


def run_of(step: Step) -> ImpactRun:
    """The run a job works on."""
    rows = ImpactRun.objects.within(step.tenant).select_related("version", "tenant")
    run: ImpactRun = rows.get(pk=step.arguments["run"])
    return run


def prepare_rows(step: Step) -> list[ImpactRow] | None:
    """The next few of the book under both tables, outside any transaction; None at the end."""
    run = run_of(step)
    pairs = list(_next(run, step.cursor))
    if not pairs:
        return None
    tables = _Pair.of(run)
    return [_row(run, policy, quote, tables) for policy, quote in pairs]


def _next(run: ImpactRun, cursor: dict[str, Any]) -> Iterator[tuple[Policy | None, Quote]]:
    """Policies first, then open quotes, after the last of each that was written."""
    book = book_of(run.tenant, run.version.kind, run.version.table_id)
    related = ("assessment__dossier", "assessment__tenant", "product", "insured", "screening")
    policies = book.policies.select_related(
        "insured", *(f"quote__{one}" for one in related)).defer(
        "document", "quote__document", "quote__policy_document")
    if last := cursor.get("policy"):
        policies = policies.filter(pk__gt=last)
    found = [(one, one.quote) for one in policies[:AT_ONCE]]
    if found:
        yield from found
        return
    quotes = book.quotes.select_related(*related).defer("document", "policy_document")
    if last := cursor.get("quote"):
        quotes = quotes.filter(pk__gt=last)
    for one in quotes[:AT_ONCE]:
        yield None, one


@dataclass(frozen=True)
class _Pair:
    """The tables in force and those with the run's document in its place, by rating."""

    run: ImpactRun
    kept: dict[str, tuple[Tables, Tables]]

    @classmethod
    def of(cls, run: ImpactRun) -> _Pair:
        return cls(run, {})

    def under(self, rating_id: str) -> tuple[Tables, Tables]:
        """Before and after for products of a rating."""
        if rating_id not in self.kept:
            run, version = self.run, self.run.version
            before = tables_in_force(run.tenant, rating_id, run.as_of)
            new = table_of(version.kind, run.document, run.document_hash)
            self.kept[rating_id] = before, replace(before, **{version.kind: new})
        return self.kept[rating_id]


def _row(run: ImpactRun, policy: Policy | None, quote: Quote, tables: _Pair) -> ImpactRow:
    row = ImpactRow(
        id=new_key(), tenant=run.tenant, run=run, policy=policy, quote=quote,
        insured=quote.insured, number=policy.policy_no if policy else quote.number,
        product=quote.product.product_id, grade=quote.assessment.grade,
    )
    try:
        profile = Profile.from_dict(profile_document(quote.assessment.dossier.statements))
        row.industry, row.size = profile.industry[:2], size_of(profile.revenue_fen)
        _fill(row, _repriced(quote, tables))
    except (DinghaiError, KeyError) as error:
        # One that cannot be priced again is counted and named; it does not stop the others.
        row.fault = str(error)[:2_000] or type(error).__name__
    return row


def _repriced(quote: Quote, tables: _Pair) -> PriceChange:
    before, after = tables.under(quote.product.document["rating"]["table"])
    pricer = pricer_of(quote.assessment, quote.product, before, screening_of_quote(quote))
    schedule = pricer.schedule(inception=quote.inception, limit_fen=quote.limit_fen,
                               deductible_fen=quote.deductible_fen)
    history = None if quote.history is None else history_of_document(quote.history)
    return reprice(pricer, schedule, before, after, history)


def _fill(row: ImpactRow, change: PriceChange) -> None:
    before, after = change.before, change.after
    row.technical_before_fen = before.premium.technical_net
    row.technical_after_fen = after.premium.technical_net
    row.charged_before_fen = before.premium.charged_net
    row.charged_after_fen = after.premium.charged_net
    row.change_fen, row.change_ppm = change.change_fen, change.change_ppm
    row.outcome_before, row.outcome_after = before.outcome, after.outcome
    row.reasons_before, row.reasons_after = list(before.reasons), list(after.reasons)
    row.steps = [{"part": part, "fen": fen} for part, fen in change.steps]


def write_rows(step: Step) -> Progress:
    """Keep what was prepared; after the last one the totals, and the end."""
    run, rows = run_of(step), step.prepared
    if rows is None:
        return _finish(run, step)
    ImpactRow.objects.bulk_create(rows)
    cursor = dict(step.cursor)
    last = rows[-1]
    cursor["policy" if last.policy_id else "quote"] = str(last.policy_id or last.quote_id)
    done = step.progress + len(rows)
    # One more than those so far: the chunk that finds none left makes the totals.
    return Progress(done, max(step.total or 0, done + 1), last.number, cursor)


def _finish(run: ImpactRun, step: Step) -> Progress:
    same = run.policies_hash == policies_hash(run.tenant, run.version.kind, run.version.table_id)
    run.state = ImpactRun.State.DONE if same else ImpactRun.State.OUTDATED
    run.summary, run.finished_at = summary_of(run), clock.now()
    run.faults = run.summary["faults"]
    run.save(update_fields=("state", "summary", "faults", "finished_at"))
    audit.append(
        step.actor, "actuarial.impact_finished", run,
        {"version": run.version.label, "hash": run.document_hash, "state": run.state,
         "policies": run.summary["policies"]["count"], "faults": run.faults},
    )
    end = step.progress + 1
    return Progress(end, end, finished=True, result={"run": str(run.pk), "state": run.state})
