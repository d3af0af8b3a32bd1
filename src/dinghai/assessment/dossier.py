"""An enterprise as known: its profile, its answers and what scanners and inventories say.

A dossier is a folder that a user could have made: ``profile.toml``, ``answers.csv``,
``scans/external``, ``scans/internal``, ``inventory`` and ``evidence``; or a ZIP of it.
"""

from __future__ import annotations

import stat
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Final

from dinghai.assessment.answers import Answer, read_answers
from dinghai.assessment.profile import Profile, profile_faults, read_profile
from dinghai.evidence.finding import EvidenceReading, Finding
from dinghai.evidence.reading import read_evidence
from dinghai.foundation.canonical import canonical_bytes, sha256_hex
from dinghai.foundation.errors import Fault, InputError
from dinghai.vocabulary.indicators import indicators

DOSSIER_SCHEMA: Final = "dinghai.dossier/1"
FILES_LIMIT: Final = 2_000
FILE_LIMIT_BYTES: Final = 64 * 1024 * 1024
TOTAL_LIMIT_BYTES: Final = 256 * 1024 * 1024
_TEXT_LIMIT_BYTES: Final = 4 * 1024 * 1024
_TOP: Final = ("profile.toml", "answers.csv", "scans", "inventory", "evidence", "README.md")
_CHUNK: Final = 1024 * 1024


