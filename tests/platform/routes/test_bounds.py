"""Nothing without a bound: bodies, uploads, archives, file names; and one key, one effect."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import re
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import resolve, reverse

from dinghai_platform.core import tokens
from dinghai_platform.core.actors import actor_of_membership
from dinghai_platform.core.bounded import BoundedBodies, Larger
from dinghai_platform.core.callers import may_send
from dinghai_platform.core.models import (
    AuditEntry,
    IdempotentAnswer,
    Organisation,
    Relation,
    StoredFile,
)
from dinghai_platform.underwriting.models import Case, Dossier
from dinghai_platform.underwriting.services.cases import open_case
from tests.platform.conftest import make_member
from tests.platform.story import work

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/organisations"
BODY = {"kind": "insured", "name_zh": "西江纺织"}


@pytest.fixture
def bearer(insurer: Organisation) -> str:
    """A token of an underwriter."""
    member = make_member(insurer, "underwriter")
    _token, secret = tokens.issue_token(
        member, name="test", scopes=["*"], days=1, actor=actor_of_membership(member)
    )
    return secret


def post(bearer: str, body: Any, *, key: str | None = None, address: str = ADDRESS) -> Any:
    """One write through the API."""
    headers = {"Authorization": f"Bearer {bearer}"}
    if key is not None:
        headers["Idempotency-Key"] = key
    return Client().post(
        address, json.dumps(body), content_type="application/json", headers=headers
    )


# --- one key, one effect --------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_at_once_with_one_key_write_once(bearer: str, insurer: Organisation) -> None:
    answers: list[Any] = []
    gate = threading.Barrier(2)

    def send() -> None:
        try:
            gate.wait(10)
            answers.append(post(bearer, BODY, key="k-1"))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert sorted("Idempotent-Replay" in answer.headers for answer in answers) == [False, True]
    assert Organisation.objects.filter(name_zh="西江纺织").count() == 1
    written = AuditEntry.objects.within(insurer).filter(action="core.organisation_created")
    assert written.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_at_once_with_one_key_and_two_bodies(bearer: str) -> None:
    statuses: list[int] = []
    gate = threading.Barrier(2)

    def send(name: str) -> None:
        try:
            gate.wait(10)
            statuses.append(post(bearer, {**BODY, "name_zh": name}, key="k-1").status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(name,)) for name in ("甲", "乙")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 409]
    assert Organisation.objects.filter(name_zh__in=("甲", "乙")).count() == 1


def test_another_body_is_409_in_words(bearer: str) -> None:
    assert post(bearer, BODY, key="k-1").status_code == 201
    refused = post(bearer, {**BODY, "name_zh": "西江印染"}, key="k-1")
    assert refused.status_code == 409
    assert set(refused.json()["error"]) == {"file", "line", "field", "message", "mend"}
    assert not Organisation.objects.filter(name_zh="西江印染").exists()


def test_a_long_address_may_carry_a_key(bearer: str) -> None:
    address = f"{ADDRESS}?{'x' * 2_000}"
    first = post(bearer, BODY, key="k-1", address=address)
    again = post(bearer, BODY, key="k-1", address=address)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    other = post(bearer, BODY, key="k-1", address=address[:-1] + "y")
    assert other.status_code == 409
    assert IdempotentAnswer.objects.count() == 1


def test_a_key_on_a_read_changes_nothing(bearer: str) -> None:
    headers = {"Authorization": f"Bearer {bearer}", "Idempotency-Key": "k-1"}
    assert Client().get("/api/v1/me", headers=headers).status_code == 200
    assert not IdempotentAnswer.objects.exists()


# --- bodies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [None, "k-1"])
def test_a_body_above_the_bound_is_413_in_words(bearer: str, settings: Any, key: str | None
                                                ) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    refused = post(bearer, {**BODY, "name_en": "x" * 2_000}, key=key)
    assert refused.status_code == 413
    assert "large" in refused.json()["error"]["message"]
    assert not Organisation.objects.filter(name_zh="西江纺织").exists()


LISTS = "/residents/schemes/x/lists"
LARGER = [Larger(re.compile(r"/residents/schemes/[a-z]/lists"), 100, "residents.enrol")]


def through_asgi(chunks: list[bytes], *, announced: int | None, maximum: int, path: str = "/",
                 known: bool = False) -> tuple[int, bytes, int]:
    """Send a body in chunks to the bound before an application that reads it all.

    Answers status, body, and how many bytes the application was handed.
    """
    handed = 0
    sent: list[Any] = []
    waiting = list(chunks)

    async def application(_scope: Any, receive: Any, send: Any) -> None:
        nonlocal handed
        more = True
        while more:
            message = await receive()
            handed += len(message["body"])
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"taken"})

    async def receive() -> Any:
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-length", str(announced).encode())] if announced is not None else []
    headers.append((b"cookie", b"sessionid=x"))  # anybody can send one

    async def may(_scope: Any, permission: str) -> bool:
        assert not handed
        return known and permission == "residents.enrol"

    scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
    whole = BoundedBodies(application, maximum, LARGER, may)(scope, receive, send)
    with ThreadPoolExecutor(1) as other:  # this thread may hold the loop of a browser
        other.submit(asyncio.run, whole).result()
    return sent[0]["status"], sent[1]["body"], handed


@pytest.mark.parametrize("announced", [None, 30, 5])
def test_the_server_stops_reading_what_is_too_large(announced: int | None) -> None:
    status, body, handed = through_asgi([b"x" * 10] * 3, announced=announced, maximum=25)
    assert status == 413
    assert "larger than 25 bytes" in json.loads(body)["error"]["message"]
    assert handed <= 25


def test_the_server_takes_what_is_within_the_bound() -> None:
    assert through_asgi([b"x" * 10] * 3, announced=30, maximum=30) == (200, b"taken", 30)


@pytest.mark.parametrize("announced", [None, 60])
def test_lists_of_millions_have_a_bound_of_their_own(announced: int | None) -> None:
    def taken(size: int, path: str, *, known: bool) -> bool:
        parts = [b"x" * 10] * (size // 10)
        return through_asgi(parts, announced=size if announced else None, maximum=25, path=path,
                            known=known)[0] == 200

    assert taken(60, LISTS, known=True)
    assert not taken(110, LISTS, known=True)
    assert not taken(60, LISTS, known=False)  # a stranger
    assert not taken(60, f"{LISTS}/more", known=True)  # another address


def test_the_lists_of_the_site_may_be_large(settings: Any) -> None:
    from dinghai_platform import asgi

    largest = settings.DINGHAI_MASS_UPLOAD_MAXIMUM_BYTES
    assert largest > settings.DINGHAI_UPLOAD_MAXIMUM_BYTES
    key = "01900000-0000-7000-8000-000000000000"
    page, api = f"/residents/{key}/take/", f"/api/v1/residents/schemes/{key}/lists"
    for path in (page, api, f"/api/v1/residents/schemes/{key}/changes"):
        assert any(one.path.fullmatch(path) and one.maximum >= largest
                   for one in asgi.application._larger)
        assert resolve(path)


@pytest.mark.parametrize("permission", ["residents.enrol", "residents.change"])
def test_who_may_send_much_is_told_from_the_headers(
    sign_in: Any, insurer: Organisation, permission: str
) -> None:
    def asked(cookie: str) -> bool:
        return may_send({"type": "http", "method": "POST", "path": "/residents/x/take/",
                         "headers": [(b"cookie", cookie.encode())]}, permission)

    for role, expected in (("underwriter", True), ("auditor", False)):
        session = sign_in(role, insurer).cookies[settings.SESSION_COOKIE_NAME].value
        assert asked(f"{settings.SESSION_COOKIE_NAME}={session}") is expected
    assert not asked(f"{settings.SESSION_COOKIE_NAME}={'x' * 32}")
    assert not asked("")
    member = make_member(insurer, "underwriter")
    _, secret = tokens.issue_token(member, name="x", scopes=[permission], days=1,
                                   actor=actor_of_membership(member))
    api = {"type": "http", "method": "POST", "path": "/api/v1/residents/schemes/x/lists"}
    assert may_send({**api, "headers": [(b"authorization", f"Bearer {secret}".encode())]},
                    permission)
    assert not may_send({**api, "headers": [(b"authorization", b"Bearer dh_x")]}, permission)


def test_the_site_stands_behind_that_bound(settings: Any) -> None:
    from dinghai_platform import asgi

    assert isinstance(asgi.application, BoundedBodies)
    assert asgi.application._maximum >= settings.DINGHAI_UPLOAD_MAXIMUM_BYTES


# --- uploads --------------------------------------------------------------------------------------


@pytest.fixture
def case(insurer: Organisation, insured: Organisation) -> Case:
    """A case that waits for its dossier."""
    Relation.objects.create(tenant=insurer, organisation=insured)
    actor = actor_of_membership(make_member(insurer, "underwriter"))
    return open_case(insured, title="东海家电", actor=actor)


def zipped(entries: dict[str, bytes]) -> bytes:
    """An archive in memory."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return written.getvalue()


