"""Renewal: a policy that ends is quoted anew from its firm's kept answers, one by one or by a run.

Answers hold for a year: what is older is asked anew, never dated anew. The plan asked for is the
one that the firm has; what is offered, referred or refused is the desk's word as for a new firm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from dinghai.foundation.errors import InputError, Refusal
from dinghai.schemes.small_firm_quote import FirmQuote, SmallFirmDesk
from dinghai_platform.core import audit, clock, jobs
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import TenantQuerySet
from dinghai_platform.small_firms.batching import number_after
from dinghai_platform.small_firms.cells import firm_of
from dinghai_platform.small_firms.engine import (
    desk_of,
    market_factor_of,
    probe_of,
    product_on_sale,
)
from dinghai_platform.small_firms.models import (
    Answers,
    Change,
    Firm,
    Policy,
    Quote,
    Renewal,
    RenewalRun,
    Scan,
)
from dinghai_platform.small_firms.reckoning import cancellation_of
from dinghai_platform.small_firms.services.batches import BIND, require_declared
from dinghai_platform.small_firms.services.common import (
    FARTHEST_DAYS,
    books_of,
    broker_of,
    home_of,
)
from dinghai_platform.small_firms.services.firms import Terms, new_quote
from dinghai_platform.small_firms.services.policies import COVERED
from dinghai_platform.small_firms.services.refusals import refusals_of
from dinghai_platform.underwriting.numbers import next_number

RENEW: Final = "small_firms.renew"
AT_ONCE: Final = 20
ANSWERS_HOLD_DAYS: Final = 365
LONGEST_DAYS: Final = FARTHEST_DAYS - 1
"""So far ahead of its end a policy may be renewed: its successor begins the day after."""
TOO_OLD: Final = "the answers are older than a year"
ANSWER: Final = "answer the questions anew"


@dataclass(frozen=True, slots=True)
class Worked:
    """One policy as it was worked out: its new price, or why there is none."""

    policy: Policy
    answers: Answers
    terms: Terms
    quoted: FirmQuote | None
    state: str = Renewal.State.QUOTED
    why: str = ""


def ends_soon(policy: Policy) -> bool:
    """Whether a policy is near enough its end to be renewed; a cancelled one is not renewed."""
    return policy.state == "in_force" and 0 <= (
        policy.expiry - clock.today()).days <= LONGEST_DAYS and cancellation_of(policy) is None


def renew_policy(policy: Policy, *, actor: Actor) -> Quote:
    """Quote a policy that ends soon anew, from the answers that are kept. The same again on the
    same day answers the quote of before.

    Raises Refusal for a policy that does not end soon or has its successor, for answers older than
    a year and while an underwriter's refusal stands; InputError where the firm cannot be scored.
    """
    require(actor, "small_firms.renew", policy)
    with books_of(actor, policy.tenant), transaction.atomic():
        audit.hold_chain(policy.tenant)
        row: Policy = whole(Policy.objects.within(policy.tenant)).get(pk=policy.pk)
        if cancellation_of(row) is not None:
            raise Refusal("this policy is cancelled already",
                          reasons=["price the firm again: the answers are kept"])
        if not ends_soon(row):
            raise Refusal("this policy is not near its end",
                          reasons=[f"renew it so many days before its last day: {LONGEST_DAYS}"])
        if not expiring(row.tenant, row.expiry, row.broker).filter(pk=row.pk).exists():
            raise Refusal("this policy has its successor already",
                          reasons=["look at the firm's policies"])
        [one] = work_out(row.tenant, [row], clock.today())
        if one.quoted is None:
            mend = ANSWER if one.state == Renewal.State.ASK else "have an underwriter look at it"
            raise Refusal(one.why, reasons=[mend])
        before = row.firm.quotes.order_by("-id").first()
        if before is not None and not before.decision and (
                before.on, before.inception, before.answers_id) == (
                one.terms.on, one.terms.inception, one.answers.pk) and (
                before.document == one.quoted.to_dict()):
            return before
        [quote] = _keep([one], actor).values()
        audit.append(actor, "small_firms.renewal_quoted", quote, {
            "number": quote.number, "policy_no": row.policy_no, "outcome": quote.outcome,
            "hash": quote.document_hash})
    return quote


@transaction.atomic
def run_renewals(*, actor: Actor, days: int = 45, insurer: Organisation | None = None
                 ) -> RenewalRun:
    """Have every policy that ends within so many days quoted anew by a job. While a run goes on,
    it is the answer. Policies that have their successor, or a renewal that can still be taken, are
    left out.

    Raises InputError for days out of reach, Refusal where no policy ends.
    """
    require(actor, "small_firms.batch")
    if not 1 <= days <= LONGEST_DAYS:
        raise InputError("so far ahead no policy is renewed", field="days",
                         mend=f"give at most so many days: {LONGEST_DAYS}")
    tenant, broker = home_of(actor, insurer), broker_of(actor)
    with books_of(actor, tenant):
        product_on_sale(tenant)
        audit.hold_chain(tenant)
        last = RenewalRun.objects.within(tenant).filter(broker=broker).select_related(
            "job").order_by("-id").first()
        if last is not None and last.job is not None and not last.job.has_ended:
            return last
        until = clock.today() + timedelta(days=days)
        open_offers = Renewal.objects.within(tenant).filter(
            policy=OuterRef("pk"), quote__valid_until__gte=clock.today(), quote__policy=None)
        rows = expiring(tenant, until, broker).filter(~Exists(open_offers))
        chosen = [str(one) for one in rows.order_by("expiry", "id").values_list("pk", flat=True)]
        if not chosen:
            raise Refusal("no policy that ends by then waits for its renewal",
                          reasons=["give more days, or look at the renewals of before"])
        run = RenewalRun.objects.create(
            tenant=tenant, broker=broker, number=next_number(RenewalRun, "number", tenant, "SR"),
            on=clock.today(), until=until, policies=len(chosen), created_by=actor.user)
        run.job = jobs.start_job(RENEW, {"run": str(run.pk), "policies": chosen}, actor=actor,
                                 tenant=tenant, total=len(chosen))
        run.save(update_fields=("job",))
        audit.append(actor, "small_firms.renewal_started", run, {
            "number": run.number, "until": until.isoformat(), "policies": len(chosen)})
    return run


@transaction.atomic
def bind_renewals(
    run: RenewalRun, quotes: Collection[UUID] | None, *, confirmed_by: str, channel: str,
    explained: bool, actor: Actor,
) -> RenewalRun:
    """Have the chosen offers of a run bound, or all that are open, each for the plan it offers. One
    that cannot be bound any more is told in the job's result and does not stop the others.

    Raises as binding a batch does.
    """
    require(actor, "small_firms.batch", run)
    require_declared(confirmed_by, channel, explained)
    with books_of(actor, run.tenant):
        run = audit.locked(run)
        if run.job is None or not run.job.has_ended:
            raise Refusal("the policies of this run are not all quoted yet",
                          reasons=["wait for that job"])
        if run.binding is not None and not run.binding.has_ended:
            raise Refusal("policies of this run are being made already",
                          reasons=["wait for that job"])
        offered = bindable(run)
        if quotes is not None:
            offered = offered.filter(quote__in=list(quotes))
        chosen = [str(one) for one in offered.values_list("quote", flat=True)]
        if not chosen:
            raise InputError("no quote that can be bound is chosen", field="quotes",
                             mend="choose firms that are offered a plan and not insured yet")
        run.binding = jobs.start_job(
            BIND, {"quotes": chosen, "channel": channel, "confirmed_by": confirmed_by.strip()},
            actor=actor, tenant=run.tenant, total=len(chosen))
        run.save(update_fields=("binding",))
        audit.append(actor, "small_firms.renewal_binding", run, {
            "number": run.number, "quotes": len(chosen), "channel": channel})
    return run


def bindable(run: RenewalRun) -> TenantQuerySet:
    """The renewals of a run whose quote offers a plan, or was approved, and is no policy yet."""
    return Renewal.objects.within(run.tenant_id).filter(run=run, quote__policy=None).filter(
        Q(quote__outcome="offered") | Q(quote__outcome="referred", quote__decision="approved")
    ).order_by("id")


def expiring(tenant: Organisation, until: date, broker: Organisation | None) -> TenantQuerySet:
    """Policies in force that end by a day and have no successor; a broker's own alone."""
    later = Policy.objects.within(tenant).filter(
        firm=OuterRef("firm"), state__in=COVERED, inception__gt=OuterRef("expiry"))
    cancelled = Change.objects.within(tenant).filter(
        policy=OuterRef("pk"), kind=Change.Kind.CANCEL, state=Change.State.STANDING)
    rows = Policy.objects.within(tenant).filter(
        ~Exists(later), ~Exists(cancelled), state="in_force", expiry__gte=clock.today(),
        expiry__lte=until)
    return rows if broker is None else rows.filter(broker=broker)


