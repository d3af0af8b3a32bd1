"""Read a product folder, fill it from the standard vocabulary, and find the shipped products."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import msgspec

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.locating import line_of
from dinghai.foundation.reading import read_toml
from dinghai.vocabulary.coverages import Coverage, Mainland, coverages
from dinghai.vocabulary.exclusions import Exclusion as StandardExclusion
from dinghai.vocabulary.exclusions import Explanation, exclusions
from dinghai.vocabulary.predicates import facts_of, parse_predicate
from dinghai.wording.exclusions import CarveBack, Effect, Exclusion
from dinghai.wording.penalties import grouped
from dinghai.wording.schema import Product
from dinghai.wording.sections import Section, Tower, Valuation
from dinghai.wording.validity import OWN_CODE, granted_coverages, validity_faults
from dinghai.wording.words import ActsOn, Duty, Payability, ValuationMethod

VOCABULARY_VERSION = "2026-11"

_METHODS: dict[str, ValuationMethod] = {
    "business_interruption": "business_interruption_gross_profit",
    "actual_cost": "actual_cost",
    "per_record": "per_record",
    "liability": "liability",
    "direct_financial": "direct_financial",
    "replacement_cost": "replacement_cost",
    "property_damage": "property_damage",
    "in_kind": "in_kind",
    "on_chain": "on_chain",
}
_METHOD_OF: dict[str, Valuation] = {
    "FP-DATA": Valuation(method="data_restoration"),
    "FP-BETTER": Valuation(method="betterment_share", share_ppm=250_000),
    "FP-TELE": Valuation(method="excess_over_baseline"),
    "SC-PROP": Valuation(method="member_bundle"),
    "PS-DDOS": Valuation(method="outage_over_service_level"),
    "PS-MCLOUD": Valuation(method="actual_cost"),
    "PS-RANSOM": Valuation(method="per_endpoint"),
    "PS-EDR": Valuation(method="per_endpoint"),
    "EM-AI": Valuation(method="model_bundle"),
}
"""Where the vocabulary's family is wider than one formula."""
_DUTIES: dict[Explanation, Duty] = {
    "highlight_and_explain": "explain", "highlight_only": "highlight", "statutory_none": "none",
}
_MAINLAND: dict[Mainland, Payability] = {
    "covered": "covered", "nominal_only": "nominal_only", "prohibited": "prohibited",
    "prohibited_if_virtual_currency": "conditional",
}


def read_product(folder: Path) -> Product:
    """The product of a folder with ``product.toml``, resolved and checked.

    Raises one InputError for all faults, each with file, line, field and mend.
    """
    path = folder / "product.toml"
    stated = read_toml(path, Product)
    faults: Sequence[Fault] = tuple(_code_faults(stated))
    if not faults:
        product = resolve(stated)
        faults = validity_faults(product)
    if faults:
        text = path.read_text("utf-8")
        raise InputError.of(
            Fault(one.message, str(path), line_of(text, one.field), one.field, one.mend)
            for one in faults)
    return product


def _code_faults(product: Product) -> Iterator[Fault]:
    """Codes that the vocabulary does not have."""
    named = [(f"sections[{index}]", one.coverage) for index, one in enumerate(product.sections)]
    named += [(f"towers[{index}]", one.coverage) for index, one in enumerate(product.towers)]
    for place, code in named:
        if code not in coverages():
            yield Fault(f"{code!r} is not a coverage of the vocabulary", field=f"{place}.coverage",
                        mend="see docs/reference/vocabulary.md")
    for index, exclusion in enumerate(product.exclusions):
        if exclusion.code not in exclusions() and not exclusion.code.startswith(OWN_CODE):
            yield Fault(f"{exclusion.code!r} is not an exclusion of the vocabulary",
                        field=f"exclusions[{index}].code",
                        mend="see docs/reference/vocabulary.md, or begin its code with CX-")


def shipped_products() -> tuple[str, ...]:
    """Ids of the products that come with the house."""
    folder = files("dinghai.data").joinpath("products")
    return tuple(sorted(one.name for one in folder.iterdir() if one.is_dir()))


@cache
def load_product(product_id: str) -> Product:
    """A shipped product, or one in a folder of that path. Raises InputError."""
    if product_id in shipped_products():
        with as_file(files("dinghai.data").joinpath("products", product_id)) as folder:
            return read_product(folder)
    if Path(product_id).is_dir():
        return read_product(Path(product_id))
    raise InputError(f"there is no product and no folder {product_id!r}", field="product",
                     mend="one of: " + ", ".join(shipped_products()) + ", or a product's folder")


def resolve(product: Product) -> Product:
    """The product with every text, trigger, predicate and effect it takes from the vocabulary."""
    codes = tuple(one.code for one in product.exclusions)
    return msgspec.structs.replace(
        product,
        vocabulary=product.vocabulary or VOCABULARY_VERSION,
        sections=tuple(_resolve_section(one, codes) for one in product.sections),
        towers=tuple(_resolve_tower(one) for one in product.towers),
        exclusions=grouped(tuple(_resolve_exclusion(one, product) for one in product.exclusions)),
    )


