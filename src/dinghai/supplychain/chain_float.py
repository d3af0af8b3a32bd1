"""A member's premium floats with what its events cost the programme: its own and exported loss.

The ratio of caused payments after a change to those before, on the same luck, is believed as far as
the firm's evidence goes; the rest follows the chain. Others' doings may lower a member's factor and
never raise it, so a better control never raises the premium of the firm that has it (DECISIONS 21,
26). Rule, hysteresis, caps and what follows in money are those of every float
(`pricing.floating`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

import msgspec
import numpy as np

from dinghai.evidence.feeds import EpssTable, KevTable
from dinghai.foundation.canonical import canonical_bytes, sha256_hex
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM, Fen, multiply_divide
from dinghai.losses.model import build_loss_model
from dinghai.pricing.floating import Reading
from dinghai.pricing.rating import load_rating
from dinghai.supplychain.caused_payments import (
    Caused,
    CausedSetting,
    FirmTerms,
    caused_payments,
    changed_setting,
    firm_terms,
    jackknife,
    setting_of,
)
from dinghai.supplychain.chain import Asset, Chain, Weakness
from dinghai.supplychain.chain_file import chain_hash
from dinghai.supplychain.chain_model import ChainModel
from dinghai.supplychain.compiling import compile_firm, posture_of
from dinghai.supplychain.firm_steps import FirmSteps
from dinghai.supplychain.float_table import chain_float_table
from dinghai.supplychain.held_products import HeldProduct, held_products
from dinghai.supplychain.language import shipped_language
from dinghai.supplychain.layer_file import INSURERS
from dinghai.supplychain.member_terms import MemberTerms
from dinghai.supplychain.programme_premium import allocated
from dinghai.supplychain.templates import complete
from dinghai.supplychain.twin import twin_of
from dinghai.vocabulary.indicators import FULL_WEIGHT_MILLIS, indicators

Row = TypeVar("Row", Asset, Weakness)
WORLDS: Final = 2_000
"""Attempts for each beginning and aim."""


@dataclass(frozen=True, slots=True)
class Feeds:
    """Threat feeds of a day."""

    kev: KevTable | None = None
    epss: EpssTable | None = None


@dataclass(frozen=True, slots=True)
class FirmFloat:
    """How one member's premium floats. Fen a year and ppm.

    ``own_ppm`` is the ratio of its caused payments with its own changes alone, ``all_ppm`` with
    everybody's; ``error_ppm`` the standard error of the latter. ``bound_ppm`` and ``now_ppm`` are
    the credibility of its evidence at bind and now. ``indicated_ppm`` is the factor before the
    rule's caps.
    """

    firm: int
    changed: bool
    before_fen: Fen
    after_fen: Fen
    own_ppm: int
    all_ppm: int
    error_ppm: int
    bound_ppm: int
    now_ppm: int
    indicated_ppm: int
    premium_fen: Fen
    at_bind: Reading
    reading: Reading


@dataclass(frozen=True, eq=False)
class FloatBase:
    """A chain at bind, ready for what may change: its setting, steps and caused payments."""

    model: ChainModel
    feeds: Feeds
    worlds: int
    seed: int

    @cached_property
    def setting(self) -> CausedSetting:
        """The chain as it is."""
        return setting_of(self.model)

    @cached_property
    def steps(self) -> Mapping[str, FirmSteps]:
        """The steps of every firm."""
        return self.compiled(self.model.chain, self.feeds)

    @cached_property
    def caused(self) -> Caused:
        """Caused payments of every firm."""
        return self.payments(self.setting, range(self.setting.firms))

    def compiled(self, chain: Chain, feeds: Feeds) -> dict[str, FirmSteps]:
        """The steps of a chain's firms."""
        language = shipped_language()
        return {firm.id: compile_firm(chain, firm, language, kev=feeds.kev, epss=feeds.epss)
                for firm in chain.firms}

    def payments(self, setting: CausedSetting, roots: Sequence[int]) -> Caused:
        """Caused payments on the luck of this base."""
        return caused_payments(setting, roots, worlds=self.worlds, seed=self.seed)

    @cached_property
    def member(self) -> MemberTerms:
        """The programme for one member alone."""
        return MemberTerms.of(self.model.cover.policy)

    def terms(self, chain: Chain, name: str) -> FirmTerms:
        """What impacts on a firm of a changed chain are paid; who the firm is stands as at bind."""
        bound = self.model.chain
        firm = bound.firm[name]
        profile = complete(firm, bound)[0]
        return firm_terms(self.member, build_loss_model(profile, posture_of(chain, firm)),
                          build_loss_model(profile, posture_of(bound, firm)))

    def at_bind(self, firm: int) -> Caused:
        """Caused payments of a firm at bind, its own impacts valued as those of a change are."""
        if firm not in self._at_bind:
            name = self.model.chain.firms[firm].id
            setting = changed_setting(self.setting, self.model, self.model.twin,
                                      {firm: self.terms(self.model.chain, name)})
            self._at_bind[firm] = self.payments(setting, (firm,))
        return self._at_bind[firm]

    def _products(self, chain: Chain) -> tuple[HeldProduct, ...]:
        """The products at bind, with who holds them in a changed chain: no party comes or goes."""
        at_bind = self.model.products
        if not at_bind:
            return ()
        known = {one.id for one in at_bind}
        return tuple(one for one in held_products(chain, self.feeds.kev, keep=at_bind)
                     if one.id in known)

    @cached_property
    def _at_bind(self) -> dict[int, Caused]:
        return {}

    def with_firms(self, chain: Chain, feeds: Feeds, changed: Sequence[int]) -> CausedSetting:
        """The base with only these firms as in another chain: their controls, assets, findings, and
        the links at them."""
        bound = self.model.chain
        names = {bound.firms[firm].id for firm in changed}
        language = shipped_language()
        steps = {**self.steps, **{
            name: compile_firm(chain, chain.firm[name], language, kev=feeds.kev, epss=feeds.epss)
            for name in names}}
        links = (*(one for one in bound.links if not {one.source, one.target} & names),
                 *(one for one in chain.links if {one.source, one.target} & names))
        mixed = msgspec.structs.replace(
            bound, links=links,
            assets=_with_firms(bound.assets, chain.assets, names),
            weaknesses=_with_firms(bound.weaknesses, chain.weaknesses, names))
        twin = twin_of(mixed, steps, self._products(mixed))
        return changed_setting(
            self.setting, self.model, twin,
            {firm: self.terms(chain, bound.firms[firm].id) for firm in changed})


