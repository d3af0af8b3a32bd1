"""Run every benchmark: one JSON line each. What needs a running site says so and is passed over."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

NEEDS_SITE = {"slider": "DINGHAI_ADDRESS"}

for path in sorted(Path(__file__).parent.glob("*.py")):
    if path.stem in {"__init__", "__main__"}:
        continue
    wanted = NEEDS_SITE.get(path.stem)
    if wanted and wanted not in os.environ:
        print(f"{path.stem}: not run, it measures a running site: set {wanted}", file=sys.stderr)
        continue
    subprocess.run([sys.executable, "-m", f"benchmarks.{path.stem}"], check=True)
