"""From the bytes of an upload to a chain: a zipped folder, a JSON document, or a supplier list.

Nothing is stored here. All faults come together, each with the name of the file as it was given.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec

from dinghai.assessment.dossier import unpack_dossier
from dinghai.evidence.feeds import EpssTable, KevTable
from dinghai.experience.tabular import read_table_file
from dinghai.foundation.canonical import canonical_bytes
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.reading import plain
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.chain_dossiers import chain_of_dossiers
from dinghai.supplychain.chain_file import notes_of, read_chain_folder, read_chain_json
from dinghai.supplychain.importing import Sources, import_chain, new_chain
from dinghai.supplychain.supplier_columns import with_header

LARGEST: Final = 32 * 1024 * 1024
"""Bytes of an upload."""
MOST_FAULTS: Final = 1_000
HEAD: Final = "chain.toml"
_WORKBOOK: Final = "[Content_Types].xml"
_LISTS: Final = (".csv", ".txt", ".xlsx", ".xlsm", ".parquet", ".gz")


@dataclass(frozen=True, slots=True)
class OwnerFacts:
    """What a supplier list does not say of a new chain: its names, its day, and its owner."""

    code: str
    name_zh: str
    owner: str
    industry: str
    revenue: str
    as_of: date


@dataclass(frozen=True, slots=True)
class Settings:
    """How a supplier list is read. ``columns`` are headings by column, ``assume`` values by field;
    ``owner`` is of a new chain."""

    columns: Mapping[str, str] = field(default_factory=dict)
    assume: Mapping[str, str] = field(default_factory=dict)
    owner: OwnerFacts | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        owner = self.owner
        return {"columns": dict(self.columns), "assume": dict(self.assume),
                "owner": None if owner is None else {
                    "code": owner.code, "name_zh": owner.name_zh, "owner": owner.owner,
                    "industry": owner.industry, "revenue": owner.revenue,
                    "as_of": owner.as_of.isoformat()}}

    @staticmethod
    def from_dict(raw: Mapping[str, Any]) -> Settings:
        """What ``to_dict`` wrote."""
        owner = raw.get("owner")
        return Settings(raw.get("columns", {}), raw.get("assume", {}), None if not owner else (
            OwnerFacts(**{**owner, "as_of": date.fromisoformat(owner["as_of"])})))


@dataclass(frozen=True, slots=True)
class Feeds:
    """The threat tables that dossiers and scans of an upload are read with."""

    kev: KevTable
    epss: EpssTable | None


@dataclass(frozen=True, slots=True)
class Reading:
    """A chain as read. ``report`` is what the page shows before anything is kept."""

    source: str
    chain: Chain
    report: Mapping[str, Any]

    @property
    def document(self) -> bytes:
        """The canonical JSON that is kept."""
        return canonical_bytes(plain(self.chain))


def source_of(content: bytes, name: str) -> str:
    """What an upload is: ``folder``, ``json`` or ``list``. Raises InputError for what is none."""
    lower = name.lower()
    if content.startswith(b"PK\3\4"):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                names = set(archive.namelist())
        except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
            raise InputError("this is no ZIP that can be read", file=name, field="file",
                             mend="zip the chain's folder again, without a password") from error
        return "list" if _WORKBOOK in names else "folder"
    if lower.endswith(".json") or content.lstrip()[:1] == b"{":
        return "json"
    if lower.endswith(_LISTS):
        return "list"
    raise InputError("a chain is a ZIP of its folder, a JSON document, or a supplier list",
                     file=name, field="file", mend="give .zip, .json, .csv, .xlsx or .parquet")


def read_upload(
    content: bytes, name: str, *, feeds: Feeds, into: Chain | None = None,
    settings: Settings | None = None,
) -> Reading:
    """The chain that an upload makes. A list is read into ``into``, or into a new chain of the
    owner that the settings name. Raises InputError with every fault."""
    source = source_of(content, name)
    with _room(content, name, source) as path:
        if source == "list":
            return _listed(path, name, feeds, into, settings or Settings())
        if source == "json":
            chain = read_chain_json(path)
            return Reading("json", chain, _report(chain, (), 0))
        folder = _folder(path, name)
        chain = read_chain_folder(folder)
        merged = chain_of_dossiers(chain, folder, kev=feeds.kev, epss=feeds.epss,
                                   within=path.parent / "folder")
        # What a kept chain holds of the dossiers no longer needs their folders.
        whole = msgspec.structs.replace(merged.chain, firms=tuple(
            msgspec.structs.replace(one, dossier=None) for one in merged.chain.firms))
        dossiers = len({one.firm for one in merged.known_by})
        return Reading("folder", whole, _report(whole, merged.notes, dossiers))


def headings_of(content: bytes, name: str) -> list[str]:
    """The headings of a supplier list; none where it is no table at all."""
    with _room(content, name, "list") as path:
        try:
            return [one for one in with_header(read_table_file(path)).header if one]
        except InputError:
            return []


def _report(chain: Chain, notes: tuple[Fault, ...], dossiers: int) -> dict[str, Any]:
    every = (*notes_of(chain), *notes)
    return {"counts": counts_of(chain), "dossiers": dossiers,
            "notes": [one.to_dict() for one in every[:MOST_FAULTS]], "notes_count": len(every)}


def counts_of(chain: Chain) -> dict[str, int]:
    """Rows of a chain by table."""
    return {name: len(getattr(chain, name)) for name in (
        "firms", "controls", "assets", "weaknesses", "providers", "links", "goods")}


def _listed(
    path: Path, name: str, feeds: Feeds, into: Chain | None, settings: Settings
) -> Reading:
    if into is None:
        owner = settings.owner
        if owner is None:
            raise InputError("a supplier list alone does not say whose suppliers they are",
                             file=name, field="owner",
                             mend="fill in the owner, its industry and its revenue")
        into = new_chain(id=owner.code, name_zh=owner.name_zh, owner=owner.owner,
                         owner_id="owner", industry=owner.industry, revenue=owner.revenue,
                         as_of=owner.as_of)
    found = import_chain(into, Sources(suppliers=path, columns=settings.columns,
                                       assume=settings.assume), kev=feeds.kev, epss=feeds.epss)
    document = found.to_dict()
    for table in ("rejected", "unread"):
        document[table] = [{**one, "file": name} for one in document[table][:MOST_FAULTS]]
    for guess in document["guesses"]:
        guess["file"] = name
    document["assumed_count"] = len(document["assumed"])
    document["assumed"] = document["assumed"][:MOST_FAULTS]
    remarks = notes_of(found.chain)
    return Reading("list", found.chain, {
        **document, "counts": counts_of(found.chain), "list_notes": document["notes"],
        "notes": [one.to_dict() for one in remarks[:MOST_FAULTS]],
        "notes_count": len(remarks)})


def _folder(path: Path, name: str) -> Path:
    """The folder of the chain in a ZIP: at the top, or the one folder inside that is a chain.
    Dossiers may lie beside it."""
    target = path.parent / "folder"
    target.mkdir()
    unpack_dossier(path, target)
    inner = [one.parent for one in (*target.glob(HEAD), *target.glob(f"*/{HEAD}"))]
    if len(inner) != 1:
        raise InputError("the ZIP holds no chain", file=name, field="file",
                         mend=f"zip the folder that holds {HEAD}")
    return inner[0]


@contextmanager
def _room(content: bytes, name: str, source: str) -> Iterator[Path]:
    """The bytes as a file for the engine's readers; faults name the file as it was given."""
    with tempfile.TemporaryDirectory(prefix="chain-") as room:
        suffix = "".join(Path(name).suffixes[-2:]).lower() if source == "list" else ""
        suffix = suffix if suffix.endswith(_LISTS) else ""
        path = Path(room) / f"upload{suffix or {'json': '.json', 'folder': '.zip'}.get(source, '')}"
        path.write_bytes(content)
        own = {path.name, str(path)}
        try:
            yield path
        except InputError as error:
            raise InputError.of(
                Fault(one.message, name if one.file is None or one.file in own else one.file,
                      one.line, one.field, one.mend) for one in error.faults) from None
