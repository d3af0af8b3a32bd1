"""The 28 questions and what is asked of the firm, as a page shows them with what was typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai.foundation.errors import Fault
from dinghai.vocabulary.indicators import domains, indicators, light_indicators
from dinghai.vocabulary.industries import industries
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.site.words import name_of
from dinghai_platform.small_firms.words import fault_words, industry_name

ANSWERS: Final = (("yes", "4", _p("answer", "Yes")), ("partly", "2", _p("answer", "Partly")),
                  ("no", "0", _p("answer", "No")), ("unknown", "", _p("answer", "Do not know")))
YES_NO: Final = (("yes", _p("answer", "Yes")), ("no", _p("answer", "No")),
                 ("", _p("answer", "Not said")))


@dataclass(frozen=True, slots=True)
class Asked:
    """One field about the firm: how it is typed and what is there."""

    name: str
    label: Any
    hint: Any
    kind: str
    value: str
    required: bool
    error: str
    choices: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """One answer of a question, with what it means here."""

    value: str
    label: Any
    meaning: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Question:
    """One of the 28 questions."""

    code: str
    name: str
    text: str
    options: tuple[Option, ...]
    error: str
    is_minimum: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Questions of one domain."""

    code: str
    name: str
    questions: tuple[Question, ...]


_FIRM: Final[tuple[tuple[str, Any, Any, str, bool], ...]] = (
    ("name", _("Name of the firm"), _("As registered"), "text", True),
    ("credit_code", _("Unified social credit code"), _("18 characters"), "text", True),
    ("industry", _("Industry"), _("Section of GB/T 4754"), "industry", True),
    ("revenue", _("Revenue of the last year (10,000 yuan)"), _("Such as 456"), "text", True),
    ("employees", _("People"), _("The owner counts too"), "number", True),
    ("domain", _("Domains and addresses on the internet"),
     _("Parted by semicolons, such as example.cn; 203.0.113.7"), "text", False),
    ("products", _("Software and devices in use"),
     _("Parted by semicolons, such as Fortinet FortiOS; the monthly page warns of their holes"),
     "text", False),
)
_MORE: Final[tuple[tuple[str, Any, Any, str, bool], ...]] = (
    ("endpoints", _("Computers and devices"), "", "number", False),
    ("records_general", _("Persons whose ordinary data are held"), "", "number", False),
    ("records_sensitive", _("Persons whose sensitive data are held"), "", "number", False),
    ("gross_profit_rate", _("Gross profit rate"), _("Such as 30%"), "text", False),
    ("online_revenue", _("Share of revenue from the internet"), _("Such as 20%"), "text", False),
    ("critical_providers", _("Providers the business cannot do without"), "", "number", False),
    ("ot_systems", _("Industrial control systems"), "", "number", False),
    ("high_value_payments", _("Large payments a year"), "", "number", False),
    ("mlps_level", _("MLPS level"), _("1 to 5"), "number", False),
    ("important_data", _("Holds important data"), "", "yes_no", False),
    ("critical_infrastructure", _("Critical information infrastructure"), "", "yes_no", False),
)


def _errors(faults: Iterable[Fault]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in faults:
        found.setdefault(one.field or "", fault_words(one))
    return found


def firm_fields(cells: Mapping[str, str], faults: Iterable[Fault] = ()) -> list[Asked]:
    """What every firm is asked."""
    return _fields(_FIRM, cells, _errors(faults))


def more_fields(cells: Mapping[str, str], faults: Iterable[Fault] = ()) -> list[Asked]:
    """What a firm may say besides; left out, the usual at its revenue is taken."""
    return _fields(_MORE, cells, _errors(faults))


def _fields(rows: Iterable[tuple[str, Any, Any, str, bool]], cells: Mapping[str, str],
            errors: Mapping[str, str]) -> list[Asked]:
    made = []
    for name, label, hint, kind, required in rows:
        choices: tuple[tuple[str, Any], ...] = ()
        if kind == "industry":
            choices = tuple((code, industry_name(code)) for code in industries())
        elif kind == "yes_no":
            choices = YES_NO
        made.append(Asked(name, label, hint, kind, cells.get(name, ""), required,
                          errors.get(name, ""), choices))
    return made


def question_groups(cells: Mapping[str, str], faults: Iterable[Fault] = ()) -> list[Group]:
    """The 28 questions by domain, with the answers that are there."""
    errors, made = _errors(faults), []
    asked = [indicators()[code] for code in light_indicators()]
    for code, domain in domains().items():
        own = tuple(_question(one, cells.get(one.id, ""), errors.get(one.id, ""))
                    for one in asked if one.domain == code)
        if own:
            made.append(Group(code, name_of(domain), own))
    return made


def _question(item: Any, value: str, error: str) -> Question:
    chinese = is_chinese()
    anchors = item.anchors_zh if chinese else item.anchors_en
    options = tuple(Option(word, label, anchors.get(score, ""), value == word)
                    for word, score, label in ANSWERS)
    if value and value not in {one.value for one in options}:
        options = (*options, Option(value, _("As in the file"), value, True))
    return Question(item.id, name_of(item), item.question_zh if chinese else item.question_en,
                    options, error, item.minimum is not None)


def other_faults(faults: Iterable[Fault]) -> list[str]:
    """Faults that no field on the page carries."""
    shown = {name for name, *_rest in (*_FIRM, *_MORE)} | set(light_indicators()) | {"plan"}
    return [fault_words(one) for one in faults if (one.field or "") not in shown]
