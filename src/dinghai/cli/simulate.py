"""`dinghai simulate`: simulated years of one enterprise through a policy's terms."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from datetime import timedelta

from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.cli.risk import amount_option, assessed, day_option, dossier_options
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import format_yuan
from dinghai.losses.evaluation import Evaluator, LossEvaluation
from dinghai.losses.simulation import SimulatedYears, Whole, exceedance, simulate_years
from dinghai.pricing.quote import Pricer, priced_policy
from dinghai.wording.products import load_product

_LEVELS = "0.9,0.99,0.995"


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the command."""
    parser = add_command(subparsers, "simulate", _simulate,
                         "simulate years of a dossier through a product's terms")
    dossier_options(parser)
    parser.add_argument("--product", required=True, metavar="ID",
                        help="a shipped product's id, or a product folder")
    parser.add_argument("--limit", metavar="AMOUNT", help="aggregate limit with its unit")
    parser.add_argument("--deductible", metavar="AMOUNT", help="event deductible with its unit")
    parser.add_argument("--inception", metavar="DATE", help="first day of cover")
    parser.add_argument("--years", type=int, default=100_000, metavar="N",
                        help="how many years (default 100,000)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="seed (default 1)")
    parser.add_argument("--levels", default=_LEVELS, metavar="P,…",
                        help=f"levels of the exceedance tables (default {_LEVELS})")


def _simulate(arguments: argparse.Namespace) -> Answer:
    levels = _levels(arguments.levels)
    product = load_product(arguments.product)
    dossier, assessment = assessed(arguments)
    pricer = Pricer.of(dossier, assessment, product)
    schedule = pricer.schedule(
        inception=day_option(arguments.inception, "--inception")
        or assessment.on + timedelta(days=1),
        limit_fen=amount_option(arguments.limit, "--limit"),
        deductible_fen=amount_option(arguments.deductible, "--deductible"))
    evaluation = Evaluator.of(priced_policy(product, schedule, assessment.on)).evaluate(
        pricer.model)
    years = simulate_years(pricer.model, evaluation, arguments.years, seed=arguments.seed)
    document = _document(years, evaluation, levels, arguments.seed)
    return Answer(document, _text(document))


def _levels(text: str) -> tuple[float, ...]:
    try:
        levels = tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"{text!r} are no levels", field="--levels",
                         mend="give numbers such as 0.9,0.99") from error
    for level in levels:
        if not 0.0 < level < 1.0:
            raise InputError(f"{level} is no level", field="--levels",
                             mend="give numbers between 0 and 1")
    return levels


def _document(
    years: SimulatedYears, evaluation: LossEvaluation, levels: tuple[float, ...], seed: int
) -> dict[str, JSON]:
    number = len(years.total)
    exact = evaluation.aggregate
    deviation = float(years.total.std())
    return {
        "schema": "dinghai.simulation/1", "years": number, "seed": seed,
        "mean": {"value_fen": round(float(years.total.mean())),
                 "standard_error_fen": round(deviation / math.sqrt(number))},
        "standard_deviation_fen": round(deviation),
        "any_payment": float((years.total > 0).mean()),
        "annual": _table(years.total, levels), "occurrence": _table(years.largest, levels),
        "integrated": {
            "mean_fen": round(exact.mean()), "step_fen": exact.step_fen,
            "standard_deviation_fen": round(evaluation.standard_deviation),
            "annual": {f"{level:g}": {
                "quantile_fen": exact.quantile(level),
                "tail_mean_fen": round(exact.tail_value_at_risk(level))} for level in levels},
        },
    }


def _table(years: Whole, levels: tuple[float, ...]) -> dict[str, JSON]:
    return {level: {name: one.to_dict() for name, one in row.items()}
            for level, row in exceedance(years, levels).items()}


def _text(document: dict[str, JSON]) -> Sequence[str]:
    mean, integrated = document["mean"], document["integrated"]
    rows = [(f"{kind} {level}", _with_error(row["quantile"]), _with_error(row["tail_mean"]),
             format_yuan(integrated["annual"][level]["quantile_fen"]) if kind == "annual" else "",
             format_yuan(integrated["annual"][level]["tail_mean_fen"]) if kind == "annual" else "")
            for kind in ("annual", "occurrence") for level, row in document[kind].items()]
    return [
        f"{document['years']} years, seed {document['seed']}, before the annual aggregate: mean "
        f"{_with_error(mean)} (integrated {format_yuan(integrated['mean_fen'])}), any payment in "
        f"{document['any_payment']:.2%} of years",
        *table(("exceedance", "quantile ± error", "tail mean ± error", "integrated quantile",
                "integrated tail mean"), rows)]


def _with_error(row: dict[str, JSON]) -> str:
    return f"{format_yuan(row['value_fen'])} ± {format_yuan(row['standard_error_fen'])}"

