"""A policy: a resolved product bound by a schedule. It carries its whole wording.

Explanation records (保险法17条) belong to the policy: an exclusion, deductible or ratio that was
not highlighted and explained does not apply, and the compiled terms see to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from dinghai.foundation.calendar import policy_days, start_of
from dinghai.foundation.canonical import JSON, document_hash
from dinghai.foundation.clock import SHANGHAI
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import apply_ppm
from dinghai.foundation.reading import plain, typed
from dinghai.wording.layers import Layer
from dinghai.wording.schema import Product
from dinghai.wording.sections import Section
from dinghai.wording.validity import POLICY_TERMS, validity_faults
from dinghai.wording.words import Amount, Cell, Duty, Ratio, Struct


class Party(Struct, frozen=True):
    """A person under the contract."""

    name_zh: str
    name_en: str = ""
    credit_code: str = ""
    id: str = ""
    """What loss items name a member of a programme by."""


class ExplanationRecord(Struct, frozen=True):
    """Proof that one term was highlighted and explained to the applicant."""

    highlighted: bool
    explained_at: datetime | None = None
    channel: str = ""
    confirmed_by: str = ""
    evidence: str = ""


class ScheduledSection(Struct, frozen=True):
    """The amounts of one section in this policy."""

    coverage: str
    sublimit_fen: Amount


class Schedule(Struct, frozen=True):
    """What is agreed for one policy beyond the product."""

    policy_no: str
    applicant: Party
    insured: Party
    insurer: Party
    inception: date
    expiry: date
    """Last day of cover: it ends at 24:00."""
    aggregate_limit_fen: Amount
    each_event_limit_fen: Amount
    event_deductible_fen: Amount
    sections: tuple[ScheduledSection, ...]
    layers: tuple[Layer, ...] = ()
    """The tower in fen, with its participants; the ids are those of the product's layers."""
    event_deductible_ppm: Ratio = 0
    """A share of what comes to the event deductible; the higher of it and the amount is taken."""
    retention_minimum_fen: Amount = 0
    retention_maximum_fen: Amount | None = None
    """Bounds of all retentions and deductibles of one event together."""
    parameters: dict[str, Cell] = {}
    """Agreed numbers that clauses refer to, where they differ from the product's defaults."""
    concluded_at: datetime | None = None
    """When the contract was made; left out, by the end of its first day."""
    retroactive_date: date | None = None
    continuity_date: date | None = None
    providers: tuple[str, ...] = ()
    outsourcers: tuple[str, ...] = ()
    suppliers: tuple[str, ...] = ()
    members: tuple[Party, ...] = ()
    """Other insureds of a programme."""
    gross_premium_fen: Amount | None = None
    explanations: dict[str, ExplanationRecord] = {}

    @property
    def concluded(self) -> datetime:
        """By when terms had to be explained (保险法17条: when the contract is made)."""
        if self.concluded_at is not None:
            return _moment(self.concluded_at)
        return start_of(self.inception) + timedelta(days=1)


