"""Rebuilds the shipped tables of ATT&CK facts and of the nine published attack flows.

``python -m dinghai.supplychain.rebuild_attack SOURCE_DIR OUT_DIR``
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from dinghai.evidence.intake import read_bounded, text_of
from dinghai.foundation.errors import InputError
from dinghai.foundation.two_folders import run_on_folders

DOMAINS: Final = ("enterprise", "ics")
TECHNIQUES: Final = "attack_techniques.csv"
MITIGATIONS: Final = "attack_mitigations.csv"
FLOWS: Final = "attack_flows.json"


def rebuild(source: Path, out: Path) -> tuple[Path, ...]:
    """Writes the three compact tables into ``out`` and returns their paths.

    Raises InputError when a source file is missing or lacks a column.
    """
    texts = {TECHNIQUES: _techniques(source), MITIGATIONS: _mitigations(source),
             FLOWS: _flows(source / FLOWS)}
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8", newline="")
        written.append(out / name)
    return tuple(written)


def _techniques(source: Path) -> str:
    """Each technique with its tactics and how many groups and campaigns are known to use it."""
    rows = []
    for domain in DOMAINS:
        users = _ics_users(source) if domain == "ics" else _enterprise_users(source)
        rows += [(domain, row["id"], row["name"], row["tactics"], users.get(row["id"], 0))
                 for row in _rows(source / f"{domain}-attack_techniques.csv", "id", "tactics")]
    return _csv(("domain", "id", "name", "tactics", "groups"), sorted(rows))


def _enterprise_users(source: Path) -> dict[str, int]:
    """Distinct groups and campaigns by technique; a sub-technique counts for its parent too."""
    users: dict[str, set[str]] = defaultdict(set)
    for row in _rows(source / "enterprise-attack_usage.csv", "actor", "technique"):
        users[row["technique"]].add(row["actor"])
        users[row["technique"].partition(".")[0]].add(row["actor"])
    return {technique: len(actors) for technique, actors in users.items()}


def _ics_users(source: Path) -> dict[str, int]:
    return {row["technique"]: int(row["groups_or_campaigns"])
            for row in _rows(source / "ics-attack_usage.csv", "technique", "groups_or_campaigns")}


def _mitigations(source: Path) -> str:
    rows = []
    for domain in DOMAINS:
        names: dict[str, str] = {}
        against: dict[str, set[str]] = defaultdict(set)
        for row in _rows(source / f"{domain}-attack_mitigates.csv", "mitigation", "technique"):
            names[row["mitigation"]] = row["name"]
            against[row["mitigation"]].add(row["technique"])
        rows += [(domain, one, names[one], " ".join(sorted(against[one]))) for one in names]
    return _csv(("domain", "id", "name", "techniques"), sorted(rows))


def _flows(path: Path) -> str:
    """The flows as they are, without white space: name, tactic, technique and kind of each node."""
    try:
        document = json.loads(text_of(read_bounded(path).data))
        flows = {name: {"nodes": [_node(one) for one in flow["nodes"]],
                        "edges": [[int(a), int(b)] for a, b in flow["edges"]]}
                 for name, flow in sorted(document.items())}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"not the published flows: {error}", file=path.name,
                         mend="fetch the file again") from error
    return json.dumps(flows, ensure_ascii=False, separators=(",", ":")) + "\n"


def _node(node: dict[str, Any]) -> dict[str, str]:
    wanted = (("name", node.get("name")), ("technique", node.get("technique")),
              ("tactic", node.get("tactic")), ("kind", node.get("kind")))
    return {key: " ".join(str(value).split()) for key, value in wanted if value}


def _rows(path: Path, *columns: str) -> Iterator[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(text_of(read_bounded(path).data), newline=""))
    for column in columns:
        if column not in (reader.fieldnames or ()):
            raise InputError(f"the column {column} is missing", file=path.name, line=1,
                             field=column, mend="fetch the table again")
    yield from reader


def _csv(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()


def main(arguments: Sequence[str]) -> int:
    """The command: two folders; prints what was written. Returns the exit code."""
    return run_on_folders(rebuild, arguments, __doc__)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
