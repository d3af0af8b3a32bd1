"""The regulator's report of a subsidy (dinghai.subsidy-report/1) as text for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final

from dinghai.documents.blocks import Block, Column, Document, Figures, Heading, Paragraph, Table
from dinghai.documents.formats import day, money
from dinghai.documents.phrases import Language, pick
from dinghai.documents.typesetting import set_pdf
from dinghai.documents.webpage import set_html
from dinghai.foundation.canonical import JSON, document_hash
from dinghai.foundation.errors import InputError
from dinghai.schemes.subsidy_rule import SubsidyRule
from dinghai.vocabulary.industries import industries

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("保费补贴监管报告", "Regulator's report of a subsidy of premiums"),
    "issued": ("报告日", "Issued on"), "version": ("规则版本", "Version of the rule"),
    "period": ("补贴期", "Period"), "head": ("登记簿末条哈希", "Head of the register"),
    "budget": ("预算", "Budget"), "used": ("已占用", "Used"), "left": ("剩余", "Left"),
    "paid": ("已付", "Paid"), "returned": ("已追回", "Came back"),
    "due": ("待追回", "To come back"), "granted": ("已批", "Ever granted"),
    "standing": ("现行补贴", "Stands"), "all": ("合计", "All"),
    "applications": ("申请", "Applications"), "approved": ("批准", "Granted"),
    "waiting": ("等待", "Waiting"), "refused": ("拒绝", "Refused"),
    "withdrawn": ("撤销", "Withdrawn"), "why": ("拒绝原因", "Refused for"),
    "sector": ("按行业", "By sector"), "area": ("按地区", "By area"),
    "size": ("按企业规模", "By size of firm"), "month": ("按申请月份", "By month of application"),
    "insurer": ("按保险人", "By insurer"), "unknown": ("未说明", "Not stated"),
    "micro": ("微型", "Micro"), "small": ("小型", "Small"), "medium": ("中型", "Medium"),
    "large": ("大型", "Large"), "nothing": ("尚无申请。", "There is no application yet."),
    "note": ("补贴以企业自行承担的保费为基数；每份申请只计入一种结果，金额以分为单位加总，各表合计"
             "与登记簿一致。",
             "The subsidy is on the premium that firms bear themselves. Each application counts "
             "once; amounts are summed in fen and every table agrees with the register."),
}


def render_subsidy_report(
    report: Mapping[str, JSON], rule: SubsidyRule, *, issued_on: date, language: Language = "zh",
) -> bytes:
    """The report as a PDF."""
    return set_pdf(subsidy_report(report, rule, issued_on=issued_on, language=language))


def subsidy_report_page(
    report: Mapping[str, JSON], rule: SubsidyRule, *, issued_on: date, language: Language = "zh",
) -> str:
    """The report as an HTML file."""
    return set_html(subsidy_report(report, rule, issued_on=issued_on, language=language))


def subsidy_report(
    report: Mapping[str, JSON], rule: SubsidyRule, *, issued_on: date, language: Language = "zh",
) -> Document:
    """The report as blocks. Raises InputError for another document."""
    if report.get("schema") != "dinghai.subsidy-report/1":
        raise InputError("this is not the report of a subsidy", field="schema",
                         mend="give a document of schema dinghai.subsidy-report/1")

    def say(code: str) -> str:
        return pick(language, *_WORDS[code]) if code in _WORDS else code

    budget, total = report["budget"], report["total"]
    blocks: list[Block] = [
        Figures((
            (say("budget"), money(budget["budget_fen"]), ""),
            (say("used"), money(budget["used_fen"]),
             f"{budget['used_fen'] / budget['budget_fen']:.1%}"),
            (say("left"), money(budget["left_fen"]), ""))),
        Figures(tuple((say(code), money(total[name]), "") for code, name in (
            ("granted", "granted_fen"), ("paid", "paid_fen"), ("due", "due_fen"),
            ("returned", "returned_fen")))),
        Paragraph(say("note"), "small")]
    if not total["applications"]:
        blocks.append(Paragraph(say("nothing")))
    for name, rows in report["groups"].items():
        if rows:
            blocks += [Heading(say(name)), _table(name, rows, total, say, language)]
    if report["refused_by_reason"]:
        blocks += [Heading(say("why")), Table(
            (Column(say("why"), share=3), Column(say("applications"), "right")),
            tuple((code, str(count)) for code, count in report["refused_by_reason"].items()))]
    name = rule.name_zh if language == "zh" else rule.name_en or rule.name_zh
    return Document(
        language=language, title=say("title"), subtitle=name,
        number=f"{rule.id}-{issued_on:%Y%m%d}", issued_on=issued_on, issuer=rule.authority,
        source_hash=document_hash(dict(report)), layout="landscape",
        meta=((say("issued"), day(issued_on, language)), (say("version"), report["version"]),
              (say("period"),
               f"{day(rule.period.first, language)} – {day(rule.period.last, language)}"),
              (say("head"), report["register_head"][:16])),
        blocks=tuple(blocks))


def _table(name: str, rows: Sequence[Mapping[str, JSON]], total: Mapping[str, JSON],
           say: Callable[[str], str], language: Language) -> Table:
    right = [Column(say(code), "right", share=2) for code in (
        "applications", "approved", "waiting", "refused", "withdrawn")]
    money_columns = [Column(say(code), "right", share=3) for code in (
        "granted", "standing", "paid", "returned", "due")]
    return Table(
        (Column(say(name), share=4), *right, *money_columns),
        tuple(_row(_key(name, one["key"], say, language), one) for one in rows),
        (_row(say("all"), total),), label=say(name))


def _key(name: str, key: str, say: Callable[[str], str], language: Language) -> str:
    if name == "sector" and key in industries():
        section = industries()[key]
        return f"{key} {pick(language, section.name_zh, section.name_en)}"
    return say(key) if name == "size" or key == "unknown" else key


def _row(label: str, one: Mapping[str, JSON]) -> tuple[str, ...]:
    waiting = one["waiting_budget"] + one["waiting_close"] + one["waiting_evidence"]
    return (label, str(one["applications"]), str(one["granted"]), str(waiting),
            str(one["refused"]), str(one["withdrawn"]),
            *(money(one[name]) for name in (
                "granted_fen", "standing_fen", "paid_fen", "returned_fen", "due_fen")))
