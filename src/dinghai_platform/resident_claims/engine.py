"""Claims of the register through the engine: rows into arrays, decisions into documents.

Nothing is decided here. What the register knows better than a claimant (cover, what was paid
before, whether terms were explained) is put beside the stated facts.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, Final

from django.db.models import Case, F, Max, Q, Sum, When
from django.db.models.functions import Coalesce

from dinghai.foundation.canonical import canonical_bytes, sha256_hex
from dinghai.foundation.errors import InputError
from dinghai.schemes.resident_claim_decision import decide_claims
from dinghai.schemes.resident_claim_file import ClaimsFile, ResidentClaims
from dinghai.schemes.resident_claim_results import tables_of
from dinghai.schemes.resident_claim_tables import rules_hash, shipped_rules
from dinghai.schemes.resident_claim_terms import CoverTerms
from dinghai.schemes.resident_scheme import ResidentScheme as SchemeDocument
from dinghai.wording.products import load_product
from dinghai_platform.core.models import Organisation
from dinghai_platform.resident_claims.facts import claims_of_rows
from dinghai_platform.resident_claims.models import Claim, ClaimSetting
from dinghai_platform.residents.changes_queries import CoverOnDay, covers_on
from dinghai_platform.residents.models import ResidentScheme

SCHEMA: Final = "dinghai.resident-claim-decision/1"
FIELDS: Final = ("pk", "number", "certificate_no", "certificate_id", "scheme_id", "facts",
                 "person_key", "device_key", "account_key", "phone_key", "bank", "asked_on")
_NOT_KEPT: Final = frozenset({"account", "bank", "claim_id", "certificate_no", "line"})
_PART: Final = 500
NOT_SAID: Final = "nobody has said whether the scheme's terms were explained"


@dataclass(frozen=True, slots=True)
class Determined:
    """What the engine says of one claim, and the document that keeps it as canonical JSON: a run
    holds hundreds of thousands of them."""

    number: str
    outcome: str
    pay_fen: int
    terms_fen: int
    expected_fen: int
    prior_fen: int
    wait_until: date | None
    decide_by: date | None
    flagged: bool
    canonical: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The document."""
        found: dict[str, Any] = json.loads(self.canonical)
        return found

    @property
    def hash(self) -> str:
        """SHA-256 of the document's canonical form."""
        return sha256_hex(self.canonical)


@dataclass(frozen=True, slots=True)
class Schemes:
    """The schemes of a tenant as decisions need them."""

    tenant: Any
    terms: Mapping[Any, SchemeDocument]
    settings: Mapping[Any, ClaimSetting]

    @classmethod
    def of(cls, tenant: Any) -> Schemes:
        """All of a tenant's."""
        return cls(
            tenant, {one.pk: one.terms() for one in ResidentScheme.objects.within(tenant)},
            {one.scheme_id: one for one in ClaimSetting.objects.within(tenant)})

    def covers(self, values: Iterable[Sequence[Any]]) -> dict[str, CoverOnDay]:
        """What each claim's certificate covered on the day of the loss, by the claim's number."""
        return covers_of(self.tenant, [
            (one[1], one[3], _day(one[5].get("loss_day"))) for one in values])

    def limit(self, scheme: Any) -> int:
        """Up to what amount one person, or the rule alone, decides a payment."""
        return self.settings[scheme].approve_above_fen

    def explained(self, scheme: Any) -> bool:
        """Whether the terms were explained. Raises InputError where nobody said."""
        if scheme not in self.settings:
            raise InputError(NOT_SAID, field="terms_explained",
                             mend="say so under Settings before claims are decided")
        return self.settings[scheme].terms_explained


def decide_by(product: str, told: date) -> date:
    """The last day of a determination by the product's terms (保险法23条)."""
    return told + timedelta(days=terms_of(product).product.claims_process.decision_days)


def covers_of(
    tenant: Any, rows: Iterable[tuple[Any, int, date | None]]
) -> dict[Any, CoverOnDay]:
    """By name, what a certificate covered on a day; a certificate may come again with another."""
    found: dict[Any, CoverOnDay] = {}
    left = list(rows)
    while left:
        days: dict[int, date | None] = {}
        names: dict[int, Any] = {}
        again = []
        for row in left:
            name, certificate, day = row
            if certificate in days:
                again.append(row)
            else:
                names[certificate], days[certificate] = name, day
        found |= {names[one]: cover for one, cover in covers_on(tenant, days).items()}
        left = again
    return found


@cache
def terms_of(product: str) -> CoverTerms:
    """A product's terms; programs are compiled when first needed and kept."""
    return CoverTerms(load_product(product))


