"""Reads the fields of a TOML file one by one and gathers every fault with its line."""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.locating import line_index
from dinghai.foundation.money import PPM, Fen, parse_amount

_DURATION: Final = re.compile(r"\s*(\d{1,7})\s*(h|hours?|小时|d|days?|天|m|min|minutes?|分钟)\s*")
_SECONDS: Final = {"h": 3600, "小": 3600, "d": 86_400, "天": 86_400, "m": 60, "分": 60}
_LARGEST_COUNT: Final = 10**11
_AT_LINE: Final = re.compile(r"\(at line (\d+)")


class FieldReader:
    """One table of the file. Every ``read`` returns a harmless value after noting a fault."""

    def __init__(self, values: dict[str, Any], path: str, root: FieldReader | None,
                 text: str, file: str) -> None:
        self._values = values
        self._path = path
        self._text = text
        self._file = file
        self._root = root or self
        self._known: set[str] = set()
        self._children: list[FieldReader] = []
        self.faults: list[Fault] = []

    @classmethod
    def of_toml(cls, text: str, file: str) -> FieldReader:
        """The root table. Raises InputError with the line where the syntax breaks."""
        try:
            values = tomllib.loads(text, parse_float=Decimal)
        except tomllib.TOMLDecodeError as error:
            found = _AT_LINE.search(str(error))
            raise InputError(f"not TOML: {error}", file=file,
                             line=int(found[1]) if found else text.count("\n") + 1,
                             mend="mend the syntax at this line") from error
        return cls(values, "", None, text, file)

    def fault(self, name: str, message: str, mend: str) -> None:
        """Note a fault of one field."""
        field = f"{self._path}.{name}" if self._path else name
        lines = line_index(self._text)
        line = lines.get(field) or lines.get(self._path)
        self._root.faults.append(Fault(message, self._file, line, field, mend))

    def finish(self) -> None:
        """Raises InputError with every fault, unknown fields included."""
        self._unknown_fields()
        if self.faults:
            ordered = sorted(self.faults, key=lambda fault: fault.line or 0)
            raise InputError.of(ordered)

    def _unknown_fields(self) -> None:
        for name in self._values:
            if name not in self._known:
                self.fault(name, "there is no such field",
                           "known here: " + ", ".join(sorted(self._known)))
        for child in self._children:
            child._unknown_fields()

    def require_schema(self, schema: str) -> None:
        """The file must say what it is."""
        if self._take("schema") != schema:
            self.fault("schema", "the file does not say what it is", f'write schema = "{schema}"')

    def table(self, name: str) -> FieldReader:
        """A table below this one; a missing one is a fault and reads as empty."""
        value = self._take(name)
        if not isinstance(value, dict):
            self.fault(name, f"the table [{name}] is missing", f"add [{name}]")
            value = {}
        return self._child(value, f"{self._path}.{name}" if self._path else name)

    def tables(self, name: str) -> list[FieldReader]:
        """A list of tables, empty when absent."""
        value = self._take(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.fault(name, f"{name} is a list of tables", f"write [[{name}]] before each")
            return []
        return [self._child(item, f"{name}[{index}]") for index, item in enumerate(value)]

    def text(self, name: str, *, default: str | None = None) -> str:
        """A text that is not empty, unless there is a default."""
        value = self._take(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or (not value.strip() and default is None):
            self.fault(name, "a text is missing" if value is None else "this is not a text",
                       f'write {name} = "…"')
            return ""
        return value.strip()

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of at least one text, without repeats."""
        value = self._take(name)
        if (not isinstance(value, list) or not value
                or not all(isinstance(item, str) and item for item in value)):
            self.fault(name, "a list of texts is missing", f'write {name} = ["…"]')
            return ()
        return tuple(dict.fromkeys(value))

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """One of the allowed words."""
        value = self._take(name)
        if value not in allowed:
            self.fault(name, f"{value!r} is not one of the values" if value is not None
                       else "a value is missing", "one of: " + ", ".join(allowed))
            return allowed[0]
        return str(value)

    def flag(self, name: str) -> bool | None:
        """true, false, or None when nothing is said."""
        value = self._take(name)
        if value is None or isinstance(value, bool):
            return value
        self.fault(name, f"{value!r} is neither true nor false",
                   "write true or false, or leave the line out when it is unknown")
        return None

    def count(self, name: str, *, minimum: int = 0) -> int:
        """A whole number."""
        found = self._whole(name, minimum, _LARGEST_COUNT)
        if found is None:
            self._missing(name, f"{name} = 0")
        return found or minimum

    def optional_count(self, name: str, *, maximum: int) -> int | None:
        """A whole number, or None when nothing is said."""
        return self._whole(name, 0, maximum)

    def money(self, name: str, *, minimum: Fen = 0) -> Fen:
        """An amount with its unit."""
        found = self.optional_money(name)
        if found is None:
            self._missing(name, f'{name} = "1000000yuan"')
            return minimum or 1
        if found < minimum:
            self.fault(name, "the amount is too small", f"at least {minimum} fen")
        return found

    def optional_money(self, name: str) -> Fen | None:
        """An amount with its unit, or None when nothing is said."""
        value = self._take(name)
        if value is None:
            return None
        try:
            return parse_amount(str(value) if not isinstance(value, bool) else "?")
        except InputError as error:
            self.fault(name, error.fault.message, error.fault.mend or "write an amount")
            return 1

    def ratio(self, name: str) -> int:
        """A share from 0 to 1 in ppm: ``"35%"`` or ``0.35``."""
        value = self._take(name)
        if value is None:
            self._missing(name, f'{name} = "35%"')
            return 0
        share = _share(value)
        if share is None or not 0 <= share <= 1 or share * PPM != int(share * PPM):
            self.fault(name, f"{value} is not a share from 0 to 100%",
                       'write it like "35%" or 0.35, with at most four decimals of a percent')
            return 0
        return int(share * PPM)

    def duration(self, name: str) -> int:
        """Seconds of a duration such as ``"24h"``."""
        found = self.optional_duration(name)
        if found is None:
            self._missing(name, f'{name} = "24h"')
        return found or 0

    def optional_duration(self, name: str) -> int | None:
        """Seconds of a duration, or None when nothing is said."""
        value = self._take(name)
        if value is None:
            return None
        found = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            self.fault(name, f"{value!r} is not a duration", 'write it like "24h", "3d" or "90min"')
            return 0
        return int(found[1]) * _SECONDS[found[2][0]]

    def day(self, name: str) -> date:
        """A date."""
        found = self.optional_day(name)
        if found is None:
            self._missing(name, f"{name} = 2026-03-02")
        return found or date.min

    def optional_day(self, name: str) -> date | None:
        """A date, or None when nothing is said."""
        value = self._take(name)
        if value is None:
            return None
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            self.fault(name, f"{value!r} is not a date", "write it like 2026-03-02")
            return date.min

    def _whole(self, name: str, minimum: int, maximum: int) -> int | None:
        value = self._take(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
            self.fault(name, f"{value!r} is not a whole number from {minimum} to {maximum}",
                       "write digits only")
            return minimum
        return value

    def _take(self, name: str) -> Any:
        self._known.add(name)
        return self._values.get(name)

    def _child(self, values: dict[str, Any], path: str) -> FieldReader:
        child = FieldReader(values, path, self._root, self._text, self._file)
        self._children.append(child)
        return child

    def _missing(self, name: str, example: str) -> None:
        already = f"{self._path}.{name}" if self._path else name
        if not any(fault.field == already for fault in self._root.faults):
            self.fault(name, "this field is missing", f"write {example}")


def _share(value: Any) -> Decimal | None:
    text = str(value).strip()
    percent = text.endswith("%")
    try:
        number = Decimal(text.rstrip("%").strip())
    except InvalidOperation:
        return None
    if isinstance(value, bool) or not number.is_finite():
        return None
    return number / 100 if percent else number
