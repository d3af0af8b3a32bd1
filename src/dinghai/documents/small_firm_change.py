"""The endorsement of a small firm's policy (批单): it ends, changes its plan, or mends a name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from dinghai.documents.blocks import (
    Block,
    Box,
    Column,
    Document,
    Fields,
    Heading,
    Paragraph,
    Signatures,
    Table,
)
from dinghai.documents.formats import capital_amount, day, moment, money
from dinghai.documents.inputs import Addressee
from dinghai.documents.notices import addressee_fields, notice_meta
from dinghai.documents.phrases import Language, phrase
from dinghai.documents.typesetting import notice_hash, set_pdf
from dinghai.foundation.money import Fen
from dinghai.schemes.small_firm_change import ChangeStep


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """What an endorsement says. ``before`` and ``after`` are the plan's or the firm's name;
    ``limits_fen`` the limits of both plans. ``step`` is the engine's; None leaves the premium
    alone. ``unpaid`` takes back a contract whose premium was never paid."""

    kind: Literal["cancel", "plan", "name"]
    number: str
    issued_on: date
    issuer: str
    addressee: Addressee
    effective_on: date
    first_day: date
    last_day: date
    before: str
    after: str
    reason: str
    asked_by: str
    step: ChangeStep | None = None
    limits_fen: tuple[Fen, Fen] | None = None
    unpaid: bool = False
    explained: tuple[int, datetime, str] | None = None
    """How many terms, when, and who confirmed it."""

    @property
    def is_whole(self) -> bool:
        """Whether the contract is taken back before its first day."""
        return self.kind == "cancel" and self.effective_on <= self.first_day


def render_policy_change(change: PolicyChange, *, language: Language = "zh") -> bytes:
    """The endorsement as PDF."""
    return set_pdf(policy_change(change, language=language))


def policy_change(change: PolicyChange, *, language: Language = "zh") -> Document:
    """The endorsement as blocks."""
    policy_no = change.addressee.policy_no
    lead = ("policy_change.lead_whole" if change.is_whole else "policy_change.lead_cancel"
            if change.kind == "cancel" else "endorsement.lead")
    blocks: list[Block] = [
        addressee_fields(change.addressee, language),
        Paragraph(phrase(lead, language, policy_no=policy_no,
                         day=day(change.effective_on, language))),
        Fields(((phrase("policy_change.reason", language), change.reason),
                (phrase("policy_change.asked", language), change.asked_by)), columns=1),
        Heading(phrase("endorsement.changes_title", language)),
        Table((Column(phrase("endorsement.what", language)),
               Column(phrase("endorsement.before", language)),
               Column(phrase("endorsement.after", language))), tuple(_rows(change, language))),
        Heading(phrase("endorsement.premium_title", language)),
        *_premium(change, language)]
    if change.explained is not None:
        number, when, name = change.explained
        blocks.append(Paragraph(phrase("policy_change.explained", language, number=number,
                                       moment=moment(when, language), name=name)))
    if change.kind != "cancel":
        blocks.append(Paragraph(phrase("endorsement.rest", language)))
    sign = (phrase("common.sign", language), phrase("common.signed_on", language))
    blocks.append(Signatures((
        (f"{change.issuer} {phrase('common.seal', language)}", sign),
        (f"{phrase('common.applicant', language)}  {change.addressee.name}", sign))))
    return Document(
        language=language, title=phrase(f"policy_change.title_{change.kind}", language),
        number=change.number, issued_on=change.issued_on, issuer=change.issuer,
        source_hash=notice_hash(change),
        meta=notice_meta(change.number, policy_no, day(change.issued_on, language), language),
        blocks=tuple(blocks))


def _rows(change: PolicyChange, language: Language) -> list[tuple[str, str, str]]:
    if change.kind == "name":
        return [(phrase("policy_change.name", language), change.before, change.after)]
    if change.kind == "plan":
        rows = [(phrase("policy_change.plan", language), change.before, change.after)]
        if change.limits_fen is not None:
            rows.append((phrase("policy_change.limit", language), money(change.limits_fen[0]),
                         money(change.limits_fen[1])))
        return rows
    first = day(change.first_day, language)
    end = date.fromordinal(change.effective_on.toordinal() - 1)
    after = (phrase("policy_change.none", language) if change.is_whole
             else f"{first} – {day(end, language)}")
    return [(phrase("policy_change.cover", language),
             f"{first} – {day(change.last_day, language)}", after)]


def _premium(change: PolicyChange, language: Language) -> list[Block]:
    step = change.step
    if step is None:
        return [Paragraph(phrase("policy_change.no_premium", language))]
    fields = [(phrase("policy_change.before_annual", language), money(step.before_fen)),
              (phrase("policy_change.after_annual", language), money(step.after_fen))]
    if change.unpaid:
        return [Fields(tuple(fields[:1]), columns=1),
                Paragraph(phrase("policy_change.unpaid", language))]
    amount, result = abs(step.amount_fen), money(abs(step.amount_fen))
    up = step.amount_fen > 0
    fields += [(phrase("policy_change.charged" if up else "policy_change.back", language), result),
               (phrase("policy_change.vat", language), money(abs(step.vat_fen))),
               (phrase("common.capital", language), capital_amount(amount))]
    blocks: list[Block] = []
    if amount and change.is_whole:
        blocks.append(Box("", (phrase("policy_change.whole", language, result=result),), "notice"))
    elif amount:
        high, low = sorted((step.before_fen, step.after_fen), reverse=True)
        formula = phrase(
            "policy_change.besides" if step.besides_fen else "policy_change.arithmetic", language,
            high=money(high), low=money(low), left=step.days_left, days=step.days,
            besides=money(step.besides_fen), result=result)
        blocks += [
            Fields(((phrase("float.days_left", language), phrase(
                "float.days_left_value", language, left=step.days_left,
                first=day(max(change.effective_on, change.first_day), language),
                last=day(change.last_day, language))),), columns=1),
            Box("", (formula,), "notice")]
    if not up and amount:
        fields.append((phrase("endorsement.payee", language), change.addressee.name))
    blocks.append(Fields(tuple(fields), columns=1))
    if up:
        blocks.append(Paragraph(phrase("policy_change.due", language)))
    return blocks
