"""A command knows whether kernels must be compiled first."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from dinghai.compute.compiled import is_compiled

KERNEL = "from numba import njit\n\n@njit(cache=True)\ndef twice(value):\n    return value * 2\n"


def test_a_kernel_is_compiled_until_its_source_changes(tmp_path: Path) -> None:
    path = tmp_path / "kernels.py"
    path.write_text(KERNEL, "utf-8")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    spec = importlib.util.spec_from_file_location("kernels", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert not is_compiled(module.twice)
    assert module.twice(21) == 42
    assert is_compiled(module.twice)
    os.utime(path, (4_000_000_000, 4_000_000_000))
    assert not is_compiled(module.twice)


def test_what_is_no_cached_kernel_needs_no_compiling() -> None:
    assert is_compiled(len)
