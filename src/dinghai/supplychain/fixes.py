"""What can be fixed in a chain, what it costs, and what it makes of the firm or the link.

A fix raises one control of a firm, closes one finding, or guards one link. It is a change of the
chain's own rows: the firm is made anew from these, alone, and all others stay as they are.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Final, Literal

import msgspec
import numpy as np

from dinghai.evidence.feeds import EpssTable, KevTable
from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import PPM, Fen
from dinghai.losses.severity_variants import SeverityVariants
from dinghai.losses.tables import shipped_tables
from dinghai.pricing.budget import step_cost
from dinghai.supplychain.chain import Chain, Link, Weakness
from dinghai.supplychain.compiling import posture_of
from dinghai.supplychain.firm_variants import FirmVariants
from dinghai.supplychain.fix_costs import Costs
from dinghai.supplychain.language import Language, shipped_language
from dinghai.supplychain.link_table import crossing
from dinghai.supplychain.milder_tables import milder_tables
from dinghai.supplychain.reruns import Change, LinkChange, Variant
from dinghai.supplychain.templates import FirmProfile, complete
from dinghai.supplychain.twin import Twin, word_of
from dinghai.vocabulary.indicators import HIGHEST_SCORE, indicators

MOST_KEPT: Final = 8192
"""Variants that a workshop keeps, the latest."""
_ROUNDING: Final = 1e-9
FixKind = Literal["control", "finding", "mfa", "segmentation"]


class Fix(msgspec.Struct, frozen=True, gc=False):
    """One fix: a chain has hundreds of thousands, which no cycle of references holds.
    ``party`` is the firm that it is done at, for a link the one it leads to, by place; fixes of one
    ``group`` exclude each other.

    A control is raised ``from_ppm`` (None: nobody knows; the model reads its cautious prior) ``to``
    a score. ``cost_fen`` is that of the first year.
    """

    id: str
    kind: FixKind
    party: int
    firm: str
    cost_fen: Fen
    group: str
    indicator: str | None = None
    from_ppm: int | None = None
    to_ppm: int | None = None
    weakness: Weakness | None = None
    link: Link | None = None

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON; what does not belong to its kind is left out."""
        found: dict[str, JSON] = {"id": self.id, "kind": self.kind, "firm": self.firm}
        if self.kind == "control":
            found |= {"indicator": self.indicator, "from_ppm": self.from_ppm,
                      "to_ppm": self.to_ppm}
        if self.weakness is not None:
            found |= {"asset": self.weakness.asset, "cve": self.weakness.cve,
                      "technique": self.weakness.technique}
        if self.link is not None:
            found |= {"from": self.link.source, "link": self.link.kind}
        return {**found, "cost_fen": self.cost_fen}

    def patch(self) -> dict[str, JSON]:
        """The fix as a patch of the chain, for `what-if`."""
        if self.kind == "control":
            return {"controls": [{"firm": self.firm, "indicator": self.indicator,
                                  "score_ppm": self.to_ppm}]}
        if self.weakness is not None:
            one = self.weakness
            return {"remove": {"weaknesses": [[one.firm, one.asset, one.cve, one.technique]]}}
        assert self.link is not None
        field = "mfa" if self.kind == "mfa" else "segmented"
        return {"links": [{"from": self.link.source, "to": self.link.target,
                           "kind": self.link.kind, field: True}]}


