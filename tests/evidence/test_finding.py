"""A finding and a reading as documents; ratings as numbers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from jsonschema import Draft202012Validator

from dinghai.evidence.finding import EvidenceReading, Finding, Ignored, Rejection
from dinghai.evidence.gathering import moment_of, plain_text
from dinghai.evidence.ratings import band, cves_in, cwes_in, rate, vector_score
from dinghai.evidence.reading import read_evidence, read_evidence_bytes
from dinghai.foundation.errors import InputError

DONGHAI = Path(__file__).parents[2] / "examples" / "donghai"
FINDING = Finding(finding_id="", kind="service", asset="203.0.113.1", title="t",
                  source_format="nmap-xml", source_name="f", reference="line 1").identified()


def schema(name: str) -> dict[str, Any]:
    path = resources.files("dinghai.data") / "schemas" / f"{name}.schema.json"
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def validator() -> Draft202012Validator:
    return Draft202012Validator(schema("evidence-reading"))


def files() -> list[Path]:
    return [path for path in sorted(DONGHAI.rglob("*"))
            if path.suffix in (".xml", ".jsonl") or path.name.endswith(".cdx.json")]


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(DONGHAI)))
def test_readings_follow_their_schema(path: Path) -> None:
    document = read_evidence(path).to_dict()
    validator().validate(document)
    assert EvidenceReading.from_dict(document) == read_evidence(path)


def test_a_reading_with_rejections_follows_its_schema() -> None:
    document = read_evidence_bytes(b'{"template-id":"t","info":{},"host":"h"}\nx\n', "f").to_dict()
    assert document["rejected"]
    validator().validate(document)


def test_the_schema_lists_every_field() -> None:
    assert set(schema("finding")["properties"]) == set(FINDING.to_dict())
    assert set(schema("finding")["required"]) == set(FINDING.to_dict())
    own = {key: value for key, value in schema("finding").items() if key not in ("$schema", "$id")}
    assert schema("evidence-reading")["$defs"]["finding"] == own


@pytest.mark.parametrize("path", [item for item in files() if item.name.endswith(".cdx.json")],
                         ids=lambda path: str(path.relative_to(DONGHAI)))
def test_the_examples_bills_are_valid(path: Path) -> None:
    """Checked by CycloneDX's own library against CycloneDX's own schema."""
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(path.read_text("utf-8")) is None


@pytest.mark.parametrize("change", [
    {"kind": "other"}, {"severity": "extreme"}, {"port": 70_000}, {"port": -1},
    {"confidence_ppm": 1_000_001}, {"observed_at": datetime(2026, 1, 1)},  # noqa: DTZ001
    {"raw": "x" * 2_001}, {"vantage": "moon"}, {"status": "perhaps"}, {"severity_basis": "mood"}])
def test_a_finding_keeps_its_bounds(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        replace(FINDING, **change)
    document = {**FINDING.to_dict(), **change}
    if "observed_at" not in change:
        with pytest.raises(InputError):
            Finding.from_dict(document)


def test_a_finding_refuses_unknown_fields() -> None:
    with pytest.raises(InputError) as caught:
        Finding.from_dict({**FINDING.to_dict(), "extra": 1})
    assert caught.value.fault.field == "extra"


def test_identity_leaves_out_what_changes_while_the_fault_stays() -> None:
    same = replace(FINDING, observed_at=datetime(2026, 1, 1, tzinfo=UTC), raw="r", reference="2",
                   source_name="other", severity="high", cvss=9.0, confidence_ppm=1)
    assert same.identified().finding_id == FINDING.finding_id
    for change in ({"asset": "x"}, {"port": 1}, {"version": "2"}, {"vantage": "external"},
                   {"cves": ("CVE-2021-0001",)}, {"rule": "r"}, {"location": "l"}):
        assert replace(FINDING, **change).identified().finding_id != FINDING.finding_id


def test_a_reading_must_account_for_every_record() -> None:
    whole = EvidenceReading("nmap-xml", "f", "0" * 64, "unstated", "", None, 4, (FINDING,),
                            (Rejection(1, "a", "b", "c"),), (Ignored("closed", 2, "d"),))
    assert whole.ignored_count == 2
    with pytest.raises(ValueError, match="accounted"):
        replace(whole, records=5)
    for document in ({}, {"schema": "other"}, {**whole.to_dict(), "records": 9},
                     {"schema": "dinghai.evidence-reading/1"}):
        with pytest.raises(InputError):
            EvidenceReading.from_dict(document)


@pytest.mark.parametrize(("score", "v3", "v2"), [
    (0.0, "info", "info"), (0.1, "low", "low"), (3.9, "low", "low"), (4.0, "medium", "medium"),
    (6.9, "medium", "medium"), (7.0, "high", "high"), (8.9, "high", "high"),
    (9.0, "critical", "high"), (10.0, "critical", "high")])
def test_standard_bands(score: float, v3: str, v2: str) -> None:
    assert (band(score), band(score, 2)) == (v3, v2)


@pytest.mark.parametrize(("vector", "expected"), [
    ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", (10.0, 3)),
    ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N", (5.3, 3)),
    ("AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", (9.8, 3)),
    ("AV:N/AC:M/Au:N/C:C/I:C/A:C", (9.3, 2)),
    ("(AV:N/AC:L/Au:N/C:P/I:P/A:P)", (7.5, 2)),
    ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", (9.3, 4)),
    ("CVSS:3.1/AV:N", None), ("nonsense", None), ("", None), ("PR:", None), ("CVSS:4.0/x", None)])
def test_vectors(vector: str, expected: tuple[float, int] | None) -> None:
    """Scores as FIRST's calculators give them."""
    assert vector_score(vector) == expected


