"""A changed chain: rows that replace or join those of a chain, for what-ifs.

A patch is JSON with lists of the chain's own kinds of rows. A row with the identity of one of the
chain replaces what it gives of it, others join; ``"remove": {kind: [identity, …]}`` leaves rows
out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.reading import plain
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.chain_file import chain_of

IDENTITIES: Final[Mapping[str, tuple[str, ...]]] = {
    "firms": ("id",), "providers": ("id",), "controls": ("firm", "indicator"),
    "assets": ("firm", "id"), "weaknesses": ("firm", "asset", "cve", "technique"),
    "links": ("from", "to", "kind"), "goods": ("from", "to")}
"""What tells two rows of a kind apart."""


def patched(chain: Chain, patch: JSON, *, file: str | None = None) -> Chain:
    """The chain after a patch. Raises InputError that names what cannot be read or is not there."""
    if not isinstance(patch, dict):
        raise InputError("a patch is an object with lists of rows", file=file,
                         mend='give for example {"controls": [{"firm": …, "indicator": …, '
                              '"score_ppm": …}]}')
    document = plain(chain)
    removed = patch.get("remove", {})
    for kind, rows in patch.items():
        if kind != "remove":
            document[kind] = _joined(document, kind, rows, file)
    for kind, identities in (removed.items() if isinstance(removed, dict) else ()):
        document[kind] = _without(document, kind, identities, file)
    return chain_of(document, file=file)


def _rows(document: Mapping[str, JSON], kind: str, rows: JSON, file: str | None) -> list[JSON]:
    if kind not in IDENTITIES:
        raise InputError(f"{kind!r} is no kind of row", file=file, field=kind,
                         mend="one of: " + ", ".join(IDENTITIES))
    if not isinstance(rows, list):
        raise InputError("rows stand in a list", file=file, field=kind, mend="put them in [ ]")
    return list(document.get(kind, []))


def _joined(
    document: Mapping[str, JSON], kind: str, rows: JSON, file: str | None
) -> list[dict[str, Any]]:
    known = {_identity(kind, row): row for row in _rows(document, kind, rows, file)}
    for place, row in enumerate(rows):
        if not isinstance(row, dict) or not any(row.get(name) for name in IDENTITIES[kind]):
            raise InputError("a row without identity", file=file, field=f"{kind}[{place}]",
                             mend="give " + ", ".join(IDENTITIES[kind]))
        identity = _identity(kind, row)
        known[identity] = {**known.get(identity, {}), **row}
    return list(known.values())


def _without(
    document: Mapping[str, JSON], kind: str, identities: JSON, file: str | None
) -> list[dict[str, Any]]:
    rows = {_identity(kind, row): row for row in _rows(document, kind, identities, file)}
    for place, one in enumerate(identities):
        asked = dict(zip(IDENTITIES[kind], one if isinstance(one, list) else [one], strict=False))
        identity = _identity(kind, asked)
        if identity not in rows:
            raise InputError(f"there is no such row: {one}", file=file,
                             field=f"remove.{kind}[{place}]",
                             mend="name " + ", ".join(IDENTITIES[kind]) + " of a row of the chain")
        del rows[identity]
    return list(rows.values())


def _identity(kind: str, row: Mapping[str, JSON]) -> tuple[str, ...]:
    return tuple(str(row.get(name) or "") for name in IDENTITIES[kind])
