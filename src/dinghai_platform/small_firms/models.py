"""The rows of small firms: a firm with its answers, quotes, policies and pages; batches, links.

A firm needs no organisation here: ``insured`` is its own where it has an account, ``broker`` the
organisation that serves it. Whoever holds a link reaches the one firm of that link.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai_platform.core import clock
from dinghai_platform.core.tenancy import TenantRow


class BrokerRow(TenantRow):
    """An insurer's row that the broker who made it sees too."""

    broker = models.ForeignKey("core.Organisation", models.PROTECT, null=True, related_name="+",
                               verbose_name=_("broker"))

    shared_through: ClassVar[tuple[str, ...]] = ("broker",)

    class Meta(TenantRow.Meta):
        abstract = True


class FirmRow(BrokerRow):
    """A row about one firm, which the firm's own organisation sees as well."""

    insured = models.ForeignKey("core.Organisation", models.PROTECT, null=True, related_name="+",
                                verbose_name=_("insured"))

    shared_through = ("broker", "insured")

    class Meta(BrokerRow.Meta):
        abstract = True


class Link(BrokerRow):
    """An invitation without an account: its secret is shown once, and only its hash is kept.

    It leads to one firm. ``expires_at`` bounds the time to buy; a bought policy stays reachable
    until its last day. ``prices`` counts the quotes that were asked for by it.
    """

    label = models.CharField(_p("small firm", "for whom"), max_length=100, blank=True)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(_("valid until"))
    open_until = models.DateField(null=True)
    opened_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    prices = models.PositiveIntegerField(default=0)
    made_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(BrokerRow.Meta):
        verbose_name = _p("small firm", "link")

    @property
    def state_code(self) -> str:
        """The state as the site's words know it."""
        if self.revoked_at is not None:
            return "firm_link_revoked"
        if self.is_over:
            return "firm_link_over"
        return "firm_link_opened" if self.opened_at is not None else "firm_link_new"

    @property
    def is_over(self) -> bool:
        """Whether its time has passed: that to buy, and that of what was bought."""
        if self.open_until is not None:
            return clock.today() > self.open_until
        return clock.machine_now() >= self.expires_at


class Batch(BrokerRow):
    """A file of firms: read (nothing written of them yet), then quoted, then bound as chosen."""

    class State(models.TextChoices):
        CHECKED = "checked", _p("batch", "Looked through")
        QUOTING = "quoting", _p("batch", "Being quoted")
        QUOTED = "quoted", _p("batch", "Quoted")
        CANCELLED = "cancelled", _p("batch", "Given up")

    number = models.CharField(_("number"), max_length=40)
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    file_name = models.CharField(_("file"), max_length=200)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.CHECKED)
    on = models.DateField(_("as of"))
    inception = models.DateField(_("first day"))
    rows = models.PositiveIntegerField(_p("batch", "rows"), default=0)
    readable = models.PositiveIntegerField(_p("batch", "readable"), default=0)
    faults = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    outcomes = models.JSONField(default=dict)
    answering = models.JSONField(default=dict)
    job = models.ForeignKey("core.Job", models.PROTECT, null=True, related_name="+")
    binding = models.ForeignKey("core.Job", models.PROTECT, null=True, related_name="+")
    created_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(BrokerRow.Meta):
        verbose_name = _("batch of small firms")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "number"), name="small_firms_one_batch"),
        ]

    @property
    def rejected_rows(self) -> int:
        """How many rows got no quote."""
        return self.rows - self.readable

    @property
    def state_code(self) -> str:
        """The state as the site's words know it: of a job that failed, the job's."""
        if self.state == self.State.QUOTING and self.job is not None and (
                self.job.state in ("failed", "cancelled")):
            return str(self.job.state)
        return f"firm_batch_{self.state}"

    def __str__(self) -> str:
        return f"{self.number} {self.file_name}"