class Policy(Struct, frozen=True):
    """The contract as data (schema dinghai.policy/1)."""

    schema: Literal["dinghai.policy/1"]
    schedule: Schedule
    product: Product

    @property
    def days(self) -> int:
        """Days of cover."""
        return policy_days(self.schedule.inception, self.schedule.expiry)

    def sublimit(self, coverage: str) -> int:
        """A section's limit in fen. Raises KeyError when the policy does not grant it."""
        for section in self.schedule.sections:
            if section.coverage == coverage:
                return section.sublimit_fen
        raise KeyError(coverage)

    def grants(self, coverage: str) -> bool:
        """Whether the policy has this section or tower."""
        return (any(one.coverage == coverage for one in self.schedule.sections)
                or self.product.tower(coverage) is not None)

    def term(self, key: str) -> int | None:
        """The int64 cell of a policy term that predicates refer to; None when it has none.

        Raises InputError for a key that no policy has.
        """
        schedule = self.schedule
        days: dict[str, date | None] = {
            "inception_at": schedule.inception,
            "retroactive_date": schedule.retroactive_date or (
                schedule.inception if self.product.basis.retroactive == "inception" else None),
            "continuity_date": schedule.continuity_date or schedule.inception,
        }
        if key in days:
            day = days[key]
            return None if day is None else int(start_of(day).timestamp())
        if key == "notice_hours":
            return self.product.claims_process.notice_hours
        if key in self.product.parameters:
            return self.parameter(key)
        raise InputError(f"a policy has no term {key!r}", field=key,
                         mend="one of: " + ", ".join((*POLICY_TERMS, *self.product.parameters)))

    def parameter(self, key: str) -> int | None:
        """An agreed number: the schedule's, else the product's default; None when there is none."""
        return self.schedule.parameters.get(key, self.product.parameters.get(key))

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return plain(self)

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON."""
        return document_hash(self.to_dict())


def bind(
    product: Product,
    schedule: Schedule | Mapping[str, JSON],
) -> Policy:
    """Make the contract. The product must be resolved; the schedule inside its bounds.

    Raises one InputError for all faults.
    """
    if not isinstance(schedule, Schedule):
        schedule = typed(schedule, Schedule)
    faults = list(_schedule_faults(product, schedule))
    if faults:
        raise InputError.of(faults)
    return Policy(schema="dinghai.policy/1", schedule=schedule, product=product)


def _schedule_faults(product: Product, schedule: Schedule) -> list[Fault]:
    faults: list[Fault] = []

    def fault(field: str, message: str, mend: str) -> None:
        faults.append(Fault(message, field=f"schedule.{field}", mend=mend))

    if not product.vocabulary:
        fault("product", "the product is not resolved", "resolve it with the vocabulary first")
    if schedule.expiry < schedule.inception:
        fault("expiry", "cover ends before it begins", "give a later last day")
    if product.basis.retroactive == "date" and schedule.retroactive_date is None and any(
            one.trigger_basis == "claims_made" for one in product.sections):
        fault("retroactive_date", "the product covers back to a date that nobody agreed",
              "give schedule.retroactive_date")
    limits = product.limits
    if not limits.aggregate_minimum_fen <= schedule.aggregate_limit_fen <= (
            limits.aggregate_maximum_fen):
        fault("aggregate_limit_fen", "the aggregate limit is outside the product's bounds",
              f"{limits.aggregate_minimum_fen} to {limits.aggregate_maximum_fen} fen")
    if not limits.deductible_minimum_fen <= schedule.event_deductible_fen <= (
            limits.deductible_maximum_fen):
        fault("event_deductible_fen", "the event deductible is outside the product's bounds",
              f"{limits.deductible_minimum_fen} to {limits.deductible_maximum_fen} fen")
    if not 0 < schedule.each_event_limit_fen <= schedule.aggregate_limit_fen:
        fault("each_event_limit_fen", "the each-event limit is above the aggregate limit",
              "give at most the aggregate limit")
    granted = {one.coverage for one in schedule.sections}
    if len(granted) != len(schedule.sections):
        fault("sections", "a coverage is scheduled twice", "list each coverage once")
    for one in schedule.sections:
        if product.section(one.coverage) is None:
            fault("sections", f"the product has no section {one.coverage}", "drop it")
        section = product.section(one.coverage)
        inside = section is None or section.erodes_aggregate
        if one.sublimit_fen <= 0 or (inside and one.sublimit_fen > schedule.aggregate_limit_fen):
            fault("sections", f"the sublimit of {one.coverage} is not within the aggregate limit",
                  "give at most the aggregate limit")
    for section in product.sections:
        if section.mandatory and section.coverage not in granted:
            fault("sections", f"the mandatory section {section.coverage} is missing", "add it")
    for key in schedule.parameters:
        if key not in product.parameters:
            fault(f"parameters.{key}", "the product has no such parameter",
                  "one of: " + (", ".join(product.parameters) or "none"))
    ids = [one.id for one in schedule.members]
    if "" in ids or len(set(ids)) != len(ids):
        fault("members", "every member of a programme needs an id of its own", "give each one")
    if schedule.retention_maximum_fen is not None and (
            schedule.retention_maximum_fen < schedule.retention_minimum_fen):
        fault("retention_maximum_fen", "it is below the minimum", "give at least the minimum")
    faults += _layer_faults(product, schedule)
    return faults


def _layer_faults(product: Product, schedule: Schedule) -> list[Fault]:
    """The tower is the product's, in order, without overlap, and nobody bears more than it all."""
    faults: list[Fault] = []

    def fault(message: str, mend: str) -> None:
        faults.append(Fault(message, field="schedule.layers", mend=mend))

    if [one.id for one in schedule.layers] != [one.id for one in product.layers]:
        fault("the layers are not those of the product", "schedule each layer once, in order")
    reached = 0
    for layer in schedule.layers:
        if layer.limit_fen <= 0:
            fault(f"layer {layer.id} has no limit", "give limit_fen")
        if layer.attachment_fen < reached:
            fault(f"layer {layer.id} attaches below the top of the one beneath",
                  f"attach at {reached} fen or above")
        reached = layer.attachment_fen + layer.limit_fen
        if sum(one.share_ppm for one in layer.participants) > 1_000_000:
            fault(f"the shares of layer {layer.id} are more than the whole",
                  "let them sum to 1000000 or less")
        names = [one.party for one in layer.participants]
        if len(set(names)) != len(names):
            fault(f"a party stands twice in layer {layer.id}", "give it one share")
    return faults


