"""The rows of the actuary's room: versions of tables, impact runs, and fits of one's own data."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai_platform.core import clock
from dinghai_platform.core.tenancy import TenantRow


class TableVersion(TenantRow):
    """One version of a table that prices or refers, kept for ever.

    ``document`` is the engine's (dinghai.rating/1, dinghai.referral/1) and may change only while
    the version is a draft. It counts from ``in_force_from`` until a later one does.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _p("rates", "Draft")
        PROPOSED = "proposed", _p("rates", "Proposed")
        APPROVED = "approved", _p("rates", "Approved")
        IN_FORCE = "in_force", _p("rates", "In force")
        SUPERSEDED = "superseded", _p("rates", "Superseded")
        REJECTED = "rejected", _p("rates", "Rejected")
        WITHDRAWN = "withdrawn", _p("rates", "Withdrawn")

    COUNTING = ("approved", "in_force", "superseded")
    """States of versions that count on some day."""

    kind = models.CharField(_("kind"), max_length=40)
    table_id = models.CharField(_("table"), max_length=80)
    number = models.PositiveIntegerField(_("number"))
    label = models.CharField(_("version"), max_length=40)
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.DRAFT
    )
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    based_on = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    rolls_back = models.BooleanField(default=False)
    reason = models.TextField(_("reason"), blank=True)
    in_force_from = models.DateField(_("in force from"), null=True)
    drafted_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    proposed_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    proposed_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(blank=True)

    class Meta(TenantRow.Meta):
        verbose_name = _("table version")
        constraints = [
            models.UniqueConstraint(
                fields=("tenant", "kind", "table_id", "number"), name="actuarial_one_number"
            ),
            models.UniqueConstraint(
                fields=("tenant", "kind", "table_id", "label"), name="actuarial_one_label"
            ),
        ]
        indexes = [models.Index(fields=("tenant", "kind", "in_force_from"))]

    def __str__(self) -> str:
        return f"{self.table_id} {self.label}"

    @property
    def state_code(self) -> str:
        """The state as the site's words know it."""
        return f"table_{self.state}"

    @property
    def is_open(self) -> bool:
        """Whether something can still become of it."""
        return self.state in (self.State.DRAFT, self.State.PROPOSED, self.State.APPROVED)


class TableEvent(TenantRow):
    """One step in the life of a version: who did what, when, why, and to which document."""

    version = models.ForeignKey(TableVersion, models.PROTECT, related_name="events")
    event = models.CharField(max_length=20)
    state = models.CharField(max_length=12)
    at = models.DateTimeField(default=clock.now)
    by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    role = models.CharField(max_length=40)
    reason = models.TextField(blank=True)
    document_hash = models.CharField(max_length=64)
    changed = models.JSONField(default=list)

    class Meta(TenantRow.Meta):
        verbose_name = _("step of a table version")
        ordering = ("id",)


