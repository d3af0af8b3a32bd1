"""The whole state as one hash: what a refused or failed action must leave as it was."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connection, models

from dinghai_platform.core.models import AuditChain, IdempotentAnswer, Share
from dinghai_platform.core.tenancy import TenantRow

# Large contents that a hash or a version stands for in the same row.
_LEFT_OUT = {"document", "policy_document", "content", "bytes_in_row", "raw", "statements",
             "payload", "text_zh", "text_en", "shown", "cves_text"}


@cache
def business_models() -> tuple[type[TenantRow], ...]:
    """Every table of business rows."""
    found = [one for one in apps.get_models()
             if issubclass(one, TenantRow) and one.__module__.startswith("dinghai_platform.")]
    return tuple(sorted(found, key=lambda one: one._meta.label_lower))


@cache
def _queries() -> tuple[tuple[str, str], ...]:
    made = []
    for model in (*business_models(), AuditChain, IdempotentAnswer, Share):
        quote = connection.ops.quote_name
        columns = [quote(field.column) for field in model._meta.concrete_fields
                   if field.name not in _LEFT_OUT]
        key = quote(model._meta.pk.column)
        table = quote(model._meta.db_table)
        made.append((model._meta.label_lower,
                     f"SELECT {', '.join(columns)} FROM {table} ORDER BY {key}"))
    return tuple(made)


def digest_of_everything() -> dict[str, str]:
    """A hash for each table: rows, states, amounts, the ledger and the audit chain's heads."""
    found: dict[str, str] = {}
    with connection.cursor() as cursor:
        for label, sql in _queries():
            cursor.execute(sql)
            rows = cursor.fetchall()
            found[label] = f"{len(rows)}:{hashlib.sha256(repr(rows).encode()).hexdigest()[:16]}"
    return found


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The tables that differ, with their row counts before and after."""
    return [f"{label} {before[label].split(':')[0]}→{after[label].split(':')[0]}"
            for label in before if before[label] != after[label]]


def count_rows(model: type[models.Model], **conditions: Any) -> int:
    """How many rows there are, whoever owns them."""
    return model._base_manager.filter(**conditions).count()
