"""Why a step of a firm is as likely, and an attack on it as lasting, as it is: traces."""

from __future__ import annotations

from typing import Final

from dinghai.foundation.money import PPM
from dinghai.foundation.trace import Source, Trace
from dinghai.losses.curves import exp, power
from dinghai.losses.effects import shaped
from dinghai.losses.tables import shipped_tables
from dinghai.supplychain.attack_facts import ATTACK_VERSION, FACTS_AS_OF
from dinghai.supplychain.compiling import CompiledFirm, Raised, slowing
from dinghai.supplychain.language import HALF, Language
from dinghai.supplychain.language_files import Control, Step

_ATTACK: Final = Source(
    f"MITRE ATT&CK v{ATTACK_VERSION}: mitigations of techniques, and groups known to use them",
    "T", FACTS_AS_OF)


def step_reasons(compiled: CompiledFirm, code: str, language: Language) -> Trace:
    """The chance of a step: of itself, by each control, by each finding; and its median time.

    Raises KeyError for a step that the firm does not have.
    """
    if code not in compiled.steps.codes:
        raise KeyError(code)
    place = compiled.steps.codes.index(code)
    step = language.step(compiled.kinds[place])
    kind = language.place[step.id]
    controls = tuple(
        _control(compiled, control, float(language.reach[row, kind]),
                 float(language.exponent[kind]), language)
        for row, control in enumerate(language.controls) if language.reach[row, kind] > 0.0)
    findings = tuple(_finding(one, language) for one in compiled.raised if one.step == code)
    left = Trace("chance.with_controls", _left(step.chance.value, controls), "ratio", "product",
                 None, (Trace("chance.uncontrolled", step.chance.value, "ratio", "table",
                              language.source_of(step, step.chance)), *controls))
    return Trace(f"step.{code}", float(compiled.steps.chance[place]), "ratio", "one_of_them", None,
                 (left, *findings, *_time(compiled, place, step, language)))


def containment_reasons(compiled: CompiledFirm, language: Language) -> Trace:
    """The median days until an attack inside the firm is found and thrown out."""
    rules = language.mitigations.containment
    exponent = language.mitigations.tempering.containment
    parts = tuple(
        Trace(f"indicator.{one.indicator}",
              exp(-one.strength.value * (HALF + exponent * (coverage - HALF))), "ratio",
              "exp_of_strength", language.source_of(one, one.strength),
              (trace, _tempering(exponent, language)))
        for one in rules.controls
        for coverage, trace in (_coverage(compiled, one.indicator, "linear", language),))
    return Trace("containment.median", exp(compiled.steps.containment_mu), "days", "product", None,
                 (Trace("containment.unwatched", rules.median_days.value, "days", "table",
                        language.source_of(rules, rules.median_days)), *parts))


def _control(compiled: CompiledFirm, control: Control, reach: float, exponent: float,
             language: Language) -> Trace:
    coverage, trace = _coverage(compiled, control.indicator, control.shape, language)
    force = control.capability.value * control.reliability.value * reach
    left, half = 1.0 - force * coverage, 1.0 - force * shaped(HALF, control.shape)
    return Trace(
        f"indicator.{control.indicator}", half * power(left / half, exponent), "ratio",
        "one_less_product_tempered",
        language.source_of(control, control.capability),
        (Trace("capability", control.capability.value, "ratio", "table",
               language.source_of(control, control.capability)), trace,
         Trace("reliability", control.reliability.value, "ratio", "table",
               language.source_of(control, control.reliability)),
         Trace("reach", reach, "ratio", "share_of_techniques",
               _ATTACK), _tempering(exponent, language)))


def _tempering(exponent: float, language: Language) -> Trace:
    rules = language.mitigations.tempering
    return Trace("tempering", exponent, "ratio", "exponent_about_half",
                 Source(rules.source, rules.confidence, language.mitigations.as_of))


def _coverage(compiled: CompiledFirm, indicator: str, shape: str,
              language: Language) -> tuple[float, Trace]:
    """An indicator's coverage; the cautious prior where nobody answered or observed it."""
    ppm = compiled.posture.get(indicator)
    if ppm is not None:
        coverage = shaped(min(max(ppm, 0), PPM) / PPM, shape)
        return coverage, Trace("coverage", coverage, "ratio", shape)
    coverage = shaped(language.missing_prior, shape)
    table = shipped_tables().controls
    return coverage, Trace("coverage", coverage, "ratio", "prior", Source(
        str(table["missing_source"]), str(table["missing_confidence"]), str(table["as_of"])))


def _time(compiled: CompiledFirm, place: int, step: Step, language: Language) -> tuple[Trace, ...]:
    """The median days of a step that something leads to, and what slows it."""
    ways = compiled.steps.target == place
    if not ways.any():
        return ()
    exponent = float(language.exponent[language.place[step.id]])
    slowed = tuple(
        Trace(f"slowed.{control.indicator}",
              exp(slowing(slow, coverage, control.shape, exponent)), "ratio",
              "one_plus_product_tempered", language.source_of(control, control.slows),
              (trace, _tempering(exponent, language)))
        for row, control in enumerate(language.controls) if control.slows is not None
        and (slow := float(language.slowed[row, language.place[step.id]])) > 0.0
        for coverage, trace in (_coverage(compiled, control.indicator, control.shape, language),))
    return (Trace("days.median", exp(float(compiled.steps.mu[ways][0])), "days", "product", None,
                  (Trace("days.unslowed", step.days.value, "days", "lognormal",
                         language.source_of(step, step.days)), *slowed)),)


def _finding(one: Raised, language: Language) -> Trace:
    rules = language.mitigations.findings
    return Trace(f"finding.{one.cve or one.technique}", one.by, "ratio", one.ground,
                 Source(rules.source, rules.confidence, language.file.as_of),
                 (Trace("asset", one.asset),))


def _left(chance: float, controls: tuple[Trace, ...]) -> float:
    for one in controls:
        chance *= float(one.value or 0.0)
    return min(chance, 1.0)
