"""A changed chain: rows that replace or join those of a chain, for what-ifs.

A patch is JSON with lists of the chain's own kinds of rows. A row with the identity of one of the
chain replaces what it gives of it, others join; ``"remove": {kind: [identity, …]}`` leaves rows
out. A delivery that is named without its item is the only one between its two firms.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.reading import plain
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.chain_file import chain_of

IDENTITIES: Final[Mapping[str, tuple[str, ...]]] = {
    "firms": ("id",), "providers": ("id",), "controls": ("firm", "indicator"),
    "assets": ("firm", "id"), "weaknesses": ("firm", "asset", "cve", "technique"),
    "links": ("from", "to", "kind"), "goods": ("from", "to", "item")}
"""What tells two rows of a kind apart."""

_PLACE: Final = re.compile(r"(\w+)\[(\d+)\]")
Identity = tuple[str, ...]


def patched(chain: Chain, patch: JSON, *, file: str | None = None) -> Chain:
    """The chain after a patch. Raises InputError that names what cannot be read or is not there."""
    if not isinstance(patch, dict):
        raise InputError("a patch is an object with lists of rows", file=file,
                         mend='give for example {"controls": [{"firm": …, "indicator": …, '
                              '"score_ppm": …}]}')
    document = plain(chain)
    removed = patch.get("remove", {})
    if not isinstance(removed, dict):
        raise InputError("what is removed stands by kind of row", file=file, field="remove",
                         mend='give for example {"links": [["a", "b", "remote_access"]]}')
    for kind, rows in patch.items():
        if kind != "remove":
            document[kind] = _joined(document, kind, rows, file)
    for kind, identities in removed.items():
        document[kind] = _without(document, kind, identities, file)
    try:
        return chain_of(document, file=file)
    except InputError as error:
        raise InputError.of(_in_patch(one, document, patch) for one in error.faults) from None


def _in_patch(fault: Fault, document: Mapping[str, JSON], patch: Mapping[str, JSON]) -> Fault:
    """A fault of the changed chain, at the row of the patch that brought it."""
    found = _PLACE.match(fault.field or "")
    if found is None or not isinstance(rows := patch.get(found[1]), list):
        return fault
    row = document[found[1]][int(found[2])]
    place = next((place for place, one in enumerate(rows)
                  if all(row.get(name) == value for name, value in one.items())), None)
    return fault if place is None else replace(
        fault, field=f"{found[1]}[{place}]{(fault.field or '')[found.end():]}")


def _rows(document: Mapping[str, JSON], kind: str, rows: JSON, field: str, file: str | None
          ) -> dict[Identity, dict[str, Any]]:
    """The chain's rows of a kind by identity, where what the patch says of it is a list."""
    if kind not in IDENTITIES:
        raise InputError(f"{kind!r} is no kind of row", file=file, field=field,
                         mend="one of: " + ", ".join(IDENTITIES))
    if not isinstance(rows, list):
        raise InputError("rows stand in a list", file=file, field=field, mend="put them in [ ]")
    return {_identity(kind, row): row for row in document.get(kind, [])}


def _joined(
    document: Mapping[str, JSON], kind: str, rows: JSON, file: str | None
) -> list[dict[str, Any]]:
    known = _rows(document, kind, rows, kind, file)
    for place, row in enumerate(rows):
        field = f"{kind}[{place}]"
        if not isinstance(row, dict) or not any(row.get(name) for name in IDENTITIES[kind]):
            raise InputError("a row without identity", file=file, field=field,
                             mend="give " + ", ".join(IDENTITIES[kind]))
        identity = _meant(kind, row, known, field, file)
        known[identity] = {**known.get(identity, {}), **row}
    return list(known.values())


def _without(
    document: Mapping[str, JSON], kind: str, identities: JSON, file: str | None
) -> list[dict[str, Any]]:
    rows = _rows(document, kind, identities, f"remove.{kind}", file)
    for place, one in enumerate(identities):
        field = f"remove.{kind}[{place}]"
        asked = dict(zip(IDENTITIES[kind], one if isinstance(one, list) else [one], strict=False))
        identity = _meant(kind, asked, rows, field, file)
        if identity not in rows:
            raise InputError(f"there is no such row: {one}", file=file, field=field,
                             mend="name " + ", ".join(IDENTITIES[kind]) + " of a row of the chain")
        del rows[identity]
    return list(rows.values())


def _meant(kind: str, row: Mapping[str, JSON], known: Mapping[Identity, object], field: str,
           file: str | None) -> Identity:
    """The identity that a row of a patch means; of deliveries the item may be left out."""
    identity = _identity(kind, row)
    if kind != "goods" or "item" in row or identity in known:
        return identity
    between = [one for one in known if one[:2] == identity[:2]]
    if len(between) > 1:
        raise InputError("there are several deliveries between these two firms", file=file,
                         field=field, mend="name the item, one of: " + ", ".join(
                             one[2] for one in between))
    return between[0] if between else identity


def _identity(kind: str, row: Mapping[str, JSON]) -> Identity:
    return tuple(str(row.get(name) or "") for name in IDENTITIES[kind])
