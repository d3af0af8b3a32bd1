"""Write examples/claims: a policy, a claim file and its decision, for the command line."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

from dinghai.claims.adjudication import adjudicate
from dinghai.foundation.clock import SHANGHAI
from dinghai.wording.explaining import terms_to_explain
from dinghai.wording.policy import (
    ExplanationRecord,
    Party,
    Policy,
    Schedule,
    bind,
    scheduled_sections,
    with_explanations,
)
from dinghai.wording.products import load_product

FOLDER = Path(__file__).parent.parent / "examples/claims"
EXPLAINED_AT = datetime(2026, 3, 12, 10, tzinfo=SHANGHAI)
NOT_EXPLAINED = "EX-UNPATCHED"


def policy() -> Policy:
    """One year of the standard product; every term explained but one."""
    product = load_product("cyber-comprehensive-standard")
    limit = 766_700_000
    party = Party(name_zh="东海家电股份有限公司", name_en="Donghai Home Appliances Co., Ltd.")
    bound = bind(
        product,
        Schedule(
            policy_no="CL-2026-000001",
            applicant=party,
            insured=party,
            insurer=Party(name_zh="沧澜财产保险股份有限公司", name_en="Canglan P&C"),
            inception=date(2026, 4, 1),
            expiry=date(2027, 3, 31),
            aggregate_limit_fen=limit,
            each_event_limit_fen=limit,
            event_deductible_fen=10_000_000,
            sections=scheduled_sections(product, limit),
            retroactive_date=date(2026, 4, 1),
        ),
    )
    keys = tuple(term.key for term in terms_to_explain(bound) if term.key != NOT_EXPLAINED)
    record = ExplanationRecord(
        highlighted=True, explained_at=EXPLAINED_AT, channel="web", confirmed_by="投保人经办人"
    )
    return with_explanations(bound, keys, record)


def claim() -> dict[str, Any]:
    """A ransomware incident: interruption, response, restoration, extortion, mitigation."""

    def known(value: Any, *evidence: str) -> dict[str, Any]:
        return {"value": value, "evidence": list(evidence)}

    return {
        "schema": "dinghai.claim/1",
        "claim_no": "CLM-2026-000001",
        "policy_no": "CL-2026-000001",
        "reported_at": "2026-09-07T11:30:00+08:00",
        "description": "订单与仓储系统被勒索软件加密，停机十天",
        "facts": {
            "event.cyber_incident_confirmed": known(True, "E-01"),
            "event.system_interruption": known(True, "E-02"),
            "event.data_encryption": known(True, "E-01"),
            "event.extortion_threat": known(True, "E-05"),
            "incident.peril": known("ransomware", "E-01"),
            "incident.first_occurrence_at": known("2026-09-06T23:10:00+08:00", "E-01"),
            "incident.discovered_at": known("2026-09-07T10:00:00+08:00", "E-02"),
            "incident.cause_actor": known("criminal", "E-01"),
            "incident.attribution_status": known("suspected", "E-01"),
            "vuln.root_cause": known(True, "E-01"),
            "vuln.days_patch_available": known(130, "E-01"),
        },
        "items": [
            {
                "no": 1,
                "coverage": "FP-BI",
                "description": "十天营业中断",
                "facts": {
                    "bi.standard_turnover": known(240_000_000, "E-03"),
                    "bi.actual_turnover": known(60_000_000, "E-03"),
                    "bi.gross_profit_rate": known(400_000, "E-03"),
                    "bi.saved_costs": known(5_000_000, "E-03"),
                    "bi.increased_cost_of_working": known(12_000_000, "E-04"),
                    "bi.turnover_preserved": known(40_000_000, "E-04"),
                    "bi.interruption_seconds": known(864_000, "E-02"),
                    "bi.period_seconds": known(864_000, "E-02"),
                },
            },
            {
                "no": 2,
                "coverage": "FP-IR",
                "description": "认可机构应急处置",
                "facts": {"item.amount": known(38_600_000, "E-06"),
                          "item.vendor_on_panel": known(True, "E-06")},
            },
            {
                "no": 3,
                "coverage": "FP-DATA",
                "description": "数据恢复",
                "facts": {
                    "data.labour_hours": known(460, "E-07"),
                    "data.hourly_rate": known(30_000, "E-07"),
                    "data.vendor_cost": known(21_500_000, "E-07"),
                    "item.betterment_amount": known(2_000_000, "E-07"),
                },
            },
            {
                "no": 4,
                "coverage": "FP-EXT-R",
                "description": "勒索金额（未支付）",
                "facts": {"item.amount": known(350_000_000, "E-05")},
            },
            {
                "no": 5,
                "coverage": "FP-NOTIF",
                "description": "拟通知客户，是否泄露待查",
                "facts": {"notification.records": known(180_000, "E-01"),
                          "notification.unit_cost": known(5, "E-01")},
            },
            {
                "no": 6,
                "coverage": "FP-MIT",
                "description": "临时切断专线、租用备用主机",
                "facts": {"item.amount": known(8_000_000, "E-08")},
            },
        ],
        "evidence": [
            {"id": "E-01", "document": "ir_report", "name": "取证报告"},
            {"id": "E-02", "document": "system_outage_logs", "name": "停机日志"},
            {"id": "E-03", "document": "monthly_financials_24m", "name": "月度财务报表"},
            {"id": "E-04", "document": "icow_invoices", "name": "增加费用发票"},
            {"id": "E-05", "document": "ransom_note", "name": "勒索信"},
            {"id": "E-06", "document": "invoices_fapiao", "name": "应急处置发票"},
            {"id": "E-07", "document": "restore_workplan", "name": "恢复工作计划与工时"},
            {"id": "E-08", "document": "decision_record", "name": "施救决定与发票"},
        ],
    }


def files() -> dict[str, str]:
    """File name to text."""
    document = policy().to_dict()
    documents = {
        "policy.json": document,
        "claim.json": claim(),
        "decision.json": adjudicate(document, claim()),
    }
    return {
        name: json.dumps(one, ensure_ascii=False, indent=2) + "\n"
        for name, one in documents.items()
    }


if __name__ == "__main__":
    for name, text in files().items():
        (FOLDER / name).write_text(text, "utf-8")
