"""Write the golden prices: thirty made-up dossiers across industries and sizes, with factor trees.

    python -m tools.golden_prices          write what is expected anew, after a meant change
    python -m tools.golden_prices --check  only say which prices differ

The dossiers stand in tests/golden/prices and do not change; the JSON beside each does, when the
tables or the model are meant to change, and its difference is what such a change does to prices.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

from dinghai.assessment.assess import assess
from dinghai.assessment.dossier import read_dossier
from dinghai.evidence.feeds import shipped_epss, shipped_kev
from dinghai.foundation.canonical import JSON
from dinghai.foundation.trace import Trace
from dinghai.pricing.quote import Pricer, Quote
from dinghai.wording.products import load_product

FOLDER = Path(__file__).parent.parent / "tests/golden/prices"
ON, INCEPTION = date(2026, 3, 12), date(2026, 4, 1)
INCLUSIVE, STANDARD = "cyber-comprehensive-inclusive", "cyber-comprehensive-standard"


def dossiers() -> list[Path]:
    """The folders of the dossiers, in order."""
    return sorted(path for path in FOLDER.iterdir() if path.is_dir())


def product_of(folder: Path) -> str:
    """Small firms are offered the inclusive product, all others the standard one."""
    return INCLUSIVE if folder.name.endswith("-small") else STANDARD


def quoted(folder: Path) -> Quote:
    """The quote of a golden dossier on the shipped tables and feeds."""
    dossier = read_dossier(folder, today=ON)
    assessment = assess(dossier, kev=shipped_kev(ON), epss=shipped_epss(), on=ON)
    pricer = Pricer.of(dossier, assessment, load_product(product_of(folder)))
    return pricer.quote(pricer.schedule(inception=INCEPTION))


def expected(quote: Quote) -> dict[str, JSON]:
    """What is held of a quote: the price, its parts, its explanation and every factor."""
    explanation = quote.explanation
    return {
        "outcome": quote.outcome,
        "premium": quote.premium.to_dict(),
        "by_section_fen": dict(quote.by_section),
        "by_peril_fen": dict(quote.by_peril),
        "explanation": {
            "industry_average": [explanation.average_pure_fen, explanation.average_technical_fen],
            **{one.group: [one.pure_fen, one.technical_fen]
               for one in explanation.contributions}},
        "factors": factors(quote.trace),
    }


def factors(trace: Trace) -> dict[str, JSON]:
    """The factor tree as names and values; children nested where a value has any."""
    children = {child.name: factors(child) if child.children else _figure(child.value)
                for child in trace.children}
    return {"value": _figure(trace.value), **children}


def _figure(value: JSON) -> JSON:
    """Rounded beyond what machines may differ in."""
    return float(f"{value:.9g}") if isinstance(value, float) else value


def main() -> int:
    """Write or check; 1 when a check finds a difference."""
    differing = []
    for folder in dossiers():
        text = json.dumps(expected(quoted(folder)), ensure_ascii=False, indent=1) + "\n"
        path = folder.with_suffix(".json")
        before = path.read_text("utf-8") if path.exists() else ""
        if text != before:
            differing.append(folder.name)
            if "--check" not in sys.argv:
                path.write_text(text, "utf-8")
    print(f"{len(differing)} of {len(dossiers())} prices differ: {', '.join(differing) or 'none'}")
    return 1 if differing and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
