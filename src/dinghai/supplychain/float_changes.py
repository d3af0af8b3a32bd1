"""What changed at a member, what each change does to its premium, and what would lower it.

A change stands for itself: it alone is put into the chain at bind, on the same luck and the threat
tables of that day; tables that changed since are a reason of their own. A fix is a
control brought to full marks or a finding closed, on top of how the firm stands now, and proven by
an assessment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

import msgspec

from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import PPM, Fen, apply_ppm
from dinghai.foundation.reading import plain
from dinghai.pricing.floating import FloatRule
from dinghai.supplychain.chain import Chain, ControlScore
from dinghai.supplychain.chain_float import ChainFloat, Feeds, FloatBase, blended_ppm, ratio_ppm
from dinghai.supplychain.compiling import posture_of
from dinghai.supplychain.float_table import chain_float_table
from dinghai.vocabulary.indicators import indicators

Table = Literal["controls", "weaknesses", "assets", "links", "threats"]
MOST_REASONS: Final = 24


@dataclass(frozen=True, slots=True)
class Change:
    """Rows of one table that leave and rows that come. ``subject`` is an indicator, a finding, an
    asset, a link, or the day of the threat tables."""

    table: Table
    subject: str
    old: tuple[Any, ...]
    new: tuple[Any, ...]

    def put_into(self, chain: Chain) -> Chain:
        """The chain with this change. Threats are no rows of a chain."""
        if self.table == "threats":
            return chain
        rows = [one for one in getattr(chain, self.table) if one not in self.old]
        return msgspec.structs.replace(chain, **{self.table: (*rows, *self.new)})

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON: what stood and what stands, with how it is known."""
        return {"table": self.table, "subject": self.subject,
                "before": [_said(one) for one in self.old],
                "after": [_said(one) for one in self.new]}


@dataclass(frozen=True, slots=True)
class ChangeEffect:
    """What one change does a year: to the factor inside the rule's caps (ppm), to the premium, and
    to what the firm's events are expected to be paid (fen)."""

    change: Change
    factor_ppm: int
    premium_fen: Fen
    caused_fen: Fen


def _said(row: Any) -> dict[str, JSON]:
    return {name: value for name, value in plain(row).items() if value not in (None, "", [])}


def changes_of(before: Chain, after: Chain, firm: str) -> list[Change]:
    """What differs at a firm, row by row."""
    found: list[Change] = []
    keys: dict[Table, Any] = {
        "controls": lambda one: one.indicator,
        "weaknesses": lambda one: f"{one.asset}/{one.cve or one.technique}",
        "assets": lambda one: one.id,
        "links": lambda one: f"{one.source}>{one.target} {one.kind}"}
    for table, key in keys.items():
        old, new = (_rows(one, table, firm) for one in (before, after))
        for subject in dict.fromkeys(map(key, (*old, *new))):
            left = tuple(one for one in old if key(one) == subject)
            come = tuple(one for one in new if key(one) == subject)
            if set(left) != set(come):
                found.append(Change(table, subject, left, come))
    return found


def _rows(chain: Chain, table: Table, firm: str) -> Sequence[Any]:
    if table == "links":
        return [*chain.links_from.get(firm, ()),
                *(one for one in chain.links_to.get(firm, ()) if one.source != firm)]
    return {"controls": chain.controls_of, "weaknesses": chain.weaknesses_of,
            "assets": chain.assets_of}[table].get(firm, ())


def fixes_of(chain: Chain, firm: str, on: date) -> list[Change]:
    """What a firm could do: every control to full marks, every finding closed."""
    scores, rows = posture_of(chain, chain.firm[firm]), chain.controls_of.get(firm, ())
    fixes = [
        Change("controls", code, tuple(one for one in rows if one.indicator == code),
               (ControlScore(firm=firm, indicator=code, score_ppm=PPM, known_by="assessment",
                             as_of=on),))
        for code in indicators() if (scores.get(code) or 0) < PPM]
    return [*fixes, *(Change("weaknesses", f"{one.asset}/{one.cve or one.technique}", (one,), ())
                      for one in chain.weaknesses_of.get(firm, ()))]


def reasons_for(found: ChainFloat, firm: int, rule: FloatRule) -> list[ChangeEffect]:
    """Each change of a firm alone, the largest effects first. Where there are more than
    ``MOST_REASONS`` none is weighed, and the first ones stand without effect."""
    base, one = found.base, found.firms[firm]
    bound = base.model.chain
    changes = changes_of(bound, found.after, bound.firms[firm].id)
    if found.feeds != base.feeds:
        day = found.feeds.kev.as_of.isoformat() if found.feeds.kev else ""
        changes.append(Change("threats", day, (), ()))
    if len(changes) > MOST_REASONS:
        return [ChangeEffect(change, 0, 0, 0) for change in changes[:MOST_REASONS]]
    effects = []
    for change in changes:
        feeds = found.feeds if change.table == "threats" else base.feeds
        factor, caused = _factor(base, change.put_into(bound), feeds, firm, rule)
        effects.append(ChangeEffect(change, factor - PPM,
                                    apply_ppm(one.premium_fen, factor - PPM),
                                    round(caused - float(base.at_bind(firm).total[firm]))))
    return sorted(effects, key=lambda each: (-abs(each.caused_fen), each.change.subject))


def incentives_for(
    found: ChainFloat, firm: int, rule: FloatRule, *, most: int
) -> list[ChangeEffect]:
    """The fixes that lower a member's premium most, a year, from how it stands now.

    What others would gain by them is left out, so a fix lowers the premium by at least this much.
    One that lowers what the firm causes stands even where the rule's floor leaves no fall this
    year: at renewal the base is re-set.
    """
    one, name = found.firms[firm], found.base.model.chain.firms[firm].id
    now, causes = _factor(found.base, found.after, found.feeds, firm, rule)
    effects = []
    for fix in fixes_of(found.after, name, found.after.as_of):
        factor, caused = _factor(found.base, fix.put_into(found.after), found.feeds, firm, rule)
        if factor < now or caused < causes:
            effects.append(ChangeEffect(fix, factor - now,
                                        apply_ppm(one.premium_fen, factor - now),
                                        round(caused - causes)))
    effects.sort(key=lambda each: (each.factor_ppm, each.caused_fen, each.change.subject))
    return effects[:most]


def _factor(
    base: FloatBase, chain: Chain, feeds: Feeds, firm: int, rule: FloatRule
) -> tuple[int, float]:
    """A member with its own state in a chain alone: its factor inside the rule's caps, and what it
    causes a year."""
    bound, name = base.model.chain, base.model.chain.firms[firm].id
    before = float(base.at_bind(firm).total[firm])
    caused = float(base.payments(base.with_firms(chain, feeds, (firm,)), (firm,)).total[firm])
    own = ratio_ppm(caused, before)
    whole = float(base.caused.total.sum())
    chain_ppm = ratio_ppm(whole - before + caused, whole)
    table = chain_float_table().credibility
    factor = blended_ppm(own, own, chain_ppm, table.of(bound.controls_of.get(name, ())),
                         table.of(chain.controls_of.get(name, ())))
    return min(max(factor, rule.floor_ppm), rule.cap_ppm), caused
