"""What differs between two wordings, grouped by clause."""

from __future__ import annotations

from typing import Any

from dinghai.wording.difference import Change, difference
from dinghai_platform.catalogue.offers import Offer
from dinghai_platform.catalogue.words import language, said
from dinghai_platform.underwriting.engine import Kept

_kept = Kept(32)
Row = dict[str, Any]


def changes_of(old: Offer, new: Offer) -> tuple[Change, ...]:
    """The engine's changes, kept by the two wordings' hashes."""
    return _kept.get((old.document_hash, new.document_hash),
                     lambda: difference(old.product, new.product))


def parts_of(changes: tuple[Change, ...]) -> list[Row]:
    """Changes by part of the wording, then by clause, in the wording's order."""
    side = 0 if language() == "zh" else 1
    parts: dict[str, dict[tuple[str, str], Row]] = {}
    for one in changes:
        clauses = parts.setdefault(one.part, {})
        clause = clauses.setdefault((one.key, "" if one.field else one.kind), {
            "name": one.name[side], "clause": one.clause, "kind": "changed", "rows": []})
        if not one.field:
            clause["kind"] = one.kind
        clause["rows"].append({
            "kind": one.kind, "field": said("field", one.field) if one.field else "",
            "old": one.old_words[side], "new": one.new_words[side]})
    return [{"part": part, "name": said("part", part), "clauses": list(clauses.values()),
             "count": sum(len(one["rows"]) for one in clauses.values())}
            for part, clauses in parts.items()]


def difference_dict(old: Offer, new: Offer) -> dict[str, Any]:
    """The difference as programs read it (schema dinghai.difference/1)."""
    return {
        "schema": "dinghai.difference/1",
        "old": {"product_id": old.product.product_id, "version": old.product.version},
        "new": {"product_id": new.product.product_id, "version": new.product.version},
        "changes": [one.to_dict() for one in changes_of(old, new)],
    }
