"""Fits of one's own data: what is kept, what is deleted, what bad files are told."""

from __future__ import annotations

import gzip
import io
import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.utils import translation

from dinghai.documents.file_fit import FitQuestion, FitSubject, fit_file
from dinghai.documents.webpage import html_body
from dinghai.experience.incidents import Incident, write_incidents
from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import InputError, Refusal
from dinghai.foundation.streams import uniforms
from dinghai.foundation.trace import Source
from dinghai_platform.actuarial.fit_words import sentence
from dinghai_platform.actuarial.models import FitPaper, FitReport, FitUpload
from dinghai_platform.actuarial.own_losses import COLUMNS, Enough, enough_losses, own_losses
from dinghai_platform.actuarial.services import fits, fitting
from dinghai_platform.actuarial.services.fits import (
    ask_fit,
    drop_old_uploads,
    fit_own_claims,
    upload_fit,
    withdraw_fit,
)
from dinghai_platform.claims.models import DecisionRecord
from dinghai_platform.core import clock, jobs
from dinghai_platform.core.models import AuditEntry, Job
from tests.platform.actuarial.fit_making import LOSSES, fitted, fresh, losses_csv, uploaded
from tests.platform.claims.making import make_scene
from tests.platform.story import World, stand_at, work


def entries(world: World) -> list[AuditEntry]:
    return list(AuditEntry.objects.within(world.insurer).order_by("id"))


def files(world: World) -> int:
    count: int = FitUpload.objects.within(world.insurer).count()
    return count


def test_a_fit_is_what_the_engine_says_and_its_file_goes(world: World, tmp_path: Any) -> None:
    content = losses_csv(120, broken=3)
    fit = fitted(world, LOSSES, content)
    path = tmp_path / "losses.csv"
    path.write_bytes(content)
    answer = fit_file(path, LOSSES)
    assert fit.state == "done" and fit.document == json.loads(json.dumps(answer.document))
    assert fit.document_hash == document_hash(answer.document)
    assert (fit.rows, fit.observations) == (120, 117)
    assert fit.law == answer.document["best"]
    assert fit.screened == [[119, "not a number"], [120, "not a number"], [121, "not a number"]]
    assert files(world) == 0
    papers = {one.language: one for one in FitPaper.objects.within(world.insurer)}
    assert set(papers) == {"zh", "en"}
    assert bytes(papers["zh"].pdf).startswith(b"%PDF") and "拟合" in papers["zh"].body
    assert "Severity Fit Report" in papers["en"].body
    said = [one.action for one in entries(world) if one.action.startswith("actuarial.fit")]
    assert said == ["actuarial.fit_uploaded", "actuarial.fit_asked", "actuarial.fit_done"]
    written = "".join(one.payload for one in entries(world))
    assert fit.file_sha256 in written
    assert not any(line.split(",")[0] in written for line in content.decode().split("\n")[1:9])


@pytest.mark.parametrize("question", [
    FitQuestion("severity", "loss", by="kind", floor=1_100.0, limits=(5_000.0, 9_000.0)),
    FitQuestion("severity", "loss", threshold=2_000.0),
    FitQuestion("frequency", "day", per="month"),
    FitQuestion("frequency", "day", by="kind"),
    FitQuestion("delay", "day", known="notified"),
])
def test_every_kind_is_fitted(world: World, question: FitQuestion) -> None:
    fit = fitted(world, question)
    assert fit.state == "done", fit.fault
    assert FitPaper.objects.within(world.insurer).filter(fit=fit).count() == 2
    assert ("groups" in fit.document) is bool(question.by)


def test_floors_of_their_own_are_reported_as_the_command_does(
    world: World, tmp_path: Any
) -> None:
    path = tmp_path / "own.parquet"
    draws = uniforms(11, "tests.own-floors", 120, 1)[:, 0].tolist()
    write_incidents(path, [
        Incident("own", f"{place}", occurred=date(2024, 1 + place % 12, 3),
                 occurred_precision="day", amount_minor=int(5_000_000 * (1 - draw) ** -0.7),
                 currency="CNY", floor_minor=(1_000_000, 5_000_000)[place % 2],
                 state="AB"[place % 2]) for place, draw in enumerate(draws)])
    question = FitQuestion("severity", "amount", currency="CNY")
    fit = fitted(world, question, path.read_bytes())
    assert fit.state == "done", fit.fault
    assert fit.document["floor"] is None and fit.document["row_floors"]["highest"] == 50_000.0
    assert fit.question == {"kind": "severity", "column": "amount", "per": "month",
                            "currency": "CNY"}
    subject = FitSubject(fit.title, Source(
        f"losses.csv (SHA-256 {fit.file_sha256[:16]}…)", "T"), "CNY")
    for paper in FitPaper.objects.within(world.insurer):
        assert paper.body == html_body(fit_file(path, question).paper(
            subject, issued_on=clock.today(), language=paper.language))
    assert "乘积限" in FitPaper.objects.within(world.insurer).get(language="zh").body


