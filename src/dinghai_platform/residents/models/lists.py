"""The rows of lists on their way into a scheme: enrolments, their chunks, lists in parts."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai_platform.core import clock
from dinghai_platform.core.tenancy import TenantRow
from dinghai_platform.residents.models.base import OwnRow
from dinghai_platform.residents.models.schemes import ResidentScheme, SaleLink


class Enrolment(TenantRow):
    """A list of residents on its way into a scheme, and what it came to.

    ``accepted`` counts by plan. ``repeated`` are lines of persons who stand in the list before,
    ``enrolled`` those of persons who were in the scheme when it was looked through, both packed
    (`packed_lines`). With ``all_or_nothing`` it is sealed whole or not at all. ``root`` is the
    Merkle root over the chunks' roots, once sealed. A sale by a link is an enrolment of one, with
    the ``link`` in place of a ``file``.
    """

    class State(models.TextChoices):
        READING = "reading", _p("enrolment", "Being read")
        CHECKED = "checked", _p("enrolment", "Checked")
        ISSUING = "issuing", _p("enrolment", "Being issued")
        SEALED = "sealed", _p("enrolment", "Issued")
        CANCELLED = "cancelled", _p("enrolment", "Cancelled")

    scheme = models.ForeignKey(ResidentScheme, models.PROTECT, related_name="enrolments")
    file = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    link = models.ForeignKey(SaleLink, models.PROTECT, null=True, related_name="enrolments")
    file_name = models.CharField(_("file"), max_length=200)
    state = models.CharField(_("state"), max_length=10, choices=State.choices,
                             default=State.READING)
    job = models.ForeignKey("core.Job", models.PROTECT, null=True, related_name="+")
    as_of = models.DateField()
    check_document = models.JSONField(null=True)
    repeated = models.BinaryField(null=True)
    enrolled = models.BinaryField(null=True)
    all_or_nothing = models.BooleanField(default=False)
    rows = models.BigIntegerField(default=0)
    accepted = models.JSONField(default=list)
    rejected = models.BigIntegerField(default=0)
    premium_fen = models.BigIntegerField(_("premium"), default=0)
    sum_insured_fen = models.BigIntegerField(_("sum insured"), default=0)
    root = models.CharField(max_length=64, blank=True)
    sealed_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(TenantRow.Meta):
        verbose_name = _("enrolment")
        constraints = [
            models.UniqueConstraint(
                fields=("scheme", "file"), name="residents_list_once",
                condition=~models.Q(state="cancelled")),
            models.CheckConstraint(
                condition=models.Q(file=None) ^ models.Q(link=None),
                name="residents_list_or_sale"),
        ]

    @property
    def number(self) -> int:
        """Residents enrolled."""
        return sum(self.accepted)

    @property
    def first_day(self) -> date:
        """The first day of cover of its certificates: the scheme's; of a sale within the scheme's
        period, the day after the sale."""
        if self.link_id is None:
            return self.scheme.first_day
        return max(self.scheme.first_day, self.as_of + timedelta(days=1))

    @property
    def state_code(self) -> str:
        """Its state as the site's words know it."""
        return f"enrolment_{self.state}"


class EnrolmentChunk(OwnRow):
    """Some rows of a list as they were staged: the certificates' ids, from ``first`` on and as many
    as ``accepted`` sums to, the Merkle root over them, and the faults of the others (packed)."""

    id = models.BigAutoField(primary_key=True)
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="chunks")
    number = models.PositiveIntegerField()
    first = models.BigIntegerField()
    accepted = models.JSONField()
    rejected = models.PositiveIntegerField()
    faults = models.BinaryField()
    root = models.CharField(max_length=64)
    created_at = None

    class Meta(OwnRow.Meta):
        ordering = ("number",)
        constraints = [
            models.UniqueConstraint(fields=("enrolment", "number"), name="residents_chunk_once")
        ]


class ListStream(TenantRow):
    """A list that arrives in parts, as a channel's program gathers it. Closed, it is a list like
    any other (``enrolment``), and its parts hold nobody any more. ``touched_at`` is when it was
    opened or its last part came."""

    scheme = models.ForeignKey(ResidentScheme, models.PROTECT, related_name="streams")
    touched_at = models.DateTimeField(default=clock.now, editable=False)
    name = models.CharField(_p("file", "name"), max_length=150)
    parts = models.PositiveIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    accepted = models.BigIntegerField(default=0)
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, null=True, related_name="+")
    created_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(TenantRow.Meta):
        verbose_name = _("stream of residents")
        constraints = [
            models.UniqueConstraint(fields=("scheme", "name"), name="residents_stream_once")
        ]


class ListPart(OwnRow):
    """A part of a stream: the good rows as lines of CSV, sealed, until the stream is closed; the
    faults of the others; and the hash of what was sent, by which the same part is known again."""

    id = models.BigAutoField(primary_key=True)
    stream = models.ForeignKey(ListStream, models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    accepted = models.PositiveIntegerField()
    faults = models.JSONField(default=list)
    size = models.PositiveIntegerField()
    lines = models.BinaryField()
    created_at = None

    class Meta(OwnRow.Meta):
        ordering = ("number",)
        constraints = [
            models.UniqueConstraint(
                fields=("stream", "number"), name="residents_stream_part_once")
        ]
