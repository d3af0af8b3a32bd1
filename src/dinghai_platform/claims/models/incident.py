"""What happened: the incident, whom it must be reported to, who was sent, and the timeline."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dinghai.vocabulary.clocks import StatutoryClock, clocks
from dinghai_platform.claims.models.contract import ContractRow, one_contract
from dinghai_platform.core import clock
from dinghai_platform.underwriting.models import InsuredRow


class Incident(ContractRow):
    """One incident of one insured (state: the lifecycle's incident machine).

    The contract's number stands here too: responders see the incident and not the contract, and
    lists need not read one contract a line.
    ``facts`` holds what was reported, by the registry of facts; ``grade`` is the engine's
    IncidentGrade as plain JSON once somebody has triaged.
    """

    class Operator(models.TextChoices):
        GENERAL = "general", _("Other network operator")
        CRITICAL = "critical_infrastructure", _("Operator of critical infrastructure")
        STATE = "central_state_organ", _("Central party or state organ")

    policy_no = models.CharField(_("policy number"), max_length=40)
    number = models.CharField(_("number"), max_length=40)
    state = models.CharField(_("state"), max_length=20, default="reported")
    title = models.CharField(_("what happened"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    contact = models.CharField(_("contact"), max_length=200, blank=True)
    occurred_at = models.DateTimeField(_("began"), null=True, blank=True)
    discovered_at = models.DateTimeField(_("discovered"))
    reported_at = models.DateTimeField(_("reported"), default=clock.now)
    reported_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    facts = models.JSONField(default=dict)
    operator = models.CharField(
        max_length=30, choices=Operator.choices, default=Operator.GENERAL
    )
    involves_critical = models.BooleanField(
        _("critical infrastructure involved"), null=True, default=None
    )
    family = models.CharField(_("GB/T 20986 family"), max_length=40, blank=True)
    authority = models.CharField(max_length=40, default="cac")
    grade = models.JSONField(null=True)
    judged_reason = models.TextField(blank=True)
    judged_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    triaged_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(ContractRow.Meta):
        verbose_name = _("incident")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "number"), name="claims_one_incident"),
            one_contract("claims_incident_one_contract"),
        ]
        indexes = [models.Index(fields=("tenant", "state"))]

    def __str__(self) -> str:
        return self.number

    @property
    def grade_name(self) -> str:
        """The grade in Chinese law's own word; empty while there is none."""
        return (self.grade or {}).get("grade") or ""


class ReportingDuty(InsuredRow):
    """A report the insured owes an authority. The platform drafts it and never sends it."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="duties")
    clock_id = models.CharField(max_length=20)
    due = models.DateTimeField(_("due"))
    to_zh = models.CharField(max_length=200)
    statute = models.CharField(max_length=200)
    certain = models.BooleanField()
    confidence = models.CharField(max_length=2)
    met_at = models.DateTimeField(null=True)
    channel = models.CharField(_("channel"), max_length=100, blank=True)
    reference = models.CharField(_("receipt number"), max_length=100, blank=True)
    met_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta(InsuredRow.Meta):
        ordering = ("due", "id")
        constraints = [
            models.UniqueConstraint(
                fields=("incident", "clock_id"),
                condition=models.Q(withdrawn_at=None),
                name="claims_one_duty_per_clock",
            )
        ]

    @property
    def statutory(self) -> StatutoryClock:
        """The clock of the vocabulary."""
        return clocks()[self.clock_id]

    @property
    def name(self) -> str:
        """What is to be done, in the language of the page."""
        return self.statutory.name_en if get_language() == "en" else self.statutory.name_zh


class ResponseOrder(InsuredRow):
    """A security-service provider sent to help: ordered, accepted, arrived, reported."""

    class Mode(models.TextChoices):
        REMOTE = "remote", _("Remote")
        ON_SITE = "on_site", _("On site")

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="orders")
    provider = models.ForeignKey("core.Organisation", models.PROTECT, related_name="+")
    mode = models.CharField(_("mode"), max_length=10, choices=Mode.choices)
    ordered_at = models.DateTimeField(default=clock.now)
    ordered_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    due = models.DateTimeField(_("due"))
    note = models.TextField(_("task"), blank=True)
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    arrived_at = models.DateTimeField(null=True)
    declined_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    shared_through = ("insured", "provider")

    class Meta(InsuredRow.Meta):
        ordering = ("ordered_at", "id")


class TimelineEntry(InsuredRow):
    """One thing that happened in the response, in the words of who was there."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="timeline")
    at = models.DateTimeField(default=clock.now)
    event = models.CharField(max_length=40)
    text = models.TextField(blank=True)
    state = models.CharField(max_length=20, blank=True)
    user = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    organisation = models.ForeignKey("core.Organisation", models.PROTECT, related_name="+")
    role = models.CharField(max_length=40)
    details = models.JSONField(default=dict)

    class Meta(InsuredRow.Meta):
        ordering = ("at", "id")

    @property
    def detail(self) -> dict[str, Any]:
        """Plain details of the entry."""
        return self.details or {}
