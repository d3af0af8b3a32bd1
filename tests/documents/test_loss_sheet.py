"""The loss quantification sheet and the notice on claims of every product: it adds up, in words."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import msgspec
import pytest

from dinghai.claims.adjudication import adjudicate
from dinghai.claims.claim_file import ClaimedItem, read_claim
from dinghai.documents.decision import claim_decision, render_claim_decision
from dinghai.documents.example_facts import (
    claim_of,
    coverage_examples,
    event_facts,
    item_facts,
)
from dinghai.documents.loss_sheet import (
    item_figures,
    line_figures,
    loss_sheet,
    render_loss_sheet,
)
from dinghai.documents.phrases import LANGUAGES, Language
from dinghai.documents.reader import Reader
from dinghai.documents.specimen import specimen_policy
from dinghai.foundation.errors import InputError
from dinghai.wording.policy import Party, read_policy
from dinghai.wording.products import load_product
from tests.documents.library import NAMES, raw_codes, texts_of
from tests.documents.making import make_claim, make_policy, text_of

DAY = date(2026, 10, 1)
TAKEN = ("retention", "deductible", "share", "other")


@cache
def decision_on(name: str) -> dict[str, Any]:
    """Everything the product covers, claimed as one event, some terms unexplained."""
    policy = specimen_policy(load_product(name))
    keys = list(policy.schedule.explanations)
    schedule = msgspec.structs.replace(
        policy.schedule, members=(Party(id="m1", name_zh="甲公司", name_en="First Co"),),
        explanations={key: policy.schedule.explanations[key] for key in keys[: len(keys) - 1]})
    policy = msgspec.structs.replace(policy, schedule=schedule)
    event: dict[str, Any] = {"incident.root_cause_id": "R"}
    items = []
    for one in policy.product.sections:
        example = coverage_examples()[one.coverage]
        event = {**event_facts(one, example, policy), **event}
        for member in ("", "m1") if one.sublimit.per == "insured" else ("",):
            items.append(ClaimedItem(no=len(items) + 1, coverage=one.coverage, insured=member,
                                     supplier=example.supplier, facts={
                                         **item_facts(one, example, policy),
                                         "item.recovered": 100_000,
                                         "item.other_insurance_paid": 50_000}))
    claim = msgspec.structs.replace(claim_of(policy, "FP-IR", event, {}), items=tuple(items))
    return adjudicate(policy.to_dict(), claim.to_dict())


@pytest.mark.parametrize("name", NAMES)
def test_verified_less_all_that_was_taken_is_what_is_paid(name: str) -> None:
    assert_adds_up(decision_on(name))


def assert_adds_up(decision: dict[str, Any]) -> None:
    """What was verified, less columns and adjustments, is what each line pays."""
    policy = read_policy(decision["inputs"]["policy"])
    claim, _ = read_claim(decision["inputs"]["claim"])
    reader = Reader(policy.product, policy, "en")
    for line in decision["lines"]:
        if not line["items"] or any(step["rule"] == "payability" for step in line["steps"]):
            continue
        verified = sum(item_figures(line, no, claim, reader)["verified"] or 0
                       for no in line["items"])
        figures = line_figures(line, reader)
        taken = sum(figures[column] or 0 for column in TAKEN)
        for reason in figures["reasons"]:
            sign, amount = reason.rsplit(" ", 1)[1][0], reason.rsplit(" ", 1)[1][1:]
            fen = round(float(amount.replace(",", "")) * 100)
            taken += fen if sign == "−" else -fen
        if (figures["average"] is not None):
            step = next(one for one in line["steps"] if one["rule"] == "average")
            average = step["inputs"]["before"] - step["outputs"]["after"]
            assert average >= 0
        assert verified - taken == line["payable_fen"], line["coverage"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_no_code_is_left_in_notice_or_sheet(name: str, language: Language) -> None:
    for make in (claim_decision, loss_sheet):
        text = texts_of(make(decision_on(name), decided_on=DAY, language=language))
        assert raw_codes(text) == set()


def test_the_sheet_of_the_story() -> None:
    claim = make_claim()
    claim["items"][1]["facts"] = {"item.amount": 90_000_000, "item.claimed_amount": 99_000_000,
                                  "item.reasonable_amount": 85_000_000}
    claim["items"].append({"no": 6, "coverage": "FP-IR", "description": "new servers", "facts": {
        "item.amount": 1_000_000, "item.betterment_amount": 300_000}})
    decision = adjudicate(make_policy().to_dict(), claim)
    text = texts_of(loss_sheet(decision, decided_on=DAY, language="en"))
    for words in ("990,000.00", "850,000.00", "Necessary and reasonable amount −50,000.00",
                  "5.20 Betterment −3,000.00", "6 new servers", "¥160,000.00", "¥120,000.00",
                  "¥790,000.00", "¥48,000.00", "100,000.00", "690,000.00", "3,833,500.00",
                  "as valued", "Gross-profit rate", "40%"):
        assert words in text, words
    assert_adds_up(decision)
    pdf = text_of(render_loss_sheet(decision, decided_on=DAY))
    assert "损失理算书" in pdf and "增加营业费用的经济限度" in pdf


def test_shares_stand_apart_from_insurance() -> None:
    decision = decision_on("supply-chain-programme")
    contribution = sum(one["fen"] for layer in decision["layers"] for one in layer["shares"]
                       if one["kind"] == "contribution")
    insurance = decision["total_fen"] - contribution
    notice = texts_of(claim_decision(decision, decided_on=DAY))
    for words in ("链主企业", "商业分担，不是保险赔款", "保险法6条", "三方共保层", "甲公司",
                  f"{contribution / 100:,.2f}", f"{insurance / 100:,.2f}"):
        assert words in notice, words


def test_layers_reinstatements_and_open_terms_are_named() -> None:
    notice = texts_of(claim_decision(decision_on("energy-operational-technology"),
                                     decided_on=DAY, language="en"))
    assert "Limit reinstated" in notice and "retained, not paid" in notice
    assert "the group's captive (captive)" in notice
    assert "proportion to the premium paid" in notice and "Explanation not proved" in notice


def test_payee_defence_and_service_are_said() -> None:
    notice = texts_of(claim_decision(decision_on("cyber-comprehensive-demonstration"),
                                     decided_on=DAY, language="en"))
    assert "paid to the third party (Insurance Law 65)" in notice
    assert "defence costs on top of the limits" in notice
    service = texts_of(claim_decision(decision_on("service-managed-cloud"), decided_on=DAY,
                                      language="en"))
    assert "no cash" in service and "Given as a service" in service


def test_parts_of_the_notice_are_numbered_without_a_gap() -> None:
    paper = claim_decision(decision_on("supply-chain-programme"), decided_on=DAY)
    heads = [one.text[0] for one in paper.blocks
             if getattr(one, "level", 0) == 1 and hasattr(one, "text")]
    assert heads == list("一二三四五六")


def test_sheet_and_notice_can_be_set() -> None:
    decision = decision_on("supply-chain-programme")
    for language in LANGUAGES:
        assert render_loss_sheet(decision, decided_on=DAY, language=language)[:4] == b"%PDF"
        assert render_claim_decision(decision, decided_on=DAY, language=language)[:4] == b"%PDF"


def test_what_is_no_decision_is_refused() -> None:
    with pytest.raises(InputError, match="not a decision"):
        loss_sheet({"schema": "x"}, decided_on=DAY)
