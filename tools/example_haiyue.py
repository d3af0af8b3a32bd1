"""The example chain 海悦: an appliance maker, 60 suppliers in three tiers and 10 dealers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from dinghai.supplychain.chain import (
    Asset,
    AssetKind,
    Chain,
    ControlScore,
    Firm,
    Goods,
    Link,
    LinkKind,
    Programme,
    Provider,
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
SCANNED = 1_773_000_000
MOMENT = "2026-03-09T10:00:00+08:00"
OWNER = "haiyue"

# id, name, section, province, revenue (万), headcount, item, share %, substitutable %, stock days
TIER_1 = (
    ("donghai", "东海家电股份有限公司", "C", "浙江", 80_000, None, "小家电整机代工", 6, 30, 10),
    ("s102", "云屿压缩机有限公司", "C", "浙江", 264_000, 3_100, "压缩机", 12, 20, 9),
    ("s103", "澄岚电机股份有限公司", "C", "江苏", 148_000, 1_900, "电机", 9, 30, 8),
    ("s104", "霁川微电子有限公司", "C", "上海", 96_000, 720, "控制芯片", 10, 0, 30),
    ("s105", "沐辰电控技术有限公司", "C", "广东", 88_000, 1_050, "控制板", 8, 20, 12),
    ("s106", "栖光显示科技有限公司", "C", "安徽", 71_000, 860, "显示屏", 5, 40, 15),
    ("s107", "岱青铜管有限公司", "C", "江西", 132_000, 640, "铜管", 6, 50, 10),
    ("s108", "朗坤散热器有限公司", "C", "江苏", 46_000, 520, "铝箔散热器", 5, 40, 9),
    ("s109", "砺远钢板加工有限公司", "C", "河北", 205_000, 780, "钢板", 7, 60, 14),
    ("s110", "青砚注塑有限公司", "C", "浙江", 32_000, 610, "注塑外壳", 6, 40, 5),
    ("s111", "承野模具有限公司", "C", "广东", 14_500, 230, "模具", 2, 30, 60),
    ("s112", "联牧线束有限公司", "C", "江苏", 27_000, 940, "线束", 4, 30, 7),
    ("s113", "微澜传感器有限公司", "C", "湖北", 19_800, 310, "传感器", 4, 20, 20),
    ("s114", "衡岳阀件有限公司", "C", "浙江", 41_000, 560, "四通阀", 4, 20, 15),
    ("s115", "清峦制冷剂有限公司", "C", "山东", 118_000, 480, "制冷剂", 3, 50, 20),
    ("s116", "禾简包装有限公司", "C", "浙江", 22_000, 350, "纸箱包装", 3, 70, 4),
    ("s117", "轻羽泡沫制品有限公司", "C", "浙江", 9_600, 140, "泡沫缓冲件", 2, 70, 4),
    ("s118", "映池玻璃有限公司", "C", "河北", 36_500, 430, "玻璃面板", 3, 30, 9),
    ("s119", "恒枢轴承有限公司", "C", "辽宁", 54_000, 690, "轴承", 2, 50, 20),
    ("s120", "固川紧固件有限公司", "C", "浙江", 12_800, 180, "紧固件", 1, 90, 30),
    ("s121", "柔岸橡胶制品有限公司", "C", "安徽", 16_400, 270, "密封件", 2, 50, 15),
    ("s122", "启曜电源有限公司", "C", "广东", 58_000, 830, "电源模块", 4, 20, 12),
    ("s123", "远芯无线技术有限公司", "C", "江苏", 38_000, 290, "无线模组", 3, 10, 25),
    ("s124", "万程物流有限公司", "G", "浙江", 74_000, 1_400, "干线运输", 8, 40, 0),
    ("s125", "仓禾仓储服务有限公司", "G", "浙江", 21_000, 520, "仓储配送", 5, 40, 0),
    ("s126", "织序制造软件有限公司", "I", "上海", 33_000, 410, "制造执行系统", 7, 0, 0),
    ("s127", "橱窗电商服务有限公司", "I", "浙江", 45_000, 380, "网上商城运营", 6, 20, 0),
    ("s128", "到家维修服务有限公司", "O", "江苏", 15_200, 860, "售后维修", 2, 60, 0),
    ("s129", "稳行设备维保有限公司", "O", "浙江", 8_800, 160, "产线设备维保", 3, 30, 0),
    ("s130", "明度检测认证有限公司", "M", "江苏", 12_300, 210, "型式检测", 1, 50, 0),
)
# id, name, section, province, revenue (万), headcount, item, buyers with share %, subst. %, days
TIER_2 = (
    ("s201", "临砚硅钢有限公司", "C", "湖北", 88_000, 530, "硅钢片", (("s103", 30), ("s102",
     18)), 30, 18),
    ("s202", "锦泓漆包线有限公司", "C", "安徽", 62_000, 410, "漆包线", (("s103", 25),), 40, 12),
    ("s203", "微石晶圆代工有限公司", "C", "上海", 240_000, 2_200, "晶圆", (("s104", 70),
     ("s113", 20)), 0, 35),
    ("s204", "星砂封装测试有限公司", "C", "江苏", 52_000, 880, "封装测试", (("s104", 25),
     ("s123", 30)), 20, 14),
    ("s205", "鹿野线路板有限公司", "C", "广东", 47_000, 760, "线路板", (("s105", 45), ("s122",
     25)), 30, 10),
    ("s206", "贴捷电子加工有限公司", "C", "广东", 18_000, 420, "贴片加工", (("s105", 20),), 50, 3),
    ("s207", "晶屿面板有限公司", "C", "安徽", 310_000, 2_900, "液晶面板", (("s106", 60),), 20, 20),
    ("s208", "赤峦电解铜有限公司", "C", "江西", 420_000, 1_300, "电解铜", (("s107", 65),
     ("s202", 40)), 50, 12),
    ("s209", "白霁铝材有限公司", "C", "山东", 150_000, 900, "铝箔", (("s108", 55),), 40, 10),
    ("s210", "合塬塑料粒子有限公司", "C", "浙江", 39_000, 260, "改性塑料", (("s110", 50),
     ("s117", 45)), 60, 9),
    ("s211", "铸序压铸有限公司", "C", "浙江", 17_600, 330, "压铸件", (("s102", 20), ("s114",
     30)), 30, 8),
    ("s212", "端联连接器有限公司", "C", "广东", 25_400, 480, "连接器", (("s112", 40), ("s105",
     10)), 40, 20),
    ("s213", "含氟化工有限公司", "C", "山东", 96_000, 560, "氟化氢", (("s115", 60),), 20, 15),
    ("s214", "浆岸纸业有限公司", "C", "浙江", 44_000, 390, "瓦楞原纸", (("s116", 60),), 60, 10),
    ("s215", "澈原玻璃原片有限公司", "C", "河北", 58_000, 470, "玻璃原片", (("s118", 60),), 40, 15),
    ("s216", "稀禾磁材有限公司", "C", "江西", 36_000, 280, "永磁体", (("s103", 20), ("s113",
     15)), 10, 30),
    ("s217", "云栈固件开发有限公司", "I", "江苏", 7_200, 95, "固件与升级平台", (("s123", 25),
     ("s105", 10)), 0, 0),
    ("s218", "捷桥车队管理有限公司", "G", "安徽", 13_500, 640, "短驳运力", (("s124", 35),), 50, 0),
    ("s219", "数栈仓储软件有限公司", "I", "浙江", 5_600, 70, "仓储管理系统", (("s125", 60),
     ("s124", 20)), 0, 0),
    ("s220", "准绳工业控制有限公司", "C", "北京", 29_000, 340, "注塑机控制器", (("s110", 25),
     ("s129", 20)), 20, 25),
)
TIER_3 = (
    ("s301", "南岭矿业有限公司", "B", "江西", 185_000, 2_100, "铜精矿", (("s208", 45),), 60, 25),
    ("s302", "漠北稀土分离有限公司", "C", "内蒙古", 64_000, 520, "稀土氧化物", (("s216", 75),),
     10, 40),
    ("s303", "雪线高纯硅有限公司", "C", "青海", 72_000, 610, "高纯硅", (("s203", 30),), 30, 45),
    ("s304", "萤谷矿业有限公司", "B", "浙江", 21_000, 330, "萤石", (("s213", 55),), 40, 30),
    ("s305", "烯原石化有限公司", "C", "浙江", 980_000, 3_800, "聚丙烯", (("s210", 60),), 70, 12),
    ("s306", "基材树脂有限公司", "C", "江苏", 47_000, 350, "覆铜板树脂", (("s205", 35),), 40, 20),
    ("s307", "光掩模具有限公司", "C", "上海", 15_800, 190, "光掩模", (("s203", 20), ("s204",
     10)), 10, 20),
    ("s308", "冶衡铁合金有限公司", "C", "河北", 83_000, 700, "硅铁", (("s201", 40),), 60, 15),
    ("s309", "淇纸浆板有限公司", "C", "广西", 52_000, 460, "木浆", (("s214", 50),), 70, 20),
    ("s310", "密锁代码托管有限公司", "I", "北京", 6_400, 85, "代码托管与构建", (("s217", 50),
     ("s219", 30)), 0, 0),
)
# id, name, province, revenue (万), headcount, share % of its trade
DEALERS = (
    ("d01", "江南悦家电器销售有限公司", "江苏", 26_000, 180, 70),
    ("d02", "岭南悦享家电有限公司", "广东", 31_000, 220, 65),
    ("d03", "中原惠家电器有限公司", "河南", 18_500, 150, 60),
    ("d04", "川渝宜居家电有限公司", "四川", 20_400, 160, 55),
    ("d05", "京畿优品电器商贸有限公司", "北京", 23_700, 140, 50),
    ("d06", "齐鲁悦选家电有限公司", "山东", 16_900, 130, 60),
    ("d07", "荆楚悦居电器有限公司", "湖北", 14_200, 110, 65),
    ("d08", "八闽家享电器有限公司", "福建", 12_600, 90, 70),
    ("d09", "关外暖家电器有限公司", "辽宁", 9_800, 80, 60),
    ("d10", "云贵悦邻电器有限公司", "云南", 7_300, 60, 75),
)
PROVIDERS = (
    Provider("haiyun-cloud", "海云计算", "cloud", "Haiyun Computing"),
    Provider("qiheng-erp", "启衡ERP", "software", "Qiheng ERP"),
    Provider("anqiao-msp", "安桥运维", "managed_service", "Anqiao Managed Services", 25_000),
)
ON_CLOUD = (OWNER, "donghai", "s103", "s105", "s110", "s113", "s123", "s126", "s127", "s124",
            "s125", "s217", "s219", "s310", "d01", "d02", "d05", "d08")
ON_ERP = (OWNER, "donghai", "s102", "s106", "s108", "s112", "s114", "s116", "s121", "s202",
          "s205", "s209", "s211", "s214", "d03", "d04", "d06")
ON_MSP = ("s110", "s111", "s117", "s118", "s120", "s121", "s128", "s206", "s211", "s215", "s218",
          "s309", "d07", "d09", "d10")
REMOTE = {"s105": True, "s111": False, "s124": True, "s126": True, "s127": True, "s129": False}
UPDATES = (("s126", OWNER), ("s123", OWNER), ("s104", "s105"), ("s217", "s123"),
           ("s219", "s125"), ("s219", "s124"), ("s310", "s217"), ("s310", "s219"),
           ("s220", "s110"))
DATA = ("donghai", "s102", "s103", "s104", "s105", "s106", "s107", "s109", "s110", "s112", "s114",
        "s116", "s122", "s124", "s125", "s127", "s128")
CREDENTIALS = (("s125", OWNER), ("s128", OWNER), ("d07", OWNER), ("d09", OWNER), ("d10", OWNER),
               ("s206", "s105"))
# the firms that have a dossier of their own in this folder
SCANNED_FIRMS = ("s105", "s110", "s123", "s124", "s126", "s127", "s129")
OWN_ASSETS: tuple[tuple[str, AssetKind, str, bool, int], ...] = (
    ("office", "workstations", "办公终端", False, 10), ("mail", "mail", "邮件系统", True, 10),
    ("vpn", "remote_access", "供应商接入网关", True, 5), ("shop", "web", "网上商城", True, 30),
    ("directory", "directory", "域控", False, 40), ("files", "files", "研发文件库", False, 15),
    ("erp", "business_system", "ERP", False, 60), ("orders", "database", "订单数据库", False, 45),
    ("backup", "backup", "备份系统", False, 0), ("firmware", "build", "固件构建", False, 5),
    ("cloud", "cloud", "物联网云平台", True, 20), ("plant", "operations", "总装产线", False, 70))
OWN_PRODUCTS = {
    "office": OFFICE, "mail": MAILS[:1], "vpn": GATEWAYS[1:2],
    "shop": ("cpe:2.3:a:apache:tomcat:9.0.85:*:*:*:*:*:*:*",),
    "directory": ("cpe:2.3:o:microsoft:windows_server_2019:1809:*:*:*:*:*:*:*",),
    "erp": ("cpe:2.3:a:sap:netweaver:7.50:*:*:*:*:*:*:*",),
    "orders": ("cpe:2.3:a:oracle:database_server:19c:*:*:*:*:*:*:*",),
    "backup": ("cpe:2.3:a:veeam:veeam_backup_\\&_replication:12.1:*:*:*:*:*:*:*",),
    "firmware": ("cpe:2.3:a:jetbrains:teamcity:2023.11:*:*:*:*:*:*:*",)}


def haiyue() -> Example:
    """The whole example."""
    firms = (_owner(), *(_supplier(row, 1) for row in TIER_1),
             *(_supplier(row, 2) for row in TIER_2), *(_supplier(row, 3) for row in TIER_3),
             *(_dealer(row) for row in DEALERS))
    answers = {one.id: answers_of(one, _maturity(one)) for one in firms if one.id != "donghai"}
    controls: list[ControlScore] = []
    for one in firms:
        if one.id in answers and one.id not in SCANNED_FIRMS:
            controls += scores_of(one.id, answers[one.id])
    chain = Chain(
        schema="dinghai.chain/1", id="haiyue", name_zh="海悦电器供应链",
        name_en="Supply chain of Haiyue Appliances", owner=OWNER, as_of=AS_OF, firms=firms,
        programme=Programme("supply-chain-programme", date(2026, 7, 1), 20_000_000_000, 50_000_000,
                            500_000_000),
        controls=tuple(controls),
        assets=tuple(_assets(firms)),
        weaknesses=(
            Weakness(OWNER, "vpn", "CVE-2023-4966", None, "critical", date(2026, 3, 12),
                     "quarterly outside scan"),
            Weakness(OWNER, "plant", None, "T0886", "medium", date(2026, 2, 20),
                     "audit of the production network")),
        providers=PROVIDERS, links=tuple(_links()), goods=tuple(_goods()))
    return Example(chain, _dossiers(answers), answers)


def _assets(firms: Iterable[Firm]) -> Iterator[Asset]:
    """The owner's own assets; of suppliers of the first two tiers what each listed."""
    for code, kind, name, exposed, share in OWN_ASSETS:
        yield Asset(OWNER, code, kind, name, exposed, share * 10_000, OWN_PRODUCTS.get(code, ()))
    for firm in firms:
        if firm.role == "supplier" and firm.tier <= 2 and (
                firm.id not in (*SCANNED_FIRMS, "donghai") and (firm.headcount or 0) >= 100):
            yield from usual_assets(firm)


