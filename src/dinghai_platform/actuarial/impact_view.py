"""An impact run made ready for its page: charts with their tables, segments, largest changes."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p

from dinghai_platform.actuarial import queries
from dinghai_platform.actuarial.models import ImpactRow, ImpactRun
from dinghai_platform.actuarial.summing import EDGES, SEGMENTS
from dinghai_platform.actuarial.words import SEGMENTS as SEGMENT_NAMES
from dinghai_platform.actuarial.words import outcome_name, part_name, segment_name
from dinghai_platform.site.charts import Chart, bar_chart, waterfall_chart
from dinghai_platform.site.formats import money_text
from dinghai_platform.underwriting.reading import reason_words


def impact_page(run: ImpactRun) -> dict[str, Any]:
    """Everything the page of a finished run shows."""
    summary = run.summary
    policies = sums(summary["policies"])
    return {
        "policies": policies,
        "open_quotes": sums(summary["quotes"]),
        "histogram": histogram(summary["histogram"]),
        "parts": parts_chart(summary) if summary["parts"] else None,
        "segments": [
            {"name": SEGMENT_NAMES[name], "code": name,
             "rows": [{"name": segment_name(name, code), **sums(one)}
                      for code, one in summary["segments"][name].items()]}
            for name in SEGMENTS
        ],
        "outcomes": [{**one, "before_name": outcome_name(one["before"]),
                      "after_name": outcome_name(one["after"])} for one in summary["outcomes"]],
        "increases": _named(run, summary["increases"]),
        "decreases": _named(run, summary["decreases"]),
        "faulty": [{"number": one.number, "insured": one.insured, "fault": one.fault}
                   for one in queries.rows_of(run).exclude(fault="").order_by("id")[:50]],
    }


def sums(one: dict[str, Any]) -> dict[str, Any]:
    """Sums with amounts as numbers again, and the change of the charged premium."""
    found = {key: int(value) if key.endswith("_fen") else value for key, value in one.items()}
    return {**found, "change_fen": found["charged_after_fen"] - found["charged_before_fen"]}


def histogram(bars: list[int]) -> Chart:
    """How many policies change by how much."""
    tones = ["good"] * 5 + ["neutral"] + ["warn"] * 5
    return bar_chart(bar_names(), {_("Policies"): bars}, unit="count",
                     first_column=_("Change of the premium"), tones=tones)


def bar_names() -> list[str]:
    """What each bar of the histogram stands for."""
    percent = [f"{edge / 10_000:+.0f}%".replace("-", "−") for edge in EDGES]
    percent[4] = percent[5] = "0%"
    names = [_("below %(from)s") % {"from": percent[0]}]
    for place in range(1, len(EDGES)):
        names.append("0%" if place == 5 else f"{percent[place - 1]} … {percent[place]}")
    return [*names, _("above %(from)s") % {"from": percent[-1]}]


def parts_chart(summary: dict[str, Any]) -> Chart:
    """What moved the charged premium of the policies in force, part by part."""
    policies = sums(summary["policies"])
    steps: list[Any] = [(_p("rates", "Before"), policies["charged_before_fen"], "total")]
    steps += [(part_name(part), int(fen), "change") for part, fen in summary["parts"].items()]
    steps.append((_p("rates", "After"), policies["charged_after_fen"], "total"))
    return waterfall_chart(steps, unit="fen")


def _named(run: ImpactRun, keys: list[str]) -> list[dict[str, Any]]:
    return [row_words(one) for one in queries.rows_named(run, keys)]


def row_words(row: ImpactRow) -> dict[str, Any]:
    """A row with its reasons in words."""
    return {
        "row": row,
        "why": "; ".join(f"{part_name(one['part'])} {money_text(one['fen'])}"
                         for one in row.steps if one["fen"]),
        "industry": segment_name("industry", row.industry),
        "outcome_before": outcome_name(row.outcome_before),
        "outcome_after": outcome_name(row.outcome_after),
        "new_reasons": [reason_words(one) for one in row.reasons_after
                        if one not in row.reasons_before],
    }


def export_columns() -> list[str]:
    """The headings of the CSV."""
    return [
        _p("rates", "Number"), _("Policy or quote"), _("Insured"), _("Product"), _("Industry"),
        _("Size"), _("Grade"), _("Technical before"), _("Technical after"), _("Charged before"),
        _("Charged after"), _p("rates", "Change"), _("Change in percent"), _("Outcome before"),
        _("Outcome after"), _("Why"), _("Not re-priced because"),
    ]


def export_row(row: ImpactRow) -> list[Any]:
    """One row of the CSV: amounts in yuan, ratios in percent."""
    words = row_words(row)

    def yuan(fen: int | None) -> str:
        return "" if fen is None else f"{fen / 100:.2f}"

    return [
        row.number, _("Policy") if row.policy_id else _("Open quote"), str(row.insured),
        row.product, words["industry"], segment_name("size", row.size), row.grade,
        yuan(row.technical_before_fen), yuan(row.technical_after_fen),
        yuan(row.charged_before_fen), yuan(row.charged_after_fen), yuan(row.change_fen),
        "" if row.change_ppm is None else f"{row.change_ppm / 10_000:.2f}",
        words["outcome_before"], words["outcome_after"], words["why"], row.fault,
    ]
