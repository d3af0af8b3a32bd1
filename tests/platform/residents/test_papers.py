"""Certificates as PDF: their words, their mark, and a whole list in bounded parts."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date

import numpy as np
import pytest
import zxingcpp
from django.core.exceptions import PermissionDenied

from dinghai.documents.qr_marks import qr_modules, qr_png, qr_svg
from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import clock
from dinghai_platform.core.files import read_file
from dinghai_platform.core.worker import Worker
from dinghai_platform.residents import papers
from dinghai_platform.residents.models import Certificate, PaperOrder, PaperPart
from dinghai_platform.residents.proofs import code_of
from dinghai_platform.residents.queries import orders_of
from dinghai_platform.residents.services.changes import Asked, apply_changes, take_changes
from dinghai_platform.residents.services.lists import take_list
from dinghai_platform.residents.services.papers import order_papers
from tests.platform.residents.conftest import listed, row

pytestmark = pytest.mark.django_db


def read_mark(modules):
    """What a reader sees in a mark, three pixels a module, with its margin."""
    drawn = np.where(np.kron(np.pad(modules, 4), np.ones((3, 3), dtype=bool)), 0, 255)
    return zxingcpp.read_barcode(drawn.astype(np.uint8)).text


@pytest.mark.parametrize("length", [20, 536, 900])
def test_a_mark_says_what_it_was_made_of(length):
    text = "DINGHAI1." + "aB3_-" * (length // 5)
    modules = qr_modules(text)
    assert read_mark(modules) == text
    assert qr_svg(text).count("h") > len(modules)
    assert qr_png(text).startswith(b"\x89PNG")


def test_a_text_too_long_for_a_mark():
    with pytest.raises(InputError):
        qr_modules("x" * 4_000)


def test_a_list_comes_as_parts(enrol, underwriter, monkeypatch):
    monkeypatch.setattr(papers, "PAGES", 4)
    monkeypatch.setattr(papers, "DOCUMENTS", 2)
    enrolment = enrol(listed([row(number) for number in range(19)]))
    enrol(listed([row(number) for number in range(30, 33)]), "other.csv")
    order = order_papers(enrolment, language="zh", actor=underwriter)
    assert order_papers(enrolment, language="zh", actor=underwriter) == order
    Worker().run_until_idle()
    parts = list(PaperPart.objects.unscoped("test").filter(order=order).select_related("file"))
    assert [one.certificates for one in parts] == [8, 8, 3]
    order.job.refresh_from_db()
    assert (order.job.state, order.job.progress) == ("done", 19)
    seen = []
    for one in parts:
        with zipfile.ZipFile(io.BytesIO(read_file(one.file))) as archive:
            index = archive.read("index.csv").decode("utf-8-sig")
            rows = list(csv.DictReader(io.StringIO(index)))
            seen += [int(each["certificate"]) for each in rows]
            assert all(archive.read(each["file"]).startswith(b"%PDF") for each in rows)
            assert row(1).split(",")[1] not in index
    assert seen == list(Certificate.objects.unscoped("test").filter(
        chunk__enrolment=enrolment).order_by("id").values_list("id", flat=True))


def test_papers_are_of_those_who_are_insured_as_they_stand(
    scheme, enrol, underwriter, monkeypatch
):
    """Of three one is cancelled from July on, and one of another list stands between no numbers of
    this one: asked for again after that day, there are new papers without it."""
    enrolment = enrol(listed([row(number) for number in range(3)]))
    number = Certificate.objects.unscoped("test").order_by("id").first().pk + 1
    enrol(listed([row(9)]), "other.csv")
    orders = [order_papers(enrolment, language="zh", actor=underwriter)]
    changes = take_changes(scheme, Asked("cancellation", date(2027, 7, 1)), name="a.csv",
                           content=f"凭证号\n{number}\n".encode(), actor=underwriter)
    Worker().run_until_idle()
    changes.refresh_from_db()
    apply_changes(changes, actor=underwriter)
    Worker().run_until_idle()
    for day in (date(2027, 6, 30), date(2027, 7, 1)):
        monkeypatch.setattr(clock, "today", lambda day=day: day)
        orders.append(order_papers(enrolment, language="zh", actor=underwriter))
        assert order_papers(enrolment, language="zh", actor=underwriter) == orders[-1]
        Worker().run_until_idle()
    assert len({one.pk for one in orders}) == 3
    assert orders_of(enrolment) == orders[-1:]
    sizes = dict(PaperPart.objects.unscoped("test").values_list("order", "certificates"))
    assert [sizes[one.pk] for one in orders] == [3, 3, 2]
    gone = dict(PaperPart.objects.unscoped("test").values_list("order", "file__is_forgotten"))
    assert [gone[one.pk] for one in orders] == [True, True, False]
    assert papers.span_of(enrolment) == (number - 1, number + 2)


def test_papers_are_made_anew_when_the_first_of_two_changes_to_come_begins(
    scheme, enrol, underwriter, monkeypatch
):
    enrolment = enrol(listed([row(1)]))
    number = Certificate.objects.unscoped("test").get().pk
    for plan, day in (("P1", date(2027, 7, 1)), ("P5", date(2027, 10, 1))):
        changes = take_changes(scheme, Asked("plan", day), name="a.csv", actor=underwriter,
                               content=f"凭证号,新方案\n{number},{plan}\n".encode())
        Worker().run_until_idle()
        changes.refresh_from_db()
        apply_changes(changes, actor=underwriter)
        Worker().run_until_idle()
    orders = []
    for day in (date(2027, 6, 30), date(2027, 7, 2), date(2027, 10, 1), date(2027, 11, 1)):
        monkeypatch.setattr(clock, "today", lambda day=day: day)
        orders.append(order_papers(enrolment, language="zh", actor=underwriter).pk)
    assert len(set(orders)) == 3 and orders[2] == orders[3]


def test_a_part_is_the_same_bytes_again(enrol):
    enrol(listed([row(1), row(2)]))
    rows = list(Certificate.objects.unscoped("test").select_related(
        "chunk__enrolment__scheme", "chunk__enrolment__tenant").order_by("id"))
    assert papers.paper_of(rows, "en") == papers.paper_of(rows, "en")
    assert read_mark(qr_modules(code_of(rows[0]))) == code_of(rows[0])


def test_who_prints_what(scheme, enrol, underwriter, act_as, insurer, other_insurer):
    waiting = take_list(scheme, listed([row(8)]), name="w.csv", actor=underwriter)
    with pytest.raises(Refusal):
        order_papers(waiting, language="zh", actor=underwriter)
    enrolment = enrol(listed([row(1)]))
    with pytest.raises(InputError):
        order_papers(enrolment, language="fr", actor=underwriter)
    for role, home in (("auditor", insurer), ("underwriter", other_insurer)):
        with pytest.raises(PermissionDenied):
            order_papers(enrolment, language="zh", actor=act_as(role, home))
    assert not PaperOrder.objects.unscoped("test").exists()
