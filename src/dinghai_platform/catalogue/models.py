"""What a tenant works with: versions of products with their filing, and threat tables."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dinghai_platform.core import clock, roles
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation, Relation
from dinghai_platform.core.tenancy import TenantRow

ON_SALE = ("in_use", "filed")
"""States in which a version may be quoted."""
PUBLIC = (*ON_SALE, "revised", "withdrawn")
"""States that an authority sees: what is or was on sale. Drafts and reviews are the house's."""


class ProductVersion(TenantRow):
    """One version of a structured wording that a tenant may sell.

    ``document`` is the resolved product (schema dinghai.product/1) and never changes; the filed
    bounds are what 报行合一 holds every charged rate against.
    """

    product_id = models.CharField(_("product"), max_length=80)
    version = models.CharField(_("version"), max_length=40)
    name_zh = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    status = models.CharField(_("status"), max_length=20)
    installed_at = models.DateTimeField(default=clock.now, editable=False)
    filing_number = models.CharField(_("filing number"), max_length=80, blank=True)
    filed_at = models.DateTimeField(null=True, blank=True)
    filed_factor_minimum_ppm = models.BigIntegerField(null=True, blank=True)
    filed_factor_maximum_ppm = models.BigIntegerField(null=True, blank=True)
    replaced_by = models.ForeignKey("self", models.PROTECT, null=True, related_name="replaces")
    off_sale_at = models.DateTimeField(null=True, blank=True)
    off_sale_reason = models.TextField(_("reason"), blank=True)

    class Meta(TenantRow.Meta):
        verbose_name = _("product version")
        constraints = [
            models.UniqueConstraint(
                fields=("tenant", "product_id", "version"), name="catalogue_one_version"
            )
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> models.Q:
        """An insurer sees its own. An authority sees what is or was on sale anywhere; whoever may
        buy sees what is on sale at the insurers that deal with it.
        """
        seen = super().visibility(actor)
        if actor.tenant is not None:
            return seen
        if (actor.role in roles.REGULATORS
                and actor.organisation.kind == Organisation.Kind.REGULATOR):
            return seen | models.Q(status__in=PUBLIC)
        sellers = Relation.objects.visible_to(actor).values("tenant_id")
        return seen | models.Q(status__in=ON_SALE, tenant_id__in=sellers)

    @property
    def name(self) -> str:
        """The product's name in the language of the page."""
        return self.name_en if get_language() == "en" else self.name_zh

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class FeedTable(TenantRow):
    """A threat table that a tenant works with from the moment it was loaded.

    It stands below underwriting because assessments read it; monitoring loads it.
    """

    class Kind(models.TextChoices):
        KEV = "kev", _("Known exploited vulnerabilities (CISA KEV)")
        EPSS = "epss", _("Exploit prediction scores (FIRST EPSS)")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    as_of = models.DateField(_("as of"))
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField(_("rows"))
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    loaded_at = models.DateTimeField(_("loaded"), default=clock.now)
    job = models.ForeignKey("core.Job", models.PROTECT, null=True, related_name="+")

    class Meta(TenantRow.Meta):
        verbose_name = _("feed table")
        constraints = [
            models.UniqueConstraint(
                fields=("tenant", "kind", "as_of", "sha256"), name="catalogue_one_table"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.as_of}"
