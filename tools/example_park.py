"""Write examples/park: 200 fictional firms of a park, changes in the year, and claims.

Nothing is drawn at random: whatever is not written here follows from a hash of names.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from dinghai.assessment.profile import CREDIT_ALPHABET, credit_check_character
from dinghai.schemes.park_file import read_park
from dinghai.schemes.park_members import read_members
from dinghai.schemes.park_roll import roll_csv
from tools.example_chains import EXAMPLES, pick

FOLDER = EXAMPLES / "park"
FIRMS = 200
ROOTS = ("云汀", "砚秋", "栖禾", "澄屿", "沐岚", "青柚", "墨川", "星槎", "霁白", "泊舟", "疏桐",
         "望舒", "南枝", "听澜", "知微", "朝禾", "晴岫", "松间", "溪午", "鹿野")
KINDS = (("信息技术", "I"), ("网络安全", "I"), ("软件", "软件和信息技术服务业"), ("精密制造", "C"),
         ("电子", "制造业"), ("商贸", "F"), ("检测技术", "M"), ("物流", "G"), ("文化传媒", "R"),
         ("金融科技", "J"))
NETWORKS = ("科创大厦", "研发一区", "研发二区", "中试厂房")
PROVIDERS = ("云汀云", "辰砂云", "青鸟托管", "栈桥邮箱", "隐川VPN")
FINDINGS = ("CVE-2024-3400@10", "CVE-2023-4966@9.4", "远程桌面暴露@高", "默认口令@8.1",
            "备份未离线@中", "CVE-2024-21762@9.8", "邮件未启用DMARC@低")
HEADINGS = ("序号", "企业名称", "统一社会信用代码", "所属行业", "年营业额（万元）", "起保日期",
            "附加保障", "共享网段", "云服务商", "风险等级", "主要问题", "限额（万元）", "联系人")
FIRST = date(2026, 1, 1)


def credit_code(number: int) -> str:
    """A well-formed code of nobody: its check character is right."""
    body, rest = "", number
    for _ in range(5):
        rest, digit = divmod(rest, 31)
        body = CREDIT_ALPHABET[digit] + body
    head = "91320100MA" + "YT" + body
    return head + credit_check_character(head)


def name_of(number: int) -> str:
    """A fictional firm's name."""
    return f"{ROOTS[number % 20]}{KINDS[number // 20][0]}有限公司"


def firm(number: int) -> list[str]:
    """A row of the operator's list."""
    revenue = (pick(80, 480, "micro", number), pick(500, 4_800, "small", number),
               pick(5_200, 40_000, "medium", number))[(0, 0, 1, 1, 1, 2)[pick(0, 5, number)]]
    late = number % 13 == 7
    joined = FIRST + timedelta(days=pick(20, 200, "late", number)) if late else FIRST
    top_ups = ("无", "无", "营业中断增额", "勒索应急", "营业中断增额；勒索应急")[
        pick(0, 4, "top", number)]
    findings = "；".join(FINDINGS[at] for at in sorted(
        {pick(0, 6, "finding", number, turn) for turn in range(pick(0, 2, "count", number))}))
    return [
        str(number + 1), name_of(number), credit_code(number), KINDS[number // 20][1],
        str(revenue), joined.strftime("%Y/%m/%d"), top_ups,
        NETWORKS[(0, 0, 1, 2, 3)[pick(0, 4, "net", number)]],
        "、".join(dict.fromkeys(PROVIDERS[(0, 0, 0, 1, 1, 2, 3, 4)[pick(0, 7, turn, number)]]
                                for turn in range(pick(1, 2, "providers", number)))),
        ("", "A", "B", "B", "B", "C", "C", "C", "D", "E")[pick(0, 9, "grade", number)],
        findings or ("未知" if pick(0, 3, "known", number) == 0 else "无"),
        ("", "", "", "50", "200")[pick(0, 4, "limit", number)], "园区企业服务部"]


def changes() -> Iterator[Sequence[str]]:
    """Joining and leaving in the year, among them rows that cannot be read."""
    yield ("企业名称", "统一社会信用代码", "所属行业", "规模", "加入日", "末日", "附加保障")
    yield ("拾光数据有限公司", credit_code(900), "I", "微型", "2026-07-01", "", "勒索应急")
    yield ("渡口仪器有限公司", credit_code(901), "C", "小型", "2026年8月15日", "", "")
    yield (name_of(2), credit_code(2), "I", "", "", "2026-06-30", "")
    yield (name_of(41), credit_code(41), "软件和信息技术服务业", "", "", "2026-09-30", "")
    yield ("错码科技有限公司", credit_code(902)[:-1] + "0", "I", "微型", "2026-07-01", "", "")
    yield (name_of(5), credit_code(5), "I", "小型", "2026-07-01", "", "")
    yield ("晚舟设计有限公司", credit_code(903), "设计", "微型", "2027-01-01", "", "全球保障")


def claims() -> Iterator[Sequence[str]]:
    """A worm through the building's network, then an outage of the cloud that many use."""
    yield ("事故", "赔案号", "企业", "保障", "出险日", "金额（元）")
    hit = [one for one in range(FIRMS) if firm(one)[7] == "科创大厦" and one % 13 != 7][:14]
    for place, one in enumerate(hit):
        yield ("E-2026-01", f"C{place + 1:02}", credit_code(one), "FP-BI", "2026-04-18",
               f"{pick(40, 190, 'claim', one) * 10_000}")
        if place % 3 == 0:
            yield ("E-2026-01", f"C{place + 1:02}", credit_code(one), "FP-IR", "2026-04-18",
                   f"{pick(10, 60, 'response', one) * 10_000}.55")
    cloud = [one for one in range(FIRMS) if "云汀云" in firm(one)[8] and one not in hit][:12]
    for place, one in enumerate(cloud):
        yield ("E-2026-02", f"D{place + 1:02}", credit_code(one), "FP-BI", "2026-10-02",
               f"{pick(60, 220, 'cloud', one) * 10_000}")


def paid() -> Iterator[Sequence[str]]:
    """An earlier event that was paid, and an interim payment of the first."""
    yield ("事故", "企业", "保障", "已付金额（元）")
    yield ("E-2026-00", credit_code(3), "基础保障", "300000")
    yield ("E-2026-01", str(next(iter(list(claims())[1:]))[2]), "基础保障", "200000")


def as_csv(rows: Iterable[Sequence[str]]) -> str:
    """Rows as CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def files() -> dict[str, str]:
    """Every list of the example by name; the roll is what enrolling the list gives."""
    listed = as_csv([HEADINGS, *(firm(number) for number in range(FIRMS))])
    with TemporaryDirectory() as room:
        path = Path(room) / "list.csv"
        path.write_text(listed, "utf-8")
        roll = read_members(path, read_park(FOLDER)).roll
    return {"list.csv": listed, "members.csv": roll_csv(roll), "changes.csv": as_csv(changes()),
            "claims.csv": as_csv(claims()), "paid.csv": as_csv(paid())}


if __name__ == "__main__":
    for name, text in files().items():
        (FOLDER / name).write_text(text, "utf-8")
