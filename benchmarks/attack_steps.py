"""Attack steps of 5,000 firms of a chain, and of one of them again with another score.

    python -m benchmarks.attack_steps

prints one JSON line. The firms are of ten sections and four sizes, each with its own answers to all
46 indicators, an own gateway, a finding on it and a link; nothing is compiled before.
"""

from __future__ import annotations

import json
import platform
import resource
import time
from datetime import date

import msgspec
import numpy as np

from dinghai.evidence.feeds import shipped_epss, shipped_kev
from dinghai.foundation.streams import uniforms
from dinghai.supplychain.chain import Asset, Chain, ControlScore, Firm, Link, Weakness
from dinghai.supplychain.compiling import compile_firm
from dinghai.supplychain.language import shipped_language
from dinghai.supplychain.language_files import LINK_KINDS
from dinghai.vocabulary.indicators import indicators

FIRMS = 5_000


def chain() -> Chain:
    """The chain, made by keyed draws: the same everywhere."""
    names = tuple(indicators())
    answers = (uniforms(1, "benchmark.answers", FIRMS, len(names)) * 5).astype(int)
    cves = sorted(shipped_kev().entries)[:400]
    firms = tuple(Firm(
        id=f"f{number}", name_zh="试例", role="supplier" if number else "owner",
        tier=min(number, 1), industry="ABCDEFGHIJ"[number % 10],
        revenue_fen=10 ** (8 + number % 4)) for number in range(FIRMS))
    return Chain(
        schema="dinghai.chain/1", id="benchmark", name_zh="试例", owner="f0",
        as_of=date(2026, 11, 30), firms=firms,
        controls=tuple(ControlScore(firm=f"f{number}", indicator=name,
                                    score_ppm=int(answers[number, place]) * 250_000)
                       for number in range(FIRMS) for place, name in enumerate(names)),
        assets=tuple(Asset(firm=one.id, id="gateway", kind="remote_access") for one in firms),
        weaknesses=tuple(Weakness(firm=one.id, asset="gateway", cve=cves[number % len(cves)])
                         for number, one in enumerate(firms)),
        links=tuple(Link(source=f"f{number}", target=f"f{number // 5}",
                         kind=LINK_KINDS[number % len(LINK_KINDS)])
                    for number in range(1, FIRMS)))


def main() -> None:
    """Compile and print."""
    language, kev, epss, made = shipped_language(), shipped_kev(), shipped_epss(), chain()
    start = time.perf_counter()
    steps = [compile_firm(made, one, language, kev=kev, epss=epss) for one in made.firms]
    whole = time.perf_counter() - start
    changed = msgspec.structs.replace(made.controls[0], score_ppm=123_456)
    other = msgspec.structs.replace(made, controls=(changed, *made.controls[1:]))
    assert other.controls_of and other.links_to and other.links_from  # indexed once for a chain
    assert other.assets_of and other.weaknesses_of
    start = time.perf_counter()
    compile_firm(other, other.firms[0], language, kev=kev, epss=epss)
    one = time.perf_counter() - start
    print(json.dumps({
        "what": "attack_steps", "firms": FIRMS, "seconds": round(whole, 3),
        "one_firm_milliseconds": round(one * 1000, 3),
        "steps": int(sum(found.steps for found in steps)),
        "ways": int(sum(len(found.source) for found in steps)),
        "median_steps": int(np.median([found.steps for found in steps])),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "python": platform.python_version(), "numpy": np.__version__}))


if __name__ == "__main__":
    main()
