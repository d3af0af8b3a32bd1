"""What is decided and paid: decisions, objections, payments, recourse and recoveries."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from dinghai_platform.claims.models.claim import Claim
from dinghai_platform.claims.models.contract import ContractRow, one_contract
from dinghai_platform.core import clock
from dinghai_platform.underwriting.models import InsuredRow


class DecisionRecord(InsuredRow):
    """One run of the engine. ``content`` is the decision's canonical JSON, byte for byte.

    A provisional run may be replaced while nobody has issued it; an issued decision stands until
    another supersedes it. What statistics count stands beside the content, so that they need not
    read it: ``presented_fen`` (the loss as valued), ``gross_fen`` (what the lines come to before
    payments in advance come off, services in kind included), ``main_reason`` (why the largest line
    that is not paid is not) and ``contribution_fen`` (what a chain owner or supplier bears by the
    chain's own agreement; no insurance money, 保险法6条).
    """

    LIMITS_CHANGED = "limits_changed"
    """Note of a run that the house made because a limit had eroded before the payment."""

    class State(models.TextChoices):
        PROVISIONAL = "provisional", _("Provisional")
        ISSUED = "issued", _("Issued")
        REFUSED = "refused", _("Refusal issued")
        REPLACED = "replaced", _("Replaced")

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="decisions")
    sequence = models.PositiveIntegerField()
    state = models.CharField(
        max_length=12, choices=State.choices, default=State.PROVISIONAL
    )
    content = models.TextField()
    hash = models.CharField(max_length=64)
    total_fen = models.BigIntegerField()
    presented_fen = models.BigIntegerField(default=0)
    gross_fen = models.BigIntegerField(default=0)
    contribution_fen = models.BigIntegerField(default=0)
    main_reason = models.CharField(max_length=60, blank=True)
    made_at = models.DateTimeField(default=clock.now)
    made_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    issued_at = models.DateTimeField(null=True)
    issued_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    note = models.TextField(blank=True)
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="superseded_by"
    )
    notice = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    notice_en = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")

    class Meta(InsuredRow.Meta):
        verbose_name = _("decision")
        ordering = ("claim", "sequence")
        constraints = [
            models.UniqueConstraint(fields=("claim", "sequence"), name="claims_one_decision_no"),
            models.UniqueConstraint(
                fields=("claim",),
                condition=models.Q(state="provisional"),
                name="claims_one_provisional",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.claim_id} #{self.sequence}"

    @property
    def is_issued(self) -> bool:
        """Whether the insured has it."""
        return self.state in (self.State.ISSUED, self.State.REFUSED)

    @property
    def insurance_fen(self) -> int:
        """What insurers pay of the total."""
        return max(self.total_fen - self.contribution_fen, 0)


class Objection(InsuredRow):
    """The insured disagrees with a decision: what they say, and how it ended."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="objections")
    decision = models.ForeignKey(DecisionRecord, models.PROTECT, related_name="objections")
    reason = models.TextField(_("reason"))
    raised_at = models.DateTimeField(default=clock.now)
    raised_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=40, blank=True)
    opinion = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(InsuredRow.Meta):
        ordering = ("id",)


class Payment(ContractRow):
    """Money paid for a claim: once in advance at most, once for each decision."""

    class Kind(models.TextChoices):
        INTERIM = "interim", _("Interim payment")
        FINAL = "final", _("Claim payment")

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="payments")
    decision = models.ForeignKey(DecisionRecord, models.PROTECT, related_name="payments")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    payee = models.CharField(_("payee"), max_length=200)
    account_tail = models.CharField(_("last digits of the account"), max_length=8, blank=True)
    amount_fen = models.BigIntegerField(_("amount"))
    sections = models.JSONField(default=dict)
    outside_fen = models.BigIntegerField(default=0)
    entry_id = models.UUIDField(null=True)
    entry_number = models.CharField(max_length=60, blank=True)
    paid_at = models.DateTimeField(default=clock.now)
    paid_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(ContractRow.Meta):
        verbose_name = _("payment")
        ordering = ("id",)
        constraints = [
            one_contract("claims_payment_one_contract"),
            models.UniqueConstraint(
                fields=("decision", "kind"), name="claims_paid_once_per_decision"
            ),
            models.UniqueConstraint(
                fields=("claim",), condition=models.Q(kind="interim"), name="claims_one_interim"
            ),
            models.CheckConstraint(
                condition=models.Q(amount_fen__gt=0), name="claims_payment_positive"
            ),
        ]


class InterimOrder(InsuredRow):
    """The approver's order of a payment in advance; somebody else pays it, or it is replaced.

    ``decision`` is the run of the engine that says which part is certain.
    """

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="interim_orders")
    decision = models.OneToOneField(
        DecisionRecord, models.PROTECT, related_name="interim_order"
    )
    amount_fen = models.BigIntegerField(_("amount"))
    payee = models.CharField(_("payee"), max_length=200)
    account_tail = models.CharField(_("last digits of the account"), max_length=8, blank=True)
    ordered_at = models.DateTimeField(default=clock.now)
    ordered_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    payment = models.OneToOneField(
        Payment, models.PROTECT, null=True, related_name="interim_order"
    )
    replaced_at = models.DateTimeField(null=True)

    class Meta(InsuredRow.Meta):
        verbose_name = _("order of a payment in advance")
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(
                fields=("claim",),
                condition=models.Q(payment=None, replaced_at=None),
                name="claims_one_open_interim_order",
            ),
            models.CheckConstraint(
                condition=models.Q(amount_fen__gt=0), name="claims_interim_order_positive"
            ),
        ]

    @property
    def is_open(self) -> bool:
        """Whether it is still to be paid."""
        return self.payment_id is None and self.replaced_at is None


class Recourse(InsuredRow):
    """The insurer's way to the third party who caused the loss (保险法60条)."""

    claim = models.OneToOneField(Claim, models.PROTECT, related_name="recourse")
    against = models.CharField(_("against"), max_length=200)
    ground = models.TextField(_("ground"))
    demanded_fen = models.BigIntegerField(_("demanded"))
    opened_at = models.DateTimeField(default=clock.now)
    opened_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)

    class Meta(InsuredRow.Meta):
        verbose_name = _("recourse")


class Recovery(InsuredRow):
    """Money that came back."""

    recourse = models.ForeignKey(Recourse, models.PROTECT, related_name="recoveries")
    amount_fen = models.BigIntegerField(_("amount"))
    received_at = models.DateTimeField(default=clock.now)
    reference = models.CharField(_("reference"), max_length=100)
    entry_id = models.UUIDField(null=True)

    class Meta(InsuredRow.Meta):
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(
                fields=("recourse", "reference"), name="claims_recovered_once"
            ),
            models.CheckConstraint(
                condition=models.Q(amount_fen__gt=0), name="claims_recovery_positive"
            ),
        ]
