"""An insurer's own claims: read from its file, screened, and taken to the one incident table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Literal

from dinghai.experience.incidents import Cause, Incident, screen_records
from dinghai.experience.own_columns import State
from dinghai.experience.own_rows import Cells, OwnRows, rows_of
from dinghai.experience.own_values import (
    read_industry,
    read_peril,
    read_size,
    read_state,
)
from dinghai.experience.table_bounds import LARGEST, TableBounds
from dinghai.experience.tabular import TableFile, read_table_file
from dinghai.foundation.money import Fen

SOURCE = "own"
Floor = Literal["deductible", "none"]


@dataclass(frozen=True, slots=True)
class OwnClaim:
    """One claim. Amounts are in hundredths of the currency; None is unknown, also where a cell
    could not be read. ``screened`` says why the whole row is not used."""

    line: int
    claim_no: str
    policy_no: str
    insured_key: str
    occurred: date | None
    discovered: date | None
    notified: date | None
    closed: date | None
    peril: Cause
    section: str
    naics: str
    size_band: str
    revenue_fen: Fen | None
    ground_up_minor: int | None
    paid_minor: int | None
    outstanding_minor: int | None
    deductible_minor: int | None
    limit_minor: int | None
    records: int | None
    downtime_seconds: int | None
    currency: str
    state: State
    screened: str = ""
    records_screened: str = ""

    @property
    def incurred_minor(self) -> int | None:
        """Paid and outstanding; None where neither is known."""
        if self.paid_minor is None and self.outstanding_minor is None:
            return None
        return (self.paid_minor or 0) + (self.outstanding_minor or 0)

    @property
    def loss_minor(self) -> int | None:
        """The loss before deductible and limit: as given, else payment and deductible."""
        if self.ground_up_minor is not None:
            return self.ground_up_minor
        incurred = self.incurred_minor
        if incurred is None or (incurred == 0 and self.state != "open"):
            return None
        return incurred + (self.deductible_minor or 0)

    @property
    def loss_censored(self) -> bool:
        """Whether the payment reached the limit, so that the loss may have been larger."""
        limit, incurred = self.limit_minor, self.incurred_minor
        if limit is None or limit == 0:
            return False
        if self.ground_up_minor is not None:
            return self.ground_up_minor == limit + (self.deductible_minor or 0)
        return incurred is not None and incurred >= limit

    def incident(self, floor: Floor = "deductible") -> Incident:
        """The claim as a row of the incident table."""
        amount, reason = self._amount(floor)
        known_above = self.deductible_minor if floor == "deductible" else None
        return Incident(
            source=SOURCE, source_id=self.claim_no or f"line {self.line}",
            occurred=self.occurred, occurred_precision="day" if self.occurred else "",
            discovered=self.discovered, notified=self.notified, naics=self.naics,
            size_band=self.size_band, peril=self.peril, records=self.records,
            amount_minor=amount, currency=self.currency, screened=self.screened,
            records_screened=self.records_screened, amount_screened=reason,
            section_given=self.section, floor_minor=known_above or None,
            amount_censored=self.loss_censored and not reason,
            downtime_seconds=self.downtime_seconds, closed=self.closed, state=self.state,
            policy_no=self.policy_no, insured_key=self.insured_key)

    def _amount(self, floor: Floor) -> tuple[int | None, str]:
        """The loss, and why it is not used as a size."""
        amount = self.loss_minor
        if amount is None:
            return None, ""
        if self.ground_up_minor is not None and (self.incurred_minor or 0) > self.ground_up_minor:
            return amount, "paid more than the loss"
        if amount == 0:
            return amount, "no loss"
        if floor == "deductible" and amount <= (self.deductible_minor or 0):
            return amount, "not above the deductible"
        return amount, ""


OwnClaims = OwnRows[OwnClaim]
"""A file of claims."""


def read_own_claims(path: Path, bounds: TableBounds = LARGEST) -> OwnClaims:
    """A file of claims in CSV, Excel or Parquet. Raises InputError for a file or a header that
    cannot be read or is beyond the bounds; rows that cannot be right stay, screened, with their
    faults."""
    return own_claims_of(read_table_file(path, bounds=bounds))


def own_claims_of(table: TableFile) -> OwnClaims:
    """The same of a table already read."""
    first_lines: dict[str, int] = {}
    return rows_of(table, "claims", lambda cells: _claim(cells, first_lines))


def _claim(cells: Cells, first_lines: dict[str, int]) -> OwnClaim:
    number = cells.text("claim_no")
    occurred, discovered = cells.day("occurred_on"), cells.day("discovered_on")
    notified, closed = cells.day("notified_on"), cells.day("closed_on")
    section, naics = cells.value("industry", read_industry) or ("", "")
    records = cells.count("records")
    currency = cells.currency()
    screened = _standing(cells, number, first_lines) or _order(
        cells, occurred, discovered, notified, closed)
    return OwnClaim(
        line=cells.row.line, claim_no=number, policy_no=cells.text("policy_no"),
        insured_key=cells.text("insured_key"), occurred=occurred, discovered=discovered,
        notified=notified, closed=closed, peril=cells.value("peril", read_peril) or "",
        section=section, naics=naics, size_band=cells.value("size_band", read_size) or "",
        revenue_fen=cells.money("revenue"), ground_up_minor=cells.money("ground_up"),
        paid_minor=cells.money("paid"), outstanding_minor=cells.money("outstanding"),
        deductible_minor=cells.money("deductible"), limit_minor=cells.money("limit"),
        records=records, downtime_seconds=cells.seconds("downtime"), currency=currency,
        state=cells.value("state", read_state) or "", screened=screened,
        records_screened=screen_records(records))


def _standing(cells: Cells, number: str, first_lines: dict[str, int]) -> str:
    if not number:
        cells.fault("claim_no", "the claim has no number", "give each claim its number")
        return "no claim number"
    if number in first_lines:
        cells.fault("claim_no", f"{number[:40]!r} stands already in line {first_lines[number]}",
                    "keep one row of a claim: its latest state")
        return "stands twice"
    first_lines[number] = cells.row.line
    return ""


def _order(
    cells: Cells, occurred: date | None, discovered: date | None, notified: date | None,
    closed: date | None,
) -> str:
    if occurred is None:
        if "occurred_on" not in cells.bad:
            cells.fault("occurred_on", "the claim has no day on which it occurred",
                        "write it like 2026-03-02")
        return "no day on which it occurred"
    days = [("occurred", occurred), ("discovered", discovered), ("notified", notified),
            ("closed", closed)]
    known = [(name, day) for name, day in days if day is not None]
    for (earlier, first), (later, second) in pairwise(known):
        if second < first:
            cells.fault(f"{later}_on", f"{later} on {second}, before it {earlier} on {first}"
                        if earlier == "occurred" else
                        f"{later} on {second}, before it was {earlier} on {first}",
                        "mend one of the two days")
            return "days out of order"
    return ""
