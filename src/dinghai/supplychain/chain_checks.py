"""What cannot be true of a chain: unknown ids, two owners, wrong tiers, links to oneself …"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import chain, islice
from pathlib import PurePosixPath
from typing import Any, Final

import msgspec

from dinghai.assessment.profile import valid_credit_code
from dinghai.foundation.money import PPM
from dinghai.supplychain.attack_facts import techniques
from dinghai.supplychain.chain import Chain, Firm, Goods, Link
from dinghai.vocabulary.indicators import indicators
from dinghai.vocabulary.industries import industries

_CVE: Final = re.compile(r"CVE-(?:1999|2\d{3})-\d{4,7}")
_MOST_COMPARED: Final = 500
"""Ids looked through for one that was meant: beyond it a long list of faults takes minutes."""
MOST_FAULTS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong: the table ("" for the chain itself), the row, the field."""

    table: str
    row: int
    field: str
    message: str
    mend: str


@dataclass(frozen=True, slots=True)
class Parts:
    """A chain as far as it could be read.

    ``firms`` … ``goods`` are None where the whole table could not be read: then nothing is said of
    what refers to it. ``more`` holds ids of rows that could not be read, by table.
    """

    owner: str | None
    firms: Sequence[Firm] | None
    controls: Sequence[Any] | None = ()
    assets: Sequence[Any] | None = ()
    weaknesses: Sequence[Any] | None = ()
    providers: Sequence[Any] | None = ()
    links: Sequence[Any] | None = ()
    goods: Sequence[Goods] | None = ()
    more: Mapping[str, frozenset[Hashable]] = field(default_factory=dict)

    @classmethod
    def of(cls, whole: Chain) -> Parts:
        """All of a chain."""
        return cls(whole.owner, whole.firms, whole.controls, whole.assets, whole.weaknesses,
                   whole.providers, whole.links, whole.goods)


def wrongs_of_chain(whole: Chain) -> list[Wrong]:
    """All that is wrong with a chain, its own texts included; at most MOST_FAULTS."""
    return [*head_wrongs(whole), *wrongs_of(Parts.of(whole))][:MOST_FAULTS]


def head_wrongs(head: Any) -> list[Wrong]:
    """What is wrong with the texts of the chain itself."""
    return [*_text_wrongs("", 0, head, ("name_zh", "name_en")),
            *_text_wrongs("", 0, head.programme, ("product",), "programme.")]


def wrongs_of(parts: Parts) -> list[Wrong]:
    """All that is wrong with the tables, in the order of the tables; at most MOST_FAULTS."""
    return list(islice(chain(
        _texts(parts), _firms(parts), _controls(parts), _assets(parts), _weaknesses(parts),
        _providers(parts), _links(parts), _goods(parts)), MOST_FAULTS))


def _texts(parts: Parts) -> Iterator[Wrong]:
    for table in ("firms", "controls", "assets", "weaknesses", "providers", "links", "goods"):
        for row, one in enumerate(getattr(parts, table) or ()):
            yield from _text_wrongs(table, row, one, one.__struct_fields__)


