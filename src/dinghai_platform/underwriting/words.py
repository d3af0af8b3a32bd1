"""Underwriting's codes in words."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai.foundation.errors import Fault
from dinghai_platform.site.words import (
    Word,
    register_names,
    register_states,
    said_before_colon,
)

KINDS: dict[str, Any] = {
    "open_port": _("Open port"),
    "service": _("Service"),
    "vulnerability": _("Vulnerability"),
    "misconfiguration": _("Misconfiguration"),
    "component": _("Component"),
    "end_of_life": _("End of life"),
    "weak_encryption": _("Weak encryption"),
}
VANTAGES: dict[str, Any] = {
    "external": _("from outside"),
    "internal": _("from inside"),
    "unstated": _("not stated"),
}
EFFORTS: dict[str, Any] = {
    "low": _p("effort", "Low"),
    "medium": _p("effort", "Medium"),
    "high": _p("effort", "High"),
}
ACTIONS: dict[str, Any] = {
    "refer": _("put before a higher authority"),
    "decline_until_fixed": _("no cover until it is mended"),
    "sublimit_zero_without": _("this cover is withheld"),
}
CONDITIONS: dict[str, Any] = {
    "treat": _("Mend it"),
    "explain_conflict": _("Explain why the answer and the scan differ"),
    "confirm": _("Confirm it: nobody could check"),
    "sublimit_zero": _("The cover is withheld until it is mended"),
    "refresh": _("Bring newer evidence"),
}
REASONS: dict[str, Any] = {
    "answer_with_evidence": _("answer with evidence"),
    "answer_only": _("answer without evidence"),
    "capped_without_evidence": _("capped: no evidence"),
    "statement_only": _("only a scan scores this"),
    "needs_evidence": _("needs evidence to count"),
    "not_answered": _("not answered"),
    "clean_scan": _("scan found nothing against it"),
    "lowered_by_scan": _("lowered by the scan"),
    "confirmed_by_scan": _("confirmed by the scan"),
    "observed_without_answer": _("seen by the scan"),
    "conflict": _("answer and scan differ"),
    "missing": _("nothing is known"),
    "answer_stale": _("the answer is old"),
    "scan_stale": _("the scan is old"),
    "scan_date_unknown": _("the scan's day is unknown"),
}
QUOTE_REASONS: dict[str, Any] = {
    "grade": _("Grade"),
    "conflict": _("Answer and scan differ"),
    "knock_out": _("Minimum requirement not met"),
    "unconfirmed": _("Minimum requirement not confirmed"),
    "small_and_partly_everywhere": _("Small firm, partly protected everywhere"),
    "rate_outside_filing": _("Rate outside the filing"),
    "limit_above_authority": _("Limit above your authority"),
    "premium_above_authority": _("Premium above your authority"),
    "low_confidence": _("Too little is known for your authority"),
}
WATERFALL: dict[str, Any] = {
    "book_average": _("Average of the book"),
    "size": _("Size"),
    "industry": _("Industry"),
    "exposure": _("Exposure"),
    "controls_frequency": _("Controls: fewer incidents"),
    "controls_severity": _("Controls: smaller losses"),
    "annual_aggregate": _("Annual aggregate limit"),
    "parameter": _("Parameter load"),
    "risk": _("Risk load"),
    "catastrophe": _("Catastrophe load"),
    "service": _("Service cost"),
    "expense": _("Expenses"),
    "commission": _("Commission"),
    "profit": _("Profit"),
    "guarantee_fund": _("Guarantee fund levy"),
    "experience": _("Experience rating"),
    "market": _("Market factor"),
    "no_claims_credit": _("No-claims credit (a commercial discount)"),
    "days": _("Days of cover"),
    "minimum": _("Up to the filed minimum"),
    "vat": _("VAT"),
}
AVERAGE_FIRM = _("Average firm of the industry")
THIS_FIRM = _("This enterprise")
WITH_EXPERIENCE = _("With its own claims")
NOT_COUNTED: dict[str, Any] = {
    "before the years that count": _("before the years that count"),
    "outside the history": _("outside the stated years"),
    "refused": _("refused"),
    "withdrawn": _("withdrawn"),
    "closed_without_payment": _("closed without payment"),
    "nothing was paid": _("nothing was paid"),
    "no loss": _("no loss"),
    "the same claim number stands already": _("the same claim number stands already"),
}
CLAIM_STATES: dict[str, Any] = {
    "": _("not said"),
    "open": _p("claim", "Open"),
    "closed": _p("claim", "Closed"),
    "closed_without_payment": _("Closed without payment"),
    "refused": _p("claim", "Refused"),
    "withdrawn": _p("claim", "Withdrawn"),
}
CLAIM_ORIGINS: dict[str, Any] = {
    "entered": _("entered by hand"),
    "file": _("from a file"),
    "held": _("held by this platform"),
}
SCREENING_RESULTS: dict[str, Any] = {
    "clear": _("Clear"),
    "possible": _("Possible hit, undecided"),
    "hit": _p("screening", "Hit"),
}
GROUPS: dict[str, Any] = {
    "size": _("Size"),
    "data": _("Data held"),
    "dependence": _("Dependence on systems"),
    "people": _("People and devices"),
    "controls_frequency": _("Controls: fewer incidents"),
    "controls_severity": _("Controls: smaller losses"),
}
GROUP_NOTES: dict[str, Any] = {
    "size": _("Revenue, and all that grows with it in the usual ratio"),
    "data": _("Personal records beyond the usual, important data, critical infrastructure, "
              "jurisdictions"),
    "dependence": _("Gross profit, online share, tolerable outage, providers, industrial systems"),
    "people": _("Headcount, endpoints and large payments beyond the usual"),
    "controls_frequency": _("Against a firm that has half of everything in place"),
    "controls_severity": _("Against a firm that has half of everything in place"),
}
BUNDLES: dict[str, Any] = {
    "knock_outs": _("All minimum requirements"),
    "low_effort": _("Everything of low effort"),
    "everything": _("Everything"),
}
TERM_KINDS: dict[str, Any] = {
    "exclusion": _("Exclusions and conditions"),
    "deductible": _("Deductibles"),
    "waiting": _("Waiting periods"),
    "insured_share": _("Shares borne by the insured"),
}


_QUOTED = re.compile(r"(?P<value>'(?:[^'\\]|\\.){0,80}'|\"[^\"]{0,80}\") (?P<rest>.+)", re.S)
_LINE = re.compile(r"stands already in line (\d+)")


def sentence(text: str) -> str:
    """A sentence of the engine in the reader's language: the value it begins with, and the codes
    after its colon, stay as they are."""
    if match := _QUOTED.fullmatch(text):
        rest = match["rest"]
        if line := _LINE.fullmatch(rest):
            said = _t("stands already in line %(line)s") % {"line": line[1]}
        else:
            said = sentence(rest)
        return f"{match['value']} {said}"
    return said_before_colon(text)


def fault_words(fault: Fault) -> str:
    """A fault in one sentence with how to mend it, in the reader's language."""
    mend = f" ({sentence(fault.mend)})" if fault.mend else ""
    return f"{sentence(fault.message)}{mend}"


