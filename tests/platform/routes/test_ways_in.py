"""Over HTTP: set-up, sign-in and its limits, one-time codes, cookies and language."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from dinghai_platform.core import tokens
from dinghai_platform.core.models import Membership, Organisation, User
from tests.platform.conftest import PASSWORD, make_member
from tests.platform.routes.reading import read_page

pytestmark = pytest.mark.django_db
SIGN_IN = "/accounts/login/"


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def token_in(page: Any) -> str:
    """The CSRF token of a page's first form."""
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
    assert found is not None
    return found[1]


def sign_in(client: Client, name: str, password: str = PASSWORD) -> Any:
    """Sign in as a browser does: read the form, send its token back."""
    token = token_in(client.get(SIGN_IN))
    return client.post(SIGN_IN, {"login": name, "password": password,
                                 "csrfmiddlewaretoken": token})


# --- first start ----------------------------------------------------------------------------------


def test_the_set_up_link_works_once_as_a_browser_follows_it() -> None:
    address = reverse("core:set_up", args=[tokens.new_setup_link()])
    first, second = Client(enforce_csrf_checks=True), Client(enforce_csrf_checks=True)
    page, late = first.get(address), second.get(address)
    assert read_page(page.content.decode()).faults == []
    answers = {
        "operator": "定海测试平台", "insurer": "沧澜财产保险", "username": "keeper",
        "email": "keeper@example.test", "password": PASSWORD, "password_again": PASSWORD,
    }
    assert first.post(address, answers).status_code == 403, "no token, no set-up"
    done = first.post(address, {**answers, "csrfmiddlewaretoken": token_in(page)}, follow=True)
    assert done.status_code == 200
    assert User.objects.count() == 1
    thief = {**answers, "username": "thief", "email": "thief@example.test"}
    again = second.post(address, {**thief, "csrfmiddlewaretoken": token_in(late)})
    assert again.status_code == 404
    assert second.get(address).status_code == 404
    assert User.objects.count() == 1
    assert Membership.objects.filter(organisation__kind="insurer").count() == 1


# --- sign-in --------------------------------------------------------------------------------------


def test_guessing_one_account_is_slowed_and_said(insurer: Organisation) -> None:
    member = make_member(insurer, "underwriter")
    said = [sign_in(Client(), member.user.username, "wrong").status_code for _ in range(8)]
    assert said[:5] == [200] * 5
    client = Client()
    refused = sign_in(client, member.user.username)
    assert "_auth_user_id" not in client.session, "not even with the right password"
    assert refused.status_code in {200, 429}
    assert read_page(refused.content.decode()).faults == []


def test_one_account_under_attack_locks_nobody_else(insurer: Organisation) -> None:
    attacked, other = make_member(insurer, "underwriter"), make_member(insurer, "actuary")
    for _ in range(8):
        sign_in(Client(), attacked.user.username, "wrong")
    client = Client()
    assert sign_in(client, other.user.username).status_code == 302
    assert client.session["_auth_user_id"] == str(other.user.pk)


def test_one_address_trying_many_accounts_is_slowed(insurer: Organisation) -> None:
    member = make_member(insurer, "underwriter")
    for number in range(25):
        sign_in(Client(), f"nobody-{number}", "wrong")
    client = Client()
    sign_in(client, member.user.username)
    assert "_auth_user_id" not in client.session


def test_a_wrong_name_and_a_wrong_password_look_alike(insurer: Organisation) -> None:
    member = make_member(insurer, "underwriter")
    said = []
    for name in (member.user.username, "nobody-at-all"):
        text = sign_in(Client(), name, "wrong").content.decode()
        text = re.sub(r"\b\w{64}\b", "TOKEN", text)
        said.append(text.replace(name, "NAME"))
    assert said[0] == said[1]


def test_the_session_is_new_after_sign_in_and_gone_after_sign_out(insurer: Organisation) -> None:
    member = make_member(insurer, "underwriter")
    client = Client()
    client.cookies["sessionid"] = "planted-by-somebody-else-0000000"
    assert sign_in(client, member.user.username).status_code == 302
    assert client.cookies["sessionid"].value != "planted-by-somebody-else-0000000"
    kept = client.cookies["sessionid"].value
    client.get("/accounts/logout/")
    assert "_auth_user_id" in client.session, "a GET does not sign out"
    client.post("/accounts/logout/")
    late = Client()
    late.cookies["sessionid"] = kept
    assert late.get("/api/v1/me").status_code == 401


# --- cookies --------------------------------------------------------------------------------------


