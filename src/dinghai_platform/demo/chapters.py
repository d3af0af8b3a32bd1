"""Steps one to four: diagnose, treat, price and bind, watch."""

from __future__ import annotations

from datetime import date
from importlib.resources import files

from dinghai_platform.catalogue.services import install_product, release_product
from dinghai_platform.core.files import read_file, store_file
from dinghai_platform.demo.story import DOSSIER_PARTS, Story, folder_as_zip, stand_at, work
from dinghai_platform.ledger.queries import balance_of
from dinghai_platform.monitoring.services.feeds import load_feed
from dinghai_platform.monitoring.services.findings import acknowledge_notice
from dinghai_platform.monitoring.services.floats import (
    agree_float,
    apply_float,
    notify_float,
    pay_refund,
)
from dinghai_platform.monitoring.services.rescans import record_rescan, verify_fix
from dinghai_platform.site.formats import percent_text, score_text
from dinghai_platform.underwriting.models import Dossier, Policy, Quote
from dinghai_platform.underwriting.services.assessments import assess_dossier
from dinghai_platform.underwriting.services.cases import open_case
from dinghai_platform.underwriting.services.contracts import bind_policy, pay_premium
from dinghai_platform.underwriting.services.dossiers import import_dossier
from dinghai_platform.underwriting.services.explanations import (
    record_explanations,
    terms_of,
    waive_explanations,
)
from dinghai_platform.underwriting.services.papers import make_policy_papers, make_quotation_slip
from dinghai_platform.underwriting.services.quotes import (
    accept_quote,
    approve_quote,
    issue_quote,
    price_quote,
)
from dinghai_platform.underwriting.services.screenings import record_screening
from dinghai_platform.underwriting.services.treatment import commit_fix, plan_treatment

PRODUCT = "cyber-comprehensive-standard"
INCEPTION = date(2026, 4, 1)
UNDERTAKEN = "DET-03:full"
"""The fix the firm undertakes: evidence alone proves it, no scan has a say."""
NOT_EXPLAINED = "EX-UNAPPROVED"


def diagnose(story: Story) -> None:
    """保前诊断: the dossier is imported and assessed."""
    teller, underwriter = story.teller, story.actor("underwriter")
    step = teller.step(1, "diagnosis", "保前诊断", "Diagnosis before cover")
    moment = stand_at("2026-03-11T09:00:00")
    story.case = open_case(story.cast.insured, title="东海家电 2026", actor=underwriter)
    archive = folder_as_zip(story.example, DOSSIER_PARTS)
    teller.at(moment, "导入风险档案：询问表、扫描结果、软件物料清单",
              "The dossier is imported: questionnaire, scans, bills of materials")
    imported = import_dossier(story.case, archive, name="donghai.zip", actor=underwriter)
    work()
    dossier = Dossier.objects.within(story.cast.insurer).get(pk=imported.pk)
    teller.figure("证据文件", "Files of evidence", f"{dossier.files}")
    teller.figure("读取记录 / 发现 / 拒绝", "Records / findings / rejected",
                  f"{dossier.records:,} / {dossier.findings_count:,} / {dossier.rejected_count:,}")
    teller.say("（新机器上首次运行会编译计算内核，稍候）",
               "(the first run on a machine compiles the kernels: a moment)")
    story.assessment = assess_dossier(dossier, actor=underwriter)
    document = story.assessment.document
    teller.at(moment, f"评估：{score_text(document['total_ppm'])} 分，等级 {document['grade']}，"
                      f"可信度 {percent_text(document['confidence_ppm'], 0)}",
              f"Assessed: {score_text(document['total_ppm'])} points, grade {document['grade']}, "
              f"confidence {percent_text(document['confidence_ppm'], 0)}")
    for conflict in document["conflicts"]:
        teller.say(
            f"申报与扫描不一致：{conflict['indicator']}，取较低者（{len(conflict['finding_ids'])} "
            "项证据，保险法16条）",
            f"Answer contradicted by scans: {conflict['indicator']}; the lower counts "
            f"({len(conflict['finding_ids'])} findings)")
    teller.keep("dossier.zip", archive)
    teller.keep_json("assessment.json", document)
    step.figures.update(
        files=dossier.files, records=dossier.records, findings=dossier.findings_count,
        rejected=dossier.rejected_count, score_ppm=document["total_ppm"],
        grade=document["grade"], conflicts=len(document["conflicts"]),
        outcome=document["outcome"])


