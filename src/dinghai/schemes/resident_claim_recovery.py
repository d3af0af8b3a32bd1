"""Money that comes back after payment: who gets what of it, to the fen, by a declared rule.

By 保险法60条 the insurer has the insured's right against a third party within what it paid, and
the insured keeps its own claim for the rest. The law does not say who goes first when too little
comes back; the rule is therefore data (`resident_claim_rules.toml`), by default the insured first.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dinghai.experience.tabular import TableFile, read_table_file
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import Fen, multiply_divide
from dinghai.schemes.resident_claim_cells import column_cells, faults_of
from dinghai.schemes.resident_claim_tables import ClaimColumn, ReturnRule

RETURNS_SCHEMA: Final = "dinghai.resident-returns/1"


@dataclass(frozen=True, slots=True)
class ReturnShares:
    """Who gets what of money that came back, in fen. The two add up to it exactly."""

    insured_fen: Fen
    insurer_fen: Fen


def share_return(
    *, loss_fen: Fen, recovered_before_fen: Fen, paid_fen: Fen, returned_before_fen: Fen,
    returned_fen: Fen, rule: ReturnRule,
) -> ReturnShares:
    """Share one return. ``returned_before_fen`` came back after payment, before this one.

    Shares are differences of cumulative shares, so that two returns give what one of their sum
    gives. The insurer never gets more than it paid, nor the insured less than nothing; whatever is
    beyond both losses (interest, say) is the insured's. Raises InputError for amounts that cannot
    be.
    """
    if min(loss_fen, recovered_before_fen, paid_fen, returned_before_fen, returned_fen) < 0:
        raise InputError("an amount is below zero", field="returned", mend="give zero or more")
    if recovered_before_fen + paid_fen > loss_fen:
        raise InputError("more was recovered and paid than lost", field="paid",
                         mend="check the amounts: an indemnity is no more than the loss")
    uninsured = loss_fen - recovered_before_fen - paid_fen
    before = _insurer(uninsured, paid_fen, returned_before_fen, rule)
    after = _insurer(uninsured, paid_fen, returned_before_fen + returned_fen, rule)
    return ReturnShares(returned_fen - (after - before), after - before)


def _insurer(uninsured: Fen, paid: Fen, returned: Fen, rule: ReturnRule) -> Fen:
    """What the insurer has of everything that came back."""
    if rule == "insurer_first":
        return min(returned, paid)
    if rule == "insured_first":
        return min(max(returned - uninsured, 0), paid)
    within = min(returned, uninsured + paid)
    if not within:
        return 0
    # floored: the fen that cannot be cut goes to the insured, and no later return takes it back
    return multiply_divide(within, paid, uninsured + paid, "floor")


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """One row of a file of returns, with its shares. Amounts in fen."""

    line: int
    claim_id: str
    loss_fen: Fen
    recovered_before_fen: Fen
    paid_fen: Fen
    returned_before_fen: Fen
    returned_fen: Fen
    shares: ReturnShares

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"claim_id": self.claim_id, "loss_fen": self.loss_fen,
                "recovered_before_fen": self.recovered_before_fen, "paid_fen": self.paid_fen,
                "returned_before_fen": self.returned_before_fen,
                "returned_fen": self.returned_fen, "insured_fen": self.shares.insured_fen,
                "insurer_fen": self.shares.insurer_fen}


@dataclass(frozen=True, slots=True)
class ReturnsFile:
    """The returns of a file under a rule, and the rows that were rejected."""

    rule: ReturnRule
    rows: tuple[ReturnRow, ...]
    rejected: tuple[Fault, ...]

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON (schema dinghai.resident-returns/1)."""
        return {
            "schema": RETURNS_SCHEMA, "rule": self.rule,
            "returned_fen": sum(one.returned_fen for one in self.rows),
            "insured_fen": sum(one.shares.insured_fen for one in self.rows),
            "insurer_fen": sum(one.shares.insurer_fen for one in self.rows),
            "returns": [one.to_dict() for one in self.rows],
            "rejected": [fault.to_dict() for fault in self.rejected]}


