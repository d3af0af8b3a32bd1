"""How an indemnity is calculated, in words: order, limits, deductibles, sharing, rounding."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

from dinghai.documents.blocks import Block, Clause, Column, Table
from dinghai.documents.booklet_layers import layer_clauses, reinstatement_words
from dinghai.documents.booklet_sections import waiting_clause
from dinghai.documents.formats import money, percent
from dinghai.documents.reader import Reader
from dinghai.documents.readings import parameter_value, waiting_text
from dinghai.foundation.money import PPM
from dinghai.vocabulary.parameters import parameters
from dinghai.wording.sections import Section, SharedLimit
from dinghai.wording.words import WaitingMode

Number = Callable[[str], str]
"""Takes the product's own clause number, and gives a free one where there is none."""
_MODES = get_args(WaitingMode)


def calculation_clauses(reader: Reader, number: Number) -> list[Block]:
    """Chapter 4. What the product numbers keeps its number; the rest fills the gaps."""
    product = reader.product
    first = [_order(reader, number), _deductible(reader, number),
             *(_shared(one, reader, number) for one in product.shared_limits)]
    waiting = _waiting(reader, number)
    clauses = [
        *first, waiting, _share(reader, number), _say("recovery", reader, number),
        _other_insurance(reader, number), *instalments(reader, number, late=False),
        *layer_clauses(reader, number), *_insureds(reader, number), *_defence(reader, number),
        *_in_kind(reader, number), *_parameters(reader, number),
        _say("unknown", reader, number), _say("rounding", reader, number)]
    clauses.sort(key=lambda one: clause_order(one.number))
    blocks: list[Block] = []
    for clause in clauses:
        blocks.append(clause)
        if clause is waiting and any(one.waiting for one in product.sections):
            blocks.append(_mode_table(reader))
    return blocks


def clause_order(number: str) -> tuple[list[int], str]:
    """Sorts ``4.2`` before ``4.10``, and what is no such number by its text."""
    return [int(part) for part in number.split(".") if part.isdigit()], number


def _say(key: str, reader: Reader, number: Number) -> Clause:
    return Clause(number(""), reader.say(f"calculation.{key}_title"),
                  (reader.say(f"calculation.{key}"),))


def _order(reader: Reader, number: Number) -> Clause:
    steps = [reader.say("calculation.order_first"),
             *(reader.say(f"stage_text.{stage}") for stage in reader.product.calculation_order),
             reader.say("calculation.order_last")]
    notes = tuple((f"（{index}）" if reader.language == "zh" else f"({index})", text)
                  for index, text in enumerate(steps, start=1))
    return Clause(number(""), reader.say("calculation.order_title"),
                  (reader.say("calculation.order"),), notes)


def _deductible(reader: Reader, number: Number) -> Clause:
    say, limits = reader.say, reader.product.limits
    parts = [say("calculation.deductible")]
    if limits.deductible_per == "insured":
        parts.append(say("calculation.deductible_insured"))
    if reader.policy is None:
        parts.append(say("calculation.deductible_range", least=money(limits.deductible_minimum_fen),
                         most=money(limits.deductible_maximum_fen),
                         usual=money(limits.deductible_default_fen)))
    else:
        parts += _agreed_deductible(reader)
    return Clause(number(""), say("calculation.deductible_title"), (reader.sentences(parts),))


def _agreed_deductible(reader: Reader) -> list[str]:
    assert reader.policy is not None  # the caller has looked
    say, schedule = reader.say, reader.policy.schedule
    parts = [say("calculation.deductible_agreed", amount=money(schedule.event_deductible_fen))]
    if schedule.event_deductible_ppm:
        parts.append(say("calculation.deductible_share",
                         percent=percent(schedule.event_deductible_ppm)))
    if schedule.retention_minimum_fen:
        parts.append(say("calculation.retention_least",
                         amount=money(schedule.retention_minimum_fen)))
    if schedule.retention_maximum_fen is not None:
        parts.append(say("calculation.retention_most",
                         amount=money(schedule.retention_maximum_fen)))
    return parts


