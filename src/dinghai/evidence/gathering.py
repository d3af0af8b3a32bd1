"""Gathers what a reader finds, and keeps the count of records honest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dinghai.evidence.finding import RAW_LIMIT, EvidenceReading, Finding, Ignored, Rejection
from dinghai.foundation.errors import InputError

TEXT_LIMIT = 500
FINDINGS_LIMIT = 500_000
REJECTED_LIMIT = 10_000
"""A file beyond these is refused whole: it is not what it claims to be, or must be split."""


def plain_text(value: object, limit: int = TEXT_LIMIT) -> str:
    """One line of clean text: no control characters, no lone surrogates, bounded length.

    Anything that is not text or a number becomes empty text: a file may put a list there.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return bounded(" ".join(str(value)[: limit * 4].split()), limit)


def bounded(text: str, limit: int = RAW_LIMIT) -> str:
    """Text without control characters and lone surrogates, cut to ``limit`` characters."""
    kept = "".join(
        letter for letter in text[:limit]
        if (letter >= " " or letter in "\n\t") and not "\ud800" <= letter <= "\udfff"
    )
    return kept.strip()


def moment_of(value: object) -> datetime | None:
    """A moment from ISO 8601 text or epoch seconds; None when it is neither.

    A moment without a zone is taken as UTC: scanners that leave it out write UTC.
    """
    text = plain_text(value, 80)
    if not text:
        return None
    try:
        if text.isdecimal():
            return datetime.fromtimestamp(int(text), UTC)
        moment = datetime.fromisoformat(_six_decimals(text))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment


def _six_decimals(text: str) -> str:
    """Nanoseconds cut to the microseconds that Python reads."""
    head, point, tail = text.partition(".")
    if not point:
        return text
    digits = len(tail) - len(tail.lstrip("0123456789"))
    return f"{head}.{tail[:min(digits, 6)].ljust(6, '0')}{tail[digits:]}"


class Gathering:
    """Collects findings, rejections and ignored records of one file, each record once."""

    def __init__(self, source_format: str, source_name: str, vantage: str) -> None:
        self.source_format = source_format
        self.source_name = source_name
        self.vantage = vantage
        self.tool = ""
        self.observed_at: datetime | None = None
        self._findings: list[Finding] = []
        self._rejected: list[Rejection] = []
        self._ignored: dict[str, Ignored] = {}
        self._occurrences: Counter[str] = Counter()
        self._records = 0

    def find(self, reference: str, **values: Any) -> None:
        """One record became a finding. ``values`` are Finding's fields."""
        finding = Finding(
            finding_id="",
            source_format=self.source_format,
            source_name=self.source_name,
            reference=reference,
            vantage=self.vantage,
            **values,
        ).identified()
        self._occurrences[finding.finding_id] += 1
        repeat = self._occurrences[finding.finding_id]
        self._findings.append(finding if repeat == 1 else finding.identified(repeat))
        self._records += 1
        if len(self._findings) > FINDINGS_LIMIT:
            raise InputError(f"more than {FINDINGS_LIMIT} findings in one file",
                             file=self.source_name, mend="split the report")

    def reject(self, reference: str, reason: str, mend: str, line: int | None = None) -> None:
        """One record could not be read."""
        self._rejected.append(
            Rejection(line, plain_text(reference), plain_text(reason), plain_text(mend)))
        self._records += 1
        if len(self._rejected) > REJECTED_LIMIT:
            raise InputError(f"more than {REJECTED_LIMIT} unreadable records",
                             file=self.source_name, line=self._rejected[0].line,
                             mend=f"the first: {self._rejected[0].reason}")

    def ignore(self, reference: str, reason: str) -> None:
        """One record is sound and reports nothing."""
        seen = self._ignored.get(reason)
        self._ignored[reason] = (
            Ignored(reason, seen.count + 1, seen.first_reference) if seen
            else Ignored(reason, 1, plain_text(reference))
        )
        self._records += 1

    def reading(self, sha256: str) -> EvidenceReading:
        """Everything gathered, in the order of the file. A file that does not say when the scan
        was is dated by its latest finding."""
        moments = [item.observed_at for item in self._findings if item.observed_at is not None]
        return EvidenceReading(
            format=self.source_format,
            source_name=self.source_name,
            sha256=sha256,
            vantage=self.vantage,
            tool=plain_text(self.tool),
            observed_at=self.observed_at or max(moments, default=None),
            records=self._records,
            findings=tuple(self._findings),
            rejected=tuple(self._rejected),
            ignored=tuple(self._ignored.values()),
        )


def mapping_of(value: object) -> Mapping[str, Any]:
    """The value if it is a JSON object, otherwise an empty one."""
    return value if isinstance(value, dict) else {}


def texts_of(value: object) -> tuple[str, ...]:
    """Clean texts of a list, of comma-separated text, or of one text; empty ones left out."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list | tuple):
        return ()
    return tuple(text for text in (plain_text(item) for item in value) if text)
