"""Sets a document as PDF/A-2a and PDF/UA-1 with Typst.

The same document gives the same bytes: no clock is read, and only the shipped fonts are used.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import msgspec
import typst

from dinghai.documents.blocks import Document
from dinghai.foundation.canonical import JSON, document_hash
from dinghai.foundation.errors import InputError

FAMILY = "Noto Sans SC"
FONT_FILES = ("NotoSansSC-Regular.ttf", "NotoSansSC-Medium.ttf", "NotoSansSC-Bold.ttf")



def font_folder() -> Path:
    """Where the fonts are. Raises InputError that names ``make setup`` while one is missing."""
    folder = files("dinghai.data").joinpath("fonts")
    missing = [name for name in FONT_FILES if not folder.joinpath(name).is_file()]
    if missing:
        raise InputError(f"the fonts of the documents are missing: {', '.join(missing)}",
                         mend="run: make setup")
    with as_file(folder) as path:
        return path


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False,
                       font_paths=[font_folder()])


@cache
def _template() -> bytes:
    return files("dinghai.data").joinpath("typst/document.typ").read_bytes()


@cache
def drawable_characters() -> frozenset[int]:
    """Code points that the fonts can draw."""
    from matplotlib.ft2font import FT2Font  # slow to import, and needed here only

    return frozenset(FT2Font(str(font_folder() / FONT_FILES[0])).get_charmap())


def set_one_page(documents: Iterable[Document]) -> bytes:
    """The first of the documents that fits one A4 page in letters that can be read.

    Raises InputError where none does.
    """
    for document in documents:
        try:
            return set_pdf(document)
        except typst.TypstError as error:
            if "does not fit one page" not in str(error):
                raise
    raise InputError("this does not fit one page", field="product",
                     mend="shorten names and texts, or print the clause booklet")


def set_pdf(document: Document) -> bytes:
    """The document as PDF bytes. A character no font can draw appears as its code point.

    Raises InputError while the fonts are missing.
    """
    content = _drawable_tree(document.to_dict())
    result = typst.compile(
        _template(), format="pdf", font_paths=_fonts(), ignore_system_fonts=True,
        pdf_standards=["a-2a", "ua-1"], sys_inputs={"document": json.dumps(content)})
    assert isinstance(result, bytes)  # one file for a PDF
    return result


def pdf_of_file(template: Path, document: str) -> bytes:
    """A template on disk, beside the pictures it names, set with its data (JSON) as PDF bytes.

    Raises InputError while the fonts are missing.
    """
    result = typst.compile(
        str(template), root=str(template.parent), format="pdf", font_paths=_fonts(),
        ignore_system_fonts=True, pdf_standards=["a-2a", "ua-1"],
        sys_inputs={"document": document})
    assert isinstance(result, bytes)  # one file for a PDF
    return result


def notice_hash(notice: object) -> str:
    """SHA-256 of the canonical JSON of a notice's own data."""
    plain: JSON = msgspec.to_builtins(notice)
    return document_hash(plain)


def drawable(text: str) -> str:
    """The text with every character the fonts lack written as ``〔U+1F600〕``."""
    known = drawable_characters()
    return "".join(one if ord(one) in known or one == "\n" else f"〔U+{ord(one):04X}〕"
                   for one in text.replace("\r\n", "\n").replace("\t", " "))


def _drawable_tree(value: JSON) -> JSON:
    if isinstance(value, str):
        return drawable(value)
    if isinstance(value, list):
        return [_drawable_tree(one) for one in value]
    if isinstance(value, dict):
        return {key: one if key == "svg" else _drawable_tree(one) for key, one in value.items()}
    return value
