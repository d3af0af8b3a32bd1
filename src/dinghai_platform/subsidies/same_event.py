"""Whether two reports mean one refund: an endorsement in the insurer's books, and what the
authority reported of it under a number of its own. Two would claim subsidy back twice."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date

from dinghai.foundation.clock import SHANGHAI
from dinghai.schemes.subsidy_register import Changed
from dinghai_platform.core.actors import system_actor
from dinghai_platform.core.tenancy import scope_of
from dinghai_platform.subsidies.contracts import Contract, Endorsed, endorsements_of
from dinghai_platform.subsidies.register_numbers import number_in_register


def by_application(changes: Mapping[str, Changed]) -> dict[str, dict[str, Changed]]:
    """The changes of each application, so that a list does not walk all of them for every row."""
    found: dict[str, dict[str, Changed]] = {}
    for number, one in changes.items():
        found.setdefault(one.application, {})[number] = one
    return found


def twin_of(
    number: str, day: date, amount_fen: int | None, *, application: str,
    changes: Mapping[str, Changed], policy: Contract | None,
) -> str:
    """The number under which a refund is there already: of the same policy, day and amount, or by
    the endorsement's number; empty where it is new."""
    if not amount_fen:
        return ""
    books = {number_in_register(one.number, one.policy): one for one in _refunds(policy)}
    for name, before in changes.items():
        if name != number and not {name, number} <= books.keys() and (
                before.application == application and before.change != "returned"
                and (before.day, before.refund_fen) == (day, amount_fen)):
            return name
    if number in books:
        return ""
    return next((name for name, one in books.items() if _own(number) == one.number.upper() or (
        -one.amount_fen == amount_fen and day in _days(one))), "")


def reported_by_hand(
    policy: Contract, changes: Mapping[str, Changed], application: str,
    counted: Collection[str] = (),
) -> frozenset[str]:
    """The endorsements of a policy, as the register numbers them, that changes under other numbers
    stand for already: each change for one endorsement. Those ``counted`` in what was stated, and
    those that the register has, stand for themselves."""
    if not any(one.application == application and one.change == "refunded"
               for one in changes.values()):
        return frozenset()
    refunds = _refunds(policy)
    named = {number_in_register(one.number, policy) for one in refunds}
    hands = [one for number, one in changes.items() if one.application == application
             and one.change == "refunded" and number not in named]
    found = set[str]()
    for each in refunds:
        name = number_in_register(each.number, policy)
        if name in changes or each.number in counted:
            continue
        hand = next(_meaning(each, hands), None)
        if hand is not None:
            hands.remove(hand)
            found.add(name)
    return frozenset(found)


def _meaning(each: Endorsed, hands: Iterable[Changed]) -> Iterator[Changed]:
    return (one for one in hands if _own(one.number) == each.number.upper() or (
        one.refund_fen == -each.amount_fen and one.day in _days(each)))


def _refunds(policy: Contract | None) -> list[Endorsed]:
    """The endorsements that gave premium back, in their order. Read in the insurer's books."""
    if policy is None:
        return []
    with scope_of(system_actor(policy.tenant)):
        return [one for one in endorsements_of(policy) if one.amount_fen < 0]


def _days(one: Endorsed) -> tuple[date, date]:
    """A letter names the day from which it holds, or the day it was issued."""
    return one.effective, one.issued_at.astimezone(SHANGHAI).date()


def _own(number: str) -> str:
    return number.partition("@")[0].upper()
