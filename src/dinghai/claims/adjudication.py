"""Decide a claim by the policy's own terms, and say why, line by line.

The decision is a pure function of the policy and the claim file. A line is one coverage claimed;
its steps are the rules that were walked, with every amount before and after.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final, Literal

from dinghai.claims.claim_file import Claim, read_claim
from dinghai.foundation.canonical import JSON, document_hash
from dinghai.foundation.errors import InputError
from dinghai.foundation.truth import Truth
from dinghai.terms import tracing
from dinghai.terms.compiler import compile_policy
from dinghai.terms.program import Rule
from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.facts import UNKNOWN, IncidentFacts, KnownFact
from dinghai.wording.policy import Policy, read_policy

Outcome = Literal[
    "paid", "paid_reduced", "within_retention", "limit_exhausted", "excluded", "not_triggered",
    "evidence_needed", "nominal_only", "prohibited", "not_covered", "interim_deducted",
]
OUTCOMES: Final[tuple[Outcome, ...]] = (
    "paid", "paid_reduced", "within_retention", "limit_exhausted", "excluded", "not_triggered",
    "evidence_needed", "nominal_only", "prohibited", "not_covered", "interim_deducted",
)
RULES: Final = {"terms": "1", "vocabulary": "2026-11"}
"""The rules of the day. A decision made under other rules is replayed under those or refused."""

_TRUTHS: Final = frozenset({
    "happened", "in_time", "triggered", "covered", "predicate", "effective", "applies", "known",
    "exceeded", "excluded",
})
_BASIC_LAW: Final = ("保险法23条",)


def adjudicate(policy_document: JSON, claim_document: JSON) -> dict[str, JSON]:
    """The decision (schema dinghai.decision/1) of a claim file under a policy.

    Raises InputError when either document is bad or they do not belong together.
    """
    policy = read_policy(policy_document, file="policy")
    claim, incident = read_claim(claim_document, file="claim")
    if claim.policy_no != policy.schedule.policy_no:
        raise InputError(
            f"the claim is for policy {claim.policy_no}, not {policy.schedule.policy_no}",
            file="claim", field="policy_no", mend="give the claim its own policy")
    lines = _lines(policy, claim, incident)
    decision: dict[str, JSON] = {
        "schema": "dinghai.decision/1",
        "rules": dict(RULES),
        "inputs": {"policy": policy.to_dict(), "claim": claim.to_dict()},
        "lines": lines,
        "total_fen": sum(line["payable_fen"] for line in lines),
    }
    decision["hash"] = document_hash(decision)
    return decision


def _lines(policy: Policy, claim: Claim, incident: IncidentFacts) -> list[dict[str, JSON]]:
    granted = [item for item in incident.items if policy.grants(item.coverage)]
    program = compile_policy(policy, [item.coverage for item in granted])
    inside = IncidentFacts(incident.event, tuple(granted))
    run = tracing.run(program, _cells(claim, inside, program.inputs))
    order = list(dict.fromkeys(item.coverage for item in incident.items))
    lines = [
        _line(no, coverage, policy, inside, run) if policy.grants(coverage)
        else _line_outside(no, coverage, incident)
        for no, coverage in enumerate(order, start=1)
    ]
    if run.output("interim"):
        lines.append(_interim_line(len(lines) + 1, run))
    return lines


def _cells(
    claim: Claim, incident: IncidentFacts, inputs: Collection[str]
) -> dict[str, int]:
    """Cells of the inputs that the compiled terms ask for; other facts stay in the file."""
    cells = {name: known.cell for name, known in incident.event.items() if name in inputs}
    for index, item in enumerate(incident.items):
        for name, known in item.facts.items():
            key = f"item[{index}].{name}"
            if key in inputs:
                cells[key] = known.cell
    prior = {
        "prior.aggregate_paid": claim.prior.aggregate_paid_fen,
        "prior.event_paid": claim.prior.event_paid_fen,
        "prior.interim_paid": claim.prior.interim_paid_fen,
        **{f"prior.section.{code}": fen for code, fen in claim.prior.sections.items()},
        **{f"prior.shared.{code}": fen for code, fen in claim.prior.shared.items()},
    }
    cells.update({name: fen for name, fen in prior.items() if name in inputs})
    return cells


def _line(
    no: int, coverage: str, policy: Policy, incident: IncidentFacts, run: tracing.TracedRun
) -> dict[str, JSON]:
    positions = [index for index, item in enumerate(incident.items) if item.coverage == coverage]
    subjects = ["event", *(f"item[{index}]" for index in positions), coverage]
    rules = [rule for subject in ("event", coverage) for rule in run.rules_of(subject)
             if rule.name == "trigger"]
    rules += [rule for subject in subjects for rule in run.rules_of(subject)
              if rule.name not in {"trigger", "interim"}]
    shown = [rule for rule in rules if _matters(rule, run)]
    payable = run.output(f"pay.{coverage}")
    facts = _facts(shown, positions, incident)
    return {
        "no": no,
        "coverage": coverage,
        "items": [incident.items[index].no for index in positions],
        "outcome": _outcome(coverage, policy, rules, run, payable),
        "payable_fen": payable,
        "clause": _clause(policy, coverage),
        "facts": facts,
        "evidence": sorted({one for fact in facts for one in fact["evidence"]}),
        "law": sorted({law for rule in shown if _acted(rule, run) for law in rule.law}
                      | set(_BASIC_LAW)),
        "flags": _flags(rules, run, incident),
        "steps": [_step(rule, run, incident) for rule in shown],
    }


def _matters(rule: Rule, run: tracing.TracedRun) -> bool:
    """An exclusion that is plainly false is not shown; every other rule is."""
    if rule.name != "exclusion":
        return True
    return run.registers[rule.outputs["predicate"]] == Truth.TRUE


def _acted(rule: Rule, run: tracing.TracedRun) -> bool:
    """Whether a rule changed an amount, or would have but for a missing explanation."""
    if rule.name in {"valuation", "trigger", "tower", "payability", "exclusion"}:
        return True
    if "before" not in rule.inputs or "after" not in rule.outputs:
        return False
    return run.registers[rule.inputs["before"]] != run.registers[rule.outputs["after"]]


def _outcome(
    coverage: str, policy: Policy, rules: list[Rule], run: tracing.TracedRun, payable: int
) -> Outcome:
    section = policy.product.section(coverage)
    if section is not None and section.payability == "nominal_only":
        return "nominal_only"
    if section is not None and section.payability == "prohibited":
        return "prohibited"
    triggered = next(run.registers[rule.outputs["triggered"]] for rule in rules
                     if rule.name == "trigger")
    if triggered == Truth.FALSE:
        return "not_triggered"
    if _event_excluded(rules, run):
        return "excluded"
    valuations = [rule for rule in rules if rule.name == "valuation"]
    known = [run.registers[rule.outputs["known"]] == Truth.TRUE for rule in valuations]
    if triggered == Truth.UNKNOWN or not any(known):
        return "evidence_needed"
    valued = sum(run.registers[rule.outputs["amount"]] for rule in valuations)
    if payable > 0:
        return "paid" if payable == valued and all(known) else "paid_reduced"
    return _why_nothing(rules, run)


def _event_excluded(rules: list[Rule], run: tracing.TracedRun) -> bool:
    """Whether some exclusion took the whole event (its own or a rung of its grades)."""
    for rule in rules:
        if rule.name != "exclusion" or rule.subject != "event":
            continue
        if "excluded" in rule.outputs:
            if run.registers[rule.outputs["excluded"]] == Truth.TRUE:
                return True
        elif len(rule.outputs) == 3 and run.registers[rule.outputs["applies"]] == Truth.TRUE:
            return True
    return False


def _why_nothing(rules: list[Rule], run: tracing.TracedRun) -> Outcome:
    """The first stage that brought the amount to nothing."""
    for rule in rules:
        if "before" not in rule.inputs or "after" not in rule.outputs:
            continue
        before, after = (run.registers[rule.inputs["before"]], run.registers[rule.outputs["after"]])
        if before > 0 and after == 0:
            if rule.name in {"waiting", "retention", "event_deductible"}:
                return "within_retention"
            if rule.name in {"sublimit", "shared_limit", "each_event_limit", "aggregate_limit"}:
                return "limit_exhausted"
            return "excluded"
    return "within_retention"


def _flags(
    rules: list[Rule], run: tracing.TracedRun, incident: IncidentFacts
) -> list[dict[str, JSON]]:
    """What could not be applied, and whose burden it is to say more."""
    flags: list[dict[str, JSON]] = []
    for rule in rules:
        values = run.read(rule.outputs)
        where = _subject(rule.subject, incident)
        if rule.name == "exclusion":
            if values["predicate"] == Truth.UNKNOWN and values["effective"] == Truth.TRUE:
                flags.append({"kind": "evidence_needed", "code": rule.code, "subject": where,
                              "burden": rule.details["burden"], "law": ["保险法30条"],
                              "facts": _unknown(rule, run)})
            elif values["predicate"] != Truth.FALSE and values["effective"] == Truth.FALSE:
                flags.append({"kind": "not_explained", "code": rule.code, "subject": where,
                              "burden": "insurer", "law": ["保险法17条"],
                              "facts": list(rule.facts)})
        elif rule.name == "trigger" and values["triggered"] == Truth.UNKNOWN:
            flags.append({"kind": "evidence_needed", "code": "trigger", "subject": where,
                          "burden": "insured", "law": ["保险法22条"],
                          "facts": _unknown(rule, run)})
        elif rule.name == "valuation" and values["known"] != Truth.TRUE:
            flags.append({"kind": "evidence_needed", "code": "valuation", "subject": where,
                          "burden": "insured", "law": ["保险法22条"],
                          "facts": _unknown(rule, run, rule.details["required"])})
    return flags


def _unknown(rule: Rule, run: tracing.TracedRun, names: Iterable[str] = ()) -> list[str]:
    """Which facts of a rule (or of ``names``) nobody has given."""
    missing = []
    for name in names or rule.facts:
        keys = (name, f"{rule.subject}.{name}")
        registers = [run.program.inputs[key] for key in keys if key in run.program.inputs]
        if any(run.registers[register] == UNKNOWN for register in registers):
            missing.append(name)
    return missing


def _step(rule: Rule, run: tracing.TracedRun, incident: IncidentFacts) -> dict[str, JSON]:
    step: dict[str, JSON] = {"rule": rule.name, "subject": _subject(rule.subject, incident)}
    if rule.code:
        step["code"] = rule.code
    if rule.clause:
        step["clause"] = rule.clause
    if rule.law:
        step["law"] = list(rule.law)
    if rule.facts:
        step["facts"] = list(rule.facts)
    step["inputs"] = _shown(rule.inputs, run)
    step["outputs"] = _shown(rule.outputs, run)
    step.update(rule.details)
    return step


def _shown(named: Mapping[str, int], run: tracing.TracedRun) -> dict[str, JSON]:
    return {
        name: Truth(run.registers[register]).name.lower() if name in _TRUTHS
        else run.registers[register]
        for name, register in named.items()
    }


def _subject(subject: str, incident: IncidentFacts) -> str:
    """``item[2]`` of the program becomes ``item 3`` by the claim's own number."""
    if subject.startswith("item["):
        return f"item {incident.items[int(subject[5:-1])].no}"
    return subject


