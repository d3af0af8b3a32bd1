"""The rows of changes of small firms' policies (批改), each with its papers."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai_platform.core import clock
from dinghai_platform.small_firms.models import Firm, FirmRow, Policy


class Change(FirmRow):
    """One change of a policy by agreement (批单).

    ``amount_fen`` is charged with VAT; negative, it goes back to the applicant. ``document`` says
    what was reckoned, and of a change of plan the contract after it. ``due`` waits for an
    additional premium until its first day, ``standing`` for its first day alone.
    """

    class Kind(models.TextChoices):
        CANCEL = "cancel", _p("change", "Cancellation")
        PLAN = "plan", _p("change", "Change of plan")
        NAME = "name", _p("change", "Correction of the name")

    class State(models.TextChoices):
        DUE = "due", _p("change", "Additional premium due")
        STANDING = "standing", _p("change", "Agreed, its day comes")
        DONE = "done", _p("change", "In force")
        FALLEN = "fallen", _p("change", "Fallen away")

    OPEN: ClassVar[tuple[str, ...]] = (State.DUE, State.STANDING)

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="changes")
    number = models.CharField(_("number"), max_length=40)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=10, choices=State.choices)
    effective = models.DateField(_("effective"))
    before = models.CharField(max_length=200, blank=True)
    after = models.CharField(max_length=200, blank=True)
    reason = models.TextField(_("reason"))
    asked_by = models.CharField(_p("change", "asked by"), max_length=100)
    channel = models.CharField(max_length=20)
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    amount_fen = models.BigIntegerField(_("amount"), default=0)
    net_fen = models.BigIntegerField(default=0)
    vat_fen = models.BigIntegerField(default=0)
    issued_at = models.DateTimeField(default=clock.now)
    paid_at = models.DateTimeField(null=True)
    fallen_why = models.TextField(blank=True)
    created_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(FirmRow.Meta):
        verbose_name = _("change of a small firm's policy")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "number"), name="small_firms_one_change"),
        ]
        indexes = [models.Index(fields=("tenant", "state", "effective"))]

    @property
    def firm(self) -> Firm:
        """The firm of its policy."""
        found: Firm = self.policy.firm
        return found

    @property
    def state_code(self) -> str:
        """The state as the site's words know it."""
        return f"firm_change_{self.state}"

    @property
    def is_unpaid_cover(self) -> bool:
        """Whether it took back a contract whose premium had never been paid: nothing is refunded.
        """
        return bool(self.document.get("unpaid"))

    @property
    def refund_fen(self) -> int:
        """What goes back to the applicant in money."""
        fallen = self.state == self.State.FALLEN
        return 0 if fallen or self.is_unpaid_cover else max(-self.amount_fen, 0)

    @property
    def waits_for_money(self) -> bool:
        """Whether an additional premium is to come, or a refund to go, now."""
        if self.state == self.State.DUE:
            return True
        return self.state == self.State.DONE and self.refund_fen > 0 and self.paid_at is None

    def has_begun(self, today: date) -> bool:
        """Whether its first day has come."""
        return self.effective <= today

    def __str__(self) -> str:
        return self.number


class ChangePaper(FirmRow):
    """The endorsement of a change as PDF, made once and kept."""

    change = models.ForeignKey(Change, models.PROTECT, related_name="papers")
    language = models.CharField(max_length=10)
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")

    class Meta(FirmRow.Meta):
        verbose_name = _("endorsement")
        constraints = [
            models.UniqueConstraint(fields=("change", "language"),
                                    name="small_firms_one_change_paper"),
        ]
