"""A programme of one owner and 5,000 suppliers: years with losses and payments, node ranking, and
the model after one supplier's change, in one process.

    python -m benchmarks.chain_programme [--years 100000] [--suppliers 5000]

prints one JSON line. The chain is made by keyed draws: suppliers of ten sections in three tiers,
four sizes, with answers to the light indicators around a maturity of their own, links of several
kinds to those they deliver to, deliveries with stock, and shared providers. Seconds of building the
model, of the first compilation of kernels (warmed up on a small chain before), of the years with
what protecting each party averts, of the worst years again for the tail, and of one supplier's
change stand apart. How many attempts a year there are, how many firms they strike and how many
parties each reaches is printed beside the claims a year of the loss model for the same firms.
Seconds of the processor, over all threads, stand beside those of the clock.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import time
from datetime import date
from importlib.metadata import version

import msgspec
import numpy as np

from dinghai.evidence.feeds import shipped_epss, shipped_kev
from dinghai.foundation.streams import uniforms
from dinghai.supplychain.chain import Chain, ControlScore, Firm, Goods, Link, LinkKind, Provider
from dinghai.supplychain.chain_hardening import HardeningPlan, harden_chain
from dinghai.supplychain.chain_model import ChainModel, chain_model
from dinghai.supplychain.chain_results import rank_chain, simulate_chain
from dinghai.supplychain.chain_update import updated_model
from dinghai.supplychain.strikes import field_of
from dinghai.vocabulary.indicators import light_indicators

PROVIDERS = 20
SECTIONS = "CCCCCGIMFL"
KINDS: tuple[LinkKind, ...] = ("email_trust", "remote_access", "data_share", "software_update",
                               "shared_credential")
SEED = 1
PLAN_YEARS = 500


def made_chain(suppliers: int) -> Chain:
    """The chain: the same everywhere. A tenth of the suppliers deliver to the owner, three tenths
    to these, the rest to those of the second tier."""
    firms = suppliers + 1
    luck = uniforms(SEED, "benchmark.programme", firms, 8)
    names = tuple(light_indicators())
    answers = uniforms(SEED, "benchmark.programme.answers", firms, len(names))
    first, second = suppliers // 10, suppliers * 4 // 10
    buyers = [0] * firms
    for one in range(1, firms):
        if one > second:
            buyers[one] = first + 1 + int(luck[one, 0] * (second - first))
        elif one > first:
            buyers[one] = 1 + int(luck[one, 0] * first)
    tiers = [0 if one == 0 else 1 + (one > first) + (one > second) for one in range(firms)]
    revenue = [800_000_000_000_000 if one == 0 else round(
        10.0 ** (11.6 - 0.4 * tiers[one] + 1.2 * luck[one, 1])) for one in range(firms)]
    maturity = 1.0 + 2.4 * luck[:, 2]
    scores = np.clip(np.rint(maturity[:, None] + 1.8 * (answers - 0.5)), 0, 4).astype(int)
    return Chain(
        schema="dinghai.chain/1", id="benchmark", name_zh="试例", owner="f0",
        as_of=date(2026, 11, 30),
        firms=tuple(Firm(
            id=f"f{one}", name_zh="试例", role="supplier" if one else "owner", tier=tiers[one],
            industry=SECTIONS[one % 10] if one else "C", revenue_fen=revenue[one])
            for one in range(firms)),
        controls=tuple(ControlScore(firm=f"f{one}", indicator=name,
                                    score_ppm=int(scores[one, place]) * 250_000)
                       for one in range(firms) for place, name in enumerate(names)),
        providers=tuple(Provider(id=f"p{one}", name_zh="试例", kind="cloud" if one % 2 else "msp")
                        for one in range(PROVIDERS)),
        links=(
            *(Link(source=f"f{one}", target=f"f{buyers[one]}", kind=kind)
              for one in range(1, firms) for kind in
              (KINDS[one % 5], *((KINDS[(one + 1) % 5],) if luck[one, 3] < 0.3 else ()))),
            *(Link(source=f"f{buyers[one]}", target=f"f{one}", kind="email_trust")
              for one in range(1, firms) if luck[one, 4] < 0.2),
            *(Link(source=f"p{int(luck[one, 5] * PROVIDERS)}", target=f"f{one}",
                   kind="shared_provider") for one in range(1, firms) if luck[one, 6] < 0.5)),
        goods=tuple(Goods(
            source=f"f{one}", target=f"f{buyers[one]}", item="parts",
            share_ppm=round(200_000 * luck[one, 7] ** 4) + 100,
            stock_seconds=86_400 * (1 + one % 14), substitutable_ppm=100_000 * (one % 8))
            for one in range(1, firms)))


def changed_chain(chain: Chain) -> Chain:
    """The same chain after one supplier closed half of its gaps."""
    controls = tuple(
        msgspec.structs.replace(one, score_ppm=min(one.score_ppm + 250_000, 1_000_000))
        if one.firm == "f7" and one.score_ppm is not None else one for one in chain.controls)
    return msgspec.structs.replace(chain, controls=controls)


def build(chain: Chain) -> ChainModel:
    """The whole model, with the threat feeds that ship."""
    return chain_model(chain, kev=shipped_kev(), epss=shipped_epss())


def fix_plan(model: ChainModel, years: int) -> HardeningPlan:
    """A plan of ten fixes, found on the first years: a search on all of them takes too long."""
    return harden_chain(model, years=min(years, PLAN_YEARS), seed=SEED, budget_fen=10**15,
                        most=10, kev=shipped_kev(), epss=shipped_epss())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--years", type=int, default=100_000)
    parser.add_argument("--suppliers", type=int, default=5_000)
    asked = parser.parse_args()
    seconds: dict[str, float] = {}
    processor: dict[str, float] = {}
    used = [time.process_time()]

    def timed(name: str, begun: float) -> None:
        seconds[name] = round(time.perf_counter() - begun, 2)
        now = time.process_time()
        processor[name], used[0] = round(now - used[0], 2), now

    start = time.perf_counter()
    small = made_chain(50)
    first = build(small)
    rank_chain(simulate_chain(first, years=100, seed=SEED, ranked=True))
    updated_model(first, changed_chain(small), kev=shipped_kev(), epss=shipped_epss())
    timed("warm_up", start)
    chain = made_chain(asked.suppliers)
    used[0], start = time.process_time(), time.perf_counter()
    model = build(chain)
    timed("model", start)
    start = time.perf_counter()
    found = simulate_chain(model, years=asked.years, seed=SEED, ranked=True)
    timed("years_and_averted", start)
    start = time.perf_counter()
    ranking = rank_chain(found)
    timed("tail_ranking", start)
    start = time.perf_counter()
    plan = fix_plan(model, asked.years)
    timed("plan", start)
    seconds["years_ranking_and_plan"] = round(
        sum(seconds[one] for one in ("years_and_averted", "tail_ranking", "plan")), 2)
    after = changed_chain(chain)
    assert after.controls_of and after.links_to and after.links_from  # indexed once for a chain
    assert after.assets_of is not None and after.weaknesses_of is not None
    used[0], start = time.process_time(), time.perf_counter()
    updated = updated_model(model, after, kev=shipped_kev(), epss=shipped_epss())
    field_of(updated.twin, updated.outcomes)
    timed("one_change", start)
    years, number = found.years, asked.years
    steps = np.diff(model.twin.begin)[:model.twin.firms]
    claims = sum(one.frequency.own for firm in model.parts.models for one in firm.perils.values())
    print(json.dumps({
        "what": "chain_programme",
        "size": {"firms": model.twin.firms, "providers": PROVIDERS, "years": number,
                 "steps": int(steps.sum()), "median_steps": int(np.median(steps)),
                 "links": len(model.twin.links.step), "deliveries": len(chain.goods)},
        "attempts_a_year": round(found.events.number / number, 1),
        "firms_struck_a_year": round(int(years.struck.sum()) / number, 2),
        "struck_per_firm_a_year": round(int(years.struck.sum()) / number / model.twin.firms, 4),
        "calibrated_claims_per_firm_a_year": round(claims / model.twin.firms, 4),
        "parties_reached_by_an_attempt": round(int(years.entered.sum()) / found.events.number, 4),
        "nanoseconds_an_attempt": round(
            processor["years_and_averted"] / max(found.events.number, 1) * 1e9),
        "seconds": seconds, "processor_seconds": processor,
        "plan": {"years": min(number, PLAN_YEARS), "fixes": len(plan.fixes),
                 "looked_at": plan.looked_at, "candidates": plan.candidates},
        "worst": model.twin.names[int(np.argmax(ranking.averted))],
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "versions": {"dinghai": version("dinghai"), "python": platform.python_version(),
                     "numpy": np.__version__}}))


if __name__ == "__main__":
    main()
