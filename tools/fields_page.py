"""Every field of the documents people write by hand, from the engine's own types: fields.md."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from typing import Any

import msgspec

from dinghai.claims.claim_file import (
    Claim,
    ClaimedItem,
    EvidenceItem,
    Notice,
    ObligationState,
    PriorPayments,
)
from dinghai.claims.history import EarlierClaim, History
from dinghai.wording import exclusions, layers, policy, schema, sections
from dinghai.wording.binding import Explanation

GROUPS: dict[str, tuple[type, ...]] = {
    "Product (`product.toml`)": (
        schema.Product, schema.Basis, schema.Limits, sections.Section, sections.Sublimit,
        sections.Waiting, sections.Retention, sections.Valuation, sections.Tower,
        sections.SharedLimit, layers.Layer, layers.Participation, schema.OtherInsurance,
        schema.Instalments, exclusions.Exclusion, exclusions.Effect, exclusions.Band,
        exclusions.GradedStep, exclusions.CarveBack, schema.Obligation, schema.ClaimsProcess,
        schema.Service, schema.Rating, layers.Definition, layers.FiledClause),
    "Policy": (policy.Schedule, policy.Party, policy.ScheduledSection,
               policy.ExplanationRecord, Explanation),
    "Claim and history": (Claim, ClaimedItem, EvidenceItem, PriorPayments, ObligationState, Notice,
                          History, EarlierClaim),
}


def fields_page() -> str:
    """The page as Markdown."""
    lines = [
        "# Fields of product, policy, claim and history", "",
        "Written from the engine's types. A field without a default must be given. Amounts are",
        "whole fen, ratios parts per million (`0..1000000`), durations seconds unless the name",
        "says days or hours; days are written `2026-03-02`, moments `2026-03-02T10:00:00+08:00`.",
        "",
    ]
    for title, kinds in GROUPS.items():
        lines += [f"## {title}", ""]
        for kind in kinds:
            lines += [*_of(kind), ""]
    return "\n".join(lines)


def _of(kind: type) -> Iterator[str]:
    yield f"### {kind.__name__}"
    yield ""
    yield " ".join(inspect.cleandoc(kind.__doc__ or "").split()).replace("``", "`")
    yield ""
    yield "| field | is | default | |"
    yield "| --- | --- | --- | --- |"
    notes = _notes(kind)
    for field in msgspec.structs.fields(kind):
        info = msgspec.inspect.type_info(field.type)
        yield (f"| `{field.encode_name}` | {_type(info)} | {_default(field)} | "
               f"{notes.get(field.name, '')} |")


def _type(info: Any) -> str:
    inspected = msgspec.inspect
    match info:
        case inspected.UnionType():
            return " or ".join(_type(one) for one in info.types
                               if not isinstance(one, inspected.NoneType))
        case inspected.LiteralType():
            return ", ".join(f"`{value}`" if value != "" else '`""`' for value in info.values)
        case inspected.StructType():
            return f"[{info.cls.__name__}](#{info.cls.__name__.lower()})"
        case inspected.VarTupleType() | inspected.ListType():
            return f"list of {_type(info.item_type)}"
        case inspected.DictType():
            return f"table of {_type(info.value_type)}"
        case inspected.IntType():
            most = "" if info.le is None else str(info.le)
            least = "" if info.ge is None else str(info.ge)
            return f"whole number {least}..{most}" if least or most else "whole number"
    names = {"StrType": "text", "BoolType": "true or false", "DateType": "day",
             "DateTimeType": "moment", "AnyType": "any", "NoneType": "nothing"}
    return names.get(type(info).__name__, type(info).__name__)


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value = field.default if field.default is not msgspec.NODEFAULT else (
        field.default_factory())
    if value is None or value in ("", (), {}, []):
        return ""
    plain = msgspec.json.encode(value).decode("utf-8").strip('"')
    shown = plain if len(plain) < 60 else "see [product](product.md)"
    return shown if shown.startswith("see") else f"`{shown}`"


def _notes(kind: type) -> dict[str, str]:
    """The strings that stand below fields in the source, base classes included."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("dinghai."):
            body = ast.parse(inspect.getsource(base)).body[0]
            assert isinstance(body, ast.ClassDef)
            found.update(_pairs(body))
    return found


def _pairs(body: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for before, after in zip(body.body, body.body[1:], strict=False):
        if (isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name)
                and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)):
            yield before.target.id, " ".join(
                str(after.value.value).split()).replace("|", "\\|").replace("``", "`")
