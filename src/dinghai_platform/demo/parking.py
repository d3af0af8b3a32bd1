"""The park of the demonstration: 200 made-up firms by a list with faults and then without, two that
join and one that leaves, services that they share, and one event that hits five of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from msgspec import structs

from dinghai.assessment.profile import CREDIT_ALPHABET, credit_check_character
from dinghai.foundation.streams import uniforms
from dinghai.schemes.park_file import read_park
from dinghai_platform.core.actors import Actor
from dinghai_platform.demo.story import Story, stand_at
from dinghai_platform.parks.models import EventSettlement, MemberChange, Park, ParkMember
from dinghai_platform.parks.services.changes import (
    apply_change,
    check_joining,
    check_leaving,
    check_list,
    drop_change,
)
from dinghai_platform.parks.services.parks import bind_park, open_park
from dinghai_platform.parks.services.settlements import approve_settlement, propose_lines
from dinghai_platform.parks.services.shared import (
    link_organisation,
    offer_service,
    record_use,
)

FIRMS: Final = 200
SEED: Final = 1
_ROOTS: Final = ("望舒", "澄屿", "沐岚", "青柚", "墨川", "星槎", "霁白", "泊舟", "疏桐", "南枝",
                 "听澜", "知微", "朝禾", "晴岫", "松间", "溪午", "鹿野", "拾光", "渡口", "云汀")
_KINDS: Final = (("信息技术", "I"), ("网络安全", "I"), ("软件", "I"), ("精密制造", "C"),
                 ("电子", "C"), ("商贸", "F"), ("检测技术", "M"), ("物流", "G"), ("文化传媒", "R"),
                 ("金融科技", "J"))
_NETWORKS: Final = ("科创大厦", "科创大厦", "研发一区", "研发二区", "中试厂房")
_PROVIDERS: Final = ("望舒云", "望舒云", "望舒云", "辰砂云", "辰砂云", "青鸟托管", "栈桥邮箱",
                     "隐川VPN")
_GRADES: Final = ("", "A", "B", "B", "B", "C", "C", "C", "D", "E")
_TOP_UPS: Final = ("无", "无", "营业中断增额", "勒索应急", "营业中断增额；勒索应急")
_FINDINGS: Final = ("CVE-2024-3400@10", "CVE-2023-4966@9.4", "远程桌面暴露@高", "默认口令@8.1",
                    "备份未离线@中", "CVE-2024-21762@9.8", "邮件未启用DMARC@低")
_REVENUES: Final = ((80, 480), (80, 480), (500, 4_800), (500, 4_800), (500, 4_800),
                    (5_200, 40_000))
_HEADINGS: Final = ("企业名称", "统一社会信用代码", "所属行业", "年营业额（万元）", "附加保障",
                    "共享网段", "云服务商", "风险等级", "主要问题", "限额（万元）")
_HIT: Final = ("2600000", "3400000", "2900000", "2200000", "3100000")
"""Yuan that the terms grant to each firm that is hit, before any limit."""
_LEAVES: Final = 17


def insure_park(story: Story) -> Park:
    """One master policy from its document to a paid event."""
    park = _enrol(story)
    _change(park, story)
    _use_services(park, story)
    settlement = _settle(park, story)
    story.figures |= {"park": str(park.pk), "park_settlement": str(settlement.pk)}
    return park


def _enrol(story: Story) -> Park:
    """The underwriter binds; the operator's first list has faults, the second has none."""
    moment = stand_at("2026-12-07T09:30:00")
    underwriter, operator = story.actor("underwriter"), story.actor("park_operator")
    teller = story.teller
    # The example names an insurer of its own; here it is that of the story.
    policy = structs.replace(read_park(story.example.parent / "park"), insurer="",
                             inception=date(2026, 12, 8), expiry=date(2027, 12, 7))
    park = bind_park(open_park(
        policy, operator=story.cast.park, file="park.toml", actor=underwriter),
        actor=underwriter)
    bad = check_list(park, _as_csv(_faulty(list(_rows()))), name="园区企业名单.csv",
                     actor=operator)
    drop_change(bad, actor=operator)
    good = check_list(park, _as_csv(list(_rows())), name="园区企业名单-已更正.csv", actor=operator)
    done = apply_change(good, seen=good.preview_hash, all_or_nothing=True, actor=operator)
    teller.at(moment, f"园区保 {park.number}：首份名单 {bad.rejected} 行有错，更正后 "
                      f"{done.joined} 家参保，保费 {teller.short(done.charged_fen)}（含税）",
              f"Park {park.number}: {bad.rejected} rows of the first list are at fault; mended, "
              f"{done.joined} firms are in for {teller.short(done.charged_fen)} with VAT")
    first = ParkMember.objects.within(park.tenant_id).filter(park=park).order_by("sequence")[0]
    link_organisation(first, story.cast.insured, actor=underwriter)
    return park


def _change(park: Park, story: Story) -> None:
    """Two firms join and one leaves, by the day."""
    moment = stand_at("2026-12-08T10:00:00")
    operator = story.actor("park_operator")
    charged = sum(_applied(check_joining(park, {
        "credit_code": _credit_code(FIRMS + place), "name": name, "sector": "I", "size": "micro",
        "joined": "2026-12-09", "top_ups": "extortion" if place else "", "network": "研发一区",
        "providers": "望舒云", "grade": "B"}, actor=operator), operator).charged_fen
        for place, name in enumerate(("衔远数据有限公司", "问渠智能有限公司")))
    leaver = ParkMember.objects.within(park.tenant_id).get(park=park, sequence=_LEAVES)
    left = _applied(check_leaving(leaver, last=date(2026, 12, 31), reason="迁出园区",
                                  actor=operator), operator)
    teller = story.teller
    teller.at(
        moment, f"两家加入，按日收取 {teller.short(charged)}；一家退出，按日退还 "
                f"{teller.short(left.refunded_fen)}",
        f"Two firms join for {teller.short(charged)} by the day; one leaves, "
        f"{teller.short(left.refunded_fen)} goes back")


