"""Reads on the books: entries, balances, and the proof that they hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, When

from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.tenancy import crossing_tenants
from dinghai_platform.ledger.chart import CREDIT, DEBIT
from dinghai_platform.ledger.models import Account, JournalEntry, Posting


@dataclass(frozen=True, slots=True)
class Balance:
    """What stands on one account: debits, credits, and the balance on its normal side, in fen."""

    account: Account
    debit_fen: int
    credit_fen: int

    @property
    def balance_fen(self) -> int:
        """Above zero on the account's normal side."""
        difference = self.debit_fen - self.credit_fen
        return difference if self.account.normal_side == DEBIT else -difference


def balances(
    tenant: Organisation, *, on: date | None = None, source: tuple[str, str] | None = None
) -> list[Balance]:
    """Every account with what was posted up to and including a day, in the order of numbers.

    ``source`` narrows to the entries of one document (type, id).
    """
    postings = Posting.objects.within(tenant).filter(entry__sealed=True)
    if on is not None:
        postings = postings.filter(entry__effective_date__lte=on)
    if source is not None:
        postings = postings.filter(entry__source_type=source[0], entry__source_id=source[1])
    sums = {
        row["account_id"]: row
        for row in postings.order_by().values("account_id").annotate(
            debit=Sum(_on(DEBIT), default=0), credit=Sum(_on(CREDIT), default=0)
        )
    }
    nothing = {"debit": 0, "credit": 0}
    return [
        Balance(account, int(row["debit"]), int(row["credit"]))
        for account in Account.objects.within(tenant)
        for row in (sums.get(account.pk, nothing),)
    ]


def balance_of(
    tenant: Organisation, key: str, *, on: date | None = None,
    source: tuple[str, str] | None = None,
) -> int:
    """The balance of one account by its key, in fen; zero while it has no posting."""
    found = (each for each in balances(tenant, on=on, source=source) if each.account.key == key)
    return next((each.balance_fen for each in found), 0)


def entries(actor: Actor, filters: dict[str, Any]) -> QuerySet[JournalEntry]:
    """Entries the actor sees, newest first, narrowed by days, account, source and narrative."""
    found = JournalEntry.objects.visible_to(actor).filter(sealed=True)
    if since := filters.get("since"):
        found = found.filter(effective_date__gte=since)
    if until := filters.get("until"):
        found = found.filter(effective_date__lte=until)
    if account := filters.get("account"):
        postings = Posting.objects.visible_to(actor).filter(account__key=account)
        found = found.filter(pk__in=postings.values("entry_id"))
    if source := filters.get("source"):
        found = found.filter(Q(source_id=source) | Q(source_type__startswith=source))
    if narrative := filters.get("narrative"):
        found = found.filter(narrative_code__startswith=narrative)
    return found.select_related("created_by", "reverses").order_by("-number")


@dataclass(frozen=True, slots=True)
class BooksReading:
    """What the check of one tenant's books found."""

    tenant: str
    name: str
    entries: int
    debit_fen: int
    credit_fen: int
    faults: list[dict[str, str]] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "tenant": self.tenant,
            "name": self.name,
            "entries": self.entries,
            "debit_fen": self.debit_fen,
            "credit_fen": self.credit_fen,
            "holds": self.holds,
            "faults": self.faults,
        }


def verify_books(tenant: Organisation) -> BooksReading:
    """Check that every entry balances and is sealed, totals tie, and nothing is an orphan."""
    with crossing_tenants("verification reads all the books whoever asks for it"):
        return _check(tenant)


def _check(tenant: Organisation) -> BooksReading:
    rows = JournalEntry.objects.within(tenant).order_by("number").annotate(
        debit=Sum(_on(DEBIT, "postings__"), default=0),
        credit=Sum(_on(CREDIT, "postings__"), default=0),
        lines=Count("postings"),
        foreign=Count(
            "postings",
            filter=~Q(postings__tenant=F("tenant"))
            | ~Q(postings__account__tenant=F("tenant")),
        ),
    )
    faults: list[dict[str, str]] = []
    counted = debits = credits = 0
    for entry in rows.iterator(chunk_size=2_000):
        counted += 1
        debits += entry.debit
        credits += entry.credit
        if entry.number != counted:
            faults.append(_fault(entry, f"number {counted} was expected here"))
        if not entry.sealed:
            faults.append(_fault(entry, "is not sealed"))
        if entry.debit != entry.credit or entry.debit != entry.total_fen:
            faults.append(_fault(entry, f"debit {entry.debit}, credit {entry.credit}, "
                                        f"stated {entry.total_fen} fen"))
        if entry.lines < 2:
            faults.append(_fault(entry, "has fewer than two lines"))
        if entry.foreign:
            faults.append(_fault(entry, "has lines of another tenant"))
    by_account = balances(tenant)
    if (sum(b.debit_fen for b in by_account), sum(b.credit_fen for b in by_account)) != (
        debits, credits,
    ):
        faults.append({"entry": "", "reason": "totals of accounts and of entries differ"})
    orphans = (
        Posting.objects.within(tenant).exclude(entry__tenant=tenant).count()
    )
    if orphans:
        faults.append({"entry": "", "reason": f"{orphans} postings hang on no entry of the tenant"})
    return BooksReading(str(tenant.pk), tenant.name_zh, counted, debits, credits, faults)


def _fault(entry: JournalEntry, reason: str) -> dict[str, str]:
    return {"entry": f"{entry.number} ({entry.pk})", "reason": reason}


def _on(side: str, path: str = "") -> Case:
    return Case(
        When(**{f"{path}side": side}, then=F(f"{path}amount_fen")),
        default=0,
        output_field=IntegerField(),
    )
