"""Rules as files: reading one that was given, writing one from a form, and a kept version again."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from dinghai.foundation.errors import Fault, InputError
from dinghai.schemes.subsidy_rule import RULE_SCHEMA, RuleText, read_rule, rule_from
from dinghai_platform.chains.services.common import file_name
from dinghai_platform.subsidies.models import RuleVersion

LARGEST_RULE: Final = 256 * 1024
FORM_NAME: Final = "form.toml"
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class GivenRule:
    """A rule as given: what the engine read, its text and its plain name."""

    read: RuleText
    text: str
    name: str


def read_given(content: bytes, name: str) -> GivenRule:
    """The rule of an uploaded file (TOML or JSON). Raises InputError with every fault, by the name
    the file was given."""
    plain_name = file_name(name)
    suffix = Path(plain_name).suffix.lower()
    if suffix not in (".toml", ".json"):
        raise InputError("a rule is a file in TOML or JSON", file=plain_name, field="rule",
                         mend="give .toml or .json")
    if len(content) > LARGEST_RULE:
        raise InputError("the file of the rule is too large", file=plain_name, field="rule",
                         mend="give one rule of at most 256 KB")
    found = by_path(content, plain_name, read_rule)
    return GivenRule(found, content.decode("utf-8"), plain_name)


def kept_rule(version: RuleVersion) -> RuleText:
    """A version that was kept, with the lines of its own text."""
    return rule_from(version.document, file=version.file_name, text=version.text)


def by_path(content: bytes, name: str, read: Callable[[Path], Found]) -> Found:
    """What a reader of files finds in an upload; faults name the upload, not where it lay."""
    with tempfile.TemporaryDirectory(prefix="subsidy-") as room:
        path = Path(room) / f"given{Path(name).suffix.lower()}"
        path.write_bytes(content)
        try:
            return read(path)
        except InputError as error:
            raise InputError.of(renamed(one, name) for one in error.faults) from None


def renamed(fault: Fault, name: str) -> Fault:
    """The same fault of a file by the name it was given."""
    return Fault(fault.message, name, fault.line, fault.field, fault.mend)


def as_toml(rule: Mapping[str, Any]) -> str:
    """A rule's plain data as TOML: first its own fields, then its tables."""
    own = {"schema": RULE_SCHEMA, **{name: value for name, value in rule.items()
                                     if not isinstance(value, dict)}}
    lines = [f"{name} = {_value(value)}" for name, value in own.items()]
    for name, table in rule.items():
        if isinstance(table, dict) and table:
            lines += ["", f"[{name}]", *(f"{key} = {_value(one)}" for key, one in table.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    """A value in TOML: JSON's texts, numbers, truths and lists are TOML's as well."""
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], dict):
        return "[" + ", ".join(_inline(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _inline(table: Mapping[str, Any]) -> str:
    return "{ " + ", ".join(f"{key} = {_value(one)}" for key, one in table.items()) + " }"
