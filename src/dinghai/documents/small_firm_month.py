"""The monthly page of a small firm (网络安全月报), from its document."""

from __future__ import annotations

from datetime import date

from dinghai.documents.blocks import (
    Block,
    Cell,
    Column,
    Document,
    Figures,
    Heading,
    Paragraph,
    Table,
)
from dinghai.documents.formats import day, money
from dinghai.documents.phrases import Language, phrase, pick
from dinghai.documents.report import indicator_name
from dinghai.documents.typesetting import set_one_page
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.vocabulary.indicators import indicators

_SMALLEST = 70


def render_small_firm_month(
    month: dict[str, JSON], *, plan: str, issued_on: date, issuer: str = "",
    language: Language = "zh",
) -> bytes:
    """The page of a dinghai.small-firm-month/1 as a PDF of one A4 page."""
    return set_one_page([small_firm_month(month, plan=plan, issued_on=issued_on, issuer=issuer,
                                          language=language)])


def small_firm_month(
    month: dict[str, JSON], *, plan: str, issued_on: date, issuer: str = "",
    language: Language = "zh",
) -> Document:
    """The page as blocks. ``plan`` is the plan's name. Raises InputError for another document."""
    if month.get("schema") != "dinghai.small-firm-month/1":
        raise InputError("this is not a small firm's month", field="schema",
                         mend="give a document of schema dinghai.small-firm-month/1")
    page = _Page(month, plan, language)
    blocks: list[Block] = [
        Paragraph(page.say("lead"), "small"), page.figures(),
        Heading(page.say("changed")), *page.changes(),
        Heading(page.say("threats")), *page.threats(),
        Heading(page.say("to_do")), *page.to_do(),
        Heading(page.say("premium_title")), *page.premium(),
    ]
    return Document(
        language=language, title=page.say("title"), subtitle=month["name"],
        number=f"{month['credit_code']}-{month['on'][:7]}", issued_on=issued_on, issuer=issuer,
        source_hash=month["hash"],
        meta=((phrase("common.issued_on", language), day(issued_on, language)),
              (page.say("probe"), page.say(f"probe_{month['probe']}")),
              (page.say("kev_as_of"), page.day("kev_as_of"))),
        blocks=tuple(blocks), layout="one_page", smallest_percent=_SMALLEST)


class _Page:
    """The parts of one page in one language."""

    def __init__(self, month: dict[str, JSON], plan: str, language: Language) -> None:
        self.month, self.plan, self.language = month, plan, language

    def say(self, code: str, **values: object) -> str:
        return phrase(f"small_firm.{code}", self.language, **values)

    def day(self, name: str) -> str:
        return day(date.fromisoformat(self.month[name]), self.language)

    def figures(self) -> Figures:
        month = self.month
        before, now = month["score_before_ppm"], month["score_ppm"]
        moved = None if before is None else (now - before) / 10_000
        premium = month["premium_fen"]
        return Figures((
            (self.say("score"), _points(now), self.say("grade", grade=month["grade"])),
            (self.say("before"), self.say("first_month") if before is None else _points(before),
             "" if before is None else self.say("grade", grade=month["grade_before"])),
            (self.say("moved"), "—" if moved is None else f"{moved:+.1f}".replace("-", "−"),
             self.say("points")),
            (self.say("premium"), self.say("no_price") if premium is None else money(premium),
             self.plan)))

    def changes(self) -> list[Block]:
        if self.month["before_on"] is None:
            return [Paragraph(self.say("no_before"))]
        if not self.month["changes"]:
            return [Paragraph(self.say("no_change"))]
        rows = tuple((indicator_name(one["indicator"], self.language), self._score(one["from_ppm"]),
                      self._score(one["to_ppm"]), _signed(one["points_ppm"]))
                     for one in self.month["changes"])
        return [Table((Column(self.say("indicator"), share=4), Column(self.say("was"), "right"),
                       Column(self.say("is_now"), "right"),
                       Column(self.say("effect"), "right")), rows),
                *self._more("changes_not_shown")]

    def _score(self, ppm: int | None) -> str:
        return self.say("unknown") if ppm is None else _points(ppm)

    def _more(self, name: str) -> list[Block]:
        left = self.month[name]
        return [Paragraph(self.say("more", number=left), "small")] if left else []

    def threats(self) -> list[Block]:
        if not self.month["threats"]:
            return [Paragraph(self.say("no_threat", day=self.day("kev_as_of")))]
        rows = []
        for one in self.month["threats"]:
            marks = [self.say(code) for code, stands in (
                ("new", one["new"]), ("ransomware", one["ransomware"] is True)) if stands]
            rows.append((Cell(one["cve"], note=f"{one['vendor']} {one['product']}"),
                         Cell(self.say(one["basis"], where=one["where"]), note=" · ".join(marks),
                              tone="bad" if one["basis"] == "finding" else ""),
                         one["added"]))
        return [Table((Column(self.say("vulnerability"), share=2),
                       Column(self.say("why"), share=3), Column(self.say("added"), "right")),
                      tuple(rows)), *self._more("threats_not_shown")]

    def to_do(self) -> list[Block]:
        if not self.month["to_do"]:
            return [Paragraph(self.say("nothing_to_do"))]
        rows = []
        for number, one in enumerate(self.month["to_do"], start=1):
            item = indicators()[one["indicator"]]
            goal = pick(self.language, item.anchors_zh["4"], item.anchors_en["4"])
            notes = [self.say(f"effort_{one['effort']}")]
            if one["knock_out"]:
                notes.insert(0, self.say("must"))
            if one["paid_effect_fen"] < one["worth_fen"]:
                notes.append(self.say("at_floor", amount=money(one["paid_effect_fen"])))
            rows.append((str(number), Cell(indicator_name(one["indicator"], self.language), goal),
                         Cell(self.say("worth", amount=money(one["worth_fen"])),
                              " · ".join(notes))))
        return [Table((Column(phrase("common.number", self.language), millimetres=12),
                       Column(self.say("indicator"), share=3),
                       Column(self.say("effect_on_premium"), share=3)), tuple(rows))]

    def premium(self) -> list[Block]:
        effect = self.month["premium_effect_fen"]
        if effect is None:
            return [Paragraph(self.say("premium_unknown"))]
        code = "premium_same" if effect == 0 else "premium_up" if effect > 0 else "premium_down"
        return [Paragraph(self.say(code, plan=self.plan, amount=money(abs(effect)))),
                Paragraph(self.say("premium_note"), "small")]


def _points(ppm: int) -> str:
    return f"{ppm / 10_000:.1f}"


def _signed(ppm: int | None) -> str:
    return "—" if ppm is None else f"{ppm / 10_000:+.2f}".replace("-", "−")
