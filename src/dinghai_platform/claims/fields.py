"""Form fields of the registry's fact types: amounts in yuan, spans in hours, shares in percent.

A form shows and takes what people write; the value it gives is the registry's own (fen, seconds,
ppm, ISO moments).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dinghai.documents.phrases import phrase
from dinghai.documents.readings import code_value, fact_value
from dinghai.foundation.clock import SHANGHAI
from dinghai.foundation.money import MAXIMUM_FEN
from dinghai.vocabulary.facts import Fact, fact
from dinghai_platform.site.formats import is_chinese, money_text

LOCAL = "%Y-%m-%dT%H:%M"


class ScaledField(forms.CharField):
    """A whole number of small units, written in a larger one (yuan of fen, hours of seconds)."""

    def __init__(self, *, scale: int, unit: Any, maximum: int = MAXIMUM_FEN, **kwargs: Any) -> None:
        self.scale, self.unit, self.maximum = scale, unit, maximum
        super().__init__(widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
                         **kwargs)

    def to_python(self, value: Any) -> int | None:
        """The small units, or None for nothing. Raises ValidationError."""
        text = str(value or "").strip().replace(",", "").replace("，", "").lstrip("¥￥")
        if not text:
            return None
        try:
            small = Decimal(text) * self.scale
        except InvalidOperation:
            raise forms.ValidationError(_("write a number")) from None
        if not small.is_finite() or small < 0 or small > self.maximum:
            raise forms.ValidationError(_("this number is out of range"))
        if small != small.to_integral_value():
            raise forms.ValidationError(_("too many decimals"))
        return int(small)

    def prepare_value(self, value: Any) -> Any:
        """What the input shows."""
        if isinstance(value, int) and not isinstance(value, bool):
            return f"{Decimal(value) / self.scale:f}"
        return value


def yuan_field(label: Any, **kwargs: Any) -> ScaledField:
    """An amount of money, written in yuan, kept in fen."""
    return ScaledField(scale=100, unit=_("yuan"), label=label, **kwargs)


class SeriesField(forms.CharField):
    """One amount in yuan for each hour, apart by spaces, commas or lines; kept as fen."""

    def __init__(self, **kwargs: Any) -> None:
        self.hour = yuan_field("")
        super().__init__(widget=forms.Textarea({"rows": 3, "inputmode": "decimal"}), **kwargs)

    def to_python(self, value: Any) -> list[int] | None:
        """Fen by hour, or None for nothing. Raises ValidationError."""
        parts = str(value or "").replace(",", " ").replace("，", " ").split()
        hours = [self.hour.to_python(part) for part in parts]
        return [hour for hour in hours if hour is not None] or None

    def prepare_value(self, value: Any) -> Any:
        """What the input shows."""
        if isinstance(value, list):
            return " ".join(str(self.hour.prepare_value(one)) for one in value)
        return value


class LocalMomentField(forms.DateTimeField):
    """A moment in Shanghai with the browser's own picker."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            widget=forms.DateTimeInput({"type": "datetime-local"}, format=LOCAL),
            input_formats=[LOCAL, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"], **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Shanghai's clock, whatever zone the moment is in."""
        if isinstance(value, datetime) and value.tzinfo is not None:
            return value.astimezone(SHANGHAI).replace(tzinfo=None)
        return super().prepare_value(value)


def fact_field(fact: Fact) -> forms.Field:
    """The field of one fact by its type. Never required: unknown is an answer."""
    common: dict[str, Any] = {"required": False, "label": fact_label(fact)}
    match fact.type:
        case "boolean":
            return forms.ChoiceField(choices=_truths(), **common)
        case "money":
            return yuan_field(**common)
        case "duration":
            return ScaledField(scale=3600, unit=_("hours"), maximum=10**10, **common)
        case "ratio":
            return ScaledField(scale=10_000, unit="%", maximum=10**8, **common)
        case "count":
            unit = phrase(f"unit.{fact.unit}", language()) if fact.unit else ""
            return ScaledField(scale=1, unit=unit, maximum=10**12, **common)
        case "code":
            return forms.ChoiceField(choices=[("", "—"), *(
                (code, code_value(fact, code, language())) for code in fact.values)], **common)
        case "moment":
            return LocalMomentField(**common)
        case "list":
            return forms.CharField(widget=forms.Textarea({"rows": 2}), **common)
        case "series":
            return SeriesField(**common)
    return forms.CharField(max_length=300, **common)


def fact_label(fact: Fact) -> str:
    """The fact's name in the language of the page."""
    return fact.name_zh if is_chinese() else fact.name_en


def initial_of(fact: Fact, entry: dict[str, Any] | None) -> Any:
    """What the field shows of a fact as it is kept."""
    if entry is None or entry.get("absent"):
        return None
    value = entry.get("value")
    match fact.type:
        case "boolean":
            return "true" if value else "false"
        case "moment":
            return datetime.fromisoformat(str(value))
        case "list":
            return "\n".join(str(one) for one in value or ())
    return value


def registry_value(fact: Fact, cleaned: Any) -> Any:
    """The registry's value of what the field gave; None for nothing said."""
    if cleaned is None or cleaned == "":
        return None
    match fact.type:
        case "boolean":
            return cleaned == "true"
        case "moment":
            return cleaned.astimezone(SHANGHAI).isoformat()
        case "list":
            return [line.strip() for line in str(cleaned).splitlines() if line.strip()]
    return cleaned


def entry_text(name: str, entry: dict[str, Any] | None) -> str:
    """A fact's entry in words: its value, "there is none", or "unknown"."""
    if entry is None:
        return phrase("truth.unknown", language())
    if entry.get("absent"):
        return str(_("there is none"))
    if fact(name).type == "series":
        total = sum(entry.get("value") or ())
        return str(_("%(count)s hours, together %(total)s")) % {
            "count": len(entry.get("value") or ()), "total": money_text(total)}
    return fact_value(name, entry.get("value"), language())


def language() -> Any:
    """The language of documents for the page's."""
    return "zh" if is_chinese() else "en"


def _truths() -> list[tuple[str, Any]]:
    return [("", "—"), ("true", phrase("truth.true", language())),
            ("false", phrase("truth.false", language()))]