def _money(name: str, zh: str, en: str) -> ClaimColumn:
    return ClaimColumn(id=name, kind="money", must=True, blank=False, name_zh=zh, name_en=en)


RETURN_COLUMNS: Final = (
    ClaimColumn(id="claim_id", kind="text", must=True, blank=False, name_zh="赔案号",
                name_en="claim number"),
    _money("loss", "被骗金额", "loss"),
    _money("recovered_before", "赔付前已追回金额", "recovered before payment"),
    _money("paid", "已赔金额", "paid by the insurer"),
    _money("returned", "本次追回金额", "returned now"),
)
"""The columns of a file of returns; several rows of one claim come back one after another."""


def read_returns(path: Path, rule: ReturnRule) -> ReturnsFile:
    """Share every return of a file. Raises InputError for a file that is none."""
    return returns_of(read_table_file(path), rule)


def returns_of(table: TableFile, rule: ReturnRule) -> ReturnsFile:
    """The same of a table."""
    columns: dict[str, list[int] | list[str]] = {}
    faults: list[tuple[int, Fault]] = []
    lines = [row.line for row in table.rows]
    for column in RETURN_COLUMNS:
        place, unit = _place(table, column)
        values, wrong = column_cells(column, [row.at(place) for row in table.rows], unit,
                                     table.first_serial)
        columns[column.id] = values
        faults += faults_of(column, wrong, lines, table.file)
    bad = {place for place, _fault in faults}
    rows, late = _shared_rows(table, columns, [one for one in range(len(lines)) if one not in bad],
                              rule)
    faults += late
    return ReturnsFile(rule, rows, tuple(
        fault for _place, fault in sorted(faults, key=lambda one: one[0])))


def _place(table: TableFile, column: ClaimColumn) -> tuple[int, str]:
    headings = {column.id: "", column.name_zh: ""}
    if column.kind == "money":
        headings |= {f"{column.id}_yuan": "yuan", f"{column.id}_fen": "fen",
                     f"{column.name_zh}(元)": "yuan", f"{column.name_zh}（元）": "yuan"}
    found = [(place, headings[one]) for place, one in enumerate(table.header) if one in headings]
    if len(found) != 1:
        what = "there is no column" if not found else "several columns are one"
        raise InputError(f"{what}: the {column.name_en}", file=table.file,
                         line=table.header_line, field=column.id,
                         mend="have one of: " + ", ".join(headings))
    return found[0]


def _shared_rows(
    table: TableFile, columns: dict[str, list[int] | list[str]], good: list[int],
    rule: ReturnRule,
) -> tuple[tuple[ReturnRow, ...], list[tuple[int, Fault]]]:
    rows: list[ReturnRow] = []
    faults: list[tuple[int, Fault]] = []
    before: dict[str, tuple[tuple[int, int, int], int]] = {}
    for place in good:
        claim = str(columns["claim_id"][place])
        loss, recovered, paid, returned = (
            int(columns[name][place]) for name in ("loss", "recovered_before", "paid", "returned"))
        base, sofar = before.get(claim, ((loss, recovered, paid), 0))
        line = table.rows[place].line
        if base != (loss, recovered, paid):
            faults.append((place, Fault(f"rows of claim {claim} say it differently", table.file,
                                        line, "paid", "let loss, recovered_before and paid agree")))
            continue
        try:
            shares = share_return(loss_fen=loss, recovered_before_fen=recovered, paid_fen=paid,
                                  returned_before_fen=sofar, returned_fen=returned, rule=rule)
        except InputError as error:
            one = error.fault
            faults.append((place, Fault(one.message, table.file, line, one.field, one.mend)))
            continue
        before[claim] = (base, sofar + returned)
        rows.append(ReturnRow(line, claim, loss, recovered, paid, sofar, returned, shares))
    return tuple(rows), faults
