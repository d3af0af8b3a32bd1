"""The page of results: what was asked for, what one run on one machine gave, and the lines."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dinghai.foundation.clock import SystemClock

Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that was asked for: where it stands in a line, and what it may be at most (or, with
    ``least``, must be at least)."""

    name: str
    what: str
    place: tuple[str, ...]
    bound: float | None
    unit: str
    least: bool = False

    def found(self, lines: Sequence[Line]) -> float | None:
        """The figure of this run; None where its benchmark did not run."""
        for line in lines:
            if line.get("what") == self.what:
                value: Any = line
                for key in self.place:
                    value = value[key]
                return float(value)
        return None

    def row(self, value: float) -> str:
        """The line of the table."""
        if self.bound is None:
            return f"| {self.name} | – | {value:,.6g} {self.unit} | |"
        held = value >= self.bound if self.least else value <= self.bound
        sign = "≥" if self.least else "≤"
        return (f"| {self.name} | {sign} {self.bound:g} {self.unit} | {value:,.6g} {self.unit} "
                f"| {'yes' if held else '**no**'} |")


TARGETS: Final = (
    Target("a million years of Poisson(2.5) × lognormal, warm", "compound",
           ("milliseconds", "simulate"), 20.0, "ms"),
    Target("the same by NumPy in the same run", "compound", ("milliseconds", "numpy"), None, "ms"),
    Target("FFT of the same with TVaR99", "compound", ("milliseconds", "fft"), 60.0, "ms"),
    Target("FFT's relative error of TVaR99", "compound",
           ("tvar99_relative_error", "1.4", "fft"), 1e-6, ""),
    Target("rms error of TVaR99 at 100,000 years, 40 seeds, σ 1.4", "compound",
           ("tvar99_relative_error", "1.4", "simulate_rms"), 0.006, ""),
    Target("the same for σ 2.4, where it is worse", "compound",
           ("tvar99_relative_error", "2.4", "simulate_rms"), None, ""),
    Target("light quote (28 answers, inclusive product)", "quote", ("milliseconds", "light"), 50.0,
           "ms"),
    Target("full quote with its whole document", "quote", ("milliseconds", "full"), 300.0, "ms"),
    Target("explanation over 64 mixtures, assessment included", "quote",
           ("milliseconds", "explanation"), None, "ms"),
    Target("best fixes for ¥200,000", "quote", ("milliseconds", "fixes"), None, "ms"),
    Target("10,000 dossiers from disk", "quote_batch", ("seconds",), 60.0, "s"),
    Target("a world of the cascade on 10,000 nodes and 100,000 edges", "cascade",
           ("microseconds_a_world",), 90.0, "µs"),
    Target("a world of first passage to 365 days, 20,000 steps", "cascade",
           ("passage", "19980", "milliseconds_a_world"), 0.5, "ms"),
    Target("the same with 200,000 steps", "cascade",
           ("passage", "199980", "milliseconds_a_world"), 12.0, "ms"),
    Target("two million residents from one file: checked, issued, posted, sealed",
           "resident_enrolment", ("seconds", "all"), 90.0, "s"),
    Target("peak memory of the same", "resident_enrolment", ("peak_memory_mib",), 1_024.0, "MiB"),
    Target("the same enrolment on PostgreSQL, durable, as it ships",
           "resident_enrolment_postgres", ("seconds", "all"), 180.0, "s"),
    Target("the slowest answer of a register of ten million: pages, searches, figures",
           "resident_register", ("slowest_milliseconds",), 300.0, "ms"),
    Target("a certificate of the tenth million, enrolled", "resident_register",
           ("microseconds_a_certificate_in_the_last_list",), None, "µs"),
    Target("200,000 certificates renewed by list: checked, issued, posted, sealed",
           "resident_changes", ("seconds", "renewal", "all"), 20.0, "s"),
    Target("200,000 certificates cancelled by list, refunds by day", "resident_changes",
           ("seconds", "cancellation", "all"), 20.0, "s"),
    Target("200,000 residents' claims decided, from file to tables", "resident_claims",
           ("seconds", "all"), 60.0, "s"),
    Target("200,000 residents' claims decided by one run of the platform, each decision kept",
           "resident_claims_platform", ("seconds", "decided"), 60.0, "s"),
    Target("their file taken in before", "resident_claims_platform", ("seconds", "taken_in"), None,
           "s"),
    Target("peak memory of the same", "resident_claims_platform", ("peak_memory_mib",), None,
           "MiB"),
    Target("residents' certificates as PDF, signed and with QR mark, each core",
           "resident_certificates", ("per_core_second",), 400.0, "/s", least=True),
    Target("a programme of 5,000 suppliers: 100,000 years with losses, ranking and ten fixes",
           "chain_programme", ("seconds", "years_ranking_and_plan"), 60.0, "s"),
    Target("its model made from the chain's file", "chain_programme", ("seconds", "model"), None,
           "s"),
    Target("its model again after one supplier's change", "chain_programme",
           ("seconds", "one_change"), 2.0, "s"),
    Target("event-lines through the terms, each core", "terms",
           ("event_lines_per_second_and_core",), 30e6, "/s", least=True),
)


def peer_rows(line: Line) -> list[str]:
    """What a benchmark says of its peers, a row each."""
    rows = []
    for name, found in line.get("peers", {}).items():
        figures = found if isinstance(found, Mapping) else {"": found}
        text = ", ".join(f"{key} {value:,.6g}".strip() for key, value in figures.items())
        rows.append(f"| {line['what']}: {name.replace('_', ' ')} | {text} |")
    return rows


def machine() -> str:
    """Processor, cores, memory and system, in words."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        model = next((line.partition(":")[2].strip()
                      for line in information.read_text().splitlines()
                      if line.startswith("model name")), model)
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (f"{model}, {os.cpu_count()} cores, {pages:.1f} GiB, "
            f"{platform.system()} {platform.release()}, Python {platform.python_version()}")


def results_page(lines: Sequence[Line]) -> str:
    """The text of RESULTS.md."""
    rows = [target.row(value) for target in TARGETS
            if (value := target.found(lines)) is not None]
    absent = [name for line in lines for name in line.get("peers_absent", [])]
    here = [row for line in lines for row in peer_rows(line)]
    text = [
        "# Results", "",
        f"One run of `python -m benchmarks --write` on {SystemClock().now().date()}: {machine()}.",
        "Made by that command: do not edit by hand.", "",
        "| what | asked for | found | held |", "|---|---|---|---|", *rows, ""]
    if here:
        text += ["Peers on the same work, in the same run:", "", "| peer | found |", "|---|---|",
                 *here, ""]
    if absent:
        text += [f"Peers that could not be imported and were not measured: {', '.join(absent)}.",
                 ""]
    return "\n".join([*text, "## Lines", "", "```", *(json.dumps(line, ensure_ascii=False)
                                                      for line in lines), "```", ""])
