"""Rows that stand under a contract: an enterprise's policy or a small firm's, exactly one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from dinghai.foundation.clock import SHANGHAI
from dinghai_platform.core.tenancy import crossing_tenants
from dinghai_platform.underwriting.models import InsuredRow

if TYPE_CHECKING:
    from dinghai_platform.claims.contracts import Contract


class ContractRow(InsuredRow):
    """A row under one contract. Readers ask `contract` and need not know which kind it is."""

    policy = models.ForeignKey(
        "underwriting.Policy", models.PROTECT, null=True, related_name="%(class)ss",
        verbose_name=_("policy"))
    firm_policy = models.ForeignKey(
        "small_firms.Policy", models.PROTECT, null=True, related_name="%(class)ss",
        verbose_name=_("policy of a small firm"))

    class Meta(InsuredRow.Meta):
        abstract = True

    @property
    def is_of_small_firm(self) -> bool:
        """Whether the contract is a small firm's."""
        return self.firm_policy_id is not None

    @property
    def contract(self) -> Contract:
        """The contract. A small firm's is seen through its incident: the firm's organisation may
        have been found only when it reported, so the policy's own row need not be shown to it."""
        if self.policy_id is not None:
            return self.policy
        held = self._state.fields_cache.get("firm_policy")
        if held is not None:
            found: Contract = held
            return found
        with crossing_tenants("whoever sees the row sees the contract it stands under"):
            return self.firm_policy

    def terms_on(self, moment: datetime) -> dict[str, Any]:
        """The document of the contract as it held at a moment: a small firm may have changed its
        plan since."""
        contract = self.contract
        if self.is_of_small_firm:
            return contract.document_on(moment.astimezone(SHANGHAI).date())
        return contract.document

    def contract_columns(self, prefix: str = "") -> dict[str, Any]:
        """The contract as a filter (or as fields of a new row): the same column, the same key."""
        name = "policy_id" if self.policy_id is not None else "firm_policy_id"
        return {f"{prefix}{name}": getattr(self, name)}


def one_contract(name: str) -> models.CheckConstraint:
    """That a row stands under one contract of the two kinds, never under both or none."""
    return models.CheckConstraint(
        condition=models.Q(policy__isnull=False, firm_policy__isnull=True)
        | models.Q(policy__isnull=True, firm_policy__isnull=False), name=name)
