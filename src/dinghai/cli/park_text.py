"""What `dinghai park` says to people: premiums, settlements, portraits, certificates as lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dinghai.cli.output import table
from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import format_yuan
from dinghai.wording.saying import percent

_SHOWN: Final = 20


def premium_text(document: dict[str, JSON]) -> list[str]:
    """Endorsements day by day, and the largest premiums."""
    members = sorted(document["members"], key=lambda one: (-one["net_fen"], one["credit_code"]))
    return [
        f"premium for {document['days']} days, net  {format_yuan(document['net_fen'])}",
        f"VAT {percent(document['vat_ppm'])}  {format_yuan(document['vat_fen'])}",
        f"with VAT  {format_yuan(document['gross_fen'])}",
        f"refunds go to the {document['refund_to']}",
        "",
        *table(("no", "on", "join", "leave", "top-ups", "charged", "refunded", "net", "VAT"),
               [(one["number"], one["on"], one["joining"], one["leaving"], one["top_ups"],
                 format_yuan(one["charged_fen"]), format_yuan(one["refunded_fen"]),
                 format_yuan(one["net_fen"]), format_yuan(one["vat_fen"]))
                for one in document["endorsements"]]),
        "",
        *table(("member", "class", "size", "first", "last", "days", "net", "with VAT"),
               [(one["name_zh"], one["rating_class"], one["size"], one["first"], one["last"],
                 one["days"], format_yuan(one["net_fen"]), format_yuan(one["gross_fen"]))
                for one in members[:_SHOWN]]),
        *_more(len(members))]


def settlement_text(document: dict[str, JSON]) -> list[str]:
    """Each event: what members are owed, each limit that cut, and what is left."""
    lines = []
    for one in document["events"]:
        total = one["totals"]
        lines += [
            f"event {one['event']} of {one['day']}: claimed {format_yuan(total['claimed_fen'])}, "
            f"entitled {format_yuan(total['entitled_fen'])}, due now "
            f"{format_yuan(total['due_fen'])}, stays with members "
            f"{format_yuan(total['retained_fen'])}",
            *table(("member", "cover", "own limits grant", "entitled", "paid before", "due now"),
                   [(each["name_zh"], each["cover"], format_yuan(each["granted_fen"]),
                     format_yuan(each["entitled_fen"]), format_yuan(each["paid_before_fen"]),
                     format_yuan(each["due_fen"])) for each in one["covers"]]),
            *(f"  {cut['limit']} limit of {cut['member'] or 'all'} ({cut['cover']}): "
              f"{format_yuan(cut['asked_fen'])} → {format_yuan(cut['left_fen'])}"
              for cut in one["cuts"]),
            *(f"  {each['name_zh']} {each['coverage']}: {format_yuan(fen)} stays with it, "
              f"{reason.replace('_', ' ')}"
              for each in one["lines"] for reason, fen in each["unpaid_fen"].items()),
            *(f"  {each['name_zh']} ({each['cover']}) was paid {format_yuan(each['overpaid_fen'])} "
              "above its own limits" for each in one["covers"] if each["overpaid_fen"]),
            f"  the park's limit of the period holds {format_yuan(one['period_left_after_fen'])}",
            ""]
    return [*lines, f"due now in all  {format_yuan(document['totals']['due_fen'])}"]


def portrait_text(document: dict[str, JSON]) -> list[str]:
    """Grades, what is shared, and the worst findings."""
    shared = document["shared"]
    return [
        f"{document['members']} members on {document['on']}, limits together "
        f"{format_yuan(document['limit_fen'])}; park limit each event "
        f"{format_yuan(document['each_event_fen'])}",
        "",
        *table(("grade", "members", "limits"),
               [(one["grade"] or "not known", one["members"], format_yuan(one["limit_fen"]))
                for one in document["grades"] if one["members"]]),
        "",
        *table(("shared", "name", "members", "largest event", "payable", "stays with members",
                "single point"),
               [(one["kind"], one["name"], f"{one['members']} ({percent(one['share_ppm'])})",
                 format_yuan(one["largest_event_fen"]), format_yuan(one["payable_fen"]),
                 format_yuan(one["short_fen"]), "yes" if one["single_point"] else "")
                for one in shared[:_SHOWN]]),
        *_more(len(shared)),
        "",
        *table(("worst findings", "severity", "members", "limits"),
               [(one["code"], _severity(one["cvss_tenths"]), one["members"],
                 format_yuan(one["limit_fen"])) for one in document["worst_findings"]]),
        "not known: " + ", ".join(f"{name} of {count}"
                                  for name, count in document["not_known"].items())]


def certificate_text(found: list[dict[str, JSON]]) -> list[str]:
    """One line a certificate; a single one in full."""
    if len(found) == 1:
        return list(_certificate(found[0]))
    return [*table(("number", "member", "first", "last", "top-ups", "with VAT"),
                   [(one["number"], one["member"]["name_zh"], one["first"], one["last"],
                     ", ".join(each["cover"] for each in one["top_ups"]) or "–",
                     format_yuan(one["gross_fen"])) for one in found[:_SHOWN]]),
            *_more(len(found))]


def _certificate(one: dict[str, JSON]) -> Iterator[str]:
    base = one["base"]
    yield f"{one['number']}  {one['park_name_zh']}"
    yield f"member     {one['member']['name_zh']} {one['member']['credit_code']}"
    yield f"applicant  {one['applicant']['name_zh']}"
    yield f"days       {one['first']} to {one['last']} ({one['days']})"
    yield (f"base       {format_yuan(base['each_event_fen'])} each event, "
           f"{format_yuan(base['period_fen'])} in the period")
    for each in one["top_ups"]:
        yield (f"top-up     {each['name_zh']} from {each['first']}: "
               f"{format_yuan(each['each_event_fen'])} each event")
    yield (f"shared     {format_yuan(one['shared']['each_event_fen'])} each event, "
           f"{format_yuan(one['shared']['period_fen'])} in the period")
    yield (f"premium    {format_yuan(one['net_fen'])} + VAT {format_yuan(one['vat_fen'])} = "
           f"{format_yuan(one['gross_fen'])}")
    yield from (f"notice     {each['text_zh']}" for each in one["notice"])


def _severity(tenths: int | None) -> str:
    return "not known" if tenths is None else f"{tenths // 10}.{tenths % 10}"


def _more(count: int) -> list[str]:
    return [f"… and {count - _SHOWN} more: see --json"] if count > _SHOWN else []
