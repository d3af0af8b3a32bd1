"""Steps five and six: rescue, and the claim from its registration to the last fen."""

from __future__ import annotations

import copy
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

from dinghai.claims.adjudication import adjudicate
from dinghai.foundation.clock import SHANGHAI
from dinghai_platform.claims import services
from dinghai_platform.claims.decision_view import decision_view
from dinghai_platform.claims.models import Claim, DecisionRecord, Incident
from dinghai_platform.claims.papers import authority_report
from dinghai_platform.claims.reading import (
    claim_document,
    decision_document,
    missing_evidence,
    replay_record,
)
from dinghai_platform.core.audit import verify_chain
from dinghai_platform.core.checkpoints import make_checkpoint
from dinghai_platform.core.files import read_file
from dinghai_platform.demo.chapters import NOT_EXPLAINED
from dinghai_platform.demo.story import Story, stand_at
from dinghai_platform.ledger.queries import balance_of, verify_books

WAITING_MODES = ("higher_of", "replaces_deductible", "waiting_then_deductible", "franchise_hours")


def rescue(story: Story) -> None:
    """保后救援: reported, graded, reported on in time, responders sent, operations recovered."""
    teller = story.teller
    step = teller.step(5, "rescue", "保后救援", "Rescue after an incident")
    told = _incident_file(story.example)
    report, policy = told["report"], story.policy
    assert policy is not None
    moment = stand_at("2026-09-07T11:00:00")
    incident = services.report_incident(
        policy, title=report["title_zh"], description=report["description"],
        occurred_at=datetime.fromisoformat(report["occurred_at"]),
        discovered_at=datetime.fromisoformat(report["discovered_at"]),
        contact=report["contact"], facts=report["facts"], actor=story.actor("insured_admin"))
    teller.at(moment, f"报案 {incident.number}：{report['title_zh']}",
              f"Reported as {incident.number}: {report['title_en']}")
    moment = stand_at("2026-09-07T11:10:00")
    handler, responder = story.actor("claims_handler"), story.actor("ir_lead")
    incident = services.triage_incident(
        incident, actor=handler, family=told["triage"]["family"], facts=told["triage"]["facts"])
    duty = incident.duties.get(clock_id="CLK-RPT-GEN")
    due = duty.due.astimezone(SHANGHAI)
    teller.at(moment, f"研判：{incident.grade_name}（泄露 126 万人 ≥ 100 万人），"
                      f"须在 {due:%H:%M} 前报省级网信部门",
              f"Graded {incident.grade_name} (1.26m persons ≥ 1m); report to the provincial "
              f"office by {due:%H:%M}")
    order = services.dispatch_response(incident, story.cast.provider, mode="on_site",
                                       note="遏制、取证、恢复", actor=handler)
    stand_at("2026-09-07T11:25:00")
    services.accept_order(order, actor=responder)
    moment = stand_at("2026-09-07T13:20:00")
    from dinghai.documents.typesetting import set_pdf

    teller.keep(f"12387-{incident.number}.pdf",
                set_pdf(authority_report(incident, "zh" if teller.is_chinese else "en")))
    for one in incident.duties.filter(met_at=None):
        services.record_report_to_authority(
            one, channel="12387 网站", reference="JS-20260907-0033",
            actor=story.actor("insured_admin"))
    teller.at(moment, "运营者自行报送 12387（平台只起草，不代报），时限内完成",
              "The operator reports to 12387 itself (the platform only drafts), in time")
    stand_at("2026-09-07T15:40:00")
    services.arrive(order, actor=responder)
    stand_at("2026-09-07T18:30:00")
    services.advance_incident(incident, "contain", text="断开 VPN 与横向通道，41 台主机隔离",
                              actor=responder)
    _open_claim(story, incident)
    stand_at("2026-09-09T17:00:00")
    services.advance_incident(incident, "eradicate", text="清除持久化，重置全部特权口令",
                              actor=responder)
    moment = stand_at("2026-09-12T09:00:00")
    services.advance_incident(incident, "recover", actor=story.actor("insured_security"),
                              text="ERP 与仓储自离线备份恢复，中断 120 小时")
    teller.at(moment, "遏制、清除、恢复：中断 120 小时",
              "Contained, eradicated, recovered: 120 hours")
    teller.keep_json("grade.json", incident.grade)
    step.figures.update(grade=incident.grade_name, report_due=due.isoformat(),
                        interruption_hours=120)


