"""Pages and API of the pool, as people use them, in both languages."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dinghai.experience.pool_records import template
from dinghai_platform.core.tokens import issue_token
from dinghai_platform.pool.models import Batch, Member, Release
from tests.experience.pooling import book
from tests.platform.pool.conftest import Shared, file_of
from tests.platform.pool.test_contributions import GOOD
from tests.platform.routes.reading import read_page
from tests.platform.story import work

LANGUAGES = [("zh-hans", "行业数据池"), ("en", "Data pool")]


def upload(content: bytes, name: str = "records.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.mark.parametrize(("language", "word"), LANGUAGES)
def test_every_page_opens_well_made(filled: Shared, language: str, word: str) -> None:
    from dinghai_platform.pool.services.releases import publish_suppressed

    row = publish_suppressed("market_statistics", actor=filled.operator)
    batch = Batch.objects.within(filled.world.insurer).get()
    browser = filled.browser("actuary", filled.members["甲"], **{"accept-language": language})
    for address in ("/pool/", "/pool/contribute/", "/pool/batches/",
                    f"/pool/batches/{batch.pk}/", "/pool/credits/", "/pool/releases/",
                    f"/pool/release/?r={row.number}"):
        answer = browser.get(address)
        assert answer.status_code == 200, address
        assert read_page(answer.content.decode()).faults == []
    assert word in browser.get("/pool/").content.decode()
    page = browser.get(f"/pool/release/?r={row.number}").content.decode()
    assert "&lt;5" in page or "<5" in page
    assert ("抑制" if language == "zh-hans" else "suppressed") in page


def test_a_file_is_checked_then_given(shared: Shared) -> None:
    browser = shared.browser("actuary", shared.members["甲"], **{"accept-language": "en"})
    content = file_of(book(40, 20), "甲")
    checked = browser.post("/pool/contribute/", {
        "file": upload(content), "purposes": ["market_statistics"], "check": "1"})
    assert "rows are good" in checked.content.decode()
    assert not Batch.objects.within(shared.world.insurer).exists()
    kept = browser.post("/pool/contribute/", {
        "file": upload(content), "purposes": ["market_statistics"], "keep": "1"})
    batch = Batch.objects.within(shared.world.insurer).get()
    assert kept.headers["Location"] == f"/pool/batches/{batch.pk}/"
    again = browser.post("/pool/contribute/", {
        "file": upload(content), "purposes": ["market_statistics"], "keep": "1"})
    assert again.status_code == 400
    assert batch.number in again.content.decode()


def test_faults_are_told_in_the_readers_language_and_as_csv(shared: Shared) -> None:
    browser = shared.browser("actuary", shared.members["甲"])
    bad = b"kind,firm,day,section,size_band,peril\nevent,x,2026-01-01,C,1-10,ransomware\n"
    page = browser.post("/pool/contribute/", {"file": upload(bad), "check": "1"})
    assert "不是有效的统一社会信用代码" in page.content.decode()
    csv = browser.post("/pool/contribute/", {"file": upload(bad), "faults": "1"})
    assert csv.headers["Content-Type"].startswith("text/csv")
    assert "2,firm,不是有效的统一社会信用代码" in csv.content.decode()
    none = browser.post("/pool/contribute/", {"file": upload(b"a,b\n"), "check": "1"})
    assert none.status_code == 400
    empty = browser.post("/pool/contribute/", {"check": "1"})
    assert empty.status_code == 200, "the form says that the file is missing"


def test_the_template_is_a_file_that_is_accepted(shared: Shared) -> None:
    browser = shared.browser("actuary", shared.members["甲"])
    given = browser.get("/pool/template/").content
    assert given.decode("utf-8-sig") == template()
    kept = browser.post("/pool/contribute/", {
        "file": upload(given), "purposes": ["market_statistics"], "keep": "1"})
    assert kept.status_code == 302


def test_withdrawing_by_page(filled: Shared) -> None:
    batch = Batch.objects.within(filled.world.insurer).get()
    browser = filled.browser("actuary", filled.members["甲"], **{"accept-language": "en"})
    browser.post(f"/pool/batches/{batch.pk}/withdraw/", {"reason": ""})
    batch.refresh_from_db()
    assert batch.state == Batch.State.ACCEPTED
    done = browser.post(f"/pool/batches/{batch.pk}/withdraw/", {"reason": "wrong"}, follow=True)
    assert "every later release leaves it out" in done.content.decode()
    batch.refresh_from_db()
    assert batch.state == Batch.State.WITHDRAWN


def test_the_operators_pages(filled: Shared) -> None:
    from dinghai_platform.core import audit

    browser = filled.browser("platform_admin", audit.platform_organisation(),
                             **{"accept-language": "en"})
    assert "Admit a member" in browser.get("/pool/").content.decode()
    browser.post("/pool/admit/", {"organisation": str(filled.world.other_insurer.pk)})
    assert Member.objects.unscoped("t").filter(
        organisation=filled.world.other_insurer, state="active").exists()
    browser.post("/pool/end/", {"organisation": str(filled.world.other_insurer.pk)})
    assert Member.objects.unscoped("t").get(
        organisation=filled.world.other_insurer).state == "ended"
    assert browser.post("/pool/end/", {"organisation": "x"}).status_code == 404
    form = {"purpose": "market_statistics", "method": "suppressed", "tables": ["peril"]}
    asked = browser.post("/pool/publish/", form)
    address = asked.headers["Location"]
    waiting = browser.get(address).content.decode()
    assert read_page(waiting).faults == []
    assert "Requested" in waiting and "Why it waits" in waiting and "0 / 2" in waiting
    assert browser.post("/pool/publish/", form).headers["Location"] == address
    other = browser.post("/pool/publish/", {**form, "tables": ["section"]})
    assert "a release is being made" in other.content.decode()
    assert "HX-Refresh" not in browser.get(address, HTTP_HX_REQUEST="true").headers
    work()
    assert browser.get(address, HTTP_HX_REQUEST="true").headers["HX-Refresh"] == "true"
    made = browser.get(address).content.decode()
    assert "Read R2026-001" in made and read_page(made).faults == []
    again = browser.post("/pool/publish/", form).headers["Location"]
    work()
    failed = browser.get(again).content.decode()
    assert "Nothing was published" in failed and "nothing has changed" in failed
    chinese = browser.get(again, headers={"accept-language": "zh-hans"}).content.decode()
    assert "nothing has changed" not in chinese and "未发布" in chinese
    listed = browser.get("/pool/publish/").content.decode()
    assert "Latest requests" in listed and "R2026-001" in listed and "Failed" in listed
    noisy = {**form, "method": "private"}
    assert "Say how much" in browser.post("/pool/publish/", noisy).content.decode()
    asked = browser.post("/pool/publish/", {**noisy, "epsilon": "0.5"})
    work()
    assert "Read R2026-002" in browser.get(asked.headers["Location"]).content.decode()
    assert "These figures carry noise" in browser.get(
        "/pool/release/?r=R2026-002").content.decode()
    assert Release.objects.unscoped("t").count() == 2


def test_the_api_from_records_to_a_release(shared: Shared) -> None:
    def call(actor: object, method: str, address: str, body: object = None) -> object:
        from django.test import Client

        from dinghai_platform.core.models import Membership

        membership = Membership.objects.get(
            user=actor.user, organisation=actor.organisation, role=actor.role)
        _token, secret = issue_token(membership, name="t", scopes=["pool.*", "core.run_jobs"],
                                     days=1, actor=actor)
        return Client().generic(
            method, f"/api/v1/pool{address}", json.dumps(body) if body is not None else "",
            content_type="application/json", headers={"Authorization": f"Bearer {secret}"})

    mine = shared.actuary()
    checked = call(mine, "POST", "/batches/check", {
        "purposes": ["market_statistics"], "records": [GOOD, {**GOOD, "section": "Z"}]})
    assert checked.json()["accepted"] == 1
    assert checked.json()["faults"][0]["field"] == "section"
    made = call(mine, "POST", "/batches", {"purposes": ["market_statistics"], "records": [GOOD]})
    assert made.status_code == 201
    key = made.json()["id"]
    assert call(mine, "GET", f"/batches/{key}").json()["events"] == 1
    assert call(shared.actuary("乙"), "GET", f"/batches/{key}").status_code == 404
    assert call(mine, "GET", "/credits").json()["count"] == 1

    def released(body: dict[str, object]) -> dict[str, object]:
        asked = call(shared.operator, "POST", "/releases", body)
        assert (asked.status_code, asked.json()["state"]) == (202, "requested")
        address = asked.headers["Location"].removeprefix("/api/v1/pool")
        work()
        return call(shared.operator, "GET", address).json()

    early = released({"purpose": "market_statistics"})
    assert (early["state"], early["release"]) == ("failed", None)
    assert "enough firms" in early["error"]
    shared.give(book(150, 60))
    number = released({"purpose": "market_statistics"})["release"]
    assert call(mine, "GET", f"/release?number={number}").json()["whole"]
    assert call(mine, "POST", "/releases", {"purpose": "market_statistics"}).status_code == 403
    assert call(mine, "GET", "/release-requests").status_code == 403
    noisy = {"purpose": "market_statistics", "method": "private", "epsilon_ppm": 1_000_000}
    assert released(noisy)["state"] == "published"
    assert call(shared.operator, "POST", "/releases",
                {**noisy, "epsilon_ppm": 9_000_000}).status_code == 409
    assert call(shared.operator, "POST", "/releases", {
        **noisy, "epsilon_ppm": None}).json()["error"]["field"] == "epsilon_ppm"
    said = call(shared.operator, "GET", "/release-requests").json()
    assert [one["state"] for one in said["items"]] == ["published", "published", "failed"]
    assert call(mine, "GET", "").json()["budget"]["spent_epsilon_ppm"] == 1_000_000
    gone = call(mine, "POST", f"/batches/{key}/withdrawal", {"reason": "wrong"})
    assert gone.json()["state"] == "withdrawn"
    assert len(call(mine, "GET", "/members").json()) == 4
