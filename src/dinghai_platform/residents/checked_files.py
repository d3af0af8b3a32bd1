"""What a file holds that somebody sends to the public check: a certificate's code, or a proof.

Nothing is parsed that a stranger could have built to do harm: a PDF is searched for the letters of
a code as any other bytes are, and whether it is genuine its signature alone decides.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from dinghai.foundation.errors import InputError
from dinghai.foundation.reading import typed
from dinghai.schemes.resident_certificate import CertificateProof, check_proof
from dinghai_platform.core.files import Upload

LARGEST: Final = 1024 * 1024
_LONGEST_TEXT: Final = 16 * 1024
_SIGNED: Final = re.compile(
    rb"DINGHAI1\.[A-Za-z0-9_-]{1,3900}\.[A-Za-z0-9_-]{86}(?![A-Za-z0-9_-])")


def content_of(upload: Upload) -> bytes:
    """The bytes of a file. Raises InputError where they are too many."""
    content = bytearray()
    for part in upload.chunks():
        content += part
        if len(content) > LARGEST:
            raise InputError(f"the file is larger than {LARGEST} bytes", field="file",
                             mend="send the PDF of one certificate, or paste its code")
    return bytes(content)


def is_proof(content: bytes) -> bool:
    """Whether a file is meant as a proof: it is an object of JSON."""
    return content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def proof_in(content: bytes, public_key: str) -> CertificateProof:
    """The proof that a file is, if it holds. Raises InputError."""
    try:
        raw = msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"))
        typed(raw, CertificateProof)
    except (msgspec.DecodeError, InputError, RecursionError, ValueError) as error:
        raise InputError("this file is no proof of enrolment", field="file",
                         mend="send it as it was downloaded") from error
    return check_proof(raw, public_key)


def code_in(content: bytes) -> str:
    """The one code that a file holds. Raises InputError for none and for several."""
    found = dict.fromkeys(_SIGNED.findall(content))
    if not found and len(content) <= _LONGEST_TEXT:  # a text may have been broken into lines
        found = dict.fromkeys(_SIGNED.findall(b"".join(content.split())))
    if len(found) > 1:
        raise InputError("the file holds the codes of several certificates", field="file",
                         mend="send the file of one, or paste the code of one")
    if not found:
        raise InputError("no code of a certificate is found in the file", field="file",
                         mend="scan the QR mark with any scanner and paste what it says")
    return next(iter(found)).decode()
