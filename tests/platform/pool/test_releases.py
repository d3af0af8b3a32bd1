"""Releases: purpose, withdrawal, one after another, the year's budget, and who reads what."""

from __future__ import annotations

import json
import threading
from typing import Any

import jsonschema
import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

from dinghai.experience.pool_private import Budget
from dinghai.experience.pool_release import release_of
from dinghai.experience.pool_rules import pool_rules
from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core.models import AuditEntry, Organisation
from dinghai_platform.pool import queries
from dinghai_platform.pool.models import Batch, BudgetEntry, Release
from dinghai_platform.pool.services.contributions import withdraw_all, withdraw_batch
from dinghai_platform.pool.services.releases import publish_private, publish_suppressed
from tests.cli.test_pool import SCHEMA
from tests.experience.pooling import book
from tests.platform.pool.conftest import Shared

MARKET = "market_statistics"
ONE = Budget(1_000_000)


def total(row: Release) -> int:
    """The events of a release."""
    table = next(one for one in row.document["tables"] if not one["dimensions"])
    return int(table["cells"][0]["figures"]["events"])


def records(batches: list[Batch]) -> int:
    return sum(one.events for one in batches)


def test_it_works(filled: Shared) -> None:
    row = publish_suppressed(MARKET, actor=filled.operator)
    assert row.number == "R2026-001"
    jsonschema.validate(row.document, json.loads(SCHEMA.read_text("utf-8")))
    made = release_of(row.document)
    assert made.hash == row.document_hash
    assert made.contributors == 4
    entry = AuditEntry.objects.within(row.tenant).get(action="pool.release_published")
    assert json.loads(entry.payload)["hash"] == row.document_hash
    assert queries.withdrawn_since([row]) == {row.pk: 0}


def test_only_records_that_allow_the_purpose_enter(shared: Shared) -> None:
    wide = shared.give(book(90, 40, 1), [MARKET, "academic_research"], "a")
    shared.give(book(90, 40, 2, first=300), [MARKET], "b")
    with pytest.raises(Refusal, match="enough firms"):
        publish_suppressed("regulatory_report", actor=shared.operator)
    with pytest.raises(Refusal, match="no record allows"):
        publish_private("regulatory_report", ONE, actor=shared.operator)
    academic = publish_suppressed("academic_research", actor=shared.operator)
    assert total(academic) <= records(wide)
    entered = {one.batch_id for one in academic.batches.all()}
    assert entered == {one.pk for one in wide}
    assert total(publish_suppressed(MARKET, actor=shared.operator)) > total(academic)


def test_a_withdrawn_batch_is_in_no_later_release(shared: Shared) -> None:
    shared.give(book(120, 50, 1), part="a")
    later = shared.give(book(120, 50, 2, first=300), part="b")
    first = publish_suppressed(MARKET, actor=shared.operator)
    document = json.dumps(first.document, sort_keys=True)
    for one in later:
        withdraw_batch(one, reason="wrong amounts", actor=shared.actuary(
            next(name for name, home in shared.members.items() if home == one.tenant)))
    second = publish_suppressed(MARKET, actor=shared.operator)
    gone = {one.pk for one in later}
    assert gone <= {one.batch_id for one in first.batches.all()}
    assert not gone & {one.batch_id for one in second.batches.all()}
    assert total(second) < total(first)
    kept = Release.objects.unscoped("t").get(pk=first.pk).document
    assert json.dumps(kept, sort_keys=True) == document
    assert queries.withdrawn_since([first, second]) == {
        first.pk: sum(one.accepted for one in later), second.pk: 0}
    page = shared.browser("actuary", shared.members["甲"], **{"accept-language": "en"})
    text = page.get(f"/pool/release/?r={first.number}").content.decode()
    assert "Records were withdrawn since" in text
    said = page.get(f"/api/v1/pool/release?number={first.number}").json()
    assert said["withdrawn_since"] == sum(one.accepted for one in later)
    assert said["document"]["hash"] == first.document_hash


def test_a_small_change_makes_no_release(filled: Shared) -> None:
    first = publish_suppressed(MARKET, actor=filled.operator)
    with pytest.raises(Refusal, match="nothing has changed"):
        publish_suppressed(MARKET, actor=filled.operator)
    filled.give(book(8, 3, 9, first=700), part="few")
    with pytest.raises(Refusal, match="too few firms changed"):
        publish_suppressed(MARKET, actor=filled.operator)
    with pytest.raises(Refusal, match="too few firms changed"):
        publish_suppressed("pricing_research", actor=filled.operator)
    assert list(Release.objects.unscoped("all")) == [first]


def test_the_withdrawal_of_one_member_cannot_be_had_by_subtraction(filled: Shared) -> None:
    """All that 丁 gave is what a release before and after would differ by."""
    publish_suppressed(MARKET, actor=filled.operator)
    withdraw_all(reason="leaving", actor=filled.actuary("丁"))
    with pytest.raises(Refusal, match="too few firms changed"):
        publish_suppressed(MARKET, actor=filled.operator)


def test_another_purpose_is_held_against_the_same_releases(shared: Shared) -> None:
    shared.give(book(120, 50), [MARKET, "academic_research"])
    shared.give(book(5, 3, 4, first=400), [MARKET], "few")
    publish_suppressed(MARKET, actor=shared.operator)
    with pytest.raises(Refusal, match="too few firms changed"):
        publish_suppressed("academic_research", actor=shared.operator)


