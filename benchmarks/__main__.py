"""Run every benchmark: one JSON line each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

for path in sorted(Path(__file__).parent.glob("*.py")):
    if path.stem not in {"__init__", "__main__"}:
        subprocess.run([sys.executable, "-m", f"benchmarks.{path.stem}"], check=True)