def shared_limit_words(shared: SharedLimit, reader: Reader) -> str:
    """The amount of a shared limit with its basis."""
    share = PPM if shared.ppm_of_aggregate is None else shared.ppm_of_aggregate
    if shared.amount_fen is not None:
        limit = money(shared.amount_fen)
    elif reader.policy is not None:
        limit = money(reader.policy.schedule.aggregate_limit_fen * share // PPM)
    else:
        limit = reader.say("calculation.shared_share", percent=percent(share))
    basis = reader.say(f"sublimit_basis.{shared.basis}")
    return f"{limit}（{basis}）" if reader.language == "zh" else f"{limit} ({basis})"


def _shared(shared: SharedLimit, reader: Reader, number: Number) -> Clause:
    names = reader.list(reader.coverage(one) for one in shared.coverages)
    return Clause(number(shared.clause), reader.say("calculation.shared_title"), (reader.say(
        "calculation.shared", names=names, limit=shared_limit_words(shared, reader)),))


def _waits(reader: Reader) -> list[Section]:
    return [one for one in reader.product.sections
            if one.waiting is not None and reader.grants(one.coverage)]


def _waiting(reader: Reader, number: Number) -> Clause:
    waits = _waits(reader)
    body = [reader.label(reader.pick(one.name_zh, one.name_en), waiting_clause(one, reader))
            for one in waits]
    body.append(reader.say("calculation.waiting_other" if waits else "calculation.waiting_none"))
    if waits:
        body.append(reader.say("calculation.modes"))
    modes = dict.fromkeys(one.waiting.mode for one in waits if one.waiting)
    names = reader.list(reader.say(f"waiting_mode.{one}") for one in modes) or reader.say(
        "common.none")
    return Clause(number(""), reader.say("calculation.waiting_title", mode=names), tuple(body))


def _mode_table(reader: Reader) -> Table:
    used: dict[str, int] = {one.waiting.mode: one.waiting.seconds
                            for one in _waits(reader) if one.waiting}
    usual = next(iter(used.values()), 43_200)
    rows = tuple(("✓" if mode in used else "", reader.say(f"waiting_mode.{mode}"),
                  waiting_text(used.get(mode, usual), mode, reader.language)) for mode in _MODES)
    return Table((Column("", "center", 8),
                  Column(reader.say("common.waiting"), millimetres=42),
                  Column(reader.say("common.remark"))), rows,
                 label=reader.say("calculation.modes_title"))


def _share(reader: Reader, number: Number) -> Clause:
    groups: dict[str, list[str]] = {}
    for one in reader.product.exclusions:
        if one.penalty_group:
            groups.setdefault(one.penalty_group, []).append(one.clause)
    shown = [reader.list(members) for members in groups.values() if len(members) > 1]
    parts = [reader.say("calculation.share")]
    if shown:
        parts.append(reader.say("calculation.share_groups", groups=reader.clauses(shown)))
    return Clause(number(""), reader.say("calculation.share_title"), (reader.sentences(parts),))


def _other_insurance(reader: Reader, number: Number) -> Clause:
    own = reader.product.other_insurance
    text = (reader.say("calculation.other_none") if own.rule == "none" else
            reader.say("calculation.other", rule=reader.say(f"other_insurance.{own.rule}")))
    return Clause(number(own.clause), reader.say("calculation.other_title"), (text,))


def instalments(reader: Reader, number: Number, *, late: bool) -> list[Clause]:
    """The instalment clause, here or (``late``) in the chapter on procedure, as it is numbered."""
    own = reader.product.instalments
    if own is None or late != own.clause.startswith("9."):
        return []
    return [Clause(number(own.clause), reader.say("calculation.instalments_title"),
                   (reader.say("calculation.instalments"),), shaded=True)]


def _insureds(reader: Reader, number: Number) -> list[Clause]:
    product = reader.product
    members = () if reader.policy is None else reader.policy.schedule.members
    several = product.limits.deductible_per == "insured" or any(
        one.sublimit.per == "insured" for one in product.sections)
    if not several and not members:
        return []
    parts = [reader.say("calculation.insureds")]
    if members:
        parts.append(reader.say("calculation.insureds_named", names=reader.list(
            reader.pick(one.name_zh, one.name_en) for one in members)))
    return [Clause(number(""), reader.say("calculation.insureds_title"),
                   (reader.sentences(parts),))]


def _defence(reader: Reader, number: Number) -> list[Clause]:
    if not any(one.valuation is not None and one.valuation.method == "liability"
               for one in reader.product.sections):
        return []
    return [Clause(number(""), reader.say("calculation.defence_title"),
                   (reader.say(f"calculation.defence_{reader.product.limits.defence}"),))]


def _in_kind(reader: Reader, number: Number) -> list[Clause]:
    names = [reader.coverage(one.coverage) for one in reader.product.sections
             if one.coverage.startswith("SV-")]
    if not names:
        return []
    return [Clause(number(""), reader.say("calculation.kind_title"),
                   (reader.say("calculation.kind", names=reader.list(names)),))]


def parameter_words(reader: Reader) -> list[str]:
    """Every agreed number by name, as the policy or the product has it."""
    known = reader.product.parameters
    agreed = {} if reader.policy is None else reader.policy.schedule.parameters
    return [reader.label(reader.pick(parameters()[key].name_zh, parameters()[key].name_en),
                         parameter_value(key, agreed.get(key, value), reader.language))
            for key, value in known.items()]


def _parameters(reader: Reader, number: Number) -> list[Clause]:
    if not reader.product.parameters:
        return []
    code = "calculation.parameters" if reader.policy is None else "calculation.parameters_agreed"
    return [Clause(number(""), reader.say("calculation.parameters_title"),
                   (reader.say(code, values=reader.clauses(parameter_words(reader))),))]


def limits_words(reader: Reader) -> str:
    """Aggregate and each-event limit, how they erode and come back."""
    say, limits = reader.say, reader.product.limits
    parts = [say("general.limits", defence=say(f"defence.{limits.defence}"))]
    if reader.policy is None:
        parts.append(say("general.limits_range", least=money(limits.aggregate_minimum_fen),
                         most=money(limits.aggregate_maximum_fen),
                         usual=money(limits.aggregate_default_fen),
                         percent=percent(limits.each_event_ppm)))
    else:
        schedule = reader.policy.schedule
        parts.append(say("general.limits_agreed", aggregate=money(schedule.aggregate_limit_fen),
                         event=money(schedule.each_event_limit_fen)))
    parts.append(reinstatement_words(reader))
    return reader.sentences(parts)
