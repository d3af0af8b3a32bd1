"""Bytes on disk that a killed process left behind: uploads broken off, files nobody has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from django.conf import settings

from dinghai_platform.core.files import remove_unless_needed
from dinghai_platform.core.models import StoredFile
from dinghai_platform.core.tenancy import crossing_tenants

AGE: Final = timedelta(days=1)
"""Nothing takes as long to arrive."""
KEPT_AGE: Final = timedelta(days=30)
"""What was put in its place is let lie this long, though no row has it: rows may come back with a
newer copy of the database."""
_AT_ONCE: Final = 500
_DIGEST: Final = re.compile("[0-9a-f]{64}")


def sweep_files(now: datetime) -> int:
    """Remove what has been arriving for a day (by the machine's time), and what has lain in its
    place for thirty and no row of any tenant has; how many files that were. Whatever is not named
    as this site names files is left alone, and all that is in its place where the database knows of
    no file on disk: it is not the one that they belong to."""
    folder: Path = settings.DINGHAI_HOME / "files"
    limit, swept = (now - AGE).timestamp(), 0
    for path in _older(folder.glob("arriving/*"), limit):
        path.unlink(missing_ok=True)
        swept += 1
    with crossing_tenants("the same bytes of several tenants lie on disk once"):
        if not StoredFile.objects.filter(bytes_in_row=None, is_forgotten=False).exists():
            return swept
    limit = (now - KEPT_AGE).timestamp()
    kept = (path for path in folder.glob("[0-9a-f][0-9a-f]/*") if _DIGEST.fullmatch(path.name))
    old = _older(kept, limit)
    while part := list(islice(old, _AT_ONCE)):
        with crossing_tenants("the same bytes of several tenants lie on disk once"):
            needed = set(StoredFile.objects.filter(
                sha256__in=[path.name for path in part], bytes_in_row=None, is_forgotten=False
            ).values_list("sha256", flat=True))
        for path in part:
            if path.name not in needed:
                remove_unless_needed(path.name)
                swept += not path.exists()
    return swept


def _older(paths: Iterator[Path], limit: float) -> Iterator[Path]:
    for path in paths:
        try:
            if path.stat().st_mtime < limit:
                yield path
        except FileNotFoundError:  # it was put in its place, or let go of, at this moment
            continue