def _resolve_section(section: Section, codes: tuple[str, ...]) -> Section:
    standard = _coverage(section.coverage)
    usual = usual_exclusions(section.coverage)
    return msgspec.structs.replace(
        section,
        **_texts(section, standard),
        payability=section.payability or _MAINLAND[standard.mainland],
        trigger_basis=section.trigger_basis or standard.trigger.basis,
        triggers=section.triggers or standard.trigger.events,
        perils=section.perils or standard.trigger.perils,
        valuation=section.valuation or standard_valuation(standard),
        exclusions=(section.exclusions if section.exclusions is not None
                    else tuple(code for code in codes
                               if code in usual or code.startswith(OWN_CODE))),
        evidence=section.evidence or standard.evidence,
        source=section.source or standard.source,
        confidence=section.confidence or standard.confidence,
    )


def standard_valuation(standard: Coverage) -> Valuation | None:
    special = _METHOD_OF.get(standard.id)
    if special is not None:
        return special
    method = _METHODS.get(standard.valuation.method)
    return Valuation(method=method) if method else None


def _resolve_tower(tower: Tower) -> Tower:
    standard = _coverage(tower.coverage)
    return msgspec.structs.replace(
        tower, **_texts(tower, standard),
        triggers=tower.triggers or standard.trigger.events,
        evidence=tower.evidence or standard.evidence)


def _texts(part: Section | Tower, standard: Coverage) -> dict[str, str]:
    return {
        "name_zh": part.name_zh or standard.name_zh, "name_en": part.name_en or standard.name_en,
        "text_zh": part.text_zh or standard.definition_zh,
        "text_en": part.text_en or standard.definition_en,
        "plain_zh": part.plain_zh or standard.plain_zh,
        "plain_en": part.plain_en or standard.plain_en,
    }


def _coverage(code: str) -> Coverage:
    standard = coverages().get(code)
    if standard is None:
        raise InputError(f"{code!r} is not a coverage of the vocabulary", field="sections",
                         mend="see docs/reference/vocabulary.md")
    return standard


def _resolve_exclusion(exclusion: Exclusion, product: Product) -> Exclusion:
    if exclusion.code.startswith(OWN_CODE):
        return exclusion
    standard = exclusions().get(exclusion.code)
    if standard is None:
        raise InputError(f"{exclusion.code!r} is not an exclusion of the vocabulary",
                         field="exclusions", mend="see docs/reference/vocabulary.md")
    predicate = exclusion.predicate or standard.predicate
    effect = exclusion.effect or msgspec.convert(standard.effect, Effect)
    return msgspec.structs.replace(
        exclusion,
        acts_on=_acts_on(standard.kind, predicate, effect),
        predicate=predicate,
        effect=effect,
        burden=exclusion.burden or standard.burden_of_proof,
        duty=exclusion.duty or _DUTIES[standard.explanation],
        name_zh=exclusion.name_zh or standard.name_zh,
        name_en=exclusion.name_en or standard.name_en,
        text_zh=exclusion.text_zh or standard.clause_zh,
        text_en=exclusion.text_en or standard.clause_en,
        plain_zh=exclusion.plain_zh or standard.plain_zh,
        plain_en=exclusion.plain_en or standard.plain_en,
        law=exclusion.law or standard.statute,
        carve_backs=_carve_backs(exclusion, standard, product),
    )


def usual_exclusions(coverage: str) -> frozenset[str]:
    """Standard exclusions whose items rule a section of this coverage when it names none itself."""
    return _everywhere().union(_coverage(coverage).typical_exclusions)


@cache
def _everywhere() -> frozenset[str]:
    """Exclusions that act on every section's items: kinds of loss, and what the standard puts over
    the whole policy. Other rules about items act where the standard, or the section, lists them.
    """
    return frozenset(code for code, one in exclusions().items()
                     if one.policy_level_default or one.kind == "loss_type")


def _carve_backs(
    exclusion: Exclusion, standard: StandardExclusion, product: Product
) -> tuple[CarveBack, ...]:
    """The product's own, or the standard ones and the coverages that disapply the exclusion."""
    if exclusion.carve_backs is not None:
        return exclusion.carve_backs
    carved = [CarveBack(coverages=one.coverages, when=one.when, text_zh=one.text_zh,
                        text_en=one.text_en) for one in standard.carve_backs]
    named = {code for one in carved for code in one.coverages}
    disapplying = tuple(code for code in granted_coverages(product) if code not in named
                        and exclusion.code in _coverage(code).disapplied_exclusions)
    if disapplying:
        carved.append(CarveBack(coverages=disapplying))
    return tuple(carved)


def _acts_on(kind: str, predicate: dict[str, JSON], effect: Effect) -> ActsOn:
    """Cause and timing act on the event, loss types and items on the item (DECISIONS 12)."""
    if kind in {"event_cause", "timing", "jurisdiction"}:
        return "event"
    if kind in {"loss_type", "item"}:
        return "item"
    scopes = {one.scope for one in facts_of(parse_predicate(predicate))}
    return "item" if "item" in scopes or effect.type == "exclude_item" else "event"
