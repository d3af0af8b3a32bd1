"""A list in parts: faults at once, parts once and in order, and at the end a list as any other."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import audit, clock, jobs
from dinghai_platform.core.actors import system_actor
from dinghai_platform.core.models import AuditEntry
from dinghai_platform.core.worker import Worker
from dinghai_platform.residents.models import Certificate, Enrolment, ListPart, ListStream
from dinghai_platform.residents.services import streams
from dinghai_platform.residents.services.lists import GIVE_UP, KEPT_DAYS, issue_list
from dinghai_platform.residents.services.streams import close_stream, open_stream, take_part
from tests.platform.residents.conftest import row
from tests.platform.story import stand_at

pytestmark = pytest.mark.django_db
FIELDS = ("name", "identity", "mobile", "plan", "consent", "consented_on")
ROOT = "/api/v1/residents"


def person(number: int, **changed: str) -> dict[str, str]:
    """A row as a program sends it."""
    return {**dict(zip(FIELDS, row(number).split(","), strict=True)), **changed}


@pytest.fixture
def stream(scheme, underwriter):
    return open_stream(scheme, name="telecom-2027-01", actor=underwriter)


def test_parts_become_a_list(insurer, stream, underwriter):
    """Of five rows three are good; the minor is never mended, the other is sent again."""
    first = take_part(stream, 1, [person(1), person(2, consent="否"), person(3, mobile="12")],
                      actor=underwriter)
    assert (first.rows, first.accepted) == (3, 1)
    assert [(one["line"], one["field"]) for one in first.faults] == [(2, "consent"), (3, "mobile")]
    assert all(one["mend"] for one in first.faults)
    take_part(stream, 2, [person(3), person(4)], actor=underwriter)
    enrolment = close_stream(stream, parts=2, actor=underwriter)
    Worker().run_until_idle()
    enrolment = Enrolment.objects.within(insurer).get(pk=enrolment.pk)
    assert (enrolment.state, enrolment.rows, enrolment.rejected) == ("checked", 3, 0)
    issue_list(enrolment, actor=underwriter)
    Worker().run_until_idle()
    assert Certificate.objects.within(insurer).filter(chunk__enrolment=enrolment).count() == 3


def test_a_part_is_taken_once_and_in_order(stream, underwriter):
    rows = [person(1)]
    assert take_part(stream, 1, rows, actor=underwriter) == take_part(
        stream, 1, rows, actor=underwriter)
    with pytest.raises(Refusal, match="other rows"):
        take_part(stream, 1, [person(2)], actor=underwriter)
    with pytest.raises(Refusal, match="part 2 comes next, not 3"):
        take_part(stream, 3, rows, actor=underwriter)
    with pytest.raises(Refusal, match="1 parts arrived, 2 were sent"):
        close_stream(stream, parts=2, actor=underwriter)


def test_a_closed_stream_holds_nobody(insurer, scheme, stream, underwriter):
    take_part(stream, 1, [person(1)], actor=underwriter)
    before = bytes(ListPart.objects.within(insurer).get().lines)
    assert before
    assert person(1)["identity"].encode() not in before
    made = close_stream(stream, parts=1, actor=underwriter)
    assert close_stream(stream, parts=1, actor=underwriter) == made
    assert bytes(ListPart.objects.within(insurer).get().lines) == b""
    assert take_part(stream, 1, [person(1)], actor=underwriter).accepted == 1
    with pytest.raises(Refusal, match="is closed"):
        take_part(stream, 2, [person(2)], actor=underwriter)
    with pytest.raises(Refusal, match="is closed"):
        open_stream(scheme, name=stream.name, actor=underwriter)


def test_every_part_stands_in_the_chain_without_what_was_sent(insurer, stream, underwriter):
    for _ in range(2):
        take_part(stream, 1, [person(1), person(2, consent="否")], actor=underwriter)
    link = AuditEntry.objects.within(insurer).get(action="residents.part_taken")
    assert json.loads(link.payload) == {"part": 1, "rows": 2, "accepted": 1}
    assert audit.verify_chain(insurer).holds


def test_nothing_is_gathered_for_a_scheme_that_is_over(scheme, stream, underwriter, monkeypatch):
    first = take_part(stream, 1, [person(1)], actor=underwriter)
    monkeypatch.setattr(clock, "today", lambda: scheme.last_day + timedelta(days=1))
    assert open_stream(scheme, name=stream.name, actor=underwriter) == stream
    assert take_part(stream, 1, [person(1)], actor=underwriter) == first
    for late in (lambda: open_stream(scheme, name="late", actor=underwriter),
                 lambda: take_part(stream, 2, [person(2)], actor=underwriter)):
        with pytest.raises(Refusal, match="the scheme is over") as caught:
            late()
        assert caught.value.reasons == ("open the scheme of the next period",)


def test_a_stream_of_nobody_becomes_no_list(insurer, stream, underwriter):
    take_part(stream, 1, [person(1, consent="否"), {}, person(2, name="x" * 5_000)],
              actor=underwriter)
    with pytest.raises(Refusal, match="nobody"):
        close_stream(stream, parts=1, actor=underwriter)
    assert not Enrolment.objects.within(insurer).exists()


def test_names_and_parts_have_bounds(scheme, stream, underwriter, monkeypatch):
    assert open_stream(scheme, name=stream.name, actor=underwriter) == stream
    for name in (" ", "a/b", "a\x00"):
        with pytest.raises(InputError):
            open_stream(scheme, name=name, actor=underwriter)
    monkeypatch.setattr(streams, "ROWS", 1)
    with pytest.raises(InputError, match="at most 1"):
        take_part(stream, 1, [person(1), person(2)], actor=underwriter)


def test_who_may_not(scheme, stream, act_as, insurer):
    for role in ("auditor", "claims_handler"):
        with pytest.raises(PermissionDenied):
            take_part(stream, 1, [person(1)], actor=act_as(role, insurer))


def test_an_open_stream_is_dropped_in_time(insurer, scheme, underwriter, settings, tmp_path):
    settings.DINGHAI_HOME = tmp_path
    settings.DINGHAI_CLOCK = "dinghai_platform.core.clock.StandingClock"
    start = stand_at("2026-12-01T09:00:00")
    stream = open_stream(scheme, name="left", actor=underwriter)
    take_part(stream, 1, [person(1)], actor=underwriter)
    for days, left in ((KEPT_DAYS - 1, 1), (KEPT_DAYS + 1, 1), (2 * KEPT_DAYS, 0)):
        stand_at(f"{start + timedelta(days=days):%Y-%m-%dT%H:%M:%S}")
        jobs.start_job(GIVE_UP, {}, actor=system_actor(insurer), tenant=insurer)
        Worker().run_until_idle()
        assert ListStream.objects.within(insurer).count() == left
        assert ListPart.objects.within(insurer).count() == left * (1 + (days > KEPT_DAYS - 1))
        if days == KEPT_DAYS - 1:  # it is still being filled
            take_part(stream, 2, [person(2)], actor=underwriter)


def test_the_way_through_the_api(sign_in, insurer, scheme):
    client = sign_in("underwriter", insurer)

    def send(method: str, path: str, body: object = None) -> tuple[int, dict]:
        answer = getattr(client, method)(ROOT + path, body, content_type="application/json")
        return answer.status_code, answer.json()

    status, made = send("post", f"/schemes/{scheme.pk}/streams", {"name": "web"})
    assert (status, made["parts"], made["list"]) == (201, 0, None)
    address = f"/streams/{made['id']}"
    status, part = send("put", f"{address}/parts/1", {"rows": [person(1), person(2, name="")]})
    assert (status, part["accepted"], [one["line"] for one in part["faults"]]) == (200, 1, [2])
    assert send("put", f"{address}/parts/3", {"rows": []})[0] == 409
    assert client.get(ROOT + address).json()["rows"] == 2
    status, closed = send("post", f"{address}/close", {"parts": 1})
    assert (status, closed["state"], closed["file"]) == (202, "reading", "web.csv")
    assert client.get(ROOT + address).json()["list"] == closed["id"]
    assert person(1)["identity"] not in str(closed) + str(part)
