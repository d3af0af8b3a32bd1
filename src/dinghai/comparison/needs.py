"""Needs before cover: what could happen, what limit it asks for, what each product leaves open.

The amounts are the enterprise's own loss model's; for coverages that the model does not know, the
standard scenarios'. The rule of the limit is stated in the document.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from dinghai.assessment.profile import Profile
from dinghai.comparison.compare import STANDARD_INCEPTION
from dinghai.comparison.ground_up import GroundUp, Losses
from dinghai.comparison.needs_documents import Gap, Need, Needs, ProductGaps, Rule
from dinghai.comparison.policies import ComparedPolicy, compared_policy
from dinghai.comparison.scenarios import load_scenario, loss_kinds, occur, shipped_scenarios
from dinghai.foundation.money import Fen
from dinghai.losses.effects import Posture
from dinghai.losses.exposure import Exposure, exposure_of
from dinghai.losses.model import LossModel, build_loss_model
from dinghai.vocabulary.coverages import coverages
from dinghai.wording.schema import Product

_ONE: Final = 1_000_000
RAREST_PPM: Final = 1_000
"""A coverage is proposed when an incident hits it at least once in a thousand years."""


def needs(
    enterprise: Profile,
    posture: Posture,
    products: Sequence[Product],
    *,
    inception: date = STANDARD_INCEPTION,
) -> Needs:
    """The needs of an assessed enterprise, and the gaps that each product would leave.

    Raises InputError for a product that no policy can be made of.
    """
    model = build_loss_model(enterprise, posture)
    exposure = exposure_of(enterprise)
    cap = _event_cap(model)
    ground_up = GroundUp(model)
    listed = [*_from_model(ground_up, cap), *_from_scenarios(exposure, inception, ground_up)]
    order = list(coverages())
    rows = tuple(sorted(listed, key=lambda one: order.index(one.coverage)))
    aggregate = _aggregate(ground_up, rows)
    return Needs(
        schema="dinghai.needs/1", name_zh=enterprise.organisation.name_zh,
        name_en=enterprise.organisation.name_en, calibration=model.tables.version,
        incidents_per_year_ppm=round(model.claims_per_year * _ONE), rule=_rule(cap), needs=rows,
        aggregate_limit_fen=aggregate,
        products=tuple(
            _gaps(compared_policy(one, enterprise, inception=inception, limit_fen=aggregate,
                                  deductible_fen=enterprise.limits_wanted.event_deductible_fen),
                  rows, ground_up, cap, aggregate)
            for one in sorted(products, key=lambda one: (one.product_id, one.version))))


def _event_cap(model: LossModel) -> Fen:
    """The largest loss of one incident that the calibration's means look at."""
    return int(model.tables.severity["limit"]["event_usd"] * model.tables.fen_per_usd)


def _rule(cap: Fen) -> Rule:
    return Rule(
        zh="分项限额取「百年一遇的年度损失」与「涉及该项的事故中二十分之一最重者」两者中较高者，"
           "向上取两位有效数字；千年不足一遇的保障、境内不可承保的损失不建议投保。"
           "损失模型不涉及的保障取标准情景中的最大金额。累计限额对拟投保的各项之和用同一规则。",
        en="A section's limit is the higher of the 1-in-100-year loss and the 1-in-20 incident "
           "among those that hit it, rounded up to two significant digits. Coverages hit less than "
           "once in 1,000 years, and losses that cannot be insured on the mainland, are not "
           "proposed. For coverages that the loss model does not know, the largest amount of the "
           "standard scenarios stands. The aggregate limit follows the same rule on their sum.",
        rarest_hits_ppm=RAREST_PPM, mean_limit_each_incident_fen=cap)


