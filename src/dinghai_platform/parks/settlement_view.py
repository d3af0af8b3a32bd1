"""What pages of events show: each firm's amounts, each limit at work, what is left of the period.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dinghai.schemes import park_file
from dinghai_platform.parks.models import EventSettlement, Park
from dinghai_platform.parks.words import UNPAID, coverage_words, limit_words, word


def left_of_period(row: Park, policy: park_file.Park) -> int:
    """What the park's limit of the period still holds, of what was posted and not reversed."""
    outside = {one.id for one in policy.top_ups if not one.under_park_limits}
    used = sum(
        cover["due_fen"]
        for document in EventSettlement.objects.within(row.tenant_id).filter(
            park=row, state="posted").values_list("document", flat=True)
        for event in document["events"] for cover in event["covers"]
        if cover["cover"] not in outside)
    return max(policy.limits.annual_fen - used, 0)


def settlement_view(
    row: EventSettlement, covers: Mapping[str, str], park_word: str
) -> dict[str, Any]:
    """The parts of the page of one event."""
    event = row.document["events"][0]
    names = {one["member"]: one["name_zh"] for one in event["lines"]}
    firms = []
    for code, name in names.items():
        lines = [one for one in event["lines"] if one["member"] == code]
        held = [one for one in event["covers"] if one["member"] == code]
        firms.append({
            "code": code, "name": name,
            "claimed_fen": sum(one["amount_fen"] for one in lines),
            "granted_fen": sum(one["granted_fen"] for one in held),
            "entitled_fen": sum(one["entitled_fen"] for one in held),
            "paid_before_fen": sum(one["paid_before_fen"] for one in held),
            "due_fen": sum(one["due_fen"] for one in held),
            "retained_fen": sum(sum(one["unpaid_fen"].values()) for one in lines)})
    return {
        "event": event, "firms_view": firms,
        "lines": [{**one, "coverage_words": coverage_words(one["coverage"]),
                   "paid": [(covers.get(cover, cover), fen)
                            for cover, fen in one["paid_fen"].items() if fen],
                   "unpaid": [(word(UNPAID, why), fen) for why, fen in one["unpaid_fen"].items()]}
                  for one in event["lines"]],
        "cuts": [{"name": limit_words(one["limit"]),
                  "whose": names.get(one["member"], park_word if not one["member"] else
                                     one["member"]),
                  "cover": park_word if one["cover"] == "park" else covers.get(
                      one["cover"], one["cover"]),
                  "shared": not one["member"], **{key: one[key] for key in (
                      "asked_fen", "limit_fen", "left_fen")}} for one in event["cuts"]],
        "overpaid": [(one["name_zh"], one["overpaid_fen"]) for one in event["covers"]
                     if one["overpaid_fen"]]}
