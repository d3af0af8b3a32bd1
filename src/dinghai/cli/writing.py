"""Files that commands write: whole, and all of a command or none."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from errno import EISDIR
from os import strerror
from pathlib import Path

from dinghai.foundation.errors import InputError


def write_file(path: Path, content: bytes) -> None:
    """Write the file entirely or not at all."""
    write_files({path: content})


def write_files(files: Mapping[Path, bytes]) -> None:
    """Write all files or none: first each beside its place, then into it. Raises InputError."""
    made: dict[Path, Path] = {}
    path = Path()
    try:
        for path, content in files.items():
            if path.is_dir():
                raise IsADirectoryError(EISDIR, strerror(EISDIR))
            with tempfile.NamedTemporaryFile(dir=path.parent or ".", prefix=f".{path.name}.",
                                             delete=False) as file:
                made[path] = Path(file.name)
                file.write(content)
            made[path].chmod(0o644)
        for path, beside in made.items():
            beside.replace(path)
    except OSError as error:
        for beside in made.values():
            beside.unlink(missing_ok=True)
        raise InputError(f"cannot write: {error.strerror}", file=str(path),
                         mend="choose a folder that exists and can be written") from error
