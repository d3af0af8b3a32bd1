"""Reads a policy written by hand: which product, what is agreed, and what was explained.

A TOML (or JSON) file says ``product`` (an id, or a folder beside the file), ``schedule`` (fields of
the policy's schedule; sections and layers default to the product's for the aggregate limit,
``sublimits`` changes single ones) and ``explanation`` (the record of 保险法17条, for all terms, for
``only`` some, or for all ``except`` some). A whole policy document in JSON is taken as it is.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import msgspec

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.reading import located, read_document, typed
from dinghai.wording.explaining import terms_to_explain
from dinghai.wording.policy import (
    ExplanationRecord,
    Policy,
    Schedule,
    bind,
    read_policy,
    scheduled_layers,
    scheduled_sections,
    with_explanations,
)
from dinghai.wording.products import load_product, shipped_products
from dinghai.wording.schema import Product
from dinghai.wording.words import Struct


class Explanation(Struct, frozen=True):
    """How terms were explained, and which. Without a moment they were highlighted only, which is
    enough for statutory prohibitions (解释二10条)."""

    explained_at: datetime | None = None
    highlighted: bool = True
    channel: str = ""
    confirmed_by: str = ""
    evidence: str = ""
    only: tuple[str, ...] | None = None
    excepted: tuple[str, ...] = ()
    highlighted_only: tuple[str, ...] = ()
    """Of them those that were highlighted, and not explained."""


class _Order(Struct, frozen=True):
    product: str
    schedule: dict[str, JSON]
    explanation: Explanation | None = None


def read_policy_file(path: Path) -> Policy:
    """The policy of a file. Raises one InputError for all faults, with file and line."""
    with located(path):
        raw = read_document(path)
        if isinstance(raw, dict) and raw.get("schema") == "dinghai.policy/1":
            return read_policy(raw, file=str(path))
        order = typed(raw, _Order, file=str(path))
        return _policy(_product(path, order.product), order, str(path))


def _product(path: Path, name: str) -> Product:
    """The product a policy's file names: a folder beside the file, or a shipped one's id."""
    folder = path.parent / name
    if not folder.is_dir() and name not in shipped_products():
        raise InputError(f"there is no product {name!r}, and no folder {folder}", file=str(path),
                         field="product", mend="name a product's folder from where this file is, "
                         "or a shipped product: " + ", ".join(shipped_products()))
    return load_product(str(folder) if folder.is_dir() else name)


def _policy(product: Product, order: _Order, file: str) -> Policy:
    try:
        schedule = typed(_schedule(product, order.schedule), Schedule, prefix="schedule")
        return _explain(bind(product, schedule), order.explanation)
    except InputError as error:
        raise InputError.of(Fault(one.message, file, one.line, one.field, one.mend)
                            for one in error.faults) from error


def _schedule(product: Product, given: dict[str, JSON]) -> dict[str, JSON]:
    """The schedule with what the product says where the file is silent."""
    schedule = dict(given)
    sublimits = schedule.pop("sublimits", {})
    for name, value in (("sublimits", sublimits), ("parameters", schedule.get("parameters", {}))):
        if not isinstance(value, dict):
            raise InputError(f"{name} is not a table", field=f"schedule.{name}",
                             mend=f"write {name} = {{ NAME = 1_000_000 }}")
    aggregate = schedule.setdefault("aggregate_limit_fen", product.limits.aggregate_default_fen)
    if not isinstance(aggregate, int):
        return schedule  # reading it as a schedule says what is wrong
    schedule.setdefault("each_event_limit_fen",
                        aggregate * product.limits.each_event_ppm // 1_000_000)
    schedule.setdefault("event_deductible_fen", product.limits.deductible_default_fen)
    fee = schedule.get("parameters", {}).get("annual_service_fee")
    rows = json.loads(msgspec.json.encode(
        scheduled_sections(product, aggregate, service_fee_fen=fee)))
    unknown = sorted(set(sublimits) - {row["coverage"] for row in rows})
    if unknown:
        raise InputError(f"the product has no section {unknown[0]}",
                         field=f"schedule.sublimits.{unknown[0]}", mend="drop it")
    schedule.setdefault("sections", [
        {**row, "sublimit_fen": sublimits.get(row["coverage"], row["sublimit_fen"])}
        for row in rows])
    schedule.setdefault("layers", json.loads(msgspec.json.encode(
        scheduled_layers(product, aggregate))))
    return schedule


def _explain(policy: Policy, explanation: Explanation | None) -> Policy:
    if explanation is None:
        return policy
    keys = [term.key for term in terms_to_explain(policy)]
    named = {"only": explanation.only or (), "excepted": explanation.excepted,
             "highlighted_only": explanation.highlighted_only}
    for field, names in named.items():
        for name in names:
            if name not in keys:
                raise InputError(f"{name!r} is not a term that must be explained",
                                 field=f"explanation.{field}",
                                 mend="one of: " + ", ".join(keys))
    wanted = keys if explanation.only is None else explanation.only
    record = ExplanationRecord(
        highlighted=explanation.highlighted, explained_at=explanation.explained_at,
        channel=explanation.channel, confirmed_by=explanation.confirmed_by,
        evidence=explanation.evidence)
    policy = with_explanations(
        policy, tuple(one for one in wanted if one not in explanation.excepted), record)
    return with_explanations(policy, explanation.highlighted_only,
                             msgspec.structs.replace(record, explained_at=None))
