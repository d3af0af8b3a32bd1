"""The case: the thread on which everything about one insured hangs, through the six steps."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from dinghai_platform.core import clock
from dinghai_platform.core.tenancy import TenantRow


class InsuredRow(TenantRow):
    """A tenant's row about one insured, who sees it too.

    The insured stands on every such row, so that visibility is one condition on one column.
    """

    insured = models.ForeignKey(
        "core.Organisation", models.PROTECT, related_name="+", verbose_name=_("insured")
    )

    shared_through: ClassVar[tuple[str, ...]] = ("insured",)

    class Meta(TenantRow.Meta):
        abstract = True


class Case(InsuredRow):
    """One enterprise's way from the first evidence to the last claim."""

    class Step(models.IntegerChoices):
        DIAGNOSE = 1, _("Diagnose")
        TREAT = 2, _("Treat")
        COVER = 3, _("Price and bind")
        WATCH = 4, _("Watch")
        RESCUE = 5, _("Rescue")
        PAY = 6, _("Settle")

    number = models.CharField(_("number"), max_length=40)
    title = models.CharField(_("title"), max_length=200)
    opened_at = models.DateTimeField(_("opened"), default=clock.now)
    step = models.PositiveSmallIntegerField(
        _("step"), choices=Step.choices, default=Step.DIAGNOSE
    )

    class Meta(InsuredRow.Meta):
        verbose_name = _("case")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "number"), name="underwriting_one_case")
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"
