"""The catalogue's codes in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import pgettext_lazy as _p

from dinghai.documents.phrases import has_phrase, phrase
from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.industries import industries
from dinghai.wording.saying import Language, has_word, word
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.site.words import Word, name_of

# The states of the lifecycle have their words from underwriting, which shows versions as well.
STATES: Mapping[str, Word] = {
    "shipped": Word(_p("state", "Reference wording")),
    "conforming": Word(_p("state", "Conforms"), "good"),
    "not_conforming": Word(_p("state", "Does not conform"), "bad"),
    "error": Word(_p("state", "Error"), "bad"),
    "warning": Word(_p("state", "Warning"), "warn"),
    "note": Word(_p("state", "Remark"), "neutral"),
    "added": Word(_p("state", "Added"), "good"),
    "removed": Word(_p("state", "Removed"), "bad"),
    "changed": Word(_p("state", "Changed"), "info"),
    "not_covered": Word(_p("gap", "Not covered"), "bad"),
    "not_payable": Word(_p("gap", "Listed, never paid"), "bad"),
    "limit_below_need": Word(_p("gap", "Limit too low"), "warn"),
}

CLASSES: Mapping[str, Any] = {
    "first_party": gettext_lazy("Own losses"),
    "third_party": gettext_lazy("Liability to others"),
    "supply_chain": gettext_lazy("Supply chain"),
    "product_service": gettext_lazy("Product-service covers"),
    "personal": gettext_lazy("Personal lines"),
    "emerging": gettext_lazy("Emerging risks"),
    "service": gettext_lazy("Services in kind"),
}

def language() -> Language:
    """The language of the page, as the engine names it."""
    return "zh" if is_chinese() else "en"


def said(group: str, code: str) -> str:
    """A code of the wording in words; the code itself where it has none."""
    return word(group, code, language()) if has_word(group, code) else code


def phrased(group: str, code: str) -> str:
    """A code of the engine's decisions in words; the code itself where it has none."""
    name = f"{group}.{code}"
    return phrase(name, language()) if has_phrase(name) else code.replace("_", " ")


def coverage_name(code: str) -> str:
    """The standard name of a coverage."""
    standard = coverages().get(code)
    return name_of(standard) if standard is not None else code


def sector_name(code: str) -> str:
    """An industry of GB/T 4754 by its section."""
    known = industries().get(code)
    return f"{code} {name_of(known)}" if known is not None else code


def target_name(code: str) -> str:
    """For whom a product is made."""
    return phrased("target", code)


def both(chinese: str, english: str) -> str:
    """One of two texts, by the language of the page; Chinese where there is no English."""
    return chinese if is_chinese() or not english else english


def condition_words(text: str) -> str:
    """A condition of the cover matrix (``vendor_rule:panel``) in words."""
    kind, _mark, value = text.partition(":")
    match kind:
        case "prior_consent":
            return _("Consent beforehand: %(what)s") % {"what": said("prior_consent", value)}
        case "vendor_rule":
            return _("Vendors: %(what)s") % {"what": said("vendor_rule", value)}
        case "schedule":
            return _("Confined to the schedule of %(what)s") % {"what": said("choice", value)}
        case "window_days":
            return _("Costs within %(days)s days of the incident") % {"days": value}
        case "per_supplier_fen":
            return _("At most %(amount)s for one supplier") % {
                "amount": f"¥{int(value) // 100:,}"}
        case "beside_the_aggregate":
            return _("Beside the aggregate limit")
    return text
