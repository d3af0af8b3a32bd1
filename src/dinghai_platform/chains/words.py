"""Codes of supply chains in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai.vocabulary.indicators import indicators
from dinghai.vocabulary.industries import industries
from dinghai_platform.site.words import SECTIONS, SEVERITIES, Word, name_of, register_states

ROLES: Final[Mapping[str, Any]] = {
    "owner": _p("chain", "Chain owner"), "supplier": _p("chain", "Supplier"),
    "dealer": _p("chain", "Dealer"), "customer": _p("chain", "Customer"),
    "provider": _p("chain", "Provider"),
    "common_vulnerability": _p("chain", "Common vulnerability"),
}
PROVIDER_KINDS: Final[Mapping[str, Any]] = {
    "cloud": _p("chain", "Cloud"), "managed_service": _p("chain", "Managed service"),
    "software": _p("chain", "Software"), "identity": _p("chain", "Identity"),
    "network": _p("chain", "Network"), "other": _p("chain", "Other"),
}
LINK_KINDS: Final[Mapping[str, Any]] = {
    "remote_access": _p("chain", "Remote access"),
    "software_update": _p("chain", "Software update"),
    "data_share": _p("chain", "Data exchange"), "email_trust": _p("chain", "Trusted e-mail"),
    "shared_credential": _p("chain", "Shared credential"),
    "shared_provider": _p("chain", "Shared provider"),
}
ASSET_KINDS: Final[Mapping[str, Any]] = {
    "workstations": _p("chain", "Workstations"), "mail": _p("chain", "Mail"),
    "remote_access": _p("chain", "Remote access"), "web": _p("chain", "Web"),
    "directory": _p("chain", "Directory"), "files": _p("chain", "File server"),
    "business_system": _p("chain", "Business system"), "database": _p("chain", "Database"),
    "backup": _p("chain", "Backup"), "build": _p("chain", "Build system"),
    "cloud": _p("chain", "Cloud"), "operations": _p("chain", "Industrial control"),
}
PRIVILEGES: Final[Mapping[str, Any]] = {
    "user": _p("chain", "user"), "administrator": _p("chain", "administrator"),
}
KNOWN_BY: Final[Mapping[str, Any]] = {
    "assessment": _p("chain", "assessment"), "questionnaire": _p("chain", "questionnaire"),
    "scan": _p("chain", "scan"), "estimate": _p("chain", "estimate"),
}
TABLES: Final[Mapping[str, Any]] = {
    "firms": _p("chain", "Firms"), "controls": _p("chain", "Scores of controls"),
    "assets": _p("chain", "Assets"), "weaknesses": _p("chain", "Findings"),
    "providers": _p("chain", "Providers"), "links": _p("chain", "Attack links"),
    "goods": _p("chain", "Deliveries"),
}
PARTS: Final[Mapping[str, Any]] = {
    "simulation": _p("chain", "Years of the twin"),
    "ranking": _p("chain", "Worth of protecting each party"),
    "levels": _p("chain", "Security level of every node"),
    "blast": _p("chain", "Blast radius and single points of failure"),
    "paths": _p("chain", "Attack paths"),
    "likely": _p("chain", "Most likely single ways"),
    "changes": _p("chain", "What changed the levels, and why"),
    "replay": _p("chain", "Replay of events day by day"),
    "hardening": _p("chain", "Plan of fixes for a budget"),
    "shares": _p("chain", "Shares of the parties"),
}
FIELDS: Final[Mapping[str, Any]] = {
    "id": _p("chain", "Identifier"), "name_zh": _("Chinese name"), "name_en": _("English name"),
    "role": _p("chain", "Role"), "tier": _p("chain", "Tier"), "industry": _("Industry"),
    "revenue_fen": _("Annual revenue"), "credit_code": _("Unified social credit code"),
    "gross_profit_rate_ppm": _p("chain", "Gross profit rate"),
    "headcount": _p("chain", "Headcount"), "endpoints": _p("chain", "Endpoints"),
    "records_general": _p("chain", "Personal records"),
    "records_sensitive": _p("chain", "Sensitive personal records"),
    "important_data": _p("chain", "Important data"),
    "critical_infrastructure": _p("chain", "Critical infrastructure"),
    "online_revenue_ppm": _p("chain", "Revenue earned online"),
    "tolerable_outage_seconds": _p("chain", "Longest outage it can bear"),
    "operations_systems": _p("chain", "Industrial control systems"),
    "recovery_seconds": _p("chain", "Time to work again"),
    "template": _p("chain", "Template"), "province": _p("chain", "Province"),
    "limit_fen": _("Limit"), "event_deductible_fen": _p("chain", "Event deductible"),
    "estimated": _p("chain", "Estimated fields"), "dossier": _p("chain", "Dossier"),
    "score_ppm": _("Score"), "known_by": _p("chain", "Known by"), "as_of": _("As of"),
    "kind": _("Kind"), "name": _("Name"), "exposed": _p("chain", "Reachable from the internet"),
    "output_share_ppm": _p("chain", "Part of output that stops with it"),
    "products": _p("chain", "Software"), "severity": _("Severity"),
    "observed_on": _p("chain", "Observed on"), "source": _p("chain", "From"),
    "target": _p("chain", "To"), "privilege": _p("chain", "Privilege"), "mfa": "MFA",
    "segmented": _p("chain", "Segmented"), "share_ppm": _p("chain", "Share of supply"),
    "stock_seconds": _p("chain", "Stock"), "substitutable_ppm": _p("chain", "Bought elsewhere"),
    "item": _p("chain", "Item"),
    "incidents_ppm_a_year": _p("chain", "Incidents a year"),
    "file": _("File"), "years": _("Simulated years"), "seed": _("Seed"),
    "budget_fen": _("Budget for fixes"), "reason": _("Reason"), "note": _("Note on this version"),
    "owner": _("Chain owner"), "insurer": _("Insurer"),
}
REASONS: Final[Mapping[str, Any]] = {
    "control": _p("chain", "Control"), "finding": _p("chain", "Finding"), "kev": "KEV",
    "epss": "EPSS", "asset": _p("chain", "Asset"), "link": _p("chain", "Link"),
    "profile": _p("chain", "Profile"), "goods": _p("chain", "Delivery"),
    "neighbour": _p("chain", "Neighbour"), "provider": _p("chain", "Provider"),
    "rules": _p("chain", "Rules of the grades"),
}
GUESSED_BY: Final[Mapping[str, Any]] = {
    "asked": _p("chain", "as you said"), "name": _p("chain", "by its name"),
    "part of the name": _p("chain", "by a part of its name"),
    "content": _p("chain", "by what stands in it"),
}


UNITS: Final[Mapping[str, Any]] = {
    "d": _p("unit", "days"), "h": _p("unit", "hours"), "s": _p("unit", "seconds"),
}
_CODED: Final[Mapping[str, Mapping[str, Any]]] = {
    "kind": {**PROVIDER_KINDS, **ASSET_KINDS, **LINK_KINDS}, "privilege": PRIVILEGES,
    "known_by": KNOWN_BY, "role": ROLES,
    "severity": {code: one.label for code, one in SEVERITIES.items()},
}


def coded(field: str, value: str) -> str:
    """What a field of a chain's row says, in words where it is a code."""
    if field == "industry" and value in industries():
        return industry_name(value)
    return str(_CODED.get(field, {}).get(value, value))