def _owner() -> Firm:
    return Firm(
        OWNER, "海悦电器集团股份有限公司", "owner", 0, "C", 860_000_000_000,
        name_en="Haiyue Appliances Group", gross_profit_rate_ppm=240_000, headcount=9_200,
        endpoints=11_800, records_general=6_200_000, records_sensitive=0, important_data=False,
        critical_infrastructure=False, online_revenue_ppm=380_000,
        tolerable_outage_seconds=DAY, operations_systems=240, recovery_seconds=6 * DAY,
        limit_fen=10_000_000_000, event_deductible_fen=100_000_000, province="浙江")


def _supplier(row: tuple, tier: int) -> Firm:  # type: ignore[type-arg]
    code, name, industry, province, revenue, headcount, *_ = row
    if code == "donghai":
        return Firm(code, name, "supplier", tier, industry, revenue * 1_000_000,
                    name_en="Donghai Home Appliances", dossier="../donghai",
                    recovery_seconds=5 * DAY, province=province)
    if tier > 1:
        return Firm(code, name, "supplier", tier, industry, revenue * 1_000_000,
                    headcount=headcount, province=province)
    return Firm(
        code, name, "supplier", tier, industry, revenue * 1_000_000, headcount=headcount,
        gross_profit_rate_ppm=pick(140, 340, code, "margin") * 1_000,
        endpoints=headcount * pick(45, 130, code, "endpoints") // 100,
        tolerable_outage_seconds=pick(8, 48, code, "outage") * 3_600,
        operations_systems=pick(4, 60, code, "operations") if industry == "C" else 0,
        recovery_seconds=pick(3, 9, code, "recovery") * DAY, province=province)


