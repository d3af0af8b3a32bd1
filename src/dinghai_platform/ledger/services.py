"""Posting and reversing: the only writes on the books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import models, transaction

from dinghai.foundation.canonical import canonical_bytes, sha256_hex
from dinghai.foundation.chain import merkle_root
from dinghai.foundation.errors import InputError, Refusal
from dinghai.foundation.money import MAXIMUM_FEN
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.keys import new_key
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.ledger.chart import COMMERCIAL, CREDIT, DEBIT, MEMO, chart
from dinghai_platform.ledger.models import Account, JournalEntry, Posting


@dataclass(frozen=True, slots=True)
class Line:
    """One line to post: the account's key, the side and whole fen above zero."""

    account: str
    side: str
    amount_fen: int


def debit(account: str, amount_fen: int) -> Line:
    """A line on the debit side."""
    return Line(account, DEBIT, amount_fen)


def credit(account: str, amount_fen: int) -> Line:
    """A line on the credit side."""
    return Line(account, CREDIT, amount_fen)


@transaction.atomic
def post_entry(
    lines: Sequence[Line],
    *,
    source: models.Model | tuple[str, str],
    key: str,
    narrative: str,
    actor: Actor,
    effective: date | None = None,
    details: Mapping[str, Any] | None = None,
    members: Sequence[bytes] | None = None,
    tenant: Organisation | None = None,
) -> JournalEntry:
    """Post one balanced entry with its source document, and say so in the audit chain.

    ``source`` is the document's row or (type, id); ``key`` makes it happen once: the same key
    with the same content answers the entry posted before, with other content it is refused;
    ``narrative`` is a code ("premium.bound") and ``details`` its plain JSON; ``effective`` the
    business day (today unless given); ``members`` the canonical bytes of a batch's members,
    kept as Merkle root and count. Lines of amount zero are left out.
    Raises InputError for lines that do not balance or an unknown account, Refusal for a reused
    key or for insurance money mixed with commercial or memo accounts.
    """
    require(actor, "ledger.post")
    owner = tenant or actor.own_tenant()
    kept = tuple(line for line in lines if line.amount_fen != 0)
    total = _check_balance(kept)
    day = effective or clock.today()
    source_type, source_id = audit.named(source)
    content = _content_hash(kept, source_type, source_id, narrative, day, details, members)
    _hold_books(owner)
    before = JournalEntry.objects.within(owner).filter(idempotency_key=key).first()
    if before is not None:
        if before.content_hash != content:
            raise Refusal(f"the key {key!r} was used for another entry")
        return before
    accounts = _accounts(owner, kept)
    _check_classes(accounts, kept)
    entry = JournalEntry(
        tenant=owner,
        number=_next_number(owner),
        effective_date=day,
        narrative_code=narrative,
        narrative=dict(details or {}),
        source_type=source_type,
        source_id=source_id,
        idempotency_key=key,
        content_hash=content,
        members_count=None if members is None else len(members),
        members_root="" if members is None else merkle_root(members),
        total_fen=total,
        created_by=actor.user,
    )
    return _write(entry, [(accounts[line.account], line) for line in kept], actor)


@transaction.atomic
def reverse_entry(
    entry: JournalEntry, *, reason: str, actor: Actor, effective: date | None = None
) -> JournalEntry:
    """Post the mirror of an entry: the only correction there is.

    An entry is reversed once; asking again answers the reversal. Raises Refusal for the
    reversal of a reversal and InputError without a reason.
    """
    require(actor, "ledger.reverse")
    if not reason.strip():
        raise InputError("a reversal needs its reason", field="reason", mend="say why")
    owner = entry.tenant
    _hold_books(owner)
    done = JournalEntry.objects.within(owner).filter(reverses=entry).first()
    if done is not None:
        return done
    if entry.reverses_id is not None:
        raise Refusal("a reversal is not reversed: post the entry again")
    mirrored = [
        (
            posting.account,
            Line(posting.account.key, CREDIT if posting.side == DEBIT else DEBIT,
                 posting.amount_fen),
        )
        for posting in Posting.objects.within(owner).filter(entry=entry).select_related("account")
    ]
    reversal = JournalEntry(
        tenant=owner,
        number=_next_number(owner),
        effective_date=effective or clock.today(),
        narrative_code="ledger.reversal",
        narrative={"reason": reason.strip(), "of": entry.number},
        source_type=entry.source_type,
        source_id=entry.source_id,
        idempotency_key=f"reversal:{entry.pk}",
        content_hash=sha256_hex(f"reversal:{entry.content_hash}".encode()),
        reverses=entry,
        members_count=entry.members_count,
        members_root=entry.members_root,
        total_fen=entry.total_fen,
        created_by=actor.user,
    )
    return _write(reversal, mirrored, actor)


