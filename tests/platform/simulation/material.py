"""What the world is fed with: varied dossiers, re-scans, threat tables and incidents."""

from __future__ import annotations

import csv
import io
import json
import tomllib
import zipfile
from copy import deepcopy
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from dinghai.vocabulary.facts import fact
from tests.platform.story import EXAMPLE

INCIDENT = EXAMPLE / "incident"


@cache
def _text(name: str) -> str:
    return (EXAMPLE / name).read_text(encoding="utf-8")


def dossier_archive(random: Random, *, broken: bool = False) -> bytes:
    """A dossier of another enterprise: other size, other answers, a few evidence files."""
    profile = _text("profile.toml").replace("8亿", f"{random.choice((3, 6, 8, 12))}亿")
    limit = random.choice(("1000万", "800万", "500万"))
    profile = profile.replace('limit = "1000万"', f'limit = "{limit}"')
    rows = list(csv.reader(io.StringIO(_text("answers.csv"))))
    for row in rows[1:]:
        if random.random() < 0.15:
            row[1] = str(random.randint(2, 4))
    if broken:
        rows[3][1] = "nine"
    answers = io.StringIO()
    csv.writer(answers, lineterminator="\n").writerows(rows)
    made = {"profile.toml": profile, "answers.csv": answers.getvalue()}
    made |= {f"evidence/{path.name}": path.read_text(encoding="utf-8")
             for path in sorted((EXAMPLE / "evidence").iterdir())}
    made |= _scans(random, 0.3)
    made["inventory/shop.cdx.json"] = _shop()
    return zipped(made)


def rescan_archive(random: Random) -> bytes:
    """New evidence: some weaknesses gone, sometimes the exploited component too."""
    made = _scans(random, random.choice((0.5, 0.8, 1.0)))
    made["inventory/shop.cdx.json"] = _shop() if random.random() < 0.4 else _shop(mended=True)
    return zipped(made)


def _scans(random: Random, gone: float) -> dict[str, str]:
    lines = _text("scans/external/nuclei.jsonl").splitlines()
    kept = [line for line in lines if random.random() >= gone] or lines[:1]
    erp = "inventory/erp.cdx.json"
    if gone >= 0.8:
        erp = "rescan/2026-07-31/inventory/erp.cdx.json"
    return {
        "scans/external/nuclei.jsonl": "\n".join(kept) + "\n",
        "inventory/erp.cdx.json": _text(erp),
    }


@cache
def _shop(*, mended: bool = False) -> str:
    """The shop's bill of materials with the few components that carry the story."""
    name = "rescan/2026-07-31/inventory/shop.cdx.json" if mended else "inventory/shop.cdx.json"
    return json.dumps(json.loads(_text(name)), ensure_ascii=False)


def zipped(contents: dict[str, str]) -> bytes:
    """A ZIP of texts by name; the same bytes every time."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(contents.items()):
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return written.getvalue()


@cache
def kev_table() -> bytes:
    """The newer shipped table of known exploited vulnerabilities."""
    return files("dinghai.data").joinpath("feeds/kev_2026-04-16.csv").read_bytes()


@cache
def _incident() -> dict[str, Any]:
    return tomllib.loads((INCIDENT / "incident.toml").read_text("utf-8"))


def incident_story(random: Random) -> dict[str, Any]:
    """The example's incident, some of its items, money scaled up or down."""
    story = deepcopy(_incident())
    scale = random.choice((200, 700, 1_000, 2_500))
    items = [one for one in story["items"] if random.random() < 0.6] or story["items"][:2]
    for item in items:
        for group in ("facts", "supplement"):
            for name, entry in item.get(group, {}).items():
                if fact(name).type == "money" and isinstance(entry.get("value"), int):
                    entry["value"] = entry["value"] * scale // 1_000
    story["items"] = items
    for item in items:
        item["late"] = "supplement" in item and random.random() < 0.6
    if random.random() < 0.2:
        for name in ("incident.armed_conflict", "causation.EX-WAR"):
            story["facts"][name] = {"value": True, "evidence": ["ir-report.txt"]}
    return story


def evidence_files(story: dict[str, Any], *, supplement: bool) -> list[tuple[str, str, bytes]]:
    """Name, kind and bytes of the documents of one hand-in."""
    return [(one["file"], one["kind"], (INCIDENT / "evidence" / one["file"]).read_bytes())
            for one in story["evidence"] if one.get("supplement", False) is supplement]


def facts_with(raw: dict[str, Any], references: dict[str, str]) -> dict[str, Any]:
    """Facts with references to what was handed in; the rest stands without evidence."""
    return {name: {**entry, "evidence": [references[one] for one in entry.get("evidence", ())
                                         if one in references]}
            for name, entry in raw.items()}
