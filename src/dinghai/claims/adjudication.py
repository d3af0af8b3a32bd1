"""Decide a claim by the policy's own terms, and say why, line by line.

The decision is a pure function of the policy, the claim file and the policy's history. A line is
one coverage claimed (by one insured); its steps are the rules that were walked, with every amount
before and after.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dinghai.claims.claim_file import Claim, read_claim
from dinghai.claims.history import (
    History,
    erosion,
    prior_cells,
    read_history,
    with_series,
)
from dinghai.claims.layering import aggregate_reinstatement, contributions, layer_shares
from dinghai.claims.outcomes import Outcome, flags_of, outcome_of, subject_of
from dinghai.foundation.canonical import JSON, document_hash
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.truth import Truth
from dinghai.terms import tracing
from dinghai.terms.cells import fact_cells
from dinghai.terms.compiler import compile_policy
from dinghai.terms.exclusions import touches
from dinghai.terms.program import ItemShape, Rule
from dinghai.terms.states import section_name
from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.facts import IncidentFacts, KnownFact, LossItem
from dinghai.wording.policy import Policy, read_policy

RULES: Final = {"terms": "3", "vocabulary": "2026-11"}
"""The rules of the day. A decision made under other rules is replayed under those or refused."""

_TRUTHS: Final = frozenset({
    "happened", "in_time", "triggered", "covered", "predicate", "effective", "applies", "known",
    "exceeded", "excluded", "lawful",
})
_REFUSALS: Final = frozenset({"excluded", "not_triggered", "not_covered"})


def adjudicate(
    policy_document: JSON, claim_document: JSON, history_document: JSON = None
) -> dict[str, JSON]:
    """The decision (schema dinghai.decision/1) of a claim file under a policy, after what the
    policy's history used up.

    Raises InputError when a document is bad or they do not belong together.
    """
    policy = read_policy(policy_document, file="policy")
    claim, incident = read_claim(claim_document, file="claim")
    history = None
    if history_document is not None:
        history = read_history(history_document, policy, file="history")
    return decide(policy, claim, incident, history)


def decide(
    policy: Policy, claim: Claim, incident: IncidentFacts, history: History | None = None
) -> dict[str, JSON]:
    """The same from documents that were read and checked before."""
    if claim.policy_no != policy.schedule.policy_no:
        raise InputError(
            f"the claim is for policy {claim.policy_no}, not {policy.schedule.policy_no}",
            file="claim", field="policy_no", mend="give the claim its own policy")
    incident = with_series(policy, claim, incident, history)
    settled = settle(policy, claim, incident, history)
    inputs: dict[str, JSON] = {"policy": policy.to_dict(), "claim": claim.to_dict()}
    if history is not None:
        inputs["history"] = history.to_dict()
    decision: dict[str, JSON] = {
        "schema": "dinghai.decision/1",
        "rules": dict(RULES),
        "inputs": inputs,
        "lines": settled.lines,
        "total_fen": sum(line["payable_fen"] for line in settled.lines),
        "erosion": settled.erosion,
    }
    if settled.layers:
        decision["layers"] = settled.layers
        contributed = contributions(settled.layers)
        if contributed:
            decision["contributions_fen"] = contributed
            decision["insurers_fen"] = max(decision["total_fen"] - contributed, 0)
    if settled.reinstatement:
        decision["reinstatement"] = settled.reinstatement
    if settled.interim_above_due_fen:
        decision["interim_above_due_fen"] = settled.interim_above_due_fen
    decision["hash"] = document_hash(decision)
    return decision


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a claim comes to: lines, what each layer and party bears, what is used up."""

    lines: list[dict[str, JSON]]
    layers: list[dict[str, JSON]]
    reinstatement: dict[str, JSON]
    erosion: dict[str, JSON]
    interim_above_due_fen: int
    """What was paid in advance beyond what proved to be due: to be agreed with the insured."""