def _applied(change: MemberChange, actor: Actor) -> MemberChange:
    return apply_change(change, seen=change.preview_hash, actor=actor)


def _use_services(park: Park, story: Story) -> None:
    """What the park offers besides insurance, and who used it."""
    operator = story.actor("park_operator")
    members = list(ParkMember.objects.within(park.tenant_id).filter(
        park=park, state="enrolled").order_by("sequence")[:12])
    for kind, zh, en, provider in (
            ("monitoring", "园区出口流量监测", "Monitoring of the uplink", "磐石网络安全服务"),
            ("drill", "勒索处置演练", "Exercise: extortion", ""),
            ("training", "钓鱼邮件培训", "Training: phishing", "")):
        service = offer_service(park, kind=kind, name_zh=zh, name_en=en, provider=provider,
                                actor=operator)
        for one in members[::1 if kind == "monitoring" else 4]:
            record_use(service, one, on=date(2026, 12, 8), actor=operator)


def _settle(park: Park, story: Story) -> EventSettlement:
    """A worm through the building's network hits five firms with much cover: their event asks more
    than the park's limit holds, and it is shared."""
    moment = stand_at("2026-12-10T15:00:00")
    there = [one for one in ParkMember.objects.within(park.tenant_id).filter(
        park=park, state="enrolled").order_by("-limit_fen", "sequence")
        if "科创大厦" in (one.network or ())]
    hit = sorted(there, key=lambda one: "interruption" not in one.top_up_codes)[:len(_HIT)]
    lines = [{"claim": f"WS-{place + 1:02}", "member": one.credit_code, "coverage": "FP-BI",
              "day": "2026-12-09", "amount": f"{amount}元", "top_up": ""}
             for place, (one, amount) in enumerate(zip(hit, _HIT, strict=True))]
    lines.append({**lines[0], "coverage": "FP-IR", "amount": "420000元"})
    row = approve_settlement(
        propose_lines(park, "2026-12 科创大厦勒索软件", lines, actor=story.actor("claims_handler"),
                      facts="勒索软件经科创大厦共用网段传播，五家企业停业。"
                            "原因、证据、免赔与等待期已核定。"),
        actor=story.actor("claims_approver"))
    teller = story.teller
    teller.at(
        moment, f"园区事故 {row.number}：五家申报 {teller.short(row.claimed_fen)}，应付 "
                f"{teller.short(row.due_fen)}，园区限额余 {teller.short(row.left_fen)}",
        f"Event {row.number}: five firms claim {teller.short(row.claimed_fen)}, "
        f"{teller.short(row.due_fen)} is due, {teller.short(row.left_fen)} of the park's "
        "limit is left")
    return row


def _rows() -> Iterator[list[str]]:
    """The operator's list: whatever is not written above follows from a keyed draw."""
    for number in range(FIRMS):
        low, high = _REVENUES[_draw("revenue", number, len(_REVENUES))]
        found = {_draw(f"finding-{turn}", number, len(_FINDINGS))
                 for turn in range(_draw("findings", number, 3))}
        kind, sector = _KINDS[number // 20]
        yield [
            f"{_ROOTS[number % 20]}{kind}有限公司", _credit_code(number), sector,
            str(low + _draw("size", number, high - low)),
            _TOP_UPS[_draw("top-up", number, len(_TOP_UPS))],
            _NETWORKS[_draw("network", number, len(_NETWORKS))],
            "、".join(dict.fromkeys(
                _PROVIDERS[_draw(f"provider-{turn}", number, len(_PROVIDERS))]
                for turn in range(1 + _draw("providers", number, 2)))),
            _GRADES[_draw("grade", number, len(_GRADES))],
            "；".join(_FINDINGS[at] for at in sorted(found)) or (
                "无" if _draw("known", number, 4) else "未知"),
            ("", "", "", "50", "200")[_draw("limit", number, 5)]]


def _faulty(rows: list[list[str]]) -> list[list[str]]:
    """The list as it came first: a wrong check character, a firm twice, cells that say nothing."""
    code = rows[11][1]
    rows[11][1] = code[:-1] + ("0" if code[-1] != "0" else "1")
    rows[42] = list(rows[7])
    rows[87][2] = "未来产业"
    rows[120][4] = "全球保障"
    rows[163][9] = "300"
    return rows


def _draw(what: str, number: int, choices: int) -> int:
    """A whole number below ``choices`` that follows from its key alone."""
    return int(uniforms(SEED, f"demo park {what}", 1, 1, first_unit=number)[0, 0] * choices)


def _credit_code(number: int) -> str:
    """A well-formed code of nobody: its check character is right."""
    body = ""
    for _ in range(5):
        number, digit = divmod(number, 31)
        body = CREDIT_ALPHABET[digit] + body
    head = f"91320100MAWH{body}"
    return head + credit_check_character(head)


def _as_csv(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows((_HEADINGS, *rows))
    return out.getvalue().encode()
