"""How large a table file may be, before and after it is unpacked."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from dinghai.foundation.errors import InputError

_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class TableBounds:
    """The most of everything that is read of one table file.

    ``file_bytes`` as it arrives, ``unpacked_bytes`` once unpacked (also all texts together, where
    one text may stand in many rows), ``text`` the characters of one cell.
    """

    file_bytes: int
    unpacked_bytes: int
    rows: int
    columns: int
    cells: int
    text: int

    def within(self, other: TableBounds) -> TableBounds:
        """The tighter of two in everything."""
        return TableBounds(*(min(getattr(self, one.name), getattr(other, one.name))
                             for one in fields(self)))

    def check_file(self, size: int, name: str) -> None:
        """Raises InputError for a file of too many bytes."""
        if size > self.file_bytes:
            raise InputError(f"the file is larger than this many bytes: {self.file_bytes}",
                             file=name, mend="split it")

    def check_unpacked(self, size: int, name: str) -> None:
        """Raises InputError for a table whose parts or texts are too many bytes together."""
        if size > self.unpacked_bytes:
            raise InputError("the table unpacks to more than this many bytes: "
                             f"{self.unpacked_bytes}", file=name,
                             mend="split it, or save it as CSV")

    def check_size(
        self, rows: int, columns: int, cells: int, name: str, line: int | None = None
    ) -> None:
        """Raises InputError for a table of too many rows, columns or cells."""
        if rows > self.rows or columns > self.columns or cells > self.cells:
            raise InputError("the table has more rows, columns or cells than these: "
                             f"{self.rows}, {self.columns}, {self.cells}", file=name, line=line,
                             mend="split it")

    def check_text(self, length: int, name: str, line: int | None = None) -> None:
        """Raises InputError for a cell of too long a text."""
        if length > self.text:
            raise InputError(f"a cell has more characters than: {self.text}", file=name,
                             line=line, mend="shorten it, or leave the column out")


LARGEST: Final = TableBounds(
    file_bytes=512 * _MIB, unpacked_bytes=512 * _MIB, rows=5_000_000, columns=1_000,
    cells=30_000_000, text=131_072)
"""What a command reads from the user's own disk."""
LARGEST_WORKBOOK: Final = TableBounds(
    file_bytes=64 * _MIB, unpacked_bytes=256 * _MIB, rows=1_048_576, columns=1_000,
    cells=4_000_000, text=32_767)
"""What no workbook goes beyond: its cells cost more than those of text, and it has limits of its
own."""
