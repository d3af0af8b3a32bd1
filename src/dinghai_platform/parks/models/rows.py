"""What the rows of parks share: who sees them, and names in two languages."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language

from dinghai_platform.core.tenancy import TenantRow


def in_language(chinese: str, english: str) -> str:
    """A name in the language of the page; the Chinese one where there is no other."""
    return english if english and get_language() == "en" else chinese


class OperatorRow(TenantRow):
    """A row of an insurer that the park's operator sees too."""

    shared_through = ("operator",)

    operator = models.ForeignKey("core.Organisation", models.PROTECT, null=True, blank=True,
                                 related_name="+")

    class Meta(TenantRow.Meta):
        abstract = True


class MemberRow(OperatorRow):
    """A row of one member, which the member's own organisation sees besides the operator."""

    shared_through = ("operator", "member__organisation")

    class Meta(OperatorRow.Meta):
        abstract = True
