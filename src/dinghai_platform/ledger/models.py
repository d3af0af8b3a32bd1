"""Accounts, entries and postings. Rows of entries and postings never change once sealed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dinghai_platform.core.models import User
from dinghai_platform.core.tenancy import TenantRow
from dinghai_platform.ledger import words


class Account(TenantRow):
    """One account of a tenant's books. Code names it by ``key``; ``number`` is for people."""

    class Class(models.TextChoices):
        ASSET = "asset", _("Asset")
        LIABILITY = "liability", _("Liability")
        INCOME = "income", _("Income")
        EXPENSE = "expense", _("Expense")
        COMMERCIAL = "commercial", _("Commercial contribution")
        MEMO = "memo", _("For information")

    class Side(models.TextChoices):
        DEBIT = "debit", _("Debit")
        CREDIT = "credit", _("Credit")

    key = models.CharField(max_length=60)
    number = models.CharField(_("number"), max_length=20)
    name_zh = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100)
    account_class = models.CharField(_("class"), max_length=12, choices=Class.choices)
    normal_side = models.CharField(max_length=6, choices=Side.choices)

    class Meta(TenantRow.Meta):
        verbose_name = _("account")
        ordering = ("number",)
        constraints = [
            models.UniqueConstraint(fields=("tenant", "key"), name="ledger_account_key"),
            models.UniqueConstraint(fields=("tenant", "number"), name="ledger_account_number"),
        ]

    @property
    def name(self) -> str:
        """Its name in the language of the page."""
        return self.name_en if get_language() == "en" else self.name_zh

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class JournalEntry(TenantRow):
    """One movement of money with its source document. Postings are added, then it is sealed."""

    number = models.BigIntegerField(_("number"))
    effective_date = models.DateField(_("effective date"))
    narrative_code = models.CharField(_("narrative"), max_length=60)
    narrative = models.JSONField(default=dict)
    source_type = models.CharField(max_length=100)
    source_id = models.CharField(max_length=80)
    idempotency_key = models.CharField(max_length=200)
    content_hash = models.CharField(max_length=64)
    reverses = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="reversed_by"
    )
    members_count = models.BigIntegerField(null=True)
    members_root = models.CharField(max_length=64, blank=True)
    total_fen = models.BigIntegerField(_("amount"))
    sealed = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta(TenantRow.Meta):
        verbose_name = _("journal entry")
        ordering = ("-number",)
        constraints = [
            models.UniqueConstraint(
                fields=("tenant", "idempotency_key"), name="ledger_entry_once"
            ),
            models.UniqueConstraint(fields=("tenant", "number"), name="ledger_entry_number"),
            models.CheckConstraint(condition=models.Q(total_fen__gt=0), name="ledger_entry_amount"),
        ]
        indexes = [
            models.Index(fields=("tenant", "effective_date")),
            models.Index(fields=("tenant", "source_type", "source_id")),
        ]

    @property
    def narrative_words(self) -> str:
        """What it is about, in the language of the page."""
        return words.narrative_words(self.narrative_code)

    @property
    def detail_words(self) -> list[tuple[str, str]]:
        """Its details by name, in the language of the page."""
        return words.detail_words(self.narrative)


class Posting(TenantRow):
    """One line of an entry: an amount in fen on one side of one account."""

    entry = models.ForeignKey(JournalEntry, models.PROTECT, related_name="postings")
    line = models.PositiveSmallIntegerField()
    account = models.ForeignKey(Account, models.PROTECT, related_name="postings")
    side = models.CharField(max_length=6, choices=Account.Side.choices)
    amount_fen = models.BigIntegerField()
    created_at = None

    class Meta(TenantRow.Meta):
        ordering = ("entry", "line")
        constraints = [
            models.UniqueConstraint(fields=("entry", "line"), name="ledger_posting_line"),
            models.CheckConstraint(
                condition=models.Q(amount_fen__gt=0), name="ledger_posting_amount"
            ),
            models.CheckConstraint(
                condition=models.Q(side__in=("debit", "credit")), name="ledger_posting_side"
            ),
        ]
