"""The rows of a kept list, from the place where the last chunk ended.

A reader stays open between chunks of one worker; another worker, or this one after a restart, reads
again up to the place. Nothing is written here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

from dinghai.schemes.mass_table import MassTable, open_mass_table
from dinghai.schemes.resident_list import ResidentRows, resident_rows
from dinghai_platform.core.files import FileDamaged, path_on_disk, read_file
from dinghai_platform.core.models import StoredFile
from dinghai_platform.residents.models import Enrolment

ROWS: Final = 20_000
"""Rows of a chunk: about a third of a second of a database's time."""
_open: dict[UUID, tuple[int, Iterator[Any]]] = {}
Part = TypeVar("Part")


@contextmanager
def list_on_disk(stored: StoredFile) -> Iterator[MassTable]:
    """The table of a kept file. Raises InputError for one that is none, FileDamaged."""
    path = path_on_disk(stored)
    if path is not None:
        table = open_mass_table(path, name=stored.name)
        if table.sha256 != stored.sha256:
            raise FileDamaged(f"the bytes of {stored.name} are not those that were stored")
        yield table
        return
    with tempfile.NamedTemporaryFile() as copy:
        copy.write(read_file(stored))
        copy.flush()
        yield open_mass_table(Path(copy.name), name=stored.name)


def rows_of_chunk(enrolment: Enrolment, number: int, size: int) -> ResidentRows | None:
    """The rows of a chunk, counted from zero; None after the last. ``size`` is the rows of a chunk
    as the list was begun with, whatever a later version of the site takes."""
    return nth_part(enrolment.pk, number, lambda: _rows(enrolment, size))


def nth_part(key: UUID, number: int, start: Callable[[], Iterator[Part]]) -> Part | None:
    """A part of a list, counted from zero, from the reader left open or from one ``start``ed anew;
    None after the last."""
    place, parts = _open.pop(key, (-1, iter(())))
    if place != number:
        parts, place = start(), 0
        while place < number and next(parts, None) is not None:
            place += 1
    found: Part | None = next(parts, None)
    if found is not None:
        _open.clear()  # one list at a time
        _open[key] = number + 1, parts
    return found


def _rows(enrolment: Enrolment, size: int) -> Iterator[ResidentRows]:
    with list_on_disk(enrolment.file) as table:
        yield from resident_rows(table, enrolment.scheme.terms(), as_of=enrolment.as_of, rows=size)
