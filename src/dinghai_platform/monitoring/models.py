"""Readings, findings under watch, notices with proof, proposals of the premium float."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from dinghai_platform.core import clock
from dinghai_platform.underwriting.models import (
    Assessment,
    Endorsement,
    Finding,
    InsuredRow,
    Policy,
)


class Reading(InsuredRow):
    """The risk of one policy on one day: score and expected loss through the policy's terms."""

    class Cause(models.TextChoices):
        BIND = "bind", _("At bind")
        FEED = "feed", _("New threat table")
        RESCAN = "rescan", _("Re-scan")
        FIX = "fix", _("Verified fix")
        REVIEW = "review", _("Regular review")

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="readings")
    sequence = models.PositiveIntegerField()
    as_of = models.DateField(_("as of"))
    taken_at = models.DateTimeField(default=clock.now)
    cause = models.CharField(_("cause"), max_length=10, choices=Cause.choices)
    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="+")
    document = models.JSONField()
    score_ppm = models.PositiveIntegerField(_("score"))
    grade = models.CharField(_("grade"), max_length=1)
    expected_loss_fen = models.BigIntegerField(_("expected loss"))
    model_hash = models.CharField(max_length=64)

    class Meta(InsuredRow.Meta):
        verbose_name = _("reading")
        ordering = ("policy", "sequence")
        constraints = [
            models.UniqueConstraint(
                fields=("policy", "sequence"), name="monitoring_one_reading"
            )
        ]

    def __str__(self) -> str:
        return f"{self.policy_id} #{self.sequence}"


class MonitoredFinding(InsuredRow):
    """A finding under watch (state: the lifecycle's monitoring_finding machine)."""

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="monitored_findings")
    finding = models.ForeignKey(Finding, models.PROTECT, related_name="+")
    key = models.CharField(max_length=40)
    cve = models.CharField(max_length=30)
    asset = models.CharField(_("asset"), max_length=300)
    title = models.CharField(_("title"), max_length=500)
    severity = models.CharField(_("severity"), max_length=10)
    severity_rank = models.PositiveSmallIntegerField()
    state = models.CharField(_("state"), max_length=20, default="detected")
    document = models.JSONField(default=dict)
    detected_at = models.DateTimeField(default=clock.now)
    due = models.DateTimeField(_("due"), null=True)
    notice = models.ForeignKey("Notice", models.PROTECT, null=True, related_name="findings")
    closed_at = models.DateTimeField(null=True)
    closing_reading = models.ForeignKey(Reading, models.PROTECT, null=True, related_name="+")

    class Meta(InsuredRow.Meta):
        verbose_name = _("finding under watch")
        ordering = ("-severity_rank", "asset", "id")
        constraints = [
            models.UniqueConstraint(
                fields=("policy", "key", "cve"), name="monitoring_one_finding"
            )
        ]
        indexes = [models.Index(fields=("tenant", "state", "due"))]

    def __str__(self) -> str:
        return f"{self.cve} {self.asset}"


class FloatProposal(InsuredRow):
    """What the float rule says of the latest readings (state: the premium_float machine)."""

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="float_proposals")
    reading = models.ForeignKey(Reading, models.PROTECT, related_name="float_proposals")
    state = models.CharField(_("state"), max_length=20, default="baseline")
    document = models.JSONField()
    factor_ppm = models.BigIntegerField()
    amount_fen = models.BigIntegerField(_("amount"), default=0)
    effective = models.DateField(_("effective"), null=True)
    endorsement = models.ForeignKey(Endorsement, models.PROTECT, null=True, related_name="+")

    class Meta(InsuredRow.Meta):
        verbose_name = _("premium float")
        constraints = [
            models.UniqueConstraint(fields=("reading",), name="monitoring_one_proposal")
        ]


class Notice(InsuredRow):
    """A written notice with its PDF and the proof that it arrived."""

    class Kind(models.TextChoices):
        REMEDY = "remedy", _("Notice of a weakness to mend")
        OVERDUE = "overdue", _("Overdue notice")
        FLOAT = "float", _("Notice of a premium change")

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="notices")
    number = models.CharField(_("number"), max_length=60)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    proposal = models.ForeignKey(FloatProposal, models.PROTECT, null=True, related_name="notices")
    text_zh = models.TextField()
    text_en = models.TextField()
    document = models.JSONField()
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    issued_at = models.DateTimeField(_("issued"), default=clock.now)
    due = models.DateTimeField(_("due"), null=True)
    channel = models.CharField(_("channel"), max_length=40, blank=True)
    delivered_to = models.CharField(max_length=200, blank=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    delivery_sha256 = models.CharField(max_length=64, blank=True)
    acknowledged_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True)

    class Meta(InsuredRow.Meta):
        verbose_name = _("notice")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "number"), name="monitoring_one_notice")
        ]

    def __str__(self) -> str:
        return self.number