@dataclass(frozen=True)
class Dossier:
    """What is known of an enterprise. Two dossiers with the same content have the same hash."""

    profile: Profile
    answers: Mapping[str, Answer]
    readings: tuple[EvidenceReading, ...]

    @cached_property
    def sha256(self) -> str:
        """SHA-256 over the canonical JSON of all content."""
        return sha256_hex(canonical_bytes(self._content()))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of all readings, each identifier once, in reading order."""
        found: dict[str, Finding] = {}
        for reading in self.readings:
            for finding in reading.findings:
                found.setdefault(finding.finding_id, finding)
        return tuple(found.values())

    def updated(self, readings: Iterable[EvidenceReading] = (),
                answers: Iterable[Answer] = ()) -> Dossier:
        """The dossier after a re-scan or new answers.

        A reading replaces the one of the same name (a scan of the same place), an answer the one
        to the same indicator; others are added.
        """
        by_name = {reading.source_name: reading for reading in self.readings}
        by_name.update({reading.source_name: reading for reading in readings})
        merged = {**self.answers, **{answer.indicator: answer for answer in answers}}
        ordered = {code: merged[code] for code in indicators() if code in merged}
        return replace(self, answers=ordered, readings=tuple(by_name.values()))

    def _content(self) -> dict[str, Any]:
        return {
            "schema": DOSSIER_SCHEMA,
            "profile": self.profile.to_dict(),
            "answers": [answer.to_dict() for answer in self.answers.values()],
            "readings": [reading.to_dict() for reading in self.readings],
        }

    def to_dict(self) -> dict[str, Any]:
        """The document ``dinghai.dossier/1``."""
        return {**self._content(), "sha256": self.sha256}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Dossier:
        """The dossier that ``to_dict`` wrote. Raises InputError when it is none, or was changed."""
        if value.get("schema") != DOSSIER_SCHEMA:
            raise InputError("not a dossier", field="schema",
                             mend=f"the schema must be {DOSSIER_SCHEMA}")
        try:
            answers = [Answer.from_dict(item) for item in value["answers"]]
            dossier = cls(
                Profile.from_dict(value["profile"]),
                {answer.indicator: answer for answer in answers},
                tuple(EvidenceReading.from_dict(item) for item in value["readings"]),
            )
        except (KeyError, TypeError) as error:
            raise InputError(f"not a dossier: {error}", mend="see dossier.schema.json") from error
        if "sha256" in value and value["sha256"] != dossier.sha256:
            raise InputError("the dossier was changed after its hash was taken", field="sha256",
                             mend="read the dossier's folder again")
        return dossier


def read_dossier(folder: Path, *, today: date | None = None) -> Dossier:
    """The dossier in a folder.

    ``today`` bounds the dates of answers and past incidents. Raises InputError with the faults
    of all files together: file, line, field and mend of each.
    """
    statements = read_statements(folder, today=today)
    faults = list(statements.faults)
    readings = _readings(folder, statements.evidence, faults)
    if faults or statements.profile is None or statements.answers is None:
        raise InputError.of(faults)
    return Dossier(statements.profile, statements.answers, readings)


def read_readings(folder: Path) -> tuple[EvidenceReading, ...]:
    """The scans and inventories in a folder laid out like a dossier: a re-scan, for instance.

    Raises InputError with the faults of all files together.
    """
    if not folder.is_dir():
        raise InputError("there is no such folder", file=str(folder), mend="check the path")
    faults: list[Fault] = []
    readings = _readings(folder, _evidence_of(_listed(folder, faults)), faults)
    if faults:
        raise InputError.of(faults)
    return readings


def _evidence_of(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, vantage) for name in names if (vantage := _vantage(name)) is not None)


def _readings(folder: Path, evidence: Iterable[tuple[str, str]],
              faults: list[Fault]) -> tuple[EvidenceReading, ...]:
    gathered = (
        _gather(faults, lambda name=name, vantage=vantage: (
            read_evidence(folder / name, vantage=vantage, source_name=name)), file=name)
        for name, vantage in evidence)
    return tuple(reading for reading in gathered if reading is not None)


@dataclass(frozen=True, slots=True)
class Statements:
    """What a dossier says before its scans are read: profile, answers, and the files to read.

    ``evidence`` lists each scan or inventory with its vantage. Profile or answers are None when
    ``faults`` say why.
    """

    profile: Profile | None
    answers: Mapping[str, Answer] | None
    evidence: tuple[tuple[str, str], ...]
    faults: tuple[Fault, ...]


def read_statements(folder: Path, *, today: date | None = None) -> Statements:
    """Profile, answers and the list of evidence files of a folder, without reading these.

    For callers that read a large dossier file by file. Raises InputError when there is no folder.
    """
    if not folder.is_dir():
        raise InputError("there is no such folder", file=str(folder),
                         mend="give the folder that holds profile.toml")
    faults: list[Fault] = []
    listed = _listed(folder, faults)
    hashes = {name: _hash(path) for name, path in listed.items() if name.startswith("evidence/")}
    profile = _gather(faults, lambda: read_profile(_text(folder, "profile.toml"), "profile.toml"))
    answers = _gather(faults, lambda: read_answers(
        _text(folder, "answers.csv"), "answers.csv", hashes, today=today))
    if profile is not None and today is not None:
        faults.extend(profile_faults(profile, today))
    return Statements(profile, answers, _evidence_of(listed), tuple(faults))


def read_dossier_archive(path: Path, *, today: date | None = None) -> Dossier:
    """The dossier in a ZIP of its folder (at the top, or in one folder inside).

    Entries are bounded in number and size as they unpack, and none may lead outside. Raises
    InputError like ``read_dossier``.
    """
    with tempfile.TemporaryDirectory(prefix="dossier-") as room:
        return read_dossier(unpack_dossier(path, Path(room)), today=today)


def unpack_dossier(path: Path, target: Path, *, only: str | None = None) -> Path:
    """Unpack a dossier's ZIP into an empty folder; the folder that holds its profile.toml.

    With ``only``, a path inside the dossier, that file and the profile are all that is written,
    for callers that read a large dossier file by file. Raises InputError for what is no ZIP, is
    too large, or leads outside.
    """
    wanted = None if only is None else {PurePosixPath(only), PurePosixPath("profile.toml")}
    try:
        with zipfile.ZipFile(path) as archive:
            _unpack(archive, target, path.name, wanted)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise InputError(f"not a ZIP that can be read: {error}", file=path.name,
                         mend="zip the dossier's folder again, without a password") from error
    inner = [item for item in target.iterdir() if item.is_dir()]
    at_top = (target / "profile.toml").is_file()
    return inner[0] if not at_top and len(inner) == 1 else target


def _unpack(archive: zipfile.ZipFile, target: Path, name: str,
            wanted: Set[PurePosixPath] | None) -> None:
    entries = archive.infolist()
    if len(entries) > FILES_LIMIT:
        raise InputError(f"the archive has more than {FILES_LIMIT} entries", file=name,
                         mend="leave out what the dossier does not need")
    total = 0
    for entry in entries:
        place = PurePosixPath(entry.filename.replace("\\", "/"))
        if place.is_absolute() or ".." in place.parts or stat.S_ISLNK(entry.external_attr >> 16) \
                or ":" in entry.filename or "\0" in entry.filename:
            raise InputError("an entry leads outside the archive", file=name, field=entry.filename,
                             mend="zip the folder itself, without links")
        if entry.is_dir() or "__MACOSX" in place.parts:
            continue
        if wanted is not None and not wanted & {place, PurePosixPath(*place.parts[1:])}:
            if len(place.parts) > 1:  # the folders at the top say where the dossier begins
                (target / place.parts[0]).mkdir(exist_ok=True)
            continue
        goal = target.joinpath(*place.parts)
        goal.parent.mkdir(parents=True, exist_ok=True)
        written = 0
        with archive.open(entry) as source, goal.open("wb") as sink:
            while chunk := source.read(_CHUNK):
                written += len(chunk)
                total += len(chunk)
                if written > FILE_LIMIT_BYTES or total > TOTAL_LIMIT_BYTES:
                    raise InputError("the archive unpacks to too many bytes", file=name,
                                     field=entry.filename, mend="split the scan reports")
                sink.write(chunk)


def _listed(folder: Path, faults: list[Fault]) -> dict[str, Path]:
    """Files by path inside the folder, in order; links, strangers and giants are faults."""
    listed: dict[str, Path] = {}
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            faults.append(Fault("a link is not followed", name, None, None, "put the file itself"))
        elif _misplaced(name):
            faults.append(Fault("a dossier has no such file or folder", name, None, None,
                                "it holds " + ", ".join(_TOP)))
        elif path.is_file():
            if path.stat().st_size > FILE_LIMIT_BYTES:
                faults.append(Fault(f"the file is larger than {FILE_LIMIT_BYTES} bytes", name, None,
                                    None, "split it"))
                continue
            listed[name] = path
        if len(listed) > FILES_LIMIT:
            raise InputError(f"the dossier has more than {FILES_LIMIT} files", file=str(folder),
                             mend="leave out what it does not need")
    return listed


def _misplaced(name: str) -> bool:
    """Whether a stranger looks like a misspelt part of the dossier; others are left alone."""
    top, *below = name.split("/")
    if top in _TOP:
        return False
    looks_like_input = not below and top.endswith((".toml", ".csv", ".xml", ".json", ".jsonl"))
    return looks_like_input or bool(get_close_matches(top.lower(), _TOP, cutoff=0.75))


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path)
        else:
            yield path


def _vantage(name: str) -> str | None:
    """From where a file of scans/ or inventory/ looked; None for files that are not evidence.

    Evidence lies directly in inventory/, scans/, scans/external/ or scans/internal/; folders
    further down hold what it was made from.
    """
    top, *below = name.split("/")
    if name.lower().endswith((".md", ".txt", ".sh")) or top not in ("scans", "inventory"):
        return None
    if len(below) == 1:
        return "internal" if top == "inventory" else "unstated"
    if len(below) == 2 and top == "scans" and below[0] in ("external", "internal"):
        return below[0]
    return None


def _text(folder: Path, name: str) -> str:
    path = folder / name
    if not path.is_file():
        raise InputError("the file is missing", file=name, mend=f"a dossier has a {name}")
    if path.stat().st_size > _TEXT_LIMIT_BYTES:
        raise InputError(f"the file is larger than {_TEXT_LIMIT_BYTES} bytes", file=name,
                         mend="this is not what it should be")
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError("the text is neither UTF-8 nor GB 18030", file=name, mend="save it as UTF-8")


def _hash(path: Path) -> str:
    return sha256_hex(path.read_bytes())


def _gather(faults: list[Fault], read: Any, file: str | None = None) -> Any:
    """The value, or None with its faults noted, so that one bad file does not hide another."""
    try:
        return read()
    except InputError as error:
        faults.extend(
            Fault(fault.message, file or fault.file, fault.line, fault.field, fault.mend)
            for fault in error.faults)
        return None
