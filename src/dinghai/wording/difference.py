"""Clause by clause: what differs between two versions of a product, or between two products."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import format_yuan
from dinghai.foundation.reading import plain
from dinghai.wording.saying import (
    Language,
    carve_back_words,
    days,
    duration,
    effect_words,
    fact_name,
    has_word,
    joined,
    parameter_name,
    participants_words,
    percent,
    peril_name,
    predicate_words,
    retention_words,
    sublimit_words,
    valuation_words,
    waiting_words,
    word,
)
from dinghai.wording.schema import Product

Kind = Literal["added", "removed", "changed"]
_KEYS: Final[dict[str, str]] = {
    "sections": "coverage", "towers": "coverage", "shared_limits": "id", "layers": "id",
    "exclusions": "code", "obligations": "id", "services": "code", "definitions": "term",
    "filed_clauses": "clause"}
"""The parts that are lists, and what names an entry."""
_SINGLE: Final = ("basis", "limits", "claims_process", "other_insurance", "instalments", "rating")
_GROUPS: Final[dict[str, str]] = {
    "line": "line", "tier": "tier", "status": "status", "payability": "payability",
    "trigger_basis": "trigger_basis", "duty": "duty", "burden": "who", "who": "who",
    "acts_on": "acts_on", "calculation_order": "stage", "prior_consent": "prior_consent",
    "vendor_rule": "vendor_rule", "cap": "cap"}
"""The fields whose codes have words of their own; other codes are looked up among the choices."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``field`` is empty where a whole clause came or went."""

    kind: Kind
    part: str
    key: str
    clause: str
    field: str
    old: JSON
    new: JSON
    old_words: tuple[str, str]
    new_words: tuple[str, str]
    name: tuple[str, str]
    """What the clause is called, Chinese and English."""

    def sentence(self, language: Language) -> str:
        """The difference in one line."""
        side = 0 if language == "zh" else 1
        part = word("part", self.part, language)
        name = f" {self.name[side]}" if self.name[side] else ""
        clause = f" [{self.clause}]" if self.clause else ""
        head = f"{word('change', self.kind, language)} {part}{name}{clause}"
        if self.kind == "added":
            return f"{head}: {self.new_words[side]}"
        if self.kind == "removed":
            return f"{head}: {self.old_words[side]}"
        return (f"{head} · {word('field', self.field, language)}: {self.old_words[side]} → "
                f"{self.new_words[side]}")

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"kind": self.kind, "part": self.part, "key": self.key, "clause": self.clause,
                "field": self.field or None, "old": self.old, "new": self.new,
                "old_zh": self.old_words[0], "old_en": self.old_words[1],
                "new_zh": self.new_words[0], "new_en": self.new_words[1],
                "zh": self.sentence("zh"), "en": self.sentence("en")}


def difference(old: Product, new: Product) -> tuple[Change, ...]:
    """What the new product has, lacks or says otherwise, in the order of the wording."""
    return (*_top(old, new), *_parameters(old, new), *(
        change for part in _SINGLE for change in _singles(part, old, new)), *(
        change for part in _KEYS for change in _entries(part, old, new)))


def _top(old: Product, new: Product) -> Iterator[Change]:
    handled = {*_KEYS, *_SINGLE, "parameters"}
    for field in Product.__struct_fields__:
        if field not in handled:
            yield from _field("product", "", "", ("", ""), field, getattr(old, field),
                              getattr(new, field))


def _parameters(old: Product, new: Product) -> Iterator[Change]:
    for key in dict.fromkeys((*old.parameters, *new.parameters)):
        name = parameter_name(key, "zh"), parameter_name(key, "en")
        was, now = old.parameters.get(key), new.parameters.get(key)
        if was == now:
            continue
        kind: Kind = "added" if was is None else "removed" if now is None else "changed"
        yield Change(kind, "parameters", key, "", "value" if kind == "changed" else "", was, now,
                     _twice(was), _twice(now), name)


def _twice(value: object) -> tuple[str, str]:
    text = "" if value is None else str(value)
    return text, text


def _singles(part: str, old: Product, new: Product) -> Iterator[Change]:
    was, now = getattr(old, part), getattr(new, part)
    if was is None or now is None:
        if was is not now:
            yield _whole(part, "", was, now)
        return
    clause = str(getattr(now, "clause", ""))
    for field in type(now).__struct_fields__:
        yield from _field(part, "", clause, ("", ""), field, getattr(was, field),
                          getattr(now, field))


