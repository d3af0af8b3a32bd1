"""Stored files: by hash, bounded, one tenant's, and proved when read."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import Http404

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import worker
from dinghai_platform.core.clock import machine_now
from dinghai_platform.core.files import (
    FileDamaged,
    file_response,
    forget_file,
    read_file,
    store_file,
)
from dinghai_platform.core.models import AuditEntry, StoredFile
from dinghai_platform.core.sweeping import sweep_files
from dinghai_platform.core.tenancy import visible_or_404

pytestmark = pytest.mark.django_db


def store(actor, content=b"scan", name="scan.xml", **extra):
    return store_file(content, name=name, media_type="text/xml", actor=actor, **extra)


@pytest.fixture
def actor(act_as, insurer):
    return act_as("underwriter", insurer)


@pytest.fixture(autouse=True)
def _home(settings, tmp_path):
    settings.DINGHAI_HOME = tmp_path


def test_it_works(actor, insurer, tmp_path):
    stored = store(actor)
    assert (stored.sha256, stored.size) == (hashlib.sha256(b"scan").hexdigest(), 4)
    assert read_file(stored) == b"scan"
    assert AuditEntry.objects.within(insurer).get(action="core.file_stored")
    assert not (tmp_path / "files").exists()


def test_a_large_file_is_on_disk(actor, settings, tmp_path):
    settings.DINGHAI_STORED_IN_DATABASE_BYTES = 3
    stored = store(actor)
    path = tmp_path / "files" / stored.sha256[:2] / stored.sha256
    assert path.read_bytes() == b"scan"
    assert path.stat().st_mode & 0o077 == 0
    assert stored.bytes_in_row is None
    assert read_file(stored) == b"scan"


@pytest.mark.parametrize("damage", [b"other", None])
def test_damage_on_disk_shows(actor, settings, tmp_path, damage):
    settings.DINGHAI_STORED_IN_DATABASE_BYTES = 0
    stored = store(actor)
    path = tmp_path / "files" / stored.sha256[:2] / stored.sha256
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    with pytest.raises(FileDamaged):
        read_file(stored)


def test_the_same_file_is_kept_once(actor):
    assert store(actor).pk == store(actor).pk
    assert store(actor, name="other.xml").pk != store(actor).pk


def test_it_is_bounded(actor, settings):
    settings.DINGHAI_UPLOAD_MAXIMUM_BYTES = 3
    with pytest.raises(InputError, match="larger"):
        store(actor)
    assert not StoredFile.objects.unscoped("looking at the outcome").exists()


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "x" * 201, "folder/"])
def test_a_name_that_is_none_is_refused(actor, name):
    if name == "folder/":
        assert store(actor, name=name).name == "folder"
        return
    with pytest.raises(InputError):
        store(actor, name=name)


@pytest.mark.parametrize("name", ["../../etc/passwd", "..\\..\\passwd", "/etc/passwd"])
def test_a_path_is_no_name(actor, name):
    assert store(actor, name=name).name == "passwd"


def test_a_foreign_file_is_not_there(actor, act_as, other_insurer):
    stored = store(actor)
    with pytest.raises(Http404):
        visible_or_404(StoredFile, act_as("underwriter", other_insurer), pk=stored.pk)


def test_who_may_not_store(act_as, insurer, insured):
    with pytest.raises(PermissionDenied):
        store(act_as("auditor", insurer))
    with pytest.raises(Refusal):
        store(act_as("insured_admin", insured))
    assert store(act_as("insured_admin", insured), tenant=insurer).tenant == insurer


def test_a_browser_does_not_run_it(actor):
    stored = store_file(b"<script>", name="报告.html", media_type="text/html", actor=actor)
    answer = file_response(stored)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


# --- uploads, and what is let go of ---------------------------------------------------------------


@pytest.mark.parametrize("in_row", [3, 100])
def test_an_upload_is_kept_as_its_bytes_are(actor, settings, in_row):
    settings.DINGHAI_STORED_IN_DATABASE_BYTES = in_row
    first = store(actor, SimpleUploadedFile("x", b"scan"))
    assert store(actor) == first
    assert read_file(first) == b"scan"


def test_a_refused_file_leaves_nothing_on_disk(actor, settings, tmp_path, monkeypatch):
    settings.DINGHAI_STORED_IN_DATABASE_BYTES = 0
    with pytest.raises(InputError):
        store(actor, SimpleUploadedFile("x", b"scan"), largest=3)
    monkeypatch.setattr("dinghai_platform.core.files._keep", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store(actor)
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []


@pytest.mark.parametrize("in_row", [0, 100])
def test_a_forgotten_file_keeps_its_hash_alone(
    actor, insurer, settings, tmp_path, in_row, django_capture_on_commit_callbacks
):
    settings.DINGHAI_STORED_IN_DATABASE_BYTES = in_row
    stored = store(actor)
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            forget_file(stored, actor=actor, reason="test")
    stored.refresh_from_db()
    assert (stored.is_forgotten, stored.bytes_in_row) == (True, None)
    assert stored.sha256 == hashlib.sha256(b"scan").hexdigest()
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []
    with pytest.raises(FileDamaged, match="let go of"):
        read_file(stored)
    entry = AuditEntry.objects.within(insurer).get(action="core.file_forgotten")
    assert json.loads(entry.payload)["reason"] == "test"
    again = store(actor)
    assert again == stored
    assert read_file(again) == b"scan"


def test_what_a_killed_process_left_is_swept(actor, settings, tmp_path, monkeypatch):
    """A part that arrived, after a day; a file forgotten whose bytes stayed, and one that no row
    has, after thirty; nothing that somebody has, nothing by a database that knows of no file."""
    settings.DINGHAI_STORED_IN_DATABASE_BYTES = 0
    kept, forgotten = store(actor), store(actor, b"gone", name="gone.xml")
    forget_file(forgotten, actor=actor, reason="test")  # killed before the commit's own removal
    files = tmp_path / "files"
    orphan = files / "ab" / f"ab{'0' * 62}"
    for path in (orphan, files / "arriving" / "1.part", files / "ab" / "notes.txt"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    now = machine_now()
    assert sweep_files(now) == 0
    assert sweep_files(now + timedelta(days=1, minutes=1)) == 1
    with monkeypatch.context() as other_database:
        other_database.setattr(StoredFile.objects, "filter", lambda **_: StoredFile.objects.none())
        assert sweep_files(now + timedelta(days=31)) == 0
    assert sweep_files(now + timedelta(days=31)) == 2
    left = {one.name for one in files.rglob("*") if one.is_file()}
    assert left == {kept.sha256, "notes.txt"}
    assert read_file(kept) == b"scan"


def test_a_worker_sweeps_once_a_day(settings, monkeypatch):
    swept = []
    monkeypatch.setattr(worker, "sweep_files", lambda now: swept.append(now) or 0)
    one = worker.Worker()
    one.start_day()
    one.start_day()
    assert len(swept) == 1


def test_bytes_that_another_tenant_has_stay(
    actor, act_as, other_insurer, settings, django_capture_on_commit_callbacks
):
    settings.DINGHAI_STORED_IN_DATABASE_BYTES = 0
    stored = store(actor)
    theirs = store(act_as("underwriter", other_insurer))
    with django_capture_on_commit_callbacks(execute=True):
        forget_file(stored, actor=actor, reason="test")
    assert read_file(theirs) == b"scan"