def _dealer(row: tuple[str, str, str, int, int, int]) -> Firm:
    code, name, province, revenue, headcount, _ = row
    return Firm(code, name, "dealer", 1, "F", revenue * 1_000_000, headcount=headcount,
                province=province)


def _maturity(firm: Firm) -> int:
    """Hundredths of a score."""
    if firm.role == "owner":
        return 300
    base = {1: 225, 2: 180, 3: 150}[firm.tier] if firm.role == "supplier" else 140
    return (base + (40 if firm.industry == "I" else 0)
            + (35 if firm.revenue_fen >= 50_000_000_000 else 0)
            + pick(-40, 40, firm.id, "maturity"))


def _goods() -> list[Goods]:
    found = [Goods(code, OWNER, share * 10_000, days * DAY, other * 10_000, item)
             for code, *_, item, share, other, days in TIER_1]
    for row in (*TIER_2, *TIER_3):
        code, *_, item, buyers, other, days = row
        found += [Goods(code, buyer, share * 10_000, days * DAY, other * 10_000, item)
                  for buyer, share in buyers]
    found += [Goods(OWNER, code, share * 10_000, 25 * DAY, 100_000, "海悦家电")
              for code, *_, share in DEALERS]
    return found


def _links() -> list[Link]:
    found = [Link(code, OWNER, "remote_access",
                  "administrator" if code in ("s126", "s129") else "user", mfa, code != "s129")
             for code, mfa in REMOTE.items()]
    found += [Link(source, target, "software_update") for source, target in UPDATES]
    found += [Link(code, OWNER, "data_share", segmented=code != "s127") for code in DATA]
    found += [Link(source, target, "shared_credential") for source, target in CREDENTIALS]
    mailed: LinkKind = "email_trust"
    for code, *_ in TIER_1:
        if code not in DATA and code not in REMOTE:
            found.append(Link(code, OWNER, mailed))
    for row in (*TIER_2, *TIER_3):
        code, buyers = row[0], row[7]
        if not any(one[0] == code for one in UPDATES):
            found += [Link(code, buyer, mailed) for buyer, _ in buyers]
    found += [Link(code, OWNER, "data_share", segmented=True) for code, *_ in DEALERS]
    for provider, users in (("haiyun-cloud", ON_CLOUD), ("qiheng-erp", ON_ERP),
                            ("anqiao-msp", ON_MSP)):
        found += [Link(provider, code, "shared_provider",
                       "administrator" if provider == "anqiao-msp" else None) for code in users]
    return found


