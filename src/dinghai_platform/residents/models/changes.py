"""The rows of changes of certificates, and of how each stands since; the pace of a list."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai_platform.core.tenancy import TenantRow
from dinghai_platform.residents.models.base import OwnRow
from dinghai_platform.residents.models.lists import Enrolment
from dinghai_platform.residents.models.schemes import ResidentScheme


class ChangeList(TenantRow):
    """Many certificates of a scheme corrected, put into other plans, renewed or cancelled at once.

    With ``whole`` it is about all certificates of the enrolments in ``scope``, less those whom the
    file names; else about those whom the file names. ``order`` is the hash of what was asked for.
    With ``all_or_nothing`` every row of it is done or none.
    ``moved`` counts certificates out of and into each plan.
    """

    class Kind(models.TextChoices):
        CORRECTION = "correction", _p("change", "Correction")
        PLAN = "plan", _p("change", "Change of plan")
        RENEWAL = "renewal", _p("change", "Renewal")
        CANCELLATION = "cancellation", _p("change", "Cancellation")

    class State(models.TextChoices):
        READING = "reading", _p("changes", "Being read")
        CHECKED = "checked", _p("changes", "Checked")
        APPLYING = "applying", _p("changes", "Being done")
        SEALED = "sealed", _p("changes", "Done")
        CANCELLED = "cancelled", _p("changes", "Given up")

    scheme = models.ForeignKey(ResidentScheme, models.PROTECT, related_name="changes")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    whole = models.BooleanField(default=False)
    scope = models.JSONField(default=list)
    file = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    file_name = models.CharField(_("file"), max_length=200, blank=True)
    from_day = models.DateField(_p("changes", "from"))
    target = models.ForeignKey(ResidentScheme, models.PROTECT, null=True, related_name="+")
    consent_since = models.DateField(null=True)
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, null=True, related_name="+")
    order = models.CharField(max_length=64)
    state = models.CharField(_("state"), max_length=10, choices=State.choices,
                             default=State.READING)
    job = models.ForeignKey("core.Job", models.PROTECT, null=True, related_name="+")
    as_of = models.DateField()
    check_document = models.JSONField(null=True)
    repeated = models.BinaryField(null=True)
    all_or_nothing = models.BooleanField(default=False)
    rows = models.BigIntegerField(default=0)
    accepted = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    left_out = models.BigIntegerField(default=0)
    charged_fen = models.BigIntegerField(_("charged"), default=0)
    refunded_fen = models.BigIntegerField(_("refunded"), default=0)
    moved = models.JSONField(default=list)
    root = models.CharField(max_length=64, blank=True)
    sealed_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(TenantRow.Meta):
        verbose_name = _("list of changes")
        constraints = [
            models.UniqueConstraint(
                fields=("tenant", "order"), name="residents_changes_once",
                condition=~models.Q(state="cancelled"))
        ]

    @property
    def state_code(self) -> str:
        """Its state as the site's words know it."""
        return f"changes_{self.state}"

    @property
    def title(self) -> str:
        """Its file, or what it is about where it has none."""
        return self.file_name or f"{self.get_kind_display()} {self.from_day}"

    def __str__(self) -> str:
        return self.title


class ChangeChunk(OwnRow):
    """Some rows of a list of changes as they were staged: changes (of a renewal: new certificates)
    from ``first`` on, ``accepted`` of them; ``sources`` are a renewal's old certificates, each with
    the change by which it stood (`renewal_sources`), and ``faults`` those of the others (both
    packed); ``sums`` in fen."""

    id = models.BigAutoField(primary_key=True)
    changes = models.ForeignKey(ChangeList, models.PROTECT, related_name="chunks")
    number = models.PositiveIntegerField()
    first = models.BigIntegerField()
    accepted = models.PositiveIntegerField()
    rejected = models.PositiveIntegerField()
    left_out = models.PositiveIntegerField()
    sums = models.JSONField()
    moved = models.JSONField()
    sources = models.BinaryField()
    faults = models.BinaryField()
    root = models.CharField(max_length=64)
    created_at = None

    class Meta(OwnRow.Meta):
        ordering = ("number",)
        constraints = [
            models.UniqueConstraint(fields=("changes", "number"), name="residents_change_chunk")
        ]


class Change(OwnRow):
    """A certificate as it is after a change; the certificate itself stays as it was issued.

    ``before`` is the change that it follows (0: none). ``step_fen`` is charged (negative: goes
    back), ``owed_fen`` what all the cover costs after it. ``ended_on`` is the first day without
    cover. ``masked_name`` and ``person_of`` (the change that holds the person, sealed) are empty
    and 0 where they are as issued.
    """

    class State(models.IntegerChoices):
        STANDS = 1, _p("change", "Stands")
        OVERTAKEN = 2, _p("change", "Void: the certificate was changed meanwhile")
        REPEATED = 3, _p("change", "Void: the certificate stands in the list before")

    id = models.BigIntegerField(primary_key=True)
    tenant = models.ForeignKey("core.Organisation", models.PROTECT, related_name="+",
                               db_index=False)
    chunk = models.ForeignKey(ChangeChunk, models.PROTECT, related_name="certificates",
                              db_index=False)
    line = models.PositiveIntegerField()
    certificate = models.BigIntegerField()
    before = models.BigIntegerField()
    state = models.PositiveSmallIntegerField(choices=State.choices, default=State.STANDS)
    day = models.DateField()
    plan_before = models.PositiveSmallIntegerField()
    plan = models.PositiveSmallIntegerField()
    step_fen = models.BigIntegerField()
    owed_fen = models.BigIntegerField()
    ended_on = models.DateField(null=True)
    masked_name = models.CharField(max_length=50, blank=True)
    person_of = models.BigIntegerField()
    person = models.BinaryField()
    created_at = None

    class Meta(OwnRow.Meta):
        verbose_name = _("change")
        ordering = ("id",)


class Standing(OwnRow):
    """How a changed certificate stands now: its last sealed change, found by its number."""

    id = None
    certificate = models.BigIntegerField(primary_key=True)
    tenant = models.ForeignKey("core.Organisation", models.PROTECT, related_name="+",
                               db_index=False)
    change = models.BigIntegerField()
    day = models.DateField()
    plan = models.PositiveSmallIntegerField()
    owed_fen = models.BigIntegerField()
    ended_on = models.DateField(null=True)
    masked_name = models.CharField(max_length=50, blank=True)
    person_of = models.BigIntegerField()
    created_at = None

    class Meta(OwnRow.Meta):
        ordering = ("certificate",)
        indexes = [models.Index(fields=("masked_name",), name="residents_by_new_name",
                                condition=~models.Q(masked_name=""))]


class Pace(OwnRow):
    """How many rows a second a list may take (an enrolment or a list of changes, by its key)."""

    subject = models.UUIDField(unique=True)
    rows_a_second = models.PositiveIntegerField()