def test_ratings_prefer_vector_then_score_then_word_then_convention() -> None:
    vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"
    assert rate(vector=vector, score=1.0, word="low").severity == "critical"
    assert rate(score="9.8", word="High").severity == "critical"
    assert rate(score=0, word="Low") == rate(score=0.0, word="low")
    assert rate(score=0, word="Low").severity == "low"
    assert rate(score=0).severity == "info"
    assert rate(word="Moderate").severity == "medium"
    unknown = rate(word="Unknown", score="n/a")
    assert (unknown.severity, unknown.basis, unknown.cvss) == ("medium", "convention", None)
    assert rate(score=11).basis == rate(score=True).basis == "convention"


def test_identifiers_are_normalised() -> None:
    assert cves_in(["cve-2021-44228, CVE-2021-45046", "CVE-2021-44228", "CVE-21-1", "xCVE-1"]) == (
        "CVE-2021-44228", "CVE-2021-45046")
    assert cwes_in(["cwe-79", 89, "CWE-079", "nvd-cve-other", None]) == ("CWE-79", "CWE-89")


@pytest.mark.parametrize(("value", "expected"), [
    ("1772503200", "2026-03-03T02:00:00+00:00"), ("2026-03-03T10:00:00Z", None),
    ("2026-03-03T10:00:00.123456789+08:00", "2026-03-03T10:00:00.123456+08:00"),
    ("2026-03-03T10:00:00", "2026-03-03T10:00:00+00:00")])
def test_moments(value: str, expected: str | None) -> None:
    moment = moment_of(value)
    assert moment is not None
    assert moment.isoformat() == (expected or "2026-03-03T10:00:00+00:00")


@pytest.mark.parametrize("value", [None, "", "soon", "9" * 30, [], True, "2026-13-01",
                                   "0001-01-01T00:00:00+14:00"])
def test_no_moments(value: object) -> None:
    assert moment_of(value) is None


def test_plain_text() -> None:
    assert plain_text("a\x00\n b\ud800") == "a b"
    assert plain_text(7) == "7"
    assert plain_text(["a"]) == plain_text(True) == plain_text(None) == ""
    assert len(plain_text("x" * 10_000)) == 500
