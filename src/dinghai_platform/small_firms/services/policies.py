"""From an offer to a contract: what was explained, the policy, its premium, and its end."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import msgspec
from django.db import transaction

from dinghai.foundation.canonical import canonical_bytes, document_hash, sha256_hex
from dinghai.foundation.errors import InputError, Refusal
from dinghai.vocabulary.lifecycle import machines
from dinghai.wording.explaining import ExplainableTerm, terms_to_explain
from dinghai.wording.policy import ExplanationRecord, Party, bind, with_explanations
from dinghai.wording.policy import Policy as EnginePolicy
from dinghai_platform.catalogue.services import ON_SALE
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.ledger.models import JournalEntry
from dinghai_platform.ledger.services import credit, debit, post_entry, reverse_entry
from dinghai_platform.small_firms.cells import firm_of
from dinghai_platform.small_firms.engine import draft_policy, plan_named
from dinghai_platform.small_firms.models import Change, Firm, Policy, Quote
from dinghai_platform.small_firms.rules import LINK
from dinghai_platform.small_firms.services.common import books_of, house_of
from dinghai_platform.small_firms.services.links import keep_link_open
from dinghai_platform.small_firms.services.refusals import require_not_refused
from dinghai_platform.underwriting.numbers import next_number
from dinghai_platform.underwriting.services.explanations import shown_text
from dinghai_platform.underwriting.services.quotes import party_of

ONLINE: Final = "online"
CHANNELS: Final = (ONLINE, "in_person", "telephone", "paper")
COVERED: Final = ("premium_due", "in_force")


@dataclass(frozen=True, slots=True)
class Acceptance:
    """That somebody at the firm took the offer after its terms were explained (保险法17条).

    ``read`` names the terms that were highlighted, shown and explained; ``confirmed_by`` who at
    the firm confirmed it, and ``channel`` how.
    """

    read: Collection[str]
    confirmed_by: str
    channel: str = ONLINE


def terms_of(quote: Quote, plan: str) -> tuple[ExplainableTerm, ...]:
    """Every term of a quote's plan that must be explained before it can be relied on."""
    return terms_to_explain(draft_of(quote, plan))


def draft_of(quote: Quote, plan: str) -> EnginePolicy:
    """The contract of a quote's plan without parties. Raises InputError for a plan that the quote
    does not offer."""
    if plan not in {one["plan"] for one in quote.document["plans"]}:
        raise InputError("this quote has no such plan", field="plan", mend="choose one it offers")
    return draft_policy(firm_of(quote.answers.document), quote, plan_named(plan))


@transaction.atomic
def bind_quote(quote: Quote, plan: str, accepted: Acceptance, *, actor: Actor) -> Policy:
    """Make the contract of an offer that was taken, and post the premium due. Asked again it
    answers the policy that is there.

    Raises InputError for a plan or a channel that is none or without the name of who confirmed,
    Refusal for a quote that is not on offer, that is over or not the last, while terms are not
    explained, where the firm is insured already or refused, or the filing is broken.
    """
    require(actor, "small_firms.bind", quote)
    tenant = quote.tenant
    with books_of(actor, tenant):
        firm = audit.locked(quote.firm)
        quote = audit.locked(quote)
        before = Policy.objects.within(tenant).filter(quote=quote).first()
        if before is not None:
            return before
        _check_offer(firm, quote, plan)
        if quote.decision != Quote.Decision.APPROVED:
            require_not_refused(firm, firm.credit_code, actor)
        _check_filing(quote)
        _check_single(firm, quote, actor)
        draft = draft_of(quote, plan)
        policy = _made(firm, quote, plan, _contract(firm, quote, plan, draft, accepted, actor),
                       actor)
        _invoice(policy, actor)
        firm.state = Firm.State.BOUND
        firm.save(update_fields=("state",))
        if firm.link_id is not None:
            keep_link_open(firm, policy.expiry)
    return policy


def _check_offer(firm: Firm, quote: Quote, plan: str) -> None:
    if plan not in quote.bindable_plans():
        raise Refusal("this plan is not on offer to this firm",
                      reasons=["take a plan that is on offer, or treat what stands against it"])
    if firm.quotes.order_by("-id").values_list("pk", flat=True)[0] != quote.pk:
        raise Refusal("a later quote stands in the place of this one",
                      reasons=["take the last quote"])
    if not quote.is_valid(clock.today()):
        raise Refusal("this quote is over", reasons=["price it again: the answers are kept"])
    if Change.objects.within(firm.tenant).filter(
            policy__firm=firm, kind=Change.Kind.CANCEL, pk__gt=quote.pk).exclude(
            state=Change.State.FALLEN).exists():
        raise Refusal("the cover was cancelled after this quote was made",
                      reasons=["price it again: the answers are kept"])


def _check_filing(quote: Quote) -> None:
    """What is sold and charged is what is filed (报行合一)."""
    product = quote.product
    if product.status not in ON_SALE:
        raise Refusal("the product of these plans is not on sale here",
                      reasons=["release it in the catalogue first"])
    low, high = product.filed_factor_minimum_ppm, product.filed_factor_maximum_ppm
    if low is not None and high is not None and not low <= quote.market_factor_ppm <= high:
        raise Refusal("the market factor is outside its filed bounds (报行合一)",
                      reasons=[f"filed {low} to {high} ppm, charged {quote.market_factor_ppm} ppm"])


