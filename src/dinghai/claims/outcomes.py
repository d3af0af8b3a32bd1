"""What becomes of a line, and what could not be applied: outcomes and flags."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, get_args

from dinghai.foundation.canonical import JSON
from dinghai.foundation.truth import Truth
from dinghai.terms.program import Rule
from dinghai.terms.tracing import TracedRun
from dinghai.vocabulary.facts import UNKNOWN, IncidentFacts
from dinghai.wording.policy import Policy

Outcome = Literal[
    "paid", "paid_reduced", "within_retention", "limit_exhausted", "excluded",
    "recovered_elsewhere", "no_loss", "not_triggered", "evidence_needed", "nominal_only",
    "prohibited", "not_covered", "in_kind", "interim_deducted", "premium_unpaid",
    "below_attachment",
]
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
_RETAINED: Final = frozenset({"waiting", "waiting_test", "retention", "event_deductible",
                              "retention_minimum"})
_LIMITED: Final = frozenset({"sublimit", "shared_limit", "each_event_limit", "aggregate_limit",
                             "supplier_cap", "layers"})
_ELSEWHERE: Final = frozenset({"recoveries", "other_insurance"})


def outcome_of(
    coverage: str, policy: Policy, rules: list[Rule], run: TracedRun, payable: int
) -> Outcome:
    """What became of one section's line. ``rules`` are those about it, in order."""
    section = policy.product.section(coverage)
    lawful = _output(rules, run, "payability", "lawful", Truth.TRUE)
    if section is not None and lawful == Truth.FALSE and section.payability != "conditional":
        return "nominal_only" if section.payability == "nominal_only" else "prohibited"
    triggered = _output(rules, run, "trigger", "triggered", Truth.FALSE)
    if triggered == Truth.FALSE:
        return "not_triggered"
    covered = next(run.registers[rule.inputs["covered"]] for rule in rules
                   if rule.name in {"section_loss", "tower"})
    if covered == Truth.FALSE:
        return "excluded"
    valuations = [rule for rule in rules if rule.name == "valuation"]
    known = [run.registers[rule.outputs["known"]] == Truth.TRUE for rule in valuations]
    if triggered == Truth.UNKNOWN or not any(known) or lawful == Truth.UNKNOWN:
        return "evidence_needed"
    if lawful == Truth.FALSE:
        return "prohibited"
    valued = sum(run.registers[rule.outputs["amount"]] for rule in valuations)
    in_kind = next((rule for rule in rules if rule.name == "in_kind"), None)
    if in_kind is not None and run.registers[in_kind.inputs["before"]] > 0:
        return "in_kind"
    if payable > 0:
        apart = _output(rules, run, "defence_outside", "after", Truth.FALSE)
        return "paid" if payable - apart >= valued and all(known) else "paid_reduced"
    return _why_nothing(policy, rules, run) if valued else "no_loss"


def _output(
    rules: list[Rule], run: TracedRun, name: str, output: str, otherwise: int
) -> int:
    """A register that the first rule of a name wrote."""
    for rule in rules:
        if rule.name == name:
            return run.registers[rule.outputs[output]]
    return otherwise


def _why_nothing(policy: Policy, rules: list[Rule], run: TracedRun) -> Outcome:
    """The first stage that brought the amount to nothing."""
    for rule in rules:
        if "before" not in rule.inputs or "after" not in rule.outputs:
            continue
        before, after = (run.registers[rule.inputs["before"]], run.registers[rule.outputs["after"]])
        if before > 0 and after == 0:
            if rule.name in _RETAINED:
                return "within_retention"
            if rule.name == "layers" and _below_attachment(policy, run):
                return "below_attachment"
            if rule.name in _LIMITED:
                return "limit_exhausted"
            if rule.name == "premium_paid":
                return "premium_unpaid"
            return "recovered_elsewhere" if rule.name in _ELSEWHERE else "excluded"
    return "within_retention"


def _below_attachment(policy: Policy, run: TracedRun) -> bool:
    """Whether the loss, with what came before it, reaches no layer of the tower."""
    attachments = {one.id: one.attachment_fen for one in policy.schedule.layers}
    return all(run.registers[rule.inputs["presented"]]
               + run.registers[rule.inputs["presented_before"]] <= attachments[rule.code]
               for rule in run.rules_of("event") if rule.name == "layer")


