"""Rebuilds the shipped reporting pattern from Washington State's register of breaches.

``python -m dinghai.experience.rebuild_reporting_pattern REGISTER.csv.gz`` prints the table.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from dinghai.experience.delays import clusters, since_the_register, without_clusters
from dinghai.experience.public_sources import read_source
from dinghai.experience.reporting_pattern import bounds_of, curve_of

_AGES: Final = (0, 7, 14, 30, 45, 60, 90, 120, 150, 180, 240, 300, 365, 450, 545, 730, 910, 1095,
                1460)


def table_of(register: Path) -> str:
    """The table as TOML, the same bytes for the same register."""
    spans = [(one.occurred, one.notified) for one in read_source(register)
             if one.occurred is not None and one.notified is not None
             and not one.screened and one.occurred <= one.notified]
    known = since_the_register(spans)
    once = without_clusters(known, clusters(known))
    end = max(notified for _began, notified in once)
    longest = max((notified - began).days for began, notified in once)
    central = curve_of(once, end, longest)
    low, high = bounds_of(once, end, longest)
    lines = [
        "# Share of incidents known by their age in days, for books whose own delays are too few.",
        "# Made by python -m dinghai.experience.rebuild_reporting_pattern; not edited by hand.",
        'schema = "dinghai.reporting-pattern/1"', f'version = "{end.year}.{end.month}"',
        f'as_of = "{end.isoformat()}"', f"n = {len(once)}",
        'method = "Product limit of right-truncated delays, one vendor\'s event counted once; '
        'bounds at 95% from 200 resamples at each age"',
        'source = "Washington State Attorney General, data breach notifications of 500 persons and '
        "more (public domain): from the first day of the breach to the notice. A register's delay "
        'stands in for an insurer\'s"', 'confidence = "D"']
    for age in (*(one for one in _AGES if one < longest), longest):
        lines += ["", "[[points]]", f"days = {age}", f"known = {central[age]:.4f}",
                  f"interval = [{low[age]:.4f}, {high[age]:.4f}]"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table_of(Path(sys.argv[1])), end="")
