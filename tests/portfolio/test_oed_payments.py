"""What accounts of Open Exposure Data pay. Every expectation is worked out by hand beside it.

Amounts in yuan. X is what comes to the policy level after the coverages' terms.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from dinghai.portfolio.oed import ground_up_to_payment, read_oed_account, run_losses
from tests.portfolio.oed_files import account

Record = dict[str, object]
TWO = {"PolCoverage": "NPBI;DIAS"}
THREE = {"PolCoverage": "NPBI;DIAS;LIA"}


def paid(folder: Path, records: list[Record], losses: dict[str, int], **more: object) -> int:
    """Fen paid for losses in yuan, by all policies of the file."""
    reading = {key: more[key] for key in ("rates", "granted", "insured_values") if key in more}
    event = {key: more[key] for key in ("interruption_seconds", "peril") if key in more}
    fen = {name: loss * 100 for name, loss in losses.items()}
    return sum(ground_up_to_payment(one, fen, **event)  # type: ignore[arg-type]
               for one in read_oed_account(account(folder, *records),
                                           **reading))  # type: ignore[arg-type]


CASES: list[tuple[str, list[Record], dict[str, int], str]] = [
    # 1. No terms at all: the whole loss. 100,000 + 50,000
    ("no terms", [{}], {"NPBI": 100_000, "LIA": 50_000}, "150000"),

    # Terms of a coverage
    # 2. Deductible in money: 100,000 − 10,000
    ("coverage deductible", [{"PolDedNPBI": 10_000}], {"NPBI": 100_000}, "90000"),
    # 3. A loss not above its deductible pays nothing
    ("loss within the deductible", [{"PolDedNPBI": 10_000}], {"NPBI": 10_000}, "0"),
    # 4. Limit only: min(100,000, 60,000)
    ("coverage limit", [{"PolLimitDIAS": 60_000}], {"DIAS": 100_000}, "60000"),
    # 5. The deductible comes off the loss, not off the limit: min(100,000 − 10,000, 60,000)
    ("deductible before limit", [{"PolDedDIAS": 10_000, "PolLimitDIAS": 60_000}],
     {"DIAS": 100_000}, "60000"),
    # 6. Between deductible and limit: 65,000 − 10,000 = 55,000 < 60,000
    ("deductible and limit, under the limit", [{"PolDedDIAS": 10_000, "PolLimitDIAS": 60_000}],
     {"DIAS": 65_000}, "55000"),
    # 7. Each coverage has its own: (100,000 − 10,000) + (100,000 − 25,000) + 40,000
    ("own terms of each coverage", [{"PolDedNPBI": 10_000, "PolDedCBI": 25_000}],
     {"NPBI": 100_000, "CBI": 100_000, "ENO": 40_000}, "205000"),
    # 8. Type 1, share of the loss: 200,000 × (1 − 0.05)
    ("coverage deductible of loss", [{"PolDedLIA": 0.05, "PolDedTypeLIA": 1}],
     {"LIA": 200_000}, "190000"),
    # 9. … at least the minimum: max(10,000, 15,000) of 200,000
    ("share of loss with minimum",
     [{"PolDedLIA": 0.05, "PolDedTypeLIA": 1, "PolMinDedLIA": 15_000}], {"LIA": 200_000},
     "185000"),
    # 10. … at most the maximum: min(10,000, 8,000) of 200,000
    ("share of loss with maximum",
     [{"PolDedLIA": 0.05, "PolDedTypeLIA": 1, "PolMaxDedLIA": 8_000}], {"LIA": 200_000},
     "192000"),
    # 11. … and a limit in money: min(200,000 × 0.95, 150,000)
    ("share of loss then limit",
     [{"PolDedLIA": 0.05, "PolDedTypeLIA": 1, "PolLimitLIA": 150_000}], {"LIA": 200_000},
     "150000"),
    # 12. Minimum alone is a deductible: 100,000 − 20,000
    ("minimum alone", [{"PolMinDedLIA": 20_000}], {"LIA": 100_000}, "80000"),
    # 13. Maximum alone takes nothing
    ("maximum alone", [{"PolMaxDedLIA": 20_000}], {"LIA": 100_000}, "100000"),
    # 14. A fixed deductible above its own maximum: 100,000 − min(30,000, 20,000)
    ("fixed above maximum", [{"PolDedLIA": 30_000, "PolMaxDedLIA": 20_000}], {"LIA": 100_000},
     "80000"),
    # 15. Limit of type 1: 0.6 × 100,000
    ("limit of loss", [{"PolLimitFIN": 0.6, "PolLimitTypeFIN": 1}], {"FIN": 100_000}, "60000"),
    # 16. … after a deductible in money: min(100,000 − 50,000, 0.6 × 100,000)
    ("limit of loss, deductible decides",
     [{"PolDedFIN": 50_000, "PolLimitFIN": 0.6, "PolLimitTypeFIN": 1}], {"FIN": 100_000},
     "50000"),
    # 17. … the limit decides: min(200,000 − 50,000, 0.6 × 200,000)
    ("limit of loss decides",
     [{"PolDedFIN": 50_000, "PolLimitFIN": 0.6, "PolLimitTypeFIN": 1}], {"FIN": 200_000},
     "120000"),
    # 18. Both of type 1: min(0.9, 0.7) × 100,000
    ("deductible and limit of loss",
     [{"PolDedFIN": 0.1, "PolDedTypeFIN": 1, "PolLimitFIN": 0.7, "PolLimitTypeFIN": 1}],
     {"FIN": 100_000}, "70000"),
    # 19. Type 2, share of the insured value (annual revenue): 100,000 − 0.02 × 1,000,000
    ("deductible of value",
     [{"AnnualRevenue": 1_000_000, "PolDedNPBI": 0.02, "PolDedTypeNPBI": 2}], {"NPBI": 100_000},
     "80000"),
    # 20. Limit of type 2: min(100,000, 0.05 × 1,000,000)
    ("limit of value",
     [{"AnnualRevenue": 1_000_000, "PolLimitNPBI": 0.05, "PolLimitTypeNPBI": 2}],
     {"NPBI": 100_000}, "50000"),

    # Terms of the policy
    # 21. PolDed, once for all coverages: 100,000 + 60,000 − 50,000
    ("policy deductible", [{"PolDed": 50_000}], {"NPBI": 100_000, "LIA": 60_000}, "110000"),
    # 22. PolDed6All says the same
    ("policy deductible by 6All", [{"PolDed6All": 50_000}], {"NPBI": 100_000, "LIA": 60_000},
     "110000"),
    # 23. It comes after coverages' deductibles: (100,000 − 10,000) + (60,000 − 5,000) − 50,000
    ("policy deductible after coverages'",
     [{"PolDed": 50_000, "PolDedNPBI": 10_000, "PolDedLIA": 5_000}],
     {"NPBI": 100_000, "LIA": 60_000}, "95000"),
    # 24. … and after coverages' limits: min(100,000 − 10,000, 40,000) + 60,000 − 50,000
    ("policy deductible after limits",
     [{"PolDed": 50_000, "PolDedNPBI": 10_000, "PolLimitNPBI": 40_000}],
     {"NPBI": 100_000, "LIA": 60_000}, "50000"),
    # 25. Policy limit after policy deductible: min(160,000 − 50,000, 80,000)
    ("policy limit", [{"PolDed": 50_000, "PolLimit6All": 80_000}],
     {"NPBI": 100_000, "LIA": 60_000}, "80000"),
    # 26. … likewise where a coverage deducts: min(150,000 − 50,000, 80,000)
    ("policy limit over coverage deductible",
     [{"PolDed": 50_000, "PolLimit6All": 80_000, "PolDedNPBI": 10_000}],
     {"NPBI": 100_000, "LIA": 60_000}, "80000"),
    # 27. Policy deductible of type 1, after a coverage's: (90,000 + 60,000) × 0.9
    ("policy deductible of loss",
     [{"PolDed6All": 0.1, "PolDedType6All": 1, "PolDedNPBI": 10_000}],
     {"NPBI": 100_000, "LIA": 60_000}, "135000"),
    # 28. Policy limit of type 1: 0.75 × 160,000
    ("policy limit of loss", [{"PolLimit6All": 0.75, "PolLimitType6All": 1}],
     {"NPBI": 100_000, "LIA": 60_000}, "120000"),
    # 29. Policy deductible of type 2 over two coverages of 1,000,000 each: 160,000 − 0.01 × 2m
    ("policy deductible of value",
     [{**TWO, "AnnualRevenue": 1_000_000, "PolDed6All": 0.01, "PolDedType6All": 2}],
     {"NPBI": 100_000, "DIAS": 60_000}, "140000"),

    # Bounds of deductibles at policy level
    # 30. Minimum above what coverages took (10,000 + 5,000): 160,000 − 40,000
    ("minimum raises", [{"PolMinDed6All": 40_000, "PolDedNPBI": 10_000, "PolDedLIA": 5_000}],
     {"NPBI": 100_000, "LIA": 60_000}, "120000"),
    # 31. Minimum already reached: 160,000 − 15,000
    ("minimum reached", [{"PolMinDed6All": 12_000, "PolDedNPBI": 10_000, "PolDedLIA": 5_000}],
     {"NPBI": 100_000, "LIA": 60_000}, "145000"),
    # 32. A deductible that the loss did not fill counts as far as it went: coverages took
    # 3,000 + 5,000; 63,000 − 40,000
    ("minimum counts what was taken",
     [{"PolMinDed6All": 40_000, "PolDedNPBI": 10_000, "PolDedLIA": 5_000}],
     {"NPBI": 3_000, "LIA": 60_000}, "23000"),
    # 33. Minimum above the whole loss: nothing
    ("minimum above the loss", [{"PolMinDed6All": 40_000, "PolDedNPBI": 10_000}],
     {"NPBI": 30_000}, "0"),
    # 34. Maximum below what coverages took (10,000 + 20,000): 160,000 − 15,000
    ("maximum gives back", [{"PolMaxDed6All": 15_000, "PolDedNPBI": 10_000, "PolDedLIA": 20_000}],
     {"NPBI": 100_000, "LIA": 60_000}, "145000"),
    # 35. Maximum not reached: 160,000 − 30,000
    ("maximum not reached",
     [{"PolMaxDed6All": 50_000, "PolDedNPBI": 10_000, "PolDedLIA": 20_000}],
     {"NPBI": 100_000, "LIA": 60_000}, "130000"),
    # 36. A coverage at its limit takes nothing back: 10,000 deducted of 100,000, limited to
    # 50,000; maximum 4,000 would give 6,000 back, but the limit is full: 50,000 + 60,000
    ("maximum at a full limit",
     [{"PolMaxDed6All": 4_000, "PolDedNPBI": 10_000, "PolLimitNPBI": 50_000}],
     {"NPBI": 100_000, "LIA": 60_000}, "110000"),
    # 37. Nearly full: 58,000 − 10,000 = 48,000, room 2,000 of the 6,000: 50,000 + 60,000
    ("maximum at a nearly full limit",
     [{"PolMaxDed6All": 4_000, "PolDedNPBI": 10_000, "PolLimitNPBI": 50_000}],
     {"NPBI": 58_000, "LIA": 60_000}, "110000"),
    # 38. Policy deductible below the minimum: 160,000 − max(20,000, 30,000)
    ("minimum above policy deductible", [{"PolDed6All": 20_000, "PolMinDed6All": 30_000}],
     {"NPBI": 100_000, "LIA": 60_000}, "130000"),
    # 39. Policy deductible above the maximum: 160,000 − min(20,000, 15,000)
    ("maximum below policy deductible", [{"PolDed6All": 20_000, "PolMaxDed6All": 15_000}],
     {"NPBI": 100_000, "LIA": 60_000}, "145000"),
    # 40. One coverage, share of the loss with both bounds: 5% of 500,000 = 25,000, at most 20,000
    ("share of loss between bounds, above",
     [{"PolCoverage": "LIA", "PolDed6All": 0.05, "PolDedType6All": 1, "PolMinDed6All": 5_000,
       "PolMaxDed6All": 20_000}], {"LIA": 500_000}, "480000"),
    # 41. … 5% of 60,000 = 3,000, at least 5,000
    ("share of loss between bounds, below",
     [{"PolCoverage": "LIA", "PolDed6All": 0.05, "PolDedType6All": 1, "PolMinDed6All": 5_000,
       "PolMaxDed6All": 20_000}], {"LIA": 60_000}, "55000"),
    # 42. Minimum, then policy limit: min(160,000 − 40,000, 100,000)
    ("minimum then policy limit",
     [{"PolMinDed6All": 40_000, "PolDedNPBI": 10_000, "PolLimit6All": 100_000}],
     {"NPBI": 100_000, "LIA": 60_000}, "100000"),
    # 61. Minimum where a limit cut off enough: 100,000 limited to 50,000 cuts 50,000 off; the
    # 40,000 come out of that: 50,000 + 60,000
    ("minimum borne by what the limit cut off",
     [{"PolMinDed6All": 40_000, "PolLimitNPBI": 50_000}],
     {"NPBI": 100_000, "LIA": 60_000}, "110000"),
    # 62. Cut off only 15,000 of the 40,000 − 10,000 missing: 75,000 + 60,000 − 15,000
    ("minimum borne in part by what the limit cut off",
     [{"PolMinDed6All": 40_000, "PolDedNPBI": 10_000, "PolLimitNPBI": 75_000}],
     {"NPBI": 100_000, "LIA": 60_000}, "120000"),
    # 63. Maximum 5,000 of 10,000 + 20,000; NPBI is at its limit (90,000 − 80,000 cut off), so only
    # LIA takes back: min(25,000, 20,000): 80,000 + 40,000 + 20,000
    ("maximum given back where there is room",
     [{"PolMaxDed6All": 5_000, "PolDedNPBI": 10_000, "PolLimitNPBI": 80_000,
       "PolDedLIA": 20_000}], {"NPBI": 100_000, "LIA": 60_000}, "140000"),
    # 64. Policy deductible within bounds above coverages: 30,000 + 20,000 taken is above 35,000:
    # 160,000 − 35,000
    ("maximum over both levels",
     [{"PolDed6All": 20_000, "PolMaxDed6All": 35_000, "PolDedNPBI": 10_000, "PolDedLIA": 20_000}],
     {"NPBI": 100_000, "LIA": 60_000}, "125000"),
    # 65. Share of the loss of all coverages, at least: 0.05 × 160,000 = 8,000 < 20,000
    ("share of all losses with minimum",
     [{"PolDed6All": 0.05, "PolDedType6All": 1, "PolMinDed6All": 20_000}],
     {"NPBI": 100_000, "LIA": 60_000}, "140000"),
    # 66. … at most: 0.2 × 160,000 = 32,000 > 25,000
    ("share of all losses with maximum",
     [{"PolDed6All": 0.2, "PolDedType6All": 1, "PolMaxDed6All": 25_000}],
     {"NPBI": 100_000, "LIA": 60_000}, "135000"),
    # 67. Deductible in money and limit of the loss: min(160,000 − 50,000, 0.6 × 160,000)
    ("deductible and limit of loss at policy level",
     [{"PolDed": 50_000, "PolLimit6All": 0.6, "PolLimitType6All": 1}],
     {"NPBI": 100_000, "LIA": 60_000}, "96000"),

    # Layers
    # 43. Limit and share: min(160,000, 100,000) × 0.25
    ("layer", [{"LayerLimit": 100_000, "LayerParticipation": 0.25}],
     {"NPBI": 100_000, "LIA": 60_000}, "25000"),
    # 44. Attachment: min(160,000 − 40,000, 100,000) × 0.5
    ("layer above an attachment",
     [{"LayerLimit": 100_000, "LayerAttachment": 40_000, "LayerParticipation": 0.5}],
     {"NPBI": 100_000, "LIA": 60_000}, "50000"),
    # 45. Within the layer: (90,000 − 40,000) × 0.5
    ("within the layer",
     [{"LayerLimit": 100_000, "LayerAttachment": 40_000, "LayerParticipation": 0.5}],
     {"NPBI": 90_000}, "25000"),
    # 46. Below the attachment
    ("below the layer", [{"LayerLimit": 100_000, "LayerAttachment": 40_000}], {"NPBI": 40_000},
     "0"),
    # 47. A limit of 0 is none: (1,000,000 − 40,000) × 0.1
    ("unlimited layer", [{"LayerAttachment": 40_000, "LayerParticipation": 0.1}],
     {"NPBI": 1_000_000}, "96000"),
    # 48. The policy deductible comes before the attachment: (160,000 − 50,000 − 40,000) × 0.5
    ("policy deductible before attachment",
     [{"PolDed": 50_000, "LayerLimit": 100_000, "LayerAttachment": 40_000,
       "LayerParticipation": 0.5}], {"NPBI": 100_000, "LIA": 60_000}, "35000"),
    # 49. … with a coverage deductible below: (150,000 − 50,000 − 40,000) × 0.5
    ("all three levels",
     [{"PolDed": 50_000, "PolDedNPBI": 10_000, "LayerLimit": 100_000, "LayerAttachment": 40_000,
       "LayerParticipation": 0.5}], {"NPBI": 100_000, "LIA": 60_000}, "30000"),
    # 50. Two layers: 0.5 of the first 100,000, 0.2 of the 60,000 above: 50,000 + 12,000
    ("two layers",
     [{"LayerNumber": 1, "LayerLimit": 100_000, "LayerParticipation": 0.5},
      {"LayerNumber": 2, "LayerLimit": 200_000, "LayerAttachment": 100_000,
       "LayerParticipation": 0.2}], {"NPBI": 100_000, "LIA": 60_000}, "62000"),
    # 51. Two shares of one layer: (0.3 + 0.2) × 100,000
    ("two shares of a layer",
     [{"LayerNumber": 1, "LayerLimit": 100_000, "LayerParticipation": 0.3},
      {"LayerNumber": 2, "LayerLimit": 100_000, "LayerParticipation": 0.2}], {"NPBI": 160_000},
     "50000"),
    # 52. Layers that overlap in part: 0.5 × 100,000 + 0.5 × (160,000 − 50,000)
    ("overlapping layers",
     [{"LayerNumber": 1, "LayerLimit": 100_000, "LayerParticipation": 0.5},
      {"LayerNumber": 2, "LayerLimit": 200_000, "LayerAttachment": 50_000,
       "LayerParticipation": 0.5}], {"NPBI": 160_000}, "105000"),
    # 53. Layers of other terms below: 0.5 × min(160,000 − 10,000, 100,000) and
    # 0.5 × min(160,000 − 20,000 − 100,000, 100,000): 50,000 + 20,000
    ("other terms below each layer",
     [{"LayerNumber": 1, "PolDed": 10_000, "LayerLimit": 100_000, "LayerParticipation": 0.5},
      {"LayerNumber": 2, "PolDed": 20_000, "LayerLimit": 100_000, "LayerAttachment": 100_000,
       "LayerParticipation": 0.5}], {"NPBI": 160_000}, "70000"),
    # 54. Policies of one account add up: 0.1 × 100,000 + (160,000 − 60,000)
    ("two policies",
     [{"LayerLimit": 100_000, "LayerParticipation": 0.1},
      {"PolNumber": "N2", "LayerAttachment": 60_000}], {"NPBI": 160_000}, "110000"),
    # 55. Policy limit below the layer's top: min(160,000, 120,000) − 40,000, a share of 0.5
    ("policy limit cuts the layer",
     [{"PolLimit6All": 120_000, "LayerLimit": 100_000, "LayerAttachment": 40_000,
       "LayerParticipation": 0.5}], {"NPBI": 160_000}, "40000"),
    # 56. … with a coverage deductible: min(min(150,000 − 10,000, 120,000) − 40,000, 100,000)
    # = 80,000, a share of 0.5
    ("policy terms below the layer",
     [{"PolDed": 10_000, "PolDedNPBI": 10_000, "PolLimit6All": 120_000, "LayerLimit": 100_000,
       "LayerAttachment": 40_000, "LayerParticipation": 0.5}], {"NPBI": 160_000}, "40000"),
    # 57. A minimum below a layer: (160,000 − 40,000 − 20,000) × 0.5
    ("minimum below a layer",
     [{"PolMinDed6All": 40_000, "PolDedNPBI": 10_000, "LayerAttachment": 20_000,
       "LayerLimit": 500_000, "LayerParticipation": 0.5}], {"NPBI": 160_000}, "50000"),
    # 58. A layer of the year attaches to what accumulates; its limit is that of the year:
    # min(160,000 − 40,000, 100,000) × 0.5
    ("layer of the year",
     [{"LayerAggAttachment": 40_000, "LayerAggLimit": 100_000, "LayerParticipation": 0.5}],
     {"NPBI": 160_000}, "50000"),

    # What is covered
    # 59. Losses of other coverages are not insured: only 100,000
    ("coverage not granted", [{"PolCoverage": "NPBI"}], {"NPBI": 100_000, "LIA": 60_000},
     "100000"),
    # 60. The older name of NPBI, in the file and with the loss: 100,000 + 20,000
    ("older names", [{"PolCoverage": "BI;CBI"}], {"BI": 100_000, "CBI": 20_000}, "120000"),
]


@pytest.mark.parametrize(("records", "losses", "expected"), [
    pytest.param(records, losses, expected, id=name) for name, records, losses, expected in CASES])
def test_payment(
    tmp_path: Path, records: list[Record], losses: dict[str, int], expected: str
) -> None:
    """To the fen."""
    assert paid(tmp_path, records, losses) == int(expected) * 100


def test_waiting_days(tmp_path: Path) -> None:
    """2 days of waiting, 8 of interruption: 80,000 × 6/8; 2 days pay nothing (not longer)."""
    terms: list[Record] = [{**TWO, "BIWaitingPeriod": 2}]
    day = 86_400
    assert paid(tmp_path, terms, {"NPBI": 80_000, "DIAS": 5_000},
                interruption_seconds={"NPBI": 8 * day}) == 6_500_000
    assert paid(tmp_path, terms, {"NPBI": 80_000},
                interruption_seconds={"NPBI": 2 * day}) == 0


def test_waiting_and_policy_deductible(tmp_path: Path) -> None:
    """80,000 × 6/8 + 5,000 − 15,000."""
    terms: list[Record] = [{**TWO, "BIWaitingPeriod": 2, "PolDed": 15_000}]
    assert paid(tmp_path, terms, {"NPBI": 80_000, "DIAS": 5_000},
                interruption_seconds={"BI": 8 * 86_400}) == 5_000_000


def test_half_a_day_of_waiting(tmp_path: Path) -> None:
    """12 hours of 48: 96,000 × 36/48."""
    assert paid(tmp_path, [{"BIWaitingPeriod": 0.5}], {"CBI": 96_000},
                interruption_seconds={"CBI": 172_800}) == 7_200_000


def test_waiting_and_a_coverage_s_own_deductible(tmp_path: Path) -> None:
    """1,000,000 over 30 days, 3 of waiting: 900,000; 50,000, or a tenth of the 900,000, off it."""
    terms: Record = {"BIWaitingPeriod": 3, "PolDedNPBI": 50_000}
    lasted = {"NPBI": 30 * 86_400}
    assert paid(tmp_path, [terms], {"NPBI": 1_000_000},
                interruption_seconds=lasted) == 85_000_000
    tenth: Record = {"BIWaitingPeriod": 3, "PolDedNPBI": 0.1, "PolDedTypeNPBI": 1}
    assert paid(tmp_path, [tenth], {"NPBI": 1_000_000},
                interruption_seconds=lasted) == 81_000_000


def test_waiting_inside_the_indemnity_period(tmp_path: Path) -> None:
    """300,000 over 30 days, of which 10 count and 3 wait: days 4 to 10; 3 of 2 leave nothing."""
    lasted = {"NPBI": 30 * 86_400}
    for terms, expected in (({"BIWaitingPeriod": 3, "BIPOI": 10}, 7_000_000),
                            ({"BIWaitingPeriod": 3, "BIPOI": 2}, 0)):
        assert paid(tmp_path, [terms], {"NPBI": 300_000},
                    interruption_seconds=lasted) == expected


def test_layers_that_pay_nothing(tmp_path: Path) -> None:
    """A layer above the policy limit, and one of which nobody takes a share."""
    for terms in ({"PolLimit6All": 10, "LayerAttachment": 10}, {"LayerParticipation": 0}):
        assert paid(tmp_path, [terms], {"LIA": 1_000}) == 0


def test_indemnity_period(tmp_path: Path) -> None:
    """30 days of 40 count: 80,000 × 30/40; shorter interruptions in full."""
    terms: list[Record] = [{"BIPOI": 30}]
    assert paid(tmp_path, terms, {"NPBI": 80_000},
                interruption_seconds={"NPBI": 40 * 86_400}) == 6_000_000
    assert paid(tmp_path, terms, {"NPBI": 80_000},
                interruption_seconds={"NPBI": 20 * 86_400}) == 8_000_000


def test_rates_of_exchange(tmp_path: Path) -> None:
    """Terms of USD at 7.1: the loss of ¥100,000 less 1,000 × 7.1."""
    terms: list[Record] = [{"AccCurrency": "USD", "PolDedNPBI": 1_000}]
    assert paid(tmp_path, terms, {"NPBI": 100_000}, rates={"USD": "7.1"}) == 9_290_000


def test_currencies_of_limits_and_deductibles(tmp_path: Path) -> None:
    """Deductible 1,000 EUR × 8, limit 10,000 USD × 7: min(100,000 − 8,000, 70,000)."""
    terms: list[Record] = [{"LimitCurrency": "USD", "DedCurrency": "EUR", "PolDedNPBI": 1_000,
                            "PolLimitNPBI": 10_000}]
    assert paid(tmp_path, terms, {"NPBI": 100_000}, rates={"USD": "7", "EUR": "8"}) == 7_000_000


def test_insured_values_of_the_caller(tmp_path: Path) -> None:
    """2% of 3,000,000 instead of the revenue: 100,000 − 60,000."""
    terms: list[Record] = [{"AnnualRevenue": 1_000_000, "PolDedNPBI": 0.02, "PolDedTypeNPBI": 2}]
    assert paid(tmp_path, terms, {"NPBI": 100_000},
                insured_values={"NPBI": "3000000"}) == 4_000_000


def test_perils(tmp_path: Path) -> None:
    """A policy for data breaches pays nothing for physical damage."""
    terms: list[Record] = [{"PolPerilsCovered": "CSB"}]
    assert paid(tmp_path, terms, {"NPBI": 100_000}, peril="CSB") == 10_000_000
    assert paid(tmp_path, terms, {"NPBI": 100_000}, peril="CPD") == 0
    assert paid(tmp_path, terms, {"NPBI": 100_000}, peril="CC1") == 0


NINE = ("NPBI", "CBI", "DIAS", "EXT", "FIN", "INRE", "LIA", "REG", "ENO")
ACCEPTANCE: Record = {
    "PolCoverage": "BI;CBI;DIAS;FIN", "LayerParticipation": 0.1, "LayerLimit": 10_000_000,
    "LayerAttachment": 10_000, "PolLimitNPBI": 2_000_000, "PolDedNPBI": 10_000,
    "PolLimitCBI": 3_000_000, "PolDedCBI": 25_000, "AnnualRevenue": 100_000,
}


def test_cyber_account_of_a_peer(tmp_path: Path) -> None:
    """OasisLMF's cyber acceptance account, ¥100,000 in each of nine coverages.

    Coverages leave 90,000 + 75,000 + 7 × 100,000 = 865,000. Without the policy deductible the
    layer pays (865,000 − 10,000) × 0.1 = 85,500, the total it publishes (85,499.97 in single
    precision); with PolDed 50,000 it is (865,000 − 50,000 − 10,000) × 0.1 = 80,500. It gives losses
    to coverages that PolCoverage does not list, so the caller grants them all.
    """
    losses = dict.fromkeys(NINE, 100_000)
    assert paid(tmp_path, [ACCEPTANCE], losses, granted=["CYB"]) == 8_550_000
    with_deductible = {**ACCEPTANCE, "PolDed": 50_000}
    assert paid(tmp_path, [with_deductible], losses, granted=["CYB"]) == 8_050_000
    # By PolCoverage: 90,000 + 75,000 + 100,000 + 100,000 = 365,000; (365,000 − 10,000) × 0.1
    assert paid(tmp_path, [ACCEPTANCE], losses) == 3_550_000


def test_the_steps_can_be_read(tmp_path: Path) -> None:
    """The payment is a traced run: layer and participant are outputs of it."""
    (policy,) = read_oed_account(
        account(tmp_path, {"LayerLimit": 1_000, "LayerParticipation": 0.4}))
    traced = run_losses(policy.policies[0], {"NPBI": 500_000}, {})
    assert traced.output("layer.L1") == 100_000
    assert traced.output("share.L1.N1/1") == 40_000
    assert {rule.name for rule in traced.program.rules} >= {"valuation", "layers"}