def _with_firms(bound: Sequence[Row], after: Sequence[Row], names: set[str]) -> tuple[Row, ...]:
    """The rows of some firms as they are after, of all others as at bind."""
    kept = [one for one in bound if one.firm not in names]
    return tuple(kept + [one for one in after if one.firm in names])


@dataclass(frozen=True, slots=True, eq=False)
class ChainFloat:
    """All members' floats. ``chain_ppm`` is the ratio of all caused payments."""

    base: FloatBase
    after: Chain
    feeds: Feeds
    changed: tuple[int, ...]
    chain_ppm: int
    premium_fen: Fen
    premium_basis: str
    firms: tuple[FirmFloat, ...]


def same_members(before: Chain, after: Chain) -> Chain:
    """The chain after, with who its members are as at bind: a change of turnover or records is an
    endorsement of its own, not a float. Raises InputError where members or providers differ."""
    if {one.id for one in before.firms} != {one.id for one in after.firms} or (
            before.owner != after.owner):
        raise InputError("the change alters who is in the chain", field="--after",
                         mend="enrol or release members; a float compares the same ones")
    return msgspec.structs.replace(
        after, firms=before.firms, providers=before.providers, programme=before.programme,
        goods=before.goods)


def changed_firms(base: FloatBase, after: Chain, feeds: Feeds) -> tuple[int, ...]:
    """Places of the firms whose controls, assets, findings, links or steps differ."""
    before, steps = base.model.chain, base.compiled(after, feeds)
    touched = {name for one in set(before.links) ^ set(after.links)
               for name in (one.source, one.target)}
    found = []
    for place, firm in enumerate(before.firms):
        old, new = base.steps[firm.id], steps[firm.id]
        same = (old.codes == new.codes and np.array_equal(old.chance, new.chance)
                and np.array_equal(old.mu, new.mu)
                and old.containment_mu == new.containment_mu
                and set(before.controls_of.get(firm.id, ())) == set(
                    after.controls_of.get(firm.id, ()))
                and set(before.weaknesses_of.get(firm.id, ())) == set(
                    after.weaknesses_of.get(firm.id, ()))
                and set(before.assets_of.get(firm.id, ())) == set(
                    after.assets_of.get(firm.id, ())))
        if not same or firm.id in touched:
            found.append(place)
    return tuple(found)


def float_chain(
    base: FloatBase, after: Chain, feeds: Feeds, *, premium_fen: Fen | None = None
) -> ChainFloat:
    """What a changed chain does to every member's premium.

    ``premium_fen`` is the programme's premium a year, where it is agreed (`member_premiums`).
    Raises InputError where members differ.
    """
    after = same_members(base.model.chain, after)
    changed = changed_firms(base, after, feeds)
    before_all, everybody = base.caused, range(base.setting.firms)
    after_all = (base.payments(base.with_firms(after, feeds, changed), everybody)
                 if changed else before_all)
    chain_ppm = ratio_ppm(float(after_all.total.sum()), float(before_all.total.sum()))
    premiums, basis = member_premiums(base, premium_fen)
    reference, firms = chain_hash(after)[:16], []
    for firm in everybody:
        alone = after_all
        if firm in changed and len(changed) > 1:
            alone = base.payments(base.with_firms(after, feeds, (firm,)), (firm,))
        own = alone if firm in changed else before_all
        firms.append(_firm_float(base, after, firm, firm in changed, own, after_all, chain_ppm,
                                 premiums[firm], reference))
    return ChainFloat(base, after, feeds, changed, chain_ppm, sum(premiums), basis, tuple(firms))