class ImpactRun(TenantRow):
    """The whole book under one exact document against the tables in force.

    ``policies_hash`` names the policies in force and their wordings; ``against_hash`` the table in
    force that the document would replace. An approval asks for a run of today's.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        OUTDATED = "outdated", _("The book changed during the run")

    version = models.ForeignKey(TableVersion, models.PROTECT, related_name="impact_runs")
    job = models.ForeignKey("core.Job", models.PROTECT, null=True, related_name="+")
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.RUNNING
    )
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    against = models.ForeignKey(TableVersion, models.PROTECT, null=True, related_name="+")
    against_label = models.CharField(max_length=40)
    against_hash = models.CharField(max_length=64)
    policies_hash = models.CharField(max_length=64)
    as_of = models.DateField(_("as of"))
    policies = models.PositiveIntegerField(_("policies"), default=0)
    quotes = models.PositiveIntegerField(_("open quotes"), default=0)
    faults = models.PositiveIntegerField(_("not re-priced"), default=0)
    summary = models.JSONField(default=dict)
    started_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    finished_at = models.DateTimeField(null=True)

    class Meta(TenantRow.Meta):
        verbose_name = _("impact run")


class ImpactRow(TenantRow):
    """One policy or open quote before and after. Amounts are fen before VAT, ratios ppm."""

    run = models.ForeignKey(ImpactRun, models.PROTECT, related_name="rows")
    policy = models.ForeignKey("underwriting.Policy", models.PROTECT, null=True, related_name="+")
    quote = models.ForeignKey("underwriting.Quote", models.PROTECT, related_name="+")
    insured = models.ForeignKey("core.Organisation", models.PROTECT, related_name="+")
    number = models.CharField(_("number"), max_length=40)
    product = models.CharField(_("product"), max_length=80)
    industry = models.CharField(_("industry"), max_length=2)
    size = models.CharField(_("size"), max_length=12)
    grade = models.CharField(_("grade"), max_length=1)
    technical_before_fen = models.BigIntegerField(null=True)
    technical_after_fen = models.BigIntegerField(null=True)
    charged_before_fen = models.BigIntegerField(null=True)
    charged_after_fen = models.BigIntegerField(null=True)
    change_fen = models.BigIntegerField(null=True)
    change_ppm = models.BigIntegerField(null=True)
    outcome_before = models.CharField(max_length=30, blank=True)
    outcome_after = models.CharField(max_length=30, blank=True)
    reasons_before = models.JSONField(default=list)
    reasons_after = models.JSONField(default=list)
    steps = models.JSONField(default=list)
    fault = models.TextField(blank=True)

    class Meta(TenantRow.Meta):
        verbose_name = _("row of an impact run")
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(fields=("run", "quote"), name="actuarial_once_a_run")
        ]


class FitReport(TenantRow):
    """One fit of one file: what was asked, and what was found.

    ``columns`` is what the file offers (names and kinds, no cells), ``question`` the engine's
    FitQuestion, ``document`` what ``dinghai fit --json`` says, ``screened`` the lines that were not
    used with their reasons. The file itself is a `FitUpload` and goes when the fit is done; its
    hash stays.
    """

    class State(models.TextChoices):
        READ = "read", _p("fit", "To be asked")
        RUNNING = "running", _("Running")
        REFUSED = "refused", _p("fit", "Not fitted")
        DONE = "done", _("Done")
        WITHDRAWN = "withdrawn", _p("rates", "Withdrawn")

    class Origin(models.TextChoices):
        UPLOAD = "upload", _p("fit", "Uploaded file")
        OWN_CLAIMS = "own_claims", _p("fit", "Decided claims of this platform")

    class Kind(models.TextChoices):
        SEVERITY = "severity", _p("fit", "Size of losses")
        FREQUENCY = "frequency", _p("fit", "Number of events")
        DELAY = "delay", _p("fit", "Reporting delay")

    title = models.CharField(_("title"), max_length=120)
    purpose = models.CharField(_("purpose"), max_length=500, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.READ)
    origin = models.CharField(_("data"), max_length=10, choices=Origin.choices)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, blank=True)
    file_name = models.CharField(_("file"), max_length=200)
    file_size = models.PositiveBigIntegerField()
    file_sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField(_("rows"))
    columns = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    is_incidents = models.BooleanField(default=False)
    question = models.JSONField(default=dict)
    unit = models.CharField(max_length=20, blank=True)
    shipped = models.CharField(max_length=80, blank=True)
    fault = models.JSONField(null=True)
    document = models.JSONField(null=True)
    document_hash = models.CharField(max_length=64, blank=True)
    screened = models.JSONField(default=list)
    observations = models.PositiveIntegerField(_("observations"), null=True)
    law = models.CharField(_("chosen law"), max_length=40, blank=True)
    job = models.ForeignKey("core.Job", models.PROTECT, null=True, related_name="+")
    begun_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    finished_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawal_reason = models.TextField(blank=True)

    class Meta(TenantRow.Meta):
        verbose_name = _("fit report")
        indexes = [models.Index(fields=("tenant", "state"))]

    def __str__(self) -> str:
        return self.title

    @property
    def state_code(self) -> str:
        """The state as the site's words know it: of a job that ended before its end, the job's."""
        if self.state == self.State.RUNNING and self.job is not None and self.job.has_ended:
            return str(self.job.state)
        return f"fit_{self.state}"

    @property
    def may_be_asked(self) -> bool:
        """Whether a question may be put: nothing was found yet, and nobody looks for it."""
        return self.state in (self.State.READ, self.State.REFUSED) or (
            self.state == self.State.RUNNING and (self.job is None or self.job.has_ended))


class FitUpload(TenantRow):
    """The bytes of a file that is being fitted. Gone once its fit is done or withdrawn."""

    fit = models.OneToOneField(FitReport, models.PROTECT, related_name="upload")
    content = models.BinaryField()

    class Meta(TenantRow.Meta):
        verbose_name = _("file of a fit")


class FitPaper(TenantRow):
    """A fit as a paper in one language, as it was made: the HTML of its body, and the PDF."""

    fit = models.ForeignKey(FitReport, models.PROTECT, related_name="papers")
    language = models.CharField(max_length=2)
    body = models.TextField()
    pdf = models.BinaryField()

    class Meta(TenantRow.Meta):
        verbose_name = _("paper of a fit")
        constraints = [
            models.UniqueConstraint(fields=("fit", "language"), name="actuarial_one_paper")
        ]
