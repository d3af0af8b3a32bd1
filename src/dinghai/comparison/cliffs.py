"""Cliffs: where wordings differ sharply, in plain words and beside each other.

Each topic reads the structured wording, never a text: what it says is what the terms do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import as_file, files

from dinghai.comparison.documents import Cliff, CliffTopic
from dinghai.foundation.reading import read_toml
from dinghai.vocabulary.coverages import coverages
from dinghai.wording.exclusions import Effect
from dinghai.wording.schema import Product
from dinghai.wording.sections import Section
from dinghai.wording.words import Struct

Said = tuple[str, dict[str, str]]
"""The word for what a product says, and what its sentence is filled with."""


class _Topic(Struct, frozen=True):
    name_zh: str
    name_en: str
    says: dict[str, tuple[str, str]]


class _Topics(Struct, frozen=True):
    topics: dict[str, _Topic]


@cache
def _topics() -> Mapping[str, _Topic]:
    with as_file(files("dinghai.data").joinpath("comparison", "cliffs.toml")) as path:
        return read_toml(path, _Topics).topics


def cliffs(products: Sequence[Product]) -> tuple[CliffTopic, ...]:
    """What every product says on every topic."""
    return tuple(_topic(name, topic, products) for name, topic in _topics().items())


def _topic(name: str, topic: _Topic, products: Sequence[Product]) -> CliffTopic:
    said = tuple(_cliff(name, topic, product) for product in products)
    return CliffTopic(topic=name, name_zh=topic.name_zh, name_en=topic.name_en,
                      differs=len({one.zh for one in said}) > 1, products=said)


def _cliff(name: str, topic: _Topic, product: Product) -> Cliff:
    word, values = _SAY[name](product)
    zh, en = topic.says[word]
    return Cliff(product=product.product_id, version=product.version, says=word,
                 zh=zh.format(**values), en=en.format(**values))


def _waiting(product: Product) -> Said:
    section = product.section("FP-BI")
    if section is None:
        return "absent", {}
    if section.waiting is None or section.waiting.seconds == 0:
        return "none", {}
    mode = section.waiting.mode
    word = f"franchise_{section.waiting.deductible}" if mode == "franchise_hours" else mode
    return word, {"hours": f"{section.waiting.seconds / 3600:g}"}


def _indemnity_period(product: Product) -> Said:
    section = product.section("FP-BI")
    if section is None:
        return "absent", {}
    if section.indemnity_days is None:
        return "unlimited", {}
    return "days", {"days": str(section.indemnity_days)}


def _listed(product: Product, coverage: str, schedule: str) -> Said:
    section = product.section(coverage)
    if section is None:
        return "absent", {}
    if "EX-PROV-UNNAMED" in (section.exclusions or ()):
        return "listed", {}
    return "declared" if schedule in section.schedule_refs else "any", {}


def _outsourcers(product: Product) -> Said:
    exclusion = product.exclusion("EX-UNAPPROVED-OUTS")
    liable = [code for code in ("TP-OUTS", "TP-PRIV") if product.section(code) is not None]
    if exclusion is not None:
        if not exclusion.coverages:
            return "all_lost", {}
        return "section_lost", _named(exclusion.coverages)
    if "TP-OUTS" in liable:
        return "named", _named(["TP-OUTS"])
    return ("as_own" if liable else "absent"), {}


def _vendors(product: Product) -> Said:
    designated = [one.coverage for one in product.sections if one.vendor_rule == "designated"]
    if designated:
        return "designated", _named(designated)
    bound = [one.coverage for one in product.sections
             if one.prior_consent != "none" or one.vendor_rule == "panel"]
    return ("consent", _named(bound)) if bound else ("free", {})


def _unapproved_costs(product: Product) -> Said:
    exclusion = product.exclusion("EX-UNAPPROVED")
    if exclusion is None or exclusion.effect is None:
        return "silent", {}
    return "lost" if exclusion.effect.type == "exclude_item" else "reduced", {}


def _betterment(product: Product) -> Said:
    section = product.section("FP-BETTER")
    if section is None:
        return ("excluded" if product.exclusion("EX-BETTER") is not None else "silent"), {}
    share = section.valuation.share_ppm if section.valuation is not None else None
    return ("open", {}) if share is None else ("covered", {"percent": f"{share / 10_000:g}%"})


def _retroactive(product: Product) -> Said:
    """A rule without the exclusion that enforces it takes nothing away."""
    rule = product.basis.retroactive if product.exclusion("EX-RETRO") is not None else "none"
    return rule, {}


def _ransom(product: Product) -> Said:
    response = product.section("FP-EXT-C") is not None
    if product.section("FP-EXT-R") is not None:
        return "nominal" if response else "listed_only", {}
    return "response" if response else "absent", {}


def _defence(product: Product) -> Said:
    liable = any(_is_liability(one) for one in product.sections)
    return (product.limits.defence if liable else "absent"), {}


def _is_liability(section: Section) -> bool:
    return section.valuation is not None and section.valuation.method == "liability"


def _average(product: Product) -> Said:
    reduced = [one.coverage for one in product.sections if one.average]
    return ("average", _named(reduced)) if reduced else ("first_loss", {})


def _instalments(product: Product) -> Said:
    return ("none" if product.instalments is None else "pro_rata"), {}


_SECURITY = ("EX-MAINT", "EX-UNPATCHED", "EX-UNREMEDIATED")


def _security_conditions(product: Product) -> Said:
    effects = {code: exclusion.effect for code in _SECURITY
               if (exclusion := product.exclusion(code)) is not None
               and exclusion.effect is not None}
    if not effects:
        return "none", {}
    whole = [code for code, effect in effects.items() if _takes_all(effect)]
    return ("all_or_nothing", {"codes": ", ".join(whole)}) if whole else (
        "graded", {"codes": ", ".join(effects)})


def _takes_all(effect: Effect) -> bool:
    return effect.type in {"exclude_event", "exclude_item"}


def _one_event(product: Product) -> Said:
    basis = product.basis
    return basis.aggregation_rule, {"hours": str(basis.hours_window or 0)}


def _named(codes: Sequence[str]) -> dict[str, str]:
    """Coverages by name and code, in both languages."""
    standard = coverages()
    return {"coverages": "、".join(f"{standard[code].name_zh} {code}" for code in codes),
            "coverages_en": ", ".join(f"{standard[code].name_en} {code}" for code in codes)}


_SAY: Mapping[str, Callable[[Product], Said]] = {
    "waiting": _waiting,
    "indemnity_period": _indemnity_period,
    "dependent_interruption": lambda product: _listed(product, "FP-DBI", "providers"),
    "suppliers": lambda product: _listed(product, "SC-CBI", "suppliers"),
    "outsourcers": _outsourcers,
    "vendors": _vendors,
    "unapproved_costs": _unapproved_costs,
    "betterment": _betterment,
    "retroactive": _retroactive,
    "ransom": _ransom,
    "defence": _defence,
    "average": _average,
    "instalments": _instalments,
    "security_conditions": _security_conditions,
    "one_event": _one_event,
}
"""How each topic of ``data/comparison/cliffs.toml`` is read."""
