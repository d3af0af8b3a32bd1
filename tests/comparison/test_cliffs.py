"""A cliff is told in words, and the payout changes as the words say. Donghai, amounts in yuan."""

from __future__ import annotations

import msgspec
import pytest

from dinghai.comparison.cliffs import cliffs
from dinghai.wording.exclusions import Effect, Exclusion
from dinghai.wording.products import load_product, shipped_products
from dinghai.wording.schema import Basis, Instalments
from dinghai.wording.sections import Section, Sublimit, Valuation, Waiting
from tests.comparison.making import line, paid, says, standard, variant, with_section

# failed update: 18 h × 70% = 287,700, less 5% saved = 273,315; 12 h × 70% = 191,800
LOSS, WAITED = 27_331_500, 19_180_000
DEDUCTIBLE = 10_000_000


@pytest.mark.parametrize(("waiting", "word", "payable"), [
    (Waiting(seconds=43_200, mode="higher_of"), "higher_of", LOSS - WAITED),
    (Waiting(seconds=43_200, mode="replaces_deductible"), "replaces_deductible", LOSS - WAITED),
    (Waiting(seconds=43_200, mode="waiting_then_deductible"), "waiting_then_deductible", 0),
    (Waiting(seconds=43_200, mode="franchise_hours"), "franchise_waived", LOSS),
    (Waiting(seconds=43_200, mode="franchise_hours", deductible="kept"), "franchise_kept",
     LOSS - DEDUCTIBLE),
    (Waiting(seconds=64_800, mode="franchise_hours"), "franchise_waived", 0),
])
def test_waiting(waiting: Waiting, word: str, payable: int) -> None:
    product = with_section("FP-BI", waiting=waiting)
    assert says(product, "waiting") == word
    assert line(paid(product, "failed-update"), "FP-BI").payable_fen == payable


def provider_section() -> Section:
    return Section(coverage="FP-DBI", clause="2.11", waiting=Waiting(
        seconds=28_800, mode="replaces_deductible"))


def test_dependent_interruption_absent_any_or_listed() -> None:
    anybody = variant(sections=(provider_section(),))
    listed = variant(sections=(provider_section(),), exclusions=(
        Exclusion(code="EX-PROV-UNNAMED", clause="5.30"),))
    assert says(standard(), "dependent_interruption") == "absent"
    assert says(anybody, "dependent_interruption") == "any"
    assert says(listed, "dependent_interruption") == "listed"
    # 24 h × 60% = 328,800, less 5% = 312,360; 8 h of 24 come off: 109,600
    payable = 31_236_000 - 10_960_000
    for product, scenario, expected in (
            (anybody, "cloud-outage-24-hours", payable),
            (anybody, "cloud-outage-unlisted", payable),
            (listed, "cloud-outage-24-hours", payable),
            (listed, "cloud-outage-unlisted", 0)):
        assert line(paid(product, scenario), "FP-DBI").payable_fen == expected
    assert line(paid(listed, "cloud-outage-unlisted"), "FP-DBI").outcome == "excluded"


def test_a_schedule_without_an_exclusion_keeps_nobody_out() -> None:
    product = variant(sections=(msgspec.structs.replace(
        provider_section(), schedule_refs=("providers",)),))
    assert says(product, "dependent_interruption") == "declared"
    assert line(paid(product, "cloud-outage-unlisted"), "FP-DBI").payable_fen > 0


def test_suppliers_with_stock_and_waiting_running_together() -> None:
    product = variant(sections=(Section(
        coverage="SC-CBI", clause="2.12", waiting=Waiting(
            seconds=259_200, mode="replaces_deductible")),))
    assert says(standard(), "suppliers") == "absent"
    assert says(product, "suppliers") == "any"
    # waiting of 3 days, stock of 2: one day of the five comes off (274,000)
    assert line(paid(product, "supplier-attack"), "SC-CBI").payable_fen == (
        130_150_000 - 27_400_000)


def test_an_outsourcer_that_nobody_approved() -> None:
    everything = variant(exclusions=(Exclusion(code="EX-UNAPPROVED-OUTS", clause="5.31"),))
    section = variant(exclusions=(
        Exclusion(code="EX-UNAPPROVED-OUTS", clause="5.31", coverages=("TP-PRIV",)),))
    assert [says(one, "outsourcers") for one in (standard(), everything, section)] == [
        "as_own", "all_lost", "section_lost"]
    for product in (standard(), everything, section):
        assert paid(product, "outsourcer-leak").payable_fen == 96_450_000
    assert paid(everything, "outsourcer-leak-unapproved").payable_fen == 0
    # the liability of 450,000 is lost; the deductible falls on the 445,000 that are left
    assert paid(section, "outsourcer-leak-unapproved").payable_fen == 96_450_000 - 45_000_000


