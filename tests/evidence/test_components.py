"""Components meet CVEs by package and version, never by name alone."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from packageurl import PackageURL

from dinghai.evidence.components import known_exploited, load_ranges, shipped_ranges
from dinghai.evidence.feeds import shipped_kev
from dinghai.evidence.reading import read_evidence_bytes
from dinghai.foundation.errors import InputError

OLD, NEW = shipped_kev(date(2025, 8, 25)), shipped_kev()


def cves(purl: str) -> list[str]:
    return [row.cve for row in shipped_ranges().matches(purl)]


def findings(*components: dict[str, object], **parts: object):  # type: ignore[no-untyped-def]
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": list(components),
                **parts}
    return read_evidence_bytes(json.dumps(document).encode(), "bom.json").findings


def component(purl: str) -> dict[str, object]:
    package = PackageURL.from_string(purl)
    return {"name": package.name, "version": package.version, "purl": purl, "bom-ref": purl}


@pytest.mark.parametrize(("inside", "outside", "cve"), [
    ("pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
     "pkg:maven/org.apache.logging.log4j/log4j-core@2.17.1", "CVE-2021-44228"),
    ("pkg:maven/org.apache.logging.log4j/log4j-core@2.15.0",
     "pkg:maven/org.apache.logging.log4j/log4j-core@2.16.0", "CVE-2021-45046"),
    ("pkg:maven/org.springframework/spring-beans@5.2.19.RELEASE",
     "pkg:maven/org.springframework/spring-beans@5.2.20.RELEASE", "CVE-2022-22965"),
    ("pkg:npm/jquery@3.4.1", "pkg:npm/jquery@3.5.0", "CVE-2020-11023"),
    ("pkg:npm/next@15.1.8", "pkg:npm/next@15.1.9", "CVE-2025-55182"),
    ("pkg:npm/react-server-dom-webpack@19.1.1", "pkg:npm/react-server-dom-webpack@19.1.2",
     "CVE-2025-55182"),
    ("pkg:pypi/apache-airflow@1.10.10", "pkg:pypi/apache-airflow@1.10.11", "CVE-2020-11978"),
    ("pkg:pypi/Salt@3000.1", "pkg:pypi/salt@3000.2", "CVE-2020-11651"),
    ("pkg:composer/phpunit/phpunit@5.6.2", "pkg:composer/phpunit/phpunit@5.6.3",
     "CVE-2017-9841"),
])
def test_the_version_decides(inside: str, outside: str, cve: str) -> None:
    assert cve in cves(inside)
    assert cve not in cves(outside)


@pytest.mark.parametrize("purl", [
    "pkg:npm/log4j-core@2.14.1",
    "pkg:maven/com.example/log4j-core@2.14.1",
    "pkg:maven/log4j-core@2.14.1",
    "pkg:pypi/jquery@3.4.1",
    "pkg:npm/%40other/next@15.1.8",
    "pkg:npm/jquery@not-a-version",
    "pkg:npm/jquery",
    "jquery@3.4.1",
    "",
])
def test_the_name_alone_never_does(purl: str) -> None:
    assert cves(purl) == []


def test_type_rules_of_package_urls_apply() -> None:
    assert cves("pkg:pypi/Apache_Airflow@1.10.10") == cves("pkg:pypi/apache-airflow@1.10.10") != []


def test_every_row_is_known_to_be_exploited_and_says_where_from() -> None:
    rows = shipped_ranges().rows
    assert 20 <= len(rows) <= 60
    for row in rows:
        assert row.cve in NEW, row
        assert row.advisory
        assert row.confidence in ("T", "A", "M", "M-")
    keys = [(row.type, row.namespace, row.name, row.cve) for row in rows]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_a_newer_catalogue_changes_the_picture() -> None:
    listed = findings(component("pkg:npm/next@15.1.2"))
    assert known_exploited(listed, OLD) == ()
    (known,) = known_exploited(listed, NEW)
    assert (known.cve, known.since, known.due) == (
        "CVE-2025-55182", date(2025, 12, 5), NEW.entries["CVE-2025-55182"].due_date)
    assert (known.basis, known.confidence) == ("GHSA-9qr9-h5gf-34mp", "T")
    assert known.to_dict()["finding_id"] == listed[0].finding_id


def test_a_component_without_a_purl_is_not_matched() -> None:
    assert known_exploited(findings({"name": "jquery", "version": "3.4.1"}), NEW) == ()


def test_what_the_bill_reports_is_not_matched_twice() -> None:
    purl = "pkg:npm/jquery@3.4.1"
    listed = findings(component(purl), vulnerabilities=[
        {"id": "CVE-2020-11023", "affects": [{"ref": purl}]}])
    (known,) = known_exploited(listed, NEW)
    assert (known.finding.kind, known.basis) == ("vulnerability", "reported")


def test_what_the_bill_clears_is_not_counted() -> None:
    purl = "pkg:npm/jquery@3.4.1"
    listed = findings(component(purl), vulnerabilities=[
        {"id": "CVE-2020-11023", "affects": [{"ref": purl}],
         "analysis": {"state": "not_affected"}}])
    assert known_exploited(listed, NEW) == ()
    assert [item.status for item in listed] == ["observed", "stated_not_affected"]


def test_repeats_of_one_package_count_once() -> None:
    listed = findings(*[component("pkg:npm/jquery@3.4.1")] * 3)
    assert len(listed) == 3
    assert len(known_exploited(listed, NEW)) == 1


def test_a_scanners_cve_is_joined() -> None:
    result = {"template-id": "CVE-2021-41773", "info": {"severity": "high"},
              "host": "https://a.example", "matched-at": "https://a.example/"}
    listed = read_evidence_bytes(json.dumps(result).encode(), "n").findings
    (known,) = known_exploited(listed, OLD)
    assert (known.cve, known.finding.asset) == ("CVE-2021-41773", "a.example")


@pytest.mark.parametrize(("text", "field"), [
    ("", "schema"), ("x = [", None),
    ('schema = "dinghai.package-ranges/1"\n[[range]]\ntype = "npm"', "range[0].namespace"),
])
def test_a_faulty_table_is_refused(tmp_path: Path, text: str, field: str | None) -> None:
    path = tmp_path / "ranges.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_ranges(path)
    assert caught.value.fault.field == field


@pytest.mark.parametrize(("change", "field"), [
    ({"versions": "vers:pypi/<1"}, "versions"), ({"versions": "<1"}, "versions"),
    ({"confidence": "sure"}, "confidence")])
def test_a_faulty_row_is_named(tmp_path: Path, change: dict[str, str], field: str) -> None:
    row = {"type": "npm", "namespace": "", "name": "a", "versions": "vers:npm/<1",
           "cve": "CVE-2021-0001", "advisory": "GHSA", "confidence": "T", **change}
    path = tmp_path / "ranges.toml"
    path.write_text('schema = "dinghai.package-ranges/1"\n[[range]]\nread = 2026-01-01\n'
                    + "".join(f'{key} = "{value}"\n' for key, value in row.items()))
    with pytest.raises(InputError) as caught:
        load_ranges(path)
    assert caught.value.fault.field == f"range[0].{field}"
