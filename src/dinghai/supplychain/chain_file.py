"""A chain as files: a folder of small tables that people keep, or one JSON document.

Nothing partial is ever read or written: all faults of all files come together, each with file,
line, field and mend.
"""

from __future__ import annotations

import difflib
import json
import tempfile
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from dinghai.experience.own_values import CellFault
from dinghai.foundation.canonical import JSON, canonical_bytes, read_json, sha256_hex
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.locating import line_index, with_lines
from dinghai.foundation.reading import parse_toml, plain
from dinghai.supplychain.chain import Chain, Identifier, Programme
from dinghai.supplychain.chain_cells import Kind, read_cell, write_cell
from dinghai.supplychain.chain_checks import (
    MOST_FAULTS,
    Parts,
    Wrong,
    encoded,
    head_wrongs,
    remarks,
    wrongs_of,
    wrongs_of_chain,
)
from dinghai.supplychain.chain_tables import (
    PRODUCTS,
    TABLES,
    Product,
    Rows,
    csv_of,
    read_rows,
    struct_faults,
    with_products,
    without_long_lists,
)

HEAD: Final = "chain.toml"
DOSSIERS: Final = "dossiers"
LAYERS: Final = "layers.toml"
"""Who shares the risk may stand beside the chain; it is no part of it (`layer_file`)."""
LARGEST_JSON: Final = 512 * 1024 * 1024
_LARGEST_HEAD: Final = 1024 * 1024
_FILES: Final = (HEAD, *(f"{name}.csv" for name in TABLES), f"{PRODUCTS}.csv")
_AMOUNTS: Final = ("aggregate", "event_deductible", "per_supplier")


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What chain.toml says."""

    schema: Literal["dinghai.chain/1"]
    id: Identifier
    name_zh: str
    owner: Identifier
    as_of: date
    name_en: str = ""
    programme: Programme = Programme()


def read_chain(path: Path) -> Chain:
    """A chain from its folder or its JSON. Raises InputError with every fault of every file."""
    return read_chain_folder(path) if path.is_dir() else read_chain_json(path)


def read_chain_json(path: Path) -> Chain:
    """A chain from one JSON document. Raises InputError with every fault."""
    raw = read_json(path, limit_bytes=LARGEST_JSON)
    text = path.read_text("utf-8", errors="replace")
    return chain_of(raw, file=str(path), text=text)


def chain_of(raw: JSON, *, file: str | None = None, text: str | None = None) -> Chain:
    """A chain from plain data. Raises InputError with every fault."""
    try:
        chain = msgspec.convert(raw, Chain, strict=True)
    except msgspec.ValidationError:
        found = InputError.of(_capped(_type_faults(raw, file)))
        if file and text is not None:
            found = with_lines(found, file, text)
            found = InputError.of(Fault(one.message, file, one.line or 1, one.field, one.mend)
                                  for one in found.faults)
        raise found from None
    wrongs = wrongs_of_chain(chain)
    if wrongs:
        found = InputError.of(Fault(one.message, file, None, _path(one), one.mend)
                              for one in wrongs)
        raise with_lines(found, file, text) if file and text else found
    return chain


def _type_faults(raw: JSON, file: str | None) -> list[Fault]:
    """Every value of a document that is not as the types say."""
    if not isinstance(raw, dict):
        return [Fault("this is no chain", file, None, None,
                      "see docs/reference/chain-files.md for what stands in a chain")]
    faults = struct_faults({name: one for name, one in raw.items()
                            if name not in TABLES or not isinstance(one, list)}, Chain, file=file)
    for name, kind in TABLES.items():
        rows = raw.get(name)
        if isinstance(rows, list):
            faults = [one for one in faults if one.field != name]
            for place, row in enumerate(rows):
                where = f"{name}[{place}]"
                if not isinstance(row, dict):
                    faults.append(Fault("this is no row", file, None, where,
                                        "write an object: { … }"))
                else:
                    faults += struct_faults(row, kind, file=file, prefix=f"{where}.")
    return faults


def _path(wrong: Wrong) -> str:
    if not wrong.table:
        return wrong.field
    return f"{wrong.table}[{wrong.row}].{encoded(TABLES[wrong.table], wrong.field)}"


def read_chain_folder(folder: Path) -> Chain:
    """A chain from its folder. Raises InputError with every fault of every file."""
    faults: list[Fault] = []
    _strangers(folder, faults)
    head, lines = _read_head(folder, faults)
    rows = {name: _table(folder, name, kind, faults) for name, kind in TABLES.items()}
    products = _table(folder, PRODUCTS, Product, faults)
    if products.headings is not None:
        rows["assets"] = with_products(rows["assets"], products, faults)
    wrongs = [*(head_wrongs(head) if head else ()), *wrongs_of(_parts(head, rows))]
    faults += [_fault(one, rows, lines) for one in wrongs]
    faults += _strange_dossiers(folder, rows["firms"])
    if faults or head is None:
        order = {name: place for place, name in enumerate(_FILES)}
        faults.sort(key=lambda one: (order.get(one.file or "", 99), one.line or 0))
        raise InputError.of(_capped(faults))
    return Chain(
        schema=head.schema, id=head.id, name_zh=head.name_zh, owner=head.owner, as_of=head.as_of,
        name_en=head.name_en, programme=head.programme,
        **{name: one.values for name, one in rows.items()})


def _capped(faults: list[Fault]) -> list[Fault]:
    if len(faults) <= MOST_FAULTS:
        return faults
    more = Fault(f"and {len(faults) - MOST_FAULTS} more faults", None, None, None,
                 "mend these first")
    return [*faults[:MOST_FAULTS], more]


def _strangers(folder: Path, faults: list[Fault]) -> None:
    """Files that look like a part of the chain and are none."""
    for path in sorted(folder.iterdir()):
        name = path.name
        if name in (*_FILES, DOSSIERS, LAYERS) or name.startswith("."):
            continue
        known = (*_FILES, DOSSIERS, LAYERS)
        near = difflib.get_close_matches(name.casefold(), known, n=1, cutoff=0.8)
        if near or (path.is_file() and path.suffix.casefold() in (".csv", ".toml")):
            faults.append(Fault("a chain has no such file or folder", name, 1, None,
                                (f"did you mean {near[0]}? " if near else "")
                                + "it holds " + ", ".join(known)))


def _table(folder: Path, name: str, kind: type[msgspec.Struct], faults: list[Fault]) -> Rows:
    path = folder / f"{name}.csv"
    if path.is_file():
        return read_rows(path, kind, faults)
    if name == "firms":
        faults.append(Fault("the file is missing", path.name, 1, None,
                            "a chain has at least its owner in firms.csv"))
        return Rows(path.name)
    return Rows(path.name, headings={} if name != PRODUCTS else None)


def _parts(head: Head | None, rows: Mapping[str, Rows]) -> Parts:
    tables: dict[str, Any] = {name: None if one.headings is None else one.values
                              for name, one in rows.items()}
    more = {name: frozenset(unread.get("id", "") for unread in rows[name].unread)
            for name in ("firms", "providers")}
    more["assets"] = frozenset((unread.get("firm", ""), unread.get("id", ""))  # type: ignore[misc]
                               for unread in rows["assets"].unread)
    return Parts(owner=head.owner if head and tables["firms"] is not None else None, **tables,
                 more=more)


def _fault(wrong: Wrong, rows: Mapping[str, Rows], head: Mapping[str, int]) -> Fault:
    if not wrong.table:
        return Fault(wrong.message, HEAD, head.get(wrong.field, 1), wrong.field, wrong.mend)
    table = rows[wrong.table]
    name = encoded(TABLES[wrong.table], wrong.field)
    return Fault(wrong.message, table.file, table.lines[wrong.row],
                 (table.headings or {}).get(name, name), wrong.mend)


def _strange_dossiers(folder: Path, firms: Rows) -> list[Fault]:
    room = folder / DOSSIERS
    if firms.headings is None or not room.is_dir():
        return []
    known = {one.id for one in firms.values} | {one.get("id", "") for one in firms.unread}
    named = {Path(one.dossier).name for one in firms.values if one.dossier}
    return [Fault(f"there is no firm {one.name!r}", f"{DOSSIERS}/{one.name}", 1, None,
                  "name the folder by the id of a firm")
            for one in sorted(room.iterdir())
            if one.is_dir() and not one.name.startswith(".") and one.name not in known | named]


def _read_head(folder: Path, faults: list[Fault]) -> tuple[Head | None, Mapping[str, int]]:
    path = folder / HEAD
    try:
        text = read_any_text(path, HEAD)
        raw = _toml(text)
    except InputError as error:
        faults.extend(Fault(one.message, HEAD, one.line or 1, one.field, one.mend)
                      for one in error.faults)
        return None, {}
    lines = line_index(text)
    before = len(faults)
    programme = raw.get("programme")
    if isinstance(programme, dict):
        for name in _AMOUNTS:
            if name in programme:
                _plain_amount(programme, name, lines, faults)
    try:
        head = msgspec.convert(raw, Head, strict=True)
    except msgspec.ValidationError:
        found = with_lines(InputError.of(struct_faults(raw, Head, file=HEAD)), HEAD, text)
        faults.extend(Fault(one.message, HEAD, one.line or 1, one.field, one.mend)
                      for one in found.faults)
        return None, lines
    return (head if len(faults) == before else None), lines


def _toml(text: str) -> dict[str, Any]:
    try:
        return parse_toml(text, HEAD)
    except RecursionError as error:
        raise InputError("the values are nested too deep", file=HEAD, line=1,
                         mend="see docs/reference/chain-files.md") from error


def _plain_amount(programme: dict[str, Any], name: str, lines: Mapping[str, int],
                  faults: list[Fault]) -> None:
    """``aggregate = "2亿"`` as ``aggregate_fen``."""
    value = programme.pop(name)
    field = f"programme.{name}"
    if f"{name}_fen" in programme:
        faults.append(Fault(f"{name} and {name}_fen are the same", HEAD, lines.get(field, 1), field,
                            "keep one of the two"))
        return
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise CellFault("this is not an amount", 'write it like "2亿" or 200000000')
        programme[f"{name}_fen"] = read_cell("amount", f"{value}")
    except CellFault as fault:
        faults.append(Fault(fault.message, HEAD, lines.get(field, 1), field, fault.mend))


def read_any_text(path: Path, name: str) -> str:
    """A small text in UTF-8 (with or without mark) or GB18030. Raises InputError."""
    if not path.is_file():
        raise InputError("the file is missing", file=name, line=1,
                         mend=f"a chain's folder has a {name}")
    if path.stat().st_size > _LARGEST_HEAD:
        raise InputError(f"the file is larger than {_LARGEST_HEAD} bytes", file=name, line=1,
                         mend="this is not what it should be")
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError("the text is neither UTF-8 nor GB 18030", file=name, line=1,
                     mend="save it as UTF-8")


def notes_of(chain: Chain) -> tuple[Fault, ...]:
    """What is odd about a sound chain, each with where it stands as in JSON."""
    return tuple(Fault(one.message, None, None, _path(one), one.mend) for one in remarks(chain))


def chain_hash(chain: Chain) -> str:
    """SHA-256 over the canonical JSON of the chain."""
    return sha256_hex(canonical_bytes(plain(chain)))


def write_chain(chain: Chain, path: Path, *, replace: bool = False) -> None:
    """A chain as one JSON (a path ending in .json) or as a folder; it reads back as the same.

    ``replace`` writes over the chain's own files there and leaves all others alone. Raises
    InputError for a chain that could not be read again, and for a place that is taken.
    """
    wrongs = wrongs_of_chain(chain)
    if wrongs:
        raise InputError.of(Fault(one.message, None, None, _path(one), one.mend)
                            for one in wrongs)
    as_json = path.suffix == ".json"
    files = {path.name: json_of(chain)} if as_json else files_of(chain)
    _refuse_taken(path, as_json=as_json, replace=replace)
    folder = path.parent if as_json else path
    _write_all(folder, files, () if as_json else _FILES)


def json_of(chain: Chain) -> bytes:
    """The JSON document: what is not known is left out."""
    text = json.dumps(_without_defaults(plain(chain)), ensure_ascii=False, indent=1)
    return (text + "\n").encode()


def _without_defaults(value: JSON) -> JSON:
    """Without what every row may leave out because it says nothing."""
    if isinstance(value, dict):
        kept = ((name, _without_defaults(one)) for name, one in value.items())
        return {name: one for name, one in kept
                if one not in (None, "", []) or name == "score_ppm"}
    return [_without_defaults(one) for one in value] if isinstance(value, list) else value


def files_of(chain: Chain) -> dict[str, bytes]:
    """The files of the folder by name; tables without a row are left out."""
    files = {HEAD: _head_of(chain)}
    assets, products = without_long_lists(chain.assets)
    tables: dict[str, Any] = {name: getattr(chain, name) for name in TABLES}
    tables["assets"] = assets
    for name, values in tables.items():
        if values:
            files[f"{name}.csv"] = csv_of(TABLES[name], values)
    if products:
        files[f"{PRODUCTS}.csv"] = csv_of(Product, products)
    return files


def _head_of(chain: Chain) -> bytes:
    programme = chain.programme
    lines = [f'schema = "{chain.schema}"', f"id = {_quoted(chain.id)}",
             f"name_zh = {_quoted(chain.name_zh)}",
             *([f"name_en = {_quoted(chain.name_en)}"] if chain.name_en else []),
             f"owner = {_quoted(chain.owner)}", f"as_of = {chain.as_of}", "",
             "[programme]", f"product = {_quoted(programme.product)}",
             *([f"inception = {programme.inception}"] if programme.inception else []),
             *_amount_lines(programme)]
    return ("\n".join(lines) + "\n").encode()


def _amount_lines(programme: Programme) -> Iterator[str]:
    kind: Kind = "amount"
    for name in _AMOUNTS:
        value = getattr(programme, f"{name}_fen")
        if value is None:
            continue
        cell = write_cell(kind, value)
        try:
            exact = read_cell(kind, cell) == value
        except CellFault:
            exact = False
        yield f"{name} = {_quoted(cell)}" if exact else f"{name}_fen = {value}"


def _quoted(text: str) -> str:
    """A basic string of TOML: JSON escapes the same characters in the same way."""
    return json.dumps(text, ensure_ascii=False)


def _refuse_taken(path: Path, *, as_json: bool, replace: bool) -> None:
    if as_json:
        taken = path.is_dir() or (path.exists() and not replace)
    else:
        taken = (path.exists() and not path.is_dir()) or (
            path.is_dir() and not replace and any(path.iterdir()))
    if taken:
        raise InputError("something is already there", file=str(path), field="--output",
                         mend="name an empty place, or say that it may be replaced")


def _write_all(folder: Path, files: Mapping[str, bytes], own: tuple[str, ...]) -> None:
    """All files into a folder: first all beside it, then each into its place."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".chain-") as room:
        for name, content in files.items():
            (Path(room) / name).write_bytes(content)
        for name in files:
            (Path(room) / name).replace(folder / name)
    for name in own:
        if name not in files:
            (folder / name).unlink(missing_ok=True)
