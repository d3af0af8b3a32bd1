"""The documents of Chinese practice that the lifecycle produces."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import msgspec

from dinghai.vocabulary.tables import by_id, read_table


class DocumentType(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of document."""

    id: str
    name_zh: str
    name_en: str
    source: str
    confidence: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: str
    documents: tuple[DocumentType, ...]


@cache
def documents() -> Mapping[str, DocumentType]:
    """The kinds of document by code."""
    return by_id(read_table("documents", _Table).documents, "documents")
