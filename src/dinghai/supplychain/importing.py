"""A chain from what people have: a supplier list, questionnaires, scans and bills of materials.

Every guess, assumption, gap and rejected row is told. What is imported now takes the place of what
was there of the same key; an empty cell never does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec

from dinghai.assessment.profile import valid_credit_code
from dinghai.evidence.feeds import EpssTable, KevTable
from dinghai.experience.own_columns import plain
from dinghai.experience.own_values import CellFault, ordinary
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import PPM
from dinghai.supplychain.chain import (
    Asset,
    Chain,
    ControlScore,
    Firm,
    Goods,
    Link,
    LinkKind,
    Provider,
    Role,
    Weakness,
)
from dinghai.supplychain.chain_cells import read_cell
from dinghai.supplychain.chain_checks import share_of, wrongs_of_chain
from dinghai.supplychain.firm_evidence import asset_id, firm_evidence, place_assets
from dinghai.supplychain.supplier_columns import Guess, supplier_columns, words_in
from dinghai.supplychain.supplier_evidence import (
    SupplierEvidence,
    read_supplier_answers,
    read_supplier_scans,
)
from dinghai.supplychain.supplier_list import ListedFirm, SupplierList, read_supplier_list

ASSUMABLE: Final = ("revenue", "industry", "tier", "share", "stock", "headcount")
_LINKS: Final[tuple[LinkKind, ...]] = (
    "remote_access", "software_update", "data_share", "email_trust", "shared_credential")
_PREFIX: Final = {"supplier": "s", "dealer": "d", "customer": "c", "owner": "o"}
_PLAIN_FIELDS: Final[Mapping[str, str]] = {
    "name_en": "name_en", "credit_code": "credit_code", "province": "province",
    "revenue": "revenue_fen", "gross_profit_rate": "gross_profit_rate_ppm",
    "headcount": "headcount", "endpoints": "endpoints"}


@dataclass(frozen=True, slots=True)
class Assumed:
    """A value of a firm that nobody stated: guessed from words, or assumed as the caller said."""

    firm: str
    field: str
    value: str
    why: str

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"firm": self.firm, "field": self.field, "value": self.value, "why": self.why}


@dataclass(frozen=True, slots=True)
class ChainImport:
    """The chain after an import, and all that must be known of it.

    ``missing`` names firms by what is not known of them; ``rejected`` are rows and files left
    out, ``unread`` cells left out of rows that were kept.
    """

    chain: Chain
    added: tuple[str, ...]
    changed: tuple[str, ...]
    rows: int
    guesses: tuple[Guess, ...]
    strange: tuple[str, ...]
    assumed: tuple[Assumed, ...]
    missing: Mapping[str, tuple[str, ...]]
    rejected: tuple[Fault, ...]
    unread: tuple[Fault, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, JSON]:
        """The document ``dinghai.chain-import/1``."""
        chain = self.chain
        return {
            "schema": "dinghai.chain-import/1", "chain": chain.id, "rows": self.rows,
            "firms": len(chain.firms), "added": list(self.added), "changed": list(self.changed),
            "counts": {name: len(getattr(chain, name)) for name in (
                "controls", "assets", "weaknesses", "providers", "links", "goods")},
            "guesses": [one.to_dict() for one in self.guesses],
            "not_read": list(self.strange),
            "assumed": [one.to_dict() for one in self.assumed],
            "missing": {what: list(firms) for what, firms in self.missing.items()},
            "rejected": [one.to_dict() for one in self.rejected],
            "unread": [one.to_dict() for one in self.unread], "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Sources:
    """What is imported. ``columns`` maps column ids to headings; ``assume`` values to fields."""

    suppliers: Path | None = None
    answers: Path | None = None
    evidence: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    assume: Mapping[str, str] = field(default_factory=dict)


_Weak = tuple[str, str, str | None, str | None]


@dataclass(slots=True)
class _Making:
    """The parts of the chain while they grow."""

    owner: str
    as_of: date
    firms: dict[str, Firm]
    controls: dict[tuple[str, str], ControlScore]
    assets: dict[tuple[str, str], Asset]
    weaknesses: dict[_Weak, Weakness]
    providers: dict[str, Provider]
    links: dict[tuple[str, str, str], Link]
    goods: dict[tuple[str, str, str], Goods]
    names: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    depends: dict[str, int] = field(default_factory=dict)
    assumed: list[Assumed] = field(default_factory=list)
    rejected: list[Fault] = field(default_factory=list)
    unread: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def new_chain(*, id: str, name_zh: str, owner: str, owner_id: str, industry: str, revenue: str,
              as_of: date) -> Chain:
    """A chain of its owner alone, to import into. Raises InputError."""
    try:
        fen = int(read_cell("amount", revenue))
    except CellFault as fault:
        raise InputError(fault.message, field="--owner", mend=fault.mend) from fault
    firm = Firm(owner_id, owner, "owner", 0, industry, fen)
    chain = Chain("dinghai.chain/1", id, name_zh, owner_id, as_of, (firm,))
    _refuse_wrong(chain, "--owner")
    return chain


def _refuse_wrong(chain: Chain, where: str) -> None:
    from dinghai.supplychain.chain_file import chain_of

    chain_of(msgspec.to_builtins(chain), file=where)


def import_chain(into: Chain, sources: Sources, *, kev: KevTable,
                 epss: EpssTable | None = None) -> ChainImport:
    """The chain with the sources in it. The chain given is not changed.

    Raises InputError for sources that cannot be read at all; single rows and files that cannot be
    used are ``rejected`` and the others stay.
    """
    assume = _assumptions(sources.assume)
    made = _Making(
        into.owner, into.as_of, {one.id: one for one in into.firms},
        {(one.firm, one.indicator): one for one in into.controls},
        {(one.firm, one.id): one for one in into.assets},
        {_weakness_key(one): one for one in into.weaknesses},
        {one.id: one for one in into.providers},
        {(one.source, one.target, one.kind): one for one in into.links},
        {(one.source, one.target, one.item): one for one in into.goods})
    for firm in into.firms:
        _name(made, firm)
    for goods in into.goods:
        made.depends[goods.target] = made.depends.get(goods.target, 0) + share_of(goods)
    guesses: tuple[Guess, ...] = ()
    strange: tuple[str, ...] = ()
    rows = 0
    if sources.suppliers is not None:
        listed = read_supplier_list(sources.suppliers, sources.columns)
        guesses = tuple(sorted((*listed.header.columns.values(), *listed.header.left),
                               key=lambda one: one.place))
        strange, rows = listed.header.strange, listed.rows
        made.rejected += listed.rejected
        made.unread += listed.unread
        made.notes += listed.notes
        _take_list(made, listed, assume)
    found = SupplierEvidence()
    if sources.answers is not None:
        read_supplier_answers(sources.answers, found, on=into.as_of)
    if sources.evidence is not None:
        read_supplier_scans(sources.evidence, found, on=into.as_of)
    made.rejected += found.rejected
    made.notes += found.notes
    _take_evidence(made, found, kev, epss)
    return _result(into, made, rows, guesses, strange)


def _result(into: Chain, made: _Making, rows: int, guesses: tuple[Guess, ...],
            strange: tuple[str, ...]) -> ChainImport:
    chain = msgspec.structs.replace(
        into, firms=tuple(made.firms.values()), controls=tuple(made.controls.values()),
        assets=tuple(made.assets.values()), weaknesses=tuple(made.weaknesses.values()),
        providers=tuple(made.providers.values()), links=tuple(made.links.values()),
        goods=tuple(made.goods.values()))
    if wrongs_of_chain(chain):
        _refuse_wrong(chain, "the chain as imported")
    before = into.firm
    return ChainImport(
        chain=chain, added=tuple(one for one in made.firms if one not in before),
        changed=tuple(code for code, one in made.firms.items()
                      if code in before and before[code] != one),
        rows=rows, guesses=guesses, strange=strange, assumed=tuple(made.assumed),
        missing=_missing(chain), rejected=_ordered(made.rejected),
        unread=_ordered(made.unread), notes=tuple(dict.fromkeys(made.notes)))


def _ordered(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    return tuple(sorted(faults, key=lambda one: (one.file or "", one.line or 0)))


def _missing(chain: Chain) -> Mapping[str, tuple[str, ...]]:
    """Firms by what is not known of them and would sharpen the figures."""
    scored = {one.firm for one in chain.controls}
    dealt = {one.source for one in chain.goods} | {one.target for one in chain.goods}
    linked = {one.source for one in chain.links} | {one.target for one in chain.links}
    without_stock = {one.source for one in chain.goods if one.stock_seconds is None}
    tests: dict[str, Iterable[str]] = {
        "headcount": (one.id for one in chain.firms if one.headcount is None),
        "controls": (one.id for one in chain.firms if one.id not in scored and not one.dossier),
        "delivery": (one.id for one in chain.firms if one.id not in dealt),
        "attack link": (one.id for one in chain.firms if one.id not in linked),
        "stock": (one.id for one in chain.firms if one.id in without_stock)}
    return {what: firms for what, every in tests.items() if (firms := tuple(every))}


def _assumptions(texts: Mapping[str, str]) -> dict[str, Any]:
    kinds: Mapping[str, Any] = {"revenue": "amount", "share": "share", "stock": "span",
                                "headcount": "whole", "tier": "whole", "industry": "text"}
    found: dict[str, Any] = {}
    faults = []
    for name, text in texts.items():
        try:
            if name not in kinds:
                raise CellFault(f"{name!r} cannot be assumed", "one of: " + ", ".join(ASSUMABLE))
            found[name] = read_cell(kinds[name], text)
        except CellFault as fault:
            faults.append(Fault(fault.message, None, None, f"--assume {name}", fault.mend))
    if faults:
        raise InputError.of(faults)
    return found


def _name(made: _Making, firm: Firm) -> None:
    for word in (firm.id, firm.name_zh, firm.name_en, firm.credit_code):
        if word:
            made.names.setdefault(plain(word), firm.id)


def _take_list(made: _Making, listed: SupplierList, assume: Mapping[str, Any]) -> None:
    taken: list[tuple[ListedFirm, str]] = []
    for row in listed.firms:
        firm = _firm(made, row, listed, assume)
        if firm is not None:
            made.firms[firm.id] = firm
            _name(made, firm)
            taken.append((row, firm.id))
    if "tier" not in listed.header.columns:
        made.notes.append("no column is the tier: every new firm is taken for tier "
                          f"{assume.get('tier', 1)}")
    if not any(name in listed.header.columns for name in (*_LINKS, "providers")):
        made.notes.append("the list says nothing of attack links (远程接入, 数据交换, 软件更新 …): "
                          "no attack can pass from these firms until links are added")
    if "share" in listed.header.columns:
        made.notes.append(f"{listed.header.columns['share'].heading!r} is taken for the share of "
                          "the buyer's output that stops without the delivery: check it")
    for row, firm_id in taken:
        partner = _partner(made, row, firm_id, listed)
        if partner is not None:
            _delivery(made, row, firm_id, partner, listed, assume)
            _links(made, row, firm_id, partner)
        _providers(made, row, firm_id)


def _firm(made: _Making, row: ListedFirm, listed: SupplierList,
          assume: Mapping[str, Any]) -> Firm | None:
    """The firm of a row: the one known by its id, code or name, or a new one."""
    code = _credit_code(made, row, listed)
    known = next((made.names[word] for word in map(plain, filter(None, (
        row["id"], code, row["name"]))) if word in made.names), None)
    stated: dict[str, Any] = {mine: row[theirs] for theirs, mine in _PLAIN_FIELDS.items()
                              if row[theirs] is not None and theirs != "credit_code"}
    if code:
        stated["credit_code"] = code
    if stated.get("revenue_fen") == 0:
        made.unread.append(_fault(row, listed, "revenue", "a revenue of nothing",
                                  "write the annual revenue, or leave it empty"))
        del stated["revenue_fen"]
    if row["industry"] is not None and not row["industry"][1]:
        stated["industry"] = row["industry"][0]
    if known is not None:
        if made.names.get(plain(row["name"])) != known:
            made.notes.append(f"{row['name']!r} of line {row.line} has the id or the credit code "
                              f"of {made.firms[known].name_zh!r}: taken for the same firm")
        return _changed(made, made.firms[known], row, stated)
    return _new_firm(made, row, listed, stated, assume)


def _changed(made: _Making, before: Firm, row: ListedFirm, stated: Mapping[str, Any]) -> Firm:
    changes = dict(stated)
    if before.role != "owner":
        if row["tier"]:
            changes["tier"] = row["tier"]
        if row["role"] and row["role"] != "owner":
            changes["role"] = row["role"]
    estimated = tuple(one for one in before.estimated if one not in changes)
    return msgspec.structs.replace(before, **changes, estimated=estimated)


def _new_firm(made: _Making, row: ListedFirm, listed: SupplierList, stated: dict[str, Any],
              assume: Mapping[str, Any]) -> Firm | None:
    role: Role = row["role"] or "supplier"
    tier = row["tier"]
    if role == "owner" or tier == 0:
        made.rejected.append(_fault(row, listed, "role" if role == "owner" else "tier",
                                    f"{row['name']!r} is listed as owner, and the owner is "
                                    f"{made.firms[made.owner].name_zh!r}",
                                    "name the owner as in the chain, or mend the row"))
        return None
    estimates: dict[str, tuple[Any, str]] = {}
    if tier is None:
        estimates["tier"] = (assume.get("tier", 1), "not stated")
    if "industry" not in stated:
        guess = row["industry"][0] if row["industry"] else words_in(
            f"{row['name']} {row['item'] or ''}", supplier_columns().industries)
        if guess:
            estimates["industry"] = (guess, "from words of its industry, name or delivery")
        elif "industry" in assume:
            estimates["industry"] = (assume["industry"], "assumed")
    if "revenue_fen" not in stated and "revenue" in assume:
        estimates["revenue_fen"] = (assume["revenue"], "assumed")
    if "headcount" not in stated and "headcount" in assume:
        estimates["headcount"] = (assume["headcount"], "assumed")
    for name, column in (("industry", "industry"), ("revenue_fen", "revenue")):
        if name not in stated and name not in estimates:
            made.rejected.append(_fault(
                row, listed, column, f"the {column} of {row['name']!r} is not known",
                f"write it, or say what to assume: --assume {column}="
                + ("5000万" if column == "revenue" else "C")))
            return None
    firm_id = _new_id(made, row, role)
    values = {"tier": tier, **stated, **{name: one for name, (one, _) in estimates.items()}}
    made.assumed += [Assumed(firm_id, name, str(one), why)
                     for name, (one, why) in estimates.items()]
    return Firm(id=firm_id, name_zh=row["name"], role=role, estimated=tuple(estimates), **values)


def _new_id(made: _Making, row: ListedFirm, role: str) -> str:
    if row["id"]:
        wanted = asset_id(row["id"])
        if wanted not in made.firms and wanted not in made.providers:
            return wanted
    number = made.numbers.get(role) or 1 + sum(one.role == role for one in made.firms.values())
    while (found := f"{_PREFIX[role]}{number:03d}") in made.firms or found in made.providers:
        number += 1
    made.numbers[role] = number + 1
    return found


def _credit_code(made: _Making, row: ListedFirm, listed: SupplierList) -> str:
    code = ordinary(row["credit_code"] or "").upper().replace(" ", "")
    if code and not valid_credit_code(code):
        made.unread.append(_fault(row, listed, "credit_code",
                                  f"{code[:40]!r} is not a unified social credit code",
                                  "18 characters with a valid check character (GB 32100-2015)"))
        return ""
    return code


def _fault(row: ListedFirm, listed: SupplierList, column: str, message: str, mend: str) -> Fault:
    guess = listed.header.columns.get(column)
    return Fault(message, row.file, row.line, guess.heading if guess else column, mend)


def _partner(made: _Making, row: ListedFirm, firm_id: str, listed: SupplierList) -> str | None:
    """With whom a firm deals: whom it names; the owner for a firm of tier 1 that names nobody."""
    if row["partner"]:
        found = made.names.get(plain(row["partner"]))
        if found is None or found == firm_id:
            made.unread.append(_fault(
                row, listed, "partner",
                f"there is no other firm {row['partner']!r} in the list or the chain",
                "write the name as in its own row"))
            return None
        return found
    firm = made.firms[firm_id]
    if firm.role == "owner":
        return None
    if firm.tier == 1:
        return made.owner
    made.unread.append(_fault(row, listed, "partner",
                              f"{firm.name_zh!r} of tier {firm.tier} names nobody it deals with",
                              "add a column 供货对象 with the name of its buyer"))
    return None


def _delivery(made: _Making, row: ListedFirm, firm_id: str, partner: str, listed: SupplierList,
              assume: Mapping[str, Any]) -> None:
    share = row["share"]
    if share is None:
        if "share" not in assume:
            return
        share = assume["share"]
        made.assumed.append(Assumed(firm_id, "goods.share_ppm", str(share), "assumed"))
    stock = row["stock"] if row["stock"] is not None else assume.get("stock")
    if row["stock"] is None and stock is not None:
        made.assumed.append(Assumed(firm_id, "goods.stock_seconds", str(stock), "assumed"))
    substitutable = row["substitutable"]
    if substitutable is None and row["sole"] is True:
        substitutable = 0
    downstream = made.firms[firm_id].role in ("dealer", "customer")
    source, target = (partner, firm_id) if downstream else (firm_id, partner)
    goods = Goods(source, target, share, stock, substitutable, row["item"] or "")
    key = (source, target, goods.item)
    before = made.goods.get(key)
    total = made.depends.get(target, 0) + share_of(goods) - (share_of(before) if before else 0)
    if total > PPM:
        made.unread.append(_fault(
            row, listed, "share", f"with this delivery more than 100% of the output of "
            f"{made.firms[target].name_zh!r} would stop", "the shares of one buyer add up to at "
            "most 100%: mend them, or state how much can be bought elsewhere"))
        return
    made.depends[target] = total
    made.goods[key] = goods


def _links(made: _Making, row: ListedFirm, firm_id: str, partner: str) -> None:
    for kind in _LINKS:
        key = (firm_id, partner, kind)
        if row[kind] is True:
            mfa = row["mfa"] if kind == "remote_access" else None
            before = made.links.get(key)
            made.links[key] = msgspec.structs.replace(
                before, mfa=before.mfa if mfa is None else mfa) if before else Link(
                    firm_id, partner, kind, None, mfa)
        elif row[kind] is False:
            made.links.pop(key, None)


def _providers(made: _Making, row: ListedFirm, firm_id: str) -> None:
    for name in row["providers"] or ():
        code = next((one.id for one in made.providers.values()
                     if plain(name) in (plain(one.name_zh), plain(one.id))), None)
        if code is None:
            code = _new_provider(made, name)
        link = Link(code, firm_id, "shared_provider")
        made.links.setdefault((code, firm_id, link.kind), link)


def _new_provider(made: _Making, name: str) -> str:
    number = len(made.providers) + 1
    while (code := f"p{number:02d}") in made.providers or code in made.firms:
        number += 1
    kind = words_in(name, supplier_columns().provider_kinds) or "other"
    made.providers[code] = Provider(code, name, kind)
    return code


def _take_evidence(made: _Making, found: SupplierEvidence, kev: KevTable,
                   epss: EpssTable | None) -> None:
    assets: dict[str, dict[str, Asset]] = defaultdict(dict)
    for asset in made.assets.values():
        assets[asset.firm][asset.id] = asset
    _close(made, found)
    for name in found.names():
        firm = made.names.get(plain(name))
        if firm is None:
            file, line = found.places[name]
            made.rejected.append(Fault(f"there is no firm {name!r} in the list or the chain", file,
                                       line, "supplier",
                                       "name it by its id, name or credit code"))
            continue
        answers, readings = found.answers.get(name, {}), found.readings.get(name, [])
        known = firm_evidence(firm, answers, readings, kev=kev, epss=epss, on=made.as_of)
        for score in known.controls:
            _score(made.controls, score)
        mine = assets[firm]
        names, _ = place_assets(known, mine)
        made.assets.update(((firm, code), one) for code, one in mine.items())
        for weakness in known.weaknesses:
            moved = msgspec.structs.replace(weakness, asset=names[weakness.asset])
            made.weaknesses.setdefault(_weakness_key(moved), moved)


def _score(controls: dict[tuple[str, str], ControlScore], new: ControlScore) -> None:
    """An answer and a scan count by the lower of both; of the same kind the newer counts."""
    key = (new.firm, new.indicator)
    before = controls.get(key)
    other = before is not None and {before.known_by, new.known_by} == {"questionnaire", "scan"}
    if before is None or not other or before.score_ppm is None or new.score_ppm is None:
        controls[key] = new
        return
    controls[key] = ControlScore(new.firm, new.indicator, min(before.score_ppm, new.score_ppm),
                                 "assessment", new.as_of or before.as_of)


def _close(made: _Making, found: SupplierEvidence) -> None:
    """Weaknesses that the same report named before are taken away: the new report says anew."""
    reports: dict[str, set[str]] = defaultdict(set)
    for name, readings in found.readings.items():
        if plain(name) in made.names:
            reports[made.names[plain(name)]] |= {one.source_name for one in readings}
    for key, one in list(made.weaknesses.items()):
        if any(one.source == name or one.source.startswith(f"{name} ")
               for name in reports.get(one.firm, ())):
            del made.weaknesses[key]


def _weakness_key(one: Weakness) -> _Weak:
    return one.firm, one.asset, one.cve, one.technique