def _entries(part: str, old: Product, new: Product) -> Iterator[Change]:
    key = _KEYS[part]
    was = {str(getattr(one, key)): one for one in getattr(old, part)}
    now = {str(getattr(one, key)): one for one in getattr(new, part)}
    for code in dict.fromkeys((*was, *now)):
        before, after = was.get(code), now.get(code)
        if before is None or after is None:
            yield _whole(part, code, before, after)
            continue
        for field in type(after).__struct_fields__:
            yield from _field(part, code, str(getattr(after, "clause", "")), _name(code, after),
                              field, getattr(before, field), getattr(after, field))
    yield from _field(part, "", "", ("", ""), "order", tuple(one for one in was if one in now),
                      tuple(one for one in now if one in was))


def _whole(part: str, key: str, was: Any, now: Any) -> Change:
    one = was if now is None else now
    words = _summary(one)
    nothing = ("", "")
    return Change(
        "removed" if now is None else "added", part, key, str(getattr(one, "clause", "")), "",
        None if was is None else plain(was), None if now is None else plain(now),
        nothing if was is None else words, nothing if now is None else words, _name(key, one))


def _name(key: str, one: Any) -> tuple[str, str]:
    """Code and name."""
    names = [str(getattr(one, f"name_{side}", "") or getattr(one, side, "")) for side in
             ("zh", "en")]
    return f"{key} {names[0]}".strip(), f"{key} {names[1]}".strip()


def _summary(one: Any) -> tuple[str, str]:
    """A clause that came or went: its text where it has one, else its fields."""
    zh, en = (str(getattr(one, f"text_{side}", "")) for side in ("zh", "en"))
    if zh or en:
        return zh, en
    return _fields(one, "zh"), _fields(one, "en")


def _fields(one: Any, language: Language) -> str:
    defaults = {field.name: field.default for field in msgspec.structs.fields(one)}
    parts = []
    for field, default in defaults.items():
        value = getattr(one, field)
        if value != default and field not in {"clause", "id", "code", "term"}:
            parts.append(f"{word('field', field, language)} "
                         f"{value_words(field, value, language)}")
    if not parts:
        return f"{word('field', 'clause', language)} {getattr(one, 'clause', '')}".strip()
    return joined(parts, language, mark="more")


def _field(
    part: str, key: str, clause: str, name: tuple[str, str], field: str, was: Any, now: Any
) -> Iterator[Change]:
    if was == now:
        return
    yield Change("changed", part, key, clause, field, _plain(was), _plain(now),
                 (value_words(field, was, "zh"), value_words(field, was, "en")),
                 (value_words(field, now, "zh"), value_words(field, now, "en")), name)


def _plain(value: Any) -> JSON:
    return msgspec.json.decode(msgspec.json.encode(value))


_WORDS: Final[Mapping[str, Any]] = {
    "sublimit": sublimit_words, "waiting": waiting_words, "retention": retention_words,
    "valuation": valuation_words, "effect": effect_words, "predicate": predicate_words,
    "carve_backs": carve_back_words, "participants": participants_words}


def value_words(field: str, value: Any, language: Language) -> str:
    """A field's value in words."""
    if field in _WORDS:
        return str(_WORDS[field](value, language))
    if value is None or value == "":
        return word("unit", "nothing", language)
    if isinstance(value, bool):
        return word("unit", "yes" if value else "no", language)
    if isinstance(value, int):
        return _number(field, value, language)
    if isinstance(value, tuple):
        return joined((_code(field, str(one), language) for one in value), language)
    return _code(field, str(value), language)


def _number(field: str, value: int, language: Language) -> str:
    if field.endswith("_fen"):
        return format_yuan(value)
    if field.endswith("ppm") or field == "ppm_of_aggregate":
        return percent(value)
    if field.endswith("_days"):
        return days(value, language)
    if field.endswith("_hours") or field == "hours_window":
        return duration(value * 3600, language)
    return str(value)


def _code(field: str, code: str, language: Language) -> str:
    if field == "triggers" or field == "asks":
        return fact_name(code, language)
    if field == "perils":
        return peril_name(code, language)
    group = _GROUPS.get(field, "choice")
    return word(group, code, language) if has_word(group, code) else code


def in_words(changes: Iterable[Change], language: Language) -> list[str]:
    """One line for each difference."""
    return [one.sentence(language) for one in changes]
