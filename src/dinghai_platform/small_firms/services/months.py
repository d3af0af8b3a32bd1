"""Monthly pages: one firm's at once, all firms' by a job with a ZIP."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal

from django.db import transaction

from dinghai.documents.small_firm_month import render_small_firm_month
from dinghai.foundation.calendar import shanghai_day
from dinghai.foundation.errors import Fault, InputError, Refusal
from dinghai.schemes.small_firm_month import FirmMonth, MonthReport, month_report
from dinghai_platform.core import audit, clock, files, jobs
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.small_firms.cells import firm_of
from dinghai_platform.small_firms.engine import desk_of, plan_named, probe_of, product_on_sale
from dinghai_platform.small_firms.models import Answers, Firm, Month, MonthRun, Scan
from dinghai_platform.small_firms.services.common import (
    books_of,
    broker_of,
    home_of,
    house_of,
)

MONTHS: Final = "small_firms.months"
AT_ONCE: Final = 8
Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Made:
    """A firm's month as it was worked out: the answers of now, and the page."""

    firm: Firm
    answers: Answers
    report: MonthReport


def month_of(firm: Firm, *, actor: Actor) -> Month:
    """A firm's page of today. Asked again on the same day it answers the same page.

    Raises Refusal for a firm that has not answered yet.
    """
    require(actor, "small_firms.report", firm)
    with books_of(actor, firm.tenant):
        today = clock.today()
        before = firm.months.filter(on=today).first()
        if before is not None:
            return before
        made = work_out(firm.tenant, [firm], today)
        if made.faults:
            raise InputError.of(made.faults)
        if not made.pages:
            raise Refusal("this firm has not answered yet", reasons=["price it first"])
        return _keep_months(made.pages, None, today, actor)[0]


@dataclass(frozen=True, slots=True)
class Worked:
    """The pages of some firms, and what keeps others from one."""

    pages: tuple[Made, ...]
    faults: tuple[Fault, ...] = ()


def work_out(tenant: Organisation, firms: Sequence[Firm], today: date) -> Worked:
    """The pages of firms as of a day; those that have not answered are left out.

    The day is given, not asked of the clock: a run that goes on past midnight, or into the next
    month, is still of the day on which it was begun.
    """
    product = product_on_sale(tenant)
    answers = _by_firm(Answers.objects.within(tenant).filter(firm__in=firms, on__lte=today))
    months = _by_firm(Month.objects.within(tenant).filter(firm__in=firms, on__lt=today))
    scans = _by_firm(Scan.objects.within(tenant).filter(firm__in=firms).select_related("file"))
    pages, faults = [], []
    for firm in firms:
        given = answers.get(firm.pk, [])
        if not given:
            continue
        earlier = _before(given, months.get(firm.pk, []), today)
        try:
            report = month_report(
                _stand(tenant, product, given[-1], scans.get(firm.pk, []), today, today),
                None if earlier is None else _stand(
                    tenant, product, earlier[0], scans.get(firm.pk, []), earlier[1], today))
        except InputError as error:
            faults += [Fault(f"{firm.number}: {one.message}", None, None, one.field, one.mend)
                       for one in error.faults]
            continue
        pages.append(Made(firm, given[-1], report))
    return Worked(tuple(pages), tuple(faults))


def _by_firm(rows: Any) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = {}
    for one in rows.order_by("id"):
        found.setdefault(one.firm_id, []).append(one)
    return found


def _before(answers: Sequence[Answers], months: Sequence[Month], today: date
            ) -> tuple[Answers, date] | None:
    """What the month is compared with: the answers behind the last page, else those that held
    when the month before ended; and their day."""
    if months:
        last = months[-1]
        return next(one for one in answers if one.pk == last.answers_id), last.on
    old = [one for one in answers if one.on < today.replace(day=1)]
    return (old[-1], old[-1].on) if old else None


def _stand(tenant: Organisation, product: Any, answers: Answers, scans: Iterable[Scan], on: date,
           today: date) -> FirmMonth:
    firm = firm_of(answers.document)
    known = [one for one in scans if shanghai_day(one.created_at) <= on]
    desk = desk_of(tenant, product, on, today + timedelta(days=1))
    return FirmMonth(desk, firm, probe_of(firm, known))


