"""Standard product, Donghai, ¥10m and ¥100,000: each scenario derived by hand, in yuan.

Donghai: gross profit ¥548,000 a day (declared; ¥800m × 25% ÷ 365 is less), 35% online, 2.1m
records, 1,650 endpoints, 36 industrial systems. Sublimits: IR 2m, BI 5m, DATA 2.5m, EXT-C 1m,
NOTIF 1.5m, PR, LEGAL, REGINV 0.5m each, liability 5m: none is reached. The event deductible of
100,000 falls on sections without waiting unless the interruption's waiting took as much in money.
"""

from __future__ import annotations

import pytest

from dinghai.comparison.scenarios import shipped_scenarios
from tests.comparison.making import paid, standard

FREE = {"FP-IR", "FP-BI", "FP-MIT", "FP-PROOF"}
"""Lines that the event deductible does not fall on."""

LEAK = {
    "FP-IR": (120 + 83) * 1_500,                                # 1,650 × 50 ÷ 1,000 = 82.5 → 83
    "FP-NOTIF": 100_000 // 2 + 2_000 * 20 + 30_000,             # 2% of 100,000 are monitored
    "FP-LEGAL": 150_000, "FP-REGINV": 200_000, "FP-PR": 300_000,
    "TP-PRIV": 500 * 1_000 + 300_000,                           # 0.5% claim ¥1,000 each
    "FP-MIT": 50_000, "FP-PROOF": 40_000,
}
OUTSOURCER = {
    "FP-IR": (60 + 33) * 1_500, "FP-NOTIF": 25_000 + 1_000 * 20 + 30_000, "FP-LEGAL": 100_000,
    "FP-REGINV": 120_000, "TP-PRIV": 250 * 1_000 + 200_000, "FP-PR": 150_000,
    "FP-PROOF": 30_000,
}
CLOUD_LOST = 548_000 * 60 // 100 * 95 // 100                     # 24 h, 60% stopped, 5% saved