def _open_claim(story: Story, incident: Incident) -> None:
    """Registered, and an adjuster appointed, while responders are still at work."""
    handler = story.actor("claims_handler")
    claim = Claim.objects.within(story.cast.insurer).get(incident=incident)
    stand_at("2026-09-08T09:00:00")
    services.register_claim(claim, reserve_fen=400_000_000, note="按营业中断初步估计",
                            actor=handler)
    stand_at("2026-09-09T09:00:00")
    services.appoint_adjuster(claim, story.cast.adjuster, actor=handler)


def settle(story: Story) -> None:
    """保后赔偿: registered, asked once, adjudicated, approved, agreed, paid, proved."""
    teller = story.teller
    step = teller.step(6, "claim", "保后赔偿", "Compensation after an incident")
    told = _incident_file(story.example)
    incident = Incident.objects.within(story.cast.insurer).get()
    claim = Claim.objects.within(story.cast.insurer).get(incident=incident)
    _put_together(story, claim, told)
    record = _decide(story, claim)
    decision = decision_document(record)
    comparison = _compare(story, claim, decision)
    _pay(story, claim, record)
    proof = _prove(story, record)
    step.figures.update(
        total_fen=record.total_fen, hash=record.hash,
        lines={line["coverage"]: line["payable_fen"] for line in decision["lines"]},
        **comparison, **proof)
    _leave_something_open(story)


def _incident_file(example: Path) -> dict[str, Any]:
    return tomllib.loads((example / "incident/incident.toml").read_text("utf-8"))


def _put_together(story: Story, claim: Claim, told: dict[str, Any]) -> None:
    """Evidence, facts and items; the one request and its answer."""
    teller, handler = story.teller, story.actor("claims_handler")
    assert claim.registered_at is not None
    teller.at(claim.registered_at.astimezone(SHANGHAI),
              f"立案 {claim.number}，未决赔款准备金 400 万元",
              f"Registered as {claim.number}, reserve ¥4m")
    stand_at("2026-09-14T10:00:00")
    references = _hand_in(story, claim, told, supplement=False)
    services.set_facts(claim, _cited(told["facts"], references), actor=handler)
    for item in told["items"]:
        services.add_item(claim, item["coverage"], description=item["description"],
                          facts=_cited(item["facts"], references), actor=handler)
    moment = stand_at("2026-09-15T10:00:00")
    wanted = missing_evidence(claim)
    request = services.request_evidence(claim, actor=handler,
                                        note="请一次性补充，收到后核定时限继续计算")
    teller.at(moment, f"一次性通知补充材料：{sum(len(one['facts']) for one in wanted)} 项事实"
                      "（保险法22条），核定时钟暂停",
              f"One request for evidence: {sum(len(one['facts']) for one in wanted)} facts; the "
              "clock stands still")
    if request.file is not None:
        teller.keep(f"evidence-request-{claim.number}.pdf", read_file(request.file))
    moment = stand_at("2026-09-25T10:00:00")
    references |= _hand_in(story, claim, told, supplement=True)
    services.receive_evidence(claim, actor=story.actor("insured_admin"))
    for item, entry in zip(claim.items.order_by("no"), told["items"], strict=True):
        if "supplement" in entry:
            services.set_item_facts(item, _cited(entry["supplement"], references), actor=handler)
    teller.at(moment, "材料补齐，暂停 10 天从核定期限中扣除（司法解释二15条）",
              "The papers are in; the ten days are taken off the time for the decision")
    adjuster = story.actor("loss_adjuster")
    stand_at("2026-09-26T10:00:00")
    services.survey_claim(claim, actor=adjuster, note="现场查勘，核对停机日志与订单数据")
    stand_at("2026-10-08T16:00:00")
    services.quantify_claim(claim, actor=adjuster, note="损失理算完成，逐项对应保障编码")
    stand_at("2026-10-08T17:00:00")
    incident = claim.incident
    for duty in incident.duties.filter(met_at=None):
        services.record_report_to_authority(
            duty, channel="12387 网站", reference="JS-20261008-0012",
            actor=story.actor("insured_admin"))
    services.advance_incident(incident, "close", text="根因与证据封存，总结报告已报送",
                              actor=story.actor("ir_lead"))


