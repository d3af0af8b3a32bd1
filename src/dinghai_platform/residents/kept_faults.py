"""What is wrong with rows that were staged: as a chunk keeps it, and as a void row says it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Final

from dinghai.foundation.errors import Fault
from dinghai.schemes.resident_check import ENROLLED
from dinghai_platform.residents.models import Certificate, Change, ChangeChunk, EnrolmentChunk

Words = tuple[str, str, str]
"""Field, what is wrong, and the mend."""
OVERTAKEN: Final[Words] = ("certificate", "another list changed the certificate meanwhile",
                           "look at it, and list it again")
TWICE: Final[Words] = ("identity", "the person stands in the list before",
                       "leave one of the two rows out")
VOID_CERTIFICATES: Final[Mapping[int, Words]] = {
    int(Certificate.State.REPEATED): ENROLLED, int(Certificate.State.OVERTAKEN): OVERTAKEN}
VOID_CHANGES: Final[Mapping[int, Words]] = {
    int(Change.State.OVERTAKEN): OVERTAKEN,
    int(Change.State.REPEATED): (
        "certificate", "the certificate stands in the list before",
        "leave one of the two rows out")}


def fault_at(line: int, words: Words, *, file: str | None = None) -> Fault:
    """A fault of a row."""
    field, message, mend = words
    return Fault(message, file, line, field, mend)


def packed_faults(faults: Sequence[Fault]) -> bytes:
    """Faults as a chunk keeps them."""
    return zlib.compress(json.dumps([one.to_dict() for one in faults],
                                    ensure_ascii=False).encode())


def faults_of(chunk: EnrolmentChunk | ChangeChunk) -> list[Fault]:
    """The faults of a chunk's rejected rows."""
    return [Fault(**one) for one in json.loads(zlib.decompress(bytes(chunk.faults)))]
