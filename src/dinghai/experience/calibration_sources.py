"""The public files that the calibration reads: where they lie, their licence and their date."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from dinghai.experience.incidents import Incident, without_repeats
from dinghai.experience.public_sources import read_source
from dinghai.foundation.errors import InputError
from dinghai.foundation.trace import Source

_DATED: Final = re.compile(r"commit and its date:[^\n]*?(\d{4}-\d{2}-\d{2})")
_COPY: Final = "SOURCE.md"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Files of one publisher, by patterns of which each must match one file."""

    folder: str
    publisher: str
    licence: str
    patterns: tuple[str, ...]


WANTED: Final = (
    _Wanted("hhs_ocr", "United States HHS OCR breach portal", "public domain",
            ("hhs_archive_*.csv*", "hhs_open_cases_*.csv*")),
    _Wanted("wa_ag", "Washington State Attorney General, data breach notifications",
            "public domain", ("wa_breach_notifications_*.csv*",)),
    _Wanted("vcdb", "VERIS Community Database", "CC BY-SA 4.0", ("vcdb_*.json*",)),
    _Wanted("hibp", "Have I Been Pwned", "CC BY 4.0", ("breaches_*.json*",)),
    _Wanted("ransom_payments", "Showing the Receipts (Cable, Gray, McCoy 2024)", "CC BY 4.0",
            ("showing_the_receipts_*.csv*",)),
)
PUBLISHED: Final = "benchmarks/published.json"
CHINA: Final = "benchmarks/china.json"


def licence_of(code: str) -> str:
    """The licence of the publisher whose folder leads a study's code."""
    folder = code.partition(".")[0]
    return next(one.licence for one in WANTED if one.folder == folder)


@dataclass(frozen=True, slots=True)
class PublicData:
    """The incidents of each publisher with their source, and the published single figures."""

    hhs: tuple[Incident, ...]
    washington: tuple[Incident, ...]
    veris: tuple[Incident, ...]
    pwned: tuple[Incident, ...]
    ransoms: tuple[Incident, ...]
    sources: dict[str, Source]
    published: dict[str, Any]
    china: dict[str, Any]


def read_public_data(folder: Path) -> PublicData:
    """Everything under a folder laid out as docs/reference/calibration.md says.

    Other files are ignored. Raises InputError that names every file that is missing, or the one
    that cannot be read.
    """
    if not folder.is_dir():
        raise InputError("there is no such folder", file=str(folder), field="--sources",
                         mend="name a folder with hhs_ocr, wa_ag, vcdb, hibp, ransom_payments "
                              "and benchmarks in it")
    paths = _locate(folder)
    incidents = {name: tuple(without_repeats(one for path in found for one in read_source(path)))
                 for name, found in paths.items()}
    for name, found in incidents.items():
        if any(one.source != name for one in found):
            other = next(one.source for one in found if one.source != name)
            raise InputError(f"holds {other}, where {name} is wanted",
                             file=str(folder / name), field="--sources",
                             mend="put the publisher's own file there")
    sources = {one.folder: _source(one, folder, paths[one.folder], incidents[one.folder])
               for one in WANTED}
    return PublicData(
        incidents["hhs_ocr"], incidents["wa_ag"], incidents["vcdb"], incidents["hibp"],
        incidents["ransom_payments"], sources, _document(folder / PUBLISHED),
        _document(folder / CHINA))


def _locate(folder: Path) -> dict[str, tuple[Path, ...]]:
    missing, found = [], {}
    for one in WANTED:
        paths = []
        for pattern in one.patterns:
            matches = sorted((folder / one.folder).glob(pattern))
            if len(matches) > 1:
                raise InputError(f"{len(matches)} files match {one.folder}/{pattern}: "
                                 + ", ".join(path.name for path in matches),
                                 file=str(folder / one.folder), field="--sources",
                                 mend="leave only the one to be read")
            paths += matches or []
            if not matches:
                missing.append(f"{one.folder}/{pattern}")
        if not (folder / one.folder / _COPY).is_file():
            missing.append(f"{one.folder}/{_COPY}")
        found[one.folder] = tuple(paths)
    missing += [name for name in (PUBLISHED, CHINA) if not (folder / name).is_file()]
    if missing:
        raise InputError("missing: " + ", ".join(missing), file=str(folder), field="--sources",
                         mend="put these files there; docs/reference/calibration.md says what "
                              "each of them is")
    return found


def _source(
    wanted: _Wanted, folder: Path, paths: Sequence[Path], incidents: Sequence[Incident]
) -> Source:
    """The publisher with its files, licence and the day of the copy; dated by its last notice."""
    copy = folder / wanted.folder / _COPY
    dated = _DATED.search(copy.read_text("utf-8", errors="replace"))
    if dated is None:
        raise InputError("names no date of the copy", file=str(copy),
                         mend="add a line such as: - commit and its date: 2026-03-02")
    copied = dated.group(1)
    notices = [one.notified or one.occurred for one in incidents if not one.screened]
    days = [one for one in notices if one is not None and one <= date.fromisoformat(copied)]
    last = max(days).isoformat() if days else copied
    files = ", ".join(path.name for path in paths)
    return Source(f"{wanted.publisher} ({files}; copy of {copied}; {wanted.licence})", "T", last)


def _document(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise InputError(f"not JSON: {error}", file=str(path), line=line,
                         mend="give the file as it was published") from error
    if not isinstance(found, dict):
        raise InputError("not a JSON object", file=str(path),
                         mend="give the file as it was published")
    return found
