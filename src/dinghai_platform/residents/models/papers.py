"""The rows of certificates made as PDF."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from dinghai_platform.core.tenancy import TenantRow
from dinghai_platform.residents.models.lists import Enrolment


class PaperOrder(TenantRow):
    """The certificates of a list asked for as PDF: a job makes its parts. ``standing`` tells how
    they stood when that was; empty where none of them had been changed."""

    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="paper_orders")
    language = models.CharField(max_length=2)
    standing = models.CharField(max_length=80, blank=True)
    job = models.ForeignKey("core.Job", models.PROTECT, null=True, related_name="+")
    created_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(TenantRow.Meta):
        verbose_name = _("certificates as PDF")
        constraints = [
            models.UniqueConstraint(
                fields=("enrolment", "language", "standing"), name="residents_papers_once")
        ]


class PaperPart(TenantRow):
    """A ZIP of some of a list's certificates: PDFs of many pages, and an index of the numbers."""

    order = models.ForeignKey(PaperOrder, models.PROTECT, related_name="parts")
    number = models.PositiveIntegerField()
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    certificates = models.PositiveIntegerField()
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")

    class Meta(TenantRow.Meta):
        ordering = ("number",)
        constraints = [
            models.UniqueConstraint(fields=("order", "number"), name="residents_part_once")
        ]
