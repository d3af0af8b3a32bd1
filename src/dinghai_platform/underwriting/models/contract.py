"""What is agreed: policies, their papers, endorsements."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from dinghai_platform.core import clock
from dinghai_platform.underwriting.models.case import Case, InsuredRow
from dinghai_platform.underwriting.models.offer import Quote


class Policy(InsuredRow):
    """A contract (document dinghai.policy/1; state: the lifecycle's policy machine)."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="policies")
    quote = models.OneToOneField(Quote, models.PROTECT, related_name="policy")
    applicant = models.ForeignKey(
        "core.Organisation", models.PROTECT, related_name="+", verbose_name=_("applicant")
    )
    policy_no = models.CharField(_("policy number"), max_length=40)
    state = models.CharField(_("state"), max_length=20, default="bound")
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    inception = models.DateField(_("first day"))
    expiry = models.DateField(_("last day"))
    aggregate_limit_fen = models.BigIntegerField(_("aggregate limit"))
    net_premium_fen = models.BigIntegerField()
    vat_fen = models.BigIntegerField()
    gross_premium_fen = models.BigIntegerField(_("gross premium"))
    bound_at = models.DateTimeField(default=clock.now)
    paid_at = models.DateTimeField(null=True)

    shared_through: ClassVar[tuple[str, ...]] = ("insured", "applicant")

    class Meta(InsuredRow.Meta):
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "policy_no"), name="underwriting_one_policy")
        ]
        indexes = [models.Index(fields=("tenant", "state"))]

    def __str__(self) -> str:
        return self.policy_no


class Endorsement(InsuredRow):
    """A change of a policy by written agreement (保险法20条)."""

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="endorsements")
    number = models.CharField(_("number"), max_length=60)
    kind = models.CharField(_("kind"), max_length=40)
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    amount_fen = models.BigIntegerField(_("amount"))
    effective = models.DateField(_("effective"))
    issued_at = models.DateTimeField(default=clock.now)

    class Meta(InsuredRow.Meta):
        verbose_name = _("endorsement")
        ordering = ("policy", "id")
        constraints = [
            models.UniqueConstraint(
                fields=("tenant", "number"), name="underwriting_one_endorsement"
            )
        ]

    def __str__(self) -> str:
        return self.number


class Paper(InsuredRow):
    """A PDF that was made for a quote, a policy or an endorsement."""

    class Kind(models.TextChoices):
        QUOTATION = "quotation", _("Quotation slip")
        SCHEDULE = "schedule", _("Policy schedule")
        BOOKLET = "booklet", _("Clause booklet")
        EXPLANATIONS = "explanations", _("Explanation checklist")
        ENDORSEMENT = "endorsement", _("Endorsement")

    quote = models.ForeignKey(Quote, models.PROTECT, null=True, related_name="papers")
    policy = models.ForeignKey(Policy, models.PROTECT, null=True, related_name="papers")
    endorsement = models.ForeignKey(Endorsement, models.PROTECT, null=True, related_name="papers")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    language = models.CharField(max_length=10, default="zh")
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=clock.now)

    class Meta(InsuredRow.Meta):
        verbose_name = _("paper")
        ordering = ("id",)
