"""Makes the example's bills of materials with the CycloneDX tools, from the kept package sets.

``python tools/lab/make_inventory.py CYCLONEDX_NPM`` — the path of an installed
``@cyclonedx/cyclonedx-npm``; ``cyclonedx-py`` is taken from beside the running Python. Nothing is
installed from the package sets: the npm bills come from the lock files, the Python bill from the
requirements. What the tools write is kept, except: download addresses and references to other
sites are left out, the time is the dossier's, and the serial number follows from the content.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Any

DONGHAI = Path(__file__).parents[2] / "examples" / "donghai"
_SERIAL_NAMESPACE = uuid.UUID("7b0f4a52-5f0e-4a70-9c3b-0d8b4d1a2c11")
_LEFT_OUT = ("externalReferences", "hashes", "evidence", "distribution")


def tidy(value: Any) -> Any:
    """A bill without addresses of registries and sites."""
    if isinstance(value, dict):
        return {key: tidy(item) for key, item in value.items() if key not in _LEFT_OUT}
    if isinstance(value, list):
        return [tidy(item) for item in value]
    return value


def finish(bill: dict[str, Any], moment: str, target: Path) -> None:
    """Dates the bill, gives it a stable serial number and writes it."""
    bill = tidy(bill)
    bill["metadata"]["timestamp"] = moment
    bill.pop("serialNumber", None)
    content = json.dumps(bill, sort_keys=True, ensure_ascii=False)
    ordered = {key: bill.pop(key) for key in ("$schema", "bomFormat", "specVersion") if key in bill}
    ordered["serialNumber"] = f"urn:uuid:{uuid.uuid5(_SERIAL_NAMESPACE, content)}"
    text = json.dumps(ordered | bill, indent=1, ensure_ascii=False)
    target.write_text(text + "\n", encoding="utf-8")


def npm_bill(tool: Path, source: Path, moment: str, target: Path) -> None:
    """From package.json and its lock file."""
    run(
        [
            str(tool),
            "--package-lock-only",
            "--spec-version",
            "1.6",
            "--output-format",
            "JSON",
            "--output-reproducible",
            "--omit",
            "dev",
            "--omit",
            "optional",
            "--output-file",
        ],
        source,
        moment,
        target,
    )


def python_bill(source: Path, moment: str, target: Path) -> None:
    """From the pinned requirements."""
    tool = Path(sys.executable).parent / "cyclonedx-py"
    run(
        [
            str(tool),
            "requirements",
            "--pyproject",
            "pyproject.toml",
            "--short-PURLs",
            "--output-reproducible",
            "--of",
            "JSON",
            "-o",
        ],
        source,
        moment,
        target,
    )


def run(command: list[str], source: Path, moment: str, target: Path) -> None:
    """Runs a tool in the folder of its package set and tidies what it writes."""
    with tempfile.TemporaryDirectory() as scratch:
        raw = Path(scratch) / "bill.json"
        subprocess.run([*command, str(raw)], cwd=source, check=True)
        finish(json.loads(raw.read_text(encoding="utf-8")), moment, target)


def main(arguments: list[str]) -> int:
    """The five bills. Returns the exit code."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    tool = Path(arguments[0]).resolve()
    for folder, day in (
        (DONGHAI / "inventory", "2026-03-05"),
        (DONGHAI / "rescan" / "2026-05-06" / "inventory", "2026-05-06"),
        (DONGHAI / "rescan" / "2026-07-31" / "inventory", "2026-07-31"),
    ):
        npm_bill(
            tool, folder / "source" / "shop", f"{day}T10:00:00+08:00", folder / "shop.cdx.json"
        )
        if (folder / "source" / "erp").is_dir():
            python_bill(folder / "source" / "erp", f"{day}T10:30:00+08:00", folder / "erp.cdx.json")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
