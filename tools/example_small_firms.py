"""The example batch of 300 small firms: made-up firms, the same for the same seed.

    python -m tools.example_small_firms

writes examples/small-firms: the firms of April 2026, those of March (another answer here and
there), and scans of four firms, one of which gave no consent.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import msgspec

from dinghai.assessment.profile import credit_check_character
from dinghai.foundation.streams import uniforms
from dinghai.schemes.small_firm_panel import (
    Panel,
    PanelTable,
    draw_panel,
    panel_table,
    reported,
)
from dinghai.vocabulary.indicators import indicators, light_indicators
from tools.example_scans import Host, Port, Result, nmap_xml, nuclei_jsonl

FOLDER = Path(__file__).parent.parent / "examples/small-firms"
SEED = 20260402
FIRMS = 300
SCANNED = 1_774_600_000
"""27 March 2026, in seconds since 1970."""

MOMENT = "2026-03-27T16:26:40+08:00"

_BEFORE = ("青禾", "云朵", "石榴", "白鹭", "松果", "麦穗", "海螺", "竹影", "晨露", "橙子", "芦苇",
           "银杏", "蓝鲸", "木棉", "萤火")
_TRADES = {
    "C": ("食品加工", "五金制品", "印刷包装"), "F": ("商贸", "电子商务", "建材批发"),
    "I": ("软件", "信息技术", "网络科技"), "L": ("人力资源", "会展服务", "租赁服务"),
    "M": ("设计咨询", "检测服务", "工程技术"), "Q": ("口腔诊所", "体检中心", "康复门诊")}
_HEADCOUNT = {"micro": (3, 18), "small": (20, 95), "medium": (110, 320)}
_PRODUCTS = ("Fortinet FortiOS", "Microsoft Exchange", "Apache ActiveMQ", "SonicWall SMA100", "")
_WORDS = {4: "yes", 2: "partly", 0: "no", -1: "unknown"}
COLUMNS = ("credit_code", "name", "industry", "revenue(万元)", "employees", "domain", "consent",
           "consent_on", "plan", "minutes", "answered_on", "products", *light_indicators())


def credit_code(number: int) -> str:
    """A code with a valid check character whose register number no registry gives out."""
    body = f"91320500XX{number:06d}X"
    return body + credit_check_character(body)


def firm_row(number: int, panel: Panel, answers: Mapping[str, str], month: int) -> dict[str, str]:
    """One firm of a month."""
    draws = uniforms(SEED, "example-small-firms.firm", FIRMS, 8)[number].tolist()
    table = panel_table()
    size = table.sizes[int(panel.sizes[number])].code
    sector = table.sectors[int(panel.sectors[number])].code
    low, high = _HEADCOUNT[size]
    people = round(low + (high - low) * draws[0])
    trade = _TRADES[sector][int(3 * draws[1])]
    consents = draws[2] < 0.6
    return {
        "credit_code": credit_code(number + 1),
        "name": f"{_BEFORE[number % len(_BEFORE)]}{trade}示例{number + 1:03d}（虚构）",
        "industry": sector, "revenue(万元)": str(max(round(people * (25 + 60 * draws[3])), 30)),
        "employees": str(people), "domain": f"firm{number + 1:03d}.example",
        "consent": "yes" if consents else "no", "consent_on": "2026-03-01" if consents else "",
        "plan": ("essential", "plus", "plus", "advanced", "")[int(5 * draws[4])],
        "minutes": f"{6 + 16 * draws[5]:.1f}" if draws[6] < 0.95 else "",
        "answered_on": "2026-03-02" if month == 3 else "2026-04-18",
        "products": _PRODUCTS[int(len(_PRODUCTS) * draws[7])], **answers}


def answer_words(month: int, panel: Panel) -> list[dict[str, str]]:
    """The 28 answers of each firm: from March to April one answer in thirty moved up a word."""
    said = reported(panel, panel_table().respondent, SEED)
    moved = uniforms(SEED, "example-small-firms.moved", FIRMS, len(indicators()))
    rows = []
    for number in range(FIRMS):
        row = {}
        for place, code in enumerate(indicators()):
            if code in light_indicators():
                level = int(said[number, place])
                if month == 4 and 0 <= level < 4 and moved[number, place] < 1 / 30:
                    level += 2
                row[code] = _WORDS[level]
        rows.append(row)
    # Three firms that answer "partly" to everything: what becomes of them is worth looking at.
    for number in (10, 20, 30):
        rows[number] = dict.fromkeys(light_indicators(), "partly")
    return rows


def example_table() -> PanelTable:
    """The panel's table, its firms more mature: those who ask for cover are not the average."""
    table = panel_table()
    return msgspec.structs.replace(table, sizes=tuple(
        msgspec.structs.replace(one, shift=one.shift + 500_000) for one in table.sizes))


def firms_csv(month: int) -> str:
    """The batch file of a month."""
    panel = draw_panel(example_table(), FIRMS, SEED)
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for number, answers in enumerate(answer_words(month, panel)):
        writer.writerow(firm_row(number, panel, answers, month))
    return out.getvalue()


def scans() -> dict[str, str]:
    """Path below the folder to content: scans of firms, one of which gave no consent."""
    consent = {row["credit_code"]: row["consent"] for row in csv.DictReader(
        io.StringIO(firms_csv(4)))}
    yes = [code for code, said in consent.items() if said == "yes"][:3]
    no = next(code for code, said in consent.items() if said == "no")
    opened = ((Port(443, "https", "nginx", "1.24.0"),),
              (Port(443, "https", "nginx", "1.24.0"), Port(3389, "ms-wbt-server")),
              (Port(25, "smtp", "Microsoft Exchange smtpd"), Port(443, "https")),
              (Port(3306, "mysql", "MySQL", "5.7.1"),))
    found = {}
    for code, ports in zip((*yes, no), opened, strict=True):
        number = int(code[10:16])
        host = Host(f"192.0.2.{number}", f"firm{number:03d}.example", ports)
        found[f"scans/{code}/perimeter.xml"] = nmap_xml([host], start=SCANNED).decode()
    exposed = int(yes[2][10:16])
    found[f"scans/{yes[2]}/web.jsonl"] = nuclei_jsonl([Result(
        "CVE-2021-34473", "Exchange Server remote code execution", "critical",
        f"firm{exposed:03d}.example", f"192.0.2.{exposed}", 443, ("CVE-2021-34473",), 9.8)],
        moment=MOMENT).decode()
    return found


def contents() -> dict[str, str]:
    """File name to content of everything that is written."""
    return {"firms.csv": firms_csv(4), "firms-before.csv": firms_csv(3), **scans()}


if __name__ == "__main__":
    for name, text in contents().items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
