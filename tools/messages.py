"""The site's translations: gather, compile and check them, without gettext's own programs.

    tools/messages.py extract    gather translatable text into the catalogues, list what is missing
    tools/messages.py compile    make the .mo files Django reads
    tools/messages.py check      exit 1 and list every text that lacks Chinese

Source text is English. Each app of the platform keeps its own catalogue in
``<app>/locale/zh_Hans/LC_MESSAGES/django.po``; what is translated in the shared catalogue
(``dinghai_platform/locale``) need not be repeated in an app's. Text of ``site`` and of modules
outside any app belongs to the shared one.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.utils.translation.template import templatize

PLATFORM = Path(__file__).resolve().parent.parent / "src/dinghai_platform"
SHARED = PLATFORM / "locale"
LANGUAGE = "zh_Hans"

# Which argument of a call is what: (context, singular, plural).
_CALLS: dict[str, tuple[int | None, int, int | None]] = {
    "_": (None, 0, None),
    "gettext": (None, 0, None),
    "ngettext": (None, 0, 1),
    "pgettext": (0, 1, None),
    "_p": (0, 1, None),
    "npgettext": (0, 1, 2),
}
_TEMPLATE_CALL = re.compile(r"(?<![A-Za-z0-9_])(?:_|n?p?gettext)\(")
_PLACEHOLDER = re.compile(r"%\([a-z_0-9]+\)[sd]|%[sd]|\{[a-z_0-9]*\}")

Key = tuple[str | None, str]


@dataclass(frozen=True)
class Message:
    """One translatable text and where it stands."""

    context: str | None
    text: str
    plural: str | None
    place: str

    @property
    def key(self) -> Key:
        """What makes two messages the same."""
        return self.context, self.text


def _string(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def _message_of(call: ast.Call, place: str) -> Message | None:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    positions = _CALLS.get(name.removesuffix("_lazy").removesuffix("_noop") or name)
    if positions is None:
        return None
    context, singular, plural = (
        None if at is None or at >= len(call.args) else _string(call.args[at]) for at in positions
    )
    return None if not singular else Message(context, singular, plural, place)


def _of_tree(tree: ast.AST, place: str, shift: int = 0) -> Iterator[Message]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            found = _message_of(node, f"{place}:{node.lineno + shift}")
            if found is not None:
                yield found


def _of_template(source: str, place: str) -> Iterator[Message]:
    """Django rewrites a template as calls of gettext amid filler, one call on one line."""
    for number, line in enumerate(templatize(source).splitlines()):
        for start in _TEMPLATE_CALL.finditer(line):
            for end in (at.end() for at in re.finditer(r"\)", line[start.end() :])):
                try:
                    tree = ast.parse(line[start.start() : start.end() + end], mode="eval")
                except SyntaxError:
                    continue  # a bracket inside the text: take the next one
                yield from _of_tree(tree, place, number)
                break


def messages_of(path: Path) -> Iterator[Message]:
    """Every translatable text of a Python file or a template."""
    place = path.relative_to(PLATFORM).as_posix()
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from _of_tree(ast.parse(source), place)
    else:
        yield from _of_template(source, place)


def source_files() -> Iterator[Path]:
    """Python files and templates of the platform, in a fixed order."""
    for path in sorted(PLATFORM.rglob("*")):
        inside = path.relative_to(PLATFORM).parts
        module = path.suffix == ".py" and "migrations" not in inside
        template = path.suffix in {".html", ".txt"} and "templates" in inside
        if module or template:
            yield path


def catalogue_folder(path: Path) -> Path:
    """The ``locale`` folder a file's texts belong to."""
    app = PLATFORM / path.relative_to(PLATFORM).parts[0]
    own = app.is_dir() and app.name not in {"site", "settings"}
    return app / "locale" if own else SHARED


def catalogue_path(folder: Path) -> Path:
    """The Chinese catalogue in a ``locale`` folder."""
    return folder / LANGUAGE / "LC_MESSAGES/django.po"


def load(folder: Path) -> polib.POFile:
    """The catalogue of a folder, empty when there is none yet."""
    path = catalogue_path(folder)
    if path.exists():
        return polib.pofile(str(path), wrapwidth=100)
    new = polib.POFile(wrapwidth=100)
    new.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Language": LANGUAGE,
        "Plural-Forms": "nplurals=1; plural=0;",
    }
    return new


def gather() -> dict[Path, dict[Key, list[Message]]]:
    """Texts by catalogue folder."""
    found: dict[Path, dict[Key, list[Message]]] = {SHARED: {}}
    for path in source_files():
        texts = found.setdefault(catalogue_folder(path), {})
        for message in messages_of(path):
            texts.setdefault(message.key, []).append(message)
    return found


def is_translated(entry: polib.POEntry) -> bool:
    """Whether an entry has its Chinese and keeps every placeholder of the English."""
    texts = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
    wanted = sorted(_PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
    return not entry.fuzzy and all(
        text and sorted(_PLACEHOLDER.findall(text)) == wanted for text in texts
    )


def translated(folder: Path) -> set[Key]:
    """Keys a catalogue translates."""
    return {(entry.msgctxt, entry.msgid) for entry in load(folder) if is_translated(entry)}


def missing() -> list[Message]:
    """One message for every text that has no Chinese."""
    shared = translated(SHARED)
    out = []
    for folder, texts in gather().items():
        known = shared | translated(folder)
        out += [messages[0] for key, messages in texts.items() if key not in known]
    return out


def extract() -> None:
    """Bring every catalogue up to date: new texts in, vanished ones out, translations kept."""
    shared = translated(SHARED)
    for folder, texts in gather().items():
        catalogue = load(folder)
        old = {(entry.msgctxt, entry.msgid): entry for entry in catalogue}
        catalogue.clear()
        for key, messages in sorted(texts.items(), key=lambda item: (item[0][1], item[0][0] or "")):
            if folder != SHARED and key in shared and key not in old:
                continue
            entry = old.get(key) or polib.POEntry(msgctxt=key[0], msgid=key[1])
            plural = next((message.plural for message in messages if message.plural), None)
            if plural and not entry.msgid_plural:
                entry.msgid_plural, entry.msgstr_plural = plural, {0: entry.msgstr}
                entry.msgstr = ""
            places = sorted({message.place.rsplit(":", 1)[0] for message in messages})
            entry.occurrences = [(place, "") for place in places]
            catalogue.append(entry)
        if len(catalogue):
            path = catalogue_path(folder)
            path.parent.mkdir(parents=True, exist_ok=True)
            catalogue.save(str(path))


def compile_all() -> int:
    """Write the .mo beside every .po; returns how many."""
    paths = sorted(PLATFORM.glob(f"**/locale/{LANGUAGE}/LC_MESSAGES/django.po"))
    for path in paths:
        polib.pofile(str(path)).save_as_mofile(str(path.with_suffix(".mo")))
    return len(paths)


def report() -> int:
    """Print what lacks Chinese; 1 when anything does."""
    lacking = missing()
    for message in lacking:
        print(f"{message.place}: {message.text!r} has no {LANGUAGE} translation")
    print(f"messages: {len(lacking)} without translation")
    return 1 if lacking else 0


def main() -> int:
    """The command line."""
    command = sys.argv[1] if len(sys.argv) == 2 else ""
    if command == "extract":
        extract()
        report()
        return 0
    if command == "compile":
        print(f"messages: {compile_all()} catalogues compiled")
        return 0
    if command == "check":
        return report()
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main())
