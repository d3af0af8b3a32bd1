"""How members change, what it costs, and their certificates."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai_platform.parks.models.members import Park, ParkMember
from dinghai_platform.parks.models.rows import MemberRow, OperatorRow


class MemberChange(OperatorRow):
    """A change of the members on its way: looked through, seen by a person, applied once.

    ``outcome`` is what became of each row (dinghai.park-enrolment/1), ``preview`` what it costs
    and gives back by day; ``preview_hash`` is what the person saw.
    """

    class Kind(models.TextChoices):
        LIST = "list", _p("park change", "List of members")
        JOIN = "join", _p("park change", "Joining")
        LEAVE = "leave", _p("park change", "Leaving")

    class State(models.TextChoices):
        CHECKED = "checked", _p("park change", "Looked through")
        APPLIED = "applied", _p("park change", "Applied")
        DROPPED = "dropped", _p("park change", "Dropped")

    park = models.ForeignKey(Park, models.PROTECT, related_name="changes")
    number = models.CharField(_p("park", "number"), max_length=30)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.CHECKED)
    file = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    file_name = models.CharField(_("file"), max_length=200)
    columns = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    outcome = models.JSONField()
    preview = models.JSONField(default=dict)
    preview_hash = models.CharField(max_length=64)
    joined = models.PositiveIntegerField(_p("park change", "joining"), default=0)
    left = models.PositiveIntegerField(_p("park change", "leaving"), default=0)
    rejected = models.PositiveIntegerField(_p("park change", "at fault"), default=0)
    charged_fen = models.BigIntegerField(_p("park change", "charged"), default=0)
    refunded_fen = models.BigIntegerField(_p("park change", "given back"), default=0)
    asked_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    decided_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta(OperatorRow.Meta):
        verbose_name = _("change of a park's members")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "number"), name="parks_one_change")
        ]

    @property
    def state_code(self) -> str:
        """The state as the site's words know it."""
        return f"park_change_{self.state}"

    def __str__(self) -> str:
        return f"{self.number} {self.file_name}"


class PremiumStep(MemberRow):
    """A step of a member's premium, kept for ever: owed for a cover from a day on (negative: goes
    back). ``place`` counts the steps of that cover."""

    member = models.ForeignKey(ParkMember, models.PROTECT, related_name="steps")
    change = models.ForeignKey(MemberChange, models.PROTECT, related_name="steps")
    cover = models.CharField(max_length=64)
    place = models.PositiveIntegerField()
    on = models.DateField()
    reason = models.CharField(max_length=10)
    days_left = models.PositiveIntegerField()
    net_fen = models.BigIntegerField()
    vat_fen = models.BigIntegerField()
    entry = models.ForeignKey("ledger.JournalEntry", models.PROTECT, null=True, related_name="+")

    class Meta(MemberRow.Meta):
        verbose_name = _("step of a park member's premium")
        ordering = ("member", "on", "cover", "place")
        constraints = [
            models.UniqueConstraint(fields=("member", "cover", "place"), name="parks_one_step")
        ]

    @property
    def gross_fen(self) -> int:
        """With VAT."""
        return self.net_fen + self.vat_fen


class ParkCertificate(MemberRow):
    """What a member's certificate says (dinghai.park-certificate/1), kept for ever; a change of
    its cover or premium gives the next revision."""

    member = models.ForeignKey(ParkMember, models.PROTECT, related_name="certificates")
    number = models.CharField(_p("park", "number"), max_length=120)
    revision = models.PositiveIntegerField(_p("park", "revision"))
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    issued_on = models.DateField(_p("park", "issued on"))

    class Meta(MemberRow.Meta):
        verbose_name = _("certificate of a park's member")
        constraints = [
            models.UniqueConstraint(
                fields=("member", "revision"), name="parks_one_revision")
        ]


class CertificatePack(OperatorRow):
    """The certificates of all members in one ZIP, made by a job."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")

    park = models.ForeignKey(Park, models.PROTECT, related_name="packs")
    language = models.CharField(max_length=2)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.RUNNING)
    certificates = models.PositiveIntegerField()
    job = models.ForeignKey("core.Job", models.PROTECT, null=True, related_name="+")
    file = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    asked_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(OperatorRow.Meta):
        verbose_name = _("certificates of a park")

    @property
    def state_code(self) -> str:
        """The state as the site's words know it: of a job that ended before its end, the job's."""
        if self.state == self.State.RUNNING and self.job is not None and self.job.has_ended:
            return str(self.job.state)
        return str(self.state)