def test_betterment_excluded_or_up_to_a_share() -> None:
    covered = variant(sections=(Section(
        coverage="FP-BETTER", clause="2.13",
        valuation=Valuation(method="betterment_share", share_ppm=250_000)),))
    silent = variant(without=("EX-BETTER",))
    assert [says(one, "betterment") for one in (standard(), covered, silent)] == [
        "excluded", "covered", "silent"]
    uncovered = {one.kind for one in paid(standard(), "ransomware-five-days").uncovered}
    assert "improvement" in uncovered
    # 200,000 spent, at most 25% of the restoration of 516,000
    assert line(paid(covered, "ransomware-five-days"), "FP-BETTER").payable_fen == 12_900_000


def test_an_intruder_who_came_before_the_policy() -> None:
    without = variant(without=("EX-RETRO",), basis=Basis(retroactive="none"))
    assert says(standard(), "retroactive") == "inception"
    assert says(without, "retroactive") == "none"
    assert paid(standard(), "hidden-intrusion").payable_fen == 0
    same, hidden = (paid(without, one) for one in ("leak-100000-persons", "hidden-intrusion"))
    assert hidden.payable_fen == same.payable_fen == 186_450_000


def test_ransom_is_shown_and_never_paid() -> None:
    product = variant(sections=(Section(coverage="FP-EXT-R", clause="2.14"),))
    assert says(standard(), "ransom") == "response"
    assert says(product, "ransom") == "nominal"
    ransom = line(paid(product, "ransomware-five-days"), "FP-EXT-R")
    assert (ransom.outcome, ransom.loss_fen, ransom.payable_fen) == ("nominal_only", 80_000_000, 0)


def test_defence_on_top_of_the_limit() -> None:
    limits = standard().limits
    outside = variant(limits=msgspec.structs.replace(limits, defence="outside"))
    assert [says(one, "defence") for one in (standard(), outside)] == ["inside", "outside"]
    # a liability sublimit of 50,000: damages of 50,000 reach it, defence of 30,000 does not count
    small = Sublimit(amount_fen=5_000_000)
    outside, inside = (
        msgspec.structs.replace(one, shared_limits=(), sections=tuple(
            msgspec.structs.replace(section, sublimit=small)
            if section.coverage == "TP-PRIV" else section for section in one.sections))
        for one in (outside, variant()))
    more = line(paid(outside, "leak-100000-persons", event_deductible_fen=0), "TP-PRIV")
    less = line(paid(inside, "leak-100000-persons", event_deductible_fen=0), "TP-PRIV")
    assert less.payable_fen == 5_000_000
    assert more.payable_fen == 5_000_000 + 30_000_000


def test_fraud_without_call_back() -> None:
    kept = variant(sections=(Section(coverage="FP-FRAUD", clause="2.15"),))
    halved = variant(sections=(Section(coverage="FP-FRAUD", clause="2.15"),), exclusions=(
        Exclusion(code="EX-NO-CALLBACK", clause="5.32"),),
        parameters={"callback_threshold": 10_000_000})
    # 2,000,000 sent, 400,000 back; the deductible of 100,000 is shared with 50,000 of advice
    whole = line(paid(kept, "bec-transfer"), "FP-FRAUD").payable_fen
    assert whole == 160_000_000 * 155 // 165  # the advice has the larger remainder
    # the condition halves the item to 1,000,000; 400,000 back; 600,000 and 50,000 bear the 100,000
    reduced = line(paid(halved, "bec-transfer"), "FP-FRAUD").payable_fen
    assert reduced == 60_000_000 * 55 // 65 + 1  # here its own remainder is the larger


def test_average_instalments_and_the_rest_are_told() -> None:
    averaged = with_section("FP-BI", average=True)
    assert [says(one, "average") for one in (standard(), averaged)] == ["first_loss", "average"]
    paid_by_part = variant(instalments=Instalments(clause="9.1"))
    assert [says(one, "instalments") for one in (standard(), paid_by_part)] == [
        "none", "pro_rata"]
    harsh = variant(without=("EX-UNPATCHED",), exclusions=(Exclusion(
        code="EX-UNPATCHED", clause="6.4", effect=Effect(type="exclude_event")),))
    assert [says(one, "security_conditions") for one in (standard(), harsh)] == [
        "graded", "all_or_nothing"]
    assert says(standard(), "indemnity_period") == "days"
    assert says(with_section("FP-BI", indemnity_days=None), "indemnity_period") == "unlimited"
    assert says(with_section("FP-IR", vendor_rule="designated"), "vendors") == "designated"
    hours = variant(basis=Basis(aggregation_rule="hours_window", hours_window=72))
    assert says(hours, "one_event") == "hours_window"


def test_every_topic_has_a_sentence_for_every_shipped_product() -> None:
    products = [load_product(one) for one in shipped_products()]
    for topic in cliffs(products):
        for cliff in topic.products:
            assert cliff.zh
            assert cliff.en
            assert "{" not in cliff.zh + cliff.en
            assert not any("\u4e00" <= letter <= "\u9fff" for letter in
                           cliff.en.replace("保险法", "").replace("条", ""))
