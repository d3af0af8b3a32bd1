"""How people come in: the set-up link, invitations, sign-in, and as what they act."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from dinghai.foundation.clock import SHANGHAI, ManualClock
from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import services, tokens
from dinghai_platform.core.actors import actor_of_membership
from dinghai_platform.core.models import AuditEntry, Membership, Organisation, SetupLink, User
from tests.platform.conftest import PASSWORD, make_member

pytestmark = pytest.mark.django_db
ANSWERS = {
    "operator": "定海测试平台", "insurer": "沧澜财产保险", "username": "keeper",
    "email": "Keeper@example.test", "password": PASSWORD, "password_again": PASSWORD,
}


@pytest.fixture(autouse=True)
def _fresh_rate_limits():
    cache.clear()


MACHINE = ManualClock(datetime(2026, 3, 2, 9, tzinfo=SHANGHAI))


@pytest.fixture
def machine(settings):
    """The machine's clock, in the test's hand."""
    settings.DINGHAI_MACHINE_CLOCK = f"{__name__}.MACHINE"
    return MACHINE


def address_of(secret):
    return reverse("core:set_up", args=[secret])


# --- set-up ---------------------------------------------------------------------------------------


def test_it_works():
    secret = tokens.new_setup_link()
    client = Client()
    assert client.get(address_of(secret)).status_code == 200
    done = client.post(address_of(secret), ANSWERS)
    assert done.status_code == 302
    user = User.objects.get()
    assert (user.username, user.email) == ("keeper", "keeper@example.test")
    assert client.session["_auth_user_id"] == str(user.pk)
    kinds = {one.organisation.kind for one in Membership.objects.all()}
    assert kinds == {"platform", "insurer"}
    assert {one.role for one in Membership.objects.all()} == {"platform_admin"}
    platform = Organisation.objects.get(kind="platform")
    assert AuditEntry.objects.within(platform).filter(action="core.site_set_up").exists()
    assert not tokens.needs_setup()


def test_the_link_works_once():
    secret = tokens.new_setup_link()
    Client().post(address_of(secret), ANSWERS)
    again = {**ANSWERS, "username": "thief", "email": "thief@example.test"}
    assert Client().get(address_of(secret)).status_code == 404
    assert Client().post(address_of(secret), again).status_code == 404
    with pytest.raises(Refusal):
        services.set_up_site(secret, username="thief", email="thief@example.test",
                             password=PASSWORD, operator="x", insurer="")
    assert User.objects.count() == 1


def test_the_secret_is_not_kept():
    secret = tokens.new_setup_link()
    assert SetupLink.objects.get().token_hash == tokens.hash_of(secret)
    assert secret not in str(SetupLink.objects.values().get())


def test_a_new_link_ends_the_old_one():
    old = tokens.new_setup_link()
    new = tokens.new_setup_link()
    assert Client().get(address_of(old)).status_code == 404
    assert Client().get(address_of(new)).status_code == 200


def test_the_link_runs_out(machine):
    secret = tokens.new_setup_link()
    machine.advance(hours=23)
    assert tokens.live_setup_link(secret) is not None
    machine.advance(hours=2)
    assert tokens.live_setup_link(secret) is None


def test_no_link_once_there_is_somebody(insurer):
    make_member(insurer, "underwriter")
    with pytest.raises(Refusal, match="set up already"):
        tokens.new_setup_link()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "short"), ("password_again", "something else"), ("username", ""),
        ("username", "two words"), ("email", "nobody"), ("operator", ""),
    ],
)
def test_bad_answers_leave_the_link_alive(field, value):
    secret = tokens.new_setup_link()
    answers = {**ANSWERS, field: value}
    if field == "password":
        answers["password_again"] = value
    page = Client().post(address_of(secret), answers)
    assert page.status_code == 200
    assert not User.objects.exists()
    assert tokens.live_setup_link(secret) is not None


# --- sign-in --------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["username", "email"])
def test_sign_in_by_name_or_mail(insurer, by):
    member = make_member(insurer, "underwriter")
    client = Client()
    answer = client.post(
        "/accounts/login/", {"login": getattr(member.user, by), "password": PASSWORD}
    )
    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(member.user.pk)
    assert AuditEntry.objects.within(insurer).filter(action="core.signed_in").count() == 1


def test_a_wrong_password_does_not_sign_in(insurer):
    member = make_member(insurer, "underwriter")
    client = Client()
    client.post("/accounts/login/", {"login": member.user.username, "password": "wrong"})
    assert "_auth_user_id" not in client.session


def test_guessing_is_slowed_down(insurer):
    member = make_member(insurer, "underwriter")
    client = Client()
    for _ in range(6):
        client.post("/accounts/login/", {"login": member.user.username, "password": "wrong"})
    client.post("/accounts/login/", {"login": member.user.username, "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_nobody_signs_up(db):
    answer = Client().post("/accounts/signup/", {"email": "a@example.test"})
    assert answer.status_code in (302, 405)
    assert not User.objects.exists()


def test_one_time_codes_are_sealed():
    from dinghai_platform.core.accounts import SealedSecrets

    adapter = SealedSecrets()
    sealed = adapter.encrypt("JBSWY3DPEHPK3PXP")
    assert "JBSWY3DPEHPK3PXP" not in sealed
    assert adapter.decrypt(sealed) == "JBSWY3DPEHPK3PXP"


# --- invitations ----------------------------------------------------------------------------------


@pytest.fixture
def administrator(insurer):
    return actor_of_membership(make_member(insurer, "platform_admin"))


JOINING = {
    "username": "lin", "full_name": "林", "password": PASSWORD, "password_again": PASSWORD
}


def test_an_invitation_makes_a_member(insurer, administrator):
    _invitation, secret = services.invite(
        insurer, email="Lin@example.test", role="underwriter", actor=administrator
    )
    client = Client()
    address = reverse("core:invited", args=[secret])
    assert client.get(address).status_code == 200
    assert client.post(address, JOINING).status_code == 302
    member = Membership.objects.get(user__username="lin")
    assert (member.organisation, member.role) == (insurer, "underwriter")
    assert member.user.email == "lin@example.test"
    assert Client().get(address).status_code == 404
    assert Client().post(address, {**JOINING, "username": "eve"}).status_code == 404


def test_an_invitation_runs_out(insurer, administrator, machine):
    _invitation, secret = services.invite(
        insurer, email="lin@example.test", role="underwriter", actor=administrator
    )
    machine.advance(days=8)
    assert services.live_invitation(secret) is None


def test_a_known_person_accepts_for_their_own_address_only(insurer, administrator, other_insurer):
    known = make_member(other_insurer, "actuary")
    _one, mine = services.invite(
        insurer, email=known.user.email, role="actuary", actor=administrator
    )
    _two, theirs = services.invite(
        insurer, email="lin@example.test", role="actuary", actor=administrator
    )
    client = Client()
    client.force_login(known.user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(reverse("core:invited", args=[theirs])).status_code == 409
    assert client.post(reverse("core:invited", args=[mine])).status_code == 302
    assert Membership.objects.filter(user=known.user, organisation=insurer).exists()


def test_an_administrator_invites_into_their_own_organisation_only(administrator, other_insurer):
    with pytest.raises(PermissionDenied):
        services.invite(
            other_insurer, email="a@example.test", role="underwriter", actor=administrator
        )


def test_an_unknown_role_is_refused(insurer, administrator):
    with pytest.raises(InputError, match="not a role"):
        services.invite(insurer, email="a@example.test", role="emperor", actor=administrator)


def test_the_platform_keeps_an_administrator(platform):
    member = make_member(platform, "platform_admin")
    with pytest.raises(Refusal, match="one administrator"):
        services.end_membership(member, actor=actor_of_membership(member))


# --- as what one acts -----------------------------------------------------------------------------


def test_the_switcher(insurer, other_insurer):
    member = make_member(insurer, "underwriter")
    second = Membership.objects.create(
        user=member.user, organisation=other_insurer, role="actuary"
    )
    client = Client()
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/api/v1/me").json()["organisation"]["id"] == str(insurer.pk)
    assert client.post(reverse("core:switch"), {"membership": second.pk}).status_code == 302
    me = client.get("/api/v1/me").json()
    assert (me["organisation"]["id"], me["role"]) == (str(other_insurer.pk), "actuary")


def test_nobody_switches_to_anothers_membership(insurer, other_insurer, sign_in):
    foreign = make_member(other_insurer, "platform_admin")
    client = sign_in("underwriter", insurer)
    assert client.post(reverse("core:switch"), {"membership": foreign.pk}).status_code == 404


def test_the_switcher_does_not_lead_away(insurer, sign_in):
    client = sign_in("underwriter", insurer)
    answer = client.post(
        reverse("core:switch"),
        {"membership": client.member.pk, "next": "https://elsewhere.example/"},
    )
    assert answer.headers["Location"] == "/"


def test_an_ended_membership_no_longer_acts(insurer, sign_in):
    client = sign_in("underwriter", insurer)
    Membership.objects.update(is_active=False)
    assert client.get("/api/v1/me").status_code == 401
    assert client.get(reverse("core:jobs")).status_code == 403


# --- bearer tokens --------------------------------------------------------------------------------


def bearer(secret):
    return {"headers": {"Authorization": f"Bearer {secret}"}}


@pytest.fixture
def auditor(insurer):
    return make_member(insurer, "auditor")


def issue(member, scopes=("*",), days=1):
    return tokens.issue_token(
        member, name="t", scopes=scopes, days=days, actor=actor_of_membership(member)
    )


def test_a_token_acts_for_its_membership(auditor, insurer):
    token, secret = issue(auditor)
    me = Client().get("/api/v1/me", **bearer(secret)).json()
    assert (me["role"], me["organisation"]["id"]) == ("auditor", str(insurer.pk))
    assert secret not in str(token.__dict__)


def test_a_token_does_no_more_than_its_scopes(auditor):
    _token, secret = issue(auditor, ["ledger.*"])
    assert Client().get("/api/v1/ledger/balances", **bearer(secret)).status_code == 200
    assert Client().get("/api/v1/audit", **bearer(secret)).status_code == 403


def test_a_token_makes_no_token(auditor):
    token, secret = issue(auditor)
    actor = tokens.actor_of_token(secret, request_id="r")
    with pytest.raises(Refusal):
        tokens.issue_token(auditor, name="t", scopes=["*"], days=1, actor=actor)
    assert token.membership == auditor


def test_a_token_ends(auditor, machine):
    token, secret = issue(auditor)
    assert tokens.actor_of_token(secret, request_id="r")
    machine.advance(days=1, seconds=1)
    assert tokens.actor_of_token(secret, request_id="r") is None
    token, secret = issue(auditor)
    tokens.revoke_token(token, actor=actor_of_membership(auditor))
    assert tokens.actor_of_token(secret, request_id="r") is None
    _token, secret = issue(auditor)
    Membership.objects.update(is_active=False)
    assert tokens.actor_of_token(secret, request_id="r") is None


@pytest.mark.parametrize("header", ["Bearer dh_wrong", "Bearer wrong", "Basic abc", "Bearer"])
def test_what_is_no_token_is_refused_even_with_a_session(insurer, sign_in, header):
    client = sign_in("auditor", insurer)
    answer = client.get("/api/v1/me", headers={"Authorization": header})
    assert answer.status_code == 401
    assert set(answer.json()["error"]) == {"file", "line", "field", "message", "mend"}


@pytest.mark.parametrize("scopes", [[], ["nothing.at_all"], ["nowhere.*"]])
def test_scopes_are_permissions(auditor, scopes):
    with pytest.raises(InputError):
        issue(auditor, scopes)


@pytest.mark.parametrize("days", [0, 367])
def test_a_token_has_a_bounded_life(auditor, days):
    with pytest.raises(InputError):
        issue(auditor, days=days)


def test_a_setup_link_is_measured_in_hours(settings, machine):
    settings.DINGHAI_SETUP_LINK_HOURS = 1
    tokens.new_setup_link()
    assert SetupLink.objects.get().expires_at == machine.now() + timedelta(hours=1)
