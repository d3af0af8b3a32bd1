"""The rows of programmes: a programme, its members with their premium, papers and settlements.

A supplier's organisation sees the rows of its own member and no other: what it needs of the
programme stands in the member.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai_platform.chains.models import OwnerRow


class Programme(OwnerRow):
    """An insurance programme of a chain: who shares which layer of its risk, for a period.

    ``layers`` is the agreement (dinghai.chain-layers/1), ``premium_fen`` the premium of the whole
    period before tax. With a ``policy`` its claims are settled here, and the premium of the
    members of its first day is in it.
    """

    class State(models.TextChoices):
        OPEN = "open", _p("programme", "Open")
        CLOSED = "closed", _p("programme", "Closed")

    chain = models.ForeignKey("chains.SupplyChain", models.PROTECT, related_name="+")
    version = models.ForeignKey("chains.ChainVersion", models.PROTECT, related_name="+")
    policy = models.ForeignKey("underwriting.Policy", models.PROTECT, null=True,
                               related_name="+")
    number = models.CharField(_p("programme", "number"), max_length=30)
    name_zh = models.CharField(_("Chinese name"), max_length=200)
    name_en = models.CharField(_("English name"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    product_id = models.CharField(max_length=80)
    product_version = models.CharField(max_length=20)
    inception = models.DateField(_p("programme", "first day"))
    expiry = models.DateField(_p("programme", "last day"))
    premium_fen = models.BigIntegerField(_("premium"))
    vat_ppm = models.PositiveIntegerField()
    aggregate_fen = models.BigIntegerField(_p("programme", "aggregate limit"))
    layers = models.JSONField()
    layers_hash = models.CharField(max_length=64)
    layers_file = models.CharField(max_length=200, blank=True)
    opened_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closing_reason = models.TextField(blank=True)

    class Meta(OwnerRow.Meta):
        verbose_name = _("programme")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "number"), name="programmes_one_number")
        ]

    @property
    def name(self) -> str:
        """Its name in the language of the page."""
        return self.name_en if self.name_en and get_language() == "en" else self.name_zh

    @property
    def state_code(self) -> str:
        """The state as the site's words know it."""
        return f"programme_{self.state}"

    @property
    def is_open(self) -> bool:
        """Whether members may join, leave and be settled."""
        return self.state == self.State.OPEN

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class Member(OwnerRow):
    """A firm's time in a programme. ``annual_fen`` is its premium for the whole period before tax,
    and ``basis`` what that rests on. ``organisation`` is the firm's own here, where it has one."""

    shared_through = ("owner", "organisation")

    class State(models.TextChoices):
        ENROLLED = "enrolled", _p("member", "Enrolled")
        LEFT = "left", _p("member", "Left")

    class Basis(models.TextChoices):
        STATED = "stated", _p("member", "Agreed")
        SHARES = "shares", _p("member", "By what it causes")
        REVENUE = "revenue", _p("member", "By revenue")

    organisation = models.ForeignKey("core.Organisation", models.PROTECT, null=True,
                                     related_name="+")
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="members")
    programme_number = models.CharField(max_length=30)
    programme_zh = models.CharField(max_length=200)
    programme_en = models.CharField(max_length=200, blank=True)
    insurer_zh = models.CharField(max_length=200)
    insurer_en = models.CharField(max_length=200, blank=True)
    inception = models.DateField()
    expiry = models.DateField()
    firm = models.CharField(_p("programme", "identifier"), max_length=64)
    name_zh = models.CharField(_("Chinese name"), max_length=200)
    name_en = models.CharField(_("English name"), max_length=200, blank=True)
    role = models.CharField(_p("programme", "role"), max_length=20)
    tier = models.PositiveIntegerField(_p("programme", "tier"), default=0)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.ENROLLED)
    first = models.DateField(_p("member", "first day"))
    last = models.DateField(_p("member", "last day"))
    annual_fen = models.BigIntegerField(_("premium"))
    basis = models.CharField(max_length=10, choices=Basis.choices)
    premium_fen = models.BigIntegerField(_p("member", "premium by the day"), default=0)
    factors = models.JSONField(default=list)
    grade = models.CharField(_("grade"), max_length=2, blank=True)
    enrolled_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    leaving_reason = models.TextField(blank=True)

    class Meta(OwnerRow.Meta):
        verbose_name = _("member of a programme")
        indexes = [models.Index(fields=("programme", "firm"))]
        constraints = [
            models.UniqueConstraint(
                fields=("programme", "firm"), condition=models.Q(state="enrolled"),
                name="programmes_one_member")
        ]

    @property
    def name(self) -> str:
        """Its name in the language of the page."""
        return self.name_en if self.name_en and get_language() == "en" else self.name_zh

    @property
    def insurer_name(self) -> str:
        """The insurer's name in the language of the page."""
        english = self.insurer_en and get_language() == "en"
        return self.insurer_en if english else self.insurer_zh

    @property
    def programme_name(self) -> str:
        """The programme's name in the language of the page."""
        english = self.programme_en and get_language() == "en"
        return self.programme_en if english else self.programme_zh

    @property
    def state_code(self) -> str:
        """The state as the site's words know it."""
        return f"member_{self.state}"

    def __str__(self) -> str:
        return self.name


