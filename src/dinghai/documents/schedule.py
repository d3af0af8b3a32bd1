"""The policy and its schedule (保险单及明细表)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

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
from dinghai.documents.booklet_layers import extent_words, participants_words
from dinghai.documents.booklet_sections import retention_words
from dinghai.documents.booklet_terms import parameter_words
from dinghai.documents.formats import (
    capital_amount,
    day,
    joined,
    moment,
    money,
    percent,
    period,
    plain_money,
)
from dinghai.documents.inputs import PremiumSplit
from dinghai.documents.phrases import Language, phrase, pick
from dinghai.documents.reader import Reader
from dinghai.documents.readings import code_words, coverage_name, law_words, waiting_words
from dinghai.documents.typesetting import set_pdf
from dinghai.foundation.canonical import JSON, document_hash
from dinghai.foundation.money import PPM
from dinghai.vocabulary.coverages import coverages
from dinghai.wording.explaining import terms_to_explain
from dinghai.wording.policy import Party, Policy, explained, read_policy
from dinghai.wording.sections import Section

_SUBTOTALS = frozenset({"technical", "charged", "net"})


def render_policy_schedule(
    policy: JSON, *, issued_on: date, language: Language = "zh",
    premium: PremiumSplit | None = None, special_agreements: Sequence[str] = (),
) -> bytes:
    """The schedule of a policy document (dinghai.policy/1) as PDF. Raises InputError."""
    return set_pdf(policy_schedule(policy, issued_on=issued_on, language=language,
                                   premium=premium, special_agreements=special_agreements))


def policy_schedule(
    policy: JSON, *, issued_on: date, language: Language = "zh",
    premium: PremiumSplit | None = None, special_agreements: Sequence[str] = (),
) -> Document:
    """The schedule as blocks. Raises InputError for a document that is no policy."""
    read = read_policy(policy, file="policy")
    schedule, product = read.schedule, read.product
    name = pick(language, product.name_zh, product.name_en)
    blocks: list[Block] = [
        Paragraph(phrase("schedule.lead", language)),
        *_parties(read, language),
        *_period(read, language),
        *_sums(read, language, premium),
        *_premium(read, language, premium),
        *_services(read, language),
        *_explanations(read, language),
        Heading(phrase("schedule.special", language)),
        Bullets(tuple(special_agreements), ordered=True) if special_agreements
        else Paragraph(phrase("common.none", language)),
        _reminders(read, language),
        Signatures(((phrase("common.insurer", language) + f"  {_name(schedule.insurer, language)}",
                     (phrase("common.sign", language), phrase("common.signed_on", language))),
                    (phrase("common.applicant", language)
                     + f"  {_name(schedule.applicant, language)}",
                     (phrase("common.sign", language), phrase("common.signed_on", language))))),
    ]
    return Document(
        language=language, title=phrase("schedule.title", language), subtitle=name,
        number=schedule.policy_no, issued_on=issued_on,
        issuer=_name(schedule.insurer, language), source_hash=document_hash(policy),
        meta=((phrase("common.policy_no", language), schedule.policy_no),
              (phrase("common.issued_on", language), day(issued_on, language)),
              (phrase("common.product", language), f"{product.product_id} {product.version}")),
        blocks=tuple(blocks))


def _name(party: Party, language: Language) -> str:
    return pick(language, party.name_zh, party.name_en)


def _parties(policy: Policy, language: Language) -> list[Block]:
    schedule = policy.schedule
    code = phrase("common.credit_code", language)
    rows = []
    for role, party in (("insurer", schedule.insurer), ("applicant", schedule.applicant),
                        ("insured", schedule.insured)):
        rows.append((phrase(f"common.{role}", language), _name(party, language)))
        rows.append((code, party.credit_code or phrase("common.not_given", language)))
    return [Heading(phrase("schedule.parties", language)), Fields(tuple(rows))]


def _period(policy: Policy, language: Language) -> list[Block]:
    schedule, basis = policy.schedule, policy.product.basis
    none = phrase("common.none", language)
    retroactive, continuity = schedule.retroactive_date, schedule.continuity_date
    event = phrase(f"aggregation.{basis.aggregation_rule}", language, hours=basis.hours_window)
    jurisdictions = [code_words("value", one, language) for one in policy.product.jurisdictions]
    whole = period(schedule.inception, schedule.expiry, language).replace(
        "\n", "" if language == "zh" else " ")
    days = phrase("common.days", language, days=policy.days)
    rows = (
        (phrase("schedule.currency", language), policy.product.currency),
        (phrase("schedule.extended_reporting", language),
         phrase("common.days", language, days=basis.extended_reporting_days)),
        (phrase("schedule.territory", language),
         code_words("territory", basis.territory, language)),
        (phrase("schedule.jurisdiction", language), joined(jurisdictions, language)),
        (phrase("schedule.retroactive_date", language),
         day(retroactive, language) if retroactive else none),
        (phrase("schedule.continuity_date", language),
         day(continuity or schedule.inception, language)),
    )
    open_, close = ("（", "）") if language == "zh" else (" (", ")")
    return [Heading(phrase("schedule.period_basis", language)),
            Fields(((phrase("common.period", language), f"{whole}{open_}{days}{close}"),), 1),
            Fields(rows),
            Paragraph(phrase("schedule.event", language) + ("：" if language == "zh" else ": ")
                      + event, "small")]


def _sums(policy: Policy, language: Language, premium: PremiumSplit | None) -> list[Block]:
    schedule = policy.schedule
    gross = premium.gross_fen if premium else schedule.gross_premium_fen
    days = phrase("common.days", language, days=policy.days)
    figures = [
        (phrase("common.aggregate_limit", language), money(schedule.aggregate_limit_fen),
         phrase("sublimit_basis.annual", language)),
        (phrase("common.each_event_limit", language), money(schedule.each_event_limit_fen),
         phrase("sublimit_basis.each_event", language)),
        (phrase("common.event_deductible", language), money(schedule.event_deductible_fen),
         phrase("sublimit_basis.each_event", language)),
    ]
    if gross is not None:
        figures.append((phrase("common.gross_premium", language), money(gross), days))
    blocks: list[Block] = [
        Heading(phrase("schedule.sums", language)), Figures(tuple(figures)),
        Fields(((phrase("schedule.capital_aggregate", language),
                 capital_amount(schedule.aggregate_limit_fen)),), columns=1),
        _section_table(policy, language),
    ]
    if policy.product.shared_limits:
        blocks.append(_shared_table(policy, language))
    if policy.product.towers:
        blocks.append(_tower_table(policy, language))
    return [*blocks, *_agreed(policy, language)]


def _agreed(policy: Policy, language: Language) -> list[Block]:
    """Members, agreed numbers and layers, where the policy has them."""
    reader = Reader(policy.product, policy, language)
    rows = []
    members = policy.schedule.members
    if members:
        rows.append((phrase("schedule.members", language),
                     reader.list(reader.pick(one.name_zh, one.name_en) for one in members)))
    if policy.product.parameters:
        rows.append((phrase("calculation.parameters_title", language),
                     reader.clauses(parameter_words(reader))))
    blocks: list[Block] = [Fields(tuple(rows), 1)] if rows else []
    clauses = {one.id: one.clause for one in policy.product.layers}
    table = tuple((clauses.get(one.id, "") or "—",
                   Cell(reader.pick(one.name_zh, one.name_en), extent_words(one, reader)),
                   "\n".join(reader.label(*each) for each in participants_words(one, reader))
                   or phrase("calculation.layer_whole", language))
                  for one in policy.schedule.layers)
    if table:
        blocks.append(Table((Column(phrase("common.clause", language), millimetres=13),
                             Column(phrase("shares.layer", language), share=3),
                             Column(phrase("shares.share", language), share=4)), table,
                            label=phrase("shares.lead", language)))
    return blocks


def _section_table(policy: Policy, language: Language) -> Table:
    reader = Reader(policy.product, policy, language)
    rows = []
    for scheduled in policy.schedule.sections:
        section = policy.product.section(scheduled.coverage)
        assert section is not None  # read_policy() has checked it
        rows.append((
            section.clause,
            Cell(pick(language, section.name_zh, section.name_en), section.coverage),
            plain_money(scheduled.sublimit_fen),
            _waiting(section, language),
            retention_words(section.retention, reader),
            percent(section.insured_share_ppm) if section.insured_share_ppm else "—",
            phrase(f"trigger_basis.{section.trigger_basis}", language),
        ))
    return Table(
        (Column(phrase("common.clause", language), millimetres=13),
         Column(phrase("common.coverage", language)),
         Column(phrase("schedule.sublimit_yuan", language), "right", 27),
         Column(phrase("common.waiting", language), millimetres=32),
         Column(phrase("schedule.retention", language), millimetres=27),
         Column(phrase("schedule.share", language), "right", 12),
         Column(phrase("schedule.basis", language), millimetres=22)),
        tuple(rows), label=phrase("schedule.sections_label", language))


def _waiting(section: Section, language: Language) -> str:
    waiting = section.waiting
    return "—" if waiting is None else waiting_words(waiting.seconds, waiting.mode, language)


def _shared_table(policy: Policy, language: Language) -> Table:
    aggregate = policy.schedule.aggregate_limit_fen
    rows = []
    for shared in policy.product.shared_limits:
        fen = (shared.amount_fen if shared.amount_fen is not None
               else aggregate * (shared.ppm_of_aggregate or PPM) // PPM)
        names = [coverage_name(policy.product, one, language) for one in shared.coverages]
        rows.append((shared.clause, joined(names, language), plain_money(fen)))
    return Table(
        (Column(phrase("common.clause", language), millimetres=13),
         Column(phrase("schedule.shared", language)),
         Column(phrase("schedule.shared_yuan", language), "right", 36)),
        tuple(rows), label=phrase("schedule.shared_label", language))


def _tower_table(policy: Policy, language: Language) -> Table:
    rows = []
    for tower in policy.product.towers:
        limit = phrase(f"tower_cap.{tower.cap}", language)
        if tower.cap == "sum_insured":
            limit += "\n" + money(policy.schedule.aggregate_limit_fen)
        rows.append((tower.clause, Cell(pick(language, tower.name_zh, tower.name_en),
                                        tower.coverage), law_words(tower.law, language), limit))
    return Table(
        (Column(phrase("common.clause", language), millimetres=13),
         Column(phrase("common.coverage", language)),
         Column(phrase("common.law", language), millimetres=32),
         Column(phrase("schedule.tower_limit", language), "right", 44)),
        tuple(rows), label=phrase("schedule.towers_label", language))


def premium_table(premium: PremiumSplit, language: Language) -> list[Block]:
    """The parts of a premium, its sum, and the sum in capital numerals."""
    rows = tuple(
        (Cell(phrase(f"premium.{code}", language), strong=code in _SUBTOTALS),
         Cell(plain_money(fen), strong=code in _SUBTOTALS)) for code, fen in premium.rows)
    foot = ((phrase("premium.gross", language), plain_money(premium.gross_fen)),)
    return [Table((Column(phrase("schedule.premium_part", language)),
                   Column(phrase("common.amount_yuan", language), "right", 45)), rows, foot),
            Fields(((phrase("common.capital", language), capital_amount(premium.gross_fen)),),
                   columns=1)]


def _premium(policy: Policy, language: Language, premium: PremiumSplit | None) -> list[Block]:
    blocks: list[Block] = [Heading(phrase("schedule.premium", language))]
    gross = policy.schedule.gross_premium_fen
    if premium is not None:
        blocks += premium_table(premium, language)
    elif gross is not None:
        blocks.append(Fields(((phrase("premium.gross", language), money(gross)),
                              (phrase("common.capital", language), capital_amount(gross))), 1))
    else:
        blocks.append(Paragraph(phrase("schedule.premium_none", language)))
    blocks.append(Paragraph(phrase("schedule.cover_start", language), "small"))
    return blocks


def service_table(policy: Policy, language: Language) -> Table:
    """The services that come with the policy."""
    rows = []
    for service in policy.product.services:
        standard = coverages()[service.code]
        rows.append((service.clause,
                     Cell(pick(language, standard.name_zh, standard.name_en), service.code),
                     pick(language, standard.plain_zh, standard.plain_en),
                     f"{service.quantity} {pick(language, service.unit_zh, service.unit_en)}"))
    return Table((Column(phrase("common.clause", language), millimetres=13),
                  Column(phrase("schedule.service", language), millimetres=48),
                  Column(phrase("common.remark", language)),
                  Column(phrase("schedule.quantity", language), "right", 27)), tuple(rows))


def _services(policy: Policy, language: Language) -> list[Block]:
    named = joined(list(policy.schedule.providers), language) or phrase("common.none", language)
    blocks: list[Block] = [Heading(phrase("schedule.providers", language)),
                           Fields(((phrase("schedule.providers_label", language), named),), 1)]
    if policy.product.services:
        blocks.append(service_table(policy, language))
    return blocks


def _explanations(policy: Policy, language: Language) -> list[Block]:
    terms = terms_to_explain(policy)
    records = policy.schedule.explanations
    rows = []
    for kind in dict.fromkeys(one.kind for one in terms):
        keys = [one for one in terms if one.kind == kind]
        proved = [one for one in keys if explained(policy, one.key, one.duty)]
        held = [records[one.key] for one in proved if one.key in records]
        moments = [one.explained_at for one in held if one.explained_at is not None]
        rows.append((
            phrase(f"term_kind.{kind}", language), str(len(keys)), str(len(proved)),
            moment(max(moments), language) if moments else "—",
            joined(sorted({one.channel for one in held if one.channel}), language) or "—",
            joined(sorted({one.confirmed_by for one in held if one.confirmed_by}), language)
            or "—"))
    table = Table(
        (Column(phrase("schedule.term_kind", language)),
         Column(phrase("schedule.terms", language), "right", 22),
         Column(phrase("schedule.explained", language), "right", 22),
         Column(phrase("schedule.last_explained", language), millimetres=38),
         Column(phrase("schedule.channel", language), millimetres=25),
         Column(phrase("schedule.confirmed_by", language), millimetres=25)), tuple(rows))
    missing = [f"{one.clause} {pick(language, one.name_zh, one.name_en)}".strip()
               for one in terms if not explained(policy, one.key, one.duty)]
    blocks: list[Block] = [Heading(phrase("schedule.explanation", language)),
                           Paragraph(phrase("schedule.explanation_lead", language), "keep"), table]
    if missing:
        blocks.append(Box(phrase("schedule.unexplained_title", language),
                          (joined(missing, language),), "exclusion"))
    else:
        blocks.append(Paragraph(phrase("schedule.all_explained", language), "small"))
    return blocks


def _reminders(policy: Policy, language: Language) -> Box:
    notice = policy.product.claims_process.notice_hours
    return Box(phrase("schedule.important_title", language),
               (phrase("schedule.important_1", language),
                phrase("schedule.important_2", language, hours=notice),
                phrase("schedule.important_3", language)), "info")
