"""Verbs on fits of one's own data: give a file, ask it something, withdraw.

The rule of the file: it is kept from its upload until its fit is done, until somebody withdraws it,
or for KEPT_DAYS at the longest; then its bytes are deleted. Its name, size, SHA-256 and the names
of its columns stay with what was found. No cell of it is logged or written to the audit chain.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from dinghai.documents.file_fit import FitQuestion
from dinghai.experience.column_kinds import TableKind, describe_table
from dinghai.experience.table_bounds import TableBounds
from dinghai.foundation.errors import Fault, InputError, Refusal
from dinghai_platform.actuarial.fit_shipped import series_of
from dinghai_platform.actuarial.models import FitPaper, FitReport, FitUpload
from dinghai_platform.actuarial.own_losses import enough_losses, own_losses
from dinghai_platform.actuarial.services.common import given_reason
from dinghai_platform.core import audit, clock, jobs
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Job
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import locked

FIT: Final = "actuarial.fit"
LARGEST: Final = 16 * 1024 * 1024
"""Bytes of an uploaded file."""
LARGEST_WORKBOOK: Final = 4 * 1024 * 1024
"""Bytes of an Excel file: it is packed, and read slowly."""
BOUNDS: Final = TableBounds(
    file_bytes=4 * LARGEST, unpacked_bytes=16 * LARGEST, rows=1_000_000, columns=1_000,
    cells=5_000_000, text=32_767)
"""Of an uploaded file once it is unpacked: a small one may hold a very large table."""
KEPT_DAYS: Final = 7
LONGEST_TITLE: Final = 120
LONGEST_PURPOSE: Final = 500
UNITS: Final = ("", "CNY", "USD", "records", "hours", "days")
STEPS: Final = 3
"""Chunks of the job: the fit, the Chinese paper, the English one."""
_FIELDS: Final = {"--column": "column", "--date": "column", "--column or --date": "column",
                  "--occurred": "column", "--known": "known", "--by": "by", "--per": "per",
                  "--currency": "currency"}
"""Options of the command by the names that forms and the API have for them."""


def upload_fit(
    content: bytes, *, name: str, title: str, purpose: str, actor: Actor
) -> FitReport:
    """Take a file of losses, claims or incidents, and say what its columns are.

    Raises InputError for a file that is too large, that is no table, or holds nothing to fit.
    """
    require(actor, "actuarial.fit")
    plain = Path(name.replace("\\", "/")).name.strip()
    if not plain or len(plain) > 200 or not plain.isprintable() or plain in {".", ".."}:
        raise InputError("the file has no usable name", field="file", mend="rename the file")
    return _begin(content, plain, title=title, purpose=purpose, actor=actor,
                  origin=FitReport.Origin.UPLOAD)


@transaction.atomic
def fit_own_claims(*, title: str, purpose: str, actor: Actor) -> FitReport:
    """Take the tenant's decided claims as a table, without names and numbers of anybody.

    Raises Refusal while they are too few.
    """
    require(actor, "actuarial.fit")
    found = enough_losses(actor.own_tenant())
    if not found.are_enough:
        raise Refusal(
            "too few claims are decided to be fitted",
            reasons=[_("%(count)d are decided with a loss above zero; at least %(least)d are "
                       "needed") % {"count": found.count, "least": found.least}])
    return _begin(own_losses(actor.own_tenant()), "own-claims.csv", title=title, purpose=purpose,
                  actor=actor, origin=FitReport.Origin.OWN_CLAIMS)


def _begin(
    content: bytes, name: str, *, title: str, purpose: str, actor: Actor, origin: str
) -> FitReport:
    title, purpose = title.strip(), purpose.strip()
    if not title or len(title) > LONGEST_TITLE or not title.isprintable():
        raise InputError("the fit needs a title of at most 120 characters", field="title",
                         mend="say what the data are")
    if len(purpose) > LONGEST_PURPOSE:
        raise InputError("the purpose is longer than 500 characters", field="purpose",
                         mend="shorten it")
    check_size(len(content), name)
    # Before the transaction: a large file takes long, and other writers would wait for it.
    table = _described(content, name)
    return _kept(content, name, table, title=title, purpose=purpose, actor=actor, origin=origin)


@transaction.atomic
def _kept(
    content: bytes, name: str, table: TableKind, *, title: str, purpose: str, actor: Actor,
    origin: str,
) -> FitReport:
    fit = FitReport.objects.create(
        tenant=actor.own_tenant(), title=title, purpose=purpose, origin=origin, file_name=name,
        file_size=len(content), file_sha256=hashlib.sha256(content).hexdigest(), rows=table.rows,
        columns=[one.to_dict() for one in table.columns], notes=list(table.notes),
        is_incidents=table.is_incidents, begun_by=actor.user,
    )
    FitUpload.objects.create(tenant=fit.tenant, fit=fit, content=content)
    audit.append(actor, "actuarial.fit_uploaded", fit, {
        "sha256": fit.file_sha256, "size": fit.file_size, "rows": fit.rows, "origin": origin})
    return fit


def check_size(size: int | None, name: str) -> None:
    """Raises InputError for a file above the bound of its kind."""
    most = LARGEST_WORKBOOK if name.lower().endswith((".xlsx", ".xlsm")) else LARGEST
    if size is None or size > most:
        raise InputError(f"the file is larger than {most // 1024 // 1024} MB", file=name,
                         field="file", mend="leave out columns that are not fitted, or give CSV")


def _described(content: bytes, name: str) -> TableKind:
    if content.startswith(b"PK\3\4"):
        check_size(len(content), f"{name}.xlsx")
    with as_file(content, name) as path:
        return describe_table(path, BOUNDS)


@contextmanager
def as_file(content: bytes, name: str) -> Iterator[Path]:
    """The bytes as a file for the engine's readers. Their faults name the file as it was given,
    and fields as forms and the API do."""
    with tempfile.TemporaryDirectory(prefix="fit-") as room:
        path = Path(room) / ("table.gz" if name.endswith(".gz") else "table")
        path.write_bytes(content)
        try:
            yield path
        except InputError as error:
            raise InputError.of(
                Fault(one.message, name, one.line, _FIELDS.get(one.field or "", one.field),
                      one.mend) for one in error.faults) from None


@transaction.atomic
def ask_fit(
    fit: FitReport, question: FitQuestion, *, actor: Actor, unit: str = "", shipped: str = ""
) -> FitReport:
    """Put the question to the file and queue the work. ``unit`` is what one amount counts,
    ``shipped`` the shipped series that the result is held against.

    Raises InputError for a column that the file has not, Refusal for a fit that is asked already.
    """
    require(actor, "actuarial.fit", fit)
    audit.hold_chain(fit.tenant)  # two that ask at once: the second finds it running
    fit = _held(fit)
    if not fit.may_be_asked:
        raise Refusal("this fit was asked already", reasons=["begin another one"])
    if not FitUpload.objects.within(fit.tenant).filter(fit=fit).exists():
        raise Refusal("the file of this fit was deleted", reasons=["upload it again"])
    _check_columns(fit, question)
    if unit not in UNITS:
        raise InputError("there is no such unit", field="unit",
                         mend="one of: " + ", ".join(one for one in UNITS if one))
    if shipped and series_of(question.kind, shipped) is None:
        raise InputError("no shipped figures of this name are of the same kind", field="shipped",
                         mend="choose one of the list, or leave it out")
    fit.kind, fit.question, fit.unit, fit.shipped = question.kind, plain_question(
        question), unit, shipped
    fit.state, fit.fault, fit.document, fit.document_hash = FitReport.State.RUNNING, None, None, ""
    fit.job = jobs.start_job(
        FIT, {"fit": str(fit.pk)}, actor=actor, tenant=fit.tenant, title=fit.title, total=STEPS)
    fit.save()
    FitPaper.objects.within(fit.tenant).filter(fit=fit).delete()
    audit.append(actor, "actuarial.fit_asked", fit,
                 {"sha256": fit.file_sha256, "question": fit.question, "shipped": shipped})
    return fit


def plain_question(question: FitQuestion) -> dict[str, Any]:
    """The question as plain JSON, without what was left out."""
    asked = asdict(question)
    if not question.bootstrap:
        del asked["bootstrap"], asked["seed"]
    return {name: list(value) if isinstance(value, tuple) else value
            for name, value in asked.items() if value not in (None, "", ())}


def question_of(plain: Mapping[str, Any]) -> FitQuestion:
    """The question that ``plain_question`` wrote. Raises InputError for one that makes no sense."""
    return FitQuestion(**{**plain, "limits": tuple(plain.get("limits", ()))})


def _check_columns(fit: FitReport, question: FitQuestion) -> None:
    there = [one["name"] for one in fit.columns]
    for field in ("column", "known", "by"):
        name = getattr(question, field)
        if name and name not in there:
            raise InputError("the file has no such column", file=fit.file_name, line=1,
                             field=field, mend="one of: " + ", ".join(there))


@transaction.atomic
def withdraw_fit(fit: FitReport, *, reason: str, actor: Actor) -> FitReport:
    """Take a fit back: its file, its result and its papers are deleted; who asked what of which
    hash stays. Raises InputError without a reason, Refusal for one that was withdrawn."""
    require(actor, "actuarial.fit", fit)
    reason = given_reason(reason)
    if fit.job is not None:
        locked(fit.job)  # first, as the worker does: else each could wait for the other
    audit.hold_chain(fit.tenant)
    fit = _held(fit)
    if fit.state == FitReport.State.WITHDRAWN:
        raise Refusal("this fit was withdrawn before")
    if fit.job is not None and not fit.job.has_ended:
        jobs.cancel_job(fit.job, actor=actor)
    drop_upload(fit)
    FitPaper.objects.within(fit.tenant).filter(fit=fit).delete()
    fit.state, fit.withdrawn_by, fit.withdrawn_at = (
        FitReport.State.WITHDRAWN, actor.user, clock.now())
    fit.withdrawal_reason, fit.document, fit.screened, fit.fault = reason, None, [], None
    fit.save()
    audit.append(actor, "actuarial.fit_withdrawn", fit, {
        "sha256": fit.file_sha256, "result": fit.document_hash, "reason": reason})
    return fit


def drop_upload(fit: FitReport) -> None:
    """Delete the bytes of the file."""
    FitUpload.objects.within(fit.tenant).filter(fit=fit).delete()


@transaction.atomic
def drop_old_uploads(*, actor: Actor) -> int:
    """Delete files that nobody fitted within KEPT_DAYS; answers how many.

    A job that still waits for its turn is cancelled; one that runs deletes its file itself.
    """
    require(actor, "actuarial.drop_uploads")
    tenant = actor.own_tenant()
    before = clock.now() - timedelta(days=KEPT_DAYS)
    late = FitUpload.objects.within(tenant).filter(created_at__lt=before)
    waiting = Job.objects.within(tenant).filter(
        state=Job.State.QUEUED, pk__in=late.values("fit__job"))
    # All jobs first, as the worker does; a worker may have begun one since.
    held = [locked(job) for job in waiting.order_by("pk")]
    for job in held:
        if job.state == Job.State.QUEUED:
            jobs.cancel_job(job, actor=actor)
    dropped = [one for one in late.select_related("fit", "fit__job").defer("content")
               if one.fit.may_be_asked]
    for one in dropped:
        audit.append(actor, "actuarial.fit_file_dropped", one.fit,
                     {"sha256": one.fit.file_sha256, "days": KEPT_DAYS})
    FitUpload.objects.within(tenant).filter(pk__in=[one.pk for one in dropped]).delete()
    return len(dropped)


def _held(fit: FitReport) -> FitReport:
    """The fit, fresh and locked, with its job."""
    fresh = audit.locked(fit)
    found: FitReport = FitReport.objects.within(fresh.tenant).select_related(
        "tenant", "job").get(pk=fresh.pk)
    return found