@transaction.atomic
def _keep_months(pages: Sequence[Made], run: MonthRun | None, on: date, actor: Actor
                 ) -> list[Month]:
    rows = []
    for one in pages:
        document = one.report.to_dict()
        before = one.report.score_before_ppm
        rows.append(Month(
            tenant=one.firm.tenant, broker=one.firm.broker, insured=one.firm.insured,
            firm=one.firm, run=run, answers=one.answers, on=on, document=document,
            document_hash=document["hash"], score_ppm=one.report.score_ppm,
            moved_ppm=None if before is None else one.report.score_ppm - before,
            premium_effect_fen=one.report.premium_effect_fen,
            threats=len(one.report.threats) + one.report.threats_not_shown))
    audit.hold_chain(pages[0].firm.tenant)
    there = {one.firm_id: one for one in Month.objects.within(pages[0].firm.tenant).filter(
        firm__in=[one.firm for one in pages], on=on)}
    new = [one for one in rows if one.firm_id not in there]
    Month.objects.bulk_create(new)
    if new:
        audit.append(actor, "small_firms.months_made", run or new[0], {"pages": len(new)},
                     leaves=[one.document_hash.encode() for one in new], tenant=new[0].tenant)
    return [there.get(one.firm_id, one) for one in rows]


@transaction.atomic
def run_months(
    *, actor: Actor, insurer: Organisation | None = None, language: Language = "zh"
) -> MonthRun:
    """Have the pages of today made for every firm that has answered, and a ZIP of them. While a
    run goes on, it is the answer.

    Raises Refusal where no firm has answered.
    """
    require(actor, "small_firms.report")
    tenant = home_of(actor, insurer)
    with books_of(actor, tenant):
        audit.hold_chain(tenant)
        last = MonthRun.objects.within(tenant).filter(
            broker=broker_of(actor)).select_related("job").order_by("-id").first()
        if last is not None and last.job is not None and not last.job.has_ended:
            return last
        total = _served(tenant, broker_of(actor)).count()
        if not total:
            raise Refusal("no firm has answered yet", reasons=["quote a firm or a batch first"])
        run = MonthRun.objects.create(
            tenant=tenant, broker=broker_of(actor), on=clock.today(), language=language,
            asked_by=actor.user)
        run.job = jobs.start_job(MONTHS, {"run": str(run.pk)}, actor=actor, tenant=tenant,
                                 total=total + 1)
        run.save(update_fields=("job",))
        audit.append(actor, "small_firms.months_started", run, {"firms": total})
    return run


def _served(tenant: Organisation, broker: Organisation | None) -> Any:
    """The firms of a run: those that have answered, of the broker or of the whole insurer."""
    rows = Firm.objects.within(tenant).exclude(answers=None)
    return (rows.filter(broker=broker) if broker is not None else rows).order_by("id").distinct()


def _run_of(step: Step) -> MonthRun:
    found: MonthRun = MonthRun.objects.within(step.tenant).select_related("broker").get(
        pk=step.arguments["run"])
    return found


def prepare_months(step: Step) -> Any:
    """The next pages; once all are made, their ZIP."""
    run = _run_of(step)
    served = _served(step.tenant, run.broker)
    if step.progress < (step.total or 0) - 1:
        part = list(served.select_related("tenant", "broker", "insured")[
            step.progress:step.progress + AT_ONCE])
        return work_out(step.tenant, part, run.on), len(part)
    rows = Month.objects.within(step.tenant).filter(firm__in=served, on=run.on)
    return zip_of(rows.select_related("firm").order_by("firm__number"), run.language), 0


def write_months(step: Step) -> Progress:
    """Keep pages, and with the last chunk the ZIP."""
    run = audit.locked(_run_of(step))
    made, looked_at = step.prepared
    total = step.total or 0
    if isinstance(made, Worked):
        kept = _keep_months(made.pages, run, run.on, step.actor) if made.pages else []
        run.pages += len(kept)
        run.faults = [*run.faults, *(dict(one.to_dict()) for one in made.faults)]
        run.save(update_fields=("pages", "faults"))
        return Progress(min(step.progress + (looked_at or total), total - 1))
    run.archive = files.store_file(
        made, name=f"small-firms-{run.on}.zip", media_type="application/zip",
        actor=house_of(step.tenant, step.actor), tenant=step.tenant)
    run.save(update_fields=("archive",))
    return Progress(total, total, finished=True, result={"pages": run.pages})


def render_month(month: Month, language: str) -> bytes:
    """The page as a PDF of one A4 page."""
    plan = plan_named(month.document["plan"])
    return render_small_firm_month(
        month.document, plan=plan.name_en if language == "en" else plan.name_zh,
        issued_on=month.on, issuer=month.tenant.name_zh if language == "zh" else (
            month.tenant.name_en or month.tenant.name_zh),
        language="en" if language == "en" else "zh")


def zip_of(months: Iterable[Month], language: str) -> bytes:
    """A ZIP of pages, the same bytes for the same pages."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for one in months:
            info = zipfile.ZipInfo(f"{one.firm.number}-{one.on:%Y-%m}.pdf",
                                   (one.on.year, one.on.month, one.on.day, 0, 0, 0))
            archive.writestr(info, render_month(one, language))
    return out.getvalue()

