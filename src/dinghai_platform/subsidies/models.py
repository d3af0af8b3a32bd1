"""The rows of subsidies: a subsidy with its rule and register, applications, lists, payments.

The rows are kept in the operator's books: an authority is no tenant. An authority sees what is its
own, a firm, its broker and its insurer see their applications. What a subsidy offers is open to
everybody who is signed in, and its public lists to everybody.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai_platform.core.tenancy import TenantRow, crossing_tenants


class AuthorityRow(TenantRow):
    """A row of one authority's subsidies."""

    authority = models.ForeignKey("core.Organisation", models.PROTECT, related_name="+")

    shared_through: ClassVar[tuple[str, ...]] = ("authority",)

    class Meta(TenantRow.Meta):
        abstract = True


class Subsidy(AuthorityRow):
    """One subsidy of an authority. Locking its row puts all that touch its budget in line.

    ``head`` and ``length`` are of its register, ``left_fen`` what may still be granted; the
    database itself refuses less than nothing.
    """

    class State(models.TextChoices):
        OPEN = "open", _p("subsidy", "Open")
        ENDED = "ended", _p("subsidy", "Ended")

    code = models.CharField(_p("subsidy", "identifier"), max_length=64)
    name_zh = models.CharField(_("Chinese name"), max_length=500)
    name_en = models.CharField(_("English name"), max_length=500, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    mode = models.CharField(_p("subsidy", "way"), max_length=20)
    version = models.CharField(_("version"), max_length=500)
    first = models.DateField(_p("subsidy", "first day"))
    last = models.DateField(_p("subsidy", "last day"))
    budget_fen = models.BigIntegerField(_p("subsidy", "budget"))
    left_fen = models.BigIntegerField(_p("subsidy", "left"))
    head = models.CharField(max_length=64)
    length = models.PositiveIntegerField(default=0)
    closed_on = models.DateField(null=True)
    ended_at = models.DateTimeField(null=True)
    ending_reason = models.TextField(blank=True)
    opened_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(AuthorityRow.Meta):
        verbose_name = _("subsidy")
        constraints = [
            models.UniqueConstraint(fields=("authority", "code"), name="subsidies_one_subsidy"),
            models.CheckConstraint(condition=models.Q(left_fen__gte=0),
                                   name="subsidies_budget_holds"),
        ]

    @property
    def name(self) -> str:
        """Its name in the language of the page."""
        return self.name_en if self.name_en and get_language() == "en" else self.name_zh

    @property
    def state_code(self) -> str:
        """The state as the site's words know it."""
        return f"subsidy_{self.state}"

    @property
    def is_open(self) -> bool:
        """Whether applications are taken."""
        return self.state == self.State.OPEN

    @property
    def used_fen(self) -> int:
        """What of the budget is taken."""
        return self.budget_fen - self.left_fen

    @property
    def used_ppm(self) -> int:
        """The same as a share of the budget."""
        return self.used_fen * 1_000_000 // self.budget_fen

    def __str__(self) -> str:
        return self.name


class RuleVersion(AuthorityRow):
    """One version of a subsidy's rule (dinghai.subsidy-rule/1) as it was given. Append-only."""

    subsidy = models.ForeignKey(Subsidy, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    version = models.CharField(_("version"), max_length=500)
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    text = models.TextField()
    file_name = models.CharField(_("file"), max_length=200)
    given_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(AuthorityRow.Meta):
        verbose_name = _("version of a subsidy's rule")
        constraints = [
            models.UniqueConstraint(fields=("subsidy", "number"), name="subsidies_one_number"),
            models.UniqueConstraint(fields=("subsidy", "version"), name="subsidies_one_version"),
        ]


class Entry(AuthorityRow):
    """One entry of a subsidy's register (dinghai.subsidy-register/1). Append-only."""

    subsidy = models.ForeignKey(Subsidy, models.PROTECT, related_name="entries")
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=12)
    day = models.DateField()
    application = models.CharField(max_length=64, blank=True)
    document = models.JSONField()
    hash = models.CharField(max_length=64)

    class Meta(AuthorityRow.Meta):
        verbose_name = _("entry of a register")
        ordering = ("subsidy", "sequence")
        constraints = [
            models.UniqueConstraint(fields=("subsidy", "sequence"), name="subsidies_one_entry")
        ]
        indexes = [models.Index(fields=("subsidy", "application"))]


class Application(AuthorityRow):
    """An application as the register leaves it, written anew with each entry that touches it.

    ``stated`` is what was stated (an application of the engine); ``policy`` the policy where the
    platform has it, ``firm_policy`` where it is a small firm's. ``counted`` are the numbers
    of the policy's endorsements whose refund is in what was stated: every other one is a change.
    None in rows from before this was kept, where the moment of the row decides.
    """

    class Source(models.TextChoices):
        POLICY = "policy", _p("application", "From a policy here")
        LIST = "list", _p("application", "By a list")
        EARLIER = "earlier", _p("application", "Granted before")

    class State(models.TextChoices):
        GRANTED = "granted", _p("application", "Granted")
        WAITING_EVIDENCE = "waiting_evidence", _p("application", "Waits for evidence")
        WAITING_BUDGET = "waiting_budget", _p("application", "Waits for budget")
        WAITING_CLOSE = "waiting_close", _p("application", "Waits for the sharing out")
        REFUSED = "refused", _p("application", "Refused")
        WITHDRAWN = "withdrawn", _p("application", "Withdrawn after an objection")
        GIVEN_UP = "given_up", _p("application", "Withdrawn by the firm")

    OVER: ClassVar[tuple[str, ...]] = (State.REFUSED, State.WITHDRAWN, State.GIVEN_UP)
    """States that leave the policy free for another application."""

    subsidy = models.ForeignKey(Subsidy, models.PROTECT, related_name="applications")
    organisation = models.ForeignKey("core.Organisation", models.PROTECT, null=True,
                                     related_name="+")
    broker = models.ForeignKey("core.Organisation", models.PROTECT, null=True, related_name="+")
    insurer = models.ForeignKey("core.Organisation", models.PROTECT, null=True, related_name="+")
    policy = models.ForeignKey("underwriting.Policy", models.PROTECT, null=True,
                               related_name="+")
    firm_policy = models.ForeignKey("small_firms.Policy", models.PROTECT, null=True,
                                    related_name="+")
    number = models.CharField(_p("application", "number"), max_length=64)
    source = models.CharField(max_length=10, choices=Source.choices)
    state = models.CharField(_("state"), max_length=20, choices=State.choices)
    name = models.CharField(_p("application", "firm"), max_length=200)
    credit_code = models.CharField(_("unified social credit code"), max_length=18)
    sector = models.CharField(_p("application", "sector"), max_length=10, blank=True)
    area = models.CharField(_p("application", "area"), max_length=6, blank=True)
    size = models.CharField(max_length=10, blank=True)
    policy_no = models.CharField(_("policy number"), max_length=64)
    stated = models.JSONField()
    counted = models.JSONField(null=True)
    reasons = models.JSONField(default=list)
    applied_at = models.DateTimeField(_p("application", "applied"))
    decided_on = models.DateField()
    premium_fen = models.BigIntegerField(_("premium"))
    basis_fen = models.BigIntegerField()
    entitled_fen = models.BigIntegerField()
    granted_fen = models.BigIntegerField(_p("application", "granted"))
    decided_fen = models.BigIntegerField()
    paid_fen = models.BigIntegerField(default=0)
    returned_fen = models.BigIntegerField(default=0)
    due_fen = models.BigIntegerField(default=0)
    refund_fen = models.BigIntegerField(default=0)
    cancelled = models.BooleanField(default=False)
    published_until = models.DateField(null=True)
    filed_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    confirmed_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)

    shared_through: ClassVar[tuple[str, ...]] = ("authority", "organisation", "broker", "insurer")

    class Meta(AuthorityRow.Meta):
        verbose_name = _("application for a subsidy")
        constraints = [
            models.UniqueConstraint(fields=("subsidy", "number"),
                                    name="subsidies_one_application"),
            models.CheckConstraint(condition=models.Q(policy=None) | models.Q(firm_policy=None),
                                   name="subsidies_application_one_policy"),
        ]
        indexes = [models.Index(fields=("subsidy", "state")),
                   models.Index(fields=("policy",))]

    @property
    def state_code(self) -> str:
        """The state as the site's words know it."""
        return f"subsidy_{self.state}"

    @property
    def contract(self) -> Any:
        """The policy that it rests on, of either kind; None where the platform has none. Its row is
        the insurer's, whoever reads the application."""
        name = "policy" if self.policy_id is not None else "firm_policy"
        if self._state.fields_cache.get(name) is None:
            self._state.fields_cache.pop(name, None)  # joined by somebody who may not see it
        with crossing_tenants("what became of a policy stands in its insurer's books"):
            return getattr(self, name)

    @property
    def may_be_withdrawn(self) -> bool:
        """Whether the firm may still take it back: live, and nothing of it was paid."""
        return self.state not in self.OVER and self.paid_fen == 0

    @property
    def is_open(self) -> bool:
        """Whether it may be handed in again with what was missing."""
        return self.state in (self.State.WAITING_EVIDENCE, self.State.REFUSED)

    def __str__(self) -> str:
        return self.number


