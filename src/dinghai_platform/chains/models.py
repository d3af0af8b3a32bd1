"""The rows of supply chains: a chain, its versions, imports that wait, runs and their documents."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai_platform.core.tenancy import TenantRow


class OwnerRow(TenantRow):
    """A row of an insurer that the chain owner's organisation sees too."""

    owner = models.ForeignKey("core.Organisation", models.PROTECT, null=True, related_name="+")

    shared_through = ("owner",)

    class Meta(TenantRow.Meta):
        abstract = True


class SupplyChain(OwnerRow):
    """One supply chain of an insurer, known by the ``code`` that its documents carry as their id.

    ``owner`` is the chain owner's organisation, where it has one here. What is known of the chain
    stands in its versions; ``latest`` is the number of the last one.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _p("chain", "Kept")
        WITHDRAWN = "withdrawn", _p("chain", "Withdrawn")

    code = models.CharField(_p("chain", "identifier"), max_length=64)
    name_zh = models.CharField(_("Chinese name"), max_length=200)
    name_en = models.CharField(_("English name"), max_length=200, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.ACTIVE)
    latest = models.PositiveIntegerField(_("version"), default=0)
    firms = models.PositiveIntegerField(_p("chain", "firms"), default=0)
    revenue_fen = models.BigIntegerField(_p("chain", "revenue of all"), default=0)
    as_of = models.DateField(_("as of"), null=True)
    begun_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    withdrawn_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawal_reason = models.TextField(blank=True)

    class Meta(OwnerRow.Meta):
        verbose_name = _("supply chain")
        constraints = [
            models.UniqueConstraint(
                fields=("tenant", "code"), condition=models.Q(state="active"),
                name="chains_one_code")
        ]

    @property
    def name(self) -> str:
        """Its name in the language of the page."""
        return self.name_en if self.name_en and get_language() == "en" else self.name_zh

    @property
    def state_code(self) -> str:
        """The state as the site's words know it."""
        return f"chain_{self.state}"

    @property
    def is_active(self) -> bool:
        """Whether it may still be changed and run."""
        return self.state == self.State.ACTIVE

    def __str__(self) -> str:
        return self.name


class ChainVersion(OwnerRow):
    """What was known of a chain on a day, kept for ever.

    ``document`` is the canonical JSON of dinghai.chain/1, and ``document_hash`` the SHA-256 of
    these very bytes. ``counts`` are rows by table, ``report`` what the import said of itself.
    """

    class Source(models.TextChoices):
        FOLDER = "folder", _p("chain", "Folder of tables")
        JSON = "json", _p("chain", "JSON document")
        LIST = "list", _p("chain", "Supplier list")

    chain = models.ForeignKey(SupplyChain, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    as_of = models.DateField(_("as of"))
    document = models.TextField()
    document_hash = models.CharField(max_length=64)
    counts = models.JSONField(default=dict)
    source = models.CharField(_p("chain", "came from"), max_length=10, choices=Source.choices)
    file_name = models.CharField(_("file"), max_length=200)
    file_sha256 = models.CharField(max_length=64)
    report = models.JSONField(default=dict)
    note = models.CharField(_p("chain", "note"), max_length=500, blank=True)
    kept_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(OwnerRow.Meta):
        verbose_name = _("version of a supply chain")
        constraints = [
            models.UniqueConstraint(fields=("chain", "number"), name="chains_one_number")
        ]

    def __str__(self) -> str:
        return f"{self.chain} v{self.number}"


class ChainImport(OwnerRow):
    """A file that was read and waits to be kept: what would come of it, and what it cannot say.

    ``chain`` is the chain it would make a new version of, None for a new chain. ``settings`` are
    the columns, assumptions and owner that a supplier list was read with; ``document`` the chain
    it would make (canonical JSON), empty while there are ``faults``.
    """

    class State(models.TextChoices):
        READ = "read", _p("chain import", "Waits")
        KEPT = "kept", _p("chain import", "Kept")
        DROPPED = "dropped", _p("chain import", "Dropped")

    chain = models.ForeignKey(SupplyChain, models.PROTECT, null=True, related_name="imports")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.READ)
    source = models.CharField(max_length=10, choices=ChainVersion.Source.choices)
    file_name = models.CharField(_("file"), max_length=200)
    file_size = models.PositiveBigIntegerField()
    file_sha256 = models.CharField(max_length=64)
    content = models.BinaryField(null=True)
    settings = models.JSONField(default=dict)
    document = models.TextField(blank=True)
    document_hash = models.CharField(max_length=64, blank=True)
    report = models.JSONField(default=dict)
    faults = models.JSONField(default=list)
    begun_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    version = models.ForeignKey(ChainVersion, models.PROTECT, null=True, related_name="+")

    class Meta(OwnerRow.Meta):
        verbose_name = _("import of a supply chain")

    @property
    def is_open(self) -> bool:
        """Whether it may still be kept or dropped."""
        return self.state == self.State.READ


class ChainRun(OwnerRow):
    """Years of one version's twin: what was asked, by which tables, and how far it is.

    ``day`` is the day of the threat tables, ``budget_fen`` what a plan of fixes may cost, ``since``
    the earlier run that changes are told against. What was found stands in `RunDocument`; ``holds``
    names the parts there are, ``lacks`` those that it does not make.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    chain = models.ForeignKey(SupplyChain, models.PROTECT, related_name="runs")
    version = models.ForeignKey(ChainVersion, models.PROTECT, related_name="runs")
    job = models.ForeignKey("core.Job", models.PROTECT, null=True, related_name="+")
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.RUNNING)
    years = models.PositiveIntegerField(_("simulated years"))
    seed = models.PositiveIntegerField(_("seed"))
    day = models.DateField(_("day of the threat tables"))
    kev_as_of = models.DateField(null=True)
    epss_as_of = models.DateField(null=True)
    budget_fen = models.BigIntegerField(_("budget for fixes"), null=True)
    holds = models.JSONField(default=list)
    lacks = models.JSONField(default=list)
    mean_fen = models.BigIntegerField(_("loss a year"), null=True)
    paid_fen = models.BigIntegerField(_("paid by the programme"), null=True)
    tail_fen = models.BigIntegerField(null=True)
    fault = models.JSONField(null=True)
    since = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    asked_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    finished_at = models.DateTimeField(null=True)

    class Meta(OwnerRow.Meta):
        verbose_name = _("run of a supply chain")
        indexes = [models.Index(fields=("version", "state"))]

    @property
    def state_code(self) -> str:
        """The state as the site's words know it: of a job that ended before its end, the job's."""
        if self.state == self.State.RUNNING and self.job is not None and self.job.has_ended:
            return str(self.job.state)
        return str(self.state)

    @property
    def is_going_on(self) -> bool:
        """Whether a job works on it."""
        return (self.state == self.State.RUNNING and self.job is not None
                and not self.job.has_ended)

    def __str__(self) -> str:
        return f"{self.chain} v{self.version.number} · {self.years:,} · {self.seed}"


class RunDocument(OwnerRow):
    """One part of what a run found, as the engine says it, kept for ever."""

    run = models.ForeignKey(ChainRun, models.PROTECT, related_name="documents")
    part = models.CharField(max_length=20)
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)

    class Meta(OwnerRow.Meta):
        verbose_name = _("document of a run")
        constraints = [models.UniqueConstraint(fields=("run", "part"), name="chains_one_part")]
