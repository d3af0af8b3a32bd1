"""Codes of small firms in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai.foundation.errors import DinghaiError, Fault, InputError
from dinghai.schemes.small_firm_plans import Plan
from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.indicators import indicators
from dinghai.vocabulary.industries import industries
from dinghai_platform.core.web import fault_of
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.site.words import Word, name_of, register_states, said_before_colon
from dinghai_platform.small_firms.engine import plans
from dinghai_platform.underwriting.words import CONDITIONS, QUOTE_REASONS

REASONS: Final[Mapping[str, Any]] = {
    **QUOTE_REASONS,
    "minimum_requirements_missed": _("Several minimum requirements are missed"),
    "plan_score": _("The score does not reach this plan"),
    "not_inclusive": _("These plans do not serve it"),
}
AGAINST: Final[Mapping[str, Any]] = {
    "headcount": _("Too many people"), "revenue": _("Too much revenue"),
    "personal_records": _("Too many personal records"), "sector": _("Sector"),
    "critical_infrastructure": _("Critical information infrastructure"),
}
OUTCOMES: Final[Mapping[str, Any]] = {
    "offered": _p("small firm", "Offered"),
    "referred": _p("small firm", "With an underwriter"),
    "treat_first": _p("small firm", "Treat first"),
    "standard_product": _p("small firm", "Standard product"),
    "declined": _p("small firm", "Declined"),
}
OUTCOME_TEXTS: Final[Mapping[str, Any]] = {
    "offered": _("You can be insured today. Choose a plan below."),
    "referred": _("An underwriter looks at this first. You need do nothing; mending what stands "
                  "below helps."),
    "treat_first": _("A minimum requirement has to be met first. Mend what stands below, then "
                     "answer again."),
    "standard_product": _("These plans are for smaller firms. Your insurer offers the standard "
                          "product instead."),
    "declined": _("The score is too low for cover today. The fixes below lead out of it."),
}
TONES: Final[Mapping[str, str]] = {
    "offered": "good", "referred": "warn", "treat_first": "warn", "standard_product": "info",
    "declined": "bad",
}
PROBES: Final[Mapping[str, Any]] = {
    "used": _("A scan was used, by consent"),
    "no_consent": _("No consent: nothing was looked at"),
    "no_scan": _("Consented; no scan was handed in"),
    "nothing_consented": _("The scan shows nothing that is consented to"),
}
CHANNELS: Final[Mapping[str, Any]] = {
    "in_person": _p("explained", "In person"), "telephone": _p("explained", "By telephone"),
    "paper": _p("explained", "On paper"),
}
TERM_KINDS: Final[Mapping[str, Any]] = {
    "exclusion": _("What is not insured"),
    "deductible": _("What you bear of each loss"),
    "waiting": _("Waiting periods"),
    "insured_share": _("Shares that you bear"),
    "premium_paid": _("Payment in proportion to the premium paid"),
    "average": _("Average"),
}
EFFORTS: Final[Mapping[str, Any]] = {
    "low": _p("effort", "Low"), "medium": _p("effort", "Medium"), "high": _p("effort", "High"),
}
READINGS: Final[Mapping[str, Any]] = {
    "answers": _("How the answers are read"), "size": _("By size"), "sector": _("By sector"),
    "unknown_ppm": _("Share of answers nobody knows"),
    "overstated_ppm": _("Share of answers one word too good"),
    "optimists_ppm": _("Share of optimists"),
    "general_and_domain_ppm": _("How much answers have in common"),
}
CASES: Final[Mapping[str, Any]] = {
    "light_reported_full_verified": _("28 answers as given, against 46 verified (the headline)"),
    "light_exact_full_verified": _("28 answers without error, against 46 verified"),
    "light_exact_full_unverified": _("28 answers without error, against 46 answers"),
    "light_reported_questions_not_asked": _("28 answers as given, against the 18 never asked"),
    "micro": _p("size", "Micro"), "small": _p("size", "Small"), "medium": _p("size", "Medium"),
}
CHANGES: Final[Mapping[str, Any]] = {
    "cancel": _p("change", "Cancellation"), "plan": _p("change", "Change of plan"),
    "name": _p("change", "Correction of the name"),
}
PAPERS: Final[Mapping[str, Any]] = {
    "schedule": _("Electronic policy"), "booklet": _("Clause booklet"),
    "explanations": _("Explanation checklist"),
}


def indicator_name(code: str) -> str:
    """An indicator in the page's language."""
    item = indicators().get(code)
    return name_of(item) if item is not None else code


