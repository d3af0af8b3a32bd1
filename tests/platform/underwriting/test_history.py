"""The claims history of a case: by hand, by file, held by the platform, undone; and its price."""

from __future__ import annotations

import gzip
import io
import json
import threading
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from openpyxl import Workbook

from dinghai.experience.own_templates import template_files
from dinghai.foundation.errors import InputError, Refusal
from dinghai.pricing.claims_history import history_of_document
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.claims.past import held_past
from dinghai_platform.core.models import AuditEntry, StoredFile
from dinghai_platform.core.tenancy import crossing_tenants
from dinghai_platform.underwriting.explained import explained_page, fixes_within
from dinghai_platform.underwriting.models import (
    Assessment,
    Case,
    Dossier,
    HistoryVersion,
    Policy,
)
from dinghai_platform.underwriting.services import history as services
from dinghai_platform.underwriting.services.assessments import assess_dossier
from dinghai_platform.underwriting.services.cases import open_case
from dinghai_platform.underwriting.services.quotes import price_quote
from dinghai_platform.underwriting.services.treatment import plan_treatment
from dinghai_platform.underwriting.stated import (
    LARGEST_CLAIMS_FILE,
    StatedClaim,
    history_of_stated,
)
from tests.platform.claims.making import make_scene
from tests.platform.story import World, make_world
from tests.platform.underwriting.way import policy_in_force

FIRST, LAST = date(2021, 3, 12), date(2026, 3, 11)
WAN = 1_000_000
CLAIM = {"claim_no": "C-1", "occurred_on": "2024-05-01", "notified_on": "2024-05-03",
         "peril": "ransomware", "ground_up": "800000", "paid": "50万", "outstanding": "",
         "deductible": "5万", "state": "closed"}
FILE = ("赔案号,出险日期,被保险人,已决赔款（元）,状态\n"
        "F-1,2024-02-01,东海家电,300000,closed\n"
        "F-2,2025-02-01,别家公司,900000,closed\n").encode()


@pytest.fixture
def assessment(dossier: Dossier, world: World) -> Assessment:
    return assess_dossier(dossier, actor=world.actor("underwriter"))


def stated(case: Case, world: World, *claims: dict[str, str], **years: Any) -> HistoryVersion:
    """A history with these claims."""
    actor = world.actor("underwriter")
    now = services.current_version(case)
    version = services.state_years(
        case, **{"first": FIRST, "last": LAST, "uses_held": False, **years},
        base=now.number if now else 0, actor=actor)
    for one in claims:
        version = services.add_claim(case, one, base=version.number, actor=actor)
    return version


# --- stating -------------------------------------------------------------------------------------


def test_not_given_is_not_the_same_as_no_claim(case: Case, world: World) -> None:
    assert services.case_history(case) is None
    stated(case, world)
    history = services.case_history(case)
    assert history is not None and history.claims == ()
    assert (history.origin, history.first, history.last) == ("case", FIRST, LAST)


def test_a_claim_by_hand_is_read_by_the_published_schema(case: Case, world: World) -> None:
    version = stated(case, world, CLAIM, {
        **CLAIM, "claim_no": "", "ground_up": "", "notified_on": "", "occurred_on": "2025-01-01"})
    assert version.number == 3 and version.act == "add"
    assert version.rows[0] == {
        "claim_no": "C-1", "occurred_on": "2024-05-01", "notified_on": "2024-05-03",
        "peril": "ransomware", "ground_up_fen": 80 * WAN, "paid_fen": 50 * WAN,
        "outstanding_fen": None, "deductible_fen": 5 * WAN, "limit_fen": None,
        "state": "closed", "currency": "CNY", "origin": "entered"}
    assert version.rows[1]["claim_no"] == "E-1"
    history = services.case_history(case)
    assert history is not None
    assert [one.loss_fen for one in history.claims] == [80 * WAN, 55 * WAN]
    entry = AuditEntry.objects.within(case.tenant).filter(
        action="underwriting.history_stated").latest("sequence")
    said = json.loads(entry.payload)
    assert (said["claims"], said["hash"]) == (2, version.rows_hash)


