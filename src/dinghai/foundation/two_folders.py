"""The command of a module that makes files of one folder in another: ``SOURCE_DIR OUT_DIR``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from dinghai.foundation.errors import InputError


def run_on_folders(
    make: Callable[[Path, Path], Iterable[Path]], arguments: Sequence[str], usage: str | None
) -> int:
    """Make the files and print the path of each. Returns the exit code: 2 with ``usage`` for other
    than two folders, and with every fault for an input that cannot be read."""
    if len(arguments) != 2:
        print(usage, file=sys.stderr)
        return 2
    try:
        for path in make(Path(arguments[0]), Path(arguments[1])):
            print(path)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0
