"""Reading accounts of Open Exposure Data: what they become, and what is refused, where and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from dinghai.foundation.errors import InputError
from dinghai.foundation.money import MAXIMUM_FEN
from dinghai.portfolio.oed import ground_up_to_payment, read_oed_account
from dinghai.portfolio.oed_fields import oed_table
from dinghai.vocabulary.coverages import coverages
from dinghai.wording.policy import read_policy
from tests.portfolio.oed_files import account


def test_the_table_names_coverages_that_exist() -> None:
    """Nine coverages, each with a section of its own, and groups of nothing else."""
    table = oed_table()
    taken = [one.coverage for one in table.coverages.values()]
    assert len(set(taken)) == len(taken) == 9
    assert set(taken) <= set(coverages())
    assert table.members("CYB") == tuple(table.coverages)
    assert [one.id for one in table.coverages.values()] == list(range(7, 16))


def test_a_policy_can_be_written_and_read_again(tmp_path: Path) -> None:
    """What the file becomes is a contract like any other: valid, bound, canonical."""
    (one,) = read_oed_account(account(tmp_path, {
        "PolDed": 50_000, "PolDedNPBI": 10_000, "PolLimitLIA": 300_000, "LayerLimit": 1_000_000,
        "LayerParticipation": 0.25, "BIPOI": 90, "PolGrossPremium": 1234.5}))
    (policy,) = one.policies
    again = read_policy(policy.to_dict())
    assert again == policy
    assert policy.schedule.gross_premium_fen == 123_450
    assert (one.portfolio, one.account, one.number, one.insured) == ("P1", "A1", "N1", "甬江制造")
    section = policy.product.section("FP-BI")
    assert section is not None and section.indemnity_days == 90


def test_layers_of_one_contract(tmp_path: Path) -> None:
    """Layers that stand on each other are one tower; shares of one slice are its participants."""
    (one,) = read_oed_account(account(
        tmp_path,
        {"LayerNumber": 3, "LayerLimit": 200, "LayerAttachment": 100, "PolGrossPremium": 5},
        {"LayerNumber": 1, "LayerLimit": 100, "LayerParticipation": 0.3, "PolGrossPremium": 7},
        {"LayerNumber": 2, "LayerLimit": 100, "LayerParticipation": 0.7}))
    (policy,) = one.policies
    lower, upper = policy.schedule.layers
    assert [(party.party, party.share_ppm) for party in lower.participants] == [
        ("N1/1", 300_000), ("N1/2", 700_000)]
    assert (upper.attachment_fen, upper.limit_fen) == (10_000, 20_000)
    assert policy.schedule.gross_premium_fen == 1_200
    assert [layer.number for layer in one.layers] == [3, 1, 2]


def test_more_than_the_whole_of_a_layer_is_another_contract(tmp_path: Path) -> None:
    """Two records of the whole layer are two covers, as the file says."""
    (one,) = read_oed_account(account(
        tmp_path, {"LayerNumber": 1, "LayerLimit": 100}, {"LayerNumber": 2, "LayerLimit": 100}))
    assert len(one.policies) == 2
    assert ground_up_to_payment(one, {"NPBI": 50_000}) == 20_000


def test_unlimited_is_the_largest_amount(tmp_path: Path) -> None:
    """A limit of 0 is none."""
    (one,) = read_oed_account(account(tmp_path, {"LayerLimit": 0, "PolLimitNPBI": 0}))
    assert one.policies[0].schedule.layers[0].limit_fen == MAXIMUM_FEN
    assert one.policies[0].sublimit("FP-BI") == MAXIMUM_FEN


def test_header_in_another_case_with_mark(tmp_path: Path) -> None:
    """Column names are taken whatever their case; a byte order mark does no harm."""
    path = account(tmp_path, {"PolDed": 10, "PolLimitNPBI": 30, "PolMinDedLIA": 2})
    header, rest = path.read_text("utf-8").split("\n", 1)
    path.write_text(f"{header.swapcase()}\n{rest}", "utf-8-sig")
    (one,) = read_oed_account(path)
    assert one.policies[0].schedule.event_deductible_fen == 1_000
    assert one.policies[0].sublimit("FP-BI") == 3_000
    section = one.policies[0].product.section("TP-NETSEC")
    assert section is not None
    assert section.retention.amount_fen == 200


def test_coverages_by_any_of_their_names(tmp_path: Path) -> None:
    """Code, group, number of the standard, in any case."""
    (one,) = read_oed_account(account(tmp_path, {"PolCoverage": "npbi; 8;LIAB"}))
    assert [section.coverage for section in one.policies[0].product.sections] == [
        "FP-BI", "FP-DBI", "TP-NETSEC"]


REFUSED: list[tuple[str, dict[str, object], str]] = [
    ("missing account", {"AccNumber": ""}, "AccNumber"),
    ("missing peril", {"PolPerilsCovered": ""}, "PolPerilsCovered"),
    ("other peril", {"PolPerilsCovered": "WTC"}, "PolPerilsCovered"),
    ("terms of some perils", {"PolPeril": "CSB"}, "PolPeril"),
    ("other coverage", {"PolCoverage": "NPBI;1Building"}, "PolCoverage"),
    ("terms without coverage", {"PolCoverage": "NPBI", "PolLimitLIA": 10}, "PolLimitLIA"),
    ("not a number", {"PolDed": "ten"}, "PolDed"),
    ("not finite", {"PolDed": "NaN"}, "PolDed"),
    ("negative", {"PolDed": -1}, "PolDed"),
    ("too large", {"PolDed": "1e14"}, "PolDed"),
    ("no rate", {"AccCurrency": "USD", "PolDed": 1}, "PolDed"),
    ("no rate for the premium", {"AccCurrency": "USD", "PolGrossPremium": 1}, "PolGrossPremium"),
    ("share above the whole", {"LayerParticipation": 1.2}, "LayerParticipation"),
    ("day", {"PolExpiryDate": "31.12.2026"}, "PolExpiryDate"),
    ("days out of order", {"PolExpiryDate": "2025-12-31"}, "PolExpiryDate"),
    ("layer of event and year", {"LayerAggAttachment": 1, "LayerLimit": 1},
     "LayerAggAttachment"),
    ("two policy deductibles", {"PolDed": 1, "PolDed6All": 1}, "PolDed"),
    ("two policy limits", {"PolLimit": 1, "PolLimit6All": 1}, "PolLimit"),
    ("type 3", {"PolDed6All": 1, "PolDedType6All": 3}, "PolDedType6All"),
    ("share of loss above the whole", {"PolDed6All": 5, "PolDedType6All": 1}, "PolDed6All"),
    ("share of an unknown value", {"PolDed6All": 0.1, "PolDedType6All": 2}, "PolDed6All"),
    ("aggregate deductible", {"PolDed6All": 1, "PolDedCode6All": 1}, "PolDedCode6All"),
    ("franchise", {"PolDed6All": 1, "PolDedCode6All": 2}, "PolDedCode6All"),
    ("unknown code", {"PolLimit6All": 1, "PolLimitCode6All": 7}, "PolLimitCode6All"),
    ("annual share of loss",
     {"PolLimit6All": 0.5, "PolLimitType6All": 1, "PolLimitCode6All": 1}, "PolLimitCode6All"),
    ("maximum below minimum", {"PolMinDed6All": 2, "PolMaxDed6All": 1}, "PolMaxDed6All"),
    ("waiting without lost time", {"PolCoverage": "LIA", "BIWaitingPeriod": 1},
     "BIWaitingPeriod"),
    ("waiting and a bound", {"BIWaitingPeriod": 1, "PolMaxDedNPBI": 1}, "PolMaxDedNPBI"),
    ("half a day of indemnity", {"BIPOI": 30.5}, "BIPOI"),
    ("self-insured retention", {"PolSIR": 1}, "PolSIR"),
    ("property deductible", {"PolDed1Building": 1}, "PolDed1Building"),
    ("special condition", {"CondTag": "X"}, "CondTag"),
    ("account term", {"AccLimit6All": 1}, "AccLimit6All"),
    ("account share", {"AccParticipation": 0.5}, "AccParticipation"),
    ("unknown column", {"PolFranchise": 1}, "PolFranchise"),
    ("bounds and waiting", {"PolMinDed6All": 1, "BIWaitingPeriod": 1}, "PolMinDed6All"),
    ("bounds and limit of loss",
     {"PolMaxDed6All": 1, "PolLimitLIA": 0.5, "PolLimitTypeLIA": 1}, "PolMaxDed6All"),
]


@pytest.mark.parametrize(("cells", "field"), [
    pytest.param(cells, field, id=name) for name, cells, field in REFUSED])
def test_refused(tmp_path: Path, cells: dict[str, object], field: str) -> None:
    """File, line, field and mend are named."""
    path = account(tmp_path, {}, {"PolNumber": "N2", **cells})
    with pytest.raises(InputError) as caught:
        read_oed_account(path)
    fault = caught.value.fault
    assert (fault.file, fault.line, fault.field) == (str(path), 3, field)
    assert fault.message and fault.mend


def test_all_faults_at_once(tmp_path: Path) -> None:
    """One error for the whole file."""
    path = account(tmp_path, {"PolDed": "x"}, {"PolNumber": "N2", "LayerParticipation": 2})
    with pytest.raises(InputError) as caught:
        read_oed_account(path)
    assert [(one.line, one.field) for one in caught.value.faults] == [
        (2, "PolDed"), (3, "LayerParticipation")]


def test_one_layer_twice(tmp_path: Path) -> None:
    """A layer number stands once in a policy."""
    with pytest.raises(InputError, match="stands twice"):
        read_oed_account(account(tmp_path, {"LayerLimit": 1}, {"LayerLimit": 2}))


def test_neutral_values_of_other_lines_pass(tmp_path: Path) -> None:
    """Blank and zero property fields say nothing; a code without a term says nothing."""
    (one,) = read_oed_account(account(tmp_path, {
        "PolDed1Building": 0, "CondNumber": "", "AccParticipation": 1, "PolDedCode6All": 2,
        "PolDedType6All": 2, "FlexiPolX": "note", "IndustryCode1": 445110, "IsPackage": 1}))
    assert ground_up_to_payment(one, {"EXT": 7}) == 7


@pytest.mark.parametrize(("text", "match"), [
    ("", "does not name the columns"),
    ("a,b\n1,2\n", "does not name the columns"),
    ("AccNumber,PolDed,PolDed\n", "stands twice"),
    ("AccNumber,PolDed\n", "no account"),
    ("AccNumber,PolDed\nA1,1,2\n", "3 cells for 2"),
    ('AccNumber,PolDed\nA1,"1\n', "not CSV"),
])
def test_not_an_account_file(tmp_path: Path, text: str, match: str) -> None:
    """Files that are none."""
    path = tmp_path / "account.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=match):
        read_oed_account(path)


def test_no_file_and_no_text(tmp_path: Path) -> None:
    """A file must be there, and be UTF-8."""
    with pytest.raises(InputError, match="no such file"):
        read_oed_account(tmp_path / "none.csv")
    path = tmp_path / "account.csv"
    path.write_bytes(b"AccNumber\n\xff\xfe\n")
    with pytest.raises(InputError, match="not UTF-8"):
        read_oed_account(path)


def test_what_a_caller_gets_wrong(tmp_path: Path) -> None:
    """Rates, values, losses, interruptions and perils are checked as well."""
    path = account(tmp_path, {"BIWaitingPeriod": 1})
    for wrong in ({"rates": {"USD": "-1"}}, {"rates": {"USD": "x"}},
                  {"insured_values": {"XXX": "1"}}, {"granted": ["XXX"]}):
        with pytest.raises(InputError):
            read_oed_account(path, **wrong)  # type: ignore[arg-type]
    (one,) = read_oed_account(path)
    with pytest.raises(InputError, match="not one cyber coverage"):
        ground_up_to_payment(one, {"CYB": 1})
    with pytest.raises(InputError, match="negative"):
        ground_up_to_payment(one, {"LIA": -1})
    with pytest.raises(InputError, match="how long"):
        ground_up_to_payment(one, {"NPBI": 1})
    with pytest.raises(InputError, match="not a cyber peril"):
        ground_up_to_payment(one, {"LIA": 1}, peril="WTC")
    assert ground_up_to_payment(one, {}) == 0


@pytest.mark.shared
def test_the_standard_s_own_example(shared: Path) -> None:
    """One record in USD: coverages BI, CBI, DIAS, FIN; PolDed 50,000; 10% of 10m above 100m.

    Losses of $90m to data and $30m to fraud, none deducted but PolDed: 120m − 0.05m − 100m =
    19.95m, more than the layer of 10m; 10% of it is $1m, at 7.00 CNY ¥7m. A loss of $3m by
    interruption: min(3m − 0.01m, 2m) below the attachment.
    """
    path = shared / "data/oed/cyber_account.csv"
    with pytest.raises(InputError, match="rate of exchange"):
        read_oed_account(path)
    (one,) = read_oed_account(path, rates={"USD": "7"})
    assert (one.account, one.number, one.insured) == ("C1", "ABC12345", "Walmart Inc.")
    assert {code for code, _level in one.contracts[0].terms.coverages} == {
        "NPBI", "CBI", "DIAS", "FIN"}
    million = 7 * 100 * 1_000_000
    assert ground_up_to_payment(one, {"DIAS": 90 * million, "FIN": 30 * million}) == million
    assert ground_up_to_payment(one, {"NPBI": 3 * million}) == 0
    # $100m data and $0.5m CBI: 100m + (0.5m − 0.025m) − 0.05m − 100m = 0.425m; 10%: $42,500
    assert ground_up_to_payment(
        one, {"DIAS": 100 * million, "CBI": million // 2}) == 42_500 * 7 * 100