def _text_wrongs(table: str, row: int, one: Any, names: Iterable[str],
                 prefix: str = "") -> Iterator[Wrong]:
    for name in names:
        value = getattr(one, name)
        required = value == "" and name in ("name_zh", "product")
        optional = value == "" and name in ("template", "dossier", "cve", "technique")
        for text in (value if isinstance(value, tuple) else (value,)):
            if not isinstance(text, str) or (not text and not isinstance(value, tuple)):
                continue
            if text != text.strip() or not text:
                yield Wrong(table, row, prefix + name, "a text has spaces around it, or is empty",
                            "take them away")
            elif not text.isprintable() and any(
                    unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") for one in text):
                yield Wrong(table, row, prefix + name, "a text holds a control character",
                            "write it on one line, in plain characters")
        if required or optional:
            yield Wrong(table, row, prefix + name, "the text is empty",
                        "write it" if required else "leave the field out")


def _twice(table: str, rows: Iterable[Any], key: Sequence[str], what: str) -> Iterator[Wrong]:
    found: dict[Hashable, int] = {}
    for row, one in enumerate(rows):
        value = tuple(getattr(one, name) for name in key)
        if value in found:
            said = " ".join(str(part) for part in value if part is not None)
            yield Wrong(table, row, key[-1], f"{what} {said!r} stands twice", "keep one of the two")
        found.setdefault(value, row)


def _known(parts: Parts, table: str, ids: Iterable[Any]) -> set[Any]:
    return {*ids, *parts.more.get(table, ())}


def _firm_ids(parts: Parts) -> set[Any] | None:
    if parts.firms is None:
        return None
    return _known(parts, "firms", (one.id for one in parts.firms))


def _unknown(table: str, row: int, name: str, value: str, known: set[Any],
             what: str) -> Iterator[Wrong]:
    if value not in known:
        names = [one for one in known if isinstance(one, str)]
        near = get_close_matches(value, sorted(names)) if len(names) <= _MOST_COMPARED else []
        yield Wrong(table, row, name, f"there is no {what} {value!r}",
                    f"did you mean {' or '.join(near)}?" if near else
                    f"name a {what} of the chain, or add it")


def _firms(parts: Parts) -> Iterator[Wrong]:
    if parts.firms is None:
        return
    yield from _twice("firms", parts.firms, ("id",), "the firm")
    codes: dict[str, str] = {}
    for row, firm in enumerate(parts.firms):
        yield from _firm(row, firm)
        if firm.credit_code and codes.setdefault(firm.credit_code, firm.id) != firm.id:
            yield Wrong("firms", row, "credit_code",
                        f"{firm.credit_code} is also the code of {codes[firm.credit_code]!r}",
                        "give each firm its own, or take one of the two firms away")
    yield from _owner(parts)


def _firm(row: int, firm: Firm) -> Iterator[Wrong]:
    if firm.industry not in industries():
        yield Wrong("firms", row, "industry", f"{firm.industry!r} is no section of GB/T 4754",
                    "write the section's letter, A to T")
    if firm.credit_code and not valid_credit_code(firm.credit_code):
        yield Wrong("firms", row, "credit_code",
                    f"{firm.credit_code!r} is not a unified social credit code",
                    "18 characters with a valid check character (GB 32100-2015), or leave it out")
    if (firm.role == "owner") != (firm.tier == 0):
        yield Wrong("firms", row, "tier",
                    f"the role is {firm.role} and the tier {firm.tier}",
                    "the owner is tier 0, and every other firm tier 1 or more")
    if firm.dossier is not None and not _relative(firm.dossier):
        yield Wrong("firms", row, "dossier", f"{firm.dossier!r} is no path from the chain's folder",
                    "write it like dossiers/NAME or ../NAME, with forward slashes")
    for name in firm.estimated:
        if name not in Firm.__struct_fields__:
            yield Wrong("firms", row, "estimated", f"a firm has no field {name!r}",
                        "name fields of a firm, such as revenue_fen")


def _relative(text: str) -> bool:
    path = PurePosixPath(text)
    return not (path.is_absolute() or "\\" in text or ":" in text)


def _owner(parts: Parts) -> Iterator[Wrong]:
    firms = parts.firms or ()
    owners = [row for row, one in enumerate(firms) if one.role == "owner"]
    for row in owners[1:]:
        yield Wrong("firms", row, "role", "the chain has a second owner",
                    f"one firm is the owner: {firms[owners[0]].id!r} is already")
    if parts.owner is None:
        return
    known = _firm_ids(parts) or set()
    if parts.owner not in known:
        yield from _unknown("", 0, "owner", parts.owner, known, "firm")
    elif not parts.more.get("firms") and not any(firms[row].id == parts.owner for row in owners):
        yield Wrong("", 0, "owner", f"the firm {parts.owner!r} has not the role owner",
                    "write role owner and tier 0 for it")


def _controls(parts: Parts) -> Iterator[Wrong]:
    rows = parts.controls or ()
    yield from _twice("controls", rows, ("firm", "indicator"), "the score of")
    known = _firm_ids(parts)
    for row, one in enumerate(rows):
        if known is not None:
            yield from _unknown("controls", row, "firm", one.firm, known, "firm")
        if one.indicator not in indicators():
            yield Wrong("controls", row, "indicator", f"{one.indicator!r} is not an indicator",
                        "codes run from GOV-01 to HUM-02")


def _assets(parts: Parts) -> Iterator[Wrong]:
    rows = parts.assets or ()
    yield from _twice("assets", rows, ("firm", "id"), "the asset")
    known = _firm_ids(parts)
    for row, one in enumerate(rows):
        if known is not None:
            yield from _unknown("assets", row, "firm", one.firm, known, "firm")
        if len(set(one.products)) < len(one.products):
            yield Wrong("assets", row, "products", "a product stands twice", "keep one of the two")


def _weaknesses(parts: Parts) -> Iterator[Wrong]:
    rows = parts.weaknesses or ()
    yield from _twice("weaknesses", rows, ("firm", "asset", "cve", "technique"), "the weakness")
    firms = _firm_ids(parts)
    assets = None if parts.assets is None else _known(
        parts, "assets", ((one.firm, one.id) for one in parts.assets))
    by_firm: dict[str, set[Any]] = defaultdict(set)
    for pair in assets or ():
        by_firm[pair[0]].add(pair[1])
    for row, one in enumerate(rows):
        if firms is not None and one.firm not in firms:
            yield from _unknown("weaknesses", row, "firm", one.firm, firms, "firm")
        elif assets is not None:
            yield from _unknown("weaknesses", row, "asset", one.asset, by_firm[one.firm],
                                f"asset of {one.firm}")
        if one.cve is None and one.technique is None:
            yield Wrong("weaknesses", row, "cve", "neither a CVE nor a technique is named",
                        "name one of them")
        if one.cve and not is_cve(one.cve):
            yield Wrong("weaknesses", row, "cve", f"{one.cve!r} is not a CVE",
                        "write it like CVE-2024-12345")
        if one.technique and one.technique not in techniques():
            near = get_close_matches(one.technique, techniques(), n=1)
            yield Wrong("weaknesses", row, "technique",
                        f"{one.technique!r} is no technique of ATT&CK",
                        f"did you mean {near[0]}?" if near else "write it like T1133 or T1078.001")


def _providers(parts: Parts) -> Iterator[Wrong]:
    rows = parts.providers or ()
    yield from _twice("providers", rows, ("id",), "the provider")
    firms = _firm_ids(parts) or set()
    for row, one in enumerate(rows):
        if one.id in firms:
            yield Wrong("providers", row, "id", f"{one.id!r} is also the id of a firm",
                        "give each its own")


def _links(parts: Parts) -> Iterator[Wrong]:
    rows = parts.links or ()
    yield from _twice("links", rows, ("source", "target", "kind"), "the link")
    firms = _firm_ids(parts)
    providers = None if parts.providers is None else _known(
        parts, "providers", (one.id for one in parts.providers))
    ends = set() if firms is None or providers is None else firms | providers
    for row, one in enumerate(rows):
        if one.source == one.target:
            yield Wrong("links", row, "target", f"{one.source!r} is linked to itself",
                        "a link leads from one firm or provider to another")
        if firms is None or providers is None:
            continue
        for name, value in (("source", one.source), ("target", one.target)):
            yield from _unknown("links", row, name, value, ends, "firm or provider")
        if one.kind == "shared_provider" and one.source in firms:
            yield Wrong("links", row, "source", f"{one.source!r} is a firm, not a shared provider",
                        "list it in providers.csv under an id of its own, or choose another kind")


def _goods(parts: Parts) -> Iterator[Wrong]:
    rows = parts.goods or ()
    yield from _twice("goods", rows, ("source", "target", "item"), "the delivery")
    firms = _firm_ids(parts)
    depends: dict[str, int] = defaultdict(int)
    last: dict[str, int] = {}
    for row, one in enumerate(rows):
        if one.source == one.target:
            yield Wrong("goods", row, "target", f"{one.source!r} delivers to itself",
                        "goods run from one firm to another")
        if firms is not None:
            for name, value in (("source", one.source), ("target", one.target)):
                yield from _unknown("goods", row, name, value, firms, "firm")
        depends[one.target] += share_of(one)
        last[one.target] = row
    for buyer, share in depends.items():
        if share > PPM:
            yield Wrong("goods", last[buyer], "share_ppm",
                        f"{share / 10_000:g}% of the output of {buyer!r} stops without its "
                        "deliveries", "the shares of one buyer, less what can be bought "
                        "elsewhere, add up to at most 100%")


def is_cve(text: str) -> bool:
    """Whether a text is the id of a common vulnerability."""
    return _CVE.fullmatch(text) is not None


def share_of(goods: Goods) -> int:
    """The part of the buyer's output that stops for good without a delivery, in ppm."""
    return goods.share_ppm * (PPM - (goods.substitutable_ppm or 0)) // PPM


def remarks(whole: Chain) -> list[Wrong]:
    """What is odd but may be true: nobody to deal with, nothing known, dates after the chain's."""
    found: list[Wrong] = []
    tiers = {one.id: one.tier for one in whole.firms}
    partners: dict[str, set[str]] = defaultdict(set)
    pairs: tuple[Link | Goods, ...] = (*whole.links, *whole.goods)
    for pair in pairs:
        partners[pair.source].add(pair.target)
        partners[pair.target].add(pair.source)
    scored = {one.firm for one in whole.controls}
    for row, firm in enumerate(whole.firms):
        near = {tiers[one] for one in partners[firm.id] if one in tiers}
        if firm.tier > 0 and firm.tier - 1 not in near:
            found.append(Wrong("firms", row, "tier",
                               f"{firm.id!r} of tier {firm.tier} deals with nobody of tier "
                               f"{firm.tier - 1}", "add its delivery or link, or mend its tier"))
        if firm.id not in scored and firm.dossier is None:
            found.append(Wrong("firms", row, "id", f"nothing is known of the controls of "
                               f"{firm.id!r}", "import its questionnaire or its scans"))
    used = {one.source for one in whole.links} | {one.target for one in whole.links}
    found += [Wrong("providers", row, "id", f"nobody uses the provider {one.id!r}",
                    "add links of kind shared_provider from it")
              for row, one in enumerate(whole.providers) if one.id not in used]
    found += [Wrong("controls", row, "as_of", f"{one.as_of} lies after the chain's day "
                    f"{whole.as_of}", "mend the date, or the chain's as_of")
              for row, one in enumerate(whole.controls)
              if one.as_of is not None and one.as_of > whole.as_of]
    found += [Wrong("weaknesses", row, "observed_on", f"{one.observed_on} lies after the chain's "
                    f"day {whole.as_of}", "mend the date, or the chain's as_of")
              for row, one in enumerate(whole.weaknesses)
              if one.observed_on is not None and one.observed_on > whole.as_of]
    return found


def encoded(kind: type[msgspec.Struct], attribute: str) -> str:
    """The name of a field in files."""
    return next((one.encode_name for one in msgspec.structs.fields(kind)
                 if one.name == attribute), attribute)
