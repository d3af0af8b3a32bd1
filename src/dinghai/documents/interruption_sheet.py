"""The interruption table of the loss quantification sheet: turnover, trend, hours, cost test."""

from __future__ import annotations

from dinghai.claims.claim_file import Claim
from dinghai.documents.blocks import Block, Cell, Column, Heading, Paragraph, Table
from dinghai.documents.formats import money
from dinghai.documents.reader import Reader
from dinghai.documents.readings import fact_name, fact_value
from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import apply_ppm
from dinghai.wording.words import INTERRUPTIONS

_ORDER = ("bi.standard_turnover", "bi.trend_factor", "bi.actual_turnover",
          "bi.gross_profit_rate", "bi.net_profit_lost", "bi.daily_net_profit",
          "bi.actual_net_profit", "bi.continuing_costs", "bi.hourly_gross_profit",
          "bi.period_seconds", "bi.interruption_seconds", "supply.buffer_seconds",
          "item.idle_hours", "bi.affected_share", "bi.saved_costs",
          "bi.increased_cost_of_working", "bi.turnover_preserved",
          "bi.waiting_gross_profit_lost", "bi.insurable_amount", "item.market_share_of_drop")
"""The facts of an interruption, in the order an adjuster sets them out."""


def interruption_blocks(decision: JSON, claim: Claim, reader: Reader) -> list[Block]:
    """One table an interrupted item; a sentence where there is none."""
    blocks: list[Block] = []
    for line in decision["lines"]:
        for step in line["steps"]:
            if step["rule"] == "valuation" and step.get("code") in INTERRUPTIONS:
                blocks += _item(line, step, claim, reader)
    return blocks or [Paragraph(reader.say("loss.none"))]


def _item(line: JSON, step: JSON, claim: Claim, reader: Reader) -> list[Block]:
    no = int(str(step["subject"]).removeprefix("item "))
    known = {one["id"]: one for one in line["facts"] if one.get("item") == no}
    rows: list[tuple[str | Cell, ...]] = []
    for name in _ORDER:
        if name in known:
            rows.append(_fact(name, known[name], reader))
    rows += _economic_test(step, reader)
    outputs = step["outputs"]
    rows.append((Cell(reader.say("loss.valued"), reader.say(f"valuation.{step['code']}"),
                      strong=True), Cell(money(outputs["amount"]), strong=True), ""))
    if outputs.get("waiting_amount"):
        rows.append((reader.say("loss.waited"), money(outputs["waiting_amount"]), ""))
    after = [one["outputs"]["after"] for one in line["steps"]
             if one.get("subject") == step["subject"] and "after" in one["outputs"]]
    if after and after[-1] != outputs["amount"]:
        rows.append((reader.say("loss.after_terms"), money(after[-1]), ""))
    description = next((one.description for one in claim.items if one.no == no), "")
    title = reader.say("loss.interruption_item", no=no,
                       name=description or reader.coverage(str(line["coverage"])))
    return [Heading(title, 2, str(step.get("clause", ""))),
            Table((Column(reader.say("loss.figure"), share=5),
                   Column(reader.say("common.value"), "right", 60),
                   Column(reader.say("loss.evidence"), share=3)), tuple(rows))]


def _fact(name: str, known: JSON, reader: Reader) -> tuple[str | Cell, ...]:
    note = reader.say("loss.trend_method") if name == "bi.trend_factor" else ""
    value = "—" if known.get("absent") else fact_value(name, known["value"], reader.language)
    return (Cell(fact_name(name, reader.language), note), value,
            reader.list(known["evidence"]) or "—")


def _economic_test(step: JSON, reader: Reader) -> list[tuple[str | Cell, ...]]:
    """What increased cost could at most be: the gross profit of the turnover it preserved."""
    inputs = step["inputs"]
    cost = inputs.get("bi.increased_cost_of_working", 0)
    rate = inputs.get("bi.gross_profit_rate")
    if not cost or rate is None:
        return []
    limit = apply_ppm(inputs.get("bi.turnover_preserved", 0), rate)
    return [(Cell(reader.say("loss.economic_limit"), reader.say("loss.economic_text")),
             money(limit), ""),
            (Cell(reader.say("loss.allowed"), reader.say("loss.allowed_text")),
             money(min(cost, limit)), "")]
