"""The cyber risk assessment report (网络安全风险评估报告)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from dinghai.documents.blocks import (
    Block,
    Box,
    Bullets,
    Cell,
    Column,
    Document,
    Figures,
    Heading,
    PageBreak,
    Paragraph,
    Picture,
    Table,
    Tone,
)
from dinghai.documents.charts import score_bars
from dinghai.documents.formats import day, joined, percent, plain_money
from dinghai.documents.phrases import Language, phrase, pick
from dinghai.documents.typesetting import drawable, set_pdf
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.vocabulary.indicators import domains, indicators

_SEVERITIES = ("critical", "high", "medium", "low", "info")
_TONES: dict[str, Tone] = {"critical": "bad", "high": "bad", "medium": "warn"}
_SHOWN_FINDINGS = 20
_SHOWN_FIXES = 15


def render_assessment_report(
    assessment: JSON, *, organisation: str, issued_on: date, issuer: str = "", number: str = "",
    language: Language = "zh", findings: Sequence[Mapping[str, JSON]] = (),
    plan: JSON = None,
) -> bytes:
    """The report of an assessment document (dinghai.assessment/1) as PDF. Raises InputError.

    ``findings`` are finding documents in any order; the gravest are shown. ``plan`` is a treatment
    document (dinghai.treatment/1).
    """
    return set_pdf(assessment_report(
        assessment, organisation=organisation, issued_on=issued_on, issuer=issuer, number=number,
        language=language, findings=findings, plan=plan))


def assessment_report(
    assessment: JSON, *, organisation: str, issued_on: date, issuer: str = "", number: str = "",
    language: Language = "zh", findings: Sequence[Mapping[str, JSON]] = (),
    plan: JSON = None,
) -> Document:
    """The report as blocks."""
    if not isinstance(assessment, dict) or assessment.get("schema") != "dinghai.assessment/1":
        raise InputError("this is not an assessment", field="schema",
                         mend="give a document of schema dinghai.assessment/1")
    lead = phrase("report.lead", language)
    if assessment["light"]:
        lead += ("" if language == "zh" else " ") + phrase("report.lead_light", language)
    named = {str(one["finding_id"]): one for one in findings}
    blocks: list[Block] = [
        Paragraph(lead), _key_figures(assessment, language), *_outcome(assessment, language),
        *_domains(assessment, language), *_knock_outs(assessment, named, language),
        *_conflicts(assessment, named, language), *_gaps(assessment, language),
        *_findings(findings, language), *_plan(plan, language),
        Box(phrase("report.limits_title", language), (phrase("report.limits", language),), "info"),
        PageBreak(), *_annex(assessment, language),
    ]
    assessed = date.fromisoformat(assessment["on"])
    tables = assessment["tables"]
    data = " · ".join(part for part in (
        f"KEV {tables['kev_as_of']}",
        f"EPSS {tables['epss_as_of']}" if tables["epss_as_of"] else "") if part)
    return Document(
        language=language, title=phrase("report.title", language), subtitle=organisation,
        number=number or organisation, issued_on=issued_on, issuer=issuer,
        source_hash=assessment["hash"],
        meta=((phrase("report.assessed_on", language), day(assessed, language)),
              (phrase("common.issued_on", language), day(issued_on, language)),
              (phrase("report.tables", language), data)),
        blocks=tuple(blocks))


def indicator_name(code: str, language: Language) -> str:
    """``MFA-01 多因素认证``: code and name of an indicator."""
    found = indicators().get(code)
    return code if found is None else f"{code} {pick(language, found.name_zh, found.name_en)}"


def _key_figures(assessment: JSON, language: Language) -> Figures:
    outcome = phrase(f"assessment_outcome.{assessment['outcome']}", language)
    return Figures((
        (phrase("report.score", language), f"{assessment['total_ppm'] / 10_000:.1f}",
         phrase("report.score_note", language)),
        (phrase("report.grade", language), str(assessment["grade"]),
         phrase("report.grade_note", language)),
        (phrase("report.confidence", language), percent(assessment["confidence_ppm"] // 10_000
                                                        * 10_000),
         phrase("report.confidence_note", language)),
        (phrase("report.outcome", language), outcome, "")))


def _outcome(assessment: JSON, language: Language) -> list[Block]:
    lines = []
    for condition in assessment["conditions"]:
        what = phrase(f"assessment_condition.{condition['code']}", language)
        name = indicator_name(condition["indicator"], language)
        lines.append(f"{name}：{what}" if language == "zh" else f"{name}: {what}")
    if not lines:
        return []
    title = phrase(f"assessment_outcome.{assessment['outcome']}", language)
    return [Box(title, tuple(dict.fromkeys(lines)), "notice")]


def _domains(assessment: JSON, language: Language) -> list[Block]:
    unknown = phrase("truth.unknown", language)
    rows = []
    for one in assessment["domains"]:
        domain = domains()[one["domain"]]
        rows.append((pick(language, domain.name_zh, domain.name_en), one["score_ppm"],
                     one["weight_ppm"]))
    words = joined([f"{name} {unknown if score is None else f'{score / 10_000:.0f}'}"
                    for name, score, _ in rows], language)
    return [Heading(phrase("report.domains_title", language)),
            Picture(score_bars([(drawable(name), score, weight) for name, score, weight in rows],
                               unknown=unknown),
                    phrase("report.chart_alternative", language, values=words))]


def _cited(ids: Sequence[str], named: Mapping[str, Mapping[str, JSON]]) -> str:
    """The first findings of a list, by title where known."""
    shown = [f"{one} {named[one]['title']}" if one in named else one for one in ids[:3]]
    if len(ids) > 3:
        shown.append(f"… +{len(ids) - 3}")
    return "\n".join(shown) or "—"


def _knock_outs(
    assessment: JSON, named: Mapping[str, Mapping[str, JSON]], language: Language
) -> list[Block]:
    title = Heading(phrase("report.knock_outs_title", language))
    if not assessment["knock_outs"]:
        return [title, Paragraph(phrase("report.knock_outs_none", language))]
    rows = tuple(
        (Cell(indicator_name(one["indicator"], language), strong=True),
         Cell(phrase(f"knock_out_action.{one['action']}", language), tone="bad"),
         phrase("report.established_yes" if one["established"] else "report.established_no",
                language), _cited(one["finding_ids"], named))
        for one in assessment["knock_outs"])
    return [title, Table((Column(phrase("report.indicator", language), share=4),
                          Column(phrase("report.action", language), share=3),
                          Column(phrase("report.established", language), millimetres=24),
                          Column(phrase("report.findings", language), share=5)), rows)]


def _conflicts(
    assessment: JSON, named: Mapping[str, Mapping[str, JSON]], language: Language
) -> list[Block]:
    title = Heading(phrase("report.conflicts_title", language))
    if not assessment["conflicts"]:
        return [title, Paragraph(phrase("report.conflicts_none", language))]
    rows = tuple(
        (Cell(indicator_name(one["indicator"], language), strong=True), _score(
            one["answered_ppm"]), Cell(_score(one["observed_ppm"]), tone="bad"),
         _cited(one["finding_ids"], named))
        for one in assessment["conflicts"])
    return [title, Paragraph(phrase("report.conflicts_lead", language), "keep"),
            Table((Column(phrase("report.indicator", language), share=4),
                   Column(phrase("report.answered", language), "right", 18),
                   Column(phrase("report.observed", language), "right", 18),
                   Column(phrase("report.findings", language), share=5)), rows)]


def _score(ppm: int | None) -> str:
    return "—" if ppm is None else f"{ppm / 10_000:.0f}"


def _gaps(assessment: JSON, language: Language) -> list[Block]:
    blocks: list[Block] = [Heading(phrase("report.missing_title", language))]
    for key in ("missing", "stale", "unconfirmed"):
        codes = assessment[key]
        title = phrase(f"report.{key}", language, weight=percent(assessment["missing_weight_ppm"]))
        names = [indicator_name(code, language) for code in codes]
        blocks += [Heading(title, 2), Bullets(tuple(names)) if names
                   else Paragraph(phrase("common.none", language))]
    return blocks


def _findings(findings: Sequence[Mapping[str, JSON]], language: Language) -> list[Block]:
    if not findings:
        return []
    ordered = sorted(findings, key=lambda one: (
        _SEVERITIES.index(one["severity"]), -(one.get("cvss") or 0), one["finding_id"]))
    shown = ordered[:_SHOWN_FINDINGS]
    rows = tuple(
        (Cell(phrase(f"severity.{one['severity']}", language), strong=True,
              tone=_TONES.get(one["severity"], "")),
         Cell(str(one["title"]), " ".join(str(cve) for cve in list(one.get("cves", ()))[:4])),
         Cell(_place(one), str(one["finding_id"])),
         phrase(f"finding_kind.{one['kind']}", language))
        for one in shown)
    return [Heading(phrase("report.findings_title", language)),
            Table((Column(phrase("common.severity", language), millimetres=16),
                   Column(phrase("common.finding", language), share=5),
                   Column(phrase("common.asset", language), share=3),
                   Column(phrase("decision.kind", language), millimetres=28)), rows,
                  label=phrase("report.findings_label", language, count=len(shown),
                               total=len(findings)))]


def _place(finding: Mapping[str, JSON]) -> str:
    port = finding.get("port")
    return f"{finding['asset']}:{port}" if port else str(finding["asset"])


def _plan(plan: JSON, language: Language) -> list[Block]:
    """The fixes to full marks in the plan's order, each on its own against today."""
    if not plan or not plan["fixes"]:
        return []
    fixes = [one for one in plan["fixes"] if one["level"] == "full"][:_SHOWN_FIXES]
    rows = tuple(
        (Cell(indicator_name(one["indicator"], language), strong=True,
              tone="bad" if one["knock_out"] else ""),
         f"{_score(one['from_ppm'])} → {_score(one['to_ppm'])}",
         phrase(f"effort.{one['effort']}", language),
         plain_money(one["expected_loss_reduction_fen"]),
         plain_money(one["charged_reduction_fen"])) for one in fixes)
    return [Heading(phrase("report.plan_title", language)),
            Table((Column(phrase("report.fix", language)),
                   Column(phrase("report.counted", language), "right", 24),
                   Column(phrase("report.effort", language), millimetres=18),
                   Column(phrase("report.loss_saved", language), "right", 36),
                   Column(phrase("report.premium_saved", language), "right", 34)), rows,
                  label=phrase("report.plan_label", language))]


def _annex(assessment: JSON, language: Language) -> list[Block]:
    rows = []
    for one in assessment["indicators"]:
        reasons = joined([phrase(f"score_reason.{reason}", language)
                          for reason in one["reasons"]], language)
        score = one["score_ppm"]
        tone: Tone = "muted" if score is None else "bad" if score < 400_000 else ""
        rows.append((indicator_name(one["indicator"], language), percent(one["weight_ppm"]),
                     _score(one["answered_ppm"]), _score(one["observed_ppm"]),
                     Cell(_score(score), strong=score is not None, tone=tone), reasons or "—"))
    return [Heading(phrase("report.indicators_title", language)),
            Table((Column(phrase("report.indicator", language), share=4),
                   Column(phrase("report.weight", language), "right", 15),
                   Column(phrase("report.answered", language), "right", 18),
                   Column(phrase("report.observed", language), "right", 18),
                   Column(phrase("report.counted", language), "right", 15),
                   Column(phrase("report.reasons", language), share=4)), tuple(rows))]