def _hand_in(
    story: Story, claim: Claim, told: dict[str, Any], *, supplement: bool
) -> dict[str, str]:
    references = {}
    for entry in told["evidence"]:
        if entry.get("supplement", False) is not supplement:
            continue
        content = (story.example / "incident/evidence" / entry["file"]).read_bytes()
        by_provider = entry.get("by") == "provider"
        made = services.add_evidence(
            claim.incident, content, name=entry["file"], kind=entry["kind"],
            media_type="text/csv" if entry["file"].endswith(".csv") else "text/plain",
            actor=story.actor("ir_lead" if by_provider else "insured_admin"))
        references[entry["file"]] = made.reference
    return references


def _cited(facts: dict[str, Any], references: dict[str, str]) -> dict[str, Any]:
    known = {one.split(" ")[0]: one for one in references}
    return {name: {**entry, "evidence": [references[known.get(one, one)]
                                         for one in entry.get("evidence", [])]}
            for name, entry in facts.items()}


def _decide(story: Story, claim: Claim) -> DecisionRecord:
    teller = story.teller
    moment = stand_at("2026-10-10T10:00:00")
    services.adjudicate_claim(claim, actor=story.actor("claims_handler"))
    teller.at(moment, "引擎核定（暂定）：逐行引用条款、事实与证据",
              "The engine adjudicates (provisional): every line cites clause, fact and evidence")
    moment = stand_at("2026-10-12T10:00:00")
    record = services.approve_claim(claim, actor=story.actor("claims_approver"))
    teller.at(moment, "复核签发（四眼原则）", "Approved by somebody else (four eyes)")
    view = decision_view(decision_document(record))
    for line in view.lines:
        teller.figure(f"{line.name}", f"{line.coverage}",
                      f"{line.payable_fen / 100:>14,.2f}  {line.coverage}"
                      if teller.is_chinese else f"{line.payable_fen / 100:>14,.2f}")
    teller.money("应付合计", "Payable", record.total_fen)
    for flag in view.flags:
        teller.say(f"· {flag.label}：{flag.name}（{flag.burden}举证）",
                   f"· {flag.kind}: {flag.name}")
    teller.keep("decision.json", record.content.encode())
    teller.keep_json("claim.json", claim_document(claim))
    notice = record.notice if teller.is_chinese else record.notice_en
    assert notice is not None
    teller.keep(f"decision-notice-{claim.number}.pdf", read_file(notice))
    return record


def _compare(story: Story, claim: Claim, decision: dict[str, Any]) -> dict[str, Any]:
    """What other terms would have paid, by the same engine on the same facts."""
    teller = story.teller
    policy, file = decision["inputs"]["policy"], decision["inputs"]["claim"]
    modes = {mode: _paid(_with_waiting(policy, mode), file, "FP-BI") for mode in WAITING_MODES}
    teller.line()
    teller.say("对照（同一引擎、同一事实）：", "What-ifs (same engine, same facts):")
    for mode, fen in modes.items():
        zh, en = _mode_name(mode)
        teller.money(f"营业中断 · {zh}", f"Interruption · {en}", fen)
    explained = copy.deepcopy(policy)
    explained["schedule"]["explanations"][NOT_EXPLAINED] = {
        "highlighted": True, "explained_at": "2026-03-16T14:00:00+08:00", "channel": "online"}
    if_explained = _paid(explained, file, "FP-PR")
    teller.money("公关费用 · 未说明的条款不适用", "PR · unexplained, so not applied",
                 _line(decision, "FP-PR"))
    teller.money("公关费用 · 倘若说明过", "PR · had it been explained", if_explained)
    proven = copy.deepcopy(file)
    proven["facts"].update({
        "incident.cause_actor": {"value": "state"},
        "incident.attribution_status": {"value": "government_attributed"},
        "incident.state_major_detrimental_impact": {"value": True},
        "incident.insured_asset_in_impacted_state": {"value": True},
        "causation.EX-CYBEROP": {"value": True}})
    if_proven = adjudicate(policy, proven)["total_fen"]
    teller.money("合计 · 国家网络行动查明时", "Total · were the state attack proven", if_proven)
    teller.say("归因未查明，不得据此拒赔（保险法30条）；施救费用在限额之外另付（57条）",
               "It is not proven, and unknown never excludes; mitigation is paid on top")
    comparison = {"waiting_modes_fen": modes, "if_explained_fen": if_explained,
                  "unexplained_fen": _line(decision, "FP-PR"), "if_state_proven_fen": if_proven,
                  "mitigation_fen": _line(decision, "FP-MIT")}
    teller.keep_json("comparison.json", {"schema": "dinghai.demo-comparison/1", **comparison})
    return comparison


