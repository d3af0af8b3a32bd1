"""Write examples/haiyue and examples/energy: two fictional chains with answers and scans.

Nothing is drawn at random: whatever is not written in the tables follows from a hash of names.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dinghai.assessment.answers import Answer
from dinghai.evidence.feeds import shipped_kev
from dinghai.supplychain.chain import (
    Asset,
    AssetKind,
    Chain,
    ControlScore,
    Firm,
    Goods,
)
from dinghai.supplychain.chain_file import files_of
from dinghai.supplychain.firm_evidence import firm_evidence
from dinghai.vocabulary.indicators import HIGHEST_SCORE, indicators, light_indicators

EXAMPLES = Path(__file__).parent.parent / "examples"
AS_OF = date(2026, 3, 31)
ANSWERED_ON = date(2026, 3, 10)


@dataclass(frozen=True, slots=True)
class Example:
    """A chain, the files of its dossiers by path, and the answers of its firms."""

    chain: Chain
    dossiers: Mapping[str, bytes]
    answers: Mapping[str, Mapping[str, int]]


def pick(low: int, high: int, *names: object) -> int:
    """A whole number from low to high that follows from the names alone."""
    digest = hashlib.sha256("/".join(map(str, names)).encode()).digest()
    return low + int.from_bytes(digest[:8], "big") % (high - low + 1)


GATEWAYS = ("cpe:2.3:o:fortinet:fortios:7.2.4:*:*:*:*:*:*:*",
            "cpe:2.3:a:citrix:netscaler_gateway:13.1:*:*:*:*:*:*:*",
            "cpe:2.3:a:ivanti:connect_secure:22.3:*:*:*:*:*:*:*",
            "cpe:2.3:a:sangfor:ssl_vpn:7.6.8:*:*:*:*:*:*:*",
            "cpe:2.3:o:huawei:usg6000e_firmware:600r7:*:*:*:*:*:*:*")
MAILS = ("cpe:2.3:a:microsoft:exchange_server:2019:*:*:*:*:*:*:*",
         "cpe:2.3:a:coremail:coremail_xt:5.0:*:*:*:*:*:*:*")
OFFICE = ("cpe:2.3:o:microsoft:windows_10:22h2:*:*:*:*:*:*:*",
          "cpe:2.3:a:microsoft:office:2019:*:*:*:*:*:*:*")


def usual_assets(firm: Firm) -> tuple[Asset, ...]:
    """What a questionnaire about products would list of a firm with an office of some size: its
    gateway, its mail system and its workstations, of makes that follow from its name."""
    def one(code: str, kind: AssetKind, name: str, products: Sequence[str], exposed: bool) -> Asset:
        return Asset(firm.id, code, kind, name, exposed, None, tuple(products))

    return (
        one("gateway", "remote_access", "接入网关",
            (GATEWAYS[pick(0, len(GATEWAYS) - 1, firm.id, "gateway")],), True),
        one("mailbox", "mail", "邮件系统",
            (MAILS[pick(0, len(MAILS) - 1, firm.id, "mail")],), True),
        one("desktops", "workstations", "办公终端", OFFICE, False))


def answers_of(firm: Firm, maturity: int) -> dict[str, int]:
    """The answers of a firm, around its maturity in hundredths of a score: all 46 of a large
    one, the 28 light ones of another."""
    large = firm.tier <= 1 and firm.revenue_fen >= 100_000_000_00
    asked = indicators() if large else light_indicators()
    return {code: max(0, min(HIGHEST_SCORE, (maturity + pick(-90, 90, firm.id, code) + 50) // 100))
            for code in asked}


def scores_of(firm: str, answers: Mapping[str, int]) -> tuple[ControlScore, ...]:
    """What counts of answers without evidence, as an assessment counts it."""
    given = {code: Answer(code, score, "questionnaire", ANSWERED_ON, "", "")
             for code, score in answers.items()}
    return firm_evidence(firm, given, (), kev=shipped_kev(AS_OF), epss=None, on=AS_OF).controls


def answers_csv(answers: Mapping[str, int], office: str) -> bytes:
    """An answers.csv of a dossier."""
    rows = [("indicator", "score", "answered_by", "answered_at", "evidence", "note"),
            *((code, score, office, ANSWERED_ON, "", "") for code, score in answers.items())]
    return as_csv(rows)


def as_csv(rows: Iterable[Sequence[object]]) -> bytes:
    """Rows as CSV with the mark that spreadsheet programs look for."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return ("\ufeff" + buffer.getvalue()).encode()


