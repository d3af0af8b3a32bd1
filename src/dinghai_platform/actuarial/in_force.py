"""Which tables price for an insurer on a day: its own version in force, else the shipped ones.

Underwriting prices by this module; it knows nothing of cases, quotes or policies.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import OuterRef, Subquery

from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import InputError
from dinghai.foundation.reading import plain
from dinghai.pricing.experience_table import load_experience_table
from dinghai.pricing.rating import Rating
from dinghai.pricing.referral import ReferralRules, load_referral
from dinghai.pricing.repricing import Tables
from dinghai_platform.actuarial.kinds import EXPERIENCE, RATING, REFERRAL, kind_of
from dinghai_platform.actuarial.models import TableVersion
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.tenancy import crossing_tenants

_MOST_KEPT = 64
_read: dict[tuple[str, str], Any] = {}


@dataclass(frozen=True, slots=True)
class InForce:
    """A table in force on a day: its version (None for the shipped one), the table, its hash."""

    kind: str
    table_id: str
    version: TableVersion | None
    table: Any
    sha256: str

    @property
    def label(self) -> str:
        """The version's own name."""
        return str(self.table.version)


def version_in_force(
    tenant: Organisation, kind: str, table_id: str, on: date
) -> TableVersion | None:
    """The version that counts for an insurer on a day; None where the shipped table does."""
    return _versions(tenant, [(kind, table_id)], on).get((kind, table_id))


def table_in_force(tenant: Organisation, kind: str, table_id: str, on: date) -> InForce:
    """The table that counts for an insurer on a day. Raises InputError for an unknown table."""
    return _in_force(kind, table_id, version_in_force(tenant, kind, table_id, on))


def tables_in_force(tenant: Organisation, rating_id: str, on: date) -> Tables:
    """Rating, rules of referral and experience rating that price for an insurer on a day."""
    wanted = [(RATING, rating_id), (REFERRAL, load_referral().id),
              (EXPERIENCE, load_experience_table().id)]
    found = _versions(tenant, wanted, on)
    return Tables(*(_in_force(*key, found.get(key)).table for key in wanted))


def rating_in_force(tenant: Organisation, rating_id: str, on: date) -> Rating:
    """The rating that prices for an insurer on a day."""
    rating: Rating = table_in_force(tenant, RATING, rating_id, on).table
    return rating


def referral_in_force(tenant: Organisation, on: date) -> ReferralRules:
    """The rules of referral of an insurer on a day."""
    rules: ReferralRules = table_in_force(tenant, REFERRAL, load_referral().id, on).table
    return rules


def _versions(
    tenant: Organisation, wanted: Iterable[tuple[str, str]], on: date
) -> dict[tuple[str, str], TableVersion]:
    # An applicant who is quoted reads the insurer's table through the price alone.
    with crossing_tenants("a price rests on the insurer's tables whoever asks for it"):
        counting = TableVersion.objects.within(tenant).filter(
            state__in=TableVersion.COUNTING, in_force_from__lte=on)
        newer = counting.filter(kind=OuterRef("kind"), table_id=OuterRef("table_id")).order_by(
            "-in_force_from", "-decided_at", "-id")
        rows = list(counting.filter(kind__in={kind for kind, _table in wanted},
                                    pk=Subquery(newer.values("pk")[:1])))
    return {(row.kind, row.table_id): row for row in rows}


def _in_force(kind: str, table_id: str, row: TableVersion | None) -> InForce:
    if row is None:
        table = kind_of(kind).shipped(table_id)
        return InForce(kind, table_id, None, table, _shipped_hash(kind, table_id))
    return InForce(kind, table_id, row, table_of(kind, row.document, row.document_hash),
                   row.document_hash)


def _shipped_hash(kind: str, table_id: str) -> str:
    key = ("shipped", f"{kind}/{table_id}")
    if key not in _read:
        _read[key] = document_hash(kind_of(kind).shipped_document(table_id))
    return str(_read[key])


def table_of(kind: str, document: Any, sha256: str) -> Any:
    """The engine's table of a document; kept in the process by its hash."""
    key = (kind, sha256)
    if key not in _read:
        while len(_read) >= _MOST_KEPT:
            _read.pop(next(iter(_read)), None)
        _read[key] = kind_of(kind).read(document)
    return _read[key]


def document_of(row: TableVersion) -> dict[str, Any]:
    """A version's document in the engine's own order of keys, which PostgreSQL does not keep.

    A document that a later engine would refuse is shown as it is: history stays readable.
    """
    try:
        return plain(table_of(row.kind, row.document, row.document_hash))
    except InputError:
        return dict(row.document)
