"""Files kept for a tenant: by hash, bounded, audited. Small ones in the row, large ones on disk."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpResponse
from django.utils.http import content_disposition_header

from dinghai.foundation.errors import DinghaiError, InputError
from dinghai_platform.core import audit
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation, StoredFile
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import crossing_tenants, locked, scope_of


class FileDamaged(DinghaiError):
    """The bytes on disk are gone or are not those that were stored."""


class Upload(Protocol):
    """Bytes that come in parts, as a request brings them."""

    @property
    def size(self) -> int | None:
        """How many bytes there are."""

    def chunks(self) -> Iterable[bytes]:
        """The bytes, part by part."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """Bytes on their way: their hash and size, and where they lie: here, or on disk."""

    sha256: str
    size: int
    in_row: bytes | None
    on_disk: Path | None


@transaction.atomic
def store_file(
    content: bytes | Upload,
    *,
    name: str,
    media_type: str,
    actor: Actor,
    tenant: Organisation | None = None,
    largest: int | None = None,
) -> StoredFile:
    """Keep bytes for a tenant (the actor's own unless given) and say so in the audit chain.

    The same bytes under the same name and tenant are kept once. An upload goes to disk part by
    part: its size is not held in memory. Raises InputError above ``largest`` bytes
    (DINGHAI_UPLOAD_MAXIMUM_BYTES unless given) and for a name that is none.
    """
    require(actor, "core.store_file")
    owner = tenant or actor.own_tenant()
    plain = Path(name.replace("\\", "/")).name.strip()
    if not plain or len(plain) > 200 or not plain.isprintable():
        raise InputError("the file has no usable name", field="name", mend="rename the file")
    most = settings.DINGHAI_UPLOAD_MAXIMUM_BYTES if largest is None else largest
    size = len(content) if isinstance(content, bytes) else content.size or 0
    if size > most:
        raise InputError(
            f"the file is larger than {most} bytes",
            file=plain,
            mend="split it",
        )
    with scope_of(actor, tenant=owner), _drafted(content, size) as draft:
        return _keep(draft, plain, media_type, actor, owner)


def _keep(
    draft: _Draft, plain: str, media_type: str, actor: Actor, owner: Organisation
) -> StoredFile:
    # Two that keep the same bytes, or one that keeps and one that lets go of them, stand in line
    # here: the chain first and then the row, as in `forget_file`.
    audit.hold_chain(owner)
    there = StoredFile.objects.within(owner).filter(
        sha256=draft.sha256, name=plain, media_type=media_type
    ).first()
    found = None if there is None else locked(there)
    if draft.on_disk is not None and (found is None or found.bytes_in_row is None):
        _put_in_place(draft)
    if found is not None:
        if found.is_forgotten:
            found.bytes_in_row, found.is_forgotten = draft.in_row, False
            found.save(update_fields=("bytes_in_row", "is_forgotten"))
            _say_stored(found, actor)
        return found
    stored = StoredFile.objects.create(
        tenant=owner,
        sha256=draft.sha256,
        name=plain,
        media_type=media_type,
        size=draft.size,
        bytes_in_row=draft.in_row,
        created_by=actor.user,
    )
    _say_stored(stored, actor)
    return stored


def _say_stored(stored: StoredFile, actor: Actor) -> None:
    audit.append(actor, "core.file_stored", stored, {
        "name": stored.name, "sha256": stored.sha256, "size": stored.size})


@transaction.atomic
def forget_file(stored: StoredFile, *, actor: Actor, reason: str) -> None:
    """Let go of a file's bytes, which nobody needs any more: name, size and hash stay.

    On disk they go with the commit, unless another row of the site has the same bytes. Asked again
    it does nothing.
    """
    require(actor, "core.store_file")
    audit.hold_chain(stored.tenant)
    stored = locked(stored)
    if stored.is_forgotten:
        return
    was_on_disk = stored.bytes_in_row is None
    stored.bytes_in_row, stored.is_forgotten = None, True
    stored.save(update_fields=("bytes_in_row", "is_forgotten"))
    audit.append(actor, "core.file_forgotten", stored, {
        "name": stored.name, "sha256": stored.sha256, "reason": reason}, tenant=stored.tenant)
    if was_on_disk:
        transaction.on_commit(lambda: remove_unless_needed(stored.sha256))


@transaction.atomic
def remove_unless_needed(digest: str) -> None:
    """Take bytes away from the disk unless a row of any tenant still has them."""
    _hold_bytes(digest)
    with crossing_tenants("the same bytes of several tenants lie on disk once"):
        if not StoredFile.objects.filter(
            sha256=digest, bytes_in_row=None, is_forgotten=False
        ).exists():
            _path_of(digest).unlink(missing_ok=True)


def read_file(stored: StoredFile) -> bytes:
    """The bytes, proved against their hash. Raises FileDamaged, also for a forgotten file."""
    if stored.is_forgotten:
        raise FileDamaged(f"the bytes of {stored.name} were let go of")
    if stored.bytes_in_row is not None:
        content = bytes(stored.bytes_in_row)
    else:
        path = _path_of(stored.sha256)
        if not path.is_file():
            raise FileDamaged(f"the bytes of {stored.name} are gone")
        content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != stored.sha256:
        raise FileDamaged(f"the bytes of {stored.name} are not those that were stored")
    return content


def path_on_disk(stored: StoredFile) -> Path | None:
    """Where a file's bytes lie, None for those in the row. Whoever reads them there proves them
    against the hash. Raises FileDamaged where they are gone."""
    if stored.is_forgotten:
        raise FileDamaged(f"the bytes of {stored.name} were let go of")
    if stored.bytes_in_row is not None:
        return None
    path = _path_of(stored.sha256)
    if not path.is_file():
        raise FileDamaged(f"the bytes of {stored.name} are gone")
    return path


def file_response(stored: StoredFile, *, inline: bool = False) -> HttpResponse:
    """The file as an answer; never run by a browser as part of this site unless asked inline."""
    response = HttpResponse(read_file(stored), content_type=stored.media_type)
    response["Content-Disposition"] = content_disposition_header(not inline, stored.name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, max-age=0"
    return response


def _path_of(digest: str) -> Path:
    folder: Path = settings.DINGHAI_HOME / "files" / digest[:2]
    return folder / digest


@contextmanager
def _drafted(content: bytes | Upload, size: int) -> Iterator[_Draft]:
    """The bytes under their hash; what lies on disk and was not put in its place goes away."""
    if size <= settings.DINGHAI_STORED_IN_DATABASE_BYTES:
        whole = content if isinstance(content, bytes) else b"".join(content.chunks())
        yield _Draft(hashlib.sha256(whole).hexdigest(), len(whole), whole, None)
        return
    folder: Path = settings.DINGHAI_HOME / "files" / "arriving"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{os.getpid()}.{secrets.token_hex(8)}"
    digest, written = hashlib.sha256(), 0
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for part in (content,) if isinstance(content, bytes) else content.chunks():
                digest.update(part)
                written += file.write(part)
            file.flush()
            os.fsync(file.fileno())
        yield _Draft(digest.hexdigest(), written, None, path)
    finally:
        path.unlink(missing_ok=True)


def _put_in_place(draft: _Draft) -> None:
    assert draft.on_disk is not None
    _hold_bytes(draft.sha256)
    path = _path_of(draft.sha256)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft.on_disk.replace(path)


def _hold_bytes(digest: str) -> None:
    """Until this transaction ends nobody else keeps or removes these bytes. SQLite has one writer
    from a transaction's first moment on and needs no more."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)",
                           [int.from_bytes(bytes.fromhex(digest[:16]), "big", signed=True)])
