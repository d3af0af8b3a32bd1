"""What moves the premium after binding: the float notice (保费浮动通知书) and the endorsement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from dinghai.documents.blocks import (
    Block,
    Box,
    Bullets,
    Column,
    Document,
    Fields,
    Figures,
    Heading,
    Paragraph,
    Signatures,
    Table,
)
from dinghai.documents.formats import capital_amount, day, factor, money
from dinghai.documents.inputs import Addressee, Endorsement, FloatNotice
from dinghai.documents.notices import addressee_fields, notice_meta, sender_signature
from dinghai.documents.phrases import Language, has_phrase, phrase, pick
from dinghai.documents.typesetting import notice_hash, set_pdf
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM
from dinghai.pricing.floating import load_float_rule
from dinghai.wording.policy import read_policy


def render_float_notice(notice: FloatNotice, *, language: Language = "zh") -> bytes:
    """The notice of a premium float with its arithmetic by the day (保险法53条), as PDF."""
    return set_pdf(float_notice(notice, language=language))


def float_notice(notice: FloatNotice, *, language: Language = "zh") -> Document:
    """The float notice as blocks."""
    change = notice.change_fen
    kind, lead = ("change", "lead_down") if change < 0 else (
        ("change_up", "lead_up") if change > 0 else ("change_none", "lead_same"))
    effective = day(notice.effective_on, language)
    blocks: list[Block] = [
        addressee_fields(notice.addressee, language),
        Paragraph(phrase(f"float.{lead}", language)),
        Figures(((phrase("float.factor_before", language), factor(notice.factor_before_ppm), ""),
                 (phrase("float.factor_after", language), factor(notice.factor_after_ppm), ""),
                 (phrase(f"float.{kind}", language), money(abs(change)), ""),
                 (phrase("float.effective", language), effective, ""))),
    ]
    if notice.charged_at_anniversary_only:
        blocks.append(Box("", (phrase("float.anniversary", language),), "notice"))
    blocks += [
        Heading(phrase("float.rule_title", language)),
        Fields(((phrase("float.rule", language),
                 _rule(notice.rule, language)),
                (phrase("float.base", language), money(notice.base_premium_fen))), columns=1),
    ]
    if notice.readings:
        blocks.append(Table(
            (Column(phrase("common.signed_on", language), millimetres=42),
             Column(phrase("float.reading", language)),
             Column(phrase("float.factor", language), "right", 25)),
            tuple((day(when, language), source, factor(ppm))
                  for when, source, ppm in notice.readings)))
    blocks += [
        Heading(phrase("float.reasons_title", language)),
        Bullets(tuple(_reason(one, language) for one in notice.reasons)),
        *([Heading(phrase("float.arithmetic_title", language)),
           *day_arithmetic(notice.base_premium_fen, notice.factor_before_ppm,
                           notice.factor_after_ppm, notice.days_left, notice.policy_days, change,
                           notice.effective_on, notice.policy_last_day, language)]
          if change else []),
        Box(phrase("float.rights_title", language), (phrase("float.rights", language),), "info"),
        sender_signature(notice.issuer, language),
    ]
    return Document(
        language=language, title=phrase("float.title", language), number=notice.number,
        issued_on=notice.issued_on, issuer=notice.issuer, source_hash=notice_hash(notice),
        meta=notice_meta(notice.number, notice.addressee.policy_no,
                         day(notice.issued_on, language), language),
        blocks=tuple(blocks))


def _rule(rule_id: str, language: Language) -> str:
    """A rule's name and type; a text that is no rule's id stands for itself."""
    try:
        rule = load_float_rule(rule_id)
    except InputError:
        return rule_id
    name = pick(language, rule.name_zh, rule.name_en)
    kind = phrase(f"float_rule.{rule.type}", language)
    return f"{name}\n{kind}"


def _reason(reason: str, language: Language) -> str:
    code, _, when = reason.partition(":")
    if not has_phrase(f"float_reason.{code}"):
        return reason
    return phrase(f"float_reason.{code}", language, day=when)


def notice_of_float(
    result: JSON, policy: JSON, *, number: str, issued_on: date, factor_before_ppm: int = PPM,
    readings: Sequence[tuple[date, str, int]] = (), language: Language = "zh",
) -> FloatNotice:
    """The notice of a float result (dinghai.float/1) on a policy. Raises InputError.

    The policy must carry its gross premium. What rises is only announced: nothing is charged.
    """
    read = read_policy(policy, file="policy")
    schedule = read.schedule
    if schedule.gross_premium_fen is None:
        raise InputError("the policy has no premium yet", field="schedule.gross_premium_fen",
                         mend="bind it with its gross premium")
    effective = result["effective"]
    sign = -1 if result["proposal"] == "refund" else 1
    return FloatNotice(
        number=number, issued_on=issued_on,
        issuer=pick(language, schedule.insurer.name_zh, schedule.insurer.name_en),
        addressee=Addressee(
            pick(language, schedule.applicant.name_zh, schedule.applicant.name_en),
            schedule.policy_no),
        rule=result["rule"], base_premium_fen=schedule.gross_premium_fen,
        factor_before_ppm=factor_before_ppm, factor_after_ppm=result["factor_ppm"],
        effective_on=(date.fromisoformat(effective) if effective
                      else schedule.expiry + timedelta(days=1)),
        policy_last_day=schedule.expiry, policy_days=read.days, days_left=result["days_left"],
        change_fen=sign * result["amount_fen"], reasons=tuple(result["reasons"]),
        readings=tuple(readings),
        charged_at_anniversary_only=result["proposal"] == "increase_at_anniversary")


def day_arithmetic(
    base_fen: int, before_ppm: int, after_ppm: int, left: int, days: int, change_fen: int,
    first: date, last: date, language: Language,
) -> list[Block]:
    """The formula with its numbers; nothing is computed here, the amount is the engine's."""
    up = change_fen > 0
    formula = phrase("float.arithmetic_up" if up else "float.arithmetic", language,
                     base=money(base_fen), before=factor(before_ppm).lstrip("×"),
                     after=factor(after_ppm).lstrip("×"), left=left, days=days,
                     result=money(abs(change_fen)))
    return [
        Fields(((phrase("float.days_left", language), phrase(
            "float.days_left_value", language, left=left, first=day(first, language),
            last=day(last, language))),), columns=1),
        Box("", (formula,), "notice"),
    ]


