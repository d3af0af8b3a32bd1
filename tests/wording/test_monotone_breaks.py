"""Named breaks have examples that the engine confirms; what is called monotone is monotone."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import get_args

import msgspec
import pytest

from dinghai.wording.exclusions import Effect, Exclusion
from dinghai.wording.layers import Layer, Participation
from dinghai.wording.monotone import monotone_breaks
from dinghai.wording.products import load_product
from dinghai.wording.schema import OtherInsurance
from dinghai.wording.sections import Retention, Section, SharedLimit, Sublimit, Valuation, Waiting
from dinghai.wording.standard import monotone_rules
from dinghai.wording.words import DEFAULT_ORDER, Stage, WaitingMode
from tests.wording.totals import NOT_PRICE, PRICE, Case, Loss, product_of, section_of

YUAN = 100
A, B, C = "FP-IR", "FP-LEGAL", "FP-EXT-C"
BEARS = Retention(kind="event_deductible")


def of(yuan: float) -> int:
    return round(yuan * YUAN)


def both(a: int = 100, b: int = 100, **changes: object) -> Case:
    """Two sections under a shared limit of 100 yuan, each with a loss of 100."""
    product = product_of(section_of(A), section_of(B),
                         shared_limits=(SharedLimit(id="both", coverages=(A, B),
                                                    amount_fen=of(100)),))
    return Case(product, (Loss(A, of(a)), Loss(B, of(b)))).with_(**changes)


def limited_first(*after: Stage) -> tuple[Stage, ...]:
    """The default order with the shared limits before these stages."""
    rest = [one for one in DEFAULT_ORDER if one not in after and one != "shared_limits"]
    return ("shared_limits", *after, *rest)


def ordered(case: Case, *after: Stage) -> Case:
    return case.with_(product=msgspec.structs.replace(
        case.product, calculation_order=limited_first(*after)))


def named(case: Case) -> dict[str, set[str]]:
    """The rules that the checker names, and the promises they break."""
    found: dict[str, set[str]] = {}
    for one in monotone_breaks(case.product, case.policy().schedule):
        found.setdefault(one.rule, set()).update(one.promises)
    return found


def insured_shares() -> tuple[str, Case, Case, float, float]:
    case = both().section(A, insured_share_ppm=500_000)
    return ("limit", case.with_(sublimits={A: of(10)}), case.with_(sublimits={A: of(100)}),
            95.46, 75)


def event_deductible() -> tuple[str, Case, Case, float, float]:
    case = both(deductible=of(50)).section(A, retention=BEARS)
    return ("limit", case.with_(sublimits={A: of(1)}), case.with_(sublimits={A: of(100)}),
            99.01, 50)


def own_deductibles() -> tuple[str, Case, Case, float, float]:
    product = product_of(section_of(A, retention=BEARS))
    product = msgspec.structs.replace(product, limits=msgspec.structs.replace(
        product.limits, deductible_per="insured"))
    case = Case(product, (Loss(A, of(100), member="one"),
                          Loss(A, of(100), {"item.loss_kind": PRICE}, member="two")),
                deductible=of(30), sublimits={A: of(100)})
    return "exclusion", case, case.excluding(), 40, 70


def other_insurance() -> tuple[str, Case, Case, float, float]:
    case = both()
    case = case.with_(product=msgspec.structs.replace(
        case.product, other_insurance=OtherInsurance(rule="sums_insured")), losses=(
            Loss(A, of(100), {"item.other_insurance_paid": of(100)}), case.losses[1]))
    return ("limit", case.with_(sublimits={A: of(1)}), case.with_(sublimits={A: of(100)}),
            99.01, 50)


def excluding_a(case: Case) -> tuple[Case, Case]:
    lost = Loss(A, case.losses[0].amount, {**case.losses[0].cells, "item.loss_kind": PRICE})
    case = case.with_(losses=(lost, *case.losses[1:]))
    return case, case.excluding()


def retention_after_limit() -> tuple[str, Case, Case, float, float]:
    case = ordered(both(), "retention").section(
        A, retention=Retention(kind="fixed", amount_fen=of(50)))
    return "exclusion", *excluding_a(case), 50, 100


def sublimit_after_limit() -> tuple[str, Case, Case, float, float]:
    case = ordered(both(), "sublimit").with_(sublimits={A: of(10)})
    return "exclusion", *excluding_a(case), 60, 100


def average_after_limit() -> tuple[str, Case, Case, float, float]:
    case = ordered(both(), "average").section(A, average=True).with_(sublimits={A: of(1000)})
    lost = Loss(A, of(100), {"property.insurable_amount": of(2000)})
    return "exclusion", *excluding_a(case.with_(losses=(lost, case.losses[1]))), 75, 100


def recoveries_after_limit() -> tuple[str, Case, Case, float, float]:
    case = ordered(both(), "recoveries")
    lost = Loss(A, of(100), {"item.recovered": of(50)})
    return "exclusion", *excluding_a(case.with_(losses=(lost, case.losses[1]))), 50, 100


def overlapping_limits() -> tuple[str, Case, Case, float, float]:
    product = product_of(section_of(A), section_of(B), section_of(C), shared_limits=(
        SharedLimit(id="first", coverages=(A, B), amount_fen=of(100)),
        SharedLimit(id="second", coverages=(B, C), amount_fen=of(100))))
    case = Case(product, (Loss(A, of(100)), Loss(B, of(100)), Loss(C, of(100))))
    return ("limit", case.with_(sublimits={B: of(1)}), case.with_(sublimits={B: of(100)}),
            199.01, 150)


def mixed_erosion() -> tuple[str, Case, Case, float, float]:
    case = both(aggregate=of(100_000), cells={"prior.aggregate_paid": of(99_990)})
    case = case.section(B, erodes_aggregate=False)
    return ("limit", case.with_(sublimits={A: of(1), B: of(100)}),
            case.with_(sublimits={A: of(100), B: of(100)}), 100, 60)


def in_kind() -> tuple[str, Case, Case, float, float]:
    product = product_of(
        section_of("SV-RESC", triggers=("event.service_request",),
                   valuation=Valuation(method="in_kind")), section_of(B),
        shared_limits=(SharedLimit(id="both", coverages=("SV-RESC", B), amount_fen=of(100)),))
    case = Case(product, (Loss("SV-RESC", of(100)), Loss(B, of(100))))
    return ("limit", case.with_(sublimits={"SV-RESC": of(1)}),
            case.with_(sublimits={"SV-RESC": of(100)}), 99.01, 50)


def sublimit_retention() -> tuple[str, Case, Case, float, float]:
    product = product_of(section_of(A, retention=Retention(
        kind="percentage", ppm=100_000, of="sublimit")))
    case = Case(product, (Loss(A, of(100)),))
    return ("limit", case.with_(sublimits={A: of(100)}), case.with_(sublimits={A: of(500)}),
            90, 50)


def including() -> tuple[str, Case, Case, float, float]:
    product = product_of(section_of(A, retention=Retention(
        kind="percentage", ppm=200_000, limit="including")))
    case = Case(product, (Loss(A, of(100)), Loss(A, of(100), {"item.loss_kind": PRICE})),
                sublimits={A: of(100)})
    return "exclusion", case, case.excluding(), 60, 80


def layers() -> tuple[str, Case, Case, float, float]:
    product = product_of(section_of(A, sublimit=Sublimit(ppm_of_aggregate=1_000_000)), layers=(
        Layer(id="one", name_zh="一", name_en="one", attachment_ppm=100_000, limit_ppm=900_000),))
    case = Case(product, (Loss(A, of(100)),))
    return "limit", case.with_(aggregate=of(500)), case.with_(aggregate=of(1000)), 50, 0


def layer_aggregate() -> tuple[str, Case, Case, float, float]:
    product = product_of(section_of(A, sublimit=Sublimit(ppm_of_aggregate=1_000_000)), layers=(
        Layer(id="one", name_zh="一", name_en="one", limit_ppm=500_000, aggregate_fen=of(50)),
        Layer(id="two", name_zh="二", name_en="two", attachment_ppm=500_000,
              limit_ppm=500_000)))
    case = Case(product, (Loss(A, of(100)),), cells={"prior.layer.one": of(50)})
    return "limit", case.with_(aggregate=of(100)), case.with_(aggregate=of(200)), 50, 0


def retention_minimum() -> tuple[str, Case, Case, float, float]:
    case = both(schedule={"retention_minimum_fen": of(50)})
    return ("limit", case.with_(sublimits={A: of(50)}), case.with_(sublimits={A: of(100)}),
            100, 50)


def retention_maximum() -> tuple[str, Case, Case, float, float]:
    product = product_of(section_of(A), section_of(B, retention=Retention(
        kind="fixed", amount_fen=of(50))))
    case = Case(product, (Loss(A, of(300)), Loss(B, of(100))), sublimits={A: of(100)},
                schedule={"retention_maximum_fen": of(50)})
    return ("deductible", case, case.section(A, retention=Retention(
        kind="fixed", amount_fen=of(100))), 150, 200)


EXAMPLES: tuple[Callable[[], tuple[str, Case, Case, float, float]], ...] = (
    insured_shares, event_deductible, own_deductibles, other_insurance, retention_after_limit,
    sublimit_after_limit, average_after_limit, recoveries_after_limit, overlapping_limits,
    mixed_erosion, in_kind, sublimit_retention, including, layers, layer_aggregate,
    retention_minimum, retention_maximum)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.__name__)
def test_every_named_break_breaks_in_figures(
    example: Callable[[], tuple[str, Case, Case, float, float]]
) -> None:
    promise, before, after, paid, then = example()
    assert (before.total(), after.total()) == (of(paid), of(then))
    worse = then < paid if promise == "limit" else then > paid
    assert worse
    assert promise in named(before)[example.__name__]


def test_every_rule_has_its_example() -> None:
    assert {one.__name__ for one in EXAMPLES} == set(monotone_rules())


# --- what is called monotone is monotone ----------------------------------------------------

COVERS = ("FP-IR", "FP-LEGAL", "FP-EXT-C", "FP-PR", "SV-RESC", "FP-BI", "FP-DBI")
AMOUNTS = (0, 1, 99, 10_000, 333_333, 1_000_000, 1_000_001, 5_000_000, 70_000_000)
FIXED = (1, 10_000, 333_333, 1_000_000)


def random_case(source: random.Random) -> Case:
    """Sections, shared limits, layers, order, members and losses, all shaken."""
    programme = source.random() < 0.3
    sections = [random_section(source, one, programme)
                for one in source.sample(COVERS, source.randint(2, 4))]
    codes = [one.coverage for one in sections]
    shared = tuple(SharedLimit(id=f"s{number}", amount_fen=source.choice(AMOUNTS),
                               coverages=tuple(source.sample(codes, source.randint(1, 2))))
                   for number in range(source.choice((0, 1, 1, 2))))
    product = product_of(
        *sections, shared_limits=shared, calculation_order=random_order(source),
        targets=("chain",) if programme else ("sme",), layers=random_layers(source),
        exclusions=random_penalties(source, codes),
        other_insurance=OtherInsurance(rule=source.choice(
            ("none", "none", "sums_insured", "independent_liability", "excess"))))
    product = msgspec.structs.replace(product, limits=msgspec.structs.replace(
        product.limits, deductible_per=source.choice(("event", "event", "insured"))
        if programme else "event"))
    losses = tuple(
        Loss(one, source.choice(AMOUNTS) + source.choice((0, 0, 1)), random_cells(source),
             source.choice(("one", "two")) if programme else "")
        for one in source.choices(codes, k=source.randint(2, 6)))
    cells = {f"prior.{name}": source.choice(AMOUNTS) for name in (
        "aggregate_paid", "event_paid", "shared.s0", f"section.{codes[0]}", "event_deductible")
        if source.random() < 0.1}
    return Case(product, losses, aggregate=source.choice((1_000_000, 3_333_333, 10**9)),
                deductible=source.choice((0, 10_000, 333_333)), cells=cells,
                sublimits={one: source.choice((10_000, 333_333, 999_999)) for one in codes})


def random_section(source: random.Random, coverage: str, programme: bool) -> Section:
    kind = source.choice(("none", "event_deductible", "event_deductible", "fixed", "percentage",
                          "higher_of", "lower_of"))
    own = kind not in {"none", "event_deductible"}
    retention = Retention(
        kind=kind, amount_fen=source.choice(FIXED) if own else 0, ppm=200_000 if own else 0,
        of=source.choice(("loss", "loss", "sublimit")),
        minimum_fen=source.choice((0, 5_000)) if own else 0,
        maximum_fen=source.choice((None, 50_000)) if own else None,
        then_event_deductible=own and source.random() < 0.2,
        limit=source.choice(("on_top", "on_top", "including")))
    more: dict[str, object] = {}
    if coverage == "SV-RESC":
        more = {"triggers": ("event.service_request",), "valuation": Valuation(method="in_kind")}
    elif coverage in {"FP-BI", "FP-DBI"}:
        more = {"valuation": Valuation(method="business_interruption_net_profit"),
                "waiting": Waiting(seconds=source.choice((3_600, 43_200, 199_999)),
                                   mode=source.choice(get_args(WaitingMode)),
                                   deductible=source.choice(("waived", "kept")))}
    return section_of(
        coverage, retention=retention, average=source.random() < 0.1,
        insured_share_ppm=source.choice((0, 0, 100_000)),
        erodes_aggregate=source.random() < 0.85,
        sublimit=Sublimit(amount_fen=10**6, per=source.choice(("policy", "insured"))
                          if programme else "policy"),
        **more)


def random_order(source: random.Random) -> tuple[Stage, ...]:
    order = list(DEFAULT_ORDER)
    if source.random() < 0.4:
        first, second = source.sample(range(len(order)), 2)
        order.insert(second, order.pop(first))
    return tuple(order)


def random_layers(source: random.Random) -> tuple[Layer, ...]:
    if source.random() < 0.7:
        return ()
    first, second = source.choice(((0, 500_000), (100_000, 500_000), (0, 400_000)))
    shares = [source.choice((1_000_000, 600_000)) for _ in range(2)]
    return tuple(
        Layer(id=name, name_zh=name, name_en=name, attachment_ppm=attachment, limit_ppm=limit,
              aggregate_fen=source.choice((None, None, 100_000)),
              participants=(Participation(party="沧澜", role="lead_insurer", share_ppm=share),))
        for name, attachment, limit, share in (
            ("one", first, 500_000 - first, shares[0]), ("two", second, 300_000, shares[1])))


def random_penalties(source: random.Random, codes: list[str]) -> tuple[Exclusion, ...]:
    """A penalty that always applies, to all sections or to one."""
    if source.random() < 0.6:
        return ()
    return (penalty("CX-PENALTY", Effect(type="coinsurance", insured_share_ppm=150_000),
                    (codes[0],) if source.random() < 0.4 else ()),)


def penalty(code: str, effect: Effect, coverages: tuple[str, ...] = ()) -> Exclusion:
    return msgspec.structs.replace(
        NOT_PRICE, code=code, acts_on="event", effect=effect, coverages=coverages,
        predicate={"fact": "event.cyber_incident_confirmed", "op": "is_true"})


def random_cells(source: random.Random) -> dict[str, int]:
    chances = {"item.recovered": 0.2, "item.other_insurance_paid": 0.2,
               "item.other_insurance_sum": 0.2, "item.other_insurance_liability": 0.2,
               "property.insurable_amount": 0.3}
    found = {name: source.choice(AMOUNTS) for name, chance in chances.items()
             if source.random() < chance}
    return found | ({"item.loss_kind": PRICE} if source.random() < 0.4 else {})


def more_limit(source: random.Random, case: Case) -> Case:
    """One limit higher: of a section, a group, an event, the year, or the year with its shares."""
    extra = source.choice((1, 100, 50_000, 1_000_000))
    what = source.choice(("section", "section", "section", "shared", "aggregate"))
    shared = case.product.shared_limits
    if what == "shared" and shared:
        chosen = source.randrange(len(shared))
        raised = tuple(msgspec.structs.replace(one, amount_fen=(one.amount_fen or 0) + extra)
                       if number == chosen else one for number, one in enumerate(shared))
        return case.with_(product=msgspec.structs.replace(case.product, shared_limits=raised))
    if what == "aggregate":
        return case.with_(aggregate=case.aggregate + extra, each_event=None)
    code = source.choice(list(case.sublimits))
    return case.with_(sublimits={**case.sublimits, code: min(
        case.sublimits[code] + extra, case.aggregate)})


def more_deductible(source: random.Random, case: Case) -> Case:
    """The event deductible or one section's own retention higher."""
    extra = source.choice((1, 100, 5_000, 300_000))
    section = source.choice(case.product.sections)
    own = section.retention
    if section.waiting is not None and source.random() < 0.5:
        longer = msgspec.structs.replace(section.waiting, seconds=section.waiting.seconds + 7_200)
        return case.section(section.coverage, waiting=longer)
    if own.kind in {"none", "event_deductible"} or source.random() < 0.4:
        return case.with_(deductible=case.deductible + extra)
    raised = (msgspec.structs.replace(own, amount_fen=own.amount_fen + extra)
              if source.random() < 0.6 else
              msgspec.structs.replace(own, ppm=min(own.ppm + 100_000, 1_000_000)))
    return case.section(section.coverage, retention=raised)


