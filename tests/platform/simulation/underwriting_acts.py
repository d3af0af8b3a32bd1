"""From a case to a policy in force: what may be tried at each state of the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.claims.services import report_incident
from dinghai_platform.core.models import Organisation
from dinghai_platform.underwriting.models import (
    Assessment,
    Case,
    Dispute,
    Dossier,
    Finding,
    Fix,
    Policy,
    Quote,
    TreatmentPlan,
)
from dinghai_platform.underwriting.services.assessments import assess_dossier
from dinghai_platform.underwriting.services.cases import open_case
from dinghai_platform.underwriting.services.contracts import bind_policy, pay_premium
from dinghai_platform.underwriting.services.disputes import decide_dispute, dispute_finding
from dinghai_platform.underwriting.services.dossiers import import_dossier
from dinghai_platform.underwriting.services.explanations import (
    record_explanations,
    terms_of,
    unexplained,
    waive_explanations,
)
from dinghai_platform.underwriting.services.quotes import (
    BINDABLE,
    NEVER,
    accept_quote,
    approve_quote,
    expire_quotes,
    first_day,
    issue_quote,
    price_quote,
    refer_quote,
    reject_quote,
)
from dinghai_platform.underwriting.services.treatment import commit_fix, plan_treatment
from tests.platform.simulation.attempts import Attempt, may, must, never, same
from tests.platform.simulation.material import dossier_archive

if TYPE_CHECKING:
    from tests.platform.simulation.world import Simulation


def attempts(sim: Simulation) -> Iterator[Attempt]:
    """Everything underwriting allows (or must refuse) now."""
    for home in sim.cast.insured:
        case = Case.objects.within(sim.tenant).filter(insured=home).order_by("-id").first()
        if case is None:
            yield must("open_case", lambda home=home: open_case(
                home, title=f"{home.name_zh} 2026", actor=sim.staff("underwriter")))
            continue
        yield from _evidence(sim, home, case)
        yield from _offers(sim, home, case)
    for policy in Policy.objects.within(sim.tenant).filter(state="premium_due"):
        yield from _premium(sim, policy)
    for policy in Policy.objects.within(sim.tenant).filter(state="in_force"):
        yield never("pay_premium twice", lambda policy=policy: pay_premium(
            policy, reference="again", actor=sim.staff("underwriter")), (Refusal,))
        yield same("bind again", lambda policy=policy: bind_policy(
            policy.quote, actor=sim.staff("underwriter")))
    yield from _expiry(sim)


def _evidence(sim: Simulation, home: Organisation, case: Case) -> Iterator[Attempt]:
    underwriter = sim.staff("underwriter")
    dossiers = Dossier.objects.within(sim.tenant).filter(case=case)
    sealed = dossiers.filter(state="sealed").order_by("-version").first()
    if not dossiers.filter(state="reading").exists() and sealed is None:
        broken = sim.random.random() < 0.2
        seed = sim.random.random()
        uploader = sim.random.choice((underwriter, sim.person("insured_admin", home)))
        yield must("import_dossier" + (" broken" if broken else ""), lambda: import_dossier(
            case, dossier_archive(Random(seed), broken=broken), name="dossier.zip",
            actor=uploader), weight=3)
        yield never("import no zip", lambda: import_dossier(
            case, b"not a zip", name="a.zip", actor=underwriter), (InputError,))
    reading = dossiers.filter(state="reading").first()
    if reading is not None:
        yield never("assess before the seal", lambda: assess_dossier(reading, actor=underwriter),
                    (Refusal,))
    if sealed is None:
        return
    if not Policy.objects.within(sim.tenant).filter(case=case).exists():
        yield must("assess_dossier", lambda: assess_dossier(sealed, actor=underwriter), weight=2)
    yield from _disputes(sim, home, sealed)


def _disputes(sim: Simulation, home: Organisation, dossier: Dossier) -> Iterator[Attempt]:
    finding = Finding.objects.within(sim.tenant).filter(dossier=dossier, state="open").first()
    if finding is not None and sim.random.random() < 0.3:
        yield must("dispute_finding", lambda: dispute_finding(
            finding, reason="不存在", actor=sim.person("insured_security", home)))
    dispute = Dispute.objects.within(sim.tenant).filter(
        finding__dossier=dossier, accepted=None).first()
    if dispute is not None:
        accepted = sim.random.random() < 0.5
        yield must("decide_dispute", lambda: decide_dispute(
            dispute, accepted=accepted, decision="复核", actor=sim.staff("underwriter")))


def _offers(sim: Simulation, home: Organisation, case: Case) -> Iterator[Attempt]:
    assessment = Assessment.objects.within(sim.tenant).filter(case=case).order_by("-id").first()
    if assessment is None:
        return
    yield from _treatment(sim, home, assessment)
    if Policy.objects.within(sim.tenant).filter(case=case).exists():
        return
    quote = Quote.objects.within(sim.tenant).filter(case=case).order_by("-id").first()
    underwriter = sim.staff("underwriter")
    if quote is None or quote.state in ("expired", "rejected") or (
            quote.state == "priced" and quote.document["outcome"] in NEVER):
        limit = sim.random.choice((None, None, 500_000_000, 1_000_000_000))
        day = sim.random.choice((first_day(), sim.today + timedelta(days=3)))
        yield may("price_quote", lambda: price_quote(
            assessment, sim.product, actor=underwriter, inception=day, limit_fen=limit),
            weight=3)
        yield never("price for a day that passed", lambda: price_quote(
            assessment, sim.product, actor=underwriter,
            inception=sim.today - timedelta(days=1)), (InputError,))
    if quote is not None:
        yield from _answers(sim, home, quote)


def _answers(sim: Simulation, home: Organisation, quote: Quote) -> Iterator[Attempt]:
    underwriter, chief = sim.staff("underwriter"), sim.staff("chief_underwriter")
    admin = sim.person("insured_admin", home)
    outcome = quote.document["outcome"]
    if quote.state == "priced" and outcome not in NEVER:
        yield must("refer_quote", lambda: refer_quote(quote, reason="复核", actor=underwriter))
        if outcome in BINDABLE:
            yield must("approve_quote", lambda: approve_quote(quote, actor=underwriter), weight=3)
        else:
            yield never("approve above authority", lambda: approve_quote(
                quote, actor=underwriter), (Refusal,))
        yield never("issue unapproved", lambda: issue_quote(quote, actor=underwriter), (Refusal,))
    elif quote.state == "referred":
        yield must("approve referred", lambda: approve_quote(quote, actor=chief), weight=2)
        yield never("underwriter approves referred", lambda: approve_quote(
            quote, actor=underwriter))
    elif quote.state == "approved":
        yield must("issue_quote", lambda: issue_quote(quote, actor=underwriter), weight=2)
        yield never("bind unaccepted", lambda: bind_policy(quote, actor=underwriter), (Refusal,))
    elif quote.state == "issued":
        yield from _explaining(sim, home, quote)
        yield must("reject_quote", lambda: reject_quote(quote, reason="太贵", actor=admin)
                   ) if sim.random.random() < 0.1 else never(
                       "insurer accepts its own offer",
                       lambda: accept_quote(quote, actor=underwriter))
    elif quote.state == "accepted":
        if sim.today <= quote.inception:
            yield must("bind_policy", lambda: bind_policy(quote, actor=underwriter), weight=4)
        else:
            yield never("bind after the first day", lambda: bind_policy(
                quote, actor=underwriter), (Refusal,))
        yield never("accept twice", lambda: accept_quote(quote, actor=admin), (Refusal,))


def _explaining(sim: Simulation, home: Organisation, quote: Quote) -> Iterator[Attempt]:
    admin = sim.person("insured_admin", home)
    open_keys = list(unexplained(quote))
    late = quote.valid_until is not None and sim.today > quote.valid_until
    if late:
        yield never("accept late", lambda: accept_quote(quote, actor=admin), (Refusal,))
        return
    if not open_keys:
        yield must("accept_quote", lambda: accept_quote(quote, actor=admin), weight=5)
        done = [term.key for term in terms_of(quote)][:3]
        yield same("explain again", lambda: record_explanations(quote, done, actor=admin))
        return
    yield never("accept unexplained", lambda: accept_quote(quote, actor=admin), (Refusal,))
    some = [key for key in open_keys if sim.random.random() < 0.9] or open_keys
    yield must("record_explanations", lambda: record_explanations(quote, some, actor=admin),
               weight=4)
    yield must("waive_explanations", lambda: waive_explanations(
        quote, open_keys[:2], reason="未说明", actor=sim.staff("chief_underwriter")))
    yield never("insurer confirms online", lambda: record_explanations(
        quote, some, actor=sim.staff("underwriter")), (InputError,))


def _treatment(sim: Simulation, home: Organisation, assessment: Assessment) -> Iterator[Attempt]:
    plan = TreatmentPlan.objects.within(sim.tenant).filter(assessment=assessment).first()
    if plan is None:
        if sim.random.random() < 0.15:
            yield must("plan_treatment", lambda: plan_treatment(
                assessment, sim.product, actor=sim.staff("underwriter")))
        return
    yield same("plan again", lambda: plan_treatment(
        assessment, sim.product, actor=sim.staff("underwriter")))
    fix = Fix.objects.within(sim.tenant).filter(plan=plan, state="proposed").first()
    if fix is not None:
        yield must("commit_fix", lambda: commit_fix(
            fix, due=sim.today + timedelta(days=30), actor=sim.person("insured_security", home)))
        yield never("commit a fix for yesterday", lambda: commit_fix(
            fix, due=sim.today - timedelta(days=1),
            actor=sim.person("insured_admin", home)), (InputError,))


def _premium(sim: Simulation, policy: Policy) -> Iterator[Attempt]:
    underwriter = sim.staff("underwriter")
    reference = f"B-{policy.policy_no}"

    def pay() -> Policy:
        return pay_premium(policy, reference=reference, actor=underwriter)

    def paid(row: Policy) -> None:
        sim.money["cash"] += row.gross_premium_fen

    if sim.today <= policy.inception:
        yield must("pay_premium", pay, weight=5, then=paid)
    else:
        yield never("pay_premium late", pay, (Refusal,))
    yield never("insured confirms its own payment", lambda: pay_premium(
        policy, reference=reference, actor=sim.person("insured_finance", policy.insured)))
    yield never("pay_premium without reference", lambda: pay_premium(
        policy, reference=" ", actor=underwriter), (InputError,))
    yield never("report an incident before the premium", lambda: report_incident(
        policy, title="x", discovered_at=sim.now - timedelta(hours=1),
        actor=sim.person("insured_admin", policy.insured)), (Refusal,))


def _expiry(sim: Simulation) -> Iterator[Attempt]:
    late = Quote.objects.within(sim.tenant).filter(state="issued", valid_until__lt=sim.today)
    if late.exists():
        yield must("expire_quotes", lambda: expire_quotes(actor=sim.cast.system), weight=2)
    elif sim.random.random() < 0.1:
        yield same("expire nothing", lambda: expire_quotes(actor=sim.cast.system))
