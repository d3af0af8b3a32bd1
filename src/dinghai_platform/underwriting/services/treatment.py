"""Planning treatment: fixes with their worth, and the ones the insured undertakes."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from dinghai.foundation.errors import InputError
from dinghai.pricing.treatment import treatment_plan
from dinghai.vocabulary.indicators import indicators
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.keys import new_key
from dinghai_platform.core.permissions import require
from dinghai_platform.underwriting.engine import pricer_of
from dinghai_platform.underwriting.models import Assessment, Fix, TreatmentPlan
from dinghai_platform.underwriting.services.history import case_history
from dinghai_platform.underwriting.services.quotes import check_on_sale, first_day


def fix_code(indicator: str, level: str) -> str:
    """How a fix is named: ``HRD-01:full``."""
    return f"{indicator}:{level}"


@transaction.atomic
def plan_treatment(
    assessment: Assessment,
    product: ProductVersion,
    *,
    actor: Actor,
    inception: date | None = None,
) -> TreatmentPlan:
    """Every fix of an assessment with its worth under a product and the case's claims history;
    made once for the three."""
    require(actor, "underwriting.plan", assessment)
    check_on_sale(product, assessment)
    history = case_history(assessment.case)
    named = "" if history is None else history.sha256
    same = TreatmentPlan.objects.within(assessment.tenant).filter(
        assessment=assessment, product=product, history_hash=named)
    before = same.first()
    if before is not None:
        return before
    pricer = pricer_of(assessment, product)
    planned = treatment_plan(
        pricer, pricer.schedule(inception=inception or first_day()), history
    )
    audit.hold_chain(assessment.tenant)  # two that plan at once: the second finds the first's
    before = same.first()
    if before is not None:
        return before
    plan = TreatmentPlan.objects.create(
        tenant=assessment.tenant,
        insured=assessment.insured,
        case=assessment.case,
        assessment=assessment,
        product=product,
        document=planned.to_dict(),
        expected_loss_fen=planned.expected_loss_fen,
        charged_fen=planned.charged_net_fen,
        history=None if history is None else history.to_dict(),
        history_hash=named,
    )
    known = indicators()
    Fix.objects.bulk_create(
        Fix(
            id=new_key(),
            tenant=plan.tenant,
            insured=plan.insured,
            plan=plan,
            position=position,
            code=fix_code(fix.indicator, fix.level),
            name_zh=known[fix.indicator].name_zh,
            name_en=known[fix.indicator].name_en,
            effort=fix.effort,
            expected_loss_saved_fen=fix.expected_loss_reduction_fen,
            premium_saved_fen=fix.charged_reduction_fen,
            document=fix.to_dict(),
        )
        for position, fix in enumerate(planned.fixes, start=1)
    )
    audit.append(
        actor, "underwriting.treatment_planned", plan,
        {"assessment": assessment.document_hash, "fixes": len(planned.fixes),
         "history": named or None},
    )
    return plan


@transaction.atomic
def commit_fix(fix: Fix, *, due: date, actor: Actor) -> Fix:
    """The insured undertakes a fix by a day. Raises InputError for a day that has passed."""
    require(actor, "underwriting.commit_fix", fix)
    if due < clock.today():
        raise InputError("that day has passed", field="due", mend="choose a later day")
    fix = audit.locked(fix)
    if fix.state == Fix.State.VERIFIED:
        return fix
    fix.state, fix.due = Fix.State.PLANNED, due
    fix.save(update_fields=("state", "due"))
    audit.append(
        actor, "underwriting.fix_committed", fix, {"code": fix.code, "due": due.isoformat()}
    )
    return fix
