"""The example chain 朔原: a regional power and heat group, its plants, fuel and grid."""

from __future__ import annotations

from datetime import date

from dinghai.supplychain.chain import (
    Asset,
    AssetKind,
    Chain,
    ControlScore,
    Firm,
    Goods,
    Link,
    Programme,
    Provider,
    Role,
    Weakness,
)
from tools.example_chains import (
    AS_OF,
    GATEWAYS,
    MAILS,
    OFFICE,
    Example,
    answers_csv,
    answers_of,
    pick,
    scores_of,
    usual_assets,
)
from tools.example_scans import Host, Port, Result, cyclonedx, nmap_xml, nuclei_jsonl

DAY = 86_400
HOUR = 3_600
SCANNED = 1_773_100_000
MOMENT = "2026-03-10T14:00:00+08:00"
OWNER = "shuoyuan"

# id, name, role, tier, section, revenue (万), headcount, control systems
FIRMS: tuple[tuple[str, str, Role, int, str, int, int, int], ...] = (
    ("plant-a", "朔原第一热电有限公司", "supplier", 1, "D", 310_000, 860, 420),
    ("plant-b", "朔原第二热电有限公司", "supplier", 1, "D", 240_000, 690, 360),
    ("plant-c", "朔原燃机热电有限公司", "supplier", 1, "D", 185_000, 310, 280),
    ("wind", "朔原风力发电有限公司", "supplier", 1, "D", 96_000, 140, 510),
    ("solar", "朔原光伏发电有限公司", "supplier", 1, "D", 54_000, 80, 190),
    ("dispatch", "衡图电力自动化有限公司", "supplier", 1, "I", 62_000, 540, 40),
    ("metering", "知度计量仪表有限公司", "supplier", 1, "C", 38_000, 620, 35),
    ("pipes", "暖渠热网工程有限公司", "supplier", 1, "E", 47_000, 730, 20),
    ("coal-1", "北岭煤业有限公司", "supplier", 2, "B", 520_000, 4_600, 230),
    ("coal-2", "黑岗煤矿有限公司", "supplier", 2, "B", 270_000, 2_900, 160),
    ("gas", "川西管道天然气有限公司", "supplier", 2, "D", 690_000, 1_800, 340),
    ("railway", "朔北铁路运输有限公司", "supplier", 3, "G", 155_000, 3_300, 90),
    ("turbine", "劲曜汽轮机有限公司", "supplier", 2, "C", 420_000, 3_700, 110),
    ("windturbine", "长翼风机技术有限公司", "supplier", 2, "C", 350_000, 2_100, 60),
    ("inverter", "聚晖逆变器有限公司", "supplier", 2, "C", 128_000, 980, 45),
    ("controls", "恒域分散控制系统有限公司", "supplier", 2, "I", 71_000, 610, 55),
    ("chips", "朔芯工业控制器有限公司", "supplier", 3, "C", 33_000, 290, 25),
    ("remote", "巡安设备远程诊断有限公司", "supplier", 2, "M", 9_400, 120, 8),
    ("grid", "塞北区域电网有限公司", "customer", 1, "D", 4_800_000, 12_600, 3_900),
    ("heatnet", "朔原城区供热有限公司", "customer", 1, "D", 130_000, 940, 310),
    ("hospital", "朔原市第一医院（虚构）", "customer", 1, "Q", 110_000, 2_400, 12),
    ("chemical", "朔原化工园有限公司", "customer", 1, "C", 760_000, 3_100, 620),
    ("datacentre", "塞北云谷数据中心有限公司", "customer", 1, "I", 88_000, 260, 70),
    ("railcity", "朔原轨道交通有限公司", "customer", 1, "G", 97_000, 2_200, 280),
)
# from, to, item, share of the buyer's output %, what can be had elsewhere %, hours of stock
GOODS = (
    ("plant-a", OWNER, "电力和热力", 32, 10, 0), ("plant-b", OWNER, "电力和热力", 24, 10, 0),
    ("plant-c", OWNER, "电力和热力", 18, 10, 0), ("wind", OWNER, "风电", 9, 40, 0),
    ("solar", OWNER, "光伏电", 4, 60, 0), ("dispatch", OWNER, "调度自动化", 12, 0, 0),
    ("metering", OWNER, "计量表计", 2, 50, 720), ("pipes", OWNER, "热网检修", 5, 40, 0),
    ("coal-1", "plant-a", "动力煤", 55, 40, 480), ("coal-1", "plant-b", "动力煤", 35, 40, 480),
    ("coal-2", "plant-b", "动力煤", 45, 40, 360), ("coal-2", "plant-a", "动力煤", 20, 60, 360),
    ("gas", "plant-c", "天然气", 95, 0, 6), ("railway", "coal-1", "铁路运煤", 60, 30, 72),
    ("railway", "coal-2", "铁路运煤", 40, 50, 72),
    ("turbine", "plant-a", "汽轮机检修", 10, 20, 0), ("turbine", "plant-b", "汽轮机检修", 10,
     20, 0),
    ("windturbine", "wind", "风机运维", 40, 10, 0), ("inverter", "solar", "逆变器运维", 35, 30, 0),
    ("controls", "plant-a", "分散控制系统", 15, 0, 0), ("controls", "plant-b", "分散控制系统",
     15, 0, 0),
    ("controls", "plant-c", "分散控制系统", 5, 0, 0), ("chips", "controls", "控制器", 60, 10,
     1_440),
    ("chips", "dispatch", "远动终端", 30, 20, 1_440), ("remote", "turbine", "远程诊断", 5, 60, 0),
    ("remote", "plant-a", "远程诊断", 2, 60, 0),
    (OWNER, "grid", "电力", 11, 70, 0), (OWNER, "heatnet", "热力", 85, 10, 4),
    (OWNER, "hospital", "热力和蒸汽", 40, 50, 8), (OWNER, "chemical", "蒸汽和电力", 65, 20, 1),
    (OWNER, "datacentre", "专线电力", 70, 60, 12), (OWNER, "railcity", "牵引电力", 55, 60, 0),
)
REMOTE = (("remote", "plant-a", False, False), ("remote", "turbine", True, True),
          ("windturbine", "wind", True, False), ("inverter", "solar", False, False),
          ("controls", "plant-a", True, True), ("controls", "plant-b", True, True),
          ("dispatch", OWNER, True, True), ("turbine", "plant-b", True, True))
