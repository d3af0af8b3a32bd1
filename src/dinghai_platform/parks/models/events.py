"""Events: settlements over many members, and what each member is paid."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai_platform.parks.models.members import Park, ParkMember
from dinghai_platform.parks.models.rows import MemberRow, OperatorRow


class EventSettlement(OperatorRow):
    """What each member is paid of one event (dinghai.park-settlement/1): proposed by one, approved
    by another, posted. ``claims`` are the amounts that the terms grant before any limit."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _p("settlement", "Waits for approval")
        POSTED = "posted", _p("settlement", "Posted")
        REJECTED = "rejected", _p("settlement", "Rejected")
        REVERSED = "reversed", _p("settlement", "Reversed")

    park = models.ForeignKey(Park, models.PROTECT, related_name="settlements")
    number = models.CharField(_p("park", "number"), max_length=30)
    event = models.CharField(_p("settlement", "event"), max_length=100)
    day = models.DateField(_p("settlement", "happened on"))
    facts = models.TextField(blank=True)
    claims = models.JSONField()
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.PROPOSED)
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    firms = models.PositiveIntegerField(_p("settlement", "firms"))
    claimed_fen = models.BigIntegerField(_p("settlement", "claimed"))
    due_fen = models.BigIntegerField(_p("settlement", "due"))
    retained_fen = models.BigIntegerField(_p("settlement", "stays with the firms"))
    left_fen = models.BigIntegerField(_p("settlement", "left of the period's limit"))
    note = models.TextField(blank=True)
    proposed_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    decided_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reversed_at = models.DateTimeField(null=True)

    class Meta(OperatorRow.Meta):
        verbose_name = _("settlement of a park's event")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "number"), name="parks_one_settlement")
        ]

    @property
    def state_code(self) -> str:
        """The state as the site's words know it."""
        return f"settlement_{self.state}"

    def __str__(self) -> str:
        return f"{self.number} {self.event}"


class MemberClaim(MemberRow):
    """What one member is paid of a posted event: its own lines and nobody else's."""

    member = models.ForeignKey(ParkMember, models.PROTECT, related_name="claims")
    settlement = models.ForeignKey(EventSettlement, models.PROTECT, related_name="members")
    number = models.CharField(max_length=30)
    event = models.CharField(max_length=100)
    day = models.DateField()
    claimed_fen = models.BigIntegerField()
    entitled_fen = models.BigIntegerField()
    paid_before_fen = models.BigIntegerField()
    due_fen = models.BigIntegerField()
    retained_fen = models.BigIntegerField()
    lines = models.JSONField()
    reversed_at = models.DateTimeField(null=True)

    class Meta(MemberRow.Meta):
        verbose_name = _("claim of a park's member")
        constraints = [
            models.UniqueConstraint(fields=("settlement", "member"), name="parks_one_claim")
        ]
