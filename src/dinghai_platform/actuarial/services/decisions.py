"""Verbs that decide on a version: propose, approve with four eyes, reject, enter into force."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from dinghai.foundation.errors import Fault, InputError, Refusal
from dinghai.foundation.reading import plain
from dinghai.pricing.experience_table import ExperienceTable
from dinghai.pricing.rating import Rating
from dinghai_platform.actuarial.book import book_of, policies_hash
from dinghai_platform.actuarial.in_force import InForce, table_in_force, table_of
from dinghai_platform.actuarial.kinds import EXPERIENCE, RATING
from dinghai_platform.actuarial.models import ImpactRun, TableEvent, TableVersion
from dinghai_platform.actuarial.services.common import given_reason, held, reach, record
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require


@transaction.atomic
def propose_version(version: TableVersion, *, reason: str, actor: Actor) -> TableVersion:
    """Put a draft before another pair of eyes; from now on its document stands.

    Raises InputError without a reason or for a table that breaks its filing (报行合一), Refusal
    for one that changes nothing or is no draft.
    """
    require(actor, "actuarial.propose", version)
    reason = given_reason(reason)
    version = held(version)
    version.state = reach(version, "propose")
    standing = _standing(version)
    if _content(version.document) == _content(plain(standing.table)):
        raise Refusal("this version says the same as the table in force",
                      reasons=["change something, or withdraw it"])
    check_filing_of(version, standing)
    version.proposed_by, version.proposed_at = actor.user, clock.now()
    version.save(update_fields=("state", "proposed_by", "proposed_at"))
    record(version, "propose", actor, reason=reason)
    return version


def _standing(version: TableVersion) -> InForce:
    return table_in_force(version.tenant, version.kind, version.table_id, clock.today())


def _content(document: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in document.items() if key not in ("version", "as_of")}


def check_filing_of(version: TableVersion, standing: InForce) -> None:
    """Raises InputError for a rating that charges or allows what is not filed (报行合一).

    The factor must lie in the bounds filed for every product priced by the table, the table may
    not claim wider ones, and filed figures change only with the number of a new filing.
    """
    if version.kind == EXPERIENCE:
        _check_filed_experience(version, standing.table)
    if version.kind != RATING:
        return
    rating: Rating = table_of(version.kind, version.document, version.document_hash)
    old: Rating = standing.table
    faults = []
    filed_products = ProductVersion.objects.within(version.tenant).filter(
        status="filed", document__rating__table=version.table_id,
        filed_factor_minimum_ppm__isnull=False, filed_factor_maximum_ppm__isnull=False,
    ).defer("document")
    for product in filed_products.order_by("product_id", "version"):
        low, high = product.filed_factor_minimum_ppm, product.filed_factor_maximum_ppm
        if not low <= rating.market.factor_ppm <= high:
            faults.append(Fault(
                "the market factor is outside the bounds filed for a product (报行合一)",
                field="market.factor_ppm",
                mend=f"{product.product_id} {product.version}: {low} – {high} ppm"))
        if rating.filed.factor_minimum_ppm < low or rating.filed.factor_maximum_ppm > high:
            faults.append(Fault(
                "the table claims wider bounds than are filed for a product (报行合一)",
                field="filed.factor_minimum_ppm",
                mend=f"{product.product_id} {product.version}: {low} – {high} ppm"))
    if rating.filed != old.filed and rating.filing == old.filing:
        faults.append(Fault("filed figures change only with a new filing (报行合一)",
                            field="filing", mend="write the number of the new filing"))
    if faults:
        raise InputError.of(faults)


def _check_filed_experience(version: TableVersion, old: ExperienceTable) -> None:
    """What own claims may do to a premium at most is filed, and so is the discount."""
    new: ExperienceTable = table_of(version.kind, version.document, version.document_hash)
    changed = next((name for name in ("bounds", "no_claims")
                    if getattr(new, name) != getattr(old, name)), None)
    if changed is not None and new.filing == old.filing:
        raise InputError("filed figures change only with a new filing (报行合一)",
                         field="filing", mend="write the number of the new filing")


@transaction.atomic
def approve_version(
    version: TableVersion, *, in_force_from: date, reason: str, actor: Actor
) -> TableVersion:
    """Approve what another one proposed; it counts from a day on, today at the earliest.

    Raises InputError without a reason or for a day that has passed, Refusal for whoever drafted,
    changed or proposed it, without an impact run of this very document on today's book, or while
    another approved version waits for its day.
    """
    require(actor, "actuarial.decide", version)
    reason = given_reason(reason)
    if in_force_from < clock.today():
        raise InputError("that day has passed", field="in_force_from", mend="choose a later day")
    # Whoever changes the book or another version waits here until this one is decided.
    audit.hold_chain(version.tenant)
    _enter_due(version.tenant, actor)
    version = audit.locked(version)
    version.state = reach(version, "approve")
    _require_other_eyes(version, actor)
    standing = _standing(version)
    check_filing_of(version, standing)
    _require_alone(version)
    run = required_impact(version, standing)
    version.in_force_from, version.decided_by = in_force_from, actor.user
    version.decided_at, version.decision_reason = clock.now(), reason
    version.save(update_fields=("state", "in_force_from", "decided_by", "decided_at",
                                "decision_reason"))
    record(version, "approve", actor, reason=reason, in_force_from=in_force_from.isoformat(),
           impact=None if run is None else str(run.pk),
           not_repriced=0 if run is None else run.faults)
    if in_force_from == clock.today():
        _enter(version, actor)
    return version


def _require_other_eyes(version: TableVersion, actor: Actor) -> None:
    if actor.user is None:
        raise Refusal("a version is approved by a person")
    hands = {version.drafted_by_id, version.proposed_by_id}
    hands |= set(TableEvent.objects.within(version.tenant)
                 .filter(version=version, event__in=("draft", "edit", "propose"))
                 .values_list("by_id", flat=True))
    if actor.user.pk in hands:
        raise Refusal("whoever drafted, changed or proposed a version does not approve it",
                      reasons=["ask another actuary, the chief underwriter or compliance"])


def _require_alone(version: TableVersion) -> None:
    waiting = TableVersion.objects.within(version.tenant).filter(
        kind=version.kind, table_id=version.table_id, state=TableVersion.State.APPROVED)
    if waiting.exists():
        raise Refusal("another approved version waits for its day",
                      reasons=["withdraw it first, or wait until it is in force"])


def required_impact(version: TableVersion, standing: InForce | None = None) -> ImpactRun | None:
    """The impact run that an approval rests on; None where the book is empty.

    Raises Refusal while there is none of this very document on today's book.
    """
    standing = standing or _standing(version)
    if book_of(version.tenant, version.kind, version.table_id).is_empty:
        return None
    run: ImpactRun | None = ImpactRun.objects.within(version.tenant).filter(
        version=version, state=ImpactRun.State.DONE, document_hash=version.document_hash,
        against_hash=standing.sha256,
        policies_hash=policies_hash(version.tenant, version.kind, version.table_id),
    ).defer("summary", "document").order_by("-id").first()
    if run is None:
        raise Refusal("there is no impact run of this very document on today's book",
                      reasons=["run the impact on the book first"])
    return run


@transaction.atomic
def reject_version(version: TableVersion, *, reason: str, actor: Actor) -> TableVersion:
    """Say no to a proposal. Raises InputError without a reason, Refusal for the proposer's own."""
    require(actor, "actuarial.decide", version)
    reason = given_reason(reason)
    version = held(version)
    version.state = reach(version, "reject")
    if actor.user is None or actor.user.pk == version.proposed_by_id:
        raise Refusal("whoever proposed a version withdraws it instead",
                      reasons=["withdraw it"])
    version.decided_by, version.decided_at = actor.user, clock.now()
    version.decision_reason = reason
    version.save(update_fields=("state", "decided_by", "decided_at", "decision_reason"))
    record(version, "reject", actor, reason=reason)
    return version


@transaction.atomic
def enter_into_force(*, actor: Actor) -> int:
    """Let every approved version whose day has come enter into force; how many there were.

    Prices need not wait for it: they ask for the day.
    """
    require(actor, "actuarial.enter_into_force")
    audit.hold_chain(actor.own_tenant())
    return _enter_due(actor.own_tenant(), actor)


def _enter_due(tenant: Organisation, actor: Actor) -> int:
    due = TableVersion.objects.within(tenant).filter(
        state=TableVersion.State.APPROVED, in_force_from__lte=clock.today())
    rows = list(due.order_by("in_force_from", "id"))
    for row in rows:
        _enter(audit.locked(row), actor)
    return len(rows)


def _enter(version: TableVersion, actor: Actor) -> None:
    former = TableVersion.objects.within(version.tenant).filter(
        kind=version.kind, table_id=version.table_id, state=TableVersion.State.IN_FORCE)
    for row in former.order_by("id"):
        row = audit.locked(row)
        row.state = reach(row, "supersede")
        row.save(update_fields=("state",))
        record(row, "supersede", actor, by_version=version.label)
    version.state = reach(version, "enter")
    version.save(update_fields=("state",))
    record(version, "enter", actor)
