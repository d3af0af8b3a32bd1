"""Facts of a claim as the engine's columns: kept in JSON, checked by the engine's own tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, Final

import numpy as np

from dinghai.foundation.errors import InputError
from dinghai.schemes.resident_claim_checks import after_day, row_faults
from dinghai.schemes.resident_claim_file import ResidentClaims
from dinghai.schemes.resident_claim_tables import ClaimColumn, claim_columns
from dinghai.vocabulary.facts import UNKNOWN

OF_THE_CERTIFICATE: Final = frozenset({
    "claim_id", "certificate_no", "person", "sum_insured", "inception", "expiry",
    "terms_explained", "prior_paid", "asked_day", "device", "account", "phone", "bank"})
"""Columns that the register, the site or the books know; a claimant does not state them."""
Facts = dict[str, Any]
Row = Mapping[str, Any]


@cache
def stated_columns() -> Mapping[str, ClaimColumn]:
    """The columns that are stated for a claim, by id."""
    return {one.id: one for one in claim_columns() if one.id not in OF_THE_CERTIFICATE}


@cache
def truth_columns() -> Mapping[str, ClaimColumn]:
    """Those of them that are yes or no."""
    return {name: one for name, one in stated_columns().items() if one.kind == "truth"}


def plain(column: ClaimColumn, value: Any) -> Any:
    """A value as it is kept: fen and counts as numbers, days as ISO text, truths as 0 and 1."""
    if value is None or value == "":
        return None
    if column.kind == "day":
        return value.isoformat() if isinstance(value, date) else date.fromisoformat(
            str(value)).isoformat()
    return int(value)


def with_facts(before: Facts, stated: Mapping[str, Any]) -> Facts:
    """Facts with what is stated now; None takes a fact back to unknown. Raises InputError for a
    column there is none of."""
    found = dict(before)
    for name, value in stated.items():
        column = stated_columns().get(name)
        if column is None:
            raise InputError(f"there is no fact {name!r}", field=name,
                             mend="one of: " + ", ".join(stated_columns()))
        try:
            kept = plain(column, value)
        except (TypeError, ValueError) as error:
            raise InputError("this value is none of its column", field=name,
                             mend="amounts in fen, days as 2026-03-02, yes and no as 1 and 0"
                             ) from error
        if kept is not None and column.kind == "truth" and kept not in (0, 1):
            raise InputError("neither yes nor no", field=name, mend="1, 0, or leave it out")
        if kept is not None and column.kind in ("money", "count") and not 0 <= kept <= 10**13:
            raise InputError("an amount below nothing or beyond any", field=name,
                             mend="check the unit")
        found.pop(name, None) if kept is None else found.update({name: kept})
    return found


def facts_of_cells(claims: ResidentClaims, place: int) -> Facts:
    """The stated facts of one claim of a file."""
    found: Facts = {}
    for name, column in stated_columns().items():
        cell = int(claims.cells[name][place])
        if cell != UNKNOWN:
            found[name] = date.fromordinal(cell).isoformat() if column.kind == "day" else cell
    return found


def claims_of_rows(rows: Sequence[Row]) -> ResidentClaims:
    """Rows as the engine's arrays. Each row has the texts and cells of the certificate by column,
    and ``facts``."""
    cells = {}
    texts: dict[str, Sequence[str]] = {}
    for column in claim_columns():
        if column.kind in ("text", "key"):
            texts[column.id] = [row[column.id] for row in rows]
        elif column.id in OF_THE_CERTIFICATE:
            cells[column.id] = np.array([_cell(row[column.id]) for row in rows], dtype=np.int64)
        else:
            cells[column.id] = np.array(
                [_cell(row["facts"].get(column.id)) for row in rows], dtype=np.int64)
    return ResidentClaims(np.arange(1, len(rows) + 1, dtype=np.int64), cells, texts)


_ordinals: dict[str, int] = {}


def _cell(value: Any) -> int:
    if value is None:
        return UNKNOWN
    if isinstance(value, date):
        return value.toordinal()
    if isinstance(value, str):
        found = _ordinals.get(value)
        if found is None:
            if len(_ordinals) > 20_000:
                _ordinals.clear()
            found = _ordinals[value] = date.fromisoformat(value).toordinal()
        return found
    return int(value)


def check_rows(rows: Sequence[Row], today: date) -> None:
    """What the engine would reject of these claims. Raises InputError with every fault."""
    claims = claims_of_rows(rows)
    faults = [fault for _place, fault in (
        *row_faults(claims, "", set()), *after_day(claims, today.toordinal(), ""))]
    if faults:
        raise InputError.of(_without_place(faults))


def _without_place(faults: Iterable[Any]) -> list[Any]:
    from dinghai.foundation.errors import Fault

    return [Fault(one.message, None, None, one.field, one.mend) for one in faults]
