"""Security services that a park shares with its members, and their use."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai_platform.parks.models.members import Park, ParkMember
from dinghai_platform.parks.models.rows import MemberRow, OperatorRow, in_language


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
        return in_language(self.name_zh, self.name_en)

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
        return in_language(self.service_zh, self.service_en)
