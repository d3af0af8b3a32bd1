"""The 27 roles, their permissions, and the rules that keep duties apart."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from itertools import combinations
from typing import Final, Literal

import msgspec

from dinghai.vocabulary.tables import by_id, read_table

SYSTEM: Final = "system"
"""The platform itself, where a transition needs no person."""


class Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One role. ``aggregates_only`` sees sums unless a legal basis is logged."""

    id: str
    name_zh: str
    name_en: str
    permissions: tuple[str, ...]
    aggregates_only: bool
    source: str
    confidence: str


class DutyRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Roles that one person, or one organisation, may not hold together within a scope.

    ``unless`` names the recorded ground that lifts the rule, if any.
    """

    id: str
    kind: Literal["distinct_persons", "distinct_organisations", "aggregates_by_default"]
    scope: Literal["policy", "claim", "product", "organisation"]
    roles: tuple[str, ...]
    unless: str | None
    text_zh: str
    text_en: str
    source: str
    confidence: str

    def broken_by(self, holders: Mapping[str, Collection[str]],
                  grounds: Collection[str] = ()) -> tuple[tuple[str, str, str], ...]:
        """Pairs of roles held by the same one: (role, role, holder), in a stable order.

        ``holders`` maps a role to the persons (or organisations, by ``kind``) that acted in it
        within the scope; ``grounds`` are recorded exceptions.
        """
        if self.kind == "aggregates_by_default" or (self.unless is not None
                                                    and self.unless in grounds):
            return ()
        return tuple(
            (first, second, holder)
            for first, second in combinations(self.roles, 2)
            for holder in sorted(set(holders.get(first, ())) & set(holders.get(second, ())))
        )


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: str
    roles: tuple[Role, ...]
    separation_of_duties: tuple[DutyRule, ...]


@cache
def _table() -> _Table:
    return read_table("roles", _Table)


@cache
def roles() -> Mapping[str, Role]:
    """The 27 roles by code."""
    return by_id(_table().roles, "roles")


@cache
def duty_rules() -> Mapping[str, DutyRule]:
    """The rules of separation by code."""
    return by_id(_table().separation_of_duties, "separation of duties")