UPDATES = (("controls", "plant-a"), ("controls", "plant-b"), ("controls", "plant-c"),
           ("dispatch", OWNER), ("dispatch", "grid"), ("windturbine", "wind"),
           ("inverter", "solar"), ("chips", "controls"), ("chips", "dispatch"),
           ("metering", OWNER))
DATA = (("plant-a", OWNER), ("plant-b", OWNER), ("plant-c", OWNER), ("wind", OWNER),
        ("solar", OWNER), (OWNER, "grid"), ("grid", OWNER), (OWNER, "heatnet"),
        ("railway", "coal-1"), ("railway", "coal-2"), ("gas", "plant-c"))
MAIL = (("coal-1", "plant-a"), ("coal-1", "plant-b"), ("coal-2", "plant-a"),
        ("coal-2", "plant-b"), ("pipes", OWNER), ("metering", OWNER), (OWNER, "hospital"),
        (OWNER, "chemical"), (OWNER, "datacentre"), (OWNER, "railcity"), ("turbine", "plant-a"))
CREDENTIALS = (("plant-a", "plant-b"), ("plant-b", "plant-a"), ("wind", "solar"))
PROVIDERS = (
    Provider("saiyun", "塞云政企云", "cloud", "Saiyun Cloud"),
    Provider("tongzheng", "统证身份服务", "identity", "Tongzheng Identity", 8_000),
    Provider("beiwei-net", "北纬电力专网", "network", "Beiwei Utility Network", 4_000),
)
USERS = {
    "saiyun": (OWNER, "metering", "wind", "solar", "heatnet", "pipes", "railway"),
    "tongzheng": (OWNER, "plant-a", "plant-b", "plant-c", "wind", "solar", "heatnet"),
    "beiwei-net": (OWNER, "plant-a", "plant-b", "plant-c", "wind", "solar", "dispatch", "grid"),
}
SCANNED_FIRMS = ("plant-b", "wind", "dispatch", "remote")
_PLANT: tuple[tuple[str, AssetKind, str, bool, int], ...] = (
    ("office", "workstations", "办公终端", False, 3), ("directory", "directory", "域控", False, 5),
    ("historian", "database", "历史数据库", False, 10), ("mis", "business_system", "生产管理",
     False, 12),
    ("backup", "backup", "备份系统", False, 0), ("dcs", "operations", "分散控制系统", False, 100))
