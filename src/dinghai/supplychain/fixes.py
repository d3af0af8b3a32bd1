"""What can be fixed in a chain, what it costs, and what it makes of the firm or the link.

A fix raises one control of a firm, closes one finding, or guards one link. It is a change of the
chain's own rows: the firm is compiled anew from these, alone, and all others stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

import msgspec
import numpy as np

from dinghai.evidence.feeds import EpssTable, KevTable
from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import PPM, Fen
from dinghai.losses.model import LossModel, build_loss_model
from dinghai.losses.tables import PERILS, shipped_tables
from dinghai.pricing.budget import step_cost
from dinghai.supplychain.chain import Chain, ControlScore, Link, Weakness
from dinghai.supplychain.compiling import compile_firm, posture_of
from dinghai.supplychain.fix_costs import Costs
from dinghai.supplychain.language import Language, shipped_language
from dinghai.supplychain.link_table import crossing
from dinghai.supplychain.outcomes import condensed, stop_seconds
from dinghai.supplychain.reruns import Change, LinkChange, Variant
from dinghai.supplychain.templates import FirmProfile, complete
from dinghai.supplychain.twin import Twin, word_of
from dinghai.supplychain.years import Whole
from dinghai.vocabulary.indicators import HIGHEST_SCORE, indicators

_ROUNDING: Final = 1e-9
FixKind = Literal["control", "finding", "mfa", "segmentation"]


@dataclass(frozen=True, slots=True)
class Fix:
    """One fix. ``party`` is the firm that it is done at, for a link the one it leads to, by place;
    fixes of one ``group`` exclude each other.

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
    places = {one.id: place for place, one in enumerate(chain.firms)}
    found: list[Fix] = []
    for firm in chain.firms:
        profile = profiles[firm.id] if profiles else complete(firm, chain)[0]
        posture = posture_of(chain, firm)
        for indicator in acting:
            score = posture.get(indicator)
            known = prior if score is None else score
            full = costs.control(firm.id, indicator, endpoints=profile.endpoints,
                                 people=profile.headcount)
            if known >= PPM or full is None:
                continue
            for target in sorted({(known * HIGHEST_SCORE // PPM + 1) * PPM // HIGHEST_SCORE, PPM}):
                level = "" if target == PPM else f"@{target / PPM:g}"
                found.append(Fix(
                    f"{firm.id}/{indicator}{level}", "control", places[firm.id], firm.id,
                    step_cost(full, known, target), f"{firm.id}/{indicator}", indicator, score,
                    target))
        for weakness in chain.weaknesses_of.get(firm.id, ()):
            name = f"{firm.id}/{weakness.asset}/{weakness.cve or weakness.technique}"
            found.append(Fix(name, "finding", places[firm.id], firm.id, costs.finding(weakness),
                             name, weakness=weakness))
        found += _link_fixes(chain.links_to.get(firm.id, ()), places[firm.id], costs)
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
    """Makes changes of fixes: compiles a firm anew, alone, with all the fixes done at it."""

    def __init__(
        self, chain: Chain, twin: Twin, *, kev: KevTable | None = None,
        epss: EpssTable | None = None, language: Language | None = None,
    ) -> None:
        self._chain, self._twin, self._kev, self._epss = chain, twin, kev, epss
        self._language = language or shipped_language()
        self._alone: dict[int, Chain] = {}
        self._models: dict[int, LossModel] = {}
        self._tables: dict[int, dict[str, tuple[object, Whole, Whole]]] = {}
        self._links: dict[tuple[str, str, str], int] = {}

    def changes(self, fixes: Sequence[Fix]) -> tuple[Change, ...]:
        """The changes that fixes come to together: one for each firm and link."""
        firms: dict[int, list[Fix]] = {}
        links: dict[tuple[str, str, str], list[Fix]] = {}
        for one in fixes:
            if one.link is None:
                firms.setdefault(one.party, []).append(one)
            else:
                links.setdefault((one.link.source, one.link.target, one.link.kind), []).append(one)
        found: list[Change] = [self.variant(party, some) for party, some in firms.items()]
        for key, some in links.items():
            place = self._link_place(key)
            if place is not None:
                found.append(self._link_change(place, some))
        return tuple(found)

    def model(self, party: int, fixes: Sequence[Fix] = ()) -> LossModel:
        """The firm's loss model with fixes."""
        chain = self._firm_alone(party)
        if party not in self._models:
            profile, _ = complete(chain.firms[0], self._chain)
            self._models[party] = build_loss_model(profile, posture_of(chain, chain.firms[0]))
        base = self._models[party]
        raised = {one.indicator: one.to_ppm for one in fixes
                  if one.indicator is not None and one.indicator in _severe()}
        return base.with_posture({**base.posture, **raised}) if raised else base

    def variant(self, party: int, fixes: Sequence[Fix]) -> Variant:
        """A firm with fixes. Raises ValueError where a fix would make something worse."""
        chain = self._patched(self._firm_alone(party), fixes)
        steps = compile_firm(chain, chain.firms[0], self._language, kev=self._kev, epss=self._epss)
        twin, shape = self._twin, self._twin.structures[int(self._twin.structure[party])]
        if steps.codes != shape.codes:
            raise ValueError(f"{chain.firms[0].id}: a fix renames no step")
        mu = steps.mu[np.argsort(steps.source, kind="stable")]
        before = twin.chance[twin.begin[party]:twin.begin[party + 1]]
        if (steps.chance > before + _ROUNDING).any() or (mu < shape.mu - _ROUNDING).any() or (
                steps.containment_mu > twin.containment[party, 0] + _ROUNDING):
            raise ValueError(f"{chain.firms[0].id}: a fix makes no step easier")
        chance, mu = np.minimum(steps.chance, before), np.maximum(mu, shape.mu)
        ground_up, stopped = self._tables_of(party, self.model(party, fixes))
        return Variant(party, chance, None if (mu == shape.mu).all() else mu,
                       (min(steps.containment_mu, float(twin.containment[party, 0])),
                        steps.containment_sigma), ground_up, stopped)

    def _firm_alone(self, party: int) -> Chain:
        """The chain's rows that the firm compiles from."""
        if party not in self._alone:
            firm = self._chain.firms[party]
            links = (*self._chain.links_to.get(firm.id, ()),
                     *self._chain.links_from.get(firm.id, ()))
            self._alone[party] = msgspec.structs.replace(
                self._chain, firms=(firm,), controls=self._chain.controls_of.get(firm.id, ()),
                assets=self._chain.assets_of.get(firm.id, ()),
                weaknesses=self._chain.weaknesses_of.get(firm.id, ()), links=links, goods=())
        return self._alone[party]

    def _patched(self, chain: Chain, fixes: Sequence[Fix]) -> Chain:
        raised = {one.indicator: one for one in fixes if one.indicator is not None}
        closed = {one.weakness for one in fixes if one.weakness is not None}
        kept = tuple(row for row in chain.controls if row.indicator not in raised)
        return msgspec.structs.replace(
            chain, controls=(*kept, *(ControlScore(one.firm, str(one.indicator), one.to_ppm)
                                      for one in raised.values())),
            weaknesses=tuple(one for one in chain.weaknesses if one not in closed))

    def _tables_of(self, party: int, model: LossModel) -> tuple[Whole | None, Whole | None]:
        """What impacts cost and stop, where that differs from the firm without fixes."""
        base = self._models[party]
        if all(model.perils[one].events is base.perils[one].events for one in PERILS):
            return None, None
        known = self._tables.setdefault(party, {})
        columns: list[list[Whole]] = [[], []]
        states = len(model.latent.event_weights)
        for peril in PERILS:
            events = model.perils[peril].events
            held = known.get(peril)
            if held is None or held[0] is not events:
                rows = np.rint(condensed(events, (events.loss, stop_seconds(events)), states))
                held = (events, *rows.astype(np.int64))
                if events is base.perils[peril].events:
                    known[peril] = held
            columns[0].append(held[1])
            columns[1].append(held[2])
        return np.array(columns[0]), np.array(columns[1])

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
        kinds = {one.kind for one in fixes}
        guarded = msgspec.structs.replace(link, mfa=link.mfa or "mfa" in kinds or None,
                                          segmented=link.segmented or "segmentation" in kinds
                                          or None)
        known = float(self._twin.links.chance[place])
        return LinkChange(place, min(known, known * crossing(guarded).chance
                                     / crossing(link).chance))
