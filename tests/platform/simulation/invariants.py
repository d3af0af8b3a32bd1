"""What holds after every step, whoever did what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dinghai.claims.replay import replay
from dinghai.foundation.canonical import canonical_bytes, sha256_hex
from dinghai.foundation.money import split
from dinghai_platform.catalogue.models import FeedTable
from dinghai_platform.claims.models import (
    Claim,
    DecisionRecord,
    EvidenceRequest,
    Incident,
    Payment,
    Recovery,
)
from dinghai_platform.claims.reading import decision_document, line_totals, outside_codes
from dinghai_platform.core.audit import verify_chain
from dinghai_platform.core.models import AuditChain, AuditEntry, Job, StoredFile
from dinghai_platform.ledger.models import JournalEntry
from dinghai_platform.ledger.queries import balances, verify_books
from dinghai_platform.monitoring.models import FloatProposal, Notice, Reading
from dinghai_platform.underwriting.models import (
    Assessment,
    Case,
    Dispute,
    Dossier,
    Endorsement,
    Policy,
    Quote,
    TreatmentPlan,
)
from tests.platform.simulation.digest import business_models

if TYPE_CHECKING:
    from tests.platform.simulation.world import Simulation

# Each row of these tables is made by one verb that says so in the audit chain.
_MADE_BY = {
    JournalEntry: ("ledger.entry_posted",),
    StoredFile: ("core.file_stored",),
    Job: ("core.job_started",),
    FeedTable: ("catalogue.feed_loaded",),
    Case: ("underwriting.case_opened",),
    Assessment: ("underwriting.dossier_assessed",),
    TreatmentPlan: ("underwriting.treatment_planned",),
    Quote: ("underwriting.quote_priced",),
    Dispute: ("underwriting.finding_disputed",),
    Policy: ("underwriting.policy_bound",),
    Endorsement: ("underwriting.policy_endorsed",),
    Reading: ("monitoring.reading_taken",),
    FloatProposal: ("monitoring.float_measured",),
    Notice: ("monitoring.notice_issued",),
    Incident: ("claims.incident_reported",),
    Claim: ("claims.claim_notified",),
    EvidenceRequest: ("claims.evidence_requested",),
    DecisionRecord: ("claims.adjudicated",),
    Recovery: ("claims.recovered",),
}


def faults(sim: Simulation, *, whole: bool) -> Iterator[str]:
    """Every invariant that does not hold, in words. ``whole`` adds the walks that are slow."""
    yield from _books(sim)
    yield from _audit(sim, whole)
    yield from _payments(sim)
    yield from _decisions(sim)
    yield from _duties(sim)
    yield from _notices(sim)
    yield from _floats(sim)
    if whole:
        yield from _tenants(sim)


def _books(sim: Simulation) -> Iterator[str]:
    """The ledger balances and its accounts are what the registers add up to."""
    reading = verify_books(sim.tenant)
    yield from (f"books: {fault}" for fault in reading.faults)
    if reading.debit_fen != reading.credit_fen:
        yield f"books: debit {reading.debit_fen}, credit {reading.credit_fen}"
    stands = {row.account.key: row.balance_fen for row in balances(sim.tenant)}
    expected = _register(sim)
    for account, fen in expected.items():
        if stands.get(account, 0) != fen:
            yield f"account {account}: ledger {stands.get(account, 0)}, register {fen}"
    if stands.get("cash", 0) != sim.money["cash"]:
        yield f"account cash: ledger {stands.get('cash', 0)}, paid in and out {sim.money['cash']}"
    if JournalEntry.objects.within(sim.cast.foreign).exists():
        yield "books: the foreign insurer has entries"


def _register(sim: Simulation) -> Counter[str]:
    """What each account should hold, from policies, endorsements, decisions, payments."""
    found: Counter[str] = Counter()
    for account in ("cash", "premium_receivable", "premium_income", "vat_payable",
                    "refund_payable", "claims_paid", "claims_payable", "outstanding_claims",
                    "outstanding_claims_change", "subrogation_recovery"):
        found[account] = 0
    premiums = ("net_premium_fen", "vat_fen", "gross_premium_fen", "paid_at")
    written = Policy.objects.within(sim.tenant).exclude(state="lapsed")
    for policy in written.only(*premiums):
        found["premium_income"] += policy.net_premium_fen
        found["vat_payable"] += policy.vat_fen
        paid = policy.paid_at is not None
        found["cash" if paid else "premium_receivable"] += policy.gross_premium_fen
    for row in Endorsement.objects.within(sim.tenant).select_related("policy").only(
            "amount_fen", *(f"policy__{name}" for name in premiums)):
        net, vat = split(-row.amount_fen, (row.policy.net_premium_fen, row.policy.vat_fen))
        found["premium_income"] -= net
        found["vat_payable"] -= vat
        paid_out = str(row.pk) in sim.refunded
        found["cash" if paid_out else "refund_payable"] += row.amount_fen if paid_out else (
            -row.amount_fen)
    for claim in Claim.objects.within(sim.tenant).only("reserve_fen", "tenant_id"):
        paid = sum(claim.payments.values_list("amount_fen", flat=True))
        owed = _owed(claim)
        found["cash"] -= paid
        found["claims_paid"] += paid + owed
        found["claims_payable"] += owed
        found["outstanding_claims"] += claim.reserve_fen
        found["outstanding_claims_change"] += claim.reserve_fen
    for row in Recovery.objects.within(sim.tenant):
        found["cash"] += row.amount_fen
        found["subrogation_recovery"] += row.amount_fen
    return found


def _owed(claim: Claim) -> int:
    """What the decision that stands has granted and nobody has paid yet."""
    stands = claim.decisions.filter(state__in=("issued", "refused")).order_by(
        "-sequence").defer("content").first()
    if stands is None or stands.state == "refused":
        return 0
    return 0 if stands.payments.filter(kind="final").exists() else stands.total_fen


def _audit(sim: Simulation, whole: bool) -> Iterator[str]:
    """The chain is as long as its links, grew by what was made, and verifies."""
    chain = AuditChain.objects.filter(pk=sim.tenant.pk).first()
    links = AuditEntry.objects.within(sim.tenant)
    if chain is not None and chain.length != links.count():
        yield f"audit: length {chain.length}, links {links.count()}"
    said = Counter(links.values_list("action", flat=True))
    for model, actions in _MADE_BY.items():
        rows = model._base_manager.filter(tenant=sim.tenant).count()
        told = sum(said[action] for action in actions)
        if rows != told:
            yield f"audit: {rows} rows of {model._meta.label}, {told} links say so"
    sealed = Dossier.objects.within(sim.tenant).filter(state="sealed").count()
    if sealed != said["underwriting.dossier_sealed"]:
        yield f"audit: {sealed} sealed dossiers, {said['underwriting.dossier_sealed']} links"
    if whole:
        for tenant in (sim.tenant, sim.cast.foreign):
            reading = verify_chain(tenant)
            if not reading.holds:
                yield f"audit of {tenant}: link {reading.sequence} {reading.reason}"


def _payments(sim: Simulation) -> Iterator[str]:
    """Nobody is paid twice, above a decision, above the aggregate, or before cover began."""
    inside: Counter[Any] = Counter()
    by_claim: dict[Any, list[Payment]] = {}
    for payment in Payment.objects.within(sim.tenant).select_related(
            "decision", "claim", "policy").defer(
            "decision__content", "policy__document", "claim__facts").order_by("id"):
        by_claim.setdefault(payment.claim_id, []).append(payment)
        if payment.policy_id not in sim.towers:
            sim.towers[payment.policy_id] = outside_codes(payment.claim)
        towers = sim.towers[payment.policy_id]
        outside = sum(fen for code, fen in payment.sections.items() if code in towers)
        inside[payment.policy] += payment.amount_fen - outside
        if sum(payment.sections.values()) != payment.amount_fen:
            yield (f"payment of {payment.claim.number}: sections add up to "
                   f"{sum(payment.sections.values())}, paid {payment.amount_fen}")
        if payment.outside_fen != outside:
            yield f"payment of {payment.claim.number}: outside {payment.outside_fen} ≠ {outside}"
        if payment.policy.paid_at is None:
            yield f"{payment.claim.number} was paid under a policy whose premium is not paid"
        entries = JournalEntry.objects.within(sim.tenant).filter(
            pk=payment.entry_id, total_fen=payment.amount_fen).count()
        if entries != 1:
            yield f"payment of {payment.claim.number} has {entries} entries of its amount"
    for payments in by_claim.values():
        decided = max(_gross(sim, one.decision) for one in payments)
        paid = sum(one.amount_fen for one in payments)
        if paid > decided:
            yield f"{payments[0].claim.number}: paid {paid}, decided {decided}"
        finals = Counter(one.decision_id for one in payments if one.kind == "final")
        if any(count > 1 for count in finals.values()):
            yield f"{payments[0].claim.number}: a decision was paid twice"
    for policy, fen in inside.items():
        if fen > policy.aggregate_limit_fen:
            yield f"{policy.policy_no}: {fen} paid inside a limit of {policy.aggregate_limit_fen}"


def _gross(sim: Simulation, record: DecisionRecord) -> int:
    """What a decision grants in all, payments in advance included."""
    if record.pk not in sim.granted:
        sim.granted[record.pk] = sum(line_totals(decision_document(record)).values())
    return sim.granted[record.pk]


def _decisions(sim: Simulation) -> Iterator[str]:
    """Every decision that was issued stays as it is and replays to its hash."""
    for record in DecisionRecord.objects.within(sim.tenant).exclude(issued_at=None):
        known = sim.replayed.get(record.pk)
        if known is None:
            outcome = replay(decision_document(record))
            if not outcome.same:
                yield f"decision {record}: does not replay"
            sim.replayed[record.pk] = (record.hash, sha256_hex(record.content.encode()))
        elif known != (record.hash, sha256_hex(record.content.encode())):
            yield f"decision {record}: changed after it was issued"
        if record.notice_id is None or record.notice_en_id is None:
            yield f"decision {record}: has no notice"


def _duties(sim: Simulation) -> Iterator[str]:
    """Handler, approver and payer of what was decided and paid are three people."""
    for record in DecisionRecord.objects.within(sim.tenant).exclude(
            issued_at=None).select_related("claim").defer("content", "claim__facts"):
        claim = record.claim
        if record.issued_by_id in {record.made_by_id, claim.handler_id}:
            yield f"{claim.number}: the handler approved"
        for payment in record.payments.filter(kind="final"):
            if payment.paid_by_id in {record.issued_by_id, record.made_by_id, claim.handler_id}:
                yield f"{claim.number}: who decided also paid"
        underwrote = AuditEntry.objects.within(sim.tenant).filter(
            subject_id=str(claim.policy_id), action__startswith="underwriting.",
            user_id=record.issued_by_id)
        if underwrote.exists():
            yield f"{claim.number}: who underwrote approved"


def _notices(sim: Simulation) -> Iterator[str]:
    """Every notice says until when, and has the proof of its delivery."""
    for notice in Notice.objects.within(sim.tenant).select_related("file").defer(
            "document", "text_zh", "text_en", "file__bytes_in_row"):
        if notice.due is None and notice.kind != Notice.Kind.FLOAT:
            yield f"notice {notice.number}: no due date"
        if notice.delivered_at is None:
            yield f"notice {notice.number}: not delivered"
            continue
        proof = sha256_hex(canonical_bytes({
            "number": notice.number, "sha256": notice.file.sha256, "channel": notice.channel,
            "to": notice.delivered_to, "at": notice.delivered_at.astimezone(
                sim.now.tzinfo).isoformat()}))
        if notice.delivery_sha256 != proof:
            yield f"notice {notice.number}: its proof does not hold"


def _floats(sim: Simulation) -> Iterator[str]:
    """Nothing is charged before the anniversary, and never more refunded than was paid."""
    refunds: Counter[Any] = Counter()
    for row in FloatProposal.objects.within(sim.tenant).select_related("policy").defer(
            "document", "policy__document"):
        if row.amount_fen > 0 and (row.effective is None or row.effective <= row.policy.expiry):
            yield f"float of {row.policy.policy_no}: charges {row.amount_fen} before the end"
        if row.state == "applied" and row.amount_fen >= 0:
            yield f"float of {row.policy.policy_no}: applied without a refund"
    for row in Endorsement.objects.within(sim.tenant).select_related("policy").defer(
            "document", "policy__document"):
        refunds[row.policy] -= row.amount_fen
        if not row.policy.inception <= row.effective <= row.policy.expiry:
            yield f"endorsement {row.number}: effective {row.effective} outside the cover"
    for policy, fen in refunds.items():
        if not 0 <= fen < policy.gross_premium_fen:
            yield f"{policy.policy_no}: {fen} refunded of {policy.gross_premium_fen}"


def _tenants(sim: Simulation) -> Iterator[str]:
    """No row is seen by a foreign insurer, a stranger, or another insured."""
    foreign = (sim.cast.first("underwriter", sim.cast.foreign),
               sim.cast.first("auditor", sim.cast.foreign),
               sim.cast.first("insured_admin", sim.cast.stranger))
    own = sim.cast.insured[0]
    insured = sim.cast.first("insured_admin", own)
    for model in business_models():
        for actor in foreign:
            seen = model.objects.visible_to(actor).filter(tenant=sim.tenant).count()
            if seen:
                yield f"{actor} sees {seen} rows of {model._meta.label}"
        if "insured" in {field.name for field in model._meta.fields}:
            others = model.objects.visible_to(insured).exclude(insured=own).count()
            if others:
                yield f"{insured} sees {others} rows of {model._meta.label} of others"
