"""The cover matrix: every standard coverage, and how each product grants it."""

from __future__ import annotations

from collections.abc import Sequence

from dinghai.comparison.documents import Cover, CoverRow
from dinghai.vocabulary.coverages import coverages
from dinghai.wording.policy import Policy
from dinghai.wording.sections import Section, Tower


def cover_matrix(policies: Sequence[Policy]) -> tuple[CoverRow, ...]:
    """All coverages in the vocabulary's order; each row lists the products that grant it."""
    return tuple(
        CoverRow(coverage=code, name_zh=standard.name_zh, name_en=standard.name_en,
                 mainland=standard.mainland,
                 products=tuple(cover for policy in policies
                                if (cover := _cover(policy, code)) is not None))
        for code, standard in coverages().items())


def _cover(policy: Policy, coverage: str) -> Cover | None:
    section, tower = policy.product.section(coverage), policy.product.tower(coverage)
    if section is not None and policy.grants(coverage):
        return _of_section(policy, section)
    return _of_tower(policy, tower) if tower is not None else None


def _of_section(policy: Policy, section: Section) -> Cover:
    return Cover(
        product=policy.product.product_id, version=policy.product.version, kind="section",
        clause=section.clause, mandatory=section.mandatory,
        payability=section.payability or "covered", sublimit_fen=policy.sublimit(section.coverage),
        sublimit=section.sublimit, waiting=section.waiting, retention=section.retention,
        insured_share_ppm=section.insured_share_ppm, indemnity_days=section.indemnity_days,
        average=section.average, conditions=_conditions(section),
        exclusions=section.exclusions or ())


def _of_tower(policy: Policy, tower: Tower) -> Cover:
    """A tower is limited by the sum insured or by nothing, and bears no retention."""
    limit = policy.schedule.aggregate_limit_fen if tower.cap == "sum_insured" else None
    return Cover(
        product=policy.product.product_id, version=policy.product.version, kind="tower",
        clause=tower.clause, mandatory=True, payability="covered", sublimit_fen=limit,
        sublimit=None, waiting=None, retention=None, insured_share_ppm=0, indemnity_days=None,
        average=False, conditions=(), exclusions=())


def _conditions(section: Section) -> tuple[str, ...]:
    """What must be so before the section pays, in words of the product language."""
    out = []
    if section.prior_consent != "none":
        out.append(f"prior_consent:{section.prior_consent}")
    if section.vendor_rule != "any":
        out.append(f"vendor_rule:{section.vendor_rule}")
    out += [f"schedule:{one}" for one in section.schedule_refs]
    if section.valuation is not None and section.valuation.window_days is not None:
        out.append(f"window_days:{section.valuation.window_days}")
    if section.per_supplier_fen is not None:
        out.append(f"per_supplier_fen:{section.per_supplier_fen}")
    if not section.erodes_aggregate:
        out.append("beside_the_aggregate")
    return tuple(out)
