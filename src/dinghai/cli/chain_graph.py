"""`dinghai chain cascade|passage|sis|protect|intensity|inoperability`: plain networks."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.foundation.canonical import JSON, read_json
from dinghai.foundation.errors import InputError
from dinghai.supplychain.cascade import Cascade, cascade, exact_cascade
from dinghai.supplychain.contact import Contact, exact_contact, sampled_contact
from dinghai.supplychain.graph_file import LARGEST, read_graph
from dinghai.supplychain.inoperability import GoodsNetwork, inoperability
from dinghai.supplychain.intensity import SelfExciting, count_moments
from dinghai.supplychain.passage import passage
from dinghai.supplychain.protection import RULES, Worth, exact_worth, sampled_worth
from dinghai.supplychain.spreading import MODELS
from dinghai.supplychain.step_graph import StepGraph

_MOST_WORLDS: Final = 100_000_000
_SHOWN: Final = 20
_PIECE: Final = re.compile(r'\s*"((?:[^"]|"")+)"\s*(?:,|$)|([^,]+)')


def register(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands that read any network, not only a supply chain."""
    one = add_command(commands, "cascade", _cascade, "who is reached in the end, on any graph")
    one.add_argument("graph", type=Path, metavar="GRAPH", help="GRAPH.json")
    one.add_argument("--model", choices=MODELS, default="ic",
                     help="ic: each edge carries or not; lt: a threshold on weights; sir: an "
                          "epidemic, with edge p as rate (default: ic)")
    one.add_argument("--seeds", required=True, metavar="A,B", help="nodes reached at the start")
    one.add_argument("--recovery-rate", type=float, metavar="Y", help="of sir")
    _sampling(one, exact=True)
    one = add_command(commands, "passage", _passage, "the first-passage time between two nodes")
    one.add_argument("graph", type=Path, metavar="GRAPH", help="GRAPH.json")
    one.add_argument("--from", dest="begin", required=True, metavar="A")
    one.add_argument("--to", dest="end", required=True, metavar="B")
    one.add_argument("--times", required=True, metavar="T,…", help="chances to have arrived by")
    _sampling(one)
    one = add_command(commands, "sis", _sis, "nodes that catch, recover and catch again")
    one.add_argument("graph", type=Path, metavar="GRAPH", help="GRAPH.json")
    one.add_argument("--infection-rate", type=float, required=True, metavar="X",
                     help="along each edge, times its p")
    one.add_argument("--recovery-rate", type=float, required=True, metavar="Y")
    one.add_argument("--infected", required=True, metavar="A,B", help="at time 0")
    one.add_argument("--times", required=True, metavar="T,…")
    _sampling(one, exact=True)
    one = add_command(commands, "protect", _protect, "what protecting each node is worth a year")
    one.add_argument("graph", type=Path, metavar="GRAPH", help="GRAPH.json")
    one.add_argument("--rule", choices=RULES, required=True,
                     help="what protection does to a node's rate and its incoming edges' p")
    one.add_argument("--budget", type=int, default=1, metavar="K",
                     help="best sets of 1 to K nodes (default: 1)")
    _sampling(one, exact=True)
    one = add_command(commands, "intensity", _intensity, "counts of a self-exciting process")
    one.add_argument("--baseline", type=float, required=True, metavar="MU")
    one.add_argument("--excitation", type=float, required=True, metavar="ALPHA",
                     help="jump of the intensity at each event")
    one.add_argument("--decay", type=float, required=True, metavar="BETA",
                     help="of the jump: ALPHA·exp(−BETA·t)")
    one.add_argument("--horizon", type=float, required=True, metavar="T")
    one = add_command(commands, "inoperability", _inoperability,
                      "lost output of sectors that live on one another's goods")
    one.add_argument("matrix", type=Path, metavar="MATRIX",
                     help="JSON square A*, rows the dependent sector")
    one.add_argument("--perturbation", required=True, metavar="C,…",
                     help="lasting loss of each sector's own output, as a share")
    one.add_argument("--resilience", metavar="K,…", help="how fast each settles; needed with times")
    one.add_argument("--initial", metavar="Q,…", help="inoperability at time 0 (default: none)")
    one.add_argument("--times", metavar="T,…")


