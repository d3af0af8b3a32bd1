"""Files of a command: all of them or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from dinghai.cli.writing import write_files
from dinghai.foundation.errors import InputError


def test_all_files_or_none(tmp_path: Path) -> None:
    """A folder stands where the second should go: the first stays what it was, nothing is left."""
    (tmp_path / "b").mkdir()
    (tmp_path / "a").write_bytes(b"before")
    for second in (tmp_path / "b", tmp_path / "none" / "b"):
        with pytest.raises(InputError) as caught:
            write_files({tmp_path / "a": b"after", second: b"x"})
        assert caught.value.fault.file == str(second)
        assert caught.value.fault.mend
        assert sorted(one.name for one in tmp_path.iterdir()) == ["a", "b"]
        assert (tmp_path / "a").read_bytes() == b"before"
    write_files({tmp_path / "a": b"after", tmp_path / "c": b"x"})
    assert (tmp_path / "a").read_bytes() == b"after"
    assert (tmp_path / "c").read_bytes() == b"x"
