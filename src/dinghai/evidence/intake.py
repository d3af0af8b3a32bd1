"""Takes a file in within bounds: size first, then bounded decompression, then text."""

from __future__ import annotations

import codecs
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path

from dinghai.foundation.errors import InputError

LIMIT_BYTES = 64 * 1024 * 1024
"""Bytes of a file, and of what a compressed file unpacks to."""
_GZIP = b"\x1f\x8b"
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Intake:
    """The unpacked bytes of a file and the SHA-256 of the file as it lay there."""

    data: bytes
    sha256: str


def read_bounded(path: Path, *, limit_bytes: int = LIMIT_BYTES) -> Intake:
    """A file's bytes, unpacked when it is gzip. Raises InputError for a missing, unreadable or
    oversized file; the size is looked at before a byte is read."""
    name = path.name
    if not path.is_file():
        raise InputError("there is no such file", file=name, mend="check the path")
    if path.stat().st_size > limit_bytes:
        raise _too_large(name, limit_bytes)
    try:
        with path.open("rb") as handle:
            stored = handle.read(limit_bytes + 1)
    except OSError as error:
        raise InputError(f"the file cannot be read: {error.strerror}", file=name,
                         mend="check its permissions") from error
    return unpack(stored, name, limit_bytes=limit_bytes)


def unpack(stored: bytes, name: str, *, limit_bytes: int = LIMIT_BYTES) -> Intake:
    """Bytes as they are, or unpacked when they are gzip; never more than ``limit_bytes``.

    Raises InputError for too many bytes, broken or nested compression.
    """
    if len(stored) > limit_bytes:
        raise _too_large(name, limit_bytes)
    data = _gunzip(stored, name, limit_bytes) if stored.startswith(_GZIP) else stored
    return Intake(data, hashlib.sha256(stored).hexdigest())


def text_of(data: bytes) -> str:
    """Text of UTF-8 or UTF-16 with its mark, else UTF-8, else GB18030 (Chinese Excel), else
    UTF-8 with replacement marks."""
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
                           (codecs.BOM_UTF16_BE, "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8", errors="replace")


def _gunzip(stored: bytes, name: str, limit_bytes: int) -> bytes:
    parts: list[bytes] = []
    total, rest = 0, stored
    while rest.startswith(_GZIP):
        member = zlib.decompressobj(wbits=31)
        pending = rest
        while not member.eof:
            try:
                piece = member.decompress(pending, _CHUNK)
            except zlib.error as error:
                raise InputError("the gzip data are broken", file=name,
                                 mend="copy the file again, or unpack it first") from error
            pending = member.unconsumed_tail
            total += len(piece)
            if total > limit_bytes:
                raise InputError(f"the file unpacks to more than {limit_bytes} bytes", file=name,
                                 mend="split the report")
            if not piece and not pending and not member.eof:
                raise InputError("the gzip data break off", file=name,
                                 mend="copy the file again")
            parts.append(piece)
        rest = member.unused_data.lstrip(b"\0")
    data = b"".join(parts)
    if data.startswith(_GZIP):
        raise InputError("gzip inside gzip", file=name, mend="unpack it once")
    return data


def _too_large(name: str, limit_bytes: int) -> InputError:
    return InputError(f"the file is larger than {limit_bytes} bytes", file=name,
                      mend="split the report")