class Firm(FirmRow):
    """One small firm at one insurer. ``draft`` holds answers on their way, as they were typed.

    ``state`` is where it stands: the outcome of its last quote, or ``bound``; ``on_offer_fen`` the
    premium with VAT of the plan that it was offered.
    """

    class Channel(models.TextChoices):
        OWN = "own", _p("channel", "Its own account")
        BROKER = "broker", _p("channel", "Broker")
        INSURER = "insurer", _p("channel", "Insurer")
        LINK = "link", _p("channel", "Link")
        BATCH = "batch", _p("channel", "Batch")

    class State(models.TextChoices):
        DRAFT = "draft", _p("small firm", "Answering")
        OFFERED = "offered", _p("small firm", "Offered")
        REFERRED = "referred", _p("small firm", "With an underwriter")
        TREAT_FIRST = "treat_first", _p("small firm", "Treat first")
        STANDARD = "standard_product", _p("small firm", "Standard product")
        DECLINED = "declined", _p("small firm", "Declined")
        BOUND = "bound", _p("small firm", "Insured")

    number = models.CharField(_("number"), max_length=40)
    channel = models.CharField(_p("small firm", "channel"), max_length=10,
                               choices=Channel.choices)
    link = models.OneToOneField(Link, models.PROTECT, null=True, related_name="firm")
    credit_code = models.CharField(_("unified social credit code"), max_length=18, blank=True)
    name = models.CharField(_p("small firm", "name"), max_length=200, blank=True)
    industry = models.CharField(_("industry"), max_length=1, blank=True)
    draft = models.JSONField(default=dict)
    draft_at = models.DateTimeField(null=True)
    state = models.CharField(_("state"), max_length=20, choices=State.choices,
                             default=State.DRAFT)
    score_ppm = models.PositiveIntegerField(_("score"), null=True)
    grade = models.CharField(_("grade"), max_length=2, blank=True)
    on_offer_fen = models.BigIntegerField(_("premium with VAT"), null=True)
    created_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(FirmRow.Meta):
        verbose_name = _("small firm")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "number"), name="small_firms_one_firm"),
        ]
        indexes = [models.Index(fields=("tenant", "credit_code")),
                   models.Index(fields=("tenant", "state"))]

    @property
    def state_code(self) -> str:
        """The state as the site's words know it."""
        return f"firm_{self.state}"

    @property
    def is_vouched_for(self) -> bool:
        """Whether the insurer's own desk says that the credit code is this firm's."""
        return self.channel == self.Channel.INSURER or (
            self.channel == self.Channel.BATCH and self.broker_id is None)

    def __str__(self) -> str:
        return self.name or self.number


def vouched_for(prefix: str = "") -> models.Q:
    """The same as a filter."""
    return models.Q(**{f"{prefix}channel": Firm.Channel.INSURER}) | models.Q(
        **{f"{prefix}channel": Firm.Channel.BATCH, f"{prefix}broker": None})


class Answers(FirmRow):
    """What a firm answered on a day, kept for ever (a row of dinghai's small firms' files).

    ``consent``, ``consent_on`` and ``scope`` are its consent to probe: None is not said, which is
    none.
    """

    firm = models.ForeignKey(Firm, models.PROTECT, related_name="answers")
    on = models.DateField(_("as of"))
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    consent = models.BooleanField(null=True)
    consent_on = models.DateField(null=True)
    scope = models.JSONField(default=list)

    class Meta(FirmRow.Meta):
        verbose_name = _("answers of a small firm")


class Scan(FirmRow):
    """A scan that somebody else made of a firm and that was handed in, with the consent of then."""

    firm = models.ForeignKey(Firm, models.PROTECT, related_name="scans")
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    name = models.CharField(_("file"), max_length=200)
    records = models.PositiveIntegerField(_("records"))
    consent_on = models.DateField()
    scope = models.JSONField()

    class Meta(FirmRow.Meta):
        verbose_name = _("scan of a small firm")
        constraints = [
            models.UniqueConstraint(fields=("firm", "file"), name="small_firms_one_scan"),
        ]


