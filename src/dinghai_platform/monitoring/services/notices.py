"""Written notices: the text, the PDF, and the proof that they arrived."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from django.db import transaction

from dinghai.documents.inputs import Addressee, Delivery, NotedFinding, RemediationNotice
from dinghai.documents.notices import render_remediation_notice
from dinghai.foundation.calendar import shanghai_day
from dinghai.foundation.canonical import JSON, canonical_bytes, sha256_hex
from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import audit, clock, files
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Membership, Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.monitoring.models import FloatProposal, MonitoredFinding, Notice
from dinghai_platform.underwriting.models import Policy
from dinghai_platform.underwriting.numbers import next_number

Language = Literal["zh", "en"]
PORTAL = "portal"
_MOST_IN_ONE = 100


def issue_remedy_notice(
    policy: Policy, findings: Sequence[MonitoredFinding], *, actor: Actor
) -> Notice:
    """One notice for all the findings (保险法51条), due when the first of them is."""
    due = min(finding.due for finding in findings if finding.due is not None)
    notice = _remedy(policy, findings, Notice.Kind.REMEDY, due, actor)
    for finding in findings:
        finding.notice = notice
    MonitoredFinding.objects.within(policy.tenant).bulk_update(findings, ("notice",))
    return notice


def issue_overdue_notice(
    policy: Policy, findings: Sequence[MonitoredFinding], *, actor: Actor
) -> Notice:
    """That these findings were not mended in time."""
    due = min(finding.due for finding in findings if finding.due is not None)
    return _remedy(policy, findings, Notice.Kind.OVERDUE, due, actor)


def _remedy(
    policy: Policy, findings: Sequence[MonitoredFinding], kind: str, due: datetime, actor: Actor
) -> Notice:
    number = next_number(Notice, "number", policy.tenant, "N")
    made = {
        language: _remediation(policy, findings, number, shanghai_day(due), language)
        for language in ("zh", "en")
    }
    late = kind == Notice.Kind.OVERDUE
    listed = "; ".join(f"{one.cve} ({one.asset})" for one in findings[:_MOST_IN_ONE])
    text_zh = (
        f"{'以下隐患逾期未整改' if late else '监测发现以下已被在野利用的隐患'}：{listed}。"
        f"整改期限：{shanghai_day(due)}。"
    )
    text_en = (
        f"{'These weaknesses were not mended in time' if late else 'Known to be exploited'}: "
        f"{listed}. To be mended by {shanghai_day(due)}."
    )
    document: dict[str, JSON] = {
        "schema": "dinghai.notice/1",
        "number": number,
        "kind": str(kind),
        "policy_no": policy.policy_no,
        "due": due.isoformat(),
        "findings": [
            {"finding_id": one.key, "cve": one.cve, "severity": one.severity, **one.document}
            for one in findings
        ],
    }
    return keep_notice(
        policy, number=number, kind=kind, text_zh=text_zh, text_en=text_en, document=document,
        pdf=render_remediation_notice(made["zh"], language="zh"), due=due, actor=actor,
    )


def _remediation(
    policy: Policy, findings: Sequence[MonitoredFinding], number: str, due: date,
    language: Language,
) -> RemediationNotice:
    zh = language == "zh"
    insured = policy.insured.name_zh if zh else policy.insured.name_en or policy.insured.name_zh
    issuer = policy.tenant.name_zh if zh else policy.tenant.name_en or policy.tenant.name_zh
    moment = clock.now()
    return RemediationNotice(
        number=number,
        issued_on=clock.today(),
        issuer=issuer,
        addressee=Addressee(insured, policy.policy_no),
        findings=tuple(_noted(finding, language) for finding in findings[:_MOST_IN_ONE]),
        due_on=due,
        delivery=Delivery(channel=PORTAL, sent_at=moment),
    )


def _noted(finding: MonitoredFinding, language: Language) -> NotedFinding:
    known = finding.document
    zh = language == "zh"
    since, ransomware = known.get("since", ""), known.get("ransomware_use")
    product = " ".join(part for part in (known.get("product"), known.get("version")) if part)
    if zh:
        risk = f"美国 CISA 自 {since} 起将 {finding.cve} 列为已知被利用漏洞"
        risk += "，并已用于勒索软件。" if ransomware else "。"
        what = product or finding.asset
        advice = f"请将 {what} 升级到不含 {finding.cve} 的版本，并提交复测文件。"
    else:
        risk = f"CISA has listed {finding.cve} as known to be exploited since {since}"
        risk += ", in ransomware too." if ransomware else "."
        advice = (
            f"Upgrade {product or finding.asset} to a version without {finding.cve} and send "
            "a re-scan."
        )
    return NotedFinding(
        finding_id=finding.key,
        title=finding.title,
        asset=finding.asset,
        severity=finding.severity,
        evidence=f"{finding.finding.source_name} · {finding.finding.reference}",
        risk=risk,
        advice=advice,
        observed_at=finding.finding.observed_at,
        cves=(finding.cve,),
    )


def keep_notice(
    policy: Policy,
    *,
    number: str,
    kind: str,
    text_zh: str,
    text_en: str,
    document: dict[str, JSON],
    pdf: bytes,
    actor: Actor,
    due: datetime | None = None,
    proposal: FloatProposal | None = None,
) -> Notice:
    """Keep a notice with its PDF; it is delivered to the portal where the insured has one."""
    stored = files.store_file(
        pdf, name=f"{number}.pdf", media_type="application/pdf", actor=actor,
        tenant=policy.tenant,
    )
    notice = Notice.objects.create(
        tenant=policy.tenant, insured=policy.insured, policy=policy, number=number, kind=kind,
        proposal=proposal, text_zh=text_zh, text_en=text_en, document=document, file=stored,
        due=due,
    )
    audit.append(
        actor, "monitoring.notice_issued", notice,
        {"number": number, "kind": str(kind), "sha256": stored.sha256,
         "due": due.isoformat() if due else None},
    )
    reader = _portal_reader(policy.insured)
    if reader:
        notice = _deliver(notice, PORTAL, reader, clock.now(), actor)
    return notice


def _portal_reader(insured: Organisation) -> str:
    """Who reads notices at the insured; empty when nobody there has an account."""
    member = (
        Membership.objects.filter(
            organisation=insured, is_active=True, role__in=("insured_admin", "insured_security")
        )
        .select_related("user")
        .order_by("role", "id")
        .first()
    )
    return str(member.user) if member else ""


@transaction.atomic
def deliver_notice(
    notice: Notice, *, channel: str, delivered_to: str, actor: Actor,
    delivered_at: datetime | None = None,
) -> Notice:
    """Record by which way and to whom a notice was delivered.

    Raises InputError without channel or person, Refusal when its delivery is on record.
    """
    require(actor, "monitoring.notify", notice)
    if not channel.strip() or not delivered_to.strip():
        raise InputError(
            "a delivery needs its channel and who received it", field="delivered_to",
            mend="name both",
        )
    notice = audit.locked(notice)
    if notice.delivered_at is not None:
        raise Refusal("the delivery of this notice is on record")
    return _deliver(
        notice, channel.strip(), delivered_to.strip(), delivered_at or clock.now(), actor
    )


def _deliver(
    notice: Notice, channel: str, reader: str, moment: datetime, actor: Actor
) -> Notice:
    notice.channel, notice.delivered_to, notice.delivered_at = channel, reader, moment
    notice.delivery_sha256 = sha256_hex(
        canonical_bytes(
            {
                "number": notice.number,
                "sha256": notice.file.sha256,
                "channel": channel,
                "to": reader,
                "at": moment.isoformat(),
            }
        )
    )
    notice.save(
        update_fields=("channel", "delivered_to", "delivered_at", "delivery_sha256")
    )
    audit.append(
        actor, "monitoring.notice_delivered", notice,
        {"number": notice.number, "channel": channel, "to": reader,
         "proof": notice.delivery_sha256},
    )
    return notice