def test_a_change_while_the_release_is_made_stops_it(
    filled: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dinghai_platform.pool.services import releases

    real = releases.suppressed_release

    def meanwhile(*arguments: Any, **words: Any) -> Any:
        made = real(*arguments, **words)
        filled.give(book(40, 20, 5, first=800), part="meanwhile")
        return made

    monkeypatch.setattr(releases, "suppressed_release", meanwhile)
    with pytest.raises(Refusal, match="changed while"):
        publish_suppressed(MARKET, actor=filled.operator)
    assert not Release.objects.unscoped("none").exists()


# --- the budget -----------------------------------------------------------------------------------


def test_the_years_budget_cannot_be_overspent(filled: Shared) -> None:
    most = pool_rules().private.year_epsilon_ppm
    pool = queries.the_pool()
    assert pool is not None
    publish_private(MARKET, Budget(most - 10_000), actor=filled.operator)
    with pytest.raises(Refusal, match="budget"):
        publish_private(MARKET, Budget(10_001), actor=filled.operator)
    publish_private(MARKET, Budget(10_000), actor=filled.operator)
    with pytest.raises(Refusal, match="budget"):
        publish_private(MARKET, Budget(10_000), actor=filled.operator)
    left = queries.spent(pool)
    assert (left.epsilon_ppm, left.left_epsilon_ppm) == (most, 0)
    assert queries.spent(pool, 2027).left_epsilon_ppm == most
    assert Release.objects.unscoped("two").count() == 2
    page = filled.browser("actuary", filled.members["甲"]).get("/pool/").content.decode()
    assert "4.000" in page and "0.000" in page


def test_delta_has_a_budget_of_its_own(filled: Shared) -> None:
    most = pool_rules().private.year_delta_ppb
    publish_private(MARKET, Budget(1_000_000, most), actor=filled.operator)
    with pytest.raises(Refusal, match="budget"):
        publish_private(MARKET, Budget(1_000_000, 1), actor=filled.operator)
    publish_private(MARKET, ONE, actor=filled.operator)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_spend_the_same(filled: Shared) -> None:
    most = pool_rules().private.year_epsilon_ppm
    operator = filled.operator
    said: list[str] = []
    ready = threading.Barrier(3)

    def spend() -> None:
        ready.wait()
        try:
            said.append(publish_private(MARKET, Budget(most // 2 + 1), actor=operator).number)
        except (Refusal, DatabaseError) as error:
            said.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=spend) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(one.startswith("R2026") for one in said) == 1, said
    rows = BudgetEntry.objects.unscoped("what was spent")
    assert sum(one.epsilon_ppm for one in rows) == most // 2 + 1


@pytest.mark.parametrize("kind", [Release, BudgetEntry])
def test_the_database_keeps_releases_and_the_budget(filled: Shared, kind: Any) -> None:
    publish_private(MARKET, ONE, actor=filled.operator)
    row = kind.objects.unscoped("the one").get()
    with pytest.raises(DatabaseError), transaction.atomic():
        row.delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        row.save()


# --- who ------------------------------------------------------------------------------------------


def test_the_operator_alone_publishes(filled: Shared) -> None:
    for actor in (filled.actuary(), filled.world.actor("platform_admin")):
        with pytest.raises(PermissionDenied):
            publish_suppressed(MARKET, actor=actor)
        with pytest.raises(PermissionDenied):
            publish_private(MARKET, ONE, actor=actor)
    for wrong in ({"purpose": "marketing"}, {"purpose": MARKET, "tables": [("month",)]}):
        with pytest.raises(InputError):
            publish_suppressed(**wrong, actor=filled.operator)  # type: ignore[arg-type]


def test_who_contributes_reads_all_others_the_public_tables(filled: Shared) -> None:
    row = publish_suppressed(MARKET, actor=filled.operator)
    authority = Organisation.objects.create(kind="regulator", name_zh="监管")
    whole = {
        ("actuary", filled.members["甲"]): True, ("underwriter", filled.members["乙"]): True,
        ("actuary", filled.world.other_insurer): False, ("regulator_nfra", authority): True,
    }
    for (role, home), sees in whole.items():
        browser = filled.browser(role, home)
        said = browser.get(f"/api/v1/pool/release?number={row.number}").json()
        crossed = [one for one in said["document"]["tables"] if len(one["dimensions"]) > 1]
        assert (said["whole"], bool(crossed)) == (sees, sees), role
        page = browser.get(f"/pool/release/?r={row.number}").content.decode()
        assert ('id="peril-section"' in page) is sees
        csv = browser.get(f"/pool/release/file/?r={row.number}&as=csv")
        assert ("peril*section" in csv.content.decode()) is sees
        assert csv.headers["X-Release-SHA256"] == row.document_hash
    withdraw_all(reason="leaving", actor=filled.actuary("甲"))
    left = filled.browser("actuary", filled.members["甲"])
    assert not left.get(f"/api/v1/pool/release?number={row.number}").json()["whole"]
    assert left.get("/pool/release/?r=R2026-999").status_code == 404
    insured = filled.browser("insured_admin")
    assert insured.get(f"/pool/release/?r={row.number}").status_code == 403


def test_no_page_names_what_a_member_gave_to_others(filled: Shared) -> None:
    row = publish_suppressed(MARKET, actor=filled.operator)
    foreign = Batch.objects.within(filled.members["乙"]).get()
    browser = filled.browser("actuary", filled.members["甲"])
    firms = set(foreign.records.values_list("firm", flat=True))
    for address in ("/pool/", "/pool/batches/", "/pool/credits/", "/pool/releases/",
                    f"/pool/release/?r={row.number}",
                    f"/pool/release/file/?r={row.number}&as=json"):
        body = browser.get(address).content.decode()
        assert str(foreign.pk) not in body and foreign.sha256 not in body
        assert not any(one in body for one in firms)
