"""What changed from one version of a chain to the next, table by table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from dinghai.supplychain.chain import Chain

KEYS: Final[Mapping[str, Callable[[Any], tuple[str, ...]]]] = {
    "firms": lambda one: (one.id,),
    "controls": lambda one: (one.firm, one.indicator),
    "assets": lambda one: (one.firm, one.id),
    "weaknesses": lambda one: (one.firm, one.asset, one.cve or one.technique or ""),
    "providers": lambda one: (one.id,),
    "links": lambda one: (one.source, one.target, one.kind),
    "goods": lambda one: (one.source, one.target, one.item),
}
MOST_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Change:
    """One row that is new, gone or other: its key, and by field the value before and after."""

    key: tuple[str, ...]
    fields: tuple[tuple[str, Any, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"key": list(self.key), "fields": [
            {"field": name, "before": msgspec.to_builtins(before),
             "after": msgspec.to_builtins(after)} for name, before, after in self.fields]}


@dataclass(frozen=True, slots=True)
class TableDifference:
    """A table of two versions. Counts are of all rows; the rows named stop at MOST_SHOWN."""

    table: str
    before: int
    after: int
    added: tuple[Change, ...]
    removed: tuple[Change, ...]
    changed: tuple[Change, ...]
    counts: tuple[int, int, int]

    @property
    def is_alike(self) -> bool:
        """Whether nothing changed."""
        return not any(self.counts)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"table": self.table, "before": self.before, "after": self.after,
                "added_count": self.counts[0], "removed_count": self.counts[1],
                "changed_count": self.counts[2],
                **{name: [one.to_dict() for one in getattr(self, name)]
                   for name in ("added", "removed", "changed")}}


def differences(before: Chain, after: Chain) -> tuple[TableDifference, ...]:
    """Every table of both."""
    return tuple(_of_table(name, key, getattr(before, name), getattr(after, name))
                 for name, key in KEYS.items())


def _of_table(
    name: str, key: Callable[[Any], tuple[str, ...]], before: tuple[Any, ...],
    after: tuple[Any, ...],
) -> TableDifference:
    old, new = {key(one): one for one in before}, {key(one): one for one in after}
    added = [Change(one) for one in new if one not in old]
    removed = [Change(one) for one in old if one not in new]
    changed = [Change(one, _fields(old[one], row)) for one, row in new.items()
               if one in old and old[one] != row]
    return TableDifference(
        name, len(before), len(after), tuple(added[:MOST_SHOWN]), tuple(removed[:MOST_SHOWN]),
        tuple(changed[:MOST_SHOWN]), (len(added), len(removed), len(changed)))


def _fields(before: Any, after: Any) -> tuple[tuple[str, Any, Any], ...]:
    return tuple((name, getattr(before, name), getattr(after, name))
                 for name in before.__struct_fields__
                 if getattr(before, name) != getattr(after, name))
