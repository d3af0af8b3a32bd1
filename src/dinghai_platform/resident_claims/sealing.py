"""What names a person or an account at rest: sealed under a key of the tenant, hashed for ties.

A nonce is drawn for each sealing, since a claim's data change. Hashes are keyed by tenant and kind,
so that a device never equals a telephone and two insurers never share a hash.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from dinghai.foundation.errors import DinghaiError

_NONCE: Final = 12


class SealBroken(DinghaiError):
    """Sealed bytes that are not what was sealed."""


def seal(tenant: Any, content: bytes, *, purpose: str) -> bytes:
    """Bytes sealed for a tenant (or its key)."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + _cipher(tenant, purpose).encrypt(nonce, content, None)


def unseal(tenant: Any, sealed: bytes, *, purpose: str) -> bytes:
    """The bytes again. Raises SealBroken."""
    try:
        return _cipher(tenant, purpose).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
    except (InvalidTag, ValueError) as error:
        raise SealBroken("sealed data cannot be opened") from error


def seal_words(tenant: Any, words: Mapping[str, str]) -> bytes:
    """Named texts of a claim, sealed."""
    return seal(tenant, json.dumps(dict(words), ensure_ascii=False).encode(), purpose="words")


def unseal_words(tenant: Any, sealed: bytes | memoryview | None) -> dict[str, str]:
    """The named texts; none where nothing was sealed."""
    if not sealed:
        return {}
    found: dict[str, str] = json.loads(unseal(tenant, bytes(sealed), purpose="words"))
    return found


def tie_key(tenant: Any, kind: str, value: str) -> str:
    """The keyed hash of a person, device, account or telephone; empty for an empty one."""
    if not value:
        return ""
    return hmac.digest(_derived(tenant, f"tie {kind}"), value.encode(), hashlib.sha256).hex()


def site_key(kind: str, value: str) -> str:
    """The keyed hash of something that belongs to no tenant yet."""
    return hmac.digest(_root(), f"{kind}\0{value}".encode(), hashlib.sha256).hex()


def _cipher(tenant: Any, purpose: str) -> AESGCM:
    return AESGCM(_derived(tenant, purpose))


def _derived(tenant: Any, purpose: str) -> bytes:
    key = getattr(tenant, "pk", tenant)
    return hmac.digest(_root(), purpose.encode() + b"\0" + key.bytes + b"\1", hashlib.sha256)


def _root() -> bytes:
    return hmac.digest(b"dinghai resident claims", settings.SECRET_KEY.encode(), hashlib.sha256)
