"""A chain's folder, with the dossiers that its firms name beside it, as the ZIP an upload takes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from dinghai.supplychain.chain_dossiers import dossier_of
from dinghai.supplychain.chain_file import read_chain_folder

_OF_A_DOSSIER = ("profile.toml", "answers.csv", "evidence", "scans", "inventory")


def chain_archive(folder: Path) -> bytes:
    """The ZIP: the same bytes every time. Raises InputError for a folder that is no chain."""
    chain = read_chain_folder(folder)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        written: set[str] = set()
        for name, path in _files(folder, [
                place for firm in chain.firms if (place := dossier_of(firm, folder)) is not None]):
            if name not in written:
                written.add(name)
                archive.writestr(zipfile.ZipInfo(name), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _files(folder: Path, dossiers: list[Path]) -> Iterator[tuple[str, Path]]:
    room = folder.resolve().parent
    for path in _below(folder):
        inside = path.relative_to(folder)
        if inside.parts[0] != "source":
            yield f"{folder.name}/{inside.as_posix()}", path
    for place in dossiers:
        for part in _OF_A_DOSSIER:
            for path in _below(place / part):
                yield path.resolve().relative_to(room).as_posix(), path


def _below(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
    elif place.is_dir():
        yield from (one for one in sorted(place.rglob("*"))
                    if one.is_file() and not one.is_symlink())
