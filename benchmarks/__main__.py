"""Run every benchmark: one JSON line each. What needs a running site says so and is passed over.

    python -m benchmarks                  print the lines
    python -m benchmarks --write          write benchmarks/RESULTS.md from them as well
    python -m benchmarks quote compound   only these
    python -m benchmarks --go-on FILE     go on with a run that ended early, its lines in FILE
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.results import results_page

FOLDER = Path(__file__).parent
NEEDS_SITE = {"slider": "DINGHAI_ADDRESS"}
NO_BENCHMARK = {"__init__", "__main__", "dossiers", "made_residents", "results"}


def wanted(names: list[str]) -> list[str]:
    """The benchmarks to run: those named, or all but those that want a site that is not there."""
    found = []
    for path in sorted(FOLDER.glob("*.py")):
        if path.stem in NO_BENCHMARK or (names and path.stem not in names):
            continue
        setting = NEEDS_SITE.get(path.stem)
        if setting and setting not in os.environ:
            print(f"{path.stem}: not run, it measures a running site: set {setting}",
                  file=sys.stderr)
            continue
        found.append(path.stem)
    return found


def lines_in(text: str) -> list[dict[str, Any]]:
    """The lines of benchmarks in what was printed."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def main() -> None:
    """Run, print, and write the page when asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--go-on", type=Path)
    asked = parser.parse_args()
    lines = lines_in(asked.go_on.read_text("utf-8")) if asked.go_on else []
    done_before = {one["what"] for one in lines}
    for name in wanted(asked.names):
        if name in done_before:
            continue
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True,
                              stdout=subprocess.PIPE, text=True)
        print(done.stdout, end="", flush=True)
        lines += lines_in(done.stdout)
    if asked.write:
        (FOLDER / "RESULTS.md").write_text(results_page(lines), "utf-8")


if __name__ == "__main__":
    main()
