"""One key, one answer, kept with the write; through the API as programs use it."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest
from django.db import connection
from django.test import Client

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import tokens
from dinghai_platform.core.actors import actor_of_membership
from dinghai_platform.core.idempotency import Answer, KeyReused, answer_once
from dinghai_platform.core.models import AuditEntry, IdempotentAnswer, Organisation
from tests.platform.conftest import make_member, make_organisation

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/organisations"
BODY = {"kind": "insured", "name_zh": "西江纺织"}


@pytest.fixture
def bearer(insurer):
    member = make_member(insurer, "underwriter")
    actor = actor_of_membership(member)
    _token, secret = tokens.issue_token(member, name="test", scopes=["*"], days=1, actor=actor)
    return secret


def ask(bearer, key="k-1", body=BODY, address=ADDRESS, **headers):
    given = {"Authorization": f"Bearer {bearer}", **headers}
    if key is not None:
        given["Idempotency-Key"] = key
    return Client().post(
        address, json.dumps(body), content_type="application/json", headers=given
    )


def test_it_works(bearer):
    first, again = ask(bearer), ask(bearer)
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert "Idempotent-Replay" not in first.headers
    assert again.headers["Idempotent-Replay"] == "true"
    assert Organisation.objects.filter(name_zh="西江纺织").count() == 1


def test_without_a_key_each_request_is_a_new_one(bearer):
    assert ask(bearer, key=None).json()["id"] != ask(bearer, key=None).json()["id"]


def test_another_key_is_another_request(bearer):
    assert ask(bearer, "k-1").json()["id"] != ask(bearer, "k-2").json()["id"]


@pytest.mark.parametrize(
    "change",
    [{"body": {**BODY, "name_zh": "西江印染"}}, {"address": ADDRESS + "?x=1"}],
)
def test_a_key_is_for_one_request(bearer, change):
    ask(bearer)
    refused = ask(bearer, **change)
    assert refused.status_code == 409
    assert "another request" in refused.json()["error"]["message"]


def test_a_key_belongs_to_its_owner(bearer, other_insurer):
    member = make_member(other_insurer, "underwriter")
    actor = actor_of_membership(member)
    _token, second = tokens.issue_token(member, name="test", scopes=["*"], days=1, actor=actor)
    assert ask(bearer).json()["id"] != ask(second).json()["id"]


def test_a_failed_write_keeps_no_answer(bearer):
    assert ask(bearer, body={**BODY, "kind": "nonsense"}).status_code == 422
    assert not IdempotentAnswer.objects.exists()
    assert ask(bearer).status_code == 201


def test_a_stranger_gets_no_answer_of_others(bearer):
    ask(bearer)
    assert ask("dh_wrong").status_code == 401


@pytest.mark.parametrize("key", [" ", "x" * 201])
def test_a_key_that_will_not_do_is_refused(bearer, key):
    assert ask(bearer, key).status_code == 400


def test_the_helper_for_services(db):
    done = []

    def produce():
        done.append(1)
        return Answer(200, "{}")

    arguments = {"owner": "o", "key": "k", "operation": "bind", "produce": produce}
    assert not answer_once(**arguments, body=b"1").repeated
    assert answer_once(**arguments, body=b"1").repeated
    assert len(done) == 1
    with pytest.raises(KeyReused):
        answer_once(**arguments, body=b"2")
    with pytest.raises(InputError):
        answer_once(**{**arguments, "key": ""}, body=b"1")


@pytest.mark.parametrize("error", [InputError("bad"), Refusal("no")])
def test_an_error_undoes_key_and_write(db, error):
    def produce():
        make_organisation("insured", "x")
        raise error

    with pytest.raises(type(error)):
        answer_once(owner="o", key="k", operation="bind", body=b"", produce=produce)
    assert not IdempotentAnswer.objects.exists()
    assert not Organisation.objects.filter(name_zh="x").exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_key_at_once_writes_once(bearer, insurer):
    answers, gate = [], threading.Barrier(4)

    def send():
        try:
            gate.wait(10)
            answers.append(ask(bearer))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.content for answer in answers}) == 1
    created = AuditEntry.objects.within(insurer).filter(action="core.organisation_created")
    assert created.count() == 1


def test_a_narrowed_token_is_somebody_of_its_own(act_as, insurer) -> None:
    whole = act_as("underwriter", insurer)
    narrow = replace(whole, scopes=frozenset({"ledger.view"}))
    assert whole.key != narrow.key
    assert narrow.key == replace(whole, scopes=frozenset({"ledger.view"})).key
