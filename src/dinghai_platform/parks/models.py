"""The rows of parks: a master policy, its members with their premium, papers, and events.

The park's operator sees the rows of its park. A firm's organisation sees the rows of its own
membership and no other: what it needs of the policy stands in its member and its certificate.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai_platform.core.tenancy import TenantRow


def _in_language(chinese: str, english: str) -> str:
    return english if english and get_language() == "en" else chinese


class OperatorRow(TenantRow):
    """A row of an insurer that the park's operator sees too."""

    shared_through = ("operator",)

    operator = models.ForeignKey("core.Organisation", models.PROTECT, null=True, blank=True,
                                 related_name="+")

    class Meta(TenantRow.Meta):
        abstract = True


class Park(OperatorRow):
    """A master policy (dinghai.park/1). ``code`` is the id of its document."""

    class State(models.TextChoices):
        DRAFT = "draft", _p("park", "Draft")
        IN_FORCE = "in_force", _p("park", "Bound")
        CLOSED = "closed", _p("park", "Closed")

    number = models.CharField(_p("park", "number"), max_length=30)
    code = models.CharField(_p("park", "identifier"), max_length=64)
    name_zh = models.CharField(_("Chinese name"), max_length=200)
    name_en = models.CharField(_("English name"), max_length=200, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    policy_no = models.CharField(_("policy number"), max_length=200)
    product_id = models.CharField(max_length=80)
    inception = models.DateField(_p("park", "first day"))
    expiry = models.DateField(_p("park", "last day"))
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    file_name = models.CharField(max_length=200, blank=True)
    opened_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    bound_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    bound_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closing_reason = models.TextField(blank=True)

    class Meta(OperatorRow.Meta):
        verbose_name = _("park")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "number"), name="parks_one_number"),
            models.UniqueConstraint(
                fields=("tenant", "code"), condition=~models.Q(state="closed"),
                name="parks_one_code"),
        ]

    @property
    def name(self) -> str:
        """Its name in the language of the page."""
        return _in_language(self.name_zh, self.name_en)

    @property
    def state_code(self) -> str:
        """The state as the site's words know it."""
        return f"park_{self.state}"

    @property
    def is_in_force(self) -> bool:
        """Whether firms may join, leave and be settled."""
        return self.state == self.State.IN_FORCE

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class ParkMember(OperatorRow):
    """A firm's time under the master policy, as its row of the list says. ``last`` is the last
    day covered; ``left`` whether it ends before the policy. Null lists are not known."""

    shared_through = ("operator", "organisation")

    class State(models.TextChoices):
        ENROLLED = "enrolled", _p("park member", "Enrolled")
        LEFT = "left", _p("park member", "Left")

    organisation = models.ForeignKey("core.Organisation", models.PROTECT, null=True, blank=True,
                                     related_name="+")
    park = models.ForeignKey(Park, models.PROTECT, related_name="members")
    park_number = models.CharField(max_length=30)
    park_zh = models.CharField(max_length=200)
    park_en = models.CharField(max_length=200, blank=True)
    sequence = models.PositiveIntegerField()
    credit_code = models.CharField(_("credit code"), max_length=18)
    name_zh = models.CharField(_("Chinese name"), max_length=200)
    name_en = models.CharField(_("English name"), max_length=200, blank=True)
    sector = models.CharField(_p("park", "sector"), max_length=1)
    rating_class = models.CharField(_p("park", "rating class"), max_length=64)
    size = models.CharField(_p("park", "size"), max_length=64)
    revenue_fen = models.BigIntegerField(_("revenue"), null=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.ENROLLED)
    first = models.DateField(_p("member", "first day"))
    last = models.DateField(_p("member", "last day"))
    limit_fen = models.BigIntegerField(_p("park", "limit each event"))
    top_ups = models.JSONField(default=list)
    top_up_codes = models.CharField(max_length=2_000, blank=True)
    network = models.JSONField(null=True)
    providers = models.JSONField(null=True)
    grade = models.CharField(_("grade"), max_length=1, blank=True)
    findings = models.JSONField(null=True)
    period_fen = models.JSONField(default=dict)
    net_fen = models.BigIntegerField(_("premium before tax"), default=0)
    vat_fen = models.BigIntegerField(_("VAT"), default=0)
    leaving_reason = models.TextField(blank=True)

    class Meta(OperatorRow.Meta):
        verbose_name = _("member of a park")
        indexes = [models.Index(fields=("park", "credit_code"))]
        constraints = [
            models.UniqueConstraint(fields=("park", "sequence"), name="parks_one_sequence"),
            models.UniqueConstraint(
                fields=("park", "credit_code"), condition=models.Q(state="enrolled"),
                name="parks_one_member"),
        ]

    @property
    def name(self) -> str:
        """Its name in the language of the page."""
        return _in_language(self.name_zh, self.name_en)

    @property
    def park_name(self) -> str:
        """The park's name in the language of the page."""
        return _in_language(self.park_zh, self.park_en)

    @property
    def gross_fen(self) -> int:
        """Its premium by the day with VAT."""
        return self.net_fen + self.vat_fen

    @property
    def state_code(self) -> str:
        """The state as the site's words know it."""
        return f"park_member_{self.state}"

    def __str__(self) -> str:
        return self.name


