"""Signed checkpoints: the heads of the audit chains, exported so that a cut tail shows.

The site signs with its own Ed25519 key (`audit-key` in its home). Whoever keeps a checkpoint
and the public key elsewhere can prove later that nothing before it was cut or rewritten.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from dinghai.foundation.canonical import canonical_bytes, read_json
from dinghai.foundation.chain import GENESIS
from dinghai.foundation.errors import InputError
from dinghai_platform.core import clock
from dinghai_platform.core.audit import ChainReading, verify_chain
from dinghai_platform.core.models import AuditChain, Organisation
from dinghai_platform.settings.environment import private_text

SCHEMA = "dinghai.audit_checkpoint/1"


@dataclass(frozen=True, slots=True)
class Head:
    """The signed head of one tenant's chain."""

    tenant: str
    name: str
    length: int
    head: str


def public_key_hex() -> str:
    """The site's public key, to be kept elsewhere together with the checkpoints."""
    return _private_key().public_key().public_bytes_raw().hex()


def sign_bytes(content: bytes) -> bytes:
    """The site's signature (64 bytes) over something that says what it is."""
    return _private_key().sign(content)


def make_checkpoint(tenant: Organisation | None = None) -> dict[str, Any]:
    """The signed heads of one tenant's chain, or of every chain, as they are now."""
    chains = AuditChain.objects.select_related("tenant").order_by("tenant_id")
    if tenant is not None:
        chains = chains.filter(tenant=tenant)
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "at": clock.now().isoformat(),
        "chains": [
            {
                "tenant": str(chain.tenant_id),
                "name": chain.tenant.name_zh,
                "length": chain.length,
                "head": chain.head,
            }
            for chain in chains
        ],
        "public_key": public_key_hex(),
    }
    document["signature"] = _private_key().sign(canonical_bytes(document)).hex()
    return document


def read_checkpoint(path: Path, *, public_key: str | None = None) -> tuple[Head, ...]:
    """The heads a checkpoint file signs.

    The key must be ``public_key``, or the site's own when none is given: a checkpoint signed
    by somebody else proves nothing. Raises InputError when it is not such a file.
    """
    document = read_json(path)
    where = str(path)
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise InputError("this is not an audit checkpoint", file=where, field="schema",
                         mend="export one with `dinghai audit checkpoint`")
    unsigned = {name: value for name, value in document.items() if name != "signature"}
    key = public_key or public_key_hex()
    if document.get("public_key") != key:
        raise InputError("the checkpoint is signed with another key", file=where,
                         field="public_key", mend="give the key it was signed with")
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(
            bytes.fromhex(document["signature"]), canonical_bytes(unsigned)
        )
        return tuple(
            Head(str(one["tenant"]), str(one["name"]), int(one["length"]), str(one["head"]))
            for one in document["chains"]
        )
    except InvalidSignature as error:
        raise InputError("the checkpoint's signature does not hold", file=where,
                         field="signature", mend="use the file as it was exported") from error
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"the checkpoint is damaged: {error}", file=where,
                         mend="use the file as it was exported") from error


def verify_all(
    heads: tuple[Head, ...] = (), *, tenant: Organisation | None = None
) -> list[ChainReading]:
    """Walk every chain (or one tenant's) and meet the signed heads on the way.

    A signed chain whose tenant is gone is broken too.
    """
    signed = {head.tenant: head for head in heads}
    tenants = Organisation.objects.filter(audit_chain__isnull=False).order_by("id")
    if tenant is not None:
        tenants = tenants.filter(pk=tenant.pk)
        signed = {key: head for key, head in signed.items() if key == str(tenant.pk)}
    readings = []
    for one in tenants:
        head = signed.pop(str(one.pk), None)
        expected = (head.length, head.head) if head and head.length else None
        readings.append(verify_chain(one, expected=expected))
    for head in signed.values():
        readings.append(
            ChainReading(head.tenant, head.name, 0, GENESIS, 1,
                         f"is missing: the checkpoint signed {head.length} links")
        )
    return readings


def _private_key() -> Ed25519PrivateKey:
    text = private_text(
        settings.DINGHAI_HOME / "audit-key",
        lambda: Ed25519PrivateKey.generate().private_bytes_raw().hex(),
    )
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text))