def whole(rows: Any) -> Any:
    """Policies with everything that a renewal reads."""
    return rows.select_related("firm__tenant", "firm__broker", "firm__insured", "tenant", "broker")


def work_out(tenant: Organisation, policies: Sequence[Policy], on: date) -> list[Worked]:
    """The new prices of policies as of a day; nothing is written."""
    product = product_on_sale(tenant)
    firms = [one.firm_id for one in policies]
    answers = {one.firm_id: one for one in Answers.objects.within(tenant).filter(
        firm__in=firms).order_by("id")}
    scans: dict[Any, list[Scan]] = {}
    for scan in Scan.objects.within(tenant).filter(firm__in=firms).select_related("file"):
        scans.setdefault(scan.firm_id, []).append(scan)
    refused = _refused_firms(tenant, policies)
    desk = desk_of(tenant, product, on, on + timedelta(days=1))
    factor = market_factor_of(desk)
    made = []
    for policy in policies:
        terms = Terms(product, factor, on, policy.expiry + timedelta(days=1))
        one = Worked(policy, answers[policy.firm_id], terms, None)
        there = refused.get(policy.firm.credit_code)
        made.append(_refused(one, there) if there else _priced(
            one, replace(desk, inception=terms.inception), scans.get(policy.firm_id, [])))
    return made


