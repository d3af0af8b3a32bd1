"""The book that a table prices: policies in force and open quotes, and a hash that names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet

from dinghai.foundation.canonical import canonical_bytes, sha256_hex
from dinghai_platform.actuarial.kinds import RATING
from dinghai_platform.core.models import Organisation
from dinghai_platform.underwriting.models import Policy, Quote

IN_FORCE: Final = ("in_force",)
OPEN: Final = ("priced", "referred", "approved", "issued", "accepted")
"""States of quotes that may still become a policy."""
SIZES: Final = (
    ("to_100m", 0), ("100m_500m", 10_000_000_000), ("500m_2bn", 50_000_000_000),
    ("from_2bn", 200_000_000_000),
)
"""Bands of annual revenue, each with its lower bound in fen."""


@dataclass(frozen=True, slots=True)
class Book:
    """The policies in force and the open quotes under one table, in the order of their making."""

    policies: QuerySet[Policy]
    quotes: QuerySet[Quote]

    @property
    def is_empty(self) -> bool:
        """Whether no policy is in force under the table."""
        return not self.policies.exists()


def book_of(tenant: Organisation, kind: str, table_id: str) -> Book:
    """The book under a table: a rating's own products, or every product."""
    policies = Policy.objects.within(tenant).filter(state__in=IN_FORCE)
    quotes = Quote.objects.within(tenant).filter(state__in=OPEN, policy__isnull=True)
    if kind == RATING:
        policies = policies.filter(quote__product__document__rating__table=table_id)
        quotes = quotes.filter(product__document__rating__table=table_id)
    return Book(policies.order_by("id"), quotes.order_by("id"))


def policies_hash(tenant: Organisation, kind: str, table_id: str) -> str:
    """Names the policies in force under a table and their wordings exactly."""
    rows = book_of(tenant, kind, table_id).policies.values_list("pk", "document_hash")
    return sha256_hex(canonical_bytes([[str(pk), digest] for pk, digest in rows.iterator()]))


def size_of(revenue_fen: int) -> str:
    """The band of an annual revenue."""
    return [code for code, low in SIZES if revenue_fen >= low][-1]


def profile_document(statements: dict[str, Any]) -> dict[str, Any]:
    """The profile in a dossier's statements."""
    profile: dict[str, Any] = statements["profile"]
    return profile
