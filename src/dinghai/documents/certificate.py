"""A member's certificate of a chain's programme (参保证明), from its document."""

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
    Signatures,
    Table,
)
from dinghai.documents.formats import day, duration, money, percent, period
from dinghai.documents.phrases import Language, phrase, pick
from dinghai.documents.readings import code_words
from dinghai.documents.typesetting import set_pdf
from dinghai.foundation.canonical import JSON, document_hash


def render_certificate(
    certificate: dict[str, JSON], *, issued_on: date, language: Language = "zh"
) -> bytes:
    """The certificate (dinghai.chain-certificate/1) as PDF."""
    return set_pdf(certificate_paper(certificate, issued_on=issued_on, language=language))


def certificate_paper(
    certificate: dict[str, JSON], *, issued_on: date, language: Language = "zh"
) -> Document:
    """The certificate as blocks: who is covered, from when, for what, and what is shared."""
    insurer, member = (_name(certificate[one], language) for one in ("insurer", "member"))
    number, policy_no = certificate["number"], certificate["policy_no"]
    blocks: list[Block] = [
        Paragraph(phrase("certificate.lead", language)),
        *_parties(certificate, language),
        Heading(phrase("certificate.cover", language)),
        _sections(certificate, language),
        Paragraph(phrase("certificate.deductible", language,
                         amount=money(certificate["event_deductible_fen"])), "small"),
        *_shared(certificate, language),
        *_layers(certificate, language),
        Paragraph(phrase("certificate.grants_nothing", language), "small"),
        Signatures(((phrase("common.insurer", language) + f"  {insurer}",
                     (phrase("common.sign", language), phrase("common.signed_on", language))),)),
    ]
    return Document(
        language=language, title=phrase("certificate.title", language), subtitle=member,
        number=number, issued_on=issued_on, issuer=insurer,
        source_hash=document_hash(certificate),
        meta=((phrase("common.document_no", language), number),
              (phrase("common.policy_no", language), policy_no),
              (phrase("common.issued_on", language), day(issued_on, language))),
        blocks=tuple(blocks))


def _name(party: JSON, language: Language) -> str:
    return pick(language, party["name_zh"], party["name_en"])


def _parties(certificate: dict[str, JSON], language: Language) -> list[Block]:
    first, last = (date.fromisoformat(certificate[one]) for one in ("first", "last"))
    member = certificate["member"]
    whole = period(first, last, language).replace("\n", "" if language == "zh" else " ")
    return [
        Figures(((phrase("certificate.first", language), day(first, language), ""),
                 (phrase("certificate.last", language), day(last, language), ""),
                 (phrase("certificate.premium", language), money(certificate["premium_fen"]),
                  ""))),
        Heading(phrase("certificate.parties", language)),
        Fields(((phrase("certificate.member", language), _name(member, language)),
                (phrase("common.credit_code", language),
                 member["credit_code"] or phrase("common.not_given", language)),
                (phrase("common.applicant", language),
                 _name(certificate["applicant"], language)),
                (phrase("common.insurer", language), _name(certificate["insurer"], language)))),
        Fields(((phrase("common.period", language), whole),), 1)]


def _sections(certificate: dict[str, JSON], language: Language) -> Table:
    rows = []
    for one in certificate["sections"]:
        note = phrase("certificate.own_limit" if one["of_its_own"] else "certificate.shared_limit",
                      language)
        waiting = one.get("waiting_seconds")
        rows.append((
            Cell(pick(language, one["name_zh"], one["name_en"]), note=one["coverage"]),
            Cell(money(one["limit_fen"]), note=note),
            duration(waiting, language) if waiting else "—",
            percent(one["insured_share_ppm"]) if one.get("insured_share_ppm") else "—"))
    return Table((Column(phrase("common.coverage", language), share=3),
                  Column(phrase("certificate.limit", language), "right", share=2),
                  Column(phrase("certificate.waiting", language), "right"),
                  Column(phrase("certificate.own_share", language), "right")), tuple(rows))


def _shared(certificate: dict[str, JSON], language: Language) -> list[Block]:
    shared = certificate["shared"]
    return [
        Heading(phrase("certificate.shared", language)),
        Bullets((
            phrase("certificate.each_event", language,
                   amount=money(shared["each_event_limit_fen"])),
            phrase("certificate.aggregate", language,
                   amount=money(shared["aggregate_limit_fen"]))))]


def _layers(certificate: dict[str, JSON], language: Language) -> list[Block]:
    if not certificate["layers"]:
        return []
    rows = []
    for layer in certificate["layers"]:
        title = Cell(pick(language, layer["name_zh"], layer["name_en"]),
                     note=phrase("calculation.layer_fen", language,
                                 attachment=money(layer["attachment_fen"]),
                                 limit=money(layer["limit_fen"])))
        for place, one in enumerate(layer["shares"]):
            rows.append((title if place == 0 else "", _bearer(one, language),
                         percent(one["share_ppm"]), phrase(f"bearing.{one['kind']}", language)))
    return [Heading(phrase("certificate.layers", language)),
            Table((Column(phrase("certificate.layer", language), share=2),
                   Column(phrase("certificate.party", language), share=2),
                   Column(phrase("certificate.share", language), "right"),
                   Column(phrase("certificate.as_what", language), share=2)), tuple(rows)),
            Paragraph(phrase("calculation.layer_law", language), "small")]


def _bearer(one: JSON, language: Language) -> str:
    role, party = phrase(f"role.{one['role']}", language), code_words(
        "party", one["party"], language)
    return role if party == role else f"{party}\n{role}"