class Enclosure(AuthorityRow):
    """A paper that was enclosed with an application. Append-only."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="enclosures")
    organisation = models.ForeignKey("core.Organisation", models.PROTECT, null=True,
                                     related_name="+")
    broker = models.ForeignKey("core.Organisation", models.PROTECT, null=True, related_name="+")
    insurer = models.ForeignKey("core.Organisation", models.PROTECT, null=True, related_name="+")
    document = models.CharField(max_length=64)
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")

    shared_through: ClassVar[tuple[str, ...]] = Application.shared_through

    class Meta(AuthorityRow.Meta):
        verbose_name = _("enclosure")


class FileList(AuthorityRow):
    """A list that an authority gave: looked through first, taken when it says so."""

    class Kind(models.TextChoices):
        APPLICATIONS = "applications", _p("list", "Applications")
        EARLIER = "earlier", _p("list", "Earlier grants")
        CHANGES = "changes", _p("list", "Changes of policies")
        OBJECTIONS = "objections", _p("list", "Objections")

    class State(models.TextChoices):
        CHECKED = "checked", _p("list", "Looked through")
        TAKING = "taking", _p("list", "Being taken")
        TAKEN = "taken", _p("list", "Taken")
        DROPPED = "dropped", _p("list", "Dropped")

    subsidy = models.ForeignKey(Subsidy, models.PROTECT, related_name="lists")
    kind = models.CharField(_p("list", "kind"), max_length=15, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=10, choices=State.choices,
                             default=State.CHECKED)
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    file_name = models.CharField(_("file"), max_length=200)
    result = models.JSONField()
    rows = models.PositiveIntegerField(_("rows"))
    added = models.PositiveIntegerField(_p("list", "entries"))
    rejected = models.PositiveIntegerField(_("rejected"))
    job = models.ForeignKey("core.Job", models.PROTECT, null=True, related_name="+")
    given_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    taken_at = models.DateTimeField(null=True)

    class Meta(AuthorityRow.Meta):
        verbose_name = _("list")

    @property
    def state_code(self) -> str:
        """The state as the site's words know it; of a job that ended before its end, the job's."""
        if self.state == self.State.TAKING and self.job is not None and self.job.state in (
                "failed", "cancelled"):
            return str(self.job.state)
        return f"list_{self.state}"


class PublicList(AuthorityRow):
    """A public list (dinghai.subsidy-public-list/1) as it was published. Append-only."""

    subsidy = models.ForeignKey(Subsidy, models.PROTECT, related_name="public_lists")
    number = models.PositiveIntegerField(_("number"))
    day = models.DateField(_p("list", "published on"))
    objections_until = models.DateField(_p("list", "objections until"))
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    grants = models.PositiveIntegerField(_p("list", "grants"))
    granted_fen = models.BigIntegerField(_p("list", "sum"))
    published_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(AuthorityRow.Meta):
        verbose_name = _("public list")
        constraints = [
            models.UniqueConstraint(fields=("subsidy", "number"), name="subsidies_one_list")
        ]


class Payment(AuthorityRow):
    """A list of payments for the treasury (dinghai.subsidy-payments/1). Append-only."""

    subsidy = models.ForeignKey(Subsidy, models.PROTECT, related_name="payments")
    number = models.CharField(_("number"), max_length=30)
    day = models.DateField(_p("payment", "day"))
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    count = models.PositiveIntegerField(_p("payment", "payments"))
    total_fen = models.BigIntegerField(_p("payment", "sum"))
    entry = models.ForeignKey("ledger.JournalEntry", models.PROTECT, related_name="+")
    paid_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(AuthorityRow.Meta):
        verbose_name = _("list of payments")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "number"), name="subsidies_one_payment")
        ]

    def __str__(self) -> str:
        return self.number


def open_for_reading(model: type[AuthorityRow], why: str) -> Any:
    """Rows of every authority, for what anybody may read; ``why`` is for the reader of the code."""
    return model.objects.unscoped(why)
