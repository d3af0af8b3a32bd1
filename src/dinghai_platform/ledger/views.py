"""Pages of the books: journal, one entry, balances."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from dinghai.foundation.money import yuan
from dinghai_platform.core.models import AuditEntry
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.core.web import csv_answer, page, page_of
from dinghai_platform.ledger import queries
from dinghai_platform.ledger.forms import BalanceFilter, EntryFilter
from dinghai_platform.ledger.models import Account, JournalEntry, Posting

MOST_EXPORTED = 100_000


@page("ledger.view")
def entries(request: HttpRequest) -> HttpResponse:
    """The journal, newest first."""
    form = _filter(request)
    rows = queries.entries(request.actor, _cleaned(form))
    return render(request, "ledger/entries.html", {"form": form, "page": page_of(request, rows)})


@page("ledger.view")
def export(request: HttpRequest) -> HttpResponse:
    """The same entries as CSV, one line per posting."""
    chosen = queries.entries(request.actor, _cleaned(_filter(request)))
    rows = (
        Posting.objects.visible_to(request.actor)
        .filter(entry__in=chosen.values("pk"))
        .select_related("entry", "account")
        .order_by("entry__number", "line")[:MOST_EXPORTED]
    )
    heading = (
        _("Entry"), _("Effective date"), _("Narrative"), _("Source document"), _("Identifier"),
        _("Account"), _("Name"), _("Debit"), _("Credit"),
    )
    lines = [
        (
            row.entry.number,
            row.entry.effective_date.isoformat(),
            row.entry.narrative_code,
            row.entry.source_type,
            row.entry.source_id,
            row.account.number,
            row.account.name,
            yuan(row.amount_fen) if row.side == "debit" else "",
            yuan(row.amount_fen) if row.side == "credit" else "",
        )
        for row in rows
    ]
    return csv_answer("journal", heading, lines)


@page("ledger.view")
def entry(request: HttpRequest, entry: UUID) -> HttpResponse:
    """One entry with its lines, its reversal and its link in the audit chain."""
    found = visible_or_404(JournalEntry, request.actor, pk=entry)
    context = {
        "entry": found,
        "postings": found.postings.select_related("account"),
        "reversal": JournalEntry.objects.visible_to(request.actor).filter(reverses=found).first(),
        "audit_entry": AuditEntry.objects.visible_to(request.actor)
        .filter(subject_type="ledger.journalentry", subject_id=str(found.pk))
        .first(),
    }
    return render(request, "ledger/entry.html", context)


@page("ledger.view")
def balances(request: HttpRequest) -> HttpResponse:
    """Every account's balance on a day."""
    form = BalanceFilter(request.GET or None)
    day = _cleaned(form).get("on")
    rows = queries.balances(request.actor.own_tenant(), on=day)
    if request.GET.get("format") == "csv":
        heading = (_("Account"), _("Name"), _("Class"), _("Debit"), _("Credit"), _("Balance"))
        lines = [
            (
                row.account.number,
                row.account.name,
                row.account.get_account_class_display(),
                yuan(row.debit_fen),
                yuan(row.credit_fen),
                yuan(row.balance_fen),
            )
            for row in rows
        ]
        return csv_answer("balances", heading, lines)
    totals = (sum(row.debit_fen for row in rows), sum(row.credit_fen for row in rows))
    return render(
        request, "ledger/balances.html", {"form": form, "rows": rows, "totals": totals, "day": day}
    )


def _filter(request: HttpRequest) -> EntryFilter:
    return EntryFilter(
        request.GET or None, accounts=Account.objects.within(request.actor.own_tenant())
    )


def _cleaned(form: Any) -> dict[str, Any]:
    return form.cleaned_data if form.is_bound and form.is_valid() else {}
