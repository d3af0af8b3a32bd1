"""Random policies and events that prefer round amounts, boundaries and unknowns."""

from __future__ import annotations

import random
from typing import get_args

import msgspec

from dinghai.terms.program import Program
from dinghai.vocabulary.facts import ABSENT, UNKNOWN, fact
from dinghai.wording.policy import Policy
from dinghai.wording.products import load_product
from dinghai.wording.schema import Product
from dinghai.wording.sections import Retention, Section, SharedLimit, Waiting
from dinghai.wording.words import Stage, WaitingMode
from tests.making import make_policy

ROUND = (0, 1, 99, 100, 10_000, 1_000_000, 5_000_000, 10_000_000, 69_999_999, 70_000_000,
         100_000_000, 333_333_333, 766_700_000, 10_000_000_000, 10**15)
INSTANT = fact("incident.discovered_at").encode("2026-09-07T10:00:00+08:00")


def random_policy(source: random.Random) -> Policy:
    """A policy of the shipped product with its terms shaken up."""
    product = load_product("cyber-comprehensive-standard")
    sections = tuple(_shaken(source, one) for one in product.sections)
    product = msgspec.structs.replace(
        product, sections=sections, calculation_order=_order(source),
        shared_limits=_shared(source, product))
    aggregate = source.choice((100_000_000, 100_000_001, 500_000_000, 766_700_000, 9_999_999_999))
    explain: bool | set[str] = True
    if source.random() < 0.3:
        explain = {one.code for one in product.exclusions if source.random() < 0.5}
        explain |= {"waiting:FP-BI", "event_deductible"} if source.random() < 0.5 else set()
    return make_policy(product, aggregate=aggregate, explain=explain,
                       deductible=source.choice((0, 1, 10_000_000, 33_333_333)),
                       each_event=source.choice((aggregate, aggregate // 3, 77_777_777)))


def _shaken(source: random.Random, section: Section) -> Section:
    waiting = section.waiting
    if waiting is not None:
        waiting = Waiting(seconds=source.choice((21_600, 43_200, 259_200)),
                          mode=source.choice(get_args(WaitingMode)),
                          deductible=source.choice(("waived", "kept")))
    retention = Retention(
        kind=source.choice(("none", "event_deductible", "event_deductible", "fixed",
                            "percentage", "higher_of", "lower_of")),
        amount_fen=source.choice((0, 1_000_000, 3_333_333)), ppm=source.choice((0, 100_000)))
    if waiting is not None and source.random() < 0.7:
        retention = Retention()
    return msgspec.structs.replace(
        section, waiting=waiting, retention=retention, average=source.random() < 0.2,
        insured_share_ppm=source.choice((0, 0, 100_000, 333_333)))


def _order(source: random.Random) -> tuple[Stage, ...]:
    stages = list(get_args(Stage))
    if source.random() < 0.5:
        source.shuffle(stages)
    return tuple(stages)


def _shared(source: random.Random, product: Product) -> tuple[SharedLimit, ...]:
    if source.random() < 0.5:
        return product.shared_limits
    codes = source.sample([one.coverage for one in product.sections], 3)
    return (SharedLimit(id="shaken", coverages=tuple(codes),
                        amount_fen=source.choice((10_000_000, 99_999_999))),)


def random_items(source: random.Random, policy: Policy) -> list[str]:
    """Coverages of one to six loss items, repeats allowed."""
    granted = [one.coverage for one in policy.schedule.sections]
    granted += [one.coverage for one in policy.product.towers]
    return source.choices(granted, k=source.randint(1, 6))


def random_cell(source: random.Random, name: str) -> int:
    """A cell for an input: unknown, absent, round, or one off a round number."""
    if name.startswith("prior."):
        return source.choice(ROUND[:-1]) if source.random() < 0.3 else 0
    name, derived, _rule = name.partition("@")
    definition = fact(name.split("].", 1)[1] if name.startswith("item[") else name)
    dice = source.random()
    if dice < 0.12:
        return UNKNOWN
    if dice < 0.16:
        return ABSENT
    insurers = definition.prover == "insurer"
    if insurers and definition.type == "moment" and source.random() < 0.8:
        return UNKNOWN
    match definition.type:
        case "boolean":
            return int(source.random() < (0.1 if insurers else 0.7))
        case "code":
            return source.randrange(len(definition.values)) if source.random() < 0.15 else 0
        case "moment":
            return INSTANT + source.choice((0, 0, 0, -200 * 86_400, 400 * 86_400))
        case "ratio":
            return source.choice((0, 1, 333_333, 400_000, 1_000_000))
        case "duration":
            return source.choice((0, 43_199, 43_200, 43_201, 864_000, 864_001))
        case "list" | "reference":
            return source.choice((0, 1, 1))
        case "series" if not derived:
            return source.choice((1, 24))
        case "count":
            return source.choice((0, 1, 45, 46, 120, 400, 1_000_000, 2_100_000))
    amount = source.choice(ROUND)
    return max(0, amount + source.choice((-1, 0, 0, 1)))


def random_cells(source: random.Random, program: Program) -> dict[str, int]:
    """Cells for every input; triggers are usually true, or nothing would ever be paid."""
    return {
        name: 1 if name.startswith("event.") and source.random() < 0.9
        else INSTANT if name.endswith("_at") and name.startswith(("incident", "claim"))
        and source.random() < 0.8
        else random_cell(source, name)
        for name in program.inputs
    }
