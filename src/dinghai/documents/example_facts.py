"""The example facts of coverages and exclusions, and how they become a claim."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from functools import cache
from typing import Any

import msgspec

from dinghai.claims.claim_file import Claim, ClaimedItem
from dinghai.documents.solving import ABSENT, Facts, usual_value
from dinghai.foundation.canonical import JSON
from dinghai.foundation.clock import SHANGHAI
from dinghai.vocabulary.facts import fact
from dinghai.vocabulary.tables import by_id, read_toml_table
from dinghai.wording.policy import Policy
from dinghai.wording.sections import Section

_INCIDENT_DAY, _CLAIM_DAY, _REPORT_DAY = 100, 130, 131


class CoverageExample(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A small covered loss: what happened and one item."""

    id: str
    story_zh: str
    story_en: str
    facts: dict[str, Any]
    item: dict[str, Any]
    supplier: str = ""


class ExclusionExample(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must be found beside a covered loss; ``coverages`` say where it shows best."""

    id: str
    coverages: tuple[str, ...]
    facts: dict[str, Any] = {}
    item: dict[str, Any] = {}


class _Coverages(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    coverages: tuple[CoverageExample, ...]
    valuations: dict[str, dict[str, Any]]


class _Exclusions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    exclusions: tuple[ExclusionExample, ...]


@cache
def _coverages() -> _Coverages:
    return read_toml_table("coverages", _Coverages, room="examples")


@cache
def coverage_examples() -> Mapping[str, CoverageExample]:
    """The examples of the coverages by code."""
    return by_id(_coverages().coverages, "examples of coverages")


def valuation_examples() -> Mapping[str, dict[str, Any]]:
    """Facts by valuation method, for sections valued otherwise than their coverage usually is."""
    return _coverages().valuations


@cache
def exclusion_examples() -> Mapping[str, ExclusionExample]:
    """The examples of the standard exclusions by code."""
    return by_id(read_toml_table("exclusions", _Exclusions, room="examples").exclusions,
                 "examples of exclusions")


def event_facts(section: Section | None, example: CoverageExample, policy: Policy) -> Facts:
    """What happened, with its moments; the section's own trigger where it words one."""
    triggers = () if section is None else section.triggers or ()
    facts = dict(example.facts)
    if triggers and not any(facts.get(one) is True for one in triggers):
        facts[triggers[0]] = True
    moments = {"incident.first_occurrence_at": _INCIDENT_DAY,
               "incident.discovered_at": _INCIDENT_DAY, "claim.made_at": _CLAIM_DAY}
    return plain_facts({**moments, **facts}, policy)


def item_facts(section: Section | None, example: CoverageExample, policy: Policy) -> Facts:
    """The loss item, with what the section's own valuation and its questions need."""
    facts = dict(example.item)
    if section is not None and section.valuation is not None:
        facts = {**valuation_examples()[section.valuation.method], **facts}
        for name in section.asks:
            if fact(name).scope == "item":
                facts.setdefault(name, usual_value(fact(name)))
    return plain_facts(facts, policy)


def plain_facts(facts: Mapping[str, Any], policy: Policy) -> Facts:
    """Values as a claim file has them: days become moments, short forms are written out."""
    return {name: _value(name, value, policy) for name, value in facts.items()}


def _value(name: str, value: JSON, policy: Policy) -> JSON:
    if value == "absent" and "absent" not in fact(name).values:
        return ABSENT
    if fact(name).type == "moment" and isinstance(value, int):
        day = policy.schedule.inception + timedelta(days=value)
        return datetime.combine(day, time(10), tzinfo=SHANGHAI).isoformat()
    if isinstance(value, dict) and "each" in value:
        return [value["each"]] * value["hours"]
    return value


def scaled(facts: Facts, top: int, bottom: int = 1) -> Facts:
    """The facts with amounts (and endpoints, whose amount is agreed) multiplied by a ratio."""
    return {name: _scaled(name, value, top, bottom) for name, value in facts.items()}


def _scaled(name: str, value: JSON, top: int, bottom: int) -> JSON:
    kind = fact(name).type
    if (kind == "money" or name == "endpoint.count") and isinstance(value, int):
        return max(value * top // bottom, min(value, 1))
    if kind == "series" and isinstance(value, list):
        return [int(one) * top // bottom for one in value]
    return value


def claim_of(policy: Policy, coverage: str, event: Facts, item: Facts, supplier: str = ""
             ) -> Claim:
    """A claim file of one item."""
    reported = datetime.combine(policy.schedule.inception + timedelta(days=_REPORT_DAY), time(10),
                                tzinfo=SHANGHAI)
    return Claim(
        schema="dinghai.claim/1", claim_no="EXAMPLE", policy_no=policy.schedule.policy_no,
        reported_at=reported, facts=event,
        items=(ClaimedItem(no=1, coverage=coverage, supplier=supplier, facts=item),))
