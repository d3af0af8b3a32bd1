"""What rows of residents' cover share."""

from __future__ import annotations

from django.db import models

from dinghai_platform.core.actors import Actor
from dinghai_platform.core.tenancy import TenantRow


class OwnRow(TenantRow):
    """A row that its tenant alone sees: there are too many of them to share one by one."""

    class Meta(TenantRow.Meta):
        abstract = True

    @classmethod
    def visibility(cls, actor: Actor) -> models.Q:
        """The tenant's own."""
        return models.Q(tenant_id=actor.organisation.pk)
