"""What commands that make papers share: the day, the form by the file's name."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import Final

from dinghai.cli.output import Parser
from dinghai.documents.blocks import Document
from dinghai.documents.phrases import LANGUAGES
from dinghai.documents.typesetting import set_pdf
from dinghai.documents.webpage import set_html
from dinghai.foundation.calendar import parse_day
from dinghai.foundation.clock import SystemClock
from dinghai.foundation.errors import InputError

FORMATS: Final = (".pdf", ".html")


def add_paper_options(parser: Parser, option: str) -> None:
    """The options of a report beside a command's own answer: where to, language, day."""
    parser.add_argument(option, type=Path, metavar="X.pdf|X.html",
                        help="also write a report with plots for people")
    parser.add_argument("--language", choices=LANGUAGES, default="zh", help="of the report")
    parser.add_argument("--on", metavar="DATE", help="the date of the report (default: today)")


def require_format(path: Path, field: str) -> None:
    """Raises InputError for a name that ends in neither .pdf nor .html."""
    if path.suffix not in FORMATS:
        raise InputError("this is no form a paper can take", file=str(path), field=field,
                         mend="end the name in .pdf or .html")


def paper_day(arguments: argparse.Namespace) -> date:
    """The day of the paper: what ``--on`` says, else today."""
    text = arguments.on
    if text is None:
        return SystemClock().now().date()
    return parse_day(text, field="--on")


def paper_bytes(document: Document, path: Path) -> bytes:
    """The document as the file's name asks for it."""
    return set_html(document).encode() if path.suffix == ".html" else set_pdf(document)