_OWNER: tuple[tuple[str, AssetKind, str, bool, int], ...] = (
    ("office", "workstations", "办公终端", False, 5), ("mail", "mail", "邮件系统", True, 4),
    ("gateway", "remote_access", "运维接入网关", True, 5), ("billing", "web", "缴费网站", True, 8),
    ("directory", "directory", "域控", False, 15), ("erp", "business_system", "ERP", False, 20),
    ("meter-data", "database", "用能数据平台", False, 15), ("backup", "backup", "备份系统",
     False, 0),
    ("dispatch", "operations", "调度自动化", False, 80))

OWN_PRODUCTS = {"office": OFFICE, "mail": MAILS[:1], "gateway": GATEWAYS[2:3],
                "billing": ("cpe:2.3:a:oracle:weblogic_server:12.2.1.4:*:*:*:*:*:*:*",),
                "backup": ("cpe:2.3:a:veeam:veeam_backup_\\&_replication:11.0:*:*:*:*:*:*:*",)}


def energy() -> Example:
    """The whole example."""
    firms = (_owner(), *map(_firm, FIRMS))
    answers = {one.id: answers_of(one, _maturity(one)) for one in firms}
    controls: list[ControlScore] = []
    for one in firms:
        if one.id not in SCANNED_FIRMS:
            controls += scores_of(one.id, answers[one.id])
    chain = Chain(
        schema="dinghai.chain/1", id="energy", name_zh="朔原能源供应链",
        name_en="Chain of the Shuoyuan power and heat group", owner=OWNER, as_of=AS_OF,
        firms=firms, controls=tuple(controls),
        programme=Programme("supply-chain-programme", date(2026, 7, 1), 30_000_000_000,
                            100_000_000, 1_000_000_000),
        assets=tuple(_assets(firms)),
        weaknesses=(
            Weakness("plant-a", "dcs", None, "T0859", "high", date(2026, 1, 22),
                     "audit of the control network"),
            Weakness("plant-a", "historian", "CVE-2021-44228", None, "critical",
                     date(2026, 1, 22), "audit of the control network"),
            Weakness(OWNER, "gateway", "CVE-2024-21887", None, "critical", date(2026, 3, 2),
                     "quarterly outside scan")),
        providers=PROVIDERS, links=tuple(_links()),
        goods=tuple(Goods(source, target, share * 10_000, hours * HOUR, other * 10_000, item)
                    for source, target, item, share, other, hours in GOODS))
    return Example(chain, _dossiers(answers), answers)


def _owner() -> Firm:
    return Firm(
        OWNER, "朔原电力热力集团有限公司", "owner", 0, "D", 1_240_000_000_000,
        name_en="Shuoyuan Power and Heat Group", gross_profit_rate_ppm=185_000, headcount=6_400,
        endpoints=5_900, records_general=2_800_000, records_sensitive=310_000,
        important_data=True, critical_infrastructure=True, online_revenue_ppm=120_000,
        tolerable_outage_seconds=4 * HOUR, operations_systems=260, recovery_seconds=5 * DAY,
        limit_fen=15_000_000_000, event_deductible_fen=200_000_000, province="内蒙古")


def _firm(row: tuple[str, str, Role, int, str, int, int, int]) -> Firm:
    code, name, role, tier, industry, revenue, headcount, operations = row
    plant = industry == "D" and tier == 1 and role == "supplier"
    return Firm(
        code, name, role, tier, industry, revenue * 1_000_000, headcount=headcount,
        gross_profit_rate_ppm=pick(110, 330, code, "margin") * 1_000 if tier == 1 else None,
        endpoints=headcount * pick(40, 110, code, "endpoints") // 100 if tier == 1 else None,
        critical_infrastructure=True if plant or code in ("grid", "gas", "heatnet") else None,
        tolerable_outage_seconds=2 * HOUR if plant else None, operations_systems=operations,
        recovery_seconds=pick(4, 10, code, "recovery") * DAY if plant else None,
        province="四川" if code == "gas" else "内蒙古" if tier == 1 else "")


