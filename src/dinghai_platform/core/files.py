"""Files kept for a tenant: by hash, bounded, audited. Small ones in the row, large ones on disk."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.utils.http import content_disposition_header

from dinghai.foundation.errors import DinghaiError, InputError
from dinghai_platform.core import audit
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation, StoredFile
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import scope_of


class FileDamaged(DinghaiError):
    """The bytes on disk are gone or are not those that were stored."""


@transaction.atomic
def store_file(
    content: bytes,
    *,
    name: str,
    media_type: str,
    actor: Actor,
    tenant: Organisation | None = None,
    largest: int | None = None,
) -> StoredFile:
    """Keep bytes for a tenant (the actor's own unless given) and say so in the audit chain.

    The same bytes under the same name and tenant are kept once. Raises InputError above
    ``largest`` bytes (DINGHAI_UPLOAD_MAXIMUM_BYTES unless given) and for a name that is none.
    """
    require(actor, "core.store_file")
    owner = tenant or actor.own_tenant()
    plain = Path(name.replace("\\", "/")).name.strip()
    if not plain or len(plain) > 200 or not plain.isprintable():
        raise InputError("the file has no usable name", field="name", mend="rename the file")
    most = settings.DINGHAI_UPLOAD_MAXIMUM_BYTES if largest is None else largest
    if len(content) > most:
        raise InputError(
            f"the file is larger than {most} bytes",
            file=plain,
            mend="split it",
        )
    with scope_of(actor, tenant=owner):
        return _keep(content, plain, media_type, actor, owner)


def _keep(
    content: bytes, plain: str, media_type: str, actor: Actor, owner: Organisation
) -> StoredFile:
    digest = hashlib.sha256(content).hexdigest()
    there = StoredFile.objects.within(owner).filter(
        sha256=digest, name=plain, media_type=media_type
    )
    if (found := there.first()) is not None:
        return found
    in_row = len(content) <= settings.DINGHAI_STORED_IN_DATABASE_BYTES
    if not in_row:
        _write_to_disk(digest, content)
    stored = StoredFile.objects.create(
        tenant=owner,
        sha256=digest,
        name=plain,
        media_type=media_type,
        size=len(content),
        bytes_in_row=content if in_row else None,
        created_by=actor.user,
    )
    audit.append(
        actor, "core.file_stored", stored, {"name": plain, "sha256": digest, "size": len(content)}
    )
    return stored


def read_file(stored: StoredFile) -> bytes:
    """The bytes, proved against their hash. Raises FileDamaged."""
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


def _write_to_disk(digest: str, content: bytes) -> None:
    path = _path_of(digest)
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{digest}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