def _sampling(parser: Parser, *, exact: bool = False) -> None:
    parser.add_argument("--worlds", type=int, default=100_000, metavar="N",
                        help="sampled (default: 100000)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="(default: 1)")
    if exact:
        parser.add_argument("--exact", action="store_true", help="enumerate a small graph")


def _worlds(arguments: argparse.Namespace) -> int:
    number = int(arguments.worlds)
    if not 0 < number <= _MOST_WORLDS:
        raise InputError(f"{number} worlds cannot be sampled", field="--worlds",
                         mend=f"give 1 to {_MOST_WORLDS}")
    return number


def _names(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _nodes(text: str, graph: StepGraph) -> list[str]:
    """Ids with commas between them. One that holds a comma itself stands in double quotes, or
    alone, where its pieces are no ids."""
    known, pieces = set(graph.names), _names(text)
    if text in known and not set(pieces) <= known:
        return [text]
    if '"' not in text or set(pieces) <= known:
        return pieces
    found = [quoted.replace('""', '"') if quoted else plain.strip()
             for quoted, plain in _PIECE.findall(text)]
    return [one for one in found if one]


def _figures(text: str, field: str) -> list[float]:
    try:
        found = [float(one) for one in _names(text)]
    except ValueError as error:
        raise InputError(str(error), field=field, mend="give numbers with commas") from error
    if not all(map(math.isfinite, found)):
        raise InputError("not a finite number", field=field, mend="give numbers with commas")
    return found


def _times(text: str) -> list[str]:
    """Times as typed, each a number that is not negative. Raises InputError."""
    if not _names(text) or any(one < 0.0 for one in _figures(text, "--times")):
        raise InputError("times are numbers, zero or more", field="--times",
                         mend="give for example 1,2,4")
    return _names(text)


def _rate(value: float | None, field: str) -> float:
    if value is None or not 0.0 <= value <= LARGEST:
        raise InputError("this needs a rate", field=field,
                         mend=f"give a number from 0 to {LARGEST:g}")
    return value


def _cascade(arguments: argparse.Namespace) -> Answer:
    sir = arguments.model == "sir"
    recovery = _rate(arguments.recovery_rate, "--recovery-rate") if sir else 0.0
    graph = read_graph(arguments.graph, rates_as_p=sir)
    seeds = graph.places(_nodes(arguments.seeds, graph), "--seeds")
    if arguments.exact:
        found = exact_cascade(graph, seeds, model=arguments.model, recovery_rate=recovery)
    else:
        found = cascade(graph, seeds, model=arguments.model, recovery_rate=recovery,
                        worlds=_worlds(arguments), seed=arguments.seed)
    return Answer(found.to_dict(), _cascade_text(found))


def _cascade_text(found: Cascade) -> list[str]:
    ranked = sorted(found.reached.items(), key=lambda one: -one[1].mean)
    return [
        f"reached  {found.size.mean:,.6g} nodes{_plus_minus(found.size.error)}",
        f"loss     {found.loss.mean:,.6g}{_plus_minus(found.loss.error)}",
        *table(("node", "chance", "standard error"),
               [(name, f"{one.mean:.6f}", f"{one.error:.2g}") for name, one in ranked[:_SHOWN]]),
        *_more(len(ranked)),
    ]


def _passage(arguments: argparse.Namespace) -> Answer:
    graph = read_graph(arguments.graph)
    begin = int(graph.places([arguments.begin], "--from")[0])
    end = graph.place(arguments.end, "--to")
    found = passage(graph, begin, end, times=_times(arguments.times), worlds=_worlds(arguments),
                    seed=arguments.seed)
    mean = ("never" if found.mean is None
            else f"{found.mean.mean:,.6g}{_plus_minus(found.mean.error)}")
    return Answer(found.to_dict(), [
        f"arrives  {found.arrival.mean:.6f}{_plus_minus(found.arrival.error)}",
        f"after    {mean} where it arrives",
        *table(("by", "chance", "standard error"),
               [(time, f"{one.mean:.6f}", f"{one.error:.2g}")
                for time, one in found.by_time.items()])])


def _sis(arguments: argparse.Namespace) -> Answer:
    graph = read_graph(arguments.graph)
    infected = graph.places(_nodes(arguments.infected, graph), "--infected")
    infection = _rate(arguments.infection_rate, "--infection-rate")
    recovery = _rate(arguments.recovery_rate, "--recovery-rate")
    times = _times(arguments.times)
    if arguments.exact:
        found = exact_contact(graph, infected, infection_rate=infection, recovery_rate=recovery,
                              times=times)
    else:
        found = sampled_contact(graph, infected, infection_rate=infection, recovery_rate=recovery,
                                times=times, worlds=_worlds(arguments), seed=arguments.seed)
    return Answer(found.to_dict(), _contact_text(found))


def _contact_text(found: Contact) -> list[str]:
    return table(("time", "infected", "standard error"),
                 [(time, f"{one.size.mean:,.6g}", f"{one.size.error:.2g}")
                  for time, one in found.moments.items()])


def _protect(arguments: argparse.Namespace) -> Answer:
    if arguments.budget < 0:
        raise InputError("a budget is a number of nodes", field="--budget", mend="give 0 or more")
    graph = read_graph(arguments.graph)
    if arguments.exact:
        found = exact_worth(graph, arguments.rule, budget=arguments.budget)
    else:
        found = sampled_worth(graph, arguments.rule, budget=arguments.budget,
                              worlds=_worlds(arguments), seed=arguments.seed)
    return Answer(found.to_dict(), _worth_text(found))


def _worth_text(found: Worth) -> list[str]:
    ranked = sorted(found.first, key=lambda name: -found.first[name])
    return [
        f"loss a year  {found.base:,.6g}",
        *table(("node", "averts alone", "fair share of all"),
               [(name, f"{found.first[name]:,.6g}", f"{found.shapley[name]:,.6g}")
                for name in ranked[:_SHOWN]]),
        *_more(len(ranked)),
        *(f"best {number}: {', '.join(plan.nodes)}  averts {plan.value:,.6g}"
          + ("" if plan.proved else "  (by steps and swaps: a better set may exist)")
          for number, plan in found.best.items())]


def _intensity(arguments: argparse.Namespace) -> Answer:
    process = SelfExciting(arguments.baseline, arguments.excitation, arguments.decay)
    found = count_moments(process, arguments.horizon)
    return Answer(found.to_dict(), [
        f"events           {found.mean:,.6g}",
        f"variance         {found.variance:,.6g}",
        f"branching ratio  {found.branching:.6g}"])


def _inoperability(arguments: argparse.Namespace) -> Answer:
    network = GoodsNetwork.of(_rows(read_json(arguments.matrix), str(arguments.matrix)),
                              file=str(arguments.matrix))
    found = inoperability(
        network, _figures(arguments.perturbation, "--perturbation"),
        times=() if arguments.times is None else _times(arguments.times),
        resilience=_figures(arguments.resilience, "--resilience") if arguments.resilience else None,
        initial=_figures(arguments.initial, "--initial") if arguments.initial else None)
    columns = {**found.by_time, "in the end": found.equilibrium}
    return Answer(found.to_dict(), table(
        ("sector", *columns),
        [(place + 1, *(f"{one[place]:.6f}" for one in columns.values()))
         for place in range(network.sectors)]))


def _rows(document: JSON, file: str) -> Sequence[Sequence[float]]:
    rows: Sequence[Sequence[float]] = document
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows) or not all(
            type(one) in (int, float) for row in rows for one in row):
        raise InputError("the matrix is no list of rows of numbers", file=file,
                         mend="give [[…], […]]")
    return rows


def _plus_minus(error: float) -> str:
    return f" ± {error:.2g}" if error and math.isfinite(error) else ""


def _more(number: int) -> list[str]:
    return [f"… and {number - _SHOWN} more: see --json"] if number > _SHOWN else []
