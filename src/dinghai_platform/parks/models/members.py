"""A master policy and its members."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai_platform.parks.models.rows import OperatorRow, in_language


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
        return in_language(self.name_zh, self.name_en)

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
        return in_language(self.name_zh, self.name_en)

    @property
    def park_name(self) -> str:
        """The park's name in the language of the page."""
        return in_language(self.park_zh, self.park_en)

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