def _check_single(firm: Firm, quote: Quote, actor: Actor) -> None:
    """One cover at a time, whichever way the firm comes; who is no staff learns no more of it."""
    others = Policy.objects.within(firm.tenant).filter(
        firm__credit_code=firm.credit_code, state__in=COVERED, expiry__gte=quote.inception)
    here = [one for one in others if one.firm_id == firm.pk]
    # Anybody may type a credit code: only who has paid stands in another's way.
    others = [one for one in others if one.paid_at is not None]
    if here:
        raise Refusal("this firm is insured already",
                      reasons=[f"{here[0].policy_no} lasts until {here[0].expiry}"])
    if others:
        if actor.tenant is not None and actor.role != LINK:
            raise Refusal("this firm is insured already", reasons=[others[0].policy_no])
        raise Refusal("this quote is bound by an underwriter",
                      reasons=["ask your insurer"])


def _check_paid_once(policy: Policy) -> None:
    """Two contracts of one credit code may wait for their premium; one of them gets it."""
    paid = Policy.objects.within(policy.tenant).filter(
        firm__credit_code=policy.firm.credit_code, state__in=COVERED, paid_at__isnull=False,
        expiry__gte=policy.inception, inception__lte=policy.expiry).exclude(pk=policy.pk).first()
    if paid is not None:
        raise Refusal("this firm is insured already",
                      reasons=[f"{paid.policy_no} lasts until {paid.expiry}"])


def _contract(
    firm: Firm, quote: Quote, plan: str, draft: EnginePolicy, accepted: Acceptance, actor: Actor
) -> EnginePolicy:
    name = confirming(accepted.confirmed_by, accepted.channel, actor)
    require_explained(draft, accepted.read)
    return concluded(firm, quote, plan, draft, name=name, channel=accepted.channel,
                     policy_no=next_number(Policy, "policy_no", quote.tenant, "SP"))


def confirming(confirmed_by: str, channel: str, actor: Actor) -> str:
    """Who at the firm confirms: as named, else who is signed in for it. Raises InputError without
    a name or for a channel that is none."""
    name = confirmed_by.strip()[:100] or (
        str(actor.user) if actor.tenant is None and actor.user and actor.role != "broker" else "")
    if not name:
        raise InputError("it is not said who confirms for the firm", field="confirmed_by",
                         mend="name the person")
    if channel not in CHANNELS:
        raise InputError("this is no way to explain terms", field="channel",
                         mend="one of: " + ", ".join(CHANNELS))
    return name


def require_explained(draft: EnginePolicy, read: Collection[str]) -> None:
    """Raises Refusal while a term that limits what is paid was not highlighted and explained."""
    known = set(read)
    missing = [one.key for one in terms_to_explain(draft) if one.key not in known]
    if missing:
        raise Refusal("terms are not explained yet (Insurance Law, art. 17)",
                      reasons=[f"{len(missing)}: {', '.join(missing[:5])}"])


def concluded(
    firm: Firm, quote: Quote, plan: str, draft: EnginePolicy, *, name: str, channel: str,
    policy_no: str
) -> EnginePolicy:
    """The contract of a draft, concluded and explained now."""
    party = Party(name_zh=firm.name, name_en="", credit_code=firm.credit_code)
    # One moment for both: what is explained after the contract is concluded does not count.
    moment = clock.now()
    schedule = msgspec.structs.replace(
        draft.schedule, policy_no=policy_no, insurer=party_of(quote.tenant), insured=party,
        applicant=party, gross_premium_fen=offer_of(quote, plan)["gross_fen"],
        concluded_at=moment)
    contract = bind(draft.product, schedule)
    for term in terms_to_explain(draft):
        contract = with_explanations(contract, (term.key,), ExplanationRecord(
            highlighted=True, explained_at=moment, channel=channel, confirmed_by=name,
            evidence=sha256_hex(canonical_bytes(shown_text(term)))))
    return contract


def offer_of(quote: Quote, plan: str) -> dict[str, Any]:
    """What a quote says of one of its plans."""
    found: dict[str, Any] = next(one for one in quote.document["plans"] if one["plan"] == plan)
    return found


def _made(firm: Firm, quote: Quote, plan: str, contract: EnginePolicy, actor: Actor) -> Policy:
    document = contract.to_dict()
    schedule, offered = contract.schedule, offer_of(quote, plan)
    treat_by = quote.document["treat_by"]
    policy = Policy.objects.create(
        tenant=quote.tenant, broker=firm.broker, insured=firm.insured, firm=firm, quote=quote,
        policy_no=schedule.policy_no, state=machines()["policy"].initial, plan=plan,
        reduced=quote.reduced, document=document, document_hash=document_hash(document),
        inception=schedule.inception, expiry=schedule.expiry,
        treat_by=date.fromisoformat(treat_by) if treat_by else None,
        aggregate_limit_fen=schedule.aggregate_limit_fen,
        net_premium_fen=offered["charged_net_fen"], vat_fen=offered["vat_fen"],
        gross_premium_fen=offered["gross_fen"], bound_by=actor.user)
    audit.append(actor, "small_firms.policy_bound", policy, {
        "policy_no": policy.policy_no, "quote": quote.number, "plan": plan,
        "hash": policy.document_hash}, leaves=[
            f"{key}:{record.evidence}".encode()
            for key, record in sorted(schedule_explanations(contract).items())])
    return policy


