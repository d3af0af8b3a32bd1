"""What became of every claim of a mass decision, as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any, Final

from dinghai.schemes.resident_claim_results import COLUMNS
from dinghai_platform.resident_claims.models import Claim, Decision, DecisionRun

HEADINGS: Final = (*(one for one in COLUMNS["decisions"] if one != "line"), "patterns")
LEFT: Final = "left"
"""The outcome of a claim that the run left for the next one."""
_RUN: Final = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    """A file that gives each line back instead of keeping it."""

    def write(self, text: str) -> str:
        """The text itself."""
        return text


def result_lines(run: DecisionRun) -> Iterator[str]:
    """The decisions of a run in the order in which they were kept, then what was left."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(HEADINGS)
    rows = Decision.objects.within(run.tenant_id).filter(run=run).order_by("id").values_list(
        "claim__number", "claim__certificate_no", "document")
    for number, certificate, document in rows.iterator(chunk_size=1_000):
        cells = {**document["row"], "claim_id": number, "certificate_no": certificate,
                 "patterns": " ".join(one["code"] for one in document.get("reasons", ()))}
        yield writer.writerow(_plain(cells.get(one, "")) for one in HEADINGS)
    decided = Decision.objects.within(run.tenant_id).filter(run=run).values("claim")
    left = Claim.objects.within(run.tenant_id).filter(run=run).exclude(pk__in=decided)
    for number, certificate in left.order_by("pk").values_list(
            "number", "certificate_no").iterator(chunk_size=1_000):
        cells = {"claim_id": number, "certificate_no": certificate, "outcome": LEFT}
        yield writer.writerow(_plain(cells.get(one, "")) for one in HEADINGS)


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and value.startswith(_RUN):
        return f"'{value}"
    return "" if value is None else value
