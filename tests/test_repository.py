"""What must be true of the repository itself: licences, locks, nothing that belongs elsewhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = sorted((ROOT / "src/dinghai/data/schemas").glob("*.schema.json"))
BINARY = {".pdf", ".png", ".ttf", ".gz", ".jpg", ".mo", ".parquet"}

# Put together from pieces, so that this file does not contain what it looks for.
HOSTS = [
    "python" + "hosted.org",
    "py" + "pi.org",
    "registry.npm" + "js",
    "registry.yarn" + "pkg",
    "npm" + "mirror",
    "deb.deb" + "ian.org",
]
MACHINE_PATHS = ["/" + "work/", "/" + "root/", "/" + "tmp/", "/" + "home/[a-z]", "/" + "Users/"]
SECRETS = [
    "-----BEGIN [A-Z ]*PRIVATE" + " KEY-----",
    r"\bAKIA" + "[0-9A-Z]{16}\\b",
    r"\bgh[pousr]_" + "[A-Za-z0-9]{36}",
    r"\bnpm_" + "[A-Za-z0-9]{36}",
    r"\bxox[abprs]-" + "[A-Za-z0-9-]{10,}",
    r"(?i:\b(secret_key|password|api_key|token)\b\s*[=:]\s*[\"'](?=[a-z_-]*[0-9])[\w+/-]{24,}[\"'])",
    "://[a-z0-9_]+:(?!(?i:password)@)[^@/\\s{}\"'<>]{3,}@",
]


def tracked_texts() -> list[tuple[str, str]]:
    """Every tracked text file with its content."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [
        (path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8", errors="replace"))
        for path in paths
        if path.is_file() and path.suffix not in BINARY
    ]


def places(patterns: list[str]) -> list[str]:
    """Where any of the patterns stands in tracked text."""
    pattern = re.compile("|".join(f"(?:{one})" for one in patterns))
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in tracked_texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def requirements(name: str) -> str:
    """The text of a Python lock file."""
    return (ROOT / "requirements" / name).read_text(encoding="utf-8")


def test_no_registry_host_in_tracked_files() -> None:
    assert places([re.escape(host) for host in HOSTS]) == []


def test_no_machine_path_in_tracked_files() -> None:
    assert places([rf"(?<![\w.$}}*-]){path}" for path in MACHINE_PATHS]) == []


def test_no_secret_in_tracked_files() -> None:
    assert places(SECRETS) == []


@pytest.mark.parametrize(
    ("patterns", "text"),
    [
        ([re.escape(host) for host in HOSTS], "see files." + "python" + "hosted.org/x"),
        (SECRETS, "-----BEGIN RSA PRIVATE" + " KEY-----"),
        (SECRETS, "token = '" + "a1B2" * 8 + "'"),
        (SECRETS, "postgresql://me:hun" + "ter2@db/x"),
    ],
)
def test_the_patterns_find_what_they_are_for(patterns: list[str], text: str) -> None:
    assert re.search("|".join(f"(?:{one})" for one in patterns), text)


@pytest.mark.parametrize("name", ["base.txt", "develop.txt"])
def test_python_lock_has_hashes_and_no_address(name: str) -> None:
    text = requirements(name)
    logical = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    assert len(logical) > 20
    for line in logical:
        assert re.match(r"^[a-z0-9][a-z0-9._-]*==\S+( ;.*?)?\s+--hash=sha256:[0-9a-f]{64}", line)
    assert "://" not in text
    assert not re.search(r"^\s*(-i|--index|--extra|--find|-f|--trusted)", text, re.MULTILINE)


def test_base_lock_is_part_of_the_develop_lock() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[a-z0-9][a-z0-9._-]*==\S+", requirements(name), re.MULTILINE))

    assert pins("base.txt") < pins("develop.txt")


def test_python_lock_holds_every_direct_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    for name, wanted in (
        ("base.txt", [*project["dependencies"], *optional["platform"]]),
        ("develop.txt", optional["develop"]),
    ):
        locked = set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==", requirements(name), re.MULTILINE))
        direct = {re.split(r"[\[<>=!~ ]", line, maxsplit=1)[0].lower() for line in wanted}
        assert direct <= locked


def test_npm_lock_has_hashes_and_no_download_address() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    for name, entry in packages.items():
        assert entry["integrity"].startswith("sha512-"), name
        assert "resolved" not in entry, name


def test_licence_is_apache_everywhere() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text and "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "Apache-2.0"
    assert {"LICENSE", "NOTICE"} <= set(project["license-files"])
    package = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    assert package["license"] == "Apache-2.0"


def test_notice_names_every_source_of_shared_data(shared: Path) -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    sources = sorted((shared / "data").glob("*/SOURCE.md"))
    assert sources
    named: set[str] = set()
    for source in sources:
        text = source.read_text(encoding="utf-8")
        repositories = re.findall(r"github ([\w.-]+/[\w.-]+)", text)
        for origin in re.findall(r"^- origin: (.*)$", text, re.MULTILINE):
            repositories += re.findall(r"([\w.-]+/[\w.-]+)(?: backend/\S+)?", origin)
        named.update(repositories)
    assert len(named) > len(sources)
    assert sorted(name for name in named if name not in notice) == []


def test_notice_names_every_publisher_of_a_benchmark(shared: Path) -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8").lower()
    published = json.loads((shared / "data/benchmarks/published.json").read_text(encoding="utf-8"))
    names = {key.split("_")[0] for key in published} - {"how", "us", "academic"}
    names |= {key.split("_")[0] for key in published["academic"]} - {"evidence"}
    spelled = {"naic": "national association of insurance commissioners"}
    assert [name for name in sorted(names) if spelled.get(name, name) not in notice] == []


def test_there_are_schemas() -> None:
    assert SCHEMAS


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_schema_is_valid_2020_12(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)


def test_every_text_of_the_site_has_its_chinese() -> None:
    checked = subprocess.run(
        [sys.executable, ROOT / "tools/messages.py", "check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
