"""A chain while it grows: the rows of a supplier list become firms, deliveries and links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import msgspec

from dinghai.assessment.profile import valid_credit_code
from dinghai.experience.own_columns import plain
from dinghai.experience.own_values import ordinary
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault
from dinghai.foundation.money import PPM
from dinghai.supplychain.chain import (
    Asset,
    ControlScore,
    Firm,
    Goods,
    Link,
    LinkKind,
    Provider,
    Role,
    Weakness,
)
from dinghai.supplychain.chain_checks import share_of
from dinghai.supplychain.chain_tables import struct_faults
from dinghai.supplychain.firm_evidence import asset_id
from dinghai.supplychain.supplier_columns import supplier_columns, words_in
from dinghai.supplychain.supplier_list import ListedFirm, SupplierList

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


WeaknessKey = tuple[str, str, str | None, str | None]


@dataclass(slots=True)
class Making:
    """The parts of the chain while they grow."""

    owner: str
    as_of: date
    firms: dict[str, Firm]
    controls: dict[tuple[str, str], ControlScore]
    assets: dict[tuple[str, str], Asset]
    weaknesses: dict[WeaknessKey, Weakness]
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


def remember(made: Making, firm: Firm) -> None:
    """Know a firm again by its id, names and credit code."""
    for word in (firm.id, firm.name_zh, firm.name_en, firm.credit_code):
        if word:
            made.names.setdefault(plain(word), firm.id)


def take_list(made: Making, listed: SupplierList, assume: Mapping[str, Any]) -> None:
    """Every row of a list: first the firms, then what joins them, for a row may name a later one.

    ``assume`` holds values for what nobody states, in the chain's units.
    """
    taken: list[tuple[ListedFirm, str]] = []
    for row in listed.firms:
        firm = _firm(made, row, listed, assume)
        if firm is not None and _bounded(made, row, listed, firm):
            made.firms[firm.id] = firm
            remember(made, firm)
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


def _firm(made: Making, row: ListedFirm, listed: SupplierList,
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


def _changed(made: Making, before: Firm, row: ListedFirm, stated: Mapping[str, Any]) -> Firm:
    changes = dict(stated)
    if before.role != "owner":
        if row["tier"]:
            changes["tier"] = row["tier"]
        if row["role"] and row["role"] != "owner":
            changes["role"] = row["role"]
    estimated = tuple(one for one in before.estimated if one not in changes)
    return msgspec.structs.replace(before, **changes, estimated=estimated)


def _new_firm(made: Making, row: ListedFirm, listed: SupplierList, stated: dict[str, Any],
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


def _new_id(made: Making, row: ListedFirm, role: str) -> str:
    if row["id"]:
        wanted = asset_id(row["id"])
        if wanted not in made.firms and wanted not in made.providers:
            return wanted
    number = made.numbers.get(role) or 1 + sum(one.role == role for one in made.firms.values())
    while (found := f"{_PREFIX[role]}{number:03d}") in made.firms or found in made.providers:
        number += 1
    made.numbers[role] = number + 1
    return found


def _bounded(made: Making, row: ListedFirm, listed: SupplierList, value: Firm | Goods) -> bool:
    """Whether the values are within the bounds of their type; a row that is not is rejected."""
    faults = struct_faults(msgspec.to_builtins(value), type(value))
    columns = {mine: theirs for theirs, mine in (*_PLAIN_FIELDS.items(), (
        "stock", "stock_seconds"))}
    made.rejected += [_fault(row, listed, columns.get(one.field or "", one.field or "name"),
                             one.message, one.mend or "mend it") for one in faults]
    return not faults


def _credit_code(made: Making, row: ListedFirm, listed: SupplierList) -> str:
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


def _partner(made: Making, row: ListedFirm, firm_id: str, listed: SupplierList) -> str | None:
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


def _delivery(made: Making, row: ListedFirm, firm_id: str, partner: str, listed: SupplierList,
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
    if _bounded(made, row, listed, goods):
        made.depends[target] = total
        made.goods[key] = goods


def _links(made: Making, row: ListedFirm, firm_id: str, partner: str) -> None:
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


def _providers(made: Making, row: ListedFirm, firm_id: str) -> None:
    for name in row["providers"] or ():
        code = next((one.id for one in made.providers.values()
                     if plain(name) in (plain(one.name_zh), plain(one.id))), None)
        if code is None:
            code = _new_provider(made, name)
        link = Link(code, firm_id, "shared_provider")
        made.links.setdefault((code, firm_id, link.kind), link)


def _new_provider(made: Making, name: str) -> str:
    number = len(made.providers) + 1
    while (code := f"p{number:02d}") in made.providers or code in made.firms:
        number += 1
    kind = words_in(name, supplier_columns().provider_kinds) or "other"
    made.providers[code] = Provider(code, name, kind)
    return code