def committed(tenant: Organisation, certificates: Iterable[int], *, without: Q | None = None
              ) -> dict[int, int]:
    """What was paid, or is determined to be paid, on each certificate, in fen, together with what
    was paid elsewhere; certificates without any are left out. ``without`` names claims that do not
    count."""
    whole = Case(When(state__in=Claim.COMMITTED, then=F("pay_fen")), default=F("paid_fen"))
    counted = Sum(whole) if without is None else Sum(whole, filter=~without)
    return _sums(tenant, certificates, Coalesce(counted, 0) + Max("outside_fen"))


def paid_here(tenant: Organisation, certificates: Iterable[int]) -> dict[int, int]:
    """What was paid by decisions of this site, in fen."""
    return _sums(tenant, certificates, Sum("paid_fen"))


def _sums(tenant: Organisation, certificates: Iterable[int], sum_of: Any) -> dict[int, int]:
    found: dict[int, int] = {}
    numbers = sorted(set(certificates))
    for start in range(0, len(numbers), _PART):
        rows = Claim.objects.within(tenant).filter(
            Q(state__in=Claim.COMMITTED) | Q(paid_fen__gt=0) | Q(outside_fen__gt=0),
            certificate_id__in=numbers[start:start + _PART]).order_by()
        found.update(rows.values_list("certificate_id").annotate(sum=sum_of))
    return found


def row_of(values: Sequence[Any], schemes: Schemes, cover: CoverOnDay, prior: int, *,
           decided: bool = True) -> dict[str, Any]:
    """A claim's values (in the order of FIELDS) as a row of the engine."""
    (_pk, number, certificate_no, _certificate, scheme, facts, person, device, account,
     phone, bank, asked) = values
    terms = schemes.terms[scheme]
    return {
        "claim_id": number, "certificate_no": certificate_no, "person": person, "facts": facts,
        "sum_insured": terms.plans[cover.plan].sum_insured_fen, "inception": cover.first_day,
        "expiry": cover.last_day, "prior_paid": prior, "asked_day": asked,
        "terms_explained": schemes.explained(scheme) if decided else None, "device": device,
        "account": account, "phone": phone, "bank": bank}


def arrays_of(rows: Iterable[Sequence[Any]], schemes: Schemes) -> ResidentClaims:
    """Claims that patterns look at, and nobody decides."""
    values = list(rows)
    covers = schemes.covers(values)
    return claims_of_rows([row_of(one, schemes, covers[one[1]], 0, decided=False)
                           for one in values])


def decide_rows(
    values: Sequence[Sequence[Any]], schemes: Schemes, prior: Mapping[int, int], as_of: date,
    known: ResidentClaims | None,
) -> dict[str, Determined]:
    """Decide claims, by number. Those with a day to come are left out."""
    found: dict[str, Determined] = {}
    products: dict[str, list[Sequence[Any]]] = defaultdict(list)
    for one in values:
        products[schemes.terms[one[4]].product].append(one)
    for product, part in products.items():
        others = [one for name, ones in products.items() if name != product for one in ones]
        beside = known
        if others:
            more = arrays_of(others, schemes)
            beside = more if known is None else known.followed_by(more)
        covers = schemes.covers(part)
        claims = claims_of_rows([row_of(one, schemes, covers[one[1]], prior.get(one[3], 0))
                                 for one in part])
        found |= _decided(claims, product, as_of, beside)
    return found


def _decided(
    claims: ResidentClaims, product: str, as_of: date, known: ResidentClaims | None
) -> dict[str, Determined]:
    rules = shipped_rules()
    terms = terms_of(product)
    read = ClaimsFile("", claims, (), len(claims), ())
    decisions = decide_claims(read, terms, rules, as_of, known=known)
    tables = tables_of(decisions)
    beside: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for name in ("reasons", "requests", "referrals", "recourse"):
        parts = beside[name] = defaultdict(list)
        for row in tables[name]:
            parts[str(row["claim_id"])].append(
                {key: value for key, value in row.items() if key not in _NOT_KEPT})
    head = {"schema": SCHEMA, "as_of": as_of.isoformat(),
            "product": {"id": terms.product.product_id, "version": terms.product.version},
            "rules": {"id": rules.id, "version": rules.version, "sha256": rules_hash(rules)}}
    found = {}
    for row in tables["decisions"]:
        number = str(row["claim_id"])
        lines = {key: value for key, value in row.items() if key not in _NOT_KEPT}
        found[number] = Determined(
            number, str(row["outcome"]), row["pay_fen"], row["terms_fen"], row["expected_fen"],
            row["prior_paid_fen"], _day(row["wait_until"]), _day(row["decide_by"]),
            bool(row["reasons"]), canonical_bytes({**head, "row": lines, **{
                name: parts[number] for name, parts in beside.items() if number in parts}}))
    return found


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
