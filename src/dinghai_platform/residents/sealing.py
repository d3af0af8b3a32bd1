"""Personal data at rest: sealed one person at a time, found by keyed hashes, shown masked.

Keys are derived from the site's secret, the tenant and the enrolment, so that a nonce counts
positions in a list and the same list gives the same bytes again.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from dinghai.schemes.people import masked_identity, masked_mobile
from dinghai_platform.residents.models import (
    Certificate,
    Change,
    ChangeList,
    Enrolment,
    ListStream,
    ResidentScheme,
)

_EPOCH: Final = date(1970, 1, 1)
_BETWEEN: Final = "\x1f"


@dataclass(frozen=True, slots=True)
class Person:
    """Who a certificate is of."""

    name: str
    identity: str
    mobile: str
    consented_on: date

    @property
    def masked_identity(self) -> str:
        """The identity number as pages show it."""
        return masked_identity(self.identity)

    @property
    def masked_mobile(self) -> str:
        """The mobile number as pages show it."""
        return masked_mobile(self.mobile)


def look_up_key(scheme: ResidentScheme) -> bytes:
    """The key of a scheme's look-up hashes: two schemes never share a hash of a person."""
    return _derived(b"look-up", scheme.tenant_id.bytes + scheme.pk.bytes)


def seal_people(
    enrolment: Enrolment | ChangeList, lines: Sequence[int], names: Sequence[str],
    identities: Sequence[str], mobiles: Sequence[str], consented: Sequence[int],
) -> list[bytes]:
    """Each person sealed under the enrolment's key; the line in the list is the nonce."""
    seal = _seal(enrolment).encrypt
    return [
        seal(line.to_bytes(12, "big"), f"{name}{_BETWEEN}{identity}{_BETWEEN}{mobile}{_BETWEEN}"
             f"{day}".encode(), None)
        for line, name, identity, mobile, day in zip(lines, names, identities, mobiles, consented,
                                                     strict=True)]


def opened(certificate: Certificate, enrolment: Enrolment) -> Person:
    """The person of a certificate. Whoever reveals it writes so into the audit chain."""
    plain = _seal(enrolment).decrypt(certificate.line.to_bytes(12, "big"),
                                     bytes(certificate.person), None)
    name, identity, mobile, day = plain.decode().split(_BETWEEN)
    return Person(name, identity, mobile, _EPOCH + timedelta(days=int(day)))


def seal_part(stream: ListStream, number: int, lines: bytes) -> bytes:
    """The lines of a part, sealed under the stream's key; a part's number is its nonce."""
    return _part_seal(stream).encrypt(number.to_bytes(12, "big"), lines, None)


def opened_part(stream: ListStream, number: int, sealed: bytes) -> bytes:
    """The lines of a part."""
    return _part_seal(stream).decrypt(number.to_bytes(12, "big"), sealed, None)


def _part_seal(stream: ListStream) -> AESGCM:
    return AESGCM(_derived(b"part", stream.tenant_id.bytes + stream.pk.bytes))


def opened_change(change: Change, changes: ChangeList) -> Person:
    """The person that a correction put right."""
    ((name, identity, mobile, day),) = open_people(changes, [change.line],
                                                   [bytes(change.person)])
    return Person(name, identity, mobile, _EPOCH + timedelta(days=day))


def open_people(
    owner: Enrolment | ChangeList, lines: Sequence[int], people: Sequence[bytes]
) -> list[tuple[str, str, str, int]]:
    """Many persons of an enrolment, or those corrected by a list of changes: name, identity
    number, mobile number, day of consent (since 1970)."""
    open_one, found = _seal(owner).decrypt, []
    for line, person in zip(lines, people, strict=True):
        name, identity, mobile, day = open_one(
            line.to_bytes(12, "big"), person, None).decode().split(_BETWEEN)
        found.append((name, identity, mobile, int(day)))
    return found


def _seal(owner: Enrolment | ChangeList) -> AESGCM:
    return AESGCM(_derived(b"person", owner.tenant_id.bytes + owner.pk.bytes))


def _derived(purpose: bytes, of: bytes) -> bytes:
    """HKDF's extract and expand (RFC 5869) to one block of 32 bytes."""
    root = hmac.digest(b"dinghai residents", settings.SECRET_KEY.encode(), hashlib.sha256)
    return hmac.digest(root, purpose + b"\x00" + of + b"\x01", hashlib.sha256)
