"""What changed at a node itself between two readings of a chain, and which steps it moved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec
import numpy as np

from dinghai.foundation.money import PPM
from dinghai.losses.curves import exp
from dinghai.supplychain.chain import Chain, Weakness
from dinghai.supplychain.compiling import CompiledFirm, Raised, compile_with_reasons, posture_of
from dinghai.supplychain.node_levels import LevelState
from dinghai.supplychain.step_naming import step_names

ReasonKind = Literal["control", "finding", "kev", "epss", "asset", "link", "profile", "goods",
                     "provider", "neighbour", "rules"]
_MOST_STEPS: Final = 5
CONTAINMENT: Final = "containment"


class StepMoved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The chance of a step before and after, in ppm; of ``containment``, the median time in
    seconds. None where the firm had or has no such step."""

    code: str
    name_zh: str
    name_en: str
    before: int | None
    after: int | None


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a level moved. ``at`` is the node where it happened and ``what`` the indicator, CVE or
    technique, asset, link, field or neighbour; then the state before and after as text, the steps
    moved most, and for a neighbour what its change alone moved, and because of what."""

    kind: ReasonKind
    at: str
    what: str
    before: str | None = None
    after: str | None = None
    steps: tuple[StepMoved, ...] = ()
    moved_fen: int | None = None
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Firm:
    """A firm in both states, compiled."""

    before: LevelState
    after: LevelState
    old: CompiledFirm
    new: CompiledFirm

    def moved(self, codes: Iterable[str]) -> tuple[StepMoved, ...]:
        """The steps of these codes that moved, most first."""
        old, new = _chances(self.old), _chances(self.new)
        rows = [(code, old.get(code), new.get(code)) for code in dict.fromkeys(codes)
                if old.get(code) != new.get(code)]
        rows.sort(key=lambda row: (-abs((row[2] or 0.0) - (row[1] or 0.0)), row[0]))
        return tuple(
            StepMoved(code, *step_names(code, self.after.language),
                      None if was is None else round(was * PPM),
                      None if now is None else round(now * PPM))
            for code, was, now in rows[:_MOST_STEPS])


def own_reasons(
    before: LevelState, after: LevelState, names: Sequence[str]
) -> dict[str, tuple[Reason, ...]]:
    """What changed at each node itself; empty for one that others moved."""
    return {name: tuple(_reasons(before, after, name)) for name in names}


def _reasons(before: LevelState, after: LevelState, name: str) -> Iterator[Reason]:
    if before.reading.rules != after.reading.rules:
        yield Reason("rules", name, "grades", before.reading.rules, after.reading.rules)
    if before.language.hash != after.language.hash:
        yield Reason("rules", name, "step_language", before.language.file.version,
                     after.language.file.version)
    old, new = before.chain, after.chain
    if name in old.firm and name in new.firm:
        one = _Firm(before, after, *(
            compile_with_reasons(state.chain, state.chain.firm[name], state.language,
                                 kev=state.kev, epss=state.epss) for state in (before, after)))
        yield from _profile(old.firm[name], new.firm[name], name)
        yield from _controls(one, name)
        yield from _findings(one, name)
        yield from _assets(one, name)
    else:
        rows = [{provider.id: provider for provider in chain.providers} for chain in (old, new)]
        if name in rows[0] and name in rows[1] and rows[0][name] != rows[1][name]:
            yield from (Reason("provider", name, *change)
                        for change in _fields(rows[0][name], rows[1][name]))
    was, now = ({product.id: product for product in state.model.products}.get(name)
                for state in (before, after))
    if now is not None and (was is None or was.exploited != now.exploited):
        yield Reason("kev", name, name, _text(was and was.exploited), _text(now.exploited))
    yield from _rows("link", name, old, new)
    yield from _rows("goods", name, old, new)


def _profile(old: Any, new: Any, name: str) -> Iterator[Reason]:
    for change in _fields(old, new):
        yield Reason("profile", name, *change)


def _fields(old: Any, new: Any) -> Iterator[tuple[str, str | None, str | None]]:
    for field in old.__struct_fields__:
        was, now = getattr(old, field), getattr(new, field)
        if was != now:
            yield field, _text(was), _text(now)


def _controls(one: _Firm, name: str) -> Iterator[Reason]:
    old, new = (posture_of(state.chain, state.chain.firm[name])
                for state in (one.before, one.after))
    language = one.after.language
    rows = {control.indicator: place for place, control in enumerate(language.controls)}
    watched = {watch.indicator for watch in language.mitigations.containment.controls}
    for indicator in sorted({*old, *new}):
        was, now = old.get(indicator), new.get(indicator)
        if was == now:
            continue
        row = rows.get(indicator)
        moved: tuple[StepMoved, ...] = ()
        if row is not None:
            concerned = {language.steps[place].id
                         for place in np.flatnonzero(language.reach[row] > 0.0).tolist()}
            moved = one.moved(code for code, kind in zip(one.new.steps.codes, one.new.kinds,
                                                         strict=True) if kind in concerned)
        if indicator in watched:
            moved = (*moved, StepMoved(
                CONTAINMENT, "发现并遏制（中位秒数）", "Found and contained (median seconds)",
                *(round(exp(state.steps.containment_mu) * 86_400) for state in (one.old, one.new))))
        yield Reason("control", name, indicator, _text(was), _text(now), moved)


def _findings(one: _Firm, name: str) -> Iterator[Reason]:
    old, new = (_by_finding(state.chain.weaknesses_of.get(name, ()))
                for state in (one.before, one.after))
    raised = [_raised(state.raised) for state in (one.old, one.new)]
    for key in dict.fromkeys((*new, *old)):
        asset, what = key
        steps = [row.step for rows in raised for row in rows.get(key, ())]
        if key not in old or key not in new or old[key] != new[key]:
            yield Reason("finding", name, f"{what}@{asset}", _severity(old.get(key)),
                         _severity(new.get(key)), one.moved(steps))
            continue
        grounds = [{(row.step, row.ground, row.by) for row in rows.get(key, ())}
                   for rows in raised]
        if grounds[0] != grounds[1]:
            yield _by_feed(one, name, what, asset, steps)


def _by_feed(one: _Firm, name: str, what: str, asset: str, steps: Sequence[str]) -> Reason:
    """A finding that stayed, and counts otherwise because a feed says something else of it."""
    moved = one.moved(steps)
    was, now = (None if state.kev is None else state.kev.entries.get(what)
                for state in (one.before, one.after))
    if (was is None) != (now is None):
        return Reason("kev", name, f"{what}@{asset}", _text(was and was.date_added),
                      _text(now and now.date_added), moved)
    first, second = (None if state.epss is None else state.epss.get(what)
                     for state in (one.before, one.after))
    return Reason("epss", name, f"{what}@{asset}", _text(first and first.epss_ppm),
                  _text(second and second.epss_ppm), moved)


def _assets(one: _Firm, name: str) -> Iterator[Reason]:
    old, new = ({asset.id: asset for asset in state.assets} for state in (one.old, one.new))
    for code in dict.fromkeys((*new, *old)):
        was, now = old.get(code), new.get(code)
        if was == now:
            continue
        on = f".{(now or was).kind}"  # type: ignore[union-attr]
        yield Reason("asset", name, code, _text(was), _text(now), one.moved(
            step for step in (*one.old.steps.codes, *one.new.steps.codes) if on in step))


def _rows(kind: Literal["link", "goods"], name: str, old: Chain, new: Chain) -> Iterator[Reason]:
    rows = [{_row_id(row): row for row in (chain.links if kind == "link" else chain.goods)
             if name in (row.source, row.target)} for chain in (old, new)]
    for key in dict.fromkeys((*rows[1], *rows[0])):
        was, now = rows[0].get(key), rows[1].get(key)
        if was != now:
            yield Reason(kind, name, key, _text(was), _text(now))


def _row_id(row: Any) -> str:
    return f"{row.source}>{row.target}:{getattr(row, 'kind', None) or getattr(row, 'item', '')}"


def _by_finding(rows: Iterable[Weakness]) -> dict[tuple[str, str], Weakness]:
    return {(row.asset, row.cve or row.technique or ""): row for row in rows}


def _raised(rows: Iterable[Raised]) -> dict[tuple[str, str], list[Raised]]:
    found: dict[tuple[str, str], list[Raised]] = {}
    for row in rows:
        found.setdefault((row.asset, row.cve or row.technique or ""), []).append(row)
    return found


def _chances(firm: CompiledFirm) -> dict[str, float]:
    return dict(zip(firm.steps.codes, firm.steps.chance.tolist(), strict=True))


def _severity(row: Weakness | None) -> str | None:
    return None if row is None else row.severity


def _text(value: Any) -> str | None:
    """A value as text: rows by what they state."""
    if value is None:
        return None
    if isinstance(value, msgspec.Struct):
        return ", ".join(f"{field}={one}" for field in value.__struct_fields__
                         if (one := getattr(value, field)) not in (None, "", ())
                         and field not in ("firm", "source", "target", "id"))
    return str(value)