@pytest.mark.parametrize(("changed", "field"), [
    ({"occurred_on": ""}, "occurred_on"), ({"occurred_on": "soon"}, "occurred_on"),
    ({"notified_on": "2024-04-01"}, "notified_on"), ({"paid": "-5"}, "paid"),
    ({"paid": "much"}, "paid"), ({"peril": "flood"}, "peril"), ({"state": "lost"}, "state"),
    ({"claim_no": " c 1 "}, "claim_no")])
def test_a_claim_that_cannot_be_read_is_refused_and_nothing_is_kept(
    case: Case, world: World, changed: dict[str, str], field: str
) -> None:
    version = stated(case, world, CLAIM)
    with pytest.raises(InputError) as caught:
        services.add_claim(case, {**CLAIM, "claim_no": "C-2", **changed}, base=version.number,
                           actor=world.actor("underwriter"))
    assert field in [one.field for one in caught.value.faults]
    assert caught.value.fault.mend
    assert services.current_version(case) == version


def test_claims_are_changed_and_taken_out_and_it_is_all_undone(
    case: Case, world: World
) -> None:
    actor = world.actor("underwriter")
    version = stated(case, world, CLAIM)
    version = services.change_claim(case, 0, {**CLAIM, "paid": "60万"}, base=version.number,
                                    actor=actor)
    assert version.rows[0]["paid_fen"] == 60 * WAN
    version = services.remove_claim(case, 0, base=version.number, actor=actor)
    assert version.rows == []
    seen = []
    for _step in range(4):
        version = services.undo_history(case, base=version.number, actor=actor)
        seen.append((version.is_given, [one["paid_fen"] for one in version.rows]))
    assert seen == [(True, [60 * WAN]), (True, [50 * WAN]), (True, []), (False, [])]
    with pytest.raises(Refusal):
        services.undo_history(case, base=version.number, actor=actor)
    assert HistoryVersion.objects.within(case.tenant).count() == 8
    # A change after an undo goes on from there.
    version = stated(case, world, CLAIM)
    version = services.withdraw_history(case, base=version.number, actor=actor)
    assert services.case_history(case) is None
    version = services.undo_history(case, base=version.number, actor=actor)
    assert version.is_given and len(version.rows) == 1


@pytest.mark.parametrize(("years", "field"), [
    ({"last": date(2026, 3, 12)}, "last"), ({"first": date(2026, 3, 12)}, "last"),
    ({"first": date(1990, 1, 1)}, "first")])
def test_years_that_make_no_sense(
    case: Case, world: World, years: dict[str, date], field: str
) -> None:
    with pytest.raises(InputError) as caught:
        stated(case, world, **years)
    assert caught.value.fault.field == field
    with pytest.raises(InputError, match="no years"):
        services.add_claim(case, CLAIM, base=0, actor=world.actor("underwriter"))


def test_only_underwriters_state_a_history(case: Case, world: World) -> None:
    for role in ("insured_admin", "actuary", "auditor", "claims_handler"):
        with pytest.raises(PermissionDenied):
            services.state_years(case, first=FIRST, last=LAST, uses_held=False, base=0,
                                 actor=world.actor(role))
    with pytest.raises(PermissionDenied):
        services.state_years(case, first=FIRST, last=LAST, uses_held=False, base=0,
                             actor=world.actor("underwriter", world.other_insurer))


