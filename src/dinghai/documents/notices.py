"""Notices during the policy: remediation (整改通知书) and the one request for evidence."""

from __future__ import annotations

from dinghai.documents.blocks import (
    Block,
    Box,
    Bullets,
    Cell,
    Column,
    Document,
    Fields,
    Figures,
    Heading,
    Paragraph,
    Signatures,
    Table,
)
from dinghai.documents.formats import day, joined, moment
from dinghai.documents.inputs import (
    Addressee,
    Delivery,
    EvidenceRequest,
    NotedFinding,
    RemediationNotice,
)
from dinghai.documents.phrases import Language, has_phrase, phrase, pick
from dinghai.documents.readings import fact_name
from dinghai.documents.typesetting import notice_hash, set_pdf
from dinghai.vocabulary.coverages import coverages

_GRAVEST_FIRST = ("critical", "high", "medium", "low", "info")


def render_remediation_notice(notice: RemediationNotice, *, language: Language = "zh") -> bytes:
    """The written safety advice of 保险法51条 with proof of delivery, as PDF."""
    return set_pdf(remediation_notice(notice, language=language))


def remediation_notice(notice: RemediationNotice, *, language: Language = "zh") -> Document:
    """The remediation notice as blocks."""
    worst = min((one.severity for one in notice.findings), key=_GRAVEST_FIRST.index, default="info")
    due = day(notice.due_on, language)
    consequence = [phrase("remediation.consequence_law", language)]
    if notice.consequence:
        consequence.insert(0, phrase("remediation.consequence", language,
                                     clause=notice.consequence))
    blocks: list[Block] = [
        addressee_fields(notice.addressee, language),
        Paragraph(phrase("remediation.lead", language)),
        Figures(((phrase("remediation.due_figure", language), due, "24:00"),
                 (phrase("remediation.count", language), str(len(notice.findings)),
                  phrase("common.finding", language)),
                 (phrase("remediation.worst", language),
                  phrase(f"severity.{worst}", language), ""))),
    ]
    for no, finding in enumerate(notice.findings, start=1):
        blocks += _finding(no, finding, language)
    blocks += [
        Box(phrase("remediation.due", language, day=due),
            (phrase("remediation.next", language),
             phrase("remediation.dispute", language, days=notice.dispute_days)), "notice"),
        Box(phrase("remediation.consequence_title", language), tuple(consequence), "exclusion"),
        *_delivery(notice.delivery, language),
        sender_signature(notice.issuer, language),
    ]
    return Document(
        language=language, title=phrase("remediation.title", language), number=notice.number,
        issued_on=notice.issued_on, issuer=notice.issuer, source_hash=notice_hash(notice),
        meta=notice_meta(notice.number, notice.addressee.policy_no,
                         day(notice.issued_on, language), language),
        blocks=tuple(blocks))


def notice_meta(
    number: str, policy_no: str, issued: str, language: Language
) -> tuple[tuple[str, str], ...]:
    """Number, policy and date of a notice."""
    return ((phrase("common.document_no", language), number),
            (phrase("notice.policy_no", language), policy_no or "—"),
            (phrase("common.issued_on", language), issued))


def addressee_fields(addressee: Addressee, language: Language) -> Fields:
    """Who the notice goes to."""
    rows = [(phrase("notice.to", language), addressee.name)]
    if addressee.contact:
        rows.append((phrase("notice.contact", language), addressee.contact))
    return Fields(tuple(rows), columns=1)


def sender_signature(issuer: str, language: Language) -> Signatures:
    """Where the sender signs."""
    return Signatures(((f"{issuer} {phrase('common.seal', language)}",
                        (phrase("common.sent_by", language),
                         phrase("common.signed_on", language))),))


def _finding(no: int, finding: NotedFinding, language: Language) -> list[Block]:
    none = phrase("common.not_given", language)
    observed = moment(finding.observed_at, language) if finding.observed_at else none
    heading = phrase("remediation.finding_title", language, no=no, title="").rstrip("：: ")
    return [
        Heading(finding.title, number=heading),
        Fields((
            (phrase("remediation.finding_id", language), finding.finding_id),
            (phrase("common.severity", language),
             phrase(f"severity.{finding.severity}", language)),
            (phrase("common.asset", language), finding.asset),
            (phrase("remediation.observed", language), observed),
            (phrase("remediation.cves", language), joined(list(finding.cves), language) or none),
            (phrase("remediation.indicators", language),
             joined(list(finding.indicators), language) or none))),
        Fields((
            (phrase("remediation.risk", language), finding.risk),
            (phrase("remediation.advice", language), finding.advice),
            (phrase("remediation.evidence", language), finding.evidence)), columns=1),
    ]


def _delivery(delivery: Delivery | None, language: Language) -> list[Block]:
    known = delivery or Delivery()
    blank = phrase("notice.to_fill", language)
    sent, received = known.sent_at, known.received_at
    return [Heading(phrase("notice.delivery_title", language)), Fields((
        (phrase("notice.channel", language), known.channel or blank),
        (phrase("notice.received_by", language), known.received_by or blank),
        (phrase("notice.sent_at", language), moment(sent, language) if sent else blank),
        (phrase("notice.received_at", language), moment(received, language) if received
         else blank),
    )), Fields(((phrase("notice.proof", language), known.proof or blank),), columns=1)]


def render_evidence_request(request: EvidenceRequest, *, language: Language = "zh") -> bytes:
    """The one request for further papers of 保险法22条, as PDF."""
    return set_pdf(evidence_request_notice(request, language=language))


def evidence_request_notice(
    request: EvidenceRequest, *, language: Language = "zh"
) -> Document:
    """The evidence request as blocks."""
    by = day(request.answer_by, language)
    rows = []
    for item in request.items:
        standard = coverages().get(item.coverage)
        name = item.coverage if standard is None else pick(
            language, standard.name_zh, standard.name_en)
        facts = "\n".join(f"· {fact_name(one, language)}" for one in item.facts)
        papers = "\n".join(
            "□ " + (phrase(f"evidence.{one}", language) if has_phrase(f"evidence.{one}") else one)
            for one in item.documents)
        rows.append((str(item.line), Cell(name, item.coverage), facts or "—", papers or "—"))
    blocks: list[Block] = [
        addressee_fields(request.addressee, language),
        Paragraph(phrase("request.lead", language, claim_no=request.claim_no)),
        Heading(phrase("request.items", language)),
        Table((Column(phrase("common.number", language), millimetres=12),
               Column(phrase("common.coverage", language), share=3),
               Column(phrase("request.facts", language), share=4),
               Column(phrase("request.documents", language), share=4)), tuple(rows)),
        Box(phrase("request.answer_by_label", language),
            (phrase("request.answer_by", language, day=by),), "notice"),
        Box(phrase("request.partial_title", language), (phrase("request.partial", language),),
            "info"),
    ]
    if request.contact:
        blocks.append(Bullets((f"{phrase('notice.contact', language)}  {request.contact}",)))
    blocks.append(sender_signature(request.issuer, language))
    return Document(
        language=language, title=phrase("request.title", language), number=request.number,
        issued_on=request.issued_on, issuer=request.issuer, source_hash=notice_hash(request),
        meta=((phrase("common.document_no", language), request.number),
              (phrase("decision.claim_no", language), request.claim_no),
              (phrase("notice.policy_no", language), request.addressee.policy_no or "—"),
              (phrase("request.answer_by_label", language), by)),
        blocks=tuple(blocks))
