"""The list of rooms in ARCHITECTURE.md: every module with the first sentence of its docstring."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "ARCHITECTURE.md"
BEGIN, END = "<!-- rooms: written by python -m tools.rooms -->", "<!-- end of rooms -->"
_LEFT_OUT = {"migrations", "__pycache__"}


def listing() -> str:
    """Markdown: a heading per package, a line per module."""
    lines: list[str] = []
    for package in ("dinghai", "dinghai_platform"):
        root = ROOT / "src" / package
        for folder in sorted([root, *(path for path in root.rglob("*") if path.is_dir())]):
            if _LEFT_OUT & set(folder.parts) or not (folder / "__init__.py").is_file():
                continue
            modules = sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")
            purpose = _purpose(folder / "__init__.py")
            name = ".".join(folder.relative_to(ROOT / "src").parts)
            if not modules and not purpose:
                continue
            lines += ["", f"### `{name}`", "", purpose or "", ""]
            lines += [f"- `{path.stem}`: {_purpose(path)}" for path in modules]
    return (
        "\n".join(line for index, line in enumerate(lines) if line or (index and lines[index - 1]))
        + "\n"
    )


def _purpose(path: Path) -> str:
    """The first paragraph of a module's docstring, on one line."""
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split())


def page() -> str:
    """ARCHITECTURE.md with its list made anew."""
    text = PAGE.read_text("utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{listing()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
