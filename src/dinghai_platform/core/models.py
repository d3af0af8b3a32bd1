"""Organisations and people, and the rows of what every room stands on.

Tables: organisation, user, membership, relation (whom an insurer deals with), invitation,
set-up link, token, share, audit chain and entry, idempotent answer, job, worker, stored file.
"""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dinghai_platform.core import clock
from dinghai_platform.core.keys import new_key
from dinghai_platform.core.tenancy import TenantRow


class Organisation(models.Model):
    """Anyone who takes part: an insurer (a tenant), an insured, a provider, an authority …"""

    class Kind(models.TextChoices):
        PLATFORM = "platform", _("Platform operator")
        INSURER = "insurer", _("Insurer")
        INSURED = "insured", _("Insured enterprise")
        BROKER = "broker", _("Broker or agent")
        PROVIDER = "provider", _("Security-service provider")
        ADJUSTER = "adjuster", _("Loss adjuster")
        CHAIN_OWNER = "chain_owner", _("Chain owner")
        PARK = "park", _("Park operator")
        REINSURER = "reinsurer", _("Reinsurer")
        REGULATOR = "regulator", _("Authority")
        MEDIATOR = "mediator", _("Mediator")

    TENANTS = (Kind.PLATFORM, Kind.INSURER)

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    name_zh = models.CharField(_("Chinese name"), max_length=200)
    name_en = models.CharField(_("English name"), max_length=200, blank=True)
    credit_code = models.CharField(
        _("unified social credit code"), max_length=18, unique=True, null=True, blank=True
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("organisation")
        ordering = ("name_zh",)
        constraints = [
            models.UniqueConstraint(
                fields=("kind",), condition=models.Q(kind="platform"), name="core_one_platform"
            )
        ]

    @property
    def is_tenant(self) -> bool:
        """Whether business rows belong to it."""
        return self.kind in self.TENANTS

    @property
    def name(self) -> str:
        """Its name in the language of the page."""
        return self.name_en if self.name_en and get_language() == "en" else self.name_zh

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """A person who signs in. What they may do comes from memberships alone."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    email = models.EmailField(_("e-mail"), unique=True)
    full_name = models.CharField(_("full name"), max_length=100, blank=True)
    language = models.CharField(_("language"), max_length=10, default="zh-hans")

    objects = UserManager()

    class Meta:
        verbose_name = _("user")

    def __str__(self) -> str:
        return self.full_name or self.username


class Membership(models.Model):
    """A user's role in an organisation. One user may hold several and switches between them."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=40)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("membership")
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(
                fields=("user", "organisation", "role"), name="core_one_membership"
            )
        ]


class Relation(TenantRow):
    """An organisation that a tenant deals with: its customer, provider, reinsurer …"""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="relations")

    shared_through = ("organisation",)

    class Meta(TenantRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=("tenant", "organisation"), name="core_one_relation")
        ]


class Invitation(models.Model):
    """A link, shown once, by which an invited person makes an account. Only its hash is kept."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="invitations")
    role = models.CharField(max_length=40)
    email = models.EmailField()
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.machine_now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)


class SetupLink(models.Model):
    """The one-time link that makes the first administrator. Only its hash is kept."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=clock.machine_now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class ApiToken(models.Model):
    """A bearer token of one membership. Only its hash is kept; `head` lets a person tell it."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="tokens")
    name = models.CharField(_("name"), max_length=100)
    head = models.CharField(max_length=12)
    token_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=clock.machine_now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)


class Share(models.Model):
    """One row shown to one more organisation, with who showed it and why."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    tenant = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    subject_type = models.CharField(max_length=100)
    subject_id = models.UUIDField()
    reason = models.CharField(max_length=300)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("subject_type", "subject_id", "organisation"), name="core_one_share"
            )
        ]


class AuditChain(models.Model):
    """The head of one tenant's chain; locking this row puts the tenant's writers in line."""

    tenant = models.OneToOneField(
        Organisation, models.PROTECT, primary_key=True, related_name="audit_chain"
    )
    length = models.BigIntegerField(default=0)
    head = models.CharField(max_length=64)


class AuditEntry(TenantRow):
    """One link: what was done to what, by whom, with the hash of the link before. Append-only."""

    sequence = models.BigIntegerField()
    at = models.DateTimeField()
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    role = models.CharField(max_length=40)
    action = models.CharField(max_length=80)
    subject_type = models.CharField(max_length=100)
    subject_id = models.CharField(max_length=80)
    payload = models.TextField()
    leaf_count = models.BigIntegerField(null=True)
    merkle_root = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    created_at = None  # `at` says it, and `at` is hashed

    class Meta(TenantRow.Meta):
        ordering = ("tenant", "sequence")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "sequence"), name="core_audit_sequence")
        ]
        indexes = [
            models.Index(fields=("tenant", "subject_type", "subject_id")),
            models.Index(fields=("tenant", "action")),
        ]


class IdempotentAnswer(models.Model):
    """The answer to a write, kept with the write itself."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    owner = models.CharField(max_length=160)
    key = models.CharField(max_length=200)
    operation = models.CharField(max_length=300)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    media_type = models.CharField(max_length=100)
    answer = models.TextField()
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("owner", "key"), name="core_one_answer_per_key")
        ]


class Job(TenantRow):
    """A piece of long work, done in chunks by whoever holds its lease."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    ENDED = (State.DONE, State.FAILED, State.CANCELLED)

    kind = models.CharField(_("kind"), max_length=80)
    key = models.CharField(max_length=120, null=True)
    title = models.CharField(_("title"), max_length=200, blank=True)
    arguments = models.JSONField(default=dict)
    cursor = models.JSONField(default=dict)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.QUEUED
    )
    progress = models.BigIntegerField(_("progress"), default=0)
    total = models.BigIntegerField(_("total"), null=True)
    message = models.CharField(_("message"), max_length=500, blank=True)
    reason = models.CharField(_("why it waits"), max_length=500, blank=True)
    result = models.JSONField(null=True)
    error = models.TextField(_("error"), blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=3)
    not_before = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=200, blank=True)
    fence = models.BigIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    role = models.CharField(max_length=40)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    shared_through = ("organisation",)

    class Meta(TenantRow.Meta):
        verbose_name = _("job")
        constraints = [models.UniqueConstraint(fields=("tenant", "key"), name="core_one_job")]
        indexes = [models.Index(fields=("state", "id"))]

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in self.ENDED

    @property
    def percent(self) -> int | None:
        """Progress in whole percent, None while the total is unknown."""
        if not self.total:
            return None
        return min(100, self.progress * 100 // self.total)


class WorkerPresence(models.Model):
    """A worker that was seen, so that a waiting job can say why it waits."""

    identity = models.CharField(max_length=200, primary_key=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()


class StoredFile(TenantRow):
    """Bytes kept for a tenant under their SHA-256; `bytes_in_row` is None for those on disk, and
    for those let go of (``is_forgotten``), of which name, size and hash stay."""

    sha256 = models.CharField(max_length=64)
    name = models.CharField(_("name"), max_length=200)
    media_type = models.CharField(_("media type"), max_length=100)
    size = models.BigIntegerField(_("size in bytes"))
    bytes_in_row = models.BinaryField(null=True)
    is_forgotten = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta(TenantRow.Meta):
        verbose_name = _("file")
        indexes = [models.Index(fields=("tenant", "sha256"))]