def test_scripts_cannot_read_the_cookies_and_others_cannot_send_them(
    insurer: Organisation,
) -> None:
    client = Client()
    sign_in(client, make_member(insurer, "underwriter").user.username)
    session, csrf = client.cookies["sessionid"], client.cookies["csrftoken"]
    for cookie in (session, csrf):
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
    assert int(session["max-age"] or 0) <= 12 * 3600


@pytest.mark.parametrize(
    ("said", "secure"),
    [
        ({}, False),
        ({"DINGHAI_BIND": "127.0.0.1"}, False),
        ({"DINGHAI_BIND": "0.0.0.0"}, True),
        ({"DINGHAI_BIND": "0.0.0.0", "DINGHAI_INSECURE_COOKIES": "yes"}, False),
    ],
)
def test_off_loopback_cookies_need_tls(
    said: dict[str, str], secure: bool, tmp_path: Path
) -> None:
    code = (
        "import json; from dinghai_platform.settings import site;"
        "print(json.dumps([site.SESSION_COOKIE_SECURE, site.CSRF_COOKIE_SECURE, site.DEBUG]))"
    )
    plain = {name: value for name, value in os.environ.items() if "DINGHAI" not in name}
    environment = {**plain, "DINGHAI_HOME": str(tmp_path), **said}
    read = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True
    )
    assert json.loads(read.stdout) == [secure, secure, False]


# --- one-time codes -------------------------------------------------------------------------------


def code_for(secret: str) -> str:
    """The code that a telephone would show now."""
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


def test_one_time_codes_are_enrolled_and_then_asked_for(insurer: Organisation) -> None:
    member = make_member(insurer, "underwriter")
    client = Client()
    sign_in(client, member.user.username)
    address = reverse("mfa_activate_totp")
    again = client.get(address)
    assert "reauthenticate" in again.headers["Location"], "the password is asked for once more"
    assert client.post(again.headers["Location"], {"password": "wrong"}).status_code == 200
    back = client.post(again.headers["Location"], {"password": PASSWORD})
    assert back.headers["Location"] == address
    page = client.get(address)
    assert page.status_code == 200
    assert read_page(page.content.decode()).faults == []
    secret = page.context["form"].secret
    assert client.post(address, {"code": "000000"}).status_code == 200, "a wrong code"
    done = client.post(address, {"code": code_for(secret)})
    assert done.status_code == 302
    for name in ("mfa_index", "mfa_view_recovery_codes", "mfa_deactivate_totp"):
        opened = client.get(reverse(name))
        assert opened.status_code == 200, name
        assert read_page(opened.content.decode()).faults == []
    from allauth.mfa.models import Authenticator

    kept = Authenticator.objects.get(user=member.user, type=Authenticator.Type.TOTP)
    assert secret not in json.dumps(kept.data), "kept sealed"

    cache.clear()  # the code just used is not accepted twice; the cache remembers which were
    other = Client()
    asked = sign_in(other, member.user.username)
    assert asked.headers["Location"].startswith(reverse("mfa_authenticate"))
    assert "_auth_user_id" not in other.session, "the password alone is not enough"
    assert other.get("/api/v1/me").status_code == 401
    page = other.get(reverse("mfa_authenticate"))
    assert read_page(page.content.decode()).faults == []
    other.post(reverse("mfa_authenticate"), {"code": code_for(secret)})
    assert other.session["_auth_user_id"] == str(member.user.pk)


# --- language -------------------------------------------------------------------------------------


def language_of(client: Client, address: str = SIGN_IN) -> str | None:
    """The language a page says it is in."""
    return read_page(client.get(address).content.decode()).language


def test_the_language_chosen_stays(insurer: Organisation) -> None:
    member = make_member(insurer, "underwriter")
    client = Client(headers={"accept-language": "fr"})
    assert language_of(client) == "zh-Hans", "Chinese where nothing is known"
    answer = client.post(reverse("set_language"), {"language": "en", "next": SIGN_IN})
    assert answer.headers["Location"] == SIGN_IN
    assert language_of(client) == "en"
    sign_in(client, member.user.username)
    assert language_of(client, reverse("core:tokens")) == "en"
    client.post(reverse("set_language"), {"language": "zh-hans", "next": "/"})
    assert language_of(client, reverse("core:tokens")) == "zh-Hans"


def test_the_language_switch_does_not_lead_away(db: None) -> None:
    answer = Client().post(
        reverse("set_language"), {"language": "en", "next": "https://elsewhere.example/"}
    )
    assert answer.headers["Location"] == "/"


def test_the_browsers_language_is_heard(db: None) -> None:
    assert language_of(Client(headers={"accept-language": "en-GB"})) == "en"