def render_endorsement(endorsement: Endorsement, *, language: Language = "zh") -> bytes:
    """A written change of the contract with what is refunded or due, as PDF."""
    return set_pdf(endorsement_document(endorsement, language=language))


def endorsement_document(endorsement: Endorsement, *, language: Language = "zh") -> Document:
    """The endorsement as blocks."""
    policy_no = endorsement.addressee.policy_no
    change = endorsement.change_fen
    blocks: list[Block] = [
        addressee_fields(endorsement.addressee, language),
        Paragraph(phrase("endorsement.lead", language, policy_no=policy_no,
                         day=day(endorsement.effective_on, language))),
    ]
    if endorsement.ground:
        blocks.append(Fields(((phrase("endorsement.ground", language), endorsement.ground),), 1))
    blocks += [
        Heading(phrase("endorsement.changes_title", language)),
        Table((Column(phrase("endorsement.what", language)),
               Column(phrase("endorsement.before", language)),
               Column(phrase("endorsement.after", language))), endorsement.changes),
        Heading(phrase("endorsement.premium_title", language)),
    ]
    label = phrase("endorsement.additional" if change > 0 else "endorsement.refund", language)
    fields = [(phrase("endorsement.annual", language), money(endorsement.annual_premium_fen)),
              (label, money(abs(change))),
              (phrase("common.capital", language), capital_amount(abs(change)))]
    if endorsement.payee:
        fields.append((phrase("endorsement.payee", language), endorsement.payee))
    if change:
        blocks += day_arithmetic(
            endorsement.annual_premium_fen, endorsement.factor_before_ppm,
            endorsement.factor_after_ppm, endorsement.days_left, endorsement.policy_days, change,
            endorsement.effective_on, endorsement.policy_last_day, language)
    blocks += [
        Fields(tuple(fields), columns=1), Paragraph(phrase("endorsement.rest", language)),
        Signatures(((f"{endorsement.issuer} {phrase('common.seal', language)}",
                     (phrase("common.sign", language), phrase("common.signed_on", language))),
                    (f"{phrase('common.applicant', language)}  {endorsement.addressee.name}",
                     (phrase("common.sign", language), phrase("common.signed_on", language))))),
    ]
    return Document(
        language=language, title=phrase("endorsement.title", language),
        number=endorsement.number, issued_on=endorsement.issued_on, issuer=endorsement.issuer,
        source_hash=notice_hash(endorsement),
        meta=notice_meta(endorsement.number, policy_no, day(endorsement.issued_on, language),
                         language),
        blocks=tuple(blocks))