def upload(client: Client, case: Case, content: bytes, name: str = "dossier.zip") -> str:
    """Upload an archive on the case's page, let the worker work, read what the site says."""
    address = reverse("underwriting:case_import", args=[case.pk])
    answer = client.post(address, {"archive": SimpleUploadedFile(name, content)}, follow=True)
    assert answer.status_code in {200, 400, 413, 422}
    work()
    started = Dossier.objects.within(case.tenant).filter(case=case).first()
    if started is None:
        return str(answer.content.decode())
    page = client.get(reverse("underwriting:dossier", args=[started.pk]))
    assert page.status_code == 200
    return str(page.content.decode())


HOSTILE = {
    "above the root": {"../../outside.txt": b"x", "profile.toml": b""},
    "absolute": {"/outside.txt": b"x", "profile.toml": b""},
    "with a backslash": {"..\\..\\outside.txt": b"x", "profile.toml": b""},
    "of a drive": {"C:/outside.txt": b"x", "profile.toml": b""},
}


@pytest.mark.parametrize("which", HOSTILE)
def test_an_archive_that_leads_outside_is_refused(
    case: Case, insurer: Organisation, sign_in: Any, which: str
) -> None:
    client = sign_in("underwriter", insurer)
    upload(client, case, zipped(HOSTILE[which]))
    dossier = Dossier.objects.within(insurer).get()
    assert dossier.state == Dossier.State.FAILED
    assert dossier.findings.count() == 0
    said = json.dumps(dossier.faults, ensure_ascii=False) + (dossier.job.error or "")
    assert "outside" in said