def _facts(
    rules: list[Rule], positions: list[int], incident: IncidentFacts
) -> list[dict[str, JSON]]:
    """The known facts that the shown rules rest on, with value and evidence."""
    asked = {(rule.subject, name) for rule in rules for name in rule.facts}
    names = {name for _, name in asked}
    # By name: the order of keys in a JSON file means nothing, so it must not move a decision.
    out = [_fact(None, known) for name, known in sorted(incident.event.items()) if name in names]
    for index in positions:
        item = incident.items[index]
        out += [_fact(item.no, known) for name, known in sorted(item.facts.items())
                if name in names]
    return out


def _fact(item: int | None, known: KnownFact) -> dict[str, JSON]:
    fact: dict[str, JSON] = {"id": known.id, **known.to_dict()}
    if item is not None:
        fact["item"] = item
    return fact


def _clause(policy: Policy, coverage: str) -> str:
    section = policy.product.section(coverage)
    if section is not None:
        return section.clause
    tower = policy.product.tower(coverage)
    return tower.clause if tower is not None else ""


def _line_outside(no: int, coverage: str, incident: IncidentFacts) -> dict[str, JSON]:
    """A coverage the policy does not grant: amount and reason are shown, nothing is paid."""
    standard = coverages()[coverage]
    outcome: Outcome = "not_covered"
    if standard.mainland == "nominal_only":
        outcome = "nominal_only"
    elif standard.mainland == "prohibited":
        outcome = "prohibited"
    items = [item for item in incident.items if item.coverage == coverage]
    facts = [_fact(item.no, known) for item in items for _, known in sorted(item.facts.items())]
    nominal = sum(known.value for item in items for known in item.facts.values()
                  if known.id in {"item.amount", "extortion.paid"} and known.value is not None)
    return {
        "no": no, "coverage": coverage, "items": [item.no for item in items],
        "outcome": outcome, "payable_fen": 0, "clause": "", "facts": facts,
        "evidence": sorted({one for fact in facts for one in fact["evidence"]}),
        "law": list(_BASIC_LAW), "flags": [],
        "steps": [{"rule": "payability", "subject": coverage, "code": outcome,
                   "inputs": {"nominal": nominal}, "outputs": {"after": 0}}],
    }


def _interim_line(no: int, run: tracing.TracedRun) -> dict[str, JSON]:
    rule = next(rule for rule in run.program.rules if rule.name == "interim")
    return {
        "no": no, "coverage": "", "items": [], "outcome": "interim_deducted",
        "payable_fen": -run.output("interim"), "clause": "", "facts": [], "evidence": [],
        "law": list(rule.law), "flags": [],
        "steps": [_step(rule, run, IncidentFacts())],
    }
