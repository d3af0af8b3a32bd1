"""`dinghai chain check|import|show|export`: supply chains as files."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from dinghai.cli.output import DONE, REFUSED, Answer, Parser, add_command, pairs, table
from dinghai.cli.risk import day_option
from dinghai.evidence.feed_store import FeedStore
from dinghai.foundation.canonical import JSON
from dinghai.foundation.clock import SystemClock
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import format_yuan
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.chain_dossiers import (
    MergedChain,
    chain_of_dossiers,
    dossiers_named_from,
)
from dinghai.supplychain.chain_export import GRAPHS, graphml_of
from dinghai.supplychain.chain_file import chain_hash, notes_of, read_chain, write_chain
from dinghai.supplychain.chain_overview import firm_overview, overview
from dinghai.supplychain.held_products import held_products
from dinghai.supplychain.importing import ChainImport, Sources, import_chain, new_chain
from dinghai.vocabulary.indicators import indicators
from dinghai.vocabulary.industries import industries

_SHOWN: Final = 20


def register(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands."""
    one = add_command(commands, "check", _check, "read a chain and name every fault of every file")
    _chain(one)
    one = add_command(commands, "show", _show, "a chain at a glance, or one firm of it")
    _chain(one)
    one.add_argument("--firm", metavar="ID", help="one firm, with all it deals with")
    one = add_command(commands, "export", _export, "write a chain as GraphML or as one JSON")
    _chain(one)
    one.add_argument("-o", "--output", type=Path, required=True, metavar="FILE",
                     help="FILE.graphml or FILE.json")
    one.add_argument("--graph", choices=GRAPHS, help="one graph only (default: both)")
    one = add_command(commands, "import", _import,
                      "make a chain from supplier lists, questionnaires and scans")
    one.add_argument("suppliers", type=Path, nargs="?", metavar="SUPPLIERS",
                     help="a list of firms as CSV, Excel or Parquet")
    one.add_argument("--answers", type=Path, metavar="PATH",
                     help="questionnaires: a folder, or a table of suppliers by indicators")
    one.add_argument("--evidence", type=Path, metavar="FOLDER",
                     help="scans and bills of materials, a folder for each supplier")
    one.add_argument("--columns", default="", metavar="NAME=HEADING,…",
                     help="what columns of the list are, where the guess is wrong")
    one.add_argument("--assume", default="", metavar="FIELD=VALUE,…",
                     help="values for what nobody states: revenue, industry, tier, share, stock, "
                          "headcount")
    one.add_argument("--into", type=Path, metavar="CHAIN", help="a chain to import into")
    one.add_argument("--owner", default="", metavar="name=…,industry=…,revenue=…",
                     help="the owner of a new chain (and id=…)")
    one.add_argument("--name", metavar="NAME", help="the name of a new chain")
    one.add_argument("--as-of", metavar="DATE", help="the day of a new chain (default: today)")
    one.add_argument("-o", "--output", type=Path, metavar="CHAIN",
                     help="a folder, or a file ending in .json")
    one.add_argument("--dry-run", action="store_true", help="say what would come of it")
    one.add_argument("--all-or-nothing", action="store_true",
                     help="write nothing when anything is rejected")


def _chain(parser: Parser) -> None:
    parser.add_argument("chain", type=Path, metavar="CHAIN", help="a folder or a .json")
    parser.add_argument("--without-dossiers", action="store_true",
                        help="leave out what the dossiers of its firms add")


def _loaded(arguments: argparse.Namespace) -> tuple[Chain, MergedChain]:
    """The chain as written, and with its dossiers where it is a folder."""
    path: Path = arguments.chain
    chain = read_chain(path)
    if arguments.without_dossiers or not path.is_dir():
        return chain, MergedChain(chain, (), ())
    feeds = FeedStore.of_house()
    return chain, chain_of_dossiers(chain, path, kev=feeds.kev(chain.as_of),
                                    epss=feeds.epss(chain.as_of))