def wide_answers(example: Example) -> bytes:
    """The answers of all firms as one table: suppliers by indicators."""
    codes = [code for code in indicators()
             if any(code in given for given in example.answers.values())]
    rows: list[list[object]] = [["供应商", "填写日期", *(
        f"{code} {indicators()[code].name_zh}" for code in codes)]]
    for firm, given in example.answers.items():
        rows.append([example.chain.firm[firm].name_zh, ANSWERED_ON,
                     *(given.get(code, "") for code in codes)])
    return as_csv(rows)


def supplier_list(example: Example) -> bytes:
    """The firms but the owner as a purchasing department would list them, a title above."""
    chain = example.chain
    heads = ("序号", "供应商编号", "企业全称", "合作类型", "层级", "供货对象", "供应内容",
             "采购占比（%）", "可替代比例（%）", "安全库存（天）", "所在省份", "行业",
             "年营业收入（万元）", "员工人数", "联系人", "远程接入", "接入多因素认证", "软件更新",
             "数据交换", "邮件往来", "共用账号", "共用服务商")
    rows: list[Sequence[object]] = [(f"{chain.name_zh}企业名录（{AS_OF:%Y年%m月}，虚构）",), heads]
    links = {(one.source, one.target, one.kind): one for one in chain.links}
    providers = {one.id: one.name_zh for one in chain.providers}
    for firm in chain.firms:
        if firm.role == "owner":
            continue
        deals: list[Goods | None] = [
            one for one in chain.goods
            if (one.source if firm.role == "supplier" else one.target) == firm.id]
        for goods in deals or [None]:
            rows.append(_listed(len(rows) - 1, chain, firm, goods, links, providers))
    return as_csv(rows)


def _listed(number: int, chain: Chain, firm: Firm, goods: Goods | None,
            links: Mapping[tuple[str, str, str], object],
            providers: Mapping[str, str]) -> Sequence[object]:
    supplier = firm.role == "supplier"
    partner = (chain.owner if goods is None else goods.target if supplier else goods.source)

    def linked(kind: str) -> str:
        return "是" if (firm.id, partner, kind) in links else "否"

    access = links.get((firm.id, partner, "remote_access"))
    mfa = getattr(access, "mfa", None)
    used = [name for code, name in providers.items()
            if (code, firm.id, "shared_provider") in links]
    return (
        number, firm.id, firm.name_zh,
        {"supplier": "供应商", "dealer": "经销商", "customer": "客户"}[firm.role], firm.tier,
        chain.firm[partner].name_zh, goods.item if goods else "",
        _percent(goods.share_ppm) if goods else "",
        _percent(goods.substitutable_ppm) if goods else "",
        _stock(goods.stock_seconds) if goods else "",
        firm.province, firm.industry, firm.revenue_fen // 1_000_000, firm.headcount or "",
        "（略）", linked("remote_access"), {True: "是", False: "否", None: ""}[mfa],
        linked("software_update"), linked("data_share"), linked("email_trust"),
        linked("shared_credential"), "；".join(used))


def _stock(seconds: int | None) -> str:
    """Days, as the heading says; hours with their unit where they are no whole days."""
    if seconds is None:
        return ""
    return f"{seconds // 86_400}" if seconds % 86_400 == 0 else f"{seconds // 3_600}小时"


def _percent(ppm: int | None) -> str:
    return "" if ppm is None else f"{ppm / 10_000:g}"


def folder_of(example: Example) -> dict[str, bytes]:
    """Every file of an example's folder by path, but its README."""
    return {**files_of(example.chain), **example.dossiers,
            "source/suppliers.csv": supplier_list(example),
            "source/answers.csv": wide_answers(example)}


def files() -> dict[str, bytes]:
    """Every file of both examples by path below examples/."""
    from tools.example_energy import energy
    from tools.example_haiyue import haiyue

    return {f"{name}/{path}": content for name, example in (
        ("haiyue", haiyue()), ("energy", energy()))
        for path, content in folder_of(example).items()}


if __name__ == "__main__":
    for name, content in files().items():
        place = EXAMPLES / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