# lines before the event deductible; BI is after its waiting
EXPECTED = {
    "ransomware-five-days": ({
        # 5 days × 80% = 2,192,000, less 5% saved; 12 h × 80% = 219,200 is above 100,000
        "FP-BI": 2_192_000 - 109_600 - 219_200,
        "FP-IR": (80 + 165) * 1_500, "FP-DATA": 660 * 2 * 300 + 120_000, "FP-EXT-C": 200_000,
        "FP-PR": 100_000, "FP-LEGAL": 80_000, "FP-MIT": 150_000, "FP-PROOF": 60_000,
    }, {"ransom": 800_000, "improvement": 200_000}, 0),
    "leak-100000-persons": (LEAK, {
        "fine": 500_000,
        # 30 days × 35% online × 2%, less 5% saved
        "reputation_income": 548_000 * 30 * 35 // 100 * 2 // 100 * 95 // 100,
    }, 100_000),
    "hidden-intrusion": (dict.fromkeys(LEAK, 0),
                         {"fine": 500_000, "reputation_income": 109_326}, 0),
    "cloud-outage-24-hours": (
        {"FP-IR": 40 * 1_500, "FP-LEGAL": 30_000, "FP-PROOF": 30_000},
        {"interruption_provider": CLOUD_LOST}, 30_000),
    "cloud-outage-unlisted": (
        {"FP-IR": 40 * 1_500, "FP-LEGAL": 30_000, "FP-PROOF": 30_000},
        {"interruption_provider": CLOUD_LOST}, 30_000),
    "bec-transfer": ({"FP-IR": 60_000, "FP-LEGAL": 50_000, "FP-PROOF": 20_000},
                     {"fraud": 2_000_000 * 80 // 100}, 50_000),
    "deepfake-payment": (
        {"FP-IR": 45_000, "FP-LEGAL": 50_000, "FP-PR": 50_000, "FP-PROOF": 20_000},
        {"fraud": 3_200_000}, 100_000),
    "supplier-attack": (
        {"FP-IR": (30 + 33) * 1_500, "FP-LEGAL": 30_000, "FP-PROOF": 40_000},
        # 7 days less 2 of stock = 5 days × 50%, less 5% saved
        {"interruption_supplier": 548_000 * 5 // 2 * 95 // 100}, 30_000),
    "ddos-36-hours": ({
        # 1.5 days × 35% = 287,700, less 5%; 12 h × 35% = 95,900 is below 100,000
        "FP-BI": 287_700 - 14_385 - 100_000,
        "FP-IR": 90_000, "FP-PR": 50_000, "FP-MIT": 80_000, "FP-PROOF": 20_000}, {}, 0),
    "failed-update": ({
        # 0.75 days × 70% = 287,700, less 5%; 12 h × 70% = 191,800
        "FP-BI": 287_700 - 14_385 - 191_800,
        "FP-IR": 60_000, "FP-DATA": 83 * 2 * 300 + 50_000, "FP-PROOF": 20_000}, {}, 0),
    "insider": ({
        # 2 days × 60% = 657,600, less 5%; 12 h × 60% = 164,400
        "FP-BI": 657_600 - 32_880 - 164_400,
        "FP-IR": (100 + 66) * 1_500, "FP-DATA": 165 * 3 * 300 + 80_000,
        "FP-NOTIF": 10_000 + 400 * 20 + 30_000, "FP-LEGAL": 100_000,
        "TP-PRIV": 100 * 1_000 + 100_000, "FP-PR": 80_000, "FP-MIT": 60_000,
        "FP-PROOF": 40_000}, {}, 0),
    "outsourcer-leak": (OUTSOURCER, {}, 100_000),
    "outsourcer-leak-unapproved": (OUTSOURCER, {}, 100_000),
    "ot-stop": ({
        # 4 days × 60% = 1,315,200, less 5%; 12 h × 60% = 164,400
        "FP-BI": 1_315_200 - 65_760 - 164_400,
        "FP-IR": (120 + 72) * 1_500, "FP-DATA": 18 * 16 * 300 + 100_000,
        # penalties of 0.05% of revenue are owed by contract alone (EX-CONTRACT): defence is left
        "TP-NETSEC": 50_000, "FP-MIT": 100_000, "FP-PROOF": 50_000,
    }, {"hardware": 9 * 40_000, "physical_damage": 4 * 150_000}, 0),
    "extortion-without-encryption": ({
        "FP-IR": (100 + 66) * 1_500, "FP-EXT-C": 250_000,
        "FP-NOTIF": 100_000 + 4_000 * 20 + 30_000, "FP-LEGAL": 150_000, "FP-REGINV": 150_000,
        "TP-PRIV": 800 * 1_000 + 300_000, "FP-PR": 250_000, "FP-PROOF": 40_000,
    }, {"ransom": 1_200_000, "reward": 100_000}, 100_000),
}


def after_deductible(lines: dict[str, int], deductible: int) -> dict[str, int]:
    """Fen of each line once the deductible (yuan) has fallen on the lines that bear it."""
    bearing = {code: 100 * yuan for code, yuan in lines.items() if code not in FREE}
    total = sum(bearing.values())
    kept = total - 100 * deductible
    parts = {code: fen * kept // total if total else 0 for code, fen in bearing.items()}
    remainders = {code: fen * kept % total if total else 0 for code, fen in bearing.items()}
    missing = kept - sum(parts.values()) if total else 0
    # the product's order of sections settles ties
    order = [one.coverage for one in standard().sections if one.coverage in bearing]
    for code in sorted(order, key=lambda one: -remainders[one])[:missing]:
        parts[code] += 1
    return {code: parts.get(code, 100 * yuan) for code, yuan in lines.items()}


@pytest.mark.parametrize("scenario", sorted(EXPECTED))
def test_the_standard_product_pays_what_was_derived(scenario: str) -> None:
    lines, uncovered, deductible = EXPECTED[scenario]
    result = paid(standard(), scenario)
    assert {one.coverage: one.payable_fen for one in result.lines} == after_deductible(
        lines, deductible)
    assert {one.kind: one.amount_fen for one in result.uncovered} == {
        kind: 100 * yuan for kind, yuan in uncovered.items()}
    assert result.payable_fen == 100 * (sum(lines.values()) - deductible)


def test_every_standard_scenario_is_derived() -> None:
    assert set(shipped_scenarios()) == set(EXPECTED)
    assert len(EXPECTED) >= 12


def test_what_nobody_may_insure_is_shown_with_its_reason() -> None:
    result = paid(standard(), "ransomware-five-days")
    reasons = {one.kind: one.reason for one in result.uncovered}
    assert reasons == {"ransom": "not_insurable_on_the_mainland",
                       "improvement": "no_section_takes_it"}
    assert result.uncovered_fen == 100_000_000


def test_loss_is_paid_kept_or_uncovered() -> None:
    result = paid(standard(), "leak-100000-persons")
    losses = sum(one.loss_fen for one in result.lines) + result.uncovered_fen
    assert losses == result.payable_fen + result.kept_fen
    assert all(one.loss_fen >= one.payable_fen for one in result.lines)