def _pay(story: Story, claim: Claim, record: DecisionRecord) -> None:
    teller = story.teller
    moment = stand_at("2026-10-13T09:30:00")
    services.agree_decision(claim, actor=story.actor("insured_admin"))
    teller.at(moment, "东海家电同意，十日付款期开始（保险法23条）",
              "Donghai agrees; the ten days of payment begin")
    moment = stand_at("2026-10-16T10:00:00")
    payer = story.actor("claims_payment")
    payment = services.pay_claim(claim, actor=payer, payee="东海家电股份有限公司",
                                 account_tail="6688")
    again = services.pay_claim(claim, actor=payer, payee="东海家电股份有限公司")
    assert payment is not None and again is not None and payment.pk == again.pk
    teller.at(moment, f"付款并入账（凭证 {payment.entry_number}）；再次点击付款，不会重复支付",
              f"Paid and posted (entry {payment.entry_number}); asked again, nobody is paid twice")
    teller.money("支付", "Paid", payment.amount_fen)


def _prove(story: Story, record: DecisionRecord) -> dict[str, Any]:
    """Replay, audit and ledger hold."""
    teller, insurer = story.teller, story.cast.insurer
    replayed = replay_record(record)
    chain, books = verify_chain(insurer), verify_books(insurer)
    cash = balance_of(insurer, "cash") - story.other_cash_fen
    yes = teller.pick("一致", "the same")
    teller.line()
    teller.figure("决定重放（不用数据库）", "Decision replayed, no database",
                  yes if replayed.same else replayed.message)
    teller.figure("审计链", "Audit chain",
                  teller.pick(f"{chain.length} 环完整", f"{chain.length} links hold"))
    teller.figure("总账", "Ledger",
                  teller.pick(f"{books.entries} 笔凭证平衡", f"{books.entries} entries balance"))
    teller.money("本案现金收支净额", "Net cash of this case", cash)
    teller.keep_json("checkpoint.json", make_checkpoint())
    return {"replay_same": replayed.same, "audit_holds": chain.holds,
            "audit_links": chain.length, "ledger_holds": books.holds,
            "ledger_entries": books.entries, "cash_fen": cash}


def _leave_something_open(story: Story) -> None:
    """One more report, so that the site has work waiting when somebody signs in."""
    assert story.policy is not None
    stand_at("2026-10-16T14:00:00")
    services.report_incident(
        story.policy, title="经销商门户出现大量异常登录，疑似撞库",
        discovered_at=datetime(2026, 10, 16, 13, 20, tzinfo=SHANGHAI),
        contact="信息中心值班 0574-0000-0119",
        facts={"event.cyber_incident_suspected": True}, actor=story.actor("insured_security"))
    stand_at("2026-10-16T14:30:00")


def _with_waiting(policy: dict[str, Any], mode: str) -> dict[str, Any]:
    changed = copy.deepcopy(policy)
    for section in changed["product"]["sections"]:
        if section["coverage"] == "FP-BI":
            section["waiting"] = {"seconds": section["waiting"]["seconds"], "mode": mode}
    return changed


def _paid(policy: dict[str, Any], file: dict[str, Any], coverage: str) -> int:
    return _line(adjudicate(policy, file), coverage)


def _line(decision: dict[str, Any], coverage: str) -> int:
    return int(next(line["payable_fen"] for line in decision["lines"]
                    if line["coverage"] == coverage))


def _mode_name(mode: str) -> tuple[str, str]:
    from dinghai.documents.phrases import phrase

    code = f"waiting_mode.{mode}"
    return phrase(code, "zh"), phrase(code, "en")
