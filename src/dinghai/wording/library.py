"""Where products are found: folders, folders of versions, ids and ``id@version``.

A product folder has ``product.toml``. Versions of a product are product folders with one and the
same ``product_id``: subfolders of one folder (``cyber/1.0.0``, ``cyber/2.0.0``), or any folders of
the library that is searched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.locating import line_of
from dinghai.wording.products import read_product, shipped_products
from dinghai.wording.schema import Product

PRODUCT_FILE = "product.toml"


@dataclass(frozen=True, slots=True)
class Found:
    """One product folder, with its product or the faults that keep it from being one."""

    folder: Path
    product: Product | None
    faults: tuple[Fault, ...] = ()


def find_products(places: Iterable[str | Path]) -> list[Found]:
    """Every product of files, folders (walked) and shipped ids; faults do not stop the others.

    Raises InputError for a place that is nothing, or that holds no product.
    """
    found = []
    for place in places:
        folders = _folders(Path(place)) or _shipped(str(place))
        if not folders:
            raise InputError("there is no product here", file=str(place),
                             mend=f"name a {PRODUCT_FILE}, a folder of products, or one of: "
                                  + ", ".join(shipped_products()))
        found += [_read(one) for one in folders]
    return found


def find_product(name: str, *, library: Sequence[Path] = ()) -> Product:
    """The product of a folder, an id, or ``folder@version`` or ``id@version``.

    An id is looked for among the shipped products and in the folders of ``library``. Without a
    version the folder's own product is meant, else the latest. Raises InputError.
    """
    place, at, version = name.rpartition("@")
    if not at or not place:
        place, version = name, ""
    path = Path(place)
    if path.is_dir() or path.is_file():
        candidates = [_read(one) for one in _folders(path)]
        own = path if path.is_dir() else path.parent
    else:
        folders = [*_shipped_folders(), *(one for each in library for one in _folders(each))]
        read = [_read(one) for one in folders]
        candidates = [one for one in read if (
            one.folder.name if one.product is None else one.product.product_id) == place]
        own = None
    return _choose(name, candidates, version, own)


def _choose(name: str, candidates: list[Found], version: str, own: Path | None) -> Product:
    broken = [fault for one in candidates for fault in one.faults]
    products = {one.folder: one.product for one in candidates if one.product is not None}
    wanted = [one for one in products.values() if version in ("", one.version)]
    if not version and own in products:
        return products[own]
    if not wanted and broken:
        raise InputError.of(broken)
    if not wanted:
        known = ", ".join(f"{one.product_id}@{one.version}" for one in products.values())
        raise InputError(f"there is no product {name!r}", field="product",
                         mend="there are: " + (known or ", ".join(shipped_products())))
    if version and len(wanted) > 1:
        raise InputError(f"{name!r} is more than one product", field="product",
                         mend="name the product's folder")
    if len({one.product_id for one in wanted}) > 1:
        raise InputError(f"{name!r} holds several products", field="product",
                         mend="name one of: " + ", ".join(one.product_id for one in wanted))
    return max(wanted, key=lambda one: version_key(one.version))


def version_key(version: str) -> tuple[tuple[int, str], ...]:
    """Versions in order: ``1.9`` before ``1.10``."""
    return tuple((int(one), "") if one.isdigit() else (-1, one)
                 for one in re.split(r"[.\-+]", version))


def _folders(path: Path) -> list[Path]:
    """The product folders at or under a path, itself first."""
    if path.is_file():
        return [path.parent] if path.name == PRODUCT_FILE else []
    if not path.is_dir():
        return []
    return sorted(one.parent for one in path.rglob(PRODUCT_FILE))


def _shipped_folders() -> list[Path]:
    with as_file(files("dinghai.data").joinpath("products")) as folder:
        return _folders(folder)


def _shipped(name: str) -> list[Path]:
    return [one for one in _shipped_folders() if one.name == name]


def _read(folder: Path) -> Found:
    path = folder / PRODUCT_FILE
    try:
        return Found(folder, read_product(folder))
    except InputError as error:
        text = path.read_text("utf-8", errors="replace")
        return Found(folder, None, tuple(
            Fault(one.message, one.file or str(path), one.line or line_of(text, one.field),
                  one.field, one.mend) for one in error.faults))
