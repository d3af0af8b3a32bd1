"""Two million residents enrolled on PostgreSQL, in a cluster of its own that keeps its word.

    python -m benchmarks.resident_enrolment_postgres [--residents 2000000]

prints one JSON line: that of `resident_enrolment` on a durable cluster (fsync and full pages on,
other settings as PostgreSQL ships), made for it and removed afterwards.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).parent.parent / "tools" / "with_postgres.py"
ON_IT = "--on-the-cluster"


def main() -> None:
    """Measure and print."""
    if ON_IT in sys.argv:
        os.environ["DINGHAI_DATABASE_URL"] = os.environ["DINGHAI_TEST_DATABASE_URL"]
        rest = [one for one in sys.argv[1:] if one != ON_IT]
        os.execv(sys.executable, [sys.executable, "-m", "benchmarks.resident_enrolment", *rest])
    again = [sys.executable, "-m", "benchmarks.resident_enrolment_postgres", ON_IT, *sys.argv[1:]]
    done = subprocess.run([sys.executable, str(TOOL), "--durable", *again], check=True,
                          stdout=subprocess.PIPE, text=True)
    print(json.dumps({**json.loads(done.stdout), "what": "resident_enrolment_postgres"}))


if __name__ == "__main__":
    main()
