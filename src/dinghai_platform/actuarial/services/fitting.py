"""The work of a fit, in three chunks: the fit itself, its Chinese paper, its English one.

Each chunk reads the file that was given; the last one deletes it in the transaction that keeps its
paper. What the data cannot answer is the fit's own fault, kept for the page, and the file stays for
another question.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext as _

from dinghai.documents.file_fit import FileFit, FitSubject, fit_file
from dinghai.documents.phrases import LANGUAGES, Language
from dinghai.documents.typesetting import set_pdf
from dinghai.documents.webpage import html_body
from dinghai.experience.columns import Screened
from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import Fault, InputError, Refusal
from dinghai.foundation.trace import Source
from dinghai_platform.actuarial.models import FitPaper, FitReport, FitUpload
from dinghai_platform.actuarial.services.fits import STEPS, as_file, drop_upload, question_of
from dinghai_platform.core import audit, clock
from dinghai_platform.core.jobs import Progress, Step

MOST_LINES: Final = 200
"""Screened lines that are kept with their reasons."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a first chunk found: an answer, or why there is none."""

    fit: FileFit | None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """What a later chunk made."""

    language: Language
    body: str
    pdf: bytes


def prepare_fit(step: Step) -> Found | Paper | None:
    """The work of the next chunk, outside any transaction; None for a fit that was withdrawn."""
    fit = fit_of(step)
    if fit.state != FitReport.State.RUNNING:
        return None
    upload = FitUpload.objects.within(step.tenant).filter(fit=fit).first()
    if upload is None:
        raise Refusal("the file of this fit was deleted", reasons=["upload it again"])
    content = bytes(upload.content)
    question = question_of(fit.question)
    if step.progress == 0:
        try:
            with as_file(content, fit.file_name) as path:
                found = fit_file(path, question)
        except InputError as error:
            return Found(None, error.fault)
        return Found(found) if _is_finite(found.document) else Found(None, _NOT_FINITE)
    with as_file(content, fit.file_name) as path:
        answer = fit_file(path, question, answered=fit.document)
    return paper_of(fit, answer, LANGUAGES[step.progress - 1], on=clock.today())


def paper_of(fit: FitReport, answer: FileFit, language: Language, *, on: date) -> Paper:
    """The paper of an answer in one language."""
    subject = FitSubject(
        fit.title, Source(f"{fit.file_name} (SHA-256 {fit.file_sha256[:16]}…)", "T"), fit.unit)
    document = answer.paper(subject, issued_on=on, language=language)
    return Paper(language, html_body(document), set_pdf(document))


def write_fit(step: Step) -> Progress:
    """Keep what was prepared; with the last paper the fit is done and its file goes."""
    fit, prepared = fit_of(step), step.prepared
    if prepared is None or fit.state != FitReport.State.RUNNING:
        return Progress(step.progress, finished=True, result={"state": fit.state})
    if isinstance(prepared, Found):
        return _found(fit, prepared, step)
    FitPaper.objects.create(tenant=fit.tenant, fit=fit, language=prepared.language,
                            body=prepared.body, pdf=prepared.pdf)
    done = step.progress + 1
    if done < STEPS:
        return Progress(done, STEPS, _("the Chinese paper is made"))
    fit.state, fit.finished_at = FitReport.State.DONE, clock.now()
    fit.save(update_fields=("state", "finished_at"))
    drop_upload(fit)
    audit.append(step.actor, "actuarial.fit_done", fit, {
        "sha256": fit.file_sha256, "result": fit.document_hash, "law": fit.law})
    return Progress(done, STEPS, finished=True, result={"fit": str(fit.pk), "state": fit.state})


def _found(fit: FitReport, found: Found, step: Step) -> Progress:
    answer = found.fit
    if answer is None:
        assert found.fault is not None
        fit.state, fit.fault = FitReport.State.REFUSED, found.fault.to_dict()
        fit.save(update_fields=("state", "fault"))
        audit.append(step.actor, "actuarial.fit_refused", fit, {
            "sha256": fit.file_sha256, "field": found.fault.field})
        return Progress(STEPS, STEPS, finished=True,
                        result={"fit": str(fit.pk), "state": fit.state})
    fit.document, fit.document_hash = answer.document, document_hash(answer.document)
    fit.screened = screened_lines(answer.screened)
    fit.observations = sum(part.document["n"] for part in answer.parts)
    fit.law = _law_of(answer)
    fit.save(update_fields=("document", "document_hash", "screened", "observations", "law"))
    return Progress(1, STEPS, _("%(count)d observations are fitted") % {
        "count": fit.observations})


def fit_of(step: Step) -> FitReport:
    """The fit a job works on."""
    found: FitReport = FitReport.objects.within(step.tenant).select_related(
        "tenant", "job").get(pk=step.arguments["fit"])
    return found


def screened_lines(screened: Sequence[Screened]) -> list[list[Any]]:
    """Lines and reasons of rows that were not used; never what stands in them."""
    return [[one.line, one.reason] for one in screened[:MOST_LINES]]


def _law_of(answer: FileFit) -> str:
    """The chosen law where there is one fit; several groups have several."""
    if len(answer.parts) != 1:
        return ""
    document = answer.parts[0].document
    return str(document.get("best") or document.get("preferred") or "")


def _is_finite(value: Any) -> bool:
    """Whether a document can be kept: JSON knows no infinity."""
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


_NOT_FINITE: Final = Fault("the fit ran to a figure without an end", field="column",
                           mend="look at the column: its values may be all but equal")