def fixes_of(
    chain: Chain, costs: Costs, *, profiles: Mapping[str, FirmProfile] | None = None,
    language: Language | None = None, budget_fen: Fen | None = None,
) -> tuple[Fix, ...]:
    """Every fix of a chain that the budget can pay, by firm; a control goes to its next anchor or
    to full marks."""
    language = language or shipped_language()
    prior = round(language.missing_prior * PPM)
    acting = acting_indicators(language)
    found: list[Fix] = []
    for place, firm in enumerate(chain.firms):
        profile = profiles[firm.id] if profiles else complete(firm, chain)[0]
        posture = posture_of(chain, firm)
        for indicator in acting:
            score = posture.get(indicator)
            known = prior if score is None else score
            if known >= PPM:
                continue
            full = costs.control(firm.id, indicator, endpoints=profile.endpoints,
                                 people=profile.headcount)
            if full is None:
                continue
            group = f"{firm.id}/{indicator}"
            anchor = (known * HIGHEST_SCORE // PPM + 1) * PPM // HIGHEST_SCORE
            if anchor < PPM:
                found.append(Fix(f"{group}@{anchor / PPM:g}", "control", place, firm.id,
                                 step_cost(full, known, anchor), group, indicator, score, anchor))
            found.append(Fix(group, "control", place, firm.id, step_cost(full, known, PPM), group,
                             indicator, score, PPM))
        for weakness in chain.weaknesses_of.get(firm.id, ()):
            name = f"{firm.id}/{weakness.asset}/{weakness.cve or weakness.technique}"
            found.append(Fix(name, "finding", place, firm.id, costs.finding(weakness),
                             name, weakness=weakness))
        found += _link_fixes(chain.links_to.get(firm.id, ()), place, costs)
    return tuple(one for one in found if budget_fen is None or one.cost_fen <= budget_fen)


def acting_indicators(language: Language) -> tuple[str, ...]:
    """The indicators that act on steps, on containment or on what an impact costs."""
    controls = {one.indicator for one in language.controls}
    watches = {one.indicator for one in language.mitigations.containment.controls}
    return tuple(one for one in indicators() if one in controls | watches | _severe())


@cache
def _severe() -> frozenset[str]:
    """The indicators that act on what an impact costs."""
    return frozenset(one.indicator for (_, target), some in shipped_tables().effects_on.items()
                     if target != "frequency" for one in some)


def _link_fixes(links: Iterable[Link], party: int, costs: Costs) -> Iterator[Fix]:
    for link in links:
        name = f"{link.source}>{link.target}/{link.kind}"
        guards: tuple[tuple[FixKind, bool | None], ...] = (
            ("mfa", link.mfa), ("segmentation", link.segmented))
        for kind, there in guards:
            if not there:
                yield Fix(f"{name}/{kind}", kind, party, link.target, costs.link(kind),
                          f"{name}/{kind}", link=link)


class Workshop:
    """Makes changes of fixes: a firm anew, alone, with all the fixes done at it. Serves one caller
    at a time."""

    def __init__(
        self, chain: Chain, twin: Twin, *, kev: KevTable | None = None,
        epss: EpssTable | None = None, language: Language | None = None,
    ) -> None:
        self._chain, self._twin, self._kev, self._epss = chain, twin, kev, epss
        self.language = language or shipped_language()
        self._firms: dict[int, tuple[FirmVariants, SeverityVariants]] = {}
        self._known: OrderedDict[tuple[int, frozenset[str]], Variant] = OrderedDict()
        self._links: dict[tuple[str, str, str], int] = {}
        self._crossings: dict[tuple[object, ...], tuple[float, float]] = {}

    def changes(self, fixes: Sequence[Fix]) -> tuple[Change, ...]:
        """The changes that fixes come to together: one for each firm and link."""
        firms: dict[int, list[Fix]] = {}
        links: dict[tuple[str, str, str], list[Fix]] = {}
        for one in fixes:
            if one.link is None:
                firms.setdefault(one.party, []).append(one)
            else:
                links.setdefault((one.link.source, one.link.target, one.link.kind), []).append(one)
        found: list[Change] = [self.variants(party, (some,))[0] for party, some in firms.items()]
        for key, some in links.items():
            place = self._link_place(key)
            if place is not None:
                found.append(self._link_change(place, some))
        return tuple(found)

    def link_changes(self, fixes: Sequence[Fix]) -> dict[str, LinkChange]:
        """What each fix of a link makes of it, alone, by the fix; left out where the twin has no
        way for the link."""
        found = {}
        for one in fixes:
            if one.link is not None:
                place = self._link_place((one.link.source, one.link.target, one.link.kind))
                if place is not None:
                    found[one.id] = self._link_change(place, (one,))
        return found

    def variants(self, party: int, choices: Sequence[Sequence[Fix]]) -> list[Variant]:
        """A firm with each of several choices of fixes. Raises ValueError where one would make
        something worse."""
        keys = [(party, frozenset(one.id for one in fixes)) for fixes in choices]
        missing = {key: fixes for key, fixes in zip(keys, choices, strict=True)
                   if key not in self._known}
        if missing:
            self._known.update(zip(missing, self._made(party, list(missing.values())),
                                   strict=True))
        found = [self._known[key] for key in keys]
        for key in keys:
            self._known.move_to_end(key)
        while len(self._known) > MOST_KEPT:
            self._known.popitem(last=False)
        return found

    def _made(self, party: int, choices: Sequence[Sequence[Fix]]) -> list[Variant]:
        raised = [{str(one.indicator): one.to_ppm or 0 for one in fixes
                   if one.indicator in _severe()} for fixes in choices]
        tables = milder_tables(self._firm(party)[1], raised)
        return [replace(one, ground_up=ground_up, stopped=stopped) for one, (ground_up, stopped)
                in zip(self.courses(party, choices), tables, strict=True)]

    def courses(self, party: int, choices: Sequence[Sequence[Fix]]) -> list[Variant]:
        """A firm with each of several choices of fixes, but for what impacts cost, which stays as
        it is. Raises ValueError where one would make something worse."""
        if not choices:
            return []
        firm, _ = self._firm(party)
        twin, shape = self._twin, self._twin.structures[int(self._twin.structure[party])]
        raised = [{str(one.indicator): one.to_ppm or 0 for one in fixes
                   if one.indicator is not None} for fixes in choices]
        closed = [{one.weakness for one in fixes if one.weakness is not None}
                  for fixes in choices]
        steps = firm.steps(list(zip(raised, closed, strict=True)))
        before = twin.chance[twin.begin[party]:twin.begin[party + 1]]
        mean, spread = (float(one) for one in twin.containment[party])
        if (steps.chance > before + _ROUNDING).any() or any(
                (mu < shape.mu - _ROUNDING).any() for mu in steps.mu) or (
                max(steps.containment) > mean + _ROUNDING):
            raise ValueError(f"{twin.names[party]}: a fix makes no step easier")
        chance = np.minimum(steps.chance, before)
        return [Variant(party, chance[place], None if (steps.mu[place] <= shape.mu).all()
                        else np.maximum(steps.mu[place], shape.mu),
                        (min(steps.containment[place], mean), spread))
                for place in range(len(choices))]

    def _firm(self, party: int) -> tuple[FirmVariants, SeverityVariants]:
        """What is worked out once for a firm."""
        if party not in self._firms:
            chain = self._firm_alone(party)
            firm = chain.firms[0]
            own = FirmVariants.of(chain, firm, self.language, kev=self._kev, epss=self._epss)
            shape = self._twin.structures[int(self._twin.structure[party])]
            if own.network.codes != shape.codes:
                raise ValueError(f"{firm.id}: a fix renames no step")
            profile, _ = complete(firm, self._chain)
            self._firms[party] = own, SeverityVariants.of(profile, posture_of(chain, firm))
        return self._firms[party]

    def _firm_alone(self, party: int) -> Chain:
        """The chain's rows that the firm compiles from."""
        firm = self._chain.firms[party]
        links = (*self._chain.links_to.get(firm.id, ()), *self._chain.links_from.get(firm.id, ()))
        return msgspec.structs.replace(
            self._chain, firms=(firm,), controls=self._chain.controls_of.get(firm.id, ()),
            assets=self._chain.assets_of.get(firm.id, ()),
            weaknesses=self._chain.weaknesses_of.get(firm.id, ()), links=links, goods=())

    def _link_place(self, key: tuple[str, str, str]) -> int | None:
        """The link's place in the twin; None where the twin has no way for it."""
        if not self._links:
            links, names = self._twin.links, self._twin.names
            kinds = {word_of(f"{one.kind}>{one.target}"): one.kind for one in self._chain.links}
            for source, name in enumerate(names):
                for place in range(int(links.first[source]), int(links.first[source + 1])):
                    kind = kinds.get(int(links.key[place]))
                    if kind is not None:
                        self._links[name, names[int(links.party[place])], kind] = place
        return self._links.get(key)

    def _link_change(self, place: int, fixes: Sequence[Fix]) -> LinkChange:
        link = fixes[0].link
        assert link is not None
        kinds = frozenset(one.kind for one in fixes)
        key = link.kind, link.privilege, link.mfa, link.segmented, kinds
        if key not in self._crossings:
            guarded = msgspec.structs.replace(link, mfa=link.mfa or "mfa" in kinds or None,
                                              segmented=link.segmented or "segmentation" in kinds
                                              or None)
            self._crossings[key] = crossing(guarded).chance, crossing(link).chance
        after, before = self._crossings[key]
        known = float(self._twin.links.chance[place])
        return LinkChange(place, min(known, known * after / before))