def settle(
    policy: Policy, claim: Claim, incident: IncidentFacts, history: History | None = None
) -> Settlement:
    """Walk the policy's terms over the incident."""
    _check_names(policy, claim, incident)
    granted = [item for item in incident.items if policy.grants(item.coverage)]
    program = compile_policy(policy, [
        ItemShape(item.coverage, item.insured, item.supplier) for item in granted])
    inside = IncidentFacts(incident.event, tuple(granted))
    cells = {**fact_cells(program, inside),
             **prior_cells(policy, claim, inside, history, program.inputs)}
    run = tracing.run(program, cells)
    order = list(dict.fromkeys((item.coverage, item.insured) for item in incident.items))
    lines = [
        _line(no, coverage, insured, policy, inside, run) if policy.grants(coverage)
        else _line_outside(no, coverage, insured, incident)
        for no, (coverage, insured) in enumerate(order, start=1)
    ]
    if run.output("interim"):
        lines.append(_interim_line(len(lines) + 1, run))
    outputs = {name: run.output(name) for name in program.outputs}
    return Settlement(lines, layer_shares(policy, outputs), aggregate_reinstatement(outputs),
                      erosion(policy, claim, incident, outputs),
                      max(0, claim.prior.interim_paid_fen - outputs["due"]))


def _check_names(policy: Policy, claim: Claim, incident: IncidentFacts) -> None:
    """Names that must be the policy's own. Raises one InputError for all faults."""
    members = {one.id for one in policy.schedule.members}
    faults = [Fault(f"the policy has no member {item.insured!r}", "claim", None,
                    f"items[{index}].insured",
                    "one of: " + (", ".join(sorted(members)) or "none"))
              for index, item in enumerate(incident.items)
              if item.insured and item.insured not in members]
    faults += [Fault(f"the policy does not grant {name}", "claim", None, f"prior.sections.{name}",
                     "name a section of the policy")
               for name in claim.prior.sections if not policy.grants(name.partition("@")[0])]
    shared = {one.id for one in policy.product.shared_limits}
    faults += [Fault(f"the product has no shared limit {name}", "claim", None,
                     f"prior.shared.{name}",
                     "one of: " + (", ".join(sorted(shared)) or "none"))
               for name in claim.prior.shared if name not in shared]
    if faults:
        raise InputError.of(faults)


def _line(
    no: int, coverage: str, insured: str, policy: Policy, incident: IncidentFacts,
    run: tracing.TracedRun,
) -> dict[str, JSON]:
    positions = [index for index, item in enumerate(incident.items)
                 if (item.coverage, item.insured) == (coverage, insured)]
    name = section_name(coverage, insured)
    subjects = ["event", *(f"item[{index}]" for index in positions), name]
    rules = [rule for rule in run.rules_of(name) if rule.name == "trigger"]
    rules += [rule for subject in subjects for rule in run.rules_of(subject)
              if rule.name not in _NOT_OF_A_LINE and _concerns(rule, policy, coverage)]
    shown = [rule for rule in rules if _matters(rule, run)]
    payable = run.output(f"pay.{name}")
    facts = _facts(shown, positions, incident)
    outcome = outcome_of(coverage, policy, rules, run, payable)
    spared = {rule.code for rule in shown if rule.name == "carve_back"
              and run.registers[rule.outputs["applies"]] != Truth.TRUE}
    acted = [rule for rule in shown if _acted(rule, run)
             and not (rule.name == "exclusion" and rule.code in spared)]
    line: dict[str, JSON] = {
        "no": no,
        "coverage": coverage,
        **({"insured": insured} if insured else {}),
        "items": [incident.items[index].no for index in positions],
        "outcome": outcome,
        "payable_fen": payable,
        "clause": _clause(policy, coverage),
        "facts": facts,
        "evidence": sorted({one for fact in facts for one in fact["evidence"]}),
        "law": sorted({law for rule in acted for law in rule.law} | _basic_law(outcome)),
        "flags": flags_of(rules, run, incident),
        "steps": [_step(rule, run, incident) for rule in shown],
    }
    for key in ("in_kind", "defence"):
        if f"{key}.{name}" in run.program.outputs:
            line[f"{key}_fen"] = run.output(f"{key}.{name}")
    if _pays_others(policy, coverage):
        line["payee"] = _payee([incident.items[index] for index in positions])
    return line


