"""Enterprises and products for the tests of comparison."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from dinghai.assessment.profile import Profile, read_profile
from dinghai.comparison.compare import compare
from dinghai.comparison.documents import Payout, PayoutLine
from dinghai.wording.exclusions import Exclusion
from dinghai.wording.products import load_product, resolve
from dinghai.wording.schema import Product
from dinghai.wording.sections import Section
from tests.making import change_section

EXAMPLES = Path(__file__).parents[2] / "examples"
STANDARD = "cyber-comprehensive-standard"


@cache
def profile(name: str = "donghai") -> Profile:
    """The profile of an example."""
    path = EXAMPLES / name / "profile.toml"
    return read_profile(path.read_text("utf-8"), str(path))


def standard() -> Product:
    """The shipped standard product."""
    return load_product(STANDARD)


def variant(
    name: str = "variant", *, sections: tuple[Section, ...] = (),
    exclusions: tuple[Exclusion, ...] = (), without: tuple[str, ...] = (), **changes: Any,
) -> Product:
    """The standard product with more sections and exclusions, or other terms."""
    base = standard()
    return resolve(msgspec.structs.replace(
        base, product_id=name, sections=(*base.sections, *sections),
        exclusions=(*(one for one in base.exclusions if one.code not in without), *exclusions),
        **changes))


def with_section(coverage: str, **changes: Any) -> Product:
    """The standard product with one section changed."""
    return msgspec.structs.replace(change_section(standard(), coverage, **changes),
                                   product_id="variant")


def paid(product: Product, scenario: str, **options: Any) -> Payout:
    """What a product pays the example enterprise in a scenario."""
    result = compare([product], profile(), scenarios=[scenario], **options)
    return result.scenarios[0].products[0]


def line(payout: Payout, coverage: str) -> PayoutLine:
    """The line of a coverage."""
    return next(one for one in payout.lines if one.coverage == coverage)


def says(product: Product, topic: str) -> str:
    """The word that a product says on a topic."""
    found = compare([product], profile(), scenarios=["bec-transfer"])
    return next(one for one in found.cliffs if one.topic == topic).products[0].says
