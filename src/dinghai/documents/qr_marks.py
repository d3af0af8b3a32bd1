"""QR marks: a text as a square of dark and light modules, as a picture for paper and for pages."""

from __future__ import annotations

import struct
import zlib
from typing import Final

import numpy as np
import numpy.typing as npt
import zxingcpp

from dinghai.foundation.errors import InputError

Modules = npt.NDArray[np.bool_]
QUIET: Final = 4
"""Light modules that a reader needs around a mark."""
_OPTIONS: Final = "ecLevel=L,dataMask=2"
"""A code is read from clean paper or a screen, so the lowest correction keeps its modules large.
The mask is fixed: trying all eight takes six times as long, and every reader takes any."""
_PNG: Final = b"\x89PNG\r\n\x1a\n"


def qr_modules(text: str) -> Modules:
    """The modules of a mark, true where dark, without the light margin. Raises InputError for a
    text that fits no mark."""
    try:
        mark = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, options=_OPTIONS)
        drawn = np.asarray(zxingcpp.write_barcode_to_image(mark, add_quiet_zones=False))
    except ValueError as error:
        raise InputError("this text fits no QR mark", field="code", mend="shorten it") from error
    dark: Modules = drawn == 0
    return dark


def qr_png(text: str) -> bytes:
    """A mark of one pixel a module and no margin, as PNG."""
    modules = qr_modules(text)
    size = len(modules)
    packed = np.packbits(~modules, axis=1)
    rows = np.concatenate([np.zeros((size, 1), dtype=np.uint8), packed], axis=1)
    header = struct.pack(">IIBBBBB", size, size, 1, 0, 0, 0, 0)
    return b"".join((_PNG, _part(b"IHDR", header), _part(b"IDAT", zlib.compress(rows.tobytes(), 1)),
                     _part(b"IEND", b"")))


def qr_svg(text: str) -> str:
    """A mark with its margin as SVG: one path, which scales without blur."""
    modules = qr_modules(text)
    size = len(modules) + 2 * QUIET
    edges = np.diff(np.pad(modules, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    path = "".join(
        f"M{int(start) + QUIET} {row + QUIET}h{int(stop - start)}v1h-{int(stop - start)}z"
        for row, line in enumerate(edges)
        for start, stop in zip(np.flatnonzero(line == 1), np.flatnonzero(line == -1), strict=True))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" '
            f'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{size}v{size}H0z"/>'
            f'<path d="{path}"/></svg>')


def _part(kind: bytes, content: bytes) -> bytes:
    return b"".join((struct.pack(">I", len(content)), kind, content,
                     struct.pack(">I", zlib.crc32(kind + content))))
