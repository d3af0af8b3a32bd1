"""The contract that an incident stands under: an enterprise's policy or a small firm's.

Both keep the same document (dinghai.policy/1), and everything that is decided rests on it alone.
What only one kind has (a case with its steps, an applicant, a broker, a link) is asked here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404

from dinghai.foundation.calendar import shanghai_day
from dinghai_platform.claims.models import Incident
from dinghai_platform.core import audit
from dinghai_platform.core.actors import Actor, system_actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.services import introduce_organisation
from dinghai_platform.core.tenancy import TenantQuerySet, visible_or_404
from dinghai_platform.small_firms.models import Policy as FirmPolicy
from dinghai_platform.small_firms.models import vouched_for
from dinghai_platform.small_firms.rules import by_the_link
from dinghai_platform.small_firms.services.links import keep_link_open
from dinghai_platform.underwriting.models import Case, Policy

Contract = Policy | FirmPolicy

# Cover starts with the premium (见费出单): before it there is nothing to report under.
_NOT_BEGUN: Final = ("bound", "premium_due")
_REPORTABLE: Final = ("in_force", "suspended", "expired", "renewed")
_UNDERWRITTEN: Final = {
    Policy: ("underwriting.policy", "underwriting.quote"),
    FirmPolicy: ("small_firms.policy", "small_firms.quote")}


def enterprise_policies(actor: Actor) -> TenantQuerySet:
    """Enterprises' policies that an incident may be reported under."""
    rows: TenantQuerySet = Policy.objects.visible_to(actor).select_related("insured").filter(
        state__in=_REPORTABLE).order_by("-inception")
    return rows


def firm_policies(actor: Actor) -> TenantQuerySet:
    """Small firms' policies that an incident may be reported under."""
    rows: TenantQuerySet = FirmPolicy.objects.visible_to(actor).select_related("firm").filter(
        state__in=_REPORTABLE, paid_at__isnull=False).defer("document", "earlier").order_by(
            "-inception")
    return rows


def contract_seen(actor: Actor, key: UUID) -> Contract:
    """The contract of a key that the actor sees, of either kind; else Http404."""
    try:
        found: Contract = visible_or_404(Policy, actor, pk=key)
    except Http404:
        found = visible_or_404(FirmPolicy.objects.select_related("firm", "tenant"), actor, pk=key)
    return found


def contract_of_number(actor: Actor, number: str) -> FirmPolicy | None:
    """A small firm's policy by its number, if the actor may report under it."""
    found: FirmPolicy | None = firm_policies(actor).filter(policy_no=number.strip()).first()
    return found


def contract_of_text(actor: Actor, key: str) -> Contract | None:
    """The contract of a key that came as text, if the actor may report under it."""
    try:
        pk = UUID(key)
    except ValueError:
        return None
    found: Contract | None = (enterprise_policies(actor).filter(pk=pk).first()
                              or firm_policies(actor).filter(pk=pk).first())
    return found


def has_begun(contract: Contract) -> bool:
    """Whether cover has ever begun under it."""
    if isinstance(contract, FirmPolicy):
        return contract.paid_at is not None
    return contract.state not in _NOT_BEGUN


def require_reporter(contract: Contract, actor: Actor) -> None:
    """Raise PermissionDenied unless the actor's house may report under this contract: the insurer
    that keeps it, its insured or applicant; a small firm's broker, or who came by its link."""
    if by_the_link(actor, contract):
        return
    home = actor.organisation.pk
    if actor.tenant is not None:
        allowed = actor.tenant.pk == contract.tenant_id
    elif isinstance(contract, FirmPolicy):
        allowed = home in {contract.insured_id, contract.broker_id}
    else:
        allowed = home in {contract.insured_id, contract.applicant_id}
    if not allowed:
        raise PermissionDenied("claims.report")


def insured_of(contract: Contract) -> Organisation:
    """The organisation that is insured. A small firm may have had none until now (it came by a
    link, through a broker or in a batch): the one that its desk tied it to, or that of its earlier
    incidents, else a new one, once, in the insurer's name.

    Anybody may type a credit code. Only where the insurer's own desk entered it does it name an
    organisation; else the firm would reach, and burden, one that is somebody else's.
    """
    if contract.insured_id is not None:
        return contract.insured  # type: ignore[return-value]
    assert isinstance(contract, FirmPolicy)
    # Two first reports at once must not make the firm twice.
    audit.hold_chain(contract.tenant)
    found = contract.firm.insured or _insured_before(contract)
    if found is not None:
        return found
    party = contract.document["schedule"]["insured"]
    return introduce_organisation(
        kind=Organisation.Kind.INSURED, name_zh=party["name_zh"],
        credit_code=(party["credit_code"] or None) if contract.firm.is_vouched_for else None,
        actor=system_actor(contract.tenant))


def _insured_before(contract: FirmPolicy) -> Organisation | None:
    """The organisation of a firm's earlier incidents."""
    row = Incident.objects.within(contract.tenant_id).filter(
        firm_policy__firm=contract.firm_id).select_related("insured").order_by("id").first()
    found: Organisation | None = None if row is None else row.insured
    return found


def credit_code_of(row: Any) -> str:
    """The credit code of who is insured: its organisation's, else the one in its contract."""
    if row.insured.credit_code or not row.is_of_small_firm:
        return row.insured.credit_code or ""
    return str(row.contract.document["schedule"]["insured"]["credit_code"])


def contract_column(contract: Contract) -> dict[str, Any]:
    """A contract as a filter of the rows under it."""
    return {"firm_policy" if isinstance(contract, FirmPolicy) else "policy": contract}


def broker_of(contract: Contract) -> Organisation | None:
    """The broker who sees what happens under the contract."""
    return contract.broker if isinstance(contract, FirmPolicy) else None


def keep_reachable(contract: Contract, until: datetime) -> None:
    """Whoever came by a link can follow what it reported as long as it may object to it."""
    if isinstance(contract, FirmPolicy) and contract.firm.link_id is not None:
        keep_link_open(contract.firm, shanghai_day(until))


def case_of(contract: Contract) -> Case | None:
    """The case whose steps go on with its incidents; a small firm's policy has none."""
    return None if isinstance(contract, FirmPolicy) else contract.case


def underwriting_of(contract: Contract) -> dict[str, Any]:
    """Where the audit chain says who underwrote the contract."""
    return {"subject_type__in": _UNDERWRITTEN[type(contract)],
            "subject_id__in": [str(contract.pk), str(contract.quote_id)]}


def paid_policies(tenant: Organisation, insured: Organisation) -> list[Any]:
    """First and last day of every contract of one insured that was paid, of both kinds."""
    mine = Q(insured=insured) | Q(incidents__insured=insured)
    if insured.credit_code:
        mine |= Q(firm__credit_code=insured.credit_code) & vouched_for("firm__")
    enterprise = Policy.objects.within(tenant).filter(insured=insured, paid_at__isnull=False)
    firms = FirmPolicy.objects.within(tenant).filter(mine, paid_at__isnull=False).distinct()
    return sorted((*enterprise.values_list("inception", "expiry"),
                   *firms.values_list("inception", "expiry")))

