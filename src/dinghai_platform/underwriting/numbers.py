"""Numbers of cases, quotes, policies and their papers: by tenant and year, without gaps."""

from __future__ import annotations

from typing import Any

from dinghai_platform.core import audit, clock
from dinghai_platform.core.models import Organisation

_DIGITS = 6


def next_number(model: Any, field: str, tenant: Organisation, prefix: str) -> str:
    """The next number of a kind: ``Q2026-000001``. Holds the tenant's writers in line."""
    audit.hold_chain(tenant)
    head = f"{prefix}{clock.today().year}-"
    last = (
        model.objects.within(tenant)
        .filter(**{f"{field}__startswith": head})
        .order_by(f"-{field}")
        .values_list(field, flat=True)
        .first()
    )
    count = int(last.removeprefix(head)) if last else 0
    return f"{head}{count + 1:0{_DIGITS}d}"