def _maturity(firm: Firm) -> int:
    """Hundredths of a score."""
    base = 285 if firm.role == "owner" or firm.critical_infrastructure else 200
    return (base + (35 if firm.industry == "I" else 0)
            + (25 if firm.revenue_fen >= 200_000_000_000 else 0)
            + pick(-35, 35, firm.id, "maturity"))


def _assets(firms: tuple[Firm, ...]) -> list[Asset]:
    found = [Asset(OWNER, code, kind, name, exposed, share * 10_000, OWN_PRODUCTS.get(code, ()))
             for code, kind, name, exposed, share in _OWNER]
    for plant in ("plant-a", "plant-b", "plant-c"):
        found += [Asset(plant, code, kind, name, exposed, share * 10_000)
                  for code, kind, name, exposed, share in _PLANT]
    found += [  # the wind farm's own scan says whether its control system can be reached
        Asset("wind", "scada", "operations", "scada.wind.example", None, 900_000),
        Asset("solar", "scada", "operations", "集控监控系统", False, 900_000)]
    found += [Asset(plant, "office", "workstations", "办公终端", False, 20_000)
              for plant in ("wind", "solar")]
    listed = {one.firm for one in found}
    for firm in firms:
        if firm.id not in listed and firm.id not in SCANNED_FIRMS:
            found += usual_assets(firm)
    return found


def _links() -> list[Link]:
    return [
        *(Link(source, target, "remote_access", "administrator", mfa, segmented)
          for source, target, mfa, segmented in REMOTE),
        *(Link(source, target, "software_update") for source, target in UPDATES),
        *(Link(source, target, "data_share", segmented=True) for source, target in DATA),
        *(Link(source, target, "email_trust") for source, target in MAIL),
        *(Link(source, target, "shared_credential") for source, target in CREDENTIALS),
        *(Link(provider, one, "shared_provider") for provider, users in USERS.items()
          for one in users)]


def _dossiers(answers: dict[str, dict[str, int]]) -> dict[str, bytes]:
    """Answers and scans of the firms that handed them in."""
    web = Port(443, "https", "nginx", "1.24.0", "cpe:/a:f5:nginx:1.24.0")
    scans: dict[str, dict[str, bytes]] = {
        "plant-b": {
            "scans/internal/nmap.xml": nmap_xml((
                Host("10.40.2.11", "dcs-gw.plant-b.example", (Port(102, "iso-tsap"),
                                                              Port(4840, "opcua-tcp"))),
                Host("10.40.1.20", "files.plant-b.example", (
                    Port(445, "microsoft-ds", "Windows Server 2012 R2 microsoft-ds"),))),
                start=SCANNED)},
        "wind": {
            "scans/external/nmap.xml": nmap_xml((
                Host("203.0.113.141", "scada.wind.example", (Port(502, "modbus"), web)),
                Host("203.0.113.142", "vpn.wind.example", (Port(10443, "https"),))),
                start=SCANNED + 3_600),
            "scans/external/nuclei.jsonl": nuclei_jsonl((
                Result("default-login", "Default credentials of the wind farm controller",
                       "critical", "scada.wind.example", "203.0.113.141", 443),), moment=MOMENT)},
        "dispatch": {
            "inventory/ems.cdx.json": cyclonedx("hengtu-ems", "5.6.0", (
                ("pkg:maven/org.apache.activemq/activemq-client", "activemq-client", "5.16.3"),
                ("pkg:maven/org.apache.shiro/shiro-core", "shiro-core", "1.9.1"),
                ("pkg:maven/org.apache.logging.log4j/log4j-core", "log4j-core", "2.17.2")),
                moment=MOMENT),
            "scans/external/nmap.xml": nmap_xml((
                Host("198.51.100.201", "support.hengtu.example", (web,)),),
                start=SCANNED + 7_200)},
        "remote": {
            "scans/external/nmap.xml": nmap_xml((
                Host("198.51.100.221", "rdp.xunan.example", (
                    Port(3389, "ms-wbt-server", "Microsoft Terminal Services"),
                    Port(1433, "ms-sql-s", "Microsoft SQL Server", "2014"))),),
                start=SCANNED + 10_800)},
    }
    found: dict[str, bytes] = {}
    for firm in SCANNED_FIRMS:
        found[f"dossiers/{firm}/answers.csv"] = answers_csv(answers[firm], "安全生产部")
        found.update({f"dossiers/{firm}/{path}": content for path, content in scans[firm].items()})
    return found
