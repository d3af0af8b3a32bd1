"""One firm: its answers kept as typed, its price at once, its policy with everything explained."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction

from dinghai.evidence.feed_store import FeedStore
from dinghai.foundation.errors import InputError, Refusal
from dinghai.schemes.small_firm_dossier import Probe
from dinghai.schemes.small_firm_plans import shipped_plans
from dinghai.schemes.small_firm_quote import SmallFirmDesk
from dinghai_platform.claims import contracts
from dinghai_platform.core import clock
from dinghai_platform.core.actors import system_actor
from dinghai_platform.core.models import AuditEntry, Organisation
from dinghai_platform.ledger.models import JournalEntry, Posting
from dinghai_platform.ledger.queries import balance_of
from dinghai_platform.small_firms.cells import cells_of, firm_of, read_cells
from dinghai_platform.small_firms.models import Answers, Firm, Policy, Quote, Scan
from dinghai_platform.small_firms.services import months
from dinghai_platform.small_firms.services import papers as papers_of_policies
from dinghai_platform.small_firms.services.firms import price_firm, save_draft, start_firm
from dinghai_platform.small_firms.services.papers import make_papers, paper_of
from dinghai_platform.small_firms.services.policies import (
    bind_quote,
    pay_premium,
    run_out,
    terms_of,
)
from dinghai_platform.small_firms.services.scans import hand_in_scan
from tests.platform.small_firms.making import (
    SCANS,
    accepted,
    bound,
    cells,
    code_of,
    firm_named,
    priced,
)
from tests.platform.story import HALF_PAST_MIDNIGHT, dated, stand_at

pytestmark = pytest.mark.django_db


def test_the_price_is_the_engines_to_the_fen(underwriter: Any) -> None:
    quote = priced(underwriter)
    firm = firm_of(quote.answers.document)
    desk = SmallFirmDesk.of(shipped_plans(), date(2026, 4, 20), date(2026, 4, 21))
    assert FeedStore.of_house().kev(date(2026, 4, 20)).as_of == desk.kev.as_of
    assert quote.document == desk.quote(firm, Probe("no_consent")).to_dict()
    assert (quote.outcome, quote.offered_plan) == ("offered", "plus")
    assert quote.gross_fen == quote.document["plans"][1]["gross_fen"] > 0
    assert firm_named(underwriter.tenant, 1).state == Firm.State.OFFERED


def test_unknown_is_not_no(underwriter: Any) -> None:
    unknown, no = priced(underwriter, 1, **{"BCR-02": "unknown"}), priced(
        underwriter, 2, **{"BCR-02": "no"})
    assert unknown.answers.document["answers"]["BCR-02"] is None
    assert no.answers.document["answers"]["BCR-02"] == 0
    assert unknown.score_ppm > no.score_ppm
    assert unknown.document["confidence_ppm"] < no.document["confidence_ppm"]


def test_answers_are_kept_as_typed_and_come_back(underwriter: Any) -> None:
    firm = start_firm(actor=underwriter)
    firm = save_draft(firm, {"name": "半", "revenue": "abc", "csrfmiddlewaretoken": "x",
                             "state": "bound", "consent_on": "1999-01-01"}, actor=underwriter)
    assert firm.draft == {"name": "半", "revenue": "abc"}
    assert firm.state == Firm.State.DRAFT
    with pytest.raises(InputError, match="more than"):
        save_draft(firm, {"name": "长" * 401}, actor=underwriter)
    quote = price_firm(firm, actor=underwriter, given=cells(revenue="456.5", mlps_level="2",
                                                            gross_profit_rate="30%"))
    again = cells_of(firm_of(quote.answers.document))
    assert again["revenue"] == "456.5" and again["gross_profit_rate"] == "30.0000%"
    assert read_cells(again, shipped_plans(), on=date(2026, 4, 20), consent_on=None).exposures == {
        "mlps_level": 2, "gross_profit_rate": 300_000}


def test_every_fault_names_its_field(underwriter: Any) -> None:
    firm = start_firm(actor=underwriter)
    wrong = cells(credit_code="123", revenue="lots", employees="0", **{"GOV-01": "perhaps"})
    with pytest.raises(InputError) as caught:
        price_firm(firm, actor=underwriter, given=wrong)
    assert {one.field for one in caught.value.faults} == {
        "credit_code", "revenue", "employees", "GOV-01"}
    assert all(one.mend and one.line is None for one in caught.value.faults)
    assert not Quote.objects.within(firm.tenant).exists()
    assert not Answers.objects.within(firm.tenant).exists()


def test_the_same_answers_are_quoted_once(underwriter: Any) -> None:
    first = priced(underwriter)
    again = price_firm(first.firm, actor=underwriter)
    assert again.pk == first.pk
    later = price_firm(first.firm, actor=underwriter, inception=date(2026, 5, 1))
    assert later.pk != first.pk and later.valid_until == date(2026, 5, 1)
    for day in (date(2026, 4, 20), date(2026, 7, 1)):
        with pytest.raises(InputError, match="first day"):
            price_firm(first.firm, actor=underwriter, inception=day)


def test_binding_records_what_was_explained_and_posts_the_premium(underwriter: Any) -> None:
    quote = priced(underwriter)
    terms = terms_of(quote, "plus")
    assert {"exclusion", "waiting", "deductible", "insured_share"} <= {one.kind for one in terms}
    with pytest.raises(Refusal, match="not explained"):
        bind_quote(quote, "plus", accepted(quote, "essential"), actor=underwriter)
    assert not Policy.objects.within(quote.tenant).exists()
    policy = bind_quote(quote, "plus", accepted(quote, "plus"), actor=underwriter)
    records = policy.document["schedule"]["explanations"]
    assert set(records) == {one.key for one in terms}
    assert {one["confirmed_by"] for one in records.values()} == {"李青"}
    assert all(len(one["evidence"]) == 64 for one in records.values())
    assert (policy.state, policy.gross_premium_fen) == ("premium_due", quote.gross_fen)
    entry = JournalEntry.objects.within(quote.tenant).get(source_id=str(policy.pk))
    lines = {one.account.key: one.amount_fen for one in Posting.objects.within(
        quote.tenant).filter(entry=entry).select_related("account")}
    assert lines == {"premium_receivable": policy.gross_premium_fen,
                     "premium_income": policy.net_premium_fen, "vat_payable": policy.vat_fen}
    assert bind_quote(quote, "plus", accepted(quote, "plus"), actor=underwriter).pk == policy.pk
    said = AuditEntry.objects.within(quote.tenant).get(action="small_firms.policy_bound")
    assert "李青" not in said.payload and said.leaf_count == len(terms)
    assert firm_named(quote.tenant, 1).state == Firm.State.BOUND


def test_what_is_not_on_offer_is_not_bound(underwriter: Any) -> None:
    partly = priced(underwriter, 1, "partly")
    assert partly.reduced and partly.outcome == "offered"
    whole = {one.code: one for one in shipped_plans().plans}["plus"].sublimits_fen
    assert partly.document["plans"][1]["sublimits_fen"] == {
        code: fen // 2 for code, fen in whole.items()}
    with pytest.raises(Refusal, match="not on offer"):
        bind_quote(partly, "advanced", accepted(partly, "advanced"), actor=underwriter)
    policy = bound(partly, underwriter)
    assert policy.treat_by == date(2026, 7, 20) and policy.reduced
    none = priced(underwriter, 2, "no")
    assert none.outcome in ("declined", "treat_first") and none.bindable_plans() == ()
    with pytest.raises(Refusal, match="not on offer"):
        bind_quote(none, "plus", accepted(none, "plus"), actor=underwriter)


def test_only_the_last_quote_in_its_time_and_one_cover(underwriter: Any, broker: Any) -> None:
    first = priced(underwriter, inception=date(2026, 4, 25))
    last = price_firm(first.firm, actor=underwriter, given=cells(**{"BCR-02": "no"}),
                      inception=date(2026, 4, 25))
    with pytest.raises(Refusal, match="later quote"):
        bound(first, underwriter)
    stand_at("2026-04-26T09:00:00")
    with pytest.raises(Refusal, match="over"):
        bound(last, underwriter)
    policy = bound(price_firm(last.firm, actor=underwriter), underwriter)
    again = price_firm(last.firm, actor=underwriter, inception=date(2026, 5, 20))
    with pytest.raises(Refusal, match="insured already"):
        bound(again, underwriter)
    pay_premium(policy, reference="CMBC-1", actor=underwriter)
    elsewhere = priced(broker)
    with pytest.raises(Refusal) as caught:
        bound(elsewhere, broker)
    assert policy.policy_no not in str(caught.value) + str(caught.value.reasons)


def test_who_has_not_paid_stands_in_nobodys_way(underwriter: Any, broker: Any) -> None:
    """A credit code is typed, not proved: the first whose premium arrives is insured."""
    unpaid = bound(priced(broker), broker)
    policy = bound(priced(underwriter), underwriter)
    assert pay_premium(policy, reference="CMBC-1", actor=underwriter).state == "in_force"
    with pytest.raises(Refusal, match="insured already"):
        pay_premium(unpaid, reference="CMBC-2", actor=underwriter)


def test_what_was_explained_counts_on_a_clock_that_runs(underwriter: Any, settings: Any) -> None:
    """On a clock that stands all moments of a binding are one; on a running one they are not."""
    settings.DINGHAI_CLOCK = "dinghai.foundation.clock.SystemClock"
    today = clock.today()
    quote = priced(underwriter, inception=today + timedelta(days=5))
    schedule = bound(quote, underwriter).document["schedule"]
    concluded = datetime.fromisoformat(schedule["concluded_at"])
    explained = [datetime.fromisoformat(one["explained_at"])
                 for one in schedule["explanations"].values()]
    assert len(explained) > 10 and max(explained) <= concluded


def test_cover_starts_with_the_money(underwriter: Any) -> None:
    policy = bound(priced(underwriter), underwriter)
    with pytest.raises(InputError, match="reference"):
        pay_premium(policy, reference=" ", actor=underwriter)
    paid = pay_premium(policy, reference="CMBC-1", actor=underwriter)
    assert paid.state == "in_force"
    late = bound(priced(underwriter, 2), underwriter)
    stand_at("2026-04-22T09:00:00")
    with pytest.raises(Refusal, match="unpaid"):
        pay_premium(late, reference="CMBC-2", actor=underwriter)
    house = system_actor(underwriter.tenant)
    assert run_out(actor=house) == (1, 0) and run_out(actor=house) == (0, 0)
    late.refresh_from_db()
    assert late.state == "lapsed"
    assert firm_named(underwriter.tenant, 2).state == Firm.State.OFFERED
    assert balance_of(underwriter.tenant, "premium_receivable") == 0
    assert balance_of(underwriter.tenant, "cash") == policy.gross_premium_fen
    stand_at("2027-04-21T09:00:00")
    assert run_out(actor=house) == (0, 1)
    assert firm_named(underwriter.tenant, 1).state == Firm.State.OFFERED


def test_papers_are_made_once(underwriter: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    days = dated(monkeypatch, papers_of_policies, "render_policy_schedule")
    policy = bound(priced(underwriter), underwriter)
    policy.bound_at = HALF_PAST_MIDNIGHT
    zh, en = make_papers(policy, actor=underwriter)
    assert days == [date(2026, 4, 21)] * 2
    assert bytes(zh.file.bytes_in_row).startswith(b"%PDF") and zh.file_id != en.file_id
    assert paper_of(policy, "schedule", "zh", actor=underwriter).pk == zh.pk


@pytest.mark.parametrize(("day", "known"), [(20, 0), (21, 1)])
def test_a_month_knows_the_scans_of_its_day_in_shanghai(
    monkeypatch: pytest.MonkeyPatch, day: int, known: int
) -> None:
    for name in ("firm_of", "desk_of", "FirmMonth"):
        monkeypatch.setattr(months, name, lambda *_given: None)
    probed: list[list[Any]] = []
    monkeypatch.setattr(months, "probe_of", lambda _firm, scans: probed.append(scans))
    months._stand(Organisation(), None, Answers(), [Scan(created_at=HALF_PAST_MIDNIGHT)],
                  date(2026, 4, day), date(2026, 4, 30))
    assert [len(one) for one in probed] == [known]


def test_a_link_stays_open_to_the_day_in_shanghai(monkeypatch: pytest.MonkeyPatch) -> None:
    until: list[date] = []
    monkeypatch.setattr(contracts, "keep_link_open", lambda _firm, day: until.append(day))
    contracts.keep_reachable(Policy(firm=Firm(link_id=uuid4())), HALF_PAST_MIDNIGHT)
    assert until == [date(2026, 4, 21)]


def test_a_scan_counts_by_consent_alone(underwriter: Any) -> None:
    folder = next(one for one in sorted(SCANS.iterdir()) if one.is_dir())
    scan = next(one for one in sorted(folder.iterdir()))
    content = scan.read_bytes()
    silent = priced(underwriter)
    with pytest.raises(Refusal, match="not consented"):
        hand_in_scan(silent.firm, content, name=scan.name, actor=underwriter)
    assert silent.document["probe"] == "no_consent"
    asked = price_firm(silent.firm, actor=underwriter, given=cells(consent="yes"))
    assert asked.document["probe"] == "no_scan"
    assert asked.answers.consent_on == date(2026, 4, 20)
    with pytest.raises(InputError):
        hand_in_scan(asked.firm, b"\x00\x01nonsense", name="x.bin", actor=underwriter)
    row = hand_in_scan(asked.firm, content, name=scan.name, actor=underwriter)
    assert hand_in_scan(asked.firm, content, name=scan.name, actor=underwriter).pk == row.pk
    assert row.scope == ["firm001.example"]
    used = price_firm(asked.firm, actor=underwriter)
    assert used.document["probe"] in ("used", "nothing_consented")
    stand_at("2026-04-23T09:00:00")
    kept = price_firm(asked.firm, actor=underwriter)
    assert kept.answers.consent_on == date(2026, 4, 20)
    wider = price_firm(asked.firm, actor=underwriter,
                       given=cells(consent="yes", domain="firm001.example; other.example"))
    assert wider.answers.consent_on == date(2026, 4, 23)
    actions = AuditEntry.objects.within(underwriter.tenant).filter(
        action="small_firms.probe_consented").count()
    assert actions == 2


def test_what_was_answered_stays(underwriter: Any) -> None:
    quote = priced(underwriter)
    rows = Answers.objects.within(quote.tenant)
    for verb in (lambda: rows.update(document={}), lambda: rows.all()._raw_delete("default")):
        with pytest.raises(DatabaseError), transaction.atomic():
            verb()


def test_who_may(underwriter: Any, broker: Any, own: Any, act_as: Any, other_insurer: Any,
                 insured: Any) -> None:
    mine = priced(own, 1)
    assert (mine.firm.channel, mine.firm.insured_id) == ("own", insured.pk)
    theirs = priced(broker, 2)
    assert theirs.firm.broker_id == broker.organisation.pk
    home = underwriter.tenant
    for actor in (act_as("auditor", home), act_as("claims_handler", home),
                  act_as("insured_finance", insured)):
        with pytest.raises(PermissionDenied):
            start_firm(actor=actor)
        with pytest.raises(PermissionDenied):
            bound(mine, actor)
    with pytest.raises(PermissionDenied):
        bound(mine, broker)
    with pytest.raises(PermissionDenied):
        bound(theirs, own)
    with pytest.raises(PermissionDenied):
        price_firm(mine.firm, actor=act_as("underwriter", other_insurer))
    seen = Firm.objects.visible_to(broker)
    assert [one.pk for one in seen] == [theirs.firm.pk]
    assert bound(mine, own).insured_id == insured.pk
    with pytest.raises(PermissionDenied):
        pay_premium(Policy.objects.within(mine.tenant).get(), reference="x", actor=own)


def test_the_own_account_confirms_with_its_name(own: Any) -> None:
    quote = priced(own)
    policy = bind_quote(quote, "plus", accepted(quote, "plus", confirmed_by="",
                                                channel="online"), actor=own)
    record = next(iter(policy.document["schedule"]["explanations"].values()))
    assert record["confirmed_by"] == str(own.user)


def test_without_the_product_nothing_is_sold(act_as: Any, insurer: Any) -> None:
    with pytest.raises(Refusal, match="not on sale"):
        start_firm(actor=act_as("underwriter", insurer))


def test_an_insured_firm_keeps_its_code(underwriter: Any) -> None:
    quote = priced(underwriter)
    bound(quote, underwriter)
    with pytest.raises(Refusal, match="credit code"):
        price_firm(quote.firm, actor=underwriter, given=cells(2))
    assert code_of(2) not in {one.credit_code for one in Firm.objects.within(quote.tenant)}
