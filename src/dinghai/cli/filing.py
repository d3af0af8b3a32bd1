"""`dinghai filing`: the rate filing pack of a product, as Excel and PDF with a manifest."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.cli.papers import paper_day
from dinghai.cli.writing import write_files
from dinghai.documents.filing_pack import MANIFEST, filing_pack
from dinghai.documents.phrases import LANGUAGES
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.pricing.filing import study_filing
from dinghai.pricing.rating import Rating, load_rating, read_rating
from dinghai.wording.library import find_product


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the command."""
    parser = add_command(subparsers, "filing", _filing,
                         "the rate filing pack of a product: rate tables (Excel), actuarial "
                         "report and what changed (PDF), and their manifest")
    parser.add_argument("product", metavar="PRODUCT",
                        help="a product's folder or id, either @version")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="DIR")
    parser.add_argument("--rating", type=Path, metavar="RATING.toml",
                        help="the rating to file (default: the product's own)")
    parser.add_argument("--against", type=Path, metavar="OLD_RATING.toml",
                        help="the rating in force before (default: a first filing)")
    parser.add_argument("--language", choices=LANGUAGES, default="zh")
    parser.add_argument("--on", metavar="DATE", help="the date of the papers (default: today)")
    parser.add_argument("--library", action="append", default=[], type=Path, metavar="FOLDER",
                        help="where ids are looked for beside the shipped products, again for more")


def _filing(arguments: argparse.Namespace) -> Answer:
    folder: Path = arguments.output
    if folder.exists() and not folder.is_dir():
        raise InputError("this is a file", file=str(folder), field="--output",
                         mend="name a folder")
    day = paper_day(arguments)
    product = find_product(arguments.product, library=arguments.library)
    rating = (load_rating(product.rating.table) if arguments.rating is None
              else _rating(arguments.rating, "--rating"))
    against = None if arguments.against is None else _rating(arguments.against, "--against")
    study = study_filing(product, day, rating=rating, against=against)
    files = filing_pack(study, language=arguments.language)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder: {error.strerror}", file=str(folder),
                         field="--output", mend="choose a place that can be written") from error
    write_files({folder / name: content for name, content in files.items()})
    manifest: dict[str, JSON] = json.loads(files[MANIFEST])
    listed = [*manifest["files"], {"name": MANIFEST, "bytes": len(files[MANIFEST]), "sha256": ""}]
    text = [f"{product.product_id} {product.version}, rating {rating.id} {rating.version}"
            + (", first filing" if against is None else f" against {against.id} {against.version}"
               f": {len(study.changes)} fields differ"),
            "", *table(("file", "bytes", "sha256"),
                       [(str(folder / one["name"]), f"{one['bytes']:,}", one["sha256"])
                        for one in listed])]
    return Answer({**manifest, "output": str(folder)}, text)


def _rating(path: Path, field: str) -> Rating:
    if not path.is_file():
        raise InputError("there is no such file", file=str(path), field=field,
                         mend="name the TOML file of a rating")
    return read_rating(path)