def treat(story: Story) -> None:
    """保前治疗: what each fix is worth, and one that is undertaken."""
    teller, underwriter = story.teller, story.actor("underwriter")
    step = teller.step(2, "treatment", "保前治疗", "Treatment before cover")
    moment = stand_at("2026-03-11T15:00:00")
    story.product = release_product(install_product(PRODUCT, actor=story.house),
                                    actor=story.house)
    assert story.assessment is not None
    plan = plan_treatment(story.assessment, story.product, actor=underwriter,
                          inception=INCEPTION)
    fixes = list(plan.fixes.all())
    teller.at(moment, f"整改方案：{len(fixes)} 项，按节省的期望损失排序",
              f"A plan of {len(fixes)} fixes, by the expected loss they save")
    for fix in plan.fixes.filter(document__level="full")[:4]:
        teller.figure(fix.name_zh[:14], fix.name_en[:28],
                      f"保费 −{fix.premium_saved_fen / 100:,.2f} 元/年" if teller.is_chinese
                      else f"premium −¥{fix.premium_saved_fen / 100:,.2f} a year")
    full = plan.fixes.get(code=UNDERTAKEN)
    story.fix = commit_fix(full, due=date(2026, 7, 31), actor=story.actor("insured_admin"))
    teller.at(moment, f"东海家电承诺 2026-07-31 前完成：{story.fix.name_zh}",
              f"Donghai undertakes by 2026-07-31: {story.fix.name_en}")
    teller.keep_json("treatment-plan.json", plan.document)
    step.figures.update(fixes=len(fixes), committed=story.fix.code,
                        committed_premium_saved_fen=story.fix.premium_saved_fen)


def cover(story: Story) -> None:
    """保中服务: priced with every factor explained, explained term by term, bound and paid."""
    teller, underwriter = story.teller, story.actor("underwriter")
    insured = story.actor("insured_admin")
    step = teller.step(3, "cover", "保中服务：定价与承保", "Service: priced and bound")
    moment = stand_at("2026-03-12T10:00:00")
    assert story.assessment is not None and story.product is not None
    screening = record_screening(
        story.assessment.case, lists=["示例制裁名单（虚构）Example list (fictional)"],
        screened_on=moment.date(), result="clear", reference="SCR-20260312-01",
        actor=underwriter)
    teller.at(moment, f"制裁名单筛查记录在案：未命中，有效期至 {screening.valid_until}",
              f"Sanctions screening on record: clear, until {screening.valid_until}")
    quote = price_quote(story.assessment, story.product, actor=underwriter, inception=INCEPTION)
    teller.at(moment, f"报价 {quote.number}：保额 {quote.limit_fen / 1e6:,.0f} 万元，"
                      f"免赔额 {quote.deductible_fen / 1e6:,.0f} 万元",
              f"Quote {quote.number}: limit ¥{quote.limit_fen / 1e8:,.0f}m, deductible "
              f"¥{quote.deductible_fen / 1e5:,.0f}k")
    teller.money("期望损失（经本保单条款）", "Expected loss through the terms",
                 quote.expected_loss_fen)
    teller.money("技术保费", "Technical premium", quote.technical_fen)
    teller.money("收取保费（不含税）", "Charged premium before VAT", quote.charged_fen)
    teller.money("含税保费", "Premium with VAT", quote.gross_fen)
    teller.figure("充足率（收取/技术）", "Adequacy (charged / technical)",
                  percent_text(quote.adequacy_ppm, 1))
    quote = issue_quote(approve_quote(quote, actor=underwriter), actor=underwriter)
    for paper in make_quotation_slip(quote, actor=underwriter):
        if paper.language == teller.language and paper.kind == "quotation":
            teller.keep(f"quotation-{quote.number}.pdf", read_file(paper.file))
    _explain(story, quote)
    moment = stand_at("2026-03-20T10:00:00")
    quote = accept_quote(quote, actor=insured)
    policy = bind_policy(quote, actor=underwriter)
    teller.at(moment, f"承保，保险单 {policy.policy_no}，2026-04-01 00:00 至 2027-03-31 24:00",
              f"Bound as {policy.policy_no}, 2026-04-01 00:00 to 2027-03-31 24:00")
    moment = stand_at("2026-03-25T15:00:00")
    story.policy = policy = pay_premium(policy, reference="CMBC-20260325-0081", actor=underwriter)
    teller.at(moment, "保费到账入账，责任自起保日开始（见费出单）",
              "The premium has arrived and is posted; cover starts on its first day")
    for paper in make_policy_papers(policy, actor=underwriter):
        if paper.language == teller.language:
            teller.keep(f"{paper.kind}-{policy.policy_no}.pdf", read_file(paper.file))
    teller.keep_json("quote.json", quote.document)
    teller.keep_json("policy.json", policy.document)
    step.figures.update(
        quote=quote.number, expected_loss_fen=quote.expected_loss_fen,
        technical_fen=quote.technical_fen, charged_fen=quote.charged_fen,
        gross_fen=quote.gross_fen, adequacy_ppm=quote.adequacy_ppm,
        limit_fen=quote.limit_fen, deductible_fen=quote.deductible_fen,
        cash_fen=balance_of(story.cast.insurer, "cash"))