class Quote(FirmRow):
    """What one firm got on a day. ``document`` is the engine's quote; ``decision`` an
    underwriter's on a referred one, and ``asked_again`` what the firm says against a refusal."""

    class Decision(models.TextChoices):
        NONE = "", _p("decision", "Waits")
        APPROVED = "approved", _p("decision", "Approved")
        REFUSED = "refused", _p("decision", "Refused")
        AGAIN = "again", _p("decision", "Refused, to be looked at again")

    firm = models.ForeignKey(Firm, models.PROTECT, related_name="quotes")
    answers = models.ForeignKey(Answers, models.PROTECT, related_name="+")
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, related_name="quotes")
    line = models.PositiveIntegerField(null=True)
    number = models.CharField(_("number"), max_length=40)
    on = models.DateField(_("as of"))
    inception = models.DateField(_("first day"))
    valid_until = models.DateField(_("valid until"))
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    product = models.ForeignKey("catalogue.ProductVersion", models.PROTECT, related_name="+")
    market_factor_ppm = models.BigIntegerField()
    outcome = models.CharField(_("outcome"), max_length=20)
    reduced = models.BooleanField(default=False)
    score_ppm = models.PositiveIntegerField(_("score"))
    grade = models.CharField(_("grade"), max_length=2)
    wanted_plan = models.CharField(max_length=40)
    offered_plan = models.CharField(_p("small firm", "plan"), max_length=40, blank=True)
    gross_fen = models.BigIntegerField(_("premium with VAT"), null=True)
    decision = models.CharField(_p("small firm", "decision"), max_length=10, blank=True,
                                choices=Decision.choices, default=Decision.NONE)
    decided_plan = models.CharField(max_length=40, blank=True)
    decision_reason = models.TextField(blank=True)
    decided_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    asked_again = models.TextField(blank=True)
    asked_again_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(FirmRow.Meta):
        verbose_name = _("quote of a small firm")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "number"), name="small_firms_one_quote"),
            models.UniqueConstraint(fields=("batch", "line"), name="small_firms_one_line"),
        ]
        indexes = [models.Index(fields=("tenant", "outcome", "decision"))]

    @property
    def state_code(self) -> str:
        """The state as the site's words know it."""
        if self.outcome == "referred" and self.decision:
            return f"firm_quote_{self.decision}"
        return f"firm_{self.outcome}"

    def bindable_plans(self) -> tuple[str, ...]:
        """Plans that can be bought without anybody else's decision, or that were approved."""
        if self.outcome == "offered":
            return tuple(one["plan"] for one in self.document["plans"] if one["available"])
        if self.outcome == "referred" and self.decision == self.Decision.APPROVED:
            return (self.decided_plan,)
        return ()

    def is_valid(self, today: date) -> bool:
        """Whether it can still be taken on a day."""
        return today <= self.valid_until

    def __str__(self) -> str:
        return self.number


class Policy(FirmRow):
    """A contract under a plan (document dinghai.policy/1; state: the lifecycle's policy machine).

    ``treat_by`` is the day by which a reduced offer's shortcomings must be mended; ``earlier``
    holds the contracts that other plans replaced, each as ``before`` (the first day of the next)
    and ``document``, the oldest first.
    """

    firm = models.ForeignKey(Firm, models.PROTECT, related_name="policies")
    quote = models.OneToOneField(Quote, models.PROTECT, related_name="policy")
    policy_no = models.CharField(_("policy number"), max_length=40)
    state = models.CharField(_("state"), max_length=20)
    plan = models.CharField(_p("small firm", "plan"), max_length=40)
    reduced = models.BooleanField(default=False)
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    earlier = models.JSONField(default=list)
    inception = models.DateField(_("first day"))
    expiry = models.DateField(_("last day"))
    treat_by = models.DateField(null=True)
    aggregate_limit_fen = models.BigIntegerField(_("aggregate limit"))
    net_premium_fen = models.BigIntegerField()
    vat_fen = models.BigIntegerField()
    gross_premium_fen = models.BigIntegerField(_("gross premium"))
    bound_at = models.DateTimeField(default=clock.now)
    paid_at = models.DateTimeField(null=True)
    bound_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(FirmRow.Meta):
        verbose_name = _("policy of a small firm")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "policy_no"), name="small_firms_one_policy"),
            models.UniqueConstraint(
                fields=("firm", "inception"),
                condition=models.Q(state__in=("premium_due", "in_force")),
                name="small_firms_one_cover"),
        ]
        indexes = [models.Index(fields=("tenant", "state"))]

    def document_on(self, day: date) -> dict[str, Any]:
        """The contract as it held on a day: what happened then is decided by it."""
        found: dict[str, Any] = next((one["document"] for one in self.earlier
                                      if day.isoformat() < one["before"]), self.document)
        return found

    def __str__(self) -> str:
        return self.policy_no


