"""The rows of residents' claims: claim, papers, decisions, payments, money back, objections.

Facts are the engine's columns in plain JSON; what names a person or an account stands sealed. Keys
by which claims hang together are keyed hashes. Decisions and payments never change.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai.foundation.calendar import shanghai_day
from dinghai_platform.core import clock
from dinghai_platform.residents.models import OwnRow

KEY_NAMES = ("person_key", "device_key", "account_key", "phone_key")


class ClaimSetting(OwnRow):
    """How claims of a scheme are decided. Nothing is decided before somebody has said whether the
    terms were explained to the applicant (保险法17条): unknown is neither yes nor no."""

    scheme = models.OneToOneField("residents.ResidentScheme", models.PROTECT, related_name="+")
    terms_explained = models.BooleanField(_("terms explained to the applicant"))
    explained_on = models.DateField(_("day of the explanation"), null=True, blank=True)
    approve_above_fen = models.BigIntegerField(_("second person above"), default=3_000_000)
    reason = models.CharField(_("reason"), max_length=500)
    changed_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(OwnRow.Meta):
        verbose_name = _("setting of claims")


class DecisionRun(OwnRow):
    """A mass decision: the claims that belong to it point here. ``outcomes`` counts by outcome."""

    class State(models.TextChoices):
        RUNNING = "running", _p("run", "Running")
        DONE = "done", _p("run", "Done")
        ENDED = "ended", _p("run", "Ended early")

    as_of = models.DateField(_p("run", "day"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices,
                             default=State.RUNNING)
    claims = models.BigIntegerField(_p("run", "claims"), default=0)
    decided = models.BigIntegerField(_p("run", "decided"), default=0)
    left = models.BigIntegerField(_p("run", "left"), default=0)
    outcomes = models.JSONField(default=dict)
    pay_fen = models.BigIntegerField(_p("run", "to pay"), default=0)
    rules_hash = models.CharField(max_length=64)
    job = models.ForeignKey("core.Job", models.PROTECT, null=True, related_name="+")
    created_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    finished_at = models.DateTimeField(null=True)

    class Meta(OwnRow.Meta):
        verbose_name = _("mass decision")


class ClaimImport(OwnRow):
    """A file of claims that a channel gathered. ``faults`` are the first of those found."""

    class State(models.TextChoices):
        READING = "reading", _p("import", "Being read")
        CHECKED = "checked", _p("import", "Checked")
        TAKING = "taking", _p("import", "Being taken in")
        TAKEN = "taken", _p("import", "Taken in")
        CANCELLED = "cancelled", _p("import", "Cancelled")

    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    file_name = models.CharField(_("file"), max_length=200)
    state = models.CharField(_("state"), max_length=10, choices=State.choices,
                             default=State.READING)
    rows = models.BigIntegerField(_p("import", "rows"), default=0)
    accepted = models.BigIntegerField(_p("import", "accepted"), default=0)
    rejected = models.BigIntegerField(_p("import", "rejected"), default=0)
    taken = models.BigIntegerField(_p("import", "taken"), default=0)
    faults = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    job = models.ForeignKey("core.Job", models.PROTECT, null=True, related_name="+")
    created_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(OwnRow.Meta):
        verbose_name = _("import of claims")
        constraints = [models.UniqueConstraint(
            fields=("tenant", "file"), name="resident_claims_file_once",
            condition=~models.Q(state="cancelled"))]


PREFIX = "FZ"
"""Claims made here are numbered FZ2026-000001; channels number theirs otherwise."""


class Claim(OwnRow):
    """One claim on one certificate.

    ``facts`` are columns of the engine's file by their ids (fen, ISO days, 0 and 1; unknown ones
    are left out); ``facts_by`` are the keys of the people of the house who stated any of them,
    ``established`` the facts that stand whatever a claimant states later.
    ``sealed`` is what names people and accounts. ``outside_fen`` was paid on the certificate
    elsewhere. While ``deciding``, a mass decision holds the claim and nothing changes.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _p("claim", "Draft")
        SUBMITTED = "submitted", _p("claim", "To be decided")
        WAITING = "waiting", _p("claim", "Waiting for the money")
        ASKED = "asked", _p("claim", "Papers asked for")
        REFERRED = "referred", _p("claim", "With a person")
        PROPOSED = "proposed", _p("claim", "Waits for approval")
        APPROVED = "approved", _p("claim", "To be paid")
        PAID = "paid", _p("claim", "Paid")
        REFUSED = "refused", _p("claim", "Nothing payable")
        WITHDRAWN = "withdrawn", _p("claim", "Withdrawn")

    OPEN = (State.SUBMITTED, State.WAITING, State.ASKED, State.REFERRED)
    """Submitted and not determined."""
    COMMITTED = (State.PROPOSED, State.APPROVED)
    """Determined to be paid, and not paid yet."""

    class Channel(models.TextChoices):
        PHONE = "phone", _p("channel", "Claimant's phone")
        FILE = "file", _p("channel", "File of a channel")

    number = models.CharField(_p("claim", "number"), max_length=64)
    scheme = models.ForeignKey("residents.ResidentScheme", models.PROTECT, related_name="+")
    certificate = models.ForeignKey("residents.Certificate", models.PROTECT, related_name="+")
    certificate_no = models.CharField(_("certificate"), max_length=64, db_index=True)
    holder = models.CharField(_("insured"), max_length=50)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    source = models.ForeignKey(ClaimImport, models.PROTECT, null=True, related_name="claims")
    line = models.PositiveIntegerField(null=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices,
                             default=State.DRAFT)
    facts = models.JSONField(default=dict)
    facts_by = models.JSONField(null=True)
    established = models.JSONField(null=True)
    sealed = models.BinaryField(null=True)
    person_key = models.CharField(max_length=64, blank=True)
    device_key = models.CharField(max_length=64, blank=True)
    account_key = models.CharField(max_length=64, blank=True)
    phone_key = models.CharField(max_length=64, blank=True)
    bank = models.CharField(max_length=128, blank=True)
    loss_day = models.DateField(_p("claim", "loss day"), null=True)
    loss_fen = models.BigIntegerField(_p("claim", "loss"), null=True)
    outside_fen = models.BigIntegerField(default=0)
    outcome = models.CharField(max_length=16, blank=True)
    flagged = models.BooleanField(default=False)
    wait_until = models.DateField(_p("claim", "wait ends"), null=True)
    decide_by = models.DateField(_p("claim", "decide by"), null=True)
    pay_fen = models.BigIntegerField(_p("claim", "determined"), default=0)
    expected_fen = models.BigIntegerField(default=0)
    paid_fen = models.BigIntegerField(_p("claim", "paid"), default=0)
    decisions_made = models.PositiveIntegerField(default=0)
    run = models.ForeignKey(DecisionRun, models.PROTECT, null=True, related_name="members")
    deciding = models.BooleanField(default=False)
    submitted_at = models.DateTimeField(_p("claim", "submitted"), null=True)
    asked_on = models.DateField(null=True)
    decided_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    paid_at = models.DateTimeField(null=True)

    class Meta(OwnRow.Meta):
        verbose_name = _("resident's claim")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "number"), name="resident_claims_number"),
            models.CheckConstraint(
                condition=models.Q(pay_fen__gte=0, paid_fen__gte=0, outside_fen__gte=0),
                name="resident_claims_not_negative"),
        ]
        indexes = [
            models.Index(fields=("tenant", "state", "id"), name="resident_claims_by_state"),
            # Without it SQLite walks all claims of the tenant for some hundred certificates.
            models.Index(fields=("tenant", "certificate"), name="resident_claims_of_cert"),
            *(models.Index(fields=(name,), name=f"resident_claims_{name[:-4]}",
                           condition=~models.Q(**{name: ""})) for name in KEY_NAMES),
        ]

    @property
    def is_open(self) -> bool:
        """Whether it is submitted and not determined."""
        return self.state in self.OPEN

    @property
    def state_code(self) -> str:
        """The state as the words of the site know it."""
        return f"resident_claim_{self.state}"

    @property
    def told_on(self) -> date | None:
        """The day from which the law's times run: that of the notice, else of the submission."""
        if told := self.facts.get("noticed_day"):
            return date.fromisoformat(told)
        return None if self.submitted_at is None else shanghai_day(self.submitted_at)

    @property
    def waited_days(self) -> int | None:
        """Days since it was submitted, until its determination or today."""
        if self.submitted_at is None:
            return None
        end = self.decided_at if not self.is_open and self.decided_at else clock.now()
        return max((end - self.submitted_at).days, 0)

    def __str__(self) -> str:
        return self.number


