"""Whether an application meets a rule: three-valued, each "no" and each "not known" with its line.

One "no" refuses; without one, anything not known asks for evidence; only all "yes" can be granted.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from dinghai.foundation.calendar import shanghai_day
from dinghai.foundation.money import PPM, Fen, apply_ppm, multiply_divide
from dinghai.foundation.truth import Truth
from dinghai.schemes.subsidy_applications import Application, Fact
from dinghai.schemes.subsidy_codes import area_listed, listed, named
from dinghai.schemes.subsidy_register import Reason
from dinghai.schemes.subsidy_rule import Condition, RuleText, Terms
from dinghai.schemes.subsidy_standing import own_premium_fen


def reason(text: RuleText, code: str, part: str, truth: Truth = Truth.FALSE, *,
           found: object = "", wanted: object = "") -> Reason:
    """A reason that names its part of the rule and its line."""
    return Reason(code=code, part=part, line=text.line(part), found=str(found)[:200],
                  wanted=str(wanted)[:200],
                  truth="unknown" if truth is Truth.UNKNOWN else "false")


def failings(text: RuleText, application: Application, day: date) -> list[Reason]:
    """Every part of a rule that an application does not meet, or may not, on a day."""
    return [*_scope(text, application), *_period(text, application, day),
            *_conditions(text, application), *_documents(text, application),
            *_payers(text, application)]


def basis_fen(rule: Terms, application: Application, refund_fen: Fen = 0,
              to_others_fen: Fen = 0) -> Fen:
    """The premium that the subsidy is reckoned on: what the firm itself bears, halves up where its
    VAT is taken out (by what the policy states, else by the rule's rate)."""
    own = own_premium_fen(application, refund_fen, to_others_fen)
    if rule.vat_counts or own == 0:
        return own
    if application.vat_fen is not None:
        net = application.premium_fen - application.vat_fen
        return multiply_divide(own, net, application.premium_fen, "half_up")
    return multiply_divide(own, PPM, PPM + rule.vat_rate_ppm, "half_up")


def before_caps_fen(rule: Terms, basis: Fen) -> Fen:
    """Ratio × basis, cut down to whole fen: half a fen more would exceed the rule."""
    return apply_ppm(basis, rule.ratio_ppm, "floor")


def entitled_fen(rule: Terms, basis: Fen, firm_held_fen: Fen) -> Fen:
    """What the rule gives on a basis: the ratio of it, within the policy's cap and what the firm's
    cap has left beside its other policies."""
    given = before_caps_fen(rule, basis)
    if rule.cap_per_policy_fen is not None:
        given = min(given, rule.cap_per_policy_fen)
    if rule.cap_per_firm_fen is not None:
        given = min(given, max(rule.cap_per_firm_fen - firm_held_fen, 0))
    return given


def _scope(text: RuleText, one: Application) -> Iterator[Reason]:
    scope = text.rule.scope
    checks = (
        ("sector", "scope.sectors", listed(one.sector, scope.sectors), one.sector, scope.sectors),
        ("area", "scope.areas", area_listed(one.area, scope.areas), one.area, scope.areas),
        ("size", "scope.sizes", named(one.size or "", scope.sizes), one.size or "", scope.sizes),
        ("product", "scope.products", named(one.product, scope.products), one.product,
         scope.products),
        ("line", "scope.lines", named(one.line, scope.lines), one.line, scope.lines))
    for code, part, truth, found, wanted in checks:
        if truth is not Truth.TRUE:
            yield reason(text, code, part, truth, found=found, wanted=", ".join(wanted))


def _period(text: RuleText, one: Application, day: date) -> Iterator[Reason]:
    period = text.rule.period
    applied = shanghai_day(one.applied_at)
    counted = {"paid_on": one.paid_on, "inception": one.inception,
               "applied_at": applied}[period.counts_by]
    wanted = f"{period.first} – {period.last}"
    if counted is None:
        yield reason(text, period.counts_by, "period.counts_by", Truth.UNKNOWN, wanted=wanted)
    elif not period.first <= counted <= period.last:
        yield reason(text, "period", "period", found=counted, wanted=wanted)
    if period.counts_by != "paid_on" and one.paid_on is None:
        yield reason(text, "paid_on", "period", Truth.UNKNOWN, wanted=f"≤ {day}")
    elif one.paid_on is not None and one.paid_on > day:
        yield reason(text, "not_paid_yet", "period", Truth.UNKNOWN, found=one.paid_on,
                     wanted=f"≤ {day}")
    if period.apply_by is not None and applied > period.apply_by:
        yield reason(text, "late", "period.apply_by", found=applied, wanted=period.apply_by)


def _conditions(text: RuleText, one: Application) -> Iterator[Reason]:
    for place, condition in enumerate(text.rule.conditions):
        fact = one.facts.get(condition.fact)
        truth = holds(condition, fact)
        if truth is not Truth.TRUE:
            yield reason(text, f"condition:{condition.fact}", f"conditions[{place}]", truth,
                         found="" if fact is None else _said(fact),
                         wanted=f"{condition.op} {_said(condition.value)}")


def holds(condition: Condition, fact: Fact | None) -> Truth:
    """Whether a fact is as a condition asks; unknown where the fact is not stated, or is stated in
    another kind than the one compared with."""
    value = condition.value
    if fact is None:
        return Truth.UNKNOWN
    if isinstance(value, tuple):
        return Truth.of(fact in value) if isinstance(fact, str) else Truth.UNKNOWN
    if type(fact) is not type(value):
        return Truth.UNKNOWN
    if condition.op in ("==", "!="):
        return Truth.of((fact == value) == (condition.op == "=="))
    if not isinstance(fact, int) or not isinstance(value, int):
        return Truth.UNKNOWN
    return Truth.of({">=": fact >= value, "<=": fact <= value, ">": fact > value,
                     "<": fact < value}.get(condition.op, False))


def _documents(text: RuleText, one: Application) -> Iterator[Reason]:
    """A paper that is not there is evidence to come, never a refusal."""
    enclosed = frozenset(one.documents or ())
    for place, paper in enumerate(text.rule.documents):
        if not enclosed & {paper.id, paper.name_zh, paper.name_en}:
            yield reason(text, f"document:{paper.id}", f"documents[{place}]", Truth.UNKNOWN,
                         wanted=paper.name_zh)


def _payers(text: RuleText, one: Application) -> Iterator[Reason]:
    if one.borne_by_others_fen is None:
        yield reason(text, "borne_by_others", "ratio", Truth.UNKNOWN)


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(value) if isinstance(value, tuple) else str(value)