class RenewalRun(BrokerRow):
    """Policies that end until a day, each quoted anew from its kept answers by one job; the offers
    are bound by another."""

    number = models.CharField(_("number"), max_length=40)
    on = models.DateField(_("as of"))
    until = models.DateField(_p("renewal", "policies that end until"))
    policies = models.PositiveIntegerField(_("policies"))
    outcomes = models.JSONField(default=dict)
    job = models.ForeignKey("core.Job", models.PROTECT, null=True, related_name="+")
    binding = models.ForeignKey("core.Job", models.PROTECT, null=True, related_name="+")
    created_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(BrokerRow.Meta):
        verbose_name = _("renewal of small firms")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "number"), name="small_firms_one_renewing"),
        ]

    @property
    def state_code(self) -> str:
        """The state of its job."""
        return str(self.job.state) if self.job is not None else "queued"

    def __str__(self) -> str:
        return self.number


class Renewal(FirmRow):
    """What became of one policy of a run: a quote, a question to the firm, or why it is left.

    ``why`` is the engine's or the service's own sentence where there is no quote.
    """

    class State(models.TextChoices):
        QUOTED = "quoted", _p("renewal", "Quoted")
        ASK = "ask", _p("renewal", "To be answered anew")
        LEFT = "left", _p("renewal", "Left out")

    run = models.ForeignKey(RenewalRun, models.PROTECT, related_name="renewals")
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="renewals")
    state = models.CharField(_("state"), max_length=10, choices=State.choices)
    quote = models.ForeignKey(Quote, models.PROTECT, null=True, related_name="+")
    why = models.TextField(blank=True)

    class Meta(FirmRow.Meta):
        verbose_name = _("renewal of a small firm")
        constraints = [
            models.UniqueConstraint(fields=("run", "policy"), name="small_firms_one_renewal"),
        ]

    @property
    def state_code(self) -> str:
        """Where it stands: of a quote, the quote's state."""
        return self.quote.state_code if self.quote is not None else f"firm_renewal_{self.state}"


class Paper(FirmRow):
    """A PDF of a policy, made once and kept."""

    class Kind(models.TextChoices):
        SCHEDULE = "schedule", _("Policy schedule")
        BOOKLET = "booklet", _("Clause booklet")
        EXPLANATIONS = "explanations", _("Explanation checklist")

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="papers")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    language = models.CharField(max_length=10)
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")

    class Meta(FirmRow.Meta):
        verbose_name = _("paper")
        constraints = [
            models.UniqueConstraint(fields=("policy", "kind", "language"),
                                    name="small_firms_one_paper"),
        ]


class MonthRun(BrokerRow):
    """The monthly pages of all firms, made by a job, with a ZIP of them."""

    on = models.DateField(_("as of"))
    language = models.CharField(max_length=10, default="zh")
    job = models.ForeignKey("core.Job", models.PROTECT, null=True, related_name="+")
    pages = models.PositiveIntegerField(_p("month", "pages"), default=0)
    faults = models.JSONField(default=list)
    archive = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    asked_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(BrokerRow.Meta):
        verbose_name = _("monthly pages of small firms")

    @property
    def state_code(self) -> str:
        """The state of its job."""
        return str(self.job.state) if self.job is not None else "queued"


class Month(FirmRow):
    """One firm's monthly page (dinghai.small-firm-month/1), kept for ever."""

    firm = models.ForeignKey(Firm, models.PROTECT, related_name="months")
    run = models.ForeignKey(MonthRun, models.PROTECT, null=True, related_name="months")
    answers = models.ForeignKey(Answers, models.PROTECT, related_name="+")
    on = models.DateField(_("as of"))
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    score_ppm = models.PositiveIntegerField(_("score"))
    moved_ppm = models.IntegerField(_p("month", "moved"), null=True)
    premium_effect_fen = models.BigIntegerField(null=True)
    threats = models.PositiveIntegerField(_p("month", "threats"), default=0)

    class Meta(FirmRow.Meta):
        verbose_name = _("monthly page of a small firm")
        constraints = [
            models.UniqueConstraint(fields=("firm", "on"), name="small_firms_one_month"),
        ]


from dinghai_platform.small_firms.change_models import (  # noqa: E402 they stand on the rows above
    Change,
    ChangePaper,
)

__all__ = (
    "Answers", "Batch", "BrokerRow", "Change", "ChangePaper", "Firm", "FirmRow",
    "Link", "Month", "MonthRun", "Paper", "Policy", "Quote", "Renewal", "RenewalRun", "Scan")
