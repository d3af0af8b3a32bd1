"""PDFs of this room: request for evidence, decision notice, notice of a payment in advance, and
the draft of the report to the authority."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dinghai.documents.blocks import Block, Box, Document, Fields, Figures, Heading, Paragraph
from dinghai.documents.decision import render_claim_decision
from dinghai.documents.formats import capital_amount, day, moment, money
from dinghai.documents.inputs import Addressee, EvidenceRequest, RequestedItem
from dinghai.documents.notices import render_evidence_request
from dinghai.documents.phrases import Language, pick
from dinghai.documents.readings import fact_name, fact_value
from dinghai.documents.typesetting import set_pdf
from dinghai.foundation.canonical import document_hash
from dinghai.foundation.clock import SHANGHAI
from dinghai_platform.claims.contracts import credit_code_of
from dinghai_platform.claims.models import DecisionRecord, Incident, Payment
from dinghai_platform.claims.models import EvidenceRequest as RequestRow
from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.files import store_file
from dinghai_platform.core.models import Organisation, StoredFile
from dinghai_platform.site.formats import is_chinese

PDF = "application/pdf"
ANSWER_DAYS = 10
"""How long the insured is asked to take for further papers (confidence D; the law sets none)."""


def keep_request_notice(request: RequestRow, *, actor: Actor) -> StoredFile:
    """Write the one request for evidence as PDF and keep it with the request."""
    claim = request.claim
    schedule = claim.terms["schedule"]
    content = render_evidence_request(EvidenceRequest(
        number=f"{claim.number}-R{request.no}",
        issued_on=_day(request.requested_at),
        issuer=schedule["insurer"]["name_zh"],
        addressee=Addressee(schedule["insured"]["name_zh"], claim.incident.policy_no,
                            claim.incident.contact),
        claim_no=claim.number,
        items=tuple(
            RequestedItem(entry["line"], entry["coverage"], entry["subject"],
                          tuple(entry["facts"]), tuple(entry["documents"]))
            for entry in request.document["entries"]),
        answer_by=_day(request.requested_at + timedelta(days=ANSWER_DAYS))))
    request.file = _keep(content, f"{claim.number}-补充材料通知书-{request.no}.pdf", request, actor)
    request.save(update_fields=("file",))
    return request.file


def keep_decision_notice(record: DecisionRecord, *, actor: Actor) -> StoredFile:
    """Write the decision (or refusal) notice as PDF in both languages and keep it."""
    from dinghai_platform.claims.clocks import claim_clocks
    from dinghai_platform.claims.reading import decision_document

    claim = record.claim
    claim.refresh_from_db()
    lines = tuple(one.to_line() for one in claim_clocks(claim) if one.started_at)
    refused = record.state == DecisionRecord.State.REFUSED
    name = "拒赔通知书" if refused else "理赔核定通知书"
    for language, field in (("zh", "notice"), ("en", "notice_en")):
        content = render_claim_decision(
            decision_document(record), decided_on=_day(record.issued_at or clock.now()),
            number=f"{claim.number}-D{record.sequence}",
            language="zh" if language == "zh" else "en", clocks=lines)
        tail = "" if language == "zh" else "-en"
        setattr(record, field, _keep(
            content, f"{claim.number}-{name}-{record.sequence}{tail}.pdf", record, actor))
    record.save(update_fields=("notice", "notice_en"))
    assert record.notice is not None
    return record.notice


def keep_interim_notice(payment: Payment, *, actor: Actor) -> StoredFile:
    """Write the notice of a payment in advance as PDF."""
    content = set_pdf(interim_notice(payment, "zh"))
    return _keep(content, f"{payment.claim.number}-预付赔款通知.pdf", payment, actor)


def interim_notice(payment: Payment, language: Language) -> Document:
    """The notice of a payment in advance as blocks."""
    claim = payment.claim
    schedule = claim.terms["schedule"]
    insured = pick(language, schedule["insured"]["name_zh"], schedule["insured"].get("name_en", ""))
    insurer = pick(language, schedule["insurer"]["name_zh"], schedule["insurer"].get("name_en", ""))
    title = pick(language, "预付赔款通知", "Notice of a payment in advance")
    lead = pick(
        language,
        f"{insured}：贵方就保险单 {claim.incident.policy_no} 提出的索赔（{claim.number}），"
        "最终金额尚未确定。按照保险法第二十五条，我方先就可以确定的部分支付；"
        "最终核定后支付相应的差额。",
        f"{insured}: the final amount of your claim {claim.number} under policy "
        f"{claim.incident.policy_no} is not fixed yet. Under article 25 of the Insurance Law we "
        "pay the part that is certain now and the difference once the claim is decided.")
    label = pick(language, "先予支付", "Paid in advance")
    blocks: tuple[Block, ...] = (
        Paragraph(lead),
        Figures(((label, money(payment.amount_fen), _day_text(payment.paid_at, language)),)),
        Fields(((pick(language, "大写", "In Chinese capitals"),
                 capital_amount(payment.amount_fen)),
                (pick(language, "收款人", "Payee"), payment.payee)), 1),
    )
    return Document(
        language=language, title=title, number=f"{claim.number}-I", issued_on=_day(payment.paid_at),
        issuer=insurer, source_hash=payment.decision.hash,
        meta=((pick(language, "赔案号", "Claim no."), claim.number),), blocks=blocks)


def authority_report(incident: Incident, language: Language) -> Document:
    """The draft of the report to the authority (12387), for the insured to check and send.

    Its headings follow 国家网络安全事件报告管理办法 as far as the text was read (confidence A).
    """
    insured = incident.insured
    blocks: list[Block] = [
        Box(pick(language, "草稿", "Draft"), (pick(
            language,
            "本表由平台按报案事实草拟，须由运营者核对后自行报送（12387 热线、网站、微信、"
            "邮件或传真）；平台不代为报送。可先报前两项，其余情况及时补报。",
            "Drafted by the platform from the facts reported. The operator checks it and sends it "
            "(hotline 12387, web, WeChat, mail or fax); the platform never sends it. The first "
            "two items may go first and the rest follow."),), "notice"),
    ]
    for number, (heading, rows) in enumerate(_report_parts(incident, insured, language), start=1):
        blocks.append(Heading(f"{number}. {heading}"))
        blocks.append(Fields(tuple(rows), 1))
    return Document(
        language=language,
        title=pick(language, "网络安全事件报告表（草稿）", "Cyber incident report (draft)"),
        number=incident.number, issued_on=_day(clock.now()),
        issuer=pick(language, insured.name_zh, insured.name_en),
        source_hash=document_hash({"facts": incident.facts, "number": incident.number}),
        blocks=tuple(blocks))


def render_authority_report(incident: Incident) -> bytes:
    """The draft as PDF in the language of the page."""
    return set_pdf(authority_report(incident, "zh" if is_chinese() else "en"))


def _report_parts(
    incident: Incident, insured: Organisation, language: Language
) -> list[tuple[str, list[tuple[str, str]]]]:
    blank = pick(language, "（待补充）", "(to be added)")
    def say(zh: str, en: str) -> str:
        return pick(language, zh, en)

    known = [(fact_name(name, language), fact_value(name, entry.get("value"), language))
             for name, entry in incident.facts.items() if entry.get("value") is not None]
    measures = [f"{moment(one.at.astimezone(SHANGHAI), language)}  {one.text}"
                for one in incident.timeline.all() if one.text and one.event != "report"]
    return [
        (say("事件发生单位及系统", "Organisation and systems"), [
            (say("单位", "Organisation"), pick(language, insured.name_zh,
                                             insured.name_en)),
            (say("统一社会信用代码", "Credit code"), credit_code_of(incident) or blank),
            (say("联系人", "Contact"), incident.contact or blank)]),
        (say("发现时间、类型、等级和影响", "When found, kind, grade and effect"), [
            (say("发现时间", "Discovered"),
             moment(incident.discovered_at.astimezone(SHANGHAI), language)),
            (say("情况", "What happened"), incident.title),
            (say("初步等级", "Preliminary grade"), incident.grade_name or blank), *known]),
        (say("已采取的措施和效果", "Measures taken and their effect"), [
            (say("措施", "Measures"), "\n".join(measures) or blank)]),
        (say("事态发展和初步原因", "Development and likely cause"), [
            (say("说明", "Account"), incident.description or blank)]),
        (say("溯源线索与下一步", "Traces and next steps"), [
            (say("线索", "Traces"), blank), (say("请求支援", "Help asked for"), blank)]),
    ]


def _keep(content: bytes, name: str, row: Any, actor: Actor) -> StoredFile:
    return store_file(content, name=name, media_type=PDF, actor=actor, tenant=row.tenant)


def _day(value: Any) -> Any:
    return value.astimezone(SHANGHAI).date()


def _day_text(value: Any, language: Language) -> str:
    return day(_day(value), language)