class MemberRow(OwnerRow):
    """A row of one member, which the member's own organisation sees besides the chain owner."""

    shared_through = ("owner", "member__organisation")

    class Meta(OwnerRow.Meta):
        abstract = True


class MemberStep(MemberRow):
    """A step of a member's premium, kept for ever: owed from a day on (negative: goes back)."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="steps")
    sequence = models.PositiveIntegerField()
    on = models.DateField()
    reason = models.CharField(max_length=10)
    days_left = models.PositiveIntegerField()
    fen = models.BigIntegerField()
    vat_fen = models.BigIntegerField()
    entry = models.ForeignKey("ledger.JournalEntry", models.PROTECT, null=True, related_name="+")

    class Meta(MemberRow.Meta):
        verbose_name = _("step of a member's premium")
        ordering = ("member", "sequence")
        constraints = [
            models.UniqueConstraint(fields=("member", "sequence"), name="programmes_one_step")
        ]


class Certificate(MemberRow):
    """A certificate of a member (dinghai.chain-certificate/1) with its papers, kept for ever."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="certificates")
    number = models.CharField(_p("programme", "number"), max_length=30)
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    paper_zh = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    paper_en = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    issued_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(MemberRow.Meta):
        verbose_name = _("certificate")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "number"), name="programmes_one_certificate")
        ]


class Study(OwnerRow):
    """What the twin says of a programme: who bears and causes its risk, or whose premium floats.

    ``after`` is the version that a float compares with that of the programme, ``runs`` the years
    of shares or the attempts of a float.
    """

    class Kind(models.TextChoices):
        SHARES = "shares", _p("study", "Shares of the parties")
        FLOAT = "float", _p("study", "Floating premiums")

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="studies")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.RUNNING)
    after = models.ForeignKey("chains.ChainVersion", models.PROTECT, null=True, related_name="+")
    runs = models.PositiveIntegerField()
    seed = models.PositiveIntegerField()
    day = models.DateField()
    job = models.ForeignKey("core.Job", models.PROTECT, null=True, related_name="+")
    document = models.JSONField(null=True)
    document_hash = models.CharField(max_length=64, blank=True)
    fault = models.JSONField(null=True)
    asked_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    finished_at = models.DateTimeField(null=True)

    class Meta(OwnerRow.Meta):
        verbose_name = _("study of a programme")
        indexes = [models.Index(fields=("programme", "kind", "state"))]

    @property
    def state_code(self) -> str:
        """The state as the site's words know it: of a job that ended before its end, the job's."""
        if self.state == self.State.RUNNING and self.job is not None and self.job.has_ended:
            return str(self.job.state)
        return str(self.state)