_NOT_OF_A_LINE: Final = frozenset({"trigger", "interim", "layer", "reinstatement"})


def _concerns(rule: Rule, policy: Policy, coverage: str) -> bool:
    """An event's exclusion that is confined to other coverages says nothing about this one."""
    if rule.name != "exclusion":
        return True
    exclusion = policy.product.exclusion(rule.code)
    return exclusion is None or touches(exclusion, coverage)


def _pays_others(policy: Policy, coverage: str) -> bool:
    """Whether the section answers for what the insured owes third parties."""
    section = policy.product.section(coverage)
    valued = section.valuation.method if section and section.valuation else None
    return valued == "liability" or coverages()[coverage].coverage_class == "third_party"


def _payee(items: Sequence[LossItem]) -> str:
    """Whom a liability is paid to: the third party, unless the insured paid first (保险法65条)."""
    paid = [item.facts.get("liability.paid_by_insured") for item in items]
    return "insured" if all(one is not None and one.value is True for one in paid) else (
        "third_party")


def _basic_law(outcome: Outcome) -> set[str]:
    """What every determination rests on, and a refusal besides (reasons within three days)."""
    return {"保险法23条", "保险法24条"} if outcome in _REFUSALS else {"保险法23条"}


def _matters(rule: Rule, run: tracing.TracedRun) -> bool:
    """An exclusion that is plainly false is not shown; every other rule is."""
    if rule.name == "carve_back":
        return run.registers[rule.inputs["predicate"]] == Truth.TRUE
    if rule.name != "exclusion":
        return True
    return run.registers[rule.outputs["predicate"]] == Truth.TRUE


def _acted(rule: Rule, run: tracing.TracedRun) -> bool:
    """Whether a rule decided something: changed an amount, excluded, or gave way."""
    if rule.name in {"valuation", "trigger", "tower", "payability", "unexplained"}:
        return True
    if rule.name == "exclusion":
        return run.registers[rule.outputs["applies"]] == Truth.TRUE
    if "before" not in rule.inputs or "after" not in rule.outputs:
        return False
    return run.registers[rule.inputs["before"]] != run.registers[rule.outputs["after"]]


def _step(rule: Rule, run: tracing.TracedRun, incident: IncidentFacts) -> dict[str, JSON]:
    step: dict[str, JSON] = {"rule": rule.name, "subject": subject_of(rule.subject, incident)}
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


def _line_outside(
    no: int, coverage: str, insured: str, incident: IncidentFacts
) -> dict[str, JSON]:
    """A coverage the policy does not grant: amount and reason are shown, nothing is paid."""
    standard = coverages()[coverage]
    outcome: Outcome = "not_covered"
    if standard.mainland == "nominal_only":
        outcome = "nominal_only"
    elif standard.mainland == "prohibited":
        outcome = "prohibited"
    items = [item for item in incident.items
             if (item.coverage, item.insured) == (coverage, insured)]
    facts = [_fact(item.no, known) for item in items for _, known in sorted(item.facts.items())]
    nominal = sum(known.value for item in items for known in item.facts.values()
                  if known.id in {"item.amount", "extortion.paid"} and known.value is not None)
    return {
        "no": no, "coverage": coverage, **({"insured": insured} if insured else {}),
        "items": [item.no for item in items], "outcome": outcome, "payable_fen": 0, "clause": "",
        "facts": facts,
        "evidence": sorted({one for fact in facts for one in fact["evidence"]}),
        "law": sorted(_basic_law(outcome)), "flags": [],
        "steps": [{"rule": "payability", "subject": section_name(coverage, insured),
                   "code": outcome, "inputs": {"nominal": nominal}, "outputs": {"after": 0}}],
    }


def _interim_line(no: int, run: tracing.TracedRun) -> dict[str, JSON]:
    rule = next(rule for rule in run.rules if rule.name == "interim")
    return {
        "no": no, "coverage": "", "items": [], "outcome": "interim_deducted",
        "payable_fen": -run.output("interim"), "clause": "", "facts": [], "evidence": [],
        "law": list(rule.law), "flags": [],
        "steps": [_step(rule, run, IncidentFacts())],
    }
