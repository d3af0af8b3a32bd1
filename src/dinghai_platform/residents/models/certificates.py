"""The rows of certificates and of who is enrolled by them.

A certificate counts once its enrolment is sealed; until then nobody sees it. Who is insured stands
sealed (encrypted) in it: a masked name for lists, and a keyed look-up hash to find a person by.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai_platform.residents.models.base import OwnRow
from dinghai_platform.residents.models.lists import EnrolmentChunk

if TYPE_CHECKING:
    from dinghai_platform.residents.models.changes import Standing


class Certificate(OwnRow):
    """One resident's certificate. Its id is its number: within a list in the list's order.

    ``person`` is name, identity number, mobile number and day of consent, sealed; ``look_up`` the
    keyed hash of scheme and identity number.
    """

    class State(models.IntegerChoices):
        IN_FORCE = 1, _p("certificate", "In force")
        REPEATED = 2, _p("certificate", "Void: the person was enrolled already")
        OVERTAKEN = 3, _p("certificate", "Void: the one it renews was changed meanwhile")

    id = models.BigIntegerField(primary_key=True)
    tenant = models.ForeignKey("core.Organisation", models.PROTECT, related_name="+",
                               db_index=False)
    chunk = models.ForeignKey(EnrolmentChunk, models.PROTECT, related_name="certificates",
                              db_index=False)
    line = models.PositiveIntegerField()
    plan = models.PositiveSmallIntegerField()
    state = models.PositiveSmallIntegerField(choices=State.choices, default=State.IN_FORCE)
    masked_name = models.CharField(max_length=50)
    person = models.BinaryField()
    look_up = models.BinaryField()
    created_at = None
    standing: Standing | None = None
    is_as_it_stands = False
    """Whether ``standing`` says how it stands since it was changed (`as_they_stand`)."""
    coming: tuple[tuple[date, int], ...] = ()
    """Plans to come, each with its first day, earliest first."""

    class Meta(OwnRow.Meta):
        verbose_name = _("certificate")
        ordering = ("id",)
        indexes = [
            models.Index(fields=("masked_name", "tenant", "id"), name="residents_by_name")
        ]


class EnrolledPerson(OwnRow):
    """Who is enrolled in which scheme, once: the look-up hash, and the certificate."""

    id = None
    look_up = models.BinaryField(primary_key=True)
    tenant = models.ForeignKey("core.Organisation", models.PROTECT, related_name="+",
                               db_index=False)
    certificate = models.BigIntegerField()
    created_at = None

    class Meta(OwnRow.Meta):
        ordering = ("look_up",)


class CertificateCounter(models.Model):
    """The next certificate number of the site. Its row is locked while a chunk takes its own."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    next_number = models.BigIntegerField(default=1)