def _check(arguments: argparse.Namespace) -> Answer:
    chain, merged = _loaded(arguments)
    notes = [*notes_of(merged.chain), *merged.notes]
    counts = {name: len(getattr(merged.chain, name)) for name in (
        "firms", "controls", "assets", "weaknesses", "providers", "links", "goods")}
    document: dict[str, JSON] = {
        "schema": "dinghai.chain-check/1", "chain": chain.id, "name_zh": chain.name_zh,
        "as_of": chain.as_of.isoformat(), "sha256": chain_hash(chain), "counts": counts,
        "dossiers": sorted({one.firm for one in merged.known_by}),
        "known_by": [one.to_dict() for one in merged.known_by],
        "notes": [one.to_dict() for one in notes]}
    return Answer(document, [
        f"{chain.id} {chain.name_zh}, as of {chain.as_of}: sound",
        "  ".join(f"{name} {count}" for name, count in counts.items()),
        f"dossiers {len(document['dossiers'])}", f"sha256 {document['sha256']}",
        *_faults(notes)])


def _faults(faults: Sequence[Fault]) -> Iterator[str]:
    yield from (f"! {one}" for one in faults[:_SHOWN])
    if len(faults) > _SHOWN:
        yield f"! and {len(faults) - _SHOWN} more"


def _show(arguments: argparse.Namespace) -> Answer:
    chain = _loaded(arguments)[1].chain
    if arguments.firm is None:
        found = overview(chain, FeedStore.of_house().kev(chain.as_of))
        return Answer(found, _overview_text(chain, found))
    if arguments.firm not in chain.firm:
        raise InputError(f"the chain has no firm {arguments.firm!r}", field="--firm",
                         mend="one of: " + ", ".join(list(chain.firm)[:_SHOWN]))
    found = firm_overview(chain, chain.firm[arguments.firm])
    return Answer(found, _firm_text(chain, found))


def _counts(counts: Mapping[str, int]) -> str:
    return "  ".join(f"{name} {count}" for name, count in counts.items()) or "none"


def _percent(ppm: int | None) -> str:
    return "-" if ppm is None else f"{ppm / 10_000:g}%"


def _days(seconds: int | None) -> str:
    return "-" if seconds is None else f"{seconds / 86_400:g} d"


def _overview_text(chain: Chain, found: Mapping[str, JSON]) -> Sequence[str]:
    names = _names(chain)
    sections = {f"{code} {industries()[code].name_zh}": count
                for code, count in found["by_industry"].items()}
    lines = [
        f"{chain.id} {chain.name_zh}, as of {chain.as_of}, owner {names[chain.owner]}",
        f"firms {found['firms']}: {_counts(found['by_role'])}",
        "tiers: " + _counts(found["by_tier"]), "sections: " + _counts(sections),
        f"revenue of all: {format_yuan(found['revenue_fen'])}",
        "scores known by: " + _counts(found["controls"]),
        "assets: " + _counts(found["assets"]), "weaknesses: " + _counts(found["weaknesses"]),
        "attack links: " + _counts(found["links"]), f"deliveries: {found['goods']}", ""]
    if found["estimated"]:
        lines += ["not stated, so taken from templates or assumed (firms):",
                  *(f"  {name}: {count}" for name, count in found["estimated"].items()), ""]
    lines += ["who is depended on (share of buyers' output that stops for good):",
              *table(("firm", "share", "buyers"), (
                  (names[one["firm"]], _percent(one["share_ppm"]),
                   _listed(one["buyers"], names))
                  for one in found["depended_on"][:_SHOWN])), ""]
    if found["shared_providers"]:
        lines += ["shared providers:", *table(("provider", "firms", ""), (
            (names[one["provider"]], len(one["firms"]), _listed(one["firms"], names))
            for one in found["shared_providers"])), ""]
    if found["products"]:
        lines += ["products that are exploited at scale (catalogue of the chain's day):",
                  *table(("product", "firms", "events a year", ""), (
                      (f"{one['vendor']} {one['product']}", len(one["firms"]),
                       f"{one['events_a_year']:.3f}", _listed(one["firms"], names))
                      for one in found["products"][:_SHOWN])),
                  f"of {found['firms_without_products']} firms no product is known", ""]
    if found["single_sources"]:
        lines += ["single sources:", *table(("item", "from", "to", "share", "stock"), (
            (one["item"], names[one["from"]], names[one["buyer"]], _percent(one["share_ppm"]),
             _days(one["stock_seconds"])) for one in found["single_sources"][:_SHOWN])), ""]
    without = found["firms_without_controls"]
    if without:
        lines.append(f"! nothing is known of the controls of {len(without)}: "
                     + ", ".join(without[:_SHOWN]))
    return lines