def one_more_exclusion(source: random.Random, case: Case) -> Case:
    """Of items, or of the event: a share, an uplift, an amount, all of some sections."""
    if source.random() < 0.6:
        return case.excluding()
    effect, some = source.choice((
        (Effect(type="coinsurance", insured_share_ppm=300_000), True),
        (Effect(type="deductible_uplift", mode="multiply", rate_ppm=500_000), False),
        (Effect(type="extend_waiting", hours=12), True),
        (Effect(type="exclude_event"), True)))
    reach = (case.product.sections[-1].coverage,) if some else ()
    return case.excluding(penalty("CX-MORE", effect, reach))


CHANGES = {"limit": more_limit, "deductible": more_deductible, "exclusion": one_more_exclusion}


def holds(source: random.Random) -> tuple[str, bool]:
    """Whether a promise was made of a shaken product, and then whether it was kept."""
    case = random_case(source)
    promise = source.choice(list(CHANGES))
    changed = CHANGES[promise](source, case)
    broken = {one for found in (case, changed) for rule in monotone_breaks(found.product)
              for one in rule.promises}
    if promise in broken:
        return "not promised", True
    before, after = case.total(), changed.total()
    rounding = len({(one.coverage, one.member) for one in case.losses})
    if promise == "limit":
        return "promised", after >= before - rounding
    return "promised", after <= before + rounding


def test_what_is_called_monotone_is_monotone() -> None:
    outcomes = [holds(random.Random(seed)) for seed in range(600)]
    assert [seed for seed, (_made, kept) in enumerate(outcomes) if not kept] == []
    assert sum(made == "promised" for made, _kept in outcomes) > 150


def test_the_standard_product_breaks_by_other_insurance_only() -> None:
    (found,) = monotone_breaks(load_product("cyber-comprehensive-standard"))
    assert (found.rule, found.subjects) == ("other_insurance", ("TP-PRIV", "TP-NETSEC"))


def test_other_insurance_before_shared_limits_mends_it() -> None:
    product = load_product("cyber-comprehensive-standard")
    order = [one for one in DEFAULT_ORDER if one != "other_insurance"]
    order.insert(order.index("shared_limits"), "other_insurance")
    assert monotone_breaks(msgspec.structs.replace(
        product, calculation_order=tuple(order))) == ()