def open_books(tenant: Organisation) -> None:
    """Give a tenant the accounts of the chart it lacks. Safe to repeat."""
    there = set(Account.objects.within(tenant).values_list("key", flat=True))
    Account.objects.bulk_create(
        [
            Account(
                tenant=tenant,
                key=line.key,
                number=line.number,
                name_zh=line.name_zh,
                name_en=line.name_en,
                account_class=line.account_class,
                normal_side=line.normal_side,
            )
            for line in chart()
            if line.key not in there
        ],
        ignore_conflicts=True,
    )


def _write(entry: JournalEntry, lines: list[tuple[Account, Line]], actor: Actor) -> JournalEntry:
    entry.save(force_insert=True)
    Posting.objects.bulk_create(
        [
            Posting(
                id=new_key(),
                tenant=entry.tenant,
                entry=entry,
                line=number,
                account=account,
                side=line.side,
                amount_fen=line.amount_fen,
            )
            for number, (account, line) in enumerate(lines, start=1)
        ]
    )
    JournalEntry.objects.within(entry.tenant).filter(pk=entry.pk).update(sealed=True)
    entry.sealed = True
    audit.append(
        actor,
        "ledger.entry_posted",
        entry,
        {
            "number": entry.number,
            "narrative": entry.narrative_code,
            "source": [entry.source_type, entry.source_id],
            "effective": entry.effective_date.isoformat(),
            "lines": [[line.account, line.side, str(line.amount_fen)] for _, line in lines],
            "members": [entry.members_count, entry.members_root],
            "reverses": str(entry.reverses_id) if entry.reverses_id else None,
        },
    )
    return entry


def _check_balance(lines: Sequence[Line]) -> int:
    for line in lines:
        if isinstance(line.amount_fen, bool) or not isinstance(line.amount_fen, int):
            raise InputError("an amount is not whole fen", field=line.account,
                             mend="post integers of fen")
        if not 0 < line.amount_fen <= MAXIMUM_FEN or line.side not in (DEBIT, CREDIT):
            raise InputError("a line needs a side and an amount above zero", field=line.account,
                             mend="put a negative amount on the other side")
    debits = sum(line.amount_fen for line in lines if line.side == DEBIT)
    credits = sum(line.amount_fen for line in lines if line.side == CREDIT)
    if debits != credits or not debits:
        raise InputError(
            f"the entry does not balance: debit {debits} fen, credit {credits} fen",
            mend="make both sides equal and above zero",
        )
    if debits > MAXIMUM_FEN:
        raise InputError("the entry is larger than any amount accepted", mend="check the units")
    return debits


def _check_classes(accounts: Mapping[str, Account], lines: Sequence[Line]) -> None:
    """Commercial and memo accounts stay among themselves (cash may settle a contribution)."""
    classes = {accounts[line.account].account_class for line in lines}
    others = {
        accounts[line.account].account_class for line in lines if line.account != "cash"
    }
    if MEMO in classes and classes != {MEMO}:
        raise Refusal("a memo account is never posted against money")
    if COMMERCIAL in classes and others != {COMMERCIAL}:
        raise Refusal("a commercial contribution is never posted as insurance money")


def _accounts(tenant: Organisation, lines: Sequence[Line]) -> dict[str, Account]:
    wanted = {line.account for line in lines}
    known = {line.key for line in chart()}
    found = {one.key: one for one in Account.objects.within(tenant).filter(key__in=wanted)}
    if wanted - set(found) and wanted <= known | set(found):
        open_books(tenant)
        found = {one.key: one for one in Account.objects.within(tenant).filter(key__in=wanted)}
    for key in sorted(wanted - set(found)):
        raise InputError(f"there is no account {key!r}", field="account",
                         mend="choose a key of the chart of accounts")
    return found


def _hold_books(tenant: Organisation) -> None:
    """One entry of a tenant at a time: numbers have no gaps and a key is used once."""
    audit.hold_chain(tenant)


def _next_number(tenant: Organisation) -> int:
    last = JournalEntry.objects.within(tenant).aggregate(last=models.Max("number"))["last"]
    return (last or 0) + 1


def _content_hash(
    lines: Sequence[Line],
    source_type: str,
    source_id: str,
    narrative: str,
    day: date,
    details: Mapping[str, Any] | None,
    members: Sequence[bytes] | None,
) -> str:
    return sha256_hex(
        canonical_bytes(
            {
                "lines": [[line.account, line.side, str(line.amount_fen)] for line in lines],
                "source": [source_type, source_id],
                "narrative": narrative,
                "day": day.isoformat(),
                "details": dict(details or {}),
                "members": None if members is None else merkle_root(members),
            }
        )
    )