def register() -> None:
    """Hand underwriting's words to the site."""
    register_states(
        {
            "reading": Word(_("Being read"), "info"),
            "sealed": Word(_("Sealed"), "good"),
            "screening_clear": Word(_("Clear"), "good"),
            "screening_possible": Word(_("Possible hit, undecided"), "warn"),
            "screening_hit": Word(_p("screening", "Hit"), "bad"),
            "disregarded": Word(_("Disregarded")),
            "inclusive_offer": Word(_("Inclusive offer"), "info"),
            "structured": Word(_("Structured"), "info"),
            "legal_review": Word(_("Legal review done"), "info"),
            "actuarial_review": Word(_("Actuarial review done"), "info"),
            "board_ok": Word(_("Approved by the board"), "info"),
            "in_use": Word(_("On sale"), "good"),
            "filed": Word(_("Filed"), "good"),
            "revised": Word(_("Revised")),
            "proposed": Word(_("Proposed"), "info"),
        }
    )
    register_names(
        {
            "technical_net": _("Technical premium"),
            "no_claims_credit": _("No-claims credit (a commercial discount)"),
            "experience.modification": _("Experience modification"),
            "experience.unbounded": _("Modification before its bounds"),
            "experience.expected_claims": _("Claims the model expects"),
            "experience.claims": _("Claims that count"),
            "experience.credibility": _("Credibility of the number of claims"),
            "experience.excess_credibility": _("Credibility of the size of claims"),
            "experience.primary_share": _("Share of the loss that counts by number"),
            "claims_per_year": _("Claims a year"),
            "years": _p("history", "Years"),
            "charged_net": _("Charged premium before VAT"),
            "parameter": _("Parameter load"),
            "peril": _("Claims a year"),
            "indicator": _("Control"),
            "revenue": _("Revenue"),
            "mix": _("Share of the peril"),
            "prior": _("Shipped table"),
            "iris_2025": _("IRIS 2025"),
            "eurostat_2024": _("Eurostat 2024"),
            "common_share": _("Share of common causes"),
            "measured": _("What public data say"),
            "component": _("Part of the loss"),
            "ransom": _("Ransom"),
            "records": _("Records"),
            "sigma": _("Spread"),
            "index": _("Tail index"),
            "exposure": _("Exposure"),
            "standard_deviation": _("Standard deviation of a year"),
            "common": _("From common causes"),
            "limit": _("Limited at"),
            "severity_industry": _("Severity of the industry"),
            "score": _("Score"),
            "own": _("Own causes"),
            "float": _("Premium float"),
            "factor_in_force": _("Factor in force"),
            "factor": _("Factor"),
            "days_left": _("Days left"),
            "days": _("Days of cover"),
            "size_bands": _("Bands of revenue in claims data"),
            "interruption": _("Interruption"),
            "jurisdictions": _("Jurisdictions"),
            "special_data": _("Important data and critical infrastructure"),
        }
    )