def test_a_version_can_never_be_changed(case: Case, world: World) -> None:
    version = stated(case, world)
    with pytest.raises(DatabaseError), transaction.atomic():
        HistoryVersion.objects.within(case.tenant).filter(pk=version.pk).update(is_given=False)
    with pytest.raises(DatabaseError), transaction.atomic():
        version.delete()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_change_at_once_one_is_told() -> None:
    world = make_world()
    case = open_case(world.donghai, title="a", actor=world.actor("underwriter"))
    version = stated(case, world)
    actor = world.actor("underwriter")
    found: list[Any] = []
    gate = threading.Barrier(2)

    def add(number: str) -> None:
        try:
            gate.wait(10)
            with crossing_tenants("threads of a test"):
                found.append(services.add_claim(
                    case, {**CLAIM, "claim_no": number}, base=version.number, actor=actor))
        except Exception as error:
            found.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=add, args=(one,)) for one in ("A", "B")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(type(one).__name__ for one in found) == ["HistoryVersion", "Refusal"]
    with crossing_tenants("a look"):
        assert len(services.current_version(case).rows) == 1  # type: ignore[union-attr]


# --- files ---------------------------------------------------------------------------------------


def test_a_file_is_checked_and_only_this_insureds_rows_are_taken(
    case: Case, world: World
) -> None:
    version = stated(case, world, {**CLAIM, "claim_no": "f1"}, CLAIM)
    actor = world.actor("underwriter")
    read = services.check_claims_file(case, FILE, name="claims.csv", actor=actor)
    assert ([one.claim_no for one in read.claims], read.of_others, read.faults) == (
        ["F-1"], 1, ())
    assert services.current_version(case) == version
    made = services.import_claims_file(case, FILE, name="../claims.csv", base=version.number,
                                       actor=actor)
    assert [(one["claim_no"], one["origin"], one["paid_fen"]) for one in made.rows] == [
        ("F-1", "file", 30 * WAN), ("C-1", "entered", 50 * WAN)]
    assert made.source is not None and made.source.name == "claims.csv"
    # What others claimed is none of this case's: their rows are not kept.
    kept = bytes(made.source.bytes_in_row)
    assert "东海家电" in kept.decode() and "别家公司" not in kept.decode()
    again = services.check_claims_file(case, kept, name="claims.csv", actor=actor)
    assert (again.claims, again.of_others, again.kept) == (read.claims, 0, kept)


def test_a_workbook_with_rows_of_others_is_kept_as_this_insureds_rows(
    case: Case, world: World
) -> None:
    book = Workbook()
    book.active.append(["赔案号", "出险日期", "被保险人", "已决赔款（元）"])
    book.active.append(["F-2", date(2025, 2, 1), "别家公司", 900_000])
    book.active.append(["F-1", date(2024, 2, 1), "东海家电", 300_000.5])
    written = io.BytesIO()
    book.save(written)
    actor = world.actor("underwriter")
    read = services.check_claims_file(case, written.getvalue(), name="all.xlsx", actor=actor)
    assert read.kept_name == "all.csv" and "别家公司" not in read.kept.decode()
    again = services.check_claims_file(case, read.kept, name="all.csv", actor=actor)
    assert again.claims == read.claims and again.claims[0].occurred_on == "2024-02-01"


def test_a_file_of_this_insured_alone_is_kept_as_it_came(case: Case, world: World) -> None:
    own = "\ufeff赔案号,出险日期,被保险人\r\nF-1,2024/2/1,东海家电\r\n\r\n".encode()
    read = services.check_claims_file(case, own, name="own.csv", actor=world.actor("underwriter"))
    assert (read.kept, read.kept_name) == (own, "own.csv")


def test_with_a_row_nobody_can_read_nothing_is_taken(case: Case, world: World) -> None:
    version = stated(case, world)
    broken = FILE + "F-3,soon,东海家电,1,closed\n".encode()
    actor = world.actor("underwriter")
    read = services.check_claims_file(case, broken, name="a.csv", actor=actor)
    assert [(one.line, one.field) for one in read.faults] == [(4, "occurred_on")]
    with pytest.raises(InputError) as caught:
        services.import_claims_file(case, broken, name="a.csv", base=version.number, actor=actor)
    assert (caught.value.fault.file, caught.value.fault.line) == ("a.csv", 4)
    assert services.current_version(case) == version
    assert not StoredFile.objects.within(case.tenant).filter(name="a.csv").exists()
    # A fault in another insured's row is that insured's.
    other = FILE + "F-3,soon,别家公司,1,closed\n".encode()
    assert services.check_claims_file(case, other, name="a.csv", actor=actor).faults == ()


