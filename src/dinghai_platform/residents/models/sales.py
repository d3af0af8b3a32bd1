"""The rows of certificates bought one by one."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from dinghai_platform.core.tenancy import TenantRow
from dinghai_platform.residents.models.lists import Enrolment
from dinghai_platform.residents.models.schemes import SaleLink


class Sale(TenantRow):
    """One certificate bought at a link, written once.

    Of the form's key and of the buyer's receipt hashes are kept, of what was sent a keyed one;
    ``terms`` is the fingerprint of the terms that were shown before (保险法17条).
    """

    link = models.ForeignKey(SaleLink, models.PROTECT, related_name="sales")
    enrolment = models.OneToOneField(Enrolment, models.PROTECT, related_name="sale")
    certificate = models.BigIntegerField()
    plan = models.CharField(max_length=40)
    key_hash = models.CharField(max_length=64)
    content_hash = models.CharField(max_length=64)
    receipt_hash = models.CharField(max_length=64, unique=True)
    receipt_until = models.DateTimeField()
    terms = models.CharField(max_length=64)

    class Meta(TenantRow.Meta):
        verbose_name = _("sale")
        constraints = [
            models.UniqueConstraint(fields=("link", "key_hash"), name="residents_sold_once")
        ]