def _names(chain: Chain) -> dict[str, str]:
    return {**{one.id: f"{one.id} {one.name_zh}" for one in chain.firms},
            **{one.id: f"{one.id} {one.name_zh}" for one in chain.providers}}


def _listed(ids: Sequence[str], names: Mapping[str, str], most: int = 4) -> str:
    more = f" +{len(ids) - most}" if len(ids) > most else ""
    return ", ".join(names[one] for one in ids[:most]) + more


def _firm_text(chain: Chain, found: Mapping[str, JSON]) -> Sequence[str]:
    names = _names(chain)
    lines = [f"{found['firm']} {found['name_zh']}: {found['role']}, tier {found['tier']}, section "
             f"{found['industry']}, revenue {format_yuan(found['revenue_fen'])}"]
    if found["not_known"]:
        lines.append("not stated, so taken from its template: " + ", ".join(found["not_known"]))
    if found["estimated"]:
        lines.append("assumed: " + ", ".join(found["estimated"]))
    if found["controls"]:
        lines += ["", *table(("indicator", "名称", "score", "known by"), (
            (code, indicators()[code].name_zh, _percent(one["score_ppm"]), one["known_by"])
            for code, one in found["controls"].items()))]
    if found["assets"]:
        lines += ["", *table(("asset", "kind", "name", "exposed", "products"), (
            (one["id"], one["kind"], one["name"], {True: "yes", False: "no", None: "-"}[
                one["exposed"]], one["products"]) for one in found["assets"]))]
    if found["weaknesses"]:
        lines += ["", *table(("weakness", "asset", "severity", "source"), (
            (one["cve"] or one["technique"], one["asset"], one["severity"], one["source"])
            for one in found["weaknesses"]))]
    for key, words, end in (("links_in", "access from", "from"), ("links_out", "access to", "to")):
        lines += [f"{words} {names[one[end]]}: {one['kind']}" for one in found[key]]
    for key, words, end in (("buys_from", "buys from", "from"),
                            ("delivers_to", "delivers to", "to")):
        lines += [f"{words} {names[one[end]]}: {one['item'] or 'goods'} "
                  f"{_percent(one['share_ppm'])}, stock {_days(one['stock_seconds'])}"
                  for one in found[key]]
    return lines


def _export(arguments: argparse.Namespace) -> Answer:
    path: Path = arguments.output
    chain = _loaded(arguments)[1].chain
    if path.exists():
        raise InputError("something is already there", file=str(path), field="--output",
                         mend="name another file")
    if path.suffix == ".graphml":
        graphs = GRAPHS if arguments.graph is None else (arguments.graph,)
        content = graphml_of(chain, graphs, held_products(
            chain, FeedStore.of_house().kev(chain.as_of)))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
        wrote: list[str] = list(graphs)
    elif path.suffix == ".json" and arguments.graph is None:
        wrote = ["dinghai.chain/1"]
        write_chain(_free_of_dossiers(chain, arguments), path)
    else:
        raise InputError(f"{path.suffix or 'a name without an ending'} is no form of a chain",
                         field="--output", mend="name it FILE.graphml, or FILE.json without "
                         "--graph")
    return Answer({"schema": "dinghai.chain-export/1", "chain": chain.id, "output": str(path),
                   "holds": wrote}, [f"{path}: {', '.join(wrote)}"])


def _free_of_dossiers(chain: Chain, arguments: argparse.Namespace) -> Chain:
    """A chain that holds what its dossiers said no longer needs their folders."""
    if arguments.without_dossiers:
        return chain
    return msgspec.structs.replace(chain, firms=tuple(
        msgspec.structs.replace(one, dossier=None) for one in chain.firms))


