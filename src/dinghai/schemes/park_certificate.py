"""What a member's certificate (保险凭证) says: its covers, limits, days, premium, and its notice.

A certificate proves what the master policy grants; it grants nothing of its own. Limits that
members share are said to be shared. Of other members it says nothing. The duty to explain runs to
the applicant, the park's operator (DECISIONS 14): members get notice of what restricts the cover.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dinghai.foundation.canonical import JSON
from dinghai.schemes.park_file import BASE, Park, TopUp
from dinghai.schemes.park_members import ParkMember
from dinghai.schemes.park_premium import MemberPremium
from dinghai.vocabulary.coverages import coverages
from dinghai.wording.products import load_product
from dinghai.wording.schema import Product

CERTIFICATE_SCHEMA: Final = "dinghai.park-certificate/1"
NOTICE: Final = (
    ("duty", "保险法17条",
     "责任免除、免赔和分担等条款由保险人向投保人（园区运营方）提示并明确说明；本凭证将其告知您。",
     "Exclusions, deductibles and shares were pointed out and explained to the applicant, the "
     "park's operator; this certificate gives you notice of them."),
    ("shared_limits", "",
     "园区限额由全体成员共用：同一次事故中按比例分摊，被削减的部分由受损成员自行承担。",
     "The park's limits are shared by all members: within one event they are cut pro rata, and "
     "what is cut stays with the member that suffered it."),
    ("refund", "保险法53条",
     "退还的保险费退给投保人，另有约定的除外。",
     "Premium that goes back goes to the applicant, unless agreed otherwise."))
"""What a certificate tells its member: id, law, Chinese, English."""


def certificates(park: Park, found: Sequence[MemberPremium]) -> list[dict[str, JSON]]:
    """A certificate for each stay of a member (schema dinghai.park-certificate/1), in the order
    given. Amounts in fen."""
    product = load_product(park.product)
    return [_certificate(park, product, one) for one in found]


def certificate_number(park: Park, member: ParkMember) -> str:
    """A number that is the same each time: park, credit code, first day of the stay."""
    return f"{park.id}-{member.credit_code}-{member.joined:%Y%m%d}"


def _certificate(park: Park, product: Product, one: MemberPremium) -> dict[str, JSON]:
    member = one.member
    held = [(park.top_up(each.id), each.first) for each in member.top_ups]
    return {
        "schema": CERTIFICATE_SCHEMA, "number": certificate_number(park, member),
        "policy_no": park.policy_no, "park": park.id, "park_name_zh": park.name_zh,
        "park_name_en": park.name_en, "insurer": park.insurer,
        "product": product.product_id, "version": product.version,
        "applicant": {"name_zh": park.operator.name_zh, "name_en": park.operator.name_en,
                      "credit_code": park.operator.credit_code},
        "member": {"name_zh": member.name, "name_en": member.name_en,
                   "credit_code": member.credit_code},
        "first": member.joined.isoformat(), "last": one.last.isoformat(),
        "days": (one.last - member.joined).days + 1,
        "base": {
            "cover": BASE, "each_event_fen": member.limit.each_event_fen,
            "period_fen": member.limit.period_fen,
            "sections": [
                {"coverage": each.coverage, **_names(each.coverage),
                 "sublimit_fen": each.sublimit_fen} for each in park.base.sections]},
        "top_ups": [{**_top_up(each), "first": first.isoformat()} for each, first in held],
        "shared": {
            "each_event_fen": park.limits.each_event_fen, "period_fen": park.limits.annual_fen,
            "top_ups": [
                {"cover": each.id, "each_event_fen": each.shared.each_event_fen,
                 "period_fen": each.shared.annual_fen}
                for each, _ in held if each.shared is not None]},
        "net_fen": one.net_fen, "vat_fen": one.vat_fen, "gross_fen": one.net_fen + one.vat_fen,
        "notice": [
            {"id": code, "law": law, "text_zh": zh, "text_en": en} for code, law, zh, en in NOTICE
            if code != "refund" or park.refund_to == "applicant"],
        "exclusions": [
            {"code": each.code, "clause": each.clause, "name_zh": each.name_zh,
             "name_en": each.name_en} for each in product.exclusions]}


def _names(coverage: str) -> dict[str, JSON]:
    one = coverages()[coverage]
    return {"name_zh": one.name_zh, "name_en": one.name_en}


def _top_up(one: TopUp) -> dict[str, JSON]:
    return {
        "cover": one.id, "name_zh": one.name_zh, "name_en": one.name_en,
        "coverages": [{"coverage": code, **_names(code)} for code in one.coverages],
        "each_event_fen": one.each_event_fen, "period_fen": one.period_fen, "order": one.order,
        "under_park_limits": one.under_park_limits}
