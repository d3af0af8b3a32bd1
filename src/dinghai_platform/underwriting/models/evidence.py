"""What is known of an enterprise: dossiers, the readings of their files, findings, disputes."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from dinghai_platform.core import clock
from dinghai_platform.underwriting.models.case import Case, InsuredRow

SEVERITY_ORDER = ("info", "low", "medium", "high", "critical")


class Dossier(InsuredRow):
    """One version of an enterprise's dossier. It counts only once it is sealed.

    ``statements`` holds profile and answers; the readings of scans and inventories are rows, so
    that a list of dossiers never loads them.
    """

    class State(models.TextChoices):
        READING = "reading", _("Being read")
        SEALED = "sealed", _("Sealed")
        FAILED = "failed", _("Failed")

    case = models.ForeignKey(Case, models.PROTECT, related_name="dossiers")
    version = models.PositiveIntegerField(_("version"))
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.READING
    )
    source = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    source_sha256 = models.CharField(max_length=64)
    job = models.ForeignKey("core.Job", models.PROTECT, null=True, related_name="+")
    statements = models.JSONField(default=dict)
    sha256 = models.CharField(max_length=64, blank=True)
    files = models.PositiveIntegerField(default=0)
    records = models.PositiveIntegerField(_("records"), default=0)
    findings_count = models.PositiveIntegerField(_("findings"), default=0)
    rejected_count = models.PositiveIntegerField(_("rejected"), default=0)
    ignored_count = models.PositiveIntegerField(_("ignored"), default=0)
    faults = models.JSONField(default=list)
    imported_at = models.DateTimeField(_("imported"), null=True)

    class Meta(InsuredRow.Meta):
        verbose_name = _("dossier")
        constraints = [
            models.UniqueConstraint(
                fields=("case", "version"), name="underwriting_one_dossier_version"
            ),
            models.UniqueConstraint(
                fields=("case", "source_sha256"),
                condition=~models.Q(state="failed"),
                name="underwriting_one_import_of_a_file",
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.version}"


class EvidenceReading(InsuredRow):
    """What one evidence file gave: the reading as the engine made it, with its counts."""

    dossier = models.ForeignKey(Dossier, models.PROTECT, related_name="readings")
    position = models.PositiveIntegerField()
    source_name = models.CharField(_("file"), max_length=400)
    format = models.CharField(_("format"), max_length=40)
    vantage = models.CharField(max_length=20)
    tool = models.CharField(max_length=200, blank=True)
    observed_at = models.DateTimeField(null=True)
    sha256 = models.CharField(max_length=64)
    records = models.PositiveIntegerField()
    findings_count = models.PositiveIntegerField()
    rejected_count = models.PositiveIntegerField()
    ignored_count = models.PositiveIntegerField()
    document = models.JSONField()

    class Meta(InsuredRow.Meta):
        verbose_name = _("evidence reading")
        ordering = ("dossier", "position")
        constraints = [
            models.UniqueConstraint(
                fields=("dossier", "position"), name="underwriting_one_reading_of_a_file"
            )
        ]


class Finding(InsuredRow):
    """One finding of a dossier, with the columns people search and sort by."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        DISPUTED = "disputed", _("Disputed")
        DISREGARDED = "disregarded", _("Disregarded")

    dossier = models.ForeignKey(Dossier, models.PROTECT, related_name="findings")
    reading = models.ForeignKey(EvidenceReading, models.PROTECT, related_name="finding_rows")
    finding_id = models.CharField(_("identifier"), max_length=40)
    kind = models.CharField(_("kind"), max_length=20)
    severity = models.CharField(_("severity"), max_length=10)
    severity_rank = models.PositiveSmallIntegerField()
    asset = models.CharField(_("asset"), max_length=300)
    port = models.PositiveIntegerField(null=True)
    title = models.CharField(_("title"), max_length=500)
    product = models.CharField(max_length=300, blank=True)
    version = models.CharField(max_length=120, blank=True)
    purl = models.CharField(max_length=500, blank=True)
    cves = models.JSONField(default=list)
    cves_text = models.TextField(blank=True)
    vantage = models.CharField(max_length=20)
    source_format = models.CharField(max_length=40)
    source_name = models.CharField(max_length=400)
    reference = models.CharField(max_length=400)
    raw = models.TextField(blank=True)
    known_exploited = models.BooleanField(_("known to be exploited"), default=False)
    observed_at = models.DateTimeField(null=True)
    confidence_ppm = models.PositiveIntegerField()
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.OPEN
    )

    class Meta(InsuredRow.Meta):
        verbose_name = _("finding")
        ordering = ("-severity_rank", "asset", "finding_id")
        constraints = [
            models.UniqueConstraint(
                fields=("dossier", "finding_id"), name="underwriting_one_finding"
            )
        ]
        indexes = [models.Index(fields=("dossier", "-severity_rank", "asset"))]

    def __str__(self) -> str:
        return f"{self.finding_id} {self.title}"


class Dispute(InsuredRow):
    """The insured says a finding is wrong; somebody looks at it and decides, with reasons."""

    finding = models.ForeignKey(Finding, models.PROTECT, related_name="disputes")
    reason = models.TextField(_("reason"))
    evidence = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    raised_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    raised_at = models.DateTimeField(default=clock.now)
    accepted = models.BooleanField(null=True)
    decision = models.TextField(_("decision"), blank=True)
    decided_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta(InsuredRow.Meta):
        verbose_name = _("dispute")
        constraints = [
            models.UniqueConstraint(
                fields=("finding",),
                condition=models.Q(accepted=None),
                name="underwriting_one_open_dispute",
            )
        ]