def _import(arguments: argparse.Namespace) -> Answer:
    if not (arguments.suppliers or arguments.answers or arguments.evidence):
        raise InputError("nothing is named to import", field="SUPPLIERS",
                         mend="name a supplier list, --answers or --evidence")
    if arguments.output is None and not arguments.dry_run:
        raise InputError("it is not said where the chain goes", field="--output",
                         mend="name it: -o CHAIN, or try with --dry-run")
    into = read_chain(arguments.into) if arguments.into else _begun(arguments)
    feeds = FeedStore.of_house()
    found = import_chain(
        into, Sources(arguments.suppliers, arguments.answers, arguments.evidence,
                      pairs(arguments.columns, "--columns"), pairs(arguments.assume, "--assume")),
        kev=feeds.kev(into.as_of), epss=feeds.epss(into.as_of))
    if arguments.all_or_nothing and found.rejected:
        raise InputError.of(found.rejected)
    written = None
    if not arguments.dry_run:
        same = arguments.into is not None and arguments.into.resolve() == (
            arguments.output.resolve())
        moved = arguments.into is not None and arguments.into.is_dir() and not same
        write_chain(_moved(found.chain, arguments) if moved else found.chain, arguments.output,
                    replace=same)
        written = str(arguments.output)
    document = {**found.to_dict(), "dry_run": arguments.dry_run, "output": written}
    return Answer(document, list(_import_text(found, written)),
                  REFUSED if found.rejected else DONE)


def _moved(chain: Chain, arguments: argparse.Namespace) -> Chain:
    output: Path = arguments.output
    goal = output.parent if output.suffix == ".json" else output
    return dossiers_named_from(chain, arguments.into, goal)


def _begun(arguments: argparse.Namespace) -> Chain:
    owner = pairs(arguments.owner, "--owner")
    unknown = sorted(set(owner) - {"name", "industry", "revenue", "id"})
    missing = [one for one in ("name", "industry", "revenue") if one not in owner]
    if unknown or missing:
        what = f"{unknown[0]!r} is nothing of an owner" if unknown else (
            f"the {missing[0]} of the owner is not said")
        raise InputError(what, field="--owner",
                         mend="write --owner name=海悦电器,industry=C,revenue=80亿, or name a "
                              "chain: --into CHAIN")
    path: Path | None = arguments.output
    chain_id = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem if path else "chain").strip("-._")
    return new_chain(
        id=chain_id[:64] or "chain", name_zh=arguments.name or f"{owner['name']}供应链",
        owner=owner["name"], owner_id=owner.get("id", "owner"), industry=owner["industry"],
        revenue=owner["revenue"],
        as_of=day_option(arguments.as_of, "--as-of") or SystemClock().now().date())


def _import_text(found: ChainImport, written: str | None) -> Iterator[str]:
    chain = found.chain
    yield (f"{found.rows} rows: {len(found.added)} firms added, {len(found.changed)} changed; the "
           f"chain has {len(chain.firms)} firms, {len(chain.goods)} deliveries, "
           f"{len(chain.links)} links, {len(chain.controls)} scores, {len(chain.assets)} assets, "
           f"{len(chain.weaknesses)} weaknesses")
    if found.guesses:
        yield from ("", *table(("column", "heading", "known by", "unit"), (
            (one.column if one.kept else f"({one.column}: not kept)", one.heading, one.how,
             one.unit) for one in found.guesses)))
    yield from (f"! not read: {one}" for one in found.strange)
    if found.assumed:
        yield ""
        names = _names(chain)
        yield from table(("assumed of", "field", "value", "why"), (
            (names[one.firm], one.field, one.value, one.why) for one in found.assumed[:_SHOWN]))
        if len(found.assumed) > _SHOWN:
            yield f"and {len(found.assumed) - _SHOWN} more"
    for what, firms in found.missing.items():
        yield f"! {what} not known of {len(firms)}: " + ", ".join(firms[:_SHOWN])
    yield from (f"! {one}" for one in found.notes)
    if found.unread:
        yield f"cells left out: {len(found.unread)}"
        yield from _faults(found.unread)
    if found.rejected:
        yield f"rejected: {len(found.rejected)}"
        yield from _faults(found.rejected)
    yield f"written: {written}" if written else "nothing is written"
