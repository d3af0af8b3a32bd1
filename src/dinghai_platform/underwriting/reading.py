"""An assessment document made ready for its page: names, findings and words in their places."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from dinghai.pricing.referral_facts import FACTS
from dinghai.vocabulary.indicators import domains, indicators
from dinghai_platform.site.charts import Chart, bar_chart, line_chart, waterfall_chart
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.site.words import name_of
from dinghai_platform.underwriting import queries
from dinghai_platform.underwriting.models import Assessment, TreatmentPlan
from dinghai_platform.underwriting.words import (
    ACTIONS,
    BUNDLES,
    CONDITIONS,
    NOT_COUNTED,
    QUOTE_REASONS,
    REASONS,
    WATERFALL,
)

MOST_FINDINGS = 8


def indicator_name(code: str) -> str:
    """An indicator's name in the language of the page."""
    return name_of(indicators()[code]) if code in indicators() else code


def reason_words(reason: str) -> str:
    """A reason code of an outcome, with the indicator or grade it names."""
    code, _colon, rest = reason.partition(":")
    word = str(QUOTE_REASONS.get(code, code.replace("_", " ")))
    if not rest:
        return word
    name = indicator_name(rest)
    return f"{word} {rest}" if name == rest else f"{word} {rest} {name}"


def assessment_page(row: Assessment) -> dict[str, Any]:
    """Everything the assessment page shows."""
    document = row.document
    wanted = {one for item in document["indicators"] for one in item["finding_ids"]}
    wanted |= {one for item in document["knock_outs"] for one in item["finding_ids"]}
    wanted |= {one for item in document["conflicts"] for one in item["finding_ids"]}
    rows = queries.findings_of(row, wanted)

    def found(ids: list[str]) -> dict[str, Any]:
        listed = [rows[one] for one in ids if one in rows]
        return {"shown": listed[:MOST_FINDINGS], "more": max(len(listed) - MOST_FINDINGS, 0)}

    return {
        "domains": domain_chart(document),
        "indicators": [
            {
                **item,
                "name": indicator_name(item["indicator"]),
                "reasons": [REASONS.get(code, code) for code in item["reasons"]],
                "findings": found(item["finding_ids"]),
            }
            for item in document["indicators"]
        ],
        "conflicts": [
            {**item, "name": indicator_name(item["indicator"]),
             "findings": found(item["finding_ids"])}
            for item in document["conflicts"]
        ],
        "knock_outs": [
            {**item, "name": indicator_name(item["indicator"]),
             "text": _minimum(item["indicator"]), "action": ACTIONS.get(item["action"]),
             "findings": found(item["finding_ids"])}
            for item in document["knock_outs"]
        ],
        "missing": [(code, indicator_name(code)) for code in document["missing"]],
        "unconfirmed": [(code, indicator_name(code)) for code in document["unconfirmed"]],
        "conditions": [
            {"text": CONDITIONS.get(item["code"], item["code"]), "indicator": item["indicator"],
             "name": indicator_name(item["indicator"]), "coverage": item["coverage"]}
            for item in document["conditions"]
        ],
        "outcome_reasons": [reason_words(one) for one in document["outcome_reasons"]],
    }


def _minimum(code: str) -> str:
    minimum = indicators()[code].minimum
    if minimum is None:
        return ""
    return minimum.text_zh if is_chinese() else minimum.text_en


def domain_chart(document: dict[str, Any]) -> Chart:
    """Scores by domain, worst coloured."""
    names, scores, tones = [], [], []
    for item in document["domains"]:
        score = item["score_ppm"]
        names.append(name_of(domains()[item["domain"]]))
        scores.append(score)
        tones.append("neutral" if score is None else "bad" if score < 500_000
                     else "warn" if score < 700_000 else "good")
    return bar_chart(
        names, {_("Score"): scores}, unit="score", first_column=_("Domain"), horizontal=True,
        maximum=1_000_000, tones=tones,
    ).with_height("large")


def waterfall_of(document: dict[str, Any]) -> Chart:
    """How a quote's premium is built, from the book's average to what is paid."""
    steps: list[Any] = []
    codes = {row["code"] for row in document["waterfall"]}
    pure = "experience" if "experience" in codes else "annual_aggregate"
    for row in document["waterfall"]:
        name = str(WATERFALL.get(row["code"], row["code"]))
        first = row["code"] == "book_average"
        steps.append((name, row["amount_fen"], "total" if first else "change"))
        if row["code"] == pure:
            steps.append((_("Pure premium"), row["after_fen"], "total"))
        elif row["code"] == "guarantee_fund":
            steps.append((_("Technical premium"), row["after_fen"], "total"))
    steps.append((_("Gross premium"), document["premium"]["gross_fen"], "total"))
    return waterfall_chart(steps, unit="fen").with_height("large")


def waterfall_rows(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps with factor, source and confidence, for the table below the chart."""
    return [
        {**row, "name": WATERFALL.get(row["code"], row["code"])} for row in document["waterfall"]
    ]


def experience_words(document: dict[str, Any]) -> dict[str, Any] | None:
    """What own claims did to a quote, in words; None for one without a history."""
    found = document.get("experience")
    if found is None:
        return None
    premium = document["premium"]
    return {
        **found,
        "years": round(found["years_ppm"] / 1_000_000, 2),
        "expected": round(found["expected_claims_ppb"] / 1_000_000_000, 3),
        "low_ppm": found["interval_ppm"][0], "high_ppm": found["interval_ppm"][1],
        "first_day": date.fromisoformat(found["first"]),
        "last_day": date.fromisoformat(found["last"]),
        "claims": [{**one, "day": date.fromisoformat(one["occurred"]),
                    "why": NOT_COUNTED.get(one["reason"], one["reason"])}
                   for one in found["claims"]],
        "credit_name": name_of(found["no_claims_credit"]),
        "clean_years": found["no_claims_credit"]["clean_years"],
        "credit_ppm": found["no_claims_credit"]["credit_ppm"],
        "credit_fen": premium["no_claims_adjustment_fen"],
        "moved_fen": premium["experience_adjustment_fen"],
    }


def referral_words(document: dict[str, Any]) -> dict[str, Any] | None:
    """What the rules of referral said of a quote, in words; None for one made before them."""
    found = document.get("referral")
    if found is None:
        return None
    return {
        "version": found["version"], "sha256": found["sha256"],
        "applied": [{"name": reason_words(one["reason"]), "id": one["id"], "to": one["to"]}
                    for one in found["applied"]],
        "needed": [{"to": one["to"],
                    "facts": [name_of(FACTS[fact]) if fact in FACTS else fact
                              for fact in one["unknown"]]}
                   for one in found["evidence_needed"]],
    }


def plan_page(plan: TreatmentPlan) -> dict[str, Any]:
    """The fixes with their worth, and the curve of doing them in order."""
    path = plan.document["path"]
    names = [_("today"), *(step["indicator"] for step in path)]
    losses = [plan.expected_loss_fen, *(step["expected_loss_fen"] for step in path)]
    charged = [plan.charged_fen, *(step["charged_net_fen"] for step in path)]
    chart = line_chart(
        names, {_("Expected loss"): losses, _("Charged premium before VAT"): charged},
        unit="fen", first_column=_("After the fix of"),
    )
    bundles = [
        {**one, "name": BUNDLES.get(one["code"]) or name_of(domains()[one["code"]]),
         "fixes": ", ".join(one["indicators"])}
        for one in plan.document.get("bundles", ())  # plans made before there were bundles
    ]
    return {"curve": chart.with_height("medium"), "path": path, "bundles": bundles}