def schedule_explanations(contract: EnginePolicy) -> dict[str, ExplanationRecord]:
    """What a contract records as explained, by term."""
    return dict(contract.schedule.explanations)


def _invoice(policy: Policy, actor: Actor) -> None:
    post_entry(
        (debit("premium_receivable", policy.gross_premium_fen),
         credit("premium_income", policy.net_premium_fen), credit("vat_payable", policy.vat_fen)),
        source=policy, key=f"small_firms.policy:{policy.pk}:bound", narrative="premium.bound",
        details={"policy_no": policy.policy_no}, actor=house_of(policy.tenant, actor),
        tenant=policy.tenant)
    move_policy(policy, "invoice", actor, {"gross_fen": str(policy.gross_premium_fen)})


@transaction.atomic
def pay_premium(policy: Policy, *, reference: str, actor: Actor) -> Policy:
    """The whole premium has arrived: cover begins as agreed (见费出单).

    ``reference`` is the bank's. Raises InputError without one, Refusal when the first day has
    passed unpaid or nothing is due.
    """
    require(actor, "small_firms.record_payment", policy)
    if not reference.strip() or len(reference) > 100:
        raise InputError("the payment has no reference", field="reference",
                         mend="copy it from the bank")
    policy = audit.locked(policy)
    machines()["policy"].step(policy.state, "pay")
    if clock.today() > policy.inception:
        raise Refusal("the first day of cover passed unpaid",
                      reasons=["cover starts when the premium is paid: price the risk again"])
    _check_paid_once(policy)
    post_entry(
        (debit("cash", policy.gross_premium_fen),
         credit("premium_receivable", policy.gross_premium_fen)),
        source=policy, key=f"small_firms.policy:{policy.pk}:paid", narrative="premium.received",
        details={"policy_no": policy.policy_no, "reference": reference.strip()}, actor=actor,
        tenant=policy.tenant)
    policy.paid_at = clock.now()
    policy.save(update_fields=("paid_at",))
    move_policy(policy, "pay", actor, {"reference": reference.strip()})
    return policy


@transaction.atomic
def lapse_policy(policy: Policy, *, actor: Actor) -> Policy:
    """The first day of cover went by unpaid: the contract lapses, its premium is taken back.

    Raises Refusal for one that is paid, or whose first day has not passed.
    """
    require(actor, "small_firms.run_out", policy)
    policy = audit.locked(policy)
    if policy.state == "lapsed":
        return policy
    machines()["policy"].step(policy.state, "overdue")
    if clock.today() <= policy.inception:
        raise Refusal(f"the premium may be paid until {policy.inception}")
    entry = JournalEntry.objects.within(policy.tenant).get(
        idempotency_key=f"small_firms.policy:{policy.pk}:bound")
    reversal = reverse_entry(
        entry, reason=f"{policy.policy_no}: unpaid on the first day of cover", actor=actor)
    move_policy(policy, "overdue", actor, {"reversal": reversal.number})
    stand_uninsured(policy)
    return policy


def run_out(*, actor: Actor) -> tuple[int, int]:
    """Let policies lapse whose first day went by unpaid, and expire those that are over: how many
    of each."""
    require(actor, "small_firms.run_out")
    rows = Policy.objects.within(actor.own_tenant()).order_by("id")
    late = list(rows.filter(state="premium_due", inception__lt=clock.today()))
    # One whose cancellation stands ends by that.
    over = list(rows.filter(state="in_force", expiry__lt=clock.today()).exclude(
        changes__kind=Change.Kind.CANCEL, changes__state=Change.State.STANDING))
    for one in late:
        lapse_policy(one, actor=actor)
    for one in over:
        with transaction.atomic():
            policy = audit.locked(one)
            move_policy(policy, "expire", actor, {"expiry": policy.expiry.isoformat()})
            stand_uninsured(policy)
    return len(late), len(over)


def stand_uninsured(policy: Policy) -> None:
    """The firm stands where its last quote put it."""
    last = policy.firm.quotes.order_by("-id").first()
    covered = policy.firm.policies.filter(state__in=COVERED).exists()
    if last is not None and not covered:
        Firm.objects.within(policy.tenant).filter(pk=policy.firm_id).update(state=last.outcome)


def move_policy(policy: Policy, event: str, actor: Actor, details: dict[str, object]) -> None:
    """Let a policy go where its machine says, and say so. Raises Refusal where it may not."""
    policy.state = machines()["policy"].step(policy.state, event).target
    policy.save(update_fields=("state",))
    audit.append(actor, f"small_firms.policy_{policy.state}", policy,
                 {"policy_no": policy.policy_no, **details})
