"""Kinds of tables that have versions: how each is read, and where the shipped one is.

Another kind is one more entry of `KINDS`: a document that the engine reads and refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from dinghai.foundation.canonical import JSON, document_hash
from dinghai.foundation.errors import InputError
from dinghai.foundation.reading import plain
from dinghai.pricing.experience_table import experience_table_of, load_experience_table
from dinghai.pricing.rating import load_rating, rating_of
from dinghai.pricing.referral import load_referral, referral_of
from dinghai.wording.products import load_product, shipped_products

RATING: Final = "rating"
REFERRAL: Final = "referral"
EXPERIENCE: Final = "experience"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of table. ``read`` checks a plain document and answers the engine's table."""

    code: str
    label: Any
    read: Callable[[JSON], Any]
    shipped: Callable[[str], Any]
    table_ids: Callable[[], tuple[str, ...]]

    def shipped_document(self, table_id: str) -> dict[str, Any]:
        """The table that ships with the engine, as a plain document. Raises InputError."""
        return plain(self.shipped(table_id))


@cache
def _rating_ids() -> tuple[str, ...]:
    return tuple(sorted({load_product(one).rating.table for one in shipped_products()}))


def _referral_ids() -> tuple[str, ...]:
    return (load_referral().id,)


def _experience_ids() -> tuple[str, ...]:
    return (load_experience_table().id,)


KINDS: Final[Mapping[str, Kind]] = {
    RATING: Kind(RATING, _("Rating table"), rating_of, load_rating, _rating_ids),
    REFERRAL: Kind(REFERRAL, _("Referral rules"), referral_of, lambda _id: load_referral(),
                   _referral_ids),
    EXPERIENCE: Kind(EXPERIENCE, _("Experience rating table"), experience_table_of,
                     lambda _id: load_experience_table(), _experience_ids),
}
"""By code; a code is also the field of the engine's ``Tables`` that holds such a table."""


def kind_of(code: str) -> Kind:
    """A kind by its code. Raises InputError for one that is none."""
    try:
        return KINDS[code]
    except KeyError:
        raise InputError("there is no such kind of table", field="kind",
                         mend="choose one of the list") from None


def shipped_hash(kind: str, table_id: str) -> str:
    """The hash of the table that ships with the engine."""
    return document_hash(kind_of(kind).shipped_document(table_id))
