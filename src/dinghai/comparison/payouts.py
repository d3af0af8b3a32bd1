"""What each product pays in each scenario, by the code that decides claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dinghai.claims.adjudication import settle
from dinghai.comparison.documents import Payout, PayoutLine, PayoutStep, Uncovered
from dinghai.comparison.placing import PlacedItem, claim_of, place
from dinghai.comparison.scenarios import Occurrence
from dinghai.foundation.canonical import JSON
from dinghai.vocabulary.coverages import coverages
from dinghai.wording.policy import Policy


def payout(occurrence: Occurrence, policy: Policy) -> Payout:
    """The decision of the scenario's claim under a policy, and what no section takes."""
    placed = place(occurrence, policy)
    uncovered = tuple(_uncovered(one) for one in placed if not one.coverage)
    inside = [one for one in placed if one.coverage]
    lines: tuple[PayoutLine, ...] = ()
    if inside:
        claim, incident = claim_of(occurrence, placed, policy)
        settled = settle(policy, claim, incident)
        lines = tuple(_line(one, inside) for one in settled.lines)
    paid = sum(one.payable_fen for one in lines)
    return Payout(
        product=policy.product.product_id,
        version=policy.product.version,
        payable_fen=paid,
        in_kind_fen=sum(one.in_kind_fen for one in lines),
        kept_fen=max(occurrence.loss_fen - paid, 0),
        uncovered_fen=sum(one.amount_fen for one in uncovered),
        lines=lines,
        uncovered=uncovered)


def _uncovered(placed: PlacedItem) -> Uncovered:
    """A loss that no section takes; where the law forbids to pay it, that is the reason."""
    item = placed.item
    standings = {coverages()[code].mainland for code in item.kind.coverages}
    unlawful = standings <= {"nominal_only", "prohibited"}
    return Uncovered(kind=item.kind.id, name_zh=item.name_zh, name_en=item.name_en,
                     amount_fen=item.amount_fen, coverages=item.kind.coverages,
                     reason="not_insurable_on_the_mainland" if unlawful else "no_section_takes_it")


def _line(line: Mapping[str, JSON], inside: Sequence[PlacedItem]) -> PayoutLine:
    items = [inside[number - 1].item for number in line["items"]]
    return PayoutLine(
        coverage=line["coverage"],
        clause=line["clause"],
        kinds=tuple(item.kind.id for item in items),
        loss_fen=sum(item.amount_fen for item in items),
        payable_fen=line["payable_fen"],
        in_kind_fen=line.get("in_kind_fen", 0),
        outcome=line["outcome"],
        steps=tuple(_steps(line["steps"])),
        asked=tuple(sorted({name for flag in line["flags"] if flag["kind"] == "evidence_needed"
                            and flag["burden"] == "insured" for name in flag["facts"]})))


def _steps(steps: Sequence[Mapping[str, JSON]]) -> list[PayoutStep]:
    """Value, then whatever changed the amount: enough to see why, not the whole trace."""
    return [PayoutStep(rule=step["rule"], code=step.get("code", ""), clause=step.get("clause", ""),
                       before_fen=step["inputs"].get("before"),
                       after_fen=step["outputs"].get("after", step["outputs"].get("amount")))
            for step in steps if _tells(step)]


def _tells(step: Mapping[str, JSON]) -> bool:
    outputs = step["outputs"]
    match step["rule"]:
        case "valuation" | "payability":
            return True
        case "trigger":
            return bool(outputs["triggered"] != "true")
        case "exclusion":
            return bool(outputs.get("applies") == "true")
    return "after" in outputs and step["inputs"].get("before") != outputs["after"]
