"""`dinghai wording booklet`: a product or policy as text for people, as PDF or HTML."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Final

from dinghai.cli.output import Answer, Parser, add_command
from dinghai.cli.papers import paper_bytes, paper_day, require_format
from dinghai.cli.writing import write_file
from dinghai.documents.blocks import Document
from dinghai.documents.booklet import clause_booklet
from dinghai.documents.guide import product_guide, render_product_guide
from dinghai.documents.phrases import LANGUAGES, Language
from dinghai.documents.terms_list import terms_list
from dinghai.documents.worked_sheet import worked_sheet
from dinghai.foundation.canonical import JSON
from dinghai.foundation.reading import read_document
from dinghai.wording.binding import read_policy_file
from dinghai.wording.library import PRODUCT_FILE, find_product

Maker = Callable[[JSON, date, Language], Document]
MAKERS: Final[dict[str, Maker]] = {
    "booklet": lambda source, day, language: clause_booklet(
        source, issued_on=day, language=language),
    "guide": lambda source, day, language: product_guide(
        source, issued_on=day, language=language),
    "exclusions": lambda source, day, language: terms_list(
        source, issued_on=day, language=language),
    "examples": lambda source, day, language: worked_sheet(
        source, issued_on=day, language=language),
}


def register_booklet(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add `booklet` to the commands of `wording`."""
    parser = add_command(commands, "booklet", _booklet,
                         "a product or policy as text for people: clauses, one-page guide, list "
                         "of exclusions, worked examples")
    parser.add_argument("product", metavar="PRODUCT",
                        help="a product's folder or id, either @version, or a policy file")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="X.pdf|X.html")
    parser.add_argument("--language", choices=LANGUAGES, default="zh")
    parser.add_argument("--kind", choices=tuple(MAKERS), default="booklet")
    parser.add_argument("--on", metavar="DATE", help="the date of the paper (default: today)")
    parser.add_argument("--library", action="append", default=[], type=Path, metavar="FOLDER",
                        help="where ids are looked for beside the shipped products, again for more")


def _booklet(arguments: argparse.Namespace) -> Answer:
    path: Path = arguments.output
    require_format(path, "--output")
    source = _source(arguments.product, arguments.library)
    day, language = paper_day(arguments), arguments.language
    if path.suffix == ".pdf" and arguments.kind == "guide":  # one page, whatever it takes
        content = render_product_guide(source, issued_on=day, language=language)
    else:
        content = paper_bytes(MAKERS[arguments.kind](source, day, language), path)
    write_file(path, content)
    digest = hashlib.sha256(content).hexdigest()
    document: dict[str, JSON] = {
        "schema": "dinghai.paper/1", "kind": arguments.kind, "language": language,
        "output": str(path), "bytes": len(content), "sha256": digest}
    return Answer(document, [f"{path}  {len(content):,} bytes", f"sha256  {digest}"])


def _source(name: str, library: list[Path]) -> JSON:
    """The document of a product, or of a policy where the name is a policy's file."""
    path = Path(name)
    if path.is_file() and path.name != PRODUCT_FILE:
        raw = read_document(path)
        if isinstance(raw, dict) and raw.get("schema") == "dinghai.product/1":
            return raw
        return read_policy_file(path).to_dict()
    return find_product(name, library=library).to_dict()
