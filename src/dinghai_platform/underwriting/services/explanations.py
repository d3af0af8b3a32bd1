"""The insurer's duty to explain (保险法17条): what was shown, to whom, when, and which text."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db import transaction

from dinghai.foundation.canonical import canonical_bytes, sha256_hex
from dinghai.foundation.errors import InputError, Refusal
from dinghai.wording.explaining import ExplainableTerm, terms_to_explain
from dinghai.wording.policy import read_policy
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.keys import new_key
from dinghai_platform.core.permissions import require
from dinghai_platform.underwriting.models import Explanation, Quote

ONLINE = "online"


def terms_of(quote: Quote) -> tuple[ExplainableTerm, ...]:
    """Every term of a quote that must be explained before it can be relied on."""
    return terms_to_explain(read_policy(quote.policy_document))


def unexplained(quote: Quote) -> tuple[str, ...]:
    """Keys of terms that were neither explained nor waived, in the order of the clauses."""
    done = set(
        Explanation.objects.within(quote.tenant).filter(quote=quote).values_list("key", flat=True)
    )
    done |= {one["key"] for one in quote.waived}
    return tuple(term.key for term in terms_of(quote) if term.key not in done)


def require_explained(quote: Quote) -> None:
    """Raises Refusal while terms are neither explained nor waived."""
    missing = unexplained(quote)
    if missing:
        raise Refusal(
            f"{len(missing)} terms are not explained yet (Insurance Law, art. 17)",
            reasons=list(missing),
        )


@transaction.atomic
def record_explanations(
    quote: Quote,
    keys: Collection[str],
    *,
    actor: Actor,
    channel: str = ONLINE,
    confirmed_name: str = "",
) -> Sequence[Explanation]:
    """Record that these terms were highlighted, shown and explained, with the text shown.

    The applicant confirms online; the insurer records a confirmation by other means with the
    person's name. What is recorded stays: a key recorded before is left as it is.
    Raises InputError for a key that is no term, Refusal for a quote that is not issued.
    """
    require(actor, "underwriting.explain", quote)
    quote = audit.locked(quote)
    if quote.state != "issued":
        raise Refusal("terms are explained while the offer is open")
    is_applicant = actor.tenant is None
    if not is_applicant and (channel == ONLINE or not confirmed_name.strip()):
        raise InputError(
            "the insurer records who confirmed, and by which channel", field="confirmed_name",
            mend="name the person and the channel",
        )
    by_key = {term.key: term for term in terms_of(quote)}
    unknown = sorted(set(keys) - set(by_key))
    if unknown:
        raise InputError(
            f"{unknown[0]!r} is no term of this quote", field="keys", mend="see the page"
        )
    there = set(
        Explanation.objects.within(quote.tenant).filter(quote=quote).values_list("key", flat=True)
    )
    name = confirmed_name.strip() or str(actor.user or actor.organisation)
    moment = clock.now()
    rows = []
    for key, term in by_key.items():
        if key in keys and key not in there:
            shown = shown_text(term)
            rows.append(
                Explanation(
                    id=new_key(),
                    tenant=quote.tenant,
                    insured=quote.insured,
                    quote=quote,
                    key=key,
                    kind=term.kind,
                    highlighted=True,
                    explained_at=moment,
                    channel=channel,
                    confirmed_by=actor.user,
                    confirmed_name=name,
                    shown=shown,
                    shown_sha256=sha256_hex(canonical_bytes(shown)),
                )
            )
    Explanation.objects.bulk_create(rows)
    if rows:
        audit.append(
            actor,
            "underwriting.terms_explained",
            quote,
            {"number": quote.number, "terms": len(rows), "channel": channel, "by": name},
            leaves=[f"{row.key}:{row.shown_sha256}".encode() for row in rows],
        )
    return rows


@transaction.atomic
def waive_explanations(
    quote: Quote, keys: Collection[str], *, reason: str, actor: Actor
) -> Quote:
    """Give terms up that will not be explained: they will not apply, and that is on record.

    Raises InputError for a key that is no open term, or without a reason.
    """
    require(actor, "underwriting.waive", quote)
    if not reason.strip():
        raise InputError("a waiver needs its reason", field="reason", mend="say why")
    quote = audit.locked(quote)
    if quote.state not in ("issued", "accepted"):
        raise Refusal("terms are given up while the offer is open")
    open_keys = unexplained(quote)
    wrong = sorted(set(keys) - set(open_keys))
    if wrong:
        raise InputError(f"{wrong[0]!r} is no open term", field="keys", mend="see the page")
    moment = clock.now().isoformat()
    quote.waived = [
        *quote.waived,
        *(
            {"key": key, "reason": reason.strip(), "by": str(actor.user or "system"), "at": moment}
            for key in open_keys
            if key in keys
        ),
    ]
    quote.save(update_fields=("waived",))
    audit.append(
        actor,
        "underwriting.terms_waived",
        quote,
        {"number": quote.number, "keys": sorted(keys), "reason": reason.strip()},
    )
    return quote


def shown_text(term: ExplainableTerm) -> dict[str, str]:
    """What a page shows of a term, in both languages: the text that the record's hash covers."""
    return {
        "key": term.key,
        "clause": term.clause,
        "name_zh": term.name_zh,
        "name_en": term.name_en,
        "text_zh": term.text_zh,
        "text_en": term.text_en,
        "plain_zh": term.plain_zh,
        "plain_en": term.plain_en,
    }