class Paper(OwnRow):
    """A paper of a claim. Its bytes are stored sealed; ``file`` is the sealed form."""

    class Kind(models.TextChoices):
        POLICE = "police_notice", _p("paper", "Notice of the police filing")
        BANK = "bank_records", _p("paper", "Bank records")
        CALLS = "call_records", _p("paper", "Calls, messages, chats")
        IDENTITY = "identity_document", _p("paper", "Identity document")

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="papers")
    kind = models.CharField(_p("paper", "kind"), max_length=20, choices=Kind.choices)
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    media_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    taken_back_at = models.DateTimeField(null=True)

    class Meta(OwnRow.Meta):
        verbose_name = _("paper of a claim")
        ordering = ("id",)


class Decision(OwnRow):
    """One determination. ``document`` has the engine's rows of the claim, or the hand's reason."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="decisions")
    sequence = models.PositiveIntegerField()
    outcome = models.CharField(max_length=16)
    by_hand = models.BooleanField(default=False)
    pay_fen = models.BigIntegerField()
    document = models.JSONField()
    hash = models.CharField(max_length=64)
    run = models.ForeignKey(DecisionRun, models.PROTECT, null=True, related_name="+")
    decided_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(OwnRow.Meta):
        verbose_name = _("decision on a resident's claim")
        ordering = ("sequence",)
        constraints = [models.UniqueConstraint(
            fields=("claim", "sequence"), name="resident_claims_decision_once")]


class Payment(OwnRow):
    """What was paid by a decision, once. ``limitation_day`` ends the recourse that it gives."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="payments")
    decision = models.OneToOneField(Decision, models.PROTECT, related_name="payment")
    amount_fen = models.BigIntegerField(_p("payment", "amount"))
    limitation_day = models.DateField(_p("payment", "limitation"), null=True)
    law = models.CharField(max_length=300, blank=True)
    entry_id = models.UUIDField()
    entry_number = models.BigIntegerField()
    paid_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(OwnRow.Meta):
        verbose_name = _("payment of a resident's claim")