def scheduled_layers(product: Product, aggregate_limit_fen: Amount) -> tuple[Layer, ...]:
    """The product's layers in fen, for an aggregate limit."""
    return tuple(
        msgspec.structs.replace(
            one,
            attachment_fen=one.attachment_fen or apply_ppm(aggregate_limit_fen,
                                                           one.attachment_ppm),
            limit_fen=one.limit_fen or apply_ppm(aggregate_limit_fen, one.limit_ppm))
        for one in product.layers)


def scheduled_sections(
    product: Product, aggregate_limit_fen: Amount, *, without: frozenset[str] = frozenset(),
    service_fee_fen: Amount | None = None,
) -> tuple[ScheduledSection, ...]:
    """The product's sections with their default amounts for an aggregate limit.

    ``service_fee_fen`` is the annual service fee that some sublimits are a multiple of; without it
    the product's own default stands.
    """
    fee = service_fee_fen
    if fee is None:
        fee = product.parameters.get("annual_service_fee", 0)
    return tuple(
        ScheduledSection(coverage=one.coverage,
                         sublimit_fen=_sublimit(one, aggregate_limit_fen, fee))
        for one in product.sections
        if one.mandatory or one.coverage not in without
    )


def _sublimit(section: Section, aggregate: int, fee: int) -> int:
    own = section.sublimit
    if own.multiple_of_fee is not None:
        amount = own.multiple_of_fee * fee
    elif own.amount_fen is not None:
        amount = own.amount_fen
    else:
        ppm = own.ppm_of_aggregate
        return apply_ppm(aggregate, 1_000_000 if ppm is None else ppm)
    return min(amount, aggregate) if section.erodes_aggregate else amount


def explained(policy: Policy, key: str, duty: Duty | None) -> bool:
    """Whether a term's duty of highlighting and explanation is proved: at the latest when the
    contract was made (保险法17条), since what is explained after a loss binds nobody."""
    if duty == "none":
        return True
    record = policy.schedule.explanations.get(key)
    if record is None or not record.highlighted:
        return False
    if duty == "highlight":
        return True
    return record.explained_at is not None and (
        _moment(record.explained_at) <= policy.schedule.concluded)


def _moment(value: datetime) -> datetime:
    """A moment without a zone is Shanghai's."""
    return value if value.tzinfo else value.replace(tzinfo=SHANGHAI)


def with_explanations(
    policy: Policy, keys: tuple[str, ...], record: ExplanationRecord
) -> Policy:
    """The same policy with some terms recorded as explained."""
    merged = {**policy.schedule.explanations, **dict.fromkeys(keys, record)}
    return msgspec.structs.replace(
        policy, schedule=msgspec.structs.replace(policy.schedule, explanations=merged))


def read_policy(raw: JSON, *, file: str | None = None) -> Policy:
    """A policy from plain JSON. Raises InputError; product and schedule are checked again."""
    policy = typed(raw, Policy, file=file)
    faults = [*validity_faults(policy.product),
              *_schedule_faults(policy.product, policy.schedule)]
    if faults:
        raise InputError.of(Fault(one.message, file, None, one.field, one.mend) for one in faults)
    return policy