def flags_of(
    rules: list[Rule], run: TracedRun, incident: IncidentFacts
) -> list[dict[str, JSON]]:
    """What could not be applied, and whose burden it is to say more."""
    flags: list[dict[str, JSON]] = []
    for rule in rules:
        values = run.read(rule.outputs)
        where = subject_of(rule.subject, incident)
        if rule.name == "exclusion":
            if values["effective"] == Truth.TRUE and _undecided(rule, values, run):
                flags.append({"kind": "evidence_needed", "code": rule.code, "subject": where,
                              "burden": rule.details["burden"], "law": ["保险法30条"],
                              "facts": _unknown(rule, run)})
            elif values["predicate"] != Truth.FALSE and values["effective"] == Truth.FALSE:
                flags.append({"kind": "not_explained", "code": rule.code, "subject": where,
                              "burden": "insurer", "law": ["保险法17条"],
                              "facts": list(rule.facts)})
        elif rule.name == "carve_back":
            if (run.registers[rule.inputs["predicate"]] == Truth.TRUE
                    and values["applies"] == Truth.UNKNOWN):
                flags.append({"kind": "evidence_needed", "code": rule.code, "subject": where,
                              "burden": "insurer", "law": ["保险法30条"],
                              "facts": _unknown(rule, run)})
        elif rule.name == "unexplained":
            flags.append({"kind": "not_explained", "code": rule.code, "subject": where,
                          "burden": "insurer", "law": ["保险法17条"], "facts": []})
        elif rule.name == "trigger" and values["triggered"] == Truth.UNKNOWN:
            flags.append({"kind": "evidence_needed", "code": "trigger", "subject": where,
                          "burden": "insured", "law": ["保险法22条"],
                          "facts": _unknown(rule, run)})
        elif rule.name == "valuation" and values["known"] != Truth.TRUE:
            flags.append({"kind": "evidence_needed", "code": "valuation", "subject": where,
                          "burden": "insured", "law": ["保险法22条"],
                          "facts": _unknown(rule, run, rule.details["required"])})
        elif rule.name == "payability" and values["lawful"] == Truth.UNKNOWN:
            flags.append({"kind": "evidence_needed", "code": "payability", "subject": where,
                          "burden": "insurer", "law": ["保险法22条"],
                          "facts": _unknown(rule, run)})
        elif rule.name in {"premium_paid", "average"} and _ratio_unknown(rule, run):
            flags.append({"kind": "evidence_needed", "code": rule.name, "subject": where,
                          "burden": "insurer", "law": ["保险法30条"], "facts": list(rule.facts)})
    return flags


def _ratio_unknown(rule: Rule, run: TracedRun) -> bool:
    """Whether what a reducing ratio rests on is not known, so that it was not applied."""
    if rule.name == "average":
        return run.registers[rule.inputs["insurable"]] == 0
    return bool(_unknown(rule, run))


def _undecided(rule: Rule, values: dict[str, int], run: TracedRun) -> bool:
    """Whether an unknown fact keeps an exclusion from acting, wholly or in its degree."""
    if Truth.UNKNOWN in (values["predicate"], values["applies"]):
        return True
    degree = rule.details.get("degree", ())
    return values["predicate"] == Truth.TRUE and bool(degree and _unknown(rule, run, degree))


def _unknown(rule: Rule, run: TracedRun, names: Iterable[str] = ()) -> list[str]:
    """Which facts of a rule (or of ``names``) nobody has given."""
    unknown = {key.partition("@")[0] for key, register in run.program.inputs.items()
               if run.registers[register] == UNKNOWN}
    return [name for name in names or rule.facts
            if name in unknown or f"{rule.subject}.{name}" in unknown]


def subject_of(subject: str, incident: IncidentFacts) -> str:
    """``item[2]`` of the program becomes ``item 3`` by the claim's own number."""
    if subject.startswith("item["):
        return f"item {incident.items[int(subject[5:-1])].no}"
    return subject