def _refused_firms(tenant: Organisation, policies: Sequence[Policy]) -> dict[str, set[UUID]]:
    """By credit code, the firms of which an underwriter's refusal stands."""
    found: dict[str, set[UUID]] = {}
    for refusal in refusals_of(tenant, [one.firm.credit_code for one in policies]):
        found.setdefault(refusal.firm.credit_code, set()).add(refusal.firm_id)
    return found


def _refused(one: Worked, firms: Collection[UUID]) -> Worked:
    """A policy of a refused firm. Who holds it is told of a refusal only where it was its own: the
    firm may have come to be refused by another broker or link."""
    own = one.policy.firm_id in firms
    return replace(one, quoted=None, state=Renewal.State.LEFT, why=(
        "an underwriter has refused this firm" if own else
        "this firm is priced by an underwriter"))


def _priced(one: Worked, desk: SmallFirmDesk, scans: Sequence[Scan]) -> Worked:
    said = firm_of(one.answers.document)
    if (one.terms.on - said.answered_on).days > ANSWERS_HOLD_DAYS:
        return replace(one, state=Renewal.State.ASK, why=TOO_OLD)
    asked = replace(said, plan=one.policy.plan)
    try:
        return replace(one, quoted=desk.quote(asked, probe_of(asked, scans)))
    except InputError as error:
        return replace(one, state=Renewal.State.LEFT, why=error.message)


def _keep(worked: Sequence[Worked], actor: Actor) -> dict[UUID, Quote]:
    """The quotes of what was worked out, by policy, in a few statements; their firms stand insured
    as before, with the score and the premium of now."""
    priced = [one for one in worked if one.quoted is not None]
    if not priced:
        return {}
    first = next_number(Quote, "number", priced[0].policy.tenant, "SQ")
    made: dict[UUID, Quote] = {}
    firms = []
    for place, one in enumerate(priced):
        firm, quoted = one.policy.firm, one.quoted
        assert quoted is not None
        quote = made[one.policy.pk] = new_quote(
            firm, one.answers, quoted, one.terms, number=number_after(first, place), actor=actor)
        firm.score_ppm, firm.grade, firm.on_offer_fen = (
            quote.score_ppm, quote.grade, quote.gross_fen)
        firms.append(firm)
    Quote.objects.bulk_create(list(made.values()))
    Firm.objects.within(priced[0].policy.tenant).bulk_update(
        firms, ("score_ppm", "grade", "on_offer_fen"))
    return made


def _run_of(step: Step) -> RenewalRun:
    found: RenewalRun = RenewalRun.objects.within(step.tenant).select_related(
        "tenant", "broker").get(pk=step.arguments["run"])
    return found


def prepare_renewals(step: Step) -> tuple[list[Worked], int]:
    """The next policies, priced as of the day of the run; how many were looked at."""
    run = _run_of(step)
    part = step.arguments["policies"][step.progress:step.progress + AT_ONCE]
    rows = {str(one.pk): one for one in whole(expiring(
        step.tenant, run.until, run.broker).filter(pk__in=part))}
    return work_out(step.tenant, [rows[key] for key in part if key in rows], run.on), len(part)


def write_renewals(step: Step) -> Progress:
    """Keep what became of each, and close the run with its last chunk. What got its successor or
    a refusal since it was priced is left out."""
    run = audit.locked(_run_of(step))
    worked, looked_at = step.prepared
    there = set(expiring(step.tenant, run.until, run.broker).filter(
        pk__in=[one.policy.pk for one in worked]).values_list("pk", flat=True))
    refused = _refused_firms(step.tenant, [one.policy for one in worked])
    worked = [_refused(one, found) if (found := refused.get(one.policy.firm.credit_code)) else one
              for one in worked if one.policy.pk in there]
    quotes = _keep(worked, step.actor)
    rows = Renewal.objects.bulk_create([
        Renewal(tenant=run.tenant, broker=one.policy.broker, insured=one.policy.insured, run=run,
                policy=one.policy, state=one.state, quote=quotes.get(one.policy.pk), why=one.why)
        for one in worked])
    counted = Counter(run.outcomes)
    counted.update(one.quote.outcome if one.quote is not None else one.state for one in rows)
    run.outcomes = dict(counted)
    run.save(update_fields=("outcomes",))
    if rows:
        audit.append(step.actor, "small_firms.renewals_quoted", run, {
            "number": run.number, "renewals": len(rows), "quotes": len(quotes)},
            leaves=[f"{one.number}:{one.document_hash}".encode() for one in quotes.values()]
            or None)
    progress = step.progress + looked_at
    finished = progress >= (step.total or 0)
    return Progress(progress, step.total, finished=finished,
                    result=dict(run.outcomes) if finished else None)