class Standing(MemberRow):
    """Where one member stands after a study: its own level, reasons and fixes, and nobody else's.

    ``document`` holds only what concerns the member; ``factor_ppm`` is of its premium.
    """

    member = models.ForeignKey(Member, models.PROTECT, related_name="standings")
    study = models.ForeignKey(Study, models.PROTECT, related_name="standings")
    version_number = models.PositiveIntegerField()
    as_of = models.DateField(_("as of"))
    grade = models.CharField(_("grade"), max_length=2, blank=True)
    index_ppm = models.PositiveBigIntegerField(null=True)
    score_ppm = models.PositiveIntegerField()
    factor_ppm = models.PositiveIntegerField()
    document = models.JSONField()

    class Meta(MemberRow.Meta):
        verbose_name = _("standing of a member")
        constraints = [
            models.UniqueConstraint(fields=("member", "study"), name="programmes_one_standing")
        ]


class MemberFloat(MemberRow):
    """A change of a member's premium on its way: proposed, approved by another, told, applied.

    ``amount_fen`` is what changes before tax by the day (negative: goes back).
    """

    member = models.ForeignKey(Member, models.PROTECT, related_name="floats")
    standing = models.OneToOneField(Standing, models.PROTECT, related_name="float")
    number = models.CharField(_p("programme", "number"), max_length=30)
    state = models.CharField(_("state"), max_length=12)
    factor_before_ppm = models.PositiveIntegerField()
    factor_ppm = models.PositiveIntegerField(_p("programme", "factor"))
    effective = models.DateField(_("effective"))
    amount_fen = models.BigIntegerField(_("change"))
    appeal_until = models.DateField(null=True)
    appeal_reason = models.TextField(blank=True)
    proposed_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    approved_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    told_at = models.DateTimeField(null=True)
    step = models.ForeignKey(MemberStep, models.PROTECT, null=True, related_name="+")

    class Meta(MemberRow.Meta):
        verbose_name = _("floating premium of a member")

    @property
    def state_code(self) -> str:
        """The state as the site's words know it."""
        return f"float_{self.state}"


class Settlement(OwnerRow):
    """Who bears what of one event (dinghai.chain-settlement/1): proposed by one, approved by
    another, posted.

    ``decision`` is the claim's where one was decided; else ``given`` holds the sections that were
    granted. ``contribution_fen`` is no insurance money (保险法6条).
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", _p("settlement", "Waits for approval")
        POSTED = "posted", _p("settlement", "Posted")
        REJECTED = "rejected", _p("settlement", "Rejected")
        REVERSED = "reversed", _p("settlement", "Reversed")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="settlements")
    decision = models.ForeignKey("claims.DecisionRecord", models.PROTECT, null=True,
                                 related_name="+")
    number = models.CharField(_p("programme", "number"), max_length=30)
    event = models.CharField(_p("settlement", "event"), max_length=100)
    occurred_on = models.DateField(_p("settlement", "happened on"))
    root_cause = models.CharField(max_length=64, blank=True)
    given = models.JSONField(default=list)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.PROPOSED)
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    presented_fen = models.BigIntegerField(_p("settlement", "presented"))
    insurance_fen = models.BigIntegerField(_p("settlement", "insurance"))
    contribution_fen = models.BigIntegerField(_p("settlement", "commercial contributions"))
    retention_fen = models.BigIntegerField(_p("settlement", "retained"))
    note = models.TextField(blank=True)
    proposed_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    decided_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reversed_at = models.DateTimeField(null=True)

    class Meta(OwnerRow.Meta):
        verbose_name = _("settlement")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "number"), name="programmes_one_settlement"),
            models.UniqueConstraint(
                fields=("decision",), condition=models.Q(state__in=("proposed", "posted")),
                name="programmes_one_of_decision"),
        ]

    @property
    def state_code(self) -> str:
        """The state as the site's words know it."""
        return f"settlement_{self.state}"

    def __str__(self) -> str:
        return f"{self.number} {self.event}"
