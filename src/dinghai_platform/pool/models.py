"""The rows of the pool: the pool, its members, what they gave, what was released, two ledgers.

What a member gave is of that member (its tenant is the member's organisation): no other member
sees it, nor the operator. The pool and its releases are of the platform and open to all.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.tenancy import TenantRow


class OpenRow(TenantRow):
    """A row of the platform that everybody signed in may read."""

    class Meta(TenantRow.Meta):
        abstract = True

    @classmethod
    def visibility(cls, actor: Actor) -> models.Q:
        """All of them."""
        return models.Q(pk__isnull=False)


class Pool(OpenRow):
    """The pool of a site. Locking its row puts releases in line, so that none overspends."""

    sealed_key = models.TextField(editable=False)
    year_epsilon_ppm = models.BigIntegerField()
    year_delta_ppb = models.BigIntegerField()

    class Meta(OpenRow.Meta):
        verbose_name = _("pool")
        constraints = [models.UniqueConstraint(fields=("tenant",), name="pool_one_pool")]


class Member(TenantRow):
    """An organisation that the operator admitted to the pool."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Member")
        ENDED = "ended", _("No member any more")

    organisation = models.OneToOneField(
        "core.Organisation", models.PROTECT, related_name="pool_membership")
    state = models.CharField(_("state"), max_length=10, choices=State.choices,
                             default=State.ACTIVE)
    admitted_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)

    shared_through = ("organisation",)

    class Meta(TenantRow.Meta):
        verbose_name = _("member")


class Batch(TenantRow):
    """Records that a member gave together, with the purposes it allows. Never changed but once:
    when it is withdrawn."""

    class State(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    number = models.CharField(_("number"), max_length=40)
    name = models.CharField(_("file"), max_length=200)
    sha256 = models.CharField(max_length=64)
    content_hash = models.CharField(max_length=64)
    purposes = models.JSONField(_("purposes"))
    rows = models.PositiveIntegerField(_("rows"))
    events = models.PositiveIntegerField(_("events"))
    covers = models.PositiveIntegerField(_("years of cover"))
    firms = models.PositiveIntegerField(_("firms"))
    rejected = models.PositiveIntegerField(_("rejected"))
    faults = models.JSONField(default=list)
    given_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=State.choices,
                             default=State.ACCEPTED)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawal_reason = models.TextField(_("reason"), blank=True)

    class Meta(TenantRow.Meta):
        verbose_name = _("batch")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "number"), name="pool_one_batch"),
            models.UniqueConstraint(
                fields=("tenant", "content_hash"), name="pool_content_once",
                condition=models.Q(state="accepted")),
        ]

    @property
    def accepted(self) -> int:
        """How many records it holds."""
        return self.events + self.covers

    def __str__(self) -> str:
        return self.number


class Record(TenantRow):
    """One record; the firm is a keyed hash. Append-only."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="records")
    kind = models.CharField(max_length=10)
    firm = models.CharField(max_length=32)
    day = models.DateField()
    section = models.CharField(max_length=1)
    size_band = models.CharField(max_length=20)
    peril = models.CharField(max_length=30, blank=True)
    amount_fen = models.BigIntegerField(null=True)
    records = models.BigIntegerField(null=True)
    duration_hours = models.IntegerField(null=True)
    role = models.CharField(max_length=20, blank=True)
    fingerprint = models.CharField(max_length=64)
    created_at = None  # the batch says it

    class Meta(TenantRow.Meta):
        verbose_name = _("record")
        indexes = [models.Index(fields=("tenant", "fingerprint"))]


class Release(OpenRow):
    """A release (schema dinghai.pool-release/1) as it was published. Append-only."""

    number = models.CharField(_("number"), max_length=20, unique=True)
    purpose = models.CharField(_("purpose"), max_length=40)
    method = models.CharField(_("method"), max_length=12)
    as_of = models.DateField(_("as of"))
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    published_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(_("published"), default=clock.now)

    class Meta(OpenRow.Meta):
        verbose_name = _("release")

    def __str__(self) -> str:
        return self.number


class ReleaseRequest(TenantRow):
    """That a release was asked for. Its state is its job's until it is published."""

    purpose = models.CharField(_("purpose"), max_length=40)
    method = models.CharField(_("method"), max_length=12)
    tables = models.JSONField()
    epsilon_ppm = models.BigIntegerField(default=0)
    delta_ppb = models.BigIntegerField(default=0)
    requested_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    job = models.OneToOneField("core.Job", models.PROTECT, related_name="+")
    release = models.OneToOneField(Release, models.PROTECT, null=True, related_name="request")

    class Meta(TenantRow.Meta):
        verbose_name = _("request of a release")

    @property
    def state(self) -> str:
        """``requested``, ``running``, ``published``, ``failed`` or ``cancelled``."""
        if self.release_id is not None:
            return "published"
        return "requested" if self.job.state == "queued" else str(self.job.state)


class ReleasedBatch(TenantRow):
    """That a batch entered a release, so that a withdrawal can be told of it. Append-only."""

    release = models.ForeignKey(Release, models.PROTECT, related_name="batches")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="releases")
    records = models.PositiveIntegerField()

    class Meta(TenantRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=("release", "batch"), name="pool_released_once")]


class BudgetEntry(OpenRow):
    """What a private release spent of its year. Append-only."""

    release = models.OneToOneField(Release, models.PROTECT, related_name="spent")
    year = models.PositiveSmallIntegerField()
    epsilon_ppm = models.BigIntegerField()
    delta_ppb = models.BigIntegerField()

    class Meta(OpenRow.Meta):
        indexes = [models.Index(fields=("year",))]


class CreditEntry(TenantRow):
    """Credits that a batch earned, or that its withdrawal took back, in thousandths. Append-only.
    """

    class Kind(models.TextChoices):
        EARNED = "earned", _("Earned")
        REVERSED = "reversed", _("Taken back")

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="credits")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    amount_milli = models.BigIntegerField(_("credits"))
    parts = models.JSONField(default=dict)

    class Meta(TenantRow.Meta):
        verbose_name = _("credit entry")
        constraints = [
            models.UniqueConstraint(fields=("batch", "kind"), name="pool_credit_once")]