def workbook(rows: list[list[Any]]) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_days_of_excel_are_days(world: World) -> None:
    start = date(2024, 1, 5)
    rows: list[list[Any]] = [["发生日", "损失"]]
    rows += [[start + timedelta(days=9 * place), 100.0 + place] for place in range(60)]
    fit = uploaded(world, workbook(rows), name="claims.xlsx")
    assert [(one["name"], one["amounts"], one["days"]) for one in fit.columns] == [
        ("发生日", False, True), ("损失", True, False)]
    fit = ask_fit(fit, FitQuestion("frequency", "发生日"), actor=world.actor("actuary"))
    work()
    assert fresh(fit).document["n"] == 60


@pytest.mark.parametrize(("content", "message", "field"), [
    (b"", "the file is empty", "file"),
    (b"loss\n", "the file has no rows below its header", "file"),
    (b"name,city\nA,B\nC,D\n", "no column holds numbers or days", "file"),
    (b"loss\n\xff\xff\xfe\x80\n", "not UTF-8 or GB18030 text", None),
    (b'loss\n"1\n', "not CSV", None),
    (b"PK\3\4 no workbook", "the workbook cannot be unpacked", None),
    (b"PAR1 no parquet", "not a Parquet table", None),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "this is an old or a protected Excel file", None),
])
def test_bad_files_are_told_where(
    world: World, content: bytes, message: str, field: str | None
) -> None:
    with pytest.raises(InputError) as refused:
        uploaded(world, content, name="坏文件.csv")
    fault = refused.value.fault
    assert fault.message.startswith(message) and fault.mend
    assert (fault.file, fault.field) == ("坏文件.csv", field)
    assert FitReport.objects.within(world.insurer).count() == 0 == files(world)


