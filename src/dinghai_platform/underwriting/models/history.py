"""What a case states of earlier claims, of sanctions, and of what fixes cost: never overwritten."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from dinghai_platform.core import clock
from dinghai_platform.core.tenancy import TenantRow
from dinghai_platform.underwriting.models.case import Case, InsuredRow


class HistoryVersion(InsuredRow):
    """One state of the claims history of a case; the newest counts.

    Every change is a new row, so that undoing is one more. ``is_given`` false says that no history
    is given, which differs from one without claims. ``rows`` are claims as stated, ``uses_held``
    whether those that the platform itself holds count too. ``before`` is what undoing leads to.
    """

    class Act(models.TextChoices):
        YEARS = "years", _("Years stated")
        ADD = "add", _("Claim added")
        CHANGE = "change", _("Claim changed")
        REMOVE = "remove", _("Claim removed")
        IMPORT = "import", _("File imported")
        WITHDRAW = "withdraw", _("History withdrawn")
        UNDO = "undo", _("Undone")
        WHOLE = "whole", _("Stated as a whole")

    case = models.ForeignKey(Case, models.PROTECT, related_name="histories")
    number = models.PositiveIntegerField()
    act = models.CharField(max_length=10, choices=Act.choices)
    is_given = models.BooleanField()
    first = models.DateField(_("first day"), null=True)
    last = models.DateField(_("last day"), null=True)
    uses_held = models.BooleanField(default=False)
    rows = models.JSONField(default=list)
    rows_hash = models.CharField(max_length=64)
    before = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    source = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(default=clock.now)
    made_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(InsuredRow.Meta):
        verbose_name = _("claims history")
        ordering = ("case", "number")
        constraints = [
            models.UniqueConstraint(
                fields=("case", "number"), name="underwriting_one_history_version"
            )
        ]


class Screening(TenantRow):
    """One recorded sanctions screening of an enterprise (document dinghai.screening/1).

    The insurer's alone: the enterprise does not see it. The latest one counts until its last day.
    """

    insured = models.ForeignKey("core.Organisation", models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, models.PROTECT, related_name="screenings")
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    screened_on = models.DateField(_("screened on"))
    valid_until = models.DateField(_("valid until"))
    result = models.CharField(_("result"), max_length=10)
    reference = models.CharField(_("reference"), max_length=200)
    note = models.TextField(blank=True)
    evidence = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField(default=clock.now)
    recorded_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(TenantRow.Meta):
        verbose_name = _("sanctions screening")
        indexes = [models.Index(fields=("tenant", "insured", "screened_on"))]


class OwnFixCosts(InsuredRow):
    """What fixes cost one enterprise by its own offers (document dinghai.fix-costs/1).

    The latest of a case counts; a null document goes back to the shipped costs.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="fix_costs")
    document = models.JSONField(null=True)
    document_hash = models.CharField(max_length=64, blank=True)
    source = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    given_at = models.DateTimeField(default=clock.now)
    given_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(InsuredRow.Meta):
        verbose_name = _("costs of fixes")
