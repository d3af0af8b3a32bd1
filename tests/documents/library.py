"""Every product there is, and one that has everything: for tests that hold for any product."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from dinghai.documents.blocks import Document
from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.exclusions import exclusions
from dinghai.wording.exclusions import Band, CarveBack, Effect, Exclusion, GradedStep
from dinghai.wording.layers import Definition, FiledClause, Layer, Participation
from dinghai.wording.products import load_product, resolve, shipped_products
from dinghai.wording.schema import Instalments, OtherInsurance, Product
from dinghai.wording.sections import (
    Retention,
    Section,
    SharedLimit,
    Sublimit,
    Valuation,
    Waiting,
)
from dinghai.wording.validity import validity_faults

WORDINGS = Path(__file__).parents[2] / "examples" / "wordings"
NAMES = (*shipped_products(),
         *(str(one) for one in sorted(WORDINGS.iterdir()) if one.is_dir()))
_TOWERS = ("FP-MIT", "FP-PROOF")
PARAMETERS = {"annual_service_fee": 100_000_000, "contracted_gbps": 20,
              "service_level_seconds": 300, "agreed_hourly_loss": 50_000_000,
              "agreed_endpoint_amount": 2_000_000, "callback_threshold": 20_000_000}


@cache
def every_cover() -> Product:
    """All coverages of the vocabulary and all its exclusions in one product."""
    base = load_product("cyber-comprehensive-demonstration")
    return _resolved(msgspec.structs.replace(
        base, vocabulary="", shared_limits=(), parameters=PARAMETERS,
        sections=tuple(Section(coverage=code, clause=f"2.{number}")
                       for number, code in enumerate(coverages(), 1) if code not in _TOWERS),
        exclusions=tuple(Exclusion(code=code, clause=f"5.{number}")
                         for number, code in enumerate(exclusions(), 1))))


@cache
def every_term() -> Product:
    """A product that uses every part of the language, numbered as no house would number it."""
    base = load_product("cyber-comprehensive-demonstration")
    interruption = Section(
        coverage="FP-BI", clause="甲一", module="own", mandatory=False, average=True,
        waiting=Waiting(seconds=5_400, mode="franchise_hours", deductible="kept"),
        retention=Retention(kind="none", then_event_deductible=True, limit="including"),
        indemnity_days=90, insured_share_ppm=125_000, asks=("bi.trend_factor",),
        sublimit=Sublimit(multiple_of_fee=3, basis="each_event", per="insured"))
    supply = Section(
        coverage="SC-CBI", clause="甲二", module="own", mandatory=False, erodes_aggregate=False,
        waiting=Waiting(seconds=86_400, mode="higher_of"), per_supplier_fen=70_000_000,
        schedule_refs=("suppliers", "products"), prior_consent="written",
        vendor_rule="designated", sublimit=Sublimit(amount_fen=900_000_000))
    hardware = Section(
        coverage="FP-HW", clause="2.3",
        retention=Retention(kind="higher_of", amount_fen=100, ppm=10_000, of="sublimit",
                            minimum_fen=50, maximum_fen=900, limit="including"),
        valuation=Valuation(method="replacement_cost", uplift_ppm=100_000, window_days=30))
    others = [Section(coverage=code, clause=f"2.{number}") for number, code in enumerate(
        ("TP-PRIV", "FP-EXT-R", "EM-SC", "SV-RESC"), 4)]
    others.append(Section(coverage="FP-BETTER", clause="2.8",
                          retention=Retention(kind="lower_of", amount_fen=5, ppm=7)))
    steps = (GradedStep(when={"fact": "controls.breach_state", "op": "eq", "value": "partial"},
                        effect=Effect(type="extend_waiting", hours=6)),)
    own: dict[str, Any] = {
        "acts_on": "event", "burden": "insurer", "duty": "explain", "name_zh": "自订",
        "name_en": "Own", "text_zh": "自订条款。", "text_en": "An own clause.",
        "plain_zh": "自订。", "plain_en": "Own.", "variant": "LMA 5567A",
        "penalty_group": "one_fact", "cumulative": True}
    graded = Exclusion(
        code="CX-GRADED", clause="丙", effect=Effect(type="graded", steps=steps), **own,
        predicate={"not": {"fact": "controls.breach_causal", "op": "is_false"}},
        carve_backs=(CarveBack(coverages=("TP-PRIV",), when={
            "fact": "incident.discovered_at", "op": "ge", "value": {"policy": "inception_at"}}),))
    ratio = Exclusion(
        code="CX-RATIO", clause="丁", highlighted=False, coverages=("FP-BI",),
        effect=Effect(type="reduce_to_ratio", numerator={"policy": "contracted_gbps"},
                      denominator={"fact": "ddos.peak_gbps"}),
        predicate={"any": [{"fact": "ddos.peak_gbps", "op": "gt",
                            "value": {"policy": "contracted_gbps"}},
                           {"fact": "item.loss_kind", "op": "in",
                            "value": ["recall", "patent"]}]}, **{**own, "acts_on": "item"})
    share = Exclusion(
        code="CX-SHARE", clause="戊", coverages=("FP-HW",), effect=Effect(
            type="sliding_coinsurance", fact="item.days_after_incident",
            bands=(Band(insured_share_ppm=50_000, up_to=10), Band(insured_share_ppm=200_000))),
        predicate={"fact": "item.days_after_incident", "op": "gt", "value": 3},
        **{**own, "acts_on": "item", "penalty_group": "", "cumulative": False})
    decline = Exclusion(code="CX-DECLINE", clause="己", effect=Effect(type="decline_quote"),
                        predicate={"fact": "incident.ncbr", "op": "exists"},
                        **{**own, "penalty_group": ""})
    layers = (Layer(id="low", name_zh="下层", name_en="Low", limit_ppm=500_000,
                    basis="aggregate", aggregate_fen=9_000_000_000, reinstatements=2,
                    reinstatement_premium_ppm=500_000, premium_fen=77, participants=(
                        Participation(party="甲", role="chain_owner", share_ppm=250_000),
                        Participation(party="乙", role="lead_insurer", share_ppm=650_000))),
              Layer(id="high", name_zh="上层", name_en="High", attachment_ppm=500_000,
                    limit_ppm=500_000))
    return _resolved(msgspec.structs.replace(
        base, vocabulary="", parameters=PARAMETERS, layers=layers,
        sections=(interruption, supply, hardware, *others),
        exclusions=(graded, ratio, share, decline, Exclusion(code="EX-LATE", clause="4.9")),
        shared_limits=(SharedLimit(id="pair", coverages=("FP-HW", "TP-PRIV"), clause="4.2",
                                   amount_fen=88_000_000, basis="each_event"),),
        other_insurance=OtherInsurance(rule="none", clause="4.7"),
        instalments=Instalments(clause="9.3"), obligations=(), services=(),
        definitions=(Definition(term="waiting", zh="等待期", en="Waiting", text_zh="自定义等待期。",
                                text_en="Its own waiting."),),
        filed_clauses=(FiledClause(clause="甲一", text_zh="备案原文一。", text_en="Filed one."),
                       FiledClause(clause="第九十九条", text_zh="备案原文二。"))))


def _resolved(product: Product) -> Product:
    product = resolve(product)
    faults = validity_faults(product)
    assert not faults, faults
    return product


def texts_of(document: Document) -> str:
    """Everything a document says, one text a line."""
    return "\n".join(_texts(document.to_dict()["blocks"], ""))


def _texts(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, str):
        if key not in {"kind", "align", "tone", "style"}:
            yield value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, key)
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from _texts(one, name)


def raw_codes(text: str) -> set[str]:
    """What looks like a code of the program or an unfilled place rather than like words."""
    found = set(re.findall(r"\b[a-z]+(?:[_.][a-z]+)+\b", text)) - {"e.g", "i.e", "p.m", "a.m"}
    return found | set(re.findall(r"[{}]", text))
