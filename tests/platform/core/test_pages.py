"""Pages and API: who sees what, foreign ids are 404, and nothing loosens the browser's policy."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from dinghai_platform.core import audit, jobs, services
from dinghai_platform.core.actors import actor_of_membership, system_actor
from dinghai_platform.core.models import ApiToken, Job, Organisation
from dinghai_platform.ledger.services import credit, debit, post_entry
from tests.platform.conftest import make_member
from tests.platform.core import handlers_for_tests

pytestmark = pytest.mark.django_db
assert handlers_for_tests

POLICY = {
    "default-src 'self'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
    "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'",
    "object-src 'none'",
}


@pytest.fixture
def business(insurer):
    """A job and an entry of the first insurer."""
    actor = system_actor(insurer)
    job = jobs.start_job("test.count", {"total": 2}, actor=actor)
    entry = post_entry(
        [debit("cash", 5), credit("premium_income", 5)],
        source=("a.b", "1"), key="k", narrative="test", actor=actor,
    )
    return job, entry


PAGES = {
    "core:jobs": {"underwriter", "auditor", "platform_admin", "insured_admin"},
    "core:tokens": {"underwriter", "auditor", "platform_admin", "insured_admin"},
    "core:members": {"platform_admin", "insured_admin"},
    "core:organisations": set(),
    "core:audit": {"auditor", "platform_admin"},
    "core:audit_export": {"auditor", "platform_admin"},
    "core:audit_checkpoint": {"auditor", "platform_admin"},
    "ledger:entries": {"underwriter", "auditor", "platform_admin"},
    "ledger:export": {"underwriter", "auditor", "platform_admin"},
    "ledger:balances": {"underwriter", "auditor", "platform_admin"},
}


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("role", ["underwriter", "auditor", "platform_admin", "insured_admin"])
def test_it_works(business, insurer, insured, sign_in, role, language):
    client = sign_in(role, insured if role == "insured_admin" else insurer)
    for name, roles in PAGES.items():
        answer = client.get(reverse(name), headers={"Accept-Language": language})
        assert answer.status_code == (200 if role in roles else 403), name


def test_the_front_door_leads_to_the_dashboard(insurer, sign_in):
    answer = sign_in("underwriter", insurer).get(reverse("core:home"))
    assert (answer.status_code, answer["Location"]) == (302, reverse("cases:dashboard"))


@pytest.mark.parametrize("role", ["regulator_nfra", "resident", "supplier"])
def test_others_see_nothing_of_the_books(business, role, sign_in, insured):
    client = sign_in(role, insured)
    for name in ("ledger:entries", "ledger:balances", "core:audit", "core:members"):
        assert client.get(reverse(name)).status_code == 403


def test_the_operator_manages_organisations(platform, sign_in):
    client = sign_in("platform_admin", platform)
    address = reverse("core:organisations")
    assert client.get(address).status_code == 200
    made = client.post(address, {"kind": "insurer", "name_zh": "远岸财产保险"})
    assert made.status_code == 302
    assert Organisation.objects.filter(kind="insurer", name_zh="远岸财产保险").exists()
    again = client.post(address, {"kind": "insurer", "name_zh": " "})
    assert again.status_code == 200


@pytest.mark.parametrize("name", PAGES)
def test_a_stranger_is_sent_to_sign_in(db, name):
    answer = Client().get(reverse(name))
    assert answer.status_code == 302
    assert "/accounts/login/" in answer.headers["Location"]


@pytest.mark.parametrize("address", ["/", "/accounts/login/", "/nowhere/", "/api/v1/me"])
def test_every_answer_has_the_policy(db, address):
    answer = Client().get(address)
    sent = {part.strip() for part in answer.headers["Content-Security-Policy"].split(";")}
    assert sent == POLICY
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_pages_carry_no_inline_script_or_style(business, insurer, sign_in):
    client = sign_in("platform_admin", insurer)
    job, entry = business
    addresses = [
        reverse("core:job", args=[job.pk]), reverse("ledger:entry", args=[entry.pk]),
        reverse("core:audit"), reverse("core:members"), reverse("ledger:balances"),
    ]
    for address in addresses:
        text = client.get(address).content.decode()
        assert "<style" not in text
        assert " style=" not in text
        assert " onclick=" not in text
        assert "<script>" not in text


# --- foreign ids ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("get", "core:job"), ("get", "core:job_json"), ("post", "core:cancel_job"),
        ("post", "core:retry_job"),
    ],
)
def test_a_foreign_job_is_not_there(business, other_insurer, sign_in, method, name):
    client = sign_in("platform_admin", other_insurer)
    answer = getattr(client, method)(reverse(name, args=[business[0].pk]))
    assert answer.status_code == 404
    assert Job.objects.unscoped("looking at the outcome").get().state == Job.State.QUEUED


def test_a_foreign_entry_is_not_there(business, other_insurer, sign_in):
    client = sign_in("auditor", other_insurer)
    assert client.get(reverse("ledger:entry", args=[business[1].pk])).status_code == 404
    assert client.get(f"/api/v1/ledger/entries/{business[1].pk}").status_code == 404


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("get", "/api/v1/jobs/{}"), ("post", "/api/v1/jobs/{}/cancel"),
        ("post", "/api/v1/jobs/{}/retry"),
    ],
)
def test_the_api_has_no_foreign_job(business, other_insurer, sign_in, method, address):
    client = sign_in("underwriter", other_insurer)
    answer = getattr(client, method)(address.format(business[0].pk))
    assert answer.status_code == 404
    assert set(answer.json()) == {"error"}


def test_a_foreign_membership_and_token_are_not_there(insurer, other_insurer, sign_in):
    foreign = make_member(insurer, "underwriter")
    client = sign_in("platform_admin", other_insurer)
    ended = client.post(reverse("core:end_membership", args=[foreign.pk]))
    assert ended.status_code == 404
    from dinghai_platform.core import tokens

    token, _secret = tokens.issue_token(
        foreign, name="t", scopes=["*"], days=1, actor=actor_of_membership(foreign)
    )
    assert client.post(reverse("core:revoke_token", args=[token.pk])).status_code == 404
    assert ApiToken.objects.get().revoked_at is None


def test_lists_show_ones_own(business, insurer, other_insurer, sign_in):
    client = sign_in("auditor", other_insurer)
    assert client.get("/api/v1/jobs").json()["count"] == 0
    assert client.get("/api/v1/ledger/entries").json()["count"] == 0
    mine = {entry["organisation"] for entry in client.get("/api/v1/audit").json()["items"]}
    assert mine <= {str(other_insurer.pk)}
    names = {one["name_zh"] for one in client.get("/api/v1/organisations").json()["items"]}
    assert names == {other_insurer.name_zh}


# --- verbs of pages -------------------------------------------------------------------------------


def test_inviting_shows_the_link_once(insurer, sign_in):
    client = sign_in("platform_admin", insurer)
    answer = client.post(
        reverse("core:members"),
        {"organisation": insurer.pk, "email": "lin@example.test", "role": "underwriter"},
    )
    link = answer.context["link"]
    assert "/invited/" in link
    assert link in answer.content.decode()
    assert link not in client.get(reverse("core:members")).content.decode()
    assert Client().get(link).status_code == 200


def test_nobody_invites_elsewhere(insurer, other_insurer, sign_in):
    client = sign_in("platform_admin", insurer)
    answer = client.post(
        reverse("core:members"),
        {"organisation": other_insurer.pk, "email": "lin@example.test", "role": "underwriter"},
    )
    assert answer.context["link"] == ""
    assert answer.context["form"].errors


def test_making_and_revoking_a_token(insurer, sign_in):
    client = sign_in("auditor", insurer)
    answer = client.post(reverse("core:tokens"), {"name": "books", "scopes": "*", "days": 30})
    secret = answer.context["secret"]
    assert secret.startswith("dh_")
    assert secret not in client.get(reverse("core:tokens")).content.decode()
    token = ApiToken.objects.get()
    assert client.post(reverse("core:revoke_token", args=[token.pk])).status_code == 302
    refused = client.get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"})
    assert refused.status_code == 401


def test_a_job_is_followed_stopped_and_continued(business, insurer, sign_in):
    client = sign_in("underwriter", insurer)
    job, _entry = business
    address = reverse("core:job", args=[job.pk])
    assert "every 1s" in client.get(address).content.decode()
    part = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert part.startswith("<section")
    assert client.get(reverse("core:job_json", args=[job.pk])).json()["reason"]
    assert client.post(reverse("core:cancel_job", args=[job.pk])).status_code == 302
    assert "every 1s" not in client.get(address).content.decode()
    assert client.post(reverse("core:cancel_job", args=[job.pk])).status_code == 409
    assert client.post(reverse("core:retry_job", args=[job.pk])).status_code == 302


def test_the_audit_page_filters_verifies_and_signs(business, insurer, sign_in, lifted_guards):
    client = sign_in("auditor", insurer)
    assert client.get("/audit/?action=ledger").context["page"].paginator.count == 1
    assert client.get("/audit/?since=2999-01-01").context["page"].paginator.count == 0
    assert client.post(reverse("core:audit_verify")).context["reading"].holds
    document = json.loads(client.get(reverse("core:audit_checkpoint")).content)
    assert [one["tenant"] for one in document["chains"]] == [str(insurer.pk)]
    text = client.get(reverse("core:audit_export")).content.decode()
    assert "ledger.entry_posted" in text
    assert client.get("/api/v1/audit/verify").json()["holds"] is True


def test_the_books_are_filtered_and_exported(business, insurer, sign_in):
    client = sign_in("auditor", insurer)
    assert client.get("/ledger/journal/?account=cash").context["page"].paginator.count == 1
    assert client.get("/ledger/journal/?account=vat_payable").context["page"].paginator.count == 0
    assert client.get("/ledger/journal/?source=a.b").context["page"].paginator.count == 1
    text = client.get(reverse("ledger:export")).content.decode()
    assert text.count("\n") == 3
    assert "0.05" in text
    text = client.get("/ledger/balances/?format=csv").content.decode()
    assert "1002" in text
    body = client.get("/api/v1/ledger/balances").json()
    assert {one["account"]: one["balance_fen"] for one in body["items"]}["cash"] == 5


def test_a_cell_is_never_a_formula(insurer, sign_in):
    actor = system_actor(insurer)
    post_entry(
        [debit("cash", 5), credit("premium_income", 5)],
        source=("=cmd()", "1"), key="f", narrative="test", actor=actor,
    )
    client = sign_in("auditor", insurer)
    text = client.get(reverse("ledger:export")).content.decode()
    assert "'=cmd()" in text


# --- the API's manners ----------------------------------------------------------------------------


def test_errors_have_one_shape(insurer, sign_in):
    client = sign_in("underwriter", insurer)
    cases = [
        (Client().get("/api/v1/me"), 401),
        (client.get("/api/v1/audit"), 403),
        (client.get(f"/api/v1/jobs/{insurer.pk}"), 404),
        (client.get("/api/v1/jobs?limit=0"), 422),
        (client.get("/api/v1/jobs/not-a-key"), 422),
        (client.post("/api/v1/organisations", "{", content_type="application/json"), 400),
        (client.post("/api/v1/organisations", "{}", content_type="application/json"), 422),
        (
            client.post(
                "/api/v1/organisations", '{"kind": "insured", "name_zh": "\\ud800"}',
                content_type="application/json",
            ),
            422,
        ),
    ]
    for answer, status in cases:
        assert answer.status_code == status
        assert set(answer.json()["error"]) == {"file", "line", "field", "message", "mend"}
    misfit = cases[3][0].json()["error"]
    assert misfit["field"] == "limit"


def test_a_session_needs_the_csrf_token(insurer):
    member = make_member(insurer, "underwriter")
    client = Client(enforce_csrf_checks=True)
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post(
        "/api/v1/organisations", {"kind": "insured", "name_zh": "x"},
        content_type="application/json",
    )
    assert answer.status_code == 403


def test_lists_come_in_parts(insurer, act_as, sign_in):
    actor = act_as("underwriter", insurer)
    for number in range(5):
        services.introduce_organisation(kind="insured", name_zh=f"企业{number}", actor=actor)
    client = sign_in("underwriter", insurer)
    part = client.get("/api/v1/organisations?limit=2&offset=4").json()
    assert (part["count"], len(part["items"])) == (6, 2)


def test_one_credit_code_is_one_organisation(insurer, other_insurer, act_as):
    code = "91330000MA27XXXX0T"
    first = services.introduce_organisation(
        kind="insured", name_zh="东海家电", credit_code=code, actor=act_as("underwriter", insurer)
    )
    second = services.introduce_organisation(
        kind="insured", name_zh="东海家电", credit_code=code,
        actor=act_as("underwriter", other_insurer),
    )
    assert first == second
    assert audit.verify_chain(insurer).holds


def test_the_description_is_public_and_whole(db):
    document = Client().get("/api/v1/openapi.json").json()
    assert {"/api/v1/me", "/api/v1/jobs/{job_id}", "/api/v1/ledger/balances"} <= set(
        document["paths"]
    )