class Recovery(OwnRow):
    """Money that came back after payment, shared by the engine's rule in the order of reports."""

    class State(models.TextChoices):
        REPORTED = "reported", _p("recovery", "Reported")
        RECEIVED = "received", _p("recovery", "Received")
        DROPPED = "dropped", _p("recovery", "Dropped")

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="recoveries")
    returned_on = models.DateField(_p("recovery", "day"))
    amount_fen = models.BigIntegerField(_p("recovery", "came back"))
    insured_fen = models.BigIntegerField(_p("recovery", "insured's"))
    insurer_fen = models.BigIntegerField(_p("recovery", "insurer's"))
    rule = models.CharField(max_length=20)
    state = models.CharField(_("state"), max_length=10, choices=State.choices,
                             default=State.REPORTED)
    by_claimant = models.BooleanField()
    reference = models.CharField(max_length=100, blank=True)
    entry_id = models.UUIDField(null=True)

    class Meta(OwnRow.Meta):
        verbose_name = _("recovery on a resident's claim")
        ordering = ("id",)
        constraints = [models.CheckConstraint(
            condition=models.Q(amount_fen__gt=0), name="resident_claims_something_back")]


class BackStatement(OwnRow):
    """One statement that money came back, by its key; ``recovery`` is what became of it after
    payment, and None where it lowered the loss before."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="statements")
    key = models.CharField(max_length=64)
    returned_on = models.DateField()
    amount_fen = models.BigIntegerField()
    recovery = models.ForeignKey(Recovery, models.PROTECT, null=True, related_name="+")

    class Meta(OwnRow.Meta):
        verbose_name = _("statement of money that came back")
        ordering = ("id",)
        constraints = [models.UniqueConstraint(
            fields=("claim", "key"), name="resident_claims_statement_once")]


class Objection(OwnRow):
    """What a claimant says against a determination, and who answered it. Both texts are sealed."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="objections")
    decision = models.ForeignKey(Decision, models.PROTECT, related_name="+")
    sealed = models.BinaryField()
    answer = models.BinaryField(null=True)
    upheld = models.BooleanField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")

    class Meta(OwnRow.Meta):
        verbose_name = _("objection")
        ordering = ("id",)
        constraints = [models.UniqueConstraint(
            fields=("decision",), name="resident_claims_objection_once")]


class Attempt(models.Model):
    """How often somebody tried to get in lately: by keyed hash of an address or a certificate."""

    key = models.CharField(max_length=64, primary_key=True)
    since = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)


def open_states() -> list[tuple[str, Any]]:
    """States as choices of a filter; drafts are nobody's business but the claimant's."""
    return [one for one in Claim.State.choices if one[0] != Claim.State.DRAFT]