class MemberRow(OperatorRow):
    """A row of one member, which the member's own organisation sees besides the operator."""

    shared_through = ("operator", "member__organisation")

    class Meta(OperatorRow.Meta):
        abstract = True


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


class EventSettlement(OperatorRow):
    """What each member is paid of one event (dinghai.park-settlement/1): proposed by one, approved
    by another, posted. ``claims`` are the amounts that the terms grant before any limit."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _p("settlement", "Waits for approval")
        POSTED = "posted", _p("settlement", "Posted")
        REJECTED = "rejected", _p("settlement", "Rejected")
        REVERSED = "reversed", _p("settlement", "Reversed")

    park = models.ForeignKey(Park, models.PROTECT, related_name="settlements")
    number = models.CharField(_p("park", "number"), max_length=30)
    event = models.CharField(_p("settlement", "event"), max_length=100)
    day = models.DateField(_p("settlement", "happened on"))
    facts = models.TextField(blank=True)
    claims = models.JSONField()
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.PROPOSED)
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    firms = models.PositiveIntegerField(_p("settlement", "firms"))
    claimed_fen = models.BigIntegerField(_p("settlement", "claimed"))
    due_fen = models.BigIntegerField(_p("settlement", "due"))
    retained_fen = models.BigIntegerField(_p("settlement", "stays with the firms"))
    left_fen = models.BigIntegerField(_p("settlement", "left of the period's limit"))
    note = models.TextField(blank=True)
    proposed_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    decided_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reversed_at = models.DateTimeField(null=True)

    class Meta(OperatorRow.Meta):
        verbose_name = _("settlement of a park's event")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "number"), name="parks_one_settlement")
        ]

    @property
    def state_code(self) -> str:
        """The state as the site's words know it."""
        return f"settlement_{self.state}"

    def __str__(self) -> str:
        return f"{self.number} {self.event}"


class MemberClaim(MemberRow):
    """What one member is paid of a posted event: its own lines and nobody else's."""

    member = models.ForeignKey(ParkMember, models.PROTECT, related_name="claims")
    settlement = models.ForeignKey(EventSettlement, models.PROTECT, related_name="members")
    number = models.CharField(max_length=30)
    event = models.CharField(max_length=100)
    day = models.DateField()
    claimed_fen = models.BigIntegerField()
    entitled_fen = models.BigIntegerField()
    paid_before_fen = models.BigIntegerField()
    due_fen = models.BigIntegerField()
    retained_fen = models.BigIntegerField()
    lines = models.JSONField()
    reversed_at = models.DateTimeField(null=True)

    class Meta(MemberRow.Meta):
        verbose_name = _("claim of a park's member")
        constraints = [
            models.UniqueConstraint(fields=("settlement", "member"), name="parks_one_claim")
        ]


class SharedService(OperatorRow):
    """A security service that the park offers to its members with the master policy."""

    class Kind(models.TextChoices):
        MONITORING = "monitoring", _p("park service", "Monitoring")
        SCAN = "scan", _p("park service", "Vulnerability scan")
        TRAINING = "training", _p("park service", "Training")
        DRILL = "drill", _p("park service", "Exercise")
        RESPONSE = "response", _p("park service", "Incident response")
        BACKUP = "backup", _p("park service", "Backup")
        OTHER = "other", _p("park service", "Other")

    class State(models.TextChoices):
        OFFERED = "offered", _p("park service", "Offered")
        WITHDRAWN = "withdrawn", _p("park service", "Withdrawn")

    park = models.ForeignKey(Park, models.PROTECT, related_name="services")
    kind = models.CharField(_p("park service", "kind"), max_length=12, choices=Kind.choices)
    name_zh = models.CharField(_("Chinese name"), max_length=200)
    name_en = models.CharField(_("English name"), max_length=200, blank=True)
    provider = models.CharField(_p("park service", "provider"), max_length=200, blank=True)
    note = models.TextField(_p("park service", "note"), blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.OFFERED)
    offered_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(OperatorRow.Meta):
        verbose_name = _("shared service of a park")

    @property
    def name(self) -> str:
        """Its name in the language of the page."""
        return _in_language(self.name_zh, self.name_en)

    @property
    def state_code(self) -> str:
        """The state as the site's words know it."""
        return f"park_service_{self.state}"

    def __str__(self) -> str:
        return self.name


class ServiceUse(MemberRow):
    """That a member used a shared service on a day."""

    service = models.ForeignKey(SharedService, models.PROTECT, related_name="uses")
    member = models.ForeignKey(ParkMember, models.PROTECT, related_name="uses")
    service_zh = models.CharField(max_length=200)
    service_en = models.CharField(max_length=200, blank=True)
    on = models.DateField(_p("park service", "day"))
    note = models.CharField(_p("park service", "note"), max_length=500, blank=True)
    recorded_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(MemberRow.Meta):
        verbose_name = _("use of a shared service")
        constraints = [
            models.UniqueConstraint(
                fields=("service", "member", "on"), name="parks_one_use")
        ]

    @property
    def service_name(self) -> str:
        """The service's name in the language of the page."""
        return _in_language(self.service_zh, self.service_en)
