"""The facts that rules of referral may name: what each is, and its value for one quote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from dinghai.assessment.profile import Profile
from dinghai.foundation.money import Fen
from dinghai.pricing.rating import Rating

FactKind = Literal["fen", "ppm", "count", "truth", "word", "words"]
FactValue: TypeAlias = "int | bool | str | tuple[str, ...] | None"
"""A fact's value; None is unknown, which is neither false nor nothing."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A named fact: its kind, its name, and who can say it (a role of the vocabulary)."""

    name: str
    kind: FactKind
    name_zh: str
    name_en: str
    known_by: str = "underwriter"


_ALL: Final = (
    Fact("terms.aggregate_limit_fen", "fen", "累计限额", "Aggregate limit"),
    Fact("terms.event_deductible_fen", "fen", "每次事故免赔额", "Deductible of each event"),
    Fact("premium.charged_net_fen", "fen", "收取保费（不含税）", "Charged premium before VAT"),
    Fact("premium.rate_on_line_ppm", "ppm", "限额费率", "Rate on line"),
    Fact("premium.adequacy_ppm", "ppm", "充足率", "Adequacy"),
    Fact("rating.filed.rate_on_line_minimum_ppm", "ppm", "备案限额费率下限",
         "Lowest filed rate on line", "actuary"),
    Fact("rating.filed.rate_on_line_maximum_ppm", "ppm", "备案限额费率上限",
         "Highest filed rate on line", "actuary"),
    Fact("rating.authority.aggregate_limit_fen", "fen", "核保人限额权限",
         "Underwriter's authority: limit", "actuary"),
    Fact("rating.authority.net_premium_fen", "fen", "核保人保费权限",
         "Underwriter's authority: premium", "actuary"),
    Fact("rating.authority.minimum_confidence_ppm", "ppm", "核保人可信度下限",
         "Underwriter's authority: confidence", "actuary"),
    Fact("assessment.confidence_ppm", "ppm", "评估可信度", "Confidence of the assessment",
         "assessor"),
    Fact("assessment.score_ppm", "ppm", "安全评分", "Security score", "assessor"),
    Fact("assessment.grade", "word", "风险等级", "Grade", "assessor"),
    Fact("assessment.knock_outs", "count", "未达到的最低要求", "Minimum requirements not met",
         "assessor"),
    Fact("assessment.unconfirmed", "count", "未核实的最低要求",
         "Minimum requirements not confirmed", "insured_security"),
    Fact("assessment.conflicts", "count", "申报与扫描不一致", "Answers that scans contradict",
         "insured_security"),
    Fact("profile.revenue_fen", "fen", "年营业收入", "Annual revenue", "insured_admin"),
    Fact("profile.industry", "word", "行业门类", "Industry section", "insured_admin"),
    Fact("profile.critical_infrastructure", "truth", "关键信息基础设施运营者",
         "Operator of critical infrastructure", "insured_admin"),
    Fact("profile.important_data", "truth", "重要数据处理者", "Processor of important data",
         "insured_admin"),
    Fact("profile.jurisdictions", "words", "法域", "Jurisdictions", "insured_admin"),
    Fact("profile.headcount", "count", "员工人数", "Headcount", "insured_admin"),
    Fact("profile.sensitive_records", "count", "敏感个人信息条数",
         "Records of sensitive personal data", "insured_admin"),
    Fact("profile.incidents", "count", "五年内事故次数", "Incidents of five years",
         "insured_admin"),
    Fact("screening.sanctions_hit", "truth", "制裁名单命中", "Hit on a sanctions list",
         "compliance"),
)
FACTS: Final[Mapping[str, Fact]] = {one.name: one for one in _ALL}
"""Every fact by its name."""


@dataclass(frozen=True, slots=True)
class AssessedFigures:
    """What rules look at of an assessment."""

    confidence_ppm: int
    score_ppm: int
    grade: str
    knock_outs: int
    unconfirmed: int
    conflicts: int


@dataclass(frozen=True, slots=True)
class QuotedFigures:
    """What rules look at of a price and its terms."""

    aggregate_limit_fen: Fen
    event_deductible_fen: Fen
    charged_net_fen: Fen
    rate_on_line_ppm: int
    adequacy_ppm: int


def facts_of(
    profile: Profile, assessed: AssessedFigures, quoted: QuotedFigures, rating: Rating,
    screening: Mapping[str, FactValue] | None = None,
) -> dict[str, FactValue]:
    """The value of every fact for one quote. What nobody has looked at is None."""
    filed, authority = rating.filed, rating.authority
    known: dict[str, FactValue] = {
        "terms.aggregate_limit_fen": quoted.aggregate_limit_fen,
        "terms.event_deductible_fen": quoted.event_deductible_fen,
        "premium.charged_net_fen": quoted.charged_net_fen,
        "premium.rate_on_line_ppm": quoted.rate_on_line_ppm,
        "premium.adequacy_ppm": quoted.adequacy_ppm,
        "rating.filed.rate_on_line_minimum_ppm": filed.rate_on_line_minimum_ppm,
        "rating.filed.rate_on_line_maximum_ppm": filed.rate_on_line_maximum_ppm,
        "rating.authority.aggregate_limit_fen": authority.aggregate_limit_fen,
        "rating.authority.net_premium_fen": authority.net_premium_fen,
        "rating.authority.minimum_confidence_ppm": authority.minimum_confidence_ppm,
        "assessment.confidence_ppm": assessed.confidence_ppm,
        "assessment.score_ppm": assessed.score_ppm,
        "assessment.grade": assessed.grade,
        "assessment.knock_outs": assessed.knock_outs,
        "assessment.unconfirmed": assessed.unconfirmed,
        "assessment.conflicts": assessed.conflicts,
        "profile.revenue_fen": profile.revenue_fen,
        "profile.industry": profile.industry,
        "profile.critical_infrastructure": profile.critical_infrastructure,
        "profile.important_data": profile.important_data,
        "profile.jurisdictions": profile.jurisdictions or None,
        "profile.headcount": profile.headcount,
        "profile.sensitive_records": profile.pi_records_sensitive,
        "profile.incidents": len(profile.loss_history),
    }
    given = screening or {}
    return {name: given.get(name, known.get(name)) for name in FACTS}