@pytest.mark.parametrize("content", [
    b"", b"PK\x03\x04not a workbook", b"a,b\n1,2\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "赔案号,出险日期,被保险人\nA,2024-01-01,别家公司\n".encode(),
    b"claim_no,occurred_on,paid\nA,2024-01-01,5\n"])
def test_what_is_no_file_of_this_insureds_claims(
    case: Case, world: World, content: bytes
) -> None:
    with pytest.raises(InputError) as caught:
        services.check_claims_file(case, content, name="a.csv", actor=world.actor("underwriter"))
    assert caught.value.fault.mend and "/tmp" not in str(caught.value)


def test_the_template_is_a_file_that_can_be_filled_in(case: Case, world: World) -> None:
    from openpyxl import load_workbook

    actor = world.actor("underwriter")
    files = template_files("zh")
    assert services.check_claims_file(case, files["claims.csv"], name="claims.csv",
                                      actor=actor).claims == ()
    book = load_workbook(io.BytesIO(files["claims.xlsx"]))
    sheet = book.active
    assert sheet is not None
    heading = [cell.value for cell in sheet[1]]
    row = [""] * len(heading)
    row[heading.index("赔案号")], row[heading.index("出险日期")] = "X-1", "2024-01-02"
    sheet.append(row)
    written = io.BytesIO()
    book.save(written)
    read = services.check_claims_file(case, written.getvalue(), name="c.xlsx", actor=actor)
    assert [one.claim_no for one in read.claims] == ["X-1"]


# --- what the platform holds ---------------------------------------------------------------------


def test_claims_that_the_platform_holds_are_offered_and_count_once(
    world: World
) -> None:
    scene = make_scene(world)
    scene.decide()
    claim = scene.claim
    case = Case.objects.within(world.insurer).get(pk=claim.policy.case_id)
    held = held_past(case.tenant, case.insured)
    assert [one.claim_no for one in held.claims] == [claim.number]
    one = held.claims[0]
    assert one.origin == "held" and one.ground_up_fen == claim.decisions.latest(
        "sequence").presented_fen
    occurred = date.fromisoformat(one.occurred_on)
    version = stated(case, world, {**CLAIM, "claim_no": claim.number.lower(),
                                   "occurred_on": one.occurred_on, "notified_on": ""},
                     last=occurred, first=date(2021, 1, 1))
    history = services.case_history(case)
    assert history is not None
    assert [(a.reference, a.reason) for a in history.claims] == [(claim.number.lower(), "")]
    services.state_years(case, first=date(2021, 1, 1), last=occurred, uses_held=True,
                         base=version.number, actor=world.actor("underwriter"))
    history = services.case_history(case)
    assert history is not None
    assert [(a.reference, bool(a.reason)) for a in history.claims] == [
        (claim.number, False), (claim.number.lower(), True)]
    # Another insurer holds nothing of this enterprise.
    assert held_past(world.other_insurer, case.insured).claims == ()


def test_an_undecided_claim_is_of_unknown_loss(world: World) -> None:
    scene = make_scene(world)
    scene.report()
    case = scene.claim.policy.case
    one = held_past(case.tenant, case.insured).claims[0]
    assert (one.state, one.ground_up_fen, one.paid_fen, one.outstanding_fen) == (
        "open", None, None, None)
    history = history_of_stated([], [one], first=date(2020, 1, 1), last=date(2030, 1, 1))
    assert history.claims[0].loss_fen is None and history.claims[0].reason == ""


# --- the price -----------------------------------------------------------------------------------


