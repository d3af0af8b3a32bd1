"""The rows of residents' cover: a scheme, its enrolments by list, their chunks and certificates.

A certificate counts once its enrolment is sealed; until then nobody sees it. Who is insured stands
sealed (encrypted) in it: a masked name for lists, and a keyed look-up hash to find a person by.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai.schemes.resident_scheme import ResidentScheme as SchemeDocument
from dinghai.schemes.resident_scheme import scheme_from
from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.tenancy import TenantRow


class OwnRow(TenantRow):
    """A row that its tenant alone sees: there are too many of them to share one by one."""

    class Meta(TenantRow.Meta):
        abstract = True

    @classmethod
    def visibility(cls, actor: Actor) -> models.Q:
        """The tenant's own."""
        return models.Q(tenant_id=actor.organisation.pk)


class ResidentScheme(TenantRow):
    """A group policy for residents; ``document`` (dinghai.resident-scheme/1) never changes."""

    number = models.CharField(_p("scheme", "number"), max_length=40)
    name_zh = models.CharField(_("Chinese name"), max_length=200)
    name_en = models.CharField(_("English name"), max_length=200, blank=True)
    document = models.JSONField()
    first_day = models.DateField(_p("scheme", "first day"))
    last_day = models.DateField(_p("scheme", "last day"))
    created_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(TenantRow.Meta):
        verbose_name = _("residents' scheme")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "number"), name="residents_one_scheme")
        ]

    @property
    def name(self) -> str:
        """Its name in the language of the page."""
        return self.name_en if self.name_en and get_language() == "en" else self.name_zh

    def terms(self) -> SchemeDocument:
        """The scheme as the engine knows it."""
        return scheme_from(self.document)

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class SaleLink(TenantRow):
    """An address at which anybody buys one certificate for themselves, without signing in.

    Of its secret a hash is kept. ``plans`` are the codes offered, ``most`` the largest number of
    sales and ``sold`` how many there were.
    """

    scheme = models.ForeignKey(ResidentScheme, models.PROTECT, related_name="links")
    number = models.CharField(_p("sale link", "number"), max_length=40)
    channel = models.CharField(_p("sale link", "channel"), max_length=100)
    plans = models.JSONField()
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(_p("sale link", "ends"))
    most = models.PositiveIntegerField(_p("sale link", "sales at most"))
    sold = models.PositiveIntegerField(_p("sale link", "sold"), default=0)
    withdrawn_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(TenantRow.Meta):
        verbose_name = _("sale link")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "number"), name="residents_link_number"),
            models.CheckConstraint(
                condition=models.Q(sold__lte=models.F("most")), name="residents_sold_bounded"),
        ]

    @property
    def state(self) -> str:
        """open, sold_out, over or withdrawn."""
        if self.withdrawn_at is not None:
            return "withdrawn"
        if self.expires_at <= clock.machine_now() or self.scheme.last_day <= clock.today():
            return "over"
        return "sold_out" if self.sold >= self.most else "open"

    @property
    def state_code(self) -> str:
        """Its state as the site's words know it."""
        return f"sale_link_{self.state}"

    def __str__(self) -> str:
        return self.number


class Enrolment(TenantRow):
    """A list of residents on its way into a scheme, and what it came to.

    ``accepted`` counts by plan. ``repeated`` are lines of persons who stand in the list before, as
    packed whole numbers. ``root`` is the Merkle root over the chunks' roots, once sealed.
    A sale by a link is an enrolment of one, with the ``link`` in place of a ``file``.
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


class Certificate(OwnRow):
    """One resident's certificate. Its id is its number: within a list in the list's order.

    ``person`` is name, identity number, mobile number and day of consent, sealed; ``look_up`` the
    keyed hash of scheme and identity number.
    """

    class State(models.IntegerChoices):
        IN_FORCE = 1, _p("certificate", "In force")
        REPEATED = 2, _p("certificate", "Void: the person was enrolled already")

    id = models.BigIntegerField(primary_key=True)
    tenant = models.ForeignKey("core.Organisation", models.PROTECT, related_name="+",
                               db_index=False)
    chunk = models.ForeignKey(EnrolmentChunk, models.PROTECT, related_name="certificates",
                              db_index=False)
    line = models.PositiveIntegerField()
    plan = models.PositiveSmallIntegerField()
    state = models.PositiveSmallIntegerField(choices=State.choices, default=State.IN_FORCE)
    masked_name = models.CharField(max_length=50)
    person = models.BinaryField()
    look_up = models.BinaryField()
    created_at = None
    standing: Standing | None = None
    is_as_it_stands = False
    """Whether ``standing`` says how it stands since it was changed (`as_they_stand`)."""
    coming: tuple[tuple[date, int], ...] = ()
    """Plans to come, each with its first day, earliest first."""

    class Meta(OwnRow.Meta):
        verbose_name = _("certificate")
        ordering = ("id",)
        indexes = [
            models.Index(fields=("masked_name", "tenant", "id"), name="residents_by_name")
        ]


class EnrolledPerson(OwnRow):
    """Who is enrolled in which scheme, once: the look-up hash, and the certificate."""

    id = None
    look_up = models.BinaryField(primary_key=True)
    tenant = models.ForeignKey("core.Organisation", models.PROTECT, related_name="+",
                               db_index=False)
    certificate = models.BigIntegerField()
    created_at = None

    class Meta(OwnRow.Meta):
        ordering = ("look_up",)


class CertificateCounter(models.Model):
    """The next certificate number of the site. Its row is locked while a chunk takes its own."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    next_number = models.BigIntegerField(default=1)


class Sale(TenantRow):
    """One certificate bought at a link, written once.

    Of the form's key and of the buyer's receipt hashes are kept, of what was sent a keyed one;
    ``terms`` is the fingerprint of the terms that were shown before (保险法17条).
    """

    link = models.ForeignKey(SaleLink, models.PROTECT, related_name="sales")
    enrolment = models.OneToOneField(Enrolment, models.PROTECT, related_name="sale")
    certificate = models.BigIntegerField()
    plan = models.CharField(max_length=40)
    key_hash = models.CharField(max_length=64)
    content_hash = models.CharField(max_length=64)
    receipt_hash = models.CharField(max_length=64, unique=True)
    receipt_until = models.DateTimeField()
    terms = models.CharField(max_length=64)

    class Meta(TenantRow.Meta):
        verbose_name = _("sale")
        constraints = [
            models.UniqueConstraint(fields=("link", "key_hash"), name="residents_sold_once")
        ]


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


class ListStream(TenantRow):
    """A list that arrives in parts, as a channel's program gathers it. Closed, it is a list like
    any other (``enrolment``), and its parts hold nobody any more."""

    scheme = models.ForeignKey(ResidentScheme, models.PROTECT, related_name="streams")
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


class ChangeList(TenantRow):
    """Many certificates of a scheme corrected, put into other plans, renewed or cancelled at once.

    With ``whole`` it is about all certificates of the enrolments in ``scope``, less those whom the
    file names; else about those whom the file names. ``order`` is the hash of what was asked for.
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
    from ``first`` on, ``accepted`` of them; ``sources`` are a renewal's old certificates and
    ``faults`` those of the others (both packed); ``sums`` in fen."""

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
