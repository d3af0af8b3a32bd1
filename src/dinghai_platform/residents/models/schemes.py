"""The rows of schemes, and of the links at which their certificates are sold."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai.schemes.resident_scheme import ResidentScheme as SchemeDocument
from dinghai.schemes.resident_scheme import scheme_from
from dinghai_platform.core import clock
from dinghai_platform.core.tenancy import TenantRow


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