def word(table: Mapping[str, Any], code: str) -> str:
    """A code in words; itself where nobody named it."""
    return str(table.get(code, code.replace("_", " ")))


def industry_name(code: str) -> str:
    """A section of GB/T 4754 in words."""
    return name_of(industries()[code]) if code in industries() else code


def indicator_name(code: str) -> str:
    """An indicator in words."""
    return name_of(indicators()[code]) if code in indicators() else code


def tier_name(tier: int, role: str) -> str:
    """A tier with its side of the chain: upstream of the owner, or downstream."""
    if role == "owner" or tier == 0:
        return str(ROLES["owner"])
    if role == "supplier":
        return str(_("Suppliers, tier %(tier)d") % {"tier": tier})
    return str(_("Customers and dealers, tier %(tier)d") % {"tier": tier})


def register() -> None:
    """Hand the room's words to the site."""
    SECTIONS["chains"] = _("Supply chain")
    register_states({
        "chain_active": Word(_p("chain", "Kept"), "good"),
        "chain_withdrawn": Word(_p("chain", "Withdrawn")),
        "import_read": Word(_p("chain import", "Waits"), "info"),
        "import_kept": Word(_p("chain import", "Kept"), "good"),
        "import_dropped": Word(_p("chain import", "Dropped")),
    })