def test_too_large_is_refused_before_it_is_read(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(fits, "LARGEST", 1024 * 1024)
    with pytest.raises(InputError, match="larger than 1 MB"):
        uploaded(world, b"loss\n" + b"1\n" * (600 * 1024))
    monkeypatch.setattr(fits, "LARGEST_WORKBOOK", 0)
    for name in ("a.xlsx", "a.csv"):  # told by its content as well as by its name
        with pytest.raises(InputError, match="larger than 0 MB"):
            uploaded(world, workbook([["loss"], [1.0]]), name=name)


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(world: World) -> None:
    packed = gzip.compress(b"loss,paid,days\n" + b"1,2,3\n" * 1_000_001, 1)
    assert len(packed) < fits.LARGEST_WORKBOOK
    with pytest.raises(InputError, match="more rows, columns or cells") as refused:
        uploaded(world, packed, name="a.csv.gz")
    assert FitReport.objects.within(world.insurer).count() == 0 == files(world)
    with translation.override("zh-hans"):
        assert sentence(refused.value.fault.message).startswith("表格的行、列或单元格多于上限: ")


def test_names_and_titles_are_bounded(world: World) -> None:
    actuary = world.actor("actuary")
    for name in ("", "..", "a\nb.csv", "x" * 201):
        with pytest.raises(InputError, match="no usable name"):
            upload_fit(losses_csv(), name=name, title="t", purpose="", actor=actuary)
    for title in ("", " ", "x" * 121):
        with pytest.raises(InputError, match="title"):
            upload_fit(losses_csv(), name="a.csv", title=title, purpose="", actor=actuary)
    with pytest.raises(InputError, match="purpose"):
        upload_fit(losses_csv(), name="a.csv", title="t", purpose="x" * 501, actor=actuary)
    made = upload_fit(losses_csv(), name="C:\\data\\损失.csv", title="t", purpose="",
                      actor=actuary)
    assert made.file_name == "损失.csv"


def test_what_cannot_be_answered_is_kept_with_its_place_and_asked_again(world: World) -> None:
    fit = uploaded(world, b"loss,day\n0,2024-01-01\n-3,2024-01-02\n")
    fit = ask_fit(fit, FitQuestion("severity", "loss"), actor=world.actor("actuary"))
    work()
    fit = fresh(fit)
    assert fit.state == "refused" and fit.job.state == "done"
    assert fit.fault["file"] == "losses.csv" and fit.fault["field"] == "column"
    assert fit.fault["message"] == "the column holds no amount above zero" and fit.fault["mend"]
    assert files(world) == 1 and fit.document is None
    fit = ask_fit(fit, FitQuestion("frequency", "day", per="day"), actor=world.actor("actuary"))
    work()
    assert fresh(fit).state == "done" and files(world) == 0


def test_questions_are_checked_before_a_job_is_made(world: World) -> None:
    fit, actuary = uploaded(world), world.actor("actuary")
    for question in (FitQuestion("severity", "nope"), FitQuestion("severity", "loss", by="nope"),
                     FitQuestion("delay", "day", known="nope")):
        with pytest.raises(InputError, match="no such column") as refused:
            ask_fit(fit, question, actor=actuary)
        assert refused.value.fault.mend == "one of: loss, day, notified, kind"
    with pytest.raises(InputError, match="unit"):
        ask_fit(fit, LOSSES, unit="pounds", actor=actuary)
    with pytest.raises(InputError, match="shipped"):
        ask_fit(fit, LOSSES, shipped="wa_ag.delay.as_reported", actor=actuary)
    for wrong in ({"kind": "size"}, {"column": ""}, {"floor": float("nan")}, {"per": "week"},
                  {"kind": "delay"}, {"kind": "delay", "known": "b", "by": "c"}):
        with pytest.raises(InputError):
            FitQuestion(**{"kind": "severity", "column": "a", **wrong})  # type: ignore[arg-type]
    assert Job.objects.within(world.insurer).count() == 0


def test_a_fit_is_asked_once(world: World) -> None:
    fit = uploaded(world)
    ask_fit(fit, LOSSES, actor=world.actor("actuary"))
    with pytest.raises(Refusal, match="asked already"):
        ask_fit(fit, LOSSES, actor=world.actor("actuary"))
    work()
    with pytest.raises(Refusal, match="asked already"):
        ask_fit(fit, LOSSES, actor=world.actor("actuary"))


def test_only_the_actuary_fits(world: World) -> None:
    fit = fitted(world, papers=False)
    for role in ("underwriter", "chief_underwriter", "compliance", "auditor", "platform_admin"):
        actor = world.actor(role)
        with pytest.raises(PermissionDenied):
            upload_fit(losses_csv(), name="a.csv", title="t", purpose="", actor=actor)
        with pytest.raises(PermissionDenied):
            ask_fit(fit, LOSSES, actor=actor)
        with pytest.raises(PermissionDenied):
            withdraw_fit(fit, reason="x", actor=actor)
    foreign = world.actor("actuary", world.other_insurer)
    with pytest.raises(PermissionDenied):
        withdraw_fit(fit, reason="x", actor=foreign)


def test_withdrawing_deletes_file_result_and_papers_and_keeps_the_hashes(world: World) -> None:
    fit, waiting = fitted(world), uploaded(world)
    with pytest.raises(InputError):
        withdraw_fit(fit, reason=" ", actor=world.actor("actuary"))
    withdraw_fit(fit, reason="数据有误", actor=world.actor("actuary"))
    withdraw_fit(waiting, reason="传错文件", actor=world.actor("actuary"))
    assert files(world) == 0 == FitPaper.objects.within(world.insurer).count()
    gone = fresh(fit)
    assert gone.state == "withdrawn" and gone.document is None and gone.document_hash
    last = next(one for one in entries(world) if one.action == "actuarial.fit_withdrawn")
    assert fit.file_sha256 in last.payload and fit.document_hash in last.payload
    with pytest.raises(Refusal, match="withdrawn before"):
        withdraw_fit(fit, reason="again", actor=world.actor("actuary"))
    with pytest.raises(Refusal):
        ask_fit(fit, LOSSES, actor=world.actor("actuary"))


def test_withdrawing_a_fit_that_runs_stops_its_job(world: World) -> None:
    fit = ask_fit(uploaded(world), LOSSES, actor=world.actor("actuary"))
    withdraw_fit(fit, reason="传错文件", actor=world.actor("actuary"))
    work()
    assert fresh(fit).state == "withdrawn" and fresh(fit).job.state == "cancelled"


def test_a_cancelled_job_leaves_the_file_for_another_question(world: World) -> None:
    fit = ask_fit(uploaded(world), LOSSES, actor=world.actor("actuary"))
    jobs.cancel_job(fit.job, actor=world.actor("actuary"))
    fit = fresh(fit)
    assert fit.state_code == "cancelled" and fit.may_be_asked
    ask_fit(fit, LOSSES, actor=world.actor("actuary"))
    work()
    assert fresh(fit).state == "done"


def test_files_that_nobody_fits_go_after_seven_days(world: World) -> None:
    waiting, refused = uploaded(world), uploaded(world, b"loss\n1\n-1\n0\n2\n")
    start = clock.now()
    stand_at((start + timedelta(days=6)).strftime("%Y-%m-%dT%H:%M:%S"))
    assert drop_old_uploads(actor=world.system) == 0
    stand_at((start + timedelta(days=8)).strftime("%Y-%m-%dT%H:%M:%S"))
    running = ask_fit(uploaded(world), LOSSES, actor=world.actor("actuary"))
    assert drop_old_uploads(actor=world.system) == 2
    assert files(world) == 1 and FitUpload.objects.within(world.insurer).get().fit == running
    with pytest.raises(Refusal, match="deleted"):
        ask_fit(waiting, LOSSES, actor=world.actor("actuary"))
    with pytest.raises(PermissionDenied):
        drop_old_uploads(actor=world.actor("actuary"))
    assert fresh(refused).state == "read"
    dropped = [one for one in entries(world) if one.action == "actuarial.fit_file_dropped"]
    assert len(dropped) == 2


def test_a_fit_that_waited_for_a_week_is_cancelled_and_its_file_goes(world: World) -> None:
    fit = ask_fit(uploaded(world), LOSSES, actor=world.actor("actuary"))
    start = clock.now()
    stand_at((start + timedelta(days=6)).strftime("%Y-%m-%dT%H:%M:%S"))
    assert drop_old_uploads(actor=world.system) == 0 and fresh(fit).job.state == "queued"
    stand_at((start + timedelta(days=8)).strftime("%Y-%m-%dT%H:%M:%S"))
    Job.objects.within(world.insurer).update(state="running")  # a worker has it in hand
    assert drop_old_uploads(actor=world.system) == 0 and files(world) == 1
    Job.objects.within(world.insurer).update(state="queued")
    assert drop_old_uploads(actor=world.system) == 1
    assert (fresh(fit).state_code, files(world)) == ("cancelled", 0)
    assert [one.action for one in entries(world)][-2:] == [
        "core.job_cancelled", "actuarial.fit_file_dropped"]
    with pytest.raises(Refusal, match="deleted"):
        ask_fit(fresh(fit), LOSSES, actor=world.actor("actuary"))


def test_a_chunk_that_breaks_is_tried_again_and_goes_on(world: World, monkeypatch: Any) -> None:
    calls: list[int] = []
    real = fitting.set_pdf

    def break_once(document: Any) -> bytes:
        calls.append(1)
        if len(calls) == 1:
            raise MemoryError("no room")
        return real(document)

    monkeypatch.setattr(fitting, "set_pdf", break_once)
    fit = ask_fit(uploaded(world), LOSSES, actor=world.actor("actuary"))
    work()
    fit = fresh(fit)
    # The fit itself was kept before the paper broke.
    assert fit.job.progress == 1 and fit.document is not None and files(world) == 1
    Job.objects.within(world.insurer).update(not_before=None)
    work()
    assert fresh(fit).state == "done" and len(calls) == 3 and files(world) == 0


def test_own_claims_are_refused_while_they_are_few(world: World) -> None:
    with pytest.raises(Refusal, match="too few claims"):
        fit_own_claims(title="自有赔案", purpose="", actor=world.actor("actuary"))


def test_the_database_keeps_what_was_found(world: World) -> None:
    fit = fitted(world)
    rows = FitReport.objects.within(world.insurer).filter(pk=fit.pk)
    for change in ({"document": {}}, {"law": "gamma"}, {"file_sha256": "0" * 64},
                   {"state": "running"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        FitPaper.objects.within(world.insurer).update(body="")


def test_own_claims_are_taken_without_a_name(world: World, monkeypatch: Any) -> None:
    record = make_scene(world).decide()
    claim = record.claim
    table = own_losses(world.insurer).decode().splitlines()
    assert table[0] == ",".join(COLUMNS) and len(table) == 2
    assert table[1].split(",")[:2] == [f"{record.presented_fen / 100:.2f}",
                                       f"{record.gross_fen / 100:.2f}"]
    for secret in (claim.number, claim.policy.policy_no, world.donghai.name_zh):
        assert secret not in table[1]
    assert record.presented_fen > 0 and enough_losses(world.insurer).count == 1
    assert own_losses(world.other_insurer).decode().splitlines() == table[:1]
    later = DecisionRecord.objects.create(
        tenant=record.tenant, insured_id=record.insured_id, claim=claim, content=record.content,
        sequence=record.sequence + 1, hash=record.hash, total_fen=0, supersedes=record,
        presented_fen=record.presented_fen, state="refused", issued_at=clock.now())
    assert own_losses(world.insurer).decode().splitlines() == table[:1]
    assert enough_losses(world.insurer).count == 0
    DecisionRecord.objects.within(world.insurer).filter(pk=later.pk).update(supersedes=None)
    monkeypatch.setattr(Enough, "are_enough", True)
    fit = fit_own_claims(title="自有赔案", purpose="", actor=world.actor("actuary"))
    assert (fit.origin, fit.rows, fit.file_name) == ("own_claims", 1, "own-claims.csv")
    kinds = {one["name"]: (one["amounts"], one["days"]) for one in fit.columns}
    assert kinds["loss_yuan"] == (True, False) and kinds["notified"] == (False, True)
