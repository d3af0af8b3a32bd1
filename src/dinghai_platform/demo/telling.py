"""How the story is told in a terminal: six numbered steps, figures, and the papers written."""

from __future__ import annotations

import locale
import os
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from django.utils import translation

from dinghai.foundation.canonical import canonical_bytes
from dinghai.foundation.money import format_yuan
from dinghai_platform.site.formats import short_money_text

WIDTH = 78


def language_of_terminal() -> str:
    """English for an English-speaking shell, Chinese otherwise."""
    said = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    said = said or locale.getlocale()[0] or ""
    return "en" if said.lower().startswith("en") and "C.UTF" not in said else "zh"


@dataclass
class Step:
    """One of the six steps as it was told: its figures and papers."""

    no: int
    key: str
    name_zh: str
    name_en: str
    figures: dict[str, Any] = field(default_factory=dict)
    papers: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"no": self.no, "key": self.key, "name_zh": self.name_zh, "name_en": self.name_en,
                "figures": self.figures, "papers": self.papers}


@dataclass
class Teller:
    """Writes the story to a terminal in one language and keeps its figures for programs."""

    out: TextIO
    language: str
    folder: Path
    quiet: bool = False
    steps: list[Step] = field(default_factory=list)
    place: str = ""
    papers: list[str] = field(default_factory=list)

    @property
    def is_chinese(self) -> bool:
        """Whether the terminal speaks Chinese."""
        return self.language == "zh"

    def pick(self, zh: str, en: str) -> str:
        """One of two texts."""
        return zh if self.is_chinese else en

    def line(self, text: str = "") -> None:
        """One line, at once."""
        if not self.quiet:
            print(text, file=self.out, flush=True)

    def opening(self, home: Path) -> None:
        """What is about to happen."""
        self.line()
        self.line(self.pick("定海 · 一家企业的网络安全保险，从第一份证据到最后一分赔款",
                            "Dinghai · one enterprise's cyber insurance, from the first evidence "
                            "to the last fen"))
        self.line(self.pick(f"演示数据建在 {home}（每次重建，不动您的其他数据）",
                            f"The demonstration lives in {home} (rebuilt each time)"))

    def step(self, no: int, key: str, zh: str, en: str) -> Step:
        """Begin one of the six steps."""
        made = Step(no, key, zh, en)
        self.steps.append(made)
        self.place, self.papers = f"{no}-{key}", made.papers
        self._head(f"{no}/6  ", zh, en)
        return made

    def chapter(self, key: str, zh: str, en: str) -> None:
        """Begin what comes after the one enterprise."""
        self.place, self.papers = key, []
        self._head("", zh, en)

    def _head(self, number: str, zh: str, en: str) -> None:
        head = f"━━ {number}{f'{zh}  {en}' if self.is_chinese else en} "
        self.line()
        self.line(head + "━" * max(4, WIDTH - _width(head)))

    def at(self, moment: datetime, zh: str, en: str) -> None:
        """Something happened on a day."""
        self.line(f"  {moment:%Y-%m-%d}  {self.pick(zh, en)}")

    def say(self, zh: str, en: str) -> None:
        """A remark under what happened."""
        self.line(f"              {self.pick(zh, en)}")

    def figure(self, zh: str, en: str, value: str) -> None:
        """A figure with its name, aligned."""
        name = self.pick(zh, en)
        self.line(f"              {_padded(name, 30)} {value}")

    def short(self, fen: int) -> str:
        """A rounded amount as the story's language writes it."""
        with translation.override("zh-hans" if self.is_chinese else "en"):
            return short_money_text(fen)

    def money(self, zh: str, en: str, fen: int) -> None:
        """An amount with its name."""
        self.figure(zh, en, f"{format_yuan(fen):>16}")

    def keep(self, name: str, content: bytes) -> Path:
        """Write a paper of the present step or chapter and say where it is."""
        path = self.folder / self.place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        shown = _relative(path)
        self.papers.append(shown)
        self.line(f"              → {shown}")
        return path

    def keep_json(self, name: str, document: Any) -> Path:
        """Write a document as canonical JSON."""
        return self.keep(name, canonical_bytes(document))

    def closing(self, result: dict[str, Any], *, serving: bool) -> None:
        """Where the site is and who can sign in."""
        self.line()
        self.line("━" * WIDTH)
        self.line(self.pick("演示账号（密码仅显示这一次）：",
                            "Demonstration sign-ins (the passwords are shown this once):"))
        for one in result["people"]:
            name = one["organisation_zh"] if self.is_chinese else one["organisation_en"]
            role = one["role_zh"] if self.is_chinese else one["role_en"]
            self.line(f"  {_padded(one['username'], 14)} {_padded(one['password'], 16)} "
                      f"{name} · {role}")
        self.line()
        if serving:
            self.line(self.pick(f"网站：{result['address']}   按 Ctrl+C 结束",
                                f"The site: {result['address']}   end with Ctrl+C"))
        else:
            self.line(self.pick(f"启动网站：DINGHAI_HOME={result['home']} "
                                "DINGHAI_CLOCK=dinghai_platform.core.clock.StandingClock "
                                "dinghai serve",
                                f"To serve it: DINGHAI_HOME={result['home']} "
                                "DINGHAI_CLOCK=dinghai_platform.core.clock.StandingClock "
                                "dinghai serve"))


def _width(text: str) -> int:
    """Columns in a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def _padded(text: str, columns: int) -> str:
    return text + " " * max(0, columns - _width(text))


def _relative(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