def ratio_ppm(after: float, before: float) -> int:
    """after ÷ before in ppm; one where nothing is caused before and after."""
    if before <= 0.0:
        return PPM if after <= 0.0 else 2 * PPM
    return round(after / before * PPM)


def member_premiums(base: FloatBase, premium_fen: Fen | None) -> tuple[tuple[Fen, ...], str]:
    """Each member's premium a year before tax, and what it rests on: an agreed programme premium
    allocated by caused payments, or what insurers bear of these in the lowest layer, with the
    rating's parameter load and expenses."""
    caused = [round(one) for one in base.caused.total.tolist()]
    if premium_fen is not None:
        return allocated(premium_fen, caused), "agreed"
    policy = base.model.cover.policy
    rating = load_rating(policy.product.rating.table)
    insured = PPM
    if policy.schedule.layers and policy.schedule.layers[0].participants:
        insured = sum(one.share_ppm for one in policy.schedule.layers[0].participants
                      if one.role in INSURERS)
    expenses = sum(share.ppm for _, share in rating.expenses.items())
    load = PPM + rating.loads.parameter.ppm_of_pure
    return tuple(multiply_divide(one * insured, load, (PPM - expenses) * PPM, "half_up")
                 for one in caused), "caused_payments_loaded"


def blended_ppm(own_ppm: int, all_ppm: int, chain_ppm: int, bound_ppm: int, now_ppm: int) -> int:
    """The factor: Z × the firm's ratio + (1 − Z) × the chain's, before the rule's caps.

    The firm's ratio is the lesser of both, the chain's counts up to one; Z is that at bind, or of
    the evidence given since where that is more and helps. Falls with every ratio that falls.
    """
    firm, chain = min(own_ppm, all_ppm), min(chain_ppm, PPM)
    return min(multiply_divide(firm * z + chain * (PPM - z), 1, PPM, "half_up")
               for z in (bound_ppm, max(bound_ppm, now_ppm)))


def score_of_firm(chain: Chain, firm: str) -> int:
    """The score of a firm in ppm of full marks; an indicator that nobody knows counts nothing."""
    scores = posture_of(chain, chain.firm[firm])
    total = sum(one.weight_millis * (scores.get(code) or 0) for code, one in indicators().items())
    return total // FULL_WEIGHT_MILLIS


def asset_scope(chain: Chain, firm: str) -> str:
    """A name for the set of assets that was looked at."""
    assets = sorted((one.id, one.kind) for one in chain.assets_of.get(firm, ()))
    return sha256_hex(canonical_bytes([list(one) for one in assets]))[:16]


def _firm_float(
    base: FloatBase, after: Chain, firm: int, changed: bool, own: Caused, everything: Caused,
    chain_ppm: int, premium_fen: Fen, reference: str,
) -> FirmFloat:
    bound, name = base.model.chain, base.model.chain.firms[firm].id
    at_bind = base.at_bind(firm) if changed else base.caused
    before = float(at_bind.total[firm])
    own_ppm = ratio_ppm(float(own.total[firm]), before)
    all_ppm = ratio_ppm(float(everything.total[firm]), before)
    table = chain_float_table().credibility
    bound_z = table.of(bound.controls_of.get(name, ()))
    now_z = table.of(after.controls_of.get(name, ()))
    factor = blended_ppm(own_ppm, all_ppm, chain_ppm, bound_z, now_z)
    expected = max(round(before), 1)
    return FirmFloat(
        firm=firm, changed=changed, before_fen=round(before),
        after_fen=round(float(everything.total[firm])), own_ppm=own_ppm, all_ppm=all_ppm,
        error_ppm=round(jackknife(everything.batches[:, firm],
                                  at_bind.batches[:, firm]) * PPM),
        bound_ppm=bound_z, now_ppm=now_z, indicated_ppm=factor, premium_fen=premium_fen,
        at_bind=Reading(bound.as_of, expected, score_of_firm(bound, name),
                        asset_scope(bound, name), "at bind"),
        reading=Reading(after.as_of, multiply_divide(expected, factor, PPM, "half_up"),
                        score_of_firm(after, name), asset_scope(after, name),
                        reference))
