"""Products that firms of a chain hold and whose vulnerabilities are exploited at scale.

A product is known by the CPE names and package URLs of assets, and by findings whose CVE stands in
the catalogue of known exploited vulnerabilities (KEV). It is called as the catalogue calls it; one
that the catalogue does not know has no events.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Final, Literal

from packageurl import PackageURL

from dinghai.evidence.components import shipped_ranges
from dinghai.evidence.feeds import KevEntry, KevTable
from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import PPM
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.event_table import event_table

_WORD: Final = re.compile("[a-z]+|[0-9]+")
_EMPTY: Final = frozenset({"and", "multiple", "product", "products", "the", "of", "for", "server",
                           "software"})
"""Words that tell no product from another."""
_Name = tuple[str, str]
"""Vendor and product as the catalogue writes them."""


@dataclass(frozen=True, slots=True)
class Holder:
    """An asset of a firm that runs a product, and how that is known."""

    firm: str
    asset: str
    known_by: Literal["product", "finding"]


@dataclass(frozen=True, slots=True)
class HeldProduct:
    """A product and who holds it. ``exploited`` counts its entries in the catalogue's last years,
    ``a_year`` is how often one of its vulnerabilities is exploited everywhere."""

    id: str
    vendor: str
    product: str
    holders: tuple[Holder, ...]
    exploited: int
    a_year: float

    @property
    def name_zh(self) -> str:
        """What an event of it is called."""
        return f"{self.vendor} {self.product} 通用漏洞"

    @property
    def name_en(self) -> str:
        """What an event of it is called."""
        return f"Common vulnerability of {self.vendor} {self.product}"

    @property
    def firms(self) -> tuple[str, ...]:
        """The firms that hold it, in the chain's order of assets."""
        return tuple(dict.fromkeys(one.firm for one in self.holders))

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"id": self.id, "vendor": self.vendor, "product": self.product,
                "name_zh": self.name_zh, "name_en": self.name_en, "firms": list(self.firms),
                "assets": [{"firm": one.firm, "asset": one.asset, "known_by": one.known_by}
                           for one in self.holders],
                "exploited_in_window": self.exploited, "events_a_year": self.a_year}


def held_products(
    chain: Chain, kev: KevTable | None, *, keep: Sequence[HeldProduct] = ()
) -> tuple[HeldProduct, ...]:
    """The products of a chain, by their id. Without the catalogue there are none.

    Those of ``keep`` stand there whether held or not, and a holder of them that was known by a
    finding remains one: to mend a finding is not to give the product up.
    """
    if kev is None:
        return ()
    catalogue = _Catalogue(kev)
    found: dict[_Name, dict[tuple[str, str], Holder]] = defaultdict(dict)
    for asset in chain.assets:
        for text in asset.products:
            for name in catalogue.products(text):
                found[name].setdefault((asset.firm, asset.id),
                                       Holder(asset.firm, asset.id, "product"))
    for weakness in chain.weaknesses:
        entry = kev.get(weakness.cve) if weakness.cve is not None else None
        known = catalogue.family(entry.vendor, entry.product) if entry is not None else None
        if known is not None:
            found[known].setdefault((weakness.firm, weakness.asset),
                                   Holder(weakness.firm, weakness.asset, "finding"))
    for product in keep:
        holders = found[product.vendor, product.product]
        for one in product.holders:
            if one.known_by == "finding" and one.firm in chain.firm:
                holders.setdefault((one.firm, one.asset), one)
    return tuple(sorted((catalogue.held(name, tuple(holders.values()))
                         for name, holders in found.items()), key=lambda one: one.id))


class _Catalogue:
    """The products of a catalogue, and how often each was exploited."""

    def __init__(self, kev: KevTable) -> None:
        rules = event_table().common_vulnerabilities
        since = kev.as_of - timedelta(days=round(365.25 * rules.window_years))
        rows: dict[_Name, list[KevEntry]] = defaultdict(list)
        for entry in kev.entries.values():
            rows[entry.vendor, entry.product].append(entry)
        self._all: Counter[_Name] = Counter({name: len(one) for name, one in rows.items()})
        recent = {name: [entry for entry in one if entry.date_added > since]
                  for name, one in rows.items()}
        self._recent = {name: len(one) for name, one in recent.items()}
        number = sum(self._recent.values())
        at_scale = sum(entry.ransomware_use is True for one in recent.values() for entry in one)
        self._share = at_scale / number if number else 0.0
        self._mean = number / rules.window_years / max(len(rows), 1)
        self._by_vendor: dict[str, list[_Name]] = defaultdict(list)
        for name in sorted(rows):
            if words(name[1], name[0]):
                self._by_vendor[_joined(name[0])].append(name)
        self._kev = kev
        self.family = lru_cache(maxsize=None)(self._family)
        self.products = lru_cache(maxsize=None)(self._products)

    def _family(self, vendor: str, product: str) -> _Name | None:
        """The row that names a product: of those that share all words with it, the shortest,
        then the one with the most entries of late. None where the catalogue does not know it."""
        wanted = words(product, vendor)
        alike = [name for name in self._by_vendor.get(_joined(vendor), ())
                 if wanted and _alike(wanted, words(name[1], name[0]))]
        return min(alike, default=None, key=lambda name: (
            len(words(name[1], name[0])), -self._recent[name], -self._all[name], name))

    def _products(self, text: str) -> tuple[_Name, ...]:
        """The products that a CPE name or a package URL names."""
        if text.startswith("pkg:"):
            return self._packaged(text)
        cpe = _CPE.match(text)
        if cpe is None:
            return ()
        name = self.family(*(part.replace("\\", "") for part in cpe.groups()))
        return () if name is None else (name,)

    def _packaged(self, text: str) -> tuple[_Name, ...]:
        try:
            package = PackageURL.from_string(text)
        except ValueError:
            return ()
        rows = shipped_ranges().by_package.get(
            (package.type, package.namespace or "", package.name), ())
        entries = [entry for row in rows if (entry := self._kev.get(row.cve)) is not None]
        names = (self.family(one.vendor, one.product) for one in entries)
        return tuple(dict.fromkeys(name for name in names if name is not None))

    def held(self, name: _Name, holders: tuple[Holder, ...]) -> HeldProduct:
        """A product with its holders and how often it is exploited."""
        rules, wanted = event_table().common_vulnerabilities, words(name[1], name[0])
        exploited = sum(self._recent[one] for one in self._by_vendor.get(_joined(name[0]), ())
                        if _alike(wanted, words(one[1], one[0])))
        a_year = self._share * (exploited + self._mean * rules.prior_years) / (
            rules.window_years + rules.prior_years)
        return HeldProduct(
            f"product:{_slug(name[0])}.{_slug(name[1])}", *name, holders, exploited,
            min(a_year, rules.most_ppm_a_year / PPM))


_CPE: Final = re.compile(r"cpe:(?:2\.3:|/)[aoh]:([^:]+):([^:]+)")


@lru_cache(maxsize=65_536)
def words(product: str, vendor: str = "") -> frozenset[str]:
    """The words that tell a product, without its vendor's and without numbers."""
    found = {one for one in _WORD.findall(product.lower()) if not one.isdigit()}
    return frozenset(found - _EMPTY - set(_WORD.findall(vendor.lower()))) or (
        frozenset(found - _EMPTY))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return one <= other or other <= one


def _joined(text: str) -> str:
    return "".join(_WORD.findall(text.lower()))


def _slug(text: str) -> str:
    return "-".join(re.findall("[a-z0-9]+", text.lower()))
