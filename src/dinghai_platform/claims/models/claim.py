"""What is claimed: the claim, its loss items, evidence, requests, pauses and reserve."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dinghai.foundation.calendar import shanghai_day
from dinghai.vocabulary.coverages import coverages
from dinghai_platform.claims.models.contract import ContractRow, one_contract
from dinghai_platform.claims.models.incident import Incident
from dinghai_platform.core import clock
from dinghai_platform.underwriting.models import InsuredRow


class Claim(ContractRow):
    """One claim from one incident (state: the lifecycle's claim machine).

    ``facts`` holds what has been established about the event; the items hold theirs. A decision
    rests on these alone.
    """

    OPEN: ClassVar[tuple[str, ...]] = (
        "notified", "registered", "evidence_pending", "under_survey", "quantified",
        "adjudicated", "decision_issued", "agreed", "disputed", "interim_paid", "rejected",
        "in_proceedings",
    )
    FACTS_OPEN: ClassVar[tuple[str, ...]] = (
        "notified", "registered", "evidence_pending", "under_survey", "quantified",
        "interim_paid", "adjudicated", "disputed", "in_proceedings",
    )

    incident = models.OneToOneField(Incident, models.PROTECT, related_name="claim")
    number = models.CharField(_("number"), max_length=40)
    state = models.CharField(_("state"), max_length=20, default="notified")
    description = models.TextField(_("description"), blank=True)
    facts = models.JSONField(default=dict)
    received_at = models.DateTimeField(_("received"), default=clock.now)
    registered_at = models.DateTimeField(null=True)
    adjudicated_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    rejected_at = models.DateTimeField(null=True)
    agreed_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    handler = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    adjuster = models.ForeignKey("core.Organisation", models.PROTECT, null=True, related_name="+")
    reserve_fen = models.BigIntegerField(_("reserve"), default=0)
    further_request_by = models.ForeignKey(
        "core.User", models.PROTECT, null=True, related_name="+"
    )
    further_request_reason = models.TextField(blank=True)

    class Meta(ContractRow.Meta):
        verbose_name = _("claim")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "number"), name="claims_one_claim"),
            one_contract("claims_claim_one_contract"),
        ]
        indexes = [models.Index(fields=("tenant", "state"))]

    @property
    def terms(self) -> dict[str, Any]:
        """The contract's document as it held when the incident began. Where that is not known, or
        lies before the contract, which then answers by the discovery: when it was discovered."""
        incident = self.incident
        began = incident.occurred_at
        if began is None or (
                self.is_of_small_firm and shanghai_day(began) < self.contract.inception):
            began = incident.discovered_at
        return self.terms_on(began)

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.state in self.OPEN


class LossItem(InsuredRow):
    """One loss as claimed, under one coverage; ``facts`` by the registry, with evidence.

    ``member`` is which of a programme's insureds suffered it (an id of the schedule's members;
    empty: the insured of the policy), ``supplier`` whose stop caused it.
    """

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="items")
    no = models.PositiveIntegerField()
    coverage = models.CharField(_("coverage"), max_length=20)
    description = models.CharField(_("description"), max_length=300, blank=True)
    member = models.CharField(_("insured member"), max_length=60, blank=True)
    supplier = models.CharField(_("supplier"), max_length=200, blank=True)
    facts = models.JSONField(default=dict)

    class Meta(InsuredRow.Meta):
        ordering = ("no",)
        constraints = [
            models.UniqueConstraint(fields=("claim", "no"), name="claims_one_item_number")
        ]

    @property
    def coverage_name(self) -> str:
        """The coverage in the language of the page."""
        known = coverages().get(self.coverage)
        if known is None:
            return self.coverage
        return known.name_en if get_language() == "en" else known.name_zh

    @property
    def member_name(self) -> str:
        """The member by name, as the policy's schedule has it."""
        for one in self.claim.terms["schedule"].get("members", ()):
            if one["id"] == self.member:
                english = get_language() == "en" and one.get("name_en")
                return str(one["name_en"] if english else one["name_zh"])
        return self.member


class EvidenceDocument(InsuredRow):
    """A document handed in about an incident; ``reference`` is its id in the claim file."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="evidence")
    reference = models.CharField(_("reference"), max_length=20)
    kind = models.CharField(_("kind"), max_length=60)
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField(_("size in bytes"))
    provided_by = models.CharField(_("provided by"), max_length=200)
    received_at = models.DateTimeField(_("received"), default=clock.now)
    added_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(InsuredRow.Meta):
        ordering = ("reference",)
        constraints = [
            models.UniqueConstraint(
                fields=("incident", "reference"), name="claims_one_evidence_reference"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.name}"


class EvidenceRequest(InsuredRow):
    """The one request for further papers (保险法22条). Another one counts as a defect.

    After ``answer_days`` without an answer the handler may go on, with a reason (``lapsed_at``).
    The law sets no such term; 30 days are this project's (confidence D).
    """

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="requests")
    no = models.PositiveSmallIntegerField(default=1)
    document = models.JSONField()
    note = models.TextField(blank=True)
    is_defect = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    requested_at = models.DateTimeField(default=clock.now)
    requested_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    file = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    answer_days = models.PositiveSmallIntegerField(_("days to answer"), default=30)
    lapsed_at = models.DateTimeField(null=True)
    lapsed_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    lapse_reason = models.TextField(blank=True)

    class Meta(InsuredRow.Meta):
        ordering = ("no",)
        constraints = [
            models.UniqueConstraint(fields=("claim", "no"), name="claims_one_request_number"),
            models.UniqueConstraint(
                fields=("claim",),
                condition=models.Q(answered_at=None, lapsed_at=None),
                name="claims_one_open_request",
            ),
        ]

    @property
    def due(self) -> datetime:
        """Until when the insured may answer before the handler may go on."""
        moment: datetime = self.requested_at + timedelta(days=self.answer_days)
        return moment

    @property
    def is_open(self) -> bool:
        """Whether an answer is still awaited."""
        return self.answered_at is None and self.lapsed_at is None


class ClockPause(InsuredRow):
    """Time that a pausable clock does not count, with its ground."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="pauses")
    clock_id = models.CharField(max_length=20)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200)
    law = models.CharField(max_length=100, blank=True)

    class Meta(InsuredRow.Meta):
        ordering = ("started_at", "id")

    def length(self, now: object) -> timedelta:
        """How long it lasted, until now while it still does."""
        end: timedelta = (self.ended_at or now) - self.started_at
        return max(end, timedelta(0))


class ReserveChange(InsuredRow):
    """One change of the case reserve, with the reason and its posting."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="reserve_changes")
    before_fen = models.BigIntegerField()
    after_fen = models.BigIntegerField()
    reason = models.CharField(max_length=300)
    changed_at = models.DateTimeField(default=clock.now)
    changed_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(InsuredRow.Meta):
        ordering = ("id",)
