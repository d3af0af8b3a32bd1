"""Residents' cover in the demonstration: a list of two thousand made-up people, and one sale.

Nobody in it lives: names, identity and mobile numbers are drawn by a keyed stream. Some rows are
faulty in the ways in which real lists are.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from dinghai.documents.resident_terms import resident_terms
from dinghai.foundation.streams import uniforms
from dinghai.schemes.people import check_digit
from dinghai.schemes.resident_list import Resident
from dinghai_platform.core import clock
from dinghai_platform.demo.story import Story, work
from dinghai_platform.residents.models import Enrolment, ResidentScheme, Sale
from dinghai_platform.residents.papers import paper_of
from dinghai_platform.residents.queries import certificate
from dinghai_platform.residents.services.links import make_link
from dinghai_platform.residents.services.lists import issue_list, take_list
from dinghai_platform.residents.services.sales import sell
from dinghai_platform.residents.services.schemes import open_scheme

_SEED = 20261101
_RESIDENTS = 2_000
_HEADER = "姓名,身份证号,手机号,方案,是否同意,同意日期"
_FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平"
_AREAS = ("330106", "330102", "330105", "330108")
_PLANS = (("P1", "1万元", "¥10,000", 1_000_000, 240), ("P5", "5万元", "¥50,000", 5_000_000, 1_200),
          ("P10", "10万元", "¥100,000", 10_000_000, 2_400))


def enrol_residents(story: Story) -> dict[str, Any]:
    """Open a scheme, enrol a list, make a link and sell one certificate by it; leave a
    second list looked through and not issued, for whoever tries the pages."""
    underwriter = story.actor("underwriter")
    scheme = open_scheme(_scheme(), actor=underwriter)
    enrolment = take_list(scheme, _list(0, _RESIDENTS).encode(),
                          name="滨海街道居民名单（虚构）.csv", actor=underwriter)
    work()
    enrolment.refresh_from_db()
    issue_list(enrolment, actor=underwriter)
    work()
    enrolment.refresh_from_db()
    take_list(scheme, _list(_RESIDENTS, 300).encode(), name="第二批（虚构，待出单）.csv",
              actor=underwriter)
    work()
    sale = _sale(scheme, story)
    _tell(story, enrolment, sale)
    return {"scheme": scheme.number, "certificates": enrolment.number,
            "rejected": enrolment.rejected, "premium_fen": enrolment.premium_fen, "sold": 1}


def _sale(scheme: ResidentScheme, story: Story) -> Sale:
    underwriter = story.actor("underwriter")
    link, _secret = make_link(scheme, plans=["P5", "P10"], channel="街道便民服务中心公告栏",
                              days=366, most=500, actor=underwriter)
    first = "33010619900307201"
    buyer = Resident("林小满", first + check_digit(first), "13800000000", 1, clock.today())
    terms = resident_terms(scheme.terms().product, "zh").fingerprint()
    sale = sell(link, buyer, key=f"{link.pk}:demonstration", terms=terms).sale
    one = certificate(underwriter, sale.certificate)
    story.teller.keep(f"certificate-{one.pk}.pdf", paper_of([one], story.teller.language))
    return sale


def _tell(story: Story, enrolment: Enrolment, sale: Sale) -> None:
    story.teller.at(
        clock.now(),
        f"居民反诈险（虚构数据）：{enrolment.scheme.number}，参保 {enrolment.number} 人，拒绝 "
        f"{enrolment.rejected} 行，保费 {enrolment.premium_fen / 100:,.2f} 元；"
        f"链接购买 1 份，凭证号 {sale.certificate}",
        f"Residents' anti-fraud cover (fictional data): {enrolment.scheme.number}, "
        f"{enrolment.number} enrolled, {enrolment.rejected} rows rejected, premium "
        f"¥{enrolment.premium_fen / 100:,.2f}; one bought at a link, certificate "
        f"{sale.certificate}")


def _scheme() -> dict[str, Any]:
    """The scheme of the year after the story's day."""
    year = clock.today().year + 1
    return {
        "schema": "dinghai.resident-scheme/1", "id": f"binhai-{year}",
        "name_zh": f"滨海街道居民反诈险 {year}（演示）",
        "name_en": f"Residents of Binhai, anti-fraud cover {year} (demonstration)",
        "product": "resident-anti-fraud", "channel": "community",
        "applicant_zh": "滨海街道办事处（虚构）", "first_day": f"{year}-01-01",
        "last_day": f"{year}-12-31", "default_plan": "P5",
        "plans": [{"code": code, "name_zh": zh, "name_en": en, "sum_insured_fen": insured,
                   "premium_fen": premium} for code, zh, en, insured, premium in _PLANS]}


def _list(first: int, number: int) -> str:
    """A list as a community would send it, one row in forty with a fault of some kind."""
    rows = [_row(first + place, luck) for place, luck in enumerate(
        uniforms(_SEED, f"demo.residents.{first}", number, 5).tolist())]
    rows.append(rows[0])  # somebody who stands in it twice
    return "\n".join([_HEADER, *rows, ""])


def _row(place: int, luck: list[float]) -> str:
    name = _FAMILY[int(luck[0] * 20)] + _GIVEN[int(luck[1] * 20)] + _GIVEN[int(luck[2] * 20)]
    born = date(1950, 1, 1) + timedelta(days=int(luck[3] * 20_000))
    digits = f"{_AREAS[place % 4]}{born:%Y%m%d}{place % 1_000:03}"
    identity, mobile = digits + check_digit(digits), f"13{place * 7_919 % 10**9:09}"
    agreed, day = "是", clock.today() - timedelta(days=1 + place % 20)
    if place % 40 == 13:
        kind = place // 40 % 4
        identity = digits + "0" if kind == 0 and identity[-1] != "0" else identity
        mobile = mobile[:10] if kind == 1 else mobile
        agreed = "否" if kind == 2 else agreed
        identity = f"{identity[:6]}2019{identity[10:]}" if kind == 3 else identity
    plan = "P1" if luck[4] < 0.1 else "P10" if luck[4] > 0.93 else "P5"
    return f"{name},{identity},{mobile},{plan},{agreed},{day}"