def test_a_quote_carries_the_history_and_one_without_is_as_before(
    case: Case, assessment: Assessment, product: ProductVersion, world: World
) -> None:
    actor = world.actor("underwriter")
    bare = price_quote(assessment, product, actor=actor)
    stated(case, world)
    clean = price_quote(assessment, product, actor=actor)
    stated(case, world, CLAIM, {**CLAIM, "claim_no": "C-2"})
    burnt = price_quote(assessment, product, actor=actor)
    assert bare.history is None and "experience" not in bare.document
    assert clean.gross_fen < burnt.gross_fen
    history = history_of_document(clean.history)
    assert clean.document["experience"]["history_sha256"] == history.sha256
    assert burnt.document["experience"]["claims_counted"] == 2
    assert clean.document["premium"]["no_claims_credit_ppm"] > 0
    version = services.current_version(case)
    services.withdraw_history(case, base=version.number, actor=actor)  # type: ignore[union-attr]
    again = price_quote(assessment, product, actor=actor)
    assert again.document == bare.document


def test_why_and_plan_and_budget_take_the_history(
    case: Case, assessment: Assessment, product: ProductVersion, world: World
) -> None:
    actor = world.actor("underwriter")
    bare = plan_treatment(assessment, product, actor=actor)
    stated(case, world, CLAIM)
    quote = price_quote(assessment, product, actor=actor)
    shown = explained_page(quote)
    assert not shown["changed"]
    assert shown["technical"] == quote.technical_fen
    assert shown["experience"]["claims_counted"] == 1
    plan = plan_treatment(assessment, product, actor=actor)
    assert plan.pk != bare.pk and plan.history == quote.history
    assert plan_treatment(assessment, product, actor=actor).pk == plan.pk
    assert plan.expected_loss_fen == quote.document["premium"]["pure_fen"]
    assert plan.document["experience"]["history_sha256"] == plan.history_hash
    with_history, without = fixes_within(plan, 30 * WAN), fixes_within(bare, 30 * WAN)
    assert with_history.before.pure == plan.expected_loss_fen
    assert without.before.pure == bare.expected_loss_fen != plan.expected_loss_fen
    # A quote keeps its own history whatever the case says later.
    stated(case, world)
    assert explained_page(quote)["experience"]["claims_counted"] == 1


def test_a_renewal_starts_from_what_was_covered(
    dossier: Dossier, product: ProductVersion, world: World
) -> None:
    policy: Policy = policy_in_force(dossier, product, world)
    renewal = open_case(world.donghai, title="续保", actor=world.actor("underwriter"))
    held = held_past(renewal.tenant, renewal.insured)
    assert (held.policies, held.since, held.until, held.claims) == (
        1, policy.inception, policy.expiry, ())


def test_a_change_keeps_the_currency_and_the_limit(case: Case, world: World) -> None:
    version, actor = stated(case, world), world.actor("underwriter")
    dollars = (b"claim_no,occurred_on,paid (yuan),limit (yuan),currency,state\n"
               b"U-1,2024-02-01,5000,9000,USD,closed\n")
    version = services.import_claims_file(case, dollars, name="usd.csv", base=version.number,
                                          actor=actor)
    version = services.change_claim(case, 0, {
        "claim_no": "U-1", "occurred_on": "2024-02-02", "paid": "5000", "state": "closed"},
        base=version.number, actor=actor)
    (row,) = version.rows
    assert (row["occurred_on"], row["currency"], row["limit_fen"]) == (
        "2024-02-02", "USD", 900_000)


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(case: Case, world: World) -> None:
    packed = gzip.compress(b"claim_no,occurred_on\n" + b"A,2024-01-01\n" * 3_000_000, 1)
    assert len(packed) < LARGEST_CLAIMS_FILE
    with pytest.raises(InputError, match="larger than this many bytes"):
        services.check_claims_file(case, packed, name="a.csv.gz",
                                   actor=world.actor("underwriter"))


def test_the_loss_of_a_claim_in_another_currency_is_unknown() -> None:
    one = StatedClaim("A", "2024-01-01", ground_up_fen=5, currency="USD")
    history = history_of_stated([one], [], first=FIRST, last=LAST)
    assert history.claims[0].loss_fen is None
