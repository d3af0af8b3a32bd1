"""Figures of a table as people write them: yuan, percent, days, lists; and back, exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p

from dinghai.foundation.errors import InputError
from dinghai.foundation.money import format_yuan
from dinghai.pricing.referral import Effect
from dinghai.pricing.referral_facts import FACTS
from dinghai_platform.actuarial.kinds import REFERRAL
from dinghai_platform.actuarial.words import (
    COMPARISONS,
    EFFECTS,
    GROUPS,
    fact_name,
    outcome_name,
    place_name,
    yes_or_no,
)
from dinghai_platform.site.formats import UNKNOWN
from dinghai_platform.site.words import name_of, role_name

_NO_FIGURES: Final = ("source", "confidence", "anchor", "name_zh", "name_en")
OUTCOMES: Final[tuple[Effect, ...]] = ("condition", "refer", "decline")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure that may be changed: its place, its unit and how it is written."""

    place: str
    name: str
    unit: str
    value: Any

    @property
    def written(self) -> str:
        """As it is written in a form."""
        return written(self.value, self.unit)

    @property
    def text(self) -> str:
        """As it is read."""
        return figure_text(self.value, self.unit)

    @property
    def choices(self) -> list[tuple[str, Any]]:
        """What may be chosen where it is no number."""
        return [(code, EFFECTS[code]) for code in OUTCOMES]


@dataclass(frozen=True, slots=True)
class FigureGroup:
    """Figures that rest on one source."""

    code: str
    name: str
    source: str
    confidence: str
    figures: tuple[Figure, ...]


def groups_of(kind: str, document: dict[str, Any]) -> tuple[FigureGroup, ...]:
    """The figures of a table by what they rest on, in the table's order."""
    if kind == REFERRAL:
        return tuple(_rule(rule) for rule in document["rules"])
    return tuple(_sourced(document))


def _sourced(part: dict[str, Any], at: str = "") -> Iterator[FigureGroup]:
    for key, value in part.items():
        if not isinstance(value, dict):
            continue
        place = f"{at}.{key}" if at else key
        if "source" not in value:
            yield from _sourced(value, place)
            continue
        yield FigureGroup(
            place, str(GROUPS.get(place, place)), value["source"], value["confidence"],
            tuple(Figure(at, place_name(at).split(" · ")[-1], unit_of(at), one)
                  for at, one in _figures(value, place)))


def _figures(part: dict[str, Any], place: str) -> Iterator[tuple[str, Any]]:
    """The figures of a part with their places, those of its steps one by one."""
    for name, value in part.items():
        if name in _NO_FIGURES:
            continue
        if not isinstance(value, list):
            yield f"{place}.{name}", value
            continue
        for number, step in enumerate(value):
            for each, figure in step.items():
                yield f"{place}.{name}[{number}].{each}", figure


def _rule(rule: dict[str, Any]) -> FigureGroup:
    at = f"rules[{rule['id']}]"
    figures = [
        Figure(f"{at}.when[{number}].value", condition_name(one), FACTS[one["fact"]].kind,
               one["value"])
        for number, one in enumerate(rule["when"]) if one.get("value") is not None
    ]
    figures.append(Figure(f"{at}.outcome", _p("rates", "What follows"), "outcome", rule["outcome"]))
    return FigureGroup(at, name_of(rule), rule["source"], rule["confidence"], tuple(figures))


def condition_name(condition: dict[str, Any]) -> str:
    """What a condition compares, without its value."""
    return f"{fact_name(condition['fact'])} {COMPARISONS[condition['comparison']]}"


def condition_text(condition: dict[str, Any]) -> str:
    """A condition in words."""
    if condition.get("than"):
        return f"{condition_name(condition)} {fact_name(condition['than'])}"
    kind = FACTS[condition["fact"]].kind
    if kind == "truth":
        return f"{fact_name(condition['fact'])}: {yes_or_no(condition['value'])}"
    return f"{condition_name(condition)} {figure_text(condition['value'], kind)}"


def unit_of(place: str) -> str:
    """The unit of a figure of a rating, by its name."""
    last = place.rsplit(".", 1)[-1]
    if last.endswith("_fen"):
        return "fen"
    if "ppm" in last:
        return "ppm"
    if last == "indicator":
        return "text"
    return "days" if last.endswith("_days") else "count"


def written(value: Any, unit: str) -> str:
    """A value as a form shows it: 12.5 for 12.5%, 1234.50 for yuan."""
    match unit:
        case _ if value is None:
            return ""
        case "fen":
            return f"{Decimal(value) / 100:f}"
        case "ppm":
            return f"{Decimal(value) / 10_000:f}"
        case "truth":
            return "true" if value else "false"
        case "words" | "word" if isinstance(value, list):
            return ", ".join(value)
        case _:
            return str(value)


def read_figure(text: str, unit: str, place: str) -> Any:
    """What was written, as the table keeps it. Raises InputError for what cannot be kept exactly.
    """
    text = text.strip()
    match unit:
        case "fen" | "ppm":
            scale = 100 if unit == "fen" else 10_000
            mend = _("write yuan") if unit == "fen" else _("write percent")
            return _whole(text.replace(",", "").replace("¥", "").rstrip("%"), scale, place, mend)
        case "days" | "count":
            return _whole(text, 1, place, _("write a whole number"))
        case "truth":
            return text == "true"
        case "words" | "word":
            return [one.strip() for one in text.replace("、", ",").replace("，", ",").split(",")
                    if one.strip()]
        case _:
            return text


def _whole(text: str, scale: int, place: str, mend: str) -> int:
    try:
        value = Decimal(text) * scale
        if value != value.to_integral_value() or abs(value) > 2**53:
            raise InvalidOperation
    except InvalidOperation:
        raise InputError("this is no figure of the table's precision", field=place,
                         mend=mend) from None
    return int(value)


def figure_text(value: Any, unit: str) -> str:
    """A value for reading."""
    match unit:
        case _ if value is None:
            return UNKNOWN
        case "fen":
            return format_yuan(int(value))
        case "ppm":
            return f"{(Decimal(value) / 10_000).normalize():f}%"
        case "days":
            return _("%(number)s days") % {"number": value}
        case "truth":
            return yes_or_no(value)
        case "outcome":
            return str(EFFECTS.get(value, outcome_name(value)))
        case _:
            pass
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)


def value_at(place: str, value: Any, rules: dict[str, Any] | None = None) -> str:
    """A value of a document for reading, by the place where it stands."""
    last = place.rsplit(".", 1)[-1]
    if value is None:
        return UNKNOWN
    match last:
        case "outcome":
            return figure_text(value, "outcome")
        case "to":
            return role_name(value)
        case "fact" | "than":
            return fact_name(value)
        case "value":
            return figure_text(value, _kind_of_value(place, rules or {}))
        case _ if isinstance(value, bool):
            return yes_or_no(value)
        case _ if isinstance(value, int):
            return figure_text(value, unit_of(place))
    return figure_text(value, "")


def _kind_of_value(place: str, rules: dict[str, Any]) -> str:
    rule = rules.get(place.partition("[")[2].partition("]")[0])
    number = place.rpartition("when[")[2].partition("]")[0]
    if rule is None or not number.isdigit() or int(number) >= len(rule["when"]):
        return ""
    return FACTS[rule["when"][int(number)]["fact"]].kind


def rules_of(*documents: dict[str, Any]) -> dict[str, Any]:
    """The rules of documents by id; an earlier document's rule gives way to a later one's."""
    return {rule["id"]: rule for document in documents for rule in document.get("rules", ())}