def test_an_archive_that_unpacks_to_too_much_is_refused(
    case: Case, insurer: Organisation, sign_in: Any
) -> None:
    bomb = zipped({"profile.toml": b"", "scans/bomb.xml": b"\0" * (80 * 1024 * 1024)})
    assert len(bomb) < 200_000
    upload(sign_in("underwriter", insurer), case, bomb)
    dossier = Dossier.objects.within(insurer).get()
    assert dossier.state == Dossier.State.FAILED
    assert "too many bytes" in json.dumps(dossier.faults) + (dossier.job.error or "")


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04" + b"\0" * 100])
def test_what_is_no_archive_is_refused_at_once(
    case: Case, insurer: Organisation, sign_in: Any, content: bytes
) -> None:
    upload(sign_in("underwriter", insurer), case, content)
    assert not Dossier.objects.within(insurer).exists()


def test_a_file_above_the_bound_is_refused_in_words(
    case: Case, insurer: Organisation, sign_in: Any, settings: Any
) -> None:
    settings.DINGHAI_UPLOAD_MAXIMUM_BYTES = 1_000
    client = sign_in("underwriter", insurer)
    client.cookies["django_language"] = "en"
    noise = b"".join(hashlib.sha256(bytes([n])).digest() for n in range(100))
    said = upload(client, case, zipped({"profile.toml": noise}))
    assert not StoredFile.objects.within(insurer).exists()
    assert not Dossier.objects.within(insurer).exists()
    assert "1000" in said


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.zip", "..\\..\\windows.zip", "/abs/olute.zip", "a\u202egpj.zip"]
)
def test_a_file_name_leads_nowhere(
    case: Case, insurer: Organisation, sign_in: Any, name: str
) -> None:
    upload(sign_in("underwriter", insurer), case, zipped({"profile.toml": b""}), name)
    for stored in StoredFile.objects.within(insurer):
        assert "/" not in stored.name and "\\" not in stored.name and ".." not in stored.name
        assert stored.name.isprintable()
