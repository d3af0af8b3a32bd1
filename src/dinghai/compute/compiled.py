"""Whether a kernel's machine code is kept from an earlier run, or a command should say it waits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def is_compiled(kernel: Callable[..., Any]) -> bool:
    """Whether code newer than the kernel's source is kept. Anything but a cached kernel is."""
    stats = getattr(kernel, "stats", None)
    if stats is None or not stats.cache_path:
        return True
    code = kernel.py_func.__code__  # type: ignore[attr-defined]
    source = Path(code.co_filename)
    written = source.stat().st_mtime if source.exists() else 0.0
    pattern = f"{source.stem}.{code.co_name}-*.nbi"
    return any(one.stat().st_mtime >= written for one in Path(stats.cache_path).glob(pattern))
