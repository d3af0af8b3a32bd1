"""Copy the few third-party front-end files and fonts the product uses out of node_modules.

Run by ``make setup`` after ``npm ci``. What it writes is ignored by git: the lock file with its
hashes is the record. Icons become one SVG sprite, so that a page asks for one file and needs no
inline drawing.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
STATIC = ROOT / "src/dinghai_platform/site/static/vendor"
FONTS = ROOT / "src/dinghai/data/fonts"
ICON_LIST = ROOT / "src/dinghai_platform/site/icons.json"

FILES = {
    "@tabler/core/dist/css/tabler.min.css": STATIC / "tabler/tabler.min.css",
    "echarts/dist/echarts.esm.min.mjs": STATIC / "echarts/echarts.esm.min.js",
    "echarts/LICENSE": STATIC / "echarts/LICENSE",
    "echarts/NOTICE": STATIC / "echarts/NOTICE",
    "@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf": FONTS
    / "NotoSansSC-Regular.ttf",
    "@expo-google-fonts/noto-sans-sc/500Medium/NotoSansSC_500Medium.ttf": FONTS
    / "NotoSansSC-Medium.ttf",
    "@expo-google-fonts/noto-sans-sc/700Bold/NotoSansSC_700Bold.ttf": FONTS / "NotoSansSC-Bold.ttf",
    "@expo-google-fonts/noto-sans-sc/LICENSE_FONT": FONTS / "LICENSE_FONT.txt",
}

_SOURCE_MAP = re.compile(rb"\n?(?://[#@]|/\*[#@]) sourceMappingURL=[^\n]*")
_DRAWING = re.compile(r"<svg[^>]*>(?P<paths>.*)</svg>", re.DOTALL)
_EMPTY_BOX = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>')


def copy_files() -> None:
    """Copy every listed file; text loses its pointer to a source map that is not shipped."""
    for name, target in FILES.items():
        source = MODULES / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix in {".css", ".js"}:
            target.write_bytes(_SOURCE_MAP.sub(b"", source.read_bytes()))
        else:
            shutil.copyfile(source, target)


def icon_symbol(name: str) -> str:
    """One ``<symbol>`` of the sprite, from the outline drawing of that name."""
    text = (MODULES / f"@tabler/icons/icons/outline/{name}.svg").read_text(encoding="utf-8")
    found = _DRAWING.search(text)
    if found is None:
        raise ValueError(f"{name}.svg holds no drawing")
    paths = " ".join(_EMPTY_BOX.sub("", found["paths"]).split())
    return (
        f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
        f'stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">{paths}</symbol>'
    )


def write_sprite() -> int:
    """Write the sprite of the icons the site names; returns how many."""
    names: list[str] = sorted(json.loads(ICON_LIST.read_text(encoding="utf-8")))
    target = STATIC / "icons/sprite.svg"
    target.parent.mkdir(parents=True, exist_ok=True)
    body = "\n".join(icon_symbol(name) for name in names)
    target.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg">\n{body}\n</svg>\n', encoding="utf-8"
    )
    shutil.copyfile(MODULES / "@tabler/icons/LICENSE", target.parent / "LICENSE")
    return len(names)


def main() -> int:
    """Copy everything; exit 2 when npm's files are not there."""
    if not MODULES.is_dir():
        print("node_modules is missing: run npm ci first", file=sys.stderr)
        return 2
    copy_files()
    icons = write_sprite() if ICON_LIST.exists() else 0
    print(f"vendor: {len(FILES)} files, {icons} icons")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
