"""A member's certificate under a park's master policy (参保凭证), from its document."""

from __future__ import annotations

from datetime import date

from dinghai.documents.blocks import (
    Block,
    Bullets,
    Cell,
    Column,
    Document,
    Fields,
    Figures,
    Heading,
    Paragraph,
    Table,
)
from dinghai.documents.formats import day, money
from dinghai.documents.phrases import Language, phrase, pick
from dinghai.documents.typesetting import set_pdf
from dinghai.documents.webpage import set_html
from dinghai.foundation.canonical import JSON, document_hash
from dinghai.foundation.errors import InputError

SCHEMA = "dinghai.park-certificate/1"


def render_park_certificate(
    certificate: dict[str, JSON], *, issued_on: date, language: Language = "zh"
) -> bytes:
    """The certificate (dinghai.park-certificate/1) as PDF."""
    return set_pdf(park_certificate(certificate, issued_on=issued_on, language=language))


def park_certificate_html(
    certificate: dict[str, JSON], *, issued_on: date, language: Language = "zh"
) -> str:
    """The certificate as one HTML file that needs nothing else."""
    return set_html(park_certificate(certificate, issued_on=issued_on, language=language))


def park_certificate(
    certificate: dict[str, JSON], *, issued_on: date, language: Language = "zh"
) -> Document:
    """The certificate as blocks: who is covered, from when, for what, and what is shared.

    Raises InputError for another document.
    """
    if certificate.get("schema") != SCHEMA:
        raise InputError("this is not the certificate of a park's member", field="schema",
                         mend=f"give a document of schema {SCHEMA}")
    page = _Page(certificate, language)
    member = page.name(certificate["member"])
    blocks: list[Block] = [
        Paragraph(page.say("lead", park=page.park)),
        *page.parties(), *page.base(), *page.top_ups(), *page.shared(), *page.premium(),
        *page.notice(), *page.exclusions(),
        Paragraph(page.say("grants_nothing"), "small")]
    return Document(
        language=language, title=page.say("title"), subtitle=member,
        number=certificate["number"], issued_on=issued_on, issuer=certificate["insurer"],
        source_hash=document_hash(certificate),
        meta=((phrase("common.document_no", language), certificate["number"]),
              (phrase("common.policy_no", language), certificate["policy_no"]),
              (phrase("common.issued_on", language), day(issued_on, language))),
        blocks=tuple(blocks))


class _Page:
    """The parts of one certificate in one language."""

    def __init__(self, certificate: dict[str, JSON], language: Language) -> None:
        self.certificate, self.language = certificate, language
        self.park = pick(language, certificate["park_name_zh"], certificate["park_name_en"])

    def say(self, code: str, **values: object) -> str:
        return phrase(f"park_certificate.{code}", self.language, **values)

    def name(self, one: JSON) -> str:
        return pick(self.language, one["name_zh"], one["name_en"])

    def day(self, text: str) -> str:
        return day(date.fromisoformat(text), self.language)

    def parties(self) -> list[Block]:
        own, language = self.certificate, self.language
        first, last = self.day(own["first"]), self.day(own["last"])
        return [
            Figures(((self.say("first"), first, ""), (self.say("last"), last, ""),
                     (self.say("premium"), money(own["gross_fen"]), ""))),
            Heading(self.say("parties")),
            Fields(((self.say("member"), self.name(own["member"])),
                    (phrase("common.credit_code", language), own["member"]["credit_code"]),
                    (phrase("common.applicant", language), self.name(own["applicant"])),
                    (phrase("common.insurer", language), own["insurer"]))),
            Fields(((self.say("days"), self.say("days_value", first=first, last=last,
                                                days=own["days"])),), 1)]

    def base(self) -> list[Block]:
        base = self.certificate["base"]
        rows = tuple((
            Cell(self.name(one), note=one["coverage"]),
            self.say("within") if one["sublimit_fen"] is None else money(one["sublimit_fen"]))
            for one in base["sections"])
        return [
            Heading(self.say("base")),
            Paragraph(self.say("limits", each_event=money(base["each_event_fen"]),
                               period=money(base["period_fen"]))),
            Table((Column(phrase("common.coverage", self.language), share=3),
                   Column(self.say("sublimit"), "right", share=2)), rows)]

    def top_ups(self) -> list[Block]:
        held = self.certificate["top_ups"]
        if not held:
            return [Heading(self.say("top_ups")), Paragraph(self.say("no_top_up"))]
        rows = tuple((
            Cell(self.name(one), note=" · ".join(self.name(each) for each in one["coverages"])),
            Cell(self.day(one["first"]), note=self.say(f"pays_{one['order']}")),
            Cell(money(one["each_event_fen"]),
                 note="" if one["under_park_limits"] else self.say("outside")),
            money(one["period_fen"])) for one in held)
        return [Heading(self.say("top_ups")),
                Table((Column(self.say("top_up"), share=3), Column(self.say("from_day"), share=2),
                       Column(self.say("each_event"), "right", share=2),
                       Column(self.say("period_limit"), "right", share=2)), rows)]

    def shared(self) -> list[Block]:
        shared = self.certificate["shared"]
        names = {one["cover"]: self.name(one) for one in self.certificate["top_ups"]}
        return [
            Heading(self.say("shared")),
            Bullets((
                self.say("park_each_event", amount=money(shared["each_event_fen"])),
                self.say("park_period", amount=money(shared["period_fen"])),
                *(self.say("top_up_shared", name=names[one["cover"]],
                           each_event=money(one["each_event_fen"]),
                           period=money(one["period_fen"])) for one in shared["top_ups"])))]

    def premium(self) -> list[Block]:
        own = self.certificate
        return [Heading(self.say("premium_title")),
                Fields(tuple((self.say(name), money(own[f"{name}_fen"]))
                             for name in ("net", "vat", "gross")))]

    def notice(self) -> list[Block]:
        said = tuple(
            pick(self.language, one["text_zh"], one["text_en"])
            + (f"（{one['law']}）" if one["law"] and self.language == "zh" else
               f" ({one['law']})" if one["law"] else "")
            for one in self.certificate["notice"])
        return [Heading(self.say("notice")), Bullets(said)]

    def exclusions(self) -> list[Block]:
        rows = tuple((one["clause"], Cell(self.name(one), note=one["code"]))
                     for one in self.certificate["exclusions"])
        if not rows:
            return []
        return [Heading(self.say("exclusions")), Paragraph(self.say("exclusions_lead"), "small"),
                Table((Column(self.say("clause")),
                       Column(self.say("exclusion"), share=4)), rows)]
