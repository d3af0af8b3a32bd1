"""Errors that tell a person where the fault is and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in an input: where it is, what is wrong and how to mend it."""

    message: str
    file: str | None = None
    line: int | None = None
    field: str | None = None
    mend: str | None = None

    def to_dict(self) -> dict[str, object]:
        """The keys every `--json` error carries."""
        return {
            "file": self.file,
            "line": self.line,
            "field": self.field,
            "message": self.message,
            "mend": self.mend,
        }

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        parts = [part for part in (place, self.field, self.message) if part]
        text = ": ".join(parts)
        return f"{text} ({self.mend})" if self.mend else text


class DinghaiError(Exception):
    """Root of every error raised on purpose."""


class InputError(DinghaiError):
    """The input is bad (exit code 2). Nothing has been written."""

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        field: str | None = None,
        mend: str | None = None,
        others: Sequence[Fault] = (),
    ) -> None:
        self.fault = Fault(message, file, line, field, mend)
        self.others = tuple(others)
        super().__init__(str(self.fault))

    @classmethod
    def of(cls, faults: Iterable[Fault]) -> InputError:
        """One error for many faults; the first leads. Raises ValueError when there is none."""
        first, *rest = tuple(faults)
        return cls(
            first.message,
            file=first.file,
            line=first.line,
            field=first.field,
            mend=first.mend,
            others=rest,
        )

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All faults, the leading one first."""
        return (self.fault, *self.others)


class Refusal(DinghaiError):
    """A business "no" (exit code 1): declined, non-conformant, verification failed."""

    def __init__(self, message: str, *, reasons: Sequence[str] = ()) -> None:
        self.message = message
        self.reasons = tuple(reasons)
        super().__init__(message)
