"""The ledger's API: entries and balances. Nothing is posted by hand."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema

from dinghai_platform.core.permissions import require
from dinghai_platform.core.schemas import ERRORS, PageQuery, Part, part_of
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.ledger import queries
from dinghai_platform.ledger.models import JournalEntry

router = Router(tags=["ledger"])


class LineAnswer(Schema):
    """One line of an entry; whole fen."""

    account: str
    number: str
    side: str
    amount_fen: int


class EntryAnswer(Schema):
    """One entry."""

    id: UUID
    number: int
    effective_date: date
    narrative: str
    details: dict[str, Any]
    source_type: str
    source_id: str
    total_fen: int
    reverses: UUID | None
    members_count: int | None
    members_root: str
    lines: list[LineAnswer]


class EntryPart(Part):
    """Entries."""

    items: list[EntryAnswer]


class BalanceAnswer(Schema):
    """One account's balance, on its normal side, in fen."""

    account: str
    number: str
    name_zh: str
    name_en: str
    account_class: str
    debit_fen: int
    credit_fen: int
    balance_fen: int


class BalancesAnswer(Schema):
    """Every account."""

    on: date | None
    items: list[BalanceAnswer]


class EntryQuery(PageQuery):
    """How to narrow the journal."""

    since: date | None = None
    until: date | None = None
    account: str = ""
    source: str = ""
    narrative: str = ""


@router.get("/entries", response={200: EntryPart, **ERRORS}, operation_id="ledger_entries")
def entries(request: HttpRequest, query: Query[EntryQuery]) -> dict[str, Any]:
    """The journal, newest first."""
    require(request.actor, "ledger.view")
    rows = queries.entries(request.actor, query.dict()).prefetch_related("postings__account")
    return part_of(rows, query, entry_shape)


@router.get("/entries/{entry_id}", response={200: EntryAnswer, **ERRORS},
            operation_id="ledger_entry")
def entry(request: HttpRequest, entry_id: UUID) -> dict[str, Any]:
    """One entry with its lines."""
    require(request.actor, "ledger.view")
    return entry_shape(visible_or_404(JournalEntry, request.actor, pk=entry_id))


@router.get("/balances", response={200: BalancesAnswer, **ERRORS}, operation_id="ledger_balances")
def balances(request: HttpRequest, on: date | None = None) -> dict[str, Any]:
    """Every account's balance, as of the end of a day (now when none is given)."""
    require(request.actor, "ledger.view")
    rows = queries.balances(request.actor.own_tenant(), on=on)
    return {"on": on, "items": [balance_shape(row) for row in rows]}


def entry_shape(entry: JournalEntry) -> dict[str, Any]:
    """An entry as the API says it."""
    return {
        "id": entry.pk,
        "number": entry.number,
        "effective_date": entry.effective_date,
        "narrative": entry.narrative_code,
        "details": entry.narrative,
        "source_type": entry.source_type,
        "source_id": entry.source_id,
        "total_fen": entry.total_fen,
        "reverses": entry.reverses_id,
        "members_count": entry.members_count,
        "members_root": entry.members_root,
        "lines": [
            {
                "account": posting.account.key,
                "number": posting.account.number,
                "side": posting.side,
                "amount_fen": posting.amount_fen,
            }
            for posting in entry.postings.all()
        ],
    }


def balance_shape(balance: queries.Balance) -> dict[str, Any]:
    """A balance as the API says it."""
    account = balance.account
    return {
        "account": account.key,
        "number": account.number,
        "name_zh": account.name_zh,
        "name_en": account.name_en,
        "account_class": account.account_class,
        "debit_fen": balance.debit_fen,
        "credit_fen": balance.credit_fen,
        "balance_fen": balance.balance_fen,
    }
