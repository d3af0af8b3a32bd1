"""A resident's certificate that proves itself: a signed code for a QR mark, a proof of enrolment.

The code says what the certificate says, people masked, under the insurer site's Ed25519 signature:
whoever has the public key checks it without a network. It proves what was issued; whether the cover
is still in force only the register knows. The proof (dinghai.certificate-proof/1) leads from one
certificate along Merkle siblings to the root of its whole enrolment, which is signed.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from datetime import date
from typing import Annotated, Final, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from dinghai.foundation.canonical import JSON, canonical_bytes
from dinghai.foundation.chain import proves
from dinghai.foundation.errors import InputError
from dinghai.foundation.reading import typed
from dinghai.wording.words import Struct

PREFIX: Final = "DINGHAI1"
PROOF: Final = "dinghai.certificate-proof/1"
LONGEST_CODE: Final = 4_000
Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Sign = Callable[[bytes], bytes]


class ComingPlan(Struct, frozen=True):
    """A plan into which a certificate comes from a later day on; amounts in fen."""

    from_day: date
    plan: str
    sum_insured_fen: int
    premium_fen: int


class CertificateFacts(Struct, frozen=True):
    """What a certificate says. ``holder`` and ``identity`` are masked; amounts in fen.

    Plan and amounts are those in force on the day it is made; what is to change later stands in
    ``coming``, which a code without changes to come does not mention.
    """

    number: str
    scheme: str
    insurer: str
    product: str
    plan: str
    sum_insured_fen: int
    premium_fen: int
    first_day: date
    last_day: date
    holder: str
    identity: str
    coming: tuple[ComingPlan, ...] = ()


class Sibling(Struct, frozen=True):
    """A step of a Merkle proof: the other child's hash, and the side it stands on."""

    side: Literal["left", "right"]
    hash: Hash


class SignedRoot(Struct, frozen=True):
    """An enrolment as it was sealed: so many certificates under a Merkle root."""

    scheme: str
    enrolment: str
    certificates: int
    root: Hash
    sealed_at: str
    public_key: Hash
    signature: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{128}$")]

    def signed_bytes(self) -> bytes:
        """What the signature is over."""
        document = msgspec.to_builtins(self)
        return canonical_bytes({one: document[one] for one in document if one != "signature"})


class CertificateProof(Struct, frozen=True):
    """That a certificate is one of a sealed enrolment: its ``leaf`` (hexadecimal: number, plan,
    look-up hash and sealed person), the siblings up to the root, the root signed."""

    schema: Literal["dinghai.certificate-proof/1"]
    number: int
    leaf: Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{2})+$")]
    chunk: tuple[Sibling, ...]
    chunk_root: Hash
    enrolment: tuple[Sibling, ...]
    sealed: SignedRoot


def certificate_code(facts: CertificateFacts, sign: Sign) -> str:
    """The code of a certificate."""
    body = canonical_bytes(msgspec.to_builtins(facts))
    return ".".join((PREFIX, _text(body), _text(sign(_marked(body)))))


def read_code(text: str, public_key: str) -> CertificateFacts:
    """What a code says, if the key's owner signed it. Raises InputError where it is none, was
    changed, or was signed by somebody else."""
    parts = text.strip().split(".") if len(text) <= LONGEST_CODE else []
    if len(parts) != 3 or parts[0] != PREFIX:
        raise InputError("this is not the code of a certificate", field="code",
                         mend=f"scan it again: it begins with {PREFIX}")
    body, signature = _bytes(parts[1]), _bytes(parts[2])
    if not _is_signed(public_key, signature, _marked(body)):
        raise InputError("the signature does not hold: the code was changed, or signed by "
                         "somebody else", field="code", mend="ask the insurer")
    return typed(json.loads(body), CertificateFacts, file="code")


def check_proof(raw: JSON, public_key: str, *, file: str = "proof") -> CertificateProof:
    """A proof that holds. Raises InputError that says which step does not."""
    proof = typed(raw, CertificateProof, file=file)

    def fault(field: str, message: str) -> InputError:
        return InputError(message, file=file, field=field, mend="ask the insurer for the proof")

    leaf = bytes.fromhex(proof.leaf)
    if int.from_bytes(leaf[:8], "big") != proof.number:
        raise fault("number", "the leaf is another certificate's")
    if not proves(leaf, [(one.side, one.hash) for one in proof.chunk], proof.chunk_root):
        raise fault("chunk", "the certificate is not under the root of its chunk")
    if not proves(bytes.fromhex(proof.chunk_root),
                  [(one.side, one.hash) for one in proof.enrolment], proof.sealed.root):
        raise fault("enrolment", "the chunk is not under the root of the enrolment")
    if proof.sealed.public_key != public_key or not _is_signed(
            public_key, bytes.fromhex(proof.sealed.signature), proof.sealed.signed_bytes()):
        raise fault("sealed", "the root is not signed by this key")
    return proof


def _is_signed(public_key: str, signature: bytes, content: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(signature, content)
    except InvalidSignature:
        return False
    except ValueError as error:
        raise InputError("this is not a public key", field="--public-key",
                         mend="give 64 hexadecimal digits") from error
    return True


def _marked(body: bytes) -> bytes:
    """Signed bytes say what they are, so that no other signature of the site passes for one."""
    return f"{PREFIX}\n".encode() + body


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """What a part of a code spells, if it is spelled as `_text` does: the last letter of base64
    has bits that mean nothing, and a letter changed there is a change as well."""
    broken = InputError("the code is broken", field="code", mend="scan it again")
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise broken from error
    if _text(content) != text:
        raise broken
    return content
