"""Codes of incidents and claims in words, for pages. The engine's own codes have theirs in
`dinghai.documents.phrases`."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from dinghai_platform.site.words import Word, register_states

STATES = {
    "reported": Word(_("Reported"), "warn"),
    "ir_dispatched": Word(_("Responders sent"), "info"),
    "in_proceedings": Word(_("In proceedings"), "warn"),
    "provisional": Word(_("Provisional"), "warn"),
    "replaced": Word(_("Replaced")),
    "refused": Word(_("Refusal issued"), "bad"),
    "ordered": Word(_("Ordered"), "warn"),
    "arrived": Word(_("Arrived"), "good"),
    "waiting": Word(_("Not started")),
    "met_late": Word(_("Met late"), "bad"),
}

INCIDENT_EVENTS: dict[str, Any] = {
    "report": _("Incident reported"),
    "triage": _("Graded"),
    "dispatch": _("Responders sent"),
    "order": _("Responders asked for"),
    "accept": _("Order accepted"),
    "decline": _("Order declined"),
    "arrive": _("Responders arrived"),
    "contain": _("Contained"),
    "eradicate": _("Eradicated"),
    "recover": _("Operations recovered"),
    "close": _("Incident closed"),
    "dismiss": _("Found not to be an incident"),
    "duty_met": _("Reported to the authority"),
    "note": _("Note"),
    "evidence": _("Evidence handed in"),
}

INCIDENT_VERBS: dict[str, Any] = {
    "triage": _("Grade the incident"),
    "dispatch": _("Send responders"),
    "contain": _("Record containment"),
    "eradicate": _("Record eradication"),
    "recover": _("Confirm recovery"),
    "close": _("Close the incident"),
    "dismiss": _("Dismiss: not an incident"),
}

CLAIM_VERBS: dict[str, Any] = {
    "register": _("Register the claim"),
    "request_evidence": _("Ask for evidence, once"),
    "receive": _("Hand in what was asked for"),
    "go_on": _("Go on without the papers"),
    "survey": _("Begin the survey"),
    "quantify": _("Fix the amounts"),
    "adjudicate": _("Adjudicate"),
    "approve": _("Approve and issue the decision"),
    "reject": _("Issue a refusal"),
    "agree": _("Agree to the decision"),
    "agree_on_paper": _("Record the firm's agreement on paper"),
    "pay": _("Pay"),
    "order_interim": _("Order the payment in advance"),
    "interim": _("Pay in advance what was ordered"),
    "dispute": _("Object to the decision"),
    "appeal": _("Appeal against the refusal"),
    "mediate": _("Record the mediation"),
    "proceed": _("Go to arbitration or court"),
    "decide": _("Record the judgment"),
    "withdraw": _("Withdraw the objection"),
    "subrogate": _("Take recourse"),
    "close": _("Close the file"),
    "reopen": _("Reopen"),
}

FAMILIES: dict[str, Any] = {
    "malware": _("Malicious program"),
    "attack": _("Network attack"),
    "data": _("Data security"),
    "content": _("Information content"),
    "facility": _("Equipment failure"),
    "misuse": _("Violation of rules"),
    "hidden": _("Hidden danger"),
    "abnormal": _("Abnormal behaviour"),
    "force_majeure": _("Force majeure"),
    "other": _("Other"),
}
"""The ten families of GB/T 20986-2023 (confidence M)."""


PARTY_ROLES: dict[str, Any] = {
    "lead_insurer": _("Lead insurer"),
    "following_insurer": _("Following insurer"),
    "captive": _("Captive insurer"),
    "chain_owner": _("Chain owner"),
    "supplier": _("Supplier"),
    "insured": _("Insured"),
}

SHARE_KINDS: dict[str, Any] = {
    "insurance": _("Insurance"),
    "contribution": _("Contribution by agreement"),
    "retained": _("Retained by the insured"),
}

FACT_GROUPS: dict[str, Any] = {
    "event": _("What happened"), "incident": _("Cause and time"),
    "insured": _("The insured"), "controls": _("Security conditions"),
    "vuln": _("Vulnerability"), "finding": _("Notified weakness"), "claim": _("The claim"),
    "notice": _("For the authority"), "item": _("The item"), "bi": _("Interruption"),
    "data": _("Restoration"), "notification": _("Notification"),
    "liability": _("Liability"), "extortion": _("Extortion"), "fraud": _("Fraud"),
    "provider": _("Provider"), "asset": _("Asset"), "causation": _("Finding of causation"),
    "supply": _("Supply"), "member": _("Member"), "service": _("Service"),
    "outage": _("Outage"), "endpoint": _("Endpoints"), "usage": _("Usage"),
    "improvement": _("Improvement"), "hardware": _("Hardware"), "property": _("Property"),
    "ai": _("AI system"), "model": _("Model"), "token": _("Token"), "premium": _("Premium"),
    "risk": _("The risk"), "personal": _("Personal fraud"), "telemetry": _("Telemetry"),
    "change": _("Change"), "product": _("Product"), "ddos": _("Denial of service"),
    "contract": _("Contract"),
}
"""Groups of facts by the first part of their ids."""

LINES: dict[str, Any] = {"enterprise": _("Enterprise"), "small_firm": _("Small firm")}
"""The kinds of contract."""

PAUSES: dict[str, Any] = {"waiting_for_papers": _("waiting for further papers")}


def register() -> None:
    """Add the states of this room to the words of the site."""
    register_states(STATES)


def word(table: dict[str, Any], code: str) -> Any:
    """A code's words; the code itself where the table has none."""
    return table.get(code, code.replace("_", " "))