def _dossiers(answers: dict[str, dict[str, int]]) -> dict[str, bytes]:
    """Answers and scans of the firms that handed them in."""
    web = Port(443, "https", "nginx", "1.22.1", "cpe:/a:f5:nginx:1.22.1")
    smtp = Port(25, "smtp", "Postfix smtpd", "", "cpe:/a:postfix:postfix")
    scans: dict[str, dict[str, bytes]] = {
        "s105": {
            "scans/external/nmap.xml": nmap_xml((
                Host("198.51.100.15", "www.muchen.example", (Port(80, "http", "nginx", "1.22.1"),
                                                             web)),
                Host("198.51.100.16", "mail.muchen.example", (smtp, Port(993, "imaps")))),
                start=SCANNED)},
        "s110": {
            "scans/external/nmap.xml": nmap_xml((
                Host("198.51.100.31", "www.qingyan.example", (Port(80, "http", "Apache httpd",
                                                                   "2.4.29"),)),
                Host("198.51.100.33", "line.qingyan.example", (
                    Port(23, "telnet"), Port(502, "modbus"), Port(5900, "vnc", "RealVNC")))),
                start=SCANNED + 3_600)},
        "s123": {
            "scans/external/nmap.xml": nmap_xml((
                Host("198.51.100.45", "ota.yuanxin.example", (web,)),
                Host("198.51.100.46", "gitlab.yuanxin.example", (
                    Port(443, "https", "GitLab"), Port(22, "ssh", "OpenSSH", "8.9")))),
                start=SCANNED + 7_200),
            "inventory/ota.cdx.json": cyclonedx("ota-server", "4.2.0", (
                ("pkg:maven/org.springframework/spring-webmvc", "spring-webmvc", "5.3.16"),
                ("pkg:maven/org.apache.logging.log4j/log4j-core", "log4j-core", "2.17.1"),
                ("pkg:maven/org.apache.tomcat.embed/tomcat-embed-core", "tomcat-embed-core",
                 "9.0.60")), moment=MOMENT)},
        "s124": {
            "scans/external/nmap.xml": nmap_xml((
                Host("203.0.113.61", "tms.wancheng.example", (web, Port(8080, "http-proxy",
                                                                        "Apache Tomcat",
                                                                        "9.0.54"))),
                Host("203.0.113.62", "vpn.wancheng.example", (Port(10443, "https"),))),
                start=SCANNED + 10_800),
            "scans/external/nuclei.jsonl": nuclei_jsonl((
                Result("git-config", "Git configuration exposed", "medium",
                       "tms.wancheng.example", "203.0.113.61", 443),
                Result("CVE-2023-27997", "FortiOS SSL-VPN heap overflow", "critical",
                       "vpn.wancheng.example", "203.0.113.62", 10443, ("CVE-2023-27997",), 9.8,
                       "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")), moment=MOMENT)},
        "s126": {
            "scans/external/nmap.xml": nmap_xml((
                Host("203.0.113.81", "portal.zhixu.example", (web,)),
                Host("203.0.113.82", "jenkins.zhixu.example", (Port(8080, "http", "Jetty",
                                                                    "9.4.43"),))),
                start=SCANNED + 14_400),
            "inventory/mes.cdx.json": cyclonedx("zhixu-mes", "7.1.3", (
                ("pkg:maven/org.apache.logging.log4j/log4j-core", "log4j-core", "2.14.1"),
                ("pkg:maven/org.springframework/spring-beans", "spring-beans", "5.3.10"),
                ("pkg:maven/org.apache.struts/struts2-core", "struts2-core", "2.5.30"),
                ("pkg:maven/com.fasterxml.jackson.core/jackson-databind", "jackson-databind",
                 "2.13.2")), moment=MOMENT)},
        "s127": {
            "scans/external/nuclei.jsonl": nuclei_jsonl((
                Result("default-login", "Default credentials of the order console", "high",
                       "console.chuchuang.example", "203.0.113.92", 443),
                Result("weak-csp-detect", "Weak content security policy", "low",
                       "shop.chuchuang.example", "203.0.113.91", 443)), moment=MOMENT),
            "inventory/shop.cdx.json": cyclonedx("chuchuang-shop", "2026.2", (
                ("pkg:npm/next", "next", "15.2.2"), ("pkg:npm/react", "react", "19.0.0"),
                ("pkg:npm/jquery", "jquery", "3.4.1")), moment=MOMENT)},
        "s129": {
            "scans/external/nmap.xml": nmap_xml((
                Host("203.0.113.121", "remote.wenxing.example", (
                    Port(3389, "ms-wbt-server", "Microsoft Terminal Services"),
                    Port(445, "microsoft-ds"))),), start=SCANNED + 18_000)},
    }
    found: dict[str, bytes] = {}
    for firm in SCANNED_FIRMS:
        found[f"dossiers/{firm}/answers.csv"] = answers_csv(answers[firm], "信息部")
        found.update({f"dossiers/{firm}/{path}": content for path, content in scans[firm].items()})
    return found
