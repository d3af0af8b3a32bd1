"""What follows from the evidence: assessments, treatment plans, quotes, explanations."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dinghai_platform.core import clock
from dinghai_platform.underwriting.models.case import Case, InsuredRow
from dinghai_platform.underwriting.models.evidence import Dossier
from dinghai_platform.underwriting.models.history import Screening


class Assessment(InsuredRow):
    """Scores, grade and outcome of one dossier on one day (document dinghai.assessment/1)."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="assessments")
    dossier = models.ForeignKey(Dossier, models.PROTECT, related_name="assessments")
    as_of = models.DateField(_("as of"))
    kev_as_of = models.DateField()
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    score_ppm = models.PositiveIntegerField(_("score"))
    grade = models.CharField(_("grade"), max_length=1)
    outcome = models.CharField(_("outcome"), max_length=30)
    confidence_ppm = models.PositiveIntegerField(_("confidence"))

    class Meta(InsuredRow.Meta):
        verbose_name = _("assessment")

    def __str__(self) -> str:
        return f"{self.as_of} {self.grade}"


class TreatmentPlan(InsuredRow):
    """Fixes for one assessment, each with its worth under one product's terms.

    ``history`` is the claims history (dinghai.claims-history/1) that they are valued with; null
    without one.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="treatment_plans")
    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="treatment_plans")
    product = models.ForeignKey("catalogue.ProductVersion", models.PROTECT, related_name="+")
    document = models.JSONField()
    expected_loss_fen = models.BigIntegerField()
    charged_fen = models.BigIntegerField()
    history = models.JSONField(null=True)
    history_hash = models.CharField(max_length=64, blank=True, default="")
    planned_at = models.DateTimeField(default=clock.now)

    class Meta(InsuredRow.Meta):
        verbose_name = _("treatment plan")
        constraints = [
            models.UniqueConstraint(
                fields=("assessment", "product", "history_hash"), name="underwriting_one_plan"
            )
        ]


class Fix(InsuredRow):
    """One fix: what it lifts, what it costs to do, what it takes off loss and premium."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        PLANNED = "planned", _("Planned")
        VERIFIED = "verified", _("Verified")

    plan = models.ForeignKey(TreatmentPlan, models.PROTECT, related_name="fixes")
    position = models.PositiveIntegerField()
    code = models.CharField(max_length=80)
    name_zh = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    effort = models.CharField(_("effort"), max_length=20)
    expected_loss_saved_fen = models.BigIntegerField()
    premium_saved_fen = models.BigIntegerField()
    document = models.JSONField()
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.PROPOSED
    )
    due = models.DateField(null=True)
    verified_at = models.DateTimeField(null=True)
    evidence = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")

    class Meta(InsuredRow.Meta):
        verbose_name = _("fix")
        ordering = ("plan", "position")
        constraints = [
            models.UniqueConstraint(fields=("plan", "code"), name="underwriting_one_fix")
        ]

    @property
    def name(self) -> str:
        """The fix in the language of the page."""
        return self.name_en if get_language() == "en" else self.name_zh


class Quote(InsuredRow):
    """One price for one product and one set of amounts (state: the lifecycle's quote machine).

    ``history`` is the claims history (dinghai.claims-history/1) it is rated by; null where none
    was given, which differs from one without a claim.
    """

    SHOWN_TO_INSURED = ("issued", "accepted", "expired", "rejected")

    case = models.ForeignKey(Case, models.PROTECT, related_name="quotes")
    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="quotes")
    product = models.ForeignKey("catalogue.ProductVersion", models.PROTECT, related_name="quotes")
    number = models.CharField(_("number"), max_length=40)
    state = models.CharField(_("state"), max_length=20, default="priced")
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    history = models.JSONField(null=True)
    screening = models.ForeignKey(Screening, models.PROTECT, null=True, related_name="+")
    policy_document = models.JSONField()
    inception = models.DateField()
    expiry = models.DateField()
    limit_fen = models.BigIntegerField(_("limit"))
    deductible_fen = models.BigIntegerField(_("deductible"))
    expected_loss_fen = models.BigIntegerField()
    technical_fen = models.BigIntegerField(_("technical premium"))
    charged_fen = models.BigIntegerField(_("charged premium"))
    vat_fen = models.BigIntegerField()
    gross_fen = models.BigIntegerField(_("gross premium"))
    adequacy_ppm = models.BigIntegerField(_("adequacy"))
    market_factor_ppm = models.BigIntegerField()
    priced_at = models.DateTimeField(default=clock.now)
    valid_until = models.DateField(_("valid until"), null=True)
    referral = models.TextField(blank=True)
    waived = models.JSONField(default=list)
    decided_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(InsuredRow.Meta):
        verbose_name = _("quote")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "number"), name="underwriting_one_quote")
        ]

    def __str__(self) -> str:
        return self.number

    @classmethod
    def visibility(cls, actor: object) -> models.Q:
        """The insured sees a quote from the moment it is issued."""
        organisation = actor.organisation.pk  # type: ignore[attr-defined]
        own = models.Q(tenant_id=organisation)
        return own | (super().visibility(actor) & models.Q(state__in=cls.SHOWN_TO_INSURED))


class Explanation(InsuredRow):
    """That one term was shown, highlighted and explained: when, how, to whom, and which text."""

    quote = models.ForeignKey(Quote, models.PROTECT, related_name="explanations")
    key = models.CharField(max_length=80)
    kind = models.CharField(max_length=20)
    highlighted = models.BooleanField()
    explained_at = models.DateTimeField(null=True)
    channel = models.CharField(_("channel"), max_length=40)
    confirmed_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    confirmed_name = models.CharField(max_length=200)
    shown = models.JSONField()
    shown_sha256 = models.CharField(max_length=64)

    class Meta(InsuredRow.Meta):
        verbose_name = _("explanation")
        ordering = ("quote", "id")
        constraints = [
            models.UniqueConstraint(fields=("quote", "key"), name="underwriting_one_explanation")
        ]
