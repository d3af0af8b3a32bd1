"""A park's settlement as a document (schema dinghai.park-settlement/1) and as a table's rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dinghai.foundation.canonical import JSON
from dinghai.schemes.park_file import Park
from dinghai.schemes.park_members import ParkMember
from dinghai.schemes.park_settlement import SettledEvent, SettledLine

SETTLEMENT_SCHEMA: Final = "dinghai.park-settlement/1"


def settlement_document(
    park: Park, roll: Sequence[ParkMember], events: Sequence[SettledEvent]
) -> dict[str, JSON]:
    """All events with their lines, what each member's covers are owed, and each limit that cut.
    Amounts in fen; what is unpaid stays with the insured who suffered it."""
    names = {one.credit_code: one.name for one in roll}
    documents: list[JSON] = [_event(one, names) for one in events]
    return {
        "schema": SETTLEMENT_SCHEMA, "park": park.id, "policy_no": park.policy_no,
        "each_event_fen": park.limits.each_event_fen, "period_fen": park.limits.annual_fen,
        "events": documents,
        "totals": {key: sum(one["totals"][key] for one in documents) for key in (
            "claimed_fen", "entitled_fen", "paid_before_fen", "due_fen", "retained_fen")}}


def _event(one: SettledEvent, names: Mapping[str, str]) -> dict[str, JSON]:
    claimed = sum(line.claim.amount_fen for line in one.lines)
    return {
        "event": one.event, "day": one.day.isoformat(),
        "lines": [_line(line, names) for line in one.lines],
        "covers": [
            {"member": each.member, "name_zh": names[each.member], "cover": each.cover,
             "granted_fen": each.granted_fen, "entitled_fen": each.entitled_fen,
             "paid_before_fen": each.paid_before_fen, "due_fen": each.due_fen,
             "overpaid_fen": each.overpaid_fen} for each in one.covers],
        "cuts": [
            {"limit": cut.limit, "member": cut.member, "cover": cut.cover,
             "asked_fen": cut.asked_fen, "limit_fen": cut.limit_fen, "left_fen": cut.left_fen}
            for cut in one.cuts],
        "period_left_before_fen": one.left_before_fen, "period_left_after_fen": one.left_after_fen,
        "totals": {
            "claimed_fen": claimed,
            "entitled_fen": sum(each.entitled_fen for each in one.covers),
            "paid_before_fen": sum(each.paid_before_fen for each in one.covers),
            "due_fen": sum(each.due_fen for each in one.covers),
            "retained_fen": sum(sum(line.unpaid.values()) for line in one.lines)}}


def _line(line: SettledLine, names: Mapping[str, str]) -> dict[str, JSON]:
    claim = line.claim
    return {
        "claim": claim.claim, "member": claim.member, "name_zh": names[claim.member],
        "coverage": claim.coverage, "top_up": claim.top_up, "day": claim.day.isoformat(),
        "amount_fen": claim.amount_fen, "paid_fen": dict(line.paid),
        "unpaid_fen": {str(reason): fen for reason, fen in line.unpaid.items()}}