def industry_name(code: str) -> str:
    """A section of GB/T 4754 in the page's language."""
    item = industries().get(code)
    return f"{code} {name_of(item)}" if item is not None else code


def coverage_name(code: str) -> str:
    """A coverage in the page's language."""
    item = coverages().get(code)
    return name_of(item) if item is not None else code


def plan_name(code: str) -> str:
    """A plan in the page's language; the code where there is none such any more."""
    found = next((one for one in plans().plans if one.code == code), None)
    return code if found is None else name_of(found)


def plan_summary(plan: Plan) -> str:
    """What a plan is for."""
    return plan.summary_zh if is_chinese() else plan.summary_en


def reason_words(reason: str) -> str:
    """A reason of a quote in one sentence."""
    code, _colon, subject = reason.partition(":")
    said = str(REASONS.get(code, code.replace("_", " ")))
    if not subject:
        return said
    if code == "plan_score":
        about = plan_name(subject)
    elif code == "not_inclusive":
        head, _second, rest = subject.partition(":")
        about = str(AGAINST.get(head, head)) + (f" {industry_name(rest)}" if rest else "")
    else:
        about = indicator_name(subject) if subject in indicators() else subject
    return _t("%(said)s: %(about)s") % {"said": said, "about": about}


def condition_words(code: str, indicator: str) -> str:
    """A condition of an offer in one sentence."""
    return _t("%(said)s: %(about)s") % {
        "said": str(CONDITIONS.get(code, code)), "about": indicator_name(indicator)}


def sentence(text: str) -> str:
    """A sentence of the engine in the reader's language; a value it begins with stays."""
    if text[:1] in {"'", '"'} and (end := text.find(text[0], 1)) > 0:
        return f"{text[:end + 1]} {sentence(text[end + 1:].strip())}"
    return said_before_colon(text)


def fault_words(fault: Fault) -> str:
    """A fault in one sentence with how to mend it, in the reader's language."""
    mend = f" ({sentence(fault.mend)})" if fault.mend else ""
    return f"{sentence(fault.message)}{mend}"


def error_words(error: DinghaiError) -> str:
    """Why a verb is refused, in the reader's language."""
    faults = error.faults if isinstance(error, InputError) else (fault_of(error),)
    return "; ".join(fault_words(one) for one in faults[:3])


def refused_rows(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Offers that could not be bound, each with its reason in the reader's language."""
    return [{**one, "words": sentence(one["why"])} for one in rows]


def register() -> None:
    """Hand the room's words to the site."""
    register_states({
        "firm_draft": Word(_p("small firm", "Answering")),
        "firm_offered": Word(_p("small firm", "Offered"), "good"),
        "firm_referred": Word(_p("small firm", "With an underwriter"), "warn"),
        "firm_treat_first": Word(_p("small firm", "Treat first"), "warn"),
        "firm_standard_product": Word(_p("small firm", "Standard product"), "info"),
        "firm_declined": Word(_p("small firm", "Declined"), "bad"),
        "firm_bound": Word(_p("small firm", "Insured"), "good"),
        "firm_quote_approved": Word(_p("decision", "Approved"), "good"),
        "firm_quote_refused": Word(_p("decision", "Refused"), "bad"),
        "firm_quote_again": Word(_p("decision", "Refused, to be looked at again"), "warn"),
        "firm_batch_checked": Word(_p("batch", "Looked through"), "info"),
        "firm_batch_quoting": Word(_p("batch", "Being quoted"), "info"),
        "firm_batch_quoted": Word(_p("batch", "Quoted"), "good"),
        "firm_batch_cancelled": Word(_p("batch", "Given up")),
        "firm_renewal_ask": Word(_p("renewal", "To be answered anew"), "warn"),
        "firm_renewal_left": Word(_p("renewal", "Left out"), "bad"),
        "firm_change_due": Word(_p("change", "Additional premium due"), "warn"),
        "firm_change_standing": Word(_p("change", "Agreed, its day comes"), "info"),
        "firm_change_done": Word(_p("change", "In force"), "good"),
        "firm_change_fallen": Word(_p("change", "Fallen away")),
        "firm_link_new": Word(_p("link", "Not opened yet"), "info"),
        "firm_link_opened": Word(_p("link", "Opened"), "good"),
        "firm_link_over": Word(_p("link", "Over")),
        "firm_link_revoked": Word(_p("link", "Withdrawn"), "bad"),
    })
