"""What a resident is told before cover is bought: what is paid, what is not, and what to do.

The words are the product's own (保险法17条 asks that exclusions, deductibles and ratios be
highlighted and explained); nothing is worded here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dinghai.documents.phrases import Language, phrase, pick
from dinghai.foundation.canonical import JSON, canonical_bytes, sha256_hex
from dinghai.foundation.errors import InputError
from dinghai.wording.products import load_product, shipped_products
from dinghai.wording.saying import percent, retention_words
from dinghai.wording.schema import Product


@dataclass(frozen=True, slots=True)
class Told:
    """One term in plain words, with its clause and the clause's own text."""

    clause: str
    name: str
    plain: str
    text: str

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"clause": self.clause, "name": self.name, "plain": self.plain, "text": self.text}


@dataclass(frozen=True, slots=True)
class ResidentTerms:
    """A product as a resident reads it. ``borne`` is what stays with the insured of a loss
    that is paid, ``excluded`` takes a loss out, ``conditions`` delay or reduce what is paid."""

    product: str
    version: str
    name: str
    summary: str
    covered: tuple[Told, ...]
    borne: tuple[str, ...]
    excluded: tuple[Told, ...]
    conditions: tuple[Told, ...]
    duties: tuple[str, ...]

    def fingerprint(self) -> str:
        """SHA-256 over everything that was shown."""
        return sha256_hex(canonical_bytes({
            "product": self.product, "version": self.version, "name": self.name,
            "summary": self.summary, "duties": list(self.duties), "borne": list(self.borne),
            "covered": [one.to_dict() for one in self.covered],
            "excluded": [one.to_dict() for one in self.excluded],
            "conditions": [one.to_dict() for one in self.conditions]}))


def resident_terms(product_id: str, language: Language) -> ResidentTerms:
    """The terms of a shipped product. Raises InputError for a product that is none of them."""
    if product_id not in shipped_products():
        raise InputError("the wording of this product is not here, so nothing of it can be "
                         "explained",
                         field="product", mend="name one of: " + ", ".join(shipped_products()))
    return _read(load_product(product_id), language)


def _borne(product: Product, language: Language) -> Iterator[str]:
    """Deductibles and shares of all sections."""
    for one in product.sections:
        if one.retention.kind not in {"none", "event_deductible"}:
            yield phrase("resident_certificate.retention", language,
                         amount=retention_words(one.retention, language))
        if one.insured_share_ppm:
            yield phrase("resident_certificate.share", language,
                         share=percent(one.insured_share_ppm))


def _read(product: Product, language: Language) -> ResidentTerms:
    def told(one: object) -> Told:
        return Told(
            one.clause,  # type: ignore[attr-defined]
            *(pick(language, getattr(one, f"{field}_zh"), getattr(one, f"{field}_en"))
              for field in ("name", "plain", "text")))

    takes_all = [one for one in product.exclusions
                 if one.effect is not None and one.effect.type == "exclude_event"]
    return ResidentTerms(
        product.product_id, product.version, pick(language, product.name_zh, product.name_en),
        pick(language, product.summary_zh, product.summary_en),
        tuple(map(told, product.sections)), tuple(_borne(product, language)),
        tuple(map(told, takes_all)),
        tuple(told(one) for one in product.exclusions if one not in takes_all),
        tuple(pick(language, one.text_zh, one.text_en) for one in product.obligations
              if one.who == "insured"))