def _explain(story: Story, quote: Quote) -> None:
    """Every term is explained but one, which the insurer gives up on record (保险法17条)."""
    teller = story.teller
    moment = stand_at("2026-03-16T14:00:00")
    keys = [term.key for term in terms_of(quote)]
    done = [key for key in keys if key != NOT_EXPLAINED]
    record_explanations(quote, done, actor=story.actor("insured_admin"))
    waive_explanations(
        quote, [NOT_EXPLAINED], actor=story.actor("chief_underwriter"),
        reason="线上未完成逐条说明，公司选择不援引该条")
    quote.refresh_from_db()
    teller.at(moment, f"逐条提示并说明 {len(done)} 项；1 项（未认可服务商）未说明，登记为不援引",
              f"{len(done)} terms highlighted and explained; one (unapproved vendors) was not and "
              "is given up on record")


def watch(story: Story) -> None:
    """保中监控: a new threat table, a notice, the float, a re-scan, a verified fix, a refund."""
    teller, underwriter = story.teller, story.actor("underwriter")
    step = teller.step(4, "watch", "保中监控", "Monitoring during cover")
    policy = story.policy
    assert policy is not None
    moment = stand_at("2026-04-20T09:00:00")
    kev = files("dinghai.data").joinpath("feeds/kev_2026-04-16.csv").read_bytes()
    load_feed(kev, name="kev_2026-04-16.csv", kind="kev", as_of=date(2026, 4, 16),
              actor=underwriter)
    work()
    found = list(policy.monitored_findings.all())
    before, after = list(policy.readings.all())[:2]
    teller.at(moment, f"新的在野利用漏洞表（截至 2026-04-16）：{len(found)} 项组件命中",
              f"A new table of exploited vulnerabilities (as of 2026-04-16): {len(found)} hits")
    for one in found[:3]:
        teller.say(f"{one.cve}  {one.asset}", f"{one.cve}  {one.asset}")
    teller.figure("评分", "Score",
                  f"{score_text(before.score_ppm)} → {score_text(after.score_ppm)}")
    teller.money("期望损失变化", "Expected loss moves by",
                 after.expected_loss_fen - before.expected_loss_fen)
    notice = policy.notices.get()
    teller.keep(f"notice-{notice.number}.pdf", read_file(notice.file))
    acknowledge_notice(notice, actor=story.actor("insured_admin"))
    proposal = policy.float_proposals.get()
    teller.say("书面通知已送达并签收；浮动规则：周年日前不向上调整，本次不收取任何费用",
               "The notice is delivered and acknowledged; the float rule charges nothing before "
               "the anniversary")
    assert proposal.amount_fen == 0  # an increase waits for the anniversary
    moment = stand_at("2026-05-06T10:00:00")
    rescanned = record_rescan(policy, folder_as_zip(story.example / "rescan/2026-05-06"),
                              name="rescan-2026-05-06.zip", actor=underwriter)
    teller.at(moment, f"复测：{len(rescanned.closed)} 项隐患关闭",
              f"A re-scan closes {len(rescanned.closed)} findings")
    refund = _refund(story, policy)
    step.figures.update(
        hits=len(found), score_before_ppm=before.score_ppm, score_after_ppm=after.score_ppm,
        expected_loss_before_fen=before.expected_loss_fen,
        expected_loss_after_fen=after.expected_loss_fen, closed=len(rescanned.closed),
        refund_fen=refund, cash_fen=balance_of(story.cast.insurer, "cash"))


def _refund(story: Story, policy: Policy) -> int:
    """The planned fix is verified, a second reading agrees, and the refund goes by the day."""
    teller, underwriter = story.teller, story.actor("underwriter")
    assert story.fix is not None
    moment = stand_at("2026-07-31T09:00:00")
    evidence = store_file("整改完成验收记录（虚构）".encode(), name="fix-acceptance.txt",
                          media_type="text/plain", actor=underwriter)
    verify_fix(story.fix, policy, evidence=evidence, verified_by="磐石网络安全服务",
               actor=underwriter)
    teller.at(moment, f"承诺的整改验收通过：{story.fix.name_zh}",
              f"The fix undertaken is verified: {story.fix.name_en}")
    moment = stand_at("2026-07-31T10:00:00")
    record_rescan(policy, folder_as_zip(story.example / "rescan/2026-07-31"),
                  name="rescan-2026-07-31.zip", actor=underwriter)
    proposal = policy.float_proposals.order_by("-id").first()
    assert proposal is not None
    notify_float(proposal, actor=underwriter)
    agree_float(proposal, actor=story.actor("insured_admin"))
    endorsement = apply_float(proposal, actor=underwriter)
    refund = -endorsement.amount_fen
    teller.at(moment, f"两次读数一致，浮动系数 ×{proposal.factor_ppm / 1e6:.4f}，"
                      f"自 {endorsement.effective} 起按日退费",
              f"Two readings agree: factor ×{proposal.factor_ppm / 1e6:.4f}, refunded by the day "
              f"from {endorsement.effective}")
    teller.money("退还投保人", "Refunded to the applicant", refund)
    pay_refund(endorsement, reference="CMBC-20260803-0107", actor=underwriter)
    for paper in endorsement.papers.all():
        if paper.language == teller.language:
            teller.keep(f"endorsement-{endorsement.number}.pdf", read_file(paper.file))
    teller.keep_json("float.json", proposal.document)
    return refund