def rounded_up(amount: Fen) -> Fen:
    """Up to two significant digits of yuan.

    >>> rounded_up(123_456_789)
    130000000
    """
    yuan = -(-amount // 100)
    unit = int("1" + "0" * (len(str(yuan)) - 2)) if yuan > 99 else 1
    return -(-yuan // unit) * unit * 100


def _from_model(ground_up: GroundUp, cap: Fen) -> list[Need]:
    return [_need_of(code, ground_up.coverage(code), cap) for code in ground_up.by_coverage]


def _need_of(code: str, losses: Losses, cap: Fen) -> Need:
    twenty, hundred = losses.year(0.95, 0.99)
    worst = losses.incident(0.95)
    hits = round(losses.hits_per_year() * _ONE)
    need = rounded_up(max(hundred, worst))
    standard = coverages()[code]
    reason = _reason(code, hits)
    return Need(
        coverage=code, name_zh=standard.name_zh, name_en=standard.name_en, basis="loss_model",
        scenario=None, hits_per_year_ppm=hits, mean_year_fen=round(losses.mean(cap)),
        year_1_in_20_fen=twenty, year_1_in_100_fen=hundred,
        incident_median_fen=losses.incident(0.5), incident_1_in_20_fen=worst,
        incident_1_in_100_fen=losses.incident(0.99), need_fen=need,
        proposed_limit_fen=None if reason else need, not_proposed=reason)


def _reason(code: str, hits_ppm: int | None) -> str | None:
    if coverages()[code].mainland != "covered":
        return "not_insurable_on_the_mainland"
    if hits_ppm is not None and hits_ppm < RAREST_PPM:
        return "too_rare"
    return None


def _from_scenarios(exposure: Exposure, inception: date, ground_up: GroundUp) -> list[Need]:
    """The coverages beyond the model that a standard scenario calls for, with its largest loss."""
    worst: dict[str, tuple[Fen, str]] = {}
    for name in shipped_scenarios():
        scenario = load_scenario(name)
        if scenario.based_on:  # the same losses under other circumstances
            continue
        occurrence = occur(scenario, exposure, inception)
        found: dict[str, Fen] = {}
        for item in occurrence.items:
            code = item.kind.coverages[0]
            if code not in ground_up.by_coverage:
                found[code] = found.get(code, 0) + item.amount_fen
        for code, amount in found.items():
            if amount > worst.get(code, (0, ""))[0]:
                worst[code] = (amount, name)
    return [_need_by_scenario(code, amount, name) for code, (amount, name) in worst.items()]


def _need_by_scenario(code: str, amount: Fen, scenario: str) -> Need:
    standard, need = coverages()[code], rounded_up(amount)
    reason = _reason(code, None)
    return Need(
        coverage=code, name_zh=standard.name_zh, name_en=standard.name_en, basis="scenario",
        scenario=scenario, hits_per_year_ppm=None, mean_year_fen=None, year_1_in_20_fen=None,
        year_1_in_100_fen=None, incident_median_fen=None, incident_1_in_20_fen=None,
        incident_1_in_100_fen=None, need_fen=need, proposed_limit_fen=None if reason else need,
        not_proposed=reason)


def _aggregate(ground_up: GroundUp, rows: Sequence[Need]) -> Fen:
    """The same rule on the sum of the proposed coverages; never below the largest of them."""
    inside = [one.coverage for one in rows
              if one.proposed_limit_fen is not None and one.basis == "loss_model"]
    largest = max((one.proposed_limit_fen or 0 for one in rows), default=0)
    if not inside:
        return largest
    together = ground_up.together(inside)
    (hundred,) = together.year(0.99)
    return max(rounded_up(max(hundred, together.incident(0.95))), largest)


def _gaps(
    compared: ComparedPolicy, rows: Sequence[Need], ground_up: GroundUp, cap: Fen, aggregate: Fen
) -> ProductGaps:
    gaps = [gap for row in rows if (gap := _gap(compared, row, ground_up, cap)) is not None]
    used = compared.policy.schedule.aggregate_limit_fen
    product = compared.product
    return ProductGaps(
        product=product.product_id, version=product.version, name_zh=product.name_zh,
        name_en=product.name_en, aggregate_limit_fen=used,
        aggregate_gap_fen=max(aggregate - used, 0), gaps=tuple(gaps),
        total_gap_fen=sum(one.gap_fen for one in gaps),
        uncovered_mean_year_fen=sum(one.mean_year_fen or 0 for one in gaps))


def _gap(
    compared: ComparedPolicy, row: Need, ground_up: GroundUp, cap: Fen
) -> Gap | None:
    """What is proposed and this product does not grant, or not to that amount."""
    wanted = row.proposed_limit_fen
    if wanted is None:
        return None
    if compared.product.tower(row.coverage) is not None:
        return None
    limit = max(_limit(compared, code) for code in _alternatives(row))
    if limit >= wanted:
        return None
    beyond = None
    if row.basis == "loss_model":
        losses = ground_up.coverage(row.coverage)
        beyond = round(losses.mean(cap) - losses.mean(min(limit, cap)))
    listed = compared.product.section(row.coverage) is not None
    reason = "limit_below_need" if limit else "not_payable" if listed else "not_covered"
    return Gap(coverage=row.coverage, name_zh=row.name_zh, name_en=row.name_en, reason=reason,
               needed_fen=wanted, limit_fen=limit, gap_fen=wanted - limit, mean_year_fen=beyond)


def _alternatives(row: Need) -> tuple[str, ...]:
    """The coverage itself; for a need from a scenario also what else may take that kind of loss."""
    if row.basis == "loss_model":
        return (row.coverage,)
    others = [code for kind in loss_kinds().values() if kind.coverages[0] == row.coverage
              for code in kind.coverages]
    return tuple(dict.fromkeys((row.coverage, *others)))


def _limit(compared: ComparedPolicy, coverage: str) -> Fen:
    section = compared.product.section(coverage)
    if section is None or not compared.policy.grants(coverage):
        return 0
    if section.payability in {"nominal_only", "prohibited"}:
        return 0
    return compared.policy.sublimit(coverage)
